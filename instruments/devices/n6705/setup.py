"""What is sent to an N6705 or N6700 to set it up, as a table.

Source: Keysight N6705C Operating and Service Guide, chapter "SCPI Programming Reference".
"""

from collections.abc import Iterator, Mapping

# Block by block; the error queue must be empty after each. Words in braces are replaced by numbers and
# channel lists; a line for other channels is left out where there are none.
SET_UP: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("reset", ("*CLS", "*RST")),
    (
        "supply",
        (
            "OUTP OFF,{ours}",
            "EMUL PS2Q,{ours}",
            "FUNC VOLT,{ours}",
            "VOLT {voltage},{ours}",
            "CURR:LIM {limit},{ours}",
            "VOLT:PROT:REM {protection},{ours}",
        ),
    ),
    (
        "logged parameters",
        (
            # After *RST other channels are logged too, which stretches every record (and so the time).
            "SENS:ELOG:FUNC:CURR OFF,{others}",
            "SENS:ELOG:FUNC:VOLT OFF,{others}",
            "SENS:ELOG:FUNC:CURR ON,{ours}",
            "SENS:ELOG:FUNC:VOLT ON,{ours}",
            "SENS:ELOG:FUNC:CURR:MINM OFF,{ours}",
            "SENS:ELOG:FUNC:VOLT:MINM OFF,{ours}",
            "SENS:ELOG:CURR:RANG:AUTO ON,{ours}",
        ),
    ),
    ("period", ("SENS:SWE:TINT:RES RES20", "SENS:ELOG:PER {period},{ours}")),
    ("trigger", ("TRIG:ELOG:SOUR EXT,{ours}",)),
    ("data format", ("FORM REAL", "FORM:BORD NORM")),
)

# An N6700 has no trigger BNC: EXT means any pin of the digital port that is set up as a trigger input.
N6700_TRIGGER_PIN = ("trigger pin", ("DIG:PIN1:FUNC TINP", "DIG:PIN1:POL NEG"))


def set_up_blocks(words: Mapping[str, str], *, has_trigger_bnc: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield name and commands of each block, with `words` put in."""
    for name, lines in SET_UP if has_trigger_bnc else (*SET_UP, N6700_TRIGGER_PIN):
        yield name, [line.format_map(words) for line in lines if words["others"] or "{others}" not in line]
