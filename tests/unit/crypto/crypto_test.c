#include "crypto/crypto.h"

#include "crypto/toy_backend.h"

TOY(plain);
TOY(fast);
TOY(bare);

static const struct ash_backend_ops *const offered[] = { &plain_ops, &fast_ops, &bare_ops };

static const struct ash_key_spec secret = { ASH_KEY_SECRET, ASH_GROUP_NONE, 256 };
static const struct ash_alg hmac = { ASH_SCHEME_HMAC, ASH_HASH_SHA256 };
static const struct ash_alg sha = { ASH_SCHEME_HASH, ASH_HASH_SHA256 };
static const struct ash_alg gcm = { ASH_SCHEME_AES_GCM, ASH_HASH_NONE };

/* `plain` does everything, `fast` AES-GCM only, `bare` nothing and has no generator. */
static void reset(void)
{
	plain = (struct toy){ .schemes = TOY_ALL, .kdfs = TOY_KDFS, .fill = 1 };
	fast = (struct toy){ .schemes = 1u << ASH_SCHEME_AES_GCM, .kdfs = 1u << ASH_KDF_HKDF, .fill = 100 };
	bare = (struct toy){ .schemes = 0 };
	bare_ops.random = NULL;
	bare_ops.random_seed = NULL;
	bare_ops.kdf = NULL;
	bare_ops.op_copy = NULL;
}

static struct ash_status open_crypto(const char *order, const char *optional, struct ash_crypto **ret_crypto)
{
	return ash_crypto_open(offered, ASH_COUNT(offered), order, optional, ret_crypto);
}

static struct ash_crypto *opened(const char *order)
{
	struct ash_crypto *crypto = NULL;

	reset();
	EXPECT_OK(open_crypto(order, NULL, &crypto));
	return crypto;
}

static const char *engine_name(const struct ash_crypto *crypto, size_t n)
{
	const char *name = "";
	const char *version = NULL;

	return ash_crypto_engine(crypto, n, &name, &version) ? name : "none";
}

TEST(engines_in_the_order_given)
{
	struct ash_crypto *crypto = opened("  fast\tplain ");
	const char *name = NULL;
	const char *version = NULL;

	EXPECT_TEXT("fast", engine_name(crypto, 0));
	EXPECT_TEXT("plain", engine_name(crypto, 1));
	EXPECT(!ash_crypto_engine(crypto, 2, &name, &version));
	EXPECT(ash_crypto_engine(crypto, 0, &name, &version));
	EXPECT_TEXT("version of fast", version);
	EXPECT_NUMBER(1, plain.opened);
	EXPECT_NUMBER(0, bare.opened);
	EXPECT(ash_crypto_close(crypto) == NULL);
	EXPECT_NUMBER(1, plain.closed);
	EXPECT_NUMBER(1, fast.closed);
	EXPECT(ash_crypto_close(NULL) == NULL);
}

TEST(an_engine_named_twice_is_opened_once)
{
	struct ash_crypto *crypto = opened("plain plain fast plain");

	EXPECT_NUMBER(1, plain.opened);
	EXPECT_TEXT("none", engine_name(crypto, 2));
	ash_crypto_close(crypto);
}

TEST(an_unknown_engine_is_a_mistake_unless_optional)
{
	struct ash_crypto *crypto = NULL;

	reset();
	EXPECT_CODE(ASH_E_CONFIG, open_crypto("plain swift", NULL, &crypto));
	EXPECT(strstr(ash_status_explanation(), "'swift'") != NULL);
	EXPECT_CODE(ASH_E_CONFIG, open_crypto("plain swift", "swifter other", &crypto));
	EXPECT_CODE(ASH_E_CONFIG, open_crypto("plain plai", "swift", &crypto));
	EXPECT(crypto == NULL);
	EXPECT_NUMBER(plain.opened, plain.closed);
	EXPECT_OK(open_crypto("swift plain", "other swift", &crypto));
	EXPECT_TEXT("plain", engine_name(crypto, 0));
	ash_crypto_close(crypto);
}

TEST(the_house_needs_some_algorithms)
{
	static const char *const wanted[] = { "AES-GCM", "HMAC", "HKDF", "Argon2id" };
	struct ash_crypto *crypto = NULL;

	for (size_t i = 0; i < ASH_COUNT(wanted); i++) {
		reset();
		if (i == 0)
			plain.schemes &= ~(1u << ASH_SCHEME_AES_GCM);
		if (i == 1)
			plain.schemes &= ~(1u << ASH_SCHEME_HMAC);
		if (i >= 2)
			plain.kdfs &= ~(1u << (i == 2 ? ASH_KDF_HKDF : ASH_KDF_ARGON2ID));
		EXPECT_CODE(ASH_E_CONFIG, open_crypto("plain bare", NULL, &crypto));
		EXPECT(strstr(ash_status_explanation(), wanted[i]) != NULL);
		EXPECT(crypto == NULL);
		EXPECT_NUMBER(1, plain.closed);
		EXPECT_NUMBER(1, bare.closed);
	}
	reset();
	EXPECT_CODE(ASH_E_CONFIG, open_crypto("", NULL, &crypto));
	EXPECT_CODE(ASH_E_CONFIG, open_crypto("bare", NULL, &crypto));
	reset();
	plain_ops.random = NULL;
	EXPECT_CODE(ASH_E_CONFIG, open_crypto("plain", NULL, &crypto));
	EXPECT(strstr(ash_status_explanation(), "random") != NULL);
	plain_ops.random = toy_random;
}

TEST(an_engine_that_does_not_open_is_told)
{
	struct ash_crypto *crypto = NULL;

	reset();
	plain.open_fails = ASH_E_FAILED;
	EXPECT_CODE(ASH_E_FAILED, open_crypto("fast plain", NULL, &crypto));
	EXPECT(crypto == NULL);
	EXPECT_NUMBER(1, fast.closed);
	EXPECT_NUMBER(0, plain.closed);
}

TEST(abandoned_engines_are_not_closed)
{
	struct ash_crypto *crypto = opened("plain fast");

	EXPECT(ash_crypto_abandon(crypto) == NULL);
	EXPECT_NUMBER(0, plain.closed);
	EXPECT_NUMBER(0, fast.closed);
	EXPECT(ash_crypto_abandon(NULL) == NULL);
}

static struct ash_key *load_for(struct ash_crypto *crypto, const struct ash_use *use)
{
	struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_key *key = NULL;
	uint8_t value[32] = { 7 };

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, SPAN(value)));
	EXPECT_OK(ash_key_load(crypto, &secret, &parts, use, &key));
	ash_parts_done(&parts);
	return key;
}

static void expect_engine(struct ash_crypto *crypto, struct ash_alg alg, const char *prefer, const char *want)
{
	const struct ash_use use = { ASH_OP_SIGN, alg, prefer };
	struct ash_key *key = load_for(crypto, &use);

	EXPECT_TEXT(want, ash_key_engine(key));
	EXPECT(ash_key_free(key) == NULL);
}

TEST(the_first_engine_that_can_serves)
{
	struct ash_crypto *crypto = opened("bare fast plain");

	expect_engine(crypto, gcm, NULL, "fast");
	expect_engine(crypto, hmac, NULL, "plain");
	ash_crypto_close(crypto);
}

TEST(a_preferred_engine_serves_if_it_can)
{
	struct ash_crypto *crypto = opened("fast plain");

	expect_engine(crypto, gcm, "plain", "plain");
	expect_engine(crypto, hmac, "fast", "plain");
	expect_engine(crypto, gcm, "missing", "fast");
	expect_engine(crypto, gcm, "bare", "fast"); /* offered to open, not opened */
	ash_crypto_close(crypto);
}

TEST(any_engine_serves_to_validate)
{
	struct ash_crypto *crypto = opened("fast plain");
	struct ash_key *key = load_for(crypto, NULL);

	EXPECT_TEXT("fast", ash_key_engine(key));
	ash_key_free(key);
	ash_crypto_close(crypto);
}

TEST(what_nobody_offers_is_unsupported)
{
	struct ash_crypto *crypto = opened("plain fast");
	const struct ash_key_spec rsa = { ASH_KEY_RSA, ASH_GROUP_NONE, 2048 };
	const struct ash_use ecdsa = { ASH_OP_SIGN, { ASH_SCHEME_ECDSA, ASH_HASH_NONE }, "plain" };
	const struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_operation *operation = NULL;
	struct ash_key *key = NULL;

	EXPECT(ash_crypto_offers(crypto, ASH_OP_SIGN, hmac, &secret));
	EXPECT(ash_crypto_offers(crypto, ASH_OP_DIGEST, sha, NULL));
	EXPECT(!ash_crypto_offers(crypto, ASH_OP_SIGN, ecdsa.alg, &secret));
	EXPECT(!ash_crypto_offers(crypto, ASH_OP_SIGN, hmac, &rsa));
	EXPECT(ash_crypto_offers_key(crypto, &secret));
	EXPECT(!ash_crypto_offers_key(crypto, &rsa));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_key_load(crypto, &rsa, &parts, NULL, &key));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_key_load(crypto, &secret, &parts, &ecdsa, &key));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_key_generate(crypto, &rsa, &parts, "fast", &key));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_operation_new(crypto, &ecdsa, NULL, &operation));
	EXPECT(key == NULL && operation == NULL);
	ash_crypto_close(crypto);
}

TEST(a_key_that_is_refused_leaves_nothing)
{
	struct ash_crypto *crypto = opened("plain");
	const struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_key *key = NULL;

	EXPECT_CODE(ASH_E_KEY_INVALID, ash_key_load(crypto, &secret, &parts, NULL, &key));
	EXPECT(key == NULL);
	EXPECT_NUMBER(0, plain.keys);
	ash_crypto_close(crypto);
}

TEST(keys_are_generated_where_preferred_and_give_their_parts)
{
	struct ash_crypto *crypto = opened("plain fast");
	struct ash_parts parts = ASH_PARTS_NONE;
	struct ash_key *key = NULL;

	EXPECT_OK(ash_key_generate(crypto, &secret, NULL, "fast", &key));
	EXPECT_TEXT("fast", ash_key_engine(key));
	EXPECT_NUMBER(256, ash_key_spec(key)->bits);
	EXPECT_OK(ash_key_parts(key, &parts));
	EXPECT_NUMBER(100, ash_parts_get(&parts, ASH_PART_SECRET).data[0]);
	ash_parts_done(&parts);
	ash_key_free(key);
	EXPECT_NUMBER(0, fast.keys);
	ash_crypto_close(crypto);
}

TEST(an_operation_runs_where_its_key_is)
{
	struct ash_crypto *crypto = opened("fast plain");
	const struct ash_use use = { ASH_OP_SIGN, hmac, NULL };
	const struct ash_use check = { ASH_OP_VERIFY, hmac, NULL };
	struct ash_key *key = load_for(crypto, &use);
	struct ash_operation *sign = NULL;
	struct ash_operation *verify = NULL;
	uint8_t mac[32];
	size_t len = 0;

	EXPECT_OK(ash_operation_new(crypto, &use, key, &sign));
	EXPECT_OK(ash_operation_new(crypto, &check, key, &verify));
	EXPECT(ash_operation_streams(sign));
	EXPECT_NUMBER(2, plain.operations);
	ash_key_free(key);
	EXPECT_OK(ash_operation_start(sign, NULL));
	EXPECT_OK(ash_operation_finish(sign, TEXT("message"), ash_mut(mac, sizeof(mac)), &len));
	EXPECT_NUMBER(32, len);
	EXPECT_OK(ash_operation_start(verify, NULL));
	EXPECT_OK(ash_operation_verify(verify, TEXT("message"), SPAN(mac)));
	EXPECT_CODE(ASH_E_SIGNATURE, ash_operation_verify(verify, TEXT("massage"), SPAN(mac)));
	EXPECT(ash_operation_free(sign) == NULL);
	EXPECT(ash_operation_free(verify) == NULL);
	EXPECT_NUMBER(0, plain.operations);
	ash_crypto_close(crypto);
}

TEST(a_copy_goes_on_from_where_it_was_made)
{
	struct ash_crypto *crypto = opened("plain");
	const struct ash_use use = { ASH_OP_DIGEST, sha, NULL };
	struct ash_operation *one = NULL;
	struct ash_operation *two = NULL;
	uint8_t digest[2][32];
	size_t len = 0;

	EXPECT_OK(ash_operation_new(crypto, &use, NULL, &one));
	EXPECT_OK(ash_operation_start(one, NULL));
	EXPECT_OK(ash_operation_update(one, TEXT("a"), ash_mut(NULL, 0), &len));
	EXPECT_OK(ash_operation_copy(one, &two));
	EXPECT_OK(ash_operation_finish(one, TEXT("b"), ash_mut(digest[0], 32), &len));
	ash_operation_free(one);
	EXPECT_OK(ash_operation_finish(two, TEXT("b"), ash_mut(digest[1], 32), &len));
	EXPECT_SPAN(ash_span(digest[0], 32), ash_span(digest[1], 32));
	ash_operation_free(two);
	EXPECT_NUMBER(0, plain.operations);
	ash_crypto_close(crypto);
}

TEST(a_back_end_may_lack_copies)
{
	struct ash_crypto *crypto = NULL;
	const struct ash_use use = { ASH_OP_DIGEST, sha, "bare" };
	struct ash_operation *operation = NULL;
	struct ash_operation *copy = NULL;

	reset();
	bare.schemes = 1u << ASH_SCHEME_HASH;
	EXPECT_OK(open_crypto("plain bare", NULL, &crypto));
	EXPECT_OK(ash_operation_new(crypto, &use, NULL, &operation));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_operation_copy(operation, &copy));
	EXPECT(copy == NULL);
	ash_operation_free(operation);
	EXPECT(ash_operation_free(NULL) == NULL);
	ash_crypto_close(crypto);
}

TEST(random_comes_from_the_first_that_has_it_and_seeds_go_to_all)
{
	struct ash_crypto *crypto = opened("bare fast plain");
	uint8_t out[4];

	fast.fill = 77;
	EXPECT_OK(ash_crypto_random(crypto, ash_mut(out, sizeof(out))));
	EXPECT_NUMBER(77, out[3]);
	EXPECT_OK(ash_crypto_random_seed(crypto, TEXT("seed")));
	EXPECT_NUMBER(1, fast.seeded);
	EXPECT_NUMBER(1, plain.seeded);
	ash_crypto_close(crypto);
}

TEST(a_generator_may_take_no_seed)
{
	struct ash_crypto *crypto = NULL;

	reset();
	plain_ops.random_seed = NULL;
	EXPECT_OK(open_crypto("plain", NULL, &crypto));
	EXPECT_CODE(ASH_E_RANDOM_SEED, ash_crypto_random_seed(crypto, TEXT("seed")));
	plain_ops.random_seed = toy_random_seed;
	ash_crypto_close(crypto);
}

TEST(derivation_is_by_the_first_that_can)
{
	struct ash_crypto *crypto = opened("bare fast plain");
	struct ash_kdf kdf = { .scheme = ASH_KDF_ARGON2ID, .secret = TEXT("pin"), .salt = TEXT("salt") };
	uint8_t one[8];
	uint8_t two[8];

	EXPECT_OK(ash_crypto_kdf(crypto, &kdf, ash_mut(one, sizeof(one))));
	kdf.secret = TEXT("pan");
	EXPECT_OK(ash_crypto_kdf(crypto, &kdf, ash_mut(two, sizeof(two))));
	EXPECT(memcmp(one, two, sizeof(one)) != 0);
	kdf.scheme = (enum ash_kdf_scheme)9;
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_crypto_kdf(crypto, &kdf, ash_mut(one, sizeof(one))));
	ash_crypto_close(crypto);
}

TEST(hmac_is_cut_to_what_is_asked)
{
	struct ash_crypto *crypto = opened("fast plain");
	uint8_t whole[32];
	uint8_t cut[20];
	uint8_t other[32];

	EXPECT_OK(ash_crypto_hmac(crypto, ASH_HASH_SHA256, TEXT("key"), TEXT("data"), ash_mut(whole, 32)));
	EXPECT_OK(ash_crypto_hmac(crypto, ASH_HASH_SHA256, TEXT("key"), TEXT("data"), ash_mut(cut, 20)));
	EXPECT_SPAN(ash_span(whole, 20), SPAN(cut));
	EXPECT_OK(ash_crypto_hmac(crypto, ASH_HASH_SHA256, TEXT("kay"), TEXT("data"), ash_mut(other, 32)));
	EXPECT(memcmp(whole, other, 32) != 0);
	EXPECT_CODE(ASH_E_ARGUMENT,
		    ash_crypto_hmac(crypto, ASH_HASH_SHA256, TEXT("key"), TEXT("data"), ash_mut(whole, 33)));
	EXPECT_CODE(ASH_E_ARGUMENT,
		    ash_crypto_hmac(crypto, ASH_HASH_NONE, TEXT("key"), TEXT("data"), ash_mut(whole, 1)));
	EXPECT_NUMBER(0, plain.keys);
	EXPECT_NUMBER(0, plain.operations);
	ash_crypto_close(crypto);
}

static struct ash_status all_of_it(struct ash_crypto **ret_crypto)
{
	ASH_AUTO(ash_crypto) *crypto = NULL;
	ASH_AUTO(ash_key) *key = NULL;
	ASH_AUTO(ash_operation) *operation = NULL;
	ASH_AUTO(ash_operation) *copy = NULL;
	const struct ash_use use = { ASH_OP_SIGN, hmac, NULL };
	uint8_t mac[32];

	ASH_TRY(open_crypto("plain fast", NULL, &crypto));
	ASH_TRY(ash_key_generate(crypto, &secret, NULL, NULL, &key));
	ASH_TRY(ash_operation_new(crypto, &use, key, &operation));
	ASH_TRY(ash_operation_copy(operation, &copy));
	ASH_TRY(ash_crypto_hmac(crypto, ASH_HASH_SHA256, TEXT("key"), TEXT("data"), ash_mut(mac, 32)));
	*ret_crypto = ASH_TAKE(crypto);
	return ASH_DONE;
}

TEST(without_memory)
{
	struct ash_crypto *crypto = NULL;

	reset();
	FAIL_EVERY_ALLOCATION(crypto == NULL && plain.keys == 0 && plain.operations == 0 &&
				      plain.opened == plain.closed,
			      all_of_it(&crypto));
	ash_crypto_close(crypto);
}
