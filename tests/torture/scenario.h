/*
 * The persistent operations that the sweeps disturb. A scenario is a store as it was
 * before (`prepare`), a process made ready (sessions, logins, handles), and the calls under
 * test, one a step. What the store may hold afterwards is not written down but observed:
 * before, and after each step, each twice, so that what is new each time (keys, serial
 * numbers, unique ids) is told from what has to come out the same.
 *
 *     struct home before = scenario_prepare(scenario, module);
 *     struct reference *reference = reference_new(scenario, &report, &before);
 *     …for each point:
 *     struct home home = home_copy(&before);
 *     pid_t actor = scenario_start(scenario, module, &home, &hooks, page);
 *     …kill it, cut its writes, make its calls fail…
 *     char *seen = observe(module, &home);
 *     struct verdict verdict = reference_judge(reference, seen, page->begun, page->ended);
 */
#pragma once

#include <stdatomic.h>
#include <sys/types.h>

#include "actor.h"
#include "home.h"
#include "report.h"

#define SCENARIO_STEPS 4
#define SCENARIO_TEXT  262144

struct scenario {
	const char *name;
	unsigned steps;
	const char *tries; /* whose PIN the act takes a try of: "user", "so" or NULL */
	bool wrong_pin;    /* the PIN is wrong: the try is counted before anybody can know */
	CK_RV want;        /* what each step answers: CKR_OK if not said */

	/* Each in a process of its own, the module loaded and initialised. */
	CK_RV (*prepare)(struct actor *actor); /* NULL: an empty folder */
	CK_RV (*ready)(struct actor *actor);   /* NULL: nothing to get ready */
	CK_RV (*act)(struct actor *actor, unsigned step);
	/* In the same process, before or after the act: what it sees, as lines. */
	CK_RV (*look)(struct actor *actor, FILE *out);
	bool no_user; /* nobody can log in as user before the act */
	bool opens;   /* the act itself initialises the module, and changes nothing */
	/* The act asks for more than a PKCS#11 module has: it is done in this one, if that under test is ours. */
	const char *sister;
};

/* All of them; the last has no name. */
extern const struct scenario scenarios[];
const struct scenario *scenario_named(const char *name);

/* What the acting process sees itself. */
enum scenario_sight {
	SIGHT_BEFORE, /* looking before the act */
	SIGHT_ACTED,  /* in an act that reads */
	SIGHT_AFTER,  /* looking after it */
	SIGHTS,
};

/* What the acting process says of itself, in memory that it shares with the sweep. */
struct scenario_page {
	_Atomic(CK_ULONG) ready;                   /* what loading and `ready` answered, plus 1 */
	atomic_uint begun, ended;                  /* steps */
	_Atomic(CK_ULONG) answers[SCENARIO_STEPS]; /* of the steps that ended */
	char sights[SIGHTS][SCENARIO_TEXT];        /* if the hooks ask for them */
};

struct scenario_page *scenario_page_new(void);
void scenario_page_free(struct scenario_page *page);

/* Run in the acting process; any may be NULL. */
struct scenario_hooks {
	void (*load)(void *context);  /* before the module is loaded: preload, trace, confine */
	void (*begin)(void *context); /* just before the first step */
	void (*end)(void *context);   /* just after the last */
	void (*after)(void *context, struct actor *actor); /* and then, with what the process has */
	void *context;
	unsigned steps; /* do so many steps alone; 0: all */
	bool finalize;  /* C_Finalize at the end; else the process just goes */
	bool look;      /* look before and after */
};

/* What `look` of the scenario writes, and answers. */
CK_RV scenario_look(const struct scenario *scenario, struct actor *actor, char ret_text[SCENARIO_TEXT]);
/* The same of what the act has seen: "" if it is none that reads. */
void scenario_acted(struct actor *actor, char ret_text[SCENARIO_TEXT]);

/* A folder with the store as the scenario wants it, or ends the program. Closed cleanly. */
struct home scenario_prepare(const struct scenario *scenario, const char *module);

/* Forks the acting process; clears the page first. Its exit status is 0 if it came to the end, whatever was answered. */
pid_t scenario_start(const struct scenario *scenario, const char *module, const struct home *home,
		     const struct scenario_hooks *hooks, struct scenario_page *page);

/* ---- what may be seen afterwards ---- */

struct reference;

/* NULL, having reported it as left out, if the module can't do the scenario undisturbed. */
struct reference *reference_new(const struct scenario *scenario, struct report *report,
				const struct home *before);
struct reference *reference_free(struct reference *reference);

struct verdict {
	bool good;
	unsigned state; /* so many steps are done */
	bool tried;     /* as the state, but for one PIN try less */
	char *why;      /* of a bad one: how it differs; to be freed */
};

/* `ended` steps were acknowledged, `begun` (at most one more) were begun. */
struct verdict reference_judge(const struct reference *reference, const char *observed, unsigned begun,
			       unsigned ended);
/* Whether it is the state after so many steps, but for one try less of the PIN that the act asks for. */
bool reference_tried(const struct reference *reference, const char *observed, unsigned state);
/* Whether the act changes nothing but how many PIN tries are left. */
bool reference_only_tries(const struct reference *reference);
/* How what the acting process saw differs from what it sees undisturbed; to be freed, NULL if it does not. */
char *reference_sight(const struct reference *reference, enum scenario_sight sight, const char *seen);
/* The state after so many steps, as it may be compared with. */
const char *reference_state(const struct reference *reference, unsigned step);
