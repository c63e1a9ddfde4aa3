/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/dns.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "base/fs.h"

#define FILE_MAX_BYTES 65536
#define WORD_MAX_BYTES 255 /* of a domain, an address, an option */
#define WORDS_MAX      32  /* of one kind, from one file */
#define SERVERS_MAX    3   /* MAXNS of glibc, musl and busybox: more are not read */
#define SEARCH_MAX     6   /* glibc before 2.26, which ignored further domains in silence */

/* ---- the host ---- */

static const char *const candidates[] = {
	"/etc/resolv.conf",
	"/run/systemd/resolve/resolv.conf",
	"/run/NetworkManager/no-stub-resolv.conf",
	"/run/NetworkManager/resolv.conf",
	"/run/dnsmasq/resolv.conf",
};

const char *dns_candidate(size_t index)
{
	return candidates[index];
}

/* What one resolv.conf says. */
struct file_words {
	struct strlist servers, search, options;
	size_t dropped; /* servers of no use to us */
	bool shared;    /* they are for the host's own network namespace */
};

static void file_words_clear(struct file_words *words)
{
	strlist_clear(&words->servers);
	strlist_clear(&words->search);
	strlist_clear(&words->options);
}

void dns_host_clear(struct dns_host *host)
{
	free(host->source);
	strlist_clear(&host->servers);
	strlist_clear(&host->search);
	strlist_clear(&host->options);
	strlist_clear(&host->notes);
	*host = (struct dns_host){0};
}

/* Whether a server can be reached from a network namespace that is not the host's. */
static bool is_reachable_ipv4(struct in_addr address)
{
	uint32_t host = ntohl(address.s_addr);

	return host >> 24 != 127 && host >> 24 != 0; /* 0.0.0.0 means this host, too */
}

static bool is_reachable(const char *text)
{
	struct in_addr ipv4;
	struct in6_addr ipv6;

	if (inet_pton(AF_INET, text, &ipv4) == 1)
		return is_reachable_ipv4(ipv4);
	/* A scope ("fe80::1%eth0") names a link of the host: inet_pton() refuses it. */
	if (inet_pton(AF_INET6, text, &ipv6) != 1)
		return false;
	if (IN6_IS_ADDR_V4MAPPED(&ipv6)) {
		memcpy(&ipv4, &ipv6.s6_addr[12], sizeof(ipv4));
		return is_reachable_ipv4(ipv4);
	}
	return !IN6_IS_ADDR_LOOPBACK(&ipv6) && !IN6_IS_ADDR_UNSPECIFIED(&ipv6) &&
	       !IN6_IS_ADDR_LINKLOCAL(&ipv6);
}

/* In the host's own network namespace every server can be asked. */
static bool is_address(const char *text)
{
	char address[INET6_ADDRSTRLEN];
	struct in6_addr ipv6;
	struct in_addr ipv4;

	if (inet_pton(AF_INET, text, &ipv4) == 1)
		return true;
	snprintf(address, sizeof(address), "%.*s", (int)strcspn(text, "%"), text);
	return inet_pton(AF_INET6, address, &ipv6) == 1;
}

static bool is_word(const char *text)
{
	for (const char *c = text; *c; c++)
		if (!isgraph((unsigned char)*c))
			return false;
	return text[0] != '\0' && strlen(text) <= WORD_MAX_BYTES;
}

static void add_new_word(struct strlist *list, const char *word)
{
	if (list->count < WORDS_MAX && is_word(word) && !strlist_contains(list, word))
		strlist_add(list, word);
}

/* One line; libc splits at blanks and tabs and wants the keyword at the very beginning. */
static void read_line(char *line, struct file_words *words)
{
	char *rest, *keyword, *word;

	if (line[0] == '\0' || isspace((unsigned char)line[0]))
		return;
	keyword = strtok_r(line, " \t\r", &rest);
	if (!keyword)
		return;
	if (strcmp(keyword, "nameserver") == 0) {
		word = strtok_r(NULL, " \t\r", &rest);
		if (word && (words->shared ? is_address(word) : is_reachable(word)))
			add_new_word(&words->servers, word);
		else if (word)
			words->dropped++;
		return;
	}
	if (strcmp(keyword, "search") == 0 || strcmp(keyword, "domain") == 0) {
		strlist_clear(&words->search); /* the last such line counts */
		while ((word = strtok_r(NULL, " \t\r", &rest)) != NULL)
			if (strcmp(word, ".") != 0) /* the root: systemd's word for none */
				add_new_word(&words->search, word);
	}
	if (strcmp(keyword, "options") == 0)
		while ((word = strtok_r(NULL, " \t\r", &rest)) != NULL)
			add_new_word(&words->options, word);
}

static int read_candidate(int root_fd, const char *path, struct file_words *words, struct error *err)
{
	/* Neither a FIFO nor a terminal in its place may hold us up. */
	AUTO_FD int fd = fs_open_in_root(root_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, err);
	AUTO_TEXT struct text text = {0};
	char *end;

	if (fd < 0)
		return -1;
	if (fs_read_fd(fd, FILE_MAX_BYTES, &text, err) < 0)
		return -1;
	for (char *line = text.data; line && line < text.data + text.length; line = end + 1) {
		end = strchrnul(line, '\n'); /* a NUL byte ends a line as well */
		*end = '\0';
		read_line(line, words);
	}
	return 0;
}

static void take_words(struct file_words *words, const char *path, struct dns_host *host)
{
	if (words->search.count > 0 && (host->search.count == 0 || words->servers.count > 0))
		strlist_copy(&host->search, &words->search);
	if (words->servers.count == 0) {
		strlist_add_taken(&host->notes,
				  xprintf("%s: %s", path,
					  words->dropped ? "only servers nobody but the host can reach"
							 : "no servers"));
		return;
	}
	host->source = xstrdup(path);
	strlist_copy(&host->servers, &words->servers);
	for (size_t i = 0; i < words->options.count; i++)
		/* It was said of the resolver on the host, not of what is behind it. */
		if (words->dropped == 0 || strcmp(words->options.items[i], "trust-ad") != 0)
			strlist_add(&host->options, words->options.items[i]);
	if (words->dropped > 0)
		strlist_add_taken(&host->notes,
				  xprintf("%s: servers nobody but the host can reach", path));
}

int dns_find_host_servers(const char *root, bool shared, struct dns_host *host, struct error *err)
{
	AUTO_FD int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	*host = (struct dns_host){0};
	if (root_fd < 0)
		return error_set(err, errno, "open directory %s", root);
	for (size_t i = 0; i < ARRAY_SIZE(candidates) && !host->source; i++) {
		AUTO(file_words_clear) struct file_words words = {.shared = shared};
		struct error reason;

		host->looked = i + 1;
		if (read_candidate(root_fd, candidates[i], &words, &reason) == 0)
			take_words(&words, candidates[i], host);
		else if (reason.code != ENOENT)
			strlist_add_taken(&host->notes,
					  xprintf("%s: %s", candidates[i], reason.text));
		else if (i == 0) /* missing or dangling; the others are there on few hosts */
			strlist_add_taken(&host->notes, xprintf("%s: there is none", candidates[i]));
	}
	return 0;
}

/* ---- resolv.conf ---- */

/* Adds a word and what goes before it; never a byte that would end the word or its line. */
static void add_word(struct text *out, const char *before, const char *word)
{
	text_addf(out, "%s%s", before, word);
	for (char *c = out->data + out->length - strlen(word); *c; c++)
		if (!isgraph((unsigned char)*c))
			*c = '?';
}

static void add_comment(struct text *out, const char *comment)
{
	size_t start;

	text_addf(out, "# ");
	start = out->length;
	text_addf(out, "%s", comment);
	for (char *c = out->data + start; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	text_addf(out, "\n");
}

static void add_strings(struct strlist *list, const struct strlist *more)
{
	for (size_t i = 0; i < more->count; i++)
		if (!strlist_contains(list, more->items[i]))
			strlist_add(list, more->items[i]);
}

/* What a container is to resolve names with, chosen from all that is said about it. */
struct choice {
	struct strlist servers, search;
	const struct strlist *options; /* NULL: none */
	bool host;                     /* the host's servers were asked for */
	bool none;                     /* no servers are wanted */
	bool fallback;                 /* servers are those of last resort */
	size_t unreachable;            /* servers of the host that are IPv6 only */
};

static void choice_clear(struct choice *choice)
{
	strlist_clear(&choice->servers);
	strlist_clear(&choice->search);
}

static void add_host_servers(const struct dns_host *host, bool ipv6, struct choice *choice)
{
	choice->host = true;
	for (size_t i = 0; i < host->servers.count; i++) {
		if (!ipv6 && strchr(host->servers.items[i], ':'))
			choice->unreachable++;
		else if (!strlist_contains(&choice->servers, host->servers.items[i]))
			strlist_add(&choice->servers, host->servers.items[i]);
	}
}

static const struct strlist *wanted_servers(const struct spec *spec, const struct manager *manager)
{
	return spec->dns.count > 0 ? &spec->dns : &manager->dns_servers;
}

bool dns_wants_host(const struct spec *spec, const struct manager *manager)
{
	const struct strlist *wanted = wanted_servers(spec, manager);

	return wanted->count == 0 || strlist_contains(wanted, "host");
}

static void choose_servers(const struct strlist *wanted, const struct manager *manager,
			   const struct dns_host *host, bool ipv6, struct choice *choice)
{
	for (size_t i = 0; i < wanted->count; i++) {
		if (strcmp(wanted->items[i], "none") == 0)
			choice->none = true;
		else if (strcmp(wanted->items[i], "host") == 0)
			add_host_servers(host, ipv6, choice);
		else if (!strlist_contains(&choice->servers, wanted->items[i]))
			strlist_add(&choice->servers, wanted->items[i]);
	}
	if (wanted->count == 0)
		add_host_servers(host, ipv6, choice);
	if (choice->none) {
		strlist_clear(&choice->servers);
		choice->host = false;
	}
	if (!choice->host)
		return;
	if (choice->servers.count == 0) {
		choice->fallback = true;
		add_strings(&choice->servers, &manager->dns_fallback);
	} else if (host->source) {
		choice->options = &host->options;
	}
}

static void choose_search(const struct spec *spec, const struct manager *manager,
			  const struct dns_host *host, struct choice *choice)
{
	if (spec->dns_search.count > 0)
		add_strings(&choice->search, &spec->dns_search);
	else if (manager->dns_search.count > 0)
		add_strings(&choice->search, &manager->dns_search);
	else if (choice->host)
		add_strings(&choice->search, &host->search);
}

static void add_header(const struct choice *choice, const struct dns_host *host, struct text *out)
{
	add_comment(out, "Made by cman; what is changed here is lost.");
	if (choice->none)
		add_comment(out, "No servers, as configured (dns).");
	else if (!choice->host)
		add_comment(out, "Servers as configured (dns).");
	else if (choice->fallback)
		add_comment(out,
			    choice->servers.count
				    ? "Servers of last resort (dns.fallback): the host has none."
				    : "No servers: neither the host nor dns.fallback has any.");
	else if (host->source)
		text_addf(out, "# Servers of the host, from %s.\n", host->source);
	if (!choice->host)
		return;
	for (size_t i = 0; i < host->notes.count; i++) {
		AUTO_FREE char *note = xprintf("Not used: %s", host->notes.items[i]);

		add_comment(out, note);
	}
	if (choice->unreachable > 0)
		text_addf(out, "# Not used: %zu of the host's servers, which need IPv6.\n",
			  choice->unreachable);
}

static void add_servers(const struct strlist *servers, struct text *out)
{
	for (size_t i = 0; i < servers->count; i++) {
		if (i == SERVERS_MAX)
			text_addf(out, "# Not used: libc reads no more than %d servers.\n",
				  SERVERS_MAX);
		add_word(out, i < SERVERS_MAX ? "nameserver " : "# nameserver ", servers->items[i]);
		text_addf(out, "\n");
	}
}

static void add_search(const struct strlist *search, struct text *out)
{
	for (size_t i = 0; i < search->count && i < SEARCH_MAX; i++)
		add_word(out, i == 0 ? "search " : " ", search->items[i]);
	if (search->count > 0)
		text_addf(out, "\n");
	if (search->count <= SEARCH_MAX)
		return;
	text_addf(out, "# Not used: libc may read no more than %d domains.\n# search", SEARCH_MAX);
	for (size_t i = SEARCH_MAX; i < search->count; i++)
		add_word(out, " ", search->items[i]);
	text_addf(out, "\n");
}

void dns_resolv_conf(const struct spec *spec, const struct manager *manager,
		     const struct dns_host *host, bool ipv6, struct text *out)
{
	AUTO(choice_clear) struct choice choice = {0};

	choose_servers(wanted_servers(spec, manager), manager, host, ipv6, &choice);
	choose_search(spec, manager, host, &choice);
	if (spec->dns_options.count > 0)
		choice.options = &spec->dns_options;
	add_header(&choice, host, out);
	add_servers(&choice.servers, out);
	add_search(&choice.search, out);
	for (size_t i = 0; choice.options && i < choice.options->count; i++)
		add_word(out, i == 0 ? "options " : " ", choice.options->items[i]);
	if (choice.options && choice.options->count > 0)
		text_addf(out, "\n");
}

/* ---- hosts ---- */

static int compare_names(const void *a, const void *b)
{
	const struct dns_name *left = *(const struct dns_name *const *)a;
	const struct dns_name *right = *(const struct dns_name *const *)b;
	uint32_t left_address = ntohl(left->address.s_addr);
	uint32_t right_address = ntohl(right->address.s_addr);

	if (left_address != right_address)
		return left_address < right_address ? -1 : 1;
	return strcmp(left->name, right->name);
}

static void add_line(const struct dns_name *name, const char *address, struct text *out)
{
	text_addf(out, "%s\t", address);
	/* hosts(5): the first is the canonical one, what `hostname -f` tells. */
	if (name->domain && name->domain[0]) {
		add_word(out, "", name->name);
		add_word(out, ".", name->domain);
		text_addf(out, " ");
	}
	add_word(out, "", name->name);
	for (size_t i = 0; name->aliases && i < name->aliases->count; i++)
		add_word(out, " ", name->aliases->items[i]);
	text_addf(out, "\n");
}

static void add_name(const struct dns_name *name, struct text *out)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET, &name->address, address, sizeof(address));
	add_line(name, address, out);
	if (IN6_IS_ADDR_UNSPECIFIED(&name->address6))
		return;
	inet_ntop(AF_INET6, &name->address6, address, sizeof(address));
	add_line(name, address, out);
}

void dns_hosts(const struct dns_name *names, size_t count, const struct host_entry *extra,
	       size_t extra_count, struct text *out)
{
	AUTO_FREE const struct dns_name **sorted = xalloc(count, sizeof(struct dns_name *));

	for (size_t i = 0; i < count; i++)
		sorted[i] = &names[i];
	qsort(sorted, count, sizeof(struct dns_name *), compare_names);
	add_comment(out, "Made by cman; what is changed here is lost.");
	text_addf(out, "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n");
	for (size_t i = 0; i < extra_count; i++) {
		add_word(out, "", extra[i].address);
		add_word(out, "\t", extra[i].name);
		text_addf(out, "\n");
	}
	for (size_t i = 0; i < count; i++)
		add_name(sorted[i], out);
}
