/*
 * What this front-end asks of the program that it is linked into: how to start
 * the HSM that C_Initialize stands for, and how to stop it. The module fills the
 * table with src/app; a test with a double.
 */
#pragma once

#include "api/api.h"

/* A running HSM. */
struct ash_p11_instance {
	const struct ash_api *api;
	struct ash_hsm *hsm;
	void *owner; /* the host's own */
};

struct ash_p11_host {
	/*
	 * Starts; opens and creates nothing that C_Initialize must not. Called by one
	 * thread at a time, never while another instance of this process runs.
	 */
	struct ash_status (*start)(struct ash_p11_instance *ret_instance);

	/* Stops; no call is under way. */
	void (*stop)(struct ash_p11_instance *instance);

	/* In a forked child: forgets the parent's instance without touching what it holds. */
	void (*abandon)(struct ash_p11_instance *instance);
};

/* Defined by whoever links this room. */
extern const struct ash_p11_host ash_p11_host;
