// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_SENDER_STATE_HPP
#define PHONEAUTH_FLOWS_SENDER_STATE_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/twilio/error_codes.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whether the configured sender can send, as far as the last messages tell. Nobody sends a message for an unknown
/// phone, so whoever asks for one learns from here that none could leave.
///
/// What Twilio says of the sender may be true of one country only, which strangers choose. So such a failure counts for
/// numbers with the same four first digits, and for all while no message at all has been accepted. It lasts until a
/// message is accepted: if time alone ended it, the next failure would tell whose phone it was for.
///
/// It takes about 10 KB. Thread-safe.
class sender_state {
public:
    /// A message from the configured sender to `to` was accepted.
    void accepted(const phone_number& to) noexcept {
        has_worked_ = true;
        is_unclear_ = false;
        everybody_ = 0;
        destinations_[destination_of(to)] = 0;
    }

    /// A message from the configured sender to `to` failed with `why`.
    void failed(const phone_number& to, const failure& why) noexcept {
        is_unclear_ = why.code == error::bad_provider_reply;
        const auto* row = why.twilio_code ? twilio::find_error_code(*why.twilio_code) : nullptr;
        if (!row || why.code != error::provider_misconfigured || row->whom == twilio::reach::one) return;
        const auto number = static_cast<std::uint8_t>(row - twilio::error_codes.data() + 1);
        if (row->whom == twilio::reach::everybody || !has_worked_) everybody_ = number;
        if (row->whom == twilio::reach::destination) destinations_[destination_of(to)] = number;
    }

    /// What a message to `to` fails with, if it does: word for word what Twilio's reply was made into.
    std::optional<failure> trouble(const phone_number& to) const {
        const std::size_t of_all = everybody_;
        const std::size_t number = of_all != 0 ? of_all : destinations_[destination_of(to)].load();
        if (number == 0) return std::nullopt;
        const auto& row = twilio::error_codes[number - 1];
        failure f(row.meaning, std::string(row.text));
        f.twilio_code = row.code;
        return f;
    }

    /// Whether what was answered to the last message was not Twilio's (a proxy's page, say), so that the next one may not
    /// arrive either.
    bool is_unclear() const noexcept { return is_unclear_; }

private:
    static constexpr std::size_t digits = 4;
    static_assert(twilio::error_codes.size() < 256);

    static std::size_t destination_of(const phone_number& to) noexcept {
        std::size_t prefix = 0;
        for (const char c : to.str().substr(1, digits)) prefix = prefix * 10 + static_cast<std::size_t>(c - '0');
        return prefix;
    }

    std::atomic<bool> has_worked_{false};
    std::atomic<bool> is_unclear_{false};
    std::atomic<std::uint8_t> everybody_{0};  ///< this and the next: a row of `twilio::error_codes`, plus 1; 0: none
    std::array<std::atomic<std::uint8_t>, 10'000> destinations_{};
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
