#include "app/cli/cert/object.h"

#include "unit/app/cli/fake.h"
#include "unit/crypto/openssl/certificates.h"

static struct ash_buf root = { .limit = ASH_BUF_LIMIT }, leaf = { .limit = ASH_BUF_LIMIT };

/* A logged-in session, and the DER of both certificates. */
static void begin(struct ash_hsm *hsm)
{
	if (root.len == 0) {
		(void)certificate_of(ROOT_PEM, 0, &root);
		(void)certificate_of(LEAF_PEM, 0, &leaf);
	}
	hsm->session_open = hsm->session_writes = hsm->user = true;
}

static struct ash_span value(struct ash_hsm *hsm, ash_handle object, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[object - 1], type);

	return attr != NULL ? ash_span(attr->value, attr->len) : TEXT("none");
}

static struct ash_cli_cert_made store(struct ash_hsm *hsm, const struct ash_cli_cert_plan *plan)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_cert_made made = { 0, false };

	EXPECT_OK(ash_cli_cert_store(&cli, 7, plan, &made));
	fake_close(&cli);
	EXPECT(!hsm->searching);
	return made;
}

static enum ash_code store_fails(struct ash_hsm *hsm, const struct ash_cli_cert_plan *plan)
{
	struct ash_cli cli = fake_cli(hsm);
	struct ash_cli_cert_made made = { 0, false };
	const struct ash_status status = ash_cli_cert_store(&cli, 7, plan, &made);

	fake_close(&cli);
	EXPECT(made.object == 0);
	EXPECT_TEXT("", fake_err);
	return status.code;
}

/* A key of one class with that id, and the public half that is given. */
static void add_key(struct ash_hsm *hsm, size_t at, uint64_t class, struct ash_span id, struct ash_span info)
{
	struct fake_object *object = &hsm->objects[at];

	*object = (struct fake_object){ .used = true };
	fake_set_number(object, CKA_CLASS, class);
	fake_set(object, CKA_ID, id);
	fake_set(object, CKA_PUBLIC_KEY_INFO, info);
}

TEST(a_certificate_becomes_an_object)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli_cert_plan plan;
	struct ash_cli_cert_made made;

	begin(&hsm);
	plan = (struct ash_cli_cert_plan){ .der = ash_buf_span(&root) };
	made = store(&hsm, &plan);
	EXPECT(made.object == 1 && !made.existed);
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\1"), value(&hsm, 1, CKA_CLASS));
	EXPECT_SPAN(TEXT("\0\0\0\0\0\0\0\0"), value(&hsm, 1, CKA_CERTIFICATE_TYPE));
	EXPECT_SPAN(TEXT("\1"), value(&hsm, 1, CKA_TOKEN));
	EXPECT_SPAN(TEXT("\0"), value(&hsm, 1, CKA_PRIVATE));
	EXPECT_SPAN(TEXT("Root"), value(&hsm, 1, CKA_LABEL));
	EXPECT_SPAN(TEXT("\x02\x03\x00\xff\x01"), value(&hsm, 1, CKA_SERIAL_NUMBER));
	EXPECT_NUMBER(0x43, value(&hsm, 1, CKA_SUBJECT).len);
	EXPECT_SPAN(value(&hsm, 1, CKA_SUBJECT), value(&hsm, 1, CKA_ISSUER));
	EXPECT_SPAN(ash_buf_span(&root), value(&hsm, 1, CKA_VALUE));
	EXPECT_NUMBER(20, value(&hsm, 1, CKA_ID).len);
	EXPECT_SPAN(TEXT("none"), value(&hsm, 1, CKA_CHECK_VALUE));
}

TEST(label_and_id_may_be_given)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli_cert_plan plan;

	begin(&hsm);
	plan = (struct ash_cli_cert_plan){ ash_buf_span(&leaf), TEXT("mine"), TEXT("\x01\x02"), false };
	EXPECT_NUMBER(1, store(&hsm, &plan).object);
	EXPECT_SPAN(TEXT("mine"), value(&hsm, 1, CKA_LABEL));
	EXPECT_SPAN(TEXT("\x01\x02"), value(&hsm, 1, CKA_ID));
}

TEST(one_that_is_there_is_not_stored_again)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli_cert_plan plan;
	struct ash_cli_cert_made made;

	begin(&hsm);
	plan = (struct ash_cli_cert_plan){ .der = ash_buf_span(&root) };
	EXPECT_NUMBER(1, store(&hsm, &plan).object);
	made = store(&hsm, &plan);
	EXPECT(made.object == 1 && made.existed && !hsm.objects[1].used);
	plan.again = true;
	made = store(&hsm, &plan);
	EXPECT(made.object == 2 && !made.existed);
}

/* Programs look for the key of a certificate by its id. */
TEST(the_id_is_that_of_the_key)
{
	static const uint64_t classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY };

	for (size_t i = 0; i < ASH_COUNT(classes); i++) {
		struct ash_hsm hsm = FAKE_HSM;
		ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
		struct ash_cli_cert_plan plan;

		begin(&hsm);
		EXPECT_OK(ash_certificate_read(ash_buf_span(&leaf), &facts));
		add_key(&hsm, 0, CKO_PRIVATE_KEY, TEXT("\x09"), TEXT("another"));
		add_key(&hsm, 1, classes[i], TEXT("\x0a"), ash_buf_span(&facts.key_info));
		plan = (struct ash_cli_cert_plan){ .der = ash_buf_span(&leaf) };
		EXPECT_NUMBER(3, store(&hsm, &plan).object);
		EXPECT_SPAN(TEXT("\x0a"), value(&hsm, 3, CKA_ID));
	}
}

TEST(keys_are_found_by_their_public_half)
{
	struct ash_hsm hsm = FAKE_HSM;
	ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
	struct ash_cli cli = fake_cli(&hsm);
	ash_handle key = 99;

	begin(&hsm);
	EXPECT_OK(ash_certificate_read(ash_buf_span(&leaf), &facts));
	EXPECT_OK(ash_cli_cert_key(&cli, 7, CKO_PRIVATE_KEY, ash_buf_span(&facts.key_info), &key));
	EXPECT_NUMBER(0, key);
	add_key(&hsm, 0, CKO_PUBLIC_KEY, TEXT("\x01"), ash_buf_span(&facts.key_info));
	add_key(&hsm, 1, CKO_PRIVATE_KEY, TEXT("\x01"), TEXT("another"));
	add_key(&hsm, 2, CKO_PRIVATE_KEY, TEXT("\x01"), ash_buf_span(&facts.key_info));
	EXPECT_OK(ash_cli_cert_key(&cli, 7, CKO_PRIVATE_KEY, ash_buf_span(&facts.key_info), &key));
	EXPECT_NUMBER(3, key);
	EXPECT_CODE(ASH_E_FORMAT, ash_cli_cert_key(&cli, 7, CKO_PRIVATE_KEY, TEXT("x"), &key));
	fake_close(&cli);
}

TEST(what_fails_makes_nothing)
{
	static const char *const calls[] = { "find_begin", "find_next", "op_init", "create_object" };
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli_cert_plan plan = { .der = TEXT("no certificate") };

	begin(&hsm);
	EXPECT_NUMBER(ASH_E_FORMAT, store_fails(&hsm, &plan));
	plan.der = ash_buf_span(&root);
	for (size_t i = 0; i < ASH_COUNT(calls); i++) {
		hsm.fails = calls[i];
		hsm.code = ASH_E_IO;
		EXPECT_NUMBER(ASH_E_IO, store_fails(&hsm, &plan));
		EXPECT(!hsm.objects[0].used && !hsm.searching);
	}
}

TEST(storing_needs_memory)
{
	struct ash_hsm hsm = FAKE_HSM;
	struct ash_cli cli = fake_cli(&hsm);
	struct ash_cli_cert_made made = { 0, false };
	struct ash_cli_cert_plan plan;

	begin(&hsm);
	plan = (struct ash_cli_cert_plan){ .der = ash_buf_span(&root) };
	FAIL_EVERY_ALLOCATION(made.object == 0 && !hsm.objects[0].used,
			      ash_cli_cert_store(&cli, 7, &plan, &made));
	EXPECT_NUMBER(1, made.object);
	fake_close(&cli);
}
