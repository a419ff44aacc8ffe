#include "crypto/openssl/keyfile.h"

#include "unit/key_samples.h"
#include "unit/test.h"

static struct ash_span bytes(const struct ash_buf *buf)
{
	return ash_buf_span(buf);
}

TEST(keys_and_certificates_come_out)
{
	ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;

	EXPECT_OK(ash_keyfile_pkcs12_open(SPAN(sample_p12), TEXT("secret"), &bundle));
	EXPECT_NUMBER(1, bundle.key_count);
	EXPECT_NUMBER(2, bundle.cert_count);
	EXPECT_SPAN(TEXT("web"), bytes(&bundle.keys[0].name));
	EXPECT(bundle.keys[0].pkcs8.len > 100 && bundle.keys[0].pkcs8.secret);
	EXPECT_NUMBER(0, bundle.certs[0].key);
	EXPECT_SPAN(TEXT("web"), bytes(&bundle.certs[0].name));
	EXPECT_NUMBER(SIZE_MAX, bundle.certs[1].key);
	EXPECT_SPAN(TEXT(""), bytes(&bundle.certs[1].name));
	for (size_t i = 0; i < 2; i++)
		EXPECT(bundle.certs[i].der.len > 200 && bundle.certs[i].der.data[0] == 0x30);
}

TEST(a_passphrase_may_be_empty_and_may_be_wrong)
{
	ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;

	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_keyfile_pkcs12_open(SPAN(sample_p12), TEXT("Secret"), &bundle));
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_keyfile_pkcs12_open(SPAN(sample_p12), TEXT(""), &bundle));
	EXPECT(bundle.keys == NULL && bundle.key_count == 0);
	EXPECT_OK(ash_keyfile_pkcs12_open(SPAN(sample_p12_empty), TEXT(""), &bundle));
	EXPECT_NUMBER(1, bundle.key_count);
	EXPECT_NUMBER(1, bundle.cert_count);
}

TEST(what_older_programs_wrote_opens)
{
	ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;

	EXPECT_OK(ash_keyfile_pkcs12_open(SPAN(sample_p12_old), TEXT("secret"), &bundle));
	EXPECT_NUMBER(1, bundle.key_count);
	EXPECT_NUMBER(1, bundle.cert_count);
}

TEST(damage_is_refused)
{
	static uint8_t copy[sizeof(sample_p12)];

	for (size_t i = 0; i < sizeof(copy); i += 23) {
		ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;

		memcpy(copy, sample_p12, sizeof(copy));
		copy[i] ^= 0x01;
		EXPECT(!ash_is_ok(ash_keyfile_pkcs12_open(SPAN(copy), TEXT("secret"), &bundle)));
		EXPECT(!ash_is_ok(ash_keyfile_pkcs12_open(ash_span(sample_p12, i), TEXT("secret"), &bundle)));
	}
}

TEST(memory_may_run_out)
{
	for (int64_t n = 0; n < 3000; n += 61) {
		ASH_AUTO(ash_keyfile_bundle) bundle = ASH_KEYFILE_BUNDLE_NONE;
		struct ash_status status;

		ash_mem_fail_after(n);
		status = ash_keyfile_pkcs12_open(SPAN(sample_p12), TEXT("secret"), &bundle);
		ash_mem_fail_after(-1);
		EXPECT(ash_is_ok(status) || status.code == ASH_E_MEMORY);
		EXPECT(ash_is_ok(status) == (bundle.key_count == 1));
	}
}
