// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CODE_MESSAGE_HPP
#define PHONEAUTH_CODE_MESSAGE_HPP

#include <string_view>

#include <phoneauth/client_info.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {

/// A message with a code that is about to be sent, or to be pretended: what a hook may know of it. It does not tell
/// whether somebody has the phone.
struct code_message {
    const phone_number& to;           ///< where to
    phoneauth::purpose purpose;       ///< what its code is for
    std::string_view topic;           ///< see `transaction::topic`
    bool again;                       ///< the code was sent before
    const client_info& from;          ///< who asks; `client_info::extra` has what else came with the request
    text_message::option_list added;  ///< to be filled: further parameters of Twilio's, as `text_message::options`
};

}  // namespace v0
}  // namespace phoneauth

#endif
