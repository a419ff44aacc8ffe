/*
 * Our status codes in PKCS#11's words. Pure functions but for the log; any thread.
 */
#pragma once

#include <ashlar/pkcs11.h>

#include "util/log.h"
#include "util/status.h"

/* The CK_RV of a code. */
CK_RV ash_return_of(enum ash_code code);

/* Warning for what an operator has to see (files, memory, our own mistakes), debug for callers' errors. */
enum ash_log_level ash_return_level(enum ash_code code);

/* Logs the failure of `function`, this thread's latest, and translates it. */
CK_RV ash_return_failure(const char *function, struct ash_status status);
