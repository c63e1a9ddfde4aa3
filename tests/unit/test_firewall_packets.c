/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Real packets through the rules: a host with two bridges, containers on them and a neighbour, all
 * of them network namespaces of the test. A socket stays in the namespace it was made in, so one
 * process plays everybody.
 *
 *   outside 192.0.2.2 --- 192.0.2.1 host 10.83.0.1 cman0 (nat) --- web .10, sibling .11, job .12
 *                                        10.84.0.1 cman1       --- routed .10
 */
#include "firewall_test.h"

#include <poll.h>
#include <sys/stat.h>

#include "base/fs.h"

/* Whose rules the packets meet; all tests run with each. */
static enum firewall_backend backend;

#define HOST    "192.0.2.1"
#define OUTSIDE "192.0.2.2"
#define GATEWAY "10.83.0.1"
#define WEB     "10.83.0.10"
#define SIBLING "10.83.0.11"
#define JOB     "10.83.0.12"
#define ROUTED  "10.84.0.10"

static const struct {
	const char *name, *bridge, *address;
} containers[] = {
	{"web", "cman0", WEB},
	{"sibling", "cman0", SIBLING},
	{"job", "cman0", JOB},
	{"routed", "cman1", ROUTED},
};

static int netns_fd(const char *name)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_return_code(fd, errno);
	return fd;
}

/* A socket that lives in the namespace of that name. */
static int socket_in(const char *name, int type)
{
	int there = netns_fd(name), home = netns_fd("host"), fd;

	assert_return_code(setns(there, CLONE_NEWNET), errno);
	fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_return_code(setns(home, CLONE_NEWNET), errno);
	assert_return_code(fd, errno);
	close(there);
	close(home);
	return fd;
}

static struct sockaddr_in endpoint(const char *address, uint16_t port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr = address_of(address)};
}

static int listen_in(const char *name, int type, const char *address, uint16_t port)
{
	struct sockaddr_in here = endpoint(address, port);
	int fd = socket_in(name, type), on = 1;

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	assert_return_code(bind(fd, (struct sockaddr *)&here, sizeof(here)), errno);
	if (type == SOCK_STREAM)
		assert_return_code(listen(fd, 8), errno);
	return fd;
}

static bool wait_for(int fd, short events, int timeout_ms)
{
	struct pollfd wait = {.fd = fd, .events = events};

	return poll(&wait, 1, timeout_ms) == 1;
}

/* What should happen takes microseconds; what should not is waited for a little. */
#define SOON_MS  3000
#define NEVER_MS 200

struct visit {
	const char *from;    /* namespace */
	const char *address; /* that it talks to */
	uint16_t port;
	int listener; /* where it should end up */
	int type;     /* SOCK_STREAM or SOCK_DGRAM */
};

/* Whether a question arrives and its answer comes back; seen: as whom the listener sees us. */
static bool visits(const struct visit *visit, int timeout_ms, char seen[INET_ADDRSTRLEN])
{
	struct sockaddr_in there = endpoint(visit->address, visit->port), peer;
	AUTO_FD int client = socket_in(visit->from, visit->type);
	AUTO_FD int accepted = -1;
	socklen_t length = sizeof(peer);
	char byte = 'q';

	if (connect(client, (struct sockaddr *)&there, sizeof(there)) < 0 && errno != EINPROGRESS)
		return false;
	if (visit->type == SOCK_DGRAM)
		assert_int_equal(send(client, &byte, 1, 0), 1);
	if (!wait_for(visit->listener, POLLIN, timeout_ms))
		return false;
	if (visit->type == SOCK_DGRAM) {
		assert_int_equal(recvfrom(visit->listener, &byte, 1, 0, (struct sockaddr *)&peer,
					  &length),
				 1);
		assert_int_equal(
			sendto(visit->listener, "a", 1, 0, (struct sockaddr *)&peer, length), 1);
	} else {
		accepted = accept4(visit->listener, (struct sockaddr *)&peer, &length, SOCK_CLOEXEC);
		assert_return_code(accepted, errno);
		assert_int_equal(send(accepted, "a", 1, 0), 1);
	}
	inet_ntop(AF_INET, &peer.sin_addr, seen, INET_ADDRSTRLEN);
	return wait_for(client, POLLIN, timeout_ms) && recv(client, &byte, 1, 0) == 1 && byte == 'a';
}

static void assert_arrives(const char *from, const char *address, uint16_t port, int listener,
			   int type, const char *seen_as)
{
	const struct visit visit = {from, address, port, listener, type};
	char seen[INET_ADDRSTRLEN] = "nobody";

	if (!visits(&visit, SOON_MS, seen))
		fail_msg("%s does not reach %s:%u (seen as %s)", from, address, port, seen);
	if (strcmp(seen, seen_as) != 0)
		fail_msg("%s reaches %s:%u as %s, not as %s", from, address, port, seen, seen_as);
}

static void assert_kept_out(const char *from, const char *address, uint16_t port, int listener,
			    int type)
{
	const struct visit visit = {from, address, port, listener, type};
	char seen[INET_ADDRSTRLEN];

	if (visits(&visit, NEVER_MS, seen))
		fail_msg("%s reaches %s:%u as %s", from, address, port, seen);
}

static void write_sysctl(const char *path, const char *value)
{
	assert_ok(fs_write_at(AT_FDCWD, path, value, err));
}

static void make_bridge(const char *name, const char *address)
{
	char path[128];

	run("ip link add %s type bridge && ip address add %s/24 dev %s && ip link set %s up", name,
	    address, name, name);
	snprintf(path, sizeof(path), "/proc/sys/net/ipv4/conf/%s/route_localnet", name);
	write_sysctl(path, "1");
}

static int make_hosts(void **state)
{
	(void)state;
	if (missing_for_network())
		return 0;
	enter_network();
	run("mkdir /run/netns && : >/run/netns/host && mount --bind /proc/%d/ns/net /run/netns/host",
	    (int)getpid());
	run("ip netns add outside && ip link add up0 type veth peer eth0 netns outside &&"
	    " ip address add " HOST "/24 dev up0 && ip link set up0 up &&"
	    " ip -n outside address add " OUTSIDE "/24 dev eth0 && ip -n outside link set eth0 up &&"
	    " ip -n outside route add 10.83.0.0/24 via " HOST " &&"
	    " ip -n outside route add 10.84.0.0/24 via " HOST);
	make_bridge("cman0", GATEWAY);
	make_bridge("cman1", "10.84.0.1");
	for (size_t i = 0; i < ARRAY_SIZE(containers); i++) {
		const char *name = containers[i].name, *address = containers[i].address;

		run("ip netns add %s && ip link add %s type veth peer eth0 netns %s &&"
		    " ip link set %s master %s up && ip link set %s type bridge_slave hairpin on &&"
		    " ip -n %s address add %s/24 dev eth0 && ip -n %s link set eth0 up &&"
		    " ip -n %s route add default via %.6s0.1",
		    name, name, name, name, containers[i].bridge, name, name, address, name, name,
		    address);
	}
	write_sysctl("/proc/sys/net/ipv4/ip_forward", "1");
	return 0;
}

static const struct firewall_set *sample_set(void)
{
	static struct firewall_network networks[2];
	static struct firewall_forward forwards[5];
	static struct firewall_exception exceptions[1];
	static struct firewall_set set = {.prefix = "CMAN",
					  .networks = networks,
					  .network_count = ARRAY_SIZE(networks),
					  .forwards = forwards,
					  .forward_count = ARRAY_SIZE(forwards),
					  .exceptions = exceptions,
					  .exception_count = ARRAY_SIZE(exceptions)};

	networks[0] = make_network("cman0", "10.83.0.0", 24, true);
	networks[1] = make_network("cman1", "10.84.0.0", 24, false);
	forwards[0] = make_forward("web", "cman0", WEB, "0.0.0.0", PORTS(8080, 8080, 80, 80),
				   IPPROTO_TCP);
	forwards[1] = make_forward("web", "cman0", WEB, "127.0.0.1", PORTS(8443, 8443, 443, 443),
				   IPPROTO_TCP);
	forwards[2] = make_forward("web", "cman0", WEB, "0.0.0.0", PORTS(5000, 5009, 6000, 6009),
				   IPPROTO_UDP);
	forwards[3] = make_forward("web", "cman0", WEB, "0.0.0.0", PORTS(7000, 7009, 7000, 7009),
				   IPPROTO_TCP);
	forwards[4] = make_forward("routed", "cman1", ROUTED, HOST, PORTS(8081, 8081, 80, 80),
				   IPPROTO_TCP);
	exceptions[0] =
		(struct firewall_exception){"job", FIREWALL_IPV4, either_address_of(JOB), false, NULL};
	set.backend = backend;
	return &set;
}

/*
 * Every promise has to hold with both policies of iptables, and whether br_netfilter looks or not.
 * With nftables a policy of iptables is somebody else's, and final.
 */
static const struct world {
	const char *policy;
	const char *bridge_netfilter;
	enum firewall_backend backend; /* whose world it is; FIREWALL_AUTO: of both */
} worlds[] = {{"ACCEPT", "0", FIREWALL_AUTO},
	      {"ACCEPT", "1", FIREWALL_AUTO},
	      {"DROP", "0", FIREWALL_IPTABLES},
	      {"DROP", "1", FIREWALL_IPTABLES}};

/* For each world of the backend. */
#define EACH_WORLD(i)                                                                              \
	(size_t i = 0; i < ARRAY_SIZE(worlds);                                                     \
	 i++) if (worlds[i].backend == FIREWALL_AUTO || worlds[i].backend == backend)

static void enter_world(const struct world *world)
{
	struct error ignored;

	assert_ok(firewall_commit(sample_set(), err));
	run("iptables-legacy -P FORWARD %s", world->policy);
	/* No such file: br_netfilter is not loaded, which is the same as 0. */
	fs_write_at(AT_FDCWD, "/proc/sys/net/bridge/bridge-nf-call-iptables",
		    world->bridge_netfilter, &ignored);
}

static void test_published_port(void **state)
{
	int web;

	(void)state;
	REQUIRE_NETWORK();
	web = listen_in("web", SOCK_STREAM, "0.0.0.0", 80);
	for
		EACH_WORLD(i)
		{
			enter_world(&worlds[i]);
			assert_arrives("outside", HOST, 8080, web, SOCK_STREAM, OUTSIDE);
			assert_arrives("host", HOST, 8080, web, SOCK_STREAM, HOST);
			assert_arrives("host", GATEWAY, 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("host", "127.0.0.1", 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("host", "127.1.2.3", 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("sibling", HOST, 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("sibling", GATEWAY, 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("web", HOST, 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("web", GATEWAY, 8080, web, SOCK_STREAM, GATEWAY);
			assert_arrives("routed", HOST, 8080, web, SOCK_STREAM, ROUTED);
			assert_arrives("sibling", WEB, 80, web, SOCK_STREAM, SIBLING);
		}
	close(web);
}

static void test_published_ranges(void **state)
{
	int shifted, same, first;

	(void)state;
	REQUIRE_NETWORK();
	first = listen_in("web", SOCK_DGRAM, "0.0.0.0", 6000);
	shifted = listen_in("web", SOCK_DGRAM, "0.0.0.0", 6009);
	same = listen_in("web", SOCK_STREAM, "0.0.0.0", 7004);
	for
		EACH_WORLD(i)
		{
			enter_world(&worlds[i]);
			assert_arrives("outside", HOST, 5000, first, SOCK_DGRAM, OUTSIDE);
			assert_arrives("outside", HOST, 5009, shifted, SOCK_DGRAM, OUTSIDE);
			assert_arrives("host", "127.0.0.1", 5009, shifted, SOCK_DGRAM, GATEWAY);
			assert_arrives("sibling", HOST, 5009, shifted, SOCK_DGRAM, GATEWAY);
			assert_arrives("web", HOST, 5009, shifted, SOCK_DGRAM, GATEWAY);
			assert_arrives("outside", HOST, 7004, same, SOCK_STREAM, OUTSIDE);
			assert_arrives("host", "127.0.0.1", 7004, same, SOCK_STREAM, GATEWAY);
		}
	close(first);
	close(shifted);
	close(same);
}

static void test_going_out(void **state)
{
	int outside, outside_udp, routed, sibling;

	(void)state;
	REQUIRE_NETWORK();
	outside = listen_in("outside", SOCK_STREAM, "0.0.0.0", 9000);
	outside_udp = listen_in("outside", SOCK_DGRAM, "0.0.0.0", 9000);
	routed = listen_in("routed", SOCK_STREAM, "0.0.0.0", 9000);
	sibling = listen_in("sibling", SOCK_STREAM, "0.0.0.0", 9000);
	for
		EACH_WORLD(i)
		{
			enter_world(&worlds[i]);
			assert_arrives("web", OUTSIDE, 9000, outside, SOCK_STREAM, HOST);
			assert_arrives("web", OUTSIDE, 9000, outside_udp, SOCK_DGRAM, HOST);
			assert_arrives("job", OUTSIDE, 9000, outside, SOCK_STREAM, JOB);
			assert_arrives("routed", OUTSIDE, 9000, outside, SOCK_STREAM, ROUTED);
			assert_arrives("web", SIBLING, 9000, sibling, SOCK_STREAM, WEB);
			assert_arrives("web", ROUTED, 9000, routed, SOCK_STREAM, "10.84.0.1");
		}
	close(outside);
	close(outside_udp);
	close(routed);
	close(sibling);
}

/* Outside has a route to the containers: what is not published stays shut all the same. */
static void test_unpublished_ports(void **state)
{
	int published, unpublished, routed, routed_published;

	(void)state;
	REQUIRE_NETWORK();
	published = listen_in("web", SOCK_STREAM, "0.0.0.0", 80);
	unpublished = listen_in("web", SOCK_STREAM, "0.0.0.0", 81);
	routed = listen_in("routed", SOCK_STREAM, "0.0.0.0", 81);
	routed_published = listen_in("routed", SOCK_STREAM, "0.0.0.0", 80);
	for
		EACH_WORLD(i)
		{
			enter_world(&worlds[i]);
			assert_kept_out("outside", WEB, 81, unpublished, SOCK_STREAM);
			assert_kept_out("outside", WEB, 80, published, SOCK_STREAM);
			assert_kept_out("routed", WEB, 81, unpublished, SOCK_STREAM);
			assert_arrives("outside", HOST, 8081, routed_published, SOCK_STREAM,
				       OUTSIDE);
			/* A network without nat is the administrator's to open or close. */
			if (strcmp(worlds[i].policy, "ACCEPT") == 0)
				assert_arrives("outside", ROUTED, 81, routed, SOCK_STREAM, OUTSIDE);
			else
				assert_kept_out("outside", ROUTED, 81, routed, SOCK_STREAM);
		}
	close(published);
	close(unpublished);
	close(routed);
	close(routed_published);
}

/* Sends what is for 127.0.0.0/8 to the host, as a hostile neighbour can. */
static void aim_at_loopback(const char *name, const char *gateway)
{
	run("ip netns exec %s sysctl -qw net.ipv4.conf.eth0.route_localnet=1", name);
	run("ip -n %s route replace 127.0.0.0/8 via %s", name, gateway);
}

static void test_loopback_is_out_of_reach(void **state)
{
	int service, service_udp, local_only;

	(void)state;
	REQUIRE_NETWORK();
	aim_at_loopback("outside", HOST);
	aim_at_loopback("sibling", GATEWAY);
	service = listen_in("host", SOCK_STREAM, "127.0.0.1", 631);
	service_udp = listen_in("host", SOCK_DGRAM, "127.0.0.1", 631);
	local_only = listen_in("web", SOCK_STREAM, "0.0.0.0", 443);
	for
		EACH_WORLD(i)
		{
			enter_world(&worlds[i]);
			assert_arrives("host", "127.0.0.1", 8443, local_only, SOCK_STREAM, GATEWAY);
			assert_kept_out("outside", HOST, 8443, local_only, SOCK_STREAM);
			assert_kept_out("sibling", GATEWAY, 8443, local_only, SOCK_STREAM);
			assert_kept_out("outside", "127.0.0.1", 8443, local_only, SOCK_STREAM);
			assert_kept_out("sibling", "127.0.0.1", 8443, local_only, SOCK_STREAM);
			assert_kept_out("outside", "127.0.0.1", 631, service, SOCK_STREAM);
			assert_kept_out("sibling", "127.0.0.1", 631, service, SOCK_STREAM);
			assert_kept_out("sibling", "127.0.0.1", 631, service_udp, SOCK_DGRAM);
		}
	/* The attack is a real one: without the guard it works. */
	run("%s", backend == FIREWALL_IPTABLES ? "iptables-legacy -t raw -F CMAN-GUARD"
					       : "nft flush chain inet cman GUARD");
	assert_arrives("sibling", "127.0.0.1", 631, service, SOCK_STREAM, SIBLING);
	close(service);
	close(service_udp);
	close(local_only);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_published_port),
		cmocka_unit_test(test_published_ranges),
		cmocka_unit_test(test_going_out),
		cmocka_unit_test(test_unpublished_ports),
		cmocka_unit_test(test_loopback_is_out_of_reach),
	};

	int failed;

	backend = FIREWALL_IPTABLES;
	failed = cmocka_run_group_tests_name("firewall: packets, iptables", tests, make_hosts, NULL);
	backend = FIREWALL_NFTABLES;
	failed +=
		cmocka_run_group_tests_name("firewall: packets, nftables", tests, make_hosts, NULL);
	return failed;
}
