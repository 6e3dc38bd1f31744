// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CELL_HPP
#define PHONEAUTH_CELL_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include <phoneauth/time.hpp>
#include <phoneauth/version.hpp>

// Limits are kept by the generic cell rate algorithm (GCRA, "virtual scheduling", ITU-T I.371 Annex A). A limit is one
// cell: the time at which all that was taken from it is free again, the theoretical arrival time. Taking moves it on by
// a cost, and is allowed as long as the cell is then no further ahead of now than there is room. A cell in the past is
// as good as none: nothing is taken.

namespace phoneauth {
inline namespace v0 {

/// What is asked of a cell.
enum class cell_action : std::uint8_t {
    take = 1,  ///< move it on by `cost` if it is then at most `room` ahead of now; else refuse
    ask = 2,   ///< refuse as `take` does, and change nothing
    move = 3   ///< move it by `cost`, back if that is negative, but not before now and not beyond `room`; never refuse
};

/// For whom something is asked.
enum class cell_condition : std::uint8_t {
    always = 1,        ///< everybody
    if_marked = 2,     ///< only if the batch's marker is there
    unless_marked = 3  ///< only if it is not
};

/// One thing that is asked of a cell. All durations are at most 400 days.
struct cell_request {
    cell_action action = cell_action::take;        ///< what is asked
    cell_condition when = cell_condition::always;  ///< for whom
    std::chrono::milliseconds cost{};              ///< by how much the cell moves; negative only with `move`
    std::chrono::milliseconds room{};              ///< how far ahead of now it may be then
    std::chrono::milliseconds reserve{};           ///< how much further if the batch's marker is there
};

/// Requests that are granted together or not at all, in one step. A batch has at most `most` requests for cells with
/// different keys. It is built by the library and read by a storage.
class cell_batch {
public:
    /// How many requests a batch has at most.
    static constexpr std::size_t most = 16;

    /// A batch at the time `now`. `marker` is the key of a cell that is there, which is to say ahead of now, if the
    /// client is known; empty: it is not. The parts of a key are put together. A key has at most 128 bytes.
    template <class... Parts>
    explicit cell_batch(time_point now, const Parts&... marker) : now_(now) {
        text_.reserve(512);
        marker_size_ = append(marker...);
    }

    /// Adds a request for the cell whose key is `parts`, put together. Throws `std::length_error` beyond `most`.
    template <class... Parts>
    void add(const cell_request& r, const Parts&... parts) {
        if (size_ == most) throw std::length_error("phoneauth: too many requests in a batch");
        const auto first = text_.size();
        entries_[size_] = {r, first, append(parts...)};
        ++size_;
    }

    /// The time for which all is asked.
    time_point now() const noexcept { return now_; }
    /// The marker's key; empty: there is none. Lives as long as this object is neither changed nor moved.
    std::string_view marker() const noexcept { return std::string_view(text_).substr(0, marker_size_); }
    /// How many requests there are.
    std::size_t size() const noexcept { return size_; }
    /// Whether there are none.
    bool empty() const noexcept { return size_ == 0; }
    /// The request at place `i`, which is below `size()`.
    const cell_request& operator[](std::size_t i) const noexcept { return entries_[i].request; }
    /// Its cell's key. Lives as long as `marker()` does.
    std::string_view key(std::size_t i) const noexcept {
        return std::string_view(text_).substr(entries_[i].first, entries_[i].size);
    }

private:
    struct entry {
        cell_request request{};
        std::size_t first = 0;  // of the key, in `text_`
        std::size_t size = 0;
    };

    template <class... Parts>
    std::size_t append(const Parts&... parts) {
        const auto before = text_.size();
        (text_.append(std::string_view(parts)), ...);
        return text_.size() - before;
    }

    time_point now_;
    std::size_t size_ = 0;
    std::size_t marker_size_ = 0;
    std::string text_;  // all keys
    std::array<entry, most> entries_{};
};

/// What became of a batch.
struct cell_answer {
    bool granted = true;  ///< whether all that was asked is granted; if not, no cell has changed
    bool marked = false;  ///< whether the marker was there
    /// The cell of each request: as it is now if the batch is granted, as it was if not; any time that is not ahead of
    /// now if it is absent. Says nothing about a request that was for others (see `cell_request::when`).
    std::array<time_point, cell_batch::most> cells{};
};

/// Whether request `r` is for a client that is known, as `marked` says, or not.
constexpr bool is_for(const cell_request& r, bool marked) noexcept {
    return r.when == cell_condition::always || (r.when == cell_condition::if_marked) == marked;
}

/// The rule, which all storages obey: what becomes of `batch`.
///
/// A storage calls it under its lock, or inside its transaction, and then stores the cells if they are granted:
///
///     phoneauth::cell_answer take_cells(const phoneauth::cell_batch& batch) {
///         const std::scoped_lock lock(mutex_);
///         std::array<phoneauth::time_point, 1 + phoneauth::cell_batch::most> stored{};
///         stored[0] = find(batch.marker());  // 1970 for one that is not there
///         for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = find(batch.key(i));
///         const auto answer = phoneauth::decide(batch, stored);
///         for (std::size_t i = 0; answer.granted && i < batch.size(); ++i)
///             if (answer.cells[i] != stored[1 + i]) store(batch.key(i), answer.cells[i]);
///         return answer;
///     }
///
/// @param batch   what is asked
/// @param stored  the cell of the marker, and then that of each request; a time in the past for one that is absent
/// @return the answer
inline cell_answer decide(const cell_batch& batch, std::span<const time_point> stored) noexcept {
    const auto now = batch.now();
    cell_answer answer;
    answer.marked = !batch.marker().empty() && stored[0] > now;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& r = batch[i];
        auto& cell = answer.cells[i];
        cell = stored[1 + i];
        if (!is_for(r, answer.marked)) continue;
        const auto next = (std::max)(cell, now) + r.cost;
        const auto end = now + r.room + (answer.marked ? r.reserve : std::chrono::milliseconds(0));
        if (r.action == cell_action::move)
            cell = std::clamp(next, now, (std::max)(end, now));
        else if (next > end)
            answer.granted = false;
        else if (r.action == cell_action::take)
            cell = next;
    }
    if (!answer.granted) std::copy_n(stored.begin() + 1, batch.size(), answer.cells.begin());
    return answer;
}

}  // namespace v0
}  // namespace phoneauth

#endif
