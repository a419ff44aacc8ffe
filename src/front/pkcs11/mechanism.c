#include "front/pkcs11/mechanism_priv.h"

#include <string.h>

/* Bytes that a parameter points at. */
static struct ash_status lend(const CK_BYTE *bytes, CK_ULONG len, struct ash_span *ret_span)
{
	ASH_ENSURE(bytes != NULL || len == 0, ASH_E_MECHANISM_PARAM);
	*ret_span = ash_span(bytes, len);
	return ASH_DONE;
}

/* A parameter that is one structure, copied: its alignment is the caller's. */
static struct ash_status take(struct ash_span given, void *ret_structure, size_t len)
{
	ASH_ENSURE(given.len == len, ASH_E_MECHANISM_PARAM);
	memcpy(ret_structure, given.data, len);
	return ASH_DONE;
}

static struct ash_status read_none(struct ash_span given, struct ash_params *params)
{
	(void)params;
	ASH_ENSURE(given.len == 0, ASH_E_MECHANISM_PARAM);
	return ASH_DONE;
}

static struct ash_status read_iv16(struct ash_span given, struct ash_params *params)
{
	ASH_ENSURE(given.len == 16, ASH_E_MECHANISM_PARAM);
	params->iv = given;
	return ASH_DONE;
}

/* ulIvBits says again what ulIvLen says; many leave it 0, so nobody reads it. */
static struct ash_status read_gcm(struct ash_span given, struct ash_params *params)
{
	CK_GCM_PARAMS gcm;

	ASH_TRY(take(given, &gcm, sizeof(gcm)));
	ASH_ENSURE(gcm.ulTagBits % 8 == 0 && gcm.ulTagBits <= 128, ASH_E_MECHANISM_PARAM);
	params->tag_len = (uint32_t)(gcm.ulTagBits / 8);
	ASH_TRY(lend(gcm.pIv, gcm.ulIvLen, &params->iv));
	return lend(gcm.pAAD, gcm.ulAADLen, &params->aad);
}

/* §6.3.16: without prehash and context it is plain Ed25519, as without a parameter. */
static struct ash_status read_eddsa(struct ash_span given, struct ash_params *params)
{
	CK_EDDSA_PARAMS eddsa;

	(void)params;
	if (given.len == 0)
		return ASH_DONE;
	ASH_TRY(take(given, &eddsa, sizeof(eddsa)));
	ASH_ENSURE(eddsa.phFlag == CK_FALSE && eddsa.ulContextDataLen == 0, ASH_E_MECHANISM_PARAM);
	return ASH_DONE;
}

static struct ash_status read_ml_dsa(struct ash_span given, struct ash_params *params)
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
	params->deterministic = signing.hedgeVariant == CKH_DETERMINISTIC_REQUIRED;
	return lend(signing.pContext, signing.ulContextLen, &params->context);
}

static struct ash_status (*const decoders[ASH_PARAM_KINDS])(struct ash_span given,
							    struct ash_params *params) = {
	[ASH_PARAM_NONE] = read_none,   [ASH_PARAM_IV16] = read_iv16,     [ASH_PARAM_GCM] = read_gcm,
	[ASH_PARAM_EDDSA] = read_eddsa, [ASH_PARAM_ML_DSA] = read_ml_dsa,
};

struct ash_status ash_mechanism_read(const CK_MECHANISM *given, struct ash_mechanism *ret_mechanism)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(given->mechanism);
	struct ash_mechanism mechanism = { .type = given->mechanism };
	struct ash_span parameter = ASH_SPAN_NONE;

	ASH_ENSURE(row != NULL, ASH_E_MECHANISM);
	ASH_BUG((unsigned)row->param >= ASH_PARAM_KINDS || decoders[row->param] == NULL);
	ASH_TRY(lend(given->pParameter, given->ulParameterLen, &parameter));
	ASH_TRY(decoders[row->param](parameter, &mechanism.params));
	*ret_mechanism = mechanism;
	return ASH_DONE;
}
