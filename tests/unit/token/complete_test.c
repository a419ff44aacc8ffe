#include "token/complete.h"

#include "token/pkcs8.h"
#include "unit/token/fixture.h"
#include "unit/token/pkcs8_keys.h"

static struct ash_crypto *crypto;

static void set_up(void)
{
	if (crypto == NULL)
		EXPECT_OK(fixture_open_crypto(NULL, &crypto));
}

__attribute__((destructor)) static void tear_down(void)
{
	ash_crypto_close(crypto);
}

#define ZEROES BYTES(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
#define AES                                                                       \
	{ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }, \
	{                                                                         \
		CKA_VALUE, ZEROES                                                 \
	}

TEST(an_aes_key_gets_its_length_and_check_value)
{
	set_up();
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS(AES));

	EXPECT_OK(ash_complete_import(crypto, attrs));
	EXPECT_NUMBER(16, ash_attrs_number(attrs, CKA_VALUE_LEN, 0));
	/* AES-128 of a zero block under a zero key: FIPS 197, known to all (66e94bd4…). */
	EXPECT_SPAN(BYTES(0x66, 0xe9, 0x4b), value_of(attrs, CKA_CHECK_VALUE));
}

TEST(a_given_check_value_is_right_or_empty)
{
	set_up();
	ASH_AUTO(ash_attrs) *right = set_of(ATTRS(AES, { CKA_CHECK_VALUE, BYTES(0x66, 0xe9, 0x4b) }));
	ASH_AUTO(ash_attrs) *wrong = set_of(ATTRS(AES, { CKA_CHECK_VALUE, BYTES(0x66, 0xe9, 0x4c) }));
	ASH_AUTO(ash_attrs) *empty = set_of(ATTRS(AES, { CKA_CHECK_VALUE, EMPTY }));

	EXPECT_OK(ash_complete_import(crypto, right));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_complete_import(crypto, wrong));
	EXPECT_OK(ash_complete_import(crypto, empty));
	EXPECT_NUMBER(0, value_of(empty, CKA_CHECK_VALUE).len);
}

/* SHA-1 of "abc" is a9993e36…: FIPS 180-4's example. */
TEST(other_secrets_and_certificates_have_their_sha_1_as_check_value)
{
	static const uint64_t types[] = { CKK_GENERIC_SECRET, CKK_SHA256_HMAC, CKK_HKDF };

	set_up();
	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		ASH_AUTO(ash_attrs) *secret =
			set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
				     { CKA_KEY_TYPE, NUMBER(types[i]) }, { CKA_VALUE, TEXT("abc") }));

		EXPECT_OK(ash_complete_import(crypto, secret));
		EXPECT_SPAN(BYTES(0xa9, 0x99, 0x3e), value_of(secret, CKA_CHECK_VALUE));
	}

	ASH_AUTO(ash_attrs) *certificate =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_CERTIFICATE) }, { CKA_VALUE, TEXT("abc") }));
	ASH_AUTO(ash_attrs) *wrong = set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_CERTIFICATE) },
						  { CKA_VALUE, TEXT("abc") }, { CKA_CHECK_VALUE, BYTES(1) }));
	ASH_AUTO(ash_attrs) *elsewhere =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_CERTIFICATE) }, { CKA_VALUE, EMPTY }));

	EXPECT_OK(ash_complete_import(crypto, certificate));
	EXPECT_SPAN(BYTES(0xa9, 0x99, 0x3e), value_of(certificate, CKA_CHECK_VALUE));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_complete_import(crypto, wrong));
	EXPECT_OK(ash_complete_import(crypto, elsewhere));
	EXPECT(!ash_attrs_has(elsewhere, CKA_CHECK_VALUE));
}

TEST(what_is_no_key_stays_as_it_is)
{
	set_up();
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_VALUE, TEXT("x") }));

	EXPECT_OK(ash_complete_import(crypto, attrs));
	EXPECT_NUMBER(2, ash_attrs_count(attrs));
}

TEST(domain_parameters_name_a_curve_of_ours)
{
	set_up();
	ASH_AUTO(ash_attrs) *p256 = set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DOMAIN_PARAMETERS) },
						 { CKA_KEY_TYPE, NUMBER(CKK_EC) }, { CKA_EC_PARAMS, P256 }));
	ASH_AUTO(ash_attrs) *other =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DOMAIN_PARAMETERS) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
			     { CKA_EC_PARAMS, BYTES(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x1f) }));

	EXPECT_OK(ash_complete_import(crypto, p256));
	EXPECT_NUMBER(3, ash_attrs_count(p256));
	EXPECT_CODE(ASH_E_CURVE, ash_complete_import(crypto, other));
}

TEST(keys_that_lack_something_or_are_none_are_refused)
{
	set_up();
	ASH_AUTO(ash_attrs) *no_value =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }));
	ASH_AUTO(ash_attrs) *odd =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			     { CKA_VALUE, TEXT("short") }));
	ASH_AUTO(ash_attrs) *scalar =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
			     { CKA_EC_PARAMS, P256 }, { CKA_VALUE, BYTES(0) }));

	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, ash_complete_import(crypto, no_value));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_complete_import(crypto, odd));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_complete_import(crypto, scalar));
}

TEST(a_private_key_gets_the_public_key_info_that_belongs_to_it)
{
	set_up();
	ASH_AUTO(ash_attrs) *attrs =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
			     { CKA_EC_PARAMS, P256 }, { CKA_VALUE, BYTES(1) }));
	/* of the scalar 1: the generator of P-256, SEC 2 */
	static const uint8_t generator_x[] = { 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47 };
	struct ash_span info;

	EXPECT_OK(ash_complete_import(crypto, attrs));
	info = value_of(attrs, CKA_PUBLIC_KEY_INFO);
	EXPECT_NUMBER(91, info.len);
	EXPECT_SPAN(SPAN(generator_x), ash_span(info.data + 27, 8));
	EXPECT_NUMBER(32, value_of(attrs, CKA_VALUE).len);
}

/* PKCS#8 from elsewhere: the back end finds the public key that belongs to it, as others do. */
TEST(keys_of_every_curve_come_in)
{
	static const struct {
		uint64_t key_type;
		struct ash_span key, info;
	} row[] = {
		{ CKK_EC, { p224_key, sizeof(p224_key) }, { p224_info, sizeof(p224_info) } },
		{ CKK_EC, { p256_key, sizeof(p256_key) }, { p256_info, sizeof(p256_info) } },
		{ CKK_EC, { p384_key, sizeof(p384_key) }, { p384_info, sizeof(p384_info) } },
		{ CKK_EC, { p521_key, sizeof(p521_key) }, { p521_info, sizeof(p521_info) } },
		{ CKK_EC,
		  { secp256k1_key, sizeof(secp256k1_key) },
		  { secp256k1_info, sizeof(secp256k1_info) } },
		{ CKK_EC_EDWARDS,
		  { ed25519_key, sizeof(ed25519_key) },
		  { ed25519_info, sizeof(ed25519_info) } },
		{ CKK_EC_EDWARDS, { ed448_key, sizeof(ed448_key) }, { ed448_info, sizeof(ed448_info) } },
		{ CKK_EC_MONTGOMERY,
		  { x25519_key, sizeof(x25519_key) },
		  { x25519_info, sizeof(x25519_info) } },
		{ CKK_EC_MONTGOMERY, { x448_key, sizeof(x448_key) }, { x448_info, sizeof(x448_info) } },
	};

	set_up();
	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) },
							  { CKA_KEY_TYPE, NUMBER(row[i].key_type) }));

		EXPECT_OK(ash_pkcs8_decode(row[i].key, attrs));
		EXPECT_OK(ash_complete_import(crypto, attrs));
		EXPECT_SPAN(row[i].info, value_of(attrs, CKA_PUBLIC_KEY_INFO));
	}
}

TEST(lattice_keys_come_in_as_seeds)
{
	set_up();
	ASH_AUTO(ash_attrs) *dsa =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_ML_DSA) }));
	ASH_AUTO(ash_attrs) *kem =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_ML_KEM) }));
	/* of the seed 00 01 02 …, by OpenSSL 3.5 */
	static const uint8_t dsa_public[] = { 0xd7, 0xb2 }, kem_public[] = { 0x39, 0x95 };

	EXPECT_OK(ash_pkcs8_decode(SPAN(ml_dsa_44_key), dsa));
	EXPECT_OK(ash_complete_import(crypto, dsa));
	EXPECT_NUMBER(2560, value_of(dsa, CKA_VALUE).len);
	EXPECT_SPAN(SPAN(dsa_public), ash_span(value_of(dsa, CKA_PUBLIC_KEY_INFO).data + 22, 2));
	EXPECT_OK(ash_pkcs8_decode(SPAN(ml_kem_512_key), kem));
	EXPECT_OK(ash_complete_import(crypto, kem));
	EXPECT_NUMBER(1632, value_of(kem, CKA_VALUE).len);
	EXPECT_SPAN(SPAN(kem_public), ash_span(value_of(kem, CKA_PUBLIC_KEY_INFO).data + 22, 2));
}

/* The back end sees that a public key belongs to another private one. */
TEST(a_wrong_public_key_does_not_come_in)
{
	set_up();
	ASH_AUTO(ash_attrs) *ec =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) }));
	ASH_AUTO(ash_attrs) *edwards = set_of(
		ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC_EDWARDS) }));
	uint8_t scalar[sizeof(p256_key)], key[sizeof(rfc8410_key)];

	memcpy(scalar, p256_key, sizeof(scalar));
	scalar[50] ^= 1;
	EXPECT_OK(ash_pkcs8_decode(SPAN(scalar), ec));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_complete_import(crypto, ec));
	memcpy(key, rfc8410_key, sizeof(key));
	key[30] ^= 1;
	EXPECT_OK(ash_pkcs8_decode(SPAN(key), edwards));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_complete_import(crypto, edwards));
}

TEST(importing_survives_each_failing_allocation)
{
	set_up();
	struct ash_status status = { ASH_E_MEMORY };

	for (int64_t n = 0; status.code != ASH_OK; n++) {
		ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS(AES));

		ash_mem_fail_after(n);
		status = ash_complete_import(crypto, attrs);
		ash_mem_fail_after(-1);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
		EXPECT(n < 1000);
	}
}
