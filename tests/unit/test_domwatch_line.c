#include "host-agent/domwatch_line.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/watch_line.h"
#include "libvirt-xml/domain_policy.h"

#define RUN_DIR "/run/onerng"
#define UUID	"6f6e6572-6e67-4000-8000-000000000001"
#define OWN	RUN_DIR "/kvm/" UUID ".sock"
#define XML(metadata)                                               \
	"<domain type='kvm'><name>x</name><uuid>" UUID              \
	"</uuid><metadata>" metadata                                \
	"</metadata><devices><rng model='virtio'><backend "         \
	"model='egd' type='unix'><source mode='connect' path='" OWN \
	"'/></backend></rng></devices></domain>"
#define POLICY(attributes) \
	"<o:policy xmlns:o='" DOMAIN_POLICY_URI "' " attributes "/>"

static char why[DOMWATCH_WHY_MAX];
static struct domwatch_line line;

static void takes(const char *text)
{
	cr_assert_eq(domwatch_line_parse(&line, text, strlen(text), why), 0,
		     "%s: %s", text, why);
}

static void refuses(const char *text)
{
	why[0] = '\0';
	cr_assert_eq(domwatch_line_parse(&line, text, strlen(text), why),
		     -EINVAL, "taken: %s", text);
	cr_assert(why[0]);
}

Test(domwatch_line, every_op_is_taken)
{
	takes("{\"op\":\"look\",\"whole\":true}");
	cr_assert_eq(line.op, DOMWATCH_LOOK);
	cr_assert(line.flag);
	takes("{\"op\":\"alive\",\"libvirt\":false}");
	cr_assert_eq(line.op, DOMWATCH_ALIVE);
	cr_assert(!line.flag);
	takes("{\"op\":\"end\"}");
	cr_assert_eq(line.op, DOMWATCH_END);
	takes("{\"op\":\"levitate\"}");
	cr_assert_eq(line.op, DOMWATCH_OTHER);
	takes("{\"op\":\"domain\",\"uuid\":\"" UUID "\",\"state\":\"down\"}");
	cr_assert_eq(line.op, DOMWATCH_DOMAIN);
	cr_assert_eq(line.seen.state, RECONCILE_DOWN);
	cr_assert_str_eq(line.seen.name, "");
}

Test(domwatch_line, what_is_no_line_is_refused)
{
	refuses("");
	refuses("{");
	refuses("[]");
	refuses("{\"op\":1}");
	refuses("{\"op\":\"end\",\"op\":\"end\"}");
	refuses("{\"op\":\"look\"}");
	refuses("{\"op\":\"look\",\"whole\":1}");
	refuses("{\"op\":\"alive\"}");
	refuses("{\"op\":\"domain\"}");
	refuses("{\"op\":\"domain\",\"uuid\":\"x\",\"state\":\"down\"}");
	refuses("{\"op\":\"domain\",\"uuid\":\"" UUID "\"}");
	refuses("{\"op\":\"domain\",\"uuid\":\"" UUID "\",\"state\":\"up\"}");
	refuses("{\"op\":\"domain\",\"uuid\":\"" UUID
		"\",\"state\":\"running\"}");
	refuses("{\"op\":\"domain\",\"uuid\":\"" UUID
		"\",\"name\":\"\",\"state\":\"down\"}");
	refuses("{\"op\":\"domain\",\"uuid\":\"" UUID
		"\",\"name\":\"x\",\"state\":\"running\",\"policy\":7}");
	refuses("{\"op\":\"domain\",\"uuid\":\"" UUID
		"\",\"name\":\"x\",\"state\":\"running\",\"policy\":"
		"{\"weight\":0}}");
}

Test(domwatch_line, a_path_that_fits_no_address_is_none)
{
	char text[512], path[200];

	memset(path, 'x', sizeof(path));
	path[CONSUMER_PATH_MAX] = '\0';
	snprintf(text, sizeof(text),
		 "{\"op\":\"domain\",\"uuid\":\"" UUID
		 "\",\"name\":\"x\",\"state\":\"running\",\"socket\":\"%s\"}",
		 path);
	takes(text);
	cr_assert_str_eq(line.socket, "");
}

/* What the watcher says of it is what the agent takes. */
static void passes(const struct virt_seen *seen)
{
	struct domain_error error;
	json_t *o = watch_line(seen, RUN_DIR, &error);
	char *text = json_dumps(o, JSON_COMPACT);

	cr_assert_not_null(text);
	cr_assert_lt(strlen(text), DOMWATCH_LINE_MAX);
	takes(text);
	cr_assert_eq(line.op, DOMWATCH_DOMAIN);
	cr_assert_str_eq(line.seen.uuid, seen->uuid);
	strcpy(why, error.text);
	free(text);
	json_decref(o);
}

Test(domwatch_line, a_domain_that_runs_passes)
{
	struct virt_seen seen = {
		.uuid = UUID,
		.name = "a b",
		.state = VIRT_SEEN_RUNNING,
		.xml = XML(POLICY("class='drbg' rate='4096' burst='65536' "
				  "weight='2' when-absent='kernel'")),
	};
	const struct wish *w = &line.seen.wish;

	passes(&seen);
	cr_assert_str_eq(why, "");
	cr_assert_eq(line.seen.state, RECONCILE_RUNNING);
	cr_assert_str_eq(line.seen.name, "a_b");
	cr_assert_str_eq(line.socket, OWN);
	cr_assert(line.seen.has_wish);
	cr_assert(w->has_class && w->policy.class == SERVICE_DRBG);
	cr_assert(w->has_absent && w->policy.when_absent == SERVICE_KERNEL);
	cr_assert(w->has_rate && w->limits.rate_bytes == 4096);
	cr_assert(w->has_burst && w->limits.burst_bytes == 65536);
	cr_assert(w->has_weight && w->limits.weight == 2);
}

Test(domwatch_line, what_is_passed_through_passes)
{
	struct virt_seen seen = {
		.uuid = UUID,
		.name = "x",
		.state = VIRT_SEEN_RUNNING,
		.xml = "<domain type='kvm'><name>x</name><uuid>" UUID "</uuid>"
		       "<devices><hostdev type='pci'><source/></hostdev>"
		       "<hostdev type='usb'><source><vendor id='0x1d50'/>"
		       "<product id='0x6086'/><address bus='1' device='7'/>"
		       "</source></hostdev><hostdev type='usb'><source>"
		       "<address bus='2' device='99999'/></source></hostdev>"
		       "</devices></domain>",
	};
	const struct passed *usb = line.seen.usb;

	passes(&seen);
	cr_assert_eq(line.seen.usb_count, 2);
	cr_assert(usb[0].vendor == 0x1d50 && usb[0].product == 0x6086);
	cr_assert(usb[0].bus == 1 && usb[0].device == 7);
	cr_assert(!usb[1].vendor && usb[1].bus == 2 && !usb[1].device);
	seen.xml = XML("");
	passes(&seen);
	cr_assert_eq(line.seen.usb_count, 0);
}

Test(domwatch_line, what_is_no_usb_device_is_left_out)
{
	takes("{\"op\":\"domain\",\"uuid\":\"" UUID "\",\"name\":\"x\","
	      "\"state\":\"running\",\"usb\":[[1,2,3],[1,2,3,4,5],7,{},"
	      "[-1,0,0,0],[65536,0,0,0],[\"1\",2,3,4],[1,2,3,4],[0,0,9,9],"
	      "[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1],[1,1,1,1],"
	      "[1,1,1,1]]}");
	cr_assert_eq(line.seen.usb_count, PASSED_MAX);
	cr_assert(line.seen.usb[0].device == 4 && line.seen.usb[1].bus == 9);
	takes("{\"op\":\"domain\",\"uuid\":\"" UUID "\",\"name\":\"x\","
	      "\"state\":\"running\",\"usb\":\"all\"}");
	cr_assert_eq(line.seen.usb_count, 0);
}

Test(domwatch_line, of_a_policy_that_passes_which_makes_sense)
{
	struct virt_seen seen = {
		.uuid = UUID,
		.name = "x",
		.state = VIRT_SEEN_RUNNING,
		.xml = XML(POLICY("class='best' rate='1'")),
	};

	passes(&seen);
	cr_assert(strstr(why, "class='best'"), "%s", why);
	cr_assert(line.seen.has_wish);
	cr_assert(line.seen.wish.has_rate && !line.seen.wish.has_class);
	seen.xml = XML(POLICY("class='raw'") POLICY("class='drbg'"));
	passes(&seen);
	cr_assert(strstr(why, "a second one"), "%s", why);
	cr_assert(line.seen.has_wish && wish_is_empty(&line.seen.wish));
	seen.xml = XML("");
	passes(&seen);
	cr_assert(line.seen.has_wish && wish_is_empty(&line.seen.wish));
	/* nothing is known: what is known already stays */
	seen.xml = NULL;
	passes(&seen);
	cr_assert(!line.seen.has_wish);
	seen.xml = "<domain";
	passes(&seen);
	cr_assert(!line.seen.has_wish && why[0]);
}

Test(domwatch_line, any_name_passes)
{
	char name[2000];
	struct virt_seen seen = { .uuid = UUID, .name = "" };

	seen.state = VIRT_SEEN_UNDEFINED;
	passes(&seen);
	cr_assert_eq(line.seen.state, RECONCILE_UNDEFINED);
	seen.state = VIRT_SEEN_DOWN;
	seen.name = "\xff\"\\\n";
	passes(&seen);
	cr_assert_str_eq(line.seen.name, "?\"\\?");
	memset(name, '\\', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	seen.name = name;
	passes(&seen);
	cr_assert_eq(strlen(line.seen.name), CONSUMER_NAME_MAX - 1);
}
