// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_REPORTER_HPP
#define PHONEAUTH_FLOWS_REPORTER_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/event.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/limits.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What the parts of one flow know of it.
struct context {
    client_info from;                                   ///< the client, as the caller named it
    std::string network;                                ///< the client's, as the limits know it
    std::string wide;                                   ///< the wider one that it is in
    bool shared = false;                                ///< by other clients, who must not be taken for the user
    event about{};                                      ///< what is known so far
    std::optional<time_point> begun{};                  ///< when; empty if nobody observes it
    std::optional<std::chrono::milliseconds> waited{};  ///< for the provider; empty: it was asked nothing
    bool silent = false;                                ///< the flow did not do what its event says
    bool uncounted = false;  ///< what was guessed could not be right, and no limit has counted it

    /// Who asks, for the limits.
    rules::client_networks networks() const noexcept { return {network, wide, shared}; }
};

/// Which of the events that strangers can cause as often as they like are told: of each reason `burst` at once, and then
/// one in each `interval`. It takes about 1 KB. Thread-safe.
class sampler {
public:
    static constexpr int burst = 60;                            ///< as many at once
    static constexpr std::chrono::milliseconds interval{1000};  ///< and then one

    /// How many were left out since the last one with this reason; empty: this one is left out, too.
    PHONEAUTH_DECL std::optional<std::uint64_t> admit(const std::error_code& reason, time_point now) noexcept;

private:
    struct reason_cell {
        std::atomic<time_point> next{};  ///< see cell.hpp
        std::atomic<std::uint64_t> left_out{0};
    };
    std::array<reason_cell, error_table.size() + 1> cells_{};  ///< the first one: what is no `error`
};

/// Tells the observer what happens. Thread-safe. It never throws: what an observer misses must not cost a user a login.
class reporter {
public:
    /// `e` must outlive the reporter.
    explicit reporter(environment& e) noexcept : environment_(e) {}

    /// What a flow for `from` knows when it begins.
    PHONEAUTH_DECL context begin(client_info from) const;
    /// How a flow ended that is called `success` if it went well; `why` is its failure, or nullptr.
    PHONEAUTH_DECL void end(context& c, event_kind success, const failure* why) const noexcept;

    ///@{
    /// Adds to `c` what turns out on the way, for the events that follow.
    PHONEAUTH_DECL void note(context& c, const phone_number& phone) const;
    PHONEAUTH_DECL void note(context& c, const transaction& t) const;
    PHONEAUTH_DECL void note(context& c, const user& u) const;
    ///@}

    /// The time, if anybody observes how long things take.
    PHONEAUTH_DECL std::optional<time_point> read_time() const noexcept;
    /// Notes that `c` has waited for the provider since `asked`, which `read_time` has given.
    PHONEAUTH_DECL void note_wait(context& c, const std::optional<time_point>& asked) const noexcept;

    /// One event of the given kind; `why` is its reason, or nullptr.
    PHONEAUTH_DECL void tell(const context& c, event_kind kind, const failure* why = nullptr) const noexcept;
    /// One event of the kind that `event_kind_of` gives, with `why` as its reason; none if the flow was cancelled, or if
    /// there were too many of the kind (see `event`).
    PHONEAUTH_DECL void tell_failure(const context& c, const failure& why) const noexcept;

private:
    PHONEAUTH_DECL void observe(const context& c, event_kind kind, const failure* why, time_point at,
                                std::uint64_t suppressed) const;

    environment& environment_;
    mutable std::atomic<bool> told_of_proxy_{false};
    mutable sampler sampler_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/reporter.ipp>
#endif

#endif
