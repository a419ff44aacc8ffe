/* What crypto.c and key.c share: the back ends, and which of them does what. */
#pragma once

#include "crypto/backend.h"
#include "crypto/crypto.h"

#define ASH_ENGINES_MAX 8

struct ash_engine {
	const struct ash_backend_ops *ops;
	void *handle;
};

struct ash_crypto {
	size_t count;
	struct ash_engine engine[ASH_ENGINES_MAX]; /* best first */
};

struct ash_key {
	struct ash_engine engine;
	void *handle;
	struct ash_key_spec spec;
};

/* The back end for this use: the preferred one if it can, else the first that can. ASH_E_UNSUPPORTED. */
ASH_STATUS ash_crypto_choose(const struct ash_crypto *crypto, const struct ash_use *use, const char *prefer,
			     const struct ash_key_spec *spec, const struct ash_engine **ret_engine);
