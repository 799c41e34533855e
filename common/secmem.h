/*
 * secmem.h - memory for entropy and nothing else
 *
 * Pages are locked (mlock), left out of cores (MADV_DONTDUMP), empty in a
 * forked child (MADV_WIPEONFORK), fenced by guard pages, and wiped when freed.
 * Refusal by the kernel is an error, never a fall-back to ordinary memory.
 */
#ifndef COMMON_SECMEM_H
#define COMMON_SECMEM_H

#include <stddef.h>

/*
 * Zeroed memory of size bytes (1..SECMEM_MAX), ending at a guard page.
 * NULL and errno: EINVAL (size), ENOMEM, EPERM (RLIMIT_MEMLOCK too small).
 */
#define SECMEM_MAX (64u << 20)
void *secmem_alloc(size_t size);

/* Wipes and releases; NULL is fine. */
void secmem_free(void *mem);

/* PR_SET_DUMPABLE 0 and RLIMIT_CORE 0 for this process.  0 or -errno. */
int secmem_no_dump(void);

#endif /* COMMON_SECMEM_H */
