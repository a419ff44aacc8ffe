#include "unit/app/cli/fake.h"

#include "app/cli/use/mech.h"
#include "app/cli/use/params.h"

struct option {
	enum ash_cli_opt id;
	const char *value;
};

/* Reads the parameter of a mechanism from options, of which one with a NULL value is the last. */
static enum ash_cli_exit read_params(const char *mechanism, struct ash_cli_params *params,
				     const struct option *options)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);

	ash_cli_params_done(params);
	*params = ASH_CLI_PARAMS_NONE;
	for (; options->value != NULL; options++)
		cli.values[options->id] = options->value;
	ash_ignore(ash_cli_params_read(&cli, ash_cli_mech_find(mechanism), 256, params));
	fake_close(&cli);
	return cli.exit;
}
#define READ(mechanism, params, ...) \
	read_params((mechanism), (params), (const struct option[]){ __VA_ARGS__{ ASH_CLI_OPT_HELP, NULL } })

TEST(pss_has_a_salt_as_long_as_its_hash_unless_somebody_says)
{
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;
	const struct ash_params *got = &params.mechanism.params;

	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-pss-sha384", &params, ));
	EXPECT(got->hash == ASH_HASH_SHA384 && got->mgf_hash == ASH_HASH_SHA384 && got->salt_len == 48);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-pss-sha256", &params, { ASH_CLI_OPT_SALT_LENGTH, "20" },
					 { ASH_CLI_OPT_MGF_HASH, "sha1" }, ));
	EXPECT(got->hash == ASH_HASH_SHA256 && got->mgf_hash == ASH_HASH_SHA1 && got->salt_len == 20);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-pss-sha256", &params, { ASH_CLI_OPT_SALT_LENGTH, "max" }, ));
	EXPECT_NUMBER(256 - 32 - 2, got->salt_len);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-pss", &params, { ASH_CLI_OPT_HASH, "sha512" }, ));
	EXPECT(got->hash == ASH_HASH_SHA512 && got->salt_len == 64);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("rsa-pss-sha256", &params, { ASH_CLI_OPT_SALT_LENGTH, "-1" }, ));
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("rsa-pss-sha256", &params, { ASH_CLI_OPT_HASH, "sha512" }, ));
	EXPECT(strstr(fake_err, "--hash sha512 does not go with CKM_SHA256_RSA_PKCS_PSS") != NULL);
}

TEST(oaep_has_a_hash_and_a_label)
{
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;
	const struct ash_params *got = &params.mechanism.params;

	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-oaep", &params, ));
	EXPECT(got->hash == ASH_HASH_SHA256 && got->mgf_hash == ASH_HASH_SHA256 && got->label.len == 0);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-oaep", &params, { ASH_CLI_OPT_HASH, "sha1" },
					 { ASH_CLI_OPT_OAEP_LABEL, "text:x" }, ));
	EXPECT(got->hash == ASH_HASH_SHA1 && got->mgf_hash == ASH_HASH_SHA1);
	EXPECT_SPAN(TEXT("x"), got->label);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("rsa-aes-kwp", &params, ));
	EXPECT(got->hash == ASH_HASH_SHA256 && params.mechanism.derive.aes_bits == 256);
}

TEST(ciphers_have_an_iv_that_is_given_or_to_be_chosen)
{
	static const struct {
		const char *name;
		size_t iv_len;
		uint32_t tag_len, counter_bits;
	} ciphers[] = {
		{ "aes-gcm", 12, 16, 0 },    { "aes-ccm", 12, 16, 0 },  { "aes-cbc", 16, 0, 0 },
		{ "aes-cbc-pad", 16, 0, 0 }, { "aes-ctr", 16, 0, 128 }, { "aes-ecb", 0, 0, 0 },
		{ "aes-kwp", 0, 0, 0 },
	};
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;

	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		const struct ash_mechanism_row *row = ash_cli_mech_find(ciphers[i].name);

		EXPECT_NUMBER(ASH_CLI_DONE, READ(ciphers[i].name, &params, ));
		EXPECT_NUMBER(ciphers[i].iv_len, ash_cli_params_iv_len(row, &params));
		EXPECT_NUMBER(ciphers[i].tag_len, params.mechanism.params.tag_len);
		EXPECT_NUMBER(ciphers[i].counter_bits, params.mechanism.params.counter_bits);
		if (ciphers[i].iv_len == 0)
			continue;
		EXPECT_NUMBER(ASH_CLI_DONE, READ(ciphers[i].name, &params, { ASH_CLI_OPT_IV, "0102" }, ));
		EXPECT_NUMBER(0, ash_cli_params_iv_len(row, &params));
		EXPECT_SPAN(TEXT("\x01\x02"), params.mechanism.params.iv);
		EXPECT_OK(ash_cli_params_set_iv(&params, TEXT("abc")));
		EXPECT_SPAN(TEXT("abc"), params.mechanism.params.iv);
	}
	EXPECT_NUMBER(ASH_CLI_DONE, READ("aes-gcm", &params, { ASH_CLI_OPT_AAD, "text:head" },
					 { ASH_CLI_OPT_TAG_LENGTH, "12" }, ));
	EXPECT_SPAN(TEXT("head"), params.mechanism.params.aad);
	EXPECT_NUMBER(12, params.mechanism.params.tag_len);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("aes-gcm", &params, { ASH_CLI_OPT_TAG_LENGTH, "17" }, ));
	EXPECT_NUMBER(ASH_CLI_DONE, READ("aes-ctr", &params, { ASH_CLI_OPT_COUNTER_BITS, "32" }, ));
	EXPECT_NUMBER(32, params.mechanism.params.counter_bits);
}

TEST(signatures_have_contexts_and_lengths)
{
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;
	const struct ash_params *got = &params.mechanism.params;

	EXPECT_NUMBER(ASH_CLI_DONE, READ("eddsa", &params, ));
	EXPECT(!got->eddsa_params && !got->prehash);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("eddsa", &params, { ASH_CLI_OPT_CONTEXT, "text:c" }, ));
	EXPECT(got->eddsa_params && !got->prehash && got->context.len == 1);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("eddsa", &params, { ASH_CLI_OPT_PREHASH, "" }, ));
	EXPECT(got->eddsa_params && got->prehash);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("ml-dsa", &params, { ASH_CLI_OPT_DETERMINISTIC, "" },
					 { ASH_CLI_OPT_CONTEXT, "0a" }, ));
	EXPECT(got->deterministic && got->context.len == 1);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("hmac-sha256-general", &params, { ASH_CLI_OPT_TAG_LENGTH, "16" }, ));
	EXPECT_NUMBER(16, got->tag_len);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("hmac-sha256-general", &params, ));
	EXPECT(strstr(fake_err, "CKM_SHA256_HMAC_GENERAL needs --tag-length N") != NULL);
}

TEST(derivations_have_a_kdf_or_salt_and_info)
{
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;
	const struct ash_derivation *got = &params.mechanism.derive;

	EXPECT_NUMBER(ASH_CLI_DONE, READ("ecdh", &params, ));
	EXPECT_NUMBER(CKD_NULL, got->kdf);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("ecdh", &params, { ASH_CLI_OPT_KDF, "x963-sha384" },
					 { ASH_CLI_OPT_SHARED_INFO, "0a0b" }, ));
	EXPECT(got->kdf == CKD_SHA384_KDF && got->shared.len == 2);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("ecdh", &params, { ASH_CLI_OPT_KDF, "concat-sha256" }, ));
	EXPECT_NUMBER(CKD_SHA256_KDF_SP800, got->kdf);
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("ecdh", &params, { ASH_CLI_OPT_KDF, "sha256" }, ));
	EXPECT_NUMBER(ASH_CLI_USAGE, READ("ecdh", &params, { ASH_CLI_OPT_SHARED_INFO, "0a" }, ));
	EXPECT_NUMBER(ASH_CLI_DONE, READ("hkdf", &params, ));
	EXPECT(got->extract && got->expand && got->hash == ASH_HASH_SHA256);
	EXPECT_NUMBER(CKF_HKDF_SALT_NULL, got->salt_type);
	EXPECT_NUMBER(ASH_CLI_DONE, READ("hkdf", &params, { ASH_CLI_OPT_HASH, "sha512" },
					 { ASH_CLI_OPT_SALT, "0a" }, { ASH_CLI_OPT_INFO, "text:i" }, ));
	EXPECT(got->hash == ASH_HASH_SHA512 && got->salt_type == CKF_HKDF_SALT_DATA && got->salt.len == 1);
	EXPECT_SPAN(TEXT("i"), got->info);
}

TEST(what_does_not_go_with_a_mechanism_is_refused)
{
	static const struct {
		const char *mechanism;
		struct option option;
		const char *told;
	} wrong[] = {
		{ "ecdsa-sha256",
		  { ASH_CLI_OPT_SALT_LENGTH, "20" },
		  "--salt-length does not go with CKM_ECDSA_SHA256" },
		{ "ecdsa", { ASH_CLI_OPT_HASH, "sha256" }, "--hash sha256 does not go with CKM_ECDSA" },
		{ "aes-cbc", { ASH_CLI_OPT_AAD, "00" }, "--aad does not go with CKM_AES_CBC" },
		{ "aes-ecb", { ASH_CLI_OPT_IV, "00" }, "--iv does not go with CKM_AES_ECB" },
		{ "rsa-pkcs1", { ASH_CLI_OPT_OAEP_LABEL, "00" }, "--oaep-label does not go with" },
		{ "ml-dsa", { ASH_CLI_OPT_PREHASH, "" }, "--prehash does not go with CKM_ML_DSA" },
		{ "ecdh", { ASH_CLI_OPT_SALT, "00" }, "--salt does not go with CKM_ECDH1_DERIVE" },
		{ "aes-gcm", { ASH_CLI_OPT_IV, "xy" }, "--iv takes bytes" },
		{ "rsa-oaep", { ASH_CLI_OPT_MGF_HASH, "sha" }, "--mgf-hash takes a hash" },
	};
	ASH_AUTO(ash_cli_params) params = ASH_CLI_PARAMS_NONE;

	for (size_t i = 0; i < ASH_COUNT(wrong); i++) {
		EXPECT_NUMBER(ASH_CLI_USAGE, READ(wrong[i].mechanism, &params,
						  { wrong[i].option.id, wrong[i].option.value }, ));
		EXPECT(strstr(fake_err, wrong[i].told) != NULL);
	}
}
