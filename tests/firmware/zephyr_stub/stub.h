/* SPDX-License-Identifier: Apache-2.0 */
/* What the model of a test uses of the stand-in. */
#ifndef STUB_H
#define STUB_H

#include <stdint.h>

void stub_pass_us(int64_t microseconds);

#endif
