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

/* Reads token objects, public or private ones, in a view; what each takes is got once for all. */
struct ash_access_reader {
	struct ash_session *session;
	struct ash_txn *view;
	bool is_private;
	struct ash_ring ring;
	struct ash_incarnation incarnation;
	struct ash_buf plain; /* of the latest */
};

#define ASH_ACCESS_READER_NONE ((struct ash_access_reader){ .plain = ASH_BUF_SECRET })

/* Session and view outlive it. ASH_E_NOT_LOGGED_IN, ASH_E_DEVICE_REMOVED, ASH_E_MEMORY. */
ASH_STATUS ash_access_reader_init(struct ash_session *session, struct ash_txn *view, bool is_private,
				  struct ash_access_reader *ret_reader);
void ash_access_reader_done(struct ash_access_reader *reader);

/* What an object is now, not found in memory and not kept there. `ret_version` may be NULL. */
ASH_STATUS ash_access_read(struct ash_access_reader *reader, uint64_t id, struct ash_attrs **ret_attrs,
			   uint64_t *ret_version);

static inline void ash_access_reader_auto(struct ash_access_reader *reader)
{
	ash_access_reader_done(reader);
}

/* The ring that seals such objects of this session's token; a copy. ASH_E_NOT_LOGGED_IN. */
ASH_STATUS ash_access_ring(struct ash_session *session, bool is_private, struct ash_ring *ret_ring);

/* The name of an object's record, and the life of the token that it belongs to. */
struct ash_record_name ash_access_name(const struct ash_session *session, uint64_t id, bool is_private);
struct ash_incarnation ash_access_incarnation(struct ash_session *session);
