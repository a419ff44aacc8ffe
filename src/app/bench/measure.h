/*
 * What a module's calls cost on a token with a given number of keys. For a process of its own,
 * which has done nothing with the module before.
 */
#pragma once

#include "app/bench/guest.h"
#include "app/bench/watch.h"

struct ash_bench_measure {
	const char *module; /* its path */
	uint64_t pairs;     /* on the token: 0 to pairs - 1 */
	uint64_t share_ms;  /* the most time that one kind of call gets */
};

/*
 * A point of the chart:
 *   "keys": N, "login", "first_find", "find_id", "find_label", "list" (a page of 100), "read",
 *   "first_use", "use", "create" (a pair), "destroy" (a key), "login_find" (a login and the search after
 *   it): each as ash_bench_samples_tell() has it; "login_find_cpu_ms": the first of these; "list_keys": how many were listed, "list_whole": whether that was all,
 *   "list_key_cpu_us", "rss_anon_mib".
 * Without keys only the login and the search after it. What a search finds is checked: a wrong number
 * of keys is ASH_E_FAILED. With an explanation.
 */
ASH_STATUS ash_bench_measure(const struct ash_bench_measure *what, json_t **ret_point);
