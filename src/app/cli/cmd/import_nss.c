/* ashlar import nss */
#include <string.h>
#include <unistd.h>

#include "app/cli/cmd/import.h"
#include "app/cli/pin.h"
#include "app/cli/print/text.h"
#include "app/foreign/guest.h"
#include "util/mem.h"

#define TOKENS_MAX 16

/* What the token with the database is called at its end, in FIPS mode too. */
#define TOKEN_NAME "Certificate DB"

#define DEFAULT_MODULE "libsoftokn3.so" /* found as every library is */

static ASH_STATUS refuse_database(struct ash_cli *cli, const char *database, const char *why)
{
	const struct ash_status status =
		ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "can't use the NSS database %s: %s",
			       ash_cli_escaped(ash_span_text(database)).text, why);

	ash_cli_hint(
		cli,
		"a folder with cert9.db and key4.db in it is wanted, as `certutil -d sql:FOLDER` takes it");
	return status;
}

/* NSS would make what is missing, and read quotes as its own. */
static ASH_STATUS check_database(struct ash_cli *cli, const char *database)
{
	static const char *const files[] = { "cert9.db", "key4.db" };
	char path[4096];

	if (strpbrk(database, "'\"\\") != NULL)
		return refuse_database(cli, database, "NSS takes no quotes and backslashes in the name");
	for (size_t i = 0; i < ASH_COUNT(files); i++) {
		if (snprintf(path, sizeof(path), "%s/%s", database, files[i]) >= (int)sizeof(path) ||
		    access(path, R_OK) != 0)
			return refuse_database(cli, database, "it is not there, or may not be read");
	}
	return ASH_DONE;
}

static ASH_STATUS open_module(struct ash_cli *cli, const char *database, struct ash_foreign_guest **ret_guest)
{
	const char *path =
		ash_cli_has(cli, ASH_CLI_OPT_MODULE) ? cli->values[ASH_CLI_OPT_MODULE] : DEFAULT_MODULE;
	const size_t room = strlen(database) + 128;
	ASH_AUTO_MEM char *parameters = ash_mem_new(room, 1);
	struct ash_status status;

	ASH_ENSURE(parameters != NULL, ASH_E_MEMORY);
	snprintf(parameters, room,
		 "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='' flags=readOnly,noModDB", database);
	status = ash_foreign_guest_open(path, parameters, ret_guest);
	if (ash_is_ok(status))
		return status;
	status = ash_cli_import_fail(cli, status, "can't open the NSS database %s by way of %s",
				     ash_cli_escaped(ash_span_text(database)).text,
				     ash_cli_escaped(ash_span_text(path)).text);
	ash_cli_hint(cli, "NSS's own module is wanted (Debian: libnss3); elsewhere: --module PATH");
	return status;
}

static ASH_STATUS find_token(struct ash_cli *cli, struct ash_foreign_guest *guest,
			     struct ash_foreign_token *ret_token)
{
	struct ash_foreign_token tokens[TOKENS_MAX];
	size_t count = 0;
	struct ash_status status = ash_foreign_guest_tokens(guest, tokens, TOKENS_MAX, &count);

	if (!ash_is_ok(status))
		return ash_cli_import_fail(cli, status, "can't list the module's tokens");
	for (size_t i = 0; i < count && i < TOKENS_MAX; i++) {
		const size_t len = strlen(tokens[i].label);

		if (len >= strlen(TOKEN_NAME) &&
		    strcmp(tokens[i].label + len - strlen(TOKEN_NAME), TOKEN_NAME) == 0) {
			*ret_token = tokens[i];
			return ASH_DONE;
		}
	}
	return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "the module has no token called \"" TOKEN_NAME "\"");
}

static ASH_STATUS enter(struct ash_cli *cli, struct ash_foreign_guest *guest, const char *database)
{
	const struct ash_cli_escaped name = ash_cli_escaped(ash_span_text(database));
	ASH_AUTO(ash_secret) *pin = NULL;
	struct ash_foreign_token token = { .slot = 0 };
	char prompt[320];
	struct ash_status status;

	ASH_TRY(find_token(cli, guest, &token));
	snprintf(prompt, sizeof(prompt), "Password of the NSS database %s: ", name.text);
	if (token.login_needed)
		ASH_TRY(ash_cli_secret_get(cli, ASH_CLI_FROM_PIN, prompt, &pin));
	status = ash_foreign_guest_enter(guest, token.slot, token.login_needed, ash_secret_peek(pin));
	return ash_is_ok(status)
		       ? status
		       : ash_cli_import_fail(cli, status, "can't log in to the NSS database %s", name.text);
}

static ASH_STATUS read_all(struct ash_cli *cli, const char *database, struct ash_foreign_objects *objects)
{
	ASH_AUTO(ash_foreign_guest) *guest = NULL;
	struct ash_status status;
	size_t left = 0;

	ASH_TRY(open_module(cli, database, &guest));
	ASH_TRY(enter(cli, guest, database));
	status = ash_foreign_guest_read(guest, objects, &left);
	if (!ash_is_ok(status))
		return ash_cli_import_fail(cli, status, "can't read the NSS database %s",
					   ash_cli_escaped(ash_span_text(database)).text);
	if (left != 0)
		ash_cli_warn(
			cli,
			"objects of NSS's own kinds (which certificates are trusted, say) stay behind: %zu",
			left);
	return ASH_DONE;
}

/* The label of the certificate with the same id; empty where there is none. */
static struct ash_span nickname(const struct ash_foreign_objects *objects, struct ash_span id)
{
	struct ash_span other = ASH_SPAN_NONE, label = ASH_SPAN_NONE;

	for (size_t i = 0; i < objects->count; i++) {
		const struct ash_foreign_object *object = &objects->object[i];

		if (ash_foreign_class(object) == CKO_CERTIFICATE &&
		    ash_attrs_get(object->attrs, CKA_ID, &other) && ash_span_equal(id, other) &&
		    ash_attrs_get(object->attrs, CKA_LABEL, &label))
			return label;
	}
	return ASH_SPAN_NONE;
}

/* Keys have no name of their own in NSS: people know them by their certificate's. */
static ASH_STATUS name_keys(struct ash_foreign_objects *objects)
{
	struct ash_span id = ASH_SPAN_NONE, label = ASH_SPAN_NONE;

	for (size_t i = 0; i < objects->count; i++) {
		struct ash_attrs *attrs = objects->object[i].attrs;

		if (attrs == NULL || !ash_attrs_has(attrs, CKA_KEY_TYPE) ||
		    !ash_attrs_get(attrs, CKA_ID, &id) || id.len == 0 ||
		    (ash_attrs_get(attrs, CKA_LABEL, &label) && label.len != 0))
			continue;
		label = nickname(objects, id);
		if (label.len != 0)
			ASH_TRY(ash_attrs_set(attrs, CKA_LABEL, label));
	}
	return ASH_DONE;
}

static ASH_STATUS import_nss(struct ash_cli *cli)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	const char *database = cli->values[ASH_CLI_OPT_DATABASE];

	ASH_TRY(check_database(cli, database));
	ASH_TRY(read_all(cli, database, &objects));
	ASH_TRY(name_keys(&objects));
	return ash_cli_import_objects(cli, &objects);
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_DATABASE,
	  .name = "database",
	  .value = "FOLDER",
	  .text = "where cert9.db and key4.db are",
	  .required = true },
	{ .id = ASH_CLI_OPT_MODULE,
	  .name = "module",
	  .value = "PATH",
	  .text = "NSS's libsoftokn3.so, where it is not found by itself" },
	{ .id = ASH_CLI_OPT_DRY_RUN,
	  .name = "dry-run",
	  .text = "only list what would come; our own token is not touched" },
	{ .id = ASH_CLI_OPT_LONG,
	  .name = "long",
	  .text = "show also which object it is and what can't be kept" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_import_nss = {
	.name = "import nss",
	.summary = "import keys and certificates of an NSS database",
	.details =
		"The database of Firefox, Thunderbird, certutil and others is read through NSS's own module, opened\n"
		"read-only. Private keys leave it wrapped, where NSS lets them; keys that may not leave it are\n"
		"listed with the reason. What NSS trusts is its own affair and stays behind. Each key is checked by\n"
		"use, and what is there already is not imported again. Keys without a label get their certificate's.\n"
		"The PIN of the other token is the database's password; a database without one asks for none.",
	.options = (const struct ash_cli_option *const[]){ options, ash_cli_from_pin_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar import nss --database ~/.pki/nssdb --dry-run", "look first" },
			{ "ashlar import nss --database ~/.pki/nssdb --token browser", "asks for both PINs" },
			{ NULL, NULL },
		},
	.run = import_nss,
};
