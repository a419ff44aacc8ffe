#include "crypto/awslc/awslc_priv.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/nid.h>

#include "util/arena.h"

#define SEED_LEN     32u
#define UNCOMPRESSED 0x04
#define TRIES        8 /* a random number is out of range once in 2^32 times */

/* What RFC 8032 decodes; exported by the library, and in none of its installed headers. */
int ED25519_check_public_key(const uint8_t public_key[ED25519_PUBLIC_KEY_LEN]);

static void key_auto(struct ash_awslc_key **key)
{
	ash_awslc_key_free(NULL, *key);
}

bool ash_awslc_offers_key(void *backend, const struct ash_key_spec *spec)
{
	(void)backend;
	switch (spec->kind) {
	case ASH_KEY_EC: return spec->group == ASH_GROUP_P256 && spec->bits == 0;
	case ASH_KEY_EDWARDS: return spec->group == ASH_GROUP_ED25519 && spec->bits == 0;
	case ASH_KEY_SECRET:
		return spec->group == ASH_GROUP_NONE &&
		       (spec->bits == 128 || spec->bits == 192 || spec->bits == 256);
	case ASH_KEY_RSA:
	case ASH_KEY_MONTGOMERY:
	case ASH_KEY_ML_DSA:
	case ASH_KEY_ML_KEM:
	case ASH_KEY_KINDS: break;
	}
	return false;
}

static struct ash_status key_new(const struct ash_key_spec *spec, bool is_private,
				 struct ash_awslc_key **ret_key)
{
	struct ash_awslc_key *key = NULL;

	ASH_ENSURE(ash_awslc_offers_key(NULL, spec), ASH_E_UNSUPPORTED);
	key = ash_arena_alloc(sizeof(*key));
	ASH_ENSURE(key != NULL, ASH_E_MEMORY);
	memset(key, 0, sizeof(*key));
	key->spec = *spec;
	key->is_private = is_private;
	*ret_key = key;
	return ASH_DONE;
}

/* --- P-256 ------------------------------------------------------------------- */

/* 1 to the order less 1; AWS-LC checks that. */
static bool set_private(EC_KEY *made, const struct ash_awslc_key *key)
{
	BIGNUM *scalar = BN_bin2bn(key->private, ASH_AWSLC_SCALAR_LEN, NULL);
	bool good = scalar != NULL && EC_KEY_set_private_key(made, scalar) == 1;

	BN_free(scalar);
	return good;
}

/* On the curve, which has no smaller subgroup; AWS-LC checks that. */
static bool set_public(EC_KEY *made, const struct ash_awslc_key *key)
{
	const EC_GROUP *group = EC_KEY_get0_group(made);
	EC_POINT *point = EC_POINT_new(group);
	bool good = point != NULL &&
		    EC_POINT_oct2point(group, point, key->public, ASH_AWSLC_POINT_LEN, NULL) == 1 &&
		    EC_KEY_set_public_key(made, point) == 1;

	EC_POINT_free(point);
	return good;
}

static struct ash_status ec_key(const struct ash_awslc_key *key,
				bool (*set)(EC_KEY *, const struct ash_awslc_key *), EC_KEY **ret_key)
{
	unsigned mark = ash_awslc_mark();
	EC_KEY *made = EC_KEY_new_by_curve_name(NID_X9_62_prime256v1);

	if (made == NULL || !set(made, key)) {
		EC_KEY_free(made);
		ASH_FAIL(ash_awslc_code(mark, ASH_E_KEY_INVALID));
	}
	*ret_key = made;
	return ASH_DONE;
}

struct ash_status ash_awslc_ec_private(const struct ash_awslc_key *key, EC_KEY **ret_key)
{
	return ec_key(key, set_private, ret_key);
}

struct ash_status ash_awslc_ec_public(const struct ash_awslc_key *key, EC_KEY **ret_key)
{
	return ec_key(key, set_public, ret_key);
}

/* The public point of the private scalar. */
static struct ash_status ec_derive(struct ash_awslc_key *key)
{
	unsigned mark = ash_awslc_mark();
	EC_KEY *scalar = NULL;
	const EC_GROUP *group = NULL;
	EC_POINT *point = NULL;
	bool good = false;

	ASH_TRY(ash_awslc_ec_private(key, &scalar));
	group = EC_KEY_get0_group(scalar);
	point = EC_POINT_new(group);
	good = point != NULL &&
	       EC_POINT_mul(group, point, EC_KEY_get0_private_key(scalar), NULL, NULL, NULL) == 1 &&
	       EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, key->public,
				  ASH_AWSLC_POINT_LEN, NULL) == ASH_AWSLC_POINT_LEN;
	EC_POINT_free(point);
	EC_KEY_free(scalar);
	ASH_ENSURE(good, ash_awslc_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

static struct ash_status ec_load_private(struct ash_awslc_key *key, struct ash_span scalar)
{
	while (scalar.len != 0 && scalar.data[0] == 0)
		scalar = ash_span(scalar.data + 1, scalar.len - 1);
	ASH_ENSURE(scalar.len != 0 && scalar.len <= ASH_AWSLC_SCALAR_LEN, ASH_E_KEY_INVALID);
	memcpy(key->private + ASH_AWSLC_SCALAR_LEN - scalar.len, scalar.data, scalar.len);
	return ec_derive(key);
}

static struct ash_status ec_load_public(struct ash_awslc_key *key, struct ash_span point)
{
	EC_KEY *made = NULL;

	ASH_ENSURE(point.len == ASH_AWSLC_POINT_LEN && point.data[0] == UNCOMPRESSED, ASH_E_KEY_INVALID);
	memcpy(key->public, point.data, point.len);
	ASH_TRY(ash_awslc_ec_public(key, &made));
	EC_KEY_free(made);
	return ASH_DONE;
}

static struct ash_status ec_generate(struct ash_awslc_key *key)
{
	struct ash_status status = { ASH_E_KEY_INVALID };

	for (int i = 0; i < TRIES && status.code == ASH_E_KEY_INVALID; i++) {
		ASH_TRY(ash_awslc_random(ash_mut(key->private, ASH_AWSLC_SCALAR_LEN)));
		status = ec_derive(key);
	}
	return status;
}

/* --- Ed25519 ----------------------------------------------------------------- */

static struct ash_status edwards_load_private(struct ash_awslc_key *key, struct ash_span seed)
{
	ASH_ENSURE(seed.len == SEED_LEN, ASH_E_KEY_INVALID);
	ED25519_keypair_from_seed(key->public, key->private, seed.data);
	return ASH_DONE;
}

static struct ash_status edwards_load_public(struct ash_awslc_key *key, struct ash_span point)
{
	ASH_ENSURE(point.len == ED25519_PUBLIC_KEY_LEN && ash_edwards_sound(ASH_GROUP_ED25519, point) &&
			   ED25519_check_public_key(point.data) == 1,
		   ASH_E_KEY_INVALID);
	memcpy(key->public, point.data, point.len);
	return ASH_DONE;
}

static struct ash_status edwards_generate(struct ash_awslc_key *key)
{
	ASH_TRY(ash_awslc_random(ash_mut(key->private, SEED_LEN)));
	ED25519_keypair_from_seed(key->public, key->private, key->private);
	return ASH_DONE;
}

/* --- all kinds --------------------------------------------------------------- */

/* One operation from beginning to end, with a signature to make or to check. */
static struct ash_status try_op(enum ash_op what, struct ash_awslc_key *key, struct ash_mut signature)
{
	static const uint8_t message[32] = "Ashlar tries out a new key pair";
	const struct ash_alg alg = { ASH_SCHEME_EDDSA, ASH_HASH_NONE };
	const struct ash_span in = ash_span(message, sizeof(message));
	struct ash_status status = ASH_DONE;
	size_t len = 0;
	void *op = NULL;

	ASH_TRY(ash_awslc_op_new(NULL, what, alg, key, &op));
	status = ash_awslc_op_start(op, NULL);
	if (ash_is_ok(status) && what == ASH_OP_SIGN)
		status = ash_awslc_op_finish(op, in, signature, &len);
	else if (ash_is_ok(status))
		status = ash_awslc_op_finish_verify(op, in, ash_mut_span(signature));
	ash_awslc_op_free(op);
	return status;
}

static struct ash_status edwards_try(struct ash_awslc_key *key)
{
	uint8_t signature[ED25519_SIGNATURE_LEN];
	struct ash_status status = ASH_DONE;

	ASH_TRY(try_op(ASH_OP_SIGN, key, ash_mut(signature, sizeof(signature))));
	status = try_op(ASH_OP_VERIFY, key, ash_mut(signature, sizeof(signature)));
	ASH_ENSURE(status.code != ASH_E_SIGNATURE, ASH_E_FAILED);
	return status;
}

/* A scalar without its point, or the other way round, would show here; signing with it is not ours to try. */
static struct ash_status ec_try(struct ash_awslc_key *key)
{
	unsigned mark = ash_awslc_mark();
	EC_KEY *pair = NULL;
	bool good = false;

	ASH_TRY(ash_awslc_ec_private(key, &pair));
	good = set_public(pair, key) && EC_KEY_check_key(pair) == 1;
	EC_KEY_free(pair);
	ASH_ENSURE(good, ash_awslc_code(mark, ASH_E_FAILED));
	return ASH_DONE;
}

/* How each kind of pair is made; secret keys have no functions. */
static const struct pair_kind {
	struct ash_status (*load_private)(struct ash_awslc_key *key, struct ash_span value);
	struct ash_status (*load_public)(struct ash_awslc_key *key, struct ash_span value);
	struct ash_status (*generate)(struct ash_awslc_key *key);
	struct ash_status (*try_out)(struct ash_awslc_key *key); /* that both halves belong together */
} pair_kinds[ASH_KEY_KINDS] = {
	[ASH_KEY_EC] = { ec_load_private, ec_load_public, ec_generate, ec_try },
	[ASH_KEY_EDWARDS] = { edwards_load_private, edwards_load_public, edwards_generate, edwards_try },
};

static struct ash_span public_of(const struct ash_awslc_key *key)
{
	return ash_span(key->public, ash_group_public_len(key->spec.group));
}

static struct ash_status generate_pair(struct ash_awslc_key *key)
{
	ASH_TRY(pair_kinds[key->spec.kind].generate(key));
	return pair_kinds[key->spec.kind].try_out(key);
}

struct ash_status ash_awslc_key_generate(void *backend, const struct ash_key_spec *spec,
					 const struct ash_parts *parts, void **ret_key)
{
	__attribute__((cleanup(key_auto))) struct ash_awslc_key *key = NULL;

	(void)backend;
	(void)parts;
	ASH_TRY(key_new(spec, true, &key));
	if (spec->kind == ASH_KEY_SECRET)
		ASH_TRY(ash_awslc_random(ash_mut(key->private, spec->bits / 8)));
	else
		ASH_TRY(generate_pair(key));

	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

static struct ash_status load_pair(struct ash_awslc_key *key, const struct ash_parts *parts)
{
	const struct pair_kind *kind = &pair_kinds[key->spec.kind];
	struct ash_span given = ash_parts_get(parts, ASH_PART_PUBLIC);

	if (!key->is_private)
		return kind->load_public(key, given);
	ASH_TRY(kind->load_private(key, ash_parts_get(parts, ASH_PART_PRIVATE)));
	ASH_ENSURE(!ash_parts_has(parts, ASH_PART_PUBLIC) || ash_span_equal(given, public_of(key)),
		   ASH_E_KEY_INVALID);
	return ASH_DONE;
}

struct ash_status ash_awslc_key_load(void *backend, const struct ash_key_spec *spec,
				     const struct ash_parts *parts, void **ret_key)
{
	struct ash_span value = ash_parts_get(parts, ASH_PART_SECRET);
	__attribute__((cleanup(key_auto))) struct ash_awslc_key *key = NULL;

	(void)backend;
	ASH_TRY(key_new(spec, ash_parts_private(parts), &key));
	if (spec->kind == ASH_KEY_SECRET) {
		ASH_ENSURE(value.len == spec->bits / 8, ASH_E_KEY_INVALID);
		memcpy(key->private, value.data, value.len);
	} else {
		ASH_TRY(load_pair(key, parts));
	}

	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

struct ash_status ash_awslc_key_parts(void *backend, void *key, struct ash_parts *ret_parts)
{
	const struct ash_awslc_key *from = key;
	ASH_AUTO(ash_parts) parts = ASH_PARTS_NONE;

	(void)backend;
	if (from->spec.kind == ASH_KEY_SECRET) {
		ASH_TRY(ash_parts_set(&parts, ASH_PART_SECRET, ash_span(from->private, from->spec.bits / 8)));
	} else {
		ASH_TRY(ash_parts_set(&parts, ASH_PART_PUBLIC, public_of(from)));
		if (from->is_private)
			ASH_TRY(ash_parts_set(&parts, ASH_PART_PRIVATE, ash_span(from->private, SEED_LEN)));
	}
	ash_parts_move(ret_parts, &parts);
	return ASH_DONE;
}

void *ash_awslc_key_free(void *backend, void *key)
{
	(void)backend;
	return ash_arena_free(key);
}
