/* ashlar import softhsm */
#include <string.h>

#include "app/cli/cmd/import.h"
#include "app/cli/pin.h"
#include "app/cli/print/text.h"
#include "app/foreign/guest.h"
#include "app/foreign/softhsm.h"
#include "app/foreign/softhsm_conf.h"
#include "util/mem.h"

#define TOKENS_MAX 256 /* of a module */

#define DEFAULT_MODULE "/usr/lib/softhsm/libsofthsm2.so"

struct source {
	struct ash_cli *cli;
	struct ash_softhsm_conf conf;
	const char *place; /* the folder of tokens, or the module */
	struct ash_softhsm_tokens tokens;
	struct ash_foreign_guest *guest; /* NULL: its files are read */
	struct ash_foreign_objects objects;
};

static void source_auto(struct source *source)
{
	ash_foreign_guest_close(source->guest);
	ash_softhsm_conf_done(&source->conf);
	ash_softhsm_tokens_done(&source->tokens);
	ash_foreign_objects_done(&source->objects);
}

/* ---- Which token ---- */

/* What tokens are told apart by, wherever they were found. */
struct candidate {
	const char *label;
	uint64_t slot;
};

static void list_candidates(struct ash_cli *cli, const struct candidate *candidates, size_t count)
{
	for (size_t i = 0; i < count; i++)
		ash_cli_hint(cli, "there is: \"%s\", slot %llu",
			     ash_cli_escaped(ash_span_text(candidates[i].label)).text,
			     (unsigned long long)candidates[i].slot);
}

static ASH_STATUS choose(struct source *source, const struct candidate *candidates, size_t count,
			 size_t *ret_index)
{
	struct ash_cli *cli = source->cli;
	const char *label = cli->values[ASH_CLI_OPT_FROM_TOKEN];
	const bool by_slot = ash_cli_has(cli, ASH_CLI_OPT_FROM_SLOT);
	unsigned long long slot = 0;
	struct ash_status status;
	size_t found = 0;

	if (by_slot)
		ASH_TRY(ash_cli_options_number(cli, ASH_CLI_OPT_FROM_SLOT, "from-slot", UINT32_MAX, &slot));
	for (size_t i = 0; i < count; i++) {
		if ((label != NULL && strcmp(label, candidates[i].label) != 0) ||
		    (by_slot && slot != candidates[i].slot))
			continue;
		*ret_index = i;
		found++;
	}
	if (found == 1)
		return ASH_DONE;
	if (found == 0)
		status = ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "%s has no such token",
					ash_cli_escaped(ash_span_text(source->place)).text);
	else
		status = ash_cli_refuse(cli, ASH_CLI_AMBIGUOUS,
					"several tokens match: say which by --from-token or --from-slot");
	list_candidates(cli, candidates, count);
	return status;
}

static ASH_STATUS get_pin(struct source *source, const char *label, struct ash_secret **ret_pin)
{
	char prompt[320];

	snprintf(prompt, sizeof(prompt),
		 "User PIN of SoftHSM's token \"%s\": ", ash_cli_escaped(ash_span_text(label)).text);
	return ash_cli_secret_get(source->cli, ASH_CLI_FROM_PIN, prompt, ret_pin);
}

static ASH_STATUS tell_unread(struct source *source, struct ash_status status, const char *what,
			      const char *label)
{
	return ash_cli_import_fail(source->cli, status, "can't %s SoftHSM's token \"%s\"", what,
				   ash_cli_escaped(ash_span_text(label)).text);
}

/* ---- Its files ---- */

static void hint_owner(struct ash_cli *cli)
{
	ash_cli_hint(cli, "only who owns the folder may, often the user or the group softhsm");
}

/* The one that is meant may be among them: the only one that can be read is not taken for it. */
static ASH_STATUS warn_unread(struct source *source)
{
	struct ash_cli *cli = source->cli;
	struct ash_status status;

	if (source->tokens.unread == 0)
		return ASH_DONE;
	ash_cli_warn(cli, "%zu token%s of %s can't be read, among them %s: damaged, or somebody else's",
		     source->tokens.unread, source->tokens.unread == 1 ? "" : "s",
		     ash_cli_escaped(ash_span_text(source->place)).text,
		     ash_cli_escaped(ash_span_text(source->tokens.unread_name)).text);
	if (source->tokens.count == 0) {
		status = ash_cli_refuse(cli, ASH_CLI_FAILED, "can't read any of SoftHSM's tokens");
		hint_owner(cli);
		return status;
	}
	if (ash_cli_has(cli, ASH_CLI_OPT_FROM_TOKEN) || ash_cli_has(cli, ASH_CLI_OPT_FROM_SLOT))
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_AMBIGUOUS, "say which token by --from-token or --from-slot");
}

static ASH_STATUS find_file_token(struct source *source, const struct ash_softhsm_token **ret_token)
{
	ASH_AUTO_MEM struct candidate *candidates = NULL;
	struct ash_status status = ash_softhsm_tokens_read(source->place, &source->tokens);
	size_t index = 0;

	if (!ash_is_ok(status)) {
		status = ash_cli_import_fail(source->cli, status, "can't read SoftHSM's tokens");
		hint_owner(source->cli);
		return status;
	}
	candidates = ash_mem_new(source->tokens.count + 1, sizeof(*candidates));
	ASH_ENSURE(candidates != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < source->tokens.count; i++)
		candidates[i] =
			(struct candidate){ source->tokens.token[i].label, source->tokens.token[i].slot };
	ASH_TRY(warn_unread(source));
	ASH_TRY(choose(source, candidates, source->tokens.count, &index));
	*ret_token = &source->tokens.token[index];
	return ASH_DONE;
}

static ASH_STATUS read_files(struct source *source)
{
	const struct ash_softhsm_token *token = NULL;
	ASH_AUTO(ash_secret) *pin = NULL;
	ASH_AUTO(ash_secret) *key = NULL;
	struct ash_status status;

	ASH_TRY(find_file_token(source, &token));
	ASH_TRY(get_pin(source, token->label, &pin));
	status = ash_softhsm_unlock(token, ash_secret_peek(pin), &key);
	if (!ash_is_ok(status))
		return tell_unread(source, status, "open", token->label);
	status = ash_softhsm_objects_read(token, ash_secret_peek(key), &source->objects);
	return ash_is_ok(status) ? status : tell_unread(source, status, "read", token->label);
}

/* ---- Its module, for a database ---- */

static ASH_STATUS find_module_token(struct source *source, struct ash_foreign_token *ret_token)
{
	ASH_AUTO_MEM struct ash_foreign_token *tokens = ash_mem_new(TOKENS_MAX, sizeof(*tokens));
	struct candidate candidates[TOKENS_MAX];
	size_t count = 0, index = 0;
	struct ash_status status;

	ASH_ENSURE(tokens != NULL, ASH_E_MEMORY);
	status = ash_foreign_guest_tokens(source->guest, tokens, TOKENS_MAX, &count);
	if (!ash_is_ok(status))
		return ash_cli_import_fail(source->cli, status, "can't list SoftHSM's tokens");
	if (count > TOKENS_MAX)
		count = TOKENS_MAX;
	for (size_t i = 0; i < count; i++)
		candidates[i] = (struct candidate){ tokens[i].label, tokens[i].slot };
	ASH_TRY(choose(source, candidates, count, &index));
	*ret_token = tokens[index];
	return ASH_DONE;
}

static ASH_STATUS read_module(struct source *source)
{
	ASH_AUTO(ash_secret) *pin = NULL;
	struct ash_foreign_token token = { .slot = 0 };
	struct ash_status status = ash_foreign_guest_open(source->place, NULL, &source->guest);
	size_t left = 0;

	if (!ash_is_ok(status))
		return ash_cli_import_fail(source->cli, status, "can't load SoftHSM's module %s",
					   ash_cli_escaped(ash_span_text(source->place)).text);
	ASH_TRY(find_module_token(source, &token));
	ASH_TRY(get_pin(source, token.label, &pin));
	status = ash_foreign_guest_enter(source->guest, token.slot, true, ash_secret_peek(pin));
	if (!ash_is_ok(status))
		return tell_unread(source, status, "open", token.label);
	status = ash_foreign_guest_read(source->guest, &source->objects, &left);
	if (!ash_is_ok(status))
		return tell_unread(source, status, "read", token.label);
	if (left != 0)
		ash_cli_warn(source->cli, "objects of the module's own kinds stay behind: %zu", left);
	return ASH_DONE;
}

/* ---- Which way ---- */

/* Files, where there are some: they give everything. */
static ASH_STATUS choose_way(struct source *source, bool *ret_by_module)
{
	struct ash_cli *cli = source->cli;
	struct ash_status status;

	*ret_by_module = ash_cli_has(cli, ASH_CLI_OPT_MODULE);
	if (*ret_by_module && ash_cli_has(cli, ASH_CLI_OPT_TOKENDIR))
		return ash_cli_refuse(
			cli, ASH_CLI_USAGE,
			"--tokendir is for files, and --module reads where its own configuration says");
	source->place = *ret_by_module ? cli->values[ASH_CLI_OPT_MODULE] : cli->values[ASH_CLI_OPT_TOKENDIR];
	if (source->place != NULL)
		return ASH_DONE;
	status = ash_softhsm_conf_read(&source->conf);
	if (!ash_is_ok(status)) {
		status = ash_cli_import_fail(cli, status, "can't find SoftHSM's tokens");
		ash_cli_hint(cli, "say where they are: --tokendir FOLDER, often /var/lib/softhsm/tokens");
		return status;
	}
	*ret_by_module = source->conf.database;
	source->place = source->conf.database ? DEFAULT_MODULE : source->conf.tokendir;
	return ASH_DONE;
}

static ASH_STATUS import_softhsm(struct ash_cli *cli)
{
	__attribute__((cleanup(source_auto))) struct source source = { .cli = cli,
								       .tokens = ASH_SOFTHSM_TOKENS_NONE,
								       .objects = ASH_FOREIGN_OBJECTS_NONE };
	bool by_module = false;

	ASH_TRY(choose_way(&source, &by_module));
	ASH_TRY(by_module ? read_module(&source) : read_files(&source));
	return ash_cli_import_objects(cli, &source.objects);
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_FROM_TOKEN,
	  .name = "from-token",
	  .value = "LABEL",
	  .text = "SoftHSM's token with this label; not needed while it has only one" },
	{ .id = ASH_CLI_OPT_FROM_SLOT,
	  .name = "from-slot",
	  .value = "ID",
	  .text = "the token in this slot, as `softhsm2-util --show-slots` says" },
	{ .id = ASH_CLI_OPT_TOKENDIR,
	  .name = "tokendir",
	  .value = "FOLDER",
	  .text = "where the tokens are; else as SOFTHSM2_CONF or softhsm2.conf says" },
	{ .id = ASH_CLI_OPT_MODULE,
	  .name = "module",
	  .value = "PATH",
	  .text = "read through SoftHSM's module, as is done for objectstore.backend = db: keys that are "
		  "not extractable stay behind" },
	{ .id = ASH_CLI_OPT_DRY_RUN,
	  .name = "dry-run",
	  .text = "only list what would come; our own token is not touched" },
	{ .id = ASH_CLI_OPT_LONG, .name = "long", .text = "show also where it lies and what can't be kept" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_import_softhsm = {
	.name = "import softhsm",
	.summary = "import a whole token of SoftHSM",
	.details =
		"Keys, certificates and data come over with their labels, ids and uses, also keys that are not\n"
		"extractable: they are read from SoftHSM's files with its user PIN. Nothing is written there, no\n"
		"wrong PIN is counted, and SoftHSM need not be installed. Each key is then checked by use:\n"
		"what it signs has to fit the public key that SoftHSM has. What is there already is not imported\n"
		"again, so a command that was stopped can be given once more.\n"
		"By PKCS#11's rules a key that was not made here is not CKA_LOCAL, nor CKA_ALWAYS_SENSITIVE, nor\n"
		"CKA_NEVER_EXTRACTABLE, whatever it was there.",
	.options = (const struct ash_cli_option *const[]){ options, ash_cli_from_pin_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar import softhsm --from-token ca --dry-run", "look first" },
			{ "ashlar import softhsm --from-token ca --token ca", "asks for both PINs" },
			{ "ashlar import softhsm --tokendir /mnt/old/tokens --from-pin-file old.txt --pin-file pin.txt --json",
			  NULL },
			{ NULL, NULL },
		},
	.run = import_softhsm,
};
