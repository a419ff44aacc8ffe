/*
 * Text that strangers wrote (labels, ids, what stands in the store) on its way to a
 * terminal, a JSON document or a URI. Pure functions but for the locale, which
 * decides what can be shown; any thread.
 */
#pragma once

#include "util/buf.h"

/*
 * Appends `text` as a terminal may see it: control characters, whatever changes the
 * direction or is invisible, and what the locale can't show become \xNN per byte, and
 * a backslash \\. Errors as ash_buf_add.
 */
ASH_STATUS ash_cli_escape(struct ash_span text, struct ash_buf *out);

/* The same for messages; what is too long ends in "...". */
struct ash_cli_escaped {
	char text[256];
};
struct ash_cli_escaped ash_cli_escaped(struct ash_span text);

/* Appends `text` with U+FFFD for every byte that is not UTF-8. Errors as ash_buf_add. */
ASH_STATUS ash_cli_clean_utf8(struct ash_span text, struct ash_buf *out);

/* PKCS#11 pads its texts with blanks (and bad tokens with zeroes): without them. */
struct ash_span ash_cli_trim(const char *padded, size_t len);

/* Appends lower-case hex. */
ASH_STATUS ash_cli_hex(struct ash_span bytes, struct ash_buf *out);

/* Appends the bytes of a hex text, which may have ':' between bytes. ASH_E_FORMAT, with nothing appended. */
ASH_STATUS ash_cli_unhex(const char *text, struct ash_buf *out);

/* Appends text as an RFC 7512 attribute value; with `all` every byte is percent-encoded (ids). */
ASH_STATUS ash_cli_uri_value(struct ash_span text, bool all, struct ash_buf *out);
