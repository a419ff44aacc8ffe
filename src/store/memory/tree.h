/*
 * An ordered map of byte strings that never changes: adding and removing give a
 * new tree, which shares all but the path to the change with the old one (an AVL
 * tree with copied paths and counted references). So a view is a reference to a
 * root, undoing is taking the old root back, and readers need no lock.
 *
 * Trees may be read, referenced and dropped by any thread; NULL is the empty tree.
 */
#pragma once

#include "util/compat.h"
#include "util/span.h"
#include "util/status.h"

/* One entry: immutable once made. */
struct ash_item;
struct ash_tree;

/* ASH_E_MEMORY, ASH_E_LIMIT. */
ASH_STATUS ash_item_new(struct ash_span key, uint64_t number, struct ash_span first, struct ash_span second,
			struct ash_item **ret_item);
struct ash_item *ash_item_unref(struct ash_item *item);

/* Lent as long as the item. */
struct ash_span ash_item_key(const struct ash_item *item);
uint64_t ash_item_number(const struct ash_item *item);
struct ash_span ash_item_first(const struct ash_item *item);
struct ash_span ash_item_second(const struct ash_item *item);

struct ash_tree *ash_tree_ref(struct ash_tree *tree);
struct ash_tree *ash_tree_unref(struct ash_tree *tree);

/* The tree with the item, in the place of the one of the same key. ASH_E_MEMORY. */
ASH_STATUS ash_tree_add(const struct ash_tree *tree, struct ash_item *item, struct ash_tree **ret_tree);

/* The tree without the key. ASH_E_NOT_FOUND, ASH_E_MEMORY. */
ASH_STATUS ash_tree_remove(const struct ash_tree *tree, struct ash_span key, struct ash_tree **ret_tree);

/* Lent as long as the tree; NULL when there is none. */
const struct ash_item *ash_tree_get(const struct ash_tree *tree, struct ash_span key);

/* The first item whose key is above `key`, or equals it where `equal` is set; NULL when there is none. */
const struct ash_item *ash_tree_above(const struct ash_tree *tree, struct ash_span key, bool equal);

static inline void ash_tree_auto(struct ash_tree **tree)
{
	ash_tree_unref(*tree);
}

static inline void ash_item_auto(struct ash_item **item)
{
	ash_item_unref(*item);
}
