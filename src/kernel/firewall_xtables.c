/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_xtables.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <libiptc/libip6tc.h>
#include <libiptc/libiptc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fs.h"

static const struct {
	const char *library, *package;
	const char *prefix; /* of its functions */
	const char *names;  /* file of the tables there are */
	struct firewall_xtables words;
} kinds[FIREWALL_FAMILY_COUNT] = {
	[FIREWALL_IPV4] =
		{
			.library = "libip4tc.so.2",
			.package = "libip4tc2",
			.prefix = "iptc_",
			.names = "/proc/thread-self/net/ip_tables_names",
			.words = {.family = FIREWALL_IPV4,
				  .tool = "iptables",
				  .module = "ip_tables",
				  .table_module = "iptable_",
				  .config = "CONFIG_IP_NF_IPTABLES_LEGACY"},
		},
	[FIREWALL_IPV6] =
		{
			.library = "libip6tc.so.2",
			.package = "libip6tc2",
			.prefix = "ip6tc_",
			.names = "/proc/thread-self/net/ip6_tables_names",
			.words = {.family = FIREWALL_IPV6,
				  .tool = "ip6tables",
				  .module = "ip6_tables",
				  .table_module = "ip6table_",
				  .config = "CONFIG_IP6_NF_IPTABLES_LEGACY"},
		},
};

/* Both libraries have each of them in the same form, but for which struct an entry is. */
static bool find_functions(void *library, const char *prefix, struct firewall_xtables *xtables)
{
	const struct {
		const char *name;
		void *function;
	} functions[] = {
		{"init", &xtables->init},
		{"free", &xtables->free},
		{"commit", &xtables->commit},
		{"is_chain", &xtables->is_chain},
		{"builtin", &xtables->builtin},
		{"first_chain", &xtables->first_chain},
		{"next_chain", &xtables->next_chain},
		{"create_chain", &xtables->create_chain},
		{"delete_chain", &xtables->delete_chain},
		{"get_references", &xtables->get_references},
		{"get_policy", &xtables->get_policy},
		{"set_policy", &xtables->set_policy},
		{"first_rule", &xtables->first_rule},
		{"next_rule", &xtables->next_rule},
		{"get_target", &xtables->get_target},
		{"insert_entry", &xtables->insert_entry},
		{"delete_num_entry", &xtables->delete_num_entry},
	};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		/* POSIX promises that a function pointer fits; C would not let us assign it. */
		void **function = functions[i].function;
		char name[48];

		snprintf(name, sizeof(name), "%s%s", prefix, functions[i].name);
		*function = dlsym(library, name);
		if (!*function)
			return false;
	}
	return true;
}

/* Declared as above? The compiler says so here; which struct an entry is apart. */
#define ASSERT_SAME(member, function)                                                              \
	_Static_assert(_Generic(&(function), typeof(((struct firewall_xtables *)0)->member) : 1,   \
				default : 0),                                                      \
		       #function)
#define ASSERT_KIND(prefix)                                                                        \
	ASSERT_SAME(init, prefix##init);                                                           \
	ASSERT_SAME(free, prefix##free);                                                           \
	ASSERT_SAME(commit, prefix##commit);                                                       \
	ASSERT_SAME(is_chain, prefix##is_chain);                                                   \
	ASSERT_SAME(builtin, prefix##builtin);                                                     \
	ASSERT_SAME(first_chain, prefix##first_chain);                                             \
	ASSERT_SAME(next_chain, prefix##next_chain);                                               \
	ASSERT_SAME(create_chain, prefix##create_chain);                                           \
	ASSERT_SAME(delete_chain, prefix##delete_chain);                                           \
	ASSERT_SAME(get_references, prefix##get_references);                                       \
	ASSERT_SAME(get_policy, prefix##get_policy);                                               \
	ASSERT_SAME(set_policy, prefix##set_policy);                                               \
	ASSERT_SAME(delete_num_entry, prefix##delete_num_entry)
ASSERT_KIND(iptc_);
ASSERT_KIND(ip6tc_);

const struct firewall_xtables *firewall_xtables_open(enum firewall_family family, struct error *err)
{
	static struct firewall_xtables opened[FIREWALL_FAMILY_COUNT];
	struct firewall_xtables *xtables = &opened[family];
	void *library;

	if (xtables->init)
		return xtables;
	library = dlopen(kinds[family].library, RTLD_NOW | RTLD_LOCAL);
	if (!library) {
		error_set(err, ENOSYS, "%s", kinds[family].library);
		error_hint(err,
			   "install it (Debian: %s, Fedora: iptables-libs), or set "
			   "firewall.backend = \"nftables\"",
			   kinds[family].package);
		return NULL;
	}
	*xtables = kinds[family].words;
	if (!find_functions(library, kinds[family].prefix, xtables)) {
		*xtables = (struct firewall_xtables){.init = NULL};
		dlclose(library);
		error_set(err, ENOSYS, "%s lacks a function", kinds[family].library);
		return NULL;
	}
	return xtables;
}

bool firewall_xtables_exist(enum firewall_family family, const char *table)
{
	AUTO_TEXT struct text names = {0};
	struct error err;
	size_t length = strlen(table);

	if (fs_read_at(AT_FDCWD, kinds[family].names, 65536, &names, &err) < 0)
		/* No such file: the kernel has none of it yet, if that is a /proc of ours. */
		return err.code != ENOENT || !fs_exists_at(AT_FDCWD, "/proc/thread-self/net");
	for (const char *line = text_value(&names); *line != '\0';) {
		size_t line_length = strcspn(line, "\n");

		if (line_length == length && memcmp(line, table, length) == 0)
			return true;
		line += line_length + (line[line_length] == '\n');
	}
	return false;
}

/* As the kernel hands them over: struct ipt_getinfo and struct ipt_get_entries of either family. */
_Static_assert(sizeof(struct ipt_getinfo) == sizeof(struct ip6t_getinfo) &&
		       sizeof(struct ipt_get_entries) == sizeof(struct ip6t_get_entries) &&
		       IPT_SO_GET_INFO == IP6T_SO_GET_INFO &&
		       IPT_SO_GET_ENTRIES == IP6T_SO_GET_ENTRIES,
	       "one form for both families");

bool firewall_xtables_mention(enum firewall_family family, const char *table, const char *text)
{
	const int domain = family == FIREWALL_IPV4 ? AF_INET : AF_INET6;
	const int level = family == FIREWALL_IPV4 ? IPPROTO_IP : IPPROTO_IPV6;
	AUTO_FD int fd = socket(domain, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	AUTO_FREE struct ipt_get_entries *entries = NULL;
	struct ipt_getinfo info = {.size = 0};
	socklen_t length = sizeof(info);

	snprintf(info.name, sizeof(info.name), "%s", table);
	if (fd < 0 || getsockopt(fd, level, IPT_SO_GET_INFO, &info, &length) < 0)
		return true;
	length = (socklen_t)(sizeof(*entries) + info.size);
	entries = xalloc(length, 1);
	snprintf(entries->name, sizeof(entries->name), "%s", table);
	entries->size = info.size;
	return getsockopt(fd, level, IPT_SO_GET_ENTRIES, entries, &length) < 0 ||
	       memmem(entries->entrytable, info.size, text, strlen(text)) != NULL;
}

void firewall_xtables_list(const struct firewall_xtables *xtables, struct xtc_handle *handle,
			   const char *chain, struct firewall_entries *entries)
{
	*entries = (struct firewall_entries){NULL, 0};
	for (const struct firewall_entry *entry = xtables->first_rule(chain, handle); entry;
	     entry = xtables->next_rule(entry, handle)) {
		/* Capacity is the next power of two: grow when count reaches one. */
		if ((entries->count & (entries->count - 1)) == 0)
			entries->items = xrealloc(entries->items,
						  entries->count ? 2 * entries->count : 1,
						  sizeof(*entries->items));
		entries->items[entries->count++] = entry;
	}
}

void firewall_entries_clear(struct firewall_entries *entries)
{
	free(entries->items);
	*entries = (struct firewall_entries){NULL, 0};
}
