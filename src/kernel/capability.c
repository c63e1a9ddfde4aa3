/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/capability.h"

#include <errno.h>
#include <grp.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "config/capabilities.h"

static const cap_value_t default_capabilities[] = {
	CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,     CAP_FSETID,
	CAP_KILL,    CAP_NET_BIND_SERVICE, CAP_SETFCAP,    CAP_SETGID,
	CAP_SETPCAP, CAP_SETUID,           CAP_SYS_CHROOT,
};

static void free_cap(cap_t *caps)
{
	if (*caps)
		cap_free(*caps);
}

static capability_set bit(cap_value_t cap)
{
	return (capability_set)1 << cap;
}

capability_set capability_default_set(void)
{
	capability_set set = 0;

	for (size_t i = 0; i < ARRAY_SIZE(default_capabilities); i++)
		if (cap_get_bound(default_capabilities[i]) == 1)
			set |= bit(default_capabilities[i]);
	return set;
}

capability_set capability_host_set(void)
{
	capability_set set = 0;

	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (cap_get_bound(cap) == 1)
			set |= bit(cap);
	return set;
}

int capability_choose(capability_set base, capability_set drop, capability_set add,
		      capability_set *out, struct error *err)
{
	capability_set host = capability_host_set();
	capability_set lacking = add == CAPABILITIES_ALL ? 0 : add & ~host;

	for (unsigned int cap = 0; lacking; cap++, lacking >>= 1) {
		if (!(lacking & 1))
			continue;
		error_set(err, EPERM, "cman itself has no CAP_%s", capabilities_name(cap));
		return error_hint(err, "it was taken from this host, or whatever started cman runs "
				       "without it");
	}
	*out = (base & ~drop) | (add & host);
	return 0;
}

/*
 * Permitted and effective become what set and the present permitted have in common, inheritable
 * what inheritable has of it.
 */
static int cut_sets(capability_set set, capability_set inheritable, struct error *err)
{
	AUTO(free_cap) cap_t now = cap_get_proc();
	AUTO(free_cap) cap_t wanted = cap_init();

	if (!now || !wanted)
		return error_set(err, errno, "read capabilities");
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++) {
		cap_flag_value_t permitted;

		if (!(set & bit(cap)) || cap_get_flag(now, cap, CAP_PERMITTED, &permitted) < 0 ||
		    permitted != CAP_SET)
			continue;
		if (cap_set_flag(wanted, CAP_PERMITTED, 1, &cap, CAP_SET) < 0 ||
		    cap_set_flag(wanted, CAP_EFFECTIVE, 1, &cap, CAP_SET) < 0 ||
		    (inheritable & bit(cap) &&
		     cap_set_flag(wanted, CAP_INHERITABLE, 1, &cap, CAP_SET) < 0))
			return error_set(err, errno, "choose capability %d", cap);
	}
	if (cap_set_proc(wanted) < 0)
		return error_set(err, errno, "set capabilities");
	return 0;
}

static int raise_ambient(capability_set set, struct error *err)
{
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (set & bit(cap) && cap_set_ambient(cap, CAP_SET) < 0)
			return error_set(err, errno, "make capability %d ambient", cap);
	return 0;
}

static int clear_inheritable(struct error *err)
{
	AUTO(free_cap) cap_t caps = cap_get_proc();

	if (!caps || cap_clear_flag(caps, CAP_INHERITABLE) < 0 || cap_set_proc(caps) < 0)
		return error_set(err, errno, "clear inheritable capabilities");
	return 0;
}

int capability_limit_bounding(capability_set set, struct error *err)
{
	if (cap_reset_ambient() < 0)
		return error_set(err, errno, "clear ambient capabilities");
	if (clear_inheritable(err) < 0)
		return -1;
	for (cap_value_t cap = 0; cap < cap_max_bits(); cap++)
		if (!(set & bit(cap)) && cap_get_bound(cap) == 1 && cap_drop_bound(cap) < 0)
			return error_set(err, errno, "drop capability %d from the bounding set",
					 cap);
	return 0;
}

int capability_become(uid_t uid, gid_t gid, const gid_t *groups, size_t group_count,
		      capability_set set, capability_set ambient, struct error *err)
{
	/* Groups before the user: CAP_SETGID goes with uid 0. */
	if (setgroups(group_count, groups) < 0) {
		error_set(err, errno, "set supplementary groups");
		if (err && err->code == EINVAL)
			error_hint(err, "one is no id of the container: they end at userns.size");
		return -1;
	}
	if (setresgid(gid, gid, gid) < 0)
		return error_set(err, errno, "become group %u", gid);
	if (prctl(PR_SET_KEEPCAPS, (unsigned long)(set != 0), 0, 0, 0) < 0)
		return error_set(err, errno, "keep capabilities");
	if (setresuid(uid, uid, uid) < 0)
		return error_set(err, errno, "become user %u", uid);
	if (cut_sets(set, ambient, err) < 0)
		return -1;
	return raise_ambient(ambient, err);
}

int capability_keep(capability_set set, struct error *err)
{
	return cut_sets(set, 0, err);
}

int capability_forbid_gain(struct error *err)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return error_set(err, errno, "set no_new_privs");
	return 0;
}
