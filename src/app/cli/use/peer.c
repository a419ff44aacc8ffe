#include "app/cli/use/peer.h"

#include "app/cli/file/source.h"
#include "app/cli/use/public_parts.h"

#define FILE_MAX 65536u

void ash_cli_peer_done(struct ash_cli_peer *peer)
{
	ash_buf_done(&peer->file);
	ash_buf_done(&peer->der);
}

static struct ash_cli_escaped shown_path(const struct ash_cli *cli)
{
	return ash_cli_escaped(ash_span_text(cli->values[ASH_CLI_OPT_PEER]));
}

ASH_STATUS ash_cli_peer_read(struct ash_cli *cli, struct ash_cli_peer *peer)
{
	struct ash_status status;

	ASH_TRY(ash_cli_source_file(cli, cli->values[ASH_CLI_OPT_PEER], FILE_MAX, "a public key",
				    &peer->file));
	status = ash_cli_public_key_read(ash_buf_span(&peer->file), &peer->der, &peer->key);
	if (status.code == ASH_E_FORMAT)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "can't read the public key in %s: %s",
				      shown_path(cli).text, ash_status_explanation());
	return status;
}

/* The label is for our own messages: the key is gone with the session. */
static ASH_STATUS describe(struct ash_cli *cli, const struct ash_cli_public_key *key, uint64_t usage,
			   struct ash_buf *room, struct ash_cli_template *made)
{
	ASH_TRY(ash_cli_template_number(made, CKA_CLASS, CKO_PUBLIC_KEY));
	ASH_TRY(ash_cli_template_bool(made, CKA_TOKEN, false));
	ASH_TRY(ash_cli_template_bool(made, CKA_PRIVATE, false));
	ASH_TRY(ash_cli_template_bytes(made, CKA_LABEL, ash_span_text(cli->values[ASH_CLI_OPT_PEER])));
	ASH_TRY(ash_cli_template_bool(made, usage, true));
	return ash_cli_public_parts(key, room, made);
}

static bool fits(const struct ash_cli_public_key *key, uint64_t usage)
{
	return key->group != NULL && key->group->kind == (usage == CKA_WRAP ? ASH_KEY_RSA : ASH_KEY_ML_KEM);
}

ASH_STATUS ash_cli_peer_load(struct ash_cli_use *use, const struct ash_cli_peer *peer, uint64_t usage,
			     struct ash_cli_use_key *ret_key)
{
	struct ash_cli_template made = { .count = 0 };
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	struct ash_cli *cli = use->cli;
	struct ash_status status;
	ash_handle handle = 0;

	if (!fits(&peer->key, usage))
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "%s holds no public key of type %s",
				      shown_path(cli).text, usage == CKA_WRAP ? "RSA" : "ML-KEM");
	status = describe(cli, &peer->key, usage, &room, &made);
	if (status.code == ASH_E_FORMAT)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "the public key in %s is damaged",
				      shown_path(cli).text);
	if (ash_is_ok(status))
		status = cli->api->create_object(cli->hsm, use->session, ash_cli_template(&made), &handle);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't use the public key in %s", shown_path(cli).text);
	return ash_cli_use_load(use, handle, ret_key);
}

ASH_STATUS ash_cli_peer_or_with(struct ash_cli_use *use, const struct ash_cli_use_need *need, uint64_t usage,
				struct ash_cli_use_key *ret_key)
{
	ASH_AUTO(ash_cli_peer) peer = ASH_CLI_PEER_NONE;
	struct ash_cli *cli = use->cli;

	if (ash_cli_has(cli, ASH_CLI_OPT_WITH) == ash_cli_has(cli, ASH_CLI_OPT_PEER))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "`ashlar %s` needs a key: --with KEY of the token, or --peer FILE",
				      cli->command->name);
	if (ash_cli_has(cli, ASH_CLI_OPT_WITH))
		return ash_cli_use_find_with(use, need, ret_key);
	ASH_TRY(ash_cli_peer_read(cli, &peer));
	return ash_cli_peer_load(use, &peer, usage, ret_key);
}

const struct ash_cli_option ash_cli_peer_options[] = {
	{ .id = ASH_CLI_OPT_WITH,
	  .name = "with",
	  .letter = 'w',
	  .value = "KEY",
	  .text = "the key that does it: pkcs11:…, id:HEX or label:TEXT" },
	{ .id = ASH_CLI_OPT_PEER,
	  .name = "peer",
	  .value = "FILE",
	  .text = "or somebody's public key, PEM or DER, which needs not be on the token" },
	{ .name = NULL },
};
