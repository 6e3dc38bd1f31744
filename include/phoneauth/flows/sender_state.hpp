// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SENDER_STATE_HPP
#define PHONEAUTH_FLOWS_SENDER_STATE_HPP

#include <atomic>
#include <chrono>
#include <optional>
#include <string>

#include <phoneauth/result.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/twilio/error_codes.hpp>
#include <phoneauth/twilio/senders.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whether the configured sender can send at all, as far as the last messages tell. Nobody sends a message for an unknown
/// phone, so whoever asks for one learns from here that none could leave.
///
/// Only what is true of everybody's messages counts: what depends on where a message goes could be brought about by
/// strangers, who would then see whose messages leave nevertheless. It lasts until a message is accepted: if time alone
/// ended it, the next failure would tell whose phone it was for. Thread-safe.
class sender_state {
public:
    /// While no message can leave, Twilio is asked once in so long whether that is still so.
    static constexpr std::chrono::seconds probe_interval{2};

    /// `sender`: `twilio_config::sender`.
    explicit sender_state(std::string_view sender) : kind_(twilio::kind_of_sender(sender)) {}

    /// Whether a message from the configured sender that failed with `why` would have failed whoever it was for.
    bool is_everybodys(const failure& why) const noexcept {
        if (why.code != error::provider_misconfigured) return false;
        const auto* row = why.twilio_code ? twilio::find_error_code(*why.twilio_code) : nullptr;
        return !row || twilio::reach_of(*row, kind_) == twilio::reach::everybody;
    }

    /// A message from the configured sender was accepted.
    void accepted() noexcept {
        is_unclear_ = false;
        code_ = none;
    }

    /// A message from the configured sender failed with `why`, at the time `now`.
    void failed(const failure& why, time_point now) noexcept {
        is_unclear_ = why.code == error::bad_provider_reply;
        if (!is_everybodys(why)) return;
        code_ = why.twilio_code.value_or(unnamed);
        last_probe_ = now;
    }

    /// What a message fails with, if it does: word for word what Twilio's reply was made into.
    std::optional<failure> trouble() const {
        const int code = code_;
        if (code == none) return std::nullopt;
        failure f(error::provider_misconfigured);
        if (const auto* row = twilio::find_error_code(code)) f = failure(row->meaning, std::string(row->text));
        if (code != unnamed) f.twilio_code = code;
        return f;
    }

    /// The same for whoever is about to ask Twilio, whoever they ask for; empty for one of them in `probe_interval`, who
    /// has to find out whether it is still so. So nobody can have Twilio asked as often as they like.
    std::optional<failure> trouble_unless_probed(time_point now) {
        auto f = trouble();
        if (!f) return f;
        auto last = last_probe_.load();
        // A clock that was set back must not end the probes.
        if (now >= last && now - last < probe_interval) return f;
        if (!last_probe_.compare_exchange_strong(last, now)) return f;
        return std::nullopt;
    }

    /// Whether what was answered to the last message was not Twilio's (a proxy's page, say), so that the next one may not
    /// arrive either.
    bool is_unclear() const noexcept { return is_unclear_; }

private:
    static constexpr int none = 0, unnamed = -1;

    const twilio::sender_kind kind_;
    std::atomic<bool> is_unclear_{false};
    std::atomic<int> code_{none};  ///< Twilio's, or one of the two above
    std::atomic<time_point> last_probe_{};
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
