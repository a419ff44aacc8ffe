/*
 * OpenSSH's private keys (openssh-key-v1, PROTOCOL.key): RSA, ECDSA and Ed25519, one to a
 * file, plain or closed with a passphrase by bcrypt and AES in CTR or CBC mode. One thread.
 */
#pragma once

#include "util/buf.h"
#include "util/status.h"

struct ash_cli_openssh {
	char cipher[40];      /* by its name in the file; "none": not encrypted */
	struct ash_span salt; /* of bcrypt */
	uint32_t rounds;
	struct ash_span private_part; /* as it is in the file */
	bool closed;
};

/*
 * Reads what can be read without a passphrase; lent from `bytes`, the PEM block's content.
 * ASH_E_FORMAT; ASH_E_UNSUPPORTED with an explanation: a cipher or derivation that is not
 * known here, or several keys.
 */
ASH_STATUS ash_cli_openssh_read(struct ash_span bytes, struct ash_cli_openssh *ret_key);

/*
 * Appends the key as PKCS#8 to a secret buffer; `passphrase` is looked at when it is closed.
 * ASH_E_PIN_INCORRECT: it does not open with it, or is damaged; ASH_E_FORMAT;
 * ASH_E_UNSUPPORTED with an explanation: a type that no token can take; ASH_E_MEMORY.
 */
ASH_STATUS ash_cli_openssh_pkcs8(const struct ash_cli_openssh *key, struct ash_span passphrase,
				 struct ash_buf *out);
