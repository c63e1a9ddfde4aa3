/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The steps "pre_start" and "post_start": hooks on the way up, and on the way down, as their
 * undo, those that stand against them: post_stop and pre_stop. What fails there is told and keeps
 * nothing from going down.
 */
#include "base/log.h"
#include "lifecycle/recorded.h"
#include "lifecycle/steps.h"

/* ---- up ---- */

bool pre_start_wanted(const struct container *container)
{
	return container->spec->hooks.pre_start.count + container->spec->hooks.post_stop.count > 0;
}

bool post_start_wanted(const struct container *container)
{
	return container->spec->hooks.post_start.count + container->spec->hooks.pre_stop.count > 0;
}

/* Adds the key and where it stands. */
static int tell(const struct container *container, enum hook hook, struct error *err)
{
	char where[512];

	return error_wrap(err, "%s%s", hook_key(hook),
			  container_where(container, hook_key(hook), where, sizeof(where)));
}

static int begin(const struct host *host, struct container *container, enum hook hook,
		 struct error *err)
{
	int rc = hooks_begin(host, &container->record, container->spec, hook, &container->hooks,
			     err);

	return rc < 0 ? tell(container, hook, err) : 0;
}

static int await(struct container *container, enum hook hook, struct error *err)
{
	int rc = hooks_await(container->spec, hook, &container->hooks, err);

	return rc < 0 ? tell(container, hook, err) : 0;
}

int pre_start_begin(struct host *host, struct container *container, struct error *err)
{
	return begin(host, container, HOOK_PRE_START, err);
}

int pre_start_await(struct host *host, struct container *container, struct error *err)
{
	(void)host;
	return await(container, HOOK_PRE_START, err);
}

int post_start_begin(struct host *host, struct container *container, struct error *err)
{
	return begin(host, container, HOOK_POST_START, err);
}

int post_start_await(struct host *host, struct container *container, struct error *err)
{
	(void)host;
	return await(container, HOOK_POST_START, err);
}

/* ---- down ---- */

/* What it was started with; NULL, with a warning, when that cannot be read. */
static const struct spec *spec_of(const struct host *host, struct container *container)
{
	struct error err;

	if (container->recorded)
		return container->recorded;
	container->recorded = xalloc(1, sizeof(*container->recorded));
	if (recorded_spec(&host->state, container->name, container->recorded, &err) == 0) {
		struct hooks *hooks = &container->recorded->hooks;

		if (container->stop_limit_ms && hooks->timeout_ms > container->stop_limit_ms)
			hooks->timeout_ms = container->stop_limit_ms;
		return container->recorded;
	}
	free(container->recorded);
	container->recorded = NULL;
	/* Of a lost record nobody knows whether there were hooks. */
	if (!container->any_step)
		log_warning("%s: %s; its hooks are not run", container->name, err.text);
	return NULL;
}

static void warn(const struct container *container, enum hook hook, const struct error *err)
{
	log_warning("%s: %s: %s", container->name, hook_key(hook), err->text);
}

static void begin_stop(const struct host *host, struct container *container, enum hook hook)
{
	const struct spec *spec = spec_of(host, container);
	struct error err;

	if (spec && hooks_begin(host, &container->record, spec, hook, &container->hooks, &err) < 0)
		warn(container, hook, &err);
}

static void await_stop(struct container *container, enum hook hook)
{
	struct error err;

	if (container->recorded &&
	    hooks_await(container->recorded, hook, &container->hooks, &err) < 0)
		warn(container, hook, &err);
}

/* Only what runs can be prepared for its stop. */
int post_start_undo(struct host *host, struct container *container, struct error *err)
{
	(void)err;
	if (record_liveness(&container->record) == LIVE_RUNNING)
		begin_stop(host, container, HOOK_PRE_STOP);
	return 0;
}

int post_start_undo_await(struct host *host, struct container *container, struct error *err)
{
	(void)host;
	(void)err;
	await_stop(container, HOOK_PRE_STOP);
	return 0;
}

int pre_start_undo(struct host *host, struct container *container, struct error *err)
{
	(void)err;
	begin_stop(host, container, HOOK_POST_STOP);
	return 0;
}

int pre_start_undo_await(struct host *host, struct container *container, struct error *err)
{
	(void)host;
	(void)err;
	await_stop(container, HOOK_POST_STOP);
	return 0;
}
