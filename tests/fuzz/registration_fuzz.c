/*
 * p11-kit's module files, as `ashlar doctor` reads them. The input is such a file. What is
 * found lies within it, on one line, and has no blanks around.
 */
#include "fuzz.h"

#include "app/cli/doctor/registration.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ash_span module = { NULL, 0 };

	if (!ash_registration_module(ash_span(data, size), &module))
		return 0;
	HOLDS(module.len > 0 && module.data >= data && module.data + module.len <= data + size);
	HOLDS(memchr(module.data, '\n', module.len) == NULL);
	HOLDS(module.data[0] != ' ' && module.data[module.len - 1] != '\t');
	return 0;
}
