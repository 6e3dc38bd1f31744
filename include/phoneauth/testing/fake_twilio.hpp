// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_FAKE_TWILIO_HPP
#define PHONEAUTH_TESTING_FAKE_TWILIO_HPP

#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <openssl/pem.h>
#include <openssl/ssl.h>

#include <phoneauth/asio/http_server.hpp>
#include <phoneauth/asio/https_transport.hpp>

#include <asio/co_spawn.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/address_v4.hpp>

#include <phoneauth/testing/certificates.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A `twilio_simulator` behind a real HTTP or HTTPS server on 127.0.0.1, which runs on a thread of its own from
/// construction to destruction:
///
///     fake_twilio twilio;
///     config c;
///     c.twilio = twilio.settings();
///     …
///     twilio.last_code_to("+14155550100")
///
/// If a message has a StatusCallback, the server reports there what became of it (see
/// `twilio_simulator::delivery_reports`), once for each status. It does so for `max_reported` messages at a time; a
/// message that comes while so many are being reported is not reported.
///
/// @par Thread safety
/// Shared objects are safe. The function given to `on_message` is called on the server's thread.
class fake_twilio : public twilio_simulator {
public:
    static constexpr std::size_t max_reported = 256;  ///< messages at a time

    /// Serves HTTP.
    ///
    /// @param port  0 means any free one
    /// @par Errors
    /// `std::system_error` if it cannot listen.
    explicit fake_twilio(std::uint16_t port = 0) : fake_twilio(port, std::nullopt) {}

    /// Serves HTTPS.
    ///
    /// @param certificate  for example from `make_test_certificate`
    /// @param port         0 means any free one
    /// @par Errors
    /// `std::system_error` if it cannot listen; `std::runtime_error` if OpenSSL does not accept the certificate or its
    /// key.
    explicit fake_twilio(const test_certificate& certificate, std::uint16_t port = 0)
        : fake_twilio(port, std::optional(certificate)) {}

    ~fake_twilio() {
        context_.stop();
        thread_.join();
    }

    /// The port that it listens on.
    std::uint16_t port() const noexcept { return server_.port(); }

    /// What takes the place of `https://api.twilio.com`.
    std::string base_url() const {
        return (tls_ ? "https://localhost:" : "http://127.0.0.1:") + std::to_string(port());
    }

    /// The certificate that a client has to trust, in PEM; empty for HTTP.
    const std::string& ca_pem() const noexcept { return ca_; }

    /// A configuration that reaches this server and that it accepts.
    twilio_config settings() const {
        auto c = twilio_simulator::settings();
        c.base_url = base_url();
        return c;
    }

private:
    using tls_ptr = std::unique_ptr<SSL_CTX, detail::openssl_free<SSL_CTX_free>>;

    fake_twilio(std::uint16_t port, const std::optional<test_certificate>& certificate)
        : tls_(certificate ? tls_of(*certificate) : nullptr), ca_(certificate ? certificate->ca : std::string()),
          server_(
              context_.get_executor(), {::asio::ip::address_v4::loopback(), port},
              [this](http_request request, const ::asio::ip::tcp::endpoint&) { return reply_to(std::move(request)); },
              {}, tls_.get()),
          thread_([this] { context_.run(); }) {}

    ::asio::awaitable<http_response> reply_to(http_request request) {
        std::optional<simulated_message> accepted;
        auto reply = answer(request, &accepted);
        if (accepted) report(*accepted);
        co_return reply;
    }

    void report(const simulated_message& m) {
        auto requests = delivery_reports(m);
        if (requests.empty() || reported_ == max_reported) return;
        if (!transport_) transport_.emplace(context_.get_executor());
        auto work = send_all(std::move(requests));
        ::asio::co_spawn(context_, std::move(work), [this](std::exception_ptr) { --reported_; });
        ++reported_;
    }

    /// Sends them one after the other and does not try again, as Twilio does.
    ::asio::awaitable<void> send_all(std::vector<http_request> requests) {
        for (const auto& request : requests) {
            auto sending = transport_->send(request);
            (void)co_await std::move(sending);  // whatever is answered
        }
    }

    static tls_ptr tls_of(const test_certificate& c) {
        const auto reader = [](const std::string& pem) {
            return detail::bio_ptr(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
        };
        tls_ptr context(SSL_CTX_new(TLS_server_method()));
        const auto certificate_text = reader(c.certificate);
        const auto key_text = reader(c.key);
        const detail::x509_ptr certificate(PEM_read_bio_X509(certificate_text.get(), nullptr, nullptr, nullptr));
        const detail::key_ptr key(PEM_read_bio_PrivateKey(key_text.get(), nullptr, nullptr, nullptr));
        if (!context || SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
            SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
            throw std::runtime_error("phoneauth: the certificate or its key cannot be used");
        return context;
    }

    tls_ptr tls_;
    std::string ca_;
    ::asio::io_context context_{1};
    std::optional<https_transport> transport_;  ///< this and the next: for the server's thread alone
    std::size_t reported_ = 0;
    http_server server_;
    std::thread thread_;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
