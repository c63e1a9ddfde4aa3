/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dns.h: the text of the files by which a container resolves names: resolv.conf(5), hosts(5).
 * Pure but for dns_find_host_servers(), which reads a few files of the host. What is written into
 * a line is one word each: a byte that would end the word or the line becomes '?'.
 */
#ifndef LIFECYCLE_DNS_H
#define LIFECYCLE_DNS_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "base/text.h"
#include "config/spec.h"

/* How the host itself resolves names, as far as it is of use in another network namespace. */
struct dns_host {
	char *source;           /* "/run/systemd/resolve/resolv.conf"; NULL: no servers found */
	struct strlist servers; /* addresses, in order, without loopback and link-local IPv6 */
	struct strlist search;  /* domains: of source, or of the first file that has some */
	struct strlist options; /* of source, without trust-ad where a server was dropped */
	struct strlist notes;   /* why other files or servers were not taken, a line each */
	size_t looked;          /* so many files were looked at, see dns_candidate() */
};

/* The files in which servers are looked for, in that order, from 0. */
const char *dns_candidate(size_t index);

/*
 * Looks for servers in /etc/resolv.conf, and where it is missing or names only a resolver on the
 * host's own loopback (127.0.0.53 of systemd-resolved, dnsmasq, unbound), in the files in which
 * such resolvers keep their upstream servers. shared: for the host's own network namespace, where
 * any of these servers will do. root: "/", or the top of a made-up host; symlinks
 * stay below it. A file that is missing, a dangling link, no regular file or longer than 64 KiB
 * is noted and passed over. Finding nothing is success; -1: root itself cannot be opened.
 */
int dns_find_host_servers(const char *root, bool shared, struct dns_host *host, struct error *err);

void dns_host_clear(struct dns_host *host);
#define AUTO_DNS_HOST AUTO(dns_host_clear)

/* Whether servers of the host are among those that dns_resolv_conf() writes. */
bool dns_wants_host(const struct spec *spec, const struct manager *manager);

/*
 * Adds the text of a container's resolv.conf to out. The servers are those of spec->dns, or of
 * manager->dns_servers where it is empty; "host" in them stands for those of the host (and is what
 * is meant when both are empty), "none" alone for no servers. manager->dns_fallback is taken where
 * "host" was asked for and there are none. Search domains: spec's, else the manager's, else the
 * host's together with its servers. Options: spec's, else the host's likewise. ipv6: whether the
 * container has IPv6; servers of the host it could not reach are left out. Comments tell where all of
 * it came from, and what was left out.
 */
void dns_resolv_conf(const struct spec *spec, const struct manager *manager,
		     const struct dns_host *host, bool ipv6, struct text *out);

/* A container as its siblings know it. */
struct dns_name {
	struct in_addr address;
	struct in6_addr address6; /* in6addr_any: it has none */
	const char *name;
	const char *domain;            /* NULL or "": none; else "name.domain" is known as well */
	const struct strlist *aliases; /* may be NULL */
};

/*
 * Adds the text of a hosts file to out: localhost, then extra (as written, so that they win over
 * a container of that name), then names by address and name, whatever order they come in; one
 * with both addresses has a line for each.
 */
void dns_hosts(const struct dns_name *names, size_t count, const struct host_entry *extra,
	       size_t extra_count, struct text *out);

#endif
