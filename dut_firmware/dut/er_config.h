/* SPDX-License-Identifier: Apache-2.0 */
/* What a port may set at build time (-D…, or before this header is included). */
#ifndef ER_CONFIG_H
#define ER_CONFIG_H

/* 1: energy build. A timestamp is a falling edge on a pin; nothing is printed. UART usually at 9600 baud.
 * 0: performance build. A timestamp is a line `m-lap-us-N`. UART usually at 115200 baud. */
#ifndef EE_CFG_ENERGY_MODE
#define EE_CFG_ENERGY_MODE 0
#endif

/* Answer to `name`: board or vendor, without `]`. */
#ifndef TH_VENDOR_NAME_STRING
#define TH_VENDOR_NAME_STRING "unspecified"
#endif

/* The benchmarks by their customary names, so that -DTH_MODEL_VERSION=EE_MODEL_VERSION_VWW01 works. */
#define EE_MODEL_VERSION_KWS01 "kws01"
#define EE_MODEL_VERSION_VWW01 "vww01"
#define EE_MODEL_VERSION_AD01 "ad01"
#define EE_MODEL_VERSION_IC01 "ic01"

/* Second line of the answer to `profile`: the benchmark, e.g. "kws01". */
#ifndef TH_MODEL_VERSION
#define TH_MODEL_VERSION "kws01"
#endif

/* Bytes that `db load` accepts at most; this much RAM is reserved. The default is the largest input of the
 * benchmarks (vww01: 96 x 96 x 3). A port with one small model saves RAM by its model's input size. */
#ifndef MAX_DB_INPUT_SIZE
#define MAX_DB_INPUT_SIZE 27648
#endif

/* Characters of a command before its `%`. Clients rely on 80. */
#ifndef EE_CMD_SIZE
#define EE_CMD_SIZE 80
#endif

/* First line of the answers to `profile` and `help`. Clients recognize the grammar by this text. */
#ifndef EE_FW_VERSION
#define EE_FW_VERSION "ULPMark for tinyML Firmware V0.0.1"
#endif

/* How long th_timestamp_hold() of a port waits, in microseconds. Long enough for an
 * optocoupler or level shifter and for every edge input of a power monitor; change it only with a reason. */
#ifndef TH_TIMESTAMP_HOLD_US
#define TH_TIMESTAMP_HOLD_US 1000
#endif

#if EE_CMD_SIZE < 16 || MAX_DB_INPUT_SIZE < 1 || MAX_DB_INPUT_SIZE > 0x7fffffff
#error "EE_CMD_SIZE must be at least 16, MAX_DB_INPUT_SIZE from 1 to 2^31 - 1"
#endif

#endif
