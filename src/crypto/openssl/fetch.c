#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>

static const char *const hash_names[ASH_HASHES] = {
	[ASH_HASH_SHA1] = "SHA1",
	[ASH_HASH_SHA224] = "SHA2-224",
	[ASH_HASH_SHA256] = "SHA2-256",
	[ASH_HASH_SHA384] = "SHA2-384",
	[ASH_HASH_SHA512] = "SHA2-512",
	[ASH_HASH_SHA512_224] = "SHA2-512/224",
	[ASH_HASH_SHA512_256] = "SHA2-512/256",
	[ASH_HASH_SHA3_224] = "SHA3-224",
	[ASH_HASH_SHA3_256] = "SHA3-256",
	[ASH_HASH_SHA3_384] = "SHA3-384",
	[ASH_HASH_SHA3_512] = "SHA3-512",
};

#define AES(mode)                                                 \
	{                                                         \
		"AES-128-" mode, "AES-192-" mode, "AES-256-" mode \
	}

/* The cipher of a scheme, or what its MAC is made of. */
static const char *const cipher_names[ASH_SCHEMES][ASH_OSSL_AES_SIZES] = {
	[ASH_SCHEME_AES_ECB] = AES("ECB"),     [ASH_SCHEME_AES_CBC] = AES("CBC"),
	[ASH_SCHEME_AES_CBC_PAD] = AES("CBC"), [ASH_SCHEME_AES_CTR] = AES("CTR"),
	[ASH_SCHEME_AES_GCM] = AES("GCM"),     [ASH_SCHEME_AES_CCM] = AES("CCM"),
	[ASH_SCHEME_AES_CMAC] = AES("CBC"),    [ASH_SCHEME_AES_GMAC] = AES("GCM"),
	[ASH_SCHEME_AES_KW] = AES("WRAP"),     [ASH_SCHEME_AES_KWP] = AES("WRAP-PAD"),
};

static const char *const mac_names[ASH_SCHEMES] = {
	[ASH_SCHEME_HMAC] = OSSL_MAC_NAME_HMAC,
	[ASH_SCHEME_AES_CMAC] = OSSL_MAC_NAME_CMAC,
	[ASH_SCHEME_AES_GMAC] = OSSL_MAC_NAME_GMAC,
};

static const char *const kdf_names[ASH_OSSL_KDFS] = {
	[ASH_OSSL_KDF_HKDF] = OSSL_KDF_NAME_HKDF,     [ASH_OSSL_KDF_ARGON2ID] = "ARGON2ID",
	[ASH_OSSL_KDF_PBKDF2] = OSSL_KDF_NAME_PBKDF2, [ASH_OSSL_KDF_X963] = OSSL_KDF_NAME_X963KDF,
	[ASH_OSSL_KDF_CONCAT] = OSSL_KDF_NAME_SSKDF,
};

static const struct group_names {
	const char *name;
	int curve;                                /* NID of a Weierstrass curve */
	const char *signature[ASH_OSSL_VARIANTS]; /* of whole messages */
} group_names[ASH_GROUPS] = {
	[ASH_GROUP_P224] = { .name = "P-224", .curve = NID_secp224r1 },
	[ASH_GROUP_P256] = { .name = "P-256", .curve = NID_X9_62_prime256v1 },
	[ASH_GROUP_P384] = { .name = "P-384", .curve = NID_secp384r1 },
	[ASH_GROUP_P521] = { .name = "P-521", .curve = NID_secp521r1 },
	[ASH_GROUP_SECP256K1] = { .name = "secp256k1", .curve = NID_secp256k1 },
	[ASH_GROUP_ED25519] = { .name = "ED25519", .signature = { "ED25519", "ED25519ctx", "ED25519ph" } },
	[ASH_GROUP_ED448] = { .name = "ED448", .signature = { "ED448", "ED448", "ED448ph" } },
	[ASH_GROUP_X25519] = { .name = "X25519" },
	[ASH_GROUP_X448] = { .name = "X448" },
	[ASH_GROUP_ML_DSA_44] = { .name = "ML-DSA-44", .signature = { "ML-DSA-44" } },
	[ASH_GROUP_ML_DSA_65] = { .name = "ML-DSA-65", .signature = { "ML-DSA-65" } },
	[ASH_GROUP_ML_DSA_87] = { .name = "ML-DSA-87", .signature = { "ML-DSA-87" } },
	[ASH_GROUP_ML_KEM_512] = { .name = "ML-KEM-512" },
	[ASH_GROUP_ML_KEM_768] = { .name = "ML-KEM-768" },
	[ASH_GROUP_ML_KEM_1024] = { .name = "ML-KEM-1024" },
};

const char *ash_ossl_hash_name(enum ash_hash hash)
{
	return hash_names[hash];
}

const char *ash_ossl_group_name(enum ash_group group)
{
	return group_names[group].name;
}

const char *ash_ossl_cipher_name(enum ash_scheme scheme, int aes_index)
{
	return cipher_names[scheme][aes_index];
}

int ash_ossl_aes_index(uint32_t bits)
{
	return bits == 128 ? 0 : bits == 192 ? 1 : bits == 256 ? 2 : -1;
}

static bool fetch_hashes(struct ash_ossl *lib)
{
	bool good = true;

	for (size_t i = 0; i < ASH_HASHES; i++) {
		if (hash_names[i] == NULL)
			continue;
		lib->hash[i] = EVP_MD_fetch(lib->ctx, hash_names[i], NULL);
		good = good && lib->hash[i] != NULL;
	}
	return good;
}

/* A MAC takes its cipher by name; fetching it here shows that it is there. */
static bool fetch_ciphers(struct ash_ossl *lib)
{
	bool good = true;

	for (size_t i = 0; i < ASH_SCHEMES; i++) {
		for (size_t j = 0; j < ASH_OSSL_AES_SIZES; j++) {
			if (cipher_names[i][j] == NULL)
				continue;
			lib->cipher[i][j] = EVP_CIPHER_fetch(lib->ctx, cipher_names[i][j], NULL);
			good = good && lib->cipher[i][j] != NULL;
		}
	}
	return good;
}

static bool fetch_macs(struct ash_ossl *lib)
{
	bool good = true;

	for (size_t i = 0; i < ASH_SCHEMES; i++) {
		if (mac_names[i] == NULL)
			continue;
		lib->mac[i] = EVP_MAC_fetch(lib->ctx, mac_names[i], NULL);
		good = good && lib->mac[i] != NULL;
	}
	return good;
}

static bool fetch_kdfs(struct ash_ossl *lib)
{
	bool good = true;

	for (size_t i = 0; i < ASH_OSSL_KDFS; i++) {
		lib->kdf[i] = EVP_KDF_fetch(lib->ctx, kdf_names[i], NULL);
		good = good && lib->kdf[i] != NULL;
	}
	return good;
}

static bool fetch_groups(struct ash_ossl *lib)
{
	bool good = true;

	for (size_t i = 0; i < ASH_GROUPS; i++) {
		const struct group_names *row = &group_names[i];

		if (row->curve != 0) {
			lib->curve[i] = EC_GROUP_new_by_curve_name_ex(lib->ctx, NULL, row->curve);
			good = good && lib->curve[i] != NULL;
		}
		for (size_t j = 0; j < ASH_OSSL_VARIANTS; j++) {
			if (row->signature[j] == NULL)
				continue;
			lib->signature[i][j] = EVP_SIGNATURE_fetch(lib->ctx, row->signature[j], NULL);
			good = good && lib->signature[i][j] != NULL;
		}
	}
	return good;
}

/*
 * What OpenSSL fetches for itself. Asked for here once, each kind of algorithm is in its
 * tables before threads look anything up in them, and no operation waits for that.
 */
static bool fetch_inner(struct ash_ossl *lib)
{
	EVP_KEYMGMT *keymgmt = EVP_KEYMGMT_fetch(lib->ctx, "RSA", NULL);
	EVP_SIGNATURE *signature = EVP_SIGNATURE_fetch(lib->ctx, "RSA", NULL);
	EVP_ASYM_CIPHER *cipher = EVP_ASYM_CIPHER_fetch(lib->ctx, "RSA", NULL);
	EVP_KEYEXCH *exchange = EVP_KEYEXCH_fetch(lib->ctx, "ECDH", NULL);
	EVP_KEM *kem = EVP_KEM_fetch(lib->ctx, "ML-KEM-768", NULL);
	EVP_RAND *generator = EVP_RAND_fetch(lib->ctx, "CTR-DRBG", NULL);
	bool good = keymgmt != NULL && signature != NULL && cipher != NULL && exchange != NULL &&
		    kem != NULL && generator != NULL;

	EVP_KEYMGMT_free(keymgmt);
	EVP_SIGNATURE_free(signature);
	EVP_ASYM_CIPHER_free(cipher);
	EVP_KEYEXCH_free(exchange);
	EVP_KEM_free(kem);
	EVP_RAND_free(generator);
	return good;
}

struct ash_status ash_ossl_fetch(struct ash_ossl *lib)
{
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(fetch_hashes(lib) && fetch_ciphers(lib) && fetch_macs(lib) && fetch_kdfs(lib) &&
			   fetch_groups(lib) && fetch_inner(lib),
		   ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

void ash_ossl_unfetch(struct ash_ossl *lib)
{
	for (size_t i = 0; i < ASH_HASHES; i++)
		EVP_MD_free(lib->hash[i]);
	for (size_t i = 0; i < ASH_SCHEMES; i++) {
		for (size_t j = 0; j < ASH_OSSL_AES_SIZES; j++)
			EVP_CIPHER_free(lib->cipher[i][j]);
		EVP_MAC_free(lib->mac[i]);
	}
	for (size_t i = 0; i < ASH_OSSL_KDFS; i++)
		EVP_KDF_free(lib->kdf[i]);
	for (size_t i = 0; i < ASH_GROUPS; i++) {
		EC_GROUP_free(lib->curve[i]);
		for (size_t j = 0; j < ASH_OSSL_VARIANTS; j++)
			EVP_SIGNATURE_free(lib->signature[i][j]);
	}
}
