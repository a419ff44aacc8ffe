#include "front/pkcs11/parameter_priv.h"

#include "fake_api.h"

#define IV16    ASH_PARAM_IV16
#define GCM     ASH_PARAM_GCM
#define EDDSA   ASH_PARAM_EDDSA
#define ML_DSA  ASH_PARAM_ML_DSA
#define PSS     ASH_PARAM_PSS
#define OAEP    ASH_PARAM_OAEP
#define CTR     ASH_PARAM_CTR
#define CCM     ASH_PARAM_CCM
#define IV      ASH_PARAM_IV
#define LENGTH  ASH_PARAM_LENGTH
#define ECDH    ASH_PARAM_ECDH
#define HKDF    ASH_PARAM_HKDF
#define PBKDF2  ASH_PARAM_PBKDF2
#define RSA_AES ASH_PARAM_RSA_AES
#define HUGE    (~(CK_ULONG)0)

static struct ash_mechanism got;
static uint8_t bytes[256];

static struct ash_status decode(enum ash_param_kind kind, const void *parameter, size_t len)
{
	got = (struct ash_mechanism){ .type = 1 };
	return ash_parameter_read(kind, ash_span(parameter, len), &got);
}

#define EXPECT_REFUSED(kind, params) \
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode((kind), &(params), sizeof(params)))

/* Whatever its form, one that is a byte too long or too short, or not there at all. */
#define EXPECT_EXACT(kind, params)                                                              \
	do {                                                                                    \
		uint8_t longer[sizeof(params) + 1] = { 0 };                                     \
		memcpy(longer, &(params), sizeof(params));                                      \
		EXPECT_OK(decode((kind), longer, sizeof(params)));                              \
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode((kind), longer, sizeof(params) + 1)); \
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode((kind), longer, sizeof(params) - 1)); \
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode((kind), NULL, 0));                    \
	} while (0)

static bool is(struct ash_span span, const uint8_t *data, size_t len)
{
	return span.data == data && span.len == len;
}

TEST(an_iv_of_a_block)
{
	EXPECT_OK(decode(IV16, bytes, 16));
	EXPECT(got.params.iv.data == bytes && got.params.iv.len == 16);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(IV16, bytes, 15));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(IV16, bytes, 17));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(IV16, NULL, 0));
}

TEST(gcm)
{
	CK_GCM_PARAMS gcm = { bytes, 12, 0, bytes + 12, 5, 128 };

	EXPECT_OK(decode(GCM, &gcm, sizeof(gcm)));
	EXPECT(got.params.iv.data == bytes && got.params.iv.len == 12);
	EXPECT(got.params.aad.data == bytes + 12 && got.params.aad.len == 5);
	EXPECT_NUMBER(16, got.params.tag_len);
	gcm.pAAD = NULL;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(GCM, &gcm, sizeof(gcm)));
	gcm.ulAADLen = 0;
	EXPECT_OK(decode(GCM, &gcm, sizeof(gcm)));
	gcm.pIv = NULL;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(GCM, &gcm, sizeof(gcm)));
	gcm.pIv = bytes;
	gcm.ulTagBits = 100;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(GCM, &gcm, sizeof(gcm)));
	gcm.ulTagBits = (CK_ULONG)1 << 40;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(GCM, &gcm, sizeof(gcm)));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(GCM, &gcm, sizeof(gcm) - 8));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(GCM, NULL, 0));
}

TEST(eddsa)
{
	CK_EDDSA_PARAMS params = { CK_FALSE, 0, NULL };

	EXPECT_OK(decode(EDDSA, NULL, 0));
	EXPECT(!got.params.eddsa_params);
	EXPECT_OK(decode(EDDSA, &params, sizeof(params)));
	EXPECT(!got.params.eddsa_params && !got.params.prehash);
	params.phFlag = CK_TRUE;
	EXPECT_OK(decode(EDDSA, &params, sizeof(params)));
	EXPECT(got.params.eddsa_params && got.params.prehash && got.params.context.len == 0);
	params = (CK_EDDSA_PARAMS){ CK_FALSE, 255, bytes };
	EXPECT_OK(decode(EDDSA, &params, sizeof(params)));
	EXPECT(got.params.eddsa_params && !got.params.prehash);
	EXPECT(got.params.context.data == bytes && got.params.context.len == 255);
	params.ulContextDataLen = 256;
	EXPECT_REFUSED(EDDSA, params);
	params = (CK_EDDSA_PARAMS){ CK_FALSE, 1, NULL };
	EXPECT_REFUSED(EDDSA, params);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(EDDSA, &params, 3));
}

TEST(ml_dsa)
{
	CK_SIGN_ADDITIONAL_CONTEXT signing = { CKH_DETERMINISTIC_REQUIRED, bytes, 255 };

	EXPECT_OK(decode(ML_DSA, NULL, 0));
	EXPECT(!got.params.deterministic);
	EXPECT_OK(decode(ML_DSA, &signing, sizeof(signing)));
	EXPECT(got.params.deterministic);
	EXPECT(got.params.context.data == bytes && got.params.context.len == 255);
	signing.hedgeVariant = CKH_HEDGE_REQUIRED;
	EXPECT_OK(decode(ML_DSA, &signing, sizeof(signing)));
	EXPECT(!got.params.deterministic);
	signing.hedgeVariant = 3;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(ML_DSA, &signing, sizeof(signing)));
	signing = (CK_SIGN_ADDITIONAL_CONTEXT){ CKH_HEDGE_PREFERRED, bytes, 256 };
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(ML_DSA, &signing, sizeof(signing)));
	signing = (CK_SIGN_ADDITIONAL_CONTEXT){ CKH_HEDGE_PREFERRED, NULL, 1 };
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(ML_DSA, &signing, sizeof(signing)));
}

TEST(a_parameter_may_lie_anywhere)
{
	CK_GCM_PARAMS gcm = { bytes, 12, 96, NULL, 0, 96 };
	uint8_t odd[1 + sizeof(gcm)];

	memcpy(odd + 1, &gcm, sizeof(gcm));
	EXPECT_OK(decode(GCM, odd + 1, sizeof(gcm)));
	EXPECT_NUMBER(12, got.params.tag_len);
}

TEST(ccm)
{
	CK_CCM_PARAMS ccm = { HUGE, bytes, 12, bytes + 12, 5, 16 };

	EXPECT_EXACT(CCM, ccm);
	EXPECT_OK(decode(CCM, &ccm, sizeof(ccm)));
	EXPECT(is(got.params.iv, bytes, 12) && is(got.params.aad, bytes + 12, 5));
	EXPECT_NUMBER(16, got.params.tag_len);
	EXPECT_NUMBER(SIZE_MAX, got.params.data_len);
	ccm.ulMACLen = ((CK_ULONG)1 << 32) + 16;
	EXPECT_REFUSED(CCM, ccm);
	ccm.ulMACLen = 16;
	ccm.ulNonceLen = HUGE;
	EXPECT_REFUSED(CCM, ccm);
	ccm.ulNonceLen = 12;
	ccm.pNonce = NULL;
	EXPECT_REFUSED(CCM, ccm);
	ccm.pNonce = bytes;
	ccm.pAAD = NULL;
	EXPECT_REFUSED(CCM, ccm);
}

TEST(ctr)
{
	CK_AES_CTR_PARAMS ctr = { 32, { 1, 2, 3 } };

	EXPECT_EXACT(CTR, ctr);
	EXPECT_OK(decode(CTR, &ctr, sizeof(ctr)));
	EXPECT_NUMBER(32, got.params.counter_bits);
	EXPECT(is(got.params.iv, ctr.cb, 16));
	ctr.ulCounterBits = 128;
	EXPECT_OK(decode(CTR, &ctr, sizeof(ctr)));
	ctr.ulCounterBits = 129;
	EXPECT_REFUSED(CTR, ctr);
	ctr.ulCounterBits = 0;
	EXPECT_REFUSED(CTR, ctr);
	ctr.ulCounterBits = ((CK_ULONG)1 << 32) + 32;
	EXPECT_REFUSED(CTR, ctr);
}

TEST(an_iv_of_any_length)
{
	EXPECT_OK(decode(IV, NULL, 0));
	EXPECT_NUMBER(0, got.params.iv.len);
	EXPECT_OK(decode(IV, bytes, 8));
	EXPECT(is(got.params.iv, bytes, 8));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode(IV, bytes, HUGE));
}

TEST(a_length)
{
	CK_MAC_GENERAL_PARAMS len = 10;

	EXPECT_EXACT(LENGTH, len);
	EXPECT_OK(decode(LENGTH, &len, sizeof(len)));
	EXPECT_NUMBER(10, got.params.tag_len);
	len = 0; /* which would mean all */
	EXPECT_REFUSED(LENGTH, len);
	len = (CK_ULONG)1 << 32;
	EXPECT_REFUSED(LENGTH, len);
}

TEST(pss)
{
	CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA3_512, 20 };

	EXPECT_EXACT(PSS, pss);
	EXPECT_OK(decode(PSS, &pss, sizeof(pss)));
	EXPECT_NUMBER(ASH_HASH_SHA256, got.params.hash);
	EXPECT_NUMBER(ASH_HASH_SHA3_512, got.params.mgf_hash);
	EXPECT_NUMBER(20, got.params.salt_len);
	pss.sLen = (CK_ULONG)1 << 32;
	EXPECT_REFUSED(PSS, pss);
	pss = (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA256_HMAC, CKG_MGF1_SHA256, 20 };
	EXPECT_REFUSED(PSS, pss);
	pss.hashAlg = HUGE;
	EXPECT_REFUSED(PSS, pss);
	pss = (CK_RSA_PKCS_PSS_PARAMS){ CKM_SHA256, 0, 20 };
	EXPECT_REFUSED(PSS, pss);
	pss.mgf = HUGE;
	EXPECT_REFUSED(PSS, pss);
}

TEST(oaep)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, bytes, 7 };

	EXPECT_EXACT(OAEP, oaep);
	EXPECT_OK(decode(OAEP, &oaep, sizeof(oaep)));
	EXPECT_NUMBER(ASH_HASH_SHA1, got.params.hash);
	EXPECT_NUMBER(ASH_HASH_SHA1, got.params.mgf_hash);
	EXPECT(is(got.params.label, bytes, 7));
	oaep.pSourceData = NULL;
	EXPECT_REFUSED(OAEP, oaep);
	oaep.ulSourceDataLen = 0;
	oaep.source = 0;
	EXPECT_OK(decode(OAEP, &oaep, sizeof(oaep)));
	oaep.source = 2;
	EXPECT_REFUSED(OAEP, oaep);
	oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, bytes, HUGE };
	EXPECT_REFUSED(OAEP, oaep);
	oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA_1, CKG_MGF1_SHA1, 0, bytes, 1 };
	EXPECT_REFUSED(OAEP, oaep);
}

TEST(rsa_aes)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, bytes, 3 };
	CK_RSA_AES_KEY_WRAP_PARAMS wrap = { 192, &oaep };

	EXPECT_EXACT(RSA_AES, wrap);
	EXPECT_OK(decode(RSA_AES, &wrap, sizeof(wrap)));
	EXPECT_NUMBER(192, got.derive.aes_bits);
	EXPECT_NUMBER(ASH_HASH_SHA256, got.params.hash);
	EXPECT(is(got.params.label, bytes, 3));
	wrap.ulAESKeyBits = 64;
	EXPECT_REFUSED(RSA_AES, wrap);
	wrap.ulAESKeyBits = ((CK_ULONG)1 << 32) + 256;
	EXPECT_REFUSED(RSA_AES, wrap);
	wrap.ulAESKeyBits = 256;
	oaep.mgf = 77;
	EXPECT_REFUSED(RSA_AES, wrap);
	wrap.pOAEPParams = NULL;
	EXPECT_REFUSED(RSA_AES, wrap);
}

TEST(ecdh)
{
	CK_ECDH1_DERIVE_PARAMS ecdh = { CKD_SHA256_KDF, 9, bytes, 65, bytes + 9 };

	EXPECT_EXACT(ECDH, ecdh);
	EXPECT_OK(decode(ECDH, &ecdh, sizeof(ecdh)));
	EXPECT_NUMBER(CKD_SHA256_KDF, got.derive.kdf);
	EXPECT(is(got.derive.shared, bytes, 9) && is(got.derive.peer, bytes + 9, 65));
	ecdh.pSharedData = NULL;
	EXPECT_REFUSED(ECDH, ecdh);
	ecdh.ulSharedDataLen = 0;
	EXPECT_OK(decode(ECDH, &ecdh, sizeof(ecdh)));
	ecdh.ulPublicDataLen = HUGE;
	EXPECT_REFUSED(ECDH, ecdh);
	ecdh.ulPublicDataLen = 65;
	ecdh.pPublicData = NULL;
	EXPECT_REFUSED(ECDH, ecdh);
}

TEST(hkdf)
{
	CK_HKDF_PARAMS hkdf = { CK_TRUE, CK_TRUE, CKM_SHA384, CKF_HKDF_SALT_DATA, bytes, 3, 5, bytes + 3, 4 };

	EXPECT_EXACT(HKDF, hkdf);
	EXPECT_OK(decode(HKDF, &hkdf, sizeof(hkdf)));
	EXPECT(got.derive.extract && got.derive.expand);
	EXPECT_NUMBER(ASH_HASH_SHA384, got.derive.hash);
	EXPECT_NUMBER(CKF_HKDF_SALT_DATA, got.derive.salt_type);
	EXPECT(is(got.derive.salt, bytes, 3) && is(got.derive.info, bytes + 3, 4));
	EXPECT_NUMBER(0, got.derive.salt_key); /* the salt is not a key */
	hkdf.ulSaltType = CKF_HKDF_SALT_KEY;
	hkdf.pSalt = NULL; /* nobody looks */
	EXPECT_OK(decode(HKDF, &hkdf, sizeof(hkdf)));
	EXPECT_NUMBER(5, got.derive.salt_key);
	EXPECT_NUMBER(0, got.derive.salt.len);
	hkdf.ulSaltType = CKF_HKDF_SALT_DATA;
	EXPECT_REFUSED(HKDF, hkdf);
	hkdf.bExtract = CK_FALSE;
	EXPECT_OK(decode(HKDF, &hkdf, sizeof(hkdf)));
	EXPECT_NUMBER(0, got.derive.salt_type);
	hkdf.ulInfoLen = HUGE;
	EXPECT_REFUSED(HKDF, hkdf);
	hkdf.bExpand = CK_FALSE;
	EXPECT_OK(decode(HKDF, &hkdf, sizeof(hkdf)));
	hkdf.prfHashMechanism = CKM_AES_CBC;
	EXPECT_REFUSED(HKDF, hkdf);
}

TEST(pbkdf2)
{
	CK_PKCS5_PBKD2_PARAMS2 pbkdf2 = {
		CKZ_SALT_SPECIFIED, bytes, 8, HUGE, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0, bytes + 8, 10
	};

	EXPECT_EXACT(PBKDF2, pbkdf2);
	EXPECT_OK(decode(PBKDF2, &pbkdf2, sizeof(pbkdf2)));
	EXPECT_NUMBER(CKZ_SALT_SPECIFIED, got.derive.salt_type);
	EXPECT_NUMBER(CKP_PKCS5_PBKD2_HMAC_SHA256, got.derive.kdf);
	EXPECT_NUMBER(UINT64_MAX, got.derive.iterations);
	EXPECT(is(got.derive.salt, bytes, 8) && is(got.derive.password, bytes + 8, 10));
	pbkdf2.ulPrfDataLen = 1;
	EXPECT_REFUSED(PBKDF2, pbkdf2);
	pbkdf2.ulPrfDataLen = 0;
	pbkdf2.pPrfData = bytes;
	EXPECT_REFUSED(PBKDF2, pbkdf2);
	pbkdf2.pPrfData = NULL;
	pbkdf2.pPassword = NULL;
	EXPECT_REFUSED(PBKDF2, pbkdf2);
	pbkdf2.ulPasswordLen = 0;
	pbkdf2.ulSaltSourceDataLen = HUGE;
	EXPECT_REFUSED(PBKDF2, pbkdf2);
}

TEST(pbkdf2_with_a_pointer_to_the_passwords_length)
{
	CK_ULONG len = 10;
	CK_PKCS5_PBKD2_PARAMS old = { CKZ_SALT_SPECIFIED, bytes, 8, 1, CKP_PKCS5_PBKD2_HMAC_SHA256, NULL, 0,
				      bytes + 8,          &len };
	CK_PKCS5_PBKD2_PARAMS2 current;

	EXPECT_OK(decode(PBKDF2, &old, sizeof(old)));
	EXPECT(is(got.derive.salt, bytes, 8) && is(got.derive.password, bytes + 8, 10));
	len = ASH_PARAMETER_BYTES_MAX + 1;
	EXPECT_REFUSED(PBKDF2, old);

	/* Lengths that are no address. */
	memcpy(&current, &old, sizeof(old));
	current.ulPasswordLen = ASH_PARAMETER_BYTES_MAX + 1;
	EXPECT_REFUSED(PBKDF2, current);
	current.ulPasswordLen = HUGE;
	EXPECT_REFUSED(PBKDF2, current);
	current.ulPasswordLen = HUGE - 7;
	EXPECT_REFUSED(PBKDF2, current);
}

static struct ash_nonce_wish wish;

static struct ash_status decode_wrap(enum ash_param_kind kind, const void *parameter, size_t len)
{
	got = (struct ash_mechanism){ .type = 1 };
	wish = (struct ash_nonce_wish){ bytes, 1, 1 };
	return ash_parameter_read_wrap(kind, ash_span(parameter, len), &got, &wish);
}

#define WRAP_REFUSED(kind, params) \
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode_wrap((kind), &(params), sizeof(params)))

TEST(wrapping_takes_structures_of_its_own)
{
	CK_GCM_WRAP_PARAMS gcm = { bytes, 12, 0, CKG_NO_GENERATE, bytes + 12, 5, 128 };
	CK_CCM_WRAP_PARAMS ccm = { HUGE, bytes, 12, 0, CKG_NO_GENERATE, bytes + 12, 5, 16 };
	CK_GCM_PARAMS old_gcm = { bytes, 12, 0, bytes + 12, 5, 96 };

	EXPECT_OK(decode_wrap(GCM, &gcm, sizeof(gcm)));
	EXPECT(is(got.params.iv, bytes, 12) && is(got.params.aad, bytes + 12, 5));
	EXPECT_NUMBER(16, got.params.tag_len);
	EXPECT(wish.place == NULL);
	EXPECT_OK(decode_wrap(CCM, &ccm, sizeof(ccm)));
	EXPECT(is(got.params.iv, bytes, 12) && is(got.params.aad, bytes + 12, 5));
	EXPECT(got.params.data_len == HUGE && got.params.tag_len == 16 && wish.place == NULL);
	EXPECT_OK(decode_wrap(GCM, &old_gcm, sizeof(old_gcm)));
	EXPECT(got.params.tag_len == 12 && wish.place == NULL);
	EXPECT_OK(decode_wrap(IV16, bytes, 16));
	EXPECT(wish.place == NULL);
	EXPECT_REFUSED(GCM, gcm); /* encrypting does not */
	EXPECT_REFUSED(CCM, ccm);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode_wrap(GCM, &gcm, sizeof(gcm) - 1));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, decode_wrap(CCM, &ccm, sizeof(ccm) + 1));
	gcm.ulTagBits = 100;
	WRAP_REFUSED(GCM, gcm);
	ccm.pAAD = NULL;
	WRAP_REFUSED(CCM, ccm);
}

TEST(wishes_for_a_nonce)
{
	static const CK_GENERATOR_FUNCTION granted[] = { CKG_GENERATE, CKG_GENERATE_RANDOM },
					   refused[] = { CKG_GENERATE_COUNTER, CKG_GENERATE_COUNTER_XOR, 5,
							 HUGE };
	/* With length and fixed bits: 96 of them have to be random, and not more than 64 bytes in all. */
	static const struct {
		CK_ULONG len, fixed;
		bool good;
	} row[] = {
		{ 12, 0, true },    { 12, 1, false }, { 16, 32, true },    { 16, 33, false },
		{ 8, 0, false },    { 0, 0, false },  { 64, 0, true },     { 64, 416, true },
		{ 64, 417, false }, { 65, 0, false }, { 16, HUGE, false },
	};

	for (size_t i = 0; i < ASH_COUNT(granted) * ASH_COUNT(row); i++) {
		const size_t at = i / ASH_COUNT(granted);
		CK_GCM_WRAP_PARAMS gcm = {
			bytes, row[at].len, row[at].fixed, granted[i % ASH_COUNT(granted)], NULL, 0, 128
		};

		EXPECT_CODE(row[at].good ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    decode_wrap(GCM, &gcm, sizeof(gcm)));
		if (row[at].good)
			EXPECT(wish.place == bytes && wish.len == row[at].len &&
			       wish.fixed_bits == row[at].fixed);
		EXPECT_OK(
			ash_parameter_read_wrap(GCM, ash_span(&gcm, sizeof(gcm)), &got, NULL)); /* ignored */
		gcm.ivGenerator = CKG_NO_GENERATE;
		EXPECT_OK(decode_wrap(GCM, &gcm, sizeof(gcm)));
		EXPECT(wish.place == NULL);
	}
	for (size_t i = 0; i < ASH_COUNT(refused); i++) {
		CK_CCM_WRAP_PARAMS ccm = { 0, bytes, 13, 0, refused[i], NULL, 0, 16 };

		WRAP_REFUSED(CCM, ccm);
	}
}
