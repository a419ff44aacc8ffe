/*
 * What memory fails in: a token with keys of each kind, a process that is logged in, and
 * the acts, each one or a few calls as a program makes them.
 *
 * An act answers CKR_OK or what the first call answered that failed; it leaves what it made
 * in `made`, which is destroyed after it. What it leaves else is what it found.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#include "home.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum key {
	KEY_AES,
	KEY_HMAC,
	KEY_RSA,
	KEY_EC,
	KEY_EC_ALWAYS, /* CKA_ALWAYS_AUTHENTICATE */
	KEY_ED25519,
	KEY_X25519,
	KEY_ML_DSA,
	KEY_ML_KEM,
	KEYS,
	KEY_NONE = KEYS,
};

/* Who is there when an act begins. */
enum presence {
	USER,    /* a session, the user logged in */
	OFFICER, /* a session, the officer logged in */
	PUBLIC,  /* a session, nobody logged in */
	NOBODY,  /* no session */
};

struct world {
	CK_FUNCTION_LIST_3_2 p11; /* NULL where the module's version has none */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE keeper;                    /* that keeps the login */
	CK_SESSION_HANDLE session;                   /* the act's */
	CK_OBJECT_HANDLE secret[KEYS], public[KEYS]; /* secret or private; 0: the module has none */
	CK_OBJECT_HANDLE made[16];
	size_t made_count;
	bool new_pin; /* the user's PIN is the other one */
	bool filled;  /* the token has a user PIN, and an object that an act put there before it */
	CK_BYTE out[8192], back[8192];
};

struct act {
	const char *name;
	CK_RV (*run)(struct world *world);
	enum presence presence;
	enum key key; /* also tried after it was changed, when it has to be read and opened anew */
	bool two;     /* several operations at once: what is not failed stays active */
	bool dear;    /* computes for long */
	void (*undo)(struct world *world);
	CK_RV (*before)(struct world *world);                /* puts there what it needs */
	CK_RV (*after)(struct world *world, CK_RV answered); /* CKR_WRONG: it is not as was answered */
};

extern const struct act acts[]; /* acts.c */
extern const size_t acts_count;
extern const struct act key_acts[]; /* keys.c */
extern const size_t key_acts_count;

/* The next call of an act, if all went well so far. */
#define NEXT(rv, call)                 \
	do {                           \
		if ((rv) == CKR_OK)    \
			(rv) = (call); \
	} while (0)

/* What an act answers when a call succeeded and what it gave is not right. */
#define CKR_WRONG (CKR_VENDOR_DEFINED | 0x0bad)

extern CK_BBOOL world_yes, world_no;
#define WORLD_LABEL "act" /* of whatever an act makes */

#define SO_PIN   ((CK_UTF8CHAR *)(uintptr_t) "officer-pin"), 11
#define USER_PIN ((CK_UTF8CHAR *)(uintptr_t) "members-pin"), 11
#define NEW_PIN  ((CK_UTF8CHAR *)(uintptr_t) "another-pin"), 11

/* dlopen and the newest function list; nothing is initialised. */
bool world_load(const char *module, struct world *ret_world);
/* The slot of the token, or of one that is not there yet. */
CK_RV world_find_slot(struct world *world, bool blank);

/* In a child: a home with a token and all keys that the module can have. */
struct home world_prepare(const char *module);
/* C_Initialize, and who is there. */
CK_RV world_enter(struct world *world, enum presence presence);

/* A session for acts; and its end, with what they made. */
CK_RV world_open(struct world *world);
CK_RV world_clean(struct world *world); /* fails when what a call said it made is not there */
void world_close(struct world *world);

/* A version more of a key: whoever cached it, or its store, has to read it. */
CK_RV world_touch(struct world *world, enum key key);
/* All that can be seen of the objects, as one number. */
CK_RV world_sum(struct world *world, uint64_t *ret_sum);
/* How many objects have that label. */
CK_RV world_count(struct world *world, CK_SESSION_HANDLE session, const char *label, CK_ULONG *ret_count);
