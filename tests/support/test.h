#pragma once
/* What every unit test starts with: cmocka in its order of inclusion, and a folder of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "base/file.h"

/* A fresh folder under TMPDIR (or /tmp). */
void temp_folder_make(char out[PATH_BYTES_MAX]);
void temp_folder_remove(const char *path);

/* Setup and teardown for cmocka: *state is the path of a fresh folder. */
int temp_folder_setup(void **state);
int temp_folder_teardown(void **state);

/* folder/name, in one of a few static buffers: for expressions, not to be kept. */
const char *in_folder(const char *folder, const char *name);

/* The whole file; the test fails when it cannot be read. The buffer is the caller's. */
struct buffer file_bytes(const char *path);

/* Writes the file anew; the test fails when it cannot. */
void file_put(const char *path, const void *bytes, size_t length);

/* A cmocka test that runs in a fresh folder. */
#define WITH_FOLDER(test)                                                                          \
    cmocka_unit_test_setup_teardown(test, temp_folder_setup, temp_folder_teardown)
