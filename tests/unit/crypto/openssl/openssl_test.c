#include "crypto/openssl/openssl.h"

#include "crypto/seal.h"

#define TESTED_BACKEND ash_backend_openssl
#include "crypto/backend_list.h"

TEST(openssl_offers_everything)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		EXPECT(offered(ASH_OP_SIGN, &signers[i]));
		EXPECT(offered(ASH_OP_VERIFY, &signers[i]));
	}
	for (size_t i = 0; i < ASH_COUNT(ciphers); i++) {
		EXPECT(offered(ASH_OP_ENCRYPT, &ciphers[i]));
		EXPECT(offered(ASH_OP_DECRYPT, &ciphers[i]));
	}
	for (size_t i = 0; i < ASH_COUNT(all_hashes); i++)
		EXPECT(ops->offers(lib(), ASH_OP_DIGEST, (struct ash_alg){ ASH_SCHEME_HASH, all_hashes[i] },
				   NULL));
	for (size_t i = 0; i < ASH_COUNT(rsa_crypts); i++)
		EXPECT(offered(ASH_OP_ENCRYPT, &rsa_crypts[i]) && offered(ASH_OP_DECRYPT, &rsa_crypts[i]));
	EXPECT(offered(ASH_OP_SIGN_RECOVER, &rsa_v15) && offered(ASH_OP_VERIFY_RECOVER, &rsa_v15));
	EXPECT(offered(ASH_OP_SIGN_RECOVER, &rsa_x509) && offered(ASH_OP_VERIFY_RECOVER, &rsa_x509));
	for (size_t i = 0; i < ASH_COUNT(agreers); i++)
		EXPECT(can_agree(&agreers[i]));
	for (size_t i = 0; i < ASH_COUNT(kems); i++)
		EXPECT(has_kem(&kems[i]));
	for (enum ash_kdf_scheme scheme = 0; scheme <= ASH_KDF_CONCAT; scheme++)
		EXPECT(has_kdf(scheme));
	EXPECT(ops->random != NULL && ops->random_seed != NULL && ops->op_copy != NULL);
}

/* Every hash with every signature, MAC and curve that takes one. */
TEST(openssl_offers_all_hashes)
{
	static const struct sample samples[] = {
		{ "", RSA(8192), ALG(RSA_PKCS1, NONE) }, { "", RSA(2048), ALG(RSA_PSS, NONE) },
		{ "", EC(P224), ALG(ECDSA, NONE) },      { "", EC(P521), ALG(ECDSA, NONE) },
		{ "", EC(SECP256K1), ALG(ECDSA, NONE) }, { "", BYTES(7), ALG(HMAC, NONE) },
	};

	for (size_t i = 0; i < ASH_COUNT(samples) * ASH_COUNT(all_hashes); i++) {
		struct sample sample = samples[i % ASH_COUNT(samples)];

		sample.alg.hash = all_hashes[i / ASH_COUNT(samples)];
		EXPECT(offered(ASH_OP_SIGN, &sample) && offered(ASH_OP_VERIFY, &sample));
	}
}

TEST(openssl_names_its_version)
{
	EXPECT(strncmp(ops->version(lib()), "OpenSSL 3.", 10) == 0 ||
	       strncmp(ops->version(lib()), "OpenSSL 4.", 10) == 0);
}

/* With nothing else the house has all it needs, and its seals are AES-GCM's. */
TEST(openssl_serves_alone)
{
	static const struct ash_backend_ops *const offered_ops[] = { &ash_backend_openssl };
	static const uint8_t key[ASH_SEAL_KEY_LEN] = { 3, 2, 1 };
	ASH_AUTO(ash_crypto) *crypto = NULL;
	ASH_AUTO(ash_buf) sealed = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;
	uint8_t mac[16];

	EXPECT_OK(ash_crypto_open(offered_ops, 1, "openssl", NULL, &crypto));
	EXPECT_OK(ash_seal(crypto, SPAN(key), TEXT("place"), TEXT("some text"), &sealed));
	for (size_t at = 0; at < sealed.len; at++) {
		sealed.data[at] ^= 1;
		EXPECT_CODE(at == 0 ? ASH_E_FORMAT : ASH_E_CORRUPT,
			    ash_unseal(crypto, SPAN(key), TEXT("place"), ash_buf_span(&sealed), &opened));
		sealed.data[at] ^= 1;
	}
	EXPECT_CODE(ASH_E_CORRUPT, ash_unseal(crypto, SPAN(key), TEXT("p"), ash_buf_span(&sealed), &opened));
	EXPECT_NUMBER(0, opened.len);
	EXPECT_OK(ash_unseal(crypto, SPAN(key), TEXT("place"), ash_buf_span(&sealed), &opened));
	EXPECT_SPAN(TEXT("some text"), ash_buf_span(&opened));
	EXPECT_OK(ash_crypto_hmac(crypto, ASH_HASH_SHA256, TEXT("Jefe"), TEXT("what do ya want for nothing?"),
				  ash_mut(mac, sizeof(mac))));
	EXPECT_SPAN(HEX("5bdcc146bf60754e6a042426089575c7"), SPAN(mac));
}
