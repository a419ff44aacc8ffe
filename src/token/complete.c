#include "token/complete.h"

#include "token/attribute.h"
#include "token/keymap.h"

#define CHECK_VALUE_LEN 3u

/* What goes in gives what comes out, of which the first bytes count. */
static struct ash_status first_bytes(struct ash_operation *operation, const struct ash_params *params,
				     struct ash_span in, size_t out_len, uint8_t check[CHECK_VALUE_LEN])
{
	uint8_t out[ASH_HASH_MAX];
	size_t len = 0;

	ASH_TRY(ash_operation_start(operation, params));
	ASH_TRY(ash_operation_finish(operation, in, ash_mut(out, out_len), &len));
	memcpy(check, out, CHECK_VALUE_LEN);
	ash_wipe(out, sizeof(out));
	return ASH_DONE;
}

/* Of an AES key: a zero block under it (PKCS#11 3.2 §6.8.2). */
static struct ash_status aes_check_value(struct ash_crypto *crypto, struct ash_span value,
					 uint8_t check[CHECK_VALUE_LEN])
{
	static const uint8_t zeroes[16] = { 0 };
	const struct ash_use use = { .op = ASH_OP_ENCRYPT, .alg = { ASH_SCHEME_AES_ECB, ASH_HASH_NONE } };
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)(value.len * 8) };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_key) *key = NULL;
	ASH_AUTO(ash_operation) *operation = NULL;

	ASH_TRY(ash_parts_set(&parts, ASH_PART_SECRET, value));
	ASH_TRY(ash_key_load(crypto, &spec, &parts, &use, &key));
	ASH_TRY(ash_operation_new(crypto, &use, key, &operation));
	return first_bytes(operation, NULL, ash_span(zeroes, sizeof(zeroes)), sizeof(zeroes), check);
}

/* Of other secret keys (§6.7.2, and for want of another rule those of HMAC and HKDF) and certificates (§4.7): SHA-1. */
static struct ash_status sha1_check_value(struct ash_crypto *crypto, struct ash_span value,
					  uint8_t check[CHECK_VALUE_LEN])
{
	const struct ash_use use = { .op = ASH_OP_DIGEST, .alg = { ASH_SCHEME_HASH, ASH_HASH_SHA1 } };
	ASH_AUTO(ash_operation) *operation = NULL;

	ASH_TRY(ash_operation_new(crypto, &use, NULL, &operation));
	return first_bytes(operation, NULL, value, ash_hash_len(ASH_HASH_SHA1), check);
}

/* A check value that the caller gave must be the right one, or empty, which asks for none (§4.10). */
static struct ash_status set_check_value(struct ash_crypto *crypto, struct ash_attrs *attrs)
{
	uint8_t check[CHECK_VALUE_LEN];
	struct ash_span given = ASH_SPAN_NONE, value = ASH_SPAN_NONE;
	const bool has = ash_attrs_get(attrs, CKA_CHECK_VALUE, &given);

	if ((has && given.len == 0) || !ash_attrs_get(attrs, CKA_VALUE, &value) || value.len == 0)
		return ASH_DONE;
	if (ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) == CKK_AES)
		ASH_TRY(aes_check_value(crypto, value, check));
	else
		ASH_TRY(sha1_check_value(crypto, value, check));
	ASH_ENSURE(!has || ash_span_equal(given, ash_span(check, sizeof(check))), ASH_E_ATTRIBUTE_VALUE);
	return ash_attrs_set(attrs, CKA_CHECK_VALUE, ash_span(check, sizeof(check)));
}

static bool is_key(const struct ash_attrs *attrs)
{
	const uint64_t class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	return class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
}

static bool is_of_class(const struct ash_attrs *attrs, uint64_t class)
{
	return ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == class;
}

/*
 * Loads the key to see that it is one, and gives all that its back end knows of it. Of a size
 * that nobody has (1024 or 2049 bits of RSA), it is no key to us.
 */
static struct ash_status validate(struct ash_crypto *crypto, const struct ash_key_spec *spec,
				  const struct ash_parts *given, struct ash_parts *ret_parts)
{
	ASH_AUTO(ash_key) *key = NULL;
	struct ash_status status;

	ASH_ENSURE(ash_crypto_offers_key(crypto, spec), ASH_E_ATTRIBUTE_VALUE);
	status = ash_key_load(crypto, spec, given, NULL, &key);
	ASH_ENSURE(status.code != ASH_E_KEY_INVALID, ASH_E_ATTRIBUTE_VALUE);
	ASH_TRY(status);
	return ash_key_parts(key, ret_parts);
}

struct ash_status ash_complete_import(struct ash_crypto *crypto, struct ash_attrs *attrs)
{
	ASH_AUTO(ash_parts) given = ASH_PARTS_NONE;
	ASH_AUTO(ash_parts) whole = ASH_PARTS_NONE;
	struct ash_key_spec spec;

	if (is_of_class(attrs, CKO_CERTIFICATE))
		return set_check_value(crypto, attrs);
	if (is_of_class(attrs, CKO_DOMAIN_PARAMETERS)) /* that we have the curve is all there is to ask */
		return ash_keymap_spec(attrs, &spec);
	if (!is_key(attrs))
		return ASH_DONE;
	ASH_TRY(ash_attribute_complete(attrs));
	ASH_TRY(ash_keymap_spec(attrs, &spec));
	ASH_TRY(ash_keymap_parts(attrs, &given));
	if (spec.kind == ASH_KEY_SECRET)
		return ash_complete_generated(crypto, &spec, &given, attrs);
	ASH_TRY(validate(crypto, &spec, &given, &whole));
	return ash_complete_generated(crypto, &spec, &whole, attrs);
}

struct ash_status ash_complete_generated(struct ash_crypto *crypto, const struct ash_key_spec *spec,
					 const struct ash_parts *parts, struct ash_attrs *attrs)
{
	ASH_TRY(ash_keymap_store(spec, parts, attrs));
	if (spec->kind == ASH_KEY_SECRET)
		ASH_TRY(set_check_value(crypto, attrs));
	return ash_attribute_complete(attrs);
}
