/* What storm's two modes share: storm.c says what they are. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <ashlar/pkcs11.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define STORM_THREADS_MAX 64u
#define STORM_PIN         ((CK_UTF8CHAR *)(uintptr_t) "storm-1234"), 10

struct storm {
	CK_FUNCTION_LIST *p11;
	unsigned threads, seconds;
	bool tap;
	_Atomic bool stop;
	_Atomic uint64_t calls, lives, children, wrong;
};

extern struct storm storm;

/* Complaints; and calls, counted. */
void storm_wrong(const char *what, CK_RV got);
bool storm_want(const char *what, CK_RV want, CK_RV got);

void storm_pause_ms(unsigned ms);
uint64_t storm_random(uint64_t *state);

/* Some work each; the first answer that was not CKR_OK. */
CK_RV storm_slot(CK_SLOT_ID *ret_slot);
CK_RV storm_open(CK_SESSION_HANDLE *ret_session);
CK_RV storm_create(CK_SESSION_HANDLE session, bool on_token, const char *label, CK_OBJECT_HANDLE *ret_object);
CK_RV storm_count(CK_SESSION_HANDLE session, const char *label, CK_ULONG *ret_count);
CK_RV storm_digest(CK_SESSION_HANDLE session);
CK_RV storm_log_in(CK_SESSION_HANDLE session);
CK_RV storm_sign(CK_SESSION_HANDLE session);

void storm_lives(void);
void storm_forks(void);
