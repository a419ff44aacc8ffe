/*
 * `ashlar key import --type`: secret keys, whose files hold nothing but their bytes.
 */
#pragma once

#include "app/cli/key/keyplan.h"

struct ash_cli_secret_import {
	struct ash_cli *cli;
	ash_handle session;
	struct ash_cli_keyplan plan; /* its key type is a row of that family */
	const char *prefix;          /* of the labels, or NULL */
	bool exact;                  /* the type says how long they are */
	bool raw;                    /* the file holds the bytes themselves, else hex text */
};

/* Reads --type and --raw and what goes with them. Failures are told, as by the next. */
ASH_STATUS ash_cli_secret_import_plan(struct ash_cli_secret_import *import);

/* Imports the key in the file; `number` is the label's, when there is a prefix. */
ASH_STATUS ash_cli_secret_import_file(const struct ash_cli_secret_import *import, const char *path,
				      uint64_t number);
