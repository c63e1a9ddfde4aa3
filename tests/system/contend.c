/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * contend TABLE CHAIN HOW MARK ROW COUNT PAUSE_US: another program that changes a table of
 * iptables, for contention.bats, and takes no lock. Its rules are one row of numbers, oldest first:
 * "-s 198.MARK.X.Y -j RETURN". HOW says what each commit of it does to them:
 *
 *   grow     appends one
 *   turn     appends two and deletes the oldest, so that the table never has a size again
 *   shrink   deletes the oldest
 *
 * ROW is what it has: "FIRST-LAST", or "none". COUNT is how many commits there are; SIGTERM ends it
 * before. Prints the row it has then. Whenever it reads the table it looks whether it has all of its
 * row and nothing else, and ends with status 1 when it does not.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <libiptc/libiptc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TRIES 100000

struct row {
	unsigned int first, last;
};

static const char *table, *chain;
static unsigned long mark, retries;
static volatile sig_atomic_t ended;

static void end(int signal_number)
{
	(void)signal_number;
	ended = 1;
}

static void fail(const char *what)
{
	fprintf(stderr, "contend: %s %s: %s: %s\n", table, chain, what, iptc_strerror(errno));
	exit(2);
}

static in_addr_t address_of(unsigned int number)
{
	return htonl((198u << 24) | ((unsigned int)mark << 16) | number);
}

static struct xtc_handle *read_table(void)
{
	for (int tries = 0; tries < TRIES; tries++) {
		struct xtc_handle *handle = iptc_init(table);

		if (handle)
			return handle;
		if (errno != EAGAIN) /* changed between its size and its rules */
			break;
	}
	fail("read");
	return NULL;
}

/* The row that is in the table; ends the program when it is none. */
static struct row row_of(struct xtc_handle *handle, const struct row *wanted)
{
	struct row row = {wanted->first, wanted->first - 1};
	const struct ipt_entry *entry;

	for (entry = iptc_first_rule(chain, handle); entry; entry = iptc_next_rule(entry, handle)) {
		if ((entry->ip.src.s_addr ^ address_of(0)) & htonl(0xffff0000))
			continue;
		if (entry->ip.src.s_addr != address_of(row.last + 1))
			break;
		row.last++;
	}
	return row;
}

static void check_row(struct xtc_handle *handle, const struct row *wanted)
{
	struct row row = row_of(handle, wanted);

	if (row.last == wanted->last)
		return;
	fprintf(stderr, "contend: %s %s has %u-%u where %u-%u was put\n", table, chain, row.first,
		row.last, wanted->first, wanted->last);
	exit(1);
}

static void append(struct xtc_handle *handle, unsigned int number)
{
	struct {
		struct ipt_entry entry;
		struct xt_standard_target target;
	} rule = {
		.entry = {.target_offset = sizeof(rule.entry), .next_offset = sizeof(rule)},
		.target = {.target.u.user.target_size = sizeof(rule.target)},
	};

	rule.entry.ip.src.s_addr = address_of(number);
	rule.entry.ip.smsk.s_addr = INADDR_NONE;
	strcpy(rule.target.target.u.user.name, IPTC_LABEL_RETURN);
	if (!iptc_append_entry(chain, &rule.entry, handle))
		fail("append");
}

static void drop(struct xtc_handle *handle, unsigned int number)
{
	const struct ipt_entry *entry = iptc_first_rule(chain, handle);
	unsigned int position = 0;

	while (entry && entry->ip.src.s_addr != address_of(number)) {
		entry = iptc_next_rule(entry, handle);
		position++;
	}
	if (!entry || !iptc_delete_num_entry(chain, position, handle))
		fail("delete");
}

/* Makes one row of the other: what is at its ends is all that differs. */
static void change(const struct row *from, const struct row *to)
{
	for (int tries = 0; tries < TRIES; tries++) {
		struct xtc_handle *handle = read_table();
		int code;

		check_row(handle, from);
		for (unsigned int i = from->last + 1; i <= to->last; i++)
			append(handle, i);
		for (unsigned int i = from->first; i < to->first; i++)
			drop(handle, i);
		code = iptc_commit(handle) ? 0 : errno;
		iptc_free(handle);
		/* EINVAL: the rules are there, and somebody changed them before their counters were. */
		if (code == 0 || code == EINVAL)
			return;
		if (code != EAGAIN) {
			errno = code;
			fail("commit");
		}
		retries++;
	}
	fail("commit, too often");
}

int main(int argc, char *argv[])
{
	const struct sigaction action = {.sa_handler = end};
	struct xtc_handle *handle;
	struct timespec pause;
	struct row row = {1, 0}, next;
	long count;

	if (argc != 8 ||
	    (strcmp(argv[5], "none") != 0 && sscanf(argv[5], "%u-%u", &row.first, &row.last) != 2)) {
		fprintf(stderr, "usage: contend TABLE CHAIN HOW MARK ROW COUNT PAUSE_US\n");
		return 2;
	}
	table = argv[1];
	chain = argv[2];
	mark = strtoul(argv[4], NULL, 10);
	pause = (struct timespec){.tv_nsec = atol(argv[7]) * 1000};
	sigaction(SIGTERM, &action, NULL);
	for (count = atol(argv[6]); count > 0 && !ended; count--) {
		next = row;
		if (strcmp(argv[3], "shrink") == 0) {
			if (row.first > row.last)
				break;
			next.first++;
		} else if (strcmp(argv[3], "turn") == 0) {
			next.last += 2;
			next.first++;
		} else {
			next.last++;
		}
		change(&row, &next);
		row = next;
		nanosleep(&pause, NULL);
	}
	handle = read_table();
	check_row(handle, &row);
	iptc_free(handle);
	fprintf(stderr, "contend: %s %s: %lu retries\n", table, chain, retries);
	if (row.first > row.last)
		puts("none");
	else
		printf("%u-%u\n", row.first, row.last);
	return 0;
}
