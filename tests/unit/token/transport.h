/* What the tests of keys that come and go share: one HSM, keys with known values, refusals in one line. */
#pragma once

#include "token/mechanism.h"
#include "unit/token/fixture.h"

static struct ash_hsm *hsm;
static ash_handle session;

/* One HSM for all tests of a program. */
ASH_UNUSED static void set_up(void)
{
	if (hsm != NULL)
		return;
	hsm = new_token();
	session = log_in(hsm);
}

__attribute__((destructor)) static void tear_down(void)
{
	ash_hsm_free(hsm);
}

/* A secret key that can be read and wrapped, with some attributes more. */
ASH_UNUSED static ash_handle secret_with(uint64_t key_type, struct ash_span value, struct ash_template more)
{
	struct ash_attr attrs[16] = {
		{ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
		{ CKA_KEY_TYPE, NUMBER(key_type) },
		{ CKA_VALUE, value },
		{ CKA_EXTRACTABLE, YES },
	};
	size_t count = 4;

	set_up();
	for (size_t i = 0; i < more.count; i++) {
		size_t at = 0;

		while (at < count && attrs[at].type != more.attrs[i].type)
			at++;
		attrs[at] = more.attrs[i];
		count += at == count;
	}
	return create(hsm, session, (struct ash_template){ attrs, count });
}

ASH_UNUSED static ash_handle secret(uint64_t key_type, struct ash_span value)
{
	return secret_with(key_type, value, NO_ATTRS);
}

struct pair {
	ash_handle public_key, private_key;
};

/* A pair that may do all that its type can. */
ASH_UNUSED static struct pair pair_of(uint64_t generator, struct ash_template public_given,
				      struct ash_template private_given)
{
	const struct ash_mechanism mechanism = { .type = generator };
	struct pair pair;

	set_up();
	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &mechanism, public_given, private_given,
					&pair.public_key, &pair.private_key));
	return pair;
}

/* One pair for all: making an RSA key takes long. */
ASH_UNUSED static struct pair rsa_pair(void)
{
	static struct pair pair;

	if (pair.public_key == 0)
		pair = pair_of(CKM_RSA_PKCS_KEY_PAIR_GEN,
			       ATTRS({ CKA_MODULUS_BITS, NUMBER(2048) }, { CKA_WRAP, YES }),
			       ATTRS({ CKA_UNWRAP, YES }, { CKA_EXTRACTABLE, YES }));
	return pair;
}

static const uint8_t zero_iv[16] = { 0 };

/* Every mechanism that wraps, with a parameter. */
static const struct ash_mechanism wrapping[] = {
	{ .type = CKM_RSA_PKCS },
	{ .type = CKM_RSA_PKCS_OAEP, .params = { .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA256 } },
	{ .type = CKM_RSA_AES_KEY_WRAP,
	  .params = { .hash = ASH_HASH_SHA1, .mgf_hash = ASH_HASH_SHA1 },
	  .derive = { .aes_bits = 256 } },
	{ .type = CKM_AES_ECB },
	{ .type = CKM_AES_CBC, .params = { .iv = { zero_iv, 16 } } },
	{ .type = CKM_AES_CBC_PAD, .params = { .iv = { zero_iv, 16 } } },
	{ .type = CKM_AES_GCM, .params = { .iv = { zero_iv, 12 }, .tag_len = 16 } },
	{ .type = CKM_AES_CCM,
	  .params = { .iv = { zero_iv, 12 }, .tag_len = 16, .data_len = 77 } }, /* ignored */
	{ .type = CKM_AES_KEY_WRAP },
	{ .type = CKM_AES_KEY_WRAP_PAD },
	{ .type = CKM_AES_KEY_WRAP_KWP },
};

ASH_UNUSED static const struct ash_mechanism *wrapping_of(uint64_t type)
{
	for (size_t i = 0; i < ASH_COUNT(wrapping); i++) {
		if (wrapping[i].type == type)
			return &wrapping[i];
	}
	return NULL;
}

/* A key for wrapping and unwrapping with such a mechanism. */
ASH_UNUSED static struct pair wrapping_keys(const struct ash_mechanism *mechanism)
{
	static const uint8_t value[32] = { 'w', 'r', 'a', 'p' };
	static ash_handle aes;

	set_up();
	if (ash_mechanism_find(mechanism->type)->key_type == CKK_RSA)
		return rsa_pair();
	if (aes == 0)
		aes = secret_with(CKK_AES, SPAN(value), ATTRS({ CKA_WRAP, YES }, { CKA_UNWRAP, YES }));
	return (struct pair){ aes, aes };
}

ASH_UNUSED static struct ash_status wrap_with(const struct ash_mechanism *mechanism, ash_handle wrapper,
					      ash_handle key, struct ash_out *out)
{
	return ash_hsm_wrap_key(hsm, session, mechanism, wrapper, key, out);
}

static uint8_t wrapped[16384];

/* Wraps into `wrapped`; what it is. */
ASH_UNUSED static struct ash_span wrap_ok(const struct ash_mechanism *mechanism, ash_handle wrapper,
					  ash_handle key)
{
	struct ash_out out = { wrapped, sizeof(wrapped), 0 };

	EXPECT_OK(wrap_with(mechanism, wrapper, key, &out));
	return ash_span(wrapped, out.len);
}

/* The answer to a wrap that should not go. */
ASH_UNUSED static struct ash_status wrap_try(const struct ash_mechanism *mechanism, ash_handle wrapper,
					     ash_handle key)
{
	struct ash_out out = { wrapped, sizeof(wrapped), 12345 };
	const struct ash_status status = wrap_with(mechanism, wrapper, key, &out);

	EXPECT(ash_is_ok(status) || out.len == 12345);
	return status;
}

/* Sensitive is off, so that the tests can look. */
#define READABLE                     \
	{ CKA_SENSITIVE, NO },       \
	{                            \
		CKA_EXTRACTABLE, YES \
	}
#define AES_TEMPLATE ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }, READABLE)
#define GENERIC_TEMPLATE \
	ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) }, READABLE)
#define GENERIC_OF(len)                                                                                      \
	ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) }, READABLE, \
	      { CKA_VALUE_LEN, NUMBER(len) })
#define PRIVATE_TEMPLATE(key_type) \
	ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(key_type) }, READABLE)

ASH_UNUSED static struct ash_status unwrap_with(const struct ash_mechanism *mechanism, ash_handle unwrapper,
						struct ash_span in, struct ash_template given,
						ash_handle *ret_key)
{
	return ash_hsm_unwrap_key(hsm, session, mechanism, unwrapper, in, given, ret_key);
}

/* The answer to one that should not go; nothing is made. */
ASH_UNUSED static struct ash_status unwrap_try(const struct ash_mechanism *mechanism, ash_handle unwrapper,
					       struct ash_span in, struct ash_template given)
{
	ash_handle key = 12345;
	const struct ash_status status = unwrap_with(mechanism, unwrapper, in, given, &key);

	EXPECT(ash_is_ok(status) || key == 12345);
	return status;
}

ASH_UNUSED static ash_handle unwrap_ok(const struct ash_mechanism *mechanism, ash_handle unwrapper,
				       struct ash_span in, struct ash_template given)
{
	ash_handle key = 0;

	EXPECT_OK(unwrap_with(mechanism, unwrapper, in, given, &key));
	EXPECT(key != 0);
	return key;
}

/* Changes one attribute of a key for a while. */
#define WITH_ATTRIBUTE(key, type, now, then, ...)                                                \
	do {                                                                                     \
		EXPECT_OK(ash_hsm_set_attributes(hsm, session, (key), ATTRS({ (type), now })));  \
		__VA_ARGS__;                                                                     \
		EXPECT_OK(ash_hsm_set_attributes(hsm, session, (key), ATTRS({ (type), then }))); \
	} while (0)

/* A template attribute's canonical value with one bool in it. */
ASH_UNUSED static struct ash_span template_bool(uint64_t type, bool value)
{
	static uint8_t room[8][13];
	static size_t turn;
	uint8_t *at = room[turn = (turn + 1) % 8];

	for (size_t i = 0; i < 8; i++)
		at[i] = (uint8_t)(type >> (8 * (7 - i)));
	memcpy(at + 8, (const uint8_t[]){ 0, 0, 0, 1, value ? 1 : 0 }, 5);
	return ash_span(at, 13);
}
