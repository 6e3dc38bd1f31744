// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_RULES_LIMIT_BATCH_HPP
#define PHONEAUTH_RULES_LIMIT_BATCH_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

#include <phoneauth/cell.hpp>
#include <phoneauth/detail/config.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// Longer than any cell is ahead: as much as a request may ask for.
inline constexpr std::chrono::milliseconds longest_cell = std::chrono::hours(400 * 24);

/// Requests to cells, each with the error that says what its refusal means.
class limit_batch {
public:
    /// The parts are those of the marker; see `cell_batch`.
    template <class... Parts>
    explicit limit_batch(time_point now, const Parts&... marker) : cells_(now, marker...) {}

    /// Adds a request; the parts are those of its key.
    template <class... Parts>
    void add(const cell_request& r, error refusal, const Parts&... key) {
        refusals_[cells_.size()] = refusal;
        cells_.add(r, key...);
    }
    /// The request that was added last is not given back: an attempt costs the client, whatever comes of it.
    void keep() noexcept { kept_[cells_.size() - 1] = true; }
    /// The same of all that were added since there were `first` of them.
    void keep_from(std::size_t first) noexcept { std::fill(&kept_[first], &kept_[cells_.size()], true); }
    /// The request that was added last is for the failures of an account: see `may_be_concealed`.
    void hide() noexcept { hidden_[cells_.size() - 1] = true; }
    /// The request that was added last is for the budget of all: see `reaches_warning`.
    void watch() noexcept { watched_ = cells_.size(); }

    /// What to hand to a storage. Lives as long as this object.
    const cell_batch& cells() const noexcept { return cells_; }

    /// The refusal that lasts longest, with `retry_after`; success if `a` is granted.
    PHONEAUTH_DECL result<void> judge(const cell_answer& a) const;
    /// Whether `a` refused the batch for the failures of an account, and nothing else.
    PHONEAUTH_DECL bool may_be_concealed(const cell_answer& a) const noexcept;
    /// How long the account waits before the next guess, after `a` granted this one; 0 or less: not at all.
    PHONEAUTH_DECL std::chrono::seconds account_wait(const cell_answer& a) const noexcept;
    /// Whether this batch brought the watched cell to four fifths of its room.
    PHONEAUTH_DECL bool reaches_warning(const cell_answer& a) const noexcept;
    /// The same for a code that nobody gets: the client's and the budget of all are taken from as for any other, what
    /// is the account's is only asked.
    PHONEAUTH_DECL limit_batch as_decoy() const;
    ///@{
    /// The requests that are the client's alone, and those that are not: taken one after the other, the second tells
    /// nothing about the first.
    limit_batch of_client() const { return part(true); }
    limit_batch of_account() const { return part(false); }
    ///@}
    /// Gives back what `a` granted, at the time `now`, but for what was to be kept, unless that too is `everything`. What
    /// was only asked, or not granted, is moved by nothing, so that it takes the same work.
    PHONEAUTH_DECL cell_batch give_back(const cell_answer& a, time_point now, bool everything = false) const;

private:
    PHONEAUTH_DECL limit_batch part(bool of_client) const;
    /// Adds `r` in place of the request at place `i` of `other`, with whatever else is known of that.
    PHONEAUTH_DECL void add_from(const limit_batch& other, std::size_t i, const cell_request& r);
    /// How long until the request at place `i` would be granted; nothing or less if it is.
    PHONEAUTH_DECL std::chrono::milliseconds wait_of(std::size_t i, const cell_answer& a) const noexcept;

    cell_batch cells_;
    std::array<error, cell_batch::most> refusals_{};
    std::array<bool, cell_batch::most> kept_{};
    std::array<bool, cell_batch::most> hidden_{};
    std::array<bool, cell_batch::most> asked_{};  // instead of taken
    std::size_t watched_ = 0;                     // its place, plus 1
};

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/rules/limit_batch.ipp>
#endif

#endif
