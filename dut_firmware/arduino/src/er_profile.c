/* SPDX-License-Identifier: Apache-2.0 */
/* The kernels report each layer before it starts; this port ignores it. */
#include "er_nn.h"

void er_profile_layer(uint16_t index, er_kind_t kind, uint32_t operations)
{
    (void)index;
    (void)kind;
    (void)operations;
}
