// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_DETAIL_CALL_HPP
#define PHONEAUTH_REST_DETAIL_CALL_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/account_data.hpp>
#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/config.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/detail/ip.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/login_result.hpp>
#include <phoneauth/proof.hpp>
#include <phoneauth/registration.hpp>
#include <phoneauth/rest/options.hpp>
#include <phoneauth/rest/reply.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/status_callback.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/transaction.hpp>
#include <phoneauth/user.hpp>

// All of an `api` that does not depend on its authenticator: from the request to the call, and from the call's outcome
// to the reply.

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// What is asked of the authenticator.
enum class operation {
    nothing,  ///< the reply is there already
    start_registration,
    finish_registration,
    start_login,
    start_two_factor_login,
    login_with_identity,
    finish_login,
    resend,
    tell_status,
    logout,
    check_token,
    find_user,
    update_user,
    send_message,
    take_report,
    start_phone_change,
    finish_phone_change,
    start_password_reset,
    start_password_reset_of,
    finish_password_reset,
    make_backup_codes,
    login_with_backup_code,
    list_sessions,
    end_session,
    end_other_sessions,
    start_step_up,
    finish_step_up,
    confirm_password,
    trust_device,
    login_with_trusted_device,
    start_deletion,
    finish_deletion,
    export_account,
    start_verification,
    finish_verification
};

/// A request that was read: what is asked of the authenticator, with which arguments, and at last the reply.
struct call {
    operation asked = operation::nothing;
    bool needs_sender = false;      ///< whose `token` it is must be asked first; then `admit_sender`
    result<void> argument_error{};  ///< to be told once the sender is known
    client_info from{};
    secret_string token{};     ///< of the session; empty if there is none
    secret_string captured{};  ///< what the path had at the route's "*"
    std::string phone{};
    std::string identity{};
    std::string transaction_id{};
    secret_string password{};
    secret_string code{};
    secret_string backup_code{};
    secret_string device_token{};
    std::string topic{};
    phoneauth::registration registration{};
    property_map changes{};
    text_message message{};
    status_callback report{};
    rest::reply reply{};
};

/// Finds the route of `request`, which came from `peer`, and reads its arguments. What is wrong with it is the reply.
/// `proxies` are those of `o`.
PHONEAUTH_DECL call read_call(const http_request& request, std::string_view peer, const options& o,
                              const phoneauth::detail::trusted_networks& proxies, const config& c);

/// Lets the user send the message whose session it is, or refuses.
PHONEAUTH_DECL void admit_sender(call& made, const result<user>& sender);

// What the authenticator answered becomes the reply.

PHONEAUTH_DECL void answer(call& made, const result<challenge>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<login_result>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<user>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<transaction_status>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<sent_message>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<std::vector<session_info>>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<std::size_t>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<trusted_device>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<std::vector<backup_code>>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<account_data>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<proof>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<void>& outcome);

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rest/detail/call.ipp>
#endif

#endif
