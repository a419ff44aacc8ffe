/*
 * Every function that the module has, by name and by list: the same ones, none of
 * the host's; what they answer before C_Initialize, after it, after C_Finalize and
 * in a forked child; and those that are not supported.
 */
#include "guest.h"

#include "front/pkcs11/unsupported.h"

/*
 * More arguments than any function has, all 0. Not what C promises, but what the
 * machines that we run on do: a function looks at those it knows.
 */
typedef CK_RV any(CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG, CK_ULONG,
		  CK_ULONG);

struct function {
	const char *name;
	size_t offset; /* in the longest list */
	bool lacking;
	any *code; /* by name */
};

#define ASH_LACKING(name, parameters) true ||
#define ENTRY(name, parameters) \
	{ #name, offsetof(CK_FUNCTION_LIST_3_2, name), ASH_FOR_LACKING(name, parameters) false, NULL },

static struct function functions[] = {
	/* clang-format off */
	CK_FUNCTIONS_2_40(ENTRY)
	CK_FUNCTIONS_3_0(ENTRY)
	CK_FUNCTIONS_3_2(ENTRY)
	/* clang-format on */
};

#define NOT_THE_HOSTS 0x51515151UL

/* A host that has functions of these names: ours must not be bound to them. */
static CK_RV hosts_own(void)
{
	return NOT_THE_HOSTS;
}

#define HOSTS_OWN(name) \
	__attribute__((visibility("default"), alias("hosts_own"))) CK_RV host_##name(void) __asm__(#name)

HOSTS_OWN(C_Initialize);
HOSTS_OWN(C_Sign);
HOSTS_OWN(C_GetFunctionList);
HOSTS_OWN(C_CopyObject);

#define IN_LIST(name, parameters) sizeof(CK_C_Initialize) +

static void check_lists(void)
{
	/* How long each list is, from its functions. */
	static const size_t lengths[] = {
		CK_FUNCTIONS_2_40(IN_LIST) CK_FUNCTIONS_3_0(IN_LIST) CK_FUNCTIONS_3_2(IN_LIST) 0,
		CK_FUNCTIONS_2_40(IN_LIST) CK_FUNCTIONS_3_0(IN_LIST) 0,
		CK_FUNCTIONS_2_40(IN_LIST) 0,
	};
	CK_C_GetInterfaceList get_list = NULL;
	CK_INTERFACE interfaces[3];
	CK_ULONG count = COUNT(interfaces);
	bool found = true;
	bool same = true;

	*(void **)&get_list = guest_symbol("C_GetInterfaceList");
	guest_check_rv("C_GetInterfaceList", CKR_OK, get_list(interfaces, &count));
	for (size_t i = 0; i < COUNT(functions); i++) {
		*(void **)&functions[i].code = guest_symbol(functions[i].name);
		found = found && functions[i].code != NULL;
		for (size_t j = 0; j < count; j++) {
			size_t offset = functions[i].offset;
			const char *list = interfaces[j].pFunctionList;

			if (offset < offsetof(CK_FUNCTION_LIST, C_Initialize) + lengths[j])
				same = same && memcmp(list + offset, &functions[i].code, sizeof(any *)) == 0;
		}
	}
	guest_check("there are three interfaces", count == 3);
	guest_check("every function is there by name", found);
	guest_check("every list has the same functions, and not the host's", same);
}

static CK_RV answer(const struct function *function)
{
	return function->code(0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}

static bool named(const struct function *function, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(function->name, names[i]) == 0)
			return true;
	}
	return false;
}

/* Without C_Initialize only these do something. */
static bool all_uninitialised(void)
{
	static const char *const others[] = { "C_Initialize", "C_GetFunctionList", "C_GetInterfaceList",
					      "C_GetInterface" };
	bool good = true;

	for (size_t i = 0; i < COUNT(functions); i++) {
		CK_RV rv = CKR_CRYPTOKI_NOT_INITIALIZED;

		if (!named(&functions[i], others, COUNT(others)))
			rv = answer(&functions[i]);
		if (rv != CKR_CRYPTOKI_NOT_INITIALIZED)
			guest_note("%s answers %#lx", functions[i].name, rv);
		good = good && rv == CKR_CRYPTOKI_NOT_INITIALIZED;
	}
	return good;
}

/* With C_Initialize each function on the list refuses, and no other, and none crashes. */
static bool lacking_as_listed(void)
{
	static const char *const parallel[] = { "C_GetFunctionStatus", "C_CancelFunction" };
	static const char *const never[] = { "C_Finalize" };
	bool good = true;

	for (size_t i = 0; i < COUNT(functions); i++) {
		CK_RV rv = named(&functions[i], never, 1) ? CKR_OK : answer(&functions[i]);
		bool right = (rv == CKR_FUNCTION_NOT_SUPPORTED) == functions[i].lacking;

		if (named(&functions[i], parallel, COUNT(parallel)))
			right = rv == CKR_FUNCTION_NOT_PARALLEL;
		if (!right)
			guest_note("%s answers %#lx", functions[i].name, rv);
		good = good && right;
	}
	return good;
}

static bool child_of_an_initialised_parent(void)
{
	return all_uninitialised() && guest.p11->C_Initialize(NULL) == CKR_OK && lacking_as_listed() &&
	       guest.p11->C_Finalize(NULL) == CKR_OK && all_uninitialised();
}

static CK_SESSION_HANDLE session;

/* What the child finds in its memory and must not use: a login, a session, keys, an operation. */
static CK_RV begin_work(void)
{
	CK_MECHANISM digest = { CKM_SHA256, NULL, 0 };
	CK_BYTE part[] = "abc";
	CK_RV rv = guest_make_token();

	if (rv == CKR_OK)
		rv = guest_open(&session);
	if (rv == CKR_OK)
		rv = guest_sign(session, CK_TRUE);
	if (rv == CKR_OK)
		rv = guest.p11->C_DigestInit(session, &digest);
	return rv == CKR_OK ? guest.p11->C_DigestUpdate(session, part, 3) : rv;
}

static CK_RV end_work(void)
{
	static const CK_BYTE want[] = { 0xba, 0x78, 0x16, 0xbf }; /* FIPS 180-2, B.1 */
	CK_BYTE digest[32];
	CK_ULONG len = sizeof(digest);
	CK_RV rv = guest.p11->C_DigestFinal(session, digest, &len);

	if (rv == CKR_OK && memcmp(digest, want, sizeof(want)) != 0)
		rv = CKR_GENERAL_ERROR;
	return rv == CKR_OK ? guest_sign(session, CK_FALSE) : rv;
}

int main(int argc, char **argv)
{
	guest_begin(argc, argv);
	if (!guest_load())
		guest_bail("dlopen");
	check_lists();
	guest_check("before C_Initialize nothing is initialised", all_uninitialised());
	guest_check_rv("C_Initialize", CKR_OK, guest.p11->C_Initialize(NULL));
	guest_check("what is not supported says so, and nothing else does", lacking_as_listed());
	guest_check_rv("a session of the parent's", CKR_OK, begin_work());
	guest_check("a forked child is uninitialised, and can begin",
		    guest_in_child(child_of_an_initialised_parent));
	guest_check_rv("the parent's session and operation go on", CKR_OK, end_work());
	guest_check("the parent does not notice", lacking_as_listed());
	guest_check_rv("C_Finalize", CKR_OK, guest.p11->C_Finalize(NULL));
	guest_check("after C_Finalize nothing is initialised", all_uninitialised());
	return guest_end();
}
