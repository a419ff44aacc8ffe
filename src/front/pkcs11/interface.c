/*
 * Function lists and interfaces (§5.4.4 to §5.4.6): constant, and readable before
 * C_Initialize. Every pointer of every list is set.
 */
#include "front/pkcs11/call_priv.h"

#include <string.h>

/* clang-format off: lists made from lists */
#define ENTRY(name, parameters) .name = name,

static const CK_FUNCTION_LIST list_2_40 = { .version = { 2, 40 }, CK_FUNCTIONS_2_40(ENTRY) };

static const CK_FUNCTION_LIST_3_0 list_3_0 = { .version = { 3, 0 },
					       CK_FUNCTIONS_2_40(ENTRY) CK_FUNCTIONS_3_0(ENTRY) };

static const CK_FUNCTION_LIST_3_2 list_3_2 = { .version = { 3, 2 },
					       CK_FUNCTIONS_2_40(ENTRY) CK_FUNCTIONS_3_0(ENTRY)
						       CK_FUNCTIONS_3_2(ENTRY) };
/* clang-format on */

/* The standard's pointers are not to const, though nobody may write through them. */
#define UNCONST(pointer) ((void *)(uintptr_t)(pointer))

static const char standard[] = "PKCS 11";

/* The first is the default: it begins like each of the others. */
static const CK_INTERFACE interfaces[] = {
	{ UNCONST(standard), UNCONST(&list_3_2), 0 },
	{ UNCONST(standard), UNCONST(&list_3_0), 0 },
	{ UNCONST(standard), UNCONST(&list_2_40), 0 },
};

/* These three work without C_Initialize, and log nothing: the log is not open yet. */

ASH_ENTRY C_GetFunctionList(CK_FUNCTION_LIST_PTR_PTR ppFunctionList)
{
	if (ppFunctionList == NULL)
		return CKR_ARGUMENTS_BAD;
	*ppFunctionList = UNCONST(&list_2_40);
	return CKR_OK;
}

ASH_ENTRY C_GetInterfaceList(CK_INTERFACE_PTR pInterfacesList, CK_ULONG_PTR pulCount)
{
	CK_ULONG room = 0;

	if (pulCount == NULL)
		return CKR_ARGUMENTS_BAD;
	room = pInterfacesList != NULL ? *pulCount : 0;
	*pulCount = ASH_COUNT(interfaces);
	if (pInterfacesList == NULL)
		return CKR_OK;
	if (room < ASH_COUNT(interfaces))
		return CKR_BUFFER_TOO_SMALL;
	memcpy(pInterfacesList, interfaces, sizeof(interfaces));
	return CKR_OK;
}

/* What is NULL or 0 matches everything. */
static bool matches(const CK_INTERFACE *interface, const CK_UTF8CHAR *name, const CK_VERSION *version,
		    CK_FLAGS flags)
{
	const CK_VERSION *ours = interface->pFunctionList; /* each list begins with it */

	if (name != NULL && strcmp((const char *)name, standard) != 0)
		return false;
	if (version != NULL && (version->major != ours->major || version->minor != ours->minor))
		return false;
	return (flags & ~interface->flags) == 0;
}

ASH_ENTRY C_GetInterface(CK_UTF8CHAR_PTR pInterfaceName, CK_VERSION_PTR pVersion,
			 CK_INTERFACE_PTR_PTR ppInterface, CK_FLAGS flags)
{
	if (ppInterface == NULL)
		return CKR_ARGUMENTS_BAD;
	for (size_t i = 0; i < ASH_COUNT(interfaces); i++) {
		if (!matches(&interfaces[i], pInterfaceName, pVersion, flags))
			continue;
		*ppInterface = UNCONST(&interfaces[i]);
		return CKR_OK;
	}
	return CKR_FUNCTION_FAILED; /* the arguments are fine, and there is none such */
}
