#include "token/root_key.h"

#include "token/record.h"
#include "util/fs.h"
#include "util/reader.h"
#include "util/writer.h"

/* The store's own facts (docs/protocol/records.md): format, root key id. */
#define STORE_NAME   ((struct ash_record_name){ ASH_SPACE_META, 0, 1 })
#define STORE_FORMAT 1u
#define KEY_ID_LEN   16u

/* The file: a magic, then the key. */
#define MAGIC    "ASHROOT1"
#define FILE_LEN (sizeof(MAGIC) - 1 + ASH_ROOT_KEY_LEN)

static struct ash_status id_of(struct ash_crypto *crypto, const struct ash_secret *key,
			       uint8_t id[KEY_ID_LEN])
{
	return ash_crypto_hmac(crypto, ASH_HASH_SHA256, ash_secret_peek(key),
			       ash_span_text("ashlar root key id 1"), ash_mut(id, KEY_ID_LEN));
}

/* The id of the key that the store wants; ASH_E_NOT_FOUND when it has none yet. */
static struct ash_status wanted_id(struct ash_txn *txn, uint8_t id[KEY_ID_LEN])
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	struct ash_span bytes = ASH_SPAN_NONE;
	uint64_t version = 0;
	uint8_t format = 0;

	ASH_TRY(ash_txn_get(txn, STORE_NAME, &value, &version));

	struct ash_reader in = ash_reader(ash_buf_span(&value));

	ASH_ENSURE(ash_is_ok(ash_reader_u8(&in, &format)), ASH_E_CORRUPT);
	ASH_ENSURE(format == STORE_FORMAT, ASH_E_VERSION);
	ASH_ENSURE(ash_is_ok(ash_reader_take(&in, KEY_ID_LEN, &bytes)), ASH_E_CORRUPT);
	ASH_ENSURE(ash_is_ok(ash_reader_end(&in)), ASH_E_CORRUPT);
	memcpy(id, bytes.data, KEY_ID_LEN);
	return ASH_DONE;
}

static struct ash_status wanted_by(struct ash_store *store, uint8_t id[KEY_ID_LEN])
{
	ASH_AUTO(ash_txn) *view = NULL;

	ASH_TRY(ash_store_view(store, &view));
	return wanted_id(view, id);
}

static struct ash_status read_file(const struct ash_root_key_options *options, struct ash_secret **ret_key)
{
	ASH_AUTO(ash_buf) file = ASH_BUF_SECRET;
	gid_t group = ASH_FS_NO_GROUP;
	struct ash_status status;

	ASH_TRY(ash_fs_group(options->group, &group));
	status = ash_fs_read_private(options->path, FILE_LEN, group, &file);
	if (status.code != ASH_E_LIMIT)
		ASH_TRY(status);
	if (!ash_is_ok(status) || file.len != FILE_LEN || memcmp(file.data, MAGIC, sizeof(MAGIC) - 1) != 0)
		ASH_FAIL_WITH(ASH_E_TOKEN_NOT_RECOGNIZED, "%s: this is not a root key of Ashlar",
			      options->path);
	return ash_secret_copy(ash_span(file.data + sizeof(MAGIC) - 1, ASH_ROOT_KEY_LEN), ret_key);
}

/* A root key that is missing is the operator's to find, not ours to replace. */
static struct ash_status read_existing(const struct ash_root_key_options *options,
				       struct ash_secret **ret_key)
{
	struct ash_status status;

	if (options->path == NULL)
		ASH_FAIL_WITH(ASH_E_TOKEN_NOT_RECOGNIZED,
			      "the store's root key was lost with the process that made it");
	status = read_file(options, ret_key);
	if (status.code == ASH_E_NOT_FOUND)
		ASH_FAIL_WITH(
			ASH_E_TOKEN_NOT_RECOGNIZED,
			"%s: the root key of this store is missing: put it back, or name its place with root-key",
			options->path);
	return status;
}

struct ash_status ash_root_key_load(struct ash_crypto *crypto, struct ash_store *store,
				    const struct ash_root_key_options *options, struct ash_secret **ret_key)
{
	ASH_AUTO(ash_secret) *key = NULL;
	uint8_t wanted[KEY_ID_LEN], found[KEY_ID_LEN];

	ASH_TRY(wanted_by(store, wanted));
	ASH_TRY(read_existing(options, &key));
	ASH_TRY(id_of(crypto, key, found));
	if (memcmp(wanted, found, KEY_ID_LEN) != 0)
		ASH_FAIL_WITH(ASH_E_TOKEN_NOT_RECOGNIZED, "%s: this is the root key of another store",
			      options->path);
	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

static struct ash_status write_file(const struct ash_root_key_options *options, const struct ash_secret *key)
{
	ASH_AUTO(ash_buf) file = ASH_BUF_SECRET;
	gid_t group = ASH_FS_NO_GROUP;

	ASH_TRY(ash_fs_group(options->group, &group));
	ASH_TRY(ash_buf_add(&file, ash_span_text(MAGIC)));
	ASH_TRY(ash_buf_add(&file, ash_secret_peek(key)));
	return ash_fs_create_private(options->path, ash_buf_span(&file),
				     group == ASH_FS_NO_GROUP ? 0600 : 0640, group);
}

struct ash_status ash_root_key_make(struct ash_crypto *crypto, struct ash_store *store,
				    const struct ash_root_key_options *options, struct ash_secret **ret_key)
{
	ASH_AUTO(ash_secret) *key = NULL;
	uint8_t wanted[KEY_ID_LEN];
	struct ash_status status = wanted_by(store, wanted);

	if (status.code != ASH_E_NOT_FOUND) {
		ASH_TRY(status);
		return ash_root_key_load(crypto, store, options, ret_key);
	}
	if (options->path != NULL) {
		/* Left by a first C_InitToken that was killed before the store knew of it. */
		status = read_file(options, &key);
		if (status.code != ASH_E_NOT_FOUND) {
			ASH_TRY(status);
			*ret_key = ASH_TAKE(key);
			return ASH_DONE;
		}
	}
	ASH_TRY(ash_secret_new(ASH_ROOT_KEY_LEN, &key));
	ASH_TRY(ash_crypto_random(crypto, ash_secret_edit(key)));
	status = options->path != NULL ? write_file(options, key) : ASH_DONE;
	if (status.code == ASH_E_EXISTS) {
		/* Another process was faster: its key is the store's. */
		key = ash_secret_free(key);
		status = read_file(options, &key);
	}
	ASH_TRY(status);
	*ret_key = ASH_TAKE(key);
	return ASH_DONE;
}

struct ash_status ash_root_key_claim(struct ash_txn *txn, struct ash_crypto *crypto,
				     const struct ash_secret *key)
{
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint8_t wanted[KEY_ID_LEN], ours[KEY_ID_LEN];
	const struct ash_status status = wanted_id(txn, wanted);

	ASH_TRY(id_of(crypto, key, ours));
	if (status.code != ASH_E_NOT_FOUND) {
		ASH_TRY(status);
		ASH_ENSURE(memcmp(wanted, ours, KEY_ID_LEN) == 0, ASH_E_FAILED);
		return ASH_DONE;
	}
	ASH_TRY(ash_write_u8(&value, STORE_FORMAT));
	ASH_TRY(ash_buf_add(&value, ash_span(ours, KEY_ID_LEN)));
	return ash_txn_put(txn, STORE_NAME, 0, ash_buf_span(&value), NULL, 0);
}

struct ash_status ash_root_key_release(struct ash_txn *txn)
{
	const struct ash_status status = ash_txn_delete(txn, STORE_NAME);

	return status.code == ASH_E_NOT_FOUND ? ASH_DONE : status;
}
