/*
 * Private keys out of a file of any form (form.h), as PKCS#8, one after the other: any number
 * of them in PEM, one in DER, what a PKCS#12 file holds with its certificates. PEM is read in
 * bounded memory. What is closed with a passphrase is opened with the one that opened the
 * last, else it is asked for where the options say. What was read of a key lies in secret
 * memory alone.
 *
 * A failure over a passphrase is told, others are not; but each has its explanation. One thread.
 */
#pragma once

#include "app/cli/cli.h"
#include "crypto/openssl/keyfile.h"
#include "util/secret.h"

struct ash_cli_private;

/* What opened the last thing that was closed; of several files. */
struct ash_cli_passphrase {
	struct ash_secret *value; /* or NULL */
};

/* Opens a file; "-" is standard input. `passphrase` outlives the source. ASH_E_IO, ASH_E_MEMORY. */
ASH_STATUS ash_cli_private_open(struct ash_cli *cli, const char *path, struct ash_cli_passphrase *passphrase,
				struct ash_cli_private **ret_source);
struct ash_cli_private *ash_cli_private_close(struct ash_cli_private *source);

/*
 * Appends the next key to a secret buffer; `ret_found` false when there is none any more.
 * ASH_E_FORMAT, ASH_E_UNSUPPORTED, ASH_E_PIN_INCORRECT, ASH_E_IO, ASH_E_LIMIT, ASH_E_MEMORY. After a
 * failure there is no next one.
 */
ASH_STATUS ash_cli_private_next(struct ash_cli_private *source, struct ash_buf *pkcs8, bool *ret_found);

/* The certificates that came with the keys, lent until it is closed. Only PKCS#12 files have any here. */
const struct ash_keyfile_cert *ash_cli_private_certs(const struct ash_cli_private *source, size_t *ret_count);

/* The line on which the last key began, 0 where there are no lines; and how many bytes were read so far. */
uint64_t ash_cli_private_line(const struct ash_cli_private *source);
uint64_t ash_cli_private_bytes(const struct ash_cli_private *source);

static inline void ash_cli_private_auto(struct ash_cli_private **source)
{
	ash_cli_private_close(*source);
}

static inline void ash_cli_passphrase_auto(struct ash_cli_passphrase *passphrase)
{
	ash_secret_free(passphrase->value);
}
