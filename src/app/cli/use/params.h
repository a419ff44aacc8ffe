/*
 * A mechanism's parameter, from the options: what each kind of it (enum ash_param_kind)
 * takes, and what it is when nobody says. It lends its bytes from itself: never copied.
 */
#pragma once

#include "app/cli/cli.h"
#include "token/mechanism.h"
#include "util/buf.h"

struct ash_cli_params {
	struct ash_mechanism mechanism;
	/* What the mechanism points into. */
	struct ash_buf iv, aad, context, label, salt, info, shared;
};

#define ASH_CLI_PARAMS_NONE                                 \
	((struct ash_cli_params){ .iv = ASH_BUF_PLAIN,      \
				  .aad = ASH_BUF_PLAIN,     \
				  .context = ASH_BUF_PLAIN, \
				  .label = ASH_BUF_PLAIN,   \
				  .salt = ASH_BUF_PLAIN,    \
				  .info = ASH_BUF_PLAIN,    \
				  .shared = ASH_BUF_PLAIN })

/*
 * Reads the options for that mechanism into empty `params`; RSA-PSS with the longest salt
 * needs to know the key's size. An option that does not go with it is refused, and so is
 * what is missing, but for an IV (ash_cli_params_iv_len). A refusal is told.
 */
ASH_STATUS ash_cli_params_read(struct ash_cli *cli, const struct ash_mechanism_row *row, size_t modulus_len,
			       struct ash_cli_params *params);

/*
 * How many bytes of IV are to be chosen at random when encrypting, and then stand before
 * what comes out: 0 where the mechanism has none, or --iv gave it.
 */
size_t ash_cli_params_iv_len(const struct ash_mechanism_row *row, const struct ash_cli_params *params);

/* Sets that IV. */
ASH_STATUS ash_cli_params_set_iv(struct ash_cli_params *params, struct ash_span iv);

void ash_cli_params_done(struct ash_cli_params *params);

static inline void ash_cli_params_auto(struct ash_cli_params *params)
{
	ash_cli_params_done(params);
}

/* The options, by what commands do: signing and checking, encrypting and wrapping, deriving. */
extern const struct ash_cli_option ash_cli_sign_params[], ash_cli_crypt_params[], ash_cli_derive_params[];
