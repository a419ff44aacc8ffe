/* Agreement (ECDH, X25519, X448) and encapsulation (ML-KEM): each one call with a key that others may use. */
#include "crypto/openssl/openssl_priv.h"

#include "util/secret.h"

#define ML_KEM_SECRET_LEN 32u

static bool agrees(const struct ash_ossl_key *key)
{
	return key->spec.kind == ASH_KEY_EC || key->spec.kind == ASH_KEY_MONTGOMERY;
}

static bool derive(struct ash_ossl *lib, EVP_PKEY *own, EVP_PKEY *peer, struct ash_mut shared)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib->ctx, own, NULL);
	size_t len = shared.len;
	bool good = ctx != NULL && EVP_PKEY_derive_init(ctx) == 1 &&
		    EVP_PKEY_derive_set_peer_ex(ctx, peer, 0) == 1 &&
		    EVP_PKEY_derive(ctx, shared.data, &len) == 1 && len == shared.len;

	EVP_PKEY_CTX_free(ctx);
	return good;
}

/* What fails with a good peer's key: the point at infinity, or zero of a point of small order. */
static struct ash_status agree(struct ash_ossl *lib, const struct ash_ossl_key *key, struct ash_span peer,
			       struct ash_secret **ret_shared)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_secret) *shared = NULL;
	unsigned mark = ash_ossl_mark();
	void *other = NULL;
	bool good = false;

	ASH_TRY(ash_parts_set(&parts, ASH_PART_PUBLIC, peer));
	ASH_TRY(ash_secret_new((ash_group_bits(key->spec.group) + 7) / 8, &shared));
	ASH_TRY(ash_ossl_key_load(lib, &key->spec, &parts, &other));
	good = derive(lib, key->pkey, ((const struct ash_ossl_key *)other)->pkey, ash_secret_edit(shared));
	ash_ossl_key_free(lib, other);
	ASH_ENSURE(good, ash_ossl_code(mark, ASH_E_KEY_INVALID));

	*ret_shared = ASH_TAKE(shared);
	return ASH_DONE;
}

struct ash_status ash_ossl_agree(void *backend, void *key, struct ash_span peer,
				 struct ash_secret **ret_shared)
{
	const struct ash_ossl_key *own = key;
	ASH_AUTO(ash_secret) *shared = NULL;
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(agrees(own), ASH_E_UNSUPPORTED);
	ASH_ENSURE(own->is_private, ASH_E_KEY_TYPE);
	ASH_TRY(ash_ossl_settle(mark, agree(backend, own, peer, &shared)));

	*ret_shared = ASH_TAKE(shared);
	return ASH_DONE;
}

/* --- ML-KEM -------------------------------------------------------------------- */

static struct ash_status begin(struct ash_ossl *lib, const struct ash_ossl_key *key, bool encapsulate,
			       EVP_PKEY_CTX **ret_ctx)
{
	unsigned mark = ash_ossl_mark();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(lib->ctx, key->pkey, NULL);

	if (ctx == NULL || (encapsulate ? EVP_PKEY_encapsulate_init(ctx, NULL)
					: EVP_PKEY_decapsulate_init(ctx, NULL)) != 1) {
		EVP_PKEY_CTX_free(ctx);
		ASH_FAIL(ash_ossl_code(mark, ASH_E_FAILED));
	}
	*ret_ctx = ctx;
	return ASH_DONE;
}

struct ash_status ash_ossl_encapsulate(void *backend, void *key, struct ash_mut ciphertext,
				       struct ash_secret **ret_shared)
{
	const struct ash_ossl_key *own = key;
	ASH_AUTO(ash_secret) *shared = NULL;
	unsigned mark = ash_ossl_mark();
	size_t len = ciphertext.len;
	size_t shared_len = ML_KEM_SECRET_LEN;
	EVP_PKEY_CTX *ctx = NULL;
	bool good = false;

	ASH_ENSURE(own->spec.kind == ASH_KEY_ML_KEM, ASH_E_UNSUPPORTED);
	ASH_ENSURE(len == ash_group_ciphertext_len(own->spec.group), ASH_E_ARGUMENT);
	ASH_TRY(ash_secret_new(shared_len, &shared));
	ASH_TRY(begin(backend, own, true, &ctx));
	good = EVP_PKEY_encapsulate(ctx, ciphertext.data, &len, ash_secret_edit(shared).data, &shared_len) ==
		       1 &&
	       len == ciphertext.len && shared_len == ML_KEM_SECRET_LEN;
	EVP_PKEY_CTX_free(ctx);
	ASH_ENSURE(good && ash_ossl_mark() == mark, ash_ossl_code(mark, ASH_E_FAILED));

	*ret_shared = ASH_TAKE(shared);
	return ASH_DONE;
}

/* A ciphertext that nobody made gives a secret that nobody knows, each time the same. */
struct ash_status ash_ossl_decapsulate(void *backend, void *key, struct ash_span ciphertext,
				       struct ash_secret **ret_shared)
{
	const struct ash_ossl_key *own = key;
	ASH_AUTO(ash_secret) *shared = NULL;
	unsigned mark = ash_ossl_mark();
	size_t len = ML_KEM_SECRET_LEN;
	EVP_PKEY_CTX *ctx = NULL;
	bool good = false;

	ASH_ENSURE(own->spec.kind == ASH_KEY_ML_KEM, ASH_E_UNSUPPORTED);
	ASH_ENSURE(own->is_private, ASH_E_KEY_TYPE);
	ASH_ENSURE(ciphertext.len == ash_group_ciphertext_len(own->spec.group), ASH_E_ENCRYPTED_DATA_LEN);
	ASH_TRY(ash_secret_new(len, &shared));
	ASH_TRY(begin(backend, own, false, &ctx));
	good = EVP_PKEY_decapsulate(ctx, ash_secret_edit(shared).data, &len, ciphertext.data,
				    ciphertext.len) == 1 &&
	       len == ML_KEM_SECRET_LEN;
	EVP_PKEY_CTX_free(ctx);
	ASH_ENSURE(good && ash_ossl_mark() == mark, ash_ossl_code(mark, ASH_E_FAILED));

	*ret_shared = ASH_TAKE(shared);
	return ASH_DONE;
}
