#include "fake_api.h"

static CK_MECHANISM plain = { CKM_AES_KEY_WRAP, NULL, 0 };
static CK_MECHANISM unknown = { CKM_VENDOR_DEFINED | 3, NULL, 0 };
static CK_MECHANISM wrong = { CKM_AES_CBC, NULL, 0 };
static CK_BYTE in[10], out[32];
static CK_BBOOL yes = CK_TRUE;
static CK_ATTRIBUTE given[] = { { CKA_SENSITIVE, &yes, 1 }, { CKA_TOKEN, &yes, 1 } };

TEST(wrapping)
{
	CK_ULONG len = 0;

	fresh();
	fake.give_len = 5;
	memcpy(fake.give, "hello", 5);
	EXPECT_RV(CKR_OK, C_WrapKey(FAKE_SESSION, &plain, 3, 4, NULL, &len));
	EXPECT_CALLED("wrap_key");
	EXPECT_NUMBER(5, len);
	EXPECT_NUMBER(3, fake.type);
	EXPECT_NUMBER(4, fake.slot);
	EXPECT(!fake.out_given && fake.mechanism.type == CKM_AES_KEY_WRAP);
	len = 4;
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, C_WrapKey(FAKE_SESSION, &plain, 3, 4, out, &len));
	EXPECT_NUMBER(5, len);
	len = sizeof(out);
	EXPECT_RV(CKR_OK, C_WrapKey(FAKE_SESSION, &plain, 3, 4, out, &len));
	EXPECT_SPAN(TEXT("hello"), ash_span(out, len));
	fake.answer.code = ASH_E_KEY_UNEXTRACTABLE;
	len = 3;
	EXPECT_RV(CKR_KEY_UNEXTRACTABLE, C_WrapKey(FAKE_SESSION, &plain, 3, 4, out, &len));
	EXPECT_NUMBER(3, len);
	fake.calls = 0;
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_WrapKey(FAKE_SESSION, &plain, 3, 4, out, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_WrapKey(FAKE_SESSION, NULL, 3, 4, out, &len));
	EXPECT_RV(CKR_MECHANISM_INVALID, C_WrapKey(FAKE_SESSION, &unknown, 3, 4, out, &len));
	EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, C_WrapKey(FAKE_SESSION, &wrong, 3, 4, out, &len));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_WrapKey(1, &plain, 3, 4, out, NULL));
	EXPECT_NUMBER(0, fake.calls);
}

/* §6.13.3, §6.13.5: the nonce may be made here, and then comes back; but not for a question. */
TEST(wrapping_with_a_nonce_of_ours)
{
	CK_BYTE nonce[16], before[16];
	CK_GCM_WRAP_PARAMS gcm = { nonce, 12, 0, CKG_GENERATE, NULL, 0, 128 };
	CK_CCM_WRAP_PARAMS ccm = { 77, nonce, 13, 5, CKG_GENERATE_RANDOM, in, 10, 8 };
	CK_MECHANISM mechanisms[] = { { CKM_AES_GCM, &gcm, sizeof(gcm) },
				      { CKM_AES_CCM, &ccm, sizeof(ccm) } };
	CK_OBJECT_HANDLE key = 0;

	for (size_t i = 0; i < ASH_COUNT(mechanisms); i++) {
		const size_t len_of = i == 0 ? 12 : 13;
		CK_ULONG len = 0;

		fresh();
		fake.give_len = 5;
		memset(nonce, 0x5a, sizeof(nonce));
		memcpy(before, nonce, sizeof(nonce));
		EXPECT_RV(CKR_OK, C_WrapKey(FAKE_SESSION, &mechanisms[i], 3, 4, NULL, &len));
		EXPECT_RV(CKR_BUFFER_TOO_SMALL,
			  C_WrapKey(FAKE_SESSION, &mechanisms[i], 3, 4, out, &(CK_ULONG){ 4 }));
		EXPECT_SPAN(SPAN(before), SPAN(nonce));
		len = sizeof(out);
		EXPECT_RV(CKR_OK, C_WrapKey(FAKE_SESSION, &mechanisms[i], 3, 4, out, &len));
		/* The fake's random bytes are 'r', 0x72; of 0x5a the first five bits stay with CCM. */
		EXPECT_NUMBER(i == 0 ? 0x72 : 0x5a, nonce[0]);
		for (size_t at = 1; at < len_of; at++)
			EXPECT_NUMBER(0x72, nonce[at]);
		EXPECT_NUMBER(0x5a, nonce[len_of]);
		EXPECT_NUMBER(len_of, fake.mechanism.params.iv.len);
		EXPECT_SPAN(ash_span(nonce, len_of), ash_span(fake.nonce, len_of));
		EXPECT_RV(CKR_OK,
			  C_UnwrapKey(FAKE_SESSION, &mechanisms[i], 3, in, sizeof(in), given, 2, &key));
		EXPECT(fake.mechanism.params.iv.data == nonce);
		fake.answer.code = ASH_E_KEY_UNEXTRACTABLE;
		memcpy(nonce, before, sizeof(nonce));
		EXPECT_RV(CKR_KEY_UNEXTRACTABLE, C_WrapKey(FAKE_SESSION, &mechanisms[i], 3, 4, out, &len));
		EXPECT_SPAN(SPAN(before), SPAN(nonce));
	}
}

/* The three that bring forth a key and give no output, in one shape. */
typedef CK_RV bear(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
		   CK_ULONG count, CK_OBJECT_HANDLE_PTR key);

static CK_RV unwrap(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
		    CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
	return C_UnwrapKey(session, mechanism, 3, in, sizeof(in), attributes, count, key);
}

static CK_RV decapsulate(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
			 CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
	return C_DecapsulateKey(session, mechanism, 3, attributes, count, in, sizeof(in), key);
}

static CK_RV derive(CK_SESSION_HANDLE session, CK_MECHANISM_PTR mechanism, CK_ATTRIBUTE_PTR attributes,
		    CK_ULONG count, CK_OBJECT_HANDLE_PTR key)
{
	return C_DeriveKey(session, mechanism, 3, attributes, count, key);
}

static void check_bear(bear *function, const char *name, CK_OBJECT_HANDLE want, bool takes_input)
{
	CK_OBJECT_HANDLE key = 0;

	fresh();
	EXPECT_RV(CKR_OK, function(FAKE_SESSION, &plain, given, 2, &key));
	EXPECT_CALLED(name);
	EXPECT_NUMBER(want, key);
	EXPECT_NUMBER(3, fake.type);
	EXPECT_NUMBER(2, fake.attr_count);
	EXPECT_NUMBER(CKA_SENSITIVE, fake.attr_type);
	EXPECT(!takes_input || (fake.in.data == in && fake.in.len == sizeof(in)));
	EXPECT_RV(CKR_OK, function(FAKE_SESSION, &plain, NULL, 0, &key));
	fake.answer.code = ASH_E_TEMPLATE_INCONSISTENT;
	key = 1;
	EXPECT_RV(CKR_TEMPLATE_INCONSISTENT, function(FAKE_SESSION, &plain, given, 2, &key));
	EXPECT_NUMBER(1, key);
	fake.calls = 0;
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(FAKE_SESSION, NULL, given, 2, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(FAKE_SESSION, &plain, NULL, 2, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(FAKE_SESSION, &plain, given, ~(CK_ULONG)0, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, function(FAKE_SESSION, &plain, given, 2, NULL));
	EXPECT_RV(CKR_MECHANISM_INVALID, function(FAKE_SESSION, &unknown, given, 2, &key));
	EXPECT_RV(CKR_MECHANISM_PARAM_INVALID, function(FAKE_SESSION, &wrong, given, 2, &key));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, function(1, NULL, given, 2, &key));
	EXPECT_NUMBER(0, fake.calls);
}

TEST(unwrapping)
{
	CK_OBJECT_HANDLE key = 0;

	check_bear(unwrap, "unwrap_key", 16, true);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_UnwrapKey(FAKE_SESSION, &plain, 3, NULL, 4, given, 2, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_UnwrapKey(FAKE_SESSION, &plain, 3, NULL, 0, given, 2, &key));
}

TEST(deriving)
{
	check_bear(derive, "derive_key", 17, false);
}

TEST(decapsulating)
{
	CK_OBJECT_HANDLE key = 0;

	check_bear(decapsulate, "decapsulate_key", 19, true);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_DecapsulateKey(FAKE_SESSION, &plain, 3, given, 2, NULL, 4, &key));
}

TEST(encapsulating)
{
	CK_OBJECT_HANDLE key = 0;
	CK_ULONG len = 0;

	fresh();
	fake.give_len = 5;
	EXPECT_RV(CKR_OK, C_EncapsulateKey(FAKE_SESSION, &plain, 3, given, 2, NULL, &len, NULL));
	EXPECT_RV(CKR_OK, C_EncapsulateKey(FAKE_SESSION, &plain, 3, given, 2, NULL, &len, &key));
	EXPECT_CALLED("encapsulate_key");
	EXPECT_NUMBER(5, len);
	EXPECT_NUMBER(0, key);
	len = 4;
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, C_EncapsulateKey(FAKE_SESSION, &plain, 3, given, 2, out, &len, &key));
	EXPECT_NUMBER(5, len);
	EXPECT_NUMBER(0, key);
	EXPECT_RV(CKR_OK, C_EncapsulateKey(FAKE_SESSION, &plain, 3, given, 2, out, &len, &key));
	EXPECT_NUMBER(18, key);
	EXPECT_NUMBER(3, fake.type);
	EXPECT_NUMBER(2, fake.attr_count);
	fake.calls = 0;
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_EncapsulateKey(FAKE_SESSION, &plain, 3, given, 2, out, &len, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_EncapsulateKey(FAKE_SESSION, &plain, 3, given, 2, out, NULL, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_EncapsulateKey(FAKE_SESSION, NULL, 3, given, 2, out, &len, &key));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_EncapsulateKey(FAKE_SESSION, &plain, 3, NULL, 2, out, &len, &key));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_EncapsulateKey(1, &plain, 3, NULL, 2, out, &len, &key));
	EXPECT_NUMBER(0, fake.calls);
}
