// SPDX-License-Identifier: BSL-1.0
// For whom a certificate must be. What comes of it on connections: transport.cpp, redis_network.cpp.
#include <boost/test/unit_test.hpp>

#include <phoneauth/detail/basic_credentials.hpp>
#include <phoneauth/detail/tls_peer.hpp>

#include <string>

using namespace phoneauth::detail;

BOOST_AUTO_TEST_SUITE(tls_peer)

BOOST_AUTO_TEST_CASE(what_is_expected) {
    const ssl_ctx_ptr context(SSL_CTX_new(TLS_client_method()));
    const auto expected = [&](const std::string& host) {
        const ssl_ptr ssl(SSL_new(context.get()));
        if (!expect_peer(ssl.get(), host)) return std::string("nobody");
        auto* const parameters = SSL_get0_param(ssl.get());
        const char* const name = X509_VERIFY_PARAM_get0_host(parameters, 0);
        char* const address = X509_VERIFY_PARAM_get1_ip_asc(parameters);
        const char* const sni = SSL_get_servername(ssl.get(), TLSEXT_NAMETYPE_host_name);
        const auto text = std::string(name ? name : "-") + '|' + (address ? address : "-") + '|' + (sni ? sni : "-");
        OPENSSL_free(address);
        return text;
    };
    BOOST_TEST(expected("example.com") == "example.com|-|example.com");
    BOOST_TEST(expected("127.0.0.1") == "-|127.0.0.1|-");
    BOOST_TEST(expected("2001:db8::1") == "-|2001:DB8:0:0:0:0:0:1|-");
    BOOST_TEST(expected("127.1") == "127.1|-|127.1");
    BOOST_TEST(expected("fe80::1%lo") == "nobody");
    BOOST_TEST(expected("") == "nobody");
    BOOST_TEST(expected(std::string(300, 'x')) == "nobody");
}

BOOST_AUTO_TEST_CASE(basic) {
    BOOST_TEST((basic_credentials("Aladdin", "open sesame") == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="));  // RFC 7617 §2
    BOOST_TEST((basic_credentials("", "") == "Basic Og=="));
}

BOOST_AUTO_TEST_SUITE_END()
