/* C_DeriveKey (token/derive.c). */
#include "unit/token/transport.h"

static const uint8_t x25519_oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
static const uint8_t x448_oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x6f };
static const uint8_t p384_oid[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };
static const uint8_t p521_oid[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x23 };

static ash_handle derived;

static struct ash_status derive(const struct ash_mechanism *mechanism, ash_handle base,
				struct ash_template given)
{
	ash_handle key = 12345;
	const struct ash_status status = ash_hsm_derive_key(hsm, session, mechanism, base, given, &key);

	EXPECT(ash_is_ok(status) || key == 12345);
	derived = key;
	return status;
}

static struct ash_span derive_ok(const struct ash_mechanism *mechanism, ash_handle base,
				 struct ash_template given)
{
	EXPECT_OK(derive(mechanism, base, given));
	return get_bytes(hsm, session, derived, CKA_VALUE);
}

static struct ash_mechanism ecdh(uint64_t kdf, struct ash_span peer, struct ash_span shared)
{
	return (struct ash_mechanism){ .type = CKM_ECDH1_DERIVE,
				       .derive = { .kdf = kdf, .peer = peer, .shared = shared } };
}

static struct pair curve_pair(struct ash_span curve)
{
	const bool montgomery = curve.len == 5 && curve.data[2] == 0x2b && curve.data[3] == 0x65;

	return pair_of(montgomery ? CKM_EC_MONTGOMERY_KEY_PAIR_GEN : CKM_EC_KEY_PAIR_GEN,
		       ATTRS({ CKA_EC_PARAMS, curve }), ATTRS({ CKA_DERIVE, YES }));
}

/* CKA_EC_POINT, as it is or without its OCTET STRING. */
static struct ash_span point_of(struct pair pair, bool bare)
{
	const struct ash_span point = get_bytes(hsm, session, pair.public_key, CKA_EC_POINT);
	const size_t header = point.data[1] == 0x81 ? 3 : 2;

	return bare ? ash_span(point.data + header, point.len - header) : point;
}

TEST(both_sides_agree)
{
	const struct {
		struct ash_span curve;
		size_t field;
	} row[] = {
		{ P256, 32 },           { SPAN(p384_oid), 48 },
		{ SPAN(p521_oid), 66 }, { SPAN(x25519_oid), 32 },
		{ SPAN(x448_oid), 56 },
	};
	static const uint64_t kdfs[] = { CKD_NULL,
					 CKD_SHA1_KDF,
					 CKD_SHA224_KDF,
					 CKD_SHA256_KDF,
					 CKD_SHA384_KDF,
					 CKD_SHA512_KDF,
					 CKD_SHA3_224_KDF,
					 CKD_SHA3_256_KDF,
					 CKD_SHA3_384_KDF,
					 CKD_SHA3_512_KDF,
					 CKD_SHA1_KDF_SP800,
					 CKD_SHA224_KDF_SP800,
					 CKD_SHA256_KDF_SP800,
					 CKD_SHA384_KDF_SP800,
					 CKD_SHA512_KDF_SP800,
					 CKD_SHA3_224_KDF_SP800,
					 CKD_SHA3_256_KDF_SP800,
					 CKD_SHA3_384_KDF_SP800,
					 CKD_SHA3_512_KDF_SP800 };

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const struct pair a = curve_pair(row[i].curve), b = curve_pair(row[i].curve);
		uint8_t seen[ASH_COUNT(kdfs)][20];

		for (size_t k = 0; k < ASH_COUNT(kdfs); k++) {
			const struct ash_span shared = kdfs[k] == CKD_NULL ? ASH_SPAN_NONE : TEXT("shared");
			const struct ash_mechanism here = ecdh(kdfs[k], point_of(b, true), shared);
			const struct ash_span mine = derive_ok(&here, a.private_key, GENERIC_OF(20));
			const struct ash_mechanism there = ecdh(kdfs[k], point_of(a, false), shared);

			EXPECT_NUMBER(20, mine.len);
			EXPECT_SPAN(mine, derive_ok(&there, b.private_key, GENERIC_OF(20)));
			memcpy(seen[k], mine.data, 20);
			for (size_t before = 0; before < k; before++)
				EXPECT(memcmp(seen[before], seen[k], 20) != 0);
		}
	}
}

/* RFC 7748 §6.1 */
TEST(x25519_as_the_rfc_has_it)
{
	static const uint8_t alice[32] = { 0x77, 0x07, 0x6d, 0x0a, 0x73, 0x18, 0xa5, 0x7d, 0x3c, 0x16, 0xc1,
					   0x72, 0x51, 0xb2, 0x66, 0x45, 0xdf, 0x4c, 0x2f, 0x87, 0xeb, 0xc0,
					   0x99, 0x2a, 0xb1, 0x77, 0xfb, 0xa5, 0x1d, 0xb9, 0x2c, 0x2a };
	static const uint8_t bob[32] = { 0xde, 0x9e, 0xdb, 0x7d, 0x7b, 0x7d, 0xc1, 0xb4, 0xd3, 0x5b, 0x61,
					 0xc2, 0xec, 0xe4, 0x35, 0x37, 0x3f, 0x83, 0x43, 0xc8, 0x5b, 0x78,
					 0x67, 0x4d, 0xad, 0xfc, 0x7e, 0x14, 0x6f, 0x88, 0x2b, 0x4f };
	static const uint8_t want[32] = { 0x4a, 0x5d, 0x9d, 0x5b, 0xa4, 0xce, 0x2d, 0xe1, 0x72, 0x8e, 0x3b,
					  0xf4, 0x80, 0x35, 0x0f, 0x25, 0xe0, 0x7e, 0x21, 0xc9, 0x47, 0xd1,
					  0x9e, 0x33, 0x76, 0xf0, 0x9b, 0x3c, 0x1e, 0x16, 0x17, 0x42 };
	const struct ash_mechanism mechanism = ecdh(CKD_NULL, SPAN(bob), ASH_SPAN_NONE);
	ash_handle key = 0;

	set_up();
	key = create(hsm, session,
		     ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) },
			   { CKA_KEY_TYPE, NUMBER(CKK_EC_MONTGOMERY) }, { CKA_EC_PARAMS, SPAN(x25519_oid) },
			   { CKA_VALUE, SPAN(alice) }, { CKA_DERIVE, YES }));
	EXPECT_SPAN(SPAN(want), derive_ok(&mechanism, key, GENERIC_TEMPLATE)); /* all of it */
	EXPECT_SPAN(SPAN(want), derive_ok(&mechanism, key, AES_TEMPLATE));
	/* "removes bytes from the leading end" */
	EXPECT_SPAN(ash_span(want + 12, 20), derive_ok(&mechanism, key, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_KEY_SIZE, derive(&mechanism, key, GENERIC_OF(33)));
	EXPECT_CODE(ASH_E_KEY_SIZE, derive(&mechanism, key, GENERIC_OF(0)));
}

TEST(peers_that_are_none)
{
	const struct pair a = curve_pair(P256), b = curve_pair(P256), x = curve_pair(SPAN(x25519_oid));
	uint8_t point[67];
	struct ash_mechanism mechanism = ecdh(CKD_NULL, SPAN(point), ASH_SPAN_NONE);

	memcpy(point, point_of(b, false).data, sizeof(point));
	EXPECT_OK(derive(&mechanism, a.private_key, GENERIC_TEMPLATE));
	point[66] ^= 1; /* not on the curve */
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_TEMPLATE));
	point[66] ^= 1;
	point[0] = 0x03;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_TEMPLATE));
	for (size_t len = 0; len < sizeof(point); len++) {
		mechanism.derive.peer.len = len;
		EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_TEMPLATE));
	}
	memset(point, 0, sizeof(point)); /* of small order */
	mechanism.derive.peer.len = 32;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, x.private_key, GENERIC_TEMPLATE));
}

TEST(kdfs_that_do_not_go)
{
	const struct pair a = curve_pair(P256);
	struct ash_mechanism mechanism = ecdh(CKD_NULL, point_of(a, true), TEXT("shared"));

	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_OF(20)));
	mechanism.derive.kdf = CKD_SHA1_KDF_ASN1;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_OF(20)));
	mechanism.derive.kdf = 0;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_OF(20)));
	mechanism.derive.kdf = UINT64_MAX;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, a.private_key, GENERIC_OF(20)));
	/* a KDF gives any length: somebody has to say which */
	mechanism.derive.kdf = CKD_SHA256_KDF;
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, derive(&mechanism, a.private_key, GENERIC_TEMPLATE));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, derive(&mechanism, a.private_key, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_KEY_SIZE, derive(&mechanism, a.private_key, GENERIC_OF(8193)));
	EXPECT_CODE(ASH_E_KEY_SIZE, derive(&mechanism, a.private_key, GENERIC_OF(UINT64_MAX)));
	EXPECT_NUMBER(8192, derive_ok(&mechanism, a.private_key, GENERIC_OF(8192)).len);
}

/* RFC 5869 A.1 */
static const uint8_t ikm[22] = { 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b,
				 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b, 0x0b };
static const uint8_t salt[13] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
static const uint8_t info[10] = { 0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9 };
static const uint8_t prk[32] = { 0x07, 0x77, 0x09, 0x36, 0x2c, 0x2e, 0x32, 0xdf, 0x0d, 0xdc, 0x3f,
				 0x0d, 0xc4, 0x7b, 0xba, 0x63, 0x90, 0xb6, 0xc7, 0x3b, 0xb5, 0x0f,
				 0x9c, 0x31, 0x22, 0xec, 0x84, 0x4a, 0xd7, 0xc2, 0xb3, 0xe5 };
static const uint8_t okm[42] = { 0x3c, 0xb2, 0x5f, 0x25, 0xfa, 0xac, 0xd5, 0x7a, 0x90, 0x43, 0x4f,
				 0x64, 0xd0, 0x36, 0x2f, 0x2a, 0x2d, 0x2d, 0x0a, 0x90, 0xcf, 0x1a,
				 0x5a, 0x4c, 0x5d, 0xb0, 0x2d, 0x56, 0xec, 0xc4, 0xc5, 0xbf, 0x34,
				 0x00, 0x72, 0x08, 0xd5, 0xb8, 0x87, 0x18, 0x58, 0x65 };

static struct ash_mechanism hkdf(bool extract, bool expand)
{
	return (struct ash_mechanism){
		.type = CKM_HKDF_DERIVE,
		.derive = {
			.extract = extract,
			.expand = expand,
			.hash = ASH_HASH_SHA256,
			.salt_type = CKF_HKDF_SALT_DATA,
			.salt = SPAN(salt),
			.info = SPAN(info),
		},
	};
}

static ash_handle base_of(uint64_t key_type, struct ash_span bytes)
{
	return secret_with(key_type, bytes, ATTRS({ CKA_DERIVE, YES }));
}

TEST(hkdf_as_the_rfc_has_it)
{
	struct ash_mechanism mechanism = hkdf(true, true);

	EXPECT_SPAN(SPAN(okm), derive_ok(&mechanism, base_of(CKK_HKDF, SPAN(ikm)), GENERIC_OF(42)));
	EXPECT_SPAN(SPAN(okm), derive_ok(&mechanism, base_of(CKK_GENERIC_SECRET, SPAN(ikm)), GENERIC_OF(42)));
	mechanism = hkdf(true, false);
	EXPECT_SPAN(SPAN(prk), derive_ok(&mechanism, base_of(CKK_HKDF, SPAN(ikm)), GENERIC_TEMPLATE));
	EXPECT_SPAN(SPAN(prk), derive_ok(&mechanism, base_of(CKK_HKDF, SPAN(ikm)), GENERIC_OF(32)));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    derive(&mechanism, base_of(CKK_HKDF, SPAN(ikm)), GENERIC_OF(31)));
	EXPECT_CODE(ASH_E_KEY_SIZE, derive(&mechanism, base_of(CKK_HKDF, SPAN(ikm)), GENERIC_OF(33)));
	mechanism = hkdf(false, true);
	EXPECT_SPAN(SPAN(okm), derive_ok(&mechanism, base_of(CKK_HKDF, SPAN(prk)), GENERIC_OF(42)));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE,
		    derive(&mechanism, base_of(CKK_HKDF, SPAN(prk)), GENERIC_TEMPLATE));
	EXPECT_NUMBER(8160, derive_ok(&mechanism, base_of(CKK_HKDF, SPAN(prk)), GENERIC_OF(8160)).len);
	EXPECT_CODE(ASH_E_KEY_SIZE, derive(&mechanism, base_of(CKK_HKDF, SPAN(prk)), GENERIC_OF(8161)));
	mechanism = hkdf(false, false);
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, base_of(CKK_HKDF, SPAN(prk)), GENERIC_OF(42)));
}

TEST(a_salt_may_be_a_key)
{
	const ash_handle base = base_of(CKK_HKDF, SPAN(ikm));
	struct ash_mechanism mechanism = hkdf(true, true);

	mechanism.derive.salt = ASH_SPAN_NONE;
	mechanism.derive.salt_type = CKF_HKDF_SALT_KEY;
	mechanism.derive.salt_key = base_of(CKK_GENERIC_SECRET, SPAN(salt));
	EXPECT_SPAN(SPAN(okm), derive_ok(&mechanism, base, GENERIC_OF(42)));
	mechanism.derive.salt_key = secret(CKK_GENERIC_SECRET, SPAN(salt));
	EXPECT_CODE(ASH_E_KEY_USAGE, derive(&mechanism, base, GENERIC_OF(42)));
	mechanism.derive.salt_key = make_aes(hsm, session, false);
	EXPECT_CODE(ASH_E_KEY_TYPE, derive(&mechanism, base, GENERIC_OF(42)));
	mechanism.derive.salt_key = 987654;
	EXPECT_CODE(ASH_E_KEY_HANDLE, derive(&mechanism, base, GENERIC_OF(42)));
	mechanism.derive.salt_key = 0;
	mechanism.derive.salt_type = CKF_HKDF_SALT_NULL;
	EXPECT_OK(derive(&mechanism, base, GENERIC_OF(42)));
	mechanism.derive.salt_type = 3;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, base, GENERIC_OF(42)));
}

/* §6.3.17: true only if it is true of the base key, and the new one keeps to it. */
TEST(a_past_is_inherited)
{
	const struct ash_mechanism make = { .type = CKM_HKDF_KEY_GEN };
	const struct ash_mechanism mechanism = hkdf(true, true);

	set_up();
	for (int kind = 0; kind < 4; kind++) {
		const bool sensitive = (kind & 1) != 0, extractable = (kind & 2) != 0;
		ash_handle base = 0;

		EXPECT_OK(ash_hsm_generate_key(hsm, session, &make,
					       ATTRS({ CKA_VALUE_LEN, NUMBER(32) }, { CKA_DERIVE, YES },
						     { CKA_SENSITIVE, yes_no(sensitive) },
						     { CKA_EXTRACTABLE, yes_no(extractable) }),
					       &base));
		for (int child = 0; child < 4; child++) {
			const bool hidden = (child & 1) != 0, leaves = (child & 2) != 0;

			EXPECT_OK(
				derive(&mechanism, base,
				       ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_VALUE_LEN, NUMBER(16) },
					     { CKA_SENSITIVE, yes_no(hidden) },
					     { CKA_EXTRACTABLE, yes_no(leaves) })));
			EXPECT(get_bool(hsm, session, derived, CKA_ALWAYS_SENSITIVE) ==
			       (sensitive && hidden));
			EXPECT(get_bool(hsm, session, derived, CKA_NEVER_EXTRACTABLE) ==
			       (!extractable && !leaves));
			EXPECT(!get_bool(hsm, session, derived, CKA_LOCAL));
			EXPECT_NUMBER(16, get_number(hsm, session, derived, CKA_VALUE_LEN));
			EXPECT_NUMBER(3, get_bytes(hsm, session, derived, CKA_CHECK_VALUE).len);
		}
	}
}

TEST(base_keys_that_may_not)
{
	const struct ash_mechanism mechanism = hkdf(true, true), none = { .type = CKM_SHA256 };
	const struct pair a = curve_pair(P256);
	const struct ash_mechanism agree = ecdh(CKD_NULL, point_of(a, true), ASH_SPAN_NONE);
	const struct pair mute = pair_of(CKM_EC_KEY_PAIR_GEN, ATTRS({ CKA_EC_PARAMS, P256 }), NO_ATTRS);
	const struct pair careful = pair_of(CKM_EC_KEY_PAIR_GEN, ATTRS({ CKA_EC_PARAMS, P256 }),
					    ATTRS({ CKA_DERIVE, YES }, { CKA_ALWAYS_AUTHENTICATE, YES }));
	const ash_handle bound =
		secret_with(CKK_HKDF, SPAN(ikm),
			    ATTRS({ CKA_DERIVE, YES }, { CKA_ALLOWED_MECHANISMS, NUMBER(CKM_AES_CBC) }));
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_SESSION_HANDLE,
		    ash_hsm_derive_key(hsm, 77, &mechanism, bound, GENERIC_OF(20), &key));
	EXPECT_CODE(ASH_E_MECHANISM, derive(&none, a.private_key, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_KEY_HANDLE, derive(&agree, 0, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_KEY_TYPE, derive(&mechanism, a.private_key, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_KEY_TYPE, derive(&agree, bound, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_KEY_TYPE, derive(&agree, a.public_key, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_KEY_USAGE, derive(&agree, mute.private_key, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, derive(&agree, careful.private_key, GENERIC_OF(20)));
	EXPECT_CODE(ASH_E_MECHANISM, derive(&mechanism, bound, GENERIC_OF(20)));
}

TEST(templates_that_do_not_go)
{
	const ash_handle base = base_of(CKK_HKDF, SPAN(ikm));
	const ash_handle strict = secret_with(
		CKK_HKDF, SPAN(ikm),
		ATTRS({ CKA_DERIVE, YES }, { CKA_DERIVE_TEMPLATE, template_bool(CKA_SENSITIVE, true) }));
	const struct ash_mechanism mechanism = hkdf(true, true);

	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, derive(&mechanism, base, NO_ATTRS));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, derive(&mechanism, base, PRIVATE_TEMPLATE(CKK_EC)));
	EXPECT_CODE(
		ASH_E_ATTRIBUTE_READ_ONLY,
		derive(&mechanism, base, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_VALUE, SPAN(ikm) })));
	EXPECT_CODE(ASH_E_KEY_SIZE,
		    derive(&mechanism, base,
			   ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_VALUE_LEN, NUMBER(20) })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, derive(&mechanism, strict, GENERIC_OF(20)));
	EXPECT_OK(derive(&mechanism, strict,
			 ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) }, { CKA_VALUE_LEN, NUMBER(20) })));
	EXPECT(get_bool(hsm, session, derived, CKA_SENSITIVE));
}

/* What OpenSSL can't take of it is the parameter's fault. */
TEST(more_information_than_hkdf_takes)
{
	static uint8_t much[32769];
	const struct ash_mechanism mechanism = {
		.type = CKM_HKDF_DERIVE,
		.derive = { .expand = true, .hash = ASH_HASH_SHA256, .info = { much, sizeof(much) } },
	};
	struct ash_mechanism fits = mechanism;
	const ash_handle base = base_of(CKK_HKDF, TEXT("a base key of thirty-two bytes.."));

	EXPECT_CODE(ASH_E_MECHANISM_PARAM, derive(&mechanism, base, GENERIC_OF(32)));
	fits.derive.info.len--;
	EXPECT_OK(derive(&fits, base, GENERIC_OF(32)));
}

/*
 * A base key whose template keeps its keys sensitive gives none that can be guessed: of one
 * byte, then of two, their MACs would tell the whole secret. What may be read can be short.
 */
TEST(no_key_is_hidden_that_can_be_guessed)
{
	static const uint64_t kdfs[] = { CKD_NULL, CKD_SHA256_KDF, CKD_SHA256_KDF_SP800 };
	const struct pair a = curve_pair(P256), b = curve_pair(P256);
	const ash_handle base = base_of(CKK_HKDF, TEXT("a base key of thirty-two bytes.."));
	struct ash_mechanism hashed = { .type = CKM_HKDF_DERIVE,
					.derive = { .expand = true, .hash = ASH_HASH_SHA256 } };

	for (size_t len = 1; len <= 32; len++) {
		const struct ash_attr type = { CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) };
		const struct ash_template hidden[] = {
			ATTRS(type, { CKA_VALUE_LEN, NUMBER(len) }, { CKA_SENSITIVE, YES },
			      { CKA_EXTRACTABLE, YES }),
			ATTRS(type, { CKA_VALUE_LEN, NUMBER(len) }, { CKA_SENSITIVE, NO },
			      { CKA_EXTRACTABLE, NO }),
			ATTRS(type, { CKA_VALUE_LEN, NUMBER(len) }),
		};
		const enum ash_code want = len < 14 ? ASH_E_TEMPLATE_INCONSISTENT : ASH_OK;

		for (size_t i = 0; i < ASH_COUNT(hidden); i++) {
			for (size_t k = 0; k < ASH_COUNT(kdfs); k++) {
				const struct ash_mechanism agree =
					ecdh(kdfs[k], point_of(b, false), ASH_SPAN_NONE);

				EXPECT_CODE(want, derive(&agree, a.private_key, hidden[i]));
				EXPECT_OK(derive(&agree, a.private_key, GENERIC_OF(len)));
			}
			EXPECT_CODE(want, derive(&hashed, base, hidden[i]));
			EXPECT_OK(derive(&hashed, base, GENERIC_OF(len)));
		}
	}
}

TEST(deriving_survives_each_failing_allocation)
{
	const struct pair a = curve_pair(P256);
	const struct ash_mechanism agree = ecdh(CKD_SHA256_KDF, point_of(a, true), TEXT("shared"));
	struct ash_mechanism mechanism = hkdf(true, true);
	const ash_handle base = base_of(CKK_HKDF, SPAN(ikm));
	ash_handle key = 0;

	FAIL_EVERY_ALLOCATION(key == 0,
			      ash_hsm_derive_key(hsm, session, &agree, a.private_key, GENERIC_OF(20), &key));
	mechanism.derive.salt = ASH_SPAN_NONE;
	mechanism.derive.salt_type = CKF_HKDF_SALT_KEY;
	mechanism.derive.salt_key = base;
	key = 0;
	FAIL_EVERY_ALLOCATION(key == 0,
			      ash_hsm_derive_key(hsm, session, &mechanism, base, GENERIC_OF(20), &key));
}
