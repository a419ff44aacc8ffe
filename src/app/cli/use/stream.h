/*
 * Runs an operation over what comes in: in parts where the mechanism works in parts, so
 * that a file may be longer than memory; else whole. What passes through lies in secret
 * memory. Failures are told.
 */
#pragma once

#include "app/cli/file/sink.h"
#include "app/cli/file/source.h"
#include "app/cli/use/key.h"

struct ash_cli_stream {
	struct ash_cli_use *use;
	const struct ash_cli_use_key *key; /* NULL: a digest */
	const struct ash_mechanism_row *row;
	struct ash_mechanism *mechanism; /* of CCM the data's length is filled in */
	enum ash_op op;
	struct ash_cli_source *source;
};

/* Encrypts or decrypts into the sink. */
ASH_STATUS ash_cli_stream_crypt(const struct ash_cli_stream *stream, struct ash_cli_sink *sink);

/* Appends the signature or digest. */
ASH_STATUS ash_cli_stream_sum(const struct ash_cli_stream *stream, struct ash_buf *out);

/* Checks the signature. One that does not hold is no failure: it is told by `ret_valid`. */
ASH_STATUS ash_cli_stream_verify(const struct ash_cli_stream *stream, struct ash_span signature,
				 bool *ret_valid);

/* The most bytes that the token keeps of an operation that it can't do in parts (limits.multipart). */
uint64_t ash_cli_stream_limit(const struct ash_cli *cli);
