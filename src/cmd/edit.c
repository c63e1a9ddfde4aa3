/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cman edit */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/output.h"
#include "base/parse.h"
#include "cmd/apply_names.h"
#include "cmd/command.h"
#include "cmd/edit_file.h"
#include "cmd/load.h"
#include "cmd/plan.h"
#include "config/source.h"
#include "kernel/program.h"
#include "kernel/terminal.h"

/* What was answered; the letters of the questions. */
enum answer {
	ANSWER_APPLY = 'y',
	ANSWER_EDIT = 'e',
	ANSWER_KEEP = 'n', /* leave the file as it is, and the text where it is */
	ANSWER_DISCARD = 'x',
};

/* The end of the input is as good as "n": nothing is done, and nothing lost. */
static enum answer ask(const char *question, const char *letters)
{
	char line[64];

	for (;;) {
		printf("%s ", question);
		output_flush();
		if (!fgets(line, sizeof(line), stdin)) {
			printf("\n");
			return ANSWER_KEEP;
		}
		if (line[0] && (line[1] == '\n' || line[1] == '\0') && strchr(letters, line[0]))
			return (enum answer)line[0];
	}
}

static void tell_kept(const struct edit_file *edit)
{
	printf("%s is as it was; what was edited is in %s\n", edit->path, edit->copy);
}

/* ---- looking at it ---- */

/* What the plan of the container is: false where it does not run, so that there is none. */
static int show_plan(struct plan *plan, const char *name, const char *path, bool *runs,
		     struct error *err)
{
	const struct strlist names = {(char *[]){(char *)name}, 1};
	const int status = plan_find(plan, &names, false, err);
	const struct view *view = status < 0 ? NULL : &plan->items[0].view;

	*runs = view && (view->alive || view->state == VIEW_RESTARTING);
	if (status < 0)
		return -1;
	if (*runs)
		plan_print_text(plan, true);
	else
		printf("%s does not run: %s is written, and nothing is started\n", name, path);
	return 0;
}

/* The set with the edited text in the place of the file, as check and plan would see it. */
static int examine(const struct options *options, const char *name, const struct edit_file *edit,
		   enum answer *answer, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO(plan_clear) struct plan plan = {.state = {-1, -1, -1}};
	const struct strlist names = {(char *[]){(char *)name}, 1};
	size_t errors;
	bool runs;

	if (load_files(options, &plan.conf, &diagnostics, err) < 0)
		return -1;
	load_tell(&diagnostics, &names, options->verbose);
	errors = diagnostics_count_errors(&diagnostics, name);
	if (errors > 0) {
		printf("%zu error%s in it\n", errors, errors == 1 ? "" : "s");
		*answer = ask("(e)dit again, (n)o more and keep the text, (x) throw it away?", "enx");
		return 0;
	}
	if (show_plan(&plan, name, edit->path, &runs, err) < 0)
		return -1;
	*answer = ask(runs ? "write and apply it? (y)es, (e)dit again, (n)o and keep the text, (x) throw it away?"
			   : "write it? (y)es, (e)dit again, (n)o and keep the text, (x) throw it away?",
		      "yenx");
	return 0;
}

static int examine_text(const struct options *options, const char *name,
			const struct edit_file *edit, const struct text *text, enum answer *answer,
			struct error *err)
{
	int rc;

	source_replace(&edit->was, text);
	rc = examine(options, name, edit, answer, err);
	source_replace(NULL, NULL);
	return rc;
}

/* ---- doing it ---- */

static int apply_file(const struct options *options, char *name, const struct edit_file *edit,
		      struct error *err)
{
	/* What does not run is not started behind anybody's back. */
	const struct apply_options how = {.restart = true, .named = true, .only_running = true};
	char *argv[] = {name, NULL};
	AUTO_CONF struct conf conf = {0};
	AUTO_STRLIST struct strlist names = {0};
	int broken, status = -1;
	bool changed;

	if (load_to_compare(options, 1, argv, true, &conf, &names, &broken, err) == 0)
		status = broken ? EXIT_FAILURE
				: apply_names(&conf, &names, &how, "apply", &changed, err);
	if (status == EXIT_FAILURE || status < 0)
		printf("%s has what was edited, and is not in force: cman plan %s\n", edit->path, name);
	return status;
}

static bool runs_now(const struct options *options, const char *name)
{
	AUTO_STATE struct state state = {-1, -1, -1};
	AUTO_CONF struct conf conf = {0};
	AUTO_VIEW struct view view = {.name = name};

	if (load_manager(options, &conf, NULL) < 0 || load_state(&conf, &state, NULL) != 1)
		return false;
	view_take(&conf, &state, name, &view);
	return view.alive || view.state == VIEW_RESTARTING;
}

static int install(const struct options *options, char *name, struct edit_file *edit,
		   const struct text *text, struct error *err)
{
	struct error failure;

	if (edit_file_install(edit, text, err) < 0) {
		tell_kept(edit);
		return -1;
	}
	/* From here on the text is in the file. */
	if (edit_file_discard(edit, &failure) < 0)
		log_warning("%s", failure.text);
	printf("%s written\n", edit->path);
	return runs_now(options, name) ? apply_file(options, name, edit, err) : EXIT_SUCCESS;
}

static int discard(struct edit_file *edit, int status, struct error *err)
{
	return edit_file_discard(edit, err) < 0 ? -1 : status;
}

/* The editor failed: what it has written is kept, if that is something. */
static int give_up(struct edit_file *edit, bool changed)
{
	struct error failure;

	if (changed)
		tell_kept(edit);
	else if (edit_file_discard(edit, &failure) < 0)
		log_warning("%s", failure.text);
	return -1;
}

static bool is_changed(const struct edit_file *edit, const struct text *text)
{
	return text->length != edit->original.length ||
	       memcmp(text_value(text), text_value(&edit->original), text->length) != 0;
}

static int edit_and_ask(const struct options *options, char *name, struct edit_file *edit,
			struct error *err)
{
	AUTO_TEXT struct text text = {0};
	struct error failure;
	enum answer answer;

	do {
		const int edited = edit_file_run_editor(edit, err);

		if (edit_file_read(edit, &text, &failure) < 0) {
			if (edited == 0)
				*err = failure;
			return give_up(edit, failure.code != ENOENT);
		}
		if (edited < 0)
			return give_up(edit, is_changed(edit, &text));
		if (!is_changed(edit, &text)) {
			printf("nothing was changed\n");
			return discard(edit, EXIT_SUCCESS, err);
		}
		if (examine_text(options, name, edit, &text, &answer, err) < 0)
			return give_up(edit, true);
	} while (answer == ANSWER_EDIT);
	if (answer == ANSWER_APPLY)
		return install(options, name, edit, &text, err);
	if (answer == ANSWER_DISCARD)
		return discard(edit, EXIT_FAILURE, err);
	tell_kept(edit);
	return EXIT_FAILURE;
}

/* 0: go on with what is in the copy; 1: the text there is to stay; -1. */
static int begin(struct edit_file *edit, struct error *err)
{
	enum answer answer;

	if (!edit->is_left)
		return edit_file_begin(edit, err);
	printf("%s was edited before, and is not what the file says\n", edit->copy);
	answer = ask("(e)dit that, (n)ot now, (x) throw it away and begin with the file?", "enx");
	if (answer == ANSWER_DISCARD)
		return edit_file_begin(edit, err);
	return answer == ANSWER_EDIT ? 0 : 1;
}

static int check_caller(const struct conf *conf, const char *name, struct error *err)
{
	if (parse_check_container_name(name, err) < 0)
		return -1;
	if (geteuid() != 0)
		return error_set(err, EPERM, "containers are root's business");
	if (terminal_is_interactive())
		return 0;
	error_set(err, 0, "this is not a terminal to edit on");
	return error_hint(err, "change %s/%s.conf, then: cman plan %s, cman apply %s",
			  conf->manager.conf_dir, name, name, name);
}

int cmd_edit(const struct options *options, int argc, char *argv[], struct error *err)
{
	AUTO_EDIT_FILE struct edit_file edit = EDIT_FILE_INIT;
	AUTO_CONF struct conf conf = {0};
	int begun;

	(void)argc;
	if (load_manager(options, &conf, err) < 0 || check_caller(&conf, argv[0], err) < 0 ||
	    /* Not when everything has been asked: it would run all of this once more. */
	    program_protect(err) < 0 || edit_file_open(&conf.manager, argv[0], &edit, err) < 0)
		return -1;
	begun = begin(&edit, err);
	if (begun != 0)
		return begun < 0 ? -1 : EXIT_FAILURE;
	return edit_and_ask(options, argv[0], &edit, err);
}
