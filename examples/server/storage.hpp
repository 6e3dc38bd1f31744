// SPDX-License-Identifier: BSL-1.0
// The example server's storage, which is chosen when it starts.
#ifndef PHONEAUTH_EXAMPLES_SERVER_STORAGE_HPP
#define PHONEAUTH_EXAMPLES_SERVER_STORAGE_HPP

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include <asio/any_io_executor.hpp>

#include <phoneauth/asio/awaitable.hpp>
#include <phoneauth/asio/pooled_storage.hpp>
#include <phoneauth/gauges.hpp>
#include <phoneauth/storage/forwarding.hpp>
#include <phoneauth/storage/memory.hpp>
#ifdef PHONEAUTH_WITH_SQLITE
#include <phoneauth/storage/sqlite.hpp>
#endif
#ifdef PHONEAUTH_WITH_POSTGRES
#include <phoneauth/asio/postgres.hpp>
#endif
#ifdef PHONEAUTH_WITH_REDIS
#include <phoneauth/asio/redis.hpp>
#endif

namespace server {

#ifdef PHONEAUTH_WITH_SQLITE
struct sqlite_file {
    phoneauth::sqlite_storage file;
};
/// SQLite waits for the disk, so it has threads of its own.
struct pooled_sqlite : private sqlite_file, public phoneauth::pooled_storage<phoneauth::sqlite_storage> {
    explicit pooled_sqlite(std::string_view path)
        : sqlite_file{phoneauth::sqlite_storage(path)}, pooled_storage(file) {}
    phoneauth::pool_usage writing() const { return file.writing(); }
};
#endif

/// A Storage that is one of those that this program was built with, so that the flows are compiled once. A server that
/// knows its storage when it is compiled needs no such class: it names its storage's own.
class any_storage : public phoneauth::forwarding_storage<any_storage> {
public:
    template <class S>
    explicit any_storage(std::unique_ptr<S> storage) : it_(std::move(storage)) {}

    template <class Operation, class... Arguments>
    auto perform(Operation, const Arguments&... arguments) {
        using mode = phoneauth::awaitable_mode<::asio::any_io_executor>;
        const auto begin = [&arguments...](auto& it) {
            return mode::call([&it, &arguments...] { return Operation()(*it, arguments...); });
        };
        return std::visit(begin, it_);
    }

    /// Tells what of it fills up.
    void tell(phoneauth::prometheus_gauges& gauges) const {
        const auto of = [&](const auto& it) {
            if constexpr (requires { it.usage(); }) gauges.pool("storage", it.usage());
            if constexpr (requires { it.writing(); }) gauges.pool("storage_writer", it.writing());
            if constexpr (requires { it.count(); }) gauges.records(it.count());
        };
        std::visit([&](const auto& it) { of(*it); }, it_);
    }

private:
    std::variant<
#ifdef PHONEAUTH_WITH_SQLITE
        std::unique_ptr<pooled_sqlite>,
#endif
#ifdef PHONEAUTH_WITH_POSTGRES
        std::unique_ptr<phoneauth::async_postgres_storage>,
#endif
#ifdef PHONEAUTH_WITH_REDIS
        std::unique_ptr<phoneauth::async_redis_storage>,
#endif
        std::unique_ptr<phoneauth::memory_storage>>
        it_;
};

/// What is wrong with `url` as the name of a storage; empty if this program can try to open it.
std::string storage_problem(std::string_view url);

/// Opens what `url` names: memory, sqlite:FILE, postgres://…, redis://… or rediss://…. Throws `std::runtime_error` with
/// a sentence for the operator if that cannot be done.
std::unique_ptr<any_storage> open_storage(const std::string& url, const ::asio::any_io_executor& executor);

/// A file beside the program, where users survive its end.
std::string default_storage();

/// `url` for everybody to read: without user, password and host.
std::string public_storage_name(std::string_view url);

/// True for a storage that servers of other machines use, too: they must all be told the same code key.
bool storage_spans_machines(std::string_view url);

/// The code key of a server that was told none. With SQLite it is kept in FILE.key, so that codes outlive the process
/// and all servers of one file know each other's; in memory it is a new one. Throws `std::runtime_error`.
std::string own_code_key(std::string_view url);

}  // namespace server

#endif
