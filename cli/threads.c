#include "cli/threads.h"

enum status threads_start(const struct invocation *invocation, struct parallel **ret_pool,
                          struct error *reterr)
{
    const int64_t threads = invocation_whole(invocation, "threads");
    const enum status status =
        parallel_new(threads ? (unsigned)threads : parallel_cores(), false, ret_pool);
    return status == STATUS_OK ? status
                               : error_set(reterr, status, "the threads could not be started");
}
