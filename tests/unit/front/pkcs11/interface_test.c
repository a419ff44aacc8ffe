#include "fake_api.h"

#define CHECK(name, parameters) EXPECT(list->name == name);

TEST(every_pointer_of_every_list_is_set)
{
	CK_FUNCTION_LIST_3_2 *list = NULL;
	CK_FUNCTION_LIST *first = NULL;
	CK_INTERFACE interfaces[3];
	CK_ULONG count = 3;

	EXPECT_RV(CKR_OK, C_GetInterfaceList(interfaces, &count));
	EXPECT_NUMBER(3, count);
	/* Each list begins like the longest. */
	for (size_t i = 0; i < 3; i++) {
		list = interfaces[i].pFunctionList;
		EXPECT_TEXT("PKCS 11", (const char *)interfaces[i].pInterfaceName);
		EXPECT_NUMBER(0, interfaces[i].flags);
		CK_FUNCTIONS_2_40(CHECK)
	}
	list = interfaces[1].pFunctionList;
	EXPECT(list->version.major == 3 && list->version.minor == 0);
	CK_FUNCTIONS_3_0(CHECK)
	list = interfaces[0].pFunctionList;
	EXPECT(list->version.major == 3 && list->version.minor == 2);
	CK_FUNCTIONS_3_0(CHECK)
	CK_FUNCTIONS_3_2(CHECK)
	first = interfaces[2].pFunctionList;
	EXPECT(first->version.major == 2 && first->version.minor == 40);
}

TEST(the_function_list)
{
	CK_FUNCTION_LIST *list = NULL;

	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetFunctionList(NULL));
	EXPECT_RV(CKR_OK, C_GetFunctionList(&list));
	EXPECT(list->version.major == 2 && list->version.minor == 40);
	CK_FUNCTIONS_2_40(CHECK)
}

TEST(the_list_of_interfaces_follows_the_dance_of_lengths)
{
	CK_INTERFACE interfaces[3] = { { NULL, NULL, 9 } };
	CK_ULONG count = 2;

	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetInterfaceList(interfaces, NULL));
	EXPECT_RV(CKR_BUFFER_TOO_SMALL, C_GetInterfaceList(interfaces, &count));
	EXPECT_NUMBER(3, count);
	EXPECT_NUMBER(9, interfaces[0].flags);
	count = 0;
	EXPECT_RV(CKR_OK, C_GetInterfaceList(NULL, &count));
	EXPECT_NUMBER(3, count);
}

static CK_RV get(const char *name, CK_BYTE major, CK_BYTE minor, CK_FLAGS flags, CK_VERSION *ret_version)
{
	CK_VERSION version = { major, minor };
	CK_INTERFACE *interface = NULL;
	CK_RV rv = C_GetInterface((CK_UTF8CHAR *)(uintptr_t)name, major == 0 ? NULL : &version, &interface,
				  flags);

	EXPECT((rv == CKR_OK) == (interface != NULL));
	if (rv == CKR_OK)
		memcpy(ret_version, interface->pFunctionList, sizeof(*ret_version));
	return rv;
}

TEST(an_interface_by_name_and_version)
{
	CK_VERSION version = { 0, 0 };

	EXPECT_RV(CKR_OK, get(NULL, 0, 0, 0, &version));
	EXPECT(version.major == 3 && version.minor == 2);
	EXPECT_RV(CKR_OK, get("PKCS 11", 0, 0, 0, &version));
	EXPECT(version.major == 3 && version.minor == 2);
	EXPECT_RV(CKR_OK, get("PKCS 11", 3, 0, 0, &version));
	EXPECT(version.major == 3 && version.minor == 0);
	EXPECT_RV(CKR_OK, get(NULL, 2, 40, 0, &version));
	EXPECT(version.major == 2 && version.minor == 40);
}

TEST(interfaces_that_are_not_there)
{
	CK_VERSION version = { 0, 0 };

	EXPECT_RV(CKR_FUNCTION_FAILED, get("PKCS 12", 0, 0, 0, &version));
	EXPECT_RV(CKR_FUNCTION_FAILED, get("", 0, 0, 0, &version));
	EXPECT_RV(CKR_FUNCTION_FAILED, get("PKCS 11", 3, 1, 0, &version));
	EXPECT_RV(CKR_FUNCTION_FAILED, get("PKCS 11", 0, 0, CKF_INTERFACE_FORK_SAFE, &version));
	EXPECT_RV(CKR_ARGUMENTS_BAD, C_GetInterface(NULL, NULL, NULL, 0));
}
