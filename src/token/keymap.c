#include "token/keymap.h"

#include <string.h>

#include "crypto/alg.h"
#include "token/attribute_priv.h"
#include "token/der.h"
#include "util/compat.h"

#define UNCOMPRESSED    0x04u
#define ML_DSA_SEED_LEN 32u
#define RSA_BITS_MAX    16384u
#define SPKI_PREFIX_MAX 32u

/* Bytes that always stand in front of, or for, something. */
struct fixed {
	uint8_t len;
	uint8_t bytes[SPKI_PREFIX_MAX];
};

#define FIXED(...)                                  \
	{                                           \
		sizeof((uint8_t[]){ __VA_ARGS__ }), \
		{                                   \
			__VA_ARGS__                 \
		}                                   \
	}
#define OID_P256          0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07
#define OID_P384          0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22
#define OID_ED25519       0x06, 0x03, 0x2b, 0x65, 0x70
#define OID_EC_PUBLIC_KEY 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01
#define OID_ML_DSA_65     0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x03, 0x12
#define OID_RSA           0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01

/*
 * Curves and parameter sets. A public key of a group always has the same length, so
 * its SubjectPublicKeyInfo is fixed bytes and the key: nothing is left to parse.
 */
static const struct group_row {
	enum ash_group group;
	enum ash_key_kind kind;
	uint64_t parameter_set; /* ML-DSA */
	struct fixed params;    /* CKA_EC_PARAMS that we make */
	struct fixed name;      /* and that we take as well */
	struct fixed spki;      /* SEQUENCE { SEQUENCE { OIDs }, BIT STRING { 0, */
} group_table[] = {
	{ .group = ASH_GROUP_P256,
	  .kind = ASH_KEY_EC,
	  .params = FIXED(OID_P256),
	  .spki = FIXED(0x30, 0x59, 0x30, 0x13, OID_EC_PUBLIC_KEY, OID_P256, 0x03, 0x42, 0x00) },
	{ .group = ASH_GROUP_P384,
	  .kind = ASH_KEY_EC,
	  .params = FIXED(OID_P384),
	  .spki = FIXED(0x30, 0x76, 0x30, 0x10, OID_EC_PUBLIC_KEY, OID_P384, 0x03, 0x62, 0x00) },
	{ .group = ASH_GROUP_ED25519,
	  .kind = ASH_KEY_EDWARDS,
	  .params = FIXED(OID_ED25519),
	  .name = FIXED(0x13, 0x0c, 'e', 'd', 'w', 'a', 'r', 'd', 's', '2', '5', '5', '1', '9'),
	  .spki = FIXED(0x30, 0x2a, 0x30, 0x05, OID_ED25519, 0x03, 0x21, 0x00) },
	{ .group = ASH_GROUP_ML_DSA_65,
	  .kind = ASH_KEY_ML_DSA,
	  .parameter_set = CKP_ML_DSA_65,
	  .spki = FIXED(0x30, 0x82, 0x07, 0xb2, 0x30, 0x0b, OID_ML_DSA_65, 0x03, 0x82, 0x07, 0xa1, 0x00) },
};

/* SEQUENCE { OID rsaEncryption, NULL } */
static const struct fixed rsa_algorithm = FIXED(0x30, 0x0d, OID_RSA, 0x05, 0x00);

static struct ash_span span_of(const struct fixed *fixed)
{
	return ash_span(fixed->bytes, fixed->len);
}

/* --- What key it is ---------------------------------------------------------- */

static uint64_t class_of(const struct ash_attrs *attrs)
{
	return ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
}

static struct ash_status kind_of(const struct ash_attrs *attrs, enum ash_key_kind *ret_kind)
{
	const struct ash_key_type *type =
		ash_attribute_key_type(ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION));

	ASH_ENSURE(type != NULL && (type->classes & ash_attribute_class_bit(class_of(attrs))) != 0,
		   ASH_E_KEY_TYPE);
	*ret_kind = type->kind;
	return ASH_DONE;
}

/* Whether the bytes are one whole choice of X9.62 Parameters, if not of a curve that we have. */
static bool are_parameters(struct ash_span value)
{
	static const uint8_t tags[] = { ASH_DER_OID, ASH_DER_PRINTABLE_STRING, ASH_DER_SEQUENCE };

	for (size_t i = 0; i < sizeof(tags); i++) {
		struct ash_reader in = ash_reader(value);
		struct ash_span content = ASH_SPAN_NONE;

		if (ash_is_ok(ash_der_take(&in, tags[i], &content)) && in.rest.len == 0 && content.len != 0)
			return true;
	}
	return false;
}

static struct ash_status curve_of(const struct ash_attrs *attrs, enum ash_key_kind kind,
				  const struct group_row **ret_row)
{
	struct ash_span params = ASH_SPAN_NONE;

	ASH_ENSURE(ash_attrs_get(attrs, CKA_EC_PARAMS, &params) && params.len != 0, ASH_E_ATTRIBUTE_VALUE);
	for (size_t i = 0; i < ASH_COUNT(group_table); i++) {
		const struct group_row *row = &group_table[i];

		if (row->kind == kind && (ash_span_equal(params, span_of(&row->params)) ||
					  ash_span_equal(params, span_of(&row->name)))) {
			*ret_row = row;
			return ASH_DONE;
		}
	}
	ASH_FAIL(are_parameters(params) ? ASH_E_CURVE : ASH_E_ATTRIBUTE_VALUE);
}

static struct ash_status parameter_set_of(const struct ash_attrs *attrs, const struct group_row **ret_row)
{
	const uint64_t set = ash_attrs_number(attrs, CKA_PARAMETER_SET, CK_UNAVAILABLE_INFORMATION);

	for (size_t i = 0; i < ASH_COUNT(group_table); i++) {
		if (group_table[i].kind == ASH_KEY_ML_DSA && group_table[i].parameter_set == set) {
			*ret_row = &group_table[i];
			return ASH_DONE;
		}
	}
	ASH_FAIL(ASH_E_ATTRIBUTE_VALUE);
}

static uint64_t rsa_bits(const struct ash_attrs *attrs)
{
	struct ash_span modulus = ASH_SPAN_NONE;
	uint64_t bits = 0;

	if (!ash_attrs_get(attrs, CKA_MODULUS, &modulus))
		return ash_attrs_number(attrs, CKA_MODULUS_BITS, 0);
	modulus = ash_attribute_canonical(CKA_MODULUS, modulus);
	if (modulus.len == 0)
		return 0;
	for (unsigned top = modulus.data[0]; top != 0; top >>= 1)
		bits++;
	return bits + (modulus.len - 1) * 8;
}

static uint64_t secret_len(const struct ash_attrs *attrs)
{
	struct ash_span value = ASH_SPAN_NONE;

	return ash_attrs_get(attrs, CKA_VALUE, &value) ? value.len
						       : ash_attrs_number(attrs, CKA_VALUE_LEN, 0);
}

static bool is_secret_len(const struct ash_attrs *attrs, uint64_t len)
{
	if (ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) == CKK_AES)
		return len == 16 || len == 24 || len == 32;
	return len != 0 && len <= ASH_SECRET_KEY_MAX;
}

/* The spec, and the group's row where there is one. */
static struct ash_status look_up(const struct ash_attrs *attrs, struct ash_key_spec *ret_spec,
				 const struct group_row **ret_row)
{
	struct ash_key_spec spec = { .group = ASH_GROUP_NONE };
	uint64_t size = 0;

	ASH_TRY(kind_of(attrs, &spec.kind));
	switch (spec.kind) {
	case ASH_KEY_RSA:
		size = rsa_bits(attrs);
		ASH_ENSURE(size != 0 && size <= RSA_BITS_MAX, ASH_E_ATTRIBUTE_VALUE);
		spec.bits = (uint32_t)size;
		break;
	case ASH_KEY_EC:
	case ASH_KEY_EDWARDS:
		ASH_TRY(curve_of(attrs, spec.kind, ret_row));
		spec.group = (*ret_row)->group;
		break;
	case ASH_KEY_ML_DSA:
		ASH_TRY(parameter_set_of(attrs, ret_row));
		spec.group = (*ret_row)->group;
		break;
	case ASH_KEY_SECRET:
		size = secret_len(attrs);
		ASH_ENSURE(is_secret_len(attrs, size), ASH_E_ATTRIBUTE_VALUE);
		spec.bits = (uint32_t)size * 8;
		break;
	case ASH_KEY_KINDS: ASH_FAIL(ASH_E_KEY_TYPE);
	}
	*ret_spec = spec;
	return ASH_DONE;
}

struct ash_status ash_keymap_spec(const struct ash_attrs *attrs, struct ash_key_spec *ret_spec)
{
	const struct group_row *row = NULL;

	return look_up(attrs, ret_spec, &row);
}

/* --- Attributes and parts ---------------------------------------------------- */

/* How an attribute's value holds a part. */
enum form {
	FORM_INTEGER,
	FORM_BYTES,   /* as it is */
	FORM_PUBLIC,  /* as it is, of the group's length */
	FORM_PRIVATE, /* the same */
	FORM_SEED,    /* as it is, 32 bytes */
	FORM_SCALAR,  /* a big integer, padded to the group's length */
	FORM_POINT,   /* CKA_EC_POINT */
	FORM_INFO,    /* CKA_PUBLIC_KEY_INFO; only read here */
};

enum {
	ON_PUBLIC = 1u << 0,
	ON_PRIVATE = 1u << 1,
	ON_SECRET = 1u << 2
};
#define OF(kind) (1u << ASH_KEY_##kind)

static const struct part_row {
	uint64_t type;
	enum ash_part part;
	enum form form;
	unsigned kinds, classes;
} part_table[] = {
	{ CKA_MODULUS, ASH_PART_MODULUS, FORM_INTEGER, OF(RSA), ON_PUBLIC | ON_PRIVATE },
	{ CKA_PUBLIC_EXPONENT, ASH_PART_PUBLIC_EXPONENT, FORM_INTEGER, OF(RSA), ON_PUBLIC | ON_PRIVATE },
	{ CKA_PRIVATE_EXPONENT, ASH_PART_PRIVATE_EXPONENT, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_PRIME_1, ASH_PART_PRIME_1, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_PRIME_2, ASH_PART_PRIME_2, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_EXPONENT_1, ASH_PART_EXPONENT_1, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_EXPONENT_2, ASH_PART_EXPONENT_2, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_COEFFICIENT, ASH_PART_COEFFICIENT, FORM_INTEGER, OF(RSA), ON_PRIVATE },
	{ CKA_EC_POINT, ASH_PART_PUBLIC, FORM_POINT, OF(EC) | OF(EDWARDS), ON_PUBLIC },
	{ CKA_VALUE, ASH_PART_PUBLIC, FORM_PUBLIC, OF(ML_DSA), ON_PUBLIC },
	{ CKA_PUBLIC_KEY_INFO, ASH_PART_PUBLIC, FORM_INFO, OF(EC) | OF(EDWARDS) | OF(ML_DSA), ON_PRIVATE },
	{ CKA_VALUE, ASH_PART_PRIVATE, FORM_SCALAR, OF(EC), ON_PRIVATE },
	{ CKA_VALUE, ASH_PART_PRIVATE, FORM_PRIVATE, OF(EDWARDS) | OF(ML_DSA), ON_PRIVATE },
	{ CKA_SEED, ASH_PART_SEED, FORM_SEED, OF(ML_DSA), ON_PRIVATE },
	{ CKA_VALUE, ASH_PART_SECRET, FORM_BYTES, OF(SECRET), ON_SECRET },
	{ ASH_A_BLOB, ASH_PART_BLOB, FORM_BYTES, ~0u, ON_PRIVATE | ON_SECRET },
};

static bool concerns(const struct part_row *row, enum ash_key_kind kind, uint64_t class)
{
	const unsigned on = class == CKO_PUBLIC_KEY    ? ON_PUBLIC
			    : class == CKO_PRIVATE_KEY ? ON_PRIVATE
						       : ON_SECRET;

	return (row->kinds & 1u << kind) != 0 && (row->classes & on) != 0;
}

/* Drops a prefix; false when it is another, or not as many bytes follow. */
static bool cut(struct ash_span *value, struct ash_span prefix, size_t follow)
{
	if (value->len != prefix.len + follow || !ash_span_equal(ash_span(value->data, prefix.len), prefix))
		return false;
	*value = ash_span(value->data + prefix.len, follow);
	return true;
}

/* The forms differ in length, so that none can be taken for another. */
static struct ash_status point_of(const struct group_row *row, struct ash_span value,
				  struct ash_span *ret_point)
{
	const size_t len = ash_group_public_len(row->group);
	const uint8_t octets[] = { ASH_DER_OCTET_STRING, (uint8_t)len };
	const uint8_t bits[] = { ASH_DER_BIT_STRING, (uint8_t)(len + 1), 0 };

	ASH_ENSURE(value.len == len || cut(&value, ash_span(octets, sizeof(octets)), len) ||
			   (row->kind == ASH_KEY_EDWARDS && cut(&value, ash_span(bits, sizeof(bits)), len)),
		   ASH_E_ATTRIBUTE_VALUE);
	ASH_ENSURE(row->kind != ASH_KEY_EC || value.data[0] == UNCOMPRESSED, ASH_E_ATTRIBUTE_VALUE);
	*ret_point = value;
	return ASH_DONE;
}

/* A secret of exactly `len` bytes that holds the integer. */
static struct ash_status padded(struct ash_span number, size_t len, struct ash_secret **ret_secret)
{
	ASH_AUTO(ash_secret) *secret = NULL;

	while (number.len != 0 && number.data[0] == 0)
		number = ash_span(number.data + 1, number.len - 1);
	ASH_ENSURE(number.len != 0 && number.len <= len, ASH_E_ATTRIBUTE_VALUE);
	ASH_TRY(ash_secret_new(len, &secret));
	memcpy(ash_secret_edit(secret).data + len - number.len, number.data, number.len);
	*ret_secret = ASH_TAKE(secret);
	return ASH_DONE;
}

static struct ash_status take_scalar(const struct group_row *group, struct ash_span value, enum ash_part part,
				     struct ash_parts *parts)
{
	struct ash_secret *scalar = NULL;

	ASH_TRY(padded(value, ash_group_private_len(group->group), &scalar));
	ash_secret_free(parts->value[part]);
	parts->value[part] = scalar;
	return ASH_DONE;
}

static struct ash_status take_part(const struct part_row *row, const struct group_row *group,
				   struct ash_span value, struct ash_parts *parts)
{
	switch (row->form) {
	case FORM_INTEGER: return ash_parts_set_integer(parts, row->part, value);
	case FORM_SCALAR: return take_scalar(group, value, row->part, parts);
	case FORM_BYTES: break;
	case FORM_PUBLIC:
		ASH_ENSURE(value.len == ash_group_public_len(group->group), ASH_E_ATTRIBUTE_VALUE);
		break;
	case FORM_PRIVATE:
		ASH_ENSURE(value.len == ash_group_private_len(group->group), ASH_E_ATTRIBUTE_VALUE);
		break;
	case FORM_SEED: ASH_ENSURE(value.len == ML_DSA_SEED_LEN, ASH_E_ATTRIBUTE_VALUE); break;
	case FORM_POINT: ASH_TRY(point_of(group, value, &value)); break;
	case FORM_INFO:
		if (value.len == 0)
			return ASH_DONE; /* "MAY be empty" */
		ASH_ENSURE(cut(&value, span_of(&group->spki), ash_group_public_len(group->group)),
			   ASH_E_ATTRIBUTE_VALUE);
		break;
	}
	return ash_parts_set(parts, row->part, value);
}

struct ash_status ash_keymap_parts(const struct ash_attrs *attrs, struct ash_parts *ret_parts)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	const struct group_row *group = NULL;
	struct ash_key_spec spec = { .group = ASH_GROUP_NONE };

	ASH_TRY(look_up(attrs, &spec, &group));
	for (size_t i = 0; i < ASH_COUNT(part_table); i++) {
		struct ash_span value = ASH_SPAN_NONE;

		if (concerns(&part_table[i], spec.kind, class_of(attrs)) &&
		    ash_attrs_get(attrs, part_table[i].type, &value))
			ASH_TRY(take_part(&part_table[i], group, value, &parts));
	}
	ash_parts_move(ret_parts, &parts);
	return ASH_DONE;
}

static struct ash_status give_part(const struct part_row *row, const struct ash_key_spec *spec,
				   struct ash_span part, struct ash_attrs *attrs)
{
	ASH_AUTO(ash_secret) *scalar = NULL;
	ASH_AUTO(ash_buf) point = ASH_BUF_PLAIN;

	if (row->form == FORM_INFO)
		return ASH_DONE; /* set for all kinds of keys together */
	if (row->form == FORM_SCALAR) {
		ASH_TRY(padded(part, ash_group_private_len(spec->group), &scalar));
		part = ash_secret_peek(scalar);
	} else if (row->form == FORM_POINT) {
		ASH_TRY(ash_der_add(&point, ASH_DER_OCTET_STRING, part));
		part = ash_buf_span(&point);
	}
	return ash_attrs_set(attrs, row->type, part);
}

/* --- CKA_PUBLIC_KEY_INFO ----------------------------------------------------- */

static const struct group_row *row_of(enum ash_group group)
{
	for (size_t i = 0; i < ASH_COUNT(group_table); i++) {
		if (group_table[i].group == group)
			return &group_table[i];
	}
	return NULL;
}

static struct ash_status rsa_info(const struct ash_parts *parts, struct ash_buf *out)
{
	static const uint8_t no_unused_bits = 0;
	ASH_AUTO(ash_buf) numbers = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) bits = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;

	ASH_TRY(ash_der_add_integer(&numbers, ash_parts_get(parts, ASH_PART_MODULUS)));
	ASH_TRY(ash_der_add_integer(&numbers, ash_parts_get(parts, ASH_PART_PUBLIC_EXPONENT)));
	ASH_TRY(ash_buf_add(&bits, ash_span(&no_unused_bits, 1)));
	ASH_TRY(ash_der_add(&bits, ASH_DER_SEQUENCE, ash_buf_span(&numbers)));
	ASH_TRY(ash_buf_add(&info, span_of(&rsa_algorithm)));
	ASH_TRY(ash_der_add(&info, ASH_DER_BIT_STRING, ash_buf_span(&bits)));
	return ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&info));
}

/* Leaves `out` empty when the public key is not known. */
static struct ash_status public_key_info(const struct ash_key_spec *spec, const struct ash_parts *parts,
					 struct ash_buf *out)
{
	const struct group_row *row = row_of(spec->group);

	if (spec->kind == ASH_KEY_RSA) {
		if (!ash_parts_has(parts, ASH_PART_MODULUS) ||
		    !ash_parts_has(parts, ASH_PART_PUBLIC_EXPONENT))
			return ASH_DONE;
		return rsa_info(parts, out);
	}
	if (row == NULL || !ash_parts_has(parts, ASH_PART_PUBLIC))
		return ASH_DONE;
	ASH_TRY(ash_buf_add(out, span_of(&row->spki)));
	return ash_buf_add(out, ash_parts_get(parts, ASH_PART_PUBLIC));
}

static struct ash_status store_info(const struct ash_key_spec *spec, const struct ash_parts *parts,
				    struct ash_attrs *attrs)
{
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	struct ash_span said = ASH_SPAN_NONE;

	ASH_TRY(public_key_info(spec, parts, &info));
	if (info.len == 0)
		return ASH_DONE;
	ASH_ENSURE(!ash_attrs_get(attrs, CKA_PUBLIC_KEY_INFO, &said) || said.len == 0 ||
			   ash_span_equal(said, ash_buf_span(&info)),
		   ASH_E_ATTRIBUTE_VALUE);
	return ash_attrs_set(attrs, CKA_PUBLIC_KEY_INFO, ash_buf_span(&info));
}

/* What names or measures the key, where such objects have it and it is not there yet. */
static struct ash_status store_spec(const struct ash_key_spec *spec, uint64_t class, struct ash_attrs *attrs)
{
	const struct group_row *row = row_of(spec->group);

	if (row != NULL && row->params.len != 0 && !ash_attrs_has(attrs, CKA_EC_PARAMS))
		ASH_TRY(ash_attrs_set(attrs, CKA_EC_PARAMS, span_of(&row->params)));
	if (row != NULL && row->kind == ASH_KEY_ML_DSA)
		ASH_TRY(ash_attrs_set_number(attrs, CKA_PARAMETER_SET, row->parameter_set));
	if (spec->kind == ASH_KEY_RSA && class == CKO_PUBLIC_KEY)
		ASH_TRY(ash_attrs_set_number(attrs, CKA_MODULUS_BITS, spec->bits));
	if (spec->kind == ASH_KEY_SECRET)
		ASH_TRY(ash_attrs_set_number(attrs, CKA_VALUE_LEN, spec->bits / 8));
	return ASH_DONE;
}

struct ash_status ash_keymap_store(const struct ash_key_spec *spec, const struct ash_parts *parts,
				   struct ash_attrs *attrs)
{
	const uint64_t class = class_of(attrs);
	enum ash_key_kind kind = ASH_KEY_KINDS;

	ASH_TRY(kind_of(attrs, &kind));
	ASH_ENSURE(kind == spec->kind, ASH_E_KEY_TYPE);
	ASH_TRY(store_spec(spec, class, attrs));
	for (size_t i = 0; i < ASH_COUNT(part_table); i++) {
		const struct part_row *row = &part_table[i];

		if (concerns(row, kind, class) && ash_parts_has(parts, row->part))
			ASH_TRY(give_part(row, spec, ash_parts_get(parts, row->part), attrs));
	}
	return kind != ASH_KEY_SECRET ? store_info(spec, parts, attrs) : ASH_DONE;
}
