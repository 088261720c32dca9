#pragma once
/* Random numbers that are the same on every machine: xoshiro256++ (Blackman and Vigna 2021),
 * seeded by splitmix64. One stream a purpose: rng_seed(seed, purpose), never a shared one, so
 * that adding a draw here does not change the numbers there. Not for secrets (use libsodium). */
#include <stdint.h>

struct rng {
    uint64_t state[4];
};

struct rng rng_seed(uint64_t seed, uint64_t stream);
uint64_t rng_next(struct rng *rng);

/* Uniform in [0, bound), without bias (Lemire 2019); bound > 0. */
uint32_t rng_below(struct rng *rng, uint32_t bound);

/* Uniform in [0, 1) with 53 bits. */
double rng_uniform(struct rng *rng);

/* Standard normal (Marsaglia's polar method). */
double rng_normal(struct rng *rng);

/* Fisher and Yates, in place. */
void rng_shuffle(struct rng *rng, uint32_t *values, uint32_t count);
