/* C_EncapsulateKey and C_DecapsulateKey (token/kem.c). */
#include "unit/token/transport.h"

static const struct ash_mechanism ml_kem = { .type = CKM_ML_KEM };
static const uint64_t sets[] = { CKP_ML_KEM_512, CKP_ML_KEM_768, CKP_ML_KEM_1024 };
static const size_t lengths[] = { 768, 1088, 1568 };
static uint8_t ciphertext[1568];

static struct pair kem_pair(uint64_t set)
{
	return pair_of(CKM_ML_KEM_KEY_PAIR_GEN, ATTRS({ CKA_PARAMETER_SET, NUMBER(set) }),
		       ATTRS({ CKA_EXTRACTABLE, YES }));
}

static struct ash_status encapsulate(ash_handle key, struct ash_template given, struct ash_out *out,
				     ash_handle *ret_key)
{
	return ash_hsm_encapsulate_key(hsm, session, &ml_kem, key, given, out, ret_key);
}

/* The answer to one that should not go; nothing is made or written. */
static struct ash_status encapsulate_try(ash_handle key, struct ash_template given)
{
	struct ash_out out = { ciphertext, sizeof(ciphertext), 12345 };
	ash_handle made = 12345;
	const struct ash_status status = encapsulate(key, given, &out, &made);

	EXPECT(ash_is_ok(status) || (made == 12345 && out.len == 12345));
	return status;
}

static struct ash_status decapsulate(ash_handle key, struct ash_template given, size_t len,
				     ash_handle *ret_key)
{
	return ash_hsm_decapsulate_key(hsm, session, &ml_kem, key, given, ash_span(ciphertext, len), ret_key);
}

static struct ash_status decapsulate_try(ash_handle key, struct ash_template given, size_t len)
{
	ash_handle made = 12345;
	const struct ash_status status = decapsulate(key, given, len, &made);

	EXPECT(ash_is_ok(status) || made == 12345);
	return status;
}

TEST(both_sides_have_one_key)
{
	for (size_t i = 0; i < ASH_COUNT(sets); i++) {
		const struct pair pair = kem_pair(sets[i]);
		struct ash_out out = { ciphertext, sizeof(ciphertext), 0 };
		ash_handle sent = 0, received = 0, other = 0;

		EXPECT_OK(encapsulate(pair.public_key, AES_TEMPLATE, &out, &sent));
		EXPECT_NUMBER(lengths[i], out.len);
		EXPECT_OK(decapsulate(pair.private_key, AES_TEMPLATE, out.len, &received));
		EXPECT_SPAN(get_bytes(hsm, session, sent, CKA_VALUE),
			    get_bytes(hsm, session, received, CKA_VALUE));
		EXPECT_NUMBER(32, get_number(hsm, session, received, CKA_VALUE_LEN));
		EXPECT(!get_bool(hsm, session, sent, CKA_LOCAL));
		EXPECT(!get_bool(hsm, session, sent, CKA_ALWAYS_SENSITIVE));
		EXPECT(!get_bool(hsm, session, received, CKA_NEVER_EXTRACTABLE));

		/* FIPS 203: a changed ciphertext gives another key, not an error */
		ciphertext[5] ^= 1;
		EXPECT_OK(decapsulate(pair.private_key, AES_TEMPLATE, out.len, &other));
		EXPECT(!ash_span_equal(get_bytes(hsm, session, sent, CKA_VALUE),
				       get_bytes(hsm, session, other, CKA_VALUE)));
		EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN,
			    decapsulate_try(pair.private_key, AES_TEMPLATE, out.len - 1));
		EXPECT_CODE(ASH_E_WRAPPED_KEY_LEN, decapsulate_try(pair.private_key, AES_TEMPLATE, 0));
	}
}

TEST(extractable_by_default)
{
	const struct pair pair = kem_pair(CKP_ML_KEM_512);
	struct ash_out out = { ciphertext, sizeof(ciphertext), 0 };
	const struct ash_template silent = ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) });
	ash_handle sent = 0, received = 0;

	EXPECT_OK(encapsulate(pair.public_key, silent, &out, &sent));
	EXPECT_OK(decapsulate(pair.private_key, silent, out.len, &received));
	EXPECT(get_bool(hsm, session, sent, CKA_EXTRACTABLE)); /* §5.18.8, §5.18.9 */
	EXPECT(get_bool(hsm, session, received, CKA_EXTRACTABLE));
}

TEST(a_question_makes_no_key)
{
	const struct pair pair = kem_pair(CKP_ML_KEM_768);
	struct ash_out out = { .data = NULL };
	ash_handle key = 12345;

	EXPECT_OK(encapsulate(pair.public_key,
			      ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_LABEL, TEXT("asked") }), &out,
			      &key));
	EXPECT_NUMBER(1088, out.len);
	memset(ciphertext, 0xee, sizeof(ciphertext));
	out = (struct ash_out){ ciphertext, 1087, 0 };
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL,
		    encapsulate(pair.public_key,
				ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_LABEL, TEXT("asked") }), &out,
				&key));
	EXPECT_NUMBER(1088, out.len);
	EXPECT_NUMBER(0xee, ciphertext[0]);
	EXPECT_NUMBER(12345, key);
	EXPECT_NUMBER(0, count_label(hsm, session, TEXT("asked")));
	out = (struct ash_out){ .data = NULL };
	EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, encapsulate(pair.public_key, NO_ATTRS, &out, &key));
}

TEST(keys_that_may_not)
{
	const struct pair pair = kem_pair(CKP_ML_KEM_512);
	const struct ash_mechanism none = { .type = CKM_ML_DSA };
	const ash_handle aes = make_aes(hsm, session, false);
	struct ash_out out = { ciphertext, sizeof(ciphertext), 0 };
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_MECHANISM,
		    ash_hsm_encapsulate_key(hsm, session, &none, pair.public_key, AES_TEMPLATE, &out, &key));
	EXPECT_CODE(ASH_E_MECHANISM, ash_hsm_decapsulate_key(hsm, session, &none, pair.private_key,
							     AES_TEMPLATE, ash_span(ciphertext, 768), &key));
	EXPECT_CODE(ASH_E_SESSION_HANDLE,
		    ash_hsm_encapsulate_key(hsm, 77, &ml_kem, pair.public_key, AES_TEMPLATE, &out, &key));
	EXPECT_CODE(ASH_E_KEY_HANDLE, encapsulate_try(0, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_KEY_TYPE, encapsulate_try(aes, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_KEY_TYPE, encapsulate_try(pair.private_key, AES_TEMPLATE));
	EXPECT_CODE(ASH_E_UNWRAPPING_KEY_HANDLE, decapsulate_try(0, AES_TEMPLATE, 768));
	EXPECT_CODE(ASH_E_UNWRAPPING_KEY_TYPE, decapsulate_try(aes, AES_TEMPLATE, 768));
	EXPECT_CODE(ASH_E_UNWRAPPING_KEY_TYPE, decapsulate_try(pair.public_key, AES_TEMPLATE, 768));
	WITH_ATTRIBUTE(pair.public_key, CKA_ENCAPSULATE, NO, YES,
		       EXPECT_CODE(ASH_E_KEY_USAGE, encapsulate_try(pair.public_key, AES_TEMPLATE)));
	WITH_ATTRIBUTE(pair.private_key, CKA_DECAPSULATE, NO, YES,
		       EXPECT_CODE(ASH_E_KEY_USAGE, decapsulate_try(pair.private_key, AES_TEMPLATE, 768)));
}

TEST(templates_that_do_not_go)
{
	const struct pair pair = kem_pair(CKP_ML_KEM_512);
	const struct pair strict =
		pair_of(CKM_ML_KEM_KEY_PAIR_GEN,
			ATTRS({ CKA_PARAMETER_SET, NUMBER(CKP_ML_KEM_512) },
			      { CKA_ENCAPSULATE_TEMPLATE, template_bool(CKA_SENSITIVE, true) }),
			ATTRS({ CKA_DECAPSULATE_TEMPLATE, template_bool(CKA_SENSITIVE, true) }));
	struct ash_out out = { ciphertext, sizeof(ciphertext), 0 };
	const struct ash_template hidden = ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_SENSITIVE, YES });
	ash_handle key = 0;

	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, encapsulate_try(pair.public_key, GENERIC_OF(31)));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, decapsulate_try(pair.private_key, GENERIC_OF(33), 768));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, encapsulate_try(pair.public_key, PRIVATE_TEMPLATE(CKK_EC)));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    encapsulate_try(pair.public_key,
				    ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }, { CKA_LOCAL, YES })));
	/* the one is compared with the template, the other gets its attributes from it */
	EXPECT_CODE(ASH_E_KEY_HANDLE, encapsulate_try(strict.public_key, AES_TEMPLATE));
	EXPECT_OK(encapsulate(strict.public_key, hidden, &out, &key));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, decapsulate_try(strict.private_key, AES_TEMPLATE, out.len));
	EXPECT_OK(decapsulate(strict.private_key, ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_AES) }), out.len, &key));
	EXPECT(get_bool(hsm, session, key, CKA_SENSITIVE));
}

TEST(encapsulation_survives_each_failing_allocation)
{
	const struct pair pair = kem_pair(CKP_ML_KEM_512);
	struct ash_out out = { ciphertext, sizeof(ciphertext), 12345 };
	ash_handle sent = 0, received = 0;

	FAIL_EVERY_ALLOCATION(sent == 0 && out.len == 12345,
			      encapsulate(pair.public_key, AES_TEMPLATE, &out, &sent));
	FAIL_EVERY_ALLOCATION(received == 0, decapsulate(pair.private_key, AES_TEMPLATE, out.len, &received));
	EXPECT_SPAN(get_bytes(hsm, session, sent, CKA_VALUE), get_bytes(hsm, session, received, CKA_VALUE));
}
