/*
 * Where all choices come from: a seed, or the bytes of a fuzzer. Each call has its own
 * beginning (choice_call), so that leaving out a call does not change what the others do.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void choice_seed(uint64_t seed);
void choice_bytes(const uint8_t *bytes, size_t len);
void choice_call(uint64_t number);

/* No bytes are left; from here on every choice is 0. Never so with a seed. */
bool choice_over(void);

/* 0 to count - 1. */
uint64_t choose(uint64_t count);
bool chance(unsigned percent);
void choose_bytes(uint8_t *out, size_t len);
