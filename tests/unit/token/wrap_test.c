/* C_WrapKey (token/wrap.c); that what it gives comes back, too. */
#include "token/wrap.h"

#include "unit/token/transport.h"

static const uint8_t value[32] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0xff };

static const uint8_t ed25519_oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static const uint8_t x25519_oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };

TEST(every_mechanism_that_wraps_is_tested_here)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		EXPECT(((row->info.flags & CKF_WRAP) != 0) == (wrapping_of(row->type) != NULL));
		if ((row->info.flags & (CKF_WRAP | CKF_UNWRAP)) != 0)
			EXPECT(ash_wrap_form(row) != NULL);
	}
	EXPECT(ash_wrap_form(ash_mechanism_find(CKM_SHA256)) == NULL);
}

TEST(a_secret_key_goes_and_comes_back)
{
	for (size_t i = 0; i < ASH_COUNT(wrapping); i++) {
		const struct pair keys = wrapping_keys(&wrapping[i]);
		const ash_handle key = secret(CKK_AES, SPAN(value));
		const struct ash_span out = wrap_ok(&wrapping[i], keys.public_key, key);
		const ash_handle back = unwrap_ok(&wrapping[i], keys.private_key, out,
						  ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
							{ CKA_KEY_TYPE, NUMBER(CKK_AES) }, READABLE,
							{ CKA_VALUE_LEN, NUMBER(32) }));

		EXPECT_SPAN(SPAN(value), get_bytes(hsm, session, back, CKA_VALUE));
		EXPECT_SPAN(get_bytes(hsm, session, key, CKA_CHECK_VALUE),
			    get_bytes(hsm, session, back, CKA_CHECK_VALUE));
		EXPECT(out.len >= 32);
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, key));
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, back));
	}
}

/* RFC 3394 §4.6, RFC 5649 §6: what others would unwrap. */
TEST(key_wrap_gives_what_the_standards_give)
{
	static const uint8_t kek[32] = { 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a,
					 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15,
					 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f };
	static const uint8_t data[32] = { 0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa,
					  0xbb, 0xcc, 0xdd, 0xee, 0xff, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05,
					  0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f };
	static const uint8_t want[40] = { 0x28, 0xc9, 0xf4, 0x04, 0xc4, 0xb8, 0x10, 0xf4, 0xcb, 0xcc,
					  0xb3, 0x5c, 0xfb, 0x87, 0xf8, 0x26, 0x3f, 0x57, 0x86, 0xe2,
					  0xd8, 0x0e, 0xd3, 0x26, 0xcb, 0xc7, 0xf0, 0xe7, 0x1a, 0x99,
					  0xf4, 0x3b, 0xfb, 0x98, 0x8b, 0x9b, 0x7a, 0x02, 0xdd, 0x21 };
	static const uint8_t kek_pad[24] = { 0x58, 0x40, 0xdf, 0x6e, 0x29, 0xb0, 0x2a, 0xf1,
					     0xab, 0x49, 0x3b, 0x70, 0x5b, 0xf1, 0x6e, 0xa1,
					     0xae, 0x83, 0x38, 0xf4, 0xdc, 0xc1, 0x76, 0xa8 };
	static const uint8_t data_pad[20] = { 0xc3, 0x7b, 0x7e, 0x64, 0x92, 0x58, 0x43, 0x40, 0xbe, 0xd1,
					      0x22, 0x07, 0x80, 0x89, 0x41, 0x15, 0x50, 0x68, 0xf7, 0x38 };
	static const uint8_t want_pad[32] = { 0x13, 0x8b, 0xde, 0xaa, 0x9b, 0x8f, 0xa7, 0xfc,
					      0x61, 0xf9, 0x77, 0x42, 0xe7, 0x22, 0x48, 0xee,
					      0x5a, 0xe6, 0xae, 0x53, 0x60, 0xd1, 0xae, 0x6a,
					      0x5f, 0x54, 0xf3, 0x73, 0xfa, 0x54, 0x3b, 0x6a };
	const ash_handle kw = secret_with(CKK_AES, SPAN(kek), ATTRS({ CKA_WRAP, YES }));
	const ash_handle kwp = secret_with(CKK_AES, SPAN(kek_pad), ATTRS({ CKA_WRAP, YES }));

	EXPECT_SPAN(SPAN(want),
		    wrap_ok(wrapping_of(CKM_AES_KEY_WRAP), kw, secret(CKK_GENERIC_SECRET, SPAN(data))));
	EXPECT_SPAN(SPAN(want_pad), wrap_ok(wrapping_of(CKM_AES_KEY_WRAP_KWP), kwp,
					    secret(CKK_GENERIC_SECRET, SPAN(data_pad))));
}

/* A private key that came back signs what the public one verifies. */
static void check_signs(uint64_t type, ash_handle private_key, ash_handle public_key)
{
	const struct ash_mechanism mechanism = { .type = type };
	uint8_t signature[4096];
	struct ash_out out = { signature, sizeof(signature), 0 };

	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_SIGN, &mechanism, private_key));
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_SIGN, SPAN(value), &out));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_VERIFY, &mechanism, public_key));
	EXPECT_OK(ash_hsm_verify_single(hsm, session, SPAN(value), ash_span(signature, out.len)));
}

TEST(private_keys_go_and_come_back)
{
	const struct {
		uint64_t generator, key_type, signs;
		struct ash_attr attr;
	} row[] = {
		{ CKM_EC_KEY_PAIR_GEN, CKK_EC, CKM_ECDSA_SHA256, { CKA_EC_PARAMS, P256 } },
		{ CKM_EC_EDWARDS_KEY_PAIR_GEN,
		  CKK_EC_EDWARDS,
		  CKM_EDDSA,
		  { CKA_EC_PARAMS, SPAN(ed25519_oid) } },
		{ CKM_ML_DSA_KEY_PAIR_GEN,
		  CKK_ML_DSA,
		  CKM_ML_DSA,
		  { CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_44) } },
		{ CKM_EC_MONTGOMERY_KEY_PAIR_GEN, CKK_EC_MONTGOMERY, 0, { CKA_EC_PARAMS, SPAN(x25519_oid) } },
		{ CKM_ML_KEM_KEY_PAIR_GEN, CKK_ML_KEM, 0, { CKA_PARAMETER_SET, NUMBER(CKP_ML_KEM_512) } },
		{ CKM_RSA_PKCS_KEY_PAIR_GEN,
		  CKK_RSA,
		  CKM_SHA256_RSA_PKCS,
		  { CKA_MODULUS_BITS, NUMBER(2048) } },
	};

	for (size_t k = 0; k < ASH_COUNT(row); k++) {
		const struct pair pair = pair_of(row[k].generator, (struct ash_template){ &row[k].attr, 1 },
						 ATTRS({ CKA_EXTRACTABLE, YES }, { CKA_SENSITIVE, NO }));

		for (size_t i = 0; i < ASH_COUNT(wrapping); i++) {
			const struct ash_mechanism_row *mechanism = ash_mechanism_find(wrapping[i].type);
			const struct pair keys = wrapping_keys(&wrapping[i]);
			ash_handle back = 0;

			if (!ash_wrap_form(mechanism)->private_keys) {
				EXPECT_CODE(ASH_E_KEY_NOT_WRAPPABLE,
					    wrap_try(&wrapping[i], keys.public_key, pair.private_key));
				continue;
			}
			back = unwrap_ok(&wrapping[i], keys.private_key,
					 wrap_ok(&wrapping[i], keys.public_key, pair.private_key),
					 PRIVATE_TEMPLATE(row[k].key_type));
			EXPECT_SPAN(get_bytes(hsm, session, pair.private_key, CKA_PUBLIC_KEY_INFO),
				    get_bytes(hsm, session, back, CKA_PUBLIC_KEY_INFO));
			if (row[k].signs != 0)
				check_signs(row[k].signs, back, pair.public_key);
			EXPECT_OK(ash_hsm_destroy_object(hsm, session, back));
		}
	}
}

/* §6.13.5: "tokens SHALL ignore any value provided in this field". */
TEST(ccm_wraps_whatever_length_is_announced)
{
	static const size_t announced[] = { 0, 1, 32, 48, 65536, SIZE_MAX };
	struct ash_mechanism ccm = { .type = CKM_AES_CCM,
				     .params = { .iv = { zero_iv, 13 }, .tag_len = 16 } };
	const ash_handle wrapper = wrapping_keys(&ccm).public_key, key = secret(CKK_AES, SPAN(value));

	for (size_t i = 0; i < ASH_COUNT(announced); i++) {
		ash_handle back = 0;
		struct ash_span out;

		ccm.params.data_len = announced[i];
		out = wrap_ok(&ccm, wrapper, key);
		EXPECT_NUMBER(48, out.len);
		back = unwrap_ok(&ccm, wrapper, out, AES_TEMPLATE);
		EXPECT_SPAN(SPAN(value), get_bytes(hsm, session, back, CKA_VALUE));
		EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN,
			    unwrap_try(&ccm, wrapper, ash_span(wrapped, 15), AES_TEMPLATE));
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, back));
	}
}

TEST(lengths_are_known_beforehand)
{
	const ash_handle key = secret(CKK_AES, SPAN(value));

	for (size_t i = 0; i < ASH_COUNT(wrapping); i++) {
		const ash_handle wrapper = wrapping_keys(&wrapping[i]).public_key;
		struct ash_out out = { .data = NULL };
		size_t need = 0;

		EXPECT_OK(wrap_with(&wrapping[i], wrapper, key, &out));
		need = out.len;
		memset(wrapped, 0xee, sizeof(wrapped));
		out = (struct ash_out){ wrapped, need - 1, 0 };
		EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, wrap_with(&wrapping[i], wrapper, key, &out));
		EXPECT_NUMBER(need, out.len);
		EXPECT_NUMBER(0xee, wrapped[0]);
		out = (struct ash_out){ wrapped, need, 0 };
		EXPECT_OK(wrap_with(&wrapping[i], wrapper, key, &out));
		EXPECT_NUMBER(need, out.len);
		EXPECT_NUMBER(0xee, wrapped[need]);
	}
}

TEST(wrapping_keys_that_may_not)
{
	const struct ash_mechanism *kw = wrapping_of(CKM_AES_KEY_WRAP),
				   *oaep = wrapping_of(CKM_RSA_PKCS_OAEP);
	const struct ash_mechanism odd = { .type = CKM_AES_KEY_WRAP, .params = { .iv = { value, 7 } } };
	const struct ash_mechanism sha = { .type = CKM_SHA256 }, none = { .type = CKM_VENDOR_DEFINED };
	const ash_handle key = secret(CKK_AES, SPAN(value)), wrapper = wrapping_keys(kw).public_key;
	const ash_handle data = create_data(hsm, session, false, TEXT("no key"));
	const ash_handle bound =
		secret_with(CKK_AES, SPAN(value),
			    ATTRS({ CKA_WRAP, YES }, { CKA_ALLOWED_MECHANISMS, NUMBER(CKM_AES_CBC) }));

	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_wrap_key(hsm, 77, kw, wrapper, key, NULL));
	EXPECT_CODE(ASH_E_MECHANISM, wrap_try(&none, wrapper, key));
	EXPECT_CODE(ASH_E_MECHANISM, wrap_try(&sha, wrapper, key));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, wrap_try(&odd, wrapper, key));
	EXPECT_CODE(ASH_E_WRAPPING_KEY_HANDLE, wrap_try(kw, 0, key));
	EXPECT_CODE(ASH_E_WRAPPING_KEY_HANDLE, wrap_try(kw, data, key));
	EXPECT_CODE(ASH_E_WRAPPING_KEY_TYPE, wrap_try(oaep, wrapper, key));
	EXPECT_CODE(ASH_E_WRAPPING_KEY_TYPE, wrap_try(kw, rsa_pair().public_key, key));
	EXPECT_CODE(ASH_E_WRAPPING_KEY_TYPE, wrap_try(oaep, rsa_pair().private_key, key));
	EXPECT_CODE(ASH_E_KEY_USAGE, wrap_try(kw, key, key));
	EXPECT_CODE(ASH_E_MECHANISM, wrap_try(kw, bound, key));
}

TEST(keys_that_may_not_be_wrapped)
{
	const struct ash_mechanism *kw = wrapping_of(CKM_AES_KEY_WRAP);
	const ash_handle wrapper = wrapping_keys(kw).public_key;
	const ash_handle data = create_data(hsm, session, false, TEXT("no key"));

	EXPECT_CODE(ASH_E_KEY_HANDLE, wrap_try(kw, wrapper, 0));
	EXPECT_CODE(ASH_E_KEY_HANDLE, wrap_try(kw, wrapper, data));
	EXPECT_CODE(ASH_E_KEY_NOT_WRAPPABLE, wrap_try(kw, wrapper, rsa_pair().public_key));
	EXPECT_CODE(ASH_E_KEY_UNEXTRACTABLE,
		    wrap_try(kw, wrapper, secret_with(CKK_AES, SPAN(value), ATTRS({ CKA_EXTRACTABLE, NO }))));
	EXPECT_CODE(ASH_E_KEY_UNEXTRACTABLE, wrap_try(kw, wrapper, make_aes(hsm, session, false)));
	EXPECT_CODE(ASH_E_KEY_SIZE, wrap_try(kw, wrapper, secret(CKK_GENERIC_SECRET, ash_span(value, 8))));
	EXPECT_OK(wrap_try(kw, wrapper, secret(CKK_GENERIC_SECRET, ash_span(value, 9))));
}

TEST(what_is_too_long_for_rsa)
{
	static const uint8_t longer[256] = { 1 };
	const ash_handle rsa = rsa_pair().public_key;

	EXPECT_OK(
		wrap_try(wrapping_of(CKM_RSA_PKCS), rsa, secret(CKK_GENERIC_SECRET, ash_span(longer, 245))));
	EXPECT_CODE(ASH_E_KEY_SIZE, wrap_try(wrapping_of(CKM_RSA_PKCS), rsa,
					     secret(CKK_GENERIC_SECRET, ash_span(longer, 246))));
	EXPECT_OK(wrap_try(wrapping_of(CKM_RSA_PKCS_OAEP), rsa,
			   secret(CKK_GENERIC_SECRET, ash_span(longer, 190))));
	EXPECT_CODE(ASH_E_KEY_SIZE, wrap_try(wrapping_of(CKM_RSA_PKCS_OAEP), rsa,
					     secret(CKK_GENERIC_SECRET, ash_span(longer, 191))));
}

TEST(only_trusted_keys_wrap_what_asks_for_them)
{
	const struct ash_mechanism *kw = wrapping_of(CKM_AES_KEY_WRAP);
	struct ash_hsm *const before = hsm;
	const ash_handle before_session = session;
	ash_handle careful, wrapper;

	hsm = new_token();
	session = log_in(hsm);
	careful = secret_with(CKK_AES, SPAN(value), ATTRS({ CKA_WRAP_WITH_TRUSTED, YES }));
	wrapper = secret_with(CKK_AES, SPAN(value),
			      ATTRS({ CKA_WRAP, YES }, { CKA_TOKEN, YES }, { CKA_PRIVATE, NO },
				    { CKA_LABEL, TEXT("wrapper") }));
	EXPECT_CODE(ASH_E_KEY_NOT_WRAPPABLE, wrap_try(kw, wrapper, careful));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    ash_hsm_set_attributes(hsm, session, wrapper, ATTRS({ CKA_TRUSTED, YES })));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_set_attributes(hsm, session, wrapper, ATTRS({ CKA_TRUSTED, YES })));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	careful = secret_with(CKK_AES, SPAN(value), ATTRS({ CKA_WRAP_WITH_TRUSTED, YES }));
	wrap_ok(kw, wrapper, careful);
	ash_hsm_free(hsm);
	hsm = before;
	session = before_session;
}

TEST(a_wrapping_key_that_is_particular)
{
	const struct ash_mechanism *kw = wrapping_of(CKM_AES_KEY_WRAP);
	const ash_handle wrapper = secret_with(
		CKK_AES, SPAN(value),
		ATTRS({ CKA_WRAP, YES }, { CKA_WRAP_TEMPLATE, template_bool(CKA_ENCRYPT, false) }));
	const ash_handle no = secret(CKK_AES, SPAN(value));
	const ash_handle good = secret_with(CKK_AES, SPAN(value), ATTRS({ CKA_ENCRYPT, NO }));

	EXPECT_CODE(ASH_E_KEY_HANDLE, wrap_try(kw, wrapper, no));
	wrap_ok(kw, wrapper, good);
}

TEST(wrapping_survives_each_failing_allocation)
{
	static const uint64_t types[] = { CKM_AES_CBC_PAD, CKM_AES_KEY_WRAP_KWP, CKM_RSA_AES_KEY_WRAP };
	const struct pair p256 =
		pair_of(CKM_EC_KEY_PAIR_GEN, ATTRS({ CKA_EC_PARAMS, P256 }), ATTRS({ CKA_EXTRACTABLE, YES }));

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const struct ash_mechanism *mechanism = wrapping_of(types[i]);
		const ash_handle wrapper = wrapping_keys(mechanism).public_key;
		struct ash_out out = { wrapped, sizeof(wrapped), 12345 };

		FAIL_EVERY_ALLOCATION(out.len == 12345,
				      wrap_with(mechanism, wrapper, p256.private_key, &out));
	}
}
