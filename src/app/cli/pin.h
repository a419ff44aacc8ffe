/*
 * Where PINs come from: a file, an open descriptor, an environment variable or the
 * terminal; never the command line. Their bytes go straight into an ash_secret.
 */
#pragma once

#include "app/cli/cli.h"
#include "util/secret.h"

/* CKU_USER or CKU_SO: whose PIN, and so which options name its source. */

/* Whether an option says where that PIN comes from, so that nobody is asked. */
bool ash_cli_pin_given(const struct ash_cli *cli, uint64_t user);

/* A PIN that is set already: asked once. `token` is the label, for the prompt. A failure is told. */
ASH_STATUS ash_cli_pin_get(struct ash_cli *cli, uint64_t user, struct ash_span token,
			   struct ash_secret **ret_pin);

/*
 * A PIN to be set where there is none yet: asked twice at a terminal, `min` to `max` bytes. A
 * failure is told.
 */
ASH_STATUS ash_cli_pin_choose(struct ash_cli *cli, uint64_t user, struct ash_span token, uint64_t min,
			      uint64_t max, struct ash_secret **ret_pin);

/* The same for a PIN that takes the place of another, or for one that somebody else sets: from --new-pin-…. */
ASH_STATUS ash_cli_pin_choose_new(struct ash_cli *cli, uint64_t user, struct ash_span token, uint64_t min,
				  uint64_t max, struct ash_secret **ret_pin);

/* Secrets of others, from the same kinds of places. */
enum ash_cli_secret {
	ASH_CLI_PASSPHRASE, /* of a file: --passphrase-… */
	ASH_CLI_FROM_PIN    /* of the token that keys are taken from: --from-pin-… */
};

/* Whether an option says where it comes from, so that nobody is asked. */
bool ash_cli_secret_given(const struct ash_cli *cli, enum ash_cli_secret which);

/* Gets it: 1 to 1023 bytes. A failure is told. */
ASH_STATUS ash_cli_secret_get(struct ash_cli *cli, enum ash_cli_secret which, const char *prompt,
			      struct ash_secret **ret_secret);
