/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/hosts_file.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"
#include "lifecycle/dns.h"
#include "state/network_files.h"

#define HOSTS_SIZE_MAX (4 * 1024 * 1024)
#define EXTRA_FILE "extra_hosts" /* "ADDRESS NAME" a line */

bool hosts_file_is_own(const struct spec *spec, const struct manager *manager)
{
	return spec->extra_host_count > 0 || spec->interface_count != 1 || !manager->dns_hosts;
}

int hosts_file_open_directory(const struct state *state, const struct manager *manager,
			      const struct spec *spec, int directory_fd, struct error *err)
{
	if (hosts_file_is_own(spec, manager))
		return fs_open_at(directory_fd, ".", O_RDONLY | O_DIRECTORY, 0, err);
	return network_open_directory(state, spec->interfaces[0].network, err);
}

static struct dns_name name_of(const struct network_member *member, const struct manager *manager)
{
	return (struct dns_name){
		.address = member->address,
		.address6 = member->address6,
		.name = member->container,
		.domain = manager->dns_domain,
		.aliases = &member->aliases,
	};
}

/*
 * Rewrites the file unless it holds that text already: most commits change no name. Who only looks
 * gets the name of its owner instead.
 */
static int write_if_changed(int directory_fd, const struct text *text, const char *owner,
			    struct hosts_look *look, struct error *err)
{
	AUTO_TEXT struct text present = {0};
	bool there = fs_read_at(directory_fd, "hosts", HOSTS_SIZE_MAX, &present, NULL) == 0;

	if (there && strcmp(text_value(&present), text_value(text)) == 0)
		return 0;
	if (look) {
		strlist_add(there ? &look->changed : &look->missing, owner);
		return 0;
	}
	return fs_rewrite_at(directory_fd, "hosts", text_value(text), text->length, 0644, err);
}

/* Names on the networks; those of one container alone if only is not NULL. */
struct names {
	struct dns_name *items;
	size_t count;
};

static void names_clear(struct names *names)
{
	free(names->items);
}

static void add_names(const struct network_record *network, const struct manager *manager,
		      const char *only, struct names *names)
{
	names->items = xrealloc(names->items, names->count + network->member_count,
				sizeof(*names->items));
	for (size_t i = 0; i < network->member_count; i++)
		if (!only || strcmp(network->members[i].container, only) == 0)
			names->items[names->count++] = name_of(&network->members[i], manager);
}

static int write_shared(const struct state *state, const struct manager *manager,
			const struct network_record *network, struct hosts_look *look,
			struct error *err)
{
	AUTO_FD int directory_fd = network_open_directory(state, network->name, err);
	AUTO(names_clear) struct names names = {0};
	AUTO_TEXT struct text text = {0};

	if (directory_fd < 0)
		return -1;
	add_names(network, manager, NULL, &names);
	dns_hosts(names.items, names.count, NULL, 0, &text);
	return write_if_changed(directory_fd, &text, network->name, look, err);
}

int hosts_file_make(const struct state *state, const struct manager *manager,
		    const struct network_record *network, struct error *err)
{
	AUTO_FREE char *path = xprintf("%s/hosts", network->name);

	if (fs_exists_at(state->networks_fd, path))
		return 0;
	return write_shared(state, manager, network, NULL, err);
}

/* ---- files of their own ---- */

struct extra {
	struct host_entry *items;
	size_t count;
};

static void extra_clear(struct extra *extra)
{
	for (size_t i = 0; i < extra->count; i++) {
		free(extra->items[i].name);
		free(extra->items[i].address);
	}
	free(extra->items);
}

int hosts_file_make_own(int directory_fd, const struct spec *spec, const struct manager *manager,
			struct error *err)
{
	AUTO_STRLIST struct strlist aliases = {0};
	/* On the host's network it has no address of its own: as Debian does for such hosts. */
	const struct dns_name self = {
		.address = {htonl(0x7f000101)}, /* 127.0.1.1 */
		.name = spec->name,
		.domain = manager->dns_domain,
		.aliases = &aliases,
	};
	AUTO_TEXT struct text hosts = {0};
	AUTO_TEXT struct text extra = {0};

	for (size_t i = 0; i < spec->extra_host_count; i++)
		text_addf(&extra, "%s %s\n", spec->extra_hosts[i].address,
			  spec->extra_hosts[i].name);
	if (fs_rewrite_at(directory_fd, EXTRA_FILE, text_value(&extra), extra.length, 0600, err) < 0)
		return -1;
	if (strcmp(spec->hostname, spec->name) != 0)
		strlist_add(&aliases, spec->hostname);
	dns_hosts(&self, spec->host_network ? 1 : 0, spec->extra_hosts, spec->extra_host_count,
		  &hosts);
	return fs_rewrite_at(directory_fd, "hosts", text_value(&hosts), hosts.length, 0644, err);
}

static int read_extra(int directory_fd, struct extra *extra, struct error *err)
{
	AUTO_TEXT struct text text = {0};
	char *rest, *line;

	if (fs_read_at(directory_fd, EXTRA_FILE, HOSTS_SIZE_MAX, &text, err) < 0)
		return -1;
	for (rest = text.data; (line = strsep(&rest, "\n")) != NULL;) {
		char *name = strchr(line, ' ');

		if (!name)
			continue;
		*name++ = '\0';
		extra->items = xrealloc(extra->items, extra->count + 1, sizeof(*extra->items));
		extra->items[extra->count++] = (struct host_entry){
			.name = xstrdup(name),
			.address = xstrdup(line),
		};
	}
	return 0;
}

/* Everybody on the networks the container is on, or itself alone. */
static void add_names_for(const char *container, const struct network_record *networks,
			  size_t count, const struct manager *manager, struct names *names)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < networks[i].member_count; j++)
			if (strcmp(networks[i].members[j].container, container) == 0)
				add_names(&networks[i], manager,
					  manager->dns_hosts ? NULL : container, names);
}

static int write_own(const struct state *state, const struct manager *manager,
		     const struct network_record *networks, size_t count, const char *container,
		     struct hosts_look *look, struct error *err)
{
	AUTO_FD int directory_fd = record_open_directory(state, container, err);
	AUTO(extra_clear) struct extra extra = {0};
	AUTO(names_clear) struct names names = {0};
	AUTO_TEXT struct text text = {0};

	/* It may be half gone: a member stays in the list until its `down` is through. */
	if (directory_fd < 0 || read_extra(directory_fd, &extra, err) < 0)
		return err->code == ENOENT ? (error_clear(err), 0) : -1;
	add_names_for(container, networks, count, manager, &names);
	dns_hosts(names.items, names.count, extra.items, extra.count, &text);
	return write_if_changed(directory_fd, &text, container, look, err);
}

/* The first of its interfaces stands for the container: one file, written once. */
static bool is_first_of(const struct network_member *member, const struct network_record *networks,
			size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < networks[i].member_count; j++)
			if (strcmp(networks[i].members[j].container, member->container) == 0)
				return &networks[i].members[j] == member;
	return false;
}

static int go_through(const struct state *state, const struct manager *manager,
		      const struct network_record *networks, size_t count, struct hosts_look *look,
		      struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < networks[i].member_count; j++) {
			const struct network_member *member = &networks[i].members[j];

			if (member->own_hosts && is_first_of(member, networks, count) &&
			    write_own(state, manager, networks, count, member->container, look,
				      err) < 0)
				return error_wrap(err, "hosts file of %s", member->container);
		}
		if (write_shared(state, manager, &networks[i], look, err) < 0)
			return -1;
	}
	return 0;
}

int hosts_file_update(const struct state *state, const struct manager *manager,
		      const struct network_record *networks, size_t count, struct error *err)
{
	return go_through(state, manager, networks, count, NULL, err);
}

int hosts_file_look(const struct state *state, const struct manager *manager,
		    const struct network_record *networks, size_t count, struct hosts_look *look,
		    struct error *err)
{
	*look = (struct hosts_look){0};
	return go_through(state, manager, networks, count, look, err);
}

void hosts_look_clear(struct hosts_look *look)
{
	strlist_clear(&look->changed);
	strlist_clear(&look->missing);
}
