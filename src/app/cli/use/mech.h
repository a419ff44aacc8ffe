/*
 * Mechanisms as the command line has them: by their names in the standard (CKM_ECDSA_SHA256)
 * and by short ones (ecdsa-sha256), both made from the token's table; and which one a
 * command takes when nobody says. Constant data and pure functions, but for choosing.
 */
#pragma once

#include "app/cli/cli.h"
#include "token/mechanism.h"

/* A short name; empty for what generates keys, which goes by the key's type. */
struct ash_cli_mech_name {
	char text[32];
};
struct ash_cli_mech_name ash_cli_mech_short(const struct ash_mechanism_row *row);

/* The row with this name, of either kind; NULL when there is none. */
const struct ash_mechanism_row *ash_cli_mech_find(const char *name);

/* Hashes: "sha256", "sha3-384". ASH_HASH_NONE and "" for what is none. */
enum ash_hash ash_cli_hash_find(const char *name);
const char *ash_cli_hash_name(enum ash_hash hash);

/* What the mechanism is for. */
struct ash_cli_mech_need {
	uint64_t flag;      /* CKF_SIGN, CKF_VERIFY, … */
	const char *word;   /* "sign" */
	uint64_t key_type;  /* CKK_ of the key that does it */
	const char *type;   /* what people call that key: "ec:p256" */
	enum ash_hash hash; /* that suits the key, where one can be chosen; NONE: SHA-256 */
	bool private_key;   /* wrapping, unwrapping: what is wrapped is a private key */
};

/*
 * The mechanism that --mechanism names, or what suits the key and --hash. What does not
 * fit is refused, and told.
 */
ASH_STATUS ash_cli_mech_choose(struct ash_cli *cli, const struct ash_cli_mech_need *need,
			       const struct ash_mechanism_row **ret_row);

/* Reads an option that names a hash. A refusal is told. */
ASH_STATUS ash_cli_hash_read(struct ash_cli *cli, enum ash_cli_opt option, const char *name,
			     enum ash_hash *ret_hash);

/* For the help: the short names of all that have the flag, and what is taken unasked. */
void ash_cli_mech_help(FILE *out, uint64_t flag);
