#include "token/attribute_priv.h"

#include "util/compat.h"

#define EXPONENT_BYTES_MAX 32u

/* What a way of making makes, and what it asks of a template: the standard's footnotes 1 to 6. */
static const struct making_rule {
	uint32_t must, must_not;
	uint16_t classes;
} making_rules[ASH_MAKINGS] = {
	[ASH_MADE_CREATE] = { ASH_RULE_F1, ASH_RULE_F2, ASH_ON_OBJECTS },
	[ASH_MADE_GENERATE] = { ASH_RULE_F3, ASH_RULE_F4, ASH_ON_KEYS },
	[ASH_MADE_UNWRAP] = { ASH_RULE_F5, ASH_RULE_F6, ASH_ON_PRIVATE | ASH_ON_SECRET },
	[ASH_MADE_DERIVE] = { 0, ASH_RULE_F6, ASH_ON_SECRET | ASH_ON_DATA },
	[ASH_MADE_ENCAPSULATE] = { 0, ASH_RULE_F6, ASH_ON_SECRET },
};

static bool is_true(struct ash_span value)
{
	return value.len == 1 && value.data[0] != 0;
}

static bool bool_of(const struct ash_attrs *attrs, uint64_t type)
{
	return ash_attrs_bool(attrs, type, false);
}

static bool is_empty(const struct ash_attrs *attrs, uint64_t type)
{
	struct ash_span value = ASH_SPAN_NONE;

	return !ash_attrs_get(attrs, type, &value) || value.len == 0;
}

/* The number of that type in either template; CK_UNAVAILABLE_INFORMATION when it is in none. */
static uint64_t number_in(struct ash_template given, struct ash_template implied, uint64_t type)
{
	uint64_t number = 0;

	for (size_t i = 0; i < implied.count + given.count; i++) {
		const struct ash_attr *attr =
			i < implied.count ? &implied.attrs[i] : &given.attrs[i - implied.count];

		if (attr->type != type)
			continue;
		for (size_t k = 0; k < attr->value.len; k++)
			number = number << 8 | attr->value.data[k];
		return number;
	}
	return CK_UNAVAILABLE_INFORMATION;
}

static struct ash_status scope_of_both(struct ash_template given, struct ash_template implied,
				       struct ash_scope *ret_scope)
{
	const uint64_t class = number_in(given, implied, CKA_CLASS);
	const uint64_t key_type = number_in(given, implied, CKA_KEY_TYPE);

	ASH_ENSURE(class != CK_UNAVAILABLE_INFORMATION, ASH_E_TEMPLATE_INCOMPLETE);
	ASH_ENSURE((ash_attribute_class_bit(class) & ASH_ON_TYPED) == 0 ||
			   key_type != CK_UNAVAILABLE_INFORMATION,
		   ASH_E_TEMPLATE_INCOMPLETE);
	return ash_attribute_scope(class, key_type, ret_scope);
}

/* §4.1.1, third: what the token alone sets, and what only the officer may. */
static struct ash_status check_settable(struct ash_scope scope, struct ash_template given, uint32_t must_not,
					struct ash_actor actor)
{
	for (size_t i = 0; i < given.count; i++) {
		const struct ash_attr_place *place = ash_attribute_place(given.attrs[i].type, scope);

		if (place == NULL)
			continue; /* inconsistent: that comes later */
		ASH_ENSURE((place->rules & must_not) == 0, ASH_E_ATTRIBUTE_READ_ONLY);
		ASH_ENSURE((place->rules & ASH_RULE_F10) == 0 || actor.so || !is_true(given.attrs[i].value),
			   ASH_E_ATTRIBUTE_READ_ONLY);
	}
	return ASH_DONE;
}

/*
 * Takes over a template. Twice the same value is as good as once, as §4.1.1 advises;
 * two values of one attribute, or one that such objects don't have, are not consistent.
 */
static struct ash_status merge(struct ash_attrs *attrs, struct ash_scope scope, struct ash_template from,
			       bool *consistent)
{
	for (size_t i = 0; i < from.count; i++) {
		const uint64_t type = from.attrs[i].type;
		const struct ash_span value = ash_attribute_canonical(type, from.attrs[i].value);
		struct ash_span before = ASH_SPAN_NONE;

		if (ash_attribute_place(type, scope) == NULL)
			*consistent = false;
		else if (!ash_attrs_get(attrs, type, &before))
			ASH_TRY(ash_attrs_set(attrs, type, value));
		else if (!ash_span_equal_ct(before, value))
			*consistent = false;
	}
	return ASH_DONE;
}

static struct ash_status check_given(const struct ash_attrs *attrs, struct ash_scope scope, uint32_t must)
{
	const struct ash_attr_place *places = NULL;
	const size_t count = ash_attribute_places(&places);

	for (size_t i = 0; i < count; i++) {
		if (ash_place_in(&places[i], scope) && (places[i].rules & must) != 0)
			ASH_ENSURE(ash_attrs_has(attrs, places[i].type), ASH_E_TEMPLATE_INCOMPLETE);
	}
	return ASH_DONE;
}

static struct ash_status set_fallback(struct ash_attrs *attrs, const struct ash_attr_place *place,
				      enum ash_making making)
{
	static const uint8_t fermat_4[] = { 1, 0, 1 };

	switch (place->fallback) {
	case ASH_FALLBACK_NONE: return ASH_DONE;
	case ASH_FALLBACK_EMPTY: return ash_attrs_set(attrs, place->type, ASH_SPAN_NONE);
	case ASH_FALLBACK_FALSE: return ash_attrs_set_bool(attrs, place->type, false);
	case ASH_FALLBACK_TRUE: return ash_attrs_set_bool(attrs, place->type, true);
	case ASH_FALLBACK_ZERO: return ash_attrs_set_number(attrs, place->type, 0);
	case ASH_FALLBACK_FERMAT_4:
		return ash_attrs_set(attrs, place->type, ash_span(fermat_4, sizeof(fermat_4)));
	case ASH_FALLBACK_CAME_IN:
		return ash_attrs_set_bool(attrs, place->type,
					  making == ASH_MADE_UNWRAP || making == ASH_MADE_ENCAPSULATE);
	}
	return ASH_DONE;
}

static struct ash_status set_fallbacks(struct ash_attrs *attrs, struct ash_scope scope,
				       enum ash_making making)
{
	const struct ash_attr_place *places = NULL;
	const size_t count = ash_attribute_places(&places);

	for (size_t i = 0; i < count; i++) {
		if (ash_place_in(&places[i], scope) && !ash_attrs_has(attrs, places[i].type))
			ASH_TRY(set_fallback(attrs, &places[i], making));
	}
	return ASH_DONE;
}

/* §4.8 to §4.11: what an object's past is. Only generation here vouches for a key. */
static struct ash_status set_history(struct ash_attrs *attrs, struct ash_scope scope, enum ash_making making,
				     uint64_t key_gen_mechanism)
{
	const bool local = making == ASH_MADE_GENERATE;

	if ((scope.class & ASH_ON_TYPED) == 0)
		return ASH_DONE;
	ASH_TRY(ash_attrs_set_bool(attrs, CKA_LOCAL, local));
	if ((scope.class & ASH_ON_KEYS) == 0)
		return ASH_DONE;
	ASH_TRY(ash_attrs_set_number(attrs, CKA_KEY_GEN_MECHANISM,
				     local ? key_gen_mechanism : CK_UNAVAILABLE_INFORMATION));
	if ((scope.class & ASH_ON_PUBLIC) != 0)
		return ASH_DONE;
	ASH_TRY(ash_attrs_set_bool(attrs, CKA_ALWAYS_SENSITIVE, local && bool_of(attrs, CKA_SENSITIVE)));
	return ash_attrs_set_bool(attrs, CKA_NEVER_EXTRACTABLE, local && !bool_of(attrs, CKA_EXTRACTABLE));
}

struct ash_status ash_attribute_inherit(const struct ash_attrs *base, struct ash_attrs *attrs)
{
	const uint16_t class =
		ash_attribute_class_bit(ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION));

	if ((class & (ASH_ON_PRIVATE | ASH_ON_SECRET)) == 0)
		return ASH_DONE;
	ASH_TRY(ash_attrs_set_bool(attrs, CKA_ALWAYS_SENSITIVE,
				   bool_of(base, CKA_ALWAYS_SENSITIVE) && bool_of(attrs, CKA_SENSITIVE)));
	return ash_attrs_set_bool(attrs, CKA_NEVER_EXTRACTABLE,
				  bool_of(base, CKA_NEVER_EXTRACTABLE) &&
					  !ash_attrs_bool(attrs, CKA_EXTRACTABLE, true));
}

/* §6.1.4, FIPS 186-5 §A.1.1: odd, above 2^16 and below 2^256. Smaller ones can come in. */
static bool is_generator_exponent(struct ash_span e)
{
	return e.len >= 3 && e.len <= EXPONENT_BYTES_MAX && (e.data[e.len - 1] & 1) != 0;
}

/* What the mechanism asks of a public half that it is to make. */
static struct ash_status check_generated(const struct ash_attrs *attrs, struct ash_scope scope)
{
	struct ash_span e = ASH_SPAN_NONE;

	if (scope.class == ASH_ON_PUBLIC && scope.key == ASH_OF_RSA)
		ASH_ENSURE(ash_attrs_get(attrs, CKA_PUBLIC_EXPONENT, &e) && is_generator_exponent(e),
			   ASH_E_TEMPLATE_INCONSISTENT);
	return ASH_DONE;
}

/* What one attribute asks of another. */
static struct ash_status check_together(const struct ash_attrs *attrs, struct ash_scope scope)
{
	/* §4.9: only private keys can ask for their PIN. */
	ASH_ENSURE(!bool_of(attrs, CKA_ALWAYS_AUTHENTICATE) || bool_of(attrs, CKA_PRIVATE),
		   ASH_E_TEMPLATE_INCONSISTENT);
	if ((scope.class & ASH_ON_CERT) == 0)
		return ASH_DONE;

	/* §4.7.3: the certificate itself, or where it is and whose. */
	ASH_ENSURE(!is_empty(attrs, CKA_VALUE) || !is_empty(attrs, CKA_URL), ASH_E_TEMPLATE_INCONSISTENT);
	ASH_ENSURE(is_empty(attrs, CKA_URL) || (!is_empty(attrs, CKA_HASH_OF_SUBJECT_PUBLIC_KEY) &&
						!is_empty(attrs, CKA_HASH_OF_ISSUER_PUBLIC_KEY)),
		   ASH_E_TEMPLATE_INCONSISTENT);
	return ASH_DONE;
}

struct ash_status ash_attribute_make(enum ash_making making, struct ash_template given,
				     struct ash_template implied, uint64_t key_gen_mechanism,
				     struct ash_actor actor, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_scope scope = { 0, 0 };
	bool consistent = true;

	ASH_BUG((unsigned)making >= ASH_MADE_COPY);
	ASH_TRY(ash_attribute_forms(given));
	ASH_TRY(scope_of_both(given, implied, &scope));
	ASH_ENSURE((scope.class & making_rules[making].classes) != 0, ASH_E_TEMPLATE_INCONSISTENT);
	ASH_TRY(check_settable(scope, given, making_rules[making].must_not, actor));
	ASH_TRY(ash_attrs_new(&attrs));
	ASH_TRY(merge(attrs, scope, given, &consistent));
	ASH_TRY(merge(attrs, scope, implied, &consistent));
	ASH_TRY(check_given(attrs, scope, making_rules[making].must));
	if (making == ASH_MADE_CREATE)
		ASH_TRY(ash_attribute_complete(attrs));
	ASH_ENSURE(consistent, ASH_E_TEMPLATE_INCONSISTENT);

	ASH_TRY(set_fallbacks(attrs, scope, making));
	if (making == ASH_MADE_GENERATE)
		ASH_TRY(check_generated(attrs, scope));
	ASH_TRY(set_history(attrs, scope, making, key_gen_mechanism));
	ASH_TRY(check_together(attrs, scope));
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

/* §6.1.3: n, e and d are enough. Primes come in pairs, and nothing modulo a prime without them. */
static bool has_whole_rsa(const struct ash_attrs *attrs)
{
	const bool first = ash_attrs_has(attrs, CKA_PRIME_1), second = ash_attrs_has(attrs, CKA_PRIME_2);
	const bool rest = ash_attrs_has(attrs, CKA_EXPONENT_1) || ash_attrs_has(attrs, CKA_EXPONENT_2) ||
			  ash_attrs_has(attrs, CKA_COEFFICIENT);

	return first == second && (first || !rest);
}

struct ash_status ash_attribute_complete(const struct ash_attrs *attrs)
{
	const bool elsewhere = ash_attrs_has(attrs, ASH_A_BLOB); /* a device keeps the secret parts */
	const struct ash_attr_place *places = NULL;
	const size_t count = ash_attribute_places(&places);
	struct ash_scope scope = { 0, 0 };

	ASH_TRY(ash_attribute_scope_of(attrs, &scope));
	for (size_t i = 0; i < count; i++) {
		if (!ash_place_in(&places[i], scope) || (places[i].rules & ASH_RULE_FN) == 0)
			continue;
		ASH_ENSURE(ash_attrs_has(attrs, places[i].type) ||
				   (elsewhere && (places[i].rules & ASH_RULE_F7) != 0),
			   ASH_E_TEMPLATE_INCOMPLETE);
	}
	if ((scope.class & ASH_ON_PRIVATE) == 0 || elsewhere)
		return ASH_DONE;
	if (scope.key == ASH_OF_RSA)
		ASH_ENSURE(has_whole_rsa(attrs), ASH_E_TEMPLATE_INCOMPLETE);
	if (scope.key == ASH_OF_ML_DSA || scope.key == ASH_OF_ML_KEM) /* §6.67.4, §6.68.4: at least one */
		ASH_ENSURE(ash_attrs_has(attrs, CKA_VALUE) || ash_attrs_has(attrs, CKA_SEED),
			   ASH_E_TEMPLATE_INCOMPLETE);
	return ASH_DONE;
}

/* Whether this value may replace the present one: ASH_OK, or why not. */
static enum ash_code may_change(const struct ash_attrs *attrs, const struct ash_attr_place *place,
				struct ash_span value, struct ash_actor actor, bool copying)
{
	struct ash_span now = ASH_SPAN_NONE;
	const bool there = ash_attrs_get(attrs, place->type, &now);
	const uint32_t rules = place->rules;

	if ((rules & ASH_RULE_F10) != 0)
		return actor.so || !is_true(value) ? ASH_OK : ASH_E_ATTRIBUTE_READ_ONLY;
	if ((rules & ASH_RULE_F11) != 0 && there && is_true(now) && !is_true(value))
		return ASH_E_ATTRIBUTE_READ_ONLY;
	if ((rules & ASH_RULE_F12) != 0 && there && !is_true(now) && is_true(value))
		return ASH_E_ATTRIBUTE_READ_ONLY;
	if ((rules & ASH_RULE_FS) != 0)
		return there && ash_span_equal(now, value) ? ASH_OK : ASH_E_ATTRIBUTE_VALUE;
	if ((rules & ASH_RULE_FE) != 0)
		return value.len == 0 ? ASH_OK : ASH_E_ATTRIBUTE_READ_ONLY;
	if ((rules & ASH_RULE_FC) != 0)
		return copying ? ASH_OK : ASH_E_ATTRIBUTE_READ_ONLY;
	return (rules & (ASH_RULE_F8 | ASH_RULE_F11 | ASH_RULE_F12)) != 0 ? ASH_OK
									  : ASH_E_ATTRIBUTE_READ_ONLY;
}

/* A copy with the template's values: what modifying and copying have in common. */
static struct ash_status changed(const struct ash_attrs *attrs, struct ash_template given,
				 struct ash_actor actor, bool copying, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *values = NULL;
	ASH_AUTO(ash_attrs) *copy = NULL;
	struct ash_scope scope = { 0, 0 };
	bool consistent = true;

	ASH_TRY(ash_attribute_forms(given));
	ASH_TRY(ash_attribute_scope_of(attrs, &scope));
	for (size_t i = 0; i < given.count; i++) {
		const struct ash_attr_place *place = ash_attribute_place(given.attrs[i].type, scope);
		enum ash_code code = ASH_OK;

		if (place == NULL)
			continue;
		code = may_change(attrs, place, ash_attribute_canonical(place->type, given.attrs[i].value),
				  actor, copying);
		if (code != ASH_OK)
			ASH_FAIL(code);
	}
	ASH_TRY(ash_attrs_new(&values));
	ASH_TRY(merge(values, scope, given, &consistent));
	ASH_ENSURE(consistent, ASH_E_TEMPLATE_INCONSISTENT);

	ASH_TRY(ash_attrs_copy(attrs, &copy));
	for (size_t i = 0; i < ash_attrs_count(values); i++) {
		const struct ash_attr attr = ash_attrs_at(values, i);

		ASH_TRY(ash_attrs_set(copy, attr.type, attr.value));
	}
	ASH_TRY(check_together(copy, scope));
	*ret_attrs = ASH_TAKE(copy);
	return ASH_DONE;
}

struct ash_status ash_attribute_change(const struct ash_attrs *attrs, struct ash_template given,
				       struct ash_actor actor, struct ash_attrs **ret_attrs)
{
	ASH_ENSURE(ash_attrs_bool(attrs, CKA_MODIFIABLE, true), ASH_E_ACTION_PROHIBITED);
	/*
	 * §4.7: "Trusted certificates cannot be modified". The same of keys: who could add
	 * CKA_DECRYPT to a trusted wrapping key would have what it wraps. The officer, who
	 * made it trusted, may take that back.
	 */
	ASH_ENSURE(actor.so || !bool_of(attrs, CKA_TRUSTED), ASH_E_ACTION_PROHIBITED);
	return changed(attrs, given, actor, false, ret_attrs);
}

struct ash_status ash_attribute_copy(const struct ash_attrs *attrs, struct ash_template given,
				     struct ash_actor actor, struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *copy = NULL;

	ASH_ENSURE(ash_attrs_bool(attrs, CKA_COPYABLE, true), ASH_E_ACTION_PROHIBITED);
	ASH_TRY(changed(attrs, given, actor, true, &copy));
	ASH_ENSURE(!bool_of(attrs, CKA_PRIVATE) || bool_of(copy, CKA_PRIVATE), ASH_E_TEMPLATE_INCONSISTENT);
	ash_attrs_remove(copy, CKA_UNIQUE_ID);
	/* A copy can be changed before anybody looks: it is trusted when the officer says so. */
	if (bool_of(copy, CKA_TRUSTED) && !actor.so)
		ASH_TRY(ash_attrs_set_bool(copy, CKA_TRUSTED, false));
	*ret_attrs = ASH_TAKE(copy);
	return ASH_DONE;
}
