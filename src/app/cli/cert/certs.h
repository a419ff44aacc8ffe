/*
 * Certificates as the token shows them: found, read and sorted, each as a row to print.
 */
#pragma once

#include "app/cli/find/select.h"
#include "app/cli/print/output.h"
#include "crypto/openssl/certificate.h"

struct ash_cli_cert {
	ash_handle handle;
	struct ash_buf der;
	struct ash_certificate facts; /* empty when `der` can't be read */
	bool readable;
	json_t *row;
};

struct ash_cli_certs {
	struct ash_cli_cert *cert;
	size_t count;
};

#define ASH_CLI_CERTS_NONE ((struct ash_cli_certs){ NULL, 0 })

/* What a certificate is to a person or a program; and the same with its key shown in tables. */
extern const struct ash_cli_column ash_cli_cert_columns[];
extern const struct ash_cli_column ash_cli_cert_made_columns[];

/* --label and --id, for commands that pick certificates. */
extern const struct ash_cli_option ash_cli_cert_options[];

/* --format and --der, for commands that write certificates or requests. */
extern const struct ash_cli_option ash_cli_cert_form_options[];

/* Whether they ask for DER, and not for PEM. Another form is told. */
ASH_STATUS ash_cli_cert_form(struct ash_cli *cli, bool *ret_der);

/*
 * All X.509 certificates of the token that the session sees and the options leave, or `all`
 * whatever the options say, sorted by label and id. `keys`: somebody is logged in, so that
 * rows say whether the private key is there. A failure is told.
 */
ASH_STATUS ash_cli_certs_find(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			      bool all, bool keys, struct ash_cli_certs *ret_certs);

/*
 * The certificate with that handle. ASH_E_OBJECT_HANDLE when it is gone, ASH_E_CORRUPT,
 * ASH_E_MEMORY, …; nothing is told.
 */
ASH_STATUS ash_cli_cert_read(struct ash_cli *cli, const struct ash_cli_token *token, ash_handle session,
			     bool keys, ash_handle handle, struct ash_cli_cert *ret_cert);
void ash_cli_cert_done(struct ash_cli_cert *cert);

/* A row for a certificate that is no object: without label, id, key and URI. */
ASH_STATUS ash_cli_cert_row(struct ash_span der, json_t **ret_row);

/* Tells that no certificate, or several, match where one was wanted. */
ASH_STATUS ash_cli_certs_refuse(struct ash_cli *cli, const struct ash_cli_certs *certs);

/* Certificates as a list to print. */
ASH_STATUS ash_cli_certs_list(const struct ash_cli_certs *certs, const struct ash_cli_column *columns,
			      struct ash_cli_list *ret_list);

void ash_cli_certs_done(struct ash_cli_certs *certs);

static inline void ash_cli_cert_auto(struct ash_cli_cert *cert)
{
	ash_cli_cert_done(cert);
}

static inline void ash_cli_certs_auto(struct ash_cli_certs *certs)
{
	ash_cli_certs_done(certs);
}
