#include "token/keyid.h"

#include "unit/token/fixture.h"

/* The Ed25519 public key of RFC 8410 §10.1. */
static const uint8_t ed25519[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21,
				   0x00, 0x19, 0xbf, 0x44, 0x09, 0x69, 0x84, 0xcd, 0xfe, 0x85, 0x41,
				   0xba, 0xc1, 0x67, 0xdc, 0x3b, 0x96, 0xc8, 0x50, 0x86, 0xaa, 0x30,
				   0xb6, 0xb6, 0xcb, 0x0c, 0x5c, 0x38, 0xad, 0x70, 0x31, 0x66, 0xe1 };

TEST(the_bits_of_a_public_key_are_found)
{
	struct ash_span bits = ASH_SPAN_NONE;

	EXPECT_OK(ash_keyid_bits(SPAN(ed25519), &bits));
	EXPECT_SPAN(ash_span(ed25519 + 12, 32), bits);
	/* Cut anywhere it is refused, and nothing is read past its end. */
	for (size_t len = 0; len < sizeof(ed25519); len++) {
		uint8_t *part = malloc(len + 1);

		memcpy(part, ed25519, len);
		EXPECT_CODE(ASH_E_FORMAT, ash_keyid_bits(ash_span(part, len), &bits));
		free(part);
	}
}

TEST(long_lengths_are_read)
{
	uint8_t info[0x100 + 13] = { 0x30, 0x82, 0x01, 0x09, 0x30, 0x00, 0x03, 0x82, 0x01, 0x03, 0x00, 0x55 };
	struct ash_span bits = ASH_SPAN_NONE;

	EXPECT_OK(ash_keyid_bits(SPAN(info), &bits));
	EXPECT_NUMBER(0x102, bits.len);
	EXPECT_NUMBER(0x55, bits.data[0]);
}

TEST(what_is_no_public_key_is_refused)
{
	struct ash_span bits = ASH_SPAN_NONE;

	EXPECT_CODE(ASH_E_FORMAT, ash_keyid_bits(TEXT("\x31\x05\x30\x00\x03\x01\x00"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyid_bits(TEXT("\x30\x05\x30\x00\x04\x01\x00"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyid_bits(TEXT("\x30\x05\x30\x00\x03\x01\x07"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyid_bits(TEXT("\x30\x05\x30\x00\x03\x01\x00x"), &bits));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyid_bits(TEXT("\x30\x80\x30\x00\x03\x01\x00"), &bits));
	EXPECT_CODE(ASH_E_FORMAT,
		    ash_keyid_bits(TEXT("\x30\x84\x00\x00\x00\x05\x30\x00\x03\x01\x00"), &bits));
	EXPECT(bits.data == NULL);
}

TEST(the_id_is_the_sha_1_of_the_bits)
{
	/* As `openssl x509` shows the subject key identifier of a certificate for that key. */
	static const uint8_t want[ASH_KEYID_LEN] = { 0xa2, 0x8c, 0xc1, 0xf8, 0x6e, 0x59, 0x60,
						     0xd3, 0xe0, 0x3a, 0xe7, 0x5c, 0x96, 0x2c,
						     0x97, 0xa8, 0xd4, 0x48, 0x29, 0x3c };
	uint8_t id[ASH_KEYID_LEN] = { 0 };
	struct ash_crypto *crypto = NULL;

	EXPECT_OK(fixture_open_crypto(NULL, &crypto));
	EXPECT_OK(ash_keyid_make(crypto, SPAN(ed25519), id));
	EXPECT_SPAN(SPAN(want), SPAN(id));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyid_make(crypto, ASH_SPAN_NONE, id));
	ash_crypto_close(crypto);
}
