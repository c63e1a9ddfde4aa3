/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_restart.c: whether the delays of restarts go together. */
#include "config/validate.h"

void validate_restart(const struct spec *spec, struct diagnostics *diagnostics)
{
	const struct restart *restart = &spec->restart;
	char delay[PARSE_TEXT_MAX], max_delay[PARSE_TEXT_MAX];

	if (restart->max_delay_ms >= restart->delay_ms)
		return;
	parse_format_duration(restart->delay_ms, delay);
	parse_format_duration(restart->max_delay_ms, max_delay);
	diagnostics_add(diagnostics, SEVERITY_ERROR, origin_find(&spec->origins, "restart.delay"),
			NULL, "restart.max_delay: %s is less than restart.delay, %s", max_delay, delay);
}
