/*
 * Base64 (RFC 4648 §4) of whole values. No digit is looked up in a table: what passes
 * through may be secret, and then the buffer has to be a secret one.
 */
#pragma once

#include "util/buf.h"
#include "util/status.h"

/* Appends the text, without line breaks. Errors as ash_buf_extend. */
ASH_STATUS ash_cli_base64(struct ash_span bytes, struct ash_buf *out);

/*
 * Appends the bytes of a text, in which blanks and line breaks are passed over. ASH_E_FORMAT,
 * with nothing appended, for what is no base64 or does not end where bytes do.
 */
ASH_STATUS ash_cli_unbase64(struct ash_span text, struct ash_buf *out);
