#!/usr/bin/env python3
# SPDX-License-Identifier: BSL-1.0
"""Checks the table of versions in examples/packaging/README.md: what is needed is what CMakeLists.txt and meson.build ask for,
and what is tested is what is installed, where that is Debian 12, of which the table speaks."""
import datetime
import pathlib
import re
import shutil
import subprocess
import sys

root = pathlib.Path(__file__).resolve().parents[2]
text = (root / "examples/packaging/README.md").read_text()
rows = {}
for line in text.split("## Versions")[1].splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if line.startswith("| ") and len(cells) == 5 and cells[0] != "what":
        rows[re.sub(r",.*| \(.*", "", cells[0])] = cells[1:]

cmake = (root / "CMakeLists.txt").read_text()
meson = (root / "meson.build").read_text()


def asked(pattern, where=cmake):
    return re.search(pattern, where)[1]


number = int(asked(r"phoneauth_asio_version LESS (\d+)"))
needed = {
    "Asio": f"{number // 100000}.{number // 100 % 1000}.{number % 100}",
    "OpenSSL": asked(r"find_package\(OpenSSL ([\d.]+)"),
    "SQLite": asked(r'"SQLite3;([\d.]+)"'),
    "CMake": asked(r"cmake_minimum_required\(VERSION ([\d.]+)"),
    "Meson": asked(r"meson_version: '>=([\d.]+)'", meson),
}
same_in_meson = {"OpenSSL": asked(r"'openssl', version: '>=([\d.]+)'", meson), "SQLite": asked(r"'sqlite3', version: '>=([\d.]+)'", meson)}
if int(asked(r"compute_int\('ASIO_VERSION'.*?>= (\d+)", meson.replace("\n", " "))) != number:
    same_in_meson["Asio"] = "another"

passed = 0
failures = []


def check(what, right):
    global passed
    if right:
        passed += 1
    else:
        failures.append(what)


def parts(version):
    return [int(part) for part in version.split(".")]


for name, least in needed.items():
    check(f"{name}: {least} is needed, says CMakeLists.txt or meson.build", name in rows and rows[name][0] == least)
for name, least in same_in_meson.items():
    check(f"{name}: meson.build and CMakeLists.txt differ", needed[name] == least)
for name, (least, tested, newest, day) in rows.items():
    if re.fullmatch(r"[\d.]+", least):
        check(f"{name}: needs more than is tested", parts(least) <= parts(tested))
    check(f"{name}: the newest that was tried has no date, or is older", bool(newest) == bool(day)
          and (not newest or parts(newest) > parts(tested) and datetime.date.fromisoformat(day)))


def output(*command):
    return subprocess.run(command, capture_output=True, text=True).stdout if shutil.which(command[0]) else ""


def in_header(path, pattern):
    found = re.search(pattern, pathlib.Path(path).read_text()) if pathlib.Path(path).exists() else None
    return ".".join(filter(None, found.groups())).replace("_", ".") if found else ""


def first_version(text):
    found = re.search(r"\d+\.\d+(\.\d+)*", text)
    return found[0] if found else ""


asio = in_header("/usr/include/asio/version.hpp", r"ASIO_VERSION \d+ // ([\d.]+)")
llhttp = next((p for p in ("/usr/include/llhttp.h", "/usr/share/include/llhttp/llhttp.h") if pathlib.Path(p).exists()), "")
initdb = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
installed = {
    "g++": output("g++", "-dumpfullversion").strip(),
    "clang++ with libstdc++": first_version(output("clang++", "--version")),
    "clang++ with libc++": first_version(output("clang++", "--version")),
    "Asio": asio,
    "llhttp": in_header(llhttp, r"VERSION_MAJOR (\d+)\s+#define LLHTTP_VERSION_MINOR (\d+)\s+#define LLHTTP_VERSION_PATCH (\d+)"),
    "PostgreSQL": first_version(output(str(initdb[-1]), "--version")) if initdb else "",
    "Redis": first_version(output("redis-server", "--version")),
    "CMake": first_version(output("cmake", "--version")),
    "Meson": output("meson", "--version").strip(),
    "Boost": in_header("/usr/include/boost/version.hpp", r'BOOST_LIB_VERSION "([\d_]+)"'),
}
modules = {"simdjson": "simdjson", "OpenSSL": "libcrypto", "SQLite": "sqlite3", "libpq": "libpq", "hiredis": "hiredis",
           "libxcrypt": "libxcrypt", "libargon2": "libargon2"}
installed |= {name: output("pkg-config", "--modversion", module).strip() for name, module in modules.items()}
check(f"rows of the table: {sorted(set(rows) ^ set(installed))}", set(rows) == set(installed))

skipped = 0
release = pathlib.Path("/etc/os-release")
if release.exists() and "VERSION_CODENAME=bookworm" in release.read_text():
    for name, version in installed.items():
        if not version:
            print(f"SKIPPED: {name} is not installed")
            skipped += 1
        elif name in rows:
            tested = parts(rows[name][1])
            check(f"{name}: {rows[name][1]} is tested, says the table; installed is {version}", parts(version)[:len(tested)] == tested)
else:
    print("SKIPPED: this is not Debian 12, of which the table speaks; what is installed is not compared")
    skipped = len(installed)

print("\n".join(failures), end="\n" if failures else "")
print(f"{passed} passed, {len(failures)} failed" + (f", {skipped} skipped" if skipped else ""))
sys.exit(bool(failures))
