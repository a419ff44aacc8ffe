/*
 * The attribute table: what each CKA_ is, which objects have it, what it is when
 * a template is silent, who may set it and when. Create, generate, copy, set and
 * get, unwrap, derive and encapsulate all validate through it. Constant data
 * and pure functions: any thread.
 *
 * PKCS#11 3.2 §4.1.1, §4.4 to §4.10 and the key-type sections of chapter 6.
 */
#pragma once

#include "token/attrs.h"

enum ash_attr_kind {
	ASH_ATTR_BOOL,
	ASH_ATTR_NUMBER,
	ASH_ATTR_BYTES,
	ASH_ATTR_INTEGER, /* big integer: unsigned, big-endian */
	ASH_ATTR_TEXT,    /* UTF-8 */
	ASH_ATTR_DATE,    /* empty, or YYYYMMDD */
	ASH_ATTR_NUMBERS, /* array of CK_ULONG, e.g. CKA_ALLOWED_MECHANISMS */
	ASH_ATTR_TEMPLATE /* array of attributes, e.g. CKA_WRAP_TEMPLATE */
};

/* How an object comes to be. */
enum ash_making {
	ASH_MADE_CREATE,      /* C_CreateObject */
	ASH_MADE_GENERATE,    /* C_GenerateKey, C_GenerateKeyPair */
	ASH_MADE_UNWRAP,      /* C_UnwrapKey */
	ASH_MADE_DERIVE,      /* C_DeriveKey */
	ASH_MADE_ENCAPSULATE, /* C_EncapsulateKey, C_DecapsulateKey */
	ASH_MADE_COPY,
	ASH_MAKINGS
};

/* One row, as tools and documents show it. */
struct ash_attr_info {
	uint64_t type;
	const char *name; /* "CKA_LABEL" */
	enum ash_attr_kind kind;
	bool secret;  /* not readable from a sensitive or unextractable key */
	bool indexed; /* found without scanning, on every object that has it; see ash_attribute_indexed() */
};

/* The row; NULL for what the token does not know. */
const struct ash_attr_info *ash_attribute_find(uint64_t type);
size_t ash_attribute_count(void);
const struct ash_attr_info *ash_attribute_at(size_t index);

/*
 * Whether objects of the class have the attribute; of keys, those of the CKA_KEY_TYPE, which
 * others have none of. False for a class or key type that the token does not know.
 */
bool ash_attribute_belongs(uint64_t class, uint64_t key_type, uint64_t type);

/*
 * Whether all objects of the class that have the attribute are found by it through
 * an index: CKA_VALUE is indexed on certificates and public keys, but never on what
 * may be secret. With CK_UNAVAILABLE_INFORMATION (a search that names no class): on
 * objects of every class.
 */
bool ash_attribute_indexed(uint64_t class, uint64_t type);

/*
 * The value as objects hold it: big integers without leading zero bytes. What is
 * searched for or hashed for an index goes through it. Lent from `value`.
 */
struct ash_span ash_attribute_canonical(uint64_t type, struct ash_span value);

/* Who is acting, for what depends on it. */
struct ash_actor {
	bool so;         /* the security officer is logged in */
	bool user;       /* the user is logged in */
	bool read_write; /* the session is */
};

/*
 * Validates a template for making an object and gives the object's whole set of
 * attributes: the template's, the defaults, CKA_LOCAL, CKA_ALWAYS_SENSITIVE,
 * CKA_NEVER_EXTRACTABLE, CKA_KEY_GEN_MECHANISM as the way of making says.
 * For all but ASH_MADE_CREATE the key material is not in it yet: the caller adds it, and
 * checks completeness with ash_attribute_complete(). Not for ASH_MADE_COPY.
 *
 * `implied` are the attributes that the mechanism contributes (class, key type; of
 * a private key's also CKA_EC_PARAMS, which its template may not name): a template
 * that names others is ASH_E_TEMPLATE_INCONSISTENT.
 * `key_gen_mechanism` is CK_UNAVAILABLE_INFORMATION when it does not apply.
 *
 * Errors, first match in the order of the standard (§4.1.1):
 *   ASH_E_ATTRIBUTE_TYPE         one that the token does not know
 *   ASH_E_ATTRIBUTE_VALUE        a value that no object could have there
 *   ASH_E_ATTRIBUTE_READ_ONLY    one that only the token sets, or CKA_TRUSTED true
 *                                without actor.so
 *   ASH_E_TEMPLATE_INCOMPLETE    one missing that has no default
 *   ASH_E_TEMPLATE_INCONSISTENT  one that other objects have but not such ones, a type
 *                                twice with different values (the same value twice is
 *                                fine), values that exclude each other, a class that is
 *                                not made so (of CKO_PROFILE, the token alone has objects)
 * and ASH_E_LIMIT, ASH_E_MEMORY. Who may make private or token objects is checked by
 * the session.
 */
ASH_STATUS ash_attribute_make(enum ash_making making, struct ash_template given, struct ash_template implied,
			      uint64_t key_gen_mechanism, struct ash_actor actor,
			      struct ash_attrs **ret_attrs);

/*
 * CKA_ALWAYS_SENSITIVE and CKA_NEVER_EXTRACTABLE of a key that was derived from `base`
 * (§6.3.17 and every derivation's own rules): true if they are true of the base key and
 * the new one keeps to them. Of objects that are no private or secret keys nothing
 * changes. ASH_E_MEMORY, ASH_E_LIMIT.
 */
ASH_STATUS ash_attribute_inherit(const struct ash_attrs *base, struct ash_attrs *attrs);

/* A template in storage of its own; its values are lent from those that it was made of. */
struct ash_merged {
	struct ash_attr *attrs;
	size_t count;
};

#define ASH_MERGED_NONE ((struct ash_merged){ NULL, 0 })

/*
 * What the key asks of keys that come of it (§5.18.4 and others): the attributes of its
 * `type` (CKA_UNWRAP_TEMPLATE, CKA_DERIVE_TEMPLATE, CKA_DECAPSULATE_TEMPLATE) and then
 * those that were given; only the latter when it asks for nothing. The result goes
 * through ash_attribute_make() like any template: what only the officer or the token
 * may set is not smuggled in. `ret_merged` is empty before, and lives no longer than
 * `key` and `given`. ASH_E_TEMPLATE_INCONSISTENT when they contradict each other,
 * ASH_E_FORMAT, ASH_E_MEMORY.
 */
ASH_STATUS ash_attribute_template_merge(const struct ash_attrs *key, uint64_t type, struct ash_template given,
					struct ash_merged *ret_merged);

/*
 * Whether the object has all that the key asks for with its `type` (CKA_WRAP_TEMPLATE,
 * CKA_ENCAPSULATE_TEMPLATE), as a search would find it. A key that asks for nothing
 * takes any; a template that can't be read matches none.
 */
bool ash_attribute_template_match(const struct ash_attrs *key, uint64_t type, const struct ash_attrs *object);

void ash_merged_done(struct ash_merged *merged);

static inline void ash_merged_auto(struct ash_merged *merged)
{
	ash_merged_done(merged);
}

static inline struct ash_template ash_merged_template(const struct ash_merged *merged)
{
	return (struct ash_template){ merged->attrs, merged->count };
}

/*
 * ASH_E_TEMPLATE_INCOMPLETE when an attribute that such an object must have is missing.
 * CKA_UNIQUE_ID is not asked for: the object has none before it is stored.
 */
ASH_STATUS ash_attribute_complete(const struct ash_attrs *attrs);

/*
 * A copy of `attrs` changed as C_SetAttributeValue may (§5.7.7): ASH_E_ATTRIBUTE_READ_ONLY
 * also against sticky directions (SENSITIVE never back to false, …) and
 * ASH_E_ACTION_PROHIBITED when CKA_MODIFIABLE is false, or CKA_TRUSTED is true and the
 * actor not the officer. Else errors as above. Whole or not at all.
 */
ASH_STATUS ash_attribute_change(const struct ash_attrs *attrs, struct ash_template given,
				struct ash_actor actor, struct ash_attrs **ret_attrs);

/*
 * The attributes of a copy made as C_CopyObject may (§4.1.3), without CKA_UNIQUE_ID:
 * the caller gives it one. ASH_E_ACTION_PROHIBITED when CKA_COPYABLE is false,
 * ASH_E_TEMPLATE_INCONSISTENT when a private object would become public. A copy is
 * trusted only if the officer makes it.
 */
ASH_STATUS ash_attribute_copy(const struct ash_attrs *attrs, struct ash_template given,
			      struct ash_actor actor, struct ash_attrs **ret_attrs);

/*
 * Whether this attribute of this object may be read: ASH_OK, ASH_E_ATTRIBUTE_SENSITIVE or
 * ASH_E_ATTRIBUTE_TYPE (§5.7.5). With ASH_OK `ret_value` is lent from `attrs`.
 */
enum ash_code ash_attribute_read(const struct ash_attrs *attrs, uint64_t type, struct ash_span *ret_value);

/* Internal attributes, which no template may name and nobody can read. */
#define ASH_A_ENGINE (CKA_VENDOR_DEFINED | 0x41534801UL) /* which back end a device key belongs to */
#define ASH_A_BLOB   (CKA_VENDOR_DEFINED | 0x41534802UL) /* its wrapped form */
