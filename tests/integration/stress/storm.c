/*
 * The module's life under many threads: some begin and end it while others call, or fork
 * while others work.
 *
 *     storm lives|forks [--threads N] [--seconds N] [--tap] MODULE
 *
 * lives: nobody knows whether the library is initialised, so a call may be refused; but
 * what is answered is right, each life has one C_Initialize and one C_Finalize, and nobody
 * waits for ever. forks: the threads that work never notice; each child finds itself
 * uninitialised, and can begin and work with the same token.
 */
#include "storm.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct storm storm = { .threads = 16, .seconds = 5 };

/* ---- complaints ---- */

void storm_wrong(const char *what, CK_RV got)
{
	if (atomic_fetch_add(&storm.wrong, 1) < 20)
		(void)fprintf(stderr, "WRONG: process %d: %s: got %#lx\n", (int)getpid(), what, got);
}

bool storm_want(const char *what, CK_RV want, CK_RV got)
{
	atomic_fetch_add(&storm.calls, 1);
	if (want != got)
		storm_wrong(what, got);
	return want == got;
}

void storm_pause_ms(unsigned ms)
{
	const struct timespec time = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L };

	(void)nanosleep(&time, NULL);
}

uint64_t storm_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return *state >> 33;
}

/* ---- a token ---- */

CK_RV storm_slot(CK_SLOT_ID *ret_slot)
{
	CK_SLOT_ID slots[64];
	CK_ULONG count = COUNT(slots);
	CK_RV rv = storm.p11->C_GetSlotList(CK_TRUE, slots, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		CK_TOKEN_INFO info;

		rv = storm.p11->C_GetTokenInfo(slots[i], &info);
		if (rv == CKR_OK && memcmp(info.label, "storm ", 6) == 0) {
			*ret_slot = slots[i];
			return CKR_OK;
		}
	}
	return rv == CKR_OK ? CKR_TOKEN_NOT_PRESENT : rv;
}

CK_RV storm_open(CK_SESSION_HANDLE *ret_session)
{
	CK_SLOT_ID slot = 0;
	CK_RV rv = storm_slot(&slot);

	if (rv == CKR_OK)
		rv = storm.p11->C_OpenSession(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					      ret_session);
	return rv;
}

/* A data object with this label. */
CK_RV storm_create(CK_SESSION_HANDLE session, bool on_token, const char *label, CK_OBJECT_HANDLE *ret_object)
{
	CK_OBJECT_CLASS class = CKO_DATA;
	CK_BBOOL token = on_token ? CK_TRUE : CK_FALSE;
	CK_ATTRIBUTE template[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_TOKEN, &token, sizeof(token) },
		{ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) },
		{ CKA_VALUE, (void *)(uintptr_t)label, strlen(label) },
	};

	return storm.p11->C_CreateObject(session, template, COUNT(template), ret_object);
}

/* How many objects have the label, up to 4. */
CK_RV storm_count(CK_SESSION_HANDLE session, const char *label, CK_ULONG *ret_count)
{
	CK_ATTRIBUTE want = { CKA_LABEL, (void *)(uintptr_t)label, strlen(label) };
	CK_OBJECT_HANDLE found[4];
	CK_RV rv = storm.p11->C_FindObjectsInit(session, &want, 1);

	if (rv == CKR_OK)
		rv = storm.p11->C_FindObjects(session, found, COUNT(found), ret_count);
	if (rv == CKR_OK)
		rv = storm.p11->C_FindObjectsFinal(session);
	return rv;
}

/* FIPS 180-4's "abc". */
CK_RV storm_digest(CK_SESSION_HANDLE session)
{
	static const CK_BYTE abc[4] = { 0xba, 0x78, 0x16, 0xbf };
	CK_MECHANISM sha256 = { CKM_SHA256, NULL, 0 };
	CK_BYTE text[] = "abc", digest[32] = { 0 };
	CK_ULONG len = sizeof(digest);
	CK_RV rv = storm.p11->C_DigestInit(session, &sha256);

	if (rv == CKR_OK)
		rv = storm.p11->C_Digest(session, text, 3, digest, &len);
	if (rv == CKR_OK && memcmp(digest, abc, sizeof(abc)) != 0)
		storm_wrong("SHA-256 of abc", digest[0]);
	return rv;
}

/* A P-256 pair of the session signs and verifies. Needs a login. */
CK_RV storm_sign(CK_SESSION_HANDLE session)
{
	static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
	CK_MECHANISM generate = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM ecdsa = { CKM_ECDSA, NULL, 0 };
	CK_ATTRIBUTE curve = { CKA_EC_PARAMS, p256, sizeof(p256) };
	CK_OBJECT_HANDLE public = 0, private = 0;
	CK_BYTE digest[32] = { 1 }, signature[64];
	CK_ULONG len = sizeof(signature);
	CK_RV rv = storm.p11->C_GenerateKeyPair(session, &generate, &curve, 1, NULL, 0, &public, &private);

	if (rv == CKR_OK)
		rv = storm.p11->C_SignInit(session, &ecdsa, private);
	if (rv == CKR_OK)
		rv = storm.p11->C_Sign(session, digest, sizeof(digest), signature, &len);
	if (rv == CKR_OK)
		rv = storm.p11->C_VerifyInit(session, &ecdsa, public);
	if (rv == CKR_OK)
		rv = storm.p11->C_Verify(session, digest, sizeof(digest), signature, len);
	return rv;
}

CK_RV storm_log_in(CK_SESSION_HANDLE session)
{
	const CK_RV rv = storm.p11->C_Login(session, CKU_USER, STORM_PIN);

	return rv == CKR_USER_ALREADY_LOGGED_IN ? CKR_OK : rv;
}

static bool make_token(void)
{
	CK_UTF8CHAR label[32];
	CK_SLOT_ID slots[64];
	CK_ULONG count = COUNT(slots);
	CK_SESSION_HANDLE session = 0;
	CK_OBJECT_HANDLE object = 0;

	memset(label, ' ', sizeof(label));
	memcpy(label, "storm", 5);
	return storm_want("C_Initialize", CKR_OK, storm.p11->C_Initialize(NULL)) &&
	       storm_want("C_GetSlotList", CKR_OK, storm.p11->C_GetSlotList(CK_TRUE, slots, &count)) &&
	       storm_want("C_InitToken", CKR_OK,
			  storm.p11->C_InitToken(slots[count - 1], STORM_PIN, label)) &&
	       storm_want("opening", CKR_OK, storm_open(&session)) &&
	       storm_want("C_Login", CKR_OK, storm.p11->C_Login(session, CKU_SO, STORM_PIN)) &&
	       storm_want("C_InitPIN", CKR_OK, storm.p11->C_InitPIN(session, STORM_PIN)) &&
	       storm_want("C_CreateObject", CKR_OK, storm_create(session, true, "landmark", &object)) &&
	       storm_want("C_Finalize", CKR_OK, storm.p11->C_Finalize(NULL));
}

/* ---- main ---- */

static bool load(const char *module)
{
	CK_C_GetFunctionList get_list = NULL;
	void *handle = dlopen(module, RTLD_NOW | RTLD_LOCAL);

	if (handle == NULL)
		(void)fprintf(stderr, "%s\n", dlerror());
	else
		*(void **)&get_list = dlsym(handle, "C_GetFunctionList");
	return get_list != NULL && get_list(&storm.p11) == CKR_OK;
}

static char home[4096];

static bool make_home(void)
{
	static const char *const foreign[] = { "ASHLAR_CONF", "XDG_CONFIG_HOME", "XDG_DATA_HOME" };
	const char *under = getenv("TMPDIR");

	(void)snprintf(home, sizeof(home), "%s/ashlar-storm-XXXXXX", under != NULL ? under : "/tmp");
	for (size_t i = 0; i < COUNT(foreign); i++)
		(void)unsetenv(foreign[i]);
	return mkdtemp(home) != NULL && setenv("ASHLAR_HOME", home, 1) == 0;
}

static void remove_home(void)
{
	DIR *dir = opendir(home);
	struct dirent *entry = NULL;

	while (dir != NULL && (entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir != NULL)
		(void)closedir(dir);
	(void)rmdir(home);
}

/* Whoever waits for ever is ended by a signal, and the program with it. */
static bool run(int argc, char **argv)
{
	const bool forks = argc > 1 && strcmp(argv[1], "forks") == 0;

	for (int i = 2; i < argc - 1; i++) {
		if (strcmp(argv[i], "--tap") == 0)
			storm.tap = true;
		else if (strcmp(argv[i], "--threads") == 0 && i + 1 < argc - 1)
			storm.threads = (unsigned)atoi(argv[++i]);
		else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc - 1)
			storm.seconds = (unsigned)atoi(argv[++i]);
		else
			return false;
	}
	if (argc < 3 || (!forks && strcmp(argv[1], "lives") != 0) || storm.threads < 4 ||
	    storm.threads > STORM_THREADS_MAX || !load(argv[argc - 1]) || !make_home())
		return false;
	(void)alarm(storm.seconds + 100);
	if (make_token()) {
		if (forks)
			storm_forks();
		else
			storm_lives();
	}
	remove_home();
	return true;
}

int main(int argc, char **argv)
{
	if (!run(argc, argv)) {
		(void)fprintf(stderr,
			      "usage: storm lives|forks [--threads N] [--seconds N] [--tap] MODULE\n");
		return 2;
	}
	(void)printf("# %lu calls or rounds of them, %lu lives, %lu children; %lu wrong answers\n",
		     (unsigned long)storm.calls, (unsigned long)storm.lives, (unsigned long)storm.children,
		     (unsigned long)storm.wrong);
	if (storm.tap)
		(void)printf("%sok 1 - %s: no wrong answer\n1..1\n", storm.wrong == 0 ? "" : "not ", argv[1]);
	return storm.wrong == 0 ? 0 : 1;
}
