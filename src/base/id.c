/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/id.h"

#include <uuid/uuid.h>

void id_generate(char out[ID_SIZE])
{
	uuid_t id;

	uuid_generate_random(id);
	uuid_unparse_lower(id, out);
}
