// SPDX-License-Identifier: BSL-1.0
// Both Redis storages by TLS, and how they connect.
#include <boost/test/unit_test.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <future>
#include <string>
#include <system_error>
#include <thread>
#include <tuple>
#include <vector>

#include <asio/buffer.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/write.hpp>

#include <phoneauth/asio/redis.hpp>
#include <phoneauth/storage/redis.hpp>
#include <phoneauth/testing/certificates.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include "asio/silent_server.hpp"
#include "storage/redis.hpp"
#include "support/temporary_folder.hpp"

using namespace phoneauth;
using namespace redis_tests;

namespace {

using worlds = std::tuple<blocking_world, async_world>;

std::string replaced(std::string text, const std::string& what, const std::string& by) {
    return text.replace(text.find(what), what.size(), by);
}

/// Whether `World` throws at start, with `why`.
template <class World>
bool refused(const std::string& url, const redis_options& options, const std::string& why) {
    return throws([&] { World w(url, options); }, why);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_network, *boost::unit_test::precondition(has_redis))

BOOST_AUTO_TEST_CASE_TEMPLATE(suite, World, worlds) {
    private_redis server("tls");
    BOOST_TEST(server.url.starts_with("rediss://127.0.0.1:"));
    World w(server.url, server.trusting());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(w.storage, w)) == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(suite_on_a_cluster, World, worlds) {
    private_redis cluster("tls", "cluster");
    // Connected by a name, and led on to addresses.
    World w(replaced(cluster.url, "127.0.0.1", "localhost"), cluster.trusting());
    BOOST_TEST(testing::to_text(testing::run_storage_suite(w.storage, w, {.threads = 8, .rounds = 5})) == "");
}

BOOST_AUTO_TEST_CASE_TEMPLATE(servers_that_are_not_trusted, World, worlds) {
    private_redis server("tls --bind 127.0.0.1 127.0.0.2 --requirepass hunter2");
    const auto url = [&](const std::string& host) {
        return replaced(replaced(server.url, "127.0.0.1", host), "rediss://", "rediss://:hunter2@");
    };
    const auto own = server.trusting();
    World trusted(url("127.0.0.1"), own), by_name(url("localhost"), own);
    BOOST_TEST(count(trusted, 1) + count(by_name, 1) == 3);

    BOOST_TEST(refused<World>(url("127.0.0.1"), {}, "a certificate that is not trusted (self-signed"));
    auto stranger = own;
    stranger.ca_file = server.folder + "/stranger.pem";
    std::ofstream(stranger.ca_file) << testing::make_test_certificate().ca;
    BOOST_TEST(refused<World>(url("127.0.0.1"), stranger, "a certificate that is not trusted"));

    BOOST_TEST(refused<World>(url("127.0.0.2"), own, "a certificate that is not for 127.0.0.2"));
    auto renamed = own;
    renamed.server_name = "other.test";
    BOOST_TEST(refused<World>(url("127.0.0.1"), renamed, "a certificate that is not for other.test"));
    renamed.server_name = "localhost";
    World called(url("127.0.0.2"), renamed);
    BOOST_TEST(count(called, 1) == 3);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(certificates_out_of_time, World, worlds) {
    support::temporary_folder folder;
    const auto file = [&](const std::string& name) { return (folder.path() / name).string(); };
    const auto expired = testing::make_test_certificate("IP:127.0.0.1", -48h, -24h);
    std::ofstream(file("c.pem")) << expired.certificate;
    std::ofstream(file("k.pem")) << expired.key;
    std::ofstream(file("ca.pem")) << expired.ca;
    private_redis server("tls --tls-cert-file " + file("c.pem") + " --tls-key-file " + file("k.pem"));
    redis_options options;
    options.ca_file = file("ca.pem");
    BOOST_TEST(refused<World>(server.url, options, "has expired"));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(the_wrong_scheme, World, worlds) {
    private_redis with("tls"), without;
    BOOST_TEST(refused<World>(replaced(with.url, "rediss", "redis"), {}, "if it asks for TLS, write rediss://"));
    auto options = with.trusting();
    BOOST_TEST(refused<World>(without.url, options, "write rediss://"));
    options.connect_timeout = options.operation_timeout = 300ms;
    const auto url = replaced(without.url, "redis", "rediss");  // it waits for the end of a line
    BOOST_TEST(refused<World>(url, options, "did not answer the TLS handshake in time: see whether this is"));

    ::asio::io_context context;
    ::asio::ip::tcp::acceptor acceptor(context, {::asio::ip::make_address("127.0.0.1"), 0});
    std::thread talkative([&] {
        auto socket = acceptor.accept();
        ::asio::write(socket, ::asio::buffer(std::string("-ERR who are you?\r\n")));
        std::error_code ec;
        for (std::array<char, 1024> bytes{}; !ec;) socket.read_some(::asio::buffer(bytes), ec);
    });
    const auto there = "rediss://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port());
    BOOST_TEST(refused<World>(there, options, "does not speak TLS: write redis://"));
    talkative.join();
}

BOOST_AUTO_TEST_CASE_TEMPLATE(certificates_of_clients, World, worlds) {
    private_redis server("tls --tls-auth-clients yes"), other("tls");
    auto options = server.trusting();
    BOOST_TEST(refused<World>(server.url, options, "redis_options::certificate_file"));
    options.certificate_file = server.folder + "/client.pem";
    options.key_file = server.folder + "/client.key";
    World w(server.url, options);
    BOOST_TEST(count(w, 1) == 1);

    const auto locked = server.folder + "/locked.key";
    const auto lock = "openssl pkey -in " + options.key_file + " -out " + locked + " -aes256 -passout pass:hunter2";
    BOOST_REQUIRE_EQUAL(std::system(lock.c_str()), 0);
    options.key_file = locked;  // nobody is asked for the passphrase
    BOOST_TEST(refused<World>(server.url, options, "have no passphrase"));
    options.key_file = other.folder + "/client.key";
    BOOST_TEST(refused<World>(server.url, options, "cannot use the key in " + options.key_file));
    options.certificate_file = other.folder + "/client.pem";
    BOOST_TEST(refused<World>(server.url, options, "does not trust the certificate"));
    options.certificate_file.clear();
    BOOST_TEST(refused<World>(server.url, options, "key_file without certificate_file"));
    options.certificate_file = server.folder + "/absent.pem";
    BOOST_TEST(refused<World>(server.url, options, "cannot use the certificate in "));
    options.ca_file = server.folder + "/absent.pem";
    BOOST_TEST(refused<World>(server.url, options, "cannot use the certificates in "));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(a_handshake_that_does_not_end, World, worlds) {
    private_redis server("tls");
    auto options = server.trusting();
    options.operation_timeout = options.connect_timeout = 300ms;
    World w(server.url, options);
    BOOST_TEST(count(w, 1) == 1);
    server.signal(SIGSTOP);
    BOOST_TEST(refused<World>(server.url, options, "did not answer the TLS handshake in time"));
    BOOST_TEST(throws([&] { count(w, 1); }, "did not answer in time"));
    BOOST_TEST(throws([&] { count(w, 1); }, "did not answer the TLS handshake in time"));  // on another connection
    server.signal(SIGCONT);
    BOOST_TEST(works_in_the_end([&] { count(w, 1); }));
}

// What the server sends after the handshake (tickets) is not taken for the end of a connection.
BOOST_AUTO_TEST_CASE_TEMPLATE(connections_are_kept, World, worlds) {
    private_redis server("tls");
    World w(server.url, server.trusting());
    const auto connections = [&] {
        const auto info = server.ask({"INFO", "stats"});
        const auto text = std::string(detail::text_of(*info));
        return std::stoi(text.substr(text.find("total_connections_received:") + 27));
    };
    BOOST_TEST(count(w, 1) == 1);
    const int before = connections();
    for (int i = 2; i < 10; ++i) BOOST_TEST(count(w, 1) == i);
    BOOST_TEST(connections() == before + 1);  // that of the question
    server.restart();
    BOOST_TEST(count(w, 1) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(more_than_buffers_hold, World, worlds) {
    private_redis server("tls");
    auto options = server.trusting();
    options.operation_timeout = 60s;
    World w(server.url, options);
    auto u = a_user("U", "0100");
    for (char c = 'a'; c < 'e'; ++c) u.properties[std::string(1, c)] = '"' + std::string(5'000'000, c) + '"';
    BOOST_TEST((w(w.storage.insert_user(u)) == write_result::done));
    const auto found = w(w.storage.find_user_by_identity(u.identity));
    BOOST_REQUIRE(found.has_value());
    BOOST_TEST((found->properties == u.properties));
}

BOOST_AUTO_TEST_CASE(many_at_once) {
    private_redis server("tls");
    auto options = server.trusting();
    options.operation_timeout = options.connect_timeout = 60s;
    async_world w(server.url, options, 4);
    const auto flow = [&](int i) -> ::asio::awaitable<bool> {
        const auto t = a_transaction(std::to_string(i));
        const bool inserted = co_await w.storage.insert_transaction(t);
        const auto found = co_await w.storage.find_transaction(t.id);
        co_return inserted&& found && found->id == t.id;
    };
    std::vector<std::future<bool>> outcomes;
    for (int i = 0; i < 2000; ++i) outcomes.push_back(::asio::co_spawn(w.context, flow(i), ::asio::use_future));
    int good = 0;
    for (auto& outcome : outcomes) good += outcome.get();
    BOOST_TEST(good == 2000);
}

// ---- Addresses

// The asynchronous counterpart is in connect.cpp.
BOOST_AUTO_TEST_CASE(the_first_address_that_answers) {
    struct address : addrinfo {
        explicit address(std::uint16_t port) : addrinfo{} {
            v4.sin_family = AF_INET;
            v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            v4.sin_port = htons(port);
            ai_family = AF_INET;
            ai_socktype = SOCK_STREAM;
            ai_addr = reinterpret_cast<sockaddr*>(&v4);
            ai_addrlen = sizeof v4;
        }
        address(const address&) = delete;
        address& operator=(const address&) = delete;
        sockaddr_in v4{};
    };
    const silent_server nobody;
    ::asio::io_context context;
    ::asio::ip::tcp::acceptor acceptor(context, {::asio::ip::make_address("127.0.0.1"), 0});
    const address silent(nobody.endpoint().port()), refuses(1), answers(acceptor.local_endpoint().port());

    const auto clock = [] { return std::chrono::steady_clock::now(); };
    const auto connect = [&](const std::vector<const addrinfo*>& addresses, std::chrono::milliseconds limit) {
        const auto socket = detail::redis_connect(addresses, clock() + limit);
        sockaddr_in peer{};
        socklen_t size = sizeof peer;
        ::getpeername(socket.fd(), reinterpret_cast<sockaddr*>(&peer), &size);
        return peer.sin_port == answers.v4.sin_port;
    };
    const auto begin = clock();
    BOOST_TEST(connect({&refuses, &refuses, &answers, &silent}, 60s));
    BOOST_TEST((clock() - begin < detail::connection_attempt_delay));  // who refuses is not waited for
    BOOST_TEST(connect({&silent, &answers}, 60s));
    BOOST_TEST((clock() - begin >= detail::connection_attempt_delay));
    BOOST_TEST(connect({&silent, &refuses, &silent, &answers}, 60s));
    BOOST_TEST((clock() - begin < 10s));

    BOOST_TEST(throws([&] { connect({&refuses, &refuses}, 60s); }, "Connection refused"));
    BOOST_TEST(throws([&] { connect({&silent, &refuses}, 600ms); }, "Connection timed out"));
    BOOST_TEST(throws([&] { connect({&silent, &answers}, 100ms); }, "Connection timed out"));
    BOOST_TEST((clock() - begin < 10s));
}

BOOST_AUTO_TEST_CASE_TEMPLATE(an_ipv6_address, World, worlds) {
    private_redis server("tls --bind 127.0.0.1 ::1");
    World w(replaced(server.url, "127.0.0.1", "[::1]"), server.trusting());
    BOOST_TEST(count(w, 1) == 1);
}

BOOST_AUTO_TEST_CASE_TEMPLATE(servers_that_do_not_know_their_names, World, worlds) {
    for (const auto* kind : {"", "tls "}) {
        private_redis cluster(kind + std::string("--cluster-preferred-endpoint-type unknown-endpoint"), "cluster");
        World w(replaced(cluster.url, "127.0.0.1", "localhost"), cluster.trusting());
        for (int i = 0; i < 12; ++i)
            BOOST_TEST(w(w.storage.insert_transaction(a_transaction(std::to_string(i)))), kind);
    }
}

BOOST_AUTO_TEST_SUITE_END()
