# SPDX-License-Identifier: Apache-2.0
"""Patterns for a log of the EEMBC runner: the beginning of a line, and tokens anywhere in it."""

import re

PREFIX = re.compile(rb"(\d{5,12})\.(\d{3}) ([A-Za-z][\w-]{0,31}):(?: |$)")
ANSI = re.compile(rb"\x1b\[[0-9;?]{0,16}[A-Za-z]")
COMMAND = re.compile(rb'Command "(.*)"')
INFER = re.compile(rb"^(?:io )?(?:dut )?infer (\d{1,9})(?: (\d{1,9}))?")
# The same command where the runner plans it, and where the IO manager passes it on.
ASKED = re.compile(rb"(?:command\[(?:io )?(?:dut )?|m-dut-passthrough\()infer (\d{1,9})")
LOAD = re.compile(rb'^bloadp? (?:dut )?"?([^"]+)"?(?: (\d{1,9}) (\d{1,9}))?')
SIZE = re.compile(rb"(File size is|Sending) (\d{1,12})")
SETTING = re.compile(rb"m-bm-cfg-name\[[^\]]*\]-key\[(\w+)\]-val\[(.*)\]")
VERSION = re.compile(rb"m-version\[([^\]]{0,40})\]")
PLUGIN = re.compile(rb"m-bmark-run-name\[[^\]]*\]-code\[([\w-]+)\]")
SESSION = re.compile(rb"m-session-(start|stop)-id\[(\w{0,40})\]")
MONITOR = re.compile(
    rb"m-(?:power\[(?P<power>on|off)\]|trace\[(?P<trace>on|off)\]|voltage-mv\[(?P<voltage>\d{1,7})\]"
    rb"|lap-us-(?P<lap>\d{1,18})|regfile-fn\[(?P<file>[^\]]*)\]-type\[\w+\]-name\[(?P<name>[\w-]+)\]"
    rb"|\[Dropped (?P<dropped>\d{1,15}) packets out of (?P<total>\d{1,15}))"
)
DUT = re.compile(
    rb"m-(?:(?P<warm>warmup-start|warmup-done)|infer-start-(?P<start>\d{1,9})|(?P<done>infer-done)"
    rb"|results-\[(?P<results>[^\]]*)\]|lap-us-(?P<lap>\d{1,18})|(?P<ready>ready)(?!-)"
    rb"|profile-\[(?P<profile>[^\]]{0,200})\]|model-\[(?P<model>[^\]]{0,80})\]"
    rb"|timestamp-mode-(?P<mode>\w+)|(?P<init>init-done))|e-\[(?P<error>[^\]]{0,200})\]"
)
PARSER_WORDS = re.compile(rb"Command|Sending|File size|bload|m-bm-cfg|m-version|m-bmark")
