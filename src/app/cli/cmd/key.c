/* ashlar key list, ashlar key show, ashlar key delete */
#include "app/cli/find/keys.h"
#include "app/cli/find/named.h"
#include "app/cli/print/text.h"
#include "app/cli/print/tty.h"

/* The token that is meant, a session with it, and the keys that are meant. */
static ASH_STATUS find(struct ash_cli *cli, bool read_write, struct ash_cli_token *ret_token,
		       ash_handle *ret_session, struct ash_cli_keys *ret_keys)
{
	bool login = !ash_cli_has(cli, ASH_CLI_OPT_PUBLIC);

	ASH_TRY(ash_cli_token_select(cli, ret_token));
	ASH_TRY(ash_cli_session_open(cli, ret_token, read_write, login, ret_session));
	return ash_cli_keys_find(cli, ret_token, *ret_session, ret_keys);
}

static ASH_STATUS key_list(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	ash_handle session;
	size_t damaged = 0;

	ASH_TRY(find(cli, false, &token, &session, &keys));
	/* That looks at every object there is: not for one key among a million. */
	if (!ash_cli_named_some(cli))
		ASH_TRY(ash_cli_keys_damaged(cli, &token, session, &damaged));
	ASH_TRY(ash_cli_keys_list(&keys, &list));
	return ash_cli_print_list(cli, &list, "No key matches.");
}

static ASH_STATUS key_show(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	ash_handle session;

	ASH_TRY(find(cli, false, &token, &session, &keys));
	if (!ash_cli_keys_are_one(&keys))
		return ash_cli_keys_refuse(cli, &keys);
	ASH_TRY(ash_cli_keys_list(&keys, &list));
	return ash_cli_print_records(cli, &list);
}

static void describe(FILE *out, const struct ash_cli_key *key)
{
	const json_t *label = json_object_get(key->row, "label");
	const char *id = json_string_value(json_object_get(key->row, "id"));
	struct ash_span text = ash_span(json_string_value(label), json_string_length(label));

	fprintf(out, "%s \"%s\", %s, id %s\n", ash_cli_class_text(key->class), ash_cli_escaped(text).text,
		json_string_value(json_object_get(key->row, "type")), id[0] != '\0' ? id : "(none)");
}

static ASH_STATUS confirm_delete(struct ash_cli *cli, const struct ash_cli_token *token,
				 const struct ash_cli_keys *keys)
{
	if (ash_cli_has(cli, ASH_CLI_OPT_YES))
		return ASH_DONE;
	if (!ash_cli_tty_present())
		return ash_cli_refuse(
			cli, ASH_CLI_DECLINED,
			"nobody can be asked whether to delete, as standard input is no terminal; "
			"--yes deletes without asking");
	fprintf(cli->err, "To be deleted for ever from token \"%s\":\n",
		ash_cli_escaped(ash_cli_token_label(token)).text);
	for (size_t i = 0; i < keys->count; i++) {
		fputs("  ", cli->err);
		describe(cli->err, &keys->key[i]);
	}
	if (!ash_cli_tty_confirm(cli->err, "Delete?"))
		return ash_cli_refuse(cli, ASH_CLI_DECLINED, "not confirmed: nothing was deleted");
	return ASH_DONE;
}

/* What can't be read may be the other half of the key: then half of it would stay, useless. */
static ASH_STATUS check_whole(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			      const struct ash_cli_keys *keys)
{
	struct ash_status status;
	size_t damaged = 0;

	if (!ash_cli_keys_are_half(keys) || ash_cli_has(cli, ASH_CLI_OPT_ALL))
		return ASH_DONE;
	ASH_TRY(ash_cli_keys_damaged(cli, token, session, &damaged));
	if (damaged == 0)
		return ASH_DONE;
	status = ash_cli_refuse(cli, ASH_CLI_STORAGE,
				"can't delete half a key pair: what can't be read may be its other half");
	ash_cli_hint(cli, "put the store back from a backup; or delete the half that is left with --all");
	return status;
}

static ASH_STATUS delete_each(struct ash_cli *cli, ash_handle session, const struct ash_cli_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		const struct ash_cli_key *key = &keys->key[i];
		struct ash_status status = cli->api->destroy_object(cli->hsm, session, key->handle);
		const char *id = json_string_value(json_object_get(key->row, "id"));

		if (!ash_is_ok(status)) {
			status = ash_cli_fail(cli, status, "can't delete the %s with id %s",
					      ash_cli_class_text(key->class), id);
			if (i > 0)
				ash_cli_hint(cli, "deleted before that: %zu of %zu", i, keys->count);
			return status;
		}
		if (!ash_cli_has(cli, ASH_CLI_OPT_JSON)) {
			fputs("Deleted: ", cli->out);
			describe(cli->out, key);
		}
	}
	return ASH_DONE;
}

static ASH_STATUS key_delete(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	ash_handle session;
	bool all = ash_cli_has(cli, ASH_CLI_OPT_ALL);

	if (!all && !ash_cli_named_some(cli))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "which key? Say it with --label, --id, --unique-id or --uri");
	ASH_TRY(find(cli, true, &token, &session, &keys));
	if (keys.count == 0 || (!all && !ash_cli_keys_are_one(&keys)))
		return ash_cli_keys_refuse(cli, &keys);
	ASH_TRY(check_whole(cli, &token, session, &keys));
	ASH_TRY(confirm_delete(cli, &token, &keys));
	ASH_TRY(delete_each(cli, session, &keys));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return ASH_DONE;
	ASH_TRY(ash_cli_keys_list(&keys, &list));
	return ash_cli_print_list(cli, &list, "");
}

static const struct ash_cli_option list_options[] = {
	{ .id = ASH_CLI_OPT_PUBLIC,
	  .name = "public",
	  .letter = 'p',
	  .text = "do not log in: only what everybody may see" },
	{ .id = ASH_CLI_OPT_LONG,
	  .name = "long",
	  .text = "show more: private, extractable; and the URI in lines of any length" },
	{ .name = NULL },
};

static const struct ash_cli_option show_options[] = {
	{ .id = ASH_CLI_OPT_PUBLIC,
	  .name = "public",
	  .letter = 'p',
	  .text = "do not log in: only what everybody may see" },
	{ .name = NULL },
};

static const struct ash_cli_option delete_options[] = {
	{ .id = ASH_CLI_OPT_ALL,
	  .name = "all",
	  .letter = 'a',
	  .text = "every key that matches, not just one" },
	{ .id = ASH_CLI_OPT_YES, .name = "yes", .letter = 'y', .text = "do not ask" },
	{ .id = ASH_CLI_OPT_YES, .name = "force", .text = "the same as --yes" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_key_list = {
	.name = "key list",
	.summary = "list the keys of a token",
	.options = (const struct ash_cli_option *const[]){ ash_cli_key_options, list_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key list", "asks for the user PIN" },
			{ "ashlar key list --type rsa --pin-file pin.txt --json", NULL },
			{ "ashlar key list --public", "public keys only, no PIN" },
			{ NULL, NULL },
		},
	.run = key_list,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_key_show = {
	.name = "key show",
	.summary = "show all about one key or key pair",
	.options = (const struct ash_cli_option *const[]){ ash_cli_key_options, show_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key show --label web", NULL },
			{ "ashlar key show --id 0a1b2c --token ca --pin-env CA_PIN", NULL },
			{ "ashlar key show --pin-file pin.txt 'pkcs11:token=ca;object=web'",
			  "by its RFC 7512 URI" },
			{ NULL, NULL },
		},
	.run = key_show,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_key_delete = {
	.name = "key delete",
	.summary = "delete a key or key pair for ever",
	.details =
		"What is deleted can't be brought back. Exactly one key, or the two halves of one pair, must\n"
		"match, unless --all is given. At a terminal it asks first.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_key_options, delete_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key delete --label old", NULL },
			{ "ashlar key delete --all --type rsa:2048 --yes --pin-file pin.txt",
			  "without being asked" },
			{ NULL, NULL },
		},
	.run = key_delete,
	.takes_object = true,
};
