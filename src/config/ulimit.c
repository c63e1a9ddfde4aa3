/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/ulimit.h"

#include <inttypes.h>
#include <string.h>
#include <sys/resource.h>

#include "base/text.h"

static const struct {
	const char *name;
	bool bytes;
} names[RLIM_NLIMITS] = {
	[RLIMIT_AS] = {"as", true},
	[RLIMIT_CORE] = {"core", true},
	[RLIMIT_CPU] = {"cpu", false},
	[RLIMIT_DATA] = {"data", true},
	[RLIMIT_FSIZE] = {"fsize", true},
	[RLIMIT_LOCKS] = {"locks", false},
	[RLIMIT_MEMLOCK] = {"memlock", true},
	[RLIMIT_MSGQUEUE] = {"msgqueue", true},
	[RLIMIT_NICE] = {"nice", false},
	[RLIMIT_NOFILE] = {"nofile", false},
	[RLIMIT_NPROC] = {"nproc", false},
	[RLIMIT_RSS] = {"rss", true},
	[RLIMIT_RTPRIO] = {"rtprio", false},
	[RLIMIT_RTTIME] = {"rttime", false},
	[RLIMIT_SIGPENDING] = {"sigpending", false},
	[RLIMIT_STACK] = {"stack", true},
};

const char *ulimit_name(int resource)
{
	return resource >= 0 && resource < RLIM_NLIMITS ? names[resource].name : NULL;
}

static int find_name(const char *text, size_t length, struct error *err)
{
	AUTO_FREE char *name = xprintf("%.*s", (int)length, text);
	const char *known[RLIM_NLIMITS], *nearest;

	for (int i = 0; i < RLIM_NLIMITS; i++) {
		known[i] = names[i].name;
		if (strcmp(names[i].name, name) == 0)
			return i;
	}
	nearest = text_nearest(name, known, RLIM_NLIMITS);
	error_set(err, 0, "there is no limit \"%s\"", name);
	if (nearest)
		return error_hint(err, "did you mean \"%s\"?", nearest);
	return error_hint(err, "the names of prlimit(2) in small letters: nproc, fsize, stack ...");
}

static int parse_value(const char *text, bool bytes, uint64_t *out, struct error *err)
{
	if (strcmp(text, "unlimited") == 0 || strcmp(text, "infinity") == 0) {
		*out = LIMIT_MAX;
		return 0;
	}
	return bytes ? parse_size(text, out, err) : parse_number(text, 0, LIMIT_MAX - 1, out, err);
}

int ulimit_parse(const char *text, struct ulimit *ulimit, struct error *err)
{
	size_t length = strcspn(text, "=");
	struct ulimit read;
	char *soft, *hard;
	AUTO_FREE char *values = NULL;

	if (text[length] == '\0' || length == 0) {
		error_set(err, 0, "\"%s\" is not a limit of processes", text);
		return error_hint(err, "NAME=SOFT or NAME=SOFT:HARD like \"nproc=64:128\"");
	}
	read.resource = find_name(text, length, err);
	if (read.resource < 0)
		return -1;
	values = soft = xstrdup(text + length + 1);
	hard = strchr(values, ':');
	if (hard)
		*hard++ = '\0';
	if (parse_value(soft, names[read.resource].bytes, &read.soft, err) < 0 ||
	    parse_value(hard ? hard : soft, names[read.resource].bytes, &read.hard, err) < 0)
		return error_wrap(err, "\"%s\"", text);
	if (read.soft > read.hard)
		return error_set(err, 0, "\"%s\": the soft limit is above the hard one", text);
	*ulimit = read;
	return 0;
}

static void format_value(uint64_t value, bool bytes, char out[PARSE_TEXT_MAX])
{
	if (value == LIMIT_MAX)
		snprintf(out, PARSE_TEXT_MAX, "unlimited");
	else if (bytes)
		parse_format_size(value, out);
	else
		snprintf(out, PARSE_TEXT_MAX, "%" PRIu64, value);
}

void ulimit_format(const struct ulimit *ulimit, char out[PARSE_TEXT_MAX])
{
	bool bytes = names[ulimit->resource].bytes;
	char soft[PARSE_TEXT_MAX], hard[PARSE_TEXT_MAX];

	format_value(ulimit->soft, bytes, soft);
	format_value(ulimit->hard, bytes, hard);
	snprintf(out, PARSE_TEXT_MAX, "%s=%.24s%s%.24s", names[ulimit->resource].name, soft,
		 ulimit->soft == ulimit->hard ? "" : ":", ulimit->soft == ulimit->hard ? "" : hard);
}
