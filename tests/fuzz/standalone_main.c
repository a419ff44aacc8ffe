/*
 * main() for a fuzz target where there is no libFuzzer (GCC, say): runs it once with
 * each file that is named, and with each file of each folder that is.
 *
 *     gcc … tests/fuzz/template_fuzz.c tests/fuzz/standalone_main.c …
 *     ./template tests/fuzz/seeds/template
 */
#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define INPUT_MAX ((size_t)1 << 20)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Each input in memory of exactly its length, so that a sanitizer sees its end. */
static bool run_bytes(const uint8_t *bytes, size_t len)
{
	uint8_t *data = malloc(len != 0 ? len : 1);

	if (data == NULL)
		return false;
	for (size_t i = 0; i < len; i++)
		data[i] = bytes[i];
	(void)LLVMFuzzerTestOneInput(data, len);
	free(data);
	return true;
}

static bool run_file(const char *path)
{
	static uint8_t bytes[INPUT_MAX];
	FILE *file = fopen(path, "rb");
	size_t len = 0;
	bool good = false;

	if (file == NULL)
		return false;
	len = fread(bytes, 1, sizeof(bytes), file);
	good = ferror(file) == 0;
	return fclose(file) == 0 && good && run_bytes(bytes, len);
}

static bool run_folder(DIR *folder, const char *path)
{
	const struct dirent *entry = NULL;
	bool good = true;

	while ((entry = readdir(folder)) != NULL) {
		char name[PATH_MAX];

		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(name, sizeof(name), "%s/%s", path, entry->d_name) >= (int)sizeof(name) ||
		    !run_file(name)) {
			(void)fprintf(stderr, "%s/%s: not read\n", path, entry->d_name);
			good = false;
		}
	}
	return good;
}

int main(int argc, char **argv)
{
	int result = 0;

	for (int i = 1; i < argc; i++) {
		DIR *folder = opendir(argv[i]);

		if (folder != NULL ? !run_folder(folder, argv[i]) : !run_file(argv[i])) {
			(void)fprintf(stderr, "%s: not read\n", argv[i]);
			result = 1;
		}
		if (folder != NULL)
			(void)closedir(folder);
	}
	return result;
}
