#include "unit/app/cli/fake.h"

#include "app/cli/use/peer.h"

/* An RSA key with the modulus 0x80…01 and the exponent 65537, as short as the form allows. */
static const uint8_t rsa_der[] = {
	0x30, 0x1f, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00,
	0x03, 0x0e, 0x00, 0x30, 0x0b, 0x02, 0x04, 0x00, 0x80, 0x00, 0x01, 0x02, 0x03, 0x01, 0x00, 0x01,
};
/* An ML-KEM-768 key that is too short for one, which is the token's business. */
static const uint8_t kem_der[] = {
	0x30, 0x12, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	0x65, 0x03, 0x04, 0x04, 0x02, 0x03, 0x03, 0x00, 0x0a, 0x0b,
};

static const struct ash_cli_use_need to_wrap = { "wrap", ASH_CLI_PUBLIC | ASH_CLI_SECRET };

static enum ash_cli_exit load(struct ash_hsm *hsm, const char *with, const char *path, uint64_t usage,
			      struct ash_cli_use_key *key)
{
	static const struct ash_cli_command command = { .name = "wrap" };
	struct ash_cli cli = fake_cli(hsm);
	ASH_AUTO(ash_cli_use) use = ASH_CLI_USE_NONE;

	use.cli = &cli;
	use.session = 7;
	hsm->session_open = hsm->user = true;
	cli.command = &command;
	cli.values[ASH_CLI_OPT_WITH] = with;
	cli.values[ASH_CLI_OPT_PEER] = path;
	ash_cli_use_key_done(key);
	ash_ignore(ash_cli_peer_or_with(&use, &to_wrap, usage, key));
	fake_close(&cli);
	return cli.exit;
}

TEST(a_public_key_from_a_file_is_a_key_of_the_session)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_use_key) key = ASH_CLI_USE_KEY_NONE;
	const char *rsa = fake_write("rsa", SPAN(rsa_der));
	const char *kem = fake_write("kem", SPAN(kem_der));

	EXPECT_NUMBER(ASH_CLI_DONE, load(&hsm, NULL, rsa, CKA_WRAP, &key));
	EXPECT(key.key.handle == 1 && key.key.key_type == CKK_RSA && key.modulus_len == 3);
	EXPECT_SPAN(TEXT("\x01\0\x01"), ash_span(fake_attr(&hsm.objects[0], CKA_PUBLIC_EXPONENT)->value, 3));
	EXPECT_NUMBER(0, fake_attr(&hsm.objects[0], CKA_TOKEN)->value[0]);
	EXPECT_NUMBER(1, fake_attr(&hsm.objects[0], CKA_WRAP)->value[0]);
	EXPECT_NUMBER(ASH_CLI_DONE, load(&hsm, NULL, kem, CKA_ENCAPSULATE, &key));
	EXPECT(key.key.handle == 2 && key.key.key_type == CKK_ML_KEM);
	EXPECT_NUMBER(CKP_ML_KEM_768, fake_attr(&hsm.objects[1], CKA_PARAMETER_SET)->value[7]);
	EXPECT_SPAN(TEXT("\x0a\x0b"), ash_span(fake_attr(&hsm.objects[1], CKA_VALUE)->value, 2));
	fake_clean();
}

TEST(with_or_peer_says_which_key)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_use_key) key = ASH_CLI_USE_KEY_NONE;

	FAKE_PUT(&hsm, CKO_SECRET_KEY, CKK_AES, "kek", CKA_WRAP);
	EXPECT_NUMBER(ASH_CLI_DONE, load(&hsm, "label:kek", NULL, CKA_WRAP, &key));
	EXPECT_NUMBER(1, key.key.handle);
	EXPECT_NUMBER(ASH_CLI_USAGE, load(&hsm, "label:kek", "x", CKA_WRAP, &key));
	EXPECT_NUMBER(ASH_CLI_USAGE, load(&hsm, NULL, NULL, CKA_WRAP, &key));
	EXPECT(strstr(fake_err, "`ashlar wrap` needs a key: --with KEY of the token, or --peer FILE") !=
	       NULL);
}

TEST(what_is_no_such_key_is_refused)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_cli_use_key) key = ASH_CLI_USE_KEY_NONE;
	uint8_t broken[sizeof(rsa_der)];

	EXPECT_NUMBER(ASH_CLI_FAILED, load(&hsm, NULL, fake_write("kem", SPAN(kem_der)), CKA_WRAP, &key));
	EXPECT(strstr(fake_err, "holds no public key of type RSA") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED,
		      load(&hsm, NULL, fake_write("bare", TEXT("bare")), CKA_ENCAPSULATE, &key));
	EXPECT(strstr(fake_err, "holds no public key of type ML-KEM") != NULL);
	EXPECT_NUMBER(ASH_CLI_FAILED, load(&hsm, NULL, "/no/such/file", CKA_WRAP, &key));
	memcpy(broken, rsa_der, sizeof(broken));
	broken[22] = 0x04;
	EXPECT_NUMBER(ASH_CLI_FAILED, load(&hsm, NULL, fake_write("broken", SPAN(broken)), CKA_WRAP, &key));
	EXPECT(strstr(fake_err, "broken is damaged") != NULL);
	hsm.fails = "create_object";
	hsm.code = ASH_E_ATTRIBUTE_VALUE;
	EXPECT_NUMBER(ASH_CLI_FAILED, load(&hsm, NULL, fake_write("rsa", SPAN(rsa_der)), CKA_WRAP, &key));
	EXPECT(strstr(fake_err, "can't use the public key in") != NULL);
	for (size_t i = 0; i < FAKE_OBJECTS; i++)
		EXPECT(!hsm.objects[i].used);
	fake_clean();
}
