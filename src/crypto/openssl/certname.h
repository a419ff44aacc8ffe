/*
 * Names of subjects and issuers (X.501) as people write them. Any thread.
 */
#pragma once

#include "util/buf.h"

/*
 * Appends the DER of the name that a text says:
 *   CN=web,O=Example,C=DE   as RFC 4514 has it, the last of the name first; "\" escapes
 *   /C=DE/O=Example/CN=web  as OpenSSL has it, in the order of the name
 * Types are names that OpenSSL knows (in capitals or not where RFC 4514 has them) or dotted
 * numbers; "+" joins attributes of one step in the first form. Nothing, or "/", is the empty
 * name. ASH_E_FORMAT, explained; ASH_E_MEMORY.
 */
ASH_STATUS ash_certname_read(struct ash_span text, struct ash_buf *der);
