/*
 * Many processes and threads on one token, every answer checked against a model.
 *
 * Each thread knows exactly which objects are its own and what they say (model.c,
 * crypt.c); some objects are everybody's, and of those a thread knows what nobody may
 * see any more (shared.c); in some processes somebody logs out and in again while the
 * others work (login.c). What all of them know lies on a board in memory that the
 * processes share, so that another process can look at it when they have ended; or when
 * they were killed, for they write down what they are about to do (plan.c).
 *
 * Knows nothing of our sources but <ashlar/pkcs11.h>: any module will do.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <ashlar/pkcs11.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define PROCESSES_MAX 32u
#define THREADS_MAX   64u
#define THINGS        20u /* of one thread at a time */
#define DEAD          12u /* handles of what is destroyed, looked at now and then */
#define SESSIONS      3u  /* of one thread: two read-write, one read-only */
#define READ_ONLY     2u
#define LABEL_LEN     64u
#define VALUE_LEN     400u
#define SHARED        8u /* objects of all processes; and of the threads of each */
#define BIRTHS        (1u << 20)
#define TICKETS       (1u << 25)

/* The functions of 2.40, all that are called here; and, last, those calls that write to the token. */
#define STRESS_NUMBER_(name, parameters) F_##name,
enum {
	CK_FUNCTIONS_2_40(STRESS_NUMBER_) F_WRITES,
	FUNCTIONS,
};

struct tally {
	uint64_t calls, refused, ns, longest_ns;
};

enum kind {
	NOTHING,
	DATA,
	AES,
	HMAC,
	PAIR, /* of EC keys; both halves are private or none is */
	REST, /* a public key whose private one is gone already, as a logout came between */
};

/* One object of a thread (two, of a PAIR), as it has to be. */
struct thing {
	enum kind kind;
	bool token, is_private, generated;
	unsigned session; /* that owns a session object */
	CK_OBJECT_HANDLE handle, public_half;
	unsigned version; /* of the label */
	unsigned serial;
	char label[LABEL_LEN];
	CK_BYTE value[VALUE_LEN];
	CK_ULONG len;
	CK_BYTE print[32]; /* what the key makes of a known text */
	CK_ULONG print_len;
};

struct dead {
	CK_OBJECT_HANDLE handle;
	char label[LABEL_LEN]; /* empty while half a pair still has it */
};

struct shared;

/*
 * What a thread is about to do to the token, written down before it is asked for, so that
 * a process that comes after a killed one knows what may have happened and what must have.
 */
enum promise {
	IDLE,
	ASKED,    /* the call is under way: done wholly or not at all */
	ANSWERED, /* it said that it is done */
};

/* One of the thread's own objects becomes another (or NOTHING, or was NOTHING). */
struct plan {
	_Atomic unsigned promise;
	struct thing *place;
	struct thing before, after;
};

/* The same for an object of all. */
struct shared_plan {
	_Atomic unsigned promise;
	struct shared *shared;
	uint64_t birth, ticket;
};

struct seen {
	uint64_t birth;
	CK_OBJECT_HANDLE handle;
};

struct thread {
	/* On the board for those who look from outside */
	struct tally tally[FUNCTIONS];
	_Atomic uint64_t wrong, disturbed, actions;
	_Atomic uint64_t busy_since_ns; /* in a call since then; 0: in none */
	_Atomic unsigned busy_in;
	struct thing things[THINGS];
	struct plan plan;
	struct shared_plan giving_birth, changing, destroying;

	/* The thread's own */
	unsigned process, number, serial;
	struct process *own;
	uint64_t random;
	_Atomic bool writing; /* the next call writes to the token */
	const char *doing;
	CK_SESSION_HANDLE sessions[SESSIONS];
	struct dead dead[DEAD];
	unsigned dead_next;
	struct seen seen[2 * SHARED];

	uint64_t login; /* the process's word at the beginning of the action */
	uint64_t known; /* the word for which the private handles were taken */
	bool user;      /* logged in, at the beginning of the action */
};

/* An object that many change at once, in one of its lives after the other. */
struct shared {
	_Atomic uint64_t birth; /* which of the board's births it is now; 0: none */
	unsigned number;
	bool token;
};

struct birth {
	_Atomic uint64_t newest; /* the latest ticket of a change that is done */
	_Atomic bool dying;      /* somebody is about to destroy it */
	_Atomic bool dead;       /* and has */
	_Atomic bool orphan;     /* who was at it was killed: it may have been he or another */
};

/* Where a process is between logins: a count of changes, and a state in the lowest two bits. */
enum login_state {
	LOGGED_OUT,
	LOGGED_IN,
	CHANGING
};

struct process {
	_Atomic uint64_t login;
	_Atomic bool changer; /* somebody is at it */
	unsigned lives;       /* of processes that were this one */
	CK_SESSION_HANDLE common;
	struct shared shared[SHARED];
	struct thread threads[THREADS_MAX];
};

struct options {
	const char *module;
	const char *home; /* where the environment is made already; NULL: a temporary folder */
	unsigned processes, threads, seconds, hang_seconds;
	uint64_t seed;
	bool tap, logouts;
	bool labels_only; /* the module lets no other attribute of data be changed */
	unsigned kill_ms; /* from one SIGKILL to the next; 0: nobody is killed */
};

struct board {
	struct options options;
	_Atomic unsigned ready; /* processes at the start */
	_Atomic bool go, stop;
	_Atomic unsigned complaints;
	struct shared shared[SHARED];
	_Atomic uint64_t births;
	_Atomic uint64_t clock;
	CK_BYTE aes_print[16], hmac_print[32]; /* of the keys that all use */
	struct birth birth[BIRTHS];
	_Atomic uint32_t wrote[TICKETS]; /* the birth that a ticket is for */
	_Atomic uint64_t done[TICKETS];  /* the clock after that change; 0: not done */
	struct process processes[PROCESSES_MAX];
};

extern struct board *board;
extern CK_FUNCTION_LIST *p11;

#define USER_PIN ((CK_UTF8CHAR *)(uintptr_t) "stress-user"), 11
#define SO_PIN   ((CK_UTF8CHAR *)(uintptr_t) "stress-officer"), 14

/* ---- call.c: calls, counted; and complaints ---- */

void stress_begin(struct thread *t, unsigned function);
CK_RV stress_end(struct thread *t, unsigned function, CK_RV rv);

#define CALL(t, function, ...) \
	(stress_begin((t), F_##function), stress_end((t), F_##function, p11->function(__VA_ARGS__)))

uint64_t stress_now_ns(void);
uint64_t stress_random(struct thread *t);
unsigned stress_below(struct thread *t, unsigned limit);
bool stress_chance(struct thread *t, unsigned one_in);

__attribute__((format(printf, 2, 3))) void stress_wrong(struct thread *t, const char *format, ...);

/* Whether somebody logged in or out since the action began: then many answers may be right. */
bool stress_disturbed(struct thread *t);

/* True when it is what was wanted. Else a wrong answer, but for what a logout explains. */
bool stress_want(struct thread *t, const char *what, CK_RV want, CK_RV got);

/* The same of anything else. */
bool stress_expect(struct thread *t, bool good, const char *what);

bool stress_load(const char *module);
bool stress_find_slot(CK_SLOT_ID *ret_slot);

/* ---- model.c: a thread's own objects ---- */

bool stress_usable(struct thread *t, struct thing *thing);
struct thing *stress_pick(struct thread *t, unsigned kinds);
#define KIND(kind) (1u << (kind))

void stress_refresh(struct thread *t);
void stress_make_thing(struct thread *t);
void stress_copy_thing(struct thread *t);
void stress_destroy_thing(struct thread *t);
void stress_read_thing(struct thread *t);
void stress_change_thing(struct thread *t);
void stress_find_thing(struct thread *t);
void stress_find_all(struct thread *t);
void stress_look_at_dead(struct thread *t);
void stress_cycle_session(struct thread *t);
void stress_refusals(struct thread *t);
void stress_check_all(struct thread *t);
bool stress_find(struct thread *t, CK_SESSION_HANDLE session, CK_ATTRIBUTE *want, CK_ULONG count,
		 CK_OBJECT_HANDLE *found, CK_ULONG cap, CK_ULONG *ret_count);

/* ---- plan.c: what is promised and what a killed process leaves ---- */

void stress_intend(struct thread *t, struct thing *place, const struct thing *after);
/* It is done (the place becomes `done`), or refused (NULL). */
void stress_settle(struct thread *t, const struct thing *done);

void stress_intend_shared(struct shared_plan *plan, struct shared *shared, uint64_t birth, uint64_t ticket);
void stress_promise(struct shared_plan *plan, enum promise promise);

/* What the thread left when its process was killed: its sessions, and no more, are new. */
void stress_recover(struct thread *t);

/* ---- crypt.c: using keys ---- */

bool stress_print(struct thread *t, CK_SESSION_HANDLE session, enum kind kind, CK_OBJECT_HANDLE key,
		  CK_BYTE print[32], CK_ULONG *ret_len);
void stress_use_thing(struct thread *t);
void stress_use_shared_keys(struct thread *t);
void stress_digest(struct thread *t);

/* ---- shared.c: objects of all ---- */

bool stress_give_birth(struct thread *t, CK_SESSION_HANDLE session, struct shared *shared);
void stress_shared(struct thread *t);
void stress_recover_shared(struct thread *t);

/* ---- login.c ---- */

void stress_log_out_and_in(struct thread *t);

/* ---- worker.c ---- */

int stress_set_up(unsigned process);
int stress_worker(unsigned process);
int stress_auditor(unsigned process);

/* ---- run.c: the processes, from outside ---- */

struct outcome {
	bool good; /* nobody crashed, hung or ended badly */
	uint64_t ns, kills;
	uint64_t longest_wait_ns;  /* of a write, also one that was killed while it waited */
	uint64_t longest_pause_ns; /* of one who asked to sleep for 5 ms: how busy the machine is */
	uint64_t largest_database, largest_log, live; /* bytes; 0 where they can't be known */
};

/* Makes the board, and all of it happen. */
struct outcome stress_run(const struct options *options);

/* ---- totals.c: what it came to ---- */

struct totals {
	struct tally tally[FUNCTIONS];
	uint64_t calls, wrong, disturbed, actions;
};

struct totals stress_totals(void);
void stress_print_totals(const struct totals *totals, const struct outcome *outcome);

/* Whether somebody logs out and in in this process: in each fourth, and if there is but one. */
static inline bool stress_logs_out(const struct thread *t)
{
	return board->options.logouts && (t->process % 4 == 3 || board->options.processes == 1);
}

static inline unsigned stress_pick_session(struct thread *t)
{
	return stress_below(t, SESSIONS);
}
