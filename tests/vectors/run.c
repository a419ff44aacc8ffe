#include "vectors/run.h"

#include <stdio.h>

#include "vectors/run_priv.h"

#define FAILURES_SHOWN 10

static const struct {
	const char *schema;
	struct vector_outcome (*run)(struct vector_run *run);
} runners[] = {
	{ "aead_test_schema_v1.json", vector_run_aead },
	{ "ashlar_argon2id_v1.json", vector_run_argon2id },
	{ "ashlar_digest_v1.json", vector_run_digest },
	{ "ashlar_kdf_v1.json", vector_run_kdf },
	{ "ecdh_ecpoint_test_schema_v1.json", vector_run_ecdh },
	{ "ecdh_test_schema_v1.json", vector_run_ecdh },
	{ "ecdsa_p1363_verify_schema_v1.json", vector_run_ecdsa },
	{ "eddsa_verify_schema_v1.json", vector_run_eddsa },
	{ "hkdf_test_schema_v1.json", vector_run_hkdf },
	{ "ind_cpa_test_schema_v1.json", vector_run_cipher },
	{ "keywrap_test_schema_v1.json", vector_run_wrap },
	{ "mac_test_schema_v1.json", vector_run_mac },
	{ "mac_with_iv_test_schema_v1.json", vector_run_mac },
	{ "mldsa_sign_seed_schema.json", vector_run_mldsa_sign },
	{ "mldsa_verify_schema.json", vector_run_mldsa_verify },
	{ "mlkem_semi_expanded_decaps_test_schema.json", vector_run_mlkem },
	{ "mlkem_test_schema.json", vector_run_mlkem },
	{ "pbkdf_test_schema.json", vector_run_pbkdf2 },
	{ "rsaes_oaep_decrypt_schema_v1.json", vector_run_rsa_oaep },
	{ "rsaes_pkcs1_decrypt_schema_v1.json", vector_run_rsa_decrypt },
	{ "rsassa_pkcs1_verify_schema_v1.json", vector_run_rsa_signature },
	{ "rsassa_pss_verify_schema_v1.json", vector_run_rsa_pss },
	{ "xdh_comp_schema_v1.json", vector_run_ecdh },
};

/* --- for the schemas' own functions ------------------------------------------ */

enum vector_answer vector_ask(struct vector_run *run, const struct vector_request *request)
{
	ash_buf_reset(&run->out);
	return run->target->run(run->target->self, request, &run->out, &run->why);
}

enum vector_answer vector_ask_derive(struct vector_run *run, const struct ash_kdf *kdf, size_t len)
{
	ash_buf_reset(&run->out);
	if (run->target->derive == NULL)
		return VECTOR_UNSUPPORTED;
	return run->target->derive(run->target->self, kdf, len, &run->out, &run->why);
}

enum vector_answer vector_ask_share(struct vector_run *run, enum ash_op op, const struct vector_key *key,
				    struct ash_span input)
{
	ash_buf_reset(&run->out);
	if (run->target->share == NULL)
		return VECTOR_UNSUPPORTED;
	return run->target->share(run->target->self, op, key, input, &run->out, &run->why);
}

struct vector_outcome vector_judge(const struct vector_run *run, enum vector_answer answer, bool right)
{
	switch (answer) {
	case VECTOR_DONE:
		if (run->one->result == VECTOR_INVALID)
			return VECTOR_OUTCOME(VECTOR_FAILED, "is invalid and was accepted");
		return right ? VECTOR_OUTCOME(VECTOR_PASSED, NULL)
			     : VECTOR_OUTCOME(VECTOR_FAILED, "has another result");
	case VECTOR_REFUSED:
		return run->one->result == VECTOR_VALID
			       ? VECTOR_OUTCOME(VECTOR_FAILED, "is valid and was refused")
			       : VECTOR_OUTCOME(VECTOR_PASSED, NULL);
	case VECTOR_UNSUPPORTED: return VECTOR_OUTCOME(VECTOR_NOT_OFFERED, NULL);
	case VECTOR_BROKEN: break;
	}
	return VECTOR_OUTCOME(VECTOR_FAILED, run->why);
}

bool vector_out_is(const struct vector_run *run, struct ash_span want)
{
	return ash_span_equal(ash_buf_span(&run->out), want);
}

bool vector_passed(struct vector_outcome outcome)
{
	return outcome.what == VECTOR_PASSED;
}

/* Files write the same name with and without dashes. */
static bool same_name(const char *a, const char *b)
{
	while (*a != '\0' || *b != '\0') {
		if (*a == '-')
			a++;
		else if (*b == '-')
			b++;
		else if (*a++ != *b++)
			return false;
	}
	return true;
}

static unsigned find_name(const char *const *names, unsigned count, const char *name)
{
	for (unsigned i = 0; name != NULL && i < count; i++) {
		if (names[i] != NULL && same_name(names[i], name))
			return i;
	}
	return 0;
}

enum ash_hash vector_hash(const char *name)
{
	static const char *const names[ASH_HASHES] = {
		[ASH_HASH_SHA1] = "SHA-1",
		[ASH_HASH_SHA224] = "SHA-224",
		[ASH_HASH_SHA256] = "SHA-256",
		[ASH_HASH_SHA384] = "SHA-384",
		[ASH_HASH_SHA512] = "SHA-512",
		[ASH_HASH_SHA512_224] = "SHA-512/224",
		[ASH_HASH_SHA512_256] = "SHA-512/256",
		[ASH_HASH_SHA3_224] = "SHA3-224",
		[ASH_HASH_SHA3_256] = "SHA3-256",
		[ASH_HASH_SHA3_384] = "SHA3-384",
		[ASH_HASH_SHA3_512] = "SHA3-512",
	};

	return (enum ash_hash)find_name(names, ASH_HASHES, name);
}

enum ash_group vector_group(const char *name)
{
	static const char *const names[ASH_GROUPS] = {
		[ASH_GROUP_P224] = "secp224r1",          [ASH_GROUP_P256] = "secp256r1",
		[ASH_GROUP_P384] = "secp384r1",          [ASH_GROUP_P521] = "secp521r1",
		[ASH_GROUP_SECP256K1] = "secp256k1",     [ASH_GROUP_ED25519] = "edwards25519",
		[ASH_GROUP_ED448] = "edwards448",        [ASH_GROUP_X25519] = "curve25519",
		[ASH_GROUP_X448] = "curve448",           [ASH_GROUP_ML_DSA_44] = "ML-DSA-44",
		[ASH_GROUP_ML_DSA_65] = "ML-DSA-65",     [ASH_GROUP_ML_DSA_87] = "ML-DSA-87",
		[ASH_GROUP_ML_KEM_512] = "ML-KEM-512",   [ASH_GROUP_ML_KEM_768] = "ML-KEM-768",
		[ASH_GROUP_ML_KEM_1024] = "ML-KEM-1024",
	};

	return (enum ash_group)find_name(names, ASH_GROUPS, name);
}

/* --- a whole file ------------------------------------------------------------ */

static void count_reason(struct vector_report *report, const char *why)
{
	size_t i = 0;

	report->skipped++;
	while (i < VECTOR_REASONS - 1 && report->reason[i].text != NULL &&
	       strcmp(report->reason[i].text, why) != 0)
		i++;
	report->reason[i].text = why;
	report->reason[i].count++;
}

static void count_outcome(const struct vector_run *run, struct vector_outcome outcome, bool loud,
			  struct vector_report *report)
{
	switch (outcome.what) {
	case VECTOR_PASSED: report->passed++; break;
	case VECTOR_NOT_OFFERED: report->not_offered++; break;
	case VECTOR_SKIPPED: count_reason(report, outcome.why); break;
	case VECTOR_FAILED:
		if (loud && report->failed < FAILURES_SHOWN)
			printf("# %s on %s: test %d (%s) %s\n", run->file->name, run->target->name,
			       run->one->id, run->one->comment, outcome.why);
		report->failed++;
		break;
	}
}

static void print_report(const struct vector_file *file, const struct vector_target *target,
			 const struct vector_report *report)
{
	printf("# %s on %s: %zu passed, %zu failed", file->name, target->name, report->passed,
	       report->failed);
	if (report->not_offered != 0)
		printf(", %zu not offered", report->not_offered);
	for (size_t i = 0; i < VECTOR_REASONS && report->reason[i].text != NULL; i++)
		printf(", %zu skipped (%s)", report->reason[i].count, report->reason[i].text);
	printf("\n");
}

static struct vector_outcome run_case(struct vector_run *run,
				      struct vector_outcome (*schema)(struct vector_run *))
{
	struct vector_outcome outcome = schema(run);

	/* A field that is missing or malformed makes nonsense of whatever came out. */
	return run->one->broken == NULL ? outcome
					: VECTOR_OUTCOME(VECTOR_FAILED, "has a field that is no good");
}

bool vector_run_file(const char *path, const struct vector_target *target, bool loud,
		     struct vector_report *ret_report)
{
	struct vector_outcome (*schema)(struct vector_run *) = NULL;
	struct vector_report report = { 0 };
	struct vector_file file = { 0 };
	const json_t *groups = NULL;

	if (!vector_file_open(path, &file))
		return false;
	for (size_t i = 0; i < ASH_COUNT(runners); i++) {
		if (strcmp(runners[i].schema, file.schema) == 0)
			schema = runners[i].run;
	}
	if (schema == NULL)
		printf("# %s: no runner for its schema, %s\n", path, file.schema);
	groups = json_object_get(file.root, "testGroups");
	for (size_t i = 0; schema != NULL && i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const json_t *tests = json_object_get(group, "tests");

		for (size_t j = 0; j < json_array_size(tests); j++) {
			struct vector_case one = { 0 };
			struct vector_run run = { &file, target, &one, NULL, ASH_BUF_PLAIN };

			vector_case_begin(group, json_array_get(tests, j), &one);
			count_outcome(&run, run_case(&run, schema), loud, &report);
			vector_case_done(&one);
			ash_buf_done(&run.out);
		}
	}
	if (schema != NULL && loud)
		print_report(&file, target, &report);
	vector_file_close(&file);
	*ret_report = report;
	return schema != NULL;
}
