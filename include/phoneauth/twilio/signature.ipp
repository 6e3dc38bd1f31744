// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TWILIO_SIGNATURE_IPP
#define PHONEAUTH_TWILIO_SIGNATURE_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>

#include <openssl/evp.h>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/secret_string.hpp>
#include <phoneauth/twilio/signature.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// HMAC-SHA1 (RFC 2104), which is safe as a MAC (NIST SP 800-131A §10); Twilio offers no other.
inline std::string hmac_sha1(std::string_view key, std::string_view message) {
    std::array<char, 20> out;
    std::size_t size = 0;
    const auto bytes = [](const char* data) { return reinterpret_cast<const unsigned char*>(data); };
    if (EVP_Q_mac(nullptr, "HMAC", nullptr, "SHA1", nullptr, key.data(), key.size(), bytes(message.data()),
                  message.size(), reinterpret_cast<unsigned char*>(out.data()), out.size(), &size) == nullptr ||
        size != out.size())
        throw std::runtime_error("phoneauth: OpenSSL failed");
    return {out.data(), out.size()};
}

/// `first`, `second` and `third`, which may hold a password.
inline secret_string concatenated(std::string_view first, std::string_view second, std::string_view third = {}) {
    secret_string text;
    text.reserve(first.size() + second.size() + third.size());
    text.append(first).append(second).append(third);
    return text;
}

/// A URL in two spellings that mean the same to Twilio.
struct port_variants {
    secret_string with;     ///< with its port, or with that of the scheme
    secret_string without;  ///< without any
};

/// Touches nothing but the port, as Twilio signs the URL in the form that it was given.
inline port_variants port_variants_of(std::string_view url) {
    const auto scheme_end = url.find("://");
    if (scheme_end == url.npos) return {secret_string(url), secret_string(url)};
    const auto begin = scheme_end + 3;
    const auto end = (std::min)(url.find_first_of("/?#", begin), url.size());
    const auto authority = url.substr(begin, end - begin);
    // Neither a colon in user information nor one inside an IPv6 literal begins a port.
    const auto host = authority.rfind('@') + 1;  // npos + 1 is 0
    const auto bracket = authority.rfind(']');
    const auto port = authority.find(':', bracket == authority.npos ? host : (std::max)(host, bracket));

    const auto head = url.substr(0, port == authority.npos ? end : begin + port);
    const std::string_view scheme_port = equal_ignoring_case(url.substr(0, scheme_end), "https") ? ":443" : ":80";
    return {concatenated(head, port == authority.npos ? scheme_port : authority.substr(port), url.substr(end)),
            concatenated(head, url.substr(end))};
}

/// The hash that the URL says its body has; empty if it says nothing.
inline std::string body_sha256_of(std::string_view url) {
    auto hash = form_field(split_target(url.substr(0, url.find('#'))).query, "bodySHA256");
    std::transform(hash.begin(), hash.end(), hash.begin(), to_lower);
    return hash;
}

}  // namespace detail

namespace twilio {

PHONEAUTH_DECL bool verify_signature(std::string_view auth_token, std::string_view url,
                                     const callback_parameters& parameters, std::string_view signature) {
    if (auth_token.empty()) return false;  // anybody can sign with that
    std::vector<std::pair<std::string_view, std::string_view>> sorted(parameters.begin(), parameters.end());
    std::sort(sorted.begin(), sorted.end());
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::string text;
    for (const auto& [name, value] : sorted) text.append(name).append(value);

    const auto urls = detail::port_variants_of(url);
    const auto anonymous = detail::port_variants_of(detail::without_user_info(url));
    const auto is_signature_of = [&](const std::string& variant) {
        const auto message = detail::concatenated(variant, text);
        return detail::equal_in_constant_time(detail::base64(detail::hmac_sha1(auth_token, message)), signature);
    };
    // All, always: the time does not tell which one Twilio signed.
    const bool with = is_signature_of(urls.with);
    const bool without = is_signature_of(urls.without);
    if (anonymous.with == urls.with) return with || without;
    const bool anonymous_with = is_signature_of(anonymous.with);
    const bool anonymous_without = is_signature_of(anonymous.without);
    return with || without || anonymous_with || anonymous_without;
}

PHONEAUTH_DECL result<callback_parameters> verify_callback(std::string_view auth_token, std::string_view url,
                                                           std::string_view body, std::string_view signature) {
    if (body.size() > max_callback_bytes) return error::body_too_large;
    callback_parameters parameters;
    if (const auto hash = detail::body_sha256_of(url); !hash.empty()) {
        if (!detail::equal_in_constant_time(detail::lower_case_hex(detail::sha256()(body)), hash))
            return error::invalid_signature;
    } else {
        if (std::count(body.begin(), body.end(), '&') >= static_cast<std::ptrdiff_t>(max_callback_parameters))
            return error::body_too_large;
        auto form = detail::parse_form(body);
        if (!form) return error::unparsable_body;
        parameters = *std::move(form);
    }
    if (!verify_signature(auth_token, url, parameters, signature)) return error::invalid_signature;
    return parameters;
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
