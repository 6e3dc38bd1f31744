// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_OPERATORS_IPP
#define PHONEAUTH_FLOWS_OPERATORS_IPP

#include <cstddef>
#include <string>
#include <utility>

#include <phoneauth/flows/operators.hpp>
#include <phoneauth/flows/parts.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto operators<Mode>::end_sessions(std::string user_id) -> returned<void> {
    return Mode::finish(end_all(std::move(user_id)));
}

template <class Mode>
auto operators<Mode>::unlock(std::string phone) -> returned<void> {
    return Mode::finish(open_doors(std::move(phone)));
}

template <class Mode>
auto operators<Mode>::open_doors(std::string phone) -> flow<result<void>> {
    const auto number = phoneauth::read_phone(p_.config, phone);
    if (!number) co_return number.error();
    const auto owner = co_await p_.ports.find_user_by_phone(*number);
    const auto subject = owner ? p_.identity_subject(owner->identity, owner) : std::string();
    const auto doors = rules::unlock_doors(*number, subject, p_.now());
    [[maybe_unused]] const auto opened = co_await p_.ports.take_cells(doors);
    const auto messages = rules::unlock_messages(*number, p_.now());
    [[maybe_unused]] const auto given_back = co_await p_.ports.take_cells(messages);
    co_return result<void>();
}

template <class Mode>
auto operators<Mode>::end_all(std::string user_id) -> flow<result<void>> {
    const auto nobody = [] { return failure(error::invalid_parameter, "There is no user with this id."); };
    if (user_id.empty() || user_id.size() > max_id_size) co_return nobody();
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto owner = co_await p_.ports.find_user(user_id);
        if (!owner) co_return nobody();
        ++owner->generation;
        const write_result written = co_await p_.ports.update_user(*owner);
        if (written != write_result::done) continue;
        co_await Mode::ignore_cancellation();
        try {  // all are over already
            const std::string none;
            [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(user_id, none);
        } catch (...) {
        }
        co_return result<void>();
    }
    co_return error::storage_unavailable;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
