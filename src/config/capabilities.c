/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/capabilities.h"

#include <ctype.h>
#include <string.h>

/* linux/capability.h: the place is the number. */
static const char *const names[] = {
	"CHOWN",
	"DAC_OVERRIDE",
	"DAC_READ_SEARCH",
	"FOWNER",
	"FSETID",
	"KILL",
	"SETGID",
	"SETUID",
	"SETPCAP",
	"LINUX_IMMUTABLE",
	"NET_BIND_SERVICE",
	"NET_BROADCAST",
	"NET_ADMIN",
	"NET_RAW",
	"IPC_LOCK",
	"IPC_OWNER",
	"SYS_MODULE",
	"SYS_RAWIO",
	"SYS_CHROOT",
	"SYS_PTRACE",
	"SYS_PACCT",
	"SYS_ADMIN",
	"SYS_BOOT",
	"SYS_NICE",
	"SYS_RESOURCE",
	"SYS_TIME",
	"SYS_TTY_CONFIG",
	"MKNOD",
	"LEASE",
	"AUDIT_WRITE",
	"AUDIT_CONTROL",
	"SETFCAP",
	"MAC_OVERRIDE",
	"MAC_ADMIN",
	"SYSLOG",
	"WAKE_ALARM",
	"BLOCK_SUSPEND",
	"AUDIT_READ",
	"PERFMON",
	"BPF",
	"CHECKPOINT_RESTORE",
};

static int find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcmp(names[i], name) == 0)
			return (int)i;
	return -1;
}

/* The name that is meant by "cap_net_raw" or "NET_RWA", or NULL. */
static const char *guess(const char *name)
{
	char upper[32];
	size_t length = 0;

	if (strncasecmp(name, "CAP_", 4) == 0)
		name += 4;
	for (; length < sizeof(upper) - 1 && name[length]; length++)
		upper[length] = (char)toupper((unsigned char)name[length]);
	upper[length] = '\0';
	if (strcmp(upper, "ALL") == 0)
		return "ALL";
	return find(upper) >= 0 ? names[find(upper)] : text_nearest(upper, names, ARRAY_SIZE(names));
}

int capabilities_check_name(const char *name, struct error *err)
{
	const char *meant;

	if (strcmp(name, "ALL") == 0 || find(name) >= 0)
		return 0;
	error_set(err, 0, "\"%s\" is not a capability", name);
	meant = guess(name);
	if (meant)
		return error_hint(err, "did you mean \"%s\"?", meant);
	return error_hint(err,
			  "a name of capabilities(7) without CAP_, like \"NET_RAW\", or \"ALL\"");
}

const char *capabilities_name(unsigned int number)
{
	return number < ARRAY_SIZE(names) ? names[number] : NULL;
}

uint64_t capabilities_of(const struct strlist *list)
{
	uint64_t set = 0;

	for (size_t i = 0; i < list->count; i++) {
		int number = find(list->items[i]);

		if (number < 0)
			return CAPABILITIES_ALL;
		set |= (uint64_t)1 << number;
	}
	return set;
}
