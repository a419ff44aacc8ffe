#include "app/cli/find/objects.h"

#include <stdlib.h>

#include "app/cli/find/keys.h"
#include "app/cli/find/named.h"
#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/find/values.h"
#include "app/cli/print/dn.h"
#include "app/cli/print/text.h"
#include "util/mem.h"

#define FIRST_CAP    64
#define TOLD_AT_MOST 20 /* of several objects that match */

const struct ash_cli_option ash_cli_object_options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "objects with this label" },
	{ .id = ASH_CLI_OPT_ID, .name = "id", .letter = 'i', .value = "HEX", .text = "objects with this id" },
	ASH_CLI_UNIQUE_ID_OPTION,
	{ .id = ASH_CLI_OPT_CLASS,
	  .name = "type",
	  .value = "TYPE",
	  .text = "one of private, public, cert, secret-key and data, as in URIs" },
	{ .name = NULL },
};

const struct ash_cli_column ash_cli_object_columns[] = {
	{ "label", "Label", 0 },
	{ "class", "Class", 0 },
	{ "type", "Type", 0 },
	{ "id", "Id", 0 },
	{ "subject", "Subject", 0 },
	{ "size", "Bytes", ASH_CLI_COLUMN_RIGHT },
	{ "private", "Private", ASH_CLI_COLUMN_LONG },
	{ "application", "Application", ASH_CLI_COLUMN_HIDDEN },
	{ "object_id", "Object id", ASH_CLI_COLUMN_HIDDEN },
	{ "trusted", "Trusted", ASH_CLI_COLUMN_HIDDEN },
	{ "modifiable", "Modifiable", ASH_CLI_COLUMN_HIDDEN },
	{ "copyable", "Copyable", ASH_CLI_COLUMN_HIDDEN },
	{ "destroyable", "Deletable", ASH_CLI_COLUMN_HIDDEN },
	{ "start_date", "Valid from", ASH_CLI_COLUMN_HIDDEN },
	{ "end_date", "Valid until", ASH_CLI_COLUMN_HIDDEN },
	{ "unique_id", "Unique id", ASH_CLI_COLUMN_HIDDEN },
	{ "uri", "URI", ASH_CLI_COLUMN_WIDE },
	{ NULL, NULL, 0 },
};

/* How an attribute becomes a value of the row. */
enum form {
	FORM_TEXT,
	FORM_BOOL,
	FORM_HEX,
	FORM_NAME
};

static const struct {
	uint64_t type;
	const char *key;
	enum form form;
} plain[] = {
	{ CKA_LABEL, "label", FORM_TEXT },
	{ CKA_ID, "id", FORM_HEX },
	{ CKA_SUBJECT, "subject", FORM_NAME },
	{ CKA_PRIVATE, "private", FORM_BOOL },
	{ CKA_APPLICATION, "application", FORM_TEXT },
	{ CKA_OBJECT_ID, "object_id", FORM_HEX },
	{ CKA_TRUSTED, "trusted", FORM_BOOL },
	{ CKA_MODIFIABLE, "modifiable", FORM_BOOL },
	{ CKA_COPYABLE, "copyable", FORM_BOOL },
	{ CKA_DESTROYABLE, "destroyable", FORM_BOOL },
	{ CKA_START_DATE, "start_date", FORM_TEXT },
	{ CKA_END_DATE, "end_date", FORM_TEXT },
	{ CKA_UNIQUE_ID, "unique_id", FORM_TEXT },
};

/* Attributes from which something is made. */
static const uint64_t other_types[] = { CKA_CLASS, CKA_CERTIFICATE_TYPE, CKA_PROFILE_ID };

/* What a number says of which type an object is; what is not here is shown as a number. */
static const struct {
	uint64_t attribute;
	uint64_t value;
	const char *name;
} type_names[] = {
	{ CKA_CERTIFICATE_TYPE, CKC_X_509, "x509" },
	{ CKA_CERTIFICATE_TYPE, CKC_X_509_ATTR_CERT, "x509-attribute" },
	{ CKA_CERTIFICATE_TYPE, CKC_WTLS, "wtls" },
	{ CKA_PROFILE_ID, CKP_BASELINE_PROVIDER, "baseline-provider" },
	{ CKA_PROFILE_ID, CKP_EXTENDED_PROVIDER, "extended-provider" },
	{ CKA_PROFILE_ID, CKP_AUTHENTICATION_TOKEN, "authentication-token" },
	{ CKA_PROFILE_ID, CKP_PUBLIC_CERTIFICATES_TOKEN, "public-certificates-token" },
	{ CKA_PROFILE_ID, CKP_COMPLETE_PROVIDER, "complete-provider" },
	{ CKA_PROFILE_ID, CKP_HKDF_TLS_TOKEN, "hkdf-tls-token" },
};

void ash_cli_objects_done(struct ash_cli_objects *objects)
{
	for (size_t i = 0; i < objects->count; i++)
		json_decref(objects->object[i].row);
	objects->object = ash_mem_free(objects->object);
	objects->count = 0;
}

static bool is_key(uint64_t class)
{
	return class == CKO_PUBLIC_KEY || class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY;
}

/* A name as people read it; one that is none as it is. */
static ASH_STATUS set_name(json_t *row, const char *key, struct ash_span der)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	const struct ash_status status = ash_cli_dn_text(der, &text);

	if (status.code == ASH_E_FORMAT)
		return ash_cli_set_hex(row, key, der);
	ASH_TRY(status);
	return ash_cli_set_text(row, key, ash_buf_span(&text));
}

static ASH_STATUS set_plain(json_t *row, const struct ash_cli_values *values)
{
	for (size_t i = 0; i < ASH_COUNT(plain); i++) {
		struct ash_span value = ASH_SPAN_NONE;
		bool has = ash_cli_value_bytes(values, plain[i].type, &value);
		bool yes = false;

		if (plain[i].form == FORM_BOOL && ash_cli_value_bool(values, plain[i].type, &yes))
			ASH_TRY(ash_cli_set_bool(row, plain[i].key, yes));
		if (!has || value.len == 0)
			continue;
		if (plain[i].form == FORM_TEXT)
			ASH_TRY(ash_cli_set_text(row, plain[i].key, value));
		if (plain[i].form == FORM_HEX)
			ASH_TRY(ash_cli_set_hex(row, plain[i].key, value));
		if (plain[i].form == FORM_NAME)
			ASH_TRY(set_name(row, plain[i].key, value));
	}
	return ASH_DONE;
}

static ASH_STATUS set_number_type(json_t *row, uint64_t attribute, uint64_t value)
{
	char number[24];

	for (size_t i = 0; i < ASH_COUNT(type_names); i++) {
		if (type_names[i].attribute == attribute && type_names[i].value == value)
			return ash_cli_set_text(row, "type", ash_span_text(type_names[i].name));
	}
	(void)snprintf(number, sizeof(number), "0x%08llx", (unsigned long long)value);
	return ash_cli_set_text(row, "type", ash_span_text(number));
}

struct finder {
	struct ash_cli *cli;
	const struct ash_cli_token *token;
	ash_handle session;
	struct ash_cli_objects objects;
	size_t cap;
};

/* Of a key its type, of others what they say of themselves, if anything. */
static ASH_STATUS set_type(struct finder *finder, const struct ash_cli_object *object,
			   const struct ash_cli_values *values, json_t *row)
{
	struct ash_cli_key key;
	uint64_t number = 0;

	if (is_key(object->class)) {
		ASH_TRY(ash_cli_key_read(finder->cli, finder->token, finder->session, object->handle, &key));
		ASH_CLI_AUTO_JSON *key_row = key.row;
		return ash_cli_set(row, "type", json_incref(json_object_get(key_row, "type")));
	}
	if (ash_cli_value_number(values, CKA_CERTIFICATE_TYPE, &number))
		return set_number_type(row, CKA_CERTIFICATE_TYPE, number);
	if (ash_cli_value_number(values, CKA_PROFILE_ID, &number))
		return set_number_type(row, CKA_PROFILE_ID, number);
	return ASH_DONE;
}

static ASH_STATUS fill_row(struct finder *finder, const struct ash_cli_object *object,
			   const struct ash_cli_values *values, json_t *row)
{
	struct ash_cli *cli = finder->cli;
	struct ash_span label = ASH_SPAN_NONE, id = ASH_SPAN_NONE;
	uint64_t size = 0;

	ASH_TRY(ash_cli_set_text(row, "class", ash_span_text(ash_cli_class_word(object->class))));
	ASH_TRY(set_plain(row, values));
	ASH_TRY(set_type(finder, object, values, row));
	ASH_TRY(cli->api->object_size(cli->hsm, finder->session, object->handle, &size));
	if (size != CK_UNAVAILABLE_INFORMATION)
		ASH_TRY(ash_cli_set_number(row, "size", size));
	(void)ash_cli_value_bytes(values, CKA_LABEL, &label); /* else it has none */
	(void)ash_cli_value_bytes(values, CKA_ID, &id);
	return ash_cli_named_set_uri(row, finder->token, object->class, label, id);
}

static ASH_STATUS read_object(struct finder *finder, ash_handle handle, struct ash_cli_object *ret_object)
{
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	ASH_CLI_AUTO_JSON *row = NULL;
	struct ash_cli_object object = { .handle = handle };
	uint64_t types[ASH_COUNT(plain) + ASH_COUNT(other_types)];
	size_t count = 0;

	for (size_t i = 0; i < ASH_COUNT(plain); i++)
		types[count++] = plain[i].type;
	for (size_t i = 0; i < ASH_COUNT(other_types); i++)
		types[count++] = other_types[i];
	ASH_TRY(ash_cli_values_read(finder->cli, finder->session, handle, types, count, &values));
	ASH_ENSURE(ash_cli_value_number(&values, CKA_CLASS, &object.class), ASH_E_FORMAT);
	ASH_TRY(ash_cli_row_new(ash_cli_object_columns, &row));
	ASH_TRY(fill_row(finder, &object, &values, row));
	object.row = ASH_TAKE(row);
	*ret_object = object;
	return ASH_DONE;
}

static ASH_STATUS make_room(struct finder *finder)
{
	struct ash_cli_objects *objects = &finder->objects;
	size_t cap = finder->cap * 2 + FIRST_CAP;
	struct ash_cli_object *more;

	if (objects->count < finder->cap)
		return ASH_DONE;
	more = ash_mem_resize(objects->object, cap, sizeof(*more));
	ASH_ENSURE(more != NULL, ASH_E_MEMORY);
	objects->object = more;
	finder->cap = cap;
	return ASH_DONE;
}

static struct ash_status keep(void *context, ash_handle handle)
{
	struct finder *finder = context;
	struct ash_cli_objects *objects = &finder->objects;
	struct ash_status status;

	ASH_TRY(make_room(finder));
	status = read_object(finder, handle, &objects->object[objects->count]);
	if (status.code == ASH_E_OBJECT_HANDLE) /* deleted by somebody since it was found */
		return ASH_DONE;
	if (status.code == ASH_E_CORRUPT) {
		objects->damaged++;
		return ASH_DONE;
	}
	ASH_TRY(status);
	objects->count++;
	return ASH_DONE;
}

static int compare(const void *left, const void *right)
{
	const struct ash_cli_object *a = left;
	const struct ash_cli_object *b = right;
	int order = ash_cli_rows_compare(a->row, b->row);

	if (order == 0)
		order = (a->class > b->class) - (a->class < b->class);
	return order != 0 ? order : (a->handle > b->handle) - (a->handle < b->handle);
}

static ASH_STATUS add_wanted(struct ash_cli *cli, struct ash_buf *id, struct ash_cli_template *want)
{
	const char *label = cli->values[ASH_CLI_OPT_LABEL];
	const char *hex = cli->values[ASH_CLI_OPT_ID];
	uint64_t class = 0;
	bool has_class = false;

	ASH_TRY(ash_cli_named_class(cli, &has_class, &class));
	if (has_class)
		ASH_TRY(ash_cli_template_number(want, CKA_CLASS, class));
	if (label != NULL)
		ASH_TRY(ash_cli_template_bytes(want, CKA_LABEL, ash_span_text(label)));
	ASH_TRY(ash_cli_named_unique(cli, want));
	if (hex != NULL && (hex[0] == '\0' || !ash_is_ok(ash_cli_unhex(hex, id))))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--id takes bytes in hex, like 0a1b2c, not \"%s\"",
				      ash_cli_escaped(ash_span_text(hex)).text);
	return hex != NULL ? ash_cli_template_bytes(want, CKA_ID, ash_buf_span(id)) : ASH_DONE;
}

ASH_STATUS ash_cli_objects_find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				struct ash_cli_objects *ret_objects)
{
	struct finder finder = { .cli = cli, .token = token, .session = session };
	struct ash_cli_escaped label = ash_cli_escaped(ash_cli_token_label(token));
	struct ash_cli_objects *objects = &finder.objects;
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	struct ash_cli_template want = { .count = 0 };
	struct ash_status status;

	ASH_TRY(add_wanted(cli, &id, &want));
	status = ash_cli_search(cli, session, ash_cli_template(&want), keep, &finder);
	if (!ash_is_ok(status)) {
		ash_cli_objects_done(objects);
		return ash_cli_fail(cli, status, "can't read the objects of token \"%s\"", label.text);
	}
	if (objects->damaged > 0)
		ash_cli_warn(cli, "%zu object%s of token \"%s\" can't be read: the record%s damaged",
			     objects->damaged, objects->damaged == 1 ? "" : "s", label.text,
			     objects->damaged == 1 ? " is" : "s are");
	if (objects->count > 0)
		qsort(objects->object, objects->count, sizeof(*objects->object), compare);
	*ret_objects = *objects;
	return ASH_DONE;
}

void ash_cli_object_describe(const struct ash_cli_object *object, FILE *out)
{
	const json_t *label = json_object_get(object->row, "label");
	const char *type = json_string_value(json_object_get(object->row, "type"));
	const char *id = json_string_value(json_object_get(object->row, "id"));
	struct ash_span text = ash_span(json_string_value(label), json_string_length(label));

	fprintf(out, "%s \"%s\"%s%s, id %s", ash_cli_class_text(object->class), ash_cli_escaped(text).text,
		type != NULL ? ", " : "", type != NULL ? type : "", id != NULL ? id : "(none)");
}

ASH_STATUS ash_cli_objects_refuse(struct ash_cli *cli, const struct ash_cli_objects *objects)
{
	struct ash_status status;

	if (objects->count == 0)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "no object matches");
	status = ash_cli_refuse(
		cli, ASH_CLI_AMBIGUOUS,
		"%zu objects match: choose one with --label, --id, --type, --unique-id or --uri",
		objects->count);
	for (size_t i = 0; i < objects->count && i < TOLD_AT_MOST; i++) {
		const char *unique = json_string_value(json_object_get(objects->object[i].row, "unique_id"));

		fputs("  ", cli->err);
		ash_cli_object_describe(&objects->object[i], cli->err);
		fprintf(cli->err, "%s%s\n", unique != NULL ? ", unique id " : "",
			unique != NULL ? unique : "");
	}
	if (objects->count > TOLD_AT_MOST)
		ash_cli_hint(cli, "and %zu more", objects->count - TOLD_AT_MOST);
	return status;
}

ASH_STATUS ash_cli_objects_list(const struct ash_cli_objects *objects, struct ash_cli_list *ret_list)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "objects", ash_cli_object_columns));
	for (size_t i = 0; i < objects->count; i++)
		ASH_TRY(ash_cli_list_append(&list, objects->object[i].row));
	*ret_list = list;
	list.rows = NULL; /* handed over */
	return ASH_DONE;
}
