// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_STREAM_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_STREAM_HPP

#include <cerrno>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <sys/socket.h>

#include <phoneauth/detail/tls_peer.hpp>
#include <phoneauth/storage/detail/redis_protocol.hpp>
#include <phoneauth/storage/redis_options.hpp>

// Bytes to and from Redis, with TLS or without, for both storages: nothing here waits. hiredis has no TLS before 1.0, and
// later a library of its own for it.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What a storage's connections by TLS have in common; nullptr for one without TLS.
using redis_tls = ssl_ctx_ptr;

/// Throws `std::runtime_error` if a file cannot be used, or if `options` speak of TLS and the URL does not.
inline redis_tls make_redis_tls(const redis_url& url, const redis_options& options) {
    const auto& [ca, certificate, key, name] =
        std::tie(options.ca_file, options.certificate_file, options.key_file, options.server_name);
    if (!url.tls) {
        if (ca.empty() && certificate.empty() && key.empty() && name.empty()) return nullptr;
        throw std::runtime_error(
            "phoneauth: redis_options speaks of TLS, but the URL begins with redis://, which has none: "
            "write rediss://");
    }
    redis_tls context(SSL_CTX_new(TLS_client_method()));
    if (!context) throw std::bad_alloc();
    const auto require = [](int done, const std::string& what) {
        ERR_clear_error();
        if (done != 1) throw std::runtime_error("phoneauth: cannot use " + what + " for Redis");
    };
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context.get(), 1);
    if (ca.empty())
        require(SSL_CTX_set_default_verify_paths(context.get()), "the system's trusted certificates");
    else
        require(SSL_CTX_load_verify_locations(context.get(), ca.c_str(), nullptr), "the certificates in " + ca);
    if (certificate.empty() && key.empty()) return context;
    if (certificate.empty()) throw std::runtime_error("phoneauth: redis_options has key_file without certificate_file");
    // Nobody is there to be asked for a passphrase.
    SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
    const auto& key_in = key.empty() ? certificate : key;
    require(SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()),
            "the certificate in " + certificate);
    require(SSL_CTX_use_PrivateKey_file(context.get(), key_in.c_str(), SSL_FILETYPE_PEM),
            "the key in " + key_in + ", which must be that of the certificate and have no passphrase,");
    return context;
}

/// What became of an attempt.
enum class redis_io {
    done,
    wants_read,   ///< try again when the socket can be read
    wants_write,  ///< try again when the socket can be written
    failed        ///< see `redis_stream::why`
};

/// The bytes of one connection, for one thread at a time. It neither owns nor closes the socket.
class redis_stream {
public:
    /// @param fd  of a connected socket that does not block
    /// @param tls  nullptr: without
    /// @param host  for which the server's certificate must be
    redis_stream(int fd, SSL_CTX* tls, const std::string& host)
        : host_(host), wire_{fd, 0}, in_handshake_(tls != nullptr) {
        if (!tls) return;
        ssl_ = make_ssl(tls, wire_);
        if (!ssl_) throw std::bad_alloc();
        if (!expect_peer(ssl_.get(), host)) throw std::runtime_error("has a name for which no certificate can be");
    }
    redis_stream(const redis_stream&) = delete;
    redis_stream& operator=(const redis_stream&) = delete;

    redis_io handshake() {
        if (!ssl_) return redis_io::done;
        ERR_clear_error();
        const auto step = after(SSL_do_handshake(ssl_.get()));
        in_handshake_ = step != redis_io::done;
        return step;
    }

    /// Sends the beginning of `rest`, and takes it away there.
    redis_io write(std::string_view& rest) {
        std::size_t n = 0;
        bool later = false;
        auto step = redis_io::done;
        if (ssl_) {
            ERR_clear_error();
            step = after(SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &n));
            if (step == redis_io::failed) hear_last_words();
        } else if (const auto sent = wire_.write_some(rest.data(), rest.size(), later); sent >= 0) {
            n = static_cast<std::size_t>(sent);
        } else {
            step = later ? redis_io::wants_write : broken(wire_.error);
        }
        rest.remove_prefix(n);
        return step;
    }

    /// Receives `n` bytes, at most `size`.
    redis_io read(char* to, std::size_t size, std::size_t& n) {
        n = 0;
        bool later = false;
        auto step = redis_io::done;
        if (ssl_) {
            ERR_clear_error();
            step = after(SSL_read_ex(ssl_.get(), to, size, &n));
        } else if (const auto got = wire_.read_some(to, size, later); got > 0) {
            n = static_cast<std::size_t>(got);
        } else if (got == 0) {
            step = ended();
        } else {
            step = later ? redis_io::wants_read : broken(wire_.error);
        }
        heard_ = heard_ || n > 0;
        return step;
    }

    /// Whether more has come from the socket than was read here: then the socket need not have anything.
    bool has_buffered() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

    /// Whether the other side has neither ended the connection nor sent anything.
    bool quiet() {
        char byte = 0;
        if (!ssl_) return ::recv(wire_.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_block(errno);
        std::size_t n = 0;
        ERR_clear_error();
        return after(SSL_peek_ex(ssl_.get(), &byte, 1, &n)) == redis_io::wants_read;
    }

    /// Tells the other side that nothing more comes. To be called before the socket is closed, if at all.
    void end() {
        if (!ssl_ || failed_ || in_handshake_) return;
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }

    /// Why something failed: a sentence to be put behind "Redis at …".
    std::string why() const { return why_; }
    /// What is to be said in its place when time is up.
    std::string why_late() const {
        return in_handshake_ ? "did not answer the TLS handshake in time: see whether this is its tls-port"
                             : "did not answer in time";
    }

private:
    struct wire {
        int fd;
        int error;  ///< of the last of the two functions; 0: it went well, or it was the end

        ssize_t write_some(const void* data, std::size_t size, bool& later) {
            const auto n = ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            error = n < 0 ? errno : 0;
            later = would_block(error);
            return n;
        }
        ssize_t read_some(void* data, std::size_t size, bool& later) {
            const auto n = ::recv(fd, data, size, MSG_DONTWAIT);
            error = n < 0 ? errno : 0;
            later = would_block(error);
            return n;
        }
    };

    inline static const std::string set_certificate = "set redis_options::certificate_file and key_file";

    static bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

    redis_io fail(std::string why) {
        failed_ = true;
        why_ = std::move(why);
        return redis_io::failed;
    }
    redis_io broken(int error) {
        if (error == ECONNRESET && !heard_) return ended();
        return fail("broke the connection: " + std::generic_category().message(error));
    }
    redis_io ended() {
        if (in_handshake_)
            return fail("closed the connection in the TLS handshake: see its log, and whether this is its tls-port");
        if (heard_) return fail("closed the connection");
        return fail("closed the connection without a word: if it asks " +
                    (ssl_ ? "clients for a certificate, " + set_certificate : "for TLS, write rediss://"));
    }

    /// In TLS 1.3 the server judges the client's certificate after the handshake, when the client may be writing already:
    /// what it says about it has been received nevertheless.
    void hear_last_words() {
        const auto own = why_;
        char byte = 0;
        std::size_t n = 0;
        ERR_clear_error();
        if (after(SSL_read_ex(ssl_.get(), &byte, 1, &n)) != redis_io::failed) why_ = own;
    }

    /// What to do after a function of OpenSSL's has returned `done`. Leaves nothing behind for its other users on this
    /// thread.
    redis_io after(int done) {
        if (done == 1) return redis_io::done;
        const int problem = SSL_get_error(ssl_.get(), done);
        const auto error = ERR_peek_last_error();
        ERR_clear_error();
        switch (problem) {
        case SSL_ERROR_WANT_READ:
            return redis_io::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return redis_io::wants_write;
        case SSL_ERROR_ZERO_RETURN:
            return ended();
        case SSL_ERROR_SYSCALL:
            return wire_.error == 0 ? ended() : broken(wire_.error);
        default:
            break;
        }
        if (const auto verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK)
            return fail(distrust(verdict));
        switch (ERR_GET_REASON(error)) {
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return ended();
        case SSL_R_WRONG_VERSION_NUMBER:
            return fail("does not speak TLS: write redis://, or the number of its tls-port");
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:  // what servers say about it in TLS 1.2, and about other things
            return fail("refused the TLS connection: if it asks clients for a certificate, " + set_certificate);
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return fail("does not trust the certificate in redis_options::certificate_file");
        default: {
            const char* const reason = ERR_reason_error_string(error);
            return fail("broke the TLS connection: " + std::string(reason ? reason : "unknown error"));
        }
        }
    }

    std::string distrust(long verdict) const {
        switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "has a certificate that is not for " + host_ +
                   ": call it what its certificate does, in the URL or in redis_options::server_name";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "has a certificate that has expired: renew it";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "has a certificate that is not valid yet: check the clocks";
        default:
            return "has a certificate that is not trusted (" + std::string(X509_verify_cert_error_string(verdict)) +
                   "): set redis_options::ca_file to the certificate of who signed it";
        }
    }

    const std::string host_;
    wire wire_;
    ssl_ptr ssl_;
    bool in_handshake_;   ///< it has not ended well
    bool heard_ = false;  ///< something has been received
    bool failed_ = false;
    std::string why_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
