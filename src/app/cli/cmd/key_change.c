/* ashlar key set, ashlar key copy */
#include <stdlib.h>
#include <string.h>

#include "app/cli/find/keys.h"
#include "app/cli/find/search.h"
#include "app/cli/key/keyid.h"
#include "app/cli/key/keyplan.h"
#include "app/cli/print/text.h"

#define ID_MAX     255
#define DATE_LEN   8 /* CK_DATE: YYYYMMDD */
#define HALVES_MAX 2

/* Options that set one attribute to one value, which PKCS#11 does not let go back. */
static const struct {
	enum ash_cli_opt option;
	uint64_t type; /* CKA_ */
	bool value;
	bool of_public;    /* public keys have it too */
	bool copying_only; /* can be set in the course of copying alone */
} switches[] = {
	{ ASH_CLI_OPT_SENSITIVE, CKA_SENSITIVE, true, false, false },
	{ ASH_CLI_OPT_NO_EXTRACTABLE, CKA_EXTRACTABLE, false, false, false },
	{ ASH_CLI_OPT_WRAP_WITH_TRUSTED, CKA_WRAP_WITH_TRUSTED, true, false, false },
	{ ASH_CLI_OPT_NO_COPYABLE, CKA_COPYABLE, false, true, false },
	{ ASH_CLI_OPT_NO_MODIFIABLE, CKA_MODIFIABLE, false, true, true },
	{ ASH_CLI_OPT_NO_DESTROYABLE, CKA_DESTROYABLE, false, true, true },
};

static const struct {
	enum ash_cli_opt option;
	const char *name;
	uint64_t type;
} dates[] = {
	{ ASH_CLI_OPT_START_DATE, "start-date", CKA_START_DATE },
	{ ASH_CLI_OPT_END_DATE, "end-date", CKA_END_DATE },
};

/* What is to become of a key. */
struct change {
	struct ash_cli *cli;
	struct ash_cli_keyplan plan; /* label and id if they change, usages */
	char date[ASH_COUNT(dates)][DATE_LEN];
	size_t date_len[ASH_COUNT(dates)]; /* 0: none from now on */
};

static void change_auto(struct change *change)
{
	ash_cli_keyplan_done(&change->plan);
}

static unsigned days_of(unsigned year, unsigned month)
{
	static const uint8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	if (month < 1 || month > ASH_COUNT(days))
		return 0;
	return days[month - 1] + (month == 2 && leap ? 1 : 0);
}

/* YYYY-MM-DD; or "none". */
static ASH_STATUS read_date(struct change *change, size_t which)
{
	static const char form[] = "0000-00-00";
	const char *text = change->cli->values[dates[which].option];
	size_t len = strlen(text);
	size_t digits = 0;
	bool good = len == sizeof(form) - 1;

	if (strcmp(text, "none") == 0)
		return ASH_DONE;
	for (size_t i = 0; good && i < len; i++) {
		if (form[i] == '-')
			good = text[i] == '-';
		else if (text[i] >= '0' && text[i] <= '9')
			change->date[which][digits++] = text[i];
		else
			good = false;
	}
	if (good) {
		unsigned long day = strtoul(text + 8, NULL, 10);

		good = day >= 1 && day <= days_of((unsigned)strtoul(text, NULL, 10),
						  (unsigned)strtoul(text + 5, NULL, 10));
	}
	if (!good)
		return ash_cli_refuse(change->cli, ASH_CLI_USAGE,
				      "--%s takes a date like 2030-12-31, or none, and not \"%s\"",
				      dates[which].name, ash_cli_escaped(ash_span_text(text)).text);
	change->date_len[which] = DATE_LEN;
	return ASH_DONE;
}

/* What needs no key to be read. */
static ASH_STATUS change_init(struct ash_cli *cli, struct change *change)
{
	const char *label = cli->values[ASH_CLI_OPT_NEW_LABEL];
	const char *id = cli->values[ASH_CLI_OPT_NEW_ID];

	change->cli = cli;
	change->plan = ASH_CLI_KEYPLAN_NONE;
	if (label != NULL) {
		change->plan.label = ash_span_text(label);
		ASH_TRY(ash_cli_keyplan_check_label(cli, "new-label", change->plan.label));
	}
	if (id != NULL && (!ash_is_ok(ash_cli_unhex(id, &change->plan.id)) || change->plan.id.len == 0 ||
			   change->plan.id.len > ID_MAX))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--new-id takes 1 to %d bytes in hex, like 0a1b2c, not \"%s\"", ID_MAX,
				      ash_cli_escaped(ash_span_text(id)).text);
	for (size_t i = 0; i < ASH_COUNT(dates); i++) {
		if (ash_cli_has(cli, dates[i].option))
			ASH_TRY(read_date(change, i));
	}
	return ASH_DONE;
}

/* The key or pair that the options mean. */
static ASH_STATUS find_one(struct ash_cli *cli, struct ash_cli_token *ret_token, ash_handle *ret_session,
			   struct ash_cli_keys *ret_keys)
{
	ASH_TRY(ash_cli_token_select(cli, ret_token));
	ASH_TRY(ash_cli_session_open(cli, ret_token, true, true, ret_session));
	ASH_TRY(ash_cli_keys_find(cli, ret_token, *ret_session, ret_keys));
	return ash_cli_keys_are_one(ret_keys) ? ASH_DONE : ash_cli_keys_refuse(cli, ret_keys);
}

/* What needs the key: which uses such keys can have, and whether the id is free. */
static ASH_STATUS change_fit(struct change *change, const struct ash_cli_token *token, ash_handle session,
			     const struct ash_cli_keys *keys, bool copying)
{
	struct ash_cli *cli = change->cli;
	const char *usage = cli->values[ASH_CLI_OPT_USAGE];
	const char *old_id = json_string_value(json_object_get(keys->key[0].row, "id"));
	ASH_AUTO(ash_buf) old = ASH_BUF_PLAIN;
	size_t count = 0;

	if (usage != NULL) {
		change->plan.keytype = ash_cli_keytype_of(keys->key[0].key_type);
		if (change->plan.keytype == NULL)
			return ash_cli_refuse(cli, ASH_CLI_FAILED,
					      "can't set the usage of a key whose type is not known here");
		ASH_TRY(ash_cli_keyplan_read_usage(cli, usage, &change->plan));
	}
	ASH_TRY(ash_cli_unhex(old_id != NULL ? old_id : "", &old));
	if (change->plan.id.len == 0 ||
	    (!copying && ash_span_equal(ash_buf_span(&old), ash_buf_span(&change->plan.id))))
		return ASH_DONE;
	ASH_TRY(ash_cli_keyplan_count_id(cli, session, &change->plan, &count));
	if (count > 0)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "token \"%s\" has a key with id %s already",
				      ash_cli_escaped(ash_cli_token_label(token)).text,
				      cli->values[ASH_CLI_OPT_NEW_ID]);
	return ASH_DONE;
}

/* What changes in an object of this class. */
static ASH_STATUS fill(const struct change *change, uint64_t class, bool copying,
		       struct ash_cli_template *made)
{
	const struct ash_cli *cli = change->cli;

	if (change->plan.label.len > 0)
		ASH_TRY(ash_cli_template_bytes(made, CKA_LABEL, change->plan.label));
	if (change->plan.id.len > 0)
		ASH_TRY(ash_cli_template_bytes(made, CKA_ID, ash_buf_span(&change->plan.id)));
	for (size_t i = 0; i < ASH_COUNT(dates); i++) {
		if (ash_cli_has(cli, dates[i].option))
			ASH_TRY(ash_cli_template_bytes(made, dates[i].type,
						       ash_span(change->date[i], change->date_len[i])));
	}
	for (size_t i = 0; i < ASH_COUNT(switches); i++) {
		bool fits = (switches[i].of_public || class != CKO_PUBLIC_KEY) &&
			    (copying || !switches[i].copying_only);

		if (fits && ash_cli_has(cli, switches[i].option))
			ASH_TRY(ash_cli_template_bool(made, switches[i].type, switches[i].value));
	}
	return change->plan.usage != 0 ? ash_cli_keyplan_usage(&change->plan, class, made) : ASH_DONE;
}

static ASH_STATUS print_keys(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			     const ash_handle *handles, size_t count)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "keys", ash_cli_key_columns));
	for (size_t i = 0; i < count; i++) {
		struct ash_cli_key key;

		ASH_TRY(ash_cli_key_read(cli, token, session, handles[i], &key));
		ASH_CLI_AUTO_JSON *row = key.row;
		ASH_TRY(ash_cli_list_append(&list, row));
	}
	return ash_cli_print_list(cli, &list, "");
}

/* ---- key set ---- */

/* The private half first: it is the one that may refuse. */
static ASH_STATUS set_each(const struct change *change, ash_handle session, const struct ash_cli_keys *keys)
{
	struct ash_cli *cli = change->cli;
	bool changed = false;

	for (size_t i = keys->count; i > 0; i--) {
		const struct ash_cli_key *key = &keys->key[i - 1];
		struct ash_cli_template made = { .count = 0 };
		struct ash_status status;

		ASH_TRY(fill(change, key->class, false, &made));
		if (made.count == 0)
			continue;
		status = cli->api->set_attributes(cli->hsm, session, key->handle, ash_cli_template(&made));
		if (!ash_is_ok(status)) {
			status = ash_cli_fail(cli, status, "can't change the %s",
					      ash_cli_class_text(key->class));
			if (changed)
				ash_cli_hint(cli, "the other half of the pair is changed already");
			return status;
		}
		changed = true;
	}
	if (!changed)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "nothing of that can change in a public key");
	return ASH_DONE;
}

static struct ash_status count_one(void *context, ASH_UNUSED ash_handle object)
{
	(*(size_t *)context)++;
	return ASH_DONE;
}

/* Programs find a certificate's key by the id that both have. */
static ASH_STATUS warn_of_certificates(const struct change *change, ash_handle session,
				       const struct ash_cli_keys *keys)
{
	const char *old_id = json_string_value(json_object_get(keys->key[0].row, "id"));
	struct ash_cli_template want = { .count = 0 };
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	size_t count = 0;

	if (change->plan.id.len == 0 || old_id == NULL || old_id[0] == '\0')
		return ASH_DONE;
	ASH_TRY(ash_cli_unhex(old_id, &id));
	if (ash_span_equal(ash_buf_span(&id), ash_buf_span(&change->plan.id)))
		return ASH_DONE;
	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, CKO_CERTIFICATE));
	ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, ash_buf_span(&id)));
	ASH_TRY(ash_cli_search(change->cli, session, ash_cli_template(&want), count_one, &count));
	if (count > 0)
		ash_cli_warn(change->cli,
			     "there is a certificate with the id %s, by which programs found the key: "
			     "import it again with the new id",
			     old_id);
	return ASH_DONE;
}

static bool changes_anything(const struct ash_cli *cli)
{
	bool any = ash_cli_has(cli, ASH_CLI_OPT_NEW_LABEL) || ash_cli_has(cli, ASH_CLI_OPT_NEW_ID) ||
		   ash_cli_has(cli, ASH_CLI_OPT_USAGE);

	for (size_t i = 0; i < ASH_COUNT(dates); i++)
		any = any || ash_cli_has(cli, dates[i].option);
	for (size_t i = 0; i < ASH_COUNT(switches); i++)
		any = any || ash_cli_has(cli, switches[i].option);
	return any;
}

static ASH_STATUS key_set(struct ash_cli *cli)
{
	__attribute__((cleanup(change_auto))) struct change change = { .cli = cli };
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	ash_handle handles[HALVES_MAX];
	struct ash_cli_token token;
	ash_handle session = 0;

	if (!changes_anything(cli))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "what is to change? Say it with --new-label, say");
	ASH_TRY(change_init(cli, &change));
	ASH_TRY(find_one(cli, &token, &session, &keys));
	ASH_TRY(change_fit(&change, &token, session, &keys, false));
	ASH_TRY(set_each(&change, session, &keys));
	ASH_TRY(warn_of_certificates(&change, session, &keys));
	for (size_t i = 0; i < keys.count; i++)
		handles[i] = keys.key[i].handle;
	return print_keys(cli, &token, session, handles, keys.count);
}

/* ---- key copy ---- */

/* All halves, or none. */
static ASH_STATUS copy_each(const struct change *change, ash_handle session, const struct ash_cli_keys *keys,
			    ash_handle *copies)
{
	struct ash_cli *cli = change->cli;

	for (size_t i = 0; i < keys->count; i++) {
		const struct ash_cli_key *key = &keys->key[i];
		struct ash_cli_template made = { .count = 0 };
		struct ash_status status;

		ASH_TRY(fill(change, key->class, true, &made));
		status = cli->api->copy_object(cli->hsm, session, key->handle, ash_cli_template(&made),
					       &copies[i]);
		if (ash_is_ok(status))
			continue;
		status = ash_cli_fail(cli, status, "can't copy the %s", ash_cli_class_text(key->class));
		while (i-- > 0) /* half a pair would be of no use */
			ash_ignore(cli->api->destroy_object(cli->hsm, session, copies[i]));
		return status;
	}
	return ASH_DONE;
}

static ASH_STATUS key_copy(struct ash_cli *cli)
{
	__attribute__((cleanup(change_auto))) struct change change = { .cli = cli };
	ASH_AUTO(ash_cli_keys) keys = { NULL, 0 };
	ash_handle copies[HALVES_MAX] = { 0, 0 };
	struct ash_cli_token token;
	ash_handle session = 0;

	ASH_TRY(change_init(cli, &change));
	ASH_TRY(find_one(cli, &token, &session, &keys));
	ASH_TRY(change_fit(&change, &token, session, &keys, true));
	/* The id of the original would name two keys, and programs take either. */
	if (change.plan.id.len == 0)
		ASH_TRY(ash_cli_keyid_random(cli, session, &change.plan.id));
	ASH_TRY(copy_each(&change, session, &keys, copies));
	return print_keys(cli, &token, session, copies, keys.count);
}

#define CHANGES                                                                                             \
	{ .id = ASH_CLI_OPT_USAGE,                                                                          \
	  .name = "usage",                                                                                  \
	  .letter = 'u',                                                                                    \
	  .value = "USE,USE",                                                                               \
	  .text = "what it may be used for from now on, and nothing else" },                                \
		{ .id = ASH_CLI_OPT_START_DATE,                                                             \
		  .name = "start-date",                                                                     \
		  .value = "DATE",                                                                          \
		  .text = "valid from, like 2026-01-31; none takes it away" },                              \
		{ .id = ASH_CLI_OPT_END_DATE,                                                               \
		  .name = "end-date",                                                                       \
		  .value = "DATE",                                                                          \
		  .text = "valid until; none takes it away" },                                              \
		{ .id = ASH_CLI_OPT_NO_EXTRACTABLE,                                                         \
		  .name = "no-extractable",                                                                 \
		  .text = "it can't leave the token any more, wrapped or not" },                            \
		{ .id = ASH_CLI_OPT_SENSITIVE,                                                              \
		  .name = "sensitive",                                                                      \
		  .text = "its value can't be read any more" },                                             \
		{ .id = ASH_CLI_OPT_WRAP_WITH_TRUSTED,                                                      \
		  .name = "wrap-with-trusted",                                                              \
		  .text = "only a key that the officer trusts may wrap it" },                               \
	{                                                                                                   \
		.id = ASH_CLI_OPT_NO_COPYABLE, .name = "no-copyable", .text = "it can't be copied any more" \
	}

static const struct ash_cli_option set_options[] = {
	{ .id = ASH_CLI_OPT_NEW_LABEL, .name = "new-label", .value = "LABEL", .text = "what to call it" },
	{ .id = ASH_CLI_OPT_NEW_ID, .name = "new-id", .value = "HEX", .text = "its CKA_ID from now on" },
	CHANGES,
	{ .name = NULL },
};

static const struct ash_cli_option copy_options[] = {
	{ .id = ASH_CLI_OPT_NEW_LABEL,
	  .name = "new-label",
	  .value = "LABEL",
	  .text = "what to call the copy",
	  .required = true },
	{ .id = ASH_CLI_OPT_NEW_ID,
	  .name = "new-id",
	  .value = "HEX",
	  .text = "the copy's CKA_ID; else a random one, as two keys with one id are a trap" },
	CHANGES,
	{ .id = ASH_CLI_OPT_NO_MODIFIABLE, .name = "no-modifiable", .text = "the copy can't be changed" },
	{ .id = ASH_CLI_OPT_NO_DESTROYABLE, .name = "no-destroyable", .text = "the copy can't be deleted" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_key_set = {
	.name = "key set",
	.summary = "change label, id, uses or dates of a key or key pair",
	.details =
		"The key is chosen by --label, --id and so on, and both halves of a pair change, unless --class\n"
		"names one. Uses are those of `ashlar key generate`. What --no-extractable, --sensitive,\n"
		"--wrap-with-trusted and --no-copyable do can't be undone.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_key_options, set_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key set --label old --new-label web", NULL },
			{ "ashlar key set --id 01 --usage sign --no-extractable --pin-file pin.txt", NULL },
			{ "ashlar key set --end-date 2030-12-31 'pkcs11:token=ca;object=root'", NULL },
			{ NULL, NULL },
		},
	.run = key_set,
	.takes_object = true,
};

const struct ash_cli_command ash_cli_cmd_key_copy = {
	.name = "key copy",
	.summary = "copy a key or key pair within its token",
	.details =
		"The copy is the same key under another label. What was sensitive or not extractable stays so.\n"
		"No key leaves its token this way: for that it is wrapped by another.",
	.options = (const struct ash_cli_option *const[]){ ash_cli_key_options, copy_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key copy --label web --new-label web-2", NULL },
			{ "ashlar key copy --label vault --new-label vault-reader --new-id 02 --usage decrypt",
			  NULL },
			{ NULL, NULL },
		},
	.run = key_copy,
	.takes_object = true,
};
