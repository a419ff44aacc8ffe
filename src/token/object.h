/*
 * Objects in memory: immutable snapshots, shared by reference, of what the store
 * holds (a bounded cache) and of session objects (which live only here).
 *
 * A handle is computed: session bit | login epoch (private objects) | number. It
 * is never 0; a logout changes the epoch, and with it kills the handles of
 * private objects for good.
 *
 * Any thread. A snapshot never changes but for its key cache and `gone`.
 */
#pragma once

#include <stdatomic.h>

#include "crypto/crypto.h"
#include "token/attrs.h"
#include "token/hsm.h"
#include "util/lock.h"

struct ash_token;

#define ASH_HANDLE_SESSION_OBJECT (UINT64_C(1) << 63)
#define ASH_HANDLE_ID_BITS        40u

/* Numbers from here on are no record's: what has them is computed (token/profile.h). */
#define ASH_HANDLE_COMPUTED ((UINT64_C(1) << ASH_HANDLE_ID_BITS) - 256)

#define ASH_OBJECT_BUCKETS 512u /* at first; a power of two */
#define ASH_OBJECTS_CACHED 256u /* token objects, with their open keys, kept beyond their use */
#define ASH_OBJECT_KEYS    4u   /* back ends that hold one object's key at a time */

struct ash_object {
	_Atomic uint64_t refs;
	ash_handle handle;
	struct ash_token *token;
	uint64_t era;     /* the token's, when it was read */
	uint64_t id;      /* in the store, or the session object's number */
	uint64_t version; /* in the store; 0 for session objects */
	bool is_private;
	uint64_t login;     /* a private object's: under which it was reached */
	ash_handle session; /* that owns a session object; 0: a token object */
	struct ash_attrs *attrs;
	_Atomic uint64_t generation; /* the store's, at which it was known to be current */
	_Atomic bool gone;           /* taken out of the table: destroyed, replaced, or out of the cache */

	struct ash_lock key_lock;             /* ASH_RANK_KEYS; guards key */
	struct ash_key *key[ASH_OBJECT_KEYS]; /* one for each back end that was asked; stay once set */

	struct ash_object *bucket_next; /* guarded by the table's lock, as the rest */
	struct ash_object *list_prev,
		*list_next; /* session objects by handle; or the cache, last used first */
};

struct ash_object_table {
	struct ash_lock lock;       /* ASH_RANK_OBJECTS; guards all below */
	struct ash_object **bucket; /* as many as a power of two, growing with the objects; */
	uint64_t buckets, entered;
	struct ash_object
		*first_bucket[ASH_OBJECT_BUCKETS]; /* these, at first: the table stays where it is */
	struct ash_object *session_first, *session_last;
	struct ash_object *cache_first, *cache_last;
	uint64_t cached;
	uint64_t last_id; /* of session objects */
};

ASH_STATUS ash_object_table_init(struct ash_object_table *table);
void ash_object_table_done(struct ash_object_table *table);

/* A new snapshot that takes over `attrs`. Refs 1. ASH_E_MEMORY; then `attrs` stays the caller's. */
ASH_STATUS ash_object_new(struct ash_token *token, uint64_t era, struct ash_attrs *attrs,
			  struct ash_object **ret_object);
struct ash_object *ash_object_ref(struct ash_object *object);
struct ash_object *ash_object_unref(struct ash_object *object);

/* The handle of a token object under this login (0 for public ones). */
ash_handle ash_object_handle(uint64_t id, bool is_private, uint64_t login);

/* The snapshot with this handle, referenced; NULL when it is not in memory. */
struct ash_object *ash_object_lookup(struct ash_object_table *table, ash_handle handle);

/*
 * Puts a snapshot in, in place of an older one with the same handle, which is then `gone`.
 * One that was reached in a life of the token, or under a login, that is over does not stay.
 */
void ash_object_enter(struct ash_object_table *table, struct ash_object *object);

/* The same in place of exactly this one: false, and nothing happens, when it is gone already. */
bool ash_object_replace(struct ash_object_table *table, struct ash_object *older, struct ash_object *object);

/* Takes it out; false, and nothing happens, when it is not in. */
bool ash_object_drop(struct ash_object_table *table, ash_handle handle);

/* Takes out all session objects of a session, all objects of a token, or what a login of it reached. */
void ash_object_drop_session(struct ash_object_table *table, ash_handle session);
void ash_object_drop_token(struct ash_object_table *table, const struct ash_token *token);
void ash_object_drop_login(struct ash_object_table *table, const struct ash_token *token, uint64_t login);

/* The numbers of the session objects above `after` that may be found, at most `cap`. */
size_t ash_object_session_handles(struct ash_object_table *table, const struct ash_token *token,
				  bool with_private, ash_handle after, ash_handle *handles, size_t cap);

/* A number for a new session object. */
uint64_t ash_object_new_session_id(struct ash_object_table *table);

/*
 * The object's key in the back end that serves this use, valid as long as the
 * object is referenced. ASH_E_KEY_TYPE and the errors of ash_key_load.
 */
ASH_STATUS ash_object_key(struct ash_crypto *crypto, struct ash_object *object, const struct ash_use *use,
			  struct ash_key **ret_key);

static inline void ash_object_auto(struct ash_object **object)
{
	ash_object_unref(*object);
}
