// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_OPERATORS_IPP
#define PHONEAUTH_FLOWS_OPERATORS_IPP

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/utf8.hpp>
#include <phoneauth/flows/accounts.hpp>
#include <phoneauth/flows/operators.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/rules/registration.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

namespace detail {
/// Notes who acts, for the events.
inline void note_operator(context& c, std::string by) {
    by.resize((std::min)(by.size(), std::size_t{64}));
    c.about.by = std::move(by);
}
inline failure no_such_user() {
    return failure(error::invalid_parameter, "There is no such user.");
}
}  // namespace detail

template <class Mode>
auto operators<Mode>::find_account(std::string phone_identity_or_id) -> returned<user> {
    return Mode::finish(find(std::move(phone_identity_or_id)));
}

template <class Mode>
auto operators<Mode>::sessions_of(std::string user_id) -> returned<std::vector<session_info>> {
    return Mode::finish(list(std::move(user_id)));
}

template <class Mode>
auto operators<Mode>::budget() -> returned<code_budget> {
    return Mode::finish(ask_budget());
}

template <class Mode>
auto operators<Mode>::end_sessions(std::string user_id, std::string by) -> returned<void> {
    return p_.run(event_kind::session_ended, {}, [&](context& c) {
        detail::note_operator(c, std::move(by));
        return end_all(c, std::move(user_id));
    });
}

template <class Mode>
auto operators<Mode>::unlock(std::string phone, std::string by) -> returned<void> {
    return p_.run(event_kind::unlocked, {}, [&](context& c) {
        detail::note_operator(c, std::move(by));
        return open_doors(c, std::move(phone));
    });
}

template <class Mode>
auto operators<Mode>::disable_user(std::string user_id, std::string by) -> returned<user> {
    return p_.run(event_kind::disabled, {}, [&](context& c) {
        detail::note_operator(c, std::move(by));
        return change(c, std::move(user_id), alteration(false));
    });
}

template <class Mode>
auto operators<Mode>::enable_user(std::string user_id, std::string by) -> returned<user> {
    return p_.run(event_kind::enabled, {}, [&](context& c) {
        detail::note_operator(c, std::move(by));
        return change(c, std::move(user_id), alteration(true));
    });
}

template <class Mode>
auto operators<Mode>::set_phone(std::string user_id, std::string phone, std::string by) -> returned<user> {
    return p_.run(event_kind::phone_changed, {}, [&](context& c) {
        detail::note_operator(c, std::move(by));
        return move(c, std::move(user_id), std::move(phone));
    });
}

template <class Mode>
auto operators<Mode>::delete_user(std::string user_id, std::string by) -> returned<void> {
    return p_.run(event_kind::deleted, {}, [&](context& c) {
        detail::note_operator(c, std::move(by));
        return erase(c, std::move(user_id));
    });
}

/// Ids are the server's own, phones are proved, and an identity is what its user says that it is: it comes last, so that
/// nobody is taken for whom they name themselves after.
template <class Mode>
auto operators<Mode>::find(std::string text) -> flow<result<user>> {
    const bool is_text = phoneauth::detail::count_code_points(text).has_value() &&
                         std::none_of(text.begin(), text.end(), phoneauth::detail::is_control);
    if (!is_text) co_return detail::no_such_user();
    auto by_id = co_await find_by_id(text);
    if (by_id) co_return by_id;
    const auto phone = phoneauth::read_phone(p_.config, text);
    if (phone) {
        auto owner = co_await p_.ports.find_user_by_phone(*phone);
        if (owner) co_return std::move(*owner);
    }
    const auto identity = rules::normalize_identity(p_.config, text);
    if (!identity) co_return detail::no_such_user();
    auto owner = co_await p_.ports.find_user_by_identity(*identity);
    if (!owner) co_return detail::no_such_user();
    co_return std::move(*owner);
}

template <class Mode>
auto operators<Mode>::find_by_id(const std::string& user_id) -> flow<result<user>> {
    if (user_id.empty() || user_id.size() > max_id_size) co_return detail::no_such_user();
    auto owner = co_await p_.ports.find_user(user_id);
    if (!owner) co_return detail::no_such_user();
    co_return std::move(*owner);
}

template <class Mode>
auto operators<Mode>::list(std::string user_id) -> flow<result<std::vector<session_info>>> {
    auto owner = co_await find_by_id(user_id);
    if (!owner) co_return std::move(owner).error();
    const std::string nobodys;
    auto all = co_await sessions_.list(*owner, nobodys);
    co_return std::move(all);
}

template <class Mode>
auto operators<Mode>::ask_budget() -> flow<result<code_budget>> {
    if (p_.config.max_sends_per_hour == 0) co_return code_budget();
    const auto at = p_.now();
    const auto question = rules::budget_question(at);
    const auto answer = co_await p_.ports.take_cells(question);
    co_return rules::budget_left(answer, p_.config, at);
}

template <class Mode>
auto operators<Mode>::open_doors(context& c, std::string phone) -> flow<result<void>> {
    const auto number = phoneauth::read_phone(p_.config, phone);
    if (!number) co_return number.error();
    p_.reports.note(c, *number);
    const auto owner = co_await p_.ports.find_user_by_phone(*number);
    if (owner) p_.reports.note(c, *owner);
    const auto subject = owner ? p_.identity_subject(owner->identity, owner) : std::string();
    const auto doors = rules::unlock_doors(*number, subject, p_.now());
    [[maybe_unused]] const auto opened = co_await p_.ports.take_cells(doors);
    const auto messages = rules::unlock_messages(*number, p_.now());
    [[maybe_unused]] const auto given_back = co_await p_.ports.take_cells(messages);
    co_return result<void>();
}

template <class Mode>
auto operators<Mode>::end_all(context& c, std::string user_id) -> flow<result<void>> {
    for (int lost = 0; lost < max_operator_races; ++lost) {
        auto owner = co_await find_by_id(user_id);
        if (!owner) co_return std::move(owner).error();
        p_.reports.note(c, *owner);
        ++owner->generation;
        owner->backup_codes.clear();  // whoever had a session may have made them
        const write_result written = co_await p_.ports.update_user(*owner);
        if (written != write_result::done) continue;
        co_await Mode::ignore_cancellation();
        co_await p_.accounts.end_sessions(user_id);
        co_return result<void>();
    }
    co_return error::storage_unavailable;
}

template <class Mode>
auto operators<Mode>::move(context& c, std::string user_id, std::string text) -> flow<result<user>> {
    const auto phone = p_.read_phone(c, text);
    if (!phone) co_return phone.error();
    const alteration wanted(*phone);
    auto changed = co_await change(c, std::move(user_id), wanted);
    co_return changed;
}

/// Whatever is changed, the sessions end, as they raise questions: a phone is another device, and who is enabled again
/// may not be who was disabled.
template <class Mode>
auto operators<Mode>::change(context& c, std::string user_id, alteration wanted) -> flow<result<user>> {
    for (int lost = 0; lost < max_operator_races; ++lost) {
        auto found = co_await find_by_id(user_id);
        if (!found) co_return std::move(found).error();
        const user& before = *found;
        p_.reports.note(c, before);
        if (wanted.enabled && *wanted.enabled && before.enabled) {
            c.silent = true;
            co_return std::move(*found);
        }
        if (wanted.phone == before.phone)
            co_return failure(error::invalid_parameter, "This is the user's number already.");
        user changed = before;
        if (wanted.enabled) changed.enabled = *wanted.enabled;
        if (wanted.phone) {
            changed.phone = *wanted.phone;
            if (p_.config.identity_column == p_.config.phone_column) changed.identity = wanted.phone->str();
        }
        ++changed.generation;
        changed.backup_codes.clear();
        changed.updated_at = p_.now();
        auto outcome = co_await p_.accounts.store(before, changed);
        if (outcome.state == change_state::stale) continue;
        if (outcome.state != change_state::done) co_return std::move(outcome).why;
        co_await p_.accounts.end_sessions(user_id);
        p_.reports.note(c, changed);
        if (wanted.phone) co_await p_.notices.tell(c, before.phone, p_.config.phone_changed_notice);
        co_await p_.accounts.after_update(before, changed);
        co_return std::move(changed);
    }
    co_return error::storage_unavailable;
}

template <class Mode>
auto operators<Mode>::erase(context& c, std::string user_id) -> flow<result<void>> {
    for (int lost = 0; lost < max_operator_races; ++lost) {
        auto found = co_await find_by_id(user_id);
        if (!found) co_return std::move(found).error();
        p_.reports.note(c, *found);
        auto outcome = co_await p_.accounts.erase(*found);
        if (outcome.state == change_state::stale) continue;
        if (outcome.state != change_state::done) co_return std::move(outcome).why;
        co_return result<void>();
    }
    co_return error::storage_unavailable;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
