/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/link_gate.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "kernel/module.h"
#include "kernel/netlink_private.h"

/* At what rate whatever the timers of a kernel do: they are late by a few ms at the most. */
#define BURST_DIVISOR 100 /* 10 ms of it */
#define QUEUE_DIVISOR 10  /* 100 ms */
#define BURST_FRAMES  4
#define QUEUE_FRAMES  8 /* more would be seconds at the lowest rates */

#define FILTER_NAME "cman"

static uint32_t larger(uint64_t a, uint64_t b)
{
	return (uint32_t)(a > b ? a : b);
}

uint32_t link_gate_burst(uint64_t bits, uint32_t mtu)
{
	return larger(bits / 8 / BURST_DIVISOR, (uint64_t)BURST_FRAMES * (mtu + ETH_HLEN));
}

/*
 * A request about queueing of a link: RTM_NEWQDISC or RTM_NEWTFILTER, or one to delete such, of a
 * kind. flags: NLM_F_*. NULL: no memory.
 */
static struct nl_msg *begin(int type, int flags, int index, uint32_t parent, uint32_t handle,
			    uint32_t info, const char *kind)
{
	const struct tcmsg header = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_parent = parent,
		.tcm_handle = handle,
		.tcm_info = info,
	};
	struct nl_msg *message = nlmsg_alloc_simple(type, flags);

	if (message && (nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) < 0 ||
			nla_put_string(message, TCA_KIND, kind) < 0)) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

#define NEW     (NLM_F_CREATE | NLM_F_EXCL)
#define REPLACE (NLM_F_CREATE | NLM_F_REPLACE)

#define FILTER_HANDLE 1
#define FILTER_INFO   TC_H_MAKE(1u << 16, htons(ETH_P_ALL)) /* priority and protocol */

static struct nl_msg *build_clsact(int type, int flags, int index)
{
	return begin(type, flags, index, TC_H_CLSACT, TC_H_MAKE(TC_H_CLSACT, 0), 0, "clsact");
}

static struct nl_msg *build_filter(int flags, int index, uint32_t hook, int program_fd)
{
	struct nl_msg *message = begin(RTM_NEWTFILTER, flags, index, TC_H_MAKE(TC_H_CLSACT, hook),
				       FILTER_HANDLE, FILTER_INFO, "bpf");
	struct nlattr *options;

	if (!message)
		return NULL;
	if (!(options = nla_nest_start(message, TCA_OPTIONS)) ||
	    nla_put_u32(message, TCA_BPF_FD, (uint32_t)program_fd) < 0 ||
	    nla_put_string(message, TCA_BPF_NAME, FILTER_NAME) < 0 ||
	    nla_put_u32(message, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT) < 0 ||
	    nla_nest_end(message, options) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

/*
 * The kernel loads by itself what it lacks, unless it may not start modprobe(8): then we do. ENOENT
 * is what it says without.
 */
static int send_loading(struct netlink *netlink, struct netlink_batch *batch, const char *module,
			struct error *err)
{
	struct error reason, why;

	if (netlink_send(netlink, batch, NULL, NULL, &reason) == 0 ||
	    (reason.code == ENOENT && module_load(module, &why) == 0 &&
	     netlink_send(netlink, batch, NULL, NULL, &reason) == 0))
		return 0;
	if (reason.code == ENOENT)
		error_hint(&reason, "this kernel has no %s, nor a module of that name", module);
	if (err)
		*err = reason;
	return -1;
}

static int load_sent(const struct link_gate *gate, struct error *err)
{
	struct bpf_insn instructions[LINK_PROGRAM_MAX];
	AUTO_FD int bucket_fd = gate->bits ? link_program_make_bucket(err) : -1;

	if (gate->bits && bucket_fd < 0)
		return -1;
	return link_program_load(instructions,
				 link_program_make_sent(gate, bucket_fd, instructions), err);
}

static int load_received(const struct link_gate *gate, struct error *err)
{
	struct bpf_insn instructions[LINK_PROGRAM_MAX];

	return link_program_load(instructions, link_program_make_received(gate, instructions), err);
}

struct direction {
	bool wanted;
	uint32_t hook;
	int (*load)(const struct link_gate *gate, struct error *err);
};

/* What the container sends comes in on our end. */
static void list_directions(const struct link_gate *gate, struct direction directions[2])
{
	directions[0] = (struct direction){link_program_judges_sent(gate), TC_H_MIN_INGRESS,
					   load_sent};
	directions[1] = (struct direction){link_program_judges_received(gate), TC_H_MIN_EGRESS,
					   load_received};
}

static int set_filter(struct netlink *netlink, const char *link, int flags, int index,
		      const struct direction *direction, const struct link_gate *gate,
		      struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	AUTO_FD int fd = direction->load(gate, err);

	if (fd < 0 ||
	    netlink_batch_add(&batch, build_filter(flags, index, direction->hook, fd), 0, err,
			      "add a filter to link %s", link) < 0)
		return -1;
	return send_loading(netlink, &batch, "cls_bpf", err);
}

int link_gate_set(struct netlink *netlink, const char *link, const struct link_gate *gate,
		  struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct direction directions[2];
	int index = netlink_find_index(netlink, link);

	list_directions(gate, directions);
	if (netlink_batch_add(&batch, build_clsact(RTM_NEWQDISC, NEW, index), 0, err,
			      "add clsact to link %s", link) < 0 ||
	    send_loading(netlink, &batch, "sch_ingress", err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		if (directions[i].wanted &&
		    set_filter(netlink, link, NEW, index, &directions[i], gate, err) < 0)
			return -1;
	return 0;
}

static int remove_filter(struct netlink *netlink, const char *link, int index, uint32_t hook,
			 struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = begin(RTM_DELTFILTER, 0, index, TC_H_MAKE(TC_H_CLSACT, hook),
				       FILTER_HANDLE, FILTER_INFO, "bpf");

	/* The priority has no filter: ENOENT. */
	if (netlink_batch_add(&batch, message, ENOENT, err, "remove a filter of link %s", link) < 0)
		return -1;
	return netlink_send(netlink, &batch, NULL, NULL, err);
}

/* Sends the request to delete a queue. That there is none, or another, is success. */
static int remove_queue(struct netlink *netlink, struct nl_msg *message, const char *kind,
			const char *link, struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct error reason;

	if (netlink_batch_add(&batch, message, ENOENT, err, "remove %s of link %s", kind, link) < 0)
		return -1;
	/* EINVAL: the handle is not that of the one there is. */
	if (netlink_send(netlink, &batch, NULL, NULL, &reason) == 0 || reason.code == EINVAL)
		return 0;
	if (err)
		*err = reason;
	return -1;
}

int link_gate_renew(struct netlink *netlink, const char *link, const struct link_gate *gate,
		    struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct direction directions[2];
	int index = netlink_find_index(netlink, link);

	if (index == 0)
		return error_set(err, ENODEV, "link %s", link);
	list_directions(gate, directions);
	if (!directions[0].wanted && !directions[1].wanted)
		return remove_queue(netlink, build_clsact(RTM_DELQDISC, 0, index), "clsact", link,
				    err);
	if (netlink_batch_add(&batch, build_clsact(RTM_NEWQDISC, NEW, index), EEXIST, err,
			      "add clsact to link %s", link) < 0 ||
	    send_loading(netlink, &batch, "sch_ingress", err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		if ((directions[i].wanted
			     ? set_filter(netlink, link, REPLACE, index, &directions[i], gate, err)
			     : remove_filter(netlink, link, index, directions[i].hook, err)) < 0)
			return -1;
	return 0;
}

static void find_filter(struct nlmsghdr *message, void *data)
{
	struct nlattr *attributes[TCA_MAX + 1], *options[TCA_BPF_MAX + 1];
	bool *found = data;

	if (message->nlmsg_type != RTM_NEWTFILTER ||
	    nlmsg_parse(message, sizeof(struct tcmsg), attributes, TCA_MAX, NULL) < 0 ||
	    !attributes[TCA_KIND] || nla_strcmp(attributes[TCA_KIND], "bpf") != 0 ||
	    !attributes[TCA_OPTIONS] ||
	    nla_parse_nested(options, TCA_BPF_MAX, attributes[TCA_OPTIONS], NULL) < 0)
		return;
	*found |= options[TCA_BPF_NAME] && nla_strcmp(options[TCA_BPF_NAME], FILTER_NAME) == 0;
}

static int look_for_filter(struct netlink *netlink, int index, uint32_t hook, bool *found,
			   struct error *err)
{
	const struct tcmsg header = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_parent = TC_H_MAKE(TC_H_CLSACT, hook),
	};
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = nlmsg_alloc_simple(RTM_GETTFILTER, NLM_F_DUMP);

	if (message && nlmsg_append(message, (void *)&header, sizeof(header), NLMSG_ALIGNTO) < 0) {
		nlmsg_free(message);
		message = NULL;
	}
	if (netlink_batch_add(&batch, message, 0, err, "look at the filters of a link") < 0)
		return -1;
	return netlink_send(netlink, &batch, find_filter, found, err);
}

int link_gate_look(struct netlink *netlink, int index, struct link_gate_filters *filters,
		   struct error *err)
{
	*filters = (struct link_gate_filters){.sent = false};
	return look_for_filter(netlink, index, TC_H_MIN_INGRESS, &filters->sent, err) < 0 ||
			       look_for_filter(netlink, index, TC_H_MIN_EGRESS,
					       &filters->received, err) < 0
		       ? -1
		       : 0;
}

#define SHAPER_HANDLE (1u << 16)

static struct nl_msg *build_shaper(int flags, int index, uint64_t bits, uint32_t mtu)
{
	const uint64_t bytes = bits / 8;
	const uint32_t burst = link_gate_burst(bits, mtu);
	struct tc_tbf_qopt shape = {
		.rate = {.linklayer = TC_LINKLAYER_ETHERNET,
			 .rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes},
		.limit = larger(bytes / QUEUE_DIVISOR, (uint64_t)QUEUE_FRAMES * (mtu + ETH_HLEN)),
	};
	struct nl_msg *message = begin(RTM_NEWQDISC, flags, index, TC_H_ROOT, SHAPER_HANDLE, 0,
				       "tbf");
	struct nlattr *options;

	if (!message)
		return NULL;
	if (!(options = nla_nest_start(message, TCA_OPTIONS)) ||
	    nla_put(message, TCA_TBF_PARMS, sizeof(shape), &shape) < 0 ||
	    nla_put_u32(message, TCA_TBF_BURST, burst) < 0 ||
	    (bytes > UINT32_MAX && nla_put_u64(message, TCA_TBF_RATE64, bytes) < 0) ||
	    nla_nest_end(message, options) < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

static int shape(struct netlink *netlink, const char *link, int flags, uint64_t bits, uint32_t mtu,
		 struct error *err)
{
	AUTO_BATCH struct netlink_batch batch = {0};
	struct nl_msg *message = build_shaper(flags, netlink_find_index(netlink, link), bits, mtu);

	if (netlink_batch_add(&batch, message, 0, err, "add tbf to link %s", link) < 0)
		return -1;
	return send_loading(netlink, &batch, "sch_tbf", err);
}

int link_gate_shape(struct netlink *netlink, const char *link, uint64_t bits, uint32_t mtu,
		    struct error *err)
{
	return shape(netlink, link, NEW, bits, mtu, err);
}

int link_gate_reshape(struct netlink *netlink, const char *link, uint64_t bits, uint32_t mtu,
		      struct error *err)
{
	if (bits)
		return shape(netlink, link, REPLACE, bits, mtu, err);
	return remove_queue(netlink,
			    begin(RTM_DELQDISC, 0, netlink_find_index(netlink, link), TC_H_ROOT,
				  SHAPER_HANDLE, 0, "tbf"),
			    "tbf", link, err);
}
