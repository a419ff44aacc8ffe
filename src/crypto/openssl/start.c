/*
 * The beginning: OpenSSL's memory is ours, and what it keeps for the whole process
 * lies where a forked child still finds it.
 *
 * OpenSSL has state of three kinds. What is global to the process is made once and
 * used by children too, so it has to be made among the arena's setup pages, all of it
 * here: whatever an operation would make of it later would read zero in a child.
 * What belongs to a thread (its error queue, its list of things to do at its end)
 * must lie in ordinary pages: zeroed, it is an empty queue and an empty list, while
 * a list that survived would lead to entries that did not. What belongs to our
 * library context a child never touches; it makes a context of its own.
 *
 * A context is never freed. Threads that drew random numbers from it have generators
 * of their own in it and free them when they end, which may be after C_Finalize;
 * OpenSSL would then follow pointers into what is gone. The next open takes it again.
 */
/* RAND_get_rand_method() is the one way to have the generator's global locks made without a generator. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "crypto/openssl/openssl_priv.h"

#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/provider.h>
#include <openssl/rand.h>
#include <stdatomic.h>

#include "util/arena.h"
#include "util/fork.h"

static _Atomic unsigned failures;

/*
 * Memory that is there before it is asked for, and not freed again. It holds no secret.
 *
 * OpenSSL's very first allocations must not fail: it would note an error, for which it
 * needs what it is just making, and wait for itself for ever. And where it makes something
 * global once, it keeps in mind for ever that it failed, or does without the part that failed.
 */
struct reserve {
	uint8_t *bytes;
	size_t len;
	size_t used;
};

static _Alignas(16) uint8_t first_bytes[1024];
static struct reserve first = { first_bytes, sizeof(first_bytes), 0 };

/* OpenSSL 3.5 takes 57 KB in 640 pieces. */
#define GLOBALS_LEN ((size_t)96 << 10)
static struct reserve globals;

/* The one to take from: only while no other thread is in OpenSSL. */
static struct reserve *open_reserve;

static void *take_reserved(struct reserve *reserve, size_t size)
{
	void *block = reserve->bytes + reserve->used;

	if (size > reserve->len - reserve->used || reserve->len - reserve->used - size < 16)
		return NULL;
	reserve->used += (size + 15) / 16 * 16;
	return block;
}

static bool lies_in(const struct reserve *reserve, const void *block)
{
	const uintptr_t at = (uintptr_t)block;

	return at >= (uintptr_t)reserve->bytes && at < (uintptr_t)reserve->bytes + reserve->len;
}

/* The reserve that a block is of, or NULL. */
static const struct reserve *reserve_of(const void *block)
{
	return lies_in(&first, block) ? &first : lies_in(&globals, block) ? &globals : NULL;
}

static void *allocate(size_t size, const char *file, int line)
{
	void *block = open_reserve != NULL ? take_reserved(open_reserve, size) : NULL;

	(void)file;
	(void)line;
	if (block == NULL)
		block = ash_arena_alloc(size);
	if (block == NULL)
		atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
	return block;
}

static void *resize(void *old, size_t size, const char *file, int line)
{
	const struct reserve *reserve = reserve_of(old);
	void *block = NULL;

	if (reserve != NULL) {
		size_t most = (size_t)(reserve->bytes + reserve->len - (uint8_t *)old);

		block = allocate(size, file, line);
		return block != NULL ? memcpy(block, old, size < most ? size : most) : NULL;
	}
	if (size == 0)
		return ash_arena_free(old);
	block = ash_arena_resize(old, size);
	if (block == NULL)
		atomic_fetch_add_explicit(&failures, 1, memory_order_relaxed);
	return block;
}

static void release(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	if (reserve_of(block) == NULL)
		ash_arena_free(block);
}

unsigned ash_ossl_mark(void)
{
	return atomic_load_explicit(&failures, memory_order_relaxed);
}

enum ash_code ash_ossl_code(unsigned mark, enum ash_code code)
{
	ERR_clear_error();
	return ash_ossl_mark() != mark ? ASH_E_MEMORY : code;
}

/* OpenSSL lets its allocator be set once, before it has allocated anything. */
static struct ash_status take_memory(void)
{
	static _Atomic bool taken;

	if (atomic_load(&taken))
		return ASH_DONE;
	ASH_ENSURE(CRYPTO_set_mem_functions(allocate, resize, release) == 1, ASH_E_FAILED);
	atomic_store(&taken, true);
	return ASH_DONE;
}

/* Once in the process, or in one of its parents. */
static struct ash_status start_base(void)
{
	static bool started;
	const uint64_t options = OPENSSL_INIT_NO_ATEXIT | OPENSSL_INIT_NO_LOAD_CRYPTO_STRINGS;
	bool good = false;

	if (started)
		return ASH_DONE;
	open_reserve = &first;
	good = OPENSSL_init_crypto(options, NULL) == 1;
	if (good)
		OPENSSL_thread_stop(); /* this thread has no list yet: makes the list of all lists */
	open_reserve = NULL;
	ASH_ENSURE(good, ASH_E_FAILED);
	started = true;
	return ASH_DONE;
}

static struct ash_status make_globals(void)
{
	const uint64_t options =
		OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_ADD_ALL_CIPHERS | OPENSSL_INIT_ADD_ALL_DIGESTS;
	unsigned mark = ash_ossl_mark();

	ASH_ENSURE(OPENSSL_init_crypto(options, NULL) == 1, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_ENSURE(OSSL_LIB_CTX_get0_global_default() != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_ENSURE(RAND_get_rand_method() != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	(void)OBJ_sn2nid("no such name"); /* makes the lock of the table of names, once for all */
	return ASH_DONE;
}

/* Everything else that is global to the process. Once in the process, or in one of its parents. */
static struct ash_status start_globals(void)
{
	static bool started;
	struct ash_status status = ASH_DONE;

	if (started)
		return ASH_DONE;
	if (globals.bytes == NULL)
		globals.bytes = ash_arena_alloc(GLOBALS_LEN);
	ASH_ENSURE(globals.bytes != NULL, ASH_E_MEMORY);
	globals.len = GLOBALS_LEN;
	open_reserve = &globals;
	status = make_globals();
	open_reserve = NULL;
	started = ash_is_ok(status);
	return status;
}

static struct ash_status start_library(struct ash_ossl *lib)
{
	unsigned mark = ash_ossl_mark();

	lib->ctx = OSSL_LIB_CTX_new();
	ASH_ENSURE(lib->ctx != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	lib->provider = OSSL_PROVIDER_load(lib->ctx, "default");
	ASH_ENSURE(lib->provider != NULL, ash_ossl_code(mark, ASH_E_FAILED));
	ASH_TRY(ash_ossl_fetch(lib));
	/*
	 * One fetch enters all algorithms of its kind, and what could not be entered is never tried
	 * again: Argon2id would miss its BLAKE2 for the life of the process.
	 */
	ASH_ENSURE(ash_ossl_mark() == mark, ASH_E_MEMORY);
	return ASH_DONE;
}

static void drop_library(struct ash_ossl *lib)
{
	ash_ossl_unfetch(lib);
	if (lib->provider != NULL)
		OSSL_PROVIDER_unload(lib->provider);
	OSSL_LIB_CTX_free(lib->ctx);
	*lib = (struct ash_ossl){ 0 };
}

/* This thread's own state, in ordinary pages, before anything asks for it among the others. */
static struct ash_status start_thread(void)
{
	unsigned mark = ash_ossl_mark();

	ERR_clear_error();
	ASH_ENSURE(ash_ossl_mark() == mark, ASH_E_MEMORY);
	return ASH_DONE;
}

static struct ash_status start(struct ash_ossl *lib)
{
	struct ash_status status = ASH_DONE;

	ASH_TRY(take_memory());
	ash_arena_setup_begin();
	status = start_base();
	ash_arena_setup_end();
	ASH_TRY(status);
	ASH_TRY(start_thread());

	ash_arena_setup_begin();
	status = start_globals();
	if (ash_is_ok(status))
		status = start_library(lib);
	if (!ash_is_ok(status))
		drop_library(lib);
	ash_arena_setup_end();
	return status;
}

struct ash_status ash_ossl_library(struct ash_ossl **ret_lib)
{
	static struct ash_fork_guard guard;
	static struct ash_ossl library;

	if (ash_fork_claim(&guard)) {
		struct ash_status status = ASH_DONE;

		library = (struct ash_ossl){ 0 }; /* a parent's is not ours to free */
		status = start(&library);
		if (!ash_is_ok(status)) {
			atomic_store(&guard.state, 0); /* not made yet: the next one tries again */
			return status;
		}
		ash_fork_made(&guard);
	}
	*ret_lib = &library;
	return ASH_DONE;
}
