/* Writes a log directory as told by lines on standard input, for tests/board. Each line is one
 * command, its parts separated by tabs:
 *
 *     run NAME FIRST_STEP        opens a run and closes the one before
 *     scalar TAG STEP VALUE
 *     text TAG STEP MARKDOWN     \n in it is a line break
 *     histogram TAG STEP NUMBERS  separated by spaces
 *     pr TAG STEP PAIRS           score and label in turn
 *     trial GROUP NAME NUMBER     the start and the end of a trial
 *     layout TITLE CHART TAG
 *     graph NAME NAME             two operations, the first feeding the second
 *     image TAG STEP PATHS       of PNG files, separated by spaces
 *     costs NAME TAG NS BYTES     of one operation
 *     flush
 *     prune PREFIX KEEP
 *     say WORD                   prints the word, so that a test knows how far this came
 *     die                        ends at once, as a crash would, with nothing closed
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "board/board.h"

enum { LINE_BYTES_MAX = 1 << 20, PARTS_MAX = 5, NUMBERS_MAX = 1 << 16 };

struct writer {
    struct board *board;
    struct board_run *run;
};

static void do_run(struct writer *writer, char **parts)
{
    board_run_close(writer->run);
    writer->run = board_run_open(writer->board, parts[1], atoll(parts[2]));
}

static void do_scalar(struct writer *writer, char **parts)
{
    board_scalar(writer->run, parts[1], atoll(parts[2]), strtod(parts[3], NULL));
}

static void do_text(struct writer *writer, char **parts)
{
    char *to = parts[3];
    for (const char *from = parts[3]; *from; from++) {
        const int is_break = from[0] == '\\' && from[1] == 'n';
        *to++ = is_break ? '\n' : *from;
        from += is_break;
    }
    *to = '\0';
    board_text(writer->run, parts[1], atoll(parts[2]), parts[3]);
}

static size_t read_numbers(const char *text, float out[NUMBERS_MAX])
{
    size_t n = 0;
    for (char *end; n < NUMBERS_MAX; text = end, n++) {
        out[n] = strtof(text, &end);
        if (end == text)
            break;
    }
    return n;
}

static void do_histogram(struct writer *writer, char **parts)
{
    static float numbers[NUMBERS_MAX];
    const size_t n = read_numbers(parts[3], numbers);
    board_histogram(writer->run, parts[1], atoll(parts[2]), numbers, n);
}

static void do_pr(struct writer *writer, char **parts)
{
    static float numbers[NUMBERS_MAX], scores[NUMBERS_MAX / 2], labels[NUMBERS_MAX / 2];
    const size_t n = read_numbers(parts[3], numbers) / 2;
    for (size_t i = 0; i < n; i++) {
        scores[i] = numbers[2 * i];
        labels[i] = numbers[2 * i + 1];
    }
    board_pr_curve(writer->run, parts[1], atoll(parts[2]), scores, labels, NULL, n);
}

static void do_trial(struct writer *writer, char **parts)
{
    const struct hparam hparams[] = {
        {.name = parts[2], .kind = HPARAM_NUMBER, .number = strtod(parts[3], NULL)},
        {.name = "group", .kind = HPARAM_TEXT, .text = parts[1]},
        {.name = "even", .kind = HPARAM_BOOL, .number = 1}};
    board_trial_start(writer->run, hparams, 3, parts[1]);
    board_trial_end(writer->run, true);
}

static void do_layout(struct writer *writer, char **parts)
{
    const char *const tags[] = {parts[3], NULL};
    const struct board_chart chart = {.title = parts[2], .tags = tags};
    const struct board_category category = {.title = parts[1], .charts = &chart, .n_charts = 1};
    board_layout(writer->run, &category, 1);
}

static void do_graph(struct writer *writer, char **parts)
{
    struct op_graph graph = {0};
    const uint32_t a = op_add_variable(&graph, OP_SHAPE_2(3, 4), "%s", parts[1]);
    op_feed(&graph, op_add(&graph, "MatMul", OP_SHAPE_2(OP_BATCH, 4), "%s", parts[2]), a);
    board_graph(writer->run, &graph);
    op_graph_free(&graph);
}

/* What cannot be read is left as nothing, which the board refuses. */
static void do_image(struct writer *writer, char **parts)
{
    struct board_picture pictures[BOARD_IMAGES_MAX] = {{0}};
    struct buffer bytes[BOARD_IMAGES_MAX] = {{0}};
    size_t n = 0;
    for (char *rest = parts[3], *path; (path = strsep(&rest, " ")) && n < BOARD_IMAGES_MAX; n++) {
        FILE *file = fopen(path, "rb");
        char part[4096];
        for (size_t got; file && (got = fread(part, 1, sizeof part, file)) > 0;)
            buffer_append(&bytes[n], part, got);
        if (file)
            fclose(file);
        pictures[n] = (struct board_picture){bytes[n].data, bytes[n].size};
    }
    board_image(writer->run, parts[1], atoll(parts[2]), pictures, n);
    for (size_t i = 0; i < n; i++)
        buffer_free(&bytes[i]);
}

static void do_costs(struct writer *writer, char **parts)
{
    struct op_graph graph = {0};
    const struct op_cost cost = {.ns = atoll(parts[3]), .bytes = strtoull(parts[4], NULL, 10)};
    op_add(&graph, "MatMul", OP_SHAPE_1(1), "%s", parts[1]);
    board_costs(writer->run, parts[2], 0, &graph, &cost);
    op_graph_free(&graph);
}

static void do_flush(struct writer *writer, char **parts)
{
    (void)parts;
    board_flush(writer->run);
}

static void do_prune(struct writer *writer, char **parts)
{
    board_prune(writer->board, parts[1], (size_t)atoll(parts[2]));
}

static void do_say(struct writer *writer, char **parts)
{
    (void)writer;
    puts(parts[1]);
    fflush(stdout);
}

static void do_die(struct writer *writer, char **parts)
{
    (void)writer;
    (void)parts;
    _exit(0);
}

static const struct command {
    const char *name;
    size_t n_parts;
    void (*run)(struct writer *writer, char **parts);
} commands[] = {
    {"run", 3, do_run},
    {"scalar", 4, do_scalar},
    {"text", 4, do_text},
    {"flush", 1, do_flush},
    {"histogram", 4, do_histogram},
    {"pr", 4, do_pr},
    {"trial", 4, do_trial},
    {"layout", 4, do_layout},
    {"graph", 3, do_graph},
    {"image", 4, do_image},
    {"costs", 5, do_costs},
    {"prune", 3, do_prune},
    {"say", 2, do_say},
    {"die", 1, do_die},
};

static int run_line(struct writer *writer, char *line)
{
    char *parts[PARTS_MAX], *rest = line;
    size_t n_parts = 0;
    line[strcspn(line, "\n")] = '\0';
    while (rest && n_parts < PARTS_MAX)
        parts[n_parts++] = strsep(&rest, "\t");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, parts[0]) == 0 && commands[i].n_parts == n_parts && !rest) {
            commands[i].run(writer, parts);
            return 0;
        }
    fprintf(stderr, "board-writer: unknown command, or not its number of parts: %s\n", parts[0]);
    return 2;
}

int main(int argc, char **argv)
{
    static char line[LINE_BYTES_MAX];
    struct writer writer = {0};
    struct error err = {0};
    if (argc != 2) {
        fprintf(stderr, "usage: board-writer LOGDIR < COMMANDS\n");
        return 2;
    }
    if (board_open(argv[1], &writer.board, &err) != STATUS_OK) {
        fprintf(stderr, "board-writer: %s\n", err.text);
        return 1;
    }
    int result = 0;
    while (result == 0 && fgets(line, sizeof line, stdin))
        result = run_line(&writer, line);
    board_run_close(writer.run);
    while (board_take_error(writer.board, &err)) {
        fprintf(stderr, "board-writer: %s\n", err.text);
        result = 1;
    }
    board_close(writer.board);
    return result;
}
