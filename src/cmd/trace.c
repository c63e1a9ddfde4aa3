/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman trace */
#include "lifecycle/trace.h"

#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "cmd/command.h"
#include "cmd/load.h"
#include "cmd/trace_words.h"

/* ---- what was asked ---- */

static int take_family(const struct options *options, const struct trace_words *words, int *family,
		       struct error *err)
{
	if (options->ipv4 && options->ipv6)
		return command_misused(err, "trace: -4 and -6 at once; without them it is both");
	*family = options->ipv4 ? AF_INET : options->ipv6 ? AF_INET6 : AF_UNSPEC;
	if (*family != AF_UNSPEC && words->family != AF_UNSPEC && words->family != *family)
		return command_misused(err, "trace: %s is an address of IPv%c", words->host,
				       words->family == AF_INET6 ? '6' : '4');
	return 0;
}

/* The strings in it are those of argv and of words. */
static int take_question(const struct options *options, int argc, char *argv[],
			 struct trace_words *words, struct trace_question *question,
			 struct error *err)
{
	if (trace_words_parse(argv[argc - 1], words, err) < 0 ||
	    take_family(options, words, &question->family, err) < 0)
		return COMMAND_MISUSED;
	question->protocol = words->protocol;
	question->port = words->port;
	question->container = argc == 2 ? argv[0] : words->host;
	question->destination = argc == 2 ? words->host : NULL;
	if (argc == 2 && strchr(argv[0], ':')) {
		command_misused(err, "trace: \"%s\": the port stands behind where it goes to",
				argv[0]);
		error_hint(err, "cman trace NAME TO:PORT");
		return COMMAND_MISUSED;
	}
	if (argc == 1 && words->port == 0) {
		command_misused(err, "trace: \"%s\": the port is missing", argv[0]);
		error_hint(err, "cman trace NAME:PORT[/udp] for the way in, "
				"cman trace NAME TO[:PORT[/udp]] for the way out");
		return COMMAND_MISUSED;
	}
	return 0;
}

/* ---- for people ---- */

static const struct {
	const char *word, *json, *color;
} verdicts[] = {
	[HOP_OK] = {"ok", "ok", "\033[32m"},
	[HOP_STOP] = {"STOP", "stop", "\033[31m"},
	[HOP_UNKNOWN] = {"?", "unknown", "\033[33m"},
	[HOP_WARNING] = {"!", "warning", "\033[33m"},
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

static void print_text(const struct traces *traces)
{
	for (size_t i = 0; i < traces->count; i++) {
		if (traces->count > 1)
			printf("%s:\n", traces->items[i].family == AF_INET6 ? "IPv6" : "IPv4");
		print_hops(&traces->items[i]);
	}
}

/* ---- for programs ---- */

static struct json *list_hops(const struct trace *trace)
{
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
	return list;
}

static const char *protocol_name(const struct trace_question *question)
{
	if (question->protocol == IPPROTO_ICMP)
		return "icmp";
	return question->protocol == IPPROTO_UDP ? "udp" : "tcp";
}

static void print_json(const struct trace_question *question, const struct traces *traces)
{
	AUTO_JSON struct json *object = json_new_object();
	struct json *list = json_new_list();

	for (size_t i = 0; i < traces->count; i++) {
		const struct trace *trace = &traces->items[i];
		struct json *item = json_new_object();

		json_add_text(item, "family", trace->family == AF_INET6 ? "ipv6" : "ipv4");
		json_add_bool(item, "arrives", trace_arrives(trace));
		json_add(item, "hops", list_hops(trace));
		json_append(list, item);
	}
	json_add_text(object, "container", question->container);
	json_add_text(object, "destination", question->destination);
	json_add_number(object, "port", question->port ? question->port : UINT64_MAX);
	json_add_text(object, "protocol", protocol_name(question));
	json_add_bool(object, "arrives", traces_arrive(traces));
	json_add(object, "walks", list);
	json_print(object, stdout);
}

int cmd_trace(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_CONF struct conf conf = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_STRLIST struct strlist names = {0};
	AUTO_TRACES struct traces traces = {0};
	AUTO_TRACE_WORDS struct trace_words words = {0};
	struct trace_question question;

	if (take_question(options, argc, argv, &words, &question, err) < 0)
		return COMMAND_MISUSED;
	if (load_configuration(options, &conf, err) < 0 ||
	    load_names(&conf, 1, (char *[]){(char *)question.container}, LOAD_KNOWN, &names, err) <
		    0 ||
	    load_state(&conf, &state, err) < 0 ||
	    trace_run(&conf.manager, &state, &question, &traces, err) < 0)
		return -1;
	if (options->json)
		print_json(&question, &traces);
	else
		print_text(&traces);
	return traces_arrive(&traces) ? 0 : 1;
}
