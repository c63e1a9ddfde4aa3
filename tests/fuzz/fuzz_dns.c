/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the host resolves names: resolv.conf, those of systemd-resolved and of NetworkManager. */
#include "fuzz.h"
#include "lifecycle/dns.h"

static const char *const files[] = {
	"etc/resolv.conf",
	"run/systemd/resolve/resolv.conf",
	"run/NetworkManager/no-stub-resolv.conf",
};

static void prepare(void)
{
	static const char *const directories[] = {"etc", "run", "run/systemd", "run/systemd/resolve",
						  "run/NetworkManager"};

	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		fuzz_make_directory(directories[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_FREE char *text = fuzz_string(data, size);
	struct dns_host host = {0};
	struct error err;
	char *rest = text;
	static bool prepared;

	if (!prepared)
		prepare();
	prepared = true;
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		const char *part = fuzz_next_part(&rest);

		fuzz_put(files[i], part, strlen(part));
	}
	if (dns_find_host_servers(fuzz_directory_path(), false, &host, &err) == 0) {
		for (size_t i = 0; i < host.servers.count; i++)
			fuzz_assert(parse_is_ip(host.servers.items[i]), "%s", host.servers.items[i]);
		/* They become lines of a file that is root's in the container. */
		for (size_t i = 0; i < host.search.count; i++)
			fuzz_assert(!strpbrk(host.search.items[i], " \t\r\n"), "%s",
				    host.search.items[i]);
		for (size_t i = 0; i < host.options.count; i++)
			fuzz_assert(!strpbrk(host.options.items[i], " \t\r\n"), "%s",
				    host.options.items[i]);
	}
	dns_host_clear(&host);
	return 0;
}
