#include "util/config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "util/config_priv.h"
#include "util/mem.h"
#include "util/words.h"

static const struct ash_config_info table[ASH_CONFIG_KEYS] = {
#define ASH_CONFIG(id, key, kind_name, default_text, lowest, highest, meaning) \
	[ASH_CONFIG_##id] = { .name = (key),                                   \
			      .kind = ASH_CONFIG_##kind_name,                  \
			      .fallback = (default_text),                      \
			      .low = (lowest),                                 \
			      .high = (highest),                               \
			      .text = (meaning) },
#include "util/config_keys.h"
#undef ASH_CONFIG
};

static void keep_mistake(const char *sentence)
{
	struct ash_words *words = ash_words();

	if (words != NULL)
		(void)snprintf(words->mistake, sizeof(words->mistake), "%s", sentence);
}

struct ash_status ash_config_mistake(const char *where, unsigned line, const char *format, ...)
{
	char sentence[768];
	char whole[1024];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (line != 0)
		(void)snprintf(whole, sizeof(whole), "%.200s:%u: %s", where, line, sentence);
	else
		(void)snprintf(whole, sizeof(whole), "%.200s: %s", where, sentence);
	keep_mistake(whole);
	ASH_FAIL_WITH(ASH_E_CONFIG, "%s", whole);
}

struct ash_status ash_config_refuse(const struct ash_config *config, enum ash_config_key key,
				    const char *format, ...)
{
	const char *where = config->path != NULL ? config->path : "default";
	char why[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(why, sizeof(why), format, args);
	va_end(args);
	return ash_config_mistake(where, config->value[key].line, "\"%s\": %s", table[key].name, why);
}

const char *ash_config_error(void)
{
	const struct ash_words *words = ash_words_peek();

	return words != NULL ? words->mistake : "";
}

static struct ash_status copy_text(struct ash_span text, char **ret_copy)
{
	char *copy = ash_mem_new(text.len + 1, 1);

	ASH_ENSURE(copy != NULL, ASH_E_MEMORY);
	if (text.len != 0)
		memcpy(copy, text.data, text.len);
	*ret_copy = copy;
	return ASH_DONE;
}

/* Values of each kind */

/* Where a value stands, for the sentence about it. */
struct place {
	const char *where;
	unsigned line;
	const struct ash_config_info *info;
};

static bool is_word(struct ash_span value, const char *word, size_t len)
{
	return value.len == len && memcmp(value.data, word, len) == 0;
}

static struct ash_status read_number(const struct place *at, struct ash_span value, uint64_t *ret_number)
{
	const struct ash_config_info *info = at->info;
	uint64_t number = 0;

	/* No leading zero: elsewhere that means octal. */
	if (value.len == 0 || (value.len > 1 && value.data[0] == '0'))
		return ash_config_mistake(at->where, at->line, "\"%s\" must be a decimal number", info->name);
	for (size_t i = 0; i < value.len; i++) {
		unsigned digit = (unsigned)value.data[i] - '0';

		if (digit > 9)
			return ash_config_mistake(at->where, at->line, "\"%s\" must be a decimal number",
						  info->name);
		if (__builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			number = UINT64_MAX;
	}
	if (number < info->low || number > info->high)
		return ash_config_mistake(at->where, at->line, "\"%s\" must be from %llu to %llu", info->name,
					  (unsigned long long)info->low, (unsigned long long)info->high);
	*ret_number = number;
	return ASH_DONE;
}

static struct ash_status check_choice(const struct place *at, struct ash_span value)
{
	for (const char *word = at->info->fallback; word != NULL;) {
		const char *end = strchrnul(word, '|');

		if (is_word(value, word, (size_t)(end - word)))
			return ASH_DONE;
		word = *end != '\0' ? end + 1 : NULL;
	}
	return ash_config_mistake(at->where, at->line, "\"%s\" must be one of %s", at->info->name,
				  at->info->fallback);
}

static struct ash_status check_value(const struct place *at, struct ash_span value, uint64_t *ret_number)
{
	const struct ash_config_info *info = at->info;

	switch (info->kind) {
	case ASH_CONFIG_TEXT: break;
	case ASH_CONFIG_PATH:
		if (value.len != 0 && (value.data[0] != '/' || value.len >= PATH_MAX))
			return ash_config_mistake(at->where, at->line, "\"%s\" must be an absolute path",
						  info->name);
		break;
	case ASH_CONFIG_NUMBER: return read_number(at, value, ret_number);
	case ASH_CONFIG_SWITCH:
		if (!is_word(value, "yes", 3) && !is_word(value, "no", 2))
			return ash_config_mistake(at->where, at->line, "\"%s\" must be yes or no",
						  info->name);
		*ret_number = value.len == 3;
		break;
	case ASH_CONFIG_CHOICE: return check_choice(at, value);
	}
	/* Empty says something only where it is the default. */
	if (value.len == 0 && info->fallback[0] != '\0')
		return ash_config_mistake(at->where, at->line, "\"%s\" has no value", info->name);
	return ASH_DONE;
}

static struct ash_status set_value(struct ash_config *config, const struct place *at, struct ash_span value)
{
	size_t key = (size_t)(at->info - table);

	ASH_TRY(check_value(at, value, &config->value[key].number));
	return copy_text(value, &config->value[key].text);
}

static struct ash_status set_defaults(struct ash_config *config)
{
	for (size_t i = 0; i < ASH_CONFIG_KEYS; i++) {
		const struct ash_config_info *info = &table[i];
		struct place at = { .where = "default", .info = info };
		size_t len = info->kind == ASH_CONFIG_CHOICE
				     ? (size_t)(strchrnul(info->fallback, '|') - info->fallback)
				     : strlen(info->fallback);

		if (config->value[i].text == NULL)
			ASH_TRY(set_value(config, &at, ash_span(info->fallback, len)));
	}
	return ASH_DONE;
}

/* Lines */

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t';
}

static struct ash_span trim(struct ash_span text)
{
	while (text.len != 0 && is_blank(text.data[0]))
		text = ash_span(text.data + 1, text.len - 1);
	while (text.len != 0 && is_blank(text.data[text.len - 1]))
		text.len--;
	return text;
}

static const struct ash_config_info *find_key(struct ash_span name)
{
	for (size_t i = 0; i < ASH_CONFIG_KEYS; i++)
		if (is_word(name, table[i].name, strlen(table[i].name)))
			return &table[i];
	return NULL;
}

/* The value without its quotes. */
static struct ash_status unquote(const struct place *at, struct ash_span *value)
{
	struct ash_span text = *value;

	if (text.len >= 2 && text.data[0] == '"' && text.data[text.len - 1] == '"') {
		text = ash_span(text.data + 1, text.len - 2);
	} else {
		/* Who writes this means a comment, which would become part of a path. */
		for (size_t i = 1; i < text.len; i++)
			if (text.data[i] == '#' && is_blank(text.data[i - 1]))
				return ash_config_mistake(
					at->where, at->line,
					"a comment needs a line of its own (or put the value in double quotes)");
	}
	if (text.len != 0 && memchr(text.data, '"', text.len) != NULL)
		return ash_config_mistake(at->where, at->line, "the double quotes of \"%s\" don't match",
					  at->info->name);
	*value = text;
	return ASH_DONE;
}

static struct ash_status parse_line(struct ash_config *config, const char *where, unsigned line,
				    struct ash_span text)
{
	struct place at = { .where = where, .line = line };
	const uint8_t *equals = NULL;
	struct ash_span name = ASH_SPAN_NONE;
	struct ash_span value = ASH_SPAN_NONE;
	unsigned *given = NULL;

	text = trim(text);
	if (text.len == 0 || text.data[0] == '#')
		return ASH_DONE;
	for (size_t i = 0; i < text.len; i++)
		if ((text.data[i] < ' ' && text.data[i] != '\t') || text.data[i] == 0x7f)
			return ash_config_mistake(where, line, "there is a control character in it");
	equals = memchr(text.data, '=', text.len);
	if (equals == NULL)
		return ash_config_mistake(where, line, "there is no '=' in it");
	name = trim(ash_span(text.data, (size_t)(equals - text.data)));
	value = trim(ash_span(equals + 1, text.len - (size_t)(equals + 1 - text.data)));
	at.info = find_key(name);
	if (at.info == NULL)
		return ash_config_mistake(where, line, "unknown key \"%.*s\"",
					  (int)(name.len < 60 ? name.len : 60), (const char *)name.data);
	given = &config->value[at.info - table].line;
	if (*given != 0)
		return ash_config_mistake(where, line, "\"%s\" is in line %u already", at.info->name, *given);
	*given = line;
	ASH_TRY(unquote(&at, &value));
	return set_value(config, &at, value);
}

struct ash_status ash_config_parse_lines(struct ash_config *config, const char *where, struct ash_span text)
{
	if (text.len > ASH_CONFIG_FILE_MAX)
		return ash_config_mistake(where, 0, "it is longer than 64 KiB");
	for (unsigned line = 1; text.len != 0; line++) {
		const uint8_t *end = memchr(text.data, '\n', text.len);
		size_t len = end != NULL ? (size_t)(end - text.data) : text.len;
		size_t step = end != NULL ? len + 1 : len;

		if (memchr(text.data, '\0', len) != NULL)
			return ash_config_mistake(where, line, "there is a NUL byte in it");
		if (end != NULL && len != 0 && text.data[len - 1] == '\r')
			len--;
		ASH_TRY(parse_line(config, where, line, ash_span(text.data, len)));
		text = ash_span(text.data + step, text.len - step);
	}
	return ASH_DONE;
}

static struct ash_status new_config(struct ash_config **ret_config)
{
	struct ash_words *words = ash_words_peek();

	if (words != NULL)
		words->mistake[0] = '\0';
	*ret_config = ash_mem_new(1, sizeof(**ret_config));
	ASH_ENSURE(*ret_config != NULL, ASH_E_MEMORY);
	return ASH_DONE;
}

struct ash_status ash_config_load(struct ash_config **ret_config)
{
	ASH_AUTO(ash_config) *config = NULL;

	ASH_TRY(new_config(&config));
	ASH_TRY(ash_config_find_file(config));
	ASH_TRY(set_defaults(config));
	ASH_TRY(ash_config_find_store(config));
	*ret_config = ASH_TAKE(config);
	return ASH_DONE;
}

struct ash_status ash_config_parse(const char *where, const char *text, size_t len,
				   struct ash_config **ret_config)
{
	ASH_AUTO(ash_config) *config = NULL;

	ASH_TRY(new_config(&config));
	ASH_TRY(ash_config_parse_lines(config, where, ash_span(text, len)));
	ASH_TRY(set_defaults(config));
	ASH_TRY(ash_config_find_store(config));
	*ret_config = ASH_TAKE(config);
	return ASH_DONE;
}

struct ash_config *ash_config_free(struct ash_config *config)
{
	if (config == NULL)
		return NULL;
	for (size_t i = 0; i < ASH_CONFIG_KEYS; i++)
		ash_mem_free(config->value[i].text);
	ash_mem_free(config->store);
	ash_mem_free(config->path);
	return ash_mem_free(config);
}

/* Asking for a key as what it is not is a mistake of ours. */
static bool is_kind(enum ash_config_key key, enum ash_config_kind kind)
{
	if ((unsigned)key < ASH_CONFIG_KEYS && table[key].kind == kind)
		return true;
	ash_ignore(ash_status_bug("configuration key of another kind", __FILE__, __LINE__));
	return false;
}

const char *ash_config_text(const struct ash_config *config, enum ash_config_key key)
{
	return config->value[key].text;
}

uint64_t ash_config_number(const struct ash_config *config, enum ash_config_key key)
{
	return is_kind(key, ASH_CONFIG_NUMBER) ? config->value[key].number : 0;
}

bool ash_config_switch(const struct ash_config *config, enum ash_config_key key)
{
	return is_kind(key, ASH_CONFIG_SWITCH) && config->value[key].number != 0;
}

const char *ash_config_path(const struct ash_config *config)
{
	return config->path;
}

const char *ash_config_store_path(const struct ash_config *config)
{
	return config->store;
}

const struct ash_config_info *ash_config_describe(enum ash_config_key key)
{
	return &table[key];
}
