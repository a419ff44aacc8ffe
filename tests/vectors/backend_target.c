#include "vectors/backend_target.h"

#include <stdlib.h>

#include "crypto/alg.h"
#include "crypto/backend.h"

#define UNTOUCHED 0xa5

/* How a request's data goes in. */
enum way {
	AT_ONCE,
	IN_PLACE,  /* the output lies where the input was */
	AGAIN,     /* as AT_ONCE, with an operation that was started and given data before */
	IN_PIECES, /* updates of 1, 2, 3… bytes */
	BY_COPY,   /* one update, then a copy goes on */
	WAYS
};

struct attempt {
	const struct ash_backend_ops *ops;
	const struct ash_vector_request *request;
	void *op;
	void *copy;
	const char *why;
};

static enum ash_vector_answer broken(struct attempt *attempt, const char *why)
{
	if (attempt->why == NULL)
		attempt->why = why;
	return ASH_VECTOR_BROKEN;
}

/* Which failures say no, where they say it. */
static enum ash_vector_answer refusal(struct attempt *attempt, struct ash_status status,
				      const enum ash_code *codes)
{
	for (; *codes != ASH_OK; codes++) {
		if (status.code == *codes)
			return ASH_VECTOR_REFUSED;
	}
	return broken(attempt, ash_code_name(status.code));
}

static enum ash_vector_answer data_refusal(struct attempt *attempt, struct ash_status status)
{
	static const enum ash_code codes[ASH_OPS][5] = {
		[ASH_OP_SIGN] = { ASH_E_DATA_LEN, ASH_E_DATA },
		[ASH_OP_VERIFY] = { ASH_E_SIGNATURE, ASH_E_SIGNATURE_LEN },
		[ASH_OP_ENCRYPT] = { ASH_E_DATA_LEN, ASH_E_DATA },
		[ASH_OP_DECRYPT] = { ASH_E_ENCRYPTED_DATA, ASH_E_ENCRYPTED_DATA_LEN, ASH_E_AUTHENTICATION,
				     ASH_E_DATA_LEN },
	};

	return refusal(attempt, status, codes[attempt->request->op]);
}

/* --- one go ------------------------------------------------------------------ */

static bool all_untouched(const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != UNTOUCHED)
			return false;
	}
	return true;
}

static void *fresh(size_t len)
{
	void *room = malloc(len != 0 ? len : 1);

	if (room == NULL)
		abort();
	memset(room, UNTOUCHED, len);
	return room;
}

/* Whether a refused operation must have left its output alone: all but streams, whose last part may be bad. */
static bool must_be_untouched(const struct ash_vector_request *request, enum way way)
{
	return way != IN_PLACE && request->alg.scheme != ASH_SCHEME_AES_CBC_PAD;
}

static enum ash_vector_answer finish(struct attempt *attempt, void *op, struct ash_span in, size_t held,
				     enum way way, struct ash_buf *out)
{
	const struct ash_vector_request *request = attempt->request;
	const struct ash_key_spec *spec = request->key != NULL ? &request->key->spec : NULL;
	size_t cap =
		ash_alg_finish_max(request->op, request->alg, spec, request->params.tag_len, held, in.len);
	size_t room_len = way == IN_PLACE && in.len > cap ? in.len : cap;
	uint8_t *room = NULL;
	struct ash_status status = ASH_DONE;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;
	size_t len = 0;

	if (request->op == ASH_OP_VERIFY) {
		status = attempt->ops->op_finish_verify(op, in, request->signature);
		return ash_is_ok(status) ? ASH_VECTOR_DONE : data_refusal(attempt, status);
	}
	room = fresh(room_len);
	if (way == IN_PLACE && in.len != 0)
		in = ash_span(memcpy(room, in.data, in.len), in.len);
	status = attempt->ops->op_finish(op, in, ash_mut(room, cap), &len);
	if (!ash_is_ok(status)) {
		answer = data_refusal(attempt, status);
		if (must_be_untouched(request, way) && !all_untouched(room, cap))
			answer = broken(attempt, "wrote to its output and failed");
	} else if (len > cap) {
		answer = broken(attempt, "says it wrote more than it promised");
	} else if (!ash_is_ok(ash_buf_add(out, ash_span(room, len)))) {
		abort();
	}
	free(room);
	return answer;
}

static enum ash_vector_answer update(struct attempt *attempt, void *op, struct ash_span in, size_t *held,
				     struct ash_buf *out)
{
	size_t cap = ash_alg_update_max(attempt->request->op, attempt->request->alg, *held, in.len);
	uint8_t *room = fresh(cap);
	size_t len = 0;
	struct ash_status status = attempt->ops->op_update(op, in, ash_mut(room, cap), &len);
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (!ash_is_ok(status))
		answer = data_refusal(attempt, status);
	else if (len > cap)
		answer = broken(attempt, "says it wrote more than it promised");
	else if (!ash_is_ok(ash_buf_add(out, ash_span(room, len))))
		abort();
	*held += in.len - len;
	free(room);
	return answer;
}

/* With held bytes counted as the contract says: for digests and signatures nothing comes out. */
static enum ash_vector_answer in_pieces(struct attempt *attempt, struct ash_buf *out)
{
	struct ash_span in = attempt->request->in;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;
	size_t piece = 1;
	size_t held = 0;

	while (in.len > piece && answer == ASH_VECTOR_DONE) {
		answer = update(attempt, attempt->op, ash_span(in.data, piece), &held, out);
		in = ash_span(in.data + piece, in.len - piece);
		piece += piece < 100 ? 1 : piece;
	}
	return answer == ASH_VECTOR_DONE ? finish(attempt, attempt->op, in, held, IN_PIECES, out) : answer;
}

static enum ash_vector_answer by_copy(struct attempt *attempt, struct ash_buf *out)
{
	struct ash_span in = attempt->request->in;
	size_t half = in.len / 2;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;
	size_t held = 0;

	answer = update(attempt, attempt->op, ash_span(in.data, half), &held, out);
	if (answer != ASH_VECTOR_DONE)
		return answer;
	if (!ash_is_ok(attempt->ops->op_copy(attempt->op, &attempt->copy)))
		return broken(attempt, "could not be copied");
	return finish(attempt, attempt->copy, ash_span(in.data + half, in.len - half), held, BY_COPY, out);
}

static enum ash_vector_answer one_way(struct attempt *attempt, enum way way, struct ash_buf *out)
{
	static const enum ash_code codes[] = { ASH_E_MECHANISM_PARAM, ASH_OK };
	const struct ash_vector_request *request = attempt->request;
	struct ash_status status = attempt->ops->op_start(attempt->op, &request->params);
	struct ash_buf dropped = ASH_BUF_PLAIN;
	size_t held = 0;

	if (ash_is_ok(status) && way == AGAIN && attempt->ops->op_streams(attempt->op)) {
		(void)update(attempt, attempt->op, ash_span("dropped", 7), &held, &dropped);
		ash_buf_done(&dropped);
		status = attempt->ops->op_start(attempt->op, &request->params);
	}
	if (!ash_is_ok(status))
		return refusal(attempt, status, codes);
	if (way == IN_PIECES)
		return in_pieces(attempt, out);
	if (way == BY_COPY)
		return by_copy(attempt, out);
	return finish(attempt, attempt->op, request->in, 0, way, out);
}

/* --- all of them ------------------------------------------------------------- */

static bool can(const struct attempt *attempt, enum way way)
{
	bool streams = attempt->ops->op_streams(attempt->op);

	switch (way) {
	case IN_PIECES: return streams;
	case BY_COPY: return streams && attempt->ops->op_copy != NULL;
	case IN_PLACE:
		return attempt->request->op == ASH_OP_ENCRYPT || attempt->request->op == ASH_OP_DECRYPT;
	case AT_ONCE:
	case AGAIN:
	case WAYS: break;
	}
	return true;
}

static enum ash_vector_answer all_ways(struct attempt *attempt, struct ash_buf *out)
{
	enum ash_vector_answer first = one_way(attempt, AT_ONCE, out);

	for (enum way way = IN_PLACE; way < WAYS && first != ASH_VECTOR_BROKEN; way++) {
		struct ash_buf other = ASH_BUF_PLAIN;
		enum ash_vector_answer answer = ASH_VECTOR_DONE;

		if (!can(attempt, way))
			continue;
		answer = one_way(attempt, way, &other);
		if (answer != first)
			first = broken(attempt, "answers one way or the other, depending on how it is asked");
		else if (first == ASH_VECTOR_DONE && !ash_vector_is_random(attempt->request) &&
			 !ash_span_equal(ash_buf_span(out), ash_buf_span(&other)))
			first = broken(attempt, "gives one result or another, depending on how it is asked");
		ash_buf_done(&other);
	}
	return first;
}

static enum ash_vector_answer load(struct vector_backend *self, struct attempt *attempt,
				   const struct ash_vector_key *from, void **ret_key)
{
	static const enum ash_code codes[] = { ASH_E_KEY_INVALID, ASH_OK };
	struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_status status = ASH_DONE;

	for (enum ash_part part = 0; part < ASH_PARTS; part++) {
		if (from->part[part].data != NULL &&
		    !ash_is_ok(ash_parts_set(&parts, part, from->part[part])))
			abort();
	}
	status = self->ops->key_load(self->handle, &from->spec, &parts, ret_key);
	ash_parts_done(&parts);
	return ash_is_ok(status) ? ASH_VECTOR_DONE : refusal(attempt, status, codes);
}

static enum ash_vector_answer run(void *target, const struct ash_vector_request *request, struct ash_buf *out,
				  const char **ret_why)
{
	struct vector_backend *self = target;
	const struct ash_key_spec *spec = request->key != NULL ? &request->key->spec : NULL;
	struct attempt attempt = { .ops = self->ops, .request = request };
	enum ash_vector_answer answer = ASH_VECTOR_DONE;
	void *key = NULL;

	if ((spec != NULL && !self->ops->offers_key(self->handle, spec)) ||
	    !self->ops->offers(self->handle, request->op, request->alg, spec))
		return ASH_VECTOR_UNSUPPORTED;
	if (request->key != NULL)
		answer = load(self, &attempt, request->key, &key);
	if (answer == ASH_VECTOR_DONE &&
	    !ash_is_ok(self->ops->op_new(self->handle, request->op, request->alg, key, &attempt.op)))
		answer = broken(&attempt, "was offered, and then not done");
	self->ops->key_free(self->handle, key); /* the operation has its own */
	if (answer == ASH_VECTOR_DONE)
		answer = all_ways(&attempt, out);
	self->ops->op_free(attempt.copy);
	self->ops->op_free(attempt.op);
	*ret_why = attempt.why;
	return answer;
}

static enum ash_vector_answer derive(void *target, const struct ash_kdf *kdf, size_t len, struct ash_buf *out,
				     const char **ret_why)
{
	static const enum ash_code codes[] = { ASH_E_ARGUMENT, ASH_OK };
	struct vector_backend *self = target;
	struct attempt attempt = { .ops = self->ops };
	enum ash_vector_answer answer = ASH_VECTOR_UNSUPPORTED;
	struct ash_mut room = { NULL, 0 };

	if (self->ops->kdf == NULL || !ash_is_ok(ash_buf_extend(out, len, &room)))
		return answer;
	struct ash_status status = self->ops->kdf(self->handle, kdf, room);

	if (status.code != ASH_E_UNSUPPORTED)
		answer = ash_is_ok(status) ? ASH_VECTOR_DONE : refusal(&attempt, status, codes);
	*ret_why = attempt.why;
	return answer;
}

/* One call, with what it may refuse. */
static struct ash_status share_once(struct vector_backend *self, enum ash_op op, void *key,
				    struct ash_span input, struct ash_buf *out)
{
	ASH_AUTO(ash_secret) *shared = NULL;

	ASH_TRY(op == ASH_OP_DERIVE ? self->ops->agree(self->handle, key, input, &shared)
				    : self->ops->decapsulate(self->handle, key, input, &shared));
	return ash_buf_add(out, ash_secret_peek(shared));
}

/* Twice: the answers must be the same. */
static enum ash_vector_answer share(void *target, enum ash_op op, const struct ash_vector_key *from,
				    struct ash_span input, struct ash_buf *out, const char **ret_why)
{
	static const enum ash_code codes[] = { ASH_E_KEY_INVALID, ASH_E_ENCRYPTED_DATA_LEN, ASH_OK };
	const struct ash_alg alg = { op == ASH_OP_DERIVE ? ASH_SCHEME_ECDH : ASH_SCHEME_ML_KEM,
				     ASH_HASH_NONE };
	struct vector_backend *self = target;
	struct attempt attempt = { .ops = self->ops };
	struct ash_buf again = ASH_BUF_PLAIN;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;
	void *key = NULL;

	if (!self->ops->offers_key(self->handle, &from->spec) ||
	    !self->ops->offers(self->handle, op, alg, &from->spec))
		return ASH_VECTOR_UNSUPPORTED;
	answer = load(self, &attempt, from, &key);
	if (answer == ASH_VECTOR_DONE) {
		struct ash_status first = share_once(self, op, key, input, out);
		struct ash_status second = share_once(self, op, key, input, &again);

		if (!ash_is_ok(first))
			answer = refusal(&attempt, first, codes);
		if (first.code != second.code || !ash_span_equal(ash_buf_span(out), ash_buf_span(&again)))
			answer = broken(&attempt, "answers one way or the other");
	}
	self->ops->key_free(self->handle, key);
	ash_buf_done(&again);
	*ret_why = attempt.why;
	return answer;
}

bool vector_backend_open(const struct ash_backend_ops *ops, struct vector_backend *backend,
			 struct ash_vector_target *ret_target)
{
	*backend = (struct vector_backend){ .ops = ops };
	if (!ash_is_ok(ops->open(&backend->handle)))
		return false;
	*ret_target = (struct ash_vector_target){
		.name = ops->name,
		.self = backend,
		.run = run,
		.derive = ops->kdf != NULL ? derive : NULL,
		.share = ops->agree != NULL && ops->decapsulate != NULL ? share : NULL,
	};
	return true;
}

void vector_backend_close(struct vector_backend *backend)
{
	backend->handle = backend->ops->close(backend->handle);
}
