#include "app/selftest/module.h"

#include <dlfcn.h>
#include <stddef.h>

#include "app/selftest/module_priv.h"
#include "util/compat.h"
#include "util/mem.h"

struct ash_module {
	void *library;
	bool initialized;
	CK_FUNCTION_LIST_3_2 functions; /* NULL where the module's version has none */
};

static const struct ash_module *module_of(struct ash_hsm *hsm)
{
	return (const struct ash_module *)(void *)hsm;
}

struct ash_hsm *ash_module_hsm(struct ash_module *module)
{
	return (struct ash_hsm *)(void *)module;
}

const CK_FUNCTION_LIST_3_2 *ash_module_functions(const struct ash_module *module)
{
	return &module->functions;
}

/* Asks the module; a function that it lacks is ASH_E_UNSUPPORTED. */
#define ASK(hsm, function, ...)                                           \
	(module_of(hsm)->functions.function == NULL                       \
		 ? ash_status_fail(ASH_E_UNSUPPORTED, __FILE__, __LINE__) \
		 : ash_module_status(module_of(hsm)->functions.function(__VA_ARGS__)))

/* ---- loading ---- */

/* As many functions as the version has. */
static void take_functions(const CK_FUNCTION_LIST *list, struct ash_module *module)
{
	const CK_VERSION version = list->version;
	size_t len = sizeof(CK_FUNCTION_LIST);

	if (version.major >= 3)
		len = version.major > 3 || version.minor >= 2 ? sizeof(CK_FUNCTION_LIST_3_2)
							      : sizeof(CK_FUNCTION_LIST_3_0);
	memcpy(&module->functions, list, len);
}

/* C_GetInterface where there is one: only it gives what came after 2.40. */
static ASH_STATUS get_functions(struct ash_module *module)
{
	static CK_UTF8CHAR name[] = "PKCS 11";
	CK_C_GetInterface get_interface = NULL;
	CK_C_GetFunctionList get_list = NULL;
	CK_INTERFACE *interface = NULL;
	CK_FUNCTION_LIST *list = NULL;

	*(void **)&get_interface = dlsym(module->library, "C_GetInterface");
	*(void **)&get_list = dlsym(module->library, "C_GetFunctionList");
	if (get_interface != NULL && get_interface(name, NULL, &interface, 0) == CKR_OK && interface != NULL)
		list = interface->pFunctionList;
	else if (get_list != NULL && get_list(&list) != CKR_OK)
		list = NULL;
	if (list == NULL)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED,
			      "it has neither C_GetInterface nor C_GetFunctionList that works");
	take_functions(list, module);
	return ASH_DONE;
}

ASH_STATUS ash_module_open(const char *path, struct ash_module **ret_module)
{
	ASH_AUTO(ash_module) *module = ash_mem_new(1, sizeof(*module));
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	ASH_ENSURE(module != NULL, ASH_E_MEMORY);
	module->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (module->library == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "%s", dlerror());
	ASH_TRY(get_functions(module));
	ASH_TRY(ASK(ash_module_hsm(module), C_Initialize, &args));
	module->initialized = true;
	*ret_module = ASH_TAKE(module);
	return ASH_DONE;
}

struct ash_module *ash_module_close(struct ash_module *module)
{
	if (module == NULL)
		return NULL;
	if (module->initialized && module->functions.C_Finalize != NULL)
		(void)module->functions.C_Finalize(NULL);
	if (module->library != NULL)
		(void)dlclose(module->library);
	return ash_mem_free(module);
}

/* ---- slots, tokens, sessions ---- */

static struct ash_status slots(struct ash_hsm *hsm, bool token_present, uint64_t *ids, size_t cap,
			       size_t *ret_count)
{
	ASH_AUTO_MEM CK_SLOT_ID *found = NULL;
	CK_ULONG count = 0;

	ASH_TRY(ASK(hsm, C_GetSlotList, token_present ? CK_TRUE : CK_FALSE, NULL, &count));
	found = ash_mem_new(count + 1, sizeof(*found));
	ASH_ENSURE(found != NULL, ASH_E_MEMORY);
	ASH_TRY(ASK(hsm, C_GetSlotList, token_present ? CK_TRUE : CK_FALSE, found, &count));
	for (size_t i = 0; i < count && i < cap; i++)
		ids[i] = found[i];
	*ret_count = count;
	return ASH_DONE;
}

static struct ash_status token_info(struct ash_hsm *hsm, uint64_t slot, struct ash_token_info *ret_info)
{
	CK_TOKEN_INFO info = { .flags = 0 };

	ASH_TRY(ASK(hsm, C_GetTokenInfo, (CK_SLOT_ID)slot, &info));
	*ret_info = (struct ash_token_info){
		.flags = info.flags,
		.pin_min = info.ulMinPinLen,
		.pin_max = info.ulMaxPinLen,
	};
	memcpy(ret_info->label, info.label, sizeof(ret_info->label));
	memcpy(ret_info->manufacturer, info.manufacturerID, sizeof(ret_info->manufacturer));
	memcpy(ret_info->model, info.model, sizeof(ret_info->model));
	memcpy(ret_info->serial, info.serialNumber, sizeof(ret_info->serial));
	return ASH_DONE;
}

static struct ash_status mechanisms(struct ash_hsm *hsm, uint64_t slot, uint64_t *types, size_t cap,
				    size_t *ret_count)
{
	ASH_AUTO_MEM CK_MECHANISM_TYPE *found = NULL;
	CK_ULONG count = 0;

	ASH_TRY(ASK(hsm, C_GetMechanismList, (CK_SLOT_ID)slot, NULL, &count));
	found = ash_mem_new(count + 1, sizeof(*found));
	ASH_ENSURE(found != NULL, ASH_E_MEMORY);
	ASH_TRY(ASK(hsm, C_GetMechanismList, (CK_SLOT_ID)slot, found, &count));
	for (size_t i = 0; i < count && i < cap; i++)
		types[i] = found[i];
	*ret_count = count;
	return ASH_DONE;
}

static struct ash_status mechanism_info(struct ash_hsm *hsm, uint64_t slot, uint64_t type,
					struct ash_mechanism_info *ret_info)
{
	CK_MECHANISM_INFO info = { .flags = 0 };

	ASH_TRY(ASK(hsm, C_GetMechanismInfo, (CK_SLOT_ID)slot, (CK_MECHANISM_TYPE)type, &info));
	*ret_info = (struct ash_mechanism_info){ info.ulMinKeySize, info.ulMaxKeySize, info.flags };
	return ASH_DONE;
}

static struct ash_status open_session(struct ash_hsm *hsm, uint64_t slot, bool read_write,
				      ash_handle *ret_session)
{
	const CK_FLAGS flags = CKF_SERIAL_SESSION | (read_write ? CKF_RW_SESSION : 0);
	CK_SESSION_HANDLE session = 0;

	ASH_TRY(ASK(hsm, C_OpenSession, (CK_SLOT_ID)slot, flags, NULL, NULL, &session));
	*ret_session = session;
	return ASH_DONE;
}

static struct ash_status close_session(struct ash_hsm *hsm, ash_handle session)
{
	return ASK(hsm, C_CloseSession, (CK_SESSION_HANDLE)session);
}

static struct ash_status login(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
			       struct ash_span pin)
{
	return ASK(hsm, C_Login, (CK_SESSION_HANDLE)session, (CK_USER_TYPE)user_type, ash_module_bytes(pin),
		   pin.len);
}

/* ---- objects ---- */

static struct ash_status create_object(struct ash_hsm *hsm, ash_handle session, struct ash_template given,
				       ash_handle *ret_object)
{
	struct ash_module_template made;
	CK_OBJECT_HANDLE object = 0;

	ASH_TRY(ash_module_template(given, &made));
	ASH_TRY(ASK(hsm, C_CreateObject, (CK_SESSION_HANDLE)session, made.attrs, made.count, &object));
	*ret_object = object;
	return ASH_DONE;
}

static struct ash_status destroy_object(struct ash_hsm *hsm, ash_handle session, ash_handle object)
{
	return ASK(hsm, C_DestroyObject, (CK_SESSION_HANDLE)session, (CK_OBJECT_HANDLE)object);
}

/* Attributes of bytes, which is what vectors ask for. */
static struct ash_status get_attributes(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					struct ash_attr_query *queries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct ash_out *out = &queries[i].value;
		CK_ATTRIBUTE attr = { (CK_ATTRIBUTE_TYPE)queries[i].type, out->data, out->cap };
		const struct ash_status status = ASK(hsm, C_GetAttributeValue, (CK_SESSION_HANDLE)session,
						     (CK_OBJECT_HANDLE)object, &attr, 1);

		queries[i].code = status.code;
		ASH_TRY(status);
		out->len = attr.ulValueLen;
	}
	return ASH_DONE;
}

/* ---- operations ---- */

static struct ash_status op_init(struct ash_hsm *hsm, ash_handle handle, enum ash_op op,
				 const struct ash_mechanism *mechanism, ash_handle object)
{
	const CK_SESSION_HANDLE session = (CK_SESSION_HANDLE)handle;
	const CK_OBJECT_HANDLE key = (CK_OBJECT_HANDLE)object;
	struct ash_module_mechanism made;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	switch (op) {
	case ASH_OP_DIGEST: return ASK(hsm, C_DigestInit, session, &made.mechanism);
	case ASH_OP_SIGN: return ASK(hsm, C_SignInit, session, &made.mechanism, key);
	case ASH_OP_VERIFY: return ASK(hsm, C_VerifyInit, session, &made.mechanism, key);
	case ASH_OP_ENCRYPT: return ASK(hsm, C_EncryptInit, session, &made.mechanism, key);
	case ASH_OP_DECRYPT: return ASK(hsm, C_DecryptInit, session, &made.mechanism, key);
	case ASH_OP_SIGN_RECOVER: return ASK(hsm, C_SignRecoverInit, session, &made.mechanism, key);
	case ASH_OP_VERIFY_RECOVER: return ASK(hsm, C_VerifyRecoverInit, session, &made.mechanism, key);
	default: ASH_FAIL(ASH_E_UNSUPPORTED);
	}
}

/* A length as PKCS#11 has it, in and out; what is written tells how an output ended. */
static struct ash_status keep_len(struct ash_status status, const CK_ULONG *len, struct ash_out *out)
{
	if (ash_is_ok(status) || status.code == ASH_E_BUFFER_TOO_SMALL)
		out->len = *len;
	return status;
}

static struct ash_status op_single(struct ash_hsm *hsm, ash_handle handle, enum ash_op op, struct ash_span in,
				   struct ash_out *out)
{
	const CK_SESSION_HANDLE session = (CK_SESSION_HANDLE)handle;
	CK_BYTE *bytes = ash_module_bytes(in);
	CK_ULONG len = out->cap;

	switch (op) {
	case ASH_OP_DIGEST:
		return keep_len(ASK(hsm, C_Digest, session, bytes, in.len, out->data, &len), &len, out);
	case ASH_OP_SIGN:
		return keep_len(ASK(hsm, C_Sign, session, bytes, in.len, out->data, &len), &len, out);
	case ASH_OP_ENCRYPT:
		return keep_len(ASK(hsm, C_Encrypt, session, bytes, in.len, out->data, &len), &len, out);
	case ASH_OP_DECRYPT:
		return keep_len(ASK(hsm, C_Decrypt, session, bytes, in.len, out->data, &len), &len, out);
	case ASH_OP_SIGN_RECOVER:
		return keep_len(ASK(hsm, C_SignRecover, session, bytes, in.len, out->data, &len), &len, out);
	case ASH_OP_VERIFY_RECOVER:
		return keep_len(ASK(hsm, C_VerifyRecover, session, bytes, in.len, out->data, &len), &len,
				out);
	default: ASH_FAIL(ASH_E_UNSUPPORTED);
	}
}

static struct ash_status op_update(struct ash_hsm *hsm, ash_handle handle, enum ash_op op, struct ash_span in,
				   struct ash_out *out)
{
	const CK_SESSION_HANDLE session = (CK_SESSION_HANDLE)handle;
	CK_BYTE *bytes = ash_module_bytes(in);
	CK_ULONG len = out->cap;

	switch (op) {
	case ASH_OP_DIGEST: return ASK(hsm, C_DigestUpdate, session, bytes, in.len);
	case ASH_OP_SIGN: return ASK(hsm, C_SignUpdate, session, bytes, in.len);
	case ASH_OP_VERIFY: return ASK(hsm, C_VerifyUpdate, session, bytes, in.len);
	case ASH_OP_ENCRYPT:
		return keep_len(ASK(hsm, C_EncryptUpdate, session, bytes, in.len, out->data, &len), &len,
				out);
	case ASH_OP_DECRYPT:
		return keep_len(ASK(hsm, C_DecryptUpdate, session, bytes, in.len, out->data, &len), &len,
				out);
	default: ASH_FAIL(ASH_E_UNSUPPORTED);
	}
}

static struct ash_status op_final(struct ash_hsm *hsm, ash_handle handle, enum ash_op op, struct ash_out *out)
{
	const CK_SESSION_HANDLE session = (CK_SESSION_HANDLE)handle;
	CK_ULONG len = out->cap;

	switch (op) {
	case ASH_OP_DIGEST: return keep_len(ASK(hsm, C_DigestFinal, session, out->data, &len), &len, out);
	case ASH_OP_SIGN: return keep_len(ASK(hsm, C_SignFinal, session, out->data, &len), &len, out);
	case ASH_OP_ENCRYPT: return keep_len(ASK(hsm, C_EncryptFinal, session, out->data, &len), &len, out);
	case ASH_OP_DECRYPT: return keep_len(ASK(hsm, C_DecryptFinal, session, out->data, &len), &len, out);
	default: ASH_FAIL(ASH_E_UNSUPPORTED);
	}
}

static struct ash_status verify_single(struct ash_hsm *hsm, ash_handle session, struct ash_span in,
				       struct ash_span signature)
{
	return ASK(hsm, C_Verify, (CK_SESSION_HANDLE)session, ash_module_bytes(in), in.len,
		   ash_module_bytes(signature), signature.len);
}

static struct ash_status verify_final(struct ash_hsm *hsm, ash_handle session, struct ash_span signature)
{
	return ASK(hsm, C_VerifyFinal, (CK_SESSION_HANDLE)session, ash_module_bytes(signature),
		   signature.len);
}

/* ---- keys ---- */

static struct ash_status generate_key(struct ash_hsm *hsm, ash_handle session,
				      const struct ash_mechanism *mechanism, struct ash_template given,
				      ash_handle *ret_key)
{
	struct ash_module_mechanism made;
	struct ash_module_template template;
	CK_OBJECT_HANDLE key = 0;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	ASH_TRY(ash_module_template(given, &template));
	ASH_TRY(ASK(hsm, C_GenerateKey, (CK_SESSION_HANDLE)session, &made.mechanism, template.attrs,
		    template.count, &key));
	*ret_key = key;
	return ASH_DONE;
}

static struct ash_status wrap_key(struct ash_hsm *hsm, ash_handle session,
				  const struct ash_mechanism *mechanism, ash_handle wrapping_key,
				  ash_handle key, struct ash_out *wrapped)
{
	struct ash_module_mechanism made;
	CK_ULONG len = wrapped->cap;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	return keep_len(ASK(hsm, C_WrapKey, (CK_SESSION_HANDLE)session, &made.mechanism,
			    (CK_OBJECT_HANDLE)wrapping_key, (CK_OBJECT_HANDLE)key, wrapped->data, &len),
			&len, wrapped);
}

static struct ash_status unwrap_key(struct ash_hsm *hsm, ash_handle session,
				    const struct ash_mechanism *mechanism, ash_handle unwrapping_key,
				    struct ash_span wrapped, struct ash_template given, ash_handle *ret_key)
{
	struct ash_module_mechanism made;
	struct ash_module_template template;
	CK_OBJECT_HANDLE key = 0;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	ASH_TRY(ash_module_template(given, &template));
	ASH_TRY(ASK(hsm, C_UnwrapKey, (CK_SESSION_HANDLE)session, &made.mechanism,
		    (CK_OBJECT_HANDLE)unwrapping_key, ash_module_bytes(wrapped), wrapped.len, template.attrs,
		    template.count, &key));
	*ret_key = key;
	return ASH_DONE;
}

static struct ash_status derive_key(struct ash_hsm *hsm, ash_handle session,
				    const struct ash_mechanism *mechanism, ash_handle base_key,
				    struct ash_template given, ash_handle *ret_key)
{
	struct ash_module_mechanism made;
	struct ash_module_template template;
	CK_OBJECT_HANDLE key = 0;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	ASH_TRY(ash_module_template(given, &template));
	ASH_TRY(ASK(hsm, C_DeriveKey, (CK_SESSION_HANDLE)session, &made.mechanism, (CK_OBJECT_HANDLE)base_key,
		    template.attrs, template.count, &key));
	*ret_key = key;
	return ASH_DONE;
}

static struct ash_status encapsulate_key(struct ash_hsm *hsm, ash_handle session,
					 const struct ash_mechanism *mechanism, ash_handle public_key,
					 struct ash_template given, struct ash_out *ciphertext,
					 ash_handle *ret_key)
{
	struct ash_module_mechanism made;
	struct ash_module_template template;
	CK_ULONG len = ciphertext->cap;
	CK_OBJECT_HANDLE key = 0;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	ASH_TRY(ash_module_template(given, &template));
	ASH_TRY(keep_len(ASK(hsm, C_EncapsulateKey, (CK_SESSION_HANDLE)session, &made.mechanism,
			     (CK_OBJECT_HANDLE)public_key, template.attrs, template.count, ciphertext->data,
			     &len, &key),
			 &len, ciphertext));
	if (ciphertext->data != NULL)
		*ret_key = key;
	return ASH_DONE;
}

static struct ash_status decapsulate_key(struct ash_hsm *hsm, ash_handle session,
					 const struct ash_mechanism *mechanism, ash_handle private_key,
					 struct ash_template given, struct ash_span ciphertext,
					 ash_handle *ret_key)
{
	struct ash_module_mechanism made;
	struct ash_module_template template;
	CK_OBJECT_HANDLE key = 0;

	ASH_TRY(ash_module_mechanism(mechanism, &made));
	ASH_TRY(ash_module_template(given, &template));
	ASH_TRY(ASK(hsm, C_DecapsulateKey, (CK_SESSION_HANDLE)session, &made.mechanism,
		    (CK_OBJECT_HANDLE)private_key, template.attrs, template.count,
		    ash_module_bytes(ciphertext), ciphertext.len, &key));
	*ret_key = key;
	return ASH_DONE;
}

const struct ash_api ash_module_api = {
	.abi = ASH_API_ABI,
	.name = "module",

	.slots = slots,
	.token_info = token_info,
	.mechanisms = mechanisms,
	.mechanism_info = mechanism_info,

	.open_session = open_session,
	.close_session = close_session,
	.login = login,

	.create_object = create_object,
	.destroy_object = destroy_object,
	.get_attributes = get_attributes,

	.op_init = op_init,
	.op_single = op_single,
	.op_update = op_update,
	.op_final = op_final,
	.verify_single = verify_single,
	.verify_final = verify_final,

	.generate_key = generate_key,
	.wrap_key = wrap_key,
	.unwrap_key = unwrap_key,
	.derive_key = derive_key,
	.encapsulate_key = encapsulate_key,
	.decapsulate_key = decapsulate_key,
};
