/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * compare.h: what differs between two specs of one container, key by key of the tables in keys.h:
 * between what it was started with and what its file says now. Pure.
 */
#ifndef CONFIG_COMPARE_H
#define CONFIG_COMPARE_H

#include "config/keys.h"
#include "config/spec.h"

struct change {
	char *key;       /* as its file has it: "limits.memory", "net[1].ip", "mounts[0]" */
	char *element;   /* of a list of groups: its name, interface or path; else NULL */
	char *old_value, *new_value; /* as in a file; NULL: there was, or is to be, none */
	struct location at; /* of the new one; line 0: the key stands nowhere, it is the default */
	char *layer;        /* see struct origin; "container.conf" is the manager file itself */
	enum change_class class;
};

struct changes {
	struct change *items; /* in the order of the tables */
	size_t count;
};

/*
 * Adds what differs. recorded is what conf_parse_spec() made of a record, wanted a spec without
 * errors, its addresses given; manager tells where a value comes from that the file leaves to it.
 * Equal are: an address that was given and is given again; "NAME" alone in environment, which
 * takes what the host has at each start; extends, whose templates were merged. What stands in
 * files that the keys only name (security.seccomp, a rootfs) is not looked at.
 */
void spec_compare(const struct spec *recorded, const struct spec *wanted,
		  const struct manager *manager, struct changes *changes);

/*
 * Where the key of a spec without errors stands, in its file, a template, defaults or the manager file;
 * interface: it is one of that, or NULL. Line 0 and NULL: nowhere. *layer is as in struct change.
 */
void spec_find_place(const struct spec *spec, const struct manager *manager,
		     const struct interface *interface, const char *key, struct location *at,
		     char **layer);

/* Adds one; the texts are taken over. */
void changes_add(struct changes *changes, struct change change);
void changes_clear(struct changes *changes);
#define AUTO_CHANGES AUTO(changes_clear)

/* The hardest of them: CHANGE_RESTART, CHANGE_ATTACH, CHANGE_LIVE; CHANGE_NONE also where there are none. */
enum change_class changes_hardest(const struct changes *changes);

/* "live", "re-attach", "restart", "none" */
const char *change_class_name(enum change_class class);

#endif
