#include "models/autorec_costs.h"

#include "base/op_costs.h"

struct bill {
    const struct autorec_net *net;
    const struct timesheet *sheet;
    const char *loss; /* its name in the graph */
    struct op_costs of;
};

static void charge_time(struct bill *bill, const char *name, double ns)
{
    op_costs_charge_name(&bill->of, name, (int64_t)ns, 0);
}

static void charge_memory(struct bill *bill, const char *name, uint64_t bytes)
{
    op_costs_charge_name(&bill->of, name, 0, bytes);
}

static void charge_part(struct bill *bill, const char *name, enum autorec_part part)
{
    charge_time(bill, name, (double)timesheet_mean_ns(bill->sheet, part));
}

/* Of an observed output: two products with a row of W, each of twice its width; the bias; and for
 * the loss a difference, its square, its sum and its double. */
static void charge_observed(struct bill *bill)
{
    const double products = 4 * (double)bill->net->width, bias = 1, loss = 4;
    const double ns =
        (double)timesheet_mean_ns(bill->sheet, AUTOREC_OBSERVED) / (products + bias + loss);
    charge_time(bill, "decoder/product", ns * products);
    charge_time(bill, "decoder/sum", ns * bias);
    charge_time(bill, bill->loss, ns * loss);
}

static void charge_entries(struct bill *bill)
{
    const double width = (double)bill->net->width;
    const double ns = (double)timesheet_mean_ns(bill->sheet, AUTOREC_ENTRIES) / (2 * width + 1);
    charge_time(bill, "encoder/product", ns * width);
    charge_time(bill, "decoder/product", ns * width);
    charge_time(bill, "decoder/sum", ns);
}

static void charge_step(struct bill *bill)
{
    charge_part(bill, "encoder/product", AUTOREC_ENCODE);
    charge_part(bill, "encoder/sum", AUTOREC_MEANS);
    charge_part(bill, "encoder/hidden", AUTOREC_ACTIVATE);
    charge_part(bill, "decoder/product", AUTOREC_DECODE);
    charge_part(bill, "decoder/sum", AUTOREC_BIASES);
    charge_part(bill, bill->loss, AUTOREC_LOSS);
    charge_part(bill, "train/adam", AUTOREC_MOVE);
    charge_observed(bill);
    charge_entries(bill);
}

/* So many floats that are learnt. */
static void charge_variable(struct bill *bill, const char *name, uint64_t floats)
{
    charge_memory(bill, name, 3 * floats * sizeof(float));
    charge_memory(bill, "train/adam", 2 * floats * sizeof(float));
}

static void charge_batch(struct bill *bill, const struct autorec_batch *batch, uint64_t rows)
{
    const struct csr *x = batch->x;
    const char *inputs = bill->net->multinomial ? "inputs/likes" : "inputs/ratings";
    const uint64_t entry = sizeof *x->columns + sizeof *x->values +
                           (batch->targets ? sizeof *batch->targets : 0) +
                           (batch->inputs != x->values ? sizeof *batch->inputs : 0);
    const uint64_t matrix = bill->net->n_columns * bill->net->width;
    charge_memory(bill, inputs,
                  csr_size(x) * entry + (x->n_rows + UINT64_C(1)) * sizeof *x->starts);
    charge_memory(bill, "encoder/hidden", rows * bill->net->width * sizeof *batch->h);
    charge_memory(bill, "encoder/sum", rows * bill->net->width * sizeof *batch->deltas);
    if (bill->net->multinomial)
        charge_memory(bill, "decoder/product", rows * bill->net->width * sizeof *batch->turned);
    charge_memory(bill, "decoder/sum", rows * batch->error_width * sizeof *batch->errors);
    charge_memory(bill, bill->loss, rows * sizeof *batch->losses);
    charge_variable(bill, "encoder/weights", matrix);
    charge_variable(bill, "encoder/biases", bill->net->width);
    charge_variable(bill, "decoder/weights", matrix);
    charge_variable(bill, "decoder/biases", bill->net->n_columns);
}

void autorec_costs_tell(const struct autorec_settings *settings, const struct autorec_batch *batch,
                        uint32_t batch_rows, const struct timesheet *sheet, int64_t epoch,
                        const struct observer *observer)
{
    struct bill bill = {.net = batch->net,
                        .sheet = sheet,
                        .loss =
                            batch->net->multinomial ? "loss/cross_entropy" : "loss/squared_error"};
    if (sheet->n_steps == 0)
        return;
    autorec_graph(settings, batch->net->n_columns, !batch->net->multinomial, &bill.of.graph);
    op_costs_begin(&bill.of);
    charge_step(&bill);
    charge_batch(&bill, batch, batch_rows);
    op_costs_tell(&bill.of, observer, epoch);
}
