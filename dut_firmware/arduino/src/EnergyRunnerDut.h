/* SPDX-License-Identifier: Apache-2.0 */
/* All that a sketch needs. */
#ifndef ENERGY_RUNNER_DUT_H
#define ENERGY_RUNNER_DUT_H

#include "er_monitor.h"
#include "er_port.h"
#include "er_print.h"

#endif
