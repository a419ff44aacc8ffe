#include "app/selftest/mapping.h"

#include "crypto/alg.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "util/compat.h"

/* ---- templates ---- */

void ash_mapping_template_done(struct ash_mapping_template *made)
{
	ash_buf_done(&made->der);
	made->count = 0;
}

void ash_mapping_add(struct ash_mapping_template *to, uint64_t type, struct ash_span value)
{
	if (to->count < ASH_MAPPING_ATTRS_MAX)
		to->attrs[to->count++] = (struct ash_attr){ type, value };
}

/* The canonical forms of token/types.h. */
void ash_mapping_add_bool(struct ash_mapping_template *to, uint64_t type, bool value)
{
	static const uint8_t values[] = { CK_FALSE, CK_TRUE };

	ash_mapping_add(to, type, ash_span(&values[value], 1));
}

void ash_mapping_add_number(struct ash_mapping_template *to, uint64_t type, uint64_t value)
{
	if (to->count >= ASH_MAPPING_ATTRS_MAX)
		return;
	for (size_t i = 0; i < 8; i++)
		to->numbers[to->count][i] = (uint8_t)(value >> (56 - 8 * i));
	ash_mapping_add(to, type, ash_span(to->numbers[to->count], 8));
}

void ash_mapping_secret(size_t len, struct ash_mapping_template *ret_template)
{
	*ret_template = ASH_MAPPING_TEMPLATE_NONE;
	ash_mapping_add_number(ret_template, CKA_CLASS, CKO_SECRET_KEY);
	ash_mapping_add_number(ret_template, CKA_KEY_TYPE, CKK_GENERIC_SECRET);
	ash_mapping_add_bool(ret_template, CKA_TOKEN, false);
	ash_mapping_add_bool(ret_template, CKA_SENSITIVE, false);
	ash_mapping_add_bool(ret_template, CKA_EXTRACTABLE, true);
	if (len != 0)
		ash_mapping_add_number(ret_template, CKA_VALUE_LEN, len);
}

/* ---- mechanisms ---- */

static const struct {
	uint64_t mgf, prf;
} numbers[ASH_HASHES] = {
	[ASH_HASH_SHA1] = { CKG_MGF1_SHA1, CKP_PKCS5_PBKD2_HMAC_SHA1 },
	[ASH_HASH_SHA224] = { CKG_MGF1_SHA224, CKP_PKCS5_PBKD2_HMAC_SHA224 },
	[ASH_HASH_SHA256] = { CKG_MGF1_SHA256, CKP_PKCS5_PBKD2_HMAC_SHA256 },
	[ASH_HASH_SHA384] = { CKG_MGF1_SHA384, CKP_PKCS5_PBKD2_HMAC_SHA384 },
	[ASH_HASH_SHA512] = { CKG_MGF1_SHA512, CKP_PKCS5_PBKD2_HMAC_SHA512 },
	[ASH_HASH_SHA512_224] = { 0, CKP_PKCS5_PBKD2_HMAC_SHA512_224 },
	[ASH_HASH_SHA512_256] = { 0, CKP_PKCS5_PBKD2_HMAC_SHA512_256 },
	[ASH_HASH_SHA3_224] = { CKG_MGF1_SHA3_224, 0 },
	[ASH_HASH_SHA3_256] = { CKG_MGF1_SHA3_256, 0 },
	[ASH_HASH_SHA3_384] = { CKG_MGF1_SHA3_384, 0 },
	[ASH_HASH_SHA3_512] = { CKG_MGF1_SHA3_512, 0 },
};

uint64_t ash_mapping_mgf(enum ash_hash hash)
{
	return (unsigned)hash < ASH_HASHES ? numbers[hash].mgf : 0;
}

uint64_t ash_mapping_prf(enum ash_hash hash)
{
	return (unsigned)hash < ASH_HASHES ? numbers[hash].prf : 0;
}

uint64_t ash_mapping_hash(enum ash_hash hash)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		if (row->alg.scheme == ASH_SCHEME_HASH && row->alg.hash == hash)
			return row->type;
	}
	return 0;
}

static bool has_length(enum ash_scheme scheme)
{
	return scheme == ASH_SCHEME_HMAC || scheme == ASH_SCHEME_AES_CMAC;
}

static size_t whole_length(struct ash_alg alg)
{
	return alg.scheme == ASH_SCHEME_HMAC ? ash_hash_len(alg.hash) : 16;
}

bool ash_mapping_fits(const struct ash_mechanism_row *row, const struct ash_vector_request *request)
{
	const bool is_cut = has_length(request->alg.scheme) && request->params.tag_len != 0 &&
			    request->params.tag_len != whole_length(request->alg);

	return (row->info.flags & ash_op_flag(request->op)) != 0 && row->alg.scheme == request->alg.scheme &&
	       row->alg.hash == request->alg.hash && (row->param == ASH_PARAM_LENGTH) == is_cut &&
	       (request->key == NULL ||
		ash_mapping_key_type(row, request->key->spec.kind) != CK_UNAVAILABLE_INFORMATION);
}

struct ash_mechanism ash_mapping_mechanism(const struct ash_mechanism_row *row,
					   const struct ash_vector_request *request)
{
	const struct ash_params *all = &request->params;
	struct ash_params params = { .tag_len = 0 };

	switch (row->param) {
	case ASH_PARAM_IV16:
	case ASH_PARAM_IV: params.iv = all->iv; break;
	case ASH_PARAM_GCM:
		params.iv = all->iv;
		params.tag_len = all->tag_len;
		params.aad = row->alg.scheme == ASH_SCHEME_AES_GMAC ? ASH_SPAN_NONE : all->aad;
		break;
	case ASH_PARAM_CCM:
		params.iv = all->iv;
		params.aad = all->aad;
		params.tag_len = all->tag_len;
		params.data_len = all->data_len;
		break;
	case ASH_PARAM_CTR:
		params.iv = all->iv;
		params.counter_bits = all->counter_bits;
		break;
	case ASH_PARAM_LENGTH: params.tag_len = all->tag_len; break;
	case ASH_PARAM_EDDSA: /* without either it is the plain one, whatever its name */
		params.prehash = all->prehash;
		params.context = all->context;
		params.eddsa_params = all->prehash || all->context.len != 0;
		break;
	case ASH_PARAM_ML_DSA:
		params.context = all->context;
		params.deterministic = all->deterministic;
		break;
	case ASH_PARAM_PSS:
		params.hash = all->hash;
		params.mgf_hash = all->mgf_hash;
		params.salt_len = all->salt_len;
		break;
	case ASH_PARAM_OAEP:
		params.hash = all->hash;
		params.mgf_hash = all->mgf_hash;
		params.label = all->label;
		break;
	case ASH_PARAM_NONE:
	case ASH_PARAM_ECDH:
	case ASH_PARAM_HKDF:
	case ASH_PARAM_PBKDF2:
	case ASH_PARAM_RSA_AES:
	case ASH_PARAM_KINDS: break;
	}
	return (struct ash_mechanism){ .type = row->type, .params = params };
}

/* ---- keys ---- */

uint64_t ash_mapping_class(enum ash_key_kind kind, enum ash_op op)
{
	if (kind == ASH_KEY_SECRET)
		return CKO_SECRET_KEY;
	return op == ASH_OP_VERIFY || op == ASH_OP_VERIFY_RECOVER || op == ASH_OP_ENCRYPT ||
			       op == ASH_OP_ENCAPSULATE
		       ? CKO_PUBLIC_KEY
		       : CKO_PRIVATE_KEY;
}

static bool is_of(uint64_t key_type, enum ash_key_kind kind)
{
	static const uint64_t types[ASH_KEY_KINDS] = {
		[ASH_KEY_RSA] = CKK_RSA,
		[ASH_KEY_EC] = CKK_EC,
		[ASH_KEY_EDWARDS] = CKK_EC_EDWARDS,
		[ASH_KEY_MONTGOMERY] = CKK_EC_MONTGOMERY,
		[ASH_KEY_ML_DSA] = CKK_ML_DSA,
		[ASH_KEY_ML_KEM] = CKK_ML_KEM,
		[ASH_KEY_SECRET] = CKK_GENERIC_SECRET,
	};

	return types[kind] == key_type || (kind == ASH_KEY_SECRET && key_type == CKK_AES);
}

uint64_t ash_mapping_key_type(const struct ash_mechanism_row *row, enum ash_key_kind kind)
{
	/* The second first: of MACs and HKDF it is the generic secret, which all tokens have. */
	if (is_of(row->other_key_type, kind))
		return row->other_key_type;
	return is_of(row->key_type, kind) ? row->key_type : CK_UNAVAILABLE_INFORMATION;
}

/* What may be done with the key: by the operation and its counterpart. */
static void add_usage(const struct ash_mechanism_row *row, enum ash_op op, uint64_t class,
		      struct ash_mapping_template *to)
{
	static const struct {
		enum ash_op op;
		uint64_t one, other; /* with secret keys both */
	} pairs[] = {
		{ ASH_OP_SIGN, CKA_SIGN, CKA_VERIFY },
		{ ASH_OP_VERIFY, CKA_VERIFY, CKA_SIGN },
		{ ASH_OP_ENCRYPT, CKA_ENCRYPT, CKA_DECRYPT },
		{ ASH_OP_DECRYPT, CKA_DECRYPT, CKA_ENCRYPT },
	};
	const bool secret = class == CKO_SECRET_KEY;
	const bool wraps = (row->info.flags & (CKF_WRAP | CKF_UNWRAP)) != 0;

	if (op == ASH_OP_DERIVE || op == ASH_OP_ENCAPSULATE || op == ASH_OP_DECAPSULATE)
		ash_mapping_add_bool(to, ash_op_usage(op), true);
	for (size_t i = 0; i < ASH_COUNT(pairs); i++) {
		if (pairs[i].op == op)
			ash_mapping_add_bool(to, pairs[i].one, true);
		if (pairs[i].op == op && secret)
			ash_mapping_add_bool(to, pairs[i].other, true);
	}
	if (op == ASH_OP_SIGN && (row->info.flags & CKF_SIGN_RECOVER) != 0)
		ash_mapping_add_bool(to, CKA_SIGN_RECOVER, true);
	if (op == ASH_OP_VERIFY && (row->info.flags & CKF_VERIFY_RECOVER) != 0)
		ash_mapping_add_bool(to, CKA_VERIFY_RECOVER, true);
	if (wraps && (op == ASH_OP_ENCRYPT || (op == ASH_OP_DECRYPT && secret)))
		ash_mapping_add_bool(to, CKA_WRAP, true);
	if (wraps && (op == ASH_OP_DECRYPT || (op == ASH_OP_ENCRYPT && secret)))
		ash_mapping_add_bool(to, CKA_UNWRAP, true);
}

static ASH_STATUS add_point(struct ash_span point, struct ash_mapping_template *to)
{
	ASH_TRY(ash_der_add(&to->der, ASH_DER_OCTET_STRING, point));
	ash_mapping_add(to, CKA_EC_POINT, ash_buf_span(&to->der));
	return ASH_DONE;
}

/* SubjectPublicKeyInfo: the algorithm of the group, and the key's own bytes. */
static ASH_STATUS add_info(const struct ash_keygroup *group, struct ash_span public,
			   struct ash_mapping_template *to)
{
	ASH_AUTO(ash_buf) content = ASH_BUF_PLAIN;

	ASH_TRY(ash_buf_add(&content, group->algorithm));
	ASH_TRY(ash_der_add_bits(&content, ASH_DER_BIT_STRING, public));
	ASH_TRY(ash_der_add(&to->der, ASH_DER_SEQUENCE, ash_buf_span(&content)));
	ash_mapping_add(to, CKA_PUBLIC_KEY_INFO, ash_buf_span(&to->der));
	return ASH_DONE;
}

static ASH_STATUS add_public(const struct ash_vector_key *key, uint64_t class,
			     const struct ash_keygroup *group, struct ash_mapping_template *to)
{
	const struct ash_span public = key->part[ASH_PART_PUBLIC];
	const bool lattice = key->spec.kind == ASH_KEY_ML_DSA || key->spec.kind == ASH_KEY_ML_KEM;

	if (public.data == NULL || group == NULL)
		return ASH_DONE;
	if (class == CKO_PRIVATE_KEY)
		return lattice ? add_info(group, public, to) : ASH_DONE;
	if (!lattice)
		return add_point(public, to);
	ash_mapping_add(to, CKA_VALUE, public);
	return ASH_DONE;
}

/* The parts that are attributes as they are. */
static void add_parts(const struct ash_vector_key *key, uint64_t class, struct ash_mapping_template *to)
{
	static const struct {
		enum ash_part part;
		uint64_t type;
		bool public;
	} rows[] = {
		{ ASH_PART_MODULUS, CKA_MODULUS, true },
		{ ASH_PART_PUBLIC_EXPONENT, CKA_PUBLIC_EXPONENT, true },
		{ ASH_PART_PRIVATE_EXPONENT, CKA_PRIVATE_EXPONENT, false },
		{ ASH_PART_PRIME_1, CKA_PRIME_1, false },
		{ ASH_PART_PRIME_2, CKA_PRIME_2, false },
		{ ASH_PART_EXPONENT_1, CKA_EXPONENT_1, false },
		{ ASH_PART_EXPONENT_2, CKA_EXPONENT_2, false },
		{ ASH_PART_COEFFICIENT, CKA_COEFFICIENT, false },
		{ ASH_PART_PRIVATE, CKA_VALUE, false },
		{ ASH_PART_SEED, CKA_SEED, false },
		{ ASH_PART_SECRET, CKA_VALUE, false },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		if (key->part[rows[i].part].data != NULL && (rows[i].public || class != CKO_PUBLIC_KEY))
			ash_mapping_add(to, rows[i].type, key->part[rows[i].part]);
	}
}

ASH_STATUS ash_mapping_key(const struct ash_mechanism_row *row, enum ash_op op,
			   const struct ash_vector_key *key, struct ash_mapping_template *ret_template)
{
	const struct ash_keygroup *group = ash_keygroup_of(key->spec.kind, key->spec.group);
	const uint64_t class = ash_mapping_class(key->spec.kind, op);

	*ret_template = ASH_MAPPING_TEMPLATE_NONE;
	ash_mapping_add_number(ret_template, CKA_CLASS, class);
	ash_mapping_add_number(ret_template, CKA_KEY_TYPE, ash_mapping_key_type(row, key->spec.kind));
	ash_mapping_add_bool(ret_template, CKA_TOKEN, false);
	add_usage(row, op, class, ret_template);
	if (group != NULL && group->params.len != 0)
		ash_mapping_add(ret_template, CKA_EC_PARAMS, group->params);
	if (group != NULL && group->parameter_set != 0)
		ash_mapping_add_number(ret_template, CKA_PARAMETER_SET, group->parameter_set);
	add_parts(key, class, ret_template);
	return add_public(key, class, group, ret_template);
}
