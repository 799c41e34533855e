#include "host-agent/handover_record.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/egd.h"

static_assert(offsetof(struct handover_record, state) == HANDOVER_HEAD_SIZE,
	      "the head of a record never changes");
static_assert(sizeof(struct handover_header) == 32, "nor does the header");
static_assert(sizeof(struct handover_state) == 160, "no hidden padding");
static_assert(sizeof(struct handover_tty) == 32, "nor here");
static_assert(offsetof(struct handover_account, kernel_bytes) == 64 &&
		      sizeof(struct handover_account) == 72,
	      "nor here");
static_assert(offsetof(struct handover_tty, activity) ==
		      offsetof(struct handover_state, activity),
	      "whatever a record is of");

void handover_header_init(struct handover_header *h, uint64_t generation)
{
	memset(h, 0, sizeof(*h));
	memcpy(h->magic, HANDOVER_MAGIC, sizeof(h->magic));
	h->version = HANDOVER_VERSION;
	h->record_size = sizeof(struct handover_record);
	h->records = HANDOVER_RECORDS_MAX;
	h->generation = generation;
}

bool handover_key_valid(const char key[static HANDOVER_KEY_MAX])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	if (!memchr(key, '\0', HANDOVER_KEY_MAX))
		return false;
	if (!strcmp(key, HANDOVER_HOST) || !strcmp(key, HANDOVER_CONTROL) ||
	    !strcmp(key, HANDOVER_HOOK))
		return true;
	if (strlen(key) != sizeof(form) - 1)
		return false;
	for (i = 0; form[i]; i++)
		if (form[i] == '-' ? key[i] != '-'
				   : !strchr("0123456789abcdef", key[i]))
			return false;
	return true;
}

static bool pending_valid(const struct handover_state *s)
{
	const struct handover_pending *p;
	uint64_t at = 0;
	size_t i;

	if (s->pending_count > HANDOVER_PENDING_MAX ||
	    (s->pending_count && !s->classic))
		return false;
	for (i = 0; i < s->pending_count; i++) {
		p = &s->pending[i];
		if (p->op != EGD_LEVEL && p->op != EGD_READ_NOW &&
		    p->op != EGD_PID)
			return false;
		if (p->at < at || p->at > s->asked)
			return false;
		at = p->at;
	}
	return true;
}

bool handover_state_valid(const struct handover_state *s)
{
	struct egd_parser parser = { .have = s->have, .skip = s->skip };

	memcpy(parser.head, s->head, sizeof(parser.head));
	if (s->activity >= HANDOVER_ACTIVITIES || s->requested > 1 ||
	    s->classic > 1 || s->push_bytes > HANDOVER_PUSH_MAX ||
	    s->process_bytes > HANDOVER_SEED_MAX)
		return false;
	if (s->delivered > s->asked &&
	    (s->classic || s->delivered - s->asked > HANDOVER_AHEAD_MAX))
		return false;
	if (!s->requested && (s->asked || s->classic))
		return false;
	return egd_parser_is_valid(&parser) && pending_valid(s);
}

bool handover_tty_valid(const struct handover_tty *t)
{
	return t->activity < HANDOVER_ACTIVITIES &&
	       t->phase < HANDOVER_TTY_PHASES && t->paused <= 1 &&
	       t->process_bytes <= HANDOVER_SEED_MAX;
}

/* Sums of two of them are still numbers. */
static bool account_valid(const struct handover_account *a)
{
	const struct counts *c = &a->counts;
	const uint64_t all[] = { c->asked,   c->delivered,   c->discarded,
				 c->pushed,  c->requests,    c->connections,
				 c->refused, a->kernel_bytes };
	size_t i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i] > HANDOVER_COUNT_MAX)
			return false;
	return c->since_s > 0;
}

static bool fd_valid(int32_t fd, uint64_t ino)
{
	return fd == -1 || (fd > 2 && ino);
}

/* False: its head makes no sense. */
static bool parse_record(struct handover_left *out, const uint8_t *data,
			 bool same_version)
{
	struct handover_record r;

	memset(&r, 0, sizeof(r));
	memcpy(&r, data, same_version ? sizeof(r) : HANDOVER_HEAD_SIZE);
	if (!handover_key_valid(r.key) ||
	    !fd_valid(r.listen_fd, r.listen_ino) ||
	    !fd_valid(r.peer_fd, r.peer_ino))
		return false;
	memcpy(out->key, r.key, sizeof(out->key));
	out->listen_fd = r.listen_fd;
	out->peer_fd = r.peer_fd;
	out->listen_ino = r.listen_ino;
	out->peer_ino = r.peer_ino;
	out->known = same_version && handover_state_valid(&r.state);
	out->tty_known = same_version && handover_tty_valid(&r.tty);
	out->state = r.state;
	out->tty = r.tty;
	out->account = r.account;
	if (!same_version || !account_valid(&r.account))
		out->account.counts.since_s = 0;
	return true;
}

static bool header_valid(const struct handover_header *h, size_t len)
{
	if (memcmp(h->magic, HANDOVER_MAGIC, sizeof(h->magic)) || !h->version)
		return false;
	if (h->version == HANDOVER_VERSION &&
	    h->record_size != sizeof(struct handover_record))
		return false;
	return h->record_size >= HANDOVER_HEAD_SIZE &&
	       h->record_size <= HANDOVER_RECORD_MAX &&
	       h->records <= HANDOVER_RECORDS_MAX &&
	       len - sizeof(*h) == (size_t)h->record_size * h->records;
}

int handover_parse(const uint8_t *table, size_t len, uint64_t *generation,
		   void (*fn)(void *ctx, const struct handover_left *left),
		   void *ctx)
{
	struct handover_header h;
	struct handover_left left;
	const uint8_t *data;
	int dropped = 0;
	uint32_t i;

	if (len < sizeof(h))
		return -EINVAL;
	memcpy(&h, table, sizeof(h));
	if (!header_valid(&h, len))
		return -EINVAL;
	*generation = h.generation;
	for (i = 0; i < h.records; i++) {
		data = table + sizeof(h) + (size_t)i * h.record_size;
		if (!data[0])
			continue;
		if (parse_record(&left, data, h.version == HANDOVER_VERSION))
			fn(ctx, &left);
		else
			dropped++;
	}
	return dropped;
}
