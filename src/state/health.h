/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * health.h: how the checks of a running container went: the file "health" in its run directory,
 * written by "cman health" after each check, under the lock of the container. There is none before
 * the first.
 */
#ifndef STATE_HEALTH_H
#define STATE_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define HEALTH_FILE        "health"
#define HEALTH_HISTORY_MAX 10  /* checks */
#define HEALTH_TEXT_MAX    256 /* bytes, with the NUL */

enum health_condition { HEALTH_STARTING, HEALTH_HEALTHY, HEALTH_UNHEALTHY };
#define HEALTH_CONDITION_COUNT 3
extern const char *const health_condition_names[HEALTH_CONDITION_COUNT];

struct health_check {
	uint64_t at;          /* of its end, seconds since the epoch */
	uint64_t duration_ms;
	bool passed;
	int exit_status;      /* -1: it was killed, or could not be run */
	char text[HEALTH_TEXT_MAX]; /* how it ended and its first words, one line; "" */
};

struct health_record {
	enum health_condition condition;
	uint64_t since;    /* it is so, seconds since the epoch; 0: from the start on */
	uint32_t failures; /* in a row */
	struct health_check history[HEALTH_HISTORY_MAX]; /* the oldest first */
	size_t count;
};

/* Adds a check to the history, in the place of the oldest one where it is full. */
void health_add(struct health_record *health, const struct health_check *check);

/* 1: read; 0: there was no check yet, and health is that of a container that starts; -1. */
int health_read(int run_dir_fd, struct health_record *health, struct error *err);
int health_write(int run_dir_fd, const struct health_record *health, struct error *err);

#endif
