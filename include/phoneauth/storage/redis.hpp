// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_REDIS_HPP
#define PHONEAUTH_STORAGE_REDIS_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/detail/redis_commands.hpp>
#include <phoneauth/detail/redis_connection.hpp>
#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {

class redis_storage {
public:
    explicit redis_storage(const std::string& url, const redis_options& options = {})
        : redis_storage(detail::parse_redis_url(url), options) {}

    // Each function: see the concepts in policies.hpp.

    bool insert_transaction(const transaction& t) { return commands_.insert_transaction(t).get(); }
    std::optional<transaction> find_transaction(const std::string& id) { return commands_.find_transaction(id).get(); }
    bool update_transaction(const transaction& t) { return commands_.update_transaction(t).get(); }

    /// Throws `std::invalid_argument` if there is a user with this `object_id`.
    user_write insert_user(const user& u) { return commands_.insert_user(u).get(); }
    user_write update_user(const user& u) { return commands_.update_user(u).get(); }
    std::optional<user> find_user(const std::string& object_id) { return commands_.find_user(object_id).get(); }
    std::optional<user> find_user_by_phone(const phone_number& phone) {
        return commands_.find_user_by_phone(phone).get();
    }
    std::optional<user> find_user_by_identity(const std::string& identity) {
        return commands_.find_user_by_identity(identity).get();
    }

    bool insert_session(const session& s) { return commands_.insert_session(s).get(); }
    std::optional<session> find_session(const std::string& token_hash) {
        return commands_.find_session(token_hash).get();
    }
    bool erase_session(const std::string& token_hash) { return commands_.erase_session(token_hash).get(); }
    /// In a cluster some sessions may be erased after a throw: then call it again.
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return commands_.erase_sessions_of(user_id, kept).get();
    }

    std::vector<counter> change_counters(const std::vector<counter_change>& changes) {
        return commands_.change_counters(changes).get();
    }

private:
    redis_storage(detail::redis_url url, const redis_options& options)
        : commands_(options, detail::check_redis(url, options), url, options) {}

    detail::redis_commands<detail::redis_blocking_link> commands_;
};

static_assert(Storage<redis_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif
