/*
 * The records inside a transaction: what store/backend.h says of get, find, count,
 * new_id, put, delete, delete_all, place and terms. `connection` is the transaction.
 */
#pragma once

#include "store/sqlite/connection.h"
#include "store/store.h"

ASH_STATUS ash_sqlite_get(void *connection, struct ash_record_name name, struct ash_buf *value,
			  uint64_t *ret_version);
ASH_STATUS ash_sqlite_find(void *connection, uint32_t space, uint64_t owner, struct ash_span term,
			   uint64_t after, uint64_t *ids, size_t cap, size_t *ret_count);
ASH_STATUS ash_sqlite_count(void *connection, uint32_t space, uint64_t owner, struct ash_span term,
			    uint64_t limit, uint64_t *ret_count);
ASH_STATUS ash_sqlite_new_id(void *connection, uint64_t *ret_id);
ASH_STATUS ash_sqlite_put(void *connection, struct ash_record_name name, uint64_t if_version,
			  struct ash_span value, const struct ash_span *terms, size_t term_count);
ASH_STATUS ash_sqlite_place(void *connection, struct ash_record_name after,
			    struct ash_record_name *ret_place);
ASH_STATUS ash_sqlite_terms(void *connection, struct ash_record_name name, struct ash_buf *terms);
ASH_STATUS ash_sqlite_delete(void *connection, struct ash_record_name name);
ASH_STATUS ash_sqlite_delete_all(void *connection, uint32_t space, uint64_t owner);
