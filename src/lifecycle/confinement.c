/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/confinement.h"

#include <linux/capability.h>
#include <string.h>

#include "config/calls.h"
#include "config/capabilities.h"

#define FILTER_FILE "seccomp" /* in the run directory */

static void take_capabilities(const struct security *security, capability_set capabilities,
			      struct confinement *confinement)
{
	confinement->capabilities = capabilities;
	confinement->added = capabilities & capabilities_of(&security->cap_add);
	confinement->no_new_privs = security->no_new_privs;
}

static int choose_capabilities(const struct security *security, struct confinement *confinement,
			       struct error *err)
{
	capability_set base = security->privileged ? capability_host_set()
						   : capability_default_set();
	capability_set chosen;

	if (capability_choose(base, capabilities_of(&security->cap_drop),
			      capabilities_of(&security->cap_add), &chosen, err) < 0)
		return -1;
	take_capabilities(security, chosen, confinement);
	return 0;
}

/* What opens system calls that the filter closes otherwise. */
static uint64_t openers(const struct security *security, const struct confinement *confinement)
{
	return confinement->capabilities |
	       (security->nesting ? (uint64_t)1 << CAPABILITY_NESTING : 0);
}

/* Whether the key names a file; else the filter is made here. */
static bool choose_filter(const struct security *security, struct confinement *confinement)
{
	if (*security->seccomp == '/')
		return true;
	if (strcmp(security->seccomp, "none") != 0)
		seccomp_default(openers(security, confinement), &confinement->filter);
	return false;
}

int confinement_check(const struct security *security, struct error *err)
{
	struct confinement scratch = {0};

	return choose_capabilities(security, &scratch, err);
}

int confinement_make(const struct security *security, int directory_fd,
		     struct confinement *confinement, struct error *err)
{
	*confinement = (struct confinement){0};
	if (choose_capabilities(security, confinement, err) < 0)
		return -1;
	if (!choose_filter(security, confinement))
		return 0;
	if (seccomp_from_calls(security->calls, openers(security, confinement),
			       &confinement->filter, err) < 0)
		return error_wrap(err, "%s", security->seccomp);
	return seccomp_save(&confinement->filter, directory_fd, FILTER_FILE, err);
}

int confinement_recall(const struct security *security, const capability_set *capabilities,
		       int directory_fd, struct confinement *confinement, struct error *err)
{
	*confinement = (struct confinement){0};
	if (capabilities)
		take_capabilities(security, *capabilities, confinement);
	else if (choose_capabilities(security, confinement, err) < 0)
		return -1;
	if (!choose_filter(security, confinement))
		return 0;
	if (seccomp_load(directory_fd, FILTER_FILE, &confinement->filter, err) < 0)
		return error_wrap(err, "recorded filter of system calls");
	return 0;
}

void confinement_make_init(const struct confinement *command, struct confinement *confinement)
{
	const capability_set kill = (capability_set)1 << CAP_KILL;
	/* A user other than root stays who he is, unless one of these lets him change. */
	bool may_change = !command->no_new_privs ||
			  command->added & (capability_set)1 << CAP_SETUID;

	*confinement = (struct confinement){
		.capabilities = command->capabilities & kill,
		.added = may_change ? command->capabilities & kill : 0,
		.no_new_privs = true,
	};
	seccomp_default(confinement->capabilities, &confinement->filter);
}

void confinement_clear(struct confinement *confinement)
{
	seccomp_clear(&confinement->filter);
}
