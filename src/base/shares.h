/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * shares.h: the same done with each of many, which is mostly the kernel's time: of hundreds each
 * processor takes a share, in a thread of its own.
 */
#ifndef BASE_SHARES_H
#define BASE_SHARES_H

#include <stddef.h>

/*
 * Calls work for shares, from first up to but not including end, that make up 0 to count, and returns when
 * all are done. Of few it is one share, and no thread. Signals come to the calling thread alone. work must
 * be able to run beside itself: it changes nothing but what is of its share.
 */
void shares_do(size_t count, void (*work)(void *data, size_t first, size_t end), void *data);

#endif
