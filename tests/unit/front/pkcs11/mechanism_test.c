#include "front/pkcs11/mechanism_priv.h"

#include "fake_api.h"

static struct ash_mechanism got;
static uint8_t bytes[256];

static struct ash_status decode(CK_MECHANISM_TYPE type, void *parameter, CK_ULONG len)
{
	CK_MECHANISM given = { type, parameter, len };

	memset(&got, 0xee, sizeof(got));
	return ash_mechanism_read(&given, &got);
}

TEST(a_mechanism_that_the_token_lacks)
{
	EXPECT_CODE(ASH_E_MECHANISM, decode(CKM_VENDOR_DEFINED | 1, NULL, 0));
	EXPECT_CODE(ASH_E_MECHANISM, decode(CKM_VENDOR_DEFINED | 1, bytes, 4));
}

TEST(no_parameter)
{
	EXPECT_OK(decode(CKM_SHA256, NULL, 0));
	EXPECT_NUMBER(CKM_SHA256, got.type);
	EXPECT_NUMBER(0,
		      got.params.iv.len + got.params.aad.len + got.params.context.len + got.params.tag_len);
	EXPECT_OK(decode(CKM_SHA256, bytes, 0));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_SHA256, bytes, 1));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_SHA256, NULL, 1));
}

TEST(a_refused_mechanism_leaves_the_output_alone)
{
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_CBC, bytes, 3));
	EXPECT_NUMBER(0xeeeeeeeeeeeeeeee, got.type);
}

TEST(every_mechanism_of_the_token_has_a_decoder)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		CK_MECHANISM given = { ash_mechanism_at(i)->type, NULL, 0 };
		struct ash_status status = ash_mechanism_read(&given, &got);

		EXPECT(status.code == ASH_OK || status.code == ASH_E_MECHANISM_PARAM);
	}
}

TEST(a_mechanism_may_lie_anywhere)
{
	uint8_t memory[sizeof(CK_MECHANISM) + 1];
	CK_MECHANISM given = { CKM_AES_CBC, bytes, 16 };

	memcpy(memory + 1, &given, sizeof(given));
	EXPECT_OK(ash_mechanism_read((const CK_MECHANISM *)(const void *)(memory + 1), &got));
	EXPECT_NUMBER(CKM_AES_CBC, got.type);
	EXPECT_NUMBER(16, got.params.iv.len);
}
