/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a container and the supervisor's note beside it. */
#include "base/fs.h"
#include "fuzz.h"
#include "state/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state state = {-1, -1, -1};
	AUTO_FREE char *text = fuzz_string(data, size);
	AUTO_RECORD struct record record = {0}, again = {0};
	const char *part;
	struct error err;
	char *rest = text;

	if (state.dir_fd < 0) {
		fuzz_assert(state_open(fuzz_directory_path(), true, &state, &err) == 0, "%s",
			    err.text);
		fuzz_make_directory("containers/web");
	}
	part = fuzz_next_part(&rest);
	fuzz_put("containers/web/record", part, strlen(part));
	fuzz_put("containers/web/exit", rest, strlen(rest));
	if (record_read(&state, "web", &record, &err) != 1)
		return 0;
	record_liveness(&record);
	fuzz_assert(record_write(&state, &record, &err) == 0, "%s", err.text);
	fuzz_assert(record_read(&state, "web", &again, &err) == 1, "%s", err.text);
	fuzz_assert(again.init.pid == record.init.pid && again.init.inode == record.init.inode &&
			    again.phase == record.phase &&
			    again.stop_signal == record.stop_signal &&
			    strlist_equal(&again.steps, &record.steps) &&
			    strlist_equal(&again.addresses, &record.addresses) &&
			    strlist_equal(&again.ports, &record.ports),
		    "written and read again");
	return 0;
}
