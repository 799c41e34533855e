/*
 * jsonget.c - prints what stands at a path of the JSON on standard input
 *
 * jsonget PATH       keys and indices between dots, devices.0.state
 *
 * Strings as they are, all else as JSON.  Exit status 1 if there is nothing.
 * Waiting tests ask many times a second: an interpreter would be most of their
 * load.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

static const json_t *step(const json_t *value, const char *word)
{
	char *end;
	unsigned long n;

	if (!json_is_array(value))
		return json_object_get(value, word);
	n = strtoul(word, &end, 10);
	return *word && !*end ? json_array_get(value, n) : NULL;
}

int main(int argc, char *argv[])
{
	json_t *root = argc == 2 ? json_loadf(stdin, JSON_DECODE_ANY, NULL)
				 : NULL;
	const json_t *value = root;
	char *word;

	for (word = argc == 2 ? strtok(argv[1], ".") : NULL; word && value;
	     word = strtok(NULL, "."))
		value = step(value, word);
	if (json_is_string(value))
		puts(json_string_value(value));
	else if (value && json_dumpf(value, stdout, JSON_ENCODE_ANY) == 0)
		putchar('\n');
	json_decref(root);
	return !value || fflush(stdout) || ferror(stdout);
}
