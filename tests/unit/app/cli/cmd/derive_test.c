#include "unit/app/cli/fake.h"

#define DERIVE(hsm, ...)                    \
	(setenv("TEST_PIN", "user-pin", 1), \
	 RUN(hsm, "derive", "--pin-env", "TEST_PIN", "--label", "new", __VA_ARGS__))

#define X25519_PEM                                                                                   \
	"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VuAyEAl25GHyj/ilcmBhZ1I0bR+2Lfg7d9nODEgrl8g7wnNAg=\n" \
	"-----END PUBLIC KEY-----\n"

static void fill(struct ash_hsm *hsm)
{
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_EC, "p256", CKA_DERIVE);
	FAKE_PUT(hsm, CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, "x", CKA_DERIVE);
	FAKE_PUT(hsm, CKO_SECRET_KEY, CKK_GENERIC_SECRET, "master", CKA_DERIVE);
}

TEST(keys_are_agreed_on)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *pem = fake_write("pem", TEXT(X25519_PEM));
	const char *bare = fake_write("bare", TEXT("0123456789abcdef0123456789abcdef"));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, DERIVE(&hsm, "--with", "label:x", "--type", "aes:256", "--peer", pem));
	EXPECT(fake_mechanism.type == CKM_ECDH1_DERIVE && fake_mechanism.derive.kdf == CKD_NULL);
	EXPECT(fake_key == 2 && fake_mechanism.derive.peer.len == 32 && fake_peer[0] == 0x97);
	EXPECT(hsm.objects[3].used && strstr(fake_out, "aes:256") != NULL);
	EXPECT_NUMBER(ASH_CLI_DONE, DERIVE(&hsm, "--with", "label:p256", "--type", "generic:256", "--peer",
					   bare, "--kdf", "x963-sha256"));
	EXPECT(fake_mechanism.derive.kdf == CKD_SHA256_KDF && fake_peer[0] == '0');
	fake_clean();
}

TEST(keys_are_derived_from_secrets)
{
	struct ash_hsm hsm = FAKE_HSM;

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_DONE, DERIVE(&hsm, "--with", "label:master", "--type", "aes:128", "--info",
					   "text:tenant", "--id", "0a"));
	EXPECT(fake_mechanism.type == CKM_HKDF_DERIVE && fake_mechanism.derive.info.len == 6);
	EXPECT_NUMBER(16, fake_attr(&hsm.objects[3], CKA_VALUE_LEN)->value[7]);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      DERIVE(&hsm, "--with", "label:master", "--type", "aes:128", "--id", "0a"));
	EXPECT(strstr(fake_err, "has a key with id 0a already") != NULL);
}

TEST(what_cannot_be_derived_is_told)
{
	struct ash_hsm hsm = FAKE_HSM;
	const char *pem = fake_write("pem", TEXT(X25519_PEM));

	fill(&hsm);
	EXPECT_NUMBER(ASH_CLI_USAGE, DERIVE(&hsm, "--with", "label:x", "--type", "aes:256"));
	EXPECT(strstr(fake_err, "Say it with --peer FILE") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      DERIVE(&hsm, "--with", "label:p256", "--type", "aes:256", "--peer", pem));
	EXPECT(strstr(fake_err, "is of another kind than the key \"p256\"") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, DERIVE(&hsm, "--with", "label:x", "--type", "aes:256", "--peer",
					     fake_write("bad", TEXT("-----BEGIN RSA KEY-----"))));
	EXPECT(strstr(fake_err, "it holds no public key") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, DERIVE(&hsm, "--with", "label:x", "--type", "rsa:2048", "--peer", pem));
	EXPECT_NUMBER(ASH_CLI_USAGE,
		      DERIVE(&hsm, "--with", "label:master", "--type", "aes:256", "--peer", pem));
	EXPECT(strstr(fake_err, "--peer does not go with CKM_HKDF_DERIVE") != NULL);
	hsm.fails = "derive_key";
	hsm.code = ASH_E_MECHANISM_PARAM;
	EXPECT_NUMBER(ASH_CLI_FAILED, DERIVE(&hsm, "--with", "label:x", "--type", "aes:256", "--peer", pem));
	EXPECT(strstr(fake_err, "is what --peer names a point of the same curve?") != NULL);
	for (size_t i = 3; i < FAKE_OBJECTS; i++)
		EXPECT(!hsm.objects[i].used);
	fake_clean();
}

TEST(without_memory_no_key_is_kept)
{
	const char *pem = fake_write("pem", TEXT(X25519_PEM));
	enum ash_cli_exit code = ASH_CLI_FAILED;

	for (int64_t left = 0; code != ASH_CLI_DONE; left++) {
		struct ash_hsm hsm = FAKE_HSM;

		fill(&hsm);
		ash_mem_fail_after(left);
		code = DERIVE(&hsm, "--with", "pkcs11:object=x", "--type", "aes:256", "--peer", pem, "--kdf",
			      "x963-sha256", "--shared-info", "0a");
		ash_mem_fail_after(-1);
		EXPECT(code == ASH_CLI_DONE || code == ASH_CLI_FAILED);
		EXPECT(code == ASH_CLI_DONE || strstr(fake_err, "out of memory") != NULL);
		EXPECT(hsm.objects[3].used == (code == ASH_CLI_DONE));
	}
	fake_clean();
}
