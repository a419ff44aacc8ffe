/* Test vectors of RSA. */
#include "vectors/run_priv.h"

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
static struct ash_span digest_info(struct vector_case *one, enum ash_hash hash)
{
	static const uint8_t sha1[] = { 0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e,
					0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14 };
	static const uint8_t other[] = { 0x30, 0,    0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
					 0x65, 0x03, 0x04, 0x02, 0,    0x05, 0x00, 0x04, 0 };
	static const struct {
		uint8_t number; /* below 2.16.840.1.101.3.4.2 */
		uint8_t len;
	} nist[ASH_HASHES] = {
		[ASH_HASH_SHA256] = { 1, 32 },     [ASH_HASH_SHA384] = { 2, 48 },
		[ASH_HASH_SHA512] = { 3, 64 },     [ASH_HASH_SHA224] = { 4, 28 },
		[ASH_HASH_SHA512_224] = { 5, 28 }, [ASH_HASH_SHA512_256] = { 6, 32 },
		[ASH_HASH_SHA3_224] = { 7, 28 },   [ASH_HASH_SHA3_256] = { 8, 32 },
		[ASH_HASH_SHA3_384] = { 9, 48 },   [ASH_HASH_SHA3_512] = { 10, 64 },
	};
	struct ash_mut made = vector_room(one, sizeof(other));

	if (hash == ASH_HASH_SHA1)
		return ash_span(sha1, sizeof(sha1));
	memcpy(made.data, other, sizeof(other));
	made.data[1] = (uint8_t)(17 + nist[hash].len);
	made.data[14] = nist[hash].number;
	made.data[18] = nist[hash].len;
	return ash_mut_span(made);
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
		outcome = vector_verify_raw(run, &verify, digest_info(one, verify.alg.hash));
	if (vector_passed(outcome) && vector_has_private(run)) {
		add_private(one, json_object_get(one->group, "privateKey"), true, &private);
		outcome = vector_sign(run, &verify, &private, verify.signature);
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

/* --- PSS, OAEP --------------------------------------------------------------- */

/* By the message and by its digest. */
struct vector_outcome vector_run_rsa_pss(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct vector_key key = rsa_key(one, json_object_get(one->group, "publicKey"));
	struct vector_key private = key;
	enum ash_hash hash = vector_hash(vector_text(one, one->group, "sha", true));
	const struct vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_RSA_PSS, hash },
		.key = &key,
		.params = {
			.hash = hash,
			.mgf_hash = vector_hash(vector_text(one, one->group, "mgfSha", true)),
			.salt_len = vector_number(one, one->group, "sLen", true),
		},
		.in = vector_hex(one, one->test, "msg", true),
		.signature = vector_hex(one, one->test, "sig", true),
	};
	struct vector_outcome outcome = { 0 };

	if (hash == ASH_HASH_NONE || verify.params.mgf_hash == ASH_HASH_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	outcome = vector_judge(run, vector_ask(run, &verify), true);
	if (vector_passed(outcome))
		outcome = vector_verify_raw(run, &verify, ASH_SPAN_NONE);
	if (vector_passed(outcome) && vector_has_private(run)) {
		add_private(one, json_object_get(one->group, "privateKey"), true, &private);
		outcome = vector_sign(run, &verify, &private, ASH_SPAN_NONE);
	}
	return outcome;
}

/* Decrypted; what is valid is encrypted once more, and that is decrypted. */
struct vector_outcome vector_run_rsa_oaep(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const json_t *from = json_object_get(one->group, "privateKey");
	struct vector_key key = rsa_key(one, from);
	struct ash_span msg = vector_hex(one, one->test, "msg", true);
	struct vector_request request = {
		.op = ASH_OP_DECRYPT,
		.alg = { ASH_SCHEME_RSA_OAEP, ASH_HASH_NONE },
		.key = &key,
		.params = {
			.hash = vector_hash(vector_text(one, one->group, "sha", true)),
			.mgf_hash = vector_hash(vector_text(one, one->group, "mgfSha", true)),
			.label = vector_hex(one, one->test, "label", true),
		},
		.in = vector_hex(one, one->test, "ct", true),
	};
	struct vector_outcome outcome = { 0 };
	enum vector_answer answer = VECTOR_DONE;
	struct ash_mut made = { NULL, 0 };

	add_private(one, from, true, &key);
	answer = vector_ask(run, &request);
	outcome = vector_judge(run, answer, vector_out_is(run, msg));
	if (!vector_passed(outcome) || one->result != VECTOR_VALID)
		return outcome;
	request.op = ASH_OP_ENCRYPT;
	request.in = msg;
	answer = vector_ask(run, &request);
	made = vector_room(one, run->out.len);
	if (answer != VECTOR_DONE || made.len == 0)
		return vector_judge(run, answer, false);
	memcpy(made.data, run->out.data, made.len);
	request.op = ASH_OP_DECRYPT;
	request.in = ash_mut_span(made);
	answer = vector_ask(run, &request);
	return vector_judge(run, answer, vector_out_is(run, msg));
}
