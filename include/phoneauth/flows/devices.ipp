// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_DEVICES_IPP
#define PHONEAUTH_FLOWS_DEVICES_IPP

#include <utility>

#include <phoneauth/flows/devices.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/rules/sessions.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto devices<Mode>::trust(session_token token, client_info from) -> returned<trusted_device> {
    return p_.run(event_kind::device_trusted, std::move(from), [&](context& c) { return add(c, std::move(token)); });
}

template <class Mode>
auto devices<Mode>::log_in(std::string phone, password secret, device_token token, client_info from)
    -> returned<login_result> {
    return p_.run(event_kind::logged_in, std::move(from),
                  [&](context& c) { return enter(c, std::move(phone), std::move(secret), std::move(token)); });
}

template <class Mode>
auto devices<Mode>::add(context& c, session_token token) -> flow<result<trusted_device>> {
    if (p_.config.trusted_device_lifetime.count() == 0) co_return error::operation_disabled;
    auto admitted = co_await sessions_.admit(token);
    if (!admitted) co_return std::move(admitted).error();
    p_.reports.note(c, admitted->owner);
    const auto at = p_.now();
    if (!rules::may_trust_device(admitted->login, p_.config, at)) co_return error::fresh_login_required;
    const auto limits = rules::change_limits(admitted->owner.object_id, true, at);
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    auto secret = make_token(p_.random);
    if (!secret) co_return error::internal;
    trusted_device trusted{device_token(std::move(*secret)), at + p_.config.trusted_device_lifetime};
    session device{hash_of(trusted.token), admitted->owner.object_id, at, trusted.expires_at,
                   p_.session_fingerprint_of(admitted->owner)};
    device.kind = session_kind::trusted_device;
    device.auth_methods = admitted->login.auth_methods;
    device.auth_time = rules::auth_time(admitted->login);
    device.last_used_at = at;
    device.device = rules::device_name(c.from.user_agent);
    device.network = c.network;
    co_await Mode::ignore_cancellation();  // else it might stay, and nobody would know its token
    auto kept = co_await keep(device, std::move(token));
    if (!kept) {
        try {  // it may be stored all the same, and nobody has its token
            [[maybe_unused]] const bool erased = co_await p_.ports.erase_session(device.token_hash);
        } catch (...) {
        }
        co_return std::move(kept).error();
    }
    if (p_.config.max_sessions_per_user != 0) co_await login_.end_surplus(device, admitted->owner);
    co_return trusted;
}

/// Stores a device. Whoever ends all that a user has either ends it, too, or has ended the session that trusts it: that
/// is asked once more.
template <class Mode>
auto devices<Mode>::keep(const session& device, session_token token) -> flow<result<void>> {
    try {
        const bool inserted = co_await p_.ports.insert_session(device);
        if (!inserted) co_return error::internal;
        auto still = co_await sessions_.admit(std::move(token));
        if (!still) co_return std::move(still).error();
        const bool good = rules::rests_on(device, still->owner, p_.session_fingerprint_of(still->owner));
        co_return good ? result<void>() : result<void>(error::fresh_login_required);
    } catch (...) {
        co_return Mode::current_failure();
    }
}

/// As a two-factor login begins; but no code comes after it, so that nobody can be answered alike. What is concealed is
/// therefore refused, and the way in is a code. A right password with an unknown device is not taken back: else the
/// failures would tell that it was right.
template <class Mode>
auto devices<Mode>::enter(context& c, std::string text, password secret, device_token token)
    -> flow<result<login_result>> {
    if (!p_.config.login_enabled) co_return error::login_disabled;
    if (p_.config.trusted_device_lifetime.count() == 0) co_return error::operation_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    auto owner = co_await p_.ports.find_user_by_phone(*phone);
    const password_question asked{std::string(phone->str()), p_.network_fingerprint(c, owner), owner, true, true};
    auto guess = co_await p_.passwords.check(c, asked, secret);
    if (!guess) co_return std::move(guess).error();
    const auto hash = hash_of(token);
    auto device = co_await p_.ports.find_session(hash);  // whatever the password was, so that it takes as long
    const bool known = is_good(device, owner);
    if (!guess->right || guess->concealed || !known) {
        p_.limits.tell_locked(c, guess->wait);
        co_return error::invalid_login;
    }
    co_await Mode::ignore_cancellation();  // as after a code: there is a session, or there is none
    co_await p_.passwords.forgive(c, asked, *guess);
    entry by(auth_method::by_password | auth_method::by_trusted_device);
    by.device = &*device;
    auto outcome = co_await login_.open_session(c, *owner, by);
    co_return outcome;
}

/// No session has such a hash: what is hashed is longer than any version takes for a session token, and holds no token
/// in clear.
template <class Mode>
std::string devices<Mode>::hash_of(const device_token& token) {
    return p_.hash("device:" + p_.hash(token.str()));
}

template <class Mode>
bool devices<Mode>::is_good(const std::optional<session>& device, const std::optional<user>& owner) {
    return owner && device && device->kind == session_kind::trusted_device && device->user_id == owner->object_id &&
           !rules::is_over(*device, p_.config, p_.now()) &&
           rules::rests_on(*device, *owner, p_.session_fingerprint_of(*owner));
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
