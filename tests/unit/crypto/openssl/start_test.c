/* The library's life in a process: the first open, children, threads that come and go. */
#include "crypto/openssl/openssl.h"

#define TESTED_BACKEND ash_backend_openssl
#include "crypto/backend_tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

static const struct ash_alg ecdsa = { ASH_SCHEME_ECDSA, ASH_HASH_SHA256 };
static const struct ash_key_spec p256 = EC(P256);

/* Argon2id asks OpenSSL for hashes by itself, which nobody here fetches. */
static void hash_pin(void *backend)
{
	const struct ash_kdf argon2id = { .scheme = ASH_KDF_ARGON2ID,
					  .secret = TEXT("a PIN"),
					  .salt = TEXT("0123456789abcdef"),
					  .memory_kib = 64,
					  .passes = 1 };
	uint8_t out[32];

	EXPECT_OK(ops->kdf(backend, &argon2id, ash_mut(out, sizeof(out))));
}

/* Makes a key in this backend, signs with it and checks that. */
static void use(void *backend)
{
	uint8_t signature[64];
	uint8_t random[32];
	size_t len = 0;
	void *key = NULL;
	void *op = NULL;

	hash_pin(backend);
	EXPECT_OK(ops->random(backend, ash_mut(random, sizeof(random))));
	EXPECT_OK(ops->key_generate(backend, &p256, NULL, &key));
	EXPECT_OK(ops->op_new(backend, ASH_OP_SIGN, ecdsa, key, &op));
	EXPECT_OK(one_shot(op, NULL, text(100), ash_mut(signature, sizeof(signature)), &len));
	ops->op_free(op);
	EXPECT_OK(ops->op_new(backend, ASH_OP_VERIFY, ecdsa, key, &op));
	EXPECT_OK(check(op, NULL, text(100), SPAN(signature)));
	EXPECT_CODE(ASH_E_SIGNATURE, check(op, NULL, text(99), SPAN(signature)));
	ops->op_free(op);
	ops->key_free(backend, key);
}

static void open_and_use(void)
{
	void *backend = NULL;

	EXPECT_OK(ops->open(&backend));
	use(backend);
	EXPECT(ops->close(backend) == NULL);
}

/* Not opened in this process before: each child is the first. None keeps a failure in mind. */
static int64_t successes;

static void open_without_memory(void)
{
	void *backend = NULL;
	struct ash_status status = ASH_DONE;

	alarm(20);
	ash_mem_fail_after(successes);
	status = ops->open(&backend);
	ash_mem_fail_after(-1);
	EXPECT(ash_is_ok(status) || status.code == ASH_E_MEMORY);
	EXPECT((backend != NULL) == ash_is_ok(status));
	if (!ash_is_ok(status))
		EXPECT_OK(ops->open(&backend));
	use(backend);
}

TEST(the_first_open_without_memory)
{
	/* What a hash or a MAC takes when it is entered are more than 13 allocations: none is missed. */
	for (successes = 0; successes < 5000; successes += successes < 60 ? 1 : 13)
		EXPECT_IN_CHILD(open_without_memory);
}

TEST(open_close_open)
{
	for (size_t i = 0; i < 3; i++)
		open_and_use();
}

/* Opened in the parent: a child makes a library of its own, and can try again when that failed. */
static void open_again_without_memory(void)
{
	void *backend = NULL;
	struct ash_status status = ASH_DONE;

	ash_mem_fail_after(successes);
	status = ops->open(&backend);
	ash_mem_fail_after(-1);
	if (!ash_is_ok(status)) {
		EXPECT_CODE(ASH_E_MEMORY, status);
		EXPECT(backend == NULL);
		EXPECT_OK(ops->open(&backend));
	}
	use(backend);
}

TEST(a_child_opens_without_memory)
{
	(void)lib();
	for (successes = 0; successes < 6000; successes += successes < 40 ? 1 : 97)
		EXPECT_IN_CHILD(open_again_without_memory);
}

static void generation(void)
{
	static int depth;

	open_and_use();
	open_and_use();
	if (++depth < 5)
		EXPECT_IN_CHILD(generation);
}

TEST(children_of_children)
{
	void *key = kept_key(&p256);
	void *op = new_op(ASH_OP_SIGN, ecdsa, key);
	uint8_t signature[64];
	size_t len = 0;

	/* With a key, and an operation under way, which the child forgets. */
	EXPECT_OK(ops->op_start(op, NULL));
	EXPECT_OK(ops->op_update(op, text(50), ash_mut(NULL, 0), &len));
	EXPECT_IN_CHILD(generation);
	EXPECT_OK(ops->op_finish(op, ash_span(text(100).data + 50, 50), ash_mut(signature, sizeof(signature)),
				 &len));
	ops->op_free(op);
	op = new_op(ASH_OP_VERIFY, ecdsa, key);
	EXPECT_OK(check(op, NULL, text(100), SPAN(signature)));
	ops->op_free(op);
}

/* An error in the queue, numbers drawn: the thread has state of all kinds when it forks. */
static void *fork_from_thread(void *argument)
{
	(void)argument;
	use(lib());
	EXPECT_IN_CHILD(generation);
	use(lib());
	return NULL;
}

TEST(a_thread_forks)
{
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, fork_from_thread, NULL) == 0);
	EXPECT(pthread_join(thread, NULL) == 0);
}

static uint8_t parents[32];

static void draw_in_child(void)
{
	uint8_t out[32];
	void *backend = NULL;

	EXPECT_OK(ops->open(&backend));
	EXPECT_OK(ops->random(backend, ash_mut(out, sizeof(out))));
	EXPECT(memcmp(out, parents, sizeof(out)) != 0);
}

TEST(a_child_draws_other_numbers)
{
	EXPECT_OK(ops->random(lib(), ash_mut(parents, sizeof(parents))));
	EXPECT_IN_CHILD(draw_in_child);
}

static atomic_bool stop;

static void *keep_using(void *argument)
{
	(void)argument;
	while (!atomic_load(&stop))
		use(lib());
	return NULL;
}

static void *in_child_thread(void *argument)
{
	(void)argument;
	open_and_use();
	return NULL;
}

/* Threads of its own, which also end: what they leave has to be the child's. */
static void use_threads_in_child(void)
{
	pthread_t thread[4];

	alarm(60);
	open_and_use();
	for (size_t i = 0; i < ASH_COUNT(thread); i++)
		EXPECT(pthread_create(&thread[i], NULL, in_child_thread, NULL) == 0);
	for (size_t i = 0; i < ASH_COUNT(thread); i++)
		EXPECT(pthread_join(thread[i], NULL) == 0);
}

TEST(fork_while_threads_work)
{
	/* The sanitizers themselves do not survive a fork of several threads at the wrong moment. */
	const size_t threads = ASH_ASAN || ASH_TSAN ? 0 : 4;
	pthread_t thread[4];

	(void)lib();
	atomic_store(&stop, false);
	for (size_t i = 0; i < threads; i++)
		EXPECT(pthread_create(&thread[i], NULL, keep_using, NULL) == 0);
	for (size_t i = 0; i < 60; i++)
		EXPECT_IN_CHILD(use_threads_in_child);
	atomic_store(&stop, true);
	for (size_t i = 0; i < threads; i++)
		EXPECT(pthread_join(thread[i], NULL) == 0);
}

/* A thread that drew numbers ends after everybody closed and the pages were given back. */
static atomic_int stage;

static void *end_late(void *argument)
{
	(void)argument;
	open_and_use();
	atomic_store(&stage, 1);
	while (atomic_load(&stage) != 2)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	return NULL;
}

TEST(a_thread_ends_after_close)
{
	pthread_t thread;

	EXPECT(pthread_create(&thread, NULL, end_late, NULL) == 0);
	while (atomic_load(&stage) != 1)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	ash_arena_trim();
	atomic_store(&stage, 2);
	EXPECT(pthread_join(thread, NULL) == 0);
	open_and_use();
}

static void *end_process(void *argument)
{
	if (ASH_TSAN) /* it does not know the first thread as one to wait for */
		(void)nanosleep(&(struct timespec){ .tv_nsec = 100000000 }, NULL);
	else
		EXPECT(pthread_join(*(pthread_t *)argument, NULL) == 0);
	open_and_use();
	_exit(0);
}

/* The one thread that the child has from its parent: what it left there is the child's business. */
static void end_thread_in_child(void)
{
	static pthread_t self;
	pthread_t other;

	open_and_use();
	self = pthread_self();
	EXPECT(pthread_create(&other, NULL, end_process, &self) == 0);
	pthread_exit(NULL);
}

TEST(the_first_thread_of_a_child_ends)
{
	use(lib());
	EXPECT_IN_CHILD(end_thread_in_child);
}

static void *open_at_once(void *argument)
{
	(void)argument;
	open_and_use();
	return NULL;
}

static void open_in_many_threads(void)
{
	pthread_t thread[8];

	for (size_t i = 0; i < ASH_COUNT(thread); i++)
		EXPECT(pthread_create(&thread[i], NULL, open_at_once, NULL) == 0);
	for (size_t i = 0; i < ASH_COUNT(thread); i++)
		EXPECT(pthread_join(thread[i], NULL) == 0);
}

TEST(many_threads_open_at_once)
{
	for (size_t i = 0; i < 10; i++)
		EXPECT_IN_CHILD(open_in_many_threads);
}

TEST(nothing_is_left_of_keys_and_operations)
{
	size_t blocks = 0;

	use(lib());
	blocks = ash_arena_stats().blocks;
	for (size_t i = 0; i < 10; i++)
		use(lib());
	EXPECT_NUMBER(blocks, ash_arena_stats().blocks);
}
