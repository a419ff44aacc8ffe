#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/openssl/bcrypt.h"

#include "unit/test.h"

/* Made with OpenBSD's code, by Go's x/crypto and others: they agree. */
TEST(known_answers)
{
	static const struct {
		const char *passphrase, *salt;
		uint32_t rounds;
		size_t len;
		uint8_t key[64];
	} known[] = {
		{ "password", "salt", 4, 32, { 0x5b, 0xbf, 0x0c, 0xc2, 0x93, 0x58, 0x7f, 0x1c,
					       0x36, 0x35, 0x55, 0x5c, 0x27, 0x79, 0x65, 0x98,
					       0xd4, 0x7e, 0x57, 0x90, 0x71, 0xbf, 0x42, 0x7e,
					       0x9d, 0x8f, 0xbe, 0x84, 0x2a, 0xba, 0x34, 0xd9 } },
		{ "password", "salt", 12, 32, { 0x1a, 0xe4, 0x2c, 0x05, 0xd4, 0x87, 0xbc, 0x02,
						0xf6, 0x49, 0x21, 0xa4, 0xeb, 0xe4, 0xea, 0x93,
						0xbc, 0xac, 0xfe, 0x13, 0x5f, 0xda, 0x99, 0x97,
						0x4c, 0x06, 0xb7, 0xb0, 0x1f, 0xae, 0x14, 0x9a } },
	};

	for (size_t i = 0; i < ASH_COUNT(known); i++) {
		uint8_t key[64];

		EXPECT_OK(ash_bcrypt_pbkdf(ash_span_text(known[i].passphrase), ash_span_text(known[i].salt),
					   known[i].rounds, ash_mut(key, known[i].len)));
		EXPECT_SPAN(ash_span(known[i].key, known[i].len), ash_span(key, known[i].len));
	}
}

/* Two blocks are dealt out in turn: each is the same as in a key of its own length. */
TEST(blocks_are_dealt_out)
{
	uint8_t one[32], two[64];

	EXPECT_OK(ash_bcrypt_pbkdf(TEXT("password"), TEXT("salt"), 1, ash_mut(one, sizeof(one))));
	EXPECT_OK(ash_bcrypt_pbkdf(TEXT("password"), TEXT("salt"), 1, ash_mut(two, sizeof(two))));
	for (size_t i = 0; i < sizeof(one); i++)
		EXPECT_NUMBER(one[i], two[2 * i]);
}

TEST(what_makes_no_sense_is_refused)
{
	static uint8_t key[2000];

	EXPECT_CODE(ASH_E_ARGUMENT, ash_bcrypt_pbkdf(TEXT(""), TEXT("salt"), 1, ash_mut(key, 32)));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_bcrypt_pbkdf(TEXT("p"), TEXT(""), 1, ash_mut(key, 32)));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_bcrypt_pbkdf(TEXT("p"), TEXT("salt"), 0, ash_mut(key, 32)));
	EXPECT_CODE(ASH_E_ARGUMENT,
		    ash_bcrypt_pbkdf(TEXT("p"), TEXT("salt"), ASH_BCRYPT_ROUNDS_MAX + 1, ash_mut(key, 32)));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_bcrypt_pbkdf(TEXT("p"), TEXT("salt"), 1, ash_mut(key, 0)));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_bcrypt_pbkdf(TEXT("p"), TEXT("salt"), 1, ash_mut(key, 1025)));
}
