#include "app/bench/measure.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "util/mem.h"

/* The most samples of each kind. */
#define FINDS    2000
#define KEYS     4096 /* handles that are kept of a listing */
#define USES     1000
#define CREATES  50
#define WARM_UPS 50
#define ARRIVALS 9 /* a login is mostly its PIN hash, the time of which varies by tens of ms */
#define PAGE     100

struct bench {
	const struct ash_bench_measure *what;
	struct ash_bench_guest guest;
	uint64_t random;
	CK_OBJECT_HANDLE key[KEYS]; /* private keys from all over the token */
	size_t keys;
	CK_OBJECT_HANDLE made[2 * CREATES];
	size_t pairs_made;
};

/* xorshift64: the same order each time. */
static uint64_t draw(struct bench *bench, uint64_t below)
{
	bench->random ^= bench->random << 13;
	bench->random ^= bench->random >> 7;
	bench->random ^= bench->random << 17;
	return bench->random % below;
}

static ASH_STATUS tell(json_t *point, const char *name, struct ash_bench_samples *samples)
{
	json_t *told = NULL;

	ASH_TRY(ash_bench_samples_tell(samples, &told));
	ASH_ENSURE(json_object_set_new(point, name, told) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

static ASH_STATUS set(json_t *point, const char *name, json_t *value)
{
	ASH_ENSURE(json_object_set_new(point, name, value) == 0, ASH_E_MEMORY);
	return ASH_DONE;
}

/* Repeats the act and tells what it cost as `name`. */
static ASH_STATUS sample(struct bench *bench, json_t *point, const char *name, ash_bench_act act, size_t most)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };

	ASH_TRY(ash_bench_sample(act, bench, most, bench->what->share_ms, &samples));
	return tell(point, name, &samples);
}

/* ---- searches ---- */

static ASH_STATUS find_exactly(struct bench *bench, CK_ATTRIBUTE_TYPE type, struct ash_bench_value value,
			       size_t wanted)
{
	CK_ATTRIBUTE attr = { type, value.bytes, value.len };
	size_t found = 0;

	ASH_TRY(ash_bench_guest_find(&bench->guest, &attr, 1, NULL, 0, &found));
	if (found != wanted)
		ASH_FAIL_WITH(ASH_E_FAILED, "a search for \"%.*s\" found %zu keys where %zu are",
			      (int)value.len, (const char *)value.bytes, found, wanted);
	return ASH_DONE;
}

/* Of an empty token nothing is found. */
static struct ash_status find_id(void *context, ASH_UNUSED size_t n)
{
	struct bench *bench = context;
	const uint64_t pairs = bench->what->pairs;

	return find_exactly(bench, CKA_ID, ash_bench_id(pairs != 0 ? draw(bench, pairs) : 0),
			    pairs != 0 ? 2 : 0);
}

static struct ash_status find_label(void *context, ASH_UNUSED size_t n)
{
	struct bench *bench = context;
	const uint64_t pairs = bench->what->pairs;
	const uint64_t index = draw(bench, pairs);
	const uint64_t first = index - index % ASH_BENCH_GROUP;
	/* The last label may have fewer. */
	const uint64_t sharing = pairs - first < ASH_BENCH_GROUP ? pairs - first : ASH_BENCH_GROUP;

	return find_exactly(bench, CKA_LABEL, ash_bench_label(index), 2 * (size_t)sharing);
}

/* ---- listing ---- */

struct listing {
	struct bench *bench;
	struct ash_bench_samples pages;
	uint64_t cpu_ns, wall_ns, keys;
	bool whole;
};

static ASH_STATUS list_page(struct listing *listing, CK_ULONG *ret_got)
{
	struct bench *bench = listing->bench;
	const uint64_t stride = bench->what->pairs / KEYS + 1;
	const struct ash_bench_cost start = ash_bench_clocks();
	struct ash_bench_cost cost;
	CK_OBJECT_HANDLE page[PAGE];

	/* The search itself counts to the first page. */
	if (listing->keys == 0) {
		CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
		CK_ATTRIBUTE attr = { CKA_CLASS, &class, sizeof(class) };

		ASH_TRY(ASH_BENCH_ASK(&bench->guest, C_FindObjectsInit, bench->guest.session, &attr, 1));
	}
	ASH_TRY(ASH_BENCH_ASK(&bench->guest, C_FindObjects, bench->guest.session, page, PAGE, ret_got));
	cost = ash_bench_since(start);
	listing->cpu_ns += cost.cpu_ns;
	listing->wall_ns += cost.wall_ns;
	for (CK_ULONG i = 0; i < *ret_got; i++, listing->keys++) {
		if (listing->keys % stride == 0 && bench->keys < KEYS)
			bench->key[bench->keys++] = page[i];
	}
	return *ret_got != 0 ? ash_bench_samples_add(&listing->pages, cost) : ASH_DONE;
}

static ASH_STATUS list_pages(struct listing *listing)
{
	struct bench *bench = listing->bench;
	CK_ULONG got = 1;

	while (got != 0 && listing->wall_ns < bench->what->share_ms * 1000000)
		ASH_TRY(list_page(listing, &got));
	listing->whole = got == 0;
	ASH_TRY(ASH_BENCH_ASK(&bench->guest, C_FindObjectsFinal, bench->guest.session));
	if (listing->keys == 0 || (listing->whole && listing->keys != bench->what->pairs))
		ASH_FAIL_WITH(ASH_E_FAILED, "listing the private keys gave %" PRIu64 " where %" PRIu64 " are",
			      listing->keys, bench->what->pairs);
	return ASH_DONE;
}

static ASH_STATUS tell_listing(struct listing *listing, json_t *point)
{
	ASH_TRY(tell(point, "list", &listing->pages));
	ASH_TRY(set(point, "list_keys", json_integer((json_int_t)listing->keys)));
	ASH_TRY(set(point, "list_whole", json_boolean(listing->whole)));
	return set(point, "list_key_cpu_us",
		   json_real((double)listing->cpu_ns / 1000.0 / (double)listing->keys));
}

static ASH_STATUS list(struct bench *bench, json_t *point)
{
	struct listing listing = { .bench = bench };
	struct ash_status status = list_pages(&listing);

	if (ash_is_ok(status))
		status = tell_listing(&listing, point);
	ash_bench_samples_done(&listing.pages);
	return status;
}

/* ---- keys: the even ones are read, the odd ones used, so that each use is the first ---- */

static struct ash_status read_key(void *context, size_t n)
{
	struct bench *bench = context;
	CK_OBJECT_CLASS class = 0;
	CK_KEY_TYPE type = 0;
	CK_BYTE id[32], label[32];
	CK_ATTRIBUTE attrs[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_ID, id, sizeof(id) },
		{ CKA_LABEL, label, sizeof(label) },
	};

	ASH_TRY(ASH_BENCH_ASK(&bench->guest, C_GetAttributeValue, bench->guest.session, bench->key[2 * n],
			      attrs, ASH_COUNT(attrs)));
	if (class != CKO_PRIVATE_KEY || type != CKK_EC)
		ASH_FAIL_WITH(ASH_E_FAILED, "a P-256 private key is not read as one");
	return ASH_DONE;
}

static ASH_STATUS sign(struct bench *bench, CK_OBJECT_HANDLE key)
{
	CK_MECHANISM mechanism = { CKM_ECDSA, NULL, 0 };
	CK_BYTE digest[32] = "what is signed is any 32 bytes.", signature[64];
	CK_ULONG len = sizeof(signature);

	ASH_TRY(ASH_BENCH_ASK(&bench->guest, C_SignInit, bench->guest.session, &mechanism, key));
	return ASH_BENCH_ASK(&bench->guest, C_Sign, bench->guest.session, digest, sizeof(digest), signature,
			     &len);
}

static struct ash_status use_first(void *context, size_t n)
{
	struct bench *bench = context;

	return sign(bench, bench->key[2 * n + 1]);
}

static struct ash_status use(void *context, ASH_UNUSED size_t n)
{
	struct bench *bench = context;

	return sign(bench, bench->key[1]);
}

static struct ash_status create(void *context, size_t n)
{
	struct bench *bench = context;

	ASH_TRY(ash_bench_guest_make_pair(&bench->guest, bench->guest.session, ASH_BENCH_EXTRA + n,
					  &bench->made[2 * n]));
	bench->pairs_made = n + 1;
	return ASH_DONE;
}

static struct ash_status destroy(void *context, size_t n)
{
	struct bench *bench = context;

	return ASH_BENCH_ASK(&bench->guest, C_DestroyObject, bench->guest.session, bench->made[n]);
}

/* ---- a point ---- */

static ASH_STATUS anonymous_memory(json_t *point)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	unsigned long kib = 0;

	ASH_ENSURE(file != NULL, ASH_E_IO);
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "RssAnon:", 8) == 0)
			kib = strtoul(line + 8, NULL, 10);
	}
	(void)fclose(file);
	return set(point, "rss_anon_mib", json_real((double)kib / 1024.0));
}

/* A login by itself, and with the search after it. */
struct arrivals {
	struct ash_bench_samples login, find, both;
};

static void arrivals_auto(struct arrivals *arrivals)
{
	ash_bench_samples_done(&arrivals->login);
	ash_bench_samples_done(&arrivals->find);
	ash_bench_samples_done(&arrivals->both);
}

static ASH_STATUS arrive_once(struct bench *bench, struct arrivals *arrivals)
{
	const struct ash_bench_cost start = ash_bench_clocks();
	struct ash_bench_cost middle;

	ASH_TRY(ash_bench_guest_login(&bench->guest));
	ASH_TRY(ash_bench_samples_add(&arrivals->login, ash_bench_since(start)));
	middle = ash_bench_clocks();
	ASH_TRY(find_id(bench, 0));
	ASH_TRY(ash_bench_samples_add(&arrivals->find, ash_bench_since(middle)));
	return ash_bench_samples_add(&arrivals->both, ash_bench_since(start));
}

/* The first is told by itself, too: it alone opens what is opened once. */
static ASH_STATUS arrive(struct bench *bench, json_t *point)
{
	__attribute__((cleanup(arrivals_auto))) struct arrivals arrivals = { .login = { .count = 0 } };

	ASH_TRY(ash_bench_guest_load(bench->what->module, &bench->guest));
	ASH_TRY(ash_bench_guest_enter(&bench->guest));
	ASH_TRY(arrive_once(bench, &arrivals));
	ASH_TRY(set(point, "login_find_cpu_ms", json_real((double)arrivals.both.cpu_ns[0] / 1e6)));
	for (size_t n = 1; n < ARRIVALS; n++) {
		ASH_TRY(ASH_BENCH_ASK(&bench->guest, C_Logout, bench->guest.session));
		ASH_TRY(arrive_once(bench, &arrivals));
	}
	ASH_TRY(tell(point, "login", &arrivals.login));
	ASH_TRY(tell(point, "first_find", &arrivals.find));
	return tell(point, "login_find", &arrivals.both);
}

/* All that was made goes, whatever time it takes: the next point counts the keys. */
static ASH_STATUS destroy_made(struct bench *bench, json_t *point)
{
	ASH_AUTO(ash_bench_samples) samples = { .count = 0 };
	const size_t made = 2 * bench->pairs_made;

	ASH_TRY(ash_bench_sample(destroy, bench, made, bench->what->share_ms, &samples));
	for (size_t n = samples.count; n < made; n++)
		ASH_TRY(destroy(bench, n));
	return tell(point, "destroy", &samples);
}

static ASH_STATUS use_keys(struct bench *bench, json_t *point)
{
	ASH_AUTO(ash_bench_samples) warm = { .count = 0 };

	ASH_TRY(ash_bench_sample(find_id, bench, WARM_UPS, bench->what->share_ms / 4, &warm));
	ASH_TRY(sample(bench, point, "find_id", find_id, FINDS));
	ASH_TRY(sample(bench, point, "find_label", find_label, FINDS));
	ASH_TRY(list(bench, point));
	if (bench->keys < 2)
		ASH_FAIL_WITH(ASH_E_FAILED, "listing was too slow to choose keys to read and use");
	ASH_TRY(sample(bench, point, "read", read_key, bench->keys / 2));
	ASH_TRY(sample(bench, point, "first_use", use_first,
		       bench->keys / 2 < USES ? bench->keys / 2 : USES));
	ASH_TRY(sample(bench, point, "use", use, USES));
	ASH_TRY(anonymous_memory(point));
	ASH_TRY(sample(bench, point, "create", create, CREATES));
	return destroy_made(bench, point);
}

ASH_STATUS ash_bench_measure(const struct ash_bench_measure *what, json_t **ret_point)
{
	ASH_BENCH_AUTO_JSON *point = json_pack("{s:I}", "keys", (json_int_t)(2 * what->pairs));
	struct bench *bench = ash_mem_new(1, sizeof(*bench));
	struct ash_status status;

	ASH_ENSURE(point != NULL && bench != NULL, ASH_E_MEMORY);
	bench->what = what;
	bench->random = 0x41736868616c6172;
	status = arrive(bench, point);
	if (ash_is_ok(status) && what->pairs != 0)
		status = use_keys(bench, point);
	if (ash_is_ok(status))
		*ret_point = ASH_TAKE(point);
	ash_bench_guest_done(&bench->guest);
	ash_mem_free(bench);
	return status;
}
