// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_API_HPP
#define PHONEAUTH_REST_API_HPP

#include <string>
#include <utility>

#include <phoneauth/authenticator.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/ip.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/rest/cors.hpp>
#include <phoneauth/rest/detail/call.hpp>
#include <phoneauth/rest/detail/routing.hpp>
#include <phoneauth/rest/options.hpp>
#include <phoneauth/rest/reply.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// The REST endpoints that clients of Backendless's Twilio plugin call, for any server that can hand over a request and
/// send a reply. They are routed under two roots: `/{appId}/{apiKey}/…`, and `/api/…`, which Backendless's SDKs use
/// when they are given a domain of their own. Under the latter no key is sent and none is asked for: a key that sits in
/// every client protects nothing. Empty segments of a path ("//users/login") count as not there; a proxy that has rules
/// about paths must see them so, too.
///
///     GET  /health                          (also without a root) 200 {"status":"ok"}, for load balancers: asks nobody
///     GET  /info
///     POST /users/register                  the user's properties: phoneNumber, email, password, … (step 1); the same
///                                           with transactionId and transactionCode (step 2)
///     POST /users/login                     {login, password}
///     GET  /users/logout
///     GET  /users/isvalidusertoken/{token}
///     GET  /users/userclassprops
///     PUT  /users/{objectId}
///     GET  /data/Users/{objectId}
///     POST /services/Twilio/loginWithPhoneNumber             phoneNumber
///     POST /services/Twilio/loginWithPhoneNumberAndPassword  phoneNumber, password
///     POST /services/Twilio/loginWithCode                    transactionId, code
///     POST /services/Twilio/resendCode                       transactionId
///     POST /services/Twilio/transactionStatus                transactionId
///     POST /services/Twilio/sendMessage                      phoneNumber, message, mediaUrl, options
///     POST /services/Twilio/messageStatus                    for Twilio: `twilio_config::status_callback` ends here
///
/// The rest of an account's life has routes of the same style. Those with an `S` need a session (the header
/// `user-token`); `challenge` is `challenge_json`, as for a login.
///
///     GET    /users/restorepassword/{identity}         → challenge
///     POST   /services/Twilio/restorePassword          phoneNumber → challenge
///     POST   /services/Twilio/resetPassword            transactionId, code, password, and perhaps backupCode → {}
///     POST   /services/Twilio/changePhoneNumber      S phoneNumber → challenge
///     POST   /services/Twilio/confirmPhoneNumber     S transactionId, code → the user
///     POST   /services/Twilio/stepUp                 S → challenge
///     POST   /services/Twilio/confirmStepUp          S transactionId, code → {}
///     POST   /services/Twilio/confirmPassword        S password → {}
///     GET    /users/sessions                         S → [`session_json`, …]
///     DELETE /users/sessions                         S ends all but this one → {"ended": 2}
///     DELETE /users/sessions/{id}                    S → {}
///     POST   /services/Twilio/trustDevice            S → `trusted_device_json`
///     POST   /services/Twilio/loginWithTrustedDevice   phoneNumber, password, deviceToken → as a login
///     POST   /services/Twilio/makeBackupCodes        S → {"backupCodes": ["…", …]}
///     POST   /services/Twilio/loginWithBackupCode      phoneNumber, password, backupCode → as a login
///     POST   /services/Twilio/deleteAccount          S → challenge
///     POST   /services/Twilio/confirmDeletion        S transactionId, code → {}
///     GET    /users/export                           S → `account_json`
///     POST   /services/Twilio/verifyPhoneNumber        phoneNumber, topic (one of `config::topics`) → challenge
///     POST   /services/Twilio/confirmVerification      transactionId, code → `proof_json`
///
/// What a request that has a code sent brings besides its arguments is for the hook `before_message`, as
/// `client_info::extra`: at most 32 members of 8192 bytes together, else nothing.
///
/// Phone numbers and codes may be texts or JSON numbers; a code that is a number gets back the zeros in front of it.
/// sendMessage is off by default; see `options::send_message`. Pages of other origins are refused by default; see
/// `options::allowed_origins`. HEAD is answered where GET is, and does the same. What else Backendless has is `unknown_route`; for
/// `PUT /users/{objectId}/status` with a sentence about what to do instead.
///
/// `Authenticator` is an `authenticator`, or whatever has its functions.
///
/// @par Thread safety
/// That of the authenticator.
///
/// @par Source
/// https://backendless.com/docs/rest/ and, for browsers, https://fetch.spec.whatwg.org/#http-cors-protocol
template <class Authenticator>
class api {
public:
    /// That of the authenticator; see yields.hpp.
    using mode = typename Authenticator::mode;

    /// Keeps a copy of the options.
    ///
    /// @param auth  does the work; must outlive the api
    /// @param o     application id and API key at least
    /// @par Errors
    /// `std::invalid_argument` if the application id or the API key is empty, the application id is "api", a trusted
    /// proxy is neither an address nor a network or is a network in which strangers are, or `trusted_hops` is above 20
    /// or beside `trusted_proxies`.
    api(Authenticator& auth, options o) : auth_(auth), options_(std::move(o)), proxies_(options_.trusted_proxies) {
        detail::check_options(options_);
    }

    api(const api&) = delete;
    api& operator=(const api&) = delete;

    /// Answers a request.
    ///
    /// @param request  its `url` is a path with or without a query, as in the request line; its header names are in any
    ///     case; its body has up to `options::max_body_bytes` bytes
    /// @param peer     the address at the other end of the connection, in any form that `client_info::address` may have:
    ///     the client's, or that of a trusted proxy that says whose request it is (see `options::trusted_proxies`). If
    ///     it is empty, nothing is limited by client. If another peer sends `options::forwarding_header`, its address
    ///     counts as one that many clients share; see `client_info::shared_address`.
    /// @return the `reply`, in asynchronous mode an awaitable of it. It has a JSON body; only that to OPTIONS, a
    ///     browser's preflight, has none. A server must not send the body in answer to HEAD.
    /// @par Errors
    /// Errors are replies, too, with code and status as in `error_codes`. Its own are `unknown_route`;
    /// `method_not_allowed` (with the header Allow); `wrong_application` (neither root); `body_too_large` (above
    /// `max_body_bytes` or `max_json_depth`); `unparsable_body`; `no_properties`; `missing_parameter`;
    /// `property_required`; `login_required`; `invalid_parameter` (also for a percent sequence in the path that is
    /// broken, or stands for a letter or a digit); `send_message_disabled`; `not_permitted` (a page of an origin that is
    /// not among `options::allowed_origins`, another user's object, an option that is not for users). All others
    /// are the authenticator's. Throws nothing but `std::bad_alloc`, when there is not even memory to begin.
    /// @par Cancellation
    /// That of the authenticator's function that the route calls; a cancelled request is answered with `cancelled`.
    auto handle(http_request request, std::string peer = {}) {
        return mode::finish(serve(std::move(request), std::move(peer)));
    }

private:
    using call = detail::call;
    using operation = detail::operation;

    /// The only coroutine: they are what is dear to compile.
    typename mode::template flow<reply> serve(http_request request, std::string peer) {
        auto made = detail::read_call(request, peer, options_, proxies_, settings());
        if (made.needs_sender) {
            auto sender = co_await mode::call([&] { return owner(made); });
            detail::admit_sender(made, sender);
        }
        switch (made.asked) {
        case operation::nothing:
            break;
        case operation::start_registration:
        case operation::start_login:
        case operation::start_two_factor_login:
        case operation::resend:
        case operation::start_phone_change:
        case operation::start_password_reset:
        case operation::start_password_reset_of:
        case operation::start_step_up:
        case operation::start_deletion:
        case operation::start_verification: {
            auto outcome = co_await mode::call([&] { return challenge_for(made); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::login_with_identity:
        case operation::login_with_backup_code:
        case operation::login_with_trusted_device:
        case operation::finish_login: {
            auto outcome = co_await mode::call([&] { return login(made); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::finish_registration:
        case operation::check_token:
        case operation::find_user:
        case operation::update_user:
        case operation::finish_phone_change:
        case operation::finish_password_reset:
        case operation::finish_step_up:
        case operation::confirm_password: {
            auto outcome = co_await mode::call([&] { return user_for(made); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::logout: {
            auto outcome = co_await mode::call(
                [&] { return auth_.logout(session_token(std::move(made.token)), std::move(made.from)); });
            detail::answer(made, outcome ? result<void>() : outcome.error());
            break;
        }
        case operation::end_session:
        case operation::finish_deletion: {
            auto outcome = co_await mode::call([&] { return end(made); });
            detail::answer(made, outcome);
            break;
        }
        case operation::end_other_sessions: {
            auto outcome = co_await mode::call(
                [&] { return auth_.end_other_sessions(session_token(std::move(made.token)), std::move(made.from)); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::list_sessions: {
            auto outcome =
                co_await mode::call([&] { return auth_.list_sessions(session_token(std::move(made.token))); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::trust_device: {
            auto outcome = co_await mode::call(
                [&] { return auth_.trust_device(session_token(std::move(made.token)), std::move(made.from)); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::make_backup_codes: {
            auto outcome = co_await mode::call(
                [&] { return auth_.make_backup_codes(session_token(std::move(made.token)), std::move(made.from)); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::export_account: {
            auto outcome = co_await mode::call(
                [&] { return auth_.export_account(session_token(std::move(made.token)), std::move(made.from)); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::finish_verification: {
            auto outcome = co_await mode::call([&] {
                return auth_.finish_verification(transaction_id(std::move(made.transaction_id)),
                                                 submitted_code(std::move(made.code)), std::move(made.from));
            });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::take_report: {
            auto outcome = co_await mode::call([&] { return auth_.handle_status_callback(std::move(made.report)); });
            detail::answer(made, outcome ? result<void>() : outcome.error());
            break;
        }
        case operation::tell_status: {
            auto outcome =
                co_await mode::call([&] { return auth_.status(transaction_id(std::move(made.transaction_id))); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::send_message: {
            auto outcome =
                co_await mode::call([&] { return auth_.send_message(std::move(made.message), std::move(made.from)); });
            detail::answer(made, outcome, settings());
            break;
        }
        }
        add_cors_headers(made.reply, request, options_);
        phoneauth::detail::wipe(request.url);  // it may hold a token
        co_return std::move(made.reply);
    }

    // -- the authenticator's functions, by what they return

    const config& settings() const { return auth_.config(); }

    auto challenge_for(call& c) {
        switch (c.asked) {
        case operation::start_registration:
            return auth_.start_registration(std::move(c.phone), std::move(c.from));
        case operation::start_login:
            return auth_.start_login(std::move(c.phone), std::move(c.from));
        case operation::start_two_factor_login:
            return auth_.start_two_factor_login(std::move(c.phone), password(std::move(c.password)), std::move(c.from));
        case operation::start_phone_change:
            return auth_.start_phone_change(session_token(std::move(c.token)), std::move(c.phone), std::move(c.from));
        case operation::start_password_reset:
            return auth_.start_password_reset(std::move(c.phone), std::move(c.from));
        case operation::start_password_reset_of:
            return auth_.start_password_reset_of(std::move(c.identity), std::move(c.from));
        case operation::start_step_up:
            return auth_.start_step_up(session_token(std::move(c.token)), std::move(c.from));
        case operation::start_deletion:
            return auth_.start_deletion(session_token(std::move(c.token)), std::move(c.from));
        case operation::start_verification:
            return auth_.start_verification(std::move(c.phone), std::move(c.topic), std::move(c.from));
        default:
            return auth_.resend(transaction_id(std::move(c.transaction_id)), std::move(c.from));
        }
    }

    auto login(call& c) {
        switch (c.asked) {
        case operation::finish_login:
            return auth_.finish_login(transaction_id(std::move(c.transaction_id)), submitted_code(std::move(c.code)),
                                      std::move(c.from));
        case operation::login_with_backup_code:
            return auth_.login_with_backup_code(std::move(c.phone), password(std::move(c.password)),
                                                backup_code(std::move(c.backup_code)), std::move(c.from));
        case operation::login_with_trusted_device:
            return auth_.login_with_trusted_device(std::move(c.phone), password(std::move(c.password)),
                                                   device_token(std::move(c.device_token)), std::move(c.from));
        default:
            break;
        }
        return auth_.login_with_identity(std::move(c.identity), password(std::move(c.password)), std::move(c.from));
    }

    auto owner(call& c) {
        return auth_.authenticate(session_token(std::move(c.asked == operation::check_token ? c.captured : c.token)));
    }

    auto user_for(call& c) {
        switch (c.asked) {
        case operation::finish_registration:
            return auth_.finish_registration(std::move(c.registration), std::move(c.from));
        case operation::update_user:
            return auth_.update_user(session_token(std::move(c.token)), std::move(c.captured), std::move(c.changes),
                                     std::move(c.from));
        case operation::finish_phone_change:
            return auth_.finish_phone_change(session_token(std::move(c.token)),
                                             transaction_id(std::move(c.transaction_id)),
                                             submitted_code(std::move(c.code)), std::move(c.from));
        case operation::finish_password_reset:
            return auth_.finish_password_reset(transaction_id(std::move(c.transaction_id)),
                                               submitted_code(std::move(c.code)), password(std::move(c.password)),
                                               backup_code(std::move(c.backup_code)), std::move(c.from));
        case operation::finish_step_up:
            return auth_.finish_step_up(session_token(std::move(c.token)), transaction_id(std::move(c.transaction_id)),
                                        submitted_code(std::move(c.code)), std::move(c.from));
        case operation::confirm_password:
            return auth_.confirm_password(session_token(std::move(c.token)), password(std::move(c.password)),
                                          std::move(c.from));
        default:
            return owner(c);
        }
    }

    auto end(call& c) {
        if (c.asked == operation::end_session)
            return auth_.end_session(session_token(std::move(c.token)), std::move(c.captured), std::move(c.from));
        return auth_.finish_deletion(session_token(std::move(c.token)), transaction_id(std::move(c.transaction_id)),
                                     submitted_code(std::move(c.code)), std::move(c.from));
    }

    Authenticator& auth_;
    const options options_;
    const phoneauth::detail::trusted_networks proxies_;
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
