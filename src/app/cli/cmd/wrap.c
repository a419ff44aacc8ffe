/* ashlar wrap, ashlar unwrap */
#include "app/cli/file/source.h"
#include "app/cli/use/newkey.h"
#include "app/cli/use/params.h"
#include "app/cli/use/peer.h"
#include "app/cli/use/report.h"

#define IV_ROOM     16
#define WRAPPED_MAX 131072u /* no key is longer */

/* All that it takes. */
struct wrapper {
	struct ash_cli *cli;
	struct ash_cli_use use;
	struct ash_cli_use_key with; /* that wraps or unwraps */
	struct ash_cli_params params;
	const struct ash_mechanism_row *row;
};

#define WRAPPER_NONE(cli_)                                                            \
	{                                                                             \
		.cli = (cli_), .use = ASH_CLI_USE_NONE, .with = ASH_CLI_USE_KEY_NONE, \
		.params = ASH_CLI_PARAMS_NONE                                         \
	}

static void wrapper_auto(struct wrapper *wrapper)
{
	ash_cli_params_done(&wrapper->params);
	ash_cli_use_key_done(&wrapper->with);
	ash_cli_use_done(&wrapper->use);
}

/* How the key does it. */
static ASH_STATUS prepare(struct wrapper *wrapper, const struct ash_cli_use_need *need, uint64_t flag,
			  bool private_key)
{
	ASH_TRY(ash_cli_use_mechanism(&wrapper->use, &wrapper->with, flag, need->word, private_key,
				      &wrapper->row));
	return ash_cli_params_read(wrapper->cli, wrapper->row, wrapper->with.modulus_len, &wrapper->params);
}

/* ---- wrap ---- */

/* A random IV, in front of what comes out. */
static ASH_STATUS choose_iv(struct wrapper *wrapper, struct ash_buf *out)
{
	const size_t len = ash_cli_params_iv_len(wrapper->row, &wrapper->params);
	struct ash_cli *cli = wrapper->cli;
	uint8_t iv[IV_ROOM];

	ASH_BUG(len > sizeof(iv));
	if (len == 0)
		return ASH_DONE;
	ASH_TRY(cli->api->random(cli->hsm, wrapper->use.session, ash_mut(iv, len)));
	ASH_TRY(ash_cli_params_set_iv(&wrapper->params, ash_span(iv, len)));
	return ash_buf_add(out, ash_span(iv, len));
}

static ASH_STATUS wrap_key(struct wrapper *wrapper, const struct ash_cli_use_key *key, struct ash_buf *out)
{
	const struct ash_mechanism *mechanism = &wrapper->params.mechanism;
	struct ash_cli *cli = wrapper->cli;
	const size_t before = out->len;
	struct ash_out wrapped = { NULL, 0, 0 };
	struct ash_mut room;

	ASH_TRY(cli->api->wrap_key(cli->hsm, wrapper->use.session, mechanism, wrapper->with.key.handle,
				   key->key.handle, &wrapped));
	ASH_TRY(ash_buf_extend(out, wrapped.len + 1, &room)); /* without room it would be asked again */
	wrapped = (struct ash_out){ room.data, room.len, 0 };
	ASH_TRY(cli->api->wrap_key(cli->hsm, wrapper->use.session, mechanism, wrapper->with.key.handle,
				   key->key.handle, &wrapped));
	out->len = before + wrapped.len;
	return ASH_DONE;
}

static ASH_STATUS tell_unwrapped(struct wrapper *wrapper, struct ash_status status,
				 const struct ash_cli_use_key *key)
{
	struct ash_cli *cli = wrapper->cli;

	status = ash_cli_fail(cli, status, "can't wrap the key \"%s\" with \"%s\" and %s",
			      ash_cli_use_key_name(key).text, ash_cli_use_key_name(&wrapper->with).text,
			      wrapper->row->name);
	if (status.code == ASH_E_KEY_UNEXTRACTABLE)
		ash_cli_hint(cli, "a key can leave the token only if it was made with --extractable");
	else if (status.code == ASH_E_KEY_SIZE || status.code == ASH_E_KEY_NOT_WRAPPABLE)
		ash_cli_hint(
			cli,
			"--mechanism aes-kwp (AES) or rsa-aes-kwp (RSA) wraps keys of every type and size");
	else
		ash_cli_newkey_hint(cli, status.code);
	return status;
}

static ASH_STATUS deliver(struct wrapper *wrapper, struct ash_cli_sink *sink, struct ash_span wrapped)
{
	const struct ash_cli_report report = {
		.row = wrapper->row,
		.key_uri = ash_cli_has(wrapper->cli, ASH_CLI_OPT_WITH)
				   ? json_string_value(json_object_get(wrapper->with.key.row, "uri"))
				   : NULL,
		.iv = wrapper->params.mechanism.params.iv,
		.sink = sink,
	};

	ASH_TRY(ash_cli_sink_write(sink, wrapped));
	ASH_TRY(ash_cli_sink_commit(sink));
	return ash_cli_report(wrapper->cli, &report);
}

static ASH_STATUS wrap(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "wrap", ASH_CLI_PUBLIC | ASH_CLI_SECRET };
	static const struct ash_cli_use_need target = { NULL, ASH_CLI_PRIVATE | ASH_CLI_SECRET };
	__attribute__((cleanup(wrapper_auto))) struct wrapper wrapper = WRAPPER_NONE(cli);
	ASH_AUTO(ash_cli_use_key) key = ASH_CLI_USE_KEY_NONE;
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	struct ash_status status;

	ASH_TRY(ash_cli_sink_open(cli, false, false, &sink));
	ASH_TRY(ash_cli_use_open(cli, false, &wrapper.use));
	ASH_TRY(ash_cli_use_find(&wrapper.use, &target, &key));
	ASH_TRY(ash_cli_peer_or_with(&wrapper.use, &need, CKA_WRAP, &wrapper.with));
	ASH_TRY(prepare(&wrapper, &need, CKF_WRAP, key.key.class == CKO_PRIVATE_KEY));
	ASH_TRY(choose_iv(&wrapper, &out));
	status = wrap_key(&wrapper, &key, &out);
	if (!ash_is_ok(status))
		return tell_unwrapped(&wrapper, status, &key);
	return deliver(&wrapper, &sink, ash_buf_span(&out));
}

/* ---- unwrap ---- */

/* What is left of the file when the IV is taken from its front. */
static ASH_STATUS take_iv(struct wrapper *wrapper, struct ash_span *wrapped)
{
	const size_t len = ash_cli_params_iv_len(wrapper->row, &wrapper->params);

	if (wrapped->len < len)
		return ash_cli_refuse(
			wrapper->cli, ASH_CLI_FAILED,
			"the wrapped key is too short: it has to begin with an IV of %zu bytes, "
			"unless --iv gives it",
			len);
	if (len != 0)
		ASH_TRY(ash_cli_params_set_iv(&wrapper->params, ash_span(wrapped->data, len)));
	*wrapped = ash_span(wrapped->data + len, wrapped->len - len);
	return ASH_DONE;
}

static ASH_STATUS unwrap_key(struct wrapper *wrapper, struct ash_cli_newkey *newkey, struct ash_span wrapped)
{
	struct ash_cli_template made = { .count = 0 };
	struct ash_cli *cli = wrapper->cli;
	struct ash_status status;
	ash_handle handle = 0;

	ASH_TRY(take_iv(wrapper, &wrapped));
	ASH_TRY(ash_cli_newkey_prepare(&wrapper->use, newkey));
	ASH_TRY(ash_cli_newkey_template(newkey, &made));
	status = cli->api->unwrap_key(cli->hsm, wrapper->use.session, &wrapper->params.mechanism,
				      wrapper->with.key.handle, wrapped, ash_cli_template(&made), &handle);
	if (!ash_is_ok(status)) {
		status = ash_cli_fail(cli, status, "can't unwrap the key with \"%s\" and %s",
				      ash_cli_use_key_name(&wrapper->with).text, wrapper->row->name);
		ash_cli_newkey_hint(cli, status.code);
		return status;
	}
	return ash_cli_newkey_finish(&wrapper->use, newkey, handle);
}

static ASH_STATUS unwrap(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "unwrap", ASH_CLI_PRIVATE | ASH_CLI_SECRET };
	__attribute__((cleanup(wrapper_auto))) struct wrapper wrapper = WRAPPER_NONE(cli);
	ASH_AUTO(ash_cli_newkey) newkey = ASH_CLI_NEWKEY_NONE;
	ASH_AUTO(ash_buf) file = ASH_BUF_PLAIN;

	ASH_TRY(ash_cli_newkey_read(cli, ASH_CLI_SECRET | ASH_CLI_PRIVATE, &newkey));
	ASH_TRY(ash_cli_source_file(cli, cli->words[0], WRAPPED_MAX, "a wrapped key", &file));
	ASH_TRY(ash_cli_use_open(cli, true, &wrapper.use));
	ASH_TRY(ash_cli_use_find_with(&wrapper.use, &need, &wrapper.with));
	ASH_TRY(prepare(&wrapper, &need, CKF_UNWRAP, newkey.class == CKO_PRIVATE_KEY));
	return unwrap_key(&wrapper, &newkey, ash_buf_span(&file));
}

static void wrap_help(FILE *out)
{
	ash_cli_mech_help(out, CKF_WRAP);
}

static void unwrap_help(FILE *out)
{
	ash_cli_newkey_help(out);
	ash_cli_mech_help(out, CKF_UNWRAP);
}

static const struct ash_cli_option wrap_options[] = {
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "write the wrapped key there; else to standard output" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_wrap = {
	.name = "wrap",
	.summary = "encrypt a key of the token with another key",
	.details =
		"--label, --id and --type pick the key that is wrapped, a secret or a private key that was made with\n"
		"--extractable; --with names the key that wraps it, which needs the usage wrap, or --peer somebody's\n"
		"public RSA key. Of a private key its PKCS#8 is wrapped. Where the mechanism has an IV and --iv does\n"
		"not give it, a random one is written in front. BYTES in options are hex (0a1b2c), text:TEXT or\n"
		"file:PATH.",
	.more = wrap_help,
	.options = (const struct ash_cli_option *const[]){ ash_cli_key_options, ash_cli_peer_options,
							   wrap_options, ash_cli_crypt_params,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar wrap --label web --with label:transport --output web.wrapped",
			  "AES key wrap with padding (RFC 5649)" },
			{ "ashlar wrap --id 01 --with id:02 --mechanism rsa-oaep --output key.wrapped",
			  NULL },
			{ "ashlar wrap --label master --peer kms.pem --mechanism rsa-aes-kwp --output master.wrapped",
			  "for a key service that gave its public key" },
			{ NULL, NULL },
		},
	.run = wrap,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_unwrap = {
	.name = "unwrap",
	.summary = "bring in a key that was wrapped",
	.details =
		"FILE - is standard input. --with names the key that unwraps, which needs the usage unwrap; --type,\n"
		"--label, --id and --usage say what the new key is to be. --type names its type exactly, like\n"
		"aes:256 or ec:p256, or its family, like aes or ec. Of a private key the public half is made too.\n"
		"A copy of the key stays with whoever wrapped it: see to that.",
	.more = unwrap_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_newkey_options, ash_cli_with_options,
							ash_cli_crypt_params, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.words = "FILE",
	.words_min = 1,
	.words_max = 1,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar unwrap --with label:transport --type ec:p256 --label web --id 01 web.wrapped",
			  NULL },
			{ "ashlar unwrap --with id:02 --type aes:256 --label disk --pin-file pin.txt key.wrapped",
			  NULL },
			{ NULL, NULL },
		},
	.run = unwrap,
};
