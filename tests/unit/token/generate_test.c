/* C_GenerateKey and C_GenerateKeyPair (token/generate.c). */
#include "token/mechanism.h"
#include "unit/token/fixture.h"

static const uint8_t ed25519_oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t p384_oid[] = { 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22 };

/* What every key made here says of its past. */
static void check_history(struct ash_hsm *hsm, ash_handle session, ash_handle key, uint64_t mechanism,
			  bool sensitive)
{
	const bool is_public = get_number(hsm, session, key, CKA_CLASS) == CKO_PUBLIC_KEY;

	EXPECT(get_bool(hsm, session, key, CKA_LOCAL));
	EXPECT_NUMBER(mechanism, get_number(hsm, session, key, CKA_KEY_GEN_MECHANISM));
	EXPECT_NUMBER(32, get_bytes(hsm, session, key, CKA_UNIQUE_ID).len);
	EXPECT(get_bool(hsm, session, key, CKA_PRIVATE) == !is_public);
	if (is_public)
		return;
	EXPECT_NUMBER(sensitive, get_bool(hsm, session, key, CKA_ALWAYS_SENSITIVE));
	EXPECT(get_bool(hsm, session, key, CKA_NEVER_EXTRACTABLE));
	EXPECT(!get_bool(hsm, session, key, CKA_EXTRACTABLE));
}

TEST(secret_keys_have_what_was_asked_for)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	static const struct {
		uint64_t mechanism, key_type, len;
		bool checked;
	} row[] = {
		{ CKM_AES_KEY_GEN, CKK_AES, 16, true },
		{ CKM_AES_KEY_GEN, CKK_AES, 24, true },
		{ CKM_AES_KEY_GEN, CKK_AES, 32, true },
		{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, 14, false },
		{ CKM_GENERIC_SECRET_KEY_GEN, CKK_GENERIC_SECRET, 100, false },
		{ CKM_SHA256_KEY_GEN, CKK_SHA256_HMAC, 64, false },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const struct ash_mechanism mechanism = { .type = row[i].mechanism };
		ash_handle key = 0;

		EXPECT_OK(
			ash_hsm_generate_key(hsm, session, &mechanism,
					     ATTRS({ CKA_VALUE_LEN, NUMBER(row[i].len) },
						   { CKA_SENSITIVE, YES }, { CKA_TOKEN, yes_no(i % 2 == 0) }),
					     &key));
		EXPECT_NUMBER(CKO_SECRET_KEY, get_number(hsm, session, key, CKA_CLASS));
		EXPECT_NUMBER(row[i].key_type, get_number(hsm, session, key, CKA_KEY_TYPE));
		EXPECT_NUMBER(row[i].len, get_number(hsm, session, key, CKA_VALUE_LEN));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, key, CKA_VALUE));
		check_history(hsm, session, key, row[i].mechanism, true);
		if (row[i].checked)
			EXPECT_NUMBER(3, get_bytes(hsm, session, key, CKA_CHECK_VALUE).len);
	}
	ash_hsm_free(hsm);
}

TEST(a_check_value_is_the_same_after_import)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism mechanism = { .type = CKM_AES_KEY_GEN };
	ash_handle key = 0, again = 0;

	EXPECT_OK(ash_hsm_generate_key(
		hsm, session, &mechanism,
		ATTRS({ CKA_VALUE_LEN, NUMBER(16) }, { CKA_SENSITIVE, NO }, { CKA_EXTRACTABLE, YES }), &key));
	EXPECT(!get_bool(hsm, session, key, CKA_ALWAYS_SENSITIVE));
	EXPECT(!get_bool(hsm, session, key, CKA_NEVER_EXTRACTABLE));
	again = create(hsm, session,
		       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			     { CKA_VALUE, get_bytes(hsm, session, key, CKA_VALUE) }));
	EXPECT_SPAN(get_bytes(hsm, session, key, CKA_CHECK_VALUE),
		    get_bytes(hsm, session, again, CKA_CHECK_VALUE));
	ash_hsm_free(hsm);
}

TEST(rsa_pairs_have_their_modulus_and_exponent)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism mechanism = { .type = CKM_RSA_PKCS_KEY_PAIR_GEN };
	ash_handle pub = 0, priv = 0;
	struct ash_span modulus;

	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &mechanism, ATTRS({ CKA_MODULUS_BITS, NUMBER(2048) }),
					NO_ATTRS, &pub, &priv));
	modulus = get_bytes(hsm, session, pub, CKA_MODULUS);
	EXPECT_NUMBER(256, modulus.len);
	EXPECT((modulus.data[0] & 0x80) != 0);
	EXPECT_SPAN(modulus, get_bytes(hsm, session, priv, CKA_MODULUS));
	EXPECT_SPAN(BYTES(1, 0, 1), get_bytes(hsm, session, pub, CKA_PUBLIC_EXPONENT));
	EXPECT_SPAN(BYTES(1, 0, 1), get_bytes(hsm, session, priv, CKA_PUBLIC_EXPONENT));
	EXPECT_NUMBER(2048, get_number(hsm, session, pub, CKA_MODULUS_BITS));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, priv, CKA_PRIVATE_EXPONENT));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, priv, CKA_PRIME_1));
	EXPECT_SPAN(get_bytes(hsm, session, pub, CKA_PUBLIC_KEY_INFO),
		    get_bytes(hsm, session, priv, CKA_PUBLIC_KEY_INFO));
	check_history(hsm, session, pub, mechanism.type, false);
	check_history(hsm, session, priv, mechanism.type, true);
	ash_hsm_free(hsm);
}

TEST(curve_pairs_have_a_point_in_an_octet_string)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	static const uint8_t by_name[] = { 0x13, 12,  'e', 'd', 'w', 'a', 'r',
					   'd',  's', '2', '5', '5', '1', '9' };
	static const struct {
		uint64_t mechanism;
		struct ash_span params;
		size_t point_len;
	} row[] = {
		{ CKM_EC_KEY_PAIR_GEN, { p256_oid, sizeof(p256_oid) }, 65 },
		{ CKM_EC_KEY_PAIR_GEN, { p384_oid, sizeof(p384_oid) }, 97 },
		{ CKM_EC_EDWARDS_KEY_PAIR_GEN, { ed25519_oid, sizeof(ed25519_oid) }, 32 },
		{ CKM_EC_EDWARDS_KEY_PAIR_GEN, { by_name, sizeof(by_name) }, 32 },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const struct ash_mechanism mechanism = { .type = row[i].mechanism };
		ash_handle pub = 0, priv = 0;
		struct ash_span point;

		EXPECT_OK(ash_hsm_generate_pair(hsm, session, &mechanism,
						ATTRS({ CKA_EC_PARAMS, row[i].params }), NO_ATTRS, &pub,
						&priv));
		point = get_bytes(hsm, session, pub, CKA_EC_POINT);
		EXPECT_NUMBER(row[i].point_len + 2, point.len);
		EXPECT_NUMBER(0x04, point.data[0]);
		EXPECT_NUMBER(row[i].point_len, point.data[1]);
		EXPECT_SPAN(row[i].params, get_bytes(hsm, session, pub, CKA_EC_PARAMS));
		EXPECT_SPAN(row[i].params, get_bytes(hsm, session, priv, CKA_EC_PARAMS));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, ask(hsm, session, priv, CKA_EC_POINT));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, priv, CKA_VALUE));
		check_history(hsm, session, pub, mechanism.type, false);
		check_history(hsm, session, priv, mechanism.type, true);
	}
	ash_hsm_free(hsm);
}

TEST(ml_dsa_pairs_have_their_parameter_set)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism mechanism = { .type = CKM_ML_DSA_KEY_PAIR_GEN };
	ash_handle pub = 0, priv = 0;

	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &mechanism,
					ATTRS({ CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_65) }), NO_ATTRS, &pub,
					&priv));
	EXPECT_NUMBER(1952, get_bytes(hsm, session, pub, CKA_VALUE).len);
	EXPECT_NUMBER(CKP_ML_DSA_65, get_number(hsm, session, pub, CKA_PARAMETER_SET));
	EXPECT_NUMBER(CKP_ML_DSA_65, get_number(hsm, session, priv, CKA_PARAMETER_SET));
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, priv, CKA_SEED));
	check_history(hsm, session, priv, mechanism.type, true);
	ash_hsm_free(hsm);
}

TEST(bad_templates_make_nothing)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism aes = { .type = CKM_AES_KEY_GEN }, ec = { .type = CKM_EC_KEY_PAIR_GEN },
				   rsa = { .type = CKM_RSA_PKCS_KEY_PAIR_GEN }, sha = { .type = CKM_SHA256 },
				   none = { .type = 0xfffffff0 },
				   odd = { .type = CKM_AES_KEY_GEN, .params = { .tag_len = 1 } };
	const struct ash_template good = ATTRS({ CKA_VALUE_LEN, NUMBER(16) }),
				  curve = ATTRS({ CKA_EC_PARAMS, P256 });
	ash_handle key = 7, other = 8;

#define KEY(mechanism, ...)   ash_hsm_generate_key(hsm, session, mechanism, __VA_ARGS__, &key)
#define PAIR(mechanism, a, b) ash_hsm_generate_pair(hsm, session, mechanism, a, b, &key, &other)
	EXPECT_CODE(ASH_E_MECHANISM, KEY(&ec, good));
	EXPECT_CODE(ASH_E_MECHANISM, KEY(&sha, good));
	EXPECT_CODE(ASH_E_MECHANISM, KEY(&none, good));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, KEY(&odd, good));
	EXPECT_CODE(ASH_E_MECHANISM, PAIR(&aes, curve, NO_ATTRS));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, KEY(&aes, NO_ATTRS));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, KEY(&aes, ATTRS({ CKA_VALUE_LEN, NUMBER(17) })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    KEY(&aes,
			ATTRS({ CKA_VALUE_LEN, NUMBER(16) }, { CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) })));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    KEY(&aes, ATTRS({ CKA_VALUE_LEN, NUMBER(16) }, { CKA_LOCAL, YES })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, PAIR(&ec, NO_ATTRS, NO_ATTRS));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, PAIR(&rsa, ATTRS({ CKA_MODULUS_BITS, NUMBER(1024) }), NO_ATTRS));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, PAIR(&rsa, ATTRS({ CKA_MODULUS_BITS, NUMBER(2049) }), NO_ATTRS));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    PAIR(&rsa,
			 ATTRS({ CKA_MODULUS_BITS, NUMBER(4096) },
			       { CKA_PUBLIC_EXPONENT, BYTES(1, 2, 3, 4, 5, 6, 7, 8, 9) }),
			 NO_ATTRS));
	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, PAIR(&ec, curve, ATTRS({ CKA_VENDOR_DEFINED | 99, YES })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, PAIR(&ec, curve, ATTRS({ CKA_VERIFY, YES })));
#undef KEY
#undef PAIR
	EXPECT_NUMBER(7, key);
	EXPECT_NUMBER(8, other);
	EXPECT_NUMBER(0, count_found(hsm, session, NO_ATTRS));
	ash_hsm_free(hsm);
}

TEST(pairs_are_made_both_or_none)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true), ro = open_session(hsm, false);
	const struct ash_mechanism ec = { .type = CKM_EC_KEY_PAIR_GEN };
	ash_handle pub = 7, priv = 8;

	/* the private half is not allowed before login, nor on the token in a read-only session */
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN,
		    ash_hsm_generate_pair(hsm, session, &ec, ATTRS({ CKA_EC_PARAMS, P256 }), NO_ATTRS, &pub,
					  &priv));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY,
		    ash_hsm_generate_pair(hsm, ro, &ec, ATTRS({ CKA_EC_PARAMS, P256 }),
					  ATTRS({ CKA_TOKEN, YES }), &pub, &priv));
	EXPECT_NUMBER(0, count_found(hsm, session, NO_ATTRS));
	EXPECT_NUMBER(7, pub);
	/* one half here, one there */
	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &ec, ATTRS({ CKA_EC_PARAMS, P256 }),
					ATTRS({ CKA_TOKEN, YES }), &pub, &priv));
	EXPECT(!get_bool(hsm, session, pub, CKA_TOKEN));
	EXPECT(get_bool(hsm, session, priv, CKA_TOKEN));
	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &ec, ATTRS({ CKA_EC_PARAMS, P256 }, { CKA_TOKEN, YES }),
					NO_ATTRS, &pub, &priv));
	EXPECT(get_bool(hsm, session, pub, CKA_TOKEN));
	EXPECT(!get_bool(hsm, session, priv, CKA_TOKEN));
	ash_hsm_free(hsm);
}

TEST(generation_survives_each_failing_allocation)
{
	for (int kind = 0; kind < 4; kind++) {
		struct ash_hsm *hsm = new_token();
		const ash_handle session = log_in(hsm);
		const struct ash_mechanism ec = { .type = CKM_EC_KEY_PAIR_GEN };
		struct ash_status status = { ASH_E_MEMORY };

		for (int64_t n = 0; status.code != ASH_OK; n++) {
			ash_handle pub = 7, priv = 8;

			ash_mem_fail_after(n);
			status = ash_hsm_generate_pair(
				hsm, session, &ec,
				ATTRS({ CKA_EC_PARAMS, P256 }, { CKA_TOKEN, yes_no((kind & 1) != 0) }),
				ATTRS({ CKA_TOKEN, yes_no((kind & 2) != 0) }), &pub, &priv);
			ash_mem_fail_after(-1);
			/* The library's own allocations fail as a failure of the library at times. */
			EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY ||
			       status.code == ASH_E_FAILED);
			EXPECT(status.code == ASH_OK || (pub == 7 && priv == 8));
			EXPECT_NUMBER(status.code == ASH_OK ? 2 : 0, count_found(hsm, session, NO_ATTRS));
			EXPECT(n < 10000);
		}
		ash_hsm_free(hsm);
	}
}

static struct ash_mechanism pbkdf2(uint64_t iterations)
{
	return (struct ash_mechanism){
		.type = CKM_PKCS5_PBKD2,
		.derive = {
			.kdf = CKP_PKCS5_PBKD2_HMAC_SHA1,
			.salt_type = CKZ_SALT_SPECIFIED,
			.salt = TEXT("salt"),
			.password = TEXT("password"),
			.iterations = iterations,
		},
	};
}

#define PASSWORD_KEY(type, len)                                                                         \
	ATTRS({ CKA_KEY_TYPE, NUMBER(type) }, { CKA_VALUE_LEN, NUMBER(len) }, { CKA_EXTRACTABLE, YES }, \
	      { CKA_SENSITIVE, NO })

/* RFC 6070 */
TEST(keys_of_passwords)
{
	static const uint8_t once[20] = { 0x0c, 0x60, 0xc8, 0x0f, 0x96, 0x1f, 0x0e, 0x71, 0xf3, 0xa9,
					  0xb5, 0x24, 0xaf, 0x60, 0x12, 0x06, 0x2f, 0xe0, 0x37, 0xa6 };
	static const uint8_t often[20] = { 0x4b, 0x00, 0x79, 0x01, 0xb7, 0x65, 0x48, 0x9a, 0xbe, 0xad,
					   0x49, 0xd9, 0x26, 0xf7, 0x21, 0xd0, 0x65, 0xa4, 0x29, 0xc1 };
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	struct ash_mechanism mechanism = pbkdf2(1);
	ash_handle key = 0;

	EXPECT_OK(ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_GENERIC_SECRET, 20), &key));
	EXPECT_SPAN(SPAN(once), get_bytes(hsm, session, key, CKA_VALUE));
	EXPECT(get_bool(hsm, session, key, CKA_LOCAL));
	EXPECT_NUMBER(CKM_PKCS5_PBKD2, get_number(hsm, session, key, CKA_KEY_GEN_MECHANISM));
	mechanism = pbkdf2(4096);
	EXPECT_OK(ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_GENERIC_SECRET, 20), &key));
	EXPECT_SPAN(SPAN(often), get_bytes(hsm, session, key, CKA_VALUE));
	EXPECT_OK(ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 16), &key));
	EXPECT_SPAN(ash_span(often, 16), get_bytes(hsm, session, key, CKA_VALUE));
	for (uint64_t prf = 0; prf < 12; prf++) {
		const bool known = prf != 0 && prf != CKP_PKCS5_PBKD2_HMAC_GOSTR3411 && prf <= 8;

		mechanism.derive.kdf = prf;
		EXPECT_CODE(known ? ASH_OK : ASH_E_MECHANISM_PARAM,
			    ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 16), &key));
	}
	ash_hsm_free(hsm);
}

TEST(passwords_that_make_no_key)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	struct ash_mechanism mechanism = pbkdf2(1);
	ash_handle key = 7;

	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE,
		    ash_hsm_generate_key(hsm, session, &mechanism, NO_ATTRS, &key));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE,
		    ash_hsm_generate_key(hsm, session, &mechanism, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }),
					 &key));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_RSA, 16), &key));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
		    ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 17), &key));
	EXPECT_CODE(
		ASH_E_ATTRIBUTE_VALUE,
		ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_GENERIC_SECRET, 8193), &key));
	mechanism.derive.iterations = 0;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 16), &key));
	mechanism.derive.iterations = UINT32_MAX; /* an hour */
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 16), &key));
	mechanism = pbkdf2(41000); /* of 410 blocks: more than 2^24 in all */
	EXPECT_CODE(
		ASH_E_MECHANISM_PARAM,
		ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_GENERIC_SECRET, 8192), &key));
	mechanism = pbkdf2(1);
	mechanism.derive.salt_type = 2;
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 16), &key));
	EXPECT_NUMBER(7, key);
	mechanism = pbkdf2(2);
	FAIL_EVERY_ALLOCATION(
		key == 7, ash_hsm_generate_key(hsm, session, &mechanism, PASSWORD_KEY(CKK_AES, 16), &key));
	ash_hsm_free(hsm);
}
