#include "app/cli/key/keyplan.h"

#include <string.h>

#include "app/cli/print/text.h"
#include "util/utf8.h"

#define ID_MAX 255

void ash_cli_keyplan_done(struct ash_cli_keyplan *plan)
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

ASH_STATUS ash_cli_keyplan_read_usage(struct ash_cli *cli, const char *words, struct ash_cli_keyplan *plan)
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

ASH_STATUS ash_cli_keyplan_check_label(struct ash_cli *cli, const char *option, struct ash_span label)
{
	if (label.len == 0 || label.len > ASH_CLI_LABEL_MAX)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes 1 to %u bytes", option,
				      ASH_CLI_LABEL_MAX);
	if (!ash_utf8_valid(label))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s takes UTF-8 (PKCS#11 has no other text)",
				      option);
	return ASH_DONE;
}

ASH_STATUS ash_cli_keyplan_read_id(struct ash_cli *cli, struct ash_cli_keyplan *plan)
{
	const char *id = cli->values[ASH_CLI_OPT_ID];

	if (id != NULL &&
	    (!ash_is_ok(ash_cli_unhex(id, &plan->id)) || plan->id.len == 0 || plan->id.len > ID_MAX))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--id takes 1 to %d bytes in hex, like 0a1b2c, not \"%s\"", ID_MAX,
				      ash_cli_escaped(ash_span_text(id)).text);
	return ASH_DONE;
}

/* Every use that a key of this class can have, yes or no: none is left to a default. */
static ASH_STATUS add_usage(const struct ash_cli_keyplan *plan, uint64_t class, struct ash_cli_template *made)
{
	static const uint64_t uses[] = { CKA_SIGN,   CKA_VERIFY, CKA_ENCRYPT,     CKA_DECRYPT,    CKA_WRAP,
					 CKA_UNWRAP, CKA_DERIVE, CKA_ENCAPSULATE, CKA_DECAPSULATE };

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

ASH_STATUS ash_cli_keyplan_usage(const struct ash_cli_keyplan *plan, uint64_t class,
				 struct ash_cli_template *made)
{
	return add_usage(plan, class, made);
}

ASH_STATUS ash_cli_keyplan_template(const struct ash_cli_keyplan *plan, uint64_t class,
				    struct ash_cli_template *made)
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

/* How many keys have the id that was given. */
ASH_STATUS ash_cli_keyplan_count_id(struct ash_cli *cli, ash_handle session,
				    const struct ash_cli_keyplan *plan, size_t *ret_count)
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
ASH_STATUS ash_cli_keyplan_check_id(struct ash_cli *cli, const struct ash_cli_token *token,
				    ash_handle session, const struct ash_cli_keyplan *plan)
{
	size_t count = 0;

	if (plan->id.len == 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_keyplan_count_id(cli, session, plan, &count));
	if (count > 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "token \"%s\" has a key with id %s already",
				      ash_cli_escaped(ash_cli_token_label(token)).text,
				      cli->values[ASH_CLI_OPT_ID]);
	return ASH_DONE;
}
