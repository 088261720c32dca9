/* Makes interactions that look like a shop's: a few items get most of them, users have tastes, and
 * what is popular changes with time. The same seed gives the same bytes on every machine.
 *
 *     generate --users 100000 --items 20000 --interactions 5000000 > events.csv
 *     generate ... | tastevin import csv - --data DIR       a whole data directory
 *     generate --format pairs ... > pairs.txt
 *
 * Item ranks follow Zipf's law, P(rank r) ~ 1 / (r + 1)^s. Items are dealt to clusters in turn, so
 * that each cluster has its own popular ones. A user belongs to one cluster and takes an item from
 * it with probability `taste`, otherwise from any. Users' activity follows Zipf's law too, with
 * half the exponent. By `drift` the order of popularity moves on within a cluster: after all the
 * time, by that share of its items. Events come in order of time, evenly over 365 days.
 */
#include <getopt.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rng.h"
#include "base/text.h"

enum { INTERACTIONS_MAX = 25000000, NUMBERS_MAX = 10000000, DAYS = 365 };

/* 2025-01-01T00:00:00Z */
#define START_MS INT64_C(1735689600000)
#define DAY_MS   INT64_C(86400000)

struct request {
    int64_t users, items, interactions, clusters, seed;
    double zipf, taste, drift;
    bool pairs;
};

struct world {
    struct request r;
    double *ranks;  /* [items] cumulative Zipf weights; those of a cluster are the first of them */
    double *active; /* [users] cumulative activity */
};

static double *zipf_cumulative(int64_t n, double exponent)
{
    double *sums = malloc((size_t)n * sizeof *sums), sum = 0;
    for (int64_t i = 0; sums && i < n; i++)
        sums[i] = sum += pow((double)(i + 1), -exponent);
    return sums;
}

/* The first place among n whose sum is above a uniform share of the last one. */
static int64_t draw(struct rng *rng, const double *sums, int64_t n)
{
    const double wanted = rng_uniform(rng) * sums[n - 1];
    int64_t low = 0, high = n - 1;
    while (low < high) {
        const int64_t middle = low + (high - low) / 2;
        if (sums[middle] > wanted)
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

struct interaction {
    uint32_t user, item;
    int64_t time_ms;
    const char *type;
};

static struct interaction next_interaction(const struct world *w, struct rng *rng, int64_t event)
{
    const struct request *r = &w->r;
    const double age = (double)event / (double)r->interactions;
    const int64_t user = draw(rng, w->active, r->users);
    const bool own = rng_uniform(rng) < r->taste;
    const int64_t cluster =
        own ? user % r->clusters : (int64_t)rng_below(rng, (uint32_t)r->clusters);
    const int64_t in_cluster = (r->items - cluster + r->clusters - 1) / r->clusters;
    const int64_t rank = draw(rng, w->ranks, in_cluster);
    const int64_t moved = (rank + (int64_t)(age * r->drift * (double)in_cluster)) % in_cluster;
    const double kind = rng_uniform(rng);
    return (struct interaction){.user = (uint32_t)user,
                                .item = (uint32_t)(moved * r->clusters + cluster),
                                .time_ms = START_MS + (int64_t)(age * (double)(DAYS * DAY_MS)),
                                .type = kind < 0.85   ? "view"
                                        : kind < 0.97 ? "like"
                                                      : "purchase"};
}

static void write_csv(const struct world *w, struct rng *rng)
{
    puts("user,item,type,timestamp");
    for (int64_t e = 0; e < w->r.interactions; e++) {
        const struct interaction i = next_interaction(w, rng, e);
        char time[TIME_TEXT_SIZE];
        time_format(i.time_ms, time);
        printf("u%" PRIu32 ",i%" PRIu32 ",%s,%s\n", i.user, i.item, i.type, time);
    }
}

static int compare_pairs(const void *a, const void *b)
{
    const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* One line a user, items in rising order, each once. */
static int write_pairs(const struct world *w, struct rng *rng)
{
    const size_t n = (size_t)w->r.interactions;
    uint64_t *pairs = malloc(n * sizeof *pairs);
    if (!pairs)
        return EXIT_FAILURE;
    for (size_t e = 0; e < n; e++) {
        const struct interaction i = next_interaction(w, rng, (int64_t)e);
        pairs[e] = (uint64_t)i.user << 32 | i.item;
    }
    qsort(pairs, n, sizeof *pairs, compare_pairs);
    for (size_t e = 0; e < n; e++) {
        const bool new_user = e == 0 || pairs[e] >> 32 != pairs[e - 1] >> 32;
        if (new_user)
            printf("%s%" PRIu64, e ? "\n" : "", pairs[e] >> 32);
        if (new_user || pairs[e] != pairs[e - 1])
            printf(" %" PRIu32, (uint32_t)pairs[e]);
    }
    putchar('\n');
    free(pairs);
    return EXIT_SUCCESS;
}

static const struct option_row {
    const char *name;
    int letter;
    double min, max;
} rows[] = {{"users", 'u', 1, NUMBERS_MAX},
            {"items", 'i', 1, NUMBERS_MAX},
            {"interactions", 'n', 1, INTERACTIONS_MAX},
            {"clusters", 'c', 1, 100000},
            {"seed", 's', 0, 9e15},
            {"zipf", 'z', 0, 5},
            {"taste", 't', 0, 1},
            {"drift", 'd', 0, 1},
            {"format", 'f', 0, 0}};
enum { N_ROWS = sizeof rows / sizeof *rows };

static int usage(const char *why)
{
    fprintf(stderr, "generate: %s\noptions:", why);
    for (size_t i = 0; i < N_ROWS; i++)
        fprintf(stderr, i == N_ROWS - 1 ? " --%s csv|pairs\n" : " --%s N", rows[i].name);
    return 2;
}

static bool set_number(struct request *r, const struct option_row *row, const char *text)
{
    double value;
    if (text_to_double(text, &value) != STATUS_OK || value < row->min || value > row->max)
        return false;
    switch (row->letter) {
    case 'u':
        r->users = (int64_t)value;
        break;
    case 'i':
        r->items = (int64_t)value;
        break;
    case 'n':
        r->interactions = (int64_t)value;
        break;
    case 'c':
        r->clusters = (int64_t)value;
        break;
    case 's':
        r->seed = (int64_t)value;
        break;
    case 'z':
        r->zipf = value;
        break;
    case 't':
        r->taste = value;
        break;
    default:
        r->drift = value;
    }
    return true;
}

static bool read_request(int argc, char **argv, struct request *r)
{
    struct option options[N_ROWS + 1] = {0};
    for (size_t i = 0; i < N_ROWS; i++)
        options[i] = (struct option){rows[i].name, required_argument, NULL, (int)i + 1};
    int found;
    while ((found = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (found < 1 || found > N_ROWS)
            return false;
        const struct option_row *row = &rows[found - 1];
        if (row->letter == 'f') {
            r->pairs = strcmp(optarg, "pairs") == 0;
            if (!r->pairs && strcmp(optarg, "csv") != 0)
                return false;
        } else if (!set_number(r, row, optarg)) {
            return false;
        }
    }
    return optind == argc && r->clusters <= r->items;
}

int main(int argc, char **argv)
{
    struct world w = {.r = {.users = 10000,
                            .items = 2000,
                            .interactions = 500000,
                            .clusters = 20,
                            .seed = 1,
                            .zipf = 1,
                            .taste = 0.8,
                            .drift = 0.2}};
    if (!read_request(argc, argv, &w.r))
        return usage("an option is unknown or out of range");
    w.ranks = zipf_cumulative(w.r.items, w.r.zipf);
    w.active = zipf_cumulative(w.r.users, w.r.zipf / 2);
    int code = EXIT_FAILURE;
    if (w.ranks && w.active) {
        struct rng rng = rng_seed((uint64_t)w.r.seed, 1);
        code = EXIT_SUCCESS;
        if (w.r.pairs)
            code = write_pairs(&w, &rng);
        else
            write_csv(&w, &rng);
    }
    free(w.ranks);
    free(w.active);
    return fflush(stdout) == 0 && !ferror(stdout) ? code : EXIT_FAILURE;
}
