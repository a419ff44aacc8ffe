/*
 * How fast the crypto back ends are, each through its table, with operations that are
 * made once and started again. Prints operations per second of CPU time, the best of
 * several rounds. Run it alone: ninja tests/bench/engines && tests/bench/engines
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "crypto/backend.h"
#include "util/compat.h"
#include "vectors/engines.h"

#define ROUNDS        7
#define ROUND_SECONDS 0.3

static const struct measured {
	const char *name;
	enum ash_op op;
	struct ash_alg alg;
	struct ash_key_spec spec;
	size_t len;
} table[] = {
	{ "ECDSA P-256 sign", ASH_OP_SIGN, { ASH_SCHEME_ECDSA, 0 }, { ASH_KEY_EC, ASH_GROUP_P256, 0 }, 32 },
	{ "ECDSA P-256 verify",
	  ASH_OP_VERIFY,
	  { ASH_SCHEME_ECDSA, 0 },
	  { ASH_KEY_EC, ASH_GROUP_P256, 0 },
	  32 },
	{ "Ed25519 sign",
	  ASH_OP_SIGN,
	  { ASH_SCHEME_EDDSA, 0 },
	  { ASH_KEY_EDWARDS, ASH_GROUP_ED25519, 0 },
	  32 },
	{ "Ed25519 verify",
	  ASH_OP_VERIFY,
	  { ASH_SCHEME_EDDSA, 0 },
	  { ASH_KEY_EDWARDS, ASH_GROUP_ED25519, 0 },
	  32 },
	{ "AES-256-GCM encrypt 64 B",
	  ASH_OP_ENCRYPT,
	  { ASH_SCHEME_AES_GCM, 0 },
	  { ASH_KEY_SECRET, 0, 256 },
	  64 },
	{ "AES-256-GCM encrypt 1 KiB",
	  ASH_OP_ENCRYPT,
	  { ASH_SCHEME_AES_GCM, 0 },
	  { ASH_KEY_SECRET, 0, 256 },
	  1024 },
	{ "AES-256-GCM encrypt 16 KiB",
	  ASH_OP_ENCRYPT,
	  { ASH_SCHEME_AES_GCM, 0 },
	  { ASH_KEY_SECRET, 0, 256 },
	  16384 },
	{ "AES-256-GCM decrypt 64 B",
	  ASH_OP_DECRYPT,
	  { ASH_SCHEME_AES_GCM, 0 },
	  { ASH_KEY_SECRET, 0, 256 },
	  64 },
	{ "AES-256-GCM decrypt 1 KiB",
	  ASH_OP_DECRYPT,
	  { ASH_SCHEME_AES_GCM, 0 },
	  { ASH_KEY_SECRET, 0, 256 },
	  1024 },
	{ "AES-256-GCM decrypt 16 KiB",
	  ASH_OP_DECRYPT,
	  { ASH_SCHEME_AES_GCM, 0 },
	  { ASH_KEY_SECRET, 0, 256 },
	  16384 },
	{ "SHA-256 64 B", ASH_OP_DIGEST, { ASH_SCHEME_HASH, ASH_HASH_SHA256 }, { ASH_KEY_KINDS, 0, 0 }, 64 },
	{ "SHA-256 1 KiB",
	  ASH_OP_DIGEST,
	  { ASH_SCHEME_HASH, ASH_HASH_SHA256 },
	  { ASH_KEY_KINDS, 0, 0 },
	  1024 },
};

struct work {
	const struct ash_backend_ops *ops;
	enum ash_op what;
	void *op;
	struct ash_params params;
	struct ash_span in;
	struct ash_span signature;
	struct ash_mut out;
};

static void must(struct ash_status status)
{
	if (ash_is_ok(status))
		return;
	(void)fprintf(stderr, "%s\n", ash_code_text(status.code));
	exit(1);
}

static size_t once(const struct work *work)
{
	size_t len = 0;

	must(work->ops->op_start(work->op, &work->params));
	if (work->what == ASH_OP_VERIFY)
		must(work->ops->op_finish_verify(work->op, work->in, work->signature));
	else
		must(work->ops->op_finish(work->op, work->in, work->out, &len));
	return len;
}

static double now(void)
{
	struct timespec time = { 0 };

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static double best_rate(const struct work *work)
{
	double best = 0;

	for (int round = 0; round < ROUNDS; round++) {
		double start = now();
		double spent = 0;
		size_t done = 0;

		for (; spent < ROUND_SECONDS; spent = now() - start) {
			for (int i = 0; i < 50; i++)
				(void)once(work);
			done += 50;
		}
		best = (double)done / spent > best ? (double)done / spent : best;
	}
	return best;
}

/* 0 when the back end does not offer it. */
static double measure(const struct ash_backend_ops *ops, const struct measured *row)
{
	static uint8_t in[16384];
	static uint8_t made[16384 + 16];
	static uint8_t out[16384 + 16];
	const struct ash_key_spec *spec = row->op != ASH_OP_DIGEST ? &row->spec : NULL;
	bool second = row->op == ASH_OP_VERIFY || row->op == ASH_OP_DECRYPT; /* wants what another op makes */
	struct work work = {
		.ops = ops,
		.what = row->op == ASH_OP_VERIFY ? ASH_OP_SIGN : ASH_OP_ENCRYPT,
		.params = { .iv = ash_span(in, 12), .tag_len = 16 },
		.in = ash_span(in, row->len),
		.out = ash_mut(made, sizeof(made)),
	};
	double rate = 0;
	size_t len = 0;
	void *backend = NULL;
	void *key = NULL;

	must(ops->open(&backend));
	if (!ops->offers(backend, row->op, row->alg, spec))
		return 0;
	if (spec != NULL)
		must(ops->key_generate(backend, spec, NULL, &key));
	work.params.iv.len = spec != NULL && spec->kind == ASH_KEY_SECRET ? 12 : 0;
	if (second) {
		must(ops->op_new(backend, work.what, row->alg, key, &work.op));
		len = once(&work);
		ops->op_free(work.op);
	}
	work.what = row->op;
	work.signature = ash_span(made, len);
	work.in = row->op == ASH_OP_DECRYPT ? ash_span(made, len) : work.in;
	work.out = ash_mut(out, sizeof(out));
	must(ops->op_new(backend, row->op, row->alg, key, &work.op));
	rate = best_rate(&work);
	ops->op_free(work.op);
	ops->key_free(backend, key);
	ops->close(backend);
	return rate;
}

int main(void)
{
	printf("%-28s", "operations per second");
	for (size_t i = 0; vector_engines[i] != NULL; i++)
		printf("%14s", vector_engines[i]->name);
	printf("\n");
	for (size_t row = 0; row < ASH_COUNT(table); row++) {
		printf("%-28s", table[row].name);
		for (size_t i = 0; vector_engines[i] != NULL; i++)
			printf("%14.0f", measure(vector_engines[i], &table[row]));
		printf("\n");
	}
	return 0;
}
