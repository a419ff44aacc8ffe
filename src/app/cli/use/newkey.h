/*
 * Keys that commands make from others: unwrapped, derived, agreed on. What they are to be
 * stands in the options, as with `ashlar key generate`. Failures are told.
 */
#pragma once

#include "app/cli/key/keyplan.h"
#include "app/cli/use/key.h"

struct ash_cli_newkey {
	struct ash_cli_keyplan plan;
	uint64_t class; /* CKO_SECRET_KEY or CKO_PRIVATE_KEY */
	bool exact;     /* --type names a size or a curve, not a family alone */
	bool quiet;     /* standard output is taken: nothing is printed of the new key */
};

#define ASH_CLI_NEWKEY_NONE ((struct ash_cli_newkey){ .plan = ASH_CLI_KEYPLAN_NONE })

/* --type, --label, --id, --usage, --extractable */
extern const struct ash_cli_option ash_cli_newkey_options[];

/* Reads them. `classes` (ASH_CLI_SECRET, ASH_CLI_PRIVATE) is what the command can make. */
ASH_STATUS ash_cli_newkey_read(struct ash_cli *cli, unsigned classes, struct ash_cli_newkey *newkey);

/* Refuses an id that is taken; chooses one for a secret key that was given none. */
ASH_STATUS ash_cli_newkey_prepare(struct ash_cli_use *use, struct ash_cli_newkey *newkey);

/* What the key is to be: appended, lent from `newkey`. */
ASH_STATUS ash_cli_newkey_template(const struct ash_cli_newkey *newkey, struct ash_cli_template *made);

/*
 * Makes the public half of a private key, and the pair's id if it has none, takes back what is
 * not of the type that was asked for, and prints what there is.
 */
ASH_STATUS ash_cli_newkey_finish(struct ash_cli_use *use, const struct ash_cli_newkey *newkey,
				 ash_handle handle);

/* Further lines after the token refused to make it. */
void ash_cli_newkey_hint(struct ash_cli *cli, enum ash_code code);

void ash_cli_newkey_done(struct ash_cli_newkey *newkey);

static inline void ash_cli_newkey_auto(struct ash_cli_newkey *newkey)
{
	ash_cli_newkey_done(newkey);
}

/* The types of secret keys, and the uses, for the help. */
void ash_cli_newkey_help(FILE *out);
