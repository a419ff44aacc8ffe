#include "app/foreign/bring.h"

#include <stdio.h>
#include <string.h>

#include "app/foreign/prove.h"
#include "util/mem.h"

#define FOUND_MAX 16 /* of objects with one class, label and id */

/* What tells objects apart, where they have it. Not the value of what may be secret: nobody searches for that. */
static const uint64_t telling[] = { CKA_CLASS,   CKA_KEY_TYPE, CKA_LABEL,        CKA_ID,
				    CKA_MODULUS, CKA_EC_POINT, CKA_APPLICATION,  CKA_OBJECT_ID,
				    CKA_SUBJECT, CKA_ISSUER,   CKA_SERIAL_NUMBER };

void ash_foreign_target_done(struct ash_foreign_target *target)
{
	target->made = ash_mem_free(target->made);
	target->made_count = target->made_cap = 0;
}

static bool is_made_by_us(const struct ash_foreign_target *target, ash_handle object)
{
	for (size_t i = 0; i < target->made_count; i++) {
		if (target->made[i] == object)
			return true;
	}
	return false;
}

static ASH_STATUS note_made(struct ash_foreign_target *target, ash_handle object)
{
	if (target->made_count == target->made_cap) {
		const size_t cap = target->made_cap * 2 + 64;
		ash_handle *more = ash_mem_resize(target->made, cap, sizeof(*more));

		ASH_ENSURE(more != NULL, ASH_E_MEMORY);
		target->made = more;
		target->made_cap = cap;
	}
	target->made[target->made_count++] = object;
	return ASH_DONE;
}

static bool is_telling(uint64_t class, uint64_t type)
{
	if (type == CKA_VALUE)
		return class == CKO_CERTIFICATE || class == CKO_DATA || class == CKO_PUBLIC_KEY;
	for (size_t i = 0; i < ASH_COUNT(telling); i++) {
		if (telling[i] == type)
			return true;
	}
	return false;
}

static ASH_STATUS search(struct ash_foreign_target *target, struct ash_template want, ash_handle *found,
			 size_t *ret_count)
{
	struct ash_status status;

	ASH_TRY(target->api->find_begin(target->hsm, target->session, want));
	status = target->api->find_next(target->hsm, target->session, found, FOUND_MAX, ret_count);
	if (ash_is_ok(status))
		return target->api->find_end(target->hsm, target->session);
	ash_ignore(target->api->find_end(target->hsm, target->session));
	return status;
}

/* The objects that look the same as far as can be seen. */
static ASH_STATUS find_alike(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
			     uint64_t class, ash_handle *found, size_t *ret_count)
{
	struct ash_attr want[ASH_FOREIGN_ATTRS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < fit->count; i++) {
		if (is_telling(class, fit->attrs[i].type))
			want[count++] = fit->attrs[i];
	}
	return search(target, (struct ash_template){ want, count }, found, ret_count);
}

/* Whether it was there before; two keys of one name may be two keys. */
static ASH_STATUS find_present(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			       const struct ash_foreign_object *object, const struct ash_foreign_fit *fit,
			       struct ash_foreign_result *result)
{
	ash_handle found[FOUND_MAX];
	size_t count = 0;

	ASH_TRY(find_alike(target, fit, ash_foreign_class(object), found, &count));
	for (size_t i = 0; i < count; i++) {
		struct ash_foreign_result tried = *result;

		if (is_made_by_us(target, found[i]))
			continue;
		tried.object = found[i];
		tried.outcome = ASH_FOREIGN_PRESENT;
		ASH_TRY(ash_foreign_prove(target, all, object, &tried));
		if (tried.outcome == ASH_FOREIGN_PRESENT) {
			*result = tried;
			return ASH_DONE;
		}
	}
	return ASH_DONE;
}

/* Whether a failure says something of the object, and not of the machine or the session. */
static bool is_about_object(enum ash_code code)
{
	switch ((unsigned)code) {
	case ASH_E_MEMORY:
	case ASH_E_BUG:
	case ASH_E_IO:
	case ASH_E_FULL:
	case ASH_E_ACCESS:
	case ASH_E_CORRUPT:
	case ASH_E_CONFLICT:
	case ASH_E_SESSION_HANDLE:
	case ASH_E_SESSION_READ_ONLY:
	case ASH_E_NOT_LOGGED_IN:
	case ASH_E_DEVICE_REMOVED:
	case ASH_E_TOKEN_WRITE_PROTECTED: return false;
	default: return true;
	}
}

static void refuse(struct ash_status status, struct ash_foreign_result *result)
{
	const char *explanation = ash_status_explanation();

	result->outcome = ASH_FOREIGN_REFUSED;
	snprintf(result->why, sizeof(result->why), "%s",
		 explanation[0] != '\0' ? explanation : ash_code_text(status.code));
}

static ASH_STATUS create(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
			 struct ash_foreign_result *result)
{
	const struct ash_status status =
		target->api->create_object(target->hsm, target->session,
					   (struct ash_template){ fit->attrs, fit->count }, &result->object);

	if (!ash_is_ok(status)) {
		if (!is_about_object(status.code))
			return status;
		refuse(status, result);
		return ASH_DONE;
	}
	result->outcome = ASH_FOREIGN_IMPORTED;
	return note_made(target, result->object);
}

/* The template; false, with the reason in the result, when there can be none. */
static ASH_STATUS fit_object(const struct ash_foreign_object *object, struct ash_foreign_fit *fit,
			     struct ash_foreign_result *result, bool *ret_fits)
{
	struct ash_status status;

	*ret_fits = false;
	snprintf(result->why, sizeof(result->why), "%s", object->why);
	if (object->attrs == NULL || object->kept)
		return ASH_DONE;
	status = ash_foreign_fit(object->attrs, fit);
	if (!ash_is_ok(status)) {
		if (!is_about_object(status.code))
			return status;
		refuse(status, result);
		return ASH_DONE;
	}
	snprintf(result->lost, sizeof(result->lost), "%s", fit->lost);
	*ret_fits = true;
	return ASH_DONE;
}

ASH_STATUS ash_foreign_bring(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			     const struct ash_foreign_object *object, struct ash_foreign_result *ret_result)
{
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	bool fits = false;

	ASH_TRY(fit_object(object, &fit, &result, &fits));
	if (fits)
		ASH_TRY(find_present(target, all, object, &fit, &result));
	if (fits && result.outcome != ASH_FOREIGN_PRESENT) {
		ASH_TRY(create(target, &fit, &result));
		ASH_TRY(ash_foreign_prove(target, all, object, &result));
	}
	*ret_result = result;
	return ASH_DONE;
}

ASH_STATUS ash_foreign_try(const struct ash_foreign_object *object, struct ash_foreign_result *ret_result)
{
	struct ash_foreign_result result = ASH_FOREIGN_RESULT_NONE;
	ASH_AUTO(ash_foreign_fit) fit = ASH_FOREIGN_FIT_NONE;
	bool fits = false;

	ASH_TRY(fit_object(object, &fit, &result, &fits));
	if (fits)
		result.outcome = ASH_FOREIGN_IMPORTED;
	*ret_result = result;
	return ASH_DONE;
}
