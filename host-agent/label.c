#include "host-agent/label.h"

#include <string.h>

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS	"0123456789"
#define DEFAULT "onerng"

const char *label_fault(const char *label)
{
	size_t len = strlen(label), prefix = strlen(DEFAULT);

	if (len == 0 || len >= LABEL_MAX)
		return "a label has 1 to 23 characters";
	if (!strchr(LETTERS, label[0]) ||
	    strspn(label, LETTERS DIGITS "-_.") != len)
		return "a label is a letter, then letters, digits, - _ or .";
	if (!strncmp(label, DEFAULT, prefix) && label[prefix] &&
	    strspn(label + prefix, DIGITS) == len - prefix)
		return "a label like onerng0 is one that the agent gives";
	return NULL;
}
