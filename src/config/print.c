/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.c: a spec back to the language of the files, by the tables of keys.h. */
#include "config/conf.h"
#include "config/keys.h"
#include "config/values.h"

static void print_keys(const struct key_table *table, const void *object, bool resolved,
		       unsigned int depth, struct text *out);

static void indent(unsigned int depth, struct text *out)
{
	while (depth-- > 0)
		text_add_string(out, "  ");
}

static void print_group(const struct key *key, const void *members_of, bool resolved,
			unsigned int depth, struct text *out)
{
	indent(depth, out);
	text_add_string(out, key->name);
	text_add_string(out, " : {\n");
	print_keys(key->members, members_of, resolved, depth + 1, out);
	indent(depth, out);
	text_add_string(out, "};\n");
}

/* One interface as a group, several as a list of groups. */
static void print_interfaces(const struct key *key, const struct spec *spec, bool resolved,
			     struct text *out)
{
	if (spec->interface_count == 1) {
		print_group(key, &spec->interfaces[0], resolved, 0, out);
		return;
	}
	text_addf(out, "%s = ( ", key->name);
	for (size_t i = 0; i < spec->interface_count; i++) {
		text_addf(out, "%s{\n", i ? ", " : "");
		print_keys(key->members, &spec->interfaces[i], resolved, 1, out);
		text_add_string(out, "}");
	}
	text_add_string(out, " );\n");
}

/* false: it has nothing to print. */
static bool print_value(const struct key *key, const void *field, bool resolved, unsigned int depth,
			struct text *out)
{
	const size_t before = out->length;

	if (!key->type || !key->type->print)
		return false;
	indent(depth, out);
	text_add_string(out, key->name);
	text_add_string(out, " = ");
	if (!key->type->print(field, resolved, out)) {
		text_cut(out, before);
		return false;
	}
	text_add_string(out, ";\n");
	return true;
}

static void print_keys(const struct key_table *table, const void *object, bool resolved,
		       unsigned int depth, struct text *out)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct key *key = &table->keys[i];
		const void *field = (const char *)object + key->offset;

		/* Some groups print themselves; net does when there is no interface. */
		if (print_value(key, field, resolved, depth, out))
			continue;
		if (key->type == &type_interfaces) /* its members are an interface's */
			print_interfaces(key, object, resolved, out);
		else if (key->members && !key->type && (!key->is_set || key->is_set(field)))
			print_group(key, field, resolved, depth, out);
	}
}

void conf_print_spec(const struct spec *spec, bool resolved, struct text *out)
{
	print_keys(&container_keys, spec, resolved, 0, out);
}
