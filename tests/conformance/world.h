/*
 * The world in which the conformance programs provoke: the module, loaded as a host
 * loads it; a store in a temporary home; and in it three tokens, one on which nobody
 * is logged in, one on which the user is, one on which the security officer is. A
 * login costs a slow hash, so each is done once, and kept by a session.
 *
 * Whoever provokes leaves the world as it was found: world_sum() is looked at before
 * and after. What is made lazily here (keys) is allowed for.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

enum world_token {
	PUBLIC,  /* nobody is logged in */
	USER,    /* the user is */
	OFFICER, /* the security officer is */
	WORLD_TOKENS
};

enum world_key {
	/* secret keys */
	KEY_AES,
	KEY_GENERIC,
	KEY_HMAC, /* CKK_SHA256_HMAC */
	KEY_HKDF,
	/* pairs */
	KEY_RSA,
	KEY_EC,
	KEY_ED25519,
	KEY_X25519,
	KEY_ML_DSA,
	KEY_ML_KEM,
	WORLD_KEYS
};

/* What C_Initialize and the C_Get… that come before it need: the newest list of the module. */
extern CK_FUNCTION_LIST_3_2 *p11;

/* The PINs of every token here, with their lengths: two arguments. */
extern CK_UTF8CHAR world_so_pin[], world_user_pin[], world_wrong_pin[];
#define WORLD_PIN_LEN ((CK_ULONG)12)
#define SO_PIN        world_so_pin, WORLD_PIN_LEN
#define USER_PIN      world_user_pin, WORLD_PIN_LEN
#define WRONG_PIN     world_wrong_pin, WORLD_PIN_LEN

/* 32 bytes, blank padded, read again before each use. */
CK_UTF8CHAR *world_label(const char *text);

/* Takes the arguments of main(): the module's path. What it would print goes to a file. */
void world_begin(int argc, char **argv);
/* C_Initialize and the three tokens. */
void world_populate(void);
/* Says how many there were; the status for exit(). */
int world_end(void);

/* The home's path; the address of a symbol of the module. */
const char *world_home(void);
void *world_symbol(const char *name);

/* ---- what is said and found ---- */

/* One result. A failure is followed by what was noted with it. */
void world_result(bool good, const char *name, const char *todo);
void world_note(const char *format, ...) __attribute__((format(printf, 1, 2)));
__attribute__((noreturn)) void world_bail(const char *why);

/* What has to hold while something is provoked, and says what did not. */
void world_expect(const char *file, int line, const char *what, bool good);
#define EXPECT(condition) world_expect(__FILE__, __LINE__, #condition, (condition))
/* Two codes; the call is what follows the wanted one. */
void world_expect_rv(const char *file, int line, const char *what, CK_RV want, CK_RV got);
#define EXPECT_RV(want, ...) world_expect_rv(__FILE__, __LINE__, #__VA_ARGS__, (want), (__VA_ARGS__))
#define EXPECT_OK(...)       EXPECT_RV(CKR_OK, __VA_ARGS__)
/* The same of what has to hold even if a call met a fault. */
void world_insist(const char *file, int line, const char *what, bool good);
#define INSIST(condition) world_insist(__FILE__, __LINE__, #condition, (condition))

/* While muted, expectations are neither looked at nor counted; what is insisted on is. */
void world_mute(bool mute);
/* How many expectations failed so far. */
unsigned world_failures(void);
/* The name of a code, "CKR_…". */
const char *world_rv_name(CK_RV rv);

/* Outputs that a failed call must not touch: fill() before, untouched() after. */
void world_fill(void *data, size_t len);
bool world_untouched(const void *data, size_t len);
#define fill(output)      world_fill(&(output), sizeof(output))
#define untouched(output) world_untouched(&(output), sizeof(output))

/* ---- what is there ---- */

CK_SLOT_ID world_slot(enum world_token token);
/* A slot whose token is not initialised. */
CK_SLOT_ID world_blank_slot(void);
/* A new session, to be closed by whoever asked; read-only or read-write. */
CK_SESSION_HANDLE world_open(enum world_token token, CK_FLAGS rw);
void world_close(CK_SESSION_HANDLE session);
/* The session that keeps the token's login: for looking, not for changing. */
CK_SESSION_HANDLE world_keeper(enum world_token token);

/* A key on the user's token, made when first asked for; it may do whatever its type can do. */
CK_OBJECT_HANDLE world_secret(enum world_key key);
CK_OBJECT_HANDLE world_public(enum world_key key);
CK_OBJECT_HANDLE world_private(enum world_key key);

/* All that can be seen of the world, as one number: the same as long as nothing changes. */
uint64_t world_sum(void);

/* ---- other processes; what they return is returned, failed expectations count here ---- */

/* In a forked child, as it is born. */
CK_RV world_forked(CK_RV (*body)(void));
/* In another process with the same home, initialised. */
CK_RV world_elsewhere(CK_RV (*body)(void));
/* Another process of the same home changes the store, so that nothing kept in memory is known to hold. */
void world_stir(void);
/* In another process with an empty home of its own, not yet initialised. */
CK_RV world_scratch(CK_RV (*body)(void));
/* In such a home: C_Initialize, and one token with both PINs; its slot. */
CK_SLOT_ID scratch_token(void);
/* In such a home: the configuration, before C_Initialize. */
void scratch_configure(const char *text);
