#include "app/selftest/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/mem.h"

#define FILES_MAX 10000
#define SUFFIX    ".json"

struct directory {
	DIR *stream;
};

static void directory_auto(struct directory *directory)
{
	if (directory->stream != NULL)
		(void)closedir(directory->stream);
}

void ash_folder_done(struct ash_folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		ash_mem_free(folder->paths[i]);
	ash_mem_free(folder->paths);
	*folder = ASH_FOLDER_NONE;
}

/* `name` NULL: the path alone. */
static ASH_STATUS add(const char *path, const char *name, struct ash_folder *folder)
{
	const size_t len = strlen(path) + (name != NULL ? 1 + strlen(name) : 0);
	ASH_AUTO_MEM char *whole = ash_mem_new(len + 1, 1);
	char **paths = NULL;

	ASH_ENSURE(whole != NULL, ASH_E_MEMORY);
	if (folder->count >= FILES_MAX)
		ASH_FAIL_WITH(ASH_E_LIMIT, "it has more than %d files", FILES_MAX);
	(void)stpcpy(whole, path);
	if (name != NULL)
		(void)stpcpy(stpcpy(whole + strlen(path), "/"), name);
	paths = ash_mem_resize(folder->paths, folder->count + 1, sizeof(*paths));
	ASH_ENSURE(paths != NULL, ASH_E_MEMORY);
	folder->paths = paths;
	folder->paths[folder->count++] = ASH_TAKE(whole);
	return ASH_DONE;
}

static bool is_wanted(const char *name)
{
	const size_t len = strlen(name);

	return name[0] != '.' && len > strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static ASH_STATUS read_all(const char *path, struct ash_folder *folder)
{
	ASH_AUTO(directory) directory = { opendir(path) };
	const struct dirent *entry = NULL;

	if (directory.stream == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
	while ((entry = readdir(directory.stream)) != NULL) {
		if (is_wanted(entry->d_name))
			ASH_TRY(add(path, entry->d_name, folder));
	}
	if (folder->count == 0)
		ASH_FAIL_WITH(ASH_E_IO, "it has no file whose name ends in " SUFFIX);
	qsort(folder->paths, folder->count, sizeof(*folder->paths), by_name);
	return ASH_DONE;
}

ASH_STATUS ash_folder_list(const char *path, struct ash_folder *ret_folder)
{
	ASH_AUTO(ash_folder) folder = ASH_FOLDER_NONE;
	struct stat facts;

	if (stat(path, &facts) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
	if (S_ISDIR(facts.st_mode))
		ASH_TRY(read_all(path, &folder));
	else
		ASH_TRY(add(path, NULL, &folder));
	*ret_folder = folder;
	folder = ASH_FOLDER_NONE;
	return ASH_DONE;
}
