/*
 * Private keys in PEM (RFC 7468), any number of them in one file, read one after the
 * other in bounded memory. What was read of a key lies in secret memory alone.
 */
#pragma once

#include "util/buf.h"
#include "util/status.h"

struct ash_cli_pem;

/* Opens a file; "-" is standard input. ASH_E_IO with an explanation, ASH_E_MEMORY. */
ASH_STATUS ash_cli_pem_open(const char *path, struct ash_cli_pem **ret_pem);
struct ash_cli_pem *ash_cli_pem_close(struct ash_cli_pem *pem);

/*
 * Appends the DER of the next PKCS#8 private key ("PRIVATE KEY") to a secret buffer;
 * `ret_found` false at the end of the file. What stands between keys, and blocks that
 * hold no private key, are passed over. ASH_E_FORMAT, with an explanation, for a private
 * key of another form (encrypted, or PKCS#1 and SEC 1 as old tools write them), and for
 * what is damaged; ASH_E_IO, ASH_E_MEMORY. After a failure there is no next one.
 */
ASH_STATUS ash_cli_pem_next(struct ash_cli_pem *pem, struct ash_buf *der, bool *ret_found);

/* The line on which the last key began, and how many bytes were read so far. */
uint64_t ash_cli_pem_line(const struct ash_cli_pem *pem);
uint64_t ash_cli_pem_bytes(const struct ash_cli_pem *pem);

static inline void ash_cli_pem_auto(struct ash_cli_pem **pem)
{
	ash_cli_pem_close(*pem);
}
