/* ashlar encrypt, ashlar decrypt */
#include "app/cli/use/params.h"
#include "app/cli/use/report.h"
#include "app/cli/use/stream.h"

#define IV_ROOM 16

/* All that it takes. */
struct crypter {
	struct ash_cli *cli;
	struct ash_cli_source source;
	struct ash_cli_sink sink;
	struct ash_cli_use use;
	struct ash_cli_use_key key;
	struct ash_cli_params params;
	const struct ash_mechanism_row *row;
};

#define CRYPTER_NONE(cli_)                                                                          \
	{                                                                                           \
		.cli = (cli_), .source = ASH_CLI_SOURCE_NONE, .sink = ASH_CLI_SINK_NONE,            \
		.use = ASH_CLI_USE_NONE, .key = ASH_CLI_USE_KEY_NONE, .params = ASH_CLI_PARAMS_NONE \
	}

static void crypter_auto(struct crypter *crypter)
{
	ash_cli_params_done(&crypter->params);
	ash_cli_use_key_done(&crypter->key);
	ash_cli_use_done(&crypter->use);
	ash_cli_sink_done(&crypter->sink);
	ash_cli_source_close(&crypter->source);
}

static ASH_STATUS prepare(struct crypter *crypter, const struct ash_cli_use_need *need, uint64_t flag)
{
	struct ash_cli *cli = crypter->cli;

	ASH_TRY(ash_cli_source_open(cli, cli->words[0], &crypter->source));
	ASH_TRY(ash_cli_sink_open(cli, flag == CKF_DECRYPT, false, &crypter->sink));
	ASH_TRY(ash_cli_use_open_key(cli, need, &crypter->use, &crypter->key));
	ASH_TRY(ash_cli_use_mechanism(&crypter->use, &crypter->key, flag, need->word, false, &crypter->row));
	return ash_cli_params_read(cli, crypter->row, crypter->key.modulus_len, &crypter->params);
}

/* A random IV, which the other side finds in front of the ciphertext. */
static ASH_STATUS write_iv(struct crypter *crypter)
{
	const size_t len = ash_cli_params_iv_len(crypter->row, &crypter->params);
	struct ash_cli *cli = crypter->cli;
	uint8_t iv[IV_ROOM];

	ASH_BUG(len > sizeof(iv));
	if (len == 0)
		return ASH_DONE;
	ASH_TRY(cli->api->random(cli->hsm, crypter->use.session, ash_mut(iv, len)));
	ASH_TRY(ash_cli_params_set_iv(&crypter->params, ash_span(iv, len)));
	return ash_cli_sink_write(&crypter->sink, ash_span(iv, len));
}

static ASH_STATUS read_iv(struct crypter *crypter)
{
	const size_t len = ash_cli_params_iv_len(crypter->row, &crypter->params);
	uint8_t iv[IV_ROOM];
	size_t got = 0;

	ASH_BUG(len > sizeof(iv));
	if (len == 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_source_read(&crypter->source, ash_mut(iv, len), &got));
	if (got < len)
		return ash_cli_refuse(
			crypter->cli, ASH_CLI_FAILED,
			"%s is too short: it has to begin with an IV of %zu bytes, unless --iv gives it",
			crypter->source.name.text, len);
	return ash_cli_params_set_iv(&crypter->params, ash_span(iv, len));
}

static ASH_STATUS run(struct crypter *crypter, enum ash_op op)
{
	const struct ash_cli_stream stream = {
		.use = &crypter->use,
		.key = &crypter->key,
		.row = crypter->row,
		.mechanism = &crypter->params.mechanism,
		.op = op,
		.source = &crypter->source,
	};
	const struct ash_cli_report report = {
		.row = crypter->row,
		.key_uri = json_string_value(json_object_get(crypter->key.key.row, "uri")),
		.iv = crypter->params.mechanism.params.iv,
		.sink = &crypter->sink,
	};

	ASH_TRY(ash_cli_stream_crypt(&stream, &crypter->sink));
	ASH_TRY(ash_cli_sink_commit(&crypter->sink));
	return ash_cli_report(crypter->cli, &report);
}

static ASH_STATUS encrypt(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "encrypt", ASH_CLI_PUBLIC | ASH_CLI_SECRET };
	__attribute__((cleanup(crypter_auto))) struct crypter crypter = CRYPTER_NONE(cli);

	ASH_TRY(prepare(&crypter, &need, CKF_ENCRYPT));
	ASH_TRY(write_iv(&crypter));
	return run(&crypter, ASH_OP_ENCRYPT);
}

static ASH_STATUS decrypt(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "decrypt", ASH_CLI_PRIVATE | ASH_CLI_SECRET };
	__attribute__((cleanup(crypter_auto))) struct crypter crypter = CRYPTER_NONE(cli);

	ASH_TRY(prepare(&crypter, &need, CKF_DECRYPT));
	ASH_TRY(read_iv(&crypter));
	return run(&crypter, ASH_OP_DECRYPT);
}

static void encrypt_help(FILE *out)
{
	ash_cli_mech_help(out, CKF_ENCRYPT);
}

static void decrypt_help(FILE *out)
{
	ash_cli_mech_help(out, CKF_DECRYPT);
}

#define OUTPUT(text_)                                                                                       \
	{                                                                                                   \
		.id = ASH_CLI_OPT_OUTPUT, .name = "output", .letter = 'o', .value = "FILE", .text = (text_) \
	}

static const struct ash_cli_option encrypt_options[] = {
	OUTPUT("write the ciphertext there; else to standard output"),
	{ .name = NULL },
};

static const struct ash_cli_option decrypt_options[] = {
	OUTPUT("write the plaintext there, for its owner alone to read; else to standard output"),
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_encrypt = {
	.name = "encrypt",
	.summary = "encrypt a file",
	.details =
		"FILE - is standard input. The key is a secret key or a public key; with --class public nobody is\n"
		"asked for a PIN. Without --iv a random IV is chosen and written in front: with AES-GCM what comes out is the\n"
		"nonce (12 bytes), the ciphertext and the tag (16 bytes); with AES-CBC and AES-CTR the IV has 16\n"
		"bytes, with AES-CCM 12. With --iv it is not written. AES-GCM and AES-CCM take at most as much as\n"
		"can be decrypted again (limits.multipart, 64 MiB); AES-CBC and AES-CTR take any length, and do not\n"
		"notice changes. RSA takes a few hundred bytes. The file is written whole or not at all.\n"
		"BYTES in options are hex (0a1b2c), text:TEXT or file:PATH.",
	.more = encrypt_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_key_options, encrypt_options,
							ash_cli_crypt_params, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar encrypt --label disk --output plan.enc plan.pdf", NULL },
			{ "ashlar encrypt --label mail --output pass.enc --hash sha1 pass.txt",
			  "RSA-OAEP as OpenSSL has it unasked" },
			{ "tar c docs | ashlar encrypt --label disk --mechanism aes-ctr --pin-file pin.txt --output docs.enc -",
			  NULL },
			{ NULL, NULL },
		},
	.run = encrypt,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_decrypt = {
	.name = "decrypt",
	.summary = "decrypt a file",
	.details =
		"FILE - is standard input. The key is a private or a secret key. Without --iv the IV is taken from\n"
		"the front of FILE, where `ashlar encrypt` puts it. With AES-GCM and AES-CCM nothing is written\n"
		"before the tag was checked. The file is written whole or not at all, with mode 0600.\n"
		"What was encrypted with options needs the same ones here.",
	.more = decrypt_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_key_options, decrypt_options,
							ash_cli_crypt_params, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar decrypt --label disk --output plan.pdf plan.enc", NULL },
			{ "ashlar decrypt --label disk --mechanism aes-cbc-pad --iv 000102030405060708090a0b0c0d0e0f -o a.txt a.enc",
			  "made by: openssl enc -aes-256-cbc -K … -iv 0001… -in a.txt -out a.enc" },
			{ NULL, NULL },
		},
	.run = decrypt,
	.takes_object = true,
};
