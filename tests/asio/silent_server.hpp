// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_ASIO_SILENT_SERVER_HPP
#define PHONEAUTH_TESTS_ASIO_SILENT_SERVER_HPP

#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>

#include <deque>
#include <stdexcept>

#include <poll.h>
#include <sys/socket.h>

/// A port of 127.0.0.1 that answers nobody who connects, as an address behind a firewall that drops packets: Linux drops
/// them, too, where the queue of a server that accepts nobody is full.
class silent_server {
public:
    silent_server() : acceptor_(context_) {
        acceptor_.open(::asio::ip::tcp::v4());
        acceptor_.bind({::asio::ip::make_address("127.0.0.1"), 0});
        acceptor_.listen(0);
        const auto answered = [&] {
            auto& client = queue_.emplace_back(context_, ::asio::ip::tcp::v4());
            client.native_non_blocking(true);
            const auto to = endpoint();
            // Asio's own connect waits until the connection is there.
            if (::connect(client.native_handle(), to.data(), static_cast<socklen_t>(to.size())) == 0) return true;
            pollfd connected{client.native_handle(), POLLOUT, 0};
            return ::poll(&connected, 1, 100) == 1;
        };
        while (answered())
            if (queue_.size() > 100) throw std::runtime_error("this system's queues do not get full");
    }
    silent_server(const silent_server&) = delete;
    silent_server& operator=(const silent_server&) = delete;

    ::asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }

private:
    ::asio::io_context context_;
    ::asio::ip::tcp::acceptor acceptor_;
    std::deque<::asio::ip::tcp::socket> queue_;
};

#endif
