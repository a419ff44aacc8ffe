/*
 * What test vectors are run against: a few functions that do an operation, in the
 * vocabulary of crypto/types.h. app/selftest/api_target.h makes one of an HSM behind
 * the api table; anything else that signs and encrypts can be one too.
 */
#pragma once

#include "crypto/types.h"
#include "util/buf.h"

/* A key to be loaded; parts without data are not there. */
struct ash_vector_key {
	struct ash_key_spec spec;
	struct ash_span part[ASH_PARTS];
};

struct ash_vector_request {
	enum ash_op op;
	struct ash_alg alg;
	const struct ash_vector_key *key; /* NULL for digests */
	struct ash_params params;
	struct ash_span in;
	struct ash_span signature; /* to verify */
};

enum ash_vector_answer {
	ASH_VECTOR_DONE,        /* done; a signature to verify is good */
	ASH_VECTOR_REFUSED,     /* the key, the parameters or the data are not good, and the target said so */
	ASH_VECTOR_UNSUPPORTED, /* the target does not offer this at all */
	ASH_VECTOR_BROKEN,      /* anything else: wrong whatever was expected */
};

struct ash_vector_target {
	const char *name;
	void *self;

	/*
	 * What comes out goes to `out`, which is empty before. With ASH_VECTOR_UNSUPPORTED and ASH_VECTOR_BROKEN
	 * `ret_why` says why (static text).
	 */
	enum ash_vector_answer (*run)(void *self, const struct ash_vector_request *request,
				      struct ash_buf *out, const char **ret_why);

	/* The same for `len` derived bytes. NULL: not offered. */
	enum ash_vector_answer (*derive)(void *self, const struct ash_kdf *kdf, size_t len,
					 struct ash_buf *out, const char **ret_why);

	/* The same for what a private key has in common: with a peer (ASH_OP_DERIVE), or in a ciphertext
	 * (ASH_OP_DECAPSULATE). NULL: not offered. */
	enum ash_vector_answer (*share)(void *self, enum ash_op op, const struct ash_vector_key *key,
					struct ash_span input, struct ash_buf *out, const char **ret_why);
};

/* Whether the output differs from one time to the next. */
static inline bool ash_vector_is_random(const struct ash_vector_request *request)
{
	const enum ash_scheme scheme = request->alg.scheme;

	if (request->op == ASH_OP_ENCRYPT)
		return scheme == ASH_SCHEME_RSA_PKCS1 || scheme == ASH_SCHEME_RSA_OAEP;
	return request->op == ASH_OP_SIGN &&
	       (scheme == ASH_SCHEME_ECDSA || scheme == ASH_SCHEME_RSA_PSS ||
		(scheme == ASH_SCHEME_ML_DSA && !request->params.deterministic));
}
