/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mends what has drifted, by the functions of the steps that had made it. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/fs.h"
#include "kernel/namespace.h"
#include "kernel/rebind.h"
#include "kernel/rootfs.h"
#include "lifecycle/adopt.h"
#include "lifecycle/drift_look.h"
#include "lifecycle/forwarding.h"
#include "lifecycle/hosts_file.h"
#include "lifecycle/network.h"
#include "lifecycle/resolv_conf.h"
#include "lifecycle/steps.h"
#include "state/network_files.h"

#define NETWORK_TIMEOUT_MS 30000
#define HOST_SUBJECT       "host"

struct repair {
	struct drift_hold *hold;
	const struct drift *drift;
	struct strlist *failures;
};

static void note_failure(struct repair *repair, const char *subject, const struct error *err)
{
	strlist_add_taken(repair->failures,
			  xprintf("%s: %s%s%s%s", subject, err->text, err->hint[0] ? " (" : "",
				  err->hint, err->hint[0] ? ")" : ""));
}

/* ---- networks ---- */

/* Of the networks that were looked at: the lock has been given back since, for a moment. */
static int mend_forwarding(struct drift_hold *hold, struct error *err)
{
	bool ipv6 = false;

	for (size_t i = 0; i < hold->network_count; i++) {
		const struct network_record *network = &hold->networks[i];

		if (network->member_count == 0)
			continue;
		if (network_switch_forwarding(hold->host, network, err) < 0)
			return -1;
		ipv6 |= network_forwards_ipv6(network);
	}
	return ipv6 && hold->host->manager->manage_forward ? forwarding6_listen(hold->host, err) : 0;
}

static int mend_bridge(struct drift_hold *hold, const char *name, struct error *err)
{
	struct host *host = hold->host;
	AUTO_FD int lock_fd = network_lock(&host->state, NETWORK_TIMEOUT_MS, err);
	AUTO_NETWORK_RECORD struct network_record network = {0};
	int rc;

	if (lock_fd < 0)
		return -1;
	if (strcmp(name, HOST_SUBJECT) == 0)
		return mend_forwarding(hold, err);
	/* Anew: in between it may have lost its last member. */
	rc = network_record_read(&host->state, name, &network, err);
	if (rc <= 0 || network.member_count == 0)
		return rc < 0 ? -1 : 0;
	if (network_make_bridge(host, &network, err) < 0)
		return -1;
	return network.filtered ? 0 : network_stop_filter(host, &network, err);
}

/* One that is neither recorded nor in the file any more: nobody knows what it was like. */
static int check_networks(const struct drift_hold *hold, const struct drift_held *held,
			  struct error *err)
{
	for (size_t i = 0; i < held->spec.interface_count; i++) {
		const char *name = held->spec.interfaces[i].network;

		if (manager_find_network(&hold->manager, name))
			continue;
		error_set(err, ENOENT, "network %s is neither recorded nor in %s", name,
			  hold->manager.file);
		return error_hint(err, "put it back into the file, or restart the container");
	}
	return 0;
}

static int mend_member(struct drift_hold *hold, const char *name, struct error *err)
{
	struct drift_held *held = drift_find(hold, name);

	if (!held)
		return 0;
	return check_networks(hold, held, err) < 0
		       ? -1
		       : network_begin(hold->host, &held->container, err);
}

/* ---- links ---- */

static int mend_port(struct drift_hold *hold, const struct drift_held *held, unsigned int index,
		     struct error *err)
{
	const struct network *network =
		manager_find_network(&hold->manager, held->spec.interfaces[index].network);
	struct network_veth veth;

	network_describe_veth(&held->container, index, network, &veth);
	return netlink_mend_veth(hold->host->netlink, &veth.veth, err);
}

static int make_link(struct drift_hold *hold, const struct drift_held *held, unsigned int index,
		     struct error *err)
{
	AUTO_FD int netns_fd = namespace_open(held->container.record.init.pid, "net", err);
	AUTO_NETLINK struct netlink *inner = netns_fd < 0 ? NULL : netlink_open_in(netns_fd, err);

	if (!inner)
		return -1;
	return network_make_link(hold->host, &held->container, index, netns_fd, inner, err);
}

static int mend_inside(struct drift_hold *hold, const struct drift_held *held, struct error *err)
{
	AUTO_FD int netns_fd = namespace_open(held->container.record.init.pid, "net", err);
	AUTO_NETLINK struct netlink *inner = netns_fd < 0 ? NULL : netlink_open_in(netns_fd, err);

	return inner ? network_configure_inside(hold->host, &held->container, inner, err) : -1;
}

/* ---- files ---- */

static int write_file(struct drift_hold *hold, const struct drift_held *held, const char *name,
		      struct error *err)
{
	AUTO_TEXT struct text text = {0};
	mode_t caller_umask;
	int rc;

	if (files_generate(hold->host->manager, &held->spec, name, &text, err) < 0)
		return -1;
	caller_umask = umask(0022);
	rc = fs_rewrite_at(held->container.directory_fd, name, text_value(&text), text.length, 0644,
			   err);
	umask(caller_umask);
	return rc;
}

static int make_hosts(struct drift_hold *hold, const struct drift_held *held, struct error *err)
{
	mode_t caller_umask = umask(0022);
	int rc = hosts_file_make_own(held->container.directory_fd, &held->spec, hold->host->manager,
				     err);

	umask(caller_umask);
	return rc;
}

/* A hosts file that was gone has been written by the commit. */
static int mend_file(struct drift_hold *hold, const struct drift_held *held, const char *name,
		     struct error *err)
{
	bool hosts = strcmp(name, "hosts") == 0;
	AUTO_FD int directory_fd = -1, file_fd = -1;

	if (!hosts && write_file(hold, held, name, err) < 0)
		return -1;
	/* Of one on no network no commit knows. */
	if (hosts && held->spec.interface_count == 0 && make_hosts(hold, held, err) < 0)
		return -1;
	directory_fd = hosts ? hosts_file_open_directory(&hold->host->state, hold->host->manager,
							 &held->spec, held->container.directory_fd,
							 err)
			     : fs_open_at(held->container.directory_fd, ".", O_RDONLY | O_DIRECTORY,
					  0, err);
	file_fd = directory_fd < 0 ? -1 : rootfs_open_file(directory_fd, name, err);
	return file_fd < 0 ? -1 : rebind_file(held->container.record.init.pid, file_fd, name, err);
}

/* ---- supervisors ---- */

static int supervise(struct drift_hold *hold, const char *name, struct error *err)
{
	struct drift_held *held = drift_find_any(hold, name);

	return held ? supervisor_adopt(hold->host, &held->container, err) : 0;
}

/* ---- all ---- */

static int mend_container(struct drift_hold *hold, const struct difference *difference,
			  struct error *err)
{
	const struct drift_held *held = drift_find(hold, difference->subject);

	if (!held)
		return 0;
	if (!host_netlink(hold->host, err) || check_networks(hold, held, err) < 0)
		return -1;
	switch (difference->remedy) {
	case REMEDY_MAKE_LINK:
		return make_link(hold, held, difference->index, err);
	case REMEDY_PORT:
		return mend_port(hold, held, difference->index, err);
	case REMEDY_INSIDE:
		return mend_inside(hold, held, err);
	case REMEDY_FILE:
		return mend_file(hold, held, difference->what, err);
	case REMEDY_CLEAN_UP:
	case REMEDY_SUPERVISE:
	case REMEDY_MEMBER:
	case REMEDY_BRIDGE:
	case REMEDY_COMMIT:
	case REMEDY_WATCH:
	case REMEDY_NONE:
		break;
	}
	return 0;
}

static int mend(struct repair *repair, const struct difference *difference, struct error *err)
{
	switch (difference->remedy) {
	case REMEDY_SUPERVISE:
		return supervise(repair->hold, difference->subject, err);
	case REMEDY_MEMBER:
		return mend_member(repair->hold, difference->subject, err);
	case REMEDY_BRIDGE:
		return mend_bridge(repair->hold, difference->subject, err);
	case REMEDY_COMMIT:
		return network_commit(repair->hold->host, err);
	case REMEDY_WATCH:
		return resolv_conf_keep_watch(repair->hold->host, err);
	default:
		return mend_container(repair->hold, difference, err);
	}
}

/* Whether what mends this one has mended the other as well. */
static bool is_same_work(const struct difference *one, const struct difference *other)
{
	if (one->remedy != other->remedy)
		return false;
	if (one->remedy == REMEDY_COMMIT)
		return true;
	if (strcmp(one->subject, other->subject) != 0)
		return false;
	switch (one->remedy) {
	case REMEDY_MAKE_LINK:
	case REMEDY_PORT:
		return one->index == other->index;
	case REMEDY_FILE:
		return strcmp(one->what, other->what) == 0;
	default:
		return true;
	}
}

static void mend_once(struct repair *repair, size_t at)
{
	const struct drift *drift = repair->drift;
	struct error err = {0};

	for (size_t i = 0; i < at; i++)
		if (is_same_work(&drift->items[i], &drift->items[at]))
			return;
	if (mend(repair, &drift->items[at], &err) < 0)
		note_failure(repair, drift->items[at].subject, &err);
}

/* A link that is made anew has nothing inside yet. */
static void configure_made(struct repair *repair, size_t at)
{
	const struct difference *made = &repair->drift->items[at];
	const struct drift_held *held = drift_find(repair->hold, made->subject);
	struct error err = {0};

	for (size_t i = 0; i < at; i++)
		if (repair->drift->items[i].remedy == REMEDY_MAKE_LINK &&
		    strcmp(repair->drift->items[i].subject, made->subject) == 0)
			return;
	/* That their networks are not known has been told. */
	if (held && check_networks(repair->hold, held, NULL) == 0 &&
	    mend_inside(repair->hold, held, &err) < 0)
		note_failure(repair, made->subject, &err);
}

/* With new members other rules are wanted than those that were looked at. */
static void commit_members(struct repair *repair)
{
	struct error err = {0};
	bool any = false, commits = false;

	for (size_t i = 0; i < repair->drift->count; i++) {
		any |= repair->drift->items[i].remedy == REMEDY_MEMBER;
		commits |= repair->drift->items[i].remedy == REMEDY_COMMIT;
	}
	if (any && !commits && network_commit(repair->hold->host, &err) < 0)
		note_failure(repair, HOST_SUBJECT, &err);
}

void drift_repair(struct drift_hold *hold, const struct drift *drift, struct strlist *failures)
{
	struct repair repair = {hold, drift, failures};

	for (unsigned int remedy = REMEDY_SUPERVISE; remedy < REMEDY_NONE; remedy++) {
		for (size_t i = 0; i < drift->count; i++)
			if (drift->items[i].remedy == remedy)
				mend_once(&repair, i);
		for (size_t i = 0; i < drift->count && remedy == REMEDY_MAKE_LINK; i++)
			if (drift->items[i].remedy == remedy)
				configure_made(&repair, i);
		if (remedy == REMEDY_COMMIT)
			commit_members(&repair);
	}
}
