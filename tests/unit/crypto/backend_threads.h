/* Threads that share a key, and operations that outlive it. */
#pragma once

#include <pthread.h>

#include "crypto/backend_sign.h"
#include "crypto/backend_tools.h"

#define THREADS 8

struct worker {
	pthread_t thread;
	const struct sample *sample;
	void *key;
};

/* A failed EXPECT in a thread ends the process. */
static void *work(void *argument)
{
	const struct worker *worker = argument;
	const struct ash_params params = params_of(worker->sample);
	void *sign = new_op(ASH_OP_SIGN, worker->sample->alg, worker->key);
	void *verify = new_op(ASH_OP_VERIFY, worker->sample->alg, worker->key);
	uint8_t out[SIGNATURE_MAX];

	for (size_t i = 0; i < 8; i++) { /* raw ECDSA with P-224 looks at 28 bytes */
		size_t len = 0;

		EXPECT_OK(one_shot(sign, &params, text(20 + i), ash_mut(out, sizeof(out)), &len));
		EXPECT_OK(check(verify, &params, text(20 + i), ash_span(out, len)));
		EXPECT_CODE(ASH_E_SIGNATURE, check(verify, &params, text(19 + i), ash_span(out, len)));
	}
	ops->op_free(sign);
	ops->op_free(verify);
	return NULL;
}

TEST(threads_share_a_key)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		struct worker worker[THREADS];

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		for (size_t j = 0; j < THREADS; j++) {
			worker[j] =
				(struct worker){ .sample = &signers[i], .key = kept_key(&signers[i].spec) };
			EXPECT(pthread_create(&worker[j].thread, NULL, work, &worker[j]) == 0);
		}
		for (size_t j = 0; j < THREADS; j++)
			EXPECT(pthread_join(worker[j].thread, NULL) == 0);
	}
}

TEST(operations_outlive_their_key)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		struct ash_parts parts = ASH_PARTS_NONE;
		uint8_t out[SIGNATURE_MAX];
		size_t len = 0;
		void *key = NULL;
		void *sign = NULL;
		void *verify = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		parts = parts_of(kept_key(&signers[i].spec));
		EXPECT_OK(ops->key_load(lib(), &signers[i].spec, &parts, &key));
		ash_parts_done(&parts);
		sign = new_op(ASH_OP_SIGN, signers[i].alg, key);
		verify = new_op(ASH_OP_VERIFY, signers[i].alg, key);
		ops->key_free(lib(), key);
		EXPECT_OK(one_shot(sign, &params, message(), ash_mut(out, sizeof(out)), &len));
		EXPECT_OK(check(verify, &params, message(), ash_span(out, len)));
		ops->op_free(sign);
		ops->op_free(verify);
	}
}

static void *draw_random(void *argument)
{
	uint8_t *out = argument;

	EXPECT_OK(ops->random(lib(), ash_mut(out, 32)));
	return NULL;
}

TEST(threads_draw_different_numbers)
{
	pthread_t thread[THREADS];
	uint8_t out[THREADS][32];

	if (ops->random == NULL)
		return;
	for (size_t i = 0; i < THREADS; i++)
		EXPECT(pthread_create(&thread[i], NULL, draw_random, out[i]) == 0);
	for (size_t i = 0; i < THREADS; i++)
		EXPECT(pthread_join(thread[i], NULL) == 0);
	for (size_t i = 0; i < THREADS; i++) {
		for (size_t j = 0; j < i; j++)
			EXPECT(memcmp(out[i], out[j], 32) != 0);
	}
}
