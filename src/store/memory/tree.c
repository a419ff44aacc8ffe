#include "store/memory/tree.h"

#include <stdatomic.h>

#include "util/mem.h"

struct ash_item {
	_Atomic size_t refs;
	uint64_t number;
	size_t key_len;
	size_t first_len;
	size_t second_len;
	uint8_t bytes[]; /* key, first, second */
};

struct ash_tree {
	_Atomic size_t refs;
	struct ash_item *item;
	struct ash_tree *left;
	struct ash_tree *right;
	int height;
};

static uint8_t *append(uint8_t *to, struct ash_span bytes)
{
	if (bytes.len != 0)
		memcpy(to, bytes.data, bytes.len);
	return to + bytes.len;
}

struct ash_status ash_item_new(struct ash_span key, uint64_t number, struct ash_span first,
			       struct ash_span second, struct ash_item **ret_item)
{
	struct ash_item *item = NULL;
	size_t total = sizeof(*item);

	ASH_ENSURE(!__builtin_add_overflow(total, key.len, &total) &&
			   !__builtin_add_overflow(total, first.len, &total) &&
			   !__builtin_add_overflow(total, second.len, &total),
		   ASH_E_LIMIT);
	item = ash_mem_new(1, total);
	ASH_ENSURE(item != NULL, ASH_E_MEMORY);
	atomic_init(&item->refs, 1);
	item->number = number;
	item->key_len = key.len;
	item->first_len = first.len;
	item->second_len = second.len;
	append(append(append(item->bytes, key), first), second);
	*ret_item = item;
	return ASH_DONE;
}

static struct ash_item *item_ref(struct ash_item *item)
{
	atomic_fetch_add_explicit(&item->refs, 1, memory_order_relaxed);
	return item;
}

struct ash_item *ash_item_unref(struct ash_item *item)
{
	if (item == NULL || atomic_fetch_sub_explicit(&item->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	return ash_mem_free(item);
}

struct ash_span ash_item_key(const struct ash_item *item)
{
	return ash_span(item->bytes, item->key_len);
}

uint64_t ash_item_number(const struct ash_item *item)
{
	return item->number;
}

struct ash_span ash_item_first(const struct ash_item *item)
{
	return ash_span(item->bytes + item->key_len, item->first_len);
}

struct ash_span ash_item_second(const struct ash_item *item)
{
	return ash_span(item->bytes + item->key_len + item->first_len, item->second_len);
}

static int compare(struct ash_span a, struct ash_span b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter != 0 ? memcmp(a.data, b.data, shorter) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

struct ash_tree *ash_tree_ref(struct ash_tree *tree)
{
	if (tree != NULL)
		atomic_fetch_add_explicit(&tree->refs, 1, memory_order_relaxed);
	return tree;
}

struct ash_tree *ash_tree_unref(struct ash_tree *tree)
{
	/* As deep as the tree is high: 40 or so for a million entries. */
	if (tree == NULL || atomic_fetch_sub_explicit(&tree->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	ash_tree_unref(tree->left);
	ash_tree_unref(tree->right);
	ash_item_unref(tree->item);
	return ash_mem_free(tree);
}

static int height(const struct ash_tree *tree)
{
	return tree != NULL ? tree->height : 0;
}

/* A node over two subtrees, to both of which it takes over the caller's reference, whatever comes of it. */
static struct ash_tree *join(struct ash_item *item, struct ash_tree *left, struct ash_tree *right)
{
	struct ash_tree *tree = ash_mem_new(1, sizeof(*tree));

	if (tree == NULL) {
		ash_tree_unref(left);
		ash_tree_unref(right);
		return NULL;
	}
	atomic_init(&tree->refs, 1);
	tree->item = item_ref(item);
	tree->left = left;
	tree->right = right;
	tree->height = 1 + (height(left) > height(right) ? height(left) : height(right));
	return tree;
}

/* A node that has to stand over two others: none of them may be missing. */
static struct ash_tree *join_over(struct ash_item *item, struct ash_tree *left, struct ash_tree *right)
{
	if (left != NULL && right != NULL)
		return join(item, left, right);
	ash_tree_unref(left);
	ash_tree_unref(right);
	return NULL;
}

/* The left subtree is too high by two: rotates to the right. Takes both references. */
static struct ash_tree *lean_right(struct ash_item *item, struct ash_tree *left, struct ash_tree *right)
{
	ASH_UNUSED ASH_AUTO(ash_tree) *high = left;
	struct ash_tree *middle = left->right;
	struct ash_tree *a = NULL;
	struct ash_tree *b = NULL;

	if (height(left->left) >= height(middle)) {
		b = join(item, ash_tree_ref(middle), right);
		return b != NULL ? join(left->item, ash_tree_ref(left->left), b) : NULL;
	}
	a = join(left->item, ash_tree_ref(left->left), ash_tree_ref(middle->left));
	b = join(item, ash_tree_ref(middle->right), right);
	return join_over(middle->item, a, b);
}

static struct ash_tree *lean_left(struct ash_item *item, struct ash_tree *left, struct ash_tree *right)
{
	ASH_UNUSED ASH_AUTO(ash_tree) *high = right;
	struct ash_tree *middle = right->left;
	struct ash_tree *a = NULL;
	struct ash_tree *b = NULL;

	if (height(right->right) >= height(middle)) {
		a = join(item, left, ash_tree_ref(middle));
		return a != NULL ? join(right->item, a, ash_tree_ref(right->right)) : NULL;
	}
	a = join(item, left, ash_tree_ref(middle->left));
	b = join(right->item, ash_tree_ref(middle->right), ash_tree_ref(right->right));
	return join_over(middle->item, a, b);
}

/* As join, for subtrees whose heights differ by two at most. */
static struct ash_tree *balance(struct ash_item *item, struct ash_tree *left, struct ash_tree *right)
{
	if (height(left) > height(right) + 1)
		return lean_right(item, left, right);
	if (height(right) > height(left) + 1)
		return lean_left(item, left, right);
	return join(item, left, right);
}

static struct ash_tree *add(const struct ash_tree *tree, struct ash_item *item)
{
	struct ash_tree *changed = NULL;
	int order = 0;

	if (tree == NULL)
		return join(item, NULL, NULL);
	order = compare(ash_item_key(item), ash_item_key(tree->item));
	if (order == 0)
		return join(item, ash_tree_ref(tree->left), ash_tree_ref(tree->right));
	changed = add(order < 0 ? tree->left : tree->right, item);
	if (changed == NULL)
		return NULL;
	if (order < 0)
		return balance(tree->item, changed, ash_tree_ref(tree->right));
	return balance(tree->item, ash_tree_ref(tree->left), changed);
}

struct ash_status ash_tree_add(const struct ash_tree *tree, struct ash_item *item, struct ash_tree **ret_tree)
{
	struct ash_tree *changed = add(tree, item);

	ASH_ENSURE(changed != NULL, ASH_E_MEMORY);
	*ret_tree = changed;
	return ASH_DONE;
}

/* These two may give the empty tree, which is NULL: they say otherwise whether there was memory. */
static bool remove_least(const struct ash_tree *tree, struct ash_tree **ret_tree)
{
	struct ash_tree *changed = NULL;

	if (tree->left == NULL) {
		*ret_tree = ash_tree_ref(tree->right);
		return true;
	}
	if (!remove_least(tree->left, &changed))
		return false;
	*ret_tree = balance(tree->item, changed, ash_tree_ref(tree->right));
	return *ret_tree != NULL;
}

/* The key must be there. */
static bool remove_key(const struct ash_tree *tree, struct ash_span key, struct ash_tree **ret_tree)
{
	int order = compare(key, ash_item_key(tree->item));
	const struct ash_tree *least = tree->right;
	struct ash_tree *changed = NULL;

	if (order == 0 && (tree->left == NULL || tree->right == NULL)) {
		*ret_tree = ash_tree_ref(tree->left != NULL ? tree->left : tree->right);
		return true;
	}
	if (order == 0) {
		while (least->left != NULL)
			least = least->left;
		if (!remove_least(tree->right, &changed))
			return false;
		*ret_tree = balance(least->item, ash_tree_ref(tree->left), changed);
	} else if (order < 0) {
		if (!remove_key(tree->left, key, &changed))
			return false;
		*ret_tree = balance(tree->item, changed, ash_tree_ref(tree->right));
	} else {
		if (!remove_key(tree->right, key, &changed))
			return false;
		*ret_tree = balance(tree->item, ash_tree_ref(tree->left), changed);
	}
	return *ret_tree != NULL;
}

struct ash_status ash_tree_remove(const struct ash_tree *tree, struct ash_span key,
				  struct ash_tree **ret_tree)
{
	struct ash_tree *changed = NULL;

	ASH_ENSURE(ash_tree_get(tree, key) != NULL, ASH_E_NOT_FOUND);
	ASH_ENSURE(remove_key(tree, key, &changed), ASH_E_MEMORY);
	*ret_tree = changed;
	return ASH_DONE;
}

const struct ash_item *ash_tree_get(const struct ash_tree *tree, struct ash_span key)
{
	while (tree != NULL) {
		int order = compare(key, ash_item_key(tree->item));

		if (order == 0)
			return tree->item;
		tree = order < 0 ? tree->left : tree->right;
	}
	return NULL;
}

const struct ash_item *ash_tree_above(const struct ash_tree *tree, struct ash_span key, bool equal)
{
	const struct ash_item *best = NULL;

	while (tree != NULL) {
		int order = compare(ash_item_key(tree->item), key);

		if (order > 0 || (equal && order == 0)) {
			best = tree->item;
			tree = tree->left;
		} else {
			tree = tree->right;
		}
	}
	return best;
}
