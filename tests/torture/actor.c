#include "actor.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "home.h"

static const struct {
	CK_RV rv;
	const char *name;
} rv_names[] = {
#include "rv_names.inc"
};

const char *actor_rv_name(CK_RV rv)
{
	static char number[32];

	for (size_t i = 0; i < COUNT(rv_names); i++) {
		if (rv_names[i].rv == rv)
			return rv_names[i].name;
	}
	(void)snprintf(number, sizeof(number), "%#lx", (unsigned long)rv);
	return number;
}

bool actor_rv_is_trouble(CK_RV rv)
{
	return rv == CKR_DEVICE_ERROR || rv == CKR_DEVICE_MEMORY || rv == CKR_HOST_MEMORY ||
	       rv == CKR_FUNCTION_FAILED || rv == CKR_GENERAL_ERROR || rv == CKR_TOKEN_RESOURCE_EXCEEDED;
}

CK_UTF8CHAR *actor_pin(enum actor_pin pin, CK_ULONG *ret_len)
{
	static CK_UTF8CHAR pins[ACTOR_PINS][16] = { "so-pin-one", "so-pin-two", "user-pin-one",
						    "user-pin-two", "wrong-pin" };

	*ret_len = (CK_ULONG)strlen((const char *)pins[pin]);
	return pins[pin];
}

/* As many functions as the version has. */
static void take_functions(const CK_FUNCTION_LIST *list, struct actor *actor)
{
	size_t len = sizeof(CK_FUNCTION_LIST);

	if (list->version.major >= 3)
		len = list->version.major > 3 || list->version.minor >= 2 ? sizeof(CK_FUNCTION_LIST_3_2)
									  : sizeof(CK_FUNCTION_LIST_3_0);
	memcpy(&actor->p11, list, len);
}

CK_RV actor_link(const char *module, struct actor *ret_actor)
{
	void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetInterface get_interface = NULL;
	CK_C_GetFunctionList get_list = NULL;
	CK_INTERFACE *interface = NULL;
	CK_FUNCTION_LIST *list = NULL;
	struct actor actor = { .slot = 0 };

	if (library == NULL)
		return CKR_GENERAL_ERROR;
	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	if (get_interface != NULL && get_interface(NULL, NULL, &interface, 0) == CKR_OK)
		list = interface->pFunctionList;
	else if (get_list == NULL || get_list(&list) != CKR_OK)
		return CKR_GENERAL_ERROR;
	take_functions(list, &actor);
	*(void **)&actor.import_keys = dlsym(library, "C_ImportKeys");
	*ret_actor = actor;
	return CKR_OK;
}

CK_RV actor_load(const char *module, struct actor *ret_actor)
{
	const CK_RV rv = actor_link(module, ret_actor);

	return rv == CKR_OK ? ret_actor->p11.C_Initialize(NULL) : rv;
}

CK_RV actor_find_slot(struct actor *actor, bool blank)
{
	CK_SLOT_ID slots[32];
	CK_ULONG count = 0;
	CK_TOKEN_INFO info;
	CK_RV rv = actor->p11.C_GetSlotList(CK_FALSE, NULL, &count);

	if (rv == CKR_OK && count > COUNT(slots))
		rv = CKR_BUFFER_TOO_SMALL;
	if (rv == CKR_OK)
		rv = actor->p11.C_GetSlotList(CK_FALSE, slots, &count);
	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = actor->p11.C_GetTokenInfo(slots[i], &info);
		if (rv == CKR_OK && ((info.flags & CKF_TOKEN_INITIALIZED) == 0) == blank) {
			actor->slot = slots[i];
			return CKR_OK;
		}
	}
	return rv == CKR_OK ? CKR_TOKEN_NOT_PRESENT : rv;
}

CK_RV actor_login(struct actor *actor, CK_USER_TYPE user, enum actor_pin pin)
{
	CK_ULONG len = 0;
	CK_UTF8CHAR *text = actor_pin(pin, &len);

	return actor->p11.C_Login(actor->session, user, text, len);
}

CK_RV actor_open(struct actor *actor, CK_FLAGS rw, CK_USER_TYPE user, enum actor_pin pin)
{
	CK_RV rv = actor_find_slot(actor, false);

	if (rv == CKR_OK)
		rv = actor->p11.C_OpenSession(actor->slot, CKF_SERIAL_SESSION | rw, NULL, NULL,
					      &actor->session);
	if (rv == CKR_OK && user != CK_UNAVAILABLE_INFORMATION)
		rv = actor_login(actor, user, pin);
	return rv;
}

CK_RV actor_find(struct actor *actor, CK_OBJECT_CLASS class, const char *label, size_t place)
{
	char name[64];
	CK_ATTRIBUTE template[] = { { CKA_CLASS, &class, sizeof(class) }, { CKA_LABEL, name, 0 } };
	CK_OBJECT_HANDLE found[2];
	CK_ULONG count = 0;
	CK_RV rv = CKR_OK;

	(void)snprintf(name, sizeof(name), "%s", label);
	template[1].ulValueLen = (CK_ULONG)strlen(name);
	rv = actor->p11.C_FindObjectsInit(actor->session, template, COUNT(template));
	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjects(actor->session, found, COUNT(found), &count);
	if (rv == CKR_OK)
		rv = actor->p11.C_FindObjectsFinal(actor->session);
	if (rv == CKR_OK && count != 1)
		rv = CKR_OBJECT_HANDLE_INVALID;
	if (rv == CKR_OK)
		actor->objects[place] = found[0];
	return rv;
}

/* A padded field, without the padding. */
static int field_len(const CK_UTF8CHAR *field, int len)
{
	while (len > 0 && (field[len - 1] == ' ' || field[len - 1] == '\0'))
		len--;
	return len;
}

static void describe(const char *module, int out)
{
	struct home home = home_make();
	struct actor actor;
	CK_INFO info;

	home_enter(&home);
	if (actor_load(module, &actor) == CKR_OK && actor.p11.C_GetInfo(&info) == CKR_OK) {
		(void)dprintf(out, "%.*s %u.%u (%.*s)",
			      field_len(info.libraryDescription, sizeof(info.libraryDescription)),
			      info.libraryDescription, info.libraryVersion.major, info.libraryVersion.minor,
			      field_len(info.manufacturerID, sizeof(info.manufacturerID)),
			      info.manufacturerID);
		(void)actor.p11.C_Finalize(NULL);
	}
	home_remove(&home);
}

void actor_describe(const char *module, char *description, size_t len)
{
	int ends[2];
	ssize_t got = 0;
	pid_t child = -1;

	(void)snprintf(description, len, "unknown");
	if (pipe(ends) != 0)
		return;
	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		describe(module, ends[1]);
		_exit(0);
	}
	(void)close(ends[1]);
	got = read(ends[0], description, len - 1);
	if (got > 0)
		description[got] = '\0';
	(void)close(ends[0]);
	if (child > 0)
		(void)waitpid(child, NULL, 0);
}
