/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read.h: (libconfig) a file read to a tree. Our own lexer finds the faults and the places;
 * libconfig is the parser of record: the values are its values, and where both do not agree
 * about a file, that is a bug of ours and reported as one.
 */
#ifndef CONFIG_READ_H
#define CONFIG_READ_H

#include "config/diagnostic.h"
#include "config/node.h"

enum read_status {
	READ_NOTHING, /* the tree is empty or of no use */
	READ_PARTIAL, /* settings with errors are missing: what is there can be checked */
	READ_COMPLETE,
};

/* What is wrong is in diagnostics. The tree is valid (and to be cleared) in any case. */
enum read_status read_file(const char *path, bool trusted_directory,
			   struct diagnostics *diagnostics, struct node *root);

/* The same for text that comes from elsewhere; path is its name in messages. */
enum read_status read_text(const char *path, const char *text, struct diagnostics *diagnostics,
			   struct node *root);

#endif
