/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_match.h"

#include <linux/netfilter/xt_conntrack.h>
#include <linux/netfilter/xt_state.h>
#include <linux/netfilter/xt_tcpudp.h>
#include <stdio.h>
#include <string.h>

static enum firewall_answer answer_of(bool matches)
{
	return matches ? FIREWALL_YES : FIREWALL_NO;
}

static enum firewall_answer least(enum firewall_answer one, enum firewall_answer other)
{
	return one < other ? one : other;
}

/* ---- extensions ---- */

/* Port 0 is one that is not known; that it is sent from nobody knows either. */
static enum firewall_answer ports_match(const struct firewall_packet *packet,
					const uint16_t source[2], const uint16_t destination[2],
					bool inverted, bool source_inverted)
{
	const bool any = destination[0] == 0 && destination[1] == UINT16_MAX;
	const bool in_range = packet->port >= destination[0] && packet->port <= destination[1];

	if ((any || packet->port) && in_range == inverted)
		return FIREWALL_NO;
	if (!any && !packet->port)
		return FIREWALL_MAYBE;
	return source[0] == 0 && source[1] == UINT16_MAX && !source_inverted ? FIREWALL_YES
									     : FIREWALL_MAYBE;
}

static enum firewall_answer tcp_matches(const struct xt_tcp *tcp,
					const struct firewall_packet *packet)
{
	const bool more = tcp->flg_mask || tcp->option;

	return least(ports_match(packet, tcp->spts, tcp->dpts, tcp->invflags & XT_TCP_INV_DSTPT,
				 tcp->invflags & XT_TCP_INV_SRCPT),
		     more ? FIREWALL_MAYBE : FIREWALL_YES);
}

static enum firewall_answer udp_matches(const struct xt_udp *udp,
					const struct firewall_packet *packet)
{
	return ports_match(packet, udp->spts, udp->dpts, udp->invflags & XT_UDP_INV_DSTPT,
			   udp->invflags & XT_UDP_INV_SRCPT);
}

static enum ip_conntrack_info state_of(const struct firewall_packet *packet)
{
	return packet->states & FIREWALL_STATE_ANSWERS ? IP_CT_ESTABLISHED : IP_CT_NEW;
}

static enum firewall_answer conntrack_matches(const void *info, size_t size, unsigned int revision,
					      const struct firewall_packet *packet)
{
	unsigned int states = XT_CONNTRACK_STATE_BIT(state_of(packet));
	struct xt_conntrack_mtinfo3 match;

	/* Revision 2 is the beginning of 3. */
	if ((revision != 2 && revision != 3) || size < sizeof(struct xt_conntrack_mtinfo2))
		return FIREWALL_MAYBE;
	memset(&match, 0, sizeof(match));
	memcpy(&match, info, size < sizeof(match) ? size : sizeof(match));
	/* "-m state" is written as this one, with a flag that says so. */
	if ((match.match_flags & ~XT_CONNTRACK_STATE_ALIAS) != XT_CONNTRACK_STATE)
		return FIREWALL_MAYBE;
	if (packet->states & FIREWALL_STATE_DNAT)
		states |= XT_CONNTRACK_STATE_DNAT;
	return answer_of(!(match.state_mask & states) != !(match.invert_flags & XT_CONNTRACK_STATE));
}

enum firewall_answer firewall_match_extension(const struct firewall_packet *packet, const char *name,
					      unsigned int revision, const void *info, size_t size)
{
	const struct xt_state_info *state = info;

	if (strcmp(name, "comment") == 0)
		return FIREWALL_YES;
	if (strcmp(name, "conntrack") == 0)
		return conntrack_matches(info, size, revision, packet);
	if (strcmp(name, "state") == 0 && size >= sizeof(*state))
		return answer_of(state->statemask & XT_STATE_BIT(state_of(packet)));
	if (strcmp(name, "tcp") == 0 && size >= sizeof(struct xt_tcp))
		return tcp_matches(info, packet);
	if (strcmp(name, "udp") == 0 && size >= sizeof(struct xt_udp))
		return udp_matches(info, packet);
	return FIREWALL_MAYBE;
}

/* ---- a rule ---- */

static bool interface_matches(const char *wanted, const unsigned char *mask, const char *name)
{
	char padded[IFNAMSIZ] = {0};

	snprintf(padded, sizeof(padded), "%s", name);
	for (size_t i = 0; i < IFNAMSIZ; i++)
		if ((wanted[i] ^ padded[i]) & mask[i])
			return false;
	return true;
}

static enum firewall_answer address_matches(enum firewall_family family,
					    const union firewall_address *wanted,
					    const union firewall_address *mask,
					    const union firewall_address *there, bool inverted)
{
	if (!firewall_address_is_any(family, mask) && firewall_address_is_any(family, there))
		return FIREWALL_MAYBE;
	for (size_t i = 0; i < firewall_address_bits(family) / 8; i++)
		if ((wanted->bytes[i] ^ there->bytes[i]) & mask->bytes[i])
			return answer_of(inverted);
	return answer_of(!inverted);
}

static enum firewall_answer protocol_matches(const struct firewall_header *header,
					     const struct firewall_packet *packet)
{
	if (header->protocol == 0)
		return FIREWALL_YES;
	if (packet->protocol == 0)
		return FIREWALL_MAYBE;
	return answer_of((header->protocol == packet->protocol) !=
			 !!(header->inverted & IPT_INV_PROTO));
}

static enum firewall_answer header_matches(const struct firewall_header *header,
					   const struct firewall_packet *packet)
{
	const bool in = interface_matches(header->in, header->in_mask, packet->in);
	const bool out = interface_matches(header->out, header->out_mask, packet->out);

	/* Later fragments have been put together before anybody sees them. */
	if (in == !!(header->inverted & IPT_INV_VIA_IN) ||
	    out == !!(header->inverted & IPT_INV_VIA_OUT) ||
	    (header->fragment && !(header->inverted & IPT_INV_FRAG)))
		return FIREWALL_NO;
	return least(least(address_matches(packet->family, &header->source, &header->source_mask,
					   &packet->source, header->inverted & IPT_INV_SRCIP),
			   address_matches(packet->family, &header->destination,
					   &header->destination_mask, &packet->destination,
					   header->inverted & IPT_INV_DSTIP)),
		     protocol_matches(header, packet));
}

enum firewall_answer firewall_match_entry(const struct firewall_packet *packet,
					  const struct firewall_entry *entry)
{
	const struct firewall_header header = firewall_entry_header(packet->family, entry);
	enum firewall_answer answer = header_matches(&header, packet);
	const struct xt_entry_match *match = NULL;

	while (answer != FIREWALL_NO && (match = firewall_entry_next(packet->family, entry, match)))
		answer = least(answer, firewall_match_extension(
					       packet, match->u.user.name, match->u.user.revision,
					       match->data, match->u.match_size - sizeof(*match)));
	return answer;
}
