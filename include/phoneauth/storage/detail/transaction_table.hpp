// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_TRANSACTION_TABLE_HPP
#define PHONEAUTH_STORAGE_DETAIL_TRANSACTION_TABLE_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include <phoneauth/storage/detail/expiring_table.hpp>
#include <phoneauth/storage/detail/packed_record.hpp>
#include <phoneauth/storage/detail/seeded_hash.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Transactions in several tables, each with a mutex of its own: threads seldom meet, and none waits long for one that
/// grows. Thread-safe.
class transaction_table {
    using packed = packed_record<transaction>;

public:
    explicit transaction_table(std::size_t most) noexcept : most_(most) {
        for (auto& e : expiry_) e.store((time_point::max)(), std::memory_order_relaxed);
    }

    /// Adds a transaction, unless there is one of that id; until `expires`. `std::length_error` if there are too many.
    bool insert(const transaction& t, time_point expires) {
        packed added(t, t.version);
        const auto hash = hash_(t.id);
        if (size_.fetch_add(1, std::memory_order_relaxed) >= most_) {
            size_.fetch_sub(1, std::memory_order_relaxed);
            throw std::length_error("phoneauth: the memory storage is full");
        }
        const locked_table at(*this, hash);
        try {
            if (!at->find(hash, t.id)) {
                at->insert(hash, std::move(added), expires);
                return true;
            }
        } catch (...) {
            size_.fetch_sub(1, std::memory_order_relaxed);
            throw;
        }
        size_.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }

    std::optional<transaction> find(const std::string& id) {
        const auto hash = hash_(id);
        const locked_table at(*this, hash);
        const auto* found = at->find(hash, id);
        return found ? std::optional(found->record.unpack()) : std::nullopt;
    }

    /// Stores `t` in place of the transaction with its id and version, as its next version.
    bool update(const transaction& t) {
        packed next(t, t.version + 1);
        const auto hash = hash_(t.id);
        const locked_table at(*this, hash);
        auto* found = at->find(hash, t.id);
        if (!found || found->record.version() != t.version) return false;
        std::swap(found->record, next);
        return true;
    }

    /// Drops at most `count` transactions that are over.
    void drop_expired(time_point now, std::size_t count) {
        for (std::size_t i = 0; i < tables && count > 0; ++i) {
            if (expiry_[i].load(std::memory_order_relaxed) > now) continue;
            const locked_table at(*this, i);
            for (; count > 0; --count) {
                auto* over = at->first_expired(now);
                if (!over) break;
                at->erase(*over);
                size_.fetch_sub(1, std::memory_order_relaxed);
            }
        }
    }

    /// How many there are, and are being inserted.
    std::size_t size() const noexcept { return size_.load(std::memory_order_relaxed); }

private:
    static constexpr std::size_t tables = 16;

    struct alignas(64) table {
        std::mutex mutex;
        expiring_table<packed> records;
    };

    /// One of the tables, for whoever holds its mutex.
    class locked_table {
    public:
        locked_table(transaction_table& all, std::size_t hash)
            : table_(all.tables_[hash % tables]), expiry_(all.expiry_[hash % tables]), lock_(table_.mutex) {}
        ~locked_table() {
            const auto first = table_.records.first_expiry();
            if (expiry_.load(std::memory_order_relaxed) != first) expiry_.store(first, std::memory_order_relaxed);
        }
        locked_table(const locked_table&) = delete;
        locked_table& operator=(const locked_table&) = delete;

        expiring_table<packed>* operator->() const noexcept { return &table_.records; }

    private:
        table& table_;
        std::atomic<time_point>& expiry_;
        const std::scoped_lock<std::mutex> lock_;
    };

    const std::size_t most_;
    std::atomic<std::size_t> size_ = 0;
    const seeded_hash hash_{};
    std::array<std::atomic<time_point>, tables> expiry_;  // of the first transaction of each table
    std::array<table, tables> tables_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
