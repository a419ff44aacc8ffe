/*
 * A process that has used the store all along, with what it saw in its memory: after another
 * was killed it must see what a new process sees, at once.
 */
#pragma once

#include <stdio.h>
#include <sys/types.h>

#include "home.h"

struct onlooker {
	pid_t pid; /* 0: there is none */
	int ask;
	FILE *answers;
};

/* Logs in as the user and looks at all objects. Without an onlooker if that can't be done. */
struct onlooker onlooker_begin(const char *module, const struct home *home);
/* What it sees now, as the object lines of an observation; to be freed. NULL without an onlooker. */
char *onlooker_ask(struct onlooker *onlooker);
/* It goes, as it stands: the log is not put away. */
void onlooker_end(struct onlooker *onlooker);
