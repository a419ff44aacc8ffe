/*
 * One key of each kind that the token can hold, in each half, in three variants: may do
 * everything, may do nothing, and may do everything but with a mechanism that is nobody's.
 * All three are the same key: generated once, read, and created from its parts.
 */
#pragma once

#include "expected.h"

enum half {
	PUBLIC_HALF,
	PRIVATE_HALF,
	SECRET_KEY,
	NOT_A_KEY /* a data object, a handle of nothing */
};

enum variant {
	USABLE,
	USELESS,
	RESTRICTED, /* CKA_ALLOWED_MECHANISMS names another */
	VARIANTS
};

struct key {
	CK_OBJECT_HANDLE handle;
	enum kind kind;
	enum half half;
	enum variant variant;
};

#define KEYS_MAX   128
#define PARTS_MAX  8
#define USAGES_MAX 7

static struct {
	CK_SESSION_HANDLE session;
	struct key key[KEYS_MAX];
	size_t count;
	CK_OBJECT_HANDLE target;         /* an extractable AES key, to be wrapped */
	CK_BYTE point[PAIR_KINDS][2048]; /* CKA_EC_POINT of the curves' keys, for ECDH */
	CK_ULONG point_len[PAIR_KINDS];
} world;

static CK_BYTE oid_p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_BYTE oid_ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static CK_BYTE oid_x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
static CK_ULONG rsa_bits = 2048;
static CK_ULONG ml_dsa_set = CKP_ML_DSA_44;
static CK_ULONG ml_kem_set = CKP_ML_KEM_512;

/* Of each kind: its type, what generates a pair of it, and what it consists of. */
static const struct kind_row {
	const char *name;
	CK_KEY_TYPE type;
	CK_MECHANISM_TYPE generator;
	CK_ATTRIBUTE size; /* of a pair, in the public template */
	CK_ATTRIBUTE_TYPE public_parts[PARTS_MAX];
	CK_ATTRIBUTE_TYPE private_parts[PARTS_MAX];
} kind_table[KINDS] = {
	[RSA] = { "RSA",
		  CKK_RSA,
		  CKM_RSA_PKCS_KEY_PAIR_GEN,
		  { CKA_MODULUS_BITS, &rsa_bits, sizeof(rsa_bits) },
		  { CKA_MODULUS, CKA_PUBLIC_EXPONENT },
		  { CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1, CKA_PRIME_2,
		    CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT } },
	[EC] = { "EC",
		 CKK_EC,
		 CKM_EC_KEY_PAIR_GEN,
		 { CKA_EC_PARAMS, oid_p256, sizeof(oid_p256) },
		 { CKA_EC_PARAMS, CKA_EC_POINT },
		 { CKA_EC_PARAMS, CKA_VALUE } },
	[EDWARDS] = { "Edwards",
		      CKK_EC_EDWARDS,
		      CKM_EC_EDWARDS_KEY_PAIR_GEN,
		      { CKA_EC_PARAMS, oid_ed25519, sizeof(oid_ed25519) },
		      { CKA_EC_PARAMS, CKA_EC_POINT },
		      { CKA_EC_PARAMS, CKA_VALUE } },
	[MONTGOMERY] = { "Montgomery",
			 CKK_EC_MONTGOMERY,
			 CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
			 { CKA_EC_PARAMS, oid_x25519, sizeof(oid_x25519) },
			 { CKA_EC_PARAMS, CKA_EC_POINT },
			 { CKA_EC_PARAMS, CKA_VALUE } },
	[ML_DSA] = { "ML-DSA",
		     CKK_ML_DSA,
		     CKM_ML_DSA_KEY_PAIR_GEN,
		     { CKA_PARAMETER_SET, &ml_dsa_set, sizeof(ml_dsa_set) },
		     { CKA_PARAMETER_SET, CKA_VALUE },
		     { CKA_PARAMETER_SET, CKA_VALUE } },
	[ML_KEM] = { "ML-KEM",
		     CKK_ML_KEM,
		     CKM_ML_KEM_KEY_PAIR_GEN,
		     { CKA_PARAMETER_SET, &ml_kem_set, sizeof(ml_kem_set) },
		     { CKA_PARAMETER_SET, CKA_VALUE },
		     { CKA_PARAMETER_SET, CKA_VALUE } },
	[AES] = { .name = "AES", .type = CKK_AES },
	[GENERIC] = { .name = "generic", .type = CKK_GENERIC_SECRET },
	[HKDF] = { .name = "HKDF", .type = CKK_HKDF },
	[HMAC_SHA1] = { .name = "SHA-1-HMAC", .type = CKK_SHA_1_HMAC },
	[HMAC_SHA224] = { .name = "SHA224-HMAC", .type = CKK_SHA224_HMAC },
	[HMAC_SHA256] = { .name = "SHA256-HMAC", .type = CKK_SHA256_HMAC },
	[HMAC_SHA384] = { .name = "SHA384-HMAC", .type = CKK_SHA384_HMAC },
	[HMAC_SHA512] = { .name = "SHA512-HMAC", .type = CKK_SHA512_HMAC },
	[HMAC_SHA512_224] = { .name = "SHA512/224-HMAC", .type = CKK_SHA512_224_HMAC },
	[HMAC_SHA512_256] = { .name = "SHA512/256-HMAC", .type = CKK_SHA512_256_HMAC },
	[HMAC_SHA3_224] = { .name = "SHA3-224-HMAC", .type = CKK_SHA3_224_HMAC },
	[HMAC_SHA3_256] = { .name = "SHA3-256-HMAC", .type = CKK_SHA3_256_HMAC },
	[HMAC_SHA3_384] = { .name = "SHA3-384-HMAC", .type = CKK_SHA3_384_HMAC },
	[HMAC_SHA3_512] = { .name = "SHA3-512-HMAC", .type = CKK_SHA3_512_HMAC },
};

static const struct {
	CK_OBJECT_CLASS class;
	CK_ATTRIBUTE_TYPE usages[USAGES_MAX];
	size_t count;
} half_table[] = {
	[PUBLIC_HALF] = { CKO_PUBLIC_KEY,
			  { CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP, CKA_DERIVE,
			    CKA_ENCAPSULATE },
			  6 },
	[PRIVATE_HALF] = { CKO_PRIVATE_KEY,
			   { CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP, CKA_DERIVE,
			     CKA_DECAPSULATE },
			   6 },
	[SECRET_KEY] = { CKO_SECRET_KEY,
			 { CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP, CKA_UNWRAP, CKA_DERIVE },
			 7 },
};

static CK_BBOOL yes = CK_TRUE;
static CK_BBOOL no = CK_FALSE;
/* In the standard, and in nobody's table here. */
static CK_MECHANISM_TYPE foreign_mechanism = CKM_DES3_CBC;

static void must(const char *what, CK_RV rv)
{
	if (rv == CKR_OK)
		return;
	guest_note("%s: %#lx", what, rv);
	guest_bail("a key could not be made");
}

/* Creates a key of these parts in one variant. */
static CK_OBJECT_HANDLE create(enum kind kind, enum half half, enum variant variant,
			       const CK_ATTRIBUTE *parts, size_t part_count)
{
	CK_OBJECT_CLASS class = half_table[half].class;
	CK_KEY_TYPE type = kind_table[kind].type;
	CK_OBJECT_HANDLE handle = 0;
	CK_ATTRIBUTE template[5 + PARTS_MAX + USAGES_MAX] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
	};
	CK_ULONG count = 2;

	for (size_t i = 0; i < part_count; i++)
		template[count++] = parts[i];
	for (size_t i = 0; i < half_table[half].count; i++)
		template[count++] =
			(CK_ATTRIBUTE){ half_table[half].usages[i], variant == USELESS ? &no : &yes, 1 };
	if (half != PUBLIC_HALF) {
		template[count++] = (CK_ATTRIBUTE){ CKA_EXTRACTABLE, &yes, 1 };
		template[count++] = (CK_ATTRIBUTE){ CKA_SENSITIVE, &no, 1 };
	}
	if (variant == RESTRICTED)
		template[count++] = (CK_ATTRIBUTE){ CKA_ALLOWED_MECHANISMS, &foreign_mechanism,
						    sizeof(foreign_mechanism) };
	must(kind_table[kind].name, guest.p11->C_CreateObject(world.session, template, count, &handle));
	return handle;
}

static void add_variants(enum kind kind, enum half half, const CK_ATTRIBUTE *parts, size_t part_count)
{
	for (enum variant variant = USABLE; variant < VARIANTS; variant++) {
		if (world.count == KEYS_MAX)
			guest_bail("too many keys");
		world.key[world.count++] =
			(struct key){ create(kind, half, variant, parts, part_count), kind, half, variant };
	}
}

/* Reads the parts of one half of a generated pair, and makes the variants of them. */
static void remake(enum kind kind, enum half half, CK_OBJECT_HANDLE generated)
{
	const CK_ATTRIBUTE_TYPE *types =
		half == PUBLIC_HALF ? kind_table[kind].public_parts : kind_table[kind].private_parts;
	static CK_BYTE values[PARTS_MAX][4096];
	CK_ATTRIBUTE parts[PARTS_MAX];
	size_t count = 0;

	/* CKA_CLASS is 0: that ends the list. */
	for (; count < PARTS_MAX && types[count] != 0; count++)
		parts[count] = (CK_ATTRIBUTE){ types[count], values[count], sizeof(values[count]) };
	must("reading a key", guest.p11->C_GetAttributeValue(world.session, generated, parts, count));
	for (size_t i = 0; i < count; i++) {
		if (parts[i].type != CKA_EC_POINT)
			continue;
		memcpy(world.point[kind], parts[i].pValue, parts[i].ulValueLen);
		world.point_len[kind] = parts[i].ulValueLen;
	}
	add_variants(kind, half, parts, count);
}

static void make_pair(enum kind kind)
{
	CK_MECHANISM mechanism = { kind_table[kind].generator, NULL, 0 };
	CK_ATTRIBUTE public_template[] = { kind_table[kind].size };
	CK_ATTRIBUTE private_template[] = { { CKA_SENSITIVE, &no, 1 }, { CKA_EXTRACTABLE, &yes, 1 } };
	CK_OBJECT_HANDLE public_key = 0, private_key = 0;

	must("generating", guest.p11->C_GenerateKeyPair(world.session, &mechanism, public_template, 1,
							private_template, 2, &public_key, &private_key));
	remake(kind, PUBLIC_HALF, public_key);
	remake(kind, PRIVATE_HALF, private_key);
	(void)guest.p11->C_DestroyObject(world.session, public_key);
	(void)guest.p11->C_DestroyObject(world.session, private_key);
}

static void make_data(void)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) } };
	CK_OBJECT_HANDLE handle = 0;

	must("data", guest.p11->C_CreateObject(world.session, template, 1, &handle));
	world.key[world.count++] = (struct key){ handle, KINDS, NOT_A_KEY, USABLE };
	world.key[world.count++] = (struct key){ 0, KINDS, NOT_A_KEY, USABLE };
	world.key[world.count++] = (struct key){ 0x7fffffff0001, KINDS, NOT_A_KEY, USABLE };
}

static void make_world(void)
{
	static CK_BYTE bytes[16] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	const CK_ATTRIBUTE secret = { CKA_VALUE, bytes, sizeof(bytes) };

	must("C_Initialize", guest.p11->C_Initialize(NULL));
	must("the token", guest_make_token());
	must("a session", guest_open(&world.session));
	for (enum kind kind = RSA; kind < PAIR_KINDS; kind++)
		make_pair(kind);
	for (enum kind kind = PAIR_KINDS; kind < KINDS; kind++)
		add_variants(kind, SECRET_KEY, &secret, 1);
	world.target = create(AES, SECRET_KEY, USABLE, &secret, 1);
	make_data();
}

/* The usable key of a kind, in the half that undoes what the given one does, or is it. */
static CK_OBJECT_HANDLE usable(enum kind kind, enum half half)
{
	for (size_t i = 0; i < world.count; i++)
		if (world.key[i].kind == kind && world.key[i].half == half && world.key[i].variant == USABLE)
			return world.key[i].handle;
	return 0;
}

static CK_ULONG count_objects(void)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG got = 0, all = 0;

	must("C_FindObjectsInit", guest.p11->C_FindObjectsInit(world.session, NULL, 0));
	do {
		must("C_FindObjects", guest.p11->C_FindObjects(world.session, found, COUNT(found), &got));
		all += got;
	} while (got != 0);
	must("C_FindObjectsFinal", guest.p11->C_FindObjectsFinal(world.session));
	return all;
}
