#include "token/attribute_priv.h"
#include "unit/test.h"
#include "unit/token/template.h"

static const struct ash_actor nobody = { .so = false };
static const struct ash_actor officer = { .so = true };

#define CLASS_AND_TYPE(class, type)        \
	{ CKA_CLASS, NUMBER(class) },      \
	{                                  \
		CKA_KEY_TYPE, NUMBER(type) \
	}
#define AES_KEY                                     \
	CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES),    \
	{                                           \
		CKA_VALUE, TEXT("0123456789abcdef") \
	}
#define CERTIFICATE                                                                          \
	{ CKA_CLASS, NUMBER(CKO_CERTIFICATE) }, { CKA_CERTIFICATE_TYPE, NUMBER(CKC_X_509) }, \
	{                                                                                    \
		CKA_SUBJECT, TEXT("subject")                                                 \
	}
#define RSA_PRIVATE                                                           \
	CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_RSA), { CKA_MODULUS, TEXT("n") }, \
		{ CKA_PUBLIC_EXPONENT, TEXT("e") },                           \
	{                                                                     \
		CKA_PRIVATE_EXPONENT, TEXT("d")                               \
	}

static struct ash_status make(enum ash_making making, struct ash_template given, struct ash_template implied,
			      struct ash_attrs **ret_attrs)
{
	return ash_attribute_make(making, given, implied, CKM_AES_KEY_GEN, nobody, ret_attrs);
}

static struct ash_attrs *created(struct ash_template given)
{
	struct ash_attrs *attrs = NULL;

	EXPECT_OK(ash_attribute_make(ASH_MADE_CREATE, given, NO_ATTRS, CK_UNAVAILABLE_INFORMATION, officer,
				     &attrs));
	return attrs;
}

static struct ash_attrs *generated(uint64_t class, uint64_t type, struct ash_template given)
{
	struct ash_attrs *attrs = NULL;

	EXPECT_OK(make(ASH_MADE_GENERATE, given, ATTRS(CLASS_AND_TYPE(class, type)), &attrs));
	return attrs;
}

static void refuse(enum ash_code code, struct ash_template given)
{
	struct ash_attrs *attrs = NULL;

	EXPECT_CODE(code, make(ASH_MADE_CREATE, given, NO_ATTRS, &attrs));
	EXPECT(attrs == NULL);
}

/* --- Making, attribute by attribute ------------------------------------------ */

TEST(a_silent_template_gets_the_defaults)
{
	ASH_AUTO(ash_attrs) *data = created(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }));
	ASH_AUTO(ash_attrs) *cert = created(ATTRS(CERTIFICATE, { CKA_VALUE, TEXT("value") }));

	EXPECT_NUMBER(10, ash_attrs_count(data));
	EXPECT(!ash_attrs_bool(data, CKA_TOKEN, true));
	EXPECT(!ash_attrs_bool(data, CKA_PRIVATE, true));
	EXPECT(ash_attrs_bool(data, CKA_MODIFIABLE, false));
	EXPECT(ash_attrs_bool(data, CKA_COPYABLE, false));
	EXPECT(ash_attrs_bool(data, CKA_DESTROYABLE, false));
	EXPECT_NUMBER(0, value_of(data, CKA_LABEL).len);
	EXPECT_NUMBER(0, value_of(data, CKA_VALUE).len);
	EXPECT(!ash_attrs_has(data, CKA_LOCAL));
	EXPECT_NUMBER(0, ash_attrs_number(cert, CKA_CERTIFICATE_CATEGORY, 9));
	EXPECT_NUMBER(0, value_of(cert, CKA_ISSUER).len);
	EXPECT(!ash_attrs_bool(cert, CKA_TRUSTED, true));
	EXPECT(!ash_attrs_has(cert, CKA_NAME_HASH_ALGORITHM));
}

TEST(keys_are_private_and_private_keys_sensitive)
{
	ASH_AUTO(ash_attrs) *secret =
		generated(CKO_SECRET_KEY, CKK_AES, ATTRS({ CKA_VALUE_LEN, NUMBER(32) }));
	ASH_AUTO(ash_attrs) *private_key = generated(CKO_PRIVATE_KEY, CKK_RSA, NO_ATTRS);
	ASH_AUTO(ash_attrs) *public_key =
		generated(CKO_PUBLIC_KEY, CKK_RSA, ATTRS({ CKA_MODULUS_BITS, NUMBER(2048) }));

	EXPECT(ash_attrs_bool(secret, CKA_PRIVATE, false));
	EXPECT(!ash_attrs_bool(secret, CKA_SENSITIVE, true));
	EXPECT(!ash_attrs_bool(secret, CKA_EXTRACTABLE, true));
	EXPECT(ash_attrs_bool(private_key, CKA_PRIVATE, false));
	EXPECT(ash_attrs_bool(private_key, CKA_SENSITIVE, false));
	EXPECT(!ash_attrs_bool(private_key, CKA_EXTRACTABLE, true));
	EXPECT(!ash_attrs_bool(public_key, CKA_PRIVATE, true));
	EXPECT(!ash_attrs_has(public_key, CKA_SENSITIVE));
	EXPECT_SPAN(BYTES(1, 0, 1), value_of(public_key, CKA_PUBLIC_EXPONENT));
	EXPECT(!ash_attrs_has(private_key, CKA_PUBLIC_EXPONENT));
}

/* What each type of key does unasked. */
TEST(keys_do_what_their_type_can)
{
	static const struct {
		uint64_t class, type, can[3];
	} row[] = {
		{ CKO_PUBLIC_KEY, CKK_RSA, { CKA_ENCRYPT, CKA_VERIFY } },
		{ CKO_PRIVATE_KEY, CKK_RSA, { CKA_DECRYPT, CKA_SIGN } },
		{ CKO_PUBLIC_KEY, CKK_EC, { CKA_VERIFY } },
		{ CKO_PRIVATE_KEY, CKK_EC, { CKA_SIGN } },
		{ CKO_PUBLIC_KEY, CKK_EC_EDWARDS, { CKA_VERIFY } },
		{ CKO_PRIVATE_KEY, CKK_EC_EDWARDS, { CKA_SIGN } },
		{ CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY, { 0 } },
		{ CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY, { 0 } }, /* CKA_DERIVE has to be asked for */
		{ CKO_PUBLIC_KEY, CKK_ML_KEM, { CKA_ENCAPSULATE } },
		{ CKO_PRIVATE_KEY, CKK_ML_KEM, { CKA_DECAPSULATE } },
		{ CKO_PUBLIC_KEY, CKK_ML_DSA, { CKA_VERIFY } },
		{ CKO_PRIVATE_KEY, CKK_ML_DSA, { CKA_SIGN } },
		{ CKO_SECRET_KEY, CKK_AES, { CKA_ENCRYPT, CKA_DECRYPT } },
		{ CKO_SECRET_KEY, CKK_GENERIC_SECRET, { CKA_SIGN, CKA_VERIFY } },
		{ CKO_SECRET_KEY, CKK_SHA256_HMAC, { CKA_SIGN, CKA_VERIFY } },
		{ CKO_SECRET_KEY, CKK_SHA3_512_HMAC, { CKA_SIGN, CKA_VERIFY } },
		{ CKO_SECRET_KEY, CKK_HKDF, { 0 } },
	};
	static const uint64_t usages[] = { CKA_ENCRYPT,     CKA_DECRYPT,      CKA_SIGN,
					   CKA_VERIFY,      CKA_WRAP,         CKA_UNWRAP,
					   CKA_DERIVE,      CKA_SIGN_RECOVER, CKA_VERIFY_RECOVER,
					   CKA_ENCAPSULATE, CKA_DECAPSULATE };

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		ASH_AUTO(ash_attrs) *attrs = NULL;
		const struct ash_template given =
			ATTRS({ row[i].class == CKO_SECRET_KEY ? CKA_VALUE_LEN : CKA_LABEL, NUMBER(32) },
			      { row[i].type == CKK_RSA                                   ? CKA_MODULUS_BITS
				: row[i].type == CKK_ML_DSA || row[i].type == CKK_ML_KEM ? CKA_PARAMETER_SET
											 : CKA_EC_PARAMS,
				NUMBER(2048) });

		attrs = generated(
			row[i].class, row[i].type,
			(struct ash_template){ given.attrs, row[i].class == CKO_PUBLIC_KEY ? 2 : 1 });
		for (size_t k = 0; k < ASH_COUNT(usages); k++) {
			const bool can = row[i].can[0] == usages[k] || row[i].can[1] == usages[k];

			EXPECT_NUMBER(can, ash_attrs_bool(attrs, usages[k], false));
		}
	}
}

TEST(a_key_remembers_where_it_comes_from)
{
	static const struct {
		enum ash_making making;
		bool local, extractable;
	} row[] = {
		{ ASH_MADE_CREATE, false, false },     { ASH_MADE_GENERATE, true, false },
		{ ASH_MADE_UNWRAP, false, true },      { ASH_MADE_DERIVE, false, false },
		{ ASH_MADE_ENCAPSULATE, false, true },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const bool create = row[i].making == ASH_MADE_CREATE,
			   unwrap = row[i].making == ASH_MADE_UNWRAP;
		ASH_AUTO(ash_attrs) *attrs = NULL;
		const struct ash_template given = ATTRS(
			{ CKA_SENSITIVE, YES }, { create ? CKA_VALUE : CKA_ID, TEXT("0123456789abcdef") },
			{ unwrap ? CKA_LABEL : CKA_VALUE_LEN, NUMBER(16) });

		EXPECT_OK(make(row[i].making, (struct ash_template){ given.attrs, create ? 2 : 3 },
			       ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES)), &attrs));
		EXPECT_NUMBER(row[i].local, ash_attrs_bool(attrs, CKA_LOCAL, !row[i].local));
		EXPECT_NUMBER(row[i].local ? CKM_AES_KEY_GEN : CK_UNAVAILABLE_INFORMATION,
			      ash_attrs_number(attrs, CKA_KEY_GEN_MECHANISM, 0));
		EXPECT_NUMBER(row[i].extractable,
			      ash_attrs_bool(attrs, CKA_EXTRACTABLE, !row[i].extractable));
		EXPECT_NUMBER(row[i].local, ash_attrs_bool(attrs, CKA_ALWAYS_SENSITIVE, !row[i].local));
		EXPECT_NUMBER(row[i].local, ash_attrs_bool(attrs, CKA_NEVER_EXTRACTABLE, !row[i].local));
	}
}

TEST(history_is_true_to_the_template)
{
	ASH_AUTO(ash_attrs) *open = generated(
		CKO_SECRET_KEY, CKK_AES,
		ATTRS({ CKA_VALUE_LEN, NUMBER(16) }, { CKA_SENSITIVE, NO }, { CKA_EXTRACTABLE, YES }));

	EXPECT(!ash_attrs_bool(open, CKA_ALWAYS_SENSITIVE, true));
	EXPECT(!ash_attrs_bool(open, CKA_NEVER_EXTRACTABLE, true));
}

TEST(once_or_twice_the_same_is_the_same)
{
	ASH_AUTO(ash_attrs) *attrs =
		created(ATTRS(AES_KEY, { CKA_LABEL, TEXT("x") }, { CKA_LABEL, TEXT("x") }));
	ASH_AUTO(ash_attrs) *rsa = created(
		ATTRS(RSA_PRIVATE, { CKA_MODULUS, BYTES(0, 'n') }, { CKA_PUBLIC_EXPONENT, TEXT("\0\0e") }));

	EXPECT_SPAN(TEXT("x"), value_of(attrs, CKA_LABEL));
	EXPECT_SPAN(TEXT("n"), value_of(rsa, CKA_MODULUS));
	refuse(ASH_E_TEMPLATE_INCONSISTENT,
	       ATTRS(AES_KEY, { CKA_LABEL, TEXT("x") }, { CKA_LABEL, TEXT("y") }));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(AES_KEY, { CKA_VALUE, TEXT("0123456789abcdeF") }));
}

TEST(a_template_may_name_what_the_mechanism_says_and_nothing_else)
{
	struct ash_attrs *attrs = NULL;
	const struct ash_template implied = ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES));

	EXPECT_OK(make(ASH_MADE_GENERATE,
		       ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES), { CKA_VALUE_LEN, NUMBER(16) }), implied,
		       &attrs));
	attrs = ash_attrs_free(attrs);
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    make(ASH_MADE_GENERATE,
			 ATTRS({ CKA_KEY_TYPE, NUMBER(CKK_RSA) }, { CKA_VALUE_LEN, NUMBER(16) }), implied,
			 &attrs));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    make(ASH_MADE_GENERATE,
			 ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_VALUE_LEN, NUMBER(16) }), implied,
			 &attrs));
	EXPECT(attrs == NULL);
}

TEST(a_mechanism_contributes_what_a_template_may_not_name)
{
	struct ash_attrs *attrs = NULL;
	const struct ash_attr params = { CKA_EC_PARAMS, TEXT("params") };

	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, make(ASH_MADE_GENERATE, ATTRS(params),
						    ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_EC)), &attrs));
	EXPECT_OK(make(ASH_MADE_GENERATE, NO_ATTRS, ATTRS(CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_EC), params),
		       &attrs));
	EXPECT_SPAN(TEXT("params"), value_of(attrs, CKA_EC_PARAMS));
	ash_attrs_free(attrs);
}

TEST(errors_come_in_the_standards_order)
{
	const struct ash_attr type = { ASH_A_BLOB, EMPTY }, value = { CKA_TOKEN, EMPTY },
			      read_only = { CKA_LOCAL, YES }, inconsistent = { CKA_MODULUS, TEXT("n") },
			      class = { CKA_CLASS, NUMBER(CKO_SECRET_KEY) },
			      key = { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			      secret = { CKA_VALUE, TEXT("0123456789abcdef") };

	refuse(ASH_E_ATTRIBUTE_TYPE, ATTRS(inconsistent, read_only, value, class, key, type));
	refuse(ASH_E_ATTRIBUTE_VALUE, ATTRS(inconsistent, read_only, value, class, key));
	refuse(ASH_E_ATTRIBUTE_READ_ONLY, ATTRS(inconsistent, read_only, class, key));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(inconsistent, class, key));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(inconsistent, class, secret));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(inconsistent, key, secret));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(inconsistent, class, key, secret));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, NO_ATTRS);
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_RSA), secret));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, key));
}

TEST(only_the_officer_trusts)
{
	ASH_AUTO(ash_attrs) *attrs = created(ATTRS(AES_KEY, { CKA_TRUSTED, YES }, { CKA_PRIVATE, NO }));

	EXPECT(ash_attrs_bool(attrs, CKA_TRUSTED, false));
	refuse(ASH_E_ATTRIBUTE_READ_ONLY, ATTRS(AES_KEY, { CKA_TRUSTED, YES }, { CKA_PRIVATE, NO }));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(RSA_PRIVATE, { CKA_TRUSTED, NO }));
	ash_attrs_free(generated(CKO_SECRET_KEY, CKK_AES,
				 ATTRS({ CKA_VALUE_LEN, NUMBER(16) }, { CKA_TRUSTED, NO })));
}

TEST(the_token_alone_has_profiles)
{
	const struct ash_attr class = { CKA_CLASS, NUMBER(CKO_PROFILE) }, id = { CKA_PROFILE_ID, NUMBER(1) };

	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(class));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(class, id));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(class, id, { CKA_TOKEN, YES }));
	refuse(ASH_E_ATTRIBUTE_VALUE, ATTRS(class, { CKA_PROFILE_ID, BYTES(1) }));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, id));
}

TEST(domain_parameters_are_public_and_made_elsewhere)
{
	ASH_AUTO(ash_attrs) *attrs = created(
		ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_EC), { CKA_EC_PARAMS, TEXT("curve") }));

	EXPECT_NUMBER(10, ash_attrs_count(attrs));
	EXPECT(!ash_attrs_bool(attrs, CKA_PRIVATE, true));
	EXPECT(!ash_attrs_bool(attrs, CKA_LOCAL, true));
	EXPECT(!ash_attrs_has(attrs, CKA_KEY_GEN_MECHANISM));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_EC)));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS({ CKA_CLASS, NUMBER(CKO_DOMAIN_PARAMETERS) }));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_RSA)));
	refuse(ASH_E_ATTRIBUTE_READ_ONLY,
	       ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_EC), { CKA_LOCAL, NO }));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(CLASS_AND_TYPE(CKO_DOMAIN_PARAMETERS, CKK_EC),
						  { CKA_EC_PARAMS, TEXT("curve") }, { CKA_ID, TEXT("x") }));
}

TEST(small_exponents_come_in_but_are_not_made)
{
	static const struct {
		uint8_t e[34];
		size_t len;
		bool good;
	} row[] = {
		{ { 3 }, 1, false },
		{ { 17 }, 1, false },
		{ { 0xff, 0xff }, 2, false },
		{ { 1, 0, 0 }, 3, false }, /* even */
		{ { 1, 0, 1 }, 3, true },
		{ { 0, 1, 0, 1 }, 4, true },
		{ { 0, 0, 3 }, 3, false },
		{ { [0] = 0xff, [31] = 1 }, 32, true },
		{ { [0] = 1, [32] = 1 }, 33, false },
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const struct ash_attr e = { CKA_PUBLIC_EXPONENT, ash_span(row[i].e, row[i].len) };
		ASH_AUTO(ash_attrs) *attrs = NULL;
		ASH_AUTO(ash_attrs) *given = created(
			ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_RSA), { CKA_MODULUS, TEXT("n") }, e));

		EXPECT_CODE(row[i].good ? ASH_OK : ASH_E_TEMPLATE_INCONSISTENT,
			    make(ASH_MADE_GENERATE, ATTRS({ CKA_MODULUS_BITS, NUMBER(2048) }, e),
				 ATTRS(CLASS_AND_TYPE(CKO_PUBLIC_KEY, CKK_RSA)), &attrs));
		EXPECT_SPAN(ash_attribute_canonical(e.type, e.value), value_of(given, e.type));
	}
}

/* The rule of every derivation: what was true of the base key, and is true of the new one. */
TEST(a_derived_key_inherits_its_past)
{
	for (unsigned i = 0; i < 16; i++) {
		const bool was = (i & 1) != 0, never = (i & 2) != 0, sensitive = (i & 4) != 0,
			   extractable = (i & 8) != 0;
		ASH_AUTO(ash_attrs) *base = set_of(
			ATTRS({ CKA_ALWAYS_SENSITIVE, BYTES(was) }, { CKA_NEVER_EXTRACTABLE, BYTES(never) }));
		ASH_AUTO(ash_attrs) *bare = set_of(NO_ATTRS);
		ASH_AUTO(ash_attrs) *attrs = NULL;

		EXPECT_OK(make(
			ASH_MADE_DERIVE,
			ATTRS({ CKA_SENSITIVE, BYTES(sensitive) }, { CKA_EXTRACTABLE, BYTES(extractable) }),
			ATTRS(CLASS_AND_TYPE(CKO_SECRET_KEY, CKK_AES)), &attrs));
		EXPECT(!ash_attrs_bool(attrs, CKA_ALWAYS_SENSITIVE, true));
		EXPECT(!ash_attrs_bool(attrs, CKA_NEVER_EXTRACTABLE, true));
		EXPECT_OK(ash_attribute_inherit(base, attrs));
		EXPECT_NUMBER(was && sensitive, ash_attrs_bool(attrs, CKA_ALWAYS_SENSITIVE, false));
		EXPECT_NUMBER(never && !extractable, ash_attrs_bool(attrs, CKA_NEVER_EXTRACTABLE, false));
		EXPECT_OK(ash_attribute_inherit(bare, attrs));
		EXPECT(!ash_attrs_bool(attrs, CKA_ALWAYS_SENSITIVE, true));
		EXPECT(!ash_attrs_bool(attrs, CKA_NEVER_EXTRACTABLE, true));
	}
}

TEST(data_inherits_nothing)
{
	ASH_AUTO(ash_attrs) *base =
		set_of(ATTRS({ CKA_ALWAYS_SENSITIVE, YES }, { CKA_NEVER_EXTRACTABLE, YES }));
	ASH_AUTO(ash_attrs) *data = created(ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }));

	EXPECT_OK(ash_attribute_inherit(base, data));
	EXPECT_NUMBER(10, ash_attrs_count(data));
}

TEST(rsa_keys_come_whole)
{
	static const uint64_t rest[] = { CKA_EXPONENT_1, CKA_EXPONENT_2, CKA_COEFFICIENT };
	const struct ash_attr p = { CKA_PRIME_1, TEXT("p") }, q = { CKA_PRIME_2, TEXT("q") };

	ash_attrs_free(created(ATTRS(RSA_PRIVATE)));
	ash_attrs_free(created(ATTRS(RSA_PRIVATE, p, q)));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(RSA_PRIVATE, p));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(RSA_PRIVATE, q));
	for (size_t i = 0; i < ASH_COUNT(rest); i++) {
		ash_attrs_free(created(ATTRS(RSA_PRIVATE, p, q, { rest[i], TEXT("x") })));
		refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(RSA_PRIVATE, { rest[i], TEXT("x") }));
	}
}

TEST(ml_dsa_keys_have_a_value_or_a_seed)
{
	const struct ash_attr set = { CKA_PARAMETER_SET, NUMBER(CKP_ML_DSA_65) },
			      value = { CKA_VALUE, TEXT("sk") }, seed = { CKA_SEED, TEXT("xi") };

#define ML_DSA_PRIVATE CLASS_AND_TYPE(CKO_PRIVATE_KEY, CKK_ML_DSA)
	ash_attrs_free(created(ATTRS(ML_DSA_PRIVATE, set, value)));
	ash_attrs_free(created(ATTRS(ML_DSA_PRIVATE, set, seed)));
	ash_attrs_free(created(ATTRS(ML_DSA_PRIVATE, set, value, seed)));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(ML_DSA_PRIVATE, set));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(ML_DSA_PRIVATE, value, seed));
}

TEST(a_certificate_is_here_or_somewhere)
{
	const struct ash_attr url = { CKA_URL, TEXT("https://example.org/") }, none = { CKA_VALUE, EMPTY },
			      subject = { CKA_HASH_OF_SUBJECT_PUBLIC_KEY, TEXT("hash") },
			      issuer = { CKA_HASH_OF_ISSUER_PUBLIC_KEY, TEXT("hash") };

	ash_attrs_free(created(ATTRS(CERTIFICATE, none, url, subject, issuer)));
	refuse(ASH_E_TEMPLATE_INCOMPLETE, ATTRS(CERTIFICATE, url, subject, issuer));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(CERTIFICATE, none));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(CERTIFICATE, none, url, subject));
	refuse(ASH_E_TEMPLATE_INCONSISTENT, ATTRS(CERTIFICATE, none, url, issuer));
}

TEST(only_private_objects_ask_for_a_pin)
{
	ash_attrs_free(created(ATTRS(RSA_PRIVATE, { CKA_ALWAYS_AUTHENTICATE, YES })));
	ash_attrs_free(created(ATTRS(RSA_PRIVATE, { CKA_ALWAYS_AUTHENTICATE, NO }, { CKA_PRIVATE, NO })));
	refuse(ASH_E_TEMPLATE_INCONSISTENT,
	       ATTRS(RSA_PRIVATE, { CKA_ALWAYS_AUTHENTICATE, YES }, { CKA_PRIVATE, NO }));
}

TEST(a_large_object_meets_the_limit)
{
	static uint8_t large[ASH_ATTRS_MAX];

	refuse(ASH_E_LIMIT, ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_VALUE, SPAN(large) }));
}

/* --- Every kind of object, from the table ------------------------------------- */

static const struct kind {
	uint64_t class, type;
} kinds[] = {
	{ CKO_DATA, CK_UNAVAILABLE_INFORMATION },
	{ CKO_CERTIFICATE, CK_UNAVAILABLE_INFORMATION },
	{ CKO_PUBLIC_KEY, CKK_RSA },
	{ CKO_PUBLIC_KEY, CKK_EC },
	{ CKO_PUBLIC_KEY, CKK_EC_EDWARDS },
	{ CKO_PUBLIC_KEY, CKK_ML_DSA },
	{ CKO_PUBLIC_KEY, CKK_EC_MONTGOMERY },
	{ CKO_PUBLIC_KEY, CKK_ML_KEM },
	{ CKO_PRIVATE_KEY, CKK_RSA },
	{ CKO_PRIVATE_KEY, CKK_EC },
	{ CKO_PRIVATE_KEY, CKK_EC_EDWARDS },
	{ CKO_PRIVATE_KEY, CKK_ML_DSA },
	{ CKO_PRIVATE_KEY, CKK_EC_MONTGOMERY },
	{ CKO_PRIVATE_KEY, CKK_ML_KEM },
	{ CKO_SECRET_KEY, CKK_AES },
	{ CKO_SECRET_KEY, CKK_GENERIC_SECRET },
	{ CKO_SECRET_KEY, CKK_SHA256_HMAC },
	{ CKO_SECRET_KEY, CKK_SHA3_224_HMAC },
	{ CKO_SECRET_KEY, CKK_HKDF },
	{ CKO_DOMAIN_PARAMETERS, CKK_EC },
};

static const struct {
	uint32_t must, must_not;
	uint16_t classes;
} rules_of[] = {
	[ASH_MADE_CREATE] = { ASH_RULE_F1, ASH_RULE_F2, 0x3f },
	[ASH_MADE_GENERATE] = { ASH_RULE_F3, ASH_RULE_F4, ASH_ON_PUBLIC | ASH_ON_PRIVATE | ASH_ON_SECRET },
	[ASH_MADE_UNWRAP] = { ASH_RULE_F5, ASH_RULE_F6, ASH_ON_PRIVATE | ASH_ON_SECRET },
	[ASH_MADE_DERIVE] = { 0, ASH_RULE_F6, ASH_ON_SECRET | ASH_ON_DATA },
	[ASH_MADE_ENCAPSULATE] = { 0, ASH_RULE_F6, ASH_ON_SECRET },
};

/* A good value of the attribute; the variants differ. */
static struct ash_span sample(uint64_t type, unsigned variant)
{
	static const uint8_t bytes[][8] = { { 0 }, { 1 }, { 0, 0, 0, 0, 0, 0, 0, 1 } };

	switch (ash_attribute_find(type)->kind) {
	case ASH_ATTR_BOOL: return ash_span(bytes[variant], 1);
	case ASH_ATTR_NUMBER: return ash_span(bytes[variant * 2], 8);
	case ASH_ATTR_DATE: return variant == 0 ? TEXT("20240101") : TEXT("20250101");
	case ASH_ATTR_NUMBERS: return ash_span(bytes[0], variant * 8);
	case ASH_ATTR_TEMPLATE: return variant == 0 ? EMPTY : TEXT("\0\0\0\0\0\0\0\3\0\0\0\1x");
	case ASH_ATTR_INTEGER: return variant == 0 ? TEXT("\1\0\1") : TEXT("\1\0\3");
	case ASH_ATTR_BYTES:
	case ASH_ATTR_TEXT: return variant == 0 ? TEXT("a") : TEXT("b");
	}
	return EMPTY;
}

/* The least template that makes such an object, without `but`; class and type are implied. */
static size_t least(const struct kind *kind, enum ash_making making, uint64_t but, struct ash_attr *attrs)
{
	const struct ash_attr_place *places = NULL;
	const size_t all = ash_attribute_places(&places);
	struct ash_scope scope = { 0, 0 };
	size_t count = 0;

	EXPECT_OK(ash_attribute_scope(kind->class, kind->type, &scope));
	for (size_t i = 0; i < all; i++) {
		if (ash_place_in(&places[i], scope) && (places[i].rules & rules_of[making].must) != 0 &&
		    places[i].type != but && places[i].type != CKA_CLASS && places[i].type != CKA_KEY_TYPE)
			attrs[count++] = (struct ash_attr){ places[i].type, sample(places[i].type, 0) };
	}
	if (making == ASH_MADE_CREATE && kind->class == CKO_PRIVATE_KEY &&
	    (kind->type == CKK_ML_DSA || kind->type == CKK_ML_KEM))
		attrs[count++] = (struct ash_attr){ CKA_SEED, TEXT("a") };
	return count;
}

static struct ash_status make_least(const struct kind *kind, enum ash_making making, uint64_t but,
				    const struct ash_attr *more, size_t more_count,
				    struct ash_attrs **ret_attrs)
{
	const bool key = kind->type != CK_UNAVAILABLE_INFORMATION;
	struct ash_attr attrs[40];
	size_t count = least(kind, making, but, attrs);
	const struct ash_template implied = ATTRS(CLASS_AND_TYPE(kind->class, kind->type));

	for (size_t i = 0; i < more_count; i++)
		attrs[count++] = more[i];
	return make(making, (struct ash_template){ attrs, count },
		    (struct ash_template){ implied.attrs, key ? 2 : 1 }, ret_attrs);
}

/* Whether other attributes have a say in this one. */
static bool has_company(uint64_t type)
{
	static const uint64_t types[] = { CKA_PRIME_1,    CKA_PRIME_2,     CKA_EXPONENT_1,
					  CKA_EXPONENT_2, CKA_COEFFICIENT, CKA_URL,
					  CKA_TRUSTED,    CKA_CLASS,       CKA_KEY_TYPE };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		if (types[i] == type)
			return true;
	}
	return false;
}

static void try_attribute(const struct kind *kind, enum ash_making making, uint64_t type)
{
	const struct ash_attr twice[] = { { type, sample(type, 0) }, { type, sample(type, 0) } };
	const struct ash_attr differing[] = { { type, sample(type, 0) }, { type, sample(type, 1) } };
	const struct ash_attr_place *place = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_scope scope = { 0, 0 };
	enum ash_code once = ASH_OK;

	EXPECT_OK(ash_attribute_scope(kind->class, kind->type, &scope));
	place = ash_attribute_place(type, scope);
	if (place == NULL)
		once = ASH_E_TEMPLATE_INCONSISTENT;
	else if ((place->rules & rules_of[making].must_not) != 0)
		once = ASH_E_ATTRIBUTE_READ_ONLY;
	EXPECT_CODE(once, make_least(kind, making, type, twice, 2, &attrs));
	if (once == ASH_OK)
		EXPECT_SPAN(twice[0].value, value_of(attrs, type));
	attrs = ash_attrs_free(attrs);
	if (once == ASH_OK && type != CKA_CERTIFICATE_TYPE)
		EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
			    make_least(kind, making, type, differing, 2, &attrs));
	if (place != NULL && (place->rules & rules_of[making].must) != 0)
		EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, make_least(kind, making, type, NULL, 0, &attrs));
	EXPECT(attrs == NULL);
}

TEST(every_attribute_of_every_object_in_every_making)
{
	for (size_t k = 0; k < ASH_COUNT(kinds); k++) {
		for (enum ash_making making = ASH_MADE_CREATE; making < ASH_MADE_COPY; making++) {
			ASH_AUTO(ash_attrs) *attrs = NULL;

			if ((ash_attribute_class_bit(kinds[k].class) & rules_of[making].classes) == 0) {
				EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
					    make_least(&kinds[k], making, ASH_A_BLOB, NULL, 0, &attrs));
				continue;
			}
			for (size_t i = 0; i < ash_attribute_count(); i++) {
				if (!has_company(ash_attribute_at(i)->type))
					try_attribute(&kinds[k], making, ash_attribute_at(i)->type);
			}
		}
	}
}

TEST(every_object_that_is_created_is_complete)
{
	for (size_t k = 0; k < ASH_COUNT(kinds); k++) {
		ASH_AUTO(ash_attrs) *attrs = NULL;
		ASH_AUTO(ash_attrs) *again = NULL;
		const struct ash_attr_place *places = NULL;
		const size_t count = ash_attribute_places(&places);
		struct ash_scope scope = { 0, 0 };

		EXPECT_OK(make_least(&kinds[k], ASH_MADE_CREATE, ASH_A_BLOB, NULL, 0, &attrs));
		EXPECT_OK(ash_attribute_complete(attrs));
		EXPECT_OK(ash_attribute_scope_of(attrs, &scope));
		for (size_t i = 0; i < count; i++) {
			if (!ash_place_in(&places[i], scope) || (places[i].rules & ASH_RULE_FN) == 0)
				continue;
			again = ash_attrs_free(again);
			EXPECT_OK(ash_attrs_copy(attrs, &again));
			ash_attrs_remove(again, places[i].type);
			EXPECT_CODE(ASH_E_TEMPLATE_INCOMPLETE, ash_attribute_complete(again));
			/* A device's key lives without its secret parts, and without no others. */
			EXPECT_OK(ash_attrs_set(again, ASH_A_BLOB, TEXT("blob")));
			EXPECT_CODE((places[i].rules & ASH_RULE_F7) != 0 ? ASH_OK : ASH_E_TEMPLATE_INCOMPLETE,
				    ash_attribute_complete(again));
		}
	}
}

/* --- Changing ------------------------------------------------------------------ */

static struct ash_status change_to(const struct ash_attrs *attrs, uint64_t type, struct ash_span value,
				   struct ash_actor actor)
{
	ASH_AUTO(ash_attrs) *changed = NULL;
	const struct ash_status status = ash_attribute_change(attrs, ATTRS({ type, value }), actor, &changed);

	if (ash_is_ok(status))
		EXPECT_SPAN(value, value_of(changed, type));
	else
		EXPECT(changed == NULL);
	return status;
}

/* Every attribute of every object: what the table does not let be modified is not. */
TEST(every_attribute_of_every_object_changed)
{
	const uint32_t changeable = ASH_RULE_F8 | ASH_RULE_F10 | ASH_RULE_F11 | ASH_RULE_F12;

	for (size_t k = 0; k < ASH_COUNT(kinds); k++) {
		ASH_AUTO(ash_attrs) *attrs = NULL;
		struct ash_scope scope = { 0, 0 };

		EXPECT_OK(make_least(&kinds[k], ASH_MADE_CREATE, ASH_A_BLOB, NULL, 0, &attrs));
		EXPECT_OK(ash_attribute_scope_of(attrs, &scope));
		for (size_t i = 0; i < ash_attribute_count(); i++) {
			const uint64_t type = ash_attribute_at(i)->type;
			const struct ash_attr_place *place = ash_attribute_place(type, scope);
			const struct ash_span now =
				ash_attrs_has(attrs, type) ? value_of(attrs, type) : sample(type, 0);
			enum ash_code want = ASH_E_ATTRIBUTE_READ_ONLY;

			if (place == NULL)
				want = ASH_E_TEMPLATE_INCONSISTENT;
			else if ((place->rules & changeable) != 0)
				want = ASH_OK;
			else if ((place->rules & ASH_RULE_FS) != 0)
				want = ASH_E_ATTRIBUTE_VALUE;
			if (type != CKA_KEY_GEN_MECHANISM || place != NULL)
				EXPECT_CODE(want, change_to(attrs, type,
							    place != NULL ? now : sample(type, 0), nobody));
		}
	}
}

TEST(what_sticks_sticks)
{
	ASH_AUTO(ash_attrs) *attrs =
		created(ATTRS(AES_KEY, { CKA_SENSITIVE, YES }, { CKA_WRAP_WITH_TRUSTED, YES },
			      { CKA_EXTRACTABLE, NO }, { CKA_COPYABLE, NO }));
	ASH_AUTO(ash_attrs) *open =
		created(ATTRS(AES_KEY, { CKA_SENSITIVE, NO }, { CKA_WRAP_WITH_TRUSTED, NO },
			      { CKA_EXTRACTABLE, YES }, { CKA_COPYABLE, YES }));
	static const struct {
		uint64_t type;
		uint8_t stuck;
	} row[] = { { CKA_SENSITIVE, 1 },
		    { CKA_WRAP_WITH_TRUSTED, 1 },
		    { CKA_EXTRACTABLE, 0 },
		    { CKA_COPYABLE, 0 } };

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
			    change_to(attrs, row[i].type, BYTES(!row[i].stuck), officer));
		EXPECT_OK(change_to(attrs, row[i].type, BYTES(row[i].stuck), nobody));
		EXPECT_OK(change_to(open, row[i].type, BYTES(row[i].stuck), nobody));
		EXPECT_OK(change_to(open, row[i].type, BYTES(!row[i].stuck), nobody));
	}
}

TEST(a_change_is_whole_or_not_at_all)
{
	ASH_AUTO(ash_attrs) *attrs = created(ATTRS(AES_KEY, { CKA_LABEL, TEXT("old") }));
	ASH_AUTO(ash_attrs) *changed = NULL;

	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
		    ash_attribute_change(attrs, ATTRS({ CKA_LABEL, TEXT("new") }, { CKA_TOKEN, YES }), nobody,
					 &changed));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    ash_attribute_change(attrs,
					 ATTRS({ CKA_LABEL, TEXT("new") }, { CKA_LABEL, TEXT("newer") }),
					 nobody, &changed));
	EXPECT(changed == NULL);
	EXPECT_SPAN(TEXT("old"), value_of(attrs, CKA_LABEL));
	EXPECT_OK(ash_attribute_change(
		attrs, ATTRS({ CKA_LABEL, TEXT("new") }, { CKA_ID, TEXT("id") }, { CKA_SIGN, YES }), nobody,
		&changed));
	EXPECT_SPAN(TEXT("old"), value_of(attrs, CKA_LABEL));
	EXPECT_SPAN(TEXT("new"), value_of(changed, CKA_LABEL));
	EXPECT_SPAN(TEXT("id"), value_of(changed, CKA_ID));
	EXPECT_NUMBER(ash_attrs_count(attrs), ash_attrs_count(changed));
	changed = ash_attrs_free(changed);
	EXPECT_OK(ash_attribute_change(attrs, NO_ATTRS, nobody, &changed));
}

TEST(objects_can_be_closed_to_changes)
{
	ASH_AUTO(ash_attrs) *fixed = created(ATTRS(AES_KEY, { CKA_MODIFIABLE, NO }));
	ASH_AUTO(ash_attrs) *trusted = created(ATTRS(AES_KEY, { CKA_TRUSTED, YES }, { CKA_PRIVATE, NO }));
	ASH_AUTO(ash_attrs) *plain = created(ATTRS(AES_KEY));

	EXPECT_CODE(ASH_E_ACTION_PROHIBITED, change_to(fixed, CKA_LABEL, TEXT("x"), officer));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED, change_to(trusted, CKA_LABEL, TEXT("x"), nobody));
	EXPECT_CODE(ASH_E_ACTION_PROHIBITED, change_to(trusted, CKA_TRUSTED, NO, nobody));
	EXPECT_OK(change_to(trusted, CKA_LABEL, TEXT("x"), officer));
	EXPECT_OK(change_to(trusted, CKA_TRUSTED, NO, officer));
	EXPECT_OK(change_to(plain, CKA_TRUSTED, YES, officer));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, change_to(plain, CKA_TRUSTED, YES, nobody));
	EXPECT_OK(change_to(plain, CKA_TRUSTED, NO, nobody));
}

TEST(some_values_may_only_stay_or_go)
{
	ASH_AUTO(ash_attrs) *attrs = created(ATTRS(AES_KEY, { CKA_CHECK_VALUE, TEXT("abc") }));
	ASH_AUTO(ash_attrs) *private_key = created(ATTRS(RSA_PRIVATE, { CKA_PUBLIC_KEY_INFO, TEXT("info") }));

	EXPECT_OK(change_to(attrs, CKA_CHECK_VALUE, EMPTY, nobody));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, change_to(attrs, CKA_CHECK_VALUE, TEXT("abc"), nobody));
	EXPECT_OK(change_to(private_key, CKA_PUBLIC_KEY_INFO, TEXT("info"), nobody));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE,
		    change_to(private_key, CKA_PUBLIC_KEY_INFO, TEXT("other"), nobody));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, change_to(private_key, CKA_PUBLIC_KEY_INFO, EMPTY, nobody));
}

TEST(a_change_is_checked_as_a_template_is)
{
	ASH_AUTO(ash_attrs) *attrs = created(ATTRS(AES_KEY));

	EXPECT_CODE(ASH_E_ATTRIBUTE_TYPE, change_to(attrs, ASH_A_BLOB, EMPTY, officer));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, change_to(attrs, CKA_SENSITIVE, BYTES(2), officer));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, change_to(attrs, CKA_UNIQUE_ID, TEXT("x"), officer));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, change_to(attrs, CKA_VALUE, TEXT("x"), officer));
	EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY, change_to(attrs, CKA_ALWAYS_SENSITIVE, YES, officer));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, change_to(attrs, CKA_MODULUS, TEXT("x"), officer));
}

/* --- Copying ------------------------------------------------------------------- */

TEST(a_copy_may_differ_where_the_standard_says)
{
	ASH_AUTO(ash_attrs) *attrs =
		created(ATTRS(AES_KEY, { CKA_MODIFIABLE, NO }, { CKA_EXTRACTABLE, YES }));
	ASH_AUTO(ash_attrs) *copy = NULL;

	EXPECT_OK(ash_attrs_set(attrs, CKA_UNIQUE_ID, TEXT("unique")));
	EXPECT_OK(ash_attribute_copy(attrs,
				     ATTRS({ CKA_TOKEN, YES }, { CKA_PRIVATE, YES }, { CKA_MODIFIABLE, YES },
					   { CKA_DESTROYABLE, NO }, { CKA_COPYABLE, NO },
					   { CKA_LABEL, TEXT("x") }, { CKA_EXTRACTABLE, NO }),
				     nobody, &copy));
	EXPECT(ash_attrs_bool(copy, CKA_TOKEN, false));
	EXPECT(ash_attrs_bool(copy, CKA_MODIFIABLE, false));
	EXPECT(!ash_attrs_bool(copy, CKA_DESTROYABLE, true));
	EXPECT(!ash_attrs_bool(copy, CKA_EXTRACTABLE, true));
	EXPECT(!ash_attrs_bool(copy, CKA_NEVER_EXTRACTABLE, true));
	EXPECT(!ash_attrs_has(copy, CKA_UNIQUE_ID));
	EXPECT_SPAN(TEXT("0123456789abcdef"), value_of(copy, CKA_VALUE));
}

static void refuse_copy(enum ash_code code, const struct ash_attrs *attrs, struct ash_template given)
{
	struct ash_attrs *copy = NULL;

	EXPECT_CODE(code, ash_attribute_copy(attrs, given, nobody, &copy));
	EXPECT(copy == NULL);
}

TEST(a_copy_is_no_way_out)
{
	ASH_AUTO(ash_attrs) *attrs = created(ATTRS(AES_KEY, { CKA_SENSITIVE, YES }));
	ASH_AUTO(ash_attrs) *closed = created(ATTRS(AES_KEY, { CKA_COPYABLE, NO }));
	ASH_AUTO(ash_attrs) *trusted = created(ATTRS(AES_KEY, { CKA_TRUSTED, YES }, { CKA_PRIVATE, NO }));
	ASH_AUTO(ash_attrs) *copy = NULL;

	refuse_copy(ASH_E_ACTION_PROHIBITED, closed, NO_ATTRS);
	refuse_copy(ASH_E_ATTRIBUTE_READ_ONLY, attrs, ATTRS({ CKA_SENSITIVE, NO }));
	refuse_copy(ASH_E_ATTRIBUTE_READ_ONLY, attrs, ATTRS({ CKA_EXTRACTABLE, YES }));
	refuse_copy(ASH_E_ATTRIBUTE_READ_ONLY, attrs, ATTRS({ CKA_VALUE, TEXT("x") }));
	refuse_copy(ASH_E_ATTRIBUTE_READ_ONLY, attrs, ATTRS({ CKA_UNIQUE_ID, TEXT("x") }));
	refuse_copy(ASH_E_ATTRIBUTE_READ_ONLY, attrs, ATTRS({ CKA_TRUSTED, YES }));
	refuse_copy(ASH_E_TEMPLATE_INCONSISTENT, attrs, ATTRS({ CKA_PRIVATE, NO }));
	EXPECT_OK(ash_attribute_copy(trusted, ATTRS({ CKA_LABEL, TEXT("x") }), nobody, &copy));
	EXPECT(!ash_attrs_bool(copy, CKA_TRUSTED, true));
	copy = ash_attrs_free(copy);
	EXPECT_OK(ash_attribute_copy(trusted, NO_ATTRS, officer, &copy));
	EXPECT(ash_attrs_bool(copy, CKA_TRUSTED, false));
}

TEST(every_allocation_may_fail)
{
	struct ash_attrs *attrs = NULL, *changed = NULL;
	const struct ash_template given = ATTRS(AES_KEY, { CKA_LABEL, TEXT("x") });
	const struct ash_template change =
		ATTRS({ CKA_LABEL, TEXT("a longer label than there is room for") });

	FAIL_EVERY_ALLOCATION(attrs == NULL, make(ASH_MADE_CREATE, given, NO_ATTRS, &attrs));
	FAIL_EVERY_ALLOCATION(changed == NULL, ash_attribute_change(attrs, change, nobody, &changed));
	changed = ash_attrs_free(changed);
	FAIL_EVERY_ALLOCATION(changed == NULL, ash_attribute_copy(attrs, change, nobody, &changed));
	ash_attrs_free(changed);
	ash_attrs_free(attrs);
}
