/* Backing up and compacting (token/care.c). */
#include "unit/token/fixture.h"

TEST(without_a_store_there_is_nothing_to_look_after)
{
	struct ash_hsm *hsm = new_hsm_at(new_folder());
	uint64_t before = 0, after = 0;

	EXPECT_CODE(ASH_E_NOT_FOUND, ash_hsm_compact_store(hsm, &before, &after));
	EXPECT_CODE(ASH_E_NOT_FOUND, ash_hsm_backup_store(hsm, "/nonexistent/file"));
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(a_store_in_memory_has_no_file_to_copy)
{
	struct ash_hsm *hsm = new_token();

	EXPECT_CODE(ASH_E_UNSUPPORTED, ash_hsm_backup_store(hsm, "/nonexistent/file"));
	EXPECT(ash_hsm_free(hsm) == NULL);
}

TEST(a_backup_opens_with_the_root_key_in_another_folder)
{
	char *folder = new_folder(), *other = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);
	ash_handle session = log_in(hsm), object = create_data(hsm, session, true, TEXT("kept"));
	uint64_t before = 0, after = 0;
	char path[200], key[200], command[500];

	(void)snprintf(path, sizeof(path), "%s/store.db", other);
	(void)snprintf(key, sizeof(key), "%s", root_key_at(folder));
	EXPECT_OK(ash_hsm_backup_store(hsm, path));
	/* What happens to the store then is nothing to the backup. */
	EXPECT_OK(ash_hsm_destroy_object(hsm, session, object));
	EXPECT_OK(ash_hsm_compact_store(hsm, &before, &after));
	EXPECT(before != 0 && after <= before);
	EXPECT(ash_hsm_free(hsm) == NULL);

	(void)snprintf(command, sizeof(command), "cp -p %s %s", key, root_key_at(other));
	EXPECT_NUMBER(0, system(command));
	hsm = new_hsm_at(other);
	session = log_in(hsm);
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("kept")));
	EXPECT(ash_hsm_free(hsm) == NULL);
}
