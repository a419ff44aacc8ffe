/*
 * Options: each command lists its own in tables, from which the parser and the help
 * are made. Options that several commands have stand here once, as a group.
 */
#pragma once

#include "util/status.h"

struct ash_cli;

/* Where an option's value lands in struct ash_cli. */
enum ash_cli_opt {
	ASH_CLI_OPT_HELP,
	ASH_CLI_OPT_JSON,
	ASH_CLI_OPT_LONG,
	ASH_CLI_OPT_ALL,
	ASH_CLI_OPT_YES,
	ASH_CLI_OPT_FORCE,
	ASH_CLI_OPT_TOKEN,
	ASH_CLI_OPT_SERIAL,
	ASH_CLI_OPT_SLOT,
	ASH_CLI_OPT_URI,
	ASH_CLI_OPT_LABEL,
	ASH_CLI_OPT_LABEL_PREFIX,
	ASH_CLI_OPT_ID,
	ASH_CLI_OPT_UNIQUE_ID,
	ASH_CLI_OPT_CLASS,
	ASH_CLI_OPT_TYPE,
	ASH_CLI_OPT_USAGE,
	ASH_CLI_OPT_EXTRACTABLE,
	ASH_CLI_OPT_PUBLIC,
	ASH_CLI_OPT_NEW_LABEL,
	ASH_CLI_OPT_NEW_ID,
	ASH_CLI_OPT_START_DATE,
	ASH_CLI_OPT_END_DATE,
	ASH_CLI_OPT_SENSITIVE,
	ASH_CLI_OPT_NO_EXTRACTABLE,
	ASH_CLI_OPT_WRAP_WITH_TRUSTED,
	ASH_CLI_OPT_NO_COPYABLE,
	ASH_CLI_OPT_NO_MODIFIABLE,
	ASH_CLI_OPT_NO_DESTROYABLE,
	ASH_CLI_OPT_SO,
	ASH_CLI_OPT_NO_USER_PIN,
	ASH_CLI_OPT_SYSTEM,
	ASH_CLI_OPT_DRY_RUN,
	ASH_CLI_OPT_VECTORS,
	ASH_CLI_OPT_MODULE,
	ASH_CLI_OPT_COUNTS,
	ASH_CLI_OPT_BUDGET,
	ASH_CLI_OPT_THREADS,
	ASH_CLI_OPT_PAIRS,
	ASH_CLI_OPT_FOLDER,
	ASH_CLI_OPT_OUTPUT,
	ASH_CLI_OPT_SVG,
	ASH_CLI_OPT_RESULTS,
	/* What keys are used with, and on (use/). */
	ASH_CLI_OPT_WITH,
	ASH_CLI_OPT_PEER,
	ASH_CLI_OPT_SIGNATURE,
	ASH_CLI_OPT_FORMAT,
	ASH_CLI_OPT_MECHANISM,
	ASH_CLI_OPT_HASH,
	ASH_CLI_OPT_MGF_HASH,
	ASH_CLI_OPT_SALT_LENGTH,
	ASH_CLI_OPT_OAEP_LABEL,
	ASH_CLI_OPT_IV,
	ASH_CLI_OPT_AAD,
	ASH_CLI_OPT_TAG_LENGTH,
	ASH_CLI_OPT_COUNTER_BITS,
	ASH_CLI_OPT_CONTEXT,
	ASH_CLI_OPT_PREHASH,
	ASH_CLI_OPT_DETERMINISTIC,
	ASH_CLI_OPT_KDF,
	ASH_CLI_OPT_SHARED_INFO,
	ASH_CLI_OPT_SALT,
	ASH_CLI_OPT_INFO,
	ASH_CLI_OPT_HEX,
	ASH_CLI_OPT_BASE64,
	ASH_CLI_OPT_RAW,
	ASH_CLI_OPT_FROM_TOKEN,
	ASH_CLI_OPT_FROM_SLOT,
	ASH_CLI_OPT_TOKENDIR,
	ASH_CLI_OPT_DATABASE,
	/* What certificates are to say, and how they go out (cert/). */
	ASH_CLI_OPT_SUBJECT,
	ASH_CLI_OPT_SAN,
	ASH_CLI_OPT_PROFILE,
	ASH_CLI_OPT_KEY_USAGE,
	ASH_CLI_OPT_EXT_KEY_USAGE,
	ASH_CLI_OPT_CA,
	ASH_CLI_OPT_PATH_LENGTH,
	ASH_CLI_OPT_PSS,
	ASH_CLI_OPT_DAYS,
	ASH_CLI_OPT_CERT_SERIAL,
	ASH_CLI_OPT_NO_IMPORT,
	ASH_CLI_OPT_CHAIN,
	ASH_CLI_OPT_DER,
	/* A PIN's sources: in this order for each user (pin.c). */
	ASH_CLI_OPT_PIN,
	ASH_CLI_OPT_PIN_FILE,
	ASH_CLI_OPT_PIN_FD,
	ASH_CLI_OPT_PIN_ENV,
	ASH_CLI_OPT_SO_PIN,
	ASH_CLI_OPT_SO_PIN_FILE,
	ASH_CLI_OPT_SO_PIN_FD,
	ASH_CLI_OPT_SO_PIN_ENV,
	ASH_CLI_OPT_NEW_PIN,
	ASH_CLI_OPT_NEW_PIN_FILE,
	ASH_CLI_OPT_NEW_PIN_FD,
	ASH_CLI_OPT_NEW_PIN_ENV,
	ASH_CLI_OPT_PASSPHRASE,
	ASH_CLI_OPT_PASSPHRASE_FILE,
	ASH_CLI_OPT_PASSPHRASE_FD,
	ASH_CLI_OPT_PASSPHRASE_ENV,
	ASH_CLI_OPT_FROM_PIN,
	ASH_CLI_OPT_FROM_PIN_FILE,
	ASH_CLI_OPT_FROM_PIN_FD,
	ASH_CLI_OPT_FROM_PIN_ENV,
	ASH_CLI_OPTS
};

struct ash_cli_option {
	enum ash_cli_opt id;
	const char *name;  /* without dashes; NULL ends a table */
	char letter;       /* 0: none */
	const char *value; /* what its value is called in the help; NULL for a switch */
	const char *text;  /* what it does; NULL: not in the help */
	bool required;
	const char *refused; /* giving it is a mistake: a secret, whose other options begin so; else NULL */
};

extern const struct ash_cli_option ash_cli_common_options[];     /* --json, --help */
extern const struct ash_cli_option ash_cli_token_options[];      /* which token */
extern const struct ash_cli_option ash_cli_pin_options[];        /* where the user PIN comes from */
extern const struct ash_cli_option ash_cli_so_pin_options[];     /* where the SO PIN comes from */
extern const struct ash_cli_option ash_cli_new_pin_options[];    /* where a new PIN comes from */
extern const struct ash_cli_option ash_cli_passphrase_options[]; /* where a file's passphrase comes from */
extern const struct ash_cli_option ash_cli_from_pin_options[];   /* where another token's PIN comes from */

/*
 * Reads the options of cli->command into cli->values, and moves the words between them
 * together in argv. argv[0] is not looked at. With --help nothing is required. A mistake is
 * told and is ASH_CLI_USAGE.
 */
ASH_STATUS ash_cli_options_parse(struct ash_cli *cli, int argc, char **argv);

/* A decimal number in an option's value; a mistake is told. */
ASH_STATUS ash_cli_options_number(struct ash_cli *cli, enum ash_cli_opt option, const char *name,
				  unsigned long long max, unsigned long long *ret_number);
