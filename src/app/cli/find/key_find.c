/* Finding the keys that the options mean. */
#include "app/cli/find/keys.h"

#include <stdlib.h>
#include <string.h>

#include "app/cli/find/named.h"
#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/key/keytype.h"
#include "app/cli/print/text.h"
#include "util/mem.h"

#define FIRST_CAP    64
#define TOLD_AT_MOST 20 /* of several keys that match */

/* Public before private, so that halves of a pair stand together. */
static const uint64_t classes[] = { CKO_PUBLIC_KEY, CKO_PRIVATE_KEY, CKO_SECRET_KEY };

void ash_cli_keys_done(struct ash_cli_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		json_decref(keys->key[i].row);
	keys->key = ash_mem_free(keys->key);
	keys->count = 0;
}

/* What the options ask for, but for the size of the key, which no single attribute tells. */
struct search {
	struct ash_buf id;
	const char *label;
	const char *type;                      /* as given, or NULL */
	const struct ash_cli_keytype *keytype; /* a row of that family, or NULL */
	bool has_class;                        /* keys of one class alone */
	uint64_t class;
};

static void search_auto(struct search *search)
{
	ash_buf_done(&search->id);
}

static ASH_STATUS search_init(struct ash_cli *cli, struct search *search)
{
	const char *id = cli->values[ASH_CLI_OPT_ID];

	search->label = cli->values[ASH_CLI_OPT_LABEL];
	search->type = cli->values[ASH_CLI_OPT_TYPE];
	if (id != NULL && (id[0] == '\0' || !ash_is_ok(ash_cli_unhex(id, &search->id))))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--id takes bytes in hex, like 0a1b2c, not \"%s\"",
				      ash_cli_escaped(ash_span_text(id)).text);
	ASH_TRY(ash_cli_named_class(cli, &search->has_class, &search->class));
	if (search->type == NULL)
		return ASH_DONE;
	search->keytype = ash_cli_keytype_find(search->type);
	if (search->keytype == NULL)
		search->keytype = ash_cli_keytype_family(search->type);
	if (search->keytype == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "there is no type \"%s\"; see: ashlar key generate --help",
				      ash_cli_escaped(ash_span_text(search->type)).text);
	return ASH_DONE;
}

static bool type_fits(const struct search *search, const struct ash_cli_key *key)
{
	return search->type == NULL || strcmp(search->type, search->keytype->family) == 0 ||
	       strcmp(search->type, json_string_value(json_object_get(key->row, "type"))) == 0;
}

struct finder {
	struct ash_cli *cli;
	const struct ash_cli_token *token;
	ash_handle session;
	const struct search *search;
	struct ash_cli_keys keys;
	size_t cap;
};

static struct ash_status keep(void *context, ash_handle handle)
{
	struct finder *finder = context;
	struct ash_cli_keys *keys = &finder->keys;
	struct ash_cli_key key;
	struct ash_status status =
		ash_cli_key_read(finder->cli, finder->token, finder->session, handle, &key);

	/* Deleted by somebody since it was found; or damaged since (ash_cli_keys_damaged). */
	if (status.code == ASH_E_OBJECT_HANDLE || status.code == ASH_E_CORRUPT)
		return ASH_DONE;
	ASH_TRY(status);
	if (!type_fits(finder->search, &key)) {
		json_decref(key.row);
		return ASH_DONE;
	}
	if (keys->count == finder->cap) {
		size_t cap = finder->cap * 2 + FIRST_CAP;
		struct ash_cli_key *more = ash_mem_resize(keys->key, cap, sizeof(*more));

		if (more == NULL) {
			json_decref(key.row);
			ASH_FAIL(ASH_E_MEMORY);
		}
		keys->key = more;
		finder->cap = cap;
	}
	keys->key[keys->count++] = key;
	return ASH_DONE;
}

static ASH_STATUS find_class(struct finder *finder, uint64_t class)
{
	const struct search *search = finder->search;
	struct ash_cli_template want = { .count = 0 };

	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, class));
	if (search->label != NULL)
		ASH_TRY(ash_cli_template_bytes(&want, CKA_LABEL, ash_span_text(search->label)));
	if (search->id.len > 0)
		ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, ash_buf_span(&search->id)));
	if (search->keytype != NULL)
		ASH_TRY(ash_cli_template_number(&want, CKA_KEY_TYPE, search->keytype->key_type));
	ASH_TRY(ash_cli_named_unique(finder->cli, &want));
	return ash_cli_search(finder->cli, finder->session, ash_cli_template(&want), keep, finder);
}

static const char *row_text(const struct ash_cli_key *key, const char *name)
{
	const char *text = json_string_value(json_object_get(key->row, name));

	return text != NULL ? text : "";
}

static int compare_text(const json_t *left, const json_t *right, const char *name)
{
	const char *a = json_string_value(json_object_get(left, name));
	const char *b = json_string_value(json_object_get(right, name));

	return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

int ash_cli_rows_compare(const json_t *left, const json_t *right)
{
	int order = compare_text(left, right, "label");

	return order != 0 ? order : compare_text(left, right, "id");
}

static int compare(const void *left, const void *right)
{
	const struct ash_cli_key *a = left;
	const struct ash_cli_key *b = right;
	int order = ash_cli_rows_compare(a->row, b->row);

	if (order == 0)
		order = (a->class > b->class) - (a->class < b->class);
	return order != 0 ? order : (a->handle > b->handle) - (a->handle < b->handle);
}

static ASH_STATUS find_all(struct finder *finder)
{
	const struct search *search = finder->search;

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		if (!search->has_class || search->class == classes[i])
			ASH_TRY(find_class(finder, classes[i]));
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_keys_find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			     struct ash_cli_keys *ret_keys)
{
	__attribute__((cleanup(search_auto))) struct search search = { .id = ASH_BUF_PLAIN };
	struct finder finder = { cli, token, session, &search, { NULL, 0 }, 0 };
	struct ash_status status;

	ASH_TRY(search_init(cli, &search));
	status = find_all(&finder);
	if (!ash_is_ok(status)) {
		ash_cli_keys_done(&finder.keys);
		return ash_cli_fail(cli, status, "can't read the keys of token \"%s\"",
				    ash_cli_escaped(ash_cli_token_label(token)).text);
	}
	if (finder.keys.count > 0)
		qsort(finder.keys.key, finder.keys.count, sizeof(*finder.keys.key), compare);
	*ret_keys = finder.keys;
	return ASH_DONE;
}

struct counter {
	struct ash_cli *cli;
	ash_handle session;
	size_t damaged;
};

/* Of an object whose record is damaged any question says so. */
static struct ash_status count_damaged(void *context, ash_handle handle)
{
	struct counter *counter = context;
	struct ash_cli *cli = counter->cli;
	struct ash_attr_query query = { .type = CKA_CLASS };
	const struct ash_status status =
		cli->api->get_attributes(cli->hsm, counter->session, handle, &query, 1);

	if (status.code != ASH_E_CORRUPT)
		return status.code == ASH_E_OBJECT_HANDLE ? ASH_DONE : status;
	counter->damaged++;
	return ASH_DONE;
}

ASH_STATUS ash_cli_keys_damaged(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				size_t *ret_count)
{
	const struct ash_template any = { NULL, 0 }; /* finds what is there, readable or not */
	struct counter counter = { cli, session, 0 };
	struct ash_cli_escaped label = ash_cli_escaped(ash_cli_token_label(token));
	const struct ash_status status = ash_cli_search(cli, session, any, count_damaged, &counter);
	const size_t count = counter.damaged;

	if (!ash_is_ok(status))
		return ash_cli_fail(cli, status, "can't look at all objects of token \"%s\"", label.text);
	if (count > 0)
		ash_cli_warn(cli, "%zu object%s of token \"%s\" can't be read: the record%s damaged", count,
			     count == 1 ? "" : "s", label.text, count == 1 ? " is" : "s are");
	*ret_count = count;
	return ASH_DONE;
}

bool ash_cli_keys_are_half(const struct ash_cli_keys *keys)
{
	return keys->count == 1 && keys->key[0].class != CKO_SECRET_KEY;
}

bool ash_cli_keys_are_one(const struct ash_cli_keys *keys)
{
	const struct ash_cli_key *key = keys->key;

	if (keys->count != 2)
		return keys->count == 1;
	return key[0].class != key[1].class && key[0].class != CKO_SECRET_KEY &&
	       key[1].class != CKO_SECRET_KEY && key[0].key_type == key[1].key_type &&
	       row_text(&key[0], "id")[0] != '\0' &&
	       strcmp(row_text(&key[0], "id"), row_text(&key[1], "id")) == 0;
}

ASH_STATUS ash_cli_keys_refuse(struct ash_cli *cli, const struct ash_cli_keys *keys)
{
	struct ash_status status;

	if (keys->count == 0)
		return ash_cli_refuse(cli, ASH_CLI_NOT_FOUND, "no key matches");
	status = ash_cli_refuse(
		cli, ASH_CLI_AMBIGUOUS,
		"%zu keys match: choose one with --label, --id, --type, --class, --unique-id or --uri",
		keys->count);
	for (size_t i = 0; i < keys->count && i < TOLD_AT_MOST; i++)
		ash_cli_hint(cli, "%s, %s, label \"%s\", id %s, unique id %s",
			     ash_cli_class_text(keys->key[i].class), row_text(&keys->key[i], "type"),
			     ash_cli_escaped(ash_span_text(row_text(&keys->key[i], "label"))).text,
			     row_text(&keys->key[i], "id"), row_text(&keys->key[i], "unique_id"));
	if (keys->count > TOLD_AT_MOST)
		ash_cli_hint(cli, "and %zu more", keys->count - TOLD_AT_MOST);
	return status;
}

ASH_STATUS ash_cli_keys_list(const struct ash_cli_keys *keys, struct ash_cli_list *ret_list)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "keys", ash_cli_key_columns));
	for (size_t i = 0; i < keys->count; i++)
		ASH_TRY(ash_cli_list_append(&list, keys->key[i].row));
	*ret_list = list;
	list.rows = NULL; /* handed over */
	return ASH_DONE;
}
