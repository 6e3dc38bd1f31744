// SPDX-License-Identifier: BSL-1.0
// Input: a URL, a line feed, a signature (or nothing: the right one is computed), a line feed, a body.
#include "fuzz.hpp"

#include <phoneauth/twilio/signature.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cctype>
#include <map>
#include <set>

using namespace phoneauth;
using fuzz::require;

namespace {

const std::string token = "0123456789abcdef0123456789abcdef";

std::string form_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '+') {
            out += ' ';
        } else if (text[i] == '%') {
            out += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            out += text[i];
        }
    }
    return out;
}

bool is_well_formed(std::string_view body) {
    const auto is_hex = [](std::string_view c) {
        return !c.empty() && std::isxdigit(static_cast<unsigned char>(c[0]));
    };
    for (auto at = body.find('%'); at != body.npos; at = body.find('%', at + 1))
        if (!is_hex(body.substr(at + 1, 1)) || !is_hex(body.substr(std::min(at + 2, body.size()), 1))) return false;
    return true;
}

twilio::callback_parameters fields_of(std::string_view body) {
    twilio::callback_parameters fields;
    while (!body.empty()) {
        const auto end = std::min(body.find('&'), body.size());
        const auto field = body.substr(0, end);
        body.remove_prefix(std::min(end + 1, body.size()));
        if (field.empty()) continue;
        const auto equals = std::min(field.find('='), field.size());
        fields.emplace_back(form_decoded(field.substr(0, equals)),
                            equals == field.size() ? "" : form_decoded(field.substr(equals + 1)));
    }
    return fields;
}

std::string signature_of(std::string text, const twilio::callback_parameters& fields, const std::string& key = token) {
    std::map<std::string, std::set<std::string>> sorted;
    for (const auto& [name, value] : fields) sorted[name].insert(value);
    for (const auto& [name, values] : sorted)
        for (const auto& value : values) text += name + value;
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned length = 0;
    HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
         text.size(), mac, &length);
    unsigned char base64[64];
    const int size = EVP_EncodeBlock(base64, mac, static_cast<int>(length));
    return {reinterpret_cast<const char*>(base64), static_cast<std::size_t>(size)};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    const std::string url(in.line());
    const std::string given(in.line());
    const auto body = in.rest();
    const bool has_hash = url.find("bodySHA256") != std::string::npos;

    if (!given.empty()) {
        const auto verified = twilio::verify_callback(token, url, body, given);
        require(!verified || given.size() == 28, "a signature has 28 characters");
        if (!verified) require(!verified.error().message.empty(), "a refusal says why");
        require(!twilio::verify_callback("", url, body, given), "without a token nothing is verified");
        return 0;
    }

    if (!is_well_formed(body)) {
        const auto verified = twilio::verify_callback(token, url, body, given);
        require(!verified, "what is no form, and not signed as another kind of body, is refused");
        return 0;
    }
    const auto fields = fields_of(body);
    const auto signature = signature_of(url, fields);
    require(twilio::verify_signature(token, url, fields, signature), "the URL as it is written can be signed");
    if (!has_hash && body.size() <= twilio::max_callback_bytes &&
        std::count(body.begin(), body.end(), '&') < static_cast<std::ptrdiff_t>(twilio::max_callback_parameters)) {
        const auto verified = twilio::verify_callback(token, url, body, signature);
        require(verified && *verified == fields, "what is signed is verified, and read as it was written");
    }

    // Whatever is changed, one bit of it, is not verified any more.
    auto changed_signature = signature;
    changed_signature[size % 27] = changed_signature[size % 27] == 'A' ? 'B' : 'A';
    require(!twilio::verify_signature(token, url, fields, changed_signature), "a changed signature is refused");
    require(!twilio::verify_signature("", url, fields, signature_of(url, fields, "")), "an empty token signs nothing");
    require(!twilio::verify_signature(token + 'x', url, fields, signature), "another token is refused");
    auto more = fields;
    more.emplace_back("More", std::to_string(size));
    if (signature_of(url, more) != signature)
        require(!twilio::verify_signature(token, url, more, signature), "a parameter more is refused");
    require(!twilio::verify_signature(token, url + "/x", fields, signature), "another URL is refused");
    return 0;
}
