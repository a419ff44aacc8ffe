#include "app/cli/file/private.h"

#include <stdio.h>
#include <string.h>

#include "app/cli/file/openssh.h"
#include "app/cli/file/pem.h"
#include "app/cli/pin.h"
#include "app/cli/print/text.h"
#include "util/mem.h"

#define TRIES 3 /* how often a passphrase may be wrong at the prompt */

#define WHOLE_MAX ((size_t)16 << 20) /* of a file that is no PEM */

struct ash_cli_private {
	struct ash_cli *cli;
	struct ash_cli_passphrase *passphrase;
	struct ash_cli_pem *pem;
	char name[256]; /* of the file, for people */
	bool begun, is_der, drained;
	struct ash_keyfile_bundle bundle; /* of a PKCS#12 file */
	size_t next;                      /* of the bundle's keys */
};

ASH_STATUS ash_cli_private_open(struct ash_cli *cli, const char *path, struct ash_cli_passphrase *passphrase,
				struct ash_cli_private **ret_source)
{
	ASH_AUTO(ash_cli_private) *source = ash_mem_new(1, sizeof(*source));

	ASH_ENSURE(source != NULL, ASH_E_MEMORY);
	source->cli = cli;
	source->passphrase = passphrase;
	source->bundle = ASH_KEYFILE_BUNDLE_NONE;
	snprintf(source->name, sizeof(source->name), "%s",
		 strcmp(path, "-") == 0 ? "standard input" : ash_cli_escaped(ash_span_text(path)).text);
	ASH_TRY(ash_cli_pem_open(path, &source->pem));
	*ret_source = ASH_TAKE(source);
	return ASH_DONE;
}

struct ash_cli_private *ash_cli_private_close(struct ash_cli_private *source)
{
	if (source == NULL)
		return NULL;
	ash_cli_pem_close(source->pem);
	ash_keyfile_bundle_done(&source->bundle);
	return ash_mem_free(source);
}

uint64_t ash_cli_private_line(const struct ash_cli_private *source)
{
	return ash_cli_pem_line(source->pem);
}

uint64_t ash_cli_private_bytes(const struct ash_cli_private *source)
{
	return ash_cli_pem_bytes(source->pem);
}

const struct ash_keyfile_cert *ash_cli_private_certs(const struct ash_cli_private *source, size_t *ret_count)
{
	*ret_count = source->bundle.cert_count;
	return source->bundle.certs;
}

/* ---- Passphrases ---- */

/* Something closed, and how it is opened. */
struct closed {
	struct ash_cli_private *source;
	struct ash_span bytes;
	const struct ash_cli_form *form;
	struct ash_buf *out;
};

static ASH_STATUS open_pem_of_old(const struct closed *closed, struct ash_span passphrase)
{
	const struct ash_cli_form *form = closed->form;
	ASH_AUTO(ash_buf) der = ASH_BUF_SECRET;

	ASH_TRY(ash_keyfile_pem_open(form->cipher, ash_span(form->iv, form->iv_len), passphrase,
				     closed->bytes, &der));
	/* Padding that is right by chance is followed by no DER. */
	ASH_ENSURE(ash_cli_form_of_der(ash_buf_span(&der)) == form->kind, ASH_E_PIN_INCORRECT);
	return form->kind == ASH_CLI_FORM_RSA ? ash_keyfile_rsa_to_pkcs8(ash_buf_span(&der), closed->out)
					      : ash_keyfile_ec_to_pkcs8(ash_buf_span(&der), closed->out);
}

static ASH_STATUS open_openssh(const struct closed *closed, struct ash_span passphrase)
{
	struct ash_cli_openssh key;

	ASH_TRY(ash_cli_openssh_read(closed->bytes, &key));
	return ash_cli_openssh_pkcs8(&key, passphrase, closed->out);
}

static ASH_STATUS open_with(const struct closed *closed, struct ash_span passphrase)
{
	switch (closed->form->kind) {
	case ASH_CLI_FORM_PKCS8_CLOSED: return ash_keyfile_pkcs8_open(closed->bytes, passphrase, closed->out);
	case ASH_CLI_FORM_RSA:
	case ASH_CLI_FORM_EC: return open_pem_of_old(closed, passphrase);
	case ASH_CLI_FORM_OPENSSH: return open_openssh(closed, passphrase);
	case ASH_CLI_FORM_PKCS12:
		return ash_keyfile_pkcs12_open(closed->bytes, passphrase, &closed->source->bundle);
	case ASH_CLI_FORM_NONE:
	case ASH_CLI_FORM_PKCS8: break;
	}
	ASH_FAIL(ASH_E_BUG);
}

/* Gets a passphrase and tries it. */
static ASH_STATUS ask_and_open(const struct closed *closed)
{
	struct ash_cli_private *source = closed->source;
	ASH_AUTO(ash_secret) *given = NULL;
	char prompt[320];
	struct ash_status status;

	snprintf(prompt, sizeof(prompt), "Passphrase of %s: ", source->name);
	ASH_TRY(ash_cli_secret_get(source->cli, ASH_CLI_PASSPHRASE, prompt, &given));
	status = open_with(closed, ash_secret_peek(given));
	if (!ash_is_ok(status))
		return status;
	ash_secret_free(source->passphrase->value);
	source->passphrase->value = ASH_TAKE(given);
	return ASH_DONE;
}

/* What was right for the one before may be right again. */
static ASH_STATUS open_closed(const struct closed *closed)
{
	struct ash_cli *cli = closed->source->cli;
	struct ash_secret *known = closed->source->passphrase->value;
	const bool given = ash_cli_secret_given(cli, ASH_CLI_PASSPHRASE);
	struct ash_status status;

	if (known != NULL || closed->form->kind == ASH_CLI_FORM_PKCS12) { /* which may need none */
		status = open_with(closed, ash_secret_peek(known));
		if (status.code != ASH_E_PIN_INCORRECT)
			return status;
	}
	for (int i = 0; known == NULL || !given; i++) {
		status = ask_and_open(closed);
		if (cli->exit != ASH_CLI_DONE || status.code != ASH_E_PIN_INCORRECT)
			return status;
		if (given || i + 1 == TRIES)
			break;
		ash_cli_warn(cli, "that is not the passphrase");
	}
	return ash_cli_refuse(cli, ASH_CLI_PIN,
			      "can't open the key in %s: the passphrase is wrong, or the file damaged",
			      closed->source->name);
}

/* ---- Forms ---- */

static bool is_closed(const struct ash_cli_form *form, struct ash_span bytes)
{
	struct ash_cli_openssh key;

	if (form->kind == ASH_CLI_FORM_OPENSSH)
		return ash_is_ok(ash_cli_openssh_read(bytes, &key)) && key.closed;
	return form->kind == ASH_CLI_FORM_PKCS8_CLOSED || form->kind == ASH_CLI_FORM_PKCS12 ||
	       form->cipher[0] != '\0';
}

static ASH_STATUS convert(struct ash_cli_private *source, const struct ash_cli_form *form,
			  struct ash_span bytes, struct ash_buf *out)
{
	const struct closed closed = { source, bytes, form, out };

	if (is_closed(form, bytes))
		return open_closed(&closed);
	switch (form->kind) {
	case ASH_CLI_FORM_PKCS8: return ash_buf_add(out, bytes);
	case ASH_CLI_FORM_RSA: return ash_keyfile_rsa_to_pkcs8(bytes, out);
	case ASH_CLI_FORM_EC: return ash_keyfile_ec_to_pkcs8(bytes, out);
	case ASH_CLI_FORM_OPENSSH: return open_openssh(&closed, ASH_SPAN_NONE);
	case ASH_CLI_FORM_NONE:
	case ASH_CLI_FORM_PKCS8_CLOSED:
	case ASH_CLI_FORM_PKCS12: break;
	}
	ASH_FAIL_WITH(ASH_E_FORMAT, "there is no private key in it, of any form that is known");
}

/* PKCS#8 goes through as it is, and never twice through memory: of these there may be millions. */
static ASH_STATUS next_of_pem(struct ash_cli_private *source, struct ash_buf *pkcs8, bool *ret_found)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	struct ash_cli_form form;
	const size_t before = pkcs8->len;

	ASH_TRY(ash_cli_pem_next(source->pem, pkcs8, &form, ret_found));
	if (!*ret_found || form.kind == ASH_CLI_FORM_PKCS8)
		return ASH_DONE;
	ASH_TRY(ash_buf_add(&bytes, ash_span(pkcs8->data + before, pkcs8->len - before)));
	ash_wipe(pkcs8->data + before, pkcs8->len - before);
	pkcs8->len = before;
	return convert(source, &form, ash_buf_span(&bytes), pkcs8);
}

static ASH_STATUS read_der(struct ash_cli_private *source, struct ash_buf *pkcs8, bool *ret_found)
{
	ASH_AUTO(ash_buf) bytes = ASH_BUF_SECRET;
	struct ash_cli_form form;

	bytes.limit = WHOLE_MAX;
	ASH_TRY(ash_cli_pem_rest(source->pem, &bytes));
	form = ASH_CLI_FORM(ash_cli_form_of_der(ash_buf_span(&bytes)));
	ASH_TRY(convert(source, &form, ash_buf_span(&bytes), pkcs8));
	*ret_found = form.kind != ASH_CLI_FORM_PKCS12;
	return ASH_DONE;
}

static ASH_STATUS next_of_der(struct ash_cli_private *source, struct ash_buf *pkcs8, bool *ret_found)
{
	*ret_found = false;
	if (!source->drained) {
		source->drained = true;
		ASH_TRY(read_der(source, pkcs8, ret_found));
	}
	if (*ret_found || source->next >= source->bundle.key_count)
		return ASH_DONE;
	ASH_TRY(ash_buf_add(pkcs8, ash_buf_span(&source->bundle.keys[source->next].pkcs8)));
	source->next++;
	*ret_found = true;
	return ASH_DONE;
}

ASH_STATUS ash_cli_private_next(struct ash_cli_private *source, struct ash_buf *pkcs8, bool *ret_found)
{
	struct ash_span begin = ASH_SPAN_NONE;

	ASH_BUG(!pkcs8->secret);
	if (!source->begun) {
		ASH_TRY(ash_cli_pem_begin(source->pem, &begin));
		source->is_der = ash_cli_form_is_der(begin);
		source->begun = true;
	}
	return source->is_der ? next_of_der(source, pkcs8, ret_found) : next_of_pem(source, pkcs8, ret_found);
}
