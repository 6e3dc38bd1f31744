// SPDX-License-Identifier: BSL-1.0
// Input: a default calling code, a line feed, what somebody typed.
#include "fuzz.hpp"

#include <phoneauth/phone_number.hpp>

#include <set>

using fuzz::require;
using phoneauth::phone_number;

namespace {

/// What the documentation of `parse` promises, written once more.
std::string expected(std::string_view text, std::string_view calling_code) {
    if (text.size() > 64) return {};
    std::string number;
    bool plus = false;
    for (const char c : text) {
        if (c >= '0' && c <= '9') {
            number += c;
        } else if (c == '+') {
            if (plus || !number.empty()) return {};
            plus = true;
        } else if (std::string_view(" \t-./()").find(c) == std::string_view::npos) {
            return {};
        }
    }
    if (!plus && number.substr(0, 2) == "00") {
        plus = true;
        number.erase(0, 2);
    }
    if (!plus) {
        if (calling_code.empty() || number.empty()) return {};
        if (number[0] == '0') number.erase(0, 1);
        if (number.empty()) return {};
        number.insert(0, calling_code);
    }
    return number.size() < 2 || number.size() > 15 || number[0] == '0' ? std::string() : '+' + number;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    auto calling_code = in.line();
    // As `validate` has it.
    if (calling_code.size() > 3 || calling_code.find_first_not_of("0123456789") != calling_code.npos ||
        calling_code.starts_with('0'))
        calling_code = {};

    const auto parsed = phone_number::parse(in.rest(), calling_code);
    require((parsed ? std::string(parsed->str()) : "") == expected(in.rest(), calling_code), "parse is as documented");
    if (!parsed) {
        require(parsed.error().code == phoneauth::error::invalid_phone_number, "its failure is invalid_phone_number");
        static std::set<std::string> sentences;
        sentences.insert(parsed.error().message);
        require(sentences.size() <= 8, "its message is one of a few: it does not repeat the input");
        return 0;
    }
    for (const auto* code : {"", "1", "49", "999"}) {
        const auto again = phone_number::parse(parsed->str(), code);
        require(again && *again == *parsed, "parse(str()) is the same number");
    }
    const auto masked = parsed->masked();
    require(masked.size() == parsed->str().size(), "masking keeps the length");
    for (std::size_t i = 3; i + 2 < masked.size(); ++i) require(masked[i] == '*', "masking hides the middle");
    return 0;
}
