/*
 * A distinguished name in DER, out of a stranger's certificate, on its way to people. The
 * input is the DER. What is refused leaves the output alone; what is taken has a "=" for
 * each part, and no byte that would end a C string.
 */
#include "fuzz.h"

#include "app/cli/print/dn.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	ASH_AUTO(ash_buf) out = ASH_BUF_PLAIN;
	ASH_AUTO(ash_buf) again = ASH_BUF_PLAIN;

	HOLDS(ash_is_ok(ash_buf_add(&out, ash_span("<", 1))));
	if (!ash_is_ok(ash_cli_dn_text(ash_span(data, len), &out))) {
		HOLDS(out.len == 1);
		return 0;
	}
	HOLDS(len >= 2 && (len == 2 || memchr(out.data, '=', out.len) != NULL));
	HOLDS(memchr(out.data, 0, out.len) == NULL);
	HOLDS(ash_is_ok(ash_cli_dn_text(ash_span(data, len), &again)));
	HOLDS(out.len == again.len + 1 &&
	      (again.len == 0 || memcmp(out.data + 1, again.data, again.len) == 0));
	return 0;
}
