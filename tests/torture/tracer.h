/*
 * Follows a process from system call to system call, and from store to store into the
 * memory that it shares through one file (store.gen): by ptrace, on x86-64. That page is
 * made unwritable, so that each store into it stops the process before it happens, is
 * then let happen alone, and stops it again. Hardware watchpoints would be simpler, but
 * many virtual machines have none.
 *
 * One process of one thread at a time, traced by the thread that called tracer_begin.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum trace_stop {
	TRACE_ENTRY,        /* before a system call */
	TRACE_EXIT,         /* after it */
	TRACE_BEFORE_STORE, /* before a store into the page */
	TRACE_AFTER_STORE,
	TRACE_ASKED, /* the process stopped itself: tracer_pause() */
	TRACE_GONE,  /* it ended */
};

struct tracer {
	pid_t pid;
	const char *shared;   /* the end of the shared file's path, or NULL */
	enum trace_stop stop; /* where it is now */
	int status;           /* as waitpid() has it, of a process that is gone */

	/* Of the system call that it is in, or was in last. */
	uint64_t call, args[6];
	int64_t result; /* after TRACE_EXIT */

	uint64_t page;        /* the shared page in the process, 0 when it is not mapped */
	uint64_t instruction; /* where in the process there is a system call's instruction */
	int signal;           /* to be given to it when it goes on */
	int fail_with;        /* the call under way is refused with this */
};

/* Ends the program with 77, which Meson takes for "skipped", if tracing is not allowed here. */
void tracer_need(void);

/* In the process: be traced, and wait for the tracer. False if that is not allowed here. */
bool tracer_let(void);
/* In the process: stop, TRACE_ASKED. */
void tracer_pause(void);

/* Takes over a child that calls tracer_let(). False, having reaped it, if it ended instead. */
bool tracer_begin(struct tracer *tracer, pid_t pid, const char *shared);
/* Lets it go on to the next stop. Children that it forks are not followed. */
enum trace_stop tracer_next(struct tracer *tracer);
/* Lets it go on to the next stop of its own asking, or its end. */
enum trace_stop tracer_run(struct tracer *tracer);
/* Kills it where it is: a call that it is about to make is not made. Reaps it. */
void tracer_kill(struct tracer *tracer);

/* Lets it go untraced, and reaps it at its end: `status`. */
void tracer_release(struct tracer *tracer);

/* At TRACE_ENTRY: the call is not made and answers that error. */
void tracer_refuse(struct tracer *tracer, int error);
/* At TRACE_ENTRY of a read or write: so many bytes only. */
void tracer_shorten(struct tracer *tracer, uint64_t len);

/* Whether the call is one that only the hash of a PIN makes: so much memory at once. */
bool tracer_hashes(const struct tracer *tracer);

/* Where it is, in words: "before pwrite64", in a buffer that the next call overwrites. */
const char *tracer_where(const struct tracer *tracer);
