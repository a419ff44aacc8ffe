#include "crypto/awslc/awslc.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/mem.h>
#include <pthread.h>
#include <sys/random.h>

#include "crypto/awslc/awslc_priv.h"
#include "util/arena.h"

static _Thread_local unsigned failures;

static void *allocate(size_t size, const char *file, int line)
{
	void *block = ash_arena_alloc(size);

	(void)file;
	(void)line;
	failures += block == NULL;
	return block;
}

static void *resize(void *old, size_t size, const char *file, int line)
{
	void *block = ash_arena_resize(old, size);

	(void)file;
	(void)line;
	failures += block == NULL;
	return block;
}

static void release(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	ash_arena_free(block);
}

unsigned ash_awslc_mark(void)
{
	return failures;
}

enum ash_code ash_awslc_code(unsigned mark, enum ash_code code)
{
	ERR_clear_error();
	return failures != mark ? ASH_E_MEMORY : code;
}

struct ash_status ash_awslc_random(struct ash_mut out)
{
	ssize_t got = -1;

	do {
		got = getrandom(out.data, out.len, 0);
	} while (got < 0 && errno == EINTR);
	ASH_ENSURE(got == (ssize_t)out.len, ASH_E_FAILED);
	return ASH_DONE;
}

static bool memory_taken;

/*
 * AWS-LC lets its allocator be set once. Its global state is static, and what it keeps
 * for a thread (errors only, here) comes from the C library: nothing needs the arena's
 * setup pages, and nothing of a parent's has to be made again in a child.
 */
static void take_memory(void)
{
	memory_taken = CRYPTO_set_mem_functions(allocate, resize, release) == 1;
}

static struct ash_status open_library(void **ret_backend)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	static char library; /* a handle that is not NULL: there is nothing to hold */

	(void)pthread_once(&once, take_memory);
	ASH_ENSURE(memory_taken, ASH_E_FAILED);
	*ret_backend = &library;
	return ASH_DONE;
}

static void *close_library(void *backend)
{
	(void)backend;
	return NULL;
}

static const char *version(void *backend)
{
	(void)backend;
	return "AWS-LC " AWSLC_VERSION_NUMBER_STRING;
}

/* No `random`: the house generator is the other engine's, so that there is one. */
const struct ash_backend_ops ash_backend_awslc = {
	.abi = ASH_BACKEND_ABI,
	.name = "awslc",
	.open = open_library,
	.close = close_library,
	.version = version,
	.offers = ash_awslc_offers,
	.offers_key = ash_awslc_offers_key,
	.key_generate = ash_awslc_key_generate,
	.key_load = ash_awslc_key_load,
	.key_parts = ash_awslc_key_parts,
	.key_free = ash_awslc_key_free,
	.op_new = ash_awslc_op_new,
	.op_streams = ash_awslc_op_streams,
	.op_start = ash_awslc_op_start,
	.op_update = ash_awslc_op_update,
	.op_finish = ash_awslc_op_finish,
	.op_finish_verify = ash_awslc_op_finish_verify,
	.op_free = ash_awslc_op_free,
	.op_copy = ash_awslc_op_copy,
};
