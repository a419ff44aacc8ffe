#include "app/cli/cert/certs.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app/cli/cert/object.h"
#include "app/cli/find/keys.h"
#include "app/cli/find/named.h"
#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/find/values.h"
#include "app/cli/print/dn.h"
#include "app/cli/print/text.h"
#include "util/mem.h"

#define FIRST_CAP    16
#define TOLD_AT_MOST 20 /* of several that match */

const struct ash_cli_option ash_cli_cert_options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "certificates with this label" },
	{ .id = ASH_CLI_OPT_ID,
	  .name = "id",
	  .letter = 'i',
	  .value = "HEX",
	  .text = "certificates with this id" },
	ASH_CLI_UNIQUE_ID_OPTION,
	{ .name = NULL },
};

#define COLUMNS(of_key)                                                                          \
	{                                                                                        \
		{ "label", "Label", 0 }, { "subject", "Subject", 0 }, { "issuer", "Issuer", 0 }, \
			{ "serial", "Serial", ASH_CLI_COLUMN_LONG },                             \
			{ "not_before", "Not before", ASH_CLI_COLUMN_LONG },                     \
			{ "not_after", "Not after", 0 }, { "id", "Id", ASH_CLI_COLUMN_LONG },    \
			{ "unique_id", "Unique id", ASH_CLI_COLUMN_HIDDEN },                     \
			{ "authority", "Authority", ASH_CLI_COLUMN_HIDDEN },                     \
			{ "signature_algorithm", "Signed", ASH_CLI_COLUMN_HIDDEN },              \
			{ "sha256", "SHA-256", ASH_CLI_COLUMN_HIDDEN },                          \
			{ "has_private_key", "Private key", 0 },                                 \
			{ "private_key", "URI of the key", (of_key) },                           \
			{ "uri", "URI", ASH_CLI_COLUMN_WIDE }, { NULL, NULL, 0 },                \
	}

const struct ash_cli_option ash_cli_cert_form_options[] = {
	{ .id = ASH_CLI_OPT_FORMAT,
	  .name = "format",
	  .letter = 'f',
	  .value = "pem|der",
	  .text = "pem (the default) or der" },
	{ .id = ASH_CLI_OPT_DER, .name = "der", .text = "the same as --format der" },
	{ .name = NULL },
};

const struct ash_cli_column ash_cli_cert_columns[] = COLUMNS(ASH_CLI_COLUMN_LONG);
const struct ash_cli_column ash_cli_cert_made_columns[] = COLUMNS(0);

ASH_STATUS ash_cli_cert_form(struct ash_cli *cli, bool *ret_der)
{
	const char *form = cli->values[ASH_CLI_OPT_FORMAT];
	const bool der = ash_cli_has(cli, ASH_CLI_OPT_DER);

	if (form != NULL && strcmp(form, "der") != 0 && (der || strcmp(form, "pem") != 0))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--format takes pem or der%s, and not \"%s\"",
				      der ? " (and there is --der)" : "",
				      ash_cli_escaped(ash_span_text(form)).text);
	*ret_der = der || (form != NULL && strcmp(form, "der") == 0);
	return ASH_DONE;
}

void ash_cli_cert_done(struct ash_cli_cert *cert)
{
	ash_buf_done(&cert->der);
	ash_certificate_done(&cert->facts);
	json_decref(cert->row);
	cert->row = NULL;
}

void ash_cli_certs_done(struct ash_cli_certs *certs)
{
	for (size_t i = 0; i < certs->count; i++)
		ash_cli_cert_done(&certs->cert[i]);
	certs->cert = ash_mem_free(certs->cert);
	certs->count = 0;
}

/* --- rows ---------------------------------------------------------------------- */

/* A name as people read it; one that is too long for that as it is. */
static ASH_STATUS set_name(json_t *row, const char *key, struct ash_span der)
{
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	const struct ash_status status = ash_cli_dn_text(der, &text);

	if (status.code == ASH_E_FORMAT)
		return ash_cli_set_hex(row, key, der);
	ASH_TRY(status);
	return ash_cli_set_text(row, key, ash_buf_span(&text));
}

/* RFC 3339; what is no time of the calendar stays null. */
static ASH_STATUS set_time(json_t *row, const char *key, int64_t seconds)
{
	const time_t time = (time_t)seconds;
	struct tm parts;
	char text[64];

	if (seconds == ASH_CERTIFICATE_NO_TIME || gmtime_r(&time, &parts) == NULL ||
	    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		return ASH_DONE;
	return ash_cli_set_text(row, key, ash_span_text(text));
}

static ASH_STATUS set_facts(json_t *row, const struct ash_certificate *facts)
{
	ASH_TRY(set_name(row, "subject", ash_buf_span(&facts->subject)));
	ASH_TRY(set_name(row, "issuer", ash_buf_span(&facts->issuer)));
	ASH_TRY(ash_cli_set_hex(row, "serial", ash_buf_span(&facts->serial_number)));
	ASH_TRY(set_time(row, "not_before", facts->not_before));
	ASH_TRY(set_time(row, "not_after", facts->not_after));
	ASH_TRY(ash_cli_set_bool(row, "authority", facts->authority));
	ASH_TRY(ash_cli_set_text(row, "signature_algorithm", ash_buf_span(&facts->algorithm)));
	return ash_cli_set_hex(row, "sha256", ash_span(facts->sha256, sizeof(facts->sha256)));
}

static ASH_STATUS set_key(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			  const struct ash_certificate *facts, json_t *row)
{
	ash_handle handle = 0;
	struct ash_cli_key key;

	ASH_TRY(ash_cli_cert_key(cli, session, CKO_PRIVATE_KEY, ash_buf_span(&facts->key_info), &handle));
	ASH_TRY(ash_cli_set_bool(row, "has_private_key", handle != 0));
	if (handle == 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_key_read(cli, token, session, handle, &key));
	ASH_CLI_AUTO_JSON *key_row = key.row;
	return ash_cli_set(row, "private_key", json_incref(json_object_get(key_row, "uri")));
}

/* --- one ------------------------------------------------------------------------ */

static ASH_STATUS read_value(struct ash_cli_cert *cert, struct ash_span value)
{
	struct ash_status status;

	ASH_TRY(ash_buf_add(&cert->der, value));
	status = ash_certificate_read(value, &cert->facts);
	if (status.code != ASH_E_FORMAT && status.code != ASH_E_LIMIT)
		ASH_TRY(status);
	cert->readable = ash_is_ok(status);
	return ASH_DONE;
}

ASH_STATUS ash_cli_cert_read(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			     bool keys, ash_handle handle, struct ash_cli_cert *ret_cert)
{
	static const uint64_t types[] = { CKA_LABEL, CKA_ID, CKA_VALUE, CKA_UNIQUE_ID };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	ASH_AUTO(ash_cli_cert) cert = { .handle = handle, .der = ASH_BUF_PLAIN };
	struct ash_span label = ASH_SPAN_NONE, id = ASH_SPAN_NONE, value = ASH_SPAN_NONE;
	struct ash_span unique = ASH_SPAN_NONE;

	ASH_TRY(ash_cli_values_read(cli, session, handle, types, ASH_COUNT(types), &values));
	(void)ash_cli_value_bytes(&values, CKA_LABEL, &label); /* an empty one is the same as none */
	(void)ash_cli_value_bytes(&values, CKA_ID, &id);
	(void)ash_cli_value_bytes(&values, CKA_VALUE, &value);
	ASH_TRY(read_value(&cert, value));
	ASH_TRY(ash_cli_row_new(ash_cli_cert_columns, &cert.row));
	ASH_TRY(ash_cli_set_text(cert.row, "label", label));
	ASH_TRY(ash_cli_set_hex(cert.row, "id", id));
	if (ash_cli_value_bytes(&values, CKA_UNIQUE_ID, &unique))
		ASH_TRY(ash_cli_set_text(cert.row, "unique_id", unique));
	ASH_TRY(ash_cli_named_set_uri(cert.row, token, CKO_CERTIFICATE, label, id));
	if (cert.readable)
		ASH_TRY(set_facts(cert.row, &cert.facts));
	if (cert.readable && keys)
		ASH_TRY(set_key(cli, token, session, &cert.facts, cert.row));
	*ret_cert = cert;
	cert = (struct ash_cli_cert){ .row = NULL }; /* handed over */
	return ASH_DONE;
}

ASH_STATUS ash_cli_cert_row(struct ash_span der, json_t **ret_row)
{
	ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
	ASH_CLI_AUTO_JSON *row = NULL;

	ASH_TRY(ash_certificate_read(der, &facts));
	ASH_TRY(ash_cli_row_new(ash_cli_cert_columns, &row));
	ASH_TRY(set_facts(row, &facts));
	*ret_row = ASH_TAKE(row);
	return ASH_DONE;
}

/* --- many ----------------------------------------------------------------------- */

struct finder {
	struct ash_cli *cli;
	ash_handle session;
	ash_handle *handles;
	size_t count, cap;
};

static void finder_auto(struct finder *finder)
{
	ash_mem_free(finder->handles);
}

static struct ash_status keep(void *context, ash_handle handle)
{
	struct finder *finder = context;

	if (finder->count == finder->cap) {
		size_t cap = finder->cap * 2 + FIRST_CAP;
		ash_handle *more = ash_mem_resize(finder->handles, cap, sizeof(*more));

		ASH_ENSURE(more != NULL, ASH_E_MEMORY);
		finder->handles = more;
		finder->cap = cap;
	}
	finder->handles[finder->count++] = handle;
	return ASH_DONE;
}

/* Certificates of another class than the options ask for are none. */
static ASH_STATUS check_class(struct ash_cli *cli)
{
	uint64_t class = CKO_CERTIFICATE;
	bool given = false;

	ASH_TRY(ash_cli_named_class(cli, &given, &class));
	if (class == CKO_CERTIFICATE)
		return ASH_DONE;
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "the URI is not one of a certificate (type=cert)");
}

static ASH_STATUS search(struct finder *finder, bool all)
{
	struct ash_cli *cli = finder->cli;
	struct ash_cli_template want = { .count = 0 };
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	const char *label = all ? NULL : cli->values[ASH_CLI_OPT_LABEL];
	const char *hex = all ? NULL : cli->values[ASH_CLI_OPT_ID];

	if (hex != NULL && (hex[0] == '\0' || !ash_is_ok(ash_cli_unhex(hex, &id))))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--id takes bytes in hex, like 0a1b2c, not \"%s\"",
				      ash_cli_escaped(ash_span_text(hex)).text);
	ASH_TRY(check_class(cli));
	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, CKO_CERTIFICATE));
	ASH_TRY(ash_cli_template_number(&want, CKA_CERTIFICATE_TYPE, CKC_X_509));
	if (label != NULL)
		ASH_TRY(ash_cli_template_bytes(&want, CKA_LABEL, ash_span_text(label)));
	if (hex != NULL)
		ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, ash_buf_span(&id)));
	if (!all)
		ASH_TRY(ash_cli_named_unique(cli, &want));
	return ash_cli_search(cli, finder->session, ash_cli_template(&want), keep, finder);
}

/* Reading a certificate searches for its key, so it comes after the search. */
static ASH_STATUS read_each(struct finder *finder, const struct ash_cli_token *token, bool keys,
			    struct ash_cli_certs *certs)
{
	certs->cert = ash_mem_new(finder->count + 1, sizeof(*certs->cert));
	ASH_ENSURE(certs->cert != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < finder->count; i++) {
		const struct ash_status status =
			ash_cli_cert_read(finder->cli, token, finder->session, keys, finder->handles[i],
					  &certs->cert[certs->count]);

		/* Deleted by somebody since it was found; or damaged. */
		if (status.code == ASH_E_OBJECT_HANDLE || status.code == ASH_E_CORRUPT)
			continue;
		ASH_TRY(status);
		certs->count++;
	}
	return ASH_DONE;
}

static int compare(const void *left, const void *right)
{
	const struct ash_cli_cert *a = left;
	const struct ash_cli_cert *b = right;
	const int order = ash_cli_rows_compare(a->row, b->row);

	return order != 0 ? order : (a->handle > b->handle) - (a->handle < b->handle);
}

ASH_STATUS ash_cli_certs_find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			      bool all, bool keys, struct ash_cli_certs *ret_certs)
{
	__attribute__((cleanup(finder_auto))) struct finder finder = { cli, session, NULL, 0, 0 };
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	struct ash_status status = search(&finder, all);

	if (ash_is_ok(status))
		status = read_each(&finder, token, keys, &certs);
	if (!ash_is_ok(status))
		return cli->exit != ASH_CLI_DONE
			       ? status
			       : ash_cli_fail(cli, status, "can't read the certificates of token \"%s\"",
					      ash_cli_escaped(ash_cli_token_label(token)).text);
	qsort(certs.cert, certs.count, sizeof(*certs.cert), compare);
	*ret_certs = certs;
	certs = ASH_CLI_CERTS_NONE; /* handed over */
	return ASH_DONE;
}

static struct ash_span row_text(const struct ash_cli_cert *cert, const char *key)
{
	const json_t *text = json_object_get(cert->row, key);

	return json_is_string(text) ? ash_span(json_string_value(text), json_string_length(text))
				    : ASH_SPAN_NONE;
}

ASH_STATUS ash_cli_certs_refuse(struct ash_cli *cli, const struct ash_cli_certs *certs)
{
	struct ash_status status;

	if (certs->count == 0)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "no certificate matches");
	status = ash_cli_refuse(cli, ASH_CLI_AMBIGUOUS,
				"%zu certificates match: choose one with --label, --id, --unique-id or --uri",
				certs->count);
	for (size_t i = 0; i < certs->count && i < TOLD_AT_MOST; i++)
		ash_cli_hint(cli, "label \"%s\", id %s, subject %s, until %s, unique id %s",
			     ash_cli_escaped(row_text(&certs->cert[i], "label")).text,
			     ash_cli_escaped(row_text(&certs->cert[i], "id")).text,
			     ash_cli_escaped(row_text(&certs->cert[i], "subject")).text,
			     ash_cli_escaped(row_text(&certs->cert[i], "not_after")).text,
			     ash_cli_escaped(row_text(&certs->cert[i], "unique_id")).text);
	if (certs->count > TOLD_AT_MOST)
		ash_cli_hint(cli, "and %zu more", certs->count - TOLD_AT_MOST);
	return status;
}

ASH_STATUS ash_cli_certs_list(const struct ash_cli_certs *certs, const struct ash_cli_column *columns,
			      struct ash_cli_list *ret_list)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "certificates", columns));
	for (size_t i = 0; i < certs->count; i++)
		ASH_TRY(ash_cli_list_append(&list, certs->cert[i].row));
	*ret_list = list;
	list.rows = NULL; /* handed over */
	return ASH_DONE;
}
