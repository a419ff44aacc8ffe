/* C_UnwrapKey (token/unwrap.c); that every mechanism works is in wrap_test.c. */
#include "unit/token/transport.h"

static const uint8_t value[40] = { 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0xff, 1, 2, 3, 4, 5,
				   6, 7, 8, 9, 1, 2, 3, 4, 1, 2, 3,    4, 5, 6, 7, 8 };

static const struct ash_mechanism *kw(void)
{
	return wrapping_of(CKM_AES_KEY_WRAP);
}

/* The AES key that wraps and unwraps. */
static ash_handle aes(void)
{
	return wrapping_keys(kw()).private_key;
}

/* Raw bytes encrypted as a mechanism would wrap them. */
static struct ash_span sealed(uint64_t type, struct ash_span plain)
{
	const struct ash_mechanism *mechanism = wrapping_of(type);
	struct ash_out out = { wrapped, sizeof(wrapped), 0 };
	const ash_handle key = wrapping_keys(mechanism).public_key;

	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, mechanism, key));
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_ENCRYPT, plain, &out));
	return ash_span(wrapped, out.len);
}

TEST(what_came_in_says_so)
{
	const struct ash_span in = wrap_ok(kw(), aes(), secret(CKK_AES, ash_span(value, 16)));
	const ash_handle key = unwrap_ok(kw(), aes(), in,
					 ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
					       { CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_SENSITIVE, YES }));

	EXPECT(!get_bool(hsm, session, key, CKA_LOCAL));
	EXPECT(get_bool(hsm, session, key, CKA_EXTRACTABLE)); /* §5.18.4 */
	EXPECT(!get_bool(hsm, session, key, CKA_ALWAYS_SENSITIVE));
	EXPECT(!get_bool(hsm, session, key, CKA_NEVER_EXTRACTABLE));
	EXPECT_NUMBER(16, get_number(hsm, session, key, CKA_VALUE_LEN));
	EXPECT_NUMBER(32, get_bytes(hsm, session, key, CKA_UNIQUE_ID).len);
	EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, session, key, CKA_VALUE));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, get_number(hsm, session, key, CKA_KEY_GEN_MECHANISM));
}

TEST(a_change_anywhere_is_noticed)
{
	static const uint64_t types[] = { CKM_AES_KEY_WRAP, CKM_AES_KEY_WRAP_KWP, CKM_AES_GCM, CKM_AES_CCM,
					  CKM_RSA_AES_KEY_WRAP };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const struct ash_mechanism *mechanism = wrapping_of(types[i]);
		const struct pair keys = wrapping_keys(mechanism);
		const struct ash_span in =
			wrap_ok(mechanism, keys.public_key, secret(CKK_AES, ash_span(value, 32)));

		for (size_t at = 0; at < in.len; at += 7) {
			wrapped[at] ^= 0x10;
			EXPECT_CODE(ASH_E_WRAPPED_KEY,
				    unwrap_try(mechanism, keys.private_key, in, AES_TEMPLATE));
			wrapped[at] ^= 0x10;
		}
	}
}

TEST(lengths_that_nothing_has)
{
	const struct ash_mechanism *oaep = wrapping_of(CKM_RSA_PKCS_OAEP),
				   *both = wrapping_of(CKM_RSA_AES_KEY_WRAP), *cbc = wrapping_of(CKM_AES_CBC),
				   *pad = wrapping_of(CKM_AES_CBC_PAD);
	const ash_handle rsa = rsa_pair().private_key;

	memset(wrapped, 1, sizeof(wrapped));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(kw(), aes(), ASH_SPAN_NONE, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(kw(), aes(), ash_span(wrapped, 16), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(kw(), aes(), ash_span(wrapped, 25), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(cbc, aes(), ash_span(wrapped, 17), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(pad, aes(), ash_span(wrapped, 17), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(oaep, rsa, ash_span(wrapped, 255), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(oaep, rsa, ash_span(wrapped, 257), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(both, rsa, ash_span(wrapped, 256), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(both, rsa, ash_span(wrapped, 20), AES_TEMPLATE));
	/* Longer than any object: told without a look at it. */
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN,
		    unwrap_try(kw(), aes(), ash_span(wrapped, ASH_ATTRS_MAX * 2), AES_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN,
		    unwrap_try(kw(), aes(), ash_span(wrapped, SIZE_MAX / 16 * 8), GENERIC_TEMPLATE));
}

/* Of the second half's length nothing may be learnt of the first: whether RSA-OAEP had something to say. */
TEST(both_lengths_come_before_both_keys)
{
	const struct ash_mechanism *both = wrapping_of(CKM_RSA_AES_KEY_WRAP);
	const struct pair rsa = rsa_pair();
	const struct ash_span in = wrap_ok(both, rsa.public_key, secret(CKK_AES, ash_span(value, 16)));

	for (int spoilt = 0; spoilt < 2; spoilt++) {
		wrapped[100] ^= spoilt;
		for (size_t len = 256; len < in.len + 20; len++) {
			const bool could_be = (len - 256) % 8 == 0 && len >= 256 + 16;
			const enum ash_code want = !could_be                 ? ASH_E_WRAPPED_KEY_LEN
						   : spoilt || len != in.len ? ASH_E_WRAPPED_KEY
									     : ASH_OK;

			EXPECT_CODE(want,
				    unwrap_try(both, rsa.private_key, ash_span(wrapped, len), AES_TEMPLATE));
		}
	}
}

/* §5.18.4: CKA_VALUE_LEN where neither the key type nor the mechanism tells the length. */
TEST(lengths_that_have_to_be_told)
{
	const struct ash_mechanism *cbc = wrapping_of(CKM_AES_CBC);
	struct ash_span in = sealed(CKM_AES_CBC, ash_span(value, 32));

	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, unwrap_try(cbc, aes(), in, GENERIC_TEMPLATE));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, unwrap_try(cbc, aes(), in, AES_TEMPLATE)); /* 24 or 32 */
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(cbc, aes(), in, GENERIC_OF(16)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(cbc, aes(), in, GENERIC_OF(33)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(cbc, aes(), in, GENERIC_OF(0)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(cbc, aes(), in, GENERIC_OF(UINT64_MAX)));
	EXPECT_SPAN(ash_span(value, 17),
		    get_bytes(hsm, session, unwrap_ok(cbc, aes(), in, GENERIC_OF(17)), CKA_VALUE));
	in = sealed(CKM_AES_CBC, ash_span(value, 16));
	EXPECT_SPAN(ash_span(value, 16),
		    get_bytes(hsm, session, unwrap_ok(cbc, aes(), in, AES_TEMPLATE), CKA_VALUE));
	in = wrap_ok(kw(), aes(), secret(CKK_GENERIC_SECRET, ash_span(value, 32)));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, unwrap_try(kw(), aes(), in, GENERIC_TEMPLATE));
	unwrap_ok(kw(), aes(), in, AES_TEMPLATE); /* 25 to 32: it can only be 32 */
}

/* What an authenticated key lost would be a shorter key under the same name. */
TEST(only_padding_is_cut_off)
{
	struct ash_span in = wrap_ok(kw(), aes(), secret(CKK_GENERIC_SECRET, ash_span(value, 29)));

	EXPECT_SPAN(ash_span(value, 29),
		    get_bytes(hsm, session, unwrap_ok(kw(), aes(), in, GENERIC_OF(29)), CKA_VALUE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(kw(), aes(), in, GENERIC_OF(28)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, unwrap_try(kw(), aes(), in, GENERIC_OF(24)));
	unwrap_ok(kw(), aes(), in, GENERIC_OF(32));
	in = wrap_ok(wrapping_of(CKM_AES_KEY_WRAP_KWP), aes(),
		     secret(CKK_GENERIC_SECRET, ash_span(value, 29)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN,
		    unwrap_try(wrapping_of(CKM_AES_KEY_WRAP_KWP), aes(), in, GENERIC_OF(28)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN,
		    unwrap_try(wrapping_of(CKM_AES_KEY_WRAP_KWP), aes(), in, AES_TEMPLATE));
	unwrap_ok(wrapping_of(CKM_AES_KEY_WRAP_KWP), aes(), in, GENERIC_TEMPLATE);
}

/* Every possible last byte: bad padding, a bad length and a bad key are one answer. */
TEST(padding_alone_tells_nothing)
{
	const struct ash_mechanism *pad = wrapping_of(CKM_AES_CBC_PAD);
	uint8_t plain[32];
	size_t made = 0;

	set_up();
	for (unsigned last = 0; last < 256; last++) {
		struct ash_status status;

		memset(plain, (int)last, sizeof(plain));
		status = unwrap_try(pad, aes(), sealed(CKM_AES_CBC, SPAN(plain)), AES_TEMPLATE);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_WRAPPED_KEY);
		made += ash_is_ok(status);
		status = unwrap_try(pad, aes(), sealed(CKM_AES_CBC, SPAN(plain)), PRIVATE_TEMPLATE(CKK_EC));
		EXPECT_CODE(ASH_E_WRAPPED_KEY, status);
	}
	EXPECT_NUMBER(2, made); /* 8 of 8, 16 of 16 */
	EXPECT_CODE(ASH_E_WRAPPED_KEY, unwrap_try(wrapping_of(CKM_RSA_PKCS), rsa_pair().private_key,
						  sealed(CKM_RSA_PKCS, ash_span(value, 17)), AES_TEMPLATE));
	/* No padding at all: what comes instead has any length, now and then one that AES keys have. */
	made = 0;
	for (unsigned i = 0; i < 16; i++) {
		struct ash_status status;

		memset(wrapped, 1, 256);
		wrapped[255] = (uint8_t)i;
		status = unwrap_try(wrapping_of(CKM_RSA_PKCS), rsa_pair().private_key, ash_span(wrapped, 256),
				    AES_TEMPLATE);
		EXPECT(status.code == ASH_OK || status.code == ASH_E_WRAPPED_KEY);
		made += ash_is_ok(status);
	}
	EXPECT(made < 4); /* 3 lengths of 246: four in sixteen do not happen */
}

TEST(private_keys_that_are_none)
{
	const struct pair p256 =
		pair_of(CKM_EC_KEY_PAIR_GEN, ATTRS({ CKA_EC_PARAMS, P256 }), ATTRS({ CKA_EXTRACTABLE, YES }));
	const struct ash_mechanism *kwp = wrapping_of(CKM_AES_KEY_WRAP_KWP);
	struct ash_span in = wrap_ok(kw(), aes(), p256.private_key);

	EXPECT_CODE(ASH_E_WRAPPED_KEY, unwrap_try(kw(), aes(), in, PRIVATE_TEMPLATE(CKK_RSA)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY, unwrap_try(kw(), aes(), in, PRIVATE_TEMPLATE(CKK_ML_DSA)));
	unwrap_ok(kw(), aes(), in, PRIVATE_TEMPLATE(CKK_EC));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, unwrap_try(kw(), aes(), in, GENERIC_TEMPLATE));
	EXPECT_CODE(ASH_E_WRAPPED_KEY, unwrap_try(kwp, aes(), sealed(CKM_AES_KEY_WRAP_KWP, SPAN(value)),
						  PRIVATE_TEMPLATE(CKK_EC)));
	EXPECT_CODE(ASH_E_WRAPPED_KEY, unwrap_try(kwp, aes(), sealed(CKM_AES_KEY_WRAP_KWP, BYTES(0x30, 0x00)),
						  PRIVATE_TEMPLATE(CKK_RSA)));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    unwrap_try(wrapping_of(CKM_RSA_PKCS_OAEP), rsa_pair().private_key, in,
			       PRIVATE_TEMPLATE(CKK_EC)));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    unwrap_try(kw(), aes(), in,
			       ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
				     { CKA_EC_PARAMS, P256 })));
}

/* Zeroes, and no more of them than key wrap puts there, may follow a PKCS#8 in it. */
TEST(what_follows_a_private_key)
{
	const struct pair p256 =
		pair_of(CKM_EC_KEY_PAIR_GEN, ATTRS({ CKA_EC_PARAMS, P256 }), ATTRS({ CKA_EXTRACTABLE, YES }));
	const struct ash_mechanism *kwp = wrapping_of(CKM_AES_KEY_WRAP_KWP);
	const struct ash_span in = wrap_ok(kwp, aes(), p256.private_key);
	struct ash_out out;
	uint8_t der[512] = { 0 };
	size_t len = 0;

	out = (struct ash_out){ der, sizeof(der), 0 };
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_DECRYPT, kwp, aes()));
	EXPECT_OK(ash_hsm_op_single(hsm, session, ASH_OP_DECRYPT, in, &out));
	len = out.len;
	for (size_t more = (8 - len % 8) % 8; more < 24; more += 8) {
		const struct ash_span longer = ash_span(der, len + more);

		memset(der + len, 0, more);
		EXPECT_CODE(
			more < 8 ? ASH_OK : ASH_E_WRAPPED_KEY,
			unwrap_try(kw(), aes(), sealed(CKM_AES_KEY_WRAP, longer), PRIVATE_TEMPLATE(CKK_EC)));
		EXPECT_CODE(more == 0 ? ASH_OK : ASH_E_WRAPPED_KEY,
			    unwrap_try(kwp, aes(), sealed(CKM_AES_KEY_WRAP_KWP, longer),
				       PRIVATE_TEMPLATE(CKK_EC)));
		if (more != 0) {
			der[len + more - 1] = 1;
			EXPECT_CODE(ASH_E_WRAPPED_KEY,
				    unwrap_try(kw(), aes(), sealed(CKM_AES_KEY_WRAP, longer),
					       PRIVATE_TEMPLATE(CKK_EC)));
		}
	}
}

TEST(unwrapping_keys_that_may_not)
{
	const struct ash_mechanism *oaep = wrapping_of(CKM_RSA_PKCS_OAEP),
				   none = { .type = CKM_VENDOR_DEFINED };
	const ash_handle mute = secret(CKK_AES, ash_span(value, 32));
	const struct ash_span in = wrap_ok(kw(), aes(), mute);
	const struct pair careful =
		pair_of(CKM_RSA_PKCS_KEY_PAIR_GEN, ATTRS({ CKA_MODULUS_BITS, NUMBER(2048) }),
			ATTRS({ CKA_UNWRAP, YES }, { CKA_ALWAYS_AUTHENTICATE, YES }));
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_unwrap_key(hsm, 77, kw(), aes(), in, AES_TEMPLATE, &key));
	EXPECT_CODE(ASH_E_MECHANISM, unwrap_try(&none, aes(), in, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_UNWRAPPING_KEY_HANDLE, unwrap_try(kw(), 0, in, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_UNWRAPPING_KEY_TYPE, unwrap_try(kw(), rsa_pair().private_key, in, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_UNWRAPPING_KEY_TYPE, unwrap_try(oaep, rsa_pair().public_key, in, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_KEY_USAGE, unwrap_try(kw(), mute, in, AES_TEMPLATE));
	/* there is no moment to give the PIN */
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, unwrap_try(oaep, careful.private_key, in, AES_TEMPLATE));
}

TEST(templates_that_do_not_go)
{
	const struct ash_span in = wrap_ok(kw(), aes(), secret(CKK_AES, ash_span(value, 32)));
	const ash_handle ro = open_session(hsm, false);
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, unwrap_try(kw(), aes(), in, NO_ATTRS));
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE,
		    unwrap_try(kw(), aes(), in, ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) })));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    unwrap_try(kw(), aes(), in,
			       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
				     { CKA_VALUE, ash_span(value, 32) })));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    unwrap_try(kw(), aes(), in,
			       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
				     { CKA_TRUSTED, YES })));
	EXPECT_CODE(ASH_E_WRAPPED_KEY,
		    unwrap_try(kw(), aes(), in,
			       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
				     { CKA_CHECK_VALUE, TEXT("abc") })));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    unwrap_try(kw(), aes(), in, ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) })));
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY,
		    ash_hsm_unwrap_key(hsm, ro, kw(), aes(), in,
				       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
					     { CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_TOKEN, YES }),
				       &key));
	EXPECT_OK(ash_hsm_close_session(hsm, ro));
}

/*
 * Where nothing authenticates, any block can be unwrapped and any of its ends cut off: a
 * hidden key of one byte, then of two, would tell byte by byte what was wrapped.
 */
TEST(no_key_is_hidden_that_can_be_guessed)
{
	static const uint64_t types[] = { CKM_AES_ECB, CKM_AES_CBC };
	const ash_handle strict =
		secret_with(CKK_AES, TEXT("wraps, and keeps what it unwraps"),
			    ATTRS({ CKA_WRAP, YES }, { CKA_UNWRAP, YES },
				  { CKA_UNWRAP_TEMPLATE, template_bool(CKA_EXTRACTABLE, false) }));

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const struct ash_mechanism *mechanism = wrapping_of(types[i]);
		const struct ash_span in = wrap_ok(mechanism, strict, secret(CKK_AES, ash_span(value, 16)));

		for (size_t len = 1; len <= 16; len++) {
			EXPECT_CODE(len < 14 ? ASH_E_TEMPLATE_INCONSISTENT : ASH_OK,
				    unwrap_try(mechanism, strict, in,
					       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
						     { CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) },
						     { CKA_VALUE_LEN, NUMBER(len) })));
			EXPECT_OK(unwrap_try(mechanism, aes(), in, GENERIC_OF(len)));
		}
	}
}

TEST(what_the_unwrapping_key_asks_for)
{
	const ash_handle strict =
		secret_with(CKK_AES, ash_span(value, 32),
			    ATTRS({ CKA_WRAP, YES }, { CKA_UNWRAP, YES },
				  { CKA_UNWRAP_TEMPLATE, template_bool(CKA_EXTRACTABLE, false) }));
	const struct ash_span in = wrap_ok(kw(), strict, secret(CKK_AES, ash_span(value, 16)));
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, unwrap_try(kw(), strict, in, AES_TEMPLATE));
	key = unwrap_ok(kw(), strict, in,
			ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }));
	EXPECT(!get_bool(hsm, session, key, CKA_EXTRACTABLE));
}

TEST(unwrapping_survives_each_failing_allocation)
{
	static const uint64_t types[] = { CKM_AES_CBC_PAD, CKM_AES_KEY_WRAP_KWP, CKM_RSA_AES_KEY_WRAP };
	const struct pair p256 =
		pair_of(CKM_EC_KEY_PAIR_GEN, ATTRS({ CKA_EC_PARAMS, P256 }), ATTRS({ CKA_EXTRACTABLE, YES }));

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const struct ash_mechanism *mechanism = wrapping_of(types[i]);
		const struct pair keys = wrapping_keys(mechanism);
		const struct ash_span in = wrap_ok(mechanism, keys.public_key, p256.private_key);
		ash_handle key = 0;

		FAIL_EVERY_ALLOCATION(key == 0, unwrap_with(mechanism, keys.private_key, in,
							    PRIVATE_TEMPLATE(CKK_EC), &key));
		EXPECT(key != 0);
	}
}
