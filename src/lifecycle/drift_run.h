/* SPDX-License-Identifier: GPL-2.0-or-later */
/* drift_run.h: one look at everything, and one go at mending it. */
#ifndef LIFECYCLE_DRIFT_RUN_H
#define LIFECYCLE_DRIFT_RUN_H

#include "config/conf.h"
#include "lifecycle/drift.h"

struct drift_report {
	struct drift drift; /* what was found; mended: a second look did not find it any more */
	struct strlist failures;     /* why something could not be mended, a line each */
	struct strlist busy;         /* containers another command works on: left alone */
	struct strlist changed;      /* that run otherwise than their files say now */
	size_t containers, networks; /* that were looked at */
};
void drift_report_clear(struct drift_report *report);
#define AUTO_DRIFT_REPORT AUTO(drift_report_clear)

/*
 * Under the locks of up and down. repair: mends what it finds. Nothing was ever started: an empty
 * report. EPERM: root alone can see it.
 */
int drift_run(const struct conf *conf, bool repair, struct drift_report *report, struct error *err);

#endif
