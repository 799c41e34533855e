/*
 * secmem.c - pages for entropy
 *
 *   | header | guard | ...... memory | guard |
 *
 * The header (read-only) holds the length of the mapping, for secmem_free().
 * The memory ends at the second guard, but for what alignment takes; whole
 * pages are locked, so an allocation costs at least one page of RLIMIT_MEMLOCK.
 */
#include "common/secmem.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

struct header {
	size_t total;
	size_t locked;
};

static size_t page_size(void)
{
	return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/*
 * mlock2(2), because sanitizers replace mlock(2) by nothing.  It says ENOMEM
 * above the limit, EPERM where the limit is 0, and EAGAIN where the machine has
 * not got the memory.
 */
static int lock_pages(void *pages, size_t len)
{
	if (mlock2(pages, len, 0) < 0)
		return errno == EAGAIN ? -ENOMEM : -EPERM;
	if (madvise(pages, len, MADV_DONTDUMP) < 0 ||
	    madvise(pages, len, MADV_WIPEONFORK) < 0)
		return -errno;
	return 0;
}

static int fill_header(uint8_t *map, size_t total, size_t locked)
{
	struct header header = { .total = total, .locked = locked };

	memcpy(map, &header, sizeof(header));
	return mprotect(map, page_size(), PROT_READ) < 0 ? -errno : 0;
}

static int fence_pages(uint8_t *map, size_t total, size_t page)
{
	if (mprotect(map + page, page, PROT_NONE) < 0 ||
	    mprotect(map + total - page, page, PROT_NONE) < 0)
		return -errno;
	return 0;
}

void *secmem_alloc(size_t size)
{
	size_t page = page_size();
	size_t used = round_up(size, alignof(max_align_t));
	size_t locked = round_up(used, page), total = locked + 3 * page;
	uint8_t *map;
	int r;

	if (size == 0 || size > SECMEM_MAX) {
		errno = EINVAL;
		return NULL;
	}
	map = mmap(NULL, total, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return NULL;
	r = fill_header(map, total, locked);
	if (r == 0)
		r = fence_pages(map, total, page);
	if (r == 0)
		r = lock_pages(map + 2 * page, locked);
	if (r < 0) {
		munmap(map, total);
		errno = -r;
		return NULL;
	}
	return map + 2 * page + locked - used;
}

void secmem_free(void *mem)
{
	size_t page = page_size();
	struct header header;
	uint8_t *pages;

	if (!mem)
		return;
	/* What alignment and rounding put before mem is less than a page. */
	pages = (uint8_t *)mem - (uintptr_t)mem % page;
	memcpy(&header, pages - 2 * page, sizeof(header));
	explicit_bzero(pages, header.locked);
	munmap(pages - 2 * page, header.total);
}

int secmem_no_dump(void)
{
	const struct rlimit none = { 0, 0 };

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return -errno;
	return setrlimit(RLIMIT_CORE, &none) < 0 ? -errno : 0;
}
