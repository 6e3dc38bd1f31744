// SPDX-License-Identifier: BSL-1.0
// Input: a default calling code, a line feed, what somebody typed.
#include "fuzz.hpp"

#include <phoneauth/phone_number.hpp>

#include <algorithm>
#include <set>
#include <string>

using fuzz::require;
using phoneauth::phone_number;

namespace {

/// What may stand between the digits, some of it invisible.
std::string spaced(std::string_view text) {
    std::string s = "\u202a";
    for (const char c : text) {
        s += c;
        if (c >= '0' && c <= '9' && s.size() < phone_number::max_input - 8) s += s.size() % 2 ? "\u00a0" : "-";
    }
    return s + "\u202c\n";
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
    if (!parsed) {
        require(parsed.error().code == phoneauth::error::invalid_phone_number, "its failure is invalid_phone_number");
        static std::set<std::string> sentences;
        sentences.insert(parsed.error().message);
        require(sentences.size() <= 16, "its message is one of a few: it does not repeat the input");
        return 0;
    }
    for (const auto* code : {"", "1", "49", "999"}) {
        const auto again = phone_number::parse(parsed->str(), code);
        require(again && *again == *parsed, "parse(str()) is the same number");
    }
    const auto stored = phone_number::from_e164(parsed->str());
    require(stored && *stored == *parsed, "a store gives back the same number");

    std::string digits;
    for (const char c : in.rest())
        if (c >= '0' && c <= '9') digits += c;
    const bool is_ascii = std::all_of(in.rest().begin(), in.rest().end(), [](char c) {
        return static_cast<unsigned char>(c) < 0x80 && c != ':';  // a context stands behind the number
    });
    // Of other scripts, digits are digits; none is changed but in front.
    if (is_ascii && digits.size() >= 6)
        require(parsed->str().ends_with(std::string_view(digits).substr(digits.size() - 4)), "the end is as typed");
    if (is_ascii && digits.size() <= 20) {
        const bool plus = in.rest().find('+') != std::string_view::npos;
        const auto again = phone_number::parse(spaced((plus ? "+" : "") + digits), calling_code);
        require(again && *again == *parsed, "signs between the digits change nothing");
    }
    const auto masked = parsed->masked();
    require(masked.size() == parsed->str().size(), "masking keeps the length");
    for (std::size_t i = 3; i + 2 < masked.size(); ++i) require(masked[i] == '*', "masking hides the middle");
    return 0;
}
