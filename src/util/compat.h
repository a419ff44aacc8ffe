/*
 * The one place for #if: what differs between compilers, build kinds and systems.
 */
#pragma once

#include <stddef.h>

/* 1 in debug and test builds: a failed internal check aborts. 0 in what is released. */
#ifndef ASH_BUG_ABORTS
#define ASH_BUG_ABORTS 0
#endif

#if defined(__SANITIZE_ADDRESS__)
#define ASH_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ASH_ASAN 1
#endif
#endif
#ifndef ASH_ASAN
#define ASH_ASAN 0
#endif

#if defined(__SANITIZE_THREAD__)
#define ASH_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define ASH_TSAN 1
#endif
#endif
#ifndef ASH_TSAN
#define ASH_TSAN 0
#endif

/*
 * What the arena tells the address sanitizer of its blocks: bytes past a block are
 * out of bounds, and ASH_ASAN_GAP of them lie between any two blocks.
 */
#if ASH_ASAN
#include <sanitizer/asan_interface.h>
#define ASH_ASAN_GAP              16
#define ASH_ASAN_HIDE(bytes, len) __asan_poison_memory_region((bytes), (len))
#define ASH_ASAN_SHOW(bytes, len) __asan_unpoison_memory_region((bytes), (len))
#else
#define ASH_ASAN_GAP              0
#define ASH_ASAN_HIDE(bytes, len) ((void)(bytes), (void)(len))
#define ASH_ASAN_SHOW(bytes, len) ((void)(bytes), (void)(len))
#endif

#define ASH_UNUSED                __attribute__((unused))
#define ASH_PRINTF(string, first) __attribute__((format(printf, string, first)))
#define ASH_COUNT(array)          (sizeof(array) / sizeof((array)[0]))

/*
 * Owning locals: ASH_AUTO(ash_secret) *key = NULL; frees at scope end through
 * ash_secret_auto(), which each owning type declares beside its destructor.
 * ASH_TAKE(key) hands the value over and leaves NULL behind.
 */
#define ASH_AUTO(type) __attribute__((cleanup(type##_auto))) struct type
#define ASH_TAKE(pointer)                                  \
	__extension__({                                    \
		__typeof__(pointer) ash_taken = (pointer); \
		(pointer) = NULL;                          \
		ash_taken;                                 \
	})
