// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_MESSAGES_HPP
#define PHONEAUTH_FLOWS_MESSAGES_HPP

#include <phoneauth/client_info.hpp>
#include <phoneauth/configuration_report.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/twilio/test_replies.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What goes to Twilio without a transaction: messages, and the test of the configuration. Thread-safe.
template <class Mode>
class messages {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// `p` must outlive this.
    explicit messages(parts<Mode>& p) noexcept : p_(p) {}

    /// See `authenticator::send_message`.
    returned<sent_message> send(text_message m, client_info from);
    /// See `authenticator::test_configuration`.
    returned<configuration_report> test_configuration();

private:
    flow<result<sent_message>> send_any(context& c, text_message m);
    flow<result<configuration_report>> inspect();
    flow<result<void>> ask_about_account(twilio::test_replies& replies);
    flow<result<void>> ask_about_sender(twilio::test_replies& replies);

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/messages.ipp>
#endif

#endif
