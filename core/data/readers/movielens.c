/* The MovieLens data sets of GroupLens, as unpacked: a folder, or one file of it.
 *
 *   100K            u.user  id|age|gender|occupation|zip
 *                   u.item  id|title|release|video|url|19 genre flags     (ISO 8859-1)
 *                   u.data  user TAB item TAB rating TAB seconds          (also u1.base, …)
 *   1M, 10M         users.dat (1M)  id::gender::age::occupation::zip
 *                   movies.dat      id::title::genre|genre|…              (1M: ISO 8859-1)
 *                   ratings.dat     user::item::rating::seconds
 *   latest, 20M on  movies.csv, ratings.csv
 *
 * A folder gives its users, then its items, then its ratings. Genres become categories and the
 * attribute `genres`; a title keeps its year "(1995)", which is also the attribute `year`. Release
 * dates are of the cinema, so published_at stays unset. Tags and links are not read. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "data/readers/cells.h"
#include "data/readers/csv.h"
#include "data/readers/feed.h"

enum { FIELDS_MAX = 32 };

static const char *const flag_genres[] = {
    NULL /* unknown */, "Action", "Adventure", "Animation", "Children's", "Comedy",  "Crime",
    "Documentary",      "Drama",  "Fantasy",   "Film-Noir", "Horror",     "Musical", "Mystery",
    "Romance",          "Sci-Fi", "Thriller",  "War",       "Western"};
enum { N_FLAGS = sizeof flag_genres / sizeof *flag_genres, U_ITEM_FLAGS = 5 };

/* The codes of users.dat. */
static const char *const occupations[] = {"other",
                                          "academic/educator",
                                          "artist",
                                          "clerical/admin",
                                          "student",
                                          "customer service",
                                          "health care",
                                          "executive/managerial",
                                          "farmer",
                                          "homemaker",
                                          "K-12 student",
                                          "lawyer",
                                          "programmer",
                                          "retired",
                                          "sales/marketing",
                                          "scientist",
                                          "self-employed",
                                          "technician/engineer",
                                          "tradesman/craftsman",
                                          "unemployed",
                                          "writer"};
enum { N_OCCUPATIONS = sizeof occupations / sizeof *occupations };

/* ---- lines of fields ---- */

/* Cuts the line at each separator into copies in UTF-8; bytes that are not UTF-8 are taken for
 * ISO 8859-1. Returns how many there are, FIELDS_MAX + 1 for more, 0 without memory. */
static size_t split_line(struct feed *feed, const struct source_line *line, const char *separator,
                         bool latin1, char *fields[FIELDS_MAX])
{
    char *text = arena_alloc(&feed->arena, 2 * line->length + 1);
    if (!text)
        return 0;
    if (latin1 || !utf8_is_valid(line->bytes, line->length))
        utf8_from_latin1(line->bytes, line->length, text);
    else
        memcpy(text, line->bytes, line->length + 1);
    size_t n = 0;
    for (char *at = text; at; n++) {
        if (n == FIELDS_MAX)
            return FIELDS_MAX + 1;
        fields[n] = at;
        at = strstr(at, separator);
        if (at) {
            *at = '\0';
            at += strlen(separator);
        }
    }
    return n;
}

static enum status refuse_fields(size_t n, size_t wanted, const char *form, struct error *reterr)
{
    if (n == 0)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    return error_set(reterr, STATUS_MALFORMED, "the line has %zu fields and not %zu: %s", n, wanted,
                     form);
}

/* ---- records ---- */

/* The year of a title that ends in "(1995)", or 0. */
static int year_of_title(const char *title)
{
    const size_t length = strlen(title);
    if (length < 6 || title[length - 1] != ')' || title[length - 6] != '(')
        return 0;
    int year = 0;
    for (const char *c = title + length - 5; c < title + length - 1; c++) {
        if (*c < '0' || *c > '9')
            return 0;
        year = year * 10 + (*c - '0');
    }
    return year;
}

static void trim_end(char *text)
{
    size_t length = strlen(text);
    while (length && text[length - 1] == ' ')
        text[--length] = '\0';
}

static enum status send_item(struct feed *feed, const char *id, char *title,
                             const char *const *genres, uint32_t n_genres, bool *ret_sent,
                             struct error *reterr)
{
    struct item_record item = item_record_empty();
    struct buffer attributes = {0};
    trim_end(title);
    item.id = id;
    item.title = title;
    item.categories = genres;
    item.n_categories = n_genres;
    if (n_genres)
        attributes_add_list(&attributes, "genres", genres, n_genres);
    const int year = year_of_title(title);
    if (year)
        attributes_add_number(&attributes, "year", year);
    item.attributes = attributes_close(&attributes, &feed->arena);
    buffer_free(&attributes);
    if (!item.attributes)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    *ret_sent = true;
    return feed_item(feed, &item);
}

static enum status send_item_with_genres(struct feed *feed, const char *id, char *title,
                                         const char *genres, bool *ret_sent, struct error *reterr)
{
    const char *const *names = NULL;
    uint32_t n = 0;
    enum status status = STATUS_OK;
    if (strcmp(genres, "(no genres listed)") != 0)
        status = cell_list(genres, '|', CATEGORIES_MAX, &feed->arena, &names, &n, reterr);
    return status == STATUS_OK ? send_item(feed, id, title, names, n, ret_sent, reterr) : status;
}

static enum status send_user(struct feed *feed, const char *id, const char *age, const char *gender,
                             const char *occupation, const char *zip, bool *ret_sent,
                             struct error *reterr)
{
    struct user_record user = user_record_empty();
    struct buffer attributes = {0};
    double years;
    const enum status status = cell_number("age", age, &years, reterr);
    if (status != STATUS_OK)
        return status;
    attributes_add_number(&attributes, "age", years);
    attributes_add_text(&attributes, "gender", gender);
    attributes_add_text(&attributes, "occupation", occupation);
    attributes_add_text(&attributes, "zip_code", zip);
    user.id = id;
    user.attributes = attributes_close(&attributes, &feed->arena);
    buffer_free(&attributes);
    if (!user.attributes)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    *ret_sent = true;
    return feed_user(feed, &user);
}

static enum status send_rating(struct feed *feed, const char *user, const char *item,
                               const char *rating, const char *time, bool *ret_sent,
                               struct error *reterr)
{
    struct event_record event = event_record_empty();
    enum status status = cell_number("rating", rating, &event.rating, reterr);
    if (status == STATUS_OK)
        status = cell_time(time, &event.time_ms, reterr);
    if (status != STATUS_OK)
        return status;
    event.user = user;
    event.item = item;
    event.type = "rating";
    *ret_sent = true;
    return feed_event(feed, &event);
}

/* ---- one line of each file ---- */

static enum status u_user_line(struct feed *feed, const struct source_line *line, bool *ret_sent,
                               struct error *reterr)
{
    char *f[FIELDS_MAX];
    const size_t n = split_line(feed, line, "|", true, f);
    if (n != 5)
        return refuse_fields(n, 5, "id|age|gender|occupation|zip", reterr);
    return send_user(feed, f[0], f[1], f[2], f[3], f[4], ret_sent, reterr);
}

static enum status u_item_line(struct feed *feed, const struct source_line *line, bool *ret_sent,
                               struct error *reterr)
{
    char *f[FIELDS_MAX];
    const size_t n = split_line(feed, line, "|", true, f);
    if (n != U_ITEM_FLAGS + N_FLAGS)
        return refuse_fields(n, U_ITEM_FLAGS + N_FLAGS, "id|title|release|video|url|19 genre flags",
                             reterr);
    const char **genres = arena_zalloc(&feed->arena, N_FLAGS, sizeof *genres);
    if (!genres)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    uint32_t n_genres = 0;
    for (size_t i = 0; i < N_FLAGS; i++)
        if (flag_genres[i] && strcmp(f[U_ITEM_FLAGS + i], "1") == 0)
            genres[n_genres++] = flag_genres[i];
    return send_item(feed, f[0], f[1], genres, n_genres, ret_sent, reterr);
}

/* u.data is all numbers, so that blanks can only be separators: copies of it exist in which an
 * editor has turned tabs into spaces. */
static size_t split_blanks(struct feed *feed, const struct source_line *line,
                           char *fields[FIELDS_MAX])
{
    char *at = arena_strndup(&feed->arena, line->bytes, line->length);
    size_t n = 0;
    if (!at)
        return 0;
    for (at += strspn(at, "\t "); *at && n < FIELDS_MAX; n++) {
        fields[n] = at;
        at += strcspn(at, "\t ");
        if (*at)
            *at++ = '\0';
        at += strspn(at, "\t ");
    }
    return *at ? FIELDS_MAX + 1 : n;
}

static enum status u_data_line(struct feed *feed, const struct source_line *line, bool *ret_sent,
                               struct error *reterr)
{
    char *f[FIELDS_MAX];
    const size_t n = split_blanks(feed, line, f);
    if (n != 4)
        return refuse_fields(n, 4, "user, item, rating and seconds with tabs between", reterr);
    return send_rating(feed, f[0], f[1], f[2], f[3], ret_sent, reterr);
}

static enum status users_dat_line(struct feed *feed, const struct source_line *line, bool *ret_sent,
                                  struct error *reterr)
{
    char *f[FIELDS_MAX];
    const size_t n = split_line(feed, line, "::", false, f);
    if (n != 5)
        return refuse_fields(n, 5, "id::gender::age::occupation::zip", reterr);
    int64_t code;
    if (text_to_int64(f[3], &code) != STATUS_OK || code < 0 || code >= N_OCCUPATIONS)
        return error_set(reterr, STATUS_OUT_OF_RANGE, "there is no occupation '%.20s'", f[3]);
    return send_user(feed, f[0], f[2], f[1], occupations[code], f[4], ret_sent, reterr);
}

static enum status movies_dat_line(struct feed *feed, const struct source_line *line,
                                   bool *ret_sent, struct error *reterr)
{
    char *f[FIELDS_MAX];
    const size_t n = split_line(feed, line, "::", false, f);
    if (n != 3)
        return refuse_fields(n, 3, "id::title::genre|genre|…", reterr);
    return send_item_with_genres(feed, f[0], f[1], f[2], ret_sent, reterr);
}

static enum status ratings_dat_line(struct feed *feed, const struct source_line *line,
                                    bool *ret_sent, struct error *reterr)
{
    char *f[FIELDS_MAX];
    const size_t n = split_line(feed, line, "::", false, f);
    if (n != 4)
        return refuse_fields(n, 4, "user::item::rating::seconds", reterr);
    return send_rating(feed, f[0], f[1], f[2], f[3], ret_sent, reterr);
}

/* ---- the CSV generations ---- */

static enum status csv_movie(struct feed *feed, const struct csv *csv, bool *ret_sent,
                             struct error *reterr)
{
    if (csv->n_cells != 3)
        return refuse_fields(csv->n_cells, 3, "movieId,title,genres", reterr);
    char *title = arena_strndup(&feed->arena, csv_cell(csv, 1), strlen(csv_cell(csv, 1)));
    if (!title)
        return error_set(reterr, STATUS_NO_MEMORY, "out of memory");
    return send_item_with_genres(feed, csv_cell(csv, 0), title, csv_cell(csv, 2), ret_sent, reterr);
}

static enum status csv_rating(struct feed *feed, const struct csv *csv, bool *ret_sent,
                              struct error *reterr)
{
    if (csv->n_cells != 4)
        return refuse_fields(csv->n_cells, 4, "userId,movieId,rating,timestamp", reterr);
    return send_rating(feed, csv_cell(csv, 0), csv_cell(csv, 1), csv_cell(csv, 2), csv_cell(csv, 3),
                       ret_sent, reterr);
}

typedef enum status (*each_csv_record)(struct feed *feed, const struct csv *csv, bool *ret_sent,
                                       struct error *reterr);

/* Skips the header, which the caller has recognised. */
static enum status read_csv_records(struct feed *feed, struct csv *csv, each_csv_record each,
                                    struct error *reterr)
{
    bool end = false, header = true;
    enum status status = STATUS_OK;
    while (status == STATUS_OK) {
        struct error why = {0};
        bool sent = false;
        const enum status read = csv_next(csv, &end, &why);
        if (end || source_status(feed->source, NULL) != STATUS_OK)
            break;
        status = feed_begin(feed, csv->line, reterr);
        if (status != STATUS_OK)
            break;
        if (read == STATUS_OK && !header)
            status = each(feed, csv, &sent, &why);
        header = false;
        if (read != STATUS_OK || (status != STATUS_OK && !sent && status != STATUS_NO_MEMORY))
            status = feed_broken(feed, &why);
        else if (status == STATUS_NO_MEMORY && !sent && reterr)
            *reterr = why;
    }
    return status;
}

/* ---- files ---- */

enum form {
    FORM_U_USER,
    FORM_U_ITEM,
    FORM_U_DATA,
    FORM_USERS_DAT,
    FORM_MOVIES_DAT,
    FORM_RATINGS_DAT,
    FORM_MOVIES_CSV,
    FORM_RATINGS_CSV,
    FORM_UNKNOWN,
};

/* In the order in which a folder is read. */
static const struct {
    const char *name;
    feed_each_line line;
    each_csv_record record;
    bool utf8;
} forms[] = {
    [FORM_U_USER] = {"u.user", u_user_line, NULL, false},
    [FORM_U_ITEM] = {"u.item", u_item_line, NULL, false},
    [FORM_U_DATA] = {"u.data", u_data_line, NULL, false},
    [FORM_USERS_DAT] = {"users.dat", users_dat_line, NULL, false},
    [FORM_MOVIES_DAT] = {"movies.dat", movies_dat_line, NULL, false},
    [FORM_RATINGS_DAT] = {"ratings.dat", ratings_dat_line, NULL, false},
    [FORM_MOVIES_CSV] = {"movies.csv", NULL, csv_movie, true},
    [FORM_RATINGS_CSV] = {"ratings.csv", NULL, csv_rating, true},
};

static bool has_ratings(enum form form)
{
    return form == FORM_U_DATA || form == FORM_RATINGS_DAT || form == FORM_RATINGS_CSV;
}

static enum status read_csv_form(const char *path, each_csv_record each,
                                 const struct reader_settings *settings,
                                 const struct reader_sink *sink, const struct observer *observer,
                                 struct error *reterr)
{
    struct feed feed;
    struct csv csv = {0};
    enum status status = feed_open(&feed, path, settings, sink, observer, reterr);
    if (status != STATUS_OK)
        return status;
    status = csv_open(&csv, feed.source, ',');
    if (status == STATUS_OK)
        status = read_csv_records(&feed, &csv, each, reterr);
    else
        error_set(reterr, status, "out of memory");
    csv_close(&csv);
    return feed_close(&feed, status, reterr);
}

static enum status read_form(enum form form, const char *path,
                             const struct reader_settings *settings, const struct reader_sink *sink,
                             const struct observer *observer, struct error *reterr)
{
    if (forms[form].record)
        return read_csv_form(path, forms[form].record, settings, sink, observer, reterr);
    return feed_lines(path, forms[form].utf8, forms[form].line, settings, sink, observer, reterr);
}

/* "dir/movies.dat.gz" is movies.dat */
static enum form form_of_name(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = strlen(name);
    if (length > 3 && strcmp(name + length - 3, ".gz") == 0)
        length -= 3;
    for (int form = 0; form < FORM_UNKNOWN; form++)
        if (strlen(forms[form].name) == length && memcmp(forms[form].name, name, length) == 0)
            return (enum form)form;
    return FORM_UNKNOWN;
}

/* Files of other names (u1.base, standard input) are told by their first line. */
static enum form form_of_line(const char *line)
{
    if (strncmp(line, "userId,movieId,rating", 21) == 0)
        return FORM_RATINGS_CSV;
    if (strncmp(line, "movieId,title", 13) == 0)
        return FORM_MOVIES_CSV;
    const char *first = strstr(line, "::");
    if (first)
        return strchr(line, '|') ? FORM_MOVIES_DAT : FORM_RATINGS_DAT;
    if (strchr(line, '\t'))
        return FORM_U_DATA;
    size_t bars = 0;
    for (; *line; line++)
        bars += *line == '|';
    return bars == 4                            ? FORM_U_USER
           : bars == U_ITEM_FLAGS + N_FLAGS - 1 ? FORM_U_ITEM
                                                : FORM_UNKNOWN;
}

static enum status form_of_file(const char *path, enum form *ret_form, struct error *reterr)
{
    struct source *source;
    struct source_line line;
    const enum status status = source_open(path, &source, reterr);
    if (status != STATUS_OK)
        return status;
    *ret_form = source_line(source, &line) ? form_of_line(line.bytes) : FORM_UNKNOWN;
    source_close(source);
    return STATUS_OK;
}

static enum status read_one(const char *path, const struct reader_settings *settings,
                            const struct reader_sink *sink, const struct observer *observer,
                            struct error *reterr)
{
    enum form form = form_of_name(path);
    if (strcmp(path, "-") == 0)
        return error_set(reterr, STATUS_UNSUPPORTED,
                         "movielens takes a folder or a file; use csv for standard input");
    if (form == FORM_UNKNOWN) {
        const enum status status = form_of_file(path, &form, reterr);
        if (status != STATUS_OK)
            return status;
    }
    if (form == FORM_UNKNOWN)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "%s is none of the files of MovieLens: u.data, ratings.dat, ratings.csv "
                         "and those beside them",
                         path);
    return read_form(form, path, settings, sink, observer, reterr);
}

/* Finds `folder/name` or `folder/name.gz`. */
static bool find_in_folder(const char *folder, enum form form, char out[PATH_BYTES_MAX])
{
    char compressed[32];
    if (path_join(out, folder, forms[form].name) == STATUS_OK && access(out, F_OK) == 0)
        return true;
    snprintf(compressed, sizeof compressed, "%s.gz", forms[form].name);
    return path_join(out, folder, compressed) == STATUS_OK && access(out, F_OK) == 0;
}

static enum status read_folder(const char *folder, const struct reader_settings *settings,
                               const struct reader_sink *sink, const struct observer *observer,
                               struct error *reterr)
{
    char path[PATH_BYTES_MAX];
    bool ratings = false;
    for (int form = 0; form < FORM_UNKNOWN && !ratings; form++)
        ratings = has_ratings((enum form)form) && find_in_folder(folder, (enum form)form, path);
    if (!ratings)
        return error_set(reterr, STATUS_NOT_FOUND,
                         "%s holds none of u.data, ratings.dat and ratings.csv (or .gz of these)",
                         folder);
    for (int form = 0; form < FORM_UNKNOWN; form++) {
        if (!find_in_folder(folder, (enum form)form, path))
            continue;
        const enum status status =
            read_form((enum form)form, path, settings, sink, observer, reterr);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_movielens(const char *path, const struct reader_settings *settings,
                                  const struct reader_sink *sink, const struct observer *observer,
                                  struct error *reterr)
{
    struct stat info;
    if (strcmp(path, "-") != 0 && stat(path, &info) == 0 && S_ISDIR(info.st_mode))
        return read_folder(path, settings, sink, observer, reterr);
    return read_one(path, settings, sink, observer, reterr);
}

extern const struct reader_class movielens_reader;
const struct reader_class movielens_reader = {
    .name = "movielens",
    .summary = "a MovieLens folder or file: 100K, 1M, 10M and the CSV generations",
    .read = read_movielens,
};
