/* Test vectors of key pairs: signatures, RSA decryption. */
#include "vectors/run_priv.h"

static enum ash_group group_of(const char *name)
{
	static const char *const names[ASH_GROUPS] = {
		[ASH_GROUP_P256] = "secp256r1",
		[ASH_GROUP_P384] = "secp384r1",
		[ASH_GROUP_ED25519] = "edwards25519",
		[ASH_GROUP_ML_DSA_65] = "ML-DSA-65",
	};

	for (unsigned i = 0; name != NULL && i < ASH_GROUPS; i++) {
		if (names[i] != NULL && strcmp(names[i], name) == 0)
			return (enum ash_group)i;
	}
	return ASH_GROUP_NONE;
}

/* The same request for a digest made before, with what has to stand before it. */
static struct vector_outcome verify_raw(struct vector_run *run, const struct vector_request *hashed,
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

/* Signs, and has the signature verified; `want` is what it has to be, when it is always the same. */
static struct vector_outcome sign(struct vector_run *run, const struct vector_request *verify,
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

static bool has_private(const struct vector_run *run)
{
	return run->one->result == VECTOR_VALID && json_object_get(run->one->group, "privateKey") != NULL;
}

struct vector_outcome vector_run_ecdsa(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	struct vector_key key = {
		.spec = { .kind = ASH_KEY_EC, .group = group_of(vector_text(one, public, "curve", true)) },
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
		outcome = verify_raw(run, &verify, ASH_SPAN_NONE);
	if (vector_passed(outcome) && has_private(run)) {
		private.part[ASH_PART_PRIVATE] = vector_hex(one, one->group, "privateKey", true);
		outcome = sign(run, &verify, &private, ASH_SPAN_NONE);
	}
	return outcome;
}

struct vector_outcome vector_run_eddsa(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	struct vector_key key = {
		.spec = { .kind = ASH_KEY_EDWARDS,
			  .group = group_of(vector_text(one, public, "curve", true)) },
		.part = { [ASH_PART_PUBLIC] = vector_hex(one, public, "pk", true) },
	};
	struct vector_key private = key;
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_EDDSA, ASH_HASH_NONE },
		.key = &key,
		.in = vector_hex(one, one->test, "msg", true),
		.signature = vector_hex(one, one->test, "sig", true),
	};
	struct vector_outcome outcome = { 0 };

	if (key.spec.group == ASH_GROUP_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	outcome = vector_judge(run, vector_ask(run, &verify), true);
	if (vector_passed(outcome) && has_private(run)) {
		private.part[ASH_PART_PRIVATE] = vector_hex(one, one->group, "privateKey", true);
		outcome = sign(run, &verify, &private, verify.signature);
	}
	return outcome;
}

/* --- RSA --------------------------------------------------------------------- */

static struct vector_key rsa_key(struct vector_case *one, const json_t *from)
{
	struct vector_key key = {
		.spec = { .kind = ASH_KEY_RSA },
		.part = {
			[ASH_PART_MODULUS] = vector_integer(one, from, "modulus", true),
			[ASH_PART_PUBLIC_EXPONENT] = vector_integer(one, from, "publicExponent", true),
		},
	};
	struct ash_span modulus = key.part[ASH_PART_MODULUS];

	if (modulus.len != 0)
		key.spec.bits = (uint32_t)modulus.len * 8 - ((uint32_t)__builtin_clz(modulus.data[0]) - 24);
	return key;
}

static void add_private(struct vector_case *one, const json_t *from, bool primes, struct vector_key *key)
{
	static const struct {
		enum ash_part part;
		const char *name;
	} crt[] = {
		{ ASH_PART_PRIME_1, "prime1" },          { ASH_PART_PRIME_2, "prime2" },
		{ ASH_PART_EXPONENT_1, "exponent1" },    { ASH_PART_EXPONENT_2, "exponent2" },
		{ ASH_PART_COEFFICIENT, "coefficient" },
	};

	key->part[ASH_PART_PRIVATE_EXPONENT] = vector_integer(one, from, "privateExponent", true);
	for (size_t i = 0; primes && i < ASH_COUNT(crt); i++)
		key->part[crt[i].part] = vector_integer(one, from, crt[i].name, false);
}

/* DER of DigestInfo up to the digest, RFC 8017, section 9.2, note 1. */
static struct ash_span digest_info(enum ash_hash hash)
{
	static const uint8_t prefix[ASH_HASHES][19] = {
		[ASH_HASH_SHA256] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
				      0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 },
		[ASH_HASH_SHA384] = { 0x30, 0x41, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
				      0x04, 0x02, 0x02, 0x05, 0x00, 0x04, 0x30 },
		[ASH_HASH_SHA512] = { 0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
				      0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40 },
	};

	return ash_span(prefix[hash], sizeof(prefix[hash]));
}

struct vector_outcome vector_run_rsa_signature(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = rsa_key(one, json_object_get(one->group, "publicKey"));
	struct vector_key private = key;
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_RSA_PKCS1, vector_hash(vector_text(one, one->group, "sha", true)) },
		.key = &key,
		.in = vector_hex(one, one->test, "msg", true),
		.signature = vector_hex(one, one->test, "sig", true),
	};
	struct vector_outcome outcome = { 0 };

	if (verify.alg.hash == ASH_HASH_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	outcome = vector_judge(run, vector_ask(run, &verify), true);
	if (vector_passed(outcome))
		outcome = verify_raw(run, &verify, digest_info(verify.alg.hash));
	if (vector_passed(outcome) && has_private(run)) {
		add_private(one, json_object_get(one->group, "privateKey"), true, &private);
		outcome = sign(run, &verify, &private, verify.signature);
	}
	return outcome;
}

/*
 * Whoever can tell wrong padding from right can decrypt everything (Bleichenbacher), so
 * wrong padding has to be answered as right padding is, each time with the same bytes
 * that have nothing to do with the message. Only what everybody sees may be refused: a
 * ciphertext of wrong length, or not below the modulus.
 */
static struct vector_outcome judge_decrypted(struct vector_run *run, const struct vector_request *request,
					     struct ash_span msg)
{
	enum vector_answer answer = vector_ask(run, request);
	bool same = vector_out_is(run, msg);
	struct ash_mut first = { NULL, 0 };

	if (run->one->result != VECTOR_INVALID || answer == VECTOR_UNSUPPORTED || answer == VECTOR_BROKEN)
		return vector_judge(run, answer, same);
	if (vector_has_flag(run->one, "InvalidCiphertextFormat"))
		return vector_judge(run, answer, false);
	if (answer != VECTOR_DONE)
		return VECTOR_OUTCOME(VECTOR_FAILED, "shows that its padding is wrong");
	first = vector_room(run->one, run->out.len);
	if (first.len != 0)
		memcpy(first.data, run->out.data, first.len);
	if (same || vector_ask(run, request) != VECTOR_DONE || !vector_out_is(run, ash_mut_span(first)))
		return VECTOR_OUTCOME(VECTOR_FAILED, "is not rejected by constant bytes of its own");
	return VECTOR_OUTCOME(VECTOR_PASSED, NULL);
}

/* With the primes and without them. */
struct vector_outcome vector_run_rsa_decrypt(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const json_t *from = json_object_get(one->group, "privateKey");
	struct ash_span msg = vector_hex(one, one->test, "msg", true);
	struct vector_outcome outcome = VECTOR_OUTCOME(VECTOR_PASSED, NULL);

	for (int primes = 1; primes >= 0 && vector_passed(outcome); primes--) {
		struct vector_key key = rsa_key(one, from);
		const struct vector_request request = {
			.op = ASH_OP_DECRYPT,
			.alg = { ASH_SCHEME_RSA_PKCS1, ASH_HASH_NONE },
			.key = &key,
			.in = vector_hex(one, one->test, "ct", true),
		};

		add_private(one, from, primes != 0, &key);
		outcome = judge_decrypted(run, &request, msg);
	}
	return outcome;
}

/* --- ML-DSA ------------------------------------------------------------------ */

static struct vector_key mldsa_key(struct vector_run *run, bool must)
{
	return (struct vector_key){
		.spec = { .kind = ASH_KEY_ML_DSA, .group = group_of(run->file->algorithm) },
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
	return sign(run, &verify, &private, verify.signature);
}
