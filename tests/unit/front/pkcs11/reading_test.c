#include "fake_api.h"

static uint64_t grown; /* extra bytes of the list at its second reading */

static void answer(struct ash_attr_query *query, struct ash_span value)
{
	query->code = ASH_OK;
	query->value.len = value.len;
	if (query->value.data == NULL)
		return;
	if (query->value.cap < value.len) {
		query->code = ASH_E_BUFFER_TOO_SMALL;
		return;
	}
	if (value.len != 0)
		memcpy(query->value.data, value.data, value.len);
}

/* An object with a label, a length, two allowed mechanisms and a sensitive value. */
static void object(struct ash_attr_query *query)
{
	static const uint8_t mechanisms[24] = { [7] = 5, [15] = 6, [23] = 7 };

	switch (query->type) {
	case CKA_LABEL: answer(query, TEXT("label")); break;
	case CKA_ID: answer(query, ASH_SPAN_NONE); break;
	case CKA_TOKEN: answer(query, TEXT("\1")); break;
	case CKA_VALUE_LEN: answer(query, TEXT("\0\0\0\0\0\0\0\x20")); break;
	case CKA_ALLOWED_MECHANISMS:
		answer(query, ash_span(mechanisms, 16 + grown));
		if (grown == 0 && query->value.data == NULL)
			grown = fake.there;
		break;
	case CKA_WRAP_TEMPLATE: answer(query, TEXT("\0\0\0\0\0\0\0\3\0\0\0\2hi")); break;
	case CKA_VALUE: query->code = ASH_E_ATTRIBUTE_SENSITIVE; break;
	default: query->code = ASH_E_ATTRIBUTE_TYPE; break;
	}
}

static void start(void)
{
	fresh();
	grown = 0;
	fake.query = object;
}

static CK_RV get(CK_ATTRIBUTE *template, CK_ULONG count)
{
	return C_GetAttributeValue(FAKE_SESSION, 31, template, count);
}

static char text[8];
static CK_ULONG number;
static CK_BBOOL flag;

TEST(values_of_each_kind)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_LABEL, text, sizeof(text) },
		{ CKA_VALUE_LEN, &number, sizeof(number) },
		{ CKA_TOKEN, &flag, sizeof(flag) },
		{ CKA_ID, text + 6, 0 },
	};

	start();
	EXPECT_RV(CKR_OK, get(template, 4));
	EXPECT_NUMBER(31, fake.type);
	EXPECT_SPAN(TEXT("label"), ash_span(text, template[0].ulValueLen));
	EXPECT_NUMBER(32, number);
	EXPECT_NUMBER(8, template[1].ulValueLen);
	EXPECT_NUMBER(1, flag);
	EXPECT_NUMBER(0, template[3].ulValueLen);
	EXPECT_NUMBER(1, fake.calls);
}

TEST(lengths_alone)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_LABEL, NULL, 0 },
		{ CKA_VALUE_LEN, NULL, 99 },
		{ CKA_ALLOWED_MECHANISMS, NULL, 0 },
		{ CKA_WRAP_TEMPLATE, NULL, 0 },
	};

	start();
	EXPECT_RV(CKR_OK, get(template, 4));
	EXPECT_NUMBER(5, template[0].ulValueLen);
	EXPECT_NUMBER(sizeof(CK_ULONG), template[1].ulValueLen);
	EXPECT_NUMBER(2 * sizeof(CK_ULONG), template[2].ulValueLen);
	EXPECT_NUMBER(sizeof(CK_ATTRIBUTE), template[3].ulValueLen);
}

TEST(what_cant_be_given_is_marked_and_the_rest_given)
{
	CK_ATTRIBUTE template[] = {
		{ CKA_VALUE, text, sizeof(text) }, { CKA_MODULUS, NULL, 0 }, { CKA_LABEL, text, 4 },
		{ CKA_VALUE_LEN, &number, 4 },     { CKA_TOKEN, &flag, 1 },
	};

	start();
	flag = 0;
	number = 7;
	memset(text, 'x', sizeof(text));
	EXPECT_RV(CKR_ATTRIBUTE_SENSITIVE, get(template, 5));
	for (size_t i = 0; i < 4; i++)
		EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, template[i].ulValueLen);
	EXPECT_NUMBER(1, template[4].ulValueLen);
	EXPECT_NUMBER(1, flag);
	EXPECT_NUMBER(7, number);
	EXPECT_SPAN(TEXT("xxxxxxxx"), SPAN(text));
}

TEST(each_answer_has_its_return_value)
{
	CK_ATTRIBUTE sensitive = { CKA_VALUE, NULL, 0 };
	CK_ATTRIBUTE lacking = { CKA_MODULUS, NULL, 0 };
	CK_ATTRIBUTE small = { CKA_LABEL, text, 1 };
	CK_ATTRIBUTE small_number = { CKA_VALUE_LEN, &number, 1 };

	start();
	EXPECT_RV(CKR_ATTRIBUTE_SENSITIVE, get(&sensitive, 1));
	EXPECT_RV(CKR_ATTRIBUTE_TYPE_INVALID, get(&lacking, 1));
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, get(&small, 1));
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, get(&small_number, 1));
}

TEST(lists_are_given)
{
	CK_ULONG mechanisms[3] = { 0 };
	char inner_text[4] = "";
	CK_ATTRIBUTE inner = { 0, inner_text, sizeof(inner_text) };
	CK_ATTRIBUTE template[] = {
		{ CKA_ALLOWED_MECHANISMS, mechanisms, sizeof(mechanisms) },
		{ CKA_WRAP_TEMPLATE, &inner, sizeof(inner) },
	};

	start();
	EXPECT_RV(CKR_OK, get(template, 2));
	EXPECT_NUMBER(16, template[0].ulValueLen);
	EXPECT_NUMBER(5, mechanisms[0]);
	EXPECT_NUMBER(6, mechanisms[1]);
	EXPECT_NUMBER(CKA_LABEL, inner.type);
	EXPECT_TEXT("hi", inner_text);
}

TEST(a_list_that_grows_while_it_is_read)
{
	CK_ULONG mechanisms[3] = { 0 };
	CK_ATTRIBUTE template = { CKA_ALLOWED_MECHANISMS, mechanisms, sizeof(mechanisms) };

	start();
	fake.there = 8;
	EXPECT_RV(CKR_OK, get(&template, 1));
	EXPECT_NUMBER(24, template.ulValueLen);
	EXPECT_NUMBER(7, mechanisms[2]);
}

TEST(a_list_with_too_little_room)
{
	CK_ULONG mechanisms[1] = { 0 };
	CK_ATTRIBUTE template = { CKA_ALLOWED_MECHANISMS, mechanisms, sizeof(mechanisms) };

	start();
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, get(&template, 1));
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, template.ulValueLen);
	EXPECT_NUMBER(0, mechanisms[0]);
}

TEST(true_errors_change_nothing)
{
	CK_ATTRIBUTE template = { CKA_LABEL, text, 5 };

	start();
	fake.answer.code = ASH_E_OBJECT_HANDLE;
	EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, get(&template, 1));
	EXPECT_NUMBER(5, template.ulValueLen);
	EXPECT_RV(CKR_ARGUMENTS_BAD, get(NULL, 1));
	EXPECT_RV(CKR_ARGUMENTS_BAD, get(&template, (CK_ULONG)-1));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_GetAttributeValue(1, 31, NULL, 1));
}

#define MANY 100

TEST(many_attributes)
{
	CK_ATTRIBUTE template[MANY];
	CK_ULONG numbers[MANY] = { 0 };

	start();
	for (size_t i = 0; i < MANY; i++)
		template[i] = (CK_ATTRIBUTE){ CKA_VALUE_LEN, &numbers[i], sizeof(numbers[i]) };
	EXPECT_RV(CKR_OK, get(template, MANY));
	EXPECT_NUMBER(32, numbers[MANY - 1]);
	EXPECT_RV(CKR_OK, get(template, 0));
	for (int64_t n = 0; n < 2; n++) {
		numbers[0] = 0;
		ash_mem_fail_after(n);
		EXPECT_RV(CKR_HOST_MEMORY, get(template, MANY));
		ash_mem_fail_after(-1);
		EXPECT_NUMBER(0, numbers[0]);
	}
}

TEST(a_template_may_lie_anywhere)
{
	uint8_t memory[2 * sizeof(CK_ATTRIBUTE) + 1];
	CK_ATTRIBUTE template[2] = { { CKA_LABEL, text, sizeof(text) }, { CKA_VALUE, NULL, 1 } };

	start();
	memcpy(memory + 1, template, sizeof(template));
	EXPECT_RV(CKR_ATTRIBUTE_SENSITIVE, get((CK_ATTRIBUTE *)(void *)(memory + 1), 2));
	memcpy(template, memory + 1, sizeof(template));
	EXPECT_NUMBER(5, template[0].ulValueLen);
	EXPECT_NUMBER(CK_UNAVAILABLE_INFORMATION, template[1].ulValueLen);
	EXPECT_SPAN(TEXT("label"), ash_span((uint8_t *)text, 5));
}
