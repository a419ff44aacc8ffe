#include "fake_api.h"

static char label[] = "abc";
static CK_ATTRIBUTE given[] = { { CKA_LABEL, label, 3 }, { CKA_ID, label, 2 } };
static CK_ATTRIBUTE bad[] = { { CKA_LABEL, NULL, 3 } };

TEST(an_object_is_created)
{
	CK_OBJECT_HANDLE object = 0;

	fresh();
	EXPECT_RV(CKR_OK, C_CreateObject(FAKE_SESSION, given, 2, &object));
	EXPECT_NUMBER(11, object);
	EXPECT_NUMBER(2, fake.attr_count);
	EXPECT_NUMBER(CKA_LABEL, fake.attr_type);
	EXPECT_SPAN(TEXT("abc"), ash_span(fake.attr_value, fake.attr_len));
}

TEST(a_create_that_is_refused)
{
	CK_OBJECT_HANDLE object = 99;

	fresh();
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_CreateObject(FAKE_SESSION, given, 2, NULL));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_CreateObject(FAKE_SESSION, NULL, 2, &object));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_CreateObject(FAKE_SESSION, bad, 1, &object));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_CreateObject(1, bad, 1, &object));
	EXPECT_NUMBER(0, fake.calls);
	fake.answer.code = ASH_E_TEMPLATE_INCOMPLETE;
	EXPECT_RV(CKR_TEMPLATE_INCOMPLETE, C_CreateObject(FAKE_SESSION, given, 0, &object));
	EXPECT_NUMBER(99, object);
}

TEST(objects_are_destroyed_and_changed)
{
	fresh();
	EXPECT_RV(CKR_OK, C_DestroyObject(FAKE_SESSION, 21));
	EXPECT_CALLED("destroy_object");
	EXPECT_NUMBER(21, fake.type);
	EXPECT_RV(CKR_OK, C_SetAttributeValue(FAKE_SESSION, 22, given, 2));
	EXPECT_CALLED("set_attributes");
	EXPECT_NUMBER(22, fake.type);
	EXPECT_NUMBER(2, fake.attr_count);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SetAttributeValue(FAKE_SESSION, 22, bad, 1));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_SetAttributeValue(FAKE_SESSION, 22, NULL, 1));
}

TEST(a_search)
{
	CK_OBJECT_HANDLE found[5] = { 0 };
	CK_ULONG count = 77;

	fresh();
	EXPECT_RV(CKR_OK, C_FindObjectsInit(FAKE_SESSION, NULL, 0));
	EXPECT_CALLED("find_begin");
	EXPECT_NUMBER(0, fake.attr_count);
	EXPECT_RV(CKR_OK, C_FindObjectsInit(FAKE_SESSION, given, 1));
	EXPECT_NUMBER(1, fake.attr_count);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_FindObjectsInit(FAKE_SESSION, bad, 1));

	fake.there = 2;
	EXPECT_RV(CKR_OK, C_FindObjects(FAKE_SESSION, found, 5, &count));
	EXPECT_NUMBER(2, count);
	EXPECT_NUMBER(100, found[0]);
	EXPECT_NUMBER(101, found[1]);
	EXPECT_RV(CKR_OK, C_FindObjects(FAKE_SESSION, NULL, 0, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_FindObjects(FAKE_SESSION, NULL, 1, &count));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_FindObjects(FAKE_SESSION, found, 1, NULL));
	fake.answer.code = ASH_E_OPERATION_NONE;
	count = 77;
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, C_FindObjects(FAKE_SESSION, found, 5, &count));
	EXPECT_NUMBER(77, count);
	EXPECT_RV(CKR_OPERATION_NOT_INITIALIZED, C_FindObjectsFinal(FAKE_SESSION));
	EXPECT_CALLED("find_end");
}

TEST(a_copy)
{
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE changes[] = { { CKA_TOKEN, &yes, 1 } };
	CK_OBJECT_HANDLE copy = 0;

	fresh();
	EXPECT_RV(CKR_OK, C_CopyObject(FAKE_SESSION, 9, changes, 1, &copy));
	EXPECT_CALLED("copy_object");
	EXPECT_NUMBER(9, fake.type);
	EXPECT_NUMBER(1, fake.attr_count);
	EXPECT_NUMBER(CKA_TOKEN, fake.attr_type);
	EXPECT_NUMBER(15, copy);
	EXPECT_RV(CKR_OK, C_CopyObject(FAKE_SESSION, 9, NULL, 0, &copy));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_CopyObject(FAKE_SESSION, 9, NULL, 1, &copy));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_CopyObject(FAKE_SESSION, 9, changes, 1, NULL));
	EXPECT_RV(CKR_SESSION_HANDLE_INVALID, C_CopyObject(1, 9, changes, 1, NULL));
	fake.answer.code = ASH_E_ACTION_PROHIBITED;
	copy = 1;
	EXPECT_RV(CKR_ACTION_PROHIBITED, C_CopyObject(FAKE_SESSION, 9, changes, 1, &copy));
	EXPECT_NUMBER(1, copy);
}

TEST(a_size)
{
	CK_ULONG size = 0;

	fresh();
	EXPECT_RV(CKR_OK, C_GetObjectSize(FAKE_SESSION, 9, &size));
	EXPECT_CALLED("object_size");
	EXPECT_NUMBER(1234, size);
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetObjectSize(FAKE_SESSION, 9, NULL));
	fake.answer.code = ASH_E_OBJECT_HANDLE;
	EXPECT_RV(CKR_OBJECT_HANDLE_INVALID, C_GetObjectSize(FAKE_SESSION, 9, &size));
}
