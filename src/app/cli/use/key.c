#include "app/cli/use/key.h"

#include <string.h>

#include "app/cli/find/named.h"
#include "app/cli/find/values.h"
#include "app/cli/pin.h"
#include "token/keygroup.h"
#include "util/mem.h"

void ash_cli_use_done(struct ash_cli_use *use)
{
	use->pin = ash_secret_free(use->pin);
	ash_cli_uri_done(&use->with);
}

void ash_cli_use_key_done(struct ash_cli_use_key *key)
{
	json_decref(key->key.row);
	*key = ASH_CLI_USE_KEY_NONE;
}

struct ash_cli_escaped ash_cli_use_token_name(const struct ash_cli_use *use)
{
	return ash_cli_escaped(ash_cli_token_label(&use->token));
}

struct ash_cli_escaped ash_cli_use_key_name(const struct ash_cli_use_key *key)
{
	const json_t *label = json_object_get(key->key.row, "label");

	return ash_cli_escaped(ash_span(json_string_value(label), json_string_length(label)));
}

/* ---- sessions ---- */

static ASH_STATUS log_in(struct ash_cli_use *use)
{
	struct ash_cli *cli = use->cli;

	if ((use->token.info.flags & CKF_USER_PIN_INITIALIZED) == 0)
		return ash_cli_refuse(cli, ASH_CLI_PIN,
				      "can't log in to token \"%s\": it has no user PIN yet",
				      ash_cli_use_token_name(use).text);
	ASH_TRY(ash_cli_pin_get(cli, CKU_USER, ash_cli_token_label(&use->token), &use->pin));
	return ash_cli_login(cli, &use->token, use->session, CKU_USER, ash_secret_peek(use->pin));
}

static bool names_token(const struct ash_cli *cli)
{
	return ash_cli_has(cli, ASH_CLI_OPT_TOKEN) || ash_cli_has(cli, ASH_CLI_OPT_SERIAL) ||
	       ash_cli_has(cli, ASH_CLI_OPT_SLOT) || ash_cli_has(cli, ASH_CLI_OPT_URI);
}

static ASH_STATUS refuse_with(struct ash_cli *cli)
{
	return ash_cli_refuse(cli, ASH_CLI_USAGE, "can't take the URI of --with: %s",
			      ash_status_explanation());
}

/* The PIN's file that the URI of --with names, unless an option says where the PIN is. */
static ASH_STATUS adopt_pin(struct ash_cli_use *use)
{
	struct ash_cli *cli = use->cli;
	const char *source = ash_cli_uri_text(&use->with, ASH_CLI_URI_PIN_SOURCE);

	if (source == NULL || ash_cli_pin_given(cli, CKU_USER))
		return ASH_DONE;
	if (!ash_is_ok(ash_cli_uri_pin_file(source, &cli->values[ASH_CLI_OPT_PIN_FILE])))
		return refuse_with(cli);
	return ASH_DONE;
}

/* Takes the token from --with, as --uri would say it. */
static ASH_STATUS adopt_with(struct ash_cli_use *use)
{
	static const struct {
		enum ash_cli_uri_attr attr;
		enum ash_cli_opt option;
	} same[] = {
		{ ASH_CLI_URI_TOKEN, ASH_CLI_OPT_TOKEN },
		{ ASH_CLI_URI_SERIAL, ASH_CLI_OPT_SERIAL },
		{ ASH_CLI_URI_SLOT_ID, ASH_CLI_OPT_SLOT },
	};
	struct ash_cli *cli = use->cli;
	const char *with = cli->values[ASH_CLI_OPT_WITH];
	struct ash_status status;

	if (with == NULL || !ash_cli_uri_is(with) || names_token(cli))
		return ASH_DONE;
	status = ash_cli_uri_parse(with, &use->with);
	if (status.code == ASH_E_FORMAT)
		return refuse_with(cli);
	ASH_TRY(status);
	for (size_t i = 0; i < ASH_COUNT(same); i++)
		cli->values[same[i].option] = ash_cli_uri_text(&use->with, same[i].attr);
	return adopt_pin(use);
}

static ASH_STATUS open_session(struct ash_cli *cli, bool read_write, struct ash_cli_use *use)
{
	use->cli = cli;
	ASH_TRY(adopt_with(use));
	ASH_TRY(ash_cli_token_select(cli, &use->token));
	return ash_cli_session_open(cli, &use->token, read_write, false, &use->session);
}

ASH_STATUS ash_cli_use_open(struct ash_cli *cli, bool read_write, struct ash_cli_use *use)
{
	ASH_TRY(open_session(cli, read_write, use));
	return log_in(use);
}

/* The first token that can be used. */
static ASH_STATUS first_token(struct ash_cli *cli, struct ash_cli_token *ret_token)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	size_t count = 0;

	ASH_TRY(ash_cli_tokens(cli, &tokens, &count));
	for (size_t i = 0; i < count; i++) {
		if (ash_cli_token_usable(&tokens[i])) {
			*ret_token = tokens[i];
			return ASH_DONE;
		}
	}
	return ash_cli_token_select(cli, ret_token); /* it has the words for why there is none */
}

ASH_STATUS ash_cli_use_open_any(struct ash_cli *cli, struct ash_cli_use *use)
{
	if (names_token(cli))
		return open_session(cli, false, use);
	use->cli = cli;
	ASH_TRY(first_token(cli, &use->token));
	return ash_cli_session_open(cli, &use->token, false, false, &use->session);
}

ASH_STATUS ash_cli_use_prove(struct ash_cli_use *use, const struct ash_cli_use_key *key)
{
	if (!key->always)
		return ASH_DONE;
	return ash_cli_login(use->cli, &use->token, use->session, CKU_CONTEXT_SPECIFIC,
			     ash_secret_peek(use->pin));
}

/* ---- keys ---- */

static unsigned class_bit(uint64_t class)
{
	if (class == CKO_PUBLIC_KEY)
		return ASH_CLI_PUBLIC;
	return class == CKO_PRIVATE_KEY ? ASH_CLI_PRIVATE : ASH_CLI_SECRET;
}

static bool may(const struct ash_cli_key *key, const char *word)
{
	const json_t *usage;
	size_t i;

	json_array_foreach(json_object_get(key->row, "usage"), i, usage)
	{
		if (strcmp(json_string_value(usage), word) == 0)
			return true;
	}
	return false;
}

/* Drops the keys that don't have what is asked for: the class, or the usage. */
static void keep(struct ash_cli_keys *keys, unsigned classes, const char *word)
{
	size_t kept = 0;

	for (size_t i = 0; i < keys->count; i++) {
		if ((class_bit(keys->key[i].class) & classes) != 0 &&
		    (word == NULL || may(&keys->key[i], word)))
			keys->key[kept++] = keys->key[i];
		else
			json_decref(keys->key[i].row);
	}
	keys->count = kept;
}

static size_t count_with(const struct ash_cli_keys *keys, const char *word)
{
	size_t count = 0;

	for (size_t i = 0; i < keys->count; i++)
		count += may(&keys->key[i], word);
	return count;
}

/* What the token has to say of a key before it is used. */
static ASH_STATUS learn(struct ash_cli_use *use, struct ash_cli_use_key *key)
{
	static const uint64_t types[] = { CKA_EC_PARAMS, CKA_MODULUS };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	const struct ash_keygroup *group = NULL;
	struct ash_span value = ASH_SPAN_NONE;

	key->type = json_string_value(json_object_get(key->key.row, "type"));
	key->always = json_is_true(json_object_get(key->key.row, "always_authenticate"));
	ASH_TRY(ash_cli_values_read(use->cli, use->session, key->key.handle, types, ASH_COUNT(types),
				    &values));
	if (key->key.key_type == CKK_EC && ash_cli_value_bytes(&values, CKA_EC_PARAMS, &value))
		group = ash_keygroup_of_params(ASH_KEY_EC, value);
	key->group = group != NULL ? group->group : ASH_GROUP_NONE;
	if (ash_cli_value_bytes(&values, CKA_MODULUS, &value))
		key->modulus_len = value.len;
	return ASH_DONE;
}

static ASH_STATUS take(struct ash_cli_use *use, json_t *row, const struct ash_cli_key *key,
		       struct ash_cli_use_key *ret_key)
{
	ASH_AUTO(ash_cli_use_key) taken = ASH_CLI_USE_KEY_NONE;
	struct ash_status status;

	taken.key = *key;
	taken.key.row = json_incref(row);
	status = learn(use, &taken);
	if (!ash_is_ok(status))
		return ash_cli_fail(use->cli, status, "can't read the key \"%s\"",
				    ash_cli_use_key_name(&taken).text);
	*ret_key = taken;
	taken.key.row = NULL; /* handed over */
	return ASH_DONE;
}

/* Keys match, but none of a class that can do it. */
static ASH_STATUS refuse_classes(struct ash_cli *cli, const struct ash_cli_use_need *need)
{
	const char *word = need->word != NULL ? need->word : "be wrapped";
	const char *classes = need->classes == ASH_CLI_PRIVATE        ? "a private key"
			      : need->classes == ASH_CLI_PUBLIC       ? "a public key"
			      : (need->classes & ASH_CLI_PUBLIC) != 0 ? "a public or a secret key"
								      : "a private or a secret key";

	return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "no key that matches can %s: that takes %s", word,
			      classes);
}

ASH_STATUS ash_cli_use_find(struct ash_cli_use *use, const struct ash_cli_use_need *need,
			    struct ash_cli_use_key *ret_key)
{
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	size_t found;

	ASH_TRY(ash_cli_keys_find(use->cli, &use->token, use->session, &keys));
	found = keys.count;
	keep(&keys, need->classes, NULL);
	if (found != 0 && keys.count == 0)
		return refuse_classes(use->cli, need);
	/* Of several, those that may; if none may, the token says why. */
	if (keys.count > 1 && need->word != NULL && count_with(&keys, need->word) > 0)
		keep(&keys, need->classes, need->word);
	if (keys.count != 1)
		return ash_cli_keys_refuse(use->cli, &keys);
	return take(use, keys.key[0].row, &keys.key[0], ret_key);
}

ASH_STATUS ash_cli_use_load(struct ash_cli_use *use, ash_handle handle, struct ash_cli_use_key *ret_key)
{
	ASH_CLI_AUTO_JSON *row = NULL;
	struct ash_cli *cli = use->cli;
	struct ash_cli_key key;
	const struct ash_status status = ash_cli_key_read(cli, &use->token, use->session, handle, &key);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't read a key of token \"%s\"",
				    ash_cli_use_token_name(use).text);
	row = key.row;
	return take(use, row, &key, ret_key);
}

ASH_STATUS ash_cli_use_find_with(struct ash_cli_use *use, const struct ash_cli_use_need *need,
				 struct ash_cli_use_key *ret_key)
{
	static const uint64_t all[] = { CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY };
	uint64_t classes[ASH_COUNT(all)];
	ash_handle handle = 0;
	size_t count = 0;

	for (size_t i = 0; i < ASH_COUNT(all); i++) {
		if ((class_bit(all[i]) & need->classes) != 0)
			classes[count++] = all[i];
	}
	ASH_TRY(ash_cli_object_named(use->cli, &use->token, use->session, "with",
				     use->cli->values[ASH_CLI_OPT_WITH], classes, count, &handle));
	return ash_cli_use_load(use, handle, ret_key);
}

/*
 * Whether a public key is asked for by name. Else one that somebody made without a PIN, with the
 * label of a key that only who is logged in sees, would be taken in its place.
 */
static bool says_public(const struct ash_cli *cli)
{
	const char *class = cli->values[ASH_CLI_OPT_CLASS];

	return class != NULL && strcmp(class, "public") == 0;
}

/* The only public key that may do it, before anybody logs in; `ret_found` false when there is none. */
static ASH_STATUS find_public(struct ash_cli_use *use, const struct ash_cli_use_need *need,
			      struct ash_cli_use_key *ret_key, bool *ret_found)
{
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };

	ASH_TRY(ash_cli_keys_find(use->cli, &use->token, use->session, &keys));
	keep(&keys, ASH_CLI_PUBLIC, need->word);
	*ret_found = keys.count == 1;
	return keys.count == 1 ? take(use, keys.key[0].row, &keys.key[0], ret_key) : ASH_DONE;
}

ASH_STATUS ash_cli_use_open_key(struct ash_cli *cli, const struct ash_cli_use_need *need,
				struct ash_cli_use *use, struct ash_cli_use_key *ret_key)
{
	bool found = false;

	ASH_TRY(open_session(cli, false, use));
	if ((need->classes & ASH_CLI_PUBLIC) != 0 && !ash_cli_pin_given(cli, CKU_USER) && says_public(cli))
		ASH_TRY(find_public(use, need, ret_key, &found));
	if (found)
		return ASH_DONE;
	ASH_TRY(log_in(use));
	return ash_cli_use_find(use, need, ret_key);
}

ASH_STATUS ash_cli_use_mechanism(struct ash_cli_use *use, const struct ash_cli_use_key *key, uint64_t flag,
				 const char *word, bool private_key, const struct ash_mechanism_row **ret_row)
{
	const struct ash_cli_mech_need need = {
		.flag = flag,
		.word = word,
		.key_type = key->key.key_type,
		.type = key->type,
		.hash = key->group == ASH_GROUP_P384   ? ASH_HASH_SHA384
			: key->group == ASH_GROUP_P521 ? ASH_HASH_SHA512
						       : ASH_HASH_NONE,
		.private_key = private_key,
	};

	return ash_cli_mech_choose(use->cli, &need, ret_row);
}

const struct ash_cli_option ash_cli_with_options[] = {
	{ .id = ASH_CLI_OPT_WITH,
	  .name = "with",
	  .letter = 'w',
	  .value = "KEY",
	  .text = "the key that does it: pkcs11:…, id:HEX or label:TEXT",
	  .required = true },
	{ .name = NULL },
};
