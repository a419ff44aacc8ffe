/* PKCS#11 3.2 §5.18: keys are generated, wrapped, unwrapped, derived and agreed on. */
#include "operate.h"

/* ---- what makes keys ---- */

enum maker {
	GENERATE,
	GENERATE_PAIR,
	UNWRAP,
	DERIVE,
	ENCAPSULATE,
	DECAPSULATE,
	MAKERS
};

static const char *const maker_names[MAKERS] = { "C_GenerateKey", "C_GenerateKeyPair", "C_UnwrapKey",
						 "C_DeriveKey",   "C_EncapsulateKey",  "C_DecapsulateKey" };

static enum maker maker;

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_BYTE brainpool[] = { 0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 };
static CK_ULONG len_32 = 32;
static CK_CERTIFICATE_TYPE x_509 = CKC_X_509;
static CK_OBJECT_CLASS secret_class = CKO_SECRET_KEY, private_class = CKO_PRIVATE_KEY;
static CK_OBJECT_CLASS data_class = CKO_DATA;
static CK_KEY_TYPE aes_type = CKK_AES, generic_type = CKK_GENERIC_SECRET, hkdf_type = CKK_HKDF;
static CK_KEY_TYPE ec_type = CKK_EC, rsa_type = CKK_RSA;
static CK_HKDF_PARAMS hkdf = { CK_TRUE, CK_TRUE, CKM_SHA256, CKF_HKDF_SALT_NULL, NULL, 0, 0, NULL, 0 };
static CK_BYTE world_value[] = "not a secret, but a secret's len"; /* of all secret keys of the world */

#define ITEM(type, value)                     \
	{                                     \
		type, &(value), sizeof(value) \
	}

/* A template that is right, what makes of it, and what it is made from. */
struct request {
	CK_MECHANISM mechanism;
	CK_OBJECT_HANDLE parent;
	CK_ATTRIBUTE list[8];
	CK_ULONG count, needed; /* the first `needed` have to be there */
	CK_ATTRIBUTE private_list[2];
	CK_ULONG private_count;
	CK_BYTE *in;
	CK_ULONG in_len;
};

/* The AES key of 32 bytes 1, under the world's AES key. */
static CK_BYTE *wrapped_key(CK_ULONG *ret_len)
{
	static CK_BYTE wrapped[64];
	static CK_ULONG len;
	CK_BYTE value[32];
	CK_ATTRIBUTE template[] = { ITEM(CKA_CLASS, secret_class), ITEM(CKA_KEY_TYPE, aes_type),
				    ITEM(CKA_VALUE, value), ITEM(CKA_EXTRACTABLE, yes) };
	CK_MECHANISM kwp = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE key = 0;

	if (len == 0) {
		memset(value, 1, sizeof(value));
		session = world_open(USER, CKF_RW_SESSION);
		len = sizeof(wrapped);
		EXPECT_OK(p11->C_CreateObject(session, template, COUNT(template), &key));
		EXPECT_OK(p11->C_WrapKey(session, &kwp, world_secret(KEY_AES), key, wrapped, &len));
		world_close(session);
	}
	*ret_len = len;
	return wrapped;
}

static struct request right_request(void)
{
	static CK_BYTE ciphertext[768] = { 1 };
	struct request request = { .count = 0 };

	switch (maker) {
	case GENERATE:
		return (struct request){ .mechanism = { CKM_AES_KEY_GEN, NULL, 0 },
					 .list = { ITEM(CKA_VALUE_LEN, len_32) },
					 .count = 1,
					 .needed = 1 };
	case GENERATE_PAIR:
		return (struct request){ .mechanism = { CKM_EC_KEY_PAIR_GEN, NULL, 0 },
					 .list = { ITEM(CKA_EC_PARAMS, p256) },
					 .count = 1,
					 .needed = 1 };
	case UNWRAP:
		request = (struct request){ .mechanism = { CKM_AES_KEY_WRAP_KWP, NULL, 0 },
					    .parent = world_secret(KEY_AES),
					    .list = { ITEM(CKA_CLASS, secret_class),
						      ITEM(CKA_KEY_TYPE, aes_type) },
					    .count = 2,
					    .needed = 2 };
		request.in = wrapped_key(&request.in_len);
		return request;
	case DERIVE:
		return (struct request){ .mechanism = { CKM_HKDF_DERIVE, &hkdf, sizeof(hkdf) },
					 .parent = world_secret(KEY_HKDF),
					 .list = { ITEM(CKA_KEY_TYPE, generic_type),
						   ITEM(CKA_VALUE_LEN, len_32),
						   ITEM(CKA_CLASS, secret_class) },
					 .count = 3,
					 .needed = 2 };
	case ENCAPSULATE:
	case DECAPSULATE:
		return (struct request){
			.mechanism = { CKM_ML_KEM, NULL, 0 },
			.parent = maker == ENCAPSULATE ? world_public(KEY_ML_KEM) : world_private(KEY_ML_KEM),
			.list = { ITEM(CKA_KEY_TYPE, generic_type), ITEM(CKA_CLASS, secret_class) },
			.count = 2,
			.needed = 1,
			.in = ciphertext,
			.in_len = sizeof(ciphertext)
		};
	case MAKERS: break;
	}
	return request;
}

static CK_RV make(CK_SESSION_HANDLE session, struct request *request, CK_OBJECT_HANDLE made[2])
{
	CK_BYTE out[2048];
	CK_ULONG out_len = sizeof(out);

	switch (maker) {
	case GENERATE:
		return p11->C_GenerateKey(session, &request->mechanism, request->list, request->count,
					  &made[0]);
	case GENERATE_PAIR:
		return p11->C_GenerateKeyPair(session, &request->mechanism, request->list, request->count,
					      request->private_list, request->private_count, &made[0],
					      &made[1]);
	case UNWRAP:
		return p11->C_UnwrapKey(session, &request->mechanism, request->parent, request->in,
					request->in_len, request->list, request->count, &made[0]);
	case DERIVE:
		return p11->C_DeriveKey(session, &request->mechanism, request->parent, request->list,
					request->count, &made[0]);
	case ENCAPSULATE:
		return p11->C_EncapsulateKey(session, &request->mechanism, request->parent, request->list,
					     request->count, out, &out_len, &made[0]);
	case DECAPSULATE:
		return p11->C_DecapsulateKey(session, &request->mechanism, request->parent, request->list,
					     request->count, request->in, request->in_len, &made[0]);
	case MAKERS: break;
	}
	return CKR_GENERAL_ERROR;
}

static void destroy(CK_SESSION_HANDLE session, const CK_OBJECT_HANDLE made[2])
{
	EXPECT_OK(p11->C_DestroyObject(session, made[0]));
	if (maker == GENERATE_PAIR)
		EXPECT_OK(p11->C_DestroyObject(session, made[1]));
}

static CK_RV succeed(CK_SESSION_HANDLE session, struct request request)
{
	CK_OBJECT_HANDLE made[2] = { 0, 0 };
	CK_RV rv = ATTEMPT(make(session, &request, made));

	if (rv == CKR_OK)
		destroy(session, made);
	return rv;
}

/* A failure writes no handle and makes nothing (the world is looked at by whoever calls the body). */
static CK_RV fail(CK_SESSION_HANDLE session, struct request request)
{
	CK_OBJECT_HANDLE made[2];
	CK_RV rv = CKR_OK;

	fill(made);
	rv = make(session, &request, made);
	EXPECT(untouched(made));
	return rv;
}

static struct request with(struct request request, CK_ATTRIBUTE attribute)
{
	CK_ULONG at = 0;

	while (at < request.count && request.list[at].type != attribute.type)
		at++;
	request.list[at] = attribute;
	request.count += at == request.count;
	return request;
}

/* Both halves of a pair on the token, or both in the session. */
static struct request placed(struct request request, CK_BBOOL *token)
{
	request = with(request, (CK_ATTRIBUTE){ CKA_TOKEN, token, 1 });
	request.private_list[request.private_count++] = (CK_ATTRIBUTE){ CKA_TOKEN, token, 1 };
	return request;
}

BODY(make_in_session, session)
{
	return succeed(session, right_request());
}

BODY(make_on_token, session)
{
	return succeed(session, placed(right_request(), &yes));
}

BODY(make_nowhere, session)
{
	struct request request = right_request();
	CK_BYTE out[2048];
	CK_ULONG len = sizeof(out);
	CK_OBJECT_HANDLE handle = 0;
	CK_MECHANISM *mechanism = &request.mechanism;

	switch (maker) {
	case GENERATE:
		EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, NULL, request.list, 1, &handle));
		EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GenerateKey(session, mechanism, NULL, 1, &handle));
		return p11->C_GenerateKey(session, mechanism, request.list, 1, NULL);
	case GENERATE_PAIR:
		EXPECT_RV(CKR_ARGUMENTS_BAD,
			  p11->C_GenerateKeyPair(session, NULL, request.list, 1, NULL, 0, &handle, &handle));
		EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, mechanism, request.list, 1, NULL,
								    1, &handle, &handle));
		EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_GenerateKeyPair(session, mechanism, request.list, 1, NULL,
								    0, NULL, &handle));
		return p11->C_GenerateKeyPair(session, mechanism, request.list, 1, NULL, 0, &handle, NULL);
	case UNWRAP:
		EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_UnwrapKey(session, mechanism, request.parent, NULL, 40,
							      request.list, request.count, &handle));
		return p11->C_UnwrapKey(session, mechanism, request.parent, request.in, request.in_len,
					request.list, request.count, NULL);
	case DERIVE:
		EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_DeriveKey(session, NULL, request.parent, request.list,
							      request.count, &handle));
		return p11->C_DeriveKey(session, mechanism, request.parent, request.list, request.count,
					NULL);
	case ENCAPSULATE:
		EXPECT_RV(CKR_ARGUMENTS_BAD,
			  p11->C_EncapsulateKey(session, mechanism, request.parent, request.list,
						request.count, out, NULL, &handle));
		return p11->C_EncapsulateKey(session, mechanism, request.parent, request.list, request.count,
					     out, &len, NULL);
	case DECAPSULATE:
		EXPECT_RV(CKR_ARGUMENTS_BAD,
			  p11->C_DecapsulateKey(session, mechanism, request.parent, request.list,
						request.count, NULL, 768, &handle));
		return p11->C_DecapsulateKey(session, mechanism, request.parent, request.list, request.count,
					     request.in, request.in_len, NULL);
	case MAKERS: break;
	}
	return CKR_GENERAL_ERROR;
}

#define WITH(name, attribute)                                                         \
	BODY(name, session)                                                           \
	{                                                                             \
		return fail(session, with(right_request(), (CK_ATTRIBUTE)attribute)); \
	}

WITH(make_read_only, ITEM(CKA_LOCAL, yes))
WITH(make_unknown, ITEM(0x7fff0001, yes))

BODY(make_wrong_value, session)
{
	CK_ATTRIBUTE attribute = { CKA_TOKEN, world_value, 2 };

	EXPECT_RV(CKR_ATTRIBUTE_VALUE_INVALID, fail(session, with(right_request(), attribute)));
	attribute = (CK_ATTRIBUTE){ CKA_START_DATE, world_value, 8 };
	return fail(session, with(right_request(), attribute));
}

BODY(make_inconsistent, session)
{
	struct request request = right_request();
	CK_ATTRIBUTE certificate = ITEM(CKA_CERTIFICATE_TYPE, x_509);

	EXPECT_RV(CKR_TEMPLATE_INCONSISTENT, fail(session, with(request, certificate)));
	request.list[request.count++] = (CK_ATTRIBUTE){ CKA_LABEL, world_value, 3 };
	request.list[request.count++] = (CK_ATTRIBUTE){ CKA_LABEL, world_value, 4 };
	return fail(session, request);
}

BODY(make_incomplete, session)
{
	struct request request = right_request();

	for (CK_ULONG i = 0; i < request.needed; i++) {
		struct request less = request;

		less.list[i] = less.list[--less.count];
		EXPECT_RV(CKR_TEMPLATE_INCOMPLETE, fail(session, less));
	}
	return CKR_TEMPLATE_INCOMPLETE;
}

BODY(make_foreign, session)
{
	struct request request = right_request();

	request.mechanism = (CK_MECHANISM){ CKM_VENDOR_DEFINED | 1, NULL, 0 };
	EXPECT_RV(CKR_MECHANISM_INVALID, fail(session, request));
	request.mechanism.mechanism = CKM_SHA256;
	return fail(session, request);
}

BODY(make_parameter, session)
{
	struct request request = right_request();

	request.mechanism.pParameter = world_value;
	request.mechanism.ulParameterLen = 3;
	return fail(session, request);
}

static CK_RV make_read_only_session(void)
{
	CK_SESSION_HANDLE session = world_open(USER, 0);
	struct request request = right_request();
	CK_RV rv = fail(session, placed(request, &yes));

	EXPECT_OK(succeed(session, request));
	world_close(session);
	return rv;
}

/* A public key of the session for whoever is not logged in. */
static CK_OBJECT_HANDLE public_parent(CK_SESSION_HANDLE session)
{
	static CK_ULONG set = CKP_ML_KEM_512;
	CK_ATTRIBUTE list[] = {
		ITEM(CKA_CLASS, secret_class),
		maker == UNWRAP ? (CK_ATTRIBUTE)ITEM(CKA_KEY_TYPE, aes_type)
				: (CK_ATTRIBUTE)ITEM(CKA_KEY_TYPE, hkdf_type),
		{ CKA_VALUE, world_value, 32 },
		ITEM(CKA_PRIVATE, no),
		maker == UNWRAP ? (CK_ATTRIBUTE)ITEM(CKA_UNWRAP, yes) : (CK_ATTRIBUTE)ITEM(CKA_DERIVE, yes),
	};
	CK_MECHANISM mechanism = { CKM_ML_KEM_KEY_PAIR_GEN, NULL, 0 };
	CK_ATTRIBUTE public = ITEM(CKA_PARAMETER_SET, set), private = ITEM(CKA_PRIVATE, no);
	CK_OBJECT_HANDLE keys[2] = { 0, 0 };

	if (maker == UNWRAP || maker == DERIVE)
		EXPECT_OK(p11->C_CreateObject(session, list, COUNT(list), &keys[0]));
	if (maker == ENCAPSULATE || maker == DECAPSULATE)
		EXPECT_OK(p11->C_GenerateKeyPair(session, &mechanism, &public, 1, &private, 1, &keys[0],
						 &keys[1]));
	return keys[maker == DECAPSULATE];
}

static CK_RV make_not_logged_in(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	struct request request = right_request();
	CK_RV rv = CKR_OK;

	request.parent = public_parent(session);
	if (maker == GENERATE_PAIR)
		request.private_list[request.private_count++] = (CK_ATTRIBUTE)ITEM(CKA_PRIVATE, no);
	EXPECT_OK(succeed(session, with(request, (CK_ATTRIBUTE)ITEM(CKA_PRIVATE, no))));
	rv = fail(session, with(request, (CK_ATTRIBUTE)ITEM(CKA_PRIVATE, yes)));
	world_close(session);
	return rv;
}

static const struct provocation any_make[] = {
	PROVOKE(, CKR_OK, "in the session", make_in_session),
	PROVOKE(, CKR_OK, "on the token", make_on_token),
	PROVOKE(, CKR_ARGUMENTS_BAD, "no place, no mechanism, no template", make_nowhere),
	PROVOKE(, CKR_ATTRIBUTE_READ_ONLY, "an attribute that the token sets", make_read_only),
	PROVOKE(, CKR_ATTRIBUTE_TYPE_INVALID, "an attribute of nobody's", make_unknown),
	PROVOKE(, CKR_ATTRIBUTE_VALUE_INVALID, "a truth of two bytes, a date of letters", make_wrong_value),
	PROVOKE(, CKR_TEMPLATE_INCONSISTENT, "a certificate's attribute, two labels", make_inconsistent),
	PROVOKE(, CKR_TEMPLATE_INCOMPLETE, "without each that has to be there", make_incomplete),
	PROVOKE(, CKR_MECHANISM_INVALID, "a mechanism of nobody's, one for something else", make_foreign),
	PROVOKE(, CKR_MECHANISM_PARAM_INVALID, "a parameter of three bytes", make_parameter),
	PROVOKE(, CKR_SESSION_READ_ONLY, "a token's object", make_read_only_session),
	PROVOKE(, CKR_USER_NOT_LOGGED_IN, "a private object", make_not_logged_in),
};

/* ---- what it is made from ---- */

BODY(parent_missing, session)
{
	struct request request = right_request();
	CK_ATTRIBUTE data = ITEM(CKA_CLASS, data_class);
	const CK_RV want = maker == UNWRAP || maker == DECAPSULATE ? CKR_UNWRAPPING_KEY_HANDLE_INVALID
								   : CKR_KEY_HANDLE_INVALID;

	request.parent = ~(CK_OBJECT_HANDLE)0;
	EXPECT_RV(want, fail(session, request));
	EXPECT_OK(p11->C_CreateObject(session, &data, 1, &request.parent));
	EXPECT_RV(want, fail(session, request));
	EXPECT_OK(p11->C_DestroyObject(session, request.parent));
	return fail(session, request);
}

BODY(parent_of_other_type, session)
{
	struct request request = right_request();

	request.parent = world_secret(KEY_HMAC);
	return fail(session, request);
}

BODY(parent_not_permitted, session)
{
	struct request request = right_request();
	CK_ATTRIBUTE may_not[] = { ITEM(CKA_UNWRAP, no), ITEM(CKA_DERIVE, no), ITEM(CKA_ENCAPSULATE, no),
				   ITEM(CKA_DECAPSULATE, no) };
	CK_OBJECT_HANDLE copy = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_CopyObject(session, request.parent, &may_not[maker - UNWRAP], 1, &copy));
	request.parent = copy;
	rv = fail(session, request);
	EXPECT_OK(p11->C_DestroyObject(session, copy));
	return rv;
}

static const struct provocation receive_made[] = {
	PROVOKE(, CKR_UNWRAPPING_KEY_HANDLE_INVALID, "no key", parent_missing),
	PROVOKE(, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, "a key of another type", parent_of_other_type),
	PROVOKE(, CKR_KEY_FUNCTION_NOT_PERMITTED, "a key that may not", parent_not_permitted),
};
static const struct provocation derive_made[] = {
	PROVOKE(, CKR_KEY_HANDLE_INVALID, "no key", parent_missing),
	PROVOKE(, CKR_KEY_TYPE_INCONSISTENT, "a key of another type", parent_of_other_type),
	PROVOKE(, CKR_KEY_FUNCTION_NOT_PERMITTED, "a key that may not", parent_not_permitted),
};

/* ---- what only some have ---- */

static CK_ULONG set_99 = 99, len_9000 = 9000;

BODY(pair_curve, session)
{
	return fail(session, with(right_request(), (CK_ATTRIBUTE)ITEM(CKA_EC_PARAMS, brainpool)));
}

BODY(pair_set, session)
{
	struct request request = right_request();

	request.mechanism.mechanism = CKM_ML_KEM_KEY_PAIR_GEN;
	request.list[0] = (CK_ATTRIBUTE)ITEM(CKA_PARAMETER_SET, set_99);
	EXPECT_RV(CKR_PARAMETER_SET_NOT_SUPPORTED, fail(session, request));
	request.mechanism.mechanism = CKM_ML_DSA_KEY_PAIR_GEN;
	return fail(session, request);
}

/* Half of the pair is refused: the other is not made either. */
BODY(pair_half, session)
{
	struct request request = right_request();

	request.private_list[0] = (CK_ATTRIBUTE)ITEM(CKA_LOCAL, yes);
	request.private_count = 1;
	return fail(session, request);
}

BODY(unwrap_damaged, session)
{
	struct request request = right_request();
	CK_BYTE changed[64];

	memcpy(changed, request.in, request.in_len);
	changed[request.in_len - 1] ^= 1;
	request.in = changed;
	return fail(session, request);
}

BODY(unwrap_length, session)
{
	struct request request = right_request();

	request.in_len--;
	EXPECT_RV(CKR_WRAPPED_KEY_LEN_RANGE, fail(session, request));
	request.in_len = 0;
	EXPECT_RV(CKR_WRAPPED_KEY_LEN_RANGE, fail(session, request));
	request.in_len = 40;
	return fail(session, with(request, (CK_ATTRIBUTE)ITEM(CKA_VALUE_LEN, len_9000)));
}

/* PKCS#8 of a curve and of a parameter set that nobody has, made of right ones. */
static CK_RV unwrap_changed(CK_SESSION_HANDLE session, CK_BYTE *info, CK_ULONG len, CK_KEY_TYPE *type)
{
	CK_BYTE sealed[256];
	CK_ULONG sealed_len = sizeof(sealed);
	CK_MECHANISM kwp = { CKM_AES_KEY_WRAP_KWP, NULL, 0 };
	struct request request = right_request();

	EXPECT_OK(p11->C_EncryptInit(session, &kwp, world_secret(KEY_AES)));
	EXPECT_OK(p11->C_Encrypt(session, info, len, sealed, &sealed_len));
	request.list[0] = (CK_ATTRIBUTE)ITEM(CKA_CLASS, private_class);
	request.list[1] = (CK_ATTRIBUTE){ CKA_KEY_TYPE, type, sizeof(*type) };
	request.in = sealed;
	request.in_len = sealed_len;
	return fail(session, request);
}

BODY(unwrap_curve, session)
{
	/* SEQUENCE { 0, { id-ecPublicKey, brainpoolP256r1 }, OCTET STRING of an ECPrivateKey } */
	static CK_BYTE info[] = { 0x30, 0x24, 0x02, 0x01, 0x00, 0x30, 0x14, 0x06, 0x07, 0x2a,
				  0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x09, 0x2b, 0x24,
				  0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07, 0x04, 0x09, 0x30,
				  0x07, 0x02, 0x01, 0x01, 0x04, 0x02, 0x01, 0x01 };

	return unwrap_changed(session, info, sizeof(info), &ec_type);
}

BODY(unwrap_inconsistent_type, session)
{
	static CK_BYTE info[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };

	return unwrap_changed(session, info, sizeof(info), &rsa_type);
}

BODY(decapsulate_length, session)
{
	struct request request = right_request();

	request.in_len = 767;
	EXPECT_RV(CKR_WRAPPED_KEY_LEN_RANGE, fail(session, request));
	request.in_len = 0;
	return fail(session, request);
}

BODY(derive_length, session)
{
	EXPECT_RV(CKR_KEY_SIZE_RANGE,
		  fail(session, with(right_request(), (CK_ATTRIBUTE)ITEM(CKA_VALUE_LEN, len_9000))));
	return CKR_KEY_SIZE_RANGE;
}

BODY(encapsulate_length, session)
{
	struct request request = right_request();
	CK_OBJECT_HANDLE handle = 7;
	CK_ULONG len = 0;
	CK_RV rv = ATTEMPT(p11->C_EncapsulateKey(session, &request.mechanism, request.parent, request.list,
						 request.count, NULL, &len, &handle));

	EXPECT(len == 768 && handle == 7);
	return rv;
}

BODY(encapsulate_short, session)
{
	struct request request = right_request();
	CK_BYTE out[768];
	CK_OBJECT_HANDLE handle = 7;
	CK_ULONG len = 767;
	CK_RV rv = CKR_OK;

	fill(out);
	rv = p11->C_EncapsulateKey(session, &request.mechanism, request.parent, request.list, request.count,
				   out, &len, &handle);
	EXPECT(len == 768 && handle == 7 && untouched(out));
	return rv;
}

static const struct provocation pair_made[] = {
	PROVOKE(, CKR_CURVE_NOT_SUPPORTED, "brainpoolP256r1", pair_curve),
	PROVOKE(, CKR_PARAMETER_SET_NOT_SUPPORTED, "set 99", pair_set),
	PROVOKE(, CKR_ATTRIBUTE_READ_ONLY, "in the private half alone", pair_half),
};
static const struct provocation unwrap_made[] = {
	PROVOKE(, CKR_WRAPPED_KEY_INVALID, "one bit changed", unwrap_damaged),
	PROVOKE(, CKR_WRAPPED_KEY_INVALID, "no PKCS#8", unwrap_inconsistent_type),
	PROVOKE(, CKR_WRAPPED_KEY_LEN_RANGE, "cut, empty, of another length", unwrap_length),
	PROVOKE(, CKR_CURVE_NOT_SUPPORTED, "a key on brainpoolP256r1", unwrap_curve),
};
static const struct provocation decapsulate_made[] = {
	PROVOKE(, CKR_WRAPPED_KEY_LEN_RANGE, "cut, empty", decapsulate_length),
};
static const struct provocation only_derive[] = {
	PROVOKE(, CKR_KEY_SIZE_RANGE, "a length that the mechanism can't give", derive_length),
};
static const struct provocation encapsulate_made[] = {
	PROVOKE(, CKR_OK, "a question for the length", encapsulate_length),
	PROVOKE(, CKR_BUFFER_TOO_SMALL, "one byte too little room", encapsulate_short),
};

/* ---- C_WrapKey ---- */

static CK_RV wrap_with(CK_SESSION_HANDLE session, CK_MECHANISM_TYPE type, CK_OBJECT_HANDLE wrapping,
		       CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { type, NULL, 0 };
	CK_BYTE out[2048];
	CK_ULONG len = sizeof(out);
	CK_RV rv = CKR_OK;

	fill(out);
	rv = ATTEMPT(p11->C_WrapKey(session, &mechanism, wrapping, key, out, &len));
	EXPECT(rv == CKR_OK || (untouched(out) && len == sizeof(out)));
	return rv;
}

#define KWP CKM_AES_KEY_WRAP_KWP
#define BY  world_secret(KEY_AES)
#define KEY world_secret(KEY_GENERIC)
#define WRAP(name, ...)                                 \
	BODY(name, session)                             \
	{                                               \
		return wrap_with(session, __VA_ARGS__); \
	}

WRAP(wrap_right, KWP, BY, KEY)
WRAP(wrap_private, KWP, BY, world_private(KEY_RSA))
WRAP(wrap_no_key, KWP, BY, 0)
WRAP(wrap_no_wrapping_key, KWP, 0, KEY)
WRAP(wrap_public, KWP, BY, world_public(KEY_RSA))
WRAP(wrap_private_with_rsa, CKM_RSA_PKCS, world_public(KEY_RSA), world_private(KEY_EC))
WRAP(wrap_type, KWP, world_public(KEY_RSA), KEY)
WRAP(wrap_foreign, CKM_SHA256, BY, KEY)

BODY(wrap_not_permitted, session)
{
	CK_ATTRIBUTE may_not = ITEM(CKA_WRAP, no);
	CK_OBJECT_HANDLE copy = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_CopyObject(session, BY, &may_not, 1, &copy));
	rv = wrap_with(session, KWP, copy, KEY);
	EXPECT_OK(p11->C_DestroyObject(session, copy));
	return rv;
}

BODY(wrap_unextractable, session)
{
	CK_ATTRIBUTE may_not = ITEM(CKA_EXTRACTABLE, no);
	CK_OBJECT_HANDLE copy = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_CopyObject(session, KEY, &may_not, 1, &copy));
	rv = wrap_with(session, KWP, BY, copy);
	EXPECT_OK(p11->C_DestroyObject(session, copy));
	return rv;
}

BODY(wrap_long, session)
{
	static CK_BYTE value[300] = { 1 };
	CK_ATTRIBUTE list[] = { ITEM(CKA_CLASS, secret_class), ITEM(CKA_KEY_TYPE, generic_type),
				ITEM(CKA_VALUE, value), ITEM(CKA_EXTRACTABLE, yes) };
	CK_OBJECT_HANDLE key = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_CreateObject(session, list, COUNT(list), &key));
	rv = wrap_with(session, CKM_RSA_PKCS, world_public(KEY_RSA), key);
	EXPECT_OK(p11->C_DestroyObject(session, key));
	return rv;
}

BODY(wrap_parameter, session)
{
	CK_MECHANISM mechanism = { KWP, world_value, 3 };
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);

	return p11->C_WrapKey(session, &mechanism, BY, KEY, out, &len);
}

BODY(wrap_nowhere, session)
{
	CK_MECHANISM mechanism = { KWP, NULL, 0 };
	CK_BYTE out[64];
	CK_ULONG len = sizeof(out);

	EXPECT_RV(CKR_ARGUMENTS_BAD, p11->C_WrapKey(session, NULL, BY, KEY, out, &len));
	return p11->C_WrapKey(session, &mechanism, BY, KEY, out, NULL);
}

BODY(wrap_length, session)
{
	CK_MECHANISM mechanism = { KWP, NULL, 0 };
	CK_ULONG len = 0;
	CK_RV rv = ATTEMPT(p11->C_WrapKey(session, &mechanism, BY, KEY, NULL, &len));

	EXPECT(len == 40);
	return rv;
}

BODY(wrap_short, session)
{
	CK_MECHANISM mechanism = { KWP, NULL, 0 };
	CK_BYTE out[64];
	CK_ULONG len = 39;
	CK_RV rv = CKR_OK;

	fill(out);
	rv = p11->C_WrapKey(session, &mechanism, BY, KEY, out, &len);
	EXPECT(len == 40 && untouched(out));
	return rv;
}

static const struct provocation wrap_table[] = {
	PROVOKE(C_WrapKey, CKR_OK, "a secret key", wrap_right),
	PROVOKE(C_WrapKey, CKR_OK, "a private key", wrap_private),
	PROVOKE(C_WrapKey, CKR_OK, "a question for the length", wrap_length),
	PROVOKE(C_WrapKey, CKR_BUFFER_TOO_SMALL, "one byte too little room", wrap_short),
	PROVOKE(C_WrapKey, CKR_ARGUMENTS_BAD, "no mechanism, no place for the length", wrap_nowhere),
	PROVOKE(C_WrapKey, CKR_KEY_HANDLE_INVALID, "no key", wrap_no_key),
	PROVOKE(C_WrapKey, CKR_KEY_NOT_WRAPPABLE, "a public key", wrap_public),
	PROVOKE(C_WrapKey, CKR_KEY_NOT_WRAPPABLE, "a private key with RSA", wrap_private_with_rsa),
	PROVOKE(C_WrapKey, CKR_KEY_SIZE_RANGE, "longer than the mechanism takes", wrap_long),
	PROVOKE(C_WrapKey, CKR_KEY_UNEXTRACTABLE, "a key that stays", wrap_unextractable),
	PROVOKE(C_WrapKey, CKR_MECHANISM_INVALID, "a mechanism for something else", wrap_foreign),
	PROVOKE(C_WrapKey, CKR_MECHANISM_PARAM_INVALID, "a parameter of three bytes", wrap_parameter),
	PROVOKE(C_WrapKey, CKR_WRAPPING_KEY_HANDLE_INVALID, "no wrapping key", wrap_no_wrapping_key),
	PROVOKE(C_WrapKey, CKR_WRAPPING_KEY_TYPE_INCONSISTENT, "a wrapping key of another type", wrap_type),
	PROVOKE(C_WrapKey, CKR_KEY_FUNCTION_NOT_PERMITTED, "a wrapping key that may not", wrap_not_permitted),
};

/* ---- keys that ask for their PIN are used once at a time, and these functions have no once ---- */

BODY(unwrap_unasked, session)
{
	CK_MECHANISM generate = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_ECDH1_DERIVE_PARAMS ecdh = { CKD_NULL, 0, NULL, 0, NULL };
	CK_MECHANISM derive = { CKM_ECDH1_DERIVE, &ecdh, sizeof(ecdh) };
	CK_ATTRIBUTE public = ITEM(CKA_EC_PARAMS, p256);
	CK_ATTRIBUTE private[] = { ITEM(CKA_ALWAYS_AUTHENTICATE, yes), ITEM(CKA_DERIVE, yes) };
	CK_ATTRIBUTE list[] = { ITEM(CKA_CLASS, secret_class), ITEM(CKA_KEY_TYPE, generic_type) };
	CK_BYTE point[80];
	CK_ATTRIBUTE get = ITEM(CKA_EC_POINT, point);
	CK_OBJECT_HANDLE keys[2], made = 0;

	EXPECT_OK(p11->C_GenerateKeyPair(session, &generate, &public, 1, private, 2, &keys[0], &keys[1]));
	EXPECT_OK(p11->C_GetAttributeValue(session, keys[0], &get, 1));
	ecdh.pPublicData = point;
	ecdh.ulPublicDataLen = get.ulValueLen;
	return p11->C_DeriveKey(session, &derive, keys[1], list, 2, &made);
}

static const struct provocation unasked_table[] = {
	PROVOKE(C_DeriveKey, CKR_USER_NOT_LOGGED_IN, "the key asks for its PIN", unwrap_unasked),
};

static void provoke_maker(const struct provocation *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct provocation row = rows[i];

		row.function = maker_names[maker];
		provoke_all(&row, 1);
	}
}

#define ROWS(rows) provoke_maker(rows, COUNT(rows))

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	for (maker = 0; maker < MAKERS; maker++) {
		ROWS(any_make);
		switch (maker) {
		case GENERATE_PAIR: ROWS(pair_made); break;
		case UNWRAP:
			ROWS(receive_made);
			ROWS(unwrap_made);
			break;
		case DERIVE:
			ROWS(derive_made);
			ROWS(only_derive);
			break;
		case ENCAPSULATE:
			ROWS(derive_made);
			ROWS(encapsulate_made);
			break;
		case DECAPSULATE:
			ROWS(receive_made);
			ROWS(decapsulate_made);
			break;
		default: break;
		}
	}
	provoke_all(wrap_table, COUNT(wrap_table));
	provoke_all(unasked_table, COUNT(unasked_table));
	world_result(world_failures() == 0, "all else was as expected", NULL);
	return world_end();
}
