from conan import ConanFile
from conan.errors import ConanInvalidConfiguration
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, get, load, save
from conan.tools.layout import basic_layout
import os
import re

required_conan_version = ">=2.0"


class PhoneauthConan(ConanFile):
    name = "phoneauth"
    description = "Phone-verified registration and login by SMS for C++ servers"
    license = "BSL-1.0"
    url = "https://github.com/conan-io/conan-center-index"
    topics = ("authentication", "2fa", "otp", "sms", "twilio", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "with_asio": [True, False],
        "with_sqlite": [True, False],
        "with_postgres": [True, False],
        "with_redis": [True, False],
        "with_crypt": [True, False],
        "with_argon2": [True, False],
    }
    default_options = {
        "with_asio": True,
        "with_sqlite": False,
        "with_postgres": False,
        "with_redis": False,
        "with_crypt": False,
        "with_argon2": False,
    }
    no_copy_source = True

    @property
    def _compiled_module(self):
        return os.path.join("lib", "cmake", "phoneauth-compiled.cmake")

    def layout(self):
        basic_layout(self, src_folder="src")

    def requirements(self):
        self.requires("openssl/[>=3 <4]")
        self.requires("simdjson/4.6.4")
        if self.options.with_asio:
            self.requires("asio/1.38.2")
            self.requires("llhttp/9.3.0")
        if self.options.with_sqlite:
            self.requires("sqlite3/3.53.4")
        if self.options.with_postgres:
            self.requires("libpq/17.7")
        if self.options.with_redis:
            self.requires("hiredis/1.3.0")
        if self.options.with_crypt:
            self.requires("libxcrypt/4.4.36")
        if self.options.with_argon2:
            self.requires("argon2/20190702")

    def package_id(self):
        # The headers are the same whatever is linked with them.
        self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)
        if self.settings.os == "Windows":
            raise ConanInvalidConfiguration(f"{self.ref} needs a POSIX system.")

    def source(self):
        get(self, **self.conan_data["sources"][self.version], strip_root=True)

    def build(self):
        pass

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        copy(self, "*", os.path.join(self.source_folder, "include"), os.path.join(self.package_folder, "include"))
        # The targets whose bodies are compiled once, in the consumer's project, as upstream's CMake package has them.
        cmakelists = load(self, os.path.join(self.source_folder, "CMakeLists.txt"))
        compiled = re.search(r"file\(CONFIGURE OUTPUT phoneauth-compiled\.cmake @ONLY CONTENT \[=\[\n(.*?)\]=\]\)", cmakelists, re.S)
        save(self, os.path.join(self.package_folder, self._compiled_module), compiled[1])

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "phoneauth")
        self.cpp_info.set_property("cmake_build_modules", [self._compiled_module])

        def part(name, requires):
            component = self.cpp_info.components[name]
            component.set_property("cmake_target_name", f"phoneauth::{name}")
            component.set_property("pkg_config_name", "phoneauth" if name == "phoneauth" else f"phoneauth-{name}")
            component.requires = requires
            component.bindirs = []
            component.libdirs = []
            if name != "phoneauth":
                component.includedirs = []
            return component

        core = part("phoneauth", ["openssl::crypto", "simdjson::simdjson"])
        if self.settings.os in ["Linux", "FreeBSD"]:
            core.system_libs = ["pthread"]
        if self.options.with_asio:
            asio = part("asio", ["phoneauth", "asio::asio", "llhttp::llhttp", "openssl::ssl"])
            asio.defines = ["ASIO_STANDALONE", "ASIO_HAS_CO_AWAIT=1", "ASIO_HAS_STD_COROUTINE=1"]
        if self.options.with_sqlite:
            part("sqlite", ["phoneauth", "sqlite3::sqlite3"])
        if self.options.with_postgres:
            part("postgres", ["phoneauth", "libpq::pq"])
        if self.options.with_redis:
            part("redis", ["phoneauth", "hiredis::hiredislib", "openssl::ssl"])
        if self.options.with_crypt:
            part("crypt", ["phoneauth", "libxcrypt::libxcrypt"])
        if self.options.with_argon2:
            part("argon2", ["phoneauth", "argon2::argon2"])
