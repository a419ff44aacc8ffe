/*
 * Private keys in PEM (RFC 7468), any number of them in one file, read one after the
 * other in bounded memory. What was read of a key lies in secret memory alone.
 */
#pragma once

#include "app/cli/file/form.h"
#include "util/buf.h"

struct ash_cli_pem;

/* Opens a file; "-" is standard input. ASH_E_IO with an explanation, ASH_E_MEMORY. */
ASH_STATUS ash_cli_pem_open(const char *path, struct ash_cli_pem **ret_pem);
struct ash_cli_pem *ash_cli_pem_close(struct ash_cli_pem *pem);

/*
 * Appends the bytes of the next private key to a secret buffer and says what they are;
 * `ret_found` false at the end of the file. What stands between keys, and blocks that
 * hold no private key, are passed over. ASH_E_FORMAT, with an explanation, for a private
 * key of a form that is not known, and for what is damaged; ASH_E_IO, ASH_E_MEMORY. After a
 * failure there is no next one.
 */
ASH_STATUS ash_cli_pem_next(struct ash_cli_pem *pem, struct ash_buf *bytes, struct ash_cli_form *ret_form,
			    bool *ret_found);

/* What the file begins with, lent, before anything was taken: a few bytes, or all when there are fewer. */
ASH_STATUS ash_cli_pem_begin(struct ash_cli_pem *pem, struct ash_span *ret_begin);

/* All that was not taken yet, as it is, appended to a secret buffer. ASH_E_LIMIT past its limit. */
ASH_STATUS ash_cli_pem_rest(struct ash_cli_pem *pem, struct ash_buf *bytes);

/* The line on which the last key began (0: there was none), and how many bytes were read so far. */
uint64_t ash_cli_pem_line(const struct ash_cli_pem *pem);
uint64_t ash_cli_pem_bytes(const struct ash_cli_pem *pem);

static inline void ash_cli_pem_auto(struct ash_cli_pem **pem)
{
	ash_cli_pem_close(*pem);
}
