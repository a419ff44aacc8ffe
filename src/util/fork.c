#include "util/fork.h"

#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util/compat.h"

/* The word that reads zero in a child; `no_page` where the system can't do that. */
static _Atomic(_Atomic uint64_t *) watched;
static _Atomic uint64_t no_page;

/* The latest epoch given out; ordinary memory, so a child goes on counting from it. */
static _Atomic uint64_t latest;

static _Atomic uint64_t *watch(void)
{
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	_Atomic uint64_t *before = NULL;
	_Atomic uint64_t *word = NULL;
	void *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED && madvise(page, len, MADV_WIPEONFORK) == 0)
		word = page;
	else
		word = &no_page;
	if (atomic_compare_exchange_strong(&watched, &before, word)) {
		if (word == &no_page && page != MAP_FAILED)
			munmap(page, len);
		return word;
	}
	if (page != MAP_FAILED)
		munmap(page, len); /* another thread was first */
	return before;
}

static uint64_t renew(void)
{
	_Atomic uint64_t *word = atomic_load(&watched);
	uint64_t before = 0;
	uint64_t epoch = 0;

	if (word == NULL)
		word = watch();
	/* Linux before 4.14: a system call each time, and right all the same. */
	if (word == &no_page)
		return (uint64_t)getpid();
	/* `latest` moves first: a fork between the two must not see one epoch twice. */
	epoch = atomic_fetch_add(&latest, 1) + 1;
	return atomic_compare_exchange_strong(word, &before, epoch) ? epoch : before;
}

uint64_t ash_fork_epoch(void)
{
	_Atomic uint64_t *word = atomic_load_explicit(&watched, memory_order_acquire);
	uint64_t epoch = word != NULL ? atomic_load_explicit(word, memory_order_acquire) : 0;

	return __builtin_expect(epoch != 0, 1) ? epoch : renew();
}

/* A guard's state is twice the epoch for which it is made, one more while it is being made. */
bool ash_fork_claim(struct ash_fork_guard *guard)
{
	uint64_t made = ash_fork_epoch() * 2;
	uint64_t state = atomic_load_explicit(&guard->state, memory_order_acquire);

	while (state != made) {
		if (state == made + 1) {
			sched_yield();
			state = atomic_load_explicit(&guard->state, memory_order_acquire);
		} else if (atomic_compare_exchange_strong(&guard->state, &state, made + 1)) {
			return true;
		}
	}
	return false;
}

void ash_fork_made(struct ash_fork_guard *guard)
{
	atomic_store_explicit(&guard->state, ash_fork_epoch() * 2, memory_order_release);
}

bool ash_fork_is_made(struct ash_fork_guard *guard)
{
	return atomic_load_explicit(&guard->state, memory_order_acquire) == ash_fork_epoch() * 2;
}
