/* What no module is needed for; tests/integration/cli/import_test.py drives NSS's and SoftHSM's. */
#include "app/foreign/guest_priv.h"

#include "token/attribute.h"
#include "unit/test.h"

/* ---- A module with one AES key, which answers as it is told ---- */

static CK_ATTRIBUTE_TYPE odd; /* the attribute that it answers differently for */
static CK_RV odd_answer;
static CK_ULONG odd_len;
static CK_OBJECT_CLASS class_there;

static CK_RV begin_search(ASH_UNUSED CK_SESSION_HANDLE session, ASH_UNUSED CK_ATTRIBUTE *want,
			  ASH_UNUSED CK_ULONG count)
{
	return CKR_OK;
}

static CK_RV end_search(ASH_UNUSED CK_SESSION_HANDLE session)
{
	return CKR_OK;
}

static CK_RV give(CK_ATTRIBUTE *attribute, const void *value, CK_ULONG len)
{
	if (attribute->pValue != NULL)
		memcpy(attribute->pValue, value, len);
	attribute->ulValueLen = len;
	return CKR_OK;
}

static CK_RV get_attribute(ASH_UNUSED CK_SESSION_HANDLE session, ASH_UNUSED CK_OBJECT_HANDLE object,
			   CK_ATTRIBUTE *attribute, ASH_UNUSED CK_ULONG count)
{
	static const CK_KEY_TYPE aes = CKK_AES;

	if (attribute->type == odd) {
		attribute->ulValueLen = odd_len;
		return odd_answer;
	}
	switch (attribute->type) {
	case CKA_CLASS: return give(attribute, &class_there, sizeof(class_there));
	case CKA_KEY_TYPE: return give(attribute, &aes, sizeof(aes));
	case CKA_VALUE: return give(attribute, "0123456789abcdef", 16);
	case CKA_LABEL: return give(attribute, "a key", 5);
	case CKA_WRAP_TEMPLATE: return give(attribute, "", 0);
	case CKA_ID: attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION; return CKR_OK;
	default: attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION; return CKR_ATTRIBUTE_TYPE_INVALID;
	}
}

static bool searched;

static CK_RV search(ASH_UNUSED CK_SESSION_HANDLE session, CK_OBJECT_HANDLE *objects, ASH_UNUSED CK_ULONG cap,
		    CK_ULONG *count)
{
	*count = searched ? 0 : 1;
	objects[0] = 7;
	searched = true;
	return CKR_OK;
}

static void read_guest(struct ash_foreign_objects *objects, size_t *left)
{
	static CK_FUNCTION_LIST functions = { .C_FindObjectsInit = begin_search,
					      .C_FindObjects = search,
					      .C_FindObjectsFinal = end_search,
					      .C_GetAttributeValue = get_attribute };
	struct ash_foreign_guest guest = { .p11 = &functions };

	searched = false;
	EXPECT_OK(ash_foreign_guest_read(&guest, objects, left));
}

static void answer(CK_ATTRIBUTE_TYPE type, CK_RV rv, CK_ULONG len)
{
	class_there = CKO_SECRET_KEY;
	odd = type;
	odd_answer = rv;
	odd_len = len;
}

TEST(an_object_is_read)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	size_t left = 0;

	answer(CKA_START_DATE, CKR_ATTRIBUTE_SENSITIVE, CK_UNAVAILABLE_INFORMATION);
	read_guest(&objects, &left);
	EXPECT_NUMBER(1, objects.count);
	EXPECT_NUMBER(0, left);
	EXPECT_NUMBER(CKO_SECRET_KEY, ash_foreign_class(&objects.object[0]));
	EXPECT(!objects.object[0].kept && objects.object[0].why[0] == '\0');
	EXPECT(ash_attrs_has(objects.object[0].attrs, CKA_VALUE));
	EXPECT(!ash_attrs_has(objects.object[0].attrs, CKA_ID));
	EXPECT_TEXT("object 7", objects.object[0].place);
}

TEST(what_can_not_be_read_is_not_taken_as_absent)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_EXTRACTABLE, CKA_LABEL, CKA_UNWRAP_TEMPLATE };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		size_t left = 0;

		answer(types[i], CKR_DEVICE_ERROR, CK_UNAVAILABLE_INFORMATION);
		read_guest(&objects, &left);
		EXPECT_NUMBER(1, objects.count);
		EXPECT(objects.object[0].kept && objects.object[0].attrs != NULL);
		EXPECT(strstr(objects.object[0].why, ash_attribute_find(types[i])->name) != NULL);
		EXPECT(strstr(objects.object[0].why, "can't be read: C_GetAttributeValue answers 0x30") !=
		       NULL);
	}
}

TEST(an_attribute_that_is_too_long_is_not_taken_as_absent)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	size_t left = 0;

	answer(CKA_APPLICATION, CKR_OK, ASH_ATTRS_MAX + 1);
	read_guest(&objects, &left);
	EXPECT(objects.object[0].kept);
	EXPECT(strstr(objects.object[0].why, "its CKA_APPLICATION can't be read") != NULL);
}

TEST(an_object_without_a_class_is_told)
{
	static const CK_RV answers[] = { CKR_DEVICE_ERROR, CKR_ATTRIBUTE_TYPE_INVALID };

	for (size_t i = 0; i < ASH_COUNT(answers); i++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		size_t left = 0;

		answer(CKA_CLASS, answers[i], CK_UNAVAILABLE_INFORMATION);
		read_guest(&objects, &left);
		EXPECT_NUMBER(0, left);
		EXPECT_NUMBER(1, objects.count);
		EXPECT(objects.object[0].attrs == NULL);
		EXPECT(strstr(objects.object[0].why, "its CKA_CLASS can't be read") != NULL);
	}
}

TEST(objects_of_its_own_kinds_are_counted)
{
	ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
	size_t left = 0;

	answer(CKA_START_DATE, CKR_OK, 0);
	class_there = CKO_VENDOR_DEFINED | 0x4e53;
	read_guest(&objects, &left);
	EXPECT_NUMBER(0, objects.count);
	EXPECT_NUMBER(1, left);
}

/* Without its template it could do more. */
TEST(a_key_with_a_template_is_kept)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_WRAP_TEMPLATE, CKA_UNWRAP_TEMPLATE,
						   CKA_DERIVE_TEMPLATE };

	for (size_t i = 0; i < ASH_COUNT(types); i++) {
		ASH_AUTO(ash_foreign_objects) objects = ASH_FOREIGN_OBJECTS_NONE;
		size_t left = 0;

		answer(types[i], CKR_OK, sizeof(CK_ATTRIBUTE));
		read_guest(&objects, &left);
		EXPECT(objects.object[0].kept);
		EXPECT(strstr(objects.object[0].why, ash_attribute_find(types[i])->name) != NULL);
		EXPECT(strstr(objects.object[0].why, "allowed more than before") != NULL);
	}
}

/* ---- No module ---- */

TEST(what_is_no_module_is_told)
{
	ASH_AUTO(ash_foreign_guest) *guest = NULL;

	EXPECT_CODE(ASH_E_IO, ash_foreign_guest_open("/nonexistent/module.so", NULL, &guest));
	EXPECT(strstr(ash_status_explanation(), "/nonexistent/module.so") != NULL);
	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_foreign_guest_open("libm.so.6", NULL, &guest));
	EXPECT(strstr(ash_status_explanation(), "C_GetFunctionList") != NULL);
	EXPECT(guest == NULL && ash_foreign_guest_close(NULL) == NULL);
}

TEST(memory_may_run_out)
{
	ASH_AUTO(ash_foreign_guest) *guest = NULL;

	ash_mem_fail_after(0);
	EXPECT_CODE(ASH_E_MEMORY, ash_foreign_guest_open("libm.so.6", NULL, &guest));
}
