// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_NOTICES_HPP
#define PHONEAUTH_FLOWS_NOTICES_HPP

#include <string>
#include <utility>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/limiter.hpp>
#include <phoneauth/flows/messenger.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/twilio/segments.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Tells users by SMS what was done to their account. Thread-safe.
template <class Mode>
class notices {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive this.
    notices(ports<Mode>& p, const config& c, const reporter& r, limiter<Mode>& l, messenger<Mode>& m) noexcept
        : ports_(p), config_(c), reporter_(r), limiter_(l), messenger_(m) {}

    /// Sends `text` to a phone, if it is not empty: on the server's own account, within its budget for notices. What it
    /// was for is done, so nothing that goes wrong here fails it; the observer is told.
    flow<bool> tell(context& c, const phone_number& to, const std::string& text) {
        if (text.empty() || rules::find_test_number(to, config_)) co_return false;
        try {
            const text_message m(std::string(to.str()), text);
            const auto request = messenger_.twilio().create_message(to, m);
            const rules::client_networks nobody;
            const auto limits = rules::message_limits(to, nobody, {}, twilio::message_units(m), config_, ports_.now());
            const auto granted = co_await limiter_.take(c, limits);
            result<void> sent = granted.granted ? result<void>() : limits.judge(granted);
            if (sent) {
                auto answered = co_await messenger_.send(c, *request, false);
                if (!answered && twilio::certainly_not_sent(answered.error()))
                    co_await limiter_.give_back(limits, granted);
                if (!answered) sent = std::move(answered).error();
            }
            if (!sent) reporter_.tell_failure(c, sent.error());
            co_return sent.has_value();
        } catch (...) {
            co_return false;
        }
    }

private:
    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
    limiter<Mode>& limiter_;
    messenger<Mode>& messenger_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
