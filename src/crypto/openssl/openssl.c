#include "crypto/openssl/openssl.h"

#include "crypto/openssl/openssl_priv.h"

static struct ash_status open_library(void **ret_backend)
{
	struct ash_ossl *lib = NULL;

	ASH_TRY(ash_ossl_library(&lib));
	*ret_backend = lib;
	return ASH_DONE;
}

/* The library stays for the process (see start.c). */
static void *close_library(void *backend)
{
	(void)backend;
	return NULL;
}

static const char *version(void *backend)
{
	(void)backend;
	return "OpenSSL " OPENSSL_VERSION_STR;
}

static bool offers_key(void *backend, const struct ash_key_spec *spec)
{
	(void)backend;
	return ash_ossl_offers_key(spec);
}

const struct ash_backend_ops ash_backend_openssl = {
	.abi = ASH_BACKEND_ABI,
	.name = "openssl",
	.open = open_library,
	.close = close_library,
	.version = version,
	.offers = ash_ossl_offers,
	.offers_key = offers_key,
	.key_generate = ash_ossl_key_generate,
	.key_load = ash_ossl_key_load,
	.key_parts = ash_ossl_key_parts,
	.key_free = ash_ossl_key_free,
	.agree = ash_ossl_agree,
	.encapsulate = ash_ossl_encapsulate,
	.decapsulate = ash_ossl_decapsulate,
	.op_new = ash_ossl_op_new,
	.op_streams = ash_ossl_op_streams,
	.op_start = ash_ossl_op_start,
	.op_update = ash_ossl_op_update,
	.op_finish = ash_ossl_op_finish,
	.op_finish_verify = ash_ossl_op_finish_verify,
	.op_free = ash_ossl_op_free,
	.op_copy = ash_ossl_op_copy,
	.op_save = ash_ossl_op_save,
	.op_restore = ash_ossl_op_restore,
	.random = ash_ossl_random,
	.random_seed = ash_ossl_random_seed,
	.kdf = ash_ossl_kdf,
};
