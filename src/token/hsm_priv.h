/*
 * The inside of the token room's state: the HSM, its tokens and sessions. Only
 * this folder and its tests see it.
 *
 * Locks: SESSION is held for a whole call; SLOTS guards opening and the list of
 * tokens; TOKEN one token's login state and counters; SESSIONS the table of
 * sessions; OBJECTS the objects in memory. Upward only (util/lock.h).
 */
#pragma once

#include <stdatomic.h>

#include "token/attrs.h"
#include "token/hsm.h"
#include "token/object.h"
#include "token/pin.h"
#include "token/record.h"
#include "util/lock.h"

#define ASH_MANUFACTURER "Ashlar HSM"
#define ASH_MODEL        "Ashlar HSM"
#define ASH_SERIAL_LEN   16u
#define ASH_LABEL_LEN    32u

/* Who is logged in, in one word that is read without a lock: 0 is nobody. */
#define ASH_LOGIN_EPOCH_BITS   23u
#define ASH_LOGIN_SO           (UINT64_C(1) << 62)
#define ASH_LOGIN_USER         (UINT64_C(1) << 61)
#define ASH_LOGIN_EPOCH(login) ((login) & ((UINT64_C(1) << ASH_LOGIN_EPOCH_BITS) - 1))

/* One token (or the uninitialised slot), as this process knows it. Lives as long as the HSM. */
struct ash_token {
	struct ash_token *next; /* rising slots; written under SLOTS */
	uint64_t slot;

	struct ash_lock lock;        /* ASH_RANK_TOKEN; guards all below that is not atomic */
	_Atomic uint64_t generation; /* of the store when the fields were read; UINT64_MAX: never */
	_Atomic uint64_t era;        /* one more for each incarnation seen; 0: not initialised */
	uint64_t last_era;
	uint64_t version; /* of the token record; 0: none */
	struct ash_incarnation incarnation;
	char label[ASH_LABEL_LEN];
	char serial[ASH_SERIAL_LEN];
	struct ash_ring public_ring; /* from the root key */
	struct ash_ring pin_ring;    /* from the root key */

	_Atomic uint64_t login;       /* ASH_LOGIN_… | epoch, or 0 */
	uint64_t epoch;               /* the last one given out */
	struct ash_secret *token_key; /* while somebody is logged in */
	struct ash_secret *memory;    /* of the user's PIN, while the user is (token/pin.h) */
	struct ash_ring private_ring; /* while the user is logged in */

	uint64_t sessions, rw_sessions;
	bool claimed;       /* C_InitToken has it to itself */
	enum ash_hold hold; /* what other processes are shown */

	struct ash_trials trials; /* has a lock of its own */
};

#define ASH_SESSION_CHUNK  256u
#define ASH_SESSION_CHUNKS 256u

struct ash_session;

struct ash_session_table {
	struct ash_lock lock; /* ASH_RANK_SESSIONS; guards the fields below but for reading `chunk` */
	struct ash_session *_Atomic chunk[ASH_SESSION_CHUNKS];
	uint32_t used;   /* sessions ever made: the rest of the last chunk is untouched */
	uint32_t free;   /* 1 + index of the first free one; 0: none */
	uint64_t serial; /* the last one given out */
};

struct ash_hsm {
	struct ash_hsm_options options;
	char *root_key_path, *root_key_group; /* owned copies */

	struct ash_lock lock;              /* ASH_RANK_SLOTS; guards opening and the list of tokens */
	struct ash_crypto *_Atomic crypto; /* NULL until first needed */
	struct ash_store *_Atomic store;   /* NULL until there is one */
	struct ash_secret *root_key;       /* NULL until the store has a token; then it stays */
	struct ash_ring token_ring;        /* seals token records; derived from the root key with it */
	_Atomic bool rooted;               /* both are set, and never change again */
	struct ash_token *_Atomic tokens;

	struct ash_session_table sessions;
	struct ash_object_table objects;
};

/* Copies a text into a field padded with blanks, cutting what is too long. */
void ash_hsm_pad(char *text, size_t len, const char *value);

/* Opens crypto if need be. Errors of options.open_crypto. */
ASH_STATUS ash_hsm_crypto(struct ash_hsm *hsm, struct ash_crypto **ret_crypto);

/* Opens the store if need be. ASH_E_NOT_FOUND when there is none and `create` is off. */
ASH_STATUS ash_hsm_store(struct ash_hsm *hsm, bool create, struct ash_store **ret_store);
