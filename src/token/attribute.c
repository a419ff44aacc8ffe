#include "token/attribute.h"

#include "token/attribute_priv.h"
#include "util/compat.h"

/* The words of attribute_rows.h. */
enum {
	DATA = ASH_ON_DATA,
	CERT = ASH_ON_CERT,
	PUBLIC = ASH_ON_PUBLIC,
	PRIVATE = ASH_ON_PRIVATE,
	SECRET = ASH_ON_SECRET,
	DOMAIN = ASH_ON_DOMAIN,
	PROFILE = ASH_ON_PROFILE,
	KEYS = ASH_ON_KEYS,
	OBJECTS = ASH_ON_OBJECTS
};
enum {
	RSA = ASH_OF_RSA,
	EC = ASH_OF_EC,
	EDWARDS = ASH_OF_EDWARDS,
	MONTGOMERY = ASH_OF_MONTGOMERY,
	CURVES = ASH_OF_EC | ASH_OF_EDWARDS | ASH_OF_MONTGOMERY,
	ML_DSA = ASH_OF_ML_DSA,
	ML_KEM = ASH_OF_ML_KEM,
	AES = ASH_OF_AES,
	GENERIC = ASH_OF_GENERIC,
	HMAC = ASH_OF_HMAC,
	HKDF = ASH_OF_HKDF,
	ALL = ASH_OF_ALL
};
enum {
	F1 = ASH_RULE_F1,
	F2 = ASH_RULE_F2,
	F3 = ASH_RULE_F3,
	F4 = ASH_RULE_F4,
	F5 = ASH_RULE_F5,
	F6 = ASH_RULE_F6,
	F7 = ASH_RULE_F7,
	F8 = ASH_RULE_F8,
	F10 = ASH_RULE_F10,
	F11 = ASH_RULE_F11,
	F12 = ASH_RULE_F12,
	FC = ASH_RULE_FC,
	FE = ASH_RULE_FE,
	FS = ASH_RULE_FS,
	FN = ASH_RULE_FN,
	FI = ASH_RULE_FI
};
enum mark {
	PLAIN,
	INDEXED,
	HIDDEN
};

#define ANY_NUMBER   UINT64_MAX
#define TEXT_MAX     4096u
#define ID_MAX       1024u
#define NAME_MAX     65536u /* DER: names, serial numbers, public keys */
#define HASH_MAX     64u
#define VALUE_MAX    ASH_ATTRS_MAX /* the set's own limit comes first */
#define INTEGER_MAX  2048u         /* 16384 bits */
#define TEMPLATE_MAX 16384u
#define NUMBERS_MAX  2048u /* 256 of them */

#define ASH_ATTRIBUTE(type, kind, mark, low, high) \
	{ { (type), #type, ASH_ATTR_##kind, (mark) == HIDDEN, (mark) == INDEXED }, (low), (high) },
#define ASH_PLACE(type, classes, keys, rules, fallback)

static const struct ash_attr_row rows[] = {
#include "token/attribute_rows.h"
};

#undef ASH_ATTRIBUTE
#undef ASH_PLACE
#define ASH_ATTRIBUTE(type, kind, mark, low, high)
#define ASH_PLACE(type, classes, keys, rules, fallback) \
	{ (type), (classes), (keys), (rules), ASH_FALLBACK_##fallback },

static const struct ash_attr_place places[] = {
#include "token/attribute_rows.h"
};

static const struct {
	uint64_t class;
	uint16_t bit;
} class_table[] = {
	{ CKO_DATA, DATA },           { CKO_CERTIFICATE, CERT },  { CKO_PUBLIC_KEY, PUBLIC },
	{ CKO_PRIVATE_KEY, PRIVATE }, { CKO_SECRET_KEY, SECRET }, { CKO_DOMAIN_PARAMETERS, DOMAIN },
	{ CKO_PROFILE, PROFILE },
};

static const struct ash_key_type key_types[] = {
	{ CKK_RSA, RSA, PUBLIC | PRIVATE, ASH_KEY_RSA },
	{ CKK_EC, EC, PUBLIC | PRIVATE | DOMAIN, ASH_KEY_EC },
	{ CKK_EC_EDWARDS, EDWARDS, PUBLIC | PRIVATE, ASH_KEY_EDWARDS },
	{ CKK_EC_MONTGOMERY, MONTGOMERY, PUBLIC | PRIVATE, ASH_KEY_MONTGOMERY },
	{ CKK_ML_DSA, ML_DSA, PUBLIC | PRIVATE, ASH_KEY_ML_DSA },
	{ CKK_ML_KEM, ML_KEM, PUBLIC | PRIVATE, ASH_KEY_ML_KEM },
	{ CKK_AES, AES, SECRET, ASH_KEY_SECRET },
	{ CKK_GENERIC_SECRET, GENERIC, SECRET, ASH_KEY_SECRET },
	{ CKK_HKDF, HKDF, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA_1_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA224_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA256_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA384_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA512_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA512_224_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA512_256_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA3_224_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA3_256_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA3_384_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
	{ CKK_SHA3_512_HMAC, HMAC, SECRET, ASH_KEY_SECRET },
};

const struct ash_attr_row *ash_attribute_row(uint64_t type)
{
	size_t low = 0, high = ASH_COUNT(rows);

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (rows[middle].info.type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ASH_COUNT(rows) && rows[low].info.type == type ? &rows[low] : NULL;
}

const struct ash_attr_info *ash_attribute_find(uint64_t type)
{
	const struct ash_attr_row *row = ash_attribute_row(type);

	return row != NULL ? &row->info : NULL;
}

size_t ash_attribute_count(void)
{
	return ASH_COUNT(rows);
}

const struct ash_attr_info *ash_attribute_at(size_t index)
{
	return index < ASH_COUNT(rows) ? &rows[index].info : NULL;
}

size_t ash_attribute_places(const struct ash_attr_place **ret_places)
{
	*ret_places = places;
	return ASH_COUNT(places);
}

/* The first place of the attribute; its others follow. */
static size_t first_place(uint64_t type)
{
	size_t low = 0, high = ASH_COUNT(places);

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (places[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct ash_attr_place *ash_attribute_place(uint64_t type, struct ash_scope scope)
{
	for (size_t i = first_place(type); i < ASH_COUNT(places) && places[i].type == type; i++) {
		if (ash_place_in(&places[i], scope))
			return &places[i];
	}
	return NULL;
}

uint16_t ash_attribute_class_bit(uint64_t class)
{
	for (size_t i = 0; i < ASH_COUNT(class_table); i++) {
		if (class_table[i].class == class)
			return class_table[i].bit;
	}
	return 0;
}

const struct ash_key_type *ash_attribute_key_type(uint64_t type)
{
	for (size_t i = 0; i < ASH_COUNT(key_types); i++) {
		if (key_types[i].type == type)
			return &key_types[i];
	}
	return NULL;
}

struct ash_status ash_attribute_scope(uint64_t class, uint64_t key_type, struct ash_scope *ret_scope)
{
	struct ash_scope scope = { ash_attribute_class_bit(class), ASH_OF_NO_KEY };

	ASH_ENSURE(scope.class != 0, ASH_E_TEMPLATE_INCONSISTENT);
	if ((scope.class & ASH_ON_TYPED) != 0) {
		const struct ash_key_type *row = ash_attribute_key_type(key_type);

		ASH_ENSURE(row != NULL && (row->classes & scope.class) != 0, ASH_E_TEMPLATE_INCONSISTENT);
		scope.key = row->bit;
	}
	*ret_scope = scope;
	return ASH_DONE;
}

struct ash_status ash_attribute_scope_of(const struct ash_attrs *attrs, struct ash_scope *ret_scope)
{
	const uint64_t class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	const uint64_t key_type = ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);

	ASH_ENSURE(class != CK_UNAVAILABLE_INFORMATION, ASH_E_TEMPLATE_INCOMPLETE);
	ASH_ENSURE((ash_attribute_class_bit(class) & ASH_ON_TYPED) == 0 ||
			   key_type != CK_UNAVAILABLE_INFORMATION,
		   ASH_E_TEMPLATE_INCOMPLETE);
	return ash_attribute_scope(class, key_type, ret_scope);
}

bool ash_attribute_belongs(uint64_t class, uint64_t key_type, uint64_t type)
{
	struct ash_scope scope = { 0, 0 };

	return ash_is_ok(ash_attribute_scope(class, key_type, &scope)) &&
	       ash_attribute_place(type, scope) != NULL;
}

bool ash_attribute_indexed(uint64_t class, uint64_t type)
{
	const uint16_t any = class == CK_UNAVAILABLE_INFORMATION ? OBJECTS : ash_attribute_class_bit(class);
	const struct ash_attr_row *row = ash_attribute_row(type);
	bool found = false;

	if (row == NULL)
		return false;
	for (size_t i = first_place(type); i < ASH_COUNT(places) && places[i].type == type; i++) {
		if ((places[i].classes & any) == 0)
			continue;
		if (!row->info.indexed && (places[i].rules & FI) == 0)
			return false;
		found = true;
	}
	return found;
}

struct ash_span ash_attribute_canonical(uint64_t type, struct ash_span value)
{
	const struct ash_attr_row *row = ash_attribute_row(type);

	if (row == NULL || row->info.kind != ASH_ATTR_INTEGER)
		return value;
	while (value.len != 0 && value.data[0] == 0) {
		value.data++;
		value.len--;
	}
	return value;
}

/* Fails closed: what is not known to be harmless is taken for a sensitive key. */
static bool is_hidden(const struct ash_attrs *attrs)
{
	const uint16_t class =
		ash_attribute_class_bit(ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));

	if ((class & (DATA | CERT | PUBLIC | DOMAIN | PROFILE)) != 0)
		return false;
	return ash_attrs_bool(attrs, CKA_SENSITIVE, true) || !ash_attrs_bool(attrs, CKA_EXTRACTABLE, false);
}

enum ash_code ash_attribute_read(const struct ash_attrs *attrs, uint64_t type, struct ash_span *ret_value)
{
	const struct ash_attr_row *row = ash_attribute_row(type);
	struct ash_scope scope = { 0, 0 };

	if (row == NULL)
		return ASH_E_ATTRIBUTE_TYPE;
	/* §5.7.5: that it is sensitive comes before that it is not there. */
	if (row->info.secret && is_hidden(attrs)) {
		if (!ash_is_ok(ash_attribute_scope_of(attrs, &scope)) ||
		    ash_attribute_place(type, scope) != NULL)
			return ASH_E_ATTRIBUTE_SENSITIVE;
		return ASH_E_ATTRIBUTE_TYPE;
	}
	return ash_attrs_get(attrs, type, ret_value) ? ASH_OK : ASH_E_ATTRIBUTE_TYPE;
}
