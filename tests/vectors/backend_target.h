/*
 * A crypto back end as a target of test vectors. Each request is done several times:
 * at once, in place, again with the same operation, in pieces and by way of a copy, as
 * far as the back end can; the answers must agree. Output goes to room of exactly the
 * promised size and must not be touched by what was not verified.
 */
#pragma once

#include "app/selftest/target.h"

struct ash_backend_ops;

struct vector_backend {
	const struct ash_backend_ops *ops;
	void *handle;
};

/* `backend` is filled and has to live as long as the target. False when it does not open. */
bool vector_backend_open(const struct ash_backend_ops *ops, struct vector_backend *backend,
			 struct ash_vector_target *ret_target);
void vector_backend_close(struct vector_backend *backend);
