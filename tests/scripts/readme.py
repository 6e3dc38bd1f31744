#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that the README's code is code that the tests compile and run.

A block of C++ follows a line `<!-- FILE NAME -->`: it must be the region between `//[NAME` and `//]` of that file,
without its indentation.
"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(__file__).resolve().parents[2]
text = (root / "README.md").read_text()
failed = 0
named = re.findall(r"<!-- (\S+) (\S+) -->\n```cpp\n(.*?)```", text, re.S)
for file, name, block in named:
    source = (root / file).read_text()
    region = re.search(r"^ *//\[" + name + r"\n(.*?)^ *//\]", source, re.S | re.M)
    same = region and textwrap.dedent(region[1]).rstrip() == block.rstrip()
    print(f"{'ok' if same else 'DIFFERENT'}: {file} {name}")
    failed += not same

said = re.search(r"a complete storage in (\d+) lines, a transport in (\d+), a clock in (\d+)", text)
example = (root / "examples/unit_test/main.cpp").read_text()
regions = re.findall(r"^//\[\w+\n(.*?)^//\]", example, re.S | re.M)
counted = tuple(str(len(region.splitlines())) for region in regions)
if said is None or said.groups() != counted:
    print(f"DIFFERENT: the policies of examples/unit_test have {', '.join(counted)} lines")
    failed += 1

unnamed = text.count("```cpp") - len(named)
if unnamed:
    print(f"{unnamed} C++ blocks of README.md do not say which file they are from")
sys.exit(bool(failed or unnamed or not named))
