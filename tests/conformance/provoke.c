#include "provoke.h"

#include <stdio.h>

/* With how many different n a call meets a fault: all at first, then fewer and fewer. */
#define FAULTS_MAX 4000

static bool cold; /* another process changes the store before each attempt */

void provoke_attempt(void)
{
	if (cold)
		world_stir();
	fault_begin();
}

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
	const char *name, *how, *how_cold;
} faults[] = {
	{ FAULT_MEMORY, CKR_HOST_MEMORY, "CKR_HOST_MEMORY", "an allocation fails",
	  "an allocation fails after somebody changed the store" },
	{ FAULT_IO, CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR", "reading or writing the store fails",
	  "reading the store fails after somebody changed it" },
	{ FAULT_FULL, CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY", "the disk is full",
	  "the disk is full after somebody changed the store" },
};

/* One fault at the n-th event. Whether it happened; whether all was as it has to be. */
static bool meet_fault(const struct provocation *row, size_t fault, uint64_t n, bool *good, bool *seen)
{
	const unsigned failures = world_failures();
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
	if (world_failures() != failures)
		*good = false;
	return happened;
}

/* The functions for which a fault was seen. */
static const char *seen_for[COUNT(faults)][128];

static bool was_seen(size_t fault, const char *function)
{
	for (size_t i = 0; i < COUNT(seen_for[0]) && seen_for[fault][i] != NULL; i++) {
		if (strcmp(seen_for[fault][i], function) == 0)
			return true;
	}
	return false;
}

static void note_seen(size_t fault, const char *function)
{
	size_t i = 0;

	if (was_seen(fault, function))
		return;
	while (i < COUNT(seen_for[0]) - 1 && seen_for[fault][i] != NULL)
		i++;
	seen_for[fault][i] = function;
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
	if (!seen && good)
		return;
	result(row, faults[fault].name, cold ? faults[fault].how_cold : faults[fault].how, good, NULL);
	note_seen(fault, row->function);
}

static void provoke_all_faults(const struct provocation *row)
{
	for (size_t fault = 0; fault < COUNT(faults); fault++) {
		cold = false;
		provoke_faults(row, fault);
		cold = true;
		if (faults[fault].fault == FAULT_IO || !was_seen(fault, row->function))
			provoke_faults(row, fault);
		cold = false;
	}
}

CK_RV provoke_sweep(enum fault fault, CK_RV (*body)(void), bool (*intact)(void))
{
	CK_RV attempted = CKR_OK;
	CK_RV code = CKR_OK;
	CK_RV seen = CKR_OK;

	for (size_t i = 0; i < COUNT(faults); i++)
		code = faults[i].fault == fault ? faults[i].code : code;
	for (uint64_t n = 0; n < FAULTS_MAX; n += 1 + n / 16) {
		bool happened = false;

		fault_plan(fault, n);
		(void)body();
		happened = fault_happened(&attempted);
		fault_plan(FAULT_NONE, 0);
		if (!happened)
			return seen;
		if (attempted != CKR_OK)
			seen = attempted;
		if (attempted != CKR_OK && (attempted != code || !intact())) {
			world_note("at event %llu: %s", (unsigned long long)n, world_rv_name(attempted));
			EXPECT(attempted == code && intact());
			return attempted;
		}
	}
	return seen;
}

void provoke_all(const struct provocation *table, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		provoke(&table[i]);
		if (table[i].code != CKR_OK || table[i].no_faults || table[i].waits != NULL)
			continue;
		provoke_all_faults(&table[i]);
	}
}
