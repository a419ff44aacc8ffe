#include "token/keymap.h"

#include "crypto/alg.h"
#include "token/attribute.h"
#include "token/der.h"
#include "unit/test.h"
#include "unit/token/pkcs8_keys.h"
#include "unit/token/template.h"

#define OID_P256    BYTES(0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07)
#define OID_P384    BYTES(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22)
#define OID_ED25519 BYTES(0x06, 0x03, 0x2b, 0x65, 0x70)
#define NAME_ED25519    \
	TEXT("\x13\x0c" \
	     "edwards25519")

#define CLASS_AND_TYPE(class, type)        \
	{ CKA_CLASS, NUMBER(class) },      \
	{                                  \
		CKA_KEY_TYPE, NUMBER(type) \
	}

static struct ash_status spec_of(struct ash_template from, struct ash_key_spec *ret_spec)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(from);

	return ash_keymap_spec(attrs, ret_spec);
}

static struct ash_status parts_of(struct ash_template from, struct ash_parts *ret_parts)
{
	ASH_AUTO(ash_attrs) *attrs = set_of(from);

	return ash_keymap_parts(attrs, ret_parts);
}

static void expect_spec(struct ash_template from, enum ash_key_kind kind, enum ash_group group, uint32_t bits)
{
	struct ash_key_spec spec = { .kind = ASH_KEY_KINDS };

	EXPECT_OK(spec_of(from, &spec));
	EXPECT_NUMBER(kind, spec.kind);
	EXPECT_NUMBER(group, spec.group);
	EXPECT_NUMBER(bits, spec.bits);
}

TEST(a_spec_comes_from_the_key_or_from_its_template)
{
	static uint8_t modulus[257] = { 0, 0x80 };

	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_RSA), { CKA_MODULUS_BITS, NUMBER(3072) }),
		    ASH_KEY_RSA, ASH_GROUP_NONE, 3072);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_RSA), { CKA_MODULUS, SPAN(modulus) }),
		    ASH_KEY_RSA, ASH_GROUP_NONE, 2048);
	modulus[1] = 1;
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_RSA), { CKA_MODULUS, SPAN(modulus) }),
		    ASH_KEY_RSA, ASH_GROUP_NONE, 2041);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC), { CKA_EC_PARAMS, OID_P256 }), ASH_KEY_EC,
		    ASH_GROUP_P256, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_EC), { CKA_EC_PARAMS, OID_P384 }), ASH_KEY_EC,
		    ASH_GROUP_P384, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC_EDWARDS), { CKA_EC_PARAMS, OID_ED25519 }),
		    ASH_KEY_EDWARDS, ASH_GROUP_ED25519, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC_EDWARDS), { CKA_EC_PARAMS, NAME_ED25519 }),
		    ASH_KEY_EDWARDS, ASH_GROUP_ED25519, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_ML_DSA),
			  { CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_65) }),
		    ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_65, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_ML_KEM),
			  { CKA_PARAMETER_SET, NUMBER(CKP_ML_KEM_1024) }),
		    ASH_KEY_ML_KEM, ASH_GROUP_ML_KEM_1024, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_EC), { CKA_EC_PARAMS, OID_P384 }),
		    ASH_KEY_EC, ASH_GROUP_P384, 0);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_HKDF), { CKA_VALUE_LEN, NUMBER(33) }),
		    ASH_KEY_SECRET, ASH_GROUP_NONE, 264);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES), { CKA_VALUE_LEN, NUMBER(24) }),
		    ASH_KEY_SECRET, ASH_GROUP_NONE, 192);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_GENERIC_SECRET), { CKA_VALUE, TEXT("abc") }),
		    ASH_KEY_SECRET, ASH_GROUP_NONE, 24);
	expect_spec(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_SHA256_HMAC), { CKA_VALUE_LEN, NUMBER(8192) }),
		    ASH_KEY_SECRET, ASH_GROUP_NONE, 65536);
}

/* Edwards and Montgomery curves are named by RFC 8410's OID or by their own name. */
TEST(curves_have_two_names)
{
	static const struct {
		uint64_t key_type;
		enum ash_group group;
		uint8_t oid;
		const char *name;
	} row[] = {
		{ CKK_EC_MONTGOMERY, ASH_GROUP_X25519, 110, "curve25519" },
		{ CKK_EC_MONTGOMERY, ASH_GROUP_X448, 111, "curve448" },
		{ CKK_EC_EDWARDS, ASH_GROUP_ED25519, 112, "edwards25519" },
		{ CKK_EC_EDWARDS, ASH_GROUP_ED448, 113, "edwards448" },
	};
	struct ash_key_spec spec;

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const uint64_t other = row[i].key_type == CKK_EC_EDWARDS ? CKK_EC_MONTGOMERY : CKK_EC_EDWARDS;
		const enum ash_key_kind kind =
			row[i].key_type == CKK_EC_EDWARDS ? ASH_KEY_EDWARDS : ASH_KEY_MONTGOMERY;
		const uint8_t oid[] = { 0x06, 0x03, 0x2b, 0x65, row[i].oid };
		uint8_t name[20] = { 0x13, (uint8_t)strlen(row[i].name) };
		const struct ash_span named = ash_span(name, 2 + strlen(row[i].name));

		memcpy(name + 2, row[i].name, strlen(row[i].name));
		expect_spec(
			ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, row[i].key_type), { CKA_EC_PARAMS, SPAN(oid) }),
			kind, row[i].group, 0);
		expect_spec(ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, row[i].key_type), { CKA_EC_PARAMS, named }),
			    kind, row[i].group, 0);
		EXPECT_CODE(ASH_E_CURVE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, other),
						       { CKA_EC_PARAMS, SPAN(oid) }),
						 &spec));
		EXPECT_CODE(ASH_E_CURVE,
			    spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC), { CKA_EC_PARAMS, named }),
				    &spec));
	}
}

TEST(parameter_sets_that_we_lack_are_told)
{
	static const uint64_t types[] = { CKK_ML_DSA, CKK_ML_KEM };
	static const uint64_t lacking[] = { 0, 4, 12, CK_UNAVAILABLE_INFORMATION };
	struct ash_key_spec spec;

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		for (uint64_t set = 1; set <= 3; set++)
			EXPECT_OK(spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, types[i]),
						{ CKA_PARAMETER_SET, NUMBER(set) }),
					  &spec));
		for (size_t k = 0; k < ASH_COUNT(lacking); k++)
			EXPECT_CODE(ASH_E_PARAMETER_SET,
				    spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, types[i]),
						  { CKA_PARAMETER_SET, NUMBER(lacking[k]) }),
					    &spec));
		EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
			    spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, types[i])), &spec));
	}
}

TEST(what_is_no_key_of_ours_has_no_spec)
{
	struct ash_key_spec spec = { .kind = ASH_KEY_KINDS };

	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(NO_ATTRS, &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_RSA)), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_AES)), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_CERTIFICATE, CKK_RSA)), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_RSA)), &spec));
	EXPECT_CODE(ASH_E_KEY_TYPE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_DES3)), &spec));
	EXPECT_NUMBER(ASH_KEY_KINDS, spec.kind);
}

TEST(curves_that_we_lack_are_told_from_nonsense)
{
	const struct {
		struct ash_span params;
		enum ash_code code;
	} row[] = {
		{ { (const uint8_t[]){ 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x1f }, 7 },
		  ASH_E_CURVE }, /* secp192k1 */
		{ { (const uint8_t[]){ 0x06, 0x03, 0x2b, 0x65, 0x70 }, 5 },
		  ASH_E_CURVE }, /* Ed25519, but CKK_EC */
		{ { (const uint8_t *)"\x13\x0aprime256v1", 12 }, ASH_E_CURVE },
		{ { (const uint8_t[]){ 0x30, 0x03, 0x02, 0x01, 0x01 }, 5 },
		  ASH_E_DOMAIN_PARAMS },                                         /* spelt out */
		{ { (const uint8_t[]){ 0x05, 0x00 }, 2 }, ASH_E_DOMAIN_PARAMS }, /* implicitlyCA */
		{ { (const uint8_t[]){ 0x06, 0x00 }, 2 }, ASH_E_DOMAIN_PARAMS },
		{ { (const uint8_t[]){ 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00 }, 6 }, ASH_E_DOMAIN_PARAMS },
		{ { (const uint8_t[]){ 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22, 0x00 }, 8 },
		  ASH_E_DOMAIN_PARAMS },
		{ { (const uint8_t *)"P-256", 5 }, ASH_E_DOMAIN_PARAMS },
		{ { NULL, 0 }, ASH_E_ATTRIBUTE_VALUE },
	};
	struct ash_key_spec spec;

	for (size_t i = 0; i < ASH_COUNT(row); i++)
		EXPECT_CODE(row[i].code, spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC),
						       { CKA_EC_PARAMS, row[i].params }),
						 &spec));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC)), &spec));
	EXPECT_CODE(ASH_E_CURVE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC_EDWARDS),
					       { CKA_EC_PARAMS, OID_P256 }),
					 &spec));
}

TEST(sizes_that_no_key_has_are_refused)
{
	static const uint64_t aes[] = { 0, 15, 17, 33, UINT64_MAX };
	static const uint64_t generic[] = { 0, 8193, UINT64_MAX };
	static const uint64_t rsa[] = { 0, 16385, UINT64_MAX };
	struct ash_key_spec spec;

	for (size_t i = 0; i < ASH_COUNT(aes); i++)
		EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES),
								 { CKA_VALUE_LEN, NUMBER(aes[i]) }),
							   &spec));
	for (size_t i = 0; i < ASH_COUNT(generic); i++)
		EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
			    spec_of(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_GENERIC_SECRET),
					  { CKA_VALUE_LEN, NUMBER(generic[i]) }),
				    &spec));
	for (size_t i = 0; i < ASH_COUNT(rsa); i++)
		EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_RSA),
								 { CKA_MODULUS_BITS, NUMBER(rsa[i]) }),
							   &spec));
	EXPECT_CODE(
		ASH_E_ATTRIBUTE_VALUE,
		spec_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_RSA), { CKA_MODULUS, BYTES(0, 0) }), &spec));
	EXPECT_CODE(
		ASH_E_ATTRIBUTE_VALUE,
		spec_of(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES), { CKA_VALUE, TEXT("short") }), &spec));
}

/* A P-256 key pair, from another implementation, with its SubjectPublicKeyInfo. */
static const uint8_t p256_scalar[] = {
	0xa8, 0xfa, 0xa4, 0x92, 0xe3, 0x96, 0xea, 0x4d, 0x83, 0x17, 0x52, 0x9b, 0xcf, 0xff, 0x84, 0x8c,
	0xe0, 0xa4, 0xae, 0x1c, 0x4f, 0x3c, 0xb3, 0xdf, 0xfc, 0x9e, 0xe7, 0xd5, 0x11, 0x2f, 0x5b, 0x52,
};
static const uint8_t point_info[] = {
	0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00, 0x04, 0xdb, 0x1f, 0x7b, 0x09, 0x77,
	0x59, 0x48, 0x9b, 0x9a, 0xeb, 0x2b, 0x53, 0x36, 0x57, 0x8c, 0xf3, 0x86, 0x7c, 0x04, 0xf2, 0x83,
	0xac, 0x6c, 0x42, 0xe1, 0x0a, 0x9d, 0xa6, 0x73, 0x2a, 0xfa, 0x50, 0x9d, 0xb8, 0x17, 0x6a, 0x5c,
	0xc5, 0x45, 0x14, 0x44, 0x6a, 0xb6, 0x53, 0xae, 0x48, 0xdd, 0x9b, 0xdf, 0xb4, 0x44, 0xad, 0x13,
	0x44, 0xca, 0x3d, 0x0a, 0x13, 0xe7, 0x97, 0x72, 0x18, 0x35, 0xe6,
};
#define P256_POINT ash_span(point_info + sizeof(point_info) - 65, 65)

/* An RSA key with a modulus short enough to be looked at. */
static const uint8_t short_info[] = {
	0x30, 0x5c, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05,
	0x00, 0x03, 0x4b, 0x00, 0x30, 0x48, 0x02, 0x41, 0x00, 0xf2, 0x13, 0x6c, 0x6c, 0x62, 0x3f, 0x57,
	0x11, 0x81, 0x58, 0x27, 0xa1, 0x23, 0x23, 0x65, 0x0c, 0xe3, 0x69, 0xf2, 0x9e, 0x0f, 0x7f, 0x30,
	0xf9, 0xad, 0xe2, 0x92, 0x93, 0x7c, 0x79, 0x0b, 0x50, 0xaf, 0x9f, 0x59, 0x08, 0xcb, 0xf7, 0x7a,
	0x6e, 0xde, 0x51, 0x2c, 0x67, 0xa8, 0x2b, 0x42, 0x65, 0x22, 0x1f, 0x62, 0xbe, 0x02, 0xf4, 0x68,
	0x98, 0xe1, 0x71, 0x75, 0x4a, 0xcc, 0x78, 0x4b, 0xe3, 0x02, 0x03, 0x01, 0x00, 0x01,
};
#define RSA_MODULUS ash_span(short_info + 25, 64)

static uint8_t ml_dsa_public[1952], ml_dsa_private[4032], seed[32], filler[8192];

static void expect_part(struct ash_template from, enum ash_part part, struct ash_span want)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;

	EXPECT_OK(parts_of(from, &parts));
	EXPECT_SPAN(want, ash_parts_get(&parts, part));
}

static void refuse_parts_as(enum ash_code code, struct ash_template from)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;

	EXPECT_CODE(code, parts_of(from, &parts));
	for (size_t i = 0; i < ASH_PARTS; i++)
		EXPECT(parts.value[i] == NULL);
}

static void refuse_parts(struct ash_template from)
{
	refuse_parts_as(ASH_E_ATTRIBUTE_VALUE, from);
}

TEST(points_may_be_wrapped_or_bare)
{
	uint8_t der[2 + 65] = { 0x04, 65 };
	const struct ash_attr point = { CKA_EC_POINT, SPAN(der) };

	memcpy(der + 2, P256_POINT.data, 65);
#define PUBLIC_P256 CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC), { CKA_EC_PARAMS, OID_P256 }
	expect_part(ATTRS(PUBLIC_P256, point), ASH_PART_PUBLIC, P256_POINT);
	expect_part(ATTRS(PUBLIC_P256, { CKA_EC_POINT, P256_POINT }), ASH_PART_PUBLIC, P256_POINT);
	for (size_t len = 0; len < sizeof(der); len++) {
		if (len != 65) /* that long it looks like a bare one, and is not on the curve */
			refuse_parts(ATTRS(PUBLIC_P256, { CKA_EC_POINT, ash_span(der, len) }));
		if (len != 2)
			refuse_parts(ATTRS(PUBLIC_P256,
					   { CKA_EC_POINT, ash_span(der + len, sizeof(der) - len - 1) }));
	}
	for (unsigned first = 0; first < 256; first++) {
		der[2] = (uint8_t)first;
		if (first != 0x04) { /* hybrid (§6.3: a form that we don't take), or nothing at all */
			const enum ash_code code = first == 6 || first == 7 ? ASH_E_TEMPLATE_INCONSISTENT
									    : ASH_E_ATTRIBUTE_VALUE;

			refuse_parts_as(code, ATTRS(PUBLIC_P256, point));
			refuse_parts_as(code, ATTRS(PUBLIC_P256, { CKA_EC_POINT, ash_span(der + 2, 65) }));
		}
	}
	der[1] = 33;
	for (unsigned first = 0; first < 256; first++) { /* the same of compressed ones */
		const enum ash_code code =
			first == 2 || first == 3 ? ASH_E_TEMPLATE_INCONSISTENT : ASH_E_ATTRIBUTE_VALUE;

		der[2] = (uint8_t)first;
		refuse_parts_as(code, ATTRS(PUBLIC_P256, { CKA_EC_POINT, ash_span(der, 35) }));
		refuse_parts_as(code, ATTRS(PUBLIC_P256, { CKA_EC_POINT, ash_span(der + 2, 33) }));
	}
	der[1] = 65;
	der[2] = 0x04;
	der[0] = 0x03;
	refuse_parts(ATTRS(PUBLIC_P256, point));
	der[0] = 0x04;
	der[1] = 64;
	refuse_parts(ATTRS(PUBLIC_P256, point));
	refuse_parts(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC), { CKA_EC_PARAMS, OID_P384 }, point));
}

TEST(edwards_points_have_three_forms)
{
	uint8_t octets[34] = { 0x04, 32, 0xaa }, bits[35] = { 0x03, 33, 0, 0xaa };
	const struct ash_span bare = ash_span(octets + 2, 32);

#define PUBLIC_ED25519 CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC_EDWARDS), { CKA_EC_PARAMS, NAME_ED25519 }
	expect_part(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, bare }), ASH_PART_PUBLIC, bare);
	expect_part(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, SPAN(octets) }), ASH_PART_PUBLIC, bare);
	expect_part(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, SPAN(bits) }), ASH_PART_PUBLIC, bare);
	bits[2] = 1; /* unused bits */
	refuse_parts(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, SPAN(bits) }));
	refuse_parts(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, ash_span(octets, 33) }));
	octets[1] = 31;
	refuse_parts(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, SPAN(octets) }));
}

TEST(scalars_are_padded_to_the_field)
{
	uint8_t padded[32] = { 0 }, long_one[33] = { 1 };

#define PRIVATE_P256 CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_EC), { CKA_EC_PARAMS, OID_P256 }
	expect_part(ATTRS(PRIVATE_P256, { CKA_VALUE, SPAN(p256_scalar) }), ASH_PART_PRIVATE,
		    SPAN(p256_scalar));
	padded[31] = 7;
	expect_part(ATTRS(PRIVATE_P256, { CKA_VALUE, BYTES(7) }), ASH_PART_PRIVATE, SPAN(padded));
	expect_part(ATTRS(PRIVATE_P256, { CKA_VALUE, BYTES(0, 0, 7) }), ASH_PART_PRIVATE, SPAN(padded));
	refuse_parts(ATTRS(PRIVATE_P256, { CKA_VALUE, SPAN(long_one) }));
	refuse_parts(ATTRS(PRIVATE_P256, { CKA_VALUE, BYTES(0, 0) }));
	refuse_parts(ATTRS(PRIVATE_P256, { CKA_VALUE, EMPTY }));
}

TEST(a_private_key_knows_its_public_one)
{
	uint8_t other[sizeof(point_info)];

	expect_part(ATTRS(PRIVATE_P256, { CKA_VALUE, SPAN(p256_scalar) },
			  { CKA_PUBLIC_KEY_INFO, SPAN(point_info) }),
		    ASH_PART_PUBLIC, P256_POINT);
	expect_part(ATTRS(PRIVATE_P256, { CKA_VALUE, SPAN(p256_scalar) }, { CKA_PUBLIC_KEY_INFO, EMPTY }),
		    ASH_PART_PUBLIC, ASH_SPAN_NONE);
	for (size_t i = 0; i < 26; i++) {
		memcpy(other, point_info, sizeof(other));
		other[i] ^= 1;
		refuse_parts(ATTRS(PRIVATE_P256, { CKA_PUBLIC_KEY_INFO, SPAN(other) }));
	}
	refuse_parts(
		ATTRS(PRIVATE_P256, { CKA_PUBLIC_KEY_INFO, ash_span(point_info, sizeof(point_info) - 1) }));
}

TEST(values_have_the_length_of_their_group)
{
#define PRIVATE_ED25519 CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_EC_EDWARDS), { CKA_EC_PARAMS, OID_ED25519 }
#define PUBLIC_ML_DSA                                    \
	CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_ML_DSA),      \
	{                                                \
		CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_65) \
	}
#define PRIVATE_ML_DSA                                   \
	CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_ML_DSA),     \
	{                                                \
		CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_65) \
	}
	expect_part(ATTRS(PRIVATE_ED25519, { CKA_VALUE, SPAN(seed) }), ASH_PART_PRIVATE, SPAN(seed));
	refuse_parts(ATTRS(PRIVATE_ED25519, { CKA_VALUE, ash_span(ml_dsa_private, 31) }));
	refuse_parts(ATTRS(PRIVATE_ED25519, { CKA_VALUE, ash_span(ml_dsa_private, 64) }));
	expect_part(ATTRS(PUBLIC_ML_DSA, { CKA_VALUE, SPAN(ml_dsa_public) }), ASH_PART_PUBLIC,
		    SPAN(ml_dsa_public));
	refuse_parts(ATTRS(PUBLIC_ML_DSA, { CKA_VALUE, ash_span(ml_dsa_public, 1951) }));
	expect_part(ATTRS(PRIVATE_ML_DSA, { CKA_VALUE, SPAN(ml_dsa_private) }), ASH_PART_PRIVATE,
		    SPAN(ml_dsa_private));
	expect_part(ATTRS(PRIVATE_ML_DSA, { CKA_SEED, SPAN(seed) }), ASH_PART_SEED, SPAN(seed));
	refuse_parts(ATTRS(PRIVATE_ML_DSA, { CKA_SEED, ash_span(seed, 31) }));
	refuse_parts(ATTRS(PRIVATE_ML_DSA, { CKA_VALUE, SPAN(ml_dsa_public) }));
}

TEST(montgomery_points_have_three_forms_too)
{
	uint8_t octets[58] = { 0x04, 56, 0xaa }, bits[59] = { 0x03, 57, 0, 0xaa };
	const struct ash_span bare = ash_span(octets + 2, 56);

#define PUBLIC_X448                                        \
	CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY), \
		{ CKA_EC_PARAMS, BYTES(0x06, 0x03, 0x2b, 0x65, 0x6f) }
	expect_part(ATTRS(PUBLIC_X448, { CKA_EC_POINT, bare }), ASH_PART_PUBLIC, bare);
	expect_part(ATTRS(PUBLIC_X448, { CKA_EC_POINT, SPAN(octets) }), ASH_PART_PUBLIC, bare);
	expect_part(ATTRS(PUBLIC_X448, { CKA_EC_POINT, SPAN(bits) }), ASH_PART_PUBLIC, bare);
	refuse_parts(ATTRS(PUBLIC_X448, { CKA_EC_POINT, ash_span(octets, 57) }));
}

/* The only point that needs a length of two bytes. */
TEST(points_of_p521_have_a_long_header)
{
	const struct ash_span point = ash_span(p521_info + sizeof(p521_info) - 133, 133);
	uint8_t der[3 + 133] = { 0x04, 0x81, 133 };

#define PUBLIC_P521                             \
	CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_EC), \
		{ CKA_EC_PARAMS, BYTES(0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23) }
	memcpy(der + 3, point.data, point.len);
	expect_part(ATTRS(PUBLIC_P521, { CKA_EC_POINT, SPAN(der) }), ASH_PART_PUBLIC, point);
	expect_part(ATTRS(PUBLIC_P521, { CKA_EC_POINT, point }), ASH_PART_PUBLIC, point);
	refuse_parts(ATTRS(PUBLIC_P521, { CKA_EC_POINT, ash_span(der, sizeof(der) - 1) }));
	der[1] = 0x82;
	refuse_parts(ATTRS(PUBLIC_P521, { CKA_EC_POINT, SPAN(der) }));
}

TEST(lattice_keys_have_the_length_of_their_group)
{
	static const enum ash_group groups[] = { ASH_GROUP_ML_DSA_44,  ASH_GROUP_ML_DSA_65,
						 ASH_GROUP_ML_DSA_87,  ASH_GROUP_ML_KEM_512,
						 ASH_GROUP_ML_KEM_768, ASH_GROUP_ML_KEM_1024 };

	for (size_t i = 0; i < ASH_COUNT(groups); i++) {
		const uint64_t type = i < 3 ? CKK_ML_DSA : CKK_ML_KEM;
		const size_t seed_len = i < 3 ? 32 : 64, public_len = ash_group_public_len(groups[i]),
			     private_len = ash_group_private_len(groups[i]);
		const struct ash_attr set = { CKA_PARAMETER_SET, NUMBER(i % 3 + 1) };

		for (size_t change = 0; change < 3; change++) {
			const struct ash_template public_key =
				ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, type), set,
				      { CKA_VALUE, ash_span(filler, public_len + change - 1) });
			const struct ash_template expanded =
				ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, type), set,
				      { CKA_VALUE, ash_span(filler, private_len + change - 1) });
			const struct ash_template short_form =
				ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, type), set,
				      { CKA_SEED, ash_span(filler, seed_len + change - 1) });

			if (change != 1) {
				refuse_parts(public_key);
				refuse_parts(expanded);
				refuse_parts(short_form);
				continue;
			}
			expect_part(public_key, ASH_PART_PUBLIC, ash_span(filler, public_len));
			expect_part(expanded, ASH_PART_PRIVATE, ash_span(filler, private_len));
			expect_part(short_form, ASH_PART_SEED, ash_span(filler, seed_len));
		}
	}
}

/* Parts → attributes → parts. */
static struct ash_attrs *stored(uint64_t class, uint64_t key_type, struct ash_key_spec spec,
				const struct ash_parts *parts)
{
	struct ash_attrs *attrs = set_of(ATTRS(CLASS_AND_TYPE(class, key_type)));

	EXPECT_OK(ash_keymap_store(&spec, parts, attrs));
	return attrs;
}

TEST(rsa_parts_become_attributes)
{
	static const struct {
		uint64_t type;
		enum ash_part part;
	} row[] = {
		{ CKA_MODULUS, ASH_PART_MODULUS },
		{ CKA_PUBLIC_EXPONENT, ASH_PART_PUBLIC_EXPONENT },
		{ CKA_PRIVATE_EXPONENT, ASH_PART_PRIVATE_EXPONENT },
		{ CKA_PRIME_1, ASH_PART_PRIME_1 },
		{ CKA_PRIME_2, ASH_PART_PRIME_2 },
		{ CKA_EXPONENT_1, ASH_PART_EXPONENT_1 },
		{ CKA_EXPONENT_2, ASH_PART_EXPONENT_2 },
		{ CKA_COEFFICIENT, ASH_PART_COEFFICIENT },
	};
	const struct ash_key_spec spec = { .kind = ASH_KEY_RSA, .bits = 512 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_parts) again = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *public_key = NULL;
	ASH_AUTO(ash_attrs) *private_key = NULL;

	for (uint8_t i = 0; i < ASH_COUNT(row); i++)
		EXPECT_OK(ash_parts_set(&parts, row[i].part, BYTES(i + 1, 2)));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_MODULUS, RSA_MODULUS));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC_EXPONENT, BYTES(1, 0, 1)));
	public_key = stored(CKO_PUBLIC_KEY, CKK_RSA, spec, &parts);
	private_key = stored(CKO_PRIVATE_KEY, CKK_RSA, spec, &parts);
	EXPECT_OK(ash_keymap_parts(private_key, &again));
	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		EXPECT_SPAN(ash_parts_get(&parts, row[i].part), value_of(private_key, row[i].type));
		EXPECT_SPAN(ash_parts_get(&parts, row[i].part), ash_parts_get(&again, row[i].part));
		EXPECT_NUMBER(i < 2, ash_attrs_has(public_key, row[i].type));
	}
	EXPECT_NUMBER(512, ash_attrs_number(public_key, CKA_MODULUS_BITS, 0));
	EXPECT(!ash_attrs_has(private_key, CKA_MODULUS_BITS));
	EXPECT_SPAN(SPAN(short_info), value_of(public_key, CKA_PUBLIC_KEY_INFO));
	EXPECT_SPAN(SPAN(short_info), value_of(private_key, CKA_PUBLIC_KEY_INFO));
}

TEST(ec_parts_become_attributes)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 };
	uint8_t der[67] = { 0x04, 65 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *public_key = NULL;
	ASH_AUTO(ash_attrs) *private_key = NULL;

	memcpy(der + 2, P256_POINT.data, 65);
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, P256_POINT));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PRIVATE, BYTES(7)));
	public_key = stored(CKO_PUBLIC_KEY, CKK_EC, spec, &parts);
	private_key = stored(CKO_PRIVATE_KEY, CKK_EC, spec, &parts);
	EXPECT_SPAN(SPAN(der), value_of(public_key, CKA_EC_POINT));
	EXPECT(!ash_attrs_has(public_key, CKA_VALUE));
	EXPECT(!ash_attrs_has(private_key, CKA_EC_POINT));
	EXPECT_NUMBER(32, value_of(private_key, CKA_VALUE).len);
	EXPECT_NUMBER(7, value_of(private_key, CKA_VALUE).data[31]);
	EXPECT_SPAN(OID_P256, value_of(private_key, CKA_EC_PARAMS));
	EXPECT_SPAN(SPAN(point_info), value_of(public_key, CKA_PUBLIC_KEY_INFO));
	EXPECT_SPAN(SPAN(point_info), value_of(private_key, CKA_PUBLIC_KEY_INFO));
}

/* Every group's SubjectPublicKeyInfo is well formed, and read back from the private key. */
TEST(public_key_infos_are_read_back)
{
	static const struct {
		uint64_t key_type;
		struct ash_key_spec spec;
		size_t info_len;
	} row[] = {
		{ CKK_EC, { .kind = ASH_KEY_EC, .group = ASH_GROUP_P224 }, 80 },
		{ CKK_EC, { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 }, 91 },
		{ CKK_EC, { .kind = ASH_KEY_EC, .group = ASH_GROUP_P384 }, 120 },
		{ CKK_EC, { .kind = ASH_KEY_EC, .group = ASH_GROUP_P521 }, 158 },
		{ CKK_EC, { .kind = ASH_KEY_EC, .group = ASH_GROUP_SECP256K1 }, 88 },
		{ CKK_EC_EDWARDS, { .kind = ASH_KEY_EDWARDS, .group = ASH_GROUP_ED25519 }, 44 },
		{ CKK_EC_EDWARDS, { .kind = ASH_KEY_EDWARDS, .group = ASH_GROUP_ED448 }, 69 },
		{ CKK_EC_MONTGOMERY, { .kind = ASH_KEY_MONTGOMERY, .group = ASH_GROUP_X25519 }, 44 },
		{ CKK_EC_MONTGOMERY, { .kind = ASH_KEY_MONTGOMERY, .group = ASH_GROUP_X448 }, 68 },
		{ CKK_ML_DSA, { .kind = ASH_KEY_ML_DSA, .group = ASH_GROUP_ML_DSA_44 }, 1334 },
		{ CKK_ML_DSA, { .kind = ASH_KEY_ML_DSA, .group = ASH_GROUP_ML_DSA_65 }, 1974 },
		{ CKK_ML_DSA, { .kind = ASH_KEY_ML_DSA, .group = ASH_GROUP_ML_DSA_87 }, 2614 },
		{ CKK_ML_KEM, { .kind = ASH_KEY_ML_KEM, .group = ASH_GROUP_ML_KEM_512 }, 822 },
		{ CKK_ML_KEM, { .kind = ASH_KEY_ML_KEM, .group = ASH_GROUP_ML_KEM_768 }, 1206 },
		{ CKK_ML_KEM, { .kind = ASH_KEY_ML_KEM, .group = ASH_GROUP_ML_KEM_1024 }, 1590 },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
		ASH_AUTO(ash_parts) again = ASH_PARTS_NONE;
		ASH_AUTO(ash_attrs) *attrs = NULL;
		const size_t len = ash_group_public_len(row[i].spec.group);
		struct ash_span info = ASH_SPAN_NONE, content = ASH_SPAN_NONE;
		struct ash_reader in;

		memset(filler, 0xab, sizeof(filler));
		EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, ash_span(filler, len)));
		attrs = stored(CKO_PRIVATE_KEY, row[i].key_type, row[i].spec, &parts);
		info = value_of(attrs, CKA_PUBLIC_KEY_INFO);
		EXPECT_NUMBER(row[i].info_len, info.len);
		/* One element, and nothing behind it. */
		in = ash_reader(info);
		EXPECT_OK(ash_der_take(&in, ASH_DER_SEQUENCE, &content));
		EXPECT_OK(ash_reader_end(&in));
		EXPECT_OK(ash_keymap_parts(attrs, &again));
		EXPECT_SPAN(ash_span(filler, len), ash_parts_get(&again, ASH_PART_PUBLIC));
		EXPECT_NUMBER(row[i].spec.kind == ASH_KEY_ML_DSA || row[i].spec.kind == ASH_KEY_ML_KEM,
			      ash_attrs_has(attrs, CKA_PARAMETER_SET));
		EXPECT_NUMBER(ash_group_bits(row[i].spec.group) != 0, ash_attrs_has(attrs, CKA_EC_PARAMS));
	}
}

/* What OpenSSL makes of the same public keys. */
TEST(public_key_infos_are_those_of_others)
{
	static const struct {
		uint64_t key_type;
		struct ash_key_spec spec;
		struct ash_span info;
	} row[] = {
		{ CKK_EC, { ASH_KEY_EC, ASH_GROUP_P224, 0 }, { p224_info, sizeof(p224_info) } },
		{ CKK_EC, { ASH_KEY_EC, ASH_GROUP_P384, 0 }, { p384_info, sizeof(p384_info) } },
		{ CKK_EC, { ASH_KEY_EC, ASH_GROUP_P521, 0 }, { p521_info, sizeof(p521_info) } },
		{ CKK_EC,
		  { ASH_KEY_EC, ASH_GROUP_SECP256K1, 0 },
		  { secp256k1_info, sizeof(secp256k1_info) } },
		{ CKK_EC_EDWARDS,
		  { ASH_KEY_EDWARDS, ASH_GROUP_ED448, 0 },
		  { ed448_info, sizeof(ed448_info) } },
		{ CKK_EC_MONTGOMERY,
		  { ASH_KEY_MONTGOMERY, ASH_GROUP_X25519, 0 },
		  { x25519_info, sizeof(x25519_info) } },
		{ CKK_EC_MONTGOMERY,
		  { ASH_KEY_MONTGOMERY, ASH_GROUP_X448, 0 },
		  { x448_info, sizeof(x448_info) } },
	};
	/* Of lattice keys, all that comes before the key; OpenSSL 3.5 */
	static const struct {
		uint64_t key_type;
		struct ash_key_spec spec;
		uint8_t front[22];
	} lattice[] = {
		{ CKK_ML_DSA,
		  { ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_44, 0 },
		  { 0x30, 0x82, 0x05, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
		    0x01, 0x65, 0x03, 0x04, 0x03, 0x11, 0x03, 0x82, 0x05, 0x21, 0x00 } },
		{ CKK_ML_DSA,
		  { ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_87, 0 },
		  { 0x30, 0x82, 0x0a, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
		    0x01, 0x65, 0x03, 0x04, 0x03, 0x13, 0x03, 0x82, 0x0a, 0x21, 0x00 } },
		{ CKK_ML_KEM,
		  { ASH_KEY_ML_KEM, ASH_GROUP_ML_KEM_512, 0 },
		  { 0x30, 0x82, 0x03, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
		    0x01, 0x65, 0x03, 0x04, 0x04, 0x01, 0x03, 0x82, 0x03, 0x21, 0x00 } },
		{ CKK_ML_KEM,
		  { ASH_KEY_ML_KEM, ASH_GROUP_ML_KEM_768, 0 },
		  { 0x30, 0x82, 0x04, 0xb2, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
		    0x01, 0x65, 0x03, 0x04, 0x04, 0x02, 0x03, 0x82, 0x04, 0xa1, 0x00 } },
		{ CKK_ML_KEM,
		  { ASH_KEY_ML_KEM, ASH_GROUP_ML_KEM_1024, 0 },
		  { 0x30, 0x82, 0x06, 0x32, 0x30, 0x0b, 0x06, 0x09, 0x60, 0x86, 0x48,
		    0x01, 0x65, 0x03, 0x04, 0x04, 0x03, 0x03, 0x82, 0x06, 0x21, 0x00 } },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const size_t len = ash_group_public_len(row[i].spec.group);
		const struct ash_span point = ash_span(row[i].info.data + row[i].info.len - len, len);
		ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
		ASH_AUTO(ash_attrs) *attrs = NULL;

		EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, point));
		attrs = stored(CKO_PUBLIC_KEY, row[i].key_type, row[i].spec, &parts);
		EXPECT_SPAN(row[i].info, value_of(attrs, CKA_PUBLIC_KEY_INFO));
	}
	for (size_t i = 0; i < ASH_COUNT(lattice); i++) {
		ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
		ASH_AUTO(ash_attrs) *attrs = NULL;

		EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC,
					ash_span(filler, ash_group_public_len(lattice[i].spec.group))));
		attrs = stored(CKO_PUBLIC_KEY, lattice[i].key_type, lattice[i].spec, &parts);
		EXPECT_SPAN(SPAN(lattice[i].front), ash_span(value_of(attrs, CKA_PUBLIC_KEY_INFO).data, 22));
	}
}

TEST(what_the_template_said_is_kept_or_checked)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_EDWARDS, .group = ASH_GROUP_ED25519 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *attrs =
		set_of(ATTRS(PUBLIC_ED25519, { CKA_EC_POINT, SPAN(seed) }, { CKA_PUBLIC_KEY_INFO, EMPTY }));

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, SPAN(seed)));
	EXPECT_OK(ash_keymap_store(&spec, &parts, attrs));
	EXPECT_SPAN(NAME_ED25519, value_of(attrs, CKA_EC_PARAMS));
	EXPECT_NUMBER(34, value_of(attrs, CKA_EC_POINT).len);
	EXPECT_NUMBER(44, value_of(attrs, CKA_PUBLIC_KEY_INFO).len);
	EXPECT_OK(ash_keymap_store(&spec, &parts, attrs));
	EXPECT_OK(ash_attrs_set(attrs, CKA_PUBLIC_KEY_INFO, SPAN(point_info)));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, ash_keymap_store(&spec, &parts, attrs));
}

TEST(a_part_of_another_kind_of_key_is_refused)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_RSA)));

	EXPECT_CODE(ASH_E_KEY_TYPE, ash_keymap_store(&spec, &parts, attrs));
}

TEST(secret_keys_have_their_value_and_length)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = 128 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *attrs = NULL;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, TEXT("0123456789abcdef")));
	attrs = stored(CKO_SECRET_KEY, CKK_AES, spec, &parts);
	EXPECT_SPAN(TEXT("0123456789abcdef"), value_of(attrs, CKA_VALUE));
	EXPECT_NUMBER(16, ash_attrs_number(attrs, CKA_VALUE_LEN, 0));
	EXPECT(!ash_attrs_has(attrs, CKA_PUBLIC_KEY_INFO));
	expect_part(ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES), { CKA_VALUE, TEXT("0123456789abcdef") }),
		    ASH_PART_SECRET, TEXT("0123456789abcdef"));
}

TEST(a_device_keeps_its_key_as_a_blob)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_EC, .group = ASH_GROUP_P256 };
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_parts) again = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_attrs) *public_key = NULL;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_PUBLIC, P256_POINT));
	EXPECT_OK(ash_parts_set(&parts, ASH_PART_BLOB, TEXT("blob")));
	attrs = stored(CKO_PRIVATE_KEY, CKK_EC, spec, &parts);
	public_key = stored(CKO_PUBLIC_KEY, CKK_EC, spec, &parts);
	EXPECT_SPAN(TEXT("blob"), value_of(attrs, ASH_A_BLOB));
	EXPECT(!ash_attrs_has(public_key, ASH_A_BLOB));
	EXPECT_OK(ash_keymap_parts(attrs, &again));
	EXPECT_SPAN(TEXT("blob"), ash_parts_get(&again, ASH_PART_BLOB));
	EXPECT_SPAN(P256_POINT, ash_parts_get(&again, ASH_PART_PUBLIC));
}

/* The stores that fail leave a set that nobody keeps; a new one has to be made each time. */
static struct ash_status store_anew(uint64_t key_type, struct ash_key_spec spec,
				    const struct ash_parts *parts)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;

	ASH_TRY(ash_attrs_new(&attrs));
	ASH_TRY(ash_attrs_set_number(attrs, CKA_CLASS, CKO_PRIVATE_KEY));
	ASH_TRY(ash_attrs_set_number(attrs, CKA_KEY_TYPE, key_type));
	return ash_keymap_store(&spec, parts, attrs);
}

TEST(every_allocation_may_fail)
{
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;
	ASH_AUTO(ash_parts) rsa = ASH_PARTS_NONE;
	ASH_AUTO(ash_attrs) *attrs = set_of(ATTRS(PRIVATE_P256, { CKA_VALUE, SPAN(p256_scalar) },
						  { CKA_PUBLIC_KEY_INFO, SPAN(point_info) }));

	FAIL_EVERY_ALLOCATION(parts.value[ASH_PART_PRIVATE] == NULL && parts.value[ASH_PART_PUBLIC] == NULL,
			      ash_keymap_parts(attrs, &parts));
	FAIL_EVERY_ALLOCATION(
		true, store_anew(CKK_EC, (struct ash_key_spec){ ASH_KEY_EC, ASH_GROUP_P256, 0 }, &parts));
	EXPECT_OK(ash_parts_set(&rsa, ASH_PART_MODULUS, RSA_MODULUS));
	EXPECT_OK(ash_parts_set(&rsa, ASH_PART_PUBLIC_EXPONENT, BYTES(1, 0, 1)));
	FAIL_EVERY_ALLOCATION(
		true, store_anew(CKK_RSA, (struct ash_key_spec){ .kind = ASH_KEY_RSA, .bits = 512 }, &rsa));
}
