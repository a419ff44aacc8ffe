/*
 * Tokens of SoftHSM 2 in its files (objectstore.backend = file): a folder with a folder for each
 * token, a file for each object. Read-only: files are opened for reading and locked as SoftHSM's
 * own readers do; nothing is written, and no wrong PIN is counted. One thread.
 */
#pragma once

#include "app/foreign/object.h"
#include "util/secret.h"

struct ash_softhsm_token {
	char *folder;
	char label[33], serial[17]; /* ended by zero, without padding */
	uint64_t slot;              /* the number that SoftHSM gives its slot */
	bool has_user_pin;
	struct ash_buf user_pin; /* the token's key, closed with the user's PIN */
};

struct ash_softhsm_tokens {
	struct ash_softhsm_token *token;
	size_t count, cap;
	size_t unread;         /* tokens whose own file can't be read: damaged, or somebody else's */
	char unread_name[256]; /* the folder of one of them; or "" */
};

#define ASH_SOFTHSM_TOKENS_NONE ((struct ash_softhsm_tokens){ .token = NULL })

/*
 * The tokens in a folder; those whose own file can't be read are counted. ASH_E_IO with an
 * explanation when it is no folder that can be read; ASH_E_MEMORY.
 */
ASH_STATUS ash_softhsm_tokens_read(const char *tokendir, struct ash_softhsm_tokens *ret_tokens);
void ash_softhsm_tokens_done(struct ash_softhsm_tokens *tokens);

/* The token's key. ASH_E_PIN_INCORRECT, ASH_E_PIN_NOT_INITIALIZED, ASH_E_MEMORY. */
ASH_STATUS ash_softhsm_unlock(const struct ash_softhsm_token *token, struct ash_span pin,
			      struct ash_secret **ret_key);

/*
 * Appends all objects of a token. One that can't be read is there without attributes and says
 * why. ASH_E_IO with an explanation, ASH_E_LIMIT, ASH_E_MEMORY.
 */
ASH_STATUS ash_softhsm_objects_read(const struct ash_softhsm_token *token, struct ash_span key,
				    struct ash_foreign_objects *objects);

/*
 * The attributes in an object's file; those of private objects are opened with the key.
 * A list of attributes (CKA_WRAP_TEMPLATE) is passed over; `ret_left_out` is the type of the last
 * that was not empty, or 0.
 * ASH_E_FORMAT, ASH_E_PIN_INCORRECT (they don't open), ASH_E_LIMIT, ASH_E_MEMORY.
 */
ASH_STATUS ash_softhsm_parse(struct ash_span file, struct ash_span key, struct ash_attrs **ret_attrs,
			     uint64_t *ret_left_out);

static inline void ash_softhsm_tokens_auto(struct ash_softhsm_tokens *tokens)
{
	ash_softhsm_tokens_done(tokens);
}
