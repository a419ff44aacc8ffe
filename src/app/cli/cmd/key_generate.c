/* ashlar key generate */
#include "app/cli/find/keys.h"
#include "app/cli/key/keyid.h"
#include "app/cli/key/keyplan.h"
#include "app/cli/print/text.h"

static ASH_STATUS plan_init(struct ash_cli *cli, struct ash_cli_keyplan *plan)
{
	const char *type = cli->values[ASH_CLI_OPT_TYPE];
	const char *usage = cli->values[ASH_CLI_OPT_USAGE];

	plan->keytype = ash_cli_keytype_find(type);
	if (plan->keytype == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "there is no type \"%s\"",
				      ash_cli_escaped(ash_span_text(type)).text);
	plan->label = ash_span_text(cli->values[ASH_CLI_OPT_LABEL]);
	ASH_TRY(ash_cli_keyplan_check_label(cli, "label", plan->label));
	ASH_TRY(ash_cli_keyplan_read_id(cli, plan));
	plan->extractable = ash_cli_has(cli, ASH_CLI_OPT_EXTRACTABLE);
	return ash_cli_keyplan_read_usage(cli, usage != NULL ? usage : plan->keytype->usage, plan);
}

static ASH_STATUS generate_secret(struct ash_cli *cli, ash_handle session, struct ash_cli_keyplan *plan,
				  ash_handle *ret_key)
{
	struct ash_mechanism mechanism = { .type = plan->keytype->mechanism };
	struct ash_cli_template made = { .count = 0 };

	if (plan->id.len == 0)
		ASH_TRY(ash_cli_keyid_random(cli, session, &plan->id));
	ASH_TRY(ash_cli_keyplan_template(plan, CKO_SECRET_KEY, &made));
	ASH_TRY(ash_cli_template_number(&made, CKA_VALUE_LEN, plan->keytype->size));
	return cli->api->generate_key(cli->hsm, session, &mechanism, ash_cli_template(&made), ret_key);
}

static ASH_STATUS public_template(const struct ash_cli_keyplan *plan, struct ash_cli_template *made)
{
	static const uint8_t exponent[] = { 1, 0, 1 }; /* 65537 */
	const struct ash_cli_keytype *keytype = plan->keytype;

	ASH_TRY(ash_cli_keyplan_template(plan, CKO_PUBLIC_KEY, made));
	if (keytype->params != NULL)
		ASH_TRY(ash_cli_template_bytes(made, CKA_EC_PARAMS,
					       ash_span(keytype->params, keytype->params_len)));
	if (keytype->parameter_set != 0)
		ASH_TRY(ash_cli_template_number(made, CKA_PARAMETER_SET, keytype->parameter_set));
	if (keytype->key_type != CKK_RSA)
		return ASH_DONE;
	ASH_TRY(ash_cli_template_number(made, CKA_MODULUS_BITS, keytype->size));
	return ash_cli_template_bytes(made, CKA_PUBLIC_EXPONENT, ash_span(exponent, sizeof(exponent)));
}

static ASH_STATUS generate_pair(struct ash_cli *cli, ash_handle session, struct ash_cli_keyplan *plan,
				ash_handle pair[2])
{
	struct ash_mechanism mechanism = { .type = plan->keytype->mechanism };
	struct ash_cli_template public_half = { .count = 0 };
	struct ash_cli_template private_half = { .count = 0 };
	struct ash_status status;

	ASH_TRY(public_template(plan, &public_half));
	ASH_TRY(ash_cli_keyplan_template(plan, CKO_PRIVATE_KEY, &private_half));
	ASH_TRY(cli->api->generate_pair(cli->hsm, session, &mechanism, ash_cli_template(&public_half),
					ash_cli_template(&private_half), &pair[0], &pair[1]));
	if (plan->id.len > 0)
		return ASH_DONE;
	status = ash_cli_keyid_set(cli, session, pair[0], pair[1]);
	if (!ash_is_ok(status)) {
		/* Nobody could find the pair by its id: rather none at all. */
		status = ash_cli_fail(cli, status, "can't give the new key its id");
		ash_ignore(cli->api->destroy_object(cli->hsm, session, pair[1]));
		ash_ignore(cli->api->destroy_object(cli->hsm, session, pair[0]));
	}
	return status;
}

/* Nothing keeps another program from taking the id between that look and our key: look again. */
static ASH_STATUS warn_of_twins(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				const struct ash_cli_keyplan *plan)
{
	size_t count = 0;

	if (!ash_cli_has(cli, ASH_CLI_OPT_ID))
		return ASH_DONE;
	ASH_TRY(ash_cli_keyplan_count_id(cli, session, plan, &count));
	if (count > (plan->keytype->pair ? 2 : 1))
		ash_cli_warn(
			cli,
			"another program gave a key of token \"%s\" the id %s at the same time; programs "
			"would take either: delete one of them",
			ash_cli_escaped(ash_cli_token_label(token)).text, cli->values[ASH_CLI_OPT_ID]);
	return ASH_DONE;
}

static ASH_STATUS print_made(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			     const ash_handle *handles, size_t count)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "keys", ash_cli_key_columns));
	for (size_t i = 0; i < count; i++) {
		struct ash_cli_key key;

		ASH_TRY(ash_cli_key_read(cli, token, session, handles[i], &key));
		ASH_CLI_AUTO_JSON *row = key.row;
		ASH_TRY(ash_cli_list_append(&list, row));
	}
	return ash_cli_print_list(cli, &list, "");
}

static ASH_STATUS key_generate(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_keyplan) plan = ASH_CLI_KEYPLAN_NONE;
	struct ash_cli_token token;
	ash_handle handles[2] = { 0, 0 };
	ash_handle session = 0;
	struct ash_status status;

	ASH_TRY(plan_init(cli, &plan));
	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, true, true, &session));
	ASH_TRY(ash_cli_keyplan_check_id(cli, &token, session, &plan));
	if (plan.keytype->pair)
		status = generate_pair(cli, session, &plan, handles);
	else
		status = generate_secret(cli, session, &plan, &handles[0]);
	if (!ash_is_ok(status))
		return cli->exit != ASH_CLI_DONE
			       ? status
			       : ash_cli_fail(cli, status, "can't generate a key of type %s",
					      plan.keytype->name);
	status = warn_of_twins(cli, &token, session, &plan);
	if (ash_is_ok(status))
		status = print_made(cli, &token, session, handles, plan.keytype->pair ? 2 : 1);
	return ash_is_ok(status) ? status
				 : ash_cli_fail(cli, status, "can't show the key that was generated");
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_TYPE,
	  .name = "type",
	  .value = "TYPE",
	  .text = "what to generate; see below",
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
	  .text = "its CKA_ID; else the SHA-1 of the public key's bits, or random for a secret key" },
	{ .id = ASH_CLI_OPT_USAGE,
	  .name = "usage",
	  .letter = 'u',
	  .value = "USE,USE",
	  .text = "what it may be used for" },
	{ .id = ASH_CLI_OPT_EXTRACTABLE,
	  .name = "extractable",
	  .text = "it may leave the token, wrapped by another key; can't be allowed later" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_key_generate = {
	.name = "key generate",
	.summary = "generate a key or key pair in a token",
	.details = "The key is stored in the token, private and sensitive: its value can't be read.",
	.more = ash_cli_keytype_help,
	.options =
		(const struct ash_cli_option *const[]){ options, ash_cli_token_options, ash_cli_pin_options,
							ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key generate --type ec:p256 --label web", NULL },
			{ "ashlar key generate --type rsa:3072 --label mail --usage sign,decrypt --id 01",
			  NULL },
			{ "ashlar key generate --type aes:256 --label backup --token vault --pin-file pin.txt",
			  NULL },
			{ NULL, NULL },
		},
	.run = key_generate,
};
