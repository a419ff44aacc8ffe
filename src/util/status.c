#include "util/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/compat.h"

static _Thread_local struct ash_origin latest;
static _Thread_local char explanation[500];

static const struct {
	const char *name;
	const char *text;
} codes[ASH_CODES] = {
#define ASH_CODE(name, text) [ASH_##name] = { #name, text },
#include "util/status_codes.h"
#undef ASH_CODE
};

struct ash_status ash_status_fail(enum ash_code code, const char *file, int line)
{
	latest = (struct ash_origin){ .file = file, .line = line, .code = code };
	explanation[0] = '\0';
	return (struct ash_status){ code };
}

struct ash_status ash_status_bug(const char *what, const char *file, int line)
{
	if (ASH_BUG_ABORTS) {
		(void)fprintf(stderr, "%s:%d: bug: %s\n", file, line, what);
		abort();
	}
	return ash_status_fail(ASH_E_BUG, file, line);
}

struct ash_origin ash_status_origin(void)
{
	return latest;
}

void ash_status_explain(const char *format, ...)
{
	va_list values;

	va_start(values, format);
	(void)vsnprintf(explanation, sizeof(explanation), format, values);
	va_end(values);
}

const char *ash_status_explanation(void)
{
	return explanation;
}

static bool known(enum ash_code code)
{
	return (unsigned)code < ASH_CODES;
}

const char *ash_code_text(enum ash_code code)
{
	return known(code) ? codes[code].text : "an unknown status";
}

const char *ash_code_name(enum ash_code code)
{
	return known(code) ? codes[code].name : "E_UNKNOWN";
}
