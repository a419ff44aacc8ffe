#include "app/cli/file/chain.h"

#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/key/keyid.h"

static struct ash_status note_found(void *context, ASH_UNUSED ash_handle object)
{
	*(bool *)context = true;
	return ASH_DONE;
}

static ASH_STATUS is_there(struct ash_cli *cli, ash_handle session, const struct ash_keyfile_cert *cert,
			   bool *ret_there)
{
	struct ash_cli_template want = { .count = 0 };
	bool there = false;

	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, CKO_CERTIFICATE));
	ASH_TRY(ash_cli_template_bytes(&want, CKA_VALUE, ash_buf_span(&cert->der)));
	ASH_TRY(ash_cli_search(cli, session, ash_cli_template(&want), note_found, &there));
	*ret_there = there;
	return ASH_DONE;
}

static ASH_STATUS fill(const struct ash_keyfile_cert *cert, struct ash_span label, struct ash_span id,
		       struct ash_cli_template *made)
{
	ASH_TRY(ash_cli_template_number(made, CKA_CLASS, CKO_CERTIFICATE));
	ASH_TRY(ash_cli_template_number(made, CKA_CERTIFICATE_TYPE, CKC_X_509));
	ASH_TRY(ash_cli_template_bool(made, CKA_TOKEN, true));
	ASH_TRY(ash_cli_template_bool(made, CKA_PRIVATE, false));
	ASH_TRY(ash_cli_template_bytes(made, CKA_LABEL, label));
	ASH_TRY(ash_cli_template_bytes(made, CKA_ID, id));
	ASH_TRY(ash_cli_template_bytes(made, CKA_SUBJECT, ash_buf_span(&cert->subject)));
	ASH_TRY(ash_cli_template_bytes(made, CKA_ISSUER, ash_buf_span(&cert->issuer)));
	ASH_TRY(ash_cli_template_bytes(made, CKA_SERIAL_NUMBER, ash_buf_span(&cert->serial)));
	return ash_cli_template_bytes(made, CKA_VALUE, ash_buf_span(&cert->der));
}

ASH_STATUS ash_cli_chain_store(struct ash_cli *cli, ash_handle session, const struct ash_cli_chain *chain,
			       const struct ash_keyfile_cert *cert, uint64_t *count)
{
	const bool own = cert->key != SIZE_MAX;
	const bool named = cert->name.len != 0 && (!own || chain->label.len == 0);
	struct ash_cli_template made = { .count = 0 };
	struct ash_span id = chain->id;
	uint8_t made_id[ASH_KEYID_LEN];
	ash_handle object = 0;
	bool there = false;

	ASH_TRY(is_there(cli, session, cert, &there));
	if (!there) {
		if (!own || id.len == 0) {
			ASH_TRY(ash_cli_keyid_of(cli, session, ash_buf_span(&cert->public_info), made_id));
			id = ash_span(made_id, sizeof(made_id));
		}
		ASH_TRY(fill(cert, named ? ash_buf_span(&cert->name) : chain->label, id, &made));
		ASH_TRY(cli->api->create_object(cli->hsm, session, ash_cli_template(&made), &object));
	}
	++*count;
	return ASH_DONE;
}
