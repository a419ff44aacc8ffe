/* ashlar sign, ashlar verify */
#include <string.h>

#include "app/cli/use/params.h"
#include "app/cli/use/report.h"
#include "app/cli/use/signature.h"
#include "app/cli/use/stream.h"
#include "crypto/alg.h"

#define SIGNATURE_MAX 65536u

/* All that one signature takes. */
struct signer {
	struct ash_cli *cli;
	struct ash_cli_source source;
	struct ash_cli_use use;
	struct ash_cli_use_key key;
	struct ash_cli_params params;
	const struct ash_mechanism_row *row;
	bool der; /* the signature goes out, or comes in, as DER */
};

#define SIGNER_NONE(cli_)                                                              \
	{                                                                              \
		.cli = (cli_), .source = ASH_CLI_SOURCE_NONE, .use = ASH_CLI_USE_NONE, \
		.key = ASH_CLI_USE_KEY_NONE, .params = ASH_CLI_PARAMS_NONE             \
	}

static void signer_auto(struct signer *signer)
{
	ash_cli_params_done(&signer->params);
	ash_cli_use_key_done(&signer->key);
	ash_cli_use_done(&signer->use);
	ash_cli_source_close(&signer->source);
}

/* --format: of ECDSA alone, which has two forms. */
static ASH_STATUS read_format(struct signer *signer)
{
	struct ash_cli *cli = signer->cli;
	const char *format = cli->values[ASH_CLI_OPT_FORMAT];
	const bool ecdsa = signer->row->alg.scheme == ASH_SCHEME_ECDSA;

	signer->der = ecdsa && signer->key.group != ASH_GROUP_NONE;
	if (format == NULL)
		return ASH_DONE;
	if (strcmp(format, "raw") == 0) {
		signer->der = false;
		return ASH_DONE;
	}
	if (strcmp(format, "der") != 0 && strcmp(format, "openssl") != 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--format takes der (or openssl, the same) or raw, not \"%s\"",
				      ash_cli_escaped(ash_span_text(format)).text);
	if (!ecdsa)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "%s has one form of signature only: --format %s is for ECDSA",
				      signer->row->name, format);
	return ASH_DONE;
}

static ASH_STATUS prepare(struct signer *signer, const struct ash_cli_use_need *need, uint64_t flag)
{
	struct ash_cli *cli = signer->cli;

	ASH_TRY(ash_cli_source_open(cli, cli->words[0], &signer->source));
	ASH_TRY(ash_cli_use_open_key(cli, need, &signer->use, &signer->key));
	ASH_TRY(ash_cli_use_mechanism(&signer->use, &signer->key, flag, need->word, false, &signer->row));
	ASH_TRY(ash_cli_params_read(cli, signer->row, signer->key.modulus_len, &signer->params));
	if (ash_cli_params_iv_len(signer->row, &signer->params) != 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "%s needs --iv", signer->row->name);
	return read_format(signer);
}

static struct ash_cli_stream stream_of(struct signer *signer, enum ash_op op)
{
	return (struct ash_cli_stream){
		.use = &signer->use,
		.key = &signer->key,
		.row = signer->row,
		.mechanism = &signer->params.mechanism,
		.op = op,
		.source = &signer->source,
	};
}

static const char *form_of(const struct signer *signer)
{
	if (signer->row->alg.scheme != ASH_SCHEME_ECDSA)
		return NULL;
	return signer->der ? "DER" : "raw";
}

static ASH_STATUS deliver(struct signer *signer, struct ash_span signature)
{
	struct ash_cli *cli = signer->cli;
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	struct ash_cli_report report = {
		.row = signer->row,
		.key_uri = json_string_value(json_object_get(signer->key.key.row, "uri")),
		.form = form_of(signer),
		.signature = signature,
	};

	if (ash_cli_has(cli, ASH_CLI_OPT_JSON) && !ash_cli_has(cli, ASH_CLI_OPT_OUTPUT))
		return ash_cli_report(cli, &report);
	ASH_TRY(ash_cli_sink_open(cli, false, false, &sink));
	ASH_TRY(ash_cli_sink_write(&sink, signature));
	ASH_TRY(ash_cli_sink_commit(&sink));
	report.sink = &sink;
	return ash_cli_report(cli, &report);
}

static ASH_STATUS sign(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "sign", ASH_CLI_PRIVATE | ASH_CLI_SECRET };
	__attribute__((cleanup(signer_auto))) struct signer signer = SIGNER_NONE(cli);
	ASH_AUTO(ash_buf) raw = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;
	struct ash_cli_stream stream;

	ASH_TRY(prepare(&signer, &need, CKF_SIGN));
	stream = stream_of(&signer, ASH_OP_SIGN);
	ASH_TRY(ash_cli_stream_sum(&stream, &raw));
	if (signer.der)
		ASH_TRY(ash_cli_signature_to_der(ash_buf_span(&raw), &der));
	return deliver(&signer, ash_buf_span(signer.der ? &der : &raw));
}

/* The signature as the token takes it; `ret_good` false when it is none at all. */
static ASH_STATUS read_signature(struct signer *signer, struct ash_buf *raw, bool *ret_good)
{
	struct ash_cli *cli = signer->cli;
	ASH_AUTO(ash_buf) file = ASH_BUF_PLAIN;
	const size_t half = ((size_t)ash_group_bits(signer->key.group) + 7) / 8;
	struct ash_status status;

	*ret_good = true;
	ASH_TRY(ash_cli_source_file(cli, cli->values[ASH_CLI_OPT_SIGNATURE], SIGNATURE_MAX, "a signature",
				    &file));
	if (!signer->der)
		return ash_buf_add(raw, ash_buf_span(&file));
	status = ash_cli_signature_from_der(ash_buf_span(&file), half, raw);
	*ret_good = ash_is_ok(status);
	if (status.code == ASH_E_FORMAT && file.len == 2 * half)
		ash_cli_warn(cli, "it is as long as a raw signature (r || s): is --format raw missing?");
	return status.code == ASH_E_FORMAT ? ASH_DONE : status;
}

static ASH_STATUS tell_result(struct signer *signer, bool valid)
{
	struct ash_cli *cli = signer->cli;
	const struct ash_cli_report report = {
		.row = signer->row,
		.key_uri = json_string_value(json_object_get(signer->key.key.row, "uri")),
		.form = form_of(signer),
		.valid = &valid,
	};

	ASH_TRY(ash_cli_report(cli, &report));
	if (!valid)
		return ash_cli_refuse(
			cli, ASH_CLI_FAILED, "the signature is not valid for %s, the key \"%s\" and %s",
			signer->source.name.text, ash_cli_use_key_name(&signer->key).text, signer->row->name);
	if (!ash_cli_has(cli, ASH_CLI_OPT_JSON))
		fputs("Signature is valid\n", cli->out);
	return ASH_DONE;
}

static ASH_STATUS verify(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "verify", ASH_CLI_PUBLIC | ASH_CLI_SECRET };
	__attribute__((cleanup(signer_auto))) struct signer signer = SIGNER_NONE(cli);
	ASH_AUTO(ash_buf) raw = ASH_BUF_PLAIN;
	struct ash_cli_stream stream;
	bool valid = false;

	if (strcmp(cli->words[0], "-") == 0 && strcmp(cli->values[ASH_CLI_OPT_SIGNATURE], "-") == 0)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "data and signature can't both come from standard input");
	ASH_TRY(prepare(&signer, &need, CKF_VERIFY));
	ASH_TRY(read_signature(&signer, &raw, &valid));
	stream = stream_of(&signer, ASH_OP_VERIFY);
	if (valid)
		ASH_TRY(ash_cli_stream_verify(&stream, ash_buf_span(&raw), &valid));
	return tell_result(&signer, valid);
}

static void sign_help(FILE *out)
{
	ash_cli_mech_help(out, CKF_SIGN);
}

static void verify_help(FILE *out)
{
	ash_cli_mech_help(out, CKF_VERIFY);
}

#define FORMAT(text_)                                                                           \
	{                                                                                       \
		.id = ASH_CLI_OPT_FORMAT, .name = "format", .value = "der|raw", .text = (text_) \
	}

static const struct ash_cli_option sign_options[] = {
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "write the signature there; else to standard output" },
	FORMAT("ECDSA: DER, as OpenSSL has it, or r || s; else DER"),
	{ .name = NULL },
};

static const struct ash_cli_option verify_options[] = {
	{ .id = ASH_CLI_OPT_SIGNATURE,
	  .name = "signature",
	  .letter = 's',
	  .value = "FILE",
	  .text = "the signature",
	  .required = true },
	FORMAT("ECDSA: the signature is DER, as OpenSSL has it, or r || s; else DER"),
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_sign = {
	.name = "sign",
	.summary = "sign a file, or make a MAC of it",
	.details =
		"FILE may be of any length; - is standard input. The key is a private or a secret key. With --json\n"
		"and without --output the signature is in the document, in hex. Mechanisms without a hash in their\n"
		"names (ecdsa, rsa-pss, rsa-pkcs1) take a digest and sign it as it is. BYTES in options are hex\n"
		"(0a1b2c), text:TEXT or file:PATH.",
	.more = sign_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_key_options, sign_options,
							ash_cli_sign_params, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar sign --label web --output report.sig report.pdf",
			  "checked by: openssl dgst -sha256 -verify web.pem -signature report.sig report.pdf" },
			{ "ashlar sign --label code --mechanism rsa-pkcs1-sha256 --output a.sig a.bin",
			  "RSA as most programs have it; without --mechanism it is RSA-PSS" },
			{ "sha256sum < big.iso | ashlar sign --label release --pin-file pin.txt --output sums.sig -",
			  NULL },
			{ NULL, NULL },
		},
	.run = sign,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_verify = {
	.name = "verify",
	.summary = "check a signature or MAC",
	.details =
		"The key is a public key or a secret key. With --class public nobody is asked for a PIN; but anybody\n"
		"can make public keys on a token, so be sure of its id. It says \"Signature is valid\", or ends with 1\n"
		"and says that it is not; with --json it prints its result in both cases.\n"
		"What was signed with options needs the same ones here.",
	.more = verify_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_key_options, verify_options,
							ash_cli_sign_params, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar verify --label web --signature report.sig report.pdf", NULL },
			{ "ashlar verify --label code --salt-length max --signature a.sig a.bin",
			  "RSA-PSS as OpenSSL makes it unasked" },
			{ NULL, NULL },
		},
	.run = verify,
	.takes_object = true,
};
