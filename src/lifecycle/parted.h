/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * parted.h: a network that is up and that the files want in another shape has to be without containers for
 * a moment. So nobody is stopped who could not start again, as others would stay on it.
 */
#ifndef LIFECYCLE_PARTED_H
#define LIFECYCLE_PARTED_H

#include "lifecycle/wave.h"

/*
 * Marks as failed those of the wave that are to be started on such a network while one stays that is not
 * to be stopped. wanted gives the spec for each name, or NULL. Changes nothing on the host.
 */
void parted_refuse(struct wave *wave, const struct spec *(*wanted)(void *data, const char *name),
		   void *data);

#endif
