/*
 * Asking the operator: a line without echo, or a yes. The terminal is put back as it
 * was whatever happens, signals included (SIGKILL aside).
 */
#pragma once

#include <signal.h>
#include <stdio.h>

#include "util/span.h"
#include "util/status.h"

/*
 * Reads up to the next newline, which is taken but not given, or the end of the
 * input. `wait_mask` NULL, or the signals to block while waiting: then ASH_E_FAILED
 * means that one came. ASH_E_NOT_FOUND when the input is at its end, ASH_E_PIN_LEN when
 * the line is longer than `room` (the rest of it is taken), ASH_E_IO.
 * Reads byte by byte, so that what follows stays for the next reader.
 */
ASH_STATUS ash_cli_line_read(int fd, const sigset_t *wait_mask, struct ash_mut room, size_t *ret_len);

/*
 * Asks on the controlling terminal, else on standard input if that is one, without
 * echo. ASH_E_NO_EVENT when there is no terminal; else as ash_cli_line_read.
 */
ASH_STATUS ash_cli_tty_ask(const char *prompt, struct ash_mut room, size_t *ret_len);

/* Whether standard input is a terminal, so that somebody can be asked. */
bool ash_cli_tty_present(void);

/* Asks for a "yes" on standard input; anything else is a no. */
bool ash_cli_tty_confirm(FILE *out, const char *question);

/* Asks for this very text, as `shown` calls it. */
bool ash_cli_tty_confirm_text(FILE *out, const char *question, const char *shown, struct ash_span text);
