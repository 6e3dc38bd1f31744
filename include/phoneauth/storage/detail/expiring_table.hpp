// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_EXPIRING_TABLE_HPP
#define PHONEAUTH_STORAGE_DETAIL_EXPIRING_TABLE_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <limits>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/time.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A hash table of records that expire. Those that are over are at the front of a heap, so dropping them needs no search;
/// as most have one lifetime, they are added at its end, in constant time. A record stays where it is until it is
/// erased. A function that throws has changed nothing.
///
/// `Record` can be moved, has `has_key(std::string_view)`, and owns nothing when it is made of nothing. Hashes are the
/// caller's, and the same for the same key.
template <class Record>
class expiring_table {
    using number = std::uint32_t;  // of a record, or of a place in the heap
    static constexpr number none = (std::numeric_limits<number>::max)();

public:
    struct entry {
        Record record{};

    private:
        friend class expiring_table;
        std::uint32_t hash = 0;
        number place = none;  // in the heap; of one that is free, the number of the next such
    };

    expiring_table() : buckets_(16) { heap_.reserve(buckets_.size()); }

    /// The entry of a key; nullptr if there is none.
    entry* find(std::size_t hash, std::string_view key) noexcept {
        const auto short_hash = shorten(hash);
        for (auto at = home_of(short_hash); buckets_[at].record != none; at = next(at))
            if (buckets_[at].hash == short_hash && entries_[buckets_[at].record].record.has_key(key))
                return &entries_[buckets_[at].record];
        return nullptr;
    }

    /// Adds an entry, of whose key there is none.
    entry& insert(std::size_t hash, Record r, time_point expires) {
        if ((heap_.size() + 1) * 4 > buckets_.size() * 3) grow();
        if (heap_.size() == heap_.capacity()) heap_.reserve(heap_.capacity() * 2);
        if (free_ == none) {
            entries_.emplace_back();
            free_ = static_cast<number>(entries_.size() - 1);
        }
        const auto n = free_;
        auto& added = entries_[n];
        free_ = added.place;
        added.record = std::move(r);
        added.hash = shorten(hash);
        put(buckets_, {added.hash, n});
        heap_.push_back({expires, n});
        rise(static_cast<number>(heap_.size() - 1));
        return added;
    }

    time_point expiry_of(const entry& e) const noexcept { return heap_[e.place].expires; }

    void expire_at(entry& e, time_point expires) noexcept {
        const bool is_later = expires > expiry_of(e);
        heap_[e.place].expires = expires;
        is_later ? sink(e.place) : rise(e.place);
    }

    void erase(entry& e) noexcept {
        const auto place = e.place;
        const auto n = heap_[place].record;
        take_out(n, e.hash);
        const auto last = heap_.back();
        heap_.pop_back();
        if (place < heap_.size()) {
            heap_[place] = last;
            entries_[last.record].place = place;
            sink(place);
            rise(entries_[last.record].place);
        }
        e.record = Record();
        e.place = free_;
        free_ = n;
    }

    /// The entry that expires first, if it does at or before `now`.
    entry* first_expired(time_point now) noexcept {
        return heap_.empty() || heap_.front().expires > now ? nullptr : &entries_[heap_.front().record];
    }
    /// When the first entry expires; the end of time if there is none.
    time_point first_expiry() const noexcept { return heap_.empty() ? (time_point::max)() : heap_.front().expires; }

    std::size_t size() const noexcept { return heap_.size(); }

private:
    // An open table with linear probing (Knuth, The Art of Computer Programming 3, §6.4, algorithms L and R).
    struct bucket {
        std::uint32_t hash = 0;
        number record = none;
    };
    using bucket_list = std::vector<bucket>;

    static std::uint32_t shorten(std::size_t hash) noexcept {
        return static_cast<std::uint32_t>(std::uint64_t{hash} ^ std::uint64_t{hash} >> 32);
    }
    std::size_t home_of(std::uint32_t hash) const noexcept { return hash & (buckets_.size() - 1); }
    std::size_t next(std::size_t at) const noexcept { return (at + 1) & (buckets_.size() - 1); }

    static void put(bucket_list& buckets, bucket b) noexcept {
        auto at = b.hash & (buckets.size() - 1);
        while (buckets[at].record != none) at = (at + 1) & (buckets.size() - 1);
        buckets[at] = b;
    }
    void grow() {
        bucket_list larger(buckets_.size() * 2);
        for (const auto& b : buckets_)
            if (b.record != none) put(larger, b);
        buckets_ = std::move(larger);
    }
    /// Empties the bucket of record `n`, and moves those behind it that no look-up would reach any more.
    void take_out(number n, std::uint32_t hash) noexcept {
        auto hole = home_of(hash);
        while (buckets_[hole].record != n) hole = next(hole);
        for (auto at = next(hole); buckets_[at].record != none; at = next(at)) {
            const auto way = (at - home_of(buckets_[at].hash)) & (buckets_.size() - 1);
            if (way < ((at - hole) & (buckets_.size() - 1))) continue;  // its home is behind the hole
            buckets_[hole] = buckets_[at];
            hole = at;
        }
        buckets_[hole] = {};
    }

    // A heap of four children each, which fit into a cache line.
    struct turn {
        time_point expires;
        number record;
    };

    void rise(number at) noexcept {
        const auto t = heap_[at];
        for (; at > 0 && t.expires < heap_[(at - 1) / 4].expires; at = (at - 1) / 4) set(at, heap_[(at - 1) / 4]);
        set(at, t);
    }
    void sink(number at) noexcept {
        const auto t = heap_[at];
        const auto size = static_cast<number>(heap_.size());
        for (auto child = at * 4 + 1; child < size; child = at * 4 + 1) {
            const auto first = static_cast<number>(
                std::min_element(heap_.begin() + child, heap_.begin() + (std::min)(child + 4, size),
                                 [](const turn& a, const turn& b) { return a.expires < b.expires; }) -
                heap_.begin());
            if (t.expires <= heap_[first].expires) break;
            set(at, heap_[first]);
            at = first;
        }
        set(at, t);
    }
    void set(number at, const turn& t) noexcept {
        heap_[at] = t;
        entries_[t.record].place = at;
    }

    bucket_list buckets_;
    std::vector<turn> heap_;
    std::deque<entry> entries_;  // by number
    number free_ = none;         // the first that has no record
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
