/*
 * The log: lines for the operator. Only front-ends and apps write to it; the
 * peer learns a code, the log also the origin. Never a secret, a PIN, a label of
 * a private object: log ids. Any thread may call everything. A forked child starts
 * with its log closed.
 */
#pragma once

#include "util/compat.h"
#include "util/status.h"

enum ash_log_level {
	ASH_LOG_ERROR,
	ASH_LOG_WARNING,
	ASH_LOG_INFO,
	ASH_LOG_DEBUG,
};

/*
 * Opens the log: "none" (the default), "syslog", or an absolute path of a file
 * (made with mode 0600, appended to, one write per line). Replaces an earlier
 * one. ASH_E_CONFIG for other words, ASH_E_IO when the file can't be opened.
 */
ASH_STATUS ash_log_open(const char *target, enum ash_log_level level);

/* Closes the descriptor, if any; what is logged from then on is dropped. */
void ash_log_close(void);

/* One line; control characters become '?', what is past 1000 bytes is cut. */
void ash_log(enum ash_log_level level, const char *format, ...) ASH_PRINTF(2, 3);

/* "what: text: explanation (E_CODE at file:line)" from this thread's latest failure. */
void ash_log_failure(enum ash_log_level level, const char *what, struct ash_status status);
