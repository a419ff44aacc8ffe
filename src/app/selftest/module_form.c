/* Mechanisms, templates and return values between our form and PKCS#11's. */
#include "app/selftest/mapping.h"
#include "app/selftest/module_priv.h"
#include "token/attribute.h"
#include "util/compat.h"

/* ---- return values ---- */

ASH_STATUS ash_module_status(CK_RV rv)
{
	static const struct {
		CK_RV rv;
		enum ash_code code;
	} rows[] = {
		{ CKR_ARGUMENTS_BAD, ASH_E_ARGUMENT },
		{ CKR_HOST_MEMORY, ASH_E_MEMORY },
		{ CKR_FUNCTION_NOT_SUPPORTED, ASH_E_UNSUPPORTED },
		{ CKR_BUFFER_TOO_SMALL, ASH_E_BUFFER_TOO_SMALL },
		{ CKR_TOKEN_RESOURCE_EXCEEDED, ASH_E_LIMIT },
		{ CKR_DEVICE_ERROR, ASH_E_IO },
		{ CKR_SLOT_ID_INVALID, ASH_E_SLOT_ID },
		{ CKR_TOKEN_NOT_PRESENT, ASH_E_TOKEN_NOT_PRESENT },
		{ CKR_TOKEN_NOT_RECOGNIZED, ASH_E_TOKEN_NOT_RECOGNIZED },
		{ CKR_PIN_INCORRECT, ASH_E_PIN_INCORRECT },
		{ CKR_PIN_LEN_RANGE, ASH_E_PIN_LEN },
		{ CKR_PIN_LOCKED, ASH_E_PIN_LOCKED },
		{ CKR_USER_PIN_NOT_INITIALIZED, ASH_E_PIN_NOT_INITIALIZED },
		{ CKR_USER_NOT_LOGGED_IN, ASH_E_NOT_LOGGED_IN },
		{ CKR_ATTRIBUTE_TYPE_INVALID, ASH_E_ATTRIBUTE_TYPE },
		{ CKR_ATTRIBUTE_VALUE_INVALID, ASH_E_ATTRIBUTE_VALUE },
		{ CKR_ATTRIBUTE_READ_ONLY, ASH_E_ATTRIBUTE_READ_ONLY },
		{ CKR_ATTRIBUTE_SENSITIVE, ASH_E_ATTRIBUTE_SENSITIVE },
		{ CKR_TEMPLATE_INCOMPLETE, ASH_E_TEMPLATE_INCOMPLETE },
		{ CKR_TEMPLATE_INCONSISTENT, ASH_E_TEMPLATE_INCONSISTENT },
		{ CKR_PARAMETER_SET_NOT_SUPPORTED, ASH_E_PARAMETER_SET },
		{ CKR_CURVE_NOT_SUPPORTED, ASH_E_CURVE },
		{ CKR_DOMAIN_PARAMS_INVALID, ASH_E_CURVE },
		{ CKR_PUBLIC_KEY_INVALID, ASH_E_KEY_INVALID },
		{ CKR_KEY_HANDLE_INVALID, ASH_E_KEY_HANDLE },
		{ CKR_KEY_TYPE_INCONSISTENT, ASH_E_KEY_TYPE },
		{ CKR_KEY_SIZE_RANGE, ASH_E_KEY_SIZE },
		{ CKR_KEY_FUNCTION_NOT_PERMITTED, ASH_E_KEY_USAGE },
		{ CKR_KEY_UNEXTRACTABLE, ASH_E_KEY_UNEXTRACTABLE },
		{ CKR_KEY_NOT_WRAPPABLE, ASH_E_KEY_NOT_WRAPPABLE },
		{ CKR_WRAPPED_KEY_INVALID, ASH_E_WRAPPED_KEY },
		{ CKR_WRAPPED_KEY_LEN_RANGE, ASH_E_WRAPPED_KEY_LEN },
		{ CKR_MECHANISM_INVALID, ASH_E_MECHANISM },
		{ CKR_MECHANISM_PARAM_INVALID, ASH_E_MECHANISM_PARAM },
		{ CKR_OPERATION_ACTIVE, ASH_E_OPERATION_ACTIVE },
		{ CKR_OPERATION_NOT_INITIALIZED, ASH_E_OPERATION_NONE },
		{ CKR_DATA_INVALID, ASH_E_DATA },
		{ CKR_DATA_LEN_RANGE, ASH_E_DATA_LEN },
		{ CKR_ENCRYPTED_DATA_INVALID, ASH_E_ENCRYPTED_DATA },
		{ CKR_ENCRYPTED_DATA_LEN_RANGE, ASH_E_ENCRYPTED_DATA_LEN },
		{ CKR_AEAD_DECRYPT_FAILED, ASH_E_AUTHENTICATION },
		{ CKR_SIGNATURE_INVALID, ASH_E_SIGNATURE },
		{ CKR_SIGNATURE_LEN_RANGE, ASH_E_SIGNATURE_LEN },
	};

	if (rv == CKR_OK)
		return ASH_DONE;
	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		if (rows[i].rv == rv)
			ASH_FAIL(rows[i].code);
	}
	ASH_FAIL_WITH(ASH_E_FAILED, "the module answered 0x%08lx", rv);
}

/* ---- templates ---- */

static CK_ULONG number_of(struct ash_span value)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value.len; i++)
		number = number << 8 | value.data[i];
	return (CK_ULONG)number;
}

ASH_STATUS ash_module_template(struct ash_template from, struct ash_module_template *ret_made)
{
	ASH_ENSURE(from.count <= ASH_MODULE_ATTRS_MAX, ASH_E_LIMIT);
	for (size_t i = 0; i < from.count; i++) {
		const struct ash_attr *attr = &from.attrs[i];
		const struct ash_attr_info *info = ash_attribute_find(attr->type);
		CK_ATTRIBUTE *to = &ret_made->attrs[i];

		ASH_ENSURE(info == NULL ||
				   (info->kind != ASH_ATTR_NUMBERS && info->kind != ASH_ATTR_TEMPLATE),
			   ASH_E_UNSUPPORTED);
		*to = (CK_ATTRIBUTE){ (CK_ATTRIBUTE_TYPE)attr->type, ash_module_bytes(attr->value),
				      attr->value.len };
		if (info != NULL && info->kind == ASH_ATTR_NUMBER) {
			ret_made->numbers[i] = number_of(attr->value);
			to->pValue = &ret_made->numbers[i];
			to->ulValueLen = sizeof(ret_made->numbers[i]);
		}
	}
	ret_made->count = from.count;
	return ASH_DONE;
}

/* ---- mechanisms ---- */

static void add_bytes(struct ash_span bytes, struct ash_module_mechanism *made)
{
	made->mechanism.pParameter = ash_module_bytes(bytes);
	made->mechanism.ulParameterLen = bytes.len;
}

static void add_structure(size_t len, struct ash_module_mechanism *made)
{
	made->mechanism.pParameter = &made->parameter;
	made->mechanism.ulParameterLen = len;
}

static void add_cipher(enum ash_param_kind kind, const struct ash_params *params,
		       struct ash_module_mechanism *made)
{
	if (kind == ASH_PARAM_GCM) {
		made->parameter.gcm = (CK_GCM_PARAMS){
			.pIv = ash_module_bytes(params->iv),
			.ulIvLen = params->iv.len,
			.ulIvBits = params->iv.len * 8,
			.pAAD = ash_module_bytes(params->aad),
			.ulAADLen = params->aad.len,
			.ulTagBits = params->tag_len * 8ul,
		};
		add_structure(sizeof(made->parameter.gcm), made);
	} else if (kind == ASH_PARAM_CCM) {
		made->parameter.ccm = (CK_CCM_PARAMS){
			.ulDataLen = params->data_len,
			.pNonce = ash_module_bytes(params->iv),
			.ulNonceLen = params->iv.len,
			.pAAD = ash_module_bytes(params->aad),
			.ulAADLen = params->aad.len,
			.ulMACLen = params->tag_len,
		};
		add_structure(sizeof(made->parameter.ccm), made);
	} else {
		made->parameter.ctr.ulCounterBits = params->counter_bits;
		if (params->iv.len == sizeof(made->parameter.ctr.cb))
			memcpy(made->parameter.ctr.cb, params->iv.data, params->iv.len);
		/* A counter block of another length has no form here: no parameter at all is as wrong. */
		add_structure(params->iv.len == sizeof(made->parameter.ctr.cb) ? sizeof(made->parameter.ctr)
									       : 0,
			      made);
	}
}

static void add_signing(enum ash_param_kind kind, const struct ash_params *params,
			struct ash_module_mechanism *made)
{
	if (kind == ASH_PARAM_LENGTH) {
		made->parameter.length = params->tag_len;
		add_structure(sizeof(made->parameter.length), made);
	} else if (kind == ASH_PARAM_PSS) {
		made->parameter.pss = (CK_RSA_PKCS_PSS_PARAMS){
			.hashAlg = (CK_MECHANISM_TYPE)ash_mapping_hash(params->hash),
			.mgf = (CK_RSA_PKCS_MGF_TYPE)ash_mapping_mgf(params->mgf_hash),
			.sLen = params->salt_len,
		};
		add_structure(sizeof(made->parameter.pss), made);
	} else if (kind == ASH_PARAM_EDDSA && params->eddsa_params) {
		made->parameter.eddsa = (CK_EDDSA_PARAMS){
			.phFlag = params->prehash ? CK_TRUE : CK_FALSE,
			.pContextData = ash_module_bytes(params->context),
			.ulContextDataLen = params->context.len,
		};
		add_structure(sizeof(made->parameter.eddsa), made);
	} else if (kind == ASH_PARAM_ML_DSA && (params->deterministic || params->context.len != 0)) {
		made->parameter.ml_dsa = (CK_SIGN_ADDITIONAL_CONTEXT){
			.hedgeVariant =
				params->deterministic ? CKH_DETERMINISTIC_REQUIRED : CKH_HEDGE_PREFERRED,
			.pContext = ash_module_bytes(params->context),
			.ulContextLen = params->context.len,
		};
		add_structure(sizeof(made->parameter.ml_dsa), made);
	}
}

static void add_oaep(const struct ash_params *params, struct ash_module_mechanism *made)
{
	made->parameter.oaep = (CK_RSA_PKCS_OAEP_PARAMS){
		.hashAlg = (CK_MECHANISM_TYPE)ash_mapping_hash(params->hash),
		.mgf = (CK_RSA_PKCS_MGF_TYPE)ash_mapping_mgf(params->mgf_hash),
		.source = CKZ_DATA_SPECIFIED,
		.pSourceData = ash_module_bytes(params->label),
		.ulSourceDataLen = params->label.len,
	};
	add_structure(sizeof(made->parameter.oaep), made);
}

static void add_derivation(enum ash_param_kind kind, const struct ash_derivation *how,
			   struct ash_module_mechanism *made)
{
	if (kind == ASH_PARAM_ECDH) {
		made->parameter.ecdh = (CK_ECDH1_DERIVE_PARAMS){
			.kdf = (CK_EC_KDF_TYPE)how->kdf,
			.ulSharedDataLen = how->shared.len,
			.pSharedData = ash_module_bytes(how->shared),
			.ulPublicDataLen = how->peer.len,
			.pPublicData = ash_module_bytes(how->peer),
		};
		add_structure(sizeof(made->parameter.ecdh), made);
	} else if (kind == ASH_PARAM_HKDF) {
		made->parameter.hkdf = (CK_HKDF_PARAMS){
			.bExtract = how->extract ? CK_TRUE : CK_FALSE,
			.bExpand = how->expand ? CK_TRUE : CK_FALSE,
			.prfHashMechanism = (CK_MECHANISM_TYPE)ash_mapping_hash(how->hash),
			.ulSaltType = (CK_ULONG)how->salt_type,
			.pSalt = ash_module_bytes(how->salt),
			.ulSaltLen = how->salt.len,
			.hSaltKey = (CK_OBJECT_HANDLE)how->salt_key,
			.pInfo = ash_module_bytes(how->info),
			.ulInfoLen = how->info.len,
		};
		add_structure(sizeof(made->parameter.hkdf), made);
	} else {
		made->parameter.pbkdf2 = (CK_PKCS5_PBKD2_PARAMS2){
			.saltSource = (CK_PKCS5_PBKDF2_SALT_SOURCE_TYPE)how->salt_type,
			.pSaltSourceData = ash_module_bytes(how->salt),
			.ulSaltSourceDataLen = how->salt.len,
			.iterations = (CK_ULONG)how->iterations,
			.prf = (CK_PKCS5_PBKD2_PSEUDO_RANDOM_FUNCTION_TYPE)how->kdf,
			.pPassword = ash_module_bytes(how->password),
			.ulPasswordLen = how->password.len,
		};
		add_structure(sizeof(made->parameter.pbkdf2), made);
	}
}

ASH_STATUS ash_module_mechanism(const struct ash_mechanism *from, struct ash_module_mechanism *ret_made)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(from->type);

	ASH_ENSURE(row != NULL, ASH_E_MECHANISM);
	memset(ret_made, 0, sizeof(*ret_made));
	ret_made->mechanism.mechanism = (CK_MECHANISM_TYPE)from->type;
	switch (row->param) {
	case ASH_PARAM_NONE: break;
	case ASH_PARAM_IV16:
	case ASH_PARAM_IV: add_bytes(from->params.iv, ret_made); break;
	case ASH_PARAM_GCM:
	case ASH_PARAM_CCM:
	case ASH_PARAM_CTR: add_cipher(row->param, &from->params, ret_made); break;
	case ASH_PARAM_LENGTH:
	case ASH_PARAM_PSS:
	case ASH_PARAM_EDDSA:
	case ASH_PARAM_ML_DSA: add_signing(row->param, &from->params, ret_made); break;
	case ASH_PARAM_OAEP: add_oaep(&from->params, ret_made); break;
	case ASH_PARAM_ECDH:
	case ASH_PARAM_HKDF:
	case ASH_PARAM_PBKDF2: add_derivation(row->param, &from->derive, ret_made); break;
	case ASH_PARAM_RSA_AES:
	case ASH_PARAM_KINDS: ASH_FAIL(ASH_E_UNSUPPORTED);
	}
	return ASH_DONE;
}
