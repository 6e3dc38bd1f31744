// SPDX-License-Identifier: BSL-1.0
#include "page.hpp"

#include <array>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <openssl/evp.h>

namespace server {
namespace {

// Made from pages/ by the build.
constexpr std::string_view account_source[] = {
#include "page.inc"
};
constexpr std::string_view operator_source[] = {
#include "operator.inc"
};

template <std::size_t N>
std::string joined(const std::string_view (&parts)[N]) {
    std::string whole;
    for (const auto part : parts) whole += part;
    return whole;
}

/// Sets the attribute data-`name` of the page, its first.
void tell(std::string& page, std::string_view name, std::string_view value) {
    const auto attribute = "data-" + std::string(name) + "=\"";
    const auto begin = page.find(attribute) + attribute.size();
    page.replace(begin, page.find('"', begin) - begin, value);
}

std::string_view name_of(phoneauth::password_reset_policy p) {
    switch (p) {
    case phoneauth::password_reset_policy::disabled:
        return "disabled";
    case phoneauth::password_reset_policy::code:
        return "code";
    case phoneauth::password_reset_policy::code_and_backup_code:
        return "code_and_backup_code";
    }
    return "disabled";
}

/// The hash source expression for what stands between <tag> and </tag>.
std::string hash_source(std::string_view page, std::string_view tag) {
    const auto begin = page.find('<' + std::string(tag) + '>') + tag.size() + 2;
    const auto content = page.substr(begin, page.find("</" + std::string(tag) + '>') - begin);
    std::array<unsigned char, 32> hash;
    if (EVP_Digest(content.data(), content.size(), hash.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL has no SHA-256");
    std::array<unsigned char, 45> base64;  // 44 characters and a NUL
    EVP_EncodeBlock(base64.data(), hash.data(), hash.size());
    return "'sha256-" + std::string(base64.begin(), base64.end() - 1) + "'";
}

phoneauth::http_response page_of(std::string text) {
    phoneauth::http_response page;
    page.status = 200;
    const auto policy =
        "default-src 'none'; script-src " + hash_source(text, "script") + "; style-src " + hash_source(text, "style") +
        "; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    page.body = text;
    page.headers = {{"Content-Type", "text/html; charset=utf-8"},
                    {"Content-Security-Policy", policy},
                    {"X-Content-Type-Options", "nosniff"},
                    {"X-Frame-Options", "DENY"},  // for browsers that do not know frame-ancestors
                    {"Referrer-Policy", "no-referrer"},
                    {"Cross-Origin-Opener-Policy", "same-origin"},
                    {"Cross-Origin-Resource-Policy", "same-origin"},
                    {"Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"},
                    {"Cache-Control", "no-cache"}};
    return page;
}

}  // namespace

phoneauth::http_response make_page(bool fake_twilio, bool has_operators, const phoneauth::config& c) {
    auto page = joined(account_source);
    tell(page, "delivery", fake_twilio ? "page" : "sms");
    tell(page, "operators", has_operators ? "on" : "off");
    tell(page, "phone-column", c.phone_column);
    tell(page, "reset", name_of(c.password_reset));
    tell(page, "devices", c.trusted_device_lifetime.count() == 0 ? "off" : "on");
    return page_of(std::move(page));
}

phoneauth::http_response make_operator_page() {
    return page_of(joined(operator_source));
}

}  // namespace server
