#include "app/cli/cmd/import.h"

#include <stdarg.h>
#include <stdio.h>

#include "app/cli/find/keys.h"
#include "app/cli/find/select.h"
#include "app/cli/key/keytype.h"
#include "app/cli/print/output.h"
#include "app/cli/print/progress.h"
#include "app/foreign/bring.h"

static const struct ash_cli_column columns[] = {
	{ "class", "Class", 0 },
	{ "type", "Type", 0 },
	{ "label", "Label", 0 },
	{ "id", "ID", 0 },
	{ "outcome", "Outcome", 0 },
	{ "checked", "Checked by", 0 },
	{ "not_kept", "Not kept", ASH_CLI_COLUMN_LONG },
	{ "why", "Remark", 0 },
	{ "place", "Place", ASH_CLI_COLUMN_LONG },
	{ NULL, NULL, 0 },
};

struct importing {
	struct ash_cli *cli;
	const struct ash_foreign_objects *objects;
	struct ash_foreign_target target;
	bool dry;
	struct ash_cli_list list;
	size_t refused;
};

static void importing_auto(struct importing *importing)
{
	ash_foreign_target_done(&importing->target);
	ash_cli_list_done(&importing->list);
}

/* ---- The report ---- */

/* The size that a row of the table of key types speaks of. */
static uint64_t key_size(const struct ash_attrs *attrs, uint64_t class, uint64_t key_type)
{
	struct ash_span value = ASH_SPAN_NONE;

	if (class == CKO_SECRET_KEY)
		return ash_attrs_get(attrs, CKA_VALUE, &value) ? value.len : 0;
	if (key_type == CKK_RSA && ash_attrs_get(attrs, CKA_MODULUS, &value))
		return value.len * 8;
	return 0;
}

static ASH_STATUS set_type(json_t *row, const struct ash_attrs *attrs, uint64_t class)
{
	const uint64_t key_type = ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	const struct ash_cli_keytype *keytype = NULL;
	struct ash_span params = ASH_SPAN_NONE;
	char number[32];

	if (!ash_attrs_has(attrs, CKA_KEY_TYPE))
		return ASH_DONE;
	(void)ash_attrs_get(attrs, CKA_EC_PARAMS, &params);
	keytype = ash_cli_keytype_match(key_type, key_size(attrs, class, key_type), params,
					ash_attrs_number(attrs, CKA_PARAMETER_SET, 0));
	if (keytype != NULL)
		return ash_cli_set_text(row, "type", ash_span_text(keytype->name));
	keytype = ash_cli_keytype_of(key_type);
	if (keytype != NULL)
		return ash_cli_set_text(row, "type", ash_span_text(keytype->family));
	snprintf(number, sizeof(number), "0x%llx", (unsigned long long)key_type);
	return ash_cli_set_text(row, "type", ash_span_text(number));
}

static ASH_STATUS set_object(json_t *row, const struct ash_foreign_object *object)
{
	const uint64_t class = ash_foreign_class(object);
	struct ash_span value = ASH_SPAN_NONE;

	ASH_TRY(ash_cli_set_text(row, "place", ash_span_text(object->place)));
	if (object->attrs == NULL)
		return ASH_DONE;
	ASH_TRY(ash_cli_set_text(row, "class", ash_span_text(ash_cli_class_word(class))));
	ASH_TRY(set_type(row, object->attrs, class));
	if (ash_attrs_get(object->attrs, CKA_LABEL, &value))
		ASH_TRY(ash_cli_set_text(row, "label", value));
	if (ash_attrs_get(object->attrs, CKA_ID, &value))
		ASH_TRY(ash_cli_set_hex(row, "id", value));
	return ASH_DONE;
}

static const char *outcome_word(const struct importing *importing, enum ash_foreign_outcome outcome)
{
	switch (outcome) {
	case ASH_FOREIGN_IMPORTED: return importing->dry ? "would come" : "imported";
	case ASH_FOREIGN_PRESENT: return "present";
	case ASH_FOREIGN_REFUSED: break;
	}
	return importing->dry ? "can't come" : "refused";
}

static ASH_STATUS report(struct importing *importing, const struct ash_foreign_object *object,
			 const struct ash_foreign_result *result)
{
	char other[sizeof(result->other) + 32] = "";
	const char *why = NULL;
	json_t *row = NULL;

	ASH_TRY(ash_cli_list_add(&importing->list, &row));
	ASH_TRY(set_object(row, object));
	ASH_TRY(ash_cli_set_text(row, "outcome", ash_span_text(outcome_word(importing, result->outcome))));
	if (result->proof != NULL)
		ASH_TRY(ash_cli_set_text(row, "checked", ash_span_text(result->proof)));
	if (result->lost[0] != '\0')
		ASH_TRY(ash_cli_set_text(row, "not_kept", ash_span_text(result->lost)));
	if (result->other[0] != '\0')
		snprintf(other, sizeof(other), "it is there with another %s", result->other);
	why = result->why[0] != '\0' ? result->why : other;
	if (why[0] != '\0')
		ASH_TRY(ash_cli_set_text(row, "why", ash_span_text(why)));
	return ASH_DONE;
}

/* ---- Doing it ---- */

static ASH_STATUS import_one(struct importing *importing, size_t index)
{
	const struct ash_foreign_object *object = &importing->objects->object[index];
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;

	if (importing->dry) {
		ASH_TRY(ash_foreign_try(object, &result));
	} else {
		ASH_TRY(ash_foreign_bring(&importing->target, importing->objects, object, &result));
	}
	importing->refused += result.outcome == ASH_FOREIGN_REFUSED;
	return report(importing, object, &result);
}

static ASH_STATUS import_all(struct importing *importing)
{
	struct ash_cli_progress progress;
	struct ash_status status = ASH_DONE;
	size_t i = 0;

	ash_cli_progress_begin(&progress, importing->cli, "objects", importing->objects->count);
	for (; ash_is_ok(status) && i < importing->objects->count; i++) {
		status = import_one(importing, i);
		ash_cli_progress_show(&progress, i + 1, i + 1);
	}
	ash_cli_progress_end(&progress);
	if (ash_is_ok(status))
		return ASH_DONE;
	status = ash_cli_fail(importing->cli, status, "can't import object %zu of %zu", i,
			      importing->objects->count);
	ash_cli_hint(importing->cli, "those before it are in: the same command goes on where it stopped");
	return status;
}

static ASH_STATUS open_target(struct importing *importing)
{
	struct ash_cli *cli = importing->cli;
	struct ash_cli_token token;

	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, true, true, &importing->target.session));
	importing->target.api = cli->api;
	importing->target.hsm = cli->hsm;
	return ASH_DONE;
}

ASH_STATUS ash_cli_import_fail(struct ash_cli *cli, struct ash_status status, const char *format, ...)
{
	char what[1024];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	status = ash_cli_fail(cli, status, "%s", what);
	if (cli->exit == ASH_CLI_STORAGE)
		cli->exit = ASH_CLI_FAILED;
	return status;
}

ASH_STATUS ash_cli_import_objects(struct ash_cli *cli, const struct ash_foreign_objects *objects)
{
	__attribute__((cleanup(importing_auto))) struct importing importing = {
		.cli = cli, .objects = objects, .dry = ash_cli_has(cli, ASH_CLI_OPT_DRY_RUN)
	};

	ASH_TRY(ash_cli_list_init(&importing.list, "objects", columns));
	if (!importing.dry)
		ASH_TRY(open_target(&importing));
	ASH_TRY(import_all(&importing));
	ASH_TRY(ash_cli_print_list(cli, &importing.list, "there is nothing to import"));
	if (importing.refused == 0)
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_FAILED, "%zu of %zu objects %s", importing.refused, objects->count,
			      importing.dry ? "can't come" : "did not come");
}
