/*
 * Tokens: listing them, choosing the one that the options mean, sessions on it.
 */
#pragma once

#include "app/cli/cli.h"

struct ash_cli_token {
	uint64_t slot;
	enum ash_code code; /* ASH_OK, or why `info` says nothing */
	struct ash_token_info info;
	bool twin; /* another token has the same label: the serial number tells them apart */
};

/* All slots that have a token; free with ash_mem_free. Failures are told. */
ASH_STATUS ash_cli_tokens(struct ash_cli *cli, struct ash_cli_token **ret_tokens, size_t *ret_count);

/* The one initialised token that --token, --serial, --slot and --uri leave. Failures are told. */
ASH_STATUS ash_cli_token_select(struct ash_cli *cli, struct ash_cli_token *ret_token);

/*
 * The same for a command that can do with a token that can't be read, if --slot says which:
 * of such a one `code` is not ASH_OK. Failures are told.
 */
ASH_STATUS ash_cli_token_select_any(struct ash_cli *cli, struct ash_cli_token *ret_token);

/* Whether it is the one that the URI is about, as far as the URI says: token, slot, library and module. */
bool ash_cli_token_fits(struct ash_cli *cli, const struct ash_cli_token *token,
			const struct ash_cli_uri *uri);

/* Sets what names the token in a URI: its label, and where that is not enough or `all`, its serial number. */
ASH_STATUS ash_cli_token_uri(const struct ash_cli_token *token, bool all, struct ash_cli_uri *uri);

/*
 * What to do where there is no token: make one; or, when a root key lies there without its
 * store, look for that. A sentence in static room.
 */
const char *ash_cli_token_advice(struct ash_cli *cli);

/* Tells why a token can't be read. It may have healed since: then it is done. */
ASH_STATUS ash_cli_token_refuse(struct ash_cli *cli, const struct ash_cli_token *broken);

bool ash_cli_token_usable(const struct ash_cli_token *token); /* there, known, initialised */

/* Its label and serial number without padding, lent from it. */
struct ash_span ash_cli_token_label(const struct ash_cli_token *token);
struct ash_span ash_cli_token_serial(const struct ash_cli_token *token);

/* Opens a session and, if `login`, gets the user PIN and logs the user in. Failures are told. */
ASH_STATUS ash_cli_session_open(struct ash_cli *cli, const struct ash_cli_token *token, bool read_write,
				bool login, ash_handle *ret_session);

/* After a wrong PIN: what the token says of the tries that are left. */
void ash_cli_hint_tries(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user);

/* After a failure of a PIN: those, or what to do about a PIN that is locked. */
void ash_cli_hint_pin(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user,
		      struct ash_status status);

/* Logs in. A failure is told, with what the token says of the tries that are left. */
ASH_STATUS ash_cli_login(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			 uint64_t user, struct ash_span pin);
