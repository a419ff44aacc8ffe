#include "token/complete.h"

#include "unit/token/fixture.h"

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

TEST(what_is_no_key_stays_as_it_is)
{
	set_up();
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_VALUE, TEXT("x") }));

	EXPECT_OK(ash_complete_import(crypto, attrs));
	EXPECT_NUMBER(2, ash_attrs_count(attrs));
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
