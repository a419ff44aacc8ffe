#include "app/cli/doctor/registration.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_ENDS ".module"
#define FILE_MAX  ((size_t)64 << 10)
#define OUR_NAME  "ashlar-pkcs11"
#define LOAD_S    20 /* for the module to be loaded; then somebody is not well */

static struct ash_span trimmed(struct ash_span text)
{
	while (text.len > 0 && strchr(" \t\r", text.data[0]) != NULL && text.data[0] != '\0')
		text = ash_span(text.data + 1, text.len - 1);
	while (text.len > 0 && strchr(" \t\r", text.data[text.len - 1]) != NULL &&
	       text.data[text.len - 1] != '\0')
		text.len--;
	return text;
}

bool ash_registration_module(struct ash_span text, struct ash_span *ret_module)
{
	bool found = false;

	while (text.len > 0) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		const size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
		const uint8_t *colon = memchr(text.data, ':', len);

		if (colon != NULL && ash_span_equal(trimmed(ash_span(text.data, (size_t)(colon - text.data))),
						    ash_span_text("module"))) {
			*ret_module = trimmed(ash_span(colon + 1, len - (size_t)(colon + 1 - text.data)));
			found = ret_module->len > 0;
		}
		text = ash_span(text.data + len + (end != NULL), text.len - len - (end != NULL));
	}
	return found;
}

/* 0: it is a module; else why not, as the child says with its exit code. */
enum {
	LOADED,
	NOT_LOADED,
	NO_MODULE
};

static _Noreturn void load_here(const char *path)
{
	void *module;

	(void)alarm(LOAD_S);
	module = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module == NULL)
		_exit(NOT_LOADED);
	_exit(dlsym(module, "C_GetFunctionList") != NULL ? LOADED : NO_MODULE);
}

/* In a child: what another file does when it is loaded must not be done to us. */
static int try_load(const char *path)
{
	int result = 0;
	const pid_t child = fork();

	if (child == 0)
		load_here(path);
	if (child < 0)
		return NOT_LOADED;
	while (waitpid(child, &result, 0) < 0) {
		if (errno != EINTR)
			return NOT_LOADED;
	}
	return WIFEXITED(result) ? WEXITSTATUS(result) : NOT_LOADED;
}

static void note_module(struct ash_doctor *doctor, const char *file, const char *path)
{
	static const char *const texts[] = {
		[LOADED] = "loads",
		[NOT_LOADED] = "can't be loaded",
		[NO_MODULE] = "is no PKCS#11 module",
	};
	const int result = access(path, F_OK) == 0 ? try_load(path) : -1;

	ash_doctor_note(doctor, result == LOADED ? ASH_DOCTOR_GOOD : ASH_DOCTOR_BAD, "p11-kit", "%s: %s %s",
			file, path,
			result < 0 ? "is not there" : texts[result <= NO_MODULE ? result : NOT_LOADED]);
	if (result != LOADED)
		ash_doctor_advise(
			doctor, "let the line `module:` in %s name the installed module, or remove the file",
			file);
}

static size_t read_file(const char *path, char text[FILE_MAX])
{
	FILE *file = fopen(path, "re");
	size_t len = 0;

	if (file != NULL) {
		len = fread(text, 1, FILE_MAX, file);
		(void)fclose(file);
	}
	return len;
}

/* p11-kit looks for a name without folder where it was built to. */
static bool note_file(struct ash_doctor *doctor, const char *file)
{
	static char text[FILE_MAX];
	const struct ash_span content = ash_span(text, read_file(file, text));
	struct ash_span module;
	char path[PATH_MAX];

	if (!ash_registration_module(content, &module) ||
	    memmem(module.data, module.len, OUR_NAME, strlen(OUR_NAME)) == NULL ||
	    memchr(module.data, '\0', module.len) != NULL)
		return false;
	snprintf(path, sizeof(path), "%s%.*s", module.data[0] == '/' ? "" : ASHLAR_P11_KIT_MODULES "/",
		 (int)module.len, (const char *)module.data);
	note_module(doctor, file, path);
	return true;
}

unsigned ash_registration_folder(struct ash_doctor *doctor, const char *folder)
{
	DIR *open_folder = opendir(folder);
	const struct dirent *entry;
	char path[PATH_MAX];
	unsigned count = 0;

	while (open_folder != NULL && (entry = readdir(open_folder)) != NULL) {
		const size_t len = strlen(entry->d_name);
		const int path_len = snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);

		if (len > strlen(FILE_ENDS) &&
		    strcmp(entry->d_name + len - strlen(FILE_ENDS), FILE_ENDS) == 0 &&
		    path_len < (int)sizeof(path))
			count += note_file(doctor, path);
	}
	if (open_folder != NULL)
		(void)closedir(open_folder);
	return count;
}

/* As p11-kit itself: nothing of a user's own for root. */
static unsigned own_folder(struct ash_doctor *doctor)
{
	const char *config = secure_getenv("XDG_CONFIG_HOME");
	const char *home = secure_getenv("HOME");
	char path[PATH_MAX];
	int len = 0;

	if (geteuid() == 0)
		return 0;
	if (config != NULL && config[0] == '/')
		len = snprintf(path, sizeof(path), "%s/pkcs11/modules", config);
	else if (home != NULL && home[0] == '/')
		len = snprintf(path, sizeof(path), "%s/.config/pkcs11/modules", home);
	return len > 0 && len < (int)sizeof(path) ? ash_registration_folder(doctor, path) : 0;
}

void ash_doctor_registration(struct ash_doctor *doctor)
{
	static const char *const folders[] = { ASHLAR_P11_KIT_CONFIGS, "/etc/pkcs11/modules" };
	unsigned count = own_folder(doctor);

	for (size_t i = 0; i < ASH_COUNT(folders); i++)
		count += ash_registration_folder(doctor, folders[i]);
	if (count > 0)
		return;
	ash_doctor_note(doctor, ASH_DOCTOR_WARNING, "p11-kit",
			"does not know the module: programs have to be given its path");
	ash_doctor_advise(doctor, "install ashlar.module to %s or /etc/pkcs11/modules (`make install` does)",
			  ASHLAR_P11_KIT_CONFIGS);
}
