/* Inside the module's api: into PKCS#11's C form and back. */
#pragma once

#include "app/selftest/module.h"

/* A mechanism with room for all that its parameter consists of. Not to be copied. */
struct ash_module_mechanism {
	CK_MECHANISM mechanism;
	union {
		CK_GCM_PARAMS gcm;
		CK_CCM_PARAMS ccm;
		CK_AES_CTR_PARAMS ctr;
		CK_MAC_GENERAL_PARAMS length;
		CK_EDDSA_PARAMS eddsa;
		CK_SIGN_ADDITIONAL_CONTEXT ml_dsa;
		CK_RSA_PKCS_PSS_PARAMS pss;
		CK_RSA_PKCS_OAEP_PARAMS oaep;
		CK_ECDH1_DERIVE_PARAMS ecdh;
		CK_HKDF_PARAMS hkdf;
		CK_PKCS5_PBKD2_PARAMS2 pbkdf2;
	} parameter;
};

/* ASH_E_MECHANISM for one that our table lacks, ASH_E_UNSUPPORTED for one that is not made here. */
ASH_STATUS ash_module_mechanism(const struct ash_mechanism *from, struct ash_module_mechanism *ret_made);

#define ASH_MODULE_ATTRS_MAX 32

struct ash_module_template {
	CK_ATTRIBUTE attrs[ASH_MODULE_ATTRS_MAX];
	CK_ULONG numbers[ASH_MODULE_ATTRS_MAX];
	CK_ULONG count;
};

/* ASH_E_LIMIT for too many, ASH_E_UNSUPPORTED for attributes that are arrays. */
ASH_STATUS ash_module_template(struct ash_template from, struct ash_module_template *ret_made);

/* The pointer that PKCS#11's functions take for bytes they only read. */
static inline CK_BYTE *ash_module_bytes(struct ash_span span)
{
	return (CK_BYTE *)(uintptr_t)span.data;
}
