/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What others have in nf_tables: asked at each first start, so without libnftables. */
#include <linux/netfilter/nf_tables.h>
#include <string.h>
#include <unistd.h>

#include "kernel/firewall_backend.h"
#include "kernel/firewall_dump.h"
#include "kernel/firewall_text.h"

#define POLICY_DROP 0 /* NF_DROP */

struct foreign {
	const char *name; /* of our table */
	bool found;
};

static bool is_foreign(const struct foreign *foreign, uint8_t family, const char *table)
{
	return family == FIREWALL_FAMILY_IP || family == FIREWALL_FAMILY_IP6 ||
	       (family == FIREWALL_FAMILY_INET && strcmp(table, foreign->name) != 0);
}

static int find_rule(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_RULE_MAX + 1];
	struct foreign *foreign = data;

	firewall_dump_parse(bytes, length, attributes, NFTA_RULE_MAX);
	foreign->found |=
		is_foreign(foreign, family, firewall_dump_text(&attributes[NFTA_RULE_TABLE]));
	return foreign->found;
}

static int find_policy(void *data, uint8_t family, const void *bytes, size_t length)
{
	struct firewall_attribute attributes[NFTA_CHAIN_MAX + 1];
	struct foreign *foreign = data;

	firewall_dump_parse(bytes, length, attributes, NFTA_CHAIN_MAX);
	foreign->found |=
		attributes[NFTA_CHAIN_POLICY].data &&
		firewall_dump_u32(&attributes[NFTA_CHAIN_POLICY]) == POLICY_DROP &&
		is_foreign(foreign, family, firewall_dump_text(&attributes[NFTA_CHAIN_TABLE]));
	return foreign->found;
}

int firewall_nftables_foreign(const char *prefix, struct error *err)
{
	const struct firewall_text_name name = firewall_text_name(prefix);
	struct foreign foreign = {name.text, false};
	AUTO_FD int fd = firewall_dump_open(err);

	if (fd < 0)
		return err->code == ENOENT ? 0 : -1;
	/* EINTR: somebody works on his rules; what was seen of them will do. */
	if ((firewall_dump(fd, NFT_MSG_GETCHAIN, 0, NULL, NULL, find_policy, &foreign, err) < 0 &&
	     err->code != EINTR) ||
	    (!foreign.found &&
	     firewall_dump(fd, NFT_MSG_GETRULE, 0, NULL, NULL, find_rule, &foreign, err) < 0 &&
	     err->code != EINTR))
		return -1;
	error_clear(err);
	return foreign.found;
}
