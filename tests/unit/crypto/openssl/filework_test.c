#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl/keyfile_priv.h"
#include "unit/key_samples.h"
#include "unit/test.h"

#define MOST ((int)ASH_KEYFILE_WORK_MAX)

static struct ash_buf encode(int len, uint8_t *der)
{
	struct ash_buf out = ASH_BUF_PLAIN;

	EXPECT(len > 0);
	EXPECT_OK(ash_buf_add(&out, ash_span(der, (size_t)len)));
	OPENSSL_free(der);
	return out;
}

/* OpenSSL's memory is ours from its first block on, or it will not begin. */
static OSSL_LIB_CTX *begin(void)
{
	struct ash_ossl *lib = NULL;

	EXPECT_OK(ash_keyfile_library(&lib));
	return lib->ctx;
}

/* Whether it was refused for what it asks, and not for what it has. */
static void expect_too_much(struct ash_status status)
{
	EXPECT_CODE(ASH_E_UNSUPPORTED, status);
	EXPECT(strstr(ash_status_explanation(), "more than 16777216 iterations") != NULL);
}

/* ---- algorithms ---- */

static uint64_t work_of(X509_ALGOR *algorithm)
{
	uint64_t total = 0;

	EXPECT(algorithm != NULL);
	EXPECT_OK(ash_keyfile_count_work(algorithm, &total));
	X509_ALGOR_free(algorithm);
	return total;
}

static X509_ALGOR *pbkdf2(int iterations)
{
	return PKCS5_pbe2_set_iv(EVP_aes_256_cbc(), iterations, NULL, 0, NULL, NID_hmacWithSHA256);
}

static X509_ALGOR *scrypt(uint64_t n, uint64_t r, uint64_t p)
{
	return PKCS5_pbe2_set_scrypt(EVP_aes_256_cbc(), NULL, 0, NULL, n, r, p);
}

TEST(what_an_algorithm_asks_is_counted)
{
	begin();
	EXPECT_NUMBER(600000, work_of(pbkdf2(600000)));
	EXPECT_NUMBER(16384 * 8 * 2, work_of(scrypt(16384, 8, 2)));
	EXPECT_NUMBER(2048, work_of(PKCS5_pbe_set(NID_pbeWithMD5AndDES_CBC, 2048, NULL, 0)));
	EXPECT_NUMBER(5, work_of(PKCS5_pbe_set(NID_pbe_WithSHA1And3_Key_TripleDES_CBC, 5, NULL, 0)));
}

TEST(what_it_asks_has_a_limit_that_all_share)
{
	begin();
	X509_ALGOR *half = pbkdf2(MOST / 2), *one = pbkdf2(1), *wide = scrypt(16384, 8, 256);
	uint64_t total = 0;

	EXPECT_OK(ash_keyfile_count_work(half, &total));
	EXPECT_OK(ash_keyfile_count_work(half, &total));
	expect_too_much(ash_keyfile_count_work(one, &total));
	total = 0;
	expect_too_much(ash_keyfile_count_work(wide, &total));
	X509_ALGOR_free(half);
	X509_ALGOR_free(one);
	X509_ALGOR_free(wide);
}

static X509_ALGOR *with_iterations(const char *decimal)
{
	PBEPARAM *param = PBEPARAM_new();
	X509_ALGOR *algorithm = X509_ALGOR_new();
	ASN1_STRING *sequence = NULL;
	BIGNUM *number = NULL;

	EXPECT(BN_dec2bn(&number, decimal) > 0 && BN_to_ASN1_INTEGER(number, param->iter) != NULL);
	sequence = ASN1_item_pack(param, ASN1_ITEM_rptr(PBEPARAM), NULL);
	EXPECT(X509_ALGOR_set0(algorithm, OBJ_nid2obj(NID_pbeWithSHA1AndDES_CBC), V_ASN1_SEQUENCE,
			       sequence) == 1);
	PBEPARAM_free(param);
	BN_free(number);
	return algorithm;
}

TEST(a_number_that_is_none_is_too_much)
{
	begin();
	static const char *const numbers[] = { "-1", "18446744073709551616", "18446744073709551615" };

	for (size_t i = 0; i < ASH_COUNT(numbers); i++) {
		X509_ALGOR *algorithm = with_iterations(numbers[i]);
		uint64_t total = 1;

		expect_too_much(ash_keyfile_count_work(algorithm, &total));
		X509_ALGOR_free(algorithm);
	}
	ERR_clear_error();
}

/* ---- files ---- */

/* None of these is ever closed with its passphrase: that would take as long as opening. */
static X509_SIG *closed_with(X509_ALGOR *algorithm)
{
	X509_SIG *closed = X509_SIG_new();
	X509_ALGOR *own = NULL;
	ASN1_OCTET_STRING *bytes = NULL;

	X509_SIG_getm(closed, &own, &bytes);
	EXPECT(X509_ALGOR_copy(own, algorithm) == 1);
	EXPECT(ASN1_OCTET_STRING_set(bytes, (const uint8_t *)"0123456789abcdef", 16) == 1);
	X509_ALGOR_free(algorithm);
	return closed;
}

TEST(pkcs8_that_asks_too_much_is_refused)
{
	begin();
	X509_SIG *closed = closed_with(pbkdf2(MOST + 1));
	uint8_t *at = NULL;
	int len = i2d_X509_SIG(closed, &at);
	ASH_AUTO(ash_buf) der = encode(len, at), out = ASH_BUF_SECRET;

	expect_too_much(ash_keyfile_pkcs8_open(ash_buf_span(&der), TEXT("secret"), &out));
	X509_SIG_free(closed);
}

/* A file without a MAC, of what it is given. */
static struct ash_buf file_of(STACK_OF(PKCS7) * contents)
{
	PKCS12 *p12 = PKCS12_init(NID_pkcs7_data);
	uint8_t *at = NULL;
	int len;

	EXPECT(PKCS12_pack_authsafes(p12, contents) == 1);
	len = i2d_PKCS12(p12, &at);
	PKCS12_free(p12);
	sk_PKCS7_pop_free(contents, PKCS7_free);
	return encode(len, at);
}

static STACK_OF(PKCS7) * contents_of(const uint8_t *der, size_t len)
{
	PKCS12 *p12 = d2i_PKCS12(NULL, &der, (long)len);
	STACK_OF(PKCS7) *contents = PKCS12_unpack_authsafes(p12);

	EXPECT(sk_PKCS7_num(contents) == 2);
	PKCS12_free(p12);
	return contents;
}

static void expect_file_refused(const struct ash_buf *der)
{
	ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;

	expect_too_much(ash_keyfile_pkcs12_open(ash_buf_span(der), TEXT("secret"), &bundle));
	EXPECT_NUMBER(0, bundle.key_count);
}

TEST(certificates_that_ask_too_much_are_refused)
{
	begin();
	STACK_OF(PKCS7) *contents = contents_of(sample_p12, sizeof(sample_p12));
	PKCS7 *first = sk_PKCS7_value(contents, 0);
	X509_ALGOR *much = pbkdf2(MOST + 1);

	EXPECT(PKCS7_type_is_encrypted(first));
	EXPECT(X509_ALGOR_copy(first->d.encrypted->enc_data->algorithm, much) == 1);
	X509_ALGOR_free(much);
	ASH_AUTO(ash_buf) der = file_of(contents);
	expect_file_refused(&der);
}

TEST(a_key_that_asks_too_much_is_refused)
{
	begin();
	STACK_OF(PKCS12_SAFEBAG) *bags = sk_PKCS12_SAFEBAG_new_null();
	STACK_OF(PKCS7) *contents = sk_PKCS7_new_null();

	EXPECT(sk_PKCS12_SAFEBAG_push(bags, PKCS12_SAFEBAG_create0_pkcs8(closed_with(pbkdf2(MOST + 1)))) > 0);
	EXPECT(sk_PKCS7_push(contents, PKCS12_pack_p7data(bags)) > 0);
	sk_PKCS12_SAFEBAG_pop_free(bags, PKCS12_SAFEBAG_free);
	ASH_AUTO(ash_buf) der = file_of(contents);
	expect_file_refused(&der);
}

TEST(macs_are_counted)
{
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, begin(), NULL);
	const uint8_t *at = sample_p12;
	uint8_t salt[] = "12345678"; /* without one OpenSSL reads beyond its own */
	uint64_t total = 0;

	EXPECT(d2i_PKCS12(&p12, &at, sizeof(sample_p12)) != NULL);
	EXPECT_OK(ash_keyfile_count_mac(p12, &total));
	EXPECT_NUMBER(2, total);
	EXPECT(PKCS12_set_pbmac1_pbkdf2(p12, "secret", -1, salt, sizeof(salt), 500, NULL, "SHA256") == 1);
	EXPECT_OK(ash_keyfile_count_mac(p12, &total));
	EXPECT_NUMBER(502, total);
	PKCS12_free(p12);
}

/* Its MAC is the file's end: 2 iterations become 2^31 - 1. */
TEST(a_mac_that_asks_too_much_is_refused)
{
	begin();
	static const uint8_t before[] = { 0x02, 0x01, 0x02 };
	static const uint8_t after[] = { 0x02, 0x04, 0x7f, 0xff, 0xff, 0xff };
	uint8_t der[sizeof(sample_p12) + 3];
	const size_t end = sizeof(sample_p12) - sizeof(before);
	size_t mac = end;

	memcpy(der, sample_p12, end);
	EXPECT(memcmp(sample_p12 + end, before, sizeof(before)) == 0);
	memcpy(der + end, after, sizeof(after));
	while (mac > 4 && !(der[mac] == 0x30 && der[mac + 1] == sizeof(sample_p12) - mac - 2))
		mac--;
	der[mac + 1] += 3;
	EXPECT(der[1] == 0x82 && der[3] < 0xfd);
	der[3] += 3;
	ASH_AUTO(ash_buf) file = ASH_BUF_PLAIN;
	EXPECT_OK(ash_buf_add(&file, SPAN(der)));
	expect_file_refused(&file);
}
