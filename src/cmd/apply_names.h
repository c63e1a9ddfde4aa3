/* SPDX-License-Identifier: GPL-2.0-or-later */
/* apply_names.h: what apply, rollback and edit do: they differ in where the wanted conf comes from. */
#ifndef CMD_APPLY_NAMES_H
#define CMD_APPLY_NAMES_H

#include "lifecycle/apply.h"

/*
 * Makes the containers what conf says, and prints how it went with each. word: for the history.
 * The exit status, or -1. *changed: whether any of them is otherwise than before.
 */
int apply_names(struct conf *conf, const struct strlist *names, const struct apply_options *how,
		const char *word, bool *changed, struct error *err);

/* "limits.memory, net.ports": the keys of those that change anything now. */
void apply_print_keys(const struct changes *changes);

#endif
