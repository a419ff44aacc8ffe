/*
 * Status: the one way in which a function says that it could not do its work.
 *
 * Whatever can fail returns ASH_STATUS, a must-use one-field struct. Where a
 * failure starts, ASH_ENSURE or ASH_FAIL records file and line in a
 * thread-local; ASH_TRY passes it up unchanged. These three are the only
 * macros that hide control flow.
 *
 * Any thread may call everything here.
 */
#pragma once

#include <stdbool.h>

enum ash_code {
#define ASH_CODE(name, text) ASH_##name,
#include "util/status_codes.h"
#undef ASH_CODE
	ASH_CODES
};

struct ash_status {
	enum ash_code code;
};

#define ASH_STATUS __attribute__((warn_unused_result)) struct ash_status
#define ASH_DONE   ((struct ash_status){ ASH_OK })

/* Where the latest failure of this thread started. `file` is static text. */
struct ash_origin {
	const char *file;
	int line;
	enum ash_code code;
};

/* Records the origin and returns the status; used by the macros below. */
ASH_STATUS ash_status_fail(enum ash_code code, const char *file, int line);

/* The same for a failed check of our own: aborts where ASH_BUG_ABORTS is set. */
ASH_STATUS ash_status_bug(const char *what, const char *file, int line);

/* The origin of this thread's latest failure; copy it before work changes thread. */
struct ash_origin ash_status_origin(void);

/*
 * Adds a sentence for the operator to this thread's latest failure: which file,
 * what is wrong with it, what to do. Never a secret. The next failure drops it.
 * What is past 500 bytes is cut.
 */
void ash_status_explain(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* That sentence; "" when there is none. Valid until this thread's next failure. */
const char *ash_status_explanation(void);

/* The text of a code ("the PIN is wrong") and its name ("E_PIN_INCORRECT"). Never NULL. */
const char *ash_code_text(enum ash_code code);
const char *ash_code_name(enum ash_code code);

static inline bool ash_is_ok(struct ash_status status)
{
	return status.code == ASH_OK;
}

/* Drops a status where failing again would help nobody; say why at the call. */
static inline void ash_ignore(struct ash_status status)
{
	(void)status;
}

#define ASH_FAIL(failure) return ash_status_fail((failure), __FILE__, __LINE__)

/* ASH_FAIL with a sentence for the operator. */
#define ASH_FAIL_WITH(failure, ...)                                                                 \
	do {                                                                                        \
		struct ash_status ash_fail_status = ash_status_fail((failure), __FILE__, __LINE__); \
		ash_status_explain(__VA_ARGS__);                                                    \
		return ash_fail_status;                                                             \
	} while (0)

#define ASH_ENSURE(condition, failure)                                         \
	do {                                                                   \
		if (__builtin_expect(!(condition), 0))                         \
			return ash_status_fail((failure), __FILE__, __LINE__); \
	} while (0)

#define ASH_TRY(call)                                                   \
	do {                                                            \
		struct ash_status ash_try_status = (call);              \
		if (__builtin_expect(ash_try_status.code != ASH_OK, 0)) \
			return ash_try_status;                          \
	} while (0)

/* For our own mistakes only: what a caller, a file or a peer sends is ASH_ENSURE's. */
#define ASH_BUG(condition)                                                     \
	do {                                                                   \
		if (__builtin_expect((condition), 0))                          \
			return ash_status_bug(#condition, __FILE__, __LINE__); \
	} while (0)
