#pragma once
/* Written by tests/golden/autorec.py. */

static const double autorec_losses[3][2] = {
    {21.641357462, 17.7944455185},
    {25.9387077206, 19.1839032261},
    {23.897787763, 18.4975113183},
};
