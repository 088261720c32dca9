#pragma once
/* Which of the trained models answers whom, as the settings say. */
#include <stddef.h>

#include "models/model.h"

struct settings;

/* All zero: `popular` for whoever has no history, the retriever for everyone else. */
struct rules {
    const struct model *guests;   /* who answers without a history; NULL: `popular` */
    const struct model *content;  /* knows items that nobody has touched; NULL: nobody does */
    const struct model *sessions; /* who answers short histories; NULL: as any other */
    uint32_t short_history;       /* of fewer items than this */
    uint32_t cold_every;          /* so many places of a list to one such item; 0: none */
};

/* By the settings' names among these models; what is not among them (a snapshot of other settings)
 * is left at zero. */
struct rules rules_make(const struct settings *settings, const struct model *const *models,
                        size_t n_models);
