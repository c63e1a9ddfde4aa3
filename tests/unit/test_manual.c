/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * container.conf(5), cman(8) and container.conf.sample against the tables they tell about. Run
 * from the top of the source tree, as make does. Every difference is told, not only the first.
 */
#include "config_test.h"

#include <stdlib.h>

#include "cmd/command.h"
#include "config/keys.h"
#include "config/read.h"

#define CONTAINER_PART "\n# ---- A container"

static unsigned int differences; /* told by the test that runs */

static void differ(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void differ(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprint_error(fmt, args);
	va_end(args);
	print_error("\n");
	differences++;
}

/* ---- texts ---- */

static char *read_source(const char *path)
{
	struct text text = {0};

	read_whole_file(path, &text);
	assert_non_null(text.data);
	return text.data;
}

static char *replace(const char *text, const char *from, const char *to)
{
	struct text out = {0};
	const char *found;

	text_add(&out, "", 0);
	for (; (found = strstr(text, from)) != NULL; text = found + strlen(from)) {
		text_add(&out, text, (size_t)(found - text));
		text_addf(&out, "%s", to);
	}
	text_addf(&out, "%s", text);
	return out.data;
}

/* The directories of this build in the place of the usual ones, or the other way round. */
static char *replace_directories(const char *text, bool to_ours)
{
	static const char *const pairs[][2] = {
		{"\"/etc/cman", "\"" SYSCONFDIR "/cman"},
		{"\"/run/cman", "\"" RUNSTATEDIR "/cman"},
		{"\"/var/lib/cman", "\"" LOCALSTATEDIR "/lib/cman"},
		{"\"/var/log/cman", "\"" LOCALSTATEDIR "/log/cman"},
	};
	char *result = xstrdup(text);

	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		char *before = result;

		result = replace(before, pairs[i][to_ours ? 0 : 1], pairs[i][to_ours ? 1 : 0]);
		free(before);
	}
	return result;
}

/* A line of a text, from 1 on, without its newline; "" behind the end. */
static char *copy_line(const char *text, unsigned int number)
{
	for (; number > 1 && *text; number--) {
		text = strchrnul(text, '\n');
		text += *text == '\n';
	}
	return xprintf("%.*s", (int)strcspn(text, "\n"), text);
}

/* From the line that begins with start to before the next that begins with end, or to the end. */
static char *copy_part(const char *text, const char *start, const char *end)
{
	AUTO_FREE char *first = xprintf("\n%s", start), *next = xprintf("\n%s", end);
	const char *from = strstr(text, first), *to;

	if (!from)
		return NULL;
	to = strstr(from + strlen(first), next);
	return to ? xprintf("%.*s\n", (int)(to - from), from) : xstrdup(from);
}

/* Takes the escapes of roff out of one line. */
static void unescape(char *text)
{
	char *out = text;

	while (*text) {
		if (strncmp(text, "\\(dq", 4) == 0) {
			*out++ = '"';
			text += 4;
		} else if (strncmp(text, "\\-", 2) == 0) {
			*out++ = '-';
			text += 2;
		} else if (strncmp(text, "\\&", 2) == 0) {
			text += 2;
		} else {
			*out++ = *text++;
		}
	}
	*out = '\0';
}

/* ---- container.conf(5) ---- */

struct page {
	char *part;           /* of the manual: what belongs to the table */
	struct strlist paths; /* of the table */
};

/* "(TYPE; default DEFAULT; FORM; own)" */
static char *describe(const struct key *key)
{
	struct text text = {0};

	text_addf(&text, "(%s", key->type ? key->type->name : "group");
	if (key->default_text) {
		AUTO_FREE char *usual = replace_directories(key->default_text, false);

		text_addf(&text, "; default %s", usual);
	}
	if (key->form)
		text_addf(&text, "; %s", key->form);
	text_addf(&text, "%s)", key->exclusive ? "; own" : "");
	return text.data;
}

static void check_documented(const char *path, const struct key *key, void *data)
{
	struct page *page = data;
	AUTO_FREE char *start = xprintf(".It Ic %s\n", path), *wanted = describe(key);
	AUTO_FREE char *item = copy_part(page->part, start, ".It Ic "), *facts = NULL;

	strlist_add(&page->paths, path);
	if (!item) {
		differ("container.conf.5: no \".It Ic %s\"", path);
		return;
	}
	facts = copy_line(item, 3);
	unescape(facts);
	if (strcmp(facts, wanted) != 0)
		differ("container.conf.5: %s\n  has:     %s\n  table:   %s", path, facts, wanted);
	/* The one key that must be there has none; a default that is no plain value is told in words. */
	if (!key->default_text && !key->members && strcmp(path, "rootfs") != 0 &&
	    !strstr(item, "\nDefault:"))
		differ("container.conf.5: %s does not tell its default", path);
}

static void check_keys(const char *section, const struct key_table *table)
{
	AUTO_FREE char *manual = read_source("docs/container.conf.5");
	AUTO_FREE char *start = xprintf(".Sh %s\n", section);
	struct page page = {.part = copy_part(manual, start, ".Sh ")};

	differences = 0;
	assert_non_null(page.part);
	keys_each(table, check_documented, &page);
	for (const char *item = page.part; (item = strstr(item, "\n.It Ic ")) != NULL;) {
		AUTO_FREE char *path = NULL;

		item += strlen("\n.It Ic ");
		path = xprintf("%.*s", (int)strcspn(item, "\n"), item);
		if (!strlist_contains(&page.paths, path))
			differ("container.conf.5: there is no key %s", path);
	}
	free(page.part);
	strlist_clear(&page.paths);
	assert_int_equal(differences, 0);
}

static void manual_has_the_container_keys(void **data)
{
	(void)data;
	check_keys("CONTAINER KEYS", &container_keys);
}

static void manual_has_the_manager_keys(void **data)
{
	(void)data;
	check_keys("MANAGER KEYS", &manager_keys);
}

/* ---- cman(8) ---- */

static void check_options(const char *part, const char *whose, const struct command_option *options)
{
	for (const struct command_option *option = options; option && option->name; option++) {
		AUTO_FREE char *tag = option->letter ? xprintf("\n.It Fl %c , Fl \\-%s",
							       option->letter, option->name)
						     : xprintf("\n.It Fl \\-%s", option->name);
		const char *found = strstr(part, tag);

		if (!found || strncmp(found + strlen(tag), option->argument ? " Ar " : "\n",
				      option->argument ? 4 : 1) != 0)
			differ("cman.8: %s lacks \"%s%s\"", whose, tag + 1,
			       option->argument ? " Ar ..." : "");
	}
	for (const char *item = part; (item = strstr(item, "\n.It Fl ")) != NULL; item++) {
		const char *name = strstr(item, "\\-") + 2;
		size_t length = strcspn(name, " \n");
		bool known = false;

		for (const struct command_option *option = options; option && option->name; option++)
			known = known || (strlen(option->name) == length &&
					  strncmp(option->name, name, length) == 0);
		if (!known)
			differ("cman.8: %s has no option --%.*s", whose, (int)length, name);
	}
}

static void check_command(const char *commands, const struct command *command)
{
	AUTO_FREE char *start = xprintf(".It Ic %s", command->name);
	AUTO_FREE char *item = copy_part(commands, start, ".It Ic ");

	if (!item || !strchr(" \n", item[1 + strlen(start)]))
		differ("cman.8: no \"%s\"", start);
	else
		check_options(item, command->name, command->options);
}

static void manual_has_the_commands(void **data)
{
	AUTO_FREE char *manual = read_source("docs/cman.8");
	AUTO_FREE char *commands = copy_part(manual, ".Sh COMMANDS\n", ".Sh ");

	(void)data;
	differences = 0;
	assert_non_null(commands);
	for (const struct command *command = command_table; command->name; command++)
		if (!command->hidden)
			check_command(commands, command);
	for (const char *item = commands; (item = strstr(item, "\n.It Ic ")) != NULL;) {
		AUTO_FREE char *name = NULL;
		const struct command *command;

		item += strlen("\n.It Ic ");
		name = xprintf("%.*s", (int)strcspn(item, " \n"), item);
		command = command_find(name, NULL);
		if (!command || command->hidden)
			differ("cman.8: there is no command %s", name);
	}
	assert_int_equal(differences, 0);
}

static void manual_has_the_global_options(void **data)
{
	AUTO_FREE char *manual = read_source("docs/cman.8");
	AUTO_FREE char *options = copy_part(manual, ".Sh OPTIONS\n", ".Sh ");

	(void)data;
	differences = 0;
	assert_non_null(options);
	check_options(options, "OPTIONS", command_global_options);
	assert_int_equal(differences, 0);
}

/* ---- container.conf.sample ---- */

/*
 * The sample in two: what is about the manager, and what is about a container. Settings that are
 * commented out, which have no blank behind the sign, are settings in it.
 */
static void read_sample(char **manager, char **container)
{
	AUTO_FREE char *file = read_source("container.conf.sample");
	AUTO_FREE char *sample = replace_directories(file, true);
	char *part = strstr(sample, CONTAINER_PART), *line_start = sample;

	assert_non_null(part);
	part++;
	for (char *c = sample; *c; c++) {
		if (c[0] == '#' && c[1] && !strchr(" \n", c[1]) &&
		    strspn(line_start, "\t") == (size_t)(c - line_start))
			*c = ' ';
		if (*c == '\n')
			line_start = c + 1;
	}
	*manager = xprintf("%.*s", (int)(part - sample), sample);
	*container = xstrdup(part);
}

static const struct node *find_node(const struct node *root, const char *path)
{
	AUTO_FREE char *parts = replace(path, "networks.NAME.", "networks.cman0.");
	char *position = NULL;

	for (char *name = strtok_r(parts, ".", &position); name && root;
	     name = strtok_r(NULL, ".", &position))
		root = node_find(root, name);
	return root;
}

static bool nodes_equal(const struct node *a, const struct node *b)
{
	if (a->type != b->type || a->count != b->count || !text_equal(a->string, b->string) ||
	    a->integer != b->integer || a->boolean != b->boolean)
		return false;
	for (size_t i = 0; i < a->count; i++)
		if (!nodes_equal(&a->children[i], &b->children[i]))
			return false;
	return true;
}

/* The comment right above a line, its lines joined. */
static char *comment_above(const char *text, unsigned int line)
{
	struct text comment = {0};
	unsigned int first = line;

	text_add(&comment, "", 0);
	for (; first > 1; first--) {
		AUTO_FREE char *above = copy_line(text, first - 1);

		if (strncmp(above + strspn(above, "\t "), "# ", 2) != 0)
			break;
	}
	for (; first < line; first++) {
		AUTO_FREE char *part = copy_line(text, first);

		text_addf(&comment, "%s%s", comment.length ? " " : "", strchr(part, '#') + 2);
	}
	return comment.data;
}

struct sample {
	const char *text;
	struct node root;
};

/*
 * Members of a list of groups, which is empty, and of the rootfs, which is a string: "NAME: HELP" in
 * what stands above.
 */
static void check_sampled_member(const char *path, const struct key *key,
				 const struct sample *sample)
{
	size_t length = strcspn(path, strchr(path, '[') ? "[" : ".");
	AUTO_FREE char *list = xprintf("%.*s", (int)length, path);
	AUTO_FREE char *wanted = xprintf("%s: %s", key->name, key->help), *comment = NULL;
	const struct node *node = find_node(&sample->root, list);

	comment = node ? comment_above(sample->text, node->name_at.line) : xstrdup("");
	if (!strstr(comment, wanted))
		differ("container.conf.sample: %s\n  has:     %s\n  table:   %s", path, comment,
		       wanted);
}

static void check_sampled(const char *path, const struct key *key, void *data)
{
	const struct sample *sample = data;
	const struct node *node = find_node(&sample->root, path);
	AUTO_FREE char *comment = NULL, *setting = NULL;
	AUTO_NODE struct node wanted = {.type = NODE_BROKEN};
	struct diagnostics none = {0};

	if (strstr(path, "[]") || text_starts_with(path, "rootfs.")) {
		check_sampled_member(path, key, sample);
		return;
	}
	if (!node) {
		differ("container.conf.sample: no %s", path);
		return;
	}
	comment = comment_above(sample->text, node->name_at.line);
	if (!strstr(comment, key->help))
		differ("container.conf.sample: %s\n  has:     %s\n  table:   %s", path, comment,
		       key->help);
	if (key->exclusive != (strstr(comment, "(own)") != NULL))
		differ("container.conf.sample: %s should%s be marked (own)", path,
		       key->exclusive ? "" : " not");
	if (!key->default_text)
		return;
	setting = xprintf("key = %s;\n", key->default_text);
	assert_int_equal(read_text("default", setting, &none, &wanted), READ_COMPLETE);
	if (!nodes_equal(node, &wanted.children[0]))
		differ("container.conf.sample: %s is not %s", path, key->default_text);
}

static void check_sample(const char *text, const char *name, const struct key_table *table)
{
	AUTO_DIAGNOSTICS struct diagnostics faults = {0};
	struct sample sample = {.text = text};

	if (read_text(name, text, &faults, &sample.root) != READ_COMPLETE) {
		diagnostic_print(&faults.items[0], stderr, false, false);
		fail();
	}
	keys_each(table, check_sampled, &sample);
	node_clear(&sample.root);
}

static void sample_has_every_key(void **data)
{
	AUTO_FREE char *manager = NULL, *container = NULL;

	(void)data;
	differences = 0;
	read_sample(&manager, &container);
	check_sample(manager, "container.conf.sample", &manager_keys);
	check_sample(container, "container part of container.conf.sample", &container_keys);
	assert_int_equal(differences, 0);
}

/* ---- the sample as it works ---- */

/* Without conf_dir, which this machine need not have, and without what is in it. */
static void load_manager(const struct scratch *scratch, const char *text, struct conf *conf)
{
	AUTO_FREE char *path = scratch_write(scratch, "container.conf", text);
	AUTO_DIAGNOSTICS struct diagnostics faults = {0};
	struct error err = {0};

	conf_load(path, NULL, conf, &faults, &err);
	for (size_t i = 0; i < faults.count; i++) {
		const struct diagnostic *fault = &faults.items[i];

		if (fault->container || text_starts_with(fault->message, "conf_dir: " PATH_CONF_DIR))
			continue;
		diagnostic_print(fault, stderr, false, false);
		differences++;
	}
}

static void compare_text(const char *what, const char *sample, const char *built_in)
{
	if (!text_equal(sample, built_in))
		differ("%s: sample \"%s\", built in \"%s\"", what, sample ? sample : "",
		       built_in ? built_in : "");
}

static void compare_number(const char *what, uint64_t sample, uint64_t built_in)
{
	if (sample != built_in)
		differ("%s: sample %lu, built in %lu", what, (unsigned long)sample,
		       (unsigned long)built_in);
}

static void compare_list(const char *what, const struct strlist *sample,
			 const struct strlist *built_in)
{
	if (!strlist_equal(sample, built_in))
		differ("%s: the sample has another list than is built in", what);
}

static void compare_network(const struct network *sample, const struct network *built_in)
{
	compare_text("network", sample->name, built_in->name);
	compare_text("bridge", sample->bridge, built_in->bridge);
	compare_number("subnet", sample->subnet.s_addr, built_in->subnet.s_addr);
	compare_number("prefix", sample->prefix, built_in->prefix);
	compare_number("gateway", sample->gateway.s_addr, built_in->gateway.s_addr);
	compare_number("pool", sample->pool_first.s_addr, built_in->pool_first.s_addr);
	compare_number("pool", sample->pool_last.s_addr, built_in->pool_last.s_addr);
	compare_number("nat", sample->nat, built_in->nat);
	compare_text("uplink", sample->uplink, built_in->uplink);
	compare_number("mtu", sample->mtu, built_in->mtu);
}

static void compare_managers(const struct manager *sample, const struct manager *built_in)
{
	compare_text("conf_dir", sample->conf_dir, built_in->conf_dir);
	compare_text("state_dir", sample->state_dir, built_in->state_dir);
	compare_text("data_dir", sample->data_dir, built_in->data_dir);
	compare_text("log_dir", sample->log_dir, built_in->log_dir);
	compare_number("cgroup.version", sample->cgroup_version, built_in->cgroup_version);
	compare_text("cgroup.parent", sample->cgroup_parent, built_in->cgroup_parent);
	compare_number("firewall.backend", sample->firewall_backend, built_in->firewall_backend);
	compare_text("firewall.prefix", sample->firewall_prefix, built_in->firewall_prefix);
	compare_number("firewall.publish", sample->firewall_publish, built_in->firewall_publish);
	compare_number("firewall.manage_forward", sample->manage_forward, built_in->manage_forward);
	compare_list("dns.servers", &sample->dns_servers, &built_in->dns_servers);
	compare_list("dns.fallback", &sample->dns_fallback, &built_in->dns_fallback);
	compare_list("dns.search", &sample->dns_search, &built_in->dns_search);
	compare_text("dns.domain", sample->dns_domain, built_in->dns_domain);
	compare_number("dns.hosts", sample->dns_hosts, built_in->dns_hosts);
	compare_number("userns.base", sample->userns_base, built_in->userns_base);
	compare_number("userns.size", sample->userns_size, built_in->userns_size);
	compare_number("networks", sample->network_count, built_in->network_count);
	for (size_t i = 0; i < sample->network_count && i < built_in->network_count; i++)
		compare_network(&sample->networks[i], &built_in->networks[i]);
}

/* As it is shipped, and with its example of a template. */
static void sample_is_what_is_built_in(void **data)
{
	AUTO_FREE char *file = read_source("container.conf.sample"), *shipped = NULL;
	AUTO_FREE char *manager = NULL, *container = NULL;
	AUTO_CONF struct conf as_shipped = {0}, uncommented = {0}, empty = {0};
	struct scratch scratch;

	(void)data;
	differences = 0;
	shipped = replace_directories(file, true);
	read_sample(&manager, &container);
	scratch_make(&scratch);
	load_manager(&scratch, shipped, &as_shipped);
	load_manager(&scratch, manager, &uncommented);
	load_manager(&scratch, "", &empty);
	scratch_remove(&scratch);
	compare_managers(&as_shipped.manager, &empty.manager);
	compare_managers(&uncommented.manager, &empty.manager);
	assert_int_equal(differences, 0);
}

/* A container with this text as its file, printed with all that cman chose for it. */
static char *load_container(const char *text)
{
	struct scratch scratch;
	AUTO_FREE char *manager = NULL, *container = NULL;
	AUTO_DIAGNOSTICS struct diagnostics faults = {0};
	AUTO_TEXT struct text printed = {0};
	AUTO_CONF struct conf conf = {0};
	struct error err = {0};
	struct text shown = {0};

	scratch_make(&scratch);
	manager = scratch_manager(&scratch, "");
	container = scratch_write(&scratch, "conf.d/web.conf", text);
	assert_int_equal(conf_load(manager, NULL, &conf, &faults, &err), 0);
	scratch_remove(&scratch);
	print_all(&faults, &printed);
	assert_string_equal(text_value(&printed), "");
	conf_print_spec(conf_find(&conf, "web"), true, &shown);
	return shown.data;
}

/* Its settings, uncommented, mean the same as none of them. */
static void sampled_container_is_what_is_built_in(void **data)
{
	AUTO_FREE char *manager = NULL, *container = NULL, *rootfs = NULL, *directory = NULL;
	AUTO_FREE char *init = NULL, *full = NULL, *bare = NULL, *sampled = NULL, *built_in = NULL;
	struct scratch scratch;

	(void)data;
	scratch_make(&scratch);
	directory = xprintf("%s/sbin", scratch.path);
	assert_int_equal(mkdir(directory, 0755), 0);
	init = scratch_write(&scratch, "sbin/init", "");
	assert_int_equal(chmod(init, 0755), 0);
	read_sample(&manager, &container);
	rootfs = xprintf("\"%s\"", scratch.path);
	full = replace(container, "\"/srv/web\"", rootfs);
	bare = xprintf("rootfs = %s;\n", rootfs);
	sampled = load_container(full);
	built_in = load_container(bare);
	scratch_remove(&scratch);
	assert_string_equal(sampled, built_in);
}

/* The words behind a call of cman in a line of a script, up to the end of what the shell takes for one. */
static void check_call(const char *file, const char *call)
{
	char words[256], *argv[16] = {(char *)(uintptr_t)"cman"}, *rest = words;
	struct command_line line = {0};
	struct error err = {0};
	int argc = 1;

	snprintf(words, sizeof(words), "%.*s", (int)strcspn(call, "\n|;)&"), call);
	for (char *word; argc < 15 && (word = strsep(&rest, " ")) != NULL;)
		if (*word)
			argv[argc++] = word;
	if (command_parse(argc, argv, &line, &err) != 0)
		differ("%s: cman %s: %s", file, words, err.text);
	command_line_clear(&line);
}

static void services_call_what_there_is(void **data)
{
	static const char *const files[] = {"init/cman.sysv", "init/cman.openrc", "init/cman.service",
					    "init/cman@.service", "init/runit/cman/run",
					    "init/runit/cman/finish", "init/runit/cman@/run",
					    "init/runit/cman@/finish"};
	static const char *const calls[] = {"@BINDIR@/cman ", "\"$cman\" "};
	int found = 0;

	(void)data;
	differences = 0;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		AUTO_FREE char *script = read_source(files[i]);

		for (size_t j = 0; j < ARRAY_SIZE(calls); j++)
			for (const char *at = script; (at = strstr(at, calls[j])) != NULL; found++) {
				at += strlen(calls[j]);
				if (*at != ']') /* [ -x "$cman" ] */
					check_call(files[i], at);
			}
	}
	assert_int_equal(differences, 0);
	assert_true(found > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(manual_has_the_container_keys),
		cmocka_unit_test(manual_has_the_manager_keys),
		cmocka_unit_test(manual_has_the_commands),
		cmocka_unit_test(manual_has_the_global_options),
		cmocka_unit_test(services_call_what_there_is),
		cmocka_unit_test(sample_has_every_key),
		cmocka_unit_test(sample_is_what_is_built_in),
		cmocka_unit_test(sampled_container_is_what_is_built_in),
	};

	machine_replace(&test_machine);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
