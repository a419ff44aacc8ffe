#include "app/cli/key/keyid.h"

#include "app/cli/find/template.h"
#include "app/cli/find/values.h"
#include "util/reader.h"

#define ID_LEN     20
#define SHA256_LEN 32

#define DER_SEQUENCE   0x30
#define DER_BIT_STRING 0x03

/* One DER element with this tag: its content. Keys are shorter than 64 KiB. */
static ASH_STATUS der_take(struct ash_reader *in, uint8_t tag, struct ash_span *ret_content)
{
	uint8_t found, first;
	uint16_t len;

	ASH_TRY(ash_reader_u8(in, &found));
	ASH_ENSURE(found == tag, ASH_E_FORMAT);
	ASH_TRY(ash_reader_u8(in, &first));
	len = first;
	if (first == 0x81) {
		ASH_TRY(ash_reader_u8(in, &first));
		len = first;
	} else if (first == 0x82) {
		ASH_TRY(ash_reader_u16(in, &len));
	} else {
		ASH_ENSURE(first < 0x80, ASH_E_FORMAT);
	}
	return ash_reader_take(in, len, ret_content);
}

ASH_STATUS ash_cli_keyid_bits(struct ash_span spki, struct ash_span *ret_bits)
{
	struct ash_reader in = ash_reader(spki);
	struct ash_reader inner;
	struct ash_span content, unused, bits;
	uint8_t unused_bits;

	ASH_TRY(der_take(&in, DER_SEQUENCE, &content));
	ASH_TRY(ash_reader_end(&in));
	inner = ash_reader(content);
	ASH_TRY(der_take(&inner, DER_SEQUENCE, &unused)); /* the algorithm */
	ASH_TRY(der_take(&inner, DER_BIT_STRING, &bits));
	ASH_TRY(ash_reader_end(&inner));

	in = ash_reader(bits);
	ASH_TRY(ash_reader_u8(&in, &unused_bits));
	ASH_ENSURE(unused_bits == 0, ASH_E_FORMAT);
	*ret_bits = in.rest;
	return ASH_DONE;
}

ASH_STATUS ash_cli_keyid_set(struct ash_cli *cli, ash_handle session, ash_handle public_key,
			     ash_handle private_key)
{
	static const uint64_t types[] = { CKA_PUBLIC_KEY_INFO };
	static const struct ash_mechanism sha256 = { .type = CKM_SHA256 };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct ash_cli_template id = { .count = 0 };
	struct ash_span spki, bits;
	uint8_t digest[SHA256_LEN];
	struct ash_out out = { digest, sizeof(digest), 0 };

	ASH_TRY(ash_cli_values_read(cli, session, public_key, types, ASH_COUNT(types), &values));
	ASH_ENSURE(ash_cli_value_bytes(&values, CKA_PUBLIC_KEY_INFO, &spki), ASH_E_ATTRIBUTE_TYPE);
	ASH_TRY(ash_cli_keyid_bits(spki, &bits));
	ASH_TRY(cli->api->op_init(cli->hsm, session, ASH_OP_DIGEST, &sha256, 0));
	ASH_TRY(cli->api->op_single(cli->hsm, session, ASH_OP_DIGEST, bits, &out));
	ASH_TRY(ash_cli_template_bytes(&id, CKA_ID, ash_span(digest, ID_LEN)));
	ASH_TRY(cli->api->set_attributes(cli->hsm, session, public_key, ash_cli_template(&id)));
	return cli->api->set_attributes(cli->hsm, session, private_key, ash_cli_template(&id));
}

ASH_STATUS ash_cli_keyid_random(struct ash_cli *cli, ash_handle session, struct ash_buf *out)
{
	uint8_t id[ID_LEN];

	ASH_TRY(cli->api->random(cli->hsm, session, ash_mut(id, sizeof(id))));
	return ash_buf_add(out, ash_span(id, sizeof(id)));
}
