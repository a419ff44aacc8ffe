#include "provoke.h"

#include <stdio.h>

/* With how many different n a call meets a fault: all at first, then fewer and fewer. */
#define FAULTS_MAX 4000

CK_RV provoke_attempted(CK_RV rv)
{
	fault_end(rv);
	return rv;
}

/* A row that waits has to fail; when it no longer does, its mark has to go. */
static void result(const struct provocation *row, const char *code, const char *how, bool good,
		   const char *waits)
{
	char name[256];

	(void)snprintf(name, sizeof(name), "%s %s: %s", row->function, code, how);
	if (waits != NULL && good)
		world_note("it works now: take away the mark that it waits");
	world_result(good, name, waits);
}

static void provoke(const struct provocation *row)
{
	const unsigned failures = world_failures();
	const uint64_t before = world_sum();
	const CK_RV rv = row->body();
	bool good = rv == row->code;

	if (!good)
		world_note("wanted %s, got %s", row->code_name, world_rv_name(rv));
	if (world_sum() != before) {
		good = false;
		world_note("it changed the world");
	}
	good = good && world_failures() == failures;
	result(row, row->code_name, row->how, good, row->waits);
}

static const struct {
	enum fault fault;
	CK_RV code;
	const char *name, *how;
} faults[] = {
	{ FAULT_MEMORY, CKR_HOST_MEMORY, "CKR_HOST_MEMORY", "an allocation fails" },
	{ FAULT_IO, CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", "reading or writing the store fails" },
	{ FAULT_FULL, CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", "the disk is full" },
};

/* One fault at the n-th event. Whether it happened; whether all was as it has to be. */
static bool meet_fault(const struct provocation *row, size_t fault, uint64_t n, bool *good, bool *seen)
{
	const uint64_t before = world_sum();
	CK_RV attempted = CKR_OK;
	bool happened = false;

	fault_plan(faults[fault].fault, n);
	(void)row->body();
	happened = fault_happened(&attempted);
	fault_plan(FAULT_NONE, 0);
	if (attempted == faults[fault].code) {
		*seen = true;
	} else if (attempted != CKR_OK) {
		*good = false;
		world_note("fault %s at event %llu: %s", faults[fault].name, (unsigned long long)n,
			   world_rv_name(attempted));
	}
	if (world_sum() != before) {
		*good = false;
		world_note("fault %s at event %llu changed the world", faults[fault].name,
			   (unsigned long long)n);
	}
	return happened;
}

/*
 * What the body says of calls that fail is of no interest here: its expectations
 * are of success. The code, and that nothing changed, are.
 */
static void provoke_faults(const struct provocation *row, size_t fault)
{
	bool good = true;
	bool seen = false;

	world_mute(true);
	for (uint64_t n = 0; n < FAULTS_MAX && good; n += 1 + n / 16) {
		if (!meet_fault(row, fault, n, &good, &seen))
			break;
	}
	world_mute(false);
	if (seen || !good)
		result(row, faults[fault].name, faults[fault].how, good, NULL);
}

void provoke_all(const struct provocation *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		provoke(&table[i]);
		if (table[i].code != CKR_OK || table[i].no_faults || table[i].waits != NULL)
			continue;
		for (size_t fault = 0; fault < COUNT(faults); fault++)
			provoke_faults(&table[i], fault);
	}
}
