/*
 * X.509 certificates as objects of a token: CKO_CERTIFICATE with what PKCS#11 wants to know
 * of it (§4.7.3), made from the certificate itself.
 *
 *     struct ash_cli_cert_plan plan = { .der = der };
 *
 *     ASH_TRY(ash_cli_cert_store(cli, session, &plan, &made));
 */
#pragma once

#include "app/cli/cli.h"
#include "crypto/openssl/certificate.h"

struct ash_cli_cert_plan {
	struct ash_span der;   /* the certificate */
	struct ash_span label; /* empty: the subject's common name, else the subject */
	struct ash_span
		id; /* empty: that of its key, if the token has it, else the key identifier (key/keyid.h) */
	bool again; /* also if the token has this very certificate already */
};

struct ash_cli_cert_made {
	ash_handle object; /* what was made, or what was there already */
	bool existed;      /* nothing was made */
};

/*
 * Makes a public token object of a certificate: readable by everybody, as certificates are.
 * The session is read-write; where nobody is logged in, a twin that is private is not seen.
 * ASH_E_FORMAT when it is no certificate, ASH_E_LIMIT, ASH_E_MEMORY, and the HSM's failures;
 * nothing is told.
 */
ASH_STATUS ash_cli_cert_store(struct ash_cli *cli, ash_handle session, const struct ash_cli_cert_plan *plan,
			      struct ash_cli_cert_made *ret_made);

/* This very certificate, if the session sees it on the token; else 0. Nothing is told. */
ASH_STATUS ash_cli_cert_find(struct ash_cli *cli, ash_handle session, struct ash_span der,
			     ash_handle *ret_object);

/*
 * The private or public key (`class`) that belongs to a public key (DER SubjectPublicKeyInfo),
 * as far as the session sees it: looked for by the key identifier, and then among all. 0 when
 * there is none. Nothing is told.
 */
ASH_STATUS ash_cli_cert_key(struct ash_cli *cli, ash_handle session, uint64_t class, struct ash_span key_info,
			    ash_handle *ret_key);
