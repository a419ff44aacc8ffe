#include "crypto/awslc/awslc.h"

#define TESTED_BACKEND ash_backend_awslc
#include "crypto/backend_list.h"

#include <sys/wait.h>

static const struct ash_key_spec aes_256 = { ASH_KEY_SECRET, ASH_GROUP_NONE, 256 };

static const struct ash_alg sha256 = { ASH_SCHEME_HASH, ASH_HASH_SHA256 };
static const struct ash_alg ecdsa = { ASH_SCHEME_ECDSA, ASH_HASH_NONE };
static const struct ash_alg ecdsa_sha256 = { ASH_SCHEME_ECDSA, ASH_HASH_SHA256 };
static const struct ash_alg eddsa = { ASH_SCHEME_EDDSA, ASH_HASH_NONE };
static const struct ash_alg gcm = { ASH_SCHEME_AES_GCM, ASH_HASH_NONE };

TEST(offers_what_it_should)
{
	const struct ash_key_spec aes_128 = { ASH_KEY_SECRET, ASH_GROUP_NONE, 128 };

	EXPECT(ops->offers(lib(), ASH_OP_DIGEST, sha256, NULL));
	EXPECT(ops->offers(lib(), ASH_OP_VERIFY, ecdsa, &p256));
	EXPECT(ops->offers(lib(), ASH_OP_VERIFY, ecdsa_sha256, &p256));
	for (enum ash_op op = ASH_OP_SIGN; op <= ASH_OP_VERIFY; op++)
		EXPECT(ops->offers(lib(), op, eddsa, &ed25519));
	for (enum ash_op op = ASH_OP_ENCRYPT; op <= ASH_OP_DECRYPT; op++) {
		EXPECT(ops->offers(lib(), op, gcm, &aes_128));
		EXPECT(ops->offers(lib(), op, gcm, &aes_256));
	}
}

TEST(offers_nothing_else)
{
	const struct ash_key_spec others[] = {
		{ ASH_KEY_EC, ASH_GROUP_P384, 0 },       { ASH_KEY_RSA, ASH_GROUP_NONE, 2048 },
		{ ASH_KEY_SECRET, ASH_GROUP_NONE, 160 }, { ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_65, 0 },
		{ ASH_KEY_SECRET, ASH_GROUP_NONE, 0 },
	};

	for (size_t i = 0; i < ASH_COUNT(others); i++)
		EXPECT(!ops->offers_key(lib(), &others[i]));
	EXPECT(!ops->offers(lib(), ASH_OP_DIGEST, (struct ash_alg){ ASH_SCHEME_HASH, ASH_HASH_SHA512 },
			    NULL));
	/* One generator for the house, and it is not this one: nothing that draws a nonce either. */
	EXPECT(!ops->offers(lib(), ASH_OP_SIGN, ecdsa, &p256));
	EXPECT(!ops->offers(lib(), ASH_OP_SIGN, ecdsa_sha256, &p256));
	EXPECT(ops->random == NULL && ops->random_seed == NULL && ops->kdf == NULL);
	EXPECT(ops->agree == NULL && ops->encapsulate == NULL && ops->decapsulate == NULL);
}

/* Of all that the list tries, what it does is what its table says. */
TEST(offers_no_new_family)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		bool signs = signers[i].spec.group == ASH_GROUP_ED25519;
		bool verifies =
			signers[i].spec.group == ASH_GROUP_P256 &&
			(signers[i].alg.hash == ASH_HASH_NONE || signers[i].alg.hash == ASH_HASH_SHA256);

		EXPECT(offered(ASH_OP_SIGN, &signers[i]) == signs);
		EXPECT(offered(ASH_OP_VERIFY, &signers[i]) == (signs || verifies));
	}
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++)
		EXPECT(offered(ASH_OP_ENCRYPT, &ciphers[i]) == (ciphers[i].alg.scheme == ASH_SCHEME_AES_GCM));
	for (size_t i = 0; i < ASH_COUNT(agreers); i++)
		EXPECT(!can_agree(&agreers[i]));
	for (size_t i = 0; i < ASH_COUNT(kems); i++)
		EXPECT(!has_kem(&kems[i]) && !ops->offers_key(lib(), &kems[i]));
}

TEST(verifying_allocates_nothing)
{
	void *ecdsa_op = new_op(ASH_OP_VERIFY, ecdsa, kept_key(&p256));
	void *eddsa_op = new_op(ASH_OP_VERIFY, eddsa, kept_key(&ed25519));
	const uint8_t signature[64] = { 1, [32] = 1 };

	EXPECT_CODE(ASH_E_SIGNATURE, check(ecdsa_op, NULL, text(32), SPAN(signature)));
	ash_mem_fail_after(0);
	EXPECT_CODE(ASH_E_SIGNATURE, check(ecdsa_op, NULL, text(32), SPAN(signature)));
	EXPECT_CODE(ASH_E_SIGNATURE, check(eddsa_op, NULL, text(32), SPAN(signature)));
	ash_mem_fail_after(-1);
	ops->op_free(ecdsa_op);
	ops->op_free(eddsa_op);
}

/* --- AES-GCM: lengths -------------------------------------------------------- */

TEST(gcm_takes_any_length_of_iv_and_tag)
{
	static const uint32_t tags[] = { 4, 8, 12, 13, 14, 15, 16 };
	void *seal = new_op(ASH_OP_ENCRYPT, gcm, kept_key(&aes_256));
	void *open = new_op(ASH_OP_DECRYPT, gcm, kept_key(&aes_256));
	uint8_t sealed[100 + 16];
	uint8_t plain[100];

	/* Up and down: a context that is used again has to forget the longer one. */
	for (size_t i = 1; i <= 512; i++) {
		uint8_t iv[256] = { (uint8_t)i };
		const struct ash_params params = {
			.iv = ash_span(iv, i <= 256 ? i : 513 - i),
			.aad = text(i % 40),
			.tag_len = tags[i % ASH_COUNT(tags)],
		};
		size_t len = 0;

		EXPECT_OK(one_shot(seal, &params, text(100), ash_mut(sealed, sizeof(sealed)), &len));
		EXPECT_NUMBER(100 + params.tag_len, len);
		EXPECT_OK(
			one_shot(open, &params, ash_span(sealed, len), ash_mut(plain, sizeof(plain)), &len));
		EXPECT_SPAN(text(100), ash_span(plain, len));
	}
	ops->op_free(seal);
	ops->op_free(open);
}

TEST(gcm_output_may_lie_across_the_input)
{
	const struct ash_params params = { .iv = text(12), .tag_len = 16 };
	void *seal = new_op(ASH_OP_ENCRYPT, gcm, kept_key(&aes_256));
	void *open = new_op(ASH_OP_DECRYPT, gcm, kept_key(&aes_256));
	uint8_t room[200];
	size_t len = 0;

	for (size_t from = 0; from < 40; from++) {
		memcpy(room + from, text(100).data, 100);
		EXPECT_OK(one_shot(seal, &params, ash_span(room + from, 100), ash_mut(room + 20, 116), &len));
		memmove(room + from, room + 20, len);
		EXPECT_OK(one_shot(open, &params, ash_span(room + from, len), ash_mut(room + 20, 100), &len));
		EXPECT_SPAN(text(100), ash_span(room + 20, len));
	}
	ops->op_free(seal);
	ops->op_free(open);
}

TEST(a_long_iv_without_memory)
{
	const struct ash_params params = { .iv = text(100), .tag_len = 16 };
	void *seal = new_op(ASH_OP_ENCRYPT, gcm, kept_key(&aes_256));
	uint8_t sealed[26];
	size_t len = 0;

	FAIL_EVERY_ALLOCATION(true, ops->op_start(seal, &params));
	EXPECT_OK(ops->op_finish(seal, text(10), ash_mut(sealed, sizeof(sealed)), &len));
	EXPECT_NUMBER(26, len);
	ops->op_free(seal);
}

/* --- forked children --------------------------------------------------------- */

static void use_p256(void)
{
	const uint8_t wrong[64] = { [31] = 1, [63] = 1 };
	void *key = NULL, *op = NULL;

	EXPECT_OK(ops->key_generate(lib(), &p256, NULL, &key));
	op = new_op(ASH_OP_VERIFY, ecdsa_sha256, key);
	EXPECT_CODE(ASH_E_SIGNATURE, check(op, NULL, text(11), SPAN(wrong)));
	ops->op_free(op);
	ops->key_free(lib(), key);
}

static void use_ed25519(void)
{
	uint8_t signature[64];
	size_t len = 0;
	void *key = NULL, *op = NULL;

	EXPECT_OK(ops->key_generate(lib(), &ed25519, NULL, &key));
	op = new_op(ASH_OP_SIGN, eddsa, key);
	EXPECT_OK(one_shot(op, NULL, text(10), ash_mut(signature, sizeof(signature)), &len));
	ops->op_free(op);
	op = new_op(ASH_OP_VERIFY, eddsa, key);
	EXPECT_OK(check(op, NULL, text(10), ash_span(signature, len)));
	EXPECT_CODE(ASH_E_SIGNATURE, check(op, NULL, text(11), ash_span(signature, len)));
	ops->op_free(op);
	ops->key_free(lib(), key);
}

static void use_everything(void)
{
	const struct ash_params params = { .iv = text(20), .tag_len = 16 };
	uint8_t out[100];
	size_t len = 0;
	void *key = NULL;
	void *op = new_op(ASH_OP_DIGEST, sha256, NULL);

	EXPECT_OK(one_shot(op, NULL, text(10), ash_mut(out, sizeof(out)), &len));
	ops->op_free(op);
	use_p256();
	use_ed25519();
	EXPECT_OK(ops->key_generate(lib(), &aes_256, NULL, &key));
	op = new_op(ASH_OP_ENCRYPT, gcm, key);
	EXPECT_OK(one_shot(op, &params, text(10), ash_mut(out, sizeof(out)), &len));
	ops->op_free(op);
	ops->key_free(lib(), key);
}

/* Ends as programs do, with all that the libraries have to do at the end. */
static void child(void)
{
	void *again = NULL;

	(void)alarm(20);
	EXPECT_OK(ops->open(&again));
	use_everything();
	EXPECT_IN_CHILD(use_everything);
	if (!ASH_ASAN) /* it takes what the parent's other threads held for leaks */
		exit(0);
}

static _Atomic bool enough;

static void *stay_busy(void *argument)
{
	while (!enough)
		use_everything();
	return argument;
}

TEST(children_work_and_end_whatever_the_parent_was_doing)
{
	/* A child of a process with threads may wait for ever inside AddressSanitizer's allocator. */
	const size_t busy = ASH_ASAN ? 0 : 3;
	pthread_t thread[3];

	use_everything();
	for (size_t i = 0; i < busy; i++)
		EXPECT(pthread_create(&thread[i], NULL, stay_busy, NULL) == 0);
	for (size_t i = 0; i < 30; i++)
		EXPECT_IN_CHILD(child);
	enough = true;
	for (size_t i = 0; i < busy; i++)
		EXPECT(pthread_join(thread[i], NULL) == 0);
	use_everything();
}

/* Else it had to be made among the arena's setup pages, for children to find it. */
TEST(the_library_keeps_no_state_on_the_heap)
{
	size_t blocks = ash_arena_stats().blocks;

	use_everything();
	EXPECT_NUMBER(blocks, ash_arena_stats().blocks);
}
