/*
 * `ashlar store check` as a process, and what it says of the store in this home.
 */
#pragma once

#include "actor.h"

enum check_verdict {
	CHECK_SOUND,
	CHECK_DAMAGED, /* its report has a part that is damaged */
	CHECK_REFUSED, /* it told why it can't look, and made no report */
	CHECK_BROKEN,  /* it died, hung, or is no such command */
};

/* With the user's PIN of a token, or NULL: its private objects can be looked at as well. */
enum check_verdict check_run(const char *ashlar, const char *token, enum actor_pin pin);

const char *check_text(enum check_verdict verdict);
