# SPDX-License-Identifier: BSL-1.0
"""conan.py RECIPE_DIR WORK_DIR: runs the recipe's methods with Conan replaced by the little of it that they use, and asks
what it packages, and what each option brings."""
import collections
import pathlib
import runpy
import shutil
import sys
import tarfile
import types

recipe_dir, work = map(pathlib.Path, sys.argv[1:])
data = {}
for line in (recipe_dir / "conandata.yml").read_text().splitlines():
    key, _, value = line.strip().partition(": ")
    data[key] = value.strip('"')


def module(name, **members):
    made = types.ModuleType(name)
    made.__dict__.update(members)
    sys.modules[name] = made


def get(conanfile, url, sha256, strip_root):
    import hashlib
    archive = pathlib.Path(url.removeprefix("file://"))
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256, "another archive"
    with tarfile.open(archive) as tar:
        tar.extractall(conanfile.source_folder)
    (top,) = pathlib.Path(conanfile.source_folder).iterdir()
    for path in list(top.iterdir()):
        path.rename(pathlib.Path(conanfile.source_folder) / path.name)


def copy(conanfile, pattern, src, dst):
    for path in pathlib.Path(src).rglob(pattern):
        if path.is_file():
            to = pathlib.Path(dst) / path.relative_to(src)
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, to)


def save(conanfile, path, text):
    pathlib.Path(path).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(path).write_text(text)


class Component:
    def __init__(self):
        self.properties = {}

    def set_property(self, name, value):
        self.properties[name] = value


class CppInfo(Component):
    def __init__(self):
        super().__init__()
        self.components = collections.defaultdict(Component)


module("conan", ConanFile=object)
module("conan.errors", ConanInvalidConfiguration=ValueError)
module("conan.tools")
module("conan.tools.build", check_min_cppstd=lambda conanfile, least: None)
module("conan.tools.files", copy=copy, get=get, save=save, load=lambda conanfile, path: pathlib.Path(path).read_text())
module("conan.tools.layout", basic_layout=lambda conanfile, src_folder: None)
Recipe = runpy.run_path(str(recipe_dir / "conanfile.py"))["PhoneauthConan"]


def made(**on):
    recipe = Recipe()
    recipe.version = next(key.strip('":') for key in data if key[:1] == '"')
    recipe.ref = f"phoneauth/{recipe.version}"
    recipe.conan_data = {"sources": {recipe.version: {"url": data["url"], "sha256": data["sha256"]}}}
    recipe.settings = types.SimpleNamespace(os="Linux")
    recipe.options = types.SimpleNamespace(**{**{name: False for name in Recipe.options}, **on})
    recipe.source_folder, recipe.package_folder = str(work / "conan_source"), str(work / "conan_package")
    recipe.required = []
    recipe.requires = recipe.required.append
    recipe.cpp_info = CppInfo()
    recipe.requirements()
    recipe.package_info()
    return recipe


one = made()
one.source()
one.validate()
one.package()
package = pathlib.Path(one.package_folder)
assert (package / "licenses/LICENSE").exists() and (package / "include/phoneauth/phoneauth.hpp").exists()
(compiled,) = one.cpp_info.properties["cmake_build_modules"]
assert "add_library(phoneauth::compiled_asio ALIAS" in (package / compiled).read_text()

for part in [None, *Recipe.options]:
    recipe = made(**({part: True} if part else {}))
    name = part.removeprefix("with_") if part else "phoneauth"
    components = recipe.cpp_info.components
    assert set(components) == {"phoneauth", name}, (part, set(components))
    assert components[name].properties["cmake_target_name"] == f"phoneauth::{name}"
    required = {each.split("/")[0] for each in recipe.required}
    used = {each.split("::")[0] for c in components.values() for each in c.requires} - {"phoneauth"}
    assert required == used, f"{part}: requires {required}, uses {used}"
