#include "app/cli/cmd/key_import_secret.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/file/source.h"
#include "app/cli/key/keyid.h"
#include "app/cli/print/text.h"
#include "util/secret.h"

#define BYTES_MAX 4096u                   /* of a secret key: none that is one is longer */
#define FILE_MAX  ((size_t)4 * BYTES_MAX) /* in hex, with blanks and line ends */

ASH_STATUS ash_cli_secret_import_plan(struct ash_cli_secret_import *import)
{
	struct ash_cli *cli = import->cli;
	const char *type = cli->values[ASH_CLI_OPT_TYPE];
	const char *usage = cli->values[ASH_CLI_OPT_USAGE];
	const struct ash_cli_keytype *keytype = ash_cli_keytype_find(type);

	import->exact = keytype != NULL && strcmp(keytype->family, type) != 0;
	if (keytype == NULL)
		keytype = ash_cli_keytype_family(type);
	if (keytype == NULL)
		return ash_cli_refuse(cli, ASH_CLI_USAGE, "there is no type \"%s\"; try aes or generic",
				      ash_cli_escaped(ash_span_text(type)).text);
	if (keytype->pair)
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--type is for secret keys: what a private key is, its file says");
	import->plan.keytype = keytype;
	import->raw = ash_cli_has(cli, ASH_CLI_OPT_RAW);
	return ash_cli_keyplan_read_usage(cli, usage != NULL ? usage : keytype->usage, &import->plan);
}

/* ---- The bytes ---- */

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	byte |= 0x20;
	return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

static bool between_digits(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n' || byte == ':';
}

static ASH_STATUS unhex(struct ash_span text, struct ash_buf *out)
{
	struct ash_mut room = ash_mut(NULL, 0);
	size_t digits = 0;

	ASH_TRY(ash_buf_extend(out, text.len / 2 + 1, &room));
	for (size_t i = 0; i < text.len; i++) {
		const int digit = hex_digit(text.data[i]);

		if (digit < 0 && between_digits(text.data[i]) && digits % 2 == 0)
			continue;
		ASH_ENSURE(digit >= 0, ASH_E_FORMAT);
		room.data[digits / 2] = (uint8_t)(room.data[digits / 2] << 4 | digit);
		digits++;
	}
	ASH_ENSURE(digits % 2 == 0, ASH_E_FORMAT);
	out->len -= room.len - digits / 2;
	return ASH_DONE;
}

static ASH_STATUS read_bytes(const struct ash_cli_secret_import *import, const char *path, const char *name,
			     struct ash_buf *bytes)
{
	ASH_AUTO(ash_buf) file = ASH_BUF_SECRET;
	struct ash_status status;

	ASH_TRY(ash_cli_source_file(import->cli, path, FILE_MAX, "a secret key", &file));
	if (import->raw)
		return ash_buf_add(bytes, ash_buf_span(&file));
	status = unhex(ash_buf_span(&file), bytes);
	if (status.code != ASH_E_FORMAT)
		return status;
	status = ash_cli_refuse(import->cli, ASH_CLI_FAILED, "%s is no key in hex", name);
	ash_cli_hint(import->cli, "if the key is the file's bytes as they are, say --raw");
	return status;
}

/* ---- Lengths ---- */

static bool is_aes_len(size_t len)
{
	return len == 16 || len == 24 || len == 32;
}

static ASH_STATUS check_len(const struct ash_cli_secret_import *import, size_t len, const char *name)
{
	const struct ash_cli_keytype *keytype = import->plan.keytype;

	if (import->exact && len != keytype->size)
		return ash_cli_refuse(import->cli, ASH_CLI_FAILED,
				      "the key in %s has %zu bytes, and %s has %llu", name, len,
				      keytype->name, (unsigned long long)keytype->size);
	if (keytype->key_type == CKK_AES && !is_aes_len(len))
		return ash_cli_refuse(import->cli, ASH_CLI_FAILED,
				      "the key in %s has %zu bytes: AES keys have 16, 24 or 32", name, len);
	if (len == 0 || len > BYTES_MAX)
		return ash_cli_refuse(import->cli, ASH_CLI_FAILED,
				      "the key in %s has %zu bytes: 1 to %u can come in", name, len,
				      BYTES_MAX);
	return ASH_DONE;
}

/* ---- The object ---- */

static ASH_STATUS create(const struct ash_cli_secret_import *import, struct ash_span value,
			 struct ash_span label)
{
	struct ash_cli *cli = import->cli;
	struct ash_cli_keyplan plan = import->plan; /* lends its id */
	ASH_AUTO(ash_buf) id = ASH_BUF_PLAIN;
	struct ash_cli_template made = { .count = 0 };
	ash_handle object = 0;

	if (plan.id.len == 0) {
		ASH_TRY(ash_cli_keyid_random(cli, import->session, &id));
		plan.id = id;
	}
	plan.label = label;
	ASH_TRY(ash_cli_template_number(&made, CKA_CLASS, CKO_SECRET_KEY));
	ASH_TRY(ash_cli_template_number(&made, CKA_KEY_TYPE, plan.keytype->key_type));
	ASH_TRY(ash_cli_keyplan_template(&plan, CKO_SECRET_KEY, &made));
	ASH_TRY(ash_cli_template_bytes(&made, CKA_VALUE, value));
	return cli->api->create_object(cli->hsm, import->session, ash_cli_template(&made), &object);
}

ASH_STATUS ash_cli_secret_import_file(const struct ash_cli_secret_import *import, const char *path,
				      uint64_t number)
{
	const struct ash_cli_escaped name =
		ash_cli_escaped(ash_span_text(strcmp(path, "-") == 0 ? "standard input" : path));
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	char label[ASH_CLI_LABEL_MAX + 1];
	struct ash_status status;

	ASH_TRY(read_bytes(import, path, name.text, &bytes));
	ASH_TRY(check_len(import, bytes.len, name.text));
	if (import->prefix != NULL)
		snprintf(label, sizeof(label), "%s%llu", import->prefix, (unsigned long long)number);
	status = create(import, ash_buf_span(&bytes),
			import->prefix != NULL ? ash_span_text(label) : import->plan.label);
	return ash_is_ok(status) ? status
				 : ash_cli_fail(import->cli, status, "can't import the key in %s", name.text);
}
