/* ashlar mechanisms */
#include "app/cli/find/select.h"
#include "app/cli/print/output.h"
#include "app/cli/use/mech.h"
#include "token/mechanism.h"
#include "util/mem.h"

static const struct ash_cli_column columns[] = {
	{ "name", "Mechanism", 0 },
	{ "short_name", "Short name", 0 },
	{ "number", "Number", ASH_CLI_COLUMN_LONG },
	{ "min_size", "Least", ASH_CLI_COLUMN_RIGHT },
	{ "max_size", "Most", ASH_CLI_COLUMN_RIGHT },
	{ "uses", "Uses", 0 },
	{ NULL, NULL, 0 },
};

static const struct {
	uint64_t flag;
	const char *word;
} uses[] = {
	{ CKF_GENERATE, "generate" },
	{ CKF_GENERATE_KEY_PAIR, "generate pair" },
	{ CKF_SIGN, "sign" },
	{ CKF_VERIFY, "verify" },
	{ CKF_SIGN_RECOVER, "sign-recover" },
	{ CKF_VERIFY_RECOVER, "verify-recover" },
	{ CKF_ENCRYPT, "encrypt" },
	{ CKF_DECRYPT, "decrypt" },
	{ CKF_DIGEST, "digest" },
	{ CKF_WRAP, "wrap" },
	{ CKF_UNWRAP, "unwrap" },
	{ CKF_DERIVE, "derive" },
	{ CKF_ENCAPSULATE, "encapsulate" },
	{ CKF_DECAPSULATE, "decapsulate" },
};

static ASH_STATUS set_uses(json_t *row, uint64_t flags)
{
	json_t *words = json_array();

	ASH_TRY(ash_cli_set(row, "uses", words)); /* the row owns it now */
	for (size_t i = 0; i < ASH_COUNT(uses); i++) {
		if ((flags & uses[i].flag) != 0)
			ASH_ENSURE(json_array_append_new(words, json_string(uses[i].word)) == 0,
				   ASH_E_MEMORY);
	}
	return ASH_DONE;
}

static ASH_STATUS add_mechanism(struct ash_cli *cli, struct ash_cli_list *list, uint64_t slot, uint64_t type)
{
	const struct ash_mechanism_row *known = ash_mechanism_find(type);
	struct ash_mechanism_info info;
	char number[24];
	json_t *row;

	ASH_TRY(cli->api->mechanism_info(cli->hsm, slot, type, &info));
	snprintf(number, sizeof(number), "0x%08llx", (unsigned long long)type);
	ASH_TRY(ash_cli_list_add(list, &row));
	ASH_TRY(ash_cli_set_text(row, "name", ash_span_text(known != NULL ? known->name : number)));
	if (known != NULL && ash_cli_mech_short(known).text[0] != '\0')
		ASH_TRY(ash_cli_set_text(row, "short_name", ash_span_text(ash_cli_mech_short(known).text)));
	ASH_TRY(ash_cli_set_text(row, "number", ash_span_text(number)));
	if (info.max_size != 0) {
		ASH_TRY(ash_cli_set_number(row, "min_size", info.min_size));
		ASH_TRY(ash_cli_set_number(row, "max_size", info.max_size));
	}
	return set_uses(row, info.flags);
}

/* Every slot has the same mechanisms: any will do when none is named, a blank one too. */
static ASH_STATUS any_slot(struct ash_cli *cli, uint64_t *ret_slot)
{
	size_t count = 0;
	uint64_t slot = 0;

	if (ash_cli_has(cli, ASH_CLI_OPT_TOKEN) || ash_cli_has(cli, ASH_CLI_OPT_SERIAL) ||
	    ash_cli_has(cli, ASH_CLI_OPT_SLOT) || ash_cli_has(cli, ASH_CLI_OPT_URI)) {
		struct ash_cli_token token;

		ASH_TRY(ash_cli_token_select(cli, &token));
		*ret_slot = token.slot;
		return ASH_DONE;
	}
	ASH_TRY(cli->api->slots(cli->hsm, true, &slot, 1, &count));
	if (count == 0)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "there is no slot");
	*ret_slot = slot;
	return ASH_DONE;
}

static ASH_STATUS fill(struct ash_cli *cli, uint64_t slot, struct ash_cli_list *list)
{
	ASH_AUTO_MEM uint64_t *types = NULL;
	size_t cap = 0;
	size_t count = 0;

	ASH_TRY(cli->api->mechanisms(cli->hsm, slot, NULL, 0, &cap));
	types = ash_mem_new(cap + 1, sizeof(*types));
	ASH_ENSURE(types != NULL, ASH_E_MEMORY);
	ASH_TRY(cli->api->mechanisms(cli->hsm, slot, types, cap, &count));
	for (size_t i = 0; i < count && i < cap; i++)
		ASH_TRY(add_mechanism(cli, list, slot, types[i]));
	return ASH_DONE;
}

static ASH_STATUS mechanisms(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	struct ash_status status;
	uint64_t slot = 0;

	ASH_TRY(any_slot(cli, &slot));
	ASH_TRY(ash_cli_list_init(&list, "mechanisms", columns));
	status = fill(cli, slot, &list);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't list the mechanisms of slot %llu",
				    (unsigned long long)slot);
	return ash_cli_print_list(cli, &list, "There is no mechanism.");
}

static const struct ash_cli_option list_options[] = {
	{ .id = ASH_CLI_OPT_LONG, .name = "long", .text = "show the numbers too" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_mechanisms = {
	.name = "mechanisms",
	.summary = "list what tokens can do",
	.details =
		"Sizes are in the unit that PKCS#11 gives each mechanism: bits or bytes. --mechanism takes\n"
		"either name.",
	.options = (const struct ash_cli_option *const[]){ list_options, ash_cli_token_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar mechanisms", NULL },
			{ "ashlar mechanisms --json | jq -r '.mechanisms[] | select(.uses | index(\"sign\")).name'",
			  NULL },
			{ NULL, NULL },
		},
	.run = mechanisms,
};
