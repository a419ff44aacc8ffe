/* ashlar encapsulate, ashlar decapsulate */
#include "app/cli/file/sink.h"
#include "app/cli/file/source.h"
#include "app/cli/use/newkey.h"
#include "app/cli/use/params.h"
#include "app/cli/use/peer.h"

#define CIPHERTEXT_MAX 65536u

/* All that it takes. */
struct agreement {
	struct ash_cli *cli;
	struct ash_cli_newkey newkey;
	struct ash_cli_use use;
	struct ash_cli_use_key with;
	struct ash_cli_params params;
	struct ash_cli_template made;
	const struct ash_mechanism_row *row;
};

#define AGREEMENT_NONE(cli_)                                                           \
	{                                                                              \
		.cli = (cli_), .newkey = ASH_CLI_NEWKEY_NONE, .use = ASH_CLI_USE_NONE, \
		.with = ASH_CLI_USE_KEY_NONE, .params = ASH_CLI_PARAMS_NONE            \
	}

static void agreement_auto(struct agreement *agreement)
{
	ash_cli_params_done(&agreement->params);
	ash_cli_use_key_done(&agreement->with);
	ash_cli_use_done(&agreement->use);
	ash_cli_newkey_done(&agreement->newkey);
}

static ASH_STATUS prepare(struct agreement *agreement, const struct ash_cli_use_need *need, uint64_t flag)
{
	struct ash_cli *cli = agreement->cli;
	struct ash_cli_use *use = &agreement->use;

	ASH_TRY(ash_cli_use_open(cli, true, use));
	if (flag == CKF_ENCAPSULATE)
		ASH_TRY(ash_cli_peer_or_with(use, need, CKA_ENCAPSULATE, &agreement->with));
	else
		ASH_TRY(ash_cli_use_find_with(use, need, &agreement->with));
	ASH_TRY(ash_cli_use_mechanism(use, &agreement->with, flag, need->word, false, &agreement->row));
	ASH_TRY(ash_cli_params_read(cli, agreement->row, 0, &agreement->params));
	ASH_TRY(ash_cli_newkey_prepare(use, &agreement->newkey));
	return ash_cli_newkey_template(&agreement->newkey, &agreement->made);
}

static ASH_STATUS tell(struct agreement *agreement, struct ash_status status, const char *word)
{
	status = ash_cli_fail(agreement->cli, status, "can't %s with \"%s\" and %s", word,
			      ash_cli_use_key_name(&agreement->with).text, agreement->row->name);
	ash_cli_newkey_hint(agreement->cli, status.code);
	return status;
}

/* Makes the key; the ciphertext is asked for its length first. */
static ASH_STATUS make(struct agreement *agreement, struct ash_buf *ciphertext, ash_handle *ret_key)
{
	struct ash_cli *cli = agreement->cli;
	struct ash_out out = { NULL, 0, 0 };
	struct ash_mut room;

	ASH_TRY(cli->api->encapsulate_key(cli->hsm, agreement->use.session, &agreement->params.mechanism,
					  agreement->with.key.handle, ash_cli_template(&agreement->made),
					  &out, ret_key));
	ASH_TRY(ash_buf_extend(ciphertext, out.len + 1, &room));
	out = (struct ash_out){ room.data, room.len, 0 };
	ASH_TRY(cli->api->encapsulate_key(cli->hsm, agreement->use.session, &agreement->params.mechanism,
					  agreement->with.key.handle, ash_cli_template(&agreement->made),
					  &out, ret_key));
	ciphertext->len = out.len;
	return ASH_DONE;
}

/* A key whose ciphertext nobody got is of no use. */
static ASH_STATUS deliver(struct agreement *agreement, struct ash_cli_sink *sink, struct ash_span ciphertext,
			  ash_handle key)
{
	struct ash_cli *cli = agreement->cli;
	struct ash_status status = ash_cli_sink_write(sink, ciphertext);

	if (ash_is_ok(status))
		status = ash_cli_sink_commit(sink);
	if (ash_is_ok(status))
		return ash_cli_newkey_finish(&agreement->use, &agreement->newkey, key);
	ash_ignore(cli->api->destroy_object(cli->hsm, agreement->use.session, key));
	return status;
}

static ASH_STATUS encapsulate(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "encapsulate", ASH_CLI_PUBLIC };
	__attribute__((cleanup(agreement_auto))) struct agreement agreement = AGREEMENT_NONE(cli);
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	ASH_AUTO(ash_buf) ciphertext = ASH_BUF_PLAIN;
	struct ash_status status;
	ash_handle key = 0;

	ASH_TRY(ash_cli_newkey_read(cli, ASH_CLI_SECRET, &agreement.newkey));
	ASH_TRY(ash_cli_sink_open(cli, false, false, &sink));
	agreement.newkey.quiet = sink.name == NULL; /* the ciphertext goes there */
	ASH_TRY(prepare(&agreement, &need, CKF_ENCAPSULATE));
	status = make(&agreement, &ciphertext, &key);
	if (!ash_is_ok(status))
		return tell(&agreement, status, need.word);
	return deliver(&agreement, &sink, ash_buf_span(&ciphertext), key);
}

static ASH_STATUS decapsulate(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "decapsulate", ASH_CLI_PRIVATE };
	__attribute__((cleanup(agreement_auto))) struct agreement agreement = AGREEMENT_NONE(cli);
	ASH_AUTO(ash_buf) file = ASH_BUF_PLAIN;
	struct ash_status status;
	ash_handle key = 0;

	ASH_TRY(ash_cli_newkey_read(cli, ASH_CLI_SECRET, &agreement.newkey));
	ASH_TRY(ash_cli_source_file(cli, cli->words[0], CIPHERTEXT_MAX, "a ciphertext", &file));
	ASH_TRY(prepare(&agreement, &need, CKF_DECAPSULATE));
	status = cli->api->decapsulate_key(cli->hsm, agreement.use.session, &agreement.params.mechanism,
					   agreement.with.key.handle, ash_cli_template(&agreement.made),
					   ash_buf_span(&file), &key);
	if (!ash_is_ok(status))
		return tell(&agreement, status, need.word);
	return ash_cli_newkey_finish(&agreement.use, &agreement.newkey, key);
}

static const struct ash_cli_option encapsulate_options[] = {
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "write the ciphertext there, for whoever has the private key",
	  .required = true },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_encapsulate = {
	.name = "encapsulate",
	.summary = "agree on a secret key with whoever has the private key (ML-KEM)",
	.details =
		"--with names a public ML-KEM key of the token, or --peer one in a file. A random secret of 256\n"
		"bits becomes a new key, as --type, --label, --id and --usage say; the ciphertext from which\n"
		"`ashlar decapsulate` makes the same key goes to --output.",
	.more = ash_cli_newkey_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_newkey_options, ash_cli_peer_options,
							encapsulate_options, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar encapsulate --peer bob.pem --type aes:256 --label session --output session.ct",
			  NULL },
			{ NULL, NULL },
		},
	.run = encapsulate,
};

const struct ash_cli_command ash_cli_cmd_decapsulate = {
	.name = "decapsulate",
	.summary = "make the secret key that somebody encapsulated (ML-KEM)",
	.details =
		"FILE is the ciphertext; - is standard input. --with names the private ML-KEM key. The secret\n"
		"becomes a new key, as --type, --label, --id and --usage say. A ciphertext that was changed gives\n"
		"another key, and no failure: that is how ML-KEM works.",
	.more = ash_cli_newkey_help,
	.options = (const struct ash_cli_option *const[]){ ash_cli_newkey_options, ash_cli_with_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar decapsulate --with label:kem --type aes:256 --label session session.ct",
			  NULL },
			{ NULL, NULL },
		},
	.run = decapsulate,
};
