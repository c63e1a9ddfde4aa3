/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * exchange.h: containers that run and get addresses, hardware addresses or ports from each other. All of
 * them change, or none: one that went back alone would find what it had with another one. Each has the names of
 * all of them in its record before anything changes.
 */
#ifndef LIFECYCLE_EXCHANGE_H
#define LIFECYCLE_EXCHANGE_H

#include "config/spec.h"

/* Whether two containers cannot be so at once: of one network and address, or with ports that meet. Pure. */
bool exchange_meets(const struct spec *one, const struct spec *other);

#endif
