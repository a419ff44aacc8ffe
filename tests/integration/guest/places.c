/*
 * Hosts that have no home, no permission, or a broken configuration: the module
 * answers, and neither crashes nor makes anything where it has no place.
 */
#include "guest.h"

static const char *const places[] = { "HOME", "ASHLAR_HOME", "ASHLAR_CONF", "XDG_CONFIG_HOME",
				      "XDG_DATA_HOME" };

static void become_nobody(void)
{
	if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(3);
}

static bool homeless(void)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);

	become_nobody();
	for (size_t i = 0; i < COUNT(places); i++)
		(void)unsetenv(places[i]);
	if (guest.p11->C_Initialize(NULL) != CKR_OK)
		return false;
	if (guest.p11->C_GetSlotList(CK_TRUE, slots, &count) != CKR_OK)
		return false;
	for (CK_ULONG i = 0; i < count; i++) {
		CK_TOKEN_INFO info;

		/* A token that isn't there may show itself as one to be made, and can't be made. */
		if (guest.p11->C_GetTokenInfo(slots[i], &info) == CKR_OK &&
		    (info.flags & CKF_TOKEN_INITIALIZED) != 0)
			return false;
	}
	return guest_make_token() != CKR_OK && guest.p11->C_Finalize(NULL) == CKR_OK;
}

static char conf[128];

static void write_conf(const char *text)
{
	FILE *file = NULL;

	(void)snprintf(conf, sizeof(conf), "%s/test.conf", guest.home);
	file = fopen(conf, "we");
	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		guest_bail("conf");
	(void)setenv("ASHLAR_CONF", conf, 1);
}

static bool broken(void)
{
	CK_INFO info;

	return guest.p11->C_Initialize(NULL) == CKR_GENERAL_ERROR &&
	       guest.p11->C_GetInfo(&info) == CKR_CRYPTOKI_NOT_INITIALIZED &&
	       guest.p11->C_Finalize(NULL) == CKR_CRYPTOKI_NOT_INITIALIZED;
}

static bool in_memory(void)
{
	CK_SESSION_HANDLE session = 0;

	return guest.p11->C_Initialize(NULL) == CKR_OK && guest_make_token() == CKR_OK &&
	       guest_open(&session) == CKR_OK && guest_sign(session, CK_TRUE) == CKR_OK &&
	       guest.p11->C_Finalize(NULL) == CKR_OK;
}

/* A folder that is there, and not for us. */
static bool locked_out(void)
{
	CK_ULONG count = 0;

	become_nobody();
	return guest.p11->C_Initialize(NULL) == CKR_OK &&
	       guest.p11->C_GetSlotList(CK_FALSE, NULL, &count) != CKR_CRYPTOKI_NOT_INITIALIZED &&
	       guest_make_token() != CKR_OK && guest.p11->C_Finalize(NULL) == CKR_OK;
}

static bool home_closed(void)
{
	if (chmod(guest.home, 0) != 0)
		return false;
	become_nobody();
	return broken(); /* whether there is a configuration, and what it forbids, can't be known */
}

static void check_closed_store(void)
{
	char store[128];
	char text[256];

	(void)snprintf(store, sizeof(store), "%s/store", guest.home);
	(void)snprintf(text, sizeof(text), "store.path = %s\n", store);
	if (mkdir(store, 0) != 0 || chmod(guest.home, 0755) != 0)
		guest_bail("mkdir");
	write_conf(text);
	guest_check("with a store that is closed", guest_in_child(locked_out));
	(void)rmdir(store);
	(void)unlink(conf);
	(void)unsetenv("ASHLAR_CONF");
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	if (!guest_load())
		guest_bail("dlopen");
	guest_check("without a home", guest_in_child(homeless));
	guest_check("with a home that is closed", guest_in_child(home_closed));
	(void)chmod(guest.home, 0700);
	check_closed_store();
	guest_check("none of them made a file", guest_is_empty(guest.home));

	write_conf("store.backend = sqlite\nno.such.key = 1\n");
	guest_check("with a key in the configuration that nobody knows", guest_in_child(broken));
	write_conf("log = /nonexistent/folder/log\n");
	guest_check("with a log that can't be written",
		    !guest_in_child(in_memory)); /* it is not passed over in silence */
	(void)unlink(conf);
	guest_check("with a configuration that is not there", guest_in_child(broken));
	write_conf("store.backend = memory\n");
	guest_check("with a token in memory", guest_in_child(in_memory));
	(void)unlink(conf);
	guest_check("which leaves nothing behind", guest_is_empty(guest.home));
	return guest_end();
}
