/*
 * sched.c - deficit round robin with two lists, and a heap of the throttled
 *
 * An entry is in one place:
 *
 *   IDLE ──wants──▶ NEW ──had its turn──▶ OLD ──wants nothing──▶ IDLE
 *                    ▲                   │   ▲    at its turn
 *                    │   over its rate   │   └──had its turn
 *                    └──── THROTTLED ◀───┘
 *
 * and BOOT instead of NEW and OLD while it has a boot reserve.  BOOT goes
 * ahead of NEW, NEW ahead of OLD.  A turn is `weight` blocks; all blocks are
 * equal, so the deficit is the number of blocks left in the turn.
 *
 * Only a visit in OLD at which it takes nothing lets an entry back into NEW,
 * by way of IDLE or THROTTLED.  So whatever it does (want and not want, run
 * into its rate) it has one turn per round, and one that asks seldom is served
 * at once (the idea of FQ-CoDel's two lists, RFC 8290 4.2).
 *
 * sched_want() moves nothing out of a list: an entry found at the head that
 * wants nothing is moved on then, at most once per sched_want().  Throttled
 * entries are ordered by the moment they may go on and are not looked at
 * before it: a block costs O(1), plus O(log n) when somebody gets throttled.
 */
#include "host-agent/sched.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "host-agent/bucket.h"

enum place {
	IDLE,
	BOOT,
	NEW,
	OLD,
	LISTS, /* how many lists there are, IDLE's unused one counted */
	THROTTLED = LISTS,
};

TAILQ_HEAD(list, sched_entry);

struct sched_entry {
	struct sched *sched;
	void *owner;
	struct bucket own;
	struct bucket *bucket; /* own, or that of the entry it shares */
	unsigned int weight;
	enum place place;
	TAILQ_ENTRY(sched_entry) link; /* BOOT, NEW, OLD */
	size_t heap_pos;	       /* THROTTLED */
	uint64_t ready_us;	       /* THROTTLED: may go on from then */
	uint64_t boot_blocks;
	/*
	 * Blocks left in its turn: weight if it took none yet, 0 while it waits
	 * in OLD for the turn to come.
	 */
	unsigned int left;
	bool want;
	uint64_t throttled;
};

struct sched {
	struct list lists[LISTS];
	struct sched_entry **heap; /* by ready_us, the earliest at 0 */
	size_t heap_len, heap_size, entries;
};

static void heap_set(struct sched *s, size_t i, struct sched_entry *e)
{
	s->heap[i] = e;
	e->heap_pos = i;
}

/* Moves e from position i, a hole, to where it belongs. */
static void heap_sift(struct sched *s, size_t i, struct sched_entry *e)
{
	while (i > 0 && s->heap[(i - 1) / 2]->ready_us > e->ready_us) {
		heap_set(s, i, s->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < s->heap_len &&
		    s->heap[child + 1]->ready_us < s->heap[child]->ready_us)
			child++;
		if (child >= s->heap_len ||
		    s->heap[child]->ready_us >= e->ready_us)
			break;
		heap_set(s, i, s->heap[child]);
		i = child;
	}
	heap_set(s, i, e);
}

static void heap_push(struct sched *s, struct sched_entry *e)
{
	heap_sift(s, s->heap_len++, e);
}

static void heap_remove(struct sched *s, struct sched_entry *e)
{
	struct sched_entry *last = s->heap[--s->heap_len];

	if (last != e)
		heap_sift(s, e->heap_pos, last);
}

/* Room for every entry, so that nothing is allocated per block. */
static int heap_reserve(struct sched *s, size_t entries)
{
	size_t size = s->heap_size ? s->heap_size : 16;
	struct sched_entry **heap;

	if (entries <= s->heap_size)
		return 0;
	while (size < entries)
		size *= 2;
	heap = reallocarray(s->heap, size, sizeof(*heap));
	if (!heap)
		return -ENOMEM;
	s->heap = heap;
	s->heap_size = size;
	return 0;
}

static void leave(struct sched_entry *e)
{
	if (e->place == THROTTLED)
		heap_remove(e->sched, e);
	else if (e->place != IDLE)
		TAILQ_REMOVE(&e->sched->lists[e->place], e, link);
	e->place = IDLE;
}

static void enter(struct sched_entry *e, enum place place)
{
	leave(e);
	TAILQ_INSERT_TAIL(&e->sched->lists[place], e, link);
	e->place = place;
	e->left = place == OLD ? 0 : e->weight;
}

/* Where e goes when it stops being throttled or idle, or its reserve ends. */
static void go_on(struct sched_entry *e)
{
	bool fresh = e->left == e->weight;

	if (e->want && e->boot_blocks)
		enter(e, BOOT);
	else if (!fresh)
		enter(e, OLD);
	else if (e->want)
		enter(e, NEW);
	else
		leave(e);
}

/* Has a reserve, but is in the list of those that have none. */
static bool boot_waits(const struct sched_entry *e)
{
	return e->boot_blocks && (e->place == NEW || e->place == OLD);
}

static uint32_t overdraft(const struct sched_entry *e)
{
	return e->boot_blocks ? SCHED_BOOT_RESERVE : 0;
}

static void throttle(struct sched_entry *e, uint64_t now_us)
{
	leave(e);
	e->ready_us = bucket_when(e->bucket, SCHED_BLOCK, overdraft(e), now_us);
	e->place = THROTTLED;
	e->throttled++;
	heap_push(e->sched, e);
}

static uint64_t burst(const struct sched_limits *lim)
{
	uint64_t bytes = lim->burst_bytes ? lim->burst_bytes : lim->rate_bytes;

	return bytes < SCHED_BLOCK ? SCHED_BLOCK : bytes;
}

static bool weight_valid(unsigned int weight)
{
	return weight >= 1 && weight <= SCHED_WEIGHT_MAX;
}

struct sched *sched_new(void)
{
	struct sched *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	for (size_t i = 0; i < LISTS; i++)
		TAILQ_INIT(&s->lists[i]);
	return s;
}

void sched_free(struct sched *s)
{
	if (!s)
		return;
	assert(s->entries == 0);
	free(s->heap);
	free(s);
}

struct sched_entry *sched_add(struct sched *s, const struct sched_limits *lim,
			      void *owner, uint64_t now_us)
{
	struct sched_entry *e;

	if (!owner || !weight_valid(lim->weight)) {
		errno = EINVAL;
		return NULL;
	}
	if (heap_reserve(s, s->entries + 1))
		return NULL;
	e = calloc(1, sizeof(*e));
	if (!e)
		return NULL;
	e->sched = s;
	e->owner = owner;
	e->weight = lim->weight;
	e->left = lim->weight;
	e->bucket = &e->own;
	bucket_init(e->bucket, lim->rate_bytes, burst(lim), now_us);
	s->entries++;
	return e;
}

void sched_remove(struct sched *s, struct sched_entry *e)
{
	if (!e)
		return;
	leave(e);
	s->entries--;
	free(e);
}

void sched_share_bucket(struct sched_entry *e, struct sched_entry *with)
{
	e->bucket = with->bucket;
}

void sched_set_limits(struct sched_entry *e, const struct sched_limits *lim,
		      uint64_t now_us)
{
	bool fresh = e->left == e->weight;

	assert(weight_valid(lim->weight));
	bucket_set(e->bucket, lim->rate_bytes, burst(lim), now_us);
	e->weight = lim->weight;
	if (fresh || e->left > e->weight)
		e->left = e->weight;
	if (e->place == THROTTLED)
		go_on(e);
}

void sched_want(struct sched *s, struct sched_entry *e, bool want)
{
	assert(e->sched == s);
	e->want = want;
	if (want && (e->place == IDLE || boot_waits(e)))
		go_on(e);
}

void sched_boot(struct sched *s, struct sched_entry *e, uint64_t bytes)
{
	assert(e->sched == s);
	e->boot_blocks = bytes / SCHED_BLOCK + (bytes % SCHED_BLOCK != 0);
	if (e->place == THROTTLED || (e->want && boot_waits(e)))
		go_on(e);
	else if (e->place == BOOT && e->boot_blocks == 0)
		enter(e, OLD);
}

/* At the head of its list, wanting nothing. */
static void pass_over(struct sched_entry *e)
{
	if (e->place == BOOT || e->left == e->weight)
		leave(e);
	else
		enter(e, OLD);
}

static void count_block(struct sched_entry *e)
{
	if (e->place == BOOT) {
		if (--e->boot_blocks == 0)
			enter(e, OLD);
	} else if (--e->left == 0) {
		enter(e, OLD);
	}
}

static struct sched_entry *head(struct sched *s)
{
	struct sched_entry *e = NULL;

	for (enum place p = BOOT; p <= OLD && !e; p++)
		e = TAILQ_FIRST(&s->lists[p]);
	if (e && e->left == 0)
		e->left = e->weight; /* its turn has come */
	return e;
}

void *sched_next(struct sched *s, uint64_t now_us)
{
	struct sched_entry *e;

	while (s->heap_len && s->heap[0]->ready_us <= now_us)
		go_on(s->heap[0]);
	while ((e = head(s))) {
		if (!e->want) {
			pass_over(e);
		} else if (bucket_take(e->bucket, SCHED_BLOCK, overdraft(e),
				       now_us)) {
			count_block(e);
			return e->owner;
		} else {
			throttle(e, now_us);
		}
	}
	return NULL;
}

bool sched_again(struct sched_entry *e, uint64_t now_us)
{
	if (!bucket_take(e->bucket, SCHED_BLOCK, overdraft(e), now_us))
		return false;
	if (e->place == BOOT)
		count_block(e);
	return true;
}

int64_t sched_wait_us(struct sched *s, uint64_t now_us)
{
	uint64_t ready_us;

	while (s->heap_len && !s->heap[0]->want)
		go_on(s->heap[0]);
	if (s->heap_len == 0)
		return -1;
	ready_us = s->heap[0]->ready_us;
	if (ready_us <= now_us)
		return 0;
	ready_us -= now_us;
	return ready_us > INT64_MAX ? INT64_MAX : (int64_t)ready_us;
}

uint64_t sched_throttled(const struct sched_entry *e)
{
	return e->throttled;
}

bool sched_is_throttled(const struct sched_entry *e)
{
	return e->place == THROTTLED && e->want;
}
