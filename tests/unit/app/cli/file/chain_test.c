#include "app/cli/file/chain.h"

#include "unit/app/cli/fake.h"

static const uint8_t spki[] = { 0x30, 0x0a, 0x30, 0x00, 0x03, 0x06, 0x00, 0x50, 0x51, 0x52, 0x53, 0x54 };

static struct ash_buf text(const char *bytes)
{
	struct ash_buf buf = ASH_BUF_PLAIN;

	EXPECT_OK(ash_buf_add(&buf, ash_span_text(bytes)));
	return buf;
}

static struct ash_keyfile_cert cert(const char *der, const char *name, size_t key)
{
	struct ash_keyfile_cert made = {
		.der = text(der),
		.subject = text("subject"),
		.issuer = text("issuer"),
		.serial = text("serial"),
		.public_info = ASH_BUF_PLAIN,
		.name = text(name),
		.key = key,
	};

	EXPECT_OK(ash_buf_add(&made.public_info, SPAN(spki)));
	return made;
}

static void cert_done(struct ash_keyfile_cert *made)
{
	ash_buf_done(&made->der);
	ash_buf_done(&made->subject);
	ash_buf_done(&made->issuer);
	ash_buf_done(&made->serial);
	ash_buf_done(&made->public_info);
	ash_buf_done(&made->name);
}

static struct ash_span bytes(struct ash_hsm *hsm, size_t n, uint64_t type)
{
	struct fake_attr *attr = fake_attr(&hsm->objects[n], type);

	EXPECT(attr != NULL);
	return ash_span(attr->value, attr->len);
}

static void store(struct ash_hsm *hsm, const struct ash_cli_chain *chain, const struct ash_keyfile_cert *made,
		  enum ash_code want, uint64_t want_count)
{
	struct ash_cli cli = fake_cli(hsm);
	uint64_t count = 0;

	hsm->session_open = hsm->session_writes = hsm->user = true;
	hsm->searching = false;
	EXPECT_CODE(want, ash_cli_chain_store(&cli, 7, chain, made, &count));
	EXPECT_NUMBER(want_count, count);
	fake_close(&cli);
}

TEST(a_certificate_is_stored_with_its_keys_id_once)
{
	struct ash_hsm hsm = FAKE_HSM;
	const struct ash_cli_chain chain = { TEXT("web"), TEXT("\x01") };
	struct ash_keyfile_cert own = cert("own", "leaf", 0), other = cert("other", "Root", SIZE_MAX);

	store(&hsm, &chain, &own, ASH_OK, 1);
	store(&hsm, &chain, &other, ASH_OK, 1);
	store(&hsm, &chain, &own, ASH_OK, 1);
	EXPECT(hsm.objects[1].used && !hsm.objects[2].used);
	EXPECT_SPAN(TEXT("web"), bytes(&hsm, 0, CKA_LABEL));
	EXPECT_SPAN(TEXT("\x01"), bytes(&hsm, 0, CKA_ID));
	EXPECT_SPAN(TEXT("own"), bytes(&hsm, 0, CKA_VALUE));
	EXPECT_SPAN(TEXT("serial"), bytes(&hsm, 0, CKA_SERIAL_NUMBER));
	EXPECT_SPAN(TEXT("Root"), bytes(&hsm, 1, CKA_LABEL));
	EXPECT_NUMBER(20, bytes(&hsm, 1, CKA_ID).len);
	cert_done(&own);
	cert_done(&other);
}

TEST(without_a_label_it_is_called_by_its_name)
{
	struct ash_hsm hsm = FAKE_HSM;
	const struct ash_cli_chain chain = { ASH_SPAN_NONE, ASH_SPAN_NONE };
	struct ash_keyfile_cert own = cert("own", "leaf", 0);

	store(&hsm, &chain, &own, ASH_OK, 1);
	EXPECT_SPAN(TEXT("leaf"), bytes(&hsm, 0, CKA_LABEL));
	EXPECT_NUMBER(20, bytes(&hsm, 0, CKA_ID).len);
	cert_done(&own);
}

TEST(a_failure_is_not_counted)
{
	struct ash_hsm hsm = FAKE_HSM;
	const struct ash_cli_chain chain = { TEXT("web"), ASH_SPAN_NONE };
	struct ash_keyfile_cert own = cert("own", "leaf", 0);

	hsm.fails = "create_object";
	hsm.code = ASH_E_FULL;
	store(&hsm, &chain, &own, ASH_E_FULL, 0);
	cert_done(&own);
}
