#include "util/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/compat.h"
#include "util/words.h"

static _Thread_local struct ash_origin latest;

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
	struct ash_words *words = ash_words_peek();

	latest = (struct ash_origin){ .file = file, .line = line, .code = code };
	if (words != NULL)
		words->explanation[0] = '\0';
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
	struct ash_words *words = ash_words();
	va_list values;

	if (words == NULL)
		return;
	va_start(values, format);
	(void)vsnprintf(words->explanation, sizeof(words->explanation), format, values);
	va_end(values);
}

const char *ash_status_explanation(void)
{
	const struct ash_words *words = ash_words_peek();

	return words != NULL ? words->explanation : "";
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
