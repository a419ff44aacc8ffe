/*
 * What was wanted, what came, and how often it was right.
 */
#pragma once

#include "families.h"

#define SHOWN_MAX 25

static struct {
	unsigned long tried, good, succeeded, exact, shown;
} tally;

/* Codes that would be right. */
struct wanted {
	CK_RV code[8];
	size_t count;
};

static void want(struct wanted *wanted, CK_RV code)
{
	wanted->code[wanted->count++] = code;
}

static bool is_wanted(const struct wanted *wanted, CK_RV rv)
{
	for (size_t i = 0; i < wanted->count; i++)
		if (wanted->code[i] == rv)
			return true;
	return wanted->count == 0 && rv == CKR_OK;
}

static void complain(const char *why, const char *mechanism, const char *family, const struct key *key,
		     const char *param, CK_RV got, const struct wanted *wanted)
{
	static const char *const halves[] = { "public", "private", "secret", "no" };
	static const char *const variants[] = { "usable", "useless", "restricted" };

	if (tally.shown++ >= SHOWN_MAX)
		return;
	guest_note("%s, %s, %s %s %s key, parameter \"%s\": %s", mechanism, family,
		   key != NULL ? variants[key->variant] : "no", key != NULL ? halves[key->half] : "",
		   key != NULL && key->kind < KINDS ? kind_table[key->kind].name : "", param, why);
	guest_note("  got %#lx", got);
	for (size_t i = 0; wanted != NULL && i < wanted->count; i++)
		guest_note("  wanted %#lx", wanted->code[i]);
}
