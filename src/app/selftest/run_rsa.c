/* Test vectors of RSA. */
#include "app/selftest/run_priv.h"

static struct ash_vector_key rsa_key(struct ash_vector_case *one, const json_t *from)
{
	struct ash_vector_key key = {
		.spec = { .kind = ASH_KEY_RSA },
		.part = {
			[ASH_PART_MODULUS] = ash_vector_integer(one, from, "modulus", true),
			[ASH_PART_PUBLIC_EXPONENT] = ash_vector_integer(one, from, "publicExponent", true),
		},
	};
	struct ash_span modulus = key.part[ASH_PART_MODULUS];

	if (modulus.len != 0)
		key.spec.bits = (uint32_t)modulus.len * 8 - ((uint32_t)__builtin_clz(modulus.data[0]) - 24);
	return key;
}

/* PKCS#11 has attributes for two primes. */
static bool has_more_primes(const json_t *from)
{
	return json_object_get(from, "otherPrimeInfos") != NULL;
}

static struct ash_vector_outcome more_primes(void)
{
	return ASH_VECTOR_OUTCOME(ASH_VECTOR_SKIPPED, "its RSA key has more than two primes");
}

static void add_private(struct ash_vector_case *one, const json_t *from, bool primes,
			struct ash_vector_key *key)
{
	static const struct {
		enum ash_part part;
		const char *name;
	} crt[] = {
		{ ASH_PART_PRIME_1, "prime1" },          { ASH_PART_PRIME_2, "prime2" },
		{ ASH_PART_EXPONENT_1, "exponent1" },    { ASH_PART_EXPONENT_2, "exponent2" },
		{ ASH_PART_COEFFICIENT, "coefficient" },
	};

	key->part[ASH_PART_PRIVATE_EXPONENT] = ash_vector_integer(one, from, "privateExponent", true);
	for (size_t i = 0; primes && i < ASH_COUNT(crt); i++)
		key->part[crt[i].part] = ash_vector_integer(one, from, crt[i].name, false);
}

/* DER of DigestInfo up to the digest, RFC 8017, section 9.2, note 1. */
static struct ash_span digest_info(struct ash_vector_case *one, enum ash_hash hash)
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
	uint8_t made[sizeof(other)];

	if (hash == ASH_HASH_SHA1)
		return ash_span(sha1, sizeof(sha1));
	memcpy(made, other, sizeof(other));
	made[1] = (uint8_t)(17 + nist[hash].len);
	made[14] = nist[hash].number;
	made[18] = nist[hash].len;
	return ash_vector_keep(one, ash_span(made, sizeof(made)), ASH_SPAN_NONE);
}

struct ash_vector_outcome ash_vector_run_rsa_signature(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	const json_t *public = json_object_get(one->group, "publicKey");
	const json_t *from = public != NULL ? public : json_object_get(one->group, "privateKey");
	struct ash_vector_key key = rsa_key(one, from);
	struct ash_vector_key private = key;
	const struct ash_vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_RSA_PKCS1,
			 ash_vector_hash(ash_vector_text(one, one->group, "sha", true)) },
		.key = &key,
		.in = ash_vector_hex(one, one->test, "msg", true),
		.signature = ash_vector_hex(one, one->test, "sig", true),
	};
	struct ash_vector_outcome outcome = { 0 };

	if (verify.alg.hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	outcome = ash_vector_verify(run, &verify, digest_info(one, verify.alg.hash));
	if (ash_vector_passed(outcome) && ash_vector_has_private(run)) {
		add_private(one, json_object_get(one->group, "privateKey"), true, &private);
		outcome = ash_vector_sign_too(run, &verify, &private, verify.signature);
	}
	return outcome;
}

/*
 * Whoever can tell wrong padding from right can decrypt everything (Bleichenbacher), so
 * wrong padding has to be answered as right padding is, each time with the same bytes
 * that have nothing to do with the message. Only what everybody sees may be refused: a
 * ciphertext of wrong length, or not below the modulus.
 */
static struct ash_vector_outcome judge_decrypted(struct ash_vector_run *run,
						 const struct ash_vector_request *request,
						 struct ash_span msg)
{
	enum ash_vector_answer answer = ash_vector_ask(run, request);
	bool same = ash_vector_out_is(run, msg);
	struct ash_span first = ASH_SPAN_NONE;

	if (run->one->result != ASH_VECTOR_INVALID || answer == ASH_VECTOR_UNSUPPORTED ||
	    answer == ASH_VECTOR_BROKEN)
		return ash_vector_judge(run, answer, same);
	if (ash_vector_has_flag(run->one, "InvalidCiphertextFormat"))
		return ash_vector_judge(run, answer, false);
	if (answer != ASH_VECTOR_DONE)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "shows that its padding is wrong");
	first = ash_vector_keep(run->one, ash_buf_span(&run->out), ASH_SPAN_NONE);
	if (same || ash_vector_ask(run, request) != ASH_VECTOR_DONE || !ash_vector_out_is(run, first))
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "is not rejected by constant bytes of its own");
	return ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL);
}

/* With the primes and without them. */
struct ash_vector_outcome ash_vector_run_rsa_decrypt(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	const json_t *from = json_object_get(one->group, "privateKey");
	struct ash_span msg = ash_vector_hex(one, one->test, "msg", true);
	struct ash_vector_outcome outcome = ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL);

	if (has_more_primes(from))
		return more_primes();
	for (int primes = 1; primes >= 0 && ash_vector_passed(outcome); primes--) {
		struct ash_vector_key key = rsa_key(one, from);
		const struct ash_vector_request request = {
			.op = ASH_OP_DECRYPT,
			.alg = { ASH_SCHEME_RSA_PKCS1, ASH_HASH_NONE },
			.key = &key,
			.in = ash_vector_hex(one, one->test, "ct", true),
		};

		add_private(one, from, primes != 0, &key);
		outcome = judge_decrypted(run, &request, msg);
	}
	return outcome;
}

/* --- PSS, OAEP --------------------------------------------------------------- */

/* By the message and by its digest. */
struct ash_vector_outcome ash_vector_run_rsa_pss(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_vector_key key = rsa_key(one, json_object_get(one->group, "publicKey"));
	struct ash_vector_key private = key;
	enum ash_hash hash = ash_vector_hash(ash_vector_text(one, one->group, "sha", true));
	const struct ash_vector_request verify = {
		.op = ASH_OP_VERIFY,
		.alg = { ASH_SCHEME_RSA_PSS, hash },
		.key = &key,
		.params = {
			.hash = hash,
			.mgf_hash = ash_vector_hash(ash_vector_text(one, one->group, "mgfSha", true)),
			.salt_len = ash_vector_number(one, one->group, "sLen", true),
		},
		.in = ash_vector_hex(one, one->test, "msg", true),
		.signature = ash_vector_hex(one, one->test, "sig", true),
	};
	struct ash_vector_outcome outcome = { 0 };

	if (hash == ASH_HASH_NONE || verify.params.mgf_hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	outcome = ash_vector_verify(run, &verify, ASH_SPAN_NONE);
	if (ash_vector_passed(outcome) && ash_vector_has_private(run)) {
		add_private(one, json_object_get(one->group, "privateKey"), true, &private);
		outcome = ash_vector_sign_too(run, &verify, &private, ASH_SPAN_NONE);
	}
	return outcome;
}

/* Decrypted; what is valid is encrypted once more, and that is decrypted. */
struct ash_vector_outcome ash_vector_run_rsa_oaep(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	const json_t *from = json_object_get(one->group, "privateKey");
	struct ash_vector_key key = rsa_key(one, from);
	struct ash_span msg = ash_vector_hex(one, one->test, "msg", true);
	struct ash_vector_request request = {
		.op = ASH_OP_DECRYPT,
		.alg = { ASH_SCHEME_RSA_OAEP, ASH_HASH_NONE },
		.key = &key,
		.params = {
			.hash = ash_vector_hash(ash_vector_text(one, one->group, "sha", true)),
			.mgf_hash = ash_vector_hash(ash_vector_text(one, one->group, "mgfSha", true)),
			.label = ash_vector_hex(one, one->test, "label", true),
		},
		.in = ash_vector_hex(one, one->test, "ct", true),
	};
	struct ash_vector_outcome outcome = { 0 };
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (request.params.hash == ASH_HASH_NONE || request.params.mgf_hash == ASH_HASH_NONE)
		return ash_vector_unknown();
	if (has_more_primes(from))
		return more_primes();
	add_private(one, from, true, &key);
	answer = ash_vector_ask(run, &request);
	outcome = ash_vector_judge(run, answer, ash_vector_out_is(run, msg));
	if (!ash_vector_passed(outcome) || one->result != ASH_VECTOR_VALID)
		return outcome;
	request.op = ASH_OP_ENCRYPT;
	request.in = msg;
	answer = ash_vector_ask(run, &request);
	if (answer != ASH_VECTOR_DONE || run->out.len == 0)
		return ash_vector_judge(run, answer, false);
	request.op = ASH_OP_DECRYPT;
	request.in = ash_vector_keep(one, ash_buf_span(&run->out), ASH_SPAN_NONE);
	answer = ash_vector_ask(run, &request);
	return ash_vector_judge(run, answer, ash_vector_out_is(run, msg));
}
