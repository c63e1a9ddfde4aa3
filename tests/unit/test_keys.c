/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tables themselves: complete, in order, and true about their defaults. */
#include "config_test.h"

#include <arpa/inet.h>

#include "config/hint.h"
#include "config/keys.h"
#include "config/layers.h"
#include "config/read.h"

struct seen {
	struct strlist paths;
	size_t values;
};

static void check_key(const char *path, const struct key *key, void *data)
{
	struct seen *seen = data;

	assert_false(strlist_contains(&seen->paths, path));
	strlist_add(&seen->paths, path);
	assert_non_null(key->help);
	assert_true(strlen(key->help) < 100);
	if (key->members)
		return;
	seen->values++;
	assert_non_null(key->type);
	assert_non_null(key->type->name);
	assert_non_null(key->type->read);
	if (!key->form)
		fail_msg("%s has no form", path);
	/* Without a default there must be a word about what happens then. */
	if (!key->default_text && !strstr(key->help, "default") && !strstr(key->help, "must be"))
		fail_msg("%s: neither a default nor a word about it", path);
}

static void tables_are_complete(void **state)
{
	struct seen container = {0}, manager = {0};

	(void)state;
	keys_each(&container_keys, check_key, &container);
	keys_each(&manager_keys, check_key, &manager);
	assert_int_equal(container.values, 107);
	assert_int_equal(manager.values, 36);
	assert_true(strlist_contains(&container.paths, "limits.memory"));
	assert_true(strlist_contains(&container.paths, "net"));
	assert_true(strlist_contains(&manager.paths, "networks.NAME.subnet"));
	assert_false(strlist_contains(&manager.paths, "defaults.limits"));
	strlist_clear(&container.paths);
	strlist_clear(&manager.paths);
}

/*
 * "limits : { memory = VALUE; };" for "limits.memory"; NAME becomes cman0. A mount and a
 * rootfs get what they cannot be without; VALUE may be NULL then.
 */
static char *write_setting(const char *path, const char *value)
{
	AUTO_FREE char *rest = xstrdup(path);
	bool tmpfs = strcmp(path, "mounts[].size") == 0 || strcmp(path, "mounts[].mode") == 0;
	AUTO_TEXT struct text out = {0};
	char *position = NULL;
	size_t groups = 0;

	if (text_starts_with(path, "mounts[]."))
		return xprintf("mounts = ( { target = \"/mnt\"; %s; %s%s%s } );",
			       tmpfs ? "type = \"tmpfs\"" : "source = \"/srv\"",
			       value ? strchr(path, '.') + 1 : "", value ? " = " : "",
			       value ? value : "");
	if (text_starts_with(path, "security.devices[]."))
		return xprintf("security : { devices = ( { path = \"/dev/fuse\"; %s%s%s%s } ); };",
			       value ? strchr(path, ']') + 2 : "", value ? " = " : "",
			       value ? value : "", value ? ";" : "");
	if (text_starts_with(path, "rootfs."))
		return xprintf("rootfs : { path = \"/srv\"; %s%s%s };",
			       value ? strchr(path, '.') + 1 : "", value ? " = " : "",
			       value ? value : "");
	for (char *part = strtok_r(rest, ".", &position); part;) {
		char *next = strtok_r(NULL, ".", &position);

		if (strcmp(part, "NAME") == 0)
			part = "cman0";
		if (next) {
			text_addf(&out, "%s : { ", part);
			groups++;
		} else {
			text_addf(&out, "%s = %s;", part, value);
		}
		part = next;
	}
	while (groups-- > 0)
		text_addf(&out, " };");
	return take_pointer(&out.data);
}

static void apply(const struct key_table *table, const char *text, void *object)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_NODE struct node root = {.type = NODE_BROKEN};
	AUTO_TEXT struct text printed = {0};
	struct assignment assignment = {.root = table, .diagnostics = &diagnostics};

	assert_int_equal(read_text("default", text, &diagnostics, &root), READ_COMPLETE);
	assign_group(&assignment, table, &root, object);
	print_all(&diagnostics, &printed);
	assert_string_equal(text_value(&printed), "");
}

/* Setting a key to its default changes nothing. */
static void check_container_default(const char *path, const struct key *key, void *data)
{
	AUTO(spec_clear) struct spec built_in = {0}, set = {0};
	AUTO_TEXT struct text before = {0}, after = {0};
	AUTO_FREE char *text = NULL, *without = NULL;

	(void)data;
	if (key->members || !key->default_text)
		return;
	text = write_setting(path, key->default_text);
	spec_set_defaults(&built_in, "web");
	spec_set_defaults(&set, "web");
	/* These two depend on the manager file where a container does not name them. */
	strlist_add(&built_in.dns, "host");
	strlist_add(&set.dns, "host");
	if (strstr(path, "[].") || text_starts_with(path, "rootfs.")) {
		without = write_setting(path, NULL);
		apply(&container_keys, without, &built_in);
	}
	apply(&container_keys, text, &set);
	conf_print_spec(&built_in, false, &before);
	conf_print_spec(&set, false, &after);
	assert_string_equal(text_value(&before), text_value(&after));
}

static void defaults_of_containers(void **state)
{
	(void)state;
	keys_each(&container_keys, check_container_default, NULL);
}

/* Each default of the manager file, one after the other, into one struct. */
static void apply_manager_default(const char *path, const struct key *key, void *data)
{
	AUTO_FREE char *text = NULL;

	if (key->members || !key->default_text || strstr(path, "NAME"))
		return;
	text = write_setting(path, key->default_text);
	apply(&manager_keys, text, data);
}

static void defaults_of_the_manager(void **state)
{
	AUTO(manager_clear) struct manager built_in = {0}, set = {0};

	(void)state;
	manager_set_defaults(&built_in);
	manager_set_defaults(&set);
	keys_each(&manager_keys, apply_manager_default, &set);
	assert_string_equal(built_in.conf_dir, set.conf_dir);
	assert_string_equal(built_in.state_dir, set.state_dir);
	assert_string_equal(built_in.data_dir, set.data_dir);
	assert_string_equal(built_in.log_dir, set.log_dir);
	assert_int_equal(built_in.cgroup_version, set.cgroup_version);
	assert_string_equal(built_in.cgroup_parent, set.cgroup_parent);
	assert_int_equal(built_in.firewall_backend, set.firewall_backend);
	assert_string_equal(built_in.firewall_prefix, set.firewall_prefix);
	assert_int_equal(built_in.firewall_publish, set.firewall_publish);
	assert_int_equal(built_in.manage_forward, set.manage_forward);
	assert_true(strlist_equal(&built_in.dns_servers, &set.dns_servers));
	assert_true(strlist_equal(&built_in.dns_fallback, &set.dns_fallback));
	assert_true(strlist_equal(&built_in.dns_search, &set.dns_search));
	assert_string_equal(built_in.dns_domain, set.dns_domain);
	assert_int_equal(built_in.dns_hosts, set.dns_hosts);
	assert_int_equal(built_in.userns_base, set.userns_base);
	assert_int_equal(built_in.userns_size, set.userns_size);
}

/* A manager file without networks, and one with a network that says nothing, mean the table's. */
static void defaults_of_networks(void **state)
{
	static const char *const files[] = {"", "networks : { cman0 : { }; };"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
		AUTO_CONF struct conf conf = {0};
		AUTO_FREE char *path = NULL;
		struct scratch scratch;
		struct error err;
		const struct network *network;

		scratch_make(&scratch);
		path = scratch_manager(&scratch, files[i]);
		assert_int_equal(conf_load(path, NULL, &conf, &diagnostics, &err), 0);
		assert_int_equal(conf.manager.network_count, 1);
		network = manager_find_network(&conf.manager, "cman0");
		assert_string_equal(network->bridge, "cman0");
		assert_int_equal(ntohl(network->subnet.s_addr), 0x0a530000);
		assert_int_equal(network->prefix, 16);
		assert_int_equal(ntohl(network->gateway.s_addr), 0x0a530001);
		assert_int_equal(ntohl(network->pool_first.s_addr), 0x0a530100);
		assert_int_equal(ntohl(network->pool_last.s_addr), 0x0a53fffe);
		assert_true(network->nat);
		assert_int_equal(network->mtu, 1500);
		scratch_remove(&scratch);
	}
}

/* What a container may not share with others. */
static void note_exclusive(const char *path, const struct key *key, void *data)
{
	if (key->exclusive)
		text_addf(data, "%s ", path);
}

static void exclusive_keys(void **state)
{
	AUTO_TEXT struct text text = {0};

	(void)state;
	keys_each(&container_keys, note_exclusive, &text);
	assert_string_equal(text.data, "extends rootfs rootfs.upper hostname net.ip net.ip6 net.mac net.aliases net.ports depends_on ");
}

/* The words of other tools never hide one of ours, and lead to keys that exist. */
static void check_hint(const char *path, const struct key *key, void *data)
{
	const char *dot = strrchr(path, '.');
	AUTO_FREE char *group = xprintf("%.*s", dot ? (int)(dot - path) : 0, path);
	AUTO_FREE char *hint = hint_for_foreign_key(group, key->name);

	(void)data;
	assert_null(hint);
}

static void words_of_others(void **state)
{
	static const char *const words[] = {
		"lxc.uts.name",
		"lxc.net.0.ipv4.address",
		"lxc.whatever",
		"mem_limit",
		"image",
		"volumes",
		"container_name",
		"entrypoint",
		"env",
		"publish",
		"host_name",
		"path",
		"host.hostname",
		"ip4.addr",
		"exec.start",
		"Boot",
		"Parameters",
		"Hostname",
		"capabilities",
	};

	(void)state;
	keys_each(&container_keys, check_hint, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		AUTO_FREE char *hint = hint_for_foreign_key("", words[i]);

		if (!hint)
			fail_msg("nothing is said about %s", words[i]);
	}
	assert_null(hint_for_foreign_key("", "something-else"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_are_complete),     cmocka_unit_test(defaults_of_containers),
		cmocka_unit_test(defaults_of_the_manager), cmocka_unit_test(defaults_of_networks),
		cmocka_unit_test(exclusive_keys),          cmocka_unit_test(words_of_others),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
