/* SPDX-License-Identifier: Apache-2.0 */
// The main program beside customary_port.cpp. Like many, it includes one of the two headers and declares the rest.
#include "api/internally_implemented.h"

extern char th_getchar();
extern void ee_serial_callback(char c);

int main()
{
    ee_benchmark_initialize();
    while (true) {
        int c;
        c = th_getchar();
        ee_serial_callback(static_cast<char>(c));
    }
}
