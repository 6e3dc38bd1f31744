#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes single_include/phoneauth/phoneauth.hpp (all that works without Asio) and
single_include/phoneauth/phoneauth_asio.hpp (the rest; it includes the first).

    tests/scripts/amalgamate.py           write them
    tests/scripts/amalgamate.py --check   fail if what is there is stale
"""

import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
include = root / "include"
needs_asio = re.compile(re.search(r'set\(needs_asio "(.*)"\)', (root / "CMakeLists.txt").read_text())[1])


def headers(asio):
    names = sorted(str(p.relative_to(include)) for p in include.rglob("*.hpp"))
    return [n for n in names if bool(needs_asio.search(n)) == asio and not n.endswith("/src.hpp")]


def expand(name, done, out):
    """Appends the text of one header, and before it the text of what it includes, each once."""
    if name in done:
        return
    done.add(name)
    out.append(f"\n// ---- {name} ----\n\n")
    conditions = []
    for line in (include / name).read_text().splitlines(keepends=True):
        if re.match(r"\s*#\s*if", line):
            conditions.append(line.strip())
        elif re.match(r"\s*#\s*endif", line):
            conditions.pop()
        own = re.match(r'\s*#\s*include\s*[<"](phoneauth/[^>"]+)[>"]', line)
        if own:
            # Where it is included first is where its text stands, so that must not depend on a macro.
            unusual = [c for c in conditions if not re.fullmatch(r"#ifndef PHONEAUTH_(\w+_[HI]PP|SEPARATE_COMPILATION)", c)]
            if unusual:
                sys.exit(f"{name}: {own[1]} is included under {unusual[-1]}")
            expand(own[1], done, out)
        elif not line.startswith("// SPDX-License-Identifier"):
            out.append(line)


def amalgamate():
    done = set()
    for target, asio in (("phoneauth/phoneauth.hpp", False), ("phoneauth/phoneauth_asio.hpp", True)):
        guard = "PHONEAUTH_SINGLE_INCLUDE_" + ("ASIO_HPP" if asio else "HPP")
        out = ["// SPDX-License-Identifier: BSL-1.0\n// Generated from include/ by tests/scripts/amalgamate.py; do not edit.\n"]
        out.append(f"#ifndef {guard}\n#define {guard}\n\n")
        out.append("#include <phoneauth/phoneauth.hpp>\n" if asio else
                   "#ifdef PHONEAUTH_SEPARATE_COMPILATION\n"
                   '#error "PHONEAUTH_SEPARATE_COMPILATION needs the headers in include/, not the single header"\n'
                   "#endif\n")
        for name in headers(asio):
            expand(name, done, out)
        out.append("\n#endif\n")
        yield root / "single_include" / target, "".join(out)


stale = False
for path, text in amalgamate():
    if "--check" in sys.argv:
        if not path.exists() or path.read_text() != text:
            print(f"{path.relative_to(root)} is stale: run tests/scripts/amalgamate.py")
            stale = True
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
sys.exit(stale)
