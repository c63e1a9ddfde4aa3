/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Links, addresses and routes, in network namespaces of the test's own. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "base/fs.h"
#include "kernel/netlink_look.h"
#include "kernel/sysctl.h"

static bool privileged; /* we are in namespaces of our own */

#define NEED_ROOT()                                                                                \
	do {                                                                                       \
		if (!privileged) {                                                                 \
			print_message("skipped: needs root to make namespaces\n");                 \
			skip();                                                                    \
		}                                                                                  \
	} while (0)

#define assert_success(rc, err)                                                                    \
	do {                                                                                       \
		if ((rc) < 0)                                                                      \
			fail_msg("%s", (err)->text);                                               \
	} while (0)

/* A process that only holds a network namespace, as a container's init does. */
struct holder {
	pid_t pid;
	int netns_fd;
};

static struct holder start_holder(void)
{
	struct holder holder;
	char path[64], byte;
	int ready[2];

	assert_int_equal(pipe2(ready, O_CLOEXEC), 0);
	holder.pid = fork();
	if (holder.pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves us behind */
		if (unshare(CLONE_NEWNET) == 0)
			byte = (char)write(ready[1], "", 1);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	close(ready[0]);
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)holder.pid);
	holder.netns_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(holder.netns_fd >= 0);
	return holder;
}

static void stop_holder(struct holder *holder)
{
	close_fd(&holder->netns_fd);
	kill(holder->pid, SIGKILL);
	waitpid(holder->pid, NULL, 0);
}

static struct in_addr address(const char *text)
{
	struct in_addr value;

	assert_int_equal(inet_pton(AF_INET, text, &value), 1);
	return value;
}

/* What /sys/class/net/NAME/FILE says; "" when it is not there. */
static const char *look(const char *name, const char *file)
{
	static char line[512];
	char path[256];

	snprintf(path, sizeof(path), "/sys/class/net/%s/%s", name, file);
	if (fs_read_line_at(AT_FDCWD, path, line, sizeof(line), NULL) < 0)
		line[0] = '\0';
	return line;
}

static const char *knob(const char *name, const char *file)
{
	static char line[64];
	char path[256];

	snprintf(path, sizeof(path), "net/ipv6/conf/%s/%s", name, file);
	if (sysctl_read(path, line, sizeof(line), NULL) < 0)
		line[0] = '\0';
	return line;
}

/* Not by /sys/class/net, where a link that is gone can be seen for some milliseconds more. */
static bool exists(const char *name)
{
	return if_nametoindex(name) != 0;
}

/* The kernel takes a namespace, and the links in it, apart behind the back of whoever ended it. */
static void wait_until_gone(const char *name)
{
	for (int waited_ms = 0; exists(name); waited_ms++) {
		if (waited_ms == 10000)
			fail_msg("link %s is still there", name);
		usleep(1000);
	}
}

/* Runs code in another network namespace, in a child: its asserts become our failure. */
static void in_namespace(int netns_fd, void (*code)(void))
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		if (setns(netns_fd, CLONE_NEWNET) < 0 || unshare(CLONE_NEWNS) < 0 ||
		    mount("sysfs", "/sys", "sysfs", 0, NULL) < 0)
			_exit(2);
		code();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static const struct bridge test_bridge = {
	.name = "cman0",
	.alias = "cman:network:cman0",
	.prefix = 16,
	.mtu = 1400,
};

static struct netlink *open_with_bridge(void)
{
	struct bridge bridge = test_bridge;
	struct error err;
	struct netlink *netlink = netlink_open(&err);

	assert_non_null(netlink);
	bridge.address = address("10.83.0.1");
	assert_success(netlink_make_bridge(netlink, &bridge, &err), &err);
	return netlink;
}

static struct veth make_veth_value(const char *host_name, const char *alias, int netns_fd)
{
	return (struct veth){
		.host_name = host_name,
		.alias = alias,
		.bridge = "cman0",
		.netns_fd = netns_fd,
		.inner_name = "eth0",
		.mac = {0x02, 1, 2, 3, 4, 5},
		.mtu = 1400,
	};
}

static void remove_bridge(struct netlink *netlink)
{
	struct error err;

	assert_success(netlink_remove_link(netlink, "cman0", "cman:network:cman0", &err), &err);
	assert_false(exists("cman0"));
}

static void test_bridge_is_made(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();

	assert_string_equal(look("cman0", "ifalias"), "cman:network:cman0");
	assert_string_equal(look("cman0", "mtu"), "1400");
	assert_string_equal(look("cman0", "address"), "02:63:0a:53:00:01");
	assert_string_equal(look("cman0", "bridge/stp_state"), "0");
	assert_string_equal(look("cman0", "bridge/forward_delay"), "0");
	assert_string_equal(knob("cman0", "accept_ra"), "0");
	assert_string_equal(knob("cman0", "addr_gen_mode"), "1");
	assert_int_equal(strtol(look("cman0", "flags"), NULL, 16) & IFF_UP, IFF_UP);
	remove_bridge(netlink);
}

static void test_bridge_is_updated(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct bridge bridge = test_bridge;
	const struct in_addr subnet = address("10.83.0.0"), other = address("10.84.0.0");
	char found[64], index[32];
	struct error err;

	snprintf(index, sizeof(index), "%s", look("cman0", "ifindex"));
	bridge.address = address("10.84.0.1");
	bridge.prefix = 24;
	bridge.mtu = 1300;
	assert_success(netlink_make_bridge(netlink, &bridge, &err), &err);
	assert_success(netlink_make_bridge(netlink, &bridge, &err), &err); /* once more */
	assert_string_equal(look("cman0", "ifindex"), index);
	assert_string_equal(look("cman0", "mtu"), "1300");
	assert_string_equal(look("cman0", "address"), "02:63:0a:54:00:01");
	assert_int_equal(netlink_find_overlap(netlink, AF_INET, &subnet, 16, NULL, found,
					      sizeof(found), &err),
			 0);
	assert_int_equal(netlink_find_overlap(netlink, AF_INET, &other, 16, NULL, found,
					      sizeof(found), &err),
			 1);
	assert_string_equal(found, "10.84.0.0/24 dev cman0");
	remove_bridge(netlink);
}

/* This bridge alone, whatever the switches of the whole host say. */
static void test_bridge_is_filtered(void **state)
{
	NEED_ROOT();

	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct bridge bridge = test_bridge;
	struct error err;

	(void)state;
	assert_string_equal(look("cman0", "bridge/nf_call_iptables"), "0");
	bridge.address = address("10.83.0.1");
	bridge.filtered = true;
	assert_success(netlink_make_bridge(netlink, &bridge, &err), &err);
	assert_string_equal(look("cman0", "bridge/nf_call_iptables"), "1");
	assert_string_equal(look("cman0", "bridge/nf_call_ip6tables"), "1");
	assert_string_equal(look("cman0", "bridge/nf_call_arptables"), "0");
	/* Somebody who needs it no more leaves it to those who do. */
	bridge.filtered = false;
	assert_success(netlink_make_bridge(netlink, &bridge, &err), &err);
	assert_string_equal(look("cman0", "bridge/nf_call_iptables"), "1");
	assert_success(netlink_unfilter_bridge(netlink, "cman0", "cman:network:other", &err), &err);
	assert_string_equal(look("cman0", "bridge/nf_call_iptables"), "1");
	assert_success(netlink_unfilter_bridge(netlink, "cman0", bridge.alias, &err), &err);
	assert_string_equal(look("cman0", "bridge/nf_call_iptables"), "0");
	assert_string_equal(look("cman0", "bridge/nf_call_ip6tables"), "0");
	assert_success(netlink_unfilter_bridge(netlink, "cman0", bridge.alias, &err), &err);
	assert_success(netlink_unfilter_bridge(netlink, "nowhere", bridge.alias, &err), &err);
	remove_bridge(netlink);
	/* Born so. */
	bridge.filtered = true;
	assert_success(netlink_make_bridge(netlink, &bridge, &err), &err);
	assert_string_equal(look("cman0", "bridge/nf_call_iptables"), "1");
	remove_bridge(netlink);
}

static void test_foreign_bridge_is_left_alone(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct bridge bridge = test_bridge;
	struct error err;

	bridge.alias = "cman:network:other";
	bridge.address = address("10.83.0.1");
	assert_int_equal(netlink_make_bridge(netlink, &bridge, &err), -1);
	assert_int_equal(err.code, EEXIST);
	assert_string_equal(err.text, "link cman0 is there already: bridge, alias "
				      "\"cman:network:cman0\": File exists");
	assert_string_not_equal(err.hint, "");
	assert_success(netlink_remove_link(netlink, "cman0", bridge.alias, &err), &err);
	assert_true(exists("cman0"));
	bridge.name = "lo";
	assert_int_equal(netlink_make_bridge(netlink, &bridge, &err), -1);
	assert_int_equal(err.code, EEXIST);
	assert_non_null(strstr(err.text, "not made by cman"));
	assert_success(netlink_remove_link(netlink, "lo", bridge.alias, &err), &err);
	remove_bridge(netlink);
}

static void test_half_made_bridge_is_finished(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = NULL;
	struct error err;

	/* our group, no alias yet: what a cman killed between two requests leaves */
	assert_int_equal(system("ip link add name cman0 group 1668112750 type bridge"), 0);
	netlink = open_with_bridge();
	assert_string_equal(look("cman0", "ifalias"), "cman:network:cman0");
	assert_success(netlink_remove_link(netlink, "cman0", "cman:network:cman0", &err), &err);
	assert_int_equal(system("ip link add name cman0 group 1668112750 type bridge"), 0);
	remove_bridge(netlink);
	assert_int_equal(system("ip link add name cman0 type bridge"), 0);
	assert_success(netlink_remove_link(netlink, "cman0", "cman:network:cman0", &err), &err);
	assert_true(exists("cman0"));
	assert_int_equal(system("ip link delete cman0"), 0);
}

/* Who reads our output must not wait for what the kernel does after a link is gone. */
static void test_removal_holds_nothing_open(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct pollfd end = {.events = POLLIN};
	int output[2];

	assert_int_equal(pipe(output), 0);
	remove_bridge(netlink);
	close(output[1]);
	end.fd = output[0];
	assert_int_equal(poll(&end, 1, 0), 1);
	assert_true(end.revents & POLLHUP);
	close(output[0]);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1); /* nor does anybody's wait(2) see it */
	assert_int_equal(errno, ECHILD);
}

static void look_inside(void)
{
	char routes[1024] = "";
	FILE *file = fopen("/proc/self/net/route", "r");

	assert_non_null(file);
	assert_true(fread(routes, 1, sizeof(routes) - 1, file) > 0);
	fclose(file);
	assert_string_equal(look("eth0", "address"), "02:01:02:03:04:05");
	assert_string_equal(look("eth0", "mtu"), "1400");
	assert_int_equal(strtol(look("eth0", "flags"), NULL, 16) & IFF_UP, IFF_UP);
	assert_int_equal(strtol(look("lo", "flags"), NULL, 16) & IFF_UP, IFF_UP);
	assert_non_null(strstr(routes, "eth0\t00000000\t0100530A"));
	assert_non_null(strstr(routes, "eth0\t0000530A\t00000000"));
}

static void test_container_gets_its_link(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	AUTO_NETLINK struct netlink *inner = NULL;
	struct holder holder = start_holder();
	struct veth veth = make_veth_value("c-web", "cman:web:eth0", holder.netns_fd);
	struct inner_link link = {
		.name = "eth0",
		.address = address("10.83.0.10"),
		.prefix = 16,
		.gateway = address("10.83.0.1"),
		.default_route = true,
	};
	char own[64], after[64];
	struct error err;

	assert_true(readlink("/proc/self/ns/net", own, sizeof(own)) > 0);
	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	assert_string_equal(look("c-web", "ifalias"), "cman:web:eth0");
	assert_string_equal(look("c-web", "mtu"), "1400");
	assert_int_equal(if_nametoindex("cman-web-eth0"), if_nametoindex("c-web"));
	assert_string_equal(knob("c-web", "addr_gen_mode"), "1");
	assert_string_not_equal(look("cman0", "brif/c-web/port_no"), "");
	inner = netlink_open_in(holder.netns_fd, &err);
	assert_non_null(inner);
	assert_true(readlink("/proc/self/ns/net", after, sizeof(after)) > 0);
	assert_memory_equal(own, after, strlen("net:[4026531840]"));
	assert_success(netlink_configure_inner(inner, &link, 1, &err), &err);
	assert_string_equal(look("c-web", "carrier"), "1");
	assert_string_equal(look("cman0", "address"), "02:63:0a:53:00:01");
	in_namespace(holder.netns_fd, look_inside);
	assert_success(netlink_remove_link(netlink, "c-web", veth.alias, &err), &err);
	assert_false(exists("c-web"));
	assert_success(netlink_remove_link(netlink, "c-web", veth.alias, &err), &err);
	stop_holder(&holder);
	remove_bridge(netlink);
}

/* "w" with an interface "d-eth0", and "w-d" with its eth0. */
static void test_two_would_have_one_alternative_name(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct holder holder = start_holder();
	struct veth first = make_veth_value("c-web", "cman:w:d-eth0", holder.netns_fd);
	struct veth second = make_veth_value("c-w-d", "cman:w-d:eth0", holder.netns_fd);
	struct error err;

	first.inner_name = "d-eth0";
	assert_success(netlink_make_veth(netlink, &first, &err), &err);
	assert_success(netlink_make_veth(netlink, &second, &err), &err);
	assert_int_equal(if_nametoindex("cman-w-d-eth0"), if_nametoindex("c-web"));
	stop_holder(&holder);
	wait_until_gone("c-web");
	wait_until_gone("c-w-d");
	remove_bridge(netlink);
}

static bool has_fact(const struct inner_facts *facts, const struct inner_fact *wanted)
{
	for (size_t i = 0; i < facts->count; i++)
		if (memcmp(&facts->items[i], wanted, sizeof(*wanted)) == 0)
			return true;
	return false;
}

/* What is listed as wanted is what the kernel lists once it is configured: no more, no other form. */
static void test_facts_are_found_again(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	AUTO_NETLINK struct netlink *inner = NULL;
	struct holder holder = start_holder();
	struct veth first = make_veth_value("c-web", "cman:web:eth0", holder.netns_fd);
	struct veth second = make_veth_value("c-web_1", "cman:web:eth1", holder.netns_fd);
	const struct inner_route own = {address("10.99.0.0"), address("10.83.0.7"), 24};
	struct inner_link links[] = {
		{.name = "eth0", .address = address("10.83.0.10"), .prefix = 16,
		 .gateway = address("10.83.0.1"), .prefix6 = 64, .default_route = true,
		 .routes = &own, .route_count = 1},
		{.name = "eth1", .address = address("10.84.0.10"), .prefix = 24,
		 .gateway = address("10.84.0.1")},
	};
	AUTO_INNER_FACTS struct inner_facts wanted = {0}, before = {0}, after = {0};
	struct link_state seen;
	struct error err;

	assert_int_equal(inet_pton(AF_INET6, "fd00:83::10", &links[0].address6), 1);
	assert_int_equal(inet_pton(AF_INET6, "fd00:83::1", &links[0].gateway6), 1);
	second.inner_name = "eth1";
	assert_success(netlink_make_veth(netlink, &first, &err), &err);
	assert_success(netlink_make_veth(netlink, &second, &err), &err);
	inner = netlink_look_in(holder.netns_fd, &err);
	assert_non_null(inner);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(netlink_look_at_link(inner, links[i].name, 0, &seen, &err), 1);
		netlink_list_inner_facts(&links[i], seen.index, true, &wanted);
	}
	/* two addresses, two default routes and a route; an address, two routes and a rule */
	assert_int_equal(wanted.count, 9);
	assert_success(netlink_look_at_facts(inner, &before, &err), &err);
	for (size_t i = 0; i < wanted.count; i++)
		assert_false(has_fact(&before, &wanted.items[i]));
	assert_success(netlink_configure_inner(inner, links, 2, &err), &err);
	assert_success(netlink_look_at_facts(inner, &after, &err), &err);
	for (size_t i = 0; i < wanted.count; i++)
		assert_true(has_fact(&after, &wanted.items[i]));
	netlink_close(&inner);
	stop_holder(&holder);
	wait_until_gone("c-web");
	wait_until_gone("c-web_1");
	remove_bridge(netlink);
}

static void test_outer_end_is_mended(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct holder holder = start_holder();
	struct veth veth = make_veth_value("c-web", "cman:web:eth0", holder.netns_fd);
	struct link_state bridge, seen;
	struct error err;

	veth.isolated = true;
	assert_int_equal(netlink_mend_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, ENODEV);
	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	assert_int_equal(system("ip link set c-web nomaster down mtu 1200"), 0);
	assert_int_equal(netlink_look_at_link(netlink, "c-web", 0, &seen, &err), 1);
	assert_int_equal(seen.mtu, 1200);
	assert_false(seen.up || seen.master || seen.isolated || seen.hairpin);
	assert_success(netlink_mend_veth(netlink, &veth, &err), &err);
	assert_int_equal(netlink_look_at_link(netlink, "cman0", 0, &bridge, &err), 1);
	assert_int_equal(netlink_look_at_link(netlink, "c-web", 0, &seen, &err), 1);
	assert_int_equal(seen.mtu, veth.mtu);
	assert_int_equal(seen.master, bridge.index);
	assert_true(seen.up && seen.isolated && seen.hairpin);
	assert_string_equal(seen.alias, "cman:web:eth0");
	veth.alias = "cman:other:eth0";
	assert_int_equal(netlink_mend_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, EEXIST);
	stop_holder(&holder);
	wait_until_gone("c-web");
	remove_bridge(netlink);
}

static void test_left_over_is_replaced(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct holder old = start_holder(), new = start_holder();
	struct veth veth = make_veth_value("c-web", "cman:web:eth0", old.netns_fd);
	char index[32];
	struct error err;

	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	snprintf(index, sizeof(index), "%s", look("c-web", "ifindex"));
	veth.netns_fd = new.netns_fd;
	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	assert_string_not_equal(look("c-web", "ifindex"), index);
	veth.alias = "cman:other:eth0";
	assert_int_equal(netlink_make_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, EEXIST);
	assert_non_null(strstr(err.text, "cman:web:eth0"));
	stop_holder(&old);
	stop_holder(&new);
	wait_until_gone("c-web");
	remove_bridge(netlink);
}

static void test_link_goes_with_its_namespace(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct holder holder = start_holder();
	struct veth veth = make_veth_value("c-web", "cman:web:eth0", holder.netns_fd);
	struct error err;

	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	assert_true(exists("c-web"));
	stop_holder(&holder);
	wait_until_gone("c-web");
	remove_bridge(netlink);
}

static void test_words_of_the_kernel_arrive(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	AUTO_NETLINK struct netlink *inner = NULL;
	struct holder holder = start_holder();
	struct veth veth = make_veth_value("c-web", "cman:web:eth0", holder.netns_fd);
	struct inner_link link = {
		.name = "eth0",
		.address = address("10.83.0.10"),
		.prefix = 16,
		.gateway = address("10.99.0.1"), /* not in the subnet */
		.default_route = true,
	};
	struct error err;

	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	inner = netlink_open_in(holder.netns_fd, &err);
	assert_non_null(inner);
	assert_int_equal(netlink_configure_inner(inner, &link, 1, &err), -1);
	assert_int_equal(err.code, ENETUNREACH);
	assert_string_equal(err.text, "route everything over link eth0: Nexthop has invalid "
				      "gateway: Network is unreachable");
	link.gateway = address("10.83.0.1");
	assert_success(netlink_configure_inner(inner, &link, 1, &err), &err);
	link.name = "eth1";
	assert_int_equal(netlink_configure_inner(inner, &link, 1, &err), -1);
	assert_int_equal(err.code, ENODEV);
	netlink_close(&inner);
	stop_holder(&holder);
	wait_until_gone("c-web");
	remove_bridge(netlink);
}

static void test_what_cannot_be_made(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();
	struct holder holder = start_holder();
	struct veth veth = make_veth_value("c-web", "cman:web:eth0", holder.netns_fd);
	struct error err;

	veth.mac[0] = 0x01; /* a group address: no link may have it */
	assert_int_equal(netlink_make_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, EADDRNOTAVAIL);
	assert_false(exists("c-web"));
	veth.mac[0] = 0x02;
	veth.mtu = 70000;
	assert_int_equal(netlink_make_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, EINVAL);
	veth.mtu = 600; /* too little for IPv6, which is no reason to fail */
	assert_success(netlink_make_veth(netlink, &veth, &err), &err);
	veth.host_name = "c-second";
	veth.alias = "cman:second:eth0";
	assert_int_equal(netlink_make_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, EEXIST);
	assert_string_equal(err.hint, "the container has an interface eth0 already");
	assert_false(exists("c-second"));
	veth.bridge = "nowhere";
	assert_int_equal(netlink_make_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, ENODEV);
	veth.host_name = "c-sixteen-letter";
	assert_int_equal(netlink_make_veth(netlink, &veth, &err), -1);
	assert_int_equal(err.code, ENAMETOOLONG);
	stop_holder(&holder);
	wait_until_gone("c-web");
	remove_bridge(netlink);
}

static void expect_overlap(struct netlink *netlink, const char *subnet, unsigned int prefix,
			   const char *expected)
{
	char found[64] = "";
	const int family = strchr(subnet, ':') ? AF_INET6 : AF_INET;
	uint8_t bytes[16];
	struct error err;
	int rc;

	assert_int_equal(inet_pton(family, subnet, bytes), 1);
	rc = netlink_find_overlap(netlink, family, bytes, prefix, "cman0", found, sizeof(found),
				  &err);

	assert_success(rc, &err);
	assert_string_equal(found, expected);
	assert_int_equal(rc, expected[0] != '\0');
}

static void test_overlaps(void **state)
{
	(void)state;
	NEED_ROOT();
	AUTO_NETLINK struct netlink *netlink = open_with_bridge();

	assert_int_equal(system("ip link set lo up && ip link add d0 type veth peer d1 &&"
				"ip addr add 192.168.7.9/24 dev d0 && ip link set d0 up &&"
				"ip link set d1 up &&"
				"ip addr add 198.51.100.1/32 peer 198.51.100.2/32 dev d0 &&"
				"ip route add default via 192.168.7.1 &&"
				"ip route add 0.0.0.0/1 via 192.168.7.1 &&"
				"ip route add 128.0.0.0/1 dev d0 &&"
				"ip route add 10.0.0.0/8 via 192.168.7.1 &&"
				"ip route add 10.99.5.0/24 via 192.168.7.1 &&"
				"ip route add 172.16.0.0/12 dev d0 &&"
				"ip route add blackhole 10.98.0.0/16 &&"
				"ip route add 10.97.0.0/16 via 192.168.7.1 table 77 &&"
				"ip route add local 203.0.113.0/24 dev lo &&"
				"ip addr add fd00:7::9/64 dev d0 nodad &&"
				"ip route add default via fd00:7::1 &&"
				"ip route add fd00::/8 via fd00:7::1 &&"
				"ip route add fd00:5:5::/48 via fd00:7::1"),
			 0);
	expect_overlap(netlink, "fd00:83::", 64, "");
	expect_overlap(netlink, "fd00:7::", 48, "fd00:7::/64 dev d0");
	expect_overlap(netlink, "fd00:7:0:0:1::", 80, "fd00:7::/64 dev d0");
	expect_overlap(netlink, "fd00:7:0:1::", 64, "");
	expect_overlap(netlink, "fd00:5::", 32, "fd00:5:5::/48 dev d0");
	expect_overlap(netlink, "10.83.0.0", 16, ""); /* except, and behind a gateway */
	expect_overlap(netlink, "10.99.0.0", 16, "10.99.5.0/24 dev d0");
	expect_overlap(netlink, "10.99.5.0", 24, "10.99.5.0/24 dev d0");
	expect_overlap(netlink, "10.99.5.128", 25, "");
	expect_overlap(netlink, "10.98.0.0", 16, "10.98.0.0/16");
	expect_overlap(netlink, "10.97.0.0", 16, ""); /* another table */
	expect_overlap(netlink, "192.168.7.0", 28, "192.168.7.0/24 dev d0");
	expect_overlap(netlink, "192.168.0.0", 16, "192.168.7.0/24 dev d0");
	expect_overlap(netlink, "192.168.8.0", 24, "");
	expect_overlap(netlink, "172.20.0.0", 24, "172.16.0.0/12 dev d0");
	expect_overlap(netlink, "198.51.100.0", 30, "198.51.100.2/32 dev d0");
	expect_overlap(netlink, "203.0.113.0", 28, "203.0.113.0/24 dev lo");
	expect_overlap(netlink, "127.0.5.0", 24, "127.0.0.0/8 dev lo");
	assert_int_equal(system("ip link delete d0 && ip route del local 203.0.113.0/24 &&"
				"ip route del blackhole 10.98.0.0/16 && ip link set lo down"),
			 0);
	remove_bridge(netlink);
}

static void test_veth_names(void **state)
{
	char name[IFNAMSIZ], other[IFNAMSIZ];

	(void)state;
	netlink_veth_name("web", 0, name);
	assert_string_equal(name, "c-web");
	netlink_veth_name("web", 1, name);
	assert_string_equal(name, "c-web_1");
	netlink_veth_name("thirteen-char", 0, name);
	assert_string_equal(name, "c-thirteen-char");
	netlink_veth_name("fourteen-chars", 0, name);
	assert_int_equal(strlen(name), 15);
	assert_memory_equal(name, "c-fourt_", 8);
	netlink_veth_name("fourteen-chart", 0, other);
	assert_string_not_equal(name, other);
	netlink_veth_name("fourteen-chars", 1, other);
	assert_string_not_equal(name, other);
	netlink_veth_name("fourteen-chars", 0, other);
	assert_string_equal(name, other);
}

static int enter_namespaces(void **state)
{
	(void)state;
	privileged = geteuid() == 0 && unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
		     mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
		     mount("sysfs", "/sys", "sysfs", 0, NULL) == 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_veth_names),
		cmocka_unit_test(test_bridge_is_made),
		cmocka_unit_test(test_bridge_is_updated),
		cmocka_unit_test(test_bridge_is_filtered),
		cmocka_unit_test(test_foreign_bridge_is_left_alone),
		cmocka_unit_test(test_half_made_bridge_is_finished),
		cmocka_unit_test(test_removal_holds_nothing_open),
		cmocka_unit_test(test_container_gets_its_link),
		cmocka_unit_test(test_two_would_have_one_alternative_name),
		cmocka_unit_test(test_facts_are_found_again),
		cmocka_unit_test(test_outer_end_is_mended),
		cmocka_unit_test(test_left_over_is_replaced),
		cmocka_unit_test(test_link_goes_with_its_namespace),
		cmocka_unit_test(test_words_of_the_kernel_arrive),
		cmocka_unit_test(test_what_cannot_be_made),
		cmocka_unit_test(test_overlaps),
	};

	return cmocka_run_group_tests(tests, enter_namespaces, NULL);
}
