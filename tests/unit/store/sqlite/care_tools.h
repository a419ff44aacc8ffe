/* A store with some records, what an inspection says of it, and hurting it. */
#pragma once

#include "unit/store/sqlite/store_folder.h"

#define RECORDS 60u

static struct {
	char damage[4000]; /* "part: text; " of each finding that is one */
	unsigned parts, damaged, unchecked;
	uint64_t pages, terms;
} heard;

ASH_UNUSED static void hear(ASH_UNUSED void *context, const struct ash_finding *finding)
{
	const size_t at = strlen(heard.damage);

	if (finding->text != NULL && finding->verdict == ASH_VERDICT_DAMAGED)
		(void)snprintf(heard.damage + at, sizeof(heard.damage) - at, "%s: %s; ", finding->part,
			       finding->text);
	if (finding->text != NULL)
		return;
	heard.parts++;
	heard.damaged += finding->verdict == ASH_VERDICT_DAMAGED;
	heard.unchecked += finding->verdict == ASH_VERDICT_UNCHECKED;
	if (strcmp(finding->part, "pages") == 0)
		heard.pages = finding->checked;
	if (strcmp(finding->part, "terms") == 0)
		heard.terms = finding->checked;
}

ASH_UNUSED static struct ash_store_facts inspect(struct ash_store *store)
{
	ASH_AUTO(ash_txn) *view = NULL;
	struct ash_store_facts facts;

	memset(&heard, 0, sizeof(heard));
	EXPECT_OK(ash_store_view(store, &view));
	EXPECT_OK(ash_txn_inspect(view, hear, NULL, &facts));
	return facts;
}

/* RECORDS records of 3 KiB; the first has the terms "all" and "first". */
ASH_UNUSED static struct ash_store *store_with_records(void)
{
	static const uint8_t value[3000] = { 1, 2, 3 };
	const struct ash_span terms[] = { TEXT("all"), TEXT("first") };
	struct ash_store *store = open_new();

	for (size_t i = 0; i < RECORDS; i++)
		(void)list_add(store, SPAN(value), terms, i == 0 ? 2 : 1);
	return store;
}
