/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * commit iptables|nftables PORTS ROUNDS: what one commit of the firewall costs, in the network
 * namespace it is run in, without the rest of a start. There are so many published ports, each of a
 * container of its own; each round one more comes and goes. Prints "RULES FIRST ADDED REMOVED SAME":
 * how many rules there are, and in milliseconds the commit of all of them where none were, the medians
 * of one that adds the last and of one that removes it, and that of one with nothing to do. To add
 * follows a removal here, which the kernel's nf_tables may not be through with.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/text.h"
#include "kernel/firewall.h"
#include "kernel/firewall_build.h"

#define ROUNDS_MAX 1000
#define PORTS_MAX  60000

static struct firewall_set set = {.prefix = "BENCH"};
static struct firewall_network network = {.bridge = "bench0", .prefix = 16, .nat = true, .icc = true};

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double commit(size_t forwards)
{
	double begin = now_ms();
	struct error err;

	set.forward_count = forwards;
	if (firewall_commit(&set, &err) < 0) {
		fprintf(stderr, "commit: %s\n", err.text);
		exit(1);
	}
	return now_ms() - begin;
}

static size_t count_rules(size_t forwards)
{
	AUTO_FIREWALL_RULES struct firewall_rules rules = {0};
	struct error err;

	set.forward_count = forwards;
	return firewall_rules_build(&set, &rules, &err) < 0 ? 0 : rules.count;
}

static int compare(const void *a, const void *b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(values[0]), compare);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Port 80 of one container after the other, to one port of the host after the other. */
static struct firewall_forward *make_forwards(size_t count)
{
	struct firewall_forward *forwards = xalloc(count, sizeof(*forwards));

	for (size_t i = 0; i < count; i++)
		forwards[i] = (struct firewall_forward){
			.container = xprintf("c%zu", i),
			.bridge = network.bridge,
			.family = FIREWALL_IPV4,
			.address.v4.s_addr = htonl(ntohl(network.subnet.s_addr) + 2 + (uint32_t)i),
			.host_first = (uint16_t)(2000 + i),
			.host_last = (uint16_t)(2000 + i),
			.container_first = 80,
			.container_last = 80,
			.protocol = IPPROTO_TCP,
		};
	return forwards;
}

int main(int argc, char *argv[])
{
	static double added[ROUNDS_MAX], removed[ROUNDS_MAX], same[ROUNDS_MAX];
	size_t ports = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
	int rounds = argc == 4 ? atoi(argv[3]) : 0;
	double first;

	if (rounds < 1 || rounds > ROUNDS_MAX || ports > PORTS_MAX) {
		fprintf(stderr, "usage: commit iptables|nftables PORTS ROUNDS\n");
		return 2;
	}
	set.backend = strcmp(argv[1], "nftables") == 0 ? FIREWALL_NFTABLES : FIREWALL_IPTABLES;
	inet_pton(AF_INET, "10.97.0.0", &network.subnet);
	set.networks = &network;
	set.network_count = 1;
	set.forwards = make_forwards(ports + 1);
	commit(0); /* tables are made, the library is loaded */
	first = commit(ports);
	for (int i = 0; i < rounds; i++) {
		added[i] = commit(ports + 1);
		same[i] = commit(ports + 1);
		removed[i] = commit(ports);
	}
	printf("%zu %.2f %.2f %.2f %.2f\n", count_rules(ports), first, median(added, rounds),
	       median(removed, rounds), median(same, rounds));
	set.network_count = 0;
	commit(0);
	return 0;
}
