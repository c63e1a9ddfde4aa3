/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The words of `ps` and `status` for how a container is, for what it waits, its marks, and the labels of lines:
 * those that cman(8) names are those that the program says, each of them. Run from the top of the source tree,
 * as make does.
 */
#include "config_test.h"
#include "state_fixture.h"

#include <ctype.h>
#include <signal.h>
#include <stdlib.h>

#include "cmd/status_line.h"
#include "cmd/status_why.h"
#include "cmd/view.h"
#include "config/marks.h"

#define EXITED(status) ((status) << 8) /* wait(2) */

static struct ready_state not_ready = {.readiness = READINESS_WAITING, .text = "port 80"};
static struct health_record health[HEALTH_CONDITION_COUNT];

/* ---- the manual ---- */

/* What the manual writes in capitals. */
static const struct {
	const char *word, *value;
} values[] = {
	{"N", "3"},           {"SIG", "SIGSEGV"}, {"STEP", "firewall"}, {"SIGNAL", "SIGTERM"},
	{"TIME", "10s"},      {"NAME", "web"},    {"READY", "port 80"},
};

static void fill_in_word(const char *word, size_t length, struct text *out)
{
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (strlen(values[i].word) == length && strncmp(values[i].word, word, length) == 0) {
			text_addf(out, "%s", values[i].value);
			return;
		}
	text_add(out, word, length);
}

/* One item as it is said of our example; \(dq is a quotation mark. */
static char *fill_in(const char *item, size_t length)
{
	const char *end = item + length;
	struct text out = {0};

	while (item < end) {
		size_t capitals = 0;

		while (item + capitals < end && isupper((unsigned char)item[capitals]))
			capitals++;
		if (capitals > 0) {
			fill_in_word(item, capitals, &out);
			item += capitals;
		} else if (strncmp(item, "\\(dq", 4) == 0) {
			text_add(&out, "\"", 1);
			item += 4;
		} else {
			text_add(&out, item++, 1);
		}
	}
	return out.data;
}

/* The items of the first list behind a line of the manual, as they are said of our example. */
static void list_items(const char *line, struct strlist *items)
{
	AUTO_FREE char *wanted = xprintf("\n%s\n", line);
	AUTO_TEXT struct text manual = {0};
	const char *at, *end;

	read_whole_file("docs/cman.8", &manual);
	at = strstr(text_value(&manual), wanted);
	assert_non_null(at);
	end = strstr(at, "\n.El\n");
	assert_non_null(end);
	while ((at = strstr(at, "\n.It Li ")) != NULL && at < end) {
		at += strlen("\n.It Li ");
		strlist_add_taken(items, fill_in(at, strcspn(at, "\n")));
	}
	assert_true(items->count > 0);
}

static void tell_missing(const struct strlist *items, const struct strlist *others, const char *what,
			 bool *differ)
{
	for (size_t i = 0; i < items->count; i++)
		if (!strlist_contains(others, items->items[i])) {
			print_error("%s: \"%s\"\n", what, items->items[i]);
			*differ = true;
		}
}

static void compare(const char *line, const struct strlist *said)
{
	AUTO_STRLIST struct strlist items = {0};
	bool differ = false;

	list_items(line, &items);
	tell_missing(&items, said, "in cman.8, and never said", &differ);
	tell_missing(said, &items, "said, and not in cman.8", &differ);
	assert_false(differ);
}

/* ---- the program ---- */

struct example {
	enum view_state state;
	bool alive, exited, oom_killed;
	int wait_status;
	bool waits;   /* to be ready */
	bool checked; /* its health */
	enum health_condition condition;
};

static const struct example examples[] = {
	{.state = VIEW_STOPPED},
	{.state = VIEW_STARTING},
	{.state = VIEW_RUNNING, .alive = true},
	{.state = VIEW_RUNNING, .alive = true, .waits = true},
	{.state = VIEW_RUNNING, .alive = true, .checked = true, .condition = HEALTH_STARTING},
	{.state = VIEW_RUNNING, .alive = true, .checked = true, .condition = HEALTH_HEALTHY},
	{.state = VIEW_RUNNING, .alive = true, .checked = true, .condition = HEALTH_UNHEALTHY},
	{.state = VIEW_PAUSED, .alive = true},
	{.state = VIEW_STOPPING, .alive = true},
	{.state = VIEW_STOPPING},
	{.state = VIEW_EXITED, .exited = true, .wait_status = EXITED(3)},
	{.state = VIEW_EXITED, .exited = true, .wait_status = SIGSEGV},
	{.state = VIEW_EXITED, .exited = true, .wait_status = SIGKILL, .oom_killed = true},
	{.state = VIEW_RESTARTING, .exited = true, .wait_status = EXITED(1)},
	{.state = VIEW_STALE},
	{.state = VIEW_UNKNOWN},
};

static void make_view(const struct example *example, struct view *view)
{
	*view = (struct view){
		.name = "web",
		.state = example->state,
		.alive = example->alive,
		.ready = example->waits ? &not_ready : NULL,
		.health = example->checked ? &health[example->condition] : NULL,
		.record = {
			.exited = example->exited,
			.wait_status = example->wait_status,
			.oom_killed = example->oom_killed,
			.stop_signal = SIGTERM,
			.stop_timeout_ms = 10000,
			.paused_at = example->state == VIEW_PAUSED,
			.started_at = 1,
		},
	};
	health[example->condition].condition = example->condition;
	if (example->state == VIEW_STARTING)
		strlist_add(&view->record.steps, "firewall");
}

static void add_once(struct strlist *list, const char *text)
{
	if (!strlist_contains(list, text))
		strlist_add(list, text);
}

static void the_manual_has_the_states(void **data)
{
	AUTO_STRLIST struct strlist states = {0}, conditions = {0};
	bool seen[VIEW_UNKNOWN + 1] = {false};

	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_FREE char *text = NULL;
		struct view view;
		char *comma;

		make_view(&examples[i], &view);
		seen[view.state] = true;
		text = view_describe_state(&view);
		comma = strstr(text, ", ");
		assert_int_equal(comma != NULL, examples[i].waits || examples[i].checked);
		if (comma) {
			add_once(&conditions, comma + 2);
			*comma = '\0';
		}
		add_once(&states, text);
		strlist_clear(&view.record.steps);
	}
	for (size_t i = 0; i < ARRAY_SIZE(seen); i++)
		assert_true(seen[i]);
	compare("States are:", &states);
	compare("Behind the state stands how one that runs is, as far as that is looked at:", &conditions);
}

static void the_manual_has_what_is_waited_for(void **data)
{
	AUTO_STRLIST struct strlist said = {0};

	(void)data;
	for (size_t i = 0; i < ARRAY_SIZE(examples); i++) {
		AUTO_STATUS_WHY struct status_why why = {0};
		struct view view;

		make_view(&examples[i], &view);
		status_why_take(&view, &state, &why);
		if (*why.waits_for)
			add_once(&said, why.waits_for);
		strlist_clear(&view.record.steps);
	}
	compare("What it waits for is one of:", &said);
}

static void the_manual_has_the_marks(void **data)
{
	AUTO_STRLIST struct strlist unsafe = {0}, further = {0}, of_spec = {0};
	struct spec spec = {.host_network = true};

	(void)data;
	for (size_t i = 0; i < MARK_COUNT; i++)
		strlist_add(i < MARKS_OF_SPEC ? &unsafe : &further, mark_names[i]);
	spec.security.privileged = true;
	spec.security.userns.mode = USERNS_NONE;
	spec_list_marks(&spec, &of_spec);
	assert_true(strlist_equal(&of_spec, &unsafe));
	compare("Marks tell what makes a container less safe than others, by what it was started with while it runs,\n"
		"else by its file:",
		&unsafe);
	compare("Further ones tell what runs otherwise than the files have it now:", &further);
}

static void the_manual_has_the_lines(void **data)
{
	AUTO_STRLIST struct strlist labels = {0};

	(void)data;
	for (size_t i = 0; i < STATUS_LABEL_COUNT; i++)
		if (i != STATUS_MORE)
			strlist_add(&labels, status_labels[i]);
	compare("Its lines are these, each where there is something to tell:", &labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_manual_has_the_states),
		STATE_TEST(the_manual_has_what_is_waited_for),
		cmocka_unit_test(the_manual_has_the_marks),
		cmocka_unit_test(the_manual_has_the_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
