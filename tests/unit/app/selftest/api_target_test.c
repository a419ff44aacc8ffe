/*
 * The target of the api, on an HSM in memory and on one that answers otherwise when it is
 * asked in another way. All published vectors run in tests/vectors.
 */
#include "app/selftest/api_target.h"

#include "app/app.h"
#include "app/selftest/run.h"
#include "token/mechanism.h"
#include "unit/token/fixture.h"

static struct ash_hsm *hsm;

static struct ash_api_target *new_target(const struct ash_api *api)
{
	struct ash_api_target *target = NULL;

	if (hsm == NULL) {
		hsm = new_token();
		(void)log_in(hsm);
	}
	EXPECT_OK(ash_api_target_new(api, hsm, 0, &target));
	return target;
}

__attribute__((destructor)) static void free_hsm(void)
{
	ash_hsm_free(hsm);
}

static enum ash_vector_answer request_of(const struct ash_api_target *target,
					 const struct ash_vector_request *request, struct ash_buf *out,
					 const char **ret_why)
{
	const struct ash_vector_target *as = ash_api_target_get(target);

	ash_buf_reset(out);
	return as->run(as->self, request, out, ret_why);
}

static bool used(const struct ash_api_target *target, uint64_t type)
{
	for (size_t i = 0; i < ash_mechanism_count(); i++) {
		if (ash_mechanism_at(i)->type == type)
			return ash_api_target_used(target, i);
	}
	return false;
}

/* SP 800-38A, F.2.1 */
static const uint8_t aes_key[] = { 0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				   0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c };
static const uint8_t cbc_iv[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
static const uint8_t plain[] = { 0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
				 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a };
static const uint8_t sealed[] = { 0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
				  0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d };

static struct ash_vector_key aes(void)
{
	return (struct ash_vector_key){
		.spec = { .kind = ASH_KEY_SECRET, .bits = 128 },
		.part = { [ASH_PART_SECRET] = SPAN(aes_key) },
	};
}

static struct ash_vector_request cbc(const struct ash_vector_key *key, enum ash_op op, struct ash_span in)
{
	return (struct ash_vector_request){
		.op = op,
		.alg = { ASH_SCHEME_AES_CBC, ASH_HASH_NONE },
		.key = key,
		.params.iv = SPAN(cbc_iv),
		.in = in,
	};
}

TEST(what_is_good_is_done_by_mechanisms_that_are_told)
{
	ASH_AUTO(ash_api_target) *target = new_target(&ash_api_local);
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	const struct ash_vector_key key = aes();
	const struct ash_vector_request encrypt = cbc(&key, ASH_OP_ENCRYPT, SPAN(plain));
	const struct ash_vector_request decrypt = cbc(&key, ASH_OP_DECRYPT, SPAN(sealed));
	const char *why = NULL;

	EXPECT_NUMBER(ASH_VECTOR_DONE, request_of(target, &encrypt, &out, &why));
	EXPECT_SPAN(SPAN(sealed), ash_buf_span(&out));
	EXPECT_NUMBER(ASH_VECTOR_DONE, request_of(target, &decrypt, &out, &why));
	EXPECT_SPAN(SPAN(plain), ash_buf_span(&out));
	EXPECT(used(target, CKM_AES_CBC) && !used(target, CKM_AES_CBC_PAD));
	ash_api_target_reset_used(target);
	EXPECT(!used(target, CKM_AES_CBC));
}

TEST(what_is_not_good_is_refused)
{
	ASH_AUTO(ash_api_target) *target = new_target(&ash_api_local);
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	struct ash_vector_key key = aes();
	struct ash_vector_request request = cbc(&key, ASH_OP_DECRYPT, ash_span(sealed, 15));
	const char *why = NULL;

	EXPECT_NUMBER(ASH_VECTOR_REFUSED, request_of(target, &request, &out, &why)); /* no whole block */
	request = cbc(&key, ASH_OP_DECRYPT, SPAN(sealed));
	request.params.iv.len = 15;
	EXPECT_NUMBER(ASH_VECTOR_REFUSED, request_of(target, &request, &out, &why)); /* the parameter */
	request.params.iv.len = 16;
	key.part[ASH_PART_SECRET].len = 15;
	EXPECT_NUMBER(ASH_VECTOR_REFUSED, request_of(target, &request, &out, &why)); /* the key */
	EXPECT_NUMBER(0, out.len);
}

TEST(what_is_not_offered_has_a_reason)
{
	ASH_AUTO(ash_api_target) *target = new_target(&ash_api_local);
	const struct ash_vector_target *as = ash_api_target_get(target);
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	struct ash_vector_key key = aes();
	struct ash_vector_request request = cbc(&key, ASH_OP_SIGN, SPAN(plain));
	struct ash_kdf kdf = { .scheme = ASH_KDF_ARGON2ID };
	const char *why = NULL;

	EXPECT_NUMBER(ASH_VECTOR_UNSUPPORTED, request_of(target, &request, &out, &why)); /* no signature */
	EXPECT(why != NULL);
	request = cbc(&key, ASH_OP_ENCRYPT, SPAN(plain));
	key.part[ASH_PART_SECRET].len = 0;
	why = NULL;
	EXPECT_NUMBER(ASH_VECTOR_UNSUPPORTED, request_of(target, &request, &out, &why));
	EXPECT(why != NULL);
	why = NULL;
	EXPECT_NUMBER(ASH_VECTOR_UNSUPPORTED, as->derive(as->self, &kdf, 32, &out, &why));
	EXPECT(why != NULL);
	why = NULL;
	kdf = (struct ash_kdf){ .scheme = ASH_KDF_HKDF, .hash = ASH_HASH_SHA512, .secret = TEXT("secret") };
	EXPECT_NUMBER(ASH_VECTOR_UNSUPPORTED,
		      as->derive(as->self, &kdf, 16320, &out, &why)); /* no such key */
	EXPECT(why != NULL);
	EXPECT_NUMBER(ASH_VECTOR_DONE, as->derive(as->self, &kdf, 64, &out, &why));
	EXPECT_NUMBER(64, out.len);
}

TEST(keys_in_use_stay_while_others_come_and_go)
{
	ASH_AUTO(ash_api_target) *target = new_target(&ash_api_local);
	const struct ash_vector_target *as = ash_api_target_get(target);
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	char salt[] = "salt a";
	const struct ash_kdf kdf = {
		.scheme = ASH_KDF_HKDF,
		.hash = ASH_HASH_SHA256,
		.secret = TEXT("secret"),
		.salt = ash_span(salt, 6),
	};
	const char *why = NULL;

	for (salt[5] = 'a'; salt[5] < 'm'; salt[5]++) {
		ash_buf_reset(&out);
		EXPECT_NUMBER(ASH_VECTOR_DONE, as->derive(as->self, &kdf, 32, &out, &why));
	}
}

/* ---- an HSM that lies in one way of being asked ---- */

static bool lies_in_final, lies_in_unwrap, lies_in_place, answers_nonsense;

static struct ash_status lying_final(struct ash_hsm *self, ash_handle handle, enum ash_op op,
				     struct ash_out *out)
{
	const struct ash_status status = ash_hsm_op_final(self, handle, op, out);

	if (lies_in_final && out->data != NULL)
		out->len = 1;
	return status;
}

static struct ash_status lying_single(struct ash_hsm *self, ash_handle handle, enum ash_op op,
				      struct ash_span in, struct ash_out *out)
{
	const bool in_place = in.data == out->data;
	const struct ash_status status = ash_hsm_op_single(self, handle, op, in, out);

	if (lies_in_place && in_place)
		out->data[0] ^= 1;
	if (answers_nonsense && out->data != NULL)
		return ash_status_fail(ASH_E_KEY_HANDLE, __FILE__, __LINE__);
	return status;
}

static struct ash_status lying_unwrap(struct ash_hsm *self, ash_handle handle,
				      const struct ash_mechanism *mechanism, ash_handle key,
				      struct ash_span wrapped, struct ash_template given, ash_handle *ret_key)
{
	if (lies_in_unwrap)
		return ash_status_fail(ASH_E_WRAPPED_KEY, __FILE__, __LINE__);
	return ash_hsm_unwrap_key(self, handle, mechanism, key, wrapped, given, ret_key);
}

TEST(another_answer_to_another_way_of_asking_is_noticed)
{
	struct ash_api api = ash_api_local;
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	const struct ash_vector_key key = aes();
	const struct ash_vector_request decrypt = cbc(&key, ASH_OP_DECRYPT, SPAN(sealed));
	bool *const lies[] = { &lies_in_final, &lies_in_unwrap, &lies_in_place, &answers_nonsense };

	api.op_final = lying_final;
	api.op_single = lying_single;
	api.unwrap_key = lying_unwrap;
	for (size_t i = 0; i < ASH_COUNT(lies); i++) {
		ASH_AUTO(ash_api_target) *target = new_target(&api);
		const char *why = NULL;

		EXPECT_NUMBER(ASH_VECTOR_DONE, request_of(target, &decrypt, &out, &why));
		*lies[i] = true;
		EXPECT_NUMBER(ASH_VECTOR_BROKEN, request_of(target, &decrypt, &out, &why));
		EXPECT(why != NULL);
		*lies[i] = false;
		/* What was left active is no trouble for the next. */
		EXPECT_NUMBER(ASH_VECTOR_DONE, request_of(target, &decrypt, &out, &why));
	}
}

/* ---- whole files, with an api that lacks one function ---- */

static struct ash_status no_recovery(struct ash_hsm *self, ash_handle handle, enum ash_op op,
				     struct ash_span in, struct ash_out *out)
{
	if (op == ASH_OP_SIGN_RECOVER || op == ASH_OP_VERIFY_RECOVER)
		return ash_status_fail(ASH_E_FAILED, __FILE__, __LINE__);
	return ash_hsm_op_single(self, handle, op, in, out);
}

static struct ash_status no_encapsulation(ASH_UNUSED struct ash_hsm *self, ASH_UNUSED ash_handle handle,
					  ASH_UNUSED const struct ash_mechanism *mechanism,
					  ASH_UNUSED ash_handle key, ASH_UNUSED struct ash_template given,
					  ASH_UNUSED struct ash_out *ciphertext,
					  ASH_UNUSED ash_handle *ret_key)
{
	return ash_status_fail(ASH_E_FAILED, __FILE__, __LINE__);
}

static struct ash_status no_wrapping(ASH_UNUSED struct ash_hsm *self, ASH_UNUSED ash_handle handle,
				     ASH_UNUSED const struct ash_mechanism *mechanism,
				     ASH_UNUSED ash_handle with, ASH_UNUSED ash_handle key,
				     ASH_UNUSED struct ash_out *wrapped)
{
	return ash_status_fail(ASH_E_FAILED, __FILE__, __LINE__);
}

static size_t failures_of(const char *file, const struct ash_api *api)
{
	ASH_AUTO(ash_api_target) *target = new_target(api);
	const char *folder = getenv("ASHLAR_VECTORS");
	struct ash_vector_report report = { .tests = 0 };
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", folder != NULL ? folder : "tests/vectors", file);
	EXPECT_OK(ash_vector_run_file(path, ash_api_target_get(target), &report));
	EXPECT(report.passed + report.failed == report.tests && report.tests != 0);
	return report.failed;
}

TEST(every_way_is_taken)
{
	struct ash_api api = ash_api_local;

	EXPECT_NUMBER(0, failures_of("examples/rsa_signature.json", &api));
	EXPECT_NUMBER(0, failures_of("wycheproof/mlkem_512_test.json", &api));
	EXPECT_NUMBER(0, failures_of("examples/aes_cbc.json", &api));
	api.op_single = no_recovery;
	EXPECT_NUMBER(27, failures_of("examples/rsa_signature.json", &api));
	api = ash_api_local;
	api.encapsulate_key = no_encapsulation;
	EXPECT(failures_of("wycheproof/mlkem_512_test.json", &api) > 100);
	api = ash_api_local;
	api.wrap_key = no_wrapping;
	EXPECT_NUMBER(3, failures_of("examples/aes_cbc.json", &api)); /* the valid ones */
}

TEST(without_memory_there_is_no_target)
{
	struct ash_api_target *target = NULL;

	ash_api_target_free(new_target(&ash_api_local));
	FAIL_EVERY_ALLOCATION(target == NULL, ash_api_target_new(&ash_api_local, hsm, 0, &target));
	EXPECT(ash_api_target_free(target) == NULL);
	EXPECT(ash_api_target_free(NULL) == NULL);
}
