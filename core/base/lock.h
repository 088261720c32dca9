/* A lock of readers and writers under which writers are not starved. */
#pragma once

#include <pthread.h>

/* Makes `lock` so that a waiting writer goes before readers that come later: for readers that come
 * without end and are short each. A thread must not take it for reading twice. Returns 0 or an
 * error number; the caller ends it with pthread_rwlock_destroy. */
int lock_init_writers_first(pthread_rwlock_t *lock);
