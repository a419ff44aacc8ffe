/*
 * The seven kinds of operation as one: what begins, feeds and ends each, and for each a
 * mechanism, a key and an input that are right. Tables that hold for several of them are
 * provoked once for each, with `now` saying which.
 */
#pragma once

#include "provoke.h"

enum operation {
	ENCRYPT,
	DECRYPT,
	SIGN,
	VERIFY,
	SIGN_RECOVER,
	VERIFY_RECOVER,
	DIGEST,
	OPERATIONS
};

/* The functions of an operation, as rows name them. */
enum function {
	INIT,
	SINGLE,
	UPDATE,
	FINAL,
	FUNCTIONS
};

struct operation_row {
	const char *name[FUNCTIONS]; /* NULL: it has none */
	CK_MECHANISM_TYPE mechanism;
	CK_MECHANISM_TYPE foreign; /* one that the token has, for something else */
	CK_ATTRIBUTE_TYPE usage;   /* 0: no key */
	CK_OBJECT_CLASS class;
};

extern enum operation now;
extern const struct operation_row operation_table[OPERATIONS];

/* What is right for `now`. */
CK_MECHANISM *right_mechanism(void);
CK_OBJECT_HANDLE right_key(void);
/* The input of its single function: what encrypts to it, what is signed… Lent until the next call. */
CK_BYTE *right_input(CK_ULONG *ret_len);

/* C_<now>Init and so on; what the function does not take is left out. */
CK_RV begin_with(CK_SESSION_HANDLE session, CK_MECHANISM *mechanism, CK_OBJECT_HANDLE key);
CK_RV begin(CK_SESSION_HANDLE session);
CK_RV single(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV update(CK_SESSION_HANDLE session, CK_BYTE *in, CK_ULONG in_len, CK_BYTE *out, CK_ULONG *out_len);
CK_RV final(CK_SESSION_HANDLE session, CK_BYTE *out, CK_ULONG *out_len);
/* One whole operation of the single kind; for C_Verify, the right signature. */
CK_RV whole(CK_SESSION_HANDLE session);
/* Whether `now` is active. */
bool is_active(CK_SESSION_HANDLE session);
/* Whether it is, and comes to its right end. */
bool is_alive(CK_SESSION_HANDLE session);

/* An AES key that may do nothing. */
CK_OBJECT_HANDLE make_useless(CK_SESSION_HANDLE session);
/* A key of the right type for `now`, as a session object, to be destroyed or not. */
CK_OBJECT_HANDLE make_right(CK_SESSION_HANDLE session, CK_BBOOL token);

/* Provokes rows of `function` for one operation, under its name. */
void provoke_for(enum operation operation, enum function function, const struct provocation *rows,
		 size_t count);

/* A body with a session of the user's, closed behind it. */
#define BODY(name, session)                                                  \
	static CK_RV name##_in(CK_SESSION_HANDLE session);                   \
	static CK_RV name(void)                                              \
	{                                                                    \
		CK_SESSION_HANDLE opened = world_open(USER, CKF_RW_SESSION); \
		const CK_RV rv = name##_in(opened);                          \
                                                                             \
		world_close(opened);                                         \
		return rv;                                                   \
	}                                                                    \
	static CK_RV name##_in(CK_SESSION_HANDLE session)
