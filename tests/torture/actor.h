/*
 * A process that uses a module: what it loaded, its slot, its session. Only ever in a
 * child of the sweep, so that each begins with a module that knows nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

struct actor {
	CK_FUNCTION_LIST_3_2 p11; /* NULL where the module's version has none */
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	CK_OBJECT_HANDLE objects[4]; /* what a scenario's `ready` found for its act */
	CK_BYTE blob[256];           /* and made for it */
	CK_ULONG blob_len;
	char *seen; /* by an act that reads: as lines, to be freed */
	CK_RV (*import_keys)(CK_SESSION_HANDLE session, CK_ULONG count); /* import_hook.c, else NULL */
};

/* The PINs that any token here may have. */
enum actor_pin {
	SO_PIN_1,
	SO_PIN_2,
	USER_PIN_1,
	USER_PIN_2,
	WRONG_PIN,
	ACTOR_PINS,
};

/* The text of a PIN, and its length. */
CK_UTF8CHAR *actor_pin(enum actor_pin pin, CK_ULONG *ret_len);

/* dlopen and the function list. CKR_GENERAL_ERROR if it can't be loaded. */
CK_RV actor_link(const char *module, struct actor *ret_actor);

/* The same, and C_Initialize. */
CK_RV actor_load(const char *module, struct actor *ret_actor);

/* The first slot whose token is initialised, or, with `blank`, is not. */
CK_RV actor_find_slot(struct actor *actor, bool blank);

/* A session with the slot; logged in unless `user` is CK_UNAVAILABLE_INFORMATION. */
CK_RV actor_open(struct actor *actor, CK_FLAGS rw, CK_USER_TYPE user, enum actor_pin pin);
CK_RV actor_login(struct actor *actor, CK_USER_TYPE user, enum actor_pin pin);

/* The one object with that label and class, for objects[place]. */
CK_RV actor_find(struct actor *actor, CK_OBJECT_CLASS class, const char *label, size_t place);

/* "Description 1.2 (manufacturer)" as C_GetInfo has it, asked in a child. */
void actor_describe(const char *module, char *description, size_t len);

/* Whether it says that something failed that the caller can't help, and nothing of the token, a PIN or an object. */
bool actor_rv_is_trouble(CK_RV rv);

/* "CKR_OK". An unknown one as a number, in a buffer that the next call overwrites. */
const char *actor_rv_name(CK_RV rv);
