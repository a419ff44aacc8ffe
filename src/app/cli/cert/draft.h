/*
 * What a certificate or a request is to say, as the options have it; and making it with a
 * private key that stays on the token.
 */
#pragma once

#include "app/cli/use/key.h"
#include "crypto/openssl/certify.h"

#define ASH_CLI_CERT_SERIAL_LEN 20u /* RFC 5280 §4.1.2.2; of ours 159 bits are random */

struct ash_cli_cert_draft {
	struct ash_certify certify; /* lends from what follows: never copied */
	struct ash_buf subject, purposes, alt_names, key_info, serial;
	bool rsa_exchange;  /* an RSA key also decrypts keys that were sent to it */
	enum ash_hash hash; /* that --hash asks for, or NONE */
	bool pss;
	struct ash_mechanism mechanism; /* that signs */
};

#define ASH_CLI_CERT_DRAFT_NONE                                   \
	((struct ash_cli_cert_draft){ .subject = ASH_BUF_PLAIN,   \
				      .purposes = ASH_BUF_PLAIN,  \
				      .alt_names = ASH_BUF_PLAIN, \
				      .key_info = ASH_BUF_PLAIN,  \
				      .serial = ASH_BUF_PLAIN })

/* The options that both commands have; and those of a certificate. */
extern const struct ash_cli_option ash_cli_cert_draft_options[], ash_cli_cert_validity_options[];

/*
 * Reads the options into an empty draft, before anybody is asked for a PIN. `request`: for
 * a request, else for a certificate. A refusal is told.
 */
ASH_STATUS ash_cli_cert_draft_read(struct ash_cli *cli, bool request, struct ash_cli_cert_draft *draft);

/*
 * Makes it: appends its DER. The key is asked for its public half, and signs. A failure is
 * told.
 */
ASH_STATUS ash_cli_cert_draft_sign(struct ash_cli_use *use, const struct ash_cli_use_key *key,
				   struct ash_cli_cert_draft *draft, struct ash_buf *der);

/* Profiles and usages, for the help. */
void ash_cli_cert_draft_help(FILE *out);

void ash_cli_cert_draft_done(struct ash_cli_cert_draft *draft);

static inline void ash_cli_cert_draft_auto(struct ash_cli_cert_draft *draft)
{
	ash_cli_cert_draft_done(draft);
}
