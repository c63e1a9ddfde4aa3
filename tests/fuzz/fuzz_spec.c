/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One container's configuration. What is accepted reads, once printed, as the same again. */

#include "config/conf.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);
	AUTO_TEXT struct text first = {0}, second = {0};
	struct spec spec, again;
	struct error err;

	if (conf_parse_spec(text, "fuzz.conf", "web", &spec, &err) < 0)
		return 0;
	conf_print_spec(&spec, true, &first);
	spec_clear(&spec);
	fuzz_assert(conf_parse_spec(text_value(&first), "printed.conf", "web", &again, &err) == 0,
		    "%s in:\n%s", err.text, text_value(&first));
	conf_print_spec(&again, true, &second);
	spec_clear(&again);
	fuzz_assert(strcmp(text_value(&first), text_value(&second)) == 0, "\n%s---\n%s",
		    text_value(&first), text_value(&second));
	return 0;
}
