/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/output.h"

#include <errno.h>
#include <stdio.h>

static int first_failure; /* errno, 0: none */

void output_flush(void)
{
	/* What cannot be written is thrown away, and a later fflush(3) has nothing to complain of. */
	if (fflush(stdout) != 0 && first_failure == 0)
		first_failure = errno;
}

int output_finish(struct error *err)
{
	output_flush();
	if (first_failure == 0 && ferror(stdout))
		first_failure = EIO; /* within printf(3), which nobody asked */
	return first_failure == 0 ? 0 : error_set(err, first_failure, "write to standard output");
}
