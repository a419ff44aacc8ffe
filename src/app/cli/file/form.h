/*
 * The forms in which files hold private keys, and telling them apart by looking at the
 * bytes: what a file is called says nothing. Pure functions; any thread.
 */
#pragma once

#include "util/span.h"
#include "util/status.h"

enum ash_cli_form_kind {
	ASH_CLI_FORM_NONE,         /* no private key that is known here */
	ASH_CLI_FORM_PKCS8,        /* PrivateKeyInfo, RFC 5958 */
	ASH_CLI_FORM_PKCS8_CLOSED, /* EncryptedPrivateKeyInfo */
	ASH_CLI_FORM_RSA,          /* RSAPrivateKey, PKCS#1 */
	ASH_CLI_FORM_EC,           /* ECPrivateKey, SEC 1 */
	ASH_CLI_FORM_OPENSSH,      /* openssh-key-v1 */
	ASH_CLI_FORM_PKCS12
};

struct ash_cli_form {
	enum ash_cli_form_kind kind;
	/* PEM of old, encrypted as a whole (RFC 1421): the cipher and its IV; else "". */
	char cipher[32];
	uint8_t iv[16];
	size_t iv_len;
};

#define ASH_CLI_FORM(kind_) ((struct ash_cli_form){ .kind = (kind_) })

/* Whether a file that begins so is DER (or BER), and no text. Four bytes are enough. */
bool ash_cli_form_is_der(struct ash_span begin);

/* What the whole of a DER file is. */
enum ash_cli_form_kind ash_cli_form_of_der(struct ash_span file);

/* What a PEM block with this label is: "EC PRIVATE KEY". */
enum ash_cli_form_kind ash_cli_form_of_label(struct ash_span label);
