/*
 * Hosts that close descriptors which they don't know, and then have files of their own
 * under the numbers; and hosts that have closed 0, 1 and 2. The module says that it
 * can't go on, or goes on; it never writes into a file of the host's, locks or closes
 * it, and never crashes.
 */
#include "guest.h"

#include <sys/sysmacros.h>

#define FILES 48
#define TEXT  "the host's own file"

static int files[FILES];

static void open_files(void)
{
	for (unsigned i = 0; i < FILES; i++) {
		files[i] = open(guest.home, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (files[i] < 0 || write(files[i], TEXT, sizeof(TEXT)) != sizeof(TEXT))
			_exit(3);
	}
}

static bool files_untouched(void)
{
	bool good = true;

	for (unsigned i = 0; i < FILES; i++) {
		struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
		char text[sizeof(TEXT) + 1];
		bool same = pread(files[i], text, sizeof(text), 0) == sizeof(TEXT) &&
			    memcmp(text, TEXT, sizeof(TEXT)) == 0 &&
			    lseek(files[i], 0, SEEK_CUR) == sizeof(TEXT);

		if (!same || fcntl(files[i], F_OFD_GETLK, &lock) != 0 || lock.l_type != F_UNLCK) {
			guest_note("descriptor %d: %s", files[i], same ? "locked or closed" : "changed");
			good = false;
		}
	}
	return good;
}

static CK_RV make_data(CK_SESSION_HANDLE session, CK_BBOOL token, CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_ATTRIBUTE data[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_TOKEN, &token, 1 } };

	return guest.p11->C_CreateObject(session, data, COUNT(data), ret_object);
}

/* What a call may answer once the store is out of reach. */
static bool fails_clearly(const char *call, CK_RV rv)
{
	bool clear = rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_REMOVED || rv == CKR_FUNCTION_FAILED ||
		     rv == CKR_TOKEN_NOT_PRESENT || rv == CKR_GENERAL_ERROR;

	if (!clear)
		guest_note("%s answers %#lx", call, rv);
	return clear;
}

/* Of everything that reads and writes, how much works: every answer is one or the other. */
static bool go_on(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object)
{
	CK_OBJECT_HANDLE found[8];
	CK_OBJECT_HANDLE made = 0;
	CK_ULONG count = 0;
	CK_TOKEN_INFO info;
	CK_SLOT_ID slot = 0;
	bool good = fails_clearly("C_CreateObject", make_data(session, CK_TRUE, &made)) &&
		    fails_clearly("C_DestroyObject", guest.p11->C_DestroyObject(session, object));
	CK_RV rv = guest.p11->C_FindObjectsInit(session, NULL, 0);

	if (rv == CKR_OK)
		rv = guest.p11->C_FindObjects(session, found, COUNT(found), &count);
	good = fails_clearly("C_FindObjects", rv) && good;
	(void)guest.p11->C_FindObjectsFinal(session);
	if (guest_first_slot(CK_TRUE, &slot) == CKR_OK)
		(void)guest.p11->C_GetTokenInfo(slot, &info);
	/* What needs no store goes on. */
	rv = make_data(session, CK_FALSE, &made);
	if (rv != CKR_OK)
		guest_note("a session object: %#lx", rv);
	return good && rv == CKR_OK;
}

static bool nothing(void)
{
	return true;
}

/* In a child, as SQLite can't be brought back: closes from `first` to `last` between two calls. */
static bool lose(unsigned first, unsigned last)
{
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE object = 0;
	bool good = guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&session) == CKR_OK &&
		    make_data(session, CK_TRUE, &object) == CKR_OK && guest_sign(session, CK_TRUE) == CKR_OK;

	if (!good || close_range(first, last, 0) != 0)
		return false;
	open_files();
	good = go_on(session, object);
	good = guest_in_child(nothing) && good; /* connections are closed before a fork */
	good = guest.p11->C_Logout(session) == CKR_OK && good;
	good = guest.p11->C_Finalize(NULL) == CKR_OK && good;
	good = files_untouched() && good;
	/* Beginning again: no worse. */
	good = guest.p11->C_Initialize(NULL) == CKR_OK && good;
	good = fails_clearly("C_OpenSession", guest_open(&session)) && good;
	good = guest.p11->C_Finalize(NULL) == CKR_OK && good;
	return files_untouched() && good;
}

/* guest.tap has a low number, which the host knows. */
static unsigned first_unknown(void)
{
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	(void)close(next);
	return (unsigned)next;
}

static bool lose_all(void)
{
	return lose(first_unknown(), ~0u);
}

static bool lose_up_to_a_limit(void)
{
	return lose(first_unknown(), 200);
}

static bool lose_the_end(void)
{
	return lose(first_unknown() + 4, ~0u);
}

/* Closing before anything was opened is nothing to the module. */
static bool lose_early(void)
{
	CK_SESSION_HANDLE session = 0;
	bool good = guest.p11->C_Initialize(NULL) == CKR_OK && close_range(first_unknown(), ~0u, 0) == 0;

	open_files();
	good = good && guest_open(&session) == CKR_OK && guest_sign(session, CK_TRUE) == CKR_OK &&
	       guest.p11->C_Finalize(NULL) == CKR_OK;
	return files_untouched() && good;
}

/* A daemon: begins, forks, closes what it inherited in the child, begins there. */
static bool daemon_child(void)
{
	CK_SESSION_HANDLE session = 0;
	bool good = close_range(first_unknown(), ~0u, 0) == 0;

	open_files();
	good = good && guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&session) == CKR_OK &&
	       guest_sign(session, CK_TRUE) == CKR_OK && guest.p11->C_Finalize(NULL) == CKR_OK;
	return files_untouched() && good;
}

static bool daemon_parent(void)
{
	CK_SESSION_HANDLE session = 0;

	return guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&session) == CKR_OK &&
	       guest_sign(session, CK_TRUE) == CKR_OK && guest_in_child(daemon_child) &&
	       guest_sign(session, CK_TRUE) == CKR_OK && guest.p11->C_Finalize(NULL) == CKR_OK;
}

/* 0, 1 and 2 are nobody's: what is printed must not come to a file of ours. */
static bool nothing_standard(void)
{
	CK_SESSION_HANDLE session = 0;
	bool good = close_range(STDIN_FILENO, STDERR_FILENO, 0) == 0 &&
		    guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&session) == CKR_OK &&
		    guest_sign(session, CK_TRUE) == CKR_OK;

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		struct stat file;

		/* SQLite fills these up with /dev/null where it meets them. */
		if (fstat(fd, &file) != 0 || (S_ISCHR(file.st_mode) && file.st_rdev == makedev(1, 3)))
			continue;
		guest_note("descriptor %d is a file", fd);
		good = false;
	}
	return guest.p11->C_Finalize(NULL) == CKR_OK && good;
}

/* The store of all of them is whole. */
static bool store_is_whole(void)
{
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = 0;
	CK_BBOOL yes = CK_TRUE;
	CK_ATTRIBUTE ours = { CKA_MODIFIABLE, &yes, sizeof(yes) }; /* the token has some of its own */
	bool good = guest.p11->C_Initialize(NULL) == CKR_OK && guest_open(&session) == CKR_OK &&
		    guest_sign(session, CK_TRUE) == CKR_OK &&
		    guest.p11->C_FindObjectsInit(session, &ours, 1) == CKR_OK &&
		    guest.p11->C_FindObjects(session, found, COUNT(found), &count) == CKR_OK;

	guest_note("%lu objects", count);
	/* A data object and a pair of each that lost something, and six more pairs. */
	return good && count == 3 * 3 + 6 * 2 && guest.p11->C_Finalize(NULL) == CKR_OK;
}

static bool make_token(void)
{
	return guest.p11->C_Initialize(NULL) == CKR_OK && guest_make_token() == CKR_OK &&
	       guest.p11->C_Finalize(NULL) == CKR_OK;
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	if (!guest_load())
		guest_bail("dlopen");
	guest_check("a token", guest_in_child(make_token));
	guest_check("a host that closes all that it doesn't know", guest_in_child(lose_all));
	guest_check("one that does so up to a limit", guest_in_child(lose_up_to_a_limit));
	guest_check("one that knows a few of ours, by chance", guest_in_child(lose_the_end));
	guest_check("one that does so before anything is open", guest_in_child(lose_early));
	guest_check("a child that closes what it inherited", guest_in_child(daemon_parent));
	guest_check("a host without standard descriptors", guest_in_child(nothing_standard));
	guest_check("nothing was lost and nothing half done", guest_in_child(store_is_whole));
	return guest_end();
}
