/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/shares.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/sysinfo.h>

#define SHARE_MIN   64 /* what a thread costs is then lost among them */
#define THREADS_MAX 8

struct share {
	void (*work)(void *data, size_t first, size_t end);
	void *data;
	size_t first, end;
};

static void *do_share(void *data)
{
	const struct share *share = data;

	share->work(share->data, share->first, share->end);
	return NULL;
}

static size_t count_threads(size_t count)
{
	size_t threads = count / SHARE_MIN, processors = (size_t)get_nprocs();

	if (threads > processors)
		threads = processors;
	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	return threads > 0 ? threads : 1;
}

/* The first share is our own, and each that no thread was to be had for. */
static void do_shares(struct share *shares, size_t count)
{
	pthread_t threads[THREADS_MAX];
	bool runs[THREADS_MAX] = {false};
	sigset_t all, before;

	/* Signals are for those who have asked for them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	for (size_t i = 1; i < count; i++)
		runs[i] = pthread_create(&threads[i], NULL, do_share, &shares[i]) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	for (size_t i = 0; i < count; i++)
		if (!runs[i])
			do_share(&shares[i]);
	for (size_t i = 1; i < count; i++)
		if (runs[i])
			pthread_join(threads[i], NULL);
}

void shares_do(size_t count, void (*work)(void *data, size_t first, size_t end), void *data)
{
	size_t threads = count_threads(count);
	struct share shares[THREADS_MAX];

	for (size_t i = 0; i < threads; i++)
		shares[i] = (struct share){work, data, count * i / threads,
					   count * (i + 1) / threads};
	do_shares(shares, threads);
}
