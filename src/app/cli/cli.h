/*
 * The command line: what all commands share.
 *
 * A command is a row (struct ash_cli_command): name, options, help and the function
 * that does it. It gets a struct ash_cli, talks to the HSM through the api table in
 * it and to nothing below, and tells the operator of a failure at once with
 * ash_cli_fail() or ash_cli_refuse(), which also decide the exit code. The status
 * that they return goes up through ASH_TRY.
 *
 * One thread.
 */
#pragma once

#include <stdio.h>

#include "api/api.h"
#include "app/cli/find/uri.h"
#include "app/cli/options.h"
#include "util/compat.h"

struct ash_config;

/* Exit codes: part of the interface (README.md, `ashlar help`). */
enum ash_cli_exit {
#define ASH_CLI_EXIT(id, code, text) ASH_CLI_##id = (code),
#include "app/cli/exit_codes.h"
#undef ASH_CLI_EXIT
};

struct ash_cli_example {
	const char *line;
	const char *what;
};

struct ash_cli_command {
	const char *name;                            /* "key generate" */
	const char *summary;                         /* one line, no full stop */
	const char *details;                         /* a paragraph, or NULL */
	void (*more)(FILE *out);                     /* adds to the help what a table knows, or NULL */
	const struct ash_cli_option *const *options; /* groups, NULL-terminated */
	const char *words;                      /* its words in the help ("FILE..."); NULL: it takes none */
	int words_min, words_max;               /* how many there have to be and may be */
	const struct ash_cli_example *examples; /* ends with a NULL line; or NULL */
	struct ash_status (*run)(struct ash_cli *cli);
	bool takes_object; /* picks objects: a URI may name one, also as the first word */
	bool alone;        /* needs no HSM: works with a broken configuration too */
};

struct ash_cli {
	/* Given by main, or by a test. */
	FILE *out, *err;
	struct ash_status (*open)(struct ash_cli *cli);           /* sets the three below */
	struct ash_status (*open_in_memory)(struct ash_cli *cli); /* the same, with no tokens and no store */
	void (*close)(struct ash_cli *cli);                       /* ends what they opened; or NULL */
	/* The root key's file if it lies there without its store, else NULL; may be NULL itself. */
	const char *(*orphaned_key)(struct ash_cli *cli);
	const struct ash_api *api;
	struct ash_hsm *hsm;
	const struct ash_config *config; /* NULL in tests */
	bool color;                      /* for `out` */

	/* Set while it runs. */
	const struct ash_cli_command *command;
	const char *values[ASH_CLI_OPTS]; /* NULL: not given; "" for a switch */
	char **words;                     /* what is no option: as many as the command takes */
	int word_count;
	struct ash_cli_uri
		uri; /* what --uri names (find/named.h); also in `values`, where an option says it */
	struct ash_buf uri_id;  /* its id, in hex */
	enum ash_cli_exit exit; /* of the first failure that was told */
	bool input_taken;       /* standard input is read by somebody already */
};

/* All commands, in the order of the overview; NULL past the last. */
const struct ash_cli_command *ash_cli_command_at(size_t index);

/* Finds and runs the command that argv names. Closes nothing. Returns the exit code. */
enum ash_cli_exit ash_cli_run(struct ash_cli *cli, int argc, char **argv);

static inline bool ash_cli_has(const struct ash_cli *cli, enum ash_cli_opt option)
{
	return cli->values[option] != NULL;
}

/*
 * Tells the operator: "ashlar: WHAT: why", with the explanation and a hint when there
 * are any. WHAT begins with "can't". Returns `status`, the thread's latest failure.
 */
ASH_STATUS ash_cli_fail(struct ash_cli *cli, struct ash_status status, const char *format, ...)
	ASH_PRINTF(3, 4);

/* The same for what the CLI itself refuses: the message is the whole sentence. */
ASH_STATUS ash_cli_refuse(struct ash_cli *cli, enum ash_cli_exit code, const char *format, ...)
	ASH_PRINTF(3, 4);

/* A further line after a failure: what to try. */
void ash_cli_hint(struct ash_cli *cli, const char *format, ...) ASH_PRINTF(2, 3);

/* "ashlar: warning: …" */
void ash_cli_warn(struct ash_cli *cli, const char *format, ...) ASH_PRINTF(2, 3);

/* The exit code for a failure of the HSM. */
enum ash_cli_exit ash_cli_exit_code(enum ash_code code);

/* Help from the tables. `prefix` NULL: all commands; else those of a group, like "key". */
void ash_cli_help_overview(FILE *out, const char *prefix);
void ash_cli_help_command(FILE *out, const struct ash_cli_command *command);

/* One line: "ashlar key list [OPTION]...". */
void ash_cli_help_usage(FILE *out, const struct ash_cli_command *command);

/* The commands, one file each. */
extern const struct ash_cli_command ash_cli_cmd_init, ash_cli_cmd_token_list, ash_cli_cmd_token_show,
	ash_cli_cmd_token_delete, ash_cli_cmd_key_generate, ash_cli_cmd_key_import, ash_cli_cmd_key_list,
	ash_cli_cmd_key_show, ash_cli_cmd_key_delete, ash_cli_cmd_mechanisms, ash_cli_cmd_selftest,
	ash_cli_cmd_bench_scale, ash_cli_cmd_bench_create, ash_cli_cmd_bench_chart, ash_cli_cmd_info,
	ash_cli_cmd_version, ash_cli_cmd_key_set, ash_cli_cmd_key_copy, ash_cli_cmd_key_export,
	ash_cli_cmd_object_list, ash_cli_cmd_object_show, ash_cli_cmd_object_delete, ash_cli_cmd_pin_set,
	ash_cli_cmd_pin_reset, ash_cli_cmd_pin_unlock, ash_cli_cmd_store_check, ash_cli_cmd_store_compact,
	ash_cli_cmd_store_backup;
extern const struct ash_cli_command ash_cli_cmd_sign, ash_cli_cmd_verify, ash_cli_cmd_encrypt,
	ash_cli_cmd_decrypt, ash_cli_cmd_wrap, ash_cli_cmd_unwrap, ash_cli_cmd_derive,
	ash_cli_cmd_encapsulate, ash_cli_cmd_decapsulate, ash_cli_cmd_hash, ash_cli_cmd_random;
extern const struct ash_cli_command ash_cli_cmd_import_softhsm, ash_cli_cmd_import_nss;
extern const struct ash_cli_command ash_cli_cmd_cert_import, ash_cli_cmd_cert_list, ash_cli_cmd_cert_export,
	ash_cli_cmd_cert_request, ash_cli_cmd_cert_self_sign;
extern const struct ash_cli_command ash_cli_cmd_manual, ash_cli_cmd_complete, ash_cli_cmd_doctor;
