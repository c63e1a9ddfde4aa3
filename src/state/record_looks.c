/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "state/record_looks.h"

#include <pthread.h>
#include <signal.h>
#include <sys/sysinfo.h>

#define SHARE_MIN   64 /* records: what a thread costs is then lost among them */
#define THREADS_MAX 8

struct share {
	const struct state *state;
	const struct strlist *names;
	struct record_look *looks;
	size_t first, end;
};

void record_look_clear(struct record_look *look)
{
	record_clear(&look->record);
	free(look->error);
	*look = (struct record_look){0};
}

void record_look_at(const struct state *state, const char *name, struct record_look *look)
{
	struct error error;

	*look = (struct record_look){0};
	look->found = record_look(state, name, &look->record, &look->liveness, &error);
	if (look->found >= 0)
		return;
	look->error = xalloc(1, sizeof(*look->error));
	*look->error = error;
}

static void *look_at_share(void *data)
{
	const struct share *share = data;

	for (size_t i = share->first; i < share->end; i++)
		record_look_at(share->state, share->names->items[i], &share->looks[i]);
	return NULL;
}

static size_t count_threads(size_t records)
{
	size_t threads = records / SHARE_MIN, processors = (size_t)get_nprocs();

	if (threads > processors)
		threads = processors;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	return threads > 0 ? threads : 1;
}

/* The first share is our own, and each that no thread was to be had for. */
static void look_at_shares(struct share *shares, size_t count)
{
	pthread_t threads[THREADS_MAX];
	bool runs[THREADS_MAX] = {false};
	sigset_t all, before;

	/* Signals are for those who have asked for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 1; i < count; i++)
		runs[i] = pthread_create(&threads[i], NULL, look_at_share, &shares[i]) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < count; i++)
		if (!runs[i])
			look_at_share(&shares[i]);
	for (size_t i = 1; i < count; i++)
		if (runs[i])
			pthread_join(threads[i], NULL);
}

struct record_look *record_look_all(const struct state *state, const struct strlist *names)
{
	struct record_look *looks = xalloc(names->count, sizeof(*looks));
	size_t count = count_threads(names->count);
	struct share shares[THREADS_MAX];
	char boot_id[37];

	if (!state)
		return looks;
	/* It is kept by whoever asks first; where it cannot be read each look says so. */
	process_boot_id(boot_id, NULL);
	for (size_t i = 0; i < count; i++)
		shares[i] = (struct share){state, names, looks, names->count * i / count,
					   names->count * (i + 1) / count};
	look_at_shares(shares, count);
	return looks;
}
