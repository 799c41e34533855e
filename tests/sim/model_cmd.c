/*
 * The command parser: one byte at a time, no acknowledgements, no terminators
 */
#include <ctype.h>
#include <string.h>

#include "tests/sim/model_state.h"

static void arm(struct model_app *a, enum model_pending reply)
{
	a->pending |= reply;
	a->alt = true;
	if (reply == PENDING_DUMP)
		a->dump_pos = 0;
	else
		a->reply_step = 0;
}

static void set_mode(struct model *m, unsigned int bits)
{
	struct model_app *a = &m->app;
	bool rf = bits & 2;

	a->no_crc = bits & 1;
	a->av_off = bits & 4;
	/* The radio tunes before it makes its first byte. */
	if (rf && !a->rf_on)
		a->rf_retune_at_us = 0;
	a->rf_on = rf;
}

/* Bit 3 of the mode digit is ignored. */
static bool mode_command(struct model *m, uint8_t c)
{
	if (c >= '0' && c <= '9')
		set_mode(m, c - (unsigned int)'0');
	else if (c >= 'a' && c <= 'f')
		set_mode(m, c - (unsigned int)'a' + 10);
	else if (c >= 'A' && c <= 'F')
		set_mode(m, c - (unsigned int)'A' + 10);
	else
		return false;
	return true;
}

static void run(struct model *m)
{
	m->app.paused = false;
	fault_event(&m->fault, FAULT_CURE_COMMAND);
	model_wake_sender(m);
}

/* Memory is kept: what was in the pool can still come out in a burst. */
static void empty_pool(struct model_app *a)
{
	a->p_in = a->p_out = a->p_upd = 0;
	a->count = 0;
	a->burst = false;
}

static void command_v3(struct model_app *a, uint8_t c)
{
	switch (c) {
	case 'I':
		arm(a, PENDING_ID);
		break;
	case 'S':
		a->parser = PARSER_TOKEN;
		a->token_have = 0;
		break;
	default:
		break; /* 'T' only blinks; others are ignored in silence */
	}
}

static void command(struct model *m, uint8_t c)
{
	struct model_app *a = &m->app;

	if (mode_command(m, c))
		return;
	switch (c) {
	case 'O':
		run(m);
		break;
	case 'o':
		a->paused = true;
		break;
	case 'w':
		empty_pool(a);
		break;
	case 'v':
		arm(a, PENDING_VERSION);
		break;
	case 'X':
		arm(a, PENDING_DUMP);
		break;
	default:
		if (m->conf.firmware >= 3)
			command_v3(a, c);
	}
}

static void token_digit(struct model_app *a, uint8_t c)
{
	if (!isxdigit(c)) {
		a->parser = PARSER_IDLE;
		return;
	}
	a->token[a->token_have++] = c;
	if (a->token_have < MODEL_TOKEN)
		return;
	a->parser = PARSER_IDLE;
	arm(a, PENDING_SECRET);
}

static void parse_byte(struct model *m, uint8_t c)
{
	struct model_app *a = &m->app;

	switch (a->parser) {
	case PARSER_IDLE:
		a->parser = c == 'c' ? PARSER_C : PARSER_IDLE;
		break;
	case PARSER_C:
		a->parser = c == 'm' ? PARSER_CM : PARSER_IDLE;
		break;
	case PARSER_CM:
		a->parser = c == 'd' ? PARSER_CMD : PARSER_IDLE;
		break;
	case PARSER_CMD:
		a->parser = PARSER_IDLE;
		command(m, c);
		break;
	case PARSER_TOKEN:
		token_digit(a, c);
		break;
	}
}

void model_parse(struct model *m, const uint8_t *data, size_t len)
{
	struct fault *f = &m->fault;

	for (size_t i = 0; i < len; i++) {
		if (f->out_drop && ++f->out_drop_n >= f->out_drop) {
			f->out_drop_n = 0;
			continue;
		}
		parse_byte(m, data[i]);
	}
}
