/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/egress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADDRESS_LENGTH 64

/* "443" or "5000-5009" */
static int parse_ports(const char *text, struct egress_item *item, struct error *err)
{
	AUTO_FREE char *first = xstrdup(text);
	char *last = strchr(first, '-');
	uint64_t from, to;

	if (last)
		*last++ = '\0';
	if (parse_number(first, 1, UINT16_MAX, &from, err) < 0 ||
	    parse_number(last ? last : first, 1, UINT16_MAX, &to, err) < 0)
		return error_wrap(err, "port");
	if (to < from)
		return error_set(err, 0, "the ports %s end before they begin", text);
	item->first = (uint16_t)from;
	item->last = (uint16_t)to;
	return 0;
}

/* What may stand behind an address: nothing, or ":443", ":443/tcp". */
static int parse_tail(const char *text, struct egress_item *item, struct error *err)
{
	AUTO_FREE char *ports = xstrdup(*text ? text + 1 : "");
	char *protocol = strchr(ports, '/');

	if (*text == '\0')
		return 0;
	if (protocol)
		*protocol++ = '\0';
	if (protocol && strcmp(protocol, "tcp") == 0)
		item->protocol = IPPROTO_TCP;
	else if (protocol && strcmp(protocol, "udp") == 0)
		item->protocol = IPPROTO_UDP;
	else if (protocol)
		return error_set(err, 0, "\"%s\" is not a protocol with ports, tcp or udp",
				 protocol);
	return parse_ports(ports, item, err);
}

static int parse_address(const char *text, struct egress_item *item, struct error *err)
{
	const bool network = strchr(text, '/') != NULL;

	if (item->family == AF_INET) {
		item->prefix = 32;
		return network ? parse_ipv4_network(text, &item->address, &item->prefix, err)
			       : parse_ipv4(text, &item->address, err);
	}
	item->prefix = 128;
	if ((network ? parse_ipv6_network(text, &item->address6, &item->prefix, err)
		     : parse_ipv6(text, &item->address6, err)) < 0)
		return -1;
	if (item->prefix < 96 || !IN6_IS_ADDR_V4MAPPED(&item->address6))
		return 0;
	error_set(err, 0, "\"%s\" is an IPv4 address in the form of IPv6", text);
	return error_hint(err, "write it as IPv4: such packets are of IPv4");
}

/* Whether it begins as an address does: something else than a name that somebody would look up. */
static bool looks_like_address(const char *text)
{
	size_t digits = strspn(text, "0123456789abcdefABCDEF");

	return *text == '[' || text[strspn(text, "0123456789")] == '.' || text[digits] == ':';
}

/* Where the address ends and its ports begin; more than one colon without brackets: all of it. */
static const char *find_tail(const char *text)
{
	const char *colon = strchrnul(text, ':');

	if (*text == '[')
		return strchrnul(text, ']');
	return *colon && strchr(colon + 1, ':') ? text + strlen(text) : colon;
}

static int parse_addresses(const char *text, struct egress_item *item, struct error *err)
{
	const bool brackets = *text == '[';
	const char *tail = find_tail(text);
	AUTO_FREE char *address = xprintf("%.*s", (int)(tail - text - brackets), text + brackets);

	item->family = strchr(address, ':') ? AF_INET6 : AF_INET;
	if (brackets && *tail++ != ']')
		return error_set(err, 0, "a bracket is not closed");
	if (*tail && *tail != ':')
		return error_set(err, 0, "\"%s\" is left over behind the address", tail);
	if (brackets && item->family == AF_INET)
		return error_set(err, 0, "brackets are for IPv6");
	if (parse_address(address, item, err) < 0)
		return -1;
	return parse_tail(tail, item, err);
}

static int refuse(const char *text, struct error *err)
{
	const size_t digits = strspn(text, "0123456789-");

	error_set(err, 0, "\"%s\" is nothing that can be allowed or denied", text);
	if (digits > 0 && (text[digits] == '\0' || strcmp(text + digits, "/tcp") == 0))
		return error_hint(err, "a port of any address is \"tcp:%.*s\"", (int)digits, text);
	if (digits > 0 && strcmp(text + digits, "/udp") == 0)
		return error_hint(err, "a port of any address is \"udp:%.*s\"", (int)digits, text);
	return error_hint(err,
			  "\"dns\", \"icmp\", \"tcp:443\", or an address like \"10.9.0.0/16\", "
			  "\"10.9.0.7:5432/tcp\", \"[2001:db8::7]:443\"; names are not looked up");
}

int egress_parse(const char *text, struct egress_item *item, struct error *err)
{
	struct egress_item parsed = {.family = AF_UNSPEC};
	int rc = 0;

	if (strcmp(text, "dns") == 0) {
		parsed.kind = EGRESS_DNS;
	} else if (strcmp(text, "icmp") == 0) {
		parsed.kind = EGRESS_ICMP;
	} else if (text_starts_with(text, "tcp:") || text_starts_with(text, "udp:")) {
		parsed.protocol = *text == 't' ? IPPROTO_TCP : IPPROTO_UDP;
		rc = parse_ports(text + strlen("tcp:"), &parsed, err);
	} else if (looks_like_address(text)) {
		rc = parse_addresses(text, &parsed, err);
	} else {
		return refuse(text, err);
	}
	if (rc < 0) /* what begins with a quotation says already what it is about */
		return err && err->text[0] == '"' ? -1 : error_wrap(err, "\"%s\"", text);
	*item = parsed;
	return 0;
}

/* ---- back ---- */

static void format_address(const struct egress_item *item, char out[ADDRESS_LENGTH])
{
	const bool v4 = item->family == AF_INET;
	const bool brackets = !v4 && item->first;
	char address[PARSE_TEXT_MAX], prefix[16] = "";

	if (v4)
		parse_format_ipv4(item->address, address);
	else
		parse_format_ipv6(&item->address6, address);
	if (item->prefix != (v4 ? 32 : 128))
		snprintf(prefix, sizeof(prefix), "/%u", item->prefix);
	snprintf(out, ADDRESS_LENGTH, "%s%.39s%.4s%s", brackets ? "[" : "", address, prefix,
		 brackets ? "]" : "");
}

static void format_ports(const struct egress_item *item, char out[16])
{
	if (item->first == item->last)
		snprintf(out, 16, "%u", item->first);
	else
		snprintf(out, 16, "%u-%u", item->first, item->last);
}

static const char *protocol_name(uint8_t protocol)
{
	return protocol == IPPROTO_TCP ? "tcp" : "udp";
}

void egress_format(const struct egress_item *item, char out[PARSE_TEXT_MAX])
{
	char address[ADDRESS_LENGTH], ports[16];

	format_ports(item, ports);
	if (item->kind != EGRESS_ADDRESSES) {
		snprintf(out, PARSE_TEXT_MAX, "%s", item->kind == EGRESS_DNS ? "dns" : "icmp");
		return;
	}
	if (item->family == AF_UNSPEC) {
		snprintf(out, PARSE_TEXT_MAX, "%s:%s", protocol_name(item->protocol), ports);
		return;
	}
	format_address(item, address);
	snprintf(out, PARSE_TEXT_MAX, "%.45s%s%.11s%s%s", address, item->first ? ":" : "",
		 item->first ? ports : "", item->protocol ? "/" : "",
		 item->protocol ? protocol_name(item->protocol) : "");
}

/* ---- lists ---- */

void egress_add(struct egress_list *list, const struct egress_item *item)
{
	list->items = xrealloc(list->items, list->count + 1, sizeof(*item));
	list->items[list->count++] = *item;
}

static void copy_list(struct egress_list *to, const struct egress_list *from)
{
	*to = (struct egress_list){0};
	for (size_t i = 0; i < from->count; i++)
		egress_add(to, &from->items[i]);
}

void egress_copy(struct egress *to, const struct egress *from)
{
	to->deny_rest = from->deny_rest;
	copy_list(&to->allow, &from->allow);
	copy_list(&to->deny, &from->deny);
}

void egress_clear(struct egress *egress)
{
	free(egress->allow.items);
	free(egress->deny.items);
	*egress = (struct egress){.deny_rest = false};
}

bool egress_limits(const struct egress *egress)
{
	return egress->deny_rest || egress->deny.count > 0;
}
