#pragma once
/* The subcommands, one file each; what they take stands in commands.c. Each returns an exit code
 * and has said why when it is not EXIT_DONE. */
#include "cli/command.h"

int command_serve(const struct invocation *invocation);
int command_demo(const struct invocation *invocation);
int command_import(const struct invocation *invocation);
int command_export(const struct invocation *invocation);
int command_train(const struct invocation *invocation);
int command_evaluate(const struct invocation *invocation);
int command_fit(const struct invocation *invocation);
int command_predict(const struct invocation *invocation);
int command_features(const struct invocation *invocation);
int command_embed(const struct invocation *invocation);
int command_recommend(const struct invocation *invocation);
int command_similar(const struct invocation *invocation);
int command_map(const struct invocation *invocation);
int command_models(const struct invocation *invocation);
int command_keys(const struct invocation *invocation);
int command_migrate(const struct invocation *invocation);
int command_backup(const struct invocation *invocation);
int command_restore(const struct invocation *invocation);
int command_config(const struct invocation *invocation);
int command_tensorboard(const struct invocation *invocation);
int command_health(const struct invocation *invocation);
int command_help(const struct invocation *invocation);

/* Lists from other tables, for help. */
void help_formats(FILE *out);    /* importers */
void help_models(FILE *out);     /* models with their parameters */
void help_predictors(FILE *out); /* models of tables with theirs */
