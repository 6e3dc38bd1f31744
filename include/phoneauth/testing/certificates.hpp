// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_CERTIFICATES_HPP
#define PHONEAUTH_TESTING_CERTIFICATES_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A certificate for tests, with the authority that signed it; all in PEM.
struct test_certificate {
    std::string ca;           ///< what a client has to trust
    std::string certificate;  ///< the server's
    std::string key;          ///< the server's private key, unencrypted
};

namespace detail {

template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, openssl_free<X509_EXTENSION_free>>;

class certificate_maker {
public:
    static void require(bool ok) {
        if (!ok) throw std::runtime_error("phoneauth: OpenSSL could not make a certificate");
    }

    static key_ptr key() {
        key_ptr k(EVP_EC_gen("P-256"));
        require(k != nullptr);
        return k;
    }

    /// A certificate of `subject`'s key, signed by `issuer`, or by itself without one.
    static x509_ptr certificate(const char* name, EVP_PKEY* subject, X509* issuer, EVP_PKEY* issuer_key,
                                const std::string& names, std::chrono::seconds from, std::chrono::seconds until) {
        x509_ptr c(X509_new());
        require(c != nullptr);
        require(X509_set_version(c.get(), X509_VERSION_3) == 1);
        require(ASN1_INTEGER_set(X509_get_serialNumber(c.get()), issuer ? 2 : 1) == 1);
        require(X509_gmtime_adj(X509_getm_notBefore(c.get()), static_cast<long>(from.count())) != nullptr);
        require(X509_gmtime_adj(X509_getm_notAfter(c.get()), static_cast<long>(until.count())) != nullptr);
        require(X509_set_pubkey(c.get(), subject) == 1);
        require(X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1);
        require(X509_set_issuer_name(c.get(), X509_get_subject_name(issuer ? issuer : c.get())) == 1);
        extend(c.get(), NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
        extend(c.get(), NID_key_usage, issuer ? "critical,digitalSignature" : "critical,keyCertSign");
        if (!names.empty()) extend(c.get(), NID_subject_alt_name, names.c_str());
        require(X509_sign(c.get(), issuer_key, EVP_sha256()) != 0);
        return c;
    }

    static std::string pem(X509* c) {
        return text([&](BIO* out) { return PEM_write_bio_X509(out, c); });
    }
    static std::string pem(EVP_PKEY* k) {
        return text([&](BIO* out) { return PEM_write_bio_PrivateKey(out, k, nullptr, nullptr, 0, nullptr, nullptr); });
    }

private:
    static void extend(X509* c, int nid, const char* value) {
        X509V3_CTX context{};
        X509V3_set_ctx(&context, c, c, nullptr, nullptr, 0);
        const extension_ptr e(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
        require(e && X509_add_ext(c, e.get(), -1) == 1);
    }

    template <class Write>
    static std::string text(Write write) {
        const bio_ptr out(BIO_new(BIO_s_mem()));
        require(out && write(out.get()) == 1);
        char* begin = nullptr;
        const auto size = BIO_get_mem_data(out.get(), &begin);
        return {begin, static_cast<std::size_t>(size)};
    }
};

}  // namespace detail

/// Makes an authority and a certificate that it signs, with a fresh P-256 key each.
///
/// @param names  the hosts that the certificate is for, as OpenSSL's subjectAltName
/// @param from   when it begins to hold, counted from now
/// @param until  when it ends to hold, counted from now
/// @return the certificate
/// @par Errors
/// `std::runtime_error` when OpenSSL fails.
inline test_certificate make_test_certificate(const std::string& names = "DNS:localhost,IP:127.0.0.1,IP:::1",
                                              std::chrono::seconds from = std::chrono::hours(-1),
                                              std::chrono::seconds until = std::chrono::hours(24)) {
    using make = detail::certificate_maker;
    const auto ca_key = make::key();
    const auto ca = make::certificate("phoneauth test authority", ca_key.get(), nullptr, ca_key.get(), {},
                                      std::chrono::hours(-48), std::chrono::hours(48));
    const auto key = make::key();
    const auto leaf = make::certificate("phoneauth test server", key.get(), ca.get(), ca_key.get(), names, from, until);
    return {make::pem(ca.get()), make::pem(leaf.get()), make::pem(key.get())};
}

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
