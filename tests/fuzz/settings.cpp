// SPDX-License-Identifier: BSL-1.0
// Input: a settings file.
#include "fuzz.hpp"

#include <phoneauth/authenticator.hpp>
#include <phoneauth/detail/config_fields.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/read_config.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <chrono>

using namespace phoneauth;
using fuzz::require;

namespace {

/// Writes down every setting that a file can change.
class writer {
public:
    template <class T>
    static std::string all_of(T& settings) {
        writer w;
        detail::describe(w, settings);
        return w.text_;
    }
    template <class T>
    void operator()(std::string_view name, T& value) {
        text_.append(name).append("=");
        write(value);
        text_ += '\n';
    }

private:
    template <class T>
    void write(T& value) {
        if constexpr (std::is_base_of_v<std::string, T>)
            text_ += detail::json_string(value);
        else if constexpr (std::is_same_v<T, std::chrono::seconds>)
            text_ += std::to_string(value.count());
        else if constexpr (std::is_enum_v<T> || std::is_integral_v<T>)
            text_ += std::to_string(static_cast<long long>(value));
        else
            text_ += '{' + all_of(value) + '}';
    }
    template <class T>
    void write(std::vector<T>& values) {
        text_ += '[';
        for (auto& value : values) {
            write(value);
            text_ += ',';
        }
        text_ += ']';
    }

    std::string text_;
};

config start() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "token";
    c.twilio.sender = "+15005550006";
    return c;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view json = fuzz::input(data, size).rest();
    static const std::string untouched = [] {
        auto c = start();
        return writer::all_of(c);
    }();
    auto settings = start();
    const auto problems = read_config(json, settings);
    const auto read = writer::all_of(settings);
    if (!problems.empty()) {
        require(read == untouched, "a file with a problem changes nothing");
        for (const auto& p : problems) require(p.message.size() < 120, "a message is a sentence of ours");
        return 0;
    }
    require(read_config(json, settings).empty() && writer::all_of(settings) == read,
            "reading a file twice is as reading it once");

    const auto wrong = validate(settings);
    for (const auto& p : wrong) require(!p.field.empty() && !p.message.empty(), "a problem has a name and a sentence");
    memory_storage storage;
    testing::scripted_transport transport;
    try {
        const authenticator<memory_storage, testing::scripted_transport> made(settings, storage, transport);
        require(wrong.empty(), "an authenticator takes only what validate finds nothing wrong with");
    } catch (const config_error& e) {
        require(!wrong.empty() && e.problems().size() == wrong.size(), "what the constructor finds, validate finds");
    }
    return 0;
}
