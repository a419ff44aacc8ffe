/*
 * Extensions of certificates (RFC 5280 §4.2.1) as people write them. Any thread.
 */
#pragma once

#include "util/buf.h"

/*
 * Appends the DER of GeneralNames (subjectAltName) that a list says, like
 * "dns:www.example.org,ip:192.0.2.1,email:me@example.org,uri:https://example.org"; "\," is a
 * comma that ends nothing. ASH_E_FORMAT, explained; ASH_E_MEMORY.
 */
ASH_STATUS ash_certext_alt_names(struct ash_span text, struct ash_buf *der);

/*
 * Appends the DER of ExtKeyUsageSyntax: words that OpenSSL knows ("serverAuth"), in short or
 * long, or dotted numbers, with commas between. ASH_E_FORMAT, explained; ASH_E_MEMORY.
 */
ASH_STATUS ash_certext_purposes(struct ash_span text, struct ash_buf *der);
