// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_SECRET_STRING_HPP
#define PHONEAUTH_SECRET_STRING_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/detail/crypto.hpp>

namespace phoneauth {
inline namespace v0 {

/// A `std::string` that is wiped when it goes away, when it is assigned to, and when it was moved from.
///
/// It derives from `std::string` so that it is one wherever a `std::string` is asked for. An allocator that wipes would
/// not do: short strings are not allocated, and keep their characters when they are moved from. Two things are left to
/// its user:
/// - To grow leaves a copy behind: call `make_room` first.
/// - Never delete one through a `std::string*`, which would not wipe it.
///
/// @par Thread safety
/// Distinct objects are safe.
class secret_string : public std::string {
public:
    using std::string::string;
    secret_string() = default;
    ///@{
    /// Holds the text of `s`; wipes `s` if it is moved from.
    secret_string(const std::string& s) : std::string(s) {}
    secret_string(std::string&& s) noexcept : std::string(std::move(s)) { detail::wipe_moved(s, capacity()); }
    secret_string(const secret_string&) = default;
    secret_string(secret_string&& s) noexcept : secret_string(static_cast<std::string&&>(s)) {}
    ///@}
    ///@{
    /// Wipes the old text and holds the new one; wipes what it is moved from.
    secret_string& operator=(const secret_string& s) { return *this = secret_string(s); }
    secret_string& operator=(secret_string&& s) noexcept {
        if (this == &s) return *this;
        detail::wipe(*this);
        std::string::operator=(std::move(s));
        detail::wipe(s);
        return *this;
    }
    secret_string& operator=(std::string&& s) noexcept { return *this = secret_string(std::move(s)); }
    template <class Text>
    requires std::convertible_to<const Text&, std::string_view> secret_string& operator=(const Text& text) {
        return *this = secret_string(std::string_view(text));
    }
    ///@}
    ~secret_string() { detail::wipe(*this); }

    /// Makes room for `more` further characters, and leaves no copy of the text behind.
    void make_room(std::size_t more) {
        if (capacity() - size() >= more) return;
        secret_string larger;
        larger.reserve((std::max)(size() + more, 2 * capacity()));
        larger.append(*this);
        swap(larger);
    }
};

}  // namespace v0
}  // namespace phoneauth

#endif
