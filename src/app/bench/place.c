#include "app/bench/place.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "util/mem.h"

#ifndef XFS_SUPER_MAGIC
#define XFS_SUPER_MAGIC 0x58465342
#endif
#ifndef ZFS_SUPER_MAGIC
#define ZFS_SUPER_MAGIC 0x2fc12fc1
#endif

static ASH_STATUS join(const char *folder, const char *name, char **ret_path)
{
	const size_t len = strlen(folder) + strlen(name) + 2;
	char *path = ash_mem_new(len, 1);

	ASH_ENSURE(path != NULL, ASH_E_MEMORY);
	snprintf(path, len, "%s/%s", folder, name);
	*ret_path = path;
	return ASH_DONE;
}

static ASH_STATUS make_folder(const struct ash_bench_place *place, const char *name)
{
	ASH_AUTO_MEM char *path = NULL;

	ASH_TRY(join(place->folder, name, &path));
	if (mkdir(path, 0700) != 0)
		ASH_FAIL_WITH(ASH_E_IO, "can't make %s: %s", path, strerror(errno));
	return ASH_DONE;
}

/* SoftHSM reads where its tokens are from a file. */
static ASH_STATUS write_softhsm_conf(const struct ash_bench_place *place)
{
	ASH_AUTO_MEM char *path = NULL;
	FILE *file;
	int written;

	ASH_TRY(join(place->folder, "softhsm2.conf", &path));
	file = fopen(path, "we");
	if (file == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "can't write %s: %s", path, strerror(errno));
	written = fprintf(
		file, "directories.tokendir = %s/softhsm\nobjectstore.backend = file\nlog.level = ERROR\n",
		place->folder);
	if (fclose(file) != 0 || written < 0)
		ASH_FAIL_WITH(ASH_E_IO, "can't write %s: %s", path, strerror(errno));
	return ASH_DONE;
}

ASH_STATUS ash_bench_place_make(const char *parent, struct ash_bench_place *ret_place)
{
	ASH_AUTO(ash_bench_place) place = { NULL };
	ASH_AUTO_MEM char *real = NULL;
	ASH_AUTO_MEM char *name = NULL;

	if (parent == NULL)
		parent = getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp";
	/* ASHLAR_HOME has to be absolute. */
	real = realpath(parent, NULL);
	if (real == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "%s: %s", parent, strerror(errno));
	ASH_TRY(join(real, "ashlar-bench.XXXXXX", &name));
	if (mkdtemp(name) == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "can't make a folder in %s: %s", real, strerror(errno));
	place.folder = ASH_TAKE(name);
	ASH_TRY(make_folder(&place, "softhsm"));
	ASH_TRY(write_softhsm_conf(&place));
	ret_place->folder = ASH_TAKE(place.folder);
	return ASH_DONE;
}

ASH_STATUS ash_bench_place_enter(const struct ash_bench_place *place)
{
	ASH_AUTO_MEM char *home = NULL;
	ASH_AUTO_MEM char *conf = NULL;

	ASH_TRY(join(place->folder, "ashlar", &home));
	ASH_TRY(join(place->folder, "softhsm2.conf", &conf));
	ASH_ENSURE(setenv("ASHLAR_HOME", home, 1) == 0 && setenv("SOFTHSM2_CONF", conf, 1) == 0,
		   ASH_E_MEMORY);
	/* It would lead our module elsewhere. */
	ASH_ENSURE(unsetenv("ASHLAR_CONF") == 0, ASH_E_IO);
	return ASH_DONE;
}

static int remove_one(const char *path, ASH_UNUSED const struct stat *info, ASH_UNUSED int kind,
		      ASH_UNUSED struct FTW *where)
{
	(void)remove(path); /* the rest goes all the same */
	return 0;
}

void ash_bench_place_done(struct ash_bench_place *place)
{
	if (place->folder != NULL)
		(void)nftw(place->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	place->folder = ash_mem_free(place->folder);
}

const char *ash_bench_place_kind(const struct ash_bench_place *place)
{
	static const struct {
		unsigned long magic;
		const char *name;
	} kinds[] = {
		{ EXT4_SUPER_MAGIC, "ext4" },         { TMPFS_MAGIC, "tmpfs" },
		{ XFS_SUPER_MAGIC, "xfs" },           { BTRFS_SUPER_MAGIC, "btrfs" },
		{ ZFS_SUPER_MAGIC, "zfs" },           { F2FS_SUPER_MAGIC, "f2fs" },
		{ OVERLAYFS_SUPER_MAGIC, "overlay" },
	};
	static char number[32];
	struct statfs info;

	if (statfs(place->folder, &info) != 0)
		return "unknown";
	for (size_t i = 0; i < ASH_COUNT(kinds); i++) {
		if ((unsigned long)info.f_type == kinds[i].magic)
			return kinds[i].name;
	}
	snprintf(number, sizeof(number), "0x%lx", (unsigned long)info.f_type);
	return number;
}

ASH_STATUS ash_bench_own_module(char **ret_path)
{
	static const char name[] = "libashlar-pkcs11.so";
	ASH_AUTO_MEM char *path = NULL;
	char program[PATH_MAX] = "";
	char *slash;

	if (readlink("/proc/self/exe", program, sizeof(program) - 1) > 0 &&
	    (slash = strrchr(program, '/')) != NULL) {
		*slash = '\0';
		ASH_TRY(join(program, name, &path));
		if (access(path, R_OK) == 0) {
			*ret_path = ASH_TAKE(path);
			return ASH_DONE;
		}
		path = ash_mem_free(path);
	}
	ASH_TRY(join(ASH_MODULE_DIR, name, &path));
	if (access(path, R_OK) != 0)
		ASH_FAIL_WITH(ASH_E_NOT_FOUND, "%s is neither beside the program nor in %s", name,
			      ASH_MODULE_DIR);
	*ret_path = ASH_TAKE(path);
	return ASH_DONE;
}
