#include "app/selftest/module.h"

#include "token/mechanism.h"
#include "unit/test.h"

/* The private header belongs to the module; what is tested is what it promises. */
#include "app/selftest/module_priv.h"

TEST(return_values_become_codes)
{
	static const struct {
		CK_RV rv;
		enum ash_code code;
	} rows[] = {
		{ CKR_SIGNATURE_INVALID, ASH_E_SIGNATURE },
		{ CKR_AEAD_DECRYPT_FAILED, ASH_E_AUTHENTICATION },
		{ CKR_MECHANISM_PARAM_INVALID, ASH_E_MECHANISM_PARAM },
		{ CKR_PIN_INCORRECT, ASH_E_PIN_INCORRECT },
		{ CKR_VENDOR_DEFINED + 7, ASH_E_FAILED },
	};

	EXPECT_OK(ash_module_status(CKR_OK));
	for (size_t i = 0; i < ASH_COUNT(rows); i++)
		EXPECT_CODE(rows[i].code, ash_module_status(rows[i].rv));
	EXPECT(strstr(ash_status_explanation(), "0x80000007") != NULL);
}

TEST(templates_have_the_platforms_numbers)
{
	const struct ash_attr attrs[] = {
		{ CKA_CLASS, TEXT("\0\0\0\0\0\0\0\x03") },
		{ CKA_TOKEN, TEXT("\0") },
		{ CKA_VALUE, TEXT("bytes") },
	};
	const struct ash_attr array = { CKA_ALLOWED_MECHANISMS, TEXT("\0\0\0\0\0\0\0\x01") };
	struct ash_module_template made;
	CK_ULONG class = 0;

	EXPECT_OK(ash_module_template((struct ash_template){ attrs, ASH_COUNT(attrs) }, &made));
	EXPECT_NUMBER(3, made.count);
	EXPECT_NUMBER(sizeof(class), made.attrs[0].ulValueLen);
	memcpy(&class, made.attrs[0].pValue, sizeof(class));
	EXPECT_NUMBER(CKO_PRIVATE_KEY, class);
	EXPECT(made.attrs[1].ulValueLen == 1 && *(CK_BBOOL *)made.attrs[1].pValue == CK_FALSE);
	EXPECT_SPAN(TEXT("bytes"), ash_span(made.attrs[2].pValue, made.attrs[2].ulValueLen));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_module_template((struct ash_template){ &array, 1 }, &made));
	EXPECT_CODE(ASH_E_LIMIT,
		    ash_module_template((struct ash_template){ attrs, ASH_MODULE_ATTRS_MAX + 1 }, &made));
}

static const void *parameter(struct ash_mechanism from, size_t len, struct ash_module_mechanism *made)
{
	EXPECT_OK(ash_module_mechanism(&from, made));
	EXPECT_NUMBER(from.type, made->mechanism.mechanism);
	EXPECT_NUMBER(len, made->mechanism.ulParameterLen);
	return made->mechanism.pParameter;
}

TEST(parameters_of_ciphers)
{
	struct ash_module_mechanism made;
	struct ash_params params = { .iv = TEXT("0123456789abcdef"),
				     .aad = TEXT("aad"),
				     .tag_len = 16,
				     .data_len = 5,
				     .counter_bits = 32 };
	const CK_GCM_PARAMS *gcm;
	const CK_CCM_PARAMS *ccm;
	const CK_AES_CTR_PARAMS *ctr;

	EXPECT(parameter((struct ash_mechanism){ .type = CKM_AES_ECB }, 0, &made) == NULL);
	EXPECT(parameter((struct ash_mechanism){ CKM_AES_CBC, params, { 0 } }, 16, &made) == params.iv.data);
	gcm = parameter((struct ash_mechanism){ CKM_AES_GCM, params, { 0 } }, sizeof(*gcm), &made);
	EXPECT(gcm->pIv == params.iv.data && gcm->ulIvLen == 16 && gcm->ulIvBits == 128 &&
	       gcm->pAAD == params.aad.data && gcm->ulAADLen == 3 && gcm->ulTagBits == 128);
	ccm = parameter((struct ash_mechanism){ CKM_AES_CCM, params, { 0 } }, sizeof(*ccm), &made);
	EXPECT(ccm->ulDataLen == 5 && ccm->ulNonceLen == 16 && ccm->ulAADLen == 3 && ccm->ulMACLen == 16);
	ctr = parameter((struct ash_mechanism){ CKM_AES_CTR, params, { 0 } }, sizeof(*ctr), &made);
	EXPECT(ctr->ulCounterBits == 32 && memcmp(ctr->cb, params.iv.data, 16) == 0);
	params.iv.len = 15;
	(void)parameter((struct ash_mechanism){ CKM_AES_CTR, params, { 0 } }, 0, &made);
}

TEST(parameters_of_signatures)
{
	struct ash_module_mechanism made;
	const CK_MAC_GENERAL_PARAMS *length;
	const CK_RSA_PKCS_PSS_PARAMS *pss;
	const CK_RSA_PKCS_OAEP_PARAMS *oaep;
	const CK_EDDSA_PARAMS *eddsa;
	const CK_SIGN_ADDITIONAL_CONTEXT *ml_dsa;

	length = parameter((struct ash_mechanism){ CKM_SHA256_HMAC_GENERAL, { .tag_len = 7 }, { 0 } },
			   sizeof(*length), &made);
	EXPECT_NUMBER(7, *length);
	pss = parameter(
		(struct ash_mechanism){ CKM_RSA_PKCS_PSS,
					{ .hash = ASH_HASH_SHA384, .mgf_hash = ASH_HASH_SHA1, .salt_len = 9 },
					{ 0 } },
		sizeof(*pss), &made);
	EXPECT(pss->hashAlg == CKM_SHA384 && pss->mgf == CKG_MGF1_SHA1 && pss->sLen == 9);
	oaep = parameter(
		(struct ash_mechanism){
			CKM_RSA_PKCS_OAEP,
			{ .hash = ASH_HASH_SHA1, .mgf_hash = ASH_HASH_SHA3_256, .label = TEXT("label") },
			{ 0 } },
		sizeof(*oaep), &made);
	EXPECT(oaep->hashAlg == CKM_SHA_1 && oaep->mgf == CKG_MGF1_SHA3_256 &&
	       oaep->source == CKZ_DATA_SPECIFIED && oaep->ulSourceDataLen == 5);
	EXPECT(parameter((struct ash_mechanism){ .type = CKM_EDDSA }, 0, &made) == NULL);
	eddsa = parameter(
		(struct ash_mechanism){
			CKM_EDDSA, { .eddsa_params = true, .prehash = true, .context = TEXT("c") }, { 0 } },
		sizeof(*eddsa), &made);
	EXPECT(eddsa->phFlag == CK_TRUE && eddsa->ulContextDataLen == 1);
	EXPECT(parameter((struct ash_mechanism){ .type = CKM_ML_DSA }, 0, &made) == NULL);
	ml_dsa = parameter((struct ash_mechanism){ CKM_ML_DSA, { .deterministic = true }, { 0 } },
			   sizeof(*ml_dsa), &made);
	EXPECT(ml_dsa->hedgeVariant == CKH_DETERMINISTIC_REQUIRED && ml_dsa->ulContextLen == 0);
}

TEST(parameters_of_derivation)
{
	struct ash_module_mechanism made;
	const struct ash_derivation how = {
		.kdf = CKD_NULL,
		.peer = TEXT("peer"),
		.extract = true,
		.hash = ASH_HASH_SHA256,
		.salt_type = CKF_HKDF_SALT_DATA,
		.salt = TEXT("salt"),
		.info = TEXT("info"),
	};
	const CK_ECDH1_DERIVE_PARAMS *ecdh;
	const CK_HKDF_PARAMS *hkdf;
	const CK_PKCS5_PBKD2_PARAMS2 *pbkdf2;

	ecdh = parameter((struct ash_mechanism){ CKM_ECDH1_DERIVE, { .tag_len = 0 }, how }, sizeof(*ecdh),
			 &made);
	EXPECT(ecdh->kdf == CKD_NULL && ecdh->ulPublicDataLen == 4 && ecdh->ulSharedDataLen == 0);
	hkdf = parameter((struct ash_mechanism){ CKM_HKDF_DERIVE, { .tag_len = 0 }, how }, sizeof(*hkdf),
			 &made);
	EXPECT(hkdf->bExtract == CK_TRUE && hkdf->bExpand == CK_FALSE &&
	       hkdf->prfHashMechanism == CKM_SHA256 && hkdf->ulSaltType == CKF_HKDF_SALT_DATA &&
	       hkdf->ulSaltLen == 4 && hkdf->ulInfoLen == 4);
	pbkdf2 = parameter((struct ash_mechanism){ CKM_PKCS5_PBKD2,
						   { .tag_len = 0 },
						   { .kdf = CKP_PKCS5_PBKD2_HMAC_SHA256,
						     .salt_type = CKZ_SALT_SPECIFIED,
						     .password = TEXT("password"),
						     .iterations = 3 } },
			   sizeof(*pbkdf2), &made);
	EXPECT(pbkdf2->prf == CKP_PKCS5_PBKD2_HMAC_SHA256 && pbkdf2->iterations == 3 &&
	       pbkdf2->ulPasswordLen == 8 && pbkdf2->saltSource == CKZ_SALT_SPECIFIED);
}

TEST(what_has_no_form_is_refused)
{
	const struct ash_mechanism unknown = { .type = CKM_DES3_CBC };
	const struct ash_mechanism other = { .type = CKM_RSA_AES_KEY_WRAP };
	struct ash_module_mechanism made;

	EXPECT_CODE(ASH_E_MECHANISM, ash_module_mechanism(&unknown, &made));
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_module_mechanism(&other, &made));
}

/* Every mechanism of ours that vectors use has its form. */
TEST(each_kind_of_parameter_is_made)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);
		const struct ash_mechanism mechanism = { .type = row->type };
		struct ash_module_mechanism made;

		if (row->param != ASH_PARAM_RSA_AES)
			EXPECT_OK(ash_module_mechanism(&mechanism, &made));
	}
}
