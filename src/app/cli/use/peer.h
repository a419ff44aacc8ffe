/*
 * The other side's public key, from the file of --peer: to agree with, or as a key to use.
 * Failures are told.
 */
#pragma once

#include "app/cli/file/public_key.h"
#include "app/cli/use/key.h"

/* What the key lends its bytes from. */
struct ash_cli_peer {
	struct ash_buf file, der;
	struct ash_cli_public_key key;
};

#define ASH_CLI_PEER_NONE ((struct ash_cli_peer){ .file = ASH_BUF_PLAIN, .der = ASH_BUF_PLAIN })

/* Reads it. */
ASH_STATUS ash_cli_peer_read(struct ash_cli *cli, struct ash_cli_peer *peer);

/*
 * Puts it into the session, as long as that lasts, for one usage (CKA_WRAP or
 * CKA_ENCAPSULATE): RSA and ML-KEM keys.
 */
ASH_STATUS ash_cli_peer_load(struct ash_cli_use *use, const struct ash_cli_peer *peer, uint64_t usage,
			     struct ash_cli_use_key *ret_key);

/* The one that --with or --peer names, whichever of them is given. */
ASH_STATUS ash_cli_peer_or_with(struct ash_cli_use *use, const struct ash_cli_use_need *need, uint64_t usage,
				struct ash_cli_use_key *ret_key);

void ash_cli_peer_done(struct ash_cli_peer *peer);

static inline void ash_cli_peer_auto(struct ash_cli_peer *peer)
{
	ash_cli_peer_done(peer);
}

/* --with and --peer, of which one is needed. */
extern const struct ash_cli_option ash_cli_peer_options[];
