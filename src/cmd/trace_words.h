/* SPDX-License-Identifier: GPL-2.0-or-later */
/* trace_words.h: what was asked of cman trace, understood. Pure. */
#ifndef CMD_TRACE_WORDS_H
#define CMD_TRACE_WORDS_H

#include <netinet/in.h>
#include <stdint.h>

#include "base/error.h"

/* A port, and where it is. */
struct trace_words {
	char *host;       /* a name or an address, without brackets; owned */
	int family;       /* of the address; AF_UNSPEC: it is a name */
	uint8_t protocol; /* IPPROTO_TCP, IPPROTO_UDP; IPPROTO_ICMP where no port is asked for */
	uint16_t port;    /* 0: none is */
};

/*
 * "HOST:PORT[/tcp or /udp]", HOST alone for a ping. HOST is a name, an IPv4 address, or an IPv6
 * address in brackets, which may be left out where no port can be meant. COMMAND_MISUSED: it is
 * something else; where it is clear what was meant, err hints at the right form.
 */
int trace_words_parse(const char *text, struct trace_words *words, struct error *err);
void trace_words_clear(struct trace_words *words);
#define AUTO_TRACE_WORDS AUTO(trace_words_clear)

#endif
