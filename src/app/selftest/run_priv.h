/* Inside the runner: what run.c shares with the schemas' own functions. */
#pragma once

#include "app/selftest/file.h"
#include "app/selftest/run.h"

/* One test on its way. */
struct ash_vector_run {
	const struct ash_vector_file *file;
	const struct ash_vector_target *target;
	struct ash_vector_case *one;
	const char *why;    /* of the latest answer; NULL: it says all */
	struct ash_buf out; /* of the latest request */
};

struct ash_vector_outcome {
	enum {
		ASH_VECTOR_PASSED,
		ASH_VECTOR_FAILED,
		ASH_VECTOR_NOT_OFFERED,
		ASH_VECTOR_SKIPPED
	} what;
	const char *why;
};

#define ASH_VECTOR_UNKNOWN_ALGORITHM "nothing is known of its algorithm, or of its curve or hash"

#define ASH_VECTOR_OUTCOME(what, why) ((struct ash_vector_outcome){ (what), (why) })

/* Does a request or a derivation, leaving its output in `run->out`. */
enum ash_vector_answer ash_vector_ask(struct ash_vector_run *run, const struct ash_vector_request *request);
enum ash_vector_answer ash_vector_ask_derive(struct ash_vector_run *run, const struct ash_kdf *kdf,
					     size_t len);
enum ash_vector_answer ash_vector_ask_share(struct ash_vector_run *run, enum ash_op op,
					    const struct ash_vector_key *key, struct ash_span input);

/* Whether an answer is what the test's result calls for; `right`: so is the output. */
struct ash_vector_outcome ash_vector_judge(const struct ash_vector_run *run, enum ash_vector_answer answer,
					   bool right);

bool ash_vector_out_is(const struct ash_vector_run *run, struct ash_span want);
bool ash_vector_passed(struct ash_vector_outcome outcome);

/* "SHA-256" or "SHA256"; ASH_HASH_NONE when it is another or `name` is NULL. */
enum ash_hash ash_vector_hash(const char *name);

/* "secp256r1", "edwards25519", "ML-DSA-65"; ASH_GROUP_NONE when it is another or `name` is NULL. */
enum ash_group ash_vector_group(const char *name);

/* The outcome of a test whose algorithm, curve or hash has no name here. */
struct ash_vector_outcome ash_vector_unknown(void);

/* --- run_pair.c: for signatures of all kinds --- */

/*
 * Verifies over the message and, where the target can, over its digest, with what has to
 * stand before that. A target that has the algorithm for digests alone is judged by these.
 */
struct ash_vector_outcome ash_vector_verify(struct ash_vector_run *run,
					    const struct ash_vector_request *verify, struct ash_span prefix);

/* Signs, and has the signature verified; `want` is what it has to be, when it is always the same. */
struct ash_vector_outcome ash_vector_sign(struct ash_vector_run *run, const struct ash_vector_request *verify,
					  const struct ash_vector_key *private, struct ash_span want);

/*
 * The same for a test of verification, if it has the private key. A target that only
 * verifies (SHA-1, often) passed what the test is about.
 */
struct ash_vector_outcome ash_vector_sign_too(struct ash_vector_run *run,
					      const struct ash_vector_request *verify,
					      const struct ash_vector_key *private, struct ash_span want);
bool ash_vector_has_private(const struct ash_vector_run *run);

/* What becomes of one test; each for one schema. */
struct ash_vector_outcome ash_vector_run_digest(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_mac(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_hkdf(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_argon2id(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_kdf(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_pbkdf2(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_cipher(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_wrap(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_aead(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_ecdsa(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_ecdsa_der(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_eddsa(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_rsa_signature(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_rsa_pss(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_rsa_decrypt(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_rsa_oaep(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_ecdh(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_mlkem(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_mldsa_verify(struct ash_vector_run *run);
struct ash_vector_outcome ash_vector_run_mldsa_sign(struct ash_vector_run *run);
