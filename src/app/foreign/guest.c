#include "app/foreign/guest.h"

#include <dlfcn.h>
#include <endian.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "app/foreign/guest_priv.h"
#include "app/selftest/module.h"
#include "crypto/openssl/keyfile.h"
#include "token/attribute.h"
#include "token/der.h"
#include "token/pkcs8.h"
#include "util/mem.h"

#define AES_KEY_LEN   32u
#define AES_BLOCK_LEN 16u
#define FIND_AT_ONCE  64
#define SLOTS_MAX     256

/* A function of the module; its failure names it. */
static ASH_STATUS asked(const char *function, CK_RV rv)
{
	const struct ash_status status = ash_module_status(rv);

	if (!ash_is_ok(status))
		ASH_FAIL_WITH(status.code, "%s answers 0x%lx: %s", function, (unsigned long)rv,
			      ash_code_text(status.code));
	return ASH_DONE;
}
#define ASK(guest, function, ...) asked(#function, (guest)->p11->function(__VA_ARGS__))

/* ---- The module ---- */

/* NSS's structure: the standard's, with a text where pReserved is, and that behind it. */
struct init_args {
	CK_C_INITIALIZE_ARGS args;
	void *reserved;
};

ASH_STATUS ash_foreign_guest_open(const char *path, const char *parameters,
				  struct ash_foreign_guest **ret_guest)
{
	ASH_AUTO(ash_foreign_guest) *guest = ash_mem_new(1, sizeof(*guest));
	struct init_args init = { .args = { .flags = CKF_OS_LOCKING_OK } };
	CK_C_GetFunctionList get_list = NULL;

	ASH_ENSURE(guest != NULL, ASH_E_MEMORY);
	init.args.pReserved = (void *)(uintptr_t)parameters;
	guest->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	if (guest->library == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "%s", dlerror());
	*(void **)&get_list = dlsym(guest->library, "C_GetFunctionList");
	if (get_list == NULL || get_list(&guest->p11) != CKR_OK || guest->p11 == NULL)
		ASH_FAIL_WITH(ASH_E_UNSUPPORTED, "it has no C_GetFunctionList that works");
	ASH_TRY(ASK(guest, C_Initialize, &init));
	guest->initialized = true;
	*ret_guest = ASH_TAKE(guest);
	return ASH_DONE;
}

struct ash_foreign_guest *ash_foreign_guest_close(struct ash_foreign_guest *guest)
{
	if (guest == NULL)
		return NULL;
	if (guest->initialized)
		(void)guest->p11->C_Finalize(NULL);
	if (guest->library != NULL)
		(void)dlclose(guest->library);
	ash_secret_free(guest->wrapping);
	return ash_mem_free(guest);
}

/* ---- Tokens ---- */

static void copy_text(const CK_UTF8CHAR *text, size_t len, char *out)
{
	while (len != 0 && (text[len - 1] == ' ' || text[len - 1] == '\0'))
		len--;
	memcpy(out, text, len);
	out[len] = '\0';
}

ASH_STATUS ash_foreign_guest_tokens(struct ash_foreign_guest *guest, struct ash_foreign_token *tokens,
				    size_t cap, size_t *ret_count)
{
	CK_SLOT_ID slots[SLOTS_MAX];
	CK_ULONG slot_count = SLOTS_MAX;
	size_t count = 0;

	ASH_TRY(ASK(guest, C_GetSlotList, CK_TRUE, slots, &slot_count));
	for (CK_ULONG i = 0; i < slot_count; i++) {
		CK_TOKEN_INFO info = { .flags = 0 };

		if (guest->p11->C_GetTokenInfo(slots[i], &info) != CKR_OK ||
		    (info.flags & CKF_TOKEN_INITIALIZED) == 0)
			continue;
		if (count < cap) {
			tokens[count].slot = slots[i];
			tokens[count].login_needed = (info.flags & CKF_LOGIN_REQUIRED) != 0;
			copy_text(info.label, sizeof(info.label), tokens[count].label);
			copy_text(info.serialNumber, sizeof(info.serialNumber), tokens[count].serial);
		}
		count++;
	}
	*ret_count = count;
	return ASH_DONE;
}

ASH_STATUS ash_foreign_guest_enter(struct ash_foreign_guest *guest, uint64_t slot, bool login,
				   struct ash_span pin)
{
	ASH_TRY(ASK(guest, C_OpenSession, (CK_SLOT_ID)slot, CKF_SERIAL_SESSION, NULL, NULL, &guest->session));
	if (!login)
		return ASH_DONE;
	return ASK(guest, C_Login, guest->session, CKU_USER, (CK_UTF8CHAR *)(uintptr_t)pin.data, pin.len);
}

/* ---- Attributes ---- */

/* A value in the canonical form of token/types.h. */
static ASH_STATUS set_canonical(struct ash_attrs *attrs, const struct ash_attr_info *info,
				struct ash_mut value)
{
	const size_t count = value.len / sizeof(CK_ULONG);

	if (info->kind == ASH_ATTR_BOOL)
		return ash_attrs_set_bool(attrs, info->type, value.len != 0 && value.data[0] != 0);
	if (info->kind != ASH_ATTR_NUMBER && info->kind != ASH_ATTR_NUMBERS)
		return ash_attrs_set(attrs, info->type, ash_mut_span(value));
	for (size_t i = 0; i < count; i++) {
		CK_ULONG number = 0;
		uint64_t big_endian;

		memcpy(&number, value.data + i * sizeof(number), sizeof(number));
		big_endian = htobe64(number);
		memcpy(value.data + i * sizeof(big_endian), &big_endian, sizeof(big_endian));
	}
	return ash_attrs_set(attrs, info->type, ash_span(value.data, count * sizeof(uint64_t)));
}
_Static_assert(sizeof(CK_ULONG) == sizeof(uint64_t), "a number takes the room that it has");

/* Asks for one. False: the object has none, or keeps it. Other answers say nothing of that. */
static ASH_STATUS ask_attribute(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle,
				CK_ATTRIBUTE *attribute, bool *ret_there)
{
	const CK_RV rv = guest->p11->C_GetAttributeValue(guest->session, handle, attribute, 1);

	*ret_there = rv == CKR_OK && attribute->ulValueLen != CK_UNAVAILABLE_INFORMATION;
	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE)
		return ASH_DONE;
	return asked("C_GetAttributeValue", rv);
}

/* One attribute, if the module gives it. */
static ASH_STATUS read_attribute(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle,
				 const struct ash_attr_info *info, struct ash_foreign_object *object)
{
	CK_ATTRIBUTE attribute = { (CK_ATTRIBUTE_TYPE)info->type, NULL, 0 };
	ASH_AUTO(ash_secret) *value = NULL;
	bool there = false;

	ASH_TRY(ask_attribute(guest, handle, &attribute, &there));
	if (!there)
		return ASH_DONE;
	if (info->kind == ASH_ATTR_TEMPLATE) {
		if (attribute.ulValueLen != 0 && !object->kept)
			ash_foreign_object_keep_template(object, info->type);
		return ASH_DONE;
	}
	ASH_ENSURE(attribute.ulValueLen <= ASH_ATTRS_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_secret_new(attribute.ulValueLen + 1, &value));
	attribute.pValue = ash_secret_edit(value).data;
	ASH_TRY(ask_attribute(guest, handle, &attribute, &there));
	if (!there)
		return ASH_DONE;
	return set_canonical(object->attrs, info, ash_mut(attribute.pValue, attribute.ulValueLen));
}

/* An object without what it could not be asked for might be another. */
static void note_unread(struct ash_status status, const struct ash_attr_info *info,
			struct ash_foreign_object *object)
{
	const char *explanation = ash_status_explanation();

	if (object->kept)
		return;
	object->kept = true;
	snprintf(object->why, sizeof(object->why), "its %s can't be read: %s", info->name,
		 explanation[0] != '\0' ? explanation : ash_code_text(status.code));
}

static ASH_STATUS read_attributes(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle,
				  struct ash_foreign_object *object)
{
	for (size_t i = 0; i < ash_attribute_count(); i++) {
		const struct ash_attr_info *info = ash_attribute_at(i);
		const struct ash_status status = read_attribute(guest, handle, info, object);

		ASH_ENSURE(status.code != ASH_E_MEMORY, ASH_E_MEMORY);
		if (!ash_is_ok(status))
			note_unread(status, info, object);
	}
	return ASH_DONE;
}

/* ---- Keys that leave wrapped ---- */

/* In the order of how many modules have them, and how they are undone. */
static const struct {
	CK_MECHANISM_TYPE mechanism;
	const char *cipher;
	CK_BYTE iv[AES_BLOCK_LEN];
	CK_ULONG iv_len;
	bool iv_given; /* else it is the standard's own */
} ways[] = {
	{ CKM_AES_KEY_WRAP_KWP, "AES-256-WRAP-PAD", { 0xa6, 0x59, 0x59, 0xa6 }, 4, false },
	{ CKM_AES_KEY_WRAP_PAD, "AES-256-WRAP-PAD", { 0xa6, 0x59, 0x59, 0xa6 }, 4, false },
	{ CKM_AES_CBC_PAD, "AES-256-CBC", { 0 }, AES_BLOCK_LEN, true },
};

/* A key that both sides know, in the session alone. */
static ASH_STATUS make_wrapping_key(struct ash_foreign_guest *guest)
{
	ASH_AUTO(ash_secret) *bytes = NULL;
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE key_type = CKK_AES;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	struct ash_mut room;

	if (guest->wrapping != NULL)
		return ASH_DONE;
	ASH_TRY(ash_secret_new(AES_KEY_LEN, &bytes));
	room = ash_secret_edit(bytes);
	ASH_ENSURE(getrandom(room.data, room.len, 0) == (ssize_t)room.len, ASH_E_FAILED);
	CK_ATTRIBUTE given[] = {
		{ CKA_CLASS, &class, sizeof(class) }, { CKA_KEY_TYPE, &key_type, sizeof(key_type) },
		{ CKA_TOKEN, &no, sizeof(no) },       { CKA_WRAP, &yes, sizeof(yes) },
		{ CKA_ENCRYPT, &yes, sizeof(yes) },   { CKA_VALUE, room.data, room.len },
	};

	ASH_TRY(ASK(guest, C_CreateObject, guest->session, given, ASH_COUNT(given), &guest->wrapping_key));
	guest->wrapping = ASH_TAKE(bytes);
	return ASH_DONE;
}

static ASH_STATUS wrap(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle, size_t way,
		       struct ash_buf *out)
{
	CK_BYTE iv[AES_BLOCK_LEN];
	CK_MECHANISM mechanism = { ways[way].mechanism, NULL, 0 };
	ASH_AUTO(ash_buf) wrapped = ASH_BUF_PLAIN;
	struct ash_mut room = ash_mut(NULL, 0);
	CK_ULONG len = 0;

	memcpy(iv, ways[way].iv, sizeof(iv));
	if (ways[way].iv_given) {
		mechanism.pParameter = iv;
		mechanism.ulParameterLen = ways[way].iv_len;
	}
	ASH_TRY(ASK(guest, C_WrapKey, guest->session, &mechanism, guest->wrapping_key, handle, NULL, &len));
	ASH_ENSURE(len <= ASH_ATTRS_MAX, ASH_E_LIMIT);
	ASH_TRY(ash_buf_extend(&wrapped, len + 1, &room));
	ASH_TRY(ASK(guest, C_WrapKey, guest->session, &mechanism, guest->wrapping_key, handle, room.data,
		    &len));
	return ash_keyfile_decrypt(ways[way].cipher, ash_secret_peek(guest->wrapping),
				   ash_span(ways[way].iv, ways[way].iv_len), true, ash_span(room.data, len),
				   out);
}

/* SoftHSM fills keys up to whole blocks with zeroes before it wraps them: without them. */
static struct ash_span without_filling(struct ash_span der)
{
	struct ash_reader in = ash_reader(der);
	struct ash_span content = ASH_SPAN_NONE;

	if (!ash_is_ok(ash_der_take(&in, ASH_DER_SEQUENCE, &content)) || in.rest.len >= AES_BLOCK_LEN)
		return der;
	for (size_t i = 0; i < in.rest.len; i++) {
		if (in.rest.data[i] != 0)
			return der;
	}
	return ash_span(der.data, der.len - in.rest.len);
}

static ASH_STATUS take_wrapped(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle, size_t way,
			       struct ash_attrs *attrs)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_SECRET;

	ASH_TRY(wrap(guest, handle, way, &value));
	if (ash_attrs_number(attrs, CKA_CLASS, 0) == CKO_SECRET_KEY)
		return ash_attrs_set(attrs, CKA_VALUE, ash_buf_span(&value));
	return ash_pkcs8_decode(without_filling(ash_buf_span(&value)), attrs);
}

/* Whether what makes it that key is there. */
static bool has_value(const struct ash_attrs *attrs)
{
	const uint64_t class = ash_attrs_number(attrs, CKA_CLASS, CK_UNAVAILABLE_INFORMATION);

	if (class != CKO_PRIVATE_KEY && class != CKO_SECRET_KEY)
		return true;
	return ash_attrs_has(attrs, CKA_VALUE) || ash_attrs_has(attrs, CKA_SEED) ||
	       ash_attrs_has(attrs, CKA_PRIVATE_EXPONENT);
}

/* The first reason that says more than that the module lacks a mechanism. */
static void note_refusal(struct ash_status status, enum ash_code *told, struct ash_foreign_object *object)
{
	const char *explanation = ash_status_explanation();

	if (*told != ASH_OK && (*told != ASH_E_MECHANISM || status.code == ASH_E_MECHANISM))
		return;
	*told = status.code;
	snprintf(object->why, sizeof(object->why), "it can't be wrapped: %s",
		 explanation[0] != '\0' ? explanation : ash_code_text(status.code));
}

/* The value of a key that does not show it; what stands in the way goes to `object`. */
static ASH_STATUS fetch_value(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle,
			      struct ash_foreign_object *object)
{
	enum ash_code told = ASH_OK;
	struct ash_status status;

	object->kept = true;
	if (!ash_attrs_bool(object->attrs, CKA_EXTRACTABLE, true)) {
		snprintf(object->why, sizeof(object->why), "it may not leave its token (CKA_EXTRACTABLE)");
		return ASH_DONE;
	}
	status = make_wrapping_key(guest);
	if (!ash_is_ok(status))
		note_refusal(status, &told, object);
	for (size_t way = 0; guest->wrapping != NULL && way < ASH_COUNT(ways); way++) {
		status = take_wrapped(guest, handle, way, object->attrs);
		if (ash_is_ok(status)) {
			object->kept = false;
			object->why[0] = '\0';
			return ASH_DONE;
		}
		ASH_ENSURE(status.code != ASH_E_MEMORY, ASH_E_MEMORY);
		note_refusal(status, &told, object);
	}
	return status.code == ASH_E_MEMORY ? status : ASH_DONE;
}

/* ---- Objects ---- */

static bool is_theirs(const struct ash_attrs *attrs)
{
	return ash_attrs_number(attrs, CKA_CLASS, 0) >= CKO_VENDOR_DEFINED;
}

static ASH_STATUS read_object(struct ash_foreign_guest *guest, CK_OBJECT_HANDLE handle,
			      struct ash_foreign_objects *objects, size_t *left)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_foreign_object found = { .attrs = NULL }, *object = NULL;

	ASH_TRY(ash_attrs_new(&attrs));
	found.attrs = attrs;
	ASH_TRY(read_attributes(guest, handle, &found));
	if (!ash_attrs_bool(attrs, CKA_TOKEN, true))
		return ASH_DONE;
	if (is_theirs(attrs)) {
		++*left;
		return ASH_DONE;
	}
	ASH_TRY(ash_foreign_objects_add(objects, &object));
	*object = found;
	object->attrs = NULL;
	snprintf(object->place, sizeof(object->place), "object %lu", handle);
	if (!ash_attrs_has(attrs, CKA_CLASS)) { /* nothing can be said of it */
		if (!object->kept)
			snprintf(object->why, sizeof(object->why), "its CKA_CLASS can't be read");
		return ASH_DONE;
	}
	object->attrs = ASH_TAKE(attrs);
	return object->kept || has_value(object->attrs) ? ASH_DONE : fetch_value(guest, handle, object);
}

/* All handles first: reading an object needs the session, and a search holds it. */
static ASH_STATUS find_all(struct ash_foreign_guest *guest, struct ash_buf *handles)
{
	CK_OBJECT_HANDLE page[FIND_AT_ONCE];
	CK_ULONG count = 0;

	ASH_TRY(ASK(guest, C_FindObjectsInit, guest->session, NULL, 0));
	do {
		ASH_TRY(ASK(guest, C_FindObjects, guest->session, page, FIND_AT_ONCE, &count));
		ASH_TRY(ash_buf_add(handles, ash_span(page, count * sizeof(page[0]))));
	} while (count != 0);
	return ASK(guest, C_FindObjectsFinal, guest->session);
}

ASH_STATUS ash_foreign_guest_read(struct ash_foreign_guest *guest, struct ash_foreign_objects *objects,
				  size_t *ret_left)
{
	ASH_AUTO(ash_buf) handles = ASH_BUF_PLAIN;
	CK_OBJECT_HANDLE handle = 0;
	size_t left = 0;

	ASH_TRY(find_all(guest, &handles));
	for (size_t at = 0; at < handles.len; at += sizeof(handle)) {
		memcpy(&handle, handles.data + at, sizeof(handle));
		ASH_TRY(read_object(guest, handle, objects, &left));
	}
	*ret_left = left;
	return ASH_DONE;
}
