#include "app/cli/use/params.h"

#include <limits.h>
#include <string.h>

#include "app/cli/file/bytes.h"
#include "app/cli/print/text.h"
#include "app/cli/use/mech.h"
#include "crypto/alg.h"

#define CONTEXT_MAX  255u /* RFC 8032, FIPS 204 */
#define IV_MAX       1024u
#define DATA_MAX     65536u /* additional data, labels, salts: more than anybody has */
#define GCM_IV_LEN   12u    /* SP 800-38D §8.2.1 */
#define CCM_IV_LEN   12u    /* RFC 5116 §5.3 */
#define TAG_LEN      16u
#define COUNTER_BITS 128u /* as OpenSSL counts */
#define RSA_AES_BITS 256u

#define FITS(kind) (1u << ASH_PARAM_##kind)

/* Which options go with which kinds of parameter. */
static const struct {
	enum ash_cli_opt option;
	const char *name;
	unsigned kinds;
} fitting[] = {
	{ ASH_CLI_OPT_MGF_HASH, "mgf-hash", FITS(PSS) | FITS(OAEP) | FITS(RSA_AES) },
	{ ASH_CLI_OPT_SALT_LENGTH, "salt-length", FITS(PSS) },
	{ ASH_CLI_OPT_OAEP_LABEL, "oaep-label", FITS(OAEP) | FITS(RSA_AES) },
	{ ASH_CLI_OPT_IV, "iv", FITS(IV16) | FITS(GCM) | FITS(CCM) | FITS(CTR) | FITS(IV) },
	{ ASH_CLI_OPT_AAD, "aad", FITS(GCM) | FITS(CCM) },
	{ ASH_CLI_OPT_TAG_LENGTH, "tag-length", FITS(GCM) | FITS(CCM) | FITS(LENGTH) },
	{ ASH_CLI_OPT_COUNTER_BITS, "counter-bits", FITS(CTR) },
	{ ASH_CLI_OPT_CONTEXT, "context", FITS(EDDSA) | FITS(ML_DSA) },
	{ ASH_CLI_OPT_PREHASH, "prehash", FITS(EDDSA) },
	{ ASH_CLI_OPT_DETERMINISTIC, "deterministic", FITS(ML_DSA) },
	{ ASH_CLI_OPT_KDF, "kdf", FITS(ECDH) },
	{ ASH_CLI_OPT_SHARED_INFO, "shared-info", FITS(ECDH) },
	{ ASH_CLI_OPT_SALT, "salt", FITS(HKDF) },
	{ ASH_CLI_OPT_INFO, "info", FITS(HKDF) },
};

/* What ECDH does with the shared secret: X9.63, and the one-step KDF of SP 800-56A. */
static const struct {
	const char *name;
	uint64_t kdf; /* CKD_ */
} kdfs[] = {
	{ "null", CKD_NULL },
	{ "x963-sha1", CKD_SHA1_KDF },
	{ "x963-sha224", CKD_SHA224_KDF },
	{ "x963-sha256", CKD_SHA256_KDF },
	{ "x963-sha384", CKD_SHA384_KDF },
	{ "x963-sha512", CKD_SHA512_KDF },
	{ "x963-sha3-224", CKD_SHA3_224_KDF },
	{ "x963-sha3-256", CKD_SHA3_256_KDF },
	{ "x963-sha3-384", CKD_SHA3_384_KDF },
	{ "x963-sha3-512", CKD_SHA3_512_KDF },
	{ "concat-sha1", CKD_SHA1_KDF_SP800 },
	{ "concat-sha224", CKD_SHA224_KDF_SP800 },
	{ "concat-sha256", CKD_SHA256_KDF_SP800 },
	{ "concat-sha384", CKD_SHA384_KDF_SP800 },
	{ "concat-sha512", CKD_SHA512_KDF_SP800 },
	{ "concat-sha3-224", CKD_SHA3_224_KDF_SP800 },
	{ "concat-sha3-256", CKD_SHA3_256_KDF_SP800 },
	{ "concat-sha3-384", CKD_SHA3_384_KDF_SP800 },
	{ "concat-sha3-512", CKD_SHA3_512_KDF_SP800 },
};

void ash_cli_params_done(struct ash_cli_params *params)
{
	ash_buf_done(&params->iv);
	ash_buf_done(&params->aad);
	ash_buf_done(&params->context);
	ash_buf_done(&params->label);
	ash_buf_done(&params->salt);
	ash_buf_done(&params->info);
	ash_buf_done(&params->shared);
}

static bool takes_hash(const struct ash_mechanism_row *row)
{
	return ((FITS(PSS) | FITS(OAEP) | FITS(RSA_AES) | FITS(HKDF)) & 1u << row->param) != 0;
}

static ASH_STATUS check_fit(struct ash_cli *cli, const struct ash_mechanism_row *row)
{
	for (size_t i = 0; i < ASH_COUNT(fitting); i++) {
		if (ash_cli_has(cli, fitting[i].option) && (fitting[i].kinds & 1u << row->param) == 0)
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "--%s does not go with %s", fitting[i].name,
					      row->name);
	}
	return ASH_DONE;
}

/* The mechanism's own hash, or what --hash says, or SHA-256. */
static ASH_STATUS read_hash(struct ash_cli *cli, const struct ash_mechanism_row *row, enum ash_hash *ret_hash)
{
	const enum ash_hash own = row->alg.hash;
	enum ash_hash hash = own != ASH_HASH_NONE ? own : ASH_HASH_SHA256;

	if (ash_cli_has(cli, ASH_CLI_OPT_HASH)) {
		ASH_TRY(ash_cli_hash_read(cli, ASH_CLI_OPT_HASH, "hash", &hash));
		if (own != ASH_HASH_NONE ? hash != own : !takes_hash(row))
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "--hash %s does not go with %s",
					      ash_cli_hash_name(hash), row->name);
	}
	*ret_hash = hash;
	return ASH_DONE;
}

static ASH_STATUS read_bytes(struct ash_cli *cli, enum ash_cli_opt option, const char *name, size_t max,
			     struct ash_buf *bytes, struct ash_span *ret_bytes)
{
	if (!ash_cli_has(cli, option))
		return ASH_DONE;
	ASH_TRY(ash_cli_bytes_read(cli, option, name, max, bytes));
	*ret_bytes = ash_buf_span(bytes);
	return ASH_DONE;
}

static ASH_STATUS read_number(struct ash_cli *cli, enum ash_cli_opt option, const char *name, unsigned max,
			      uint32_t *number)
{
	unsigned long long given = *number;

	if (ash_cli_has(cli, option))
		ASH_TRY(ash_cli_options_number(cli, option, name, max, &given));
	*number = (uint32_t)given;
	return ASH_DONE;
}

/* RFC 8017 §9.1.1: what the encoded message leaves to the salt. */
static ASH_STATUS longest_salt(struct ash_cli *cli, size_t modulus_len, size_t hash_len, uint32_t *salt_len)
{
	if (modulus_len < hash_len + 2)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--salt-length max: the key is too small for this hash");
	*salt_len = (uint32_t)(modulus_len - hash_len - 2);
	return ASH_DONE;
}

static ASH_STATUS read_pss(struct ash_cli *cli, enum ash_hash hash, size_t modulus_len,
			   struct ash_params *params)
{
	const char *salt = cli->values[ASH_CLI_OPT_SALT_LENGTH];

	params->hash = params->mgf_hash = hash;
	if (ash_cli_has(cli, ASH_CLI_OPT_MGF_HASH))
		ASH_TRY(ash_cli_hash_read(cli, ASH_CLI_OPT_MGF_HASH, "mgf-hash", &params->mgf_hash));
	params->salt_len = (uint32_t)ash_hash_len(hash);
	if (salt != NULL && strcmp(salt, "max") == 0)
		return longest_salt(cli, modulus_len, ash_hash_len(hash), &params->salt_len);
	return read_number(cli, ASH_CLI_OPT_SALT_LENGTH, "salt-length", UINT16_MAX, &params->salt_len);
}

static ASH_STATUS read_oaep(struct ash_cli *cli, enum ash_hash hash, struct ash_cli_params *all)
{
	struct ash_params *params = &all->mechanism.params;

	params->hash = params->mgf_hash = hash;
	if (ash_cli_has(cli, ASH_CLI_OPT_MGF_HASH))
		ASH_TRY(ash_cli_hash_read(cli, ASH_CLI_OPT_MGF_HASH, "mgf-hash", &params->mgf_hash));
	return read_bytes(cli, ASH_CLI_OPT_OAEP_LABEL, "oaep-label", DATA_MAX, &all->label, &params->label);
}

static ASH_STATUS read_kdf(struct ash_cli *cli, uint64_t *ret_kdf)
{
	const char *name = cli->values[ASH_CLI_OPT_KDF];

	*ret_kdf = CKD_NULL;
	if (name == NULL)
		return ASH_DONE;
	for (size_t i = 0; i < ASH_COUNT(kdfs); i++) {
		if (strcmp(kdfs[i].name, name) == 0) {
			*ret_kdf = kdfs[i].kdf;
			return ASH_DONE;
		}
	}
	return ash_cli_refuse(cli, ASH_CLI_USAGE,
			      "--kdf takes null, x963-HASH or concat-HASH, like x963-sha256, not \"%s\"",
			      ash_cli_escaped(ash_span_text(name)).text);
}

/* The peer's public key is read by the command. */
static ASH_STATUS read_ecdh(struct ash_cli *cli, struct ash_cli_params *all)
{
	struct ash_derivation *derive = &all->mechanism.derive;

	ASH_TRY(read_kdf(cli, &derive->kdf));
	if (derive->kdf == CKD_NULL && ash_cli_has(cli, ASH_CLI_OPT_SHARED_INFO))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--shared-info goes with a --kdf other than null");
	return read_bytes(cli, ASH_CLI_OPT_SHARED_INFO, "shared-info", DATA_MAX, &all->shared,
			  &derive->shared);
}

static ASH_STATUS read_hkdf(struct ash_cli *cli, enum ash_hash hash, struct ash_cli_params *all)
{
	struct ash_derivation *derive = &all->mechanism.derive;

	derive->extract = derive->expand = true;
	derive->hash = hash;
	derive->salt_type = ash_cli_has(cli, ASH_CLI_OPT_SALT) ? CKF_HKDF_SALT_DATA : CKF_HKDF_SALT_NULL;
	ASH_TRY(read_bytes(cli, ASH_CLI_OPT_SALT, "salt", DATA_MAX, &all->salt, &derive->salt));
	return read_bytes(cli, ASH_CLI_OPT_INFO, "info", DATA_MAX, &all->info, &derive->info);
}

static ASH_STATUS read_eddsa(struct ash_cli *cli, struct ash_params *params)
{
	params->prehash = ash_cli_has(cli, ASH_CLI_OPT_PREHASH);
	params->eddsa_params = params->prehash || params->context.len != 0;
	return ASH_DONE;
}

static ASH_STATUS read_mac_len(struct ash_cli *cli, const struct ash_mechanism_row *row,
			       struct ash_params *params)
{
	if (!ash_cli_has(cli, ASH_CLI_OPT_TAG_LENGTH))
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "%s needs --tag-length N", row->name);
	return read_number(cli, ASH_CLI_OPT_TAG_LENGTH, "tag-length", ASH_HASH_MAX, &params->tag_len);
}

/* What all kinds with bytes have, and each one's own. */
static ASH_STATUS read_kind(struct ash_cli *cli, const struct ash_mechanism_row *row, enum ash_hash hash,
			    size_t modulus_len, struct ash_cli_params *all)
{
	struct ash_params *params = &all->mechanism.params;

	switch (row->param) {
	case ASH_PARAM_PSS: return read_pss(cli, hash, modulus_len, params);
	case ASH_PARAM_RSA_AES:
		all->mechanism.derive.aes_bits = RSA_AES_BITS;
		return read_oaep(cli, hash, all);
	case ASH_PARAM_OAEP: return read_oaep(cli, hash, all);
	case ASH_PARAM_ECDH: return read_ecdh(cli, all);
	case ASH_PARAM_HKDF: return read_hkdf(cli, hash, all);
	case ASH_PARAM_EDDSA: return read_eddsa(cli, params);
	case ASH_PARAM_LENGTH: return read_mac_len(cli, row, params);
	case ASH_PARAM_ML_DSA:
		params->deterministic = ash_cli_has(cli, ASH_CLI_OPT_DETERMINISTIC);
		return ASH_DONE;
	case ASH_PARAM_CTR:
		params->counter_bits = COUNTER_BITS;
		return read_number(cli, ASH_CLI_OPT_COUNTER_BITS, "counter-bits", COUNTER_BITS,
				   &params->counter_bits);
	case ASH_PARAM_GCM:
	case ASH_PARAM_CCM:
		params->tag_len = TAG_LEN;
		return read_number(cli, ASH_CLI_OPT_TAG_LENGTH, "tag-length", TAG_LEN, &params->tag_len);
	case ASH_PARAM_NONE:
	case ASH_PARAM_IV16:
	case ASH_PARAM_IV:
	case ASH_PARAM_PBKDF2:
	case ASH_PARAM_KINDS: break;
	}
	return ASH_DONE;
}

ASH_STATUS ash_cli_params_read(struct ash_cli *cli, const struct ash_mechanism_row *row, size_t modulus_len,
			       struct ash_cli_params *params)
{
	struct ash_params *plain = &params->mechanism.params;
	enum ash_hash hash = ASH_HASH_NONE;

	params->mechanism = (struct ash_mechanism){ .type = row->type };
	ASH_TRY(check_fit(cli, row));
	ASH_TRY(read_hash(cli, row, &hash));
	ASH_TRY(read_bytes(cli, ASH_CLI_OPT_IV, "iv", IV_MAX, &params->iv, &plain->iv));
	ASH_TRY(read_bytes(cli, ASH_CLI_OPT_AAD, "aad", DATA_MAX, &params->aad, &plain->aad));
	ASH_TRY(read_bytes(cli, ASH_CLI_OPT_CONTEXT, "context", CONTEXT_MAX, &params->context,
			   &plain->context));
	return read_kind(cli, row, hash, modulus_len, params);
}

size_t ash_cli_params_iv_len(const struct ash_mechanism_row *row, const struct ash_cli_params *params)
{
	static const uint8_t lens[ASH_PARAM_KINDS] = {
		[ASH_PARAM_IV16] = 16,
		[ASH_PARAM_CTR] = 16,
		[ASH_PARAM_GCM] = GCM_IV_LEN,
		[ASH_PARAM_CCM] = CCM_IV_LEN,
	};

	return params->iv.len == 0 ? lens[row->param] : 0;
}

ASH_STATUS ash_cli_params_set_iv(struct ash_cli_params *params, struct ash_span iv)
{
	ash_buf_reset(&params->iv);
	ASH_TRY(ash_buf_add(&params->iv, iv));
	params->mechanism.params.iv = ash_buf_span(&params->iv);
	return ASH_DONE;
}

#define MECHANISM(text_)                                                                          \
	{                                                                                         \
		.id = ASH_CLI_OPT_MECHANISM, .name = "mechanism", .letter = 'm', .value = "NAME", \
		.text = (text_)                                                                   \
	}
#define HASH(text_)                                                                      \
	{                                                                                \
		.id = ASH_CLI_OPT_HASH, .name = "hash", .value = "HASH", .text = (text_) \
	}
#define MGF_HASH                                                                       \
	{                                                                              \
		.id = ASH_CLI_OPT_MGF_HASH, .name = "mgf-hash", .value = "HASH",       \
		.text = "RSA-PSS, RSA-OAEP: the hash of MGF1; else the same as --hash" \
	}
#define IV(text_)                                                                     \
	{                                                                             \
		.id = ASH_CLI_OPT_IV, .name = "iv", .value = "BYTES", .text = (text_) \
	}
#define TAG_LENGTH(text_)                                                                         \
	{                                                                                         \
		.id = ASH_CLI_OPT_TAG_LENGTH, .name = "tag-length", .value = "N", .text = (text_) \
	}

const struct ash_cli_option ash_cli_sign_params[] = {
	MECHANISM("how; else what suits the key: see below"),
	HASH("with which hash; else what suits the key"),
	MGF_HASH,
	{ .id = ASH_CLI_OPT_SALT_LENGTH,
	  .name = "salt-length",
	  .value = "N|max",
	  .text = "RSA-PSS: bytes of the salt; else as many as the hash has" },
	{ .id = ASH_CLI_OPT_CONTEXT,
	  .name = "context",
	  .value = "BYTES",
	  .text = "ML-DSA, Ed448, Ed25519ctx: the context" },
	{ .id = ASH_CLI_OPT_PREHASH, .name = "prehash", .text = "Ed25519ph, Ed448ph" },
	{ .id = ASH_CLI_OPT_DETERMINISTIC,
	  .name = "deterministic",
	  .text = "ML-DSA: without random numbers (FIPS 204 §3.4)" },
	IV("AES-GMAC: its IV"),
	TAG_LENGTH("MACs that can be cut: bytes to keep"),
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_crypt_params[] = {
	MECHANISM("how; else what suits the key: see below"),
	HASH("RSA-OAEP: its hash; else sha256"),
	MGF_HASH,
	{ .id = ASH_CLI_OPT_OAEP_LABEL,
	  .name = "oaep-label",
	  .value = "BYTES",
	  .text = "RSA-OAEP: its label" },
	IV("the IV, nonce or first counter block; else a random one, in front of the ciphertext"),
	{ .id = ASH_CLI_OPT_AAD,
	  .name = "aad",
	  .value = "BYTES",
	  .text = "AES-GCM, AES-CCM: data that is authenticated beside" },
	TAG_LENGTH("AES-GCM, AES-CCM: bytes of the tag; else 16"),
	{ .id = ASH_CLI_OPT_COUNTER_BITS,
	  .name = "counter-bits",
	  .value = "N",
	  .text = "AES-CTR: bits that count; else 128" },
	{ .name = NULL },
};

const struct ash_cli_option ash_cli_derive_params[] = {
	MECHANISM("how; else what suits the key: see below"),
	{ .id = ASH_CLI_OPT_PEER,
	  .name = "peer",
	  .value = "FILE",
	  .text = "ECDH: the other side's public key, PEM, DER or the bare point" },
	{ .id = ASH_CLI_OPT_KDF,
	  .name = "kdf",
	  .value = "KDF",
	  .text = "ECDH: null (the secret as it is), x963-HASH or concat-HASH; else null" },
	{ .id = ASH_CLI_OPT_SHARED_INFO,
	  .name = "shared-info",
	  .value = "BYTES",
	  .text = "ECDH: shared data of that KDF" },
	HASH("HKDF: its hash; else sha256"),
	{ .id = ASH_CLI_OPT_SALT, .name = "salt", .value = "BYTES", .text = "HKDF: the salt; else none" },
	{ .id = ASH_CLI_OPT_INFO, .name = "info", .value = "BYTES", .text = "HKDF: the information" },
	{ .name = NULL },
};
