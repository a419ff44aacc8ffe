/*
 * Distinguished names (X.501), as certificates and keys carry them in DER, for people.
 * Pure functions; any thread.
 */
#pragma once

#include "util/buf.h"
#include "util/compat.h"

/*
 * Appends the name as RFC 4514 writes it, the most particular part first:
 * "CN=web,O=Example,C=DE". Types without a short name there are numbers, but for two that
 * everybody knows (emailAddress, serialNumber). ASH_E_FORMAT, with nothing appended, for
 * what is no name, or one of more than 64 parts.
 */
ASH_STATUS ash_cli_dn_text(struct ash_span der, struct ash_buf *out);
