#include "app/cli/file/pem.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "util/mem.h"
#include "util/secret.h"

#define WINDOW  65536u
#define DER_MAX 65536u /* no key is longer */

#define BEGIN_LEN 4u /* by which DER is told from text */

static const char begin[] = "-----BEGIN ", end[] = "-----END ", dashes[] = "-----";
/* Some editors put it in front of a file in UTF-8. */
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

static const char private_key[] = "PRIVATE KEY"; /* labels of them end so */

struct ash_cli_pem {
	int fd;
	struct ash_secret *window; /* what was read and not yet taken: from `at` to `full` */
	size_t at, full;
	bool drained; /* there is no more to read */
	uint64_t line, begun_at, bytes;
};

struct ash_status ash_cli_pem_open(const char *path, struct ash_cli_pem **ret_pem)
{
	ASH_AUTO(ash_cli_pem) *pem = ash_mem_new(1, sizeof(*pem));

	ASH_ENSURE(pem != NULL, ASH_E_MEMORY);
	pem->fd = -1;
	ASH_TRY(ash_secret_new(WINDOW, &pem->window));
	pem->fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (pem->fd < 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerrordesc_np(errno));
	*ret_pem = ASH_TAKE(pem);
	return ASH_DONE;
}

struct ash_cli_pem *ash_cli_pem_close(struct ash_cli_pem *pem)
{
	if (pem == NULL)
		return NULL;
	if (pem->fd > STDERR_FILENO)
		close(pem->fd);
	ash_secret_free(pem->window);
	return ash_mem_free(pem);
}

uint64_t ash_cli_pem_line(const struct ash_cli_pem *pem)
{
	return pem->begun_at;
}

uint64_t ash_cli_pem_bytes(const struct ash_cli_pem *pem)
{
	return pem->bytes;
}

/* Reads on behind what is still to be taken. */
static ASH_STATUS fill(struct ash_cli_pem *pem)
{
	uint8_t *window = ash_secret_edit(pem->window).data;
	ssize_t got;

	memmove(window, window + pem->at, pem->full - pem->at);
	pem->full -= pem->at;
	pem->at = 0;
	if (pem->full == WINDOW)
		ASH_FAIL_WITH(ASH_E_FORMAT, "line %llu is too long", (unsigned long long)pem->line + 1);
	do {
		got = read(pem->fd, window + pem->full, WINDOW - pem->full);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		ASH_FAIL_WITH(ASH_E_IO, "%s", strerrordesc_np(errno));
	pem->drained = got == 0;
	pem->full += (size_t)got;
	pem->bytes += (uint64_t)got;
	return ASH_DONE;
}

static bool is_blank(uint8_t byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* The next line without its end and blanks around it, lent until the next call; false when there is none. */
static ASH_STATUS next_line(struct ash_cli_pem *pem, struct ash_span *ret_line, bool *ret_there)
{
	const uint8_t *newline = NULL;
	struct ash_span line;

	while (true) {
		const uint8_t *start = ash_secret_peek(pem->window).data + pem->at;

		line = ash_span(start, pem->full - pem->at);
		newline = memchr(start, '\n', line.len);
		if (newline != NULL || pem->drained)
			break;
		ASH_TRY(fill(pem));
	}
	*ret_there = line.len != 0;
	if (newline != NULL)
		line.len = (size_t)(newline - line.data);
	pem->at += line.len + (newline != NULL ? 1 : 0);
	pem->line++;
	if (pem->line == 1 && line.len >= 3 && memcmp(line.data, BYTE_ORDER_MARK, 3) == 0)
		line = ash_span(line.data + 3, line.len - 3);
	for (; line.len != 0 && is_blank(line.data[line.len - 1]); line.len--)
		;
	for (; line.len != 0 && is_blank(line.data[0]); line.len--)
		line.data++;
	*ret_line = line;
	return ASH_DONE;
}

/* The label in a line that begins a block, or ends one. */
static bool is_boundary(struct ash_span line, const char *start, struct ash_span *ret_label)
{
	const size_t start_len = strlen(start), dashes_len = strlen(dashes);

	if (line.len < start_len + dashes_len || memcmp(line.data, start, start_len) != 0 ||
	    memcmp(line.data + line.len - dashes_len, dashes, dashes_len) != 0)
		return false;
	*ret_label = ash_span(line.data + start_len, line.len - start_len - dashes_len);
	return true;
}

static bool ends_in(struct ash_span text, struct ash_span tail)
{
	return text.len >= tail.len && memcmp(text.data + text.len - tail.len, tail.data, tail.len) == 0;
}

/* Of a base64 digit, without looking it up: what is read here is a key. Below 0 for anything else. */
static int sextet(int byte)
{
	int value = -1;

	value += ((('A' - 1) - byte) & (byte - ('Z' + 1))) >> 8 & (byte - 'A' + 1);
	value += ((('a' - 1) - byte) & (byte - ('z' + 1))) >> 8 & (byte - 'a' + 27);
	value += ((('0' - 1) - byte) & (byte - ('9' + 1))) >> 8 & (byte - '0' + 53);
	value += ((('+' - 1) - byte) & (byte - ('+' + 1))) >> 8 & 63;
	value += ((('/' - 1) - byte) & (byte - ('/' + 1))) >> 8 & 64;
	return value;
}

struct decoder {
	uint32_t bits;   /* of the digits since the last whole byte */
	unsigned digits; /* of the group of four that is being read */
	unsigned pads;   /* at its end */
};

static ASH_STATUS decode_line(struct decoder *decoder, struct ash_span line, struct ash_buf *out)
{
	struct ash_mut room = ash_mut(NULL, 0);
	const size_t before = out->len;
	size_t made = 0;

	ASH_TRY(ash_buf_extend(out, line.len, &room)); /* more than it can be */
	for (size_t i = 0; i < line.len; i++) {
		const int value = sextet(line.data[i]);

		if (line.data[i] == '=') {
			decoder->pads++;
			continue;
		}
		ASH_ENSURE(value >= 0 && decoder->pads == 0, ASH_E_FORMAT);
		decoder->bits = decoder->bits << 6 | (uint32_t)value;
		if (++decoder->digits % 4 != 1)
			room.data[made++] = (uint8_t)(decoder->bits >> (2 * (3 - (decoder->digits - 1) % 4)));
	}
	out->len = before + made;
	return ASH_DONE;
}

/* Whether the text ended where bytes do, with nothing left over. */
static bool is_whole(const struct decoder *decoder)
{
	const unsigned left = decoder->digits % 4;

	if (left == 0)
		return decoder->pads == 0;
	if (left == 1 || left + decoder->pads != 4)
		return false;
	return (decoder->bits & (left == 2 ? 0xfu : 0x3u)) == 0;
}

/* "Name: value", as RFC 1421 has them in front of the text. */
static bool is_header(struct ash_span line, const char *name, struct ash_span *ret_value)
{
	const size_t len = strlen(name);

	if (line.len < len + 1 || memcmp(line.data, name, len) != 0 || line.data[len] != ':')
		return false;
	*ret_value = ash_span(line.data + len + 1, line.len - len - 1);
	while (ret_value->len != 0 && is_blank(ret_value->data[0]))
		*ret_value = ash_span(ret_value->data + 1, ret_value->len - 1);
	return true;
}

static int hex_digit(uint8_t byte)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = byte != '\0' ? strchr(digits, byte) : NULL;

	return at != NULL ? (int)(at - digits) % 16 : -1;
}

/* "AES-256-CBC,0011…" */
static bool read_dek_info(struct ash_span value, struct ash_cli_form *form)
{
	const uint8_t *comma = memchr(value.data, ',', value.len);
	const size_t name_len = comma != NULL ? (size_t)(comma - value.data) : 0;
	const size_t digits = value.len - name_len - 1;

	if (name_len == 0 || name_len >= sizeof(form->cipher) || digits % 2 != 0 ||
	    digits / 2 > sizeof(form->iv))
		return false;
	memcpy(form->cipher, value.data, name_len);
	form->cipher[name_len] = '\0';
	for (size_t i = 0; i < digits / 2; i++) {
		const int high = hex_digit(comma[1 + 2 * i]), low = hex_digit(comma[2 + 2 * i]);

		if (high < 0 || low < 0)
			return false;
		form->iv[i] = (uint8_t)(high << 4 | low);
	}
	form->iv_len = digits / 2;
	return true;
}

/* Whether the line is a header, and understood if it has to be. */
static ASH_STATUS take_header(const struct ash_cli_pem *pem, struct ash_span line, struct ash_cli_form *form,
			      bool *ret_header)
{
	struct ash_span value = ASH_SPAN_NONE;

	*ret_header = line.len != 0 && memchr(line.data, ':', line.len) != NULL;
	if (*ret_header && is_header(line, "DEK-Info", &value) && !read_dek_info(value, form))
		ASH_FAIL_WITH(ASH_E_FORMAT, "line %llu says in no known way how the key is encrypted",
			      (unsigned long long)pem->line);
	return ASH_DONE;
}

static ASH_STATUS read_key(struct ash_cli_pem *pem, struct ash_span label, struct ash_buf *bytes,
			   struct ash_cli_form *form)
{
	struct decoder decoder = { 0, 0, 0 };
	struct ash_status status;
	struct ash_span line;
	const size_t before = bytes->len;
	bool there = false, header = false;

	while (true) {
		ASH_TRY(next_line(pem, &line, &there));
		if (!there)
			ASH_FAIL_WITH(ASH_E_FORMAT, "it ends in the middle of a key");
		if (is_boundary(line, end, &line))
			break;
		if (bytes->len == before) {
			ASH_TRY(take_header(pem, line, form, &header));
			if (header)
				continue;
		}
		status = decode_line(&decoder, line, bytes);
		if (!ash_is_ok(status) && status.code != ASH_E_FORMAT)
			return status;
		if (!ash_is_ok(status) || bytes->len - before > DER_MAX)
			ASH_FAIL_WITH(ASH_E_FORMAT, "line %llu is no base64 text of a key",
				      (unsigned long long)pem->line);
	}
	if (!ash_span_equal(line, label) || !is_whole(&decoder) || bytes->len == before)
		ASH_FAIL_WITH(ASH_E_FORMAT, "the key that ends on line %llu is not whole",
			      (unsigned long long)pem->line);
	return ASH_DONE;
}

/* A label that is read on, when the line it stood on is gone. */
struct label {
	char text[64];
	size_t len;
};

static bool has(struct ash_span line, const char *text)
{
	return line.len != 0 && memmem(line.data, line.len, text, strlen(text)) != NULL;
}

/* What nearly begins a key, or ends one that did not begin, is a damaged key: it is not passed over in silence. */
static ASH_STATUS check_passed(const struct ash_cli_pem *pem, struct ash_span line)
{
	struct ash_span label = ASH_SPAN_NONE;
	const bool key = has(line, private_key);

	if (key &&
	    (is_boundary(line, end, &label) || (has(line, begin) && !is_boundary(line, begin, &label))))
		ASH_FAIL_WITH(ASH_E_FORMAT, "line %llu is that of a key, and damaged",
			      (unsigned long long)pem->line);
	return ASH_DONE;
}

struct ash_status ash_cli_pem_next(struct ash_cli_pem *pem, struct ash_buf *bytes,
				   struct ash_cli_form *ret_form, bool *ret_found)
{
	struct ash_cli_form form = ASH_CLI_FORM(ASH_CLI_FORM_NONE);
	struct ash_span line, found;
	struct label label;
	bool there = false;

	ASH_BUG(!bytes->secret);
	do {
		ASH_TRY(next_line(pem, &line, &there));
		if (!there) {
			*ret_found = false;
			return ASH_DONE;
		}
		ASH_TRY(check_passed(pem, line));
	} while (!is_boundary(line, begin, &found) || !ends_in(found, ash_span_text(private_key)));
	pem->begun_at = pem->line;
	form.kind = ash_cli_form_of_label(found);
	if (form.kind == ASH_CLI_FORM_NONE)
		ASH_FAIL_WITH(ASH_E_FORMAT, "the key on line %llu is of a form that is not known",
			      (unsigned long long)pem->line);
	label.len = found.len;
	memcpy(label.text, found.data, found.len); /* a known one: it has room */
	ASH_TRY(read_key(pem, ash_span(label.text, label.len), bytes, &form));
	*ret_form = form;
	*ret_found = true;
	return ASH_DONE;
}

struct ash_status ash_cli_pem_begin(struct ash_cli_pem *pem, struct ash_span *ret_begin)
{
	while (pem->full - pem->at < BEGIN_LEN && !pem->drained)
		ASH_TRY(fill(pem));
	*ret_begin = ash_span(ash_secret_peek(pem->window).data + pem->at, pem->full - pem->at);
	return ASH_DONE;
}

struct ash_status ash_cli_pem_rest(struct ash_cli_pem *pem, struct ash_buf *bytes)
{
	ASH_BUG(!bytes->secret);
	while (true) {
		ASH_TRY(ash_buf_add(
			bytes, ash_span(ash_secret_peek(pem->window).data + pem->at, pem->full - pem->at)));
		pem->at = pem->full;
		if (pem->drained)
			return ASH_DONE;
		ASH_TRY(fill(pem));
	}
}
