#include "app/bench/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "util/compat.h"

/* What follows `key` in the first line of a file that begins with it, without `:`, `=` and quotes. */
static void fact(const char *path, const char *key, char *value, size_t cap)
{
	FILE *file = fopen(path, "re");
	char line[512];

	snprintf(value, cap, "unknown");
	if (file == NULL)
		return;
	while (fgets(line, sizeof(line), file) != NULL) {
		const char *at = line + strlen(key);

		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		at += strspn(at, "\t :=\"");
		snprintf(value, cap, "%.*s", (int)strcspn(at, "\"\n"), at);
		break;
	}
	(void)fclose(file);
}

ASH_STATUS ash_bench_machine(json_t **ret_facts)
{
	char processor[128], system[128];
	struct utsname kernel;
	json_t *facts;
	const long pages = sysconf(_SC_PHYS_PAGES), page_size = sysconf(_SC_PAGESIZE);

	ASH_ENSURE(uname(&kernel) == 0, ASH_E_IO);
	fact("/proc/cpuinfo", "model name", processor, sizeof(processor));
	fact("/etc/os-release", "PRETTY_NAME", system, sizeof(system));
	facts = json_pack("{s:s, s:I, s:I, s:s, s:s}", "processor", processor, "cores",
			  (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "memory_mib",
			  (json_int_t)pages * page_size / 1048576, "kernel", kernel.release, "system",
			  system);
	ASH_ENSURE(facts != NULL, ASH_E_MEMORY);
	*ret_facts = facts;
	return ASH_DONE;
}
