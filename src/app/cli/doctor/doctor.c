#include "app/cli/doctor/doctor.h"

#include <stdarg.h>

#define NOTE_MAX 1024

const struct ash_cli_column ash_doctor_columns[] = {
	{ "check", "Check", 0 }, { "state", "State", 0 },
	{ "found", "Found", 0 }, { "advice", "What to do", ASH_CLI_COLUMN_HIDDEN },
	{ NULL, NULL, 0 },
};

static const char *const states[] = {
	[ASH_DOCTOR_GOOD] = "good",
	[ASH_DOCTOR_WARNING] = "warning",
	[ASH_DOCTOR_BAD] = "bad",
};

static struct ash_status add_note(struct ash_doctor *doctor, enum ash_doctor_state state, const char *check,
				  const char *found)
{
	ASH_TRY(ash_cli_list_add(&doctor->list, &doctor->latest));
	ASH_TRY(ash_cli_set_text(doctor->latest, "check", ash_span_text(check)));
	ASH_TRY(ash_cli_set_text(doctor->latest, "state", ash_span_text(states[state])));
	return ash_cli_set_text(doctor->latest, "found", ash_span_text(found));
}

void ash_doctor_note(struct ash_doctor *doctor, enum ash_doctor_state state, const char *check,
		     const char *format, ...)
{
	char found[NOTE_MAX];
	va_list args;

	if (!ash_is_ok(doctor->status))
		return;
	va_start(args, format);
	vsnprintf(found, sizeof(found), format, args);
	va_end(args);
	doctor->bad += state == ASH_DOCTOR_BAD;
	doctor->status = add_note(doctor, state, check, found);
}

void ash_doctor_advise(struct ash_doctor *doctor, const char *format, ...)
{
	char advice[NOTE_MAX];
	va_list args;

	if (!ash_is_ok(doctor->status))
		return;
	va_start(args, format);
	vsnprintf(advice, sizeof(advice), format, args);
	va_end(args);
	doctor->status = ash_cli_set_text(doctor->latest, "advice", ash_span_text(advice));
}
