#include "util/words.h"

#include <pthread.h>

#include "util/mem.h"

static _Thread_local struct ash_words *own;

static pthread_key_t key;
static int key_result;

/* Whoever fails after this, as the thread ends, makes others: the key's value is set again. */
static void forget(void *words)
{
	own = NULL;
	ash_mem_free(words);
}

static void make_key(void)
{
	key_result = pthread_key_create(&key, forget);
}

struct ash_words *ash_words(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct ash_words *words = own;

	if (words != NULL)
		return words;
	if (pthread_once(&once, make_key) != 0 || key_result != 0)
		return NULL;
	words = ash_mem_new(1, sizeof(*words));
	if (words == NULL || pthread_setspecific(key, words) != 0)
		return ash_mem_free(words);
	own = words;
	return words;
}

struct ash_words *ash_words_peek(void)
{
	return own;
}
