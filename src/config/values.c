/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values.c: numbers, sizes, times, signals. */
#include "config/values.h"

#include <inttypes.h>
#include <string.h>

#include "base/process.h"
#include "config/machine.h"

#define PIDS_MIN    2
#define PIDS_MAX    4194304 /* PID_MAX_LIMIT of the kernel */
#define MEMORY_MIN  (4u << 20)
#define WEIGHT_MAX  10000
#define CPUS_MIN    0.01 /* the least quota the kernel takes is 1 ms */
#define CPUS_MAX    8192
#define TIME_MAX_MS 3600000

static int read_boolean(struct assignment *assignment, const struct node *value, void *field)
{
	if (value->type != NODE_BOOLEAN)
		return assignment_wrong_type(assignment, value, "true or false");
	*(bool *)field = value->boolean;
	return 0;
}

static bool print_boolean(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_add_string(out, *(const bool *)field ? "true" : "false");
	return true;
}

/* A whole number from least to most, both included; anything else is reported. */
static bool read_integer(struct assignment *assignment, const struct node *value, int64_t least,
			 int64_t most, int64_t *out)
{
	if (value->type != NODE_INTEGER) {
		assignment_wrong_type(assignment, value, "a whole number");
		return false;
	}
	if (value->integer < least || value->integer > most) {
		assignment_error(assignment, value, NULL,
				 "%" PRId64 " is out of range, %" PRId64 " to %" PRId64,
				 value->integer, least, most);
		return false;
	}
	*out = value->integer;
	return true;
}

static int read_version(struct assignment *assignment, const struct node *value, void *field)
{
	(void)field;
	if (value->type != NODE_INTEGER)
		return assignment_wrong_type(assignment, value, "a whole number");
	if (value->integer != 1)
		return assignment_error(assignment, value,
					"this cman knows version 1 of its files only",
					"%" PRId64 " is unknown", value->integer);
	return 0;
}

static int read_cgroup_version(struct assignment *assignment, const struct node *value, void *field)
{
	enum cgroup_version *version = field;
	const char *text = value->type == NODE_STRING ? value->string : "";

	if (strcmp(text, "auto") == 0)
		*version = CGROUP_AUTO;
	else if (strcmp(text, "1") == 0 || (value->type == NODE_INTEGER && value->integer == 1))
		*version = CGROUP_V1;
	else if (strcmp(text, "2") == 0 || (value->type == NODE_INTEGER && value->integer == 2))
		*version = CGROUP_V2;
	else
		return assignment_error(assignment, value, NULL, "expected \"auto\", 1 or 2");
	return 0;
}

static int read_firewall_backend(struct assignment *assignment, const struct node *value,
				 void *field)
{
	enum firewall_backend *backend = field;
	const char *text = value->type == NODE_STRING ? value->string : "";

	for (unsigned int i = 0; i < FIREWALL_BACKEND_COUNT; i++) {
		if (strcmp(text, firewall_backend_names[i]) == 0) {
			*backend = (enum firewall_backend)i;
			return 0;
		}
	}
	return assignment_error(assignment, value, NULL,
				"expected \"auto\", \"iptables\", \"nftables\" or \"none\"");
}

static int read_firewall_publish(struct assignment *assignment, const struct node *value,
				 void *field)
{
	enum firewall_publish *publish = field;
	const char *text = value->type == NODE_STRING ? value->string : "";

	if (strcmp(text, "open") == 0)
		*publish = PUBLISH_OPEN;
	else if (strcmp(text, "host-firewall") == 0)
		*publish = PUBLISH_HOST_FIREWALL;
	else
		return assignment_error(assignment, value, NULL,
					"expected \"open\" or \"host-firewall\"");
	return 0;
}

static int read_ranged_u32(struct assignment *assignment, const struct node *value, void *field,
			   int64_t least, int64_t most)
{
	int64_t number;

	if (!read_integer(assignment, value, least, most, &number))
		return -1;
	*(uint32_t *)field = (uint32_t)number;
	return 0;
}

static int read_mtu(struct assignment *assignment, const struct node *value, void *field)
{
	return read_ranged_u32(assignment, value, field, 576, 65535);
}

static int read_id(struct assignment *assignment, const struct node *value, void *field)
{
	return read_ranged_u32(assignment, value, field, 1, UINT32_MAX - 1);
}

static int read_id_count(struct assignment *assignment, const struct node *value, void *field)
{
	return read_ranged_u32(assignment, value, field, 1000, INT32_MAX);
}

static int read_signal(struct assignment *assignment, const struct node *value, void *field)
{
	char name[32];
	int number;

	if (value->type == NODE_INTEGER)
		number = value->integer >= 1 && value->integer <= 64 ? (int)value->integer : 0;
	else if (value->type == NODE_STRING)
		number = process_signal_number(value->string);
	else
		return assignment_wrong_type(assignment, value, "a signal");
	/* A number without a name is kept by the C library for itself. */
	if (number == 0 || !process_signal_name(number, name, sizeof(name)))
		return assignment_error(assignment, value,
					"a name like \"SIGTERM\" or \"SIGRTMIN+3\", or"
					" a number from 1 to 64",
					"there is no such signal");
	*(int *)field = number;
	return 0;
}

static bool print_signal(const void *field, bool resolved, struct text *out)
{
	char name[32];

	(void)resolved;
	if (!process_signal_name(*(const int *)field, name, sizeof(name)))
		return false;
	value_print_string(name, out);
	return true;
}

int value_read_time(struct assignment *assignment, const struct node *value, uint64_t lowest,
		    uint64_t highest, const char *form, uint32_t *ms)
{
	struct error err;
	uint64_t time;

	if (value->type == NODE_INTEGER)
		time = value->integer < 0 || value->integer > UINT32_MAX / 1000
			       ? UINT64_MAX
			       : (uint64_t)value->integer * 1000;
	else if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a time");
	else if (parse_duration(value->string, &time, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (time < lowest || time > highest)
		return assignment_error(assignment, value, NULL, "the time is out of range, %s", form);
	*ms = (uint32_t)time;
	return 0;
}

static int read_time(struct assignment *assignment, const struct node *value, void *field)
{
	return value_read_time(assignment, value, 0, TIME_MAX_MS, "0 to 1h", field);
}

static bool print_time(const void *field, bool resolved, struct text *out)
{
	char text[PARSE_TEXT_MAX];

	(void)resolved;
	parse_format_duration(*(const uint32_t *)field, text);
	value_print_string(text, out);
	return true;
}

static bool is_max(const struct node *value)
{
	return value->type == NODE_STRING && strcmp(value->string, "max") == 0;
}

static int read_pids(struct assignment *assignment, const struct node *value, void *field)
{
	int64_t number;

	if (is_max(value)) {
		*(uint64_t *)field = LIMIT_MAX;
		return 0;
	}
	if (value->type == NODE_STRING)
		return assignment_error(assignment, value, NULL,
					"expected a whole number or \"max\"");
	if (!read_integer(assignment, value, PIDS_MIN, PIDS_MAX, &number))
		return -1;
	*(uint64_t *)field = (uint64_t)number;
	return 0;
}

static bool print_pids(const void *field, bool resolved, struct text *out)
{
	uint64_t number = *(const uint64_t *)field;

	(void)resolved;
	if (number == LIMIT_MAX)
		text_add_string(out, "\"max\"");
	else
		text_addf(out, "%" PRIu64, number);
	return true;
}

int value_read_size(struct assignment *assignment, const struct node *value, uint64_t lowest,
		    uint64_t highest, const char *form, uint64_t *bytes)
{
	struct error err;
	uint64_t size = 0;

	if (value->type == NODE_INTEGER)
		size = value->integer < 0 ? 0 : (uint64_t)value->integer;
	else if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a size");
	else if (parse_size(value->string, &size, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (size < lowest || size > highest)
		return assignment_error(assignment, value, NULL, "the size is out of range, %s", form);
	*bytes = size;
	return 0;
}

void value_print_size(uint64_t bytes, struct text *out)
{
	char size[PARSE_TEXT_MAX];

	parse_format_size(bytes, size);
	value_print_string(size, out);
}

/* "50%" of the memory of this machine. */
static bool read_percent(const char *text, uint64_t *bytes)
{
	const char *sign = strchr(text, '%');
	size_t digits = strspn(text, "0123456789");
	uint64_t percent = strtoull(text, NULL, 10);

	if (!sign || sign[1] != '\0' || sign != text + digits || digits == 0 || digits > 3 ||
	    percent < 1 || percent > 100)
		return false;
	*bytes = machine_get()->memory / 100 * percent + machine_get()->memory % 100 * percent / 100;
	return true;
}

static int read_bytes(struct assignment *assignment, const struct node *value, uint64_t least,
		      void *field)
{
	struct error err;
	uint64_t bytes;

	if (value->type == NODE_INTEGER && value->integer < 0)
		return assignment_error(assignment, value, NULL, "%" PRId64 " is out of range",
					value->integer);
	if (value->type == NODE_INTEGER)
		bytes = (uint64_t)value->integer;
	else if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value, "a size");
	else if (is_max(value))
		bytes = LIMIT_MAX;
	else if (!read_percent(value->string, &bytes) && parse_size(value->string, &bytes, &err) < 0)
		return assignment_error(assignment, value, err.hint, "%s", err.text);
	if (bytes < least)
		return assignment_error(assignment, value, NULL,
					"%" PRIu64 " bytes are out of range, at least 4M", bytes);
	*(uint64_t *)field = bytes;
	return 0;
}

static int read_memory(struct assignment *assignment, const struct node *value, void *field)
{
	return read_bytes(assignment, value, MEMORY_MIN, field);
}

static int read_memory_or_none(struct assignment *assignment, const struct node *value, void *field)
{
	return read_bytes(assignment, value, 0, field);
}

static int read_weight(struct assignment *assignment, const struct node *value, void *field)
{
	return read_ranged_u32(assignment, value, field, 1, WEIGHT_MAX);
}

static bool print_weight(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "%u", *(const uint32_t *)field);
	return true;
}

static int read_score(struct assignment *assignment, const struct node *value, void *field)
{
	int64_t number;

	if (!read_integer(assignment, value, -1000, 1000, &number))
		return -1;
	*(int *)field = (int)number;
	return 0;
}

static bool print_score(const void *field, bool resolved, struct text *out)
{
	(void)resolved;
	text_addf(out, "%d", *(const int *)field);
	return true;
}

static bool print_memory(const void *field, bool resolved, struct text *out)
{
	uint64_t bytes = *(const uint64_t *)field;
	char text[PARSE_TEXT_MAX] = "max";

	(void)resolved;
	if (bytes != LIMIT_MAX)
		parse_format_size(bytes, text);
	value_print_string(text, out);
	return true;
}

static int read_cpus(struct assignment *assignment, const struct node *value, void *field)
{
	double cpus;

	if (is_max(value)) {
		*(uint64_t *)field = LIMIT_MAX;
		return 0;
	}
	if (value->type == NODE_STRING)
		return assignment_error(assignment, value, NULL,
					"expected a number of CPUs like 0.5, or \"max\"");
	if (value->type != NODE_INTEGER && value->type != NODE_FLOAT)
		return assignment_wrong_type(assignment, value, "a number of CPUs");
	cpus = value->type == NODE_FLOAT ? value->real : (double)value->integer;
	if (!(cpus >= CPUS_MIN && cpus <= CPUS_MAX))
		return assignment_error(assignment, value, NULL,
					"%g is out of range, 0.01 to the number of CPUs", cpus);
	*(uint64_t *)field = (uint64_t)(cpus * CPU_PERIOD_US + 0.5);
	return 0;
}

/* Without floating point: exact, and no locale puts a comma into it. */
static bool print_cpus(const void *field, bool resolved, struct text *out)
{
	uint64_t quota = *(const uint64_t *)field;
	char digits[8];
	size_t length = 5;

	(void)resolved;
	if (quota == LIMIT_MAX) {
		text_add_string(out, "\"max\"");
		return true;
	}
	snprintf(digits, sizeof(digits), "%05u", (unsigned int)(quota % CPU_PERIOD_US));
	while (length > 1 && digits[length - 1] == '0')
		length--;
	text_addf(out, "%" PRIu64 ".%.*s", quota / CPU_PERIOD_US, (int)length, digits);
	return true;
}

const struct value_type type_boolean = {"boolean", read_boolean, print_boolean};
const struct value_type type_version = {"integer", read_version, NULL};
const struct value_type type_cgroup_version = {"string or integer", read_cgroup_version, NULL};
const struct value_type type_firewall_backend = {"string", read_firewall_backend, NULL};
const struct value_type type_firewall_publish = {"string", read_firewall_publish, NULL};
const struct value_type type_signal = {"string or integer", read_signal, print_signal};
const struct value_type type_time = {"time", read_time, print_time};
const struct value_type type_mtu = {"integer", read_mtu, NULL};
const struct value_type type_id = {"integer", read_id, NULL};
const struct value_type type_id_count = {"integer", read_id_count, NULL};
const struct value_type type_pids = {"integer or \"max\"", read_pids, print_pids};
const struct value_type type_memory = {"size", read_memory, print_memory};
const struct value_type type_cpus = {"number or \"max\"", read_cpus, print_cpus};
const struct value_type type_memory_or_none = {"size", read_memory_or_none, print_memory};
const struct value_type type_weight = {"integer", read_weight, print_weight};
const struct value_type type_score = {"integer", read_score, print_score};
