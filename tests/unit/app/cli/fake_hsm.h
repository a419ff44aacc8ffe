/*
 * The fake HSM of the command line's tests (fake.h): slots, tokens, PINs, sessions.
 */
#pragma once

#include "unit/test.h"

#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

#include "app/cli/cli.h"
#include "util/secret.h"

#define FAKE_ATTRS   40
#define FAKE_OBJECTS 16
#define FAKE_TOKENS  4
#define FAKE_VALUE   512

struct fake_attr {
	uint64_t type;
	uint8_t value[FAKE_VALUE];
	size_t len;
};

struct fake_object {
	bool used, damaged;
	uint64_t slot;
	struct fake_attr attrs[FAKE_ATTRS];
	size_t count;
};

struct fake_token {
	const char *label; /* NULL: not initialised */
	const char *serial;
	uint64_t flags; /* more than what follows from the rest */
	char user_pin[64], so_pin[64];
	char given_label[33];
	enum ash_code broken;
};

/* What checking the fake's store finds, or does. */
struct fake_check {
	const struct ash_finding *findings;
	size_t count;
	int dies_by; /* this signal, after them */
};

struct ash_hsm {
	struct fake_token tokens[FAKE_TOKENS];
	size_t token_count;
	struct fake_object objects[FAKE_OBJECTS];
	uint64_t session_slot;
	bool session_open, session_writes, user, so, searching;
	bool proved; /* logged in once more, for one operation */
	const struct ash_attr *want;
	size_t want_count, found;
	size_t imports[8]; /* how many keys came in with each of the first changes, good or not */
	size_t import_count;
	unsigned rivals; /* so many times another process is faster with a new token or secret key */
	struct fake_check check;
	const char *fails; /* this function fails with this code */
	enum ash_code code;
	unsigned calls;
};

/* One token "ca" whose PINs are "user-pin" and "so-pin", and an empty one. */
#define FAKE_HSM                                            \
	{                                                   \
		.tokens = { { .label = "ca",                \
			      .serial = "0011223344556677", \
			      .user_pin = "user-pin",       \
			      .so_pin = "so-pin" },         \
			    { .label = NULL } },            \
		.token_count = 2                            \
	}

#define FAKE_ENTER(hsm, name)                                                \
	do {                                                                 \
		(hsm)->calls++;                                              \
		if ((hsm)->fails != NULL && strcmp((hsm)->fails, name) == 0) \
			ASH_FAIL((hsm)->code);                               \
	} while (0)

static void fake_pad(char *out, size_t len, const char *text)
{
	memset(out, ' ', len);
	memcpy(out, text, strlen(text) < len ? strlen(text) : len);
}

static struct ash_status fake_info(struct ash_hsm *hsm, struct ash_hsm_info *ret_info)
{
	FAKE_ENTER(hsm, "info");
	fake_pad(ret_info->manufacturer, 32, "Fake");
	fake_pad(ret_info->description, 32, "Fake HSM");
	ret_info->major = 1;
	ret_info->minor = 2;
	return ASH_DONE;
}

static struct ash_status fake_slots(struct ash_hsm *hsm, bool token_present, uint64_t *ids, size_t cap,
				    size_t *ret_count)
{
	FAKE_ENTER(hsm, "slots");
	EXPECT(token_present);
	for (size_t i = 0; i < hsm->token_count && i < cap; i++)
		ids[i] = i;
	*ret_count = hsm->token_count;
	return ASH_DONE;
}

static struct ash_status fake_slot_info(struct ash_hsm *hsm, uint64_t slot, struct ash_slot_info *ret_info)
{
	FAKE_ENTER(hsm, "slot_info");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	memset(ret_info, 0, sizeof(*ret_info));
	fake_pad(ret_info->description, 64, "Fake slot");
	fake_pad(ret_info->manufacturer, 32, "Fake");
	return ASH_DONE;
}

static struct ash_status fake_token_info(struct ash_hsm *hsm, uint64_t slot, struct ash_token_info *ret_info)
{
	struct fake_token *token = &hsm->tokens[slot];

	FAKE_ENTER(hsm, "token_info");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	ASH_ENSURE(token->broken == ASH_OK, token->broken);
	memset(ret_info, 0, sizeof(*ret_info));
	fake_pad(ret_info->label, 32, token->label != NULL ? token->label : "");
	fake_pad(ret_info->serial, 16, token->serial != NULL ? token->serial : "");
	fake_pad(ret_info->model, 16, "Fake");
	fake_pad(ret_info->manufacturer, 32, "Fake");
	ret_info->pin_min = 4;
	ret_info->pin_max = 255;
	ret_info->flags = token->flags;
	ret_info->flags |= token->label != NULL ? CKF_TOKEN_INITIALIZED | CKF_LOGIN_REQUIRED : 0;
	ret_info->flags |= token->user_pin[0] != '\0' ? CKF_USER_PIN_INITIALIZED : 0;
	return ASH_DONE;
}

static struct ash_status fake_mechanisms(struct ash_hsm *hsm, uint64_t slot, uint64_t *types, size_t cap,
					 size_t *ret_count)
{
	static const uint64_t all[] = { CKM_SHA256, CKM_AES_KEY_GEN };

	FAKE_ENTER(hsm, "mechanisms");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	for (size_t i = 0; i < ASH_COUNT(all) && i < cap; i++)
		types[i] = all[i];
	*ret_count = ASH_COUNT(all);
	return ASH_DONE;
}

static struct ash_status fake_mechanism_info(struct ash_hsm *hsm, uint64_t slot, uint64_t type,
					     struct ash_mechanism_info *ret_info)
{
	FAKE_ENTER(hsm, "mechanism_info");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	*ret_info = type == CKM_SHA256 ? (struct ash_mechanism_info){ 0, 0, CKF_DIGEST }
				       : (struct ash_mechanism_info){ 16, 32, CKF_GENERATE };
	return ASH_DONE;
}

static struct ash_status fake_engine(struct ash_hsm *hsm, size_t n, struct ash_engine_info *ret_info)
{
	FAKE_ENTER(hsm, "engine");
	ASH_ENSURE(n < 1, ASH_E_NOT_FOUND);
	*ret_info = (struct ash_engine_info){ .name = "fake", .version = "1.0" };
	return ASH_DONE;
}

static struct ash_status fake_init_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					 const char label[32])
{
	struct fake_token *token = &hsm->tokens[slot];

	FAKE_ENTER(hsm, "init_token");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	ASH_ENSURE(token->label == NULL || ash_span_equal(so_pin, ash_span_text(token->so_pin)),
		   ASH_E_PIN_INCORRECT);
	memset(token, 0, sizeof(*token));
	memcpy(token->given_label, label, 32);
	memcpy(token->so_pin, so_pin.data, so_pin.len);
	token->label = token->given_label;
	token->serial = "8899aabbccddeeff";
	return ASH_DONE;
}

static struct ash_status fake_make_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					 const char label[32])
{
	FAKE_ENTER(hsm, "make_token");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	if (hsm->rivals > 0) {
		/* Another process takes the place; the next one is free then. */
		hsm->rivals--;
		hsm->tokens[slot] = (struct fake_token){ .label = "rival", .so_pin = "so-pin" };
		EXPECT(hsm->token_count < FAKE_TOKENS);
		hsm->tokens[hsm->token_count++] = (struct fake_token){ .label = NULL };
		ASH_FAIL(hsm->rivals % 2 == 0 ? ASH_E_FAILED : ASH_E_EXISTS);
	}
	ASH_ENSURE(hsm->tokens[slot].label == NULL, ASH_E_EXISTS);
	return fake_init_token(hsm, slot, so_pin, label);
}

static struct ash_status fake_delete_token(struct ash_hsm *hsm, uint64_t slot, struct ash_span so_pin,
					   bool force)
{
	struct fake_token *token = &hsm->tokens[slot];

	FAKE_ENTER(hsm, "delete_token");
	ASH_ENSURE(slot < hsm->token_count, ASH_E_SLOT_ID);
	ASH_ENSURE(force || token->broken == ASH_OK, token->broken);
	ASH_ENSURE(force ? so_pin.len == 0 : ash_span_equal(so_pin, ash_span_text(token->so_pin)),
		   ASH_E_PIN_INCORRECT);
	memset(token, 0, sizeof(*token));
	return ASH_DONE;
}

static struct ash_status fake_init_pin(struct ash_hsm *hsm, ash_handle session, struct ash_span pin)
{
	FAKE_ENTER(hsm, "init_pin");
	ASH_ENSURE(session == 7 && hsm->so, ASH_E_NOT_LOGGED_IN);
	memset(hsm->tokens[hsm->session_slot].user_pin, 0, sizeof(hsm->tokens[0].user_pin));
	memcpy(hsm->tokens[hsm->session_slot].user_pin, pin.data, pin.len);
	return ASH_DONE;
}

/* Of whoever is logged in, else the user's (C_SetPIN). */
static struct ash_status fake_set_pin(struct ash_hsm *hsm, ash_handle session, struct ash_span old_pin,
				      struct ash_span new_pin)
{
	struct fake_token *token = &hsm->tokens[hsm->session_slot];
	char *pin = hsm->so ? token->so_pin : token->user_pin;

	FAKE_ENTER(hsm, "set_pin");
	ASH_ENSURE(session == 7 && hsm->session_writes, ASH_E_SESSION_READ_ONLY);
	ASH_ENSURE(ash_span_equal(old_pin, ash_span_text(pin)), ASH_E_PIN_INCORRECT);
	memset(pin, 0, sizeof(token->so_pin));
	memcpy(pin, new_pin.data, new_pin.len);
	return ASH_DONE;
}

static struct ash_status fake_open_session(struct ash_hsm *hsm, uint64_t slot, bool read_write,
					   ash_handle *ret_session)
{
	FAKE_ENTER(hsm, "open_session");
	ASH_ENSURE(slot < hsm->token_count && !hsm->session_open, ASH_E_SLOT_ID);
	hsm->session_slot = slot;
	hsm->session_open = true;
	hsm->session_writes = read_write;
	*ret_session = 7;
	return ASH_DONE;
}

static struct ash_status fake_close_session(struct ash_hsm *hsm, ash_handle session)
{
	FAKE_ENTER(hsm, "close_session");
	ASH_ENSURE(session == 7 && hsm->session_open, ASH_E_SESSION_HANDLE);
	hsm->session_open = hsm->user = hsm->so = false;
	return ASH_DONE;
}

static struct ash_status fake_login(struct ash_hsm *hsm, ash_handle session, uint64_t user_type,
				    struct ash_span pin)
{
	struct fake_token *token = &hsm->tokens[hsm->session_slot];
	bool so = user_type == CKU_SO;

	FAKE_ENTER(hsm, "login");
	ASH_ENSURE(session == 7, ASH_E_SESSION_HANDLE);
	ASH_ENSURE(ash_span_equal(pin, ash_span_text(so ? token->so_pin : token->user_pin)),
		   ASH_E_PIN_INCORRECT);
	hsm->so = so;
	hsm->user = !so;
	hsm->proved = user_type == CKU_CONTEXT_SPECIFIC;
	return ASH_DONE;
}

ASH_UNUSED static struct ash_status fake_check_store(struct ash_hsm *hsm, ash_store_tell *hear, void *context)
{
	FAKE_ENTER(hsm, "check_store");
	for (size_t i = 0; i < hsm->check.count; i++)
		hear(context, &hsm->check.findings[i]);
	if (hsm->check.dies_by != 0) {
		(void)signal(hsm->check.dies_by, SIG_DFL); /* cmocka has its own for faults */
		(void)raise(hsm->check.dies_by);
	}
	return ASH_DONE;
}

ASH_UNUSED static struct ash_status fake_compact_store(struct ash_hsm *hsm, uint64_t *ret_before,
						       uint64_t *ret_after)
{
	FAKE_ENTER(hsm, "compact_store");
	*ret_before = 8192;
	*ret_after = 4096;
	return ASH_DONE;
}

/* What it was told stands in `fake_backup`. */
static char fake_backup[500];

ASH_UNUSED static struct ash_status fake_backup_store(struct ash_hsm *hsm, const char *path)
{
	FAKE_ENTER(hsm, "backup_store");
	(void)snprintf(fake_backup, sizeof(fake_backup), "%s", path);
	return ASH_DONE;
}
