#include "app/selftest/folder.h"

#include <sys/stat.h>

#include "unit/test.h"

static char folder[] = "/tmp/ashlar-folder-XXXXXX";
static const char *const names[] = { "b.json", "a.json", "c.txt", ".hidden.json", ".json" };

static char *at(const char *name)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

__attribute__((constructor)) static void make_folder(void)
{
	if (mkdtemp(folder) == NULL)
		abort();
}

__attribute__((destructor)) static void remove_folder(void)
{
	(void)unlink(at("within/d.json"));
	(void)unlink(at("link"));
	(void)rmdir(at("within"));
	(void)rmdir(at("empty.json"));
	for (size_t i = 0; i < ASH_COUNT(names); i++)
		(void)unlink(at(names[i]));
	(void)rmdir(folder);
}

TEST(a_folder_without_files_is_an_error)
{
	struct ash_folder found = ASH_FOLDER_NONE;

	EXPECT_CODE(ASH_E_IO, ash_folder_list(folder, &found));
	EXPECT(strstr(ash_status_explanation(), ".json") != NULL);
	EXPECT_CODE(ASH_E_IO, ash_folder_list(at("none"), &found));
	EXPECT(found.paths == NULL && found.count == 0);
}

TEST(files_come_in_the_order_of_their_names)
{
	struct ash_folder found = ASH_FOLDER_NONE;

	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		FILE *out = fopen(at(names[i]), "w");

		EXPECT(out != NULL && fclose(out) == 0);
	}
	FAIL_EVERY_ALLOCATION(found.count == 0, ash_folder_list(folder, &found));
	EXPECT_NUMBER(2, found.count);
	EXPECT_TEXT(at("a.json"), found.paths[0]);
	EXPECT_TEXT(at("b.json"), found.paths[1]);
	EXPECT_TEXT("b.json", found.paths[1] + found.skip);
	ash_folder_done(&found);
	EXPECT_OK(ash_folder_list(at("c.txt"), &found)); /* named itself, whatever its name */
	EXPECT_NUMBER(1, found.count);
	EXPECT_TEXT(at("c.txt"), found.paths[0]);
	ash_folder_done(&found);
}

TEST(folders_within_are_read_and_links_to_folders_are_not)
{
	struct ash_folder found = ASH_FOLDER_NONE;
	FILE *out = NULL;

	EXPECT(mkdir(at("within"), 0700) == 0 && mkdir(at("empty.json"), 0700) == 0);
	out = fopen(at("within/d.json"), "w");
	EXPECT(out != NULL && fclose(out) == 0);
	EXPECT(symlink(folder, at("link")) == 0); /* a loop, if it were followed */
	EXPECT_OK(ash_folder_list(folder, &found));
	EXPECT_NUMBER(3, found.count);
	EXPECT_TEXT("within/d.json", found.paths[2] + found.skip);
	ash_folder_done(&found);
	EXPECT_OK(ash_folder_list(at("link"), &found)); /* named, it is */
	EXPECT_NUMBER(3, found.count);
	ash_folder_done(&found);
}

TEST(folders_that_are_too_deep_are_an_error)
{
	struct ash_folder found = ASH_FOLDER_NONE;
	char path[256] = "/tmp/ashlar-deep-XXXXXX";

	EXPECT(mkdtemp(path) != NULL);
	for (int i = 0; i < 10; i++) {
		(void)strcat(path, "/d");
		EXPECT(mkdir(path, 0700) == 0);
	}
	path[strlen("/tmp/ashlar-deep-XXXXXX")] = '\0';
	EXPECT_CODE(ASH_E_LIMIT, ash_folder_list(path, &found));
	for (int i = 0; i < 10; i++)
		(void)strcat(path, "/d");
	for (int i = 0; i < 10; i++, path[strlen(path) - 2] = '\0')
		EXPECT(rmdir(path) == 0);
	EXPECT(rmdir(path) == 0);
}
