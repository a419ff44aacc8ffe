/* Key derivation and random numbers. */
#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/rand.h>

#define HKDF_BLOCKS_MAX   255u
#define HKDF_INFO_MAX     ((size_t)32 << 10) /* OpenSSL's limit */
#define OUT_MAX           ((size_t)1 << 30)  /* the same */
#define ARGON2_SALT_MIN   8u
#define ARGON2_MEMORY_MIN 8u
#define ARGON2_OUT_MIN    4u
#define SEED_PIECE        ((size_t)1 << 16)

struct ash_status ash_ossl_random(void *backend, struct ash_mut out)
{
	struct ash_ossl *lib = backend;
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(out.len == 0 || RAND_priv_bytes_ex(lib->ctx, out.data, out.len, 0) == 1,
		   ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

/* As additional input with a reseeding from the system; the threads' generators follow this one. */
struct ash_status ash_ossl_random_seed(void *backend, struct ash_span seed)
{
	struct ash_ossl *lib = backend;
	unsigned mark = ash_ossl_mark();
	EVP_RAND_CTX *primary = RAND_get0_primary(lib->ctx);

	ASH_ENSURE(primary != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	while (seed.len != 0) {
		size_t piece = seed.len < SEED_PIECE ? seed.len : SEED_PIECE;

		ASH_ENSURE(EVP_RAND_reseed(primary, 0, NULL, 0, seed.data, piece) == 1,
			   ash_ossl_code(mark, ASH_E_FAILED));
		seed = ash_span(seed.data + piece, seed.len - piece);
	}
	return ASH_DONE;
}

static struct ash_status derive(EVP_KDF *kdf, const struct ash_ossl_params *params, struct ash_mut out)
{
	unsigned mark = ash_ossl_mark();
	EVP_KDF_CTX *ctx = EVP_KDF_CTX_new(kdf);
	bool good = ctx != NULL && EVP_KDF_derive(ctx, out.data, out.len, params->param) == 1;

	EVP_KDF_CTX_free(ctx);
	/* Its Argon2 overlooks an allocation that fails, and calls what it then gives a result. */
	ASH_ENSURE(good && ash_ossl_mark() == mark, ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status hkdf(struct ash_ossl *lib, const struct ash_kdf *kdf, struct ash_mut out)
{
	size_t hash_len = ash_hash_len(kdf->hash);
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;
	const char *mode = "EXTRACT_AND_EXPAND";

	ASH_ENSURE(out.len <= HKDF_BLOCKS_MAX * hash_len && kdf->info.len <= HKDF_INFO_MAX, ASH_E_ARGUMENT);
	if (kdf->scheme == ASH_KDF_HKDF_EXTRACT) {
		ASH_ENSURE(out.len == hash_len, ASH_E_ARGUMENT);
		mode = "EXTRACT_ONLY";
	} else if (kdf->scheme == ASH_KDF_HKDF_EXPAND) {
		mode = "EXPAND_ONLY";
	}
	ash_ossl_params_text(&params, OSSL_KDF_PARAM_MODE, mode);
	ash_ossl_params_text(&params, OSSL_KDF_PARAM_DIGEST, ash_ossl_hash_name(kdf->hash));
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_KEY, kdf->secret);
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_SALT, kdf->salt);
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_INFO, kdf->info);
	return derive(lib->kdf[ASH_OSSL_KDF_HKDF], &params, out);
}

static struct ash_status argon2id(struct ash_ossl *lib, const struct ash_kdf *kdf, struct ash_mut out)
{
	static const unsigned one = 1;
	const unsigned memory = kdf->memory_kib;
	const unsigned passes = kdf->passes;
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	ASH_ENSURE(kdf->salt.len >= ARGON2_SALT_MIN && memory >= ARGON2_MEMORY_MIN && passes >= 1 &&
			   out.len >= ARGON2_OUT_MIN,
		   ASH_E_ARGUMENT);
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_PASSWORD, kdf->secret);
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_SALT, kdf->salt);
	ash_ossl_params_number(&params, OSSL_KDF_PARAM_ITER, &passes);
	ash_ossl_params_number(&params, OSSL_KDF_PARAM_ARGON2_MEMCOST, &memory);
	ash_ossl_params_number(&params, OSSL_KDF_PARAM_ARGON2_LANES, &one);
	ash_ossl_params_number(&params, OSSL_KDF_PARAM_THREADS, &one);
	return derive(lib->kdf[ASH_OSSL_KDF_ARGON2ID], &params, out);
}

/* Without SP 800-132's lower bounds: how little is too little is for those above to say. */
static struct ash_status pbkdf2(struct ash_ossl *lib, const struct ash_kdf *kdf, struct ash_mut out)
{
	static const unsigned one = 1;
	const unsigned passes = kdf->passes;
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	ASH_ENSURE(passes >= 1 && out.len <= OUT_MAX, ASH_E_ARGUMENT);
	ash_ossl_params_text(&params, OSSL_KDF_PARAM_DIGEST, ash_ossl_hash_name(kdf->hash));
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_PASSWORD, kdf->secret);
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_SALT, kdf->salt);
	ash_ossl_params_number(&params, OSSL_KDF_PARAM_ITER, &passes);
	ash_ossl_params_number(&params, OSSL_KDF_PARAM_PKCS5, &one);
	return derive(lib->kdf[ASH_OSSL_KDF_PBKDF2], &params, out);
}

/* Hashing the secret, a counter and the information: X9.63 in this order, SP 800-56C counter first. */
static struct ash_status counting(struct ash_ossl *lib, const struct ash_kdf *kdf, struct ash_mut out)
{
	enum ash_ossl_kdf which = kdf->scheme == ASH_KDF_X963 ? ASH_OSSL_KDF_X963 : ASH_OSSL_KDF_CONCAT;
	struct ash_ossl_params params = ASH_OSSL_PARAMS_NONE;

	ASH_ENSURE(kdf->secret.len != 0 && kdf->secret.len <= OUT_MAX && kdf->info.len <= OUT_MAX &&
			   out.len <= OUT_MAX,
		   ASH_E_ARGUMENT);
	ash_ossl_params_text(&params, OSSL_KDF_PARAM_DIGEST, ash_ossl_hash_name(kdf->hash));
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_KEY, kdf->secret);
	ash_ossl_params_bytes(&params, OSSL_KDF_PARAM_INFO, kdf->info);
	return derive(lib->kdf[which], &params, out);
}

struct ash_status ash_ossl_kdf(void *backend, const struct ash_kdf *kdf, struct ash_mut out)
{
	ASH_ENSURE(out.len != 0, ASH_E_ARGUMENT);
	if (kdf->scheme == ASH_KDF_ARGON2ID)
		return argon2id(backend, kdf, out);
	ASH_ENSURE((unsigned)kdf->scheme > ASH_KDF_CONCAT || ash_hash_len(kdf->hash) != 0, ASH_E_ARGUMENT);
	switch (kdf->scheme) {
	case ASH_KDF_HKDF:
	case ASH_KDF_HKDF_EXTRACT:
	case ASH_KDF_HKDF_EXPAND: return hkdf(backend, kdf, out);
	case ASH_KDF_PBKDF2: return pbkdf2(backend, kdf, out);
	case ASH_KDF_X963:
	case ASH_KDF_CONCAT: return counting(backend, kdf, out);
	case ASH_KDF_ARGON2ID: break;
	}
	ASH_FAIL(ASH_E_UNSUPPORTED);
}
