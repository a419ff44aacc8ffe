/*
 * `ashlar doctor`: checks, each of which notes what it found, whether that is good, and what
 * to do about it. A check never fails: what it can't find out is what it found.
 *
 * One thread.
 */
#pragma once

#include "app/cli/print/output.h"
#include "util/compat.h"
#include "util/config.h"

enum ash_doctor_state {
	ASH_DOCTOR_GOOD,
	ASH_DOCTOR_WARNING, /* it works, but not as well or as safely as it could */
	ASH_DOCTOR_BAD,     /* it can't work so */
};

struct ash_doctor {
	struct ash_cli *cli;
	struct ash_config *config; /* NULL: it can't be read */
	struct ash_cli_list list;  /* of columns as ash_doctor_columns */
	json_t *latest;            /* the row noted last; lent */
	unsigned bad;
	struct ash_status status; /* the first failure to note something */
};

extern const struct ash_cli_column ash_doctor_columns[];

/* Notes what a check found. */
void ash_doctor_note(struct ash_doctor *doctor, enum ash_doctor_state state, const char *check,
		     const char *format, ...) ASH_PRINTF(4, 5);

/* What to do about what was noted last. */
void ash_doctor_advise(struct ash_doctor *doctor, const char *format, ...) ASH_PRINTF(2, 3);

/* place.c: what the configuration names, and who may use it. */
void ash_doctor_configuration(struct ash_doctor *doctor);
void ash_doctor_user(struct ash_doctor *doctor);
void ash_doctor_store(struct ash_doctor *doctor);
void ash_doctor_root_key(struct ash_doctor *doctor);
void ash_doctor_tokens(struct ash_doctor *doctor); /* opens the HSM: after the others */

/* machine.c: versions, and what the system allows. */
void ash_doctor_versions(struct ash_doctor *doctor);
void ash_doctor_environment(struct ash_doctor *doctor);
void ash_doctor_memory(struct ash_doctor *doctor);
void ash_doctor_tracing(struct ash_doctor *doctor);

/* registration.c: whether p11-kit knows the module. */
void ash_doctor_registration(struct ash_doctor *doctor);
