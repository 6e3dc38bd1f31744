// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTS_ASIO_CERTIFICATES_HPP
#define PHONEAUTH_TESTS_ASIO_CERTIFICATES_HPP

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <unistd.h>

namespace testing_tls {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* p) const {
        Free(p);
    }
};
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using cert_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;

/// A certificate authority that lives as long as a test, its certificate in a temporary file.
class authority {
public:
    authority() : key_(EVP_EC_gen("P-256")), certificate_(make("Test CA", key_.get(), nullptr, "", -3600, 3600)) {
        file_ = (std::filesystem::temp_directory_path() / "phoneauth-ca-XXXXXX").string();
        const int fd = ::mkstemp(file_.data());
        std::FILE* out = fd < 0 ? nullptr : ::fdopen(fd, "w");
        if (!out || PEM_write_X509(out, certificate_.get()) != 1) throw std::runtime_error("cannot write the CA file");
        std::fclose(out);
    }
    ~authority() { std::remove(file_.c_str()); }
    authority(const authority&) = delete;
    authority& operator=(const authority&) = delete;

    const std::string& file() const { return file_; }

    /// What OpenSSL looks for in a folder with certificates.
    std::string hashed_name() const {
        char name[16];
        std::snprintf(name, sizeof name, "%08lx.0", X509_subject_name_hash(certificate_.get()));
        return name;
    }

    /// A server's context with a new certificate; `names` as in "DNS:localhost,IP:127.0.0.1", valid between the two
    /// times, in seconds from now.
    context_ptr server(const std::string& names, long from = -3600, long to = 3600) const {
        const key_ptr key(EVP_EC_gen("P-256"));
        const auto certificate = make("server", key.get(), this, names, from, to);
        context_ptr context(SSL_CTX_new(TLS_server_method()));
        if (SSL_CTX_use_certificate(context.get(), certificate.get()) != 1 ||
            SSL_CTX_use_PrivateKey(context.get(), key.get()) != 1)
            throw std::runtime_error("cannot use the server certificate");
        return context;
    }

private:
    static cert_ptr make(const char* name, EVP_PKEY* key, const authority* issuer, const std::string& names, long from,
                         long to) {
        cert_ptr c(X509_new());
        X509_set_version(c.get(), 2);
        ASN1_INTEGER_set(X509_get_serialNumber(c.get()), issuer ? 2 : 1);
        X509_gmtime_adj(X509_getm_notBefore(c.get()), from);
        X509_gmtime_adj(X509_getm_notAfter(c.get()), to);
        X509_set_pubkey(c.get(), key);
        X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
        X509_set_issuer_name(c.get(), X509_get_subject_name(issuer ? issuer->certificate_.get() : c.get()));
        if (issuer)
            extend(c.get(), NID_subject_alt_name, names);
        else
            extend(c.get(), NID_basic_constraints, "critical,CA:TRUE");
        if (X509_sign(c.get(), issuer ? issuer->key_.get() : key, EVP_sha256()) == 0)
            throw std::runtime_error("cannot sign");
        return c;
    }

    static void extend(X509* c, int nid, const std::string& value) {
        const std::unique_ptr<X509_EXTENSION, freed_by<X509_EXTENSION_free>> extension(
            X509V3_EXT_conf_nid(nullptr, nullptr, nid, value.c_str()));
        if (!extension || X509_add_ext(c, extension.get(), -1) != 1) throw std::runtime_error("cannot extend");
    }

    key_ptr key_;
    cert_ptr certificate_;
    std::string file_;
};

}  // namespace testing_tls

#endif
