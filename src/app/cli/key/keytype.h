/*
 * Kinds of keys as people call them ("rsa:3072", "ec:p256"), and uses of keys
 * ("sign"): two tables that generating, listing and the help read.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "token/types.h"

struct ash_cli_keytype {
	const char *name;   /* "ec:p256" */
	const char *family; /* "ec": all that share the key type */
	const char *text;   /* for the help */
	uint64_t mechanism; /* CKM_ that generates it */
	uint64_t key_type;  /* CKK_ */
	uint64_t size;      /* RSA: bits of the modulus; secret keys: bytes; else 0 */
	const char *params; /* DER of CKA_EC_PARAMS, or NULL */
	size_t params_len;
	uint64_t parameter_set; /* CKP_, or 0 */
	const char *usage;      /* when --usage does not say */
	bool pair;
};

/* What one word of --usage sets; 0 where it means nothing. */
struct ash_cli_usage {
	const char *word;
	const char *text;
	uint64_t of_private, of_public, of_secret; /* CKA_ */
	uint64_t flag;                             /* CKF_ of mechanisms that do it */
};

/* Rows; NULL past the last. */
const struct ash_cli_keytype *ash_cli_keytype_at(size_t index);
const struct ash_cli_usage *ash_cli_usage_at(size_t index);

/* The row called `name`, or NULL. */
const struct ash_cli_keytype *ash_cli_keytype_find(const char *name);

/* The first row of a family, by its name or its CKK_; NULL when there is none. */
const struct ash_cli_keytype *ash_cli_keytype_family(const char *family);
const struct ash_cli_keytype *ash_cli_keytype_of(uint64_t key_type);

/*
 * The row that fits what an object says of itself; NULL when none does. `size` as in a
 * row (0: not known), `params` empty when it has none.
 */
const struct ash_cli_keytype *ash_cli_keytype_match(uint64_t key_type, uint64_t size, struct ash_span params,
						    uint64_t parameter_set);

/* Whether the token has any mechanism for that use of such keys. */
bool ash_cli_usage_fits(const struct ash_cli_usage *usage, const struct ash_cli_keytype *keytype);

/* The CKA_ that a usage means for a class of key. */
uint64_t ash_cli_usage_attribute(const struct ash_cli_usage *usage, uint64_t class);

/* Both tables, for the help. */
void ash_cli_keytype_help(FILE *out);
