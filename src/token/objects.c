/* C_CreateObject, C_DestroyObject, C_GetAttributeValue, C_SetAttributeValue (PKCS#11 3.2 §5.7). */
#include "token/access.h"
#include "token/attribute.h"
#include "token/change.h"
#include "token/complete.h"

/* Times that a token object may change under our hands before we keep the others waiting. */
#define UPDATE_TRIES 4

struct ash_status ash_hsm_create_object(struct ash_hsm *hsm, ash_handle handle, struct ash_template given,
					ash_handle *ret_object)
{
	const struct ash_template none = { NULL, 0 };
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_attrs) *attrs = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_attribute_make(ASH_MADE_CREATE, given, none, CK_UNAVAILABLE_INFORMATION,
				   ash_session_actor(session), &attrs));
	ASH_TRY(ash_complete_import(hsm->crypto, attrs));
	ASH_TRY(ash_attribute_complete(attrs));
	return ash_change_make(session, &attrs, 1, ret_object);
}

struct ash_status ash_hsm_destroy_object(struct ash_hsm *hsm, ash_handle handle, ash_handle object_handle)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_access_get(session, object_handle, &object));
	ASH_TRY(ash_change_destroy(session, object));
	ash_session_end_uses(session, object_handle);
	return ASH_DONE;
}

/* Answers one query as an ash_out does. */
static enum ash_code answer(const struct ash_object *object, struct ash_attr_query *query)
{
	struct ash_span value = ASH_SPAN_NONE;
	const enum ash_code code = ash_attribute_read(object->attrs, query->type, &value);

	if (code != ASH_OK)
		return code;
	query->value.len = value.len;
	if (query->value.data == NULL)
		return ASH_OK;
	if (query->value.cap < value.len)
		return ASH_E_BUFFER_TOO_SMALL;
	if (value.len != 0)
		memcpy(query->value.data, value.data, value.len);
	return ASH_OK;
}

struct ash_status ash_hsm_get_attributes(struct ash_hsm *hsm, ash_handle handle, ash_handle object_handle,
					 struct ash_attr_query *queries, size_t count)
{
	ASH_AUTO(ash_session) *session = NULL;
	ASH_AUTO(ash_object) *object = NULL;
	enum ash_code first = ASH_OK;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	ASH_TRY(ash_access_get(session, object_handle, &object));
	for (size_t i = 0; i < count; i++) {
		queries[i].code = answer(object, &queries[i]);
		if (first == ASH_OK)
			first = queries[i].code;
	}
	ASH_ENSURE(first == ASH_OK, first);
	return ASH_DONE;
}

struct setting {
	struct ash_template given;
	struct ash_actor actor;
};

static struct ash_status set_given(const struct ash_attrs *before, const void *context,
				   struct ash_attrs **ret_after)
{
	const struct setting *setting = context;

	return ash_attribute_change(before, setting->given, setting->actor, ret_after);
}

/* `wait`: until it is our turn to write, and then whatever the object is. */
static struct ash_status set_once(struct ash_session *session, ash_handle object_handle,
				  struct ash_template given, bool wait)
{
	const struct setting setting = { given, ash_session_actor(session) };
	ASH_AUTO(ash_object) *object = NULL;
	ASH_AUTO(ash_attrs) *changed = NULL;

	ASH_TRY(ash_access_get(session, object_handle, &object));
	ASH_TRY(ash_session_may_write(session, ash_attrs_bool(object->attrs, CKA_TOKEN, false),
				      object->is_private));
	if (wait && (object_handle & ASH_HANDLE_SESSION_OBJECT) == 0)
		return ash_change_edit(session, object, set_given, &setting);
	ASH_TRY(set_given(object->attrs, &setting, &changed));
	return ash_change_update(session, object, &changed);
}

struct ash_status ash_hsm_set_attributes(struct ash_hsm *hsm, ash_handle handle, ash_handle object_handle,
					 struct ash_template given)
{
	ASH_AUTO(ash_session) *session = NULL;
	struct ash_status status = ASH_DONE;
	unsigned tries = 0;

	ASH_TRY(ash_session_take(hsm, handle, &session));
	do {
		/* Somebody else changed it first: ours is checked against theirs. Of all that try one gets on. */
		status = set_once(session, object_handle, given, tries++ >= UPDATE_TRIES);
	} while (status.code == ASH_E_CONFLICT);
	return status;
}
