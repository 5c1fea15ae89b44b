# SPDX-License-Identifier: Apache-2.0
"""The how-to "Port it to your board": its C compiles as strictly as the firmware, and its Python compares."""

import re
import shutil
import subprocess

import pytest

import energy_runner as er
from energy_runner.benchmarks.demo import write_demo_stimuli
from tests.runs.docs.test_docs import blocks, rows, run_blocks, section
from tests.support.places import ROOT

PAGE = "how-to/port-it-to-your-board.md"
FIRMWARE = ROOT / "dut_firmware"
# What the example uses of the HAL (ST UM1725) and of the core header of Arm, as far as a compiler must know.
VENDOR = """#include <stdint.h>
typedef struct { int unused; } UART_HandleTypeDef;
typedef struct { volatile uint32_t BSRR; } GPIO_TypeDef;
typedef struct { volatile uint32_t CNT, CCR1, SR, DIER; } TIM_TypeDef;
#define TIM_SR_CC1IF 2u
#define TIM_DIER_CC1IE 2u
typedef struct { TIM_TypeDef *Instance; } TIM_HandleTypeDef;
#define HAL_MAX_DELAY 0xffffffffu
#define TIMESTAMP_Pin ((uint16_t)0x0100)
extern GPIO_TypeDef *const TIMESTAMP_GPIO_Port;
int HAL_UART_Receive_IT(UART_HandleTypeDef *uart, uint8_t *data, uint16_t size);
int HAL_UART_Transmit(UART_HandleTypeDef *uart, const uint8_t *data, uint16_t size, uint32_t timeout);
void HAL_UART_RxCpltCallback(UART_HandleTypeDef *uart);
int HAL_TIM_Base_Start(TIM_HandleTypeDef *timer);
void HAL_TIM_OC_DelayElapsedCallback(TIM_HandleTypeDef *timer);
void __disable_irq(void);
void __enable_irq(void);
void __WFI(void);
"""
# What only CubeMX and a network have.
BOARD = """#include "main.h"
#include "er_model.h"
UART_HandleTypeDef huart3;
TIM_HandleTypeDef htim2;
static GPIO_TypeDef port;
GPIO_TypeDef *const TIMESTAMP_GPIO_Port = &port;
int HAL_UART_Receive_IT(UART_HandleTypeDef *uart, uint8_t *data, uint16_t size)
{ (void)uart; (void)data; (void)size; return 0; }
int HAL_UART_Transmit(UART_HandleTypeDef *uart, const uint8_t *data, uint16_t size, uint32_t timeout)
{ (void)uart; (void)data; (void)size; (void)timeout; return 0; }
int HAL_TIM_Base_Start(TIM_HandleTypeDef *timer) { (void)timer; return 0; }
void __disable_irq(void) {}
void __enable_irq(void) {}
void __WFI(void) {}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc is missing: install the packages gcc and libc6-dev")
@pytest.mark.parametrize("energy", [0, 1])
def test_the_port_of_the_page_compiles_and_is_complete(energy, tmp_path):
    codes = blocks(PAGE, "c")
    port, layers = (next(code for _, code in codes if name in code) for name in ("my_port.c", "er_profile_layer"))
    [body] = [code for note, code in codes if note == "body of main"]
    (tmp_path / "main.h").write_text(VENDOR)
    (tmp_path / "board.c").write_text(BOARD)
    (tmp_path / "my_port.c").write_text(port)
    (tmp_path / "layers.c").write_text(layers)
    (tmp_path / "main.c").write_text(f'#include "er_monitor.h"\nint main(void)\n{{\n{body}}}\n')
    shutil.copy(FIRMWARE / "port" / "template" / "template_model.c", tmp_path)
    strict = "-std=c11 -O2 -Wall -Wextra -Werror -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes"
    command = ["gcc", *strict.split(), f"-DEE_CFG_ENERGY_MODE={energy}", f"-I{tmp_path}"]
    command += [f"-I{FIRMWARE / 'dut'}", f"-I{FIRMWARE / 'nn'}", *map(str, tmp_path.glob("*.c"))]
    command += [*map(str, (FIRMWARE / "dut").glob("*.c")), "-o", str(tmp_path / "port")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_every_function_that_it_names_is_a_function_of_a_port():
    header = (FIRMWARE / "dut" / "er_port.h").read_text("utf-8")
    named = set(re.findall(r"\bth_\w+", section(PAGE, "## 2. Fill in the functions")))
    assert len(named) >= 10
    assert named <= set(re.findall(r"\bth_\w+(?=\()", header))


def test_macros_of_the_page_exist():
    config = (FIRMWARE / "dut" / "er_config.h").read_text("utf-8")
    defined = {
        name.removeprefix("-D").partition("=")[0] for name in rows(section(PAGE, "## 1. Copy the template"))
    }
    defined = {name for name in defined if name.isupper()}
    assert defined == {"EE_CFG_ENERGY_MODE", "TH_VENDOR_NAME_STRING", "TH_MODEL_VERSION", "MAX_DB_INPUT_SIZE"}
    assert all(f"#ifndef {name}\n" in config for name in defined)


def test_sessions_are_compared(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    stimuli = tmp_path / "stimuli"
    stimuli.mkdir()
    write_demo_stimuli(stimuli)
    plan = er.plan("kws01", "accuracy", stimuli=stimuli)
    for folder in ("twin", "board"):
        er.run(er.load_bench("virtual-ideal"), plan, out=folder)
    [code] = [code for note, code in blocks(PAGE, "python") if note.startswith("needs the sessions")]
    run_blocks([code], PAGE)
    said = capsys.readouterr().out
    assert re.fullmatch(r"[1-9]\d* stimuli, different answers at: \[\]\n", said)
    journal = tmp_path / "board" / "journal.jsonl"
    journal.write_text(
        re.sub(r'("kind":"inference-done".*?"results":\[)[\d.]+', r"\g<1>7.0", journal.read_text(), count=1)
    )
    run_blocks([code], PAGE)
    assert "different answers at: [0]" in capsys.readouterr().out
