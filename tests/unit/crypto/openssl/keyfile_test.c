#include "crypto/openssl/keyfile.h"

#include <openssl/evp.h>

#include "unit/key_samples.h"
#include "unit/test.h"
#include "util/secret.h"

/* The bytes of a PEM block; its headers are left out. */
static void decode(const char *pem, struct ash_buf *out)
{
	char text[4096] = "";
	const char *at = strchr(pem, '\n') + 1;
	struct ash_mut room;
	int len, pads = 0;

	if (strstr(at, "\n\n") != NULL)
		at = strstr(at, "\n\n") + 2;
	for (; *at != '-'; at++) {
		if (*at != '\n')
			text[strlen(text)] = *at;
	}
	for (size_t i = strlen(text); text[i - 1] == '='; i--)
		pads++;
	EXPECT_OK(ash_buf_extend(out, sizeof(text), &room));
	len = EVP_DecodeBlock(room.data, (const uint8_t *)text, (int)strlen(text));
	EXPECT(len > 0);
	out->len -= sizeof(text) - (size_t)(len - pads);
}

#define DECODE(name, pem)                        \
	ASH_AUTO(ash_buf) name = ASH_BUF_SECRET; \
	decode(pem, &name)

TEST(pkcs8_is_opened_whatever_closed_it)
{
	static const char *const samples[] = { sample_pbes2, sample_scrypt, sample_pbe_3des,
					       sample_pbe_md5_des };

	DECODE(want, sample_p8);
	for (size_t i = 0; i < ASH_COUNT(samples); i++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

		DECODE(closed, samples[i]);
		EXPECT_OK(ash_keyfile_pkcs8_open(ash_buf_span(&closed), TEXT("secret"), &out));
		EXPECT_SPAN(ash_buf_span(&want), ash_buf_span(&out));
		EXPECT_CODE(ASH_E_PIN_INCORRECT,
			    ash_keyfile_pkcs8_open(ash_buf_span(&closed), TEXT("Secret"), &out));
		EXPECT_CODE(ASH_E_PIN_INCORRECT,
			    ash_keyfile_pkcs8_open(ash_buf_span(&closed), TEXT(""), &out));
		EXPECT_NUMBER(want.len, out.len);
		EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_pkcs8_open(ash_span(closed.data, closed.len - 1),
								 TEXT("secret"), &out));
	}
}

TEST(an_unknown_scheme_is_no_wrong_passphrase)
{
	/* SEQUENCE { SEQUENCE { 1.2.840.113549.1.5.99 }, OCTET STRING } */
	static const uint8_t unknown[] = { 0x30, 0x11, 0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
					   0xf7, 0x0d, 0x01, 0x05, 0x63, 0x04, 0x02, 0x00, 0x00 };
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_keyfile_pkcs8_open(SPAN(unknown), TEXT("secret"), &out));
	EXPECT(strstr(ash_status_explanation(), "not supported") != NULL);
}

TEST(older_forms_become_pkcs8)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	DECODE(want, sample_p8);
	DECODE(sec1, sample_sec1);
	DECODE(compressed, sample_sec1_compressed);
	DECODE(rsa, sample_rsa);
	DECODE(rsa_want, sample_rsa_p8);
	EXPECT_OK(ash_keyfile_ec_to_pkcs8(ash_buf_span(&sec1), &out));
	EXPECT_SPAN(ash_buf_span(&want), ash_buf_span(&out));
	ash_buf_reset(&out);
	EXPECT_OK(ash_keyfile_ec_to_pkcs8(ash_buf_span(&compressed), &out));
	EXPECT_SPAN(ash_buf_span(&want), ash_buf_span(&out));
	ash_buf_reset(&out);
	EXPECT_OK(ash_keyfile_rsa_to_pkcs8(ash_buf_span(&rsa), &out));
	EXPECT_SPAN(ash_buf_span(&rsa_want), ash_buf_span(&out));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_rsa_to_pkcs8(ash_buf_span(&sec1), &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_ec_to_pkcs8(ash_span(sec1.data, sec1.len - 1), &out));
	EXPECT_NUMBER(rsa_want.len, out.len);
}

TEST(pem_of_old_is_opened)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) iv = ASH_BUF_PLAIN;
	const char *info = strstr(sample_rsa_closed, "DES-EDE3-CBC,") + strlen("DES-EDE3-CBC,");

	DECODE(want, sample_rsa);
	DECODE(closed, sample_rsa_closed);
	for (size_t i = 0; i < 8; i++) {
		const char digits[3] = { info[2 * i], info[2 * i + 1], '\0' };
		const uint8_t byte = (uint8_t)strtoul(digits, NULL, 16);

		EXPECT_OK(ash_buf_add(&iv, ash_span(&byte, 1)));
	}
	EXPECT_OK(ash_keyfile_pem_open("DES-EDE3-CBC", ash_buf_span(&iv), TEXT("secret"),
				       ash_buf_span(&closed), &out));
	EXPECT_SPAN(ash_buf_span(&want), ash_buf_span(&out));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_keyfile_pem_open("DES-EDE3-CBC", ash_buf_span(&iv),
							      TEXT("other"), ash_buf_span(&closed), &out));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_keyfile_pem_open("NO-SUCH-CBC", ash_buf_span(&iv), TEXT("secret"),
							    ash_buf_span(&closed), &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_pem_open("AES-256-CBC", ash_buf_span(&iv), TEXT("secret"),
						       ash_buf_span(&closed), &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_pem_open("AES-256-GCM", ash_buf_span(&iv), TEXT("secret"),
						       ash_buf_span(&closed), &out));
	EXPECT_NUMBER(want.len, out.len);
}

/* NIST SP 800-38A, F.2.1: the first block, without padding and as if it were padded. */
TEST(ciphers_and_hashes)
{
	static const uint8_t key[] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				       0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
	static const uint8_t iv[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
	static const uint8_t closed[] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
					  0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d };
	static const uint8_t open[] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
					0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
	static const uint8_t abc[] = { 0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40,
				       0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17,
				       0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad };
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
	uint8_t digest[32];

	EXPECT_OK(ash_keyfile_decrypt("AES-128-CBC", SPAN(key), SPAN(iv), false, SPAN(closed), &out));
	EXPECT_SPAN(SPAN(open), ash_buf_span(&out));
	EXPECT_CODE(ASH_E_PIN_INCORRECT,
		    ash_keyfile_decrypt("AES-128-CBC", SPAN(key), SPAN(iv), true, SPAN(closed), &out));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_decrypt("AES-128-CBC", SPAN(key), SPAN(iv), true,
						      ash_span(closed, 15), &out));
	EXPECT_CODE(ASH_E_FORMAT,
		    ash_keyfile_decrypt("AES-256-CBC", SPAN(key), SPAN(iv), true, SPAN(closed), &out));
	EXPECT_NUMBER(sizeof(open), out.len);
	EXPECT_OK(ash_keyfile_hash("SHA256", TEXT("a"), TEXT("bc"), ash_mut(digest, sizeof(digest))));
	EXPECT_SPAN(SPAN(abc), SPAN(digest));
}

TEST(exponents_are_reduced)
{
	static const uint8_t exponent[] = { 0x01, 0x00, 0x01 }; /* 65537 mod 10 is 7 */
	static const uint8_t prime[] = { 0x00, 0x0b };
	static const uint8_t want[] = { 0x00, 0x07 };
	static const uint8_t none[] = { 0x01 };
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	EXPECT_OK(ash_keyfile_crt_exponent(SPAN(exponent), SPAN(prime), &out));
	EXPECT_SPAN(SPAN(want), ash_buf_span(&out));
	EXPECT_CODE(ASH_E_FORMAT, ash_keyfile_crt_exponent(SPAN(exponent), SPAN(none), &out));
}

TEST(algorithms_are_named)
{
	DECODE(key, sample_p8);
	EXPECT_TEXT("id-ecPublicKey", ash_keyfile_algorithm(ash_buf_span(&key)));
	EXPECT_TEXT("", ash_keyfile_algorithm(TEXT("no key")));
}

/* A file of one key and two certificates, with memory running out in turn at each place. */
TEST(memory_may_run_out)
{
	for (int64_t n = 0; n < 400; n += 7) {
		ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
		struct ash_status status;

		DECODE(closed, sample_pbes2);
		ash_mem_fail_after(n);
		status = ash_keyfile_pkcs8_open(ash_buf_span(&closed), TEXT("secret"), &out);
		ash_mem_fail_after(-1);
		EXPECT(ash_is_ok(status) || status.code == ASH_E_MEMORY);
		EXPECT((out.len != 0) == ash_is_ok(status));
	}
}
