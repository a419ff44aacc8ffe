#include "store/sqlite/files.h"

#include "unit/store/sqlite/store_folder.h"
#include "unit/test.h"

TEST(what_was_committed_is_there_after_opening_again)
{
	struct ash_store *store = open_new();
	uint64_t id = list_add(store, TEXT("v"), NULL, 0);
	uint64_t generation = list_generation(store);

	EXPECT_OK(list_delete(store, list_name(id)));
	EXPECT_OK(list_put(store, 1000, 0, TEXT("kept")));
	just_close(store);
	EXPECT(!file_is_there("store.db-wal"));
	store = open_again();
	EXPECT_NUMBER(generation + 2, list_generation(store));
	list_expect(store, 1000, 1, TEXT("kept"));
	EXPECT(list_add(store, TEXT("v"), NULL, 0) > id);
	close_all(store);
}

TEST(all_files_are_private_whatever_the_umask)
{
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm", "store.lock",
					     "store.gen" };
	static const mode_t masks[] = { 0, 0777, 022 };

	for (size_t i = 0; i < ASH_COUNT(masks); i++) {
		mode_t before = umask(masks[i]);
		struct ash_store *store = open_new();

		EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
		for (size_t n = 0; n < ASH_COUNT(names); n++)
			EXPECT_NUMBER(0600, file_mode(names[n]));
		close_all(store);
		umask(before);
	}
}

TEST(a_group_is_let_in)
{
	const struct ash_store_options options = { .path = folder, .create = true, .group = "root" };
	static const char *const names[] = { "store.db", "store.db-wal", "store.db-shm", "store.lock",
					     "store.gen" };
	struct ash_store *store = NULL;
	struct stat info;

	if (getegid() != 0) {
		print_message("needs to be in the group root: passed over\n");
		return;
	}
	folder_make();
	EXPECT_NUMBER(0, rmdir(folder));
	EXPECT_OK(ash_store_open(&ash_store_sqlite, &options, &store));
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	EXPECT_NUMBER(02770, file_mode(""));
	for (size_t n = 0; n < ASH_COUNT(names); n++) {
		EXPECT_NUMBER(0660, file_mode(names[n]));
		EXPECT_NUMBER(0, stat(in_folder(names[n]), &info));
		EXPECT_NUMBER(0, info.st_gid);
	}
	just_close(store);
	/* Without the option, the group's rights are too wide. */
	refused(ASH_E_ACCESS, "chmod 700 it, or name the group as store.group");
	folder_remove();
}

TEST(an_unknown_group_is_a_mistake)
{
	const struct ash_store_options options = { .path = folder, .create = true, .group = "no-such-group" };
	struct ash_store *store = NULL;

	folder_make();
	EXPECT_CODE(ASH_E_CONFIG, ash_store_open(&ash_store_sqlite, &options, &store));
	folder_remove();
}

TEST(no_store_is_made_unasked)
{
	struct ash_store *store = NULL;

	folder_make();
	EXPECT_CODE(ASH_E_NOT_FOUND, open_with(false, false, &store));
	EXPECT_CODE(ASH_E_NOT_FOUND, open_with(false, true, &store));
	EXPECT_CODE(ASH_E_NOT_FOUND, open_with(true, true, &store));
	EXPECT_NUMBER(0, rmdir(folder)); /* nothing was put there */
	EXPECT_CODE(ASH_E_NOT_FOUND, open_with(false, false, &store));
	EXPECT_CODE(ASH_E_NOT_FOUND, open_with(true, true, &store));
	EXPECT(store == NULL);
}

TEST(the_path_must_be_absolute_and_plain)
{
	static const char *const paths[] = { NULL,     "",        "relative", "/", "//", "/tmp/../tmp/x",
					     "/tmp/.", "/tmp/./x" };
	struct ash_store *store = NULL;

	for (size_t i = 0; i < ASH_COUNT(paths); i++) {
		const struct ash_store_options options = { .path = paths[i], .create = true };

		EXPECT_CODE(ASH_E_ARGUMENT, ash_store_open(&ash_store_sqlite, &options, &store));
		EXPECT(ash_status_explanation()[0] != '\0');
	}
}

TEST(strange_folder_names_work)
{
	struct ash_store_options options = { .create = true };
	struct ash_store *store = NULL;
	char path[300];

	folder_make();
	EXPECT_NUMBER(0, chdir("/"));
	(void)snprintf(path, sizeof(path), "%s/a b%%20?c#d&mode=ro'//", folder);
	options.path = path;
	EXPECT_OK(ash_store_open(&ash_store_sqlite, &options, &store));
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	just_close(store);
	path[strlen(path) - 2] = '\0';
	(void)strcpy(folder, path);
	EXPECT(file_is_there("store.db"));
	folder_remove();
	*strrchr(path, '/') = '\0';
	EXPECT_NUMBER(0, rmdir(path));
}

TEST(links_and_wide_modes_are_refused)
{
	struct ash_store *store = open_new();
	char link[300];

	just_close(store);
	(void)snprintf(link, sizeof(link), "%s-link", folder);
	EXPECT_NUMBER(0, symlink(folder, link));
	for (int slashes = 0; slashes < 3; slashes++) {
		const struct ash_store_options options = { .path = link };

		EXPECT_CODE(ASH_E_ACCESS, ash_store_open(&ash_store_sqlite, &options, &store));
		EXPECT(strstr(ash_status_explanation(), "symbolic link") != NULL);
		(void)strcat(link, "/");
	}
	*strchr(link, 0) = '\0';
	(void)snprintf(link, sizeof(link), "%s-link", folder);
	EXPECT_NUMBER(0, unlink(link));

	EXPECT_NUMBER(0, chmod(folder, 0777));
	refused(ASH_E_ACCESS, "other users may write here (mode 0777): chmod 700 it");
	EXPECT_NUMBER(0, chmod(folder, 0705));
	refused(ASH_E_ACCESS, "other users may read");
	EXPECT_NUMBER(0, chmod(folder, 0710));
	refused(ASH_E_ACCESS, "chmod 700 it, or name the group");
	EXPECT_NUMBER(0, chmod(folder, 0700));

	static const char *const names[] = { "store.db", "store.lock", "store.gen" };
	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		EXPECT_NUMBER(0, chmod(in_folder(names[i]), 0604));
		refused(ASH_E_ACCESS, "chmod 600 it");
		EXPECT_NUMBER(0, chmod(in_folder(names[i]), 0600));
		EXPECT_NUMBER(0, rename(in_folder(names[i]), in_folder("moved")));
		EXPECT_NUMBER(0, symlink(in_folder("moved"), in_folder(names[i])));
		refused(ASH_E_ACCESS, "symbolic link");
		EXPECT_NUMBER(0, rename(in_folder("moved"), in_folder(names[i])));
	}
	store = open_again();
	close_all(store);
}

TEST(foreign_owners_are_refused)
{
	if (geteuid() != 0) {
		print_message("only root can give files away: passed over\n");
		return;
	}
	struct ash_store *store = open_new();

	just_close(store);
	EXPECT_NUMBER(0, chown(folder, 65534, 65534));
	refused(ASH_E_ACCESS, "belongs to user 65534, we are user 0: chown it");
	EXPECT_NUMBER(0, chown(folder, 0, 0));
	EXPECT_NUMBER(0, chown(in_folder("store.db"), 65534, 0));
	refused(ASH_E_ACCESS, "store.db belongs to user 65534");
	folder_remove();
}

TEST(a_log_without_its_database_is_not_played_into_a_new_one)
{
	struct ash_store *store = NULL;

	folder_make();
	file_write("store.db-wal", 0, TEXT("log"));
	refused(ASH_E_CORRUPT, "restore both, or remove both");
	EXPECT_CODE(ASH_E_CORRUPT, open_with(false, false, &store));
	folder_remove();
}

TEST(a_draft_that_a_killed_process_left_is_cleared)
{
	struct ash_store *store = NULL;

	folder_make();
	file_write("store.db.new", 0, TEXT("half"));
	file_write("store.db.new-wal", 0, TEXT("half"));
	EXPECT_OK(open_with(true, false, &store));
	EXPECT(!file_is_there("store.db.new") && !file_is_there("store.db.new-wal"));
	EXPECT_OK(list_put(store, 1, 0, TEXT("v")));
	close_all(store);
}
