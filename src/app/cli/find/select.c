#include "app/cli/find/select.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli/pin.h"
#include "app/cli/print/text.h"
#include "util/mem.h"

#define SLOTS_ROOM 16 /* more than most have; then it is asked again with what is needed */

struct ash_span ash_cli_token_label(const struct ash_cli_token *token)
{
	return ash_cli_trim(token->info.label, sizeof(token->info.label));
}

struct ash_span ash_cli_token_serial(const struct ash_cli_token *token)
{
	return ash_cli_trim(token->info.serial, sizeof(token->info.serial));
}

bool ash_cli_token_usable(const struct ash_cli_token *token)
{
	return token->code == ASH_OK && (token->info.flags & CKF_TOKEN_INITIALIZED) != 0;
}

/* The ids of all slots with a token; another process may add one meanwhile. */
static ASH_STATUS slots_load(struct ash_cli *cli, uint64_t **ret_ids, size_t *ret_count)
{
	ASH_AUTO_MEM uint64_t *ids = NULL;
	size_t cap = 0;
	size_t count = SLOTS_ROOM;

	while (count > cap) {
		ash_mem_free(ASH_TAKE(ids));
		cap = count;
		ids = ash_mem_new(cap, sizeof(*ids));
		ASH_ENSURE(ids != NULL, ASH_E_MEMORY);
		ASH_TRY(cli->api->slots(cli->hsm, true, ids, cap, &count));
	}
	*ret_ids = ASH_TAKE(ids);
	*ret_count = count;
	return ASH_DONE;
}

/* Labels need not be unique: who set them up was free to choose. */
static void mark_twins(struct ash_cli_token *tokens, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t at = 0; ash_cli_token_usable(&tokens[i]) && at < i; at++) {
			if (ash_cli_token_usable(&tokens[at]) &&
			    memcmp(tokens[i].info.label, tokens[at].info.label,
				   sizeof(tokens[i].info.label)) == 0)
				tokens[i].twin = tokens[at].twin = true;
		}
	}
}

ASH_STATUS ash_cli_tokens(struct ash_cli *cli, struct ash_cli_token **ret_tokens, size_t *ret_count)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	ASH_AUTO_MEM uint64_t *ids = NULL;
	size_t count = 0;
	struct ash_status status = slots_load(cli, &ids, &count);

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't list the tokens");
	tokens = ash_mem_new(count + 1, sizeof(*tokens));
	ASH_ENSURE(tokens != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < count; i++) {
		tokens[i].slot = ids[i];
		tokens[i].code = cli->api->token_info(cli->hsm, ids[i], &tokens[i].info).code;
	}
	mark_twins(tokens, count);
	*ret_tokens = ASH_TAKE(tokens);
	*ret_count = count;
	return ASH_DONE;
}

/* A text of PKCS#11, padded, and where a URI says it. */
struct fact {
	enum ash_cli_uri_attr attr;
	const char *text;
	size_t len;
};
#define FACT(attr, array)                      \
	{                                      \
		(attr), (array), sizeof(array) \
	}

static bool facts_fit(const struct ash_cli_uri *uri, const struct fact *facts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *want = ash_cli_uri_text(uri, facts[i].attr);

		if (want != NULL && !ash_span_equal(ash_cli_trim(want, strlen(want)),
						    ash_cli_trim(facts[i].text, facts[i].len)))
			return false;
	}
	return true;
}

static bool slot_fits(struct ash_cli *cli, const struct ash_cli_token *token, const struct ash_cli_uri *uri)
{
	const char *id = ash_cli_uri_text(uri, ASH_CLI_URI_SLOT_ID);
	struct ash_slot_info info;

	if (id != NULL && strtoull(id, NULL, 10) != token->slot)
		return false;
	if (ash_cli_uri_text(uri, ASH_CLI_URI_SLOT_MANUFACTURER) == NULL &&
	    ash_cli_uri_text(uri, ASH_CLI_URI_SLOT_DESCRIPTION) == NULL)
		return true;
	if (!ash_is_ok(cli->api->slot_info(cli->hsm, token->slot, &info)))
		return false;

	const struct fact facts[] = {
		FACT(ASH_CLI_URI_SLOT_MANUFACTURER, info.manufacturer),
		FACT(ASH_CLI_URI_SLOT_DESCRIPTION, info.description),
	};
	return facts_fit(uri, facts, ASH_COUNT(facts));
}

/* RFC 7512 §2.3: a version without a minor number means 0. */
static bool version_fits(const char *version, const struct ash_hsm_info *info)
{
	char *end = NULL;
	unsigned long major = version != NULL ? strtoul(version, &end, 10) : info->major;
	unsigned long minor = end == NULL ? info->minor : (*end == '.' ? strtoul(end + 1, NULL, 10) : 0);

	return major == info->major && minor == info->minor;
}

/* Which file is loaded says little, as it may be p11-kit's proxy, but that it is another's. */
static bool module_fits(const char *module)
{
	const char *name = module != NULL ? strrchr(module, '/') : NULL;

	name = name != NULL ? name + 1 : module;
	return name == NULL || strstr(name, "ashlar") != NULL || strstr(name, "p11-kit") != NULL;
}

static bool library_fits(struct ash_cli *cli, const struct ash_cli_uri *uri)
{
	struct ash_hsm_info info;

	if (!module_fits(ash_cli_uri_text(uri, ASH_CLI_URI_MODULE_NAME)) ||
	    !module_fits(ash_cli_uri_text(uri, ASH_CLI_URI_MODULE_PATH)))
		return false;
	if (ash_cli_uri_text(uri, ASH_CLI_URI_LIBRARY_MANUFACTURER) == NULL &&
	    ash_cli_uri_text(uri, ASH_CLI_URI_LIBRARY_DESCRIPTION) == NULL &&
	    ash_cli_uri_text(uri, ASH_CLI_URI_LIBRARY_VERSION) == NULL)
		return true;
	if (!ash_is_ok(cli->api->info(cli->hsm, &info)))
		return false;

	const struct fact facts[] = {
		FACT(ASH_CLI_URI_LIBRARY_MANUFACTURER, info.manufacturer),
		FACT(ASH_CLI_URI_LIBRARY_DESCRIPTION, info.description),
	};
	return facts_fit(uri, facts, ASH_COUNT(facts)) &&
	       version_fits(ash_cli_uri_text(uri, ASH_CLI_URI_LIBRARY_VERSION), &info);
}

bool ash_cli_token_fits(struct ash_cli *cli, const struct ash_cli_token *token, const struct ash_cli_uri *uri)
{
	const struct fact facts[] = {
		FACT(ASH_CLI_URI_TOKEN, token->info.label),
		FACT(ASH_CLI_URI_SERIAL, token->info.serial),
		FACT(ASH_CLI_URI_MODEL, token->info.model),
		FACT(ASH_CLI_URI_MANUFACTURER, token->info.manufacturer),
	};

	return facts_fit(uri, facts, ASH_COUNT(facts)) && slot_fits(cli, token, uri) &&
	       library_fits(cli, uri);
}

ASH_STATUS ash_cli_token_uri(const struct ash_cli_token *token, bool all, struct ash_cli_uri *uri)
{
	ASH_TRY(ash_cli_uri_set(uri, ASH_CLI_URI_TOKEN, ash_cli_token_label(token)));
	if (!all && !token->twin)
		return ASH_DONE;
	return ash_cli_uri_set(uri, ASH_CLI_URI_SERIAL, ash_cli_token_serial(token));
}

static bool wanted(struct ash_cli *cli, const struct ash_cli_token *token, unsigned long long slot)
{
	const char *label = cli->values[ASH_CLI_OPT_TOKEN];
	const char *serial = cli->values[ASH_CLI_OPT_SERIAL];

	if (label != NULL && !ash_span_equal(ash_cli_trim(label, strlen(label)), ash_cli_token_label(token)))
		return false;
	if (serial != NULL && !ash_span_equal(ash_span_text(serial), ash_cli_token_serial(token)))
		return false;
	if (ash_cli_has(cli, ASH_CLI_OPT_SLOT) && slot != token->slot)
		return false;
	return ash_cli_token_fits(cli, token, &cli->uri);
}

static ASH_STATUS tell_ambiguous(struct ash_cli *cli, const struct ash_cli_token *const *matches,
				 size_t count)
{
	struct ash_status status =
		ash_cli_refuse(cli, ASH_CLI_AMBIGUOUS,
			       "%zu tokens match: choose one with --token, --serial or --slot", count);

	for (size_t i = 0; i < count; i++)
		ash_cli_hint(cli, "slot %llu: \"%s\", serial number %s", (unsigned long long)matches[i]->slot,
			     ash_cli_escaped(ash_cli_token_label(matches[i])).text,
			     ash_cli_escaped(ash_cli_token_serial(matches[i])).text);
	return status;
}

const char *ash_cli_token_advice(struct ash_cli *cli)
{
	static char advice[512];
	const char *key = cli->orphaned_key != NULL ? cli->orphaned_key(cli) : NULL;

	if (key == NULL)
		return "make one: ashlar init --label NAME";
	snprintf(advice, sizeof(advice),
		 "the root key %s lies there without its store: if there were tokens, put the store back "
		 "from a backup before you make new ones",
		 ash_cli_escaped(ash_span_text(key)).text);
	return advice;
}

/* Asked again, for the explanation that belongs to it. */
ASH_STATUS ash_cli_token_refuse(struct ash_cli *cli, const struct ash_cli_token *broken)
{
	struct ash_token_info unused;
	struct ash_status status = cli->api->token_info(cli->hsm, broken->slot, &unused);

	if (ash_is_ok(status))
		return status;
	return ash_cli_fail(cli, status, "can't use the token in slot %llu",
			    (unsigned long long)broken->slot);
}

/* None matches. `broken`: a token that can't be read, which may be the one that is meant; or NULL. */
static ASH_STATUS tell_none(struct ash_cli *cli, const struct ash_cli_token *broken, bool any)
{
	struct ash_status status;

	if (broken != NULL)
		ASH_TRY(ash_cli_token_refuse(cli, broken));
	status = ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, any ? "no token matches" : "there is no token yet");
	if (any && !library_fits(cli, &cli->uri))
		ash_cli_hint(cli, "the URI is about another PKCS#11 library");
	ash_cli_hint(cli, "%s", any ? "see them: ashlar token list" : ash_cli_token_advice(cli));
	return status;
}

/* One pass over the tokens; `matches` has room for all of them. */
static ASH_STATUS choose(struct ash_cli *cli, const struct ash_cli_token *tokens, size_t count,
			 unsigned long long slot, const struct ash_cli_token **matches,
			 struct ash_cli_token *ret_token)
{
	const struct ash_cli_token *broken = NULL;
	size_t found = 0;
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (tokens[i].code != ASH_OK)
			broken = &tokens[i];
		if (!ash_cli_token_usable(&tokens[i]))
			continue;
		any = true;
		if (wanted(cli, &tokens[i], slot))
			matches[found++] = &tokens[i];
	}
	if (found == 0)
		return tell_none(cli, broken, any);
	if (found > 1)
		return tell_ambiguous(cli, matches, found);
	*ret_token = *matches[0];
	return ASH_DONE;
}

static ASH_STATUS token_select(struct ash_cli *cli, bool any, struct ash_cli_token *ret_token)
{
	ASH_AUTO_MEM struct ash_cli_token *tokens = NULL;
	ASH_AUTO_MEM const struct ash_cli_token **matches = NULL;
	unsigned long long slot = 0;
	size_t count = 0;

	if (ash_cli_has(cli, ASH_CLI_OPT_SLOT))
		ASH_TRY(ash_cli_options_number(cli, ASH_CLI_OPT_SLOT, "slot", UINT64_MAX, &slot));
	ASH_TRY(ash_cli_tokens(cli, &tokens, &count));
	for (size_t i = 0; any && ash_cli_has(cli, ASH_CLI_OPT_SLOT) && i < count; i++) {
		if (tokens[i].slot == slot && tokens[i].code != ASH_OK) {
			*ret_token = tokens[i];
			return ASH_DONE;
		}
	}
	matches = ash_mem_new(count + 1, sizeof(*matches));
	ASH_ENSURE(matches != NULL, ASH_E_MEMORY);
	return choose(cli, tokens, count, slot, matches, ret_token);
}

ASH_STATUS ash_cli_token_select(struct ash_cli *cli, struct ash_cli_token *ret_token)
{
	return token_select(cli, false, ret_token);
}

ASH_STATUS ash_cli_token_select_any(struct ash_cli *cli, struct ash_cli_token *ret_token)
{
	return token_select(cli, true, ret_token);
}

/* The token says only as much as PKCS#11 lets it: few tries, one, none. */
void ash_cli_hint_tries(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user)
{
	struct ash_token_info info;
	bool so = user == CKU_SO;

	if (!ash_is_ok(cli->api->token_info(cli->hsm, token->slot, &info)))
		return;
	if ((info.flags & (so ? CKF_SO_PIN_LOCKED : CKF_USER_PIN_LOCKED)) != 0)
		ash_cli_hint(cli, "that was the last try: the PIN is locked now");
	else if ((info.flags & (so ? CKF_SO_PIN_FINAL_TRY : CKF_USER_PIN_FINAL_TRY)) != 0)
		ash_cli_hint(cli, "one try is left before the PIN locks");
	else if ((info.flags & (so ? CKF_SO_PIN_COUNT_LOW : CKF_USER_PIN_COUNT_LOW)) != 0)
		ash_cli_hint(cli, "the PIN locks after a few more wrong tries");
}

static bool is_locked(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t flag)
{
	struct ash_token_info info;

	return ash_is_ok(cli->api->token_info(cli->hsm, token->slot, &info)) && (info.flags & flag) != 0;
}

void ash_cli_hint_pin(struct ash_cli *cli, const struct ash_cli_token *token, uint64_t user,
		      struct ash_status status)
{
	if (status.code == ASH_E_PIN_INCORRECT)
		ash_cli_hint_tries(cli, token, user);
	else if (status.code == ASH_E_PIN_LOCKED && user != CKU_SO &&
		 is_locked(cli, token, CKF_SO_PIN_LOCKED))
		ash_cli_hint(cli, "the SO PIN is locked, too: only a backup from before has the keys");
	else if (status.code == ASH_E_PIN_LOCKED && user == CKU_SO)
		ash_cli_hint(cli, "nobody can unlock it, and the user goes on working; `ashlar token delete "
				  "--force` deletes the token with all its keys");
	else if (status.code == ASH_E_PIN_LOCKED)
		ash_cli_hint(cli,
			     "the security officer sets it anew, and nothing is lost: ashlar pin unlock");
}

ASH_STATUS ash_cli_login(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			 uint64_t user, struct ash_span pin)
{
	struct ash_status status = cli->api->login(cli->hsm, session, user, pin);

	if (ash_is_ok(status))
		return status;
	status = ash_cli_fail(cli, status, "can't log in to token \"%s\"%s",
			      ash_cli_escaped(ash_cli_token_label(token)).text,
			      user == CKU_SO ? " as security officer" : "");
	ash_cli_hint_pin(cli, token, user, status);
	return status;
}

ASH_STATUS ash_cli_session_open(struct ash_cli *cli, const struct ash_cli_token *token, bool read_write,
				bool login, ash_handle *ret_session)
{
	ASH_AUTO(ash_secret) *pin = NULL;
	ash_handle session = 0;
	struct ash_status status;

	if (login && (token->info.flags & CKF_USER_PIN_INITIALIZED) == 0) {
		status = ash_cli_refuse(cli, ASH_CLI_PIN,
					"can't log in to token \"%s\": it has no user PIN yet",
					ash_cli_escaped(ash_cli_token_label(token)).text);
		ash_cli_hint(cli, "the security officer sets one with: ashlar pin reset");
		return status;
	}
	if (login)
		ASH_TRY(ash_cli_pin_get(cli, CKU_USER, ash_cli_token_label(token), &pin));
	status = cli->api->open_session(cli->hsm, token->slot, read_write, &session);
	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't open a session with token \"%s\"",
				    ash_cli_escaped(ash_cli_token_label(token)).text);
	if (login)
		ASH_TRY(ash_cli_login(cli, token, session, CKU_USER, ash_secret_peek(pin)));
	*ret_session = session;
	return ASH_DONE;
}
