/*
 * The function families: how each is called, what it asks of a key, and in which words it
 * refuses one.
 */
#pragma once

#include "params.h"

struct attempt {
	const struct key *key; /* NULL for families without */
	CK_MECHANISM mechanism;
	bool right; /* nothing is wrong: what is to be unwrapped has to be made */
	CK_OBJECT_HANDLE made;
};

#define UNTOUCHED 0x5a5a5a5aUL

struct family {
	const char *name;
	CK_FLAGS flag;
	unsigned halves;         /* 1 << enum half of keys that serve */
	CK_ATTRIBUTE_TYPE usage; /* for the reader; every half that serves has it */
	CK_RV bad_handle, bad_type, bad_size;
	CK_RV (*call)(struct attempt *attempt);
	CK_RV (*cancel)(void); /* NULL: a single call, without an operation */
};

#define INIT(function)                                                                   \
	static CK_RV begin_##function(struct attempt *attempt)                           \
	{                                                                                \
		return guest.p11->C_##function##Init(world.session, &attempt->mechanism, \
						     attempt->key->handle);              \
	}                                                                                \
	static CK_RV cancel_##function(void)                                             \
	{                                                                                \
		return guest.p11->C_##function##Init(world.session, NULL, 0);            \
	}

INIT(Encrypt)
INIT(Decrypt)
INIT(Sign)
INIT(Verify)
INIT(SignRecover)
INIT(VerifyRecover)

static CK_RV begin_digest(struct attempt *attempt)
{
	return guest.p11->C_DigestInit(world.session, &attempt->mechanism);
}

static CK_RV cancel_digest(void)
{
	return guest.p11->C_DigestInit(world.session, NULL);
}

static CK_RV wrap_with(CK_OBJECT_HANDLE key, CK_MECHANISM *mechanism, CK_BYTE *wrapped, CK_ULONG *len)
{
	return guest.p11->C_WrapKey(world.session, mechanism, key, world.target, wrapped, len);
}

static CK_RV wrap(struct attempt *attempt)
{
	CK_BYTE wrapped[2048];
	CK_ULONG len = sizeof(wrapped);

	return wrap_with(attempt->key->handle, &attempt->mechanism, wrapped, &len);
}

static CK_RV unwrap(struct attempt *attempt)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_AES;
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) },
				    { CKA_KEY_TYPE, &type, sizeof(type) } };
	CK_BYTE wrapped[2048] = { 0 };
	CK_ULONG len = 256;

	if (attempt->right) {
		const enum half half = attempt->key->half == SECRET_KEY ? SECRET_KEY : PUBLIC_HALF;

		len = sizeof(wrapped);
		must("something to unwrap",
		     wrap_with(usable(attempt->key->kind, half), &attempt->mechanism, wrapped, &len));
	}
	return guest.p11->C_UnwrapKey(world.session, &attempt->mechanism, attempt->key->handle, wrapped, len,
				      template, COUNT(template), &attempt->made);
}

/* A generic secret of 16 bytes, as derivation and encapsulation make it. */
static CK_OBJECT_CLASS new_class = CKO_SECRET_KEY;
static CK_KEY_TYPE new_type = CKK_GENERIC_SECRET;
static CK_ULONG new_len = 16;
static CK_ATTRIBUTE new_secret[] = {
	{ CKA_CLASS, &new_class, sizeof(new_class) },
	{ CKA_KEY_TYPE, &new_type, sizeof(new_type) },
	{ CKA_VALUE_LEN, &new_len, sizeof(new_len) },
};

static CK_RV derive(struct attempt *attempt)
{
	return guest.p11->C_DeriveKey(world.session, &attempt->mechanism, attempt->key->handle, new_secret, 3,
				      &attempt->made);
}

static CK_RV encapsulate(struct attempt *attempt)
{
	CK_BYTE ciphertext[2048];
	CK_ULONG len = sizeof(ciphertext);

	return guest.p11->C_EncapsulateKey(world.session, &attempt->mechanism, attempt->key->handle,
					   new_secret, 2, ciphertext, &len, &attempt->made);
}

/* Any bytes are a ciphertext: ML-KEM rejects without saying so. */
static CK_RV decapsulate(struct attempt *attempt)
{
	CK_BYTE ciphertext[768] = { 1 };

	return guest.p11->C_DecapsulateKey(world.session, &attempt->mechanism, attempt->key->handle,
					   new_secret, 2, ciphertext, sizeof(ciphertext), &attempt->made);
}

#define HALF(half)       (1u << (half))
#define PUBLIC_OR_SECRET (HALF(PUBLIC_HALF) | HALF(SECRET_KEY))
#define OWN_OR_SECRET    (HALF(PRIVATE_HALF) | HALF(SECRET_KEY))
#define PLAIN_WORDS      CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE
#define WRAP_WORDS \
	CKR_WRAPPING_KEY_HANDLE_INVALID, CKR_WRAPPING_KEY_TYPE_INCONSISTENT, CKR_WRAPPING_KEY_SIZE_RANGE
#define UNWRAP_WORDS \
	CKR_UNWRAPPING_KEY_HANDLE_INVALID, CKR_UNWRAPPING_KEY_TYPE_INCONSISTENT, CKR_UNWRAPPING_KEY_SIZE_RANGE
#define OPERATION(function) begin_##function, cancel_##function

static const struct family families[] = {
	{ "encrypt", CKF_ENCRYPT, PUBLIC_OR_SECRET, CKA_ENCRYPT, PLAIN_WORDS, OPERATION(Encrypt) },
	{ "decrypt", CKF_DECRYPT, OWN_OR_SECRET, CKA_DECRYPT, PLAIN_WORDS, OPERATION(Decrypt) },
	{ "sign", CKF_SIGN, OWN_OR_SECRET, CKA_SIGN, PLAIN_WORDS, OPERATION(Sign) },
	{ "verify", CKF_VERIFY, PUBLIC_OR_SECRET, CKA_VERIFY, PLAIN_WORDS, OPERATION(Verify) },
	{ "sign recover", CKF_SIGN_RECOVER, HALF(PRIVATE_HALF), CKA_SIGN_RECOVER, PLAIN_WORDS,
	  OPERATION(SignRecover) },
	{ "verify recover", CKF_VERIFY_RECOVER, HALF(PUBLIC_HALF), CKA_VERIFY_RECOVER, PLAIN_WORDS,
	  OPERATION(VerifyRecover) },
	{ "digest", CKF_DIGEST, 0, 0, 0, 0, 0, OPERATION(digest) },
	{ "wrap", CKF_WRAP, PUBLIC_OR_SECRET, CKA_WRAP, WRAP_WORDS, wrap, NULL },
	{ "unwrap", CKF_UNWRAP, OWN_OR_SECRET, CKA_UNWRAP, UNWRAP_WORDS, unwrap, NULL },
	{ "derive", CKF_DERIVE, OWN_OR_SECRET, CKA_DERIVE, PLAIN_WORDS, derive, NULL },
	{ "encapsulate", CKF_ENCAPSULATE, HALF(PUBLIC_HALF), CKA_ENCAPSULATE, PLAIN_WORDS, encapsulate,
	  NULL },
	{ "decapsulate", CKF_DECAPSULATE, HALF(PRIVATE_HALF), CKA_DECAPSULATE, UNWRAP_WORDS, decapsulate,
	  NULL },
};
#define FAMILIES COUNT(families)

/* Whether any operation is active in the session; asking must not end what is. */
static bool is_clean(void)
{
	CK_FUNCTION_LIST_3_2 *p11 = guest.p11;
	CK_SESSION_HANDLE session = world.session;
	CK_ULONG len = 0;

	return p11->C_Encrypt(session, NULL, 0, NULL, &len) == CKR_OPERATION_NOT_INITIALIZED &&
	       p11->C_Decrypt(session, NULL, 0, NULL, &len) == CKR_OPERATION_NOT_INITIALIZED &&
	       p11->C_Sign(session, NULL, 0, NULL, &len) == CKR_OPERATION_NOT_INITIALIZED &&
	       p11->C_Verify(session, NULL, 0, NULL, 0) == CKR_OPERATION_NOT_INITIALIZED &&
	       p11->C_SignRecover(session, NULL, 0, NULL, &len) == CKR_OPERATION_NOT_INITIALIZED &&
	       p11->C_VerifyRecover(session, NULL, 0, NULL, &len) == CKR_OPERATION_NOT_INITIALIZED &&
	       p11->C_Digest(session, NULL, 0, NULL, &len) == CKR_OPERATION_NOT_INITIALIZED;
}
