/* ashlar pin set, ashlar pin reset, ashlar pin unlock */
#include <string.h>

#include "app/cli/find/select.h"
#include "app/cli/pin.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"

static const struct ash_cli_column columns[] = {
	{ "slot", "Slot", ASH_CLI_COLUMN_RIGHT },
	{ "label", "Label", 0 },
	{ "serial", "Serial number", 0 },
	{ "changed", "Changed", 0 },
	{ NULL, NULL, 0 },
};

static const char *pin_name(uint64_t user)
{
	return user == CKU_SO ? "SO PIN" : "user PIN";
}

/* A variable is wiped once it was read: it can't hold two PINs. */
static ASH_STATUS check_variables(struct ash_cli *cli)
{
	const char *next = cli->values[ASH_CLI_OPT_NEW_PIN_ENV];
	const char *user = cli->values[ASH_CLI_OPT_PIN_ENV];
	const char *so = cli->values[ASH_CLI_OPT_SO_PIN_ENV];

	if (next != NULL &&
	    ((user != NULL && strcmp(user, next) == 0) || (so != NULL && strcmp(so, next) == 0)))
		return ash_cli_refuse(
			cli, ASH_CLI_USAGE,
			"the new PIN and the other are to come from one variable: each needs its own");
	return ASH_DONE;
}

static ASH_STATUS choose_new(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user,
			     struct ash_secret **ret_pin)
{
	return ash_cli_pin_choose_new(cli, user, ash_cli_token_label(token), token->info.pin_min,
				      token->info.pin_max, ret_pin);
}

static ASH_STATUS tell_unset(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user,
			     struct ash_status status)
{
	status = ash_cli_fail(cli, status, "can't set the %s of token \"%s\"", pin_name(user),
			      ash_cli_escaped(ash_cli_token_label(token)).text);
	ash_cli_hint_pin(cli, token, user, status);
	return status;
}

static ASH_STATUS tell_set(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	json_t *row;

	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON)) {
		fprintf(cli->out, "The %s of token \"%s\" is the new one now.\n", pin_name(user),
			ash_cli_escaped(ash_cli_token_label(token)).text);
		return ASH_DONE;
	}
	ASH_TRY(ash_cli_list_init(&list, "tokens", columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	ASH_TRY(ash_cli_set_number(row, "slot", token->slot));
	ASH_TRY(ash_cli_set_text(row, "label", ash_cli_token_label(token)));
	ASH_TRY(ash_cli_set_text(row, "serial", ash_cli_token_serial(token)));
	ASH_TRY(ash_cli_set_text(row, "changed", ash_span_text(pin_name(user))));
	return ash_cli_print_list(cli, &list, "");
}

/* PKCS#11 changes the PIN of who is logged in, and the user's if nobody is (C_SetPIN). */
static ASH_STATUS change(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user,
			 struct ash_span old_pin, struct ash_span new_pin)
{
	ash_handle session = 0;
	struct ash_status status;

	ASH_TRY(ash_cli_session_open(cli, token, true, false, &session));
	if (user == CKU_SO)
		ASH_TRY(ash_cli_login(cli, token, session, CKU_SO, old_pin));
	status = cli->api->set_pin(cli->hsm, session, old_pin, new_pin);
	if (!ash_is_ok(status))
		return tell_unset(cli, token, user, status);
	return cli->api->close_session(cli->hsm, session);
}

/* Whose PIN the options mean, and nobody else's source of it. */
static ASH_STATUS whose(struct ash_cli *cli, uint64_t *ret_user)
{
	bool so = ash_cli_has(cli, ASH_CLI_OPT_SO);
	bool of_user = ash_cli_pin_given(cli, CKU_USER);
	bool of_so = ash_cli_pin_given(cli, CKU_SO);

	if (so ? of_user : of_so)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      so ? "--so changes the SO PIN, which comes from --so-pin-…"
					 : "without --so the user PIN is changed, which comes from --pin-…");
	*ret_user = so ? CKU_SO : CKU_USER;
	return ASH_DONE;
}

static ASH_STATUS pin_set(struct ash_cli *cli)
{
	ASH_AUTO(ash_secret) *old_pin = NULL;
	ASH_AUTO(ash_secret) *new_pin = NULL;
	struct ash_cli_token token;
	uint64_t user = CKU_USER;

	ASH_TRY(whose(cli, &user));
	ASH_TRY(check_variables(cli));
	ASH_TRY(ash_cli_token_select(cli, &token));
	if (user == CKU_USER && (token.info.flags & CKF_USER_PIN_INITIALIZED) == 0) {
		struct ash_status status =
			ash_cli_refuse(cli, ASH_CLI_PIN, "token \"%s\" has no user PIN that could be changed",
				       ash_cli_escaped(ash_cli_token_label(&token)).text);

		ash_cli_hint(cli, "the security officer sets one with: ashlar pin reset");
		return status;
	}
	ASH_TRY(ash_cli_pin_get(cli, user, ash_cli_token_label(&token), &old_pin));
	ASH_TRY(choose_new(cli, &token, user, &new_pin));
	ASH_TRY(change(cli, &token, user, ash_secret_peek(old_pin), ash_secret_peek(new_pin)));
	return tell_set(cli, &token, user);
}

/* The officer gives the user a new PIN. */
static ASH_STATUS reset(struct ash_cli *cli, const struct ash_cli_token *token)
{
	ASH_AUTO(ash_secret) *so_pin = NULL;
	ASH_AUTO(ash_secret) *new_pin = NULL;
	ash_handle session = 0;
	struct ash_status status;

	ASH_TRY(ash_cli_pin_get(cli, CKU_SO, ash_cli_token_label(token), &so_pin));
	ASH_TRY(choose_new(cli, token, CKU_USER, &new_pin));
	ASH_TRY(ash_cli_session_open(cli, token, true, false, &session));
	ASH_TRY(ash_cli_login(cli, token, session, CKU_SO, ash_secret_peek(so_pin)));
	status = cli->api->init_pin(cli->hsm, session, ash_secret_peek(new_pin));
	if (!ash_is_ok(status))
		return tell_unset(cli, token, CKU_USER, status);
	ASH_TRY(cli->api->close_session(cli->hsm, session));
	return tell_set(cli, token, CKU_USER);
}

static ASH_STATUS pin_reset(struct ash_cli *cli)
{
	struct ash_cli_token token;

	ASH_TRY(check_variables(cli));
	ASH_TRY(ash_cli_token_select(cli, &token));
	return reset(cli, &token);
}

static ASH_STATUS pin_unlock(struct ash_cli *cli)
{
	struct ash_cli_token token;

	ASH_TRY(check_variables(cli));
	ASH_TRY(ash_cli_token_select(cli, &token));
	if ((token.info.flags & CKF_USER_PIN_LOCKED) == 0) {
		struct ash_status status =
			ash_cli_refuse(cli, ASH_CLI_FAILED, "the user PIN of token \"%s\" is not locked",
				       ash_cli_escaped(ash_cli_token_label(&token)).text);

		ash_cli_hint(cli, "to set a new one all the same: ashlar pin reset");
		return status;
	}
	return reset(cli, &token);
}

static const struct ash_cli_option set_options[] = {
	{ .id = ASH_CLI_OPT_SO, .name = "so", .text = "change the SO PIN, not the user PIN" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_pin_set = {
	.name = "pin set",
	.summary = "change the user PIN, or the SO PIN",
	.details =
		"Asks for the PIN as it is and for the new one. Keys stay as they are. A wrong PIN counts as a\n"
		"try. Who forgot the user PIN needs the security officer (SO): ashlar pin reset.",
	.options =
		(const struct ash_cli_option *const[]){ set_options, ash_cli_pin_options,
							ash_cli_so_pin_options, ash_cli_new_pin_options,
							ash_cli_token_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar pin set", "asks for the PIN, and for the new one twice" },
			{ "ashlar pin set --token ca --so", "the security officer's" },
			{ "ashlar pin set --pin-file old.txt --new-pin-file new.txt", "asks nothing" },
			{ NULL, NULL },
		},
	.run = pin_set,
};

const struct ash_cli_command ash_cli_cmd_pin_reset = {
	.name = "pin reset",
	.summary = "set a new user PIN as security officer",
	.details =
		"For a user PIN that was forgotten, is locked, or was never set. Keys stay as they are. The PIN\n"
		"of the security officer (SO) is asked for; no other can be reset.",
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_so_pin_options, ash_cli_new_pin_options,
							ash_cli_token_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar pin reset --token ca",
			  "asks for the SO PIN, and for the new user PIN twice" },
			{ "ashlar pin reset --so-pin-file so.txt --new-pin-file pin.txt", "asks nothing" },
			{ NULL, NULL },
		},
	.run = pin_reset,
};

const struct ash_cli_command ash_cli_cmd_pin_unlock = {
	.name = "pin unlock",
	.summary = "set a new user PIN where too many wrong ones locked it",
	.details =
		"The same as `ashlar pin reset`, but it changes nothing when the user PIN is not locked. A\n"
		"locked SO PIN can't be unlocked by anybody.",
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_so_pin_options, ash_cli_new_pin_options,
							ash_cli_token_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar pin unlock --token ca",
			  "asks for the SO PIN, and for the new user PIN twice" },
			{ "ashlar pin unlock --so-pin-fd 3 --new-pin-fd 3 3<pins.txt",
			  "two lines, SO PIN first" },
			{ NULL, NULL },
		},
	.run = pin_unlock,
};
