/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lifecycle/forwarding.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/fs.h"
#include "base/log.h"
#include "kernel/sysctl.h"

#define IP_FORWARD  "net/ipv4/ip_forward"
#define CONF6       "net/ipv6/conf"
#define FORWARDING6 CONF6 "/all/forwarding"
#define RECORD6     "ip6_forward" /* a line for each switch: its name and what it was */
#define RECORD6_MAX (1u << 20)
#define SWITCH_MAX  128

/* Writing it makes the kernel walk all interfaces, even when it is on already. */
static int switch_on(const char *name, struct error *err)
{
	char now[16];

	if (sysctl_read(name, now, sizeof(now), err) < 0)
		return -1;
	return strcmp(now, "1") == 0 ? 0 : sysctl_write(name, "1", err);
}

static void warn_if_off(const char *name, const char *as_sysctl, const char *what)
{
	char now[16];
	struct error err;

	if (sysctl_read(name, now, sizeof(now), &err) < 0)
		log_warning("%s", err.text);
	else if (strcmp(now, "0") == 0)
		log_warning("%s is off: %s does not go beyond this host, nor come in; "
			    "firewall.manage_forward = false leaves it to you: sysctl -w %s=1",
			    as_sysctl, what, as_sysctl);
}

void forwarding_warn(void)
{
	warn_if_off(IP_FORWARD, "net.ipv4.ip_forward", "what containers send");
}

int forwarding_on(struct host *host, struct error *err)
{
	char before[16];

	if (!fs_exists_at(host->state.dir_fd, "ip_forward")) {
		if (sysctl_read(IP_FORWARD, before, sizeof(before), err) < 0 ||
		    fs_replace_at(host->state.dir_fd, "ip_forward", before, strlen(before), 0600,
				  err) < 0)
			return -1;
	}
	return switch_on(IP_FORWARD, err);
}

int forwarding_back(struct host *host, struct error *err)
{
	char before[16];

	if (!fs_exists_at(host->state.dir_fd, "ip_forward"))
		return fs_remove_unfinished_at(host->state.dir_fd, "ip_forward", err);
	if (fs_read_line_at(host->state.dir_fd, "ip_forward", before, sizeof(before), err) < 0)
		return -1;
	if (strcmp(before, "0") == 0 && sysctl_write(IP_FORWARD, "0", err) < 0)
		return -1;
	return fs_remove_replaced_at(host->state.dir_fd, "ip_forward", err);
}

/* ---- IPv6: there is a switch for each link ---- */

static void name_switch(const char *link, const char *what, char name[SWITCH_MAX])
{
	snprintf(name, SWITCH_MAX, CONF6 "/%.32s/%s", link, what);
}

/* Whether the link is there and its switch has the value. */
static bool is_set(const char *link, const char *what, const char *value)
{
	char name[SWITCH_MAX], now[16];
	struct error ignored;

	name_switch(link, what, name);
	return sysctl_read(name, now, sizeof(now), &ignored) == 0 && strcmp(now, value) == 0;
}

/*
 * What forwarding would change of a link: one that forwards keeps it when all stop to; one that does
 * not, and listens to routers, is to listen on. "default" is what links that come later begin with.
 */
static void note_link(const char *link, struct text *record)
{
	char name[SWITCH_MAX];

	if (strcmp(link, "all") == 0 || strcmp(link, "lo") == 0)
		return;
	if (is_set(link, "forwarding", "1")) {
		name_switch(link, "forwarding", name);
		text_addf(record, "%s 1\n", name);
	} else if (is_set(link, "accept_ra", "1")) {
		name_switch(link, "accept_ra", name);
		text_addf(record, "%s 1\n", name);
	}
}

static int make_record(struct host *host, struct text *record, struct error *err)
{
	AUTO_STRLIST struct strlist links = {0};
	char before[16];

	if (sysctl_read(FORWARDING6, before, sizeof(before), err) < 0 ||
	    fs_list_at(AT_FDCWD, "/proc/sys/" CONF6, &links, err) < 0)
		return -1;
	/* The first line, as it is the first to be turned back: links follow it. */
	text_addf(record, FORWARDING6 " %s\n", before);
	for (size_t i = 0; strcmp(before, "0") == 0 && i < links.count; i++)
		note_link(links.items[i], record);
	return fs_replace_at(host->state.dir_fd, RECORD6, record->data, record->length, 0600, err);
}

static int read_record(struct host *host, struct text *record, struct error *err)
{
	return fs_read_at(host->state.dir_fd, RECORD6, RECORD6_MAX, record, err);
}

/* A link that has gone meanwhile takes its switches along. */
static int write_switch(const char *name, const char *value, struct error *err)
{
	if (sysctl_write(name, value, err) == 0)
		return 0;
	if (err->code != ENOENT)
		return -1;
	error_clear(err);
	return 0;
}

typedef int switch_function(const char *name, const char *before, void *data, struct error *err);

static int each_switch(char *record, switch_function *function, void *data, struct error *err)
{
	char *line, *rest = record;

	while ((line = strsep(&rest, "\n"))) {
		char name[SWITCH_MAX], before[16];

		if (sscanf(line, "%127s %15s", name, before) == 2 &&
		    function(name, before, data, err) < 0)
			return -1;
	}
	return 0;
}

/* It would listen to routers, and as the host forwards it does not. */
static bool is_deaf(const char *name)
{
	char now[16];

	return strcmp(strrchr(name, '/'), "/accept_ra") == 0 &&
	       sysctl_read(name, now, sizeof(now), NULL) == 0 && strcmp(now, "1") == 0;
}

static int listen_on(const char *name, const char *before, void *data, struct error *err)
{
	(void)before;
	(void)data;
	return is_deaf(name) ? write_switch(name, "2", err) : 0;
}

static int add_deaf(const char *name, const char *before, void *data, struct error *err)
{
	const char *link = name + strlen(CONF6 "/");

	(void)before;
	(void)err;
	if (is_deaf(name))
		strlist_add_taken(data, xprintf("%.*s", (int)strcspn(link, "/"), link));
	return 0;
}

static int turn_back(const char *name, const char *before, void *data, struct error *err)
{
	(void)data;
	/* On before, on now: what somebody else has made of it meanwhile stays. */
	if (strcmp(name, FORWARDING6) == 0 && strcmp(before, "0") != 0)
		return 0;
	return write_switch(name, before, err);
}

int forwarding6_on(struct host *host, struct error *err)
{
	AUTO_TEXT struct text record = {0};

	if (fs_exists_at(host->state.dir_fd, RECORD6)) {
		if (is_set("all", "forwarding", "1"))
			return 0;
		if (read_record(host, &record, err) < 0)
			return -1;
	} else if (make_record(host, &record, err) < 0) {
		return -1;
	}
	/* First, or the kernel throws away the routes that routers have told. */
	if (each_switch(record.data, listen_on, NULL, err) < 0)
		return -1;
	return switch_on(FORWARDING6, err);
}

int forwarding6_find_deaf(struct host *host, struct strlist *links, struct error *err)
{
	AUTO_TEXT struct text record = {0};

	if (!fs_exists_at(host->state.dir_fd, RECORD6))
		return 0;
	return read_record(host, &record, err) < 0 ? -1
						   : each_switch(record.data, add_deaf, links, err);
}

int forwarding6_listen(struct host *host, struct error *err)
{
	AUTO_TEXT struct text record = {0};

	if (!fs_exists_at(host->state.dir_fd, RECORD6))
		return 0;
	return read_record(host, &record, err) < 0 ? -1
						   : each_switch(record.data, listen_on, NULL, err);
}

int forwarding6_back(struct host *host, struct error *err)
{
	AUTO_TEXT struct text record = {0};

	if (!fs_exists_at(host->state.dir_fd, RECORD6))
		return fs_remove_unfinished_at(host->state.dir_fd, RECORD6, err);
	if (read_record(host, &record, err) < 0 ||
	    each_switch(record.data, turn_back, NULL, err) < 0)
		return -1;
	return fs_remove_replaced_at(host->state.dir_fd, RECORD6, err);
}

void forwarding6_warn(void)
{
	warn_if_off(FORWARDING6, "net.ipv6.conf.all.forwarding", "what they send by IPv6");
}
