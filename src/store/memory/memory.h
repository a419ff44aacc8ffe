/*
 * The store in memory: for tests, fuzzing and tokens that die with the process.
 * Closing it forgets everything.
 */
#pragma once

#include "store/backend.h"

extern const struct ash_store_ops ash_store_memory;
