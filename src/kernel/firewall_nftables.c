/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * libnftables takes and gives text, as nft(8) does: the table is listed, compared with what is
 * wanted, and one transaction makes the difference. It is opened at run time, by the first commit
 * that needs it.
 */
#include "kernel/firewall_backend.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <nftables/libnftables.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fault.h"
#include "base/process.h"
#include "kernel/firewall_dump.h"
#include "kernel/firewall_listing.h"
#include "kernel/firewall_look.h"
#include "kernel/firewall_text.h"
#include "kernel/module.h"

/* Somebody may change our table between our look and our transaction; not for ever, though. */
#define COMMIT_TRIES 4

#define GONE_MS 200 /* until what was deleted is gone for sure */

/* What the rules need of the kernel, which loads it by itself where it may start modprobe(8). */
static const char *const modules[] = {"nf_tables",    "nft_chain_nat", "nft_ct",
				      "nft_fib_inet", "nft_masq",      "nft_nat"};

/* What we use of libnftables, found by name in the opened library. */
struct nft {
	void *library;
	typeof(nft_ctx_new) *new_context;
	typeof(nft_ctx_free) *free_context;
	typeof(nft_ctx_buffer_output) *buffer_output;
	typeof(nft_ctx_buffer_error) *buffer_error;
	typeof(nft_ctx_output_set_flags) *set_flags;
	typeof(nft_run_cmd_from_buffer) *run;
	typeof(nft_ctx_get_output_buffer) *output;
	typeof(nft_ctx_get_error_buffer) *error;
	struct nft_ctx *context;
	int socket_fd; /* of the context */
	int hold_fd;   /* closing it lets go the child that closes the sockets */
};

static void nft_close(struct nft *nft)
{
	if (nft->context)
		nft->free_context(nft->context);
	close_fd(&nft->hold_fd);
	if (nft->library)
		dlclose(nft->library);
}
#define AUTO_NFT AUTO(nft_close)

/*
 * Where something was deleted the kernel makes whoever closes a socket of netfilter wait until it is
 * all gone, 10 ms and more, and whoever deletes a link waits with him. A child that has the sockets
 * too closes them last, and only after a while: then there is nothing left to wait for.
 */
static void hold_sockets(struct nft *nft, int dump_fd)
{
	AUTO_FD int end = -1;
	int pipe_fds[2], keep[3];
	char byte;

	if (nft->hold_fd >= 0 || nft->socket_fd < dump_fd || pipe2(pipe_fds, O_CLOEXEC) < 0)
		return;
	end = pipe_fds[0];
	nft->hold_fd = pipe_fds[1];
	keep[0] = dump_fd;
	keep[1] = nft->socket_fd;
	keep[2] = end;
	if (end < nft->socket_fd || process_fork_aside(keep, ARRAY_SIZE(keep)) != 0)
		return;
	while (read(end, &byte, 1) < 0 && errno == EINTR)
		;
	poll(NULL, 0, GONE_MS);
	_exit(0);
}

static bool find_functions(struct nft *nft)
{
	const struct {
		const char *name;
		void *function;
	} functions[] = {
		{"nft_ctx_new", &nft->new_context},
		{"nft_ctx_free", &nft->free_context},
		{"nft_ctx_buffer_output", &nft->buffer_output},
		{"nft_ctx_buffer_error", &nft->buffer_error},
		{"nft_ctx_output_set_flags", &nft->set_flags},
		{"nft_run_cmd_from_buffer", &nft->run},
		{"nft_ctx_get_output_buffer", &nft->output},
		{"nft_ctx_get_error_buffer", &nft->error},
	};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		/* POSIX promises that a function pointer fits; C would not let us assign it. */
		void **function = functions[i].function;

		*function = dlsym(nft->library, functions[i].name);
		if (!*function)
			return false;
	}
	return true;
}

/* The context's socket: it takes the lowest number that is free. -1: it did not. */
static int find_socket(int number)
{
	int protocol = -1;
	socklen_t length = sizeof(protocol);

	if (getsockopt(number, SOL_SOCKET, SO_PROTOCOL, &protocol, &length) < 0)
		return -1;
	return protocol == NETLINK_NETFILTER ? number : -1;
}

static int nft_open(struct nft *nft, int dump_fd, struct error *err)
{
	int number;

	nft->library = dlopen("libnftables.so.1", RTLD_NOW | RTLD_LOCAL);
	if (!nft->library) {
		error_set(err, ENOSYS, "libnftables.so.1");
		return error_hint(err, "install libnftables (Debian: libnftables1, Fedora: "
				       "nftables-libs), or set firewall.backend = \"iptables\"");
	}
	if (!find_functions(nft))
		return error_set(err, ENOSYS, "libnftables.so.1 lacks a function");
	number = fcntl(dump_fd, F_DUPFD_CLOEXEC, 0);
	if (number >= 0)
		close(number);
	nft->context = nft->new_context(NFT_CTX_DEFAULT);
	nft->socket_fd = find_socket(number);
	if (!nft->context || nft->buffer_output(nft->context) || nft->buffer_error(nft->context))
		return error_set(err, ENOMEM, "libnftables");
	nft->set_flags(nft->context, NFT_CTX_OUTPUT_HANDLE | NFT_CTX_OUTPUT_STATELESS |
					     NFT_CTX_OUTPUT_NUMERIC_PRIO);
	return 0;
}

/* "Error: Could not process rule: No such file or directory", and the place: the code of it. */
static int code_of(const char *text, size_t length)
{
	for (int code = 1; code < 134; code++) {
		const char *reason = strerror(code);
		size_t size = strlen(reason);

		if (size <= length && memcmp(text + length - size, reason, size) == 0)
			return code;
	}
	return 0;
}

static int nft_run(struct nft *nft, const char *commands, const char *what, struct error *err)
{
	const char *text;
	size_t length;
	int code;

	if (nft->run(nft->context, commands) == 0)
		return 0;
	text = nft->error(nft->context);
	length = strcspn(text, "\n");
	code = code_of(text, length);
	if (code)
		return error_set(err, code, "%s", what);
	return error_set(err, 0, "%s: %.*s", what, (int)length, text);
}

/* ---- our table ---- */

struct search {
	const char *name;
	bool found;
};

static int compare_table(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_TABLE_MAX + 1];
	struct search *search = data;

	(void)family;
	firewall_dump_parse(bytes, length, attributes, NFTA_TABLE_MAX);
	search->found = strcmp(firewall_dump_text(&attributes[NFTA_TABLE_NAME]), search->name) == 0;
	return search->found;
}

static int table_exists(int fd, const char *name, struct error *err)
{
	struct search search = {name, false};

	if (firewall_dump(fd, NFT_MSG_GETTABLE, NFPROTO_INET, NULL, NULL, compare_table, &search,
			  err) < 0)
		return -1;
	return search.found;
}

/* nft(8) has no way to write some of the names a link may have, and "*" is a pattern there. */
static int check_names(const struct firewall_rules *rules, struct error *err)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct firewall_match *match = &rules->items[i].match;
		const char *name = match->in[0] ? match->in : match->out;

		if (!strpbrk(name, "\"\\*"))
			continue;
		error_set(err, EINVAL, "bridge %s", name);
		return error_hint(err, "give it a name without '\"', '\\' and '*', or set "
				       "firewall.backend = \"iptables\"");
	}
	return 0;
}

/* Returns 1 when nothing is to be done, 0 when it was done. */
static int try_commit(struct nft *nft, int fd, const char *name,
		      const struct firewall_text_table *want, struct error *err)
{
	AUTO_FIREWALL_TEXT struct firewall_text_table have = {0};
	AUTO_TEXT struct text commands = {0};
	AUTO_FREE char *list = xprintf("list table " FIREWALL_TEXT_FAMILY " %s", name);
	int exists = table_exists(fd, name, err);

	if (exists < 0)
		return -1;
	if (exists) {
		if (nft_run(nft, list, "list", err) < 0)
			return -1;
		firewall_text_read(nft->output(nft->context), &have);
	}
	firewall_text_commands(name, exists ? &have : NULL, want, &commands);
	if (commands.length == 0)
		return 1;
	if (strstr(commands.data, "delete "))
		hold_sockets(nft, fd);
	if (FAULT("commit table", "nftables", err) < 0)
		return -1;
	return nft_run(nft, commands.data, "commit", err);
}

/* A kernel that may not start modprobe(8) says that it has none of what is in a module. */
static void load_modules(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(modules); i++)
		module_load(modules[i], NULL);
}

static int commit_error(const char *name, struct error *err)
{
	if (err->code == EPERM)
		error_hint(err, "the capability CAP_NET_ADMIN is needed");
	else if (err->code == ENOENT || err->code == EOPNOTSUPP || err->code == EINVAL)
		error_hint(err, "the kernel needs the modules nf_tables, nft_chain_nat, nft_ct, "
				"nft_fib_inet, nft_masq and nft_nat; where it has neither these "
				"nor those of the legacy tables (ip_tables, iptable_raw, "
				"iptable_filter, iptable_nat), firewall.backend = \"none\" is "
				"left, without NAT and published ports");
	return error_wrap(err, "nftables table " FIREWALL_TEXT_FAMILY " %s", name);
}

static int commit(int fd, const char *name, const struct firewall_text_table *want,
		  struct error *err)
{
	AUTO_NFT struct nft nft = {.socket_fd = -1, .hold_fd = -1};

	if (nft_open(&nft, fd, err) < 0)
		return -1;
	for (int tries = 1;; tries++) {
		error_clear(err);
		if (try_commit(&nft, fd, name, want, err) >= 0)
			return 0;
		if (tries == COMMIT_TRIES || err->code == EPERM)
			return -1;
		/* Without nf_tables nfnetlink says EINVAL, for what is in a module ENOENT and more. */
		if (tries == 2)
			load_modules();
	}
}

int firewall_nftables_commit(const char *prefix, const struct firewall_rules *rules,
			     struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	AUTO_FIREWALL_TEXT struct firewall_text_table want = {0};
	AUTO_FD int fd = firewall_dump_open(err);
	int exists;

	if (check_names(rules, err) < 0)
		return commit_error(name.text, err);
	if (fd < 0 && rules->count == 0 && err->code == ENOENT)
		return 0;
	/* libnftables ends the program when it gets no socket, so that is not left to it. */
	if (fd < 0 && err->code == ENOENT && module_load("nfnetlink", NULL) == 0)
		fd = firewall_dump_open(err);
	if (fd < 0)
		return commit_error(name.text, err);
	if (rules->count > 0)
		firewall_text_build(rules, &want);
	else if ((exists = table_exists(fd, name.text, err)) == 0)
		return 0;
	else if (exists < 0 && err->code != EINTR)
		return commit_error(name.text, err);
	if (commit(fd, name.text, rules->count > 0 ? &want : NULL, err) < 0)
		return commit_error(name.text, err);
	return 0;
}

/* ---- looking ---- */

/* Whether every base chain that is to jump to the chain does. */
static bool is_called(const struct firewall_text_table *have,
		      const struct firewall_text_table *want, const char *name)
{
	AUTO_FREE char *jump = xprintf("jump %s ", name);

	for (size_t i = 0; i < want->count; i++) {
		const struct firewall_text_chain *base = &want->chains[i];
		const struct firewall_text_chain *there = firewall_text_find(have, base->name);

		for (size_t j = 0; base->base && j < base->rules.count; j++)
			if (strstr(base->rules.items[j], jump) &&
			    (!there || !text_equal(there->base, base->base) ||
			     !strlist_contains(&there->rules, base->rules.items[j])))
				return false;
	}
	return true;
}

static enum firewall_presence look_at_chain(const struct firewall_text_table *have,
					    const struct firewall_text_table *want, const char *name)
{
	const struct firewall_text_chain *there = firewall_text_find(have, name);
	const struct firewall_text_chain *chain = firewall_text_find(want, name);

	if (!chain || chain->rules.count == 0)
		return FIREWALL_PRESENT;
	if (!there)
		return FIREWALL_MISSING;
	if (!is_called(have, want, name))
		return FIREWALL_UNCALLED;
	return strlist_equal(&there->rules, &chain->rules) ? FIREWALL_PRESENT : FIREWALL_DIFFERENT;
}

static int read_table(int fd, const char *name, struct firewall_text_table *have, struct error *err)
{
	AUTO_NFT struct nft nft = {.socket_fd = -1, .hold_fd = -1};
	AUTO_FREE char *list = xprintf("list table " FIREWALL_TEXT_FAMILY " %s", name);
	int exists = table_exists(fd, name, err);

	if (exists <= 0)
		return exists;
	if (nft_open(&nft, fd, err) < 0 || nft_run(&nft, list, "list", err) < 0)
		return -1;
	firewall_text_read(nft.output(nft.context), have);
	return 0;
}

int firewall_nftables_look(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_sight *sight, struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	AUTO_FIREWALL_TEXT struct firewall_text_table have = {0}, want = {0};
	AUTO_FD int fd = firewall_dump_open(err);

	firewall_text_build(rules, &want);
	if ((fd < 0 && err->code != ENOENT) ||
	    (fd >= 0 && read_table(fd, name.text, &have, err) < 0))
		return error_wrap(err, "nftables table " FIREWALL_TEXT_FAMILY " %s", name.text);
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		for (unsigned int j = 0; j < FIREWALL_CHAIN_COUNT; j++) {
			const char *chain = firewall_text_chain_name(i, j);

			snprintf(sight->names[i][j], sizeof(sight->names[i][j]),
				 FIREWALL_TEXT_FAMILY " %.10s %s", name.text, chain);
			sight->presence[i][j] = look_at_chain(&have, &want, chain);
		}
	return 0;
}

/* ---- listing ---- */

/* rule: NULL for a jump; there: the chain as it is, NULL: it is not; *last: where the one before stood. */
static void list_line(struct firewall_listed_chain *chain, const struct firewall_rule *rule,
		      const char *line, const struct firewall_text_chain *there, size_t *last)
{
	struct firewall_listed_rule *listed =
		firewall_listing_add_rule(chain, rule, xstrdup(line));
	size_t count = there ? there->rules.count : 0, at = *last;

	/* Mostly behind the one before: thousands are not looked through for each. */
	while (at < count && strcmp(there->rules.items[at], line) != 0)
		at++;
	for (size_t i = 0; at == count && i < *last; i++)
		if (strcmp(there->rules.items[i], line) == 0)
			at = i;
	if (at == count)
		return;
	listed->present = true;
	chain->disordered |= at < *last;
	chain->strangers--;
	*last = at;
}

static void list_rules(struct firewall_listed_chain *chain, const struct firewall_rules *rules,
		       enum firewall_chain index, const struct firewall_text_chain *there)
{
	size_t count, last = 0;
	const struct firewall_rule *items = firewall_rules_of(rules, chain->family, index, &count);

	for (size_t i = 0; i < count; i++) {
		AUTO_STRLIST struct strlist lines = {0};

		firewall_text_rule(&items[i], &lines);
		for (size_t j = 0; j < lines.count; j++)
			list_line(chain, &items[i], lines.items[j], there, &last);
	}
}

static void list_base(struct firewall_listed_chain *chain, const struct firewall_text_chain *want,
		      const struct firewall_text_chain *there)
{
	size_t last = 0;

	chain->base = xstrdup(want->base);
	for (size_t i = 0; i < want->rules.count; i++)
		list_line(chain, NULL, want->rules.items[i], there, &last);
}

static void list_chain(const struct firewall_text_table *have,
		       const struct firewall_text_chain *want, const char *table,
		       const struct firewall_rules *rules, struct firewall_listing *listing)
{
	const struct firewall_text_chain *there = firewall_text_find(have, want->name);
	struct firewall_listed_chain *chain =
		firewall_listing_add(listing, FIREWALL_IPV4, table, want->name);

	/* A base chain of another hook is none that leads anywhere. */
	if (there && !text_equal(there->base, want->base))
		there = NULL;
	chain->ours = true;
	chain->strangers = there ? there->rules.count : 0;
	if (want->base) {
		list_base(chain, want, there);
		return;
	}
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT * FIREWALL_CHAIN_COUNT; i++) {
		const enum firewall_family family = i / FIREWALL_CHAIN_COUNT;
		const enum firewall_chain index = i % FIREWALL_CHAIN_COUNT;

		if (strcmp(firewall_text_chain_name(family, index), want->name) != 0)
			continue;
		chain->family = family;
		list_rules(chain, rules, index, there);
	}
}

int firewall_nftables_list(const char *prefix, const struct firewall_rules *rules,
			   struct firewall_listing *listing, struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	AUTO_FREE char *table = xprintf(FIREWALL_TEXT_FAMILY " %s", name.text);
	AUTO_FIREWALL_TEXT struct firewall_text_table have = {0}, want = {0};
	AUTO_FD int fd = firewall_dump_open(err);

	firewall_text_build(rules, &want);
	if ((fd < 0 && err->code != ENOENT) ||
	    (fd >= 0 && read_table(fd, name.text, &have, err) < 0))
		return error_wrap(err, "nftables table %s", table);
	for (size_t i = 0; i < want.count; i++)
		list_chain(&have, &want.chains[i], table, rules, listing);
	return 0;
}

int firewall_nftables_differs(const char *prefix, const struct firewall_rules *rules,
			      struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	AUTO_FIREWALL_TEXT struct firewall_text_table have = {0}, want = {0};
	AUTO_TEXT struct text commands = {0};
	AUTO_FD int fd = firewall_dump_open(err);
	int exists = fd < 0 ? -1 : table_exists(fd, name.text, err);

	if (exists < 0 || (exists == 1 && read_table(fd, name.text, &have, err) < 0))
		return error_wrap(err, "nftables table " FIREWALL_TEXT_FAMILY " %s", name.text);
	firewall_text_build(rules, &want);
	firewall_text_commands(name.text, exists ? &have : NULL, rules->count ? &want : NULL,
			       &commands);
	return commands.length > 0;
}
