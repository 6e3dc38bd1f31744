// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_ASIO_SCRIPTED_SERVER_HPP
#define PHONEAUTH_TESTS_ASIO_SCRIPTED_SERVER_HPP

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

/// Does to the n-th connection what its n-th script says, on a thread of its own, one after the other.
class scripted_server {
public:
    class peer {
    public:
        explicit peer(::asio::ip::tcp::socket s) : socket(std::move(s)) {
            socket.set_option(::asio::ip::tcp::no_delay(true));
        }
        ::asio::ip::tcp::socket socket;

        /// The next request, as bytes; empty at the end of the stream.
        std::string request() {
            std::string text;
            std::size_t length = std::string::npos;
            while (text.size() < length) {
                char byte = 0;
                std::error_code ec;
                socket.read_some(::asio::buffer(&byte, 1), ec);
                if (ec) return {};
                text += byte;
                if (length == std::string::npos && text.ends_with("\r\n\r\n")) {
                    const auto at = text.find("Content-Length: ");
                    length = text.size() + (at == text.npos ? 0 : std::stoul(text.substr(at + 16)));
                }
            }
            return text;
        }
        void send(std::string_view text) {
            std::error_code ignored;
            ::asio::write(socket, ::asio::buffer(text.data(), text.size()), ignored);
        }
        /// Until the other side has closed.
        void wait_for_end() {
            std::error_code ec;
            char bytes[1024];
            while (!ec) socket.read_some(::asio::buffer(bytes), ec);
        }
    };
    using script = std::function<void(peer&)>;

    explicit scripted_server(std::vector<script> scripts)
        : acceptor_(context_, {::asio::ip::make_address("127.0.0.1"), 0}),
          thread_([this, scripts = std::move(scripts)] {
              for (const auto& play : scripts) {
                  std::error_code ec;
                  auto socket = acceptor_.accept(ec);
                  if (ec) return;
                  ++connections;
                  peer p(std::move(socket));
                  play(p);
              }
          }) {}
    ~scripted_server() {
        ::shutdown(acceptor_.native_handle(), SHUT_RDWR);
        thread_.join();
    }

    std::string url(std::string_view target = "/") const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) += target;
    }

    std::atomic<int> connections{0};

private:
    ::asio::io_context context_;
    ::asio::ip::tcp::acceptor acceptor_;
    std::thread thread_;
};

#endif
