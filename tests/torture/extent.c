#include "extent.h"

#include <stdio.h>
#include <string.h>

#include "report.h"

#define PAGE         4096u
#define PAGES_MAX    256u
#define RESERVED     8u /* for a page's checksum */
#define LOG_HEADER   32u
#define LOG_SALTS    16u
#define FRAME_HEADER 24u
#define FRAME_SALTS  8u
#define SALTS_LEN    8u

#define GENERATION_AT  64u
#define GENERATION_LEN 8u

/* The first byte of a page of a tree. */
#define INDEX_BRANCH 2
#define TABLE_BRANCH 5
#define INDEX_LEAF   10
#define TABLE_LEAF   13

/* Ashlar's tables begin at these pages, and these are its spaces. */
enum tree {
	NO_TREE,
	HEADER,
	META,
	RECORD,
	RECORD_NAME,
	TERM,
};
#define SPACE_PIN     3
#define SPACE_PUBLIC  4
#define SPACE_PRIVATE 5
#define SPACE_LEDGER  6

#define BIT(place)   (UINT32_C(1) << (place))
#define ALL_PLACES   (BIT(WITNESS_PLACES) - 1)
#define OBJECTS_MASK (ALL_PLACES & ~(BIT(WITNESS_OBJECTS) - 1))

static const struct extent everything = { ALL_PLACES, WITNESS_PLACES };
static const struct extent nothing = { 0, 0 };

static struct extent together(struct extent one, struct extent other)
{
	return (struct extent){ one.may | other.may, one.objects + other.objects };
}

/* One of the objects, and a list of them all. */
static struct extent one_of(uint32_t objects)
{
	return (struct extent){ objects | BIT(WITNESS_LIST), 1 };
}

/* Without PINs: nobody logs in, and there are no private objects. What the token says of itself is not hurt. */
static struct extent of_pins(void)
{
	return (struct extent){ witness_mask(true) | BIT(WITNESS_LOGIN) | BIT(WITNESS_LIST), WITNESS_PLACES };
}

static struct extent of_ledger(uint64_t space)
{
	if (space == SPACE_PIN) /* whose tries are written at each login */
		return of_pins();
	return space == SPACE_PUBLIC ? (struct extent){ BIT(WITNESS_CREATION), 0 } : nothing;
}

static struct extent of_record(uint64_t space, uint64_t id)
{
	switch (space) {
	case SPACE_PIN: return of_pins();
	case SPACE_PUBLIC: return one_of(witness_mask(false));
	case SPACE_PRIVATE: return one_of(witness_mask(true));
	case SPACE_LEDGER: return of_ledger(id);
	default: return everything;
	}
}

/* ---- pages ---- */

static uint32_t big(const uint8_t *at, size_t len)
{
	uint32_t value = 0;

	for (size_t i = 0; i < len; i++)
		value = value << 8 | at[i];
	return value;
}

static const uint8_t *page_at(const struct folder_file *file, size_t number)
{
	return number >= 1 && number * PAGE <= file->len ? file->data + (number - 1) * PAGE : NULL;
}

static bool is_branch(const uint8_t *page)
{
	return page[0] == INDEX_BRANCH || page[0] == TABLE_BRANCH;
}

static size_t cells_at(const uint8_t *page)
{
	return is_branch(page) ? 12 : 8;
}

/* Which tree each page belongs to. */
static void walk(const struct folder_file *file, size_t number, enum tree tree, enum tree owners[PAGES_MAX])
{
	const uint8_t *page = page_at(file, number);
	const size_t count = page != NULL ? big(page + 3, 2) : 0;

	if (page == NULL || number >= PAGES_MAX ||
	    (!is_branch(page) && page[0] != INDEX_LEAF && page[0] != TABLE_LEAF))
		report_bail("%s: page %zu is none of a tree", file->path, number);
	owners[number] = tree;
	for (size_t i = 0; i < count && is_branch(page); i++)
		walk(file, big(page + big(page + cells_at(page) + 2 * i, 2), 4), tree, owners);
	if (is_branch(page))
		walk(file, big(page + 8, 4), tree, owners);
}

static enum tree tree_of(const struct folder_file *file, size_t number)
{
	enum tree owners[PAGES_MAX] = { NO_TREE };

	owners[1] = HEADER;
	for (enum tree tree = META; tree <= TERM; tree++)
		walk(file, tree, tree, owners);
	return number < PAGES_MAX ? owners[number] : HEADER;
}

/* Whether the log has the page: then nobody reads it in the database. */
static bool is_in_log(const struct folder *store, size_t number)
{
	const struct folder_file *log = folder_find(store, "store.db-wal");
	size_t at = LOG_HEADER;

	while (log != NULL && at + FRAME_HEADER + PAGE <= log->len &&
	       memcmp(log->data + at + FRAME_SALTS, log->data + LOG_SALTS, SALTS_LEN) == 0) {
		if (big(log->data + at, 4) == number)
			return true;
		at += FRAME_HEADER + PAGE;
	}
	return false;
}

/* ---- records ---- */

/* A row of the table: its cell's head (lengths, the row's number) and what is in it. */
struct row {
	size_t head, payload, sealed, end; /* in the page */
	uint64_t space, id;
};

static uint64_t varint(const uint8_t *page, size_t *at)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < 9 && *at < PAGE; i++) {
		const uint8_t byte = page[(*at)++];

		if (i == 8)
			return value << 8 | byte;
		value = value << 7 | (byte & 0x7fu);
		if ((byte & 0x80u) == 0)
			break;
	}
	return value;
}

static size_t len_of(uint64_t type)
{
	static const uint8_t lens[] = { 0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0 };

	return type < COUNT(lens) ? lens[type] : (size_t)(type - 12) / 2;
}

/* Its columns are row (in the head), space, owner, id, version, terms, value. */
#define COLUMNS 7u

static struct row read_row(const uint8_t *page, size_t cell)
{
	struct row row = { .head = cell };
	size_t at = cell, types = 0, values = 0;
	uint64_t numbers[4] = { 0 };

	row.end = (size_t)varint(page, &at);
	(void)varint(page, &at);
	row.payload = types = at;
	row.end += at;
	values = at + (size_t)varint(page, &types);
	if (row.end > PAGE - RESERVED)
		report_bail("a record does not fit its page");
	for (unsigned i = 0; i < COLUMNS; i++) {
		const uint64_t type = varint(page, &types);

		row.sealed = values;
		for (size_t k = 0; k < len_of(type) && i < COUNT(numbers); k++)
			numbers[i] = numbers[i] << 8 | page[values + k];
		if (i < COUNT(numbers))
			numbers[i] = type == 9 ? 1 : numbers[i];
		values += len_of(type);
	}
	row.space = numbers[1];
	row.id = numbers[3];
	return row;
}

/* Where a row can't be had of a PIN, the token can't say how that does. */
static struct extent of_row(const struct row *row)
{
	const struct extent token = { BIT(WITNESS_TOKEN), 0 };

	return together(of_record(row->space, row->id), row->space == SPACE_PIN ? token : nothing);
}

/* Where space is free the first four bytes say how much, and where there is more. */
static bool is_chain(const uint8_t *page, size_t at)
{
	size_t free = big(page + 1, 2);

	while (free != 0 && free + 4 <= PAGE) {
		if (at >= free && at < free + 4)
			return true;
		free = big(page + free, 2);
	}
	return false;
}

/*
 * A byte in a record hurts that one. One that says where records are, or how long, hurts
 * any of the page; new ones may have to go there, too. The rest is not used: what seals a
 * record notices more than the page's checksum would.
 */
static struct extent of_leaf(const uint8_t *page, size_t at)
{
	const size_t cells = cells_at(page), count = big(page + 3, 2);
	struct extent all = { BIT(WITNESS_CREATION), 0 };
	bool is_head = at < cells + 2 * count || is_chain(page, at);

	for (size_t i = 0; i < count; i++) {
		const struct row row = read_row(page, big(page + cells + 2 * i, 2));

		if (at >= row.sealed && at < row.end)
			return of_record(row.space, row.id);
		if (at >= row.payload && at < row.end)
			return of_row(&row);
		is_head = is_head || (at >= row.head && at < row.payload);
		all = together(all, of_row(&row));
	}
	return is_head ? all : nothing;
}

static struct extent of_database(const struct folder *store, const struct folder_file *file, size_t at)
{
	const size_t number = at / PAGE + 1;
	const uint8_t *page = page_at(file, number);
	const enum tree tree = tree_of(file, number);

	if (page == NULL || tree == HEADER)
		return everything;
	if (is_in_log(store, number))
		return nothing;
	if (tree == RECORD && page[0] == TABLE_LEAF)
		return of_leaf(page, at % PAGE);
	/* Searches do without the terms; a page that is free is one to be used. */
	return tree == TERM || tree == NO_TREE ? (struct extent){ BIT(WITNESS_CREATION), 0 } : everything;
}

/* ---- files ---- */

static bool ends_with(const char *text, const char *end)
{
	const size_t len = strlen(text), end_len = strlen(end);

	return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

struct extent extent_of(const struct folder *store, const struct folder_file *file, bool cut, size_t at)
{
	if (strcmp(file->path, "store.db") == 0)
		return cut ? everything : of_database(store, file, at);
	if (ends_with(file->path, "-shm")) /* made anew by whoever opens it first */
		return nothing;
	if (strcmp(file->path, "store.gen") == 0) /* made anew, too; but a later generation is believed */
		return !cut && at >= GENERATION_AT && at < GENERATION_AT + GENERATION_LEN ? everything
											  : nothing;
	if (ends_with(file->path, ".object") && !ends_with(file->path, "/token.object"))
		return one_of(OBJECTS_MASK);
	return everything;
}

bool extent_holds(const struct extent *extent, const struct witness *witness, char *why, size_t len)
{
	unsigned objects = 0;

	for (unsigned i = 0; i < WITNESS_PLACES; i++) {
		const struct witness_piece *piece = &witness->pieces[i];

		if (piece->state != WITNESS_TOLD)
			continue;
		objects += i >= WITNESS_OBJECTS;
		if ((extent->may & BIT(i)) != 0 && objects <= extent->objects)
			continue;
		(void)snprintf(why, len, "%s answers %s, though it is not what was hurt", witness_name(i),
			       actor_rv_name(piece->rv));
		return false;
	}
	return true;
}
