/*
 * CKA_ID for keys that were given none.
 */
#pragma once

#include "app/cli/cli.h"

/*
 * Gives both halves of a pair the key identifier of RFC 7093 §2, method 1: the leftmost
 * 160 bits of the SHA-256 of the public key's bits, as certificates may carry it as
 * subject key identifier. Nothing is told.
 */
ASH_STATUS ash_cli_keyid_set(struct ash_cli *cli, ash_handle session, ash_handle public_key,
			     ash_handle private_key);

/* Appends a random id, for keys without a public half. */
ASH_STATUS ash_cli_keyid_random(struct ash_cli *cli, ash_handle session, struct ash_buf *out);

/*
 * The value of the BIT STRING subjectPublicKey in a DER SubjectPublicKeyInfo (RFC 5280
 * §4.1), without its count of unused bits. ASH_E_FORMAT.
 */
ASH_STATUS ash_cli_keyid_bits(struct ash_span spki, struct ash_span *ret_bits);
