// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_AUTHENTICATOR_HPP
#define PHONEAUTH_AUTHENTICATOR_HPP

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/detail/check_policies.hpp>
#include <phoneauth/facade/account_functions.hpp>
#include <phoneauth/facade/operator_functions.hpp>
#include <phoneauth/facade/session_functions.hpp>
#include <phoneauth/flows/adapter.hpp>
#include <phoneauth/flows/flows.hpp>
#include <phoneauth/login_result.hpp>
#include <phoneauth/policies.hpp>
#include <phoneauth/proof.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/status_callback.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {

/// Phone-verified registration, login by code, two-factor login and messages, over an integrator's storage, transport
/// and clock.
///
///     phoneauth::authenticator auth(config, storage, transport);                   // the least
///     phoneauth::authenticator auth(config, storage, transport, hooks, counters);  // what else there is, in any order
///
/// `S` is a `Storage`, `T` an `HttpTransport`; `Options` are what policies.hpp lists as optional, each at most once: a
/// `Clock`, `Hooks`, a `PasswordHasher`, an `Observer`. By default they are the system's clock, no hooks, scrypt (in
/// asynchronous mode on threads of its own), and no observer.
///
/// @par Mode
/// If every policy function returns a plain value, each function here returns `result<X>` and does its work on the
/// caller's thread. If some return an awaitable (asio/awaitable.hpp), each function returns an awaitable of
/// `result<X>`; given a completion token as one more argument, it does what the token says, as every asynchronous
/// operation of Asio, with a handler `void(result<X>)`. It runs on the executor of the first policy of transport and
/// storage that has `get_executor()`.
///
/// @par Errors
/// Besides what each function lists, all can fail with `storage_unavailable`, `overloaded`, `internal` and `cancelled`,
/// and those that send messages with `provider_refused`, `provider_misconfigured`, `provider_busy`,
/// `provider_unreachable` (nothing was sent then). Nothing throws but the constructor, and `std::bad_alloc` when there
/// is not even memory to begin. What a policy throws becomes `no_answer` (a transport), else `overloaded`
/// (`std::bad_alloc`), `cancelled` (`std::errc::operation_canceled`) or `storage_unavailable`.
///
/// @par Limits
/// Limits and observers go by the parameter `from`, the client that asks; see `config`. A code is only sent if all its
/// tries, those of the codes that are still open, and the failures so far fit into `config::max_consecutive_failures`.
/// With the defaults strangers may have 3 codes of a phone open, and each known network 2. One more is
/// `too_many_messages`.
///
/// @par Provider
/// When Twilio has had too many requests (429), or says when to come back (503 with Retry-After), this authenticator
/// leaves it alone for as long as it asks, an hour at most, or five seconds if a 429 does not say: whatever would send a
/// message, or pretend to, fails with `provider_busy` and `retry_after` meanwhile. `test_configuration` asks all the same.
///
/// What Twilio refuses because of the credentials, the account or the sender is `provider_misconfigured`, for whatever
/// would pretend to send a message, too, until a message is accepted; the observer is told `sender_trouble`, and no
/// limit counts it. See `twilio::error_codes`.
///
/// @par Thread safety
/// Distinct and shared objects are safe, if the policies are.
///
/// @par Lifetime
/// The policies must outlive the authenticator, and the authenticator every call and awaitable. Parameters are taken by
/// value: nothing that the caller passes needs to outlive the call.
///
/// @par Round trips
/// Each call of a storage function is at most one to its database (in Redis a logout is two). A flow that goes well
/// makes these calls, one after the other (u: of the users, s: of the sessions):
///
///     start_registration 2        start_login 2 + 1u              start_two_factor_login 3 + 1u     resend 3
///     finish_registration 3 + 1u  finish_login 3 + 2u + 1s        login_with_identity 3 + 2u + 1s   send_message 1
///     authenticate 1u + 1s        update_user 1 + 2u + 1s         logout 1s                         status 1
///     handle_status_callback 2    end_sessions 2u + 1s            unlock 1 + 1u
///     start_password_reset 2 + 1u        start_password_reset_of 3 + 1u    finish_password_reset 3 + 2u + 1s
///     start_verification 2               finish_verification 3             redeem_proof 2
///     make_backup_codes 1 + 2u + 1s      login_with_backup_code 6 + 3u + 1s
///     require_recent 1u + 1s             list_sessions 1u + 2s             end_session 1u + 3s
///     start_step_up 2 + 1u + 1s          finish_step_up 3 + 1u + 2s        confirm_password 2 + 1u + 2s
///     trust_device 1 + 2u + 3s           login_with_trusted_device 3 + 2u + 3s
///     end_other_sessions 1u + 3s
///
/// `update_user` with the current password makes 2 more, and for a new password 1 + 2s more. A notice by SMS is 1 more; a
/// reset that needs a backup code, 3 + 1u more; a login that makes its user, 2u more. A password whose hash
/// is made anew (see `PasswordHasher`) costs `start_two_factor_login` and `login_with_identity` 1u more, once. Each function
/// that takes a session token makes 1s more when its use is noted, every five minutes (see `config::session_idle_timeout`);
/// with `config::max_sessions_per_user` a login makes 1s more, and 1s for each session that it ends.
///
/// @par Cancellation
/// In asynchronous mode, terminal. A cancelled flow ends with `cancelled`, or with its result if that was certain
/// already. A code whose message may have been sent stays valid; nothing is left half done.
template <class S, class T, class... Options>
class authenticator : public facade::session_functions<authenticator<S, T, Options...>>,
                      public facade::account_functions<authenticator<S, T, Options...>>,
                      public facade::operator_functions<authenticator<S, T, Options...>> {
    static_assert(detail::check_storage<S>());
    static_assert(detail::check_transport<T>());
    static_assert((detail::check_option<Options>() && ...));
    static_assert(detail::at_most_one_of_each<Options...>());

public:
    /// How the flows run; see yields.hpp.
    using mode = flows::mode_of_policies<S, T, Options...>;

    /// Keeps a copy of the configuration and references to the policies.
    /// Throws `config_error`, which lists everything that is wrong with `c`, and `std::runtime_error` when OpenSSL has
    /// no randomness for a key.
    authenticator(phoneauth::config c, S& storage, T& transport, Options&... options)
        : policies_(storage, transport, options...),
          parts_(flows::make_parts<mode>(std::move(c), policies_, is_process_local<S>)) {}

    authenticator(const authenticator&) = delete;
    authenticator& operator=(const authenticator&) = delete;

    /// The configuration in force. Lives as long as this object.
    const phoneauth::config& config() const noexcept { return flows::config_of(*parts_); }

    /// First step of a registration: sends a code to a phone, whether or not somebody has registered it.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `registration_disabled`; `invalid_phone_number`; `destination_not_allowed`; with `retry_after`
    /// `too_many_failures`, `too_many_messages` and `resend_too_soon`.
    template <class... Token>
    auto start_registration(std::string phone, client_info from = {}, Token&&... token) {
        return give(registration_.start(std::move(phone), std::move(from)), std::forward<Token>(token)...);
    }

    /// Second step of a registration: the code proves the phone, and the user is made. What is wrong with the user's
    /// data is told before the code is looked at. If the code is right but the user cannot be made (the identity is
    /// taken, a hook refuses), the same code can come again with other data; that counts as a try. It cannot after a
    /// `storage_unavailable` that leaves open whether the user is stored.
    ///
    /// @param r      what the user sends
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// Of the data: `registration_disabled`, `invalid_phone_number`, `destination_not_allowed`, `identity_required`,
    /// `invalid_email`, `password_required`, `invalid_password`, `reserved_property`, `invalid_parameter`. Of the code:
    /// `no_transaction`, `phone_mismatch`, `wrong_code` (with `tries_left`), `tries_exhausted`, `code_expired`,
    /// `code_used`, `transaction_failed`. After it: `user_exists`, and the hook's own failure.
    template <class... Token>
    auto finish_registration(phoneauth::registration r, client_info from = {}, Token&&... token) {
        return give(registration_.finish(std::move(r), std::move(from)), std::forward<Token>(token)...);
    }

    /// First step of a login by code alone: sends a code to the phone of a user. For a phone that no user has the
    /// result looks the same, but no message is sent; with `unknown_phone_policy::reject` it is `unknown_phone`, and
    /// with `unknown_phone_policy::sign_up` a code is sent all the same. While unknown phones are concealed, what
    /// Twilio refuses because of the phone or the message is told to the observer only.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `login_disabled` (also by `config::code_login_enabled`); `invalid_phone_number`; `destination_not_allowed`;
    /// `unknown_phone`; with `retry_after` `too_many_failures`, `too_many_messages` and `resend_too_soon`.
    template <class... Token>
    auto start_login(std::string phone, client_info from = {}, Token&&... token) {
        return give(login_.start(std::move(phone), std::nullopt, std::move(from)), std::forward<Token>(token)...);
    }

    /// First step of a two-factor login: sends a code if the password is the user's. An unknown phone and a wrong
    /// password are one error and take the same time.
    ///
    /// @param phone   as people type it; see `phone_number::parse`
    /// @param secret  the user's password, byte for byte (see `config::min_password_length` about NFC)
    /// @param from    the client that asks
    /// @param token   asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `login_disabled`; `invalid_phone_number`; `destination_not_allowed`; `invalid_login`; with `retry_after`
    /// `too_many_failures` and `too_many_messages`.
    template <class... Token>
    auto start_two_factor_login(std::string phone, password secret, client_info from = {}, Token&&... token) {
        return give(login_.start(std::move(phone), std::move(secret), std::move(from)), std::forward<Token>(token)...);
    }

    /// Second step of either login. The code is spent by it. With `unknown_phone_policy::sign_up` it makes the user of
    /// a phone that nobody had, as `finish_registration` does, but without a password and further properties; whoever
    /// has registered the phone meanwhile is logged in.
    ///
    /// @param id     of the challenge
    /// @param code   as the user typed it
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `login_result`: the user and the token of a new session
    /// @par Errors
    /// `invalid_parameter` (not as many digits as a code has); `no_transaction`; `wrong_code` (with `tries_left`);
    /// `tries_exhausted`; `code_expired`; `code_used`; `transaction_failed`; `account_disabled`; `invalid_login` (the
    /// user was disabled, deleted or given another password meanwhile); `login_disabled` (since the first step); the
    /// hooks' own failures.
    template <class... Token>
    auto finish_login(transaction_id id, submitted_code code, client_info from = {}, Token&&... token) {
        return give(login_.finish(std::move(id), std::move(code), std::move(from)), std::forward<Token>(token)...);
    }

    /// Login with identity and password alone, without a second factor; off unless `config::identity_login_enabled`.
    ///
    /// @param identity  the value of `config::identity_column`
    /// @param secret    the user's password
    /// @param from      the client that asks
    /// @param token     asynchronous mode: a completion token, or nothing
    /// @return the `login_result`: the user and the token of a new session
    /// @par Errors
    /// `login_disabled`; `invalid_login`; `too_many_failures` (with `retry_after`); `account_disabled`; the hook's own
    /// failure.
    template <class... Token>
    auto login_with_identity(std::string identity, password secret, client_info from = {}, Token&&... token) {
        return give(login_.with_identity(std::move(identity), std::move(secret), std::move(from)),
                    std::forward<Token>(token)...);
    }

    /// Sends the same code of a pending transaction again. Its expiry and its tries stay.
    ///
    /// @param id     of the challenge
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `no_transaction`; `resend_too_soon` (with `retry_after`); `too_many_messages` (with `retry_after`, unless this
    /// transaction has had all its messages); `code_expired`, also in the last 10 s, in which no message would arrive, but
    /// the code is still good; `code_used`; `tries_exhausted`; `transaction_failed`.
    template <class... Token>
    auto resend(transaction_id id, client_info from = {}, Token&&... token) {
        return give(codes_.resend(std::move(id), std::move(from)), std::forward<Token>(token)...);
    }

    /// How a transaction stands.
    ///
    /// @param id     of the challenge
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `transaction_status`
    /// @par Errors
    /// `no_transaction`.
    template <class... Token>
    auto status(transaction_id id, Token&&... token) {
        return give(codes_.status(std::move(id)), std::forward<Token>(token)...);
    }

    /// Takes a request that came to `twilio_config::status_callback`, and notes what it says about a transaction's
    /// message. A report about a transaction that is not known any more is no error: Twilio would repeat it.
    ///
    /// @param r      the request
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `callback_outcome`
    /// @par Errors
    /// `invalid_signature`; `unparsable_body`; `body_too_large`.
    template <class... Token>
    auto handle_status_callback(status_callback r, Token&&... token) {
        return give(codes_.handle_status_callback(std::move(r)), std::forward<Token>(token)...);
    }

    /// First step of a verification: sends a code for a purpose of the integrator's own to any phone, whether or not
    /// somebody has registered it.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param topic  what for: the name of one of `config::topics`. The code is good for nothing else
    /// @param from   the client that asks; `client_info::user_id` is whom the proof will name
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `invalid_parameter` (no such topic); `invalid_phone_number`; `destination_not_allowed`; with `retry_after`
    /// `too_many_failures`, `too_many_messages` and `resend_too_soon`: it has the limits of registrations.
    template <class... Token>
    auto start_verification(std::string phone, std::string topic, client_info from = {}, Token&&... token) {
        return give(verification_.start(std::move(phone), std::move(topic), std::move(from)),
                    std::forward<Token>(token)...);
    }

    /// Second step of a verification. The code is spent by it.
    ///
    /// @param id     of the challenge
    /// @param code   as the user typed it
    /// @param from   the client that asks; its `client_info::user_id` has to be that of the first step
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `proof`, with a token for `redeem_proof`. It goes to the client, if another request is to bring it back
    /// @par Errors
    /// `invalid_parameter` (not as many digits as a code has); `no_transaction`; `wrong_code` (with `tries_left`);
    /// `tries_exhausted`; `code_expired`; `code_used`; `transaction_failed`.
    template <class... Token>
    auto finish_verification(transaction_id id, submitted_code code, client_info from = {}, Token&&... token) {
        return give(verification_.finish(std::move(id), std::move(code), std::move(from)),
                    std::forward<Token>(token)...);
    }

    /// Uses a proof up: of all who bring it, however many come at once, one gets success. Whoever does what the proof
    /// is for compares `proof::phone` and `proof::user_id` with those that they do it for.
    ///
    /// @param shown  the token that `finish_verification` gave, as the client sent it
    /// @param topic  what it is wanted for: it must be what the code was for
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `proof`, without a token
    /// @par Errors
    /// `invalid_proof` (there is no such proof, it is for another topic, `config::proof_lifetime` is over, it was
    /// used). After a `storage_unavailable` it may have been used.
    template <class... Token>
    auto redeem_proof(proof_token shown, std::string topic, Token&&... token) {
        return give(verification_.redeem(std::move(shown), std::move(topic)), std::forward<Token>(token)...);
    }

    /// Sends any message. Who may do so is for the caller to decide: each message is paid for.
    ///
    /// @param m      the message
    /// @param from   the client that asks; with `client_info::user_id`, that user's limit takes the place of the
    ///               network's
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `sent_message`: Twilio's resource
    /// @par Errors
    /// `invalid_phone_number`; `destination_not_allowed`; `missing_parameter`; `message_too_long`; `invalid_media_url`;
    /// `invalid_parameter` (also for a StatusCallback below `twilio_config::status_callback`); `too_many_messages`;
    /// `no_answer` and `bad_provider_reply` (it may have been sent).
    template <class... Token>
    auto send_message(text_message m, client_info from = {}, Token&&... token) {
        return give(messages_.send(std::move(m), std::move(from)), std::forward<Token>(token)...);
    }

    /// Asks Twilio whether the credentials work, what they may do, whether the account is active or on trial, whether the
    /// account has the sender and the sender can send SMS and MMS, and to which countries it may send; compares the
    /// clock with Twilio's; and says what is risky in the configuration. Each finding has its remedy: see `finding`.
    /// What an API key may not look up (a standard one: the account) is not known, and nothing that stands in the way.
    /// Sends no message. It makes 4 to 10 requests, one after the other, so who may call it is for the caller to decide.
    ///
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `configuration_report`
    /// @par Errors
    /// None: what goes wrong is among the findings.
    template <class... Token>
    auto test_configuration(Token&&... token) {
        return give(messages_.test_configuration(), std::forward<Token>(token)...);
    }

private:
    /// @cond
    friend facade::session_functions<authenticator>;
    friend facade::account_functions<authenticator>;
    friend facade::operator_functions<authenticator>;
    /// @endcond

    /// What a flow returned, or what a completion token makes of it.
    template <class Returned>
    Returned give(Returned returned) {
        return returned;
    }
    template <class Returned, class Token>
    auto give(Returned returned, Token&& token) {
        return mode::initiate(policies_.executor(), std::move(returned), std::forward<Token>(token));
    }

    flows::adapter<mode, S, T, Options...> policies_;
    std::shared_ptr<flows::parts<mode>> parts_;
    flows::codes<mode> codes_{*parts_};
    flows::registration<mode> registration_{*parts_, codes_};
    flows::login<mode> login_{*parts_, codes_, registration_};
    flows::sessions<mode> sessions_{*parts_};
    flows::step_up<mode> step_up_{*parts_, codes_, sessions_};
    flows::profile<mode> profile_{*parts_, codes_, sessions_};
    flows::devices<mode> devices_{*parts_, login_, sessions_};
    flows::recovery<mode> recovery_{*parts_, codes_, login_, sessions_};
    flows::leaving<mode> leaving_{*parts_, codes_, sessions_};
    flows::verification<mode> verification_{*parts_, codes_};
    flows::operators<mode> operators_{*parts_, sessions_};
    flows::messages<mode> messages_{*parts_};
};

}  // namespace v0
}  // namespace phoneauth

#endif
