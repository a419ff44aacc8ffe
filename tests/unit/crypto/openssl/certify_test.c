/* Certificates and requests, signed by keys of the back end as the HSM would. */
#include "crypto/openssl/certify.h"

#include "crypto/openssl/certext.h"
#include "crypto/openssl/certificate.h"
#include "crypto/openssl/certname.h"
#include "crypto/openssl/openssl.h"

#define TESTED_BACKEND ash_backend_openssl
#include "crypto/backend_tools.h"

/* Kinds of keys, and what stands before the public key's bytes in their SubjectPublicKeyInfo. */
static const struct kind {
	struct ash_key_spec spec;
	struct ash_alg alg;
	const char *info; /* hex */
} kinds[] = {
	{ EC(P256), ALG(ECDSA, SHA256), "3059301306072a8648ce3d020106082a8648ce3d030107034200" },
	{ EC(P384), ALG(ECDSA, SHA384), "3076301006072a8648ce3d020106052b81040022036200" },
	{ ED(25519), ALG(EDDSA, NONE), "302a300506032b6570032100" },
	{ ED(448), ALG(EDDSA, NONE), "3043300506032b6571033a00" },
	{ ML_DSA(44), ALG(ML_DSA, NONE), "30820532300b06096086480165030403110382052100" },
	{ ML_DSA(65), ALG(ML_DSA, NONE), "308207b2300b0609608648016503040312038207a100" },
	{ ML_DSA(87), ALG(ML_DSA, NONE), "30820a32300b060960864801650304031303820a2100" },
	{ RSA(2048), ALG(RSA_PKCS1, SHA256), NULL },
	{ RSA(2048), ALG(RSA_PKCS1, SHA512), NULL },
	{ RSA(2048), ALG(RSA_PSS, SHA256), NULL },
};

static void add_integer(struct ash_buf *out, struct ash_span number)
{
	const uint8_t header[] = { 0x02, 0x82, (uint8_t)((number.len + 1) >> 8), (uint8_t)(number.len + 1),
				   0 };

	EXPECT_OK(ash_buf_add(out, SPAN(header)));
	EXPECT_OK(ash_buf_add(out, number));
}

/* RSA of 2048 bits: SEQUENCE { modulus, 65537 } in bits. */
static void add_rsa_info(const struct ash_parts *parts, struct ash_buf *out)
{
	EXPECT_OK(ash_buf_add(out, HEX("30820122300d06092a864886f70d01010105000382010f003082010a")));
	add_integer(out, ash_parts_get(parts, ASH_PART_MODULUS));
	EXPECT_OK(ash_buf_add(out, HEX("0203010001")));
}

static void add_info(const struct kind *kind, struct ash_buf *out)
{
	struct ash_parts parts = parts_of(kept_key(&kind->spec));

	if (kind->spec.kind == ASH_KEY_RSA) {
		add_rsa_info(&parts, out);
	} else {
		uint8_t room[64];

		EXPECT_OK(ash_buf_add(out, hex(kind->info, ash_mut(room, sizeof(room)))));
		EXPECT_OK(ash_buf_add(out, ash_parts_get(&parts, ASH_PART_PUBLIC)));
	}
	ash_parts_done(&parts);
}

static void sign_with(const struct kind *kind, struct ash_span body, struct ash_buf *signature)
{
	const struct ash_params pss = { .hash = kind->alg.hash, .mgf_hash = kind->alg.hash, .salt_len = 32 };
	void *op = new_op(ASH_OP_SIGN, kind->alg, kept_key(&kind->spec));
	struct ash_mut room;
	size_t len = 0;

	EXPECT_OK(ash_buf_extend(signature, ash_alg_signature_len(kind->alg, &kind->spec), &room));
	EXPECT_OK(one_shot(op, kind->alg.scheme == ASH_SCHEME_RSA_PSS ? &pss : &no_params, body, room, &len));
	signature->len = len;
	ops->op_free(op);
}

/* A plan for that kind of key; what it lends lies in the bufs. */
struct planned {
	struct ash_certify plan;
	struct ash_buf info, subject, names, purposes;
};

static void planned_auto(struct planned *planned)
{
	ash_buf_done(&planned->info);
	ash_buf_done(&planned->subject);
	ash_buf_done(&planned->names);
	ash_buf_done(&planned->purposes);
}
#define AUTO_PLANNED __attribute__((cleanup(planned_auto))) struct planned

static void plan_for(const struct kind *kind, bool request, struct planned *planned)
{
	*planned = (struct planned){ .info = ASH_BUF_PLAIN,
				     .subject = ASH_BUF_PLAIN,
				     .names = ASH_BUF_PLAIN,
				     .purposes = ASH_BUF_PLAIN };
	add_info(kind, &planned->info);
	EXPECT_OK(ash_certname_read(TEXT("CN=web,O=Example"), &planned->subject));
	EXPECT_OK(ash_certext_alt_names(TEXT("dns:web.example"), &planned->names));
	EXPECT_OK(ash_certext_purposes(TEXT("serverAuth"), &planned->purposes));
	planned->plan = (struct ash_certify){
		.request = request,
		.key_info = ash_buf_span(&planned->info),
		.subject = ash_buf_span(&planned->subject),
		.alg = kind->alg,
		.group = kind->spec.group,
		.serial = TEXT("\x80\x01"),
		.not_before = 1795670580,
		.not_after = 2832470580,
		.constraints = ASH_CERTIFY_AUTHORITY,
		.path_len = 1,
		.key_usage = ASH_CERTIFY_USAGE(5) | ASH_CERTIFY_USAGE(8),
		.purposes = ash_buf_span(&planned->purposes),
		.alt_names = ash_buf_span(&planned->names),
	};
}

static void make(const struct kind *kind, const struct ash_certify *plan, struct ash_buf *der)
{
	ASH_AUTO(ash_buf) body = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) signature = ASH_BUF_PLAIN;

	EXPECT(ash_certify_knows(plan->alg, plan->group));
	EXPECT_OK(ash_certify_begin(plan, &body));
	sign_with(kind, ash_buf_span(&body), &signature);
	EXPECT_OK(ash_certify_end(plan, ash_buf_span(&body), ash_buf_span(&signature), der));
}

static bool has(const struct ash_buf *der, const char *digits)
{
	uint8_t room[64];
	const struct ash_span part = hex(digits, ash_mut(room, sizeof(room)));

	return memmem(der->data, der->len, part.data, part.len) != NULL;
}

TEST(every_kind_of_key_signs_its_certificate)
{
	for (size_t i = 0; i < ASH_COUNT(kinds); i++) {
		AUTO_PLANNED planned;
		ASH_AUTO(ash_certificate) made = ASH_CERTIFICATE_NONE;
		ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

		plan_for(&kinds[i], false, &planned);
		make(&kinds[i], &planned.plan, &der);
		EXPECT_OK(ash_certificate_read(ash_buf_span(&der), &made));
		EXPECT_OK(ash_certificate_check(ash_buf_span(&der), ash_buf_span(&der)));
		EXPECT_SPAN(ash_buf_span(&planned.info), ash_buf_span(&made.key_info));
		EXPECT_SPAN(ash_buf_span(&planned.subject), ash_buf_span(&made.subject));
		EXPECT_SPAN(TEXT("\x00\x80\x01"), ash_buf_span(&made.serial_number));
		EXPECT_NUMBER(1795670580, made.not_before);
		EXPECT_NUMBER(2832470580, made.not_after);
		EXPECT(made.authority);
	}
}

TEST(extensions_are_as_planned)
{
	AUTO_PLANNED planned;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	plan_for(&kinds[0], false, &planned);
	make(&kinds[0], &planned.plan, &der);
	EXPECT(has(&der, "0603551d130101ff040830060101ff020101")); /* CA:TRUE, pathlen 1 */
	EXPECT(has(&der, "0603551d0f0101ff040503030704"
			 "80")); /* keyCertSign, decipherOnly */
	EXPECT(has(&der, "0603551d25040c300a06082b06010505070301"));
	EXPECT(has(&der, "820b7765622e6578616d706c65"));
	EXPECT(has(&der, "0603551d0e04160414") && has(&der, "0603551d230418301680"
							    "14"));
}

TEST(a_plain_certificate_says_no_more_than_its_key)
{
	AUTO_PLANNED planned;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	plan_for(&kinds[2], false, &planned);
	planned.plan.constraints = ASH_CERTIFY_UNSAID;
	planned.plan.key_usage = 0;
	planned.plan.purposes = planned.plan.alt_names = ASH_SPAN_NONE;
	make(&kinds[2], &planned.plan, &der);
	EXPECT(has(&der, "0603551d0e") && has(&der, "0603551d23"));
	EXPECT(!has(&der, "0603551d13") && !has(&der, "0603551d0f") && !has(&der, "0603551d11"));
}

TEST(every_kind_of_key_signs_a_request)
{
	for (size_t i = 0; i < ASH_COUNT(kinds); i++) {
		AUTO_PLANNED planned;
		ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

		plan_for(&kinds[i], true, &planned);
		planned.plan.constraints = ASH_CERTIFY_END_ENTITY;
		make(&kinds[i], &planned.plan, &der);
		EXPECT(has(&der, "2a864886f70d01090e")); /* extensionRequest */
		EXPECT(has(&der, "0603551d130101ff04023000"));
		EXPECT(!has(&der, "0603551d0e"));
	}
}

TEST(names_of_who_has_none_are_critical)
{
	AUTO_PLANNED planned;
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	plan_for(&kinds[0], true, &planned);
	planned.plan.subject = TEXT("\x30\x00");
	make(&kinds[0], &planned.plan, &der);
	EXPECT(has(&der, "0603551d110101ff"));
}

TEST(a_wrong_signature_is_not_given_out)
{
	for (size_t i = 0; i < 4; i++) {
		const struct kind *kind = &kinds[i % 2 == 0 ? 0 : 2];
		AUTO_PLANNED planned;
		ASH_AUTO(ash_buf) body = ASH_BUF_PLAIN;
		ASH_AUTO(ash_buf) signature = ASH_BUF_PLAIN;
		ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

		plan_for(kind, i < 2, &planned);
		EXPECT_OK(ash_certify_begin(&planned.plan, &body));
		sign_with(kind, ash_buf_span(&body), &signature);
		signature.data[5] ^= 1;
		EXPECT_CODE(ASH_E_SIGNATURE, ash_certify_end(&planned.plan, ash_buf_span(&body),
							     ash_buf_span(&signature), &der));
		signature.data[5] ^= 1;
		body.data[body.len - 1] ^= 1;
		EXPECT(!ash_is_ok(
			ash_certify_end(&planned.plan, ash_buf_span(&body), ash_buf_span(&signature), &der)));
		EXPECT_NUMBER(0, der.len);
	}
}

TEST(plans_that_cannot_be_are_refused)
{
	AUTO_PLANNED planned;
	ASH_AUTO(ash_buf) body = ASH_BUF_PLAIN;
	struct ash_certify plan;

	plan_for(&kinds[0], false, &planned);
	plan = planned.plan;
	plan.serial = TEXT("\0\0");
	EXPECT_CODE(ASH_E_ARGUMENT, ash_certify_begin(&plan, &body));
	plan.serial = TEXT("123456789012345678901");
	EXPECT_CODE(ASH_E_ARGUMENT, ash_certify_begin(&plan, &body));
	plan = planned.plan;
	plan.not_after = plan.not_before;
	EXPECT_CODE(ASH_E_ARGUMENT, ash_certify_begin(&plan, &body));
	plan = planned.plan;
	plan.subject = TEXT("\x30");
	EXPECT_CODE(ASH_E_ARGUMENT, ash_certify_begin(&plan, &body));
	plan.subject = ASH_SPAN_NONE;
	EXPECT_CODE(ASH_E_ARGUMENT, ash_certify_begin(&plan, &body));
	plan = planned.plan;
	plan.key_info.len--;
	EXPECT_CODE(ASH_E_KEY_INVALID, ash_certify_begin(&plan, &body));
	plan = planned.plan;
	plan.alg.hash = ASH_HASH_SHA1;
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_certify_begin(&plan, &body));
	EXPECT(!ash_certify_knows(plan.alg, plan.group));
	EXPECT_NUMBER(0, body.len);
}

TEST(making_needs_memory)
{
	for (size_t i = 0; i < 2; i++) {
		AUTO_PLANNED planned;
		ASH_AUTO(ash_buf) body = ASH_BUF_PLAIN;
		ASH_AUTO(ash_buf) signature = ASH_BUF_PLAIN;
		ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

		plan_for(&kinds[0], i == 0, &planned);
		FAIL_EVERY_ALLOCATION(body.len == 0, ash_certify_begin(&planned.plan, &body));
		sign_with(&kinds[0], ash_buf_span(&body), &signature);
		FAIL_EVERY_ALLOCATION(der.len == 0, ash_certify_end(&planned.plan, ash_buf_span(&body),
								    ash_buf_span(&signature), &der));
	}
}

TEST(nothing_is_left_behind)
{
	static const size_t some[] = { 0, 2, 9 }; /* ECDSA, EdDSA, PSS */
	size_t blocks = 0;

	for (int i = 0; i < 4; i++) {
		for (size_t at = 0; at < ASH_COUNT(some); at++) {
			AUTO_PLANNED planned;
			ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

			plan_for(&kinds[some[at]], at == 1, &planned);
			make(&kinds[some[at]], &planned.plan, &der);
			EXPECT(!ash_is_ok(ash_certname_read(TEXT("CN=a,O=\\"), &der)));
			EXPECT(!ash_is_ok(ash_certext_alt_names(TEXT("dns:a,ip:x"), &der)));
			EXPECT(!ash_is_ok(ash_certext_purposes(TEXT("serverAuth,x"), &der)));
		}
		EXPECT(i < 2 || ash_arena_stats().blocks == blocks);
		blocks = ash_arena_stats().blocks;
	}
}
