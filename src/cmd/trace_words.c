/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/trace_words.h"

#include <string.h>

#include "base/parse.h"
#include "base/text.h"
#include "cmd/command.h"

#define NAME_MAX_LENGTH 253 /* RFC 1035 */

void trace_words_clear(struct trace_words *words)
{
	free(words->host);
	*words = (struct trace_words){0};
}

static int refuse(const char *text, const char *reason, struct error *err)
{
	return command_misused(err, "trace: \"%s\": %s", text, reason);
}

static bool is_ip6(const char *text)
{
	struct in6_addr address;

	return parse_ipv6(text, &address, NULL) == 0;
}

static bool is_port(const char *text)
{
	uint64_t number;

	return parse_number(text, 1, UINT16_MAX, &number, NULL) == 0;
}

/* ---- brackets ---- */

/* text without the brackets it has, and cut before its last colon: what was meant, perhaps. */
static void hint_at_brackets(const char *text, struct error *err)
{
	AUTO_FREE char *plain = xstrdup(text);
	char *to = plain, *colon;

	for (const char *from = text; *from; from++)
		if (*from != '[' && *from != ']')
			*to++ = *from;
	*to = '\0';
	if (is_ip6(plain))
		error_hint(err, "\"[%s]\", or \"[%s]:PORT\"", plain, plain);
	colon = strrchr(plain, ':');
	if (!colon || !is_port(colon + 1))
		return;
	*colon = '\0';
	if (is_ip6(plain))
		error_hint(err, "\"[%s]:%s\"", plain, colon + 1);
}

static int refuse_brackets(const char *text, const char *reason, const char *address,
			   struct error *err)
{
	refuse(text, reason, err);
	hint_at_brackets(address, err);
	return COMMAND_MISUSED;
}

/* "[2001:db8::1]:443", "[2001:db8::1]": cut in place. */
static int split_brackets(const char *text, char *address, char **host, char **port,
			  struct error *err)
{
	char *end = strchr(address, ']');

	if (address[0] != '[')
		return refuse_brackets(text, "a bracket is out of place", address, err);
	if (!end)
		return refuse_brackets(text, "the \"]\" behind the address is missing", address,
				       err);
	if (end[1] && end[1] != ':')
		return refuse_brackets(text, "behind the \"]\" comes a colon, and the port",
				       address, err);
	*port = end[1] ? end + 2 : NULL;
	*end = '\0';
	*host = address + 1;
	if (is_ip6(*host) || strchr(*host, '%'))
		return 0;
	refuse(text, "in brackets stands an IPv6 address", err);
	if (!strchr(*host, ':'))
		error_hint(err, "\"%s:%s\"", *host, *port ? *port : "PORT");
	return COMMAND_MISUSED;
}

/* With a port behind it nobody could tell where the address ends. */
static int take_bare_ip6(const char *text, char *address, char **host, struct error *err)
{
	char *colon = strrchr(address, ':');

	*host = address;
	if (is_port(colon + 1)) {
		bool with_port;

		*colon = '\0';
		with_port = is_ip6(address);
		*colon = ':';
		if (with_port && is_ip6(address)) {
			refuse(text, "is that a port? An IPv6 address stands in brackets", err);
			*colon = '\0';
			error_hint(err, "\"[%s]:%s\", or \"[%s:%s]\" without a port", address,
				   colon + 1, address, colon + 1);
			return COMMAND_MISUSED;
		}
		if (with_port)
			return refuse_brackets(text, "an IPv6 address stands in brackets", address,
					       err);
	}
	if (is_ip6(address) || strchr(address, '%'))
		return 0;
	return refuse(text, "is neither an address nor a name, with a port", err);
}

/* ---- all of it ---- */

static int split(const char *text, char *copy, char **host, char **port, struct error *err)
{
	char *colon = strchr(copy, ':');

	*host = copy;
	*port = NULL;
	if (strpbrk(copy, "[]"))
		return split_brackets(text, copy, host, port, err);
	if (colon && strchr(colon + 1, ':'))
		return take_bare_ip6(text, copy, host, err);
	if (colon) {
		*colon = '\0';
		*port = colon + 1;
	}
	return 0;
}

static int take_protocol(const char *text, char *copy, struct trace_words *words, struct error *err)
{
	char *protocol = strchr(copy, '/');

	words->protocol = IPPROTO_TCP;
	if (!protocol)
		return 0;
	*protocol++ = '\0';
	if (strcmp(protocol, "udp") == 0)
		words->protocol = IPPROTO_UDP;
	else if (strcmp(protocol, "tcp") != 0)
		return refuse(text, "the protocol is tcp or udp", err);
	return 0;
}

static int take_port(const char *text, const char *port, bool has_protocol,
		     struct trace_words *words, struct error *err)
{
	uint64_t number;

	if (!port && has_protocol)
		return refuse(text, "the port is missing", err);
	if (!port) {
		words->protocol = IPPROTO_ICMP;
		return 0;
	}
	if (parse_number(port, 1, UINT16_MAX, &number, NULL) < 0)
		return refuse(text, "a port is a number from 1 to 65535", err);
	words->port = (uint16_t)number;
	return 0;
}

static int take_ip6(const char *text, const char *host, struct error *err)
{
	struct in6_addr address;
	char four[PARSE_TEXT_MAX];

	if (strchr(host, '%') || parse_ipv6(host, &address, NULL) < 0 ||
	    IN6_IS_ADDR_LINKLOCAL(&address))
		return refuse(text, "link-local addresses stay on their link, and are not traced",
			      err);
	if (!IN6_IS_ADDR_V4MAPPED(&address))
		return 0;
	parse_format_ipv4((struct in_addr){address.s6_addr32[3]}, four);
	refuse(text, "that is an IPv4 address", err);
	error_hint(err, "%s", four);
	return COMMAND_MISUSED;
}

/* What looks like an address is not taken for a name. */
static int take_host(const char *text, const char *host, struct trace_words *words,
		     struct error *err)
{
	struct in_addr address;

	if (*host == '\0')
		return refuse(text, "what stands before the port is missing", err);
	words->family = AF_UNSPEC;
	if (strchr(host, ':')) {
		words->family = AF_INET6;
		if (take_ip6(text, host, err) < 0)
			return COMMAND_MISUSED;
	} else if (strspn(host, "0123456789.") == strlen(host)) {
		words->family = AF_INET;
		if (parse_ipv4(host, &address, NULL) < 0)
			return refuse(text, "is not an IPv4 address", err);
	} else if (parse_check_hostname(host, NAME_MAX_LENGTH, NULL) < 0) {
		return refuse(text, "is neither an address nor a name", err);
	}
	words->host = xstrdup(host);
	return 0;
}

int trace_words_parse(const char *text, struct trace_words *words, struct error *err)
{
	AUTO_TRACE_WORDS struct trace_words parsed = {0};
	AUTO_FREE char *copy = xstrdup(text);
	char *host, *port;

	if (take_protocol(text, copy, &parsed, err) < 0 || split(text, copy, &host, &port, err) < 0 ||
	    take_port(text, port, strchr(text, '/') != NULL, &parsed, err) < 0 ||
	    take_host(text, host, &parsed, err) < 0) {
		error_hint(err, "cman trace NAME TO[:PORT[/udp]] for the way out, "
				"cman trace NAME:PORT[/udp] for the way in");
		return COMMAND_MISUSED;
	}
	*words = parsed;
	parsed = (struct trace_words){0};
	return 0;
}
