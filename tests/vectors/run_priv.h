/* Inside the runner: what run.c shares with the schemas' own functions. */
#pragma once

#include "vectors/file.h"
#include "vectors/run.h"

/* One test on its way. */
struct vector_run {
	const struct vector_file *file;
	const struct vector_target *target;
	struct vector_case *one;
	const char *why;    /* of VECTOR_BROKEN */
	struct ash_buf out; /* of the latest request */
};

struct vector_outcome {
	enum {
		VECTOR_PASSED,
		VECTOR_FAILED,
		VECTOR_NOT_OFFERED,
		VECTOR_SKIPPED
	} what;
	const char *why;
};

#define VECTOR_OUTCOME(what, why) ((struct vector_outcome){ (what), (why) })

/* Does a request or a derivation, leaving its output in `run->out`. */
enum vector_answer vector_ask(struct vector_run *run, const struct vector_request *request);
enum vector_answer vector_ask_derive(struct vector_run *run, const struct ash_kdf *kdf, size_t len);

/* Whether an answer is what the test's result calls for; `right`: so is the output. */
struct vector_outcome vector_judge(const struct vector_run *run, enum vector_answer answer, bool right);

bool vector_out_is(const struct vector_run *run, struct ash_span want);
bool vector_passed(struct vector_outcome outcome);

/* "SHA-256"; ASH_HASH_NONE when it is another or `name` is NULL. */
enum ash_hash vector_hash(const char *name);

/* What becomes of one test; each for one schema. */
struct vector_outcome vector_run_digest(struct vector_run *run);
struct vector_outcome vector_run_mac(struct vector_run *run);
struct vector_outcome vector_run_hkdf(struct vector_run *run);
struct vector_outcome vector_run_argon2id(struct vector_run *run);
struct vector_outcome vector_run_cbc(struct vector_run *run);
struct vector_outcome vector_run_aead(struct vector_run *run);
struct vector_outcome vector_run_ecdsa(struct vector_run *run);
struct vector_outcome vector_run_eddsa(struct vector_run *run);
struct vector_outcome vector_run_rsa_signature(struct vector_run *run);
struct vector_outcome vector_run_rsa_decrypt(struct vector_run *run);
struct vector_outcome vector_run_mldsa_verify(struct vector_run *run);
struct vector_outcome vector_run_mldsa_sign(struct vector_run *run);
