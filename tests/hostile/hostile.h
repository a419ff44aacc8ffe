/*
 * What hostile.c (states and judgement) and arguments.c (values) share. A function's
 * arguments are numbers; where one is a pointer, it is to a block, which ends where its
 * memory ends and is as before at each call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

enum state {
	FRESH,       /* C_Initialize was never called */
	INITIALISED, /* no session */
	PUBLIC,      /* a session, nobody logged in */
	USER,
	ACTIVE, /* the user, and one of each operation under way */
	OFFICER,
	FINALIZED,
	CHILD, /* forked off an initialised parent with sessions */
	STATES
};

enum kind {
	SESSION,
	OBJECT,
	SLOT,
	NUMBER,
	LENGTH, /* of the argument before it */
	CALLBACK,
	MECHANISM,
	TEMPLATE,
	BYTES, /* that are read */
	ALONE, /* bytes without a length */
	INPUT, /* one structure that is read */
	ONE,   /* one of fixed size, written */
	MANY,  /* as many as there is room for, written */
	COUNT, /* says the room, and how much there was */
};

struct parameter {
	const char *name;
	enum kind kind;
	size_t size;
};

struct function {
	const char *name;
	CK_RV (*call)(const CK_ULONG *arguments);
	unsigned parameters;
	struct parameter parameter[10];
	const CK_RV *codes;
	size_t code_count;
};

/* What is good in the state that the library is in; made by hostile.c. */
struct good {
	CK_SESSION_HANDLE session;
	CK_SLOT_ID slot;
	CK_OBJECT_HANDLE aes, secret, kem_public, kem_private;
};

#define VALUES_MAX 16

struct values {
	CK_ULONG value[VALUES_MAX];
	unsigned count;
};

#define PIN "hostile-1234"

/* Sets the values to try for each argument. What they point at is there until the next call of it. */
void arguments_make(const struct function *function, enum state state, const struct good *good,
		    struct values *values);

/* Gives every block its first content. */
void arguments_restore(void);

/* Whether the blocks are as they were: all of them, or (after a success) those that are only read. */
bool arguments_unchanged(bool all);
