/*
 * Files in which certificates come: PEM (RFC 7468), one after the other; DER; and PKCS#7
 * (RFC 2315, RFC 5652), in PEM or DER, for the certificates that it brings along. What else
 * stands in a PEM file, private keys say, is passed over. Any thread.
 */
#pragma once

#include "util/buf.h"

/* Takes the DER of one certificate, lent for the call. Its failure ends the walk. */
typedef struct ash_status ash_certfile_take(void *context, struct ash_span der);

/*
 * Gives all certificates of a file to `take`, in their order. Each is as long as
 * ASH_CERTIFICATE_MAX allows, and not looked into. ASH_E_FORMAT, explained, for what is
 * damaged, and where there is none; ASH_E_LIMIT, ASH_E_MEMORY; and the failures of `take`.
 */
ASH_STATUS ash_certfile_each(struct ash_span file, ash_certfile_take *take, void *context);

/* Appends one as PEM. ASH_E_MEMORY. `label` is "CERTIFICATE", or "CERTIFICATE REQUEST". */
ASH_STATUS ash_certfile_pem(const char *label, struct ash_span der, struct ash_buf *out);
