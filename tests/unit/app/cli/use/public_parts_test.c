#include "unit/test.h"

#include "app/cli/use/public_parts.h"

static struct ash_cli_template made;

static struct ash_span value(uint64_t type)
{
	for (size_t i = 0; i < made.count; i++) {
		if (made.attrs[i].type == type)
			return made.attrs[i].value;
	}
	return ASH_SPAN_NONE;
}

static struct ash_status parts(enum ash_key_kind kind, enum ash_group group, struct ash_span bits,
			       struct ash_buf *room)
{
	const struct ash_cli_public_key key = { ash_keygroup_of(kind, group), bits };

	made.count = 0;
	ash_buf_reset(room);
	return ash_cli_public_parts(&key, room, &made);
}

TEST(every_kind_has_its_attributes)
{
	static const struct {
		enum ash_key_kind kind;
		enum ash_group group;
		uint8_t key_type;
	} curves[] = {
		{ ASH_KEY_EC, ASH_GROUP_P256, CKK_EC },
		{ ASH_KEY_EDWARDS, ASH_GROUP_ED448, CKK_EC_EDWARDS },
		{ ASH_KEY_MONTGOMERY, ASH_GROUP_X25519, CKK_EC_MONTGOMERY },
	};
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;

	for (size_t i = 0; i < ASH_COUNT(curves); i++) {
		EXPECT_OK(parts(curves[i].kind, curves[i].group, TEXT("\x0a\x0b"), &room));
		EXPECT_NUMBER(curves[i].key_type, value(CKA_KEY_TYPE).data[7]);
		EXPECT_SPAN(ash_keygroup_of(curves[i].kind, curves[i].group)->params, value(CKA_EC_PARAMS));
		EXPECT_SPAN(TEXT("\x04\x02\x0a\x0b"), value(CKA_EC_POINT));
	}
	EXPECT_OK(parts(ASH_KEY_ML_DSA, ASH_GROUP_ML_DSA_87, TEXT("\x0a\x0b"), &room));
	EXPECT_NUMBER(CKP_ML_DSA_87, value(CKA_PARAMETER_SET).data[7]);
	EXPECT_SPAN(TEXT("\x0a\x0b"), value(CKA_VALUE));
	EXPECT_OK(parts(ASH_KEY_ML_KEM, ASH_GROUP_ML_KEM_512, TEXT("\x0a\x0b"), &room));
	EXPECT_NUMBER(CKP_ML_KEM_512, value(CKA_PARAMETER_SET).data[7]);
	EXPECT_OK(parts(ASH_KEY_RSA, ASH_GROUP_NONE, TEXT("\x30\x07\x02\x02\x00\x81\x02\x01\x03"), &room));
	EXPECT_SPAN(TEXT("\x81"), value(CKA_MODULUS));
	EXPECT_SPAN(TEXT("\x03"), value(CKA_PUBLIC_EXPONENT));
}

TEST(what_is_no_such_key_is_refused)
{
	static const char *const wrong[] = { "", "\x30", "\x30\x04\x02\x02\x00\x81", "\x04\x01\x01" };
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;

	EXPECT_CODE(ASH_E_FORMAT, parts(ASH_KEY_SECRET, ASH_GROUP_NONE, TEXT("\x0a"), &room));
	for (size_t i = 0; i < ASH_COUNT(wrong); i++)
		EXPECT_CODE(ASH_E_FORMAT, parts(ASH_KEY_RSA, ASH_GROUP_NONE, ash_span_text(wrong[i]), &room));
	EXPECT_CODE(ASH_E_FORMAT,
		    parts(ASH_KEY_RSA, ASH_GROUP_NONE, TEXT("\x30\x07\x02\x02\x00\x81\x02\x01\x03x"), &room));
}

TEST(no_memory_no_point)
{
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;

	FAIL_EVERY_ALLOCATION(room.len == 0, parts(ASH_KEY_EC, ASH_GROUP_P256, TEXT("\x0a"), &room));
}
