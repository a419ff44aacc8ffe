/*
 * What this token promises of each mechanism, written from the standard's chapters (§6)
 * and README.md, not from src/token/mechanism_rows.h: the one is tested against the other.
 */
#pragma once

#include "integration/guest/guest.h"

/* Kinds of keys: CKK_, and whether there are two halves. */
enum kind {
	RSA,
	EC,
	EDWARDS,
	MONTGOMERY,
	ML_DSA,
	ML_KEM,
	PAIR_KINDS,
	AES = PAIR_KINDS,
	GENERIC,
	HKDF,
	HMAC_SHA1,
	HMAC_SHA224,
	HMAC_SHA256,
	HMAC_SHA384,
	HMAC_SHA512,
	HMAC_SHA512_224,
	HMAC_SHA512_256,
	HMAC_SHA3_224,
	HMAC_SHA3_256,
	HMAC_SHA3_384,
	HMAC_SHA3_512,
	KINDS
};

enum form {
	FORM_NONE,
	FORM_IV16,
	FORM_GCM,
	FORM_GMAC,
	FORM_CCM,
	FORM_CTR,
	FORM_KW,
	FORM_KWP,
	FORM_LENGTH,
	FORM_EDDSA,
	FORM_ML_DSA,
	FORM_PSS,
	FORM_OAEP,
	FORM_RSA_AES,
	FORM_ECDH,
	FORM_HKDF,
	FORM_PBKDF2,
};

#define KEY(kind) (1u << (kind))
#define NO_KEY    0u

#define SIGNS    (CKF_SIGN | CKF_VERIFY)
#define RECOVERS (CKF_SIGN_RECOVER | CKF_VERIFY_RECOVER)
#define CRYPTS   (CKF_ENCRYPT | CKF_DECRYPT)
#define WRAPS    (CKF_WRAP | CKF_UNWRAP)
#define KEMS     (CKF_ENCAPSULATE | CKF_DECAPSULATE)
#define CURVES   (CKF_EC_F_P | CKF_EC_OID | CKF_EC_UNCOMPRESS)
#define NAMED    (CKF_EC_F_P | CKF_EC_OID | CKF_EC_CURVENAME | CKF_EC_COMPRESS)

#define SECRET_MAX 8192u /* bytes of the longest secret */

struct expected {
	CK_MECHANISM_TYPE type;
	const char *name;
	CK_MECHANISM_INFO info;
	unsigned keys; /* KEY() of those that its operations take, or that it makes */
	enum form form;
	CK_MECHANISM_TYPE hash; /* for PSS and MAC lengths; 0: any, and AES's MACs */
	CK_ULONG mac_len;
};

/* The name is taken before the words are looked up. */
#define ROW(type, ...) ROW_NAMED(type, #type, __VA_ARGS__)
#define ROW_NAMED(type, name, low, high, flags, keys, form, hash, mac_len) \
	{ type, name, { low, high, flags }, keys, FORM_##form, hash, mac_len },

#define RSA_BITS   2048, 8192
#define EC_BITS    224, 521
#define OTHER_BITS 255, 448
#define AES_BYTES  16, 32

#define RSA_HASH(prefix, hash, flags)                                          \
	ROW(CKM_##prefix##_RSA_PKCS, RSA_BITS, flags, KEY(RSA), NONE, hash, 0) \
	ROW(CKM_##prefix##_RSA_PKCS_PSS, RSA_BITS, flags, KEY(RSA), PSS, hash, 0)
#define ECDSA(hash, flags) ROW(CKM_ECDSA_##hash, EC_BITS, (flags) | CURVES, KEY(EC), NONE, 0, 0)

/* A hash with its HMACs and the generation of their keys. */
#define HASH(hash, prefix, kind, len)                                                                  \
	ROW(CKM_##hash, 0, 0, CKF_DIGEST, NO_KEY, NONE, 0, 0)                                          \
	ROW(CKM_##hash##_HMAC, 1, SECRET_MAX, SIGNS, KEY(kind) | KEY(GENERIC), NONE, 0, 0)             \
	ROW(CKM_##hash##_HMAC_GENERAL, 1, SECRET_MAX, SIGNS, KEY(kind) | KEY(GENERIC), LENGTH, 0, len) \
	ROW(CKM_##prefix##_KEY_GEN, 14, SECRET_MAX, CKF_GENERATE, KEY(kind), NONE, 0, 0)

/* clang-format off: a table */
static const struct expected expected_table[] = {
	ROW(CKM_RSA_PKCS_KEY_PAIR_GEN, RSA_BITS, CKF_GENERATE_KEY_PAIR, KEY(RSA), NONE, 0,
	    0) ROW(CKM_RSA_PKCS, RSA_BITS, SIGNS | RECOVERS | CRYPTS | WRAPS, KEY(RSA), NONE, 0,
		   0) ROW(CKM_RSA_X_509, RSA_BITS, SIGNS | RECOVERS | CRYPTS, KEY(RSA), NONE, 0,
			  0) ROW(CKM_RSA_PKCS_OAEP, RSA_BITS, CRYPTS | WRAPS, KEY(RSA), OAEP, 0,
				 0) ROW(CKM_RSA_PKCS_PSS, RSA_BITS, SIGNS, KEY(RSA), PSS, 0,
					0) ROW(CKM_RSA_AES_KEY_WRAP, RSA_BITS, WRAPS, KEY(RSA), RSA_AES, 0, 0)
		RSA_HASH(SHA1, CKM_SHA_1, CKF_VERIFY) RSA_HASH(SHA224, CKM_SHA224, SIGNS) RSA_HASH(
			SHA256, CKM_SHA256, SIGNS) RSA_HASH(SHA384, CKM_SHA384, SIGNS)
			RSA_HASH(SHA512, CKM_SHA512, SIGNS) RSA_HASH(SHA3_224, CKM_SHA3_224, SIGNS) RSA_HASH(
				SHA3_256, CKM_SHA3_256, SIGNS) RSA_HASH(SHA3_384, CKM_SHA3_384, SIGNS)
				RSA_HASH(SHA3_512, CKM_SHA3_512, SIGNS) ROW(
					CKM_EC_KEY_PAIR_GEN, EC_BITS, CKF_GENERATE_KEY_PAIR | CURVES, KEY(EC),
					NONE, 0, 0) ROW(CKM_ECDSA, EC_BITS, SIGNS | CURVES, KEY(EC), NONE, 0,
							0) ECDSA(SHA1, CKF_VERIFY) ECDSA(SHA224, SIGNS)
					ECDSA(SHA256, SIGNS) ECDSA(SHA384, SIGNS) ECDSA(SHA512, SIGNS)
						ECDSA(SHA3_224, SIGNS) ECDSA(SHA3_256, SIGNS)
							ECDSA(SHA3_384, SIGNS) ECDSA(SHA3_512, SIGNS)
								ROW(CKM_ECDH1_DERIVE, EC_BITS,
								    CKF_DERIVE | CURVES | NAMED,
								    KEY(EC) | KEY(MONTGOMERY),
								    ECDH, 0, 0) ROW(CKM_ECDH1_COFACTOR_DERIVE,
										    EC_BITS, CKF_DERIVE | CURVES, KEY(EC), ECDH, 0, 0) ROW(CKM_EC_EDWARDS_KEY_PAIR_GEN, OTHER_BITS, CKF_GENERATE_KEY_PAIR | NAMED, KEY(EDWARDS), NONE, 0, 0) ROW(CKM_EC_MONTGOMERY_KEY_PAIR_GEN, OTHER_BITS, CKF_GENERATE_KEY_PAIR | NAMED, KEY(MONTGOMERY), NONE, 0, 0) ROW(CKM_EDDSA,
																																											     OTHER_BITS, SIGNS | NAMED,
																																											     KEY(EDWARDS),
																																											     EDDSA, 0, 0) ROW(CKM_ML_DSA_KEY_PAIR_GEN,
																																													      1312,
																																													      2592,
																																													      CKF_GENERATE_KEY_PAIR, KEY(ML_DSA), NONE, 0, 0) ROW(CKM_ML_DSA,
																																																				  1312,
																																																				  2592,
																																																				  SIGNS,
																																																				  KEY(ML_DSA),
																																																				  ML_DSA, 0, 0) ROW(CKM_ML_KEM_KEY_PAIR_GEN,
																																																						    800, 1568, CKF_GENERATE_KEY_PAIR, KEY(ML_KEM), NONE, 0, 0) ROW(CKM_ML_KEM,
																																																														   800,
																																																														   1568,
																																																														   KEMS,
																																																														   KEY(ML_KEM), NONE, 0, 0) ROW(CKM_AES_KEY_GEN,
																																																																		AES_BYTES,
																																																																		CKF_GENERATE, KEY(AES), NONE, 0, 0) ROW(CKM_AES_ECB,
																																																																							AES_BYTES, CRYPTS | WRAPS, KEY(AES),
																																																																							NONE, 0, 0) ROW(CKM_AES_CBC,
																																																																									AES_BYTES, CRYPTS | WRAPS, KEY(AES), IV16, 0, 0) ROW(CKM_AES_CBC_PAD,
																																																																															     AES_BYTES,
																																																																															     CRYPTS |
																																																																																     WRAPS,
																																																																															     KEY(AES),
																																																																															     IV16,
																																																																															     0, 0) ROW(CKM_AES_CTR,
																																																																																       AES_BYTES,
																																																																																       CRYPTS,
																																																																																       KEY(AES),
																																																																																       CTR,
																																																																																       0,
																																																																																       0) ROW(CKM_AES_GCM, AES_BYTES, CRYPTS | WRAPS, KEY(AES), GCM, 0, 0) ROW(CKM_AES_CCM,
																																																																																									       AES_BYTES,
																																																																																									       CRYPTS |
																																																																																										       WRAPS,
																																																																																									       KEY(AES),
																																																																																									       CCM,
																																																																																									       0,
																																																																																									       0) ROW(CKM_AES_CMAC,
																																																																																										      AES_BYTES,
																																																																																										      SIGNS,
																																																																																										      KEY(AES), NONE, 0, 0) ROW(CKM_AES_CMAC_GENERAL,
																																																																																														AES_BYTES,
																																																																																														SIGNS, KEY(AES), LENGTH, 0, 16) ROW(CKM_AES_GMAC, AES_BYTES, SIGNS, KEY(AES), GMAC, 0, 0) ROW(CKM_AES_KEY_WRAP, AES_BYTES, CRYPTS | WRAPS, KEY(AES),
																																																																																																									      KW,
																																																																																																									      0,
																																																																																																									      0)
									ROW(CKM_AES_KEY_WRAP_PAD, AES_BYTES,
									    CRYPTS | WRAPS,
									    KEY(AES),
									    KWP, 0,
									    0) ROW(CKM_AES_KEY_WRAP_KWP,
										   AES_BYTES,
										   CRYPTS |
											   WRAPS,
										   KEY(AES),
										   KWP,
										   0,
										   0) HASH(SHA_1, SHA_1,
											   HMAC_SHA1,
											   20) HASH(SHA224,
												    SHA224,
												    HMAC_SHA224,
												    28) HASH(SHA256, SHA256, HMAC_SHA256, 32)
										HASH(SHA384, SHA384, HMAC_SHA384, 48) HASH(
											SHA512,
											SHA512,
											HMAC_SHA512,
											64) HASH(SHA512_224,
												 SHA512_224,
												 HMAC_SHA512_224,
												 28) HASH(SHA512_256,
													  SHA512_256,
													  HMAC_SHA512_256,
													  32) HASH(SHA3_224, SHA3_224, HMAC_SHA3_224,
														   28)
											HASH(SHA3_256,
											     SHA3_256,
											     HMAC_SHA3_256,
											     32) HASH(SHA3_384,
												      SHA3_384,
												      HMAC_SHA3_384,
												      48) HASH(SHA3_512, SHA3_512, HMAC_SHA3_512,
													       64)
												ROW(CKM_GENERIC_SECRET_KEY_GEN,
												    8,
												    SECRET_MAX *
													    8,
												    CKF_GENERATE,
												    KEY(GENERIC),
												    NONE, 0,
												    0) ROW(CKM_HKDF_DERIVE,
													   1,
													   SECRET_MAX,
													   CKF_DERIVE,
													   KEY(HKDF) |
														   KEY(GENERIC),
													   HKDF,
													   0,
													   0) ROW(CKM_HKDF_KEY_GEN,
														  14,
														  SECRET_MAX,
														  CKF_GENERATE,
														  KEY(HKDF),
														  NONE, 0,
														  0)
													ROW(CKM_PKCS5_PBKD2,
													    0,
													    0,
													    CKF_GENERATE,
													    KEY(GENERIC),
													    PBKDF2,
													    0,
													    0)
};
/* clang-format on */
