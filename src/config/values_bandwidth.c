/* SPDX-License-Identifier: GPL-2.0-or-later */
/* values_bandwidth.c: bits per second. */
#include <inttypes.h>
#include <string.h>

#include "config/values.h"

#define BITS_MIN UINT64_C(8000)         /* 8kbit: 1000 bytes a second */
#define BITS_MAX UINT64_C(100000000000) /* 100Gbit */

/* Powers of 1000, as those who sell lines count. */
static const struct {
	const char *name;
	uint64_t bits;
} units[] = {
	{"Gbit", 1000000000},
	{"Mbit", 1000000},
	{"kbit", 1000},
};

static int parse_bits(const char *text, uint64_t *bits)
{
	const size_t digits = strspn(text, "0123456789");
	AUTO_FREE char *number = xprintf("%.*s", (int)digits, text);

	for (size_t i = 0; i < ARRAY_SIZE(units); i++)
		if (strcmp(text + digits, units[i].name) == 0 &&
		    parse_number(number, 0, BITS_MAX / units[i].bits, bits, NULL) == 0) {
			*bits *= units[i].bits;
			return *bits < BITS_MIN ? -1 : 0;
		}
	return -1;
}

static int read_bandwidth(struct assignment *assignment, const struct node *value, void *field)
{
	uint64_t bits = BANDWIDTH_MAX;

	if (value->type != NODE_STRING)
		return assignment_wrong_type(assignment, value,
					     "a string like \"100Mbit\", or \"max\"");
	if (strcmp(value->string, "max") != 0 && parse_bits(value->string, &bits) < 0)
		return assignment_error(assignment, value,
					"a whole number of kbit, Mbit or Gbit per second",
					"\"%s\" is not a bandwidth from 8kbit to 100Gbit",
					value->string);
	*(uint64_t *)field = bits;
	return 0;
}

static bool print_bandwidth(const void *field, bool resolved, struct text *out)
{
	const uint64_t bits = *(const uint64_t *)field;
	size_t unit = 0;

	(void)resolved;
	while (bits % units[unit].bits != 0)
		unit++;
	if (bits == BANDWIDTH_MAX)
		text_add_string(out, "\"max\"");
	else
		text_addf(out, "\"%" PRIu64 "%s\"", bits / units[unit].bits, units[unit].name);
	return true;
}

const struct value_type type_bandwidth = {"string", read_bandwidth, print_bandwidth};
