// SPDX-License-Identifier: BSL-1.0
// Boost.Beast, as in its own example http-client-async-ssl: callbacks, a time limit on each exchange, one thread.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>
#include <boost/beast/version.hpp>

#include <memory>
#include <stdexcept>
#include <type_traits>

#include "client.hpp"

namespace bench {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace net = boost::asio;
namespace ssl = net::ssl;
using net::ip::tcp;
using plain_stream = beast::tcp_stream;
using tls_stream = beast::ssl_stream<beast::tcp_stream>;

template <class Stream>
class session : public std::enable_shared_from_this<session<Stream>> {
public:
    template <class... Context>
    session(const load& l, tally& t, net::io_context& io, Context&... context)
        : load_(l), tally_(t), resolver_(io), stream_(io, context...) {}

    void run() {
        resolver_.async_resolve(tcp::v4(), "localhost", load_.port,
                                beast::bind_front_handler(&session::on_resolve, this->shared_from_this()));
    }

private:
    void on_resolve(beast::error_code ec, tcp::resolver::results_type where) {
        check(ec);
        auto& lowest = beast::get_lowest_layer(stream_);
        lowest.expires_after(time_limit);
        lowest.async_connect(where, beast::bind_front_handler(&session::on_connect, this->shared_from_this()));
    }

    static constexpr bool is_tls = std::is_same_v<Stream, tls_stream>;

    static void check(beast::error_code ec) {
        if (ec) throw std::runtime_error("Beast: " + ec.message());
    }

    void on_connect(beast::error_code ec, const tcp::endpoint&) {
        check(ec);
        beast::get_lowest_layer(stream_).socket().set_option(tcp::no_delay(true));
        if constexpr (is_tls) {
            SSL_set_tlsext_host_name(stream_.native_handle(), "localhost");
            stream_.set_verify_callback(ssl::host_name_verification("localhost"));
            stream_.async_handshake(ssl::stream_base::client,
                                    beast::bind_front_handler(&session::on_handshake, this->shared_from_this()));
        } else {
            next();
        }
    }

    void on_handshake(beast::error_code ec) {
        check(ec);
        next();
    }

    void next() {
        if (!tally_.begin()) return beast::get_lowest_layer(stream_).close();
        begun_ = tally::clock::now();
        request_ = {http::verb::post, load_.path, 11};
        request_.set(http::field::host, "localhost:" + load_.port);
        for (const auto& [name, value] : load_.headers) request_.set(name, value);
        request_.body() = load_.form;
        request_.prepare_payload();
        beast::get_lowest_layer(stream_).expires_after(time_limit);
        http::async_write(stream_, request_, beast::bind_front_handler(&session::on_write, this->shared_from_this()));
    }

    void on_write(beast::error_code ec, std::size_t) {
        check(ec);
        reply_ = {};
        http::async_read(stream_, buffer_, reply_,
                         beast::bind_front_handler(&session::on_read, this->shared_from_this()));
    }

    void on_read(beast::error_code ec, std::size_t) {
        check(ec);
        tally_.end(begun_, reply_.result_int(), reply_.body().size());
        next();
    }

    const load& load_;
    tally& tally_;
    tcp::resolver resolver_;
    Stream stream_;
    beast::flat_buffer buffer_;
    http::request<http::string_body> request_;
    http::response<http::string_body> reply_;
    tally::clock::time_point begun_;
};

}  // namespace

void send_with_beast(const load& l, tally& t) {
    net::io_context io(1);
    ssl::context context(ssl::context::tls_client);
    if (l.tls) context.load_verify_file(l.ca_file);
    context.set_verify_mode(ssl::verify_peer);
    for (unsigned i = 0; i < l.in_flight; ++i)
        if (l.tls)
            std::make_shared<session<tls_stream>>(l, t, io, context)->run();
        else
            std::make_shared<session<plain_stream>>(l, t, io)->run();
    io.run();
}

}  // namespace bench
