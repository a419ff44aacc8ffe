/* The calls, by chapter: each makes one random call of its kind and judges it. */
#pragma once

#include "model.h"

typedef void play(void);

/* One kind of call: how often it comes, out of the sum of all. */
struct kind_of_call {
	play *play;
	unsigned weight;
};

extern const struct kind_of_call admin_calls[], session_calls[], object_calls[], operation_calls[],
	key_calls[];
extern const size_t admin_call_count, session_call_count, object_call_count, operation_call_count,
	key_call_count;

/* Steps towards a world in which most calls can succeed. */
void make_token(void);
void open_session(void);
void set_user_pin(void);
void log_in_user(void);
void log_in_again(void);
void log_out_officer(void);
bool close_read_only(unsigned slot);
void initialize(void);

/* A place for output: a pattern that shows what was written, and a guard behind it. */
struct room {
	uint8_t *data; /* NULL: a question for the length */
	size_t cap;
	CK_ULONG len;
	uint8_t bytes[RESULT_MAX + 64];
};

void room_begin(struct room *room, bool ask, size_t cap);
void room_untouched(const struct room *room, size_t from, const char *what);

/* Of a call with an output of variable length: judges what became of the room (calls.c). */
void room_judge(const struct room *room, CK_RV rv, const char *what);

/* Bytes in memory of exactly their length, so that a sanitizer sees their end; freed by play_call(). */
uint8_t *exact(const void *data, size_t len);

/* What was remembered of another world is forgotten. */
void forget_sessions(void);
void forget_operations(void);
void forget_keys(void);

/* What handles that must not be written are set to. */
#define UNSET_HANDLE 0x5aa55aa55aa55aa5ul
void handle_untouched(CK_OBJECT_HANDLE handle, const char *what);
