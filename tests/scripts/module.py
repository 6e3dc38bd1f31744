#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Makes the text of single_include/phoneauth/phoneauth.cppm, for amalgamate.py: a module that exports the names of the headers which work
without Asio and without a client library, those in namespace phoneauth and in its public namespaces."""
import re

# Rooms of the house: their namespaces are named after them, and nobody outside of the library needs them.
inner = {"detail", "flows", "facade", "rules"}


def without_comments(text):
    # What is there only under a condition is not exported.
    text = re.sub(r"^\s*#if(?:def)?\b.*?^\s*#endif", "", text, flags=re.S | re.M)
    text = re.sub(r'R"(\w*)\((.*?)\)\1"|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])+\'(?!\d)|//[^\n]*|/\*.*?\*/',
                  lambda found: " " if found[0].startswith("/") else '""', text, flags=re.S)
    return re.sub(r"^\s*#(?:[^\n]*\\\n)*[^\n]*", "", text, flags=re.M)


def name_of(declaration):
    """The name that a declaration at the level of a namespace makes, or None: a specialization, a deduction guide, …"""
    text = declaration.strip()
    while text.startswith("template"):
        at = text.index("<")
        depth = 0
        for at in range(at, len(text)):
            depth += {"<": 1, ">": -1}.get(text[at], 0)
            if depth == 0:
                break
        text = text[at + 1:].strip()
    text = re.sub(r"\[\[.*?\]\]", "", text).strip()
    if found := re.match(r"concept\s+(\w+)\s*=", text):
        return found[1]
    if found := re.match(r"using\s+(\w+)\s*=", text):
        return found[1]
    if found := re.search(r"(?:^|requires.*\s)(?:class|struct|union|enum(?:\s+class)?)\s+(\w+)\s*(<)?", text):
        return None if found[2] else found[1]
    if re.match(r"(?:using|static_assert|extern|friend|explicit)\b", text) or "->" in text.split("(")[-1] and re.match(r"\w+\s*\(", text):
        return None
    if found := re.search(r"(?:^|[\s*&>])constexpr\b[^(]*?\b(\w+)\s*(?:=|$|\{)", text):
        return found[1]
    if found := re.search(r"\b(\w+)\s*\(", text):
        before = text[:found.start()].strip()
        return None if "operator" in text.split("(")[0] or not before or before.endswith("::") else found[1]
    return None


def names(text):
    """Yields (namespace, name) of what a header declares; namespaces as phoneauth::rest, without the inline one."""
    spaces = []  # of each open brace: its namespace
    text = without_comments(text)
    at = start = 0
    while at < len(text):
        if text[at] in "{;}":
            said = text[start:at]
            if text[at] == "}":
                if spaces:
                    spaces.pop()
                start = at + 1
            elif opened := re.search(r"(?:inline\s+)?\bnamespace\s+(\w+)?\s*$", said) if text[at] == "{" else None:
                spaces.append(opened[1] or "detail")
                start = at + 1
            else:
                if spaces[:2] == ["phoneauth", "v0"] and not inner & set(spaces) and (name := name_of(said)):
                    yield "::".join(["phoneauth", *spaces[2:]]), name
                if text[at] == "{":  # passed over as a whole
                    depth = 1
                    while depth:
                        at += 1
                        depth += {"{": 1, "}": -1}.get(text[at], 0)
                    rest = re.match(r"\s*;", text[at + 1:])
                    at += rest.end() if rest else 0
                start = at + 1
        at += 1


def module(headers):
    """The module, of (name, text) of all headers."""
    found = {}
    for path, text in headers:
        if not inner & set(path.split("/")) and not path.endswith("/fwd.hpp"):
            for space, name in names(text):
                found.setdefault(space, set()).add(name)
    out = ["// SPDX-License-Identifier: BSL-1.0\n// Generated from include/ by tests/scripts/amalgamate.py; do not edit.\n",
           "// The module phoneauth: what works without Asio and without a client library. It is made of the single header beside it.\n",
           "// Macros are not exported: phoneauth::version is PHONEAUTH_VERSION.\n",
           "module;\n\n#include <phoneauth/phoneauth.hpp>\n\nexport module phoneauth;\n"]
    for space in sorted(found):
        out.append(f"\nexport namespace {space} {{\n")
        out += [f"using ::{space}::{name};\n" for name in sorted(found[space])]
        if space == "phoneauth":
            out.append("inline constexpr int version = PHONEAUTH_VERSION;\n")
        out.append(f"}}  // namespace {space}\n")
    return "".join(out)
