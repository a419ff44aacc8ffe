#include "token/attribute.h"

#include "token/attribute_priv.h"
#include "unit/test.h"
#include "unit/token/template.h"

TEST(rows_rise_and_are_found)
{
	EXPECT(ash_attribute_count() >= 60);
	for (size_t i = 0; i < ash_attribute_count(); i++) {
		const struct ash_attr_info *info = ash_attribute_at(i);

		EXPECT(i == 0 || info->type > ash_attribute_at(i - 1)->type);
		EXPECT(ash_attribute_find(info->type) == info);
		EXPECT(strncmp(info->name, "CKA_", 4) == 0);
	}
	EXPECT(ash_attribute_at(ash_attribute_count()) == NULL);
	EXPECT_TEXT("CKA_LABEL", ash_attribute_find(CKA_LABEL)->name);
	EXPECT_NUMBER(ASH_ATTR_TEXT, ash_attribute_find(CKA_LABEL)->kind);
}

TEST(what_is_not_ours_is_not_found)
{
	EXPECT(ash_attribute_find(CKA_HW_FEATURE_TYPE) == NULL);
	EXPECT(ash_attribute_find(CKA_VENDOR_DEFINED) == NULL);
	EXPECT(ash_attribute_find(ASH_A_ENGINE) == NULL);
	EXPECT(ash_attribute_find(ASH_A_BLOB) == NULL);
	EXPECT(ash_attribute_find(UINT64_MAX) == NULL);
	EXPECT_NUMBER(CKA_EC_PARAMS, CKA_ECDSA_PARAMS);
}

/* The kinds that a fallback can be of. */
static unsigned kinds_of(enum ash_fallback fallback)
{
	switch (fallback) {
	case ASH_FALLBACK_NONE: return ~0u;
	case ASH_FALLBACK_EMPTY: return 1u << ASH_ATTR_BYTES | 1u << ASH_ATTR_TEXT | 1u << ASH_ATTR_DATE;
	case ASH_FALLBACK_FALSE:
	case ASH_FALLBACK_TRUE:
	case ASH_FALLBACK_CAME_IN: return 1u << ASH_ATTR_BOOL;
	case ASH_FALLBACK_ZERO: return 1u << ASH_ATTR_NUMBER;
	case ASH_FALLBACK_FERMAT_4: return 1u << ASH_ATTR_INTEGER;
	}
	return 0;
}

TEST(places_agree_with_their_rows)
{
	const struct ash_attr_place *places = NULL;
	const size_t count = ash_attribute_places(&places);
	const uint32_t sticky = ASH_RULE_F10 | ASH_RULE_F11 | ASH_RULE_F12;

	for (size_t i = 0; i < count; i++) {
		const struct ash_attr_place *place = &places[i];
		const struct ash_attr_row *row = ash_attribute_row(place->type);

		EXPECT(row != NULL);
		EXPECT(i == 0 || place->type >= places[i - 1].type);
		EXPECT((kinds_of(place->fallback) & 1u << row->info.kind) != 0);
		EXPECT((place->rules & sticky) == 0 || row->info.kind == ASH_ATTR_BOOL);
		/* A rule and its opposite, or a secret that a search could find. */
		EXPECT((place->rules & ASH_RULE_F1) == 0 || (place->rules & ASH_RULE_F2) == 0);
		EXPECT((place->rules & ASH_RULE_F3) == 0 || (place->rules & ASH_RULE_F4) == 0);
		EXPECT((place->rules & ASH_RULE_F5) == 0 || (place->rules & ASH_RULE_F6) == 0);
		EXPECT((place->rules & ASH_RULE_F7) == 0 || row->info.secret);
		EXPECT((place->rules & ASH_RULE_F7) == 0 ||
		       (!row->info.indexed && (place->rules & ASH_RULE_FI) == 0));
		EXPECT((place->rules & ASH_RULE_F7) == 0 ||
		       (place->classes & ~(ASH_ON_PRIVATE | ASH_ON_SECRET)) == 0);
		for (size_t k = 0; k < i; k++)
			EXPECT(places[k].type != place->type || (places[k].classes & place->classes) == 0 ||
			       (places[k].keys & place->keys) == 0);
	}
}

TEST(every_row_has_a_place_and_every_secret_a_secret_one)
{
	const struct ash_attr_place *places = NULL;
	const size_t count = ash_attribute_places(&places);

	for (size_t i = 0; i < ash_attribute_count(); i++) {
		const struct ash_attr_info *info = ash_attribute_at(i);
		bool placed = false, secret = false;

		for (size_t k = 0; k < count; k++) {
			if (places[k].type != info->type)
				continue;
			placed = true;
			secret = secret || (places[k].rules & ASH_RULE_F7) != 0;
			/* read() takes this for granted */
			EXPECT(!info->secret || (places[k].classes & (ASH_ON_PRIVATE | ASH_ON_SECRET)) == 0 ||
			       (places[k].rules & ASH_RULE_F7) != 0);
		}
		EXPECT(placed);
		EXPECT_NUMBER(secret, info->secret);
	}
}

TEST(secrets_are_these)
{
	static const uint64_t secret[] = { CKA_VALUE,      CKA_PRIVATE_EXPONENT, CKA_PRIME_1,     CKA_PRIME_2,
					   CKA_EXPONENT_1, CKA_EXPONENT_2,       CKA_COEFFICIENT, CKA_SEED };
	size_t count = 0;

	for (size_t i = 0; i < ash_attribute_count(); i++)
		count += ash_attribute_at(i)->secret;
	EXPECT_NUMBER(ASH_COUNT(secret), count);
	for (size_t i = 0; i < ASH_COUNT(secret); i++)
		EXPECT(ash_attribute_find(secret[i])->secret);
}

TEST(indexes_are_these)
{
	static const uint64_t indexed[] = { CKA_CLASS,     CKA_LABEL,  CKA_UNIQUE_ID,     CKA_APPLICATION,
					    CKA_OBJECT_ID, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_KEY_TYPE,
					    CKA_SUBJECT,   CKA_ID,     CKA_MODULUS,       CKA_EC_POINT };
	size_t count = 0;

	for (size_t i = 0; i < ash_attribute_count(); i++)
		count += ash_attribute_at(i)->indexed;
	EXPECT_NUMBER(ASH_COUNT(indexed), count);
	for (size_t i = 0; i < ASH_COUNT(indexed); i++) {
		EXPECT(ash_attribute_find(indexed[i])->indexed);
		EXPECT(ash_attribute_indexed(CK_UNAVAILABLE_INFORMATION, indexed[i]));
	}
}

TEST(a_value_is_indexed_where_it_is_public)
{
	EXPECT(ash_attribute_indexed(CKO_CERTIFICATE, CKA_VALUE));
	EXPECT(ash_attribute_indexed(CKO_PUBLIC_KEY, CKA_VALUE));
	EXPECT(!ash_attribute_indexed(CKO_DATA, CKA_VALUE));
	EXPECT(!ash_attribute_indexed(CKO_PRIVATE_KEY, CKA_VALUE));
	EXPECT(!ash_attribute_indexed(CKO_SECRET_KEY, CKA_VALUE));
	EXPECT(!ash_attribute_indexed(CK_UNAVAILABLE_INFORMATION, CKA_VALUE));
	EXPECT(!ash_attribute_indexed(CKO_HW_FEATURE, CKA_LABEL));
	EXPECT(!ash_attribute_indexed(CKO_DATA, CKA_MODULUS));
	EXPECT(!ash_attribute_indexed(CKO_PUBLIC_KEY, CKA_PUBLIC_EXPONENT));
	EXPECT(!ash_attribute_indexed(CKO_PUBLIC_KEY, ASH_A_BLOB));
}

TEST(big_integers_have_one_form)
{
	EXPECT_SPAN(BYTES(1, 0), ash_attribute_canonical(CKA_MODULUS, BYTES(0, 0, 1, 0)));
	EXPECT_NUMBER(0, ash_attribute_canonical(CKA_MODULUS, BYTES(0)).len);
	EXPECT_SPAN(BYTES(0, 1), ash_attribute_canonical(CKA_ID, BYTES(0, 1)));
	EXPECT_SPAN(BYTES(0, 1), ash_attribute_canonical(CKA_VALUE, BYTES(0, 1)));
	EXPECT_SPAN(BYTES(0, 1), ash_attribute_canonical(CKA_VENDOR_DEFINED, BYTES(0, 1)));
}

static enum ash_code read_code(const struct ash_attrs *attrs, uint64_t type)
{
	struct ash_span value = ASH_SPAN_NONE;
	const enum ash_code code = ash_attribute_read(attrs, type, &value);

	EXPECT((value.data != NULL) == (code == ASH_OK));
	return code;
}

TEST(secret_values_are_read_only_from_what_may_leave)
{
	for (unsigned i = 0; i < 4; i++) {
		const bool sensitive = (i & 1) != 0, extractable = (i & 2) != 0;
		const enum ash_code want = !sensitive && extractable ? ASH_OK : ASH_E_ATTRIBUTE_SENSITIVE;
		ASH_AUTO(ash_attrs) *attrs = set_of(
			ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_RSA) },
			      { CKA_MODULUS, TEXT("n") }, { CKA_PRIVATE_EXPONENT, TEXT("d") },
			      { CKA_PRIME_1, TEXT("p") }, { CKA_SENSITIVE, BYTES(sensitive) },
			      { CKA_EXTRACTABLE, BYTES(extractable) }, { ASH_A_ENGINE, TEXT("x") }));

		EXPECT_NUMBER(want, read_code(attrs, CKA_PRIVATE_EXPONENT));
		EXPECT_NUMBER(want, read_code(attrs, CKA_PRIME_1));
		EXPECT_NUMBER(ASH_OK, read_code(attrs, CKA_MODULUS));
		/* Sensitive comes before missing; what such a key never has is not sensitive. */
		EXPECT_NUMBER(want == ASH_OK ? ASH_E_ATTRIBUTE_TYPE : want, read_code(attrs, CKA_PRIME_2));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, CKA_VALUE));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, CKA_SEED));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, CKA_LABEL));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, CKA_CERTIFICATE_TYPE));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, ASH_A_ENGINE));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, CKA_VENDOR_DEFINED));
	}
}

/* Whatever an object lacks or has wrong: a value that its flags don't set free stays hidden. */
TEST(reading_fails_closed)
{
	static const uint64_t types[] = { CKA_CLASS, CKA_KEY_TYPE, CKA_SENSITIVE, CKA_EXTRACTABLE };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		const bool flag = types[i] == CKA_SENSITIVE || types[i] == CKA_EXTRACTABLE;
		ASH_AUTO(ash_attrs) *attrs = set_of(
			ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			      { CKA_VALUE, TEXT("value") }, { CKA_SENSITIVE, NO }, { CKA_EXTRACTABLE, YES }));

		EXPECT_NUMBER(ASH_OK, read_code(attrs, CKA_VALUE));
		ash_attrs_remove(attrs, types[i]);
		EXPECT_NUMBER(flag ? ASH_E_ATTRIBUTE_SENSITIVE : ASH_OK, read_code(attrs, CKA_VALUE));
		EXPECT_OK(ash_attrs_set(attrs, types[i], TEXT("nonsense")));
		EXPECT_NUMBER(flag ? ASH_E_ATTRIBUTE_SENSITIVE : ASH_OK, read_code(attrs, CKA_VALUE));
		EXPECT_OK(ash_attrs_set_bool(attrs, CKA_SENSITIVE, true));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, read_code(attrs, CKA_VALUE));
	}
}

TEST(public_values_are_read)
{
	static const uint64_t classes[] = { CKO_DATA, CKO_CERTIFICATE, CKO_PUBLIC_KEY };

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		ASH_AUTO(ash_attrs) *attrs =
			set_of(ATTRS({ CKA_CLASS, NUMBER(classes[i]) }, { CKA_KEY_TYPE, NUMBER(CKK_ML_DSA) },
				     { CKA_VALUE, TEXT("value") }));

		EXPECT_NUMBER(ASH_OK, read_code(attrs, CKA_VALUE));
	}
}

TEST(domain_parameters_and_profiles_are_read)
{
	static const uint64_t classes[] = { CKO_DOMAIN_PARAMETERS, CKO_PROFILE };

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		ASH_AUTO(ash_attrs) *attrs =
			set_of(ATTRS({ CKA_CLASS, NUMBER(classes[i]) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
				     { CKA_PROFILE_ID, NUMBER(1) }, { CKA_EC_PARAMS, TEXT("x") }));

		EXPECT_NUMBER(ASH_OK, read_code(attrs, CKA_PROFILE_ID));
		EXPECT_NUMBER(ASH_OK, read_code(attrs, CKA_EC_PARAMS));
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_TYPE, read_code(attrs, CKA_VALUE));
	}
}

TEST(classes_and_key_types_go_together)
{
	static const uint64_t classes[] = {
		CKO_DATA,       CKO_CERTIFICATE, CKO_PROFILE,           CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
		CKO_SECRET_KEY, CKO_HW_FEATURE,  CKO_DOMAIN_PARAMETERS, CKO_MECHANISM,  CKO_OTP_KEY,
	};
	static const uint64_t types[] = {
		CKK_EC,
		CKK_RSA,
		CKK_EC_EDWARDS,
		CKK_EC_MONTGOMERY,
		CKK_ML_DSA,
		CKK_ML_KEM,
		CKK_AES,
		CKK_GENERIC_SECRET,
		CKK_HKDF,
		CKK_SHA_1_HMAC,
		CKK_SHA224_HMAC,
		CKK_SHA256_HMAC,
		CKK_SHA384_HMAC,
		CKK_SHA512_HMAC,
		CKK_SHA512_224_HMAC,
		CKK_SHA512_256_HMAC,
		CKK_SHA3_224_HMAC,
		CKK_SHA3_256_HMAC,
		CKK_SHA3_384_HMAC,
		CKK_SHA3_512_HMAC,
		CKK_DES3,
		CKK_SLH_DSA,
		CKK_MD5_HMAC,
		CKK_SHA512_T_HMAC,
	};
	/* rows: classes; columns: key types */
	static const char *good[] = {
		"111111111111111111111111", "111111111111111111111111", "111111111111111111111111",
		"111111000000000000000000", "111111000000000000000000", "000000111111111111110000",
		"000000000000000000000000", "100000000000000000000000", "000000000000000000000000",
		"000000000000000000000000",
	};

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		for (size_t k = 0; k < ASH_COUNT(types); k++) {
			struct ash_scope scope = { 0, 0 };

			EXPECT_CODE(good[i][k] == '1' ? ASH_OK : ASH_E_TEMPLATE_INCONSISTENT,
				    ash_attribute_scope(classes[i], types[k], &scope));
			EXPECT((scope.class != 0 && scope.key != 0) == (good[i][k] == '1'));
		}
	}
}

TEST(attributes_belong_to_classes_and_key_types)
{
	EXPECT(ash_attribute_belongs(CKO_PRIVATE_KEY, CKK_EC, CKA_SIGN));
	EXPECT(ash_attribute_belongs(CKO_PRIVATE_KEY, CKK_RSA, CKA_MODULUS));
	EXPECT(!ash_attribute_belongs(CKO_PRIVATE_KEY, CKK_EC, CKA_MODULUS));
	EXPECT(!ash_attribute_belongs(CKO_PUBLIC_KEY, CKK_EC, CKA_SENSITIVE));
	EXPECT(ash_attribute_belongs(CKO_DATA, CK_UNAVAILABLE_INFORMATION, CKA_APPLICATION));
	EXPECT(ash_attribute_belongs(CKO_CERTIFICATE, 0, CKA_SERIAL_NUMBER));
	EXPECT(!ash_attribute_belongs(CKO_SECRET_KEY, CKK_DES3, CKA_CLASS));
	EXPECT(!ash_attribute_belongs(CKO_SECRET_KEY, CKK_RSA, CKA_CLASS));
	EXPECT(!ash_attribute_belongs(CKO_HW_FEATURE, CKK_RSA, CKA_CLASS));
	EXPECT(!ash_attribute_belongs(CKO_DATA, 0, CKA_VENDOR_DEFINED));
}
