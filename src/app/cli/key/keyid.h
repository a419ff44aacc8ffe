/*
 * CKA_ID for keys that were given none.
 */
#pragma once

#include "app/cli/cli.h"
#include "token/keyid.h"

/*
 * The key identifier (token/keyid.h) of the key in a DER SubjectPublicKeyInfo, of which the
 * HSM makes the digest: the id of a private key, its public key and its certificate alike.
 * ASH_E_FORMAT, and the HSM's failures; nothing is told.
 */
ASH_STATUS ash_cli_keyid_of(struct ash_cli *cli, ash_handle session, struct ash_span info,
			    uint8_t ret_id[ASH_KEYID_LEN]);

/* Gives it to both halves of a pair. Nothing is told. */
ASH_STATUS ash_cli_keyid_set(struct ash_cli *cli, ash_handle session, ash_handle public_key,
			     ash_handle private_key);

/* Appends a random id, for keys without a public half. */
ASH_STATUS ash_cli_keyid_random(struct ash_cli *cli, ash_handle session, struct ash_buf *out);
