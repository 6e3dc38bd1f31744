// SPDX-License-Identifier: BSL-1.0
// A complete server: phone-verified registration and login over REST, and a page to try it.
//
// Without Twilio credentials it plays Twilio itself and prints each message here instead of sending it.

#include <csignal>
#include <cstddef>
#include <exception>
#include <iostream>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/signal_set.hpp>

#include <phoneauth/asio/http_server.hpp>
#include <phoneauth/asio/https_transport.hpp>
#include <phoneauth/authenticator.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/gauges.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/metrics.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/rest/cors.hpp>
#include <phoneauth/rest/openapi.hpp>
#include <phoneauth/rest/reply.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/testing/fake_twilio.hpp>

#include "event_log.hpp"
#include "fake_phone.hpp"
#include "fake_set_ups.hpp"
#include "listening.hpp"
#include "metrics.hpp"
#include "operator.hpp"
#include "operator_desk.hpp"
#include "operator_gate.hpp"
#include "options.hpp"
#include "page.hpp"
#include "storage.hpp"

namespace server {
namespace {

using tcp = ::asio::ip::tcp;

void print_message(const phoneauth::testing::simulated_message& m) {
    std::string line = "message to " + m.to + ": " + m.body;
    for (const auto& url : m.media_urls) line += " [" + url + ']';
    print(line);
}

std::string random_id() {
    phoneauth::random_source random;
    auto id = phoneauth::make_token(random);
    if (!id) throw std::runtime_error("OpenSSL has no randomness");
    return std::move(*id);
}

/// Takes the ids that were not given from a random source, and shows them: without them nobody could use the REST root.
void complete(phoneauth::rest::options& api) {
    if (api.app_id.empty()) print("application id: " + (api.app_id = random_id()));
    if (api.api_key.empty()) print("API key:        " + (api.api_key = random_id()));
}

std::unique_ptr<any_storage> open(options& o, const ::asio::any_io_executor& executor) {
    const bool chosen = !o.storage.empty();
    if (!chosen) o.storage = default_storage();
    try {
        auto storage = open_storage(o.storage, executor);
        if (o.config.code_keys.empty()) o.config.code_keys = {{"own", own_code_key(o.storage)}};
        print("storage: " + public_storage_name(o.storage));
        return storage;
    } catch (const std::exception& e) {
        if (chosen) throw;
        throw std::runtime_error(std::string(e.what()) +
                                 "; or name another storage with --storage or PHONEAUTH_STORAGE");
    }
}

/// Who is told what happens.
struct observer {
    phoneauth::event_counters* counters;  ///< or nullptr
    event_log* log;                       ///< or nullptr

    void operator()(const phoneauth::event& e) const {
        if (counters) (*counters)(e);
        if (log) (*log)(e);
    }
};

/// Starts a Twilio of the server's own, and configures it.
void play_twilio(options& o, std::optional<phoneauth::testing::fake_twilio>& fake) {
    fake.emplace().on_message(print_message);
    auto twilio = fake->settings();
    twilio.status_callback = o.config.twilio.status_callback;
    if (!o.fake_set_up.empty()) spoil(o.fake_set_up, *fake, twilio);
    o.config.twilio = std::move(twilio);
}

phoneauth::https_transport_options way_to_twilio(const options& o) {
    phoneauth::https_transport_options way;
    way.ca_file = o.ca_file;
    if (!o.fake_twilio) way.proxy = o.proxy;
    return way;
}

/// Tests the configuration, and prints what was found. True if nothing stands in the way of sending codes. The storage is
/// left alone: another server may be using it.
bool test(options o) {
    ::asio::io_context context(1);
    std::optional<phoneauth::testing::fake_twilio> fake;
    if (o.fake_twilio) {
        play_twilio(o, fake);
        print("No Twilio credentials: the Twilio that the server plays is tested.");
    }
    const auto storage = open_storage("memory", context.get_executor());
    if (o.config.code_keys.empty()) o.config.code_keys = {{"own", own_code_key("memory")}};
    phoneauth::https_transport transport(context.get_executor(), way_to_twilio(o));
    observer nobody{nullptr, nullptr};
    phoneauth::authenticator authenticator(o.config, *storage, transport, nobody);
    bool is_well = false;
    ::asio::co_spawn(context, authenticator.test_configuration(),
                     [&](std::exception_ptr thrown, operator_route::report report) {
                         if (thrown) std::rethrow_exception(thrown);
                         if (!report) throw std::runtime_error(report.error().message);
                         for (const auto& line : report_lines(*report)) print(line);
                         is_well = report->ok();
                         context.stop();  // a connection to Twilio may be kept
                     });
    context.run();
    return is_well;
}

/// What answers requests, on all ports.
class service {
public:
    /// @param twilio  the one that the server plays, or nullptr
    service(const options& o, const ::asio::any_io_executor& executor, any_storage& storage,
            const phoneauth::testing::twilio_simulator* twilio)
        : storage_(storage), twilio_(twilio), transport_(executor, way_to_twilio(o)),
          log_(o.events.empty() ? nullptr : std::make_unique<event_log>(o.events)), observer_{&counters_, log_.get()},
          authenticator_(o.config, storage, transport_, passwords_, observer_), api_options_(o.api),
          api_(authenticator_, o.api), page_(make_page(o.fake_twilio, !o.operator_token.empty(), o.config)),
          description_(phoneauth::rest::reply::of_json(phoneauth::rest::openapi(o.api, o.config) + '\n')),
          gate_(o.operator_token), desk_gate_(o.operator_token),
          configuration_([this] { return authenticator_.test_configuration(); }),
          desk_(desk_gate_, configuration_, actions_of(authenticator_), o.config) {
        if (!o.twilio_over_https) return;
        // Found out now, and not when the first user waits for a code.
        if (const auto usable = transport_.check_certificates(); !usable)
            throw std::runtime_error(usable.error().message + " Its option here is --twilio-ca-file.");
    }

    ::asio::awaitable<phoneauth::http_response> answer_client(phoneauth::http_request request, tcp::endpoint peer) {
        const bool reads = request.method == "GET" || request.method == "HEAD";
        if (reads && request.url == "/") co_return page_;
        if (reads && request.url == "/openapi.json") {
            auto description = description_;
            phoneauth::rest::add_cors_headers(description, request, api_options_);
            co_return description;
        }
        if (twilio_ && asks_for_messages(request) && may_read_messages(request, peer.address(), api_options_))
            co_return messages_reply(*twilio_);
        auto address = peer.address().to_string();
        if (gate_.has_token() && operator_route::serves(request)) {
            auto client = client_of(request, address);
            auto testing = configuration_.answer(std::move(request), std::move(client), gate_);
            phoneauth::http_response report = co_await std::move(testing);
            co_return report;
        }
        auto work = api_.handle(std::move(request), std::move(address));
        phoneauth::http_response reply = co_await std::move(work);
        co_return reply;
    }

    ::asio::awaitable<phoneauth::http_response> answer_operator(phoneauth::http_request request, tcp::endpoint peer) {
        return desk_.answer(std::move(request), peer.address().to_string());
    }

    /// In Prometheus's text format.
    ::asio::awaitable<std::string> metrics_text() {
        phoneauth::prometheus_gauges now;
        storage_.tell(now);
        now.pool("passwords", passwords_.usage());
        auto asking = authenticator_.budget();
        const phoneauth::result<phoneauth::code_budget> budget = co_await std::move(asking);
        if (budget) now.budget(*budget);  // else the storage is down, which its counters say
        co_return counters_.prometheus_text() + now.text() +
            "# HELP phoneauth_events_dropped_total Events that could not be written.\n"
            "# TYPE phoneauth_events_dropped_total counter\n"
            "phoneauth_events_dropped_total " +
            std::to_string(log_ ? log_->dropped() : 0) + '\n';
    }

private:
    /// The client behind the proxies, if the server was told of any.
    std::string client_of(const phoneauth::http_request& request, const std::string& peer) const {
        std::string forwarded;  // a header that comes several times is one list (RFC 9110 §5.3)
        for (const auto& h : request.headers)
            if (phoneauth::equal_ignoring_case(h.name, api_options_.forwarding_header))
                forwarded += (forwarded.empty() ? "" : ",") + h.value;
        const auto hops = api_options_.trusted_hops;
        return hops > 0 ? phoneauth::client_address_by_hops(peer, forwarded, hops)
                        : phoneauth::client_address(peer, forwarded, api_options_.trusted_proxies);
    }

    any_storage& storage_;
    const phoneauth::testing::twilio_simulator* twilio_;
    phoneauth::https_transport transport_;
    phoneauth::pooled_passwords passwords_;
    phoneauth::event_counters counters_;
    std::unique_ptr<event_log> log_;
    observer observer_;
    phoneauth::authenticator<any_storage, phoneauth::https_transport, phoneauth::pooled_passwords, observer>
        authenticator_;
    phoneauth::rest::options api_options_;
    phoneauth::rest::api<decltype(authenticator_)> api_;
    phoneauth::http_response page_, description_;
    operator_gate gate_, desk_gate_;  // whoever guesses at one of them keeps nobody from the other
    operator_route configuration_;
    operator_desk desk_;
};

void run(options o) {
    ::asio::io_context context(static_cast<int>(o.threads));
    const auto executor = context.get_executor();
    const auto storage = open(o, executor);
    reply_counters replies;
    std::optional<phoneauth::testing::fake_twilio> fake;
    std::optional<service> answers;

    // From here on it has a port, but answers nothing before the context runs.
    std::optional<phoneauth::http_server> http, metrics, operators;
    const auto address = listen_for_clients(http, executor, o, replies, [&](auto request, auto peer) {
        return answers->answer_client(std::move(request), std::move(peer));
    });
    if (o.fake_twilio) {
        play_twilio(o, fake);
        if (o.default_status_callback)
            o.config.twilio.status_callback = url_of(reachable(address)) + "/api/services/Twilio/messageStatus";
        print("No Twilio credentials: messages are printed here and shown on the page, not sent.");
    }
    complete(o.api);
    answers.emplace(o, executor, *storage, fake ? &*fake : nullptr);
    if (!o.metrics_address.empty())
        start_metrics(metrics, executor, o, [&]() -> ::asio::awaitable<std::string> {
            auto asking = answers->metrics_text();
            std::string text = co_await std::move(asking);
            co_return text + replies.prometheus_text();
        });
    if (!o.operators_address.empty())
        start_operators(operators, executor, o, [&](auto request, auto peer) {
            return answers->answer_operator(std::move(request), std::move(peer));
        });

    // The first signal: no new requests, and those that are accepted get their replies. The second one ends it at once.
    const auto end = [&] { context.stop(); };
    ::asio::signal_set signals(context, SIGINT, SIGTERM);
    signals.async_wait([&](const std::error_code& error, int) {
        if (error) return;
        if (metrics) metrics->stop();
        http->stop([&] { operators ? operators->stop(end) : end(); });
        signals.clear();
    });

    print("listening on " + url_of(address));
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < o.threads; ++i) others.emplace_back([&] { context.run(); });
    context.run();
}

}  // namespace
}  // namespace server

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);  // whoever reads the log may go away
    const auto parsed = server::parse_options({argv + 1, argv + argc});
    if (parsed.value.help) {
        std::cout << server::help_text();
        return 0;
    }
    for (const auto& problem : parsed.problems) std::cerr << "phoneauth_server: " << problem << '\n';
    if (!parsed.problems.empty()) return 2;
    try {
        if (parsed.value.test) return server::test(parsed.value) ? 0 : 1;
        server::run(parsed.value);
    } catch (const std::exception& e) {
        std::cerr << "phoneauth_server: " << e.what() << '\n';
        return 1;
    }
    return 0;
}
