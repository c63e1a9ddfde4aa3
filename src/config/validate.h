/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * validate.h: the rules across fields: of the manager file, and of one container on the networks
 * of the manager. What depends on others is filled in here (gateway, pool, command, environment).
 */
#ifndef CONFIG_VALIDATE_H
#define CONFIG_VALIDATE_H

#include "config/conf.h"
#include "config/diagnostic.h"
#include "config/spec.h"

void validate_manager(struct manager *manager, struct diagnostics *diagnostics);

/* One pass over containers; zeroed but for the manager, which has no errors. */
struct validation {
	const struct manager *manager;
	struct diagnostics *diagnostics;
	char *trusted_parent; /* of the last sound rootfs: they tend to lie side by side; free() it */
};

/*
 * complete: the whole file was read, so that what is missing is really missing. Does not look at
 * other containers: see conflicts.h.
 */
void validate_container(struct validation *validation, struct spec *spec, bool complete);

/* Where an overlay keeps its changes: validate_container() calls it. */
void validate_upper(const struct spec *spec, struct diagnostics *diagnostics);

/* The mounts of a container: validate_container() calls it. */
void validate_mounts(const struct spec *spec, struct diagnostics *diagnostics);

/* Its interfaces, with what they take from their networks: validate_container() calls it. */
void validate_interfaces(const struct manager *manager, struct spec *spec,
			 struct diagnostics *diagnostics);

/* What one of them may call: validate_interfaces() calls it. forges: from any hardware address. */
void validate_egress(const struct manager *manager, const struct network *network,
		     const struct spec *spec, const struct interface *interface, bool forges,
		     struct diagnostics *diagnostics);

/* Whether the delays of its restarts go together: validate_container() calls it. */
void validate_restart(const struct spec *spec, struct diagnostics *diagnostics);

/* What up waits for, and its health check; before the environment is complete. */
void validate_ready(struct spec *spec, struct diagnostics *diagnostics);

/* Likewise its security.devices. */
void validate_devices(const struct spec *spec, struct diagnostics *diagnostics);

/* Likewise its hooks. */
void validate_hooks(const struct spec *spec, struct diagnostics *diagnostics);

/*
 * Who waits for whom among all of conf, and whether what is waited for is there. only: as of
 * conflicts_check().
 */
void validate_order(const struct conf *conf, const char *only, struct diagnostics *diagnostics);

#endif
