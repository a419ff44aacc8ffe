/*
 * Access to objects: from a handle to a current snapshot. What a session may see
 * is decided here alone. Called with the session held.
 */
#pragma once

#include "token/session.h"

/*
 * The object with this handle as it is now, referenced. ASH_E_OBJECT_HANDLE when
 * there is none that this session may see; the store's errors; ASH_E_CORRUPT for a
 * record that is damaged.
 */
ASH_STATUS ash_access_get(struct ash_session *session, ash_handle handle, struct ash_object **ret_object);

/* Whether a snapshot of before still is what the store or the table has. */
bool ash_access_current(struct ash_session *session, struct ash_object *object);

/* The attributes in a record's plain bytes. ASH_E_CORRUPT. */
ASH_STATUS ash_access_decode(struct ash_span plain, bool is_private, struct ash_attrs **ret_attrs);

/* ASH_E_OBJECT_HANDLE when what the snapshot shows was destroyed, here or by another process; changed it may be. */
ASH_STATUS ash_access_exists(struct ash_session *session, struct ash_object *object);

/* Reads a token object for a search: not found in memory, not kept there, without a handle. */
ASH_STATUS ash_access_read(struct ash_session *session, struct ash_txn *view, uint64_t id, bool is_private,
			   struct ash_object **ret_object);

/* The ring that seals such objects of this session's token; a copy. ASH_E_NOT_LOGGED_IN. */
ASH_STATUS ash_access_ring(struct ash_session *session, bool is_private, struct ash_ring *ret_ring);

/* The name of an object's record, and the life of the token that it belongs to. */
struct ash_record_name ash_access_name(const struct ash_session *session, uint64_t id, bool is_private);
struct ash_incarnation ash_access_incarnation(struct ash_session *session);
