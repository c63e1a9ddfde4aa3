/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/firewall_dump.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "base/text.h"

/* NLA_HDRLEN, NLA_TYPE_MASK and NLA_ALIGN(), which linux/netlink.h has as signed numbers. */
#define HEADER_SIZE     sizeof(struct nlattr)
#define TYPE_MASK       ((unsigned int)(uint16_t)NLA_TYPE_MASK)
#define ALIGNED(length) (((size_t)(length) + 3) & ~(size_t)3)
#define BUFFER_SIZE     65536 /* the kernel sends no more than 32 KiB at once */

int firewall_dump_open(struct error *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);

	if (fd >= 0)
		return fd;
	return error_set(err, errno == EPROTONOSUPPORT ? ENOENT : errno, "netlink of netfilter");
}

bool firewall_dump_next(const struct firewall_attribute *list, struct firewall_attribute *element)
{
	const char *next = list->data, *end;
	const struct nlattr *attribute;

	if (!next)
		return false;
	end = next + list->length;
	if (element->data)
		next = (const char *)element->data + ALIGNED(element->length);
	if (end - next < (ptrdiff_t)HEADER_SIZE)
		return false;
	attribute = (const struct nlattr *)next;
	if (attribute->nla_len < HEADER_SIZE || attribute->nla_len > end - next)
		return false;
	element->data = next + HEADER_SIZE;
	element->length = (size_t)attribute->nla_len - HEADER_SIZE;
	return true;
}

void firewall_dump_parse(const void *data, size_t length, struct firewall_attribute *attributes,
			 unsigned int most)
{
	const struct firewall_attribute list = {data, length};
	struct firewall_attribute element = {NULL, 0};

	memset(attributes, 0, (most + 1) * sizeof(*attributes));
	while (firewall_dump_next(&list, &element)) {
		const struct nlattr *header =
			(const void *)((const char *)element.data - HEADER_SIZE);
		unsigned int type = header->nla_type & TYPE_MASK;

		if (type <= most)
			attributes[type] = element;
	}
}

uint32_t firewall_dump_u32(const struct firewall_attribute *attribute)
{
	uint32_t value;

	if (!attribute->data || attribute->length < sizeof(value))
		return 0;
	memcpy(&value, attribute->data, sizeof(value));
	return ntohl(value);
}

const char *firewall_dump_text(const struct firewall_attribute *attribute)
{
	if (!attribute->data || !memchr(attribute->data, '\0', attribute->length))
		return "";
	return attribute->data;
}

/* ---- a dump ---- */

struct request {
	struct nlmsghdr header;
	struct nfgenmsg family;
	char attributes[2 * (HEADER_SIZE + NFT_NAME_MAXLEN)];
};

static void add_text(struct request *request, uint16_t type, const char *text)
{
	size_t length = strlen(text) + 1;
	struct nlattr *attribute = (void *)((char *)request + request->header.nlmsg_len);

	if (length > NFT_NAME_MAXLEN)
		return;
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(HEADER_SIZE + length);
	memcpy((char *)attribute + HEADER_SIZE, text, length);
	request->header.nlmsg_len += (uint32_t)ALIGNED(attribute->nla_len);
}

static int send_request(int fd, uint16_t type, uint8_t family, const char *table, const char *chain,
			struct error *err)
{
	_Alignas(struct nlmsghdr) struct request request = {
		.header = {.nlmsg_len = offsetof(struct request, attributes),
			   .nlmsg_type = (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | type),
			   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
		.family = {.nfgen_family = family},
	};

	if (table)
		add_text(&request, NFTA_RULE_TABLE, table);
	if (chain)
		add_text(&request, NFTA_RULE_CHAIN, chain);
	if (send(fd, &request, request.header.nlmsg_len, 0) < 0)
		return error_set(err, errno, "ask nf_tables");
	return 0;
}

/* No such table, no such chain, no nf_tables at all. */
static bool means_none(int code)
{
	return code == ENOENT || code == EINVAL || code == EOPNOTSUPP || code == EPROTONOSUPPORT;
}

struct dump {
	firewall_dump_callback *callback; /* NULL: wants no more */
	void *data;
	bool interrupted;
};

/* 1: there may be more, 0: that was all. */
static int take_message(struct dump *dump, const struct nlmsghdr *header, struct error *err)
{
	const struct nfgenmsg *family = NLMSG_DATA(header);
	int code;

	if (header->nlmsg_flags & NLM_F_DUMP_INTR)
		dump->interrupted = true;
	if (header->nlmsg_type == NLMSG_DONE)
		return 0;
	if (header->nlmsg_type == NLMSG_ERROR) {
		memcpy(&code, NLMSG_DATA(header), sizeof(code));
		return code == 0 || means_none(-code) ? 0 : error_set(err, -code, "read nf_tables");
	}
	/* What nobody wants has to be read all the same, or the next dump gets it. */
	if (dump->callback && header->nlmsg_len >= NLMSG_LENGTH(sizeof(*family)) &&
	    dump->callback(dump->data, family->nfgen_family,
			   (const char *)family + NLMSG_ALIGN(sizeof(*family)),
			   header->nlmsg_len - NLMSG_LENGTH(sizeof(*family))) != 0)
		dump->callback = NULL;
	return 1;
}

int firewall_dump(int fd, uint16_t type, uint8_t family, const char *table, const char *chain,
		  firewall_dump_callback *callback, void *data, struct error *err)
{
	AUTO_FREE char *buffer = xalloc(1, BUFFER_SIZE);
	struct dump dump = {callback, data, false};
	int more = 1;

	if (send_request(fd, type, family, table, chain, err) < 0)
		return -1;
	while (more > 0) {
		ssize_t length = recv(fd, buffer, BUFFER_SIZE, 0);
		const struct nlmsghdr *header = (const void *)buffer;

		if (length < 0 && errno == EINTR)
			continue;
		if (length < 0)
			return error_set(err, errno, "read nf_tables");
		for (; more > 0 && NLMSG_OK(header, (size_t)length);
		     header = NLMSG_NEXT(header, length))
			more = take_message(&dump, header, err);
	}
	if (more == 0 && dump.interrupted)
		return error_set(err, EINTR, "read nf_tables");
	return more;
}
