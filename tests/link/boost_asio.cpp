// SPDX-License-Identifier: BSL-1.0
// Boost.Asio and what a program on it uses of phoneauth, in one source file and in one program: with the bodies compiled
// apart, no header of these includes standalone Asio, which some releases of Boost's do not bear beside them.

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/console_transport.hpp>
#include <phoneauth/phoneauth.hpp>
#include <phoneauth/rest/adapter.hpp>
#include <phoneauth/rest/api.hpp>

#include <boost/asio.hpp>
#include <boost/beast.hpp>

#include <iostream>
#include <string>
#include <thread>

#ifdef ASIO_VERSION
#error standalone Asio has been included
#endif

int main() {
    namespace net = boost::asio;
    namespace http = boost::beast::http;

    net::io_context loop(1);
    net::ip::tcp::acceptor acceptor(loop, {net::ip::address_v4::loopback(), 0});
    const auto port = acceptor.local_endpoint().port();
    std::thread serving([&] {
        auto socket = acceptor.accept();
        boost::beast::flat_buffer buffer;
        http::request<http::string_body> in;
        http::read(socket, buffer, in);
        const auto request = phoneauth::rest::to_request(in.method_string(), in.target(), in, in.body());
        http::response<http::string_body> out(http::status::ok, 11,
                                              request.method + ' ' + request.url + ' ' + request.body);
        out.prepare_payload();
        http::write(socket, out);
    });
    phoneauth::blocking_transport transport;
    const auto reply =
        transport.send({"POST", "http://127.0.0.1:" + std::to_string(port) + "/a?b", {{"X-A", "1"}}, "body"});
    serving.join();
    if (!reply) return std::cerr << reply.error().message << '\n', 1;
    std::cout << reply->status << ' ' << reply->body << '\n';
    return reply->status == 200 && reply->body == "POST /a?b body" ? 0 : 1;
}
