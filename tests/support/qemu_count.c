/* SPDX-License-Identifier: Apache-2.0 */
/* A plugin for QEMU: counts executed instructions, and logs each store into one page with the count at that moment.
 *
 * -plugin libqemu_count.so,log=FILE,page=0x4002e000 writes a line "COUNT OFFSET" for every store to the page: how many
 * instructions were executed before the storing one, and the offset in hex.
 *
 * The prototypes are those of QEMU's plugin interface, version 1 (documented in docs/devel/tcg-plugins); Debian does not
 * ship its header.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PAGE_BYTES 0x1000u

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, STORES = 2, ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation, void *variable,
                                                uint64_t operand);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *instruction,
                                      void (*call)(unsigned, qemu_plugin_meminfo_t, uint64_t, void *), int registers,
                                      int which, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;
int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

static uint64_t count;
static uint64_t page;
static FILE *log_file;

static void stored(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu;
    (void)info;
    (void)data;
    if (address - page < PAGE_BYTES) {
        fprintf(log_file, "%" PRIu64 " %" PRIx64 "\n", count - 1, address - page);
    }
}

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD_U64, &count, 1);
        qemu_plugin_register_vcpu_mem_cb(instruction, stored, NO_REGISTERS, STORES, NULL);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc,
                                                               char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "log=", 4) == 0) {
            log_file = fopen(argv[i] + 4, "w");
        } else if (strncmp(argv[i], "page=", 5) == 0) {
            page = strtoull(argv[i] + 5, NULL, 0);
        }
    }
    if (log_file == NULL || page == 0) {
        fprintf(stderr, "qemu_count: say log=FILE,page=ADDRESS\n");
        return 1;
    }
    setvbuf(log_file, NULL, _IOLBF, 0);
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    return 0;
}
