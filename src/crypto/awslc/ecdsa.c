/*
 * ECDSA with P-256: verification alone. Signing draws its nonce from AWS-LC's generator,
 * which a module in a stranger's process can't use (docs/adr/0003-two-engines.md).
 */
#include "crypto/awslc/awslc_priv.h"

#include <openssl/bn.h>

#include "util/secret.h"

#define HALF ASH_AWSLC_SCALAR_LEN

/* With room for the largest numbers, so that verifying allocates nothing. */
static struct ash_status make_room(struct ash_awslc_op *op)
{
	static const uint8_t large[HALF] = { 0xff };
	struct ash_awslc_ecdsa *self = &op->ecdsa;

	self->signature = ECDSA_SIG_new();
	self->r = BN_bin2bn(large, HALF, NULL);
	self->s = BN_bin2bn(large, HALF, NULL);
	if (self->signature == NULL || ECDSA_SIG_set0(self->signature, self->r, self->s) != 1) {
		BN_free(self->r);
		BN_free(self->s);
		ASH_FAIL(ash_awslc_code(op->mark, ASH_E_FAILED));
	}
	return ASH_DONE;
}

static struct ash_status make(struct ash_awslc_op *op, const struct ash_awslc_key *key)
{
	ASH_TRY(make_room(op));
	return ash_awslc_ec_public(key, &op->ecdsa.key);
}

static struct ash_status start(struct ash_awslc_op *op, const struct ash_params *params)
{
	ASH_ENSURE(params->context.len == 0, ASH_E_MECHANISM_PARAM);
	SHA256_Init(&op->hash);
	return ASH_DONE;
}

static struct ash_status digest_of(struct ash_awslc_op *op, struct ash_span in,
				   uint8_t room[SHA256_DIGEST_LENGTH], struct ash_span *ret_digest)
{
	*ret_digest = in;
	if (op->alg.hash != ASH_HASH_NONE) {
		ash_awslc_hash_add(op, in);
		SHA256_Final(room, &op->hash);
		*ret_digest = ash_span(room, SHA256_DIGEST_LENGTH);
	}
	ASH_ENSURE(ret_digest->len != 0, ASH_E_DATA_LEN);
	return ASH_DONE;
}

static struct ash_status verify(struct ash_awslc_op *op, struct ash_span in, struct ash_span signature)
{
	struct ash_awslc_ecdsa *self = &op->ecdsa;
	uint8_t room[SHA256_DIGEST_LENGTH];
	struct ash_span digest = ASH_SPAN_NONE;

	ASH_TRY(digest_of(op, in, room, &digest));
	ASH_ENSURE(signature.len == 2 * HALF, ASH_E_SIGNATURE_LEN);
	ASH_ENSURE(BN_bin2bn(signature.data, HALF, self->r) != NULL &&
			   BN_bin2bn(signature.data + HALF, HALF, self->s) != NULL &&
			   ECDSA_do_verify(digest.data, digest.len, self->signature, self->key) == 1,
		   ash_awslc_code(op->mark, ASH_E_SIGNATURE));
	return ASH_DONE;
}

static void done(struct ash_awslc_op *op)
{
	EC_KEY_free(op->ecdsa.key);
	ECDSA_SIG_free(op->ecdsa.signature);
}

static struct ash_status copy(const struct ash_awslc_op *from, struct ash_awslc_op *to)
{
	ASH_TRY(make_room(to));
	to->ecdsa.key = EC_KEY_dup(from->ecdsa.key);
	ASH_ENSURE(to->ecdsa.key != NULL, ash_awslc_code(to->mark, ASH_E_FAILED));
	return ASH_DONE;
}

const struct ash_awslc_family ash_awslc_family_ecdsa = {
	.make = make,
	.start = start,
	.update = ash_awslc_hash_update,
	.verify = verify,
	.done = done,
	.copy = copy,
};
