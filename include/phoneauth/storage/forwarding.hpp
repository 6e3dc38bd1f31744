// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_FORWARDING_HPP
#define PHONEAUTH_STORAGE_FORWARDING_HPP

#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/policies.hpp>

namespace phoneauth {
inline namespace v0 {

/// The four parts of a storage: see the concepts in policies.hpp.
enum class storage_part { transactions, users, sessions, cells };

/// The functions of a Storage as objects without a state. `operation(store, arguments…)` calls the function of that
/// name; if `store` has none, the expression is ill-formed, which a `requires` can ask for. `operation.part` says to
/// which part of a storage it belongs, `operation.name` what it is called.
namespace operations {

/// The call of `insert_transaction`.
struct insert_transaction {
    static constexpr auto part = storage_part::transactions;        ///< what it is a function of
    static constexpr std::string_view name = "insert_transaction";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const transaction& t) const -> decltype(store.insert_transaction(t)) {
        return store.insert_transaction(t);
    }
};

/// The call of `find_transaction`.
struct find_transaction {
    static constexpr auto part = storage_part::transactions;      ///< what it is a function of
    static constexpr std::string_view name = "find_transaction";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& id) const -> decltype(store.find_transaction(id)) {
        return store.find_transaction(id);
    }
};

/// The call of `update_transaction`.
struct update_transaction {
    static constexpr auto part = storage_part::transactions;        ///< what it is a function of
    static constexpr std::string_view name = "update_transaction";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const transaction& t) const -> decltype(store.update_transaction(t)) {
        return store.update_transaction(t);
    }
};

/// The call of `insert_user`.
struct insert_user {
    static constexpr auto part = storage_part::users;        ///< what it is a function of
    static constexpr std::string_view name = "insert_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const user& u) const -> decltype(store.insert_user(u)) { return store.insert_user(u); }
};

/// The call of `update_user`.
struct update_user {
    static constexpr auto part = storage_part::users;        ///< what it is a function of
    static constexpr std::string_view name = "update_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const user& u) const -> decltype(store.update_user(u)) { return store.update_user(u); }
};

/// The call of `erase_user`.
struct erase_user {
    static constexpr auto part = storage_part::users;       ///< what it is a function of
    static constexpr std::string_view name = "erase_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& object_id) const -> decltype(store.erase_user(object_id)) {
        return store.erase_user(object_id);
    }
};

/// The call of `find_user`.
struct find_user {
    static constexpr auto part = storage_part::users;      ///< what it is a function of
    static constexpr std::string_view name = "find_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& object_id) const -> decltype(store.find_user(object_id)) {
        return store.find_user(object_id);
    }
};

/// The call of `find_user_by_phone`.
struct find_user_by_phone {
    static constexpr auto part = storage_part::users;               ///< what it is a function of
    static constexpr std::string_view name = "find_user_by_phone";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const phone_number& phone) const -> decltype(store.find_user_by_phone(phone)) {
        return store.find_user_by_phone(phone);
    }
};

/// The call of `find_user_by_identity`.
struct find_user_by_identity {
    static constexpr auto part = storage_part::users;                  ///< what it is a function of
    static constexpr std::string_view name = "find_user_by_identity";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& identity) const -> decltype(store.find_user_by_identity(identity)) {
        return store.find_user_by_identity(identity);
    }
};

/// The call of `insert_session`.
struct insert_session {
    static constexpr auto part = storage_part::sessions;        ///< what it is a function of
    static constexpr std::string_view name = "insert_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const session& s) const -> decltype(store.insert_session(s)) {
        return store.insert_session(s);
    }
};

/// The call of `find_session`.
struct find_session {
    static constexpr auto part = storage_part::sessions;      ///< what it is a function of
    static constexpr std::string_view name = "find_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& token_hash) const -> decltype(store.find_session(token_hash)) {
        return store.find_session(token_hash);
    }
};

/// The call of `find_sessions_of`.
struct find_sessions_of {
    static constexpr auto part = storage_part::sessions;          ///< what it is a function of
    static constexpr std::string_view name = "find_sessions_of";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& user_id) const -> decltype(store.find_sessions_of(user_id)) {
        return store.find_sessions_of(user_id);
    }
};

/// The call of `update_session`.
struct update_session {
    static constexpr auto part = storage_part::sessions;        ///< what it is a function of
    static constexpr std::string_view name = "update_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const session& s) const -> decltype(store.update_session(s)) {
        return store.update_session(s);
    }
};

/// The call of `erase_session`.
struct erase_session {
    static constexpr auto part = storage_part::sessions;       ///< what it is a function of
    static constexpr std::string_view name = "erase_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& token_hash) const -> decltype(store.erase_session(token_hash)) {
        return store.erase_session(token_hash);
    }
};

/// The call of `erase_sessions_of`.
struct erase_sessions_of {
    static constexpr auto part = storage_part::sessions;           ///< what it is a function of
    static constexpr std::string_view name = "erase_sessions_of";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& user_id, const std::string& kept) const
        -> decltype(store.erase_sessions_of(user_id, kept)) {
        return store.erase_sessions_of(user_id, kept);
    }
};

/// The call of `take_cells`.
struct take_cells {
    static constexpr auto part = storage_part::cells;       ///< what it is a function of
    static constexpr std::string_view name = "take_cells";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const cell_batch& batch) const -> decltype(store.take_cells(batch)) {
        return store.take_cells(batch);
    }
};

}  // namespace operations

namespace detail {
template <class S, class Operation, class... Arguments>
concept performs = requires(S& s, const Arguments&... arguments) {
    s.perform(Operation(), arguments...);
};
}  // namespace detail

/// The base of a storage that does the same with all calls: it hands them on, counts, times or repeats them. `Derived`
/// has one function template, `perform`; the functions of the Storage concepts come from here.
///
///     template <phoneauth::Storage S>
///     class noting_storage : public phoneauth::forwarding_storage<noting_storage<S>> {
///     public:
///         explicit noting_storage(S& storage) : storage_(storage) {}
///
///         template <class Operation, class... Arguments>
///         auto perform(Operation operation, const Arguments&... arguments) {
///             std::cerr << operation.name << '\n';
///             return operation(storage_, arguments...);
///         }
///
///     private:
///         S& storage_;
///     };
///
/// `perform` is public. It gets one of the `operations` and the arguments of the call, which live as long as
/// policies.hpp says. It returns what the function returns: a value, or an awaitable of it. An overload for one
/// operation does something else for that one.
///
/// For an `authenticator` without `config::code_keys`, which a storage that is local to the process allows, say
/// `static constexpr bool process_local = phoneauth::is_process_local<S>;` as well.
///
/// `Derived` has those functions for which its `perform` takes the operation. To forward to a store that has only some
/// of the parts, write `requires std::invocable<Operation, S&, const Arguments&...>` behind the template's head.
template <class Derived>
class forwarding_storage {
public:
    // They are templates because Clang 14 evaluates the constraint of any other function before it knows what `Derived`
    // has.

    /// See `TransactionStorage`.
    template <detail::performs<operations::insert_transaction, transaction> D = Derived>
    auto insert_transaction(const transaction& t) {
        return self().perform(operations::insert_transaction(), t);
    }

    /// See `TransactionStorage`.
    template <detail::performs<operations::find_transaction, std::string> D = Derived>
    auto find_transaction(const std::string& id) {
        return self().perform(operations::find_transaction(), id);
    }

    /// See `TransactionStorage`.
    template <detail::performs<operations::update_transaction, transaction> D = Derived>
    auto update_transaction(const transaction& t) {
        return self().perform(operations::update_transaction(), t);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::insert_user, user> D = Derived>
    auto insert_user(const user& u) {
        return self().perform(operations::insert_user(), u);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::update_user, user> D = Derived>
    auto update_user(const user& u) {
        return self().perform(operations::update_user(), u);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::erase_user, std::string> D = Derived>
    auto erase_user(const std::string& object_id) {
        return self().perform(operations::erase_user(), object_id);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::find_user, std::string> D = Derived>
    auto find_user(const std::string& object_id) {
        return self().perform(operations::find_user(), object_id);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::find_user_by_phone, phone_number> D = Derived>
    auto find_user_by_phone(const phone_number& phone) {
        return self().perform(operations::find_user_by_phone(), phone);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::find_user_by_identity, std::string> D = Derived>
    auto find_user_by_identity(const std::string& identity) {
        return self().perform(operations::find_user_by_identity(), identity);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::insert_session, session> D = Derived>
    auto insert_session(const session& s) {
        return self().perform(operations::insert_session(), s);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::find_session, std::string> D = Derived>
    auto find_session(const std::string& token_hash) {
        return self().perform(operations::find_session(), token_hash);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::find_sessions_of, std::string> D = Derived>
    auto find_sessions_of(const std::string& user_id) {
        return self().perform(operations::find_sessions_of(), user_id);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::update_session, session> D = Derived>
    auto update_session(const session& s) {
        return self().perform(operations::update_session(), s);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::erase_session, std::string> D = Derived>
    auto erase_session(const std::string& token_hash) {
        return self().perform(operations::erase_session(), token_hash);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::erase_sessions_of, std::string, std::string> D = Derived>
    auto erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return self().perform(operations::erase_sessions_of(), user_id, kept);
    }

    /// See `CellStorage`.
    template <detail::performs<operations::take_cells, cell_batch> D = Derived>
    auto take_cells(const cell_batch& batch) {
        return self().perform(operations::take_cells(), batch);
    }

private:
    Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace v0
}  // namespace phoneauth

#endif
