#include "unit/app/cli/fake.h"

#include "app/cli/use/stream.h"

#define BIG 200000u /* more than three pieces */

/* A stream over a file, with the fake's key 1. */
struct setting {
	struct ash_hsm hsm;
	struct ash_cli cli;
	struct ash_cli_use use;
	struct ash_cli_use_key key;
	struct ash_cli_source source;
	struct ash_cli_sink sink;
	struct ash_mechanism mechanism;
	struct ash_cli_stream stream;
};

static void setting_open(struct setting *setting, uint64_t mechanism, enum ash_op op, struct ash_span data)
{
	static const struct ash_hsm new_hsm = FAKE_HSM;

	memset(setting, 0, sizeof(*setting));
	setting->hsm = new_hsm;
	FAKE_PUT(&setting->hsm, CKO_SECRET_KEY, CKK_AES, "k", CKA_ENCRYPT);
	setting->hsm.session_open = setting->hsm.user = true;
	setting->cli = fake_cli(&setting->hsm);
	setting->cli.values[ASH_CLI_OPT_OUTPUT] = fake_path("out");
	setting->use = (struct ash_cli_use){ .cli = &setting->cli, .session = 7 };
	setting->key.key.handle = 1;
	setting->mechanism.type = mechanism;
	EXPECT_OK(ash_cli_source_open(&setting->cli, fake_write("in", data), &setting->source));
	EXPECT_OK(ash_cli_sink_open(&setting->cli, true, false, &setting->sink));
	setting->stream = (struct ash_cli_stream){
		.use = &setting->use,
		.key = op == ASH_OP_DIGEST ? NULL : &setting->key,
		.row = ash_mechanism_find(mechanism),
		.mechanism = &setting->mechanism,
		.op = op,
		.source = &setting->source,
	};
}

static void setting_close(struct setting *setting)
{
	ash_cli_sink_done(&setting->sink);
	ash_cli_source_close(&setting->source);
	fake_close(&setting->cli);
	fake_clean();
}

static struct ash_span big_data(void)
{
	static uint8_t data[BIG];

	for (size_t i = 0; i < BIG; i++)
		data[i] = (uint8_t)(i * 7);
	return ash_span(data, BIG);
}

static void expect_crypted(struct setting *setting, struct ash_span data)
{
	struct ash_span got;

	EXPECT_OK(ash_cli_stream_crypt(&setting->stream, &setting->sink));
	EXPECT_OK(ash_cli_sink_commit(&setting->sink));
	got = fake_read(setting->cli.values[ASH_CLI_OPT_OUTPUT]);
	EXPECT_NUMBER(data.len, got.len);
	for (size_t i = 0; i < data.len; i++)
		EXPECT(got.data[i] == (data.data[i] ^ 0x5a));
}

TEST(long_data_passes_in_parts)
{
	struct setting setting;

	setting_open(&setting, CKM_AES_GCM, ASH_OP_ENCRYPT, big_data());
	expect_crypted(&setting, big_data());
	EXPECT_NUMBER(4, fake_updates);
	setting_close(&setting);
	setting_open(&setting, CKM_AES_GCM, ASH_OP_ENCRYPT, ASH_SPAN_NONE);
	expect_crypted(&setting, ASH_SPAN_NONE);
	setting_close(&setting);
}

TEST(what_has_no_parts_passes_whole)
{
	struct setting setting;

	setting_open(&setting, CKM_RSA_PKCS_OAEP, ASH_OP_ENCRYPT, TEXT("secret"));
	expect_crypted(&setting, TEXT("secret"));
	EXPECT_NUMBER(0, fake_updates);
	setting_close(&setting);
}

TEST(ccm_is_told_how_long_the_data_is)
{
	struct setting setting;

	setting_open(&setting, CKM_AES_CCM, ASH_OP_ENCRYPT, big_data());
	setting.mechanism.params.tag_len = 16;
	expect_crypted(&setting, big_data());
	EXPECT_NUMBER(BIG, fake_mechanism.params.data_len);
	setting_close(&setting);
	setting_open(&setting, CKM_AES_CCM, ASH_OP_DECRYPT, big_data());
	setting.mechanism.params.tag_len = 16;
	expect_crypted(&setting, big_data());
	EXPECT_NUMBER(BIG - 16, fake_mechanism.params.data_len);
	setting_close(&setting);
}

TEST(sums_and_checks_see_all_of_it)
{
	static const uint64_t mechanisms[] = { CKM_ECDSA_SHA256, CKM_ECDSA };
	struct setting setting;

	for (size_t i = 0; i < ASH_COUNT(mechanisms); i++) {
		ASH_AUTO(ash_buf) signature = ASH_BUF_PLAIN;
		bool valid = false;

		setting_open(&setting, mechanisms[i], ASH_OP_SIGN, big_data());
		EXPECT_OK(ash_cli_stream_sum(&setting.stream, &signature));
		EXPECT_NUMBER(64, signature.len);
		setting_close(&setting);
		setting_open(&setting, mechanisms[i], ASH_OP_VERIFY, big_data());
		EXPECT_OK(ash_cli_stream_verify(&setting.stream, ash_buf_span(&signature), &valid));
		EXPECT(valid);
		setting_close(&setting);
		signature.data[5] ^= 1;
		setting_open(&setting, mechanisms[i], ASH_OP_VERIFY, big_data());
		EXPECT_OK(ash_cli_stream_verify(&setting.stream, ash_buf_span(&signature), &valid));
		EXPECT(!valid);
		setting_close(&setting);
		setting_open(&setting, mechanisms[i], ASH_OP_VERIFY, big_data());
		valid = true;
		EXPECT_OK(ash_cli_stream_verify(&setting.stream, TEXT("short"), &valid));
		EXPECT(!valid);
		setting_close(&setting);
	}
}

TEST(a_digest_needs_no_key)
{
	ASH_AUTO(ash_buf) digest = ASH_BUF_PLAIN;
	struct setting setting;

	setting_open(&setting, CKM_SHA256, ASH_OP_DIGEST, TEXT("\x01\x02"));
	EXPECT_OK(ash_cli_stream_sum(&setting.stream, &digest));
	EXPECT_NUMBER(32, digest.len);
	EXPECT_NUMBER(3, digest.data[0]);
	setting_close(&setting);
}

TEST(a_failure_says_what_was_done_and_with_what)
{
	static const struct {
		const char *function;
		enum ash_code code;
		const char *told;
	} failures[] = {
		{ "op_init", ASH_E_KEY_USAGE, "ashlar key list" },
		{ "op_init", ASH_E_MECHANISM_PARAM, "have --iv, --tag-length and the like" },
		{ "op_update", ASH_E_LIMIT, "limits.multipart" },
		{ "op_final", ASH_E_AUTHENTICATION, "the data was changed" },
		{ "op_final", ASH_E_IO, "can't decrypt" },
	};
	struct setting setting;

	for (size_t i = 0; i < ASH_COUNT(failures); i++) {
		setting_open(&setting, CKM_AES_GCM, ASH_OP_DECRYPT, TEXT("secret"));
		setting.hsm.fails = failures[i].function;
		setting.hsm.code = failures[i].code;
		EXPECT_CODE(failures[i].code, ash_cli_stream_crypt(&setting.stream, &setting.sink));
		EXPECT(setting.cli.exit != ASH_CLI_DONE);
		setting_close(&setting);
		EXPECT(strstr(fake_err, "can't decrypt /tmp/") != NULL);
		EXPECT(strstr(fake_err, "with CKM_AES_GCM") != NULL);
		EXPECT(strstr(fake_err, failures[i].told) != NULL);
	}
}

TEST(what_could_not_be_decrypted_again_is_not_encrypted)
{
	struct setting setting;

	setting_open(&setting, CKM_AES_GCM, ASH_OP_ENCRYPT, TEXT("secret"));
	EXPECT(truncate(fake_path("in"), (64 << 20) + 1) == 0);
	setting.source.size = 0; /* nobody knows before */
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_stream_crypt(&setting.stream, &setting.sink));
	EXPECT_NUMBER(ASH_CLI_FAILED, setting.cli.exit);
	setting_close(&setting);
	EXPECT(strstr(fake_err, "more than 67108864 bytes can't be decrypted again") != NULL);
	setting_open(&setting, CKM_AES_GCM, ASH_OP_ENCRYPT, TEXT("secret"));
	setting.source.size = (64 << 20) + 1;
	EXPECT_CODE(ASH_E_ARGUMENT, ash_cli_stream_crypt(&setting.stream, &setting.sink));
	EXPECT_NUMBER(0, setting.sink.bytes);
	setting_close(&setting);
	EXPECT(strstr(fake_err, "--mechanism aes-ctr") != NULL);
}

TEST(no_memory_no_result)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	struct setting setting;

	setting_open(&setting, CKM_ECDSA, ASH_OP_SIGN, TEXT("digest"));
	FAIL_EVERY_ALLOCATION(out.len == 0, ash_cli_stream_sum(&setting.stream, &out));
	setting_close(&setting);
}
