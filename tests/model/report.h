/*
 * What happened: a trace of the last calls, counts of functions and return codes, and the
 * end of a run that went wrong. It lies in memory that a child shares with its parent, so
 * that a crash can be told of as well.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <ashlar/pkcs11.h>

#define FUNCTION_ID(name, parameters) FN_##name,
enum function {
	CK_FUNCTIONS_2_40(FUNCTION_ID) CK_FUNCTIONS_3_0(FUNCTION_ID) CK_FUNCTIONS_3_2(FUNCTION_ID) FUNCTIONS
};
#undef FUNCTION_ID

enum {
	TRACE_LINES = 200,
	TRACE_LEN = 512,
	CODES_MAX = 112, /* of return codes, and one for any other */
};

struct report {
	uint64_t calls;
	uint64_t seen[FUNCTIONS][CODES_MAX];
	uint64_t lines;
	char trace[TRACE_LINES][TRACE_LEN];
	uint64_t step; /* the call of the round that is being played */
	char failure[TRACE_LEN];
};
extern struct report *report;

/* Whether each call is printed. */
extern bool report_all;

/* The reasons why a call has to fail, or may. */
struct verdict {
	CK_RV reasons[24];
	unsigned count;
	bool only; /* the first reason comes before anything else */
	bool hard; /* it may not succeed */
};

#define VERDICT_NONE ((struct verdict){ .count = 0 })

/* A reason why it can't succeed; and one why it may fail, where the model can't tell. */
void why(struct verdict *verdict, CK_RV rv);
void may(struct verdict *verdict, CK_RV rv);

void why_if(struct verdict *verdict, bool condition, CK_RV rv);
void only(struct verdict *verdict, CK_RV rv);

/* What the call that comes now is given, for the trace. */
__attribute__((format(printf, 1, 2))) void tell(const char *format, ...);

/* Counts and judges a call's answer; true when it succeeded. */
bool judge(enum function function, const char *name, const struct verdict *verdict, CK_RV got);

/* The end: something is not as the model has it. */
__attribute__((format(printf, 1, 2), noreturn)) void wrong(const char *format, ...);

/* How it ends: by default abort(). */
extern void (*report_end)(void);

const char *code_name(CK_RV rv);
const char *function_name(enum function function);
void report_print_trace(void);
void report_print_counts(void);

/* A call of the module, judged. */
#define CALL(verdict, name, ...) \
	(judge_last = world.p11->name(__VA_ARGS__), judge(FN_##name, #name, (verdict), judge_last))
extern CK_RV judge_last;
