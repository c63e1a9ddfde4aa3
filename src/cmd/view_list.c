/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cmd/view_list.h"

#include "base/shares.h"
#include "cmd/change_look.h"
#include "cmd/load.h"
#include "config/marks.h"

void view_list_clear(struct view_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		view_clear(&list->views[i]);
	free(list->views);
	strlist_clear(&list->names);
	state_close(&list->state);
	conf_clear(&list->conf);
}

/* A file that does not run is asked for its marks; one that runs, if it may say something else now. */
static void look_for_change(void *data, size_t first, size_t end)
{
	const char *known = NULL;

	for (size_t i = first; i < end; i++) {
		struct view *view = &((struct view *)data)[i];

		view->needs_file = view->file &&
				   (!view->alive || !record_is_as_files(&view->record, &known));
	}
}

static void list_needed(const struct view_list *list, struct strlist *names)
{
	shares_do(list->count, look_for_change, list->views);
	for (size_t i = 0; i < list->count; i++)
		if (list->views[i].needs_file)
			strlist_add(names, list->views[i].name);
	strlist_sort(names);
}

/* In the place of the configuration of the manager alone. */
static int read_needed(const struct options *options, const struct strlist *names,
		       struct view_list *list, struct diagnostics *diagnostics)
{
	struct error failure = {0};
	struct conf conf = {0};

	if (load_some(options, names, &conf, diagnostics, &failure) < 0) {
		conf_clear(&conf);
		return -1;
	}
	conf_clear(&list->conf);
	list->conf = conf;
	return 0;
}

static void mark_changed(const struct change_look *look, struct view *view)
{
	AUTO(spec_clear) struct spec recorded = {0};
	struct container_change change = {0};
	struct error ignored = {0};

	/* A command is at work on it, or its record is damaged: its state tells. */
	if (change_look_find(look, view, true, change_look_is_same(look, view), &recorded, &change,
			     &ignored) == 0 &&
	    change.action != ACTION_NOTHING)
		strlist_add(&view->marks, mark_names[MARK_CHANGED]);
	container_change_clear(&change);
}

static void look_at_file(const struct change_look *look, const struct diagnostics *diagnostics,
			 struct view *view)
{
	view->spec = conf_find(look->conf, view->name);
	if (diagnostics_count_errors(diagnostics, view->name) > 0)
		strlist_add(&view->marks, mark_names[MARK_FILE_ERRORS]);
	else if (!view->alive && view->spec)
		spec_list_marks(view->spec, &view->marks);
	else if (view->spec)
		mark_changed(look, view);
}

static int look_at_files(const struct options *options, struct view_list *list, struct error *err)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_STRLIST struct strlist needed = {0};
	struct change_look look;
	int rc;

	list_needed(list, &needed);
	/* Faults of the manager file were told; what its containers say is not known then. */
	if (needed.count == 0 || read_needed(options, &needed, list, &diagnostics) < 0)
		return 0;
	rc = change_look_open(&list->conf, list->state.dir_fd >= 0 ? &list->state : NULL, &look, err);
	for (size_t i = 0; i < list->count && rc == 0; i++)
		if (list->views[i].needs_file)
			look_at_file(&look, &diagnostics, &list->views[i]);
	change_look_clear(&look);
	return rc;
}

/* state: NULL when nothing was ever started. */
static void take_views(const struct state *state, struct view_list *list)
{
	AUTO_FREE struct record_look *looks = NULL;

	list->count = list->names.count;
	list->views = xalloc(list->count, sizeof(*list->views));
	looks = record_look_all(state, &list->names);
	for (size_t i = 0; i < list->count; i++)
		view_take_looked(&list->conf, state, list->names.items[i], &looks[i],
				 &list->views[i]);
}

int view_list_take(const struct options *options, int argc, char *argv[], struct view_list *list,
		   struct error *err)
{
	AUTO_STRLIST struct strlist files = {0};
	bool files_known;
	int there;

	*list = (struct view_list){.state = {-1, -1, -1}};
	if (load_listed(options, argc, argv, &list->conf, &list->names, &files, &files_known, err) < 0)
		return -1;
	there = load_state(&list->conf, &list->state, err);
	if (there < 0)
		return -1;
	take_views(there ? &list->state : NULL, list);
	for (size_t i = 0; i < list->count; i++) {
		struct view *view = &list->views[i];

		if (strlist_contains_sorted(&files, view->name))
			view->file = xprintf("%s/%s.conf", list->conf.manager.conf_dir, view->name);
		else if (files_known && view->alive && !view->record.transient)
			strlist_add(&view->marks, mark_names[MARK_NO_FILE]);
	}
	return look_at_files(options, list, err);
}
