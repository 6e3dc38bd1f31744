// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_HTTPS_TRANSPORT_HPP
#define PHONEAUTH_ASIO_HTTPS_TRANSPORT_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <phoneauth/asio/async.hpp>
#include <phoneauth/asio/detail/http_connection.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/dispatch.hpp>
#include <asio/ip/address.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/strand.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {

/// How a transport works. Every wait has an end: a time-out below one millisecond counts as one.
struct https_transport_options {
    /// Resolving, connecting and the TLS handshake together; also how long a request waits for a free connection.
    std::chrono::milliseconds connect_timeout{5000};
    /// From the first byte of the request to its last.
    std::chrono::milliseconds write_timeout{5000};
    /// From the last byte of the request to the last of the reply.
    std::chrono::milliseconds read_timeout{10000};
    /// How long a connection is kept for the next request to the same host.
    std::chrono::milliseconds idle_timeout{30000};
    std::size_t max_idle_connections_per_host = 16;
    std::size_t max_connections = 64;          ///< requests in flight, at least 1
    std::size_t max_waiting = 1024;            ///< requests that wait for one of them to end
    std::size_t max_header_bytes = 16 * 1024;  ///< of a reply
    std::size_t max_body_bytes = 1024 * 1024;  ///< of a reply
    std::string ca_file;                       ///< trusted certificates, a PEM file; empty for those of the system
};

namespace detail {

/// The client side of TLS, shared by connections and threads: trusted certificates, and sessions to resume.
/// Certificates and host names are always verified.
class tls_client {
public:
    /// Throws std::runtime_error if the certificates cannot be loaded.
    explicit tls_client(const std::string& ca_file) : context_(SSL_CTX_new(TLS_client_method())) {
        if (!context_) throw std::bad_alloc();
        SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
        SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
        const int loaded = ca_file.empty() ? SSL_CTX_set_default_verify_paths(context_.get())
                                           : SSL_CTX_load_verify_locations(context_.get(), ca_file.c_str(), nullptr);
        ERR_clear_error();
        if (loaded != 1) throw std::runtime_error("phoneauth: cannot load the trusted certificates from " + ca_file);
    }

    /// Prepares the handshake of a connected connection with `host`.
    std::error_code prepare(http_connection& connection, const url& target) {
        auto ec = connection.start_tls(context_.get());
        if (ec) return ec;
        SSL* const ssl = connection.tls();
        SSL_set_connect_state(ssl);
        const char* const host = target.host.c_str();
        std::error_code not_an_address;
        ::asio::ip::make_address(host, not_an_address);
        int done = 1;
        if (not_an_address) {
            SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            done = SSL_set1_host(ssl, host) == 1 && SSL_set_tlsext_host_name(ssl, host) == 1;
        } else {
            done = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host);
        }
        if (done != 1) return std::make_error_code(std::errc::invalid_argument);
        const std::lock_guard lock(mutex_);
        const auto known = sessions_.find(target.authority());
        if (known != sessions_.end()) SSL_set_session(ssl, known->second.get());
        return {};
    }

    /// Keeps the session of a connection that has received something: the tickets of TLS 1.3 come after the handshake.
    void remember(http_connection& connection, const url& target) {
        ssl_session_ptr session(SSL_get1_session(connection.tls()));
        if (!session || SSL_SESSION_is_resumable(session.get()) != 1) return;
        const std::lock_guard lock(mutex_);
        if (sessions_.size() >= max_sessions) sessions_.clear();
        sessions_[target.authority()] = std::move(session);
    }

    /// Why the handshake failed.
    static error why(SSL* ssl) {
        switch (SSL_get_verify_result(ssl)) {
        case X509_V_OK:
            return error::tls_failed;
        case X509_V_ERR_CERT_HAS_EXPIRED:
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return error::certificate_expired;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return error::certificate_wrong_host;
        default:
            return error::certificate_untrusted;
        }
    }

private:
    static constexpr std::size_t max_sessions = 64;

    ssl_ctx_ptr context_;
    std::mutex mutex_;
    std::map<std::string, ssl_session_ptr> sessions_;  ///< by host and port
};

/// The part of a transport that its requests keep alive. All but the constructor runs on the strand.
class http_client : public std::enable_shared_from_this<http_client> {
public:
    http_client(const ::asio::any_io_executor& executor, https_transport_options options,
                std::shared_ptr<tls_client> tls)
        : strand(::asio::make_strand(executor)), options_(std::move(options)), tls_(std::move(tls)) {
        using std::chrono::milliseconds;
        for (auto* timeout :
             {&options_.connect_timeout, &options_.write_timeout, &options_.read_timeout, &options_.idle_timeout})
            *timeout = std::max(*timeout, milliseconds(1));
        options_.max_connections = std::max<std::size_t>(options_.max_connections, 1);
        shortest_ =
            std::min({options_.connect_timeout, options_.write_timeout, options_.read_timeout, options_.idle_timeout});
    }

    const ::asio::any_io_executor strand;

    static ::asio::awaitable<result<http_response>> send(std::shared_ptr<http_client> self, http_request request) {
        try {
            auto outcome = co_await self->exchange(request);
            co_return outcome;
        } catch (...) {
            // Nothing in there but a cancellation, or want of memory, throws.
            co_return result<http_response>(failure_of_current_asio_exception());
        }
    }

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

    ::asio::awaitable<result<http_response>> exchange(http_request& request) {
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

    /// What a resolver has found. getaddrinfo cannot be interrupted: who waits for it only stops waiting.
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

    ::asio::awaitable<result<void>> connect(http_connection& c, const url& target) {
        auto endpoints = co_await resolve(c, target);
        if (!endpoints) co_return endpoints.error();

        std::error_code ec;
        for (const auto& endpoint : *endpoints) {
            c.socket.close(ec);
            ec.clear();
            co_await c.socket.async_connect(endpoint, ::asio::redirect_error(::asio::use_awaitable, ec));
            if (c.expired()) co_return error::connect_timeout;
            if (!ec || ec == ::asio::error::operation_aborted) break;
        }
        if (ec) co_return why(c, ec, error::connect_timeout, error::connect_failed);
        c.socket.non_blocking(true, ec);
        if (!ec) c.socket.set_option(::asio::ip::tcp::no_delay(true), ec);
        if (ec) co_return error::connect_failed;
        if (!target.https) co_return result<void>();

        ec = tls_->prepare(c, target);
        if (ec) co_return error::tls_failed;
        ec = co_await c.handshake();
        if (ec) co_return why(c, ec, error::connect_timeout, tls_client::why(c.tls()));
        co_return result<void>();
    }

    https_transport_options options_;
    clock::duration shortest_;
    std::shared_ptr<tls_client> tls_;
    std::size_t in_flight_ = 0;
    std::list<waiting*> waiting_;
    std::vector<idle_connection> idle_;
    bool closed_ = false;
};

}  // namespace detail

/// Sends http and https requests over kept-alive connections: the `HttpTransport` of an asynchronous authenticator.
///
/// Thread-safe; its connections share one strand. The executor's context must outlive the transport; the transport may
/// be destroyed while requests are in flight, which then still end. Idle connections do not keep `io_context::run` from
/// returning. A request is never sent twice: a kept connection is used only if the server has not closed it.
class https_transport {
public:
    /// Throws std::runtime_error if `options.ca_file` cannot be loaded.
    explicit https_transport(const ::asio::any_io_executor& executor, https_transport_options options = {})
        : https_transport(executor, options, std::make_shared<detail::tls_client>(options.ca_file)) {}

    https_transport(const https_transport&) = delete;
    https_transport& operator=(const https_transport&) = delete;

    ~https_transport() {
        ::asio::dispatch(client_->strand, [client = client_] { client->shutdown(); });
    }

    /// Sends `request` and yields the whole reply, whatever its status. Fails with
    /// - `invalid_parameter`, `invalid_url`: the request is none; `overloaded`: too many in flight and waiting, or
    /// waited
    ///   for `connect_timeout`;
    /// - `host_not_found`, `connect_failed`, `connect_timeout`, `tls_failed`, `certificate_untrusted`,
    /// `certificate_expired`,
    ///   `certificate_wrong_host`: nothing was sent;
    /// - `write_failed`, `read_timeout`, `connection_lost`, `malformed_reply`, `reply_too_large`, `cancelled`: the
    /// server may
    ///   have processed the request (see `safe_to_resend`).
    ///
    /// A cancellation (terminal) closes the connection.
    ::asio::awaitable<result<http_response>> send(http_request request) {
        auto work = detail::http_client::send(client_, std::move(request));
        return detail::async_spawn<result<http_response>>(client_->strand, std::move(work), ::asio::use_awaitable);
    }

    /// The same for a completion token; handler `void(std::error_code, http_response)`.
    template <class CompletionToken>
    auto async_send(http_request request, CompletionToken&& token) {
        auto work = detail::http_client::send(client_, std::move(request));
        return async_call(client_->strand, std::move(work), std::forward<CompletionToken>(token));
    }

private:
    friend class blocking_transport;
    https_transport(const ::asio::any_io_executor& executor, https_transport_options options,
                    std::shared_ptr<detail::tls_client> tls)
        : client_(std::make_shared<detail::http_client>(executor, std::move(options), std::move(tls))) {}

    std::shared_ptr<detail::http_client> client_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
