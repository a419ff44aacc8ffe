/* Operations: §5.8 to §5.16. */
#include "calls.h"
#include "mechs.h"

/* ---- what was made before ---- */

enum {
	MEMOS = 96
};

/* A signature, a ciphertext or a digest, and what it is of. */
static struct memo {
	const struct mech *mech; /* NULL: none */
	unsigned variant;
	uint64_t material;
	size_t data_len, result_len;
	uint8_t data[DATA_MAX], result[RESULT_MAX];
} memos[MEMOS];
static size_t memo_count;

void forget_operations(void)
{
	for (size_t i = 0; i < MEMOS; i++)
		memos[i].mech = NULL;
}

/* A verification belongs to what a signature made. */
static bool memo_fits(const struct memo *memo, const struct op_state *op)
{
	return memo->mech != NULL && memo->mech == op->mech && memo->variant == op->variant &&
	       memo->material == op->material;
}

static const struct memo *memo_by_data(const struct op_state *op)
{
	for (size_t i = 0; i < MEMOS; i++) {
		if (memo_fits(&memos[i], op) && memos[i].data_len == op->in_len &&
		    memcmp(memos[i].data, op->in, op->in_len) == 0)
			return &memos[i];
	}
	return NULL;
}

static const struct memo *memo_by_result(const struct op_state *op, const uint8_t *result, size_t len)
{
	for (size_t i = 0; i < MEMOS; i++) {
		if (memo_fits(&memos[i], op) && memos[i].result_len == len &&
		    memcmp(memos[i].result, result, len) == 0)
			return &memos[i];
	}
	return NULL;
}

static const struct memo *any_memo(const struct op_state *op)
{
	const uint64_t first = choose(MEMOS);

	for (size_t i = 0; i < MEMOS; i++) {
		const struct memo *memo = &memos[(first + i) % MEMOS];

		if (memo_fits(memo, op))
			return memo;
	}
	return NULL;
}

/* What an operation made of all that went in. */
static void made(const struct op_state *op, const char *what)
{
	const struct memo *memo = memo_by_data(op);
	struct memo *to = NULL;

	if (!op->certain)
		return;
	if (memo != NULL && op->mech->deterministic &&
	    (memo->result_len != op->out_len || memcmp(memo->result, op->out, op->out_len) != 0))
		wrong("%s: %s of the same %zu bytes under the same key is another one than before", what,
		      op->mech->name, op->in_len);
	if (memo != NULL && op->mech->deterministic)
		return;
	to = &memos[memo_count++ % MEMOS];
	to->mech = op->mech;
	to->variant = op->variant;
	to->material = op->material;
	to->data_len = op->in_len;
	to->result_len = op->out_len;
	memcpy(to->data, op->in, op->in_len);
	memcpy(to->result, op->out, op->out_len);
}

/* What came back: of a ciphertext that is known it has to be the plaintext. */
static void came_back(const struct op_state *op, const char *what)
{
	const struct memo *memo = memo_by_result(op, op->in, op->in_len);

	if (op->certain && memo != NULL &&
	    (memo->data_len != op->out_len || memcmp(memo->data, op->out, op->out_len) != 0))
		wrong("%s: %s gives %zu bytes that are not the %zu that were encrypted", what, op->mech->name,
		      op->out_len, memo->data_len);
}

/* ---- input ---- */

static size_t choose_data(uint8_t *out, size_t most)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 20, 32, 48, 64, 100, 190, 256, 333 };
	size_t len = lengths[choose(COUNT(lengths))];
	const uint8_t fill = (uint8_t)(chance(50) ? 'A' : 'x');

	if (len > most)
		len = most;
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(fill + i);
	return len;
}

/* What the operation is to be fed, all of it: for the way back something that was made before. */
static void make_plan(struct op_state *op, enum op kind)
{
	const struct memo *memo = NULL;

	if (op->plan_len != 0)
		return;
	if (kind == DECRYPT || kind == VERIFY || kind == VERIFY_RECOVER)
		memo = chance(90) ? any_memo(op) : NULL;
	op->plan_at = 0;
	if (memo == NULL) {
		op->plan_len = choose_data(op->plan, 333);
	} else {
		op->plan_len = kind == VERIFY ? memo->data_len : memo->result_len;
		memcpy(op->plan, kind == VERIFY ? memo->data : memo->result, op->plan_len);
		if (op->plan_len != 0 && chance(8))
			op->plan[choose(op->plan_len)] ^= (uint8_t)(1u << choose(8));
		if (op->plan_len > 1 && chance(5))
			op->plan_len -= 1 + choose(op->plan_len - 1);
	}
}

static size_t next_part(struct op_state *op, enum op kind, uint8_t *out)
{
	size_t len = 0;

	if (op->in_len > DATA_MAX - 400)
		return 0;
	if (kind != DECRYPT && kind != VERIFY)
		return choose_data(out, 333);
	if (op->plan_len == 0 && op->in_len == 0)
		make_plan(op, kind);
	len = op->plan_len - op->plan_at;
	if (chance(60))
		len = choose(len + 1);
	if (len > 333)
		len = 333;
	memcpy(out, op->plan + op->plan_at, len);
	return len;
}

static void took(struct op_state *op, const uint8_t *data, size_t len, enum op kind)
{
	memcpy(op->in + op->in_len, data, len);
	op->in_len += len;
	if (kind == DECRYPT || kind == VERIFY)
		op->plan_at += len;
}

/* ---- reasons ---- */

/* The operation that a call is about, and why it may not go on. */
static struct op_state *use_op(struct session *session, enum op kind, struct verdict *verdict)
{
	struct op_state *op = session != NULL ? &session->ops[kind] : NULL;

	if (op == NULL)
		return NULL;
	if (!op->active) {
		why(verdict, CKR_OPERATION_NOT_INITIALIZED);
		return NULL;
	}
	why_if(verdict, op->waits, CKR_USER_NOT_LOGGED_IN);
	return op;
}

static CK_RV length_code(enum op kind)
{
	return kind == DECRYPT          ? CKR_ENCRYPTED_DATA_LEN_RANGE
	       : kind == VERIFY_RECOVER ? CKR_SIGNATURE_LEN_RANGE
					: CKR_DATA_LEN_RANGE;
}

/* Why what went in, all of it, may not come out. */
static void why_content(struct verdict *verdict, const struct op_state *op, enum op kind)
{
	const bool back = kind == DECRYPT || kind == VERIFY_RECOVER;
	const bool known = back && memo_by_result(op, op->in, op->in_len) != NULL;

	if (mech_length(op->mech, kind, op->variant, op->in_len) == SIZE_MAX)
		why(verdict, length_code(kind));
	if (op->mech->shape == S_RSA && op->in_len == 0)
		may(verdict, CKR_DATA_LEN_RANGE); /* nor does everybody sign nothing at all */
	if (op->mech->type == CKM_ECDSA && (op->in_len < 20 || op->in_len > 32))
		may(verdict, CKR_DATA_LEN_RANGE); /* of what is no digest at all, either answer will do */
	if (!back || known || !op->certain)
		return;
	/* Sealed things don't open; of others it depends on what comes out. */
	if (op->mech->sealed) {
		why(verdict, CKR_ENCRYPTED_DATA_INVALID);
		why(verdict, CKR_ENCRYPTED_DATA_LEN_RANGE);
	} else if (kind == VERIFY_RECOVER) {
		why(verdict, CKR_SIGNATURE_INVALID);
	} else if (op->mech->shape == S_PADDED || op->mech->shape == S_RSA) {
		may(verdict, CKR_ENCRYPTED_DATA_INVALID);
	}
}

/* ---- Init ---- */

static CK_RV init_function(enum op kind, CK_SESSION_HANDLE session, CK_MECHANISM *mechanism,
			   CK_OBJECT_HANDLE key, struct verdict *verdict)
{
	switch (kind) {
	case ENCRYPT: (void)CALL(verdict, C_EncryptInit, session, mechanism, key); break;
	case DECRYPT: (void)CALL(verdict, C_DecryptInit, session, mechanism, key); break;
	case DIGEST: (void)CALL(verdict, C_DigestInit, session, mechanism); break;
	case SIGN: (void)CALL(verdict, C_SignInit, session, mechanism, key); break;
	case VERIFY: (void)CALL(verdict, C_VerifyInit, session, mechanism, key); break;
	case SIGN_RECOVER: (void)CALL(verdict, C_SignRecoverInit, session, mechanism, key); break;
	case VERIFY_RECOVER: (void)CALL(verdict, C_VerifyRecoverInit, session, mechanism, key); break;
	case OPS: break;
	}
	return judge_last;
}

void settle_doubt(struct session *session, enum op kind)
{
	struct verdict verdict = VERDICT_NONE;

	tell("(%#lx, NULL): whether it still is under way is not settled", session->handle);
	(void)init_function(kind, session->handle, NULL, 0, &verdict);
	op_end(&session->ops[kind]);
}

static const struct mech *wanted_mech;
static enum op wanted_op;

static uint64_t wanted_material; /* 0: any */
static bool wanted_pin;          /* mostly one that asks for the PIN each time */

static bool is_wanted(const struct object *object)
{
	return mech_takes(wanted_mech, wanted_op, object) &&
	       (!wanted_pin || object_flag(object, A_ALWAYS_AUTHENTICATE) || chance(15)) &&
	       (wanted_material == 0 || object->material == wanted_material);
}

/* For the way back: mostly what something was made with before. */
static const struct memo *choose_way_back(enum op kind)
{
	const uint64_t first = choose(MEMOS);

	for (size_t i = 0; i < MEMOS && (kind == DECRYPT || kind == VERIFY || kind == VERIFY_RECOVER); i++) {
		const struct memo *memo = &memos[(first + i) % MEMOS];

		if (memo->mech != NULL && (memo->mech->ops & 1u << kind) != 0)
			return chance(80) ? memo : NULL;
	}
	return NULL;
}

static void begin(struct session *session, enum op kind, const struct mech *mech, unsigned variant,
		  const struct object *key)
{
	struct op_state *op = &session->ops[kind];

	op_end(op);
	op->active = op->certain = true;
	op->mech = mech;
	op->variant = variant;
	op->key = key != NULL ? key->serial : 0;
	op->material = key != NULL ? key->material : 0;
	op->waits = key != NULL && object_flag(key, A_ALWAYS_AUTHENTICATE);
	op->login = key != NULL && object_flag(key, A_PRIVATE) ? world.tokens[session->slot].login : 0;
}

static void op_init(enum op kind, struct session *session, CK_SESSION_HANDLE handle, struct verdict verdict)
{
	CK_OBJECT_HANDLE key_handle = 0;
	const struct memo *memo = choose_way_back(kind);
	const struct mech *mech = memo != NULL ? memo->mech : choose_mech(kind);
	unsigned variant = memo != NULL ? memo->variant : mech->param != P_NONE ? (unsigned)choose(2) : 0;
	const struct object *key = NULL;
	struct parameter parameter;

	if (chance(3))
		variant = BAD_PARAM;
	parameter_fill(&parameter, mech, variant);
	wanted_mech = mech;
	wanted_op = kind;
	wanted_material = memo != NULL ? memo->material : 0;
	if (kind != DIGEST) {
		wanted_pin = chance(25);
		key = choose_object(session, is_wanted, CKR_KEY_HANDLE_INVALID, &verdict, &key_handle);
		if (key == NULL && session != NULL && chance(80))
			return; /* mostly there is no such key */
		why_key(&verdict, mech, kind, key);
	}
	if (chance(2)) {
		parameter.mechanism.mechanism = chance(50) ? CKM_VENDOR_DEFINED | 3 : CKM_AES_KEY_GEN;
		why(&verdict, CKR_MECHANISM_INVALID);
		why(&verdict, CKR_MECHANISM_PARAM_INVALID);
	}
	why_if(&verdict, session != NULL && session->ops[kind].active, CKR_OPERATION_ACTIVE);
	why_if(&verdict, variant == BAD_PARAM, CKR_MECHANISM_PARAM_INVALID);
	tell("(%#lx, %s variant %u, %#lx)", handle, mech->name, variant, key_handle);
	if (init_function(kind, handle, &parameter.mechanism, key_handle, &verdict) != CKR_OK)
		return;
	begin(session, kind, mech, variant, key);
	if (session->ops[kind].waits && chance(70))
		log_in_again();
}

static enum op choose_kind(void)
{
	static const enum op kinds[] = { ENCRYPT, ENCRYPT, DECRYPT, DECRYPT, DIGEST,       DIGEST,
					 SIGN,    SIGN,    VERIFY,  VERIFY,  SIGN_RECOVER, VERIFY_RECOVER };

	return kinds[choose(COUNT(kinds))];
}

static void init_any(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);

	op_init(choose_kind(), session, handle, verdict);
}

/* Without a mechanism: whatever is under way is over. */
static void cancel(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = choose_session(&verdict, &handle);
	const enum op kind = choose_kind();

	tell("(%#lx, NULL)", handle);
	if (init_function(kind, handle, NULL, 0, &verdict) == CKR_OK)
		op_end(&session->ops[kind]);
}

/* ---- one part ---- */

static CK_RV single_function(enum op kind, CK_SESSION_HANDLE session, uint8_t *in, CK_ULONG len,
			     struct room *room, bool no_length, struct verdict *verdict)
{
	CK_ULONG *length = no_length ? NULL : &room->len;

	switch (kind) {
	case ENCRYPT: (void)CALL(verdict, C_Encrypt, session, in, len, room->data, length); break;
	case DECRYPT: (void)CALL(verdict, C_Decrypt, session, in, len, room->data, length); break;
	case DIGEST: (void)CALL(verdict, C_Digest, session, in, len, room->data, length); break;
	case SIGN: (void)CALL(verdict, C_Sign, session, in, len, room->data, length); break;
	case SIGN_RECOVER: (void)CALL(verdict, C_SignRecover, session, in, len, room->data, length); break;
	case VERIFY_RECOVER:
		(void)CALL(verdict, C_VerifyRecover, session, in, len, room->data, length);
		break;
	case VERIFY:
	case OPS: break;
	}
	return judge_last;
}

/* What a failure, or a question, leaves of the operation. */
static void after(struct session *session, enum op kind, CK_RV rv)
{
	if (session == NULL || !session->ops[kind].active || rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL)
		return;
	if (rv == CKR_USER_NOT_LOGGED_IN && rules.missing_login_ends == OPEN)
		settle_doubt(session, kind);
	else if (rv != CKR_USER_NOT_LOGGED_IN || rules.missing_login_ends == YES)
		op_end(&session->ops[kind]);
}

/* The length that is known beforehand of what is still to come; SIZE_MAX where it is not. */
static size_t length_to_come(const struct op_state *op, enum op kind)
{
	const bool back = kind == DECRYPT || kind == VERIFY_RECOVER;
	const struct memo *memo = back ? memo_by_result(op, op->in, op->in_len) : NULL;
	size_t len = mech_length(op->mech, kind, op->variant, op->in_len);

	if (memo != NULL)
		len = memo->data_len;
	else if (back && (op->mech->shape == S_PADDED || op->mech->shape == S_KWP ||
			  op->mech->shape == S_RSA || op->mech->shape == S_OAEP))
		return SIZE_MAX;
	return !op->certain && back ? SIZE_MAX : len == SIZE_MAX ? SIZE_MAX : len - op->out_len;
}

/* Whether a question is answered with the very length: not where padding comes off. */
static bool is_exact(const struct op_state *op, enum op kind)
{
	const enum shape shape = op->mech->shape;

	return (kind != DECRYPT && kind != VERIFY_RECOVER) || shape == S_BLOCKS || shape == S_STREAM ||
	       shape == S_TAGGED || shape == S_KW;
}

static void choose_room(struct room *room, size_t need)
{
	const size_t guess = need != SIZE_MAX ? need : 64;

	room_begin(room, chance(10), chance(75) ? guess + 300 : chance(50) ? guess : choose(guess + 1));
}

static void why_room(struct verdict *verdict, const struct room *room, size_t need)
{
	if (room->data == NULL) { /* a question may find what is wrong, and need not */
		verdict->hard = false;
		return;
	}
	if (need == SIZE_MAX)
		may(verdict, CKR_BUFFER_TOO_SMALL);
	else
		why_if(verdict, room->cap < need, CKR_BUFFER_TOO_SMALL);
}

static void check_room(const struct room *room, const struct op_state *op, enum op kind, size_t need,
		       const char *what)
{
	if (need == SIZE_MAX)
		return;
	if (judge_last == CKR_OK && room->data != NULL && room->len != need)
		wrong("%s: %s: wanted %zu bytes, got %lu", what, op->mech->name, need, room->len);
	if ((judge_last == CKR_BUFFER_TOO_SMALL || (judge_last == CKR_OK && room->data == NULL)) &&
	    (room->len < need || (is_exact(op, kind) && room->len != need)))
		wrong("%s: %s: wanted a length of %zu, got %lu", what, op->mech->name, need, room->len);
}

static void single(enum op kind, struct session *session, CK_SESSION_HANDLE handle, struct verdict *verdict)
{
	static struct room room;
	static uint8_t data[RESULT_MAX];
	struct op_state *op = use_op(session, kind, verdict);
	const bool no_length = chance(2), no_data = chance(2);
	size_t len = 0, need = SIZE_MAX;

	if (op != NULL) {
		if (!op->started)
			make_plan(op, kind);
		len = op->started ? 16 : op->plan_len;
		memcpy(data, op->started ? (const uint8_t *)"0123456789abcdef" : op->plan, len);
		why_if(verdict, op->started, CKR_OPERATION_NOT_INITIALIZED);
	} else {
		len = choose_data(data, 100);
	}
	if (no_data && len == 0)
		len = 5;
	why_if(verdict, no_length || no_data, CKR_ARGUMENTS_BAD);
	if (op != NULL && !op->started && !no_data) {
		if (len > DATA_MAX)
			return;
		memcpy(op->in, data, len);
		op->in_len = len;
		need = length_to_come(op, kind);
	}
	choose_room(&room, need);
	if (op != NULL && !op->started && !no_data && !no_length && !op->waits) {
		why_content(verdict, op, kind);
		why_room(verdict, &room, need);
	}
	tell("(%#lx, %zu bytes%s, %s %zu%s)", handle, len, no_data ? " at NULL" : "",
	     room.data != NULL ? "room for" : "NULL", room.cap, no_length ? ", no length" : "");
	(void)single_function(kind, handle, no_data ? NULL : exact(data, len), len, &room, no_length,
			      verdict);
	room_judge(&room, judge_last, "single");
	if (op == NULL)
		return;
	check_room(&room, op, kind, need, "single");
	if (judge_last == CKR_OK && room.data != NULL) {
		memcpy(op->out, room.bytes, room.len);
		op->out_len = room.len;
		if (kind == DECRYPT || kind == VERIFY_RECOVER)
			came_back(op, "single");
		else
			made(op, "single");
		op_end(op);
		return;
	}
	if (!op->started)
		op->in_len = 0; /* nothing was consumed */
	after(session, kind, judge_last);
}

static struct session *session_with(enum op kind, struct verdict *verdict, CK_SESSION_HANDLE *handle)
{
	struct session *session = choose_session(verdict, handle);
	const uint64_t first = choose(SESSIONS);

	/* Mostly where there is something under way. */
	for (size_t i = 0; session != NULL && chance(97) && i < SESSIONS; i++) {
		struct session *other = &world.sessions[(first + i) % SESSIONS];

		if (other->handle != 0 && other->ops[kind].active) {
			*handle = other->handle;
			return other;
		}
	}
	return session;
}

static bool is_pending(const struct session *session, enum op kind)
{
	return session != NULL && session->ops[kind].active && session->ops[kind].pending;
}

/* Whether there is something of the kind to go on with; now and then that does not matter. */
static bool worth(enum op kind)
{
	for (size_t i = 0; i < SESSIONS; i++) {
		if (world.sessions[i].handle != 0 && world.sessions[i].ops[kind].active)
			return true;
	}
	return chance(10);
}

static enum op choose_active(const enum op *kinds, size_t count)
{
	const uint64_t first = choose(count);

	for (size_t i = 0; i < count; i++) {
		const enum op kind = kinds[(first + i) % count];

		for (size_t k = 0; k < SESSIONS; k++) {
			if (world.sessions[k].handle != 0 && world.sessions[k].ops[kind].active)
				return kind;
		}
	}
	return kinds[first];
}

static void single_any(void)
{
	static const enum op kinds[] = { ENCRYPT, DECRYPT, DIGEST, SIGN, SIGN_RECOVER, VERIFY_RECOVER };
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	const enum op kind = choose_active(kinds, COUNT(kinds));
	struct session *session = session_with(kind, &verdict, &handle);

	if (!is_pending(session, kind) && worth(kind))
		single(kind, session, handle, &verdict);
}

/* ---- verification ---- */

/* A signature for what went in: mostly the right one. */
static size_t choose_signature(const struct op_state *op, uint8_t *out)
{
	const struct memo *memo = memo_by_data(op);
	size_t len = 0;

	if (memo == NULL || chance(10))
		memo = any_memo(op);
	if (memo == NULL) {
		len = choose_data(out, 333);
		return len;
	}
	len = memo->result_len;
	memcpy(out, memo->result, len);
	if (chance(10))
		out[choose(len)] ^= (uint8_t)(1u << choose(8));
	if (chance(4) && len > 1)
		len--;
	return len;
}

/* FIPS 186-5 §6.4: of what ECDSA itself is given as a digest, as many bits count as the order has. */
static size_t signed_len(const struct mech *mech, size_t len)
{
	return mech->type == CKM_ECDSA && len > 32 ? 32 : len;
}

static bool is_same_message(const struct memo *memo, const struct op_state *op)
{
	const size_t len = signed_len(op->mech, op->in_len);

	return signed_len(memo->mech, memo->data_len) == len && memcmp(memo->data, op->in, len) == 0;
}

static void why_signature(struct verdict *verdict, const struct op_state *op, const uint8_t *signature,
			  size_t len)
{
	const size_t right = mech_length(op->mech, SIGN, op->variant, op->in_len);
	bool good = false;

	if (!op->certain) {
		may(verdict, CKR_SIGNATURE_INVALID);
		may(verdict, CKR_SIGNATURE_LEN_RANGE);
		return;
	}
	for (size_t i = 0; i < MEMOS && !good; i++)
		good = memo_fits(&memos[i], op) && is_same_message(&memos[i], op) &&
		       memos[i].result_len == len && memcmp(memos[i].result, signature, len) == 0;
	if (good)
		return;
	why_if(verdict,
	       right == SIZE_MAX || op->mech->type == CKM_ECDSA ||
		       (op->mech->shape == S_RSA && op->in_len == 0),
	       CKR_DATA_LEN_RANGE);
	why_if(verdict, len == right || right == SIZE_MAX, CKR_SIGNATURE_INVALID);
	why_if(verdict, len != right, CKR_SIGNATURE_LEN_RANGE);
}

static void verify(void)
{
	static uint8_t signature[RESULT_MAX];
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = session_with(VERIFY, &verdict, &handle);
	struct op_state *op = use_op(session, VERIFY, &verdict);
	const bool no_signature = chance(2);
	uint8_t data[DATA_MAX];
	size_t len = 0, signature_len = 0;

	if (!worth(VERIFY))
		return;
	if (op != NULL && !op->started) {
		make_plan(op, VERIFY);
		memcpy(op->in, op->plan, op->plan_len);
		op->in_len = op->plan_len;
		signature_len = choose_signature(op, signature);
		if (!op->waits)
			why_signature(&verdict, op, signature, signature_len);
		len = op->in_len;
		memcpy(data, op->in, len);
	} else {
		why_if(&verdict, op != NULL, CKR_OPERATION_NOT_INITIALIZED);
		len = choose_data(data, 100);
		signature_len = choose_data(signature, 100);
	}
	if (no_signature && signature_len == 0)
		signature_len = 5;
	why_if(&verdict, no_signature, CKR_ARGUMENTS_BAD);
	tell("(%#lx, %zu bytes, %zu of signature%s)", handle, len, signature_len,
	     no_signature ? " at NULL" : "");
	(void)CALL(&verdict, C_Verify, handle, exact(data, len), len,
		   no_signature ? NULL : exact(signature, signature_len), signature_len);
	if (op == NULL)
		return;
	if (!op->started)
		op->in_len = 0;
	after(session, VERIFY, judge_last);
	if (judge_last == CKR_OK)
		op_end(op);
}

static void verify_final(void)
{
	static uint8_t signature[RESULT_MAX];
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = session_with(VERIFY, &verdict, &handle);
	struct op_state *op = use_op(session, VERIFY, &verdict);
	const size_t len = op != NULL ? choose_signature(op, signature) : choose_data(signature, 100);

	if (!worth(VERIFY))
		return;
	if (op != NULL && op->mech->whole)
		why(&verdict, CKR_OPERATION_NOT_INITIALIZED);
	else if (op != NULL && !op->waits)
		why_signature(&verdict, op, signature, len);
	tell("(%#lx, %zu)", handle, len);
	(void)CALL(&verdict, C_VerifyFinal, handle, exact(signature, len), len);
	if (op == NULL)
		return;
	after(session, VERIFY, judge_last);
	if (judge_last == CKR_OK)
		op_end(op);
}

/* ---- more parts ---- */

static void absorb_function(enum op kind, CK_SESSION_HANDLE session, uint8_t *in, CK_ULONG len,
			    struct verdict *verdict)
{
	if (kind == DIGEST)
		(void)CALL(verdict, C_DigestUpdate, session, in, len);
	else if (kind == SIGN)
		(void)CALL(verdict, C_SignUpdate, session, in, len);
	else
		(void)CALL(verdict, C_VerifyUpdate, session, in, len);
}

static void absorb(void)
{
	static const enum op kinds[] = { DIGEST, SIGN, VERIFY };
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	const enum op kind = choose_active(kinds, COUNT(kinds));
	struct session *session = session_with(kind, &verdict, &handle);
	struct op_state *op = use_op(session, kind, &verdict);
	const bool no_data = chance(2);
	uint8_t data[400];
	size_t len = op != NULL ? next_part(op, kind, data) : choose_data(data, 100);

	if (!worth(kind))
		return;
	if (no_data && len == 0)
		len = 5;
	why_if(&verdict, no_data, CKR_ARGUMENTS_BAD);
	why_if(&verdict, op != NULL && op->mech->whole, CKR_OPERATION_NOT_INITIALIZED);
	tell("(%#lx, %zu%s)", handle, len, no_data ? " at NULL" : "");
	absorb_function(kind, handle, no_data ? NULL : exact(data, len), len, &verdict);
	if (op != NULL && judge_last == CKR_OK) {
		took(op, data, len, kind);
		op->started = true;
	}
	after(session, kind, judge_last);
}

static void update_function(enum op kind, CK_SESSION_HANDLE session, uint8_t *in, CK_ULONG len,
			    struct room *room, struct verdict *verdict)
{
	if (kind == ENCRYPT)
		(void)CALL(verdict, C_EncryptUpdate, session, in, len, room->data, &room->len);
	else
		(void)CALL(verdict, C_DecryptUpdate, session, in, len, room->data, &room->len);
}

/* What came out of a part. */
static void gave(struct op_state *op, const struct room *room, const char *what)
{
	if (op->out_len + room->len > sizeof(op->out))
		wrong("%s: %zu bytes in gave %zu out", what, op->in_len, op->out_len + room->len);
	memcpy(op->out + op->out_len, room->bytes, room->len);
	op->out_len += room->len;
}

static void update(void)
{
	static const enum op kinds[] = { ENCRYPT, DECRYPT };
	static struct room room;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	const enum op kind = choose_active(kinds, COUNT(kinds));
	struct session *session = session_with(kind, &verdict, &handle);
	struct op_state *op = is_pending(session, kind) ? NULL : use_op(session, kind, &verdict);
	const bool no_data = chance(2);
	uint8_t data[400];
	size_t len = op != NULL ? next_part(op, kind, data) : choose_data(data, 100);

	if (is_pending(session, kind) || !worth(kind))
		return;
	if (no_data && len == 0)
		len = 5;
	room_begin(&room, chance(8), chance(85) ? len + 64 : choose(len + 1));
	why_if(&verdict, no_data, CKR_ARGUMENTS_BAD);
	why_if(&verdict, op != NULL && op->mech->whole, CKR_OPERATION_NOT_INITIALIZED);
	if (op != NULL && room.data != NULL && room.cap < len + 16)
		may(&verdict, CKR_BUFFER_TOO_SMALL);
	tell("(%#lx, %zu%s, %s %zu)", handle, len, no_data ? " at NULL" : "",
	     room.data != NULL ? "room for" : "NULL", room.cap);
	update_function(kind, handle, no_data ? NULL : exact(data, len), len, &room, &verdict);
	room_judge(&room, judge_last, "update");
	if (op != NULL && judge_last == CKR_OK && room.data != NULL) {
		took(op, data, len, kind);
		gave(op, &room, "update");
		op->started = true;
	}
	after(session, kind, judge_last);
}

static void final_function(enum op kind, CK_SESSION_HANDLE session, struct room *room, bool no_length,
			   struct verdict *verdict)
{
	CK_ULONG *length = no_length ? NULL : &room->len;

	if (kind == ENCRYPT)
		(void)CALL(verdict, C_EncryptFinal, session, room->data, length);
	else if (kind == DECRYPT)
		(void)CALL(verdict, C_DecryptFinal, session, room->data, length);
	else if (kind == DIGEST)
		(void)CALL(verdict, C_DigestFinal, session, room->data, length);
	else
		(void)CALL(verdict, C_SignFinal, session, room->data, length);
}

static void final_any(void)
{
	static const enum op kinds[] = { ENCRYPT, DECRYPT, DIGEST, SIGN };
	static struct room room;
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	const enum op kind = choose_active(kinds, COUNT(kinds));
	struct session *session = session_with(kind, &verdict, &handle);
	struct op_state *op = use_op(session, kind, &verdict);
	const bool no_length = chance(2);
	const size_t need = op != NULL ? length_to_come(op, kind) : 16;

	if (!worth(kind))
		return;
	choose_room(&room, need);
	why_if(&verdict, no_length, CKR_ARGUMENTS_BAD);
	if (op != NULL && op->mech->whole)
		why(&verdict, CKR_OPERATION_NOT_INITIALIZED);
	else if (op != NULL && !op->waits && !no_length) {
		why_content(&verdict, op, kind);
		why_room(&verdict, &room, need);
	}
	tell("(%#lx, %s %zu%s)", handle, room.data != NULL ? "room for" : "NULL", room.cap,
	     no_length ? ", no length" : "");
	final_function(kind, handle, &room, no_length, &verdict);
	room_judge(&room, judge_last, "final");
	if (op == NULL)
		return;
	check_room(&room, op, kind, need, "final");
	if (judge_last == CKR_OK && room.data != NULL) {
		gave(op, &room, "final");
		if (kind == DECRYPT)
			came_back(op, "final");
		else
			made(op, "final");
		op_end(op);
		return;
	}
	op->pending = op->pending || (judge_last == CKR_BUFFER_TOO_SMALL && !is_exact(op, kind));
	after(session, kind, judge_last);
}

/* ---- two at once, and keys ---- */

static void dual_function(enum op first, enum op second, CK_SESSION_HANDLE session, uint8_t *in, CK_ULONG len,
			  struct room *room, struct verdict *verdict)
{
	if (second == ENCRYPT && first == DIGEST)
		(void)CALL(verdict, C_DigestEncryptUpdate, session, in, len, room->data, &room->len);
	else if (second == ENCRYPT)
		(void)CALL(verdict, C_SignEncryptUpdate, session, in, len, room->data, &room->len);
	else if (second == DIGEST)
		(void)CALL(verdict, C_DecryptDigestUpdate, session, in, len, room->data, &room->len);
	else
		(void)CALL(verdict, C_DecryptVerifyUpdate, session, in, len, room->data, &room->len);
}

static void dual_done(struct op_state *cipher, struct op_state *reader, enum op kind, const uint8_t *data,
		      size_t len, const struct room *room)
{
	const uint8_t *read = kind == ENCRYPT ? data : room->bytes;
	const size_t read_len = kind == ENCRYPT ? len : room->len;

	took(cipher, data, len, kind);
	gave(cipher, room, "dual");
	cipher->started = reader->started = true;
	if (reader->in_len + read_len > DATA_MAX) {
		reader->certain = false;
		return;
	}
	memcpy(reader->in + reader->in_len, read, read_len);
	reader->in_len += read_len;
}

static void dual(void)
{
	static const enum op pairs[][2] = {
		{ DIGEST, ENCRYPT }, { SIGN, ENCRYPT }, { DECRYPT, DIGEST }, { DECRYPT, VERIFY }
	};
	static struct room room;
	const enum op *pair = pairs[choose(COUNT(pairs))];
	const enum op cipher_kind = pair[1] == ENCRYPT ? ENCRYPT : DECRYPT;
	const enum op reader_kind = pair[1] == ENCRYPT ? pair[0] : pair[1];
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	struct session *session = session_with(reader_kind, &verdict, &handle);
	struct op_state *cipher = NULL, *reader = NULL;
	const bool no_data = chance(2);
	uint8_t data[400];
	size_t len = 0;

	/* Mostly both are there. */
	if (session != NULL && !session->ops[cipher_kind].active && chance(85))
		op_init(cipher_kind, session, handle, VERDICT_NONE);
	if (session != NULL && !session->ops[reader_kind].active && chance(85))
		op_init(reader_kind, session, handle, VERDICT_NONE);
	cipher = use_op(session, cipher_kind, &verdict);
	reader = use_op(session, reader_kind, &verdict);
	if (session != NULL && (cipher == NULL || reader == NULL) && chance(70))
		return;
	if (is_pending(session, cipher_kind))
		return;
	len = cipher != NULL ? next_part(cipher, cipher_kind, data) : choose_data(data, 100);
	if (no_data && len == 0)
		len = 5;
	room_begin(&room, chance(8), chance(90) ? len + 64 : choose(len + 1));
	why_if(&verdict, no_data, CKR_ARGUMENTS_BAD);
	why_if(&verdict, (cipher != NULL && cipher->mech->whole) || (reader != NULL && reader->mech->whole),
	       CKR_OPERATION_NOT_INITIALIZED);
	if (room.data != NULL && room.cap < len + 16)
		may(&verdict, CKR_BUFFER_TOO_SMALL);
	tell("(%#lx, %zu%s, %s %zu)", handle, len, no_data ? " at NULL" : "",
	     room.data != NULL ? "room for" : "NULL", room.cap);
	dual_function(pair[0], pair[1], handle, no_data ? NULL : exact(data, len), len, &room, &verdict);
	room_judge(&room, judge_last, "dual");
	if (judge_last == CKR_OK && room.data != NULL)
		dual_done(cipher, reader, cipher_kind, data, len, &room);
	if (session == NULL || judge_last == CKR_OK || judge_last == CKR_BUFFER_TOO_SMALL)
		return;
	/* Which of the two a failure ends that concerns one of them is not settled. */
	for (size_t i = 0; i < 2; i++) {
		if (!session->ops[pair[i]].active)
			continue;
		if (judge_last == CKR_ARGUMENTS_BAD)
			op_end(&session->ops[pair[i]]);
		else
			settle_doubt(session, pair[i]);
	}
}

static bool is_secret_key(const struct object *object)
{
	return object->class == CKO_SECRET_KEY;
}

static void digest_key(void)
{
	struct verdict verdict = VERDICT_NONE;
	CK_SESSION_HANDLE handle = 0;
	CK_OBJECT_HANDLE key_handle = 0;
	struct session *session = session_with(DIGEST, &verdict, &handle);
	struct op_state *op = use_op(session, DIGEST, &verdict);
	const struct object *key =
		choose_object(session, is_secret_key, CKR_KEY_HANDLE_INVALID, &verdict, &key_handle);
	const uint8_t *secret = NULL;
	size_t len = 0;

	if (key != NULL) {
		why_if(&verdict, !attr_of(key->class, key->key_type, A_ID) || key->class == CKO_CERTIFICATE,
		       CKR_KEY_HANDLE_INVALID);
		why_if(&verdict,
		       key->class != CKO_SECRET_KEY || (op != NULL && !object_allows(key, op->mech->type)),
		       CKR_KEY_INDIGESTIBLE);
	}
	if (!worth(DIGEST) || (op != NULL && op->in_len > DATA_MAX - 300))
		return;
	tell("(%#lx, %#lx)", handle, key_handle);
	if (CALL(&verdict, C_DigestKey, handle, key_handle)) {
		op->started = true;
		if (object_flag(key, A_PRIVATE))
			op->login = world.tokens[session->slot].login;
		if (material_secret(key->material, &secret, &len))
			took(op, secret, len, DIGEST);
		else
			op->certain = false;
	} else if (op != NULL) {
		if (rules.refused_key_ends == OPEN)
			settle_doubt(session, DIGEST);
		else if (rules.refused_key_ends == YES)
			op_end(op);
	}
}

const struct kind_of_call operation_calls[] = {
	{ init_any, 34 }, { cancel, 2 },  { single_any, 20 }, { verify, 8 }, { verify_final, 4 },
	{ absorb, 12 },   { update, 12 }, { final_any, 12 },  { dual, 12 },  { digest_key, 3 },
};
const size_t operation_call_count = COUNT(operation_calls);
