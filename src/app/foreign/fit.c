#include "app/foreign/fit.h"

#include <stdio.h>
#include <string.h>

#include "crypto/alg.h"
#include "token/attribute.h"
#include "token/der.h"
#include "token/keygroup.h"
#include "token/mechanism.h"

/* What only a token says of an object, when it makes it. */
static const uint64_t said_by_token[] = {
	CKA_LOCAL,        CKA_ALWAYS_SENSITIVE,  CKA_UNIQUE_ID,   CKA_NEVER_EXTRACTABLE,
	CKA_MODULUS_BITS, CKA_KEY_GEN_MECHANISM, CKA_VALUE_LEN,   CKA_OBJECT_VALIDATION_FLAGS,
	CKA_TRUSTED,      CKA_PUBLIC_KEY_INFO,   CKA_CHECK_VALUE,
};

/* Of those, what somebody may miss. */
static const uint64_t missed[] = { CKA_LOCAL, CKA_ALWAYS_SENSITIVE, CKA_NEVER_EXTRACTABLE, CKA_TRUSTED };

static const uint64_t classes[] = { CKO_DATA, CKO_CERTIFICATE, CKO_PUBLIC_KEY, CKO_PRIVATE_KEY,
				    CKO_SECRET_KEY };

/* What certificates must say, be it empty. */
static const uint64_t said_by_certificates[] = { CKA_SUBJECT, CKA_VALUE };

static bool is_one_of(uint64_t number, const uint64_t *list, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (list[i] == number)
			return true;
	}
	return false;
}
#define IS_ONE_OF(number, list) is_one_of((number), (list), ASH_COUNT(list))

void ash_foreign_fit_done(struct ash_foreign_fit *fit)
{
	fit->padded = ash_secret_free(fit->padded);
	ash_buf_done(&fit->point);
	fit->count = 0;
}

bool ash_foreign_fit_get(const struct ash_foreign_fit *fit, uint64_t type, struct ash_span *ret_value)
{
	for (size_t i = 0; i < fit->count; i++) {
		if (fit->attrs[i].type == type) {
			*ret_value = fit->attrs[i].value;
			return true;
		}
	}
	return false;
}

enum ash_key_kind ash_foreign_kind(uint64_t key_type)
{
	static const struct {
		uint64_t key_type;
		enum ash_key_kind kind;
	} rows[] = {
		{ CKK_RSA, ASH_KEY_RSA },
		{ CKK_EC, ASH_KEY_EC },
		{ CKK_EC_EDWARDS, ASH_KEY_EDWARDS },
		{ CKK_EC_MONTGOMERY, ASH_KEY_MONTGOMERY },
		{ CKK_ML_DSA, ASH_KEY_ML_DSA },
		{ CKK_ML_KEM, ASH_KEY_ML_KEM },
	};

	for (size_t i = 0; i < ASH_COUNT(rows); i++) {
		if (rows[i].key_type == key_type)
			return rows[i].kind;
	}
	return ASH_KEY_KINDS;
}

/* Empty says nothing: most tokens list every attribute that an object could have, some even others. */
static bool is_given(const struct ash_attr *attr, uint64_t class, uint64_t key_type)
{
	if (attr->type == CKA_TOKEN || IS_ONE_OF(attr->type, said_by_token) ||
	    !ash_attribute_belongs(class, key_type, attr->type))
		return false;
	return attr->value.len != 0 ||
	       (class == CKO_CERTIFICATE && IS_ONE_OF(attr->type, said_by_certificates));
}

static void note_lost(const struct ash_attr *attr, struct ash_foreign_fit *fit)
{
	const size_t len = strlen(fit->lost);

	if (!IS_ONE_OF(attr->type, missed) || attr->value.len != 1 || attr->value.data[0] == 0)
		return;
	snprintf(fit->lost + len, sizeof(fit->lost) - len, "%s%s", len != 0 ? ", " : "",
		 ash_attribute_find(attr->type)->name);
}

/* An attribute of the template that is to be changed; NULL when it has none. */
static struct ash_attr *edit(struct ash_foreign_fit *fit, uint64_t type)
{
	for (size_t i = 0; i < fit->count; i++) {
		if (fit->attrs[i].type == type)
			return &fit->attrs[i];
	}
	return NULL;
}

/* Some leave the zeroes in front of a private number out. */
static ASH_STATUS pad_private(enum ash_group group, struct ash_foreign_fit *fit)
{
	const size_t len = ash_group_private_len(group);
	struct ash_attr *value = edit(fit, CKA_VALUE);

	if (value == NULL || value->value.len >= len)
		return ASH_DONE;
	ASH_TRY(ash_secret_new(len, &fit->padded));
	memcpy(ash_secret_edit(fit->padded).data + len - value->value.len, value->value.data,
	       value->value.len);
	value->value = ash_secret_peek(fit->padded);
	return ASH_DONE;
}

/* Some have the point as it is, where the standard wants it in an OCTET STRING. */
static ASH_STATUS wrap_point(enum ash_group group, struct ash_foreign_fit *fit)
{
	struct ash_attr *point = edit(fit, CKA_EC_POINT);

	if (point == NULL || point->value.len != ash_group_public_len(group))
		return ASH_DONE;
	ASH_TRY(ash_der_add(&fit->point, ASH_DER_OCTET_STRING, point->value));
	point->value = ash_buf_span(&fit->point);
	return ASH_DONE;
}

/* Keys on curves, in the one form that our tokens keep, so that they are found again. */
static ASH_STATUS fit_curve(uint64_t class, uint64_t key_type, struct ash_foreign_fit *fit)
{
	const enum ash_key_kind kind = ash_foreign_kind(key_type);
	const struct ash_keygroup *row = NULL;
	struct ash_span params = ASH_SPAN_NONE;

	if (ash_foreign_fit_get(fit, CKA_EC_PARAMS, &params))
		row = ash_keygroup_of_params(kind, params);
	if (row == NULL)
		return ASH_DONE;
	if (class == CKO_PUBLIC_KEY)
		return wrap_point(row->group, fit);
	return kind == ASH_KEY_EC ? pad_private(row->group, fit) : ASH_DONE;
}

/* A size that our tokens refuse is better named than called a wrong value. */
static ASH_STATUS check_rsa(const struct ash_attrs *object)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(CKM_RSA_PKCS);
	struct ash_span modulus = ASH_SPAN_NONE;

	(void)ash_attrs_get(object, CKA_MODULUS, &modulus);
	modulus = ash_attribute_canonical(CKA_MODULUS, modulus);
	if (modulus.len != 0 &&
	    (modulus.len * 8 < row->info.min_size || modulus.len * 8 > row->info.max_size))
		ASH_FAIL_WITH(ASH_E_KEY_SIZE, "it has %zu bits: RSA keys of %llu to %llu are taken",
			      modulus.len * 8, (unsigned long long)row->info.min_size,
			      (unsigned long long)row->info.max_size);
	return ASH_DONE;
}

static ASH_STATUS check_type(uint64_t class, uint64_t key_type)
{
	if (!IS_ONE_OF(class, classes))
		ASH_FAIL_WITH(ASH_E_KEY_TYPE, "our tokens have no objects of its class");
	if (!ash_attribute_belongs(class, key_type, CKA_CLASS))
		ASH_FAIL_WITH(ASH_E_KEY_TYPE, "our tokens have no keys of its type");
	return ASH_DONE;
}

ASH_STATUS ash_foreign_fit(const struct ash_attrs *object, struct ash_foreign_fit *fit)
{
	static const uint8_t yes = 1;
	const uint64_t class = ash_attrs_number(object, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);
	const uint64_t key_type = ash_attrs_number(object, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION);

	ASH_TRY(check_type(class, key_type));
	if (key_type == CKK_RSA)
		ASH_TRY(check_rsa(object));
	/* Whatever it says, or leaves out: an object of the session would be gone with it. */
	fit->attrs[fit->count++] = (struct ash_attr){ CKA_TOKEN, ash_span(&yes, 1) };
	for (size_t i = 0; i < ash_attrs_count(object); i++) {
		const struct ash_attr attr = ash_attrs_at(object, i);

		if (ash_attribute_belongs(class, key_type, attr.type))
			note_lost(&attr, fit);
		if (!is_given(&attr, class, key_type))
			continue;
		ASH_ENSURE(fit->count < ASH_FOREIGN_ATTRS_MAX, ASH_E_LIMIT);
		fit->attrs[fit->count++] = attr;
	}
	return fit_curve(class, key_type, fit);
}
