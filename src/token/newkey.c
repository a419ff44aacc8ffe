#include "token/newkey.h"

#include "token/complete.h"
#include "token/keymap.h"

#define HIDDEN_MIN 14u /* bytes; SP 800-131A: 112 bits are too many to guess */

/* What the mechanism says of the class, as a template. */
struct implied {
	uint8_t number[8];
	struct ash_attr attr;
};

static struct ash_template imply(struct implied *implied, uint64_t class)
{
	if (class == CK_UNAVAILABLE_INFORMATION)
		return (struct ash_template){ NULL, 0 };
	for (size_t i = 0; i < sizeof(implied->number); i++)
		implied->number[i] = (uint8_t)(class >> (8 * (sizeof(implied->number) - 1 - i)));
	implied->attr = (struct ash_attr){ CKA_CLASS, { implied->number, sizeof(implied->number) } };
	return (struct ash_template){ &implied->attr, 1 };
}

struct ash_status ash_newkey_begin(struct ash_session *session, const struct ash_newkey *newkey,
				   const struct ash_attrs *parent, struct ash_template given,
				   struct ash_attrs **ret_attrs)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	ASH_AUTO(ash_merged) merged = ASH_MERGED_NONE;
	struct implied implied;

	ASH_TRY(ash_attribute_template_merge(parent, newkey->inherits, given, &merged));
	ASH_TRY(ash_attribute_make(newkey->making, ash_merged_template(&merged),
				   imply(&implied, newkey->class), CK_UNAVAILABLE_INFORMATION,
				   ash_session_actor(session), &attrs));
	ASH_TRY(ash_session_may_write(session, ash_attrs_bool(attrs, CKA_TOKEN, false),
				      ash_attrs_bool(attrs, CKA_PRIVATE, false)));
	*ret_attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

struct ash_status ash_newkey_len(const struct ash_attrs *attrs, size_t above, size_t most, size_t *ret_len)
{
	static const size_t aes[] = { 16, 24, 32 };
	const bool is_aes = ash_attrs_number(attrs, CKA_KEY_TYPE, CK_UNAVAILABLE_INFORMATION) == CKK_AES;
	const uint64_t asked = ash_attrs_number(attrs, CKA_VALUE_LEN, most);
	size_t count = 0, len = 0;

	ASH_ENSURE(most != 0 && above < most, ASH_E_KEY_SIZE);
	if (ash_attrs_has(attrs, CKA_VALUE_LEN)) {
		ASH_ENSURE(asked > above && asked <= most, ASH_E_KEY_SIZE);
		above = (size_t)asked - 1;
		most = (size_t)asked;
	}
	for (size_t i = 0; is_aes && i < ASH_COUNT(aes); i++) {
		if (aes[i] > above && aes[i] <= most) {
			len = aes[i];
			count++;
		}
	}
	if (!is_aes) {
		len = most;
		count = most - above;
	}
	ASH_ENSURE(count != 0 && (count > 1 || len <= ASH_SECRET_KEY_MAX), ASH_E_KEY_SIZE);
	ASH_ENSURE(count == 1, ASH_E_TEMPLATE_INCOMPLETE);
	*ret_len = len;
	return ASH_DONE;
}

struct ash_status ash_newkey_check_cut(const struct ash_attrs *attrs, size_t len)
{
	const bool hidden =
		ash_attrs_bool(attrs, CKA_SENSITIVE, true) || !ash_attrs_bool(attrs, CKA_EXTRACTABLE, false);

	ASH_ENSURE(!hidden || len >= HIDDEN_MIN, ASH_E_TEMPLATE_INCONSISTENT);
	return ASH_DONE;
}

struct ash_status ash_newkey_fill(struct ash_session *session, struct ash_span value, struct ash_attrs *attrs)
{
	const uint64_t len = ash_attrs_number(attrs, CKA_VALUE_LEN, value.len);

	ASH_BUG(len != value.len);
	ASH_TRY(ash_attrs_set(attrs, CKA_VALUE, value));
	return ash_complete_import(session->hsm->crypto, attrs);
}
