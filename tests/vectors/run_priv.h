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
enum vector_answer vector_ask_share(struct vector_run *run, enum ash_op op, const struct vector_key *key,
				    struct ash_span input);

/* Whether an answer is what the test's result calls for; `right`: so is the output. */
struct vector_outcome vector_judge(const struct vector_run *run, enum vector_answer answer, bool right);

bool vector_out_is(const struct vector_run *run, struct ash_span want);
bool vector_passed(struct vector_outcome outcome);

/* "SHA-256" or "SHA256"; ASH_HASH_NONE when it is another or `name` is NULL. */
enum ash_hash vector_hash(const char *name);

/* "secp256r1", "edwards25519", "ML-DSA-65"; ASH_GROUP_NONE when it is another or `name` is NULL. */
enum ash_group vector_group(const char *name);

/* --- run_pair.c: for signatures of all kinds --- */

/* The same request for a digest made before, with what has to stand before it. */
struct vector_outcome vector_verify_raw(struct vector_run *run, const struct vector_request *hashed,
					struct ash_span prefix);

/* Signs, and has the signature verified; `want` is what it has to be, when it is always the same. */
struct vector_outcome vector_sign(struct vector_run *run, const struct vector_request *verify,
				  const struct vector_key *private, struct ash_span want);
bool vector_has_private(const struct vector_run *run);

/* What becomes of one test; each for one schema. */
struct vector_outcome vector_run_digest(struct vector_run *run);
struct vector_outcome vector_run_mac(struct vector_run *run);
struct vector_outcome vector_run_hkdf(struct vector_run *run);
struct vector_outcome vector_run_argon2id(struct vector_run *run);
struct vector_outcome vector_run_kdf(struct vector_run *run);
struct vector_outcome vector_run_pbkdf2(struct vector_run *run);
struct vector_outcome vector_run_cipher(struct vector_run *run);
struct vector_outcome vector_run_wrap(struct vector_run *run);
struct vector_outcome vector_run_aead(struct vector_run *run);
struct vector_outcome vector_run_ecdsa(struct vector_run *run);
struct vector_outcome vector_run_eddsa(struct vector_run *run);
struct vector_outcome vector_run_rsa_signature(struct vector_run *run);
struct vector_outcome vector_run_rsa_pss(struct vector_run *run);
struct vector_outcome vector_run_rsa_decrypt(struct vector_run *run);
struct vector_outcome vector_run_rsa_oaep(struct vector_run *run);
struct vector_outcome vector_run_ecdh(struct vector_run *run);
struct vector_outcome vector_run_mlkem(struct vector_run *run);
struct vector_outcome vector_run_mldsa_verify(struct vector_run *run);
struct vector_outcome vector_run_mldsa_sign(struct vector_run *run);
