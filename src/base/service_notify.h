/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * service_notify.h: word to the service manager that has started us, where it asks for one: a datagram
 * to the socket named by NOTIFY_SOCKET, sd_notify(3). systemd has it, and others who took it over.
 */
#ifndef BASE_SERVICE_NOTIFY_H
#define BASE_SERVICE_NOTIFY_H

#include "base/error.h"

/* "READY=1", or several such lines. 1: told; 0: nobody asks; -1. */
int service_notify(const char *lines, struct error *err);

#endif
