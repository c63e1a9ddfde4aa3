/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_save.h"

#include <arpa/inet.h>
#include <string.h>

static void add_subnet(struct text *line, enum firewall_family family, const char *option,
		       const struct firewall_subnet *subnet, bool inverted)
{
	char address[INET6_ADDRSTRLEN];

	if (subnet->prefix == 0)
		return;
	inet_ntop(family == FIREWALL_IPV6 ? AF_INET6 : AF_INET, &subnet->address, address,
		  sizeof(address));
	text_addf(line, "%s %s %s/%u", inverted ? " !" : "", option, address, subnet->prefix);
}

static void add_interface(struct text *line, const char *option, const char *name, bool inverted)
{
	if (name[0])
		text_addf(line, "%s %s %s", inverted ? " !" : "", option, name);
}

static const char *protocol_name(uint8_t protocol)
{
	switch (protocol) {
	case IPPROTO_TCP:
		return "tcp";
	case IPPROTO_UDP:
		return "udp";
	case IPPROTO_ICMPV6:
		return "ipv6-icmp";
	}
	return "icmp";
}

static void add_mac(struct text *line, const uint8_t mac[6])
{
	char text[PARSE_TEXT_MAX];

	parse_format_mac(mac, text);
	text_addf(line, " -m mac --mac-source %s", text);
}

/* With a colon between them. */
static void add_ports(struct text *line, const struct firewall_match *match)
{
	text_addf(line, " -m %s --dport %u", protocol_name(match->protocol), match->port_first);
	if (match->port_last != match->port_first)
		text_addf(line, ":%u", match->port_last);
}

static void add_states(struct text *line, unsigned int states)
{
	text_addf(line, " -m conntrack --ctstate %s%s%s",
		  states & FIREWALL_STATE_ANSWERS ? "RELATED,ESTABLISHED" : "",
		  states == (FIREWALL_STATE_ANSWERS | FIREWALL_STATE_DNAT) ? "," : "",
		  states & FIREWALL_STATE_DNAT ? "DNAT" : "");
}

/* In quotes where there is anything in it that a shell may not take as it is. */
static void add_comment(struct text *line, const char *comment)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	bool quoted = comment[strspn(comment, plain)] != '\0';

	text_addf(line, " -m comment --comment %s%s%s", quoted ? "\"" : "", comment,
		  quoted ? "\"" : "");
}

static void add_match(struct text *line, enum firewall_family family,
		      const struct firewall_match *match, const char *comment)
{
	add_subnet(line, family, "-s", &match->source, false);
	add_subnet(line, family, "-d", &match->destination, match->not_destination);
	add_interface(line, "-i", match->in, match->not_in);
	add_interface(line, "-o", match->out, match->not_out);
	if (match->protocol)
		text_addf(line, " -p %s", protocol_name(match->protocol));
	if (match->by_mac)
		add_mac(line, match->mac);
	if (match->port_first)
		add_ports(line, match);
	if (match->icmp_type)
		text_addf(line, " -m icmp6 --icmpv6-type %u", match->icmp_type);
	if (match->destination_local)
		text_addf(line, " -m addrtype --dst-type LOCAL");
	if (match->states)
		add_states(line, match->states);
	add_comment(line, comment);
}

static void add_dnat(struct text *line, const struct firewall_rule *rule)
{
	const bool one = rule->to_first == rule->to_last;
	const bool ports = one || rule->to_first != rule->match.port_first;
	const bool brackets = ports && rule->family == FIREWALL_IPV6;
	char address[INET6_ADDRSTRLEN];

	inet_ntop(rule->family == FIREWALL_IPV6 ? AF_INET6 : AF_INET, &rule->to, address,
		  sizeof(address));
	text_addf(line, "DNAT --to-destination %s%s%s", brackets ? "[" : "", address,
		  brackets ? "]" : "");
	if (one)
		text_addf(line, ":%u", rule->to_first);
	else if (ports)
		text_addf(line, ":%u-%u/%u", rule->to_first, rule->to_last, rule->match.port_first);
}

char *firewall_save_rule(const struct firewall_rule *rule, const char *chain)
{
	struct text line = {0};

	text_addf(&line, "-A %s", chain);
	add_match(&line, rule->family, &rule->match, rule->comment);
	text_addf(&line, " -j ");
	switch (rule->action) {
	case FIREWALL_ACCEPT:
		text_addf(&line, "ACCEPT");
		break;
	case FIREWALL_DROP:
		text_addf(&line, "DROP");
		break;
	case FIREWALL_RETURN:
		text_addf(&line, "RETURN");
		break;
	case FIREWALL_DNAT_TO:
		add_dnat(&line, rule);
		break;
	case FIREWALL_MASQUERADE:
		text_addf(&line, "MASQUERADE");
		break;
	}
	return line.data;
}

char *firewall_save_jump(const struct firewall_jump *jump, const char *hook, const char *chain)
{
	struct text line = {0};

	text_addf(&line, "-A %s", hook);
	add_match(&line, jump->family, &jump->match, FIREWALL_JUMP_COMMENT);
	text_addf(&line, " -j %s", chain);
	return line.data;
}
