#include "token/pkcs8.h"

#include "crypto/alg.h"
#include "token/attribute.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "token/keymap.h"
#include "unit/test.h"
#include "unit/token/pkcs8_keys.h"
#include "unit/token/template.h"

#define PRIVATE(type)                           \
	{ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, \
	{                                       \
		CKA_KEY_TYPE, NUMBER(type)      \
	}
#define OF(array)                      \
	{                              \
		(array), sizeof(array) \
	}

static const struct known {
	uint64_t key_type;
	struct ash_span key, info;
	bool knows_public; /* the private key's encoding has the public one in it */
} known_keys[] = {
	{ CKK_RSA, OF(rsa_key), OF(rsa_info), true },
	{ CKK_EC, OF(p224_key), OF(p224_info), true },
	{ CKK_EC, OF(p256_key), OF(p256_info), true },
	{ CKK_EC, OF(p384_key), OF(p384_info), true },
	{ CKK_EC, OF(p521_key), OF(p521_info), true },
	{ CKK_EC, OF(secp256k1_key), OF(secp256k1_info), true },
	{ CKK_EC_EDWARDS, OF(ed25519_key), OF(ed25519_info), false },
	{ CKK_EC_EDWARDS, OF(ed448_key), OF(ed448_info), false },
	{ CKK_EC_MONTGOMERY, OF(x25519_key), OF(x25519_info), false },
	{ CKK_EC_MONTGOMERY, OF(x448_key), OF(x448_info), false },
	{ CKK_ML_DSA, OF(ml_dsa_44_key), { NULL, 0 }, false },
	{ CKK_ML_KEM, OF(ml_kem_512_key), { NULL, 0 }, false },
};

static struct ash_status decode(struct ash_span der, uint64_t key_type, struct ash_attrs **ret_attrs)
{
	struct ash_attrs *attrs = set_of(ATTRS(PRIVATE(key_type)));
	const struct ash_status status = ash_pkcs8_decode(der, attrs);

	if (ash_is_ok(status))
		*ret_attrs = attrs;
	else
		ash_attrs_free(attrs);
	return status;
}

static void refuse(enum ash_code code, uint64_t key_type, struct ash_span der)
{
	struct ash_attrs *attrs = NULL;

	EXPECT_CODE(code, decode(der, key_type, &attrs));
	EXPECT(attrs == NULL);
}

static void expect_encoded(struct ash_span want, const struct ash_attrs *attrs)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	EXPECT_OK(ash_pkcs8_encode(attrs, &out));
	EXPECT_SPAN(want, ash_buf_span(&out));
}

/* --- What others have written ------------------------------------------------- */

TEST(known_keys_are_read_and_written_the_same)
{
	for (size_t i = 0; i < ASH_COUNT(known_keys); i++) {
		ASH_AUTO(ash_attrs) *attrs = NULL;

		EXPECT_OK(decode(known_keys[i].key, known_keys[i].key_type, &attrs));
		EXPECT_NUMBER(known_keys[i].knows_public, ash_attrs_has(attrs, CKA_PUBLIC_KEY_INFO));
		if (known_keys[i].knows_public)
			EXPECT_SPAN(known_keys[i].info, value_of(attrs, CKA_PUBLIC_KEY_INFO));
		expect_encoded(known_keys[i].key, attrs);
	}
}

TEST(a_key_has_its_attributes)
{
	ASH_AUTO(ash_attrs) *rsa = NULL;
	ASH_AUTO(ash_attrs) *ec = NULL;
	ASH_AUTO(ash_attrs) *x448 = NULL;
	ASH_AUTO(ash_attrs) *ml_dsa = NULL;

	EXPECT_OK(decode(SPAN(rsa_key), CKK_RSA, &rsa));
	EXPECT_SPAN(ash_span(rsa_key + 36, 64), value_of(rsa, CKA_MODULUS));
	EXPECT_SPAN(BYTES(1, 0, 1), value_of(rsa, CKA_PUBLIC_EXPONENT));
	EXPECT_SPAN(ash_span(rsa_key + sizeof(rsa_key) - 32, 32), value_of(rsa, CKA_COEFFICIENT));
	EXPECT_NUMBER(32, value_of(rsa, CKA_PRIME_2).len);
	EXPECT(!ash_attrs_has(rsa, CKA_MODULUS_BITS));
	EXPECT_OK(decode(SPAN(p224_key), CKK_EC, &ec));
	EXPECT_SPAN(ash_span(p224_key + 32, 28), value_of(ec, CKA_VALUE));
	EXPECT_SPAN(BYTES(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x21), value_of(ec, CKA_EC_PARAMS));
	EXPECT_OK(decode(SPAN(x448_key), CKK_EC_MONTGOMERY, &x448));
	EXPECT_SPAN(ash_span(x448_key + 16, 56), value_of(x448, CKA_VALUE));
	EXPECT_OK(decode(SPAN(ml_dsa_44_key), CKK_ML_DSA, &ml_dsa));
	EXPECT_SPAN(ash_span(ml_dsa_44_key + 22, 32), value_of(ml_dsa, CKA_SEED));
	EXPECT_NUMBER(CKP_ML_DSA_44, ash_attrs_number(ml_dsa, CKA_PARAMETER_SET, 0));
	EXPECT(!ash_attrs_has(ml_dsa, CKA_VALUE));
}

/* What OpenSSL 3.5 puts in front of seed and expanded key; both are of fixed length. */
static const struct lattice {
	uint64_t key_type;
	enum ash_group group;
	uint8_t both[30], expanded[28]; /* up to the value's own header */
} lattices[] = {
	{ CKK_ML_DSA,
	  ASH_GROUP_ML_DSA_44,
	  { 0x30, 0x82, 0x0a, 0x3e, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x03, 0x11, 0x04, 0x82, 0x0a, 0x2a, 0x30, 0x82, 0x0a, 0x26, 0x04, 0x20 },
	  { 0x30, 0x82, 0x0a, 0x18, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x03, 0x11, 0x04, 0x82, 0x0a, 0x04, 0x04, 0x82, 0x0a, 0x00 } },
	{ CKK_ML_DSA,
	  ASH_GROUP_ML_DSA_65,
	  { 0x30, 0x82, 0x0f, 0xfe, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x03, 0x12, 0x04, 0x82, 0x0f, 0xea, 0x30, 0x82, 0x0f, 0xe6, 0x04, 0x20 },
	  { 0x30, 0x82, 0x0f, 0xd8, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x03, 0x12, 0x04, 0x82, 0x0f, 0xc4, 0x04, 0x82, 0x0f, 0xc0 } },
	{ CKK_ML_DSA,
	  ASH_GROUP_ML_DSA_87,
	  { 0x30, 0x82, 0x13, 0x5e, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x03, 0x13, 0x04, 0x82, 0x13, 0x4a, 0x30, 0x82, 0x13, 0x46, 0x04, 0x20 },
	  { 0x30, 0x82, 0x13, 0x38, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x03, 0x13, 0x04, 0x82, 0x13, 0x24, 0x04, 0x82, 0x13, 0x20 } },
	{ CKK_ML_KEM,
	  ASH_GROUP_ML_KEM_512,
	  { 0x30, 0x82, 0x06, 0xbe, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x04, 0x01, 0x04, 0x82, 0x06, 0xaa, 0x30, 0x82, 0x06, 0xa6, 0x04, 0x40 },
	  { 0x30, 0x82, 0x06, 0x78, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x04, 0x01, 0x04, 0x82, 0x06, 0x64, 0x04, 0x82, 0x06, 0x60 } },
	{ CKK_ML_KEM,
	  ASH_GROUP_ML_KEM_768,
	  { 0x30, 0x82, 0x09, 0xbe, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x04, 0x02, 0x04, 0x82, 0x09, 0xaa, 0x30, 0x82, 0x09, 0xa6, 0x04, 0x40 },
	  { 0x30, 0x82, 0x09, 0x78, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x04, 0x02, 0x04, 0x82, 0x09, 0x64, 0x04, 0x82, 0x09, 0x60 } },
	{ CKK_ML_KEM,
	  ASH_GROUP_ML_KEM_1024,
	  { 0x30, 0x82, 0x0c, 0xbe, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
	    0x65, 0x03, 0x04, 0x04, 0x03, 0x04, 0x82, 0x0c, 0xaa, 0x30, 0x82, 0x0c, 0xa6, 0x04, 0x40 },
	  { 0x30, 0x82, 0x0c, 0x78, 0x02, 0x01, 0x00, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
	    0x01, 0x65, 0x03, 0x04, 0x04, 0x03, 0x04, 0x82, 0x0c, 0x64, 0x04, 0x82, 0x0c, 0x60 } },
};

static uint8_t filler[8192];

static void try_lattice(const struct lattice *row, struct ash_span der, size_t seed_len, size_t private_len)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;

	EXPECT_OK(decode(der, row->key_type, &attrs));
	EXPECT_NUMBER(seed_len != 0, ash_attrs_has(attrs, CKA_SEED));
	if (seed_len != 0)
		EXPECT_SPAN(ash_span(filler, seed_len), value_of(attrs, CKA_SEED));
	EXPECT_SPAN(ash_span(filler, private_len), value_of(attrs, CKA_VALUE));
	expect_encoded(der, attrs);
	refuse(ASH_E_WRAPPED_KEY, row->key_type, ash_span(der.data, der.len - 1));
	refuse(ASH_E_WRAPPED_KEY, row->key_type == CKK_ML_DSA ? CKK_ML_KEM : CKK_ML_DSA, der);
}

TEST(lattice_keys_have_a_seed_or_an_expanded_form_or_both)
{
	memset(filler, 0xa5, sizeof(filler));
	for (size_t i = 0; i < ASH_COUNT(lattices); i++) {
		const size_t len = ash_group_private_len(lattices[i].group);
		const size_t seed_len = lattices[i].both[29];
		ASH_AUTO(ash_buf) both = ASH_BUF_SECRET;
		ASH_AUTO(ash_buf) expanded = ASH_BUF_SECRET;

		EXPECT_OK(ash_buf_add(&both, SPAN(lattices[i].both)));
		EXPECT_OK(ash_buf_add(&both, ash_span(filler, seed_len)));
		EXPECT_OK(ash_der_add(&both, ASH_DER_OCTET_STRING, ash_span(filler, len)));
		try_lattice(&lattices[i], ash_buf_span(&both), seed_len, len);
		EXPECT_OK(ash_buf_add(&expanded, SPAN(lattices[i].expanded)));
		EXPECT_OK(ash_buf_add(&expanded, ash_span(filler, len)));
		try_lattice(&lattices[i], ash_buf_span(&expanded), 0, len);
	}
}

TEST(version_2_has_the_public_key)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	uint8_t changed[sizeof(rfc8410_key)];

	EXPECT_OK(decode(SPAN(rfc8410_key), CKK_EC_EDWARDS, &attrs));
	EXPECT_SPAN(ash_span(rfc8410_key + 16, 32), value_of(attrs, CKA_VALUE));
	EXPECT_NUMBER(44, value_of(attrs, CKA_PUBLIC_KEY_INFO).len);
	EXPECT_SPAN(ash_span(rfc8410_key + sizeof(rfc8410_key) - 32, 32),
		    ash_span(value_of(attrs, CKA_PUBLIC_KEY_INFO).data + 12, 32));
	memcpy(changed, rfc8410_key, sizeof(changed));
	changed[4] = 0; /* a public key in version 1 */
	refuse(ASH_E_WRAPPED_KEY, CKK_EC_EDWARDS, SPAN(changed));
	changed[4] = 2; /* there is no version 3 */
	refuse(ASH_E_WRAPPED_KEY, CKK_EC_EDWARDS, SPAN(changed));
	memcpy(changed, ed25519_key, sizeof(ed25519_key));
	changed[4] = 1; /* none in version 2 */
	refuse(ASH_E_WRAPPED_KEY, CKK_EC_EDWARDS, ash_span(changed, sizeof(ed25519_key)));
}

/* --- What is refused ------------------------------------------------------------ */

/* Whatever is taken is written the same: there is one form of each key. */
static void one_form(uint64_t key_type, struct ash_span der)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	const struct ash_status status = decode(der, key_type, &attrs);

	if (ash_is_ok(status))
		expect_encoded(der, attrs);
	else
		EXPECT(status.code == ASH_E_WRAPPED_KEY || status.code == ASH_E_CURVE ||
		       status.code == ASH_E_DOMAIN_PARAMS);
}

TEST(every_bit_of_every_key_turned)
{
	uint8_t changed[400];

	for (size_t i = 0; i < ASH_COUNT(known_keys); i++) {
		const struct ash_span der = known_keys[i].key;

		EXPECT(der.len < sizeof(changed));
		memcpy(changed, der.data, der.len);
		for (size_t bit = 0; bit < der.len * 8; bit++) {
			changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
			one_form(known_keys[i].key_type, ash_span(changed, der.len));
			changed[bit / 8] ^= (uint8_t)(1u << bit % 8);
		}
	}
}

TEST(every_key_cut_and_lengthened)
{
	uint8_t longer[400] = { 0 };

	for (size_t i = 0; i < ASH_COUNT(known_keys); i++) {
		const struct ash_span der = known_keys[i].key;

		for (size_t len = 0; len < der.len; len++)
			refuse(ASH_E_WRAPPED_KEY, known_keys[i].key_type, ash_span(der.data, len));
		memcpy(longer, der.data, der.len);
		longer[der.len] = 0;
		refuse(ASH_E_WRAPPED_KEY, known_keys[i].key_type, ash_span(longer, der.len + 1));
	}
}

TEST(a_key_of_another_type_is_refused)
{
	for (size_t i = 0; i < ASH_COUNT(known_keys); i++) {
		for (size_t k = 0; k < ASH_COUNT(known_keys); k++) {
			if (known_keys[i].key_type != known_keys[k].key_type)
				refuse(ASH_E_WRAPPED_KEY, known_keys[k].key_type, known_keys[i].key);
		}
	}
}

/* PrivateKeyInfo of version `version` with this algorithm, key, and what follows. */
static void build(struct ash_buf *out, uint8_t version, struct ash_span algorithm, struct ash_span key,
		  struct ash_span rest)
{
	ASH_AUTO(ash_buf) info = ASH_BUF_SECRET;

	EXPECT_OK(ash_der_add_integer(&info, ash_span(&version, 1)));
	EXPECT_OK(ash_buf_add(&info, algorithm));
	EXPECT_OK(ash_der_add(&info, ASH_DER_OCTET_STRING, key));
	EXPECT_OK(ash_buf_add(&info, rest));
	ash_buf_reset(out);
	EXPECT_OK(ash_der_add(out, ASH_DER_SEQUENCE, ash_buf_span(&info)));
}

#define P256_ALGORITHM (ash_keygroup_of(ASH_KEY_EC, ASH_GROUP_P256)->algorithm)
#define P256_KEY       ash_span(p256_key + 29, sizeof(p256_key) - 29)

static void try_ec(enum ash_code code, struct ash_span algorithm, struct ash_span key, struct ash_span rest)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *attrs = NULL;

	build(&der, 0, algorithm, key, rest);
	EXPECT_CODE(code, decode(ash_buf_span(&der), CKK_EC, &attrs));
}

TEST(curves_that_we_lack_are_told_from_nonsense)
{
	try_ec(ASH_OK, P256_ALGORITHM, P256_KEY, ASH_SPAN_NONE);
	try_ec(ASH_E_CURVE, /* brainpoolP256r1 */
	       BYTES(0x30, 0x14, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x09, 0x2b, 0x24,
		     0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07),
	       P256_KEY, ASH_SPAN_NONE);
	try_ec(ASH_E_DOMAIN_PARAMS, /* spelt out */
	       BYTES(0x30, 0x0e, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x30, 0x03, 0x02, 0x01,
		     0x01),
	       P256_KEY, ASH_SPAN_NONE);
	try_ec(ASH_E_WRAPPED_KEY, BYTES(0x30, 0x05, 0x06, 0x03, 0x2a, 0x03, 0x04), P256_KEY, ASH_SPAN_NONE);
	try_ec(ASH_E_WRAPPED_KEY, BYTES(0x30, 0x00), P256_KEY, ASH_SPAN_NONE);
}

TEST(what_may_follow_a_key)
{
	const struct ash_span attributes = BYTES(0xa0, 0x02, 0x31, 0x00);

	try_ec(ASH_OK, P256_ALGORITHM, P256_KEY, attributes);
	try_ec(ASH_E_WRAPPED_KEY, P256_ALGORITHM, P256_KEY, BYTES(0xa0, 0x02, 0x31));
	try_ec(ASH_E_WRAPPED_KEY, P256_ALGORITHM, P256_KEY, BYTES(0xa0, 0x00, 0xa0, 0x00));
	try_ec(ASH_E_WRAPPED_KEY, P256_ALGORITHM, P256_KEY, BYTES(0xa2, 0x00));
	try_ec(ASH_E_WRAPPED_KEY, P256_ALGORITHM, P256_KEY, BYTES(0x05, 0x00));
}

/* An ECPrivateKey with this number, scalar, and what follows. */
static void try_ec_key(enum ash_code code, uint8_t version, struct ash_span scalar, struct ash_span rest)
{
	ASH_AUTO(ash_buf) content = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) key = ASH_BUF_SECRET;

	EXPECT_OK(ash_der_add_integer(&content, ash_span(&version, 1)));
	EXPECT_OK(ash_der_add(&content, ASH_DER_OCTET_STRING, scalar));
	EXPECT_OK(ash_buf_add(&content, rest));
	EXPECT_OK(ash_der_add(&key, ASH_DER_SEQUENCE, ash_buf_span(&content)));
	try_ec(code, P256_ALGORITHM, ash_buf_span(&key), ASH_SPAN_NONE);
}

TEST(an_ec_key_says_nothing_else_inside)
{
	const struct ash_span scalar = ash_span(p256_key + 36, 32);
	uint8_t point[4 + 66] = { 0xa1, 68, 0x03, 66, 0x00, 0x04 };

	try_ec_key(ASH_OK, 1, scalar, ASH_SPAN_NONE);
	try_ec_key(ASH_OK, 1, scalar,
		   BYTES(0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07));
	try_ec_key(ASH_E_WRAPPED_KEY, 1, scalar, BYTES(0xa0, 0x07, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22));
	try_ec_key(ASH_E_WRAPPED_KEY, 0, scalar, ASH_SPAN_NONE);
	try_ec_key(ASH_E_WRAPPED_KEY, 2, scalar, ASH_SPAN_NONE);
	try_ec_key(ASH_E_WRAPPED_KEY, 1, ash_span(p256_key + 36, 31), ASH_SPAN_NONE);
	try_ec_key(ASH_E_WRAPPED_KEY, 1, ash_span(p256_key + 35, 33), ASH_SPAN_NONE);
	try_ec_key(ASH_E_WRAPPED_KEY, 1, ASH_SPAN_NONE, ASH_SPAN_NONE);
	try_ec_key(ASH_OK, 1, scalar, SPAN(point));
	point[5] = 0x02; /* compressed */
	try_ec_key(ASH_E_WRAPPED_KEY, 1, scalar, SPAN(point));
	point[5] = 0x04;
	point[4] = 1; /* unused bits */
	try_ec_key(ASH_E_WRAPPED_KEY, 1, scalar, SPAN(point));
}

TEST(two_public_keys_have_to_be_one)
{
	ASH_AUTO(ash_buf) rest = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	uint8_t point[65];

	memcpy(point, p256_info + sizeof(p256_info) - 65, 65);
	EXPECT_OK(ash_der_add_bits(&rest, ASH_DER_CONTEXT(1), SPAN(point)));
	build(&der, 1, P256_ALGORITHM, P256_KEY, ash_buf_span(&rest));
	EXPECT_OK(decode(ash_buf_span(&der), CKK_EC, &attrs));
	point[64] ^= 1;
	ash_buf_reset(&rest);
	EXPECT_OK(ash_der_add_bits(&rest, ASH_DER_CONTEXT(1), SPAN(point)));
	build(&der, 1, P256_ALGORITHM, P256_KEY, ash_buf_span(&rest));
	refuse(ASH_E_WRAPPED_KEY, CKK_EC, ash_buf_span(&der));
}

TEST(rsa_keys_have_two_primes_and_no_other_public_key)
{
	const struct ash_span algorithm = ash_keygroup_of(ASH_KEY_RSA, ASH_GROUP_NONE)->algorithm;
	const struct ash_span key = ash_span(rsa_key + 26, sizeof(rsa_key) - 26);
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;
	uint8_t changed[400];

	memcpy(changed, key.data, key.len);
	changed[6] = 1; /* multi-prime */
	build(&der, 0, algorithm, ash_span(changed, key.len), ASH_SPAN_NONE);
	refuse(ASH_E_WRAPPED_KEY, CKK_RSA, ash_buf_span(&der));
	build(&der, 1, algorithm, key, BYTES(0x81, 0x02, 0x00, 0x00));
	refuse(ASH_E_WRAPPED_KEY, CKK_RSA, ash_buf_span(&der));
	build(&der, 0, BYTES(0x30, 0x0b, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01),
	      key, ASH_SPAN_NONE); /* without the NULL */
	refuse(ASH_E_WRAPPED_KEY, CKK_RSA, ash_buf_span(&der));
}

TEST(a_template_may_know_the_public_key_already)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS(PRIVATE(CKK_EC), { CKA_PUBLIC_KEY_INFO, SPAN(p256_info) }));
	ASH_AUTO(ash_attrs) *other = set_of(ATTRS(PRIVATE(CKK_EC), { CKA_PUBLIC_KEY_INFO, SPAN(p224_info) }));

	EXPECT_OK(ash_pkcs8_decode(SPAN(p256_key), attrs));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_pkcs8_decode(SPAN(p256_key), other));
}

TEST(the_type_is_told_before_the_key)
{
	uint64_t type = 0;

	for (size_t i = 0; i < ASH_COUNT(known_keys); i++) {
		EXPECT_OK(ash_pkcs8_key_type(known_keys[i].key, &type));
		EXPECT_NUMBER(known_keys[i].key_type, type);
	}
	EXPECT_CODE(ASH_E_WRAPPED_KEY, ash_pkcs8_key_type(TEXT("0"), &type));
	EXPECT_CODE(ASH_E_WRAPPED_KEY, ash_pkcs8_key_type(ASH_SPAN_NONE, &type));
}

/* --- What can't be encoded ------------------------------------------------------- */

TEST(a_key_that_is_not_whole_is_not_wrapped)
{
	static const uint64_t numbers[] = { CKA_PUBLIC_EXPONENT, CKA_PRIVATE_EXPONENT, CKA_PRIME_1,
					    CKA_PRIME_2,         CKA_EXPONENT_1,       CKA_EXPONENT_2,
					    CKA_COEFFICIENT };
	ASH_AUTO(ash_attrs) *secret =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			     { CKA_VALUE, TEXT("0123456789abcdef") }));
	ASH_AUTO(ash_attrs) *device = NULL;
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;

	for (size_t i = 0; i < ASH_COUNT(numbers); i++) {
		ASH_AUTO(ash_attrs) *rsa = NULL;

		EXPECT_OK(decode(SPAN(rsa_key), CKK_RSA, &rsa));
		ash_attrs_remove(rsa, numbers[i]);
		EXPECT_CODE(ASH_E_KEY_NOT_WRAPPABLE, ash_pkcs8_encode(rsa, &out));
	}
	for (size_t i = 1; i < ASH_COUNT(known_keys); i++) {
		device = ash_attrs_free(device);
		EXPECT_OK(decode(known_keys[i].key, known_keys[i].key_type, &device));
		ash_attrs_remove(device, CKA_VALUE);
		ash_attrs_remove(device, CKA_SEED);
		EXPECT_OK(ash_attrs_set(device, ASH_A_BLOB, TEXT("blob")));
		EXPECT_CODE(ASH_E_KEY_NOT_WRAPPABLE, ash_pkcs8_encode(device, &out));
	}
	EXPECT_CODE(ASH_E_KEY_NOT_WRAPPABLE, ash_pkcs8_encode(secret, &out));
	EXPECT_NUMBER(0, out.len);
}

/* The decodings that fail leave a set that nobody keeps; a new one has to be made each time. */
static struct ash_status decode_anew(const struct known *from)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;

	ASH_TRY(ash_attrs_new(&attrs));
	ASH_TRY(ash_attrs_set_number(attrs, CKA_CLASS, CKO_PRIVATE_KEY));
	ASH_TRY(ash_attrs_set_number(attrs, CKA_KEY_TYPE, from->key_type));
	return ash_pkcs8_decode(from->key, attrs);
}

TEST(every_allocation_may_fail)
{
	for (size_t i = 0; i < ASH_COUNT(known_keys); i++) {
		ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
		ASH_AUTO(ash_attrs) *attrs = NULL;

		FAIL_EVERY_ALLOCATION(true, decode_anew(&known_keys[i]));
		EXPECT_OK(decode(known_keys[i].key, known_keys[i].key_type, &attrs));
		FAIL_EVERY_ALLOCATION(out.len == 0, ash_pkcs8_encode(attrs, &out));
		EXPECT_SPAN(known_keys[i].key, ash_buf_span(&out));
	}
}
