/*
 * PKCS#11 3.2 §5.18 and §6: new keys do what their kind does, and keys that come in are
 * looked at before anybody can use them.
 */
#include "operate.h"

#include <time.h>

#define ITEM(type, value)                     \
	{                                     \
		type, &(value), sizeof(value) \
	}

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY, private_class = CKO_PRIVATE_KEY,
		       public_class = CKO_PUBLIC_KEY;
static CK_KEY_TYPE rsa_type = CKK_RSA, ec_type = CKK_EC, generic_type = CKK_GENERIC_SECRET,
		   hkdf_type = CKK_HKDF;
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

/* ---- pairs ---- */

static CK_BYTE p224[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21 };
static CK_BYTE p384[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static CK_BYTE p521[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };
static CK_BYTE secp256k1[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a };
static CK_BYTE ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static CK_BYTE ed448[] = { 0x06, 0x03, 0x2b, 0x65, 0x71 };
static CK_BYTE x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
static CK_BYTE x448[] = { 0x06, 0x03, 0x2b, 0x65, 0x6f };
static CK_ULONG bits_2048 = 2048, sets[] = { 1, 2, 3 };

#define CURVE(oid)                              \
	{                                       \
		CKA_EC_PARAMS, oid, sizeof(oid) \
	}
#define SET(number)                                                    \
	{                                                              \
		CKA_PARAMETER_SET, &sets[(number)-1], sizeof(CK_ULONG) \
	}

static const struct pair_row {
	CK_MECHANISM_TYPE generate, use;
	CK_ATTRIBUTE size;
} signing_pairs[] = {
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, CKM_SHA256_RSA_PKCS, { CKA_MODULUS_BITS, &bits_2048, sizeof(CK_ULONG) } },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CURVE(p224) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CURVE(p256) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CURVE(p384) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CURVE(p521) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDSA_SHA256, CURVE(secp256k1) },
	{ CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CURVE(ed25519) },
	{ CKM_EC_EDWARDS_KEY_PAIR_GEN, CKM_EDDSA, CURVE(ed448) },
	{ CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, SET(1) },
	{ CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, SET(2) },
	{ CKM_ML_DSA_KEY_PAIR_GEN, CKM_ML_DSA, SET(3) },
}, agreeing_pairs[] = {
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(p224) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(p256) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(p384) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(p521) },
	{ CKM_EC_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(secp256k1) },
	{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(x25519) },
	{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKM_ECDH1_DERIVE, CURVE(x448) },
}, kem_pairs[] = {
	{ CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, SET(1) },
	{ CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, SET(2) },
	{ CKM_ML_KEM_KEY_PAIR_GEN, CKM_ML_KEM, SET(3) },
};

static CK_RV make_pair(CK_SESSION_HANDLE session, const struct pair_row *row, CK_OBJECT_HANDLE keys[2])
{
	CK_MECHANISM mechanism = { row->generate, NULL, 0 };
	CK_ATTRIBUTE size = row->size;
	CK_ATTRIBUTE may = ITEM(CKA_DERIVE, yes);

	return p11->C_GenerateKeyPair(session, &mechanism, &size, 1, &may,
				      row->use == CKM_ECDH1_DERIVE ? 1 : 0, &keys[0], &keys[1]);
}

static CK_BYTE message[32] = "signed by one half, by the other";

BODY(pairs_sign, session)
{
	for (size_t i = 0; i < COUNT(signing_pairs); i++) {
		CK_MECHANISM use = { signing_pairs[i].use, NULL, 0 };
		CK_OBJECT_HANDLE keys[2] = { 0, 0 };
		CK_BYTE signature[8192];
		CK_ULONG len = sizeof(signature);

		EXPECT_OK(make_pair(session, &signing_pairs[i], keys));
		EXPECT_OK(p11->C_SignInit(session, &use, keys[1]));
		EXPECT_OK(p11->C_Sign(session, message, sizeof(message), signature, &len));
		EXPECT_OK(p11->C_VerifyInit(session, &use, keys[0]));
		EXPECT_OK(p11->C_Verify(session, message, sizeof(message), signature, len));
	}
	return CKR_OK;
}

static CK_ULONG value_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type,
			 CK_BYTE *value, CK_ULONG room)
{
	CK_ATTRIBUTE get = { type, value, room };

	EXPECT_OK(p11->C_GetAttributeValue(session, key, &get, 1));
	return get.ulValueLen;
}

/* The same secret, that can be seen. */
static bool same_secret(CK_SESSION_HANDLE session, const CK_OBJECT_HANDLE keys[2])
{
	CK_BYTE one[128], other[128];
	const CK_ULONG len = value_of(session, keys[0], CKA_VALUE, one, sizeof(one));

	return len == value_of(session, keys[1], CKA_VALUE, other, sizeof(other)) && len <= sizeof(one) &&
	       memcmp(one, other, len) == 0;
}

static CK_ATTRIBUTE visible[] = { ITEM(CKA_CLASS, secret_class), ITEM(CKA_KEY_TYPE, generic_type),
				  ITEM(CKA_SENSITIVE, no), ITEM(CKA_EXTRACTABLE, yes) };

BODY(pairs_agree, session)
{
	for (size_t i = 0; i < COUNT(agreeing_pairs); i++) {
		CK_OBJECT_HANDLE keys[2][2], secrets[2] = { 0, 0 };

		EXPECT_OK(make_pair(session, &agreeing_pairs[i], keys[0]));
		EXPECT_OK(make_pair(session, &agreeing_pairs[i], keys[1]));
		for (unsigned k = 0; k < 2; k++) {
			CK_BYTE point[256];
			CK_ECDH1_DERIVE_PARAMS ecdh = { CKD_NULL, 0, NULL, 0, point };
			CK_MECHANISM use = { CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh) };

			ecdh.ulPublicDataLen =
				value_of(session, keys[1 - k][0], CKA_EC_POINT, point, sizeof(point));
			EXPECT_OK(p11->C_DeriveKey(session, &use, keys[k][1], visible, 4, &secrets[k]));
		}
		EXPECT(same_secret(session, secrets));
	}
	return CKR_OK;
}

BODY(pairs_encapsulate, session)
{
	for (size_t i = 0; i < COUNT(kem_pairs); i++) {
		CK_MECHANISM use = { CKM_ML_KEM, NULL, 0 };
		CK_OBJECT_HANDLE keys[2] = { 0, 0 }, secrets[2] = { 0, 0 };
		CK_BYTE ciphertext[2048];
		CK_ULONG len = sizeof(ciphertext);

		EXPECT_OK(make_pair(session, &kem_pairs[i], keys));
		EXPECT_OK(p11->C_EncapsulateKey(session, &use, keys[0], visible, 4, ciphertext, &len,
						&secrets[0]));
		EXPECT_OK(p11->C_DecapsulateKey(session, &use, keys[1], visible, 4, ciphertext, len,
						&secrets[1]));
		EXPECT(same_secret(session, secrets));
		/* A changed ciphertext gives another secret, and does not say so. */
		ciphertext[0] ^= 1;
		EXPECT_OK(p11->C_DecapsulateKey(session, &use, keys[1], visible, 4, ciphertext, len,
						&secrets[1]));
		EXPECT(!same_secret(session, secrets));
	}
	return CKR_OK;
}

/* ---- what a derived key is (§6.3.17, §6.62.3) ---- */

static bool truth_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE key, CK_ATTRIBUTE_TYPE type)
{
	CK_BYTE value = 0;

	return value_of(session, key, type, &value, 1) == 1 && value != 0;
}

/*
 * It was always sensitive if its base was and it is; it was never extractable if its base
 * was not and it is not. It is not local. Whoever can choose, chooses.
 */
BODY(derived_past, session)
{
	static CK_ULONG len_32 = 32;
	CK_HKDF_PARAMS hkdf = { CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0 };
	CK_MECHANISM derive = { CKM_HKDF_DERIVE, &hkdf, sizeof(hkdf) },
		     generate = { CKM_HKDF_KEY_GEN, NULL, 0 };

	for (unsigned way = 0; way < 16; way++) {
		CK_BBOOL given[4] = { way & 1, way >> 1 & 1, way >> 2 & 1, way >> 3 & 1 };
		CK_ATTRIBUTE base[] = { ITEM(CKA_VALUE_LEN, len_32),
					ITEM(CKA_DERIVE, yes),
					{ CKA_SENSITIVE, &given[0], 1 },
					{ CKA_EXTRACTABLE, &given[1], 1 } };
		CK_ATTRIBUTE new[] = { ITEM(CKA_CLASS, secret_class),
				       ITEM(CKA_KEY_TYPE, hkdf_type),
				       ITEM(CKA_VALUE_LEN, len_32),
				       { CKA_SENSITIVE, &given[2], 1 },
				       { CKA_EXTRACTABLE, &given[3], 1 } };
		CK_OBJECT_HANDLE key = 0, derived = 0;

		EXPECT_OK(p11->C_GenerateKey(session, &generate, base, 4, &key));
		EXPECT_OK(p11->C_DeriveKey(session, &derive, key, new, 5, &derived));
		EXPECT(truth_of(session, derived, CKA_SENSITIVE) == (given[2] != 0));
		EXPECT(truth_of(session, derived, CKA_EXTRACTABLE) == (given[3] != 0));
		EXPECT(truth_of(session, derived, CKA_ALWAYS_SENSITIVE) == (given[0] != 0 && given[2] != 0));
		EXPECT(truth_of(session, derived, CKA_NEVER_EXTRACTABLE) == (given[1] == 0 && given[3] == 0));
		EXPECT(!truth_of(session, derived, CKA_LOCAL));
		EXPECT(truth_of(session, key, CKA_LOCAL));
		EXPECT_OK(p11->C_DestroyObject(session, key));
		EXPECT_OK(p11->C_DestroyObject(session, derived));
	}
	return CKR_OK;
}

/* ---- RSA numbers that come in ---- */

/* A key of 2048 bits with e = 3, made for this test. */
static const char modulus_hex[] =
	"c7d1a2950a50085c1092cbae5d7aa8283be91d13f848d6817e8d1c50c06d357aaf8cfde2bb243da92fa467fe"
	"0412e34c5c1159b493dced8367e33f6816ca2466b8f6d59a232d1de285331592df5c33dca554375cf86c9eaa"
	"75dc210719b1fc30dc1b4d7f25de7b3d5a20dccc81121cc1de276bb5a7f39e0259e7a4c4feed78417727e41a"
	"9eca32e65501ac8d2f7289fc1598142f633734a6ddd5df3f174d2dbc4d8b69b7ac4bf20d7e133323b9944e3c"
	"2c4c1f7495ec7f6caf10ef9de798ff17f1771624c1daadd4a3eb719755af212d871f3465a6bd277b5a39be5c"
	"4793192751d0e3a3d169614e66f6bd714becd2eb49fb623e715e1455898f22344d726fa5";
static const char exponent_hex[] =
	"85366c635c355ae80b0c87c993a71ac57d461362a585e456545e12e08048ce51ca5dfe97276d7e70ca6d9aa9"
	"580c97883d60e6786293490245422a456486c2ef25f9e3bc17736941ae220e61ea3d77e86e3824e8a59dbf1c"
	"4e92c0af6676a82092bcde54c3e9a77e3c15e888560c132be96f9d23c54d140191451883549e502a764ceab0"
	"a5ecdf1aefd470cb22c8aa50ffc0a173d8c691683fc3ba5506c2a15094d37a5877662a1851ef222200f901b4"
	"45c241adfbe8399809140460b0a5955d8094b11f5a9d773e931b3b0933ccecf955ffc6811c20fb4477816acb"
	"3181321b24999f9a5baa3449eef556411c94275759d980255f22e2f3c7ed258a64007973";

#define RSA_LEN 256u

struct rsa {
	CK_BYTE n[2048], e[8], d[RSA_LEN];
	CK_ULONG n_len, e_len, d_len;
};

static void read_hex(const char *hex, CK_BYTE *bytes)
{
	for (size_t i = 0; i < RSA_LEN; i++) {
		unsigned byte = 0;

		for (size_t k = 2 * i; k < 2 * i + 2; k++)
			byte = byte << 4 | (unsigned)(hex[k] <= '9' ? hex[k] - '0' : hex[k] - 'a' + 10);
		bytes[i] = (CK_BYTE)byte;
	}
}

static struct rsa rsa_3(void)
{
	struct rsa rsa = { .e = { 3 }, .n_len = RSA_LEN, .e_len = 1, .d_len = RSA_LEN };

	read_hex(modulus_hex, rsa.n);
	read_hex(exponent_hex, rsa.d);
	return rsa;
}

static CK_RV import(CK_SESSION_HANDLE session, struct rsa *rsa, bool private_half, CK_OBJECT_HANDLE *ret_key)
{
	CK_ATTRIBUTE list[] = {
		private_half ? (CK_ATTRIBUTE)ITEM(CKA_CLASS, private_class)
			     : (CK_ATTRIBUTE)ITEM(CKA_CLASS, public_class),
		ITEM(CKA_KEY_TYPE, rsa_type),
		{ CKA_MODULUS, rsa->n, rsa->n_len },
		{ CKA_PUBLIC_EXPONENT, rsa->e, rsa->e_len },
		{ CKA_PRIVATE_EXPONENT, rsa->d, rsa->d_len },
	};

	return p11->C_CreateObject(session, list, private_half ? 5 : 4, ret_key);
}

/* Its halves fit, and 2 is the signature of 8: there is nothing to be said against small numbers. */
BODY(rsa_3_comes_in, session)
{
	struct rsa rsa = rsa_3();
	CK_MECHANISM pkcs1 = { CKM_SHA256_RSA_PKCS, NULL, 0 }, raw = { CKM_RSA_X_509, NULL, 0 };
	CK_BYTE signature[RSA_LEN], eight[RSA_LEN] = { 0 };
	CK_ULONG len = sizeof(signature);
	CK_OBJECT_HANDLE keys[2] = { 0, 0 };

	EXPECT_OK(import(session, &rsa, false, &keys[0]));
	EXPECT_OK(import(session, &rsa, true, &keys[1]));
	EXPECT_OK(p11->C_SignInit(session, &pkcs1, keys[1]));
	EXPECT_OK(p11->C_Sign(session, message, sizeof(message), signature, &len));
	EXPECT_OK(p11->C_VerifyInit(session, &pkcs1, keys[0]));
	EXPECT_OK(p11->C_Verify(session, message, sizeof(message), signature, len));
	memset(signature, 0, sizeof(signature));
	signature[RSA_LEN - 1] = 2;
	eight[RSA_LEN - 1] = 8;
	EXPECT_OK(p11->C_VerifyInit(session, &raw, keys[0]));
	return p11->C_Verify(session, eight, RSA_LEN, signature, RSA_LEN);
}

static CK_RV refuse(CK_SESSION_HANDLE session, struct rsa rsa, bool private_half)
{
	CK_OBJECT_HANDLE key = 7;
	struct timespec begin, end;
	CK_RV rv = CKR_OK;

	(void)clock_gettime(CLOCK_MONOTONIC, &begin);
	rv = import(session, &rsa, private_half, &key);
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	EXPECT(key == 7 && end.tv_sec - begin.tv_sec <= 2);
	return rv;
}

BODY(rsa_out_of_range, session)
{
	struct rsa rsa = rsa_3();

	for (unsigned half = 0; half < 2; half++) {
		rsa = rsa_3();
		rsa.n[RSA_LEN - 1] ^= 1; /* even */
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
		rsa = rsa_3();
		rsa.e[0] = 1;
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
		rsa.e[0] = 2;
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
		rsa.e[0] = 0;
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
		rsa = rsa_3();
		rsa.n_len = 128; /* 1024 bits */
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
		rsa = rsa_3();
		rsa.n[0] = 0; /* 2040 bits */
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
		rsa = rsa_3();
		memset(rsa.n, 0xff, sizeof(rsa.n)); /* 16384 bits: nobody computes with them */
		rsa.n_len = sizeof(rsa.n);
		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, half != 0));
	}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

BODY(rsa_inconsistent, session)
{
	struct rsa rsa = rsa_3();

	rsa.d[RSA_LEN - 1] ^= 2;
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, true));
	rsa = rsa_3();
	rsa.e[0] = 5;
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, true));
	rsa = rsa_3();
	rsa.n[100] ^= 1;
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, refuse(session, rsa, true));
	memset(rsa.d, 0, RSA_LEN);
	return refuse(session, rsa, true);
}

/* ---- curves' numbers that come in ---- */

static CK_RV import_scalar(CK_SESSION_HANDLE session, CK_BYTE *value, CK_ULONG len)
{
	CK_ATTRIBUTE list[] = { ITEM(CKA_CLASS, private_class),
				ITEM(CKA_KEY_TYPE, ec_type),
				ITEM(CKA_EC_PARAMS, p256),
				{ CKA_VALUE, value, len } };
	CK_OBJECT_HANDLE key = 7;
	const CK_RV rv = p11->C_CreateObject(session, list, 4, &key);

	EXPECT(rv == CKR_OK || key == 7);
	return rv;
}

/* 0, the order of P-256, above it, longer: no private keys. One below the order is one. */
BODY(scalar_out_of_range, session)
{
	CK_BYTE order[33] = { 0xff, 0xff, 0xff, 0xff, 0,    0,    0,    0,    0xff, 0xff, 0xff,
			      0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
			      0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51, 1 };
	CK_BYTE zero[32] = { 0 };

	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, import_scalar(session, zero, 32));
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, import_scalar(session, order, 33));
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, import_scalar(session, order, 32));
	order[31]++;
	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, import_scalar(session, order, 32));
	order[31] -= 2;
	EXPECT_OK(import_scalar(session, order, 32));
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

/* Coordinates that the field does not have, and the point at infinity. */
BODY(point_out_of_range, session)
{
	CK_BYTE points[3][65] = { { 4 }, { 4 }, { 0 } };
	const CK_ULONG lens[3] = { 65, 65, 1 };

	memset(points[0] + 1, 0xff, 64);
	for (unsigned i = 0; i < 3; i++) {
		CK_ATTRIBUTE list[] = { ITEM(CKA_CLASS, public_class),
					ITEM(CKA_KEY_TYPE, ec_type),
					ITEM(CKA_EC_PARAMS, p256),
					{ CKA_EC_POINT, points[i], lens[i] } };
		CK_OBJECT_HANDLE key = 7;

		EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, p11->C_CreateObject(session, list, 4, &key));
		EXPECT(key == 7);
	}
	return CKR_ATTRIBUTE_VALUE_INVALID;
}

static const struct provocation table[] = {
	PROVOKE_ONCE(C_GenerateKeyPair, CKR_OK, "one half verifies what the other signs", pairs_sign),
	PROVOKE_ONCE(C_GenerateKeyPair, CKR_OK, "two pairs agree", pairs_agree),
	PROVOKE_ONCE(C_DecapsulateKey, CKR_OK, "one half opens what the other closed", pairs_encapsulate),
	PROVOKE_ONCE(C_DeriveKey, CKR_OK, "a derived key's past is its base's", derived_past),
	PROVOKE_ONCE(C_CreateObject, CKR_OK, "RSA with e = 3 signs and verifies", rsa_3_comes_in),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "RSA numbers out of range", rsa_out_of_range),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "RSA numbers that do not belong together",
		rsa_inconsistent),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "an EC number out of range",
		scalar_out_of_range),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a point out of range", point_out_of_range),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
