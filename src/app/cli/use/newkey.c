#include "app/cli/use/newkey.h"

#include <string.h>

#include "app/cli/find/values.h"
#include "app/cli/key/keyid.h"
#include "app/cli/use/public_parts.h"

void ash_cli_newkey_done(struct ash_cli_newkey *newkey)
{
	ash_cli_keyplan_done(&newkey->plan);
}

static ASH_STATUS read_type(struct ash_cli *cli, unsigned classes, struct ash_cli_newkey *newkey)
{
	const char *type = cli->values[ASH_CLI_OPT_TYPE];
	const struct ash_cli_keytype *row = ash_cli_keytype_find(type);

	newkey->exact = row != NULL;
	if (row == NULL)
		row = ash_cli_keytype_family(type);
	if (row == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "there is no type \"%s\"; see: ashlar key generate --help",
				      ash_cli_escaped(ash_span_text(type)).text);
	newkey->class = row->pair ? CKO_PRIVATE_KEY : CKO_SECRET_KEY;
	if (((row->pair ? ASH_CLI_PRIVATE : ASH_CLI_SECRET) & classes) == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "`ashlar %s` makes secret keys, like aes:256, not %s",
				      cli->command->name, type);
	newkey->plan.keytype = row;
	return ASH_DONE;
}

ASH_STATUS ash_cli_newkey_read(struct ash_cli *cli, unsigned classes, struct ash_cli_newkey *newkey)
{
	struct ash_cli_keyplan *plan = &newkey->plan;
	const char *usage = cli->values[ASH_CLI_OPT_USAGE];

	ASH_TRY(read_type(cli, classes, newkey));
	plan->label = ash_span_text(cli->values[ASH_CLI_OPT_LABEL]);
	ASH_TRY(ash_cli_keyplan_check_label(cli, "label", plan->label));
	ASH_TRY(ash_cli_keyplan_read_id(cli, plan));
	plan->extractable = ash_cli_has(cli, ASH_CLI_OPT_EXTRACTABLE);
	return ash_cli_keyplan_read_usage(cli, usage != NULL ? usage : plan->keytype->usage, plan);
}

ASH_STATUS ash_cli_newkey_prepare(struct ash_cli_use *use, struct ash_cli_newkey *newkey)
{
	struct ash_cli_keyplan *plan = &newkey->plan;

	ASH_TRY(ash_cli_keyplan_check_id(use->cli, &use->token, use->session, plan));
	if (plan->id.len == 0 && newkey->class == CKO_SECRET_KEY)
		return ash_cli_keyid_random(use->cli, use->session, &plan->id);
	return ASH_DONE;
}

ASH_STATUS ash_cli_newkey_template(const struct ash_cli_newkey *newkey, struct ash_cli_template *made)
{
	const struct ash_cli_keytype *type = newkey->plan.keytype;

	ASH_TRY(ash_cli_template_number(made, CKA_CLASS, newkey->class));
	ASH_TRY(ash_cli_template_number(made, CKA_KEY_TYPE, type->key_type));
	ASH_TRY(ash_cli_keyplan_template(&newkey->plan, newkey->class, made));
	if (newkey->class == CKO_SECRET_KEY && newkey->exact)
		ASH_TRY(ash_cli_template_number(made, CKA_VALUE_LEN, type->size));
	return ASH_DONE;
}

/* "rsa:3072" has to be one; "rsa" may be any. */
static ASH_STATUS check_type(struct ash_cli_use *use, const struct ash_cli_newkey *newkey, const json_t *row)
{
	const char *type = json_string_value(json_object_get(row, "type"));

	if (!newkey->exact || strcmp(type, newkey->plan.keytype->name) == 0)
		return ASH_DONE;
	return ash_cli_refuse(use->cli, ASH_CLI_FAILED, "the key is one of type %s, not %s: it was not kept",
			      type, newkey->plan.keytype->name);
}

/* The objects of a new key: a secret key, or the halves of a pair, of which the private one was made. */
struct made {
	ash_handle handles[2]; /* the public half first */
	size_t count;
};

static ASH_STATUS add_row(struct ash_cli_use *use, const struct ash_cli_newkey *newkey, ash_handle handle,
			  struct ash_cli_list *list)
{
	struct ash_cli_key key;

	ASH_TRY(ash_cli_key_read(use->cli, &use->token, use->session, handle, &key));
	ASH_CLI_AUTO_JSON *row = key.row;
	ASH_TRY(check_type(use, newkey, row));
	return ash_cli_list_append(list, row);
}

static ASH_STATUS print_made(struct ash_cli_use *use, const struct ash_cli_newkey *newkey,
			     const struct made *made)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "keys", ash_cli_key_columns));
	for (size_t i = 0; i < made->count; i++)
		ASH_TRY(add_row(use, newkey, made->handles[i], &list));
	return ash_cli_print_list(use->cli, &list, "");
}

/* The public half of a private key, which says what it is. */
static ASH_STATUS make_public(struct ash_cli_use *use, const struct ash_cli_newkey *newkey,
			      ash_handle private_key, ash_handle *ret_public)
{
	static const uint64_t types[] = { CKA_PUBLIC_KEY_INFO };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) unused = ASH_BUF_PLAIN;
	struct ash_cli_template made = { .count = 0 };
	struct ash_cli_public_key key = { NULL, ASH_SPAN_NONE };
	struct ash_cli *cli = use->cli;
	struct ash_span info = ASH_SPAN_NONE;

	ASH_TRY(ash_cli_values_read(cli, use->session, private_key, types, ASH_COUNT(types), &values));
	ASH_ENSURE(ash_cli_value_bytes(&values, CKA_PUBLIC_KEY_INFO, &info), ASH_E_ATTRIBUTE_TYPE);
	ASH_TRY(ash_cli_public_key_read(info, &unused, &key));
	ASH_TRY(ash_cli_template_number(&made, CKA_CLASS, CKO_PUBLIC_KEY));
	ASH_TRY(ash_cli_keyplan_template(&newkey->plan, CKO_PUBLIC_KEY, &made));
	ASH_TRY(ash_cli_public_parts(&key, &room, &made));
	return cli->api->create_object(cli->hsm, use->session, ash_cli_template(&made), ret_public);
}

/* Whoever is told of a failure must not find a key all the same. */
static ASH_STATUS take_back(struct ash_cli_use *use, struct ash_status status, const struct made *made)
{
	if (use->cli->exit == ASH_CLI_DONE)
		status = ash_cli_fail(use->cli, status, "can't finish the new key: it was not kept");
	for (size_t i = 0; i < made->count; i++)
		ash_ignore(use->cli->api->destroy_object(use->cli->hsm, use->session, made->handles[i]));
	return status;
}

static ASH_STATUS finish(struct ash_cli_use *use, const struct ash_cli_newkey *newkey, struct made *made)
{
	ash_handle public_key = 0;

	if (newkey->class == CKO_PRIVATE_KEY) {
		ASH_TRY(make_public(use, newkey, made->handles[0], &public_key));
		*made = (struct made){ { public_key, made->handles[0] }, 2 };
		if (newkey->plan.id.len == 0)
			ASH_TRY(ash_cli_keyid_set(use->cli, use->session, made->handles[0],
						  made->handles[1]));
	}
	return newkey->quiet ? ASH_DONE : print_made(use, newkey, made);
}

ASH_STATUS ash_cli_newkey_finish(struct ash_cli_use *use, const struct ash_cli_newkey *newkey,
				 ash_handle handle)
{
	struct made made = { { handle }, 1 };
	const struct ash_status status = finish(use, newkey, &made);

	return ash_is_ok(status) ? status : take_back(use, status, &made);
}

void ash_cli_newkey_hint(struct ash_cli *cli, enum ash_code code)
{
	if (code == ASH_E_TEMPLATE_INCOMPLETE)
		ash_cli_hint(cli, "say how long the key is to be, as in --type generic:256");
	else if (code == ASH_E_KEY_SIZE || code == ASH_E_TEMPLATE_INCONSISTENT ||
		 code == ASH_E_WRAPPED_KEY_LEN)
		ash_cli_hint(cli, "is the length right that --type names?");
	else if (code == ASH_E_KEY_USAGE)
		ash_cli_hint(cli, "see what it may be used for: ashlar key list");
}

void ash_cli_newkey_help(FILE *out)
{
	const struct ash_cli_keytype *type;

	fputs("\ntypes of secret keys (and what they are for when --usage does not say):\n", out);
	for (size_t i = 0; (type = ash_cli_keytype_at(i)) != NULL; i++) {
		if (!type->pair)
			fprintf(out, "  %-12s %s (%s)\n", type->name, type->text, type->usage);
	}
}

const struct ash_cli_option ash_cli_newkey_options[] = {
	{ .id = ASH_CLI_OPT_TYPE,
	  .name = "type",
	  .value = "TYPE",
	  .text = "what the new key is, like aes:256",
	  .required = true },
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "what to call it",
	  .required = true },
	{ .id = ASH_CLI_OPT_ID,
	  .name = "id",
	  .letter = 'i',
	  .value = "HEX",
	  .text = "its CKA_ID; else as by `ashlar key generate`" },
	{ .id = ASH_CLI_OPT_USAGE,
	  .name = "usage",
	  .letter = 'u',
	  .value = "USE,USE",
	  .text = "what it may be used for; see: ashlar key generate --help" },
	{ .id = ASH_CLI_OPT_EXTRACTABLE,
	  .name = "extractable",
	  .text = "it may leave the token, wrapped by another key; can't be allowed later" },
	{ .name = NULL },
};
