/*
 * Inside the AWS-LC back end: what its files share.
 *
 *   awslc.c  the table, the process-wide beginning, error codes, random bytes
 *   key.c    keys of all kinds
 *   op.c     operations of all families, those of hashes
 *   eddsa.c  Ed25519
 *   ecdsa.c  verifying ECDSA
 *   gcm.c    AES-GCM
 *
 * AWS-LC's own random generator is never used (docs/adr/0003-two-engines.md): it takes
 * locks that stay taken in a forked child, and aborts where it can't go on.
 */
#pragma once

#include <openssl/cipher.h>
#include <openssl/curve25519.h>
#include <openssl/ec_key.h>
#include <openssl/ecdsa.h>
#include <openssl/sha.h>

#include "crypto/alg.h"
#include "crypto/backend.h"
#include "util/buf.h"

#define ASH_AWSLC_SCALAR_LEN  32u
#define ASH_AWSLC_POINT_LEN   65u
#define ASH_AWSLC_CONTEXT_MAX 255u

/* --- awslc.c ----------------------------------------------------------------- */

/* A number that changes when an allocation of AWS-LC's fails in this thread. */
unsigned ash_awslc_mark(void);

/* Empties the queue of errors; ASH_E_MEMORY if an allocation failed since `mark`, else `code`. */
enum ash_code ash_awslc_code(unsigned mark, enum ash_code code);

/* From the kernel; for keys and salts, which are made rarely. At most 256 bytes. ASH_E_FAILED. */
struct ash_status ash_awslc_random(struct ash_mut out);

/* --- key.c ------------------------------------------------------------------- */

/* In the arena. */
struct ash_awslc_key {
	struct ash_key_spec spec;
	bool is_private;
	uint8_t public[ASH_AWSLC_POINT_LEN];
	uint8_t private[ED25519_PRIVATE_KEY_LEN]; /* scalar; seed and public key; AES key */
};

bool ash_awslc_offers_key(void *backend, const struct ash_key_spec *spec);
struct ash_status ash_awslc_key_generate(void *backend, const struct ash_key_spec *spec,
					 const struct ash_parts *parts, void **ret_key);
struct ash_status ash_awslc_key_load(void *backend, const struct ash_key_spec *spec,
				     const struct ash_parts *parts, void **ret_key);
struct ash_status ash_awslc_key_parts(void *backend, void *key, struct ash_parts *ret_parts);
void *ash_awslc_key_free(void *backend, void *key);

/* An EC_KEY with the private scalar, or else the public point, alone. ASH_E_KEY_INVALID, ASH_E_MEMORY. */
struct ash_status ash_awslc_ec_private(const struct ash_awslc_key *key, EC_KEY **ret_key);
struct ash_status ash_awslc_ec_public(const struct ash_awslc_key *key, EC_KEY **ret_key);

/* --- op.c -------------------------------------------------------------------- */

struct ash_awslc_op;

/* What each family of operations does in its own way; op.c has checked op, scheme, hash and key. */
struct ash_awslc_family {
	struct ash_status (*make)(struct ash_awslc_op *op, const struct ash_awslc_key *key);
	struct ash_status (*start)(struct ash_awslc_op *op, const struct ash_params *params);
	struct ash_status (*update)(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				    size_t *ret_len);
	struct ash_status (*finish)(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
				    size_t *ret_len);
	struct ash_status (*verify)(struct ash_awslc_op *op, struct ash_span in, struct ash_span signature);
	void (*done)(struct ash_awslc_op *op); /* a half-made one too */
	struct ash_status (*copy)(const struct ash_awslc_op *from, struct ash_awslc_op *to);
};

extern const struct ash_awslc_family ash_awslc_family_ecdsa;
extern const struct ash_awslc_family ash_awslc_family_eddsa;
extern const struct ash_awslc_family ash_awslc_family_gcm;

struct ash_awslc_ecdsa {
	EC_KEY *key;
	ECDSA_SIG *signature; /* owns the two below */
	BIGNUM *r;
	BIGNUM *s;
};

struct ash_awslc_eddsa {
	uint8_t private[ED25519_PRIVATE_KEY_LEN];
	uint8_t public[ED25519_PUBLIC_KEY_LEN];
	const struct ash_awslc_eddsa_variant *variant; /* since the start */
	uint8_t context[ASH_AWSLC_CONTEXT_MAX];
	size_t context_len;
};

struct ash_awslc_gcm {
	EVP_CIPHER_CTX *ctx;
	size_t iv_len; /* as the context has it */
	uint32_t tag_len;
	struct ash_buf plain; /* whose tag is not verified yet */
};

/* In the arena. */
struct ash_awslc_op {
	const struct ash_awslc_family *family;
	enum ash_op op;
	struct ash_alg alg;
	bool streams; /* what does not takes all its data with finish */
	bool started;
	unsigned mark; /* ash_awslc_mark() when the call under way began */
	SHA256_CTX hash;
	union {
		struct ash_awslc_ecdsa ecdsa;
		struct ash_awslc_eddsa eddsa;
		struct ash_awslc_gcm gcm;
	};
};

bool ash_awslc_offers(void *backend, enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec);
struct ash_status ash_awslc_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key,
				   void **ret_op);
bool ash_awslc_op_streams(void *op);
struct ash_status ash_awslc_op_start(void *op, const struct ash_params *params);
struct ash_status ash_awslc_op_update(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len);
struct ash_status ash_awslc_op_finish(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len);
struct ash_status ash_awslc_op_finish_verify(void *op, struct ash_span in, struct ash_span signature);
void *ash_awslc_op_free(void *op);
struct ash_status ash_awslc_op_copy(void *op, void **ret_op);

/* Hashing with the operation's own state. */
void ash_awslc_hash_add(struct ash_awslc_op *op, struct ash_span in);
struct ash_status ash_awslc_hash_update(struct ash_awslc_op *op, struct ash_span in, struct ash_mut out,
					size_t *ret_len);
