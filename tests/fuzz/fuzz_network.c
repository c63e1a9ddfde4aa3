/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The record of a network. "@boot@" stands for the boot id, without which it counts as gone. */
#include "base/fs.h"
#include "base/process.h"
#include "fuzz.h"
#include "state/network_files.h"

static char *with_boot_id(const char *text)
{
	const char *place = strstr(text, "@boot@");
	char boot_id[37];

	if (!place || process_boot_id(boot_id, NULL) < 0)
		return xstrdup(text);
	return xprintf("%.*s%s%s", (int)(place - text), text, boot_id, place + strlen("@boot@"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct state state = {-1, -1, -1};
	AUTO_FREE char *text = fuzz_string(data, size);
	AUTO_FREE char *bytes = with_boot_id(text);
	AUTO_NETWORK_RECORD struct network_record network = {0}, again = {0};
	struct error err;

	if (state.dir_fd < 0) {
		fuzz_assert(state_open(fuzz_directory_path(), true, &state, &err) == 0, "%s",
			    err.text);
		fuzz_make_directory("networks/lan");
	}
	fuzz_put("networks/lan/record", bytes, strlen(bytes));
	if (network_record_read(&state, "lan", &network, &err) != 1)
		return 0;
	network_record_find(&network, "web", 0);
	fuzz_assert(network_record_write(&state, &network, &err) == 0, "%s", err.text);
	fuzz_assert(network_record_read(&state, "lan", &again, &err) == 1, "%s", err.text);
	fuzz_assert(again.member_count == network.member_count &&
			    again.subnet.s_addr == network.subnet.s_addr && again.nat == network.nat,
		    "written and read again");
	network_record_drop(&network, "web");
	return 0;
}
