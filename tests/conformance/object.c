/* PKCS#11 3.2 §5.7: what the functions on objects answer. */
#include "make.h"

#define NO_OBJECT ((CK_OBJECT_HANDLE)0x7fffffff)

/* A body that is about one session, which is opened for it and closed. */
#define IN_SESSION(name, token, flags, body)                          \
	static CK_RV name(void)                                       \
	{                                                             \
		CK_SESSION_HANDLE session = world_open(token, flags); \
		CK_RV rv = body;                                      \
                                                                      \
		world_close(session);                                 \
		return rv;                                            \
	}

/* ---- C_CreateObject ---- */

static CK_RV create(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = ATTEMPT(p11->C_CreateObject(session, template, count, &object));

	if (rv == CKR_OK)
		EXPECT_OK(p11->C_DestroyObject(session, object));
	return rv;
}

#define CREATE(...)                                      \
	create(session, (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
	       sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

IN_SESSION(create_data, PUBLIC, 0, CREATE(DATA, BYTES(CKA_VALUE, "value"), BYTES(CKA_APPLICATION, "program")))
IN_SESSION(create_token_data, PUBLIC, CKF_RW_SESSION,
	   CREATE(DATA, ATTR(CKA_TOKEN, yes), BYTES(CKA_LABEL, "l")))
IN_SESSION(create_cert, PUBLIC, CKF_RW_SESSION,
	   CREATE(CERT, ATTR(CKA_TOKEN, yes), BYTES(CKA_SUBJECT, "s"), BYTES(CKA_VALUE, "v")))
IN_SESSION(create_secret, USER, CKF_RW_SESSION, CREATE(AES_KEY, ATTR(CKA_TOKEN, yes)))
IN_SESSION(create_session_secret, USER, 0, CREATE(AES_KEY))
IN_SESSION(create_same_twice, USER, 0, CREATE(AES_KEY, ATTR(CKA_ENCRYPT, no), ATTR(CKA_ENCRYPT, no)))

static const CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static const CK_BYTE brainpool[] = { 0x06, 0x09, 0x2b, 0x24, 0x03, 0x03, 0x02, 0x08, 0x01, 0x01, 0x07 };

#define EC_DOMAIN  ATTR(CKA_CLASS, class_domain), ATTR(CKA_KEY_TYPE, type_ec)
#define EC_PUBLIC  ATTR(CKA_CLASS, class_public), ATTR(CKA_KEY_TYPE, type_ec)
#define EC_PRIVATE ATTR(CKA_CLASS, class_private), ATTR(CKA_KEY_TYPE, type_ec)

IN_SESSION(create_domain, PUBLIC, 0, CREATE(EC_DOMAIN, ATTR(CKA_EC_PARAMS, p256)))
IN_SESSION(create_other_curve, PUBLIC, 0, REFUSE(session, EC_DOMAIN, ATTR(CKA_EC_PARAMS, brainpool)))
IN_SESSION(create_no_params, PUBLIC, 0, REFUSE(session, EC_DOMAIN, BYTES(CKA_EC_PARAMS, "nonsense")))

/* ML-DSA has no parameter set 99. */
static const CK_ULONG no_set = 99;

IN_SESSION(create_no_set, PUBLIC, 0,
	   REFUSE(session, ATTR(CKA_CLASS, class_public), ATTR(CKA_KEY_TYPE, type_ml_dsa),
		  ATTR(CKA_PARAMETER_SET, no_set), BYTES(CKA_VALUE, "value")))

/* On the curve's list of points this is none. */
static const CK_BYTE no_point[67] = { 0x04, 65, 0x04, 1, 2, 3 };

IN_SESSION(create_no_point, PUBLIC, 0,
	   REFUSE(session, EC_PUBLIC, ATTR(CKA_EC_PARAMS, p256), ATTR(CKA_EC_POINT, no_point)))

/* 0, and more than the group's order. */
static const CK_BYTE zero[32] = { 0 };

IN_SESSION(create_no_scalar, USER, 0,
	   REFUSE(session, EC_PRIVATE, ATTR(CKA_EC_PARAMS, p256), ATTR(CKA_VALUE, zero)))

static const CK_BBOOL neither = 2;
static const CK_OBJECT_CLASS no_class = 99;

IN_SESSION(create_bool_2, PUBLIC, 0, REFUSE(session, DATA, ATTR(CKA_TOKEN, neither)))
IN_SESSION(create_bool_long, PUBLIC, 0, REFUSE(session, DATA, BYTES(CKA_TOKEN, "\1\0")))
IN_SESSION(create_no_class, PUBLIC, 0, REFUSE(session, ATTR(CKA_CLASS, no_class)))
IN_SESSION(create_no_date, USER, 0, REFUSE(session, AES_KEY, BYTES(CKA_START_DATE, "20230229")))
IN_SESSION(create_aes_17, USER, 0,
	   REFUSE(session, ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_aes),
		  BYTES(CKA_VALUE, "0123456789abcdefg")))
IN_SESSION(create_attribute_cert, PUBLIC, 0,
	   REFUSE(session, ATTR(CKA_CLASS, class_cert), ATTR(CKA_CERTIFICATE_TYPE, cert_attribute),
		  BYTES(CKA_OWNER, "o"), BYTES(CKA_VALUE, "v")))
IN_SESSION(create_attribute_cert_alone, PUBLIC, 0,
	   REFUSE(session, ATTR(CKA_CLASS, class_cert), ATTR(CKA_CERTIFICATE_TYPE, cert_attribute),
		  BYTES(CKA_VALUE, "v")))
IN_SESSION(create_wtls_cert, PUBLIC, 0,
	   REFUSE(session, ATTR(CKA_CLASS, class_cert), ATTR(CKA_CERTIFICATE_TYPE, cert_wtls),
		  BYTES(CKA_SUBJECT, "s"), BYTES(CKA_VALUE, "v")))
IN_SESSION(create_vendor, PUBLIC, 0, REFUSE(session, DATA, BYTES(CKA_VENDOR_DEFINED | 77, "v")))
IN_SESSION(create_local, USER, 0, REFUSE(session, AES_KEY, ATTR(CKA_LOCAL, yes)))
IN_SESSION(create_unique_id, PUBLIC, 0, REFUSE(session, DATA, BYTES(CKA_UNIQUE_ID, "me")))
IN_SESSION(create_trusted, PUBLIC, 0,
	   REFUSE(session, CERT, BYTES(CKA_SUBJECT, "s"), BYTES(CKA_VALUE, "v"), ATTR(CKA_TRUSTED, yes)))
IN_SESSION(create_nothing, PUBLIC, 0, REFUSE(session, BYTES(CKA_LABEL, "l")))
IN_SESSION(create_no_value, USER, 0,
	   REFUSE(session, ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_aes)))
IN_SESSION(create_no_type, USER, 0, REFUSE(session, ATTR(CKA_CLASS, class_secret), AES_VALUE))
IN_SESSION(create_two_values, USER, 0, REFUSE(session, AES_KEY, ATTR(CKA_SIGN, yes), ATTR(CKA_SIGN, no)))
IN_SESSION(create_foreign, USER, 0, REFUSE(session, AES_KEY, BYTES(CKA_MODULUS, "m")))
IN_SESSION(create_profile, PUBLIC, CKF_RW_SESSION, REFUSE(session, ATTR(CKA_CLASS, class_profile)))
IN_SESSION(create_on_token_ro, USER, 0, REFUSE(session, AES_KEY, ATTR(CKA_TOKEN, yes)))
IN_SESSION(create_private_nobody, PUBLIC, CKF_RW_SESSION, REFUSE(session, DATA, ATTR(CKA_PRIVATE, yes)))
IN_SESSION(create_private_officer, OFFICER, CKF_RW_SESSION, REFUSE(session, DATA, ATTR(CKA_PRIVATE, yes)))
IN_SESSION(create_secret_nobody, PUBLIC, CKF_RW_SESSION, REFUSE(session, AES_KEY))
IN_SESSION(create_null_template, PUBLIC, 0, refuse(session, NULL, 1))
IN_SESSION(create_null_value, PUBLIC, 0, REFUSE(session, DATA, { CKA_LABEL, NULL, 5 }))
IN_SESSION(create_too_many, PUBLIC, 0, refuse(session, (CK_ATTRIBUTE[]){ DATA }, (CK_ULONG)-1))
IN_SESSION(create_nowhere, PUBLIC, 0, p11->C_CreateObject(session, (CK_ATTRIBUTE[]){ DATA }, 1, NULL))

/* ---- C_CopyObject ---- */

static CK_RV copy_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE *template,
		     CK_ULONG count)
{
	CK_OBJECT_HANDLE copy = 0;
	CK_RV rv = CKR_OK;

	fill(copy);
	rv = ATTEMPT(p11->C_CopyObject(session, object, template, count, &copy));
	if (rv == CKR_OK)
		EXPECT_OK(p11->C_DestroyObject(session, copy));
	else
		EXPECT(untouched(copy));
	return rv;
}

/* A copy of a data object that is made for it, with more or less of a template. */
#define COPY_DATA(...)                                                                                       \
	copy_of(session, MAKE(session, DATA, BYTES(CKA_LABEL, "original")), (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
		sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

IN_SESSION(copy_plain, PUBLIC, 0, copy_of(session, MAKE(session, DATA), NULL, 0))
IN_SESSION(copy_to_token, PUBLIC, CKF_RW_SESSION, COPY_DATA(ATTR(CKA_TOKEN, yes)))
IN_SESSION(copy_secret, USER, CKF_RW_SESSION,
	   copy_of(session, world_secret(KEY_AES), (CK_ATTRIBUTE[]){ ATTR(CKA_TOKEN, yes) }, 1))
IN_SESSION(copy_forbidden, PUBLIC, 0, copy_of(session, MAKE(session, DATA, ATTR(CKA_COPYABLE, no)), NULL, 0))
IN_SESSION(copy_nothing, PUBLIC, 0, copy_of(session, NO_OBJECT, NULL, 0))
IN_SESSION(copy_zero, PUBLIC, 0, copy_of(session, 0, NULL, 0))
IN_SESSION(copy_class, PUBLIC, 0, COPY_DATA(ATTR(CKA_CLASS, class_data)))
IN_SESSION(copy_unhide, USER, 0,
	   copy_of(session, MAKE(session, AES_KEY, ATTR(CKA_SENSITIVE, yes)),
		   (CK_ATTRIBUTE[]){ ATTR(CKA_SENSITIVE, no) }, 1))
IN_SESSION(copy_vendor, PUBLIC, 0, COPY_DATA(BYTES(CKA_VENDOR_DEFINED | 77, "v")))
IN_SESSION(copy_bool_2, PUBLIC, 0, COPY_DATA(ATTR(CKA_TOKEN, neither)))
IN_SESSION(copy_two_values, PUBLIC, 0, COPY_DATA(BYTES(CKA_LABEL, "a"), BYTES(CKA_LABEL, "b")))
IN_SESSION(copy_foreign, PUBLIC, 0, COPY_DATA(BYTES(CKA_ID, "id")))
IN_SESSION(copy_publish, USER, 0,
	   copy_of(session, MAKE(session, DATA, ATTR(CKA_PRIVATE, yes)),
		   (CK_ATTRIBUTE[]){ ATTR(CKA_PRIVATE, no) }, 1))
IN_SESSION(copy_to_token_ro, PUBLIC, 0, COPY_DATA(ATTR(CKA_TOKEN, yes)))
IN_SESSION(copy_private_nobody, PUBLIC, 0, COPY_DATA(ATTR(CKA_PRIVATE, yes)))
IN_SESSION(copy_null_template, PUBLIC, 0, copy_of(session, MAKE(session, DATA), NULL, 1))
IN_SESSION(copy_nowhere, PUBLIC, 0, p11->C_CopyObject(session, MAKE(session, DATA), NULL, 0, NULL))

/* ---- C_DestroyObject ---- */

/* Makes one in the keeper's session of the token, and destroys it from another. */
static CK_RV destroy_made(CK_SESSION_HANDLE session, CK_SESSION_HANDLE maker, CK_ATTRIBUTE *template,
			  CK_ULONG count)
{
	CK_OBJECT_HANDLE object = make(maker, template, count);
	CK_ULONG size = 0;
	CK_RV rv = ATTEMPT(p11->C_DestroyObject(session, object));

	if (rv == CKR_OK)
		EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(maker, object, &size));
	else
		EXPECT_OK(p11->C_DestroyObject(maker, object)); /* it is still there */
	return rv;
}

#define DESTROY(maker, ...)                                           \
	destroy_made(session, maker, (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
		     sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

IN_SESSION(destroy_session, PUBLIC, 0, DESTROY(world_keeper(PUBLIC), DATA))
IN_SESSION(destroy_token, PUBLIC, CKF_RW_SESSION, DESTROY(world_keeper(PUBLIC), DATA, ATTR(CKA_TOKEN, yes)))
IN_SESSION(destroy_private, USER, CKF_RW_SESSION,
	   DESTROY(world_keeper(USER), AES_KEY, ATTR(CKA_TOKEN, yes), ATTR(CKA_PRIVATE, yes)))
IN_SESSION(destroy_token_ro, PUBLIC, 0, DESTROY(world_keeper(PUBLIC), DATA, ATTR(CKA_TOKEN, yes)))
IN_SESSION(destroy_nothing, PUBLIC, CKF_RW_SESSION, p11->C_DestroyObject(session, NO_OBJECT))
IN_SESSION(destroy_of_another_token, PUBLIC, CKF_RW_SESSION, DESTROY(world_keeper(USER), DATA))

/* A private object's handle means nothing to those who may not see it. */
static CK_RV destroy_unseen(void)
{
	CK_OBJECT_HANDLE object = MAKE(world_keeper(USER), AES_KEY, ATTR(CKA_TOKEN, yes));
	CK_RV rv = p11->C_DestroyObject(world_keeper(OFFICER), object);

	EXPECT_RV(rv, p11->C_DestroyObject(world_keeper(PUBLIC), object));
	EXPECT_OK(p11->C_DestroyObject(world_keeper(USER), object));
	return rv;
}

/* It ends with its session all the same. */
static CK_RV destroy_forbidden(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_OBJECT_HANDLE object = MAKE(session, DATA, ATTR(CKA_DESTROYABLE, no));
	CK_ULONG size = 0;
	CK_RV rv = p11->C_DestroyObject(session, object);

	EXPECT_OK(p11->C_GetObjectSize(session, object, &size));
	world_close(session);
	EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, p11->C_GetObjectSize(world_keeper(PUBLIC), object, &size));
	return rv;
}

static CK_RV destroy_twice(void)
{
	CK_OBJECT_HANDLE object = MAKE(world_keeper(PUBLIC), DATA);

	EXPECT_OK(p11->C_DestroyObject(world_keeper(PUBLIC), object));
	return p11->C_DestroyObject(world_keeper(PUBLIC), object);
}

/* ---- C_GetObjectSize ---- */

static CK_RV size_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_ULONG size = 0;
	CK_RV rv = CKR_OK;

	fill(size);
	rv = ATTEMPT(p11->C_GetObjectSize(session, object, &size));
	EXPECT(rv == CKR_OK ? size > 0 && size < 65536 : untouched(size));
	return rv;
}

static CK_RV size_of_token_object(void)
{
	CK_OBJECT_HANDLE object = MAKE(world_keeper(PUBLIC), DATA, ATTR(CKA_TOKEN, yes));
	CK_RV rv = size_of(world_keeper(PUBLIC), object);

	EXPECT_OK(p11->C_DestroyObject(world_keeper(PUBLIC), object));
	return rv;
}

IN_SESSION(size_there, USER, 0, size_of(session, world_secret(KEY_AES)))
IN_SESSION(size_of_nothing, USER, 0, size_of(session, NO_OBJECT))
IN_SESSION(size_nowhere, USER, 0, p11->C_GetObjectSize(session, world_secret(KEY_AES), NULL))

/* ---- C_GetAttributeValue ---- */

/* Of a sensitive key: each attribute that can be told is, whatever becomes of the others. */
static CK_RV get_mixed(CK_SESSION_HANDLE session, CK_ATTRIBUTE_TYPE odd, CK_ULONG odd_len)
{
	CK_OBJECT_HANDLE key = MAKE(session, AES_KEY, ATTR(CKA_SENSITIVE, yes), BYTES(CKA_LABEL, "label"));
	CK_BYTE label[8], odd_value[64];
	CK_KEY_TYPE type = 0;
	CK_ATTRIBUTE template[] = {
		ATTR(CKA_LABEL, label),
		{ odd, odd_value, odd_len },
		{ CKA_ID, NULL, 7 },
		ATTR(CKA_KEY_TYPE, type),
	};
	CK_RV rv = CKR_OK;

	fill(label);
	fill(odd_value);
	rv = p11->C_GetAttributeValue(session, key, template, COUNT(template));
	EXPECT(template[0].ulValueLen == 5 && memcmp(label, "label", 5) == 0);
	EXPECT(world_untouched(label + 5, sizeof(label) - 5));
	EXPECT(template[1].ulValueLen == CK_UNAVAILABLE_INFORMATION && untouched(odd_value));
	EXPECT(template[2].ulValueLen == 0);
	EXPECT(template[3].ulValueLen == sizeof(type) && type == CKK_AES);
	return rv;
}

IN_SESSION(get_sensitive, USER, 0, get_mixed(session, CKA_VALUE, 64))
IN_SESSION(get_foreign, USER, 0, get_mixed(session, CKA_MODULUS, 64))
IN_SESSION(get_unknown, USER, 0, get_mixed(session, CKA_VENDOR_DEFINED | 77, 64))
IN_SESSION(get_short, USER, 0, get_mixed(session, CKA_UNIQUE_ID, 3))
IN_SESSION(get_short_number, USER, 0, get_mixed(session, CKA_VALUE_LEN, 4))

static CK_RV get_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_BYTE label[16];
	CK_OBJECT_CLASS class = 0;
	CK_ATTRIBUTE template[] = { ATTR(CKA_LABEL, label), ATTR(CKA_CLASS, class) };
	CK_RV rv = CKR_OK;

	fill(label);
	fill(class);
	rv = ATTEMPT(p11->C_GetAttributeValue(session, object, template, COUNT(template)));
	if (rv == CKR_OK)
		EXPECT(class == CKO_DATA && template[0].ulValueLen == 5);
	else
		EXPECT(untouched(label) && untouched(class) && template[0].ulValueLen == sizeof(label));
	return rv;
}

static CK_RV get_token_object(void)
{
	CK_OBJECT_HANDLE object =
		MAKE(world_keeper(PUBLIC), DATA, ATTR(CKA_TOKEN, yes), BYTES(CKA_LABEL, "label"));
	CK_RV rv = get_of(world_keeper(PUBLIC), object);

	EXPECT_OK(p11->C_DestroyObject(world_keeper(PUBLIC), object));
	return rv;
}

/* Lengths alone; and nothing at all. */
static CK_RV get_lengths(void)
{
	CK_ATTRIBUTE template[] = { NOTHING(CKA_VALUE), NOTHING(CKA_CLASS), NOTHING(CKA_TOKEN) };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key = MAKE(session, AES_KEY, ATTR(CKA_EXTRACTABLE, yes));
	CK_RV rv = ATTEMPT(p11->C_GetAttributeValue(session, key, template, COUNT(template)));

	EXPECT(template[0].ulValueLen == 32);
	EXPECT(template[1].ulValueLen == sizeof(CK_ULONG) && template[2].ulValueLen == sizeof(CK_BBOOL));
	EXPECT_OK(p11->C_GetAttributeValue(session, key, NULL, 0));
	world_close(session);
	return rv;
}

/* An attribute that is a template: first how much, then the types and lengths, then the values. */
static CK_RV get_template(void)
{
	CK_ATTRIBUTE inner[] = { ATTR(CKA_SENSITIVE, yes), BYTES(CKA_LABEL, "wrapped") };
	CK_SESSION_HANDLE session = world_open(USER, 0);
	CK_OBJECT_HANDLE key =
		MAKE(session, AES_KEY, { CKA_UNWRAP_TEMPLATE, inner, sizeof(inner) }, ATTR(CKA_UNWRAP, yes));
	CK_ATTRIBUTE got[2] = { { 0, NULL, 0 }, { 0, NULL, 0 } };
	CK_ATTRIBUTE outer = { CKA_UNWRAP_TEMPLATE, NULL, 0 };
	CK_BYTE label[7];
	CK_BBOOL sensitive = 2;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_GetAttributeValue(session, key, &outer, 1));
	EXPECT(outer.ulValueLen == sizeof(got));
	outer.pValue = got;
	EXPECT_OK(p11->C_GetAttributeValue(session, key, &outer, 1));
	EXPECT(got[0].type == CKA_SENSITIVE && got[0].ulValueLen == 1);
	EXPECT(got[1].type == CKA_LABEL && got[1].ulValueLen == 7);
	got[0].pValue = &sensitive;
	got[1].pValue = label;
	rv = ATTEMPT(p11->C_GetAttributeValue(session, key, &outer, 1));
	EXPECT(sensitive == CK_TRUE && memcmp(label, "wrapped", 7) == 0);
	got[1].ulValueLen = 3;
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, p11->C_GetAttributeValue(session, key, &outer, 1));
	EXPECT(got[1].ulValueLen == CK_UNAVAILABLE_INFORMATION && got[0].ulValueLen == 1);
	world_close(session);
	return rv;
}

IN_SESSION(get_of_nothing, PUBLIC, 0, get_of(session, NO_OBJECT))
IN_SESSION(get_null_template, USER, 0, p11->C_GetAttributeValue(session, world_secret(KEY_AES), NULL, 2))

/* ---- C_SetAttributeValue ---- */

/* Two attributes of an object that is made for it: the first would do, what is said of the second counts. */
static CK_RV set_on(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE second)
{
	CK_ATTRIBUTE template[] = { BYTES(CKA_LABEL, "changed"), second };
	CK_BYTE label[16] = { 0 };
	CK_ATTRIBUTE now = ATTR(CKA_LABEL, label);
	CK_RV rv = p11->C_SetAttributeValue(session, object, template, COUNT(template));

	if (p11->C_GetAttributeValue(session, object, &now, 1) == CKR_OK)
		EXPECT((memcmp(label, "changed", 7) == 0) == (rv == CKR_OK));
	return rv;
}

#define SET_DATA(...) \
	set_on(session, MAKE(session, DATA, BYTES(CKA_LABEL, "before")), (CK_ATTRIBUTE)__VA_ARGS__)
#define SET_KEY(made, ...) set_on(session, MAKE(session, AES_KEY, made), (CK_ATTRIBUTE)__VA_ARGS__)

IN_SESSION(set_there, PUBLIC, 0, SET_DATA(BYTES(CKA_VALUE, "new")))
IN_SESSION(set_class, PUBLIC, 0, SET_DATA(ATTR(CKA_CLASS, class_data)))
IN_SESSION(set_token, PUBLIC, CKF_RW_SESSION, SET_DATA(ATTR(CKA_TOKEN, yes)))
IN_SESSION(set_unhide, USER, 0, SET_KEY(ATTR(CKA_SENSITIVE, yes), ATTR(CKA_SENSITIVE, no)))
IN_SESSION(set_extract, USER, 0, SET_KEY(ATTR(CKA_EXTRACTABLE, no), ATTR(CKA_EXTRACTABLE, yes)))
IN_SESSION(set_copyable, USER, 0, SET_KEY(ATTR(CKA_COPYABLE, no), ATTR(CKA_COPYABLE, yes)))
IN_SESSION(set_with_trusted, USER, 0,
	   SET_KEY(ATTR(CKA_WRAP_WITH_TRUSTED, yes), ATTR(CKA_WRAP_WITH_TRUSTED, no)))
IN_SESSION(set_local, USER, 0, SET_KEY(ATTR(CKA_SENSITIVE, yes), ATTR(CKA_LOCAL, yes)))
IN_SESSION(set_vendor, PUBLIC, 0, SET_DATA(BYTES(CKA_VENDOR_DEFINED | 77, "v")))
IN_SESSION(set_no_date, USER, 0, SET_KEY(ATTR(CKA_SENSITIVE, yes), BYTES(CKA_END_DATE, "20240230")))
IN_SESSION(set_two_values, PUBLIC, 0, SET_DATA(BYTES(CKA_LABEL, "two")))
IN_SESSION(set_foreign, PUBLIC, 0, SET_DATA(BYTES(CKA_ID, "id")))
IN_SESSION(set_forbidden, USER, 0, SET_KEY(ATTR(CKA_MODIFIABLE, no), BYTES(CKA_ID, "id")))
IN_SESSION(set_nothing, PUBLIC, 0, SET(session, NO_OBJECT, BYTES(CKA_LABEL, "l")))
IN_SESSION(set_null_template, PUBLIC, 0, p11->C_SetAttributeValue(session, MAKE(session, DATA), NULL, 1))
IN_SESSION(set_null_value, PUBLIC, 0, SET_DATA({ CKA_VALUE, NULL, 3 }))

static CK_RV set_token_object(void)
{
	CK_ATTRIBUTE template[] = { BYTES(CKA_LABEL, "after") };
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_OBJECT_HANDLE object = MAKE(session, DATA, ATTR(CKA_TOKEN, yes), BYTES(CKA_LABEL, "before"));
	CK_ULONG found = 0;
	CK_RV rv = ATTEMPT(p11->C_SetAttributeValue(session, object, template, COUNT(template)));

	/* Found by its new value alone, or after a failure by its old one alone. */
	found = count_found(session, template, 1);
	INSIST(object == 0 || found == (rv == CKR_OK));
	EXPECT_OK(p11->C_DestroyObject(session, object));
	world_close(session);
	return rv;
}

static CK_RV set_token_object_ro(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_OBJECT_HANDLE object = MAKE(world_keeper(PUBLIC), DATA, ATTR(CKA_TOKEN, yes));
	CK_RV rv = SET(session, object, BYTES(CKA_LABEL, "l"));

	EXPECT_OK(p11->C_DestroyObject(world_keeper(PUBLIC), object));
	world_close(session);
	return rv;
}

/* ---- searches ---- */

static const CK_ATTRIBUTE_TYPE unknown_type = CKA_VENDOR_DEFINED | 77;

static CK_RV find_begun(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG found = 0;
	CK_RV rv = ATTEMPT(p11->C_FindObjectsInit(session, template, count));

	if (rv == CKR_OK)
		EXPECT_OK(p11->C_FindObjectsFinal(session));
	else
		EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, p11->C_FindObjects(session, &object, 1, &found));
	return rv;
}

#define FIND(...)                                            \
	find_begun(session, (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
		   sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

IN_SESSION(find_all, PUBLIC, 0, find_begun(session, NULL, 0))
IN_SESSION(find_some, PUBLIC, 0, FIND(DATA, BYTES(CKA_LABEL, "l"), ATTR(CKA_PRIVATE, no)))
IN_SESSION(find_unknown, PUBLIC, 0, FIND({ unknown_type, NULL, 0 }))
IN_SESSION(find_null_template, PUBLIC, 0, find_begun(session, NULL, 1))
IN_SESSION(find_null_value, PUBLIC, 0, FIND({ CKA_LABEL, NULL, 5 }))
IN_SESSION(find_bool_2, PUBLIC, 0, FIND(ATTR(CKA_TOKEN, neither)))
IN_SESSION(find_short_number, PUBLIC, 0, FIND(BYTES(CKA_CLASS, "\1")))

static CK_RV find_twice(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_OBJECT_HANDLE object = MAKE(session, DATA, BYTES(CKA_LABEL, "twice"));
	CK_ATTRIBUTE template[] = { BYTES(CKA_LABEL, "twice") };
	CK_OBJECT_HANDLE got = 0;
	CK_ULONG found = 0;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_FindObjectsInit(session, template, 1));
	rv = p11->C_FindObjectsInit(session, NULL, 0);
	EXPECT_OK(p11->C_FindObjects(session, &got, 1, &found)); /* the first goes on */
	EXPECT(found == 1 && got == object);
	world_close(session);
	return rv;
}

/* So large that it is not read along with what names it. */
static const CK_BYTE large[20000] = { 1 };

/* Five of the token and the session, two at a time; a call that fails loses none. */
static CK_RV find_pages(void)
{
	CK_ATTRIBUTE template[] = { BYTES(CKA_LABEL, "pages") };
	CK_SESSION_HANDLE session = world_open(PUBLIC, CKF_RW_SESSION);
	CK_OBJECT_HANDLE made[5] = { 0 };
	CK_OBJECT_HANDLE page[2];
	CK_ULONG all = 0;
	CK_ULONG found = 2;
	CK_RV rv = CKR_OK;

	for (unsigned i = 0; i < COUNT(made); i++)
		made[i] = i < 3 ? MAKE(session, DATA, BYTES(CKA_LABEL, "pages"), ATTR(CKA_TOKEN, yes),
				       ATTR(CKA_VALUE, large))
				: MAKE(session, DATA, BYTES(CKA_LABEL, "pages"));
	EXPECT_OK(p11->C_FindObjectsInit(session, template, COUNT(template)));
	for (unsigned calls = 0; calls < 10 && found != 0; calls++) {
		CK_RV now = ATTEMPT(p11->C_FindObjects(session, page, COUNT(page), &found));

		rv = now != CKR_OK ? now : rv;
		all += now == CKR_OK ? found : 0;
	}
	INSIST(all == COUNT(made));
	EXPECT_OK(p11->C_FindObjectsFinal(session));
	for (unsigned i = 0; i < COUNT(made); i++)
		EXPECT_OK(p11->C_DestroyObject(session, made[i]));
	world_close(session);
	return rv;
}

static CK_RV find_none_asked(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_ULONG found = 7;
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	rv = p11->C_FindObjects(session, NULL, 0, &found);
	EXPECT(found == 0);
	world_close(session);
	return rv;
}

static CK_RV find_to(CK_OBJECT_HANDLE *objects, CK_ULONG *ret_found)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	rv = p11->C_FindObjects(session, objects, 4, ret_found);
	EXPECT_OK(p11->C_FindObjectsFinal(session)); /* it was still there */
	world_close(session);
	return rv;
}

static CK_RV find_nowhere(void)
{
	CK_ULONG found = 0;
	CK_RV rv = CKR_OK;

	fill(found);
	rv = find_to(NULL, &found);
	EXPECT(untouched(found));
	return rv;
}

static CK_RV find_uncounted(void)
{
	CK_OBJECT_HANDLE objects[4];
	CK_RV rv = CKR_OK;

	fill(objects);
	rv = find_to(objects, NULL);
	EXPECT(untouched(objects));
	return rv;
}

static CK_RV find_unbegun(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_OBJECT_HANDLE object = 0;
	CK_ULONG found = 0;
	CK_RV rv = CKR_OK;

	fill(found);
	rv = p11->C_FindObjects(session, &object, 1, &found);
	EXPECT(untouched(found) && object == 0);
	world_close(session);
	return rv;
}

static CK_RV find_ended(void)
{
	CK_SESSION_HANDLE session = world_open(PUBLIC, 0);
	CK_RV rv = CKR_OK;

	EXPECT_OK(p11->C_FindObjectsInit(session, NULL, 0));
	rv = ATTEMPT(p11->C_FindObjectsFinal(session));
	EXPECT(rv != CKR_OK || p11->C_FindObjectsFinal(session) == CKR_OPERATION_NOT_INITIALIZED);
	world_close(session);
	return rv;
}

IN_SESSION(find_end_unbegun, PUBLIC, 0, p11->C_FindObjectsFinal(session))

static const struct provocation table[] = {
	PROVOKE(C_CreateObject, CKR_OK, "data", create_data),
	PROVOKE(C_CreateObject, CKR_OK, "data on the token", create_token_data),
	PROVOKE(C_CreateObject, CKR_OK, "a certificate on the token", create_cert),
	PROVOKE(C_CreateObject, CKR_OK, "a secret key on the token", create_secret),
	PROVOKE(C_CreateObject, CKR_OK, "a secret key of a session", create_session_secret),
	PROVOKE(C_CreateObject, CKR_OK, "an attribute twice, with one value", create_same_twice),
	PROVOKE(C_CreateObject, CKR_OK, "domain parameters", create_domain),
	PROVOKE(C_CreateObject, CKR_CURVE_NOT_SUPPORTED, "brainpoolP256r1", create_other_curve),
	PROVOKE(C_CreateObject, CKR_DOMAIN_PARAMS_INVALID, "parameters that are no curve at all",
		create_no_params),
	PROVOKE(C_CreateObject, CKR_PARAMETER_SET_NOT_SUPPORTED, "a set that is not there", create_no_set),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a point off its curve", create_no_point),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a private value of 0", create_no_scalar),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a CK_BBOOL of 2", create_bool_2),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a CK_BBOOL of 2 bytes", create_bool_long),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a class that is not there", create_no_class),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "the 29th of February 2023", create_no_date),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "an AES key of 17 bytes", create_aes_17),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "an attribute certificate",
		create_attribute_cert_alone),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_TYPE_INVALID, "an attribute certificate, with its owner",
		create_attribute_cert),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_VALUE_INVALID, "a WTLS certificate", create_wtls_cert),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_TYPE_INVALID, "a vendor's attribute", create_vendor),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_READ_ONLY, "CKA_LOCAL", create_local),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_READ_ONLY, "CKA_UNIQUE_ID", create_unique_id),
	PROVOKE(C_CreateObject, CKR_ATTRIBUTE_READ_ONLY, "CKA_TRUSTED by nobody", create_trusted),
	PROVOKE(C_CreateObject, CKR_TEMPLATE_INCOMPLETE, "no class", create_nothing),
	PROVOKE(C_CreateObject, CKR_TEMPLATE_INCOMPLETE, "a key without a value", create_no_value),
	PROVOKE(C_CreateObject, CKR_TEMPLATE_INCOMPLETE, "a key without a type", create_no_type),
	PROVOKE(C_CreateObject, CKR_TEMPLATE_INCONSISTENT, "two values of one attribute", create_two_values),
	PROVOKE(C_CreateObject, CKR_TEMPLATE_INCONSISTENT, "an attribute of other objects", create_foreign),
	PROVOKE(C_CreateObject, CKR_TEMPLATE_INCONSISTENT, "a profile", create_profile),
	PROVOKE(C_CreateObject, CKR_SESSION_READ_ONLY, "on the token in a read-only session",
		create_on_token_ro),
	PROVOKE(C_CreateObject, CKR_USER_NOT_LOGGED_IN, "a private object by nobody", create_private_nobody),
	PROVOKE(C_CreateObject, CKR_USER_NOT_LOGGED_IN, "a private object by the officer",
		create_private_officer),
	PROVOKE(C_CreateObject, CKR_USER_NOT_LOGGED_IN, "a secret key, which is private unasked",
		create_secret_nobody),
	PROVOKE(C_CreateObject, CKR_ARGUMENTS_BAD, "a template at NULL", create_null_template),
	PROVOKE(C_CreateObject, CKR_ARGUMENTS_BAD, "a value at NULL", create_null_value),
	PROVOKE(C_CreateObject, CKR_ARGUMENTS_BAD, "more attributes than there can be", create_too_many),
	PROVOKE(C_CreateObject, CKR_ARGUMENTS_BAD, "no place for the handle", create_nowhere),
	PROVOKE(C_CopyObject, CKR_OK, "as it is", copy_plain),
	PROVOKE(C_CopyObject, CKR_OK, "to the token", copy_to_token),
	PROVOKE(C_CopyObject, CKR_OK, "a secret key to the token", copy_secret),
	PROVOKE(C_CopyObject, CKR_ACTION_PROHIBITED, "CKA_COPYABLE false", copy_forbidden),
	PROVOKE(C_CopyObject, CKR_OBJECT_HANDLE_INVALID, "an object that is not there", copy_nothing),
	PROVOKE(C_CopyObject, CKR_OBJECT_HANDLE_INVALID, "handle 0", copy_zero),
	PROVOKE(C_CopyObject, CKR_ATTRIBUTE_READ_ONLY, "another class", copy_class),
	PROVOKE(C_CopyObject, CKR_ATTRIBUTE_READ_ONLY, "CKA_SENSITIVE back to false", copy_unhide),
	PROVOKE(C_CopyObject, CKR_ATTRIBUTE_TYPE_INVALID, "a vendor's attribute", copy_vendor),
	PROVOKE(C_CopyObject, CKR_ATTRIBUTE_VALUE_INVALID, "a CK_BBOOL of 2", copy_bool_2),
	PROVOKE(C_CopyObject, CKR_TEMPLATE_INCONSISTENT, "two values of one attribute", copy_two_values),
	PROVOKE(C_CopyObject, CKR_TEMPLATE_INCONSISTENT, "an attribute of other objects", copy_foreign),
	PROVOKE(C_CopyObject, CKR_TEMPLATE_INCONSISTENT, "a public copy of a private object", copy_publish),
	PROVOKE(C_CopyObject, CKR_SESSION_READ_ONLY, "to the token in a read-only session", copy_to_token_ro),
	PROVOKE(C_CopyObject, CKR_USER_NOT_LOGGED_IN, "a private copy by nobody", copy_private_nobody),
	PROVOKE(C_CopyObject, CKR_ARGUMENTS_BAD, "a template at NULL", copy_null_template),
	PROVOKE(C_CopyObject, CKR_ARGUMENTS_BAD, "no place for the handle", copy_nowhere),
	PROVOKE(C_DestroyObject, CKR_OK, "of another session", destroy_session),
	PROVOKE(C_DestroyObject, CKR_OK, "on the token", destroy_token),
	PROVOKE(C_DestroyObject, CKR_OK, "private, on the token", destroy_private),
	PROVOKE(C_DestroyObject, CKR_SESSION_READ_ONLY, "on the token in a read-only session",
		destroy_token_ro),
	PROVOKE(C_DestroyObject, CKR_ACTION_PROHIBITED, "CKA_DESTROYABLE false", destroy_forbidden),
	PROVOKE(C_DestroyObject, CKR_OBJECT_HANDLE_INVALID, "an object that is not there", destroy_nothing),
	PROVOKE(C_DestroyObject, CKR_OBJECT_HANDLE_INVALID, "twice", destroy_twice),
	PROVOKE(C_DestroyObject, CKR_OBJECT_HANDLE_INVALID, "of another token", destroy_of_another_token),
	PROVOKE(C_DestroyObject, CKR_OBJECT_HANDLE_INVALID, "private, by those who may not see it",
		destroy_unseen),
	PROVOKE(C_GetObjectSize, CKR_OK, "a secret key", size_there),
	PROVOKE(C_GetObjectSize, CKR_OK, "on the token", size_of_token_object),
	PROVOKE(C_GetObjectSize, CKR_OBJECT_HANDLE_INVALID, "an object that is not there", size_of_nothing),
	PROVOKE(C_GetObjectSize, CKR_ARGUMENTS_BAD, "no place for it", size_nowhere),
	PROVOKE(C_GetAttributeValue, CKR_OK, "an object of the token", get_token_object),
	PROVOKE(C_GetAttributeValue, CKR_OK, "lengths alone, and none", get_lengths),
	PROVOKE(C_GetAttributeValue, CKR_OK, "a template", get_template),
	PROVOKE(C_GetAttributeValue, CKR_ATTRIBUTE_SENSITIVE, "a sensitive value; the rest is told",
		get_sensitive),
	PROVOKE(C_GetAttributeValue, CKR_ATTRIBUTE_TYPE_INVALID, "of other objects; the rest is told",
		get_foreign),
	PROVOKE(C_GetAttributeValue, CKR_ATTRIBUTE_TYPE_INVALID, "a vendor's; the rest is told", get_unknown),
	PROVOKE(C_GetAttributeValue, CKR_BUFFER_TOO_SMALL, "too long; the rest is told", get_short),
	PROVOKE(C_GetAttributeValue, CKR_BUFFER_TOO_SMALL, "a number; the rest is told", get_short_number),
	PROVOKE(C_GetAttributeValue, CKR_OBJECT_HANDLE_INVALID, "an object that is not there",
		get_of_nothing),
	PROVOKE(C_GetAttributeValue, CKR_ARGUMENTS_BAD, "a template at NULL", get_null_template),
	PROVOKE(C_SetAttributeValue, CKR_OK, "two attributes", set_there),
	PROVOKE(C_SetAttributeValue, CKR_OK, "on the token", set_token_object),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "the class", set_class),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "CKA_TOKEN, but for a copy", set_token),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "CKA_SENSITIVE back to false", set_unhide),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "CKA_EXTRACTABLE back to true", set_extract),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "CKA_COPYABLE back to true", set_copyable),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "CKA_WRAP_WITH_TRUSTED back to false",
		set_with_trusted),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_READ_ONLY, "CKA_LOCAL", set_local),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_TYPE_INVALID, "a vendor's attribute", set_vendor),
	PROVOKE(C_SetAttributeValue, CKR_ATTRIBUTE_VALUE_INVALID, "the 30th of February 2024", set_no_date),
	PROVOKE(C_SetAttributeValue, CKR_TEMPLATE_INCONSISTENT, "two values of one attribute",
		set_two_values),
	PROVOKE(C_SetAttributeValue, CKR_TEMPLATE_INCONSISTENT, "an attribute of other objects", set_foreign),
	PROVOKE(C_SetAttributeValue, CKR_ACTION_PROHIBITED, "CKA_MODIFIABLE false", set_forbidden),
	PROVOKE(C_SetAttributeValue, CKR_SESSION_READ_ONLY, "on the token in a read-only session",
		set_token_object_ro),
	PROVOKE(C_SetAttributeValue, CKR_OBJECT_HANDLE_INVALID, "an object that is not there", set_nothing),
	PROVOKE(C_SetAttributeValue, CKR_ARGUMENTS_BAD, "a template at NULL", set_null_template),
	PROVOKE(C_SetAttributeValue, CKR_ARGUMENTS_BAD, "a value at NULL", set_null_value),
	PROVOKE(C_FindObjectsInit, CKR_OK, "everything", find_all),
	PROVOKE(C_FindObjectsInit, CKR_OK, "by three attributes", find_some),
	PROVOKE(C_FindObjectsInit, CKR_OK, "an unknown attribute, which finds nothing", find_unknown),
	PROVOKE(C_FindObjectsInit, CKR_OPERATION_ACTIVE, "twice; the first goes on", find_twice),
	PROVOKE(C_FindObjectsInit, CKR_ATTRIBUTE_VALUE_INVALID, "a CK_BBOOL of 2", find_bool_2),
	PROVOKE(C_FindObjectsInit, CKR_ATTRIBUTE_VALUE_INVALID, "a number of one byte", find_short_number),
	PROVOKE(C_FindObjectsInit, CKR_ARGUMENTS_BAD, "a template at NULL", find_null_template),
	PROVOKE(C_FindObjectsInit, CKR_ARGUMENTS_BAD, "a value at NULL", find_null_value),
	PROVOKE(C_FindObjects, CKR_OK, "five, two at a time", find_pages),
	PROVOKE(C_FindObjects, CKR_OK, "none asked for", find_none_asked),
	PROVOKE(C_FindObjects, CKR_ARGUMENTS_BAD, "no place for four", find_nowhere),
	PROVOKE(C_FindObjects, CKR_ARGUMENTS_BAD, "no place for the number", find_uncounted),
	PROVOKE(C_FindObjects, CKR_OPERATION_NOT_INITIALIZED, "no search", find_unbegun),
	PROVOKE(C_FindObjectsFinal, CKR_OK, "a search", find_ended),
	PROVOKE(C_FindObjectsFinal, CKR_OPERATION_NOT_INITIALIZED, "no search", find_end_unbegun),
};

int main(int argc, char **argv)
{
	world_begin(argc, argv);
	world_populate();
	provoke_all(table, COUNT(table));
	return world_end();
}
