/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_limits.c: CPU lists, block devices, limits of processes, files of cgroups. */
#include <inttypes.h>
#include <string.h>

#include "config/cpulist.h"
#include "config/origin.h"
#include "config/ulimit.h"
#include "config/values.h"

#define IO_MAX     64
#define RATE_MIN   4096 /* less than a block a second would be a standstill */
#define NOFILE_MIN 64
#define NOFILE_MAX 1073741816 /* the most that fs.nr_open can be */
#define RAW_MAX    64

/* ---- cpuset, mems ---- */

static int read_cpu_list(struct assignment *assignment, const struct node *value, void *field)
{
	char list[CPULIST_SIZE];
	char **text = field;
	struct error err;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string like \"0-3,6\"");
	if (strcmp(value->string, "all") != 0 && cpulist_normalise(value->string, list, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	free(*text);
	*text = strcmp(value->string, "all") == 0 ? NULL : xstrdup(list);
	return 0;
}

static bool print_cpu_list(const void *field, bool resolved, struct text *out)
{
	const char *list = *(char *const *)field;

	(void)resolved;
	value_print_string(list ? list : "all", out);
	return true;
}

/* ---- io ---- */

static int check_device(const char *device)
{
	unsigned int major, minor;
	int end = 0;

	if (*device == '/')
		return strlen(device) < 4096 ? 0 : -1;
	return sscanf(device, "%4u:%7u%n", &major, &minor, &end) == 2 && device[end] == '\0' ? 0
											     : -1;
}

static int read_device(struct assignment *assignment, const struct node *value, void *field)
{
	char **device = field;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a string");
	if (check_device(value->string) < 0)
		return assignment_error(assignment, value,
					"a path like \"/dev/sda\", or its numbers"
					" like \"8:0\"",
					"\"%s\" is not a block device", value->string);
	free(*device);
	*device = xstrdup(value->string);
	return 0;
}

static int read_rate(struct assignment *assignment, const struct node *value, void *field)
{
	struct error err;
	uint64_t rate;

	if (value->type == NODE_INTEGER)
		rate = value->integer < 0 ? 0 : (uint64_t)value->integer;
	else if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a size");
	else if (strcmp(value->string, "max") == 0)
		rate = LIMIT_MAX;
	else if (parse_size(value->string, &rate, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (rate < RATE_MIN)
		return assignment_error(assignment, value, NULL,
					"%" PRIu64 " bytes a second are out of range, at least 4K",
					rate);
	*(uint64_t *)field = rate;
	return 0;
}

static int read_operations(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type == NODE_STRING && strcmp(value->string, "max") == 0) {
		*(uint64_t *)field = LIMIT_MAX;
		return 0;
	}
	if (value->type != NODE_INTEGER)
		return assignment_wrong_type(assignment, value, "a whole number or \"max\"");
	/* UINT_MAX itself stands for no limit on cgroup v1 and v2. */
	if (value->integer < 1 || value->integer >= UINT32_MAX)
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, 1 to %u", value->integer,
					UINT32_MAX - 1);
	*(uint64_t *)field = (uint64_t)value->integer;
	return 0;
}

static bool print_device(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	value_print_string(*(char *const *)field, out);
	return true;
}

static bool print_rate(const void *field, bool resolved, struct text *out)
{
	const uint64_t rate = *(const uint64_t *)field;
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	if (rate == LIMIT_MAX)
		return false;
	parse_format_size(rate, text);
	value_print_string(text, out);
	return true;
}

static bool print_operations(const void *field, bool resolved, struct text *out)
{
	const uint64_t rate = *(const uint64_t *)field;

	(void)resolved;
	if (rate != LIMIT_MAX)
		text_addf(out, "%" PRIu64, rate);
	return rate != LIMIT_MAX;
}

static const struct value_type type_device = {"string", read_device, print_device};
static const struct value_type type_rate = {"size", read_rate, print_rate};
static const struct value_type type_operations = {"integer or \"max\"", read_operations,
						  print_operations};

/* Of the groups of limits.io. */
static const struct key io_keys_array[] = {
	{.name = "device", .type = &type_device, .offset = offsetof(struct io_limit, device)},
	{.name = "rbps", .type = &type_rate, .offset = offsetof(struct io_limit, rbps)},
	{.name = "wbps", .type = &type_rate, .offset = offsetof(struct io_limit, wbps)},
	{.name = "riops", .type = &type_operations, .offset = offsetof(struct io_limit, riops)},
	{.name = "wiops", .type = &type_operations, .offset = offsetof(struct io_limit, wiops)},
};
static const struct key_table io_keys = {io_keys_array, ARRAY_SIZE(io_keys_array)};

static void clear_io(void *field)
{
	struct limits *limits = field;

	for (size_t i = 0; i < limits->io_count; i++)
		free(limits->io[i].device);
	free(limits->io);
	limits->io = NULL;
	limits->io_count = 0;
}

static bool has_device(const struct limits *limits, const char *device)
{
	for (size_t i = 0; i < limits->io_count; i++)
		if (strcmp(limits->io[i].device, device) == 0)
			return true;
	return false;
}

/* Reads one group; the path is that of its element, "limits.io[0]". */
static int add_io(struct assignment *assignment, const struct node *group, void *field)
{
	struct limits *limits = field;
	struct io_limit io = {NULL, LIMIT_MAX, LIMIT_MAX, LIMIT_MAX, LIMIT_MAX};
	unsigned int errors = assignment->errors;
	int result = -1;

	if (group->type != NODE_GROUP)
		return assignment_wrong_type(assignment, group, "a group { }");
	if (limits->io_count == IO_MAX)
		return assignment_error(assignment, group, NULL, "there are more than %d of them",
					IO_MAX);
	if (assignment->origins)
		origin_set(assignment->origins, assignment->path + assignment->origin_offset,
			   group->at, assignment->layer);
	assign_group(assignment, &io_keys, group, &io);
	if (assignment->errors > errors)
		goto out;
	if (!io.device)
		assignment_error(assignment, group, NULL, "device is missing");
	else if (has_device(limits, io.device))
		assignment_error(assignment, group, NULL, "%s is there twice", io.device);
	else if (io.rbps == LIMIT_MAX && io.wbps == LIMIT_MAX && io.riops == LIMIT_MAX &&
		 io.wiops == LIMIT_MAX)
		assignment_error(assignment, group, "add rbps, wbps, riops or wiops",
				 "nothing is limited");
	else
		result = 0;
out:
	if (result < 0) {
		free(io.device);
		return -1;
	}
	limits->io = xrealloc(limits->io, limits->io_count + 1, sizeof(*limits->io));
	limits->io[limits->io_count++] = io;
	return 0;
}

static size_t count_io(const void *field)
{
	return ((const struct limits *)field)->io_count;
}

static int read_io(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct group_access access = {count_io, clear_io, add_io};

	return assign_groups(assignment, value, field, &access);
}

static bool print_io(const void *field, bool resolved, struct text *out)
{
	const struct limits *limits = field;

	text_add_string(out, limits->io_count ? "( " : "(");
	for (size_t i = 0; i < limits->io_count; i++) {
		text_addf(out, "%s{", i ? ", " : "");
		for (size_t j = 0; j < io_keys.count; j++) {
			const struct key *key = &io_keys.keys[j];
			AUTO_TEXT struct text value = {0};

			if (key->type->print((const char *)&limits->io[i] + key->offset, resolved,
					     &value))
				text_addf(out, " %s = %s;", key->name, text_value(&value));
		}
		text_add_string(out, " }");
	}
	text_add_string(out, limits->io_count ? " )" : ")");
	return true;
}

static const void *get_io(const void *field, size_t index)
{
	return &((const struct limits *)field)->io[index];
}

static const char *name_io(const void *element)
{
	return ((const struct io_limit *)element)->device;
}

const struct key_elements io_elements = {count_io, get_io, name_io, &io_keys};

/* ---- nofile, ulimits ---- */

/* "SOFT:HARD" */
static int parse_nofile(const char *text, uint64_t *soft, uint64_t *hard, struct error *err)
{
	size_t length = strcspn(text, ":");
	AUTO_FREE char *first = xprintf("%.*s", (int)length, text);

	if (text[length] == '\0') {
		error_set(err, 0, "\"%s\" is not a pair of limits", text);
		return error_hint(err, "\"SOFT:HARD\" like \"1024:4096\"; one number for both"
				       " without quotes");
	}
	if (parse_number(first, NOFILE_MIN, NOFILE_MAX, soft, err) < 0 ||
	    parse_number(text + length + 1, NOFILE_MIN, NOFILE_MAX, hard, err) < 0)
		return -1;
	if (*soft > *hard)
		return error_set(err, 0, "the soft limit is above the hard one");
	return 0;
}

static int read_nofile(struct assignment *assignment, const struct node *value, void *field)
{
	struct limits *limits = field;
	uint64_t soft, hard;
	struct error err;

	if (value->type == NODE_STRING) {
		if (parse_nofile(value->string, &soft, &hard, &err) < 0)
			return assignment_error(assignment, value, err.hint, "%s", err.text);
	} else if (value->type != NODE_INTEGER) {
		return assignment_wrong_type(assignment, value, "a whole number");
	} else if (value->integer < NOFILE_MIN || value->integer > NOFILE_MAX) {
		return assignment_error(assignment, value, NULL,
					"%" PRId64 " is out of range, %d to fs.nr_open of the host",
					value->integer, NOFILE_MIN);
	} else {
		soft = hard = (uint64_t)value->integer;
	}
	limits->nofile_soft = soft;
	limits->nofile_hard = hard;
	return 0;
}

static bool print_nofile(const void *field, bool resolved, struct text *out)
{
	const struct limits *limits = field;

	(void)resolved;
	if (limits->nofile_soft == limits->nofile_hard)
		text_addf(out, "%" PRIu64, limits->nofile_hard);
	else
		text_addf(out, "\"%" PRIu64 ":%" PRIu64 "\"", limits->nofile_soft,
			  limits->nofile_hard);
	return true;
}

static size_t count_ulimits(const void *field)
{
	return ((const struct limits *)field)->ulimit_count;
}

static void clear_ulimits(void *field)
{
	struct limits *limits = field;

	free(limits->ulimits);
	limits->ulimits = NULL;
	limits->ulimit_count = 0;
}

static int add_ulimit(void *field, const char *text, struct error *err)
{
	struct limits *limits = field;
	struct ulimit ulimit;

	if (ulimit_parse(text, &ulimit, err) < 0)
		return -1;
	for (size_t i = 0; i < limits->ulimit_count; i++)
		if (limits->ulimits[i].resource == ulimit.resource)
			return error_set(err, 0, "%s is there twice", ulimit_name(ulimit.resource));
	limits->ulimits =
		xrealloc(limits->ulimits, limits->ulimit_count + 1, sizeof(*limits->ulimits));
	limits->ulimits[limits->ulimit_count++] = ulimit;
	return 0;
}

static int read_ulimits(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_ulimits, clear_ulimits, add_ulimit};

	return assign_list(assignment, value, field, &access);
}

static bool print_ulimits(const void *field, bool resolved, struct text *out)
{
	const struct limits *limits = field;

	(void)resolved;
	text_add_string(out, limits->ulimit_count ? "[ " : "[");
	for (size_t i = 0; i < limits->ulimit_count; i++) {
		char text[PARSE_TEXT_MAX];

		ulimit_format(&limits->ulimits[i], text);
		text_addf(out, "%s\"%s\"", i ? ", " : "", text);
	}
	text_add_string(out, limits->ulimit_count ? " ]" : "]");
	return true;
}

/* ---- raw ---- */

static size_t count_raw(const void *field)
{
	return ((const struct strlist *)field)->count;
}

static void clear_raw(void *field)
{
	strlist_clear(field);
}

/*
 * Only files of the controllers. cgroup.* moves and freezes processes, release_agent runs programs
 * on the host, and what has a key of its own would be written twice.
 */
static int check_raw_file(const char *file, struct error *err)
{
	static const char *const controllers[] = {"memory.", "cpu.", "io.", "pids.", "hugetlb."};
	static const char *const with_key[][2] = {
		{"memory.max", "memory"},
		{"memory.high", "memory_high"},
		{"memory.low", "memory_low"},
		{"memory.swap.max", "swap"},
		{"memory.oom.group", "oom_group"},
		{"cpu.max", "cpus"},
		{"cpu.weight", "cpu_weight"},
		{"cpu.weight.nice", "cpu_weight"},
		{"io.max", "io"},
		{"io.weight", "io_weight"},
		{"io.bfq.weight", "io_weight"},
		{"pids.max", "pids"},
	};
	size_t length = strlen(file);
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++)
		known = known || text_starts_with(file, controllers[i]);
	if (!known || length > 63 || strstr(file, "..") || file[length - 1] == '.' ||
	    strspn(file, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") <
		    length) {
		error_set(err, 0, "\"%s\" is not a file that may be written", file);
		return error_hint(err, "files of cgroup v2 that begin with memory., cpu., io., pids. "
				       "or hugetlb.");
	}
	for (size_t i = 0; i < ARRAY_SIZE(with_key); i++)
		if (strcmp(file, with_key[i][0]) == 0) {
			error_set(err, 0, "\"%s\" has a key of its own", file);
			return error_hint(err, "write limits.%s", with_key[i][1]);
		}
	return 0;
}

static int add_raw(void *field, const char *text, struct error *err)
{
	struct strlist *list = field;
	size_t length = strcspn(text, "=");
	AUTO_FREE char *file = xprintf("%.*s", (int)length, text);

	if (length == 0 || text[length] == '\0' || text[length + 1] == '\0' ||
	    strlen(text + length + 1) > 255) {
		error_set(err, 0, "\"%s\" is not a file with its value", text);
		return error_hint(err, "FILE=VALUE like \"memory.zswap.max=0\"");
	}
	if (check_raw_file(file, err) < 0)
		return -1;
	for (const char *c = text + length + 1; *c; c++)
		if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
			return error_set(err, 0, "%s: control characters are not allowed", file);
	if (list->count == RAW_MAX)
		return error_set(err, 0, "there are more than %d of them", RAW_MAX);
	strlist_add(list, text);
	return 0;
}

static int read_raw(struct assignment *assignment, const struct node *value, void *field)
{
	static const struct list_access access = {count_raw, clear_raw, add_raw};

	return assign_list(assignment, value, field, &access);
}

static bool print_raw(const void *field, bool resolved, struct text *out)
{
	return type_labels.print(field, resolved, out);
}

const struct value_type type_cpu_list = {"string", read_cpu_list, print_cpu_list};
const struct value_type type_io = {"list of groups", read_io, print_io};
const struct value_type type_nofile = {"integer or string", read_nofile, print_nofile};
const struct value_type type_ulimits = {"array", read_ulimits, print_ulimits};
const struct value_type type_raw = {"array", read_raw, print_raw};
