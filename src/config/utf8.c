/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "config/utf8.h"

#include "base/cleanup.h"

size_t utf8_decode(const char *text, uint32_t *code)
{
	const unsigned char *c = (const unsigned char *)text;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = *c < 0x80             ? 1
			: (*c & 0xe0) == 0xc0 ? 2
			: (*c & 0xf0) == 0xe0 ? 3
			: (*c & 0xf8) == 0xf0 ? 4
					      : 0;

	if (length <= 1) {
		*code = *c;
		return length;
	}
	*code = *c & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((c[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (c[i] & 0x3fu);
	}
	return *code >= least[length] && *code <= 0x10ffff && !(*code >= 0xd800 && *code <= 0xdfff)
		       ? length
		       : 0;
}

bool utf8_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
	       (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
	       code == 0xfeff;
}

unsigned int utf8_width(uint32_t code)
{
	static const uint32_t wide[][2] = {
		{0x1100, 0x115f}, {0x2e80, 0xa4cf},   {0xac00, 0xd7a3},
		{0xf900, 0xfaff}, {0xfe30, 0xfe6f},   {0xff00, 0xff60},
		{0xffe0, 0xffe6}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd},
	};

	if (code >= 0x300 && code <= 0x36f)
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(wide); i++)
		if (code >= wide[i][0] && code <= wide[i][1])
			return 2;
	return 1;
}
