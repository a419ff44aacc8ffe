/* Inside the target: what its halves share. */
#pragma once

#include "app/selftest/api_target.h"
#include "app/selftest/mapping.h"

#define ASH_API_KEYS_HELD 4

/* What PKCS#11 or the token lacks, in words of people. */
#define ASH_API_NO_MECHANISM "PKCS#11 has no mechanism for it"
#define ASH_API_NOT_HERE     "the token lacks the mechanism"
#define ASH_API_NO_MGF       "PKCS#11 has no MGF1 with this hash"
#define ASH_API_NO_EMPTY_KEY "PKCS#11 has no keys of no bytes"
#define ASH_API_KEY_SIZE     "the token takes no keys of this size"
#define ASH_API_NO_GROUP     "the token lacks the curve or parameter set"

/* A key that is in the token, known by what it was made from. */
struct ash_api_key {
	struct ash_buf made_of;
	ash_handle handle; /* 0: none */
	uint64_t used;     /* when: a count of uses */
};

struct ash_api_target {
	const struct ash_api *api;
	struct ash_hsm *hsm;
	uint64_t slot;
	ash_handle session; /* 0: none */
	struct ash_vector_target target;
	struct ash_mechanism_info *offered; /* one for each row of the table; without flags: not offered */
	bool *used;
	struct ash_api_key keys[ASH_API_KEYS_HELD];
	uint64_t uses;
};

/* Where a failure came from: which ones say no differs. */
enum ash_api_step {
	ASH_API_CREATE,
	ASH_API_INIT,
	ASH_API_SIGN,
	ASH_API_VERIFY,
	ASH_API_ENCRYPT,
	ASH_API_DECRYPT,
	ASH_API_WRAP,
	ASH_API_UNWRAP,
	ASH_API_DERIVE,
	ASH_API_DECAPSULATE,
	ASH_API_STEPS
};

/* What a status means as an answer; ASH_VECTOR_UNSUPPORTED and ASH_VECTOR_BROKEN set `ret_why`. */
enum ash_vector_answer ash_api_answer(enum ash_api_step step, struct ash_status status, const char **ret_why);

static inline enum ash_vector_answer ash_api_broken(const char *why, const char **ret_why)
{
	*ret_why = why;
	return ASH_VECTOR_BROKEN;
}

/* Whether the token has the row, with `flag` (CKF_) among its uses; then it counts as used. */
bool ash_api_offers(struct ash_api_target *self, const struct ash_mechanism_row *row, uint64_t flag);

/* Whether a secret key of this length is within what the row says of itself, in bytes. */
bool ash_api_has_length(const struct ash_api_target *self, const struct ash_mechanism_row *row, size_t len);

/*
 * A handle of the key for this row and operation, made if it is not there yet. It stays
 * until ASH_API_KEYS_HELD others were asked for.
 */
enum ash_vector_answer ash_api_key(struct ash_api_target *self, const struct ash_mechanism_row *row,
				   enum ash_op op, const struct ash_vector_key *key, ash_handle *ret_handle,
				   const char **ret_why);

/* After what should not have happened: a new session, in which nothing is active. */
void ash_api_begin_afresh(struct ash_api_target *self);

/* Appends a secret key's value to `out` and destroys the key. */
ASH_STATUS ash_api_take_value(struct ash_api_target *self, ash_handle key, struct ash_buf *out);

/* --- the functions of the target --- */

enum ash_vector_answer ash_api_run(void *target, const struct ash_vector_request *request,
				   struct ash_buf *out, const char **ret_why);
enum ash_vector_answer ash_api_derive(void *target, const struct ash_kdf *kdf, size_t len,
				      struct ash_buf *out, const char **ret_why);
enum ash_vector_answer ash_api_share(void *target, enum ash_op op, const struct ash_vector_key *key,
				     struct ash_span input, struct ash_buf *out, const char **ret_why);
