/*
 * Published test vectors, each file against each back end. What is in a file has to be
 * run by one back end at least; what a back end offers has to be right.
 */
#include "test.h"
#include "vectors/backend_target.h"
#include "vectors/engines.h"
#include "vectors/run.h"

static const char *path_of(const char *file, char room[4096])
{
	const char *folder = getenv("ASHLAR_VECTORS");

	(void)snprintf(room, 4096, "%s/%s", folder != NULL ? folder : "tests/vectors", file);
	return room;
}

static void run_everywhere(const char *file, size_t tests, size_t skipped)
{
	char path[4096];
	bool covered = false;

	for (size_t i = 0; vector_engines[i] != NULL; i++) {
		struct vector_report report = { 0 };
		struct vector_backend backend = { 0 };
		struct vector_target target = { 0 };

		EXPECT(vector_backend_open(vector_engines[i], &backend, &target));
		EXPECT(vector_run_file(path_of(file, path), &target, true, &report));
		vector_backend_close(&backend);
		EXPECT_NUMBER(0, report.failed);
		EXPECT_NUMBER(tests, report.passed + report.not_offered + report.skipped);
		EXPECT(report.skipped <= skipped);
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

VECTORS(wycheproof_aes_cbc, "wycheproof/aes_cbc_pkcs5_test.json", 216, 0)
VECTORS(wycheproof_aes_gcm, "wycheproof/aes_gcm_test.json", 316, 3)
VECTORS(wycheproof_ecdsa_p256, "wycheproof/ecdsa_secp256r1_sha256_p1363_test.json", 262, 0)
VECTORS(wycheproof_ed25519, "wycheproof/ed25519_test.json", 151, 0)
VECTORS(wycheproof_hkdf_sha256, "wycheproof/hkdf_sha256_test.json", 86, 0)
VECTORS(wycheproof_hmac_sha256, "wycheproof/hmac_sha256_test.json", 174, 0)
VECTORS(wycheproof_mldsa_65_sign, "wycheproof/mldsa_65_sign_seed_test.json", 105, 17)
VECTORS(wycheproof_mldsa_65_verify, "wycheproof/mldsa_65_verify_test.json", 210, 0)
VECTORS(wycheproof_rsa_2048_decrypt, "wycheproof/rsa_pkcs1_2048_test.json", 67, 0)
VECTORS(wycheproof_rsa_2048_verify, "wycheproof/rsa_signature_2048_sha256_test.json", 259, 0)
VECTORS(aes_cbc, "examples/aes_cbc.json", 6, 0)
VECTORS(argon2id, "examples/argon2id.json", 6, 0)
VECTORS(ecdsa, "examples/ecdsa.json", 18, 0)
VECTORS(ed25519, "examples/ed25519.json", 5, 0)
VECTORS(hmac_sha256, "examples/hmac_sha256.json", 6, 0)
VECTORS(hmac_sha384, "examples/hmac_sha384.json", 6, 0)
VECTORS(hmac_sha512, "examples/hmac_sha512.json", 6, 0)
VECTORS(rsa_signature, "examples/rsa_signature.json", 27, 0)
VECTORS(sha2, "examples/sha2.json", 27, 0)

/* --- does the runner notice? ------------------------------------------------- */

/* A target that does what another does, and then lies. */
struct liar {
	const struct vector_target *honest;
	enum {
		ACCEPTS_ALL,
		REFUSES_ALL,
		FLIPS_A_BIT,
		CUTS_A_BYTE
	} how;
};

static enum vector_answer lie(const struct liar *liar, enum vector_answer answer, struct ash_buf *out)
{
	if (answer != VECTOR_DONE && answer != VECTOR_REFUSED)
		return answer;
	switch (liar->how) {
	case ACCEPTS_ALL: return VECTOR_DONE;
	case REFUSES_ALL: return VECTOR_REFUSED;
	case FLIPS_A_BIT:
		if (out->len != 0)
			out->data[out->len - 1] ^= 1;
		break;
	case CUTS_A_BYTE: out->len -= out->len != 0; break;
	}
	return answer;
}

static enum vector_answer liar_run(void *self, const struct vector_request *request, struct ash_buf *out,
				   const char **ret_why)
{
	const struct liar *liar = self;

	return lie(liar, liar->honest->run(liar->honest->self, request, out, ret_why), out);
}

static enum vector_answer liar_derive(void *self, const struct ash_kdf *kdf, size_t len, struct ash_buf *out,
				      const char **ret_why)
{
	const struct liar *liar = self;

	return lie(liar, liar->honest->derive(liar->honest->self, kdf, len, out, ret_why), out);
}

static size_t failures_of(const char *file, int how)
{
	struct vector_backend backend = { 0 };
	struct vector_target honest = { 0 };
	struct liar liar = { &honest, how };
	const struct vector_target target = {
		.name = "a liar", .self = &liar, .run = liar_run, .derive = liar_derive
	};
	struct vector_report report = { 0 };
	char path[4096];

	EXPECT(vector_backend_open(vector_engines[0], &backend, &honest));
	EXPECT(vector_run_file(path_of(file, path), &target, false, &report));
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

TEST(a_file_that_is_no_file_of_tests_is_an_error)
{
	const struct vector_target none = { .name = "none" };
	struct vector_report report = { 0 };
	char path[4096];

	EXPECT(!vector_run_file(path_of("README.md", path), &none, true, &report));
	EXPECT(!vector_run_file(path_of("nothing.json", path), &none, true, &report));
}
