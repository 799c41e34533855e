/*
 * egd.c - taking requests off a stream (ekeyd's README.egd-protocol)
 */
#include "common/egd.h"

#include <errno.h>
#include <string.h>

/* Bytes from the command to the last of its fixed arguments. */
static const uint8_t head_len[] = {
	[EGD_LEVEL] = 1, [EGD_READ_NOW] = 2, [EGD_READ] = 2,
	[EGD_WRITE] = 4, [EGD_PID] = 1,
};

void egd_parser_init(struct egd_parser *p)
{
	memset(p, 0, sizeof(*p));
}

bool egd_parser_is_valid(const struct egd_parser *p)
{
	if (p->have == 0)
		return true;
	return p->skip == 0 && p->head[0] < sizeof(head_len) &&
	       p->have < head_len[p->head[0]];
}

static void skip_offered(struct egd_parser *p, const uint8_t **buf, size_t *len)
{
	size_t n = p->skip < *len ? p->skip : *len;

	p->skip = (uint8_t)(p->skip - n);
	*buf += n;
	*len -= n;
}

static void request_from_head(struct egd_parser *p, struct egd_request *req)
{
	req->op = (enum egd_op)p->head[0];
	req->n = 0;
	if (req->op == EGD_READ || req->op == EGD_READ_NOW)
		req->n = p->head[1];
	if (req->op == EGD_WRITE)
		req->n = p->skip = p->head[3];
	p->have = 0;
}

int egd_next(struct egd_parser *p, const uint8_t **buf, size_t *len,
	     struct egd_request *req)
{
	skip_offered(p, buf, len);
	while (*len > 0) {
		if (p->have == 0 && **buf >= sizeof(head_len))
			return -EPROTO;
		p->head[p->have++] = **buf;
		(*buf)++;
		(*len)--;
		if (p->have == head_len[p->head[0]]) {
			request_from_head(p, req);
			return 1;
		}
	}
	return 0;
}
