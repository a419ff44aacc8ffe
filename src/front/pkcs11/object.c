/*
 * Object management (§5.7), but for C_GetAttributeValue (reading.c).
 */
#include "front/pkcs11/call_priv.h"

#include "front/pkcs11/template_priv.h"

static struct ash_status create_object(const struct ash_call *call, CK_SESSION_HANDLE session,
				       const CK_ATTRIBUTE *given, CK_ULONG count,
				       CK_OBJECT_HANDLE_PTR ret_object)
{
	ASH_AUTO(ash_canonical) template;
	ash_handle object = 0;

	ash_canonical_init(&template);
	ASH_ENSURE(ret_object != NULL, ASH_E_ARGUMENT);
	ASH_TRY(ash_canonical_read(&template, given, count));
	ASH_TRY(call->api->create_object(call->hsm, session, template.view, &object));
	*ret_object = object;
	return ASH_DONE;
}

ASH_ENTRY C_CreateObject(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount,
			 CK_OBJECT_HANDLE_PTR phObject)
{
	return ASH_SESSION_CALL(hSession, create_object(&call, hSession, pTemplate, ulCount, phObject));
}

static struct ash_status copy_object(const struct ash_call *call, CK_SESSION_HANDLE session,
				     CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *given, CK_ULONG count,
				     CK_OBJECT_HANDLE_PTR ret_copy)
{
	ASH_AUTO(ash_canonical) template;
	ash_handle copy = 0;

	ash_canonical_init(&template);
	ASH_ENSURE(ret_copy != NULL, ASH_E_ARGUMENT);
	ASH_TRY(ash_canonical_read(&template, given, count));
	ASH_TRY(call->api->copy_object(call->hsm, session, object, template.view, &copy));
	*ret_copy = copy;
	return ASH_DONE;
}

ASH_ENTRY C_CopyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, CK_ATTRIBUTE_PTR pTemplate,
		       CK_ULONG ulCount, CK_OBJECT_HANDLE_PTR phNewObject)
{
	return ASH_SESSION_CALL(hSession,
				copy_object(&call, hSession, hObject, pTemplate, ulCount, phNewObject));
}

static struct ash_status get_object_size(const struct ash_call *call, CK_SESSION_HANDLE session,
					 CK_OBJECT_HANDLE object, CK_ULONG_PTR ret_size)
{
	uint64_t size = 0;

	ASH_ENSURE(ret_size != NULL, ASH_E_ARGUMENT);
	ASH_TRY(call->api->object_size(call->hsm, session, object, &size));
	*ret_size = size;
	return ASH_DONE;
}

ASH_ENTRY C_GetObjectSize(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject, CK_ULONG_PTR pulSize)
{
	return ASH_SESSION_CALL(hSession, get_object_size(&call, hSession, hObject, pulSize));
}

ASH_ENTRY C_DestroyObject(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject)
{
	return ASH_SESSION_CALL(hSession, call.api->destroy_object(call.hsm, hSession, hObject));
}

static struct ash_status set_attribute_value(const struct ash_call *call, CK_SESSION_HANDLE session,
					     CK_OBJECT_HANDLE object, const CK_ATTRIBUTE *given,
					     CK_ULONG count)
{
	ASH_AUTO(ash_canonical) template;

	ash_canonical_init(&template);
	ASH_TRY(ash_canonical_read(&template, given, count));
	return call->api->set_attributes(call->hsm, session, object, template.view);
}

ASH_ENTRY C_SetAttributeValue(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE hObject,
			      CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	return ASH_SESSION_CALL(hSession, set_attribute_value(&call, hSession, hObject, pTemplate, ulCount));
}

static struct ash_status find_objects_init(const struct ash_call *call, CK_SESSION_HANDLE session,
					   const CK_ATTRIBUTE *given, CK_ULONG count)
{
	ASH_AUTO(ash_canonical) template;

	ash_canonical_init(&template);
	ASH_TRY(ash_canonical_read(&template, given, count));
	return call->api->find_begin(call->hsm, session, template.view);
}

ASH_ENTRY C_FindObjectsInit(CK_SESSION_HANDLE hSession, CK_ATTRIBUTE_PTR pTemplate, CK_ULONG ulCount)
{
	return ASH_SESSION_CALL(hSession, find_objects_init(&call, hSession, pTemplate, ulCount));
}

static struct ash_status find_objects(const struct ash_call *call, CK_SESSION_HANDLE session,
				      CK_OBJECT_HANDLE_PTR objects, CK_ULONG max, CK_ULONG_PTR ret_count)
{
	size_t count = 0;

	ASH_ENSURE(ret_count != NULL && (objects != NULL || max == 0), ASH_E_ARGUMENT);
	ASH_TRY(call->api->find_next(call->hsm, session, objects, max, &count));
	*ret_count = count;
	return ASH_DONE;
}

ASH_ENTRY C_FindObjects(CK_SESSION_HANDLE hSession, CK_OBJECT_HANDLE_PTR phObject, CK_ULONG ulMaxObjectCount,
			CK_ULONG_PTR pulObjectCount)
{
	return ASH_SESSION_CALL(hSession,
				find_objects(&call, hSession, phObject, ulMaxObjectCount, pulObjectCount));
}

ASH_ENTRY C_FindObjectsFinal(CK_SESSION_HANDLE hSession)
{
	return ASH_SESSION_CALL(hSession, call.api->find_end(call.hsm, hSession));
}
