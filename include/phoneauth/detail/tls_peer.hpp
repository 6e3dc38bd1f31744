// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_DETAIL_TLS_PEER_HPP
#define PHONEAUTH_DETAIL_TLS_PEER_HPP

#include <cstddef>
#include <memory>
#include <new>
#include <string>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include <phoneauth/detail/ip.hpp>

// What all that speaks TLS here has in common: nothing but OpenSSL, on whatever carries the bytes.

namespace phoneauth {
inline namespace v0 {
namespace detail {

struct ssl_deleter {
    void operator()(SSL* p) const noexcept { SSL_free(p); }
    void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
    void operator()(SSL_SESSION* p) const noexcept { SSL_SESSION_free(p); }
    void operator()(BIO_METHOD* p) const noexcept { BIO_meth_free(p); }
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, ssl_deleter>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, ssl_deleter>;

/// Makes `ssl` a client that trusts only a certificate for `host`, a name or an address. False if there can be none.
inline bool expect_peer(SSL* ssl, const std::string& host) {
    SSL_set_connect_state(ssl);
    if (host.empty()) return false;  // OpenSSL would take any name
    if (parse_ip(host))              // which has no place in SNI (RFC 6066 §3)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

/// How OpenSSL reads and writes a `Wire`: never blocking, and without SIGPIPE, which its own socket BIO would raise.
/// Its `read_some` and `write_some` take a pointer, a size and a flag that they set if it is to be tried again later;
/// they return the number of bytes, 0 at the end, or -1.
template <class Wire>
BIO_METHOD* wire_bio_method() {
    static const std::unique_ptr<BIO_METHOD, ssl_deleter> method = [] {
        std::unique_ptr<BIO_METHOD, ssl_deleter> m(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "phoneauth wire"));
        if (!m) throw std::bad_alloc();
        BIO_meth_set_write(m.get(), [](BIO* bio, const char* data, int size) {
            bool later = false;
            BIO_clear_retry_flags(bio);
            const auto n =
                static_cast<Wire*>(BIO_get_data(bio))->write_some(data, static_cast<std::size_t>(size), later);
            if (later) BIO_set_retry_write(bio);
            return static_cast<int>(n);
        });
        BIO_meth_set_read(m.get(), [](BIO* bio, char* data, int size) {
            bool later = false;
            BIO_clear_retry_flags(bio);
            const auto n =
                static_cast<Wire*>(BIO_get_data(bio))->read_some(data, static_cast<std::size_t>(size), later);
            if (later) BIO_set_retry_read(bio);
            return static_cast<int>(n);
        });
        BIO_meth_set_ctrl(m.get(), [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
        BIO_meth_set_create(m.get(), [](BIO* bio) {
            BIO_set_init(bio, 1);
            return 1;
        });
        return m;
    }();
    return method.get();
}

/// TLS on `wire`, which lives longer; nullptr if there is no memory for it.
template <class Wire>
ssl_ptr make_ssl(SSL_CTX* context, Wire& wire) {
    ssl_ptr ssl(SSL_new(context));
    BIO* const bio = ssl ? BIO_new(wire_bio_method<Wire>()) : nullptr;
    if (!bio) return nullptr;
    BIO_set_data(bio, &wire);
    SSL_set_bio(ssl.get(), bio, bio);
    return ssl;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
