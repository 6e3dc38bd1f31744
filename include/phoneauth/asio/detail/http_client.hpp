// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_CLIENT_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_CLIENT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <phoneauth/asio/detail/connect.hpp>
#include <phoneauth/asio/detail/current_failure.hpp>
#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/asio/detail/http1_writer.hpp>
#include <phoneauth/asio/detail/http_connection.hpp>
#include <phoneauth/asio/detail/proxy.hpp>
#include <phoneauth/asio/detail/tls_client.hpp>
#include <phoneauth/asio/https_transport_options.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/error.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The part of a transport that its requests keep alive. All but the constructor and
/// `check_certificates` runs on the strand.
class http_client : public std::enable_shared_from_this<http_client> {
public:
    http_client(const ::asio::any_io_executor& executor, https_transport_options options,
                std::shared_ptr<tls_client> tls)
        : strand(::asio::make_strand(executor)), options_(std::move(options)), proxy_(proxy_of(options_.proxy)),
          tls_(std::move(tls)) {
        options_.proxy = secret_string();
        using std::chrono::milliseconds;
        for (auto* timeout :
             {&options_.connect_timeout, &options_.write_timeout, &options_.read_timeout, &options_.idle_timeout})
            *timeout = (std::max)(*timeout, milliseconds(1));
        options_.max_connections = std::max<std::size_t>(options_.max_connections, 1);
        shortest_ = (std::min)(
            {options_.connect_timeout, options_.write_timeout, options_.read_timeout, options_.idle_timeout});
    }

    const ::asio::any_io_executor strand;

    static ::asio::awaitable<result<http_response>> send(std::shared_ptr<http_client> self, http_request request) {
        bool writing = false;
        try {
            auto outcome = co_await self->exchange(request, writing);
            co_return outcome;
        } catch (...) {
            // Nothing in there but a cancellation, or want of memory, throws. Once the request is being written, nobody
            // may take that for one that was not sent.
            auto why = failure_of_current_asio_exception();
            if (writing && why.code != error::cancelled) co_return error::connection_lost;
            co_return why;
        }
    }

    /// From any thread.
    result<void> check_certificates() const { return tls_->check_certificates(); }

    /// Ends the idle connections; those in use end with their requests.
    void shutdown() {
        closed_ = true;
        for (auto& idle : idle_) idle.connection->close();
        idle_.clear();
    }

private:
    using connection_ptr = std::shared_ptr<http_connection>;
    using clock = http_connection::clock;

    struct idle_connection {
        connection_ptr connection;
        bool https;
        std::string host;
        std::uint16_t port;

        bool serves(const url& u) const { return port == u.port && https == u.https && host == u.host; }
    };

    /// One request that waits for another to end.
    struct waiting {
        ::asio::steady_timer timer;
        bool granted = false;
    };

    /// The right to have a request in flight.
    class slot {
    public:
        explicit slot(http_client& c) : client_(&c) {}
        slot(const slot&) = delete;
        slot& operator=(const slot&) = delete;
        ~slot() {
            if (owned) client_->release_slot();
        }
        bool owned = false;

    private:
        http_client* client_;
    };

    /// A connection in use: closed in the end unless it was given back.
    struct lease {
        connection_ptr connection;
        lease() = default;
        lease(const lease&) = delete;
        lease& operator=(const lease&) = delete;
        ~lease() {
            if (connection) connection->close();
        }
    };

    struct waiting_entry {
        std::list<waiting*>& list;
        waiting* self;
        waiting_entry(std::list<waiting*>& l, waiting* w) : list(l), self(w) { list.push_back(w); }
        waiting_entry(const waiting_entry&) = delete;
        waiting_entry& operator=(const waiting_entry&) = delete;
        ~waiting_entry() { list.remove(self); }
    };

    ::asio::awaitable<result<http_response>> exchange(http_request& request, bool& writing) {
        auto target = parse_url(request.url);
        if (!target) co_return target.error();

        slot right(*this);
        if (in_flight_ < options_.max_connections) {
            ++in_flight_;
            right.owned = true;
        } else {
            if (waiting_.size() >= options_.max_waiting) co_return error::overloaded;
            auto waited = co_await wait_for_slot(right);
            if (!waited) co_return waited.error();
        }

        lease lent;
        lent.connection = take_idle(*target);
        const bool fresh = !lent.connection;
        if (fresh) {
            const http1_limits limits{options_.max_header_bytes, http1_limits().max_header_count,
                                      options_.max_body_bytes};
            lent.connection = std::make_shared<http_connection>(::asio::ip::tcp::socket(strand),
                                                                message_parser::kind::response, limits, shortest_);
        }
        auto& connection = *lent.connection;
        connection.out.clear();
        auto written = append_request(connection.out, request, *target);
        if (!written) co_return written.error();
        if (fresh) {
            connection.expect_within(options_.connect_timeout);
            auto connected = co_await connect(connection, *target);
            if (!connected) co_return connected.error();
        }

        writing = true;
        connection.expect_within(options_.write_timeout);
        auto ec = co_await connection.write();
        if (ec) co_return why(connection, ec, error::write_failed, error::write_failed);

        connection.expect_within(options_.read_timeout);
        auto& parser = connection.parser;
        parser.reset(request.method == "HEAD");
        ec = co_await connection.fill(true);
        if (!ec) ec = co_await connection.read_message();
        if (ec == ::asio::error::eof) {
            parser.finish();
        } else if (ec) {
            co_return why(connection, ec, error::read_timeout, error::connection_lost);
        }
        if (parser.failed()) co_return parser.reason();

        const bool again = !ec && parser.keep_alive() && !connection.has_unread() && !closed_;
        auto response = parser.take_response();
        if (connection.tls() && fresh) tls_->remember(connection, *target);
        if (again) give_back(std::move(lent.connection), *target);
        co_return response;
    }

    static failure why(const http_connection& c, std::error_code ec, error expired, error otherwise) {
        if (c.expired()) return expired;
        return ec == ::asio::error::operation_aborted ? error::cancelled : otherwise;
    }

    ::asio::awaitable<result<void>> wait_for_slot(slot& right) {
        waiting me{::asio::steady_timer(strand, options_.connect_timeout)};
        const waiting_entry entry(waiting_, &me);
        std::error_code ec;
        co_await me.timer.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
        right.owned = me.granted;
        if (right.owned) co_return result<void>();
        co_return ec ? error::cancelled : error::overloaded;
    }

    void release_slot() {
        for (auto* next : waiting_) {
            if (std::exchange(next->granted, true)) continue;
            next->timer.cancel();
            return;
        }
        if (--in_flight_ == 0)
            for (auto& idle : idle_) idle.connection->unwatch();
    }

    connection_ptr take_idle(const url& target) {
        connection_ptr found;
        // The one used last first: the others can grow old.
        for (auto i = idle_.size(); i-- > 0;) {
            auto& idle = idle_[i];
            auto& connection = *idle.connection;
            const bool usable = !connection.expired() && clock::now() < connection.deadline();
            if (usable && (found || !idle.serves(target))) continue;
            if (usable && connection.quiet())
                found = std::move(idle.connection);
            else
                connection.close();
            idle_.erase(idle_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        return found;
    }

    void give_back(connection_ptr connection, const url& target) {
        const auto same_host = std::count_if(idle_.begin(), idle_.end(), [&](auto& i) { return i.serves(target); });
        if (static_cast<std::size_t>(same_host) >= options_.max_idle_connections_per_host) {
            connection->close();
            return;
        }
        connection->expect_within(options_.idle_timeout);
        idle_.push_back({std::move(connection), target.https, target.host, target.port});
    }

    // --- Connecting.

    /// What a resolver has found. getaddrinfo cannot be interrupted: whoever waits for it only stops waiting.
    struct resolution {
        explicit resolution(const ::asio::any_io_executor& e) : resolver(e), done(e) {}
        ::asio::ip::tcp::resolver resolver;
        ::asio::steady_timer done;
        bool finished = false;
        std::error_code code;
        std::vector<::asio::ip::tcp::endpoint> endpoints;
    };

    ::asio::awaitable<result<std::vector<::asio::ip::tcp::endpoint>>> resolve(http_connection& c, const url& target) {
        using endpoints = std::vector<::asio::ip::tcp::endpoint>;
        std::error_code ec;
        const auto address = ::asio::ip::make_address(target.host, ec);
        if (!ec) co_return endpoints(1, {address, target.port});

        auto shared = std::make_shared<resolution>(strand);
        shared->done.expires_at(c.deadline());
        shared->resolver.async_resolve(target.host, std::to_string(target.port),
                                       ::asio::ip::tcp::resolver::numeric_service,
                                       [shared](std::error_code failed, auto found) {
                                           shared->finished = true;
                                           shared->code = failed;
                                           for (const auto& entry : found)
                                               shared->endpoints.push_back(entry.endpoint());
                                           shared->done.cancel();
                                       });
        co_await shared->done.async_wait(::asio::redirect_error(::asio::use_awaitable, ec));
        if (!shared->finished) {
            shared->resolver.cancel();
            co_return ec ? error::cancelled : error::connect_timeout;
        }
        if (shared->code || shared->endpoints.empty()) co_return error::host_not_found;
        co_return std::move(shared->endpoints);
    }

    /// A TCP connection to `host`.
    ::asio::awaitable<result<void>> reach(http_connection& c, const url& host) {
        auto endpoints = co_await resolve(c, host);
        if (!endpoints) co_return endpoints.error();
        auto connecting = connect_first(c.socket, *std::move(endpoints), c.deadline());
        auto ec = co_await std::move(connecting);
        if (ec == ::asio::error::timed_out) co_return error::connect_timeout;
        if (ec) co_return why(c, ec, error::connect_timeout, error::connect_failed);
        c.socket.non_blocking(true, ec);
        if (!ec) c.socket.set_option(::asio::ip::tcp::no_delay(true), ec);
        if (ec) co_return error::connect_failed;
        co_return result<void>();
    }

    /// A connection to `target` through the proxy. Nothing of the request is sent before there is one.
    ::asio::awaitable<result<void>> tunnel(http_connection& c, const url& target) {
        auto reached = co_await reach(c, proxy_->address);
        if (!reached) co_return of_proxy(std::move(reached.error()));
        auto request = std::exchange(c.out, connect_request(*proxy_, target));
        auto ec = co_await c.write();
        c.out = std::move(request);
        if (ec) co_return of_proxy(why(c, ec, error::connect_timeout, error::connect_failed));
        // RFC 9110 §9.3.6: whatever it says, a reply that opens a tunnel has no body. Nobody wants that of another one.
        c.parser.reset(true);
        ec = co_await c.read_message();
        if (ec) co_return of_proxy(why(c, ec, error::connect_timeout, error::connect_failed));
        if (c.parser.failed()) co_return failure(error::proxy_failed, "The proxy's reply is not valid HTTP.");
        const int status = c.parser.take_response().status;
        if (status < 200 || status > 299) co_return proxy_refusal(status);
        // Here the client speaks first, with or without TLS.
        if (c.has_unread()) co_return failure(error::proxy_failed, "The proxy sent what nobody asked for.");
        co_return result<void>();
    }

    /// The same failure, told of the proxy. If time is up, it may as well be the server.
    static failure of_proxy(failure f) {
        if (f.code == error::host_not_found)
            return {error::proxy_failed, "The host name of the proxy could not be resolved."};
        if (f.code == error::connect_failed)
            return {error::proxy_failed, "The proxy refused or closed the connection."};
        if (f.code == error::connect_timeout) f.message = "There was no connection through the proxy in time.";
        return f;
    }

    ::asio::awaitable<result<void>> connect(http_connection& c, const url& target) {
        if (target.https) {
            auto trusted = tls_->check_certificates();
            if (!trusted) co_return trusted;
        }
        auto connecting = proxy_ ? tunnel(c, target) : reach(c, target);
        auto connected = co_await std::move(connecting);
        if (!connected || !target.https) co_return connected;

        auto ec = tls_->prepare(c, target);
        if (ec) co_return error::tls_failed;
        ec = co_await c.handshake();
        if (ec) co_return why(c, ec, error::connect_timeout, tls_client::why(c.tls()));
        co_return result<void>();
    }

    https_transport_options options_;  ///< but the proxy is `proxy_`
    std::optional<http_proxy> proxy_;
    clock::duration shortest_;
    std::shared_ptr<tls_client> tls_;
    std::size_t in_flight_ = 0;
    std::list<waiting*> waiting_;
    std::vector<idle_connection> idle_;
    bool closed_ = false;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
