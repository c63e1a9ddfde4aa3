/* SPDX-License-Identifier: GPL-2.0-or-later */
/* marks.h: words by which ps and status mark a container, and cman(8) explains. */
#ifndef CONFIG_MARKS_H
#define CONFIG_MARKS_H

enum mark {
	/* less safe than others, by its spec: spec_list_marks() */
	MARK_PRIVILEGED,
	MARK_HOST_IDS,
	MARK_HOST_NET,
	/* it runs otherwise than the files have it now */
	MARK_CHANGED,
	MARK_TRANSIENT,
	MARK_NO_FILE,
	MARK_FILE_ERRORS,
	MARK_COUNT,
};
#define MARKS_OF_SPEC MARK_CHANGED /* so many, the first ones */

extern const char *const mark_names[MARK_COUNT];

#endif
