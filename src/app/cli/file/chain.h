/*
 * The certificates that come with a key, on their way to the token.
 */
#pragma once

#include "app/cli/cli.h"
#include "crypto/openssl/keyfile.h"

struct ash_cli_chain {
	struct ash_span label; /* of the key's own certificate, or empty: by its name */
	struct ash_span id;    /* of the key, or empty: by the public key */
};

/*
 * Stores a certificate as a public token object with the id of the key that it certifies,
 * and counts it; one that the token has already is counted, too, and not stored again. The
 * certificates of others (authorities) are called by their own name. Nothing is told.
 */
ASH_STATUS ash_cli_chain_store(struct ash_cli *cli, ash_handle session, const struct ash_cli_chain *chain,
			       const struct ash_keyfile_cert *cert, uint64_t *count);
