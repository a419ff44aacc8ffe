#include "token/operation.h"

#include "unit/token/fixture.h"

#define MESSAGE_LEN 1000u
#define NO_KEY      CK_UNAVAILABLE_INFORMATION
#define OPERATIONS  ASH_OP_DERIVE /* what comes behind is no operation */

static struct ash_hsm *hsm;
static ash_handle session;

static const uint8_t iv[16] = { 1, 2, 3 }, nonce[12] = { 4, 5, 6 };
static uint8_t message[MESSAGE_LEN];

/* A mechanism with what its operations need: keys, a parameter, and how long the input is. */
struct subject {
	uint64_t type;
	uint64_t generator; /* of its keys, or NO_KEY */
	struct ash_params params;
	size_t len;            /* of the input of a single part; 0: MESSAGE_LEN */
	bool random;           /* the output differs each time */
	ash_handle key, other; /* sign and decrypt; verify and encrypt */
};

/* Mechanisms of the same kind for many hashes. */
#define DIGEST(number)                                \
	{                                             \
		.type = (number), .generator = NO_KEY \
	}
#define HMAC(number)                                                      \
	{                                                                 \
		.type = (number), .generator = CKM_GENERIC_SECRET_KEY_GEN \
	}
#define HMAC_LENGTH(number)                                                                           \
	{                                                                                             \
		.type = (number), .generator = CKM_GENERIC_SECRET_KEY_GEN, .params = {.tag_len = 13 } \
	}
#define RSA(number)                                                      \
	{                                                                \
		.type = (number), .generator = CKM_RSA_PKCS_KEY_PAIR_GEN \
	}
#define ECDSA(number)                                                              \
	{                                                                          \
		.type = (number), .generator = CKM_EC_KEY_PAIR_GEN, .random = true \
	}
#define PSS(number, name)                                                                             \
	{                                                                                             \
		.type = (number), .generator = CKM_RSA_PKCS_KEY_PAIR_GEN, .random = true, .params = { \
			.hash = ASH_HASH_##name,                                                      \
			.mgf_hash = ASH_HASH_##name,                                                  \
			.salt_len = 20                                                                \
		}                                                                                     \
	}

static struct subject subjects[] = {
	DIGEST(CKM_SHA_1),
	DIGEST(CKM_SHA224),
	DIGEST(CKM_SHA256),
	DIGEST(CKM_SHA384),
	DIGEST(CKM_SHA512),
	DIGEST(CKM_SHA512_224),
	DIGEST(CKM_SHA512_256),
	DIGEST(CKM_SHA3_224),
	DIGEST(CKM_SHA3_256),
	DIGEST(CKM_SHA3_384),
	DIGEST(CKM_SHA3_512),
	HMAC(CKM_SHA_1_HMAC),
	HMAC(CKM_SHA224_HMAC),
	HMAC(CKM_SHA256_HMAC),
	HMAC(CKM_SHA384_HMAC),
	HMAC(CKM_SHA512_HMAC),
	HMAC(CKM_SHA512_224_HMAC),
	HMAC(CKM_SHA512_256_HMAC),
	HMAC(CKM_SHA3_224_HMAC),
	HMAC(CKM_SHA3_256_HMAC),
	HMAC(CKM_SHA3_384_HMAC),
	HMAC(CKM_SHA3_512_HMAC),
	HMAC_LENGTH(CKM_SHA_1_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA224_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA256_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA384_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA512_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA512_224_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA512_256_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA3_224_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA3_256_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA3_384_HMAC_GENERAL),
	HMAC_LENGTH(CKM_SHA3_512_HMAC_GENERAL),
	{ .type = CKM_RSA_PKCS, .generator = CKM_RSA_PKCS_KEY_PAIR_GEN, .len = 51 },
	{ .type = CKM_RSA_X_509, .generator = CKM_RSA_PKCS_KEY_PAIR_GEN, .len = 256 },
	{ .type = CKM_RSA_PKCS_OAEP,
	  .generator = CKM_RSA_PKCS_KEY_PAIR_GEN,
	  .params = { .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA1, .label = { nonce, 7 } },
	  .len = 51 },
	{ .type = CKM_RSA_PKCS_PSS,
	  .generator = CKM_RSA_PKCS_KEY_PAIR_GEN,
	  .params = { .hash = ASH_HASH_SHA256, .mgf_hash = ASH_HASH_SHA256, .salt_len = 32 },
	  .len = 32,
	  .random = true },
	RSA(CKM_SHA1_RSA_PKCS),
	RSA(CKM_SHA224_RSA_PKCS),
	RSA(CKM_SHA256_RSA_PKCS),
	RSA(CKM_SHA384_RSA_PKCS),
	RSA(CKM_SHA512_RSA_PKCS),
	RSA(CKM_SHA3_224_RSA_PKCS),
	RSA(CKM_SHA3_256_RSA_PKCS),
	RSA(CKM_SHA3_384_RSA_PKCS),
	RSA(CKM_SHA3_512_RSA_PKCS),
	PSS(CKM_SHA1_RSA_PKCS_PSS, SHA1),
	PSS(CKM_SHA224_RSA_PKCS_PSS, SHA224),
	PSS(CKM_SHA256_RSA_PKCS_PSS, SHA256),
	PSS(CKM_SHA384_RSA_PKCS_PSS, SHA384),
	PSS(CKM_SHA512_RSA_PKCS_PSS, SHA512),
	PSS(CKM_SHA3_224_RSA_PKCS_PSS, SHA3_224),
	PSS(CKM_SHA3_256_RSA_PKCS_PSS, SHA3_256),
	PSS(CKM_SHA3_384_RSA_PKCS_PSS, SHA3_384),
	PSS(CKM_SHA3_512_RSA_PKCS_PSS, SHA3_512),
	{ .type = CKM_ECDSA, .generator = CKM_EC_KEY_PAIR_GEN, .len = 32, .random = true },
	ECDSA(CKM_ECDSA_SHA1),
	ECDSA(CKM_ECDSA_SHA224),
	ECDSA(CKM_ECDSA_SHA256),
	ECDSA(CKM_ECDSA_SHA384),
	ECDSA(CKM_ECDSA_SHA512),
	ECDSA(CKM_ECDSA_SHA3_224),
	ECDSA(CKM_ECDSA_SHA3_256),
	ECDSA(CKM_ECDSA_SHA3_384),
	ECDSA(CKM_ECDSA_SHA3_512),
	{ .type = CKM_EDDSA, .generator = CKM_EC_EDWARDS_KEY_PAIR_GEN },
	{ .type = CKM_ML_DSA,
	  .generator = CKM_ML_DSA_KEY_PAIR_GEN,
	  .params = { .context = { (const uint8_t *)"context", 7 }, .deterministic = true } },
	{ .type = CKM_AES_ECB, .generator = CKM_AES_KEY_GEN, .len = 992 },
	{ .type = CKM_AES_CBC, .generator = CKM_AES_KEY_GEN, .params = { .iv = { iv, 16 } }, .len = 992 },
	{ .type = CKM_AES_CBC_PAD, .generator = CKM_AES_KEY_GEN, .params = { .iv = { iv, 16 } } },
	{ .type = CKM_AES_CTR,
	  .generator = CKM_AES_KEY_GEN,
	  .params = { .iv = { iv, 16 }, .counter_bits = 32 } },
	{ .type = CKM_AES_GCM,
	  .generator = CKM_AES_KEY_GEN,
	  .params = { .iv = { nonce, 12 }, .aad = { nonce, 5 }, .tag_len = 16 } },
	{ .type = CKM_AES_CCM,
	  .generator = CKM_AES_KEY_GEN,
	  .params = { .iv = { nonce, 12 }, .aad = { nonce, 5 }, .tag_len = 16, .data_len = MESSAGE_LEN } },
	{ .type = CKM_AES_CMAC, .generator = CKM_AES_KEY_GEN },
	{ .type = CKM_AES_CMAC_GENERAL, .generator = CKM_AES_KEY_GEN, .params = { .tag_len = 9 } },
	{ .type = CKM_AES_GMAC,
	  .generator = CKM_AES_KEY_GEN,
	  .params = { .iv = { nonce, 12 }, .tag_len = 16 } },
	{ .type = CKM_AES_KEY_WRAP, .generator = CKM_AES_KEY_GEN },
	{ .type = CKM_AES_KEY_WRAP_PAD, .generator = CKM_AES_KEY_GEN, .len = 997 },
	{ .type = CKM_AES_KEY_WRAP_KWP, .generator = CKM_AES_KEY_GEN, .len = 993 },
};

static struct ash_template pair_template(uint64_t generator)
{
	static const uint8_t ed25519_oid[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
	static struct ash_attr attr, rsa[2];

	switch (generator) {
	case CKM_RSA_PKCS_KEY_PAIR_GEN:
		rsa[0] = (struct ash_attr){ CKA_MODULUS_BITS, NUMBER(2048) };
		rsa[1] = (struct ash_attr){ CKA_VERIFY_RECOVER, yes_no(true) };
		return (struct ash_template){ rsa, 2 };
	case CKM_EC_KEY_PAIR_GEN: attr = (struct ash_attr){ CKA_EC_PARAMS, P256 }; break;
	case CKM_EC_EDWARDS_KEY_PAIR_GEN: attr = (struct ash_attr){ CKA_EC_PARAMS, SPAN(ed25519_oid) }; break;
	default: attr = (struct ash_attr){ CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_65) }; break;
	}
	return (struct ash_template){ &attr, 1 };
}

/* Subjects with the same generator share their keys. */
static void make_keys(struct subject *subject)
{
	const struct ash_mechanism mechanism = { .type = subject->generator };
	const bool rsa = subject->generator == CKM_RSA_PKCS_KEY_PAIR_GEN;

	if (subject->generator == NO_KEY)
		return;
	for (const struct subject *other = subjects; other != subject; other++) {
		if (other->generator == subject->generator) {
			subject->key = other->key;
			subject->other = other->other;
			return;
		}
	}
	if (subject->generator == CKM_AES_KEY_GEN || subject->generator == CKM_GENERIC_SECRET_KEY_GEN) {
		EXPECT_OK(ash_hsm_generate_key(
			hsm, session, &mechanism,
			ATTRS({ CKA_VALUE_LEN, NUMBER(32) }, { CKA_SIGN, YES }, { CKA_VERIFY, YES }),
			&subject->key));
		subject->other = subject->key;
		return;
	}
	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &mechanism, pair_template(subject->generator),
					rsa ? ATTRS({ CKA_SIGN_RECOVER, YES }) : NO_ATTRS, &subject->other,
					&subject->key));
}

/* One HSM for all tests: each leaves the session idle. */
static void set_up(void)
{
	if (hsm != NULL)
		return;
	hsm = new_token();
	session = log_in(hsm);
	for (size_t i = 0; i < MESSAGE_LEN; i++)
		message[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < ASH_COUNT(subjects); i++)
		make_keys(&subjects[i]);
}

__attribute__((destructor)) static void tear_down(void)
{
	ash_hsm_free(hsm);
}

static const struct subject *subject_of(uint64_t type)
{
	set_up();
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		if (subjects[i].type == type)
			return &subjects[i];
	}
	return NULL;
}

static bool does(const struct subject *subject, enum ash_op op)
{
	return (ash_mechanism_find(subject->type)->info.flags & ash_op_flag(op)) != 0;
}

/* Its input is what another operation gave. */
static bool takes_output(enum ash_op op)
{
	return op == ASH_OP_VERIFY || op == ASH_OP_DECRYPT || op == ASH_OP_VERIFY_RECOVER;
}

static struct ash_status init(const struct subject *subject, enum ash_op op)
{
	const struct ash_mechanism mechanism = { .type = subject->type, .params = subject->params };
	const bool second = op == ASH_OP_VERIFY || op == ASH_OP_ENCRYPT || op == ASH_OP_VERIFY_RECOVER;

	return ash_hsm_op_init(hsm, session, op, &mechanism, second ? subject->other : subject->key);
}

static struct ash_span input_of(const struct subject *subject)
{
	return ash_span(message, subject->len != 0 ? subject->len : MESSAGE_LEN);
}

static struct ash_status single(enum ash_op op, struct ash_span in, uint8_t *room, size_t cap, size_t *len)
{
	struct ash_out out = { room, cap, SIZE_MAX };
	const struct ash_status status = ash_hsm_op_single(hsm, session, op, in, &out);

	*len = out.len;
	return status;
}

static struct ash_status update(enum ash_op op, struct ash_span in, uint8_t *room, size_t cap, size_t *len)
{
	struct ash_out out = { room, cap, SIZE_MAX };
	const struct ash_status status = ash_hsm_op_update(hsm, session, op, in, &out);

	*len = out.len;
	return status;
}

static struct ash_status final(enum ash_op op, uint8_t *room, size_t cap, size_t *len)
{
	struct ash_out out = { room, cap, SIZE_MAX };
	const struct ash_status status = ash_hsm_op_final(hsm, session, op, &out);

	*len = out.len;
	return status;
}

/* Nothing is under way. */
static bool is_idle(enum ash_op op)
{
	size_t len = 0;
	uint8_t room[1];

	return final(op, room, 0, &len).code == ASH_E_OPERATION_NONE;
}

static size_t run_single(const struct subject *subject, enum ash_op op, struct ash_span in, uint8_t *room,
			 size_t cap)
{
	size_t len = 0;

	EXPECT_OK(init(subject, op));
	EXPECT_OK(single(op, in, room, cap, &len));
	EXPECT(is_idle(op));
	return len;
}

/* In parts of 1, 4, 7, … bytes, each with exactly the room that a question says it needs. */
static size_t run_parts(const struct subject *subject, enum ash_op op, struct ash_span in, uint8_t *room)
{
	const bool gives = op == ASH_OP_ENCRYPT || op == ASH_OP_DECRYPT;
	size_t total = 0, len = 0, need = 0;

	EXPECT_OK(init(subject, op));
	for (size_t at = 0, part = 1; at < in.len; at += part, part += 3) {
		if (part > in.len - at)
			part = in.len - at;
		if (gives) {
			EXPECT_OK(update(op, ash_span(in.data + at, part), NULL, 0, &need));
			EXPECT_OK(update(op, ash_span(in.data + at, part), NULL, 0, &len));
			EXPECT_NUMBER(need, len);
			if (need > 0)
				EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, update(op, ash_span(in.data + at, part),
									   room + total, need - 1, &len));
		}
		EXPECT_OK(update(op, ash_span(in.data + at, part), room + total, need, &len));
		EXPECT(len <= need);
		total += len;
	}
	if (op == ASH_OP_VERIFY)
		return 0;
	EXPECT_OK(final(op, NULL, 0, &need));
	if (need > 0)
		EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, final(op, room + total, 0, &len));
	EXPECT_OK(final(op, room + total, need, &len));
	EXPECT(len <= need);
	EXPECT(is_idle(op));
	return total + len;
}

TEST(every_operating_mechanism_is_tested_here)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		const struct ash_mechanism_row *row = ash_mechanism_at(i);

		for (enum ash_op op = ASH_OP_DIGEST; op < OPERATIONS; op++)
			EXPECT((row->info.flags & ash_op_flag(op)) == 0 || subject_of(row->type) != NULL);
	}
}

TEST(single_and_multi_part_digests_and_signatures_agree)
{
	set_up();
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];
		const enum ash_op op = does(subject, ASH_OP_DIGEST) ? ASH_OP_DIGEST : ASH_OP_SIGN;
		const bool whole = ash_mechanism_find(subject->type)->whole;
		uint8_t once[4096], parts[4096];
		size_t once_len = 0, parts_len = 0;

		if (!does(subject, op))
			continue;
		once_len = run_single(subject, op, input_of(subject), once, sizeof(once));
		if (!whole) {
			parts_len = run_parts(subject, op, input_of(subject), parts);
			EXPECT_NUMBER(once_len, parts_len);
			if (!subject->random)
				EXPECT_SPAN(ash_span(once, once_len), ash_span(parts, parts_len));
		}
		if (op == ASH_OP_DIGEST)
			continue;
		EXPECT_OK(init(subject, ASH_OP_VERIFY));
		EXPECT_OK(ash_hsm_verify_single(hsm, session, input_of(subject), ash_span(once, once_len)));
		EXPECT(is_idle(ASH_OP_VERIFY));
		if (!whole) {
			run_parts(subject, ASH_OP_VERIFY, input_of(subject), parts); /* gives nothing */
			EXPECT_OK(ash_hsm_verify_final(hsm, session, ash_span(parts, parts_len)));
		}
		once[once_len / 2] ^= 1;
		EXPECT_OK(init(subject, ASH_OP_VERIFY));
		EXPECT_CODE(ASH_E_SIGNATURE,
			    ash_hsm_verify_single(hsm, session, input_of(subject), ash_span(once, once_len)));
		EXPECT(is_idle(ASH_OP_VERIFY));
		EXPECT_OK(init(subject, ASH_OP_VERIFY));
		EXPECT_CODE(ASH_E_SIGNATURE_LEN, ash_hsm_verify_single(hsm, session, input_of(subject),
								       ash_span(once, once_len - 1)));
	}
}

TEST(single_and_multi_part_encryption_agree)
{
	set_up();
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];
		const struct ash_span plain = input_of(subject);
		uint8_t once[2048], parts[2048], back[2048];
		size_t once_len = 0, parts_len = 0;

		if (!does(subject, ASH_OP_ENCRYPT))
			continue;
		once_len = run_single(subject, ASH_OP_ENCRYPT, plain, once, sizeof(once));
		EXPECT_SPAN(plain, ash_span(back, run_single(subject, ASH_OP_DECRYPT,
							     ash_span(once, once_len), back, sizeof(back))));
		if (ash_mechanism_find(subject->type)->whole)
			continue;
		parts_len = run_parts(subject, ASH_OP_ENCRYPT, plain, parts);
		EXPECT_SPAN(ash_span(once, once_len), ash_span(parts, parts_len));
		EXPECT_SPAN(plain, ash_span(back, run_parts(subject, ASH_OP_DECRYPT, ash_span(once, once_len),
							    back)));
	}
}

TEST(input_and_output_may_be_one_place)
{
	set_up();
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];
		uint8_t room[2048];
		size_t len = input_of(subject).len;

		if (!does(subject, ASH_OP_ENCRYPT))
			continue;
		memcpy(room, message, len);
		len = run_single(subject, ASH_OP_ENCRYPT, ash_span(room, len), room, sizeof(room));
		len = run_single(subject, ASH_OP_DECRYPT, ash_span(room, len), room, sizeof(room));
		EXPECT_SPAN(input_of(subject), ash_span(room, len));
	}
}

/* Every length up to three blocks, so that each padding comes by; with no byte of room too many. */
TEST(outputs_of_unknown_length_fit_exactly)
{
	const struct subject *subject = subject_of(CKM_AES_CBC_PAD);

	for (size_t plain = 0; plain <= 48; plain++) {
		uint8_t sealed[64], back[64];
		const size_t len =
			run_single(subject, ASH_OP_ENCRYPT, ash_span(message, plain), sealed, sizeof(sealed));
		size_t got = 0, part = 0;

		EXPECT_OK(init(subject, ASH_OP_DECRYPT));
		EXPECT_OK(single(ASH_OP_DECRYPT, ash_span(sealed, len), NULL, 0, &got));
		EXPECT(got >= plain);
		if (plain > 0) {
			memset(back, 0xee, sizeof(back));
			EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL,
				    single(ASH_OP_DECRYPT, ash_span(sealed, len), back, plain - 1, &got));
			EXPECT_NUMBER(plain, got);
			EXPECT_NUMBER(0xee, back[0]);
		}
		EXPECT_OK(single(ASH_OP_DECRYPT, ash_span(sealed, len), back, plain, &got));
		EXPECT_SPAN(ash_span(message, plain), ash_span(back, got));

		EXPECT_OK(init(subject, ASH_OP_DECRYPT));
		EXPECT_OK(update(ASH_OP_DECRYPT, ash_span(sealed, len), back, sizeof(back), &part));
		if (plain > part) {
			EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL,
				    final(ASH_OP_DECRYPT, back + part, plain - part - 1, &got));
			EXPECT_NUMBER(plain - part, got);
			EXPECT_OK(final(ASH_OP_DECRYPT, NULL, 0, &got));
			EXPECT_NUMBER(plain - part, got);
		}
		EXPECT_OK(final(ASH_OP_DECRYPT, back + part, plain - part, &got));
		EXPECT_SPAN(ash_span(message, plain), ash_span(back, part + got));
		EXPECT(is_idle(ASH_OP_DECRYPT));
	}
}

TEST(rsa_decryption_fits_exactly)
{
	const struct subject *subject = subject_of(CKM_RSA_PKCS);
	uint8_t sealed[256], back[256];
	size_t got = 0;

	EXPECT_NUMBER(256, run_single(subject, ASH_OP_ENCRYPT, TEXT("a secret"), sealed, sizeof(sealed)));
	EXPECT_OK(init(subject, ASH_OP_DECRYPT));
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, single(ASH_OP_DECRYPT, SPAN(sealed), back, 7, &got));
	EXPECT_NUMBER(8, got);
	EXPECT_OK(single(ASH_OP_DECRYPT, SPAN(sealed), back, 8, &got));
	EXPECT_SPAN(TEXT("a secret"), ash_span(back, got));
	EXPECT_OK(init(subject, ASH_OP_DECRYPT));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, single(ASH_OP_DECRYPT, ash_span(sealed, 255), back, 256, &got));
	EXPECT(is_idle(ASH_OP_DECRYPT));
}

TEST(short_buffers_keep_a_single_part_alive)
{
	set_up();
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];

		for (enum ash_op op = ASH_OP_DIGEST; op < OPERATIONS; op++) {
			uint8_t room[4096];
			size_t need = 0, len = 0;

			if (!does(subject, op) || takes_output(op))
				continue;
			EXPECT_OK(init(subject, op));
			EXPECT_OK(single(op, input_of(subject), NULL, 0, &need));
			memset(room, 0xee, sizeof(room));
			EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL,
				    single(op, input_of(subject), room, need - 1, &len));
			EXPECT_NUMBER(need, len);
			EXPECT_NUMBER(0xee, room[0]);
			EXPECT_OK(single(op, input_of(subject), room, need, &len));
			EXPECT_NUMBER(need, len);
			EXPECT_NUMBER(0xee, room[need]);
			EXPECT(is_idle(op));
		}
	}
}

TEST(a_second_init_is_refused_and_the_first_stays)
{
	const struct subject *aes = subject_of(CKM_AES_CBC_PAD), *gcm = subject_of(CKM_AES_GCM);
	uint8_t room[64], other[64];
	const size_t len = run_single(aes, ASH_OP_ENCRYPT, TEXT("abc"), other, sizeof(other));
	size_t got = 0;

	EXPECT_OK(init(aes, ASH_OP_ENCRYPT));
	EXPECT_CODE(ASH_E_OPERATION_ACTIVE, init(gcm, ASH_OP_ENCRYPT));
	EXPECT_OK(init(gcm, ASH_OP_DECRYPT)); /* of another kind */
	EXPECT_OK(ash_hsm_op_abort(hsm, session, ASH_OP_DECRYPT));
	EXPECT_OK(single(ASH_OP_ENCRYPT, TEXT("abc"), room, sizeof(room), &got));
	EXPECT_SPAN(ash_span(other, len), ash_span(room, got));
}

TEST(no_mechanism_cancels)
{
	const struct subject *subject = subject_of(CKM_SHA256);
	size_t len = 0;
	uint8_t room[32];

	EXPECT_OK(init(subject, ASH_OP_DIGEST));
	EXPECT_OK(update(ASH_OP_DIGEST, TEXT("lost"), room, 0, &len));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_DIGEST, NULL, 0));
	EXPECT(is_idle(ASH_OP_DIGEST));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_DIGEST, NULL, 0));
	EXPECT_NUMBER(32, run_single(subject, ASH_OP_DIGEST, TEXT(""), room, sizeof(room)));
	EXPECT_NUMBER(0xe3, room[0]); /* of nothing: e3b0c442… */
}

TEST(failures_end_the_operation)
{
	const struct subject *cbc = subject_of(CKM_AES_CBC), *pad = subject_of(CKM_AES_CBC_PAD),
			     *ecdsa = subject_of(CKM_ECDSA), *sha = subject_of(CKM_SHA256);
	uint8_t room[64] = { 0 };
	size_t len = 0;

	EXPECT_OK(init(cbc, ASH_OP_ENCRYPT));
	EXPECT_CODE(ASH_E_DATA_LEN, single(ASH_OP_ENCRYPT, TEXT("odd"), room, sizeof(room), &len));
	EXPECT(is_idle(ASH_OP_ENCRYPT));
	EXPECT_OK(init(cbc, ASH_OP_ENCRYPT));
	EXPECT_OK(update(ASH_OP_ENCRYPT, TEXT("odd"), room, sizeof(room), &len));
	EXPECT_CODE(ASH_E_DATA_LEN, final(ASH_OP_ENCRYPT, room, sizeof(room), &len));
	EXPECT(is_idle(ASH_OP_ENCRYPT));
	EXPECT_OK(init(pad, ASH_OP_DECRYPT));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN, single(ASH_OP_DECRYPT, TEXT("odd"), room, sizeof(room), &len));
	EXPECT(is_idle(ASH_OP_DECRYPT));
	/* single-part only */
	EXPECT_OK(init(ecdsa, ASH_OP_SIGN));
	EXPECT_CODE(ASH_E_OPERATION_NONE, update(ASH_OP_SIGN, TEXT("x"), room, 0, &len));
	EXPECT(is_idle(ASH_OP_SIGN));
	/* no single part after the first of many */
	EXPECT_OK(init(sha, ASH_OP_DIGEST));
	EXPECT_OK(update(ASH_OP_DIGEST, TEXT("x"), room, 0, &len));
	EXPECT_CODE(ASH_E_OPERATION_NONE, single(ASH_OP_DIGEST, TEXT("x"), room, sizeof(room), &len));
	EXPECT(is_idle(ASH_OP_DIGEST));
	/* nothing under way */
	EXPECT_CODE(ASH_E_OPERATION_NONE, single(ASH_OP_SIGN, TEXT("x"), room, sizeof(room), &len));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_verify_single(hsm, session, TEXT("x"), TEXT("y")));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_verify_final(hsm, session, TEXT("y")));
}

TEST(a_wrong_tag_releases_nothing)
{
	const struct subject *gcm = subject_of(CKM_AES_GCM);
	uint8_t sealed[MESSAGE_LEN + 16], room[MESSAGE_LEN + 16];
	size_t len = 0, got = 0;

	len = run_single(gcm, ASH_OP_ENCRYPT, ash_span(message, MESSAGE_LEN), sealed, sizeof(sealed));
	for (size_t at = 0; at < len; at += 169) {
		sealed[at] ^= 4;
		memset(room, 0xee, sizeof(room));
		EXPECT_OK(init(gcm, ASH_OP_DECRYPT));
		EXPECT_CODE(ASH_E_AUTHENTICATION,
			    single(ASH_OP_DECRYPT, ash_span(sealed, len), room, sizeof(room), &got));
		EXPECT(is_idle(ASH_OP_DECRYPT));
		EXPECT_OK(init(gcm, ASH_OP_DECRYPT));
		EXPECT_OK(update(ASH_OP_DECRYPT, ash_span(sealed, len), room, sizeof(room), &got));
		EXPECT_NUMBER(0, got);
		EXPECT_CODE(ASH_E_AUTHENTICATION, final(ASH_OP_DECRYPT, room, sizeof(room), &got));
		for (size_t i = 0; i < sizeof(room); i++)
			EXPECT_NUMBER(0xee, room[i]);
		sealed[at] ^= 4;
	}
	EXPECT_OK(init(gcm, ASH_OP_DECRYPT));
	EXPECT_CODE(ASH_E_ENCRYPTED_DATA_LEN,
		    single(ASH_OP_DECRYPT, ash_span(sealed, 15), room, sizeof(room), &got));
}

TEST(what_can_not_stream_has_a_limit)
{
	const struct subject *gcm = subject_of(CKM_AES_GCM);
	static uint8_t chunk[1 << 16];
	uint8_t none = 0;
	size_t len = 0;

	EXPECT_OK(init(gcm, ASH_OP_DECRYPT));
	for (int i = 0; i < 16; i++)
		EXPECT_OK(update(ASH_OP_DECRYPT, SPAN(chunk), &none, 0, &len));
	EXPECT_CODE(ASH_E_LIMIT, update(ASH_OP_DECRYPT, TEXT("x"), &none, 0, &len));
	EXPECT(is_idle(ASH_OP_DECRYPT));
	/* what does stream has none */
	EXPECT_OK(init(subject_of(CKM_SHA256), ASH_OP_DIGEST));
	for (int i = 0; i < 20; i++)
		EXPECT_OK(update(ASH_OP_DIGEST, SPAN(chunk), &none, 0, &len));
	EXPECT_OK(ash_hsm_op_abort(hsm, session, ASH_OP_DIGEST));
}

static struct ash_status try_init(enum ash_op op, uint64_t mechanism, ash_handle key)
{
	const struct ash_mechanism given = { .type = mechanism };

	return ash_hsm_op_init(hsm, session, op, &given, key);
}

/* Bytes that the session's operation holds on to. */
static size_t room_held(enum ash_op op)
{
	ASH_AUTO(ash_session) *taken = NULL;

	EXPECT_OK(ash_session_take(hsm, session, &taken));
	return taken->active[op].held.cap;
}

/* Secret memory is dear: 64 MiB of it for one decryption is not kept for the next. */
TEST(what_much_data_needed_is_given_back)
{
	static uint8_t big[300000], room[sizeof(big)];
	const struct subject *gcm = subject_of(CKM_AES_GCM);
	size_t got = 0;

	for (int way = 0; way < 3; way++) { /* refused, cancelled, and with little data */
		const size_t len = way < 2 ? sizeof(big) : 1000;

		EXPECT_OK(init(gcm, ASH_OP_DECRYPT));
		EXPECT_OK(update(ASH_OP_DECRYPT, ash_span(big, len), room, sizeof(room), &got));
		EXPECT(room_held(ASH_OP_DECRYPT) >= len);
		if (way == 1)
			EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_DECRYPT, NULL, 0));
		else
			EXPECT_CODE(ASH_E_AUTHENTICATION, final(ASH_OP_DECRYPT, room, sizeof(room), &got));
		EXPECT(room_held(ASH_OP_DECRYPT) <= 65536);
		EXPECT(way < 2 || room_held(ASH_OP_DECRYPT) >= len); /* little stays, for speed */
	}
}

TEST(keys_that_do_not_fit_are_refused)
{
	const struct subject *ec = subject_of(CKM_ECDSA), *hmac = subject_of(CKM_SHA256_HMAC),
			     *aes = subject_of(CKM_AES_CBC);
	const ash_handle data = create_data(hsm, session, false, TEXT("no key"));
	const ash_handle mute = create(hsm, session,
				       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
					     { CKA_KEY_TYPE, NUMBER(CKK_GENERIC_SECRET) },
					     { CKA_VALUE, SPAN(iv) }, { CKA_SIGN, NO }));
	const ash_handle bound =
		create(hsm, session,
		       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			     { CKA_VALUE, SPAN(iv) }, { CKA_ALLOWED_MECHANISMS, NUMBER(CKM_AES_CBC_PAD) }));
	const struct ash_mechanism short_iv = { .type = CKM_AES_CBC, .params = { .iv = { iv, 15 } } };
	const struct ash_mechanism cbc = { .type = CKM_AES_CBC, .params = { .iv = { iv, 16 } } };
	const struct ash_mechanism pad = { .type = CKM_AES_CBC_PAD, .params = { .iv = { iv, 16 } } };

	EXPECT_CODE(ASH_E_KEY_HANDLE, try_init(ASH_OP_SIGN, CKM_ECDSA, 0));
	EXPECT_CODE(ASH_E_KEY_HANDLE, try_init(ASH_OP_SIGN, CKM_ECDSA, 12345678));
	EXPECT_CODE(ASH_E_KEY_HANDLE, try_init(ASH_OP_SIGN, CKM_ECDSA, data));
	EXPECT_CODE(ASH_E_KEY_TYPE, try_init(ASH_OP_SIGN, CKM_ECDSA, hmac->key));
	EXPECT_CODE(ASH_E_KEY_TYPE, try_init(ASH_OP_SIGN, CKM_SHA256_HMAC, aes->key));
	EXPECT_CODE(ASH_E_KEY_USAGE, try_init(ASH_OP_SIGN, CKM_ECDSA, ec->other));
	EXPECT_CODE(ASH_E_KEY_USAGE, try_init(ASH_OP_VERIFY, CKM_ECDSA, ec->key));
	EXPECT_CODE(ASH_E_KEY_USAGE, try_init(ASH_OP_SIGN, CKM_SHA256_HMAC, mute));
	EXPECT_CODE(ASH_E_MECHANISM, try_init(ASH_OP_ENCRYPT, CKM_ECDSA, ec->other));
	EXPECT_CODE(ASH_E_MECHANISM, try_init(ASH_OP_SIGN, CKM_EC_KEY_PAIR_GEN, ec->key));
	EXPECT_CODE(ASH_E_MECHANISM, try_init(ASH_OP_SIGN, 0xfffffff0, ec->key));
	EXPECT_CODE(ASH_E_MECHANISM, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, bound));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &pad, bound));
	EXPECT_OK(ash_hsm_op_abort(hsm, session, ASH_OP_ENCRYPT));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM,
		    ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &short_iv, aes->key));
	EXPECT_CODE(ASH_E_MECHANISM_PARAM, try_init(ASH_OP_ENCRYPT, CKM_AES_GCM, aes->key));
	for (enum ash_op op = ASH_OP_DIGEST; op < OPERATIONS; op++)
		EXPECT(is_idle(op));
}

/* The same key and mechanism serve again without a new context; anything else does not. */
TEST(a_context_is_used_again_only_for_what_it_was_made_for)
{
	const struct ash_mechanism cbc = { .type = CKM_AES_CBC, .params = { .iv = { iv, 16 } } };
	const struct ash_mechanism pad = { .type = CKM_AES_CBC_PAD, .params = { .iv = { iv, 16 } } };

	set_up();
	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle a = make_aes(hsm, session, on_token == 1),
				 b = make_aes(hsm, session, on_token == 1);
		uint8_t first[16], again[16];
		size_t len = 0;

		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), first, 16, &len));
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_SPAN(SPAN(first), SPAN(again));
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, b));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT(memcmp(first, again, 16) != 0);
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &pad, b));
		EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_NUMBER(32, len);
		EXPECT_OK(ash_hsm_op_abort(hsm, session, ASH_OP_ENCRYPT));

		/* the key changed: it may no longer encrypt */
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_OK(ash_hsm_set_attributes(hsm, session, a, ATTRS({ CKA_ENCRYPT, NO })));
		EXPECT_CODE(ASH_E_KEY_USAGE, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(ash_hsm_set_attributes(hsm, session, a, ATTRS({ CKA_ENCRYPT, YES })));
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_SPAN(SPAN(first), SPAN(again));

		/* the key was destroyed: while in use, and after */
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, a));
		EXPECT_CODE(ASH_E_OPERATION_NONE, single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, a));
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, b));

		/* the same from another session; a change is no end */
		const ash_handle c = make_aes(hsm, session, on_token == 1);
		const ash_handle other = open_session(hsm, true);

		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, c));
		EXPECT_OK(ash_hsm_set_attributes(hsm, other, c, ATTRS({ CKA_LABEL, TEXT("changed") })));
		EXPECT_CODE(ASH_E_OPERATION_ACTIVE, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, c));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, c));
		EXPECT_OK(ash_hsm_destroy_object(hsm, other, c));
		EXPECT_CODE(ASH_E_OPERATION_NONE, single(ASH_OP_ENCRYPT, SPAN(iv), again, 16, &len));
		EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, c));
		EXPECT_OK(ash_hsm_close_session(hsm, other));
	}
}

TEST(logout_ends_the_use_of_private_keys_for_good)
{
	const struct ash_mechanism cbc = { .type = CKM_AES_CBC, .params = { .iv = { iv, 16 } } };
	struct ash_hsm *const before = hsm;
	const ash_handle before_session = session;
	uint8_t room[16];
	size_t len = 0;

	hsm = new_token();
	session = log_in(hsm);
	for (int on_token = 0; on_token < 2; on_token++) {
		const ash_handle key = make_aes(hsm, session, on_token == 1);

		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, key));
		EXPECT_OK(single(ASH_OP_ENCRYPT, SPAN(iv), room, 16, &len));
		EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, key));
		EXPECT_OK(ash_hsm_logout(hsm, session));
		EXPECT_CODE(ASH_E_OPERATION_NONE, single(ASH_OP_ENCRYPT, SPAN(iv), room, 16, &len));
		EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, key));
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
		EXPECT_CODE(ASH_E_KEY_HANDLE, ash_hsm_op_init(hsm, session, ASH_OP_ENCRYPT, &cbc, key));
	}
	ash_hsm_free(hsm);
	hsm = before;
	session = before_session;
}

TEST(keys_that_ask_for_the_pin_each_time_get_it)
{
	const struct ash_mechanism make = { .type = CKM_EC_KEY_PAIR_GEN };
	uint8_t room[64];
	ash_handle public_key, key;
	size_t len = 0;

	set_up();
	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &make, ATTRS({ CKA_EC_PARAMS, P256 }),
					ATTRS({ CKA_ALWAYS_AUTHENTICATE, YES }), &public_key, &key));
	for (int i = 0; i < 2; i++) {
		EXPECT_OK(try_init(ASH_OP_SIGN, CKM_ECDSA, key));
		EXPECT_CODE(ASH_E_NOT_LOGGED_IN, single(ASH_OP_SIGN, SPAN(iv), room, 64, &len));
		EXPECT_CODE(ASH_E_OPERATION_NONE, single(ASH_OP_SIGN, SPAN(iv), room, 64, &len));
		EXPECT_OK(try_init(ASH_OP_SIGN, CKM_ECDSA, key));
		EXPECT_CODE(ASH_E_NOT_LOGGED_IN, single(ASH_OP_SIGN, SPAN(iv), NULL, 0, &len));
		EXPECT_OK(try_init(ASH_OP_SIGN, CKM_ECDSA, key));
		EXPECT_CODE(ASH_E_PIN_INCORRECT,
			    ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, TEXT("wrong")));
		EXPECT_CODE(ASH_E_OPERATION_ACTIVE, try_init(ASH_OP_SIGN, CKM_ECDSA, key));
		EXPECT_OK(ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
		EXPECT_CODE(ASH_E_OPERATION_NONE,
			    ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
		EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, single(ASH_OP_SIGN, SPAN(iv), room, 63, &len));
		EXPECT_OK(single(ASH_OP_SIGN, SPAN(iv), room, 64, &len));
	}
	EXPECT_OK(try_init(ASH_OP_SIGN, CKM_ECDSA, key));
	EXPECT_OK(ash_hsm_op_init(hsm, session, ASH_OP_SIGN, NULL, 0));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_login(hsm, session, CKU_CONTEXT_SPECIFIC, USER_PIN));
}

static const struct subject *other_for(const struct subject *subject, enum ash_op op)
{
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		if (&subjects[i] != subject && does(&subjects[i], op))
			return &subjects[i];
	}
	return NULL;
}

TEST(signatures_give_back_what_was_signed)
{
	static const uint64_t types[] = { CKM_RSA_PKCS, CKM_RSA_X_509 };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const struct subject *subject = subject_of(types[i]);
		const struct ash_span signed_text = input_of(subject);
		uint8_t signature[256], back[256];
		size_t len = 0;

		EXPECT_NUMBER(256, run_single(subject, ASH_OP_SIGN_RECOVER, signed_text, signature, 256));
		EXPECT_OK(init(subject, ASH_OP_VERIFY_RECOVER));
		EXPECT_OK(single(ASH_OP_VERIFY_RECOVER, SPAN(signature), NULL, 0, &len));
		EXPECT(len >= signed_text.len);
		memset(back, 0xee, sizeof(back));
		EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL,
			    single(ASH_OP_VERIFY_RECOVER, SPAN(signature), back, signed_text.len - 1, &len));
		EXPECT_NUMBER(signed_text.len, len);
		EXPECT_NUMBER(0xee, back[0]);
		EXPECT_OK(single(ASH_OP_VERIFY_RECOVER, SPAN(signature), back, signed_text.len, &len));
		EXPECT_SPAN(signed_text, ash_span(back, len));
		EXPECT_OK(init(subject, ASH_OP_VERIFY_RECOVER));
		EXPECT_CODE(ASH_E_SIGNATURE_LEN,
			    single(ASH_OP_VERIFY_RECOVER, ash_span(signature, 255), back, 256, &len));
		EXPECT(is_idle(ASH_OP_VERIFY_RECOVER));

		/* the same as a signature without recovery; and single-part alone */
		EXPECT_OK(init(subject, ASH_OP_VERIFY));
		EXPECT_OK(ash_hsm_verify_single(hsm, session, signed_text, SPAN(signature)));
		EXPECT_OK(init(subject, ASH_OP_SIGN_RECOVER));
		EXPECT_CODE(ASH_E_OPERATION_NONE, update(ASH_OP_SIGN_RECOVER, signed_text, back, 256, &len));
		EXPECT(is_idle(ASH_OP_SIGN_RECOVER));
	}
}

TEST(a_changed_signature_gives_nothing_back)
{
	const struct subject *subject = subject_of(CKM_RSA_PKCS);
	uint8_t signature[256], back[256];
	size_t len = 0;

	run_single(subject, ASH_OP_SIGN_RECOVER, input_of(subject), signature, 256);
	signature[100] ^= 1;
	EXPECT_OK(init(subject, ASH_OP_VERIFY_RECOVER));
	EXPECT_CODE(ASH_E_SIGNATURE, single(ASH_OP_VERIFY_RECOVER, SPAN(signature), back, 256, &len));
	EXPECT(is_idle(ASH_OP_VERIFY_RECOVER));
	EXPECT_OK(ash_hsm_set_attributes(hsm, session, subject->key, ATTRS({ CKA_SIGN_RECOVER, NO })));
	EXPECT_CODE(ASH_E_KEY_USAGE, init(subject, ASH_OP_SIGN_RECOVER));
	EXPECT_OK(ash_hsm_set_attributes(hsm, session, subject->key, ATTRS({ CKA_SIGN_RECOVER, YES })));
	EXPECT_CODE(ASH_E_MECHANISM, init(subject_of(CKM_SHA256_RSA_PKCS), ASH_OP_SIGN_RECOVER));
}

TEST(what_padding_hides_fits_exactly_with_every_parameter)
{
	static const uint64_t types[] = { CKM_RSA_PKCS_OAEP, CKM_AES_KEY_WRAP_KWP };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const struct subject *subject = subject_of(types[i]);
		uint8_t sealed[300], back[64];
		const size_t sealed_len =
			run_single(subject, ASH_OP_ENCRYPT, ash_span(message, 21), sealed, sizeof(sealed));
		size_t len = 0;

		EXPECT_OK(init(subject, ASH_OP_DECRYPT));
		for (int again = 0; again < 2; again++) {
			EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL,
				    single(ASH_OP_DECRYPT, ash_span(sealed, sealed_len), back, 20, &len));
			EXPECT_NUMBER(21, len);
		}
		EXPECT_OK(single(ASH_OP_DECRYPT, ash_span(sealed, sealed_len), back, 21, &len));
		EXPECT_SPAN(ash_span(message, 21), ash_span(back, len));
	}
}

TEST(single_calls_are_no_operations)
{
	set_up();
	EXPECT_CODE(ASH_E_ARGUMENT, ash_hsm_op_init(hsm, session, ASH_OP_DERIVE, NULL, 0));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_hsm_op_init(hsm, session, ASH_OPS, NULL, 0));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_hsm_op_abort(hsm, session, ASH_OP_ENCAPSULATE));
	EXPECT(!is_idle(ASH_OP_DECAPSULATE)); /* not even that */
}

TEST(operations_survive_each_failing_allocation)
{
	set_up();
	for (size_t i = 0; i < ASH_COUNT(subjects); i++) {
		const struct subject *subject = &subjects[i];

		for (enum ash_op op = ASH_OP_DIGEST; op < OPERATIONS; op++) {
			struct ash_status status = { ASH_E_MEMORY };
			uint8_t room[4096];
			size_t len = 0;

			if (!does(subject, op) || takes_output(op))
				continue;
			for (int64_t n = 0; status.code != ASH_OK; n++) {
				/* another row first, so that nothing is there to be used again */
				EXPECT_OK(ash_hsm_op_init(hsm, session, op, NULL, 0));
				EXPECT_OK(init(other_for(subject, op), op));
				EXPECT_OK(ash_hsm_op_init(hsm, session, op, NULL, 0));
				ash_mem_fail_after(n);
				status = init(subject, op);
				if (ash_is_ok(status))
					status = single(op, input_of(subject), room, sizeof(room), &len);
				ash_mem_fail_after(-1);
				EXPECT(status.code == ASH_OK || status.code == ASH_E_MEMORY);
				EXPECT(status.code == ASH_OK || is_idle(op));
				EXPECT(n < 10000);
			}
		}
	}
}
