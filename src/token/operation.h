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

struct ash_active {
	enum ash_stage stage;
	const struct ash_mechanism_row *row;
	struct ash_operation *operation; /* stays after the end */
	struct ash_object *object;       /* whose key it has; NULL for digests */
	uint64_t object_version;
	struct ash_key_spec spec;
	uint64_t login;   /* under which the key was reached; 0 when it needed none */
	bool needs_login; /* CKA_ALWAYS_AUTHENTICATE, and not done yet */
	uint32_t tag_len;
	uint8_t iv[16]; /* to begin again after a short buffer (CBC) */
	size_t iv_len;
	size_t inside;       /* bytes taken that have not come out */
	struct ash_buf held; /* input of what can't stream, or the pending output */
};

/* Ends it but keeps the context. */
void ash_active_end(struct ash_active *active);

/* Ends it and frees everything. */
void ash_active_done(struct ash_active *active);
