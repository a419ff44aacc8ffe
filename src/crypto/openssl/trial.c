#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

static const enum ash_scheme signs[ASH_KEY_KINDS] = {
	[ASH_KEY_RSA] = ASH_SCHEME_RSA_PKCS1,
	[ASH_KEY_EC] = ASH_SCHEME_ECDSA,
	[ASH_KEY_EDWARDS] = ASH_SCHEME_EDDSA,
	[ASH_KEY_ML_DSA] = ASH_SCHEME_ML_DSA,
};

/* One operation from beginning to end, with a signature to make or to check. */
static struct ash_status try_op(struct ash_ossl *lib, enum ash_op what, struct ash_ossl_key *key,
				struct ash_mut signature)
{
	static const uint8_t message[32] = "Ashlar tries out a new key pair";
	const struct ash_alg alg = { signs[key->spec.kind], ASH_HASH_NONE };
	const struct ash_span in = ash_span(message, sizeof(message));
	const struct ash_params params = { 0 };
	struct ash_status status = ASH_DONE;
	size_t len = 0;
	void *op = NULL;

	ASH_TRY(ash_ossl_op_new(lib, what, alg, key, &op));
	status = ash_ossl_op_start(op, &params);
	if (ash_is_ok(status) && what == ASH_OP_SIGN)
		status = ash_ossl_op_finish(op, in, signature, &len);
	else if (ash_is_ok(status))
		status = ash_ossl_op_finish_verify(op, in, ash_mut_span(signature));
	ash_ossl_op_free(op);
	return status;
}

static struct ash_status try_signing(struct ash_ossl *lib, struct ash_ossl_key *key)
{
	const struct ash_alg alg = { signs[key->spec.kind], ASH_HASH_NONE };
	ASH_AUTO(ash_secret) *signature = NULL;

	ASH_TRY(ash_secret_new(ash_alg_signature_len(alg, &key->spec), &signature));
	ASH_TRY(try_op(lib, ASH_OP_SIGN, key, ash_secret_edit(signature)));
	return try_op(lib, ASH_OP_VERIFY, key, ash_secret_edit(signature));
}

static struct ash_status try_agreement(struct ash_ossl *lib, struct ash_ossl_key *key)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_secret) *shared = NULL;

	ASH_TRY(ash_ossl_key_parts(lib, key, &parts));
	return ash_ossl_agree(lib, key, ash_parts_get(&parts, ASH_PART_PUBLIC), &shared);
}

static struct ash_status try_encapsulation(struct ash_ossl *lib, struct ash_ossl_key *key)
{
	ASH_AUTO(ash_secret) *ciphertext = NULL;
	ASH_AUTO(ash_secret) *sent = NULL;
	ASH_AUTO(ash_secret) *received = NULL;

	ASH_TRY(ash_secret_new(ash_group_ciphertext_len(key->spec.group), &ciphertext));
	ASH_TRY(ash_ossl_encapsulate(lib, key, ash_secret_edit(ciphertext), &sent));
	ASH_TRY(ash_ossl_decapsulate(lib, key, ash_secret_peek(ciphertext), &received));
	ASH_ENSURE(ash_span_equal_ct(ash_secret_peek(sent), ash_secret_peek(received)), ASH_E_KEY_INVALID);
	return ASH_DONE;
}

struct ash_status ash_ossl_key_try(struct ash_ossl *lib, struct ash_ossl_key *key)
{
	struct ash_status status = ASH_DONE;

	if (key->spec.kind == ASH_KEY_MONTGOMERY)
		status = try_agreement(lib, key);
	else if (key->spec.kind == ASH_KEY_ML_KEM)
		status = try_encapsulation(lib, key);
	else
		status = try_signing(lib, key);
	ASH_ENSURE(status.code != ASH_E_SIGNATURE && status.code != ASH_E_FAILED, ASH_E_KEY_INVALID);
	return status;
}
