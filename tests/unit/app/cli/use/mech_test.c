#include "unit/app/cli/fake.h"

#include "app/cli/use/mech.h"

static const struct ash_mechanism_row *chosen;

static enum ash_cli_exit choose(const char *name, const char *hash, struct ash_cli_mech_need need)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);

	chosen = NULL;
	cli.values[ASH_CLI_OPT_MECHANISM] = name;
	cli.values[ASH_CLI_OPT_HASH] = hash;
	ash_ignore(ash_cli_mech_choose(&cli, &need, &chosen));
	fake_close(&cli);
	return cli.exit;
}
/* The key type, and what else there is to say. */
#define NEED(flag_, word_, ...) \
	((struct ash_cli_mech_need){ .flag = (flag_), .word = (word_), .type = "x", .key_type = __VA_ARGS__ })

TEST(every_mechanism_that_uses_keys_has_one_short_name)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const struct ash_cli_mech_name name = ash_cli_mech_short(row);

		EXPECT(ash_cli_mech_find(row->name) == row);
		EXPECT((name.text[0] == '\0') == (row->generates != ASH_GENERATES_NOTHING));
		if (name.text[0] != '\0')
			EXPECT(ash_cli_mech_find(name.text) == row);
	}
	EXPECT(ash_cli_mech_find("") == NULL);
	EXPECT(ash_cli_mech_find("rsa") == NULL);
	EXPECT(ash_cli_mech_find("ECDSA") == NULL);
}

TEST(short_names_are_those_that_people_know)
{
	static const struct {
		const char *name;
		uint64_t type;
	} known[] = {
		{ "rsa-pkcs1", CKM_RSA_PKCS },
		{ "rsa-pkcs1-sha256", CKM_SHA256_RSA_PKCS },
		{ "rsa-pss-sha3-512", CKM_SHA3_512_RSA_PKCS_PSS },
		{ "rsa-oaep", CKM_RSA_PKCS_OAEP },
		{ "rsa-aes-kwp", CKM_RSA_AES_KEY_WRAP },
		{ "ecdsa", CKM_ECDSA },
		{ "ecdsa-sha384", CKM_ECDSA_SHA384 },
		{ "eddsa", CKM_EDDSA },
		{ "ml-dsa", CKM_ML_DSA },
		{ "ml-kem", CKM_ML_KEM },
		{ "aes-gcm", CKM_AES_GCM },
		{ "aes-cbc-pad", CKM_AES_CBC_PAD },
		{ "aes-kw", CKM_AES_KEY_WRAP },
		{ "aes-kwp", CKM_AES_KEY_WRAP_KWP },
		{ "aes-cmac-general", CKM_AES_CMAC_GENERAL },
		{ "hmac-sha512-256", CKM_SHA512_256_HMAC },
		{ "sha512-256", CKM_SHA512_256 },
		{ "ecdh", CKM_ECDH1_DERIVE },
		{ "hkdf", CKM_HKDF_DERIVE },
	};

	for (size_t i = 0; i < ASH_COUNT(known); i++) {
		EXPECT(ash_cli_mech_find(known[i].name) != NULL);
		EXPECT_NUMBER(known[i].type, ash_cli_mech_find(known[i].name)->type);
	}
}

TEST(hashes_have_names)
{
	for (int i = ASH_HASH_NONE + 1; i < ASH_HASHES; i++)
		EXPECT_NUMBER(i, ash_cli_hash_find(ash_cli_hash_name((enum ash_hash)i)));
	EXPECT_NUMBER(ASH_HASH_NONE, ash_cli_hash_find(""));
	EXPECT_NUMBER(ASH_HASH_NONE, ash_cli_hash_find("md5"));
	EXPECT_TEXT("", ash_cli_hash_name(ASH_HASHES));
}

TEST(what_suits_the_key_is_taken_unasked)
{
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, NULL, NEED(CKF_SIGN, "sign", CKK_RSA)));
	EXPECT_NUMBER(CKM_SHA256_RSA_PKCS_PSS, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, "sha512", NEED(CKF_VERIFY, "verify", CKK_RSA)));
	EXPECT_NUMBER(CKM_SHA512_RSA_PKCS_PSS, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      choose(NULL, NULL, NEED(CKF_SIGN, "sign", CKK_EC, .hash = ASH_HASH_SHA384)));
	EXPECT_NUMBER(CKM_ECDSA_SHA384, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, NULL, NEED(CKF_SIGN, "sign", CKK_ML_DSA)));
	EXPECT_NUMBER(CKM_ML_DSA, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, "sha384", NEED(CKF_SIGN, "sign", CKK_GENERIC_SECRET)));
	EXPECT_NUMBER(CKM_SHA384_HMAC, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, NULL, NEED(CKF_VERIFY, "verify", CKK_SHA3_384_HMAC)));
	EXPECT_NUMBER(CKM_SHA3_384_HMAC, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, NULL, NEED(CKF_DECRYPT, "decrypt", CKK_AES)));
	EXPECT_NUMBER(CKM_AES_GCM, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, NULL, NEED(CKF_WRAP, "wrap", CKK_RSA)));
	EXPECT_NUMBER(CKM_RSA_PKCS_OAEP, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE,
		      choose(NULL, NULL, NEED(CKF_UNWRAP, "unwrap", CKK_RSA, .private_key = true)));
	EXPECT_NUMBER(CKM_RSA_AES_KEY_WRAP, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, NULL, NEED(CKF_UNWRAP, "unwrap", CKK_AES)));
	EXPECT_NUMBER(CKM_AES_KEY_WRAP_KWP, chosen->type);
}

TEST(a_mechanism_is_named_or_refused)
{
	EXPECT_NUMBER(ASH_CLI_DONE, choose("ecdsa", NULL, NEED(CKF_SIGN, "sign", CKK_EC)));
	EXPECT_NUMBER(CKM_ECDSA, chosen->type);
	EXPECT_NUMBER(ASH_CLI_DONE, choose("CKM_ECDSA_SHA512", NULL, NEED(CKF_SIGN, "sign", CKK_EC)));
	EXPECT_NUMBER(CKM_ECDSA_SHA512, chosen->type);
	EXPECT_NUMBER(ASH_CLI_USAGE, choose("aes-gcm", NULL, NEED(CKF_SIGN, "sign", CKK_AES)));
	EXPECT(strstr(fake_err, "CKM_AES_GCM can't sign") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, choose("des", NULL, NEED(CKF_SIGN, "sign", CKK_AES)));
	EXPECT(strstr(fake_err, "there is no mechanism \"des\"; see: ashlar mechanisms") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, choose(NULL, NULL, NEED(CKF_SIGN, "sign", CKK_ML_KEM)));
	EXPECT(strstr(fake_err, "no key of type x can sign") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE,
		      choose(NULL, NULL, NEED(CKF_DIGEST, "digest", CK_UNAVAILABLE_INFORMATION)));
	EXPECT(strstr(fake_err, "with a key of type x, say how to digest: --mechanism NAME") != NULL);
	EXPECT_NUMBER(ASH_CLI_USAGE, choose(NULL, "md5", NEED(CKF_SIGN, "sign", CKK_RSA)));
	EXPECT(strstr(fake_err, "--hash takes a hash, like sha256 or sha3-256, not \"md5\"") != NULL);
	/* What is old is verified, and not made any more. */
	EXPECT_NUMBER(ASH_CLI_USAGE, choose(NULL, "sha1", NEED(CKF_SIGN, "sign", CKK_RSA)));
	EXPECT_NUMBER(ASH_CLI_DONE, choose(NULL, "sha1", NEED(CKF_VERIFY, "verify", CKK_RSA)));
}

TEST(the_help_names_what_can_do_it)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);

	ash_cli_mech_help(out, CKF_DECRYPT);
	fclose(out);
	EXPECT(strstr(text, "AES: aes-gcm") != NULL && strstr(text, " aes-ctr") != NULL);
	EXPECT(strstr(text, "ecdsa") == NULL);
	free(text);
}
