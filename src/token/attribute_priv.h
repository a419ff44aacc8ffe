/*
 * Inside the attribute table: its rows as attribute.c has them, and the checks of
 * values (attribute_form.c) that making and changing (attribute_make.c) share.
 */
#pragma once

#include "crypto/types.h"
#include "token/attribute.h"
#include "util/reader.h"

/* Classes and key types as masks; what a place in attribute_rows.h names. */
enum {
	ASH_ON_DATA = 1u << 0,
	ASH_ON_CERT = 1u << 1,
	ASH_ON_PUBLIC = 1u << 2,
	ASH_ON_PRIVATE = 1u << 3,
	ASH_ON_SECRET = 1u << 4,
	ASH_ON_DOMAIN = 1u << 5,
	ASH_ON_PROFILE = 1u << 6, /* of the token's own making only */
	ASH_ON_KEYS = ASH_ON_PUBLIC | ASH_ON_PRIVATE | ASH_ON_SECRET,
	ASH_ON_TYPED = ASH_ON_KEYS | ASH_ON_DOMAIN,                /* what has CKA_KEY_TYPE */
	ASH_ON_OBJECTS = ASH_ON_DATA | ASH_ON_CERT | ASH_ON_TYPED, /* the standard's storage objects (§4.4) */
};

enum {
	ASH_OF_NO_KEY = 1u << 0, /* what data, certificates and profiles are of */
	ASH_OF_RSA = 1u << 1,
	ASH_OF_EC = 1u << 2,
	ASH_OF_EDWARDS = 1u << 3,
	ASH_OF_MONTGOMERY = 1u << 4,
	ASH_OF_ML_DSA = 1u << 5,
	ASH_OF_ML_KEM = 1u << 6,
	ASH_OF_AES = 1u << 7,
	ASH_OF_GENERIC = 1u << 8,
	ASH_OF_HMAC = 1u << 9, /* one bit for the types of all hashes */
	ASH_OF_HKDF = 1u << 10,
	ASH_OF_ALL = 0xffffu,
};

/* The rules of a place; attribute_rows.h explains them. */
enum {
	ASH_RULE_F1 = 1u << 1,
	ASH_RULE_F2 = 1u << 2,
	ASH_RULE_F3 = 1u << 3,
	ASH_RULE_F4 = 1u << 4,
	ASH_RULE_F5 = 1u << 5,
	ASH_RULE_F6 = 1u << 6,
	ASH_RULE_F7 = 1u << 7,
	ASH_RULE_F8 = 1u << 8,
	ASH_RULE_F10 = 1u << 10,
	ASH_RULE_F11 = 1u << 11,
	ASH_RULE_F12 = 1u << 12,
	ASH_RULE_FC = 1u << 16,
	ASH_RULE_FE = 1u << 17,
	ASH_RULE_FS = 1u << 18,
	ASH_RULE_FN = 1u << 19,
	ASH_RULE_FI = 1u << 20,
};

/* What an attribute is when nobody says. */
enum ash_fallback {
	ASH_FALLBACK_NONE, /* not there */
	ASH_FALLBACK_EMPTY,
	ASH_FALLBACK_FALSE,
	ASH_FALLBACK_TRUE,
	ASH_FALLBACK_ZERO,
	ASH_FALLBACK_FERMAT_4, /* 65537 */
	ASH_FALLBACK_CAME_IN,  /* true if the key was unwrapped, encapsulated or decapsulated, else false */
};

struct ash_attr_row {
	struct ash_attr_info info;
	uint64_t low, high; /* of the length in bytes; of a number's value */
};

struct ash_attr_place {
	uint64_t type;
	uint16_t classes, keys;
	uint32_t rules;
	enum ash_fallback fallback;
};

/* What kind of object it is: one bit of each mask. */
struct ash_scope {
	uint16_t class, key;
};

/* The row; NULL for what the token does not know. */
const struct ash_attr_row *ash_attribute_row(uint64_t type);

/* Where such objects have the attribute; NULL when they don't. */
const struct ash_attr_place *ash_attribute_place(uint64_t type, struct ash_scope scope);

/* All places, in the order of the rows. */
size_t ash_attribute_places(const struct ash_attr_place **ret_places);

static inline bool ash_place_in(const struct ash_attr_place *place, struct ash_scope scope)
{
	return (place->classes & scope.class) != 0 && (place->keys & scope.key) != 0;
}

/* A key type, and which classes have keys of it. */
struct ash_key_type {
	uint64_t type; /* CKK_ */
	uint16_t bit, classes;
	enum ash_key_kind kind;
};

/* The most attributes in a template within an attribute (§4.8.3). */
#define ASH_INNER_ATTRS_MAX 64u

/* The next attribute of a template in its canonical form. ASH_E_FORMAT. */
ASH_STATUS ash_attribute_read_inner(struct ash_reader *in, struct ash_attr *ret_attr);

/* The bit of a class; 0 for one that the token lacks. */
uint16_t ash_attribute_class_bit(uint64_t class);

/* The key type; NULL for one that the token lacks. */
const struct ash_key_type *ash_attribute_key_type(uint64_t type);

/*
 * What kind of object this is; `key_type` counts for keys and domain parameters alone.
 * ASH_E_TEMPLATE_INCONSISTENT when the class has no such type.
 */
ASH_STATUS ash_attribute_scope(uint64_t class, uint64_t key_type, struct ash_scope *ret_scope);

/* The same of an object or template that has both. ASH_E_TEMPLATE_INCOMPLETE when it has not. */
ASH_STATUS ash_attribute_scope_of(const struct ash_attrs *attrs, struct ash_scope *ret_scope);

/*
 * Whether every attribute of the template is known (ASH_E_ATTRIBUTE_TYPE) and every
 * value has the form of its kind (ASH_E_ATTRIBUTE_VALUE).
 */
ASH_STATUS ash_attribute_forms(struct ash_template given);
