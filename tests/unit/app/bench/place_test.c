#include "app/bench/place.h"

#include <dirent.h>
#include <sys/stat.h>

#include "unit/test.h"

static size_t entries(const char *folder)
{
	DIR *open = opendir(folder);
	size_t found = 0;

	if (open == NULL)
		return SIZE_MAX;
	while (readdir(open) != NULL)
		found++;
	closedir(open);
	return found - 2;
}

TEST(a_place_comes_and_goes_with_all_in_it)
{
	struct ash_bench_place place = { NULL };
	char parent[] = "/tmp/ashlar-place-XXXXXX", path[256];
	struct stat info;

	EXPECT(mkdtemp(parent) != NULL);
	EXPECT_OK(ash_bench_place_make(parent, &place));
	EXPECT(stat(place.folder, &info) == 0 && (info.st_mode & 0777) == 0700);
	EXPECT(entries(place.folder) == 2 && entries(parent) == 1);
	snprintf(path, sizeof(path), "%s/softhsm/within", place.folder);
	EXPECT(mkdir(path, 0700) == 0);
	EXPECT(strlen(ash_bench_place_kind(&place)) > 0);
	ash_bench_place_done(&place);
	EXPECT(place.folder == NULL && entries(parent) == 0);
	ash_bench_place_done(&place); /* again is fine */
	EXPECT(rmdir(parent) == 0);
}

static void enter(void)
{
	ASH_AUTO(ash_bench_place) place = { NULL };
	char line[512] = "", wanted[600];
	FILE *conf;

	setenv("ASHLAR_CONF", "/etc/ashlar/elsewhere.conf", 1);
	EXPECT_OK(ash_bench_place_make(NULL, &place));
	EXPECT_OK(ash_bench_place_enter(&place));
	EXPECT(getenv("ASHLAR_CONF") == NULL);
	EXPECT(strncmp(getenv("ASHLAR_HOME"), place.folder, strlen(place.folder)) == 0);
	conf = fopen(getenv("SOFTHSM2_CONF"), "r");
	EXPECT(conf != NULL && fgets(line, sizeof(line), conf) != NULL);
	fclose(conf);
	snprintf(wanted, sizeof(wanted), "directories.tokendir = %s/softhsm\n", place.folder);
	EXPECT_TEXT(wanted, line);
}

TEST(modules_are_led_there)
{
	EXPECT_IN_CHILD(enter);
}

TEST(a_place_that_can_not_be_made_is_told)
{
	struct ash_bench_place place = { NULL };

	EXPECT_CODE(ASH_E_IO, ash_bench_place_make("/nowhere", &place));
	EXPECT(strstr(ash_status_explanation(), "/nowhere") != NULL && place.folder == NULL);
}
