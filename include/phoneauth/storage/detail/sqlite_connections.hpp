// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_SQLITE_CONNECTIONS_HPP
#define PHONEAUTH_STORAGE_DETAIL_SQLITE_CONNECTIONS_HPP

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <phoneauth/detail/bounded_pool.hpp>
#include <phoneauth/pool_usage.hpp>
#include <phoneauth/storage/detail/sqlite_database.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Connections to one file, shared by any number of threads: several that read and one that writes, which is as many as
/// SQLite allows. `Statements{sqlite_database&}` are the prepared statements of a connection.
template <class Statements>
class sqlite_connections {
public:
    /// `setup`: statements for each connection. `readers`: at least 1.
    sqlite_connections(const std::string& file, const char* setup, std::chrono::milliseconds busy_timeout,
                       std::size_t readers)
        : busy_timeout_(busy_timeout), writer_(file, setup, busy_timeout), begin_(writer_.db, "BEGIN IMMEDIATE"),
          commit_(writer_.db, "COMMIT"), readers_(readers) {
        for (std::size_t i = 0; i < readers; ++i) readers_.add(std::make_unique<connection>(file, setup, busy_timeout));
    }

    /// `f(statements)`, while others may read and write. `f` runs one statement, which only reads.
    template <class F>
    auto read(F f) {
        const auto one = reader();
        one->item->db.start();
        return f(one->item->statements);
    }

    /// The same for several statements, which is cheaper, and reads all of them at one moment.
    template <class F>
    auto read_together(F f) {
        const auto one = reader();
        auto& db = one->item->db;
        db.start();
        db.execute("BEGIN");
        try {
            auto value = f(one->item->statements);
            db.execute("COMMIT");
            return value;
        } catch (...) {
            db.roll_back();
            throw;
        }
    }

    /// `f(statements)` in a transaction, which has come to its end, on the disk, when this returns. It does not take
    /// place if it throws.
    ///
    /// Writers that wait for each other anyway share the next transaction, and so one wait for the disk. An exception
    /// undoes what they all did and reaches all of them, so `f` does not throw but for a storage that does not work.
    template <class F>
    auto write(F f) {
        std::optional<std::invoke_result_t<F&, Statements&>> value;
        job mine{[&](Statements& statements) { value.emplace(f(statements)); }};
        std::unique_lock lock(mutex_);
        waiting_.push_back(&mine);
        changed_.wait(lock, [&] { return mine.done || !writing_; });
        if (!mine.done) {
            writing_ = true;
            const auto batch = std::exchange(waiting_, {});
            lock.unlock();
            mine.thrown = carry_out(batch);
            if (mine.thrown)
                for (auto* each : batch)
                    if (each != &mine) each->thrown = copy_of(mine.thrown);
            lock.lock();
            writing_ = false;
            for (auto* each : batch) each->done = true;
            changed_.notify_all();
        }
        lock.unlock();
        if (mine.thrown) std::rethrow_exception(mine.thrown);
        return std::move(*value);
    }

    /// Of the connections that read, and of the one that writes.
    pool_usage reading() const { return readers_.usage(); }
    pool_usage writing() const {
        const std::scoped_lock lock(mutex_);
        return {1, writing_ ? std::size_t{1} : std::size_t{0}, waiting_.size()};
    }

private:
    struct connection {
        connection(const std::string& file, const char* setup, std::chrono::milliseconds busy_timeout)
            : db(file, busy_timeout), statements{db} {
            db.execute(setup);
        }
        sqlite_database db;
        Statements statements;
    };

    auto reader() {
        auto taken = readers_.take(std::chrono::steady_clock::now() + busy_timeout_);
        if (!taken) writer_.db.fail("other threads of this program keep reading; let readers or busy_timeout be more");
        return taken;
    }

    struct job {
        std::function<void(Statements&)> work;
        bool done = false;
        std::exception_ptr thrown{};
    };

    std::exception_ptr carry_out(const std::vector<job*>& batch) noexcept {
        try {
            writer_.db.start();
            begin_().finish();
            for (auto* each : batch) each->work(writer_.statements);
            commit_().finish();
            return nullptr;
        } catch (...) {
            writer_.db.roll_back();
            return std::current_exception();
        }
    }

    /// What was thrown, for another thread. It could have the same object, but ThreadSanitizer does not see how
    /// libstdc++ counts the threads that still have it.
    static std::exception_ptr copy_of(const std::exception_ptr& thrown) noexcept {
        try {
            std::rethrow_exception(thrown);
        } catch (const std::runtime_error& e) {
            try {
                return std::make_exception_ptr(std::runtime_error(e.what()));
            } catch (...) {  // no memory
            }
        } catch (...) {
        }
        return thrown;
    }

    const std::chrono::milliseconds busy_timeout_;
    connection writer_;
    sqlite_statement begin_, commit_;
    bounded_pool<connection> readers_;

    mutable std::mutex mutex_;  // guards the following
    std::vector<job*> waiting_;
    bool writing_ = false;
    std::condition_variable changed_;
};

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif
