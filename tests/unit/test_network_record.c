/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Network records and id ranges: what is on disk is what was meant, or it is refused. */
#include "state_fixture.h"

#include <arpa/inet.h>

#include "config/egress.h"
#include "state/network_files.h"

static struct network_record example(void)
{
	struct network_record network = {
		.name = xstrdup("cman0"),
		.bridge = xstrdup("cman0"),
		.prefix = 16,
		.mtu = 1500,
		.nat = true,
	};

	inet_pton(AF_INET, "10.83.0.0", &network.subnet);
	inet_pton(AF_INET, "10.83.0.1", &network.gateway);
	assert_int_equal(process_boot_id(network.boot_id, NULL), 0);
	return network;
}

static void add_member(struct network_record *network, const char *name, const char *address)
{
	struct port_forward port = {
		.families = PORT_IPV4 | PORT_IPV6,
		.host_first = 8080,
		.host_last = 8081,
		.container_first = 80,
		.container_last = 81,
		.protocol = IPPROTO_TCP,
	};
	struct network_member member = {
		.container = (char *)(uintptr_t)name,
		.nat = true,
		.ports = &port,
		.port_count = 1,
	};

	inet_pton(AF_INET, address, &member.address);
	network_record_add(network, &member);
}

static void test_read_is_what_was_written(void **data)
{
	AUTO_NETWORK_RECORD struct network_record written = example();
	AUTO_NETWORK_RECORD struct network_record read = {0};
	const struct network_origin *origin;
	struct error err = {0};

	(void)data;
	for (int i = 1; i <= 300; i++) {
		AUTO_FREE char *name = xprintf("c%d", i);
		AUTO_FREE char *address = xprintf("10.83.%d.%d", i / 200, i % 200 + 2);

		add_member(&written, name, address);
	}
	strlist_add(&written.members[7].aliases, "www.example.org");
	written.members[8].isolated = true;
	network_origins_add(&written.origins, "networks.cman0.nat", "/etc/c man.conf", 7, 255);
	network_origins_add(&written.members[7].origins, "net.ports[0]", "/etc/c7.conf", 12,
			    UINT64_MAX);
	network_origins_add(&written.members[7].origins, "net.nat", "/etc/c7.conf", 13, UINT64_MAX);
	network_origins_add(&written.members[7].origins, "net.x", "/etc/new\nline.conf", 1, 1);
	strcpy(written.uplink, "wan-interface-0");
	assert_int_equal(network_record_write(&state, &written, &err), 0);
	assert_int_equal(network_record_read(&state, "cman0", &read, &err), 1);
	assert_int_equal(read.member_count, 300);
	assert_int_equal(read.gateway.s_addr, written.gateway.s_addr);
	for (size_t i = 0; i < 300; i++) {
		assert_string_equal(read.members[i].container, written.members[i].container);
		assert_int_equal(read.members[i].address.s_addr, written.members[i].address.s_addr);
		assert_int_equal(read.members[i].port_count, 1);
		assert_memory_equal(read.members[i].ports, written.members[i].ports,
				    sizeof(struct port_forward));
	}
	assert_string_equal(read.members[7].aliases.items[0], "www.example.org");
	assert_string_equal(read.uplink, "wan-interface-0");
	assert_int_equal(read.origins.count, 1);
	assert_string_equal(read.origins.items[0].key, "networks.cman0.nat");
	assert_string_equal(read.origins.items[0].file, "/etc/c man.conf");
	assert_int_equal(read.origins.items[0].line, 7);
	assert_int_equal(read.origins.items[0].digest, 255);
	assert_int_equal(read.members[7].origins.count, 2);
	origin = network_origins_find(&read.members[7].origins, "net.nat");
	assert_non_null(origin);
	assert_string_equal(origin->file, "/etc/c7.conf");
	assert_int_equal(origin->line, 13);
	assert_true(origin->digest == UINT64_MAX);
	assert_null(network_origins_find(&read.members[7].origins, "net.ports"));
	assert_int_equal(read.members[8].origins.count, 0);
}

static void test_limits_are_read_back(void **data)
{
	static const char *const allow[] = {"dns", "icmp", "tcp:443", "10.9.0.7:5432/tcp",
					    "[2001:db8::/32]:80-81"};
	AUTO_NETWORK_RECORD struct network_record written = example(), read = {0};
	struct network_member *member;
	struct egress_item item;
	char text[PARSE_TEXT_MAX];
	struct error err = {0};

	(void)data;
	add_member(&written, "free", "10.83.0.9");
	add_member(&written, "web", "10.83.0.10");
	member = &written.members[1];
	assert_false(network_member_is_limited(member));
	member->no_host_access = true;
	assert_true(network_member_is_limited(member));
	written.own = written.icc = true;
	assert_false(network_needs_filter(&written));
	member->egress.deny_rest = true;
	assert_true(network_needs_filter(&written));
	member->isolated = true;
	assert_false(network_needs_filter(&written));
	member->isolated = false;
	written.icc = false;
	assert_false(network_needs_filter(&written));
	for (size_t i = 0; i < ARRAY_SIZE(allow); i++) {
		assert_int_equal(egress_parse(allow[i], &item, &err), 0);
		egress_add(&member->egress.allow, &item);
	}
	assert_int_equal(egress_parse("10.9.0.66", &item, &err), 0);
	egress_add(&member->egress.deny, &item);
	memcpy(member->mac, "\x02\x00\x5e\x10\x00\x01", 6);
	strlist_add(&member->servers, "10.83.0.1");
	strlist_add(&member->servers, "2001:db8::53");
	written.filtered = true;

	assert_int_equal(network_record_write(&state, &written, &err), 0);
	assert_int_equal(network_record_read(&state, "cman0", &read, &err), 1);
	assert_true(read.filtered);
	assert_false(network_member_is_limited(&read.members[0]));
	member = &read.members[1];
	assert_true(member->no_host_access && member->egress.deny_rest);
	assert_memory_equal(member->mac, written.members[1].mac, 6);
	assert_int_equal(member->egress.allow.count, ARRAY_SIZE(allow));
	for (size_t i = 0; i < ARRAY_SIZE(allow); i++) {
		egress_format(&member->egress.allow.items[i], text);
		assert_string_equal(text, allow[i]);
	}
	assert_int_equal(member->egress.deny.count, 1);
	assert_int_equal(member->servers.count, 2);
	assert_string_equal(member->servers.items[1], "2001:db8::53");
}

static void test_members_come_and_go(void **data)
{
	AUTO_NETWORK_RECORD struct network_record network = example();

	(void)data;
	add_member(&network, "web", "10.83.0.10");
	add_member(&network, "db", "10.83.0.11");
	add_member(&network, "web", "10.83.0.12");
	assert_int_equal(network.member_count, 2);
	assert_non_null(network_record_find(&network, "web", 0));
	assert_null(network_record_find(&network, "web", 1));
	assert_true(network_record_drop(&network, "web"));
	assert_false(network_record_drop(&network, "web"));
	assert_int_equal(network.member_count, 1);
	assert_string_equal(network.members[0].container, "db");
}

static void test_of_an_earlier_boot(void **data)
{
	AUTO_NETWORK_RECORD struct network_record network = example();
	struct network_record read = {0};

	(void)data;
	network.boot_id[0] = network.boot_id[0] == 'a' ? 'b' : 'a';
	assert_int_equal(network_record_write(&state, &network, NULL), 0);
	assert_int_equal(network_record_read(&state, "cman0", &read, NULL), 0);
}

static void test_damaged(void **data)
{
	AUTO_NETWORK_RECORD struct network_record network = example();
	AUTO_TEXT struct text good = {0};
	struct network_record read = {0};

	(void)data;
	add_member(&network, "web", "10.83.0.10");
	network_origins_add(&network.members[0].origins, "net.ports[0]", "/etc/web.conf", 12, 1);
	assert_int_equal(network_record_write(&state, &network, NULL), 0);
	assert_int_equal(fs_read_at(state.networks_fd, "cman0/record", 65536, &good, NULL), 0);
	for (size_t length = 0; length < good.length; length++) {
		assert_int_equal(fs_rewrite_at(state.networks_fd, "cman0/record", good.data, length,
					       0600, NULL),
				 0);
		assert_int_equal(network_record_read(&state, "cman0", &read, NULL), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		STATE_TEST(test_read_is_what_was_written),
		STATE_TEST(test_limits_are_read_back),
		STATE_TEST(test_members_come_and_go),
		STATE_TEST(test_of_an_earlier_boot),
		STATE_TEST(test_damaged),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
