/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * syntax.h: tokens put together to a tree, after libconfig's grammar. Goes on behind an error
 * where it can tell how, so that one run shows all of them.
 */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "config/lexer.h"
#include "config/node.h"

struct syntax_result {
	struct node root; /* a group; settings with errors are NODE_BROKEN or missing */
	unsigned int errors;
	bool unbalanced;      /* brackets do not match: what belongs to what is anybody's guess */
	struct text expanded; /* the whole text with included files in their places */
};

void syntax_parse(const struct source *source, bool trusted_directory,
		  struct diagnostics *diagnostics, struct syntax_result *result);
void syntax_result_clear(struct syntax_result *result);
#define AUTO_SYNTAX AUTO(syntax_result_clear)

#endif
