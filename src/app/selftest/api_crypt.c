/* The target's digests, signatures, encryption, and keys wrapped and unwrapped. */
#include "app/selftest/api_target_priv.h"
#include "util/compat.h"

#define SECRET_MAX 8192u /* bytes of a key that is wrapped, as tokens have it */

/* How a request's data goes in. */
enum way {
	AT_ONCE,   /* the length asked for, then done */
	IN_PLACE,  /* the output lies where the input was */
	IN_PIECES, /* updates of 1, 2, 3… bytes */
	WRAPPED,   /* as the value of a key that is wrapped or unwrapped */
	RECOVERED, /* a signature with what was signed in it */
	WAYS
};

/* One request to one mechanism. Lent. */
struct attempt {
	struct ash_api_target *self;
	const struct ash_vector_request *request;
	const struct ash_mechanism_row *row;
	struct ash_mechanism mechanism;
	ash_handle key;
	const char **ret_why;
};

static enum ash_vector_answer answer_of(const struct attempt *attempt, struct ash_status status)
{
	static const enum ash_api_step steps[ASH_OPS] = {
		[ASH_OP_DIGEST] = ASH_API_SIGN,     [ASH_OP_SIGN] = ASH_API_SIGN,
		[ASH_OP_VERIFY] = ASH_API_VERIFY,   [ASH_OP_ENCRYPT] = ASH_API_ENCRYPT,
		[ASH_OP_DECRYPT] = ASH_API_DECRYPT,
	};

	return ash_api_answer(steps[attempt->request->op], status, attempt->ret_why);
}

static enum ash_vector_answer begin(const struct attempt *attempt, enum ash_op op)
{
	struct ash_api_target *self = attempt->self;

	return ash_api_answer(
		ASH_API_INIT,
		self->api->op_init(self->hsm, self->session, op, &attempt->mechanism, attempt->key),
		attempt->ret_why);
}

/* ---- in one call ---- */

/* `in_place`: the input is copied to where the output goes. */
static ASH_STATUS single(const struct attempt *attempt, enum ash_op op, struct ash_span in, bool in_place,
			 struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	struct ash_out given = { NULL, 0, 0 };
	const size_t before = out->len;
	struct ash_mut room = { NULL, 0 };

	ASH_TRY(self->api->op_single(self->hsm, self->session, op, in, &given));
	given.cap = given.len;
	/* One byte at least: without a place for it the output is not asked for. */
	ASH_TRY(ash_buf_extend(out, (given.cap > in.len ? given.cap : in.len) + 1, &room));
	if (in_place && in.len != 0)
		in = ash_span(memcpy(room.data, in.data, in.len), in.len);
	given.data = room.data;
	ASH_TRY(self->api->op_single(self->hsm, self->session, op, in, &given));
	ASH_ENSURE(given.len <= given.cap, ASH_E_BUG);
	out->len = before + given.len;
	return ASH_DONE;
}

static enum ash_vector_answer at_once(const struct attempt *attempt, bool in_place, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	const struct ash_vector_request *request = attempt->request;
	enum ash_vector_answer answer = begin(attempt, request->op);

	if (answer != ASH_VECTOR_DONE)
		return answer;
	if (request->op == ASH_OP_VERIFY)
		return answer_of(attempt, self->api->verify_single(self->hsm, self->session, request->in,
								   request->signature));
	answer = answer_of(attempt, single(attempt, request->op, request->in, in_place, out));
	if (answer != ASH_VECTOR_DONE)
		ash_buf_reset(out);
	return answer;
}

/* C_SignRecover has to give C_Sign's signature, C_VerifyRecover what was signed. */
static enum ash_vector_answer recover(const struct attempt *attempt, struct ash_buf *out)
{
	const struct ash_vector_request *request = attempt->request;
	const bool signs = request->op == ASH_OP_SIGN;
	const enum ash_op op = signs ? ASH_OP_SIGN_RECOVER : ASH_OP_VERIFY_RECOVER;
	enum ash_vector_answer answer = begin(attempt, op);

	if (answer == ASH_VECTOR_DONE)
		answer = answer_of(attempt,
				   single(attempt, op, signs ? request->in : request->signature, false, out));
	if (signs || answer != ASH_VECTOR_DONE)
		return answer;
	if (!ash_span_equal(ash_buf_span(out), request->in))
		answer = ASH_VECTOR_REFUSED; /* a signature, but of something else */
	ash_buf_reset(out);
	return answer;
}

/* ---- in pieces ---- */

static ASH_STATUS update(const struct attempt *attempt, struct ash_span in, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	const enum ash_op op = attempt->request->op;
	struct ash_out given = { NULL, 0, 0 };
	const size_t before = out->len;
	struct ash_mut room = { NULL, 0 };

	if (op == ASH_OP_ENCRYPT || op == ASH_OP_DECRYPT) {
		ASH_TRY(self->api->op_update(self->hsm, self->session, op, in, &given));
		given.cap = given.len;
		ASH_TRY(ash_buf_extend(out, given.cap + 1, &room));
		given.data = room.data;
	}
	ASH_TRY(self->api->op_update(self->hsm, self->session, op, in, &given));
	ASH_ENSURE(given.len <= given.cap, ASH_E_BUG);
	out->len = before + given.len;
	return ASH_DONE;
}

static ASH_STATUS final(const struct attempt *attempt, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	const enum ash_op op = attempt->request->op;
	struct ash_out given = { NULL, 0, 0 };
	const size_t before = out->len;
	struct ash_mut room = { NULL, 0 };

	if (op == ASH_OP_VERIFY)
		return self->api->verify_final(self->hsm, self->session, attempt->request->signature);
	ASH_TRY(self->api->op_final(self->hsm, self->session, op, &given));
	given.cap = given.len;
	ASH_TRY(ash_buf_extend(out, given.cap + 1, &room));
	given.data = room.data;
	ASH_TRY(self->api->op_final(self->hsm, self->session, op, &given));
	ASH_ENSURE(given.len <= given.cap, ASH_E_BUG);
	out->len = before + given.len;
	return ASH_DONE;
}

static ASH_STATUS all_pieces(const struct attempt *attempt, struct ash_buf *out)
{
	struct ash_span in = attempt->request->in;
	size_t piece = 1;

	while (in.len != 0) {
		const size_t len = in.len < piece ? in.len : piece;

		ASH_TRY(update(attempt, ash_span(in.data, len), out));
		in = ash_span(in.data + len, in.len - len);
		piece += piece < 100 ? 1 : piece;
	}
	return final(attempt, out);
}

static enum ash_vector_answer in_pieces(const struct attempt *attempt, struct ash_buf *out)
{
	enum ash_vector_answer answer = begin(attempt, attempt->request->op);

	if (answer == ASH_VECTOR_DONE)
		answer = answer_of(attempt, all_pieces(attempt, out));
	return answer;
}

/* ---- as a key ---- */

static ASH_STATUS wrap_secret(const struct attempt *attempt, ash_handle secret, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	struct ash_out given = { NULL, 0, 0 };
	const size_t before = out->len;
	struct ash_mut room = { NULL, 0 };

	ASH_TRY(self->api->wrap_key(self->hsm, self->session, &attempt->mechanism, attempt->key, secret,
				    &given));
	given.cap = given.len;
	ASH_TRY(ash_buf_extend(out, given.cap + 1, &room));
	given.data = room.data;
	ASH_TRY(self->api->wrap_key(self->hsm, self->session, &attempt->mechanism, attempt->key, secret,
				    &given));
	ASH_ENSURE(given.len <= given.cap, ASH_E_BUG);
	out->len = before + given.len;
	return ASH_DONE;
}

static enum ash_vector_answer wrap(const struct attempt *attempt, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;
	ash_handle secret = 0;

	ash_mapping_secret(0, &made);
	ash_mapping_add(&made, CKA_VALUE, attempt->request->in);
	answer = ash_api_answer(
		ASH_API_CREATE,
		self->api->create_object(self->hsm, self->session, ash_mapping_given(&made), &secret),
		attempt->ret_why);
	if (answer != ASH_VECTOR_DONE)
		return answer;
	answer = ash_api_answer(ASH_API_WRAP, wrap_secret(attempt, secret, out), attempt->ret_why);
	if (!ash_is_ok(self->api->destroy_object(self->hsm, self->session, secret)))
		return ash_api_broken("a key could not be destroyed", attempt->ret_why);
	return answer;
}

/*
 * Bytes of the key that is unwrapped. Where whole blocks are wrapped the template has to say
 * it (§5.18.4): `done` is what decryption gave; of what it refused any length that fits.
 */
static size_t unwrapped_len(const struct attempt *attempt, struct ash_span done)
{
	const enum ash_scheme scheme = attempt->row->alg.scheme;
	const size_t in = attempt->request->in.len;

	if (scheme != ASH_SCHEME_AES_ECB && scheme != ASH_SCHEME_AES_CBC && scheme != ASH_SCHEME_AES_KW)
		return 0;
	if (done.len != 0)
		return done.len;
	return in > 24 ? in - 8 : 16;
}

static enum ash_vector_answer unwrap(const struct attempt *attempt, struct ash_span done, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;
	ash_handle secret = 0;
	struct ash_status status;

	ash_mapping_secret(unwrapped_len(attempt, done), &made);
	status = self->api->unwrap_key(self->hsm, self->session, &attempt->mechanism, attempt->key,
				       attempt->request->in, ash_mapping_given(&made), &secret);
	if (ash_is_ok(status) && !ash_is_ok(ash_api_take_value(self, secret, out)))
		return ash_api_broken("an unwrapped key could not be read", attempt->ret_why);
	return ash_api_answer(ASH_API_UNWRAP, status, attempt->ret_why);
}

/* ---- all of them ---- */

/* Whether the bytes can be a key, and wrapped alone they are all that is encrypted. */
static bool is_key(const struct attempt *attempt, struct ash_span bytes)
{
	return bytes.len != 0 && bytes.len <= SECRET_MAX &&
	       (attempt->row->alg.scheme != ASH_SCHEME_AES_KW || bytes.len >= 16);
}

static bool can(const struct attempt *attempt, enum way way, enum ash_vector_answer first,
		struct ash_span done)
{
	const struct ash_vector_request *request = attempt->request;
	const bool encrypts = request->op == ASH_OP_ENCRYPT;

	switch (way) {
	case IN_PLACE: return encrypts || request->op == ASH_OP_DECRYPT;
	case IN_PIECES: return !attempt->row->whole;
	case WRAPPED:
		if (encrypts)
			return ash_api_offers(attempt->self, attempt->row, CKF_WRAP) &&
			       is_key(attempt, request->in);
		return request->op == ASH_OP_DECRYPT &&
		       ash_api_offers(attempt->self, attempt->row, CKF_UNWRAP) &&
		       (first == ASH_VECTOR_REFUSED || is_key(attempt, done));
	case RECOVERED:
		return (request->op == ASH_OP_SIGN &&
			ash_api_offers(attempt->self, attempt->row, CKF_SIGN_RECOVER)) ||
		       (request->op == ASH_OP_VERIFY &&
			ash_api_offers(attempt->self, attempt->row, CKF_VERIFY_RECOVER));
	case AT_ONCE:
	case WAYS: break;
	}
	return true;
}

static enum ash_vector_answer one_way(const struct attempt *attempt, enum way way, struct ash_span done,
				      struct ash_buf *out)
{
	switch (way) {
	case IN_PLACE: return at_once(attempt, true, out);
	case IN_PIECES: return in_pieces(attempt, out);
	case WRAPPED:
		return attempt->request->op == ASH_OP_ENCRYPT ? wrap(attempt, out)
							      : unwrap(attempt, done, out);
	case RECOVERED: return recover(attempt, out);
	case AT_ONCE:
	case WAYS: break;
	}
	return at_once(attempt, false, out);
}

/* Another way has to give the first one's answer and, unless that is random, its output. */
static enum ash_vector_answer compare(const struct attempt *attempt, enum way way,
				      enum ash_vector_answer first, struct ash_span done)
{
	static const char *const differs[WAYS] = {
		[AT_ONCE] = "one mechanism answers so, another otherwise",
		[IN_PLACE] = "it has another answer when the output lies where the input was",
		[IN_PIECES] = "it has another answer in several parts",
		[WRAPPED] = "it has another answer as a key that is wrapped or unwrapped",
		[RECOVERED] = "it has another answer with recovery",
	};
	ASH_AUTO(ash_buf) other = ASH_BUF_PLAIN;
	const enum ash_vector_answer answer = one_way(attempt, way, done, &other);

	if (answer == ASH_VECTOR_BROKEN)
		return answer;
	if (answer != first || (answer == ASH_VECTOR_DONE && !ash_vector_is_random(attempt->request) &&
				!ash_span_equal(done, ash_buf_span(&other))))
		return ash_api_broken(differs[way], attempt->ret_why);
	return first;
}

/* All ways that the mechanism has. `first` and `out`: what an earlier mechanism gave, or ASH_VECTOR_UNSUPPORTED. */
static enum ash_vector_answer all_ways(struct attempt *attempt, enum ash_vector_answer first,
				       struct ash_buf *out)
{
	const struct ash_vector_request *request = attempt->request;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (request->key != NULL)
		answer = ash_api_key(attempt->self, attempt->row, request->op, request->key, &attempt->key,
				     attempt->ret_why);
	if (answer != ASH_VECTOR_DONE)
		return answer;
	if (first == ASH_VECTOR_UNSUPPORTED)
		first = one_way(attempt, AT_ONCE, ASH_SPAN_NONE, out);
	else
		first = compare(attempt, AT_ONCE, first, ash_buf_span(out));
	for (enum way way = IN_PLACE; way < WAYS; way++) {
		if (first != ASH_VECTOR_BROKEN && can(attempt, way, first, ash_buf_span(out)))
			first = compare(attempt, way, first, ash_buf_span(out));
	}
	return first;
}

/* All mechanisms that fit have to give one answer. */
static enum ash_vector_answer by_mechanism(struct attempt *attempt, enum ash_vector_answer first,
					   struct ash_buf *out)
{
	const enum ash_vector_answer answer = all_ways(attempt, first, out);

	if (first != ASH_VECTOR_UNSUPPORTED && answer != first && answer != ASH_VECTOR_BROKEN)
		return ash_api_broken("one mechanism answers so, another otherwise", attempt->ret_why);
	return answer;
}

enum ash_vector_answer ash_api_run(void *target, const struct ash_vector_request *request,
				   struct ash_buf *out, const char **ret_why)
{
	struct ash_api_target *self = target;
	enum ash_vector_answer answer = ASH_VECTOR_UNSUPPORTED;
	const bool has_mgf =
		request->alg.scheme == ASH_SCHEME_RSA_PSS || request->alg.scheme == ASH_SCHEME_RSA_OAEP;

	if (has_mgf && ash_mapping_mgf(request->params.mgf_hash) == 0) {
		*ret_why = ASH_API_NO_MGF;
		return ASH_VECTOR_UNSUPPORTED;
	}
	*ret_why = ASH_API_NO_MECHANISM;
	for (size_t i = 0; i < ash_mechanism_count() && answer != ASH_VECTOR_BROKEN; i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		struct attempt attempt = {
			.self = self,
			.request = request,
			.row = row,
			.mechanism = ash_mapping_mechanism(row, request),
			.ret_why = ret_why,
		};

		if (!ash_mapping_fits(row, request))
			continue;
		if (ash_api_offers(self, row, ash_op_flag(request->op)))
			answer = by_mechanism(&attempt, answer, out);
		else if (answer == ASH_VECTOR_UNSUPPORTED)
			*ret_why = ASH_API_NOT_HERE;
	}
	if (answer == ASH_VECTOR_BROKEN)
		ash_api_begin_afresh(self);
	return answer;
}
