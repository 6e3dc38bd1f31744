#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks that the README's code is code that the tests compile and run, and that what it names is there.

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

most = re.search(r"Each is (\d+) lines or less", text)
for example in sorted(root.glob("examples/with_*/main.cpp")):
    lines = len(example.read_text().splitlines())
    named_in_table = f"| `examples/{example.parent.name}` |" in text
    if most is None or lines > int(most[1]) or not named_in_table:
        print(f"DIFFERENT: {example.relative_to(root)} has {lines} lines" + ("" if named_in_table else " and is not in the table"))
        failed += 1

# Files, from the top or from where headers are; programs; options of run.sh; targets.
spoken = re.sub(r"```.*?```|`g\+\+[^`]*`", "", text, flags=re.S)
places = [root, root / "include", root / "include/phoneauth", root / "single_include/phoneauth"]
missing = set()
for path in re.findall(r"(?<![\w/.])((?:\w+/)*\w+\.(?:hpp|ipp|cpp|sh|py|md|mjs))\b", spoken):
    if not any((place / path).exists() for place in places):
        missing.add(path)
for folder in re.findall(r"`((?:tests|examples|include|single_include)/[\w/]*)`", spoken):
    if not (root / folder).exists():
        missing.add(folder)
for name in re.findall(r"`(?:bench|long)_\w+`", spoken):
    if not (root / "tests" / (name[1:-1].replace("_", "/", 1) + ".cpp")).exists():
        missing.add(name)
run = (root / "tests/run.sh").read_text()
for line in re.findall(r"tests/run\.sh[^.;:\n]*", spoken):
    missing |= {option for option in re.findall(r"--[a-z][a-z0-9-]*", line) if option not in run}
cmake = "".join(path.read_text() for path in [root / "CMakeLists.txt", *root.glob("*/CMakeLists.txt")])
for name in re.findall(r"phoneauth::(?:asio|compiled\w*|phoneauth|sqlite|postgres|redis|crypt|argon2)\b|PHONEAUTH_[A-Z_]+\b", spoken):
    known = cmake + (root / "examples/server/options.cpp").read_text()
    if name not in known and name.replace("::", "_add_part(") not in known:
        missing.add(name)
for name in sorted(missing):
    print(f"NOT THERE: {name}")
failed += len(missing)

unnamed = text.count("```cpp") - len(named)
if unnamed:
    print(f"{unnamed} C++ blocks of README.md do not say which file they are from")
sys.exit(bool(failed or unnamed or not named))
