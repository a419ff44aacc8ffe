/*
 * What test vectors are run against: one function that does an operation, in the
 * vocabulary of crypto/types.h. vectors/backend_target.h makes one of a crypto back
 * end; anything else that signs and encrypts can be one too.
 */
#pragma once

#include "crypto/types.h"
#include "util/buf.h"

/* A key to be loaded; parts without data are not there. */
struct vector_key {
	struct ash_key_spec spec;
	struct ash_span part[ASH_PARTS];
};

struct vector_request {
	enum ash_op op;
	struct ash_alg alg;
	const struct vector_key *key; /* NULL for digests */
	struct ash_params params;
	struct ash_span in;
	struct ash_span signature; /* to verify */
};

enum vector_answer {
	VECTOR_DONE,        /* done; a signature to verify is good */
	VECTOR_REFUSED,     /* the key, the parameters or the data are not good, and the target said so */
	VECTOR_UNSUPPORTED, /* the target does not offer this at all */
	VECTOR_BROKEN,      /* anything else: wrong whatever was expected */
};

struct vector_target {
	const char *name;
	void *self;

	/* Appends what comes out to `out`. With VECTOR_BROKEN, `ret_why` says what happened (static text). */
	enum vector_answer (*run)(void *self, const struct vector_request *request, struct ash_buf *out,
				  const char **ret_why);

	/* The same for `len` derived bytes. NULL: not offered. */
	enum vector_answer (*derive)(void *self, const struct ash_kdf *kdf, size_t len, struct ash_buf *out,
				     const char **ret_why);

	/* The same for what a private key has in common: with a peer (ASH_OP_DERIVE), or in a ciphertext
	 * (ASH_OP_DECAPSULATE). NULL: not offered. */
	enum vector_answer (*share)(void *self, enum ash_op op, const struct vector_key *key,
				    struct ash_span input, struct ash_buf *out, const char **ret_why);
};
