/* When memory ends, and that nothing is left behind. */
#pragma once

#include "crypto/backend_cbc.h"
#include "crypto/backend_digest.h"
#include "crypto/backend_kdf.h"
#include "crypto/backend_sign.h"
#include "crypto/backend_tools.h"

/* Whether the allocation that was to fail did so. */
static bool failed_already(int64_t successes)
{
	for (int64_t i = 0; i <= successes; i++) {
		if (ash_mem_must_fail() != 0)
			return false;
	}
	return true;
}

/*
 * Lets the first allocation fail, then the second, … until none is left to fail. A
 * failure may be no matter to the library; else it has to be a clean one.
 */
static void sweep(struct ash_status (*run)(const struct sample *sample), const struct sample *sample)
{
	bool reached = true;

	for (int64_t successes = 0; reached; successes++) {
		struct ash_status status = ASH_DONE;

		EXPECT(successes < 100000);
		ash_mem_fail_after(successes);
		status = run(sample);
		reached = failed_already(successes);
		ash_mem_fail_after(-1);
		EXPECT(ash_is_ok(status) || reached);
		if (!ash_is_ok(status))
			EXPECT_CODE(ASH_E_MEMORY, status);
	}
	EXPECT_OK(run(sample));
}

/* A failure that has nothing to do with memory: after it a library has emptied its list of errors. */
static void fail_otherwise(void)
{
	const uint8_t signature[256] = { 0 };
	const struct sample rsa = { "", RSA(2048), { ASH_SCHEME_RSA_PKCS1, ASH_HASH_SHA256 } };
	void *op = NULL;

	if (!offered(ASH_OP_VERIFY, &rsa))
		return;
	op = sample_op(ASH_OP_VERIFY, &rsa);
	EXPECT_CODE(ASH_E_SIGNATURE, check(op, NULL, text(1), SPAN(signature)));
	ops->op_free(op);
}

/* A sweep leaves no block behind, but that a library may keep room for its errors: a leak comes each time. */
static void fail_each(struct ash_status (*run)(const struct sample *sample), const struct sample *sample)
{
	size_t before = 0;
	size_t after = 1;

	EXPECT_OK(run(sample));
	for (size_t i = 0; i < 6 && after > before; i++) {
		before = ash_arena_stats().blocks;
		sweep(run, sample);
		fail_otherwise();
		after = ash_arena_stats().blocks;
	}
	if (after > before)
		test_fail(__FILE__, __LINE__, "%s: %zu blocks, and %zu after a sweep", sample->name, before,
			  after);
}

static struct ash_status run_generate(const struct sample *sample)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	void *key = NULL;
	struct ash_status status = ops->key_generate(lib(), &sample->spec, NULL, &key);

	if (ash_is_ok(status))
		status = ops->key_parts(lib(), key, &parts);
	ash_parts_done(&parts);
	ops->key_free(lib(), key);
	return status;
}

TEST(generation_without_memory)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		/* RSA draws primes: how often it allocates is another number each time. */
		if (ops->offers_key(lib(), &signers[i].spec) && signers[i].spec.kind != ASH_KEY_RSA)
			fail_each(run_generate, &signers[i]);
	}
}

static struct ash_parts kept_parts;

static struct ash_status run_sign(const struct sample *sample)
{
	const struct ash_params params = params_of(sample);
	uint8_t out[SIGNATURE_MAX];
	size_t len = 0;
	void *key = NULL;
	void *sign = NULL;
	void *verify = NULL;
	struct ash_status status = ops->key_load(lib(), &sample->spec, &kept_parts, &key);

	if (ash_is_ok(status))
		status = ops->op_new(lib(), ASH_OP_SIGN, sample->alg, key, &sign);
	if (ash_is_ok(status))
		status = ops->op_start(sign, &params);
	if (ash_is_ok(status))
		status = ops->op_finish(sign, message(), ash_mut(out, sizeof(out)), &len);
	if (ash_is_ok(status))
		status = ops->op_new(lib(), ASH_OP_VERIFY, sample->alg, key, &verify);
	if (ash_is_ok(status))
		status = ops->op_start(verify, &params);
	if (ash_is_ok(status))
		status = ops->op_finish_verify(verify, message(), ash_span(out, len));
	ops->op_free(sign);
	ops->op_free(verify);
	ops->key_free(lib(), key);
	return status;
}

TEST(signing_without_memory)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		kept_parts = parts_of(kept_key(&signers[i].spec));
		fail_each(run_sign, &signers[i]);
		ash_parts_done(&kept_parts);
	}
}

static struct ash_status run_cipher(const struct sample *sample)
{
	const struct ash_params params = params_of(sample);
	uint8_t sealed[CIPHER_MAX];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;
	void *back = NULL;
	struct ash_status status = ops->key_load(lib(), &sample->spec, &kept_parts, &key);

	if (ash_is_ok(status))
		status = ops->op_new(lib(), ASH_OP_ENCRYPT, sample->alg, key, &op);
	if (ash_is_ok(status))
		status = ops->op_start(op, &params);
	if (ash_is_ok(status))
		status = ops->op_finish(op, text(SAMPLE_LEN), ash_mut(sealed, sizeof(sealed)), &len);
	if (ash_is_ok(status))
		status = ops->op_new(lib(), ASH_OP_DECRYPT, sample->alg, key, &back);
	if (ash_is_ok(status))
		status = ops->op_start(back, &params);
	if (ash_is_ok(status))
		status = ops->op_finish(back, ash_span(sealed, len), ash_mut(sealed, sizeof(sealed)), &len);
	ops->op_free(op);
	ops->op_free(back);
	ops->key_free(lib(), key);
	return status;
}

TEST(encrypting_without_memory)
{
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		if (!offered(ASH_OP_ENCRYPT, &ciphers[i]))
			continue;
		kept_parts = parts_of(kept_key(&ciphers[i].spec));
		fail_each(run_cipher, &ciphers[i]);
		ash_parts_done(&kept_parts);
	}
}

static struct ash_status run_copy(const struct sample *sample)
{
	const struct ash_params params = params_of(sample);
	uint8_t out[SIGNATURE_MAX];
	size_t len = 0;
	void *op = NULL;
	void *copy = NULL;
	bool hash = sample->alg.scheme == ASH_SCHEME_HASH;
	struct ash_status status = ops->op_new(lib(), hash ? ASH_OP_DIGEST : ASH_OP_SIGN, sample->alg,
					       hash ? NULL : kept_key(&sample->spec), &op);

	if (ash_is_ok(status))
		status = ops->op_start(op, &params);
	if (ash_is_ok(status))
		status = ops->op_copy(op, &copy);
	if (ash_is_ok(status))
		status = ops->op_finish(copy, message(), ash_mut(out, sizeof(out)), &len);
	ops->op_free(copy);
	ops->op_free(op);
	return status;
}

TEST(copying_without_memory)
{
	const struct sample digest = { "SHA-256", BYTES(0), { ASH_SCHEME_HASH, ASH_HASH_SHA256 } };

	if (ops->op_copy == NULL)
		return;
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		(void)kept_key(&signers[i].spec);
		fail_each(run_copy, &signers[i]);
	}
	if (ops->offers(lib(), ASH_OP_DIGEST, digest.alg, NULL))
		fail_each(run_copy, &digest);
}

static struct ash_status run_rsa_encryption(const struct sample *sample)
{
	const struct ash_params params = params_of(sample);
	uint8_t out[256];
	size_t len = 0;
	void *op = NULL;
	void *back = NULL;
	struct ash_status status =
		ops->op_new(lib(), ASH_OP_ENCRYPT, sample->alg, kept_key(&sample->spec), &op);

	if (ash_is_ok(status))
		status = ops->op_start(op, &params);
	if (ash_is_ok(status))
		status = ops->op_finish(op, text(20), ash_mut(out, sizeof(out)), &len);
	if (ash_is_ok(status))
		status = ops->op_new(lib(), ASH_OP_DECRYPT, sample->alg, kept_key(&sample->spec), &back);
	if (ash_is_ok(status))
		status = ops->op_start(back, &params);
	if (ash_is_ok(status))
		status = ops->op_finish(back, SPAN(out), ash_mut(out, sizeof(out)), &len);
	ops->op_free(op);
	ops->op_free(back);
	return status;
}

TEST(rsa_encryption_without_memory)
{
	for (size_t i = 0; i < ASH_COUNT(rsa_crypts); i++) {
		if (!offered(ASH_OP_DECRYPT, &rsa_crypts[i]))
			continue;
		(void)kept_key(&rsa_crypts[i].spec);
		fail_each(run_rsa_encryption, &rsa_crypts[i]);
	}
}

static struct ash_status run_kdf(const struct sample *sample)
{
	uint8_t out[32];
	struct ash_kdf kdf = { ASH_KDF_HKDF, ASH_HASH_SHA256, text(8), text(8), ASH_SPAN_NONE, 8, 1 };

	(void)sample;
	for (; kdf.scheme <= ASH_KDF_CONCAT; kdf.scheme++)
		ASH_TRY(ops->kdf(lib(), &kdf, ash_mut(out, sizeof(out))));
	return ASH_DONE;
}

TEST(derivation_without_memory)
{
	if (has_kdf(ASH_KDF_HKDF) && has_kdf(ASH_KDF_CONCAT))
		fail_each(run_kdf, &ciphers[0]);
}

static struct ash_status run_agree(const struct sample *sample)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_secret *shared = NULL;
	void *key = NULL;
	struct ash_status status = ops->key_load(lib(), &sample->spec, &kept_parts, &key);

	if (ash_is_ok(status))
		status = ops->key_parts(lib(), key, &parts);
	if (ash_is_ok(status))
		status = ops->agree(lib(), key, ash_parts_get(&parts, ASH_PART_PUBLIC), &shared);
	EXPECT((shared != NULL) == ash_is_ok(status));
	ash_secret_free(shared);
	ash_parts_done(&parts);
	ops->key_free(lib(), key);
	return status;
}

TEST(agreement_without_memory)
{
	for (size_t i = 0; i < ASH_COUNT(agreers); i++) {
		const struct sample sample = { "agreement", agreers[i], ALG(ECDH, NONE) };

		if (!offered(ASH_OP_DERIVE, &sample))
			continue;
		kept_parts = parts_of(kept_key(&sample.spec));
		fail_each(run_agree, &sample);
		fail_each(run_generate, &sample);
		ash_parts_done(&kept_parts);
	}
}

static struct ash_status run_kem(const struct sample *sample)
{
	uint8_t ciphertext[1568];
	size_t len = ash_group_ciphertext_len(sample->spec.group);
	struct ash_secret *sent = NULL;
	struct ash_secret *received = NULL;
	void *key = NULL;
	struct ash_status status = ops->key_load(lib(), &sample->spec, &kept_parts, &key);

	if (ash_is_ok(status))
		status = ops->encapsulate(lib(), key, ash_mut(ciphertext, len), &sent);
	if (ash_is_ok(status))
		status = ops->decapsulate(lib(), key, ash_span(ciphertext, len), &received);
	if (ash_is_ok(status))
		EXPECT_SPAN(ash_secret_peek(sent), ash_secret_peek(received));
	ash_secret_free(sent);
	ash_secret_free(received);
	ops->key_free(lib(), key);
	return status;
}

TEST(encapsulation_without_memory)
{
	for (size_t i = 0; i < ASH_COUNT(kems); i++) {
		const struct sample sample = { "ML-KEM", kems[i], ALG(ML_KEM, NONE) };

		if (!offered(ASH_OP_DECAPSULATE, &sample))
			continue;
		kept_parts = parts_of(kept_key(&sample.spec));
		fail_each(run_kem, &sample);
		fail_each(run_generate, &sample);
		ash_parts_done(&kept_parts);
	}
}

/* A warm operation allocates nothing: the next allocation would fail. */
static void expect_frugal(void *op, enum ash_op what, const struct ash_params *params, struct ash_span in)
{
	uint8_t out[CIPHER_MAX] = { 0 };
	size_t len = 0;

	for (int warm = 0; warm < 2; warm++) {
		ash_mem_fail_after(warm - 1);
		EXPECT_OK(ops->op_start(op, params));
		if (what == ASH_OP_VERIFY)
			EXPECT_CODE(ASH_E_SIGNATURE, ops->op_finish_verify(op, in, ash_span(out, 32)));
		else
			EXPECT_OK(ops->op_finish(op, in, ash_mut(out, sizeof(out)), &len));
		ash_mem_fail_after(-1);
	}
	ops->op_free(op);
}

TEST(warm_operations_allocate_nothing)
{
	const struct sample hmac = { "", BYTES(32), { ASH_SCHEME_HMAC, ASH_HASH_SHA256 } };

	for (size_t i = 0; i < ASH_COUNT(all_hashes); i++) {
		void *op = hash_op(all_hashes[i]);

		if (op != NULL)
			expect_frugal(op, ASH_OP_DIGEST, NULL, text(64));
	}
	if (offered(ASH_OP_SIGN, &hmac)) {
		expect_frugal(sample_op(ASH_OP_SIGN, &hmac), ASH_OP_SIGN, NULL, text(64));
		expect_frugal(sample_op(ASH_OP_VERIFY, &hmac), ASH_OP_VERIFY, NULL, text(64));
	}
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		const struct ash_params params = params_of(&ciphers[i]);
		uint8_t sealed[CIPHER_MAX];

		if (!offered(ASH_OP_ENCRYPT, &ciphers[i]))
			continue;
		expect_frugal(sample_op(ASH_OP_ENCRYPT, &ciphers[i]), ASH_OP_ENCRYPT, &params,
			      text(SAMPLE_LEN));
		expect_frugal(sample_op(ASH_OP_DECRYPT, &ciphers[i]), ASH_OP_DECRYPT, &params,
			      ash_span(sealed, encrypted(&ciphers[i], SAMPLE_LEN, sealed)));
	}
}
