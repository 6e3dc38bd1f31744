package("phoneauth")
    set_kind("library", {headeronly = true})
    set_description("Phone-verified registration and login by SMS for C++ servers")
    set_license("BSL-1.0")

    add_urls("@url@")
    add_versions("0.1.0", "@sha256@")

    add_configs("asio", {description = "Asynchronous mode, HTTPS transports, HTTP server", default = true, type = "boolean"})
    add_configs("sqlite", {description = "Storage in SQLite", default = false, type = "boolean"})
    add_configs("postgres", {description = "Storage in PostgreSQL", default = false, type = "boolean"})
    add_configs("redis", {description = "Storage in Redis", default = false, type = "boolean"})
    add_configs("crypt", {description = "Passwords that were hashed by bcrypt or crypt(3)", default = false, type = "boolean"})
    add_configs("argon2", {description = "Passwords that were hashed by Argon2", default = false, type = "boolean"})

    if is_plat("linux", "bsd") then
        add_syslinks("pthread")
    end

    on_load("!windows and !mingw", function (package)
        package:add("deps", "openssl3", "simdjson")
        if package:config("asio") then
            package:add("deps", "asio >=1.22.1", "llhttp")
            package:add("defines", "ASIO_STANDALONE", "ASIO_HAS_CO_AWAIT=1", "ASIO_HAS_STD_COROUTINE=1")
        end
        local libraries = {sqlite = "sqlite3 >=3.35.0", postgres = "libpq", redis = "hiredis", crypt = "libxcrypt", argon2 = "argon2"}
        for config, library in pairs(libraries) do
            if package:config(config) then
                package:add("deps", library)
            end
        end
    end)

    on_install("!windows and !mingw", function (package)
        os.cp("include", package:installdir())
    end)

    on_test(function (package)
        assert(package:check_cxxsnippets({test = [[
            #include <phoneauth/console_transport.hpp>
            #include <phoneauth/phoneauth.hpp>
            #include <phoneauth/storage/memory.hpp>
            void test() {
                phoneauth::config config;
                phoneauth::memory_storage storage;
                phoneauth::console_transport transport;
                phoneauth::authenticator auth(config, storage, transport);
                auth.start_registration("+14155550100");
            }
        ]]}, {configs = {languages = "c++20"}}))
    end)
