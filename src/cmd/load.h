/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * load.h: the files and the names a command works with. What is wrong in the files is printed
 * here, in one way for all commands: errors that the command cannot live with in full, faults of
 * other containers' files as warnings of one line (in full with -v).
 */
#ifndef CMD_LOAD_H
#define CMD_LOAD_H

#include "cmd/command.h"
#include "config/conf.h"
#include "state/record.h"

/*
 * For commands that start what the files say (up, restart): reads all files. names receives the containers
 * that are asked for: argv, or those that --all, --group or --boot stand for. Running containers keep the
 * addresses they hold. All of argv, with what it needs, must be free of errors; of the others broken
 * (sorted) receives those that are not, which are told, and *status is 1.
 */
int load_to_start(const struct options *options, int argc, char *argv[], struct conf *conf,
		  struct strlist *names, struct strlist *broken, int *status, struct error *err);

/* For who shows what the files say: argv, which must be known and free of errors. */
int load_containers(const struct options *options, int argc, char *argv[], struct conf *conf,
		    struct strlist *names, struct error *err);

/*
 * For a container without a file (run): reads all files and, as one more, text, whose name in messages is
 * "argument". An error where the name is taken, by a file or a record.
 */
int load_transient(const struct options *options, const char *name, const char *text,
		   struct conf *conf, struct error *err);

/*
 * For who compares what runs with the files: argv, which must be known, or every container that has
 * a file or a record. Those whose files have errors are left out, and *status is 1. conf_find() is NULL
 * for names that have no file. acts: it is to be done, too.
 */
int load_to_compare(const struct options *options, int argc, char *argv[], bool acts,
		    struct conf *conf, struct strlist *names, int *status, struct error *err);

/*
 * For commands that work on what runs. Faults of container files keep none of them from working, and are
 * printed with --verbose alone.
 */
int load_configuration(const struct options *options, struct conf *conf, struct error *err);

/* The same without the containers' files: conf has none of them. */
int load_manager(const struct options *options, struct conf *conf, struct error *err);

/*
 * Whether a manager file with errors still says where things are: what runs must be stopped all
 * the same.
 */
bool load_is_of_use(const struct manager *manager);

/*
 * For what cman starts by itself, and a supervisor above all: the state directory is that of its container,
 * whatever the manager file says by now. waits: somebody may be writing that, so it is read again for a
 * moment while it has errors or names another directory; then what it says counts, but for that.
 */
int load_supervised(const struct options *options, bool waits, struct conf *conf, struct error *err);

/*
 * The same with all files, and nothing is told. -1, with conf empty: the manager file has errors, or names
 * another directory.
 */
int load_supervised_files(const struct options *options, struct conf *conf, struct error *err);

/*
 * For who tells all that is wrong: as conf_load(), with running containers keeping the addresses they
 * hold. Nothing is printed.
 */
int load_files(const struct options *options, struct conf *conf, struct diagnostics *diagnostics,
	       struct error *err);

/* As load_files(), of the files of these containers alone (sorted). */
int load_some(const struct options *options, const struct strlist *names, struct conf *conf,
	      struct diagnostics *diagnostics, struct error *err);

/* Prints what is wrong, in full what is about these or the manager file. */
void load_tell(const struct diagnostics *diagnostics, const struct strlist *names, bool verbose);

/* What names there are. */
enum load_known {
	LOAD_RECORDED, /* with a record: running, or something is left of them */
	LOAD_KNOWN,    /* and those with a file */
};

/*
 * argv as it is, each name once; an error when one has neither file nor record, with the nearest
 * one that has. argc 0: all there are, sorted.
 */
int load_names(const struct conf *conf, int argc, char *argv[], enum load_known all,
	       struct strlist *names, struct error *err);

/*
 * For who shows what there is: conf is that of the manager alone, files the names of all containers that
 * have a file (sorted), unless these are not known, which is told; names as load_names(), of both.
 */
int load_listed(const struct options *options, int argc, char *argv[], struct conf *conf,
		struct strlist *names, struct strlist *files, bool *files_known, struct error *err);

/*
 * load_configuration() and load_names() for commands that need no more of the containers' files than
 * the names: these files are not read where argv is of records alone, and conf may have none of them.
 */
int load_recorded(const struct options *options, int argc, char *argv[], enum load_known all,
		  struct conf *conf, struct strlist *names, struct error *err);

/*
 * The state directory for reading. 1; 0: there is none yet, nothing was ever started; -1. state
 * can be closed in any case.
 */
int load_state(const struct conf *conf, struct state *state, struct error *err);

/* An entry of record.addresses: "cman0 10.83.0.10 eth0". false: it is not of that form. */
struct load_address {
	char network[64];
	char address[64];
	char interface[64]; /* "" when it does not say */
	char address6[64];  /* "": it has none */
};
bool load_split_address(const char *entry, struct load_address *address);

/* "10.83.0.10" of the interface with that index in a record; valid until the next call. */
const char *load_record_address(const struct record *record, size_t index);

#endif
