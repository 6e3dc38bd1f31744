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
    auto sending = p_.limits.message(c, rules::limits::send_budget::codes, *phone, purpose::registration, false);
    auto allowed = co_await p_.limits.reserve(c, sending);
    if (!allowed) co_return std::move(allowed).error();
    const std::optional<user> nobody;
    auto opened = co_await codes_.open(c, sending, purpose::registration, *phone, nobody, false);
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

    auto confirmed = co_await codes_.confirm(c, purpose::registration, r.transaction_id, std::move(r.code), &*phone);
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    std::optional<result<void>> stored = co_await prepare(*made, r.password);
    r.password = {};  // wiped
    if (*stored) stored = co_await store(*made);
    if (!stored) co_return error::storage_unavailable;
    if (!*stored) {
        co_await codes_.reopen(*confirmed);
        co_return std::move(*stored).error();
    }
    p_.reports.note(c, *made);
    const auto over = rules::forget_registration(*confirmed, c.home(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_registration(*made);
    } catch (...) {
    }
    co_return std::move(*made);
}

/// The password's hash, and what the hook has to say.
template <class Mode>
auto registration<Mode>::prepare(user& u, const std::string& password) -> flow<result<void>> {
    try {
        auto hash = co_await p_.ports.hash_password(password);
        if (!hash) co_return std::move(hash).error();
        u.password_hash = std::move(*hash);
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
