/* ashlar init */
#include <string.h>

#include "app/cli/cmd/init_system.h"
#include "app/cli/find/named.h"
#include "app/cli/find/select.h"
#include "app/cli/pin.h"
#include "app/cli/print/output.h"
#include "app/cli/print/text.h"
#include "app/cli/print/tty.h"
#include "util/mem.h"
#include "util/utf8.h"

/* What is to be made, and where. */
struct plan {
	struct ash_cli_token token; /* of the slot that is taken */
	struct ash_span label;
	bool again; /* the slot has a token, whose objects go */
};

static ASH_STATUS check_label(struct ash_cli *cli, const struct ash_cli_token *tokens, size_t count,
			      const struct plan *plan)
{
	for (size_t i = 0; i < count; i++) {
		if (!ash_cli_token_usable(&tokens[i]) || tokens[i].slot == plan->token.slot)
			continue;
		if (ash_span_equal(ash_cli_token_label(&tokens[i]), plan->label)) {
			struct ash_status status = ash_cli_refuse(
				cli, ASH_CLI_FAILED, "there is a token \"%s\" already, in slot %llu",
				ash_cli_escaped(plan->label).text, (unsigned long long)tokens[i].slot);

			ash_cli_hint(cli, "take another label, or initialise that one anew with --slot %llu",
				     (unsigned long long)tokens[i].slot);
			return status;
		}
	}
	return ASH_DONE;
}

/* The slot that --slot names, else the first one whose token is not initialised. */
static ASH_STATUS plan_slot(struct ash_cli *cli, const struct ash_cli_token *tokens, size_t count,
			    struct plan *plan)
{
	unsigned long long slot = 0;
	bool given = ash_cli_has(cli, ASH_CLI_OPT_SLOT);

	if (given)
		ASH_TRY(ash_cli_options_number(cli, ASH_CLI_OPT_SLOT, "slot", UINT64_MAX, &slot));
	for (size_t i = 0; i < count; i++) {
		bool fits = given ? tokens[i].slot == slot
				  : tokens[i].code == ASH_OK && !ash_cli_token_usable(&tokens[i]);

		if (fits) {
			if (tokens[i].code != ASH_OK)
				ASH_TRY(ash_cli_token_refuse(cli, &tokens[i]));
			plan->token = tokens[i];
			plan->again = ash_cli_token_usable(&tokens[i]);
			return ASH_DONE;
		}
	}
	if (given)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no slot %llu", slot);
	return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no slot for a new token");
}

static ASH_STATUS plan_place(struct ash_cli *cli, struct plan *plan)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	size_t count = 0;

	ASH_TRY(ash_cli_tokens(cli, &tokens, &count));
	ASH_TRY(plan_slot(cli, tokens, count, plan));
	return check_label(cli, tokens, count, plan);
}

static ASH_STATUS plan_init(struct ash_cli *cli, struct plan *plan)
{
	const char *label = cli->values[ASH_CLI_OPT_LABEL];
	const char *variable = cli->values[ASH_CLI_OPT_PIN_ENV];
	uint32_t point;

	/* It is wiped once it was read; and one PIN for both is no separation. */
	if (variable != NULL && ash_cli_has(cli, ASH_CLI_OPT_SO_PIN_ENV) &&
	    strcmp(variable, cli->values[ASH_CLI_OPT_SO_PIN_ENV]) == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--so-pin-env and --pin-env name one variable: each PIN needs its own");
	plan->label = ash_cli_trim(label, strlen(label));
	if (plan->label.len == 0 || plan->label.len > sizeof(plan->token.info.label))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--label takes 1 to %zu bytes",
				      sizeof(plan->token.info.label));
	for (struct ash_span rest = plan->label; rest.len > 0;) {
		size_t used = ash_utf8_first(rest, &point);

		if (used == 0 || point < 0x20 || point == 0x7f)
			return ash_cli_refuse(cli, ASH_CLI_USAGE,
					      "--label takes UTF-8 without control characters");
		rest = ash_span(rest.data + used, rest.len - used);
	}
	return plan_place(cli, plan);
}

static ASH_STATUS confirm_again(struct ash_cli *cli, const struct plan *plan)
{
	if (!plan->again || ash_cli_has(cli, ASH_CLI_OPT_YES))
		return ASH_DONE;
	if (!ash_cli_tty_present())
		return ash_cli_refuse(
			cli, ASH_CLI_DECLINED,
			"slot %llu has a token, and nobody can be asked whether to delete all in it, as "
			"standard input is no terminal; --yes does it without asking",
			(unsigned long long)plan->token.slot);
	fprintf(cli->err,
		"Token \"%s\" in slot %llu is initialised. All its keys would be deleted for ever.\n",
		ash_cli_escaped(ash_cli_token_label(&plan->token)).text,
		(unsigned long long)plan->token.slot);
	if (!ash_cli_tty_confirm(cli->err, "Initialise it anew?"))
		return ash_cli_refuse(cli, ASH_CLI_DECLINED, "not confirmed: nothing was changed");
	return ASH_DONE;
}

/* Both PINs before anything is made: a token half set up helps nobody. */
static ASH_STATUS get_pins(struct ash_cli *cli, const struct plan *plan, struct ash_secret **ret_so,
			   struct ash_secret **ret_user)
{
	const struct ash_token_info *info = &plan->token.info;
	ASH_AUTO(ash_secret) *so = NULL;
	ASH_AUTO(ash_secret) *user = NULL;

	if (plan->again) /* an initialised token keeps its SO PIN (PKCS#11 §5.5.7) */
		ASH_TRY(ash_cli_pin_get(cli, CKU_SO, ash_cli_token_label(&plan->token), &so));
	else
		ASH_TRY(ash_cli_pin_choose(cli, CKU_SO, plan->label, info->pin_min, info->pin_max, &so));
	if (!ash_cli_has(cli, ASH_CLI_OPT_NO_USER_PIN))
		ASH_TRY(ash_cli_pin_choose(cli, CKU_USER, plan->label, info->pin_min, info->pin_max, &user));
	*ret_so = ASH_TAKE(so);
	*ret_user = ASH_TAKE(user);
	return ASH_DONE;
}

#define PLACES 32 /* how often others may take the place that was looked for */

/* In the first place that is free, also when another program is faster. */
static ASH_STATUS make_somewhere(struct ash_cli *cli, struct plan *plan, struct ash_span so,
				 const char label[32])
{
	uint64_t before = 0;
	struct ash_status status = ASH_DONE;

	for (int i = 0; i < PLACES; i++) {
		before = plan->token.slot;
		status = cli->api->make_token(cli->hsm, before, so, label);
		if (ash_is_ok(status) || ash_cli_has(cli, ASH_CLI_OPT_SLOT) ||
		    (status.code != ASH_E_EXISTS && status.code != ASH_E_FAILED))
			return status;
		ASH_TRY(plan_place(cli, plan));
		if (plan->token.slot == before)
			return status; /* nobody took it: there is another reason */
	}
	return status;
}

static ASH_STATUS make_token(struct ash_cli *cli, struct plan *plan, const struct ash_secret *so)
{
	char label[32];
	struct ash_status status;

	memset(label, ' ', sizeof(label));
	memcpy(label, plan->label.data, plan->label.len);
	if (plan->again)
		status = cli->api->init_token(cli->hsm, plan->token.slot, ash_secret_peek(so), label);
	else
		status = make_somewhere(cli, plan, ash_secret_peek(so), label);
	if (ash_is_ok(status) || cli->exit != ASH_CLI_DONE)
		return status;
	if (status.code == ASH_E_EXISTS)
		return ash_cli_refuse(cli, ASH_CLI_FAILED,
				      "another program made a token in slot %llu meanwhile",
				      (unsigned long long)plan->token.slot);
	status = ash_cli_fail(cli, status, "can't initialise token \"%s\" in slot %llu",
			      ash_cli_escaped(plan->label).text, (unsigned long long)plan->token.slot);
	ash_cli_hint_pin(cli, &plan->token, CKU_SO, status);
	return status;
}

static ASH_STATUS set_user_pin(struct ash_cli *cli, const struct ash_cli_token *token,
			       const struct ash_secret *so, const struct ash_secret *user)
{
	ash_handle session = 0;
	struct ash_status status;

	ASH_TRY(ash_cli_session_open(cli, token, true, false, &session));
	ASH_TRY(ash_cli_login(cli, token, session, CKU_SO, ash_secret_peek(so)));
	status = cli->api->init_pin(cli->hsm, session, ash_secret_peek(user));
	if (!ash_is_ok(status)) {
		status = ash_cli_fail(cli, status, "can't set the user PIN of token \"%s\"",
				      ash_cli_escaped(ash_cli_token_label(token)).text);
		ash_cli_hint(cli, "the token is initialised all the same, in slot %llu",
			     (unsigned long long)token->slot);
		return status;
	}
	return cli->api->close_session(cli->hsm, session); /* the last one: logs out too */
}

static ASH_STATUS print_made(struct ash_cli *cli, const struct ash_cli_token *token, bool user_pin)
{
	static const struct ash_cli_column columns[] = {
		{ "slot", "Slot", 0 },
		{ "label", "Label", 0 },
		{ "serial", "Serial number", 0 },
		{ "user_pin_set", "User PIN set", 0 },
		{ "uri", "URI", 0 },
		{ NULL, NULL, 0 },
	};
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	json_t *row;

	ASH_TRY(ash_cli_list_init(&list, "tokens", columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	ASH_TRY(ash_cli_set_number(row, "slot", token->slot));
	ASH_TRY(ash_cli_set_text(row, "label", ash_cli_token_label(token)));
	ASH_TRY(ash_cli_set_text(row, "serial", ash_cli_token_serial(token)));
	ASH_TRY(ash_cli_set_bool(row, "user_pin_set", user_pin));
	ASH_TRY(ash_cli_named_set_token_uri(row, token));
	ASH_TRY(ash_cli_print_records(cli, &list));
	if (ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return ASH_DONE;
	fprintf(cli->out,
		"\nThe token is ready. Keep the SO PIN in a safe place: it alone can set a new user PIN.\n");
	if (user_pin)
		fprintf(cli->out,
			"Next: ashlar key generate --type ec:p256 --label NAME%s\n"
			"      ashlar key generate --help\n",
			"");
	return ASH_DONE;
}

/* Only here, as --system has to do without. */
static ASH_STATUS open_hsm(struct ash_cli *cli)
{
	const struct ash_status status = cli->open(cli);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't start");
	return ASH_DONE;
}

static ASH_STATUS init_token(struct ash_cli *cli)
{
	struct plan plan = { .again = false };
	ASH_AUTO(ash_secret) *so = NULL;
	ASH_AUTO(ash_secret) *user = NULL;
	struct ash_status status;

	ASH_TRY(open_hsm(cli));
	ASH_TRY(plan_init(cli, &plan));
	ASH_TRY(confirm_again(cli, &plan));
	ASH_TRY(get_pins(cli, &plan, &so, &user));
	ASH_TRY(make_token(cli, &plan, so));
	status = cli->api->token_info(cli->hsm, plan.token.slot, &plan.token.info);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't read the token that was just initialised");
	if (user != NULL)
		ASH_TRY(set_user_pin(cli, &plan.token, so, user));
	return print_made(cli, &plan.token, user != NULL);
}

static ASH_STATUS init(struct ash_cli *cli)
{
	if (ash_cli_has(cli, ASH_CLI_OPT_SYSTEM)) {
		if (ash_cli_has(cli, ASH_CLI_OPT_LABEL))
			return ash_cli_refuse(
				cli, ASH_CLI_USAGE,
				"--system makes the place, and --label a token in it: one at a time");
		return ash_cli_init_system(cli);
	}
	if (ash_cli_has(cli, ASH_CLI_OPT_DRY_RUN))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--dry-run goes with --system");
	if (!ash_cli_has(cli, ASH_CLI_OPT_LABEL))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "`ashlar init` needs --label LABEL");
	return init_token(cli);
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "what to call the token: up to 32 bytes (needed, but for --system)" },
	{ .id = ASH_CLI_OPT_SLOT,
	  .name = "slot",
	  .value = "ID",
	  .text = "the slot to take; else the first that is free" },
	{ .id = ASH_CLI_OPT_NO_USER_PIN, .name = "no-user-pin", .text = "set no user PIN now" },
	{ .id = ASH_CLI_OPT_YES,
	  .name = "yes",
	  .letter = 'y',
	  .text = "do not ask before deleting all in a token that is initialised" },
	{ .id = ASH_CLI_OPT_SYSTEM,
	  .name = "system",
	  .text = "make no token, but a place that root and the group ashlar share" },
	{ .id = ASH_CLI_OPT_DRY_RUN, .name = "dry-run", .text = "only say what --system would do" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_init = {
	.name = "init",
	.summary = "initialise a new token",
	.details =
		"Makes the store too, if there is none yet. Asks for the PIN of the security officer (SO), who\n"
		"can set a new user PIN, and for the PIN of the user, who uses the keys. With --slot and the\n"
		"slot of a token that is initialised, all its keys are deleted; its SO PIN stays.\n"
		"\n"
		"With --system root sets up one store for the machine: a system user and a group ashlar, the\n"
		"folder /var/lib/ashlar (mode 2770) and /etc/ashlar/ashlar.conf. What is there already stays;\n"
		"a store that root had there alone is shared with the group.",
	.options =
		(const struct ash_cli_option *const[]){ options, ash_cli_so_pin_options, ash_cli_pin_options,
							ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar init --label ca", "asks for both PINs" },
			{ "ashlar init --label ca --so-pin-file so.txt --pin-file pin.txt", "asks nothing" },
			{ "ashlar init --label ca --so-pin-fd 3 --pin-fd 3 3<pins.txt",
			  "two lines, SO PIN first" },
			{ "sudo ashlar init --system", "a place for the whole machine" },
			{ NULL, NULL },
		},
	.run = init,
	.alone = true, /* it opens the HSM itself */
};
