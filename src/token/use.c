#include "token/use.h"

#include "token/access.h"
#include "token/keymap.h"

const struct ash_role ash_role_wrap = {
	.usage = CKA_WRAP,
	.classes = ASH_ROLE_PUBLIC | ASH_ROLE_SECRET,
	.handle = ASH_E_WRAPPING_KEY_HANDLE,
	.type = ASH_E_WRAPPING_KEY_TYPE,
	.size = ASH_E_WRAPPING_KEY_SIZE,
};

const struct ash_role ash_role_unwrap = {
	.usage = CKA_UNWRAP,
	.classes = ASH_ROLE_PRIVATE | ASH_ROLE_SECRET,
	.handle = ASH_E_UNWRAPPING_KEY_HANDLE,
	.type = ASH_E_UNWRAPPING_KEY_TYPE,
	.size = ASH_E_UNWRAPPING_KEY_SIZE,
};

const struct ash_role ash_role_derive = {
	.usage = CKA_DERIVE,
	.classes = ASH_ROLE_PRIVATE | ASH_ROLE_SECRET,
	.handle = ASH_E_KEY_HANDLE,
	.type = ASH_E_KEY_TYPE,
	.size = ASH_E_KEY_SIZE,
};

const struct ash_role ash_role_encapsulate = {
	.usage = CKA_ENCAPSULATE,
	.classes = ASH_ROLE_PUBLIC,
	.handle = ASH_E_KEY_HANDLE,
	.type = ASH_E_KEY_TYPE,
	.size = ASH_E_KEY_SIZE,
};

/* §5.18.9 words its refusals as unwrapping does. */
const struct ash_role ash_role_decapsulate = {
	.usage = CKA_DECAPSULATE,
	.classes = ASH_ROLE_PRIVATE,
	.handle = ASH_E_UNWRAPPING_KEY_HANDLE,
	.type = ASH_E_UNWRAPPING_KEY_TYPE,
	.size = ASH_E_UNWRAPPING_KEY_SIZE,
};

struct ash_role ash_role_of(enum ash_op op)
{
	return (struct ash_role){
		.usage = ash_op_usage(op),
		.classes = ASH_ROLE_ANY,
		.handle = ASH_E_KEY_HANDLE,
		.type = ASH_E_KEY_TYPE,
		.size = ASH_E_KEY_SIZE,
	};
}

bool ash_use_allowed(const struct ash_attrs *key, uint64_t mechanism)
{
	struct ash_span allowed = ASH_SPAN_NONE;

	if (!ash_attrs_get(key, CKA_ALLOWED_MECHANISMS, &allowed) || allowed.len == 0)
		return true;
	for (size_t at = 0; at + 8 <= allowed.len; at += 8) {
		uint64_t type = 0;

		for (size_t i = 0; i < 8; i++)
			type = type << 8 | allowed.data[at + i];
		if (type == mechanism)
			return true;
	}
	return false;
}

/* 0 for what is no key. */
static unsigned class_bit(const struct ash_attrs *attrs)
{
	switch (ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION)) {
	case CKO_PUBLIC_KEY: return ASH_ROLE_PUBLIC;
	case CKO_PRIVATE_KEY: return ASH_ROLE_PRIVATE;
	case CKO_SECRET_KEY: return ASH_ROLE_SECRET;
	default: return 0;
	}
}

static struct ash_status check_key(const struct ash_attrs *attrs, const struct ash_mechanism_row *row,
				   const struct ash_role *role, struct ash_key_spec *ret_spec)
{
	const uint64_t key_type = ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);
	struct ash_status status;

	ASH_ENSURE(class_bit(attrs) != 0, role->handle);
	ASH_ENSURE(key_type == row->key_type || key_type == row->other_key_type, role->type);
	ASH_ENSURE((class_bit(attrs) & role->classes) != 0, role->type);
	ASH_TRY(ash_keymap_spec(attrs, ret_spec));
	status = ash_mechanism_check_key(row, key_type, ret_spec);
	ASH_ENSURE(status.code != ASH_E_KEY_TYPE, role->type);
	ASH_ENSURE(status.code != ASH_E_KEY_SIZE, role->size);
	ASH_TRY(status);
	ASH_ENSURE(ash_attrs_bool(attrs, role->usage, false), ASH_E_KEY_USAGE);
	ASH_ENSURE(ash_use_allowed(attrs, row->type), ASH_E_MECHANISM);
	return ASH_DONE;
}

struct ash_status ash_use_get(struct ash_session *session, ash_handle handle,
			      const struct ash_mechanism_row *row, const struct ash_role *role,
			      struct ash_object **ret_object, struct ash_key_spec *ret_spec)
{
	ASH_AUTO(ash_object) *object = NULL;
	const struct ash_status status = ash_access_get(session, handle, &object);

	ASH_ENSURE(status.code != ASH_E_OBJECT_HANDLE, role->handle);
	ASH_TRY(status);
	ASH_TRY(check_key(object->attrs, row, role, ret_spec));
	*ret_object = ASH_TAKE(object);
	return ASH_DONE;
}

struct ash_status ash_use_once(struct ash_session *session, ash_handle handle,
			       const struct ash_mechanism_row *row, const struct ash_role *role,
			       struct ash_object **ret_object, struct ash_key_spec *ret_spec)
{
	ASH_AUTO(ash_object) *object = NULL;

	ASH_TRY(ash_use_get(session, handle, row, role, &object, ret_spec));
	ASH_ENSURE(!ash_attrs_bool(object->attrs, CKA_ALWAYS_AUTHENTICATE, false), ASH_E_NOT_LOGGED_IN);
	*ret_object = ASH_TAKE(object);
	return ASH_DONE;
}

struct ash_status ash_use_row(const struct ash_mechanism *mechanism, uint64_t flag,
			      const struct ash_mechanism_row **ret_row)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(mechanism->type);

	ASH_ENSURE(row != NULL && (row->info.flags & flag) != 0, ASH_E_MECHANISM);
	ASH_TRY(ash_mechanism_check_params(row, &mechanism->params));
	ASH_TRY(ash_mechanism_check_derivation(row, &mechanism->derive));
	*ret_row = row;
	return ASH_DONE;
}

bool ash_use_only_length(struct ash_out *out, size_t need, struct ash_status *ret_status)
{
	if (out->data != NULL && out->cap >= need)
		return false;
	*ret_status =
		out->data == NULL ? ASH_DONE : ash_status_fail(ASH_E_BUFFER_TOO_SMALL, __FILE__, __LINE__);
	out->len = need;
	return true;
}

void ash_use_deliver(struct ash_span result, struct ash_out *out)
{
	if (result.len != 0)
		memcpy(out->data, result.data, result.len);
	out->len = result.len;
}
