#include "app/cli/cert/object.h"

#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/find/values.h"
#include "app/cli/key/keyid.h"
#include "app/cli/key/keyplan.h"
#include "app/cli/print/dn.h"
#include "app/cli/print/text.h"

struct first {
	ash_handle object; /* the first that was found, or 0 */
};

static struct ash_status take_first(void *context, ash_handle object)
{
	struct first *first = context;

	if (first->object == 0)
		first->object = object;
	return ASH_DONE;
}

/* By the store's index of values. */
ASH_STATUS ash_cli_cert_find(struct ash_cli *cli, ash_handle session, struct ash_span der,
			     ash_handle *ret_object)
{
	struct ash_cli_template want = { .count = 0 };
	struct first first = { 0 };

	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, CKO_CERTIFICATE));
	ASH_TRY(ash_cli_template_bytes(&want, CKA_VALUE, der));
	ASH_TRY(ash_cli_search(cli, session, ash_cli_template(&want), take_first, &first));
	*ret_object = first.object;
	return ASH_DONE;
}

/* --- the key of a certificate ------------------------------------------------ */

/* A search for an object of a public key. */
struct hunt {
	struct ash_cli *cli;
	ash_handle session;
	struct ash_span bits; /* of the public key */
	ash_handle key;       /* that was found, or 0 */
};

/* A key whose public half is not known fits nothing. */
static struct ash_status try_key(void *context, ash_handle object)
{
	static const uint64_t types[] = { CKA_PUBLIC_KEY_INFO };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct hunt *hunt = context;
	struct ash_span info, bits;
	struct ash_status status;

	if (hunt->key != 0)
		return ASH_DONE;
	status = ash_cli_values_read(hunt->cli, hunt->session, object, types, ASH_COUNT(types), &values);
	if (status.code == ASH_E_OBJECT_HANDLE || status.code == ASH_E_CORRUPT) /* gone, or damaged */
		return ASH_DONE;
	ASH_TRY(status);
	if (ash_cli_value_bytes(&values, CKA_PUBLIC_KEY_INFO, &info) &&
	    ash_is_ok(ash_keyid_bits(info, &bits)) && ash_span_equal(bits, hunt->bits))
		hunt->key = object;
	return ASH_DONE;
}

ASH_STATUS ash_cli_cert_key(struct ash_cli *cli, ash_handle session, uint64_t class, struct ash_span key_info,
			    ash_handle *ret_key)
{
	struct hunt hunt = { .cli = cli, .session = session };
	struct ash_cli_template want = { .count = 0 };
	uint8_t id[ASH_KEYID_LEN];

	ASH_TRY(ash_keyid_bits(key_info, &hunt.bits));
	ASH_TRY(ash_cli_keyid_of(cli, session, key_info, id));
	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, class));
	ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, ash_span(id, sizeof(id))));
	ASH_TRY(ash_cli_search(cli, session, ash_cli_template(&want), try_key, &hunt));
	if (hunt.key == 0) { /* it may have another id; that is a walk over all records */
		want.count = 0;
		ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, class));
		ASH_TRY(ash_cli_template_bytes(&want, CKA_PUBLIC_KEY_INFO, key_info));
		ASH_TRY(ash_cli_search(cli, session, ash_cli_template(&want), try_key, &hunt));
	}
	*ret_key = hunt.key;
	return ASH_DONE;
}

/* --- the object ---------------------------------------------------------------- */

/* Appends the id of the key, if there is one and it has any. */
static ASH_STATUS add_key_id(struct ash_cli *cli, ash_handle session, uint64_t class,
			     struct ash_span key_info, struct ash_buf *id)
{
	static const uint64_t types[] = { CKA_ID };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct ash_span value = ASH_SPAN_NONE;
	ash_handle key = 0;

	ASH_TRY(ash_cli_cert_key(cli, session, class, key_info, &key));
	if (key == 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_values_read(cli, session, key, types, ASH_COUNT(types), &values));
	return ash_cli_value_bytes(&values, CKA_ID, &value) ? ash_buf_add(id, value) : ASH_DONE;
}

/* Programs find the key of a certificate by its id: so it is the key's, whoever chose that. */
static ASH_STATUS choose_id(struct ash_cli *cli, ash_handle session, const struct ash_cli_cert_plan *plan,
			    struct ash_span key_info, struct ash_buf *id)
{
	uint8_t keyid[ASH_KEYID_LEN];

	if (plan->id.len != 0)
		return ash_buf_add(id, plan->id);
	ASH_TRY(add_key_id(cli, session, CKO_PRIVATE_KEY, key_info, id));
	if (id->len == 0)
		ASH_TRY(add_key_id(cli, session, CKO_PUBLIC_KEY, key_info, id));
	if (id->len != 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_keyid_of(cli, session, key_info, keyid));
	return ash_buf_add(id, ash_span(keyid, sizeof(keyid)));
}

/* As much of a text as a label may have, in whole characters. */
static struct ash_span cut_label(struct ash_span text)
{
	size_t len = text.len < ASH_CLI_LABEL_MAX ? text.len : ASH_CLI_LABEL_MAX;

	while (len > 0 && len < text.len && (text.data[len] & 0xc0) == 0x80)
		len--;
	return ash_span(text.data, len);
}

/* `room` keeps what is lent. A name of more parts than can be shown leaves the label empty. */
static ASH_STATUS choose_label(const struct ash_cli_cert_plan *plan, const struct ash_certificate *facts,
			       struct ash_buf *room, struct ash_span *ret_label)
{
	struct ash_status status = ASH_DONE;

	if (plan->label.len == 0 && facts->common_name.len == 0)
		status = ash_cli_dn_text(ash_buf_span(&facts->subject), room);
	if (!ash_is_ok(status) && status.code != ASH_E_FORMAT)
		return status;
	if (plan->label.len != 0)
		*ret_label = plan->label;
	else
		*ret_label =
			cut_label(ash_buf_span(facts->common_name.len != 0 ? &facts->common_name : room));
	return ASH_DONE;
}

static ASH_STATUS make(struct ash_cli *cli, ash_handle session, const struct ash_cli_cert_plan *plan,
		       const struct ash_certificate *facts, ash_handle *ret_object)
{
	struct ash_cli_template made = { .count = 0 };
	ASH_AUTO(ash_buf) room = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	struct ash_span label = ASH_SPAN_NONE;

	ASH_TRY(choose_label(plan, facts, &room, &label));
	ASH_TRY(choose_id(cli, session, plan, ash_buf_span(&facts->key_info), &id));
	ASH_TRY(ash_cli_template_number(&made, CKA_CLASS, CKO_CERTIFICATE));
	ASH_TRY(ash_cli_template_number(&made, CKA_CERTIFICATE_TYPE, CKC_X_509));
	ASH_TRY(ash_cli_template_bool(&made, CKA_TOKEN, true));
	ASH_TRY(ash_cli_template_bool(&made, CKA_PRIVATE, false));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_LABEL, label));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_ID, ash_buf_span(&id)));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_SUBJECT, ash_buf_span(&facts->subject)));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_ISSUER, ash_buf_span(&facts->issuer)));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_SERIAL_NUMBER, ash_buf_span(&facts->serial)));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_VALUE, plan->der));
	return cli->api->create_object(cli->hsm, session, ash_cli_template(&made), ret_object);
}

ASH_STATUS ash_cli_cert_store(struct ash_cli *cli, ash_handle session, const struct ash_cli_cert_plan *plan,
			      struct ash_cli_cert_made *ret_made)
{
	ASH_AUTO(ash_certificate) facts = ASH_CERTIFICATE_NONE;
	struct ash_cli_cert_made made = { 0, false };

	ASH_TRY(ash_certificate_read(plan->der, &facts));
	if (!plan->again)
		ASH_TRY(ash_cli_cert_find(cli, session, plan->der, &made.object));
	made.existed = made.object != 0;
	if (!made.existed)
		ASH_TRY(make(cli, session, plan, &facts, &made.object));
	*ret_made = made;
	return ASH_DONE;
}
