/*
 * A whole HSM for the tests of the token room: OpenSSL, a store in memory, a fast
 * PIN hash. new_hsm() gives an empty one, new_token() one with a token in slot 0.
 * The same with _at() take a folder (new_folder()), which other HSMs may share.
 */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>

#include "crypto/openssl/openssl.h"
#include "store/memory/memory.h"
#include "store/sqlite/sqlite.h"
#include "token/attribute.h"
#include "token/hsm.h"
#include "token/hsm_priv.h"
#include "token/session.h"
#include "token/slot.h"
#include "unit/test.h"
#include "unit/token/template.h"

#define SO_PIN   TEXT("so-pin-1")
#define USER_PIN TEXT("user-pin")

static const char fixture_label[33] = "fixture                         ";

static struct ash_status fixture_open_crypto(void *context, struct ash_crypto **ret_crypto)
{
	const struct ash_backend_ops *offered[] = { &ash_backend_openssl };

	(void)context;
	return ash_crypto_open(offered, 1, "openssl", "", ret_crypto);
}

/* The context is the folder, or NULL for a store in memory. */
static struct ash_status fixture_open_store(void *context, bool create, struct ash_store **ret_store)
{
	const struct ash_store_options options = {
		.path = context != NULL ? context : "",
		.group = "",
		.create = create,
	};

	return ash_store_open(context != NULL ? &ash_store_sqlite : &ash_store_memory, &options, ret_store);
}

static inline struct ash_hsm_options fixture_options(void)
{
	return (struct ash_hsm_options){
		.open_crypto = fixture_open_crypto,
		.open_store = fixture_open_store,
		.root_key_path = NULL,
		.root_key_group = "",
		.pin_min = 4,
		.pin_tries_user = 3,
		.pin_tries_so = 3,
		.pin_hash_memory_kib = 64,
		.pin_hash_passes = 1,
		.limit_multipart = 1 << 20,
		.version_major = 0,
		.version_minor = 1,
	};
}

static inline struct ash_hsm *new_hsm(void)
{
	const struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;

	EXPECT_OK(ash_hsm_new(&options, &hsm));
	return hsm;
}

static char fixture_folders[16][64];
static size_t fixture_folder_count;

static int fixture_remove(const char *path, ASH_UNUSED const struct stat *facts, ASH_UNUSED int kind,
			  ASH_UNUSED struct FTW *place)
{
	return remove(path);
}

__attribute__((destructor)) static void fixture_remove_folders(void)
{
	for (size_t i = 0; i < fixture_folder_count; i++)
		(void)nftw(fixture_folders[i], fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A folder for a store, removed when the program ends. */
static inline char *new_folder(void)
{
	char *folder = fixture_folders[fixture_folder_count];

	EXPECT(fixture_folder_count < ASH_COUNT(fixture_folders));
	strcpy(folder, "/tmp/ashlar-token-XXXXXX");
	EXPECT(mkdtemp(folder) != NULL);
	fixture_folder_count++;
	return folder;
}

/* The path of the root key of an HSM in that folder; static room. */
static inline const char *root_key_at(const char *folder)
{
	static char path[128];

	(void)snprintf(path, sizeof(path), "%s/root.key", folder);
	return path;
}

static inline struct ash_hsm *new_hsm_at(char *folder)
{
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;

	options.context = folder;
	options.root_key_path = root_key_at(folder);
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	return hsm;
}

/* A session in slot 0. */
static inline ash_handle open_session(struct ash_hsm *hsm, bool read_write)
{
	ash_handle session = 0;

	EXPECT_OK(ash_hsm_open_session(hsm, 0, read_write, &session));
	EXPECT(session != 0);
	return session;
}

/* Makes a token whose user has a PIN in slot 0. */
static inline struct ash_hsm *with_token(struct ash_hsm *hsm)
{
	ash_handle session = 0;

	EXPECT_OK(ash_hsm_init_token(hsm, 0, SO_PIN, fixture_label));
	session = open_session(hsm, true);
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	EXPECT_OK(ash_hsm_init_pin(hsm, session, USER_PIN));
	EXPECT_OK(ash_hsm_close_session(hsm, session));
	return hsm;
}

static inline struct ash_hsm *new_token(void)
{
	return with_token(new_hsm());
}

static inline struct ash_hsm *new_token_at(char *folder)
{
	return with_token(new_hsm_at(folder));
}

/* What others were shown of the sessions in slot 0 is lost, as when somebody replaces the lock file. */
static inline void lose_hold(struct ash_hsm *hsm)
{
	EXPECT_OK(ash_store_hold(hsm->store, 1, ASH_HOLD_NONE));
}

/* A read-write session of such an HSM in which the user is logged in. */
static inline ash_handle log_in(struct ash_hsm *hsm)
{
	const ash_handle session = open_session(hsm, true);

	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	return session;
}

/* DER of the named curve P-256. */
static const uint8_t p256_oid[] = { 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07 };

#define P256 SPAN(p256_oid)

/* CKA_TOKEN and the like, for a bool. */
static inline struct ash_span yes_no(bool value)
{
	static const uint8_t bools[2] = { 0, 1 };

	return ash_span(&bools[value ? 1 : 0], 1);
}

static inline ash_handle create(struct ash_hsm *hsm, ash_handle session, struct ash_template given)
{
	ash_handle object = 0;

	EXPECT_OK(ash_hsm_create_object(hsm, session, given, &object));
	EXPECT(object != 0);
	return object;
}

/* A public data object with a label. */
static inline ash_handle create_data(struct ash_hsm *hsm, ash_handle session, bool on_token,
				     struct ash_span label)
{
	return create(hsm, session,
		      ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, yes_no(on_token) },
			    { CKA_LABEL, label }, { CKA_VALUE, TEXT("data") }));
}

/* A P-256 pair labelled "pair"; on the token or in the session. */
static inline void make_p256(struct ash_hsm *hsm, ash_handle session, bool on_token, ash_handle *ret_public,
			     ash_handle *ret_private)
{
	const struct ash_mechanism mechanism = { .type = CKM_EC_KEY_PAIR_GEN };

	EXPECT_OK(ash_hsm_generate_pair(
		hsm, session, &mechanism,
		ATTRS({ CKA_EC_PARAMS, P256 }, { CKA_TOKEN, yes_no(on_token) }, { CKA_VERIFY, YES },
		      { CKA_LABEL, TEXT("pair") }),
		ATTRS({ CKA_TOKEN, yes_no(on_token) }, { CKA_SIGN, YES }, { CKA_LABEL, TEXT("pair") }),
		ret_public, ret_private));
}

/* An AES-256 key labelled "aes" of the session or the token. */
static inline ash_handle make_aes(struct ash_hsm *hsm, ash_handle session, bool on_token)
{
	const struct ash_mechanism mechanism = { .type = CKM_AES_KEY_GEN };
	ash_handle key = 0;

	EXPECT_OK(ash_hsm_generate_key(hsm, session, &mechanism,
				       ATTRS({ CKA_VALUE_LEN, NUMBER(32) }, { CKA_TOKEN, yes_no(on_token) },
					     { CKA_ENCRYPT, YES }, { CKA_DECRYPT, YES },
					     { CKA_LABEL, TEXT("aes") }),
				       &key));
	return key;
}

/* Finds all that fit, in pages of `page`; the count. */
static inline size_t find_all(struct ash_hsm *hsm, ash_handle session, struct ash_template want, size_t page,
			      ash_handle *found, size_t cap)
{
	size_t count = 0, total = 0;

	EXPECT_OK(ash_hsm_find_begin(hsm, session, want));
	do {
		const size_t room = cap - total < page ? cap - total : page;

		EXPECT_OK(ash_hsm_find_next(hsm, session, found + total, room, &count));
		EXPECT(count <= room);
		total += count;
	} while (count != 0);
	EXPECT_OK(ash_hsm_find_end(hsm, session));
	return total;
}

static inline size_t count_found(struct ash_hsm *hsm, ash_handle session, struct ash_template want)
{
	ash_handle found[1024];

	return find_all(hsm, session, want, 7, found, ASH_COUNT(found));
}

/* How many objects with this label the session finds. */
static inline size_t count_label(struct ash_hsm *hsm, ash_handle session, struct ash_span label)
{
	return count_found(hsm, session, ATTRS({ CKA_LABEL, label }));
}

/* One attribute's value, in static room that four calls share. */
static inline struct ash_span get_bytes(struct ash_hsm *hsm, ash_handle session, ash_handle object,
					uint64_t type)
{
	static uint8_t room[4][8192];
	static size_t turn;
	struct ash_attr_query query = { .type = type };

	turn = (turn + 1) % ASH_COUNT(room);
	query.value = (struct ash_out){ room[turn], sizeof(room[turn]), 0 };
	EXPECT_OK(ash_hsm_get_attributes(hsm, session, object, &query, 1));
	return ash_span(room[turn], query.value.len);
}

static inline bool get_bool(struct ash_hsm *hsm, ash_handle session, ash_handle object, uint64_t type)
{
	const struct ash_span value = get_bytes(hsm, session, object, type);

	EXPECT_NUMBER(1, value.len);
	return value.data[0] != 0;
}

static inline uint64_t get_number(struct ash_hsm *hsm, ash_handle session, ash_handle object, uint64_t type)
{
	const struct ash_span value = get_bytes(hsm, session, object, type);
	uint64_t number = 0;

	EXPECT_NUMBER(8, value.len);
	for (size_t i = 0; i < 8; i++)
		number = number << 8 | value.data[i];
	return number;
}

/* The answer to a question for one attribute. */
static inline enum ash_code ask(struct ash_hsm *hsm, ash_handle session, ash_handle object, uint64_t type)
{
	struct ash_attr_query query = { .type = type };

	return ash_hsm_get_attributes(hsm, session, object, &query, 1).code;
}
