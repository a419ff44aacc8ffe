#include "token/find.h"

#include <pthread.h>
#include <sched.h>

#include "store/backend.h"
#include "token/attribute.h"
#include "token/slot_priv.h"
#include "unit/token/fixture.h"

static const uint8_t oid[] = { 0x06, 0x01, 0x2a };

TEST(each_indexed_attribute_finds)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const ash_handle data =
		create(hsm, session,
		       ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES }, { CKA_LABEL, TEXT("d") },
			     { CKA_APPLICATION, TEXT("app") }, { CKA_OBJECT_ID, SPAN(oid) }));
	const ash_handle cert = create(
		hsm, session,
		ATTRS({ CKA_CLASS, NUMBER(CKO_CERTIFICATE) }, { CKA_CERTIFICATE_TYPE, NUMBER(CKC_X_509) },
		      { CKA_TOKEN, YES }, { CKA_LABEL, TEXT("c") }, { CKA_ID, TEXT("id") },
		      { CKA_SUBJECT, TEXT("subject") }, { CKA_ISSUER, TEXT("issuer") },
		      { CKA_SERIAL_NUMBER, TEXT("serial") }, { CKA_VALUE, TEXT("value") }));
	ash_handle public_key = 0, private_key = 0, found = 0;

	make_p256(hsm, session, true, &public_key, &private_key);
	const struct {
		ash_handle object;
		uint64_t type;
	} row[] = {
		{ data, CKA_LABEL },
		{ data, CKA_APPLICATION },
		{ data, CKA_OBJECT_ID },
		{ data, CKA_CLASS },
		{ data, CKA_UNIQUE_ID },
		{ cert, CKA_LABEL },
		{ cert, CKA_ID },
		{ cert, CKA_CLASS },
		{ cert, CKA_SUBJECT },
		{ cert, CKA_ISSUER },
		{ cert, CKA_SERIAL_NUMBER },
		{ cert, CKA_VALUE },
		{ cert, CKA_UNIQUE_ID },
		{ public_key, CKA_CLASS },
		{ public_key, CKA_EC_POINT },
		{ public_key, CKA_UNIQUE_ID },
		{ private_key, CKA_CLASS },
		{ private_key, CKA_UNIQUE_ID },
	};
	for (size_t i = 0; i < ASH_COUNT(row); i++) {
		const struct ash_span value = get_bytes(hsm, session, row[i].object, row[i].type);

		EXPECT_NUMBER(1, find_all(hsm, session, ATTRS({ row[i].type, value }), 2, &found, 1));
		EXPECT_NUMBER(row[i].object, found);
	}
	ash_hsm_free(hsm);
}

TEST(all_of_a_template_has_to_fit)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	ash_handle public_key, private_key;

	make_p256(hsm, session, true, &public_key, &private_key);
	create_data(hsm, session, true, TEXT("pair"));
	make_aes(hsm, session, false);
	EXPECT_NUMBER(3, count_label(hsm, session, TEXT("pair")));
	EXPECT_NUMBER(
		1, count_found(hsm, session,
			       ATTRS({ CKA_LABEL, TEXT("pair") }, { CKA_CLASS, NUMBER(CKO_PRIVATE_KEY) })));
	EXPECT_NUMBER(2, count_found(hsm, session,
				     ATTRS({ CKA_LABEL, TEXT("pair") }, { CKA_KEY_TYPE, NUMBER(CKK_EC) })));
	EXPECT_NUMBER(1, count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("pair") }, { CKA_SIGN, YES })));
	EXPECT_NUMBER(0, count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("pair") }, { CKA_SIGN, NO })));
	EXPECT_NUMBER(0, count_found(hsm, session,
				     ATTRS({ CKA_LABEL, TEXT("aes") }, { CKA_CLASS, NUMBER(CKO_DATA) })));
	/* without an index */
	EXPECT_NUMBER(3, count_found(hsm, session, ATTRS({ CKA_TOKEN, YES })));
	EXPECT_NUMBER(1, count_found(hsm, session, ATTRS({ CKA_TOKEN, NO })));
	EXPECT_NUMBER(2, count_found(hsm, session, ATTRS({ CKA_PRIVATE, YES })));
	EXPECT_NUMBER(1, count_found(hsm, session, ATTRS({ CKA_VALUE, TEXT("data") })));
	EXPECT_NUMBER(4, count_found(hsm, session, NO_ATTRS));
	ash_hsm_free(hsm);
}

TEST(templates_that_nothing_fits)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true);

	create_data(hsm, session, true, TEXT("a"));
	create_data(hsm, session, false, TEXT("a"));
	EXPECT_NUMBER(0,
		      count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("a") }, { CKA_LABEL, TEXT("b") })));
	EXPECT_NUMBER(2,
		      count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("a") }, { CKA_LABEL, TEXT("a") })));
	EXPECT_NUMBER(0, count_found(hsm, session, ATTRS({ CKA_VENDOR_DEFINED | 77, TEXT("a") })));
	EXPECT_NUMBER(0, count_found(hsm, session, ATTRS({ CKA_CLASS, TEXT("a") })));
	EXPECT_NUMBER(0, count_found(hsm, session, ATTRS({ CKA_CLASS, NUMBER(CKO_MECHANISM) })));
	EXPECT_NUMBER(0, count_found(hsm, session, ATTRS({ CKA_LABEL, EMPTY })));
	ash_hsm_free(hsm);
}

TEST(numbers_are_found_with_leading_zeroes)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_mechanism make = { .type = CKM_RSA_PKCS_KEY_PAIR_GEN };
	uint8_t padded[257] = { 0 };
	ash_handle public_key, private_key;
	struct ash_span modulus;

	EXPECT_OK(ash_hsm_generate_pair(hsm, session, &make,
					ATTRS({ CKA_MODULUS_BITS, NUMBER(2048) }, { CKA_TOKEN, YES }),
					ATTRS({ CKA_TOKEN, YES }), &public_key, &private_key));
	modulus = get_bytes(hsm, session, public_key, CKA_MODULUS);
	EXPECT_NUMBER(256, modulus.len);
	memcpy(padded + 1, modulus.data, 256);
	EXPECT_NUMBER(2, count_found(hsm, session, ATTRS({ CKA_MODULUS, modulus })));
	EXPECT_NUMBER(2, count_found(hsm, session, ATTRS({ CKA_MODULUS, SPAN(padded) })));
	EXPECT_NUMBER(
		1, count_found(hsm, session,
			       ATTRS({ CKA_MODULUS, SPAN(padded) }, { CKA_CLASS, NUMBER(CKO_PUBLIC_KEY) })));
	ash_hsm_free(hsm);
}

TEST(no_search_guesses_at_secrets)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	static const uint8_t value[16] = { 3, 1, 4 };

	for (int sensitive = 0; sensitive < 2; sensitive++) {
		const ash_handle key =
			create(hsm, session,
			       ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_KEY_TYPE, NUMBER(CKK_AES) },
				     { CKA_VALUE, SPAN(value) }, { CKA_TOKEN, YES },
				     { CKA_SENSITIVE, yes_no(sensitive == 1) }, { CKA_EXTRACTABLE, YES }));

		EXPECT_NUMBER(1 - sensitive, count_found(hsm, session, ATTRS({ CKA_VALUE, SPAN(value) })));
		EXPECT_OK(ash_hsm_destroy_object(hsm, session, key));
	}
	ash_hsm_free(hsm);
}

TEST(private_objects_are_found_by_the_user_alone)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);

	make_aes(hsm, session, true);
	create_data(hsm, session, true, TEXT("aes"));
	EXPECT_NUMBER(2, count_label(hsm, session, TEXT("aes")));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("aes")));
	EXPECT_NUMBER(1, count_found(hsm, session, NO_ATTRS));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_SO, SO_PIN));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("aes")));
	ash_hsm_free(hsm);
}

TEST(searches_begin_and_end_in_order)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = open_session(hsm, true), other = open_session(hsm, true);
	ash_handle found[2] = { 7, 7 };
	size_t count = 9;

	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_find_next(hsm, session, found, 2, &count));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_find_end(hsm, session));
	EXPECT_OK(ash_hsm_find_begin(hsm, session, NO_ATTRS));
	EXPECT_CODE(ASH_E_OPERATION_ACTIVE, ash_hsm_find_begin(hsm, session, NO_ATTRS));
	EXPECT_OK(ash_hsm_find_begin(hsm, other, NO_ATTRS));
	EXPECT_NUMBER(9, count);
	EXPECT_OK(ash_hsm_find_next(hsm, session, found, 0, &count));
	EXPECT_NUMBER(0, count);
	create_data(hsm, session, true, TEXT("x"));
	EXPECT_OK(ash_hsm_find_next(hsm, session, found, 2, &count));
	EXPECT_NUMBER(1, count);
	EXPECT_OK(ash_hsm_find_next(hsm, session, found, 2, &count));
	EXPECT_NUMBER(0, count);
	EXPECT_OK(ash_hsm_find_end(hsm, session));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_find_end(hsm, session));
	ash_hsm_free(hsm);
}

TEST(pages_of_any_size_give_each_object_once)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	static const size_t pages[] = { 1, 2, 63, 64, 65, 500, 1000 };
	static ash_handle made[500], found[1000];

	for (size_t i = 0; i < ASH_COUNT(made); i++)
		made[i] = create(hsm, session,
				 ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, yes_no(i % 3 != 0) },
				       { CKA_PRIVATE, yes_no(i % 2 == 0) }, { CKA_LABEL, TEXT("many") },
				       { CKA_OBJECT_ID, NUMBER(i) }));
	for (size_t p = 0; p < ASH_COUNT(pages); p++) {
		for (int indexed = 0; indexed < 3; indexed++) {
			const struct ash_template want = indexed == 0   ? ATTRS({ CKA_LABEL, TEXT("many") })
							 : indexed == 1 ? ATTRS({ CKA_VALUE, EMPTY })
									: NO_ATTRS;
			const size_t count = find_all(hsm, session, want, pages[p], found, ASH_COUNT(found));
			bool seen[ASH_COUNT(made)] = { false };

			EXPECT_NUMBER(ASH_COUNT(made), count);
			for (size_t i = 0; i < count; i++) {
				size_t k = 0;

				while (k < ASH_COUNT(made) && made[k] != found[i])
					k++;
				EXPECT(k < ASH_COUNT(made) && !seen[k]);
				seen[k] = true;
			}
		}
	}
	for (size_t i = 0; i < ASH_COUNT(made); i += 97)
		EXPECT_NUMBER(1,
			      count_found(hsm, session,
					  ATTRS({ CKA_LABEL, TEXT("many") }, { CKA_OBJECT_ID, NUMBER(i) })));
	ash_hsm_free(hsm);
}

TEST(a_search_goes_on_while_its_objects_are_destroyed)
{
	for (int on_token = 0; on_token < 2; on_token++) {
		struct ash_hsm *hsm = new_token();
		const ash_handle session = open_session(hsm, true), other = open_session(hsm, true);
		ash_handle made[200], found = 0;
		size_t count = 1, total = 0;

		for (size_t i = 0; i < ASH_COUNT(made); i++)
			made[i] = create_data(hsm, session, on_token == 1, TEXT("x"));
		EXPECT_OK(ash_hsm_find_begin(hsm, session, ATTRS({ CKA_LABEL, TEXT("x") })));
		for (size_t i = 0; count != 0; i++) {
			EXPECT_OK(ash_hsm_find_next(hsm, session, &found, 1, &count));
			total += count;
			/* what was found, and one that is still to come */
			if (count != 0)
				EXPECT_OK(ash_hsm_destroy_object(hsm, other, found));
			if (count != 0 && i < 50)
				EXPECT_OK(ash_hsm_destroy_object(hsm, other, made[ASH_COUNT(made) - 1 - i]));
		}
		EXPECT_NUMBER(150, total);
		EXPECT_OK(ash_hsm_find_end(hsm, session));
		EXPECT_NUMBER(0, count_found(hsm, session, NO_ATTRS));
		ash_hsm_free(hsm);
	}
}

TEST(a_search_for_private_objects_ends_at_logout)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm), other = open_session(hsm, false);
	ash_handle found = 0;
	size_t count = 0;

	make_aes(hsm, session, true);
	EXPECT_OK(ash_hsm_find_begin(hsm, other, NO_ATTRS));
	EXPECT_OK(ash_hsm_logout(hsm, session));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_find_next(hsm, other, &found, 1, &count));
	EXPECT_NUMBER(0, found);
	ash_hsm_free(hsm);
}

TEST(searching_survives_each_failing_allocation)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	const struct ash_template want = ATTRS({ CKA_LABEL, TEXT("x") }, { CKA_PRIVATE, YES });
	ash_handle found[8];
	size_t count = 99;

	for (size_t i = 0; i < 4; i++)
		create(hsm, session,
		       ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES }, { CKA_PRIVATE, YES },
			     { CKA_LABEL, TEXT("x") }));
	FAIL_EVERY_ALLOCATION(true, ash_hsm_find_begin(hsm, session, want));
	FAIL_EVERY_ALLOCATION(count == 99, ash_hsm_find_next(hsm, session, found, 8, &count));
	EXPECT_NUMBER(4, count);
	EXPECT_OK(ash_hsm_find_end(hsm, session));
	ash_hsm_free(hsm);
}

/* A store in memory, where somebody logs out when a view of it is begun for the last time. */
static struct ash_store_ops disturbed;

static struct {
	struct ash_hsm *hsm;
	ash_handle session;
	unsigned views; /* until then; 0: nobody logs out */
	pthread_t thread;
} leaver;

static void *leave(ASH_UNUSED void *context)
{
	EXPECT_OK(ash_hsm_logout(leaver.hsm, leaver.session));
	return NULL;
}

static struct ash_status disturbed_read_begin(void *store, void **ret_txn)
{
	if (leaver.views != 0 && --leaver.views == 0) {
		struct ash_token *token = atomic_load(&leaver.hsm->tokens);

		EXPECT_NUMBER(0, pthread_create(&leaver.thread, NULL, leave, NULL));
		while (atomic_load(&token->login) != 0)
			sched_yield();
	}
	return ash_store_memory.read_begin(store, ret_txn);
}

static struct ash_status open_disturbed_store(ASH_UNUSED void *context, bool create,
					      struct ash_store **ret_store)
{
	const struct ash_store_options options = { .path = "", .group = "", .create = create };

	disturbed = ash_store_memory;
	disturbed.read_begin = disturbed_read_begin;
	return ash_store_open(&disturbed, &options, ret_store);
}

/* The first view is for public objects, the second for private ones. */
TEST(a_logout_amid_a_search_ends_it_without_a_fault)
{
	struct ash_hsm_options options = fixture_options();
	struct ash_hsm *hsm = NULL;
	ash_handle found[4], session = 0;
	size_t count = 9;

	options.open_store = open_disturbed_store;
	EXPECT_OK(ash_hsm_new(&options, &hsm));
	hsm = with_token(hsm);
	session = log_in(hsm);
	(void)create_data(hsm, session, true, TEXT("aes"));
	(void)make_aes(hsm, session, true);
	EXPECT_NUMBER(2, count_label(hsm, session, TEXT("aes")));
	leaver.hsm = hsm;
	leaver.session = open_session(hsm, true);
	EXPECT_OK(ash_hsm_find_begin(hsm, session, ATTRS({ CKA_LABEL, TEXT("aes") })));
	leaver.views = 2;
	EXPECT_OK(ash_hsm_find_next(hsm, session, found, ASH_COUNT(found), &count));
	EXPECT_NUMBER(1, count);
	EXPECT_NUMBER(0, pthread_join(leaver.thread, NULL));
	EXPECT_CODE(ASH_E_OPERATION_NONE, ash_hsm_find_next(hsm, session, found, ASH_COUNT(found), &count));
	ash_hsm_free(hsm);
}

/* Another byte in the middle of the record of the data object `label`, its terms as they are. */
static struct ash_status damage_record(struct ash_txn *txn, void *context)
{
	struct ash_hsm *hsm = context;
	const struct ash_token *token = atomic_load(&hsm->tokens);
	struct ash_record_name name = { ASH_SPACE_PUBLIC, token->slot + 1, 0 };
	uint8_t bytes[2][ASH_TERM_LEN];
	struct ash_span terms[2];
	ASH_AUTO(ash_buf) value = ASH_BUF_PLAIN;
	uint64_t version = 0;
	size_t found = 0;

	ASH_TRY(ash_record_term(hsm->crypto, &token->public_ring, CKA_LABEL, TEXT("one"), bytes[0]));
	ASH_TRY(ash_record_term(hsm->crypto, &token->public_ring, CKA_CLASS,
				ash_attribute_canonical(CKA_CLASS, NUMBER(CKO_DATA)), bytes[1]));
	for (size_t i = 0; i < 2; i++)
		terms[i] = ash_span(bytes[i], ASH_TERM_LEN);
	ASH_TRY(ash_txn_find(txn, name.space, name.owner, terms[0], 0, &name.id, 1, &found));
	EXPECT_NUMBER(1, found);
	ASH_TRY(ash_txn_get(txn, name, &value, &version));
	value.data[value.len / 2] ^= 1;
	return ash_txn_put(txn, name, version, ash_buf_span(&value), terms, 2);
}

/* Else who asks for it were told that there is none. */
TEST(a_damaged_record_is_found_unless_its_terms_speak_against_it)
{
	struct ash_hsm *hsm = new_token();
	const ash_handle session = log_in(hsm);
	ash_handle found = 0;

	(void)create(hsm, session,
		     ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES }, { CKA_LABEL, TEXT("one") },
			   { CKA_VALUE, TEXT("data") }));
	(void)create(hsm, session,
		     ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, YES }, { CKA_LABEL, TEXT("two") },
			   { CKA_VALUE, TEXT("data") }));
	EXPECT_OK(ash_store_change(hsm->store, damage_record, hsm));

	EXPECT_NUMBER(1, find_all(hsm, session, ATTRS({ CKA_LABEL, TEXT("one") }), 2, &found, 1));
	EXPECT_NUMBER(ASH_E_CORRUPT, ask(hsm, session, found, CKA_VALUE));
	EXPECT_NUMBER(1, count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("two") })));
	EXPECT_NUMBER(0, count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("three") })));
	EXPECT_NUMBER(2, count_found(hsm, session, ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) })));
	EXPECT_NUMBER(0,
		      count_found(hsm, session,
				  ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) }, { CKA_LABEL, TEXT("one") })));
	/* Of an attribute without an index nobody knows. */
	EXPECT_NUMBER(1,
		      count_found(hsm, session, ATTRS({ CKA_LABEL, TEXT("one") }, { CKA_MODIFIABLE, NO })));
	ash_hsm_free(hsm);
}

/* Changes one byte in the cells of the page where the table of terms begins. */
static void damage_terms(const char *folder)
{
	const long at = 4 * 4096 + 4096 - 20; /* page 5 */
	char path[128];
	FILE *file = NULL;
	int first = 0, byte = 0;

	(void)snprintf(path, sizeof(path), "%s/store.db", folder);
	file = fopen(path, "r+");
	EXPECT(file != NULL);
	EXPECT_NUMBER(0, fseek(file, 4 * 4096, SEEK_SET));
	first = fgetc(file);
	EXPECT_NUMBER(0x0a, first); /* a leaf of an index */
	EXPECT_NUMBER(0, fseek(file, at, SEEK_SET));
	byte = fgetc(file);
	EXPECT_NUMBER(0, fseek(file, at, SEEK_SET));
	EXPECT(fputc(byte ^ 1, file) != EOF);
	EXPECT_NUMBER(0, fclose(file));
}

TEST(a_damaged_index_is_gone_round)
{
	char *folder = new_folder();
	struct ash_hsm *hsm = new_token_at(folder);
	ash_handle session = log_in(hsm), object = 0;

	(void)create_data(hsm, session, true, TEXT("one"));
	(void)create_data(hsm, session, true, TEXT("two"));
	(void)make_aes(hsm, session, true);
	ash_hsm_free(hsm);
	damage_terms(folder);

	hsm = new_hsm_at(folder);
	session = open_session(hsm, true);
	EXPECT_CODE(ASH_E_PIN_INCORRECT, ash_hsm_login(hsm, session, CKU_USER, TEXT("wrong")));
	EXPECT_OK(ash_hsm_login(hsm, session, CKU_USER, USER_PIN));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("one")));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("two")));
	EXPECT_NUMBER(0, count_label(hsm, session, TEXT("three")));
	EXPECT_NUMBER(1, count_found(hsm, session, ATTRS({ CKA_CLASS, NUMBER(CKO_SECRET_KEY) })));
	/* What would have to go into it is refused. */
	EXPECT_CODE(ASH_E_CORRUPT,
		    ash_hsm_create_object(hsm, session,
					  ATTRS({ CKA_CLASS, NUMBER(CKO_DATA) }, { CKA_TOKEN, yes_no(true) },
						{ CKA_LABEL, TEXT("three") }, { CKA_VALUE, TEXT("data") }),
					  &object));
	EXPECT_NUMBER(1, count_label(hsm, session, TEXT("two")));
	ash_hsm_free(hsm);
}
