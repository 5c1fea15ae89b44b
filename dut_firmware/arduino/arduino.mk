# SPDX-License-Identifier: Apache-2.0
# make arduino [MODE=energy] [NETWORK=… BENCHMARK=…] [OUT=folder]    lays out $(OUT)/EnergyRunnerDut, an Arduino library
#   ARDUINO_DB_BYTES   largest stimulus; default: the network's, without one 256
#
# An Arduino library is one folder of sources without compiler flags: what is a flag elsewhere is written into its copy
# of er_config.h. Copy the folder to where your sketches are, into `libraries`.
ARDUINO = $(OUT)/EnergyRunnerDut
ARDUINO_DB_BYTES ?= $(if $(NETWORK),$$(sed -n 's/.*_STIMULUS_BYTES //p' $(OUT)/network/er_network.h),256)
ARDUINO_SOURCES = $(CORE) $(wildcard dut/*.h) arduino/src/EnergyRunnerDut.h \
	$(if $(NETWORK),$(NETWORK_SOURCES) $(wildcard nn/*.h) arduino/src/er_profile.c,port/template/template_model.c)
.PHONY: arduino
arduino: $(ARDUINO_SOURCES) $(OUT)/settings
	rm -rf $(ARDUINO)
	mkdir -p $(ARDUINO)/src
	cp -R arduino/library.properties arduino/examples $(ARDUINO)
	cp $(ARDUINO_SOURCES) $(if $(NETWORK),$(OUT)/network/er_network.h) $(ARDUINO)/src
	{ printf '#define EE_CFG_ENERGY_MODE %s\n' $(ENERGY); \
	  $(if $(NETWORK),printf '#define TH_MODEL_VERSION "%s"\n' '$(BENCHMARK)';) \
	  printf '#define MAX_DB_INPUT_SIZE %s\n\n' "$(ARDUINO_DB_BYTES)"; cat dut/er_config.h; } > $(ARDUINO)/src/er_config.h
	@echo "Laid out $(ARDUINO): $(MODE) build$(if $(NETWORK),, without a network: fill in src/template_model.c)"
