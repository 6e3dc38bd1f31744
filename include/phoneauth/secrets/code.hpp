// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRETS_CODE_HPP
#define PHONEAUTH_SECRETS_CODE_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/detail/typed.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {

/// The digits of a code; wiped when it goes away.
class one_time_code {
public:
    /// Most digits that it can hold.
    static constexpr std::size_t max_digits = 9;

    one_time_code() = default;
    /// A copy, which is wiped on its own.
    one_time_code(const one_time_code&) = default;
    /// Overwrites the digits that were here.
    one_time_code& operator=(const one_time_code&) = default;
    ~one_time_code() { detail::wipe({reinterpret_cast<unsigned char*>(digits_.data()), digits_.size()}); }

    /// Adds a digit, '0' to '9'. Undefined beyond `max_digits`.
    void push_back(char digit) noexcept { digits_[size_++] = digit; }
    /// How many digits it has.
    std::size_t size() const noexcept { return size_; }
    /// The digits. Lives as long as this object.
    std::string_view str() const noexcept { return {digits_.data(), size_}; }

private:
    std::array<char, max_digits> digits_{};
    std::size_t size_ = 0;
};

/// Reads a code as a person types or pastes it: white space, dashes and signs that nobody sees are dropped, digits of
/// all scripts are digits. Anything but `digits` of them fails with `error::invalid_parameter`; the message never
/// repeats the input. At most 128 bytes.
inline result<one_time_code> parse_code(std::string_view text, unsigned digits) {
    const auto bad = [&] {
        return failure(error::invalid_parameter, "The code must have " + std::to_string(digits) + " digits.");
    };
    if (text.size() > 128) return bad();
    one_time_code c;
    while (!text.empty()) {
        const auto sign = detail::take_code_point(text);
        if (detail::is_blank(sign) || detail::is_dash(sign) || detail::is_invisible(sign)) continue;
        const char digit = detail::digit_of(sign);
        if (digit == 0 || c.size() == digits) return bad();
        c.push_back(digit);
    }
    if (c.size() != digits) return bad();
    return c;
}

/// Cuts a code out of random bits: the first 32-bit draw below the largest multiple of 10^digits, so that no code is
/// likelier than another (for 6 digits a draw of 4 294 000 000 or more is rejected; a plain remainder, as in RFC 4226
/// §5.3, would favour small ones). Empty if all eight draws are rejected, which happens once in 10^29 times with 6
/// digits. `digits`: 1 to 9.
inline std::optional<one_time_code> code_from(const detail::digest& bits, unsigned digits) {
    std::uint64_t count = 1;
    for (unsigned i = 0; i < digits; ++i) count *= 10;
    const std::uint64_t limit = (std::uint64_t{1} << 32) / count * count;
    for (std::size_t at = 0; at < bits.size(); at += 4) {
        const std::uint64_t draw = std::uint64_t{bits[at]} << 24 | std::uint64_t{bits[at + 1]} << 16 |
                                   std::uint64_t{bits[at + 2]} << 8 | std::uint64_t{bits[at + 3]};
        if (draw >= limit) continue;
        one_time_code c;
        for (std::uint64_t place = count / 10; place > 0; place /= 10)
            c.push_back(static_cast<char>('0' + draw / place % 10));
        return c;
    }
    return std::nullopt;
}

/// Derives codes; none is ever stored. A transaction's code is HMAC-SHA256(key, round ‖ purpose ‖ id ‖ 0 ‖ phone) cut
/// to digits (of a verification 0 ‖ topic follow), with `round` counting up from 0 in the practically impossible case that every draw is rejected.
/// Thread-safe.
class code_deriver {
public:
    /// `keys` is not empty; the first derives the codes of new transactions. `digits`: 1 to 9. Throws
    /// `std::runtime_error` when OpenSSL fails.
    explicit code_deriver(const std::vector<code_key>& keys, unsigned digits) : digits_(digits) {
        for (const auto& key : keys) keys_.emplace_back(key);
    }

    /// The id of the key that derives the codes of new transactions. Lives as long as this object.
    const std::string& current_key_id() const noexcept { return keys_.front().id; }

    /// Whether the key `id` is among the configured ones.
    bool has_key(std::string_view id) const noexcept {
        return std::any_of(keys_.begin(), keys_.end(), [&](const entry& key) { return key.id == id; });
    }

    /// The code of `t`; empty when its key is not among the configured ones any more.
    std::optional<one_time_code> derive(const transaction& t) {
        for (auto& key : keys_)
            if (key.id == t.key_id) return derive(key.hmac, t);
        return std::nullopt;
    }

    /// What shows that the code of `t` was right, to whoever confirmed it and nobody else: HMAC-SHA256(key, 255 ‖ id ‖ 0 ‖
    /// topic), 64 hexadecimal digits. Empty as above.
    std::optional<std::string> prove(const transaction& t) {
        for (auto& key : keys_) {
            if (key.id != t.key_id) continue;
            std::string input(1, '\xff');  // no round of a code's derivation gets there
            input.append(t.id).append(1, '\0').append(t.topic);
            return detail::lower_case_hex(key.hmac(input));
        }
        return std::nullopt;
    }

    /// True when `presented` is the code of `t`, in constant time.
    bool matches(const transaction& t, const one_time_code& presented) {
        const auto expected = derive(t);
        return expected && detail::equal_in_constant_time(expected->str(), presented.str());
    }

private:
    struct entry {
        explicit entry(const code_key& k) : id(k.id), hmac(k.secret) {}
        std::string id;
        detail::hmac_sha256 hmac;
    };

    std::optional<one_time_code> derive(detail::hmac_sha256& hmac, const transaction& t) const {
        std::string input;
        input.reserve(t.id.size() + t.phone.str().size() + t.topic.size() + 4);
        input += '\0';
        input += static_cast<char>(t.purpose);
        input += t.id;
        input += '\0';
        input += t.phone.str();
        if (!t.topic.empty()) input.append(1, '\0').append(t.topic);
        for (;; ++input[0]) {
            auto bits = hmac(input);
            auto c = code_from(bits, digits_);
            detail::wipe(bits);
            if (c) return c;
        }
    }

    std::deque<entry> keys_;  // a mutex does not move
    unsigned digits_;
};

}  // namespace v0
}  // namespace phoneauth

#endif
