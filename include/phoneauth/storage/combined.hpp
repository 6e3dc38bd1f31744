// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_COMBINED_HPP
#define PHONEAUTH_STORAGE_COMBINED_HPP

#include <string>
#include <vector>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {

/// A Storage put together from four parts, so that an integrator can bring his own users table and take the rest from a
/// store that comes with the library. One object may serve as several parts; blocking and asynchronous ones mix. It
/// only keeps references, which must outlive it, and is as thread-safe as its parts.
///
///     phoneauth::combined_storage storage(memory, my_users, memory, memory);
template <TransactionStorage T, UserStorage U, SessionStorage S, CounterStorage C>
class combined_storage {
public:
    /// Only the transactions decide whether codes need a configured key.
    static constexpr bool process_local = is_process_local<T>;

    combined_storage(T& transactions, U& users, S& sessions, C& counters)
        : transactions_(transactions), users_(users), sessions_(sessions), counters_(counters) {}

    // Each function: see the concepts in policies.hpp.

    auto insert_transaction(const transaction& t) { return transactions_.insert_transaction(t); }
    auto find_transaction(const std::string& id) { return transactions_.find_transaction(id); }
    auto update_transaction(const transaction& t) { return transactions_.update_transaction(t); }

    auto insert_user(const user& u) { return users_.insert_user(u); }
    auto update_user(const user& u) { return users_.update_user(u); }
    auto find_user(const std::string& object_id) { return users_.find_user(object_id); }
    auto find_user_by_phone(const phone_number& phone) { return users_.find_user_by_phone(phone); }
    auto find_user_by_identity(const std::string& identity) { return users_.find_user_by_identity(identity); }

    auto insert_session(const session& s) { return sessions_.insert_session(s); }
    auto find_session(const std::string& token_hash) { return sessions_.find_session(token_hash); }
    auto erase_session(const std::string& token_hash) { return sessions_.erase_session(token_hash); }
    auto erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return sessions_.erase_sessions_of(user_id, kept);
    }

    auto change_counters(const std::vector<counter_change>& changes) { return counters_.change_counters(changes); }

private:
    T& transactions_;
    U& users_;
    S& sessions_;
    C& counters_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
