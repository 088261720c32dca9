#pragma once
/* Every handler of the API, by resource; server/routes.c is the table that names them. */
#include "server/request.h"

enum handled get_user(struct request *request);
enum handled put_user(struct request *request);
enum handled patch_user(struct request *request);
enum handled delete_user(struct request *request);
enum handled list_users(struct request *request);
enum handled batch_users(struct request *request);
enum handled merge_user(struct request *request);
enum handled export_user(struct request *request);
enum handled list_user_interactions(struct request *request);
enum handled delete_user_interactions(struct request *request);

enum handled get_item(struct request *request);
enum handled put_item(struct request *request);
enum handled patch_item(struct request *request);
enum handled delete_item(struct request *request);
enum handled list_items(struct request *request);
enum handled batch_items(struct request *request);
enum handled list_item_interactions(struct request *request);

enum handled post_interactions(struct request *request);
enum handled delete_interaction(struct request *request);
enum handled post_impression(struct request *request);

enum handled get_recommendations(struct request *request);
enum handled post_recommendations(struct request *request);
enum handled get_similar(struct request *request);
enum handled get_prediction(struct request *request);

enum handled list_models(struct request *request);
enum handled get_model(struct request *request);
enum handled activate_model(struct request *request);
enum handled get_map(struct request *request);
enum handled get_features(struct request *request);
enum handled post_training(struct request *request);
enum handled get_training(struct request *request);
enum handled delete_training(struct request *request);

enum handled get_health(struct request *request);
enum handled get_ready(struct request *request);
enum handled get_metrics(struct request *request);
enum handled get_openapi(struct request *request);
