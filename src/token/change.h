/*
 * Changes of objects: made, given other attributes, destroyed; in memory for
 * session objects, in one durable transaction for token objects. Whether the
 * session may do it is checked here; whether the attributes may be so was checked
 * before (token/attribute.h). Called with the session held.
 */
#pragma once

#include "token/session.h"

/* At most a key pair is made at once. */
#define ASH_MAKE_MAX 2u

/*
 * Makes objects of whole and valid sets of attributes, all or none, and gives each
 * its CKA_UNIQUE_ID. The sets are taken over on success. ASH_E_SESSION_READ_ONLY,
 * ASH_E_NOT_LOGGED_IN, ASH_E_DEVICE_REMOVED, and the store's errors.
 */
ASH_STATUS ash_change_make(struct ash_session *session, struct ash_attrs **sets, size_t count,
			   ash_handle *ret_handles);

/*
 * Many token objects that are made in one change, all or none: room for `cap` of them.
 * What is added is kept in its encoded form, so the sets stay the caller's. Whether the
 * session may make it is checked as above; session objects are ASH_E_TEMPLATE_INCONSISTENT.
 * A set that was refused is not in the batch. Written once, it is to be freed.
 */
struct ash_batch;

ASH_STATUS ash_batch_new(struct ash_session *session, size_t cap, struct ash_batch **ret_batch);
struct ash_batch *ash_batch_free(struct ash_batch *batch);
ASH_STATUS ash_batch_add(struct ash_session *session, struct ash_batch *batch, struct ash_attrs *attrs);
ASH_STATUS ash_batch_write(struct ash_session *session, struct ash_batch *batch);

/*
 * Gives an object other attributes, taken over on success, if it still is the one
 * that they were made from: else ASH_E_CONFLICT.
 */
ASH_STATUS ash_change_update(struct ash_session *session, struct ash_object *object,
			     struct ash_attrs **attrs);

/* What an object becomes of what it is. May run on another thread, and more than once: no locks, no waiting. */
typedef struct ash_status ash_change_fn(const struct ash_attrs *before, const void *context,
					struct ash_attrs **ret_after);

/*
 * The same for a token object, of whatever it is when its turn to write has come: nobody
 * can be first, but the others wait while `fn` runs. Errors of `fn`, ASH_E_OBJECT_HANDLE
 * when it is gone.
 */
ASH_STATUS ash_change_edit(struct ash_session *session, struct ash_object *object, ash_change_fn *fn,
			   const void *context);

/* ASH_E_ACTION_PROHIBITED when CKA_DESTROYABLE is false; ASH_E_OBJECT_HANDLE when it is gone. */
ASH_STATUS ash_change_destroy(struct ash_session *session, struct ash_object *object);

static inline void ash_batch_auto(struct ash_batch **batch)
{
	ash_batch_free(*batch);
}
