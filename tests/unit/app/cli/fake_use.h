/*
 * The fake HSM of the command line's tests (fake.h): using keys. Its "cipher" turns bits
 * (x ^ 0x5a), and its signature is 64 bytes, n + the sum of the data. Parameters are kept
 * for the test to look at.
 */
#pragma once

#include "unit/app/cli/fake_objects.h"

/* What came last, with its bytes. */
static struct ash_mechanism fake_mechanism;
static uint8_t fake_iv[64], fake_aad[64], fake_peer[256], fake_context[64];
static enum ash_op fake_op;
static ash_handle fake_key;
static uint8_t fake_sum;
static uint64_t fake_made_by;     /* the mechanism that made a key of another, */
static ash_handle fake_made_from; /* and that one */
static size_t fake_updates;

static struct ash_span fake_keep(struct ash_span bytes, uint8_t *room, size_t cap)
{
	EXPECT(bytes.len <= cap);
	if (bytes.len != 0)
		memcpy(room, bytes.data, bytes.len);
	return ash_span(room, bytes.len);
}

static void fake_remember(const struct ash_mechanism *mechanism, enum ash_op op, ash_handle key)
{
	fake_mechanism = *mechanism;
	fake_mechanism.params.iv = fake_keep(mechanism->params.iv, fake_iv, sizeof(fake_iv));
	fake_mechanism.params.aad = fake_keep(mechanism->params.aad, fake_aad, sizeof(fake_aad));
	fake_mechanism.derive.peer = fake_keep(mechanism->derive.peer, fake_peer, sizeof(fake_peer));
	fake_mechanism.params.context =
		fake_keep(mechanism->params.context, fake_context, sizeof(fake_context));
	fake_op = op;
	fake_key = key;
	fake_sum = 0;
	fake_updates = 0;
}

static struct ash_status fake_op_init(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				      const struct ash_mechanism *mechanism, ash_handle key)
{
	FAKE_ENTER(hsm, "op_init");
	ASH_ENSURE(session == 7 && (op == ASH_OP_DIGEST) == (key == 0), ASH_E_MECHANISM);
	ASH_ENSURE(key == 0 || fake_object(hsm, key) != NULL, ASH_E_KEY_HANDLE);
	fake_remember(mechanism, op, key);
	return ASH_DONE;
}

static size_t fake_sum_len(void)
{
	if (fake_op != ASH_OP_DIGEST)
		return 64;
	return fake_mechanism.type == CKM_SHA_1 ? 20 : 32;
}

/* What comes out of an update or, at the end, of the sum. */
static struct ash_status fake_give(enum ash_op op, struct ash_span in, bool end, struct ash_out *out)
{
	const bool crypts = op == ASH_OP_ENCRYPT || op == ASH_OP_DECRYPT;
	const size_t len = crypts ? in.len : end ? fake_sum_len() : 0;

	out->len = len;
	if (out->data == NULL)
		return ASH_DONE;
	ASH_ENSURE(out->cap >= len, ASH_E_BUFFER_TOO_SMALL);
	for (size_t i = 0; i < in.len; i++)
		fake_sum = (uint8_t)(fake_sum + in.data[i]);
	for (size_t i = 0; i < len; i++)
		out->data[i] = crypts ? in.data[i] ^ 0x5a : (uint8_t)(fake_sum + i);
	return ASH_DONE;
}

static struct ash_status fake_op_single(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
					struct ash_span in, struct ash_out *out)
{
	FAKE_ENTER(hsm, "op_single");
	ASH_ENSURE(session == 7 && op == fake_op, ASH_E_OPERATION_NONE);
	if (op == ASH_OP_DIGEST && in.len != 0) { /* of the first byte: what ids are made of */
		ASH_TRY(fake_give(op, ash_span(in.data, 1), true, out));
		return ASH_DONE;
	}
	return fake_give(op, in, true, out);
}

static struct ash_status fake_op_update(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
					struct ash_span in, struct ash_out *out)
{
	FAKE_ENTER(hsm, "op_update");
	ASH_ENSURE(session == 7 && op == fake_op, ASH_E_OPERATION_NONE);
	fake_updates++;
	return fake_give(op, in, false, out);
}

static struct ash_status fake_op_final(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
				       struct ash_out *out)
{
	FAKE_ENTER(hsm, "op_final");
	ASH_ENSURE(session == 7 && op == fake_op, ASH_E_OPERATION_NONE);
	return fake_give(op, ASH_SPAN_NONE, true, out);
}

static struct ash_status fake_check_signature(struct ash_span signature)
{
	ASH_ENSURE(signature.len == 64, ASH_E_SIGNATURE_LEN);
	for (size_t i = 0; i < signature.len; i++)
		ASH_ENSURE(signature.data[i] == (uint8_t)(fake_sum + i), ASH_E_SIGNATURE);
	return ASH_DONE;
}

static struct ash_status fake_verify_single(struct ash_hsm *hsm, ash_handle session, struct ash_span in,
					    struct ash_span signature)
{
	FAKE_ENTER(hsm, "verify_single");
	ASH_ENSURE(session == 7 && fake_op == ASH_OP_VERIFY, ASH_E_OPERATION_NONE);
	for (size_t i = 0; i < in.len; i++)
		fake_sum = (uint8_t)(fake_sum + in.data[i]);
	return fake_check_signature(signature);
}

static struct ash_status fake_verify_final(struct ash_hsm *hsm, ash_handle session, struct ash_span signature)
{
	FAKE_ENTER(hsm, "verify_final");
	ASH_ENSURE(session == 7 && fake_op == ASH_OP_VERIFY, ASH_E_OPERATION_NONE);
	return fake_check_signature(signature);
}

/* ---- keys from keys ---- */

static struct ash_status fake_text(const char *text, struct ash_out *out)
{
	out->len = strlen(text);
	if (out->data == NULL)
		return ASH_DONE;
	ASH_ENSURE(out->cap >= out->len, ASH_E_BUFFER_TOO_SMALL);
	memcpy(out->data, text, out->len);
	return ASH_DONE;
}

static struct ash_status fake_wrap_key(struct ash_hsm *hsm, ash_handle session,
				       const struct ash_mechanism *mechanism, ash_handle wrapping_key,
				       ash_handle key, struct ash_out *wrapped)
{
	FAKE_ENTER(hsm, "wrap_key");
	ASH_ENSURE(session == 7 && fake_object(hsm, wrapping_key) != NULL, ASH_E_WRAPPING_KEY_HANDLE);
	ASH_ENSURE(fake_object(hsm, key) != NULL, ASH_E_KEY_HANDLE);
	fake_remember(mechanism, ASH_OPS, wrapping_key);
	return fake_text("wrapped key", wrapped);
}

/* Of P-256, with a point of 5 bytes. */
static const uint8_t fake_info_p256[] = {
	0x30, 0x1d, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
	0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07, 0x03, 0x06, 0x00, 0x50, 0x51, 0x52, 0x53, 0x54,
};

/* A key that the template describes, class and type included. */
static struct ash_status fake_make_from(struct ash_hsm *hsm, const struct ash_mechanism *mechanism,
					ash_handle from, struct ash_template given, ash_handle *ret_key)
{
	uint64_t class = CKO_SECRET_KEY;

	ASH_ENSURE(fake_object(hsm, from) != NULL, ASH_E_KEY_HANDLE);
	fake_remember(mechanism, ASH_OPS, from);
	fake_made_by = mechanism->type;
	fake_made_from = from;
	for (size_t i = 0; i < given.count; i++) {
		if (given.attrs[i].type == CKA_CLASS)
			class = given.attrs[i].value.data[7];
	}
	ASH_TRY(fake_make(hsm, class, mechanism, given, ret_key));
	if (class == CKO_PRIVATE_KEY)
		fake_set(&hsm->objects[*ret_key - 1], CKA_PUBLIC_KEY_INFO, SPAN(fake_info_p256));
	return ASH_DONE;
}

/* A public object of the session. */
static struct ash_status fake_create_object(struct ash_hsm *hsm, ash_handle session,
					    struct ash_template given, ash_handle *ret_object)
{
	FAKE_ENTER(hsm, "create_object");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	for (size_t i = 0; i < FAKE_OBJECTS; i++) {
		struct fake_object *object = &hsm->objects[i];

		if (object->used)
			continue;
		object->used = true;
		object->slot = hsm->session_slot;
		for (size_t at = 0; at < given.count; at++)
			fake_set(object, given.attrs[at].type, given.attrs[at].value);
		fake_set(object, CKA_PUBLIC_KEY_INFO, SPAN(fake_info_p256));
		*ret_object = i + 1;
		return ASH_DONE;
	}
	ASH_FAIL(ASH_E_LIMIT);
}

static struct ash_status fake_unwrap_key(struct ash_hsm *hsm, ash_handle session,
					 const struct ash_mechanism *mechanism, ash_handle unwrapping_key,
					 struct ash_span wrapped, struct ash_template given,
					 ash_handle *ret_key)
{
	FAKE_ENTER(hsm, "unwrap_key");
	ASH_ENSURE(session == 7 && ash_span_equal(wrapped, TEXT("wrapped key")), ASH_E_WRAPPED_KEY);
	return fake_make_from(hsm, mechanism, unwrapping_key, given, ret_key);
}

static struct ash_status fake_derive_key(struct ash_hsm *hsm, ash_handle session,
					 const struct ash_mechanism *mechanism, ash_handle base_key,
					 struct ash_template given, ash_handle *ret_key)
{
	FAKE_ENTER(hsm, "derive_key");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	return fake_make_from(hsm, mechanism, base_key, given, ret_key);
}

static struct ash_status fake_encapsulate_key(struct ash_hsm *hsm, ash_handle session,
					      const struct ash_mechanism *mechanism, ash_handle public_key,
					      struct ash_template given, struct ash_out *ciphertext,
					      ash_handle *ret_key)
{
	FAKE_ENTER(hsm, "encapsulate_key");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	ASH_TRY(fake_text("ciphertext", ciphertext));
	if (ciphertext->data == NULL)
		return ASH_DONE;
	return fake_make_from(hsm, mechanism, public_key, given, ret_key);
}

static struct ash_status fake_decapsulate_key(struct ash_hsm *hsm, ash_handle session,
					      const struct ash_mechanism *mechanism, ash_handle private_key,
					      struct ash_template given, struct ash_span ciphertext,
					      ash_handle *ret_key)
{
	FAKE_ENTER(hsm, "decapsulate_key");
	ASH_ENSURE(session == 7 && ash_span_equal(ciphertext, TEXT("ciphertext")), ASH_E_WRAPPED_KEY_LEN);
	return fake_make_from(hsm, mechanism, private_key, given, ret_key);
}

/* ---- what tests begin with ---- */

/* A key of the token, with its usages (up to 4, 0 ends them); its handle. */
ASH_UNUSED static ash_handle fake_put(struct ash_hsm *hsm, uint64_t class, uint64_t key_type,
				      const char *label, const uint64_t uses[4])
{
	for (size_t i = 0; i < FAKE_OBJECTS; i++) {
		struct fake_object *object = &hsm->objects[i];

		if (object->used)
			continue;
		object->used = true;
		fake_set_number(object, CKA_CLASS, class);
		fake_set_number(object, CKA_KEY_TYPE, key_type);
		fake_set(object, CKA_LABEL, ash_span_text(label));
		fake_set(object, CKA_ID, ash_span(&"\x01\x02\x03\x04\x05\x06\x07\x08\x09"[i], 1));
		fake_set(object, CKA_PRIVATE, class == CKO_PUBLIC_KEY ? TEXT("\0") : TEXT("\x01"));
		for (size_t at = 0; at < 4 && uses[at] != 0; at++)
			fake_set(object, uses[at], TEXT("\x01"));
		if (key_type == CKK_EC)
			fake_set(object, CKA_EC_PARAMS, TEXT("\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"));
		if (key_type == CKK_RSA)
			fake_set(object, CKA_MODULUS, ash_span((uint8_t[256]){ 0x80 }, 256));
		if (key_type == CKK_AES)
			fake_set_number(object, CKA_VALUE_LEN, 32);
		return i + 1;
	}
	EXPECT(false);
	return 0;
}
#define FAKE_PUT(hsm, class, key_type, label, ...) \
	fake_put((hsm), (class), (key_type), (label), (const uint64_t[4]){ __VA_ARGS__ })

/* A folder of this test program, as long as fake_clean() is not called. */
static char fake_folder[] = "/tmp/ashlar-use-XXXXXX";
static bool fake_folder_made;

/* A file in it; its path. */
ASH_UNUSED static const char *fake_path(const char *name)
{
	static char paths[8][128];
	static size_t next;
	char *path = paths[next++ % 8];

	if (!fake_folder_made) {
		memcpy(fake_folder + sizeof(fake_folder) - 7, "XXXXXX", 6);
		EXPECT(mkdtemp(fake_folder) != NULL);
		fake_folder_made = true;
	}
	snprintf(path, sizeof(paths[0]), "%s/%s", fake_folder, name);
	return path;
}

ASH_UNUSED static const char *fake_write(const char *name, struct ash_span content)
{
	const char *path = fake_path(name);
	FILE *file = fopen(path, "wb");

	EXPECT(file != NULL && fwrite(content.data, 1, content.len, file) == content.len);
	EXPECT(fclose(file) == 0);
	return path;
}

/* What stands in a file, lent until the next call. */
ASH_UNUSED static struct ash_span fake_read(const char *path)
{
	static uint8_t content[1 << 18];
	FILE *file = fopen(path, "rb");
	size_t len;

	EXPECT(file != NULL);
	len = fread(content, 1, sizeof(content), file);
	fclose(file);
	return ash_span(content, len);
}

ASH_UNUSED static void fake_clean(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -rf %s", fake_folder);
	EXPECT(!fake_folder_made || system(command) == 0);
	fake_folder_made = false;
}
