#include "app/selftest/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "util/mem.h"

#define FILES_MAX 10000
#define DEPTH_MAX 8
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

static ASH_STATUS join(const char *folder, const char *name, char **ret_path)
{
	char *path = ash_mem_new(strlen(folder) + 1 + strlen(name) + 1, 1);

	ASH_ENSURE(path != NULL, ASH_E_MEMORY);
	(void)stpcpy(stpcpy(stpcpy(path, folder), "/"), name);
	*ret_path = path;
	return ASH_DONE;
}

/* Takes the path, which was allocated, when it succeeds. */
static ASH_STATUS add(struct ash_folder *folder, char **path)
{
	char **paths = NULL;

	if (folder->count >= FILES_MAX)
		ASH_FAIL_WITH(ASH_E_LIMIT, "it has more than %d files", FILES_MAX);
	paths = ash_mem_resize(folder->paths, folder->count + 1, sizeof(*paths));
	ASH_ENSURE(paths != NULL, ASH_E_MEMORY);
	folder->paths = paths;
	folder->paths[folder->count++] = ASH_TAKE(*path);
	return ASH_DONE;
}

static bool is_wanted(const char *name)
{
	const size_t len = strlen(name);

	return len > strlen(SUFFIX) && strcmp(name + len - strlen(SUFFIX), SUFFIX) == 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static ASH_STATUS read_all(const char *path, unsigned depth, struct ash_folder *folder)
{
	ASH_AUTO(directory) directory = { opendir(path) };
	const struct dirent *entry = NULL;

	if (directory.stream == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
	if (depth > DEPTH_MAX)
		ASH_FAIL_WITH(ASH_E_LIMIT, "it has folders %d deep", DEPTH_MAX);
	while ((entry = readdir(directory.stream)) != NULL) {
		ASH_AUTO_MEM char *inner = NULL;
		struct stat facts;

		if (entry->d_name[0] == '.')
			continue;
		ASH_TRY(join(path, entry->d_name, &inner));
		if (lstat(inner, &facts) == 0 && S_ISDIR(facts.st_mode))
			ASH_TRY(read_all(inner, depth + 1, folder));
		else if (is_wanted(entry->d_name))
			ASH_TRY(add(folder, &inner));
	}
	return ASH_DONE;
}

static ASH_STATUS take_file(const char *path, struct ash_folder *folder)
{
	const char *slash = strrchr(path, '/');
	ASH_AUTO_MEM char *copy = ash_mem_new(strlen(path) + 1, 1);

	ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
	(void)stpcpy(copy, path);
	folder->skip = slash != NULL ? (size_t)(slash + 1 - path) : 0;
	return add(folder, &copy);
}

ASH_STATUS ash_folder_list(const char *path, struct ash_folder *ret_folder)
{
	ASH_AUTO(ash_folder) folder = ASH_FOLDER_NONE;
	struct stat facts;

	if (stat(path, &facts) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerror(errno));
	if (S_ISDIR(facts.st_mode)) {
		folder.skip = strlen(path) + 1;
		ASH_TRY(read_all(path, 0, &folder));
		if (folder.count == 0)
			ASH_FAIL_WITH(ASH_E_IO, "it has no file whose name ends in " SUFFIX);
		qsort(folder.paths, folder.count, sizeof(*folder.paths), by_name);
	} else {
		ASH_TRY(take_file(path, &folder));
	}
	*ret_folder = folder;
	folder = ASH_FOLDER_NONE;
	return ASH_DONE;
}
