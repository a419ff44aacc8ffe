#include "unit/app/cli/fake.h"

#include "app/cli/key/keyid.h"

TEST(the_bits_of_a_public_key_are_found)
{
	/* The Ed25519 public key of RFC 8410 §10.1. */
	static const uint8_t spki[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
					0x00, 0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41,
					0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30,
					0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1 };
	struct ash_span bits = ASH_SPAN_NONE;

	EXPECT_OK(ash_cli_keyid_bits(SPAN(spki), &bits));
	EXPECT_SPAN(ash_span(spki + 12, 32), bits);
	/* Cut anywhere it is refused, and nothing is read past its end. */
	for (size_t len = 0; len < sizeof(spki); len++) {
		uint8_t *part = malloc(len + 1);

		memcpy(part, spki, len);
		EXPECT_CODE(ASH_E_FORMAT, ash_cli_keyid_bits(ash_span(part, len), &bits));
		free(part);
	}
}

TEST(long_lengths_are_read)
{
	uint8_t spki[0x100 + 13] = { 0x30, 0x82, 0x01, 0x09, 0x30, 0x00, 0x03, 0x82, 0x01, 0x03, 0x00, 0x55 };
	struct ash_span bits = ASH_SPAN_NONE;

	EXPECT_OK(ash_cli_keyid_bits(SPAN(spki), &bits));
	EXPECT_NUMBER(0x102, bits.len);
	EXPECT_NUMBER(0x55, bits.data[0]);
}

TEST(what_is_no_public_key_is_refused)
{
	struct ash_span bits = ASH_SPAN_NONE;

	EXPECT_CODE(ASH_E_FORMAT, ash_cli_keyid_bits(TEXT("\x31\x05\x30\x00\x03\x01\x00"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_keyid_bits(TEXT("\x30\x05\x30\x00\x04\x01\x00"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_keyid_bits(TEXT("\x30\x05\x30\x00\x03\x01\x07"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_keyid_bits(TEXT("\x30\x05\x30\x00\x03\x01\x00x"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_keyid_bits(TEXT("\x30\x80\x30\x00\x03\x01\x00"), &bits));
	EXPECT_CODE(ASH_E_FORMAT,
		    ash_cli_keyid_bits(TEXT("\x30\x84\x00\x00\x00\x05\x30\x00\x03\x01\x00"), &bits));
}

TEST(both_halves_get_20_bytes_of_the_digest)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	static const uint8_t spki[] = { 0x30, 0x06, 0x30, 0x00, 0x03, 0x02, 0x00, 0x50 };

	hsm.objects[0].used = hsm.objects[1].used = hsm.session_open = true;
	fake_set(&hsm.objects[0], CKA_PUBLIC_KEY_INFO, SPAN(spki));
	EXPECT_OK(ash_cli_keyid_set(&cli, 7, 1, 2));
	for (size_t i = 0; i < 2; i++) {
		struct fake_attr *id = fake_attr(&hsm.objects[i], CKA_ID);

		EXPECT(id != NULL && id->len == 20 && id->value[0] == 0x50 && id->value[19] == 0x63);
	}
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, ash_cli_keyid_set(&cli, 7, 2, 1));
	fake_close(&cli);
}

TEST(a_random_id)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;

	EXPECT_OK(ash_cli_keyid_random(&cli, 7, &id));
	EXPECT_NUMBER(20, id.len);
	EXPECT_NUMBER(0xa0, id.data[0]);
	fake_close(&cli);
}
