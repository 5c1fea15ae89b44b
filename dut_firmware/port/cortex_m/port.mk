# SPDX-License-Identifier: Apache-2.0
# make cortex_m NETWORK=model.tflite BENCHMARK=kws01 [MODE=energy] [OUT=folder]    builds $(OUT)/dut_cortex_m.elf
#   FLASH_BYTES, RAM_BYTES   the target's; an image that does not fit is refused with the numbers
#   STACK_BYTES              part of the RAM; the deepest use of any benchmark is 400
#   BAUD                     9600 in an energy build, 115200 in a performance build
#   MODEL_STRING             what `profile` answers instead of BENCHMARK
#   DB_BYTES                 largest stimulus; with one network only, its input size saves RAM
ARM ?= arm-none-eabi-
FLASH_BYTES ?= 4194304
RAM_BYTES ?= 4194304
STACK_BYTES ?= 2048
DB_BYTES ?= 27648

CORTEX_M = port/cortex_m
CORTEX_M_ELF = $(OUT)/dut_cortex_m.elf
CORTEX_M_FLAGS = $(BASE) -O2 -g -mcpu=cortex-m4 -mthumb -ffunction-sections -fdata-sections -I$(CORTEX_M) \
	-DMAX_DB_INPUT_SIZE=$(DB_BYTES) $(if $(BAUD),-DBAUD=$(BAUD)u) -DTH_VENDOR_NAME_STRING='"emulated Cortex-M4"' \
	$(if $(MODEL_STRING),-UTH_MODEL_VERSION -DTH_MODEL_VERSION='"$(MODEL_STRING)"')
CORTEX_M_LINK = -nostartfiles -T $(CORTEX_M)/cortex_m.ld -Wl,--defsym=STACK_BYTES=$(STACK_BYTES) \
	-Wl,--gc-sections,--fatal-warnings
CORTEX_M_SOURCES = $(CORE) $(wildcard $(CORTEX_M)/*.c) $(NETWORK_SOURCES)
CORTEX_M_NEEDS = $(HEADERS) $(filter-out %.c,$(wildcard $(CORTEX_M)/*)) Makefile $(OUT)/settings
SETTINGS += $(ARM) $(BAUD) $(MODEL_STRING) $(FLASH_BYTES) $(RAM_BYTES) $(STACK_BYTES) $(DB_BYTES)

.PHONY: cortex_m
ifneq ($(NETWORK),)
cortex_m: $(CORTEX_M_ELF)
SIZES += size-cortex_m
else
cortex_m:
	@echo "error: cortex_m needs a network: NETWORK=model.tflite BENCHMARK=kws01" >&2; exit 1
endif

$(CORTEX_M_ELF): $(CORTEX_M_SOURCES) $(CORTEX_M_NEEDS)
	@command -v $(ARM)gcc > /dev/null || { echo "error: $(ARM)gcc is missing;" \
	    "install the packages gcc-arm-none-eabi and libnewlib-arm-none-eabi" >&2; exit 1; }
	$(ARM)gcc $(CORTEX_M_FLAGS) $(filter %.c,$^) $(CORTEX_M_LINK) -o $@.unchecked
	@$(ARM)size $@.unchecked | $(PYTHON) $(CORTEX_M)/sizes.py $(notdir $(NETWORK)) $(FLASH_BYTES) $(RAM_BYTES) \
	    || { rm $@.unchecked; exit 1; }
	mv $@.unchecked $@

size-cortex_m:
	$(call print-size,cortex_m,$(ARM)gcc,gcc-arm-none-eabi,$(CORTEX_M_ELF),$(ARM)size)
