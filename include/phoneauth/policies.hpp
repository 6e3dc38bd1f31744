// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_POLICIES_HPP
#define PHONEAUTH_POLICIES_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <phoneauth/cell.hpp>
#include <phoneauth/code_message.hpp>
#include <phoneauth/event.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/user.hpp>
#include <phoneauth/yields.hpp>

// All that an integrator must read to write their own storage, transport or clock.
//
// Each function returns the type shown, or an awaitable of it (`yields<T>`). If all of them return plain values, so do
// the authenticator's functions. Reference arguments live until the call, or the awaitable, has completed.
//
// A storage may throw when it cannot do its work (the database is down): the authenticator turns that into
// `error::storage_unavailable`. A function that threw must have changed nothing, or all that was asked for; it must not
// have tried a write a second time if the first may have been carried out.
//
// Every function may be called from several threads at once if the authenticator is.

namespace phoneauth {
inline namespace v0 {

/// What became of a write to the users.
enum class write_result {
    done,            ///< stored
    phone_taken,     ///< another user has this phone; nothing was changed
    identity_taken,  ///< another user has this identity; nothing was changed
    stale            ///< update only: the user is gone or has another version; nothing was changed
};

/// Transactions: compare-and-swap, not save. Guarantees that the library builds on:
/// - `insert_transaction` stores a new transaction with the version it holds. It returns false if the id is taken.
/// - `find_transaction` gives the transaction as it was last stored, its version included. It may leave out one whose
///   `expires_at` is over by `transaction_retention` or more.
/// - `update_transaction(t)` stores `t` with version `t.version + 1` if the stored version is `t.version` *at that
///   moment*, and says whether it did. Of any number of callers that read the same version, one gets true.
/// - An update never brings another `id`, `purpose`, `created_at`, `expires_at`, `password_fingerprint`, `known_network`
///   or `topic` than was inserted.
template <class S>
concept TransactionStorage = requires(S& s, const transaction& t, const std::string& id) {
    { s.insert_transaction(t) } -> yields<bool>;
    { s.find_transaction(id) } -> yields<std::optional<transaction>>;
    { s.update_transaction(t) } -> yields<bool>;
};

/// How long past its `expires_at` a storage keeps a transaction, so that a late code is told that it is late.
inline constexpr std::chrono::minutes transaction_retention{60};

/// Users. Guarantees that the library builds on:
/// - `insert_user` and `update_user` never let two users have one phone, or one identity, however many callers race.
/// - `insert_user` stores the version that the user holds. It throws if another user has the `object_id`.
/// - `update_user(u)` replaces the user `u.object_id` if the stored version is `u.version`, and stores `u.version + 1`.
/// - `erase_user(object_id)` takes a user away, and says whether there was one. Their phone and identity are free again.
/// - The three look-ups find a user as they were last stored. Identities and phones compare byte for byte; what was
///   stored of a phone is `phone_number::str`, and `phone_number::from_e164` reads it.
template <class S>
concept UserStorage = requires(S& s, const user& u, const phone_number& phone, const std::string& text) {
    { s.insert_user(u) } -> yields<write_result>;
    { s.update_user(u) } -> yields<write_result>;
    { s.erase_user(text) } -> yields<bool>;
    { s.find_user(text) } -> yields<std::optional<user>>;
    { s.find_user_by_phone(phone) } -> yields<std::optional<user>>;
    { s.find_user_by_identity(text) } -> yields<std::optional<user>>;
};

/// Sessions. Guarantees that the library builds on:
/// - `insert_session` stores a new session and returns true. It returns false, and changes nothing, if there is one
///   with this `token_hash`. Tokens are random: the library answers with `error::internal`.
/// - `find_session` gives the session as it was last stored, its version included.
/// - `find_sessions_of(user_id)` gives all sessions of a user, whatever their kind, in any order. It may leave out those
///   that the storage may drop.
/// - `update_session(s)` stores `s` with version `s.version + 1` if the stored version is `s.version` *at that moment*,
///   and says whether it did: it never brings a session that is over back into being. An update never brings another
///   `token_hash`, `user_id`, `created_at`, `expires_at`, `kind`, `device` or `network` than was inserted.
/// - `erase_session` ends a session and says whether there was one.
/// - `erase_sessions_of(user_id, kept)` ends all sessions of a user but the one whose `token_hash` is `kept`, and says
///   how many it ended. If `kept` is empty, it ends all of them. It never brings a session into being. After a throw
///   some of them may have ended.
///
/// A storage may drop a session in two cases, and no other:
/// - when a session is inserted whose `created_at` is at or after the `expires_at` of this one;
/// - when this one has been stored for as long as it was to live, which is from `created_at` to `expires_at`.
/// It never compares `expires_at` with a clock of its own, because the library's may differ.
template <class S>
concept SessionStorage = requires(S& s, const session& added, const std::string& text) {
    { s.insert_session(added) } -> yields<bool>;
    { s.find_session(text) } -> yields<std::optional<session>>;
    { s.find_sessions_of(text) } -> yields<std::vector<session>>;
    { s.update_session(added) } -> yields<bool>;
    { s.erase_session(text) } -> yields<bool>;
    { s.erase_sessions_of(text, text) } -> yields<std::size_t>;
};

/// Cells, for the limits: a key and a time each. Guarantees that the library builds on:
/// - `take_cells` answers as `decide` does (cell.hpp), and stores what it grants. It is one atomic step: of a hundred
///   callers that take at once what is there for ten, ten are granted it.
/// - A batch that is refused changes nothing, and costs nobody anything.
/// - The keys of a batch, the marker's included, are distinct.
///
/// A storage may drop a cell that is not ahead of `cell_batch::now()` of any batch it gets, and no other. It never
/// compares a cell with a clock of its own, because the library's may differ; but it may drop one that has been stored
/// for as long as it was ahead of the batch's `now()` when it was stored.
template <class S>
concept CellStorage = requires(S& s, const cell_batch& batch) {
    { s.take_cells(batch) } -> yields<cell_answer>;
};

/// All four parts. One class may have them all, or `storage/combined.hpp` may put them together.
template <class S>
concept Storage = TransactionStorage<S> && UserStorage<S> && SessionStorage<S> && CellStorage<S>;

/// True for a storage that says `static constexpr bool process_local = true`: its transactions live and die with this
/// process and no other process sees them, so that codes may be derived with a random key.
template <class S>
inline constexpr bool is_process_local = [] {
    if constexpr (requires { S::process_local; })
        return S::process_local;
    else
        return false;
}();

/// Sends one HTTP request and gives the whole reply, whatever its status. It must end in finite time. A failure for
/// which `safe_to_resend` holds promises that no byte of the request was processed; any other failure, and an
/// exception, means that it may have been.
template <class T>
concept HttpTransport = requires(T& t, const http_request& request) {
    { t.send(request) } -> yields<result<http_response>>;
};

/// Tells the wall-clock time. It may jump; codes and sessions live by it.
template <class C>
concept Clock = requires(const C& c) {
    { c.now() } -> std::convertible_to<time_point>;
};

/// Hashes and checks passwords. `hash` gives a PHC string; `verify` says whether `password` made `hash`, taking as long
/// for a wrong password as for a right one. Passwords are UTF-8 of at most `config::max_password_length` bytes.
/// `verify` fails with `error::internal` for a hash that it cannot read: that counts as a wrong password.
///
/// It may have two more functions:
/// - `bool needs_rehash(const std::string& hash)`: whether `hash`, which `verify` can read, is weaker than what `hash`
///   would make. When the password was right, a login then stores a new one. Sessions, logins that have begun and known
///   networks stay; no hook is asked. If it cannot be stored, the login goes on, and the next one tries again.
/// - `decoy(password)`, of the same type as `verify`: false, after as long as `verify` takes. It is asked when there is
///   nobody whose password it could be. Without it `hash` is, which must then take as long as `verify`.
template <class P>
concept PasswordHasher = requires(P& p, const std::string& password, const std::string& hash) {
    { p.hash(password) } -> yields<result<std::string>>;
    { p.verify(password, hash) } -> yields<result<bool>>;
};

namespace detail {
template <class P>
concept has_needs_rehash = requires(P& p, const std::string& hash) {
    { p.needs_rehash(hash) } -> std::same_as<bool>;
};
template <class P>
concept has_decoy = requires(P& p, const std::string& password) {
    { p.decoy(password) } -> yields<result<bool>>;
};
}  // namespace detail

/// Called around registration, login and changes. A before-hook refuses by returning a failure, which is what the client gets:
/// its own, or `error::refused_by_hook`, which is there for hooks. One that throws counts as a storage that failed: the
/// same code may come again. What an after-hook returns or throws changes nothing any more.
/// - `before_registration(user&)`: the code was right, the user is not stored yet. It may change the user, but not
///   their `phone`, which was proved, nor their `object_id`. After a refusal the user can correct their data and send
///   the same code again. What it sets among the `properties`, clients can overwrite later, unless the name is among
///   `config::protected_properties`.
/// - `before_update(const user& before, user& changed)`: `changed` is about to be stored, because its user, or an
///   operator, changes their properties, password, phone or backup codes, or enables or disables them. The hook may
///   change it likewise. `after_update(before, changed)`: it is stored.
/// - `before_deletion(const user&)` and `after_deletion(const user&)`: the user is about to be deleted, or was.
/// - `before_message(code_message&)`: a code is about to be sent. The place for a captcha, Twilio's Lookup, or a risk
///   score. It is called after the limits were asked, and for phones that nobody has, too: what it decides must not
///   depend on whose phone it is. After a refusal there is no transaction, and what the phone's limits took is given
///   back, but for `config::phone_cooldown`: what the hook asks may cost something, too. A code that was sent before
///   stays good.
/// - `password_allowed(const std::string& password, const user& u)`: `u`, who is not stored yet, wants a new password,
///   whose length is right: the place to compare it with a list of common ones (NIST SP 800-63B-3 §5.1.1.2). It refuses
///   with `error::invalid_password`, or as above.
/// - `before_login(const user&)`: the code was right, or the password at `login_with_identity` and
///   `login_with_trusted_device`; there is no session yet. After a refusal the code is spent.
template <class H>
concept Hooks = requires(H& h, user& changeable, const user& u, const std::string& password, code_message& message) {
    { h.before_registration(changeable) } -> yields<result<void>>;
    { h.after_registration(u) } -> yields<result<void>>;
    { h.before_login(u) } -> yields<result<void>>;
    { h.after_login(u) } -> yields<result<void>>;
    { h.before_update(u, changeable) } -> yields<result<void>>;
    { h.after_update(u, u) } -> yields<result<void>>;
    { h.before_deletion(u) } -> yields<result<void>>;
    { h.after_deletion(u) } -> yields<result<void>>;
    { h.before_message(message) } -> yields<result<void>>;
    { h.password_allowed(password, u) } -> yields<result<void>>;
};

/// Hooks that do nothing; derive from it to write only the ones you need.
struct no_hooks {
    ///@{
    /// Refuses nothing and changes nothing.
    result<void> before_registration(user&) const { return {}; }
    result<void> after_registration(const user&) const { return {}; }
    result<void> before_login(const user&) const { return {}; }
    result<void> after_login(const user&) const { return {}; }
    result<void> before_update(const user&, user&) const { return {}; }
    result<void> after_update(const user&, const user&) const { return {}; }
    result<void> before_deletion(const user&) const { return {}; }
    result<void> after_deletion(const user&) const { return {}; }
    result<void> before_message(code_message&) const { return {}; }
    result<void> password_allowed(const std::string&, const user&) const { return {}; }
    ///@}
};

/// Is told what happens: called for each event, on the thread of the flow in which it happens and so from several
/// threads at once. It must be quick and must not block; what it throws is ignored.
///
/// Not told: flows that are cancelled; what `authenticate`, `require_recent`, `list_sessions`, `find_account`, `budget`,
/// `sessions_of`, `status` and `test_configuration` end with; a `handle_status_callback` that the storage failed; changes
/// of a user's properties and identity by themselves; a logout without a session.
template <class O>
concept Observer = std::invocable<O&, const event&>;

}  // namespace v0
}  // namespace phoneauth

#endif
