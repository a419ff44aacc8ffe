#include "front/pkcs11/parameter_priv.h"

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

#include "front/pkcs11/call_priv.h"
#include "util/compat.h"

/* Bytes that a parameter points at, as many as there are. */
static struct ash_status lend_all(const void *bytes, CK_ULONG len, struct ash_span *ret_span)
{
	ASH_ENSURE(ash_readable(bytes, len), ASH_E_MECHANISM_PARAM);
	*ret_span = ash_span(bytes, len);
	return ASH_DONE;
}

/* The same where nobody has a use for many. */
static struct ash_status lend(const void *bytes, CK_ULONG len, struct ash_span *ret_span)
{
	ASH_ENSURE(len <= ASH_PARAMETER_BYTES_MAX, ASH_E_MECHANISM_PARAM);
	return lend_all(bytes, len, ret_span);
}

/* A parameter that is one structure, copied: its alignment is the caller's. */
static struct ash_status take(struct ash_span given, void *ret_structure, size_t len)
{
	ASH_ENSURE(given.len == len, ASH_E_MECHANISM_PARAM);
	memcpy(ret_structure, given.data, len);
	return ASH_DONE;
}

/* The hash that a parameter names as CKM_SHA256 and its like. */
static struct ash_status hash_of(CK_MECHANISM_TYPE type, enum ash_hash *ret_hash)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(type);

	ASH_ENSURE(row != NULL && row->alg.scheme == ASH_SCHEME_HASH, ASH_E_MECHANISM_PARAM);
	*ret_hash = row->alg.hash;
	return ASH_DONE;
}

static struct ash_status mgf_of(CK_RSA_PKCS_MGF_TYPE mgf, enum ash_hash *ret_hash)
{
	static const enum ash_hash hashes[] = {
		[CKG_MGF1_SHA1] = ASH_HASH_SHA1,         [CKG_MGF1_SHA224] = ASH_HASH_SHA224,
		[CKG_MGF1_SHA256] = ASH_HASH_SHA256,     [CKG_MGF1_SHA384] = ASH_HASH_SHA384,
		[CKG_MGF1_SHA512] = ASH_HASH_SHA512,     [CKG_MGF1_SHA3_224] = ASH_HASH_SHA3_224,
		[CKG_MGF1_SHA3_256] = ASH_HASH_SHA3_256, [CKG_MGF1_SHA3_384] = ASH_HASH_SHA3_384,
		[CKG_MGF1_SHA3_512] = ASH_HASH_SHA3_512,
	};

	ASH_ENSURE(mgf < ASH_COUNT(hashes) && hashes[mgf] != ASH_HASH_NONE, ASH_E_MECHANISM_PARAM);
	*ret_hash = hashes[mgf];
	return ASH_DONE;
}

/* ---- ciphers and MACs ---- */

static struct ash_status read_none(struct ash_span given, ASH_UNUSED struct ash_mechanism *mechanism)
{
	ASH_ENSURE(given.len == 0, ASH_E_MECHANISM_PARAM);
	return ASH_DONE;
}

static struct ash_status read_iv16(struct ash_span given, struct ash_mechanism *mechanism)
{
	ASH_ENSURE(given.len == 16, ASH_E_MECHANISM_PARAM);
	mechanism->params.iv = given;
	return ASH_DONE;
}

static struct ash_status read_iv(struct ash_span given, struct ash_mechanism *mechanism)
{
	return lend(given.data, given.len, &mechanism->params.iv);
}

/* ulIvBits says again what ulIvLen says; many leave it 0, so nobody reads it. */
static struct ash_status read_gcm(struct ash_span given, struct ash_mechanism *mechanism)
{
	struct ash_params *params = &mechanism->params;
	CK_GCM_PARAMS gcm;

	ASH_TRY(take(given, &gcm, sizeof(gcm)));
	ASH_ENSURE(gcm.ulTagBits % 8 == 0 && gcm.ulTagBits <= 128, ASH_E_MECHANISM_PARAM);
	params->tag_len = (uint32_t)(gcm.ulTagBits / 8);
	ASH_TRY(lend(gcm.pIv, gcm.ulIvLen, &params->iv));
	return lend_all(gcm.pAAD, gcm.ulAADLen, &params->aad);
}

static struct ash_status read_ccm(struct ash_span given, struct ash_mechanism *mechanism)
{
	struct ash_params *params = &mechanism->params;
	CK_CCM_PARAMS ccm;

	ASH_TRY(take(given, &ccm, sizeof(ccm)));
	ASH_ENSURE(ccm.ulMACLen <= 16, ASH_E_MECHANISM_PARAM);
	params->tag_len = (uint32_t)ccm.ulMACLen;
	params->data_len = ccm.ulDataLen;
	ASH_TRY(lend(ccm.pNonce, ccm.ulNonceLen, &params->iv));
	return lend_all(ccm.pAAD, ccm.ulAADLen, &params->aad);
}

/* The counter block stays where the caller has it. */
static struct ash_status read_ctr(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_AES_CTR_PARAMS ctr;

	ASH_TRY(take(given, &ctr, sizeof(ctr)));
	ASH_ENSURE(ctr.ulCounterBits != 0 && ctr.ulCounterBits <= 128, ASH_E_MECHANISM_PARAM);
	mechanism->params.counter_bits = (uint32_t)ctr.ulCounterBits;
	mechanism->params.iv = ash_span(given.data + offsetof(CK_AES_CTR_PARAMS, cb), sizeof(ctr.cb));
	return ASH_DONE;
}

/* No MAC of no bytes: our params take 0 for all of them. */
static struct ash_status read_length(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_MAC_GENERAL_PARAMS len = 0;

	ASH_TRY(take(given, &len, sizeof(len)));
	ASH_ENSURE(len != 0 && len <= UINT32_MAX, ASH_E_MECHANISM_PARAM);
	mechanism->params.tag_len = (uint32_t)len;
	return ASH_DONE;
}

/* ---- signatures ---- */

static struct ash_status read_pss(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_RSA_PKCS_PSS_PARAMS pss;

	ASH_TRY(take(given, &pss, sizeof(pss)));
	ASH_ENSURE(pss.sLen <= UINT32_MAX, ASH_E_MECHANISM_PARAM);
	mechanism->params.salt_len = (uint32_t)pss.sLen;
	ASH_TRY(hash_of(pss.hashAlg, &mechanism->params.hash));
	return mgf_of(pss.mgf, &mechanism->params.mgf_hash);
}

/*
 * §6.3.16: without prehash and context it is plain Ed25519 or Ed448, as without a
 * parameter: RFC 8032 §8.3 has no use for Ed25519ctx without a context.
 */
static struct ash_status read_eddsa(struct ash_span given, struct ash_mechanism *mechanism)
{
	struct ash_params *params = &mechanism->params;
	CK_EDDSA_PARAMS eddsa;

	if (given.len == 0)
		return ASH_DONE;
	ASH_TRY(take(given, &eddsa, sizeof(eddsa)));
	ASH_ENSURE(eddsa.ulContextDataLen <= 255, ASH_E_MECHANISM_PARAM);
	params->prehash = eddsa.phFlag != CK_FALSE;
	params->eddsa_params = params->prehash || eddsa.ulContextDataLen != 0;
	return lend(eddsa.pContextData, eddsa.ulContextDataLen, &params->context);
}

static struct ash_status read_ml_dsa(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_SIGN_ADDITIONAL_CONTEXT signing;

	if (given.len == 0)
		return ASH_DONE;
	ASH_TRY(take(given, &signing, sizeof(signing)));
	ASH_ENSURE(signing.hedgeVariant == CKH_HEDGE_PREFERRED ||
			   signing.hedgeVariant == CKH_HEDGE_REQUIRED ||
			   signing.hedgeVariant == CKH_DETERMINISTIC_REQUIRED,
		   ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(signing.ulContextLen <= 255, ASH_E_MECHANISM_PARAM); /* FIPS 204 */
	mechanism->params.deterministic = signing.hedgeVariant == CKH_DETERMINISTIC_REQUIRED;
	return lend(signing.pContext, signing.ulContextLen, &mechanism->params.context);
}

/* ---- transport and derivation ---- */

/* §6.1.7: the label. Many who have none leave `source` 0 as well. */
static struct ash_status read_oaep(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_RSA_PKCS_OAEP_PARAMS oaep;

	ASH_TRY(take(given, &oaep, sizeof(oaep)));
	ASH_ENSURE(oaep.source == CKZ_DATA_SPECIFIED || (oaep.source == 0 && oaep.ulSourceDataLen == 0),
		   ASH_E_MECHANISM_PARAM);
	ASH_TRY(hash_of(oaep.hashAlg, &mechanism->params.hash));
	ASH_TRY(mgf_of(oaep.mgf, &mechanism->params.mgf_hash));
	return lend(oaep.pSourceData, oaep.ulSourceDataLen, &mechanism->params.label);
}

static struct ash_status read_rsa_aes(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_RSA_AES_KEY_WRAP_PARAMS wrap;

	ASH_TRY(take(given, &wrap, sizeof(wrap)));
	ASH_ENSURE(wrap.ulAESKeyBits == 128 || wrap.ulAESKeyBits == 192 || wrap.ulAESKeyBits == 256,
		   ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(wrap.pOAEPParams != NULL, ASH_E_MECHANISM_PARAM);
	mechanism->derive.aes_bits = (uint32_t)wrap.ulAESKeyBits;
	return read_oaep(ash_span(wrap.pOAEPParams, sizeof(*wrap.pOAEPParams)), mechanism);
}

static struct ash_status read_ecdh(struct ash_span given, struct ash_mechanism *mechanism)
{
	CK_ECDH1_DERIVE_PARAMS ecdh;

	ASH_TRY(take(given, &ecdh, sizeof(ecdh)));
	mechanism->derive.kdf = ecdh.kdf;
	ASH_TRY(lend(ecdh.pSharedData, ecdh.ulSharedDataLen, &mechanism->derive.shared));
	return lend(ecdh.pPublicData, ecdh.ulPublicDataLen, &mechanism->derive.peer);
}

/* §6.62.2: what a half does not use is ignored; so nobody looks where it points. */
static struct ash_status read_hkdf(struct ash_span given, struct ash_mechanism *mechanism)
{
	struct ash_derivation *derive = &mechanism->derive;
	CK_HKDF_PARAMS hkdf;

	ASH_TRY(take(given, &hkdf, sizeof(hkdf)));
	derive->extract = hkdf.bExtract != CK_FALSE;
	derive->expand = hkdf.bExpand != CK_FALSE;
	ASH_TRY(hash_of(hkdf.prfHashMechanism, &derive->hash));
	if (derive->extract) {
		derive->salt_type = hkdf.ulSaltType;
		if (hkdf.ulSaltType == CKF_HKDF_SALT_DATA)
			ASH_TRY(lend(hkdf.pSalt, hkdf.ulSaltLen, &derive->salt));
		if (hkdf.ulSaltType == CKF_HKDF_SALT_KEY)
			derive->salt_key = hkdf.hSaltKey;
	}
	if (derive->expand)
		ASH_TRY(lend(hkdf.pInfo, hkdf.ulInfoLen, &derive->info));
	return ASH_DONE;
}

/*
 * CK_PKCS5_PBKD2_PARAMS, deprecated but all that NSS has, holds a pointer where its successor
 * of the same size holds the length. No password is as long as an address is high; and what
 * can't be the address of a CK_ULONG stays a length, which is refused.
 */
static CK_ULONG password_len(CK_ULONG given)
{
	const unsigned highest_byte = 8 * (sizeof(given) - 1);
	CK_ULONG len;

	if (given <= ASH_PARAMETER_BYTES_MAX || given % alignof(CK_ULONG) != 0 || given >> highest_byte != 0)
		return given;
	memcpy(&len, (const void *)(uintptr_t)given, sizeof(len));
	return len;
}

/* §6.38.6: none of the functions that we have takes data of its own. */
static struct ash_status read_pbkdf2(struct ash_span given, struct ash_mechanism *mechanism)
{
	struct ash_derivation *derive = &mechanism->derive;
	CK_PKCS5_PBKD2_PARAMS2 pbkdf2;

	ASH_TRY(take(given, &pbkdf2, sizeof(pbkdf2)));
	ASH_ENSURE(pbkdf2.pPrfData == NULL && pbkdf2.ulPrfDataLen == 0, ASH_E_MECHANISM_PARAM);
	derive->kdf = pbkdf2.prf;
	derive->salt_type = pbkdf2.saltSource;
	derive->iterations = pbkdf2.iterations;
	ASH_TRY(lend(pbkdf2.pSaltSourceData, pbkdf2.ulSaltSourceDataLen, &derive->salt));
	return lend(pbkdf2.pPassword, password_len(pbkdf2.ulPasswordLen), &derive->password);
}

static struct ash_status (*const decoders[ASH_PARAM_KINDS])(struct ash_span given,
							    struct ash_mechanism *mechanism) = {
	[ASH_PARAM_NONE] = read_none,   [ASH_PARAM_IV16] = read_iv16,     [ASH_PARAM_GCM] = read_gcm,
	[ASH_PARAM_EDDSA] = read_eddsa, [ASH_PARAM_ML_DSA] = read_ml_dsa, [ASH_PARAM_PSS] = read_pss,
	[ASH_PARAM_OAEP] = read_oaep,   [ASH_PARAM_CTR] = read_ctr,       [ASH_PARAM_CCM] = read_ccm,
	[ASH_PARAM_IV] = read_iv,       [ASH_PARAM_LENGTH] = read_length, [ASH_PARAM_ECDH] = read_ecdh,
	[ASH_PARAM_HKDF] = read_hkdf,   [ASH_PARAM_PBKDF2] = read_pbkdf2, [ASH_PARAM_RSA_AES] = read_rsa_aes,
};

struct ash_status ash_parameter_read(enum ash_param_kind kind, struct ash_span given,
				     struct ash_mechanism *mechanism)
{
	ASH_BUG((unsigned)kind >= ASH_PARAM_KINDS || decoders[kind] == NULL);
	return decoders[kind](given, mechanism);
}

/* ---- wrapping with a nonce that may be made here ---- */

/* What the two structures have in common. */
struct generated {
	CK_BYTE_PTR nonce;
	CK_ULONG len, fixed_bits;
	CK_GENERATOR_FUNCTION generator;
};

static struct ash_status read_wish(const struct generated *asked, struct ash_nonce_wish *wish)
{
	if (wish == NULL || asked->generator == CKG_NO_GENERATE)
		return ASH_DONE;
	ASH_ENSURE(asked->generator == CKG_GENERATE || asked->generator == CKG_GENERATE_RANDOM,
		   ASH_E_MECHANISM_PARAM);
	ASH_ENSURE(asked->nonce != NULL && asked->len <= ASH_NONCE_MADE_MAX &&
			   asked->len * 8 >= ASH_NONCE_RANDOM_BITS &&
			   asked->fixed_bits <= asked->len * 8 - ASH_NONCE_RANDOM_BITS,
		   ASH_E_MECHANISM_PARAM);
	*wish = (struct ash_nonce_wish){ asked->nonce, asked->len, asked->fixed_bits };
	return ASH_DONE;
}

static struct ash_status read_gcm_wrap(struct ash_span given, struct ash_mechanism *mechanism,
				       struct ash_nonce_wish *wish)
{
	CK_GCM_WRAP_PARAMS wrap;
	CK_GCM_PARAMS gcm;

	ASH_TRY(take(given, &wrap, sizeof(wrap)));
	gcm = (CK_GCM_PARAMS){ wrap.pIv, wrap.ulIvLen, 0, wrap.pAAD, wrap.ulAADLen, wrap.ulTagBits };
	ASH_TRY(read_gcm(ash_span(&gcm, sizeof(gcm)), mechanism));
	return read_wish(&(struct generated){ wrap.pIv, wrap.ulIvLen, wrap.ulIvFixedBits, wrap.ivGenerator },
			 wish);
}

static struct ash_status read_ccm_wrap(struct ash_span given, struct ash_mechanism *mechanism,
				       struct ash_nonce_wish *wish)
{
	CK_CCM_WRAP_PARAMS wrap;
	CK_CCM_PARAMS ccm;

	ASH_TRY(take(given, &wrap, sizeof(wrap)));
	ccm = (CK_CCM_PARAMS){ wrap.ulDataLen, wrap.pNonce,   wrap.ulNonceLen,
			       wrap.pAAD,      wrap.ulAADLen, wrap.ulMACLen };
	ASH_TRY(read_ccm(ash_span(&ccm, sizeof(ccm)), mechanism));
	return read_wish(&(struct generated){ wrap.pNonce, wrap.ulNonceLen, wrap.ulNonceFixedBits,
					      wrap.nonceGenerator },
			 wish);
}

/* The older structures serve as well: they differ in length, so none is taken for another. */
struct ash_status ash_parameter_read_wrap(enum ash_param_kind kind, struct ash_span given,
					  struct ash_mechanism *mechanism, struct ash_nonce_wish *wish)
{
	if (wish != NULL)
		*wish = (struct ash_nonce_wish){ .place = NULL };
	if (kind == ASH_PARAM_GCM && given.len == sizeof(CK_GCM_WRAP_PARAMS))
		return read_gcm_wrap(given, mechanism, wish);
	if (kind == ASH_PARAM_CCM && given.len == sizeof(CK_CCM_WRAP_PARAMS))
		return read_ccm_wrap(given, mechanism, wish);
	return ash_parameter_read(kind, given, mechanism);
}
