#include "token/mechanism.h"

#include "token/keymap.h"
#include "util/compat.h"

/* The words of mechanism_rows.h. */
#define PAIRS    CKF_GENERATE_KEY_PAIR
#define MAKES    CKF_GENERATE
#define DIGESTS  CKF_DIGEST
#define SIGNS    (CKF_SIGN | CKF_VERIFY)
#define ENCRYPTS (CKF_ENCRYPT | CKF_DECRYPT)
/* §6.3: prime fields, curves by OID or name; Edwards points are compressed by nature. */
#define CURVES     (CKF_EC_F_P | CKF_EC_OID | CKF_EC_UNCOMPRESS)
#define EDWARDS    (CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS)
#define NO_KEY     CK_UNAVAILABLE_INFORMATION
#define SECRET_MAX ASH_SECRET_KEY_MAX
#define ANY        NULL
#define AWSLC      "awslc"
#define OPENSSL    "openssl"
#define PARTS      false
#define WHOLE      true

#define GCM_IV_MAX         128u
#define ML_DSA_CONTEXT_MAX 255u

#define MADE_BY(flags)                                               \
	(((flags)&CKF_GENERATE_KEY_PAIR) != 0 ? ASH_GENERATES_PAIR   \
	 : ((flags)&CKF_GENERATE) != 0        ? ASH_GENERATES_SECRET \
					      : ASH_GENERATES_NOTHING)

#define ASH_MECHANISM(mechanism, low, high, ck_flags, form, scheme, hash, engine, key, other_key, single) \
	{ .type = (mechanism),                                                                            \
	  .name = #mechanism,                                                                             \
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
	case ASH_KEY_EDWARDS: return ash_group_bits(spec->group);
	case ASH_KEY_ML_DSA: return ash_group_public_len(spec->group);
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
	       params->context.len == 0 && !params->deterministic;
}

/* SP 800-38D §5.2.1.2: 16 to 12 bytes, 8 and 4 for those who know why. */
static bool is_tag_len(uint32_t len)
{
	return (len >= 12 && len <= 16) || len == 8 || len == 4;
}

static bool params_fit(enum ash_param_kind kind, const struct ash_params *params)
{
	struct ash_params rest = *params;

	switch (kind) {
	case ASH_PARAM_NONE:
	case ASH_PARAM_EDDSA: break;
	case ASH_PARAM_IV16:
		if (params->iv.len != 16)
			return false;
		rest.iv = ASH_SPAN_NONE;
		break;
	case ASH_PARAM_GCM:
		if (params->iv.len == 0 || params->iv.len > GCM_IV_MAX || !is_tag_len(params->tag_len))
			return false;
		rest.iv = ASH_SPAN_NONE;
		rest.aad = ASH_SPAN_NONE;
		rest.tag_len = 0;
		break;
	case ASH_PARAM_ML_DSA:
		if (params->context.len > ML_DSA_CONTEXT_MAX)
			return false;
		rest.context = ASH_SPAN_NONE;
		rest.deterministic = false;
		break;
	case ASH_PARAM_KINDS: return false;
	}
	return is_absent(&rest);
}

struct ash_status ash_mechanism_check_params(const struct ash_mechanism_row *row,
					     const struct ash_params *params)
{
	ASH_ENSURE(params_fit(row->param, params), ASH_E_MECHANISM_PARAM);
	return ASH_DONE;
}
