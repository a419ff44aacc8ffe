/*
 * ECDSA signatures: r || s, as PKCS#11 has them, and DER (Ecdsa-Sig-Value, RFC 3279
 * §2.2.3), as OpenSSL, X.509 and most others do. Pure functions; any thread.
 */
#pragma once

#include "util/buf.h"

/* Appends the DER of r || s. ASH_E_FORMAT when the halves have no equal length. */
ASH_STATUS ash_cli_signature_to_der(struct ash_span raw, struct ash_buf *out);

/* Appends r || s, `half` bytes each. ASH_E_FORMAT for what is no such DER, or too long. */
ASH_STATUS ash_cli_signature_from_der(struct ash_span der, size_t half, struct ash_buf *out);
