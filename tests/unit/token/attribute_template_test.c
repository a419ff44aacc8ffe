#include "token/attribute_priv.h"
#include "unit/test.h"
#include "unit/token/template.h"

/* A key with this template in this attribute. */
static struct ash_attrs *key_with(uint64_t type, struct ash_template from)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;

	for (size_t i = 0; i < from.count; i++) {
		EXPECT_OK(ash_buf_add(&room, NUMBER(from.attrs[i].type)));
		EXPECT_OK(ash_buf_add(&room, ash_span(NUMBER(from.attrs[i].value.len).data + 4, 4)));
		EXPECT_OK(ash_buf_add(&room, from.attrs[i].value));
	}
	return set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { type, ash_buf_span(&room) }));
}

static void expect_merged(const struct ash_merged *merged, struct ash_template want)
{
	EXPECT_NUMBER(want.count, merged->count);
	for (size_t i = 0; i < want.count; i++) {
		EXPECT_NUMBER(want.attrs[i].type, merged->attrs[i].type);
		EXPECT_SPAN(want.attrs[i].value, merged->attrs[i].value);
	}
}

TEST(a_key_without_a_template_asks_for_nothing)
{
	ASH_AUTO(ash_attrs) *key = key_with(CKA_WRAP_TEMPLATE, ATTRS({ CKA_LABEL, TEXT("x") }));
	ASH_AUTO(ash_attrs) *empty = key_with(CKA_UNWRAP_TEMPLATE, NO_ATTRS);
	ASH_AUTO(ash_merged) none = ASH_MERGED_NONE;
	ASH_AUTO(ash_merged) same = ASH_MERGED_NONE;
	ASH_AUTO(ash_merged) bare = ASH_MERGED_NONE;
	const struct ash_template given = ATTRS({ CKA_LABEL, TEXT("a") }, { CKA_LABEL, TEXT("b") });

	EXPECT_OK(ash_attribute_template_merge(key, CKA_UNWRAP_TEMPLATE, NO_ATTRS, &none));
	EXPECT_NUMBER(0, ash_merged_template(&none).count);
	/* What the template says of itself is none of its business. */
	EXPECT_OK(ash_attribute_template_merge(key, CKA_UNWRAP_TEMPLATE, given, &same));
	expect_merged(&same, given);
	EXPECT_OK(ash_attribute_template_merge(empty, CKA_UNWRAP_TEMPLATE, given, &bare));
	expect_merged(&bare, given);
}

TEST(what_a_key_asks_for_is_added)
{
	ASH_AUTO(ash_attrs) *key =
		key_with(CKA_UNWRAP_TEMPLATE, ATTRS({ CKA_SENSITIVE, YES }, { CKA_MODULUS, BYTES(7) }));
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;
	ASH_AUTO(ash_merged) twice = ASH_MERGED_NONE;

	EXPECT_OK(ash_attribute_template_merge(key, CKA_UNWRAP_TEMPLATE, ATTRS({ CKA_LABEL, TEXT("x") }),
					       &merged));
	expect_merged(&merged,
		      ATTRS({ CKA_SENSITIVE, YES }, { CKA_MODULUS, BYTES(7) }, { CKA_LABEL, TEXT("x") }));
	EXPECT_OK(ash_attribute_template_merge(key, CKA_UNWRAP_TEMPLATE,
					       ATTRS({ CKA_SENSITIVE, YES }, { CKA_MODULUS, BYTES(0, 7) }),
					       &twice));
	EXPECT_NUMBER(4, twice.count);
}

TEST(what_contradicts_a_key_is_refused)
{
	ASH_AUTO(ash_attrs) *key =
		key_with(CKA_DERIVE_TEMPLATE, ATTRS({ CKA_SENSITIVE, YES }, { CKA_ID, EMPTY }));
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;

	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    ash_attribute_template_merge(key, CKA_DERIVE_TEMPLATE,
						 ATTRS({ CKA_LABEL, TEXT("x") }, { CKA_SENSITIVE, NO }),
						 &merged));
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT,
		    ash_attribute_template_merge(key, CKA_DERIVE_TEMPLATE, ATTRS({ CKA_ID, TEXT("x") }),
						 &merged));
	EXPECT(merged.attrs == NULL);
}

/* What a key asks for goes the way of all templates: nobody becomes the officer by it. */
TEST(a_key_can_not_ask_for_more_than_its_owner)
{
	static const uint64_t types[] = { CKA_TRUSTED, CKA_LOCAL, CKA_ALWAYS_SENSITIVE,
					  CKA_NEVER_EXTRACTABLE };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		ASH_AUTO(ash_attrs) *key = key_with(CKA_UNWRAP_TEMPLATE, ATTRS({ types[i], YES }));
		ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;
		ASH_AUTO(ash_attrs) *attrs = NULL;

		EXPECT_OK(ash_attribute_template_merge(
			key, CKA_UNWRAP_TEMPLATE,
			ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) }),
			&merged));
		EXPECT_CODE(ASH_E_ATTRIBUTE_READ_ONLY,
			    ash_attribute_make(ASH_MADE_UNWRAP, ash_merged_template(&merged), NO_ATTRS,
					       CK_UNAVAILABLE_INFORMATION, (struct ash_actor){ .user = true },
					       &attrs));
	}
}

TEST(a_key_that_is_wrapped_has_to_match)
{
	ASH_AUTO(ash_attrs) *object =
		set_of(ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
			     { CKA_LABEL, TEXT("x") }, { CKA_EXTRACTABLE, YES }));
	const struct {
		struct ash_attr asked[2];
		size_t count;
		bool match;
	} row[] = {
		{ { { CKA_LABEL, TEXT("x") } }, 0, true },
		{ { { CKA_LABEL, TEXT("x") } }, 1, true },
		{ { { CKA_LABEL, TEXT("x") }, { CKA_EXTRACTABLE, YES } }, 2, true },
		{ { { CKA_LABEL, TEXT("x") }, { CKA_EXTRACTABLE, NO } }, 2, false },
		{ { { CKA_LABEL, TEXT("y") }, { CKA_EXTRACTABLE, YES } }, 2, false },
		{ { { CKA_ID, EMPTY } }, 1, false }, /* not there */
	};

	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		ASH_AUTO(ash_attrs) *key =
			key_with(CKA_WRAP_TEMPLATE, (struct ash_template){ row[i].asked, row[i].count });

		EXPECT_NUMBER(row[i].match, ash_attribute_template_match(key, CKA_WRAP_TEMPLATE, object));
		EXPECT(ash_attribute_template_match(key, CKA_UNWRAP_TEMPLATE, object));
	}
}

TEST(broken_templates_are_seen)
{
	ASH_AUTO(ash_attrs) *key = set_of(ATTRS({ CKA_WRAP_TEMPLATE, TEXT("broken") }));
	ASH_AUTO(ash_attrs) *object = set_of(NO_ATTRS);
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;

	EXPECT_CODE(ASH_E_FORMAT, ash_attribute_template_merge(key, CKA_WRAP_TEMPLATE, NO_ATTRS, &merged));
	EXPECT(!ash_attribute_template_match(key, CKA_WRAP_TEMPLATE, object));
}

/* More than a template may have by attribute_form.c, which never comes from there. */
TEST(a_template_has_only_so_many)
{
	struct ash_attr many[ASH_INNER_ATTRS_MAX + 1];
	ASH_AUTO(ash_attrs) *full = NULL;
	ASH_AUTO(ash_attrs) *over = NULL;
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;

	for (size_t i = 0; i < ASH_COUNT(many); i++)
		many[i] = (struct ash_attr){ CKA_LABEL, TEXT("x") };
	full = key_with(CKA_UNWRAP_TEMPLATE, (struct ash_template){ many, ASH_INNER_ATTRS_MAX });
	over = key_with(CKA_UNWRAP_TEMPLATE, (struct ash_template){ many, ASH_INNER_ATTRS_MAX + 1 });
	EXPECT_CODE(ASH_E_FORMAT, ash_attribute_template_merge(over, CKA_UNWRAP_TEMPLATE, NO_ATTRS, &merged));
	EXPECT_OK(ash_attribute_template_merge(full, CKA_UNWRAP_TEMPLATE,
					       (struct ash_template){ many, ASH_COUNT(many) }, &merged));
	EXPECT_NUMBER(2 * ASH_INNER_ATTRS_MAX + 1, merged.count);
}

TEST(every_allocation_may_fail)
{
	ASH_AUTO(ash_attrs) *key = key_with(CKA_UNWRAP_TEMPLATE, ATTRS({ CKA_SENSITIVE, YES }));
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;

	FAIL_EVERY_ALLOCATION(merged.attrs == NULL,
			      ash_attribute_template_merge(key, CKA_UNWRAP_TEMPLATE, NO_ATTRS, &merged));
}
