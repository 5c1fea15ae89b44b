# SPDX-License-Identifier: Apache-2.0
# make io_manager [OUT=folder]          builds $(OUT)/io_manager.elf and .hex for the Arduino UNO
# make flash SERIAL=/dev/ttyACM0        and writes it into one
AVR ?= avr-
SERIAL ?= /dev/ttyACM0

ATMEGA328P = port/atmega328p
ATMEGA328P_FLAGS = $(filter-out -std=%,$(WARN)) -std=gnu11 -Os -g -mmcu=atmega328p -DF_CPU=16000000UL \
	-ffunction-sections -fdata-sections -Iio_manager -I$(ATMEGA328P)
IO_MANAGER_SOURCES = $(wildcard io_manager/*.c $(ATMEGA328P)/*.c)
IO_MANAGER_NEEDS = $(wildcard io_manager/*.h $(ATMEGA328P)/*.h) Makefile $(ATMEGA328P)/port.mk $(OUT)/settings
SETTINGS += $(AVR)

.PHONY: io_manager flash
io_manager: $(OUT)/io_manager.elf $(OUT)/io_manager.hex
SIZES += size-io_manager

# The linker refuses more than 32 KB of flash or 2 KB of RAM and says by how much.
$(OUT)/io_manager.elf: $(IO_MANAGER_SOURCES) $(IO_MANAGER_NEEDS)
	@command -v $(AVR)gcc > /dev/null || { echo "error: $(AVR)gcc is missing;" \
	    "install the packages gcc-avr and avr-libc" >&2; exit 1; }
	$(AVR)gcc $(ATMEGA328P_FLAGS) $(filter %.c,$^) -Wl,--gc-sections -o $@

$(OUT)/io_manager.hex: $(OUT)/io_manager.elf
	$(AVR)objcopy -O ihex -R .eeprom $< $@

size-io_manager:
	$(call print-size,io_manager,$(AVR)gcc,gcc-avr,$(OUT)/io_manager.elf,$(AVR)size)

flash: $(OUT)/io_manager.hex
	avrdude -p atmega328p -c arduino -P $(SERIAL) -b 115200 -D -U flash:w:$<:i
