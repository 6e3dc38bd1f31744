// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_PACKED_RECORD_HPP
#define PHONEAUTH_STORAGE_DETAIL_PACKED_RECORD_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <phoneauth/storage/detail/record_fields.hpp>

// Records in a third of the room: their fields one behind the other, and ids as the bytes that they spell.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Most ids are spelled 8-4-4-4-12 in upper-case digits (RFC 9562 §4, but for the case): 16 bytes.
class spelled_id {
public:
    static constexpr std::size_t length = 36;
    static constexpr std::size_t bytes = 16;

    /// Whether `text` is spelled like that; its bytes are at `to`, then.
    static bool read(std::string_view text, char* to) noexcept {
        if (text.size() != length) return false;
        int wrong = 0;  // negative if a character is
        for (std::size_t i = 0; i < bytes; ++i) {
            const int high = values[static_cast<unsigned char>(text[places[i]])];
            const int low = values[static_cast<unsigned char>(text[places[i] + 1u])];
            wrong |= high | low;
            to[i] = static_cast<char>(high * 16 + low);
        }
        for (const auto at : dashes) wrong |= text[at] == '-' ? 0 : -1;
        return wrong >= 0;
    }
    static std::array<char, length> spell(const char* from) noexcept {
        std::array<char, length> text;
        for (const auto at : dashes) text[at] = '-';
        for (std::size_t i = 0; i < bytes; ++i)
            std::memcpy(&text[places[i]], &pairs[static_cast<unsigned char>(from[i])], 2);
        return text;
    }

private:
    static constexpr std::string_view digits = "0123456789ABCDEF";
    static constexpr std::array<unsigned char, 4> dashes{8, 13, 18, 23};
    static constexpr std::array<unsigned char, bytes> places{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34};
    static constexpr auto values = [] {
        std::array<signed char, 256> all{};
        all.fill(-1);
        for (std::size_t i = 0; i < digits.size(); ++i)
            all[static_cast<unsigned char>(digits[i])] = static_cast<signed char>(i);
        return all;
    }();
    static constexpr auto pairs = [] {
        std::array<std::array<char, 2>, 256> all{};
        for (std::size_t i = 0; i < all.size(); ++i) all[i] = {digits[i / 16], digits[i % 16]};
        return all;
    }();
};

/// A record, packed. Its key is the first of its fields.
template <class Record>
class packed_record {
public:
    packed_record() = default;
    packed_record(const Record& r, std::uint64_t version) : version_(version) {
        std::size_t most = 0;
        for_each_stored([&](auto member) { most += room_for(r.*member); });
        std::array<char, 512> usual;
        // Not make_unique_for_overwrite, which libc++ 14 has not.
        const std::unique_ptr<char[]> larger(new char[most <= usual.size() ? 0 : most]);
        char* const first = most <= usual.size() ? usual.data() : larger.get();
        char* end = first;
        for_each_stored([&](auto member) { put(end, r.*member); });
        const auto size = static_cast<std::size_t>(end - first);
        bytes_.reset(new char[size]);
        std::memcpy(bytes_.get(), first, size);
    }

    bool has_key(std::string_view key) const noexcept {
        const char* at = bytes_.get();
        const auto front = *at++;
        if (front != is_id) return key == take_text(front, at);
        const auto id = spelled_id::spell(at);
        return key == std::string_view(id.data(), id.size());
    }

    std::uint64_t version() const noexcept { return version_; }

    Record unpack() const {
        auto r = blank_record<Record>();
        const char* at = bytes_.get();
        for_each_stored([&](auto member) { take(at, r.*member); });
        r.version = version_;
        return r;
    }

private:
    // What is in front of a text, if it is not its length.
    static constexpr char is_id = '\xff';
    static constexpr char is_long = '\xfe';

    /// All fields but the version.
    template <class F>
    static void for_each_stored(F f) {
        for_each_field<Record>([&](const field& of, auto member) {
            if (of.role != field_role::version) f(member);
        });
    }

    static std::size_t room_for(const std::string& text) noexcept { return 1 + sizeof(std::size_t) + text.size(); }
    template <class T>
    static std::size_t room_for(const T& value) noexcept requires std::is_trivially_copyable_v<T> {
        return sizeof value;
    }

    static void put(char*& to, const std::string& text) noexcept {
        if (spelled_id::read(text, to + 1)) {
            *to = is_id;
            to += 1 + spelled_id::bytes;
            return;
        }
        const bool is_short = text.size() < static_cast<unsigned char>(is_long);
        *to++ = is_short ? static_cast<char>(text.size()) : is_long;
        if (!is_short) put(to, text.size());
        std::memcpy(std::exchange(to, to + text.size()), text.data(), text.size());
    }
    template <class T>
    static void put(char*& to, const T& value) noexcept requires std::is_trivially_copyable_v<T> {
        std::memcpy(std::exchange(to, to + sizeof value), &value, sizeof value);
    }

    static void take(const char*& at, std::string& text) {
        const auto front = *at++;
        if (front == is_id) {
            const auto id = spelled_id::spell(std::exchange(at, at + spelled_id::bytes));
            text.assign(id.data(), id.size());
        } else if (front != 0) {
            text = take_text(front, at);
        }
    }
    template <class T>
    static void take(const char*& at, T& value) noexcept requires std::is_trivially_copyable_v<T> {
        std::memcpy(&value, std::exchange(at, at + sizeof value), sizeof value);
    }
    static std::string_view take_text(char front, const char*& at) noexcept {
        std::size_t size = static_cast<unsigned char>(front);
        if (front == is_long) take(at, size);
        return {std::exchange(at, at + size), size};
    }

    std::unique_ptr<char[]> bytes_;
    std::uint64_t version_ = 0;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
