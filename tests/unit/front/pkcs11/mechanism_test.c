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

TEST(an_iv_of_a_block)
{
	EXPECT_OK(decode(CKM_AES_CBC, bytes, 16));
	EXPECT(got.params.iv.data == bytes && got.params.iv.len == 16);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_CBC, bytes, 15));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_CBC, bytes, 17));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_CBC, NULL, 0));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_CBC, NULL, 16));
}

TEST(gcm)
{
	CK_GCM_PARAMS gcm = { bytes, 12, 0, bytes + 12, 5, 128 };

	EXPECT_OK(decode(CKM_AES_GCM, &gcm, sizeof(gcm)));
	EXPECT(got.params.iv.data == bytes && got.params.iv.len == 12);
	EXPECT(got.params.aad.data == bytes + 12 && got.params.aad.len == 5);
	EXPECT_NUMBER(16, got.params.tag_len);
	gcm.pAAD = NULL;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_GCM, &gcm, sizeof(gcm)));
	gcm.ulAADLen = 0;
	EXPECT_OK(decode(CKM_AES_GCM, &gcm, sizeof(gcm)));
	gcm.pIv = NULL;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_GCM, &gcm, sizeof(gcm)));
	gcm.pIv = bytes;
	gcm.ulTagBits = 100;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_GCM, &gcm, sizeof(gcm)));
	gcm.ulTagBits = (CK_ULONG)1 << 40;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_GCM, &gcm, sizeof(gcm)));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_GCM, &gcm, sizeof(gcm) - 8));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_AES_GCM, NULL, 0));
}

TEST(eddsa_in_the_pure_form)
{
	CK_EDDSA_PARAMS eddsa = { CK_FALSE, 0, NULL };

	EXPECT_OK(decode(CKM_EDDSA, NULL, 0));
	EXPECT_OK(decode(CKM_EDDSA, &eddsa, sizeof(eddsa)));
	eddsa.phFlag = CK_TRUE;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_EDDSA, &eddsa, sizeof(eddsa)));
	eddsa = (CK_EDDSA_PARAMS){ CK_FALSE, 1, bytes };
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_EDDSA, &eddsa, sizeof(eddsa)));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_EDDSA, &eddsa, 3));
}

TEST(ml_dsa)
{
	CK_SIGN_ADDITIONAL_CONTEXT signing = { CKH_DETERMINISTIC_REQUIRED, bytes, 255 };

	EXPECT_OK(decode(CKM_ML_DSA, NULL, 0));
	EXPECT(!got.params.deterministic);
	EXPECT_OK(decode(CKM_ML_DSA, &signing, sizeof(signing)));
	EXPECT(got.params.deterministic);
	EXPECT(got.params.context.data == bytes && got.params.context.len == 255);
	signing.hedgeVariant = CKH_HEDGE_REQUIRED;
	EXPECT_OK(decode(CKM_ML_DSA, &signing, sizeof(signing)));
	EXPECT(!got.params.deterministic);
	signing.hedgeVariant = 3;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_ML_DSA, &signing, sizeof(signing)));
	signing = (CK_SIGN_ADDITIONAL_CONTEXT){ CKH_HEDGE_PREFERRED, bytes, 256 };
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_ML_DSA, &signing, sizeof(signing)));
	signing = (CK_SIGN_ADDITIONAL_CONTEXT){ CKH_HEDGE_PREFERRED, NULL, 1 };
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(CKM_ML_DSA, &signing, sizeof(signing)));
}

TEST(a_parameter_may_lie_anywhere)
{
	CK_GCM_PARAMS gcm = { bytes, 12, 96, NULL, 0, 96 };
	uint8_t odd[1 + sizeof(gcm)];

	memcpy(odd + 1, &gcm, sizeof(gcm));
	EXPECT_OK(decode(CKM_AES_GCM, odd + 1, sizeof(gcm)));
	EXPECT_NUMBER(12, got.params.tag_len);
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
