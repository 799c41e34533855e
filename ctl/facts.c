#include "ctl/facts.h"

#include <dirent.h>
#include <errno.h>
#include <fnmatch.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/emulator.h"
#include "libvirt-xml/domain_xml.h"

#define APPARMOR_DIR   "/etc/apparmor.d"
#define USB_DIR	       "/sys/bus/usb/devices"
#define ONERNG_VENDOR  0x1d50
#define ONERNG_PRODUCT 0x6086
#define PROFILE_BYTES  65536
#define PATH_ROOM      512

int facts_qemu_user(const char *capabilities, uid_t *uid, gid_t *gid)
{
	const char *dac = strstr(capabilities, "<model>dac</model>");
	const char *end = dac ? strstr(dac, "</secmodel>") : NULL;
	const char *label = dac ? strstr(dac, "<baselabel type=") : NULL;
	unsigned int u, g;

	label = label && label < end ? strchr(label, '>') : NULL;
	if (!label || sscanf(label, ">+%u:+%u<", &u, &g) != 2)
		return -ENOENT;
	*uid = u;
	*gid = g;
	return 0;
}

/* Its beginning, terminated; false: it cannot be read. */
static bool read_text(const char *path, char out[static PROFILE_BYTES])
{
	FILE *f = fopen(path, "re");
	size_t n;

	if (!f)
		return false;
	n = fread(out, 1, PROFILE_BYTES - 1, f);
	fclose(f);
	out[n] = '\0';
	return true;
}

/*
 * "PATH PERMISSIONS," for a socket, where PATH may have wildcards.  Not one for
 * owners alone: QEMU does not own our sockets.
 */
static bool is_rule(const char *line, const char *socket)
{
	char path[PATH_ROOM], rights[16];

	line += strspn(line, " \t");
	if (!strncmp(line, "allow ", 6))
		line += 6;
	if (!strncmp(line, "file ", 5))
		line += 5;
	if (sscanf(line, " \"%511[^\"]\" %15[a-zA-Z]", path, rights) != 2 &&
	    sscanf(line, " %511s %15[a-zA-Z]", path, rights) != 2)
		return false;
	return *path == '/' && strchr(rights, 'w') && !fnmatch(path, socket, 0);
}

static bool has_rule(char *text, const char *run_dir)
{
	char socket[DOMAIN_PATH_MAX], *line, *rest = NULL;

	snprintf(socket, sizeof(socket), "%s/kvm/UUID.sock", run_dir);
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (is_rule(line, socket))
			return true;
	return false;
}

enum domain_apparmor facts_apparmor(const char *capabilities, const char *dir,
				    const char *run_dir)
{
	static const char *const files[] = { "local/abstractions/libvirt-qemu",
					     "abstractions/libvirt-qemu" };
	char path[PATH_ROOM], text[PROFILE_BYTES];
	bool any = false;
	size_t i;

	if (!strstr(capabilities, "<model>apparmor</model>"))
		return DOMAIN_APPARMOR_UNKNOWN;
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		if (!read_text(path, text))
			continue;
		if (has_rule(text, run_dir))
			return DOMAIN_APPARMOR_ALLOWS;
		any = true;
	}
	return any ? DOMAIN_APPARMOR_LACKS : DOMAIN_APPARMOR_UNKNOWN;
}

/* A number in a small file of sysfs; 0: none. */
static unsigned int attribute(const char *dir, const char *device,
			      const char *name, int base)
{
	char path[PATH_ROOM], text[16] = "";
	FILE *f;

	snprintf(path, sizeof(path), "%s/%.200s/%s", dir, device, name);
	f = fopen(path, "re");
	if (!f)
		return 0;
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return (unsigned int)strtoul(text, NULL, base);
}

/* 0, or -ENOSPC. */
static int add_usb(struct domain_facts *f, const char *dir, const char *name)
{
	struct domain_usb at = { attribute(dir, name, "busnum", 10),
				 attribute(dir, name, "devnum", 10) };

	if (!at.device)
		return 0; /* an interface */
	if (f->usb_count == DOMAIN_USB_MAX)
		return -ENOSPC;
	f->usb[f->usb_count++] = at;
	if (attribute(dir, name, "idVendor", 16) == ONERNG_VENDOR &&
	    attribute(dir, name, "idProduct", 16) == ONERNG_PRODUCT &&
	    f->onerng_count < DOMAIN_ONERNGS_MAX)
		f->onerngs[f->onerng_count++] = at;
	return 0;
}

void facts_usb(const char *dir, struct domain_facts *out)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int r = 0;

	while (d && r == 0 && (e = readdir(d)))
		r = add_usb(out, dir, e->d_name);
	if (r < 0)
		out->usb_count = 0;
	if (d)
		closedir(d);
}

/* The groups libvirt starts QEMU with: those of its user, and its own. */
static void know_qemu(struct domain_facts *f, const char *capabilities)
{
	const struct passwd *pw;
	int count = DOMAIN_GIDS_MAX;
	gid_t gid;

	if (facts_qemu_user(capabilities, &f->qemu_uid, &gid) < 0)
		return;
	pw = getpwuid(f->qemu_uid);
	f->qemu_gids[0] = gid;
	f->qemu_gid_count = 1;
	f->qemu_known = true;
	if (pw && getgrouplist(pw->pw_name, gid, f->qemu_gids, &count) >= 0)
		f->qemu_gid_count = (size_t)count;
}

void facts_gather(struct facts *f, struct virt *v, const char *run_dir)
{
	struct domain_facts *h = &f->of_host;
	char *capabilities = virt_capabilities(v);

	memset(f, 0, sizeof(*f));
	h->run_dir = run_dir;
	f->qemu = virt_is_qemu(v);
	f->version = virt_qemu_version(v);
	if (capabilities) {
		if (emulator_default(capabilities, f->emulator,
				     sizeof(f->emulator)) < 0)
			f->emulator[0] = '\0';
		know_qemu(h, capabilities);
		h->apparmor =
			facts_apparmor(capabilities, APPARMOR_DIR, run_dir);
	}
	free(capabilities);
	facts_usb(USB_DIR, h);
}

const char *facts_detach(struct facts *f, const char *emulator)
{
	unsigned long v = f->version;

	if (!f->qemu)
		return NULL;
	if (*emulator && !emulator_is(emulator, f->emulator))
		return "another QEMU than the host's default one";
	if (!v)
		return "a QEMU whose version libvirt does not say";
	if (!domain_qemu_detach_unsafe(v))
		return NULL;
	snprintf(f->unsafe, sizeof(f->unsafe), "QEMU %lu.%lu.%lu", v / 1000000,
		 v / 1000 % 1000, v % 1000);
	return f->unsafe;
}

struct domain_facts facts_of(struct facts *f, const struct domain_xml *xml)
{
	struct domain_facts own = f->of_host;
	struct domain_error error;
	char path[DOMAIN_PATH_MAX];
	struct stat st;

	own.detach_unsafe = facts_detach(f, domain_xml_emulator(xml));
	if (domain_xml_socket(xml, own.run_dir, path, &error) < 0)
		return own;
	if (stat(path, &st) == 0 && S_ISSOCK(st.st_mode)) {
		own.socket = DOMAIN_SOCKET_THERE;
		own.socket_mode = st.st_mode;
		own.socket_uid = st.st_uid;
		own.socket_gid = st.st_gid;
	} else if (errno != EACCES) {
		own.socket = DOMAIN_SOCKET_MISSING;
	}
	return own;
}
