#include "token/hsm.h"

#include "token/mechanism.h"
#include "unit/token/fixture.h"

static struct ash_status refuse_crypto(ASH_UNUSED void *context, ASH_UNUSED struct ash_crypto **ret_crypto)
{
	ASH_FAIL(ASH_E_CONFIG);
}

static struct ash_status refuse_store(ASH_UNUSED void *context, ASH_UNUSED bool create,
				      ASH_UNUSED struct ash_store **ret_store)
{
	ASH_FAIL(ASH_E_ACCESS);
}

static bool is_padded(const char *text, size_t len, const char *want)
{
	char padded[64];

	ash_hsm_pad(padded, len, want);
	return memcmp(padded, text, len) == 0;
}

TEST(making_opens_nothing_and_copies_its_texts)
{
	char path[] = "/nowhere/root.key";
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;
	struct ash_hsm_info info;

	options.open_crypto = refuse_crypto;
	options.open_store = refuse_store;
	options.root_key_path = path;
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	path[1] = 'X';
	EXPECT_TEXT("/nowhere/root.key", hsm->options.root_key_path);
	EXPECT_OK(ash_hsm_info(hsm, &info));
	EXPECT(is_padded(info.manufacturer, sizeof(info.manufacturer), "Ashlar HSM"));
	EXPECT_NUMBER(0, info.major);
	EXPECT_NUMBER(1, info.minor);
	ash_hsm_free(hsm);
	EXPECT(ash_hsm_free(NULL) == NULL);
	EXPECT(ash_hsm_abandon(NULL) == NULL);
}

TEST(what_does_not_open_is_told_and_asked_again)
{
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;
	struct ash_token_info info;
	struct ash_engine_info engine;
	uint64_t ids[1];
	size_t count = 9;

	options.open_crypto = refuse_crypto;
	options.open_store = refuse_store;
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	EXPECT_CODE(ASH_E_ACCESS, ash_hsm_slots(hsm, true, ids, 1, &count));
	EXPECT_CODE(ASH_E_ACCESS, ash_hsm_token_info(hsm, 0, &info));
	EXPECT_CODE(ASH_E_CONFIG, ash_hsm_engine(hsm, 0, &engine));
	EXPECT_NUMBER(9, count);
	hsm->options.open_crypto = fixture_open_crypto;
	hsm->options.open_store = fixture_open_store;
	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	ash_hsm_free(hsm);
}

TEST(engines_say_who_they_are)
{
	struct ash_hsm *hsm = new_hsm();
	struct ash_engine_info info;

	EXPECT_OK(ash_hsm_engine(hsm, 0, &info));
	EXPECT_TEXT("openssl", info.name);
	EXPECT(strncmp(info.version, "OpenSSL", 7) == 0);
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_hsm_engine(hsm, 1, &info));
	ash_hsm_free(hsm);
}

TEST(mechanisms_are_those_of_the_table)
{
	struct ash_hsm *hsm = new_hsm();
	struct ash_mechanism_info info;
	uint64_t types[200] = { 0 };
	size_t count = 0;

	EXPECT_OK(ash_hsm_mechanisms(hsm, 0, types, 2, &count));
	EXPECT_NUMBER(ash_mechanism_count(), count);
	EXPECT_NUMBER(0, types[2]);
	EXPECT_OK(ash_hsm_mechanisms(hsm, 0, types, ASH_COUNT(types), &count));
	for (size_t i = 0; i < count; i++) {
		EXPECT_OK(ash_hsm_mechanism_info(hsm, 0, types[i], &info));
		EXPECT(info.flags != 0);
	}
	EXPECT_CODE(ASH_E_MECHANISM, ash_hsm_mechanism_info(hsm, 0, 0xfffffff0, &info));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_mechanism_info(hsm, 1, CKM_SHA256, &info));
	EXPECT_CODE(ASH_E_SLOT_ID, ash_hsm_mechanisms(hsm, UINT64_MAX, types, 1, &count));
	ash_hsm_free(hsm);
}

TEST(random_bytes_differ_and_seeds_are_taken)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, false);
	uint8_t a[32] = { 0 }, b[32] = { 0 };

	EXPECT_OK(ash_hsm_random(hsm, session, ash_mut(a, sizeof(a))));
	EXPECT_OK(ash_hsm_seed_random(hsm, session, TEXT("a seed")));
	EXPECT_OK(ash_hsm_random(hsm, session, ash_mut(b, sizeof(b))));
	EXPECT(memcmp(a, b, sizeof(a)) != 0);
	EXPECT_OK(ash_hsm_random(hsm, session, ash_mut(NULL, 0)));
	EXPECT_CODE(ASH_E_SESSION_HANDLE, ash_hsm_random(hsm, session + 1, ash_mut(a, sizeof(a))));
	ash_hsm_free(hsm);
}

static struct ash_hsm *parent;

static void abandon_and_begin(void)
{
	struct ash_hsm *hsm = NULL;

	parent = ash_hsm_abandon(parent);
	hsm = new_token();
	EXPECT_NUMBER(0, count_found(hsm, log_in(hsm), NO_ATTRS));
	ash_hsm_free(hsm);
}

TEST(a_child_forgets_its_parents_hsm)
{
	ash_handle session = 0;

	parent = new_token();
	session = log_in(parent);
	make_aes(parent, session, true);
	EXPECT_IN_CHILD(abandon_and_begin);
	EXPECT_NUMBER(1, count_label(parent, session, TEXT("aes")));
	ash_hsm_free(parent);
}

TEST(making_survives_each_failing_allocation)
{
	const struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;

	FAIL_EVERY_ALLOCATION(hsm == NULL, ash_hsm_new(&options, &hsm));
	ash_hsm_free(hsm);
}
