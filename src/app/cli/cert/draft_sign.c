/* Making what a draft says with a key on the token. */
#include "app/cli/cert/draft.h"

#include "app/cli/find/search.h"
#include "app/cli/find/template.h"
#include "app/cli/find/values.h"
#include "app/cli/print/text.h"
#include "token/der.h"
#include "token/keygroup.h"

#define SIGNATURE_MAX 8192u /* ML-DSA-87 takes 4627 bytes, RSA of 16384 bits 2048 */

/* What signs a certificate: the mechanism and what it is to those who verify. */
static const struct {
	enum ash_key_kind kind;
	bool pss;
	enum ash_hash hash;
	enum ash_scheme scheme;
	uint64_t mechanism;
} signers[] = {
	{ ASH_KEY_RSA, false, ASH_HASH_SHA256, ASH_SCHEME_RSA_PKCS1, CKM_SHA256_RSA_PKCS },
	{ ASH_KEY_RSA, false, ASH_HASH_SHA384, ASH_SCHEME_RSA_PKCS1, CKM_SHA384_RSA_PKCS },
	{ ASH_KEY_RSA, false, ASH_HASH_SHA512, ASH_SCHEME_RSA_PKCS1, CKM_SHA512_RSA_PKCS },
	{ ASH_KEY_RSA, true, ASH_HASH_SHA256, ASH_SCHEME_RSA_PSS, CKM_SHA256_RSA_PKCS_PSS },
	{ ASH_KEY_RSA, true, ASH_HASH_SHA384, ASH_SCHEME_RSA_PSS, CKM_SHA384_RSA_PKCS_PSS },
	{ ASH_KEY_RSA, true, ASH_HASH_SHA512, ASH_SCHEME_RSA_PSS, CKM_SHA512_RSA_PKCS_PSS },
	{ ASH_KEY_EC, false, ASH_HASH_SHA256, ASH_SCHEME_ECDSA, CKM_ECDSA_SHA256 },
	{ ASH_KEY_EC, false, ASH_HASH_SHA384, ASH_SCHEME_ECDSA, CKM_ECDSA_SHA384 },
	{ ASH_KEY_EC, false, ASH_HASH_SHA512, ASH_SCHEME_ECDSA, CKM_ECDSA_SHA512 },
	{ ASH_KEY_EDWARDS, false, ASH_HASH_NONE, ASH_SCHEME_EDDSA, CKM_EDDSA },
	{ ASH_KEY_ML_DSA, false, ASH_HASH_NONE, ASH_SCHEME_ML_DSA, CKM_ML_DSA },
};

/* --- the public key ----------------------------------------------------------- */

struct first {
	ash_handle object; /* or 0 */
};

static struct ash_status take_first(void *context, ash_handle object)
{
	struct first *first = context;

	if (first->object == 0)
		first->object = object;
	return ASH_DONE;
}

/* Appends what the object says of its public key, if anything. */
static ASH_STATUS add_info(struct ash_cli_use *use, ash_handle object, struct ash_buf *id,
			   struct ash_buf *info)
{
	static const uint64_t types[] = { CKA_PUBLIC_KEY_INFO, CKA_ID };
	ASH_AUTO(ash_cli_values) values = { .bytes = ASH_BUF_PLAIN };
	struct ash_span value;

	ASH_TRY(ash_cli_values_read(use->cli, use->session, object, types, ASH_COUNT(types), &values));
	if (id != NULL && ash_cli_value_bytes(&values, CKA_ID, &value))
		ASH_TRY(ash_buf_add(id, value));
	if (ash_cli_value_bytes(&values, CKA_PUBLIC_KEY_INFO, &value))
		ASH_TRY(ash_buf_add(info, value));
	return ASH_DONE;
}

/* A private key need not know its public half; then the public key of the same id does. */
static ASH_STATUS read_info(struct ash_cli_use *use, ash_handle key, struct ash_buf *info)
{
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	struct ash_cli_template want = { .count = 0 };
	struct first first = { 0 };

	ASH_TRY(add_info(use, key, &id, info));
	if (info->len != 0 || id.len == 0)
		return ASH_DONE;
	ASH_TRY(ash_cli_template_number(&want, CKA_CLASS, CKO_PUBLIC_KEY));
	ASH_TRY(ash_cli_template_bytes(&want, CKA_ID, ash_buf_span(&id)));
	ASH_TRY(ash_cli_search(use->cli, use->session, ash_cli_template(&want), take_first, &first));
	return first.object != 0 ? add_info(use, first.object, NULL, info) : ASH_DONE;
}

/* What kind of key it is: its AlgorithmIdentifier says that. NULL: none that the token knows. */
static const struct ash_keygroup *group_of(struct ash_span info)
{
	struct ash_reader in = ash_reader(info);
	struct ash_span whole, algorithm;

	if (!ash_is_ok(ash_der_take(&in, ASH_DER_SEQUENCE, &whole)))
		return NULL;
	in = ash_reader(whole);
	if (!ash_is_ok(ash_der_take(&in, ASH_DER_SEQUENCE, &algorithm)))
		return NULL;
	return ash_keygroup_of_algorithm(
		ash_span(whole.data, (size_t)(algorithm.data - whole.data) + algorithm.len));
}

/* --- how it is signed ----------------------------------------------------------- */

/* A hash as strong as the key; NONE where the algorithm has its own. */
static enum ash_hash suitable_hash(const struct ash_keygroup *group)
{
	if (group->kind != ASH_KEY_RSA && group->kind != ASH_KEY_EC)
		return ASH_HASH_NONE;
	if (group->group == ASH_GROUP_P521)
		return ASH_HASH_SHA512;
	return group->group == ASH_GROUP_P384 ? ASH_HASH_SHA384 : ASH_HASH_SHA256;
}

static uint32_t hash_len(enum ash_hash hash)
{
	return hash == ASH_HASH_SHA512 ? 64 : (hash == ASH_HASH_SHA384 ? 48 : 32);
}

static ASH_STATUS refuse_signer(struct ash_cli *cli, const struct ash_cli_use_key *key,
				const struct ash_cli_cert_draft *draft, const struct ash_keygroup *group)
{
	if (draft->pss && group->kind != ASH_KEY_RSA)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "--pss is for RSA keys, and \"%s\" is %s",
				      ash_cli_use_key_name(key).text, key->type);
	if (draft->hash != ASH_HASH_NONE && suitable_hash(group) == ASH_HASH_NONE)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--hash is for RSA and ECDSA keys: %s has a hash of its own",
				      key->type);
	return ash_cli_refuse(cli, ASH_CLI_FAILED, "no certificate can be signed with a key of type %s",
			      key->type);
}

static ASH_STATUS choose_signer(struct ash_cli *cli, const struct ash_cli_use_key *key,
				struct ash_cli_cert_draft *draft)
{
	const struct ash_keygroup *group = group_of(ash_buf_span(&draft->key_info));
	enum ash_hash hash = draft->hash;
	size_t i = 0;

	if (group == NULL)
		return ash_cli_refuse(cli, ASH_CLI_FAILED, "the public half of key \"%s\" is not known",
				      ash_cli_use_key_name(key).text);
	if (hash == ASH_HASH_NONE)
		hash = suitable_hash(group);
	while (i < ASH_COUNT(signers) &&
	       (signers[i].kind != group->kind || signers[i].pss != draft->pss || signers[i].hash != hash))
		i++;
	if (i == ASH_COUNT(signers))
		return refuse_signer(cli, key, draft, group);
	draft->certify.alg = (struct ash_alg){ signers[i].scheme, hash };
	draft->certify.group = group->group;
	draft->mechanism = (struct ash_mechanism){ .type = signers[i].mechanism };
	if (draft->pss) {
		draft->mechanism.params.hash = hash;
		draft->mechanism.params.mgf_hash = hash;
		draft->mechanism.params.salt_len = hash_len(hash);
	}
	if (draft->rsa_exchange && group->kind == ASH_KEY_RSA)
		draft->certify.key_usage |= ASH_CERTIFY_USAGE(2);
	return ASH_DONE;
}

/* --- making it ------------------------------------------------------------------ */

/* RFC 5280 §4.1.2.2: positive, and at least 64 bits of it from a good generator (CA/Browser Forum, 7.1). */
static ASH_STATUS choose_serial(struct ash_cli_use *use, struct ash_cli_cert_draft *draft)
{
	struct ash_mut room = ash_mut(NULL, 0);

	if (draft->serial.len != 0)
		return ASH_DONE;
	ASH_TRY(ash_buf_extend(&draft->serial, ASH_CLI_CERT_SERIAL_LEN, &room));
	ASH_TRY(use->cli->api->random(use->cli->hsm, use->session, room));
	room.data[0] &= 0x7f;
	return ASH_DONE;
}

static void lend(struct ash_cli_cert_draft *draft)
{
	draft->certify.key_info = ash_buf_span(&draft->key_info);
	draft->certify.subject = ash_buf_span(&draft->subject);
	draft->certify.purposes = ash_buf_span(&draft->purposes);
	draft->certify.alt_names = ash_buf_span(&draft->alt_names);
	draft->certify.serial = ash_buf_span(&draft->serial);
}

static ASH_STATUS sign_body(struct ash_cli_use *use, const struct ash_cli_use_key *key,
			    const struct ash_cli_cert_draft *draft, struct ash_span body,
			    struct ash_buf *signature)
{
	struct ash_cli *cli = use->cli;
	struct ash_mut room = ash_mut(NULL, 0);
	struct ash_out out;

	ASH_TRY(ash_buf_extend(signature, SIGNATURE_MAX, &room));
	out = (struct ash_out){ room.data, room.len, 0 };
	ASH_TRY(cli->api->op_init(cli->hsm, use->session, ASH_OP_SIGN, &draft->mechanism, key->key.handle));
	ASH_TRY(ash_cli_use_prove(use, key));
	ASH_TRY(cli->api->op_single(cli->hsm, use->session, ASH_OP_SIGN, body, &out));
	signature->len = out.len;
	return ASH_DONE;
}

static ASH_STATUS make(struct ash_cli_use *use, const struct ash_cli_use_key *key,
		       struct ash_cli_cert_draft *draft, struct ash_buf *der)
{
	ASH_AUTO(ash_buf) body = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) signature = ASH_BUF_PLAIN;

	ASH_TRY(read_info(use, key->key.handle, &draft->key_info));
	ASH_TRY(choose_signer(use->cli, key, draft));
	if (!draft->certify.request)
		ASH_TRY(choose_serial(use, draft));
	lend(draft);
	ASH_TRY(ash_certify_begin(&draft->certify, &body));
	ASH_TRY(sign_body(use, key, draft, ash_buf_span(&body), &signature));
	return ash_certify_end(&draft->certify, ash_buf_span(&body), ash_buf_span(&signature), der);
}

ASH_STATUS ash_cli_cert_draft_sign(struct ash_cli_use *use, const struct ash_cli_use_key *key,
				   struct ash_cli_cert_draft *draft, struct ash_buf *der)
{
	struct ash_cli *cli = use->cli;
	struct ash_status status = make(use, key, draft, der);

	if (ash_is_ok(status) || cli->exit != ASH_CLI_DONE)
		return status;
	return ash_cli_fail(cli, status, "can't sign the %s with key \"%s\"",
			    draft->certify.request ? "request" : "certificate",
			    ash_cli_use_key_name(key).text);
}
