/* ashlar derive */
#include "app/cli/use/newkey.h"
#include "app/cli/use/params.h"
#include "app/cli/use/peer.h"

/* Whether a public key may be of that curve: of bare bits the token sees it. */
static bool fits(const struct ash_cli_use_key *base, const struct ash_cli_public_key *peer)
{
	if (peer->group == NULL)
		return true;
	if (base->key.key_type == CKK_EC)
		return peer->group->kind == ASH_KEY_EC && peer->group->group == base->group;
	return peer->group->kind == ASH_KEY_MONTGOMERY;
}

/* The other side's public key, for the derivation; lent from `peer`. */
static ASH_STATUS read_peer(struct ash_cli *cli, const struct ash_cli_use_key *base,
			    struct ash_cli_peer *peer, struct ash_derivation *derive)
{
	const char *path = cli->values[ASH_CLI_OPT_PEER];

	if (path == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "whose public key? Say it with --peer FILE");
	ASH_TRY(ash_cli_peer_read(cli, peer));
	if (!fits(base, &peer->key))
		return ash_cli_refuse(cli, ASH_CLI_FAILED,
				      "the public key in %s is of another kind than the key \"%s\" (%s)",
				      ash_cli_escaped(ash_span_text(path)).text,
				      ash_cli_use_key_name(base).text, base->type);
	derive->peer = peer->key.bits;
	return ASH_DONE;
}

static ASH_STATUS derive_key(struct ash_cli_use *use, const struct ash_cli_use_key *base,
			     const struct ash_mechanism_row *row, const struct ash_mechanism *mechanism,
			     struct ash_cli_newkey *newkey)
{
	struct ash_cli_template made = { .count = 0 };
	struct ash_cli *cli = use->cli;
	struct ash_status status;
	ash_handle handle = 0;

	ASH_TRY(ash_cli_newkey_prepare(use, newkey));
	ASH_TRY(ash_cli_newkey_template(newkey, &made));
	status = cli->api->derive_key(cli->hsm, use->session, mechanism, base->key.handle,
				      ash_cli_template(&made), &handle);
	if (!ash_is_ok(status)) {
		status = ash_cli_fail(cli, status, "can't derive a key from \"%s\" with %s",
				      ash_cli_use_key_name(base).text, row->name);
		if (status.code == ASH_E_MECHANISM_PARAM && row->param == ASH_PARAM_ECDH)
			ash_cli_hint(cli, "is what --peer names a point of the same curve?");
		ash_cli_newkey_hint(cli, status.code);
		return status;
	}
	return ash_cli_newkey_finish(use, newkey, handle);
}

static ASH_STATUS derive(struct ash_cli *cli)
{
	static const struct ash_cli_use_need need = { "derive", ASH_CLI_PRIVATE | ASH_CLI_SECRET };
	ASH_AUTO(ash_cli_newkey) newkey = ASH_CLI_NEWKEY_NONE;
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;
	ASH_AUTO(ash_cli_use_key) base = ASH_CLI_USE_KEY_NONE;
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;
	ASH_AUTO(ash_cli_peer) peer = ASH_CLI_PEER_NONE;
	const struct ash_mechanism_row *row = NULL;

	ASH_TRY(ash_cli_newkey_read(cli, ASH_CLI_SECRET, &newkey));
	ASH_TRY(ash_cli_use_open(cli, true, &use));
	ASH_TRY(ash_cli_use_find_with(&use, &need, &base));
	ASH_TRY(ash_cli_use_mechanism(&use, &base, CKF_DERIVE, need.word, false, &row));
	ASH_TRY(ash_cli_params_read(cli, row, base.modulus_len, &params));
	if (row->param != ASH_PARAM_ECDH && ash_cli_has(cli, ASH_CLI_OPT_PEER))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--peer does not go with %s", row->name);
	if (row->param == ASH_PARAM_ECDH)
		ASH_TRY(read_peer(cli, &base, &peer, &params.mechanism.derive));
	return derive_key(&use, &base, row, &params.mechanism, &newkey);
}

static void derive_help(FILE *out)
{
	ash_cli_newkey_help(out);
	ash_cli_mech_help(out, CKF_DERIVE);
}

const struct ash_cli_command ash_cli_cmd_derive = {
	.name = "derive",
	.summary = "make a secret key from another key",
	.details =
		"--with names the key to derive from, which needs the usage derive: one of an EC, X25519 or X448\n"
		"pair, which agrees with the other side's public key (--peer), or a generic secret, from which HKDF\n"
		"makes a key. --type, --label, --id and --usage say what the new key is to be. With --kdf null the\n"
		"key is the end of the shared secret, as long as --type says. BYTES in options are hex (0a1b2c),\n"
		"text:TEXT or file:PATH.",
	.more = derive_help,
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_newkey_options, ash_cli_with_options,
							ash_cli_derive_params, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar derive --with label:alice --peer bob.pem --kdf x963-sha256 --type aes:256 --label session",
			  NULL },
			{ "ashlar derive --with label:master --info text:tenant-7 --type aes:256 --label tenant-7",
			  "HKDF with SHA-256" },
			{ NULL, NULL },
		},
	.run = derive,
};
