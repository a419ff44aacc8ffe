/*
 * Files of test vectors from strangers, against a target that reads all it is given and
 * answers whatever the input's first byte says: every test is counted once, and nothing is
 * read that is not there.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "app/selftest/run.h"
#include "util/compat.h"

#define HOLDS(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static volatile uint8_t sum;

static void read_all(struct ash_span bytes)
{
	HOLDS(bytes.data != NULL || bytes.len == 0);
	for (size_t i = 0; i < bytes.len; i++)
		sum = (uint8_t)(sum + bytes.data[i]);
}

static void read_key(const struct ash_vector_key *key)
{
	for (enum ash_part part = 0; key != NULL && part < ASH_PARTS; part++)
		read_all(key->part[part]);
	HOLDS(key == NULL ||
	      ((unsigned)key->spec.kind < ASH_KEY_KINDS && (unsigned)key->spec.group < ASH_GROUPS));
}

/* `self` is the first byte: which answers, and whether something comes out. */
static enum ash_vector_answer answer(const void *self, struct ash_buf *out, const char **ret_why)
{
	const uint8_t how = *(const uint8_t *)self;

	*ret_why = "because";
	if ((how & 4) != 0)
		HOLDS(ash_is_ok(
			ash_buf_add(out, ash_span("some output that is longer than most", how >> 3))));
	return (enum ash_vector_answer)(how & 3);
}

static enum ash_vector_answer run(void *self, const struct ash_vector_request *request, struct ash_buf *out,
				  const char **ret_why)
{
	const struct ash_params *params = &request->params;

	HOLDS((unsigned)request->op < ASH_OPS && (unsigned)request->alg.scheme < ASH_SCHEMES &&
	      (unsigned)request->alg.hash < ASH_HASHES && (unsigned)params->mgf_hash < ASH_HASHES);
	read_key(request->key);
	read_all(request->in);
	read_all(request->signature);
	read_all(params->iv);
	read_all(params->aad);
	read_all(params->context);
	read_all(params->label);
	return answer(self, out, ret_why);
}

static enum ash_vector_answer derive(void *self, const struct ash_kdf *kdf, ASH_UNUSED size_t len,
				     struct ash_buf *out, const char **ret_why)
{
	read_all(kdf->secret);
	read_all(kdf->salt);
	read_all(kdf->info);
	return answer(self, out, ret_why);
}

static enum ash_vector_answer share(void *self, ASH_UNUSED enum ash_op op, const struct ash_vector_key *key,
				    struct ash_span input, struct ash_buf *out, const char **ret_why)
{
	read_key(key);
	read_all(input);
	return answer(self, out, ret_why);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static int file = -1;
	uint8_t how = len != 0 ? data[0] : 0;
	const struct ash_vector_target target = {
		.name = "fuzz", .self = &how, .run = run, .derive = derive, .share = share
	};
	struct ash_vector_report report = { .tests = 0 };
	char path[32];

	if (len == 0)
		return 0;
	if (file < 0)
		file = memfd_create("vectors", MFD_CLOEXEC);
	HOLDS(file >= 0 && ftruncate(file, 0) == 0);
	HOLDS(pwrite(file, data + 1, len - 1, 0) == (ssize_t)(len - 1));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	if (ash_is_ok(ash_vector_run_file(path, &target, &report))) {
		HOLDS(report.passed + report.failed + report.skipped == report.tests);
		HOLDS(report.not_offered <= report.skipped);
		for (size_t i = 0; i < ASH_VECTOR_FAILURES_SHOWN && i < report.failed; i++)
			HOLDS(report.failure[i].why[0] != '\0');
	}
	return 0;
}
