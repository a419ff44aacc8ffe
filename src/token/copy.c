/* C_CopyObject and C_GetObjectSize (PKCS#11 3.2 §5.7.2, §5.7.4). */
#include "token/access.h"
#include "token/attribute.h"
#include "token/change.h"

struct ash_status ash_hsm_copy_object(struct ash_hsm *hsm, ash_handle handle, ash_handle object_handle,
				      struct ash_template given, ash_handle *ret_copy)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_attrs) *copy = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_access_get(session, object_handle, &object));
	ASH_TRY(ash_attribute_copy(object->attrs, given, ash_session_actor(session), &copy));
	return ash_change_make(session, &copy, 1, ret_copy);
}

struct ash_status ash_hsm_object_size(struct ash_hsm *hsm, ash_handle handle, ash_handle object_handle,
				      uint64_t *ret_size)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_buf) encoded = ASH_BUF_SECRET;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_access_get(session, object_handle, &object));
	ASH_TRY(ash_attrs_encode(object->attrs, &encoded));
	*ret_size = encoded.len;
	return ASH_DONE;
}
