#include "app/foreign/bring.h"

#include <stdio.h>
#include <string.h>

#include "app/foreign/prove.h"
#include "token/attribute.h"
#include "util/mem.h"

#define FOUND_AT_ONCE 64

/* What tells objects apart, where they have it. Not the value of what may be secret: nobody searches for that. */
static const uint64_t telling[] = { CKA_CLASS,     CKA_TOKEN,   CKA_KEY_TYPE, CKA_LABEL,
				    CKA_ID,        CKA_MODULUS, CKA_EC_POINT, CKA_APPLICATION,
				    CKA_OBJECT_ID, CKA_SUBJECT, CKA_ISSUER,   CKA_SERIAL_NUMBER };

void ash_foreign_target_done(struct ash_foreign_target *target)
{
	target->made = ash_mem_free(target->made);
	target->made_count = target->made_cap = 0;
}

static bool is_taken(const struct ash_foreign_target *target, ash_handle object)
{
	for (size_t i = 0; i < target->made_count; i++) {
		if (target->made[i] == object)
			return true;
	}
	return false;
}

static ASH_STATUS note_taken(struct ash_foreign_target *target, ash_handle object)
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

/* All of them before one is looked at. */
static ASH_STATUS collect(struct ash_foreign_target *target, struct ash_buf *found)
{
	ash_handle page[FOUND_AT_ONCE];
	size_t count = 0;

	do {
		ASH_TRY(target->api->find_next(target->hsm, target->session, page, FOUND_AT_ONCE, &count));
		for (size_t i = 0; i < count; i++) {
			if (!is_taken(target, page[i]))
				ASH_TRY(ash_buf_add(found, ash_span(&page[i], sizeof(page[i]))));
		}
	} while (count != 0);
	return ASH_DONE;
}

static ASH_STATUS search(struct ash_foreign_target *target, struct ash_template want, struct ash_buf *found)
{
	struct ash_status status;

	ASH_TRY(target->api->find_begin(target->hsm, target->session, want));
	status = collect(target, found);
	if (ash_is_ok(status))
		return target->api->find_end(target->hsm, target->session);
	ash_ignore(target->api->find_end(target->hsm, target->session));
	return status;
}

/* The handles of objects that were there before, and look the same as far as can be seen. */
static ASH_STATUS find_alike(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
			     uint64_t class, struct ash_buf *found)
{
	struct ash_attr want[ASH_FOREIGN_ATTRS_MAX];
	size_t count = 0;

	for (size_t i = 0; i < fit->count; i++) {
		if (is_telling(class, fit->attrs[i].type))
			want[count++] = fit->attrs[i];
	}
	return search(target, (struct ash_template){ want, count }, found);
}

/* What comes as an object of the session, to be looked at and destroyed, whatever it says of that. */
static struct ash_status create_trial(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
				      ash_handle *ret_made)
{
	static const uint8_t no = 0, yes = 1;
	struct ash_attr given[ASH_FOREIGN_ATTRS_MAX];

	for (size_t i = 0; i < fit->count; i++) {
		given[i] = fit->attrs[i];
		if (given[i].type == CKA_TOKEN)
			given[i].value = ash_span(&no, 1);
		else if (given[i].type == CKA_DESTROYABLE)
			given[i].value = ash_span(&yes, 1);
	}
	return target->api->create_object(target->hsm, target->session,
					  (struct ash_template){ given, fit->count }, ret_made);
}

/* What our token makes of the key that comes. */
static ASH_STATUS mark_of_source(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
				 uint64_t class, struct ash_buf *mark)
{
	ash_handle made = 0;
	struct ash_status status = create_trial(target, fit, &made);

	if (!ash_is_ok(status)) /* none that is there can be one that can't be made */
		return is_about_object(status.code) ? ASH_DONE : status;
	status = ash_foreign_mark(target, made, class, mark);
	ASH_TRY(target->api->destroy_object(target->hsm, target->session, made));
	return status;
}

/* Whether one that was found has the value of the one that comes, which is proof enough where there is no other. */
static ASH_STATUS try_present(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			      const struct ash_foreign_object *object, const struct ash_buf *mark,
			      struct ash_foreign_result *result)
{
	const uint64_t class = ash_foreign_class(object);
	const struct ash_foreign_result before = *result;
	ASH_AUTO(ash_buf) own = ASH_BUF_PLAIN;

	result->outcome = ASH_FOREIGN_REFUSED;
	ASH_TRY(ash_foreign_mark(target, result->object, class, &own));
	if (!ash_span_equal(ash_buf_span(&own), ash_buf_span(mark)))
		return ASH_DONE;
	/* Another pair's public key must not speak for it; a secret key's value may. */
	if (class == CKO_PRIVATE_KEY && own.len == 0)
		return ASH_DONE;
	result->outcome = ASH_FOREIGN_PRESENT;
	ASH_TRY(ash_foreign_prove(target, all, object, result));
	if (own.len != 0 && result->outcome == ASH_FOREIGN_PRESENT && result->proof == NULL) {
		memcpy(result->why, before.why, sizeof(result->why));
		result->proof = class == CKO_PRIVATE_KEY ? "public key" : "check value";
	}
	return ASH_DONE;
}

/* What may be done with the one that is there, where the one that comes says otherwise. */
static void note_other(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
		       struct ash_foreign_result *result)
{
	for (size_t i = 0; i < fit->count; i++) {
		const struct ash_attr *attr = &fit->attrs[i];
		const struct ash_attr_info *info = ash_attribute_find(attr->type);
		const size_t len = strlen(result->other);
		uint8_t own = 0;
		struct ash_attr_query query = { .type = attr->type, .value = { &own, 1, 0 } };

		if (info->kind != ASH_ATTR_BOOL || attr->value.len != 1 ||
		    !ash_is_ok(target->api->get_attributes(target->hsm, target->session, result->object,
							   &query, 1)) ||
		    (own != 0) == (attr->value.data[0] != 0))
			continue;
		snprintf(result->other + len, sizeof(result->other) - len, "%s%s", len != 0 ? ", " : "",
			 info->name);
	}
}

/*
 * Whether it was there before; two keys of one name may be two keys. What is not proved to be
 * the same is not taken for it: twice is better than lost.
 */
static ASH_STATUS find_present(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			       const struct ash_foreign_object *object, const struct ash_foreign_fit *fit,
			       struct ash_foreign_result *result)
{
	const uint64_t class = ash_foreign_class(object);
	ASH_AUTO(ash_buf) found = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) mark = ASH_BUF_PLAIN;

	ASH_TRY(find_alike(target, fit, class, &found));
	if (found.len != 0 && (class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY))
		ASH_TRY(mark_of_source(target, fit, class, &mark));
	for (size_t at = 0; at < found.len; at += sizeof(ash_handle)) {
		struct ash_foreign_result tried = *result;

		memcpy(&tried.object, found.data + at, sizeof(tried.object));
		ASH_TRY(try_present(target, all, object, &mark, &tried));
		if (tried.outcome == ASH_FOREIGN_PRESENT && tried.proof != NULL) {
			*result = tried;
			note_other(target, fit, result);
			return note_taken(target, tried.object);
		}
	}
	return ASH_DONE;
}

/* The object is refused for it, if it says something of the object; else it is a failure. */
static ASH_STATUS refuse(struct ash_status status, struct ash_foreign_result *result)
{
	const char *explanation = ash_status_explanation();

	if (!is_about_object(status.code))
		return status;
	result->outcome = ASH_FOREIGN_REFUSED;
	result->proof = NULL;
	snprintf(result->why, sizeof(result->why), "%s",
		 explanation[0] != '\0' ? explanation : ash_code_text(status.code));
	return ASH_DONE;
}

static ASH_STATUS create(struct ash_foreign_target *target, const struct ash_foreign_fit *fit,
			 struct ash_foreign_result *result)
{
	const struct ash_status status =
		target->api->create_object(target->hsm, target->session,
					   (struct ash_template){ fit->attrs, fit->count }, &result->object);

	if (!ash_is_ok(status))
		return refuse(status, result);
	result->outcome = ASH_FOREIGN_IMPORTED;
	return note_taken(target, result->object);
}

static bool is_destroyable(const struct ash_foreign_fit *fit)
{
	struct ash_span value = ASH_SPAN_NONE;

	return !ash_foreign_fit_get(fit, CKA_DESTROYABLE, &value) || value.len != 1 || value.data[0] != 0;
}

/* What could not be got rid of if it were wrong is proved before it is made. */
static ASH_STATUS prove_trial(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
			      const struct ash_foreign_object *object, const struct ash_foreign_fit *fit,
			      struct ash_foreign_result *result)
{
	struct ash_status status = create_trial(target, fit, &result->object);

	if (!ash_is_ok(status))
		return refuse(status, result);
	result->outcome = ASH_FOREIGN_IMPORTED;
	ASH_TRY(ash_foreign_prove(target, all, object, result));
	if (result->outcome == ASH_FOREIGN_IMPORTED)
		return target->api->destroy_object(target->hsm, target->session, result->object);
	return ASH_DONE;
}

static ASH_STATUS make(struct ash_foreign_target *target, const struct ash_foreign_objects *all,
		       const struct ash_foreign_object *object, const struct ash_foreign_fit *fit,
		       struct ash_foreign_result *result)
{
	if (is_destroyable(fit)) {
		ASH_TRY(create(target, fit, result));
		return ash_foreign_prove(target, all, object, result);
	}
	ASH_TRY(prove_trial(target, all, object, fit, result));
	return result->outcome == ASH_FOREIGN_IMPORTED ? create(target, fit, result) : ASH_DONE;
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
	if (!ash_is_ok(status))
		return refuse(status, result);
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
	if (fits && result.outcome != ASH_FOREIGN_PRESENT)
		ASH_TRY(make(target, all, object, &fit, &result));
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
