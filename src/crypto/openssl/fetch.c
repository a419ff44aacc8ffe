#include "crypto/openssl/openssl_priv.h"

#include <openssl/core_names.h>
#include <openssl/obj_mac.h>

static const char *const hash_names[ASH_HASHES] = {
	[ASH_HASH_SHA256] = "SHA2-256",
	[ASH_HASH_SHA384] = "SHA2-384",
	[ASH_HASH_SHA512] = "SHA2-512",
};

static const char *const cbc_names[] = { "AES-128-CBC", "AES-192-CBC", "AES-256-CBC" };
static const char *const gcm_names[] = { "AES-128-GCM", "AES-192-GCM", "AES-256-GCM" };

static const struct group_names {
	const char *name;
	int curve;      /* NID of a Weierstrass curve */
	bool signature; /* has a signature algorithm of the same name */
} group_names[ASH_GROUPS] = {
	[ASH_GROUP_P256] = { .name = "P-256", .curve = NID_X9_62_prime256v1 },
	[ASH_GROUP_P384] = { .name = "P-384", .curve = NID_secp384r1 },
	[ASH_GROUP_ED25519] = { .name = "ED25519", .signature = true },
	[ASH_GROUP_ML_DSA_65] = { .name = "ML-DSA-65", .signature = true },
};

const char *ash_ossl_hash_name(enum ash_hash hash)
{
	return hash_names[hash];
}

const char *ash_ossl_group_name(enum ash_group group)
{
	return group_names[group].name;
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

static bool fetch_ciphers(struct ash_ossl *lib)
{
	bool good = true;

	for (size_t i = 0; i < ASH_COUNT(lib->cbc); i++) {
		lib->cbc[i] = EVP_CIPHER_fetch(lib->ctx, cbc_names[i], NULL);
		lib->gcm[i] = EVP_CIPHER_fetch(lib->ctx, gcm_names[i], NULL);
		good = good && lib->cbc[i] != NULL && lib->gcm[i] != NULL;
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
		if (row->signature) {
			lib->signature[i] = EVP_SIGNATURE_fetch(lib->ctx, row->name, NULL);
			good = good && lib->signature[i] != NULL;
		}
	}
	return good;
}

static bool fetch_single(struct ash_ossl *lib)
{
	lib->hmac = EVP_MAC_fetch(lib->ctx, OSSL_MAC_NAME_HMAC, NULL);
	lib->hkdf = EVP_KDF_fetch(lib->ctx, OSSL_KDF_NAME_HKDF, NULL);
	lib->argon2id = EVP_KDF_fetch(lib->ctx, "ARGON2ID", NULL);
	return lib->hmac != NULL && lib->hkdf != NULL && lib->argon2id != NULL;
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
	EVP_RAND *generator = EVP_RAND_fetch(lib->ctx, "CTR-DRBG", NULL);
	bool good = keymgmt != NULL && signature != NULL && cipher != NULL && generator != NULL;

	EVP_KEYMGMT_free(keymgmt);
	EVP_SIGNATURE_free(signature);
	EVP_ASYM_CIPHER_free(cipher);
	EVP_RAND_free(generator);
	return good;
}

struct ash_status ash_ossl_fetch(struct ash_ossl *lib)
{
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(fetch_hashes(lib) && fetch_ciphers(lib) && fetch_groups(lib) && fetch_single(lib) &&
			   fetch_inner(lib),
		   ash_ossl_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

void ash_ossl_unfetch(struct ash_ossl *lib)
{
	for (size_t i = 0; i < ASH_HASHES; i++)
		EVP_MD_free(lib->hash[i]);
	for (size_t i = 0; i < ASH_COUNT(lib->cbc); i++) {
		EVP_CIPHER_free(lib->cbc[i]);
		EVP_CIPHER_free(lib->gcm[i]);
	}
	for (size_t i = 0; i < ASH_GROUPS; i++) {
		EC_GROUP_free(lib->curve[i]);
		EVP_SIGNATURE_free(lib->signature[i]);
	}
	EVP_MAC_free(lib->hmac);
	EVP_KDF_free(lib->hkdf);
	EVP_KDF_free(lib->argon2id);
}
