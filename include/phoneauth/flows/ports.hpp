// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PORTS_HPP
#define PHONEAUTH_FLOWS_PORTS_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/event.hpp>
#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What every part of a flow may ask for, in either mode.
class environment {
public:
    /// The time, as the Clock tells it.
    virtual time_point now() const = 0;
    /// Whether `observe` does anything.
    virtual bool is_observed() const noexcept = 0;
    /// Hands `e` to the Observer. May throw what the Observer throws.
    virtual void observe(const event& e) = 0;

    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

protected:
    environment() = default;
    ~environment() = default;
};

/// An integrator's policies as the flows see them: one virtual function for each policy function, whatever type the
/// policy has. So the flows are templates on the mode alone, and a program compiles them once. What each function has
/// to do stands at the concepts in policies.hpp; `adapter` makes one of these out of policies.
template <class Mode>
class ports : public environment {
public:
    /// What a policy function yields, to `co_await`.
    template <class T>
    using yielded = typename Mode::template yielded<T>;

    ///@{
    /// See `TransactionStorage`.
    virtual yielded<bool> insert_transaction(const transaction& t) = 0;
    virtual yielded<std::optional<transaction>> find_transaction(const std::string& id) = 0;
    virtual yielded<bool> update_transaction(const transaction& t) = 0;
    ///@}

    ///@{
    /// See `UserStorage`.
    virtual yielded<write_result> insert_user(const user& u) = 0;
    virtual yielded<write_result> update_user(const user& u) = 0;
    virtual yielded<bool> erase_user(const std::string& object_id) = 0;
    virtual yielded<std::optional<user>> find_user(const std::string& object_id) = 0;
    virtual yielded<std::optional<user>> find_user_by_phone(const phone_number& phone) = 0;
    virtual yielded<std::optional<user>> find_user_by_identity(const std::string& identity) = 0;
    ///@}

    ///@{
    /// See `SessionStorage`.
    virtual yielded<bool> insert_session(const session& s) = 0;
    virtual yielded<std::optional<session>> find_session(const std::string& token_hash) = 0;
    virtual yielded<std::vector<session>> find_sessions_of(const std::string& user_id) = 0;
    virtual yielded<bool> update_session(const session& s) = 0;
    virtual yielded<bool> erase_session(const std::string& token_hash) = 0;
    virtual yielded<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) = 0;
    ///@}

    /// See `CellStorage`.
    virtual yielded<cell_answer> take_cells(const cell_batch& batch) = 0;

    /// See `HttpTransport`.
    virtual yielded<result<http_response>> send(const http_request& request) = 0;

    ///@{
    /// See `PasswordHasher`.
    virtual yielded<result<std::string>> hash_password(const std::string& password) = 0;
    virtual yielded<result<bool>> verify_password(const std::string& password, const std::string& hash) = 0;
    virtual bool needs_rehash(const std::string& hash) = 0;
    virtual bool has_decoy() const noexcept = 0;
    virtual yielded<result<bool>> decoy_password(const std::string& password) = 0;
    ///@}

    ///@{
    /// See `Hooks`.
    virtual yielded<result<void>> before_registration(user& u) = 0;
    virtual yielded<result<void>> after_registration(const user& u) = 0;
    virtual yielded<result<void>> before_login(const user& u) = 0;
    virtual yielded<result<void>> after_login(const user& u) = 0;
    virtual yielded<result<void>> before_update(const user& before, user& changed) = 0;
    virtual yielded<result<void>> after_update(const user& before, const user& changed) = 0;
    virtual yielded<result<void>> before_deletion(const user& u) = 0;
    virtual yielded<result<void>> after_deletion(const user& u) = 0;
    virtual yielded<result<void>> before_message(code_message& m) = 0;
    virtual yielded<result<void>> password_allowed(const std::string& password, const user& u) = 0;
    ///@}

protected:
    ~ports() = default;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
