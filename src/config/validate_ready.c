/* SPDX-License-Identifier: GPL-2.0-or-later */
/* validate_ready.c: the groups ready and health. */
#include <string.h>

#include "config/validate.h"

static const char *const kind_keys[] = {
	[READY_PORT] = "ready.port",
	[READY_COMMAND] = "ready.command",
	[READY_FILE] = "ready.file",
	[READY_NOTIFY] = "ready.notify",
};

static const struct origin *find_origin(const struct spec *spec, const char *key)
{
	for (size_t i = 0; i < spec->origins.count; i++)
		if (strcmp(spec->origins.items[i].key, key) == 0)
			return &spec->origins.items[i];
	return NULL;
}

static bool asks_for(const struct ready *ready, enum ready_kind kind)
{
	switch (kind) {
	case READY_PORT:
		return ready->port != 0;
	case READY_COMMAND:
		return ready->command.count > 0;
	case READY_FILE:
		return ready->file != NULL;
	case READY_NOTIFY:
		return ready->notify;
	case READY_NONE:
		break;
	}
	return false;
}

static void forget(struct ready *ready, enum ready_kind kind)
{
	if (kind == READY_PORT)
		ready->port = 0;
	else if (kind == READY_COMMAND)
		strlist_clear(&ready->command);
	else if (kind == READY_NOTIFY)
		ready->notify = false;
	else
		free(take_pointer(&ready->file));
}

/* Whether it stands in the container's own file, and not in a template. */
static bool is_own(const struct spec *spec, enum ready_kind kind)
{
	const struct origin *origin = find_origin(spec, kind_keys[kind]);

	return origin && !origin->layer;
}

/* One at the most. What the container's own file asks for goes before what templates do. */
static void choose_kind(struct spec *spec, struct diagnostics *diagnostics)
{
	struct ready *ready = &spec->ready;
	enum ready_kind found = READY_NONE;
	bool own = false;

	for (enum ready_kind kind = READY_PORT; kind <= READY_NOTIFY; kind++)
		own = own || (asks_for(ready, kind) && is_own(spec, kind));
	for (enum ready_kind kind = READY_PORT; kind <= READY_NOTIFY; kind++) {
		if (!asks_for(ready, kind))
			continue;
		if (own && !is_own(spec, kind)) {
			forget(ready, kind);
			continue;
		}
		if (found != READY_NONE)
			diagnostics_add(diagnostics, SEVERITY_ERROR,
					origin_find(&spec->origins, kind_keys[kind]),
					"leave one of them out; a command can look at both",
					"%s and %s exclude each other", kind_keys[kind],
					kind_keys[found]);
		else
			found = kind;
	}
}

/* In a template they may be there for those that have the rest. */
static void warn_useless(const struct spec *spec, const char *key, const char *without,
			 struct diagnostics *diagnostics)
{
	const struct origin *origin = find_origin(spec, key);

	if (origin && !origin->layer)
		diagnostics_add(diagnostics, SEVERITY_WARNING, origin->location, NULL,
				"%s: it does nothing without %s", key, without);
}

/* Where what it needs is there, and empty or wrong, that is on purpose, or has been told. */
static bool names_a_kind(const struct spec *spec)
{
	for (enum ready_kind kind = READY_PORT; kind <= READY_NOTIFY; kind++)
		if (find_origin(spec, kind_keys[kind]))
			return true;
	return false;
}

static void check_socket(const struct spec *spec, struct diagnostics *diagnostics)
{
	for (size_t i = 0; i < spec->environment.count; i++)
		if (strcspn(spec->environment.items[i], "=") == strlen("NOTIFY_SOCKET") &&
		    text_starts_with(spec->environment.items[i], "NOTIFY_SOCKET") &&
		    strcmp(spec->environment.items[i], "NOTIFY_SOCKET=" NOTIFY_SOCKET) != 0)
			diagnostics_add(diagnostics, SEVERITY_ERROR,
					origin_find(&spec->origins, "environment"),
					"leave it out: with ready.notify cman sets it",
					"environment: NOTIFY_SOCKET leads elsewhere");
}

void validate_ready(struct spec *spec, struct diagnostics *diagnostics)
{
	static const char *const useless[] = {"health.interval", "health.timeout", "health.retries",
					      "health.start_period", "health.on_failure"};

	choose_kind(spec, diagnostics);
	if (!names_a_kind(spec))
		warn_useless(spec, "ready.timeout", "port, command, file or notify beside it",
			     diagnostics);
	if (spec->ready.notify)
		check_socket(spec, diagnostics);
	if (find_origin(spec, "health.command"))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(useless); i++)
		warn_useless(spec, useless[i], "health.command", diagnostics);
}
