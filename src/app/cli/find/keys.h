/*
 * Keys as the token shows them: found, read, named and sorted, each as a row to print.
 */
#pragma once

#include "app/cli/find/select.h"
#include "app/cli/print/output.h"

struct ash_cli_key {
	ash_handle handle;
	uint64_t class;    /* CKO_ */
	uint64_t key_type; /* CKK_ */
	json_t *row;
};

struct ash_cli_keys {
	struct ash_cli_key *key;
	size_t count;
};

/* What a key is to a person or a program: the columns of ash_cli_key.row. */
extern const struct ash_cli_column ash_cli_key_columns[];

/* --label, --id, --type and --class, for commands that pick keys. */
extern const struct ash_cli_option ash_cli_key_options[];

/*
 * All keys of the token that the session sees and the options leave, sorted by label,
 * id and class. A failure is told.
 */
ASH_STATUS ash_cli_keys_find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			     struct ash_cli_keys *ret_keys);

/*
 * How many objects of the token the session sees but can't read, because their records are
 * damaged: what they are nobody can tell, so no search finds them. A failure is told, and
 * so is, as a warning, that there are any.
 */
ASH_STATUS ash_cli_keys_damaged(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
				size_t *ret_count);

/* The key with that handle. ASH_E_OBJECT_HANDLE when it is gone, ASH_E_MEMORY, …; nothing is told. */
ASH_STATUS ash_cli_key_read(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			    ash_handle handle, struct ash_cli_key *ret_key);

/* Whether it is one key, or the two halves of a pair (same type, same id). */
bool ash_cli_keys_are_one(const struct ash_cli_keys *keys);

/* Whether it is a public or a private key whose other half is not there. */
bool ash_cli_keys_are_half(const struct ash_cli_keys *keys);

/* Tells that no key, or several, match where one was wanted. */
ASH_STATUS ash_cli_keys_refuse(struct ash_cli *cli, const struct ash_cli_keys *keys);

/* What a class of objects is called: "private key"; and in lists and JSON: "private". */
const char *ash_cli_class_text(uint64_t class);
const char *ash_cli_class_word(uint64_t class);

/* The order of rows in lists: by label, then by id. As strcmp. */
int ash_cli_rows_compare(const json_t *left, const json_t *right);

/* Keys as a list to print. */
ASH_STATUS ash_cli_keys_list(const struct ash_cli_keys *keys, struct ash_cli_list *ret_list);

void ash_cli_keys_done(struct ash_cli_keys *keys);

static inline void ash_cli_keys_auto(struct ash_cli_keys *keys)
{
	ash_cli_keys_done(keys);
}
