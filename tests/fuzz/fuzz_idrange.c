/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The file of the ranges of ids that were given away. */
#include "base/fs.h"
#include "fuzz.h"
#include "state/idrange.h"

#define BASE 1000000u
#define SIZE 65536u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct id_range web, db, again;
	struct error err;

	fuzz_put("idranges", (const char *)data, size);
	if (idrange_assign(fuzz_directory_path(), "web", BASE, SIZE, &web, &err) < 0)
		return 0;
	if (idrange_assign(fuzz_directory_path(), "db", BASE, SIZE, &db, &err) < 0)
		return 0;
	fuzz_assert(idrange_assign(fuzz_directory_path(), "web", BASE, SIZE, &again, &err) == 0, "%s",
		    err.text);
	fuzz_assert(again.host_first == web.host_first && again.size == web.size, "it stays");
	return 0;
}
