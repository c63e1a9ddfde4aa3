/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parse.h: text to number, size, duration, address and name, and the way back. The whole text
 * must fit the grammar (no blanks around it, nothing behind it). Errors say what is wrong with
 * the text itself ("\"512Q\" is not a size") and hint at what would be right; the caller adds
 * where it stands. Results are written on success only.
 */
#ifndef BASE_PARSE_H
#define BASE_PARSE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* Large enough for every parse_format_...() below. */
#define PARSE_TEXT_MAX 96

/* Decimal digits only; minimum to maximum, both included. */
int parse_number(const char *text, uint64_t minimum, uint64_t maximum, uint64_t *out,
		 struct error *err);

/*
 * Bytes: digits, then nothing, B, K, M, G or T (also KB, KiB ..., any case; powers of 1024). A
 * fraction is allowed before a unit: "1.5G". Less than 2^64.
 */
int parse_size(const char *text, uint64_t *bytes, struct error *err);

/* Milliseconds: parts of digits and unit from large to small: "1d", "2h", "1m30s", "500ms". */
int parse_duration(const char *text, uint64_t *ms, struct error *err);

/* "10.83.0.2": four decimal numbers, no leading zeros (elsewhere these mean octal). */
int parse_ipv4(const char *text, struct in_addr *address, struct error *err);

/* "10.83.0.0/16": the bits behind the prefix must be zero. */
int parse_ipv4_network(const char *text, struct in_addr *network, unsigned int *prefix,
		       struct error *err);

/* "10.83.1.0-10.83.1.99", first not above last. */
int parse_ipv4_range(const char *text, struct in_addr *first, struct in_addr *last,
		     struct error *err);

/* "fd00:83::2", in any of its forms, without a scope. RFC 4291 */
int parse_ipv6(const char *text, struct in6_addr *address, struct error *err);

/* "fd00:83::/64": the bits behind the prefix must be zero. */
int parse_ipv6_network(const char *text, struct in6_addr *network, unsigned int *prefix,
		       struct error *err);

/* Whether it is the text of an IPv4 or IPv6 address (without a scope). */
bool parse_is_ip(const char *text);

/* "02:00:5e:10:00:01": a unicast address. */
int parse_mac(const char *text, uint8_t mac[6], struct error *err);

/* Families that a port is published in; in IPv6 where the container has an address of it. */
#define PORT_IPV4 1u
#define PORT_IPV6 2u

/* A port, or a range of ports, of the host that leads into a container. */
struct port_forward {
	unsigned int families;         /* both where no address is named */
	struct in_addr host_address;   /* INADDR_ANY: every address of the host */
	struct in6_addr host_address6; /* in6addr_any: likewise */
	uint16_t host_first, host_last;
	uint16_t container_first, container_last; /* as many as on the host side */
	uint8_t protocol;                         /* IPPROTO_TCP or IPPROTO_UDP */
};

/* "[ADDRESS:]HOST[-LAST]:CONTAINER[-LAST][/tcp or /udp]", ports 1 to 65535; an IPv6 one in "[]". */
int parse_port_forward(const char *text, struct port_forward *forward, struct error *err);

/* Whether both are about the same address, port and protocol, in one of these families. */
bool parse_port_forwards_meet(const struct port_forward *one, const struct port_forward *other,
			      unsigned int families);

/* A container's name, which is a DNS label: [a-z0-9][a-z0-9-]{0,62}, no '-' at the end. */
int parse_check_container_name(const char *name, struct error *err);

/* Names of networks and templates: a letter, then letters, digits, '-' or '_'; 63 at most. */
int parse_check_name(const char *name, struct error *err);

/* Name of a network interface: 1 to 15 bytes that the kernel accepts, except "lo". */
int parse_check_interface_name(const char *name, struct error *err);

/* RFC 1123: labels of letters, digits and '-', joined by dots, at most limit bytes. */
int parse_check_hostname(const char *name, size_t limit, struct error *err);

/* The shortest text that reads as the same value: "512M", "1m30s", "8080:80/udp". */
void parse_format_size(uint64_t bytes, char out[PARSE_TEXT_MAX]);
void parse_format_duration(uint64_t ms, char out[PARSE_TEXT_MAX]);
void parse_format_ipv4(struct in_addr address, char out[PARSE_TEXT_MAX]);
void parse_format_ipv6(const struct in6_addr *address, char out[PARSE_TEXT_MAX]);
void parse_format_mac(const uint8_t mac[6], char out[PARSE_TEXT_MAX]); /* "02:00:00:00:00:0a" */
void parse_format_port_forward(const struct port_forward *forward, char out[PARSE_TEXT_MAX]);

#endif
