/*
 * Which objects have which attributes, what they are when nobody says, and who may set
 * them: §4 of PKCS#11 3.2 and this token's own choices where the standard leaves them open,
 * written down a second time. Templates, and the objects that come of them.
 */
#include <stdio.h>

#include "model.h"

enum {
	DATA = 1,
	CERT = 2,
	PUB = 4,
	PRIV = 8,
	SEC = 16,
	DOM = 32,
	KEYS = PUB | PRIV | SEC,
	ANY = 63,
};
enum {
	RSA = 1,
	EC = 2,
	ED = 4,
	MONT = 8,
	MLDSA = 16,
	MLKEM = 32,
	AES = 64,
	GEN = 128,
	HMAC = 256,
	HKDF = 512,
	ALL = 1023,
	CURVES = EC | ED | MONT,
};

/* What it is when nobody says. */
enum fallback {
	NOTHING,
	EMPTY,
	FALSE_,
	TRUE_,
	ZERO,
	CAME_IN,  /* true where the key came in wrapped or encapsulated */
	HISTORY,  /* the token says, and the model knows */
	MATERIAL, /* comes of the key; may be there */
	MUST,     /* comes of the key or the template, and has to be there */
};

/* Who sets it. */
enum setting {
	FREE,    /* anybody, any time */
	ONCE,    /* in a template alone */
	AT_COPY, /* there, and in the course of copying */
	STICKS,  /* once true, always true; may be set true any time */
	FALLS,   /* once false, always false */
	OFFICER, /* true by the officer alone */
	LENGTH,  /* in templates of new keys, not of imported ones */
	IMPORT,  /* in templates of imported objects alone */
	TOKEN,   /* the token */
};

enum kind {
	BOOL,
	NUMBER,
	BYTES,
	DATE,
	LIST
};

/* clang-format off: one line each */
static const struct row {
	enum attr attr;
	enum kind kind;
	unsigned classes, keys;
	enum fallback fallback;
	enum setting setting;
	bool secret;
} rows[] = {
	{ A_CLASS, NUMBER, ANY, ALL, MUST, ONCE, false },
	{ A_TOKEN, BOOL, ANY, ALL, FALSE_, AT_COPY, false },
	{ A_PRIVATE, BOOL, DATA | CERT | PUB | DOM, ALL, FALSE_, AT_COPY, false },
	{ A_PRIVATE, BOOL, PRIV | SEC, ALL, TRUE_, AT_COPY, false },
	{ A_LABEL, BYTES, ANY, ALL, EMPTY, FREE, false },
	{ A_UNIQUE_ID, BYTES, ANY, ALL, MUST, TOKEN, false },
	{ A_MODIFIABLE, BOOL, ANY, ALL, TRUE_, AT_COPY, false },
	{ A_COPYABLE, BOOL, ANY, ALL, TRUE_, FALLS, false },
	{ A_DESTROYABLE, BOOL, ANY, ALL, TRUE_, AT_COPY, false },
	{ A_APPLICATION, BYTES, DATA, ALL, EMPTY, FREE, false },
	{ A_OBJECT_ID, BYTES, DATA, ALL, EMPTY, FREE, false },
	{ A_VALUE, BYTES, DATA, ALL, EMPTY, FREE, false },
	{ A_VALUE, BYTES, CERT, ALL, MUST, ONCE, false },
	{ A_VALUE, BYTES, PUB, MLDSA | MLKEM, MUST, IMPORT, false },
	{ A_VALUE, BYTES, PRIV, CURVES, MUST, IMPORT, true },
	{ A_VALUE, BYTES, PRIV, MLDSA | MLKEM, MATERIAL, IMPORT, true },
	{ A_VALUE, BYTES, SEC, ALL, MUST, IMPORT, true },
	{ A_CERTIFICATE_TYPE, NUMBER, CERT, ALL, MUST, ONCE, false },
	{ A_ISSUER, BYTES, CERT, ALL, EMPTY, FREE, false },
	{ A_SERIAL_NUMBER, BYTES, CERT, ALL, EMPTY, FREE, false },
	{ A_CERTIFICATE_CATEGORY, NUMBER, CERT, ALL, ZERO, ONCE, false },
	{ A_URL, BYTES, CERT, ALL, EMPTY, ONCE, false },
	{ A_TRUSTED, BOOL, CERT | PUB | SEC, ALL, FALSE_, OFFICER, false },
	{ A_CHECK_VALUE, BYTES, CERT | SEC, ALL, MATERIAL, TOKEN, false },
	{ A_KEY_TYPE, NUMBER, KEYS | DOM, ALL, MUST, ONCE, false },
	{ A_SUBJECT, BYTES, CERT, ALL, MUST, ONCE, false },
	{ A_SUBJECT, BYTES, PUB | PRIV, ALL, EMPTY, FREE, false },
	{ A_ID, BYTES, CERT | KEYS, ALL, EMPTY, FREE, false },
	{ A_START_DATE, DATE, CERT, ALL, EMPTY, ONCE, false },
	{ A_START_DATE, DATE, KEYS, ALL, EMPTY, FREE, false },
	{ A_END_DATE, DATE, CERT, ALL, EMPTY, ONCE, false },
	{ A_END_DATE, DATE, KEYS, ALL, EMPTY, FREE, false },
	{ A_SENSITIVE, BOOL, PRIV, ALL, TRUE_, STICKS, false },
	{ A_SENSITIVE, BOOL, SEC, ALL, FALSE_, STICKS, false },
	{ A_EXTRACTABLE, BOOL, PRIV | SEC, ALL, CAME_IN, FALLS, false },
	{ A_ENCRYPT, BOOL, PUB, RSA, TRUE_, FREE, false },
	{ A_ENCRYPT, BOOL, PUB, ALL, FALSE_, FREE, false },
	{ A_ENCRYPT, BOOL, SEC, AES, TRUE_, FREE, false },
	{ A_ENCRYPT, BOOL, SEC, ALL, FALSE_, FREE, false },
	{ A_DECRYPT, BOOL, PRIV, RSA, TRUE_, FREE, false },
	{ A_DECRYPT, BOOL, PRIV, ALL, FALSE_, FREE, false },
	{ A_DECRYPT, BOOL, SEC, AES, TRUE_, FREE, false },
	{ A_DECRYPT, BOOL, SEC, ALL, FALSE_, FREE, false },
	{ A_WRAP, BOOL, PUB | SEC, ALL, FALSE_, FREE, false },
	{ A_UNWRAP, BOOL, PRIV | SEC, ALL, FALSE_, FREE, false },
	{ A_SIGN, BOOL, PRIV, RSA | EC | ED | MLDSA, TRUE_, FREE, false },
	{ A_SIGN, BOOL, PRIV, MONT | MLKEM, FALSE_, FREE, false },
	{ A_SIGN, BOOL, SEC, GEN | HMAC, TRUE_, FREE, false },
	{ A_SIGN, BOOL, SEC, AES | HKDF, FALSE_, FREE, false },
	{ A_SIGN_RECOVER, BOOL, PRIV, ALL, FALSE_, FREE, false },
	{ A_VERIFY, BOOL, PUB, RSA | EC | ED | MLDSA, TRUE_, FREE, false },
	{ A_VERIFY, BOOL, PUB, MONT | MLKEM, FALSE_, FREE, false },
	{ A_VERIFY, BOOL, SEC, GEN | HMAC, TRUE_, FREE, false },
	{ A_VERIFY, BOOL, SEC, AES | HKDF, FALSE_, FREE, false },
	{ A_VERIFY_RECOVER, BOOL, PUB, ALL, FALSE_, FREE, false },
	{ A_DERIVE, BOOL, KEYS, ALL, FALSE_, FREE, false },
	{ A_ENCAPSULATE, BOOL, PUB, MLKEM, TRUE_, FREE, false },
	{ A_ENCAPSULATE, BOOL, PUB, ALL, FALSE_, FREE, false },
	{ A_DECAPSULATE, BOOL, PRIV, MLKEM, TRUE_, FREE, false },
	{ A_DECAPSULATE, BOOL, PRIV, ALL, FALSE_, FREE, false },
	{ A_ALWAYS_AUTHENTICATE, BOOL, PRIV, ALL, FALSE_, ONCE, false },
	{ A_WRAP_WITH_TRUSTED, BOOL, PRIV | SEC, ALL, FALSE_, STICKS, false },
	{ A_ALLOWED_MECHANISMS, LIST, KEYS, ALL, NOTHING, ONCE, false },
	{ A_LOCAL, BOOL, KEYS | DOM, ALL, HISTORY, TOKEN, false },
	{ A_ALWAYS_SENSITIVE, BOOL, PRIV | SEC, ALL, HISTORY, TOKEN, false },
	{ A_NEVER_EXTRACTABLE, BOOL, PRIV | SEC, ALL, HISTORY, TOKEN, false },
	{ A_KEY_GEN_MECHANISM, NUMBER, KEYS, ALL, HISTORY, TOKEN, false },
	{ A_VALUE_LEN, NUMBER, SEC, ALL, MUST, LENGTH, false },
	{ A_PUBLIC_KEY_INFO, BYTES, CERT, ALL, EMPTY, ONCE, false },
	{ A_PUBLIC_KEY_INFO, BYTES, PUB | PRIV, ALL, MATERIAL, IMPORT, false },
	{ A_MODULUS, BYTES, PUB | PRIV, RSA, MUST, IMPORT, false },
	{ A_MODULUS_BITS, NUMBER, PUB, RSA, MUST, LENGTH, false },
	{ A_PUBLIC_EXPONENT, BYTES, PUB, RSA, MUST, ONCE, false },
	{ A_PUBLIC_EXPONENT, BYTES, PRIV, RSA, MUST, IMPORT, false },
	{ A_PRIVATE_EXPONENT, BYTES, PRIV, RSA, MUST, IMPORT, true },
	{ A_PRIME_1, BYTES, PRIV, RSA, MATERIAL, IMPORT, true },
	{ A_PRIME_2, BYTES, PRIV, RSA, MATERIAL, IMPORT, true },
	{ A_EXPONENT_1, BYTES, PRIV, RSA, MATERIAL, IMPORT, true },
	{ A_EXPONENT_2, BYTES, PRIV, RSA, MATERIAL, IMPORT, true },
	{ A_COEFFICIENT, BYTES, PRIV, RSA, MATERIAL, IMPORT, true },
	{ A_EC_PARAMS, BYTES, PUB, CURVES, MUST, ONCE, false },
	{ A_EC_PARAMS, BYTES, PRIV, CURVES, MUST, IMPORT, false },
	{ A_EC_PARAMS, BYTES, DOM, EC, MUST, ONCE, false },
	{ A_EC_POINT, BYTES, PUB, CURVES, MUST, IMPORT, false },
	{ A_PARAMETER_SET, NUMBER, PUB, MLDSA | MLKEM, MUST, ONCE, false },
	{ A_PARAMETER_SET, NUMBER, PRIV, MLDSA | MLKEM, MUST, IMPORT, false },
	{ A_SEED, BYTES, PRIV, MLDSA | MLKEM, MATERIAL, IMPORT, true },
};
/* clang-format on */

#define ATTRIBUTE_TYPE(name) { CKA_##name, "CKA_" #name },
static const struct {
	CK_ATTRIBUTE_TYPE type;
	const char *name;
} types[ATTRS + 1] = { ATTRIBUTES(ATTRIBUTE_TYPE){ CKA_VENDOR_DEFINED | 0x5ea, "CKA_VENDOR_DEFINED|0x5ea" } };

CK_ATTRIBUTE_TYPE attr_type(enum attr attr)
{
	return types[attr].type;
}

const char *attr_name(enum attr attr)
{
	return types[attr].name;
}

static unsigned class_bit(CK_OBJECT_CLASS class)
{
	static const CK_OBJECT_CLASS classes[] = { CKO_DATA,        CKO_CERTIFICATE, CKO_PUBLIC_KEY,
						   CKO_PRIVATE_KEY, CKO_SECRET_KEY,  CKO_DOMAIN_PARAMETERS };

	for (size_t i = 0; i < COUNT(classes); i++) {
		if (classes[i] == class)
			return 1u << i;
	}
	return 0;
}

static unsigned key_bit(CK_KEY_TYPE key_type)
{
	static const CK_KEY_TYPE keys[] = { CKK_RSA,         CKK_EC,     CKK_EC_EDWARDS, CKK_EC_MONTGOMERY,
					    CKK_ML_DSA,      CKK_ML_KEM, CKK_AES,        CKK_GENERIC_SECRET,
					    CKK_SHA256_HMAC, CKK_HKDF };

	for (size_t i = 0; i < COUNT(keys); i++) {
		if (keys[i] == key_type)
			return 1u << i;
	}
	return key_type == CK_UNAVAILABLE_INFORMATION ? ALL : HMAC;
}

static const struct row *row_of(CK_OBJECT_CLASS class, CK_KEY_TYPE key_type, enum attr attr)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].attr == attr && (rows[i].classes & class_bit(class)) != 0 &&
		    (rows[i].keys & key_bit(key_type)) != 0)
			return &rows[i];
	}
	return NULL;
}

static enum kind kind_of(enum attr attr)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].attr == attr)
			return rows[i].kind;
	}
	return BYTES;
}

bool attr_is_bool(enum attr attr)
{
	return kind_of(attr) == BOOL;
}

bool attr_of(CK_OBJECT_CLASS class, CK_KEY_TYPE key_type, enum attr attr)
{
	return row_of(class, key_type, attr) != NULL;
}

bool attr_is_secret(CK_OBJECT_CLASS class, CK_KEY_TYPE key_type, enum attr attr)
{
	const struct row *row = row_of(class, key_type, attr);

	return row != NULL && row->secret;
}

/* ---- objects ---- */

bool object_flag(const struct object *object, enum attr attr)
{
	const struct value *value = &object->attrs[attr];

	return value->state == KNOWN && value->len == 1 && value->data[0] != 0;
}

void object_set(struct object *object, enum attr attr, const void *data, size_t len)
{
	struct value *value = &object->attrs[attr];
	uint8_t *copy = malloc(len + 1);

	if (copy == NULL)
		abort();
	if (len != 0)
		memcpy(copy, data, len);
	free(value->data);
	*value = (struct value){ .state = KNOWN, .len = len, .data = copy };
}

bool object_value_is(const struct object *object, enum attr attr, const void *data, size_t len)
{
	const struct value *value = &object->attrs[attr];

	return value->state == KNOWN && value->len == len &&
	       (len == 0 || memcmp(value->data, data, len) == 0);
}

/* §4.8: what is secret is told of no key that is sensitive or can't be extracted. */
bool object_hides(const struct object *object, enum attr attr)
{
	return attr_is_secret(object->class, object->key_type, attr) &&
	       (object_flag(object, A_SENSITIVE) || !object_flag(object, A_EXTRACTABLE));
}

static void set_bool(struct object *object, enum attr attr, bool value)
{
	const CK_BBOOL byte = value;

	object_set(object, attr, &byte, 1);
}

static void set_number(struct object *object, enum attr attr, CK_ULONG number)
{
	object_set(object, attr, &number, sizeof(number));
}

static void set_fallback(struct object *object, const struct row *row, enum making making)
{
	switch (row->fallback) {
	case NOTHING:
	case HISTORY: break;
	case EMPTY: object_set(object, row->attr, NULL, 0); break;
	case FALSE_: set_bool(object, row->attr, false); break;
	case TRUE_: set_bool(object, row->attr, true); break;
	case ZERO: set_number(object, row->attr, 0); break;
	case CAME_IN: set_bool(object, row->attr, making == UNWRAPPED || making == ENCAPSULATED); break;
	case MATERIAL: object->attrs[row->attr].state = MAYBE; break;
	case MUST: object->attrs[row->attr].state = THERE; break;
	}
}

static void set_history(struct object *object, const struct plan *plan, const struct object *base)
{
	const bool local = plan->making == GENERATED;
	const bool sensitive = object_flag(object, A_SENSITIVE),
		   extractable = object_flag(object, A_EXTRACTABLE);

	if ((class_bit(plan->class) & (KEYS | DOM)) == 0)
		return;
	set_bool(object, A_LOCAL, local);
	if (plan->class == CKO_DOMAIN_PARAMETERS)
		return;
	set_number(object, A_KEY_GEN_MECHANISM, local ? plan->mechanism : CK_UNAVAILABLE_INFORMATION);
	if (plan->class == CKO_PUBLIC_KEY)
		return;
	set_bool(object, A_ALWAYS_SENSITIVE,
		 (local && sensitive) ||
			 (base != NULL && sensitive && object_flag(base, A_ALWAYS_SENSITIVE)));
	set_bool(object, A_NEVER_EXTRACTABLE,
		 (local && !extractable) ||
			 (base != NULL && !extractable && object_flag(base, A_NEVER_EXTRACTABLE)));
}

struct object *plan_done(const struct plan *plan, struct session *session, CK_OBJECT_HANDLE handle,
			 const struct object *base, uint64_t material)
{
	struct object *object = world_object_new(session, handle, plan->class, plan->key_type);

	for (unsigned attr = 0; attr < ATTRS; attr++) {
		const struct row *row = row_of(plan->class, plan->key_type, (enum attr)attr);

		if (row != NULL)
			set_fallback(object, row, plan->making);
	}
	set_number(object, A_CLASS, plan->class);
	if (attr_of(plan->class, plan->key_type, A_KEY_TYPE))
		set_number(object, A_KEY_TYPE, plan->key_type);
	for (CK_ULONG i = 0; i < plan->template.count; i++)
		object_set(object, plan->template.ids[i], plan->template.attrs[i].pValue,
			   plan->template.attrs[i].ulValueLen);
	set_history(object, plan, base);
	if (object_flag(object, A_TOKEN))
		object->session = 0;
	object->material = material != 0 ? material : ++world.last_material;
	learn_object(session, object);
	return object;
}

/* ---- templates ---- */

void template_bytes(struct template *template, enum attr attr, const void *data, size_t len)
{
	if (template->count == COUNT(template->attrs) || template->used + len > sizeof(template->room))
		wrong("the model's template is full");
	if (len != 0)
		memcpy(template->room + template->used, data, len);
	template->ids[template->count] = attr;
	template->attrs[template->count++] =
		(CK_ATTRIBUTE){ attr_type(attr), template->room + template->used, len };
	template->used += len;
}

void template_bool(struct template *template, enum attr attr, bool value)
{
	const CK_BBOOL byte = value;

	template_bytes(template, attr, &byte, 1);
}

void template_number(struct template *template, enum attr attr, CK_ULONG value)
{
	template_bytes(template, attr, &value, sizeof(value));
}

bool template_has(const struct template *template, enum attr attr)
{
	for (CK_ULONG i = 0; i < template->count; i++) {
		if (template->ids[i] == attr)
			return true;
	}
	return false;
}

static bool template_flag(const struct template *template, enum attr attr, bool otherwise)
{
	for (CK_ULONG i = 0; i < template->count; i++) {
		if (template->ids[i] == attr && template->attrs[i].ulValueLen == 1)
			return *(const CK_BBOOL *)template->attrs[i].pValue != 0;
	}
	return otherwise;
}

const char *template_text(const struct template *template)
{
	static char text[2][360];
	static unsigned turn;
	char *out = text[turn = !turn];
	size_t at = 0;

	out[0] = '\0';
	for (CK_ULONG i = 0; i < template->count && at < sizeof(text[0]) - 48; i++) {
		const CK_ATTRIBUTE *attribute = &template->attrs[i];
		CK_ULONG number = 0;

		for (CK_ULONG k = 0;
		     attribute->pValue != NULL && k < attribute->ulValueLen && k < sizeof(number); k++)
			number |= (CK_ULONG)((const uint8_t *)attribute->pValue)[k] << (8 * k);
		at += (size_t)snprintf(out + at, sizeof(text[0]) - at, "%s%s=%lx:%lu", i != 0 ? " " : "",
				       attr_name(template->ids[i]) + 4, number, attribute->ulValueLen);
	}
	return out;
}

/* One of few texts, so that several objects share one. */
static void add_text(struct template *template, enum attr attr)
{
	static const char *const texts[] = { "", "a", "b", "label", "a longer text that is no number" };
	const char *text = texts[choose(COUNT(texts))];

	template_bytes(template, attr, text, strlen(text));
}

static void add_random_value(struct template *template, enum attr attr, bool mostly_true)
{
	static const CK_MECHANISM_TYPE allowed[] = { CKM_AES_CBC, CKM_SHA256_HMAC, CKM_ECDSA, CKM_SHA256 };

	switch (kind_of(attr)) {
	case BOOL: template_bool(template, attr, mostly_true ? chance(75) : chance(50)); break;
	case NUMBER: template_number(template, attr, choose(3)); break;
	case DATE: template_bytes(template, attr, "20260131", chance(70) ? 8 : 0); break;
	case LIST:
		template_bytes(template, attr, allowed, choose(COUNT(allowed) + 1) * sizeof(allowed[0]));
		break;
	case BYTES: add_text(template, attr); break;
	}
}

/* Something that may be given and need not be: mostly what makes a difference later. */
static void add_optional(struct plan *plan)
{
	const enum attr attr = (enum attr)choose(ATTRS);
	const struct row *row = row_of(plan->class, plan->key_type, attr);

	if (row == NULL || template_has(&plan->template, attr) || row->setting >= OFFICER ||
	    row->fallback == MUST)
		return;
	if (attr == A_ALLOWED_MECHANISMS && !chance(20))
		return; /* most keys are for all there is */
	if (attr == A_URL || (attr == A_ALWAYS_AUTHENTICATE && !chance(50)))
		return; /* asks for others; and for PINs, which are slow */
	/* What makes an object last or hard to use is rare. */
	if ((attr == A_MODIFIABLE || attr == A_COPYABLE || attr == A_DESTROYABLE) && chance(50))
		return;
	if (attr == A_ALWAYS_AUTHENTICATE)
		template_bool(&plan->template, attr, chance(60));
	else
		add_random_value(&plan->template, attr, true);
}

void plan_begin(struct plan *plan, enum making making, CK_OBJECT_CLASS class, CK_KEY_TYPE key_type)
{
	plan->making = making;
	plan->class = class;
	plan->key_type = key_type;
	plan->mechanism = CK_UNAVAILABLE_INFORMATION;
	plan->template.count = 0;
	plan->template.used = 0;
	if (making == CREATED || making == UNWRAPPED || chance(50))
		template_number(&plan->template, A_CLASS, class);
	if (attr_of(class, key_type, A_KEY_TYPE) && (making != GENERATED || chance(50)))
		template_number(&plan->template, A_KEY_TYPE, key_type);
}

static const enum attr token_sets[] = { A_LOCAL, A_UNIQUE_ID, A_ALWAYS_SENSITIVE, A_NEVER_EXTRACTABLE,
					A_KEY_GEN_MECHANISM };

/* Something that is wrong with it. */
static void add_mistake(struct plan *plan, struct verdict *verdict)
{
	struct template *template = &plan->template;
	enum attr attr = ATTRS;

	switch (choose(8)) {
	case 0: /* not known at all */
		template_bytes(template, ATTRS, "x", 1);
		why(verdict, CKR_ATTRIBUTE_TYPE_INVALID);
		break;
	case 1: /* a boolean of another length, or of another value */
		if (template_has(template, A_TOKEN))
			break;
		template_bytes(template, A_TOKEN, "\2\1", 1 + choose(2));
		why(verdict, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	case 2: /* what the token alone says */
		attr = token_sets[choose(COUNT(token_sets))];
		if (!attr_of(plan->class, plan->key_type, attr))
			break;
		add_random_value(template, attr, false);
		/* A text of no bytes is no unique id either. */
		why(verdict, CKR_ATTRIBUTE_READ_ONLY);
		why_if(verdict, attr == A_UNIQUE_ID, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	case 3: /* of other objects */
		attr = plan->class == CKO_DATA ? A_SENSITIVE : A_APPLICATION;
		add_random_value(template, attr, false);
		why(verdict, CKR_TEMPLATE_INCONSISTENT);
		break;
	case 4: /* twice, and not the same */
		if (template_has(template, A_LABEL))
			break;
		template_bytes(template, A_LABEL, "one", 3);
		template_bytes(template, A_LABEL, "other", 5);
		why(verdict, CKR_TEMPLATE_INCONSISTENT);
		break;
	case 5: /* a value that is not there */
		template_bytes(template, A_LABEL, "", 0);
		template->attrs[template->count - 1].pValue = NULL;
		template->attrs[template->count - 1].ulValueLen = 7;
		why(verdict, CKR_ARGUMENTS_BAD);
		break;
	case 6: /* not of this calendar */
		attr = attr_of(plan->class, plan->key_type, A_START_DATE) ? A_START_DATE : ATTRS;
		if (attr == ATTRS || template_has(template, attr))
			break;
		template_bytes(template, attr, "20260231", 8);
		why(verdict, CKR_ATTRIBUTE_VALUE_INVALID);
		break;
	default: /* one too few */
		if (plan->making != CREATED || template->ids[0] != A_CLASS)
			break;
		template->attrs[0] = template->attrs[--template->count];
		template->ids[0] = template->ids[template->count];
		why(verdict, CKR_TEMPLATE_INCOMPLETE);
		break;
	}
}

/* What keys are seldom good for unless somebody says so. */
static const enum attr uses[] = { A_WRAP, A_UNWRAP, A_DERIVE,       A_EXTRACTABLE,   A_EXTRACTABLE,
				  A_SIGN, A_VERIFY, A_SIGN_RECOVER, A_VERIFY_RECOVER };

/* Adds what may be there besides what has to, and says what is wrong with it. */
void plan_finish(struct plan *plan, const struct session *session, struct verdict *verdict)
{
	struct template *template = &plan->template;
	const bool is_key = (class_bit(plan->class) & KEYS) != 0;
	bool is_private = (class_bit(plan->class) & (PRIV | SEC)) != 0;

	if (chance(60))
		template_bool(template, A_TOKEN, chance(60));
	/* Without a user there are public objects alone. */
	if (session != NULL && !user_in(session->slot) && is_private && chance(85))
		template_bool(template, A_PRIVATE, false);
	for (uint64_t i = choose(6); i > 0; i--)
		add_optional(plan);
	for (size_t i = 0; is_key && i < COUNT(uses); i++) {
		if (attr_of(plan->class, plan->key_type, uses[i]) && !template_has(template, uses[i]) &&
		    chance(25))
			template_bool(template, uses[i], chance(90));
	}
	/* What wraps is to unwrap as well. */
	if (plan->class == CKO_SECRET_KEY && template_flag(template, A_WRAP, false) &&
	    !template_has(template, A_UNWRAP) && chance(80))
		template_bool(template, A_UNWRAP, true);
	if (plan->class == CKO_PRIVATE_KEY && session != NULL && user_in(session->slot) && chance(12) &&
	    !template_has(template, A_ALWAYS_AUTHENTICATE))
		template_bool(template, A_ALWAYS_AUTHENTICATE, true);
	if (attr_of(plan->class, plan->key_type, A_TRUSTED) && chance(6))
		template_bool(template, A_TRUSTED, chance(70));
	if (chance(10))
		add_mistake(plan, verdict);

	is_private = template_flag(template, A_PRIVATE, is_private);
	why_if(verdict, template_flag(template, A_ALWAYS_AUTHENTICATE, false) && !is_private,
	       CKR_TEMPLATE_INCONSISTENT);
	if (session == NULL)
		return;
	why_if(verdict, template_flag(template, A_TRUSTED, false) && !so_in(session->slot),
	       CKR_ATTRIBUTE_READ_ONLY);
	why_if(verdict, template_flag(template, A_TOKEN, false) && !session->read_write,
	       CKR_SESSION_READ_ONLY);
	why_if(verdict, is_private && !user_in(session->slot), CKR_USER_NOT_LOGGED_IN);
}

/* ---- changes ---- */

/* Why this attribute of the object may not become that: CKR_OK if it may. */
static CK_RV may_become(const struct session *session, const struct object *object, const struct row *row,
			const CK_ATTRIBUTE *to, bool copying)
{
	const bool now = object_flag(object, row->attr);
	const bool then = to->ulValueLen == 1 && *(const CK_BBOOL *)to->pValue != 0;

	switch (row->setting) {
	case FREE: return CKR_OK;
	case AT_COPY: return copying ? CKR_OK : CKR_ATTRIBUTE_READ_ONLY;
	case STICKS: return now && !then ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK;
	case FALLS: return !now && then ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK;
	case OFFICER: return then && !so_in(session->slot) ? CKR_ATTRIBUTE_READ_ONLY : CKR_OK;
	case ONCE:
	case LENGTH:
	case IMPORT:
	case TOKEN: break;
	}
	return CKR_ATTRIBUTE_READ_ONLY;
}

void change_template(struct template *template, const struct session *session, const struct object *object,
		     bool copying, struct verdict *verdict)
{
	for (uint64_t i = choose(4) + !copying; i > 0; i--) {
		const enum attr attr =
			copying && chance(50) ? (chance(50) ? A_TOKEN : A_PRIVATE) : (enum attr)choose(ATTRS);
		const struct row *row = object != NULL ? row_of(object->class, object->key_type, attr) : NULL;
		CK_RV rv = CKR_OK;

		if (template_has(template, attr) || attr == A_URL || attr == A_CHECK_VALUE ||
		    attr == A_PUBLIC_KEY_INFO)
			continue;
		if ((row == NULL || row->setting == ONCE || row->setting >= OFFICER ||
		     (row->setting == AT_COPY && !copying)) &&
		    chance(90))
			continue; /* mostly what may be */
		if (attr == A_DESTROYABLE || attr == A_MODIFIABLE || attr == A_CLASS || attr == A_KEY_TYPE)
			continue;
		if (kind_of(attr) == BYTES && attr != A_LABEL && attr != A_ID && attr != A_SUBJECT &&
		    (row == NULL || row->setting != FREE))
			template_bytes(template, attr, "\1\1\1", 3);
		else
			add_random_value(template, attr, false);
		if (row == NULL)
			why(verdict, CKR_TEMPLATE_INCONSISTENT);
		else if (session != NULL)
			rv = may_become(session, object, row, &template->attrs[template->count - 1], copying);
		if (rv != CKR_OK)
			why(verdict, rv);
		/* Bounds of what no object could have are known to the token alone. */
		why_if(verdict, rv != CKR_OK || row == NULL, CKR_ATTRIBUTE_VALUE_INVALID);
	}
	if (chance(4)) {
		template_bytes(template, ATTRS, "x", 1);
		why(verdict, CKR_ATTRIBUTE_TYPE_INVALID);
	}
	if (object != NULL && copying && object_flag(object, A_PRIVATE) &&
	    !template_flag(template, A_PRIVATE, true))
		why(verdict, CKR_TEMPLATE_INCONSISTENT);
}
