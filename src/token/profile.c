#include "token/profile.h"

#include <stdio.h>

#define FIRST  ASH_HANDLE_COMPUTED
#define BEYOND (UINT64_C(1) << ASH_HANDLE_ID_BITS)

static const struct {
	uint64_t type;
	bool value;
} switches[] = {
	{ CKA_TOKEN, true },     { CKA_PRIVATE, false },     { CKA_MODIFIABLE, false },
	{ CKA_COPYABLE, false }, { CKA_DESTROYABLE, false },
};

static const uint64_t others[] = { CKA_CLASS, CKA_UNIQUE_ID, CKA_PROFILE_ID };

bool ash_profile_is(ash_handle handle)
{
	return handle >= FIRST && handle < BEYOND;
}

static struct ash_status make_attrs(uint64_t profile, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	char name[32];

	ASH_TRY(ash_attrs_new(&attrs));
	ASH_TRY(ash_attrs_set_number(attrs, CKA_CLASS, CKO_PROFILE));
	ASH_TRY(ash_attrs_set_number(attrs, CKA_PROFILE_ID, profile));
	/* Those of stored objects are 32 hexadecimal digits. */
	(void)snprintf(name, sizeof(name), "profile-%llu", (unsigned long long)profile);
	ASH_TRY(ash_attrs_set(attrs, CKA_UNIQUE_ID, ash_span_text(name)));
	for (size_t i = 0; i < ASH_COUNT(switches); i++)
		ASH_TRY(ash_attrs_set_bool(attrs, switches[i].type, switches[i].value));
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

static bool claims(const struct ash_hsm *hsm, uint64_t profile)
{
	for (size_t i = 0; i < hsm->options.profile_count; i++) {
		if (hsm->options.profiles[i] == profile)
			return true;
	}
	return false;
}

struct ash_status ash_profile_get(struct ash_session *session, ash_handle handle,
				  struct ash_object **ret_object)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_object *object = NULL;

	ASH_ENSURE(ash_profile_is(handle) && claims(session->hsm, handle - FIRST), ASH_E_OBJECT_HANDLE);
	ASH_TRY(make_attrs(handle - FIRST, &attrs));
	ASH_TRY(ash_object_new(session->token, session->era, attrs, &object));
	attrs = NULL;
	object->handle = handle;
	object->id = handle;
	*ret_object = object;
	return ASH_DONE;
}

static bool has(uint64_t type)
{
	for (size_t i = 0; i < ASH_COUNT(switches); i++) {
		if (switches[i].type == type)
			return true;
	}
	for (size_t i = 0; i < ASH_COUNT(others); i++) {
		if (others[i] == type)
			return true;
	}
	return false;
}

bool ash_profile_only(const struct ash_attrs *want)
{
	return ash_attrs_number(want, CKA_CLASS, CK_UNAVAILABLE_INFORMATION) == CKO_PROFILE;
}

bool ash_profile_possible(const struct ash_attrs *want)
{
	if (ash_attrs_has(want, CKA_CLASS) && !ash_profile_only(want))
		return false;
	for (size_t i = 0; i < ash_attrs_count(want); i++) {
		if (!has(ash_attrs_at(want, i).type))
			return false;
	}
	return true;
}

static struct ash_status matches(uint64_t profile, const struct ash_attrs *want, bool *ret_matches)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	bool all = true;

	ASH_TRY(make_attrs(profile, &attrs));
	for (size_t i = 0; i < ash_attrs_count(want) && all; i++) {
		const struct ash_attr attr = ash_attrs_at(want, i);

		all = ash_attrs_match(attrs, (struct ash_template){ &attr, 1 });
	}
	*ret_matches = all;
	return ASH_DONE;
}

/* Profiles have small numbers: they are tried in their order. */
struct ash_status ash_profile_find(struct ash_session *session, const struct ash_attrs *want,
				   ash_handle after, ash_handle *out, size_t cap, size_t *count)
{
	const ash_handle from = after < FIRST ? FIRST : after + 1;

	if (!ash_profile_possible(want))
		return ASH_DONE;
	for (ash_handle handle = from; handle < BEYOND && *count < cap; handle++) {
		bool fits = false;

		if (!claims(session->hsm, handle - FIRST))
			continue;
		ASH_TRY(matches(handle - FIRST, want, &fits));
		if (fits)
			out[(*count)++] = handle;
	}
	return ASH_DONE;
}
