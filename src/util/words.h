/*
 * What a thread has to say of its latest failures. It is kept in ordinary memory, made when
 * there first is something to say and freed with the thread: as thread-local storage it
 * would be allocated by the C library, which ends the process when it can't, and would not
 * fit where the C library keeps room for small amounts of it (-mtls-dialect=gnu2).
 */
#pragma once

struct ash_words {
	char explanation[500]; /* util/status.h */
	char mistake[1024];    /* util/config.h */
};

/* This thread's; NULL without memory: then nothing is said. */
struct ash_words *ash_words(void);

/* The same, but NULL instead of making them. */
struct ash_words *ash_words_peek(void);
