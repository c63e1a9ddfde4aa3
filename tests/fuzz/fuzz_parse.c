/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Every function of base/parse.h. What has a way back reads as the same value again. */

#include "base/parse.h"
#include "fuzz.h"

static void check_size(const char *text)
{
	char back[PARSE_TEXT_MAX];
	uint64_t value, again = 0;

	if (parse_size(text, &value, NULL) < 0)
		return;
	parse_format_size(value, back);
	fuzz_assert(parse_size(back, &again, NULL) == 0 && again == value, "\"%s\": \"%s\"", text,
		    back);
}

static void check_duration(const char *text)
{
	char back[PARSE_TEXT_MAX];
	uint64_t value, again = 0;

	if (parse_duration(text, &value, NULL) < 0)
		return;
	parse_format_duration(value, back);
	fuzz_assert(parse_duration(back, &again, NULL) == 0 && again == value, "\"%s\": \"%s\"",
		    text, back);
}

static void check_address(const char *text)
{
	struct in_addr value, again = {0}, last;
	char back[PARSE_TEXT_MAX];
	unsigned int prefix;

	parse_is_ip(text);
	if (parse_ipv4(text, &value, NULL) == 0) {
		parse_format_ipv4(value, back);
		fuzz_assert(strcmp(text, back) == 0, "\"%s\": \"%s\"", text, back);
		fuzz_assert(parse_ipv4(back, &again, NULL) == 0 && again.s_addr == value.s_addr,
			    "\"%s\"", text);
		fuzz_assert(parse_is_ip(text), "\"%s\"", text);
	}
	if (parse_ipv4_network(text, &value, &prefix, NULL) == 0)
		fuzz_assert(prefix <= 32, "\"%s\"", text);
	if (parse_ipv4_range(text, &value, &last, NULL) == 0)
		fuzz_assert(ntohl(value.s_addr) <= ntohl(last.s_addr), "\"%s\"", text);
}

static void check_port(const char *text)
{
	struct port_forward value, again;
	char back[PARSE_TEXT_MAX];

	if (parse_port_forward(text, &value, NULL) < 0)
		return;
	fuzz_assert(value.host_first > 0 && value.host_first <= value.host_last &&
			    value.container_first > 0 &&
			    value.host_last - value.host_first ==
				    value.container_last - value.container_first,
		    "\"%s\"", text);
	parse_format_port_forward(&value, back);
	fuzz_assert(parse_port_forward(back, &again, NULL) == 0, "\"%s\": \"%s\"", text, back);
	fuzz_assert(again.families == value.families &&
			    memcmp(&again.host_address6, &value.host_address6,
				   sizeof(again.host_address6)) == 0 &&
			    again.host_address.s_addr == value.host_address.s_addr &&
			    again.host_first == value.host_first &&
			    again.container_last == value.container_last &&
			    again.protocol == value.protocol,
		    "\"%s\": \"%s\"", text, back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);
	struct error err;
	uint64_t number;
	uint8_t mac[6];

	check_size(text);
	check_duration(text);
	check_address(text);
	check_port(text);
	if (parse_number(text, 1, UINT64_MAX, &number, &err) == 0)
		fuzz_assert(number == strtoull(text, NULL, 10), "\"%s\"", text);
	if (parse_mac(text, mac, &err) == 0)
		fuzz_assert((mac[0] & 1) == 0, "\"%s\"", text);
	/* Names become paths: none may have a slash or lead upwards. */
	if (parse_check_container_name(text, &err) == 0 || parse_check_name(text, &err) == 0 ||
	    parse_check_interface_name(text, &err) == 0)
		fuzz_assert(!strchr(text, '/') && strcmp(text, ".") != 0 &&
				    strcmp(text, "..") != 0 && *text && strlen(text) <= 63,
			    "\"%s\"", text);
	if (parse_check_hostname(text, 64, &err) == 0)
		fuzz_assert(*text && strlen(text) <= 64, "\"%s\"", text);
	return 0;
}
