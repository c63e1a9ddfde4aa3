/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * boot_record.h: how containers came up when the host did, DATA_DIR/boot: a line for each thing that
 * happened, appended as it happens, so that it tells as much after a power cut. Times are milliseconds of
 * CLOCK_BOOTTIME. One writer at a time counts: that of the last line "boot".
 *
 *   boot BOOT_ID SECONDS MS PID START_TIME [cut]   cman up --boot begins; cut: the boot before was not
 *                                                  brought to its end. Again in the same boot: it goes on
 *   container NAME [OTHER...]                      it is to be brought up, after the others
 *   ran NAME MS                                    it was running already
 *   running NAME BEGUN MS                          and is not ready yet
 *   up NAME BEGUN RUNNING READY
 *   failed | unready | out NAME BEGUN MS TEXT      out: it was not started; BEGUN 0 then
 *   through MS                                     cman up --boot has ended
 */
#ifndef STATE_BOOT_RECORD_H
#define STATE_BOOT_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/process.h"
#include "base/text.h"

/* ---- writing ---- */

/* An fd to append to, owned by the caller. What an earlier boot of the host left is replaced. */
int boot_record_begin(const char *data_dir, struct error *err);

/* One line, without a newline; its last word may be any text. -1 is told once, by boot_record_end(). */
void boot_record_add(int fd, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* The last line; what happened is on the disk when it returns. */
int boot_record_end(int fd, struct error *err);

/* ---- reading ---- */

enum boot_outcome {
	BOOT_WAITING, /* for its turn */
	BOOT_RAN,
	BOOT_RUNNING, /* not ready yet */
	BOOT_UP,
	BOOT_FAILED,
	BOOT_UNREADY,
	BOOT_OUT,
};

struct boot_entry {
	char *name;
	enum boot_outcome outcome;
	struct strlist after;                     /* what it waited for */
	uint64_t begun_ms, running_ms, settled_ms; /* 0: it did not come so far */
	char *reason;                             /* why it is not up; NULL: there is none */
};

struct boot_record {
	char boot_id[37];
	uint64_t began_at; /* seconds since the epoch */
	uint64_t begin_ms;
	uint64_t end_ms; /* 0: it was not through, or goes on */
	struct process_identity process;
	bool before_was_cut;
	struct boot_entry *entries; /* sorted by name */
	size_t count;
};

/* 1; 0: there is none; -1. Lines that a later cman writes, and one that was cut, are passed over. */
int boot_record_read(const char *data_dir, struct boot_record *record, struct error *err);
void boot_record_clear(struct boot_record *record);
#define AUTO_BOOT_RECORD AUTO(boot_record_clear)

/*
 * What the last of those that came up waited for, what that waited for, and so on: indices of entries, the
 * first of them first; owned by the caller. count 0: none came up.
 */
size_t *boot_record_critical_path(const struct boot_record *record, size_t *count);

#endif
