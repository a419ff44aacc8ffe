#include "token/hsm.h"

#include "token/ledger.h"
#include "unit/token/fixture.h"
#include "unit/token/pkcs8_keys.h"

static struct ash_hsm *hsm;
static ash_handle handle;

static void set_up(void)
{
	hsm = new_token();
	handle = log_in(hsm);
}

#define HALF(class, type)                                                                       \
	ATTRS({ CKA_CLASS, NUMBER(class) }, { CKA_KEY_TYPE, NUMBER(type) }, { CKA_TOKEN, YES }, \
	      { CKA_LABEL, TEXT("in") })

/* An import of a pair with the label "in". */
#define PAIR(type, bytes)                                                           \
	{                                                                           \
		.pkcs8 = SPAN(bytes), .private_given = HALF(CKO_PRIVATE_KEY, type), \
		.public_given = HALF(CKO_PUBLIC_KEY, type), .code = 99u,            \
	}

/* The one object of that class with the label "in". */
static ash_handle find_one(uint64_t class, uint64_t type)
{
	ash_handle found[2] = { 0, 0 };

	EXPECT_NUMBER(1, find_all(hsm, handle,
				  ATTRS({ CKA_CLASS, NUMBER(class) }, { CKA_KEY_TYPE, NUMBER(type) },
					{ CKA_LABEL, TEXT("in") }),
				  2, found, 2));
	return found[0];
}

/* As `openssl pkey -pubout -outform DER` gives its bits to `sha1sum`. */
static const uint8_t p256_id[] = { 0xac, 0x90, 0x5d, 0xa1, 0xd7, 0x0a, 0x84, 0xf3, 0x55, 0xd7,
				   0xba, 0x4f, 0xe4, 0x08, 0x29, 0x64, 0x25, 0x25, 0x90, 0x3b };

TEST(both_halves_come_in)
{
	struct ash_import keys[] = { PAIR(CKK_EC, p256_key), PAIR(CKK_ML_DSA, ml_dsa_44_key),
				     PAIR(CKK_EC_EDWARDS, ed25519_key), PAIR(CKK_EC_MONTGOMERY, x448_key) };
	const struct ash_span infos[] = { SPAN(p256_info), ASH_SPAN_NONE, SPAN(ed25519_info),
					  SPAN(x448_info) };
	const uint64_t types[] = { CKK_EC, CKK_ML_DSA, CKK_EC_EDWARDS, CKK_EC_MONTGOMERY };

	set_up();
	EXPECT_OK(ash_hsm_import_keys(hsm, handle, keys, ASH_COUNT(keys)));
	EXPECT_NUMBER(2 * ASH_COUNT(keys), count_label(hsm, handle, TEXT("in")));
	for (size_t i = 0; i < ASH_COUNT(keys); i++) {
		const ash_handle private_half = find_one(CKO_PRIVATE_KEY, types[i]);
		const ash_handle public_half = find_one(CKO_PUBLIC_KEY, types[i]);

		EXPECT_NUMBER(ASH_OK, keys[i].code);
		if (infos[i].len != 0)
			EXPECT_SPAN(infos[i], get_bytes(hsm, handle, private_half, CKA_PUBLIC_KEY_INFO));
		EXPECT_SPAN(get_bytes(hsm, handle, private_half, CKA_PUBLIC_KEY_INFO),
			    get_bytes(hsm, handle, public_half, CKA_PUBLIC_KEY_INFO));
		EXPECT_SPAN(get_bytes(hsm, handle, private_half, CKA_ID),
			    get_bytes(hsm, handle, public_half, CKA_ID));
		EXPECT(!get_bool(hsm, handle, private_half, CKA_LOCAL));
		EXPECT(!get_bool(hsm, handle, private_half, CKA_ALWAYS_SENSITIVE));
		EXPECT(get_bytes(hsm, handle, private_half, CKA_UNIQUE_ID).len == 32);
		EXPECT_NUMBER(ASH_E_ATTRIBUTE_SENSITIVE, ask(hsm, handle, private_half, CKA_VALUE));
	}
	EXPECT_SPAN(SPAN(p256_id), get_bytes(hsm, handle, find_one(CKO_PRIVATE_KEY, CKK_EC), CKA_ID));
	ash_hsm_free(hsm);
}

/* Whether the ledger of a space agrees with its records. */
static enum ash_ledger_state ledger_of(enum ash_space space)
{
	ASH_AUTO(ash_txn) *view = NULL;
	const struct ash_token *token = atomic_load(&hsm->tokens);
	enum ash_ledger_state state = ASH_LEDGER_MISSING;

	EXPECT_OK(ash_store_view(hsm->store, &view));
	EXPECT_OK(ash_ledger_check(view, hsm->crypto,
				   space == ASH_SPACE_PUBLIC ? &token->public_ring : &token->private_ring,
				   space, token->slot + 1, &token->incarnation, &state));
	return state;
}

/* What the private half signs, the public half verifies. */
TEST(what_came_in_can_be_used)
{
	const struct ash_mechanism mechanism = { .type = CKM_ECDSA_SHA256 };
	struct ash_import key = PAIR(CKK_EC, p256_key);
	uint8_t signature[64];
	struct ash_out out = { signature, sizeof(signature), 0 };

	set_up();
	EXPECT_OK(ash_hsm_import_keys(hsm, handle, &key, 1));
	EXPECT_OK(ash_hsm_op_init(hsm, handle, ASH_OP_SIGN, &mechanism, find_one(CKO_PRIVATE_KEY, CKK_EC)));
	EXPECT_OK(ash_hsm_op_single(hsm, handle, ASH_OP_SIGN, TEXT("message"), &out));
	EXPECT_OK(ash_hsm_op_init(hsm, handle, ASH_OP_VERIFY, &mechanism, find_one(CKO_PUBLIC_KEY, CKK_EC)));
	EXPECT_OK(ash_hsm_verify_single(hsm, handle, TEXT("message"), ash_span(signature, out.len)));
	ash_hsm_free(hsm);
}

TEST(an_id_that_is_given_stays_and_a_public_half_is_not_forced)
{
	struct ash_import key = {
		.pkcs8 = SPAN(p256_key),
		.private_given =
			ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) },
			      { CKA_TOKEN, YES }, { CKA_LABEL, TEXT("in") }, { CKA_ID, TEXT("mine") }),
	};

	set_up();
	EXPECT_OK(ash_hsm_import_keys(hsm, handle, &key, 1));
	EXPECT_SPAN(TEXT("mine"), get_bytes(hsm, handle, find_one(CKO_PRIVATE_KEY, CKK_EC), CKA_ID));
	EXPECT_NUMBER(1, count_label(hsm, handle, TEXT("in")));
	ash_hsm_free(hsm);
}

/* More than are made at once otherwise: each is there. */
TEST(many_come_in_at_once)
{
	const struct ash_import one = PAIR(CKK_EC, p256_key);
	struct ash_import keys[400];

	set_up();
	for (size_t i = 0; i < ASH_COUNT(keys); i++)
		keys[i] = one;
	EXPECT_OK(ash_hsm_import_keys(hsm, handle, keys, ASH_COUNT(keys)));
	EXPECT_NUMBER(800, count_label(hsm, handle, TEXT("in")));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, ledger_of(ASH_SPACE_PUBLIC));
	EXPECT_NUMBER(ASH_LEDGER_RIGHT, ledger_of(ASH_SPACE_PRIVATE));
	EXPECT_OK(ash_hsm_import_keys(hsm, handle, keys, 0));
	EXPECT_CODE(ASH_E_LIMIT, ash_hsm_import_keys(hsm, handle, keys, ASH_IMPORT_MAX + 1));
	EXPECT_NUMBER(800, count_label(hsm, handle, TEXT("in")));
	ash_hsm_free(hsm);
}

TEST(one_that_is_refused_keeps_out_all)
{
	static const uint8_t junk[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	struct ash_import broken[] = { PAIR(CKK_EC, p256_key), PAIR(CKK_EC, junk), PAIR(CKK_EC, p384_key) };
	struct ash_import other_type[] = { PAIR(CKK_EC, p256_key), PAIR(CKK_RSA, p384_key) };
	struct ash_import session_object[] = { PAIR(CKK_EC, p256_key), PAIR(CKK_EC, p384_key) };
	struct ash_import public_first[] = { PAIR(CKK_EC, p256_key) };

	set_up();
	EXPECT_CODE(ASH_E_WRAPPED_KEY, ash_hsm_import_keys(hsm, handle, broken, ASH_COUNT(broken)));
	EXPECT_NUMBER(ASH_OK, broken[0].code);
	EXPECT_NUMBER(ASH_E_WRAPPED_KEY, broken[1].code);
	EXPECT_NUMBER(99, broken[2].code);
	EXPECT_CODE(ASH_E_WRAPPED_KEY, ash_hsm_import_keys(hsm, handle, other_type, 2));
	session_object[1].private_given =
		ATTRS({ CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_EC) });
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, ash_hsm_import_keys(hsm, handle, session_object, 2));
	EXPECT_NUMBER(ASH_E_TEMPLATE_INCONSISTENT, session_object[1].code);
	public_first[0].private_given = public_first[0].public_given;
	EXPECT_CODE(ASH_E_TEMPLATE_INCONSISTENT, ash_hsm_import_keys(hsm, handle, public_first, 1));
	EXPECT_NUMBER(0, count_found(hsm, handle, NO_ATTRS));
	ash_hsm_free(hsm);
}

TEST(who_may_not_write_may_not_import)
{
	struct ash_import key = PAIR(CKK_EC, p256_key);
	ash_handle reader = 0, stranger = 0;

	hsm = new_token();
	stranger = open_session(hsm, true);
	EXPECT_CODE(ASH_E_NOT_LOGGED_IN, ash_hsm_import_keys(hsm, stranger, &key, 1));
	handle = log_in(hsm);
	reader = open_session(hsm, false);
	EXPECT_CODE(ASH_E_SESSION_READ_ONLY, ash_hsm_import_keys(hsm, reader, &key, 1));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_import_keys(hsm, 77, &key, 1));
	EXPECT_NUMBER(0, count_found(hsm, handle, NO_ATTRS));
	ash_hsm_free(hsm);
}

TEST(every_allocation_may_fail)
{
	struct ash_import keys[] = { PAIR(CKK_EC, p256_key), PAIR(CKK_EC, p384_key) };

	set_up();
	FAIL_EVERY_ALLOCATION(count_label(hsm, handle, TEXT("in")) == 0,
			      ash_hsm_import_keys(hsm, handle, keys, ASH_COUNT(keys)));
	EXPECT_NUMBER(4, count_label(hsm, handle, TEXT("in")));
	ash_hsm_free(hsm);
}
