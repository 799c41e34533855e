/*
 * near.h - whether somebody may have meant another name
 */
#ifndef CTL_NEAR_H
#define CTL_NEAR_H

#include <stdbool.h>

#define NEAR_LEN_MAX	 64 /* longer ones are near if one is in the other */
#define NEAR_OFFERED_MAX 4  /* names that are offered instead */

/*
 * One is within the other, whatever the case; or at most two letters, and half
 * of the shorter, were changed, added or left out.
 */
bool near_names(const char *a, const char *b);

#endif /* CTL_NEAR_H */
