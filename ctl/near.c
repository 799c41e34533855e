#include "ctl/near.h"

#include <ctype.h>
#include <stddef.h>
#include <string.h>

static bool same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Levenshtein's, row by row; both at most NEAR_LEN_MAX. */
static size_t distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t row[NEAR_LEN_MAX + 1], i, j, left_up, up;

	for (j = 0; j <= b_len; j++)
		row[j] = j;
	for (i = 1; i <= a_len; i++) {
		left_up = row[0];
		row[0] = i;
		for (j = 1; j <= b_len; j++) {
			up = row[j];
			row[j] = least(least(up, row[j - 1]) + 1,
				       left_up + !same(a[i - 1], b[j - 1]));
			left_up = up;
		}
	}
	return row[b_len];
}

bool near_names(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b), most;

	if (!a_len || !b_len)
		return false;
	if (strcasestr(a, b) || strcasestr(b, a))
		return true;
	if (a_len > NEAR_LEN_MAX || b_len > NEAR_LEN_MAX)
		return false;
	most = least(2, (least(a_len, b_len) + 1) / 2);
	return distance(a, a_len, b, b_len) <= most;
}
