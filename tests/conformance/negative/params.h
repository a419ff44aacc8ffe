/*
 * Parameters: for each form the right ones, and every way of being wrong that the
 * standard lets us see: missing, too short, too long, promised and not there, and one
 * nonsense value in each field.
 */
#pragma once

#include "keys.h"

#define PARAMS_MAX 24

struct param {
	const char *what;
	void *bytes;
	CK_ULONG len;
	bool good;
};

struct params {
	struct param list[PARAMS_MAX];
	size_t count;
};

static CK_BYTE scratch[1024]; /* what right and nonsense parameters point at */

static void add(struct params *params, const char *what, void *bytes, CK_ULONG len, bool good)
{
	if (params->count == PARAMS_MAX)
		guest_bail("too many parameters");
	params->list[params->count++] = (struct param){ what, bytes, len, good };
}

/*
 * For a structure: the right one, the lengths around it, and what `spoil` makes of a copy,
 * one after the other, until it returns NULL.
 */
#define SPOILT_MAX 12
#define ADD_STRUCTURE(params, type, right, spoil)                                   \
	do {                                                                        \
		static type spoilt[SPOILT_MAX];                                     \
		static type whole[2]; /* the second is what a too long one reads */ \
		const char *what_ = NULL;                                           \
		whole[0] = whole[1] = (right);                                      \
		add(params, "right", whole, sizeof(type), true);                    \
		add(params, "too short", whole, sizeof(type) - 1, false);           \
		add(params, "too long", whole, sizeof(type) + 1, false);            \
		add(params, "promised", NULL, sizeof(type), false);                 \
		for (unsigned i_ = 0; i_ < SPOILT_MAX; i_++) {                      \
			spoilt[i_] = (right);                                       \
			if ((what_ = spoil(i_, &spoilt[i_])) == NULL)               \
				break;                                              \
			add(params, what_, &spoilt[i_], sizeof(type), false);       \
		}                                                                   \
	} while (0)

static const char *spoil_gcm(unsigned way, CK_GCM_PARAMS *gcm)
{
	switch (way) {
	case 0: gcm->ulTagBits = 127; return "tag of 127 bits";
	case 1: gcm->ulTagBits = 136; return "tag of 136 bits";
	case 2: gcm->ulTagBits = 0; return "no tag";
	case 3: gcm->pIv = NULL; return "IV promised";
	case 4: gcm->ulIvLen = 0; return "no IV";
	case 5: gcm->ulIvLen = (1u << 20) + 1; return "IV too long";
	case 6:
		gcm->pAAD = NULL;
		gcm->ulAADLen = 5;
		return "AAD promised";
	default: return NULL;
	}
}

static const char *spoil_gmac(unsigned way, CK_GCM_PARAMS *gcm)
{
	if (way != 7)
		return spoil_gcm(way, gcm);
	gcm->pAAD = scratch;
	gcm->ulAADLen = 5;
	return "AAD beside the data";
}

/* Beside a nonce of 12 bytes. Wrapping takes the key's own length whatever the parameter says (§6.13.5). */
static const char ccm_too_long[] = "longer than its length field";

static const char *spoil_ccm(unsigned way, CK_CCM_PARAMS *ccm)
{
	switch (way) {
	case 0: ccm->ulMACLen = 3; return "MAC of 3 bytes";
	case 1: ccm->ulMACLen = 18; return "MAC of 18 bytes";
	case 2: ccm->ulNonceLen = 6; return "nonce of 6 bytes";
	case 3: ccm->ulNonceLen = 14; return "nonce of 14 bytes";
	case 4: ccm->pNonce = NULL; return "nonce promised";
	case 5:
		ccm->pAAD = NULL;
		ccm->ulAADLen = 5;
		return "AAD promised";
	case 6: ccm->ulDataLen = 1u << 24; return ccm_too_long;
	default: return NULL;
	}
}

static const char *spoil_ctr(unsigned way, CK_AES_CTR_PARAMS *ctr)
{
	switch (way) {
	case 0: ctr->ulCounterBits = 0; return "counter of no bits";
	case 1: ctr->ulCounterBits = 129; return "counter of 129 bits";
	default: return NULL;
	}
}

static const char *spoil_eddsa(unsigned way, CK_EDDSA_PARAMS *eddsa)
{
	switch (way) {
	case 0: eddsa->ulContextDataLen = 256; return "context of 256 bytes";
	case 1: eddsa->pContextData = NULL; return "context promised";
	default: return NULL;
	}
}

static const char *spoil_ml_dsa(unsigned way, CK_SIGN_ADDITIONAL_CONTEXT *signing)
{
	switch (way) {
	case 0: signing->hedgeVariant = 99; return "hedge 99";
	case 1: signing->ulContextLen = 256; return "context of 256 bytes";
	case 2: signing->pContext = NULL; return "context promised";
	default: return NULL;
	}
}

static CK_MECHANISM_TYPE pss_hash; /* of the mechanism at hand; 0: it has none of its own */

static const char *spoil_pss(unsigned way, CK_RSA_PKCS_PSS_PARAMS *pss)
{
	switch (way) {
	case 0: pss->hashAlg = CKM_MD5; return "hash that we lack";
	case 1: pss->hashAlg = CKM_RSA_PKCS; return "hash that is none";
	case 2: pss->mgf = 99; return "MGF 99";
	case 3: pss->mgf = 0; return "no MGF";
	case 4: pss->sLen = 1u << 20; return "salt too long";
	case 5: pss->sLen = (CK_ULONG)-1; return "salt without end";
	case 6:
		pss->hashAlg = pss_hash == CKM_SHA256 ? CKM_SHA384 : CKM_SHA256;
		return pss_hash != 0 ? "another hash than the mechanism's" : NULL;
	default: return NULL;
	}
}

static const char *spoil_oaep(unsigned way, CK_RSA_PKCS_OAEP_PARAMS *oaep)
{
	switch (way) {
	case 0: oaep->hashAlg = CKM_MD5; return "hash that we lack";
	case 1: oaep->mgf = 99; return "MGF 99";
	case 2: oaep->source = 99; return "source 99";
	case 3:
		oaep->pSourceData = NULL;
		oaep->ulSourceDataLen = 5;
		return "label promised";
	default: return NULL;
	}
}

static const char *spoil_rsa_aes(unsigned way, CK_RSA_AES_KEY_WRAP_PARAMS *wrap)
{
	static CK_RSA_PKCS_OAEP_PARAMS oaep;

	switch (way) {
	case 0: wrap->ulAESKeyBits = 0; return "AES key of no bits";
	case 1: wrap->ulAESKeyBits = 129; return "AES key of 129 bits";
	case 2: wrap->pOAEPParams = NULL; return "no OAEP parameters";
	case 3:
		oaep = *wrap->pOAEPParams;
		oaep.hashAlg = CKM_MD5;
		wrap->pOAEPParams = &oaep;
		return "OAEP hash that we lack";
	default: return NULL;
	}
}

static const char *spoil_ecdh(unsigned way, CK_ECDH1_DERIVE_PARAMS *ecdh)
{
	switch (way) {
	case 0: ecdh->kdf = 0x7777; return "KDF 0x7777";
	case 1: ecdh->pPublicData = NULL; return "point promised";
	case 2: ecdh->ulPublicDataLen = 0; return "no point";
	case 3: ecdh->ulPublicDataLen -= 1; return "point too short";
	case 4: ecdh->pPublicData = scratch; return "no point of the curve";
	case 5:
		ecdh->pSharedData = scratch;
		ecdh->ulSharedDataLen = 4;
		return "shared data without a KDF";
	case 6:
		ecdh->kdf = CKD_SHA256_KDF;
		ecdh->ulSharedDataLen = 4;
		return "shared data promised";
	default: return NULL;
	}
}

static const char *spoil_hkdf(unsigned way, CK_HKDF_PARAMS *hkdf)
{
	switch (way) {
	case 0: hkdf->bExtract = hkdf->bExpand = CK_FALSE; return "neither step";
	case 1: hkdf->prfHashMechanism = CKM_MD5; return "hash that we lack";
	case 2: hkdf->ulSaltType = 99; return "salt type 99";
	case 3: hkdf->ulSaltType = 0; return "no salt type";
	case 4:
		hkdf->ulSaltType = CKF_HKDF_SALT_DATA;
		hkdf->ulSaltLen = 5;
		return "salt promised";
	case 5: hkdf->ulInfoLen = 5; return "info promised";
	default: return NULL;
	}
}

static const char *spoil_pbkdf2(unsigned way, CK_PKCS5_PBKD2_PARAMS2 *pbkdf2)
{
	switch (way) {
	case 0: pbkdf2->prf = 99; return "PRF 99";
	case 1: pbkdf2->saltSource = 99; return "salt source 99";
	case 2: pbkdf2->iterations = 0; return "no iteration";
	case 3: pbkdf2->iterations = (CK_ULONG)-1; return "iterations without end";
	case 4: pbkdf2->pSaltSourceData = NULL; return "salt promised";
	case 5: pbkdf2->pPassword = NULL; return "password promised";
	case 6:
		pbkdf2->pPrfData = scratch;
		pbkdf2->ulPrfDataLen = 4;
		return "data for the PRF";
	default: return NULL;
	}
}

static const char *spoil_length(unsigned way, CK_MAC_GENERAL_PARAMS *len)
{
	switch (way) {
	case 0: *len = 0; return "MAC of no bytes";
	case 1: *len += 1; return "longer than the MAC";
	case 2: *len = (CK_ULONG)-1; return "MAC without end";
	default: return NULL;
	}
}

/* Bytes of one length. */
static void add_bytes(struct params *params, CK_ULONG len)
{
	add(params, "right", scratch, len, true);
	add(params, "too short", scratch, len - 1, false);
	add(params, "too long", scratch, len + 1, false);
	add(params, "promised", NULL, len, false);
}

static CK_GCM_PARAMS right_gcm(CK_ULONG aad_len)
{
	return (CK_GCM_PARAMS){ scratch, 12, 96, aad_len != 0 ? scratch : NULL, aad_len, 128 };
}

static CK_RSA_PKCS_OAEP_PARAMS *right_oaep(void)
{
	static CK_RSA_PKCS_OAEP_PARAMS oaep;

	oaep = (CK_RSA_PKCS_OAEP_PARAMS){ CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0 };
	return &oaep;
}

static CK_RSA_PKCS_PSS_PARAMS right_pss(CK_MECHANISM_TYPE hash)
{
	static const struct {
		CK_MECHANISM_TYPE hash;
		CK_RSA_PKCS_MGF_TYPE mgf;
	} mgfs[] = {
		{ CKM_SHA_1, CKG_MGF1_SHA1 },        { CKM_SHA224, CKG_MGF1_SHA224 },
		{ CKM_SHA256, CKG_MGF1_SHA256 },     { CKM_SHA384, CKG_MGF1_SHA384 },
		{ CKM_SHA512, CKG_MGF1_SHA512 },     { CKM_SHA3_224, CKG_MGF1_SHA3_224 },
		{ CKM_SHA3_256, CKG_MGF1_SHA3_256 }, { CKM_SHA3_384, CKG_MGF1_SHA3_384 },
		{ CKM_SHA3_512, CKG_MGF1_SHA3_512 },
	};
	CK_RSA_PKCS_PSS_PARAMS pss = { hash != 0 ? hash : CKM_SHA256, CKG_MGF1_SHA256, 20 };

	for (size_t i = 0; i < COUNT(mgfs); i++)
		if (mgfs[i].hash == pss.hashAlg)
			pss.mgf = mgfs[i].mgf;
	return pss;
}

/* ECDH's depends on the key: the other party's point lies on its curve. */
static CK_ECDH1_DERIVE_PARAMS right_ecdh(const struct key *key)
{
	const enum kind curve = key != NULL && key->kind == MONTGOMERY ? MONTGOMERY : EC;

	return (CK_ECDH1_DERIVE_PARAMS){ CKD_NULL, 0, NULL, world.point_len[curve], world.point[curve] };
}

static CK_CCM_PARAMS right_ccm(void)
{
	return (CK_CCM_PARAMS){ 16, scratch, 12, scratch, 3, 16 };
}

static CK_HKDF_PARAMS right_hkdf(void)
{
	return (CK_HKDF_PARAMS){ CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0 };
}

static CK_PKCS5_PBKD2_PARAMS2 right_pbkdf2(void)
{
	return (CK_PKCS5_PBKD2_PARAMS2){ .saltSource = CKZ_SALT_SPECIFIED,
					 .pSaltSourceData = scratch,
					 .ulSaltSourceDataLen = 8,
					 .iterations = 2,
					 .prf = CKP_PKCS5_PBKD2_HMAC_SHA256,
					 .pPassword = scratch,
					 .ulPasswordLen = 8 };
}

static CK_AES_CTR_PARAMS right_ctr(void)
{
	return (CK_AES_CTR_PARAMS){ .ulCounterBits = 128 };
}

static CK_EDDSA_PARAMS right_eddsa(void)
{
	return (CK_EDDSA_PARAMS){ CK_FALSE, 4, scratch };
}

static CK_SIGN_ADDITIONAL_CONTEXT right_ml_dsa(void)
{
	return (CK_SIGN_ADDITIONAL_CONTEXT){ CKH_HEDGE_PREFERRED, scratch, 4 };
}

static CK_RSA_AES_KEY_WRAP_PARAMS right_rsa_aes(void)
{
	return (CK_RSA_AES_KEY_WRAP_PARAMS){ 256, right_oaep() };
}

/* All parameters for a mechanism (and, for ECDH, for a key). */
static struct params params_of(const struct expected *row, const struct key *key)
{
	struct params params = { .count = 0 };
	const bool optional = row->form == FORM_NONE || row->form == FORM_EDDSA || row->form == FORM_ML_DSA ||
			      row->form == FORM_KW || row->form == FORM_KWP;

	add(&params, optional ? "absent" : "missing", NULL, 0, optional);
	switch (row->form) {
	case FORM_NONE:
		add(&params, "one byte", scratch, 1, false);
		add(&params, "promised", NULL, 5, false);
		break;
	case FORM_IV16: add_bytes(&params, 16); break;
	case FORM_KW: add_bytes(&params, 8); break;
	case FORM_KWP: add_bytes(&params, 4); break;
	case FORM_GCM: ADD_STRUCTURE(&params, CK_GCM_PARAMS, right_gcm(3), spoil_gcm); break;
	case FORM_GMAC: ADD_STRUCTURE(&params, CK_GCM_PARAMS, right_gcm(0), spoil_gmac); break;
	case FORM_CCM: ADD_STRUCTURE(&params, CK_CCM_PARAMS, right_ccm(), spoil_ccm); break;
	case FORM_CTR: ADD_STRUCTURE(&params, CK_AES_CTR_PARAMS, right_ctr(), spoil_ctr); break;
	case FORM_LENGTH: ADD_STRUCTURE(&params, CK_MAC_GENERAL_PARAMS, row->mac_len, spoil_length); break;
	case FORM_EDDSA: ADD_STRUCTURE(&params, CK_EDDSA_PARAMS, right_eddsa(), spoil_eddsa); break;
	case FORM_ML_DSA:
		ADD_STRUCTURE(&params, CK_SIGN_ADDITIONAL_CONTEXT, right_ml_dsa(), spoil_ml_dsa);
		break;
	case FORM_PSS:
		pss_hash = row->hash;
		ADD_STRUCTURE(&params, CK_RSA_PKCS_PSS_PARAMS, right_pss(row->hash), spoil_pss);
		break;
	case FORM_OAEP: ADD_STRUCTURE(&params, CK_RSA_PKCS_OAEP_PARAMS, *right_oaep(), spoil_oaep); break;
	case FORM_RSA_AES:
		ADD_STRUCTURE(&params, CK_RSA_AES_KEY_WRAP_PARAMS, right_rsa_aes(), spoil_rsa_aes);
		break;
	case FORM_ECDH: ADD_STRUCTURE(&params, CK_ECDH1_DERIVE_PARAMS, right_ecdh(key), spoil_ecdh); break;
	case FORM_HKDF: ADD_STRUCTURE(&params, CK_HKDF_PARAMS, right_hkdf(), spoil_hkdf); break;
	case FORM_PBKDF2: ADD_STRUCTURE(&params, CK_PKCS5_PBKD2_PARAMS2, right_pbkdf2(), spoil_pbkdf2); break;
	}
	return params;
}
