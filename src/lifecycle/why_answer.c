/* SPDX-License-Identifier: GPL-2.0-or-later */
/* why_answer.c: what was found, put together. */
#include "lifecycle/why_parts.h"

#include <string.h>

void why_answer_clear(struct why_answer *answer)
{
	text_clear(&answer->object);
	text_clear(&answer->now);
	text_clear(&answer->wanted);
}

static void add_once(struct text *text, const char *addition)
{
	if (!addition || strstr(text_value(text), addition))
		return;
	text_addf(text, "%s%s", text->length ? ", " : "", addition);
}

void why_add_judged(struct why_answer *answer, const char *object, const char *now,
		    const char *wanted, bool same)
{
	add_once(&answer->object, object);
	text_addf(&answer->now, "%s%s", answer->now.length ? ", " : "", now ?: "none");
	text_addf(&answer->wanted, "%s%s", answer->wanted.length ? ", " : "", wanted ?: "none");
	if (!same)
		answer->state = WHY_DIFFERS;
	else if (answer->state != WHY_DIFFERS)
		answer->state = WHY_SAME;
}

void why_add(struct why_answer *answer, const char *object, const char *now, const char *wanted)
{
	if (wanted) {
		why_add_judged(answer, object, now, wanted, text_equal(now, wanted));
		return;
	}
	add_once(&answer->object, object);
	text_addf(&answer->now, "%s%s", answer->now.length ? ", " : "", now ?: "none");
}
