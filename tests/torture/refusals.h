/* Which errors the system may give to which calls. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "tracer.h"

/* Calls that fail together when an error lasts. */
enum refusal_kind {
	REFUSE_NOTHING,
	REFUSE_OPEN,
	REFUSE_READ,
	REFUSE_WRITE,
	REFUSE_SYNC,
	REFUSE_SIZE,
	REFUSE_NAME,
	REFUSE_STAT,
	REFUSE_LOCK,
	REFUSE_MAP,
	REFUSE_RANDOM,
	REFUSE_KINDS,
};

struct refusal {
	enum refusal_kind kind;
	const char *name; /* "ENOSPC", or "short" */
	int error;        /* 0: half of what is asked for is done */
	bool passes;      /* whoever meets it tries again, so it can't last */
};

extern const struct refusal refusals[];
extern const size_t refusals_count;

/* What the call is that the process is about to make. */
enum refusal_kind refusal_kind(const struct tracer *tracer);
const char *refusal_kind_name(enum refusal_kind kind);
/* Whether reading can't be expected to work while calls of that kind fail. */
bool refusal_stops_reading(enum refusal_kind kind);

/* At TRACE_ENTRY of a call of its kind: so be it. */
void refusal_do(const struct refusal *refusal, struct tracer *tracer);
