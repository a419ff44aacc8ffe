/* ashlar object list, ashlar object show, ashlar object delete */
#include "app/cli/find/named.h"
#include "app/cli/find/objects.h"
#include "app/cli/print/text.h"
#include "app/cli/print/tty.h"

/* The token that is meant, a session with it, and the objects that are meant. */
static ASH_STATUS find(struct ash_cli *cli, bool read_write, struct ash_cli_token *ret_token,
		       ash_handle *ret_session, struct ash_cli_objects *ret_objects)
{
	bool login = !ash_cli_has(cli, ASH_CLI_OPT_PUBLIC);

	ASH_TRY(ash_cli_token_select(cli, ret_token));
	ASH_TRY(ash_cli_session_open(cli, ret_token, read_write, login, ret_session));
	return ash_cli_objects_find(cli, ret_token, *ret_session, ret_objects);
}

static ASH_STATUS object_list(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_objects) objects = { NULL, 0, 0 };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	ash_handle session;

	ASH_TRY(find(cli, false, &token, &session, &objects));
	ASH_TRY(ash_cli_objects_list(&objects, &list));
	return ash_cli_print_list(cli, &list, "No object matches.");
}

static ASH_STATUS object_show(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_objects) objects = { NULL, 0, 0 };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	ash_handle session;

	ASH_TRY(find(cli, false, &token, &session, &objects));
	if (objects.count == 0 || (objects.count > 1 && !ash_cli_has(cli, ASH_CLI_OPT_ALL)))
		return ash_cli_objects_refuse(cli, &objects);
	ASH_TRY(ash_cli_objects_list(&objects, &list));
	return ash_cli_print_records(cli, &list);
}

static ASH_STATUS confirm_delete(struct ash_cli *cli, const struct ash_cli_token *token,
				 const struct ash_cli_objects *objects)
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
	for (size_t i = 0; i < objects->count; i++) {
		fputs("  ", cli->err);
		ash_cli_object_describe(&objects->object[i], cli->err);
		fputc('\n', cli->err);
	}
	if (!ash_cli_tty_confirm(cli->err, "Delete?"))
		return ash_cli_refuse(cli, ASH_CLI_DECLINED, "not confirmed: nothing was deleted");
	return ASH_DONE;
}

static ASH_STATUS delete_each(struct ash_cli *cli, ash_handle session, const struct ash_cli_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++) {
		const struct ash_cli_object *object = &objects->object[i];
		struct ash_status status = cli->api->destroy_object(cli->hsm, session, object->handle);
		const char *label = json_string_value(json_object_get(object->row, "label"));

		if (!ash_is_ok(status)) {
			status = ash_cli_fail(
				cli, status, "can't delete object %zu of %zu, \"%s\"", i + 1, objects->count,
				ash_cli_escaped(ash_span_text(label != NULL ? label : "")).text);
			if (i > 0)
				ash_cli_hint(cli, "those before it are deleted");
			return status;
		}
		if (!ash_cli_has(cli, ASH_CLI_OPT_JSON)) {
			fputs("Deleted: ", cli->out);
			ash_cli_object_describe(object, cli->out);
			fputc('\n', cli->out);
		}
	}
	return ASH_DONE;
}

/* Profiles are no objects that somebody made: all there is to delete is all but these. */
static void drop_profiles(struct ash_cli_objects *objects)
{
	size_t kept = 0;

	for (size_t i = 0; i < objects->count; i++) {
		if (objects->object[i].class == CKO_PROFILE)
			json_decref(objects->object[i].row);
		else
			objects->object[kept++] = objects->object[i];
	}
	objects->count = kept;
}

static ASH_STATUS object_delete(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_objects) objects = { NULL, 0, 0 };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_cli_token token;
	ash_handle session;
	bool all = ash_cli_has(cli, ASH_CLI_OPT_ALL);

	if (!all && !ash_cli_named_some(cli))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "which object? Say it with --label, --id, --unique-id or --uri");
	ASH_TRY(find(cli, true, &token, &session, &objects));
	drop_profiles(&objects);
	if (objects.count == 0 || (objects.count > 1 && !all))
		return ash_cli_objects_refuse(cli, &objects);
	ASH_TRY(confirm_delete(cli, &token, &objects));
	ASH_TRY(delete_each(cli, session, &objects));
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON))
		return ASH_DONE;
	ASH_TRY(ash_cli_objects_list(&objects, &list));
	return ash_cli_print_list(cli, &list, "");
}

#define PUBLIC_OPTION                                                      \
	{                                                                  \
		.id = ASH_CLI_OPT_PUBLIC, .name = "public", .letter = 'p', \
		.text = "do not log in: only what everybody may see"       \
	}

static const struct ash_cli_option list_options[] = {
	PUBLIC_OPTION,
	{ .id = ASH_CLI_OPT_LONG,
	  .name = "long",
	  .text = "show more: whether private; and the URI in lines of any length" },
	{ .name = NULL },
};

static const struct ash_cli_option show_options[] = {
	PUBLIC_OPTION,
	{ .id = ASH_CLI_OPT_ALL,
	  .name = "all",
	  .letter = 'a',
	  .text = "every object that matches, not just one" },
	{ .name = NULL },
};

static const struct ash_cli_option delete_options[] = {
	{ .id = ASH_CLI_OPT_ALL,
	  .name = "all",
	  .letter = 'a',
	  .text = "every object that matches, not just one" },
	{ .id = ASH_CLI_OPT_YES, .name = "yes", .letter = 'y', .text = "do not ask" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_object_list = {
	.name = "object list",
	.summary = "list all objects of a token: keys, certificates, data, profiles",
	.details =
		"Of certificates and keys the subject is shown. Bytes are what an object takes in the store,\n"
		"roughly. `ashlar key list` says more of keys.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_object_options, list_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar object list", "asks for the user PIN" },
			{ "ashlar object list --type cert --public", "certificates that need no PIN" },
			{ "ashlar object list --pin-file pin.txt --json | jq -r '.objects[].uri'", NULL },
			{ NULL, NULL },
		},
	.run = object_list,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_object_show = {
	.name = "object show",
	.summary = "show one object",
	.options = (const struct ash_cli_option *const[]){ ash_cli_object_options, show_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar object show --label web --type cert --public", NULL },
			{ "ashlar object show --pin-file pin.txt 'pkcs11:object=notes;type=data'", NULL },
			{ NULL, NULL },
		},
	.run = object_show,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_object_delete = {
	.name = "object delete",
	.summary = "delete an object for ever",
	.details =
		"What is deleted can't be brought back. Exactly one object must match, unless --all is given:\n"
		"the halves of a key pair are two. At a terminal it asks first. Profiles stay.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_object_options, delete_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar object delete --label old --type cert", NULL },
			{ "ashlar object delete --id 01 --all --yes --pin-file pin.txt",
			  "a certificate and its keys, without being asked" },
			{ NULL, NULL },
		},
	.run = object_delete,
	.takes_object = true,
};
