// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP_CONNECTION_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP_CONNECTION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <phoneauth/asio/awaitable.hpp>

#include <asio/any_io_executor.hpp>
#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/redirect_error.hpp>
#include <asio/steady_timer.hpp>
#include <asio/use_awaitable.hpp>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/detail/tls_peer.hpp>

// What https_transport and http_server share: a TCP connection, with or without TLS, under a deadline.
//
// TLS is OpenSSL directly on the non-blocking socket: one system call and no copy between two buffers less per
// operation than asio::ssl::stream, whose headers are spared as well.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A socket as `wire_bio_method` asks for it.
struct socket_wire {
    ::asio::ip::tcp::socket& socket;

    int write_some(const char* data, std::size_t size, bool& later) {
        std::error_code ec;
        const auto n = socket.write_some(::asio::buffer(data, size), ec);
        later = ec == ::asio::error::would_block;
        return ec ? -1 : static_cast<int>(n);
    }
    int read_some(char* data, std::size_t size, bool& later) {
        std::error_code ec;
        const auto n = socket.read_some(::asio::buffer(data, size), ec);
        later = ec == ::asio::error::would_block;
        if (ec == ::asio::error::eof) return 0;
        return ec ? -1 : static_cast<int>(n);
    }
};

/// One HTTP/1.1 connection. All of it runs on one executor that never runs two handlers at once. Owned by shared_ptr.
class http_connection : public std::enable_shared_from_this<http_connection> {
public:
    using clock = std::chrono::steady_clock;
    using socket_type = ::asio::ip::tcp::socket;

    /// `shortest`: no deadline of this connection is set closer than this.
    http_connection(socket_type s, message_parser::kind k, http1_limits limits, clock::duration shortest)
        : socket(std::move(s)), parser(k, limits), timer_(socket.get_executor()), period_(shortest) {}

    socket_type socket;
    message_parser parser;
    secret_string out;  ///< what `write` sends

    SSL* tls() const noexcept { return tls_.get(); }

    // --- Deadlines. One timer ticks along; setting a deadline only stores a time, so that a request costs no timer.

    /// What follows must end within `d`; else `expired()` and the pending operation, and each later one, is aborted.
    void expect_within(clock::duration d) {
        deadline_ = clock::now() + d;
        expired_ = false;
        if (!std::exchange(watched_, true)) watch();
    }
    /// No deadline until the next `expect_within`; the timer goes on.
    void expect_nothing() noexcept { deadline_ = (clock::time_point::max)(); }
    /// Stops the timer, so that nothing of this connection keeps an event loop running.
    void unwatch() {
        if (std::exchange(watched_, false)) timer_.cancel();
    }
    bool expired() const noexcept { return expired_; }
    clock::time_point deadline() const noexcept { return deadline_; }

    // --- Input and output. Each returns an empty code, or why not: asio::error::eof for an orderly end.

    /// Prepares TLS on the connected socket. `keeps_buffers`: some 17 KiB each way stay with an idle connection. Else they
    /// go after each message, and OpenSSL wipes them: an eighth of what the message costs.
    std::error_code start_tls(SSL_CTX* context, bool keeps_buffers) {
        tls_ = make_ssl(context, wire_);
        if (!tls_) return std::make_error_code(std::errc::not_enough_memory);
        SSL_set_mode(tls_.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
        if (!keeps_buffers) SSL_set_mode(tls_.get(), SSL_MODE_RELEASE_BUFFERS);
        SSL_set_read_ahead(tls_.get(), 1);
        SSL_set_options(tls_.get(), SSL_OP_CLEANSE_PLAINTEXT);
        return {};
    }

    ::asio::awaitable<std::error_code> handshake() {
        for (;;) {
            ERR_clear_error();
            const int done = SSL_do_handshake(tls_.get());
            if (done == 1) co_return std::error_code();
            auto failed = co_await wait_for_tls(done);
            if (failed) co_return failed;
        }
    }

    /// Writes all of `out`, which is empty then.
    ::asio::awaitable<std::error_code> write() {
        std::string_view rest = out;
        while (!rest.empty()) {
            std::error_code ec;
            if (tls_) {
                ERR_clear_error();
                std::size_t n = 0;
                const int done = SSL_write_ex(tls_.get(), rest.data(), rest.size(), &n);
                rest.remove_prefix(n);
                if (done != 1) ec = co_await wait_for_tls(done);
            } else {
                rest.remove_prefix(socket.write_some(::asio::buffer(rest.data(), rest.size()), ec));
                if (ec == ::asio::error::would_block) ec = co_await wait(socket_type::wait_write);
            }
            if (ec) co_return ec;
        }
        wipe(out);
        co_return std::error_code();
    }

    /// Feeds `parser` until its head is complete, or the whole message; reads on as needed. Empty if the parser has got
    /// there or has failed.
    ::asio::awaitable<std::error_code> read_head() {
        while (!parser.head_complete() && !parser.failed()) {
            if (unread_.empty()) {
                auto ec = co_await fill();
                if (ec) co_return ec;
            }
            feed();
        }
        co_return std::error_code();
    }
    ::asio::awaitable<std::error_code> read_message() {
        for (;;) {
            feed();
            if (parser.complete() || parser.failed()) co_return std::error_code();
            auto ec = co_await fill();
            if (ec) co_return ec;
        }
    }

    /// Reads at least one byte, unless some are unread already. `at_rest`: usually none are there yet, so that it waits
    /// first, and holds no buffers meanwhile; others on the event loop get their turn even if some are.
    ::asio::awaitable<std::error_code> fill(bool at_rest = false) {
        std::error_code ec;
        if (at_rest && (has_unread() || (tls_ && SSL_has_pending(tls_.get())))) {
            co_await ::asio::post(socket.get_executor(), ::asio::use_awaitable);
        } else if (at_rest) {
            in_.reset();
            out = secret_string();
            ec = co_await wait(socket_type::wait_read);
            if (ec) co_return ec;
        }
        if (!in_) {
            in_.reset(new char[in_size]);
            in_.get_deleter().used = 0;
        }
        while (unread_.empty()) {
            std::size_t n = 0;
            if (tls_) {
                ERR_clear_error();
                const int done = SSL_read_ex(tls_.get(), in_.get(), in_size, &n);
                if (done != 1) ec = co_await wait_for_tls(done);
            } else {
                n = socket.read_some(::asio::buffer(in_.get(), in_size), ec);
                if (ec == ::asio::error::would_block) ec = co_await wait(socket_type::wait_read);
            }
            if (ec) co_return ec;
            in_.get_deleter().used = (std::max)(in_.get_deleter().used, n);
            unread_ = std::string_view(in_.get(), n);
        }
        co_return std::error_code();
    }

    bool has_unread() const noexcept { return !unread_.empty(); }
    void drop_unread() noexcept { unread_ = {}; }

    /// True if an idle connection is neither closed by the peer nor has it sent anything unasked.
    bool quiet() {
        if (!unread_.empty() || (tls_ && SSL_pending(tls_.get()))) return false;
        char byte = 0;
        std::error_code ec;
        socket.receive(::asio::buffer(&byte, 1), socket_type::message_peek, ec);
        return ec == ::asio::error::would_block;
    }

    /// Says goodbye without waiting, and closes.
    void close() noexcept {
        unwatch();
        std::error_code ignored;
        if (tls_ && socket.is_open() && SSL_is_init_finished(tls_.get())) {
            ERR_clear_error();
            SSL_shutdown(tls_.get());
            ERR_clear_error();
        }
        socket.close(ignored);
    }

    /// Reads on, and forgets, until the peer closes, for a time and a number of bytes: a connection that is closed with
    /// input unread is reset, and the peer may then lose the reply (RFC 9112 §9.6).
    ::asio::awaitable<void> linger() {
        std::error_code ec;
        if (tls_) SSL_shutdown(tls_.get());
        socket.shutdown(socket_type::shutdown_send, ec);
        expect_within(std::max<clock::duration>(std::chrono::seconds(1), period_));
        for (std::size_t i = 0; i < 64; ++i) {
            drop_unread();
            auto done = co_await fill();
            if (done) break;
        }
    }

    /// Aborts what is pending as if the deadline had passed.
    void expire() {
        expired_ = true;
        std::error_code ignored;
        socket.cancel(ignored);
    }

private:
    void feed() { unread_.remove_prefix(parser.feed(unread_)); }

    ::asio::awaitable<std::error_code> wait(socket_type::wait_type what) {
        std::error_code ec = ::asio::error::operation_aborted;
        if (!expired_) co_await socket.async_wait(what, ::asio::redirect_error(::asio::use_awaitable, ec));
        if (expired_) ec = ::asio::error::operation_aborted;
        co_return ec;
    }

    /// What to do after a TLS operation returned `done`.
    ::asio::awaitable<std::error_code> wait_for_tls(int done) {
        std::error_code ec;
        const int problem = SSL_get_error(tls_.get(), done);
        ERR_clear_error();  // leaves nothing behind for other users of OpenSSL on this thread
        switch (problem) {
        case SSL_ERROR_WANT_READ:
            ec = co_await wait(socket_type::wait_read);
            break;
        case SSL_ERROR_WANT_WRITE:
            ec = co_await wait(socket_type::wait_write);
            break;
        case SSL_ERROR_ZERO_RETURN:
            ec = ::asio::error::eof;
            break;
        // Also an end without close_notify: it may be a truncation by somebody else.
        default:
            ec = ::asio::error::connection_reset;
            break;
        }
        co_return ec;
    }

    void watch() {
        timer_.expires_at((std::min)(deadline_, clock::now() + period_));
        timer_.async_wait([self = shared_from_this()](std::error_code ec) {
            if (ec || !self->watched_) return;
            if (clock::now() >= self->deadline_) {
                self->watched_ = false;
                self->expire();
            } else {
                self->watch();
            }
        });
    }

    socket_wire wire_{socket};
    ssl_ptr tls_;
    ::asio::steady_timer timer_;
    clock::duration period_;
    clock::time_point deadline_ = (clock::time_point::max)();
    bool watched_ = false;
    bool expired_ = false;
    static constexpr std::size_t in_size = 8 * 1024;
    struct wiping_delete {
        wiping_delete() noexcept : used(0) {}
        void operator()(char* buffer) const noexcept {
            wipe({reinterpret_cast<unsigned char*>(buffer), used});
            delete[] buffer;
        }
        std::size_t used;  // of the buffer, at most so far
    };
    std::unique_ptr<char[], wiping_delete> in_;  ///< none while the connection waits for a message
    std::string_view unread_;                    ///< into `in_`
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
