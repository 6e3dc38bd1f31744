#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Writes single_include/phoneauth/: phoneauth.hpp (all that works without Asio), phoneauth_asio.hpp (the rest; it
includes the first), and for each store with a client library phoneauth_STORE.hpp and phoneauth_asio_STORE.hpp; likewise
for each password scheme with a library of its own; and phoneauth.cppm, the first as a module.

    tests/scripts/amalgamate.py           write them
    tests/scripts/amalgamate.py --check   fail if what is there is stale
"""

import pathlib
import re
import sys

sys.dont_write_bytecode = True  # no folder beside the scripts
import module

root = pathlib.Path(__file__).resolve().parents[2]
include = root / "include"
cmake = (root / "CMakeLists.txt").read_text()
needs_asio, needs_client = (re.compile(re.search(rf'set\({name} "(.*?)"\)', cmake)[1]) for name in ("needs_asio", "needs_client"))


def headers(asio, store):
    for path in sorted(include.rglob("*.hpp")):
        name = str(path.relative_to(include))
        client = needs_client.search("/" + name)
        if name == "phoneauth/detail/tls_peer.hpp":  # brings all of OpenSSL's TLS: for the headers that include it
            continue
        if bool(needs_asio.search(name)) == asio and (client and client[3]) == store and path.name != "src.hpp":
            yield name


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
        if own and "#ifdef PHONEAUTH_SEPARATE_COMPILATION" not in conditions:  # which single headers refuse
            # Where it is included first is where its text stands, so that must not depend on a macro.
            unusual = [c for c in conditions if not re.fullmatch(r"#ifndef PHONEAUTH_(\w+_[HI]PP|SEPARATE_COMPILATION)", c)]
            if unusual:
                sys.exit(f"{name}: {own[1]} is included under {unusual[-1]}")
            expand(own[1], done, out)
        elif not line.startswith("// SPDX-License-Identifier"):
            out.append(line)


def amalgamate():
    """Yields the path and the text of each single header."""
    stores = {match[3] for path in include.rglob("*.hpp") if (match := needs_client.search(str(path)))}
    done = {}
    for store in [None, *sorted(stores)]:
        for asio in (False, True):
            suffix = ("_asio" if asio else "") + (f"_{store}" if store else "")
            # What this one stands on: the one without Asio, the one without the store.
            below = ([("_" + store if store else "")] if asio else []) + (["_asio" if asio else ""] if store else [])
            done[suffix] = set().union(*(done[each] for each in below))
            names = [name for name in headers(asio, store) if name not in done[suffix]]
            if not names:
                continue
            guard = f"PHONEAUTH_SINGLE_INCLUDE{suffix.upper()}_HPP"
            out = ["// SPDX-License-Identifier: BSL-1.0\n// Generated from include/ by tests/scripts/amalgamate.py; do not edit.\n"]
            if not below:  # outside of the guard, which another version has as well
                expand("phoneauth/version.hpp", done[suffix], out)
                out.append("\n")
            out.append(f"#ifndef {guard}\n#define {guard}\n\n")
            out += [f"#include <phoneauth/phoneauth{each}.hpp>\n" for each in below]
            if not below:
                out.append("#ifdef PHONEAUTH_SEPARATE_COMPILATION\n"
                           '#error "PHONEAUTH_SEPARATE_COMPILATION needs the headers in include/, not the single header"\n'
                           "#endif\n")
            for name in names:
                expand(name, done[suffix], out)
            out.append("\n#endif\n")
            yield root / "single_include/phoneauth" / f"phoneauth{suffix}.hpp", "".join(out)
    core = [(name, (include / name).read_text()) for name in headers(False, None)]
    yield root / "single_include/phoneauth/phoneauth.cppm", module.module(core)


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
