/* The target's derived and shared keys. */
#include "app/selftest/api_target_priv.h"
#include "token/der.h"
#include "util/compat.h"

/* ---- with a key that is there ---- */

/* One derivation or decapsulation with one mechanism. Lent. */
struct attempt {
	struct ash_api_target *self;
	struct ash_mechanism mechanism;
	ash_handle key;
	struct ash_span ciphertext; /* of a decapsulation */
	size_t len;                 /* of the new key; 0: the mechanism's */
};

static ASH_STATUS make_key(const struct attempt *attempt, enum ash_api_step step, struct ash_buf *out)
{
	struct ash_api_target *self = attempt->self;
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;
	ash_handle key = 0;

	ash_mapping_secret(attempt->len, &made);
	if (step == ASH_API_DECAPSULATE)
		ASH_TRY(self->api->decapsulate_key(self->hsm, self->session, &attempt->mechanism,
						   attempt->key, ash_mapping_given(&made),
						   attempt->ciphertext, &key));
	else if (attempt->key == 0)
		ASH_TRY(self->api->generate_key(self->hsm, self->session, &attempt->mechanism,
						ash_mapping_given(&made), &key));
	else
		ASH_TRY(self->api->derive_key(self->hsm, self->session, &attempt->mechanism, attempt->key,
					      ash_mapping_given(&made), &key));
	return ash_api_take_value(self, key, out);
}

/* Once more, where `first` is an answer already: both must be the same. */
static enum ash_vector_answer make_and_compare(const struct attempt *attempt, enum ash_api_step step,
					       enum ash_vector_answer first, struct ash_buf *out,
					       const char **ret_why)
{
	ASH_AUTO(ash_buf) other = ASH_BUF_PLAIN;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (first == ASH_VECTOR_UNSUPPORTED)
		return ash_api_answer(step, make_key(attempt, step, out), ret_why);
	answer = ash_api_answer(step, make_key(attempt, step, &other), ret_why);
	if (answer == ASH_VECTOR_BROKEN)
		return answer;
	if (answer != first || !ash_span_equal(ash_buf_span(out), ash_buf_span(&other)))
		return ash_api_broken("it has another answer when it is asked in another way", ret_why);
	return first;
}

/* ---- agreement and encapsulation ---- */

/* The peer's public value as it is, and as a DER OCTET STRING. */
static enum ash_vector_answer agree(struct attempt *attempt, struct ash_span peer,
				    enum ash_vector_answer first, struct ash_buf *out, const char **ret_why)
{
	ASH_AUTO(ash_buf) packed = ASH_BUF_PLAIN;
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	attempt->mechanism.derive = (struct ash_derivation){ .kdf = CKD_NULL, .peer = peer };
	answer = make_and_compare(attempt, ASH_API_DERIVE, first, out, ret_why);
	if (answer == ASH_VECTOR_BROKEN || !ash_is_ok(ash_der_add(&packed, ASH_DER_OCTET_STRING, peer)))
		return answer;
	attempt->mechanism.derive.peer = ash_buf_span(&packed);
	return make_and_compare(attempt, ASH_API_DERIVE, answer, out, ret_why);
}

/* A new ciphertext, and what is agreed on in it. */
static ASH_STATUS encapsulate(const struct attempt *attempt, ash_handle public, struct ash_buf *ciphertext,
			      struct ash_buf *shared)
{
	struct ash_api_target *self = attempt->self;
	ASH_AUTO(ash_mapping_template) made = ASH_MAPPING_TEMPLATE_NONE;
	struct ash_out given = { NULL, 0, 0 };
	struct ash_mut room = { NULL, 0 };
	ash_handle key = 0;

	ash_mapping_secret(0, &made);
	ASH_TRY(self->api->encapsulate_key(self->hsm, self->session, &attempt->mechanism, public,
					   ash_mapping_given(&made), &given, &key));
	ASH_TRY(ash_buf_extend(ciphertext, given.len, &room));
	given = (struct ash_out){ .data = room.data, .cap = room.len };
	ASH_TRY(self->api->encapsulate_key(self->hsm, self->session, &attempt->mechanism, public,
					   ash_mapping_given(&made), &given, &key));
	ASH_ENSURE(given.len == ciphertext->len, ASH_E_BUG);
	return ash_api_take_value(self, key, shared);
}

/* What the public key encapsulates the private one has to open. */
static enum ash_vector_answer back_and_forth(const struct attempt *attempt,
					     const struct ash_mechanism_row *row,
					     const struct ash_vector_key *key, const char **ret_why)
{
	ASH_AUTO(ash_buf) ciphertext = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) sent = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) received = ASH_BUF_PLAIN;
	struct attempt back = *attempt;
	ash_handle public = 0;

	if (!ash_api_offers(attempt->self, row, CKF_ENCAPSULATE))
		return ASH_VECTOR_DONE;
	if (ash_api_key(attempt->self, row, ASH_OP_ENCAPSULATE, key, &public, ret_why) != ASH_VECTOR_DONE ||
	    !ash_is_ok(encapsulate(attempt, public, &ciphertext, &sent)))
		return ash_api_broken("its public key does not encapsulate", ret_why);
	back.ciphertext = ash_buf_span(&ciphertext);
	if (!ash_is_ok(make_key(&back, ASH_API_DECAPSULATE, &received)) || sent.len == 0 ||
	    !ash_span_equal(ash_buf_span(&sent), ash_buf_span(&received)))
		return ash_api_broken("what its public key encapsulates its private key does not open",
				      ret_why);
	return ASH_VECTOR_DONE;
}

static enum ash_vector_answer decapsulate(struct attempt *attempt, const struct ash_mechanism_row *row,
					  const struct ash_vector_key *key, struct ash_span ciphertext,
					  enum ash_vector_answer first, struct ash_buf *out,
					  const char **ret_why)
{
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	attempt->ciphertext = ciphertext;
	answer = make_and_compare(attempt, ASH_API_DECAPSULATE, first, out, ret_why);
	if (answer != ASH_VECTOR_BROKEN)
		answer = make_and_compare(attempt, ASH_API_DECAPSULATE, answer, out, ret_why);
	if (answer == ASH_VECTOR_DONE && key->part[ASH_PART_PUBLIC].data != NULL)
		answer = back_and_forth(attempt, row, key, ret_why);
	return answer;
}

enum ash_vector_answer ash_api_share(void *target, enum ash_op op, const struct ash_vector_key *key,
				     struct ash_span input, struct ash_buf *out, const char **ret_why)
{
	struct ash_api_target *self = target;
	const struct ash_vector_request request = {
		.op = op,
		.alg.scheme = op == ASH_OP_DERIVE ? ASH_SCHEME_ECDH : ASH_SCHEME_ML_KEM,
		.key = key,
	};
	enum ash_vector_answer answer = ASH_VECTOR_UNSUPPORTED;

	*ret_why = ASH_API_NO_MECHANISM;
	for (size_t i = 0; i < ash_mechanism_count() && answer != ASH_VECTOR_BROKEN; i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		struct attempt attempt = { .self = self, .mechanism.type = row->type };
		enum ash_vector_answer loaded = ASH_VECTOR_DONE;

		if (!ash_mapping_fits(row, &request))
			continue;
		if (!ash_api_offers(self, row, ash_op_flag(op))) {
			*ret_why = answer == ASH_VECTOR_UNSUPPORTED ? ASH_API_NOT_HERE : *ret_why;
			continue;
		}
		loaded = ash_api_key(self, row, op, key, &attempt.key, ret_why);
		if (loaded != ASH_VECTOR_DONE)
			return loaded;
		answer = op == ASH_OP_DERIVE ? agree(&attempt, input, answer, out, ret_why)
					     : decapsulate(&attempt, row, key, input, answer, out, ret_why);
	}
	return answer;
}

/* ---- key derivation ---- */

static const struct ash_mechanism_row *find_row(enum ash_param_kind param, uint64_t flag)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		if (row->param == param && (row->info.flags & flag) != 0)
			return row;
	}
	return NULL;
}

/* The salt as bytes and, if there is any, as a key. */
static enum ash_vector_answer hkdf(struct ash_api_target *self, const struct ash_mechanism_row *row,
				   const struct ash_kdf *kdf, size_t len, struct ash_buf *out,
				   const char **ret_why)
{
	const struct ash_vector_key secret = {
		.spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)kdf->secret.len * 8 },
		.part = { [ASH_PART_SECRET] = kdf->secret },
	};
	const struct ash_vector_key salt = {
		.spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)kdf->salt.len * 8 },
		.part = { [ASH_PART_SECRET] = kdf->salt },
	};
	struct ash_derivation how = {
		.extract = kdf->scheme != ASH_KDF_HKDF_EXPAND,
		.expand = kdf->scheme != ASH_KDF_HKDF_EXTRACT,
		.hash = kdf->hash,
		.info = kdf->scheme != ASH_KDF_HKDF_EXTRACT ? kdf->info : ASH_SPAN_NONE,
	};
	struct attempt attempt = { .self = self, .mechanism.type = row->type, .len = len };
	enum ash_vector_answer answer = ash_api_key(self, row, ASH_OP_DERIVE, &secret, &attempt.key, ret_why);

	if (answer != ASH_VECTOR_DONE)
		return answer;
	if (how.extract)
		how.salt_type = kdf->salt.len != 0 ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL;
	how.salt = how.extract ? kdf->salt : ASH_SPAN_NONE;
	attempt.mechanism.derive = how;
	answer = make_and_compare(&attempt, ASH_API_DERIVE, ASH_VECTOR_UNSUPPORTED, out, ret_why);
	if (answer == ASH_VECTOR_BROKEN || how.salt.len == 0)
		return answer;
	attempt.mechanism.derive.salt = ASH_SPAN_NONE;
	attempt.mechanism.derive.salt_type = CKF_HKDF_SALT_KEY;
	if (ash_api_key(self, row, ASH_OP_DERIVE, &salt, &attempt.mechanism.derive.salt_key, ret_why) !=
	    ASH_VECTOR_DONE)
		return ash_api_broken("its salt can't be a key", ret_why);
	return make_and_compare(&attempt, ASH_API_DERIVE, answer, out, ret_why);
}

static enum ash_vector_answer pbkdf2(struct ash_api_target *self, const struct ash_mechanism_row *row,
				     const struct ash_kdf *kdf, size_t len, struct ash_buf *out,
				     const char **ret_why)
{
	const struct attempt attempt = {
		.self = self,
		.mechanism = {
			.type = row->type,
			.derive = {
				.kdf = ash_mapping_prf(kdf->hash),
				.salt_type = CKZ_SALT_SPECIFIED,
				.salt = kdf->salt,
				.password = kdf->secret,
				.iterations = kdf->passes,
			},
		},
		.len = len,
	};

	if (attempt.mechanism.derive.kdf == 0) {
		*ret_why = ASH_API_NO_MECHANISM;
		return ASH_VECTOR_UNSUPPORTED;
	}
	return make_and_compare(&attempt, ASH_API_DERIVE, ASH_VECTOR_UNSUPPORTED, out, ret_why);
}

enum ash_vector_answer ash_api_derive(void *target, const struct ash_kdf *kdf, size_t len,
				      struct ash_buf *out, const char **ret_why)
{
	struct ash_api_target *self = target;
	const bool is_hkdf = kdf->scheme == ASH_KDF_HKDF || kdf->scheme == ASH_KDF_HKDF_EXTRACT ||
			     kdf->scheme == ASH_KDF_HKDF_EXPAND;
	const uint64_t flag = is_hkdf ? CKF_DERIVE : CKF_GENERATE;
	const struct ash_mechanism_row *row = NULL;

	if (is_hkdf || kdf->scheme == ASH_KDF_PBKDF2)
		row = find_row(is_hkdf ? ASH_PARAM_HKDF : ASH_PARAM_PBKDF2, flag);
	if (row == NULL || !ash_api_offers(self, row, flag)) {
		*ret_why = row == NULL ? ASH_API_NO_MECHANISM : ASH_API_NOT_HERE;
		return ASH_VECTOR_UNSUPPORTED;
	}
	if (!ash_api_has_length(self, row, len)) {
		*ret_why = ASH_API_KEY_SIZE;
		return ASH_VECTOR_UNSUPPORTED;
	}
	return is_hkdf ? hkdf(self, row, kdf, len, out, ret_why) : pbkdf2(self, row, kdf, len, out, ret_why);
}
