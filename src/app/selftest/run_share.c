/* Test vectors of agreement and encapsulation. */
#include "app/selftest/run_priv.h"
#include "token/der.h"
#include "token/keygroup.h"

/*
 * The point of a SubjectPublicKeyInfo that names this curve, as PKCS#11 takes it; none of any
 * other. So what is wrong with the DER is found here, and the target has to refuse no point.
 */
static struct ash_span point_of(enum ash_group group, struct ash_span der)
{
	const struct ash_keygroup *row = ash_keygroup_of(ASH_KEY_EC, group);
	struct ash_reader outer = ash_reader(der);
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);
	struct ash_span algorithm = ASH_SPAN_NONE;
	struct ash_span point = ASH_SPAN_NONE;

	if (row == NULL || !ash_is_ok(ash_der_take(&outer, ASH_DER_SEQUENCE, &in.rest)) ||
	    outer.rest.len != 0 || !ash_is_ok(ash_reader_take(&in, row->algorithm.len, &algorithm)) ||
	    !ash_span_equal(algorithm, row->algorithm) ||
	    !ash_is_ok(ash_der_take_bits(&in, ASH_DER_BIT_STRING, &point)) || in.rest.len != 0)
		return ASH_SPAN_NONE;
	return point;
}

/* ECDH, X25519, X448. */
struct ash_vector_outcome ash_vector_run_ecdh(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	const char *encoding = ash_vector_text(one, one->group, "encoding", false);
	enum ash_group group = ash_vector_group(ash_vector_text(one, one->group, "curve", true));
	bool montgomery = group == ASH_GROUP_X25519 || group == ASH_GROUP_X448;
	struct ash_span peer = ash_vector_hex(one, one->test, "public", true);
	struct ash_span want = ash_vector_hex(one, one->test, "shared", true);
	const struct ash_vector_key key = {
		.spec = { .kind = montgomery ? ASH_KEY_MONTGOMERY : ASH_KEY_EC, .group = group },
		.part = { [ASH_PART_PRIVATE] = ash_vector_hex(one, one->test, "private", true) },
	};
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (group == ASH_GROUP_NONE)
		return ash_vector_unknown();
	if (encoding != NULL && strcmp(encoding, "asn") == 0)
		peer = point_of(group, peer);
	answer = ash_vector_ask_share(run, ASH_OP_DERIVE, &key, peer);
	return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
}

/* From the seed, or from the expanded key; the public key has to belong to it. */
struct ash_vector_outcome ash_vector_run_mlkem(struct ash_vector_run *run)
{
	struct ash_vector_case *one = run->one;
	struct ash_span want = ash_vector_hex(one, one->test, "K", one->result == ASH_VECTOR_VALID);
	struct ash_vector_key key = {
		.spec = { .kind = ASH_KEY_ML_KEM,
			  .group = ash_vector_group(ash_vector_text(one, one->group, "parameterSet", true)) },
		.part = {
			[ASH_PART_SEED] = ash_vector_hex(one, one->test, "seed", false),
			[ASH_PART_PRIVATE] = ash_vector_hex(one, one->test, "dk", false),
			[ASH_PART_PUBLIC] = ash_vector_hex(one, one->test, "ek", false),
		},
	};
	enum ash_vector_answer answer = ASH_VECTOR_DONE;

	if (key.spec.group == ASH_GROUP_NONE)
		return ash_vector_unknown();
	answer = ash_vector_ask_share(run, ASH_OP_DECAPSULATE, &key,
				      ash_vector_hex(one, one->test, "c", true));
	return ash_vector_judge(run, answer, ash_vector_out_is(run, want));
}
