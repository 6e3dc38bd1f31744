// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_CHECK_POLICIES_HPP
#define PHONEAUTH_DETAIL_CHECK_POLICIES_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/policies.hpp>

// The concepts once more, function by function, so that the compiler says which function a policy lacks. For use in a
// class template that is not constrained itself: `static_assert(detail::check_storage<S>());`.

namespace phoneauth {
inline namespace v0 {
namespace detail {

template <class S>
constexpr bool check_storage() {
    static_assert(
        requires(S & s, const transaction& t) {
            { s.insert_transaction(t) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool insert_transaction(const transaction&)`, or the same with an awaitable of "
        "bool");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.find_transaction(id) } -> yields<std::optional<transaction>>;
        },
        "phoneauth: this Storage lacks `std::optional<transaction> find_transaction(const std::string&)`, or the same "
        "with an awaitable of it");
    static_assert(
        requires(S & s, const transaction& t) {
            { s.update_transaction(t) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool update_transaction(const transaction&)`, or the same with an awaitable of "
        "bool");

    static_assert(
        requires(S & s, const user& u) {
            { s.insert_user(u) } -> yields<write_result>;
        },
        "phoneauth: this Storage lacks `write_result insert_user(const user&)`, or the same with an awaitable of "
        "write_result");
    static_assert(
        requires(S & s, const user& u) {
            { s.update_user(u) } -> yields<write_result>;
        },
        "phoneauth: this Storage lacks `write_result update_user(const user&)`, or the same with an awaitable of "
        "write_result");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.erase_user(id) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool erase_user(const std::string&)`, or the same with an awaitable of it");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.find_user(id) } -> yields<std::optional<user>>;
        },
        "phoneauth: this Storage lacks `std::optional<user> find_user(const std::string&)`, or the same with an "
        "awaitable of it");
    static_assert(
        requires(S & s, const phone_number& phone) {
            { s.find_user_by_phone(phone) } -> yields<std::optional<user>>;
        },
        "phoneauth: this Storage lacks `std::optional<user> find_user_by_phone(const phone_number&)`, or the same with "
        "an awaitable of it");
    static_assert(
        requires(S & s, const std::string& identity) {
            { s.find_user_by_identity(identity) } -> yields<std::optional<user>>;
        },
        "phoneauth: this Storage lacks `std::optional<user> find_user_by_identity(const std::string&)`, or the same "
        "with an awaitable of it");

    static_assert(
        requires(S & s, const session& added) {
            { s.insert_session(added) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool insert_session(const session&)`, or the same with an awaitable of bool");
    static_assert(
        requires(S & s, const std::string& hash) {
            { s.find_session(hash) } -> yields<std::optional<session>>;
        },
        "phoneauth: this Storage lacks `std::optional<session> find_session(const std::string&)`, or the same with an "
        "awaitable of it");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.find_sessions_of(id) } -> yields<std::vector<session>>;
        },
        "phoneauth: this Storage lacks `std::vector<session> find_sessions_of(const std::string&)`, or the same with "
        "an awaitable of it");
    static_assert(
        requires(S & s, const session& changed) {
            { s.update_session(changed) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool update_session(const session&)`, or the same with an awaitable of it");
    static_assert(
        requires(S & s, const std::string& hash) {
            { s.erase_session(hash) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool erase_session(const std::string&)`, or the same with an awaitable of "
        "bool");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.erase_sessions_of(id, id) } -> yields<std::size_t>;
        },
        "phoneauth: this Storage lacks `std::size_t erase_sessions_of(const std::string&, const std::string&)`, or the "
        "same with an "
        "awaitable of std::size_t");

    static_assert(
        requires(S & s, const cell_batch& batch) {
            { s.take_cells(batch) } -> yields<cell_answer>;
        },
        "phoneauth: this Storage lacks `cell_answer take_cells(const cell_batch&)`, or the same with an awaitable of "
        "it");
    return Storage<S>;
}

template <class T>
constexpr bool check_transport() {
    static_assert(
        requires(T & t, const http_request& request) {
            { t.send(request) } -> yields<result<http_response>>;
        },
        "phoneauth: this HttpTransport lacks `result<http_response> send(const http_request&)`, or the same with an "
        "awaitable of it");
    return HttpTransport<T>;
}

template <class C>
constexpr bool check_clock() {
    static_assert(
        requires(const C& c) {
            { c.now() } -> std::convertible_to<time_point>;
        },
        "phoneauth: this Clock lacks `time_point now() const`");
    return Clock<C>;
}

template <class P>
constexpr bool check_password_hasher() {
    static_assert(
        requires(P & p, const std::string& password) {
            { p.hash(password) } -> yields<result<std::string>>;
        },
        "phoneauth: this PasswordHasher lacks `result<std::string> hash(const std::string&)`, or the same with an "
        "awaitable of it");
    static_assert(
        requires(P & p, const std::string& text) {
            { p.verify(text, text) } -> yields<result<bool>>;
        },
        "phoneauth: this PasswordHasher lacks `result<bool> verify(const std::string&, const std::string&)`, or the "
        "same with an awaitable of it");
    if constexpr (requires { &P::needs_rehash; })
        static_assert(has_needs_rehash<P>,
                      "phoneauth: this PasswordHasher's needs_rehash is not `bool needs_rehash(const std::string&)`");
    if constexpr (requires { &P::decoy; })
        static_assert(has_decoy<P>,
                      "phoneauth: this PasswordHasher's decoy is not `result<bool> decoy(const std::string&)`, or the "
                      "same with an awaitable of it");
    return PasswordHasher<P>;
}

template <class H>
constexpr bool check_hooks() {
    static_assert(
        requires(H & h, user & u) {
            { h.before_registration(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_registration(user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.after_registration(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> after_registration(const user&)`, or the same with an awaitable of "
        "it; derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.before_login(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_login(const user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.after_login(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> after_login(const user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& before, user& changed) {
            { h.before_update(before, changed) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_update(const user&, user&)`, or the same with an awaitable "
        "of it; derive from no_hooks");
    static_assert(
        requires(H & h, const std::string& password, const user& u) {
            { h.password_allowed(password, u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> password_allowed(const std::string&, const user&)`, or the same "
        "with an awaitable of it; derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.after_update(u, u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> after_update(const user&, const user&)`, or the same with an "
        "awaitable of it; derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.before_deletion(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_deletion(const user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.after_deletion(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> after_deletion(const user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, code_message & m) {
            { h.before_message(m) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_message(code_message&)`, or the same with an awaitable of "
        "it; derive from no_hooks");
    return Hooks<H>;
}

/// An optional policy: whichever kind it begins to be, it has to be whole.
template <class O>
constexpr bool check_option() {
    if constexpr (Observer<O> || Clock<O>) {
        return true;
    } else if constexpr (
        requires { &O::hash; } || requires { &O::verify; }) {
        return check_password_hasher<O>();
    } else if constexpr (
        requires { &O::before_registration; } || requires { &O::before_login; } ||
        requires { &O::after_registration; } || requires { &O::after_login; } || requires { &O::before_update; } ||
        requires { &O::password_allowed; }) {
        return check_hooks<O>();
    } else {
        static_assert(Clock<O>,
                      "phoneauth: this policy is no Clock (`time_point now() const`), has none of the functions of "
                      "Hooks or a PasswordHasher, and is no Observer (it cannot be called with a const event&)");
        return false;
    }
}

template <class... Options>
constexpr bool at_most_one_of_each() {
    static_assert((0 + ... + Clock<Options>) <= 1, "phoneauth: an authenticator takes one Clock");
    static_assert((0 + ... + Hooks<Options>) <= 1, "phoneauth: an authenticator takes one set of Hooks");
    static_assert((0 + ... + PasswordHasher<Options>) <= 1, "phoneauth: an authenticator takes one PasswordHasher");
    static_assert((0 + ... + Observer<Options>) <= 1,
                  "phoneauth: an authenticator takes one Observer; write one that calls the others");
    return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
