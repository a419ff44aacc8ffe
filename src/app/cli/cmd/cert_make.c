/* ashlar cert request, ashlar cert self-sign */
#include <errno.h>
#include <string.h>

#include "app/cli/cert/certs.h"
#include "app/cli/cert/draft.h"
#include "app/cli/cert/object.h"
#include "app/cli/file/sink.h"
#include "app/cli/find/named.h"
#include "app/cli/print/dn.h"
#include "crypto/openssl/certfile.h"

/* All that making one takes. */
struct maker {
	struct ash_cli *cli;
	struct ash_cli_use use;
	struct ash_cli_use_key key;
	struct ash_cli_cert_draft draft;
	struct ash_cli_sink sink;
	struct ash_buf der, text; /* what was made, and as it goes out */
	bool as_der;              /* it goes out as DER */
	ash_handle stored;        /* the certificate on the token, or 0 */
};

#define MAKER_NONE(cli_)                                                                           \
	{                                                                                          \
		.cli = (cli_), .use = ASH_CLI_USE_NONE, .key = ASH_CLI_USE_KEY_NONE,               \
		.draft = ASH_CLI_CERT_DRAFT_NONE, .sink = ASH_CLI_SINK_NONE, .der = ASH_BUF_PLAIN, \
		.text = ASH_BUF_PLAIN                                                              \
	}

static void maker_auto(struct maker *maker)
{
	ash_cli_sink_done(&maker->sink);
	ash_cli_cert_draft_done(&maker->draft);
	ash_cli_use_key_done(&maker->key);
	ash_cli_use_done(&maker->use);
	ash_buf_done(&maker->der);
	ash_buf_done(&maker->text);
}

/* It has to be the private key: a URI may say another type. */
static ASH_STATUS want_private(struct ash_cli *cli)
{
	uint64_t class = CKO_PRIVATE_KEY;
	bool given = false;

	ASH_TRY(ash_cli_named_class(cli, &given, &class));
	if (class != CKO_PRIVATE_KEY)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "the URI is not one of a private key (type=private)");
	cli->values[ASH_CLI_OPT_CLASS] = "private";
	return ASH_DONE;
}

/* Reads the options, finds the key, signs. */
static ASH_STATUS make(struct maker *maker, bool request, bool read_write)
{
	static const struct ash_cli_use_need need = { "sign", ASH_CLI_PRIVATE };
	struct ash_cli *cli = maker->cli;

	ASH_TRY(ash_cli_cert_form(cli, &maker->as_der));
	ASH_TRY(ash_cli_cert_draft_read(cli, request, &maker->draft));
	ASH_TRY(want_private(cli));
	ASH_TRY(ash_cli_use_open(cli, read_write, &maker->use));
	ASH_TRY(ash_cli_use_find(&maker->use, &need, &maker->key));
	return ash_cli_cert_draft_sign(&maker->use, &maker->key, &maker->draft, &maker->der);
}

/* In the form that was asked for. */
static ASH_STATUS make_text(struct maker *maker)
{
	const struct ash_span der = ash_buf_span(&maker->der);

	if (maker->as_der)
		return ash_buf_add(&maker->text, der);
	return ash_certfile_pem(maker->draft.certify.request ? "CERTIFICATE REQUEST" : "CERTIFICATE", der,
				&maker->text);
}

/* Whether it goes out itself, and not as a value of the JSON. */
static bool goes_out(const struct ash_cli *cli)
{
	return ash_cli_has(cli, ASH_CLI_OPT_OUTPUT) || !ash_cli_has(cli, ASH_CLI_OPT_JSON);
}

static ASH_STATUS open_sink(struct maker *maker)
{
	if (!goes_out(maker->cli))
		return ASH_DONE;
	return ash_cli_sink_open(maker->cli, false, !maker->as_der, &maker->sink);
}

static ASH_STATUS write_out(struct maker *maker)
{
	if (!goes_out(maker->cli))
		return ASH_DONE;
	ASH_TRY(ash_cli_sink_write(&maker->sink, ash_buf_span(&maker->text)));
	return ash_cli_sink_commit(&maker->sink);
}

/* --- what is told ----------------------------------------------------------------- */

/* Where it is: a file, or the JSON itself. */
static ASH_STATUS set_place(const struct maker *maker, json_t *row)
{
	ASH_AUTO(ash_buf) pem = ASH_BUF_PLAIN;
	const char *label = maker->draft.certify.request ? "CERTIFICATE REQUEST" : "CERTIFICATE";

	ASH_TRY(ash_cli_set(row, "file", json_null()));
	ASH_TRY(ash_cli_set(row, "pem", json_null()));
	if (goes_out(maker->cli))
		return ash_cli_set_text(row, "file", ash_span_text(maker->cli->values[ASH_CLI_OPT_OUTPUT]));
	ASH_TRY(ash_certfile_pem(label, ash_buf_span(&maker->der), &pem));
	return ash_cli_set_text(row, "pem", ash_buf_span(&pem));
}

/* Standard output is free for words when what was made went elsewhere. */
static ASH_STATUS tell(struct maker *maker, struct ash_cli_list *list, json_t *row)
{
	if (goes_out(maker->cli) && !ash_cli_sink_is_file(&maker->sink))
		return ASH_DONE;
	ASH_TRY(set_place(maker, row));
	ASH_TRY(ash_cli_list_append(list, row));
	return ash_cli_print_records(maker->cli, list);
}

static const struct ash_cli_column request_columns[] = {
	{ "subject", "Subject", 0 }, { "private_key", "Private key", 0 },
	{ "file", "File", 0 },       { "pem", "PEM", ASH_CLI_COLUMN_HIDDEN },
	{ NULL, NULL, 0 },
};

static ASH_STATUS tell_request(struct maker *maker)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_CLI_AUTO_JSON *row = NULL;
	ASH_AUTO(ash_buf) subject = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_list_init(&list, "requests", request_columns));
	ASH_TRY(ash_cli_row_new(request_columns, &row));
	ASH_TRY(ash_cli_dn_text(ash_buf_span(&maker->draft.subject), &subject));
	ASH_TRY(ash_cli_set_text(row, "subject", ash_buf_span(&subject)));
	ASH_TRY(ash_cli_set(row, "private_key", json_incref(json_object_get(maker->key.key.row, "uri"))));
	return tell(maker, &list, row);
}

static ASH_STATUS cert_request(struct ash_cli *cli)
{
	__attribute__((cleanup(maker_auto))) struct maker maker = MAKER_NONE(cli);

	ASH_TRY(make(&maker, true, false));
	ASH_TRY(make_text(&maker));
	ASH_TRY(open_sink(&maker));
	ASH_TRY(write_out(&maker));
	return tell_request(&maker);
}

/* --- self-sign ---------------------------------------------------------------------- */

static const struct ash_cli_column certificate_columns[] = {
	{ "label", "Label", 0 },
	{ "subject", "Subject", 0 },
	{ "serial", "Serial", 0 },
	{ "not_before", "Not before", 0 },
	{ "not_after", "Not after", 0 },
	{ "id", "Id", 0 },
	{ "signature_algorithm", "Signed", 0 },
	{ "sha256", "SHA-256", 0 },
	{ "private_key", "Private key", 0 },
	{ "uri", "URI", 0 },
	{ "file", "File", 0 },
	{ "pem", "PEM", ASH_CLI_COLUMN_HIDDEN },
	{ NULL, NULL, 0 },
};

/* With the id and the label of its key. */
static ASH_STATUS store(struct maker *maker, json_t **ret_row)
{
	struct ash_cli *cli = maker->cli;
	const json_t *label = json_object_get(maker->key.key.row, "label");
	const char *hex = json_string_value(json_object_get(maker->key.key.row, "id"));
	ASH_AUTO(ash_cli_cert) cert = { .row = NULL };
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	struct ash_cli_cert_made made = { 0, false };
	struct ash_cli_cert_plan plan = {
		.der = ash_buf_span(&maker->der),
		.label = ash_span(json_string_value(label), json_string_length(label)),
		.again = true,
	};

	ASH_TRY(ash_cli_unhex(hex, &id));
	plan.id = ash_buf_span(&id);
	ASH_TRY(ash_cli_cert_store(cli, maker->use.session, &plan, &made));
	maker->stored = made.object;
	ASH_TRY(ash_cli_cert_read(cli, &maker->use.token, maker->use.session, true, made.object, &cert));
	*ret_row = ASH_TAKE(cert.row);
	return ASH_DONE;
}

static ASH_STATUS keep(struct maker *maker, json_t **ret_row)
{
	struct ash_status status;

	if (ash_cli_has(maker->cli, ASH_CLI_OPT_NO_IMPORT))
		return ash_cli_cert_row(ash_buf_span(&maker->der), ret_row);
	status = store(maker, ret_row);
	if (ash_is_ok(status))
		return status;
	return ash_cli_fail(maker->cli, status, "can't store the certificate on token \"%s\"",
			    ash_cli_use_token_name(&maker->use).text);
}

/* First to the file, which may be full, then to the token, and last into its place. */
static ASH_STATUS give_out(struct maker *maker)
{
	struct ash_cli *cli = maker->cli;
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_CLI_AUTO_JSON *row = NULL;

	if (goes_out(cli) && ash_cli_sink_is_file(&maker->sink)) {
		ASH_TRY(ash_cli_sink_write(&maker->sink, ash_buf_span(&maker->text)));
		ASH_TRY(keep(maker, &row));
		ASH_TRY(ash_cli_sink_commit(&maker->sink));
	} else {
		ASH_TRY(keep(maker, &row));
		ASH_TRY(write_out(maker));
	}
	ASH_TRY(ash_cli_list_init(&list, "certificates", certificate_columns));
	ASH_TRY(tell(maker, &list, row));
	if (fflush(cli->out) != 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't tell of the certificate: %s",
				      strerror(errno));
	return ASH_DONE;
}

/* One that nobody was given does not stay: the next try would leave a second one beside it. */
static ASH_STATUS take_back(struct maker *maker, struct ash_status why)
{
	struct ash_cli *cli = maker->cli;
	const struct ash_status status =
		cli->api->destroy_object(cli->hsm, maker->use.session, maker->stored);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't take the certificate back from the token");
	ash_ignore(ash_cli_refuse(cli, ASH_CLI_FAILED, "the certificate is not kept"));
	return why;
}

static ASH_STATUS cert_self_sign(struct ash_cli *cli)
{
	__attribute__((cleanup(maker_auto))) struct maker maker = MAKER_NONE(cli);
	struct ash_status status;

	ASH_TRY(make(&maker, false, !ash_cli_has(cli, ASH_CLI_OPT_NO_IMPORT)));
	ASH_TRY(make_text(&maker));
	ASH_TRY(open_sink(&maker));
	status = give_out(&maker);
	if (!ash_is_ok(status) && maker.stored != 0 && !maker.sink.placed)
		return take_back(&maker, status);
	return status;
}

static const struct ash_cli_option key_options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "the private key with this label" },
	{ .id = ASH_CLI_OPT_ID,
	  .name = "id",
	  .letter = 'i',
	  .value = "HEX",
	  .text = "the private key with this id" },
	ASH_CLI_UNIQUE_ID_OPTION,
	{ .name = NULL },
};

static const struct ash_cli_option self_options[] = {
	{ .id = ASH_CLI_OPT_NO_IMPORT, .name = "no-import", .text = "do not store it on the token" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_cert_request = {
	.name = "cert request",
	.summary = "make a request for a certificate (PKCS#10)",
	.details =
		"For a private key on the token, which signs it and stays there. An authority makes a certificate\n"
		"of the request; `ashlar cert import` brings that to the key.",
	.more = ash_cli_cert_draft_help,
	.options =
		(const struct ash_cli_option *const[]){ key_options, ash_cli_cert_draft_options,
							ash_cli_cert_form_options, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar cert request --label web --subject CN=www.example.org --san dns:www.example.org -o web.csr",
			  NULL },
			{ "ashlar cert request --label web --subject /O=Example/CN=web --profile server --pin-file pin.txt",
			  "to standard output" },
			{ NULL, NULL },
		},
	.run = cert_request,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_cert_self_sign = {
	.name = "cert self-sign",
	.summary = "make a certificate that its own key signs",
	.details =
		"The root of an authority, say, or something to test with. It is stored on the token beside its\n"
		"key, with the same id and label, and written as PEM. Key identifiers are always in it; what it is\n"
		"for says --profile, and without that nothing.",
	.more = ash_cli_cert_draft_help,
	.options = (const struct ash_cli_option *const[]){ key_options, ash_cli_cert_draft_options,
							   ash_cli_cert_form_options,
							   ash_cli_cert_validity_options, self_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar cert self-sign --label root --subject 'CN=Example root,O=Example' --profile ca --days 3650",
			  NULL },
			{ "ashlar cert self-sign --label test --subject CN=test --san ip:127.0.0.1 --no-import -o test.pem",
			  NULL },
			{ NULL, NULL },
		},
	.run = cert_self_sign,
	.takes_object = true,
};
