/*
 * Published test vectors, each file against each back end. What is in a file has to be
 * run by one back end at least; what a back end offers has to be right.
 */
#include "app/selftest/run.h"
#include "test.h"
#include "vectors/backend_target.h"
#include "vectors/engines.h"

static const char *path_of(const char *file, char room[4096])
{
	const char *folder = getenv("ASHLAR_VECTORS");

	(void)snprintf(room, 4096, "%s/%s", folder != NULL ? folder : "tests/vectors", file);
	return room;
}

static void print_report(const char *file, const struct ash_vector_target *target,
			 const struct ash_vector_report *report)
{
	for (size_t i = 0; i < ASH_VECTOR_FAILURES_SHOWN && i < report->failed; i++)
		print_message("# %s on %s: test %d (%s) %s\n", file, target->name, report->failure[i].test,
			      report->failure[i].comment, report->failure[i].why);
	print_message("# %s on %s: %zu passed, %zu failed, %zu skipped\n", file, target->name, report->passed,
		      report->failed, report->skipped);
	for (size_t i = 0; i < ASH_VECTOR_REASONS && report->reason[i].text != NULL; i++)
		print_message("#   %zu skipped: %s\n", report->reason[i].count, report->reason[i].text);
}

static void run_everywhere(const char *file, size_t tests, size_t skipped)
{
	char path[4096];
	bool covered = false;

	for (size_t i = 0; vector_engines[i] != NULL; i++) {
		struct ash_vector_report report = { .tests = 0 };
		struct vector_backend backend = { 0 };
		struct ash_vector_target target = { 0 };

		EXPECT(vector_backend_open(vector_engines[i], &backend, &target));
		EXPECT_OK(ash_vector_run_file(path_of(file, path), &target, &report));
		print_report(file, &target, &report);
		vector_backend_close(&backend);
		EXPECT_NUMBER(0, report.failed);
		EXPECT_NUMBER(tests, report.tests);
		EXPECT_NUMBER(tests, report.passed + report.skipped);
		EXPECT(report.skipped - report.not_offered <= skipped);
		covered = covered || report.passed + skipped == tests;
	}
	EXPECT(covered);
}

/* Each file, how many tests it has, and how many of them are skipped (the report says why). */
#define VECTORS(name, file, tests, skipped)           \
	TEST(name)                                    \
	{                                             \
		run_everywhere(file, tests, skipped); \
	}

VECTORS(wycheproof_aes_cbc_pkcs5, "wycheproof/aes_cbc_pkcs5_test.json", 216, 0)
VECTORS(wycheproof_aes_ccm, "wycheproof/aes_ccm_test.json", 552, 0)
VECTORS(wycheproof_aes_cmac, "wycheproof/aes_cmac_test.json", 311, 0)
VECTORS(wycheproof_aes_gcm, "wycheproof/aes_gcm_test.json", 316, 3)
VECTORS(wycheproof_aes_gmac, "wycheproof/aes_gmac_test.json", 414, 0)
VECTORS(wycheproof_aes_kwp, "wycheproof/aes_kwp_test.json", 254, 0)
VECTORS(wycheproof_aes_wrap, "wycheproof/aes_wrap_test.json", 165, 0)
VECTORS(wycheproof_chacha20_poly1305, "wycheproof/chacha20_poly1305_test.json", 325, 325)
VECTORS(wycheproof_ecdh_secp224r1_ecpoint, "wycheproof/ecdh_secp224r1_ecpoint_test.json", 458, 0)
VECTORS(wycheproof_ecdh_secp256k1, "wycheproof/ecdh_secp256k1_test.json", 752, 0)
VECTORS(wycheproof_ecdh_secp256r1_ecpoint, "wycheproof/ecdh_secp256r1_ecpoint_test.json", 355, 0)
VECTORS(wycheproof_ecdh_secp384r1_ecpoint, "wycheproof/ecdh_secp384r1_ecpoint_test.json", 790, 0)
VECTORS(wycheproof_ecdh_secp521r1_ecpoint, "wycheproof/ecdh_secp521r1_ecpoint_test.json", 661, 0)
VECTORS(wycheproof_ecdsa_secp224r1_sha224_p1363, "wycheproof/ecdsa_secp224r1_sha224_p1363_test.json", 229, 0)
VECTORS(wycheproof_ecdsa_secp256k1_sha256_p1363, "wycheproof/ecdsa_secp256k1_sha256_p1363_test.json", 252, 0)
VECTORS(wycheproof_ecdsa_secp256r1_sha256_p1363, "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 262, 0)
VECTORS(wycheproof_ecdsa_secp384r1_sha384_p1363, "wycheproof/ecdsa_secp384r1_sha384_p1363_test.json", 280, 0)
VECTORS(wycheproof_ecdsa_secp521r1_sha512_p1363, "wycheproof/ecdsa_secp521r1_sha512_p1363_test.json", 318, 0)
VECTORS(wycheproof_ed25519, "wycheproof/ed25519_test.json", 151, 0)
VECTORS(wycheproof_ed448, "wycheproof/ed448_test.json", 87, 0)
VECTORS(wycheproof_hkdf_sha1, "wycheproof/hkdf_sha1_test.json", 87, 0)
VECTORS(wycheproof_hkdf_sha256, "wycheproof/hkdf_sha256_test.json", 86, 0)
VECTORS(wycheproof_hmac_sha1, "wycheproof/hmac_sha1_test.json", 170, 0)
VECTORS(wycheproof_hmac_sha224, "wycheproof/hmac_sha224_test.json", 172, 0)
VECTORS(wycheproof_hmac_sha256, "wycheproof/hmac_sha256_test.json", 174, 0)
VECTORS(wycheproof_hmac_sha3_224, "wycheproof/hmac_sha3_224_test.json", 172, 0)
VECTORS(wycheproof_hmac_sha3_256, "wycheproof/hmac_sha3_256_test.json", 174, 0)
VECTORS(wycheproof_hmac_sha3_384, "wycheproof/hmac_sha3_384_test.json", 174, 0)
VECTORS(wycheproof_hmac_sha3_512, "wycheproof/hmac_sha3_512_test.json", 174, 0)
VECTORS(wycheproof_hmac_sha512_224, "wycheproof/hmac_sha512_224_test.json", 173, 0)
VECTORS(wycheproof_hmac_sha512_256, "wycheproof/hmac_sha512_256_test.json", 175, 0)
VECTORS(wycheproof_mldsa_44_sign_seed, "wycheproof/mldsa_44_sign_seed_test.json", 86, 8)
VECTORS(wycheproof_mldsa_65_sign_seed, "wycheproof/mldsa_65_sign_seed_test.json", 105, 17)
VECTORS(wycheproof_mldsa_65_verify, "wycheproof/mldsa_65_verify_test.json", 210, 0)
VECTORS(wycheproof_mldsa_87_sign_seed, "wycheproof/mldsa_87_sign_seed_test.json", 96, 17)
VECTORS(wycheproof_mlkem_1024, "wycheproof/mlkem_1024_test.json", 193, 0)
VECTORS(wycheproof_mlkem_512_semi_expanded_decaps, "wycheproof/mlkem_512_semi_expanded_decaps_test.json", 9,
	0)
VECTORS(wycheproof_mlkem_512, "wycheproof/mlkem_512_test.json", 193, 0)
VECTORS(wycheproof_mlkem_768_semi_expanded_decaps, "wycheproof/mlkem_768_semi_expanded_decaps_test.json", 9,
	0)
VECTORS(wycheproof_mlkem_768, "wycheproof/mlkem_768_test.json", 193, 0)
VECTORS(wycheproof_pbkdf2_hmacsha1, "wycheproof/pbkdf2_hmacsha1_test.json", 64, 0)
VECTORS(wycheproof_pbkdf2_hmacsha256, "wycheproof/pbkdf2_hmacsha256_test.json", 60, 0)
VECTORS(wycheproof_pbkdf2_hmacsha512, "wycheproof/pbkdf2_hmacsha512_test.json", 58, 0)
VECTORS(wycheproof_rsa_oaep_2048_sha1_mgf1sha1, "wycheproof/rsa_oaep_2048_sha1_mgf1sha1_test.json", 36, 0)
VECTORS(wycheproof_rsa_oaep_2048_sha256_mgf1sha256, "wycheproof/rsa_oaep_2048_sha256_mgf1sha256_test.json",
	37, 0)
VECTORS(wycheproof_rsa_oaep_2048_sha512_mgf1sha1, "wycheproof/rsa_oaep_2048_sha512_mgf1sha1_test.json", 31, 0)
VECTORS(wycheproof_rsa_pkcs1_2048, "wycheproof/rsa_pkcs1_2048_test.json", 67, 0)
VECTORS(wycheproof_rsa_pss_2048_sha1_mgf1_20, "wycheproof/rsa_pss_2048_sha1_mgf1_20_test.json", 88, 0)
VECTORS(wycheproof_rsa_pss_2048_sha256_mgf1_0, "wycheproof/rsa_pss_2048_sha256_mgf1_0_test.json", 103, 0)
VECTORS(wycheproof_rsa_pss_2048_sha256_mgf1_32, "wycheproof/rsa_pss_2048_sha256_mgf1_32_test.json", 108, 0)
VECTORS(wycheproof_rsa_pss_2048_sha512_224_mgf1_28, "wycheproof/rsa_pss_2048_sha512_224_mgf1_28_test.json",
	100, 0)
VECTORS(wycheproof_rsa_pss_misc, "wycheproof/rsa_pss_misc_test.json", 150, 0)
VECTORS(wycheproof_rsa_signature_2048_sha224, "wycheproof/rsa_signature_2048_sha224_test.json", 258, 0)
VECTORS(wycheproof_rsa_signature_2048_sha256, "wycheproof/rsa_signature_2048_sha256_test.json", 259, 0)
VECTORS(wycheproof_rsa_signature_2048_sha3_256, "wycheproof/rsa_signature_2048_sha3_256_test.json", 257, 0)
VECTORS(wycheproof_rsa_signature_2048_sha512_256, "wycheproof/rsa_signature_2048_sha512_256_test.json", 257,
	0)
VECTORS(wycheproof_rsa_signature_8192_sha256, "wycheproof/rsa_signature_8192_sha256_test.json", 258, 0)
VECTORS(wycheproof_x25519, "wycheproof/x25519_test.json", 518, 0)
VECTORS(wycheproof_x448, "wycheproof/x448_test.json", 510, 0)
VECTORS(wycheproof_rsa_signature_2048_sha3_224, "wycheproof/rsa_signature_2048_sha3_224_test.json", 258, 0)
VECTORS(wycheproof_rsa_signature_2048_sha3_384, "wycheproof/rsa_signature_2048_sha3_384_test.json", 258, 0)
VECTORS(wycheproof_rsa_signature_2048_sha3_512, "wycheproof/rsa_signature_2048_sha3_512_test.json", 258, 0)
VECTORS(wycheproof_hmac_sha384, "wycheproof/hmac_sha384_test.json", 174, 0)
VECTORS(wycheproof_hmac_sha512, "wycheproof/hmac_sha512_test.json", 174, 0)
VECTORS(wycheproof_ecdsa_secp224r1_sha3_224, "wycheproof/ecdsa_secp224r1_sha3_224_test.json", 470, 235)
VECTORS(wycheproof_ecdsa_secp256r1_sha3_256, "wycheproof/ecdsa_secp256r1_sha3_256_test.json", 482, 235)
VECTORS(wycheproof_ecdsa_secp384r1_sha3_384, "wycheproof/ecdsa_secp384r1_sha3_384_test.json", 504, 233)
VECTORS(wycheproof_ecdsa_secp521r1_sha3_512, "wycheproof/ecdsa_secp521r1_sha3_512_test.json", 534, 227)
VECTORS(aes_cbc, "examples/aes_cbc.json", 6, 0)
VECTORS(argon2id, "examples/argon2id.json", 6, 0)
VECTORS(ecdsa, "examples/ecdsa.json", 18, 0)
VECTORS(ed25519, "examples/ed25519.json", 5, 0)
VECTORS(hmac_sha256, "examples/hmac_sha256.json", 6, 0)
VECTORS(hmac_sha384, "examples/hmac_sha384.json", 6, 0)
VECTORS(hmac_sha512, "examples/hmac_sha512.json", 6, 0)
VECTORS(rsa_signature, "examples/rsa_signature.json", 27, 0)
VECTORS(sha2, "examples/sha2.json", 27, 0)
VECTORS(aes_cmac_96, "examples/aes_cmac_96.json", 5, 0)
VECTORS(ecdsa_sha1, "examples/ecdsa_sha1.json", 3, 0)
VECTORS(rsa_sha1, "examples/rsa_sha1.json", 36, 0)
VECTORS(aes_ctr, "examples/aes_ctr.json", 14, 0)
VECTORS(aes_ecb, "examples/aes_ecb.json", 6, 0)
VECTORS(ed25519ctx, "examples/ed25519ctx.json", 6, 0)
VECTORS(ed25519ph, "examples/ed25519ph.json", 3, 0)
VECTORS(ed448ctx, "examples/ed448ctx.json", 4, 0)
VECTORS(ed448ph, "examples/ed448ph.json", 3, 0)
VECTORS(kdf, "examples/kdf.json", 22, 0)
VECTORS(sha1_sha2, "examples/sha1_sha2.json", 20, 0)
VECTORS(sha3, "examples/sha3.json", 20, 0)

/* --- does the runner notice? ------------------------------------------------- */

/* A target that does what another does, and then lies. */
struct liar {
	const struct ash_vector_target *honest;
	enum {
		ACCEPTS_ALL,
		REFUSES_ALL,
		FLIPS_A_BIT,
		CUTS_A_BYTE
	} how;
};

static enum ash_vector_answer lie(const struct liar *liar, enum ash_vector_answer answer, struct ash_buf *out)
{
	if (answer != ASH_VECTOR_DONE && answer != ASH_VECTOR_REFUSED)
		return answer;
	switch (liar->how) {
	case ACCEPTS_ALL: return ASH_VECTOR_DONE;
	case REFUSES_ALL: return ASH_VECTOR_REFUSED;
	case FLIPS_A_BIT:
		if (out->len != 0)
			out->data[out->len - 1] ^= 1;
		break;
	case CUTS_A_BYTE: out->len -= out->len != 0; break;
	}
	return answer;
}

static enum ash_vector_answer liar_run(void *self, const struct ash_vector_request *request,
				       struct ash_buf *out, const char **ret_why)
{
	const struct liar *liar = self;

	return lie(liar, liar->honest->run(liar->honest->self, request, out, ret_why), out);
}

static enum ash_vector_answer liar_derive(void *self, const struct ash_kdf *kdf, size_t len,
					  struct ash_buf *out, const char **ret_why)
{
	const struct liar *liar = self;

	return lie(liar, liar->honest->derive(liar->honest->self, kdf, len, out, ret_why), out);
}

static enum ash_vector_answer liar_share(void *self, enum ash_op op, const struct ash_vector_key *key,
					 struct ash_span input, struct ash_buf *out, const char **ret_why)
{
	const struct liar *liar = self;

	return lie(liar, liar->honest->share(liar->honest->self, op, key, input, out, ret_why), out);
}

static size_t failures_of(const char *file, int how)
{
	struct vector_backend backend = { 0 };
	struct ash_vector_target honest = { 0 };
	struct liar liar = { &honest, how };
	const struct ash_vector_target target = {
		.name = "a liar", .self = &liar, .run = liar_run, .derive = liar_derive, .share = liar_share
	};
	struct ash_vector_report report = { 0 };
	char path[4096];

	EXPECT(vector_backend_open(vector_engines[0], &backend, &honest));
	EXPECT_OK(ash_vector_run_file(path_of(file, path), &target, &report));
	vector_backend_close(&backend);
	return report.failed;
}

/* How many tests at least have to fail when all is accepted, all refused, or each output wrong. */
static const struct {
	const char *file;
	size_t accepts;
	size_t refuses;
	size_t wrong;
} noticed[] = {
	{ "wycheproof/aes_cbc_pkcs5_test.json", 144, 72, 72 },
	{ "wycheproof/aes_gcm_test.json", 87, 226, 226 },
	{ "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 89, 173, 173 },
	{ "wycheproof/ed25519_test.json", 63, 88, 0 },
	{ "wycheproof/hkdf_sha256_test.json", 3, 83, 83 },
	{ "wycheproof/hmac_sha256_test.json", 54, 174, 33 },
	{ "wycheproof/mldsa_65_sign_seed_test.json", 4, 84, 83 },
	{ "wycheproof/rsa_pkcs1_2048_test.json", 6, 61, 41 },
	{ "wycheproof/rsa_signature_2048_sha256_test.json", 249, 9, 9 },
	{ "examples/ecdsa.json", 6, 12, 12 },
	{ "examples/ed25519.json", 0, 5, 5 },
	{ "examples/sha2.json", 0, 27, 27 },
};

TEST(a_lie_is_noticed)
{
	for (size_t i = 0; i < ASH_COUNT(noticed); i++) {
		EXPECT(failures_of(noticed[i].file, ACCEPTS_ALL) >= noticed[i].accepts);
		EXPECT(failures_of(noticed[i].file, REFUSES_ALL) >= noticed[i].refuses);
		EXPECT(failures_of(noticed[i].file, FLIPS_A_BIT) >= noticed[i].wrong);
		EXPECT(failures_of(noticed[i].file, CUTS_A_BYTE) >= noticed[i].wrong);
	}
}
