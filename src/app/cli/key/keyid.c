#include "app/cli/key/keyid.h"

#include <string.h>

#include "app/cli/find/template.h"
#include "app/cli/find/values.h"

ASH_STATUS ash_cli_keyid_of(struct ash_cli *cli, ash_handle session, struct ash_span info,
			    uint8_t ret_id[ASH_KEYID_LEN])
{
	static const struct ash_mechanism mechanism = { .type = ASH_KEYID_MECHANISM };
	struct ash_span bits = ASH_SPAN_NONE;
	uint8_t digest[ASH_KEYID_LEN];
	struct ash_out out = { digest, sizeof(digest), 0 };

	ASH_TRY(ash_keyid_bits(info, &bits));
	ASH_TRY(cli->api->op_init(cli->hsm, session, ASH_OP_DIGEST, &mechanism, 0));
	ASH_TRY(cli->api->op_single(cli->hsm, session, ASH_OP_DIGEST, bits, &out));
	memcpy(ret_id, digest, sizeof(digest));
	return ASH_DONE;
}

ASH_STATUS ash_cli_keyid_set(struct ash_cli *cli, ash_handle session, ash_handle public_key,
			     ash_handle private_key)
{
	static const uint64_t types[] = { CKA_PUBLIC_KEY_INFO };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct ash_cli_template id = { .count = 0 };
	struct ash_span info;
	uint8_t bytes[ASH_KEYID_LEN];

	ASH_TRY(ash_cli_values_read(cli, session, public_key, types, ASH_COUNT(types), &values));
	ASH_ENSURE(ash_cli_value_bytes(&values, CKA_PUBLIC_KEY_INFO, &info), ASH_E_ATTRIBUTE_TYPE);
	ASH_TRY(ash_cli_keyid_of(cli, session, info, bytes));
	ASH_TRY(ash_cli_template_bytes(&id, CKA_ID, ash_span(bytes, sizeof(bytes))));
	ASH_TRY(cli->api->set_attributes(cli->hsm, session, public_key, ash_cli_template(&id)));
	return cli->api->set_attributes(cli->hsm, session, private_key, ash_cli_template(&id));
}

ASH_STATUS ash_cli_keyid_random(struct ash_cli *cli, ash_handle session, struct ash_buf *out)
{
	uint8_t id[ASH_KEYID_LEN];

	ASH_TRY(cli->api->random(cli->hsm, session, ash_mut(id, sizeof(id))));
	return ash_buf_add(out, ash_span(id, sizeof(id)));
}
