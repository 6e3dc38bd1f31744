// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_ASIO_POSTGRES_KINDS_HPP
#define PHONEAUTH_TESTS_ASIO_POSTGRES_KINDS_HPP

#include <string>
#include <thread>
#include <tuple>

#include <asio/co_spawn.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/asio/postgres.hpp>
#include <phoneauth/storage/postgres.hpp>

namespace postgres_test {

/// An `async_postgres_storage` with a thread of its own, each of whose functions waits until it is done.
class awaited_postgres_storage : public phoneauth::forwarding_storage<awaited_postgres_storage> {
public:
    explicit awaited_postgres_storage(const std::string& url, const phoneauth::postgres_options& options = {})
        : storage_(context_.get_executor(), url, options), thread_([this] { context_.run(); }) {}
    awaited_postgres_storage(const awaited_postgres_storage&) = delete;
    ~awaited_postgres_storage() { context_.stop(); }

    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return ::asio::co_spawn(context_, operation(storage_, arguments...), ::asio::use_future).get();
    }

private:
    ::asio::io_context context_;
    ::asio::executor_work_guard<::asio::io_context::executor_type> work_{context_.get_executor()};
    phoneauth::async_postgres_storage storage_;
    std::jthread thread_;
};

using both_kinds = std::tuple<phoneauth::postgres_storage, awaited_postgres_storage>;

}  // namespace postgres_test

#endif
