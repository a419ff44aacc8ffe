/*
 * The store in an SQLite file, shared by any number of processes of one machine
 * (docs/protocol/store.md, docs/adr/0002-the-store.md).
 *
 * SQLite's connections must not cross a fork: what is inherited believes that it
 * holds the parent's file locks. So all of them are closed just before this
 * process forks (pthread_atfork), and opened again when they are next needed. A
 * child that could not be spared them (a bare clone, or a transaction that did not
 * end in time) is refused the store until it execs.
 */
#pragma once

#include "store/backend.h"

extern const struct ash_store_ops ash_store_sqlite;
