#include "folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"

#define FULL_PATH_MAX 4096

static void join(const char *root, const char *path, char ret_full[FULL_PATH_MAX])
{
	if (snprintf(ret_full, FULL_PATH_MAX, "%s%s%s", root, *path != '\0' ? "/" : "", path) >=
	    FULL_PATH_MAX)
		report_bail("the path is too long: %s", path);
}

void folder_parent(const char *path, char ret_parent[FOLDER_PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t len = slash != NULL ? (size_t)(slash - path) : 0;

	memcpy(ret_parent, path, len);
	ret_parent[len] = '\0';
}

static struct folder_file *add(struct folder *folder)
{
	if (folder->count % 16 == 0) {
		folder->files = realloc(folder->files, (folder->count + 16) * sizeof(*folder->files));
		if (folder->files == NULL)
			report_bail("no memory");
	}
	memset(&folder->files[folder->count], 0, sizeof(*folder->files));
	return &folder->files[folder->count++];
}

/* False when it is gone meanwhile. */
static bool read_bytes(const char *full, struct folder_file *file, size_t len)
{
	int fd = open(full, O_RDONLY | O_CLOEXEC);
	ssize_t got = 0;

	if (fd < 0)
		return false;
	file->data = malloc(len + 1);
	if (file->data == NULL)
		report_bail("no memory");
	while (file->len < len &&
	       (got = pread(fd, file->data + file->len, len - file->len, (off_t)file->len)) > 0)
		file->len += (size_t)got;
	(void)close(fd);
	return true;
}

static void read_below(const char *root, const char *below, struct folder *folder)
{
	char full[FULL_PATH_MAX];
	DIR *list = NULL;
	const struct dirent *entry = NULL;

	join(root, below, full);
	list = opendir(full);
	if (list == NULL)
		return;
	while ((entry = readdir(list)) != NULL) {
		struct folder_file file = { 0 };
		struct stat info;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (snprintf(file.path, sizeof(file.path), "%s%s%s", below, *below != '\0' ? "/" : "",
			     entry->d_name) >= (int)sizeof(file.path))
			report_bail("the path is too long: %s", entry->d_name);
		join(root, file.path, full);
		if (lstat(full, &info) != 0 || (!S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode)))
			continue;
		file.is_folder = S_ISDIR(info.st_mode);
		file.mode = info.st_mode & 07777;
		file.inode = info.st_ino;
		if (!file.is_folder && !read_bytes(full, &file, (size_t)info.st_size))
			continue;
		*add(folder) = file;
		if (file.is_folder)
			read_below(root, file.path, folder);
	}
	(void)closedir(list);
}

static int by_path(const void *a, const void *b)
{
	return strcmp(((const struct folder_file *)a)->path, ((const struct folder_file *)b)->path);
}

void folder_read(const char *root, struct folder *ret_folder)
{
	*ret_folder = FOLDER_NONE;
	read_below(root, "", ret_folder);
	if (ret_folder->count != 0)
		qsort(ret_folder->files, ret_folder->count, sizeof(*ret_folder->files), by_path);
}

static void write_file(const char *root, const struct folder_file *file)
{
	char full[FULL_PATH_MAX];
	int fd = -1;

	join(root, file->path, full);
	if (file->is_folder) {
		(void)mkdir(full, 0700);
		if (chmod(full, file->mode) != 0)
			report_bail("%s can't be made", full);
		return;
	}
	fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fchmod(fd, file->mode) != 0 || write(fd, file->data, file->len) != (ssize_t)file->len ||
	    close(fd) != 0)
		report_bail("%s can't be written", full);
}

void folder_write(const struct folder *folder, const char *root)
{
	char full[FULL_PATH_MAX];
	struct folder now;

	/* From the end, so that a folder is empty when its turn comes. */
	folder_read(root, &now);
	for (size_t i = now.count; i-- != 0;) {
		const struct folder_file *wanted = folder_find(folder, now.files[i].path);

		join(root, now.files[i].path, full);
		if ((wanted == NULL || wanted->is_folder != now.files[i].is_folder) && remove(full) != 0)
			report_bail("%s can't be removed", full);
	}
	folder_done(&now);
	for (size_t i = 0; i < folder->count; i++)
		write_file(root, &folder->files[i]);
}

void folder_keep_page(const struct folder *folder, const char *root)
{
	static const char magic[8] = "ASHGEN1";
	const struct folder_file *page = folder_find(folder, "store.gen");
	struct folder now;
	struct folder_file *written = NULL;

	if (page == NULL || page->len < 16 || memcmp(page->data, magic, sizeof(magic)) != 0 ||
	    memcmp(page->data + 8, &page->inode, 8) != 0)
		return;
	folder_read(root, &now);
	written = folder_find(&now, "store.gen");
	if (written == NULL || written->len < 16)
		report_bail("store.gen was not written");
	memcpy(written->data + 8, &written->inode, 8);
	write_file(root, written);
	folder_done(&now);
}

void folder_done(struct folder *folder)
{
	for (size_t i = 0; i < folder->count; i++)
		free(folder->files[i].data);
	free(folder->files);
	*folder = FOLDER_NONE;
}

struct folder_file *folder_find(const struct folder *folder, const char *path)
{
	for (size_t i = 0; i < folder->count; i++) {
		if (strcmp(folder->files[i].path, path) == 0)
			return &folder->files[i];
	}
	return NULL;
}

struct folder_file *folder_put(struct folder *folder, const char *path, const void *data, size_t len)
{
	struct folder_file *file = folder_find(folder, path);

	if (file == NULL) {
		file = add(folder);
		(void)snprintf(file->path, sizeof(file->path), "%s", path);
		file->mode = 0600;
	}
	free(file->data);
	file->data = malloc(len + 1);
	if (file->data == NULL)
		report_bail("no memory");
	if (len != 0)
		memcpy(file->data, data, len);
	file->len = len;
	return file;
}

/* FNV-1a: it has to tell some thousand states apart, nothing more. */
static uint64_t add_hash(uint64_t hash, const void *data, size_t len)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < len; i++)
		hash = (hash ^ bytes[i]) * UINT64_C(0x100000001b3);
	return hash;
}

uint64_t folder_hash(const struct folder *folder)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < folder->count; i++) {
		const struct folder_file *file = &folder->files[i];

		hash = add_hash(hash, file->path, strlen(file->path) + 1);
		hash = add_hash(hash, &file->is_folder, sizeof(file->is_folder));
		hash = add_hash(hash, &file->len, sizeof(file->len));
		hash = add_hash(hash, file->data, file->len);
	}
	return hash;
}
