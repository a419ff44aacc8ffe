/*
 * What the conformance list (backend_list.h) is written with. The program that
 * includes it names the back end first:
 *
 *     #define TESTED_BACKEND ash_backend_openssl
 */
#pragma once

#include "crypto/alg.h"
#include "crypto/backend.h"
#include "crypto/backend_samples.h"
#include "test.h"
#include "util/arena.h"

static const struct ash_backend_ops *const ops = &TESTED_BACKEND;

static const struct ash_params no_params;

/* 64 KiB that are the same in every run. */
static uint8_t text_bytes[1 << 16];

__attribute__((constructor)) static void fill_text(void)
{
	for (size_t i = 0; i < sizeof(text_bytes); i++)
		text_bytes[i] = (uint8_t)(i * 167 + (i >> 8) + 1);
}

ASH_UNUSED static struct ash_span text(size_t len)
{
	EXPECT(len <= sizeof(text_bytes));
	return ash_span(text_bytes, len);
}

ASH_UNUSED static void *lib(void)
{
	static void *opened;

	if (opened == NULL)
		EXPECT_OK(ops->open(&opened));
	return opened;
}

ASH_UNUSED static bool offered(enum ash_op op, const struct sample *sample)
{
	return ops->offers(lib(), op, sample->alg, &sample->spec);
}

/* A key of that kind, made once and kept. */
ASH_UNUSED static void *kept_key(const struct ash_key_spec *spec)
{
	static struct {
		struct ash_key_spec spec;
		void *key;
	} kept[32];
	size_t i = 0;

	for (; i < ASH_COUNT(kept) && kept[i].key != NULL; i++) {
		if (memcmp(&kept[i].spec, spec, sizeof(*spec)) == 0)
			return kept[i].key;
	}
	EXPECT(i < ASH_COUNT(kept));
	EXPECT_OK(ops->key_generate(lib(), spec, NULL, &kept[i].key));
	kept[i].spec = *spec;
	return kept[i].key;
}

ASH_UNUSED static void *new_op(enum ash_op op, struct ash_alg alg, void *key)
{
	void *made = NULL;

	EXPECT_OK(ops->op_new(lib(), op, alg, key, &made));
	return made;
}

ASH_UNUSED static void *sample_op(enum ash_op op, const struct sample *sample)
{
	return new_op(op, sample->alg, kept_key(&sample->spec));
}

/* Start and finish at one go; the status is finish's. */
ASH_UNUSED static struct ash_status one_shot(void *op, const struct ash_params *params, struct ash_span in,
					     struct ash_mut out, size_t *ret_len)
{
	EXPECT_OK(ops->op_start(op, params));
	return ops->op_finish(op, in, out, ret_len);
}

ASH_UNUSED static struct ash_status check(void *op, const struct ash_params *params, struct ash_span in,
					  struct ash_span signature)
{
	EXPECT_OK(ops->op_start(op, params));
	return ops->op_finish_verify(op, in, signature);
}

/* The same in updates of `chunk` bytes, into `out`; what is left over goes with finish. */
ASH_UNUSED static struct ash_status chunked(void *op, enum ash_op what, struct ash_alg alg,
					    const struct ash_params *params, struct ash_span in, size_t chunk,
					    struct ash_mut out, size_t *ret_len)
{
	size_t done = 0;
	size_t len = 0;
	size_t taken = 0;

	EXPECT_OK(ops->op_start(op, params));
	for (; in.len - taken > chunk; taken += chunk) {
		size_t room = ash_alg_update_max(what, alg, taken - done, chunk);

		EXPECT_OK(ops->op_update(op, ash_span(in.data + taken, chunk), ash_mut(out.data + done, room),
					 &len));
		EXPECT(len <= room);
		done += len;
	}
	len = 0;
	in = ash_span(in.data + taken, in.len - taken);
	ASH_TRY(ops->op_finish(op, in, ash_mut(out.data + done, out.len - done), &len));
	*ret_len = done + len;
	return ASH_DONE;
}

/* Loads a key, which may fail; a key that comes out is freed. */
ASH_UNUSED static struct ash_status try_load(const struct ash_key_spec *spec, const struct ash_parts *parts)
{
	void *key = NULL;
	struct ash_status status = ops->key_load(lib(), spec, parts, &key);

	EXPECT((key != NULL) == ash_is_ok(status));
	ops->key_free(lib(), key);
	return status;
}

ASH_UNUSED static void *load_secret(struct ash_span bytes)
{
	const struct ash_key_spec spec = { .kind = ASH_KEY_SECRET, .bits = (uint32_t)(bytes.len * 8) };
	struct ash_parts parts = ASH_PARTS_NONE;
	void *key = NULL;

	EXPECT_OK(ash_parts_set(&parts, ASH_PART_SECRET, bytes));
	EXPECT_OK(ops->key_load(lib(), &spec, &parts, &key));
	ash_parts_done(&parts);
	return key;
}

ASH_UNUSED static struct ash_parts parts_of(void *key)
{
	struct ash_parts parts = ASH_PARTS_NONE;

	EXPECT_OK(ops->key_parts(lib(), key, &parts));
	return parts;
}

ASH_UNUSED static void drop_part(struct ash_parts *parts, enum ash_part part)
{
	parts->value[part] = ash_secret_free(parts->value[part]);
}

/* Changes one bit: `byte` counts from the end when negative. */
ASH_UNUSED static void flip(struct ash_parts *parts, enum ash_part part, int byte)
{
	struct ash_mut bytes = ash_secret_edit(parts->value[part]);

	bytes.data[byte < 0 ? bytes.len - (size_t)-byte : (size_t)byte] ^= 2;
}

/* Hexadecimal digits to bytes in `room`; blanks are passed over. */
ASH_UNUSED static struct ash_span hex(const char *digits, struct ash_mut room)
{
	size_t len = 0;

	for (; *digits != '\0'; digits += strspn(digits, " ")) {
		unsigned byte = 0;

		EXPECT(len < room.len && sscanf(digits, "%2x", &byte) == 1);
		room.data[len++] = (uint8_t)byte;
		digits += 2;
	}
	return ash_span(room.data, len);
}

/* HEX("00 01") in an expression; lives to the end of the block. */
#define HEX(digits) hex((digits), ash_mut((uint8_t[sizeof(digits) / 2 + 1]){ 0 }, sizeof(digits) / 2 + 1))
