/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state_fixture.h: a state directory of its own for each test of records. */
#ifndef STATE_FIXTURE_H
#define STATE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "state/record.h"

static char directory[64];
static struct state state;

static inline int set_up(void **data)
{
	(void)data;
	strcpy(directory, "/tmp/cman-state-XXXXXX");
	assert_non_null(mkdtemp(directory));
	return state_open(directory, true, &state, NULL);
}

static inline int tear_down(void **data)
{
	(void)data;
	state_close(&state);
	return fs_remove_tree_at(AT_FDCWD, directory, NULL);
}

#define STATE_TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

#endif
