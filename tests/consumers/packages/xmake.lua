-- SPDX-License-Identifier: BSL-1.0
-- xmake.lua FILE: runs a package's description with xmake's functions replaced, and asks what it does for each config.
local said = {configs = {}, versions = {}, urls = {}}
local functions = {
    set_kind = function (kind, how) said.kind = kind; said.headeronly = how and how.headeronly end,
    set_description = function () end,
    set_license = function (license) said.license = license end,
    add_urls = function (url) table.insert(said.urls, url) end,
    add_versions = function (version, hash) said.versions[version] = hash end,
    add_configs = function (name, how) said.configs[name] = how end,
    add_syslinks = function () end,
    is_plat = function () return true end,
    on_load = function (platforms, script) said.load = script end,
    on_install = function (platforms, script) said.install = script end,
    on_test = function (script) said.test = script end,
}
function package(name) said.name = name end
local world = setmetatable({package = package, pairs = pairs, assert = assert, os = {cp = function (from) said.copied = from end}},
    {__index = functions})  -- whatever else it names is an error
assert(loadfile(arg[1], "t", world))()

local function expect(what, holds)
    if not holds then
        io.stderr:write("xmake.lua: ", what, "\n")
        os.exit(1)
    end
end
-- The libraries that it asks for when one config is on, or none.
local function libraries(on)
    local deps = {}
    local subject = {
        config = function (_, name) expect("asks for the config " .. name, said.configs[name]); return name == on end,
        add = function (_, kind, ...) if kind == "deps" then for _, dep in ipairs({...}) do deps[dep:match("^%S+")] = true end end end,
        installdir = function () return "prefix" end,
        check_cxxsnippets = function (_, snippet) said.snippet = snippet.test; return true end,
    }
    said.load(subject)
    said.install(subject)
    said.test(subject)
    return deps
end

expect("is called phoneauth, is headers only and has a license",
    said.name == "phoneauth" and said.kind == "library" and said.headeronly and said.license == "BSL-1.0")
local version, hash = next(said.versions)
expect("has one version with a hash", version and #hash == 64 and #said.urls == 1)
local none = libraries("")
expect("needs OpenSSL and simdjson, always, and nothing else", none.openssl3 and none.simdjson and not none.asio)
for config, library in pairs({asio = "asio", sqlite = "sqlite3", postgres = "libpq", redis = "hiredis", crypt = "libxcrypt", argon2 = "argon2"}) do
    expect("needs " .. library .. " for " .. config, libraries(config)[library] and not none[library])
end
expect("installs the headers", said.copied == "include")
expect("tests what is installed", said.snippet and said.snippet:find("phoneauth::authenticator", 1, true))
