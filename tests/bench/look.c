/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * look MANAGER_FILE COUNT ROOTFS: makes files and records of so many containers that run, without
 * running any: process 1 stands for the first process of each. For measuring those who only look.
 * Somebody who holds a pidfd of it stays behind, as a supervisor does.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fs.h"
#include "config/conf.h"
#include "state/record.h"

static void fail(const struct error *err)
{
	fprintf(stderr, "look: %s\n", err->text);
	exit(1);
}

static void write_file(const struct conf *conf, size_t index, const char *rootfs)
{
	AUTO_FREE char *path = xprintf("%s/web%zu.conf", conf->manager.conf_dir, index);
	FILE *file = fopen(path, "w");

	if (!file) {
		perror(path);
		exit(1);
	}
	fprintf(file, "# one of many\nrootfs = \"%s\";\nread_only = true;\n", rootfs);
	fprintf(file, "command = [ \"/bin/sleep\", \"100000\" ];\nlimits : { pids = 64; };\n");
	fprintf(file, "net : { ports = [ \"%zu:80\" ]; };\n", 10000 + index);
	fclose(file);
}

static void write_record(const struct conf *conf, const struct state *state, const struct spec *spec)
{
	AUTO_RECORD struct record record = {.name = xstrdup(spec->name), .phase = PHASE_RUNNING};
	AUTO_TEXT struct text text = {0};
	AUTO_FD int dir_fd = -1;
	struct error err;

	id_generate(record.instance);
	record.cgroup_parent = xstrdup(conf->manager.cgroup_parent);
	record.stop_signal = spec->stop_signal;
	record.started_at = 1;
	strlist_add(&record.addresses, "bench0 10.90.0.2 eth0");
	strlist_add(&record.ports, "8080:80");
	record_set_sources(&record, &conf->manager, spec);
	if (process_boot_id(record.boot_id, &err) < 0 ||
	    process_identify(1, &record.init, &err) < 0 ||
	    (mkdirat(state->containers_fd, spec->name, 0700) < 0 && errno != EEXIST) ||
	    record_write(state, &record, &err) < 0)
		fail(&err);
	dir_fd = record_open_directory(state, spec->name, &err);
	conf_print_spec(spec, true, &text);
	if (dir_fd < 0 || fs_rewrite_at(dir_fd, "spec", text.data, text.length, 0600, &err) < 0)
		fail(&err);
}

/* The supervisor of a container has a pidfd of its first process all the time. */
static void hold_process(void)
{
	if (fork() != 0)
		return;
	if (syscall(SYS_pidfd_open, 1, 0) >= 0)
		pause();
	_exit(1);
}

int main(int argc, char **argv)
{
	AUTO_DIAGNOSTICS struct diagnostics diagnostics = {0};
	AUTO_CONF struct conf conf = {0}, manager = {0};
	AUTO_STATE struct state state = {-1, -1, -1};
	struct error err;

	if (argc != 4) {
		fprintf(stderr, "usage: look MANAGER_FILE COUNT ROOTFS\n");
		return 2;
	}
	if (conf_load_manager(argv[1], &manager, &diagnostics, &err) < 0 ||
	    state_open(manager.manager.state_dir, true, &state, &err) < 0)
		fail(&err);
	for (size_t i = 0; i < strtoul(argv[2], NULL, 10); i++)
		write_file(&manager, i, argv[3]);
	usleep(100000); /* else they are too new to be known again by their times */
	if (conf_load(argv[1], NULL, &conf, &diagnostics, &err) < 0)
		fail(&err);
	for (size_t i = 0; i < conf.container_count; i++)
		write_record(&conf, &state, &conf.containers[i]);
	hold_process();
	return 0;
}
