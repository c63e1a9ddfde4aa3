/* SPDX-License-Identifier: GPL-2.0-or-later */
/* network_text.h: the record of a network as text, a field or a member each line. See lines.h. */
#ifndef STATE_NETWORK_TEXT_H
#define STATE_NETWORK_TEXT_H

#include "state/network.h"

/*
 * Fills a zeroed record in, in part also where it fails. text is written into. What earlier versions
 * wrote is read.
 */
int network_text_parse(char *text, struct network_record *network, struct error *err);
void network_text_print(const struct network_record *network, struct text *out);

#endif
