#include "mechs.h"

#define BIT(op)  (1u << (op))
#define DIGESTS  BIT(DIGEST)
#define SIGNS    (BIT(SIGN) | BIT(VERIFY))
#define RECOVERS (BIT(SIGN_RECOVER) | BIT(VERIFY_RECOVER))
#define ENCRYPTS (BIT(ENCRYPT) | BIT(DECRYPT))
#define NO_KEY   CK_UNAVAILABLE_INFORMATION
#define M(type)  type, #type

enum {
	ONE = true,
	MORE = false,
	SAME = true,
	RANDOM = false,
	SEALED = true,
	OPEN_ = false
};

/* clang-format off: one line each */
static const struct mech mechs[] = {
	{ M(CKM_SHA_1), DIGESTS, NO_KEY, NO_KEY, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 20 },
	{ M(CKM_SHA256), DIGESTS, NO_KEY, NO_KEY, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 32 },
	{ M(CKM_SHA512), DIGESTS, NO_KEY, NO_KEY, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 64 },
	{ M(CKM_SHA3_384), DIGESTS, NO_KEY, NO_KEY, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 48 },
	{ M(CKM_SHA256_HMAC), SIGNS, CKK_SHA256_HMAC, CKK_GENERIC_SECRET, P_NONE, S_DIGEST, MORE, SAME, OPEN_,
	  32 },
	{ M(CKM_SHA256_HMAC_GENERAL), SIGNS, CKK_SHA256_HMAC, CKK_GENERIC_SECRET, P_LENGTH, S_DIGEST, MORE,
	  SAME, OPEN_, 0 },
	{ M(CKM_SHA3_512_HMAC), SIGNS, CKK_SHA3_512_HMAC, CKK_GENERIC_SECRET, P_NONE, S_DIGEST, MORE, SAME,
	  OPEN_, 64 },
	{ M(CKM_AES_CMAC), SIGNS, CKK_AES, CKK_AES, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 16 },
	{ M(CKM_AES_GMAC), SIGNS, CKK_AES, CKK_AES, P_GCM, S_DIGEST, MORE, SAME, OPEN_, 16 },
	{ M(CKM_ECDSA), SIGNS, CKK_EC, CKK_EC, P_NONE, S_DIGEST, ONE, RANDOM, OPEN_, 64 },
	{ M(CKM_ECDSA_SHA256), SIGNS, CKK_EC, CKK_EC, P_NONE, S_DIGEST, MORE, RANDOM, OPEN_, 64 },
	{ M(CKM_EDDSA), SIGNS, CKK_EC_EDWARDS, CKK_EC_EDWARDS, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 64 },
	{ M(CKM_ML_DSA), SIGNS, CKK_ML_DSA, CKK_ML_DSA, P_NONE, S_DIGEST, MORE, RANDOM, OPEN_, 2420 },
	{ M(CKM_RSA_PKCS), SIGNS | RECOVERS, CKK_RSA, CKK_RSA, P_NONE, S_RSA, ONE, SAME, OPEN_, 256 },
	{ M(CKM_SHA256_RSA_PKCS), SIGNS, CKK_RSA, CKK_RSA, P_NONE, S_DIGEST, MORE, SAME, OPEN_, 256 },
	{ M(CKM_SHA256_RSA_PKCS_PSS), SIGNS, CKK_RSA, CKK_RSA, P_PSS, S_DIGEST, MORE, RANDOM, OPEN_, 256 },
	{ M(CKM_RSA_PKCS), ENCRYPTS, CKK_RSA, CKK_RSA, P_NONE, S_RSA, ONE, RANDOM, OPEN_, 256 },
	{ M(CKM_RSA_PKCS_OAEP), ENCRYPTS, CKK_RSA, CKK_RSA, P_OAEP, S_OAEP, ONE, RANDOM, SEALED, 256 },
	{ M(CKM_AES_ECB), ENCRYPTS, CKK_AES, CKK_AES, P_NONE, S_BLOCKS, MORE, SAME, OPEN_, 0 },
	{ M(CKM_AES_CBC), ENCRYPTS, CKK_AES, CKK_AES, P_IV16, S_BLOCKS, MORE, SAME, OPEN_, 0 },
	{ M(CKM_AES_CBC_PAD), ENCRYPTS, CKK_AES, CKK_AES, P_IV16, S_PADDED, MORE, SAME, OPEN_, 0 },
	{ M(CKM_AES_CTR), ENCRYPTS, CKK_AES, CKK_AES, P_CTR, S_STREAM, MORE, SAME, OPEN_, 0 },
	{ M(CKM_AES_GCM), ENCRYPTS, CKK_AES, CKK_AES, P_GCM, S_TAGGED, MORE, SAME, SEALED, 0 },
	{ M(CKM_AES_KEY_WRAP), ENCRYPTS, CKK_AES, CKK_AES, P_NONE, S_KW, ONE, SAME, SEALED, 0 },
	{ M(CKM_AES_KEY_WRAP_KWP), ENCRYPTS, CKK_AES, CKK_AES, P_NONE, S_KWP, ONE, SAME, SEALED, 0 },
};
/* clang-format on */

static const CK_ULONG mac_lengths[] = { 4, 16, 32 };

const struct mech *choose_mech(enum op op)
{
	const uint64_t first = choose(COUNT(mechs));

	for (size_t i = 0; i < COUNT(mechs); i++) {
		const struct mech *mech = &mechs[(first + i) % COUNT(mechs)];

		if ((mech->ops & BIT(op)) != 0)
			return mech;
	}
	return NULL;
}

void parameter_fill(struct parameter *parameter, const struct mech *mech, unsigned variant)
{
	CK_MECHANISM *to = &parameter->mechanism;
	const bool bad = variant == BAD_PARAM;

	memset(parameter->iv, (int)variant, sizeof(parameter->iv));
	*to = (CK_MECHANISM){ mech->type, NULL, 0 };
	switch (mech->param) {
	case P_NONE:
		if (bad)
			*to = (CK_MECHANISM){ mech->type, parameter->iv, 3 };
		return;
	case P_IV16: *to = (CK_MECHANISM){ mech->type, parameter->iv, bad ? 15 : 16 }; return;
	case P_CTR:
		parameter->of.ctr.ulCounterBits = bad ? 129 : 128;
		memcpy(parameter->of.ctr.cb, parameter->iv, sizeof(parameter->iv));
		*to = (CK_MECHANISM){ mech->type, &parameter->of.ctr, sizeof(parameter->of.ctr) };
		return;
	case P_GCM:
		parameter->of.gcm = (CK_GCM_PARAMS){
			.pIv = parameter->iv, .ulIvLen = 12, .ulIvBits = 96, .ulTagBits = bad ? 100 : 128
		};
		*to = (CK_MECHANISM){ mech->type, &parameter->of.gcm, sizeof(parameter->of.gcm) };
		return;
	case P_LENGTH:
		parameter->of.length = bad ? 33 : mac_lengths[variant];
		*to = (CK_MECHANISM){ mech->type, &parameter->of.length, sizeof(parameter->of.length) };
		return;
	case P_PSS:
		parameter->of.pss = (CK_RSA_PKCS_PSS_PARAMS){ bad ? CKM_SHA384 : CKM_SHA256, CKG_MGF1_SHA256,
							      16 * variant };
		*to = (CK_MECHANISM){ mech->type, &parameter->of.pss, sizeof(parameter->of.pss) };
		return;
	case P_OAEP:
		parameter->of.oaep =
			(CK_RSA_PKCS_OAEP_PARAMS){ bad ? CKM_RSA_PKCS : CKM_SHA256, CKG_MGF1_SHA256,
						   CKZ_DATA_SPECIFIED, parameter->iv, variant % 3 };
		*to = (CK_MECHANISM){ mech->type, &parameter->of.oaep, sizeof(parameter->of.oaep) };
		return;
	}
}

bool digest_saves(const struct mech *mech)
{
	return mech->type != CKM_SHA3_384;
}

/* ---- keys ---- */

static const struct {
	enum attr usage;
	CK_OBJECT_CLASS asymmetric; /* the half that does it; a secret key does either */
} roles[OPS] = {
	[ENCRYPT] = { A_ENCRYPT, CKO_PUBLIC_KEY },
	[DECRYPT] = { A_DECRYPT, CKO_PRIVATE_KEY },
	[DIGEST] = { ATTRS, 0 },
	[SIGN] = { A_SIGN, CKO_PRIVATE_KEY },
	[VERIFY] = { A_VERIFY, CKO_PUBLIC_KEY },
	[SIGN_RECOVER] = { A_SIGN_RECOVER, CKO_PRIVATE_KEY },
	[VERIFY_RECOVER] = { A_VERIFY_RECOVER, CKO_PUBLIC_KEY },
};

bool mech_takes(const struct mech *mech, enum op op, const struct object *object)
{
	return (object->class == CKO_SECRET_KEY || object->class == roles[op].asymmetric) &&
	       (object->key_type == mech->key_type || object->key_type == mech->other_key_type);
}

bool object_allows(const struct object *object, CK_MECHANISM_TYPE type)
{
	const struct value *value = &object->attrs[A_ALLOWED_MECHANISMS];

	if (value->state != KNOWN || value->len == 0)
		return true;
	for (size_t at = 0; at + sizeof(type) <= value->len; at += sizeof(type)) {
		if (memcmp(value->data + at, &type, sizeof(type)) == 0)
			return true;
	}
	return false;
}

void why_key(struct verdict *verdict, const struct mech *mech, enum op op, const struct object *object)
{
	if (object == NULL) {
		why(verdict, CKR_KEY_HANDLE_INVALID);
		return;
	}
	if (object->class != CKO_SECRET_KEY && object->class != CKO_PUBLIC_KEY &&
	    object->class != CKO_PRIVATE_KEY) {
		why(verdict, CKR_KEY_HANDLE_INVALID);
		return;
	}
	why_if(verdict, !mech_takes(mech, op, object), CKR_KEY_TYPE_INCONSISTENT);
	why_if(verdict, !object_flag(object, roles[op].usage), CKR_KEY_FUNCTION_NOT_PERMITTED);
	why_if(verdict, !object_allows(object, mech->type), CKR_MECHANISM_INVALID);
}

/* ---- lengths ---- */

static size_t made_of(const struct mech *mech, unsigned variant, size_t len)
{
	switch (mech->shape) {
	case S_DIGEST: return mech->param == P_LENGTH ? mac_lengths[variant] : mech->out;
	case S_BLOCKS: return len % 16 == 0 ? len : SIZE_MAX;
	case S_PADDED: return (len / 16 + 1) * 16;
	case S_STREAM: return len;
	case S_TAGGED: return len + 16;
	case S_KW: return len % 8 == 0 && len >= 16 ? len + 8 : SIZE_MAX;
	case S_KWP: return len >= 1 ? (len + 7) / 8 * 8 + 8 : SIZE_MAX;
	case S_RSA: return len <= 245 ? 256 : SIZE_MAX;
	case S_OAEP: return len <= 190 ? 256 : SIZE_MAX;
	}
	return SIZE_MAX;
}

static size_t taken_from(const struct mech *mech, size_t len)
{
	switch (mech->shape) {
	case S_DIGEST: return SIZE_MAX;
	case S_BLOCKS: return len % 16 == 0 ? len : SIZE_MAX;
	case S_PADDED: return len % 16 == 0 && len != 0 ? len : SIZE_MAX;
	case S_STREAM: return len;
	case S_TAGGED: return len >= 16 ? len - 16 : SIZE_MAX;
	case S_KW: return len % 8 == 0 && len >= 24 ? len - 8 : SIZE_MAX;
	case S_KWP: return len % 8 == 0 && len >= 16 ? len - 8 : SIZE_MAX;
	case S_RSA:
	case S_OAEP: return len == 256 ? 256 : SIZE_MAX;
	}
	return SIZE_MAX;
}

size_t mech_length(const struct mech *mech, enum op op, unsigned variant, size_t len)
{
	return op == DECRYPT || op == VERIFY_RECOVER ? taken_from(mech, len) : made_of(mech, variant, len);
}
