/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * layers.h: how a container's configuration comes together: built-in < defaults < extends from
 * left to right < the container's file.
 */
#ifndef CONFIG_LAYERS_H
#define CONFIG_LAYERS_H

#include "config/diagnostic.h"
#include "config/node.h"
#include "config/spec.h"

/* The built-in layer, into an empty struct. name is copied. */
void spec_set_defaults(struct spec *spec, const char *name);

/* The interface a container has unless net = "none" takes it away. */
void spec_add_default_interface(struct spec *spec);
void network_set_defaults(struct network *network, const char *name);
void manager_set_defaults(struct manager *manager);

/*
 * Applies all layers of a container to an empty spec: the built-in one, defaults and templates
 * of the manager file's tree (which was checked, or NULL) and its own file's tree. Returns the
 * number of faults, which are in diagnostics.
 */
unsigned int layers_apply(const struct node *manager_root, const struct node *own, const char *name,
			  struct diagnostics *diagnostics, struct spec *spec);

/*
 * The same for files that were checked, with a look at what it is so far behind each layer: NULL the
 * built-in one, "defaults", the name of each template, and NULL again its own file.
 */
typedef void layers_visitor(void *data, const char *layer, const struct spec *so_far);
void layers_each(const struct node *manager_root, const struct node *own, const char *name,
		 layers_visitor *visit, void *data, struct spec *spec);

#endif
