/*
 * Templates, shortly:
 *
 *     CK_ATTRIBUTE template[] = { ATTR(CKA_CLASS, class_data), ATTR(CKA_TOKEN, yes), BYTES(CKA_LABEL, "x") };
 *     CK_OBJECT_HANDLE object = make(session, template, COUNT(template));
 *
 * What is pointed to is read only, though the standard's pointer says nothing of it.
 */
#pragma once

#include "provoke.h"

#define ATTR(type, variable)                                               \
	{                                                                  \
		(type), (void *)(uintptr_t) & (variable), sizeof(variable) \
	}
#define BYTES(type, literal)                                                \
	{                                                                   \
		(type), (void *)(uintptr_t) "" literal, sizeof(literal) - 1 \
	}
#define NOTHING(type)           \
	{                       \
		(type), NULL, 0 \
	}

#define MADE_UNUSED __attribute__((unused))

MADE_UNUSED static const CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
MADE_UNUSED static const CK_OBJECT_CLASS class_data = CKO_DATA, class_cert = CKO_CERTIFICATE,
					 class_public = CKO_PUBLIC_KEY, class_private = CKO_PRIVATE_KEY,
					 class_secret = CKO_SECRET_KEY, class_domain = CKO_DOMAIN_PARAMETERS,
					 class_profile = CKO_PROFILE;
MADE_UNUSED static const CK_KEY_TYPE type_aes = CKK_AES, type_generic = CKK_GENERIC_SECRET,
				     type_rsa = CKK_RSA, type_ec = CKK_EC, type_ml_dsa = CKK_ML_DSA;
MADE_UNUSED static const CK_CERTIFICATE_TYPE cert_x509 = CKC_X_509, cert_attribute = CKC_X_509_ATTR_CERT,
					     cert_wtls = CKC_WTLS;

#define AES_VALUE BYTES(CKA_VALUE, "0123456789abcdef0123456789abcdef")
#define AES_KEY   ATTR(CKA_CLASS, class_secret), ATTR(CKA_KEY_TYPE, type_aes), AES_VALUE
#define DATA      ATTR(CKA_CLASS, class_data)
#define CERT      ATTR(CKA_CLASS, class_cert), ATTR(CKA_CERTIFICATE_TYPE, cert_x509)

/* 0 when it can't be made, which fails what is provoked. */
MADE_UNUSED static CK_OBJECT_HANDLE make(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;

	EXPECT_OK(p11->C_CreateObject(session, template, count, &object));
	return object;
}

#define MAKE(session, ...)                               \
	make((session), (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
	     sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

/* What C_CreateObject says of a template that it must not take. */
MADE_UNUSED static CK_RV refuse(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE object = 0;
	CK_RV rv = CKR_OK;

	fill(object);
	rv = p11->C_CreateObject(session, template, count, &object);
	EXPECT(untouched(object));
	return rv;
}

#define REFUSE(session, ...)                               \
	refuse((session), (CK_ATTRIBUTE[]){ __VA_ARGS__ }, \
	       sizeof((CK_ATTRIBUTE[]){ __VA_ARGS__ }) / sizeof(CK_ATTRIBUTE))

/* One attribute as a number; CK_UNAVAILABLE_INFORMATION when it can't be read. */
MADE_UNUSED static CK_ULONG number_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
				      CK_ATTRIBUTE_TYPE type)
{
	CK_ULONG number = 0;
	CK_ATTRIBUTE attribute = { type, &number, sizeof(number) };

	if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK)
		return CK_UNAVAILABLE_INFORMATION;
	return number;
}

/* The same of a CK_BBOOL: its first byte in memory. */
MADE_UNUSED static CK_ULONG bool_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
				    CK_ATTRIBUTE_TYPE type)
{
	CK_BBOOL value = 0;
	CK_ATTRIBUTE attribute = { type, &value, sizeof(value) };

	if (p11->C_GetAttributeValue(session, object, &attribute, 1) != CKR_OK)
		return CK_UNAVAILABLE_INFORMATION;
	return value;
}

/* How long a value is; CK_UNAVAILABLE_INFORMATION when it can't be read. */
MADE_UNUSED static CK_ULONG length_of(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
				      CK_ATTRIBUTE_TYPE type)
{
	CK_ATTRIBUTE attribute = { type, NULL, 0 };

	(void)p11->C_GetAttributeValue(session, object, &attribute, 1);
	return attribute.ulValueLen;
}

MADE_UNUSED static CK_RV set_one(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE attribute)
{
	return p11->C_SetAttributeValue(session, object, &attribute, 1);
}

#define SET(session, object, ...) set_one((session), (object), (CK_ATTRIBUTE)__VA_ARGS__)

/* How many objects a template finds. */
MADE_UNUSED static CK_ULONG count_found(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count)
{
	CK_OBJECT_HANDLE objects[64];
	CK_ULONG found = 0;

	EXPECT_OK(p11->C_FindObjectsInit(session, template, count));
	EXPECT_OK(p11->C_FindObjects(session, objects, COUNT(objects), &found));
	EXPECT_OK(p11->C_FindObjectsFinal(session));
	return found;
}
