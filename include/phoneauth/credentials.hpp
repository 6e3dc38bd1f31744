// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CREDENTIALS_HPP
#define PHONEAUTH_CREDENTIALS_HPP

#include <string>
#include <utility>

#include <phoneauth/secret_string.hpp>

// What a client brings, each kind a type of its own: a text becomes one only where somebody writes its name, so that an
// address is never taken for a password, nor a code for an id.

namespace phoneauth {
inline namespace v0 {

namespace detail {
/// A text with a meaning: made explicitly, read as a text wherever one is wanted.
template <class Text>
class named_text {
public:
    named_text() = default;
    explicit named_text(Text text) noexcept : text_(std::move(text)) {}

    /// Lives as long as this object.
    const std::string& str() const& noexcept { return text_; }
    /// The text, moved out.
    Text str() && noexcept { return std::move(text_); }
    operator const std::string&() const noexcept { return text_; }
    bool empty() const noexcept { return text_.empty(); }

private:
    Text text_;
};
}  // namespace detail

/// Names a transaction: 36 characters, upper-case 8-4-4-4-12. It comes from a `challenge`.
class transaction_id : public detail::named_text<std::string> {
public:
    using named_text::named_text;
    /// Ids compare byte for byte.
    friend bool operator==(const transaction_id& a, const transaction_id& b) noexcept { return a.str() == b.str(); }
};

/// A code as a user typed it: digits, perhaps with white space and dashes among them. Wiped when it goes away.
class submitted_code : public detail::named_text<secret_string> {
public:
    using named_text::named_text;
};

/// A password in clear, as a user typed it: UTF-8. Wiped when it goes away.
class password : public detail::named_text<secret_string> {
public:
    using named_text::named_text;
};

/// What a login hands out and each later request brings: 36 characters, upper-case 8-4-4-4-12. Wiped when it goes away.
class session_token : public detail::named_text<secret_string> {
public:
    using named_text::named_text;
};

/// What spares a trusted device the code of a two-factor login: 36 characters, upper-case 8-4-4-4-12. Wiped when it goes
/// away.
class device_token : public detail::named_text<secret_string> {
public:
    using named_text::named_text;
};

/// One of the ten codes that a user has written down, as they typed it. Wiped when it goes away.
class backup_code : public detail::named_text<secret_string> {
public:
    using named_text::named_text;
};

/// Shows that a code was right, for `authenticator::redeem_proof`: at most 128 characters. Wiped when it goes away.
class proof_token : public detail::named_text<secret_string> {
public:
    using named_text::named_text;
};

}  // namespace v0
}  // namespace phoneauth

#endif
