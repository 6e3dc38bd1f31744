// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_TLS_CLIENT_HPP
#define PHONEAUTH_ASIO_DETAIL_TLS_CLIENT_HPP

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <phoneauth/asio/detail/http_connection.hpp>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/tls_peer.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/result.hpp>

namespace phoneauth {
inline namespace v0 {
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
        trusts_ = sk_X509_OBJECT_num(X509_STORE_get0_objects(SSL_CTX_get_cert_store(context_.get()))) > 0;
    }

    /// Success if there are trusted certificates; else what to do. OpenSSL says nothing where the system has none, and
    /// then trusts nobody.
    result<void> check_certificates() {
        if (trusts_ || has_system_certificates()) return {};
        return failure(error::certificate_untrusted,
                       "This system has no trusted certificates, neither the file " +
                           system_path(X509_get_default_cert_file_env(), X509_get_default_cert_file()) +
                           " nor any in the folder " +
                           system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir()) +
                           ": install them (the package ca-certificates), or name a PEM file with them in ca_file.");
    }

    /// Prepares the handshake of a connected connection with `host`.
    std::error_code prepare(http_connection& connection, const url& target) {
        auto ec = connection.start_tls(context_.get(), true);
        if (ec) return ec;
        SSL* const ssl = connection.tls();
        if (!expect_peer(ssl, target.host)) return std::make_error_code(std::errc::invalid_argument);
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
    static std::string system_path(const char* variable, const char* otherwise) {
        const char* const value = std::getenv(variable);
        return value ? value : otherwise;
    }

    /// Whether OpenSSL can find a certificate in the system's folders: it looks there, by a name like 5ed36f99.0, when
    /// it needs one.
    bool has_system_certificates() {
        const auto folders = system_path(X509_get_default_cert_dir_env(), X509_get_default_cert_dir());
        for (std::size_t begin = 0; begin <= folders.size();) {
            const auto end = (std::min)(folders.find(folder_separator, begin), folders.size());
            std::error_code ec;
            std::filesystem::directory_iterator entry(folders.substr(begin, end - begin), ec);
            for (; !ec && entry != std::filesystem::directory_iterator(); entry.increment(ec)) {
                const auto name = entry->path().filename().string();
                if (name.size() < 10 || name[8] != '.' || !is_digit(name[9])) continue;
                if (std::all_of(name.begin(), name.begin() + 8, is_hex)) return trusts_ = true;
            }
            begin = end + 1;
        }
        return false;
    }

#if defined(_WIN32)
    static constexpr char folder_separator = ';';
#else
    static constexpr char folder_separator = ':';
#endif
    static constexpr std::size_t max_sessions = 64;

    ssl_ctx_ptr context_;
    std::atomic<bool> trusts_{false};  ///< there are certificates, as far as is known
    std::mutex mutex_;
    std::map<std::string, ssl_session_ptr> sessions_;  ///< by host and port
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
