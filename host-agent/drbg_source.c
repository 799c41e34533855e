#include "host-agent/drbg_source.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_dispatch.h>
#include <openssl/core_names.h>
#include <openssl/provider.h>

#define PROVIDER  "onerng"
#define ALGORITHM "ONERNG-SEED"
#define STRENGTH  256 /* bits: conditioned blocks, under the H configured */

#define PARAM_SEED "onerng-seed"

struct source {
	uint8_t *seed; /* the caller's */
	size_t len;
	int state;
};

static void *source_newctx(void *provider, void *parent,
			   const OSSL_DISPATCH *parent_calls)
{
	struct source *s = parent ? NULL : calloc(1, sizeof(*s));

	(void)provider;
	(void)parent_calls;
	if (s)
		s->state = EVP_RAND_STATE_UNINITIALISED;
	return s;
}

static void source_freectx(void *ctx)
{
	free(ctx);
}

static int source_instantiate(void *ctx, unsigned int strength, int pr,
			      const unsigned char *personal, size_t len,
			      const OSSL_PARAM params[])
{
	struct source *s = ctx;

	(void)pr;
	(void)personal;
	(void)len;
	(void)params;
	s->state = EVP_RAND_STATE_READY;
	return strength <= STRENGTH;
}

static int source_uninstantiate(void *ctx)
{
	struct source *s = ctx;

	s->state = EVP_RAND_STATE_UNINITIALISED;
	return 1;
}

/* It seeds, and gives nothing to anybody else. */
static int source_generate(void *ctx, unsigned char *out, size_t len,
			   unsigned int strength, int pr,
			   const unsigned char *more, size_t more_len)
{
	(void)ctx;
	(void)out;
	(void)len;
	(void)strength;
	(void)pr;
	(void)more;
	(void)more_len;
	return 0;
}

static int source_get_params(void *ctx, OSSL_PARAM params[])
{
	const struct source *s = ctx;
	OSSL_PARAM *p;

	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STATE);
	if (p && !OSSL_PARAM_set_int(p, s->state))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_STRENGTH);
	if (p && !OSSL_PARAM_set_uint(p, STRENGTH))
		return 0;
	p = OSSL_PARAM_locate(params, OSSL_RAND_PARAM_MAX_REQUEST);
	return !p || OSSL_PARAM_set_size_t(p, 0);
}

static int source_set_params(void *ctx, const OSSL_PARAM params[])
{
	const OSSL_PARAM *p = OSSL_PARAM_locate_const(params, PARAM_SEED);
	struct source *s = ctx;

	if (!p)
		return 1;
	if (p->data_type != OSSL_PARAM_OCTET_STRING)
		return 0;
	/* by address: a copy would be one more thing to wipe */
	s->seed = p->data;
	s->len = p->data_size;
	return 1;
}

/* NOLINTNEXTLINE(readability-function-size): libcrypto's signature */
static size_t source_get_seed(void *ctx, unsigned char **out, int entropy_bits,
			      size_t min_len, size_t max_len, int pr,
			      const unsigned char *more, size_t more_len)
{
	struct source *s = ctx;
	size_t len = s->len;

	(void)pr;
	(void)more;
	(void)more_len;
	if (!s->seed || len < min_len || len > max_len ||
	    (entropy_bits > 0 && len * 8 < (size_t)entropy_bits))
		return 0;
	*out = s->seed;
	s->seed = NULL;
	s->len = 0;
	return len;
}

static void source_clear_seed(void *ctx, unsigned char *seed, size_t len)
{
	(void)ctx;
	if (seed)
		explicit_bzero(seed, len);
}

#define CALL(fn) ((void (*)(void))(fn))

static const OSSL_DISPATCH source_calls[] = {
	{ OSSL_FUNC_RAND_NEWCTX, CALL(source_newctx) },
	{ OSSL_FUNC_RAND_FREECTX, CALL(source_freectx) },
	{ OSSL_FUNC_RAND_INSTANTIATE, CALL(source_instantiate) },
	{ OSSL_FUNC_RAND_UNINSTANTIATE, CALL(source_uninstantiate) },
	{ OSSL_FUNC_RAND_GENERATE, CALL(source_generate) },
	{ OSSL_FUNC_RAND_GET_CTX_PARAMS, CALL(source_get_params) },
	{ OSSL_FUNC_RAND_SET_CTX_PARAMS, CALL(source_set_params) },
	{ OSSL_FUNC_RAND_GET_SEED, CALL(source_get_seed) },
	{ OSSL_FUNC_RAND_CLEAR_SEED, CALL(source_clear_seed) },
	{ 0, NULL },
};

static const OSSL_ALGORITHM algorithms[] = {
	{ ALGORITHM, "provider=" PROVIDER, source_calls, NULL },
	{ NULL, NULL, NULL, NULL },
};

static const OSSL_ALGORITHM *provider_query(void *provider, int operation,
					    int *no_cache)
{
	(void)provider;
	*no_cache = 0;
	return operation == OSSL_OP_RAND ? algorithms : NULL;
}

static const OSSL_DISPATCH provider_calls[] = {
	{ OSSL_FUNC_PROVIDER_QUERY_OPERATION, CALL(provider_query) },
	{ 0, NULL },
};

static int provider_init(const OSSL_CORE_HANDLE *handle,
			 const OSSL_DISPATCH *core, const OSSL_DISPATCH **calls,
			 void **provider)
{
	static char context; /* libcrypto wants one; there is no state */

	(void)handle;
	(void)core;
	*calls = provider_calls;
	*provider = &context;
	return 1;
}

/* The core has one thread. */
static struct {
	OSSL_LIB_CTX *ctx;
	OSSL_PROVIDER *ours, *theirs;
	size_t users;
} library;

static void library_unload(void)
{
	OSSL_PROVIDER_unload(library.ours);
	OSSL_PROVIDER_unload(library.theirs);
	OSSL_LIB_CTX_free(library.ctx);
	library.ours = library.theirs = NULL;
	library.ctx = NULL;
}

static bool library_load(void)
{
	library.ctx = OSSL_LIB_CTX_new();
	if (!library.ctx ||
	    !OSSL_PROVIDER_add_builtin(library.ctx, PROVIDER, provider_init))
		return false;
	library.theirs = OSSL_PROVIDER_load(library.ctx, "default");
	library.ours = OSSL_PROVIDER_load(library.ctx, PROVIDER);
	return library.theirs && library.ours;
}

OSSL_LIB_CTX *drbg_source_get_library(void)
{
	if (library.users == 0 && !library_load()) {
		library_unload();
		return NULL;
	}
	library.users++;
	return library.ctx;
}

void drbg_source_put_library(void)
{
	if (--library.users == 0)
		library_unload();
}

EVP_RAND_CTX *drbg_source_new(OSSL_LIB_CTX *ctx)
{
	EVP_RAND *rand = EVP_RAND_fetch(ctx, ALGORITHM, NULL);
	EVP_RAND_CTX *source = rand ? EVP_RAND_CTX_new(rand, NULL) : NULL;

	EVP_RAND_free(rand);
	if (source &&
	    !EVP_RAND_instantiate(source, STRENGTH, 0, NULL, 0, NULL)) {
		EVP_RAND_CTX_free(source);
		source = NULL;
	}
	return source;
}

int drbg_source_offer(EVP_RAND_CTX *source, uint8_t *seed, size_t len)
{
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_octet_string(PARAM_SEED, seed, len),
		OSSL_PARAM_construct_end(),
	};

	return EVP_RAND_CTX_set_params(source, params) ? 0 : -EIO;
}
