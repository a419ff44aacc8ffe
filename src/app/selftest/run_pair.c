/* Test vectors of signatures with key pairs, but for RSA. */
#include "app/selftest/run_priv.h"
#include "crypto/alg.h"
#include "token/der.h"

#define ASH_ECDSA_NUMBER_MAX 66 /* bytes: P-521 */

static struct ash_vector_outcome verify_raw(struct ash_vector_run *run,
					    const struct ash_vector_request *hashed, struct ash_span prefix)
{
	const struct ash_vector_request digest = {
		.op = ASH_OP_DIGEST,
		.alg = { ASH_SCHEME_HASH, hashed->alg.hash },
		.in = hashed->in,
	};
	struct ash_vector_request raw = *hashed;
	enum ash_vector_answer answer = ash_vector_ask(run, &digest);

	if (answer != ASH_VECTOR_DONE)
		return ash_vector_judge(run, answer == ASH_VECTOR_REFUSED ? ASH_VECTOR_BROKEN : answer,
					false);
	raw.alg.hash = ASH_HASH_NONE;
	raw.in = ash_vector_keep(run->one, prefix, ash_buf_span(&run->out));
	return ash_vector_judge(run, ash_vector_ask(run, &raw), true);
}

struct ash_vector_outcome ash_vector_verify(struct ash_vector_run *run,
					    const struct ash_vector_request *verify, struct ash_span prefix)
{
	struct ash_vector_outcome whole = ash_vector_judge(run, ash_vector_ask(run, verify), true);
	struct ash_vector_outcome raw = whole;

	if (whole.what == ASH_VECTOR_PASSED || whole.what == ASH_VECTOR_NOT_OFFERED)
		raw = verify_raw(run, verify, prefix);
	return raw.what == ASH_VECTOR_NOT_OFFERED ? whole : raw;
}

struct ash_vector_outcome ash_vector_sign(struct ash_vector_run *run, const struct ash_vector_request *verify,
					  const struct ash_vector_key *private, struct ash_span want)
{
	struct ash_vector_request request = *verify;
	struct ash_vector_outcome outcome = { 0 };
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	request.op = ASH_OP_SIGN;
	request.key = private;
	answer = ash_vector_ask(run, &request);
	outcome = ash_vector_judge(run, answer, want.data == NULL || ash_vector_out_is(run, want));
	if (!ash_vector_passed(outcome) || answer != ASH_VECTOR_DONE)
		return outcome;
	request.op = ASH_OP_VERIFY;
	request.key = verify->key;
	request.signature = ash_vector_keep(run->one, ash_buf_span(&run->out), ASH_SPAN_NONE);
	return ash_vector_judge(run, ash_vector_ask(run, &request), true);
}

bool ash_vector_has_private(const struct ash_vector_run *run)
{
	return run->one->result == ASH_VECTOR_VALID && json_object_get(run->one->group, "privateKey") != NULL;
}

struct ash_vector_outcome ash_vector_sign_too(struct ash_vector_run *run,
					      const struct ash_vector_request *verify,
					      const struct ash_vector_key *private, struct ash_span want)
{
	struct ash_vector_outcome outcome = ash_vector_sign(run, verify, private, want);

	return outcome.what == ASH_VECTOR_NOT_OFFERED ? ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL) : outcome;
}

/* r || s of the fixed length that PKCS#11 has, out of DER; false for what has no such form. */
static bool p1363_of(struct ash_vector_case *one, struct ash_span der, size_t len, struct ash_span *ret_sig)
{
	static const uint8_t zeroes[ASH_ECDSA_NUMBER_MAX] = { 0 };
	struct ash_reader outer = ash_reader(der);
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);
	struct ash_span number = ASH_SPAN_NONE;
	struct ash_span sig = ASH_SPAN_NONE;

	if (len > sizeof(zeroes) || !ash_is_ok(ash_der_take(&outer, ASH_DER_SEQUENCE, &in.rest)) ||
	    outer.rest.len != 0)
		return false;
	for (int i = 0; i < 2; i++) {
		if (!ash_is_ok(ash_der_take_integer(&in, &number)) || number.len > len)
			return false;
		sig = ash_vector_keep(one, sig, ash_span(zeroes, len - number.len));
		sig = ash_vector_keep(one, sig, number);
	}
	*ret_sig = sig;
	return in.rest.len == 0;
}

static struct ash_vector_outcome run_ecdsa(struct ash_vector_run *run, bool der)
{
	struct ash_vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	struct ash_vector_key key = {
		.spec = { .kind = ASH_KEY_EC,
			  .group = ash_vector_group(ash_vector_text(one, public, "curve", true)) },
		.part = { [ASH_PART_PUBLIC] = ash_vector_hex(one, public, "uncompressed", true) },
	};
	struct ash_vector_key private = key;
	struct ash_vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_ECDSA, ash_vector_hash(ash_vector_text(one, one->group, "sha", true)) },
		.key = &key,
		.in = ash_vector_hex(one, one->test, "msg", true),
		.signature = ash_vector_hex(one, one->test, "sig", true),
	};
	struct ash_vector_outcome outcome = { 0 };

	if (key.spec.group == ASH_GROUP_NONE || verify.alg.hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	if (der && !p1363_of(one, verify.signature, ash_group_private_len(key.spec.group), &verify.signature))
		return one->result == ASH_VECTOR_VALID
			       ? ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "is no signature in DER")
			       : ASH_VECTOR_OUTCOME(
					 ASH_VECTOR_SKIPPED,
					 "its signature has no form in PKCS#11, which has r || s of fixed length");
	outcome = ash_vector_verify(run, &verify, ASH_SPAN_NONE);
	if (ash_vector_passed(outcome) && ash_vector_has_private(run)) {
		private.part[ASH_PART_PRIVATE] = ash_vector_hex(one, one->group, "privateKey", true);
		outcome = ash_vector_sign_too(run, &verify, &private, ASH_SPAN_NONE);
	}
	return outcome;
}

struct ash_vector_outcome ash_vector_run_ecdsa(struct ash_vector_run *run)
{
	return run_ecdsa(run, false);
}

struct ash_vector_outcome ash_vector_run_ecdsa_der(struct ash_vector_run *run)
{
	return run_ecdsa(run, true);
}

/* RFC 8032's variants, as the file names them: EDDSA is the pure ones, which may have a context with Ed448. */
static struct ash_params eddsa_params(struct ash_vector_run *run)
{
	const char *algorithm = run->file->algorithm;
	struct ash_params params = { .context = ash_vector_hex(run->one, run->one->test, "ctx", false) };

	params.prehash = strcmp(algorithm, "Ed25519ph") == 0 || strcmp(algorithm, "Ed448ph") == 0;
	params.eddsa_params = strcmp(algorithm, "EDDSA") != 0;
	return params;
}

struct ash_vector_outcome ash_vector_run_eddsa(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	struct ash_vector_key key = {
		.spec = { .kind = ASH_KEY_EDWARDS,
			  .group = ash_vector_group(ash_vector_text(one, public, "curve", true)) },
		.part = { [ASH_PART_PUBLIC] = ash_vector_hex(one, public, "pk", true) },
	};
	struct ash_vector_key private = key;
	const struct ash_vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_EDDSA, ASH_HASH_NONE },
		.key = &key,
		.params = eddsa_params(run),
		.in = ash_vector_hex(one, one->test, "msg", true),
		.signature = ash_vector_hex(one, one->test, "sig", true),
	};
	struct ash_vector_outcome outcome = { 0 };

	if (key.spec.group == ASH_GROUP_NONE)
		return ash_vector_unknown();
	outcome = ash_vector_judge(run, ash_vector_ask(run, &verify), true);
	if (ash_vector_passed(outcome) && ash_vector_has_private(run)) {
		private.part[ASH_PART_PRIVATE] = ash_vector_hex(one, one->group, "privateKey", true);
		outcome = ash_vector_sign_too(run, &verify, &private, verify.signature);
	}
	return outcome;
}

/* --- ML-DSA ------------------------------------------------------------------ */

static struct ash_vector_key mldsa_key(struct ash_vector_run *run, bool must)
{
	return (struct ash_vector_key){
		.spec = { .kind = ASH_KEY_ML_DSA, .group = ash_vector_group(run->file->algorithm) },
		.part = { [ASH_PART_PUBLIC] = ash_vector_hex(run->one, run->one->group, "publicKey", must) },
	};
}

struct ash_vector_outcome ash_vector_run_mldsa_verify(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = mldsa_key(run, true);
	const struct ash_vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_ML_DSA, ASH_HASH_NONE },
		.key = &key,
		.params.context = ash_vector_hex(one, one->test, "ctx", false),
		.in = ash_vector_hex(one, one->test, "msg", true),
		.signature = ash_vector_hex(one, one->test, "sig", true),
	};

	if (key.spec.group == ASH_GROUP_NONE)
		return ash_vector_unknown();
	return ash_vector_judge(run, ash_vector_ask(run, &verify), true);
}

struct ash_vector_outcome ash_vector_run_mldsa_sign(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = mldsa_key(run, false);
	struct ash_vector_key private = key;
	const struct ash_vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_ML_DSA, ASH_HASH_NONE },
		.key = &key,
		.params = { .context = ash_vector_hex(one, one->test, "ctx", false), .deterministic = true },
		.in = ash_vector_hex(one, one->test, "msg", false),
		.signature = ash_vector_hex(one, one->test, "sig", true),
	};

	if (key.spec.group == ASH_GROUP_NONE)
		return ash_vector_unknown();
	if (ash_vector_has_flag(one, "Internal"))
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_SKIPPED, "has no message, only its mu");
	/* No target takes the randomness; that the signature is good can be seen. */
	if (json_object_get(one->test, "rnd") != NULL)
		return ash_vector_judge(run, ash_vector_ask(run, &verify), true);
	private.part[ASH_PART_SEED] = ash_vector_hex(one, one->group, "privateSeed", false);
	private.part[ASH_PART_PRIVATE] =
		ash_vector_hex(one, one->group, "privateKey", private.part[ASH_PART_SEED].data == NULL);
	return ash_vector_sign(run, &verify, &private, verify.signature);
}
