/*
 * Private keys in files from strangers: what kind of DER it is, and OpenSSH's own form. A key
 * that is taken is PKCS#8 that parses to its end, and is taken the same way again.
 *
 * The input: the bytes of the file, or of its PEM block.
 */
#include <stdint.h>
#include <stdlib.h>

#include "app/cli/file/form.h"
#include "app/cli/file/openssh.h"
#include "token/der.h"
#include "util/compat.h"

#define HOLDS(condition)                  \
	do {                              \
		if (!(condition))         \
			__builtin_trap(); \
	} while (0)

#define ROUNDS_MAX 2 /* more take time and no other way */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static bool convert(struct ash_span bytes, struct ash_buf *out)
{
	struct ash_cli_openssh key;

	if (!ash_is_ok(ash_cli_openssh_read(bytes, &key)))
		return false;
	if (key.closed && key.rounds > ROUNDS_MAX)
		return false;
	return ash_is_ok(ash_cli_openssh_pkcs8(&key, ash_span_text("secret"), out));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_SECRET;
	ASH_AUTO(ash_buf) again = ASH_BUF_SECRET;
	struct ash_span bytes = ash_span(data, len), content = ASH_SPAN_NONE;
	struct ash_reader in = ash_reader(ASH_SPAN_NONE);

	if (ash_cli_form_of_der(bytes) != ASH_CLI_FORM_NONE)
		HOLDS(data[0] == ASH_DER_SEQUENCE);
	if (!convert(bytes, &out)) {
		HOLDS(out.len == 0);
		return 0;
	}
	in = ash_reader(ash_buf_span(&out));
	HOLDS(ash_is_ok(ash_der_take(&in, ASH_DER_SEQUENCE, &content)));
	HOLDS(ash_is_ok(ash_reader_end(&in)));
	HOLDS(ash_cli_form_of_der(ash_buf_span(&out)) == ASH_CLI_FORM_PKCS8);
	HOLDS(convert(bytes, &again));
	HOLDS(ash_span_equal(ash_buf_span(&out), ash_buf_span(&again)));
	return 0;
}
