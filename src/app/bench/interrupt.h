/*
 * Ctrl-C, SIGTERM and SIGHUP while something is measured: they end the work, but the folder that
 * was made for it is removed. They are blocked but for the moments in which the program waits.
 * One thread.
 */
#pragma once

#include <stdbool.h>

/* From now on. */
void ash_bench_interrupt_catch(void);

/* In a child: as it was at first. */
void ash_bench_interrupt_release(void);

/* Waits until there is something to read, or a signal came: then false, now and ever after. */
bool ash_bench_interrupt_wait(int fd);

bool ash_bench_interrupted(void);
