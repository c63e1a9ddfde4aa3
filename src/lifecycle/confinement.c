/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/confinement.h"

#include <linux/capability.h>
#include <string.h>

#include "base/log.h"
#include "config/calls.h"
#include "config/capabilities.h"
#include "kernel/apparmor.h"

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

static void choose_profile(const struct security *security, struct confinement *confinement)
{
	if (strcmp(security->apparmor, APPARMOR_UNCONFINED) != 0)
		confinement->profile = xstrdup(security->apparmor);
}

/* What exec by an unconfined caller would be without; it cannot be without its own. */
static int recall_profile(pid_t init, struct confinement *confinement, struct error *err)
{
	AUTO_FREE char *own = NULL, *profile = NULL;

	if (apparmor_confining(init, &profile, err) < 0 || apparmor_confining(getpid(), &own, err) < 0)
		return -1;
	if (profile && !text_equal(profile, own))
		confinement->profile = take_pointer(&profile);
	return 0;
}

static int check_profile(const struct security *security, const char *name, struct error *err)
{
	AUTO(confinement_clear) struct confinement wanted = {0};
	bool complains;

	choose_profile(security, &wanted);
	if (!wanted.profile)
		return 0;
	if (apparmor_check(wanted.profile, &complains, err) < 0)
		return -1;
	if (complains)
		log_warning("%s: the profile \"%s\" is not enforced, it denies nothing", name,
			    wanted.profile);
	return 0;
}

int confinement_check(const struct security *security, const char *name, const char **key,
		      struct error *err)
{
	struct confinement scratch = {0};

	*key = "security.cap_add";
	if (choose_capabilities(security, &scratch, err) < 0)
		return -1;
	*key = "security.apparmor";
	return check_profile(security, name, err);
}

int confinement_make(const struct security *security, int directory_fd,
		     struct confinement *confinement, struct error *err)
{
	*confinement = (struct confinement){0};
	if (choose_capabilities(security, confinement, err) < 0)
		return -1;
	choose_profile(security, confinement);
	if (!choose_filter(security, confinement))
		return 0;
	if (seccomp_from_calls(security->calls, openers(security, confinement),
			       &confinement->filter, err) < 0)
		return error_wrap(err, "%s", security->seccomp);
	return seccomp_save(&confinement->filter, directory_fd, FILTER_FILE, err);
}

int confinement_recall(const struct security *security, const struct record *record,
		       int directory_fd, struct confinement *confinement, struct error *err)
{
	*confinement = (struct confinement){0};
	if (record->has_capabilities)
		take_capabilities(security, record->capabilities, confinement);
	else if (choose_capabilities(security, confinement, err) < 0)
		return -1;
	choose_profile(security, confinement);
	/* Started anew nobody runs, and we are confined as who started it was. */
	if (!confinement->profile && record->init.pid > 0 &&
	    recall_profile(record->init.pid, confinement, err) < 0)
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
		.profile = command->profile ? xstrdup(command->profile) : NULL,
	};
	seccomp_default(confinement->capabilities, &confinement->filter);
}

void confinement_make_files(struct confinement *confinement)
{
	static const int over_files[] = {CAP_CHOWN, CAP_DAC_OVERRIDE, CAP_FOWNER, CAP_FSETID};

	*confinement = (struct confinement){.no_new_privs = true};
	for (size_t i = 0; i < ARRAY_SIZE(over_files); i++)
		confinement->capabilities |= (capability_set)1 << over_files[i];
	/* Asked on the host: what cman lacks itself it cannot have there. */
	confinement->capabilities &= capability_host_set();
	seccomp_default(confinement->capabilities, &confinement->filter);
}

void confinement_clear(struct confinement *confinement)
{
	seccomp_clear(&confinement->filter);
	free(confinement->profile);
	confinement->profile = NULL;
}
