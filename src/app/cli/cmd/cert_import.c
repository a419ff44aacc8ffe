/* ashlar cert import */
#include <string.h>

#include "app/cli/cert/certs.h"
#include "app/cli/cert/object.h"
#include "app/cli/file/source.h"
#include "app/cli/key/keyplan.h"
#include "app/cli/print/text.h"
#include "crypto/openssl/certfile.h"
#include "util/mem.h"

#define FILE_MAX  ((size_t)16 << 20) /* all authorities that browsers know take 200 KiB */
#define FIRST_CAP 16

struct item {
	struct ash_buf der;
	size_t file;   /* which of the words it came from */
	size_t number; /* which of that file's */
};

struct importer {
	struct ash_cli *cli;
	struct ash_cli_token token;
	ash_handle session;
	struct ash_cli_keyplan plan; /* its id and label: what the options say */
	struct item *items;
	size_t count, cap;
	size_t file, number; /* of what is being read */
};

static void importer_auto(struct importer *importer)
{
	for (size_t i = 0; i < importer->count; i++)
		ash_buf_done(&importer->items[i].der);
	ash_mem_free(importer->items);
	ash_cli_keyplan_done(&importer->plan);
}

static struct ash_cli_escaped shown_file(const struct importer *importer, size_t file)
{
	const char *word = importer->cli->words[file];

	return ash_cli_escaped(ash_span_text(strcmp(word, "-") == 0 ? "standard input" : word));
}

/* --- reading --------------------------------------------------------------------- */

/* Bundles often have one twice, and that is nobody's mistake. */
static bool is_there(const struct importer *importer, struct ash_span der)
{
	for (size_t i = 0; i < importer->count; i++) {
		if (ash_span_equal(ash_buf_span(&importer->items[i].der), der))
			return true;
	}
	return false;
}

static ASH_STATUS add_item(struct importer *importer, struct ash_span der)
{
	struct item *item = NULL;

	if (importer->count == importer->cap) {
		size_t cap = importer->cap * 2 + FIRST_CAP;
		struct item *more = ash_mem_resize(importer->items, cap, sizeof(*more));

		ASH_ENSURE(more != NULL, ASH_E_MEMORY);
		importer->items = more;
		importer->cap = cap;
	}
	item = &importer->items[importer->count];
	*item = (struct item){ .der = ASH_BUF_PLAIN, .file = importer->file, .number = importer->number };
	ASH_TRY(ash_buf_add(&item->der, der));
	importer->count++;
	return ASH_DONE;
}

/* Tells why a file can't be read, or one of its certificates: which is no fault of the store's. */
static ASH_STATUS refuse_file(struct importer *importer, struct ash_status status)
{
	struct ash_cli *cli = importer->cli;
	const struct ash_cli_escaped file = shown_file(importer, importer->file);
	const char *why = ash_status_explanation();
	char what[512];

	if (importer->number != 0)
		snprintf(what, sizeof(what), "certificate %zu of %s", importer->number, file.text);
	else
		snprintf(what, sizeof(what), "the certificates of %s", file.text);
	if (status.code != ASH_E_FORMAT && status.code != ASH_E_LIMIT)
		return ash_cli_fail(cli, status, "can't read %s", what);
	if (why[0] == '\0')
		why = status.code == ASH_E_LIMIT ? "it is too long" : "it is no X.509 certificate";
	return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't read %s: %s", what, why);
}

static struct ash_status take(void *context, struct ash_span der)
{
	struct importer *importer = context;
	ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
	const size_t number = ++importer->number;
	const struct ash_status status = ash_certificate_read(der, &facts);

	if (!ash_is_ok(status))
		return refuse_file(importer, status);
	if (!is_there(importer, der))
		return add_item(importer, der);
	ash_cli_warn(importer->cli, "certificate %zu of %s came before: it is imported once", number,
		     shown_file(importer, importer->file).text);
	return ASH_DONE;
}

/* What stands beside the certificates may be a private key. */
static ASH_STATUS read_file(struct importer *importer, size_t file)
{
	struct ash_cli *cli = importer->cli;
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	struct ash_status status;

	importer->file = file;
	importer->number = 0;
	ASH_TRY(ash_cli_source_file(cli, cli->words[file], FILE_MAX, "a file of certificates", &bytes));
	status = ash_certfile_each(ash_buf_span(&bytes), take, importer);
	if (ash_is_ok(status) || cli->exit != ASH_CLI_DONE)
		return status;
	importer->number = 0; /* it says itself where it is bad */
	return refuse_file(importer, status);
}

static ASH_STATUS read_options(struct importer *importer)
{
	struct ash_cli *cli = importer->cli;
	const char *label = cli->values[ASH_CLI_OPT_LABEL];

	if (label != NULL) {
		importer->plan.label = ash_span_text(label);
		ASH_TRY(ash_cli_keyplan_check_label(cli, "label", importer->plan.label));
	}
	return ash_cli_keyplan_read_id(cli, &importer->plan);
}

static ASH_STATUS read_all(struct importer *importer)
{
	struct ash_cli *cli = importer->cli;

	ASH_TRY(read_options(importer));
	for (size_t i = 0; i < (size_t)cli->word_count; i++)
		ASH_TRY(read_file(importer, i));
	if (importer->count > 1 && (importer->plan.label.len != 0 || importer->plan.id.len != 0))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--label and --id are for one certificate, and there are %zu",
				      importer->count);
	return ASH_DONE;
}

/* --- storing ---------------------------------------------------------------------- */

/* All are looked for before the first is stored: then all are imported, or none. */
static ASH_STATUS check_new(struct importer *importer, const struct item *item)
{
	struct ash_cli *cli = importer->cli;
	ASH_AUTO(ash_cli_cert) twin = { .row = NULL };
	ash_handle object = 0;
	struct ash_status status;

	ASH_TRY(ash_cli_cert_find(cli, importer->session, ash_buf_span(&item->der), &object));
	if (object == 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_cert_read(cli, &importer->token, importer->session, false, object, &twin));
	status = ash_cli_refuse(
		cli, ASH_CLI_FAILED,
		"certificate %zu of %s is on token \"%s\" already, labelled \"%s\": nothing was imported",
		item->number, shown_file(importer, item->file).text,
		ash_cli_escaped(ash_cli_token_label(&importer->token)).text,
		ash_cli_escaped(ash_span_text(json_string_value(json_object_get(twin.row, "label")))).text);
	ash_cli_hint(cli, "--force imports it once more");
	return status;
}

static ASH_STATUS check_all(struct importer *importer)
{
	if (ash_cli_has(importer->cli, ASH_CLI_OPT_FORCE))
		return ASH_DONE;
	for (size_t i = 0; i < importer->count; i++)
		ASH_TRY(check_new(importer, &importer->items[i]));
	return ASH_DONE;
}

static ASH_STATUS store_one(struct importer *importer, const struct item *item, struct ash_cli_list *list)
{
	struct ash_cli *cli = importer->cli;
	const struct ash_cli_cert_plan plan = {
		.der = ash_buf_span(&item->der),
		.label = importer->plan.label,
		.id = ash_buf_span(&importer->plan.id),
		.again = true,
	};
	const bool keys = !ash_cli_has(cli, ASH_CLI_OPT_PUBLIC);
	ASH_AUTO(ash_cli_cert) cert = { .row = NULL };
	struct ash_cli_cert_made made = { 0, false };

	ASH_TRY(ash_cli_cert_store(cli, importer->session, &plan, &made));
	ASH_TRY(ash_cli_cert_read(cli, &importer->token, importer->session, keys, made.object, &cert));
	return ash_cli_list_append(list, cert.row);
}

static ASH_STATUS store_all(struct importer *importer, struct ash_cli_list *list)
{
	for (size_t i = 0; i < importer->count; i++) {
		const struct item *item = &importer->items[i];
		struct ash_status status = store_one(importer, item, list);

		if (ash_is_ok(status))
			continue;
		status = ash_cli_fail(importer->cli, status, "can't import certificate %zu of %s",
				      item->number, shown_file(importer, item->file).text);
		if (i > 0)
			ash_cli_hint(importer->cli, "those before it are on the token: %zu of %zu", i,
				     importer->count);
		return status;
	}
	return ASH_DONE;
}

static ASH_STATUS cert_import(struct ash_cli *cli)
{
	__attribute__((cleanup(importer_auto))) struct importer importer = { .cli = cli };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	const bool login = !ash_cli_has(cli, ASH_CLI_OPT_PUBLIC);
	struct ash_status status;

	importer.plan = ASH_CLI_KEYPLAN_NONE;
	ASH_TRY(read_all(&importer));
	ASH_TRY(ash_cli_token_select(cli, &importer.token));
	ASH_TRY(ash_cli_session_open(cli, &importer.token, true, login, &importer.session));
	status = check_all(&importer);
	if (!ash_is_ok(status))
		return cli->exit != ASH_CLI_DONE
			       ? status
			       : ash_cli_fail(cli, status, "can't read the certificates of token \"%s\"",
					      ash_cli_escaped(ash_cli_token_label(&importer.token)).text);
	ASH_TRY(ash_cli_list_init(&list, "certificates", ash_cli_cert_made_columns));
	ASH_TRY(store_all(&importer, &list));
	return ash_cli_print_list(cli, &list, "");
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "what to call it, if it is one; else the subject's common name" },
	{ .id = ASH_CLI_OPT_ID,
	  .name = "id",
	  .letter = 'i',
	  .value = "HEX",
	  .text = "its CKA_ID, if it is one; else its key's on the token, or the SHA-1 of the public key's bits" },
	{ .id = ASH_CLI_OPT_FORCE, .name = "force", .text = "also one that the token has already" },
	{ .id = ASH_CLI_OPT_PUBLIC,
	  .name = "public",
	  .letter = 'p',
	  .text = "do not log in: then nobody can tell whether the private key is there" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_cert_import = {
	.name = "cert import",
	.summary = "import certificates into a token",
	.details =
		"Each FILE holds X.509 certificates: any number in PEM, one in DER, or a PKCS#7 bundle; - is\n"
		"standard input. Everybody may read them on the token. It is said which private key of the token\n"
		"each belongs to. All are imported or, where one is on the token already, none.",
	.options =
		(const struct ash_cli_option *const[]){ options, ash_cli_token_options, ash_cli_pin_options,
							ash_cli_common_options, NULL },
	.words = "FILE...",
	.words_min = 1,
	.words_max = 4096,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar cert import web.pem", "for a key that was made here" },
			{ "ashlar cert import --public --label root root.der", "no PIN" },
			{ "ashlar cert import --pin-file pin.txt chain.p7b", NULL },
			{ NULL, NULL },
		},
	.run = cert_import,
};
