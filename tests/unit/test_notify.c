/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a container says of itself: datagrams of sd_notify(3), the socket, what is kept of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fs.h"
#include "lifecycle/notify.h"

static void says(const char *text, bool ready, const char *status)
{
	struct notify_message message;
	bool any = notify_parse(text, strlen(text), false, &message);

	if (any != (ready || status) || message.ready != ready ||
	    message.has_status != (status != NULL))
		fail_msg("\"%s\": %d %d %d", text, any, message.ready, message.has_status);
	if (status)
		assert_string_equal(message.status, status);
}

static void lines_are_taken(void **data)
{
	(void)data;
	says("READY=1", true, NULL);
	says("READY=1\n", true, NULL);
	says("STATUS=up\nREADY=1\nMAINPID=7\n", true, "up");
	says("MAINPID=7\nSTATUS=", false, "");
	says("STATUS=a\nSTATUS=b", false, "b");
	says("STATUS=READY=1", false, "READY=1");
}

static void others_are_not(void **data)
{
	(void)data;
	says("", false, NULL);
	says("\n\n\n", false, NULL);
	says("READY=", false, NULL);
	says("READY=0", false, NULL);
	says("READY=11", false, NULL);
	says("READY=1 ", false, NULL);
	says(" READY=1", false, NULL);
	says("ready=1", false, NULL);
	says("XREADY=1\nSTATU=x\nSTATUS", false, NULL);
	says("RELOADING=1\nSTOPPING=1\nBARRIER=1", false, NULL);
}

static void odd_bytes_become_harmless(void **data)
{
	static const char text[] = "STATUS=a\0b\033[0m\tc\x7f\nREADY=1";
	struct notify_message message;

	(void)data;
	assert_true(notify_parse(text, sizeof(text) - 1, false, &message));
	assert_true(message.ready);
	assert_string_equal(message.status, "a?b?[0m?c?");
	/* A NUL byte is no end of a value. */
	assert_false(notify_parse("READY=1\0x", 9, false, &message));
}

static void long_ones_are_cut(void **data)
{
	char text[1000] = "STATUS=";
	struct notify_message message;

	(void)data;
	memset(text + 7, 'x', sizeof(text) - 7);
	assert_true(notify_parse(text, sizeof(text), false, &message));
	assert_int_equal(strlen(message.status), NOTIFY_STATUS_MAX - 1);
	/* Of a datagram that was longer than what was read of it the last line may be half. */
	assert_false(notify_parse("READY=1", 7, true, &message));
	assert_true(notify_parse("READY=1\nSTATUS=ha", 17, true, &message));
	assert_true(message.ready);
	assert_false(message.has_status);
}

static char directory[64];
static int dir_fd;

static int set_up(void **data)
{
	(void)data;
	strcpy(directory, "/tmp/cman-notify-XXXXXX");
	assert_non_null(mkdtemp(directory));
	dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return dir_fd < 0 ? -1 : 0;
}

static int tear_down(void **data)
{
	(void)data;
	close(dir_fd);
	return fs_remove_tree_at(AT_FDCWD, directory, NULL);
}

static void send_one(const char *text)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/notify/socket", directory);
	assert_int_equal(connect(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(send(fd, text, strlen(text), 0), (int)strlen(text));
	close(fd);
}

static void the_socket_is_for_all_and_can_be_made_anew(void **data)
{
	mode_t before = umask(077);
	struct stat st;
	char text[16];
	int fd;

	(void)data;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(notify_make_directory(dir_fd, NULL), 0);
		fd = notify_open_socket(dir_fd, NULL);
		assert_true(fd >= 0);
		assert_int_equal(fstatat(dir_fd, "notify", &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0755);
		assert_int_equal(fstatat(dir_fd, "notify/socket", &st, 0), 0);
		assert_int_equal(st.st_mode & 07777, 0666);
		assert_int_equal(read(fd, text, sizeof(text)), -1);
		send_one("READY=1");
		assert_int_equal(read(fd, text, sizeof(text)), 7);
		close(fd);
	}
	umask(before);
}

static void what_was_said_is_read_back(void **data)
{
	static const struct {
		const char *text;
		uint64_t ready_at;
		const char *status;
	} files[] = {
		{"ready 17\nstatus up and so on\n", 17, "up and so on"},
		{"status loading\n", 0, "loading"},
		{"ready 17\n", 17, ""},
		{"ready \n", 0, ""},
		{"status a\033[2Jb\n", 0, "a?[2Jb"},
		{"", 0, ""},
	};
	struct notify_said said;

	(void)data;
	assert_false(notify_read(dir_fd, &said));
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_int_equal(fs_replace_at(dir_fd, NOTIFY_FILE, files[i].text,
					       strlen(files[i].text), 0600, NULL), 0);
		assert_true(notify_read(dir_fd, &said));
		assert_int_equal(said.ready_at, files[i].ready_at);
		assert_string_equal(said.status, files[i].status);
	}
}

#define IN_DIRECTORY(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_are_taken),
		cmocka_unit_test(others_are_not),
		cmocka_unit_test(odd_bytes_become_harmless),
		cmocka_unit_test(long_ones_are_cut),
		IN_DIRECTORY(the_socket_is_for_all_and_can_be_made_anew),
		IN_DIRECTORY(what_was_said_is_read_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
