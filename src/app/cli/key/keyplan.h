/*
 * What keys are to be, as the options of commands that make them say it: label, id,
 * usages; and the templates that come of it.
 */
#pragma once

#include "app/cli/find/select.h"
#include "app/cli/find/template.h"
#include "app/cli/key/keytype.h"

#define ASH_CLI_LABEL_MAX 255u /* bytes; there is no limit in PKCS#11, but tables are for people */

struct ash_cli_keyplan {
	const struct ash_cli_keytype *keytype;
	struct ash_span label;
	struct ash_buf id; /* empty: to be chosen */
	unsigned usage;    /* one bit per row of the table of usages */
	bool extractable;
};

#define ASH_CLI_KEYPLAN_NONE ((struct ash_cli_keyplan){ .id = ASH_BUF_PLAIN })

/* Whether the text will do as a label; `option` names it. A refusal is told, as by all of these. */
ASH_STATUS ash_cli_keyplan_check_label(struct ash_cli *cli, const char *option, struct ash_span label);

/* Reads --id. */
ASH_STATUS ash_cli_keyplan_read_id(struct ash_cli *cli, struct ash_cli_keyplan *plan);

/* Reads a list of usages, which have to fit the plan's key type. */
ASH_STATUS ash_cli_keyplan_read_usage(struct ash_cli *cli, const char *words, struct ash_cli_keyplan *plan);

/* What the plan's usages mean for a class, every one yes or no: appended. */
ASH_STATUS ash_cli_keyplan_usage(const struct ash_cli_keyplan *plan, uint64_t class,
				 struct ash_cli_template *made);

/* What the objects of a key have in common, whatever its type: appended, lent from the plan. */
ASH_STATUS ash_cli_keyplan_template(const struct ash_cli_keyplan *plan, uint64_t class,
				    struct ash_cli_template *made);

/* How many keys have the plan's id; nothing is told. */
ASH_STATUS ash_cli_keyplan_count_id(struct ash_cli *cli, ash_handle session,
				    const struct ash_cli_keyplan *plan, size_t *ret_count);

/* Refuses an id that the token has already. */
ASH_STATUS ash_cli_keyplan_check_id(struct ash_cli *cli, const struct ash_cli_token *token,
				    ash_handle session, const struct ash_cli_keyplan *plan);

void ash_cli_keyplan_done(struct ash_cli_keyplan *plan);

static inline void ash_cli_keyplan_auto(struct ash_cli_keyplan *plan)
{
	ash_cli_keyplan_done(plan);
}
