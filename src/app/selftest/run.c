#include "app/selftest/run.h"

#include <stdio.h>

#include "app/selftest/run_priv.h"

#define NOT_OFFERED    "it is not offered"
#define UNKNOWN_SCHEMA "nothing is known of its schema"
#define NO_VECTORS     "it is JSON, but holds no test vectors"

static const struct {
	const char *schema;
	struct ash_vector_outcome (*run)(struct ash_vector_run *run);
} runners[] = {
	{ "aead_test_schema_v1.json", ash_vector_run_aead },
	{ "ashlar_argon2id_v1.json", ash_vector_run_argon2id },
	{ "ashlar_digest_v1.json", ash_vector_run_digest },
	{ "ashlar_kdf_v1.json", ash_vector_run_kdf },
	{ "ecdh_ecpoint_test_schema_v1.json", ash_vector_run_ecdh },
	{ "ecdh_test_schema_v1.json", ash_vector_run_ecdh },
	{ "ecdsa_p1363_verify_schema_v1.json", ash_vector_run_ecdsa },
	{ "ecdsa_verify_schema_v1.json", ash_vector_run_ecdsa_der },
	{ "eddsa_verify_schema_v1.json", ash_vector_run_eddsa },
	{ "hkdf_test_schema_v1.json", ash_vector_run_hkdf },
	{ "ind_cpa_test_schema_v1.json", ash_vector_run_cipher },
	{ "keywrap_test_schema_v1.json", ash_vector_run_wrap },
	{ "mac_test_schema_v1.json", ash_vector_run_mac },
	{ "mac_with_iv_test_schema_v1.json", ash_vector_run_mac },
	{ "mldsa_sign_noseed_schema.json", ash_vector_run_mldsa_sign },
	{ "mldsa_sign_seed_schema.json", ash_vector_run_mldsa_sign },
	{ "mldsa_verify_schema.json", ash_vector_run_mldsa_verify },
	{ "mlkem_semi_expanded_decaps_test_schema.json", ash_vector_run_mlkem },
	{ "mlkem_test_schema.json", ash_vector_run_mlkem },
	{ "pbkdf_test_schema.json", ash_vector_run_pbkdf2 },
	{ "rsaes_oaep_decrypt_schema_v1.json", ash_vector_run_rsa_oaep },
	{ "rsaes_pkcs1_decrypt_schema_v1.json", ash_vector_run_rsa_decrypt },
	{ "rsassa_pkcs1_generate_schema_v1.json", ash_vector_run_rsa_signature },
	{ "rsassa_pkcs1_verify_schema_v1.json", ash_vector_run_rsa_signature },
	{ "rsassa_pss_verify_schema_v1.json", ash_vector_run_rsa_pss },
	{ "xdh_comp_schema_v1.json", ash_vector_run_ecdh },
};

/* --- for the schemas' own functions ------------------------------------------ */

enum ash_vector_answer ash_vector_ask(struct ash_vector_run *run, const struct ash_vector_request *request)
{
	ash_buf_reset(&run->out);
	run->why = NULL;
	return run->target->run(run->target->self, request, &run->out, &run->why);
}

enum ash_vector_answer ash_vector_ask_derive(struct ash_vector_run *run, const struct ash_kdf *kdf,
					     size_t len)
{
	ash_buf_reset(&run->out);
	run->why = NULL;
	if (run->target->derive == NULL)
		return ASH_VECTOR_UNSUPPORTED;
	return run->target->derive(run->target->self, kdf, len, &run->out, &run->why);
}

enum ash_vector_answer ash_vector_ask_share(struct ash_vector_run *run, enum ash_op op,
					    const struct ash_vector_key *key, struct ash_span input)
{
	ash_buf_reset(&run->out);
	run->why = NULL;
	if (run->target->share == NULL)
		return ASH_VECTOR_UNSUPPORTED;
	return run->target->share(run->target->self, op, key, input, &run->out, &run->why);
}

struct ash_vector_outcome ash_vector_judge(const struct ash_vector_run *run, enum ash_vector_answer answer,
					   bool right)
{
	switch (answer) {
	case ASH_VECTOR_DONE:
		if (run->one->result == ASH_VECTOR_INVALID)
			return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "is invalid and was accepted");
		return right ? ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL)
			     : ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "has another result");
	case ASH_VECTOR_REFUSED:
		return run->one->result == ASH_VECTOR_VALID
			       ? ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "is valid and was refused")
			       : ASH_VECTOR_OUTCOME(ASH_VECTOR_PASSED, NULL);
	case ASH_VECTOR_UNSUPPORTED: return ASH_VECTOR_OUTCOME(ASH_VECTOR_NOT_OFFERED, run->why);
	case ASH_VECTOR_BROKEN: break;
	}
	return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, run->why);
}

struct ash_vector_outcome ash_vector_unknown(void)
{
	return ASH_VECTOR_OUTCOME(ASH_VECTOR_SKIPPED, ASH_VECTOR_UNKNOWN_ALGORITHM);
}

bool ash_vector_out_is(const struct ash_vector_run *run, struct ash_span want)
{
	return ash_span_equal(ash_buf_span(&run->out), want);
}

bool ash_vector_passed(struct ash_vector_outcome outcome)
{
	return outcome.what == ASH_VECTOR_PASSED;
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

enum ash_hash ash_vector_hash(const char *name)
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

enum ash_group ash_vector_group(const char *name)
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

static void count_reason(struct ash_vector_report *report, const char *why, size_t tests)
{
	size_t i = 0;

	report->skipped += tests;
	while (i < ASH_VECTOR_REASONS - 1 && report->reason[i].text != NULL &&
	       strcmp(report->reason[i].text, why) != 0)
		i++;
	if (i == ASH_VECTOR_REASONS - 1)
		why = "for other reasons";
	report->reason[i].text = why;
	report->reason[i].count += tests;
}

static void count_failure(const struct ash_vector_run *run, const char *why, struct ash_vector_report *report)
{
	size_t at = report->failed++;

	if (at >= ASH_VECTOR_FAILURES_SHOWN)
		return;
	report->failure[at].test = run->one->id;
	(void)snprintf(report->failure[at].comment, sizeof(report->failure[at].comment), "%s",
		       run->one->comment);
	if (run->one->broken != NULL)
		(void)snprintf(report->failure[at].why, sizeof(report->failure[at].why),
			       "its field \"%s\" is missing or no good", run->one->broken);
	else
		(void)snprintf(report->failure[at].why, sizeof(report->failure[at].why), "%s", why);
}

static void count_outcome(const struct ash_vector_run *run, struct ash_vector_outcome outcome,
			  struct ash_vector_report *report)
{
	report->tests++;
	switch (outcome.what) {
	case ASH_VECTOR_PASSED: report->passed++; break;
	case ASH_VECTOR_NOT_OFFERED:
		report->not_offered++;
		count_reason(report, outcome.why != NULL ? outcome.why : NOT_OFFERED, 1);
		break;
	case ASH_VECTOR_SKIPPED: count_reason(report, outcome.why, 1); break;
	case ASH_VECTOR_FAILED:
		count_failure(run, outcome.why != NULL ? outcome.why : "is not right", report);
		break;
	}
}

static struct ash_vector_outcome run_case(struct ash_vector_run *run,
					  struct ash_vector_outcome (*schema)(struct ash_vector_run *))
{
	struct ash_vector_outcome outcome = schema(run);

	/* Of an algorithm that is not known nobody can say which fields it has. */
	if (outcome.what == ASH_VECTOR_SKIPPED)
		return outcome;
	/* A field that is missing or malformed makes nonsense of whatever came out. */
	if (run->one->broken != NULL)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, NULL);
	if (run->one->no_memory)
		return ASH_VECTOR_OUTCOME(ASH_VECTOR_FAILED, "there was no memory for it");
	return outcome;
}

static void run_groups(const struct ash_vector_file *file, const struct ash_vector_target *target,
		       struct ash_vector_outcome (*schema)(struct ash_vector_run *),
		       struct ash_vector_report *report)
{
	const json_t *groups = json_object_get(file->root, "testGroups");

	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const json_t *tests = json_object_get(group, "tests");

		for (size_t j = 0; j < json_array_size(tests); j++) {
			struct ash_vector_case one = { 0 };
			struct ash_vector_run run = { file, target, &one, NULL, ASH_BUF_PLAIN };

			ash_vector_case_begin(group, json_array_get(tests, j), &one);
			count_outcome(&run, run_case(&run, schema), report);
			ash_vector_case_done(&one);
			ash_buf_done(&run.out);
		}
	}
}

ASH_STATUS ash_vector_run_file(const char *path, const struct ash_vector_target *target,
			       struct ash_vector_report *ret_report)
{
	struct ash_vector_outcome (*schema)(struct ash_vector_run *) = NULL;
	struct ash_vector_report report = { 0 };
	struct ash_vector_file file = { 0 };
	struct ash_status status = ash_vector_file_open(path, &file);

	if (status.code == ASH_E_UNSUPPORTED) {
		count_reason(&report, NO_VECTORS, 0);
		*ret_report = report;
		return ASH_DONE;
	}
	ASH_TRY(status);
	(void)snprintf(report.algorithm, sizeof(report.algorithm), "%s", file.algorithm);
	(void)snprintf(report.schema, sizeof(report.schema), "%s", file.schema);
	for (size_t i = 0; i < ASH_COUNT(runners); i++) {
		if (strcmp(runners[i].schema, file.schema) == 0)
			schema = runners[i].run;
	}
	if (schema != NULL) {
		run_groups(&file, target, schema, &report);
	} else {
		report.tests = file.tests;
		count_reason(&report, UNKNOWN_SCHEMA, file.tests);
	}
	ash_vector_file_close(&file);
	*ret_report = report;
	return ASH_DONE;
}
