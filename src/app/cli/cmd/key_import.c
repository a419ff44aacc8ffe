/* ashlar key import */
#include <string.h>
#include <sys/stat.h>

#include "app/cli/cert/object.h"
#include "app/cli/cmd/key_import_secret.h"
#include "app/cli/file/private.h"
#include "app/cli/key/keyplan.h"
#include "app/cli/print/output.h"
#include "app/cli/print/progress.h"
#include "app/cli/print/text.h"
#include "token/mechanism.h"
#include "token/pkcs8.h"
#include "util/mem.h"

/* Keys that come in with one change: other programs that write wait as long. */
#define AT_ONCE 2000u

/* And not more bytes of them, in memory that is locked as far as there is room. */
#define BYTES_AT_ONCE (1u << 20)

/* A key that was read and waits for the others of its change. Never copied: the templates lend from it. */
struct waiting {
	struct ash_buf der;
	char label[ASH_CLI_LABEL_MAX + 1];
	struct ash_cli_keyplan plan; /* without an id of its own */
	struct ash_cli_template private_half, public_half;
	size_t file;           /* which of the words it came from */
	uint64_t number, line; /* which of the file's keys it is, and where it begins */
};

struct importer {
	struct ash_cli *cli;
	ash_handle session;
	struct ash_cli_keyplan plan; /* what the options say */
	const char *prefix;          /* of the labels, or NULL */
	struct waiting *waiting;
	struct ash_import *imports; /* made of those that wait */
	size_t count, bytes;
	uint64_t imported;     /* keys that are on the token */
	uint64_t *from_file;   /* and how many of each file */
	uint64_t *certs;       /* certificates of each file that are there */
	uint64_t bytes_before; /* of the files before this one */
	struct ash_cli_passphrase passphrase;
	struct ash_cli_progress progress;
};

static void importer_auto(struct importer *importer)
{
	for (size_t i = 0; importer->waiting != NULL && i < AT_ONCE; i++)
		ash_buf_done(&importer->waiting[i].der);
	ash_mem_free(importer->waiting);
	ash_mem_free(importer->imports);
	ash_mem_free(importer->from_file);
	ash_mem_free(importer->certs);
	ash_secret_free(importer->passphrase.value);
	ash_cli_keyplan_done(&importer->plan);
}

static const char *file_name(const struct importer *importer, size_t file)
{
	const char *word = importer->cli->words[file];

	return strcmp(word, "-") == 0 ? "standard input" : word;
}

static struct ash_cli_escaped shown_name(const struct importer *importer, size_t file)
{
	return ash_cli_escaped(ash_span_text(file_name(importer, file)));
}

/* What is on the token after a failure, and what is not: `culprit` the first that is not. */
static void hint_rest(const struct importer *importer, const struct waiting *culprit)
{
	if (importer->imported == 0)
		ash_cli_hint(importer->cli, "no key was imported");
	else
		ash_cli_hint(importer->cli,
			     "imported: all keys before that one, %llu; it and what follows were not",
			     (unsigned long long)importer->imported);
	if (culprit != NULL && importer->prefix != NULL && importer->imported != 0)
		ash_cli_hint(importer->cli, "the last one that is in is labelled %s%llu",
			     ash_cli_escaped(ash_span_text(importer->prefix)).text,
			     (unsigned long long)importer->imported);
}

/* What is wrong with PKCS#8 that the token does not take. */
static void hint_type(struct ash_cli *cli, struct ash_span pkcs8)
{
	const char *name = ash_keyfile_algorithm(pkcs8);
	uint64_t key_type = 0;

	if (name[0] != '\0' && !ash_is_ok(ash_pkcs8_key_type(pkcs8, &key_type)))
		ash_cli_hint(cli, "it is a key for %s, which the token has not", name);
	else
		ash_cli_hint(cli, "its PKCS#8 is damaged, or of a type that the token has not");
}

static void hint_rsa(struct ash_cli *cli)
{
	const struct ash_mechanism_row *row = ash_mechanism_find(CKM_RSA_PKCS);

	ash_cli_hint(cli, "RSA keys of %llu to %llu bits are taken", (unsigned long long)row->info.min_size,
		     (unsigned long long)row->info.max_size);
}

static ASH_STATUS tell_refused(struct importer *importer, struct ash_status status,
			       const struct waiting *culprit)
{
	char line[32] = "";

	ash_cli_progress_end(&importer->progress);
	if (culprit->line != 0)
		snprintf(line, sizeof(line), " (line %llu)", (unsigned long long)culprit->line);
	status = ash_cli_fail(importer->cli, status, "can't import key %llu of %s%s",
			      (unsigned long long)culprit->number, shown_name(importer, culprit->file).text,
			      line);
	if (status.code == ASH_E_WRAPPED_KEY)
		hint_type(importer->cli, ash_buf_span(&culprit->der));
	if (status.code == ASH_E_ATTRIBUTE_VALUE && culprit->plan.keytype != NULL &&
	    culprit->plan.keytype->key_type == CKK_RSA)
		hint_rsa(importer->cli);
	hint_rest(importer, culprit);
	return status;
}

/* Of those that wait, the first `count`. */
static ASH_STATUS write_first(struct importer *importer, size_t count)
{
	struct ash_cli *cli = importer->cli;

	for (size_t i = 0; i < count; i++) {
		const struct waiting *key = &importer->waiting[i];

		importer->imports[i] = (struct ash_import){
			.pkcs8 = ash_buf_span(&key->der),
			.private_given = ash_cli_template(&key->private_half),
			.public_given = ash_cli_template(&key->public_half),
		};
	}
	ASH_TRY(cli->api->import_keys(cli->hsm, importer->session, importer->imports, count));
	for (size_t i = 0; i < count; i++)
		importer->from_file[importer->waiting[i].file]++;
	importer->imported += count;
	return ASH_DONE;
}

static void forget_waiting(struct importer *importer)
{
	for (size_t i = 0; i < importer->count; i++)
		ash_buf_reset(&importer->waiting[i].der);
	importer->count = 0;
	importer->bytes = 0;
}

/* All that wait; if one of them is refused, those before it. */
static ASH_STATUS write_waiting(struct importer *importer)
{
	const size_t count = importer->count;
	struct ash_status status = write_first(importer, count);
	size_t bad = 0;

	if (!ash_is_ok(status)) {
		while (bad < count && importer->imports[bad].code == ASH_OK)
			bad++;
		if (bad == count) /* it is none of the keys */
			return tell_refused(importer, status, &importer->waiting[0]);
		struct ash_status before = bad != 0 ? write_first(importer, bad) : ASH_DONE;

		if (!ash_is_ok(before))
			return tell_refused(importer, before, &importer->waiting[0]);
		return tell_refused(importer, status, &importer->waiting[bad]);
	}
	forget_waiting(importer);
	return ASH_DONE;
}

static ASH_STATUS half_template(const struct importer *importer, const struct waiting *key, uint64_t class,
				struct ash_cli_template *made)
{
	made->count = 0;
	ASH_TRY(ash_cli_template_number(made, CKA_CLASS, class));
	ASH_TRY(ash_cli_template_number(made, CKA_KEY_TYPE, key->plan.keytype->key_type));
	ASH_TRY(ash_cli_keyplan_template(&key->plan, class, made));
	if (importer->plan.id.len != 0)
		return ash_cli_template_bytes(made, CKA_ID, ash_buf_span(&importer->plan.id));
	return ASH_DONE;
}

/* What the key that was read is to be. */
static ASH_STATUS plan_key(struct importer *importer, struct waiting *key)
{
	struct ash_cli *cli = importer->cli;
	const char *usage = cli->values[ASH_CLI_OPT_USAGE];
	const unsigned long long next = importer->imported + importer->count + 1;
	uint64_t key_type = 0;

	ASH_TRY(ash_pkcs8_key_type(ash_buf_span(&key->der), &key_type));
	key->plan = (struct ash_cli_keyplan){
		.keytype = ash_cli_keytype_of(key_type),
		.label = importer->plan.label,
		.id = ASH_BUF_PLAIN,
		.extractable = importer->plan.extractable,
	};
	ASH_BUG(key->plan.keytype == NULL);
	if (importer->prefix != NULL) {
		snprintf(key->label, sizeof(key->label), "%s%llu", importer->prefix, next);
		key->plan.label = ash_span_text(key->label);
	}
	if (usage != NULL || key->plan.keytype->usage[0] != '\0')
		ASH_TRY(ash_cli_keyplan_read_usage(cli, usage != NULL ? usage : key->plan.keytype->usage,
						   &key->plan));
	ASH_TRY(half_template(importer, key, CKO_PRIVATE_KEY, &key->private_half));
	return half_template(importer, key, CKO_PUBLIC_KEY, &key->public_half);
}

static ASH_STATUS refuse_several(struct ash_cli *cli, const char *what)
{
	return ash_cli_refuse(
		cli, ASH_CLI_USAGE,
		"--label is for one key, and there are several%s%s: --label-prefix numbers them",
		what[0] != '\0' ? " " : "", what);
}

/* Before anything is imported: the options may be for one key alone. */
static ASH_STATUS check_alone(struct importer *importer)
{
	if (importer->imported + importer->count < 2 || importer->prefix != NULL)
		return ASH_DONE;
	return refuse_several(importer->cli, "");
}

/* What comes next is no key, or none that can be imported. Those before it are, as far as anybody knows. */
static ASH_STATUS give_up(struct importer *importer, struct ash_status status, const struct waiting *culprit)
{
	const bool told = importer->cli->exit != ASH_CLI_DONE;
	const struct ash_origin origin = ash_status_origin();
	char why[512];

	snprintf(why, sizeof(why), "%s", ash_status_explanation());
	if (importer->count != 0)
		ASH_TRY(write_waiting(importer));
	/* What was tried meanwhile is not what is to be told. */
	status = ash_status_fail(status.code, origin.file, origin.line);
	ash_status_explain("%s", why);
	if (!told) {
		/* It is the file that is wrong, not the store or the configuration. */
		const enum ash_cli_exit code = ash_cli_exit_code(status.code);

		status = tell_refused(importer, status, culprit);
		if (code == ASH_CLI_STORAGE)
			importer->cli->exit = ASH_CLI_FAILED;
		return status;
	}
	hint_rest(importer, culprit);
	return status;
}

static ASH_STATUS take_key(struct importer *importer, size_t file, struct ash_cli_private *source,
			   uint64_t number, bool *ret_found)
{
	struct waiting *key = &importer->waiting[importer->count];
	struct ash_status status = ash_cli_private_next(source, &key->der, ret_found);

	key->file = file;
	key->number = number;
	key->line = ash_cli_private_line(source);
	if (ash_is_ok(status) && !*ret_found)
		return ASH_DONE;
	if (ash_is_ok(status))
		status = plan_key(importer, key);
	if (!ash_is_ok(status)) {
		status = give_up(importer, status, key);
		ash_buf_reset(&key->der);
		return status;
	}
	importer->count++;
	importer->bytes += key->der.len;
	return check_alone(importer);
}

/* The certificate of a key is called as the key, others by their own name. The id is that of the key. */
static ASH_STATUS store_cert(struct importer *importer, const struct ash_keyfile_cert *cert)
{
	struct ash_cli_cert_plan plan = { .der = ash_buf_span(&cert->der),
					  .label = ash_buf_span(&cert->name) };
	struct ash_cli_cert_made made;

	if (cert->key != SIZE_MAX) {
		plan.id = ash_buf_span(&importer->plan.id);
		if (importer->plan.label.len != 0)
			plan.label = importer->plan.label;
	}
	return ash_cli_cert_store(importer->cli, importer->session, &plan, &made);
}

/* Behind the keys, which have to be there first: a certificate without its key is of no use. */
static ASH_STATUS import_certs(struct importer *importer, size_t file, const struct ash_cli_private *source)
{
	size_t count = 0;
	const struct ash_keyfile_cert *certs = ash_cli_private_certs(source, &count);

	if (count != 0 && importer->count != 0)
		ASH_TRY(write_waiting(importer));
	for (size_t i = 0; i < count; i++) {
		const struct ash_status status = store_cert(importer, &certs[i]);

		if (!ash_is_ok(status))
			return ash_cli_fail(importer->cli, status,
					    "can't store certificate %zu of %s (its keys are imported)",
					    i + 1, shown_name(importer, file).text);
		importer->certs[file]++;
	}
	return ASH_DONE;
}

static ASH_STATUS import_from(struct importer *importer, size_t file, struct ash_cli_private *source)
{
	uint64_t number = 0;
	bool found = false;

	while (true) {
		ASH_TRY(take_key(importer, file, source, ++number, &found));
		if (!found)
			break;
		if (importer->count == AT_ONCE || importer->bytes > BYTES_AT_ONCE)
			ASH_TRY(write_waiting(importer));
		ash_cli_progress_show(&importer->progress,
				      importer->bytes_before + ash_cli_private_bytes(source),
				      importer->imported);
	}
	importer->bytes_before += ash_cli_private_bytes(source);
	if (number == 1) {
		ash_cli_progress_end(&importer->progress);
		ash_cli_warn(importer->cli, "%s has no private key in it", shown_name(importer, file).text);
	}
	return import_certs(importer, file, source);
}

static ASH_STATUS import_file(struct importer *importer, size_t file)
{
	ASH_AUTO(ash_cli_private) *source = NULL;
	struct ash_status status = ash_cli_private_open(importer->cli, importer->cli->words[file],
							&importer->passphrase, &source);

	if (!ash_is_ok(status)) {
		const bool first = importer->cli->exit == ASH_CLI_DONE;

		ash_cli_progress_end(&importer->progress);
		status =
			ash_cli_fail(importer->cli, status, "can't open %s", shown_name(importer, file).text);
		if (first && importer->cli->exit == ASH_CLI_STORAGE)
			importer->cli->exit = ASH_CLI_FAILED;
		return status;
	}
	return import_from(importer, file, source);
}

/* The bytes of all files together; 0 when one of them can't say. */
static uint64_t total_bytes(const struct ash_cli *cli)
{
	uint64_t total = 0;
	struct stat info;

	for (int i = 0; i < cli->word_count; i++) {
		if (strcmp(cli->words[i], "-") == 0 || stat(cli->words[i], &info) != 0 ||
		    !S_ISREG(info.st_mode))
			return 0;
		total += (uint64_t)info.st_size;
	}
	return total;
}

static bool any_cert(const struct importer *importer)
{
	for (size_t i = 0; i < (size_t)importer->cli->word_count; i++) {
		if (importer->certs[i] != 0)
			return true;
	}
	return false;
}

static ASH_STATUS import_files(struct importer *importer)
{
	struct ash_status status = ASH_DONE;

	ash_cli_progress_begin(&importer->progress, importer->cli, "keys", total_bytes(importer->cli));
	for (size_t i = 0; ash_is_ok(status) && i < (size_t)importer->cli->word_count; i++)
		status = import_file(importer, i);
	if (ash_is_ok(status) && importer->count != 0)
		status = write_waiting(importer);
	ash_cli_progress_end(&importer->progress);
	ASH_TRY(status);
	/* Who pipes keys here and deletes them then has to know. */
	if (importer->imported == 0 && !any_cert(importer))
		return ash_cli_refuse(importer->cli, ASH_CLI_FAILED, "there was no key to import");
	return ASH_DONE;
}

static struct ash_cli_secret_import secret_import(const struct importer *importer)
{
	return (struct ash_cli_secret_import){ .cli = importer->cli,
					       .session = importer->session,
					       .plan = importer->plan,
					       .prefix = importer->prefix };
}

/* What is wrong with the options is said before anybody is asked for a PIN. */
static ASH_STATUS plan_secrets(struct importer *importer)
{
	struct ash_cli_secret_import import = secret_import(importer);

	if (importer->prefix == NULL && importer->cli->word_count > 1)
		return ash_cli_refuse(
			importer->cli, ASH_CLI_USAGE,
			"--label is for one key, and there are several: --label-prefix numbers them");
	return ash_cli_secret_import_plan(&import);
}

static ASH_STATUS import_secrets(struct importer *importer)
{
	struct ash_cli_secret_import import = secret_import(importer);

	ASH_TRY(ash_cli_secret_import_plan(&import));
	for (size_t i = 0; i < (size_t)importer->cli->word_count; i++) {
		const struct ash_status status =
			ash_cli_secret_import_file(&import, importer->cli->words[i], i + 1);

		if (!ash_is_ok(status)) {
			hint_rest(importer, NULL);
			return status;
		}
		importer->from_file[i]++;
		importer->imported++;
	}
	return ASH_DONE;
}

static ASH_STATUS read_options(struct importer *importer)
{
	struct ash_cli *cli = importer->cli;
	const char *label = cli->values[ASH_CLI_OPT_LABEL];

	importer->prefix = cli->values[ASH_CLI_OPT_LABEL_PREFIX];
	if ((label == NULL) == (importer->prefix == NULL))
		return ash_cli_refuse(
			cli, ASH_CLI_USAGE,
			"`ashlar key import` needs --label LABEL for one key, or --label-prefix "
			"PREFIX for any number");
	if (label != NULL && cli->word_count > 1) /* those of the first would be imported by then */
		return refuse_several(cli, "files");
	if (label != NULL) {
		importer->plan.label = ash_span_text(label);
		ASH_TRY(ash_cli_keyplan_check_label(cli, "label", importer->plan.label));
	} else {
		ASH_TRY(ash_cli_keyplan_check_label(cli, "label-prefix", ash_span_text(importer->prefix)));
		if (strlen(importer->prefix) > ASH_CLI_LABEL_MAX - 20) /* digits of the largest number */
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "--label-prefix takes 1 to %u bytes",
					      ASH_CLI_LABEL_MAX - 20);
		if (ash_cli_has(cli, ASH_CLI_OPT_ID))
			return ash_cli_refuse(cli, ASH_CLI_USAGE, "--id is for one key, with --label");
	}
	if (ash_cli_has(cli, ASH_CLI_OPT_RAW) && !ash_cli_has(cli, ASH_CLI_OPT_TYPE))
		return ash_cli_refuse(cli, ASH_CLI_USAGE,
				      "--raw needs --type: the bytes don't say what key they are");
	importer->plan.extractable = ash_cli_has(cli, ASH_CLI_OPT_EXTRACTABLE);
	return ash_cli_keyplan_read_id(cli, &importer->plan);
}

static ASH_STATUS make_room(struct importer *importer)
{
	importer->waiting = ash_mem_new(AT_ONCE, sizeof(*importer->waiting));
	ASH_ENSURE(importer->waiting != NULL, ASH_E_MEMORY);
	for (size_t i = 0; i < AT_ONCE; i++)
		importer->waiting[i].der = ASH_BUF_SECRET;
	importer->imports = ash_mem_new(AT_ONCE, sizeof(*importer->imports));
	importer->from_file = ash_mem_new((size_t)importer->cli->word_count, sizeof(*importer->from_file));
	importer->certs = ash_mem_new((size_t)importer->cli->word_count, sizeof(*importer->certs));
	ASH_ENSURE(importer->imports != NULL && importer->from_file != NULL && importer->certs != NULL,
		   ASH_E_MEMORY);
	return ASH_DONE;
}

static const struct ash_cli_column columns[] = {
	{ "file", "File", 0 },
	{ "imported", "Keys imported", ASH_CLI_COLUMN_RIGHT },
	{ "certificates", "Certificates", ASH_CLI_COLUMN_RIGHT },
	{ NULL, NULL, 0 },
};

static ASH_STATUS print_files(const struct importer *importer)
{
	ASH_AUTO(ash_cli_list) list = { .rows = NULL };

	ASH_TRY(ash_cli_list_init(&list, "files", columns));
	for (size_t i = 0; i < (size_t)importer->cli->word_count; i++) {
		json_t *row = NULL;

		ASH_TRY(ash_cli_list_add(&list, &row));
		ASH_TRY(ash_cli_set_text(row, "file", ash_span_text(file_name(importer, i))));
		ASH_TRY(ash_cli_set_number(row, "imported", importer->from_file[i]));
		ASH_TRY(ash_cli_set_number(row, "certificates", importer->certs[i]));
	}
	return ash_cli_print_list(importer->cli, &list, "");
}

static ASH_STATUS key_import(struct ash_cli *cli)
{
	__attribute__((cleanup(importer_auto))) struct importer importer = { .cli = cli };
	const bool secrets = ash_cli_has(cli, ASH_CLI_OPT_TYPE);
	struct ash_cli_token token;

	importer.plan = ASH_CLI_KEYPLAN_NONE;
	ASH_TRY(read_options(&importer));
	ASH_TRY(make_room(&importer));
	if (secrets)
		ASH_TRY(plan_secrets(&importer));
	ASH_TRY(ash_cli_token_select(cli, &token));
	ASH_TRY(ash_cli_session_open(cli, &token, true, true, &importer.session));
	ASH_TRY(ash_cli_keyplan_check_id(cli, &token, importer.session, &importer.plan));
	ASH_TRY(secrets ? import_secrets(&importer) : import_files(&importer));
	return print_files(&importer);
}

static const struct ash_cli_option options[] = {
	{ .id = ASH_CLI_OPT_LABEL,
	  .name = "label",
	  .letter = 'l',
	  .value = "LABEL",
	  .text = "what to call it, if it is one key" },
	{ .id = ASH_CLI_OPT_LABEL_PREFIX,
	  .name = "label-prefix",
	  .value = "PREFIX",
	  .text = "what to call them: PREFIX1, PREFIX2 and so on" },
	{ .id = ASH_CLI_OPT_ID,
	  .name = "id",
	  .letter = 'i',
	  .value = "HEX",
	  .text = "its CKA_ID, if it is one key; else the SHA-1 of the public key's bits" },
	{ .id = ASH_CLI_OPT_TYPE,
	  .name = "type",
	  .value = "TYPE",
	  .text = "each FILE is a secret key of this type: aes, generic, hmac-sha256, or with bits (aes:256)" },
	{ .id = ASH_CLI_OPT_RAW,
	  .name = "raw",
	  .text = "with --type: the FILE's bytes are the key; else it is written there in hex" },
	{ .id = ASH_CLI_OPT_USAGE,
	  .name = "usage",
	  .letter = 'u',
	  .value = "USE,USE",
	  .text = "what they may be used for; else as by `ashlar key generate`" },
	{ .id = ASH_CLI_OPT_EXTRACTABLE,
	  .name = "extractable",
	  .text = "they may leave the token, wrapped by another key; can't be allowed later" },
	{ .name = NULL },
};

const struct ash_cli_command ash_cli_cmd_key_import = {
	.name = "key import",
	.summary = "import keys into a token",
	.details =
		"What a FILE holds is found out by looking: private keys in PEM, any number of them, or one in DER\n"
		"(PKCS#8, also encrypted; PKCS#1; SEC 1; OpenSSH's own form), or a PKCS#12 file, whose certificates\n"
		"come in too; with --type a secret key. - is standard input. Of each private key the public half is\n"
		"made too. Thousands of keys come in with one change, so after a failure it is said which are in.\n"
		"A copy of the keys stays in FILE: see to that.",
	.options = (const struct ash_cli_option *const[]){ options, ash_cli_passphrase_options,
							   ash_cli_token_options, ash_cli_pin_options,
							   ash_cli_common_options, NULL },
	.words = "FILE...",
	.words_min = 1,
	.words_max = 65536,
	.examples =
		(const struct ash_cli_example[]){
			{ "ashlar key import --label web --id 01 web.pem", NULL },
			{ "ashlar key import --label web --passphrase-file pass.txt web.p12",
			  "with its certificate and those of its issuers" },
			{ "ashlar key import --label deploy ~/.ssh/id_ed25519", "asks for its passphrase" },
			{ "ashlar key import --label kek --type aes:256 --raw kek.bin", NULL },
			{ "ashlar key import --label-prefix device- --pin-file pin.txt keys.pem",
			  "a million keys take minutes" },
			{ NULL, NULL },
		},
	.run = key_import,
};
