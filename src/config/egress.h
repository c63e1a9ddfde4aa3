/* SPDX-License-Identifier: GPL-2.0-or-later */
/* egress.h: what a container may call, as text: the elements of net.egress.allow and .deny. */
#ifndef CONFIG_EGRESS_H
#define CONFIG_EGRESS_H

#include "base/parse.h"
#include "config/spec.h"

/*
 * "dns", "icmp", "tcp:443", "udp:5000-5009", or addresses with or without ports: "10.9.0.0/16",
 * "10.9.0.7:5432/tcp", "2001:db8::/32", "[2001:db8::7]:443". Without a protocol ports are those of
 * TCP and UDP.
 */
int egress_parse(const char *text, struct egress_item *item, struct error *err);

/* The same back. */
void egress_format(const struct egress_item *item, char out[PARSE_TEXT_MAX]);

void egress_add(struct egress_list *list, const struct egress_item *item);
void egress_copy(struct egress *to, const struct egress *from); /* what was in it is not freed */
void egress_clear(struct egress *egress);

/* Whether it keeps the container from anything. */
bool egress_limits(const struct egress *egress);

#endif
