/*
 * What strangers write of certificates: files of them, a single one, names, lists of other
 * names and of purposes. Whatever is refused adds nothing, and what is read of a certificate
 * is whole. OpenSSL itself is not instrumented.
 *
 * The input: one byte for what it is, then the bytes.
 */
#include "fuzz.h"

#include "crypto/openssl/certext.h"
#include "crypto/openssl/certfile.h"
#include "crypto/openssl/certificate.h"
#include "crypto/openssl/certname.h"

static void read_one(struct ash_span der)
{
	ASH_AUTO(ash_certificate) one = ASH_CERTIFICATE_NONE;

	if (!ash_is_ok(ash_certificate_read(der, &one))) {
		HOLDS(one.subject.data == NULL && one.key_info.data == NULL);
		return;
	}
	HOLDS(der.len <= ASH_CERTIFICATE_MAX);
	HOLDS(one.subject.len >= 2 && one.subject.data[0] == 0x30);
	HOLDS(one.issuer.len >= 2 && one.issuer.data[0] == 0x30);
	HOLDS(one.key_info.len >= 2 && one.key_info.data[0] == 0x30);
	HOLDS(one.serial.len > one.serial_number.len && one.serial_number.len != 0);
	HOLDS(ash_span_equal(
		ash_buf_span(&one.serial_number),
		ash_span(one.serial.data + one.serial.len - one.serial_number.len, one.serial_number.len)));
	ash_ignore(ash_certificate_check(der, der));
}

static struct ash_status take(void *context, struct ash_span der)
{
	size_t *count = context;

	HOLDS(der.len <= ASH_CERTIFICATE_MAX);
	read_one(der);
	return ++*count < 8 ? ASH_DONE : (struct ash_status){ ASH_E_EXISTS };
}

static void read_file(struct ash_span file)
{
	size_t count = 0;
	const struct ash_status status = ash_certfile_each(file, take, &count);

	HOLDS(count != 0 || !ash_is_ok(status));
	HOLDS(count < 8 || status.code == ASH_E_EXISTS);
}

static void read_text(struct ash_status (*read)(struct ash_span text, struct ash_buf *der),
		      struct ash_span text)
{
	ASH_AUTO(ash_buf) der = ASH_BUF_PLAIN;

	if (ash_is_ok(read(text, &der)))
		HOLDS(der.len >= 2 && der.data[0] == 0x30);
	else
		HOLDS(der.len == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct ash_span in = ash_span(data, len);

	switch (fuzz_byte(&in) % 5) {
	case 0: read_one(in); break;
	case 1: read_file(in); break;
	case 2: read_text(ash_certname_read, in); break;
	case 3: read_text(ash_certext_alt_names, in); break;
	default: read_text(ash_certext_purposes, in); break;
	}
	return 0;
}
