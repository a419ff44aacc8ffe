/* ashlar key generate */
#include <string.h>

#include "app/cli/keyid.h"
#include "app/cli/keys.h"
#include "app/cli/keytype.h"
#include "app/cli/template.h"
#include "app/cli/text.h"

#define LABEL_MAX 255 /* bytes; there is no limit in PKCS#11, but tables are for people */
#define ID_MAX    255

/* What is to be made. */
struct plan {
	const struct ash_cli_keytype *keytype;
	struct ash_span label;
	struct ash_buf id; /* empty: to be chosen */
	unsigned usage;    /* one bit per row of the table of usages */
	bool extractable;
};

static void plan_auto(struct plan *plan)
{
	ash_buf_done(&plan->id);
}

static ASH_STATUS refuse_usage(struct ash_cli *cli, const struct ash_cli_usage *refused,
			       const struct ash_cli_keytype *keytype)
{
	const struct ash_status status =
		ash_cli_refuse(cli, ASH_CLI_USAGE, "no key of type %s can %s", keytype->name, refused->text);
	const struct ash_cli_usage *usage;
	char uses[128] = "";
	size_t len = 0;

	for (size_t i = 0; (usage = ash_cli_usage_at(i)) != NULL && len < sizeof(uses); i++) {
		if (ash_cli_usage_fits(usage, keytype))
			len += (size_t)snprintf(uses + len, sizeof(uses) - len, "%s%s", len > 0 ? "," : "",
						usage->word);
	}
	ash_cli_hint(cli, "its uses: %s", uses);
	return status;
}

static ASH_STATUS plan_usage(struct ash_cli *cli, const char *words, struct plan *plan)
{
	while (*words != '\0') {
		size_t len = strcspn(words, ",");
		const struct ash_cli_usage *usage;
		size_t i = 0;

		while ((usage = ash_cli_usage_at(i)) != NULL &&
		       (strlen(usage->word) != len || memcmp(usage->word, words, len) != 0))
			i++;
		if (usage == NULL)
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "there is no usage \"%s\"",
					      ash_cli_escaped(ash_span(words, len)).text);
		if (!ash_cli_usage_fits(usage, plan->keytype))
			return refuse_usage(cli, usage, plan->keytype);
		plan->usage |= 1u << i;
		words += len + (words[len] == ',');
	}
	if (plan->usage == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--usage names no usage");
	return ASH_DONE;
}

static ASH_STATUS plan_init(struct ash_cli *cli, struct plan *plan)
{
	const char *type = cli->values[ASH_CLI_OPT_TYPE];
	const char *usage = cli->values[ASH_CLI_OPT_USAGE];
	const char *id = cli->values[ASH_CLI_OPT_ID];

	plan->keytype = ash_cli_keytype_find(type);
	if (plan->keytype == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "there is no type \"%s\"",
				      ash_cli_escaped(ash_span_text(type)).text);
	plan->label = ash_span_text(cli->values[ASH_CLI_OPT_LABEL]);
	if (plan->label.len == 0 || plan->label.len > LABEL_MAX)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--label takes 1 to %d bytes", LABEL_MAX);
	if (!ash_cli_is_utf8(plan->label))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--label takes UTF-8 (PKCS#11 has no other text)");
	if (id != NULL &&
	    (!ash_is_ok(ash_cli_unhex(id, &plan->id)) || plan->id.len == 0 || plan->id.len > ID_MAX))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--id takes 1 to %d bytes in hex, like 0a1b2c, not \"%s\"", ID_MAX,
				      ash_cli_escaped(ash_span_text(id)).text);
	plan->extractable = ash_cli_has(cli, ASH_CLI_OPT_EXTRACTABLE);
	return plan_usage(cli, usage != NULL ? usage : plan->keytype->usage, plan);
}

/* Every use that a key of this class can have, yes or no: none is left to a default. */
static ASH_STATUS add_usage(const struct plan *plan, uint64_t class, struct ash_cli_template *made)
{
	static const uint64_t uses[] = { CKA_SIGN, CKA_VERIFY, CKA_ENCRYPT, CKA_DECRYPT,
					 CKA_WRAP, CKA_UNWRAP, CKA_DERIVE };

	for (size_t use = 0; use < ASH_COUNT(uses); use++) {
		const struct ash_cli_usage *usage;
		bool known = false;
		bool may = false;

		for (size_t i = 0; (usage = ash_cli_usage_at(i)) != NULL; i++) {
			if (ash_cli_usage_attribute(usage, class) == uses[use]) {
				known = true;
				may = may || (plan->usage & 1u << i) != 0;
			}
		}
		if (known)
			ASH_TRY(ash_cli_template_bool(made, uses[use], may));
	}
	return ASH_DONE;
}

static ASH_STATUS common_template(const struct plan *plan, uint64_t class, struct ash_cli_template *made)
{
	ASH_TRY(ash_cli_template_bool(made, CKA_TOKEN, true));
	ASH_TRY(ash_cli_template_bool(made, CKA_PRIVATE, class != CKO_PUBLIC_KEY));
	ASH_TRY(ash_cli_template_bytes(made, CKA_LABEL, plan->label));
	if (plan->id.len > 0)
		ASH_TRY(ash_cli_template_bytes(made, CKA_ID, ash_buf_span(&plan->id)));
	if (class != CKO_PUBLIC_KEY) {
		ASH_TRY(ash_cli_template_bool(made, CKA_SENSITIVE, true));
		ASH_TRY(ash_cli_template_bool(made, CKA_EXTRACTABLE, plan->extractable));
	}
	return add_usage(plan, class, made);
}

static ASH_STATUS generate_secret(struct ash_cli *cli, ash_handle session, struct plan *plan,
				  ash_handle *ret_key)
{
	struct ash_mechanism mechanism = { .type = plan->keytype->mechanism };
	struct ash_cli_template made = { .count = 0 };

	if (plan->id.len == 0)
		ASH_TRY(ash_cli_keyid_random(cli, session, &plan->id));
	ASH_TRY(common_template(plan, CKO_SECRET_KEY, &made));
	ASH_TRY(ash_cli_template_number(&made, CKA_VALUE_LEN, plan->keytype->size));
	return cli->api->generate_key(cli->hsm, session, &mechanism, ash_cli_template(&made), ret_key);
}

static ASH_STATUS public_template(const struct plan *plan, struct ash_cli_template *made)
{
	static const uint8_t exponent[] = { 1, 0, 1 }; /* 65537 */
	const struct ash_cli_keytype *keytype = plan->keytype;

	ASH_TRY(common_template(plan, CKO_PUBLIC_KEY, made));
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

static ASH_STATUS generate_pair(struct ash_cli *cli, ash_handle session, struct plan *plan,
				ash_handle pair[2])
{
	struct ash_mechanism mechanism = { .type = plan->keytype->mechanism };
	struct ash_cli_template public_half = { .count = 0 };
	struct ash_cli_template private_half = { .count = 0 };
	struct ash_status status;

	ASH_TRY(public_template(plan, &public_half));
	ASH_TRY(common_template(plan, CKO_PRIVATE_KEY, &private_half));
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

/* How many keys have the id that was given. */
static ASH_STATUS count_with_id(struct ash_cli *cli, ash_handle session, const struct plan *plan,
				size_t *ret_count)
{
	struct ash_cli_template want = { .count = 0 };
	static const uint64_t classes[] = { CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY };
	ash_handle found[4]; /* more than one pair is more than enough */
	size_t all = 0, count = 0;

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		want.count = 0;
		ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, classes[i]));
		ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, ash_buf_span(&plan->id)));
		ASH_TRY(cli->api->find_begin(cli->hsm, session, ash_cli_template(&want)));
		ASH_TRY(cli->api->find_next(cli->hsm, session, found, ASH_COUNT(found), &count));
		ASH_TRY(cli->api->find_end(cli->hsm, session));
		all += count;
	}
	*ret_count = all;
	return ASH_DONE;
}

/* Two keys with one id are legal, and a trap: programs would take either. */
static ASH_STATUS check_id(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			   const struct plan *plan)
{
	size_t count = 0;

	if (plan->id.len == 0)
		return ASH_DONE;
	ASH_TRY(count_with_id(cli, session, plan, &count));
	if (count > 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "token \"%s\" has a key with id %s already",
				      ash_cli_escaped(ash_cli_token_label(token)).text,
				      cli->values[ASH_CLI_OPT_ID]);
	return ASH_DONE;
}

/* Nothing keeps another program from taking the id between that look and our key: look again. */
static ASH_STATUS warn_of_twins(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				const struct plan *plan)
{
	size_t count = 0;

	if (!ash_cli_has(cli, ASH_CLI_OPT_ID))
		return ASH_DONE;
	ASH_TRY(count_with_id(cli, session, plan, &count));
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
	__attribute__((cleanup(plan_auto))) struct plan plan = { .id = ASH_BUF_PLAIN };
	struct ash_cli_token token;
	ash_handle handles[2] = { 0, 0 };
	ash_handle session = 0;
	struct ash_status status;

	ASH_TRY(plan_init(cli, &plan));
	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, true, true, &session));
	ASH_TRY(check_id(cli, &token, session, &plan));
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
	  .text = "its CKA_ID; else the key identifier of RFC 7093, method 1, or random for a secret key" },
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
