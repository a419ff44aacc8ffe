#include "token/mechanism.h"

#include "crypto/alg.h"
#include "token/keymap.h"
#include "util/compat.h"

/* The words of mechanism_rows.h. Flags: */
#define PAIRS        CKF_GENERATE_KEY_PAIR
#define MAKES        CKF_GENERATE
#define DIGESTS      CKF_DIGEST
#define SIGNS        (CKF_SIGN | CKF_VERIFY)
#define VERIFIES     CKF_VERIFY
#define RECOVERS     (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define ENCRYPTS     (CKF_ENCRYPT | CKF_DECRYPT)
#define WRAPS        (CKF_WRAP | CKF_UNWRAP)
#define DERIVES      CKF_DERIVE
#define ENCAPSULATES (CKF_ENCAPSULATE | CKF_DECAPSULATE)
/* §6.3: prime fields, curves by OID or name; Edwards and Montgomery points are compressed by nature. */
#define CURVES (CKF_EC_F_P | CKF_EC_OID | CKF_EC_UNCOMPRESS)
#define NAMED  (CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS)

/* Keys: least and greatest size, key type, a second one or the same. */
#define RSA_KEYS        2048, 8192, CKK_RSA, CKK_RSA
#define EC_KEYS         224, 521, CKK_EC, CKK_EC
#define EDWARDS_KEYS    255, 448, CKK_EC_EDWARDS, CKK_EC_EDWARDS
#define MONTGOMERY_KEYS 255, 448, CKK_EC_MONTGOMERY, CKK_EC_MONTGOMERY
#define AGREEMENT_KEYS  224, 521, CKK_EC, CKK_EC_MONTGOMERY
#define ML_DSA_KEYS     1312, 2592, CKK_ML_DSA, CKK_ML_DSA
#define ML_KEM_KEYS     800, 1568, CKK_ML_KEM, CKK_ML_KEM
#define AES_KEYS        16, 32, CKK_AES, CKK_AES
#define GENERIC_KEYS    8, SECRET_MAX * 8, CKK_GENERIC_SECRET, CKK_GENERIC_SECRET
#define HMAC_KEYS(type) 1, SECRET_MAX, type, CKK_GENERIC_SECRET
#define HKDF_KEYS       1, SECRET_MAX, CKK_HKDF, CKK_GENERIC_SECRET
#define NEW_KEYS(type)  14, SECRET_MAX, type, type
#define NO_KEYS         0, 0, NO_KEY, NO_KEY

#define NO_KEY     CK_UNAVAILABLE_INFORMATION
#define SECRET_MAX ASH_SECRET_KEY_MAX
#define ANY        NULL
#define AWSLC      "awslc"
#define OPENSSL    "openssl"
#define PARTS      false
#define WHOLE      true

#define GCM_IV_MAX  ((size_t)1 << 20) /* more than a front-end lends; a back end may take less */
#define CONTEXT_MAX 255u              /* RFC 8032, FIPS 204 */
#define AES_BLOCK   16u

#define MADE_BY(flags)                                               \
	(((flags)&CKF_GENERATE_KEY_PAIR) != 0 ? ASH_GENERATES_PAIR   \
	 : ((flags)&CKF_GENERATE) != 0        ? ASH_GENERATES_SECRET \
					      : ASH_GENERATES_NOTHING)

/* The name is taken before the words are looked up: afterwards CKM_SHA256 is a number. */
#define ASH_MECHANISM(mechanism, ...) ASH_ROW(mechanism, #mechanism, __VA_ARGS__)
#define ASH_ROW(mechanism, text, low, high, key, other_key, ck_flags, form, scheme, hash, engine, single) \
	{ .type = (mechanism),                                                                            \
	  .name = (text),                                                                                 \
	  .info = { (low), (high), (ck_flags) },                                                          \
	  .param = ASH_PARAM_##form,                                                                      \
	  .alg = { ASH_SCHEME_##scheme, ASH_HASH_##hash },                                                \
	  .prefer = (engine),                                                                             \
	  .key_type = (key),                                                                              \
	  .other_key_type = (other_key),                                                                  \
	  .generates = MADE_BY(ck_flags),                                                                 \
	  .whole = (single) },

static const struct ash_mechanism_row rows[] = {
#include "token/mechanism_rows.h"
};

const struct ash_mechanism_row *ash_mechanism_find(uint64_t type)
{
	size_t low = 0, high = ASH_COUNT(rows);

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (rows[middle].type < type)
			low = middle + 1;
		else
			high = middle;
	}
	return low < ASH_COUNT(rows) && rows[low].type == type ? &rows[low] : NULL;
}

size_t ash_mechanism_count(void)
{
	return ASH_COUNT(rows);
}

const struct ash_mechanism_row *ash_mechanism_at(size_t index)
{
	return index < ASH_COUNT(rows) ? &rows[index] : NULL;
}

static const struct {
	uint64_t flag, usage;
} op_table[ASH_OPS] = {
	[ASH_OP_DIGEST] = { CKF_DIGEST, CK_UNAVAILABLE_INFORMATION },
	[ASH_OP_SIGN] = { CKF_SIGN, CKA_SIGN },
	[ASH_OP_VERIFY] = { CKF_VERIFY, CKA_VERIFY },
	[ASH_OP_ENCRYPT] = { CKF_ENCRYPT, CKA_ENCRYPT },
	[ASH_OP_DECRYPT] = { CKF_DECRYPT, CKA_DECRYPT },
	[ASH_OP_SIGN_RECOVER] = { CKF_SIGN_RECOVER, CKA_SIGN_RECOVER },
	[ASH_OP_VERIFY_RECOVER] = { CKF_VERIFY_RECOVER, CKA_VERIFY_RECOVER },
	[ASH_OP_DERIVE] = { CKF_DERIVE, CKA_DERIVE },
	[ASH_OP_ENCAPSULATE] = { CKF_ENCAPSULATE, CKA_ENCAPSULATE },
	[ASH_OP_DECAPSULATE] = { CKF_DECAPSULATE, CKA_DECAPSULATE },
};

uint64_t ash_op_flag(enum ash_op op)
{
	return (unsigned)op < ASH_OPS ? op_table[op].flag : 0;
}

uint64_t ash_op_usage(enum ash_op op)
{
	return (unsigned)op < ASH_OPS ? op_table[op].usage : CK_UNAVAILABLE_INFORMATION;
}

/* The key's size in the row's unit. */
static uint64_t size_of(const struct ash_mechanism_row *row, const struct ash_key_spec *spec)
{
	switch (spec->kind) {
	case ASH_KEY_RSA: return spec->bits;
	case ASH_KEY_EC:
	case ASH_KEY_EDWARDS:
	case ASH_KEY_MONTGOMERY: return ash_group_bits(spec->group);
	case ASH_KEY_ML_DSA:
	case ASH_KEY_ML_KEM: return ash_group_public_len(spec->group);
	case ASH_KEY_SECRET: return row->key_type == CKK_GENERIC_SECRET ? spec->bits : spec->bits / 8;
	case ASH_KEY_KINDS: break;
	}
	return 0;
}

struct ash_status ash_mechanism_check_key(const struct ash_mechanism_row *row, uint64_t key_type,
					  const struct ash_key_spec *spec)
{
	uint64_t size = 0;

	ASH_ENSURE(row->key_type != NO_KEY && (key_type == row->key_type || key_type == row->other_key_type),
		   ASH_E_KEY_TYPE);
	size = size_of(row, spec);
	ASH_ENSURE(size >= row->info.min_size && size <= row->info.max_size, ASH_E_KEY_SIZE);
	return ASH_DONE;
}

static bool is_absent(const struct ash_params *params)
{
	return params->iv.len == 0 && params->aad.len == 0 && params->tag_len == 0 &&
	       params->context.len == 0 && !params->deterministic && !params->eddsa_params &&
	       !params->prehash && params->hash == ASH_HASH_NONE && params->mgf_hash == ASH_HASH_NONE &&
	       params->salt_len == 0 && params->label.len == 0 && params->counter_bits == 0 &&
	       params->data_len == 0;
}

static bool is_hash(enum ash_hash hash)
{
	return (unsigned)hash > ASH_HASH_NONE && (unsigned)hash < ASH_HASHES;
}

/* SP 800-38D §5.2.1.2: 16 to 12 bytes, 8 and 4 for those who know why. */
static bool is_gcm(const struct ash_params *params)
{
	const uint32_t tag = params->tag_len;

	return params->iv.len != 0 && params->iv.len <= GCM_IV_MAX &&
	       ((tag >= 12 && tag <= 16) || tag == 8 || tag == 4);
}

/* SP 800-38C §A.1: nonce and length field share 15 bytes. */
static bool is_ccm(const struct ash_params *params)
{
	const uint32_t tag = params->tag_len;
	const size_t length_len = 15 - params->iv.len;

	if (params->iv.len < 7 || params->iv.len > 13 || tag < 4 || tag > 16 || tag % 2 != 0)
		return false;
	return length_len >= sizeof(params->data_len) || params->data_len >> (8 * length_len) == 0;
}

/* The IVs of RFC 3394 and RFC 5649 need not be named. */
static bool is_wrap_iv(enum ash_scheme scheme, size_t len)
{
	return len == 0 || (scheme == ASH_SCHEME_AES_KW && len == 8) ||
	       (scheme == ASH_SCHEME_AES_KWP && len == 4);
}

/* §6.1.9: a mechanism that hashes says which hash it is. The salt fits a key that the row takes. */
static bool is_pss(const struct ash_mechanism_row *row, const struct ash_params *params)
{
	return is_hash(params->hash) && is_hash(params->mgf_hash) &&
	       (row->alg.hash == ASH_HASH_NONE || row->alg.hash == params->hash) &&
	       params->salt_len + ash_hash_len(params->hash) + 2 <= row->info.max_size / 8;
}

static bool is_mac_len(const struct ash_mechanism_row *row, uint32_t len)
{
	const size_t whole = row->alg.scheme == ASH_SCHEME_HMAC ? ash_hash_len(row->alg.hash) : AES_BLOCK;

	return len >= 1 && len <= whole;
}

/* §6.3.14: without CK_EDDSA_PARAMS there is neither a pre-hash nor a context. */
static bool is_eddsa(const struct ash_params *params)
{
	return params->context.len <= CONTEXT_MAX &&
	       (params->eddsa_params || (!params->prehash && params->context.len == 0));
}

/* Checks what the kind has, and takes it out of `params`; what is left has no meaning. */
static bool take_known(const struct ash_mechanism_row *row, struct ash_params *params)
{
	const struct ash_params all = *params;

	switch (row->param) {
	case ASH_PARAM_NONE:
	case ASH_PARAM_ECDH: /* these three have theirs in struct ash_derivation */
	case ASH_PARAM_HKDF:
	case ASH_PARAM_PBKDF2: return true;
	case ASH_PARAM_IV16: params->iv = ASH_SPAN_NONE; return all.iv.len == AES_BLOCK;
	case ASH_PARAM_IV: params->iv = ASH_SPAN_NONE; return is_wrap_iv(row->alg.scheme, all.iv.len);
	case ASH_PARAM_LENGTH: params->tag_len = 0; return is_mac_len(row, all.tag_len);
	case ASH_PARAM_GCM:
		params->iv = ASH_SPAN_NONE;
		params->tag_len = 0;
		if (row->alg.scheme != ASH_SCHEME_AES_GMAC)
			params->aad = ASH_SPAN_NONE;
		return is_gcm(&all);
	case ASH_PARAM_CCM:
		params->iv = ASH_SPAN_NONE;
		params->aad = ASH_SPAN_NONE;
		params->tag_len = 0;
		params->data_len = 0;
		return is_ccm(&all);
	case ASH_PARAM_CTR:
		params->iv = ASH_SPAN_NONE;
		params->counter_bits = 0;
		return all.iv.len == AES_BLOCK && all.counter_bits >= 1 && all.counter_bits <= 128;
	case ASH_PARAM_EDDSA:
		params->context = ASH_SPAN_NONE;
		params->eddsa_params = false;
		params->prehash = false;
		return is_eddsa(&all);
	case ASH_PARAM_ML_DSA:
		params->context = ASH_SPAN_NONE;
		params->deterministic = false;
		return all.context.len <= CONTEXT_MAX;
	case ASH_PARAM_PSS:
		params->hash = params->mgf_hash = ASH_HASH_NONE;
		params->salt_len = 0;
		return is_pss(row, &all);
	case ASH_PARAM_OAEP:
	case ASH_PARAM_RSA_AES:
		params->hash = params->mgf_hash = ASH_HASH_NONE;
		params->label = ASH_SPAN_NONE;
		return is_hash(all.hash) && is_hash(all.mgf_hash);
	case ASH_PARAM_KINDS: break;
	}
	return false;
}

struct ash_status ash_mechanism_check_params(const struct ash_mechanism_row *row,
					     const struct ash_params *params)
{
	struct ash_params rest = *params;

	ASH_ENSURE(take_known(row, &rest) && is_absent(&rest), ASH_E_MECHANISM_PARAM);
	return ASH_DONE;
}

/* §6.62.3: one step at least; a salt where it says that there is one, and there alone. */
static bool is_hkdf(const struct ash_derivation *derive)
{
	if ((!derive->extract && !derive->expand) || !is_hash(derive->hash))
		return false;
	if (!derive->extract)
		return true; /* "The salt should be ignored" */
	switch (derive->salt_type) {
	case CKF_HKDF_SALT_NULL: return derive->salt.len == 0 && derive->salt_key == 0;
	case CKF_HKDF_SALT_DATA: return derive->salt_key == 0;
	case CKF_HKDF_SALT_KEY: return derive->salt.len == 0 && derive->salt_key != 0;
	default: return false;
	}
}

struct ash_status ash_mechanism_check_derivation(const struct ash_mechanism_row *row,
						 const struct ash_derivation *derive)
{
	bool good = true;

	switch (row->param) {
	case ASH_PARAM_ECDH: good = derive->kdf != CKD_NULL || derive->shared.len == 0; break;
	case ASH_PARAM_HKDF: good = is_hkdf(derive); break;
	case ASH_PARAM_PBKDF2:
		good = derive->salt_type == CKZ_SALT_SPECIFIED && derive->iterations != 0 &&
		       derive->iterations <= UINT32_MAX;
		break;
	case ASH_PARAM_RSA_AES:
		good = derive->aes_bits == 128 || derive->aes_bits == 192 || derive->aes_bits == 256;
		break;
	case ASH_PARAM_NONE:
	case ASH_PARAM_IV16:
	case ASH_PARAM_GCM:
	case ASH_PARAM_EDDSA:
	case ASH_PARAM_ML_DSA:
	case ASH_PARAM_PSS:
	case ASH_PARAM_OAEP:
	case ASH_PARAM_CTR:
	case ASH_PARAM_CCM:
	case ASH_PARAM_IV:
	case ASH_PARAM_LENGTH:
	case ASH_PARAM_KINDS: break; /* nothing that the table knows of */
	}
	ASH_ENSURE(good, ASH_E_MECHANISM_PARAM);
	return ASH_DONE;
}
