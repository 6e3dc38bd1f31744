// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_REGISTRATION_IPP
#define PHONEAUTH_FLOWS_REGISTRATION_IPP

#include <utility>

#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/registration.hpp>
#include <phoneauth/rules/registration.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto registration<Mode>::start(std::string phone, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from), [&](context& c) { return begin(c, std::move(phone)); });
}

template <class Mode>
auto registration<Mode>::finish(phoneauth::registration r, client_info from) -> returned<user> {
    return p_.run(event_kind::registered, std::move(from), [&](context& c) { return complete(c, std::move(r)); });
}

template <class Mode>
auto registration<Mode>::begin(context& c, std::string text) -> flow<result<challenge>> {
    if (!p_.config.registration_enabled) co_return error::registration_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    const rules::code_request asked{.phone = *phone,
                                    .fingerprint = {},
                                    .from = c.networks(),
                                    .begins = rules::door::registration,
                                    .registers = true};
    opening code(purpose::registration, *phone, {});
    auto opened = co_await codes_.start(c, asked, std::move(code));
    co_return opened;
}

template <class Mode>
auto registration<Mode>::complete(context& c, phoneauth::registration r) -> flow<result<user>> {
    if (!p_.config.registration_enabled) co_return error::registration_disabled;
    auto phone = p_.read_phone(c, r.phone);
    if (!phone) co_return std::move(phone).error();
    auto made = rules::make_user(p_.config, r, *phone, p_.now());
    if (!made) co_return std::move(made).error();
    auto id = make_token(p_.random);
    if (!id) co_return error::internal;
    made->object_id = std::move(*id);

    expectation expected(purpose::registration);
    expected.phone = &*phone;
    auto confirmed = co_await codes_.confirm(c, expected, r.transaction_id, std::move(r.code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    std::optional<result<void>> stored = co_await prepare(*made, r.password);
    r.password = {};  // wiped
    if (*stored) stored = co_await store(*made);
    if (!stored) co_return error::storage_unavailable;
    if (!*stored) {
        const bool overloaded = stored->error().code == error::overloaded;
        co_await codes_.reopen(*confirmed, overloaded ? rules::spent_try::given_back : rules::spent_try::counts);
        co_return std::move(*stored).error();
    }
    p_.reports.note(c, *made);
    const auto rests_on = p_.session_fingerprint_of(*made);
    const auto over =
        rules::after_registration(*confirmed, p_.network_fingerprint(rests_on), c.networks(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_registration(*made);
    } catch (...) {
    }
    co_return std::move(*made);
}

template <class Mode>
auto registration<Mode>::make_or_find(context& c, const phone_number& phone) -> flow<result<user>> {
    try {
        auto owner = co_await p_.ports.find_user_by_phone(phone);
        if (owner) co_return std::move(*owner);
        auto made = co_await make(c, phone);
        if (made || made.error().code != error::user_exists) co_return made;
        owner = co_await p_.ports.find_user_by_phone(phone);  // somebody with the same phone was faster
        if (owner) co_return std::move(*owner);
        co_return std::move(made).error();
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

template <class Mode>
auto registration<Mode>::make(context& c, const phone_number& phone) -> flow<result<user>> {
    if (!p_.config.registration_enabled || p_.config.unknown_phone != unknown_phone_policy::sign_up)
        co_return error::login_disabled;  // since the code was sent
    const phoneauth::registration nothing;
    auto made = rules::make_user(p_.config, nothing, phone, p_.now());
    if (!made) co_return std::move(made).error();
    auto id = make_token(p_.random);
    if (!id) co_return error::internal;
    made->object_id = std::move(*id);
    std::optional<result<void>> stored = co_await prepare(*made, std::string());
    if (*stored) stored = co_await store(*made);
    if (!stored) co_return error::storage_unavailable;
    if (!*stored) co_return std::move(*stored).error();
    p_.reports.note(c, *made);
    p_.reports.tell(c, event_kind::registered);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_registration(*made);
    } catch (...) {
    }
    co_return std::move(*made);
}

/// The password's hash, and what the hooks have to say.
template <class Mode>
auto registration<Mode>::prepare(user& u, const std::string& password) -> flow<result<void>> {
    try {
        if (!password.empty()) {  // else none is required
            auto set = co_await p_.passwords.set(u, password);
            if (!set) co_return set;
        }
        const auto proved = u.phone;
        const auto id = u.object_id;
        auto allowed = co_await p_.ports.before_registration(u);
        u.phone = proved;
        u.object_id = id;
        co_return allowed;
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

/// Nothing if nobody knows whether the user is stored: the transaction must then stay as it is.
template <class Mode>
auto registration<Mode>::store(const user& u) -> flow<std::optional<result<void>>> {
    failure thrown;
    try {
        const write_result written = co_await p_.ports.insert_user(u);
        co_return written == write_result::done ? result<void>() : result<void>(error::user_exists);
    } catch (...) {
        thrown = failure_of_current_exception();
    }
    try {
        auto found = co_await p_.ports.find_user(u.object_id);
        co_return found ? result<void>() : result<void>(std::move(thrown));
    } catch (...) {
        co_return std::nullopt;
    }
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
