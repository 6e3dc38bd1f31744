// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdio>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <phoneauth/asio/blocking_transport.hpp>
#include <phoneauth/testing/fake_twilio.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/requests.hpp>
#include <phoneauth/twilio/signature.hpp>

using namespace phoneauth;

namespace {

/// A file with this text, as long as the object lives.
class temporary_file {
public:
    explicit temporary_file(const std::string& text) {
        const int descriptor = ::mkstemp(name_);
        BOOST_REQUIRE(descriptor >= 0);
        ::close(descriptor);
        std::ofstream(name_) << text;
    }
    ~temporary_file() { std::remove(name_); }
    const char* name() const { return name_; }

private:
    char name_[64] = "/tmp/phoneauth-test-XXXXXX";
};

/// A server that takes reports.
class receiver {
public:
    ~receiver() {
        context_.stop();
        thread_.join();
    }
    std::string url() const { return "http://127.0.0.1:" + std::to_string(server_.port()) + "/reports"; }

    /// The first `count` requests; fewer if they do not come.
    std::vector<http_request> wait_for(std::size_t count) {
        std::unique_lock lock(mutex_);
        arrived_.wait_for(lock, std::chrono::seconds(30), [&] { return requests_.size() >= count; });
        return requests_;
    }

private:
    ::asio::awaitable<http_response> take(http_request request) {
        {
            const std::lock_guard lock(mutex_);
            requests_.push_back(std::move(request));
        }
        arrived_.notify_one();
        http_response reply;
        reply.status = 500;  // Twilio does not care
        co_return reply;
    }

    std::mutex mutex_;
    std::condition_variable arrived_;
    std::vector<http_request> requests_;
    ::asio::io_context context_{1};
    http_server server_{
        context_.get_executor(),
        {::asio::ip::address_v4::loopback(), 0},
        [this](http_request request, const ::asio::ip::tcp::endpoint&) { return take(std::move(request)); }};
    std::thread thread_{[this] { context_.run(); }};
};

const auto to = *phone_number::parse("+14155550100");

}  // namespace

BOOST_AUTO_TEST_SUITE(fake_twilio_)

BOOST_AUTO_TEST_CASE(serves_http) {
    testing::fake_twilio server;
    blocking_transport transport;
    const twilio::requests api(server.settings());
    const auto account = transport.send(api.fetch_account());
    BOOST_REQUIRE(account.has_value());
    BOOST_TEST(*twilio::read_account_status(*account) == "active");
    const auto reply = transport.send(api.create_code_message(to, "Your code is 123456", std::chrono::seconds(300)));
    BOOST_REQUIRE(reply.has_value());
    BOOST_TEST(reply->status == 201);
    BOOST_TEST(server.last_code_to("+14155550100") == "123456");
    server.fail_next(429, 20429);
    BOOST_TEST(transport.send(api.fetch_account())->status == 429);
}

BOOST_AUTO_TEST_CASE(serves_https_to_those_who_trust_it) {
    testing::fake_twilio server(testing::make_test_certificate());
    const temporary_file ca(server.ca_pem());
    https_transport_options options;
    options.ca_file = ca.name();
    blocking_transport trusting(options);
    const twilio::requests api(server.settings());
    const auto account = trusting.send(api.fetch_account());
    BOOST_REQUIRE(account.has_value());
    BOOST_TEST(account->status == 200);

    blocking_transport suspicious;
    const auto refused = suspicious.send(api.fetch_account());
    BOOST_REQUIRE(!refused.has_value());
    BOOST_TEST((refused.error().code == error::certificate_untrusted));
}

BOOST_AUTO_TEST_CASE(certificates_can_be_wrong) {
    using std::chrono::hours;
    const struct {
        testing::test_certificate certificate;
        error expected;
    } cases[] = {
        {testing::make_test_certificate("DNS:localhost", hours(-2), hours(-1)), error::certificate_expired},
        {testing::make_test_certificate("DNS:example.com"), error::certificate_wrong_host},
    };
    for (const auto& c : cases) {
        testing::fake_twilio server(c.certificate);
        const temporary_file ca(server.ca_pem());
        https_transport_options options;
        options.ca_file = ca.name();
        blocking_transport transport(options);
        const auto refused = transport.send(twilio::requests(server.settings()).fetch_account());
        BOOST_REQUIRE(!refused.has_value());
        BOOST_TEST((refused.error().code == c.expected), refused.error().message);
    }
    auto mixed = testing::make_test_certificate();
    mixed.key = testing::make_test_certificate().key;
    BOOST_CHECK_THROW(testing::fake_twilio{mixed}, std::runtime_error);
}

BOOST_AUTO_TEST_CASE(reports_to_the_status_callback) {
    receiver there;
    testing::fake_twilio server;
    blocking_transport transport;
    const twilio::requests api(server.settings());
    const auto text = api.create_code_message(to, "123456", std::chrono::seconds(300), there.url() + "?transaction=a");
    BOOST_REQUIRE(transport.send(text).has_value());
    const auto reports = there.wait_for(3);
    BOOST_REQUIRE(reports.size() == 3u);
    const std::string expected[] = {"queued", "sent", "delivered"};
    for (std::size_t i = 0; i < 3; ++i) {
        const auto* signature = find_header(reports[i].headers, "X-Twilio-Signature");
        BOOST_REQUIRE(signature != nullptr);
        const auto read = twilio::verify_callback(testing::twilio_simulator::auth_token, there.url() + "?transaction=a",
                                                  reports[i].body, *signature);
        BOOST_TEST(read.has_value());
        BOOST_TEST(detail::form_field(reports[i].body, "MessageStatus") == expected[i]);
    }
}

BOOST_AUTO_TEST_CASE(nobody_has_to_listen_to_reports) {
    testing::fake_twilio server;
    blocking_transport transport;
    const twilio::requests api(server.settings());
    for (int i = 0; i < 3; ++i)
        BOOST_TEST(
            transport.send(api.create_code_message(to, "123456", std::chrono::seconds(300), "http://127.0.0.1:1/"))
                .has_value());
    BOOST_TEST(server.messages().size() == 3u);
}

BOOST_AUTO_TEST_CASE(serves_several_clients_at_once) {
    testing::fake_twilio server;
    const twilio::requests api(server.settings());
    std::vector<std::thread> clients;
    for (int i = 0; i < 4; ++i)
        clients.emplace_back([&] {
            blocking_transport transport;
            for (int n = 0; n < 25; ++n)
                (void)transport.send(api.create_code_message(to, "123456", std::chrono::seconds(300)));
        });
    for (auto& c : clients) c.join();
    BOOST_TEST(server.messages().size() == 100u);
}

BOOST_AUTO_TEST_SUITE_END()
