/*
 * whence.c - from which noise were the bytes made that a peer got?
 *
 * whence GOT NOISE...   GOT is what peers read, in blocks of 64 bytes; each
 *     NOISE is what one simulated source made, again and again.  Prints a
 *     line for each run of blocks: number of the NOISE (from 1), offset of the
 *     first sample, blocks.  Then "unknown N": blocks made of nothing of it.
 *
 * A block is SHA-512 of a prefix and 144 samples in a row (H = 4 bits a byte),
 * computed here once more for every offset of every NOISE, not by the agent's
 * code.  Of offsets with equal samples, the one that goes on where the run
 * before it ended is taken, else the first.
 */
#include <openssl/evp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX	   "onerng-virt condition v1 SHA-512"
#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define SAMPLES	   144
#define BLOCK	   64
#define FILES_MAX  16

struct noise {
	uint8_t *data; /* len bytes, then its first SAMPLES again */
	size_t len;
	size_t next; /* where the last block of it ended */
	size_t start, blocks;
};

struct place {
	uint64_t key;
	uint32_t file, offset;
};

static struct noise noises[FILES_MAX];
static size_t files;
static struct place *places;
static size_t places_count;
static EVP_MD_CTX *ctx;
static EVP_MD *md;

static void die(const char *what)
{
	fprintf(stderr, "whence: %s\n", what);
	exit(1);
}

static void hash(const uint8_t *samples, uint8_t *out)
{
	if (!EVP_DigestInit_ex2(ctx, md, NULL) ||
	    !EVP_DigestUpdate(ctx, PREFIX, PREFIX_LEN) ||
	    !EVP_DigestUpdate(ctx, samples, SAMPLES) ||
	    !EVP_DigestFinal_ex(ctx, out, NULL))
		die("libcrypto");
}

static uint8_t *load(const char *path, size_t *len)
{
	FILE *f = fopen(path, "rb");
	uint8_t *data;

	if (!f || fseek(f, 0, SEEK_END))
		die(path);
	*len = (size_t)ftell(f);
	rewind(f);
	data = malloc(*len + SAMPLES);
	if (!data || fread(data, 1, *len, f) != *len)
		die(path);
	fclose(f);
	return data;
}

static int compare(const void *a, const void *b)
{
	const struct place *x = a, *y = b;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

static uint64_t key_of(const uint8_t *digest)
{
	uint64_t key;

	memcpy(&key, digest, sizeof(key));
	return key;
}

static void index_noise(uint32_t file)
{
	uint8_t out[BLOCK];

	for (uint32_t at = 0; at < noises[file].len; at++) {
		hash(noises[file].data + at, out);
		places[places_count++] =
			(struct place){ key_of(out), file, at };
	}
}

static void load_noises(char *paths[])
{
	size_t all = 0;

	for (files = 0; paths[files]; files++) {
		struct noise *n = &noises[files];

		if (files == FILES_MAX)
			die("too many files");
		n->data = load(paths[files], &n->len);
		if (n->len < SAMPLES)
			die("noise is too short");
		memcpy(n->data + n->len, n->data, SAMPLES);
		all += n->len;
	}
	places = malloc(all * sizeof(*places));
	if (!places)
		die("out of memory");
	for (uint32_t i = 0; i < files; i++)
		index_noise(i);
	qsort(places, places_count, sizeof(*places), compare);
}

static void end_run(size_t file)
{
	struct noise *n = &noises[file];

	if (n->blocks)
		printf("%zu %zu %zu\n", file + 1, n->start, n->blocks);
	n->blocks = 0;
}

/* The block that would come next from a NOISE. */
static int goes_on(const uint8_t *block)
{
	uint8_t out[BLOCK];

	for (size_t i = 0; i < files; i++) {
		struct noise *n = &noises[i];

		if (!n->blocks)
			continue;
		hash(n->data + n->next % n->len, out);
		if (memcmp(out, block, BLOCK))
			continue;
		n->blocks++;
		n->next += SAMPLES;
		return 1;
	}
	return 0;
}

/* The first place with this key, places_count if there is none. */
static size_t find(uint64_t key)
{
	size_t low = 0, high = places_count;

	while (low < high) {
		size_t mid = (low + high) / 2;

		if (places[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static int begins(const uint8_t *block)
{
	uint64_t key = key_of(block);
	size_t i = find(key);
	struct noise *n;

	if (i == places_count || places[i].key != key)
		return 0;
	end_run(places[i].file);
	n = &noises[places[i].file];
	n->start = places[i].offset;
	n->next = n->start + SAMPLES;
	n->blocks = 1;
	return 1;
}

int main(int argc, char *argv[])
{
	size_t len, unknown = 0;
	uint8_t *got;

	if (argc < 3)
		die("see the head of whence.c");
	ctx = EVP_MD_CTX_new();
	md = EVP_MD_fetch(NULL, "SHA512", NULL);
	if (!ctx || !md)
		die("libcrypto");
	got = load(argv[1], &len);
	load_noises(argv + 2);
	for (size_t at = 0; at + BLOCK <= len; at += BLOCK)
		if (!goes_on(got + at) && !begins(got + at))
			unknown++;
	for (size_t i = 0; i < files; i++)
		end_run(i);
	printf("unknown %zu\n", unknown);
	return 0;
}
