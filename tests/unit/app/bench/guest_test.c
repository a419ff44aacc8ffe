#include "unit/app/bench/fake_guest.h"

TEST(a_failure_names_the_function)
{
	struct ash_bench_guest guest = fake_guest();
	CK_OBJECT_HANDLE pair[2];

	fake.fail_at = 1;
	EXPECT_CODE(ASH_E_FAILED, ash_bench_guest_make_pair(&guest, 1, 0, pair));
	EXPECT(strstr(ash_status_explanation(), "C_GenerateKeyPair answers 0x31: ") != NULL);
	/* One that the module lacks is not called. */
	EXPECT_CODE(ASH_E_UNSUPPORTED, ASH_BENCH_ASK(&guest, C_DestroyObject, 1, 1));
	EXPECT(strstr(ash_status_explanation(), "C_DestroyObject") != NULL);
}

TEST(what_is_no_module_is_told)
{
	ASH_AUTO(ash_bench_guest) guest = ASH_BENCH_GUEST_NONE;

	EXPECT_CODE(ASH_E_IO, ash_bench_guest_load("/nowhere.so", &guest));
	EXPECT(strstr(ash_status_explanation(), "/nowhere.so") != NULL && guest.module == NULL);
}

TEST(a_token_is_made_only_where_none_is)
{
	struct ash_bench_guest guest = fake_guest();

	fake.token_flags = CKF_TOKEN_INITIALIZED;
	strcpy(fake.token_label, "somebody's");
	EXPECT_CODE(ASH_E_TOKEN_NOT_PRESENT, ash_bench_guest_make_token(&guest));
	EXPECT_TEXT("somebody's", fake.token_label);
	/* Nor is it entered. */
	EXPECT_CODE(ASH_E_TOKEN_NOT_PRESENT, ash_bench_guest_enter(&guest));
	EXPECT_NUMBER(0, fake.opened);
	fake.token_flags = 0;
	EXPECT_OK(ash_bench_guest_make_token(&guest));
	EXPECT(strncmp(fake.token_label, "bench ", 6) == 0 && guest.slot == 7 && guest.session == 1);
}

TEST(a_name_is_ascii)
{
	struct ash_bench_guest guest = fake_guest();
	char name[40];

	EXPECT_OK(ash_bench_guest_name(&guest, name, sizeof(name)));
	EXPECT_TEXT("Maker??? 2.61", name);
}

TEST(pairs_have_ids_and_groups_have_labels)
{
	const struct ash_bench_value id = ash_bench_id(255), label = ash_bench_label(ASH_BENCH_GROUP);

	EXPECT_SPAN(TEXT("id-0000000000ff"), ash_span(id.bytes, id.len));
	EXPECT_SPAN(TEXT("service-000000000001"), ash_span(label.bytes, label.len));
	EXPECT(memcmp(ash_bench_label(0).bytes, ash_bench_label(ASH_BENCH_GROUP - 1).bytes, 32) == 0);
	EXPECT(memcmp(ash_bench_label(ASH_BENCH_EXTRA).bytes, ash_bench_label(0).bytes, 32) != 0);
}

TEST(a_search_goes_to_its_end)
{
	struct ash_bench_guest guest = fake_guest();
	CK_OBJECT_HANDLE handles[3] = { 0, 0, 77 };
	size_t found = 0;

	fake.left = 250; /* three pages */
	EXPECT_OK(ash_bench_guest_find(&guest, NULL, 0, handles, 2, &found));
	EXPECT(found == 250 && handles[0] == 250 && handles[1] == 249 && handles[2] == 77);
	EXPECT(!fake.searching);
	EXPECT_OK(ash_bench_guest_find(&guest, NULL, 0, NULL, 0, &found));
	EXPECT_NUMBER(0, found);
}
