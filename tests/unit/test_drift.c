/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is wanted, recorded and actual, compared: values in, a list of differences out. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "lifecycle/drift.h"

static struct in_addr address(const char *text)
{
	struct in_addr address;

	assert_int_equal(inet_pton(AF_INET, text, &address), 1);
	return address;
}

static struct drift_bridge make_bridge(void)
{
	struct drift_bridge bridge = {
		.there = true,
		.name = "cman0",
		.prefix = 16,
		.mtu = 1500,
		.up = true,
		.route_localnet = true,
	};

	bridge.address = address("10.83.0.1");
	return bridge;
}

static struct drift_port make_port(void)
{
	return (struct drift_port){
		.there = true, .bridge = "cman0", .mtu = 1500, .up = true, .hairpin = true};
}

static const struct inner_route own_route = {.prefix = 8};

static struct inner_facts make_facts(int index)
{
	struct inner_link link = {
		.name = "eth0",
		.prefix = 16,
		.prefix6 = 64,
		.default_route = true,
		.routes = &own_route,
		.route_count = 1,
	};
	struct inner_facts facts = {0};

	link.address = address("10.83.0.10");
	link.gateway = address("10.83.0.1");
	assert_int_equal(inet_pton(AF_INET6, "fd00:83::10", &link.address6), 1);
	assert_int_equal(inet_pton(AF_INET6, "fd00:83::1", &link.gateway6), 1);
	netlink_list_inner_facts(&link, index, false, &facts);
	return facts;
}

/* One network, one container on it, everything as it should be. */
static struct drift_scene scene;
static struct drift drift;

static struct drift_interface *eth0(void)
{
	return &scene.containers[0].interfaces[0];
}

static int make_scene(void **state)
{
	static const char *const names[DRIFT_FILES] = {"resolv.conf", "hostname", "hosts"};

	(void)state;
	scene = (struct drift_scene){
		.networks = xalloc(1, sizeof(*scene.networks)),
		.network_count = 1,
		.containers = xalloc(1, sizeof(*scene.containers)),
		.container_count = 1,
		.forwards = {true, false},
		.forwarding = {true, false},
	};
	scene.networks[0].name = xstrdup("cman0");
	scene.networks[0].wanted = scene.networks[0].recorded = scene.networks[0].actual =
		make_bridge();
	scene.containers[0].name = xstrdup("web");
	scene.containers[0].interfaces = xalloc(1, sizeof(struct drift_interface));
	scene.containers[0].interface_count = 1;
	scene.containers[0].facts = make_facts(2);
	for (size_t i = 0; i < DRIFT_FILES; i++)
		scene.containers[0].files[i].name = names[i];
	*eth0() = (struct drift_interface){
		.name = "eth0", .host_name = "c-web", .inner_there = true, .inner_up = true};
	eth0()->wanted = eth0()->recorded = eth0()->actual = make_port();
	eth0()->wanted_facts = make_facts(2);
	eth0()->recorded_facts = make_facts(2);
	return 0;
}

static int clear_scene(void **state)
{
	(void)state;
	drift_clear(&drift);
	drift_scene_clear(&scene);
	return 0;
}

static void compare(size_t count)
{
	drift_clear(&drift);
	drift_compare(&scene, &drift);
	assert_int_equal(drift.count, count);
}

static void assert_item(size_t at, enum drift_remedy remedy, const char *what, const char *wanted,
			const char *recorded, const char *actual)
{
	const struct difference *item = &drift.items[at];

	assert_true(at < drift.count);
	assert_string_equal(item->what, what);
	assert_string_equal(item->wanted, wanted);
	assert_string_equal(item->recorded, recorded);
	assert_string_equal(item->actual, actual);
	assert_int_equal(item->remedy, remedy);
	assert_false(item->mended);
}

static void test_nothing(void **state)
{
	(void)state;
	compare(0);
	/* What the files want otherwise is no drift while the kernel has what is recorded. */
	scene.networks[0].wanted.mtu = 1400;
	scene.networks[0].wanted.there = false;
	eth0()->wanted = (struct drift_port){.there = false};
	netlink_clear_inner_facts(&eth0()->wanted_facts);
	compare(0);
}

static void test_bridge(void **state)
{
	(void)state;
	struct drift_bridge *actual = &scene.networks[0].actual;

	scene.networks[0].wanted.mtu = 1400;
	actual->mtu = 1300;
	scene.networks[0].lowest_mtu = 1300;
	compare(0);
	scene.networks[0].lowest_mtu = 1200;
	actual->up = false;
	actual->route_localnet = false;
	actual->address.s_addr = INADDR_ANY;
	compare(4);
	assert_string_equal(drift.items[0].subject, "cman0");
	assert_item(0, REMEDY_BRIDGE, "cman0 address", "10.83.0.1/16", "10.83.0.1/16", "none");
	assert_item(1, REMEDY_BRIDGE, "cman0", "up", "up", "down");
	assert_item(2, REMEDY_BRIDGE, "cman0 mtu", "1400", "1500", "1300");
	assert_item(3, REMEDY_BRIDGE, "cman0 route_localnet", "on", "on", "off");
	*actual = make_bridge();
	actual->prefix = 24;
	scene.networks[0].wanted.there = false;
	compare(1);
	assert_item(0, REMEDY_BRIDGE, "cman0 address", "none", "10.83.0.1/16", "10.83.0.1/24");
	actual->there = false;
	compare(1);
	assert_item(0, REMEDY_BRIDGE, "cman0", "none", "bridge", "gone");
	strcpy(actual->strange, "device of others");
	compare(1);
	assert_item(0, REMEDY_BRIDGE, "cman0", "none", "bridge", "device of others");
}

static void test_forwarding(void **state)
{
	(void)state;
	scene.forwarding[0] = false;
	compare(1);
	assert_string_equal(drift.items[0].subject, "host");
	assert_item(0, REMEDY_BRIDGE, "ip_forward", "on", "on", "off");
	scene.forwards[0] = false;
	compare(0);
}

static void test_switches(void **state)
{
	(void)state;
	struct drift_network *network = &scene.networks[0];

	network->wanted.route_localhost6 = network->recorded.route_localhost6 = true;
	network->recorded.calls_iptables = true; /* for a member: the file does not say so */
	network->actual.calls_ip6tables = true;
	network->actual.accept_ra = true;
	compare(4);
	assert_item(0, REMEDY_BRIDGE, "cman0 accept_ra", "off", "off", "on");
	assert_item(1, REMEDY_BRIDGE, "cman0 route of ::1", "on", "on", "off");
	assert_item(2, REMEDY_BRIDGE, "cman0 nf_call_iptables", "on", "on", "off");
	assert_item(3, REMEDY_BRIDGE, "cman0 nf_call_ip6tables", "off", "off", "on");
	/* A way of answers that nobody needs harms nobody. */
	network->wanted = network->recorded = network->actual = make_bridge();
	network->actual.route_localhost6 = true;
	eth0()->actual.accept_ra = true;
	compare(1);
	assert_item(0, REMEDY_PORT, "c-web accept_ra", "off", "off", "on");
}

static void test_host(void **state)
{
	(void)state;
	strlist_add(&scene.deaf, "uplink0");
	scene.needs_watch = true;
	compare(2);
	assert_string_equal(drift.items[0].subject, "host");
	assert_item(0, REMEDY_BRIDGE, "uplink0 accept_ra", "2", "2", "1");
	assert_string_equal(drift.items[1].subject, "host");
	assert_item(1, REMEDY_WATCH, "watch for name servers", "on", "on", "off");
	scene.has_watch = true;
	compare(1);
}

static void test_port(void **state)
{
	(void)state;
	eth0()->actual.bridge[0] = '\0';
	eth0()->actual.hairpin = false;
	compare(1); /* modes are those of a port */
	assert_string_equal(drift.items[0].subject, "web");
	assert_item(0, REMEDY_PORT, "c-web bridge", "cman0", "cman0", "none");
	strcpy(eth0()->actual.bridge, "br9");
	eth0()->recorded.isolated = true;
	compare(3);
	assert_item(0, REMEDY_PORT, "c-web bridge", "cman0", "cman0", "br9");
	assert_item(1, REMEDY_PORT, "c-web isolated", "off", "on", "off");
	assert_item(2, REMEDY_PORT, "c-web hairpin", "on", "on", "off");
}

static void test_gate(void **state)
{
	(void)state;
	eth0()->recorded.gate = (struct gate_parts){true, true, true, true};
	compare(4);
	assert_item(0, REMEDY_MAKE_LINK, "c-web filter in", "off", "on", "off");
	assert_item(1, REMEDY_MAKE_LINK, "c-web filter out", "off", "on", "off");
	assert_item(2, REMEDY_MAKE_LINK, "c-web rate", "off", "on", "off");
	assert_item(3, REMEDY_MAKE_LINK, "eth0 rate", "off", "on", "off");
	eth0()->actual.gate = eth0()->recorded.gate;
	compare(0);
	/* What is not asked for is nobody's business. */
	eth0()->recorded.gate = (struct gate_parts){.sent = false};
	compare(0);
}

/* A pair that is half gone is one difference, not one for each thing it had. */
static void test_pair(void **state)
{
	(void)state;
	netlink_clear_inner_facts(&scene.containers[0].facts);
	eth0()->actual = (struct drift_port){.there = false};
	compare(1);
	assert_item(0, REMEDY_MAKE_LINK, "c-web", "veth", "veth", "gone");
	eth0()->actual = make_port();
	eth0()->inner_there = false;
	compare(1);
	assert_item(0, REMEDY_MAKE_LINK, "c-web", "veth", "veth", "gone");
	eth0()->host_name[0] = '\0';
	compare(1);
	assert_item(0, REMEDY_MAKE_LINK, "eth0", "macvlan", "macvlan", "gone");
}

static void test_inside(void **state)
{
	(void)state;
	struct inner_facts *actual = &scene.containers[0].facts;
	struct inner_fact *gateway = NULL;

	for (size_t i = 0; i < actual->count; i++)
		if (actual->items[i].kind == INNER_ROUTE && actual->items[i].family == AF_INET &&
		    actual->items[i].prefix == 0)
			gateway = &actual->items[i];
	assert_non_null(gateway);
	gateway->gateway[3] = 99;
	compare(1);
	assert_item(0, REMEDY_INSIDE, "eth0 route default", "via 10.83.0.1", "via 10.83.0.1",
		    "via 10.83.0.99");
	gateway->gateway[3] = 1;
	gateway->index = 7;
	compare(1);
	assert_item(0, REMEDY_INSIDE, "eth0 route default", "via 10.83.0.1", "via 10.83.0.1",
		    "over another link");
	netlink_clear_inner_facts(actual);
	netlink_clear_inner_facts(&eth0()->wanted_facts);
	eth0()->inner_up = false;
	compare(6);
	assert_item(0, REMEDY_INSIDE, "eth0", "up", "up", "down");
	assert_item(1, REMEDY_INSIDE, "eth0 address", "none", "10.83.0.10/16", "none");
	assert_item(2, REMEDY_INSIDE, "eth0 address6", "none", "fd00:83::10/64", "none");
	assert_item(4, REMEDY_INSIDE, "eth0 route6 default", "none", "via fd00:83::1", "none");
	/* Who may administer the network inside does so. */
	scene.containers[0].own_admin = true;
	compare(0);
}

static void test_container(void **state)
{
	(void)state;
	struct drift_container *web = &scene.containers[0];

	web->files[0].changed = true;
	web->files[1].missing = true;
	strlist_add(&web->not_member, "cman0");
	compare(3);
	assert_item(0, REMEDY_MEMBER, "cman0 member", "yes", "no", "yes");
	assert_item(1, REMEDY_FILE, "resolv.conf", "generated", "generated", "changed");
	assert_item(2, REMEDY_FILE, "hostname", "generated", "generated", "gone");
	eth0()->actual.there = false;
	web->state = DRIFT_GONE;
	compare(1);
	assert_item(0, REMEDY_CLEAN_UP, "process", "-", "running", "gone");
	web->state = DRIFT_DAMAGED;
	compare(1);
	assert_item(0, REMEDY_NONE, "record", "-", "damaged", "not known");
}

static void test_supervisor(void **state)
{
	(void)state;
	struct drift_container *web = &scene.containers[0];

	web->unsupervised = true;
	web->files[1].missing = true;
	compare(2);
	assert_item(0, REMEDY_SUPERVISE, "supervisor", "running", "running", "gone");
	/* Nothing else of one that waits is there to be compared. */
	eth0()->actual.there = false;
	web->state = DRIFT_WAITING;
	compare(1);
	assert_item(0, REMEDY_SUPERVISE, "supervisor", "running", "running", "gone");
	web->unsupervised = false;
	compare(0);
}

static void test_rules_and_hosts(void **state)
{
	(void)state;
	scene.rules = xalloc(1, sizeof(*scene.rules));
	scene.rules[0] = (struct drift_rules){xstrdup("CMAN-FWD"), xstrdup("5 rules"), "gone"};
	scene.rules_count = 1;
	strlist_add(&scene.hosts, "cman0");
	strlist_add(&scene.hosts, "db");
	strlist_add(&scene.hosts_missing, "db");
	strlist_add(&scene.damaged, "lan");
	compare(4);
	assert_item(0, REMEDY_COMMIT, "record", "-", "damaged", "not known");
	assert_item(1, REMEDY_COMMIT, "CMAN-FWD", "5 rules", "5 rules", "gone");
	assert_item(2, REMEDY_COMMIT, "hosts", "generated", "generated", "changed");
	assert_item(3, REMEDY_COMMIT, "hosts", "generated", "generated", "gone");
	assert_true(drift_same(&drift.items[1], &drift.items[1]));
	assert_false(drift_same(&drift.items[2], &drift.items[3]));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, make_scene, clear_scene)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_bridge),
		TEST(test_forwarding),
		TEST(test_switches),
		TEST(test_host),
		TEST(test_port),
		TEST(test_pair),
		TEST(test_inside),
		TEST(test_gate),
		TEST(test_container),
		TEST(test_supervisor),
		TEST(test_rules_and_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
