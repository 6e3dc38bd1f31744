// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_AUTHENTICATOR_HPP
#define PHONEAUTH_AUTHENTICATOR_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <phoneauth/code.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/limits.hpp>
#include <phoneauth/password.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/random.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/token.hpp>
#include <phoneauth/transitions.hpp>
#include <phoneauth/twilio/api.hpp>
#include <phoneauth/twilio/configuration_report.hpp>
#include <phoneauth/yields.hpp>

namespace phoneauth {
inline namespace v0 {

/// A code is on its way.
struct started {
    std::string transaction_id;
    time_point expires_at;              ///< a code that comes at or after this time is too late
    std::chrono::seconds resend_after;  ///< how long to wait before `resend` can succeed
    bool delivery_uncertain =
        false;  ///< the provider did not answer: the message may or may not arrive, the code is valid
};

/// A user has logged in.
struct logged_in {
    user who;
    std::string token;      ///< the session's; a secret
    time_point expires_at;  ///< when the session ends
};

namespace detail {

// Without their policies' concepts these name the blocking mode, so that the sentences of check_policies.hpp come
// first.
template <class S>
struct storage_mode {
    using type = blocking_mode;
};
template <Storage S>
struct storage_mode<S> {
    static S& s();
    static const transaction& t();
    static const user& u();
    static const session& added();
    static const std::string& text();
    static const phone_number& phone();
    static const std::vector<counter_change>& changes();
    using type =
        mode_of<decltype(s().insert_transaction(t())), decltype(s().find_transaction(text())),
                decltype(s().update_transaction(t())), decltype(s().insert_user(u())), decltype(s().update_user(u())),
                decltype(s().find_user(text())), decltype(s().find_user_by_phone(phone())),
                decltype(s().find_user_by_identity(text())), decltype(s().insert_session(added())),
                decltype(s().find_session(text())), decltype(s().erase_session(text())),
                decltype(s().erase_sessions_of(text(), text())), decltype(s().change_counters(changes()))>;
};

template <class T>
struct transport_mode {
    using type = blocking_mode;
};
template <HttpTransport T>
struct transport_mode<T> {
    using type = typename awaited<decltype(std::declval<T&>().send(std::declval<const http_request&>()))>::mode;
};

template <class H>
struct hooks_mode {
    using type = blocking_mode;
};
template <Hooks H>
struct hooks_mode<H> {
    static H& h();
    static user& u();
    using type = mode_of<decltype(h().before_registration(u())), decltype(h().after_registration(u())),
                         decltype(h().before_login(u())), decltype(h().after_login(u()))>;
};

template <class P>
struct passwords_mode {
    using type = blocking_mode;
};
template <PasswordHasher P>
struct passwords_mode<P> {
    static P& p();
    static const std::string& text();
    using type = mode_of<decltype(p().hash(text())), decltype(p().verify(text(), text()))>;
};

template <class S, class T, class H>
using flows_mode = typename common_mode<typename storage_mode<S>::type, typename transport_mode<T>::type,
                                        typename hooks_mode<H>::type>::type;

}  // namespace detail

/// Phone-verified registration, login by code, two-factor login and messages: the flows, over an integrator's storage,
/// transport and clock.
///
/// Mode: if every policy function returns a plain value, each function here returns `result<X>` and does its work on
/// the caller's thread. If some return an awaitable (asio/awaitable.hpp), each function returns an awaitable of
/// `result<X>`. Nothing here throws but the constructor, and `std::bad_alloc` when there is not even memory to begin;
/// what a policy throws becomes `no_answer` (a transport), else `overloaded` (`std::bad_alloc`), `cancelled`
/// (`std::errc::operation_canceled`) or `storage_unavailable`.
///
/// Thread safety: distinct and shared objects are safe, if the policies are. Lifetime: the policies given by reference
/// must outlive the authenticator, and the authenticator every call and awaitable. Parameters are taken by value:
/// nothing that the caller passes needs to outlive the call.
///
/// Round trips: each call of a storage function is at most one to its database (in Redis a logout is two). A flow that goes well makes these calls,
/// one after the other (u: of the users, s: of the sessions):
///
///     start_registration 2        start_login, code 2 + 1u        start_login, password 3 + 1u      resend 3
///     finish_registration 2 + 1u  finish_login 3 + 2u + 1s        login_with_identity 3 + 2u + 1s   send_message 1
///     find_user_by_token 1u + 1s  update_user 2u + 1s             logout 1s
///
/// Cancellation (asynchronous mode): a cancelled flow ends with `error::cancelled`, or with its result if that was
/// certain already. A code whose message may have been sent stays valid; nothing is left half done.
template <class S, class T, class C = system_clock, class H = no_hooks,
          class P = typename default_passwords<detail::flows_mode<S, T, H>>::type>
class authenticator {
    static_assert(detail::check_storage<S>());
    static_assert(detail::check_transport<T>());
    static_assert(detail::check_clock<C>());
    static_assert(detail::check_hooks<H>());
    static_assert(detail::check_password_hasher<P>());

public:
    /// How the flows run; see yields.hpp.
    using mode =
        typename detail::common_mode<detail::flows_mode<S, T, H>, typename detail::passwords_mode<P>::type>::type;

    /// Throws `config_error`, which lists everything that is wrong with `c`, and `std::runtime_error` when OpenSSL has
    /// no randomness for a key. A policy that is not given is default-constructed.
    authenticator(config c, S& storage, T& transport)
        : authenticator(std::move(c), storage, transport, std::make_shared<C>(), std::make_shared<H>(),
                        std::make_shared<P>()) {}
    /// As above, with a clock.
    authenticator(config c, S& storage, T& transport, C& clock)
        : authenticator(std::move(c), storage, transport, borrow(clock), std::make_shared<H>(), std::make_shared<P>()) {
    }
    /// As above, with hooks.
    authenticator(config c, S& storage, T& transport, C& clock, H& hooks)
        : authenticator(std::move(c), storage, transport, borrow(clock), borrow(hooks), std::make_shared<P>()) {}
    /// As above, with a password hasher.
    authenticator(config c, S& storage, T& transport, C& clock, H& hooks, P& passwords)
        : authenticator(std::move(c), storage, transport, borrow(clock), borrow(hooks), borrow(passwords)) {}

    authenticator(const authenticator&) = delete;
    authenticator& operator=(const authenticator&) = delete;

    /// The configuration in force.
    const config& settings() const noexcept { return config_; }

    /// First step of a registration: sends a code to `phone`, whether or not somebody has registered it.
    /// → `started`, or `registration_disabled`, `invalid_phone_number`, `too_many_failures` and `too_many_messages` (with
    /// `retry_after`), `provider_*` (nothing was sent), `storage_unavailable`, `overloaded`, `internal`.
    auto start_registration(std::string phone) { return mode::finish(begin_registration(std::move(phone))); }

    /// Second step of a registration: the code proves the phone, and the user is made. What is wrong with the user's
    /// data is told before the code is looked at. If the code is right but the user cannot be made (his email is taken,
    /// a hook refuses), the same code can come again with other data; that counts as a try. It cannot after a
    /// `storage_unavailable` that leaves open whether the user is stored.
    /// → the user, or `registration_disabled`, `invalid_phone_number`, `phone_mismatch`, `identity_required`,
    /// `invalid_email`, `password_required`, `invalid_password`, `reserved_property`, `invalid_parameter`,
    /// `no_transaction`, `wrong_code` (with `tries_left`), `tries_exhausted`, `code_expired`, `code_used`,
    /// `transaction_failed`, `user_exists`, the hook's own failure, `storage_unavailable`, `overloaded`, `internal`.
    auto finish_registration(registration r) { return mode::finish(complete_registration(std::move(r))); }

    /// First step of a login: sends a code to the phone of a user. For a phone that no user has the result looks the
    /// same, but no message is sent (`unknown_phone_policy::conceal`), or is `unknown_phone`.
    /// → `started`, or `login_disabled`, `invalid_phone_number`, `too_many_failures` and `too_many_messages` (with
    /// `retry_after`), `provider_*`, `storage_unavailable`, `overloaded`, `internal`.
    auto start_login(std::string phone) { return mode::finish(begin_login(std::move(phone), std::nullopt)); }

    /// First step of a two-factor login: sends a code if `password` is the user's. An unknown phone and a wrong
    /// password are one error and take the same time.
    /// → as the other `start_login`, or `invalid_login`.
    auto start_login(std::string phone, std::string password) {
        return mode::finish(begin_login(std::move(phone), std::optional<std::string>(std::move(password))));
    }

    /// Second step of either login. The code is spent by it.
    /// → `logged_in`, or `no_transaction`, `invalid_parameter` (no code of the configured length), `wrong_code` (with
    /// `tries_left`), `tries_exhausted`, `code_expired`, `code_used`, `transaction_failed`, `account_disabled`,
    /// `invalid_login` (the user was disabled, deleted or given another password meanwhile), the hook's own failure,
    /// `storage_unavailable`, `overloaded`, `internal`.
    auto finish_login(std::string transaction_id, std::string presented) {
        return mode::finish(complete_login(std::move(transaction_id), std::move(presented)));
    }

    /// Login with identity and password alone, without a second factor; off unless `config::identity_login_enabled`.
    /// → `logged_in`, or `login_disabled`, `invalid_login`, `too_many_failures`, `account_disabled`, the hook's own
    /// failure, `storage_unavailable`, `overloaded`, `internal`.
    auto login_with_identity(std::string identity, std::string password) {
        return mode::finish(complete_identity_login(std::move(identity), std::move(password)));
    }

    /// Sends the same code of a pending transaction again; its expiry and tries stay.
    /// → `started`, or `no_transaction`, `resend_too_soon` and `too_many_messages` (with `retry_after`),
    /// `code_expired`, `code_used`, `tries_exhausted`, `transaction_failed`, `provider_*`, `storage_unavailable`,
    /// `overloaded`, `internal`.
    auto resend(std::string transaction_id) { return mode::finish(send_again(std::move(transaction_id))); }

    /// The user whose session `token` is.
    /// → the user, or `unknown_token`, `session_expired`, `account_disabled`, `storage_unavailable`, `overloaded`.
    auto find_user_by_token(std::string token) { return mode::finish(find_session_user(std::move(token))); }

    /// Ends the session `token`. → whether there was one, or `storage_unavailable`, `overloaded`.
    auto logout(std::string token) { return mode::finish(end_session(std::move(token))); }

    /// Changes the logged-in user's own properties (see `apply_changes`). A new password ends all his other sessions.
    /// → the user as stored, or `unknown_token`, `session_expired`, `account_disabled`, `not_permitted` (`object_id` is
    /// not his), `user_exists` (the identity is taken), `invalid_parameter`, `identity_required`, `invalid_email`,
    /// `password_required`, `invalid_password`, `storage_unavailable`, `overloaded`, `internal`.
    auto update_user(std::string token, std::string object_id, property_map changes) {
        return mode::finish(change_user(std::move(token), std::move(object_id), std::move(changes)));
    }

    /// Sends any message. Who may do so is for the caller to decide: each message is paid for.
    /// → Twilio's resource, or `invalid_phone_number`, `missing_parameter`, `message_too_long`, `invalid_media_url`,
    /// `invalid_parameter`, `too_many_messages`, `provider_*` (nothing was sent), `no_answer` or `bad_provider_reply`
    /// (it may have been sent), `storage_unavailable`, `overloaded`.
    auto send_message(message m) { return mode::finish(send_any_message(std::move(m))); }

    /// Asks Twilio whether the credentials work, the account is active, and the sender is the account's and can send
    /// SMS and MMS. Sends no message. → the report, or `overloaded`.
    auto test_configuration() { return mode::finish(inspect_configuration()); }

private:
    template <class X>
    using flow = typename mode::template flow<X>;

    enum class delivery { accepted, uncertain };

    // A transaction or a user changed under our hands: look again, as often as tries and sends can possibly need.
    static constexpr int max_lost_races = 64;
    // No id or token that this library has made is longer than 36.
    static constexpr std::size_t max_id_size = 64;

    /// Whether `id` could be a transaction's. What could not, a storage need not be able to look for.
    static bool is_id(std::string_view id) {
        return !id.empty() && id.size() <= max_id_size &&
               id.find_first_not_of("0123456789ABCDEF-") == std::string_view::npos;
    }

    authenticator(config c, S& storage, T& transport, std::shared_ptr<C> clock, std::shared_ptr<H> hooks,
                  std::shared_ptr<P> passwords)
        : config_(checked(std::move(c), random_)), storage_(storage), transport_(transport), clock_(std::move(clock)),
          hooks_(std::move(hooks)), passwords_(std::move(passwords)), twilio_(config_.twilio),
          codes_(config_.code_keys, config_.code_digits) {}

    template <class X>
    static std::shared_ptr<X> borrow(X& x) {
        return std::shared_ptr<X>(std::shared_ptr<void>(), &x);
    }

    static config checked(config c, random_source& random) {
        auto problems = validate(c, !is_process_local<S>);
        if (!problems.empty()) throw config_error(std::move(problems));
        if (c.code_keys.empty()) {
            std::string secret(32, '\0');
            if (!random.fill({reinterpret_cast<unsigned char*>(secret.data()), secret.size()}))
                throw std::runtime_error("phoneauth: OpenSSL has no randomness");
            c.code_keys.push_back({"process", std::move(secret)});
        }
        return c;
    }

    template <class F>
    static auto call(F f) {
        return mode::call(f);
    }

    time_point now() const { return clock_->now(); }

    // -- registration

    flow<result<started>> begin_registration(std::string text) {
        if (!config_.registration_enabled) co_return error::registration_disabled;
        auto phone = phone_number::parse(text, config_.default_calling_code);
        if (!phone) co_return std::move(phone).error();
        const auto account = code_account(purpose::registration, *phone);
        auto admitted = co_await admit_code(account, *phone);
        if (!admitted) co_return std::move(admitted).error();
        const std::string nobody;
        auto outcome = co_await start(purpose::registration, *phone, nobody);
        co_return outcome;
    }

    flow<result<user>> complete_registration(registration r) {
        if (!config_.registration_enabled) co_return error::registration_disabled;
        auto phone = phone_number::parse(r.phone, config_.default_calling_code);
        if (!phone) co_return std::move(phone).error();
        auto made = make_user(config_, r, *phone, now());
        if (!made) co_return std::move(made).error();
        auto id = make_token(random_);
        if (!id) co_return error::internal;
        made->object_id = std::move(*id);

        const std::optional<phone_number> expected(*phone);
        auto confirmed = co_await confirm(purpose::registration, r.transaction_id, r.code, expected);
        if (!confirmed) co_return std::move(confirmed).error();
        co_await mode::ignore_cancellation();  // the code is spent: what follows must come to its end
        auto prepared = co_await prepare_new_user(*made, r.password);
        std::optional<result<void>> stored = prepared;
        if (prepared) stored = co_await store_new_user(*made);
        if (stored && !*stored) {
            reopen(*confirmed, config_);
            co_await attempt([&] { return storage_.update_transaction(*confirmed); });
            co_return std::move(*stored).error();
        }
        if (!stored) co_return error::storage_unavailable;
        co_await attempt([&] { return hooks_->after_registration(*made); });
        co_return std::move(*made);
    }

    flow<result<void>> prepare_new_user(user& u, const std::string& password) {
        try {
            auto hash = co_await call([&] { return passwords_->hash(password); });
            if (!hash) co_return std::move(hash).error();
            u.password_hash = std::move(*hash);
            auto allowed = co_await call([&] { return hooks_->before_registration(u); });
            co_return allowed;
        } catch (...) {
            co_return failure_of_current_exception();
        }
    }

    /// Nothing if nobody knows whether the user is stored: his transaction must then stay as it is.
    flow<std::optional<result<void>>> store_new_user(const user& u) {
        failure thrown;
        try {
            const user_write written = co_await call([&] { return storage_.insert_user(u); });
            co_return written == user_write::done ? result<void>() : result<void>(error::user_exists);
        } catch (...) {
            thrown = failure_of_current_exception();
        }
        try {
            auto found = co_await call([&] { return storage_.find_user(u.object_id); });
            co_return found ? result<void>() : result<void>(std::move(thrown));
        } catch (...) {
            co_return std::nullopt;
        }
    }

    // -- login

    flow<result<started>> begin_login(std::string text, std::optional<std::string> password) {
        if (!config_.login_enabled || (!password && !config_.code_login_enabled)) co_return error::login_disabled;
        auto phone = phone_number::parse(text, config_.default_calling_code);
        if (!phone) co_return std::move(phone).error();
        std::string user_id;
        if (password) {
            const auto account = password_account(phone->str());
            auto owner = co_await call([&] { return storage_.find_user_by_phone(*phone); });
            auto verified = co_await verify_password(owner, *password, account);
            detail::wipe(*password);
            if (!verified) co_return std::move(verified).error();
            auto admitted = co_await admit_code_after_password(account, *phone);
            if (!admitted) co_return std::move(admitted).error();
            user_id = std::move(owner->object_id);
        } else {
            // Counted before anything is known about whose phone it is.
            const auto account = code_account(purpose::login, *phone);
            auto admitted = co_await admit_code(account, *phone);
            if (!admitted) co_return std::move(admitted).error();
            auto owner = co_await call([&] { return storage_.find_user_by_phone(*phone); });
            if (!owner && config_.unknown_phone == unknown_phone_policy::reject) co_return error::unknown_phone;
            if (owner) user_id = std::move(owner->object_id);
        }
        auto outcome = co_await start(purpose::login, *phone, user_id);
        co_return outcome;
    }

    flow<result<logged_in>> complete_login(std::string transaction_id, std::string presented) {
        const std::optional<phone_number> any;
        auto confirmed = co_await confirm(purpose::login, transaction_id, presented, any);
        if (!confirmed) co_return std::move(confirmed).error();
        co_await mode::ignore_cancellation();  // the code is spent: what follows must come to its end
        auto outcome = co_await enter(*confirmed);
        if (!outcome && outcome.error().code == error::storage_unavailable) {
            reopen(*confirmed, config_);
            co_await attempt([&] { return storage_.update_transaction(*confirmed); });
        }
        co_return outcome;
    }

    flow<result<logged_in>> enter(const transaction& confirmed) {
        try {
            auto owner = co_await call([&] { return storage_.find_user(confirmed.user_id); });
            // A changed number is a new authenticator (NIST SP 800-63B-3 §5.1.3.3).
            if (!owner || owner->phone != confirmed.phone) co_return error::no_transaction;
            auto outcome = co_await open_session(*owner);
            co_return outcome;
        } catch (...) {
            co_return failure_of_current_exception();
        }
    }

    flow<result<logged_in>> complete_identity_login(std::string text, std::string password) {
        if (!config_.identity_login_enabled) co_return error::login_disabled;
        auto identity = normalize_identity(config_, text);
        if (!identity) co_return error::invalid_login;
        auto owner = co_await call([&] { return storage_.find_user_by_identity(*identity); });
        // One run of failures per account, whichever way it is attacked.
        const auto account = password_account(owner ? std::string(owner->phone.str()) : token_hasher_(*identity));
        auto verified = co_await verify_password(owner, password, account);
        if (!verified) co_return std::move(verified).error();
        co_await take_failure_back(account);
        auto outcome = co_await open_session(*owner);
        co_return outcome;
    }

    /// Success if `owner` exists and `password` is his; `invalid_login` if not. Either counts as a failure of `account`, which
    /// the caller takes back after a success: counted before the comparison, no more passwords are compared than failures are
    /// allowed, however many come at once.
    flow<result<void>> verify_password(const std::optional<user>& owner, const std::string& password,
                                       const std::string& account) {
        const auto at = now();
        const std::vector<counter_change> changes{failures(account, 1, at), failure_pause(account, 0, at)};
        auto changed = co_await change(changes);
        const auto count = changed[0].value--;
        auto allowed = check_failures(changed[0], changed[1], config_, at);
        if (!allowed) {
            co_await take_failure_back(account);
            co_return allowed;
        }
        auto right = co_await compare_password(owner, password);
        if (!right) {
            co_await take_failure_back(account);
            co_return std::move(right).error();
        }
        if (!*right) {
            co_await pause_after(account, count);
            co_return error::invalid_login;
        }
        co_return result<void>();
    }

    flow<result<bool>> compare_password(const std::optional<user>& owner, const std::string& password) {
        if (password.size() > config_.max_password_length) co_return false;
        if (owner && !owner->password_hash.empty()) {
            auto verified = co_await call([&] { return passwords_->verify(password, owner->password_hash); });
            co_return verified;
        }
        // An account that does not exist must not answer faster than one that does.
        auto unused = co_await call([&] { return passwords_->hash(password); });
        if (!unused) co_return std::move(unused).error();
        co_return false;
    }

    flow<result<logged_in>> open_session(user& owner) {
        if (!owner.enabled) co_return error::account_disabled;
        auto allowed = co_await call([&] { return hooks_->before_login(owner); });
        if (!allowed) co_return std::move(allowed).error();
        auto token = make_token(random_);
        if (!token) co_return error::internal;
        const auto at = now();
        const session opened{token_hasher_(*token), owner.object_id, at, at + config_.session_lifetime};
        const bool inserted = co_await call([&] { return storage_.insert_session(opened); });
        if (!inserted) co_return error::internal;

        owner.last_login_at = at;
        const bool noted = co_await note_login(owner);
        if (!noted) {
            co_await attempt([&] { return storage_.erase_session(opened.token_hash); });
            co_return error::invalid_login;
        }
        co_await forget_failures(owner.phone);
        co_await attempt([&] { return hooks_->after_login(owner); });
        logged_in done{std::move(owner), std::move(*token), opened.expires_at};
        co_return done;
    }

    /// Stores `last_login_at`. False if the user has been disabled, deleted or given another password since he was read: whoever
    /// did that has ended his sessions, perhaps before this one was stored.
    flow<bool> note_login(user& owner) {
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto written = co_await try_to_store(owner);
            if (written != user_write::stale) co_return true;
            auto current = co_await call([&] { return storage_.find_user(owner.object_id); });
            if (!current || !current->enabled || current->password_hash != owner.password_hash) co_return false;
            current->last_login_at = owner.last_login_at;
            owner = std::move(*current);
        }
        co_return true;
    }

    /// A storage that fails to note a login does not stop it.
    flow<user_write> try_to_store(const user& owner) {
        try {
            const user_write written = co_await call([&] { return storage_.update_user(owner); });
            co_return written;
        } catch (...) {
            co_return user_write::done;
        }
    }

    // -- codes

    /// Starts a transaction. It is stored before the message is sent, so that whatever happens in between leaves a code
    /// that can be confirmed.
    flow<result<started>> start(purpose kind, const phone_number& phone, const std::string& user_id) {
        auto id = make_token(random_);
        if (!id) co_return error::internal;
        const auto at = now();
        transaction t{.id = std::move(*id),
                      .kind = kind,
                      .phone = phone,
                      .user_id = user_id,
                      .key_id = codes_.current_key_id(),
                      .sends = 1,
                      .created_at = at,
                      .expires_at = at + config_.code_lifetime,
                      .last_sent_at = at};
        const bool inserted = co_await call([&] { return storage_.insert_transaction(t); });
        if (!inserted) co_return error::internal;
        auto delivered = co_await deliver(t);
        if (!delivered) {
            apply_refusal(t);
            co_await attempt([&] { return storage_.update_transaction(t); });
            co_await give_back(send_budget::codes, phone);
            co_return std::move(delivered).error();
        }
        co_return describe(t, *delivered);
    }

    flow<result<started>> send_again(std::string id) {
        if (!is_id(id)) co_return error::no_transaction;
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto found = co_await call([&] { return storage_.find_transaction(id); });
            if (!found) co_return error::no_transaction;
            const auto before = found->state;
            auto allowed = apply_resend(*found, config_, now());
            if (!allowed) {
                if (found->state != before) co_await attempt([&] { return storage_.update_transaction(*found); });
                co_return std::move(allowed).error();
            }
            auto admitted = co_await admit(send_budget::codes, found->phone);
            if (!admitted) co_return std::move(admitted).error();
            const bool won = co_await call([&] { return storage_.update_transaction(*found); });
            if (!won) {
                co_await give_back(send_budget::codes, found->phone);
                continue;
            }
            auto delivered = co_await deliver(*found);
            if (!delivered) {
                co_await give_back(send_budget::codes, found->phone);
                co_return std::move(delivered).error();
            }
            co_return describe(*found, *delivered);
        }
        co_return error::storage_unavailable;
    }

    /// Confirms a transaction: only who wins the swap learns whether the code was right, so that no more codes are
    /// compared than there are tries, however many come at once. The transaction comes back as it was stored.
    flow<result<transaction>> confirm(purpose kind, const std::string& id, const std::string& presented,
                                      const std::optional<phone_number>& expected) {
        auto typed = parse_code(presented, config_.code_digits);
        if (!typed) co_return std::move(typed).error();
        if (!is_id(id)) co_return error::no_transaction;
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto found = co_await call([&] { return storage_.find_transaction(id); });
            if (!found || found->kind != kind) co_return error::no_transaction;
            if (expected && found->phone != *expected) co_return error::phone_mismatch;
            const auto before = found->state;
            const bool right = codes_.matches(*found, *typed) && !is_concealed(*found);
            auto outcome = apply_code(*found, right, config_, now());
            if (before != transaction_state::pending) co_return std::move(outcome).error();
            const bool won = co_await call([&] { return storage_.update_transaction(*found); });
            if (!won) continue;
            ++found->version;
            if (outcome) co_return std::move(*found);
            if (found->state != transaction_state::expired) {
                const auto account = code_account(kind, found->phone);
                const std::vector<counter_change> failed{failures(account, 1, now())};
                const auto run = co_await change(failed);
                co_await pause_after(account, run[0].value);
            }
            co_return std::move(outcome).error();
        }
        co_return error::storage_unavailable;
    }

    static bool is_concealed(const transaction& t) noexcept { return t.kind == purpose::login && t.user_id.empty(); }

    result<started> describe(const transaction& t, delivery d) const {
        return started{t.id, t.expires_at, config_.resend_cooldown, d == delivery::uncertain};
    }

    // -- messages

    result<http_request> code_request(const transaction& t) {
        const auto derived = codes_.derive(t);
        if (!derived) return error::no_transaction;
        auto text = twilio::code_text(config_, derived->str());
        const auto left =
            std::max(std::chrono::ceil<std::chrono::seconds>(t.expires_at - now()), std::chrono::seconds(1));
        auto request = is_concealed(t)
                           ? twilio_.find_messages(t.phone)
                           : twilio_.create_code_message(t.phone, text, std::min(left, config_.code_lifetime));
        detail::wipe(text);
        return request;
    }

    /// Sends a transaction's code. A failure means that nothing was sent, for certain. For a concealed phone Twilio is
    /// asked something that costs nothing instead, which takes as long as a message and fails when a message would.
    flow<result<delivery>> deliver(const transaction& t) {
        auto request = code_request(t);
        if (!request) co_return std::move(request).error();
        auto reply = co_await exchange(*request);
        detail::wipe(request->body);
        if (!reply) {
            if (twilio::certainly_not_sent(reply.error())) co_return std::move(reply).error();
            co_return delivery::uncertain;
        }
        const bool answered = is_concealed(t) && reply->status < 500 && reply->status != 429;
        if (answered) co_return delivery::accepted;
        auto sent = twilio::read_message(*reply);
        if (sent) co_return delivery::accepted;
        if (twilio::certainly_not_sent(sent.error())) co_return std::move(sent).error();
        co_return delivery::uncertain;
    }

    flow<result<sent_message>> send_any_message(message m) {
        auto to = phone_number::parse(m.to, config_.default_calling_code);
        if (!to) co_return std::move(to).error();
        auto request = twilio_.create_message(*to, m);
        if (!request) co_return std::move(request).error();
        auto admitted = co_await admit(send_budget::messages, *to);
        if (!admitted) co_return std::move(admitted).error();
        auto reply = co_await exchange(*request);
        auto sent = reply ? twilio::read_message(*reply) : result<sent_message>(std::move(reply).error());
        if (!sent && twilio::certainly_not_sent(sent.error())) co_await give_back(send_budget::messages, *to);
        co_return sent;
    }

    /// One request to Twilio. The transport's failures become the two that matter here: nothing was sent, or nobody
    /// knows.
    flow<result<http_response>> exchange(const http_request& request) {
        auto reply = co_await transmit(request);
        if (reply) co_return reply;
        failure f(twilio::certainly_not_sent(reply.error()) ? error::provider_unreachable : error::no_answer);
        if (reply.error().code != f.code) f.message += " (" + reply.error().message + ")";
        f.retry_after = reply.error().retry_after;
        co_return f;
    }

    flow<result<http_response>> transmit(const http_request& request) {
        try {
            auto reply = co_await call([&] { return transport_.send(request); });
            co_return reply;
        } catch (...) {
            co_return error::no_answer;  // whatever was thrown, std::bad_alloc too: the request may have been written
        }
    }

    // -- limits

    /// Changes counters in one round trip.
    flow<std::vector<counter>> change(const std::vector<counter_change>& changes) {
        auto changed = co_await call([&] { return storage_.change_counters(changes); });
        if (changed.size() != changes.size()) throw std::length_error("phoneauth: a counter for each change");
        co_return changed;
    }

    // Who is refused because too much was sent stays counted, until all counting starts again: to take that back could
    // come too late and make room in the next hour.

    /// Counts a code to `phone` and looks whether `account` must wait.
    flow<result<void>> admit_code(const std::string& account, const phone_number& phone) {
        const auto at = now();
        const std::vector<counter_change> changes{failures(account, 0, at), failure_pause(account, 0, at),
                                                  sends(send_budget::codes, phone, 1, at)};
        const auto changed = co_await change(changes);
        auto allowed = check_failures(changed[0], changed[1], config_, at);
        if (allowed) co_return check_sends(changed[2], config_, at);
        co_await give_back(send_budget::codes, phone);
        co_return allowed;
    }

    /// Counts a code to `phone` and takes back the failure that `verify_password` has counted.
    flow<result<void>> admit_code_after_password(const std::string& account, const phone_number& phone) {
        const auto at = now();
        const std::vector<counter_change> changes{failures(account, -1, at), sends(send_budget::codes, phone, 1, at)};
        const auto changed = co_await change(changes);
        co_return check_sends(changed[1], config_, at);
    }

    flow<result<void>> admit(send_budget budget, const phone_number& phone) {
        const auto at = now();
        const std::vector<counter_change> changes{sends(budget, phone, 1, at)};
        const auto changed = co_await change(changes);
        co_return check_sends(changed[0], config_, at);
    }

    flow<bool> give_back(send_budget budget, const phone_number& phone) {
        const std::vector<counter_change> changes{sends(budget, phone, -1, now())};
        const bool done = co_await attempt([&] { return storage_.change_counters(changes); });
        co_return done;
    }

    // Each way in has its own run of failures, so that a stranger who guesses at one does not shut the owner out of the others.
    static std::string password_account(std::string_view who) { return "password:" + std::string(who); }
    static std::string code_account(purpose kind, const phone_number& phone) {
        return (kind == purpose::login ? "login:" : "registration:") + std::string(phone.str());
    }

    /// After the `count`th failure in a row.
    flow<bool> pause_after(const std::string& account, std::int64_t count) {
        const auto wait = failure_wait(count, config_);
        if (wait.count() > 0) {
            const std::vector<counter_change> changes{failure_pause(account, 1, now(), wait)};
            [[maybe_unused]] const auto unused = co_await change(changes);
        }
        co_return true;
    }

    flow<bool> take_failure_back(const std::string& account) {
        const std::vector<counter_change> changes{failures(account, -1, now())};
        const bool done = co_await attempt([&] { return storage_.change_counters(changes); });
        co_return done;
    }

    flow<bool> forget_failures(const phone_number& phone) {
        const auto at = now();
        std::vector<counter_change> changes;
        for (const auto& account : {password_account(phone.str()), code_account(purpose::login, phone)}) {
            changes.push_back(failures(account, -all_failures, at));
            changes.push_back(failure_pause(account, -all_failures, at));
        }
        const bool done = co_await attempt([&] { return storage_.change_counters(changes); });
        co_return done;
    }

    /// Calls a policy for something that nobody's result depends on: it may fail.
    template <class F>
    static flow<bool> attempt(F f) {
        try {
            [[maybe_unused]] auto unused = co_await call(f);
            co_return true;
        } catch (...) {
            co_return false;
        }
    }

    // -- sessions

    flow<result<user>> find_session_user(std::string token) {
        if (token.empty() || token.size() > max_id_size) co_return error::unknown_token;
        const auto hash = token_hasher_(token);
        auto found = co_await call([&] { return storage_.find_session(hash); });
        if (!found) co_return error::unknown_token;
        if (now() >= found->expires_at) co_return error::session_expired;
        auto owner = co_await call([&] { return storage_.find_user(found->user_id); });
        if (!owner) co_return error::unknown_token;
        if (!owner->enabled) co_return error::account_disabled;
        co_return std::move(*owner);
    }

    flow<result<bool>> end_session(std::string token) {
        if (token.empty() || token.size() > max_id_size) co_return false;
        const auto hash = token_hasher_(token);
        const bool ended = co_await call([&] { return storage_.erase_session(hash); });
        co_return ended;
    }

    flow<result<user>> change_user(std::string token, std::string object_id, property_map changes) {
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto owner = co_await find_session_user(token);
            if (!owner) co_return std::move(owner).error();
            if (owner->object_id != object_id) co_return error::not_permitted;
            std::string new_password;
            auto applied = apply_changes(*owner, changes, config_, new_password);
            if (!applied) co_return std::move(applied).error();
            if (!new_password.empty()) {
                auto hash = co_await call([&] { return passwords_->hash(new_password); });
                detail::wipe(new_password);
                if (!hash) co_return std::move(hash).error();
                owner->password_hash = std::move(*hash);
            }
            owner->updated_at = now();
            const user_write written = co_await call([&] { return storage_.update_user(*owner); });
            if (written == user_write::stale) continue;
            if (written != user_write::done) co_return error::user_exists;
            ++owner->version;
            co_await mode::ignore_cancellation();  // a new password and the end of the other sessions belong together
            if (changes.contains("password")) {
                const auto own = token_hasher_(token);
                [[maybe_unused]] const std::size_t ended =
                    co_await call([&] { return storage_.erase_sessions_of(owner->object_id, own); });
            }
            co_return std::move(*owner);
        }
        co_return error::storage_unavailable;
    }

    // -- configuration

    flow<result<configuration_report>> inspect_configuration() {
        configuration_report report;
        const auto account_request = twilio_.fetch_account();
        auto account_reply = co_await transmit(account_request);
        auto status = account_reply ? twilio::read_account_status(*account_reply)
                                    : result<std::string>(std::move(account_reply).error());
        report.findings.push_back(twilio::credentials_finding(status));
        if (!status) co_return report;
        report.findings.push_back(twilio::account_finding(*status));
        const auto sender = phone_number::parse(config_.twilio.sender);
        if (!sender) {
            report.findings.push_back(twilio::messaging_service_finding());
            co_return report;
        }
        const auto number_request = twilio_.find_number(*sender);
        auto number_reply = co_await transmit(number_request);
        auto number = number_reply ? twilio::read_number(*number_reply)
                                   : result<std::optional<twilio::capabilities>>(std::move(number_reply).error());
        for (auto& f : twilio::sender_findings(number)) report.findings.push_back(std::move(f));
        co_return report;
    }

    random_source random_;
    const config config_;
    S& storage_;
    T& transport_;
    std::shared_ptr<C> clock_;
    std::shared_ptr<H> hooks_;
    std::shared_ptr<P> passwords_;
    const twilio::api twilio_;
    code_deriver codes_;
    token_hasher token_hasher_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
