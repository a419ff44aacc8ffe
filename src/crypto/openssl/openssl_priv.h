/*
 * Inside the OpenSSL back end: what its files share.
 *
 *   start.c    the process-wide beginning, allocation, error codes
 *   fetch.c    all that is fetched from the library, by its names
 *   openssl.c  the table
 *   key.c      keys of all kinds; rsa.c, ec.c, okp.c (edwards.c: points), lattice.c each
 *              kind's own; trial.c tries out new ones, params.c passes numbers
 *   op.c       operations of all families, and which algorithm is whose; digest.c, sha.c, mac.c,
 *              cipher.c, ctr.c, gcm.c, ccm.c, wrap.c, sign.c (what signatures share),
 *              rsasign.c, ecdsa.c, message.c, rsacrypt.c each family's own; scratch.c
 *   agree.c    agreement and encapsulation
 *   kdf.c      derivation and random numbers
 */
#pragma once

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>

#include "crypto/alg.h"
#include "crypto/backend.h"
#include "util/mem.h"

#define ASH_OSSL_AES_SIZES 3

enum ash_ossl_kdf {
	ASH_OSSL_KDF_HKDF,
	ASH_OSSL_KDF_ARGON2ID,
	ASH_OSSL_KDF_PBKDF2,
	ASH_OSSL_KDF_X963,
	ASH_OSSL_KDF_CONCAT,
	ASH_OSSL_KDFS
};

/* RFC 8032: how a message is signed. */
enum ash_ossl_variant {
	ASH_OSSL_PURE,
	ASH_OSSL_CONTEXT,
	ASH_OSSL_PREHASH,
	ASH_OSSL_VARIANTS
};

/* One library context of our own and all that is fetched from it; constant once open. */
struct ash_ossl {
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *provider;
	EVP_MD *hash[ASH_HASHES];
	EVP_MAC *mac[ASH_SCHEMES];
	EVP_CIPHER *cipher[ASH_SCHEMES][ASH_OSSL_AES_SIZES]; /* by ash_ossl_aes_index() */
	EVP_KDF *kdf[ASH_OSSL_KDFS];
	EVP_SIGNATURE *signature[ASH_GROUPS][ASH_OSSL_VARIANTS]; /* of groups that sign whole messages */
	EC_GROUP *curve[ASH_GROUPS];
};

/* --- start.c ----------------------------------------------------------------- */

/* This process' library, made at the first call and kept to its end. */
struct ash_status ash_ossl_library(struct ash_ossl **ret_lib);

/* A number that changes when an allocation of OpenSSL's fails. */
unsigned ash_ossl_mark(void);

/* Empties OpenSSL's queue of errors; ASH_E_MEMORY if an allocation failed since `mark`, else `code`. */
enum ash_code ash_ossl_code(unsigned mark, enum ash_code code);

/* --- fetch.c ----------------------------------------------------------------- */

/* Fetches all algorithms into `lib`, whose context is there; undone by ash_ossl_unfetch(). */
struct ash_status ash_ossl_fetch(struct ash_ossl *lib);
void ash_ossl_unfetch(struct ash_ossl *lib);

/* OpenSSL's names. */
const char *ash_ossl_hash_name(enum ash_hash hash);
const char *ash_ossl_group_name(enum ash_group group);
const char *ash_ossl_cipher_name(enum ash_scheme scheme, int aes_index);

/* 0, 1 or 2 for 128, 192 or 256 bits; -1 for others. */
int ash_ossl_aes_index(uint32_t bits);

/* --- key.c ------------------------------------------------------------------- */

struct ash_ossl_key {
	struct ash_key_spec spec;
	bool is_private;
	EVP_PKEY *pkey;            /* of asymmetric kinds */
	struct ash_secret *secret; /* of ASH_KEY_SECRET */
};

/* What each kind of key does in its own way. */
struct ash_ossl_kind {
	bool (*offers)(const struct ash_key_spec *spec);
	struct ash_status (*generate)(struct ash_ossl *lib, const struct ash_key_spec *spec,
				      const struct ash_parts *parts, struct ash_ossl_key *key);
	struct ash_status (*load)(struct ash_ossl *lib, const struct ash_key_spec *spec,
				  const struct ash_parts *parts, struct ash_ossl_key *key);
	struct ash_status (*parts)(const struct ash_ossl_key *key, struct ash_parts *parts);
};

extern const struct ash_ossl_kind ash_ossl_kind_rsa;
extern const struct ash_ossl_kind ash_ossl_kind_ec;
extern const struct ash_ossl_kind ash_ossl_kind_edwards;
extern const struct ash_ossl_kind ash_ossl_kind_montgomery;
extern const struct ash_ossl_kind ash_ossl_kind_ml_dsa;
extern const struct ash_ossl_kind ash_ossl_kind_ml_kem;

/* Whatever came of it: ASH_E_MEMORY when an allocation of OpenSSL's failed since `mark`. */
struct ash_status ash_ossl_settle(unsigned mark, struct ash_status status);

bool ash_ossl_offers_key(const struct ash_key_spec *spec);
struct ash_status ash_ossl_key_generate(void *backend, const struct ash_key_spec *spec,
					const struct ash_parts *parts, void **ret_key);
struct ash_status ash_ossl_key_load(void *backend, const struct ash_key_spec *spec,
				    const struct ash_parts *parts, void **ret_key);
struct ash_status ash_ossl_key_parts(void *backend, void *key, struct ash_parts *ret_parts);
void *ash_ossl_key_free(void *backend, void *key);

/* --- trial.c ----------------------------------------------------------------- */

/*
 * Uses a new key pair both ways: signs and verifies, agrees with itself, encapsulates and
 * decapsulates. ASH_E_KEY_INVALID.
 */
struct ash_status ash_ossl_key_try(struct ash_ossl *lib, struct ash_ossl_key *key);

/* --- edwards.c --------------------------------------------------------------- */

/* Whether RFC 8032 decodes it to a point of the curve, and one of large order. ASH_E_KEY_INVALID. */
struct ash_status ash_ossl_edwards_check(struct ash_ossl *lib, enum ash_group group, struct ash_span point);

/* --- params.c ---------------------------------------------------------------- */

#define ASH_OSSL_PARAMS_MAX 10

/* A list of parameters for OpenSSL, with room of its own for its integers. */
struct ash_ossl_params {
	OSSL_PARAM param[ASH_OSSL_PARAMS_MAX + 1];
	size_t count;
	struct ash_secret *integers;
	size_t used;
};

#define ASH_OSSL_PARAMS_NONE ((struct ash_ossl_params){ .param = { OSSL_PARAM_END } })

/* Room for integers of `len` bytes in all; before the first ash_ossl_params_integer(). */
struct ash_status ash_ossl_params_reserve(struct ash_ossl_params *params, size_t len);

/* Each appends one; bytes and text are lent until the list is done. */
struct ash_status ash_ossl_params_integer(struct ash_ossl_params *params, const char *name,
					  struct ash_span bytes);
void ash_ossl_params_bytes(struct ash_ossl_params *params, const char *name, struct ash_span bytes);
void ash_ossl_params_text(struct ash_ossl_params *params, const char *name, const char *text);
void ash_ossl_params_number(struct ash_ossl_params *params, const char *name, const unsigned *number);

void ash_ossl_params_done(struct ash_ossl_params *params);

static inline void ash_ossl_params_auto(struct ash_ossl_params *params)
{
	ash_ossl_params_done(params);
}

/* A key from a list. ASH_E_KEY_INVALID when OpenSSL does not take it. */
struct ash_status ash_ossl_pkey_load(struct ash_ossl *lib, const char *type, bool with_private,
				     struct ash_ossl_params *params, EVP_PKEY **ret_pkey);

/* A new key of OpenSSL's type. */
struct ash_status ash_ossl_pkey_generate(struct ash_ossl *lib, const char *type,
					 const struct ash_ossl_params *params, EVP_PKEY **ret_pkey);

/*
 * A part of a key, by OpenSSL's name; a part that is not there is left out. An integer
 * is padded to `len` bytes, or as long as it is when that is 0.
 */
struct ash_status ash_ossl_part_integer(const EVP_PKEY *pkey, const char *name, enum ash_part part,
					size_t len, struct ash_parts *parts);
struct ash_status ash_ossl_part_bn(const BIGNUM *number, enum ash_part part, size_t len,
				   struct ash_parts *parts);
struct ash_status ash_ossl_part_bytes(const EVP_PKEY *pkey, const char *name, enum ash_part part,
				      struct ash_parts *parts);

/* --- op.c -------------------------------------------------------------------- */

struct ash_ossl_op;

/* What each family of operations does in its own way; op.c has checked op, scheme, hash and key. */
struct ash_ossl_family {
	size_t size; /* of its structure, which begins with struct ash_ossl_op; zeroed before make */
	struct ash_status (*make)(struct ash_ossl_op *op, const struct ash_ossl_key *key);
	struct ash_status (*start)(struct ash_ossl_op *op, const struct ash_params *params);
	struct ash_status (*update)(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				    size_t *ret_len);
	struct ash_status (*finish)(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				    size_t *ret_len);
	struct ash_status (*verify)(struct ash_ossl_op *op, struct ash_span in, struct ash_span signature);
	void (*done)(struct ash_ossl_op *op); /* a half-made one too */
	struct ash_status (*copy)(const struct ash_ossl_op *from, struct ash_ossl_op *to);
	/* As op_save and op_restore of crypto/backend.h; NULL: what it is in the middle of can't be shown. */
	struct ash_status (*save)(struct ash_ossl_op *op, struct ash_buf *state);
	struct ash_status (*restore)(struct ash_ossl_op *op, struct ash_span state);
};

extern const struct ash_ossl_family ash_ossl_family_digest;
extern const struct ash_ossl_family ash_ossl_family_sha;
extern const struct ash_ossl_family ash_ossl_family_mac;
extern const struct ash_ossl_family ash_ossl_family_blocks;
extern const struct ash_ossl_family ash_ossl_family_ctr;
extern const struct ash_ossl_family ash_ossl_family_gcm;
extern const struct ash_ossl_family ash_ossl_family_ccm;
extern const struct ash_ossl_family ash_ossl_family_wrap;
extern const struct ash_ossl_family ash_ossl_family_rsa_sign;
extern const struct ash_ossl_family ash_ossl_family_rsa_crypt;
extern const struct ash_ossl_family ash_ossl_family_ecdsa;
extern const struct ash_ossl_family ash_ossl_family_message;

struct ash_ossl_op {
	const struct ash_ossl_family *family;
	struct ash_ossl *lib;
	enum ash_op op;
	struct ash_alg alg;
	struct ash_key_spec spec;
	bool streams; /* what does not takes all its data with finish */
	bool started;
	unsigned mark; /* ash_ossl_mark() when it started */
};

bool ash_ossl_offers(void *backend, enum ash_op op, struct ash_alg alg, const struct ash_key_spec *spec);
struct ash_status ash_ossl_op_new(void *backend, enum ash_op op, struct ash_alg alg, void *key,
				  void **ret_op);
bool ash_ossl_op_streams(void *op);
struct ash_status ash_ossl_op_start(void *op, const struct ash_params *params);
struct ash_status ash_ossl_op_update(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len);
struct ash_status ash_ossl_op_finish(void *op, struct ash_span in, struct ash_mut out, size_t *ret_len);
struct ash_status ash_ossl_op_finish_verify(void *op, struct ash_span in, struct ash_span signature);
void *ash_ossl_op_free(void *op);
struct ash_status ash_ossl_op_copy(void *op, void **ret_op);
struct ash_status ash_ossl_op_save(void *op, struct ash_buf *state);
struct ash_status ash_ossl_op_restore(void *op, struct ash_span state);

/* A duplicate of the key for this operation alone, in a context. ASH_E_MEMORY, ASH_E_FAILED. */
struct ash_status ash_ossl_key_context(const struct ash_ossl_op *op, const struct ash_ossl_key *key,
				       EVP_PKEY_CTX **ret_ctx);

/* Whether the bytes to read and the room to write have a byte in common. */
bool ash_ossl_overlap(struct ash_span in, struct ash_mut out);

/* --- digest.c: hashing with the operation's hash ------------------------------ */

struct ash_status ash_ossl_hash_new(const struct ash_ossl_op *op, EVP_MD_CTX **ret_ctx);
struct ash_status ash_ossl_hash_start(const struct ash_ossl_op *op, EVP_MD_CTX *ctx);
struct ash_status ash_ossl_hash_add(const struct ash_ossl_op *op, EVP_MD_CTX *ctx, struct ash_span in);
struct ash_status ash_ossl_hash_end(const struct ash_ossl_op *op, EVP_MD_CTX *ctx, struct ash_span in,
				    uint8_t *ret_digest);
struct ash_status ash_ossl_hash_copy(const struct ash_ossl_op *op, const EVP_MD_CTX *from,
				     EVP_MD_CTX **ret_ctx);

/* --- sign.c: what signatures share ------------------------------------------- */

struct ash_ossl_sign {
	struct ash_ossl_op base;
	EVP_PKEY_CTX *ctx;
	EVP_MD_CTX *hash; /* NULL when all data comes with finish and goes as it is to OpenSSL */
	size_t len;       /* of a signature */
};

/* The context is yet to be initialised. */
struct ash_status ash_ossl_sign_make(struct ash_ossl_op *op, const struct ash_ossl_key *key);
struct ash_status ash_ossl_sign_start(struct ash_ossl_op *op);
struct ash_status ash_ossl_sign_update(struct ash_ossl_op *op, struct ash_span in, struct ash_mut out,
				       size_t *ret_len);

/* What is to be signed: the digest, in `room`, when the operation hashes; else `in`. */
struct ash_status ash_ossl_sign_data(struct ash_ossl_op *op, struct ash_span in, uint8_t *room,
				     struct ash_span *ret_data);
void ash_ossl_sign_done(struct ash_ossl_op *op);
struct ash_status ash_ossl_sign_copy(const struct ash_ossl_op *from, struct ash_ossl_op *to);

/* --- scratch.c --------------------------------------------------------------- */

/* Room in the arena for what may not be shown yet. */
struct ash_ossl_scratch {
	uint8_t *data;
	size_t len;
};

struct ash_status ash_ossl_scratch_reserve(struct ash_ossl_scratch *scratch, size_t len);

/* Wipes `len` bytes, and gives back what a long message needed. */
void ash_ossl_scratch_forget(struct ash_ossl_scratch *scratch, size_t len);
void ash_ossl_scratch_done(struct ash_ossl_scratch *scratch);

/* --- cipher.c ---------------------------------------------------------------- */

#define ASH_OSSL_PIECE ((size_t)1 << 30) /* OpenSSL counts in int */

/* A context that has the key. */
struct ash_status ash_ossl_cipher_new(const struct ash_ossl_op *op, const struct ash_ossl_key *key,
				      EVP_CIPHER_CTX **ret_ctx);
struct ash_status ash_ossl_cipher_copy(const struct ash_ossl_op *op, const EVP_CIPHER_CTX *from,
				       EVP_CIPHER_CTX **ret_ctx);

/* EVP_CipherUpdate for any length; `out` NULL for associated data. */
struct ash_status ash_ossl_cipher_run(const struct ash_ossl_op *op, EVP_CIPHER_CTX *ctx, struct ash_span in,
				      uint8_t *out, size_t *ret_len);

/* The same where `out` may lie over `in`; `held` bytes were taken before and come out first. */
struct ash_status ash_ossl_cipher_run_over(const struct ash_ossl_op *op, EVP_CIPHER_CTX *ctx, size_t held,
					   struct ash_span in, struct ash_mut out, size_t *ret_len);

/* --- agree.c ----------------------------------------------------------------- */

struct ash_status ash_ossl_agree(void *backend, void *key, struct ash_span peer,
				 struct ash_secret **ret_shared);
struct ash_status ash_ossl_encapsulate(void *backend, void *key, struct ash_mut ciphertext,
				       struct ash_secret **ret_shared);
struct ash_status ash_ossl_decapsulate(void *backend, void *key, struct ash_span ciphertext,
				       struct ash_secret **ret_shared);

/* --- kdf.c ------------------------------------------------------------------- */

struct ash_status ash_ossl_random(void *backend, struct ash_mut out);
struct ash_status ash_ossl_random_seed(void *backend, struct ash_span seed);
struct ash_status ash_ossl_kdf(void *backend, const struct ash_kdf *kdf, struct ash_mut out);
