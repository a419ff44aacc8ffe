/* ashlar token list, ashlar token show, ashlar token delete */
#include "app/cli/find/named.h"
#include "app/cli/find/select.h"
#include "app/cli/pin.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"
#include "app/cli/print/tty.h"
#include "util/mem.h"

static const struct ash_cli_column columns[] = {
	{ "slot", "Slot", ASH_CLI_COLUMN_RIGHT },
	{ "label", "Label", 0 },
	{ "serial", "Serial number", 0 },
	{ "state", "State", 0 },
	{ "model", "Model", ASH_CLI_COLUMN_HIDDEN },
	{ "manufacturer", "Manufacturer", ASH_CLI_COLUMN_HIDDEN },
	{ "initialized", "Initialised", ASH_CLI_COLUMN_HIDDEN },
	{ "write_protected", "Write-protected", ASH_CLI_COLUMN_HIDDEN },
	{ "user_pin", "User PIN", ASH_CLI_COLUMN_LONG },
	{ "so_pin", "SO PIN", ASH_CLI_COLUMN_LONG },
	{ "pin_min", "Least PIN bytes", ASH_CLI_COLUMN_HIDDEN },
	{ "pin_max", "Most PIN bytes", ASH_CLI_COLUMN_HIDDEN },
	{ "uri", "URI", ASH_CLI_COLUMN_WIDE },
	{ NULL, NULL, 0 },
};

/* What there is to say of a PIN, most important first; `shift` from the user's flags to the officer's. */
static const char *pin_state(uint64_t flags, unsigned shift)
{
	if ((flags & CKF_USER_PIN_LOCKED << shift) != 0)
		return "locked";
	if ((flags & CKF_USER_PIN_FINAL_TRY << shift) != 0)
		return "one try left";
	if ((flags & CKF_USER_PIN_COUNT_LOW << shift) != 0)
		return "few tries left";
	if ((flags & CKF_USER_PIN_TO_BE_CHANGED << shift) != 0)
		return "to be changed";
	return "set";
}
#define TO_SO 4
_Static_assert(CKF_USER_PIN_LOCKED << TO_SO == CKF_SO_PIN_LOCKED &&
		       CKF_USER_PIN_COUNT_LOW << TO_SO == CKF_SO_PIN_COUNT_LOW &&
		       CKF_USER_PIN_FINAL_TRY << TO_SO == CKF_SO_PIN_FINAL_TRY &&
		       CKF_USER_PIN_TO_BE_CHANGED << TO_SO == CKF_SO_PIN_TO_BE_CHANGED,
	       "the officer's flags are the user's, shifted");

static const char *user_pin(uint64_t flags)
{
	return (flags & CKF_USER_PIN_INITIALIZED) != 0 ? pin_state(flags, 0) : "not set";
}

static const char *token_state(const struct ash_cli_token *token)
{
	uint64_t flags = token->info.flags;

	if (token->code != ASH_OK)
		return "unusable";
	if ((flags & CKF_TOKEN_INITIALIZED) == 0)
		return "not initialised";
	if ((flags & CKF_WRITE_PROTECTED) != 0)
		return "ready, write-protected";
	if ((flags & CKF_USER_PIN_INITIALIZED) == 0)
		return "no user PIN";
	return (flags & CKF_USER_PIN_LOCKED) != 0 ? "user PIN locked" : "ready";
}

static ASH_STATUS set_known(json_t *row, const struct ash_cli_token *token)
{
	const struct ash_token_info *info = &token->info;
	bool initialized = ash_cli_token_usable(token);

	ASH_TRY(ash_cli_set_text(row, "model", ash_cli_trim(info->model, sizeof(info->model))));
	ASH_TRY(ash_cli_set_text(row, "manufacturer",
				 ash_cli_trim(info->manufacturer, sizeof(info->manufacturer))));
	ASH_TRY(ash_cli_set_bool(row, "initialized", initialized));
	ASH_TRY(ash_cli_set_bool(row, "write_protected", (info->flags & CKF_WRITE_PROTECTED) != 0));
	ASH_TRY(ash_cli_set_number(row, "pin_min", info->pin_min));
	ASH_TRY(ash_cli_set_number(row, "pin_max", info->pin_max));
	if (!initialized)
		return ASH_DONE;
	ASH_TRY(ash_cli_set_text(row, "label", ash_cli_token_label(token)));
	ASH_TRY(ash_cli_set_text(row, "serial", ash_cli_token_serial(token)));
	ASH_TRY(ash_cli_set_text(row, "user_pin", ash_span_text(user_pin(info->flags))));
	ASH_TRY(ash_cli_set_text(row, "so_pin", ash_span_text(pin_state(info->flags, TO_SO))));
	return ash_cli_named_set_token_uri(row, token);
}

static ASH_STATUS add_token(struct ash_cli_list *list, const struct ash_cli_token *token)
{
	json_t *row;

	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set_number(row, "slot", token->slot));
	ASH_TRY(ash_cli_set_text(row, "state", ash_span_text(token_state(token))));
	return token->code == ASH_OK ? set_known(row, token) : ASH_DONE;
}

/* Asked again, for the explanation that belongs to it. */
static void warn_of_unusable(struct ash_cli *cli, const struct ash_cli_token *token)
{
	struct ash_token_info info;
	struct ash_status status = cli->api->token_info(cli->hsm, token->slot, &info);

	if (ash_is_ok(status))
		return;
	ash_cli_warn(cli, "the token in slot %llu can't be used: %s", (unsigned long long)token->slot,
		     ash_code_text(status.code));
	if (ash_status_explanation()[0] != '\0')
		ash_cli_hint(cli, "%s", ash_status_explanation());
}

static ASH_STATUS token_list(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	char none[640] = "";
	size_t count = 0;

	ASH_TRY(ash_cli_tokens(cli, &tokens, &count));
	ASH_TRY(ash_cli_list_init(&list, "tokens", columns));
	for (size_t i = 0; i < count; i++) {
		/* A token that can't be read is shown: the operator must hear of it. */
		bool blank = tokens[i].code == ASH_OK && !ash_cli_token_usable(&tokens[i]);

		if (!blank || ash_cli_has(cli, ASH_CLI_OPT_ALL))
			ASH_TRY(add_token(&list, &tokens[i]));
		if (tokens[i].code != ASH_OK)
			warn_of_unusable(cli, &tokens[i]);
	}
	if (json_array_size(list.rows) == 0)
		snprintf(none, sizeof(none), "There is no token yet; %s", ash_cli_token_advice(cli));
	return ash_cli_print_list(cli, &list, none);
}

static ASH_STATUS token_show(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;

	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_list_init(&list, "tokens", columns));
	ASH_TRY(add_token(&list, &token));
	return ash_cli_print_records(cli, &list);
}

#define DESCRIBED_MAX 640 /* two escaped texts and what stands between them */

/* What to call it: by its label, or by its slot when that is all that is known. */
static void describe(const struct ash_cli_token *token, char text[DESCRIBED_MAX])
{
	unsigned long long slot = token->slot;

	if (token->code == ASH_OK)
		snprintf(text, DESCRIBED_MAX, "token \"%s\", serial number %s, in slot %llu",
			 ash_cli_escaped(ash_cli_token_label(token)).text,
			 ash_cli_escaped(ash_cli_token_serial(token)).text, slot);
	else
		snprintf(text, DESCRIBED_MAX, "the token in slot %llu, which can't be read", slot);
}

static ASH_STATUS confirm_delete(struct ash_cli *cli, const struct ash_cli_token *token)
{
	struct ash_span label = ash_cli_token_label(token);
	bool named = token->code == ASH_OK && label.len > 0;
	char text[DESCRIBED_MAX], shown[300];

	if (ash_cli_has(cli, ASH_CLI_OPT_YES))
		return ASH_DONE;
	if (!ash_cli_tty_present())
		return ash_cli_refuse(
			cli, ASH_CLI_DECLINED,
			"nobody can be asked whether to delete, as standard input is no terminal; "
			"--yes deletes without asking");
	describe(token, text);
	fprintf(cli->err, "To be deleted for ever, with all its keys: %s.\n", text);
	snprintf(shown, sizeof(shown), "its label, %s,", ash_cli_escaped(label).text);
	if (!ash_cli_tty_confirm_text(cli->err, "Delete?", named ? shown : "yes",
				      named ? label : ash_span_text("yes")))
		return ash_cli_refuse(cli, ASH_CLI_DECLINED, "not confirmed: nothing was deleted");
	return ASH_DONE;
}

static ASH_STATUS delete_it(struct ash_cli *cli, const struct ash_cli_token *token, bool force)
{
	ASH_AUTO(ash_secret) *so_pin = NULL;
	struct ash_status status;
	char text[DESCRIBED_MAX];

	describe(token, text);
	if (!force)
		ASH_TRY(ash_cli_pin_get(cli, CKU_SO, ash_cli_token_label(token), &so_pin));
	status = cli->api->delete_token(cli->hsm, token->slot,
					so_pin != NULL ? ash_secret_peek(so_pin) : ASH_SPAN_NONE, force);
	if (ash_is_ok(status))
		return status;
	status = ash_cli_fail(cli, status, "can't delete %s", text);
	ash_cli_hint_pin(cli, token, CKU_SO, status);
	return status;
}

static ASH_STATUS token_delete(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	bool force = ash_cli_has(cli, ASH_CLI_OPT_FORCE);
	struct ash_status status;
	char text[DESCRIBED_MAX];

	status = force ? ash_cli_token_select_any(cli, &token) : ash_cli_token_select(cli, &token);
	if (!ash_is_ok(status) && cli->exit == ASH_CLI_STORAGE)
		ash_cli_hint(cli, "to delete it all the same: ashlar token delete --force --slot ID");
	ASH_TRY(status);
	ASH_TRY(confirm_delete(cli, &token));
	ASH_TRY(delete_it(cli, &token, force));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON)) {
		describe(&token, text);
		fprintf(cli->out, "Deleted: %s\n", text);
		return ASH_DONE;
	}
	ASH_TRY(ash_cli_list_init(&list, "tokens", columns));
	ASH_TRY(add_token(&list, &token));
	return ash_cli_print_list(cli, &list, "");
}

static const struct ash_cli_option list_options[] = {
	{ .id = ASH_CLI_OPT_ALL,
	  .name = "all",
	  .letter = 'a',
	  .text = "also slots whose token is not initialised" },
	{ .id = ASH_CLI_OPT_LONG,
	  .name = "long",
	  .text = "show more: PINs; and the URI in lines of any length" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_token_list = {
	.name = "token list",
	.summary = "list the tokens",
	.options = (const struct ash_cli_option *const[]){ list_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar token list", NULL },
			{ "ashlar token list --json | jq -r '.tokens[].uri'",
			  "RFC 7512 URIs, for other programs" },
			{ NULL, NULL },
		},
	.run = token_list,
};

const struct ash_cli_command ash_cli_cmd_token_show = {
	.name = "token show",
	.summary = "show one token",
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_token_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar token show", "the only token" },
			{ "ashlar token show --token ca", NULL },
			{ NULL, NULL },
		},
	.run = token_show,
};

static const struct ash_cli_option delete_options[] = {
	{ .id = ASH_CLI_OPT_FORCE,
	  .name = "force",
	  .text = "ask for no SO PIN: it is locked or lost, or the token can't be read" },
	{ .id = ASH_CLI_OPT_YES, .name = "yes", .letter = 'y', .text = "do not ask whether to delete" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_token_delete = {
	.name = "token delete",
	.summary = "delete a token with all its keys for ever",
	.details =
		"What is deleted can't be brought back. At a terminal it asks for the token's label first. The\n"
		"PIN of the security officer (SO) is asked for, unless --force is given: whoever may write the\n"
		"store can delete its files anyway. With --force and --slot also a token that can't be read is\n"
		"deleted. The number of its slot is not used again. Refused while a program uses the token.",
	.options = (const struct ash_cli_option *const[]){ delete_options, ash_cli_token_options,
							   ash_cli_so_pin_options, ash_cli_common_options,
							   NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar token delete --token old", "asks for the label and the SO PIN" },
			{ "ashlar token delete --token ca --force", "after too many wrong SO PINs" },
			{ "ashlar token delete --slot 3 --force --yes",
			  "whatever is there, without being asked" },
			{ NULL, NULL },
		},
	.run = token_delete,
};
