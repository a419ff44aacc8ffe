/* ashlar cert list, ashlar cert export */
#include "app/cli/cert/certs.h"
#include "app/cli/file/sink.h"
#include "app/cli/pin.h"
#include "app/cli/print/text.h"
#include "crypto/openssl/certfile.h"
#include "util/mem.h"

static ASH_STATUS cert_list(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	const bool login = !ash_cli_has(cli, ASH_CLI_OPT_PUBLIC);
	struct ash_cli_token token;
	ash_handle session = 0;

	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, false, login, &session));
	ASH_TRY(ash_cli_certs_find(cli, &token, session, false, login, &certs));
	ASH_TRY(ash_cli_certs_list(&certs, ash_cli_cert_columns, &list));
	return ash_cli_print_list(cli, &list, "No certificate matches.");
}

/* --- export --------------------------------------------------------------------- */

/* What goes out, in its order: numbers of certificates among all of the token. */
struct exporter {
	struct ash_cli *cli;
	struct ash_cli_certs all;
	size_t *chosen;
	size_t count;
	bool der;
};

static void exporter_auto(struct exporter *exporter)
{
	ash_cli_certs_done(&exporter->all);
	ash_mem_free(exporter->chosen);
}

static bool is_chosen(const struct exporter *exporter, size_t index)
{
	for (size_t i = 0; i < exporter->count; i++) {
		if (exporter->chosen[i] == index)
			return true;
	}
	return false;
}

static bool is_own_issuer(const struct ash_cli_cert *cert)
{
	return ash_span_equal(ash_buf_span(&cert->facts.subject), ash_buf_span(&cert->facts.issuer));
}

/* The certificate whose key signed this one; `ret_found` false when the token has none. */
static ASH_STATUS find_issuer(const struct exporter *exporter, const struct ash_cli_cert *cert,
			      size_t *ret_index, bool *ret_found)
{
	for (size_t i = 0; i < exporter->all.count; i++) {
		const struct ash_cli_cert *other = &exporter->all.cert[i];
		struct ash_status status;

		if (!other->readable ||
		    !ash_span_equal(ash_buf_span(&other->facts.subject), ash_buf_span(&cert->facts.issuer)))
			continue;
		status = ash_certificate_check(ash_buf_span(&cert->der), ash_buf_span(&other->der));
		if (status.code == ASH_E_MEMORY)
			return status;
		if (ash_is_ok(status)) {
			*ret_index = i;
			*ret_found = true;
			return ASH_DONE;
		}
	}
	*ret_found = false;
	return ASH_DONE;
}

/* Adds it and, with --chain, who issued it, who issued that, and so on. */
static ASH_STATUS choose(struct exporter *exporter, size_t index)
{
	bool found = true;

	while (found && !is_chosen(exporter, index)) {
		const struct ash_cli_cert *cert = &exporter->all.cert[index];

		exporter->chosen[exporter->count++] = index;
		if (!ash_cli_has(exporter->cli, ASH_CLI_OPT_CHAIN) || !cert->readable || is_own_issuer(cert))
			return ASH_DONE;
		ASH_TRY(find_issuer(exporter, cert, &index, &found));
		if (!found)
			ash_cli_warn(
				exporter->cli,
				"the chain ends early: the token has no certificate of who issued \"%s\"",
				ash_cli_escaped(ash_buf_span(&cert->facts.common_name)).text);
	}
	return ASH_DONE;
}

static ASH_STATUS choose_each(struct exporter *exporter, const struct ash_cli_certs *certs)
{
	exporter->chosen = ash_mem_new(exporter->all.count + 1, sizeof(*exporter->chosen));
	ASH_ENSURE(exporter->chosen != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < certs->count; i++) {
		for (size_t at = 0; at < exporter->all.count; at++) {
			if (exporter->all.cert[at].handle == certs->cert[i].handle)
				ASH_TRY(choose(exporter, at));
		}
	}
	return ASH_DONE;
}

static ASH_STATUS add_text(struct ash_span value, bool der, struct ash_buf *text)
{
	ash_buf_reset(text);
	return der ? ash_buf_add(text, value) : ash_certfile_pem("CERTIFICATE", value, text);
}

static ASH_STATUS write_chosen(const struct exporter *exporter)
{
	struct ash_cli *cli = exporter->cli;
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	if (exporter->der && exporter->count > 1)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "DER has room for one certificate, not for %zu",
				      exporter->count);
	ASH_TRY(ash_cli_sink_open(cli, false, !exporter->der, &sink));
	for (size_t i = 0; i < exporter->count; i++) {
		const struct ash_cli_cert *cert = &exporter->all.cert[exporter->chosen[i]];

		ASH_TRY(add_text(ash_buf_span(&cert->der), exporter->der, &text));
		ASH_TRY(ash_cli_sink_write(&sink, ash_buf_span(&text)));
	}
	return ash_cli_sink_commit(&sink);
}

/* For programs: each certificate beside what it is. */
static ASH_STATUS print_chosen(const struct exporter *exporter)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_list_init(&list, "certificates", ash_cli_cert_columns));
	for (size_t i = 0; i < exporter->count; i++) {
		const struct ash_cli_cert *cert = &exporter->all.cert[exporter->chosen[i]];

		ASH_TRY(add_text(ash_buf_span(&cert->der), false, &text));
		ASH_TRY(ash_cli_set_text(cert->row, "pem", ash_buf_span(&text)));
		ASH_TRY(ash_cli_list_append(&list, cert->row));
	}
	return ash_cli_print_list(exporter->cli, &list, "");
}

/* None, or too many. */
static ASH_STATUS refuse(struct ash_cli *cli, const struct ash_cli_certs *certs)
{
	const struct ash_status status = ash_cli_certs_refuse(cli, certs);

	if (certs->count == 0 && !ash_cli_pin_given(cli, CKU_USER))
		ash_cli_hint(cli, "nobody logged in: one that is private shows with --pin-file or the like");
	return status;
}

static ASH_STATUS cert_export(struct ash_cli *cli)
{
	__attribute__((cleanup(exporter_auto))) struct exporter exporter = { .cli = cli };
	ASH_AUTO(ash_cli_certs) certs = ASH_CLI_CERTS_NONE;
	const bool all = ash_cli_has(cli, ASH_CLI_OPT_ALL);
	struct ash_cli_token token;
	ash_handle session = 0;

	ASH_TRY(ash_cli_cert_form(cli, &exporter.der));
	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, false, ash_cli_pin_given(cli, CKU_USER), &session));
	ASH_TRY(ash_cli_certs_find(cli, &token, session, false, false, &certs));
	if (certs.count == 0 || (certs.count > 1 && !all))
		return refuse(cli, &certs);
	ASH_TRY(ash_cli_certs_find(cli, &token, session, true, false, &exporter.all));
	ASH_TRY(choose_each(&exporter, &certs));
	if (ash_cli_has(cli, ASH_CLI_OPT_OUTPUT) || !ash_cli_has(cli, ASH_CLI_OPT_JSON))
		ASH_TRY(write_chosen(&exporter));
	return ash_cli_has(cli, ASH_CLI_OPT_JSON) ? print_chosen(&exporter) : ASH_DONE;
}

static const struct ash_cli_option list_options[] = {
	{ .id = ASH_CLI_OPT_PUBLIC,
	  .name = "public",
	  .letter = 'p',
	  .text = "do not log in: then nobody can tell whether the private keys are there" },
	{ .id = ASH_CLI_OPT_LONG,
	  .name = "long",
	  .text = "show more: serial number, not before, id, the key's URI" },
	{ .name = NULL },
};

static const struct ash_cli_option export_options[] = {
	{ .id = ASH_CLI_OPT_ALL,
	  .name = "all",
	  .letter = 'a',
	  .text = "every certificate that matches, not just one" },
	{ .id = ASH_CLI_OPT_CHAIN,
	  .name = "chain",
	  .text = "and behind it who issued it, as far as the token has them" },
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "where it goes; else to standard output" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_cert_list = {
	.name = "cert list",
	.summary = "list the certificates of a token",
	.details =
		"Whose they are, who issued them, how long they are valid, and whether the private key is on the\n"
		"token. Nothing here says that one is to be trusted.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_cert_options, list_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar cert list", "asks for the user PIN" },
			{ "ashlar cert list --public --json | jq -r '.certificates[].not_after'", NULL },
			{ NULL, NULL },
		},
	.run = cert_list,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_cert_export = {
	.name = "cert export",
	.summary = "write certificates of a token to a file",
	.details =
		"As PEM, one after the other. Certificates are for everybody, so no PIN is asked for; one that was\n"
		"stored as private needs --pin-file or the like.",
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_cert_options, export_options,
							ash_cli_cert_form_options, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar cert export --label web --chain --output web.pem", NULL },
			{ "ashlar cert export --all | openssl storeutl -noout -text -certs /dev/stdin",
			  NULL },
			{ "ashlar cert export --der -o root.der 'pkcs11:object=root;type=cert'", NULL },
			{ NULL, NULL },
		},
	.run = cert_export,
	.takes_object = true,
};
