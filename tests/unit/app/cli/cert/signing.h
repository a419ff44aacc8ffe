/*
 * A fake HSM (fake.h) with an Ed25519 key that signs in earnest, so that what comes of it is
 * a certificate.
 *
 *     struct ash_hsm hsm = FAKE_HSM;
 *     signing_key(&hsm, 0, "web", TEXT("\x01"));
 *     EXPECT_NUMBER(ASH_CLI_DONE, SIGN_RUN(&hsm, "cert", "request", …));
 */
#pragma once

#include "unit/app/cli/fake.h"

#include "crypto/openssl/openssl.h"
#include "crypto/parts.h"

static const struct ash_backend_ops *const signing_ops = &ash_backend_openssl;
static void *signing_lib, *signing_made;

static void signing_begin(void)
{
	static const struct ash_key_spec spec = { ASH_KEY_EDWARDS, ASH_GROUP_ED25519, 0 };

	if (signing_made != NULL)
		return;
	EXPECT_OK(signing_ops->open(&signing_lib));
	EXPECT_OK(signing_ops->key_generate(signing_lib, &spec, NULL, &signing_made));
}

/* Appends its SubjectPublicKeyInfo. */
static void signing_info(struct ash_buf *info)
{
	static const uint8_t header[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					  0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	struct ash_parts parts = ASH_PARTS_NONE;

	signing_begin();
	EXPECT_OK(signing_ops->key_parts(signing_lib, signing_made, &parts));
	EXPECT_OK(ash_buf_add(info, SPAN(header)));
	EXPECT_OK(ash_buf_add(info, ash_parts_get(&parts, ASH_PART_PUBLIC)));
	ash_parts_done(&parts);
}

/* The private key, as an object of the token. */
static void signing_key(struct ash_hsm *hsm, size_t at, const char *label, struct ash_span id)
{
	ASH_AUTO(ash_buf) info = ASH_BUF_PLAIN;
	struct fake_object *object = &hsm->objects[at];

	signing_info(&info);
	*object = (struct fake_object){ .used = true };
	fake_set_number(object, CKA_CLASS, CKO_PRIVATE_KEY);
	fake_set_number(object, CKA_KEY_TYPE, CKK_EC_EDWARDS);
	fake_set(object, CKA_LABEL, ash_span_text(label));
	fake_set(object, CKA_ID, id);
	fake_set(object, CKA_PRIVATE, TEXT("\1"));
	fake_set(object, CKA_SIGN, TEXT("\1"));
	fake_set(object, CKA_PUBLIC_KEY_INFO, ash_buf_span(&info));
}

static struct ash_status signing_single(struct ash_hsm *hsm, ash_handle session, enum ash_op op,
					struct ash_span in, struct ash_out *out)
{
	static const struct ash_alg eddsa = { ASH_SCHEME_EDDSA, ASH_HASH_NONE };
	static const struct ash_params plain;
	void *running = NULL;

	if (op != ASH_OP_SIGN)
		return fake_op_single(hsm, session, op, in, out);
	FAKE_ENTER(hsm, "op_single");
	EXPECT(fake_mechanism.type == CKM_EDDSA && out->cap >= 64);
	EXPECT_OK(signing_ops->op_new(signing_lib, ASH_OP_SIGN, eddsa, signing_made, &running));
	EXPECT_OK(signing_ops->op_start(running, &plain));
	EXPECT_OK(signing_ops->op_finish(running, in, ash_mut(out->data, 64), &out->len));
	signing_ops->op_free(running);
	return ASH_DONE;
}

static struct ash_api signing_api;

/* A CLI on that HSM. */
static struct ash_cli signing_cli(struct ash_hsm *hsm)
{
	struct ash_cli cli = fake_cli(hsm);

	signing_api = fake_api;
	signing_api.op_single = signing_single;
	cli.api = &signing_api;
	return cli;
}

/* As fake_run; the PIN is in the variable TEST_PIN. */
ASH_UNUSED static enum ash_cli_exit signing_run(struct ash_hsm *hsm, const char *const *words)
{
	char *copies[32], *argv[32] = { (char[]){ "ashlar" } }; /* of which options are sorted out */
	struct ash_cli cli = signing_cli(hsm);
	enum ash_cli_exit code;
	int argc = 1;

	hsm->session_open = hsm->user = hsm->so = hsm->searching = false;
	setenv("TEST_PIN", "user-pin", 1);
	for (; words[argc - 1] != NULL; argc++)
		argv[argc] = copies[argc] = strdup(words[argc - 1]);
	code = ash_cli_run(&cli, argc, argv);
	for (int i = 1; i < argc; i++)
		free(copies[i]);
	fake_close(&cli);
	return code;
}
#define SIGN_RUN(hsm, group, command, ...) \
	signing_run((hsm),                 \
		    (const char *const[]){ (group), (command), "--pin-env", "TEST_PIN", __VA_ARGS__, NULL })
