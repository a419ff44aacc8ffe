/*
 * Preloaded, it says that every folder lies on the file system whose number (statfs's f_type)
 * is in FAKE_STATFS: how a program meets network file systems that no test machine has.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/vfs.h>

/* With wide offsets both names are one type's. */
typedef int statfs_fn(const char *path, struct statfs *info);

static int lie(const char *name, const char *path, struct statfs *info)
{
	statfs_fn *real = __extension__(statfs_fn *) dlsym(RTLD_NEXT, name);
	const char *type = getenv("FAKE_STATFS");
	int result = real != NULL ? real(path, info) : -1;

	if (result == 0 && type != NULL)
		info->f_type = (__typeof__(info->f_type))strtoul(type, NULL, 16);
	return result;
}

__attribute__((visibility("default"))) int fake_statfs(const char *path,
						       struct statfs *info) __asm__("statfs");
int fake_statfs(const char *path, struct statfs *info)
{
	return lie("statfs", path, info);
}

__attribute__((visibility("default"))) int fake_statfs64(const char *path,
							 struct statfs *info) __asm__("statfs64");
int fake_statfs64(const char *path, struct statfs *info)
{
	return lie("statfs64", path, info);
}
