// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_AUTHENTICATOR_HPP
#define PHONEAUTH_AUTHENTICATOR_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/client_info.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/event.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/rules/admission.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/rules/transitions.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/secrets/password.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/twilio/delivery.hpp>
#include <phoneauth/twilio/findings.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/requests.hpp>
#include <phoneauth/yields.hpp>

namespace phoneauth {
inline namespace v0 {

/// A code is on its way.
struct challenge {
    std::string transaction_id;
    time_point expires_at;              ///< a code that comes at or after this time is too late
    std::chrono::seconds resend_after;  ///< how long to wait before `resend` can succeed
    bool delivery_uncertain =
        false;  ///< the provider did not answer: the message may or may not arrive, the code is valid
};

/// A user has logged in.
struct login_result {
    phoneauth::user user;
    secret_string token;    ///< the session's; a `std::string` that is wiped when it goes away
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
/// Round trips: each call of a storage function is at most one to its database (in Redis a logout is two). A flow that
/// goes well makes these calls, one after the other (u: of the users, s: of the sessions):
///
///     start_registration 3        start_login, code 3 + 1u        start_login, password 5 + 1u      resend 4
///     finish_registration 3 + 1u  finish_login 3 + 2u + 1s        login_with_identity 4 + 2u + 1s   send_message 2
///     authenticate 1u + 1s  update_user 2u + 1s             logout 1s                         status 1
///     handle_status_callback 2             (of an identity or a password: 1 more, and 1s for a password)
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

    /// Lets `f` be told of what happens, from the next call on; an empty function: nobody is. Not to be called while
    /// anything else here is running. Not told: flows that are cancelled; what `authenticate`, `status` and
    /// `test_configuration` end with; a `handle_status_callback` that the storage failed; changes of a user other than his
    /// password's; a logout without a session.
    void observe(observer f) { observer_ = std::move(f); }

    // Each flow's last parameter is who asks, which limits and observers want to know. A code is only sent if all its
    // tries, and those of the codes that are open already, fit into `max_consecutive_failures`: by default 16 codes of
    // strangers and 4 of known networks within `code_lifetime`; more are `too_many_messages`. All can end with
    // `storage_unavailable`, `overloaded`, `internal` and `cancelled` beside what is listed; those that send messages with
    // `provider_*` (nothing was sent), too.

    /// First step of a registration: sends a code to `phone`, whether or not somebody has registered it.
    /// → `started`, or `registration_disabled`, `invalid_phone_number`, `destination_not_allowed`, `too_many_failures`,
    /// `too_many_messages` and `resend_too_soon` (these with `retry_after`).
    auto start_registration(std::string phone, client_info from = {}) {
        return mode::finish(observed<challenge>(
            event_kind::started, std::move(from),
            [this, phone = std::move(phone)](context& c) mutable { return begin_registration(c, std::move(phone)); }));
    }

    /// Second step of a registration: the code proves the phone, and the user is made. What is wrong with the user's
    /// data is told before the code is looked at. If the code is right but the user cannot be made (his email is taken,
    /// a hook refuses), the same code can come again with other data; that counts as a try. It cannot after a
    /// `storage_unavailable` that leaves open whether the user is stored.
    /// → the user, or `registration_disabled`, `invalid_phone_number`, `destination_not_allowed`, `phone_mismatch`,
    /// `identity_required`, `invalid_email`, `password_required`, `invalid_password`, `reserved_property`, `invalid_parameter`,
    /// `no_transaction`, `wrong_code` (with `tries_left`), `tries_exhausted`, `code_expired`, `code_used`,
    /// `transaction_failed`, `user_exists`, the hook's own failure.
    auto finish_registration(registration r, client_info from = {}) {
        return mode::finish(
            observed<user>(event_kind::registered, std::move(from), [this, r = std::move(r)](context& c) mutable {
                return complete_registration(c, std::move(r));
            }));
    }

    /// First step of a login: sends a code to the phone of a user. For a phone that no user has the result looks the
    /// same, but no message is sent (`unknown_phone_policy::conceal`), or is `unknown_phone`. While unknown phones are
    /// concealed, what Twilio refuses because of the phone or the message is told to the observer only.
    /// → `started`, or `login_disabled`, `invalid_phone_number`, `destination_not_allowed`, `too_many_failures`,
    /// `too_many_messages` and `resend_too_soon` (these with `retry_after`).
    auto start_login(std::string phone, client_info from = {}) {
        return mode::finish(observed<challenge>(event_kind::started, std::move(from),
                                                [this, phone = std::move(phone)](context& c) mutable {
                                                    return begin_login(c, std::move(phone), std::nullopt);
                                                }));
    }

    /// First step of a two-factor login: sends a code if `password` is the user's. An unknown phone and a wrong
    /// password are one error and take the same time.
    /// → `invalid_login`, or what the other `start_login` gives but `resend_too_soon` and `unknown_phone`.
    auto start_login(std::string phone, std::string password, client_info from = {}) {
        return mode::finish(observed<challenge>(
            event_kind::started, std::move(from),
            [this, phone = std::move(phone), password = secret_string(std::move(password))](context& c) mutable {
                return begin_login(c, std::move(phone), std::optional(std::move(password)));
            }));
    }

    /// Second step of either login. The code is spent by it.
    /// → `logged_in`, or `no_transaction`, `invalid_parameter` (no code of the configured length), `wrong_code` (with
    /// `tries_left`), `tries_exhausted`, `code_expired`, `code_used`, `transaction_failed`, `account_disabled`,
    /// `invalid_login` (the user was disabled, deleted or given another password meanwhile), the hook's own failure.
    auto finish_login(std::string transaction_id, std::string presented, client_info from = {}) {
        return mode::finish(observed<login_result>(
            event_kind::logged_in, std::move(from),
            [this, id = std::move(transaction_id), presented = secret_string(std::move(presented))](
                context& c) mutable { return complete_login(c, std::move(id), std::move(presented)); }));
    }

    /// Login with identity and password alone, without a second factor; off unless `config::identity_login_enabled`.
    /// → `logged_in`, or `login_disabled`, `invalid_login`, `too_many_failures` (with `retry_after`),
    /// `account_disabled`, the hook's own failure.
    auto login_with_identity(std::string identity, std::string password, client_info from = {}) {
        return mode::finish(observed<login_result>(
            event_kind::logged_in, std::move(from),
            [this, identity = std::move(identity), password = secret_string(std::move(password))](context& c) mutable {
                return complete_identity_login(c, std::move(identity), std::move(password));
            }));
    }

    /// Sends the same code of a pending transaction again; its expiry and tries stay.
    /// → `started`, or `no_transaction`, `resend_too_soon` (with `retry_after`), `too_many_messages` (with it, unless
    /// this transaction has had all its messages), `code_expired`, `code_used`, `tries_exhausted`,
    /// `transaction_failed`.
    auto resend(std::string transaction_id, client_info from = {}) {
        return mode::finish(observed<challenge>(
            event_kind::resent, std::move(from),
            [this, id = std::move(transaction_id)](context& c) mutable { return send_again(c, std::move(id)); }));
    }

    /// How a transaction stands. → the `transaction_status`, or `no_transaction`.
    auto status(std::string transaction_id) { return mode::finish(find_status(std::move(transaction_id))); }

    /// Takes a request that came to `twilio_config::status_callback`, and notes what it says about a transaction's
    /// message. → whether it was news, or `invalid_signature`, `unparsable_body`, `body_too_large`. A report about a
    /// transaction that is not known any more is none, and no error: Twilio would repeat it.
    auto handle_status_callback(status_callback r) { return mode::finish(take_report(std::move(r))); }

    /// The user whose session `token` is.
    /// → the user, or `unknown_token`, `session_expired`, `account_disabled`.
    auto authenticate(std::string token) { return mode::finish(find_session_user(std::move(token))); }

    /// Ends the session `token`. → whether there was one.
    auto logout(std::string token, client_info from = {}) {
        return mode::finish(observed<bool>(event_kind::logged_out, std::move(from),
                                           [this, token = secret_string(std::move(token))](context& c) mutable {
                                               return end_session(c, std::move(token));
                                           }));
    }

    /// Changes the logged-in user's own properties (see `apply_changes`). A new password ends all his other sessions.
    /// → the user as stored, or `unknown_token`, `session_expired`, `account_disabled`, `not_permitted` (`object_id` is
    /// not his), `user_exists` (the identity is taken), `invalid_parameter`, `identity_required`, `invalid_email`,
    /// `password_required`, `invalid_password`, `too_many_failures` (with `retry_after`; for identities and passwords).
    auto update_user(std::string token, std::string object_id, property_map changes, client_info from = {}) {
        return mode::finish(observed<user>(
            event_kind::password_changed, std::move(from),
            [this, token = secret_string(std::move(token)), id = std::move(object_id), changes = std::move(changes)](
                context& c) mutable { return change_user(c, std::move(token), std::move(id), std::move(changes)); }));
    }

    /// Sends any message. Who may do so is for the caller to decide: each message is paid for. With `from.user_id`,
    /// that user's limit counts, too.
    /// → Twilio's resource, or `invalid_phone_number`, `destination_not_allowed`, `missing_parameter`,
    /// `message_too_long`, `invalid_media_url`, `invalid_parameter`, `too_many_messages`, `no_answer` or
    /// `bad_provider_reply` (it may have been sent).
    auto send_message(text_message m, client_info from = {}) {
        return mode::finish(
            observed<sent_message>(event_kind::sent, std::move(from), [this, m = std::move(m)](context& c) mutable {
                return send_any_message(c, std::move(m));
            }));
    }

    /// Asks Twilio whether the credentials work, the account is active, and the sender is the account's and can send
    /// SMS and MMS; and says what is risky in the configuration. Sends no message. → the report.
    auto test_configuration() { return mode::finish(inspect_configuration()); }

private:
    template <class X>
    using flow = typename mode::template flow<X>;

    enum class delivery { accepted, uncertain };
    static inline const std::vector<counter_change> nothing{};

    // A transaction or a user changed under our hands: look again, as often as tries and sends can possibly need.
    static constexpr int max_lost_races = 64;
    // Stands for the user of a concealed transaction: as long as any other, so that it is stored and read alike.
    static constexpr std::string_view nobodys_id = "00000000-0000-0000-0000-000000000000";
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

    // -- what an observer is told

    /// What the parts of one flow know of it.
    struct context {
        client_info from;
        std::string network;  ///< the client's, as the limits know it
        event about{};        ///< what is known so far
        bool silent = false;  ///< the flow did not do what its event says
    };

    /// Runs `work(context)`, tells how it ended, and makes a failure of what it threw.
    template <class R, class F>
    flow<result<R>> observed(event_kind success, client_info from, F work) {
        context c{std::move(from), {}};
        c.network = client_network(c.from.address);
        result<R> outcome;
        try {
            auto running = work(c);
            outcome = co_await std::move(running);
        } catch (...) {
            outcome = result<R>(mode::current_failure());
        }
        if (!outcome)
            tell_failure(c, outcome.error());
        else if (!c.silent)
            tell(c, success);
        co_return outcome;
    }

    void note(context& c, const phone_number& phone) const {
        if (observer_) c.about.phone = phone.masked();
    }
    void note(context& c, const transaction& t) const {
        if (!observer_) return;
        note(c, t.phone);
        c.about.purpose = t.purpose;
        c.about.transaction = t.id.substr(0, 8);
        if (!is_concealed(t)) c.about.user_id = t.user_id;
    }

    /// Never throws: what an observer misses must not cost a user his login.
    void tell(const context& c, event_kind kind, const failure* why = nullptr) const noexcept {
        if (!observer_) return;
        try {
            event e = c.about;
            e.kind = kind;
            e.at = now();
            e.address = c.from.address.substr(0, 64);
            e.user_agent = c.from.user_agent.substr(0, 256);
            if (e.user_id.empty()) e.user_id = c.from.user_id;
            if (why) {
                e.reason = why->code;
                e.retry_after = why->retry_after;
                e.tries_left = why->tries_left;
                e.twilio_code = why->twilio_code;
            }
            observer_(e);
        } catch (...) {
        }
    }

    void tell_failure(const context& c, const failure& why) const noexcept {
        if (!observer_ || why.code == error::cancelled) return;
        const bool ours = why.code.category() == error_category();
        tell(c, ours ? kind_of(static_cast<error>(why.code.value()), why) : event_kind::refused, &why);
    }

    static event_kind kind_of(error e, const failure& why) noexcept {
        switch (e) {
        case error::wrong_code:
            return event_kind::wrong_code;
        case error::tries_exhausted:  // with the tries left: it was this code that exhausted them
            return why.tries_left ? event_kind::locked : event_kind::refused;
        case error::invalid_login:
            return event_kind::wrong_password;
        case error::storage_unavailable:
            return event_kind::storage_error;
        case error::provider_refused:
        case error::provider_misconfigured:
        case error::provider_busy:
        case error::provider_unreachable:
        case error::no_answer:
        case error::bad_provider_reply:
            return event_kind::provider_error;
        default:
            return why.twilio_code ? event_kind::provider_error : event_kind::refused;
        }
    }

    // -- registration

    flow<result<challenge>> begin_registration(context& c, std::string text) {
        if (!config_.registration_enabled) co_return error::registration_disabled;
        auto phone = read_phone(c, text);
        if (!phone) co_return std::move(phone).error();
        auto s = sending_of(c, limits::send_budget::codes, *phone, purpose::registration, false);
        auto admitted = co_await admit(c, s, nothing);
        if (!admitted) co_return std::move(admitted).error();
        const std::optional<user> nobody;
        auto outcome = co_await start(c, s, purpose::registration, *phone, nobody, false);
        co_return outcome;
    }

    flow<result<user>> complete_registration(context& c, registration r) {
        if (!config_.registration_enabled) co_return error::registration_disabled;
        auto phone = read_phone(c, r.phone);
        if (!phone) co_return std::move(phone).error();
        auto made = make_user(config_, r, *phone, now());
        if (!made) co_return std::move(made).error();
        auto id = make_token(random_);
        if (!id) co_return error::internal;
        made->object_id = std::move(*id);

        const std::optional<phone_number> expected(*phone);
        auto confirmed = co_await confirm(c, purpose::registration, r.transaction_id, r.code, expected);
        if (!confirmed) co_return std::move(confirmed).error();
        co_await mode::ignore_cancellation();  // the code is spent: what follows must come to its end
        auto prepared = co_await prepare_new_user(*made, r.password);
        detail::wipe(r.password);
        std::optional<result<void>> stored = prepared;
        if (prepared) stored = co_await store_new_user(*made);
        if (stored && !*stored) {
            reopen(*confirmed, config_);
            co_await attempt([&] { return storage_.update_transaction(*confirmed); });
            co_return std::move(*stored).error();
        }
        if (!stored) co_return error::storage_unavailable;
        if (observer_) c.about.user_id = made->object_id;
        co_await forget_registration(c, *confirmed);
        co_await attempt([&] { return hooks_->after_registration(*made); });
        co_return std::move(*made);
    }

    flow<result<void>> prepare_new_user(user& u, const std::string& password) {
        try {
            auto hash = co_await call([&] { return passwords_->hash(password); });
            if (!hash) co_return std::move(hash).error();
            u.password_hash = std::move(*hash);
            const auto proved = u.phone;
            const auto id = u.object_id;
            auto allowed = co_await call([&] { return hooks_->before_registration(u); });
            u.phone = proved;
            u.object_id = id;
            co_return allowed;
        } catch (...) {
            co_return failure_of_current_exception();
        }
    }

    /// Nothing if nobody knows whether the user is stored: his transaction must then stay as it is.
    flow<std::optional<result<void>>> store_new_user(const user& u) {
        failure thrown;
        try {
            const write_result written = co_await call([&] { return storage_.insert_user(u); });
            co_return written == write_result::done ? result<void>() : result<void>(error::user_exists);
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

    flow<result<challenge>> begin_login(context& c, std::string text, std::optional<secret_string> password) {
        if (!config_.login_enabled || (!password && !config_.code_login_enabled)) co_return error::login_disabled;
        auto phone = read_phone(c, text);
        if (!phone) co_return std::move(phone).error();
        std::optional<user> owner;
        std::vector<counter_change> back;
        if (password) {
            owner = co_await call([&] { return storage_.find_user_by_phone(*phone); });
            auto g = password_guess(c, phone->str());
            auto verified = co_await verify_password(c, owner, *password, g);
            detail::wipe(*password);
            if (!verified) co_return std::move(verified).error();
            back = g.back();
        }
        auto s = sending_of(c, limits::send_budget::codes, *phone, purpose::login, password.has_value());
        auto admitted = co_await admit(c, s, back);
        if (!admitted) co_return std::move(admitted).error();
        if (!password) {  // counted before anything is known about whose phone it is
            owner = co_await call([&] { return storage_.find_user_by_phone(*phone); });
            if (!owner && config_.unknown_phone == unknown_phone_policy::reject) co_return error::unknown_phone;
        }
        auto outcome = co_await start(c, s, purpose::login, *phone, owner, password.has_value());
        co_return outcome;
    }

    flow<result<login_result>> complete_login(context& c, std::string transaction_id, secret_string presented) {
        const std::optional<phone_number> any;
        auto confirmed = co_await confirm(c, purpose::login, transaction_id, presented, any);
        if (!confirmed) co_return std::move(confirmed).error();
        co_await mode::ignore_cancellation();  // the code is spent: what follows must come to its end
        auto outcome = co_await enter(c, *confirmed);
        if (!outcome && outcome.error().code == error::storage_unavailable) {
            reopen(*confirmed, config_);
            co_await attempt([&] { return storage_.update_transaction(*confirmed); });
        }
        co_return outcome;
    }

    flow<result<login_result>> enter(context& c, const transaction& confirmed) {
        try {
            auto owner = co_await call([&] { return storage_.find_user(confirmed.user_id); });
            // A changed number is a new authenticator (NIST SP 800-63B-3 §5.1.3.3).
            if (!owner || owner->phone != confirmed.phone) co_return error::no_transaction;
            const auto& mark = confirmed.password_fingerprint;
            if (!mark.empty() && mark != fingerprint_of(*owner)) co_return error::invalid_login;
            auto outcome = co_await open_session(c, *owner, &confirmed);
            co_return outcome;
        } catch (...) {
            co_return failure_of_current_exception();
        }
    }

    /// Tells one password of a user from the next.
    std::string fingerprint_of(const user& u) { return token_hasher_(u.password_hash); }

    flow<result<login_result>> complete_identity_login(context& c, std::string text, secret_string password) {
        if (!config_.identity_login_enabled) co_return error::login_disabled;
        auto identity = normalize_identity(config_, text);
        if (!identity) co_return error::invalid_login;
        auto owner = co_await call([&] { return storage_.find_user_by_identity(*identity); });
        const auto subject = identity_subject_exists() ? identity_subject(*identity) : *identity;
        auto g = password_guess(c, subject);
        auto verified = co_await verify_password(c, owner, password, g);
        detail::wipe(password);
        if (!verified) co_return std::move(verified).error();
        co_await take_back(g);
        auto outcome = co_await open_session(c, *owner, nullptr);
        co_return outcome;
    }

    /// Success if `owner` exists and `password` is his, and the caller takes the guess back; else `invalid_login`.
    flow<result<void>> verify_password(context& c, const std::optional<user>& owner, const std::string& password,
                                       detail::guess& g) {
        if (owner) note(c, owner->phone);
        // What cannot be a password is not worth a counter.
        if (password.size() > config_.max_password_length) co_return error::invalid_login;
        auto allowed = co_await admit(g);
        if (!allowed) co_return allowed;
        auto right = co_await compare_password(owner, password);
        if (!right) {
            co_await take_back(g);
            co_return std::move(right).error();
        }
        if (!*right) {
            co_await miss(c, g);
            co_return error::invalid_login;
        }
        co_return result<void>();
    }

    flow<result<bool>> compare_password(const std::optional<user>& owner, const std::string& password) {
        if (owner && !owner->password_hash.empty()) {
            auto verified = co_await call([&] { return passwords_->verify(password, owner->password_hash); });
            co_return verified;
        }
        // An account that does not exist must not answer faster than one that does.
        auto unused = co_await call([&] { return passwords_->hash(password); });
        if (!unused) co_return std::move(unused).error();
        co_return false;
    }

    /// `used`: the transaction whose code was right, or nullptr.
    flow<result<login_result>> open_session(context& c, user& owner, const transaction* used) {
        if (observer_) c.about.user_id = owner.object_id;
        note(c, owner.phone);
        if (!owner.enabled) co_return error::account_disabled;
        auto allowed = co_await call([&] { return hooks_->before_login(owner); });
        if (!allowed) co_return std::move(allowed).error();
        auto token = make_token(random_);
        if (!token) co_return error::internal;
        const auto at = now();
        const session opened{token_hasher_(*token), owner.object_id, at, at + config_.session_lifetime};
        owner.last_login_at = at;
        auto kept = co_await keep_session(opened, owner);
        if (!kept) {
            // It may be stored all the same, and nobody has its token.
            co_await attempt([&] { return storage_.erase_session(opened.token_hash); });
            co_return std::move(kept).error();
        }
        co_await forget_failures(c, owner, used);
        co_await attempt([&] { return hooks_->after_login(owner); });
        login_result done{std::move(owner), std::move(*token), opened.expires_at};
        co_return done;
    }

    flow<result<void>> keep_session(const session& opened, user& owner) {
        try {
            const bool inserted = co_await call([&] { return storage_.insert_session(opened); });
            if (!inserted) co_return error::internal;
            const bool noted = co_await note_login(owner);
            co_return noted ? result<void>() : result<void>(error::invalid_login);
        } catch (...) {
            co_return mode::current_failure();
        }
    }

    /// Stores `last_login_at`. False if the user has been disabled, deleted or given another password since he was
    /// read: whoever did that has ended his sessions, perhaps before this one was stored.
    flow<bool> note_login(user& owner) {
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto written = co_await try_to_store(owner);
            if (written != write_result::stale) co_return true;
            auto current = co_await call([&] { return storage_.find_user(owner.object_id); });
            if (!current || !current->enabled || current->password_hash != owner.password_hash) co_return false;
            current->last_login_at = owner.last_login_at;
            owner = std::move(*current);
        }
        co_return true;
    }

    /// A storage that fails to note a login does not stop it.
    flow<write_result> try_to_store(const user& owner) {
        try {
            const write_result written = co_await call([&] { return storage_.update_user(owner); });
            co_return written;
        } catch (...) {
            co_return write_result::done;
        }
    }

    // -- codes

    /// The number that a person typed, if messages may go there.
    result<phone_number> read_phone(context& c, const std::string& text) const {
        auto phone = phone_number::parse(text, config_.default_calling_code);
        if (!phone) return phone;
        note(c, *phone);
        auto allowed = check_destination(*phone, config_);
        if (!allowed) return std::move(allowed).error();
        return phone;
    }

    /// Starts a transaction. It is stored before the message `s` is sent, so that whatever happens in between leaves a
    /// code that can be confirmed.
    flow<result<challenge>> start(context& c, const detail::sending& s, purpose kind, const phone_number& phone,
                                  const std::optional<user>& owner, bool with_password) {
        auto id = make_token(random_);
        if (!id) co_return error::internal;
        const auto at = now();
        transaction t{.id = std::move(*id),
                      .purpose = kind,
                      .phone = phone,
                      .user_id = owner                    ? owner->object_id
                                 : kind == purpose::login ? std::string(nobodys_id)
                                                          : std::string(),
                      .key_id = codes_.current_key_id(),
                      .sends = 1,
                      .created_at = at,
                      .expires_at = at + config_.code_lifetime,
                      .last_sent_at = at};
        if (with_password) t.password_fingerprint = fingerprint_of(*owner);
        t.known_network = s.is_known();
        note(c, t);
        const bool inserted = co_await call([&] { return storage_.insert_transaction(t); });
        if (!inserted) co_return error::internal;
        auto delivered = co_await deliver(c, t);
        if (!delivered) {
            apply_refusal(t);
            co_await attempt([&] { return storage_.update_transaction(t); });
            co_await give_back(s, is_about_the_number(delivered.error()));
            co_return std::move(delivered).error();
        }
        co_return describe(t, *delivered);
    }

    flow<result<challenge>> send_again(context& c, std::string id) {
        if (!is_id(id)) co_return error::no_transaction;
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto found = co_await call([&] { return storage_.find_transaction(id); });
            if (!found) co_return error::no_transaction;
            note(c, *found);
            const auto before = found->state;
            auto allowed = apply_resend(*found, config_, now());
            if (!allowed) {
                if (found->state != before) co_await attempt([&] { return storage_.update_transaction(*found); });
                co_return std::move(allowed).error();
            }
            auto s = sending_of(c, limits::send_budget::codes, found->phone, std::nullopt,
                                !found->password_fingerprint.empty());
            auto admitted = co_await admit(c, s, nothing);
            if (!admitted) co_return std::move(admitted).error();
            const bool won = co_await call([&] { return storage_.update_transaction(*found); });
            if (!won) {
                co_await give_back(s, false);
                continue;
            }
            auto delivered = co_await deliver(c, *found);
            if (!delivered) {
                co_await give_back(s, is_about_the_number(delivered.error()));
                co_return std::move(delivered).error();
            }
            co_return describe(*found, *delivered);
        }
        co_return error::storage_unavailable;
    }

    /// Confirms a transaction: only who wins the swap learns whether the code was right, so that no more codes are
    /// compared than there are tries, however many come at once. The transaction comes back as it was stored.
    flow<result<transaction>> confirm(context& c, purpose kind, const std::string& id, std::string& presented,
                                      const std::optional<phone_number>& expected) {
        auto typed = parse_code(presented, config_.code_digits);
        detail::wipe(presented);
        if (!typed) co_return std::move(typed).error();
        if (!is_id(id)) co_return error::no_transaction;
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto found = co_await call([&] { return storage_.find_transaction(id); });
            if (!found || found->purpose != kind) co_return error::no_transaction;
            if (expected && found->phone != *expected) co_return error::phone_mismatch;
            note(c, *found);
            const auto before = found->state;
            const bool right = is_right(*found, *typed) && !is_concealed(*found);
            auto outcome = apply_code(*found, right, config_, now());
            if (before != transaction_state::pending) co_return std::move(outcome).error();
            co_await mode::ignore_cancellation();  // a code that is spent must lead to the end of the flow
            const bool won = co_await call([&] { return storage_.update_transaction(*found); });
            if (!won) continue;
            ++found->version;
            if (outcome) {
                tell(c, event_kind::confirmed);
                co_return std::move(*found);
            }
            if (found->state != transaction_state::expired) co_await count_wrong_code(c, *found);
            co_return std::move(outcome).error();
        }
        co_return error::storage_unavailable;
    }

    flow<bool> count_wrong_code(context& c, const transaction& t) {
        detail::guess g(t, config_, now());
        const auto changes = g.changes();
        const auto counted = co_await change(changes);
        [[maybe_unused]] const auto judged = g.judge(counted);  // the code was compared already
        co_await miss(c, g);
        co_return true;
    }

    bool is_right(const transaction& t, const code& typed) {
        if (const auto* test = find_test_number(t.phone, config_))
            return detail::equal_in_constant_time(test->code, typed.str());
        return codes_.matches(t, typed);
    }

    static bool is_concealed(const transaction& t) noexcept {
        return t.purpose == purpose::login && (t.user_id.empty() || t.user_id == nobodys_id);
    }

    /// Whether nothing may tell if `t` is concealed: a login with nothing but a phone number before it.
    bool is_discreet(const transaction& t) const noexcept {
        return t.purpose == purpose::login && t.password_fingerprint.empty() &&
               config_.unknown_phone == unknown_phone_policy::conceal;
    }

    result<challenge> describe(const transaction& t, delivery d) const {
        return challenge{t.id, t.expires_at, config_.resend_cooldown, d == delivery::uncertain};
    }

    flow<result<transaction_status>> find_status(std::string id) {
        if (!is_id(id)) co_return error::no_transaction;
        auto found = co_await call([&] { return storage_.find_transaction(id); });
        if (!found) co_return error::no_transaction;
        const auto at = now();
        transaction_status s{.state = found->state};
        if (s.state == transaction_state::pending && at >= found->expires_at) s.state = transaction_state::expired;
        if (!is_discreet(*found)) {
            s.delivery = found->delivery;
            if (found->delivery_error != 0) s.twilio_code = found->delivery_error;
        }
        if (s.state == transaction_state::pending) {
            s.tries_left = static_cast<int>(config_.max_tries - std::min(found->tries, config_.max_tries));
            s.expires_in = std::chrono::ceil<std::chrono::seconds>(found->expires_at - at);
            s.resend_after = time_to_resend(*found, config_, at);
        }
        co_return s;
    }

    flow<result<bool>> take_report(status_callback r) {
        context c;
        const auto report = twilio::read_delivery(config_.twilio, r);
        if (!report) {
            tell_failure(c, report.error());
            co_return report.error();
        }
        if (!is_id(report->transaction_id)) co_return false;
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto found = co_await call([&] { return storage_.find_transaction(report->transaction_id); });
            if (!found) co_return false;
            const bool news = apply_delivery(*found, report->send, report->status, report->error_code);
            if (!news) co_return false;
            const bool won = co_await call([&] { return storage_.update_transaction(*found); });
            if (!won) continue;
            note(c, *found);
            if (found->delivery_error != 0) c.about.twilio_code = found->delivery_error;
            tell(c, found->delivery == delivery_state::delivered ? event_kind::delivered : event_kind::undelivered);
            co_return true;
        }
        co_return error::storage_unavailable;
    }

    // -- messages

    result<http_request> code_request(const transaction& t) {
        const auto derived = codes_.derive(t);
        if (!derived) return error::no_transaction;
        auto text = twilio::code_text(config_, derived->str());
        const auto left =
            std::max(std::chrono::ceil<std::chrono::seconds>(t.expires_at - now()), std::chrono::seconds(1));
        // Both are made for everybody, so that it takes the same time.
        auto sending = twilio_.create_code_message(t.phone, text, std::min(left, config_.code_lifetime),
                                                   twilio::delivery_url(config_.twilio, t));
        auto look_up = twilio_.find_messages(t.phone);
        detail::wipe(text);
        return is_concealed(t) ? std::move(look_up) : std::move(sending);
    }

    /// Sends a transaction's code. A failure means that nothing was sent, for certain. For a concealed phone Twilio is
    /// asked something that costs nothing instead, which fails when every message would. What would fail for this
    /// message alone (the phone is a landline, has opted out, …) is told to the observer only, if somebody else could
    /// learn from it that the phone is a user's.
    flow<result<delivery>> deliver(context& c, const transaction& t) {
        if (find_test_number(t.phone, config_)) co_return delivery::accepted;
        auto request = code_request(t);
        if (!request) co_return std::move(request).error();
        auto reply = co_await exchange(*request);
        detail::wipe(request->body);
        if (!reply) {
            if (twilio::certainly_not_sent(reply.error())) co_return std::move(reply).error();
            if (!is_concealed(t)) tell(c, event_kind::sent, &reply.error());
            co_return delivery::uncertain;
        }
        auto sent = twilio::read_sent_message(*reply);
        const bool refused = !sent && twilio::certainly_not_sent(sent.error());
        const bool hidden = is_discreet(t) && twilio::is_about_the_request(*reply);
        if (refused && !hidden) co_return std::move(sent).error();
        if (refused)
            tell_failure(c, sent.error());
        else if (!is_concealed(t))
            tell(c, event_kind::sent, sent ? nullptr : &sent.error());
        co_return sent || hidden ? delivery::accepted : delivery::uncertain;
    }

    flow<result<sent_message>> send_any_message(context& c, text_message m) {
        auto to = read_phone(c, m.to);
        if (!to) co_return std::move(to).error();
        auto request = twilio_.create_message(*to, m);
        if (!request) co_return std::move(request).error();
        if (find_test_number(*to, config_)) co_return error::destination_not_allowed;
        auto s = sending_of(c, limits::send_budget::messages, *to, std::nullopt, false);
        auto admitted = co_await admit(c, s, nothing);
        if (!admitted) co_return std::move(admitted).error();
        auto reply = co_await exchange(*request);
        auto sent = reply ? twilio::read_sent_message(*reply) : result<sent_message>(std::move(reply).error());
        if (!sent && twilio::certainly_not_sent(sent.error())) co_await give_back(s, is_about_the_number(sent.error()));
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

    flow<bool> change_if_possible(const std::vector<counter_change>& changes) {
        if (changes.empty()) co_return true;
        const bool done = co_await attempt([&] { return storage_.change_counters(changes); });
        co_return done;
    }

    detail::sending sending_of(const context& c, limits::send_budget budget, const phone_number& phone,
                               std::optional<purpose> begins, bool after_password) const {
        return {budget, phone, begins, after_password, c.network, c.from.user_id, config_, now()};
    }

    /// `subject`: what was typed, so that what is counted does not tell who it belongs to.
    detail::guess password_guess(const context& c, std::string_view subject) const {
        std::vector<limits::window> windows{limits::wrong_password_window(c.network, config_)};
        if (windows.front().most == 0) windows.clear();
        const int doors = identity_subject_exists() ? 2 : 1;
        return {detail::password_account(subject), subject, c.network, std::move(windows), doors, config_, now()};
    }

    /// Whether logins by identity are counted by themselves: the identity is not the phone.
    bool identity_subject_exists() const noexcept {
        return config_.identity_login_enabled && config_.identity_column != config_.phone_column;
    }
    std::string identity_subject(const std::string& identity) {
        return identity_subject_exists() ? token_hasher_(identity) : std::string();
    }

    /// Counts a message, unless a limit or a run of failures is against it; and carries out `also`.
    flow<result<void>> admit(context& c, detail::sending& s, const std::vector<counter_change>& also) {
        auto question = s.question();
        question.insert(question.end(), also.begin(), also.end());
        const auto answer = co_await change(question);
        auto allowed = s.ask(answer);
        if (!allowed) co_return allowed;
        const auto changes = s.changes();
        if (changes.empty()) co_return allowed;
        const auto counted = co_await change(changes);
        allowed = s.judge(counted);
        if (!allowed)
            co_await give_back(s, false);
        else if (s.reaches_warning())
            tell(c, event_kind::budget_warning);
        co_return allowed;
    }

    /// The message was not sent.
    flow<bool> give_back(const detail::sending& s, bool refused_by_provider) {
        const auto changes = s.back(refused_by_provider);
        const bool done = co_await change_if_possible(changes);
        co_return done;
    }

    /// Counts a guess, unless there were too many wrong ones.
    flow<result<void>> admit(detail::guess& g) {
        const auto question = g.question();
        const auto answer = co_await change(question);
        auto allowed = g.ask(answer);
        if (!allowed) co_return allowed;
        const auto changes = g.changes();
        const auto counted = co_await change(changes);
        allowed = g.judge(counted);
        if (!allowed) co_await take_back(g);
        co_return allowed;
    }

    /// The guess was right, or nobody looked.
    flow<bool> take_back(const detail::guess& g) {
        const auto changes = g.back();
        const bool done = co_await change_if_possible(changes);
        co_return done;
    }

    /// A guess was wrong.
    flow<bool> miss(context& c, const detail::guess& g) {
        const auto changes = g.miss(now());
        co_await change_if_possible(changes);
        if (g.wait().count() > 0) {
            const auto why = failure(error::too_many_failures).with_retry_after(g.wait());
            tell(c, event_kind::locked, &why);
        }
        co_return true;
    }

    flow<result<void>> admit_credentials(const std::string& user_id) {
        const auto at = now();
        const std::vector<limits::window> windows{limits::credential_window(user_id)};
        std::vector<counter_change> changes;
        limits::count(windows, 1, at, changes);
        const auto counted = co_await change(changes);
        co_return limits::check(windows, counted, 0, false, at);
    }

    /// After a login.
    flow<bool> forget_failures(context& c, const user& owner, const transaction* used) {
        const auto subject = identity_subject(owner.identity);
        const auto changes = detail::forget_failures(owner.phone, used, subject, c.network, config_, now());
        const bool done = co_await change_if_possible(changes);
        co_return done;
    }

    flow<bool> forget_registration(context& c, const transaction& used) {
        const auto changes = detail::forget_registration(used, c.network, config_, now());
        const bool done = co_await change_if_possible(changes);
        co_return done;
    }

    /// Whether the provider refused this very recipient, so that asking again would not help.
    static bool is_about_the_number(const failure& f) noexcept {
        return f.code == error::provider_refused || f.code == error::invalid_phone_number;
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

    flow<result<user>> find_session_user(secret_string token) {
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

    flow<result<bool>> end_session(context& c, secret_string token) {
        c.silent = true;
        if (token.empty() || token.size() > max_id_size) co_return false;
        const auto hash = token_hasher_(token);
        const bool ended = co_await call([&] { return storage_.erase_session(hash); });
        c.silent = !ended;
        co_return ended;
    }

    /// The new password among a user's changes does not stay behind.
    struct password_wiper {
        property_map& changes;
        ~password_wiper() {
            if (const auto p = changes.find("password"); p != changes.end()) detail::wipe(p->second);
        }
    };

    flow<result<user>> change_user(context& c, secret_string token, std::string object_id, property_map changes) {
        const password_wiper wiper{changes};
        c.silent = !changes.contains("password");
        for (int lost = 0; lost < max_lost_races; ++lost) {
            auto owner = co_await find_session_user(token);
            if (!owner) co_return std::move(owner).error();
            if (owner->object_id != object_id) co_return error::not_permitted;
            if (observer_) c.about.user_id = owner->object_id;
            if (lost == 0 && (changes.contains("password") || changes.contains(config_.identity_column))) {
                auto admitted = co_await admit_credentials(owner->object_id);
                if (!admitted) co_return std::move(admitted).error();
            }
            secret_string new_password;
            auto applied = apply_changes(*owner, changes, config_, new_password);
            if (!applied) co_return std::move(applied).error();
            if (!new_password.empty()) {
                auto hash = co_await call([&] { return passwords_->hash(new_password); });
                detail::wipe(new_password);
                if (!hash) co_return std::move(hash).error();
                owner->password_hash = std::move(*hash);
            }
            owner->updated_at = now();
            const write_result written = co_await call([&] { return storage_.update_user(*owner); });
            if (written == write_result::stale) continue;
            if (written != write_result::done) co_return error::user_exists;
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
        report.findings.push_back(destinations_finding(config_));
        const auto account_request = twilio_.fetch_account();
        auto account_reply = co_await transmit(account_request);
        auto status = account_reply ? twilio::read_account_status(*account_reply)
                                    : result<std::string>(std::move(account_reply).error());
        report.findings.push_back(twilio::credentials_finding(status));
        if (!status) co_return report;
        report.findings.push_back(twilio::account_finding(*status));
        if (const auto sender = phone_number::parse(config_.twilio.sender)) {
            const auto number_request = twilio_.find_number(*sender);
            auto number_reply = co_await transmit(number_request);
            auto number = number_reply ? twilio::read_number(*number_reply)
                                       : result<std::optional<twilio::capabilities>>(std::move(number_reply).error());
            for (auto& f : twilio::sender_findings(number)) report.findings.push_back(std::move(f));
        } else {
            report.findings.push_back(twilio::messaging_service_finding());
        }
        if (config_.unknown_phone == unknown_phone_policy::conceal) {
            const auto nobody = phone_number::parse("+15005550006");  // no message is sent to Twilio's own test number
            const auto look_up = twilio_.find_messages(*nobody);
            auto messages = co_await transmit(look_up);
            report.findings.push_back(twilio::look_up_finding(messages));
        }
        co_return report;
    }

    random_source random_;
    const config config_;
    S& storage_;
    T& transport_;
    std::shared_ptr<C> clock_;
    std::shared_ptr<H> hooks_;
    std::shared_ptr<P> passwords_;
    const twilio::requests twilio_;
    code_deriver codes_;
    token_hasher token_hasher_;
    observer observer_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
