#include "crypto/alg.h"

#include "util/compat.h"

#define AES_BLOCK 16u

static const struct hash_row {
	uint8_t len;
	uint8_t block_len;
} hash_table[ASH_HASHES] = {
	[ASH_HASH_SHA256] = { 32, 64 },
	[ASH_HASH_SHA384] = { 48, 128 },
	[ASH_HASH_SHA512] = { 64, 128 },
};

static const struct group_row {
	const char *name;
	uint16_t bits;
	uint16_t public_len;
	uint16_t private_len;
	uint16_t signature_len;
} group_table[ASH_GROUPS] = {
	[ASH_GROUP_NONE] = { .name = "" },
	[ASH_GROUP_P256] = { "P-256", 256, 65, 32, 64 },
	[ASH_GROUP_P384] = { "P-384", 384, 97, 48, 96 },
	[ASH_GROUP_ED25519] = { "Ed25519", 255, 32, 32, 64 },
	[ASH_GROUP_ML_DSA_65] = { "ML-DSA-65", 0, 1952, 4032, 3309 },
};

/* How much comes out of a scheme, and when. */
enum shape {
	SHAPE_NOTHING, /* updates give nothing, the end gives a digest, a signature or one RSA block */
	SHAPE_BLOCKS,  /* whole blocks as soon as they are full */
	SHAPE_PADDED,  /* the same; the last block is padded */
	SHAPE_STREAM,  /* as much as comes in, then a tag */
};

static const uint8_t shape_of[ASH_SCHEMES] = {
	[ASH_SCHEME_AES_CBC] = SHAPE_BLOCKS,
	[ASH_SCHEME_AES_CBC_PAD] = SHAPE_PADDED,
	[ASH_SCHEME_AES_GCM] = SHAPE_STREAM,
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

/* The y of Ed25519's eight points of small order, without the sign of x. */
static const uint8_t small_order[][32] = {
	{ 0 },
	{ 1 },
	{ 0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0,
	  0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05 },
	{ 0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f,
	  0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a },
	{ 0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f },
};

/* Below 2^255 - 19. */
static bool canonical(const uint8_t y[32])
{
	if (y[31] != 0x7f || y[0] < 0xed)
		return true;
	for (size_t i = 1; i < 31; i++) {
		if (y[i] != 0xff)
			return true;
	}
	return false;
}

bool ash_edwards_sound(enum ash_group group, struct ash_span point)
{
	uint8_t y[32];

	if (group != ASH_GROUP_ED25519 || point.len != sizeof(y))
		return false;
	memcpy(y, point.data, sizeof(y));
	y[31] &= 0x7f;
	for (size_t i = 0; i < ASH_COUNT(small_order); i++) {
		if (memcmp(y, small_order[i], sizeof(y)) == 0)
			return false;
	}
	return canonical(y);
}

size_t ash_alg_signature_len(struct ash_alg alg, const struct ash_key_spec *spec)
{
	switch (alg.scheme) {
	case ASH_SCHEME_HMAC: return ash_hash_len(alg.hash);
	case ASH_SCHEME_RSA_PKCS1: return spec != NULL ? ((size_t)spec->bits + 7) / 8 : 0;
	case ASH_SCHEME_ECDSA:
	case ASH_SCHEME_EDDSA:
	case ASH_SCHEME_ML_DSA: return spec != NULL ? group_row(spec->group)->signature_len : 0;
	case ASH_SCHEME_HASH:
	case ASH_SCHEME_AES_CBC:
	case ASH_SCHEME_AES_CBC_PAD:
	case ASH_SCHEME_AES_GCM:
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
	size_t total = 0;

	if (kind == SHAPE_NOTHING || (kind == SHAPE_STREAM && op == ASH_OP_DECRYPT))
		return 0;
	if (__builtin_add_overflow(held, in_len, &total))
		return SIZE_MAX;
	return kind == SHAPE_STREAM ? total : blocks_out(op, kind, total);
}

/* What one go gives that is no bulk encryption: a digest, a signature, an RSA block. */
static size_t single_len(enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec)
{
	switch (op) {
	case ASH_OP_DIGEST: return ash_hash_len(alg.hash);
	case ASH_OP_SIGN:
	case ASH_OP_ENCRYPT:
	case ASH_OP_DECRYPT: return ash_alg_signature_len(alg, spec);
	case ASH_OP_VERIFY:
	case ASH_OPS: break;
	}
	return 0;
}

size_t ash_alg_finish_max(enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec,
			  uint32_t tag_len, size_t held, size_t in_len)
{
	enum shape kind = shape(alg);
	bool decrypt = op == ASH_OP_DECRYPT;
	size_t total = 0;

	if (kind == SHAPE_NOTHING)
		return single_len(op, alg, spec);
	if (__builtin_add_overflow(held, in_len, &total) || total > SIZE_MAX - AES_BLOCK - tag_len)
		return SIZE_MAX;
	if (kind == SHAPE_STREAM && decrypt)
		return total > tag_len ? total - tag_len : 0;
	if (kind == SHAPE_STREAM)
		return total + tag_len;
	if (kind == SHAPE_PADDED && decrypt)
		return total != 0 ? total - 1 : 0;
	return kind == SHAPE_PADDED ? (total / AES_BLOCK + 1) * AES_BLOCK : total;
}
