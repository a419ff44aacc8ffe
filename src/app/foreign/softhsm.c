#include "app/foreign/softhsm.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/openssl/keyfile.h"
#include "util/mem.h"
#include "util/reader.h"

#define FILE_MAX   ASH_ATTRS_MAX
#define TOKENS_MAX 4096u
#define TOKEN_FILE "token.object"

/* Attributes of the token's own file. */
#define OWN_ATTRIBUTE(n) (CKA_VENDOR_DEFINED + 0x5348ul + (n))
#define TOKEN_LABEL      OWN_ATTRIBUTE(1)
#define TOKEN_SERIAL     OWN_ATTRIBUTE(2)
#define TOKEN_USER_PIN   OWN_ATTRIBUTE(5)

/* How a value is written. */
enum kind {
	KIND_BOOL = 1,
	KIND_NUMBER,
	KIND_BYTES,
	KIND_ATTRIBUTES,
	KIND_NUMBERS
};

#define AES_KEY_LEN    32u
#define AES_BLOCK_LEN  16u
#define SALT_LEN       8u
#define ITERATIONS_MIN 1500u /* and as many more as the salt's last byte says */
#define MAGIC          "RJR"
#define MAGIC_LEN      3u

/* ---- Objects ---- */

struct value {
	uint64_t type, kind;
	struct ash_span bytes; /* lent from the file */
};

/* A 64-bit length and as many units. */
static ASH_STATUS take_sized(struct ash_reader *in, size_t unit, struct ash_span *ret_bytes)
{
	uint64_t count = 0;

	ASH_TRY(ash_reader_u64(in, &count));
	ASH_ENSURE(count <= FILE_MAX / unit, ASH_E_FORMAT);
	return ash_reader_take(in, (size_t)count * unit, ret_bytes);
}

static ASH_STATUS take_value(struct ash_reader *in, struct value *ret_value)
{
	ASH_TRY(ash_reader_u64(in, &ret_value->type));
	ASH_TRY(ash_reader_u64(in, &ret_value->kind));
	switch (ret_value->kind) {
	case KIND_BOOL: return ash_reader_take(in, 1, &ret_value->bytes);
	case KIND_NUMBER: return ash_reader_take(in, 8, &ret_value->bytes);
	case KIND_BYTES:
	case KIND_ATTRIBUTES: return take_sized(in, 1, &ret_value->bytes);
	case KIND_NUMBERS: return take_sized(in, 8, &ret_value->bytes);
	default: ASH_FAIL(ASH_E_FORMAT);
	}
}

/* What follows the number of the file's last change. */
static ASH_STATUS skip_generation(struct ash_reader *in)
{
	uint64_t unused = 0;

	return ash_reader_u64(in, &unused);
}

/* Byte strings of private objects are closed, each with an IV in front. */
static ASH_STATUS find_private(struct ash_span file, bool *ret_private)
{
	struct ash_reader in = ash_reader(file);
	struct value value;

	*ret_private = false;
	ASH_TRY(skip_generation(&in));
	while (in.rest.len != 0) {
		ASH_TRY(take_value(&in, &value));
		if (value.type == CKA_PRIVATE && value.kind == KIND_BOOL)
			*ret_private = value.bytes.data[0] != 0;
	}
	return ASH_DONE;
}

static ASH_STATUS open_bytes(struct ash_span closed, struct ash_span key, struct ash_buf *out)
{
	if (closed.len == 0)
		return ASH_DONE;
	ASH_ENSURE(closed.len > AES_BLOCK_LEN, ASH_E_FORMAT);
	return ash_keyfile_decrypt("AES-256-CBC", key, ash_span(closed.data, AES_BLOCK_LEN), true,
				   ash_span(closed.data + AES_BLOCK_LEN, closed.len - AES_BLOCK_LEN), out);
}

/* Dates are never closed. */
static bool is_closed(const struct value *value, bool private)
{
	return private && value->kind == KIND_BYTES && value->type != CKA_START_DATE &&
	       value->type != CKA_END_DATE;
}

static ASH_STATUS set_value(const struct value *value, bool private, struct ash_span key,
			    struct ash_attrs *attrs)
{
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;

	if (value->kind == KIND_BOOL)
		return ash_attrs_set_bool(attrs, value->type, value->bytes.data[0] != 0);
	if (!is_closed(value, private))
		return ash_attrs_set(attrs, value->type, value->bytes);
	ASH_TRY(open_bytes(value->bytes, key, &opened));
	return ash_attrs_set(attrs, value->type, ash_buf_span(&opened));
}

ASH_STATUS ash_softhsm_parse(struct ash_span file, struct ash_span key, struct ash_attrs **ret_attrs,
			     uint64_t *ret_left_out)
{
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_reader in = ash_reader(file);
	struct value value;
	uint64_t left_out = 0;
	bool private = false;

	ASH_TRY(find_private(file, &private));
	ASH_TRY(ash_attrs_new(&attrs));
	ASH_TRY(skip_generation(&in));
	while (in.rest.len != 0) {
		ASH_TRY(take_value(&in, &value));
		if (value.kind != KIND_ATTRIBUTES)
			ASH_TRY(set_value(&value, private, key, attrs));
		else if (value.bytes.len != 0)
			left_out = value.type;
	}
	*ret_attrs = ASH_TAKE(attrs);
	*ret_left_out = left_out;
	return ASH_DONE;
}

/* ---- Files ---- */

static void fd_auto(const int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static ASH_STATUS read_whole(int fd, struct ash_buf *out)
{
	struct ash_mut room = ash_mut(NULL, 0);
	ssize_t got;

	out->limit = FILE_MAX;
	do {
		ASH_TRY(ash_buf_extend(out, 4096, &room));
		got = read(fd, room.data, room.len);
		out->len -= room.len - (got > 0 ? (size_t)got : 0);
		if (got < 0 && errno != EINTR)
			ASH_FAIL_WITH(ASH_E_IO, "%s", strerrordesc_np(errno));
	} while (got != 0);
	return ASH_DONE;
}

/* While SoftHSM writes a file it holds a lock on it. */
static ASH_STATUS read_file(const char *folder, const char *name, struct ash_buf *out)
{
	struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET };
	char path[4096];
	__attribute__((cleanup(fd_auto))) int fd = -1;
	const int len = snprintf(path, sizeof(path), "%s/%s", folder, name);

	ASH_ENSURE(len > 0 && (size_t)len < sizeof(path), ASH_E_LIMIT);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		ASH_FAIL_WITH(errno == ENOENT || errno == ENOTDIR ? ASH_E_NOT_FOUND : ASH_E_IO, "%s: %s",
			      name, strerrordesc_np(errno));
	(void)fcntl(fd, F_OFD_SETLKW, &lock); /* a file system without locks has no writer with one */
	return read_whole(fd, out);
}

/* ---- Tokens ---- */

static void token_done(struct ash_softhsm_token *token)
{
	ash_mem_free(token->folder);
	ash_buf_done(&token->user_pin);
}

void ash_softhsm_tokens_done(struct ash_softhsm_tokens *tokens)
{
	for (size_t i = 0; i < tokens->count; i++)
		token_done(&tokens->token[i]);
	ash_mem_free(tokens->token);
	*tokens = ASH_SOFTHSM_TOKENS_NONE;
}

/* Padded with blanks, as PKCS#11 has it. */
static void copy_text(const struct ash_attrs *attrs, uint64_t type, size_t max, char *out)
{
	struct ash_span text = ASH_SPAN_NONE;

	out[0] = '\0';
	if (!ash_attrs_get(attrs, type, &text))
		return;
	if (text.len > max)
		text.len = max;
	while (text.len != 0 && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\0'))
		text.len--;
	if (text.len != 0)
		memcpy(out, text.data, text.len);
	out[text.len] = '\0';
}

/* SoftHSM makes its slots' numbers of the serial's second half. */
static uint64_t slot_of(const char *serial)
{
	return strlen(serial) > 8 ? strtoul(serial + 8, NULL, 16) & 0x7ffffffful : 0;
}

static ASH_STATUS fill_token(const struct ash_attrs *attrs, const char *folder,
			     struct ash_softhsm_token *token)
{
	struct ash_span pin = ASH_SPAN_NONE;

	*token = (struct ash_softhsm_token){ .user_pin = ASH_BUF_SECRET };
	token->folder = ash_mem_new(strlen(folder) + 1, 1);
	ASH_ENSURE(token->folder != NULL, ASH_E_MEMORY);
	strcpy(token->folder, folder);
	copy_text(attrs, TOKEN_LABEL, sizeof(token->label) - 1, token->label);
	copy_text(attrs, TOKEN_SERIAL, sizeof(token->serial) - 1, token->serial);
	token->slot = slot_of(token->serial);
	token->has_user_pin = ash_attrs_get(attrs, TOKEN_USER_PIN, &pin) && pin.len != 0;
	return ash_buf_add(&token->user_pin, pin);
}

static ASH_STATUS add_token(const struct ash_attrs *attrs, const char *folder,
			    struct ash_softhsm_tokens *tokens)
{
	ASH_ENSURE(tokens->count < TOKENS_MAX, ASH_E_LIMIT);
	if (tokens->count == tokens->cap) {
		const size_t cap = tokens->cap * 2 + 4;
		struct ash_softhsm_token *more = ash_mem_resize(tokens->token, cap, sizeof(*more));

		ASH_ENSURE(more != NULL, ASH_E_MEMORY);
		tokens->token = more;
		tokens->cap = cap;
	}
	return fill_token(attrs, folder, &tokens->token[tokens->count++]);
}

/* One that is there, and that nobody knows anything of. */
static void note_unread(const char *name, struct ash_softhsm_tokens *tokens)
{
	if (tokens->unread++ == 0)
		snprintf(tokens->unread_name, sizeof(tokens->unread_name), "%s", name);
}

/* A folder that holds no token is passed over, and so is the one of a file system's own. */
static ASH_STATUS take_folder(const char *tokendir, const char *name, struct ash_softhsm_tokens *tokens)
{
	ASH_AUTO(ash_buf) file = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	char folder[4096];
	struct ash_status status;
	uint64_t unused = 0;

	if (name[0] == '.' || strcmp(name, "lost+found") == 0 ||
	    snprintf(folder, sizeof(folder), "%s/%s", tokendir, name) >= (int)sizeof(folder))
		return ASH_DONE;
	status = read_file(folder, TOKEN_FILE, &file);
	if (ash_is_ok(status))
		status = ash_softhsm_parse(ash_buf_span(&file), ASH_SPAN_NONE, &attrs, &unused);
	if (status.code == ASH_E_MEMORY)
		return status;
	if (ash_is_ok(status))
		return add_token(attrs, folder, tokens);
	if (status.code != ASH_E_NOT_FOUND)
		note_unread(name, tokens);
	return ASH_DONE;
}

static ASH_STATUS each_entry(const char *path, struct ash_status (*take)(void *context, const char *name),
			     void *context)
{
	struct ash_status status = ASH_DONE;
	const struct dirent *entry;
	DIR *folder = opendir(path);
	int error = 0;

	if (folder == NULL)
		ASH_FAIL_WITH(ASH_E_IO, "%s: %s", path, strerrordesc_np(errno));
	errno = 0; /* at the end it stays so */
	while (ash_is_ok(status) && (entry = readdir(folder)) != NULL) {
		status = take(context, entry->d_name);
		errno = 0;
	}
	error = errno;
	(void)closedir(folder);
	if (ash_is_ok(status) && error != 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s: %s", path, strerrordesc_np(error));
	return status;
}

struct listing {
	const char *tokendir;
	struct ash_softhsm_tokens *tokens;
};

static struct ash_status list_folder(void *context, const char *name)
{
	const struct listing *listing = context;

	return take_folder(listing->tokendir, name, listing->tokens);
}

ASH_STATUS ash_softhsm_tokens_read(const char *tokendir, struct ash_softhsm_tokens *ret_tokens)
{
	ASH_AUTO(ash_softhsm_tokens) tokens = ASH_SOFTHSM_TOKENS_NONE;
	struct listing listing = { tokendir, &tokens };

	ASH_TRY(each_entry(tokendir, list_folder, &listing));
	*ret_tokens = tokens;
	tokens = ASH_SOFTHSM_TOKENS_NONE;
	return ASH_DONE;
}

/* ---- The PIN ---- */

static ASH_STATUS derive(struct ash_span pin, struct ash_span salt, struct ash_secret **ret_key)
{
	ASH_AUTO(ash_secret) *key = NULL;
	struct ash_mut room;

	ASH_TRY(ash_secret_new(AES_KEY_LEN, &key));
	room = ash_secret_edit(key);
	ASH_TRY(ash_keyfile_hash("SHA256", salt, pin, room));
	for (unsigned i = 1; i < ITERATIONS_MIN + salt.data[SALT_LEN - 1]; i++)
		ASH_TRY(ash_keyfile_hash("SHA256", ash_mut_span(room), ASH_SPAN_NONE, room));
	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

ASH_STATUS ash_softhsm_unlock(const struct ash_softhsm_token *token, struct ash_span pin,
			      struct ash_secret **ret_key)
{
	ASH_AUTO(ash_secret) *pin_key = NULL;
	ASH_AUTO(ash_buf) opened = ASH_BUF_SECRET;
	struct ash_reader in = ash_reader(ash_buf_span(&token->user_pin));
	struct ash_span salt, iv;

	ASH_ENSURE(token->has_user_pin, ASH_E_PIN_NOT_INITIALIZED);
	ASH_TRY(ash_reader_take(&in, SALT_LEN, &salt));
	ASH_TRY(ash_reader_take(&in, AES_BLOCK_LEN, &iv));
	ASH_TRY(derive(pin, salt, &pin_key));
	ASH_TRY(ash_keyfile_decrypt("AES-256-CBC", ash_secret_peek(pin_key), iv, true, in.rest, &opened));
	ASH_ENSURE(opened.len == MAGIC_LEN + AES_KEY_LEN && memcmp(opened.data, MAGIC, MAGIC_LEN) == 0,
		   ASH_E_PIN_INCORRECT);
	return ash_secret_copy(ash_span(opened.data + MAGIC_LEN, AES_KEY_LEN), ret_key);
}

/* ---- All objects of a token ---- */

struct reading {
	const struct ash_softhsm_token *token;
	struct ash_span key;
	struct ash_foreign_objects *objects;
};

static bool is_object(const char *name)
{
	static const char end[] = ".object";
	const size_t len = strlen(name);

	return len > sizeof(end) - 1 && strcmp(name + len - (sizeof(end) - 1), end) == 0 &&
	       strcmp(name, TOKEN_FILE) != 0;
}

static const char *reason(struct ash_status status)
{
	if (status.code == ASH_E_IO)
		return ash_status_explanation();
	if (status.code == ASH_E_PIN_INCORRECT)
		return "what it holds does not open with this token's key";
	return "its file is damaged";
}

static struct ash_status take_object(void *context, const char *name)
{
	const struct reading *reading = context;
	ASH_AUTO(ash_buf) file = ASH_BUF_SECRET;
	ASH_AUTO(ash_attrs) *attrs = NULL;
	struct ash_foreign_object *object = NULL;
	struct ash_status status;
	uint64_t left_out = 0;

	if (!is_object(name))
		return ASH_DONE;
	status = read_file(reading->token->folder, name, &file);
	if (ash_is_ok(status) && file.len != 0)
		status = ash_softhsm_parse(ash_buf_span(&file), reading->key, &attrs, &left_out);
	if (status.code == ASH_E_NOT_FOUND) /* or deletes it */
		return ASH_DONE;
	if (status.code == ASH_E_MEMORY)
		return status;
	ASH_TRY(ash_foreign_objects_add(reading->objects, &object));
	snprintf(object->place, sizeof(object->place), "%s", name);
	if (!ash_is_ok(status))
		snprintf(object->why, sizeof(object->why), "%s", reason(status));
	else if (file.len == 0)
		snprintf(object->why, sizeof(object->why),
			 "its file is empty: somebody is just making it, or it was never written");
	else if (left_out != 0)
		ash_foreign_object_keep_template(object, left_out);
	object->attrs = ASH_TAKE(attrs);
	return ASH_DONE;
}

ASH_STATUS ash_softhsm_objects_read(const struct ash_softhsm_token *token, struct ash_span key,
				    struct ash_foreign_objects *objects)
{
	struct reading reading = { token, key, objects };

	return each_entry(token->folder, take_object, &reading);
}
