#include "token/attribute.h"

#include "token/attribute_priv.h"
#include "util/mem.h"

/* The template that the key has there; false when it has none. */
static bool inner_of(const struct ash_attrs *key, uint64_t type, struct ash_reader *ret_in)
{
	struct ash_span value = ASH_SPAN_NONE;

	if (!ash_attrs_get(key, type, &value))
		return false;
	*ret_in = ash_reader(value);
	return true;
}

void ash_merged_done(struct ash_merged *merged)
{
	ash_mem_free(merged->attrs);
	*merged = ASH_MERGED_NONE;
}

/* No attribute of the two has two values. Inner templates hold no secrets (attribute_form.c). */
static struct ash_status check_agrees(struct ash_attr asked, struct ash_template given)
{
	for (size_t i = 0; i < given.count; i++)
		ASH_ENSURE(given.attrs[i].type != asked.type ||
				   ash_span_equal(ash_attribute_canonical(asked.type, asked.value),
						  ash_attribute_canonical(asked.type, given.attrs[i].value)),
			   ASH_E_TEMPLATE_INCONSISTENT);
	return ASH_DONE;
}

struct ash_status ash_attribute_template_merge(const struct ash_attrs *key, uint64_t type,
					       struct ash_template given, struct ash_merged *ret_merged)
{
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);

	ASH_ENSURE(given.count <= SIZE_MAX - ASH_INNER_ATTRS_MAX, ASH_E_MEMORY);
	merged.attrs = ash_mem_new(ASH_INNER_ATTRS_MAX + given.count, sizeof(*merged.attrs));
	ASH_ENSURE(merged.attrs != NULL, ASH_E_MEMORY);
	if (inner_of(key, type, &in)) {
		while (in.rest.len != 0) {
			ASH_ENSURE(merged.count < ASH_INNER_ATTRS_MAX, ASH_E_FORMAT);
			ASH_TRY(ash_attribute_read_inner(&in, &merged.attrs[merged.count]));
			ASH_TRY(check_agrees(merged.attrs[merged.count], given));
			merged.count++;
		}
	}
	for (size_t i = 0; i < given.count; i++)
		merged.attrs[merged.count++] = given.attrs[i];
	*ret_merged = merged;
	merged = ASH_MERGED_NONE;
	return ASH_DONE;
}

bool ash_attribute_template_match(const struct ash_attrs *key, uint64_t type, const struct ash_attrs *object)
{
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);
	struct ash_attr asked = { 0, ASH_SPAN_NONE };

	if (!inner_of(key, type, &in))
		return true;
	while (in.rest.len != 0) {
		if (!ash_is_ok(ash_attribute_read_inner(&in, &asked)) ||
		    !ash_attrs_match(object, (struct ash_template){ &asked, 1 }))
			return false;
	}
	return true;
}
