/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/parse.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_letter(char c)
{
	return is_lower((char)(c | 0x20));
}

/* Reads digits at *text and moves it behind them; false when there are none or too many. */
static bool scan_number(const char **text, uint64_t *out)
{
	uint64_t value = 0;
	const char *c = *text;

	if (!is_digit(*c))
		return false;
	for (; is_digit(*c); c++)
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value))
			return false;
	*text = c;
	*out = value;
	return true;
}

int parse_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *out,
		 struct error *err)
{
	const char *end = text;
	uint64_t value;

	if (*text == '\0' || text[strspn(text, "0123456789")] != '\0')
		return error_set(err, 0, "\"%s\" is not a number", text);
	if (!scan_number(&end, &value) || value < minimum || value > maximum)
		return error_set(err, 0, "%s is out of range, %" PRIu64 " to %" PRIu64, text,
				 minimum, maximum);
	*out = value;
	return 0;
}

/* The power of two behind a unit, or -1. */
static int size_unit_shift(const char *unit)
{
	static const char units[] = "KMGT";
	const char *known;

	if (*unit == '\0' || strcasecmp(unit, "b") == 0)
		return 0;
	known = is_letter(*unit) ? strchr(units, *unit & ~0x20) : NULL;
	if (!known ||
	    (unit[1] != '\0' && strcasecmp(unit + 1, "b") != 0 && strcasecmp(unit + 1, "ib") != 0))
		return -1;
	return 10 * (int)(known - units + 1);
}

int parse_size(const char *text, uint64_t *bytes, struct error *err)
{
	const char *c = text;
	uint64_t whole, fraction = 0, divisor = 1;
	int shift;

	if (!is_digit(*text))
		goto not_a_size;
	if (!scan_number(&c, &whole))
		goto too_large;
	if (*c == '.') {
		const char *digits = ++c;

		if (!scan_number(&c, &fraction) || c - digits > 6)
			goto not_a_size;
		for (; digits < c; digits++)
			divisor *= 10;
	}
	shift = size_unit_shift(c);
	if (shift < 0 || (divisor > 1 && shift == 0))
		goto not_a_size;
	/* fraction < 10^6 and shift <= 40: the product stays below 2^60. */
	if (whole > UINT64_MAX >> shift)
		goto too_large;
	*bytes = (whole << shift) + (fraction << shift) / divisor;
	return 0;
not_a_size:
	error_set(err, 0, "\"%s\" is not a size", text);
	return error_hint(err, "a number of bytes, or a string with K, M, G or T like \"512M\"");
too_large:
	error_set(err, 0, "\"%s\" is too large for a size", text);
	return error_hint(err, "use \"max\" for no limit");
}

struct time_unit {
	const char *name;
	uint64_t ms;
};
static const struct time_unit time_units[] = {
	{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1},
};
#define TIME_UNIT_COUNT (sizeof(time_units) / sizeof(time_units[0]))

int parse_duration(const char *text, uint64_t *ms, struct error *err)
{
	const char *c = text;
	uint64_t total = 0, number;
	size_t next = 0; /* units must get smaller */

	do {
		size_t length, unit;

		if (!scan_number(&c, &number))
			goto not_a_duration;
		for (length = 0; is_letter(c[length]);)
			length++;
		for (unit = next; unit < TIME_UNIT_COUNT; unit++)
			if (strlen(time_units[unit].name) == length &&
			    strncmp(c, time_units[unit].name, length) == 0)
				break;
		if (unit == TIME_UNIT_COUNT)
			goto not_a_duration;
		if (__builtin_mul_overflow(number, time_units[unit].ms, &number) ||
		    __builtin_add_overflow(total, number, &total))
			goto not_a_duration;
		next = unit + 1;
		c += length;
	} while (*c);
	*ms = total;
	return 0;
not_a_duration:
	error_set(err, 0, "\"%s\" is not a time", text);
	return error_hint(err,
			  "seconds as a number, or a string like \"10s\", \"1m30s\", \"500ms\"");
}

/* Scans an address of exactly length bytes. */
static bool scan_ipv4(const char *text, size_t length, struct in_addr *address)
{
	const char *c = text;
	uint32_t value = 0;

	for (int part = 0; part < 4; part++) {
		const char *digits = c;
		uint64_t number;

		if (!scan_number(&c, &number) || number > 255 || (*digits == '0' && c - digits > 1))
			return false;
		value = value << 8 | (uint32_t)number;
		if (part < 3 && *c++ != '.')
			return false;
	}
	if ((size_t)(c - text) != length)
		return false;
	address->s_addr = htonl(value);
	return true;
}

int parse_ipv4(const char *text, struct in_addr *address, struct error *err)
{
	if (scan_ipv4(text, strlen(text), address))
		return 0;
	error_set(err, 0, "\"%s\" is not an IPv4 address", text);
	return error_hint(err, "four numbers from 0 to 255 like \"10.83.0.2\"");
}

int parse_ipv4_network(const char *text, struct in_addr *network, unsigned int *prefix,
		       struct error *err)
{
	const char *slash = strchr(text, '/');
	char proper[PARSE_TEXT_MAX];
	struct in_addr address;
	uint32_t mask;
	uint64_t bits;
	const char *c = slash ? slash + 1 : text;

	if (!slash || !scan_ipv4(text, (size_t)(slash - text), &address) ||
	    !scan_number(&c, &bits) || *c || bits > 32) {
		error_set(err, 0, "\"%s\" is not a network", text);
		return error_hint(err, "an IPv4 address and a prefix like \"10.83.0.0/16\"");
	}
	mask = bits == 0 ? 0 : htonl(UINT32_MAX << (32 - bits));
	if (address.s_addr & ~mask) {
		parse_format_ipv4((struct in_addr){address.s_addr & mask}, proper);
		error_set(err, 0, "\"%s\" has bits set behind its prefix", text);
		return error_hint(err, "the network is \"%s/%u\"", proper, (unsigned int)bits);
	}
	*network = address;
	*prefix = (unsigned int)bits;
	return 0;
}

int parse_ipv4_range(const char *text, struct in_addr *first, struct in_addr *last,
		     struct error *err)
{
	const char *dash = strchr(text, '-');
	struct in_addr from, to;

	if (!dash || !scan_ipv4(text, (size_t)(dash - text), &from) ||
	    !scan_ipv4(dash + 1, strlen(dash + 1), &to)) {
		error_set(err, 0, "\"%s\" is not a range of addresses", text);
		return error_hint(err, "two IPv4 addresses like \"10.83.1.0-10.83.1.99\"");
	}
	if (ntohl(from.s_addr) > ntohl(to.s_addr))
		return error_set(err, 0, "the range \"%s\" ends before it begins", text);
	*first = from;
	*last = to;
	return 0;
}

static bool scan_ipv6(const char *text, size_t length, struct in6_addr *address)
{
	char copy[INET6_ADDRSTRLEN];

	if (length >= sizeof(copy))
		return false;
	memcpy(copy, text, length);
	copy[length] = '\0';
	return inet_pton(AF_INET6, copy, address) == 1;
}

int parse_ipv6(const char *text, struct in6_addr *address, struct error *err)
{
	if (scan_ipv6(text, strlen(text), address))
		return 0;
	error_set(err, 0, "\"%s\" is not an IPv6 address", text);
	return error_hint(err, "like \"fd00:83::2\"");
}

int parse_ipv6_network(const char *text, struct in6_addr *network, unsigned int *prefix,
		       struct error *err)
{
	const char *slash = strchr(text, '/'), *c = slash ? slash + 1 : text;
	struct in6_addr address, proper;
	char formatted[PARSE_TEXT_MAX];
	uint64_t bits;

	if (!slash || !scan_ipv6(text, (size_t)(slash - text), &address) ||
	    !scan_number(&c, &bits) || *c || bits > 128) {
		error_set(err, 0, "\"%s\" is not an IPv6 network", text);
		return error_hint(err, "an IPv6 address and a prefix like \"fd00:83::/64\"");
	}
	proper = address;
	for (size_t i = bits; i < 128; i++)
		proper.s6_addr[i / 8] &= (uint8_t) ~(0x80 >> i % 8);
	if (memcmp(&proper, &address, sizeof(proper)) != 0) {
		parse_format_ipv6(&proper, formatted);
		error_set(err, 0, "\"%s\" has bits set behind its prefix", text);
		return error_hint(err, "the network is \"%s/%u\"", formatted, (unsigned int)bits);
	}
	*network = address;
	*prefix = (unsigned int)bits;
	return 0;
}

bool parse_is_ip(const char *text)
{
	struct in_addr v4;
	struct in6_addr v6;

	return scan_ipv4(text, strlen(text), &v4) ||
	       (strchr(text, ':') && inet_pton(AF_INET6, text, &v6) == 1);
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int parse_mac(const char *text, uint8_t mac[6], struct error *err)
{
	uint8_t bytes[6];

	for (size_t i = 0; i < 6; i++) {
		const char *c = text + 3 * i;
		int high = hex_value(c[0]), low = high < 0 ? -1 : hex_value(c[1]);

		if (low < 0 || c[2] != (i < 5 ? ':' : '\0')) {
			error_set(err, 0, "\"%s\" is not a MAC address", text);
			return error_hint(err, "six bytes in hex like \"02:00:5e:10:00:01\"");
		}
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	if (bytes[0] & 1) {
		error_set(err, 0, "\"%s\" is a multicast MAC address", text);
		return error_hint(err, "the first byte must be even, 02 is a good choice");
	}
	memcpy(mac, bytes, sizeof(bytes));
	return 0;
}

/* PORT or PORT-PORT up to the character end; moves *text there. */
static bool scan_ports(const char **text, uint16_t *first, uint16_t *last, struct error *err)
{
	uint64_t from, to;
	const char *c = *text;

	if (!scan_number(&c, &from))
		return false;
	to = from;
	if (*c == '-') {
		c++;
		if (!scan_number(&c, &to))
			return false;
	}
	if (from < 1 || to < 1 || from > 65535 || to > 65535) {
		error_set(err, 0, "port %" PRIu64 " is out of range, 1 to 65535",
			  from < 1 || from > 65535 ? from : to);
		return false;
	}
	if (to < from) {
		error_set(err, 0, "the ports %" PRIu64 "-%" PRIu64 " end before they begin", from,
			  to);
		return false;
	}
	*text = c;
	*first = (uint16_t)from;
	*last = (uint16_t)to;
	return true;
}

static bool scan_protocol(const char *text, uint8_t *protocol)
{
	*protocol = strcmp(text, "/udp") == 0 ? IPPROTO_UDP : IPPROTO_TCP;
	return *text == '\0' || strcmp(text, "/tcp") == 0 || strcmp(text, "/udp") == 0;
}

/* "192.0.2.1:", "[2001:db8::1]:" or nothing; moves *text behind it. */
static bool scan_host_address(const char **text, struct port_forward *forward, struct error *err)
{
	const char *colon = strchr(*text, ':'), *bracket = strstr(*text, "]:");
	char address[INET6_ADDRSTRLEN] = "";

	if (**text == '[') {
		if (!bracket || bracket - *text > (ptrdiff_t)sizeof(address))
			return false;
		memcpy(address, *text + 1, (size_t)(bracket - *text - 1));
		forward->families = PORT_IPV6;
		*text = bracket + 2;
		if (inet_pton(AF_INET6, address, &forward->host_address6) != 1)
			return false;
		if (!IN6_IS_ADDR_LINKLOCAL(&forward->host_address6) &&
		    !IN6_IS_ADDR_MULTICAST(&forward->host_address6))
			return true;
		error_set(err, 0, "nothing can be published on %s", address);
		return false;
	}
	if (!colon || !memchr(*text, '.', (size_t)(colon - *text)))
		return true;
	if (!scan_ipv4(*text, (size_t)(colon - *text), &forward->host_address))
		return false;
	forward->families = PORT_IPV4;
	*text = colon + 1;
	return true;
}

int parse_port_forward(const char *text, struct port_forward *forward, struct error *err)
{
	struct port_forward result = {.families = PORT_IPV4 | PORT_IPV6};
	const char *c = text;
	struct error reason = {0};

	if (!scan_host_address(&c, &result, &reason))
		goto malformed;
	if (!scan_ports(&c, &result.host_first, &result.host_last, &reason) || *c++ != ':' ||
	    !scan_ports(&c, &result.container_first, &result.container_last, &reason) ||
	    !scan_protocol(c, &result.protocol))
		goto malformed;
	if (result.host_last - result.host_first != result.container_last - result.container_first) {
		error_set(err, 0, "\"%s\" has %d ports on the host and %d in the container", text,
			  result.host_last - result.host_first + 1,
			  result.container_last - result.container_first + 1);
		return error_hint(err, "both ranges must be equally long");
	}
	*forward = result;
	return 0;
malformed:
	if (reason.text[0])
		return error_set(err, 0, "\"%s\": %s", text, reason.text);
	error_set(err, 0, "\"%s\" is not a port forwarding", text);
	return error_hint(err, "HOST:CONTAINER like \"8080:80\", \"127.0.0.1:8443:443/tcp\","
			       " \"[::1]:8443:443\" or \"5000-5009:5000-5009/udp\"");
}

bool parse_port_forwards_meet(const struct port_forward *one, const struct port_forward *other,
			      unsigned int families)
{
	families &= one->families & other->families;
	if (one->protocol != other->protocol || one->host_first > other->host_last ||
	    other->host_first > one->host_last)
		return false;
	if ((families & PORT_IPV4) &&
	    (one->host_address.s_addr == other->host_address.s_addr ||
	     one->host_address.s_addr == INADDR_ANY || other->host_address.s_addr == INADDR_ANY))
		return true;
	return (families & PORT_IPV6) &&
	       (IN6_ARE_ADDR_EQUAL(&one->host_address6, &other->host_address6) ||
		IN6_IS_ADDR_UNSPECIFIED(&one->host_address6) ||
		IN6_IS_ADDR_UNSPECIFIED(&other->host_address6));
}

int parse_check_container_name(const char *name, struct error *err)
{
	size_t length = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	if (length >= 1 && length <= 63 && name[length] == '\0' && name[0] != '-' &&
	    name[length - 1] != '-')
		return 0;
	error_set(err, 0, "\"%s\" cannot be the name of a container", name);
	return error_hint(err, "1 to 63 small letters, digits and '-', with no '-' at either end");
}

int parse_check_name(const char *name, struct error *err)
{
	size_t length = 0;

	while (is_letter(name[length]) || is_digit(name[length]) || name[length] == '-' ||
	       name[length] == '_')
		length++;
	if (is_letter(name[0]) && length <= 63 && name[length] == '\0')
		return 0;
	error_set(err, 0, "\"%s\" cannot be a name", name);
	return error_hint(err, "a letter, then letters, digits, '-' or '_', at most 63 in all");
}

int parse_check_interface_name(const char *name, struct error *err)
{
	size_t length = strlen(name);

	if (length >= IFNAMSIZ) {
		error_set(err, 0, "\"%s\" is too long for an interface: %zu bytes", name, length);
		return error_hint(err, "the kernel allows %d", IFNAMSIZ - 1);
	}
	/* The kernel's dev_valid_name(); '%' would make it number the name. */
	for (const char *c = name; *c; c++)
		if (*c <= ' ' || *c > '~' || strchr("/:%", *c))
			goto invalid;
	if (length == 0 || strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strcmp(name, "lo") == 0)
		goto invalid;
	return 0;
invalid:
	error_set(err, 0, "\"%s\" cannot be the name of an interface", name);
	return error_hint(err, "1 to 15 letters, digits, '-', '_' or '.', and not \"lo\"");
}

int parse_check_hostname(const char *name, size_t limit, struct error *err)
{
	size_t length = strlen(name), label = 0;

	if (length == 0 || length > limit)
		goto invalid;
	for (const char *c = name; *c; c++) {
		if (*c == '.') {
			if (label == 0 || c[-1] == '-')
				goto invalid;
			label = 0;
			continue;
		}
		if (!(is_letter(*c) || is_digit(*c) || (*c == '-' && label > 0)) || ++label > 63)
			goto invalid;
	}
	if (label == 0 || name[length - 1] == '-')
		goto invalid;
	return 0;
invalid:
	error_set(err, 0, "\"%s\" is not a host name", name);
	return error_hint(err, "letters, digits and '-', in parts joined by '.', at most %zu in all",
			  limit);
}

void parse_format_size(uint64_t bytes, char out[PARSE_TEXT_MAX])
{
	static const char units[] = " KMGT";
	int unit = 0;

	while (bytes && unit < 4 && bytes % 1024 == 0) {
		bytes /= 1024;
		unit++;
	}
	snprintf(out, PARSE_TEXT_MAX, "%" PRIu64 "%.*s", bytes, unit ? 1 : 0, units + unit);
}

void parse_format_duration(uint64_t ms, char out[PARSE_TEXT_MAX])
{
	size_t length = 0;

	if (ms == 0) {
		snprintf(out, PARSE_TEXT_MAX, "0s");
		return;
	}
	for (size_t i = 0; i < TIME_UNIT_COUNT; i++) {
		uint64_t count = ms / time_units[i].ms;

		ms %= time_units[i].ms;
		if (count)
			length += (size_t)snprintf(out + length, PARSE_TEXT_MAX - length,
						   "%" PRIu64 "%s", count, time_units[i].name);
	}
}

void parse_format_ipv4(struct in_addr address, char out[PARSE_TEXT_MAX])
{
	inet_ntop(AF_INET, &address, out, PARSE_TEXT_MAX);
}

void parse_format_ipv6(const struct in6_addr *address, char out[PARSE_TEXT_MAX])
{
	inet_ntop(AF_INET6, address, out, PARSE_TEXT_MAX);
}

void parse_format_mac(const uint8_t mac[6], char out[PARSE_TEXT_MAX])
{
	snprintf(out, PARSE_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
		 mac[3], mac[4], mac[5]);
}

static int format_ports(char *out, size_t size, uint16_t first, uint16_t last)
{
	return first == last ? snprintf(out, size, "%u", first)
			     : snprintf(out, size, "%u-%u", first, last);
}

void parse_format_port_forward(const struct port_forward *forward, char out[PARSE_TEXT_MAX])
{
	char host[16], container[16], address[PARSE_TEXT_MAX] = "";

	if (forward->families == PORT_IPV4) {
		parse_format_ipv4(forward->host_address, address);
	} else if (forward->families == PORT_IPV6) {
		address[0] = '[';
		inet_ntop(AF_INET6, &forward->host_address6, address + 1, sizeof(address) - 2);
		strcat(address, "]");
	}
	format_ports(host, sizeof(host), forward->host_first, forward->host_last);
	format_ports(container, sizeof(container), forward->container_first,
		     forward->container_last);
	snprintf(out, PARSE_TEXT_MAX, "%.47s%s%s:%s%s", address, *address ? ":" : "", host,
		 container, forward->protocol == IPPROTO_UDP ? "/udp" : "");
}
