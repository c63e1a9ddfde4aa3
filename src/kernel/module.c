/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "kernel/module.h"

#include <dlfcn.h>
#include <errno.h>
#include <libkmod.h>
#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

#include "base/cleanup.h"

/* What we use of libkmod, found by name in the opened library. */
struct kmod {
	void *library;
	typeof(kmod_new) *new_context;
	typeof(kmod_unref) *unref_context;
	typeof(kmod_set_log_priority) *set_log_priority;
	typeof(kmod_module_new_from_lookup) *lookup;
	typeof(kmod_module_get_module) *get_module;
	typeof(kmod_module_unref) *unref_module;
	typeof(kmod_module_unref_list) *unref_list;
	typeof(kmod_module_probe_insert_module) *insert;
};

static void kmod_close(struct kmod *kmod)
{
	if (kmod->library)
		dlclose(kmod->library);
}

static bool find_functions(struct kmod *kmod)
{
	const struct {
		const char *name;
		void *function;
	} functions[] = {
		{"kmod_new", &kmod->new_context},
		{"kmod_unref", &kmod->unref_context},
		{"kmod_set_log_priority", &kmod->set_log_priority},
		{"kmod_module_new_from_lookup", &kmod->lookup},
		{"kmod_module_get_module", &kmod->get_module},
		{"kmod_module_unref", &kmod->unref_module},
		{"kmod_module_unref_list", &kmod->unref_list},
		{"kmod_module_probe_insert_module", &kmod->insert},
	};

	for (size_t i = 0; i < ARRAY_SIZE(functions); i++) {
		/* POSIX promises that a function pointer fits; C would not let us assign it. */
		void **function = functions[i].function;

		*function = dlsym(kmod->library, functions[i].name);
		if (!*function)
			return false;
	}
	return true;
}

static int kmod_open(struct kmod *kmod, struct error *err)
{
	kmod->library = dlopen("libkmod.so.2", RTLD_NOW | RTLD_LOCAL);
	if (!kmod->library) {
		error_set(err, ENOSYS, "libkmod.so.2");
		return error_hint(err,
				  "install libkmod (Debian: libkmod2, Fedora: kmod-libs), or load "
				  "the module at boot: modules-load.d(5)");
	}
	if (!find_functions(kmod))
		return error_set(err, ENOSYS, "libkmod.so.2 lacks a function");
	return 0;
}

/* Called for an "install" line of modprobe.d(5), whose command modprobe would run. */
static int refuse_command(struct kmod_module *module, const char *command, void *data)
{
	(void)module;
	(void)command;
	(void)data;
	return -EPERM;
}

static int insert_all(const struct kmod *kmod, struct kmod_ctx *context, const char *name,
		      struct error *err)
{
	struct kmod_list *list = NULL;
	int rc = kmod->lookup(context, name, &list);

	/* An alias may stand for several modules, but only the first bears this very name. */
	if (rc >= 0 && !list)
		rc = -ENOENT;
	if (rc >= 0) {
		struct kmod_module *module = kmod->get_module(list);

		rc = kmod->insert(module, KMOD_PROBE_APPLY_BLACKLIST, NULL, refuse_command, NULL,
				  NULL);
		kmod->unref_module(module);
		kmod->unref_list(list);
	}
	if (rc == KMOD_PROBE_APPLY_BLACKLIST || rc == -EPERM) {
		error_set(err, EPERM, "load module %s", name);
		return error_hint(err,
				  "modprobe.d(5) or the kernel's command line forbids it, or the "
				  "capability CAP_SYS_MODULE is missing; \"modprobe %s\" tells which",
				  name);
	}
	return rc < 0 ? error_set(err, -rc, "load module %s", name) : 0;
}

int module_load(const char *name, struct error *err)
{
	AUTO(kmod_close) struct kmod kmod = {0};
	struct kmod_ctx *context;
	int rc;

	if (kmod_open(&kmod, err) < 0)
		return error_wrap(err, "load module %s", name);
	context = kmod.new_context(NULL, NULL);
	if (!context)
		return error_set(err, errno, "load module %s", name);
	/* What fails is in our error; libkmod would write lines to stderr, too. */
	kmod.set_log_priority(context, LOG_EMERG);
	rc = insert_all(&kmod, context, name, err);
	kmod.unref_context(context);
	return rc;
}
