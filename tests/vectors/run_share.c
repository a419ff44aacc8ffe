/* Test vectors of agreement and encapsulation. */
#include "vectors/run_priv.h"

/* The point of a SubjectPublicKeyInfo with the curve's name, which is all that we read of DER here. */
static struct ash_span point_of(struct ash_span der)
{
	static const uint8_t secp256k1[] = { 0x30, 0x56, 0x30, 0x10, 0x06, 0x07, 0x2a, 0x86,
					     0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b,
					     0x81, 0x04, 0x00, 0x0a, 0x03, 0x42, 0x00 };

	if (der.len != sizeof(secp256k1) + 65 || memcmp(der.data, secp256k1, sizeof(secp256k1)) != 0)
		return ASH_SPAN_NONE;
	return ash_span(der.data + sizeof(secp256k1), 65);
}

/* ECDH, X25519, X448. */
struct vector_outcome vector_run_ecdh(struct vector_run *run)
{
	struct vector_case *one = run->one;
	const char *encoding = vector_text(one, one->group, "encoding", false);
	enum ash_group group = vector_group(vector_text(one, one->group, "curve", true));
	bool montgomery = group == ASH_GROUP_X25519 || group == ASH_GROUP_X448;
	struct ash_span peer = vector_hex(one, one->test, "public", true);
	struct ash_span want = vector_hex(one, one->test, "shared", true);
	const struct vector_key key = {
		.spec = { .kind = montgomery ? ASH_KEY_MONTGOMERY : ASH_KEY_EC, .group = group },
		.part = { [ASH_PART_PRIVATE] = vector_hex(one, one->test, "private", true) },
	};
	enum vector_answer answer = VECTOR_DONE;

	if (group == ASH_GROUP_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	if (encoding != NULL && strcmp(encoding, "asn") == 0)
		peer = point_of(peer);
	answer = vector_ask_share(run, ASH_OP_DERIVE, &key, peer);
	return vector_judge(run, answer, vector_out_is(run, want));
}

/* From the seed, or from the expanded key; the public key has to belong to it. */
struct vector_outcome vector_run_mlkem(struct vector_run *run)
{
	struct vector_case *one = run->one;
	struct ash_span want = vector_hex(one, one->test, "K", one->result == VECTOR_VALID);
	struct vector_key key = {
		.spec = { .kind = ASH_KEY_ML_KEM,
			  .group = vector_group(vector_text(one, one->group, "parameterSet", true)) },
		.part = {
			[ASH_PART_SEED] = vector_hex(one, one->test, "seed", false),
			[ASH_PART_PRIVATE] = vector_hex(one, one->test, "dk", false),
			[ASH_PART_PUBLIC] = vector_hex(one, one->test, "ek", false),
		},
	};
	enum vector_answer answer = VECTOR_DONE;

	if (key.spec.group == ASH_GROUP_NONE)
		return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	answer = vector_ask_share(run, ASH_OP_DECAPSULATE, &key, vector_hex(one, one->test, "c", true));
	return vector_judge(run, answer, vector_out_is(run, want));
}
