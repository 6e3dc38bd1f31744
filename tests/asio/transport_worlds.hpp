// SPDX-License-Identifier: BSL-1.0
// The two transports behind one face: the same tests run on both.
#ifndef PHONEAUTH_TESTS_ASIO_TRANSPORT_WORLDS_HPP
#define PHONEAUTH_TESTS_ASIO_TRANSPORT_WORLDS_HPP

#include <boost/mpl/list.hpp>

#include <utility>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/use_future.hpp>

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/asio/https_transport.hpp>

namespace transport_tests {

using namespace phoneauth;

struct async_world {
    explicit async_world(https_transport_options o = {}) : transport(context.get_executor(), std::move(o)) {}
    result<http_response> send(http_request r) {
        context.restart();
        auto reply = ::asio::co_spawn(context, transport.send(std::move(r)), ::asio::use_future);
        context.run();
        return reply.get();
    }
    ::asio::io_context context;
    https_transport transport;
};

struct blocking_world {
    explicit blocking_world(https_transport_options o = {}) : transport(std::move(o)) {}
    result<http_response> send(const http_request& r) { return transport.send(r); }
    blocking_transport transport;
};

using worlds = boost::mpl::list<async_world, blocking_world>;

}  // namespace transport_tests

#endif
