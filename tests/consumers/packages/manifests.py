# SPDX-License-Identifier: BSL-1.0
"""manifests.py SOURCE REGISTRIES: what the packages offer is what CMakeLists.txt has, no part less and no version lower."""
import ast
import json
import pathlib
import re
import sys

source, registries = map(pathlib.Path, sys.argv[1:])
cmake = (source / "CMakeLists.txt").read_text()
parts = {"asio", *re.search(r"set\(parts_with_library (.*?)\)", cmake)[1].split()}
failures = []


def expect(what, there, right):
    if there != right:
        failures.append(f"{what}: {there}, expected {right}")


port = registries / "vcpkg/ports/phoneauth"
text = (port / "vcpkg.json").read_text()
manifest = json.loads(text)
expect("vcpkg.json as format-manifest writes it", text, json.dumps(manifest, indent=2) + "\n")
order = ["name", "version", "description", "license", "supports", "dependencies", "features"]
expect("fields of vcpkg.json", list(manifest), order)
expect("features of vcpkg.json", list(manifest["features"]), sorted(parts))
named = [d if isinstance(d, str) else d["name"] for d in manifest["dependencies"]]
expect("dependencies of vcpkg.json", named, sorted(named))
least = {d["name"]: d["version>="] for f in [manifest, *manifest["features"].values()] for d in f["dependencies"]
         if "version>=" in d}
number = int(re.search(r"phoneauth_asio_version LESS (\d+)", cmake)[1])
wanted = {
    "openssl": re.search(r"find_package\(OpenSSL ([\d.]+)", cmake)[1] + ".0",
    "asio": f"{number // 100000}.{number // 100 % 1000}.{number % 100}",
    "sqlite3": re.search(r"SQLite3;([\d.]+)", cmake)[1] + ".0",
}
expect("least versions of vcpkg.json", least, wanted)
usage = (port / "usage").read_text()
expect("targets in usage", {p for p in parts if f"phoneauth::{p}" not in usage}, set())

recipe = ast.parse((registries / "conan/recipes/phoneauth/all/conanfile.py").read_text())
values = {target.id: node.value for c in recipe.body if isinstance(c, ast.ClassDef) for node in c.body
          if isinstance(node, ast.Assign) for target in node.targets}
expect("options of conanfile.py", set(ast.literal_eval(values["options"])), {f"with_{p}" for p in parts})
xmake = (registries / "xmake/packages/p/phoneauth/xmake.lua").read_text()
expect("configs of xmake.lua", set(re.findall(r'add_configs\("(\w+)"', xmake)), parts)
description = re.search(r'DESCRIPTION "(.*?)"', cmake)[1]
expect("descriptions", {manifest["description"], ast.literal_eval(values["description"]),
                        re.search(r'set_description\("(.*?)"\)', xmake)[1]}, {description})

print("\n".join(failures), end="\n" if failures else "")
sys.exit(bool(failures))
