/*
 * Allocations that fail on order: malloc and its like, anonymous mappings, and blocks of the
 * module's own arena. The program's malloc comes first when a module is bound (it is linked
 * with its symbols exported), so the libraries that the module uses meet it, too. The arena
 * hands out blocks of pages that it has; a module that was linked with arena_hook.c asks
 * here before each.
 *
 * For one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum alloc_mode {
	ALLOC_ONCE,    /* that one fails */
	ALLOC_FOREVER, /* and all that follow, until alloc_disarm */
};

/* The n-th from now on fails, 1 being the next; 0: none, they are only counted. */
void alloc_arm(enum alloc_mode mode, uint64_t n);
void alloc_disarm(void);

/* Since alloc_arm. */
uint64_t alloc_counted(void);
bool alloc_struck(void);

/* The first failure from now on prints who asked: functions, or places for addr2line. */
void alloc_trace(void);

/* Blocks that are allocated and not freed: of malloc, and of an arena that has the hook. */
int64_t alloc_live(void);
bool alloc_has_arena(void);

/* What the module's hook calls; the latter tells how many blocks the arena has handed out. */
int torture_arena_fails(void);
void torture_arena_is(size_t (*blocks)(void));
