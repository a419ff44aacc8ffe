#include "crypto/alg.h"

#include "util/compat.h"

#define AES_BLOCK 16u

static const struct hash_row {
	uint8_t len;
	uint8_t block_len;
} hash_table[ASH_HASHES] = {
	[ASH_HASH_SHA1] = { 20, 64 },        [ASH_HASH_SHA224] = { 28, 64 },
	[ASH_HASH_SHA256] = { 32, 64 },      [ASH_HASH_SHA384] = { 48, 128 },
	[ASH_HASH_SHA512] = { 64, 128 },     [ASH_HASH_SHA512_224] = { 28, 128 },
	[ASH_HASH_SHA512_256] = { 32, 128 }, [ASH_HASH_SHA3_224] = { 28, 144 },
	[ASH_HASH_SHA3_256] = { 32, 136 },   [ASH_HASH_SHA3_384] = { 48, 104 },
	[ASH_HASH_SHA3_512] = { 64, 72 },
};

static const struct group_row {
	const char *name;
	uint16_t bits;
	uint16_t public_len;
	uint16_t private_len;
	uint16_t signature_len;
	uint16_t ciphertext_len;
} group_table[ASH_GROUPS] = {
	[ASH_GROUP_NONE] = { .name = "" },
	[ASH_GROUP_P224] = { "P-224", 224, 57, 28, 56, 0 },
	[ASH_GROUP_P256] = { "P-256", 256, 65, 32, 64, 0 },
	[ASH_GROUP_P384] = { "P-384", 384, 97, 48, 96, 0 },
	[ASH_GROUP_P521] = { "P-521", 521, 133, 66, 132, 0 },
	[ASH_GROUP_SECP256K1] = { "secp256k1", 256, 65, 32, 64, 0 },
	[ASH_GROUP_ED25519] = { "Ed25519", 255, 32, 32, 64, 0 },
	[ASH_GROUP_ED448] = { "Ed448", 448, 57, 57, 114, 0 },
	[ASH_GROUP_X25519] = { "X25519", 255, 32, 32, 0, 0 },
	[ASH_GROUP_X448] = { "X448", 448, 56, 56, 0, 0 },
	[ASH_GROUP_ML_DSA_44] = { "ML-DSA-44", 0, 1312, 2560, 2420, 0 },
	[ASH_GROUP_ML_DSA_65] = { "ML-DSA-65", 0, 1952, 4032, 3309, 0 },
	[ASH_GROUP_ML_DSA_87] = { "ML-DSA-87", 0, 2592, 4896, 4627, 0 },
	[ASH_GROUP_ML_KEM_512] = { "ML-KEM-512", 0, 800, 1632, 0, 768 },
	[ASH_GROUP_ML_KEM_768] = { "ML-KEM-768", 0, 1184, 2400, 0, 1088 },
	[ASH_GROUP_ML_KEM_1024] = { "ML-KEM-1024", 0, 1568, 3168, 0, 1568 },
};

/* How much comes out of a scheme, and when. */
enum shape {
	SHAPE_NOTHING, /* no data: agreement, encapsulation */
	SHAPE_SINGLE,  /* updates give nothing, the end gives a digest, a signature or one RSA block */
	SHAPE_MAC,     /* the same; the end gives a tag, all of it or its beginning */
	SHAPE_BLOCKS,  /* whole blocks as soon as they are full */
	SHAPE_PADDED,  /* the same; the last block is padded */
	SHAPE_STREAM,  /* as much as comes in */
	SHAPE_SEALED,  /* the same, then a tag; decryption gives all at the end */
	SHAPE_WHOLE,   /* all at the end, with a tag */
	SHAPE_WRAP,    /* all at the end, with half a block before it */
	SHAPE_WRAP_PAD /* the same, padded to half a block */
};

static const uint8_t shape_of[ASH_SCHEMES] = {
	[ASH_SCHEME_HASH] = SHAPE_SINGLE,      [ASH_SCHEME_HMAC] = SHAPE_MAC,
	[ASH_SCHEME_RSA_PKCS1] = SHAPE_SINGLE, [ASH_SCHEME_RSA_RAW] = SHAPE_SINGLE,
	[ASH_SCHEME_RSA_PSS] = SHAPE_SINGLE,   [ASH_SCHEME_RSA_OAEP] = SHAPE_SINGLE,
	[ASH_SCHEME_ECDSA] = SHAPE_SINGLE,     [ASH_SCHEME_EDDSA] = SHAPE_SINGLE,
	[ASH_SCHEME_ML_DSA] = SHAPE_SINGLE,    [ASH_SCHEME_AES_ECB] = SHAPE_BLOCKS,
	[ASH_SCHEME_AES_CBC] = SHAPE_BLOCKS,   [ASH_SCHEME_AES_CBC_PAD] = SHAPE_PADDED,
	[ASH_SCHEME_AES_CTR] = SHAPE_STREAM,   [ASH_SCHEME_AES_GCM] = SHAPE_SEALED,
	[ASH_SCHEME_AES_CCM] = SHAPE_WHOLE,    [ASH_SCHEME_AES_CMAC] = SHAPE_MAC,
	[ASH_SCHEME_AES_GMAC] = SHAPE_MAC,     [ASH_SCHEME_AES_KW] = SHAPE_WRAP,
	[ASH_SCHEME_AES_KWP] = SHAPE_WRAP_PAD, [ASH_SCHEME_ECDH] = SHAPE_NOTHING,
	[ASH_SCHEME_ML_KEM] = SHAPE_NOTHING,
};

static const struct hash_row *hash_row(enum ash_hash hash)
{
	return &hash_table[(unsigned)hash < ASH_HASHES ? hash : ASH_HASH_NONE];
}

static const struct group_row *group_row(enum ash_group group)
{
	return &group_table[(unsigned)group < ASH_GROUPS ? group : ASH_GROUP_NONE];
}

size_t ash_hash_len(enum ash_hash hash)
{
	return hash_row(hash)->len;
}

size_t ash_hash_block_len(enum ash_hash hash)
{
	return hash_row(hash)->block_len;
}

uint32_t ash_group_bits(enum ash_group group)
{
	return group_row(group)->bits;
}

const char *ash_group_name(enum ash_group group)
{
	return group_row(group)->name;
}

size_t ash_group_public_len(enum ash_group group)
{
	return group_row(group)->public_len;
}

size_t ash_group_private_len(enum ash_group group)
{
	return group_row(group)->private_len;
}

size_t ash_group_ciphertext_len(enum ash_group group)
{
	return group_row(group)->ciphertext_len;
}

size_t ash_alg_signature_len(struct ash_alg alg, const struct ash_key_spec *spec)
{
	switch (alg.scheme) {
	case ASH_SCHEME_HMAC: return ash_hash_len(alg.hash);
	case ASH_SCHEME_AES_CMAC:
	case ASH_SCHEME_AES_GMAC: return AES_BLOCK;
	case ASH_SCHEME_RSA_PKCS1:
	case ASH_SCHEME_RSA_RAW:
	case ASH_SCHEME_RSA_PSS: return spec != NULL ? ((size_t)spec->bits + 7) / 8 : 0;
	case ASH_SCHEME_ECDSA:
	case ASH_SCHEME_EDDSA:
	case ASH_SCHEME_ML_DSA: return spec != NULL ? group_row(spec->group)->signature_len : 0;
	case ASH_SCHEME_HASH:
	case ASH_SCHEME_RSA_OAEP:
	case ASH_SCHEME_AES_ECB:
	case ASH_SCHEME_AES_CBC:
	case ASH_SCHEME_AES_CBC_PAD:
	case ASH_SCHEME_AES_CTR:
	case ASH_SCHEME_AES_GCM:
	case ASH_SCHEME_AES_CCM:
	case ASH_SCHEME_AES_KW:
	case ASH_SCHEME_AES_KWP:
	case ASH_SCHEME_ECDH:
	case ASH_SCHEME_ML_KEM:
	case ASH_SCHEMES: break;
	}
	return 0;
}

static enum shape shape(struct ash_alg alg)
{
	return (unsigned)alg.scheme < ASH_SCHEMES ? (enum shape)shape_of[alg.scheme] : SHAPE_NOTHING;
}

/* Whole blocks in `total`; padded decryption keeps back the last one, which may be padding alone. */
static size_t blocks_out(enum ash_op op, enum shape kind, size_t total)
{
	if (kind == SHAPE_PADDED && op == ASH_OP_DECRYPT && total != 0)
		total--;
	return total / AES_BLOCK * AES_BLOCK;
}

size_t ash_alg_update_max(enum ash_op op, struct ash_alg alg, size_t held, size_t in_len)
{
	enum shape kind = shape(alg);
	bool blocks = kind == SHAPE_BLOCKS || kind == SHAPE_PADDED;
	size_t total = 0;

	if (!blocks && kind != SHAPE_STREAM && (kind != SHAPE_SEALED || op == ASH_OP_DECRYPT))
		return 0;
	if (__builtin_add_overflow(held, in_len, &total))
		return SIZE_MAX;
	return blocks ? blocks_out(op, kind, total) : total;
}

/* What one go gives that is no bulk encryption: a digest, a signature, an RSA block. */
static size_t single_len(enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec)
{
	const struct ash_alg block = { ASH_SCHEME_RSA_RAW, ASH_HASH_NONE };

	switch (op) {
	case ASH_OP_DIGEST: return ash_hash_len(alg.hash);
	case ASH_OP_SIGN:
	case ASH_OP_SIGN_RECOVER:
	case ASH_OP_VERIFY_RECOVER: return ash_alg_signature_len(alg, spec);
	case ASH_OP_ENCRYPT:
	case ASH_OP_DECRYPT: return ash_alg_signature_len(block, spec);
	case ASH_OP_VERIFY:
	case ASH_OP_DERIVE:
	case ASH_OP_ENCAPSULATE:
	case ASH_OP_DECAPSULATE:
	case ASH_OPS: break;
	}
	return 0;
}

static size_t mac_len(enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec, uint32_t tag_len)
{
	size_t whole = ash_alg_signature_len(alg, spec);

	if (op != ASH_OP_SIGN)
		return 0;
	return tag_len != 0 && tag_len < whole ? tag_len : whole;
}

/* Of `total` bytes, when all of it is known. */
static size_t bulk_len(bool decrypt, enum shape kind, size_t total, size_t tag_len)
{
	size_t extra = kind == SHAPE_WRAP || kind == SHAPE_WRAP_PAD ? AES_BLOCK / 2 : tag_len;

	if (kind == SHAPE_BLOCKS || kind == SHAPE_STREAM)
		return total;
	if (kind == SHAPE_PADDED && decrypt)
		return total != 0 ? total - 1 : 0;
	if (kind == SHAPE_PADDED)
		return (total / AES_BLOCK + 1) * AES_BLOCK;
	if (decrypt)
		return total > extra ? total - extra : 0;
	if (kind == SHAPE_WRAP_PAD)
		total = (total + AES_BLOCK / 2 - 1) / (AES_BLOCK / 2) * (AES_BLOCK / 2);
	return total + extra;
}

size_t ash_alg_finish_max(enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec,
			  uint32_t tag_len, size_t held, size_t in_len)
{
	enum shape kind = shape(alg);
	size_t total = 0;

	switch (kind) {
	case SHAPE_NOTHING: return 0;
	case SHAPE_SINGLE: return single_len(op, alg, spec);
	case SHAPE_MAC: return mac_len(op, alg, spec, tag_len);
	case SHAPE_BLOCKS:
	case SHAPE_PADDED:
	case SHAPE_STREAM:
	case SHAPE_SEALED:
	case SHAPE_WHOLE:
	case SHAPE_WRAP:
	case SHAPE_WRAP_PAD: break;
	}
	if (__builtin_add_overflow(held, in_len, &total) || total > SIZE_MAX - 2 * AES_BLOCK ||
	    total > SIZE_MAX - 2 * AES_BLOCK - tag_len)
		return SIZE_MAX;
	return bulk_len(op == ASH_OP_DECRYPT, kind, total, tag_len);
}
