/*
 * Manual pages: text on its way to man(1), in the macros of man(7). One thread.
 */
#pragma once

#include <stdio.h>

/* Text within a line: what roff would take for its own is escaped. */
void ash_cli_roff(FILE *out, const char *text);

/* The same in bold, or underlined where that is how a terminal shows it. */
void ash_cli_roff_bold(FILE *out, const char *text);
void ash_cli_roff_italic(FILE *out, const char *text);

/* A paragraph to be filled: lines that begin with a blank stay as they are. */
void ash_cli_roff_text(FILE *out, const char *text);

/* As it stands, line by line: an example, a table. */
void ash_cli_roff_literal(FILE *out, const char *text);

/* The page's first lines, then NAME. */
void ash_cli_roff_page(FILE *out, const char *name, int section, const char *version, const char *summary);

/* "exit codes:" and "exit codes" both give EXIT CODES. */
void ash_cli_roff_section(FILE *out, const char *title);
