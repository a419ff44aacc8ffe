/* What holds for all signatures and MACs. */
#pragma once

#include "crypto/backend_tools.h"

#define SIGNATURE_MAX 4640

/* Raw RSA and raw ECDSA take digests, so the message is never long. */
static struct ash_span message(void)
{
	return text(32);
}

static size_t make_signature(const struct sample *sample, uint8_t out[SIGNATURE_MAX])
{
	const struct ash_params params = params_of(sample);
	void *op = sample_op(ASH_OP_SIGN, sample);
	size_t len = 0;
	size_t room = ash_alg_finish_max(ASH_OP_SIGN, sample->alg, &sample->spec, 0, 0, message().len);

	EXPECT(room <= SIGNATURE_MAX && room == ash_alg_signature_len(sample->alg, &sample->spec));
	EXPECT_OK(one_shot(op, &params, message(), ash_mut(out, room), &len));
	EXPECT_NUMBER(room, len);
	ops->op_free(op);
	return len;
}

TEST(signatures_verify)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		uint8_t signature[SIGNATURE_MAX];
		size_t len = 0;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		EXPECT(offered(ASH_OP_VERIFY, &signers[i]));
		len = make_signature(&signers[i], signature);
		op = sample_op(ASH_OP_VERIFY, &signers[i]);
		EXPECT_OK(check(op, &params, message(), ash_span(signature, len)));
		if (memcmp(&params, &no_params, sizeof(params)) == 0)
			EXPECT_OK(check(op, NULL, message(), ash_span(signature, len)));
		ops->op_free(op);
	}
}

TEST(other_messages_and_signatures_do_not_verify)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		uint8_t signature[SIGNATURE_MAX];
		size_t len = 0;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		len = make_signature(&signers[i], signature);
		op = sample_op(ASH_OP_VERIFY, &signers[i]);
		EXPECT_CODE(ASH_E_SIGNATURE, check(op, &params, text(27), ash_span(signature, len)));
		for (size_t at = 0; at < len; at += len / 16) {
			signature[at] ^= 0x10;
			EXPECT_CODE(ASH_E_SIGNATURE, check(op, &params, message(), ash_span(signature, len)));
			signature[at] ^= 0x10;
		}
		/* A failure does not outlast the next start. */
		EXPECT_OK(check(op, &params, message(), ash_span(signature, len)));
		memset(signature, 0, len);
		EXPECT_CODE(ASH_E_SIGNATURE, check(op, &params, message(), ash_span(signature, len)));
		memset(signature, 0xff, len);
		EXPECT_CODE(ASH_E_SIGNATURE, check(op, &params, message(), ash_span(signature, len)));
		ops->op_free(op);
	}
}

TEST(a_signature_has_its_length)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		uint8_t signature[SIGNATURE_MAX + 1] = { 0 };
		size_t len = 0;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		len = make_signature(&signers[i], signature);
		op = sample_op(ASH_OP_VERIFY, &signers[i]);
		EXPECT_CODE(ASH_E_SIGNATURE_LEN, check(op, &params, message(), ash_span(signature, len - 1)));
		EXPECT_CODE(ASH_E_SIGNATURE_LEN, check(op, &params, message(), ash_span(signature, len + 1)));
		EXPECT_CODE(ASH_E_SIGNATURE_LEN, check(op, &params, message(), ASH_SPAN_NONE));
		ops->op_free(op);
	}
}

TEST(signing_in_pieces_is_signing)
{
	static const size_t chunks[] = { 1, 5, 64, 100 };
	const struct ash_span in = text(1000);

	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		void *sign = NULL;
		void *verify = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		sign = sample_op(ASH_OP_SIGN, &signers[i]);
		verify = sample_op(ASH_OP_VERIFY, &signers[i]);
		EXPECT(ops->op_streams(sign) == ops->op_streams(verify));
		for (size_t j = 0; ops->op_streams(sign) && j < ASH_COUNT(chunks); j++) {
			uint8_t out[SIGNATURE_MAX];
			size_t len = 0;
			size_t none = 7;

			EXPECT_OK(chunked(sign, ASH_OP_SIGN, signers[i].alg, &params, in, chunks[j],
					  ash_mut(out, sizeof(out)), &len));
			EXPECT_OK(check(verify, &params, in, ash_span(out, len)));
			EXPECT_OK(ops->op_start(verify, &params));
			EXPECT_OK(ops->op_update(verify, ash_span(in.data, 333), ash_mut(NULL, 0), &none));
			EXPECT_NUMBER(0, none);
			EXPECT_OK(ops->op_finish_verify(verify, ash_span(in.data + 333, 667),
							ash_span(out, len)));
		}
		ops->op_free(sign);
		ops->op_free(verify);
	}
}

TEST(what_can_not_stream_takes_no_updates)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		size_t len = 0;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		op = sample_op(ASH_OP_SIGN, &signers[i]);
		if (!ops->op_streams(op)) {
			EXPECT_OK(ops->op_start(op, &params));
			EXPECT(!ash_is_ok(ops->op_update(op, text(1), ash_mut(NULL, 0), &len)));
		}
		ops->op_free(op);
	}
}

/* The same kind of key, its private parts left out. */
static void *public_half(const struct ash_key_spec *spec)
{
	struct ash_parts parts = parts_of(kept_key(spec));
	void *key = NULL;

	for (enum ash_part part = 0; part < ASH_PARTS; part++) {
		if (part != ASH_PART_MODULUS && part != ASH_PART_PUBLIC_EXPONENT && part != ASH_PART_PUBLIC)
			drop_part(&parts, part);
	}
	EXPECT(!ash_parts_private(&parts));
	EXPECT_OK(ops->key_load(lib(), spec, &parts, &key));
	ash_parts_done(&parts);
	parts = parts_of(key);
	EXPECT(!ash_parts_private(&parts));
	ash_parts_done(&parts);
	return key;
}

TEST(a_public_key_verifies_and_does_not_sign)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		uint8_t signature[SIGNATURE_MAX];
		size_t len = 0;
		void *key = NULL;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]) || signers[i].spec.kind == ASH_KEY_SECRET)
			continue;
		len = make_signature(&signers[i], signature);
		key = public_half(&signers[i].spec);
		EXPECT_CODE(ASH_E_KEY_TYPE, ops->op_new(lib(), ASH_OP_SIGN, signers[i].alg, key, &op));
		op = new_op(ASH_OP_VERIFY, signers[i].alg, key);
		ops->key_free(lib(), key);
		EXPECT_OK(check(op, &params, message(), ash_span(signature, len)));
		ops->op_free(op);
	}
}

TEST(a_copied_signature_goes_its_own_way)
{
	for (size_t i = 0; ops->op_copy != NULL && i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		uint8_t out[SIGNATURE_MAX];
		size_t len = 0;
		void *op = NULL;
		void *copy = NULL;
		void *verify = NULL;
		size_t half = 0;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		op = sample_op(ASH_OP_SIGN, &signers[i]);
		verify = sample_op(ASH_OP_VERIFY, &signers[i]);
		EXPECT_OK(ops->op_start(op, &params));
		if (ops->op_streams(op)) {
			half = 16;
			EXPECT_OK(ops->op_update(op, text(half), ash_mut(NULL, 0), &len));
		}
		EXPECT_OK(ops->op_copy(op, &copy));
		EXPECT_OK(ops->op_finish(op, TEXT("0123456789"), ash_mut(out, sizeof(out)), &len));
		ops->op_free(op);
		EXPECT_OK(ops->op_finish(copy, ash_span(text(32).data + half, 32 - half),
					 ash_mut(out, sizeof(out)), &len));
		EXPECT_OK(check(verify, &params, text(32), ash_span(out, len)));
		ops->op_free(copy);
		ops->op_free(verify);
	}
}

TEST(an_operation_does_one_thing)
{
	for (size_t i = 0; i < ASH_COUNT(signers); i++) {
		const struct ash_params params = params_of(&signers[i]);
		uint8_t out[SIGNATURE_MAX] = { 0 };
		size_t len = 0;
		void *op = NULL;

		if (!offered(ASH_OP_SIGN, &signers[i]))
			continue;
		op = sample_op(ASH_OP_SIGN, &signers[i]);
		EXPECT_OK(ops->op_start(op, &params));
		EXPECT(!ash_is_ok(ops->op_finish_verify(op, message(), ash_span(out, 64))));
		ops->op_free(op);
		op = sample_op(ASH_OP_VERIFY, &signers[i]);
		EXPECT_OK(ops->op_start(op, &params));
		EXPECT(!ash_is_ok(ops->op_finish(op, message(), ash_mut(out, sizeof(out)), &len)));
		ops->op_free(op);
	}
}
