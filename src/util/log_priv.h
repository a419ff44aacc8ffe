/* Inside the log: what its test replaces. */
#pragma once

#include "util/log.h"

/* Where the system's log listens; "/dev/log" unless a test says otherwise. `path` is static text. */
void ash_log_listen_at(const char *path);
