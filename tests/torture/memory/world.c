#include "world.h"

#include <dlfcn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "actor.h"
#include "report.h"

CK_BBOOL world_yes = CK_TRUE;
CK_BBOOL world_no = CK_FALSE;

bool world_load(const char *module, struct world *ret_world)
{
	void *library = dlopen(module, RTLD_NOW | RTLD_LOCAL);
	CK_C_GetInterface get_interface = NULL;
	CK_C_GetFunctionList get_list = NULL;
	CK_INTERFACE *interface = NULL;
	CK_FUNCTION_LIST *list = NULL;
	size_t len = sizeof(*list);

	if (library == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return false;
	}
	*(void **)&get_interface = dlsym(library, "C_GetInterface");
	*(void **)&get_list = dlsym(library, "C_GetFunctionList");
	if (get_interface != NULL && get_interface(NULL, NULL, &interface, 0) == CKR_OK)
		list = interface->pFunctionList;
	else if (get_list == NULL || get_list(&list) != CKR_OK)
		return false;
	if (list->version.major >= 3)
		len = list->version.minor >= 2 ? sizeof(CK_FUNCTION_LIST_3_2) : sizeof(CK_FUNCTION_LIST_3_0);
	*ret_world = (struct world){ .slot = 0 };
	memcpy(&ret_world->p11, list, len);
	return true;
}

CK_RV world_find_slot(struct world *world, bool blank)
{
	CK_SLOT_ID slots[16];
	CK_ULONG count = COUNT(slots);
	CK_TOKEN_INFO info;
	CK_RV rv = world->p11.C_GetSlotList(CK_FALSE, slots, &count);

	for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++) {
		rv = world->p11.C_GetTokenInfo(slots[i], &info);
		if (rv == CKR_OK && ((info.flags & CKF_TOKEN_INITIALIZED) == 0) == blank) {
			world->slot = slots[i];
			return CKR_OK;
		}
	}
	return rv == CKR_OK ? CKR_TOKEN_NOT_PRESENT : rv;
}

/* ---- the keys ---- */

#define MAY_MAX 8

static CK_BYTE p256[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };
static CK_BYTE ed25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x70 };
static CK_BYTE x25519[] = { 0x06, 0x03, 0x2b, 0x65, 0x6e };
static CK_ULONG rsa_bits = 2048;
static CK_ULONG ml_dsa_44 = CKP_ML_DSA_44;
static CK_ULONG ml_kem_512 = CKP_ML_KEM_512;

static const struct {
	const char *label;
	CK_KEY_TYPE type;            /* of a secret key */
	CK_MECHANISM_TYPE mechanism; /* that generates a pair */
	CK_ATTRIBUTE parameter;
	CK_ATTRIBUTE_TYPE public_may[MAY_MAX], secret_may[MAY_MAX];
} rows[KEYS] = {
	[KEY_AES] = { .label = "aes",
		      .type = CKK_AES,
		      .secret_may = { CKA_ENCRYPT, CKA_DECRYPT, CKA_SIGN, CKA_VERIFY, CKA_WRAP,
				      CKA_UNWRAP } },
	[KEY_HMAC] = { .label = "hmac",
		       .type = CKK_GENERIC_SECRET,
		       .secret_may = { CKA_SIGN, CKA_VERIFY, CKA_DERIVE } },
	[KEY_RSA] = { .label = "rsa",
		      .mechanism = CKM_RSA_PKCS_KEY_PAIR_GEN,
		      .parameter = { CKA_MODULUS_BITS, &rsa_bits, sizeof(rsa_bits) },
		      .public_may = { CKA_ENCRYPT, CKA_VERIFY, CKA_VERIFY_RECOVER, CKA_WRAP },
		      .secret_may = { CKA_DECRYPT, CKA_SIGN, CKA_SIGN_RECOVER, CKA_UNWRAP } },
	[KEY_EC] = { .label = "ec",
		     .mechanism = CKM_EC_KEY_PAIR_GEN,
		     .parameter = { CKA_EC_PARAMS, p256, sizeof(p256) },
		     .public_may = { CKA_VERIFY },
		     .secret_may = { CKA_SIGN, CKA_DERIVE } },
	[KEY_EC_ALWAYS] = { .label = "ec always",
			    .mechanism = CKM_EC_KEY_PAIR_GEN,
			    .parameter = { CKA_EC_PARAMS, p256, sizeof(p256) },
			    .public_may = { CKA_VERIFY },
			    .secret_may = { CKA_SIGN, CKA_ALWAYS_AUTHENTICATE } },
	[KEY_ED25519] = { .label = "ed25519",
			  .mechanism = CKM_EC_EDWARDS_KEY_PAIR_GEN,
			  .parameter = { CKA_EC_PARAMS, ed25519, sizeof(ed25519) },
			  .public_may = { CKA_VERIFY },
			  .secret_may = { CKA_SIGN } },
	[KEY_X25519] = { .label = "x25519",
			 .mechanism = CKM_EC_MONTGOMERY_KEY_PAIR_GEN,
			 .parameter = { CKA_EC_PARAMS, x25519, sizeof(x25519) },
			 .secret_may = { CKA_DERIVE } },
	[KEY_ML_DSA] = { .label = "ml-dsa",
			 .mechanism = CKM_ML_DSA_KEY_PAIR_GEN,
			 .parameter = { CKA_PARAMETER_SET, &ml_dsa_44, sizeof(ml_dsa_44) },
			 .public_may = { CKA_VERIFY },
			 .secret_may = { CKA_SIGN } },
	[KEY_ML_KEM] = { .label = "ml-kem",
			 .mechanism = CKM_ML_KEM_KEY_PAIR_GEN,
			 .parameter = { CKA_PARAMETER_SET, &ml_kem_512, sizeof(ml_kem_512) },
			 .public_may = { CKA_ENCAPSULATE },
			 .secret_may = { CKA_DECAPSULATE } },
};

static bool is_pair(enum key key)
{
	return rows[key].parameter.pValue != NULL;
}

static CK_ATTRIBUTE label_of(const char *label)
{
	return (CK_ATTRIBUTE){ CKA_LABEL, (void *)(uintptr_t)label, strlen(label) };
}

static CK_ULONG add_uses(CK_ATTRIBUTE *template, CK_ULONG count, const CK_ATTRIBUTE_TYPE *may)
{
	for (unsigned i = 0; i < MAY_MAX && may[i] != 0; i++)
		template[count++] = (CK_ATTRIBUTE){ may[i], &world_yes, sizeof(world_yes) };
	return count;
}

static CK_RV make_secret(struct world *world, enum key key)
{
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = rows[key].type;
	CK_BYTE value[32] = "not a secret, but a secret's len";
	CK_ATTRIBUTE template[6 + MAY_MAX] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_VALUE, value, sizeof(value) },
		{ CKA_TOKEN, &world_yes, sizeof(world_yes) },
		{ CKA_EXTRACTABLE, &world_yes, sizeof(world_yes) },
		label_of(rows[key].label),
	};
	const CK_ULONG count = add_uses(template, 6, rows[key].secret_may);

	return world->p11.C_CreateObject(world->keeper, template, count, &world->secret[key]);
}

static CK_RV make_pair(struct world *world, enum key key)
{
	CK_MECHANISM mechanism = { rows[key].mechanism, NULL, 0 };
	CK_ATTRIBUTE public[4 + MAY_MAX] = {
		rows[key].parameter,
		{ CKA_TOKEN, &world_yes, sizeof(world_yes) },
		label_of(rows[key].label),
	};
	CK_ATTRIBUTE private[4 + MAY_MAX] = {
		{ CKA_TOKEN, &world_yes, sizeof(world_yes) },
		label_of(rows[key].label),
		{ CKA_EXTRACTABLE, &world_yes, sizeof(world_yes) },
	};
	const CK_ULONG public_count = add_uses(public, 3, rows[key].public_may);
	const CK_ULONG private_count = add_uses(private, 3, rows[key].secret_may);

	return world->p11.C_GenerateKeyPair(world->keeper, &mechanism, public, public_count, private,
					    private_count, &world->public[key], &world -> secret[key]);
}

/* ---- the store ---- */

static void must(const char *what, CK_RV rv)
{
	if (rv != CKR_OK)
		report_bail("preparing: %s answers %#lx", what, rv);
}

static void prepare(const char *module)
{
	CK_UTF8CHAR label[33];
	struct world world;

	if (!world_load(module, &world))
		report_bail("%s can't be loaded", module);
	(void)snprintf((char *)label, sizeof(label), "%-32s", "memory");
	must("C_Initialize", world.p11.C_Initialize(NULL));
	must("finding a slot", world_find_slot(&world, true));
	must("C_InitToken", world.p11.C_InitToken(world.slot, SO_PIN, label));
	must("finding the token", world_find_slot(&world, false));
	must("C_OpenSession", world.p11.C_OpenSession(world.slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL,
						      NULL, &world.keeper));
	must("C_Login", world.p11.C_Login(world.keeper, CKU_SO, SO_PIN));
	must("C_InitPIN", world.p11.C_InitPIN(world.keeper, USER_PIN));
	must("C_Logout", world.p11.C_Logout(world.keeper));
	must("C_Login", world.p11.C_Login(world.keeper, CKU_USER, USER_PIN));
	for (unsigned key = 0; key < KEYS; key++) { /* what it can't make it has not */
		const CK_RV rv = !is_pair(key) ? make_secret(&world, key) : make_pair(&world, key);

		if (rv != CKR_OK)
			(void)printf("# no key \"%s\": %s\n", rows[key].label, actor_rv_name(rv));
	}
	(void)fflush(stdout);
	must("C_Finalize", world.p11.C_Finalize(NULL));
}

struct home world_prepare(const char *module)
{
	const struct home home = home_make();
	int status = -1;
	pid_t child = -1;

	(void)fflush(stdout);
	child = fork();
	if (child == 0) {
		home_enter(&home);
		prepare(module);
		_exit(0);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		report_bail("the store can't be prepared");
	return home;
}

static CK_OBJECT_HANDLE find_key(struct world *world, const char *label, CK_OBJECT_CLASS class)
{
	CK_ATTRIBUTE template[] = { label_of(label), { CKA_CLASS, &class, sizeof(class) } };
	CK_OBJECT_HANDLE found = 0;
	CK_ULONG count = 0;

	(void)world->p11.C_FindObjectsInit(world->keeper, template, COUNT(template));
	(void)world->p11.C_FindObjects(world->keeper, &found, 1, &count);
	(void)world->p11.C_FindObjectsFinal(world->keeper);
	return count == 1 ? found : 0;
}

CK_RV world_enter(struct world *world, enum presence presence)
{
	CK_RV rv = world->p11.C_Initialize(NULL);

	NEXT(rv, world_find_slot(world, false));
	if (presence == NOBODY)
		return rv;
	NEXT(rv, world->p11.C_OpenSession(world->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					  &world->keeper));
	if (presence == USER)
		NEXT(rv, world->p11.C_Login(world->keeper, CKU_USER, USER_PIN));
	if (presence == OFFICER)
		NEXT(rv, world->p11.C_Login(world->keeper, CKU_SO, SO_PIN));
	for (unsigned key = 0; rv == CKR_OK && key < KEYS; key++) {
		const bool pair = is_pair(key);

		world->secret[key] =
			find_key(world, rows[key].label, pair ? CKO_PRIVATE_KEY : CKO_SECRET_KEY);
		world->public[key] = pair ? find_key(world, rows[key].label, CKO_PUBLIC_KEY) : 0;
	}
	return rv;
}

CK_RV world_open(struct world *world)
{
	if (world->keeper == 0)
		return CKR_OK;
	return world->p11.C_OpenSession(world->slot, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
					&world->session);
}

/* That a call made something is believed only when it can be read; every act gives the same label. */
static CK_RV look_at_made(struct world *world, CK_OBJECT_HANDLE object)
{
	char label[sizeof(WORLD_LABEL)] = "";
	CK_ATTRIBUTE get = { CKA_LABEL, label, sizeof(label) };
	CK_RV rv = world->p11.C_GetAttributeValue(world->session, object, &get, 1);

	if (rv == CKR_OK &&
	    (get.ulValueLen != sizeof(WORLD_LABEL) - 1 || memcmp(label, WORLD_LABEL, get.ulValueLen) != 0))
		rv = CKR_WRONG;
	return rv;
}

CK_RV world_clean(struct world *world)
{
	CK_RV rv = CKR_OK;

	while (world->made_count != 0) {
		const CK_OBJECT_HANDLE object = world->made[--world->made_count];
		const CK_RV there = look_at_made(world, object);
		const CK_RV gone = world->p11.C_DestroyObject(world->session, object);

		NEXT(rv, there);
		NEXT(rv, gone);
	}
	if (world->session != 0)
		(void)world->p11.C_FindObjectsFinal(world->session);
	return rv;
}

void world_close(struct world *world)
{
	if (world->session != 0)
		(void)world->p11.C_CloseSession(world->session);
	world->session = 0;
}

CK_RV world_touch(struct world *world, enum key key)
{
	CK_ATTRIBUTE label = label_of(rows[key].label);
	CK_RV rv = world->p11.C_SetAttributeValue(world->keeper, world->secret[key], &label, 1);

	if (world->public[key] != 0)
		NEXT(rv, world->p11.C_SetAttributeValue(world->keeper, world->public[key], &label, 1));
	return rv;
}

/* ---- what can be seen: FNV-1a, added up over objects, so that their order says nothing ---- */

static uint64_t hash(uint64_t sum, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

static uint64_t sum_object(struct world *world, CK_OBJECT_HANDLE object)
{
	static const CK_ATTRIBUTE_TYPE types[] = {
		CKA_CLASS,     CKA_TOKEN,   CKA_PRIVATE,  CKA_LABEL,       CKA_VALUE, CKA_KEY_TYPE, CKA_ID,
		CKA_SENSITIVE, CKA_MODULUS, CKA_EC_POINT, CKA_EXTRACTABLE, CKA_SIGN,  CKA_DECRYPT,
	};
	static unsigned char values[COUNT(types)][512];
	CK_ATTRIBUTE attributes[COUNT(types)];
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < COUNT(types); i++)
		attributes[i] = (CK_ATTRIBUTE){ types[i], values[i], sizeof(values[i]) };
	(void)world->p11.C_GetAttributeValue(world->keeper, object, attributes, COUNT(types));
	for (size_t i = 0; i < COUNT(types); i++) {
		sum = hash(sum, &attributes[i].ulValueLen, sizeof(CK_ULONG));
		if (attributes[i].ulValueLen != CK_UNAVAILABLE_INFORMATION)
			sum = hash(sum, values[i], attributes[i].ulValueLen);
	}
	return sum;
}

CK_RV world_sum(struct world *world, uint64_t *ret_sum)
{
	CK_OBJECT_HANDLE found[64];
	CK_ULONG count = COUNT(found);
	CK_RV rv = world->p11.C_FindObjectsInit(world->keeper, NULL, 0);

	*ret_sum = 0;
	while (rv == CKR_OK && count == COUNT(found)) {
		rv = world->p11.C_FindObjects(world->keeper, found, COUNT(found), &count);
		for (CK_ULONG i = 0; rv == CKR_OK && i < count; i++)
			*ret_sum += sum_object(world, found[i]);
	}
	NEXT(rv, world->p11.C_FindObjectsFinal(world->keeper));
	return rv;
}

CK_RV world_count(struct world *world, CK_SESSION_HANDLE session, const char *label, CK_ULONG *ret_count)
{
	CK_ATTRIBUTE template = label_of(label);
	CK_OBJECT_HANDLE found[16];
	CK_RV rv = world->p11.C_FindObjectsInit(session, &template, 1);
	CK_RV end = CKR_OK;

	if (rv != CKR_OK)
		return rv;
	rv = world->p11.C_FindObjects(session, found, COUNT(found), ret_count);
	end = world->p11.C_FindObjectsFinal(session);
	return rv == CKR_OK ? end : rv;
}
