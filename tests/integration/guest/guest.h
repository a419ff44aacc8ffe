/*
 * What the guest tests share: TAP, loading the module, a temporary home, and views
 * of what a host would notice. What the module would print goes to a file, which
 * must be empty at the end.
 *
 *     int main(int argc, char **argv)
 *     {
 *             guest_begin(argc, argv);
 *             guest_check("it loads", guest_load());
 *             return guest_end();
 *     }
 */
#pragma once

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <ashlar/pkcs11.h>

#define GUEST_MAYBE_UNUSED __attribute__((unused))
#define COUNT(array)       (sizeof(array) / sizeof((array)[0]))

static struct {
	const char *module; /* its path */
	void *handle;
	CK_FUNCTION_LIST_3_2 *p11;
	char home[64];
	int output; /* what is written to descriptors 1 and 2 */
	FILE *tap;
	unsigned count, failed;
} guest;

static void guest_check(const char *name, bool good)
{
	guest.count++;
	guest.failed += !good;
	(void)fprintf(guest.tap, "%sok %u - %s\n", good ? "" : "not ", guest.count, name);
	(void)fflush(guest.tap);
}

GUEST_MAYBE_UNUSED __attribute__((format(printf, 1, 2))) static void guest_note(const char *format, ...)
{
	va_list args;

	(void)fputs("# ", guest.tap);
	va_start(args, format);
	(void)vfprintf(guest.tap, format, args);
	va_end(args);
	(void)fputc('\n', guest.tap);
	(void)fflush(guest.tap);
}

GUEST_MAYBE_UNUSED static void guest_check_rv(const char *name, CK_RV want, CK_RV got)
{
	guest_check(name, want == got);
	if (want != got)
		guest_note("wanted %#lx, got %#lx", want, got);
}

__attribute__((noreturn)) static void guest_bail(const char *why)
{
	(void)fprintf(guest.tap, "Bail out! %s: %s\n", why, strerror(errno));
	_exit(2);
}

static void guest_begin(int argc, char **argv)
{
	static const char *const foreign[] = { "ASHLAR_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME" };
	FILE *output = tmpfile();
	int tap = dup(STDOUT_FILENO);

	guest.tap = fdopen(tap, "w");
	if (argc != 2 || guest.tap == NULL || output == NULL)
		exit(2);
	guest.module = argv[1];
	guest.output = fileno(output);
	if (dup2(guest.output, STDOUT_FILENO) < 0 || dup2(guest.output, STDERR_FILENO) < 0)
		guest_bail("dup2");
	(void)strcpy(guest.home, "/tmp/ashlar-guest-XXXXXX");
	if (mkdtemp(guest.home) == NULL || setenv("ASHLAR_HOME", guest.home, 1) != 0)
		guest_bail("home");
	for (size_t i = 0; i < COUNT(foreign); i++)
		(void)unsetenv(foreign[i]);
}

/* Whether `folder` has nothing in it. */
GUEST_MAYBE_UNUSED static bool guest_is_empty(const char *folder)
{
	DIR *dir = opendir(folder);
	unsigned entries = 0;

	while (dir != NULL && readdir(dir) != NULL)
		entries++;
	if (dir != NULL)
		(void)closedir(dir);
	return entries == 2;
}

static void guest_remove_home(void)
{
	DIR *dir = opendir(guest.home);
	struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(guest.home);
}

static int guest_end(void)
{
	struct stat output = { .st_size = -1 };

	(void)fstat(guest.output, &output);
	guest_check("nothing was printed", output.st_size == 0);
	(void)fprintf(guest.tap, "1..%u\n", guest.count);
	(void)fclose(guest.tap);
	guest_remove_home();
	return guest.failed == 0 ? 0 : 1;
}

static void *guest_symbol(const char *name)
{
	return dlsym(guest.handle, name);
}

/* Loads the module and takes its newest interface. */
static bool guest_load(void)
{
	CK_C_GetInterface get_interface = NULL;
	CK_INTERFACE *interface = NULL;

	guest.handle = dlopen(guest.module, RTLD_NOW | RTLD_LOCAL);
	if (guest.handle == NULL)
		guest_note("%s", dlerror());
	else
		*(void **)&get_interface = guest_symbol("C_GetInterface");
	if (get_interface == NULL || get_interface(NULL, NULL, &interface, 0) != CKR_OK)
		return false;
	guest.p11 = interface->pFunctionList;
	return true;
}

/* How many entries /proc/self/<what> has: "fd", "task". */
GUEST_MAYBE_UNUSED static unsigned guest_proc_count(const char *what)
{
	char path[64];
	unsigned entries = 0;
	DIR *dir = NULL;

	(void)snprintf(path, sizeof(path), "/proc/self/%s", what);
	dir = opendir(path);
	while (dir != NULL && readdir(dir) != NULL)
		entries++;
	if (dir != NULL)
		(void)closedir(dir);
	return entries;
}

/* Runs `body` in a forked child; true when it returned true. */
GUEST_MAYBE_UNUSED static bool guest_in_child(bool (*body)(void))
{
	int status = -1;
	pid_t child = fork();

	if (child == 0)
		_exit(body() ? 0 : 1);
	if (child < 0 || waitpid(child, &status, 0) != child)
		guest_bail("fork");
	if (status != 0)
		guest_note("the child's status: %#x", (unsigned)status);
	return status == 0;
}

/* ---- a token to work with ---- */

static CK_UTF8CHAR guest_pin[] = "guest-1234";
#define GUEST_PIN guest_pin, (CK_ULONG)(sizeof(guest_pin) - 1)

GUEST_MAYBE_UNUSED static CK_RV guest_first_slot(CK_BBOOL present, CK_SLOT_ID *ret_slot)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_RV rv = guest.p11->C_GetSlotList(present, slots, &count);

	if (rv == CKR_OK && count == 0)
		rv = CKR_TOKEN_NOT_PRESENT;
	if (rv == CKR_OK)
		*ret_slot = slots[0];
	return rv;
}

/* Initialises the first token with both PINs. The library is initialised. */
GUEST_MAYBE_UNUSED static CK_RV guest_make_token(void)
{
	CK_UTF8CHAR label[32];
	CK_SESSION_HANDLE session = 0;
	CK_SLOT_ID slot = 0;
	CK_RV rv = guest_first_slot(CK_FALSE, &slot);

	memset(label, ' ', sizeof(label));
	memcpy(label, "guest", 5);
	if (rv == CKR_OK)
		rv = guest.p11->C_InitToken(slot, GUEST_PIN, label);
	if (rv == CKR_OK)
		rv = guest.p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					      &session);
	if (rv == CKR_OK)
		rv = guest.p11->C_Login(session, CKU_SO, GUEST_PIN);
	if (rv == CKR_OK)
		rv = guest.p11->C_InitPIN(session, GUEST_PIN);
	if (rv == CKR_OK)
		rv = guest.p11->C_CloseSession(session);
	return rv;
}

/* A read-write session of the user. */
GUEST_MAYBE_UNUSED static CK_RV guest_open(CK_SESSION_HANDLE *ret_session)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = guest_first_slot(CK_TRUE, &slot);

	if (rv == CKR_OK)
		rv = guest.p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					      ret_session);
	if (rv == CKR_OK)
		rv = guest.p11->C_Login(*ret_session, CKU_USER, GUEST_PIN);
	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

/* Makes an EC key pair in the session, as token objects or not, and signs with it. */
GUEST_MAYBE_UNUSED static CK_RV guest_sign(CK_SESSION_HANDLE session, CK_BBOOL token)
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_MECHANISM generate = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM sign = { CKM_ECDSA, NULL, 0 };
	CK_ATTRIBUTE public[] = { { CKA_TOKEN, &token, 1 }, { CKA_EC_PARAMS, p256, sizeof(p256) } };
	CK_ATTRIBUTE private[] = { { CKA_TOKEN, &token, 1 } };
	CK_OBJECT_HANDLE public_key = 0;
	CK_OBJECT_HANDLE private_key = 0;
	CK_BYTE digest[32] = { 1 };
	CK_BYTE signature[64];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = guest.p11->C_GenerateKeyPair(session, &generate, public, 2, private, 1, &public_key,
						&private_key);

	if (rv == CKR_OK)
		rv = guest.p11->C_SignInit(session, &sign, private_key);
	if (rv == CKR_OK)
		rv = guest.p11->C_Sign(session, digest, sizeof(digest), signature, &len);
	if (rv == CKR_OK)
		rv = guest.p11->C_VerifyInit(session, &sign, public_key);
	return rv == CKR_OK ? guest.p11->C_Verify(session, digest, sizeof(digest), signature, len) : rv;
}
