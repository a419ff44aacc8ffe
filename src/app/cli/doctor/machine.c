/* Versions, and what the system allows. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "app/cli/doctor/doctor.h"
#include "ashlar-build.h"

#define KIB ((size_t)1 << 10)

/* Beside the PIN hash: keys in use, PINs, the crypto libraries' own (docs/configuration.md). */
#define ARENA_EVERYDAY (4096 * KIB)

void ash_doctor_versions(struct ash_doctor *doctor)
{
	struct utsname system;

	ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "version", "Ashlar HSM %s, OpenSSL %s, AWS-LC %s, SQLite %s",
			ASHLAR_VERSION, ASHLAR_OPENSSL_VERSION,
			ASHLAR_HAVE_AWS_LC ? ASHLAR_AWS_LC_VERSION : "left out", ASHLAR_SQLITE_VERSION);
	if (uname(&system) != 0)
		return;
	ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "system", "%s %s %s%s", system.sysname, system.release,
			system.machine,
			access("/.dockerenv", F_OK) == 0 || access("/run/.containerenv", F_OK) == 0
				? ", in a container: the store has to be on a volume to outlive it"
				: "");
}

/* Those that decide what is read; SOFTHSM2_CONF as who sets it may believe that it does. */
void ash_doctor_environment(struct ash_doctor *doctor)
{
	static const char *const names[] = { "ASHLAR_CONF", "ASHLAR_HOME", "SOFTHSM2_CONF" };
	bool any = false;

	for (size_t i = 0; i < ASH_COUNT(names); i++) {
		const char *value = getenv(names[i]);

		if (value == NULL || value[0] == '\0')
			continue;
		any = true;
		if (i < 2 && value[0] != '/') {
			ash_doctor_note(doctor, ASH_DOCTOR_BAD, "environment", "%s=%s", names[i], value);
			ash_doctor_advise(doctor, "%s has to be an absolute path", names[i]);
		} else {
			ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "environment", "%s=%s", names[i], value);
			if (i == 2)
				ash_doctor_advise(doctor,
						  "Ashlar does not read that file of SoftHSM; `ashlar import "
						  "softhsm` brings its tokens over");
		}
	}
	if (!any)
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "environment",
				"neither ASHLAR_CONF nor ASHLAR_HOME is set");
}

/* By doing it: a limit does not bind those who have a right beyond it. */
static bool can_lock(size_t len)
{
	void *start = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool good;

	if (start == MAP_FAILED)
		return false;
	good = mlock(start, len) == 0;
	(void)munmap(start, len);
	return good;
}

void ash_doctor_memory(struct ash_doctor *doctor)
{
	size_t need = ARENA_EVERYDAY;
	bool required = false;
	struct rlimit limit = { .rlim_cur = 0 };
	char allowed[32] = "no limit";

	if (doctor->config != NULL) {
		need += KIB * ash_config_number(doctor->config, ASH_CONFIG_PIN_HASH_MEMORY);
		required = strcmp(ash_config_text(doctor->config, ASH_CONFIG_MEMORY_LOCK), "required") == 0;
	} else {
		need += KIB * strtoull(ash_config_describe(ASH_CONFIG_PIN_HASH_MEMORY)->fallback, NULL, 10);
	}
	if (getrlimit(RLIMIT_MEMLOCK, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
		snprintf(allowed, sizeof(allowed), "limit %llu KiB",
			 (unsigned long long)limit.rlim_cur / KIB);
	if (can_lock(need)) {
		ash_doctor_note(doctor, ASH_DOCTOR_GOOD, "memory lock", "%zu KiB can be locked (%s)",
				need / KIB, allowed);
		return;
	}
	ash_doctor_note(doctor, required ? ASH_DOCTOR_BAD : ASH_DOCTOR_WARNING, "memory lock",
			"%zu KiB can't be locked (%s): secrets may be written to swap", need / KIB, allowed);
	ash_doctor_advise(doctor,
			  "raise it to %zu KiB: memlock in /etc/security/limits.conf, LimitMEMLOCK= in a "
			  "service, --ulimit memlock= of a container",
			  need / KIB);
}

/* Secrets are out of core dumps; whoever may trace the process reads them all the same. */
void ash_doctor_tracing(struct ash_doctor *doctor)
{
	FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "re");
	int scope = -1;

	if (file == NULL)
		return; /* another guard than Yama, or none: nothing to say for sure */
	if (fscanf(file, "%d", &scope) != 1)
		scope = -1;
	(void)fclose(file);
	if (scope < 0)
		return;
	ash_doctor_note(doctor, scope > 0 ? ASH_DOCTOR_GOOD : ASH_DOCTOR_WARNING, "tracing",
			"kernel.yama.ptrace_scope = %d%s", scope,
			scope > 0 ? "" : ": programs of one user may read each other's memory");
	if (scope == 0)
		ash_doctor_advise(doctor,
				  "sysctl kernel.yama.ptrace_scope=1, or a user of its own for each service");
}
