// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_TIMING_OBSERVED_HPP
#define PHONEAUTH_TESTS_TIMING_OBSERVED_HPP

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

// A site whose every call to its policies is noted, so that two visitors' traces can be compared.

namespace timing {

using namespace phoneauth;
using namespace std::chrono_literals;

/// The calls of policies, in their order.
using call_log = std::vector<std::string>;

class noting_storage : public forwarding_storage<noting_storage> {
public:
    static constexpr bool process_local = true;

    noting_storage(memory_storage& storage, call_log& log) noexcept : storage_(storage), log_(log) {}

    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(note(std::string(operation.name)), arguments...);
    }
    auto perform(operations::take_cells take, const cell_batch& b) {
        return take(note("take_cells of " + std::to_string(b.size())), b);
    }

private:
    memory_storage& note(std::string call) {
        log_.push_back(std::move(call));
        return storage_;
    }
    memory_storage& storage_;
    call_log& log_;
};

/// scrypt at a thousandth of its cost.
struct quick_passwords : scrypt_passwords {
    quick_passwords() : scrypt_passwords({.ln = 10, .r = 1, .p = 1}) {}
};

class noting_passwords {
public:
    explicit noting_passwords(call_log& log) noexcept : log_(log) {}

    // A comparison and a hash do the same work: scrypt, once.
    result<std::string> hash(const std::string& password) {
        log_.push_back("scrypt");
        return passwords_.hash(password);
    }
    result<bool> verify(const std::string& password, const std::string& phc) {
        log_.push_back("scrypt");
        return passwords_.verify(password, phc);
    }

private:
    quick_passwords passwords_;
    call_log& log_;
};

/// Twilio, and what can go wrong there. What a request asks is not noted: only Twilio sees that a look-up stands for a
/// message.
class noting_provider {
public:
    explicit noting_provider(call_log& log) noexcept : log_(log) {}

    result<http_response> send(const http_request& request) {
        log_.push_back("send");
        if (everything) return *everything;
        if (messages && request.method == "POST") return *messages;
        return twilio.answer(request);
    }

    std::optional<result<http_response>> everything;  ///< what every request gets
    std::optional<result<http_response>> messages;    ///< what every message gets
    testing::twilio_simulator twilio;

private:
    call_log& log_;
};

/// What a client gets, and what happened for it.
struct observed {
    http_response reply;
    call_log calls;
};

/// `text` with every id and token replaced by as many X.
inline std::string without_ids(std::string text) {
    const auto is_id = [](std::string_view s) {
        for (std::size_t i = 0; i < s.size(); ++i) {
            const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
            if (dash ? s[i] != '-' : detail::hex_value(s[i]) < 0) return false;
        }
        return true;
    };
    for (std::size_t at = 0; at + 36 <= text.size(); ++at)
        if (is_id(std::string_view(text).substr(at, 36))) text.replace(at, 36, 36, 'X');
    return text;
}

/// What tells `a` from `b`, in words; empty if nothing does.
inline std::string difference(const observed& a, const observed& b) {
    const auto differ = [](const std::string& what, const std::string& x, const std::string& y) {
        return what + ": " + x + " | " + y;
    };
    if (a.reply.status != b.reply.status)
        return differ("status", std::to_string(a.reply.status) + " " + a.reply.body,
                      std::to_string(b.reply.status) + " " + b.reply.body);
    const auto headers = [](const observed& o) {
        std::string text;
        for (const auto& h : o.reply.headers) text += h.name + ": " + h.value + "; ";
        return text;
    };
    if (headers(a) != headers(b)) return differ("headers", headers(a), headers(b));
    if (without_ids(a.reply.body) != without_ids(b.reply.body)) return differ("body", a.reply.body, b.reply.body);
    if (a.calls != b.calls) {
        const auto calls = [](const call_log& log) {
            std::string text;
            for (const auto& c : log) text += c + ", ";
            return text;
        };
        return differ("calls", calls(a.calls), calls(b.calls));
    }
    return {};
}

/// Whom a visitor claims to be. Who exists has registered before.
struct visitor {
    const char* name;
    std::string phone;
    std::string email;
};
inline const visitor stranger{"stranger", "+14155550100", "nobody@example.com"};
inline const visitor member{"member", "+14155550101", "member@example.com"};
inline const visitor disabled_member{"disabled member", "+14155550102", "disabled@example.com"};
inline const visitor member_without_password{"member without password", "+14155550103", "without@example.com"};
inline const std::string right_password = "correct horse";

inline config site_config() {
    config c;
    c.twilio = testing::twilio_simulator::settings();
    c.code_keys = {{"k1", std::string(32, 'k')}};
    c.identity_login_enabled = true;
    return c;
}

/// Stores `who` without the traces that a registration leaves in the limits.
inline void add_member(memory_storage& storage, const visitor& who, const std::string& password_hash,
                       bool enabled = true) {
    static int number = 0;
    const auto id = std::to_string(++number);
    const user u{.object_id = "00000000-0000-4000-8000-" + std::string(12 - id.size(), '0') + id,
                 .phone = *phone_number::parse(who.phone),
                 .identity = who.email,
                 .password_hash = password_hash,
                 .enabled = enabled};
    storage.insert_user(u);
}

/// `P` notes what it hashes, or is some other PasswordHasher made of a `call_log&`.
template <class P = noting_passwords>
struct site {
    explicit site(const config& c = site_config()) : auth(c, storage, provider, clock, passwords) {
        const auto hash = *quick_passwords().hash(right_password);
        add_member(memory, member, hash);
        add_member(memory, disabled_member, hash, false);
        add_member(memory, member_without_password, "");
    }

    observed ask(const std::string& path, std::string body) {
        log.clear();
        observed o;
        o.reply = api.handle({"POST", "/APP/KEY" + path, {}, std::move(body)});
        o.calls = log;
        return o;
    }

    call_log log{};
    memory_storage memory{};
    noting_storage storage{memory, log};
    noting_provider provider{log};
    testing::manual_clock clock{};
    P passwords{log};
    authenticator<noting_storage, noting_provider, testing::manual_clock, P> auth;
    rest::api<decltype(auth)> api{auth, {.app_id = "APP", .api_key = "KEY"}};
};

}  // namespace timing

#endif
