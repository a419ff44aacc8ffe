#include "front/pkcs11/template_priv.h"

#include "fake_api.h"

static struct ash_canonical template;

static CK_BBOOL yes = CK_TRUE;
static CK_ULONG number = 0x0102030405060708;

static struct ash_status read_one(CK_ATTRIBUTE_TYPE type, const void *value, CK_ULONG len)
{
	CK_ATTRIBUTE attribute = { type, (void *)(uintptr_t)value, len };

	ash_canonical_done(&template);
	return ash_canonical_read(&template, &attribute, 1);
}

__attribute__((constructor)) static void begin(void)
{
	ash_canonical_init(&template);
}

TEST(each_kind_becomes_canonical)
{
	static const CK_ULONG two[] = { 1, 0x105 };

	EXPECT_OK(read_one(CKA_TOKEN, &yes, 1));
	EXPECT_SPAN(TEXT("\1"), template.view.attrs[0].value);
	EXPECT_OK(read_one(CKA_VALUE_LEN, &number, sizeof(number)));
	EXPECT_SPAN(TEXT("\1\2\3\4\5\6\7\10"), template.view.attrs[0].value);
	EXPECT_OK(read_one(CKA_LABEL, "abc", 3));
	EXPECT_SPAN(TEXT("abc"), template.view.attrs[0].value);
	EXPECT_OK(read_one(CKA_MODULUS, "\0\1", 2));
	EXPECT_SPAN(TEXT("\0\1"), template.view.attrs[0].value);
	EXPECT_OK(read_one(CKA_START_DATE, "20260102", 8));
	EXPECT_SPAN(TEXT("20260102"), template.view.attrs[0].value);
	EXPECT_OK(read_one(CKA_ALLOWED_MECHANISMS, two, sizeof(two)));
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\1\0\0\0\0\0\0\1\5"), template.view.attrs[0].value);
	EXPECT_OK(read_one(CKA_VENDOR_DEFINED | 77, "??", 2));
	EXPECT_SPAN(TEXT("??"), template.view.attrs[0].value);
	EXPECT_NUMBER(CKA_VENDOR_DEFINED | 77, template.view.attrs[0].type);
}

TEST(values_of_no_length)
{
	EXPECT_OK(read_one(CKA_LABEL, NULL, 0));
	EXPECT_NUMBER(0, template.view.attrs[0].value.len);
	EXPECT_OK(read_one(CKA_ALLOWED_MECHANISMS, NULL, 0));
	EXPECT_NUMBER(0, template.view.attrs[0].value.len);
	EXPECT_OK(read_one(CKA_WRAP_TEMPLATE, NULL, 0));
	EXPECT_NUMBER(0, template.view.attrs[0].value.len);
	EXPECT_OK(ash_canonical_read(&template, NULL, 0));
	EXPECT_NUMBER(0, template.view.count);
}

TEST(lengths_that_a_kind_cant_have)
{
	static const uint8_t bytes[32] = { 2 };

	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_TOKEN, bytes, 1));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_TOKEN, &yes, 0));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_TOKEN, bytes, 8));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_CLASS, bytes, 4));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_CLASS, bytes, 16));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_CLASS, NULL, 0));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_ALLOWED_MECHANISMS, bytes, 9));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_WRAP_TEMPLATE, bytes, 23));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_LABEL, bytes, (CK_ULONG)-1));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_LABEL, bytes, ASH_ATTRS_MAX + 1));
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_LABEL, NULL, CK_UNAVAILABLE_INFORMATION));
}

TEST(null_pointers_and_senseless_counts)
{
	CK_ATTRIBUTE attribute = { CKA_LABEL, NULL, 0 };

	ash_canonical_done(&template);
	EXPECT_CODE(ASH_E_ARGUMENT, read_one(CKA_LABEL, NULL, 5));
	EXPECT_CODE(ASH_E_ARGUMENT, read_one(CKA_TOKEN, NULL, 1));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_canonical_read(&template, NULL, 1));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_canonical_read(&template, &attribute, ASH_TEMPLATE_COUNT_MAX + 1));
	EXPECT_CODE(ASH_E_ARGUMENT, ash_canonical_read(&template, &attribute, (CK_ULONG)-1));
}

TEST(values_are_copies)
{
	char label[] = "abc";

	EXPECT_OK(read_one(CKA_LABEL, label, 3));
	label[0] = 'X';
	EXPECT_SPAN(TEXT("abc"), template.view.attrs[0].value);
}

TEST(values_may_lie_anywhere)
{
	uint8_t bytes[1 + sizeof(number)] = { 0 };

	memcpy(bytes + 1, &number, sizeof(number));
	EXPECT_OK(read_one(CKA_VALUE_LEN, bytes + 1, sizeof(number)));
	EXPECT_SPAN(TEXT("\1\2\3\4\5\6\7\10"), template.view.attrs[0].value);
}

#define MANY 100

static CK_ATTRIBUTE many[MANY];

static void fill_many(const char *value, CK_ULONG len)
{
	for (size_t i = 0; i < MANY; i++)
		many[i] = (CK_ATTRIBUTE){ i % 2 == 0 ? CKA_LABEL : CKA_ID, (void *)(uintptr_t)value, len };
}

TEST(many_attributes)
{
	fill_many("abcd", 4);
	ash_canonical_done(&template);
	EXPECT_OK(ash_canonical_read(&template, many, MANY));
	EXPECT_NUMBER(MANY, template.view.count);
	EXPECT_NUMBER(CKA_ID, template.view.attrs[MANY - 1].type);
	EXPECT_SPAN(TEXT("abcd"), template.view.attrs[MANY - 1].value);
}

TEST(too_much_together)
{
	static const char big[ASH_ATTRS_MAX / 50];

	fill_many(big, sizeof(big));
	ash_canonical_done(&template);
	EXPECT_CODE(ASH_E_LIMIT, ash_canonical_read(&template, many, MANY));
	EXPECT_NUMBER(0, template.view.count);
}

static struct ash_status read_many(void)
{
	ash_canonical_done(&template);
	return ash_canonical_read(&template, many, MANY);
}

TEST(memory_that_runs_out)
{
	fill_many("abcd", 4);
	FAIL_EVERY_ALLOCATION(template.view.count == 0, read_many());
	EXPECT_NUMBER(MANY, template.view.count);
}

TEST(a_template_within_a_template)
{
	CK_ATTRIBUTE inner[] = {
		{ CKA_EXTRACTABLE, &yes, 1 },
		{ CKA_VALUE_LEN, &number, sizeof(number) },
	};

	EXPECT_OK(read_one(CKA_WRAP_TEMPLATE, inner, sizeof(inner)));
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\1\x62\0\0\0\1\1"
			 "\0\0\0\0\0\0\1\x61\0\0\0\10\1\2\3\4\5\6\7\10"),
		    template.view.attrs[0].value);
	inner[1].ulValueLen = 3;
	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_WRAP_TEMPLATE, inner, sizeof(inner)));
	inner[1] = (CK_ATTRIBUTE){ CKA_LABEL, NULL, 3 };
	EXPECT_CODE(ASH_E_ARGUMENT, read_one(CKA_WRAP_TEMPLATE, inner, sizeof(inner)));
}

TEST(a_template_that_contains_itself)
{
	CK_ATTRIBUTE loop[2] = {
		{ CKA_WRAP_TEMPLATE, loop, sizeof(loop) },
		{ CKA_WRAP_TEMPLATE, loop, sizeof(loop) },
	};

	EXPECT_CODE(ASH_E_ATTRIBUTE_VALUE, read_one(CKA_WRAP_TEMPLATE, loop, sizeof(loop)));
}

static CK_ATTRIBUTE to;
static uint8_t room[64];

static struct ash_status give(CK_ATTRIBUTE_TYPE type, struct ash_span value, CK_ULONG cap)
{
	memset(room, 0xee, sizeof(room));
	to = (CK_ATTRIBUTE){ type, room, cap };
	return ash_template_give(type, value, &to);
}

TEST(bytes_are_given_as_they_are)
{
	EXPECT_OK(give(CKA_LABEL, TEXT("abc"), 10));
	EXPECT_NUMBER(3, to.ulValueLen);
	EXPECT_SPAN(TEXT("abc\xee"), ash_span(room, 4));
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, give(CKA_LABEL, TEXT("abc"), 2));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, to.ulValueLen);
	EXPECT_NUMBER(0xee, room[0]);
	EXPECT_OK(give(CKA_LABEL, ASH_SPAN_NONE, 0));
	EXPECT_NUMBER(0, to.ulValueLen);
}

TEST(numbers_are_given_in_the_machines_form)
{
	CK_ULONG got[2] = { 0 };

	EXPECT_OK(give(CKA_VALUE_LEN, TEXT("\1\2\3\4\5\6\7\10"), 8));
	memcpy(got, room, 8);
	EXPECT_NUMBER(number, got[0]);
	EXPECT_NUMBER(8, to.ulValueLen);
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, give(CKA_VALUE_LEN, TEXT("\1\2\3\4\5\6\7\10"), 7));
	EXPECT_NUMBER(0xee, room[0]);
	EXPECT_OK(give(CKA_ALLOWED_MECHANISMS, TEXT("\0\0\0\0\0\0\0\5\0\0\0\0\0\0\0\6"), 64));
	memcpy(got, room, 16);
	EXPECT_NUMBER(5, got[0]);
	EXPECT_NUMBER(6, got[1]);
	EXPECT_CODE(ASH_E_CORRUPT, give(CKA_VALUE_LEN, TEXT("\1\2\3"), 8));
}

TEST(a_length_is_asked_for_without_a_place)
{
	to = (CK_ATTRIBUTE){ CKA_LABEL, NULL, 0 };
	EXPECT_OK(ash_template_give(CKA_LABEL, TEXT("abc"), &to));
	EXPECT_NUMBER(3, to.ulValueLen);
}

/* A canonical template of a label, "abc", and a number, 5. */
#define LABEL_AND_NUMBER                \
	TEXT("\0\0\0\0\0\0\0\3\0\0\0\3" \
	     "abc"                      \
	     "\0\0\0\0\0\0\1\x61\0\0\0\10\0\0\0\0\0\0\0\5")

TEST(a_template_is_given_with_each_value_in_its_place)
{
	char label[4] = "";
	CK_ULONG len = 0;
	CK_ATTRIBUTE inner[2] = { { 99, label, sizeof(label) }, { 98, &len, sizeof(len) } };

	to = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, inner, sizeof(inner) };
	EXPECT_OK(ash_template_give(CKA_WRAP_TEMPLATE, LABEL_AND_NUMBER, &to));
	EXPECT_NUMBER(sizeof(inner), to.ulValueLen);
	EXPECT_NUMBER(CKA_LABEL, inner[0].type);
	EXPECT_NUMBER(3, inner[0].ulValueLen);
	EXPECT_TEXT("abc", label);
	EXPECT_NUMBER(CKA_VALUE_LEN, inner[1].type);
	EXPECT_NUMBER(5, len);
}

TEST(a_template_with_too_little_room)
{
	char label[2] = "";
	CK_ATTRIBUTE inner[2] = { { 99, label, sizeof(label) }, { 98, NULL, 0 } };

	to = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, NULL, 0 };
	EXPECT_OK(ash_template_give(CKA_WRAP_TEMPLATE, LABEL_AND_NUMBER, &to));
	EXPECT_NUMBER(sizeof(inner), to.ulValueLen);

	to = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, inner, sizeof(inner[0]) };
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, ash_template_give(CKA_WRAP_TEMPLATE, LABEL_AND_NUMBER, &to));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, to.ulValueLen);
	EXPECT_NUMBER(99, inner[0].type);

	to = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, inner, sizeof(inner) };
	EXPECT_CODE(ASH_E_BUFFER_TOO_SMALL, ash_template_give(CKA_WRAP_TEMPLATE, LABEL_AND_NUMBER, &to));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, inner[0].ulValueLen);
	EXPECT_NUMBER(sizeof(CK_ULONG), inner[1].ulValueLen);
}

TEST(a_template_that_is_not_canonical)
{
	to = (CK_ATTRIBUTE){ CKA_WRAP_TEMPLATE, NULL, 0 };
	EXPECT_CODE(ASH_E_CORRUPT, ash_template_give(CKA_WRAP_TEMPLATE, TEXT("\0\0\0"), &to));
	EXPECT_CODE(ASH_E_CORRUPT,
		    ash_template_give(CKA_WRAP_TEMPLATE, TEXT("\0\0\0\0\0\0\0\3\0\0\0\4abc"), &to));
}
