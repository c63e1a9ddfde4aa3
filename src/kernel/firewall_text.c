/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_text.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/icmp6.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Not in lower case: "dnat" is a word of nft's. Those of the two families stand in one table. */
static const char *const chain_names[FIREWALL_FAMILY_COUNT][FIREWALL_CHAIN_COUNT] = {
	[FIREWALL_IPV4] = {[FIREWALL_GUARD] = "GUARD",
			   [FIREWALL_FORWARD] = "FWD",
			   [FIREWALL_EGRESS] = "EGRESS",
			   [FIREWALL_HOST] = "HOST",
			   [FIREWALL_DNAT] = "DNAT",
			   [FIREWALL_NAT] = "NAT"},
	[FIREWALL_IPV6] = {[FIREWALL_GUARD] = "GUARD6",
			   [FIREWALL_FORWARD] = "FWD6",
			   [FIREWALL_EGRESS] = "EGRESS6",
			   [FIREWALL_HOST] = "HOST6",
			   [FIREWALL_DNAT] = "DNAT6",
			   [FIREWALL_NAT] = "NAT6"},
};

const char *firewall_text_chain_name(enum firewall_family family, enum firewall_chain chain)
{
	return chain_names[family][chain];
}

/* What nft says for a family: "ip daddr", "dnat ip to", "meta nfproto ipv4". */
static const struct {
	const char *word, *protocol;
	int family;
} families[FIREWALL_FAMILY_COUNT] = {
	[FIREWALL_IPV4] = {"ip", "ipv4", AF_INET},
	[FIREWALL_IPV6] = {"ip6", "ipv6", AF_INET6},
};

/*
 * Priorities say who comes first: guard and forward go before the usual ones of their hooks
 * (raw -300, filter 0), NAT behind them (dstnat -100, srcnat 100), behind firewalld's as well.
 */
static const struct {
	const char *type;
	int priority;
} chain_bases[FIREWALL_CHAIN_COUNT] = {
	[FIREWALL_GUARD] = {"filter", -310},
	[FIREWALL_FORWARD] = {"filter", -10},
	[FIREWALL_EGRESS] = {"filter", -10},
	[FIREWALL_HOST] = {"filter", -10},
	[FIREWALL_DNAT] = {"nat", -80},
	[FIREWALL_NAT] = {"nat", 120},
};

static const char *const hooks[] = {
	[FIREWALL_HOOK_PREROUTING] = "prerouting",
	[FIREWALL_HOOK_FORWARD] = "forward",
	[FIREWALL_HOOK_INPUT] = "input",
	[FIREWALL_HOOK_OUTPUT] = "output",
	[FIREWALL_HOOK_POSTROUTING] = "postrouting",
};

/* ---- a rule ---- */

static void add_interface(struct text *line, const char *key, const char *name, bool inverted)
{
	if (name[0])
		text_addf(line, "%s %s\"%s\" ", key, inverted ? "!= " : "", name);
}

static void add_address(struct text *line, enum firewall_family family,
			const union firewall_address *address)
{
	char text[INET6_ADDRSTRLEN];

	inet_ntop(families[family].family, address, text, sizeof(text));
	text_addf(line, "%s", text);
}

static void add_subnet(struct text *line, enum firewall_family family, const char *key,
		       const struct firewall_subnet *subnet, bool inverted)
{
	if (subnet->prefix == 0)
		return;
	text_addf(line, "%s %s %s", families[family].word, key, inverted ? "!= " : "");
	add_address(line, family, &subnet->address);
	if (subnet->prefix < firewall_address_bits(family))
		text_addf(line, "/%u", subnet->prefix);
	text_addf(line, " ");
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : "udp";
}

static void add_range(struct text *line, uint16_t first, uint16_t last)
{
	if (first == last)
		text_addf(line, "%u", first);
	else
		text_addf(line, "%u-%u", first, last);
}

/* Without ports: nft lists the rule in these words. */
static void add_protocol(struct text *line, const struct firewall_match *match)
{
	static const char *const neighbours[] = {
		[ND_NEIGHBOR_SOLICIT] = "nd-neighbor-solicit",
		[ND_NEIGHBOR_ADVERT] = "nd-neighbor-advert",
	};

	if (match->icmp_type)
		text_addf(line, "icmpv6 type %s ", neighbours[match->icmp_type]);
	else if (match->protocol == IPPROTO_ICMP || match->protocol == IPPROTO_ICMPV6)
		text_addf(line, "meta l4proto %s ",
			  match->protocol == IPPROTO_ICMP ? "icmp" : "ipv6-icmp");
}

static void add_match(struct text *line, enum firewall_family family,
		      const struct firewall_match *match)
{
	char mac[PARSE_TEXT_MAX];

	add_interface(line, "iifname", match->in, match->not_in);
	add_interface(line, "oifname", match->out, match->not_out);
	if (match->by_mac) {
		parse_format_mac(match->mac, mac);
		text_addf(line, "ether saddr %s ", mac);
	}
	add_subnet(line, family, "saddr", &match->source, false);
	add_subnet(line, family, "daddr", &match->destination, match->not_destination);
	if (match->destination_local)
		text_addf(line, "fib daddr type local ");
	if (match->port_first) {
		text_addf(line, "%s dport ", protocol_name(match->protocol));
		add_range(line, match->port_first, match->port_last);
		text_addf(line, " ");
	} else {
		add_protocol(line, match);
	}
}

static void add_dnat(struct text *line, const struct firewall_rule *rule)
{
	const struct firewall_match *match = &rule->match;

	const bool ports = rule->to_first == rule->to_last || rule->to_first != match->port_first;
	const bool brackets = ports && rule->family == FIREWALL_IPV6;

	text_addf(line, "dnat %s to %s", families[rule->family].word, brackets ? "[" : "");
	add_address(line, rule->family, &rule->to);
	text_addf(line, "%s", brackets ? "]" : "");
	if (rule->to_first == rule->to_last) {
		text_addf(line, ":%u", rule->to_first);
	} else if (ports) {
		/* To a range alone it would be any port of it; this is the n-th to the n-th. */
		text_addf(line, ":%s dport map { ", protocol_name(match->protocol));
		for (unsigned int i = 0; match->port_first + i <= match->port_last; i++)
			text_addf(line, "%s%u : %u", i ? ", " : "", match->port_first + i,
				  rule->to_first + i);
		text_addf(line, " }");
	}
}

static void add_rule(struct strlist *lines, const struct firewall_rule *rule, const char *state)
{
	AUTO_TEXT struct text line = {0};

	add_match(&line, rule->family, &rule->match);
	text_addf(&line, "%s", state);
	switch (rule->action) {
	case FIREWALL_ACCEPT:
		text_addf(&line, "accept");
		break;
	case FIREWALL_DROP:
		text_addf(&line, "drop");
		break;
	case FIREWALL_RETURN:
		text_addf(&line, "return");
		break;
	case FIREWALL_DNAT_TO:
		add_dnat(&line, rule);
		break;
	case FIREWALL_MASQUERADE:
		text_addf(&line, "masquerade");
		break;
	}
	text_addf(&line, " comment \"%s\"", rule->comment);
	strlist_add(lines, text_value(&line));
}

/* nft knows no "or": a rule with two states becomes two. */
void firewall_text_rule(const struct firewall_rule *rule, struct strlist *lines)
{
	if (rule->match.states & FIREWALL_STATE_ANSWERS)
		add_rule(lines, rule, "ct state established,related ");
	if (rule->match.states & FIREWALL_STATE_DNAT)
		add_rule(lines, rule, "ct status dnat ");
	if (!rule->match.states)
		add_rule(lines, rule, "");
}

/* ---- the table ---- */

struct firewall_text_name firewall_text_name(const char *prefix)
{
	struct firewall_text_name name = {{0}};

	snprintf(name.text, sizeof(name.text), "%s", prefix);
	for (char *at = name.text; *at; at++)
		*at = (char)tolower(*at);
	return name;
}

static struct firewall_text_chain *add_chain(struct firewall_text_table *table, char *name)
{
	struct firewall_text_chain *chain;

	table->chains =
		xrealloc(table->chains, table->count + 1, sizeof(struct firewall_text_chain));
	chain = &table->chains[table->count++];
	*chain = (struct firewall_text_chain){.name = name};
	return chain;
}

/* The base chain of a jump, which has those of the other family as well. */
static struct firewall_text_chain *find_base_chain(struct firewall_text_table *table,
						   const struct firewall_jump *jump)
{
	const char *type = chain_bases[jump->chain].type, *hook = hooks[jump->hook];
	AUTO_FREE char *name = xprintf("%s-%s", jump->chain == FIREWALL_GUARD ? "raw" : type, hook);
	struct firewall_text_chain *chain;

	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->chains[i].name, name) == 0)
			return &table->chains[i];
	chain = add_chain(table, take_pointer(&name));
	chain->base = xprintf("type %s hook %s priority %d; policy accept;", type, hook,
			      chain_bases[jump->chain].priority);
	return chain;
}

static void add_jump(struct firewall_text_table *table, const struct firewall_jump *jump)
{
	struct firewall_text_chain *chain = find_base_chain(table, jump);
	AUTO_TEXT struct text line = {0};

	/* The table is one for both families. "ip daddr" implies which it is. */
	if (jump->match.destination.prefix == 0)
		text_addf(&line, "meta nfproto %s ", families[jump->family].protocol);
	add_match(&line, jump->family, &jump->match);
	text_addf(&line, "jump %s comment \"%s\"", chain_names[jump->family][jump->chain],
		  FIREWALL_JUMP_COMMENT);
	strlist_add(&chain->rules, text_value(&line));
}

/* Of chains that stand only where they have rules: a host without any need has no hook for them. */
static bool is_left_out(const struct firewall_rules *rules, enum firewall_family family,
			enum firewall_chain chain)
{
	size_t count;

	firewall_rules_of(rules, family, chain, &count);
	return count == 0 && (chain == FIREWALL_EGRESS || chain == FIREWALL_HOST);
}

static bool is_jumped_to(const struct firewall_rules *rules, enum firewall_family family,
			 enum firewall_chain chain)
{
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++)
		if (firewall_jumps[i].family == family && firewall_jumps[i].chain == chain &&
		    firewall_jump_is_wanted(rules, &firewall_jumps[i]))
			return true;
	return false;
}

static void add_chains(struct firewall_text_table *table, enum firewall_family family,
		       const struct firewall_rules *rules)
{
	for (unsigned int i = 0; i < FIREWALL_CHAIN_COUNT; i++) {
		struct firewall_text_chain *chain;
		size_t count;
		const struct firewall_rule *items = firewall_rules_of(rules, family, i, &count);

		if (!is_jumped_to(rules, family, i) || is_left_out(rules, family, i))
			continue;
		chain = add_chain(table, xstrdup(chain_names[family][i]));
		for (size_t j = 0; j < count; j++)
			firewall_text_rule(&items[j], &chain->rules);
	}
}

void firewall_text_build(const struct firewall_rules *rules, struct firewall_text_table *table)
{
	const bool wanted[FIREWALL_FAMILY_COUNT] = {
		[FIREWALL_IPV4] = true,
		[FIREWALL_IPV6] = firewall_rules_have(rules, FIREWALL_IPV6),
	};

	*table = (struct firewall_text_table){0};
	for (unsigned int i = 0; i < FIREWALL_FAMILY_COUNT; i++)
		if (wanted[i])
			add_chains(table, i, rules);
	for (size_t i = 0; i < FIREWALL_JUMP_COUNT; i++)
		if (wanted[firewall_jumps[i].family] &&
		    firewall_jump_is_wanted(rules, &firewall_jumps[i]) &&
		    !is_left_out(rules, firewall_jumps[i].family, firewall_jumps[i].chain))
			add_jump(table, &firewall_jumps[i]);
}

void firewall_text_clear(struct firewall_text_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		free(table->chains[i].name);
		free(table->chains[i].base);
		free(table->chains[i].handles);
		strlist_clear(&table->chains[i].rules);
	}
	free(table->chains);
	*table = (struct firewall_text_table){0};
}

/* ---- reading ---- */

/* Cuts " # handle N" off the end of a line; 0: there is none. */
static uint64_t cut_handle(char *line)
{
	static const char mark[] = " # handle ";
	char *at = NULL;

	for (char *next = strstr(line, mark); next; next = strstr(next + 1, mark))
		at = next;
	if (!at)
		return 0;
	*at = '\0';
	return strtoull(at + strlen(mark), NULL, 10);
}

static void add_handle(struct firewall_text_chain *chain, uint64_t handle)
{
	size_t count = chain->rules.count;

	/* Capacity is the next power of two: grow when count reaches one. */
	if ((count & (count - 1)) == 0)
		chain->handles =
			xrealloc(chain->handles, count ? 2 * count : 1, sizeof(*chain->handles));
	chain->handles[count] = handle;
}

/* chain: the one whose body we are in, NULL outside of any. */
static void read_line(struct firewall_text_table *table, struct firewall_text_chain **chain,
		      char *line)
{
	uint64_t handle = cut_handle(line);

	if (strcmp(line, "}") == 0) {
		*chain = NULL;
	} else if (!*chain && text_starts_with(line, "chain ")) {
		line += strlen("chain ");
		line[strcspn(line, " ")] = '\0';
		*chain = add_chain(table, xstrdup(line));
	} else if (*chain && text_starts_with(line, "type ") && !(*chain)->base) {
		(*chain)->base = xstrdup(line);
	} else if (*chain && handle) {
		add_handle(*chain, handle);
		strlist_add(&(*chain)->rules, line);
	} else if (!text_starts_with(line, "table ")) {
		table->strange = true; /* a set, a flag, an object: not ours */
	}
}

void firewall_text_read(const char *listing, struct firewall_text_table *table)
{
	AUTO_FREE char *copy = xstrdup(listing);
	struct firewall_text_chain *chain = NULL;
	char *rest = copy, *line;

	*table = (struct firewall_text_table){0};
	while ((line = strsep(&rest, "\n"))) {
		line += strspn(line, "\t ");
		if (*line)
			read_line(table, &chain, line);
	}
}

/* ---- from one to the other ---- */

const struct firewall_text_chain *firewall_text_find(const struct firewall_text_table *table,
						     const char *name)
{
	for (size_t i = 0; i < table->count; i++)
		if (strcmp(table->chains[i].name, name) == 0)
			return &table->chains[i];
	return NULL;
}

/* Whether both have the same chains: then rules are all there is to change. */
static bool same_chains(const struct firewall_text_table *have,
			const struct firewall_text_table *want)
{
	if (have->strange || have->count != want->count)
		return false;
	for (size_t i = 0; i < want->count; i++) {
		const struct firewall_text_chain *chain =
			firewall_text_find(have, want->chains[i].name);

		if (!chain || !text_equal(chain->base, want->chains[i].base))
			return false;
	}
	return true;
}

static void add_whole_table(const char *name, const struct firewall_text_table *table,
			    struct text *commands)
{
	text_addf(commands, "table " FIREWALL_TEXT_FAMILY " %s {\n", name);
	for (size_t i = 0; i < table->count; i++) {
		const struct firewall_text_chain *chain = &table->chains[i];

		text_addf(commands, "\tchain %s {\n", chain->name);
		if (chain->base)
			text_addf(commands, "\t\t%s\n", chain->base);
		for (size_t j = 0; j < chain->rules.count; j++)
			text_addf(commands, "\t\t%s\n", chain->rules.items[j]);
		text_addf(commands, "\t}\n");
	}
	text_addf(commands, "}\n");
}

static size_t find_rule(const struct strlist *rules, size_t from, const char *rule)
{
	while (from < rules->count && strcmp(rules->items[from], rule) != 0)
		from++;
	return from;
}

static void delete_rules(const char *table, const struct firewall_text_chain *have, size_t from,
			 size_t to, struct text *commands)
{
	for (; from < to; from++)
		text_addf(commands, "delete rule " FIREWALL_TEXT_FAMILY " %s %s handle %llu\n",
			  table, have->name, (unsigned long long)have->handles[from]);
}

/* Both are sorted, so that a rule which stays is found by looking ahead. */
static void edit_chain(const char *table, const struct firewall_text_chain *have,
		       const struct firewall_text_chain *want, struct text *commands)
{
	size_t next = 0;    /* of what it has; what came before it is as wanted */
	size_t waiting = 0; /* of what is wanted: from here on not yet put before anything */

	for (size_t i = 0; i <= want->rules.count; i++) {
		bool end = i == want->rules.count;
		size_t found = end ? have->rules.count
				   : find_rule(&have->rules, next, want->rules.items[i]);

		if (!end && found == have->rules.count)
			continue;
		for (; waiting < i; waiting++) {
			if (end)
				text_addf(commands, "add rule " FIREWALL_TEXT_FAMILY " %s %s %s\n",
					  table, have->name, want->rules.items[waiting]);
			else
				text_addf(commands,
					  "insert rule " FIREWALL_TEXT_FAMILY
					  " %s %s handle %llu %s\n",
					  table, have->name,
					  (unsigned long long)have->handles[found],
					  want->rules.items[waiting]);
		}
		waiting = i + 1;
		delete_rules(table, have, next, found, commands);
		next = found + 1;
	}
}

void firewall_text_commands(const char *name, const struct firewall_text_table *have,
			    const struct firewall_text_table *want, struct text *commands)
{
	if (have && want && same_chains(have, want)) {
		for (size_t i = 0; i < want->count; i++)
			edit_chain(name, firewall_text_find(have, want->chains[i].name),
				   &want->chains[i], commands);
		return;
	}
	if (have)
		text_addf(commands, "delete table " FIREWALL_TEXT_FAMILY " %s\n", name);
	if (want)
		add_whole_table(name, want, commands);
}
