/*
 * The token, the session and the key that a command uses. A session that is logged in
 * keeps its PIN, for keys that want it again for each use (CKA_ALWAYS_AUTHENTICATE).
 */
#pragma once

#include "app/cli/find/keys.h"
#include "app/cli/print/text.h"
#include "app/cli/use/mech.h"
#include "util/secret.h"

/* Classes of keys, as bits. */
#define ASH_CLI_PUBLIC  1u
#define ASH_CLI_PRIVATE 2u
#define ASH_CLI_SECRET  4u

struct ash_cli_use {
	struct ash_cli *cli;
	struct ash_cli_token token;
	ash_handle session;
	struct ash_secret *pin;  /* NULL: not logged in */
	struct ash_cli_uri with; /* what --with is, if it is a URI that also says which token */
};

/* A key, and what has to be known of it to use it. */
struct ash_cli_use_key {
	struct ash_cli_key key;
	const char *type;     /* "ec:p256"; lent from the key's row */
	enum ash_group group; /* of an EC key; else NONE */
	size_t modulus_len;   /* bytes, of an RSA key; else 0 */
	bool always;          /* the PIN is wanted for each use */
};

#define ASH_CLI_USE_NONE     ((struct ash_cli_use){ .pin = NULL })
#define ASH_CLI_USE_KEY_NONE ((struct ash_cli_use_key){ .type = "" })

/* What the key is wanted for: "sign" is a usage's word (key/keytype.h); NULL: to be wrapped. */
struct ash_cli_use_need {
	const char *word;
	unsigned classes;
};

/*
 * The token that the options mean, and a session with it that is logged in. Where they name
 * none and --with is a URI, that may do it, and say where the PIN is. Failures are told, here
 * and below.
 */
ASH_STATUS ash_cli_use_open(struct ash_cli *cli, bool read_write, struct ash_cli_use *use);

/*
 * The same and the key that the options mean. Where a public key is asked for by its class,
 * and one fits, nobody is asked for a PIN that was not given.
 */
ASH_STATUS ash_cli_use_open_key(struct ash_cli *cli, const struct ash_cli_use_need *need,
				struct ash_cli_use *use, struct ash_cli_use_key *ret_key);

/* A session with any token, where it does not matter which, and no PIN. */
ASH_STATUS ash_cli_use_open_any(struct ash_cli *cli, struct ash_cli_use *use);

/* The key that the options pick: --label, --id, --type. */
ASH_STATUS ash_cli_use_find(struct ash_cli_use *use, const struct ash_cli_use_need *need,
			    struct ash_cli_use_key *ret_key);

/* The key that --with names. */
ASH_STATUS ash_cli_use_find_with(struct ash_cli_use *use, const struct ash_cli_use_need *need,
				 struct ash_cli_use_key *ret_key);

/* The key with that handle. */
ASH_STATUS ash_cli_use_load(struct ash_cli_use *use, ash_handle handle, struct ash_cli_use_key *ret_key);

/* The mechanism for that key: as ash_cli_mech_choose. `private_key`: that is what is wrapped. */
ASH_STATUS ash_cli_use_mechanism(struct ash_cli_use *use, const struct ash_cli_use_key *key, uint64_t flag,
				 const char *word, bool private_key,
				 const struct ash_mechanism_row **ret_row);

/* Proves the user once more, for an operation that has begun, if the key wants it. */
ASH_STATUS ash_cli_use_prove(struct ash_cli_use *use, const struct ash_cli_use_key *key);

/* "ca" and "web", for messages. */
struct ash_cli_escaped ash_cli_use_token_name(const struct ash_cli_use *use);
struct ash_cli_escaped ash_cli_use_key_name(const struct ash_cli_use_key *key);

void ash_cli_use_done(struct ash_cli_use *use);
void ash_cli_use_key_done(struct ash_cli_use_key *key);

static inline void ash_cli_use_auto(struct ash_cli_use *use)
{
	ash_cli_use_done(use);
}

static inline void ash_cli_use_key_auto(struct ash_cli_use_key *key)
{
	ash_cli_use_key_done(key);
}

/* --with, for commands that use a key besides the one that is picked or made. */
extern const struct ash_cli_option ash_cli_with_options[];
