/* Test vectors of signatures with key pairs, but for RSA. */
#include "vectors/run_priv.h"

struct vector_outcome vector_verify_raw(struct vector_run *run, const struct vector_request *hashed,
					struct ash_span prefix)
{
	const struct vector_request digest = {
		.op = ASH_OP_DIGEST,
		.alg = { ASH_SCHEME_HASH, hashed->alg.hash },
		.in = hashed->in,
	};
	struct vector_request raw = *hashed;
	struct ash_mut in = { NULL, 0 };

	if (vector_ask(run, &digest) != VECTOR_DONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	in = vector_room(run->one, prefix.len + run->out.len);
	if (prefix.len != 0)
		memcpy(in.data, prefix.data, prefix.len);
	memcpy(in.data + prefix.len, run->out.data, run->out.len);
	raw.alg.hash = ASH_HASH_NONE;
	raw.in = ash_mut_span(in);
	return vector_judge(run, vector_ask(run, &raw), true);
}

struct vector_outcome vector_sign(struct vector_run *run, const struct vector_request *verify,
				  const struct vector_key *private, struct ash_span want)
{
	struct vector_request request = *verify;
	struct vector_outcome outcome = { 0 };
	enum vector_answer answer = VECTOR_DONE;
	struct ash_mut made = { NULL, 0 };

	request.op = ASH_OP_SIGN;
	request.key = private;
	answer = vector_ask(run, &request);
	outcome = vector_judge(run, answer, want.data == NULL || vector_out_is(run, want));
	if (!vector_passed(outcome) || answer != VECTOR_DONE)
		return outcome;
	made = vector_room(run->one, run->out.len);
	memcpy(made.data, run->out.data, made.len);
	request.op = ASH_OP_VERIFY;
	request.key = verify->key;
	request.signature = ash_mut_span(made);
	return vector_judge(run, vector_ask(run, &request), true);
}

bool vector_has_private(const struct vector_run *run)
{
	return run->one->result == VECTOR_VALID && json_object_get(run->one->group, "privateKey") != NULL;
}

struct vector_outcome vector_run_ecdsa(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	struct vector_key key = {
		.spec = { .kind = ASH_KEY_EC,
			  .group = vector_group(vector_text(one, public, "curve", true)) },
		.part = { [ASH_PART_PUBLIC] = vector_hex(one, public, "uncompressed", true) },
	};
	struct vector_key private = key;
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_ECDSA, vector_hash(vector_text(one, one->group, "sha", true)) },
		.key = &key,
		.in = vector_hex(one, one->test, "msg", true),
		.signature = vector_hex(one, one->test, "sig", true),
	};
	struct vector_outcome outcome = { 0 };

	if (key.spec.group == ASH_GROUP_NONE || verify.alg.hash == ASH_HASH_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	outcome = vector_judge(run, vector_ask(run, &verify), true);
	if (vector_passed(outcome))
		outcome = vector_verify_raw(run, &verify, ASH_SPAN_NONE);
	if (vector_passed(outcome) && vector_has_private(run)) {
		private.part[ASH_PART_PRIVATE] = vector_hex(one, one->group, "privateKey", true);
		outcome = vector_sign(run, &verify, &private, ASH_SPAN_NONE);
	}
	return outcome;
}

/* RFC 8032's variants, as the file names them: EDDSA is the pure ones, which may have a context with Ed448. */
static struct ash_params eddsa_params(struct vector_run *run)
{
	const char *algorithm = run->file->algorithm;
	struct ash_params params = { .context = vector_hex(run->one, run->one->test, "ctx", false) };

	params.prehash = strcmp(algorithm, "Ed25519ph") == 0 || strcmp(algorithm, "Ed448ph") == 0;
	params.eddsa_params = strcmp(algorithm, "EDDSA") != 0;
	return params;
}

struct vector_outcome vector_run_eddsa(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	struct vector_key key = {
		.spec = { .kind = ASH_KEY_EDWARDS,
			  .group = vector_group(vector_text(one, public, "curve", true)) },
		.part = { [ASH_PART_PUBLIC] = vector_hex(one, public, "pk", true) },
	};
	struct vector_key private = key;
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_EDDSA, ASH_HASH_NONE },
		.key = &key,
		.params = eddsa_params(run),
		.in = vector_hex(one, one->test, "msg", true),
		.signature = vector_hex(one, one->test, "sig", true),
	};
	struct vector_outcome outcome = { 0 };

	if (key.spec.group == ASH_GROUP_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	outcome = vector_judge(run, vector_ask(run, &verify), true);
	if (vector_passed(outcome) && vector_has_private(run)) {
		private.part[ASH_PART_PRIVATE] = vector_hex(one, one->group, "privateKey", true);
		outcome = vector_sign(run, &verify, &private, verify.signature);
	}
	return outcome;
}

/* --- ML-DSA ------------------------------------------------------------------ */

static struct vector_key mldsa_key(struct vector_run *run, bool must)
{
	return (struct vector_key){
		.spec = { .kind = ASH_KEY_ML_DSA, .group = vector_group(run->file->algorithm) },
		.part = { [ASH_PART_PUBLIC] = vector_hex(run->one, run->one->group, "publicKey", must) },
	};
}

struct vector_outcome vector_run_mldsa_verify(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = mldsa_key(run, true);
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_ML_DSA, ASH_HASH_NONE },
		.key = &key,
		.params.context = vector_hex(one, one->test, "ctx", false),
		.in = vector_hex(one, one->test, "msg", true),
		.signature = vector_hex(one, one->test, "sig", true),
	};

	if (key.spec.group == ASH_GROUP_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	return vector_judge(run, vector_ask(run, &verify), true);
}

struct vector_outcome vector_run_mldsa_sign(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = mldsa_key(run, false);
	struct vector_key private = key;
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_ML_DSA, ASH_HASH_NONE },
		.key = &key,
		.params = { .context = vector_hex(one, one->test, "ctx", false), .deterministic = true },
		.in = vector_hex(one, one->test, "msg", false),
		.signature = vector_hex(one, one->test, "sig", true),
	};

	if (key.spec.group == ASH_GROUP_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	if (vector_has_flag(one, "Internal"))
		return VECTOR_OUTCOME(VECTOR_SKIPPED, "has no message, only its mu");
	/* No target takes the randomness; that the signature is good can be seen. */
	if (json_object_get(one->test, "rnd") != NULL)
		return vector_judge(run, vector_ask(run, &verify), true);
	private.part[ASH_PART_SEED] = vector_hex(one, one->group, "privateSeed", true);
	return vector_sign(run, &verify, &private, verify.signature);
}
