/* ashlar key export-public */
#include <string.h>

#include "app/cli/file/base64.h"
#include "app/cli/file/sink.h"
#include "app/cli/find/keys.h"
#include "app/cli/find/values.h"
#include "app/cli/key/pubform.h"
#include "app/cli/pin.h"
#include "app/cli/print/text.h"

static ASH_STATUS make_der(struct ash_span info, ASH_UNUSED struct ash_span label, struct ash_buf *out)
{
	return ash_buf_add(out, info);
}

static ASH_STATUS make_pem(struct ash_span info, ASH_UNUSED struct ash_span label, struct ash_buf *out)
{
	return ash_cli_pubform_pem(info, out);
}

static const struct form {
	const char *name;
	struct ash_status (*make)(struct ash_span info, struct ash_span label, struct ash_buf *out);
	bool text;
} forms[] = {
	{ "pem", make_pem, true },
	{ "der", make_der, false },
	{ "ssh", ash_cli_pubform_ssh, true },
};

static ASH_STATUS read_form(struct ash_cli *cli, const struct form **ret_form)
{
	const char *name = cli->values[ASH_CLI_OPT_FORMAT];

	for (size_t i = 0; i < ASH_COUNT(forms); i++) {
		if (strcmp(forms[i].name, name != NULL ? name : forms[0].name) == 0) {
			*ret_form = &forms[i];
			return ASH_DONE;
		}
	}
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "--format takes pem, der or ssh, and not \"%s\"",
			      ash_cli_escaped(ash_span_text(name)).text);
}

/*
 * Whether what everybody may see is asked for by name. Else a key that somebody made without a
 * PIN, in the place of a pair's public half, would be given out as the pair's.
 */
static bool says_public(struct ash_cli *cli)
{
	const char *class = cli->values[ASH_CLI_OPT_CLASS];

	return ash_cli_has(cli, ASH_CLI_OPT_PUBLIC) ||
	       (class != NULL && strcmp(class, "public") == 0 && !ash_cli_pin_given(cli, CKU_USER));
}

static ASH_STATUS find_after_login(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				   struct ash_cli_keys *keys)
{
	ASH_AUTO(ash_secret) *pin = NULL;

	ASH_TRY(ash_cli_pin_get(cli, CKU_USER, ash_cli_token_label(token), &pin));
	ASH_TRY(ash_cli_login(cli, token, session, CKU_USER, ash_secret_peek(pin)));
	ash_cli_keys_done(keys);
	return ash_cli_keys_find(cli, token, session, keys);
}

static ASH_STATUS find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
		       struct ash_cli_keys *keys)
{
	if (!says_public(cli) && (token->info.flags & CKF_USER_PIN_INITIALIZED) != 0)
		ASH_TRY(find_after_login(cli, token, session, keys));
	else
		ASH_TRY(ash_cli_keys_find(cli, token, session, keys));
	return ash_cli_keys_are_one(keys) ? ASH_DONE : ash_cli_keys_refuse(cli, keys);
}

/* The private half, where it is seen: the public one can be made anew by whoever has no PIN. */
static const struct ash_cli_key *witness(const struct ash_cli_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (keys->key[i].class == CKO_PRIVATE_KEY)
			return &keys->key[i];
	}
	return &keys->key[0];
}

/* Either half of a pair knows the public key. */
static ASH_STATUS make(struct ash_cli *cli, ash_handle session, const struct ash_cli_key *key,
		       const struct form *form, struct ash_buf *out)
{
	static const uint64_t types[] = { CKA_PUBLIC_KEY_INFO };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	const json_t *label = json_object_get(key->row, "label");
	struct ash_span info = ASH_SPAN_NONE;
	struct ash_status status =
		ash_cli_values_read(cli, session, key->handle, types, ASH_COUNT(types), &values);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't read the public key");
	if (!ash_cli_value_bytes(&values, CKA_PUBLIC_KEY_INFO, &info) || info.len == 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED,
				      "can't export the %s: there is no public key that belongs to it",
				      ash_cli_class_text(key->class));
	status = form->make(info, ash_span(json_string_value(label), json_string_length(label)), out);
	if (!ash_is_ok(status)) {
		status = ash_cli_fail(cli, status, "can't write a key of type %s in the form \"%s\"",
				      json_string_value(json_object_get(key->row, "type")), form->name);
		if (status.code == ASH_E_UNSUPPORTED)
			ash_cli_hint(cli, "--format pem can hold any");
	}
	return status;
}

static const struct ash_cli_column columns[] = {
	{ "label", "Label", 0 },
	{ "type", "Type", 0 },
	{ "id", "Id", 0 },
	{ "format", "Format", 0 },
	{ "public_key", "Public key", 0 },
	{ "uri", "URI", 0 },
	{ NULL, NULL, 0 },
};

/* For programs: the key beside what it is; DER in base64. */
static ASH_STATUS print_row(struct ash_cli *cli, const struct ash_cli_key *key, const struct form *form,
			    struct ash_span made)
{
	static const char *const same[] = { "label", "type", "id", "uri" };
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };
	ASH_AUTO(ash_buf) text = ASH_BUF_PLAIN;
	json_t *row;

	ASH_TRY(form->text ? ash_buf_add(&text, made) : ash_cli_base64(made, &text));
	ASH_TRY(ash_cli_list_init(&list, "keys", columns));
	ASH_TRY(ash_cli_list_add(&list, &row));
	for (size_t i = 0; i < ASH_COUNT(same); i++)
		ASH_TRY(ash_cli_set(row, same[i], json_incref(json_object_get(key->row, same[i]))));
	ASH_TRY(ash_cli_set_text(row, "format", ash_span_text(form->name)));
	ASH_TRY(ash_cli_set_text(row, "public_key", ash_buf_span(&text)));
	return ash_cli_print_list(cli, &list, "");
}

static ASH_STATUS write_out(struct ash_cli *cli, const struct form *form, struct ash_span made)
{
	ASH_AUTO(ash_cli_sink) sink = ASH_CLI_SINK_NONE;

	ASH_TRY(ash_cli_sink_open(cli, false, form->text, &sink));
	ASH_TRY(ash_cli_sink_write(&sink, made));
	return ash_cli_sink_commit(&sink);
}

static ASH_STATUS key_export(struct ash_cli *cli)
{
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	ASH_AUTO(ash_buf) made = ASH_BUF_PLAIN;
	const struct form *form = NULL;
	struct ash_cli_token token;
	ash_handle session = 0;

	ASH_TRY(read_form(cli, &form));
	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, false, false, &session));
	ASH_TRY(find(cli, &token, session, &keys));
	ASH_TRY(make(cli, session, witness(&keys), form, &made));
	if (ash_cli_has(cli, ASH_CLI_OPT_OUTPUT) || !ash_cli_has(cli, ASH_CLI_OPT_JSON))
		ASH_TRY(write_out(cli, form, ash_buf_span(&made)));
	return ash_cli_has(cli, ASH_CLI_OPT_JSON) ? print_row(cli, witness(&keys), form, ash_buf_span(&made))
						  : ASH_DONE;
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_FORMAT,
	  .name = "format",
	  .letter = 'f',
	  .value = "pem|der|ssh",
	  .text = "pem (SubjectPublicKeyInfo, the default), der (the same) or ssh" },
	{ .id = ASH_CLI_OPT_OUTPUT,
	  .name = "output",
	  .letter = 'o',
	  .value = "FILE",
	  .text = "write it there; else to standard output" },
	{ .id = ASH_CLI_OPT_PUBLIC,
	  .name = "public",
	  .letter = 'p',
	  .text = "never log in: only what everybody may see" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_key_export = {
	.name = "key export-public",
	.summary = "write the public key of a key pair to a file",
	.details =
		"Nothing secret is in it. Of a pair it is the private key's own public key, which takes a PIN.\n"
		"With --public nobody is asked for one; but anybody can make public keys on a token, so be sure\n"
		"of its id, as with --class public. For OpenSSH the label becomes the comment.",
	.options =
		(const struct ash_cli_option *const[]){ ash_cli_key_options, options, ash_cli_token_options,
							ash_cli_pin_options, ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key export-public --label web --output web.pub.pem", NULL },
			{ "ashlar key export-public --label login --format ssh >> ~/.ssh/authorized_keys",
			  NULL },
			{ "ashlar key export-public --public --format der 'pkcs11:object=web' | openssl pkey -pubin -inform DER -text -noout",
			  NULL },
			{ NULL, NULL },
		},
	.run = key_export,
	.takes_object = true,
};
