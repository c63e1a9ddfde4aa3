/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layers.h: where the changes of a container with an overlay go, and what keeps them to rootfs.size:
 * a project quota where the file system has it and there is a user namespace, else an image beside
 * the directory. What is in use stays in use: neither is turned into the other behind anybody's back.
 */
#ifndef LIFECYCLE_LAYERS_H
#define LIFECYCLE_LAYERS_H

#include "lifecycle/container.h"

enum layers_kind { LAYERS_PLAIN, LAYERS_PROJECT, LAYERS_IMAGE };

struct layers {
	enum layers_kind kind;
	char *path;       /* the directory, or the image */
	uint32_t project; /* of LAYERS_PROJECT */
	uint64_t size;    /* bytes; LIMIT_MAX: not limited */
};

void layers_clear(struct layers *layers);
#define AUTO_LAYERS AUTO(layers_clear)

/*
 * Makes ready what a container with an overlay needs, and notes it in its run directory. What is
 * made stays, as the changes do.
 */
int layers_prepare(const struct host *host, const struct container *container,
		   struct layers *layers, struct error *err);

/*
 * A detached mount of them, idmapped to the user namespace (-1: there is none). It goes when the last user
 * closes it.
 */
int layers_open(const struct layers *layers, int userns_fd, struct error *err);

/* Once they are mounted, before the payload runs: ends the headroom that a full one is mounted with. */
int layers_take_headroom(const struct container *container, struct error *err);

/* When all processes are gone: waits until the kernel is through with the unmount of an image. */
void layers_await_release(const struct container *container);

struct layers_usage {
	const char *kind;     /* "project quota", "image" or "memory"; NULL: not limited */
	uint64_t used, limit; /* bytes; UINT64_MAX: unknown */
};

/* Of a running container, spec as recorded. */
void layers_read_usage(int run_dir_fd, const struct spec *spec, pid_t init_pid,
		       struct layers_usage *usage);

#endif
