#include "left.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "alloc.h"
#include "report.h"

const char *left_name(enum left_kind kind)
{
	static const char *const names[LEFT_KINDS] = {
		[LEFT_BLOCKS] = "blocks",
		[LEFT_DESCRIPTORS] = "descriptors",
		[LEFT_LOCKS] = "locks",
		[LEFT_MAPPINGS] = "mappings",
	};

	return names[kind];
}

/* How many lines of a file begin so. */
static int64_t count_lines(const char *path, const char *begin)
{
	static char text[1 << 18];
	const size_t begin_len = strlen(begin);
	size_t len = 0;
	int64_t count = 0;
	ssize_t got = 0;
	const int in = open(path, O_RDONLY | O_CLOEXEC);

	if (in < 0)
		return 0;
	while (len < sizeof(text) - 1 && (got = read(in, text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)got;
	(void)close(in);
	text[len] = '\0';
	for (char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
		count += strncmp(line, begin, begin_len) == 0;
		if (strchr(line, '\n') == NULL)
			break;
	}
	return count;
}

/* Each descriptor, and the locks that it holds (proc(5), fdinfo). */
static void count_descriptors(struct left *left)
{
	DIR *folder = opendir("/proc/self/fdinfo");
	const struct dirent *entry = NULL;
	char path[sizeof("/proc/self/fdinfo/") + sizeof(entry->d_name)];

	if (folder == NULL)
		report_bail("/proc/self/fdinfo can't be read");
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] == '.')
			continue;
		(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%s", entry->d_name);
		left->of[LEFT_DESCRIPTORS]++;
		left->of[LEFT_LOCKS] += count_lines(path, "lock:");
	}
	(void)closedir(folder);
}

void left_count(struct left *ret_left)
{
	struct left left = { .of = { [LEFT_BLOCKS] = alloc_live() } };

	count_descriptors(&left);
	left.of[LEFT_MAPPINGS] = count_lines("/proc/self/maps", "");
	*ret_left = left;
}

enum left_kind left_grown(const struct left *before, const struct left *now, int64_t by)
{
	for (enum left_kind kind = 0; kind < LEFT_KINDS; kind++) {
		if (now->of[kind] - before->of[kind] >= by)
			return kind;
	}
	return LEFT_KINDS;
}
