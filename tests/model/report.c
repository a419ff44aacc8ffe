#include "report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* clang-format off */
#define CODE(name) { CKR_##name, "CKR_" #name },

static const struct {
	CK_RV rv;
	const char *name;
} codes[] = {
	CODE(OK) CODE(CANCEL) CODE(HOST_MEMORY) CODE(SLOT_ID_INVALID) CODE(GENERAL_ERROR)
	CODE(FUNCTION_FAILED) CODE(ARGUMENTS_BAD) CODE(NO_EVENT) CODE(NEED_TO_CREATE_THREADS)
	CODE(CANT_LOCK) CODE(ATTRIBUTE_READ_ONLY) CODE(ATTRIBUTE_SENSITIVE)
	CODE(ATTRIBUTE_TYPE_INVALID) CODE(ATTRIBUTE_VALUE_INVALID) CODE(ACTION_PROHIBITED)
	CODE(TEMPLATE_INCOMPLETE) CODE(TEMPLATE_INCONSISTENT) CODE(DOMAIN_PARAMS_INVALID)
	CODE(CURVE_NOT_SUPPORTED) CODE(PUBLIC_KEY_INVALID) CODE(PARAMETER_SET_NOT_SUPPORTED)
	CODE(DATA_INVALID) CODE(DATA_LEN_RANGE) CODE(ENCRYPTED_DATA_INVALID)
	CODE(ENCRYPTED_DATA_LEN_RANGE) CODE(AEAD_DECRYPT_FAILED) CODE(SIGNATURE_INVALID)
	CODE(SIGNATURE_LEN_RANGE) CODE(BUFFER_TOO_SMALL) CODE(INFORMATION_SENSITIVE)
	CODE(EXCEEDED_MAX_ITERATIONS) CODE(DEVICE_ERROR) CODE(DEVICE_MEMORY) CODE(DEVICE_REMOVED)
	CODE(TOKEN_NOT_PRESENT) CODE(TOKEN_NOT_RECOGNIZED) CODE(TOKEN_WRITE_PROTECTED)
	CODE(FIPS_SELF_TEST_FAILED) CODE(LIBRARY_LOAD_FAILED) CODE(TOKEN_RESOURCE_EXCEEDED)
	CODE(TOKEN_NOT_INITIALIZED) CODE(FUNCTION_CANCELED) CODE(FUNCTION_NOT_PARALLEL)
	CODE(FUNCTION_NOT_SUPPORTED) CODE(OPERATION_ACTIVE) CODE(OPERATION_NOT_INITIALIZED)
	CODE(SAVED_STATE_INVALID) CODE(STATE_UNSAVEABLE) CODE(FUNCTION_REJECTED)
	CODE(OPERATION_CANCEL_FAILED) CODE(PENDING) CODE(OPERATION_NOT_VALIDATED)
	CODE(KEY_HANDLE_INVALID) CODE(KEY_SIZE_RANGE) CODE(KEY_TYPE_INCONSISTENT) CODE(KEY_NOT_NEEDED)
	CODE(KEY_CHANGED) CODE(KEY_NEEDED) CODE(KEY_INDIGESTIBLE) CODE(KEY_FUNCTION_NOT_PERMITTED)
	CODE(KEY_NOT_WRAPPABLE) CODE(KEY_UNEXTRACTABLE) CODE(MECHANISM_INVALID)
	CODE(MECHANISM_PARAM_INVALID) CODE(OBJECT_HANDLE_INVALID) CODE(UNWRAPPING_KEY_HANDLE_INVALID)
	CODE(UNWRAPPING_KEY_SIZE_RANGE) CODE(UNWRAPPING_KEY_TYPE_INCONSISTENT)
	CODE(WRAPPED_KEY_INVALID) CODE(WRAPPED_KEY_LEN_RANGE) CODE(WRAPPING_KEY_HANDLE_INVALID)
	CODE(WRAPPING_KEY_SIZE_RANGE) CODE(WRAPPING_KEY_TYPE_INCONSISTENT) CODE(KEY_EXHAUSTED)
	CODE(PIN_INCORRECT) CODE(PIN_INVALID) CODE(PIN_LEN_RANGE) CODE(PIN_EXPIRED) CODE(PIN_LOCKED)
	CODE(SESSION_CLOSED) CODE(SESSION_COUNT) CODE(SESSION_HANDLE_INVALID)
	CODE(SESSION_PARALLEL_NOT_SUPPORTED) CODE(SESSION_READ_ONLY) CODE(SESSION_EXISTS)
	CODE(SESSION_READ_ONLY_EXISTS) CODE(SESSION_READ_WRITE_SO_EXISTS) CODE(USER_ALREADY_LOGGED_IN)
	CODE(USER_NOT_LOGGED_IN) CODE(USER_PIN_NOT_INITIALIZED) CODE(USER_TYPE_INVALID)
	CODE(USER_ANOTHER_ALREADY_LOGGED_IN) CODE(USER_TOO_MANY_TYPES) CODE(PIN_TOO_WEAK)
	CODE(SESSION_ASYNC_NOT_SUPPORTED) CODE(RANDOM_SEED_NOT_SUPPORTED) CODE(RANDOM_NO_RNG)
	CODE(NEW_PIN_MODE) CODE(NEXT_OTP) CODE(SEED_RANDOM_REQUIRED) CODE(CRYPTOKI_NOT_INITIALIZED)
	CODE(CRYPTOKI_ALREADY_INITIALIZED) CODE(MUTEX_BAD) CODE(MUTEX_NOT_LOCKED)
};

#define FUNCTION_NAME(name, parameters) #name,

static const char *const function_names[] = {
	CK_FUNCTIONS_2_40(FUNCTION_NAME)
	CK_FUNCTIONS_3_0(FUNCTION_NAME)
	CK_FUNCTIONS_3_2(FUNCTION_NAME)
};
/* clang-format on */

static struct report own_report;
struct report *report = &own_report;
CK_RV judge_last;
bool report_all;
static char told[TRACE_LEN - 64];

static void end_by_abort(void)
{
	abort();
}

void (*report_end)(void) = end_by_abort;

static size_t code_index(CK_RV rv)
{
	size_t i = 0;

	while (i < COUNT(codes) && codes[i].rv != rv)
		i++;
	return i;
}

const char *code_name(CK_RV rv)
{
	static char other[4][24];
	static unsigned turn;
	const size_t i = code_index(rv);

	if (i < COUNT(codes))
		return codes[i].name;
	turn = (turn + 1) % COUNT(other);
	(void)snprintf(other[turn], sizeof(other[turn]), "%#lx", rv);
	return other[turn];
}

const char *function_name(enum function function)
{
	return function_names[function];
}

void may(struct verdict *verdict, CK_RV rv)
{
	for (unsigned i = 0; i < verdict->count; i++) {
		if (verdict->reasons[i] == rv)
			return;
	}
	if (!verdict->only && verdict->count < COUNT(verdict->reasons))
		verdict->reasons[verdict->count++] = rv;
}

void why(struct verdict *verdict, CK_RV rv)
{
	may(verdict, rv);
	verdict->hard = true;
}

void why_if(struct verdict *verdict, bool condition, CK_RV rv)
{
	if (condition)
		why(verdict, rv);
}

void only(struct verdict *verdict, CK_RV rv)
{
	if (verdict->only)
		return;
	*verdict = (struct verdict){ .reasons = { rv }, .count = 1, .only = true, .hard = true };
}

void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(told, sizeof(told), format, args);
	va_end(args);
	/* Here before the call: if it does not return, this is what it was. */
	(void)snprintf(report->trace[report->lines % TRACE_LINES], TRACE_LEN, "%" PRIu64 ": %s -> ?",
		       report->step, told);
}

static void list_reasons(const struct verdict *verdict, char *out, size_t cap)
{
	size_t at = 0;

	if (!verdict->hard)
		at += (size_t)snprintf(out, cap, "CKR_OK");
	for (unsigned i = 0; i < verdict->count && at < cap; i++)
		at += (size_t)snprintf(out + at, cap - at, "%s%s", at != 0 ? " or " : "",
				       code_name(verdict->reasons[i]));
}

bool judge(enum function function, const char *name, const struct verdict *verdict, CK_RV got)
{
	bool good = got == CKR_OK && !verdict->hard;
	char reasons[TRACE_LEN];

	report->calls++;
	report->seen[function][code_index(got)]++;
	(void)snprintf(report->trace[report->lines++ % TRACE_LINES], TRACE_LEN, "%" PRIu64 ": %s %s -> %s",
		       report->step, name, told, code_name(got));
	if (report_all)
		(void)printf("# %s\n", report->trace[(report->lines - 1) % TRACE_LINES]);
	told[0] = '\0';
	for (unsigned i = 0; i < verdict->count; i++)
		good = good || got == verdict->reasons[i];
	if (!good) {
		list_reasons(verdict, reasons, sizeof(reasons));
		wrong("%s: wanted %s, got %s", name, reasons, code_name(got));
	}
	return got == CKR_OK;
}

void wrong(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(report->failure, sizeof(report->failure), format, args);
	va_end(args);
	report_end();
	abort();
}

void report_print_trace(void)
{
	const uint64_t first = report->lines > TRACE_LINES - 1 ? report->lines - (TRACE_LINES - 1) : 0;

	for (uint64_t i = first; i <= report->lines; i++) {
		const char *line = report->trace[i % TRACE_LINES];

		if (i < report->lines || strstr(line, "-> ?") != NULL)
			(void)printf("# %s\n", line);
	}
}

void report_print_counts(void)
{
	unsigned functions = 0, pairs = 0;

	for (unsigned fn = 0; fn < FUNCTIONS; fn++) {
		uint64_t calls = 0;

		for (size_t i = 0; i < CODES_MAX; i++)
			calls += report->seen[fn][i];
		if (calls == 0)
			continue;
		functions++;
		(void)printf("# %-24s %9" PRIu64 " ", function_names[fn], calls);
		for (size_t i = 0; i < CODES_MAX; i++) {
			if (report->seen[fn][i] == 0)
				continue;
			pairs++;
			(void)printf(" %s:%" PRIu64, i < COUNT(codes) ? codes[i].name + 4 : "other",
				     report->seen[fn][i]);
		}
		(void)printf("\n");
	}
	(void)printf("# %" PRIu64 " calls, %u functions, %u pairs of function and return code\n",
		     report->calls, functions, pairs);
}
