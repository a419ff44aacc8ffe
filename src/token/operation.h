/*
 * Operations: what a session does with a key or a hash, from init to its end.
 * After the end the prepared context stays, so that the next init with the same
 * key and mechanism only starts it again.
 *
 * PKCS#11 3.2 §5.8 to §5.13. Called with the session held.
 */
#pragma once

#include "token/mechanism.h"
#include "token/object.h"
#include "util/buf.h"

enum ash_stage {
	ASH_STAGE_IDLE,
	ASH_STAGE_READY,   /* after init: single-part or the first part may come */
	ASH_STAGE_PARTS,   /* after the first part: single-part no more */
	ASH_STAGE_PENDING, /* finished; the output did not fit and waits */
	ASH_STAGES
};

struct ash_session;

struct ash_active {
	enum ash_stage stage;
	const struct ash_mechanism_row *row;
	struct ash_operation *operation; /* stays after the end */
	struct ash_object *object;       /* whose key it has; NULL for digests */
	uint64_t object_version;
	struct ash_key_spec spec;
	uint64_t login;           /* under which the key was reached; 0 when it needed none */
	bool needs_login;         /* CKA_ALWAYS_AUTHENTICATE, and not done yet */
	struct ash_params params; /* to begin again after a short buffer; points at what follows */
	uint8_t iv[16];
	struct ash_buf label; /* OAEP */
	size_t inside;        /* bytes taken that have not come out */
	struct ash_buf held;  /* input of what can't stream, or the pending output */
};

/* Ends it but keeps the context. */
void ash_active_end(struct ash_active *active);

/* Ends it and frees everything. */
void ash_active_done(struct ash_active *active);

/* With its key an operation ends, in whatever session or process that was destroyed: looks whether it did. */
ASH_STATUS ash_active_refresh(struct ash_session *session, struct ash_active *active);

/* A session's active operation. ASH_E_OPERATION_NONE; ASH_E_NOT_LOGGED_IN, and it is over, when it waited for its PIN. */
ASH_STATUS ash_active_get(struct ash_session *session, enum ash_op op, struct ash_active **ret_active);

/* The most that an update with so much input gives. ASH_E_OPERATION_NONE when there can be none, ASH_E_DATA_LEN. */
ASH_STATUS ash_active_update_max(const struct ash_active *active, enum ash_op op, size_t in_len,
				 size_t *ret_need);

/* Takes one more part. A failure other than ASH_E_BUFFER_TOO_SMALL leaves it fit only to be ended. */
ASH_STATUS ash_active_update(struct ash_active *active, enum ash_op op, struct ash_span in,
			     struct ash_out *out);
