/* SPDX-License-Identifier: GPL-2.0-or-later */
/* id.h: ids of container instances: RFC 4122 UUIDs, made by libuuid. */
#ifndef BASE_ID_H
#define BASE_ID_H

#define ID_SIZE 37 /* 36 characters and NUL */

/* Writes a fresh random id in lower case. */
void id_generate(char out[ID_SIZE]);

#endif
