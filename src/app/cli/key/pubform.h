/*
 * A public key in the forms that other programs read, made of its SubjectPublicKeyInfo
 * (RFC 5280 §4.1, CKA_PUBLIC_KEY_INFO). Pure functions; any thread.
 */
#pragma once

#include "util/buf.h"
#include "util/status.h"

/* Appends it as PEM: "BEGIN PUBLIC KEY" (RFC 7468 §13). Errors as ash_buf_add. */
ASH_STATUS ash_cli_pubform_pem(struct ash_span info, struct ash_buf *out);

/*
 * Appends a line as OpenSSH has it in authorized_keys (RFC 4253 §6.6, RFC 5656, RFC 8709),
 * with a comment. ASH_E_UNSUPPORTED for a key of a kind that OpenSSH has not: it has RSA,
 * NIST P-256, P-384 and P-521, and Ed25519. ASH_E_FORMAT for what is no key.
 */
ASH_STATUS ash_cli_pubform_ssh(struct ash_span info, struct ash_span comment, struct ash_buf *out);
