/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/network_text.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <string.h>

#include "config/egress.h"
#include "state/lines.h"

#define NETWORK_RECORD_VERSION 2

/* ---- reading ---- */

static struct network_member *last_member(const struct network_record *network)
{
	return network->member_count ? &network->members[network->member_count - 1] : NULL;
}

static bool parse_address(const char *text, struct in_addr *address)
{
	return inet_pton(AF_INET, text, address) == 1;
}

static bool parse_subnet(const char *text, struct network_record *network)
{
	char address[INET_ADDRSTRLEN];
	unsigned int prefix;
	int used = 0;

	if (sscanf(text, "%15[0-9.]/%u%n", address, &prefix, &used) != 2 || text[used] ||
	    prefix > 32)
		return false;
	network->prefix = prefix;
	return parse_address(address, &network->subnet);
}

static bool parse_member(const char *text, struct network_record *network)
{
	char container[CONTAINER_NAME_MAX + 1], address[INET_ADDRSTRLEN];
	struct network_member member = {.container = container};
	int nat, own_hosts, used = 0;

	if (sscanf(text, "%63[a-z0-9-] %u %15[0-9.] nat=%d own-hosts=%d%n", container,
		   &member.index, address, &nat, &own_hosts, &used) != 5 ||
	    text[used])
		return false;
	member.nat = nat != 0;
	member.own_hosts = own_hosts != 0;
	if (!parse_address(address, &member.address))
		return false;
	network_record_append(network, &member);
	return true;
}

/* The IPv6 address of the member named last. */
static bool parse_address6(const char *text, struct network_record *network)
{
	return network->member_count > 0 &&
	       inet_pton(AF_INET6, text, &last_member(network)->address6) == 1;
}

/* "fd00:83::/64 fd00:83::1" */
static bool parse_subnet6(const char *text, struct network_record *network)
{
	char subnet[INET6_ADDRSTRLEN], gateway[INET6_ADDRSTRLEN];
	int used = 0;

	return sscanf(text, "%45[0-9a-f:.]/%u %45[0-9a-f:.]%n", subnet, &network->prefix6, gateway,
		      &used) == 3 &&
	       !text[used] && network->prefix6 >= 1 && network->prefix6 <= 128 &&
	       inet_pton(AF_INET6, subnet, &network->subnet6) == 1 &&
	       inet_pton(AF_INET6, gateway, &network->gateway6) == 1;
}

/* "isolated 1", about the member named last. */
static bool parse_isolated(const char *text, struct network_record *network)
{
	return network->member_count > 0 && lines_bool(text, &last_member(network)->isolated);
}

static bool parse_uplink(const char *text, struct network_record *network)
{
	return snprintf(network->uplink, sizeof(network->uplink), "%s", text) <
	       (int)sizeof(network->uplink);
}

static bool parse_alias(const char *text, struct network_record *network)
{
	if (network->member_count == 0)
		return false;
	strlist_add(&last_member(network)->aliases, text);
	return true;
}

static bool add_port(struct network_record *network, const struct port_forward *port)
{
	struct network_member *member = last_member(network);

	member->ports = xrealloc(member->ports, member->port_count + 1, sizeof(*port));
	member->ports[member->port_count++] = *port;
	return true;
}

/* A published port of the member named last, as in a file. */
static bool parse_forward(const char *text, struct network_record *network)
{
	struct port_forward port;

	return network->member_count > 0 && parse_port_forward(text, &port, NULL) == 0 &&
	       add_port(network, &port);
}

/* The same as an earlier version wrote it. */
static bool parse_port(const char *text, struct network_record *network)
{
	char address[INET_ADDRSTRLEN];
	struct port_forward port = {.families = PORT_IPV4};
	int used = 0;

	if (network->member_count == 0 ||
	    sscanf(text, "%hhu %15[0-9.] %hu-%hu %hu-%hu%n", &port.protocol, address,
		   &port.host_first, &port.host_last, &port.container_first, &port.container_last,
		   &used) != 6 ||
	    text[used] || !parse_address(address, &port.host_address) ||
	    port.host_first == 0 || port.container_first == 0 || port.host_first > port.host_last ||
	    port.host_last - port.host_first != port.container_last - port.container_first ||
	    (port.protocol != IPPROTO_TCP && port.protocol != IPPROTO_UDP))
		return false;
	if (port.host_address.s_addr == INADDR_ANY)
		port.families |= PORT_IPV6;
	return add_port(network, &port);
}

/* "02:00:5e:10:00:01 host=0 deny": how the member named last is known, and what it may not call. */
static bool parse_limits(const char *text, struct network_record *network)
{
	struct network_member *member = last_member(network);
	char mac[18], rest[8];
	int host, used = 0;

	if (!member ||
	    sscanf(text, "%17[0-9a-f:] host=%d %7[a-z]%n", mac, &host, rest, &used) != 3 ||
	    text[used] || (strcmp(rest, "allow") != 0 && strcmp(rest, "deny") != 0))
		return false;
	member->no_host_access = host == 0;
	member->egress.deny_rest = rest[0] == 'd';
	return parse_mac(mac, member->mac, NULL) == 0;
}

/* Of the member named last: an element of its lists. */
static bool parse_egress(const char *text, struct network_record *network, bool allow)
{
	struct network_member *member = last_member(network);
	struct egress_item item;

	if (!member || egress_parse(text, &item, NULL) < 0)
		return false;
	egress_add(allow ? &member->egress.allow : &member->egress.deny, &item);
	return true;
}

static bool parse_server(const char *text, struct network_record *network)
{
	if (network->member_count == 0 || !parse_is_ip(text))
		return false;
	strlist_add(&last_member(network)->servers, text);
	return true;
}

/* What an earlier version did not write down, as there was one kind of network only. */
static bool begin(struct network_record *network, uint64_t version)
{
	network->icc = network->own = true;
	return version == 1 || version == NETWORK_RECORD_VERSION;
}

static bool parse_field(struct network_record *network, const char *key, const char *value)
{
	uint64_t number;

	if (strcmp(key, "version") == 0)
		return lines_u64(value, &number) && begin(network, number);
	if (strcmp(key, "boot") == 0)
		return lines_fixed(value, network->boot_id, sizeof(network->boot_id));
	if (strcmp(key, "bridge") == 0)
		return strlen(value) < IFNAMSIZ && lines_text(value, &network->bridge);
	if (strcmp(key, "subnet") == 0)
		return parse_subnet(value, network);
	if (strcmp(key, "gateway") == 0)
		return parse_address(value, &network->gateway);
	if (strcmp(key, "mtu") == 0)
		return lines_u32(value, &network->mtu);
	if (strcmp(key, "nat") == 0)
		return lines_bool(value, &network->nat);
	if (strcmp(key, "internal") == 0)
		return lines_bool(value, &network->internal);
	if (strcmp(key, "icc") == 0)
		return lines_bool(value, &network->icc);
	if (strcmp(key, "uplink") == 0)
		return parse_uplink(value, network);
	if (strcmp(key, "own") == 0)
		return lines_bool(value, &network->own);
	if (strcmp(key, "filtered") == 0)
		return lines_bool(value, &network->filtered);
	if (strcmp(key, "member") == 0)
		return parse_member(value, network);
	if (strcmp(key, "address6") == 0)
		return parse_address6(value, network);
	if (strcmp(key, "isolated") == 0)
		return parse_isolated(value, network);
	if (strcmp(key, "subnet6") == 0)
		return parse_subnet6(value, network);
	if (strcmp(key, "port") == 0)
		return parse_port(value, network);
	if (strcmp(key, "forward") == 0)
		return parse_forward(value, network);
	if (strcmp(key, "alias") == 0)
		return parse_alias(value, network);
	if (strcmp(key, "limits") == 0)
		return parse_limits(value, network);
	if (strcmp(key, "allow") == 0 || strcmp(key, "deny") == 0)
		return parse_egress(value, network, key[0] == 'a');
	if (strcmp(key, "server") == 0)
		return parse_server(value, network);
	return false;
}

/*
 * Of the network, or of the member named last: "file DIGEST PATH" is that of the "from LINE KEY"
 * behind it.
 */
struct parser {
	struct network_record *network;
	char *file;
	uint64_t digest;
};

static void parser_clear(struct parser *parser)
{
	free(parser->file);
}

static bool parse_file(struct parser *parser, const char *value)
{
	int used = 0;

	return sscanf(value, "%16" SCNx64 " %n", &parser->digest, &used) == 1 &&
	       value[used] == '/' && lines_text(value + used, &parser->file);
}

static bool parse_origin(struct parser *parser, const char *value)
{
	struct network_record *network = parser->network;
	struct network_origins *origins =
		network->member_count ? &last_member(network)->origins : &network->origins;
	unsigned int line;
	int used = 0;

	if (!parser->file || sscanf(value, "%9u %n", &line, &used) != 1 || line == 0 || !value[used])
		return false;
	network_origins_add(origins, value + used, parser->file, line, parser->digest);
	return true;
}

static bool parse_line(void *data, const char *key, const char *value)
{
	struct parser *parser = data;

	if (strcmp(key, "file") == 0)
		return parse_file(parser, value);
	if (strcmp(key, "from") == 0)
		return parse_origin(parser, value);
	return parse_field(parser->network, key, value);
}

int network_text_parse(char *text, struct network_record *network, struct error *err)
{
	AUTO(parser_clear) struct parser parser = {.network = network};

	return lines_parse(text, parse_line, &parser, err);
}

/* ---- writing ---- */

static void print_origins(const struct network_origins *origins, struct text *out)
{
	const char *file = NULL;

	for (size_t i = 0; i < origins->count; i++) {
		const struct network_origin *origin = &origins->items[i];

		if (!text_equal(file, origin->file))
			text_addf(out, "file %" PRIx64 " %s\n", origin->digest, origin->file);
		file = origin->file;
		text_addf(out, "from %u %s\n", origin->line, origin->key);
	}
}

static void print_items(const char *key, const struct egress_list *list, struct text *out)
{
	for (size_t i = 0; i < list->count; i++) {
		char item[PARSE_TEXT_MAX];

		egress_format(&list->items[i], item);
		text_addf(out, "%s %s\n", key, item);
	}
}

static void print_limits(const struct network_member *member, struct text *out)
{
	char mac[PARSE_TEXT_MAX];

	parse_format_mac(member->mac, mac);
	text_addf(out, "limits %s host=%d %s\n", mac, !member->no_host_access,
		  member->egress.deny_rest ? "deny" : "allow");
	print_items("allow", &member->egress.allow, out);
	print_items("deny", &member->egress.deny, out);
	for (size_t i = 0; i < member->servers.count; i++)
		text_addf(out, "server %s\n", member->servers.items[i]);
}

static void print_member(const struct network_member *member, struct text *out)
{
	char address[INET6_ADDRSTRLEN];

	inet_ntop(AF_INET, &member->address, address, sizeof(address));
	text_addf(out, "member %s %u %s nat=%d own-hosts=%d\n", member->container, member->index,
		  address, member->nat, member->own_hosts);
	if (!IN6_IS_ADDR_UNSPECIFIED(&member->address6)) {
		inet_ntop(AF_INET6, &member->address6, address, sizeof(address));
		text_addf(out, "address6 %s\n", address);
	}
	if (member->isolated)
		text_addf(out, "isolated 1\n");
	for (size_t i = 0; i < member->aliases.count; i++)
		text_addf(out, "alias %s\n", member->aliases.items[i]);
	for (size_t i = 0; i < member->port_count; i++) {
		char forward[PARSE_TEXT_MAX];

		parse_format_port_forward(&member->ports[i], forward);
		text_addf(out, "forward %s\n", forward);
	}
	print_origins(&member->origins, out);
	if (network_member_is_limited(member))
		print_limits(member, out);
}

void network_text_print(const struct network_record *network, struct text *out)
{
	char subnet[INET_ADDRSTRLEN], gateway[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &network->subnet, subnet, sizeof(subnet));
	inet_ntop(AF_INET, &network->gateway, gateway, sizeof(gateway));
	text_addf(out, "version %d\nboot %s\nbridge %s\nsubnet %s/%u\ngateway %s\nmtu %u\nnat %d\n",
		  NETWORK_RECORD_VERSION, network->boot_id, network->bridge, subnet,
		  network->prefix, gateway, network->mtu, network->nat);
	if (network->prefix6) {
		char subnet6[INET6_ADDRSTRLEN], gateway6[INET6_ADDRSTRLEN];

		inet_ntop(AF_INET6, &network->subnet6, subnet6, sizeof(subnet6));
		inet_ntop(AF_INET6, &network->gateway6, gateway6, sizeof(gateway6));
		text_addf(out, "subnet6 %s/%u %s\n", subnet6, network->prefix6, gateway6);
	}
	text_addf(out, "internal %d\nicc %d\nown %d\n", network->internal, network->icc,
		  network->own);
	if (network->uplink[0])
		text_addf(out, "uplink %s\n", network->uplink);
	print_origins(&network->origins, out);
	if (network->filtered)
		text_addf(out, "filtered 1\n");
	for (size_t i = 0; i < network->member_count; i++)
		print_member(&network->members[i], out);
	text_addf(out, "end\n");
}
