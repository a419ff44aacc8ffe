#include "app/foreign/prove.h"

#include <stdio.h>
#include <string.h>

#include "token/attribute.h"
#include "token/der.h"
#include "util/mem.h"

#define SIGNATURE_MAX 8192u
#define MATERIAL_MIN  32u /* of a public key: X25519 and Ed25519 have the shortest */

/* What is signed, or encrypted: no secret, and nothing that means anything. */
static const uint8_t text[32] = "ashlar import: is this the key?";

static void say(struct ash_foreign_result *result, const char *why)
{
	if (result->why[0] == '\0')
		snprintf(result->why, sizeof(result->why), "%s", why);
}

static void prove_wrong(struct ash_foreign_result *result, const char *what)
{
	result->outcome = ASH_FOREIGN_REFUSED;
	snprintf(result->why, sizeof(result->why), "it is not the same: %s", what);
}

/* ---- Values ---- */

/* What our object has of an attribute; `ret_there` false when it has none, or keeps it. */
static ASH_STATUS read_own(struct ash_foreign_target *target, ash_handle object, uint64_t type,
			   struct ash_buf *out, bool *ret_there)
{
	struct ash_attr_query query = { .type = type };
	struct ash_mut room = ash_mut(NULL, 0);
	struct ash_status status =
		target->api->get_attributes(target->hsm, target->session, object, &query, 1);

	*ret_there = false;
	if (!ash_is_ok(status))
		return query.code != ASH_OK ? ASH_DONE : status;
	ASH_TRY(ash_buf_extend(out, query.value.len + 1, &room));
	query.value = (struct ash_out){ room.data, query.value.len, 0 };
	ASH_TRY(target->api->get_attributes(target->hsm, target->session, object, &query, 1));
	out->len = query.value.len;
	*ret_there = true;
	return ASH_DONE;
}

/* A point may stand in an OCTET STRING or as it is: some tokens have one, some the other. */
static bool is_same(uint64_t type, struct ash_span one, struct ash_span other)
{
	const struct ash_span longer = one.len > other.len ? one : other;
	const struct ash_span shorter = one.len > other.len ? other : one;
	struct ash_reader in = ash_reader(longer);
	struct ash_span content = ASH_SPAN_NONE;

	if (ash_span_equal(one, other))
		return true;
	return type == CKA_EC_POINT && ash_is_ok(ash_der_take(&in, ASH_DER_OCTET_STRING, &content)) &&
	       in.rest.len == 0 && ash_span_equal(content, shorter);
}

/* Compares one attribute of both, where both have it. */
static ASH_STATUS compare(struct ash_foreign_target *target, const struct ash_foreign_object *object,
			  uint64_t type, const char *proof, struct ash_foreign_result *result)
{
	ASH_AUTO(ash_buf) own = ASH_BUF_SECRET;
	struct ash_span want = ASH_SPAN_NONE;
	bool there = false;

	if (!ash_attrs_get(object->attrs, type, &want) || want.len == 0)
		return ASH_DONE;
	ASH_TRY(read_own(target, result->object, type, &own, &there));
	if (!there)
		return ASH_DONE;
	if (is_same(type, want, ash_buf_span(&own)))
		result->proof = proof;
	else
		prove_wrong(result, "its value differs");
	return ASH_DONE;
}

static ASH_STATUS prove_value(struct ash_foreign_target *target, const struct ash_foreign_object *object,
			      struct ash_foreign_result *result)
{
	static const uint64_t types[] = { CKA_VALUE, CKA_MODULUS, CKA_EC_POINT };

	for (size_t i = 0; i < ASH_COUNT(types) && result->proof == NULL; i++)
		ASH_TRY(compare(target, object, types[i], "value", result));
	if (result->proof == NULL)
		say(result, "not checked: there is no value to compare");
	return ASH_DONE;
}

static ASH_STATUS prove_secret(struct ash_foreign_target *target, const struct ash_foreign_object *object,
			       struct ash_foreign_result *result)
{
	ASH_TRY(compare(target, object, CKA_CHECK_VALUE, "check value", result));
	/* One that may be read anyway. */
	if (result->proof == NULL && result->outcome != ASH_FOREIGN_REFUSED)
		ASH_TRY(compare(target, object, CKA_VALUE, "value", result));
	if (result->proof == NULL)
		say(result, "not checked: the other token has no check value of it");
	return ASH_DONE;
}

ASH_STATUS ash_foreign_mark(struct ash_foreign_target *target, ash_handle object, uint64_t class,
			    struct ash_buf *out)
{
	bool unused = false;

	if (class == CKO_PRIVATE_KEY)
		return read_own(target, object, CKA_PUBLIC_KEY_INFO, out, &unused);
	if (class == CKO_SECRET_KEY)
		return read_own(target, object, CKA_CHECK_VALUE, out, &unused);
	return ASH_DONE;
}

/* ---- Public keys as the other token has them ---- */

static bool has_same(const struct ash_attrs *one, const struct ash_attrs *other, uint64_t type)
{
	struct ash_span first = ASH_SPAN_NONE, second = ASH_SPAN_NONE;

	return ash_attrs_get(one, type, &first) && ash_attrs_get(other, type, &second) && first.len != 0 &&
	       ash_span_equal(first, second);
}

/* What is one public key's alone: the modulus, the point, or the value of others. */
static struct ash_span public_material(const struct ash_attrs *key)
{
	struct ash_span value = ASH_SPAN_NONE, content = ASH_SPAN_NONE;
	struct ash_reader in;

	if (ash_attrs_get(key, CKA_MODULUS, &value) && value.len != 0)
		return ash_attribute_canonical(CKA_MODULUS, value);
	if (ash_attrs_get(key, CKA_EC_POINT, &value) && value.len != 0) {
		in = ash_reader(value);
		if (ash_is_ok(ash_der_take(&in, ASH_DER_OCTET_STRING, &content)) && in.rest.len == 0)
			return content;
		return value;
	}
	if (ash_attrs_number(key, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PUBLIC_KEY)
		(void)ash_attrs_get(key, CKA_VALUE, &value);
	return value;
}

/* Whether it is the public key in a CKA_PUBLIC_KEY_INFO. */
static bool is_in(struct ash_span info, const struct ash_attrs *public_key)
{
	const struct ash_span material = public_material(public_key);

	return material.len >= MATERIAL_MIN && material.len <= info.len &&
	       memmem(info.data, info.len, material.data, material.len) != NULL;
}

/*
 * The next public key that may be a private one's: the one that our token made of it, or else one
 * of the same modulus or the same id, which several keys may have. In the end an RSA key says it
 * itself, where no other did.
 */
static const struct ash_attrs *next_public(const struct ash_foreign_objects *all,
					   const struct ash_attrs *private, struct ash_span info, size_t *at,
					   bool any)
{
	const uint64_t key_type = ash_attrs_number(private, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const uint64_t tells = key_type == CKK_RSA ? CKA_MODULUS : CKA_ID;

	while (*at < all->count) {
		const struct ash_foreign_object *object = &all->object[(*at)++];

		if (ash_foreign_class(object) == CKO_PUBLIC_KEY &&
		    ash_attrs_number(object->attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) == key_type &&
		    (has_same(object->attrs, private, tells) || is_in(info, object->attrs)))
			return object->attrs;
	}
	return key_type == CKK_RSA && !any ? private : NULL;
}

/* Whether no other private key has its id: a public key with that id is then meant to be its own. */
static bool is_alone(const struct ash_foreign_objects *all, const struct ash_attrs *private)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct ash_foreign_object *object = &all->object[i];

		if (object->attrs != private && ash_foreign_class(object) == CKO_PRIVATE_KEY &&
		    has_same(object->attrs, private, CKA_ID))
			return false;
	}
	return true;
}

/* It, as a session object that may do all that proves something. */
static ASH_STATUS load_public(struct ash_foreign_target *target, const struct ash_attrs *public_key,
			      ash_handle *ret_object)
{
	static const uint64_t material[] = { CKA_KEY_TYPE,  CKA_MODULUS,  CKA_PUBLIC_EXPONENT,
					     CKA_EC_PARAMS, CKA_EC_POINT, CKA_PARAMETER_SET,
					     CKA_VALUE };
	static const uint8_t no = 0, yes = 1, class[8] = { 0, 0, 0, 0, 0, 0, 0, CKO_PUBLIC_KEY };
	struct ash_attr given[ASH_COUNT(material) + 5];
	const uint64_t key_type = ash_attrs_number(public_key, CKA_KEY_TYPE, 0);
	size_t count = 0;

	given[count++] = (struct ash_attr){ CKA_CLASS, ash_span(class, sizeof(class)) };
	given[count++] = (struct ash_attr){ CKA_TOKEN, ash_span(&no, 1) };
	given[count++] = (struct ash_attr){ CKA_VERIFY, ash_span(&yes, 1) };
	given[count++] = (struct ash_attr){ CKA_ENCRYPT, ash_span(key_type == CKK_RSA ? &yes : &no, 1) };
	for (size_t i = 0; i < ASH_COUNT(material); i++) {
		struct ash_span value = ASH_SPAN_NONE;

		if (ash_attrs_get(public_key, material[i], &value) && value.len != 0)
			given[count++] = (struct ash_attr){ material[i], value };
	}
	return target->api->create_object(target->hsm, target->session, (struct ash_template){ given, count },
					  ret_object);
}

/* ---- Use ---- */

/* Signs with ours and verifies with theirs. */
static ASH_STATUS sign(struct ash_foreign_target *target, uint64_t type, ash_handle private,
		       ash_handle public_key)
{
	const struct ash_mechanism mechanism = { .type = type };
	ASH_AUTO_MEM uint8_t *signature = ash_mem_new(SIGNATURE_MAX, 1);
	struct ash_out out = { signature, SIGNATURE_MAX, 0 };
	const struct ash_api *api = target->api;

	ASH_ENSURE(signature != NULL, ASH_E_MEMORY);
	ASH_TRY(api->op_init(target->hsm, target->session, ASH_OP_SIGN, &mechanism, private));
	ASH_TRY(api->op_single(target->hsm, target->session, ASH_OP_SIGN, ash_span(text, sizeof(text)),
			       &out));
	ASH_TRY(api->op_init(target->hsm, target->session, ASH_OP_VERIFY, &mechanism, public_key));
	return api->verify_single(target->hsm, target->session, ash_span(text, sizeof(text)),
				  ash_span(signature, out.len));
}

/* Encrypts with theirs and decrypts with ours. */
static ASH_STATUS decrypt(struct ash_foreign_target *target, ash_handle private, ash_handle public_key)
{
	static const struct ash_mechanism mechanism = { .type = CKM_RSA_PKCS };
	ASH_AUTO_MEM uint8_t *closed = ash_mem_new(2, SIGNATURE_MAX);
	struct ash_out out = { closed, SIGNATURE_MAX, 0 };
	const struct ash_api *api = target->api;
	struct ash_out opened;

	ASH_ENSURE(closed != NULL, ASH_E_MEMORY);
	opened = (struct ash_out){ closed + SIGNATURE_MAX, SIGNATURE_MAX, 0 };
	ASH_TRY(api->op_init(target->hsm, target->session, ASH_OP_ENCRYPT, &mechanism, public_key));
	ASH_TRY(api->op_single(target->hsm, target->session, ASH_OP_ENCRYPT, ash_span(text, sizeof(text)),
			       &out));
	ASH_TRY(api->op_init(target->hsm, target->session, ASH_OP_DECRYPT, &mechanism, private));
	ASH_TRY(api->op_single(target->hsm, target->session, ASH_OP_DECRYPT, ash_span(closed, out.len),
			       &opened));
	ASH_ENSURE(ash_span_equal(ash_span(text, sizeof(text)), ash_span(opened.data, opened.len)),
		   ASH_E_SIGNATURE);
	return ASH_DONE;
}

static uint64_t signing_mechanism(uint64_t key_type)
{
	switch (key_type) {
	case CKK_RSA: return CKM_SHA256_RSA_PKCS;
	case CKK_EC: return CKM_ECDSA_SHA256;
	case CKK_EC_EDWARDS: return CKM_EDDSA;
	case CKK_ML_DSA: return CKM_ML_DSA;
	default: return 0;
	}
}

/* Our token made CKA_PUBLIC_KEY_INFO of the private key alone: the other's point has to be in it. */
static void compare_public(struct ash_span info, const struct ash_attrs *public_key,
			   struct ash_foreign_result *result)
{
	if (info.len == 0 || public_material(public_key).len < MATERIAL_MIN)
		say(result, "not checked: its public key can't be compared");
	else if (is_in(info, public_key))
		result->proof = "public key";
	else
		prove_wrong(result, "its public key differs");
}

/* A use that the key is not allowed, or only after another login, proves nothing. */
static void judge(struct ash_status status, const char *proof, struct ash_foreign_result *result)
{
	if (ash_is_ok(status))
		result->proof = proof;
	else if (status.code == ASH_E_SIGNATURE || status.code == ASH_E_ENCRYPTED_DATA)
		prove_wrong(result,
			    "what it signs or decrypts is not what the other token's public key says");
}

static ASH_STATUS prove_with(struct ash_foreign_target *target, const struct ash_attrs *public_key,
			     struct ash_span info, struct ash_foreign_result *result)
{
	const uint64_t key_type = ash_attrs_number(public_key, CKA_KEY_TYPE, 0);
	const uint64_t signing = signing_mechanism(key_type);
	ash_handle loaded = 0;

	if (ash_is_ok(load_public(target, public_key, &loaded))) {
		if (signing != 0)
			judge(sign(target, signing, result->object, loaded), "signature", result);
		if (key_type == CKK_RSA && result->proof == NULL && result->outcome != ASH_FOREIGN_REFUSED)
			judge(decrypt(target, result->object, loaded), "decryption", result);
		ASH_TRY(target->api->destroy_object(target->hsm, target->session, loaded));
	}
	if (result->proof == NULL && result->outcome != ASH_FOREIGN_REFUSED)
		compare_public(info, public_key, result);
	return ASH_DONE;
}

/*
 * One public key that fits is enough. Where none does the key is wrong only if they are its own:
 * one that our token made of it as well, or that has an id which no other private key has.
 */
static ASH_STATUS prove_private(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
				const struct ash_foreign_object *object, struct ash_foreign_result *result)
{
	const bool rsa = ash_attrs_number(object->attrs, CKA_KEY_TYPE, 0) == CKK_RSA;
	const struct ash_attrs *public_key = NULL;
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	struct ash_foreign_result unproved = *result;
	bool any = false, own = false;
	size_t at = 0;

	ASH_TRY(ash_foreign_mark(target, result->object, CKO_PRIVATE_KEY, &info));
	while ((public_key = next_public(all, object->attrs, ash_buf_span(&info), &at, any)) != NULL) {
		const bool fits = is_in(ash_buf_span(&info), public_key);
		struct ash_foreign_result tried = *result;

		ASH_TRY(prove_with(target, public_key, ash_buf_span(&info), &tried));
		if (tried.proof != NULL) {
			*result = tried;
			return ASH_DONE;
		}
		if (!any || (fits && !own))
			unproved = tried;
		any = true;
		own = own || fits;
	}
	if (!any)
		say(result, "not checked: the other token has no public key of it");
	else if (own || rsa || is_alone(all, object->attrs))
		*result = unproved;
	else
		say(result, "not checked: the public keys with its id are not its own");
	return ASH_DONE;
}

static ASH_STATUS prove(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			const struct ash_foreign_object *object, struct ash_foreign_result *result)
{
	switch (ash_foreign_class(object)) {
	case CKO_PRIVATE_KEY: return prove_private(target, all, object, result);
	case CKO_SECRET_KEY: return prove_secret(target, object, result);
	default: return prove_value(target, object, result);
	}
}

ASH_STATUS ash_foreign_prove(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			     const struct ash_foreign_object *object, struct ash_foreign_result *result)
{
	const bool made = result->outcome == ASH_FOREIGN_IMPORTED;

	if (result->outcome == ASH_FOREIGN_REFUSED)
		return ASH_DONE;
	ASH_TRY(prove(target, all, object, result));
	if (result->outcome == ASH_FOREIGN_REFUSED && made) /* what is wrong does not stay */
		return target->api->destroy_object(target->hsm, target->session, result->object);
	return ASH_DONE;
}
