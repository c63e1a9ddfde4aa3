/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman trace */
#include "lifecycle/trace.h"

#include <string.h>

#include "base/log.h"
#include "base/parse.h"
#include "cmd/command.h"
#include "cmd/json.h"
#include "cmd/load.h"

/* ---- what was asked ---- */

static int refuse(const char *text, const char *reason, struct error *err)
{
	command_misused(err, "trace: \"%s\": %s", text, reason);
	error_hint(err, "cman trace NAME TO:PORT[/udp] for the way out, "
			"cman trace NAME:PORT[/udp] for the way in");
	return COMMAND_MISUSED;
}

/* "HOST:PORT", "HOST:PORT/udp"; *host is taken out of it, for free(). */
static int parse_endpoint(const char *text, char **host, struct trace_question *question,
			  struct error *err)
{
	AUTO_FREE char *copy = xstrdup(text);
	char *protocol = strchr(copy, '/'), *port = strrchr(copy, ':');
	uint64_t number;

	question->protocol = IPPROTO_TCP;
	if (protocol) {
		*protocol++ = '\0';
		if (strcmp(protocol, "udp") == 0)
			question->protocol = IPPROTO_UDP;
		else if (strcmp(protocol, "tcp") != 0)
			return refuse(text, "the protocol is tcp or udp", err);
		port = strrchr(copy, ':');
	}
	if (!port)
		return refuse(text, "the port is missing", err);
	*port++ = '\0';
	if (parse_number(port, 1, UINT16_MAX, &number, NULL) < 0)
		return refuse(text, "a port is a number from 1 to 65535", err);
	if (strchr(copy, ':'))
		return refuse(text, "IPv6 is not traced", err);
	if (*copy == '\0')
		return refuse(text, "what stands before the port is missing", err);
	question->port = (uint16_t)number;
	*host = take_pointer(&copy);
	return 0;
}

static int check_destination(const char *text, const char *host, struct error *err)
{
	struct in_addr address;

	/* What looks like an address is not taken for a name. */
	if (strspn(host, "0123456789.") == strlen(host) ? parse_ipv4(host, &address, NULL) < 0
							: parse_check_hostname(host, 253, NULL) < 0)
		return refuse(text, "is neither an IPv4 address nor a name", err);
	return 0;
}

/* ---- for people ---- */

static const struct {
	const char *word, *json, *color;
} verdicts[] = {
	[HOP_OK] = {"ok", "ok", "\033[32m"},
	[HOP_STOP] = {"STOP", "stop", "\033[31m"},
	[HOP_UNKNOWN] = {"?", "unknown", "\033[33m"},
};

static void print_hops(const struct trace *trace)
{
	bool color = log_use_color(stdout);
	size_t width = 0;

	for (size_t i = 0; i < trace->count; i++)
		if (strlen(trace->hops[i].where) > width)
			width = strlen(trace->hops[i].where);
	for (size_t i = 0; i < trace->count; i++) {
		const struct hop *hop = &trace->hops[i];

		printf("%s%-4s%s  %-*s  %s\n", color ? verdicts[hop->verdict].color : "",
		       verdicts[hop->verdict].word, color ? "\033[0m" : "", (int)width, hop->where,
		       hop->what);
		if (hop->remedy)
			printf("      -> %s\n", hop->remedy);
	}
}

/* ---- for programs ---- */

static void print_json(const struct trace_question *question, const struct trace *trace)
{
	AUTO_JSON struct json *object = json_new_object();
	struct json *list = json_new_list();

	for (size_t i = 0; i < trace->count; i++) {
		const struct hop *hop = &trace->hops[i];
		struct json *item = json_new_object();

		json_add_text(item, "verdict", verdicts[hop->verdict].json);
		json_add_text(item, "where", hop->where);
		json_add_text(item, "what", hop->what);
		json_add_text(item, "remedy", hop->remedy);
		json_append(list, item);
	}
	json_add_text(object, "container", question->container);
	json_add_text(object, "family", "ipv4");
	json_add_text(object, "destination", question->destination);
	json_add_number(object, "port", question->port);
	json_add_text(object, "protocol", question->protocol == IPPROTO_TCP ? "tcp" : "udp");
	json_add_bool(object, "arrives", trace_arrives(trace));
	json_add(object, "hops", list);
	json_print(object, stdout);
}

int cmd_trace(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_TRACE struct trace trace = {0};
	AUTO_FREE char *host = NULL;
	struct trace_question question = {.container = argv[0]};
	int rc = parse_endpoint(argv[argc - 1], &host, &question, err);

	if (rc == 0 && argc == 2)
		rc = check_destination(argv[1], host, err);
	if (rc < 0)
		return rc;
	if (argc == 2)
		question.destination = host;
	else
		question.container = host;
	if (load_configuration(options, false, &conf, err) < 0 ||
	    load_names(&conf, 1, (char *[]){(char *)question.container}, LOAD_KNOWN, &names, err) <
		    0 ||
	    load_state(&conf, &state, err) < 0 ||
	    trace_run(&conf.manager, &state, &question, &trace, err) < 0)
		return -1;
	if (options->json)
		print_json(&question, &trace);
	else
		print_hops(&trace);
	return trace_arrives(&trace) ? 0 : 1;
}
