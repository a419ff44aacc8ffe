/* What the conformance list tries: algorithms, kinds of keys for them, and how they are started. */
#pragma once

#include "crypto/alg.h"
#include "crypto/types.h"
#include "test.h"

/* clang-format off */
#define RSA(size)    { ASH_KEY_RSA, ASH_GROUP_NONE, (size) }
#define EC(group)    { ASH_KEY_EC, ASH_GROUP_##group, 0 }
#define BYTES(size)  { ASH_KEY_SECRET, ASH_GROUP_NONE, (size) * 8 }
#define ED(bits)     { ASH_KEY_EDWARDS, ASH_GROUP_ED##bits, 0 }
#define X(bits)      { ASH_KEY_MONTGOMERY, ASH_GROUP_X##bits, 0 }
#define ML_DSA(size) { ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_##size, 0 }
#define ML_KEM(size) { ASH_KEY_ML_KEM, ASH_GROUP_ML_KEM_##size, 0 }
#define ALG(scheme, hash) { ASH_SCHEME_##scheme, ASH_HASH_##hash }
/* clang-format on */

/* An algorithm and a kind of key for it. */
struct sample {
	const char *name;
	struct ash_key_spec spec;
	struct ash_alg alg;
};

ASH_UNUSED static const struct sample signers[] = {
	{ "RSA raw", RSA(2048), ALG(RSA_PKCS1, NONE) },
	{ "RSA SHA-1", RSA(2048), ALG(RSA_PKCS1, SHA1) },
	{ "RSA SHA-224", RSA(2048), ALG(RSA_PKCS1, SHA224) },
	{ "RSA SHA-256", RSA(2048), ALG(RSA_PKCS1, SHA256) },
	{ "RSA SHA-384", RSA(2048), ALG(RSA_PKCS1, SHA384) },
	{ "RSA SHA-512", RSA(2048), ALG(RSA_PKCS1, SHA512) },
	{ "RSA SHA-512/224", RSA(2048), ALG(RSA_PKCS1, SHA512_224) },
	{ "RSA SHA-512/256", RSA(2048), ALG(RSA_PKCS1, SHA512_256) },
	{ "RSA SHA3-224", RSA(2048), ALG(RSA_PKCS1, SHA3_224) },
	{ "RSA SHA3-256", RSA(2048), ALG(RSA_PKCS1, SHA3_256) },
	{ "RSA SHA3-384", RSA(2048), ALG(RSA_PKCS1, SHA3_384) },
	{ "RSA SHA3-512", RSA(2048), ALG(RSA_PKCS1, SHA3_512) },
	{ "RSA X.509", RSA(2048), ALG(RSA_RAW, NONE) },
	{ "RSA PSS SHA-1", RSA(2048), ALG(RSA_PSS, SHA1) },
	{ "RSA PSS SHA-256", RSA(2048), ALG(RSA_PSS, SHA256) },
	{ "RSA PSS SHA-512", RSA(2048), ALG(RSA_PSS, SHA512) },
	{ "RSA PSS SHA3-384", RSA(2048), ALG(RSA_PSS, SHA3_384) },
	{ "P-224 raw", EC(P224), ALG(ECDSA, NONE) },
	{ "P-224 SHA-224", EC(P224), ALG(ECDSA, SHA224) },
	{ "P-256 raw", EC(P256), ALG(ECDSA, NONE) },
	{ "P-256 SHA-1", EC(P256), ALG(ECDSA, SHA1) },
	{ "P-256 SHA-256", EC(P256), ALG(ECDSA, SHA256) },
	{ "P-256 SHA-512", EC(P256), ALG(ECDSA, SHA512) },
	{ "P-256 SHA3-256", EC(P256), ALG(ECDSA, SHA3_256) },
	{ "P-384 raw", EC(P384), ALG(ECDSA, NONE) },
	{ "P-384 SHA-256", EC(P384), ALG(ECDSA, SHA256) },
	{ "P-384 SHA-384", EC(P384), ALG(ECDSA, SHA384) },
	{ "P-521 raw", EC(P521), ALG(ECDSA, NONE) },
	{ "P-521 SHA-512", EC(P521), ALG(ECDSA, SHA512) },
	{ "P-521 SHA3-512", EC(P521), ALG(ECDSA, SHA3_512) },
	{ "secp256k1 raw", EC(SECP256K1), ALG(ECDSA, NONE) },
	{ "secp256k1 SHA-256", EC(SECP256K1), ALG(ECDSA, SHA256) },
	{ "Ed25519", ED(25519), ALG(EDDSA, NONE) },
	{ "Ed448", ED(448), ALG(EDDSA, NONE) },
	{ "ML-DSA-44", ML_DSA(44), ALG(ML_DSA, NONE) },
	{ "ML-DSA-65", ML_DSA(65), ALG(ML_DSA, NONE) },
	{ "ML-DSA-87", ML_DSA(87), ALG(ML_DSA, NONE) },
	{ "HMAC SHA-1", BYTES(32), ALG(HMAC, SHA1) },
	{ "HMAC SHA-224", BYTES(32), ALG(HMAC, SHA224) },
	{ "HMAC SHA-256", BYTES(32), ALG(HMAC, SHA256) },
	{ "HMAC SHA-384", BYTES(200), ALG(HMAC, SHA384) },
	{ "HMAC SHA-512", BYTES(1), ALG(HMAC, SHA512) },
	{ "HMAC SHA-512/224", BYTES(32), ALG(HMAC, SHA512_224) },
	{ "HMAC SHA-512/256", BYTES(32), ALG(HMAC, SHA512_256) },
	{ "HMAC SHA3-224", BYTES(32), ALG(HMAC, SHA3_224) },
	{ "HMAC SHA3-256", BYTES(200), ALG(HMAC, SHA3_256) },
	{ "HMAC SHA3-384", BYTES(32), ALG(HMAC, SHA3_384) },
	{ "HMAC SHA3-512", BYTES(32), ALG(HMAC, SHA3_512) },
	{ "AES-128-CMAC", BYTES(16), ALG(AES_CMAC, NONE) },
	{ "AES-192-CMAC", BYTES(24), ALG(AES_CMAC, NONE) },
	{ "AES-256-CMAC", BYTES(32), ALG(AES_CMAC, NONE) },
	{ "AES-128-GMAC", BYTES(16), ALG(AES_GMAC, NONE) },
	{ "AES-256-GMAC", BYTES(32), ALG(AES_GMAC, NONE) },
};

ASH_UNUSED static const struct sample ciphers[] = {
	{ "AES-128-CBC", BYTES(16), ALG(AES_CBC, NONE) },
	{ "AES-192-CBC", BYTES(24), ALG(AES_CBC, NONE) },
	{ "AES-256-CBC", BYTES(32), ALG(AES_CBC, NONE) },
	{ "AES-128-CBC-PAD", BYTES(16), ALG(AES_CBC_PAD, NONE) },
	{ "AES-256-CBC-PAD", BYTES(32), ALG(AES_CBC_PAD, NONE) },
	{ "AES-128-ECB", BYTES(16), ALG(AES_ECB, NONE) },
	{ "AES-256-ECB", BYTES(32), ALG(AES_ECB, NONE) },
	{ "AES-128-CTR", BYTES(16), ALG(AES_CTR, NONE) },
	{ "AES-192-CTR", BYTES(24), ALG(AES_CTR, NONE) },
	{ "AES-256-CTR", BYTES(32), ALG(AES_CTR, NONE) },
	{ "AES-128-GCM", BYTES(16), ALG(AES_GCM, NONE) },
	{ "AES-192-GCM", BYTES(24), ALG(AES_GCM, NONE) },
	{ "AES-256-GCM", BYTES(32), ALG(AES_GCM, NONE) },
	{ "AES-128-CCM", BYTES(16), ALG(AES_CCM, NONE) },
	{ "AES-192-CCM", BYTES(24), ALG(AES_CCM, NONE) },
	{ "AES-256-CCM", BYTES(32), ALG(AES_CCM, NONE) },
	{ "AES-128-KW", BYTES(16), ALG(AES_KW, NONE) },
	{ "AES-256-KW", BYTES(32), ALG(AES_KW, NONE) },
	{ "AES-128-KWP", BYTES(16), ALG(AES_KWP, NONE) },
	{ "AES-256-KWP", BYTES(32), ALG(AES_KWP, NONE) },
};

ASH_UNUSED static const struct sample rsa_crypts[] = {
	{ "RSA v1.5", RSA(2048), ALG(RSA_PKCS1, NONE) },
	{ "RSA X.509", RSA(2048), ALG(RSA_RAW, NONE) },
	{ "RSA OAEP", RSA(2048), ALG(RSA_OAEP, NONE) },
};

ASH_UNUSED static const struct ash_key_spec agreers[] = {
	EC(P224), EC(P256), EC(P384), EC(P521), EC(SECP256K1), X(25519), X(448),
};

ASH_UNUSED static const struct ash_key_spec kems[] = { ML_KEM(512), ML_KEM(768), ML_KEM(1024) };

static const uint8_t some_iv[16] = { 9, 8, 7, 6, 5, 4, 3, 2, 1 };

/* What a sample is started with, for so many bytes of plaintext. */
ASH_UNUSED static struct ash_params params_for(const struct sample *sample, size_t plain_len)
{
	static const uint8_t iv_len[ASH_SCHEMES] = {
		[ASH_SCHEME_AES_CBC] = 16, [ASH_SCHEME_AES_CBC_PAD] = 16, [ASH_SCHEME_AES_CTR] = 16,
		[ASH_SCHEME_AES_GCM] = 12, [ASH_SCHEME_AES_CCM] = 13,     [ASH_SCHEME_AES_GMAC] = 12,
	};
	enum ash_scheme scheme = sample->alg.scheme;
	struct ash_params params = { .iv = ash_span(some_iv, iv_len[scheme]) };

	if (scheme == ASH_SCHEME_AES_GCM || scheme == ASH_SCHEME_AES_CCM) {
		params.aad = TEXT("associated");
		params.tag_len = 16;
	}
	if (scheme == ASH_SCHEME_AES_CCM)
		params.data_len = plain_len;
	if (scheme == ASH_SCHEME_AES_CTR)
		params.counter_bits = 100;
	if (scheme == ASH_SCHEME_RSA_PSS || scheme == ASH_SCHEME_RSA_OAEP) {
		params.hash = sample->alg.hash != ASH_HASH_NONE ? sample->alg.hash : ASH_HASH_SHA256;
		params.mgf_hash = ASH_HASH_SHA256;
		params.salt_len = 20;
	}
	return params;
}

#define SAMPLE_LEN 160 /* of plaintext that all ciphers take */

ASH_UNUSED static struct ash_params params_of(const struct sample *sample)
{
	return params_for(sample, SAMPLE_LEN);
}

/* Whether a cipher takes plaintexts of this length. */
ASH_UNUSED static bool takes(const struct sample *sample, size_t len)
{
	switch (sample->alg.scheme) {
	case ASH_SCHEME_AES_ECB:
	case ASH_SCHEME_AES_CBC: return len % 16 == 0;
	case ASH_SCHEME_AES_KW: return len % 8 == 0 && len >= 16;
	case ASH_SCHEME_AES_KWP: return len != 0;
	default: return true;
	}
}
