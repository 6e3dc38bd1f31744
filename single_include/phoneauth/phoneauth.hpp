// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.

// ---- phoneauth/version.hpp ----


// Two versions in one program do not mix: their types have the same names and perhaps different members. Noticed are
// - two versions in one translation unit, by the preprocessor (outside of the include guard, which both have);
// - translation units of different versions that are linked into one program or shared library, by the linker, on ELF
//   systems: each unit wants the symbol phoneauth_version_NUMBER, and only the first unit's is kept. What the linker may
//   throw away (--gc-sections) it does not notice, nor does the link-time optimization of GCC and lld.
// A program and a shared library may have different versions, as long as neither hands phoneauth's types to the other.
#if defined(PHONEAUTH_VERSION) && PHONEAUTH_VERSION != 100
#error phoneauth 0.1.0 is included after another version of phoneauth: one translation unit can have one version only
#endif

#ifndef PHONEAUTH_VERSION_HPP
#define PHONEAUTH_VERSION_HPP

#ifndef __cpp_exceptions
#error phoneauth needs exceptions: compile without -fno-exceptions
#include <phoneauth_needs_exceptions>  // there is no such file, which spares pages of errors that follow from this one
#endif

/// The library's version as a number: major * 10000 + minor * 100 + patch.
#define PHONEAUTH_VERSION 100
/// The library's version as text (https://semver.org).
#define PHONEAUTH_VERSION_STRING "0.1.0"

#ifdef __ELF__
// The symbol is another name of an inline function, so that a linker drops it together with all copies of the function but
// one. The reference is assembler, because an optimizer would replace it by one to the function.
#define PHONEAUTH_DETAIL_JOIN(a, b) a##b
#define PHONEAUTH_DETAIL_SYMBOL(number) PHONEAUTH_DETAIL_JOIN(phoneauth_version_, number)
#define PHONEAUTH_DETAIL_QUOTE(text) #text
#define PHONEAUTH_DETAIL_TEXT(symbol) PHONEAUTH_DETAIL_QUOTE(symbol)
extern "C" {
[[gnu::used, gnu::visibility("hidden")]] inline void phoneauth_one_version_in_a_program() noexcept {}
[[gnu::used, gnu::visibility("hidden"),
  gnu::alias("phoneauth_one_version_in_a_program")]] void PHONEAUTH_DETAIL_SYMBOL(PHONEAUTH_VERSION)() noexcept;
}
__asm__(".pushsection .data.rel.ro.phoneauth_version,\"aw\",%progbits\n"
        ".balign 8\n"
        ".dc.a " PHONEAUTH_DETAIL_TEXT(PHONEAUTH_DETAIL_SYMBOL(PHONEAUTH_VERSION)) "\n"
                                                                                   ".popsection");
#undef PHONEAUTH_DETAIL_JOIN
#undef PHONEAUTH_DETAIL_SYMBOL
#undef PHONEAUTH_DETAIL_QUOTE
#undef PHONEAUTH_DETAIL_TEXT
#endif

#endif

#ifndef PHONEAUTH_SINGLE_INCLUDE_HPP
#define PHONEAUTH_SINGLE_INCLUDE_HPP

#ifdef PHONEAUTH_SEPARATE_COMPILATION
#error "PHONEAUTH_SEPARATE_COMPILATION needs the headers in include/, not the single header"
#endif

// ---- phoneauth/authenticator.hpp ----

#ifndef PHONEAUTH_AUTHENTICATOR_HPP
#define PHONEAUTH_AUTHENTICATOR_HPP

#include <memory>
#include <optional>
#include <string>
#include <utility>


// ---- phoneauth/challenge.hpp ----

#ifndef PHONEAUTH_CHALLENGE_HPP
#define PHONEAUTH_CHALLENGE_HPP

#include <chrono>


// ---- phoneauth/credentials.hpp ----

#ifndef PHONEAUTH_CREDENTIALS_HPP
#define PHONEAUTH_CREDENTIALS_HPP

#include <string>
#include <utility>


// ---- phoneauth/secret_string.hpp ----

#ifndef PHONEAUTH_SECRET_STRING_HPP
#define PHONEAUTH_SECRET_STRING_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>


// ---- phoneauth/detail/crypto.hpp ----

#ifndef PHONEAUTH_DETAIL_CRYPTO_HPP
#define PHONEAUTH_DETAIL_CRYPTO_HPP

#include <array>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>


// ---- phoneauth/detail/config.hpp ----

#ifndef PHONEAUTH_DETAIL_CONFIG_HPP
#define PHONEAUTH_DETAIL_CONFIG_HPP


// Linkage only: no macro changes a type. With PHONEAUTH_SEPARATE_COMPILATION defined for a whole
// program, the function bodies in *.ipp are left out of the headers and come from the one
// translation unit that includes phoneauth/src.hpp.
#ifdef PHONEAUTH_SEPARATE_COMPILATION
#define PHONEAUTH_DECL
#else
#define PHONEAUTH_DECL inline
#endif

#endif

// The little of OpenSSL that the core needs, without its headers. A context that is used again costs a quarter of a new
// one, so each object keeps one, under a mutex.

struct evp_mac_ctx_st;
struct evp_md_ctx_st;

namespace phoneauth {
inline namespace v0 {
namespace detail {

using digest = std::array<unsigned char, 32>;

/// Overwrites memory that held a secret, in a way that the optimizer keeps.
PHONEAUTH_DECL void wipe(std::span<unsigned char> memory) noexcept;
/// The string is empty then. What it had behind its end, from when it was longer, goes too.
inline void wipe(std::string& text) noexcept {
    text.assign(text.capacity(), '\0');
#if defined(__GNUC__)
    asm volatile("" : : "r"(text.data()) : "memory");  // as if somebody read it: the writes stay
#else
    wipe({reinterpret_cast<unsigned char*>(text.data()), text.size()});
#endif
    text.clear();
}
/// What is left behind in `text` after its content has moved on. If it was allocated (`capacity` tells, from before),
/// there is nothing.
inline void wipe_moved(std::string& text, std::size_t capacity) noexcept {
    if (capacity <= std::string().capacity()) wipe(text);
}

/// True when both are the same; takes a time that depends on the sizes only.
PHONEAUTH_DECL bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

/// Base64 (RFC 4648 §4), padded.
PHONEAUTH_DECL std::string base64(std::string_view bytes);

/// Two digits for each byte.
PHONEAUTH_DECL std::string lower_case_hex(std::span<const unsigned char> bytes);

/// HMAC-SHA256 (RFC 2104) with one key. Thread-safe; throws `std::runtime_error` when OpenSSL fails.
class hmac_sha256 {
public:
    PHONEAUTH_DECL explicit hmac_sha256(std::string_view key);
    ~hmac_sha256() { wipe(key_); }
    PHONEAUTH_DECL digest operator()(std::string_view message);

private:
    struct deleter {
        PHONEAUTH_DECL void operator()(evp_mac_ctx_st* context) const noexcept;
    };
    std::string key_;
    bool needs_key_ = true;  // each time, see the constructor
    std::mutex mutex_;
    std::unique_ptr<evp_mac_ctx_st, deleter> context_;
};

/// SHA-256 (FIPS 180-4). Thread-safe; throws `std::runtime_error` when OpenSSL fails.
class sha256 {
public:
    PHONEAUTH_DECL sha256();
    PHONEAUTH_DECL digest operator()(std::string_view message);

private:
    struct deleter {
        PHONEAUTH_DECL void operator()(evp_md_ctx_st* context) const noexcept;
    };
    std::mutex mutex_;
    std::unique_ptr<evp_md_ctx_st, deleter> context_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/detail/crypto.ipp ----

#ifndef PHONEAUTH_DETAIL_CRYPTO_IPP
#define PHONEAUTH_DETAIL_CRYPTO_IPP

#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>


namespace phoneauth {
inline namespace v0 {
namespace detail {

inline const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

inline void require_openssl(bool ok) {
    if (!ok) throw std::runtime_error("phoneauth: OpenSSL failed");
}

PHONEAUTH_DECL void wipe(std::span<unsigned char> memory) noexcept {
    OPENSSL_cleanse(memory.data(), memory.size());
}

PHONEAUTH_DECL bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

PHONEAUTH_DECL std::string base64(std::string_view bytes) {
    std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
    const int size =
        EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()), bytes_of(bytes), static_cast<int>(bytes.size()));
    out.resize(static_cast<std::size_t>(size));
    return out;
}

PHONEAUTH_DECL std::string lower_case_hex(std::span<const unsigned char> bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(2 * bytes.size(), '\0');
    auto* to = text.data();
    for (const unsigned char byte : bytes) {
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    return text;
}

PHONEAUTH_DECL void hmac_sha256::deleter::operator()(evp_mac_ctx_st* context) const noexcept {
    EVP_MAC_CTX_free(context);
}

PHONEAUTH_DECL hmac_sha256::hmac_sha256(std::string_view key) : key_(key) {
    EVP_MAC* mac = EVP_MAC_fetch(nullptr, OSSL_MAC_NAME_HMAC, nullptr);
    context_.reset(EVP_MAC_CTX_new(mac));
    EVP_MAC_free(mac);
    char hash[] = "SHA256";
    const OSSL_PARAM parameters[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, hash, 0),
                                     OSSL_PARAM_construct_end()};
    require_openssl(context_ && EVP_MAC_init(context_.get(), bytes_of(key), key.size(), parameters) == 1);
    // Without the key, OpenSSL before 3.0.3 (and FIPS modules of that age) reports success but does not begin anew
    // (https://github.com/openssl/openssl/issues/17811). Preparing it takes twice as long as a short message.
    const auto expected = (*this)("begins anew");
    needs_key_ = false;
    (*this)("something else");
    needs_key_ = (*this)("begins anew") != expected;
}

PHONEAUTH_DECL digest hmac_sha256::operator()(std::string_view message) {
    digest out;
    std::size_t size = 0;
    const std::lock_guard lock(mutex_);
    const auto* key = needs_key_ ? bytes_of(key_) : nullptr;
    require_openssl(EVP_MAC_init(context_.get(), key, key ? key_.size() : 0, nullptr) == 1 &&
                    EVP_MAC_update(context_.get(), bytes_of(message), message.size()) == 1 &&
                    EVP_MAC_final(context_.get(), out.data(), &size, out.size()) == 1 && size == out.size());
    return out;
}

PHONEAUTH_DECL void sha256::deleter::operator()(evp_md_ctx_st* context) const noexcept {
    EVP_MD_CTX_free(context);
}

PHONEAUTH_DECL sha256::sha256() : context_(EVP_MD_CTX_new()) {
    require_openssl(context_ && EVP_DigestInit_ex2(context_.get(), EVP_sha256(), nullptr) == 1);
}

PHONEAUTH_DECL digest sha256::operator()(std::string_view message) {
    digest out;
    const std::lock_guard lock(mutex_);
    // A null type keeps the digest of the constructor (EVP_DigestInit(3)).
    require_openssl(EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1 &&
                    EVP_DigestUpdate(context_.get(), message.data(), message.size()) == 1 &&
                    EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    return out;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

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

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/time.hpp ----

#ifndef PHONEAUTH_TIME_HPP
#define PHONEAUTH_TIME_HPP

#include <chrono>


namespace phoneauth {
inline namespace v0 {

/// A point in time: milliseconds since 1970-01-01T00:00:00Z, the form that the wire has.
using time_point = std::chrono::sys_time<std::chrono::milliseconds>;

/// The Clock policy of a running server: the system's wall clock, which servers that share a storage share too.
struct system_clock {
    /// The system's time, rounded down to milliseconds. Thread-safe.
    time_point now() const noexcept {
        return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
    }
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// A code is on its way: whoever sends it back in time, with this id, has the phone.
struct challenge {
    phoneauth::transaction_id transaction_id;  ///< for the client, which sends it back with the code
    time_point expires_at{};                   ///< a code that comes at or after this time is too late
    std::chrono::seconds resend_after{};       ///< how long to wait before `resend` can succeed
    /// The provider did not answer: the message may or may not arrive. The code is valid.
    bool delivery_uncertain = false;
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/client_info.hpp ----

#ifndef PHONEAUTH_CLIENT_INFO_HPP
#define PHONEAUTH_CLIENT_INFO_HPP

#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {

/// The client that asks, as far as the server knows it. All of it may be empty: what is not known is not limited.
struct client_info {
    // Constructors, as g++ 12 destroys a temporary aggregate in a co_await expression twice.
    client_info() = default;
    /// The members, in their order.
    explicit client_info(std::string from, std::string agent = {}, std::string user = {})
        : address(std::move(from)), user_agent(std::move(agent)), user_id(std::move(user)) {}

    /// IPv4 or IPv6, as text; a port, brackets, a zone and blanks around it do no harm. Empty: it is not known, and
    /// nothing is limited by client. All clients whose address is another text are limited together, as one.
    std::string address;
    std::string user_agent;  ///< for the observer; cut to 64 bytes there
    std::string user_id;     ///< `user::object_id` of the logged-in user on whose behalf a message is sent: that
                             ///< user's limit takes the place of the network's
    /// Many clients may share the address, because it is that of a proxy that does not count as trusted: it is limited
    /// like any other, but never becomes known to a user, nor counts as known. The first time, the observer is told
    /// `event_kind::misconfigured_proxy`.
    bool shared_address = false;
};

/// The network of all clients whose address is not empty and yet none.
inline constexpr std::string_view unknown_network = "unknown";

/// The part of an address that one subscriber has, in one spelling: an IPv4 address as it is (one that is mapped into
/// IPv6 or comes through a NAT64, RFC 6052 §2.1, too), of an IPv6 address the first 64 bits (RFC 4291 §2.5.4; RFC 6177:
/// at least that goes to one site). `address` is as in `client_info::address`: empty for an empty one,
/// `unknown_network` if it is none.
PHONEAUTH_DECL std::string client_network(std::string_view address);

/// The first 48 bits of an IPv6 address, "2001:db8:1::/48": the most that goes to one site (RFC 6177 §2), which has
/// 65,536 of the networks that `client_network` tells apart. Empty for IPv4 and for what is no address.
PHONEAUTH_DECL std::string wide_network(std::string_view address);

/// The address of the client behind trusted proxies (reverse proxies, load balancers).
///
/// @param peer       the other end of the connection
/// @param forwarded  the value of a header like X-Forwarded-For, to whose end each proxy has added the address that it
///                   was asked from, perhaps with a port
/// @param trusted    addresses and networks ("10.0.0.0/8", "::1"); those that are too wide (see `is_too_wide`) count as
///                   not there
/// @return `peer`, unless it is trusted. Then it is the last address of `forwarded` that is not trusted: everything
/// before that could have been made up. If there is no such address among the last 20, or something on the way there is
/// no address, it is the last trusted one, so that clients that cannot be told apart are limited together. Ports,
/// brackets and blanks are left out.
PHONEAUTH_DECL std::string client_address(std::string_view peer, std::string_view forwarded,
                                          const std::vector<std::string>& trusted);

/// The address of the client behind a known number of proxies, for whom their addresses are not known: the balancers of
/// a cloud change theirs. It believes whoever connects: when somebody can reach the server past the proxies, or when
/// there are fewer than `hops`, clients write their own addresses, and no limit by client holds them. So the server must
/// be reachable through the proxies alone (a firewall, a private network, a Unix socket), and each of them must add to
/// the header rather than hand it on.
///
/// @param peer       the other end of the connection
/// @param forwarded  as for `client_address`
/// @param hops       how many proxies add an address; at least 1
/// @return the address that is the `hops`-th from the end of `forwarded`, the last one for 1. `peer`, if there is none
/// or it is no address. Ports, brackets and blanks are left out.
PHONEAUTH_DECL std::string client_address_by_hops(std::string_view peer, std::string_view forwarded, unsigned hops);

/// Whether `text` is an address or a network, as in `client_address`.
PHONEAUTH_DECL bool is_network(std::string_view text);

/// Whether the network `text` is too wide to be trusted, as strangers are in it who could then write their own
/// addresses: wider than an IPv4 /8, which includes 0.0.0.0/0, or than an IPv6 /16, unless it is within the private
/// fc00::/7 or fe80::/10. False for an address, and for what is no network.
PHONEAUTH_DECL bool is_too_wide(std::string_view text);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/client_info.ipp ----

#ifndef PHONEAUTH_CLIENT_INFO_IPP
#define PHONEAUTH_CLIENT_INFO_IPP

#include <sys/socket.h>


// ---- phoneauth/detail/ip.hpp ----

#ifndef PHONEAUTH_DETAIL_IP_HPP
#define PHONEAUTH_DETAIL_IP_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <arpa/inet.h>
#include <sys/socket.h>


// ---- phoneauth/detail/ascii.hpp ----

#ifndef PHONEAUTH_DETAIL_ASCII_HPP
#define PHONEAUTH_DETAIL_ASCII_HPP

#include <cstddef>
#include <string>
#include <string_view>

// <cctype> depends on the global locale, which an embedding server may have set.

namespace phoneauth {
inline namespace v0 {
namespace detail {

constexpr bool is_digit(char c) noexcept {
    return c >= '0' && c <= '9';
}
constexpr bool is_upper(char c) noexcept {
    return c >= 'A' && c <= 'Z';
}
constexpr bool is_lower(char c) noexcept {
    return c >= 'a' && c <= 'z';
}
constexpr bool is_alnum(char c) noexcept {
    return is_digit(c) || is_upper(c) || is_lower(c);
}
constexpr bool is_hex(char c) noexcept {
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}
constexpr bool is_control(char c) noexcept {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
constexpr bool is_space(char c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r');
}
constexpr char to_lower(char c) noexcept {
    return is_upper(c) ? static_cast<char>(c + ('a' - 'A')) : c;
}
constexpr char to_upper(char c) noexcept {
    return is_lower(c) ? static_cast<char>(c - ('a' - 'A')) : c;
}

inline std::string lower(std::string_view text) {
    std::string s(text);
    for (char& c : s) c = to_lower(c);
    return s;
}

constexpr bool equal_without_case(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (to_lower(a[i]) != to_lower(b[i])) return false;
    return true;
}

/// `text` without the white space at both ends.
constexpr std::string_view trim(std::string_view text) noexcept {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// Addresses and networks as text, and as what they are.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// An IPv6 address, or an IPv4 one mapped into IPv6 (RFC 4291 §2.5.5.2).
using ip_address = std::array<unsigned char, 16>;

/// "192.0.2.1:80" → "192.0.2.1", "[2001:db8::1]:80" and "[2001:db8::1]" → "2001:db8::1"; anything else as it is.
inline std::string_view without_port(std::string_view text) noexcept {
    if (text.starts_with('[')) return text.substr(1, (std::min)(text.find(']'), text.size()) - 1);
    const auto colon = text.find(':');
    return colon == text.rfind(':') ? text.substr(0, colon) : text;
}

/// Reads an address and nothing else.
inline std::optional<ip_address> parse_ip(std::string_view text) noexcept {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    text = text.substr(0, text.find('%'));  // a zone (RFC 4007 §11) is this machine's own business
    if (text.size() >= buffer.size() || text.find('\0') != std::string_view::npos) return std::nullopt;
    std::copy(text.begin(), text.end(), buffer.begin());
    ip_address a{};
    if (::inet_pton(AF_INET6, buffer.data(), a.data()) == 1) return a;
    a[10] = a[11] = 0xff;
    if (::inet_pton(AF_INET, buffer.data(), a.data() + 12) == 1) return a;
    return std::nullopt;
}

/// The address in what servers and proxies print: perhaps with a port, in brackets, between blanks.
inline std::string_view bare_address(std::string_view text) noexcept {
    return without_port(trim(text));
}

inline std::string ip_text(int family, const unsigned char* bytes) {
    std::array<char, INET6_ADDRSTRLEN> buffer{};
    return ::inet_ntop(family, bytes, buffer.data(), static_cast<socklen_t>(buffer.size())) ? buffer.data() : "";
}

/// The IPv4 address that `a` stands for, four bytes of it, or nullptr: a mapped one, or one behind a NAT64 (RFC 6052
/// §2.1, 64:ff9b::/96), whose clients share the other 96 bits.
inline const unsigned char* ipv4_in(const ip_address& a) noexcept {
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    constexpr std::array<unsigned char, 12> nat64{0, 0x64, 0xff, 0x9b};
    const auto begins_with = [&](const auto& prefix) { return std::equal(prefix.begin(), prefix.end(), a.begin()); };
    return begins_with(mapped) || begins_with(nat64) ? a.data() + 12 : nullptr;
}

/// The first `bits` of `a`, a multiple of 8, as "2001:db8::/32".
inline std::string ipv6_prefix(ip_address a, unsigned bits) {
    std::fill(a.begin() + bits / 8, a.end(), static_cast<unsigned char>(0));
    return ip_text(AF_INET6, a.data()) + '/' + std::to_string(bits);
}

struct ip_network {
    ip_address address;
    unsigned bits;

    bool has(const ip_address& a) const noexcept {
        const std::size_t whole = bits / 8;
        if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), address.begin())) return false;
        return bits % 8 == 0 || (a[whole] ^ address[whole]) >> (8 - bits % 8) == 0;
    }
};

inline std::optional<ip_network> parse_network(std::string_view text) noexcept {
    const auto slash = text.find('/');
    const auto address = parse_ip(text.substr(0, slash));
    if (!address) return std::nullopt;
    ip_network n{*address, 128};
    if (slash == std::string_view::npos) return n;
    const auto digits = text.substr(slash + 1);
    const auto [end, ec] = std::from_chars(digits.data(), digits.data() + digits.size(), n.bits);
    if (ec != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    const bool v4 = text.substr(0, slash).find(':') == std::string_view::npos;
    if (n.bits > (v4 ? 32U : 128U)) return std::nullopt;
    if (v4) n.bits += 96;
    return n;
}

/// Whether `n` is larger than what anybody has: than an IPv4 /8, than an IPv6 /16 outside of the private and link-local
/// ranges (RFC 4193, RFC 4291 §2.5.6), or a network in which all IPv4 addresses are. Strangers are in it.
inline bool is_too_wide(const ip_network& n) noexcept {
    constexpr ip_network mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff}, 96};
    constexpr ip_network own[] = {{{0xfc}, 7}, {{0xfe, 0x80}, 10}};
    if (n.bits >= mapped.bits && mapped.has(n.address)) return n.bits < 96 + 8;
    if (n.has(mapped.address)) return true;
    return n.bits < 16 && std::none_of(std::begin(own), std::end(own),
                                       [&](const ip_network& o) { return n.bits >= o.bits && o.has(n.address); });
}

/// See `client_address_by_hops`; empty if there is no such address.
inline std::string_view forwarded_by(std::string_view forwarded, unsigned hops) noexcept {
    for (;;) {
        const auto comma = forwarded.rfind(',');
        if (hops <= 1) {
            const auto address = bare_address(forwarded.substr(comma == std::string_view::npos ? 0 : comma + 1));
            return hops == 1 && parse_ip(address) ? address : std::string_view();
        }
        if (comma == std::string_view::npos) return {};
        forwarded = forwarded.substr(0, comma);
        --hops;
    }
}

/// Proxies that are believed. Immutable, so that it may be used from several threads at once.
class trusted_networks {
public:
    /// What is neither an address nor a network is passed over, and so is a network that is too wide.
    explicit trusted_networks(const std::vector<std::string>& texts) {
        for (const auto& text : texts)
            if (const auto network = parse_network(text); network && !is_too_wide(*network))
                networks_.push_back(*network);
    }

    /// Whether `text`, as `bare_address` gives it, is an address of one of them.
    bool has(std::string_view text) const noexcept {
        const auto a = parse_ip(text);
        return a && std::any_of(networks_.begin(), networks_.end(), [&](const ip_network& n) { return n.has(*a); });
    }

    /// See `client_address`.
    std::string client_address(std::string_view peer, std::string_view forwarded) const {
        const auto bare = bare_address(peer);
        auto asked = parse_ip(bare) ? bare : peer;  // the last address that is sure
        for (int hops = 0; hops < max_hops && !forwarded.empty() && has(asked); ++hops) {
            const auto comma = forwarded.rfind(',');
            const auto last = bare_address(forwarded.substr(comma == std::string_view::npos ? 0 : comma + 1));
            if (!parse_ip(last)) break;
            asked = last;
            forwarded = forwarded.substr(0, comma == std::string_view::npos ? 0 : comma);
        }
        return std::string(asked);
    }

private:
    static constexpr int max_hops = 20;  // nobody has more proxies, but a client can name thousands

    std::vector<ip_network> networks_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

namespace detail {

/// What `parse_ip` reads, or the same with a port: some print it behind an IPv6 address without brackets.
inline std::optional<ip_address> parse_printed(std::string_view text) noexcept {
    const auto bare = bare_address(text);
    const auto a = parse_ip(bare);
    return a ? a : parse_ip(bare.substr(0, bare.rfind(':')));
}

}  // namespace detail

PHONEAUTH_DECL std::string client_network(std::string_view address) {
    if (address.empty()) return {};
    const auto a = detail::parse_printed(address);
    if (!a) return std::string(unknown_network);
    if (const auto* v4 = detail::ipv4_in(*a)) return detail::ip_text(AF_INET, v4);
    return detail::ipv6_prefix(*a, 64);
}

PHONEAUTH_DECL std::string wide_network(std::string_view address) {
    const auto a = detail::parse_printed(address);
    return a && !detail::ipv4_in(*a) ? detail::ipv6_prefix(*a, 48) : std::string();
}

PHONEAUTH_DECL std::string client_address(std::string_view peer, std::string_view forwarded,
                                          const std::vector<std::string>& trusted) {
    return detail::trusted_networks(trusted).client_address(peer, forwarded);
}

PHONEAUTH_DECL std::string client_address_by_hops(std::string_view peer, std::string_view forwarded, unsigned hops) {
    const auto named = detail::forwarded_by(forwarded, hops);
    if (!named.empty()) return std::string(named);
    const auto bare = detail::bare_address(peer);
    return std::string(detail::parse_ip(bare) ? bare : peer);
}

PHONEAUTH_DECL bool is_network(std::string_view text) {
    return detail::parse_network(text).has_value();
}

PHONEAUTH_DECL bool is_too_wide(std::string_view text) {
    const auto network = detail::parse_network(text);
    return network && detail::is_too_wide(*network);
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/config.hpp ----

#ifndef PHONEAUTH_CONFIG_HPP
#define PHONEAUTH_CONFIG_HPP

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// ---- phoneauth/phone_number.hpp ----

#ifndef PHONEAUTH_PHONE_NUMBER_HPP
#define PHONEAUTH_PHONE_NUMBER_HPP

#include <array>
#include <compare>
#include <cstddef>
#include <string>
#include <string_view>


// ---- phoneauth/result.hpp ----

#ifndef PHONEAUTH_RESULT_HPP
#define PHONEAUTH_RESULT_HPP

#include <cassert>
#include <chrono>
#include <new>
#include <optional>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#include <version>
#ifdef __cpp_lib_expected
#include <expected>
#endif


// ---- phoneauth/error.hpp ----

#ifndef PHONEAUTH_ERROR_HPP
#define PHONEAUTH_ERROR_HPP

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>


namespace phoneauth {
inline namespace v0 {

/// Everything that can go wrong. Each enumerator has one row in `error_table`: its name and its sentence. What a caller
/// can do about it is its `condition`; its number on the wire is in rest/error_codes.hpp.
enum class error {
    // the request
    unparsable_body = 1,
    body_too_large,
    missing_parameter,
    invalid_parameter,
    invalid_phone_number,
    invalid_email,
    message_too_long,
    invalid_media_url,
    wrong_application,
    unknown_route,
    method_not_allowed,

    // registration
    registration_disabled,
    password_required,
    invalid_password,
    identity_required,
    property_required,
    user_exists,
    no_properties,
    reserved_property,
    refused_by_hook,

    // login and sessions
    login_disabled,
    login_required,
    invalid_login,
    unknown_phone,
    account_disabled,
    too_many_failures,
    unknown_token,
    session_expired,
    send_message_disabled,
    not_permitted,
    fresh_login_required,

    // codes and transactions
    no_transaction,
    wrong_code,
    code_expired,
    code_used,
    tries_exhausted,
    transaction_failed,
    phone_mismatch,
    resend_too_soon,
    too_many_messages,
    destination_not_allowed,

    // the provider
    provider_refused,
    provider_misconfigured,
    provider_busy,
    provider_unreachable,
    no_answer,
    bad_provider_reply,
    invalid_signature,

    // the transport
    invalid_url,
    host_not_found,
    connect_failed,
    connect_timeout,
    proxy_failed,
    tls_failed,
    certificate_untrusted,
    certificate_expired,
    certificate_wrong_host,
    write_failed,
    read_timeout,
    connection_lost,
    malformed_reply,
    reply_too_large,
    cancelled,

    // the machine
    storage_unavailable,
    overloaded,
    internal
};

/// One row of `error_table`.
struct error_row {
    error value;            ///< the enumerator
    std::string_view name;  ///< its name, for logs and counters
    std::string_view text;  ///< what happened, and what to do about it
};

// clang-format off
/// The only place where errors get their names and texts, in the order of the enumerators.
inline constexpr std::array error_table{
    error_row{error::unparsable_body, "unparsable_body", "The request body is not valid JSON of the expected form."},
    error_row{error::body_too_large, "body_too_large", "The request body is larger or more deeply nested than this server accepts."},
    error_row{error::missing_parameter, "missing_parameter", "A required parameter is missing."},
    error_row{error::invalid_parameter, "invalid_parameter", "A parameter has a value that is not accepted."},
    error_row{error::invalid_phone_number, "invalid_phone_number", "The phone number is not a valid E.164 number."},
    error_row{error::invalid_email, "invalid_email", "The email address is not valid."},
    error_row{error::message_too_long, "message_too_long", "The message is longer than 1600 characters."},
    error_row{error::invalid_media_url, "invalid_media_url", "A media URL must be an https URL."},
    error_row{error::wrong_application, "wrong_application", "The application id or the API key is wrong."},
    error_row{error::unknown_route, "unknown_route", "There is no such operation."},
    error_row{error::method_not_allowed, "method_not_allowed", "This operation does not support the HTTP method."},

    error_row{error::registration_disabled, "registration_disabled", "User registration is disabled."},
    error_row{error::password_required, "password_required", "A password is required."},
    error_row{error::invalid_password, "invalid_password", "The password is too short or too long."},
    error_row{error::identity_required, "identity_required", "The identity property is missing."},
    error_row{error::property_required, "property_required", "A required property is missing."},
    error_row{error::user_exists, "user_exists", "A user with this identity or phone number already exists."},
    error_row{error::no_properties, "no_properties", "The user has no properties."},
    error_row{error::reserved_property, "reserved_property", "A property of this name is reserved for the server."},
    error_row{error::refused_by_hook, "refused_by_hook", "The operation was refused by the application."},

    error_row{error::login_disabled, "login_disabled", "This way to log in is disabled."},
    error_row{error::login_required, "login_required", "The login or the password is missing."},
    error_row{error::invalid_login, "invalid_login", "Invalid login or password."},
    error_row{error::unknown_phone, "unknown_phone", "There is no user with this phone number."},
    error_row{error::account_disabled, "account_disabled", "The user's account is disabled."},
    error_row{error::too_many_failures, "too_many_failures", "Too many failed attempts; wait before the next one."},
    error_row{error::unknown_token, "unknown_token", "The user token is missing or unknown; log in."},
    error_row{error::session_expired, "session_expired", "The session has expired; log in again."},
    error_row{error::send_message_disabled, "send_message_disabled", "Sending messages is disabled."},
    error_row{error::not_permitted, "not_permitted", "The logged-in user may not access this object."},
    error_row{error::fresh_login_required, "fresh_login_required", "This change needs the current password, or a login a short while ago."},

    error_row{error::no_transaction, "no_transaction", "There is no such transaction for this operation; start again."},
    error_row{error::wrong_code, "wrong_code", "The code is wrong."},
    error_row{error::code_expired, "code_expired", "The code has expired; start again."},
    error_row{error::code_used, "code_used", "The code was already used; start again."},
    error_row{error::tries_exhausted, "tries_exhausted", "Too many wrong codes; start again."},
    error_row{error::transaction_failed, "transaction_failed", "The message for this transaction could not be sent; start again."},
    error_row{error::phone_mismatch, "phone_mismatch", "The phone number is not the one that the code was sent to."},
    error_row{error::resend_too_soon, "resend_too_soon", "A message was sent a moment ago; wait before asking for another."},
    error_row{error::too_many_messages, "too_many_messages", "Too many messages were asked for; wait before asking for another."},
    error_row{error::destination_not_allowed, "destination_not_allowed", "Messages to this country or this kind of number are not allowed."},

    error_row{error::provider_refused, "provider_refused", "The messaging provider refused the message."},
    error_row{error::provider_misconfigured, "provider_misconfigured", "The messaging provider rejected the server's credentials or sender."},
    error_row{error::provider_busy, "provider_busy", "The messaging provider is busy; try again later."},
    error_row{error::provider_unreachable, "provider_unreachable", "The messaging provider could not be reached; nothing was sent."},
    error_row{error::no_answer, "no_answer", "The messaging provider did not answer; the message may still arrive."},
    error_row{error::bad_provider_reply, "bad_provider_reply", "The messaging provider's reply could not be understood."},
    error_row{error::invalid_signature, "invalid_signature", "The request is not signed by Twilio."},

    error_row{error::invalid_url, "invalid_url", "The URL is not an absolute http or https URL."},
    error_row{error::host_not_found, "host_not_found", "The host name could not be resolved."},
    error_row{error::connect_failed, "connect_failed", "The connection was refused."},
    error_row{error::connect_timeout, "connect_timeout", "The connection was not established in time."},
    error_row{error::proxy_failed, "proxy_failed", "The outbound proxy could not be reached, or refused."},
    error_row{error::tls_failed, "tls_failed", "The TLS handshake failed."},
    error_row{error::certificate_untrusted, "certificate_untrusted", "The server's certificate is not signed by a trusted authority."},
    error_row{error::certificate_expired, "certificate_expired", "The server's certificate has expired or is not valid yet."},
    error_row{error::certificate_wrong_host, "certificate_wrong_host", "The server's certificate is for another host name."},
    error_row{error::write_failed, "write_failed", "The request could not be written completely."},
    error_row{error::read_timeout, "read_timeout", "The server did not answer in time."},
    error_row{error::connection_lost, "connection_lost", "The connection was lost before the whole reply arrived."},
    error_row{error::malformed_reply, "malformed_reply", "The server's reply is not valid HTTP."},
    error_row{error::reply_too_large, "reply_too_large", "The server's reply is larger than accepted."},
    error_row{error::cancelled, "cancelled", "The operation was cancelled."},

    error_row{error::storage_unavailable, "storage_unavailable", "The storage is unavailable; try again."},
    error_row{error::overloaded, "overloaded", "The server is overloaded; try again later."},
    error_row{error::internal, "internal", "An internal error occurred."},
};
// clang-format on

/// The row of `e`, in constant time; for a value that is not an enumerator, the row of `error::internal`.
constexpr const error_row& row_of(error e) noexcept {
    const auto index = static_cast<std::size_t>(static_cast<int>(e) - 1);
    return index < error_table.size() ? error_table[index] : error_table.back();
}

namespace detail {
constexpr bool error_table_is_in_order() {
    for (std::size_t i = 0; i < error_table.size(); ++i)
        if (static_cast<std::size_t>(error_table[i].value) != i + 1) return false;
    return error_table.back().value == error::internal;
}
static_assert(error_table_is_in_order(), "error_table needs one row per enumerator, in order");

class error_category_impl final : public std::error_category {
public:
    const char* name() const noexcept override { return "phoneauth"; }
    std::string message(int value) const override { return std::string(row_of(static_cast<error>(value)).text); }
};
}  // namespace detail

/// The category of every `std::error_code` made from `error`; its name is "phoneauth".
inline const std::error_category& error_category() noexcept {
    static const detail::error_category_impl instance;
    return instance;
}

/// Lets an `error` be used wherever a `std::error_code` is expected.
inline std::error_code make_error_code(error e) noexcept {
    return {static_cast<int>(e), error_category()};
}

}  // namespace v0
}  // namespace phoneauth

template <>
struct std::is_error_code_enum<phoneauth::error> : std::true_type {};

#endif

// ---- phoneauth/error_condition.hpp ----

#ifndef PHONEAUTH_ERROR_CONDITION_HPP
#define PHONEAUTH_ERROR_CONDITION_HPP

#include <string>
#include <system_error>
#include <type_traits>


namespace phoneauth {
inline namespace v0 {

/// What can be done about an `error`. Each error belongs to exactly one condition (`condition_of`), and compares equal
/// to it:
///
///     if (r.error().code == phoneauth::condition::try_later) …
///
/// It says what the caller can do, not which HTTP status the REST reply has.
enum class condition {
    caller_mistake = 1,  ///< the request cannot succeed as it is: something is missing, malformed or taken
    wrong_credentials,   ///< the code, the password, the API key or the signature is wrong
    denied,              ///< understood and proved, but the configuration, the application or the account forbids it
    start_again,         ///< the transaction or the session is over, or never was: begin a new one
    try_later,           ///< nothing is wrong with the request: the same may succeed later (`failure::retry_after`)
    server_fault         ///< no request can change it: whoever runs the server must look at its log
};

/// The condition that `e` belongs to; `server_fault` for a value that is not an enumerator.
constexpr condition condition_of(error e) noexcept {
    switch (e) {  // no default: compilers warn of an enumerator that is missing here
    case error::unparsable_body:
    case error::body_too_large:
    case error::missing_parameter:
    case error::invalid_parameter:
    case error::invalid_phone_number:
    case error::invalid_email:
    case error::message_too_long:
    case error::invalid_media_url:
    case error::unknown_route:
    case error::method_not_allowed:
    case error::password_required:
    case error::invalid_password:
    case error::identity_required:
    case error::property_required:
    case error::user_exists:
    case error::no_properties:
    case error::reserved_property:
    case error::login_required:
    case error::unknown_phone:
    case error::phone_mismatch:
    case error::provider_refused:
        return condition::caller_mistake;

    case error::wrong_application:
    case error::invalid_login:
    case error::wrong_code:
    case error::invalid_signature:
        return condition::wrong_credentials;

    case error::registration_disabled:
    case error::refused_by_hook:
    case error::login_disabled:
    case error::account_disabled:
    case error::send_message_disabled:
    case error::not_permitted:
    case error::destination_not_allowed:
        return condition::denied;

    case error::unknown_token:
    case error::session_expired:
    case error::fresh_login_required:
    case error::no_transaction:
    case error::code_expired:
    case error::code_used:
    case error::tries_exhausted:
    case error::transaction_failed:
        return condition::start_again;

    case error::too_many_failures:
    case error::resend_too_soon:
    case error::too_many_messages:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::no_answer:  // the message may still arrive
    case error::host_not_found:
    case error::connect_failed:
    case error::connect_timeout:
    case error::proxy_failed:
    case error::tls_failed:
    case error::write_failed:
    case error::read_timeout:
    case error::connection_lost:
    case error::cancelled:
    case error::storage_unavailable:
    case error::overloaded:
        return condition::try_later;

    case error::provider_misconfigured:
    case error::bad_provider_reply:
    case error::invalid_url:
    case error::certificate_untrusted:
    case error::certificate_expired:
    case error::certificate_wrong_host:
    case error::malformed_reply:
    case error::reply_too_large:
    case error::internal:
        return condition::server_fault;
    }
    return condition::server_fault;
}

namespace detail {
class condition_category_impl final : public std::error_category {
public:
    const char* name() const noexcept override { return "phoneauth.condition"; }

    std::string message(int value) const override {
        switch (static_cast<condition>(value)) {
        case condition::caller_mistake:
            return "The request cannot succeed as it is.";
        case condition::wrong_credentials:
            return "The code, the password or another credential is wrong.";
        case condition::denied:
            return "The operation is not allowed.";
        case condition::start_again:
            return "What the request continues is over; start again.";
        case condition::try_later:
            return "The same request may succeed later.";
        case condition::server_fault:
            return "The server is at fault.";
        }
        return "This is no condition.";
    }

    using std::error_category::equivalent;
    bool equivalent(const std::error_code& code, int value) const noexcept override {
        return code.category() == phoneauth::error_category() && code.value() != 0 &&
               static_cast<int>(condition_of(static_cast<error>(code.value()))) == value;
    }
};
}  // namespace detail

/// The category of every `std::error_condition` made from `condition`; its name is "phoneauth.condition".
inline const std::error_category& condition_category() noexcept {
    static const detail::condition_category_impl instance;
    return instance;
}

/// Lets a `condition` be compared with a `std::error_code`.
inline std::error_condition make_error_condition(condition c) noexcept {
    return {static_cast<int>(c), condition_category()};
}

}  // namespace v0
}  // namespace phoneauth

template <>
struct std::is_error_condition_enum<phoneauth::condition> : std::true_type {};

#endif

namespace phoneauth {
inline namespace v0 {

/// Why an operation did not succeed. It never holds a code, a password or a token.
struct failure {
    std::error_code code;  ///< usually an `error`; a hook may use a category of its own
    std::string message;   ///< for a person; the table's sentence unless something more exact is known
    std::optional<std::chrono::seconds> retry_after;  ///< how long to wait before the next try can succeed
    std::optional<int> tries_left;                    ///< wrong codes that the transaction still allows
    std::optional<int> twilio_code;  ///< Twilio's own error code (https://www.twilio.com/docs/api/errors)

    /// No failure: it holds no code.
    failure() = default;
    /// `e`, with its own sentence.
    failure(error e) : code(e), message(row_of(e).text) {}
    ///@{
    /// A code with the sentence `text`.
    failure(error e, std::string text) : code(e), message(std::move(text)) {}
    failure(std::error_code c, std::string text) : code(c), message(std::move(text)) {}
    ///@}

    /// The same, with `retry_after` set to `s`.
    failure&& with_retry_after(std::chrono::seconds s) && {
        retry_after = s;
        return std::move(*this);
    }
};

/// The failure that stands for the exception being handled. What a policy threw never leaves a function that promises a
/// result, and its text, which could hold anything, is not passed on.
///
/// @param otherwise  for exceptions that say nothing more exact
/// @return `overloaded` for `std::bad_alloc` and for a `std::system_error` that says so; `cancelled` for one that is
///     `std::errc::operation_canceled`; else `otherwise`. Without memory for the sentence: `overloaded` without one.
inline failure failure_of_current_exception(error otherwise = error::storage_unavailable) noexcept {
    try {
        try {
            throw;
        } catch (const std::bad_alloc&) {
            return error::overloaded;
        } catch (const std::system_error& e) {
            if (e.code() == error::overloaded) return error::overloaded;  // as a full queue says
            return e.code() == std::errc::operation_canceled ? error::cancelled : otherwise;
        } catch (...) {
            return otherwise;
        }
    } catch (...) {  // no memory for the sentence either
        failure f;
        f.code = error::overloaded;
        return f;
    }
}

/// Thrown by `result::value()`: the whole failure, as an exception. `what()` is the code's sentence only; what a hook
/// may have written is in `failure().message`.
class failure_exception : public std::system_error {
public:
    /// Holds `f`.
    explicit failure_exception(phoneauth::failure f) : std::system_error(f.code), failure_(std::move(f)) {}

    /// Why there is no value.
    const phoneauth::failure& failure() const noexcept { return failure_; }

private:
    phoneauth::failure failure_;
};

template <class T>
class result;

namespace detail {

// What the results of values and result<void> do alike. `R` is a result, as the caller holds it.

template <class R, class F>
decltype(auto) call_with_value(R&& r, F&& f) {
    if constexpr (std::is_void_v<typename std::remove_cvref_t<R>::value_type>)
        return std::forward<F>(f)();
    else
        return std::forward<F>(f)(*std::forward<R>(r));
}

template <class R, class F>
auto and_then(R&& r, F&& f) {
    using next = std::remove_cvref_t<decltype(detail::call_with_value(std::forward<R>(r), std::forward<F>(f)))>;
    static_assert(std::is_same_v<next, result<typename next::value_type>>, "phoneauth: and_then's f returns a result");
    if (!r) return next(std::forward<R>(r).error());
    return detail::call_with_value(std::forward<R>(r), std::forward<F>(f));
}

template <class R, class F>
auto transform(R&& r, F&& f) {
    using value = std::remove_cvref_t<decltype(detail::call_with_value(std::forward<R>(r), std::forward<F>(f)))>;
    if (!r) return result<value>(std::forward<R>(r).error());
    if constexpr (std::is_void_v<value>) {
        detail::call_with_value(std::forward<R>(r), std::forward<F>(f));
        return result<value>();
    } else {
        return result<value>(detail::call_with_value(std::forward<R>(r), std::forward<F>(f)));
    }
}

template <class R, class F>
std::remove_cvref_t<R> or_else(R&& r, F&& f) {
    if (r) return std::forward<R>(r);
    return std::forward<F>(f)(std::forward<R>(r).error());
}

}  // namespace detail

/// A `T`, or the `failure` that explains its absence.
///
/// A default-constructed result means "no value yet": it holds neither, and neither `value()` nor `error()` may be
/// called (asserted). The library returns none; Asio 1.22's `co_spawn` needs it, as does a variable that is assigned
/// later.
///
/// @par Thread safety
/// Distinct objects are safe.
template <class T>
class [[nodiscard]] result {
public:
    /// What it holds when all went well.
    using value_type = T;

    /// No value yet.
    result() = default;
    ///@{
    /// Holds the value, or the failure.
    result(T value) : value_(std::move(value)) {}
    result(failure f) : failure_(std::move(f)) {}
    result(phoneauth::error e) : failure_(failure(e)) {}
    ///@}

    ///@{
    /// Whether there is a value.
    bool has_value() const noexcept { return value_.has_value(); }
    explicit operator bool() const noexcept { return has_value(); }
    ///@}

    ///@{
    /// The value. Undefined without one: ask `has_value()` first.
    T& operator*() & noexcept { return *value_; }
    const T& operator*() const& noexcept { return *value_; }
    T&& operator*() && noexcept { return std::move(*value_); }
    T* operator->() noexcept { return &*value_; }
    const T* operator->() const noexcept { return &*value_; }
    ///@}

    ///@{
    /// The value; throws `failure_exception` when there is none.
    T& value() & {
        throw_if_failed();
        return **this;
    }
    const T& value() const& {
        throw_if_failed();
        return **this;
    }
    T&& value() && {
        throw_if_failed();
        return std::move(**this);
    }
    ///@}

    ///@{
    /// The value, or `otherwise` when there is none.
    template <class U>
    T value_or(U&& otherwise) const& {
        return has_value() ? **this : static_cast<T>(std::forward<U>(otherwise));
    }
    template <class U>
    T value_or(U&& otherwise) && {
        return has_value() ? std::move(**this) : static_cast<T>(std::forward<U>(otherwise));
    }
    ///@}

    ///@{
    /// The failure. Undefined without one: when there is a value, or no value yet.
    failure& error() & noexcept { return assert(failure_), *failure_; }
    const failure& error() const& noexcept { return assert(failure_), *failure_; }
    failure&& error() && noexcept { return assert(failure_), std::move(*failure_); }
    ///@}

    ///@{
    /// `f(value)`, which is a result too; or the failure.
    template <class F>
    auto and_then(F&& f) const& {
        return detail::and_then(*this, std::forward<F>(f));
    }
    template <class F>
    auto and_then(F&& f) && {
        return detail::and_then(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// The result of `f(value)`; or the failure.
    template <class F>
    auto transform(F&& f) const& {
        return detail::transform(*this, std::forward<F>(f));
    }
    template <class F>
    auto transform(F&& f) && {
        return detail::transform(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// The value; or `f(failure)`, which is a `result<T>` or converts to one.
    template <class F>
    result or_else(F&& f) const& {
        return detail::or_else(*this, std::forward<F>(f));
    }
    template <class F>
    result or_else(F&& f) && {
        return detail::or_else(std::move(*this), std::forward<F>(f));
    }
    ///@}

private:
    void throw_if_failed() const {
        if (!has_value()) throw failure_exception(error());
    }
    std::optional<T> value_;
    std::optional<failure> failure_;
};

/// Success without a value, or a failure. Unlike the other results a default-constructed one is a success.
///
/// @par Thread safety
/// Distinct objects are safe.
template <>
class [[nodiscard]] result<void> {
public:
    /// What it holds when all went well: nothing.
    using value_type = void;

    /// Success.
    result() = default;
    ///@{
    /// Holds the failure.
    result(failure f) : failure_(std::move(f)) {}
    result(phoneauth::error e) : failure_(failure(e)) {}
    ///@}

    ///@{
    /// Whether it is a success.
    bool has_value() const noexcept { return !failure_; }
    explicit operator bool() const noexcept { return has_value(); }
    ///@}

    /// Throws `failure_exception` unless it is a success.
    void value() const {
        if (failure_) throw failure_exception(*failure_);
    }

    ///@{
    /// The failure. Undefined for a success.
    failure& error() & noexcept { return assert(failure_), *failure_; }
    const failure& error() const& noexcept { return assert(failure_), *failure_; }
    failure&& error() && noexcept { return assert(failure_), std::move(*failure_); }
    ///@}

    ///@{
    /// `f()`, which is a result too; or the failure.
    template <class F>
    auto and_then(F&& f) const& {
        return detail::and_then(*this, std::forward<F>(f));
    }
    template <class F>
    auto and_then(F&& f) && {
        return detail::and_then(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// The result of `f()`; or the failure.
    template <class F>
    auto transform(F&& f) const& {
        return detail::transform(*this, std::forward<F>(f));
    }
    template <class F>
    auto transform(F&& f) && {
        return detail::transform(std::move(*this), std::forward<F>(f));
    }
    ///@}

    ///@{
    /// Success; or `f(failure)`, which is a `result<void>` or converts to one.
    template <class F>
    result or_else(F&& f) const& {
        return detail::or_else(*this, std::forward<F>(f));
    }
    template <class F>
    result or_else(F&& f) && {
        return detail::or_else(std::move(*this), std::forward<F>(f));
    }
    ///@}

private:
    std::optional<failure> failure_;
};

#ifdef __cpp_lib_expected
/// The same as a `std::expected`, where the standard library has it. `r` must not be one of "no value yet".
template <class T>
std::expected<T, failure> to_expected(result<T> r) {
    if (!r) return std::unexpected(std::move(r).error());
    if constexpr (std::is_void_v<T>)
        return {};
    else
        return *std::move(r);
}
#endif

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// An E.164 number: `+`, then 2 to 15 digits of which the first is not 0 (ITU-T E.164 §6; `^\+[1-9]\d{1,14}$`).
/// It cannot hold anything else. Trivially copyable; distinct objects may be used in distinct threads.
class phone_number {
public:
    /// Most bytes of what a person types that `parse` looks at.
    static constexpr std::size_t max_input = 128;

    /// Reads what people type and paste, by what is dialled in their country (rules/dialling.hpp).
    ///
    /// - Digits of all scripts are digits. Spaces, dashes, dots, slashes, tildes and brackets are dropped, and signs that
    ///   nobody sees. `tel:` may stand in front (RFC 3966), and a `phone-context` that is a calling code behind it.
    /// - With `+`, the number is taken at its word, of any length, but for what stands behind the calling code and
    ///   certainly does not belong there: a national prefix ("+44 (0)7911 123456"), the calling code once more, Mexico's
    ///   1 and Argentina's 15. Numbers of Benin with 8 digits get the 01 that they have had since 2024.
    /// - Without `+`, there are four ways to read a number: behind a prefix for abroad (`00`, and those of
    ///   `default_calling_code`), behind the own calling code, behind a national prefix, and as it stands. If one of
    ///   them gives a number that the country can have, that is it. If none or two do, the number is refused.
    /// - An Argentine number without the 9 of mobile phones is refused: nobody can tell which of two phones is meant.
    ///
    /// @param text  what was typed; at most `max_input` bytes of UTF-8
    /// @param default_calling_code  where numbers without `+` are dialled: 1 to 3 digits, for example "49"; empty: only
    ///     `+` and `00` are understood
    /// @return the number. `parse(n.str(), any)` is `n` for whatever this returns.
    /// @par Errors
    /// `invalid_phone_number`; the message says how to write it, and never repeats the input.
    static PHONEAUTH_DECL result<phone_number> parse(std::string_view text, std::string_view default_calling_code = {});

    /// Reads what `str` gives, and nothing else: for storages, which give back what they were given, and for numbers
    /// that another library has read. It knows no country.
    /// @par Errors
    /// `invalid_phone_number`.
    static PHONEAUTH_DECL result<phone_number> from_e164(std::string_view text);

    /// The number as `+` and digits. Lives as long as this object.
    constexpr std::string_view str() const noexcept { return {text_.data(), size_}; }

    /// The number with all but the first three and the last two characters hidden, for logs.
    std::string masked() const {
        std::string s(str());
        for (std::size_t i = 3; i + 2 < s.size(); ++i) s[i] = '*';
        return s;
    }

    friend constexpr bool operator==(const phone_number& a, const phone_number& b) noexcept {
        return a.str() == b.str();
    }
    friend constexpr auto operator<=>(const phone_number& a, const phone_number& b) noexcept {
        return a.str() <=> b.str();
    }

private:
    constexpr phone_number() = default;

    std::array<char, 16> text_{};
    unsigned char size_ = 0;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/phone_number.ipp ----

#ifndef PHONEAUTH_PHONE_NUMBER_IPP
#define PHONEAUTH_PHONE_NUMBER_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <string_view>


// ---- phoneauth/detail/typed.hpp ----

#ifndef PHONEAUTH_DETAIL_TYPED_HPP
#define PHONEAUTH_DETAIL_TYPED_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>


// ---- phoneauth/detail/utf8.hpp ----

#ifndef PHONEAUTH_DETAIL_UTF8_HPP
#define PHONEAUTH_DETAIL_UTF8_HPP

#include <cstddef>
#include <optional>
#include <string_view>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The size in bytes of the well-formed UTF-8 sequence that `text` starts with (Unicode 15, table 3-7); 0 if there is
/// none.
constexpr std::size_t utf8_sequence(std::string_view text) noexcept {
    const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
    const auto follows = [&](std::size_t i) { return (at(i) & 0xC0u) == 0x80u; };
    const auto lead = at(0);
    if (text.empty()) return 0;
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
    if (lead >= 0xE0 && lead <= 0xEF) {
        const bool overlong = lead == 0xE0 && at(1) < 0xA0;
        const bool surrogate = lead == 0xED && at(1) > 0x9F;
        return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
    }
    if (lead >= 0xF0 && lead <= 0xF4) {
        const bool overlong = lead == 0xF0 && at(1) < 0x90;
        const bool too_large = lead == 0xF4 && at(1) > 0x8F;
        return follows(1) && follows(2) && follows(3) && !overlong && !too_large ? 4 : 0;
    }
    return 0;
}

/// How many code points `text` has; empty when it is not well-formed UTF-8.
constexpr std::optional<std::size_t> count_code_points(std::string_view text) noexcept {
    std::size_t count = 0;
    while (!text.empty()) {
        const auto size = utf8_sequence(text);
        if (size == 0) return std::nullopt;
        text.remove_prefix(size);
        ++count;
    }
    return count;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// What people type and paste: digits of all scripts, and signs that nobody sees. Unicode 16.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What no code point is: stands for bytes that are not UTF-8.
inline constexpr char32_t no_code_point = 0xFFFFFFFF;

/// Takes the first code point off `text`, which is not empty; `no_code_point` and one byte where it is not UTF-8.
constexpr char32_t take_code_point(std::string_view& text) noexcept {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const auto size = utf8_sequence(text);
    char32_t c = no_code_point;
    if (size == 1) c = byte(0);
    if (size == 2) c = (byte(0) & 0x1Fu) << 6 | (byte(1) & 0x3Fu);
    if (size == 3) c = (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    if (size == 4) c = (byte(0) & 0x07u) << 18 | (byte(1) & 0x3Fu) << 12 | (byte(2) & 0x3Fu) << 6 | (byte(3) & 0x3Fu);
    text.remove_prefix(size == 0 ? 1 : size);
    return c;
}

/// The zeros of all scripts; nine more digits follow each (Unicode: general category Nd).
inline constexpr char32_t zeros[] = {
    0x0030,  0x0660,  0x06F0,  0x07C0,  0x0966,  0x09E6,  0x0A66,  0x0AE6,  0x0B66,  0x0BE6,  0x0C66,  0x0CE6,  0x0D66,
    0x0DE6,  0x0E50,  0x0ED0,  0x0F20,  0x1040,  0x1090,  0x17E0,  0x1810,  0x1946,  0x19D0,  0x1A80,  0x1A90,  0x1B50,
    0x1BB0,  0x1C40,  0x1C50,  0xA620,  0xA8D0,  0xA900,  0xA9D0,  0xA9F0,  0xAA50,  0xABF0,  0xFF10,  0x104A0, 0x10D30,
    0x10D40, 0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x116D0, 0x116DA, 0x11730,
    0x118E0, 0x11950, 0x11BF0, 0x11C50, 0x11D50, 0x11DA0, 0x11F50, 0x16130, 0x16A60, 0x16AC0, 0x16B50, 0x16D70, 0x1CCF0,
    0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC, 0x1D7F6, 0x1E140, 0x1E2F0, 0x1E4F0, 0x1E5F1, 0x1E950, 0x1FBF0,
};

/// The digit that `c` is, as '0' to '9'; 0 if it is none.
constexpr char digit_of(char32_t c) noexcept {
    for (const auto zero : zeros)
        if (c >= zero && c - zero < 10) return static_cast<char>('0' + static_cast<int>(c - zero));
    return 0;
}

/// White space (Unicode: White_Space), line breaks included.
constexpr bool is_blank(char32_t c) noexcept {
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xA0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
}

/// What ends a line (Unicode: BK, CR, LF, NL).
constexpr bool is_line_break(char32_t c) noexcept {
    return (c >= '\n' && c <= '\r') || c == 0x85 || c == 0x2028 || c == 0x2029;
}

/// What takes no room: soft hyphens, joiners, marks and embeddings of the writing direction, variation selectors, the
/// byte order mark (of Unicode's Default_Ignorable_Code_Point what texts are pasted with).
constexpr bool is_invisible(char32_t c) noexcept {
    return c == 0xAD || c == 0x34F || c == 0x61C || c == 0x180E || (c >= 0x200B && c <= 0x200F) ||
           (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || (c >= 0xFE00 && c <= 0xFE0F) || c == 0xFEFF;
}

/// A hyphen, dash or minus, of any width and length.
constexpr bool is_dash(char32_t c) noexcept {
    return c == '-' || (c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x30FC || c == 0xFE58 || c == 0xFE63 ||
           c == 0xFF0D;
}

/// `text` without blanks and invisible signs at both ends.
constexpr std::string_view trim_typed(std::string_view text) noexcept {
    const auto goes = [](char32_t c) { return is_blank(c) || is_invisible(c); };
    while (!text.empty()) {
        auto rest = text;
        if (!goes(take_code_point(rest))) break;
        text = rest;
    }
    while (!text.empty()) {
        auto at = text.size() - 1;
        while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u) --at;
        auto last = text.substr(at);
        if (!goes(take_code_point(last)) || !last.empty()) break;
        text = text.substr(0, at);
    }
    return text;
}

/// Whether `text` has a sign that nobody sees, or a blank that is not a space.
constexpr bool has_hidden_sign(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto c = take_code_point(text);
        if (is_invisible(c) || (c != ' ' && is_blank(c))) return true;
    }
    return false;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/rules/dialling.hpp ----

#ifndef PHONEAUTH_RULES_DIALLING_HPP
#define PHONEAUTH_RULES_DIALLING_HPP

#include <cstddef>
#include <cstdint>
#include <string_view>


// How numbers are dialled in the world's countries, as data, and what follows from it.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// How the numbers of one calling code are dialled.
struct dialling_rule {
    /// The country code (ITU-T E.164).
    std::string_view calling_code;
    /// National prefixes, which are dropped behind the calling code; several with spaces between them. Those that went
    /// out of use are among them if people still write them. Empty: there are none.
    std::string_view national_prefixes;
    /// Prefixes for abroad, likewise. `00` is understood everywhere.
    std::string_view prefixes_for_abroad;
    /// Bit n: a national (significant) number may have n digits. With `open_plan`: that of a mobile phone.
    std::uint16_t lengths;
    /// What such a number may begin with, likewise; empty: 1 to 9.
    std::string_view beginnings = {};
    /// Of the constants below.
    unsigned traits = 0;
};

/// There are other numbers besides, of 4 digits and more: of area codes and subscribers' numbers of any length, where
/// without the national prefix nobody can tell whether the area code is there. With `keeps_zero` they begin with 0.
inline constexpr unsigned open_plan = 1;
/// Numbers may begin with 0, and keep it behind the calling code: it looks like a national prefix, but stays.
inline constexpr unsigned keeps_zero = 2;

/// `dialling_rule::lengths`.
template <class... N>
constexpr std::uint16_t digits(N... n) noexcept {
    return static_cast<std::uint16_t>((0u | ... | (1u << n)));
}

/// All calling codes of countries, in the order of their digits; behind each, the countries (ISO 3166). From the
/// ITU's lists: "Dialling procedures" (annex to Operational Bulletin No. 994, 15.XII.2011), the national numbering plans
/// that were notified since (E.129; among others Mexico 2019, Gabon 2019, Ivory Coast 2021, Colombia 2021, Lithuania
/// 2023, Benin 2024), and "Assigned country codes" (E.164.D). Lengths and beginnings are those of telephones, without
/// short, premium and machines' numbers, and without old landlines that are shorter than all others; where a plan does
/// not tell certainly, `open_plan`. Checked against the metadata of libphonenumber 8.13.48.
inline constexpr dialling_rule dialling_rules[] = {
    {"1", "1", "011", digits(10), "2 3 4 5 6 7 8 9"},                       // US AG AI …
    {"20", "0", "00", digits(10), "10 11 12 15", open_plan},                // EG
    {"211", "0", "00", digits(9)},                                          // SS
    {"212", "0", "00", digits(9)},                                          // MA EH
    {"213", "0", "00", digits(8, 9)},                                       // DZ
    {"216", "", "00", digits(8)},                                           // TN
    {"218", "0", "00", digits(8, 9)},                                       // LY
    {"220", "", "00", digits(7)},                                           // GM
    {"221", "", "00", digits(9)},                                           // SN
    {"222", "", "00", digits(8)},                                           // MR
    {"223", "", "00", digits(8)},                                           // ML
    {"224", "", "00", digits(8, 9)},                                        // GN
    {"225", "", "00", digits(10), "", keeps_zero},                          // CI
    {"226", "", "00", digits(8), "", keeps_zero},                           // BF
    {"227", "", "00", digits(8)},                                           // NE
    {"228", "", "00", digits(8)},                                           // TG
    {"229", "", "00", digits(10), "", keeps_zero},                          // BJ
    {"230", "", "00", digits(7, 8)},                                        // MU
    {"231", "0", "00", digits(7, 8, 9)},                                    // LR
    {"232", "0", "00", digits(8)},                                          // SL
    {"233", "0", "00", digits(9)},                                          // GH
    {"234", "0", "009", digits(8, 10)},                                     // NG
    {"235", "", "00", digits(8)},                                           // TD
    {"236", "", "00", digits(8)},                                           // CF
    {"237", "", "00", digits(9)},                                           // CM
    {"238", "", "00", digits(7)},                                           // CV
    {"239", "", "00", digits(7)},                                           // ST
    {"240", "", "00", digits(9)},                                           // GQ
    {"241", "0", "00", digits(8), "1 6 7"},                                 // GA
    {"242", "", "00", digits(9), "", keeps_zero},                           // CG
    {"243", "0", "00", digits(7, 9)},                                       // CD
    {"244", "", "00", digits(9)},                                           // AO
    {"245", "", "00", digits(9)},                                           // GW
    {"246", "", "00", digits(7)},                                           // IO
    {"247", "", "00", digits(5, 6)},                                        // AC
    {"248", "", "00", digits(7)},                                           // SC
    {"249", "0", "00", digits(9)},                                          // SD
    {"250", "0", "00", digits(8, 9)},                                       // RW
    {"251", "0", "00", digits(9)},                                          // ET
    {"252", "0", "00", digits(7, 8, 9)},                                    // SO
    {"253", "", "00", digits(8)},                                           // DJ
    {"254", "0", "000", digits(9), "1 7", open_plan},                       // KE
    {"255", "0", "000", digits(9)},                                         // TZ
    {"256", "0", "000", digits(9)},                                         // UG
    {"257", "", "00", digits(8)},                                           // BI
    {"258", "", "00", digits(8, 9)},                                        // MZ
    {"260", "0", "00", digits(9)},                                          // ZM
    {"261", "0", "00", digits(9)},                                          // MG
    {"262", "0", "00", digits(9)},                                          // RE YT
    {"263", "0", "00", digits(9), "7", open_plan},                          // ZW
    {"264", "0", "00", digits(8, 9)},                                       // NA
    {"265", "0", "00", digits(7, 9)},                                       // MW
    {"266", "", "00", digits(8)},                                           // LS
    {"267", "", "00", digits(7, 8)},                                        // BW
    {"268", "", "00", digits(8)},                                           // SZ
    {"269", "", "00", digits(7)},                                           // KM
    {"27", "0", "00", digits(9)},                                           // ZA
    {"290", "", "00", digits(4, 5)},                                        // SH TA
    {"291", "0", "00", digits(7)},                                          // ER
    {"297", "", "00", digits(7)},                                           // AW
    {"298", "", "00", digits(6)},                                           // FO
    {"299", "", "00", digits(6)},                                           // GL
    {"30", "", "00", digits(10)},                                           // GR
    {"31", "0", "00", digits(9)},                                           // NL
    {"32", "0", "00", digits(8, 9)},                                        // BE
    {"33", "0", "00", digits(9)},                                           // FR
    {"34", "", "00", digits(9)},                                            // ES
    {"350", "", "00", digits(8)},                                           // GI
    {"351", "", "00", digits(9)},                                           // PT
    {"352", "", "00", digits(6, 8, 9)},                                     // LU
    {"353", "0", "00", digits(9), "8", open_plan},                          // IE
    {"354", "", "00", digits(7, 9)},                                        // IS
    {"355", "0", "00", digits(8, 9)},                                       // AL
    {"356", "", "00", digits(8)},                                           // MT
    {"357", "", "00", digits(8)},                                           // CY
    {"358", "0", "00", digits(8, 9, 10), "4 50", open_plan},                // FI AX
    {"359", "0", "00", digits(8, 9), "87 88 89 98 99", open_plan},          // BG
    {"36", "06", "00", digits(8, 9)},                                       // HU
    {"370", "0 8", "00", digits(8)},                                        // LT
    {"371", "", "00", digits(8)},                                           // LV
    {"372", "", "00", digits(7, 8)},                                        // EE
    {"373", "0", "00", digits(8)},                                          // MD
    {"374", "0", "00", digits(8)},                                          // AM
    {"375", "80 8 0", "810", digits(9)},                                    // BY
    {"376", "", "00", digits(6)},                                           // AD
    {"377", "0", "00", digits(8, 9)},                                       // MC
    {"378", "", "00", digits(8, 10), "", keeps_zero},                       // SM
    {"380", "0", "00", digits(9)},                                          // UA
    {"381", "0", "00", digits(8, 9, 10), "6", open_plan},                   // RS
    {"382", "0", "00", digits(8)},                                          // ME
    {"383", "0", "00", digits(8, 9)},                                       // XK
    {"385", "0", "00", digits(8, 9)},                                       // HR
    {"386", "0", "00", digits(8)},                                          // SI
    {"387", "0", "00", digits(8, 9)},                                       // BA
    {"389", "0", "00", digits(8)},                                          // MK
    {"39", "", "00", digits(9, 10), "3", open_plan | keeps_zero},           // IT VA
    {"40", "0", "00", digits(9)},                                           // RO
    {"41", "0", "00", digits(9)},                                           // CH
    {"420", "", "00", digits(9)},                                           // CZ
    {"421", "0", "00", digits(9)},                                          // SK
    {"423", "0", "00", digits(7, 9)},                                       // LI
    {"43", "0", "00", digits(10, 11, 12, 13), "6", open_plan},              // AT
    {"44", "0", "00", digits(10)},                                          // GB GG IM …
    {"45", "", "00", digits(8)},                                            // DK
    {"46", "0", "00", digits(9), "7", open_plan},                           // SE
    {"47", "", "00", digits(8)},                                            // NO SJ
    {"48", "", "00", digits(9)},                                            // PL
    {"49", "0", "00", digits(10, 11), "15 16 17", open_plan},               // DE
    {"500", "", "00", digits(5)},                                           // FK
    {"501", "", "00", digits(7)},                                           // BZ
    {"502", "", "00", digits(8)},                                           // GT
    {"503", "", "00", digits(8)},                                           // SV
    {"504", "", "00", digits(8)},                                           // HN
    {"505", "", "00", digits(8)},                                           // NI
    {"506", "", "00", digits(8)},                                           // CR
    {"507", "", "00", digits(7, 8)},                                        // PA
    {"508", "0", "00", digits(6)},                                          // PM
    {"509", "", "00", digits(8)},                                           // HT
    {"51", "0", "00", digits(8, 9)},                                        // PE
    {"52", "01 044 045", "00", digits(10), "2 3 4 5 6 7 8 9"},              // MX
    {"53", "0", "119", digits(8), "5 6", open_plan},                        // CU
    {"54", "0", "00", digits(11), "9"},                                     // AR
    {"55", "0", "00 0014 0015 0021 0031 0041", digits(10, 11)},             // BR
    {"56", "", "00", digits(9), "2 3 4 5 6 7 8 9"},                         // CL
    {"57", "0", "005 007 009", digits(10)},                                 // CO
    {"58", "0", "00", digits(10)},                                          // VE
    {"590", "0", "00", digits(9)},                                          // GP BL MF
    {"591", "0", "00", digits(8)},                                          // BO
    {"592", "", "001", digits(7)},                                          // GY
    {"593", "0", "00", digits(8, 9)},                                       // EC
    {"594", "0", "00", digits(9)},                                          // GF
    {"595", "0", "00", digits(9), "9", open_plan},                          // PY
    {"596", "0", "00", digits(9)},                                          // MQ
    {"597", "", "00", digits(6, 7)},                                        // SR
    {"598", "0", "00", digits(8)},                                          // UY
    {"599", "", "00", digits(7, 8)},                                        // CW BQ
    {"60", "0", "00", digits(9, 10), "1", open_plan},                       // MY
    {"61", "0", "0011", digits(9)},                                         // AU CC CX
    {"62", "0", "001 007 008", digits(9, 10, 11, 12), "8", open_plan},      // ID
    {"63", "0", "00", digits(10), "9", open_plan},                          // PH
    {"64", "0", "00", digits(8, 9, 10), "2", open_plan},                    // NZ
    {"65", "", "001 002 008", digits(8)},                                   // SG
    {"66", "0", "001", digits(8, 9)},                                       // TH
    {"670", "", "00", digits(7, 8)},                                        // TL
    {"672", "", "00", digits(6)},                                           // NF
    {"673", "", "00", digits(7)},                                           // BN
    {"674", "", "00", digits(7)},                                           // NR
    {"675", "", "00", digits(7, 8)},                                        // PG
    {"676", "", "00", digits(5, 7)},                                        // TO
    {"677", "", "00", digits(5, 7)},                                        // SB
    {"678", "", "00", digits(5, 7)},                                        // VU
    {"679", "", "00", digits(7)},                                           // FJ
    {"680", "", "011", digits(7)},                                          // PW
    {"681", "", "00", digits(6)},                                           // WF
    {"682", "", "00", digits(5)},                                           // CK
    {"683", "", "00", digits(4, 7)},                                        // NU
    {"685", "", "00", digits(5, 6, 7)},                                     // WS
    {"686", "0", "00", digits(5, 8)},                                       // KI
    {"687", "", "00", digits(6)},                                           // NC
    {"688", "", "00", digits(5, 6, 7)},                                     // TV
    {"689", "", "00", digits(8)},                                           // PF
    {"690", "", "00", digits(4, 5, 6, 7)},                                  // TK
    {"691", "", "011", digits(7)},                                          // FM
    {"692", "1", "011", digits(7)},                                         // MH
    {"7", "8", "810", digits(10), "3 4 5 6 7 8 9"},                         // RU KZ
    {"81", "0", "010", digits(9, 10)},                                      // JP
    {"82", "0", "001 002", digits(9, 10), "10 11 16 17 18 19", open_plan},  // KR
    {"84", "0", "00", digits(9, 10)},                                       // VN
    {"850", "0", "00", digits(10), "1", open_plan},                         // KP
    {"852", "", "001", digits(8)},                                          // HK
    {"853", "", "00", digits(8)},                                           // MO
    {"855", "0", "001 007", digits(8, 9)},                                  // KH
    {"856", "0", "00", digits(8, 10)},                                      // LA
    {"86", "0", "00", digits(11), "13 14 15 16 17 18 19", open_plan},       // CN
    {"880", "0", "00", digits(10), "1", open_plan},                         // BD
    {"886", "0", "002", digits(9), "9", open_plan},                         // TW
    {"90", "0", "00", digits(10)},                                          // TR
    {"91", "0", "00", digits(10)},                                          // IN
    {"92", "0", "00", digits(9, 10)},                                       // PK
    {"93", "0", "00", digits(9)},                                           // AF
    {"94", "0", "00", digits(9)},                                           // LK
    {"95", "0", "00", digits(7, 8, 9, 10), "9", open_plan},                 // MM
    {"960", "", "00", digits(7)},                                           // MV
    {"961", "0", "00", digits(7, 8)},                                       // LB
    {"962", "0", "00", digits(8, 9)},                                       // JO
    {"963", "0", "00", digits(8, 9)},                                       // SY
    {"964", "0", "00", digits(10), "7", open_plan},                         // IQ
    {"965", "", "00", digits(8)},                                           // KW
    {"966", "0", "00", digits(9)},                                          // SA
    {"967", "0", "00", digits(9), "7", open_plan},                          // YE
    {"968", "", "00", digits(8)},                                           // OM
    {"970", "0", "00", digits(8, 9)},                                       // PS
    {"971", "0", "00", digits(8, 9)},                                       // AE
    {"972", "0", "00", digits(8, 9)},                                       // IL
    {"973", "", "00", digits(8)},                                           // BH
    {"974", "", "00", digits(8)},                                           // QA
    {"975", "", "00", digits(7, 8)},                                        // BT
    {"976", "0", "001 002", digits(8), "5 6 7 8 9", open_plan},             // MN
    {"977", "0", "00", digits(10), "9", open_plan},                         // NP
    {"98", "0", "00", digits(10)},                                          // IR
    {"992", "8", "810", digits(9)},                                         // TJ
    {"993", "8", "810", digits(8)},                                         // TM
    {"994", "0", "00", digits(9)},                                          // AZ
    {"995", "0", "00", digits(9)},                                          // GE
    {"996", "0", "00", digits(9)},                                          // KG
    {"998", "8", "00 810", digits(9)},                                      // UZ
};

/// The rule of a calling code, or nullptr if it is no country's.
constexpr const dialling_rule* find_rule(std::string_view calling_code) noexcept {
    for (const auto& rule : dialling_rules)
        if (rule.calling_code == calling_code) return &rule;
    return nullptr;
}

/// The rule of the calling code that `number` begins with, or nullptr. No calling code begins another.
constexpr const dialling_rule* find_rule_of(std::string_view number) noexcept {
    for (const auto& rule : dialling_rules)
        if (number.starts_with(rule.calling_code)) return &rule;
    return nullptr;
}

/// Takes the first word off `words`.
constexpr std::string_view take_word(std::string_view& words) noexcept {
    const auto end = words.find(' ');
    const auto word = words.substr(0, end);
    words.remove_prefix(end == words.npos ? words.size() : end + 1);
    return word;
}

/// Whether `number`, digits without prefixes and calling code, is certainly a whole national number.
constexpr bool is_certain_number(const dialling_rule& rule, std::string_view number) noexcept {
    if (number.empty() || number.size() > 15 || (rule.lengths >> number.size() & 1u) == 0) return false;
    if (number.starts_with("00")) return false;  // from there one dials abroad
    if (number[0] == '0') return (rule.traits & keeps_zero) != 0 && (rule.traits & open_plan) == 0;
    auto beginnings = rule.beginnings;
    bool begins = beginnings.empty();
    while (!begins && !beginnings.empty()) begins = number.starts_with(take_word(beginnings));
    return begins;
}

/// Whether `number` can be a national number, if that is what it is meant as: behind a calling code or a national
/// prefix. A second calling code in front of a certain number never is.
constexpr bool is_possible_number(const dialling_rule& rule, std::string_view number) noexcept {
    if (is_certain_number(rule, number)) return true;
    if ((rule.traits & open_plan) == 0 || number.size() < 4 || number.size() + rule.calling_code.size() > 15)
        return false;
    if ((rule.traits & keeps_zero) != 0) return number[0] == '0' && number[1] != '0';
    if (number[0] == '0') return false;
    const bool repeats_code = number.starts_with(rule.calling_code);
    return !repeats_code || !is_certain_number(rule, number.substr(rule.calling_code.size()));
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// How a reading of a number ends; the sentences for it are below.
enum class reading {
    done,
    too_many_digits,
    too_short,
    no_country,     ///< neither `+` nor a default calling code
    code_is_zero,   ///< the calling code begins with 0
    not_a_number,   ///< no way to read it gives a number of the country
    two_numbers,    ///< two ways give two numbers
    zero_behind,    ///< a 0 behind the calling code that is no national prefix
    code_twice,     ///< the calling code twice, and nobody can tell
    argentine_nine  ///< without the 9 of mobile phones
};

inline const char* sentence_for(reading r) noexcept {
    switch (r) {
    case reading::too_many_digits:
        return "The phone number has more than 15 digits.";
    case reading::too_short:
        return "The phone number is too short.";
    case reading::no_country:
        return "The phone number has no country code; expected + and the country code in front.";
    case reading::code_is_zero:
        return "The phone number's country code starts with 0.";
    case reading::two_numbers:
        return "The phone number can be read in two ways; expected + and the country code in front, for example "
               "+14155550100.";
    case reading::zero_behind:
        return "The phone number has a 0 behind its country code that does not belong there; expected for example "
               "+14155550100.";
    case reading::code_twice:
        return "The phone number has its country code twice; expected for example +14155550100.";
    case reading::argentine_nine:
        return "A mobile number of Argentina has a 9 behind the country code, then the area code, and no 15; expected "
               "for example +5491123456789.";
    case reading::done:
    case reading::not_a_number:
        break;
    }
    return "The phone number does not have the digits of a number of its country; expected + and the country code in "
           "front, for example +14155550100.";
}

/// Digits that are put together; as many as E.164 allows.
class e164_digits {
public:
    /// False if there is no room.
    constexpr bool append(std::string_view more) noexcept {
        if (more.size() > digits_.size() - size_) return false;
        for (const char c : more) digits_[size_++] = c;
        return true;
    }
    constexpr std::string_view str() const noexcept { return {digits_.data(), size_}; }

private:
    std::array<char, 15> digits_{};
    std::size_t size_ = 0;
};

/// The digits of a text.
struct typed_digits {
    /// A prefix for abroad, a calling code, a national prefix and a number have less.
    static constexpr std::size_t max_size = 24;

    std::array<char, max_size> digits{};
    std::size_t size = 0;
    bool plus = false;

    constexpr std::string_view str() const noexcept { return {digits.data(), size}; }
};

/// All readings of a number that give one. More than one number is none.
class readings {
public:
    void add(const e164_digits& number) noexcept {
        if (count_ == 0) number_ = number;
        if (count_ == 0 || number_.str() != number.str()) ++count_;
    }
    int count() const noexcept { return count_; }
    const e164_digits& number() const noexcept { return number_; }

private:
    e164_digits number_;
    int count_ = 0;
};

/// How sure it has to be that digits are a national number.
enum class certainty {
    certain,  ///< nothing in front of them says so
    possible  ///< a national prefix or a `+` does
};

/// At home Argentine mobile numbers have a 15 behind the area code, which has 2 to 4 of their 10 digits (11 alone has
/// two); from abroad they have a 9 in front (Plan Fundamental de Numeración Nacional). → the number as from abroad.
inline bool put_argentine_mobile(const rules::dialling_rule& rule, std::string_view digits, e164_digits& out) {
    if (digits.size() == 13 && digits.starts_with('9')) digits.remove_prefix(1);
    if (digits.size() != 12 || digits.starts_with('0')) return false;
    const auto is_15_at = [&](std::size_t at) { return digits.substr(at, 2) == "15"; };
    std::size_t area = is_15_at(3) ? 3 : 4;
    if (digits.starts_with("11")) area = 2;
    if (!is_15_at(area)) return false;
    out = {};
    return out.append(rule.calling_code) && out.append("9") && out.append(digits.substr(0, area)) &&
           out.append(digits.substr(area + 2));
}

/// A number that is written as it must not be any more, or not from abroad, where one can tell what it is.
inline bool put_rewritten(const rules::dialling_rule& rule, std::string_view digits, e164_digits& out) {
    if (rule.calling_code == "54") return put_argentine_mobile(rule, digits, out);
    // Benin put 01 in front of all its numbers on 30 November 2024.
    if (rule.calling_code != "229" || digits.size() != 8 || digits.starts_with('0')) return false;
    out = {};
    return out.append(rule.calling_code) && out.append("01") && out.append(digits);
}

/// Calling code and number, if `digits` are one.
inline bool put(const rules::dialling_rule& rule, std::string_view digits, certainty asked, e164_digits& out) {
    const bool is_number =
        asked == certainty::certain ? is_certain_number(rule, digits) : is_possible_number(rule, digits);
    if (!is_number) return put_rewritten(rule, digits, out);
    out = {};
    return out.append(rule.calling_code) && out.append(digits);
}

/// The same behind a national prefix.
inline bool put_behind_prefix(const rules::dialling_rule& rule, std::string_view digits, e164_digits& out) {
    auto prefixes = rule.national_prefixes;
    while (!prefixes.empty()) {
        const auto prefix = rules::take_word(prefixes);
        if (digits.starts_with(prefix) && put(rule, digits.substr(prefix.size()), certainty::possible, out))
            return true;
    }
    return false;
}

/// What stands behind the calling code that `number` begins with.
inline std::string_view behind_code(const rules::dialling_rule& rule, std::string_view number) noexcept {
    number.remove_prefix(rule.calling_code.size());
    // Mexico gave up the 1 of mobile phones, which stood nowhere but here, in August 2019.
    if (rule.calling_code == "52" && number.size() == 11 && number.starts_with('1')) number.remove_prefix(1);
    return number;
}

/// What stands behind `+`, or behind a prefix for abroad. `at_its_word`: of any length, and without doubt about the `+`.
inline reading read_international(std::string_view number, bool at_its_word, e164_digits& out) {
    if (number.starts_with('0')) return reading::code_is_zero;
    if (number.size() < 2) return reading::too_short;
    const auto* rule = rules::find_rule_of(number);
    if (rule) {
        const auto national = behind_code(*rule, number);
        const bool is_open = (rule->traits & rules::open_plan) != 0;
        const bool is_twice = national.starts_with(rule->calling_code);
        if (put(*rule, national, certainty::possible, out)) return reading::done;
        if ((at_its_word || !is_twice) && put_behind_prefix(*rule, national, out)) return reading::done;
        if (at_its_word && is_twice) {
            const auto rest = national.substr(rule->calling_code.size());
            if (is_open && is_certain_number(*rule, rest)) return reading::code_twice;
            if (!is_open && put(*rule, rest, certainty::certain, out)) return reading::done;
        }
        if (national.starts_with('0') && (rule->traits & rules::keeps_zero) == 0) return reading::zero_behind;
        if (rule->calling_code == "54" && national.size() == 10) return reading::argentine_nine;
        if (national.empty()) return reading::too_short;
    }
    if (!at_its_word) return reading::not_a_number;
    out = {};
    return out.append(number) ? reading::done : reading::too_many_digits;
}

/// A number as it is dialled in the country of `rule`.
inline reading read_dialled(const rules::dialling_rule& rule, std::string_view number, e164_digits& out) {
    readings found;
    reading abroad = reading::not_a_number;
    const auto read_abroad = [&](std::string_view prefix) {
        if (!number.starts_with(prefix)) return;
        abroad = read_international(number.substr(prefix.size()), false, out);
        if (abroad == reading::done) found.add(out);
    };
    const auto read_national = [&](std::string_view digits) {
        // A 0 that stays says as much as a national prefix.
        const auto asked = digits.starts_with('0') ? certainty::possible : certainty::certain;
        if (put(rule, digits, asked, out)) found.add(out);
        if (put_behind_prefix(rule, digits, out)) found.add(out);
    };
    read_abroad("00");
    auto prefixes = rule.prefixes_for_abroad;
    while (!prefixes.empty())
        if (const auto prefix = rules::take_word(prefixes); prefix != "00") read_abroad(prefix);
    if (number.starts_with(rule.calling_code)) {
        const auto rest = behind_code(rule, number);
        read_national(rest);
        // Whoever writes the calling code may also mean a number that would not be certain without it.
        if (is_certain_number(rule, number) && put(rule, rest, certainty::possible, out)) found.add(out);
    }
    read_national(number);
    out = found.number();
    if (found.count() == 1) return reading::done;
    if (found.count() > 1) return reading::two_numbers;
    const bool is_argentine = rule.calling_code == "54" && abroad == reading::not_a_number;
    return is_argentine ? reading::argentine_nine : abroad;
}

inline reading read_number(const typed_digits& typed, std::string_view calling_code, e164_digits& out) {
    const auto number = typed.str();
    if (typed.plus) return read_international(number, true, out);
    const auto* rule = rules::find_rule(calling_code);
    if (rule) return read_dialled(*rule, number, out);
    // Of a country that nobody knows, no number is told from a prefix.
    if (number.starts_with("00")) return read_international(number.substr(2), true, out);
    if (calling_code.empty()) return reading::no_country;
    if (number.starts_with('0') || number.starts_with(calling_code)) return reading::not_a_number;
    e164_digits whole;
    if (!whole.append(calling_code) || !whole.append(number)) return reading::too_many_digits;
    return read_international(whole.str(), true, out);
}

/// Nothing, or what is wrong with the text.
inline const char* read_digits(std::string_view text, typed_digits& out) {
    // Full-width forms, U+2053 and U+223C included, as input methods make them.
    constexpr char32_t signs[] = {'.',    '/',    '(',    ')',    '[',    ']',    '~',    0xB7,   0x2044, 0x2053,
                                  0x223C, 0xFF08, 0xFF09, 0xFF0E, 0xFF0F, 0xFF3B, 0xFF3D, 0xFF5E, 0x3002, 0xFF61};
    while (!text.empty()) {
        const auto c = take_code_point(text);
        const bool is_plus = c == '+' || c == 0xFF0B || c == 0xFE62;
        if (const char digit = digit_of(c)) {
            if (out.size == out.digits.size()) return sentence_for(reading::too_many_digits);
            out.digits[out.size++] = digit;
        } else if (is_plus && out.size == 0 && !out.plus) {
            out.plus = true;
        } else if (is_line_break(c) ||  // there may be two numbers
                   (!is_blank(c) && !is_invisible(c) && !is_dash(c) &&
                    std::find(std::begin(signs), std::end(signs), c) == std::end(signs))) {
            return "The phone number has a character that is not a digit; expected for example +14155550100.";
        }
    }
    return out.size == 0 ? "The phone number is empty." : nullptr;
}

/// Takes scheme and parameters off a `tel:` URI; a context that is a calling code becomes the default one. Nothing, or
/// what is wrong with it.
inline const char* read_uri(std::string_view& text, std::string_view& calling_code) {
    constexpr std::string_view scheme = "tel:", context = "phone-context=+";
    if (!equal_without_case(text.substr(0, scheme.size()), scheme)) return nullptr;
    text.remove_prefix(scheme.size());
    const auto end = text.find(';');
    if (end == text.npos) return nullptr;
    const auto parameter = text.substr(end + 1);
    text = text.substr(0, end);
    if (equal_without_case(parameter.substr(0, context.size()), context) &&
        rules::find_rule(parameter.substr(context.size()))) {
        calling_code = parameter.substr(context.size());
        return nullptr;
    }
    return "The phone number has an extension or another parameter, which messages cannot reach; expected for example "
           "tel:+14155550100.";
}

}  // namespace detail

PHONEAUTH_DECL result<phone_number> phone_number::parse(std::string_view text, std::string_view default_calling_code) {
    const auto bad = [](const char* why) { return failure(error::invalid_phone_number, why); };
    if (text.size() > max_input) return bad("The phone number is too long.");
    text = detail::trim_typed(text);
    if (const char* wrong = detail::read_uri(text, default_calling_code)) return bad(wrong);
    detail::typed_digits typed;
    if (const char* wrong = detail::read_digits(text, typed)) return bad(wrong);
    detail::e164_digits digits;
    const auto outcome = detail::read_number(typed, default_calling_code, digits);
    if (outcome != detail::reading::done) return bad(detail::sentence_for(outcome));
    phone_number n;
    n.text_[n.size_++] = '+';
    for (const char c : digits.str()) n.text_[n.size_++] = c;
    return n;
}

PHONEAUTH_DECL result<phone_number> phone_number::from_e164(std::string_view text) {
    const auto digits = text.substr(text.starts_with('+') ? 1 : 0);
    if (digits.size() + 1 != text.size() || digits.size() < 2 || digits.size() > 15 || digits.starts_with('0') ||
        !std::all_of(digits.begin(), digits.end(), detail::is_digit))
        return failure(error::invalid_phone_number,
                       "The phone number is not + and 2 to 15 digits; expected for example +14155550100.");
    phone_number n;
    for (const char c : text) n.text_[n.size_++] = c;
    return n;
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {

/// How the library reaches Twilio.
struct twilio_config {
    /// `AC` and 32 hexadecimal digits. Required.
    std::string account_sid;
    /// The account's auth token. Required unless an API key is given.
    secret_string auth_token;
    /// `SK` and 32 hexadecimal digits; what Twilio advises for servers. A restricted key must be allowed to create and
    /// to read messages (see `unknown_phone_policy::conceal`).
    std::string api_key;
    /// The API key's secret; required with `api_key`.
    secret_string api_secret;
    /// What messages come from: an E.164 number of the account, a short code (3 to 8 digits), a sender id (a name of 1 to
    /// 11 characters with a letter), a Messaging Service (`MG` and 32 hexadecimal digits), `whatsapp:` and a number, or
    /// `rcs:` and a sender's name. WhatsApp takes a text like a code's only from whoever has been written to in the last
    /// 24 hours. Required.
    std::string sender;
    /// For example "ie1"; empty: Twilio's default.
    std::string region;
    /// For example "dublin"; empty: the one that Twilio has in the region. Without a region it implies "us1".
    std::string edge;
    /// Replaces `https://api.twilio.com`; http or https and a host, without a path. For tests and proxies.
    std::string base_url;
    /// Where Twilio reports what became of a code's message: the public URL (https, but for tests) that ends at
    /// `authenticator::handle_status_callback`, without a query. It needs `auth_token`, which signs the reports. It may
    /// have `user:password@` before the host, for a server that asks for them (RFC 7617). Empty: no reports.
    secret_string status_callback;
    /// Another auth token that may have signed a report: the one before, or the next one, while it is rotated. Requests
    /// go out with `auth_token`, or the API key. Empty: none.
    secret_string previous_auth_token;
};

/// A phone that gets no messages and has always the same code, for demonstrations and reviewers.
struct test_number {
    std::string phone;  ///< E.164
    std::string code;   ///< `config::code_digits` digits
};

/// A key that codes are derived with.
struct code_key {
    std::string id;        ///< noted in each transaction; 1 to 32 characters
    secret_string secret;  ///< 32 to 256 bytes, kept secret; all servers on one storage need the same
};

/// What becomes of a login with a phone number that no user has.
enum class unknown_phone_policy {
    conceal,  ///< it looks like any other start, but no message is sent (OWASP ASVS 5.0 §6.3.8)
    reject    ///< `error::unknown_phone`, as friendly as it is to attackers
};

/// Everything an integrator can set. The defaults are the recommended values; `validate` knows the ranges.
///
/// @par Limits
/// "At most N in any hour" is strict, wherever the hour begins: half of them at once, and then one at a time, evenly
/// (of messages in all a quarter at once). A refused request counts for nothing.
///
/// Two kinds of clients are told apart. A network is known to a user for 90 days after the user has registered or
/// logged in from it; a network is one IPv4 address or one IPv6 /64. All other networks are strangers'. A changed
/// password or phone makes all networks strangers'. What a limit keeps for known networks, strangers cannot use up.
struct config {
    /// The account, its credentials and the sender.
    twilio_config twilio;

    // -- codes

    /// The first derives new codes, all of them check. Empty: a random key for this process, which needs a storage that
    /// is this process's own. A new key goes to the end on all servers first, and to the front once all of them have it;
    /// an old one goes when `code_lifetime` is over since.
    std::vector<code_key> code_keys;
    /// 6–9 digits (RFC 4226 §5.3: at least 6).
    unsigned code_digits = 6;
    /// 30–600 s (NIST SP 800-63B-3 §5.1.3.2, OWASP ASVS 5.0 §6.5.5: at most 10 minutes).
    std::chrono::seconds code_lifetime{300};
    /// 1–10 codes compared per transaction.
    unsigned max_tries = 5;
    /// 1–320 bytes of UTF-8 with `{code}` in it once; `{minutes}` stands for the lifetime, `{purpose}` for what the code
    /// is for, `{site}` for `site_name`. A text without `{purpose}` makes it easier to talk somebody out of a code.
    std::string message_template = "{code} is your code to {purpose}. Do not share it.";
    /// What `{purpose}` stands for at a registration: 1–40 bytes of UTF-8.
    std::string registration_purpose = "sign up";
    /// What `{purpose}` stands for at a login: 1–40 bytes of UTF-8.
    std::string login_purpose = "log in";
    /// What `{site}` stands for: at most 40 bytes of UTF-8; required with `{site}`.
    std::string site_name;
    /// Host for origin-bound codes (WICG: a last line `@host #code`), without scheme and port; empty: none.
    std::string origin_host;
    /// 11 characters for Android's SMS Retriever, on a line of their own; empty: none.
    std::string android_app_hash;

    // -- messages

    /// 0–600 s between two messages of one transaction.
    std::chrono::seconds resend_cooldown{30};
    /// 1–20 messages, the first one included.
    unsigned max_sends_per_transaction = 5;
    /// 0–600 s between the codes of two transactions of one purpose (registration or login) for one phone. A login ends
    /// the wait for the next login's code. Codes for known networks wait for each other only. Codes after a right
    /// password neither wait nor let others wait.
    std::chrono::seconds phone_cooldown{10};
    /// 1–100 codes of logins to one phone in any hour, over all transactions, for strangers; as many for each
    /// known network; as many after a right password; as many codes of registrations; and as many other messages of clients,
    /// and of the server itself.
    unsigned max_sends_per_phone_and_hour = 10;
    /// 1–1000, likewise, in any 24 hours.
    unsigned max_sends_per_phone_and_day = 30;
    /// 0–100000 codes asked for from one network in any hour, those included that the provider refused to send; and as
    /// many segments of other messages, if they are not sent on behalf of a user. A wrong code counts like one that was
    /// asked for. To phones of users to whom the network is known, and after a right password, a quarter more may be
    /// sent. An IPv6 /48 has four times as many. 0: no limit.
    unsigned max_sends_per_client_and_hour = 50;
    /// 0–100000 segments that one logged-in user (`client_info::user_id`) sends in any hour, a medium counted as three;
    /// they do not count for the user's network. 0: no limit.
    unsigned max_messages_per_user_and_hour = 60;
    /// 0–10000000 messages with codes in any hour over all phones, decoys for unknown phones included; as many segments
    /// of other messages of clients, and of the server itself. Known networks, and logins after a right password, may
    /// ask for a quarter more. After so many wrong passwords that nobody is told about them any more, right ones have as
    /// many codes of their own. An observer is told when four fifths of what can be had at once are spent. 0: no limit.
    unsigned max_sends_per_hour = 1000;
    /// 1–3 digits: where numbers without a country code are dialled (see `phone_number::parse`); empty: those are refused.
    std::string default_calling_code;
    /// Reads what people type as phone numbers, in the place of `phone_number::parse` and its table: for whoever has a
    /// library for it. It returns the number, made with `phone_number::from_e164`, or `error::invalid_phone_number` with a
    /// sentence for the client that does not repeat the text. The same person's number must come out the same however it
    /// is typed, and a number that has come out must be read as itself: users are found by it. It is called on the
    /// flows' threads, several at once; what it throws is `overloaded` (`std::bad_alloc`) or `internal`. Empty:
    /// `phone_number::parse` with `default_calling_code`. It has no name in `read_config`.
    std::function<result<phone_number>(std::string_view text)> normalize_phone;
    /// Calling codes, 1–15 digits each, that messages may go to; "*": all. Empty: that of `default_calling_code`, or
    /// all if that is empty, too. "1" is all of the North American Numbering Plan, the Caribbean included: name area
    /// codes ("1415") or block some. At most 1000.
    std::vector<std::string> allowed_calling_codes;
    /// Beginnings of numbers, 1–15 digits with the calling code, that no message goes to: premium ranges, say. At
    /// most 1000.
    std::vector<std::string> blocked_prefixes;
    /// At most 100. Exempt from the limits on messages and from `phone_cooldown`, not from those on failures;
    /// `send_message` refuses them. Whoever knows one can log in as its user.
    std::vector<test_number> test_numbers;
    /// Says that the `test_numbers` are meant: without it they are refused.
    bool allow_test_numbers = false;

    // -- login

    /// Logins with a phone number, with or without a password before it.
    bool login_enabled = true;
    /// Logins with a phone number and a code alone; false: only those with a password before it.
    bool code_login_enabled = true;
    /// `POST /users/login`: identity and password without a second factor.
    bool identity_login_enabled = false;
    /// What becomes of a login by code alone with a phone that no user has.
    unknown_phone_policy unknown_phone = unknown_phone_policy::conceal;
    /// 50–100 failures per account in any 30 days, and at least ten times `max_tries` (NIST SP 800-63B-3 §5.2.2: at
    /// most 100 in a row).
    /// - Each way in is an account: a user's password, codes that come without a password, codes that come after it,
    ///   and, in any 24 hours, the codes of a phone's registration.
    /// - Half of them are for strangers, half for known networks together, half of which each of these may have. Four
    ///   fifths may be at once.
    /// - A login ends the failures made from its network. Those of strangers come free again, one after the other.
    ///   Without networks (`client_info`), everybody is a stranger, and a login ends the failures of all.
    /// - A code is sent only if there is room for all its tries, and those of the codes that are open: two or three for
    ///   strangers, one or two for each known network.
    /// - Nobody shuts the door to a right password: when there is no room for a wrong one, `start_two_factor_login`
    ///   answers everybody alike, and sends a code if the password was right.
    /// - Where logins by identity are allowed and the identity is not the phone, a password has two accounts, by phone
    ///   and by identity. Each of them has half of the failures.
    unsigned max_consecutive_failures = 100;
    /// 0–100000 passwords from one network in any hour, over all accounts, right or wrong; a quarter more for accounts of
    /// users to whom the network is known. For one account at most 20 of them. 0: no limit over all accounts.
    unsigned max_passwords_per_client_and_hour = 60;
    /// 60 s – 365 days.
    std::chrono::seconds session_lifetime{30 * 24 * 3600};
    /// 0–86400 s after a login during which its session may change password and identity without the current password.
    /// 0: that is never asked for.
    std::chrono::seconds fresh_login{600};

    // -- registration

    /// Whether anybody may register.
    bool registration_enabled = true;
    /// The phone's property name, on the wire too: a letter or `_`, then letters, digits, `_`; at most 64.
    std::string phone_column = "phoneNumber";
    /// The identity's property name. `phone_column` makes the phone the identity; "email" is checked to be an address.
    std::string identity_column = "email";
    /// 8–64 bytes of UTF-8 (NIST SP 800-63B-3 §5.1.1.2: at least 8). Passwords are hashed byte for byte: an "ü" of one
    /// code point and one of two (NFC, NFD) are different passwords. Clients should send NFC, as
    /// `password.normalize("NFC")` in JavaScript.
    unsigned min_password_length = 8;
    /// 64–1024 bytes.
    unsigned max_password_length = 256;
    /// The names of the further properties that clients may set, 1–64 bytes each, at most 1000. Empty: all that are
    /// neither reserved (`is_reserved_property`) nor protected.
    std::vector<std::string> client_properties;
    /// Names that clients may never set, whichever case they write them in: of roles, credit limits, and whatever else
    /// the server decides by. 1–64 bytes each, at most 1000.
    std::vector<std::string> protected_properties;
    /// 0–1000 further properties of a user.
    unsigned max_properties = 64;
    /// 0–1048576 bytes of JSON over all further properties of a user.
    unsigned max_property_bytes = 16384;
};

/// The number that somebody typed, as the flows read it: by `config::normalize_phone` if there is one, else by
/// `phone_number::parse`. For whoever looks users up by what is typed.
/// @par Errors
/// `invalid_phone_number`, or what `config::normalize_phone` fails with; `overloaded` or `internal` if that throws.
PHONEAUTH_DECL result<phone_number> read_phone(const config& c, std::string_view text);

/// One thing that is wrong with a configuration.
struct config_problem {
    std::string field;    ///< its name in `config`, for example "code_digits" or "twilio.sender"
    std::string message;  ///< what is wrong and what is expected; never the value of a secret
};

/// All that is wrong with `c`, not only the first; empty when it can be used. `storage_is_shared` asks for `code_keys`:
/// another process on the same storage could not check codes derived with a random key.
PHONEAUTH_DECL std::vector<config_problem> validate(const config& c, bool storage_is_shared = false);

/// Thrown by the authenticator's constructor; `what()` lists every problem, a line each.
class config_error : public std::invalid_argument {
public:
    /// `problems` is what `validate` returned.
    explicit config_error(std::vector<config_problem> problems)
        : std::invalid_argument(text_of(problems)), problems_(std::move(problems)) {}

    /// Everything that is wrong, as `validate` says it.
    const std::vector<config_problem>& problems() const noexcept { return problems_; }

private:
    static std::string text_of(const std::vector<config_problem>& problems) {
        std::string s = "invalid phoneauth configuration:";
        for (const auto& p : problems) s += "\n  " + p.field + ": " + p.message;
        return s;
    }
    std::vector<config_problem> problems_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/config.ipp ----

#ifndef PHONEAUTH_CONFIG_IPP
#define PHONEAUTH_CONFIG_IPP

#include <algorithm>
#include <string>


// ---- phoneauth/detail/url.hpp ----

#ifndef PHONEAUTH_DETAIL_URL_HPP
#define PHONEAUTH_DETAIL_URL_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// ---- phoneauth/http.hpp ----

#ifndef PHONEAUTH_HTTP_HPP
#define PHONEAUTH_HTTP_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {

// Passwords, codes and tokens pass through these types. Their `secret_string`s are wiped when they go away; in all
// other respects they are `std::string`s.
//
// The types have constructors because g++ 12 destroys an aggregate that is written in braces inside a co_await
// expression twice. It does not compile a braced list of headers there: give the list a name first.

/// One header field. Names compare without regard to case (RFC 9110 §5.1).
struct http_header {
    http_header() = default;
    /// A field with its value.
    http_header(std::string field, secret_string content) : name(std::move(field)), value(std::move(content)) {}

    std::string name;     ///< in any case
    secret_string value;  ///< without white space around it
};

/// A request that a transport sends, or that a server received.
struct http_request {
    http_request() = default;
    /// A request with what it holds, in the order of the members.
    http_request(std::string verb, std::string target, std::vector<http_header> fields = {}, secret_string content = {})
        : method(std::move(verb)), url(std::move(target)), headers(std::move(fields)), body(std::move(content)) {}

    std::string method;                ///< "GET", "POST", …
    std::string url;                   ///< absolute for a transport; path and query (origin form) at a server
    std::vector<http_header> headers;  ///< without Host, Content-Length and Connection: a transport adds those
    secret_string body;                ///< whole, without a transfer coding
};

/// A complete reply.
struct http_response {
    http_response() = default;
    /// A reply with what it holds, in the order of the members.
    http_response(int code, std::vector<http_header> fields, secret_string content = {})
        : status(code), headers(std::move(fields)), body(std::move(content)) {}

    int status = 0;                    ///< RFC 9110 §15
    std::vector<http_header> headers;  ///< as they came; without Content-Length at a server, which adds it
    secret_string body;                ///< whole, without a transfer coding
};

/// True when `a` and `b` are the same but for the case of ASCII letters.
constexpr bool equal_ignoring_case(std::string_view a, std::string_view b) noexcept {
    constexpr auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; };
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i)
        if (lower(a[i]) != lower(b[i])) return false;
    return true;
}

/// The value of the first header called `name`, or nullptr. The pointer lives as long as `headers`.
inline const std::string* find_header(const std::vector<http_header>& headers, std::string_view name) noexcept {
    for (const auto& h : headers)
        if (equal_ignoring_case(h.name, name)) return &h.value;
    return nullptr;
}

/// True for the errors of a transport that promise that no byte of the request was processed, so that it is safe to
/// send it again. After any other error the server may have acted on it.
constexpr bool safe_to_resend(error e) noexcept {
    switch (e) {
    case error::invalid_parameter:  // the request cannot be written as HTTP
    case error::invalid_url:
    case error::host_not_found:
    case error::connect_failed:
    case error::connect_timeout:
    case error::proxy_failed:
    case error::tls_failed:
    case error::certificate_untrusted:
    case error::certificate_expired:
    case error::certificate_wrong_host:
    case error::overloaded:
        return true;
    default:
        return false;
    }
}

}  // namespace v0
}  // namespace phoneauth

#endif

// Pure functions on URLs and form bodies. Sources: RFC 3986, and the WHATWG URL Standard §5
// (application/x-www-form-urlencoded).

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// An absolute http or https URL, taken apart.
struct url {
    bool https = false;
    std::string host;         ///< lower case; an IPv6 literal without its brackets
    std::uint16_t port = 80;  ///< that of the scheme unless given: 80, 443 (RFC 9110 §4.2)
    std::string target;       ///< path and query, "/" at least

    /// What belongs into the Host header: an IPv6 literal in brackets, the port unless it is the scheme's.
    std::string authority() const {
        auto text = host.find(':') == std::string::npos ? host : "[" + host + "]";
        if (port != (https ? 443 : 80)) text += ":" + std::to_string(port);
        return text;
    }
};

/// The value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/// RFC 3986 §2.3.
constexpr bool is_unreserved(char c) noexcept {
    return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/// Parses `text`. Refuses, with `error::invalid_url`: other schemes, user information, fragments, an empty or
/// malformed host, a port outside 1–65535, spaces, control characters and anything that is not ASCII.
inline result<url> parse_url(std::string_view text) {
    url parts;
    for (const char c : text)
        if (c <= ' ' || c > '~' || c == '#' || c == '\\') return error::invalid_url;

    const auto scheme_end = text.find("://");
    if (scheme_end == text.npos) return error::invalid_url;
    const auto scheme = text.substr(0, scheme_end);
    parts.https = equal_ignoring_case(scheme, "https");
    if (!parts.https && !equal_ignoring_case(scheme, "http")) return error::invalid_url;
    parts.port = parts.https ? 443 : 80;
    text.remove_prefix(scheme_end + 3);

    const auto authority_end = (std::min)(text.find_first_of("/?"), text.size());
    auto authority = text.substr(0, authority_end);
    parts.target = text.substr(authority_end);
    if (!parts.target.starts_with('/')) parts.target.insert(parts.target.begin(), '/');

    std::string_view host;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == authority.npos) return error::invalid_url;
        host = authority.substr(1, end - 1);
        authority.remove_prefix(end + 1);
        // The resolver judges the exact form; here only what could change the meaning of the URL is refused.
        if (host.find(':') == host.npos) return error::invalid_url;
        for (const char c : host)
            if (hex_value(c) < 0 && c != ':' && c != '.') return error::invalid_url;
    } else {
        host = authority.substr(0, authority.find(':'));
        authority.remove_prefix(host.size());
        for (const char c : host)
            if (!is_unreserved(c)) return error::invalid_url;
    }
    if (host.empty() || host.size() > 253) return error::invalid_url;  // RFC 1035 §2.3.4
    for (const char c : host) parts.host += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;

    if (!authority.empty()) {
        const auto digits = authority.substr(1);
        if (authority.front() != ':' || digits.empty() || digits.size() > 5) return error::invalid_url;
        unsigned port = 0;
        for (const char c : digits) {
            if (!is_digit(c)) return error::invalid_url;
            port = port * 10 + static_cast<unsigned>(c - '0');
        }
        if (port == 0 || port > 65535) return error::invalid_url;
        parts.port = static_cast<std::uint16_t>(port);
    }
    return parts;
}

/// `text` without the user information (RFC 3986 §3.2.1) before its host.
inline std::string without_user_info(std::string_view text) {
    const auto scheme = text.find("://");
    if (scheme == text.npos) return std::string(text);
    const auto begin = scheme + 3;
    const auto at = text.substr(0, text.find_first_of("/?#", begin)).rfind('@');
    if (at == text.npos || at < begin) return std::string(text);
    return std::string(text.substr(0, begin)).append(text.substr(at + 1));
}

/// Appends `c` as "%XX".
inline void append_percent_encoded(std::string& out, char c) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
}

/// Decodes percent sequences (RFC 3986 §2.1); "+" stays "+". A "%" without two hexadecimal digits behind it is
/// `error::invalid_parameter`.
template <class String = std::string>
result<String> percent_decode(std::string_view text) {
    String out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0) return error::invalid_parameter;
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

/// Appends `text` in the form encoding (WHATWG URL §5.2): letters, digits and "*-._" as they are, a space as "+".
inline void append_form_encoded(std::string& out, std::string_view text) {
    const auto stays = [](char c) { return is_alnum(c) || c == '*' || c == '-' || c == '.' || c == '_'; };
    while (!text.empty()) {
        const auto run = static_cast<std::size_t>(std::find_if_not(text.begin(), text.end(), stays) - text.begin());
        out.append(text.substr(0, run));
        text.remove_prefix(run);
        if (text.empty()) break;
        if (text.front() == ' ')
            out += '+';
        else
            append_percent_encoded(out, text.front());
        text.remove_prefix(1);
    }
}

/// Appends "name=value" to the form body `out`, after a "&" unless it is the first field.
inline void append_form_field(std::string& out, std::string_view name, std::string_view value) {
    if (!out.empty()) out += '&';
    append_form_encoded(out, name);
    out += '=';
    append_form_encoded(out, value);
}

/// The names and values of a form body or a query, decoded, in their order. Empty fields ("a&&b") are
/// skipped, a field without "=" has an empty value. `error::invalid_parameter` for a broken "%" sequence.
inline result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
    const auto decode = [](std::string_view encoded) {
        std::string spaced(encoded);
        for (char& c : spaced)
            if (c == '+') c = ' ';
        return percent_decode(spaced);
    };
    std::vector<std::pair<std::string, std::string>> fields;
    while (!text.empty()) {
        const auto field = text.substr(0, text.find('&'));
        text.remove_prefix((std::min)(field.size() + 1, text.size()));
        if (field.empty()) continue;
        const auto equals = (std::min)(field.find('='), field.size());
        auto name = decode(field.substr(0, equals));
        auto value = decode(field.substr((std::min)(equals + 1, field.size())));
        if (!name || !value) return error::invalid_parameter;
        fields.emplace_back(*std::move(name), *std::move(value));
    }
    return fields;
}

/// The value of the field `name` of a form body; empty if there is none.
inline std::string form_field(std::string_view body, std::string_view name) {
    if (auto fields = parse_form(body))
        for (auto& [key, value] : *fields)
            if (key == name) return std::move(value);
    return {};
}

/// A request target in its two parts: the path, and the query without its "?" (empty if there is none).
struct path_and_query {
    std::string_view path;
    std::string_view query;
};

/// Splits at the first "?". The parts point into `target`.
constexpr path_and_query split_target(std::string_view target) noexcept {
    const auto mark = target.find('?');
    if (mark == target.npos) return {target, {}};
    return {target.substr(0, mark), target.substr(mark + 1)};
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/twilio/senders.hpp ----

#ifndef PHONEAUTH_TWILIO_SENDERS_HPP
#define PHONEAUTH_TWILIO_SENDERS_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>


// What a message can be sent from, and where Twilio is: pure functions of texts.

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// What a sender is.
enum class sender_kind : std::uint8_t {
    none,               ///< nothing that Twilio sends from
    number,             ///< a phone number in E.164
    short_code,         ///< 3 to 8 digits; reaches its own country only
    alphanumeric,       ///< a sender id: a name of up to 11 characters, which nobody can answer
    messaging_service,  ///< `MG` and 32 hexadecimal digits
    whatsapp,           ///< `whatsapp:` and a number in E.164
    rcs                 ///< `rcs:` and the name of an RCS sender
};

/// Whether `text` is one of Twilio's identifiers: the two letters of `prefix` and 32 hexadecimal digits.
inline bool is_sid(std::string_view text, std::string_view prefix) {
    const auto is_hex = [](char c) { return phoneauth::detail::is_hex(c); };
    return text.size() == 34 && text.starts_with(prefix) && std::all_of(text.begin() + 2, text.end(), is_hex);
}

/// What `sender` is. A sender id has 1 to 11 printable characters of ASCII, all of which GSM phones have but for "`", a
/// letter among them, no colon, and no space at its ends.
/// Source: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id, and Twilio's list of permitted characters.
inline sender_kind kind_of_sender(std::string_view sender) {
    using namespace phoneauth::detail;
    constexpr std::string_view whatsapp = "whatsapp:";
    constexpr std::string_view rcs = "rcs:";
    const auto is_digits = [](std::string_view s) { return std::all_of(s.begin(), s.end(), is_digit); };
    if (sender.empty()) return sender_kind::none;
    if (twilio::is_sid(sender, "MG")) return sender_kind::messaging_service;
    if (phone_number::from_e164(sender)) return sender_kind::number;
    if (sender.starts_with(whatsapp))
        return phone_number::from_e164(sender.substr(whatsapp.size())) ? sender_kind::whatsapp : sender_kind::none;
    if (sender.starts_with(rcs)) {
        const auto name = sender.substr(rcs.size());
        const auto is_part = [](char c) { return is_alnum(c) || c == '_' || c == '-' || c == '.'; };
        const bool good = !name.empty() && name.size() <= 100 && std::all_of(name.begin(), name.end(), is_part);
        return good ? sender_kind::rcs : sender_kind::none;
    }
    if (is_digits(sender))
        return sender.size() >= 3 && sender.size() <= 8 ? sender_kind::short_code : sender_kind::none;
    const auto is_permitted = [](char c) { return c >= ' ' && c <= '~' && c != ':' && c != '`'; };
    const auto is_letter = [](char c) { return is_alnum(c) && !is_digit(c); };
    const bool named = sender.size() <= 11 && sender.front() != ' ' && sender.back() != ' ' &&
                       std::all_of(sender.begin(), sender.end(), is_permitted) &&
                       std::any_of(sender.begin(), sender.end(), is_letter);
    return named ? sender_kind::alphanumeric : sender_kind::none;
}

/// What is wrong with a `sender` that is none, and how to write it.
inline std::string sender_hint(std::string_view sender) {
    using namespace phoneauth::detail;
    const std::string kinds = "expected an E.164 number like +14155550100, a short code, a sender id of up to 11 "
                              "characters with a letter, MG and 32 hexadecimal digits, or whatsapp: and a number";
    const auto digits = [&] {
        std::string d;
        std::copy_if(sender.begin(), sender.end(), std::back_inserter(d), is_digit);
        return d;
    }();
    const bool is_dialled = std::all_of(sender.begin(), sender.end(), [](char c) {
        return is_digit(c) || std::string_view("+ -()./").find(c) != std::string_view::npos;
    });
    if (is_dialled && digits.size() >= 7 && phone_number::from_e164("+" + digits))
        return "is a phone number that is not written in E.164; if the country code is in it, write +" + digits;
    if (sender.starts_with("messenger:"))
        return "reaches people by their Messenger ids only, and codes go to phone numbers; " + kinds;
    if (sender.starts_with("MG")) return "is no Messaging Service, which is MG and 32 hexadecimal digits; " + kinds;
    if (twilio::is_sid(sender, "PN"))
        return "is the identifier of a phone number; write the number itself, in E.164, like +14155550100";
    if (sender.starts_with("whatsapp:")) return "expected whatsapp: and an E.164 number, like whatsapp:+14155550100";
    return kinds;
}

/// What stands before a phone number that a `sender` of a channel sends to: "whatsapp:" or "rcs:"; else empty.
inline std::string_view channel_of(std::string_view sender) {
    for (const std::string_view channel : {"whatsapp:", "rcs:"})
        if (sender.starts_with(channel)) return channel;
    return {};
}

/// The edge that Twilio has in a region, as its own libraries choose it; empty for a region that is not known. Since
/// 2026-04-28 a host that names a region must name an edge, too.
/// Source: https://www.twilio.com/docs/global-infrastructure/api-domain-migration-guide, and Twilio's library for C#.
inline std::string_view edge_of_region(std::string_view region) {
    struct row {
        std::string_view region;
        std::string_view edge;
    };
    constexpr std::array<row, 9> rows{{{"au1", "sydney"},
                                       {"br1", "sao-paulo"},
                                       {"de1", "frankfurt"},
                                       {"ie1", "dublin"},
                                       {"jp1", "tokyo"},
                                       {"jp2", "osaka"},
                                       {"sg1", "singapore"},
                                       {"us1", "ashburn"},
                                       {"us2", "umatilla"}}};
    for (const auto& r : rows)
        if (phoneauth::detail::equal_without_case(region, r.region)) return r.edge;
    return {};
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/user.hpp ----

#ifndef PHONEAUTH_USER_HPP
#define PHONEAUTH_USER_HPP

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {

/// Further user properties: name → JSON text of the value, kept as the client sent it.
using property_map = std::map<std::string, std::string, std::less<>>;

/// A registered user, as the storage keeps them. No two users have the same `object_id`, `phone` or `identity`.
struct user {
    std::string object_id;      ///< 36 characters, upper-case 8-4-4-4-12; an integrator's own: 1 to 64 bytes
    phone_number phone;         ///< proved to be the user's
    std::string identity;       ///< the email address in lower case, or whatever the configured identity column holds
    std::string password_hash;  ///< a PHC string; empty: the user has no password
    property_map properties{};  ///< everything else the client registered
    std::string locale = "en";  ///< the language tag (RFC 5646) that the client registered
    bool enabled = true;        ///< false: no login (error 3090)
    time_point created_at{};    ///< when they registered
    std::optional<time_point> updated_at{};     ///< empty until the first change of a property
    std::optional<time_point> last_login_at{};  ///< empty until the first login
    std::uint64_t version = 0;                  ///< grows with each stored change; see `UserStorage`
    std::uint64_t generation = 0;               ///< raise it to end all sessions of the user for good
};

/// True for the names that a client cannot set: the server's own fields of a user object, those of a transaction and
/// those of a password; upper and lower case are the same. The REST object's names are among them here, not in rest/:
/// `make_user`, `apply_changes` and `validate` refuse them for every caller, as what one way in would store the REST
/// object could not show.
constexpr bool is_reserved_property(std::string_view name) noexcept {
    constexpr std::array names{"objectId",      "ownerId",         "created",        "updated",      "userStatus",
                               "lastLogin",     "socialAccount",   "user-token",     "___class",     "___jsonclass",
                               "__meta",        "blUserLocale",    "password",       "passwordHash", "password_hash",
                               "transactionId", "transactionCode", "currentPassword"};
    return std::any_of(names.begin(), names.end(),
                       [name](std::string_view n) { return detail::equal_without_case(n, name); });
}

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {

inline bool is_property_name(std::string_view name) {
    return !name.empty() && name.size() <= 64 && !is_digit(name.front()) &&
           std::all_of(name.begin(), name.end(), [](char c) { return is_alnum(c) || c == '_'; });
}

inline bool is_host_label_list(std::string_view host) {
    return !host.empty() && host.size() <= 253 &&
           std::all_of(host.begin(), host.end(), [](char c) { return is_alnum(c) || c == '-' || c == '.'; });
}

class config_checker {
public:
    void require(bool ok, const char* field, std::string message) {
        if (!ok) problems.push_back({field, std::move(message)});
    }
    void range(auto value, long long low, long long high, const char* field, const char* unit) {
        const auto v = static_cast<long long>(value);
        require(v >= low && v <= high, field,
                "is " + std::to_string(v) + "; expected " + std::to_string(low) + " to " + std::to_string(high) + " " +
                    unit);
    }
    std::vector<config_problem> problems;
};

/// Where Twilio is, and where it reports to.
inline void check_hosts(const twilio_config& t, config_checker& check) {
    const auto is_label = [](std::string_view s) {
        return s.size() <= 32 && std::all_of(s.begin(), s.end(), [](char c) { return is_alnum(c) || c == '-'; }) &&
               !s.starts_with('-') && !s.ends_with('-');
    };
    check.require(is_label(t.region), "twilio.region", "expected letters and digits, for example ie1");
    check.require(
        !is_label(t.region) || t.region.empty() || !t.edge.empty() || !t.base_url.empty() ||
            !twilio::edge_of_region(t.region).empty(),
        "twilio.region",
        "is none whose edge is known, and Twilio has no host for a region alone any more; set twilio.edge, or "
        "leave the region empty");
    check.require(is_label(t.edge), "twilio.edge", "expected letters, digits and -, for example dublin");
    if (!t.base_url.empty()) {
        const auto url = parse_url(t.base_url);
        check.require(url && url->target == "/", "twilio.base_url",
                      "expected http:// or https:// and a host, without a path");
    }
    if (t.status_callback.empty()) return;
    const auto anonymous = without_user_info(t.status_callback);
    const auto url = parse_url(anonymous);
    // Of what is before the "@", only what no URL can have is looked at: it is Twilio that reads it.
    const bool is_clean = std::all_of(t.status_callback.begin(), t.status_callback.end(),
                                      [](char c) { return c > ' ' && c <= '~' && c != '\\' && c != '#'; });
    check.require(url && is_clean && url->target.find('?') == std::string::npos && t.status_callback.size() <= 2000 &&
                      url->host.find('_') == std::string::npos,
                  "twilio.status_callback",
                  "expected an http:// or https:// URL without a query, its host without underscores; what is in "
                  "user:password@ percent-encoded");
    check.require(!t.auth_token.empty(), "twilio.auth_token", "is missing; status_callback needs it");
}

inline void check_twilio(const twilio_config& t, config_checker& check) {
    using twilio::is_sid;
    check.require(is_sid(t.account_sid, "AC"), "twilio.account_sid", "expected AC and 32 hexadecimal digits");
    const bool has_key = !t.api_key.empty() || !t.api_secret.empty();
    check.require(has_key || !t.auth_token.empty(), "twilio.auth_token",
                  "expected the auth token, or api_key and api_secret");
    check.require(std::none_of(t.auth_token.begin(), t.auth_token.end(), is_control), "twilio.auth_token",
                  "has a control character");
    if (has_key) {
        check.require(is_sid(t.api_key, "SK"), "twilio.api_key", "expected SK and 32 hexadecimal digits");
        check.require(!t.api_secret.empty(), "twilio.api_secret", "is missing; api_key needs it");
    }
    check.require(std::none_of(t.previous_auth_token.begin(), t.previous_auth_token.end(), is_control),
                  "twilio.previous_auth_token", "has a control character");
    check.require(twilio::kind_of_sender(t.sender) != twilio::sender_kind::none, "twilio.sender",
                  twilio::sender_hint(t.sender));
    check_hosts(t, check);
}

inline void check_codes(const config& c, bool storage_is_shared, config_checker& check) {
    check.require(!storage_is_shared || !c.code_keys.empty(), "code_keys",
                  "is empty; a storage that other processes share, or that outlives this one, needs a key of 32 or "
                  "more random bytes");
    for (std::size_t i = 0; i < c.code_keys.size(); ++i) {
        const auto& key = c.code_keys[i];
        check.require(!key.id.empty() && key.id.size() <= 32, "code_keys", "a key's id has 1 to 32 characters");
        check.require(key.secret.size() >= 32 && key.secret.size() <= 256, "code_keys",
                      "a key's secret has 32 to 256 bytes");
        const auto end = c.code_keys.begin() + static_cast<std::ptrdiff_t>(i);
        check.require(std::none_of(c.code_keys.begin(), end, [&](const code_key& k) { return k.id == key.id; }),
                      "code_keys", "two keys have the same id");
    }
    check.range(c.code_digits, 6, 9, "code_digits", "digits");
    check.range(c.code_lifetime.count(), 30, 600, "code_lifetime", "s");
    check.range(c.max_tries, 1, 10, "max_tries", "codes");

    const auto& text = c.message_template;
    const auto at = text.find("{code}");
    check.require(at != std::string::npos && text.find("{code}", at + 1) == std::string::npos, "message_template",
                  "expected {code} in it, once");
    check.require(text.size() <= 320 && count_code_points(text) &&
                      std::none_of(text.begin(), text.end(), [](char ch) { return is_control(ch) && ch != '\n'; }),
                  "message_template",
                  "expected at most 320 bytes of UTF-8 without control characters other than newline");
    const auto is_part = [](const std::string& s, std::size_t least) {
        return s.size() >= least && s.size() <= 40 && count_code_points(s) &&
               std::none_of(s.begin(), s.end(), is_control);
    };
    const char* const part = "expected 1 to 40 bytes of UTF-8 without control characters";
    check.require(is_part(c.registration_purpose, 1), "registration_purpose", part);
    check.require(is_part(c.login_purpose, 1), "login_purpose", part);
    check.require(is_part(c.site_name, text.find("{site}") == std::string::npos ? 0 : 1), "site_name",
                  std::string(part) + "; message_template needs it if it has {site}");
    check.require(c.origin_host.empty() || is_host_label_list(c.origin_host), "origin_host",
                  "expected a host name without scheme and port");
    check.require(c.android_app_hash.empty() ||
                      (c.android_app_hash.size() == 11 &&
                       std::all_of(c.android_app_hash.begin(), c.android_app_hash.end(),
                                   [](char ch) { return is_alnum(ch) || ch == '+' || ch == '/'; })),
                  "android_app_hash", "expected 11 characters of base64");
}

inline void check_destinations(const config& c, config_checker& check) {
    const auto is_prefix = [](const std::string& s) {
        return !s.empty() && s.size() <= 15 && std::all_of(s.begin(), s.end(), is_digit) && s.front() != '0';
    };
    const auto& codes = c.allowed_calling_codes;
    check.require(std::all_of(codes.begin(), codes.end(), [&](const auto& s) { return s == "*" || is_prefix(s); }),
                  "allowed_calling_codes", "expected 1 to 15 digits each that do not start with 0, or *");
    check.require(std::all_of(c.blocked_prefixes.begin(), c.blocked_prefixes.end(), is_prefix), "blocked_prefixes",
                  "expected 1 to 15 digits each that do not start with 0");
    check.require(codes.size() <= 1000, "allowed_calling_codes", "expected at most 1000");
    check.require(c.blocked_prefixes.size() <= 1000, "blocked_prefixes", "expected at most 1000");
    check.require(c.test_numbers.size() <= 100, "test_numbers", "expected at most 100");
    check.require(c.test_numbers.empty() || c.allow_test_numbers, "test_numbers",
                  "are given, but allow_test_numbers is false: anybody who knows one could log in as its user");
    for (const auto& t : c.test_numbers) {
        const auto number = phoneauth::read_phone(c, t.phone);
        check.require(number && number->str() == t.phone, "test_numbers",
                      "a phone is not an E.164 number, or one that is never read so from what people type");
        check.require(t.code.size() == c.code_digits && std::all_of(t.code.begin(), t.code.end(), is_digit),
                      "test_numbers", "a code does not have code_digits digits");
    }
}

inline void check_names(const std::vector<std::string>& names, const char* field, config_checker& check) {
    const auto is_name = [](const std::string& s) {
        return !s.empty() && s.size() <= 64 && count_code_points(s) && std::none_of(s.begin(), s.end(), is_control);
    };
    check.require(std::all_of(names.begin(), names.end(), is_name), field,
                  "expected names of 1 to 64 bytes of UTF-8 without control characters");
    check.require(std::none_of(names.begin(), names.end(), is_reserved_property), field, "has a reserved name");
    check.require(names.size() <= 1000, field, "expected at most 1000");
}

}  // namespace detail

PHONEAUTH_DECL result<phone_number> read_phone(const config& c, std::string_view text) {
    if (!c.normalize_phone) return phone_number::parse(text, c.default_calling_code);
    if (text.size() > phone_number::max_input)
        return failure(error::invalid_phone_number, "The phone number is too long.");
    try {
        return c.normalize_phone(text);
    } catch (...) {
        return failure_of_current_exception(error::internal);
    }
}

PHONEAUTH_DECL std::vector<config_problem> validate(const config& c, bool storage_is_shared) {
    detail::config_checker check;
    detail::check_twilio(c.twilio, check);
    detail::check_codes(c, storage_is_shared, check);

    check.range(c.resend_cooldown.count(), 0, 600, "resend_cooldown", "s");
    check.range(c.max_sends_per_transaction, 1, 20, "max_sends_per_transaction", "messages");
    check.range(c.phone_cooldown.count(), 0, 600, "phone_cooldown", "s");
    check.range(c.max_sends_per_phone_and_hour, 1, 100, "max_sends_per_phone_and_hour", "messages");
    check.range(c.max_sends_per_phone_and_day, 1, 1000, "max_sends_per_phone_and_day", "messages");
    check.range(c.max_sends_per_client_and_hour, 0, 100000, "max_sends_per_client_and_hour", "messages");
    check.range(c.max_messages_per_user_and_hour, 0, 100000, "max_messages_per_user_and_hour", "messages");
    check.range(c.max_sends_per_hour, 0, 10000000, "max_sends_per_hour", "messages");
    detail::check_destinations(c, check);
    const auto& code = c.default_calling_code;
    check.require(code.size() <= 3 && std::all_of(code.begin(), code.end(), detail::is_digit) && !code.starts_with('0'),
                  "default_calling_code", "expected 1 to 3 digits that do not start with 0, for example 49");

    check.range(c.max_consecutive_failures, 50, 100, "max_consecutive_failures", "failures");
    check.require(c.max_tries > 10 || c.max_consecutive_failures >= 10 * c.max_tries, "max_consecutive_failures",
                  "expected at least ten times max_tries");
    check.range(c.max_passwords_per_client_and_hour, 0, 100000, "max_passwords_per_client_and_hour", "failures");
    check.range(c.session_lifetime.count(), 60, 365LL * 24 * 3600, "session_lifetime", "s");
    check.range(c.fresh_login.count(), 0, 86400, "fresh_login", "s");

    check.require(detail::is_property_name(c.phone_column), "phone_column",
                  "expected letters, digits and _, at most 64");
    check.require(detail::is_property_name(c.identity_column), "identity_column",
                  "expected letters, digits and _, at most 64");
    check.require(!is_reserved_property(c.phone_column), "phone_column", "is a reserved name");
    check.require(!is_reserved_property(c.identity_column), "identity_column", "is a reserved name");
    check.range(c.min_password_length, 8, 64, "min_password_length", "bytes");
    check.range(c.max_password_length, 64, 1024, "max_password_length", "bytes");
    detail::check_names(c.client_properties, "client_properties", check);
    detail::check_names(c.protected_properties, "protected_properties", check);
    check.range(c.max_properties, 0, 1000, "max_properties", "properties");
    check.range(c.max_property_bytes, 0, 1048576, "max_property_bytes", "bytes");
    return std::move(check.problems);
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/configuration_report.hpp ----

#ifndef PHONEAUTH_CONFIGURATION_REPORT_HPP
#define PHONEAUTH_CONFIGURATION_REPORT_HPP

#include <string>
#include <vector>


namespace phoneauth {
inline namespace v0 {

/// One thing that `authenticator::test_configuration` has looked at, by the name of its check:
///
/// - "destinations", "segments", "callback", "region": the configuration itself;
/// - "connection", "tls", "clock": the way to Twilio, the CA certificates, and this machine's clock;
/// - "credentials", "key", "account", "trial": what they are of, and what they may do;
/// - "sender", "sms", "mms": whether the account has the sender, and what it can do;
/// - "countries": whether Twilio sends to where the configuration allows messages;
/// - "look-up": whether the credentials may look up messages, which stands for a message when nobody has a phone.
struct finding {
    std::string check;      ///< the name of the check
    bool ok = false;        ///< whether all is well with it
    std::string message;    ///< what was found
    std::string remedy;     ///< what to do about it; empty if all is well
    bool essential = true;  ///< false: codes can be sent all the same
};

/// What `authenticator::test_configuration` found. A check that an earlier one made impossible is left out. Its texts are
/// printable, of limited size, and without secrets; the numbers that a trial account can reach are in them.
struct configuration_report {
    std::vector<finding> findings;  ///< in the order above

    /// True when nothing stands in the way of sending codes.
    bool ok() const {
        for (const auto& f : findings)
            if (!f.ok && f.essential) return false;
        return true;
    }
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/detail/check_policies.hpp ----

#ifndef PHONEAUTH_DETAIL_CHECK_POLICIES_HPP
#define PHONEAUTH_DETAIL_CHECK_POLICIES_HPP

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>


// ---- phoneauth/policies.hpp ----

#ifndef PHONEAUTH_POLICIES_HPP
#define PHONEAUTH_POLICIES_HPP

#include <chrono>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>


// ---- phoneauth/cell.hpp ----

#ifndef PHONEAUTH_CELL_HPP
#define PHONEAUTH_CELL_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>


// Limits are kept by the generic cell rate algorithm (GCRA, "virtual scheduling", ITU-T I.371 Annex A). A limit is one
// cell: the time at which all that was taken from it is free again, the theoretical arrival time. Taking moves it on by
// a cost, and is allowed as long as the cell is then no further ahead of now than there is room. A cell in the past is
// as good as none: nothing is taken.

namespace phoneauth {
inline namespace v0 {

/// What is asked of a cell.
enum class cell_action : std::uint8_t {
    take = 1,  ///< move it on by `cost` if it is then at most `room` ahead of now; else refuse
    ask = 2,   ///< refuse as `take` does, and change nothing
    move = 3   ///< move it by `cost`, back if that is negative, but not before now and not beyond `room`; never refuse
};

/// For whom something is asked.
enum class cell_condition : std::uint8_t {
    always = 1,        ///< everybody
    if_marked = 2,     ///< only if the batch's marker is there
    unless_marked = 3  ///< only if it is not
};

/// One thing that is asked of a cell. All durations are at most 400 days.
struct cell_request {
    cell_action action = cell_action::take;        ///< what is asked
    cell_condition when = cell_condition::always;  ///< for whom
    std::chrono::milliseconds cost{};              ///< by how much the cell moves; negative only with `move`
    std::chrono::milliseconds room{};              ///< how far ahead of now it may be then
    std::chrono::milliseconds reserve{};           ///< how much further if the batch's marker is there
};

/// Requests that are granted together or not at all, in one step. A batch has at most `most` requests for cells with
/// different keys. It is built by the library and read by a storage.
class cell_batch {
public:
    /// How many requests a batch has at most.
    static constexpr std::size_t most = 16;

    /// A batch at the time `now`. `marker` is the key of a cell that is there, which is to say ahead of now, if the
    /// client is known; empty: it is not. The parts of a key are put together. A key has at most 128 bytes.
    template <class... Parts>
    explicit cell_batch(time_point now, const Parts&... marker) : now_(now) {
        text_.reserve(512);
        marker_size_ = append(marker...);
    }

    /// Adds a request for the cell whose key is `parts`, put together. Throws `std::length_error` beyond `most`.
    template <class... Parts>
    void add(const cell_request& r, const Parts&... parts) {
        if (size_ == most) throw std::length_error("phoneauth: too many requests in a batch");
        const auto first = text_.size();
        entries_[size_] = {r, first, append(parts...)};
        ++size_;
    }

    /// The time for which all is asked.
    time_point now() const noexcept { return now_; }
    /// The marker's key; empty: there is none. Lives as long as this object is neither changed nor moved.
    std::string_view marker() const noexcept { return std::string_view(text_).substr(0, marker_size_); }
    /// How many requests there are.
    std::size_t size() const noexcept { return size_; }
    /// Whether there are none.
    bool empty() const noexcept { return size_ == 0; }
    /// The request at place `i`, which is below `size()`.
    const cell_request& operator[](std::size_t i) const noexcept { return entries_[i].request; }
    /// Its cell's key. Lives as long as `marker()` does.
    std::string_view key(std::size_t i) const noexcept {
        return std::string_view(text_).substr(entries_[i].first, entries_[i].size);
    }

private:
    struct entry {
        cell_request request{};
        std::size_t first = 0;  // of the key, in `text_`
        std::size_t size = 0;
    };

    template <class... Parts>
    std::size_t append(const Parts&... parts) {
        const auto before = text_.size();
        (text_.append(std::string_view(parts)), ...);
        return text_.size() - before;
    }

    time_point now_;
    std::size_t size_ = 0;
    std::size_t marker_size_ = 0;
    std::string text_;  // all keys
    std::array<entry, most> entries_{};
};

/// What became of a batch.
struct cell_answer {
    bool granted = true;  ///< whether all that was asked is granted; if not, no cell has changed
    bool marked = false;  ///< whether the marker was there
    /// The cell of each request: as it is now if the batch is granted, as it was if not; any time that is not ahead of
    /// now if it is absent. Says nothing about a request that was for others (see `cell_request::when`).
    std::array<time_point, cell_batch::most> cells{};
};

/// Whether request `r` is for a client that is known, as `marked` says, or not.
constexpr bool is_for(const cell_request& r, bool marked) noexcept {
    return r.when == cell_condition::always || (r.when == cell_condition::if_marked) == marked;
}

/// The rule, which all storages obey: what becomes of `batch`.
///
/// A storage calls it under its lock, or inside its transaction, and then stores the cells if they are granted:
///
///     phoneauth::cell_answer take_cells(const phoneauth::cell_batch& batch) {
///         const std::scoped_lock lock(mutex_);
///         std::array<phoneauth::time_point, 1 + phoneauth::cell_batch::most> stored{};
///         stored[0] = find(batch.marker());  // 1970 for one that is not there
///         for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = find(batch.key(i));
///         const auto answer = phoneauth::decide(batch, stored);
///         for (std::size_t i = 0; answer.granted && i < batch.size(); ++i)
///             if (answer.cells[i] != stored[1 + i]) store(batch.key(i), answer.cells[i]);
///         return answer;
///     }
///
/// @param batch   what is asked
/// @param stored  the cell of the marker, and then that of each request; a time in the past for one that is absent
/// @return the answer
inline cell_answer decide(const cell_batch& batch, std::span<const time_point> stored) noexcept {
    const auto now = batch.now();
    cell_answer answer;
    answer.marked = !batch.marker().empty() && stored[0] > now;
    for (std::size_t i = 0; i < batch.size(); ++i) {
        const auto& r = batch[i];
        auto& cell = answer.cells[i];
        cell = stored[1 + i];
        if (!is_for(r, answer.marked)) continue;
        const auto next = (std::max)(cell, now) + r.cost;
        const auto end = now + r.room + (answer.marked ? r.reserve : std::chrono::milliseconds(0));
        if (r.action == cell_action::move)
            cell = std::clamp(next, now, (std::max)(end, now));
        else if (next > end)
            answer.granted = false;
        else if (r.action == cell_action::take)
            cell = next;
    }
    if (!answer.granted) std::copy_n(stored.begin() + 1, batch.size(), answer.cells.begin());
    return answer;
}

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/event.hpp ----

#ifndef PHONEAUTH_EVENT_HPP
#define PHONEAUTH_EVENT_HPP

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>


// ---- phoneauth/transaction.hpp ----

#ifndef PHONEAUTH_TRANSACTION_HPP
#define PHONEAUTH_TRANSACTION_HPP

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>


namespace phoneauth {
inline namespace v0 {

/// What a code is good for. A code is accepted only by the operation it was sent for (OWASP ASVS 5.0 §6.6.2).
/// The numbers are stored: they never change.
enum class purpose : std::uint8_t {
    registration = 1,  ///< proves the phone of a new user
    login = 2          ///< logs a user in, with or without a password before it
};

/// Where a transaction stands. All but `pending` are final; only `confirmed` is taken back if what it was for could not
/// be done (see `reopen`). The numbers are stored: they never change.
enum class transaction_state : std::uint8_t {
    pending = 1,    ///< a code was sent, or is being sent
    confirmed = 2,  ///< the right code came in time: the one winner
    exhausted = 3,  ///< too many wrong codes
    expired = 4,    ///< the code came too late
    failed = 5      ///< the provider refused the message for certain
};

/// What is known of the last message of a transaction. The numbers are stored: they never change.
enum class delivery_state : std::uint8_t {
    pending = 1,     ///< on its way, as far as anybody knows
    delivered = 2,   ///< the phone has it
    undelivered = 3  ///< it will not arrive: `transaction::delivery_error` says why
};

/// One sent code and what became of it. It holds no code: that is derived from the id, the purpose and the phone.
struct transaction {
    std::string id;  ///< 36 characters, upper-case 8-4-4-4-12, 128 random bits
    phoneauth::purpose purpose = phoneauth::purpose::registration;  ///< what its code is good for
    phone_number phone;                                             ///< where the code went
    std::string user_id{};  ///< `user::object_id` for a login, all zeros if nobody has the phone; else empty
    std::string key_id{};   ///< which of `config::code_keys` the code is derived with
    transaction_state state = transaction_state::pending;  ///< where it stands
    std::uint32_t tries = 0;                               ///< codes compared so far
    std::uint32_t sends = 0;                               ///< messages sent so far
    time_point created_at{};                               ///< when it was opened
    time_point expires_at{};                               ///< a code that comes at or after this time is too late
    time_point last_sent_at{};                             ///< when its last message was sent
    delivery_state delivery = delivery_state::pending;     ///< of its last message
    std::int32_t delivery_error = 0;  ///< Twilio's error code of a message that was not delivered; 0: none was named
    /// Names the password that a two-factor login began with; empty: none was asked for. With `~` in front it does not
    /// tell whether that was right (rules/disclosure.hpp).
    std::string password_fingerprint{};
    /// The network that it was asked for from, if that is known to the phone's owner (see rules/limits.hpp); else empty.
    std::string known_network{};
    std::uint64_t version = 0;  ///< grows with each stored change; see `TransactionStorage`
};

/// What may be told of a transaction to whoever knows its id.
struct transaction_status {
    transaction_state state = transaction_state::pending;  ///< where it stands; `expired` as soon as it is too late
    /// Always `pending` for a login by code alone, unless `unknown_phone_policy::reject`: it would tell whether
    /// somebody has this phone.
    delivery_state delivery = delivery_state::pending;
    std::optional<int> twilio_code{};   ///< why the code was not delivered (https://www.twilio.com/docs/api/errors)
    int tries_left = 0;                 ///< wrong codes that it still allows; 0 unless it is pending
    std::chrono::seconds expires_in{};  ///< 0 unless it is pending
    /// How long to wait before `resend` can succeed; empty: it cannot any more.
    std::optional<std::chrono::seconds> resend_after{};
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// What an observer is told of.
enum class event_kind : std::uint8_t {
    started,           ///< a transaction was begun; without `sent` if nothing was sent (unknown phone, test number)
    sent,              ///< the provider accepted a message, or may have: `reason` is then `no_answer` or the like
    resent,            ///< a transaction's code was asked for again
    refused,           ///< a request was refused: `reason` says why
    confirmed,         ///< a code was right
    wrong_code,        ///< a code was wrong
    wrong_password,    ///< a password was wrong, there is no such account, or a login's password has changed meanwhile
    locked,            ///< the wrong code that exhausts a transaction, or an account must wait
    registered,        ///< a user was made
    logged_in,         ///< a session was opened
    logged_out,        ///< a session was ended by its user
    password_changed,  ///< a user has another password
    provider_error,    ///< the provider refused a message, or `send_message` does not know: `reason`
    storage_error,     ///< the storage did not do its work
    budget_warning,    ///< four fifths of an hour's messages are spent; again if some were given back meanwhile
    delivered,         ///< a code has arrived
    undelivered,       ///< a code will not arrive: `twilio_code` says why
    guessing_warning,  ///< wrong codes of an hour, over all accounts, have come to a fifth of `max_sends_per_hour`
    /// Once per authenticator: a request had a header in which a proxy names its client, but `address`, from where it
    /// came, is not among `rest::options::trusted_proxies`. A proxy is missing there, or a client made the header up.
    misconfigured_proxy,
    /// No message can leave, at least to this country: Twilio rejected the credentials, the account or the sender.
    /// `twilio_code` says why, and `twilio::remedy_of` what to do. Told each time, and also when a report says so of a
    /// message that had been accepted (then besides `undelivered`).
    sender_trouble
};

/// The name of a kind, as its enumerator.
constexpr std::string_view name_of(event_kind k) noexcept {
    constexpr std::array<std::string_view, 20> names{"started",
                                                     "sent",
                                                     "resent",
                                                     "refused",
                                                     "confirmed",
                                                     "wrong_code",
                                                     "wrong_password",
                                                     "locked",
                                                     "registered",
                                                     "logged_in",
                                                     "logged_out",
                                                     "password_changed",
                                                     "provider_error",
                                                     "storage_error",
                                                     "budget_warning",
                                                     "delivered",
                                                     "undelivered",
                                                     "guessing_warning",
                                                     "misconfigured_proxy",
                                                     "sender_trouble"};
    return names[static_cast<std::size_t>(k)];
}
static_assert(name_of(event_kind::sender_trouble) == "sender_trouble");

/// Something that happened. It never holds a code, a password, a token, or a whole phone number or transaction id.
/// What is not known, or does not belong to the kind, is empty.
///
/// `refused` and `storage_error` are what strangers can cause as often as they like. So that they fill no disk, an
/// authenticator tells of each `reason` at most 60 at once, and then one in a second, which says how many were left out
/// before it. All other kinds are told each time, as the limits bound them: what could be no password or identity, and
/// was compared with nothing, is `refused` for `invalid_login`.
struct event {
    event_kind kind = event_kind::started;        ///< what happened
    time_point at{};                              ///< when, as the Clock tells it
    std::optional<phoneauth::purpose> purpose{};  ///< registration or login
    std::string phone{};                          ///< masked, as by `phone_number::masked`
    std::string transaction{};  ///< the first 8 characters of the id: enough to find what belongs together
    std::string user_id{};      ///< `user::object_id`; empty while no user is known
    std::string address{};      ///< the client's, at most 64 bytes of what was given
    std::string user_agent{};   ///< the client's, at most 64 bytes; a stranger's text
    std::error_code reason{};   ///< the `error` that is behind it
    std::optional<std::chrono::seconds> retry_after{};  ///< see `failure::retry_after`
    std::optional<int> tries_left{};                    ///< see `failure::tries_left`
    std::optional<int> twilio_code{};                   ///< Twilio's error code, if it named one
    std::uint64_t suppressed = 0;  ///< how many of this kind and reason were not told since the one before
};

/// The kind of event that a flow ends with when it fails with `why`.
PHONEAUTH_DECL event_kind event_kind_of(const failure& why) noexcept;

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/event.ipp ----

#ifndef PHONEAUTH_EVENT_IPP
#define PHONEAUTH_EVENT_IPP


namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL event_kind event_kind_of(const failure& why) noexcept {
    if (why.code.category() != error_category()) return event_kind::refused;
    switch (static_cast<error>(why.code.value())) {
    case error::wrong_code:
        return event_kind::wrong_code;
    case error::tries_exhausted:  // with the tries left: it was this code that exhausted them
        return why.tries_left ? event_kind::locked : event_kind::refused;
    case error::invalid_login:
        return event_kind::wrong_password;
    case error::storage_unavailable:
        return event_kind::storage_error;
    case error::provider_misconfigured:
        return event_kind::sender_trouble;
    case error::provider_refused:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::no_answer:
    case error::bad_provider_reply:
        return event_kind::provider_error;
    default:
        return why.twilio_code ? event_kind::provider_error : event_kind::refused;
    }
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/session.hpp ----

#ifndef PHONEAUTH_SESSION_HPP
#define PHONEAUTH_SESSION_HPP

#include <string>


namespace phoneauth {
inline namespace v0 {

/// A login. The token itself is never stored, only its hash.
struct session {
    std::string token_hash;   ///< lower-case hexadecimal SHA-256 of the token, 64 characters
    std::string user_id;      ///< `user::object_id`
    time_point created_at{};  ///< when the user logged in
    time_point expires_at{};  ///< a token that comes at or after this time is too late
    /// What the session rests on: a hash of the user's password hash, phone and generation, 64 hexadecimal digits. The
    /// session is over when they are others. Empty: a version of the library that knew none has stored it.
    std::string fingerprint{};
};

/// What became of a logout.
enum class logout_outcome {
    ended,      ///< the session is over
    no_session  ///< there was none, or it was over already
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/yields.hpp ----

#ifndef PHONEAUTH_YIELDS_HPP
#define PHONEAUTH_YIELDS_HPP

#include <concepts>
#include <coroutine>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>


// What a mode is. A policy function returns a `T`, or something that yields a `T` later; flows are written once and run
// in the mode that their policies ask for.

namespace phoneauth {
inline namespace v0 {

/// A coroutine that runs to its end when it is asked for its value: the flow of the blocking mode.
template <class T>
class [[nodiscard]] lazy {
public:
    /// What the compiler asks for the coroutine's life ([dcl.fct.def.coroutine] of the C++ standard).
    struct promise_type {
        ///@{
        /// See the standard.
        std::optional<T> value;
        std::exception_ptr thrown;

        lazy get_return_object() { return lazy(handle::from_promise(*this)); }
        std::suspend_always initial_suspend() noexcept { return {}; }
        std::suspend_always final_suspend() noexcept { return {}; }
        template <class U>
        void return_value(U&& v) {
            value.emplace(std::forward<U>(v));
        }
        void unhandled_exception() noexcept { thrown = std::current_exception(); }
        ///@}
    };

    /// Takes over the coroutine of `other`, which is of no use any more.
    lazy(lazy&& other) noexcept : handle_(std::exchange(other.handle_, {})) {}
    lazy& operator=(lazy&&) = delete;
    ~lazy() {
        if (handle_) handle_.destroy();
    }

    /// Runs the coroutine and returns its value, or throws what it threw. Call it once.
    T get() {
        handle_.resume();
        if (handle_.promise().thrown) std::rethrow_exception(handle_.promise().thrown);
        return std::move(*handle_.promise().value);
    }

    ///@{
    /// `co_await` runs it like `get`.
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() { return get(); }
    ///@}

private:
    using handle = std::coroutine_handle<promise_type>;
    explicit lazy(handle h) noexcept : handle_(h) {}
    handle handle_;
};

/// A value that a flow can `co_await`: it is there already.
template <class T>
class [[nodiscard]] ready {
public:
    /// Holds what `f()` returns, which is not moved.
    template <class F>
    explicit ready(F& f) : value_(f()) {}
    ///@{
    /// `co_await` yields the value without waiting.
    bool await_ready() const noexcept { return true; }
    void await_suspend(std::coroutine_handle<>) const noexcept {}
    T await_resume() { return std::move(value_); }
    ///@}

private:
    T value_;
};

/// The mode of policies that return plain values: everything happens on the caller's thread.
struct blocking_mode {
    static constexpr bool async = false;  ///< its functions return values

    /// A coroutine that calls policies and other flows.
    template <class T>
    using flow = lazy<T>;
    /// What a flow awaits when it has called a policy.
    template <class T>
    using yielded = ready<T>;
    /// What a public function returns.
    template <class T>
    using returned = T;

    /// `co_await call([&] { return policy.f(…); })`: calls a policy whose function returns a plain value.
    template <class F>
    static auto call(F f) {
        // g++ 12 destroys some temporaries of a co_await expression twice; such a one must not own anything.
        static_assert(std::is_trivially_destructible_v<F>, "capture by reference only");
        using value = std::invoke_result_t<F&>;
        if constexpr (std::is_void_v<value>) {
            f();
            return std::suspend_never();
        } else {
            return ready<value>(f);
        }
    }

    /// `co_await`ed by a flow: from here on it comes to its end.
    static std::suspend_never ignore_cancellation() noexcept { return {}; }

    /// The failure that stands for the exception being handled.
    static failure current_failure() noexcept { return failure_of_current_exception(); }

    /// Runs a flow to its end. No exception leaves it.
    template <class R>
    static R finish(lazy<R> begun) {
        try {
            return begun.get();
        } catch (...) {
            return R(current_failure());
        }
    }

    /// Runs the flow `begin(state)` to its end, shows its result to `end(state, result)`, which must not throw, and
    /// returns it. `state` lives as long as the flow.
    template <class State, class Begin, class End>
    static auto run(State state, Begin begin, End end) {
        auto outcome = finish(begin(state));
        end(state, outcome);
        return outcome;
    }
};

/// What the type `A`, returned by a policy, yields and in which mode. The primary template is for plain
/// values; specialise it for an awaitable (see asio/awaitable.hpp, which does so in a few lines).
template <class A>
struct awaited {
    using type = A;              ///< what is yielded
    using mode = blocking_mode;  ///< the mode in which it is
};

/// "A `T`, now or later": `A` is a `T`, or an awaitable of one for which `awaited` is specialised.
template <class A, class T>
concept yields = std::same_as<typename awaited<A>::type, T>;

namespace detail {
template <class Mode, class... Rest>
struct common_mode {
    using type = Mode;
};
template <class Mode, class Next, class... Rest>
struct common_mode<Mode, Next, Rest...> {
    static_assert(!Mode::async || !Next::async || std::same_as<Mode, Next>,
                  "phoneauth: all asynchronous policies must return the same kind of awaitable");
    using type = typename common_mode<std::conditional_t<Mode::async, Mode, Next>, Rest...>::type;
};
}  // namespace detail

/// The mode of a set of policy return types: blocking if all are plain, else that of the awaitable ones, which must be
/// of one mode.
template <class... As>
using mode_of = typename detail::common_mode<blocking_mode, typename awaited<As>::mode...>::type;

}  // namespace v0
}  // namespace phoneauth

#endif

// All that an integrator must read to write their own storage, transport or clock.
//
// Each function returns the type shown, or an awaitable of it (`yields<T>`). If all of them return plain values, so do
// the authenticator's functions. Reference arguments live until the call, or the awaitable, has completed.
//
// A storage may throw when it cannot do its work (the database is down): the authenticator turns that into
// `error::storage_unavailable`. A function that threw must have changed nothing, or all that was asked for; it must not
// have tried a write a second time if the first may have been carried out.
//
// Every function may be called from several threads at once if the authenticator is.

namespace phoneauth {
inline namespace v0 {

/// What became of a write to the users.
enum class write_result {
    done,            ///< stored
    phone_taken,     ///< another user has this phone; nothing was changed
    identity_taken,  ///< another user has this identity; nothing was changed
    stale            ///< update only: the user is gone or has another version; nothing was changed
};

/// Transactions: compare-and-swap, not save. Guarantees that the library builds on:
/// - `insert_transaction` stores a new transaction with the version it holds. It returns false if the id is taken.
/// - `find_transaction` gives the transaction as it was last stored, its version included. It may leave out one whose
///   `expires_at` is over by `transaction_retention` or more.
/// - `update_transaction(t)` stores `t` with version `t.version + 1` if the stored version is `t.version` *at that
///   moment*, and says whether it did. Of any number of callers that read the same version, one gets true.
/// - An update never brings another `id`, `purpose`, `created_at`, `expires_at`, `password_fingerprint` or
///   `known_network` than was inserted.
template <class S>
concept TransactionStorage = requires(S& s, const transaction& t, const std::string& id) {
    { s.insert_transaction(t) } -> yields<bool>;
    { s.find_transaction(id) } -> yields<std::optional<transaction>>;
    { s.update_transaction(t) } -> yields<bool>;
};

/// How long past its `expires_at` a storage keeps a transaction, so that a late code is told that it is late.
inline constexpr std::chrono::minutes transaction_retention{60};

/// Users. Guarantees that the library builds on:
/// - `insert_user` and `update_user` never let two users have one phone, or one identity, however many callers race.
/// - `insert_user` stores the version that the user holds. It throws if another user has the `object_id`.
/// - `update_user(u)` replaces the user `u.object_id` if the stored version is `u.version`, and stores `u.version + 1`.
/// - The three look-ups find a user as they were last stored. Identities and phones compare byte for byte; what was
///   stored of a phone is `phone_number::str`, and `phone_number::from_e164` reads it.
template <class S>
concept UserStorage = requires(S& s, const user& u, const phone_number& phone, const std::string& text) {
    { s.insert_user(u) } -> yields<write_result>;
    { s.update_user(u) } -> yields<write_result>;
    { s.find_user(text) } -> yields<std::optional<user>>;
    { s.find_user_by_phone(phone) } -> yields<std::optional<user>>;
    { s.find_user_by_identity(text) } -> yields<std::optional<user>>;
};

/// Sessions. Guarantees that the library builds on:
/// - `insert_session` stores a new session and returns true. It returns false, and changes nothing, if there is one
///   with this `token_hash`. Tokens are random: the library answers with `error::internal`.
/// - `find_session` gives the session as it was inserted.
/// - `erase_session` ends a session and says whether there was one.
/// - `erase_sessions_of(user_id, kept)` ends all sessions of a user but the one whose `token_hash` is `kept`, and says
///   how many it ended. If `kept` is empty, it ends all of them. It never brings a session into being. After a throw
///   some of them may have ended.
///
/// A storage may drop a session in two cases, and no other:
/// - when a session is inserted whose `created_at` is at or after the `expires_at` of this one;
/// - when this one has been stored for as long as it was to live, which is from `created_at` to `expires_at`.
/// It never compares `expires_at` with a clock of its own, because the library's may differ.
template <class S>
concept SessionStorage = requires(S& s, const session& added, const std::string& text) {
    { s.insert_session(added) } -> yields<bool>;
    { s.find_session(text) } -> yields<std::optional<session>>;
    { s.erase_session(text) } -> yields<bool>;
    { s.erase_sessions_of(text, text) } -> yields<std::size_t>;
};

/// Cells, for the limits: a key and a time each. Guarantees that the library builds on:
/// - `take_cells` answers as `decide` does (cell.hpp), and stores what it grants. It is one atomic step: of a hundred
///   callers that take at once what is there for ten, ten are granted it.
/// - A batch that is refused changes nothing, and costs nobody anything.
/// - The keys of a batch, the marker's included, are distinct.
///
/// A storage may drop a cell that is not ahead of `cell_batch::now()` of any batch it gets, and no other. It never
/// compares a cell with a clock of its own, because the library's may differ; but it may drop one that has been stored
/// for as long as it was ahead of the batch's `now()` when it was stored.
template <class S>
concept CellStorage = requires(S& s, const cell_batch& batch) {
    { s.take_cells(batch) } -> yields<cell_answer>;
};

/// All four parts. One class may have them all, or `storage/combined.hpp` may put them together.
template <class S>
concept Storage = TransactionStorage<S> && UserStorage<S> && SessionStorage<S> && CellStorage<S>;

/// True for a storage that says `static constexpr bool process_local = true`: its transactions live and die with this
/// process and no other process sees them, so that codes may be derived with a random key.
template <class S>
inline constexpr bool is_process_local = [] {
    if constexpr (requires { S::process_local; })
        return S::process_local;
    else
        return false;
}();

/// Sends one HTTP request and gives the whole reply, whatever its status. It must end in finite time. A failure for
/// which `safe_to_resend` holds promises that no byte of the request was processed; any other failure, and an
/// exception, means that it may have been.
template <class T>
concept HttpTransport = requires(T& t, const http_request& request) {
    { t.send(request) } -> yields<result<http_response>>;
};

/// Tells the wall-clock time. It may jump; codes and sessions live by it.
template <class C>
concept Clock = requires(const C& c) {
    { c.now() } -> std::convertible_to<time_point>;
};

/// Hashes and checks passwords. `hash` gives a PHC string; `verify` says whether `password` made `hash`, taking as long
/// for a wrong password as for a right one. Passwords are UTF-8 of at most `config::max_password_length` bytes.
/// `verify` fails with `error::internal` for a hash that it cannot read: that counts as a wrong password.
template <class P>
concept PasswordHasher = requires(P& p, const std::string& password, const std::string& hash) {
    { p.hash(password) } -> yields<result<std::string>>;
    { p.verify(password, hash) } -> yields<result<bool>>;
};

/// Called around registration, login and changes. A before-hook refuses by returning a failure, which is what the client gets:
/// its own, or `error::refused_by_hook`, which is there for hooks. One that throws counts as a storage that failed: the
/// same code may come again. What an after-hook returns or throws changes nothing any more.
/// - `before_registration(user&)`: the code was right, the user is not stored yet. It may change the user, but not
///   their `phone`, which was proved, nor their `object_id`. After a refusal the user can correct their data and send
///   the same code again. What it sets among the `properties`, clients can overwrite later, unless the name is among
///   `config::protected_properties`.
/// - `before_update(const user& before, user& changed)`: `update_user` is about to store `changed`, which it may change
///   likewise.
/// - `password_allowed(const std::string& password, const user& u)`: `u`, who is not stored yet, wants a new password,
///   whose length is right: the place to compare it with a list of common ones (NIST SP 800-63B-3 §5.1.1.2). It refuses
///   with `error::invalid_password`, or as above.
/// - `before_login(const user&)`: the code was right, or the password at `login_with_identity`; there is no session
///   yet. After a refusal the code is spent.
template <class H>
concept Hooks = requires(H& h, user& changeable, const user& u, const std::string& password) {
    { h.before_registration(changeable) } -> yields<result<void>>;
    { h.after_registration(u) } -> yields<result<void>>;
    { h.before_login(u) } -> yields<result<void>>;
    { h.after_login(u) } -> yields<result<void>>;
    { h.before_update(u, changeable) } -> yields<result<void>>;
    { h.password_allowed(password, u) } -> yields<result<void>>;
};

/// Hooks that do nothing; derive from it to write only the ones you need.
struct no_hooks {
    ///@{
    /// Refuses nothing and changes nothing.
    result<void> before_registration(user&) const { return {}; }
    result<void> after_registration(const user&) const { return {}; }
    result<void> before_login(const user&) const { return {}; }
    result<void> after_login(const user&) const { return {}; }
    result<void> before_update(const user&, user&) const { return {}; }
    result<void> password_allowed(const std::string&, const user&) const { return {}; }
    ///@}
};

/// Is told what happens: called for each event, on the thread of the flow in which it happens and so from several
/// threads at once. It must be quick and must not block; what it throws is ignored.
///
/// Not told: flows that are cancelled; what `authenticate`, `end_sessions`, `status` and `test_configuration` end
/// with; a
/// `handle_status_callback` that the storage failed; changes of a user other than of the password; a logout without a
/// session.
template <class O>
concept Observer = std::invocable<O&, const event&>;

}  // namespace v0
}  // namespace phoneauth

#endif

// The concepts once more, function by function, so that the compiler says which function a policy lacks. For use in a
// class template that is not constrained itself: `static_assert(detail::check_storage<S>());`.

namespace phoneauth {
inline namespace v0 {
namespace detail {

template <class S>
constexpr bool check_storage() {
    static_assert(
        requires(S & s, const transaction& t) {
            { s.insert_transaction(t) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool insert_transaction(const transaction&)`, or the same with an awaitable of "
        "bool");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.find_transaction(id) } -> yields<std::optional<transaction>>;
        },
        "phoneauth: this Storage lacks `std::optional<transaction> find_transaction(const std::string&)`, or the same "
        "with an awaitable of it");
    static_assert(
        requires(S & s, const transaction& t) {
            { s.update_transaction(t) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool update_transaction(const transaction&)`, or the same with an awaitable of "
        "bool");

    static_assert(
        requires(S & s, const user& u) {
            { s.insert_user(u) } -> yields<write_result>;
        },
        "phoneauth: this Storage lacks `write_result insert_user(const user&)`, or the same with an awaitable of "
        "write_result");
    static_assert(
        requires(S & s, const user& u) {
            { s.update_user(u) } -> yields<write_result>;
        },
        "phoneauth: this Storage lacks `write_result update_user(const user&)`, or the same with an awaitable of "
        "write_result");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.find_user(id) } -> yields<std::optional<user>>;
        },
        "phoneauth: this Storage lacks `std::optional<user> find_user(const std::string&)`, or the same with an "
        "awaitable of it");
    static_assert(
        requires(S & s, const phone_number& phone) {
            { s.find_user_by_phone(phone) } -> yields<std::optional<user>>;
        },
        "phoneauth: this Storage lacks `std::optional<user> find_user_by_phone(const phone_number&)`, or the same with "
        "an awaitable of it");
    static_assert(
        requires(S & s, const std::string& identity) {
            { s.find_user_by_identity(identity) } -> yields<std::optional<user>>;
        },
        "phoneauth: this Storage lacks `std::optional<user> find_user_by_identity(const std::string&)`, or the same "
        "with an awaitable of it");

    static_assert(
        requires(S & s, const session& added) {
            { s.insert_session(added) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool insert_session(const session&)`, or the same with an awaitable of bool");
    static_assert(
        requires(S & s, const std::string& hash) {
            { s.find_session(hash) } -> yields<std::optional<session>>;
        },
        "phoneauth: this Storage lacks `std::optional<session> find_session(const std::string&)`, or the same with an "
        "awaitable of it");
    static_assert(
        requires(S & s, const std::string& hash) {
            { s.erase_session(hash) } -> yields<bool>;
        },
        "phoneauth: this Storage lacks `bool erase_session(const std::string&)`, or the same with an awaitable of "
        "bool");
    static_assert(
        requires(S & s, const std::string& id) {
            { s.erase_sessions_of(id, id) } -> yields<std::size_t>;
        },
        "phoneauth: this Storage lacks `std::size_t erase_sessions_of(const std::string&, const std::string&)`, or the "
        "same with an "
        "awaitable of std::size_t");

    static_assert(
        requires(S & s, const cell_batch& batch) {
            { s.take_cells(batch) } -> yields<cell_answer>;
        },
        "phoneauth: this Storage lacks `cell_answer take_cells(const cell_batch&)`, or the same with an awaitable of "
        "it");
    return Storage<S>;
}

template <class T>
constexpr bool check_transport() {
    static_assert(
        requires(T & t, const http_request& request) {
            { t.send(request) } -> yields<result<http_response>>;
        },
        "phoneauth: this HttpTransport lacks `result<http_response> send(const http_request&)`, or the same with an "
        "awaitable of it");
    return HttpTransport<T>;
}

template <class C>
constexpr bool check_clock() {
    static_assert(
        requires(const C& c) {
            { c.now() } -> std::convertible_to<time_point>;
        },
        "phoneauth: this Clock lacks `time_point now() const`");
    return Clock<C>;
}

template <class P>
constexpr bool check_password_hasher() {
    static_assert(
        requires(P & p, const std::string& password) {
            { p.hash(password) } -> yields<result<std::string>>;
        },
        "phoneauth: this PasswordHasher lacks `result<std::string> hash(const std::string&)`, or the same with an "
        "awaitable of it");
    static_assert(
        requires(P & p, const std::string& text) {
            { p.verify(text, text) } -> yields<result<bool>>;
        },
        "phoneauth: this PasswordHasher lacks `result<bool> verify(const std::string&, const std::string&)`, or the "
        "same with an awaitable of it");
    return PasswordHasher<P>;
}

template <class H>
constexpr bool check_hooks() {
    static_assert(
        requires(H & h, user & u) {
            { h.before_registration(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_registration(user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.after_registration(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> after_registration(const user&)`, or the same with an awaitable of "
        "it; derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.before_login(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_login(const user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& u) {
            { h.after_login(u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> after_login(const user&)`, or the same with an awaitable of it; "
        "derive from no_hooks");
    static_assert(
        requires(H & h, const user& before, user& changed) {
            { h.before_update(before, changed) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> before_update(const user&, user&)`, or the same with an awaitable "
        "of it; derive from no_hooks");
    static_assert(
        requires(H & h, const std::string& password, const user& u) {
            { h.password_allowed(password, u) } -> yields<result<void>>;
        },
        "phoneauth: these Hooks lack `result<void> password_allowed(const std::string&, const user&)`, or the same "
        "with an awaitable of it; derive from no_hooks");
    return Hooks<H>;
}

/// An optional policy: whichever kind it begins to be, it has to be whole.
template <class O>
constexpr bool check_option() {
    if constexpr (Observer<O> || Clock<O>) {
        return true;
    } else if constexpr (
        requires { &O::hash; } || requires { &O::verify; }) {
        return check_password_hasher<O>();
    } else if constexpr (
        requires { &O::before_registration; } || requires { &O::before_login; } ||
        requires { &O::after_registration; } || requires { &O::after_login; } || requires { &O::before_update; } ||
        requires { &O::password_allowed; }) {
        return check_hooks<O>();
    } else {
        static_assert(Clock<O>,
                      "phoneauth: this policy is no Clock (`time_point now() const`), has none of the functions of "
                      "Hooks or a PasswordHasher, and is no Observer (it cannot be called with a const event&)");
        return false;
    }
}

template <class... Options>
constexpr bool at_most_one_of_each() {
    static_assert((0 + ... + Clock<Options>) <= 1, "phoneauth: an authenticator takes one Clock");
    static_assert((0 + ... + Hooks<Options>) <= 1, "phoneauth: an authenticator takes one set of Hooks");
    static_assert((0 + ... + PasswordHasher<Options>) <= 1, "phoneauth: an authenticator takes one PasswordHasher");
    static_assert((0 + ... + Observer<Options>) <= 1,
                  "phoneauth: an authenticator takes one Observer; write one that calls the others");
    return true;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/flows/adapter.hpp ----

#ifndef PHONEAUTH_FLOWS_ADAPTER_HPP
#define PHONEAUTH_FLOWS_ADAPTER_HPP

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>


// ---- phoneauth/flows/ports.hpp ----

#ifndef PHONEAUTH_FLOWS_PORTS_HPP
#define PHONEAUTH_FLOWS_PORTS_HPP

#include <cstddef>
#include <optional>
#include <string>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What every part of a flow may ask for, in either mode.
class environment {
public:
    /// The time, as the Clock tells it.
    virtual time_point now() const = 0;
    /// Whether `observe` does anything.
    virtual bool is_observed() const noexcept = 0;
    /// Hands `e` to the Observer. May throw what the Observer throws.
    virtual void observe(const event& e) = 0;

    environment(const environment&) = delete;
    environment& operator=(const environment&) = delete;

protected:
    environment() = default;
    ~environment() = default;
};

/// An integrator's policies as the flows see them: one virtual function for each policy function, whatever type the
/// policy has. So the flows are templates on the mode alone, and a program compiles them once. What each function has
/// to do stands at the concepts in policies.hpp; `adapter` makes one of these out of policies.
template <class Mode>
class ports : public environment {
public:
    /// What a policy function yields, to `co_await`.
    template <class T>
    using yielded = typename Mode::template yielded<T>;

    ///@{
    /// See `TransactionStorage`.
    virtual yielded<bool> insert_transaction(const transaction& t) = 0;
    virtual yielded<std::optional<transaction>> find_transaction(const std::string& id) = 0;
    virtual yielded<bool> update_transaction(const transaction& t) = 0;
    ///@}

    ///@{
    /// See `UserStorage`.
    virtual yielded<write_result> insert_user(const user& u) = 0;
    virtual yielded<write_result> update_user(const user& u) = 0;
    virtual yielded<std::optional<user>> find_user(const std::string& object_id) = 0;
    virtual yielded<std::optional<user>> find_user_by_phone(const phone_number& phone) = 0;
    virtual yielded<std::optional<user>> find_user_by_identity(const std::string& identity) = 0;
    ///@}

    ///@{
    /// See `SessionStorage`.
    virtual yielded<bool> insert_session(const session& s) = 0;
    virtual yielded<std::optional<session>> find_session(const std::string& token_hash) = 0;
    virtual yielded<bool> erase_session(const std::string& token_hash) = 0;
    virtual yielded<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) = 0;
    ///@}

    /// See `CellStorage`.
    virtual yielded<cell_answer> take_cells(const cell_batch& batch) = 0;

    /// See `HttpTransport`.
    virtual yielded<result<http_response>> send(const http_request& request) = 0;

    ///@{
    /// See `PasswordHasher`.
    virtual yielded<result<std::string>> hash_password(const std::string& password) = 0;
    virtual yielded<result<bool>> verify_password(const std::string& password, const std::string& hash) = 0;
    ///@}

    ///@{
    /// See `Hooks`.
    virtual yielded<result<void>> before_registration(user& u) = 0;
    virtual yielded<result<void>> after_registration(const user& u) = 0;
    virtual yielded<result<void>> before_login(const user& u) = 0;
    virtual yielded<result<void>> after_login(const user& u) = 0;
    virtual yielded<result<void>> before_update(const user& before, user& changed) = 0;
    virtual yielded<result<void>> password_allowed(const std::string& password, const user& u) = 0;
    ///@}

protected:
    ~ports() = default;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/secrets/password.hpp ----

#ifndef PHONEAUTH_SECRETS_PASSWORD_HPP
#define PHONEAUTH_SECRETS_PASSWORD_HPP

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>


// ---- phoneauth/detail/bounded_pool.hpp ----

#ifndef PHONEAUTH_DETAIL_BOUNDED_POOL_HPP
#define PHONEAUTH_DETAIL_BOUNDED_POOL_HPP

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Things of which each serves one thread at a time, and of which there are so many at most: connections, for example.
/// Thread-safe.
template <class T>
class bounded_pool {
public:
    /// The right to use one.
    class lease {
    public:
        explicit lease(bounded_pool& pool) noexcept : pool_(&pool) {}
        lease(lease&& other) noexcept : item(std::move(other.item)), pool_(std::exchange(other.pool_, nullptr)) {}
        lease& operator=(lease&&) = delete;
        ~lease() {
            if (pool_) pool_->give_back(std::move(item));
        }

        /// The one that was used last; empty if its holder is to make one. What is here in the end is kept for the next.
        std::unique_ptr<T> item{};

    private:
        bounded_pool* pool_;
    };

    /// `capacity`: at least 1.
    explicit bounded_pool(std::size_t capacity) : free_(std::max<std::size_t>(capacity, 1)) {}

    /// One that nobody has yet.
    void add(std::unique_ptr<T> item) {
        const std::scoped_lock lock(mutex_);
        idle_.push_back(std::move(item));
    }

    /// Waits until one is free. Nothing if none is until `deadline`; at once, if so many wait already.
    std::optional<lease> take(std::chrono::steady_clock::time_point deadline,
                              std::size_t max_waiting = (std::numeric_limits<std::size_t>::max)()) {
        std::unique_lock lock(mutex_);
        if (free_ == 0) {
            if (waiting_ >= max_waiting) return std::nullopt;
            ++waiting_;
            const bool freed = freed_.wait_until(lock, deadline, [&] { return free_ > 0; });
            --waiting_;
            if (!freed) return std::nullopt;
        }
        --free_;
        std::optional<lease> taken(std::in_place, *this);
        if (!idle_.empty()) {
            taken->item = std::move(idle_.back());
            idle_.pop_back();
        }
        return taken;
    }

private:
    void give_back(std::unique_ptr<T> item) {
        {
            const std::scoped_lock lock(mutex_);
            ++free_;
            if (item) idle_.push_back(std::move(item));
        }
        freed_.notify_one();
    }

    std::mutex mutex_;
    std::condition_variable freed_;
    std::size_t free_;
    std::size_t waiting_ = 0;
    std::vector<std::unique_ptr<T>> idle_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// What scrypt (RFC 7914) costs. The default is what the OWASP Password Storage Cheat Sheet lists for 16 MiB of memory.
struct scrypt_cost {
    unsigned ln = 14;  ///< log2 of N, 10–20
    unsigned r = 8;    ///< block size, 1–32
    unsigned p = 5;    ///< parallelization, 1–16
};

/// The PasswordHasher of a blocking server: scrypt, stored as a PHC string `$scrypt$ln=14,r=8,p=5$salt$hash` with 16
/// bytes of salt and 32 of hash in base64 without padding. Takes a few hundred milliseconds and 128·2^ln·r bytes
/// of memory per call. Thread-safe.
///
/// Only so many calls of an object, and of its copies, hash at a time: more would take memory and gain nothing. The
/// others wait. When too many wait already, or one has waited for 10 s, it is `error::overloaded`.
class scrypt_passwords {
public:
    /// One for each processor.
    PHONEAUTH_DECL static std::size_t default_at_once();

    /// @param cost         of new hashes. Those that are stored keep the cost that they name.
    /// @param at_once      how many calls hash at a time; at least 1
    /// @param max_waiting  how many may wait for them
    PHONEAUTH_DECL explicit scrypt_passwords(scrypt_cost cost = {}, std::size_t at_once = default_at_once(),
                                             std::size_t max_waiting = 20);

    /// A PHC string with a new salt. `error::internal` when there is no randomness or the cost is out of range,
    /// `error::overloaded` when there is no memory, or too many calls wait.
    PHONEAUTH_DECL result<std::string> hash(const std::string& password) const;

    /// Whether `password` made `phc`, at the cost that `phc` names. A string that is no scrypt PHC string, or whose
    /// cost is out of range, is `error::internal`: it was not stored by this class.
    PHONEAUTH_DECL result<bool> verify(const std::string& password, const std::string& phc) const;

private:
    struct place {};

    PHONEAUTH_DECL bool scrypt(const std::string& password, std::string_view salt, const scrypt_cost& cost,
                               std::span<unsigned char> out) const;

    scrypt_cost cost_;
    std::size_t max_waiting_;
    std::shared_ptr<detail::bounded_pool<place>> places_;
};

/// The PasswordHasher that an authenticator in mode `Mode` (see yields.hpp) has by default. asio/pooled_passwords.hpp
/// specialises it for the asynchronous one, where hashing must not run on the event loop.
template <class Mode>
struct default_passwords {
    /// The policy.
    using type = scrypt_passwords;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/secrets/password.ipp ----

#ifndef PHONEAUTH_SECRETS_PASSWORD_IPP
#define PHONEAUTH_SECRETS_PASSWORD_IPP

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <optional>
#include <span>
#include <string_view>
#include <thread>

#include <openssl/evp.h>
#include <openssl/rand.h>


namespace phoneauth {
inline namespace v0 {
namespace detail {

inline constexpr std::size_t scrypt_salt_size = 16;  // the PHC string format's recommendation
inline constexpr std::size_t scrypt_hash_size = 32;

struct scrypt_phc {
    scrypt_cost cost;
    std::string salt;
    std::string hash;
};

inline bool in_range(const scrypt_cost& c) {
    return c.ln >= 10 && c.ln <= 20 && c.r >= 1 && c.r <= 32 && c.p >= 1 && c.p <= 16;
}

inline std::string base64_unpadded(std::string_view bytes) {
    auto text = base64(bytes);
    while (text.ends_with('=')) text.pop_back();
    return text;
}

/// Decodes base64 without padding; empty when it is not that, or not of `size` bytes.
inline std::optional<std::string> base64_unpadded_bytes(std::string_view text, std::size_t size) {
    if (text.size() != (size * 8 + 5) / 6) return std::nullopt;
    std::string padded(text);
    padded.append((4 - padded.size() % 4) % 4, '=');
    std::string bytes(padded.size() / 4 * 3, '\0');
    if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                        reinterpret_cast<const unsigned char*>(padded.data()), static_cast<int>(padded.size())) < 0)
        return std::nullopt;
    bytes.resize(size);
    // The decoder overlooks white space and padding in the middle; what encodes back differently was not canonical.
    if (base64_unpadded(bytes) != text) return std::nullopt;
    return bytes;
}

inline std::optional<scrypt_phc> parse_scrypt_phc(std::string_view text) {
    const auto take = [&](std::string_view literal) {
        if (!text.starts_with(literal)) return false;
        text.remove_prefix(literal.size());
        return true;
    };
    const auto number = [&](unsigned& n) {
        const auto [end, ec] = std::from_chars(text.data(), text.data() + text.size(), n);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        return ec == std::errc();
    };
    scrypt_phc phc;
    if (!take("$scrypt$ln=") || !number(phc.cost.ln) || !take(",r=") || !number(phc.cost.r) || !take(",p=") ||
        !number(phc.cost.p) || !take("$") || !in_range(phc.cost))
        return std::nullopt;
    const auto dollar = text.find('$');
    if (dollar == std::string_view::npos) return std::nullopt;
    auto salt = base64_unpadded_bytes(text.substr(0, dollar), scrypt_salt_size);
    auto hash = base64_unpadded_bytes(text.substr(dollar + 1), scrypt_hash_size);
    if (!salt || !hash) return std::nullopt;
    phc.salt = std::move(*salt);
    phc.hash = std::move(*hash);
    return phc;
}

/// False when there is no memory for it.
inline bool scrypt(const std::string& password, std::string_view salt, const scrypt_cost& c,
                   std::span<unsigned char> out) {
    const std::uint64_t n = std::uint64_t{1} << c.ln;
    const std::uint64_t memory = std::uint64_t{128} * c.r * (n + c.p + 2) + (std::uint64_t{1} << 20);
    return EVP_PBE_scrypt(password.data(), password.size(), reinterpret_cast<const unsigned char*>(salt.data()),
                          salt.size(), n, c.r, c.p, memory, out.data(), out.size()) == 1;
}

}  // namespace detail

PHONEAUTH_DECL std::size_t scrypt_passwords::default_at_once() {
    return (std::max)(1u, std::thread::hardware_concurrency());
}

PHONEAUTH_DECL scrypt_passwords::scrypt_passwords(scrypt_cost cost, std::size_t at_once, std::size_t max_waiting)
    : cost_(cost), max_waiting_(max_waiting), places_(std::make_shared<detail::bounded_pool<place>>(at_once)) {}

/// False when there is no memory for it, or no place.
PHONEAUTH_DECL bool scrypt_passwords::scrypt(const std::string& password, std::string_view salt,
                                             const scrypt_cost& cost, std::span<unsigned char> out) const {
    const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    const auto taken = places_->take(patience, max_waiting_);
    return taken && detail::scrypt(password, salt, cost, out);
}

PHONEAUTH_DECL result<std::string> scrypt_passwords::hash(const std::string& password) const {
    std::string salt(detail::scrypt_salt_size, '\0');
    if (!detail::in_range(cost_) ||
        RAND_bytes(reinterpret_cast<unsigned char*>(salt.data()), static_cast<int>(salt.size())) != 1)
        return error::internal;
    detail::digest hash;
    if (!scrypt(password, salt, cost_, hash)) return error::overloaded;
    return "$scrypt$ln=" + std::to_string(cost_.ln) + ",r=" + std::to_string(cost_.r) +
           ",p=" + std::to_string(cost_.p) + '$' + detail::base64_unpadded(salt) + '$' +
           detail::base64_unpadded({reinterpret_cast<const char*>(hash.data()), hash.size()});
}

PHONEAUTH_DECL result<bool> scrypt_passwords::verify(const std::string& password, const std::string& phc) const {
    const auto stored = detail::parse_scrypt_phc(phc);
    if (!stored) return failure(error::internal, "The stored password hash is not a scrypt PHC string.");
    detail::digest hash;
    if (!scrypt(password, stored->salt, stored->cost, hash)) return error::overloaded;
    return detail::equal_in_constant_time(stored->hash, {reinterpret_cast<const char*>(hash.data()), hash.size()});
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// The mode that a storage asks for. What is no storage counts as blocking, so that the sentences of
/// detail/check_policies.hpp come before other errors.
template <class S>
struct storage_mode {
    /// The mode.
    using type = blocking_mode;
};
/// The mode of a storage: that which all its functions have in common.
template <Storage S>
struct storage_mode<S> {
    ///@{
    /// An argument, for types only; never defined.
    static S& s();
    static const transaction& t();
    static const user& u();
    static const session& added();
    static const std::string& text();
    static const phone_number& phone();
    static const cell_batch& batch();
    ///@}
    /// The mode.
    using type =
        mode_of<decltype(s().insert_transaction(t())), decltype(s().find_transaction(text())),
                decltype(s().update_transaction(t())), decltype(s().insert_user(u())), decltype(s().update_user(u())),
                decltype(s().find_user(text())), decltype(s().find_user_by_phone(phone())),
                decltype(s().find_user_by_identity(text())), decltype(s().insert_session(added())),
                decltype(s().find_session(text())), decltype(s().erase_session(text())),
                decltype(s().erase_sessions_of(text(), text())), decltype(s().take_cells(batch()))>;
};

/// The mode that a policy other than the storage asks for; blocking if it is none.
template <class P>
struct policy_mode {
    /// The mode.
    using type = blocking_mode;
};
/// The mode of a transport.
template <HttpTransport T>
struct policy_mode<T> {
    /// The mode.
    using type = mode_of<decltype(std::declval<T&>().send(std::declval<const http_request&>()))>;
};
/// The mode of hooks.
template <Hooks H>
struct policy_mode<H> {
    ///@{
    /// An argument, for types only; never defined.
    static H& h();
    static user& u();
    static const std::string& text();
    ///@}
    /// The mode.
    using type = mode_of<decltype(h().before_registration(u())), decltype(h().after_registration(u())),
                         decltype(h().before_login(u())), decltype(h().after_login(u())),
                         decltype(h().before_update(u(), u())), decltype(h().password_allowed(text(), u()))>;
};
/// The mode of a password hasher.
template <PasswordHasher P>
struct policy_mode<P> {
    ///@{
    /// An argument, for types only; never defined.
    static P& p();
    static const std::string& text();
    ///@}
    /// The mode.
    using type = mode_of<decltype(p().hash(text())), decltype(p().verify(text(), text()))>;
};

/// The mode of an authenticator with these policies.
template <class S, class... Others>
using mode_of_policies = typename detail::common_mode<blocking_mode, typename storage_mode<S>::type,
                                                      typename policy_mode<Others>::type...>::type;

/// A kind of policy that an authenticator can do without: the clock.
struct clock_kind {
    /// What takes its place.
    using fallback = system_clock;
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = Clock<P>;
};
/// The same of hooks.
struct hooks_kind {
    /// What takes their place.
    using fallback = no_hooks;
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = Hooks<P>;
};
/// The same of the password hasher, whose fallback depends on the mode.
template <class Mode>
struct passwords_kind {
    /// What takes its place.
    using fallback = typename default_passwords<Mode>::type;
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = PasswordHasher<P>;
};
/// The same of the observer.
struct observer_kind {
    /// What takes its place.
    struct fallback {
        /// Does nothing.
        void operator()(const event&) const noexcept {}
    };
    /// Whether `P` is of this kind.
    template <class P>
    static constexpr bool has = Observer<P>;
};

/// The first of `Options` that is of this kind, by reference; or the kind's fallback.
template <class Kind, class... Options>
class choice {
public:
    /// Whether there is such an option.
    static constexpr bool given = false;
    /// The policy to use.
    typename Kind::fallback& get() noexcept { return own_; }
    /// The policy to use.
    const typename Kind::fallback& get() const noexcept { return own_; }

private:
    typename Kind::fallback own_;
};
/// `First` is not of this kind: the choice is among the rest.
template <class Kind, class First, class... Rest>
class choice<Kind, First, Rest...> : public choice<Kind, Rest...> {
public:
    /// All must outlive this.
    explicit choice(First&, Rest&... rest) : choice<Kind, Rest...>(rest...) {}
};
/// `First` is of this kind.
template <class Kind, class First, class... Rest>
requires(Kind::template has<First>) class choice<Kind, First, Rest...> {
public:
    /// Whether there is such an option.
    static constexpr bool given = true;
    /// `first` must outlive this.
    explicit choice(First& first, Rest&...) noexcept : given_(first) {}
    /// The policy to use.
    First& get() const noexcept { return given_; }

private:
    First& given_;
};

/// Holds references to policies, in whichever order the optional ones come, and hands on what the flows ask of them.
template <class Mode, class S, class T, class... Options>
class adapter final : public ports<Mode> {
    template <class X>
    using yielded = typename Mode::template yielded<X>;

public:
    /// All must outlive this.
    adapter(S& storage, T& transport, Options&... options)
        : storage_(storage), transport_(transport), clock_(options...), hooks_(options...), passwords_(options...),
          observer_(options...) {}

    ///@{
    /// Calls the function of this name of the storage.
    yielded<bool> insert_transaction(const transaction& t) override {
        return Mode::call([this, &t] { return storage_.insert_transaction(t); });
    }
    yielded<std::optional<transaction>> find_transaction(const std::string& id) override {
        return Mode::call([this, &id] { return storage_.find_transaction(id); });
    }
    yielded<bool> update_transaction(const transaction& t) override {
        return Mode::call([this, &t] { return storage_.update_transaction(t); });
    }

    yielded<write_result> insert_user(const user& u) override {
        return Mode::call([this, &u] { return storage_.insert_user(u); });
    }
    yielded<write_result> update_user(const user& u) override {
        return Mode::call([this, &u] { return storage_.update_user(u); });
    }
    yielded<std::optional<user>> find_user(const std::string& object_id) override {
        return Mode::call([this, &object_id] { return storage_.find_user(object_id); });
    }
    yielded<std::optional<user>> find_user_by_phone(const phone_number& phone) override {
        return Mode::call([this, &phone] { return storage_.find_user_by_phone(phone); });
    }
    yielded<std::optional<user>> find_user_by_identity(const std::string& identity) override {
        return Mode::call([this, &identity] { return storage_.find_user_by_identity(identity); });
    }

    yielded<bool> insert_session(const session& s) override {
        return Mode::call([this, &s] { return storage_.insert_session(s); });
    }
    yielded<std::optional<session>> find_session(const std::string& token_hash) override {
        return Mode::call([this, &token_hash] { return storage_.find_session(token_hash); });
    }
    yielded<bool> erase_session(const std::string& token_hash) override {
        return Mode::call([this, &token_hash] { return storage_.erase_session(token_hash); });
    }
    yielded<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) override {
        return Mode::call([this, &user_id, &kept] { return storage_.erase_sessions_of(user_id, kept); });
    }

    yielded<cell_answer> take_cells(const cell_batch& batch) override {
        return Mode::call([this, &batch] { return storage_.take_cells(batch); });
    }
    ///@}

    /// Calls the transport.
    yielded<result<http_response>> send(const http_request& request) override {
        return Mode::call([this, &request] { return transport_.send(request); });
    }

    ///@{
    /// Calls the password hasher.
    yielded<result<std::string>> hash_password(const std::string& password) override {
        return Mode::call([this, &password] { return passwords_.get().hash(password); });
    }
    yielded<result<bool>> verify_password(const std::string& password, const std::string& hash) override {
        return Mode::call([this, &password, &hash] { return passwords_.get().verify(password, hash); });
    }
    ///@}

    ///@{
    /// Calls the hook of this name.
    yielded<result<void>> before_registration(user& u) override {
        return Mode::call([this, &u] { return hooks_.get().before_registration(u); });
    }
    yielded<result<void>> after_registration(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().after_registration(u); });
    }
    yielded<result<void>> before_login(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().before_login(u); });
    }
    yielded<result<void>> after_login(const user& u) override {
        return Mode::call([this, &u] { return hooks_.get().after_login(u); });
    }
    yielded<result<void>> before_update(const user& before, user& changed) override {
        return Mode::call([this, &before, &changed] { return hooks_.get().before_update(before, changed); });
    }
    yielded<result<void>> password_allowed(const std::string& password, const user& u) override {
        return Mode::call([this, &password, &u] { return hooks_.get().password_allowed(password, u); });
    }
    ///@}

    /// Calls the clock.
    time_point now() const override { return clock_.get().now(); }
    /// Whether an observer was given.
    bool is_observed() const noexcept override { return decltype(observer_)::given; }
    /// Calls the observer.
    void observe(const event& e) override { std::invoke(observer_.get(), e); }

    /// Where operations with a completion token run: the transport's executor, else the storage's.
    auto executor() const {
        if constexpr (requires { transport_.get_executor(); }) {
            return transport_.get_executor();
        } else {
            static_assert(
                requires { storage_.get_executor(); },
                "phoneauth: neither the transport nor the storage has get_executor(), so nobody says where this "
                "operation is to run; use async_call(executor, …)");
            return storage_.get_executor();
        }
    }

private:
    S& storage_;
    T& transport_;
    choice<clock_kind, Options...> clock_;
    choice<hooks_kind, Options...> hooks_;
    choice<passwords_kind<Mode>, Options...> passwords_;
    choice<observer_kind, Options...> observer_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/flows/flows.hpp ----

#ifndef PHONEAUTH_FLOWS_FLOWS_HPP
#define PHONEAUTH_FLOWS_FLOWS_HPP

#include <memory>


// ---- phoneauth/flows/codes.hpp ----

#ifndef PHONEAUTH_FLOWS_CODES_HPP
#define PHONEAUTH_FLOWS_CODES_HPP

#include <optional>
#include <string>


// ---- phoneauth/flows/fwd.hpp ----

#ifndef PHONEAUTH_FLOWS_FWD_HPP
#define PHONEAUTH_FLOWS_FWD_HPP

#include <memory>


// What the flows' declarations need of the parts that they share, so that whoever compiles the flows elsewhere
// (PHONEAUTH_SEPARATE_COMPILATION) does not compile those parts, either.

namespace phoneauth {
inline namespace v0 {

namespace rules {
class limit_batch;
struct code_request;
}  // namespace rules

namespace flows {

struct context;
enum class send_outcome;
template <class Mode>
struct parts;

/// The parts that the flows of one authenticator share, over `p`, which must outlive them. `process_local`: the storage
/// is this process's own, so that a random key will do for the codes. Throws `config_error`, which lists everything
/// that is wrong with `c`, and `std::runtime_error` when OpenSSL has no randomness for a key.
template <class Mode>
std::shared_ptr<parts<Mode>> make_parts(config c, ports<Mode>& p, bool process_local);
/// The configuration in force; lives as long as `p`.
template <class Mode>
const config& config_of(const parts<Mode>& p) noexcept;

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/rules/transitions.hpp ----

#ifndef PHONEAUTH_RULES_TRANSITIONS_HPP
#define PHONEAUTH_RULES_TRANSITIONS_HPP

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>


// ---- phoneauth/rules/disclosure.hpp ----

#ifndef PHONEAUTH_RULES_DISCLOSURE_HPP
#define PHONEAUTH_RULES_DISCLOSURE_HPP

#include <string_view>


// What nobody may learn: whether a phone has a user (OWASP ASVS 5.0 §6.3.8).

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// Stands for the user of a decoy: as long as any other id, so that it is stored and read alike.
inline constexpr std::string_view decoy_user_id = "00000000-0000-0000-0000-000000000000";

/// Whether `t` is a login with a phone that no user has. It looks like any other, but no code confirms it.
inline bool is_decoy(const transaction& t) noexcept {
    return t.purpose == purpose::login && (t.user_id.empty() || t.user_id == decoy_user_id);
}

/// What begins the fingerprint of a login that does not tell whether its password was right.
inline constexpr char concealed_mark = '~';

/// Whether `t` is a two-factor login that does not tell whether its password was right: too many were wrong.
inline bool is_concealed(const transaction& t) noexcept {
    return t.password_fingerprint.starts_with(concealed_mark);
}

/// Whether nothing may tell if `t` is a decoy: a login with nothing but a phone number before it, or one that does not
/// tell whether its password was right.
inline bool must_not_reveal_user(const transaction& t, const config& c) noexcept {
    if (t.purpose != purpose::login) return false;
    return is_concealed(t) || (t.password_fingerprint.empty() && c.unknown_phone == unknown_phone_policy::conceal);
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif

// The transaction's state machine: pure functions of a transaction, an event and the time. All rules are here; a
// storage only compares and swaps, so whoever wins the swap has applied them to what is stored.
//
//   state      event                          next        outcome
//   pending    right code, in time            confirmed   success
//   pending    wrong code                     pending     wrong_code, with the tries left
//   pending    wrong code, the last try       exhausted   tries_exhausted
//   pending    any code, resend: too late     expired     code_expired
//   pending    resend, nearly too late        pending     code_expired
//   pending    resend                         pending     resend_too_soon, too_many_messages, or success
//   pending    refused by the provider        failed      –
//   confirmed  reopened: it was of no use     pending     – (or exhausted, when no try is left)
//   others     anything                       unchanged   the error that names the state
//
// Besides, `delivery` tells what became of the last message; nothing above depends on it.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// The error that says why a transaction in state `s` takes no code and no resend any more; success for a pending one.
inline result<void> check_pending(transaction_state s) {
    switch (s) {
    case transaction_state::pending:
        return {};
    case transaction_state::confirmed:
        return error::code_used;
    case transaction_state::exhausted:
        return error::tries_exhausted;
    case transaction_state::expired:
        return error::code_expired;
    case transaction_state::failed:
        return error::transaction_failed;
    }
    return error::no_transaction;
}

namespace detail {
/// As `check_pending`, after noting that the time is over.
inline result<void> check_open(transaction& t, time_point now) {
    if (t.state == transaction_state::pending && now >= t.expires_at) t.state = transaction_state::expired;
    return check_pending(t.state);
}
}  // namespace detail

/// How many wrong codes `t` still allows.
inline int tries_left(const transaction& t, const config& c) noexcept {
    return static_cast<int>(c.max_tries - (std::min)(t.tries, c.max_tries));
}

/// A code was presented: `right` says whether it is the transaction's.
inline result<void> apply_code(transaction& t, bool right, const config& c, time_point now) {
    if (auto open = detail::check_open(t, now); !open) return open;
    ++t.tries;
    if (right) {
        t.state = transaction_state::confirmed;
        return {};
    }
    const int left = tries_left(t, c);
    if (left == 0) t.state = transaction_state::exhausted;
    failure f(left == 0 ? error::tries_exhausted : error::wrong_code);
    f.tries_left = left;
    return f;
}

/// A code is not sent again when less than this is left of its life: the message would be paid for, and come too late.
/// (Twilio takes validity periods from 1 s on, and does not send what has waited longer than that.)
inline constexpr std::chrono::seconds shortest_delivery{10};

/// Whether a message with the code of a pending `t` could still arrive in time.
inline bool can_arrive(const transaction& t, time_point now) noexcept {
    return t.expires_at - now >= shortest_delivery;
}

/// How long until a pending `t` may have another message; empty: it has had all.
inline std::optional<std::chrono::seconds> time_to_resend(const transaction& t, const config& c, time_point now) {
    if (t.sends >= c.max_sends_per_transaction) return std::nullopt;
    const auto left = std::chrono::ceil<std::chrono::seconds>(t.last_sent_at + c.resend_cooldown - now);
    // A clock that was set back must not make anybody wait longer than the cooldown.
    return std::clamp<std::chrono::seconds>(left, std::chrono::seconds(0), c.resend_cooldown);
}

/// Another message was asked for. The code, its expiry and its tries stay what they are.
inline result<void> apply_resend(transaction& t, const config& c, time_point now) {
    if (auto open = detail::check_open(t, now); !open) return open;
    const auto wait = time_to_resend(t, c, now);
    if (!wait) return failure(error::too_many_messages, "The code was sent as often as allowed; start again.");
    if (!can_arrive(t, now))  // it stays pending: the code that was sent is still good
        return failure(error::code_expired, "The code expires before another message could arrive; start again.");
    if (wait->count() > 0) return failure(error::resend_too_soon).with_retry_after(*wait);
    ++t.sends;
    t.last_sent_at = now;
    if (t.delivery == delivery_state::undelivered) t.delivery = delivery_state::pending;
    t.delivery_error = 0;
    return {};
}

/// The provider refused the first message for certain: nobody has the code.
inline void apply_refusal(transaction& t) {
    if (t.state == transaction_state::pending) t.state = transaction_state::failed;
}

/// The provider reported `status`, Twilio's word, about the `send`th message, and the error `twilio_code`, 0 if it
/// named none.
/// → whether that changed `t`: what has arrived stays so, and what became of a message before the last one matters only
/// if it arrived.
inline bool apply_delivery(transaction& t, std::uint32_t send, std::string_view status, std::int32_t twilio_code) {
    if (send == 0 || send > t.sends || t.delivery == delivery_state::delivered) return false;
    if (status == "delivered" || status == "read") {
        t.delivery = delivery_state::delivered;
        t.delivery_error = 0;
        return true;
    }
    const bool lost = status == "undelivered" || status == "failed" || status == "canceled";
    if (!lost || send != t.sends || t.delivery == delivery_state::undelivered) return false;
    t.delivery = delivery_state::undelivered;
    t.delivery_error = twilio_code;
    return true;
}

/// What may be told of `t` at the time `now` to whoever knows its id.
inline transaction_status status_of(transaction t, const config& c, time_point now) {
    const auto open = detail::check_open(t, now);
    transaction_status s{.state = t.state};
    if (!must_not_reveal_user(t, c)) {
        s.delivery = t.delivery;
        if (t.delivery_error != 0) s.twilio_code = t.delivery_error;
    }
    if (open) {
        s.tries_left = tries_left(t, c);
        s.expires_in = std::chrono::ceil<std::chrono::seconds>(t.expires_at - now);
        s.resend_after = time_to_resend(t, c, now);
        if (s.resend_after && !can_arrive(t, now + *s.resend_after)) s.resend_after.reset();
    }
    return s;
}

/// What came of the right code when it could not be used.
enum class spent_try {
    counts,     ///< it was one of the tries
    given_back  ///< the server was at fault: it was none
};

/// Whoever confirmed the transaction could not use it (the email is taken): the same code may come again.
inline void reopen(transaction& t, const config& c, spent_try last = spent_try::counts) {
    if (t.state == transaction_state::confirmed && last == spent_try::given_back && t.tries > 0) --t.tries;
    if (t.state == transaction_state::confirmed)
        t.state = tries_left(t, c) > 0 ? transaction_state::pending : transaction_state::exhausted;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/status_callback.hpp ----

#ifndef PHONEAUTH_STATUS_CALLBACK_HPP
#define PHONEAUTH_STATUS_CALLBACK_HPP

#include <string>
#include <utility>


namespace phoneauth {
inline namespace v0 {

/// A request by which Twilio reports what became of a message, as it arrived
/// (https://www.twilio.com/docs/messaging/guides/track-outbound-message-status).
struct status_callback {
    // Constructors, as g++ 12 destroys an aggregate that is made with braces inside a co_await expression twice.
    status_callback() = default;
    /// All that a callback has.
    status_callback(std::string url_query, std::string form, std::string twilio_signature)
        : query(std::move(url_query)), body(std::move(form)), signature(std::move(twilio_signature)) {}

    std::string query;      ///< of the request's URL: what follows "?", as it is written there
    std::string body;       ///< the form
    std::string signature;  ///< the header X-Twilio-Signature
};

/// What became of a status callback.
enum class callback_outcome {
    noted,   ///< it is stored with its transaction
    no_news  ///< the transaction is gone, or has heard better
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// The life of a code: it is opened, sent again, and confirmed, whatever it is for. Thread-safe.
template <class Mode>
class codes {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// `p` must outlive this.
    explicit codes(parts<Mode>& p) noexcept : p_(p) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<challenge> resend(transaction_id id, client_info from);
    returned<transaction_status> status(transaction_id id);
    returned<callback_outcome> handle_status_callback(status_callback r);
    ///@}

    /// Opens a transaction and sends its code, for which `granted` answered `limits`. The transaction is stored before
    /// the message is sent, so that whatever happens in between leaves a code that can be confirmed.
    /// `fingerprint`: of the password before it; empty: there was none.
    flow<result<challenge>> open(context& c, const rules::limit_batch& limits, const cell_answer& granted, purpose what,
                                 const phone_number& phone, const std::optional<user>& owner, std::string fingerprint);

    /// Confirms a transaction: only the winner of the swap learns whether the code was right, so that no more codes are
    /// compared than there are tries, however many come at once. `expected`: the phone that the client names, or
    /// nullptr. → the transaction as it is stored.
    flow<result<transaction>> confirm(context& c, purpose what, const transaction_id& id, submitted_code submitted,
                                      const phone_number* expected);

    /// Lets the same code come again, because the flow that confirmed `t` could not use it. Returns false if that could
    /// not be stored.
    flow<bool> reopen(transaction& t, rules::spent_try last = rules::spent_try::counts);

private:
    flow<result<challenge>> send_again(context& c, transaction_id id);
    flow<result<transaction_status>> find_status(transaction_id id);
    flow<result<callback_outcome>> take_report(context& c, status_callback r);
    result<void> check_key(const transaction& t) const;
    void tell_sender_trouble(const context& c, const transaction& t) const;
    flow<bool> try_to_store(const transaction& t);
    static rules::code_request again(const transaction& t, const context& c);
    challenge describe(const transaction& t, send_outcome sent) const;

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/codes.ipp ----

#ifndef PHONEAUTH_FLOWS_CODES_IPP
#define PHONEAUTH_FLOWS_CODES_IPP

#include <utility>


// ---- phoneauth/flows/parts.hpp ----

#ifndef PHONEAUTH_FLOWS_PARTS_HPP
#define PHONEAUTH_FLOWS_PARTS_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>


// ---- phoneauth/flows/limiter.hpp ----

#ifndef PHONEAUTH_FLOWS_LIMITER_HPP
#define PHONEAUTH_FLOWS_LIMITER_HPP

#include <chrono>


// ---- phoneauth/flows/reporter.hpp ----

#ifndef PHONEAUTH_FLOWS_REPORTER_HPP
#define PHONEAUTH_FLOWS_REPORTER_HPP

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>


// ---- phoneauth/rules/limits.hpp ----

#ifndef PHONEAUTH_RULES_LIMITS_HPP
#define PHONEAUTH_RULES_LIMITS_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>


// What a message and a guess are counted against: which cells, and how much of them. Pure.
//
// A network is known to a user for 90 days after a login, or the registration, from there. All others are strangers.
// The two have cells of their own wherever strangers could use up what the owner of a phone needs:
//
//   limit                                  strangers               a known network
//   codes to a phone, hour and day         one for all of them     one for each
//   the same after a right password        one for all of them     the same cell
//   codes of a network, codes in all       the same cell           the same cell, with a reserve
//   wrong passwords, wrong codes           one for all of them     one for each, and one for all of them
//   cooldown                               one for all of them     one for each
//
// The one for all known networks has so much room that one of them alone cannot use it up. A registration has cells of
// its own, and no network is known to it. What is concealed has a budget of all of its own: see `code_request`.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// At most so many in any stretch of time: the interval of a cell and its burst.
struct rate {
    std::chrono::milliseconds interval{};  ///< how long until one that was taken is free again
    std::int64_t burst = 0;                ///< how many can be taken at once

    /// The room of a cell for `n` of them.
    constexpr std::chrono::milliseconds room(std::int64_t n) const noexcept { return n * interval; }
};

/// At most `most` in any stretch of `length`, `burst` of them at once: a stretch holds the burst and what becomes free
/// meanwhile. 1 ≤ `burst` < `most`, or both are 1.
constexpr rate at_most(std::int64_t most, std::chrono::milliseconds length, std::int64_t burst) noexcept {
    if (most <= burst) return {length + std::chrono::milliseconds(1), 1};
    const std::chrono::milliseconds slack = std::chrono::seconds(5);  // by so much clocks of servers may disagree
    return {(length + slack) / (most - burst) + std::chrono::milliseconds(1), burst};
}
/// The same, half of them at once.
constexpr rate at_most(std::int64_t most, std::chrono::milliseconds length) noexcept {
    return at_most(most, length, (most + 1) / 2);
}

/// Who asks, as far as limits tell clients apart.
struct client_networks {
    std::string_view network;  ///< see `client_network`; empty: not known, and so not limited
    std::string_view wide;     ///< see `wide_network`; empty for IPv4
    bool shared = false;       ///< everybody may come from there: it is never known to anybody
};

/// Requests to cells, each with the error that says what its refusal means.
class limit_batch {
public:
    /// The parts are those of the marker; see `cell_batch`.
    template <class... Parts>
    explicit limit_batch(time_point now, const Parts&... marker) : cells_(now, marker...) {}

    /// Adds a request; the parts are those of its key.
    template <class... Parts>
    void add(const cell_request& r, error refusal, const Parts&... key) {
        refusals_[cells_.size()] = refusal;
        cells_.add(r, key...);
    }
    /// The request that was added last is not given back: an attempt costs the client, whatever comes of it.
    void keep() noexcept { kept_[cells_.size() - 1] = true; }
    /// The same of all that were added since there were `first` of them.
    void keep_from(std::size_t first) noexcept { std::fill(&kept_[first], &kept_[cells_.size()], true); }
    /// The request that was added last is for the failures of an account: see `may_be_concealed`.
    void hide() noexcept { hidden_[cells_.size() - 1] = true; }
    /// The request that was added last is for the budget of all: see `reaches_warning`.
    void watch() noexcept { watched_ = cells_.size(); }

    /// What to hand to a storage. Lives as long as this object.
    const cell_batch& cells() const noexcept { return cells_; }

    /// The refusal that lasts longest, with `retry_after`; success if `a` is granted.
    PHONEAUTH_DECL result<void> judge(const cell_answer& a) const;
    /// Whether `a` refused the batch for the failures of an account, and nothing else.
    PHONEAUTH_DECL bool may_be_concealed(const cell_answer& a) const noexcept;
    /// How long the account waits before the next guess, after `a` granted this one; 0 or less: not at all.
    PHONEAUTH_DECL std::chrono::seconds account_wait(const cell_answer& a) const noexcept;
    /// Whether this batch brought the watched cell to four fifths of its room.
    PHONEAUTH_DECL bool reaches_warning(const cell_answer& a) const noexcept;
    /// The same for a code that nobody gets: the client's and the budget of all are taken from as for any other, what
    /// is the account's is only asked.
    PHONEAUTH_DECL limit_batch as_decoy() const;
    ///@{
    /// The requests that are the client's alone, and those that are not: taken one after the other, the second tells
    /// nothing about the first.
    limit_batch of_client() const { return part(true); }
    limit_batch of_account() const { return part(false); }
    ///@}
    /// Gives back what `a` granted, at the time `now`, but for what was to be kept, unless that too is `everything`. What
    /// was only asked, or not granted, is moved by nothing, so that it takes the same work.
    PHONEAUTH_DECL cell_batch give_back(const cell_answer& a, time_point now, bool everything = false) const;

private:
    PHONEAUTH_DECL limit_batch part(bool of_client) const;
    /// Adds `r` in place of the request at place `i` of `other`, with whatever else is known of that.
    PHONEAUTH_DECL void add_from(const limit_batch& other, std::size_t i, const cell_request& r);
    /// How long until the request at place `i` would be granted; nothing or less if it is.
    PHONEAUTH_DECL std::chrono::milliseconds wait_of(std::size_t i, const cell_answer& a) const noexcept;

    cell_batch cells_;
    std::array<error, cell_batch::most> refusals_{};
    std::array<bool, cell_batch::most> kept_{};
    std::array<bool, cell_batch::most> hidden_{};
    std::array<bool, cell_batch::most> asked_{};  // instead of taken
    std::size_t watched_ = 0;                     // its place, plus 1
};

// ---- Accounts ----

/// What a run of guesses aims at. Each way in is a door of its own, so that guesses at one do not shut the others.
enum class door : std::uint8_t {
    registration,  ///< codes of a registration
    code,          ///< codes of logins without a password
    second,        ///< codes of logins after a right password
    password       ///< passwords
};

/// The door that the codes of `t` open.
PHONEAUTH_DECL door door_of(const transaction& t) noexcept;

/// How long a network is known after the last login, or the registration, from there.
inline constexpr std::chrono::hours network_memory{90 * 24};
/// The stretch in which `config::max_consecutive_failures` is the most.
inline constexpr std::chrono::hours failure_memory{30 * 24};
/// The same for registrations, where there is no account yet that could be guessed open.
inline constexpr std::chrono::hours registration_memory{24};
/// How many more a /48 may have than a /64 (RFC 6177: a site has at least one /64, and up to a /48).
inline constexpr std::int64_t wide_factor = 4;
/// Passwords that one network may have compared for one account in an hour, right or wrong.
inline constexpr std::int64_t max_passwords_per_account_and_network = 20;
/// How many passwords a client may have in hand at a time: waiting for their limits, or being hashed.
struct passwords_in_hand {
    int network = (std::numeric_limits<int>::max)();  ///< of one network
    int wide = (std::numeric_limits<int>::max)();     ///< of the /48 that it is in
};
/// So many that one client alone does not fill the hasher's queue; whoever is not told apart from others is not limited.
constexpr passwords_in_hand passwords_at_once(const client_networks& from) noexcept {
    passwords_in_hand most;
    if (from.network.empty() || from.shared) return most;
    most.network = 4;
    if (!from.wide.empty()) most.wide = 8;
    return most;
}
/// Most changes of identity or password that one user may ask for in an hour. Each identity tried tells whether it is
/// taken, and each password costs a hash; nobody changes them more often for good reason.
inline constexpr std::int64_t max_credential_changes = 10;
/// Most changes of any kind that one user may ask for in an hour: half of them at once.
inline constexpr std::int64_t max_changes = 600;

/// For whom a rate of failures is.
enum class failure_share : std::uint8_t { strangers, known_network, all_known };

/// The failures at a door: half of `config::max_consecutive_failures` for strangers, half for known networks together,
/// of which each has half, so that one alone never shuts the door to the others. `shared_by` accounts share them.
PHONEAUTH_DECL rate failure_rate(door d, failure_share s, const config& c, int shared_by = 1) noexcept;
/// How many codes of one account may be open at once: their tries are kept free. Each is counted for as long as it lives,
/// and a minute for clocks that disagree.
PHONEAUTH_DECL rate open_codes(failure_share s, const config& c) noexcept;

// ---- What flows ask ----

/// What there is to know about a code that is to be sent.
struct code_request {
    const phone_number& phone;     ///< where to
    std::string_view fingerprint;  ///< of the user, see `known_network`
    client_networks from;          ///< who asks
    std::optional<door> begins{};  ///< it begins a transaction; empty: it is sent again
    bool registers = false;        ///< it is a registration's
    bool after_password = false;   ///< a password was right before it
    /// Nobody is told whether it was: what only a right one takes, the budget of all included, is apart from what
    /// everybody can see.
    bool concealed = false;
    std::string_view known_network{};  ///< it is sent again: the known network that began it; empty: a stranger did
};

/// A code: the client's, the phone's and the budget of all; and if it begins a transaction, the cooldown, and room for
/// all its tries. A test number is sent nothing, and so no message is counted.
PHONEAUTH_DECL limit_batch code_limits(const code_request& r, const config& c, time_point now);
/// Appends what takes the guess of `password_limits` back.
PHONEAUTH_DECL void take_guess_back(limit_batch& b, std::string_view subject, const client_networks& from,
                                    int shared_by, const config& c);
/// The same by itself. `marked`: the network is known.
PHONEAUTH_DECL cell_batch guess_back(std::string_view subject, const client_networks& from, bool marked, int shared_by,
                                     const config& c, time_point now);

/// One guess at the password of `subject`. It is counted before it is compared, so that no more are compared than are
/// allowed, however many come at once. Every comparison costs the network one hash, right or wrong.
///
/// @param subject      whose password: the phone, or what stands for an identity
/// @param phone        of the user to whom networks are known; empty: nobody has the subject
/// @param fingerprint  of that user
/// @param from         who asks
/// @param shared_by    how many accounts share the failures that one user may have; 1 or 2
/// @param concealed    no failure is counted: the answer does not depend on the password (see flows/login.ipp)
/// @param c            the configuration
/// @param now          the time
PHONEAUTH_DECL limit_batch password_limits(std::string_view subject, std::string_view phone,
                                           std::string_view fingerprint, const client_networks& from, int shared_by,
                                           bool concealed, const config& c, time_point now);

/// A message that is no code.
///
/// @param to       where to
/// @param from     the client's network; empty: the server's own notice
/// @param user_id  on whose behalf; empty: nobody's in particular
/// @param units    what it costs: see `message_units`
/// @param c        the configuration
/// @param now      the time
PHONEAUTH_DECL limit_batch message_limits(const phone_number& to, const client_networks& from, std::string_view user_id,
                                          std::int64_t units, const config& c, time_point now);

/// A change that a user makes; `credentials`: of identity or password.
PHONEAUTH_DECL limit_batch change_limits(std::string_view user_id, bool credentials, time_point now);

// ---- What flows tell ----

/// A code of `t` was wrong; it came from `from`. The last request is watched: wrong codes over all.
PHONEAUTH_DECL limit_batch wrong_code(const transaction& t, const client_networks& from, const config& c,
                                      time_point now);
/// How long the account of `t` waits after `a` answered `wrong_code`; 0: not at all.
PHONEAUTH_DECL std::chrono::seconds wrong_code_wait(const transaction& t, const cell_answer& a, const config& c,
                                                    time_point now);

/// A login worked.
struct login_facts {
    const phone_number& phone;          ///< the user's
    std::string_view fingerprint;       ///< the user's, see `known_network`
    const transaction* used = nullptr;  ///< the transaction that led to it; nullptr: a password alone
    std::string_view subject{};         ///< whose password was right, if one was
    client_networks from{};             ///< where from; without a network none becomes known
};
/// It makes the network known, and ends the failures from there, the wait for the next code, and the life of the code.
PHONEAUTH_DECL cell_batch after_login(const login_facts& f, const config& c, time_point now);
/// A registration by `used` worked: the same.
PHONEAUTH_DECL cell_batch after_registration(const transaction& used, std::string_view fingerprint,
                                             const client_networks& from, const config& c, time_point now);
/// The user has a new password, set from `from`, which stays known: guesses at the old one, and at the codes behind it,
/// do not count any more. `subject` and `fingerprint` as in `password_limits`, the latter with the new password.
PHONEAUTH_DECL cell_batch after_new_password(const phone_number& phone, std::string_view subject,
                                             std::string_view fingerprint, const client_networks& from, time_point now);
/// Takes back everything that strangers, and known networks together, have done to the owner of a phone. `subject`:
/// what stands for their identity; empty: nothing does.
PHONEAUTH_DECL cell_batch unlock(const phone_number& phone, std::string_view subject, time_point now);

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rules/limits.ipp ----

#ifndef PHONEAUTH_RULES_LIMITS_IPP
#define PHONEAUTH_RULES_LIMITS_IPP


// ---- phoneauth/rules/destination.hpp ----

#ifndef PHONEAUTH_RULES_DESTINATION_HPP
#define PHONEAUTH_RULES_DESTINATION_HPP

#include <algorithm>
#include <string>


// Where messages may go: pure functions of a phone number and the configuration.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// The configured test number that `phone` is, or nullptr.
inline const test_number* find_test_number(const phone_number& phone, const config& c) noexcept {
    const auto is_it = [&](const test_number& t) { return t.phone == phone.str(); };
    const auto found = std::find_if(c.test_numbers.begin(), c.test_numbers.end(), is_it);
    return found == c.test_numbers.end() ? nullptr : &*found;
}

/// True if messages may go to every country: neither the calling codes nor the default one say otherwise.
inline bool allows_all_countries(const config& c) {
    if (c.allowed_calling_codes.empty()) return c.default_calling_code.empty();
    return std::find(c.allowed_calling_codes.begin(), c.allowed_calling_codes.end(), "*") !=
           c.allowed_calling_codes.end();
}

/// Whether messages may go to `phone`; `destination_not_allowed` if not. What cannot be read with certainty never comes
/// here: it is `invalid_phone_number`, with how to write it. But a country code can be mistyped, so the sentence says how
/// the number was read.
inline result<void> check_destination(const phone_number& phone, const config& c) {
    if (find_test_number(phone, c)) return {};
    const auto digits = phone.str().substr(1);
    const auto leads = [&](const std::string& prefix) { return !prefix.empty() && digits.starts_with(prefix); };
    const auto& allowed = c.allowed_calling_codes;
    const bool in = allows_all_countries(c) || (allowed.empty() ? leads(c.default_calling_code)
                                                                : std::any_of(allowed.begin(), allowed.end(), leads));
    if (!in || std::any_of(c.blocked_prefixes.begin(), c.blocked_prefixes.end(), leads))
        return failure(error::destination_not_allowed, "The number was read as " + phone.masked() +
                                                           "; messages to this country or this kind of number are "
                                                           "not allowed.");
    return {};
}

/// What `authenticator::test_configuration` says about it.
inline finding destinations_finding(const config& c) {
    if (!allows_all_countries(c))
        return {"destinations", true, "Messages go to the allowed countries only.", {}, false};
    return {"destinations", false, "Messages go to every country, premium numbers among them.",
            "Set allowed_calling_codes or default_calling_code.", false};
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace rules {
namespace detail {

using std::chrono::milliseconds;
using enum cell_condition;

inline constexpr milliseconds hour = std::chrono::hours(1);
inline constexpr milliseconds day = std::chrono::hours(24);
/// Longer than any cell is ahead.
inline constexpr milliseconds all = std::chrono::hours(400 * 24);

inline std::string_view name_of(door d) noexcept {
    constexpr std::array<std::string_view, 4> names{"registration:", "login:", "second:", "password:"};
    return names[static_cast<std::size_t>(d)];
}

inline cell_request take(const rate& r, std::int64_t n = 1, cell_condition when = always, std::int64_t reserve = 0) {
    // What is larger than the burst is granted when nothing else has been taken, else it could never be.
    return {cell_action::take, when, r.room(n), r.room((std::max)(n, r.burst)), r.room(reserve)};
}
inline cell_request ask(const rate& r, std::int64_t n, cell_condition when) {
    return {cell_action::ask, when, r.room(n), r.room(r.burst), {}};
}
/// `n` more, whatever there is room for, but no longer than `most` ahead.
inline cell_request charge(const rate& r, std::int64_t n, cell_condition when, milliseconds most) {
    return {cell_action::move, when, r.room(n), most, {}};
}
inline cell_request back(milliseconds cost, cell_condition when = always) {
    return {cell_action::move, when, -cost, all, {}};
}
inline cell_request forget() {
    return back(all);
}

/// A limit of which strangers have one cell, those of them who knew the password another, and each known network its
/// own.
template <class... Parts>
void add_for_each(limit_batch& b, const code_request& asked, const rate& r, error refusal, const Parts&... key) {
    const std::string_view strangers = asked.after_password ? "@password" : "";
    if (!asked.known_network.empty()) {
        b.add(take(r), refusal, key..., "@", asked.known_network);
    } else if (!asked.begins || b.cells().marker().empty()) {
        b.add(take(r), refusal, key..., strangers);
    } else {
        b.add(take(r, 1, unless_marked), refusal, key..., strangers);
        b.add(take(r, 1, if_marked), refusal, key..., "@", asked.from.network);
    }
}

/// What a client's network has, and the /48 that it is in. `n`: how many of it; `proven`: it has its reserve.
inline void add_client(limit_batch& b, std::string_view key, const client_networks& from, const rate& r, std::int64_t n,
                       bool proven, error refusal) {
    if (from.network.empty()) return;
    const auto reserve = (r.burst + 1) / 2;
    const rate whole{r.interval, r.burst + (proven ? reserve : 0)};
    b.add(take(whole, n, always, proven ? 0 : reserve), refusal, key, from.network);
    b.keep();
    if (from.wide.empty() || proven) return;
    b.add(take({r.interval / wide_factor, r.burst * wide_factor}, n, unless_marked), refusal, key, from.wide);
    b.keep();
}

inline rate total_rate(const config& c) noexcept {
    const std::int64_t most = c.max_sends_per_hour;
    return at_most(most, hour, std::max<std::int64_t>(most / 4, 1));
}

inline rate client_rate(const config& c) noexcept {
    return at_most(c.max_sends_per_client_and_hour, hour);
}

}  // namespace detail

// ---- limit_batch ----

PHONEAUTH_DECL std::chrono::milliseconds limit_batch::wait_of(std::size_t i, const cell_answer& a) const noexcept {
    const auto& r = cells_[i];
    if (r.action == cell_action::move || !is_for(r, a.marked)) return {};
    const auto now = cells_.now();
    const auto room = r.room + (a.marked ? r.reserve : std::chrono::milliseconds(0));
    return (std::max)(a.cells[i], now) + r.cost - room - now;
}

PHONEAUTH_DECL result<void> limit_batch::judge(const cell_answer& a) const {
    if (a.granted) return {};
    std::size_t tightest = 0;
    std::chrono::milliseconds longest{};
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto wait = wait_of(i, a);
        if (wait <= longest) continue;
        tightest = i;
        longest = wait;
    }
    return failure(refusals_[tightest])
        .with_retry_after((std::max)(std::chrono::ceil<std::chrono::seconds>(longest), std::chrono::seconds(1)));
}

PHONEAUTH_DECL bool limit_batch::may_be_concealed(const cell_answer& a) const noexcept {
    if (a.granted) return false;
    for (std::size_t i = 0; i < cells_.size(); ++i)
        if (!hidden_[i] && wait_of(i, a).count() > 0) return false;
    return true;
}

PHONEAUTH_DECL std::chrono::seconds limit_batch::account_wait(const cell_answer& a) const noexcept {
    std::chrono::milliseconds longest{};
    for (std::size_t i = 0; i < cells_.size(); ++i)
        if (hidden_[i]) longest = (std::max)(longest, wait_of(i, a));
    return std::chrono::ceil<std::chrono::seconds>(longest);
}

PHONEAUTH_DECL bool limit_batch::reaches_warning(const cell_answer& a) const noexcept {
    if (watched_ == 0 || !a.granted) return false;
    const auto& r = cells_[watched_ - 1];
    const auto ahead = a.cells[watched_ - 1] - cells_.now();
    const auto mark = r.room * 4 / 5;
    return ahead >= mark && ahead - r.cost < mark;
}

PHONEAUTH_DECL void limit_batch::add_from(const limit_batch& other, std::size_t i, const cell_request& r) {
    const auto at = cells_.size();
    kept_[at] = other.kept_[i];
    hidden_[at] = other.hidden_[i];
    asked_[at] = other.asked_[i] || (r.action == cell_action::ask && other.cells_[i].action == cell_action::take);
    if (other.watched_ == i + 1) watched_ = at + 1;
    add(r, other.refusals_[i], other.cells_.key(i));
}

PHONEAUTH_DECL limit_batch limit_batch::as_decoy() const {
    limit_batch asked(cells_.now(), cells_.marker());
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        auto r = cells_[i];
        if (r.action == cell_action::move) continue;
        if (!kept_[i] && watched_ != i + 1) r.action = cell_action::ask;
        asked.add_from(*this, i, r);
    }
    return asked;
}

PHONEAUTH_DECL limit_batch limit_batch::part(bool of_client) const {
    limit_batch chosen(cells_.now(), cells_.marker());
    for (std::size_t i = 0; i < cells_.size(); ++i)
        if (kept_[i] == of_client) chosen.add_from(*this, i, cells_[i]);
    return chosen;
}

PHONEAUTH_DECL cell_batch limit_batch::give_back(const cell_answer& a, time_point now, bool everything) const {
    cell_batch back(now);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto& r = cells_[i];
        const bool taken = r.action == cell_action::take;
        if ((taken || asked_[i]) && is_for(r, a.marked) && (everything || !kept_[i]))
            back.add(detail::back(taken && a.granted ? r.cost : detail::milliseconds(0)), cells_.key(i));
    }
    return back;
}

// ---- Accounts ----

PHONEAUTH_DECL door door_of(const transaction& t) noexcept {
    if (t.purpose == purpose::registration) return door::registration;
    return t.password_fingerprint.empty() ? door::code : door::second;
}

PHONEAUTH_DECL rate failure_rate(door d, failure_share s, const config& c, int shared_by) noexcept {
    const std::int64_t known = c.max_consecutive_failures / 2;
    std::int64_t most = c.max_consecutive_failures - known;
    if (s != failure_share::strangers) most = s == failure_share::all_known ? known : known / 2;
    most /= shared_by;
    return at_most(most, d == door::registration ? registration_memory : failure_memory, most * 4 / 5);
}

PHONEAUTH_DECL rate open_codes(failure_share s, const config& c) noexcept {
    const auto most = failure_rate(door::code, s, c).burst / (2 * std::int64_t{c.max_tries});
    const std::int64_t at_most = s == failure_share::known_network ? 2 : 3;  // fewer than all of them together
    return {c.code_lifetime + std::chrono::minutes(1), std::clamp<std::int64_t>(most, 1, at_most)};
}

// ---- What flows ask ----

namespace detail {

/// The cells of the failures at a door, of strangers and of known networks. `f(share, condition, parts of the key…)`.
template <class F>
void for_each_share(const client_networks& from, F f) {
    f(failure_share::strangers, unless_marked, std::string_view(), std::string_view());
    if (from.network.empty()) return;
    f(failure_share::known_network, if_marked, std::string_view("@"), from.network);
    f(failure_share::all_known, if_marked, std::string_view("@known"), std::string_view());
}

/// Room for all tries of a code that is to be opened, and of those that are open.
inline void add_account(limit_batch& b, const code_request& r, const config& c) {
    const auto d = *r.begins;
    const auto phone = r.phone.str();
    for_each_share(r.from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        const auto tries = open_codes(s, c).burst * std::int64_t{c.max_tries};
        b.add(ask(failure_rate(d, s, c), tries, when), error::too_many_failures, "wrong/", name_of(d), phone, at,
              network);
        b.add(take(open_codes(s, c), 1, when), error::too_many_messages, "open/", name_of(d), phone, at, network);
    });
}

}  // namespace detail

PHONEAUTH_DECL limit_batch code_limits(const code_request& r, const config& c, time_point now) {
    using namespace detail;
    const auto phone = r.phone.str();
    const bool proven = r.after_password || !r.known_network.empty();
    const bool can_be_known = !r.registers && !r.from.network.empty() && !r.from.shared;
    auto b =
        can_be_known ? limit_batch(now, "known:", phone, "/", r.fingerprint, "@", r.from.network) : limit_batch(now);
    if (!find_test_number(r.phone, c)) {
        const std::string_view kind = r.registers ? "codes/registration/" : "codes/login/";
        if (c.max_sends_per_client_and_hour > 0)
            add_client(b, "codes/from:", r.from, client_rate(c), 1, proven, error::too_many_messages);
        add_for_each(b, r, at_most(c.max_sends_per_phone_and_hour, hour), error::too_many_messages, kind,
                     "hour:", phone);
        add_for_each(b, r, at_most(c.max_sends_per_phone_and_day, day), error::too_many_messages, kind, "day:", phone);
        if (c.max_sends_per_hour > 0 && r.concealed) {
            b.add(take(total_rate(c)), error::too_many_messages, "codes/concealed");
        } else if (c.max_sends_per_hour > 0) {
            const auto total = total_rate(c);
            const rate whole{total.interval, total.burst + (proven ? total.burst : 0)};
            b.add(take(whole, 1, always, proven ? 0 : total.burst), error::too_many_messages, "codes");
            b.watch();
        }
        if (r.begins && !r.after_password && c.phone_cooldown.count() > 0) {
            const rate one{c.phone_cooldown, 1};
            const auto before = b.cells().size();
            add_for_each(b, r, one, error::resend_too_soon,
                         r.registers ? "cooldown/registration:" : "cooldown/login:", phone);
            b.keep_from(before);
        }
    }
    if (r.begins) add_account(b, r, c);
    return b;
}

PHONEAUTH_DECL void take_guess_back(limit_batch& b, std::string_view subject, const client_networks& from,
                                    int shared_by, const config& c) {
    using namespace detail;
    for_each_share(from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        b.add(back(failure_rate(door::password, s, c, shared_by).interval, when), error::internal,
              "wrong/password:", subject, at, network);
    });
}

PHONEAUTH_DECL cell_batch guess_back(std::string_view subject, const client_networks& from, bool marked, int shared_by,
                                     const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    for_each_share(from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        if ((when == if_marked) == marked)
            b.add(back(failure_rate(door::password, s, c, shared_by).interval), "wrong/password:", subject, at,
                  network);
    });
    return b;
}

PHONEAUTH_DECL limit_batch password_limits(std::string_view subject, std::string_view phone,
                                           std::string_view fingerprint, const client_networks& from, int shared_by,
                                           bool concealed, const config& c, time_point now) {
    using namespace detail;
    auto b = from.network.empty() || from.shared
                 ? limit_batch(now)
                 : limit_batch(now, "known:", phone.empty() ? subject : phone, "/", fingerprint, "@", from.network);
    if (c.max_passwords_per_client_and_hour > 0)
        add_client(b, "passwords/from:", from, at_most(c.max_passwords_per_client_and_hour, hour), 1, false,
                   error::too_many_failures);
    b.add(take(at_most(max_passwords_per_account_and_network, hour)), error::too_many_failures,
          "passwords/of:", subject, "@", from.network);
    b.keep();
    if (concealed) return b;
    for_each_share(from, [&](failure_share s, cell_condition when, std::string_view at, std::string_view network) {
        b.add(take(failure_rate(door::password, s, c, shared_by), 1, when), error::too_many_failures,
              "wrong/password:", subject, at, network);
        b.hide();
    });
    return b;
}

PHONEAUTH_DECL limit_batch message_limits(const phone_number& to, const client_networks& from, std::string_view user_id,
                                          std::int64_t units, const config& c, time_point now) {
    using namespace detail;
    limit_batch b(now);
    const bool own = from.network.empty() && user_id.empty();
    const std::string_view kind = own ? "notices/" : "messages/";
    if (!user_id.empty()) {
        if (c.max_messages_per_user_and_hour > 0)
            b.add(take(at_most(c.max_messages_per_user_and_hour, hour), units), error::too_many_messages, kind,
                  "by:", user_id);
    } else if (c.max_sends_per_client_and_hour > 0) {
        add_client(b, "messages/from:", from, client_rate(c), units, false, error::too_many_messages);
    }
    b.add(take(at_most(c.max_sends_per_phone_and_hour, hour)), error::too_many_messages, kind, "hour:", to.str());
    b.add(take(at_most(c.max_sends_per_phone_and_day, day)), error::too_many_messages, kind, "day:", to.str());
    if (c.max_sends_per_hour > 0) {
        b.add(take(total_rate(c), units), error::too_many_messages, own ? "notices" : "messages");
        b.watch();
    }
    return b;
}

PHONEAUTH_DECL limit_batch change_limits(std::string_view user_id, bool credentials, time_point now) {
    limit_batch b(now);
    b.add(detail::take(at_most(max_changes, detail::hour)), error::too_many_failures, "changes/by:", user_id);
    if (credentials)
        b.add(detail::take(at_most(max_credential_changes, detail::hour)), error::too_many_failures,
              "credentials/by:", user_id);
    return b;
}

// ---- What flows tell ----

namespace detail {

/// The shares that a wrong code of `t` counts for: of whoever asked for the code, wherever it is typed.
template <class F>
void for_each_share_of(const transaction& t, F f) {
    if (t.known_network.empty()) {
        f(failure_share::strangers, std::string_view(), std::string_view());
    } else {
        f(failure_share::known_network, std::string_view("@"), std::string_view(t.known_network));
        f(failure_share::all_known, std::string_view("@known"), std::string_view());
    }
}

/// Ends the failures at a door: those that the network has made, or strangers, if networks are not told apart. From
/// where everybody may come, failures are not the user's to end.
inline void end_failures(cell_batch& b, door d, std::string_view subject, const client_networks& from) {
    if (from.shared) return;
    if (from.network.empty()) {
        b.add(forget(), "wrong/", name_of(d), subject);
    } else {
        b.add(forget(), "wrong/", name_of(d), subject, "@", from.network);
        b.add(forget(), "wrong/", name_of(d), subject, "@known");
    }
}

inline void learn_network(cell_batch& b, std::string_view phone, std::string_view fingerprint,
                          const client_networks& from) {
    if (!from.network.empty() && !from.shared)
        b.add({cell_action::move, always, network_memory, network_memory, {}}, "known:", phone, "/", fingerprint, "@",
              from.network);
}

}  // namespace detail

PHONEAUTH_DECL limit_batch wrong_code(const transaction& t, const client_networks& from, const config& c,
                                      time_point now) {
    using namespace detail;
    limit_batch b(now);
    const auto d = door_of(t);
    // Nobody can have the code of a decoy after a password, and strangers must not shut the door behind the password;
    // but it takes the same work.
    const int counted = d == door::second && is_decoy(t) ? 0 : 1;
    for_each_share_of(t, [&](failure_share s, std::string_view at, std::string_view network) {
        b.add(charge(failure_rate(d, s, c), counted, always, all), error::too_many_failures, "wrong/", name_of(d),
              t.phone.str(), at, network);
    });
    if (c.max_sends_per_client_and_hour > 0 && !from.network.empty()) {
        const auto r = client_rate(c);
        b.add(charge(r, 1, always, day), error::too_many_messages, "codes/from:", from.network);
        if (!from.wide.empty())
            b.add(charge({r.interval / wide_factor, 0}, 1, always, day), error::too_many_messages,
                  "codes/from:", from.wide);
    }
    if (c.max_sends_per_hour > 0) {
        const auto r = total_rate(c);
        b.add(charge(r, 1, always, r.room(r.burst)), error::too_many_messages, "wrong_codes");
        b.watch();
    }
    return b;
}

PHONEAUTH_DECL std::chrono::seconds wrong_code_wait(const transaction& t, const cell_answer& a, const config& c,
                                                    time_point now) {
    using namespace detail;
    const auto d = door_of(t);
    if (d == door::second && is_decoy(t)) return {};
    milliseconds longest{};
    std::size_t i = 0;
    for_each_share_of(t, [&](failure_share s, std::string_view, std::string_view) {
        const auto r = failure_rate(d, s, c);
        const auto tries = open_codes(s, c).burst * std::int64_t{c.max_tries};
        longest = (std::max)(longest, a.cells[i++] + r.room(tries) - r.room(r.burst) - now);
    });
    return std::chrono::ceil<std::chrono::seconds>(longest);
}

PHONEAUTH_DECL cell_batch after_login(const login_facts& f, const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    const auto phone = f.phone.str();
    learn_network(b, phone, f.fingerprint, f.from);
    if (!f.subject.empty()) end_failures(b, door::password, f.subject, f.from);
    if (!f.used) return b;
    const auto d = door_of(*f.used);
    end_failures(b, d, phone, f.from);
    const std::string_view known = f.used->known_network;
    if (d != door::second && c.phone_cooldown.count() > 0)
        b.add(forget(), "cooldown/login:", phone, known.empty() ? "" : "@", known);
    for_each_share_of(*f.used, [&](failure_share s, std::string_view at, std::string_view network_of_code) {
        b.add(back(open_codes(s, c).interval), "open/", name_of(d), phone, at, network_of_code);
    });
    return b;
}

PHONEAUTH_DECL cell_batch after_registration(const transaction& used, std::string_view fingerprint,
                                             const client_networks& from, const config& c, time_point now) {
    using namespace detail;
    cell_batch b(now);
    learn_network(b, used.phone.str(), fingerprint, from);
    b.add(forget(), "wrong/registration:", used.phone.str());
    b.add(back(open_codes(failure_share::strangers, c).interval), "open/registration:", used.phone.str());
    return b;
}

namespace detail {

/// Ends the failures at a door, of strangers and of known networks together.
inline void open_door(cell_batch& b, door d, std::string_view subject) {
    b.add(forget(), "wrong/", name_of(d), subject);
    b.add(forget(), "wrong/", name_of(d), subject, "@known");
}

}  // namespace detail

PHONEAUTH_DECL cell_batch after_new_password(const phone_number& phone, std::string_view subject,
                                             std::string_view fingerprint, const client_networks& from,
                                             time_point now) {
    using namespace detail;
    cell_batch b(now);
    learn_network(b, phone.str(), fingerprint, from);
    for (const auto d : {door::second, door::password}) {
        open_door(b, d, phone.str());
        if (!from.network.empty()) b.add(forget(), "wrong/", name_of(d), phone.str(), "@", from.network);
    }
    if (subject != phone.str()) open_door(b, door::password, subject);
    return b;
}

PHONEAUTH_DECL cell_batch unlock(const phone_number& phone, std::string_view subject, time_point now) {
    using namespace detail;
    cell_batch b(now);
    b.add(forget(), "wrong/registration:", phone.str());
    for (const auto d : {door::code, door::second, door::password}) open_door(b, d, phone.str());
    if (!subject.empty() && subject != phone.str()) open_door(b, door::password, subject);
    for (const auto* of : {"codes/login/hour:", "codes/login/day:"}) {
        b.add(forget(), of, phone.str());
        b.add(forget(), of, phone.str(), "@password");
    }
    return b;
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What the parts of one flow know of it.
struct context {
    client_info from;        ///< the client, as the caller named it
    std::string network;     ///< the client's, as the limits know it
    std::string wide;        ///< the wider one that it is in
    bool shared = false;     ///< by other clients, who must not be taken for the user
    event about{};           ///< what is known so far
    bool silent = false;     ///< the flow did not do what its event says
    bool uncounted = false;  ///< what was guessed could not be right, and no limit has counted it

    /// Who asks, for the limits.
    rules::client_networks networks() const noexcept { return {network, wide, shared}; }
};

/// Which of the events that strangers can cause as often as they like are told: of each reason `burst` at once, and then
/// one in each `interval`. It takes about 1 KB. Thread-safe.
class sampler {
public:
    static constexpr int burst = 60;                            ///< as many at once
    static constexpr std::chrono::milliseconds interval{1000};  ///< and then one

    /// How many were left out since the last one with this reason; empty: this one is left out, too.
    PHONEAUTH_DECL std::optional<std::uint64_t> admit(const std::error_code& reason, time_point now) noexcept;

private:
    struct reason_cell {
        std::atomic<time_point> next{};  ///< see cell.hpp
        std::atomic<std::uint64_t> left_out{0};
    };
    std::array<reason_cell, error_table.size() + 1> cells_{};  ///< the first one: what is no `error`
};

/// Tells the observer what happens. Thread-safe. It never throws: what an observer misses must not cost a user a login.
class reporter {
public:
    /// `e` must outlive the reporter.
    explicit reporter(environment& e) noexcept : environment_(e) {}

    /// What a flow for `from` knows when it begins.
    PHONEAUTH_DECL context begin(client_info from) const;
    /// How a flow ended that is called `success` if it went well; `why` is its failure, or nullptr.
    PHONEAUTH_DECL void end(const context& c, event_kind success, const failure* why) const noexcept;

    ///@{
    /// Adds to `c` what turns out on the way, for the events that follow.
    PHONEAUTH_DECL void note(context& c, const phone_number& phone) const;
    PHONEAUTH_DECL void note(context& c, const transaction& t) const;
    PHONEAUTH_DECL void note(context& c, const user& u) const;
    ///@}

    /// One event of the given kind; `why` is its reason, or nullptr.
    PHONEAUTH_DECL void tell(const context& c, event_kind kind, const failure* why = nullptr) const noexcept;
    /// One event of the kind that `event_kind_of` gives, with `why` as its reason; none if the flow was cancelled, or if
    /// there were too many of the kind (see `event`).
    PHONEAUTH_DECL void tell_failure(const context& c, const failure& why) const noexcept;

private:
    PHONEAUTH_DECL void observe(const context& c, event_kind kind, const failure* why, time_point at,
                                std::uint64_t suppressed) const;

    environment& environment_;
    mutable std::atomic<bool> told_of_proxy_{false};
    mutable sampler sampler_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/reporter.ipp ----

#ifndef PHONEAUTH_FLOWS_REPORTER_IPP
#define PHONEAUTH_FLOWS_REPORTER_IPP

#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whether strangers can cause it as often as they like: no limit counts it.
constexpr bool is_unbounded(event_kind kind) noexcept {
    return kind == event_kind::refused || kind == event_kind::storage_error || kind == event_kind::sender_trouble;
}

PHONEAUTH_DECL std::optional<std::uint64_t> sampler::admit(const std::error_code& reason, time_point now) noexcept {
    const auto value = static_cast<std::size_t>(reason.value());
    auto& cell = cells_[reason.category() == error_category() && value < cells_.size() ? value : 0];
    const auto end = now + burst * interval;
    for (auto next = cell.next.load();;) {
        // What is ahead of all that can be is from before the clock was set back.
        const auto after = (next > now && next <= end ? next : now) + interval;
        if (after > end) {
            ++cell.left_out;
            return std::nullopt;
        }
        if (cell.next.compare_exchange_weak(next, after)) return cell.left_out.exchange(0);
    }
}

PHONEAUTH_DECL context reporter::begin(client_info from) const {
    context c{std::move(from), {}, {}};
    c.network = client_network(c.from.address);
    c.wide = wide_network(c.from.address);
    c.shared = c.from.shared_address || c.network == unknown_network;
    if (c.from.shared_address && !told_of_proxy_.exchange(true)) tell(c, event_kind::misconfigured_proxy);
    return c;
}

PHONEAUTH_DECL void reporter::end(const context& c, event_kind success, const failure* why) const noexcept {
    if (why)
        tell_failure(c, *why);
    else if (!c.silent)
        tell(c, success);
}

PHONEAUTH_DECL void reporter::note(context& c, const phone_number& phone) const {
    if (environment_.is_observed()) c.about.phone = phone.masked();
}

PHONEAUTH_DECL void reporter::note(context& c, const transaction& t) const {
    if (!environment_.is_observed()) return;
    note(c, t.phone);
    c.about.purpose = t.purpose;
    c.about.transaction = t.id.substr(0, 8);
    if (!rules::is_decoy(t)) c.about.user_id = t.user_id;
}

PHONEAUTH_DECL void reporter::note(context& c, const user& u) const {
    if (!environment_.is_observed()) return;
    note(c, u.phone);
    c.about.user_id = u.object_id;
}

PHONEAUTH_DECL void reporter::tell(const context& c, event_kind kind, const failure* why) const noexcept {
    if (!environment_.is_observed()) return;
    try {
        observe(c, kind, why, environment_.now(), 0);
    } catch (...) {
    }
}

PHONEAUTH_DECL void reporter::tell_failure(const context& c, const failure& why) const noexcept {
    if (why.code == error::cancelled || !environment_.is_observed()) return;
    const auto kind = c.uncounted ? event_kind::refused : event_kind_of(why);
    if (!is_unbounded(kind)) return tell(c, kind, &why);
    try {
        const auto at = environment_.now();
        if (const auto suppressed = sampler_.admit(why.code, at)) observe(c, kind, &why, at, *suppressed);
    } catch (...) {
    }
}

PHONEAUTH_DECL void reporter::observe(const context& c, event_kind kind, const failure* why, time_point at,
                                      std::uint64_t suppressed) const {
    event e = c.about;
    e.kind = kind;
    e.at = at;
    e.address = c.from.address.substr(0, 64);
    e.user_agent = c.from.user_agent.substr(0, 64);
    if (e.user_id.empty()) e.user_id = c.from.user_id;
    if (why) {
        e.reason = why->code;
        e.retry_after = why->retry_after;
        e.tries_left = why->tries_left;
        e.twilio_code = why->twilio_code;
    }
    e.suppressed = suppressed;
    environment_.observe(e);
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Carries out what rules/limits.hpp decides, in one round trip each. Thread-safe.
template <class Mode>
class limiter {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive the limiter.
    limiter(ports<Mode>& p, const config& c, const reporter& r) noexcept : ports_(p), config_(c), reporter_(r) {}

    /// Asks for all of `b`. Tells the observer if the budget of all runs low.
    flow<cell_answer> take(const context& c, const rules::limit_batch& b);
    /// Gives back what `a` granted of `b`; `everything`: also what an attempt costs the client, whatever comes of it.
    /// Nobody's result depends on it.
    flow<bool> give_back(const rules::limit_batch& b, const cell_answer& a, bool everything = false);
    /// Changes cells if that is possible: nobody's result depends on it.
    flow<bool> try_to(const cell_batch& b);

    /// A code of `t` was wrong.
    flow<bool> punish(const context& c, const transaction& t);
    /// Tells the observer that an account must wait, unless `wait` is 0.
    void tell_locked(const context& c, std::chrono::seconds wait) const noexcept;

    /// How many accounts share the failures that one user may have at their password: two where logins by identity are
    /// counted by themselves, because the identity is not the phone.
    int password_accounts() const noexcept {
        return config_.identity_login_enabled && config_.identity_column != config_.phone_column ? 2 : 1;
    }

private:
    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/limiter.ipp ----

#ifndef PHONEAUTH_FLOWS_LIMITER_IPP
#define PHONEAUTH_FLOWS_LIMITER_IPP


namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto limiter<Mode>::take(const context& c, const rules::limit_batch& b) -> flow<cell_answer> {
    const auto answer = co_await ports_.take_cells(b.cells());
    if (b.reaches_warning(answer)) reporter_.tell(c, event_kind::budget_warning);
    co_return answer;
}

template <class Mode>
auto limiter<Mode>::give_back(const rules::limit_batch& b, const cell_answer& a, bool everything) -> flow<bool> {
    const auto back = b.give_back(a, ports_.now(), everything);
    const bool done = co_await try_to(back);
    co_return done;
}

template <class Mode>
auto limiter<Mode>::try_to(const cell_batch& b) -> flow<bool> {
    if (b.empty()) co_return true;
    try {
        [[maybe_unused]] const auto unused = co_await ports_.take_cells(b);
        co_return true;
    } catch (...) {
        co_return false;
    }
}

template <class Mode>
auto limiter<Mode>::punish(const context& c, const transaction& t) -> flow<bool> {
    const auto at = ports_.now();
    const auto wrong = rules::wrong_code(t, c.networks(), config_, at);
    const auto answer = co_await ports_.take_cells(wrong.cells());
    if (wrong.reaches_warning(answer)) reporter_.tell(c, event_kind::guessing_warning);
    tell_locked(c, rules::wrong_code_wait(t, answer, config_, at));
    co_return true;
}

template <class Mode>
void limiter<Mode>::tell_locked(const context& c, std::chrono::seconds wait) const noexcept {
    if (wait.count() <= 0) return;
    const auto why = failure(error::too_many_failures).with_retry_after(wait);
    reporter_.tell(c, event_kind::locked, &why);
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/flows/messenger.hpp ----

#ifndef PHONEAUTH_FLOWS_MESSENGER_HPP
#define PHONEAUTH_FLOWS_MESSENGER_HPP

#include <atomic>
#include <string>
#include <string_view>


// ---- phoneauth/flows/sender_state.hpp ----

#ifndef PHONEAUTH_FLOWS_SENDER_STATE_HPP
#define PHONEAUTH_FLOWS_SENDER_STATE_HPP

#include <atomic>
#include <chrono>
#include <optional>
#include <string>


// ---- phoneauth/twilio/error_codes.hpp ----

#ifndef PHONEAUTH_TWILIO_ERROR_CODES_HPP
#define PHONEAUTH_TWILIO_ERROR_CODES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// Whose fault it is that a message is not sent, and so who can change it.
enum class fault : std::uint8_t {
    sender,   ///< ours: the credentials, the sender or the service are misconfigured
    account,  ///< the account's: closed, on trial, without a permission
    number,   ///< the phone number's or its owner's
    carrier,  ///< the carrier's, or of a filter on the way
    message,  ///< the message's own: its text, its media, its options
    later     ///< nobody's: it may work later
};

/// Whose messages fail likewise.
enum class reach : std::uint8_t {
    one,          ///< nobody else's, for all that is known
    destination,  ///< perhaps those to the same country
    number,       ///< those to all if the sender is a phone number; else perhaps those to the same country
    everybody     ///< those to all
};

/// The name of a fault, as in `TWILIO.md`.
constexpr std::string_view name_of(fault f) noexcept {
    constexpr std::array<std::string_view, 6> names{"ours",          "the account's", "the number's",
                                                    "the carrier's", "the message's", "try later"};
    return names[static_cast<std::size_t>(f)];
}

/// What one of Twilio's error codes means for whoever asked for a message, and for whoever runs the server.
struct error_code_row {
    int code;                 ///< Twilio's
    fault whose;              ///< whose fault it is
    error meaning;            ///< ours
    reach whom;               ///< whose messages fail likewise
    std::string_view text;    ///< what is told to the client instead of Twilio's own text
    std::string_view remedy;  ///< what whoever runs the server can do about it
};

// clang-format off
/// The codes that have a meaning of their own, in ascending order; see `failure_of` for the others. Those from 30000 on
/// are mostly found in reports about messages that had been accepted.
/// Source: https://www.twilio.com/docs/api/errors, as of 2026-09.
inline constexpr std::array error_codes{
    error_code_row{10001, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account is not active.", "Look at the account's status and balance in Twilio's console."},
    error_code_row{20003, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio rejected the server's credentials.", "Compare account_sid with auth_token, or with api_key and api_secret, and see what the key may do and in which region it is."},
    error_code_row{20005, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account is not active.", "Look at the account's status and balance in Twilio's console."},
    error_code_row{20006, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio denied the server access.", "Give the API key the permission to create messages, or take a standard key."},
    error_code_row{20008, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio's test credentials cannot do this.", "Configure the live credentials."},
    error_code_row{20010, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account may not do this.", "Ask Twilio's support what the account is barred from."},
    error_code_row{20403, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account may not use the API.", "The account is suspended or closed: ask Twilio's support."},
    error_code_row{20404, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio does not know the configured account.", "Compare account_sid and region with Twilio's console."},
    error_code_row{20429, fault::later, error::provider_busy, reach::everybody, "Twilio is receiving too many requests; try again later.", "If it lasts, ask Twilio for more throughput."},
    error_code_row{21211, fault::number, error::invalid_phone_number, reach::one, "The phone number is not valid.", "Nothing: the client mistyped, or the number does not exist."},
    error_code_row{21212, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender is not a valid phone number.", "Set twilio.sender to a number, a sender id or a Messaging Service of the account."},
    error_code_row{21265, fault::number, error::invalid_phone_number, reach::one, "The phone number is a short code.", "Nothing: nobody has a short code for a phone."},
    error_code_row{21266, fault::number, error::provider_refused, reach::one, "The phone number is the sender's own.", "Nothing: the client gave the number that the messages come from."},
    error_code_row{21267, fault::account, error::provider_misconfigured, reach::everybody, "A Twilio trial account cannot send from an alphanumeric sender id.", "Upgrade the account, or set twilio.sender to its trial number."},
    error_code_row{21268, fault::number, error::provider_refused, reach::one, "Messages to premium numbers are not allowed.", "Nothing: somebody tries premium numbers; blocked_prefixes can refuse them before."},
    error_code_row{21408, fault::account, error::provider_refused, reach::one, "Messages to this country are not enabled.", "Enable the country under Messaging, Geo permissions, or leave it out of allowed_calling_codes."},
    error_code_row{21601, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender cannot send messages.", "Set twilio.sender to a number of the account that can send SMS."},
    error_code_row{21602, fault::message, error::missing_parameter, reach::one, "The message has no text.", "Nothing: the message was empty."},
    error_code_row{21603, fault::sender, error::provider_misconfigured, reach::everybody, "The message has no sender.", "Set twilio.sender."},
    error_code_row{21604, fault::message, error::missing_parameter, reach::one, "The message has no recipient.", "Nothing: the message had no recipient."},
    error_code_row{21605, fault::message, error::message_too_long, reach::one, "The message is longer than 1600 characters.", "Shorten the message."},
    error_code_row{21606, fault::sender, error::provider_misconfigured, reach::number, "The configured sender cannot send this message.", "Set twilio.sender to a number of the account that can send SMS to this country, or to a Messaging Service that has one."},
    error_code_row{21607, fault::account, error::provider_misconfigured, reach::everybody, "A Twilio trial account sends from its trial number only.", "Upgrade the account, or set twilio.sender to its trial number."},
    error_code_row{21608, fault::account, error::provider_refused, reach::one, "A Twilio trial account sends only to numbers verified with it.", "Upgrade the account, or verify the number in Twilio's console."},
    error_code_row{21609, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio does not accept the address for its reports.", "Set twilio.status_callback, or the option StatusCallback, to a URL that the internet can reach."},
    error_code_row{21610, fault::number, error::provider_refused, reach::one, "The recipient has opted out of messages from this sender.", "The phone's owner has to send START to the sender."},
    error_code_row{21611, fault::later, error::provider_busy, reach::one, "The sender's queue is full; try again later.", "Spread the messages over more senders, by a Messaging Service."},
    error_code_row{21612, fault::carrier, error::provider_refused, reach::one, "This sender cannot reach that phone number.", "Take a sender that the country accepts: see Twilio's guidelines for it."},
    error_code_row{21614, fault::number, error::provider_refused, reach::one, "The phone number is not a mobile number.", "Nothing: the client gave a number that takes no SMS."},
    error_code_row{21616, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender is ambiguous.", "Write twilio.sender in E.164, with + and the country code."},
    error_code_row{21617, fault::message, error::message_too_long, reach::one, "The message is longer than 1600 characters.", "Shorten the message."},
    error_code_row{21618, fault::message, error::provider_refused, reach::one, "Twilio does not send this text.", "Change the text."},
    error_code_row{21619, fault::message, error::missing_parameter, reach::one, "The message has no text.", "Give a text, a medium or a ContentSid."},
    error_code_row{21620, fault::message, error::invalid_media_url, reach::one, "A media URL is not valid.", "Correct the media URL."},
    error_code_row{21621, fault::sender, error::provider_misconfigured, reach::one, "The configured sender cannot send media.", "Take a sender that can send MMS."},
    error_code_row{21622, fault::account, error::provider_misconfigured, reach::one, "The Twilio account cannot send media.", "Have MMS enabled for the account."},
    error_code_row{21623, fault::message, error::invalid_parameter, reach::one, "The message has too many media.", "Send fewer media."},
    error_code_row{21624, fault::message, error::invalid_parameter, reach::one, "The validity period is not valid.", "ValidityPeriod is 1 to 36000 seconds."},
    error_code_row{21627, fault::message, error::invalid_parameter, reach::one, "The highest price is not valid.", "MaxPrice is a decimal number."},
    error_code_row{21635, fault::number, error::provider_refused, reach::one, "The phone number is a landline.", "Nothing: the client gave a landline."},
    error_code_row{21654, fault::message, error::missing_parameter, reach::one, "The message needs a content template.", "Give a ContentSid."},
    error_code_row{21655, fault::message, error::invalid_parameter, reach::one, "The content template is not valid.", "ContentSid is HX and 32 hexadecimal digits, of the same account."},
    error_code_row{21656, fault::message, error::invalid_parameter, reach::one, "The content template's variables are not valid.", "ContentVariables is a JSON object of texts."},
    error_code_row{21657, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender id is not valid.", "Set twilio.sender to a sender id that Twilio accepts."},
    error_code_row{21658, fault::message, error::invalid_parameter, reach::one, "A parameter of the message is too long.", "Shorten what the message says."},
    error_code_row{21659, fault::sender, error::provider_misconfigured, reach::number, "The configured sender is not Twilio's, or not of the recipient's country.", "Set twilio.sender to a number of the account; a short code reaches its own country only."},
    error_code_row{21660, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender belongs to another account.", "Take the credentials of the account that owns the sender, or one of this account's numbers."},
    error_code_row{21661, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender cannot send SMS.", "Set twilio.sender to a number that can send SMS."},
    error_code_row{21662, fault::sender, error::provider_misconfigured, reach::destination, "The configured sender cannot reach this country from the region.", "Take another sender, or leave twilio.region empty."},
    error_code_row{21663, fault::sender, error::provider_misconfigured, reach::everybody, "The configured sender is routed to another region.", "Set the number's routing in Twilio's console to the region in twilio.region."},
    error_code_row{21664, fault::sender, error::provider_misconfigured, reach::everybody, "A fallback sender needs a Messaging Service.", "Send through a Messaging Service, or leave FallbackFrom out."},
    error_code_row{21665, fault::sender, error::provider_misconfigured, reach::everybody, "The fallback sender is not valid.", "FallbackFrom is a number, a short code or a sender id of the account."},
    error_code_row{21666, fault::sender, error::provider_misconfigured, reach::everybody, "A fallback sender needs a Messaging Service.", "Send through a Messaging Service, or leave FallbackFrom out."},
    error_code_row{21667, fault::sender, error::provider_misconfigured, reach::everybody, "A fallback sender needs an RCS sender in the Messaging Service.", "Add an RCS sender to the service, or leave FallbackFrom out."},
    error_code_row{21668, fault::sender, error::provider_misconfigured, reach::everybody, "This kind of sender cannot send in the region.", "Take another sender, or leave twilio.region empty."},
    error_code_row{21701, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio does not know the configured Messaging Service.", "Compare twilio.sender with the services of this account."},
    error_code_row{21702, fault::sender, error::provider_misconfigured, reach::everybody, "The configured Messaging Service cannot send.", "See what the service lacks in Twilio's console."},
    error_code_row{21703, fault::sender, error::provider_misconfigured, reach::destination, "The configured Messaging Service has no sender for this message.", "Add a sender to the service that can reach this country."},
    error_code_row{21704, fault::sender, error::provider_misconfigured, reach::everybody, "The configured Messaging Service has no senders.", "Add a sender to the service."},
    error_code_row{21705, fault::sender, error::provider_misconfigured, reach::everybody, "The configured Messaging Service is not valid.", "Set twilio.sender to MG and 32 hexadecimal digits of this account."},
    error_code_row{21709, fault::sender, error::provider_misconfigured, reach::everybody, "The sender id may not be used with the Messaging Service.", "Add the sender id to the service."},
    error_code_row{21711, fault::sender, error::provider_misconfigured, reach::everybody, "The sender is not one of the Messaging Service's.", "Add the sender to the service."},
    error_code_row{21730, fault::later, error::provider_busy, reach::everybody, "Twilio is under maintenance; try again later.", "Wait."},
    error_code_row{30001, fault::later, error::provider_busy, reach::one, "The message waited too long; try again later.", "Spread the messages over more senders."},
    error_code_row{30002, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account is suspended.", "Look at the account's status and balance in Twilio's console."},
    error_code_row{30003, fault::number, error::provider_refused, reach::one, "The phone cannot be reached; it may be switched off.", "Nothing: the phone was off or out of reach."},
    error_code_row{30004, fault::number, error::provider_refused, reach::one, "The phone does not take messages.", "Nothing: the phone's owner or carrier blocks messages."},
    error_code_row{30005, fault::number, error::provider_refused, reach::one, "The phone number is not in use.", "Nothing: nobody has the number."},
    error_code_row{30006, fault::number, error::provider_refused, reach::one, "The phone number is a landline or not reachable by its carrier.", "Nothing: the number takes no SMS."},
    error_code_row{30007, fault::carrier, error::provider_refused, reach::one, "The carrier filtered the message.", "Have the sender registered where the country asks for it, and change the text."},
    error_code_row{30008, fault::carrier, error::provider_refused, reach::one, "The message was not delivered.", "If it is frequent with one carrier, ask Twilio's support."},
    error_code_row{30010, fault::message, error::provider_refused, reach::one, "The message costs more than it may.", "Raise MaxPrice."},
    error_code_row{30011, fault::number, error::provider_refused, reach::one, "The phone does not take media.", "Send a text without media."},
    error_code_row{30017, fault::later, error::provider_busy, reach::one, "The carrier is busy; try again later.", "Wait."},
    error_code_row{30018, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered with the carrier.", "Register the sender id for this country in Twilio's console."},
    error_code_row{30019, fault::message, error::provider_refused, reach::one, "The message is too large for the carrier.", "Send smaller media."},
    error_code_row{30022, fault::later, error::provider_busy, reach::destination, "The sender has sent too much; try again later.", "Have the A2P 10DLC campaign's rate raised."},
    error_code_row{30023, fault::later, error::provider_busy, reach::destination, "The sender has sent too much today; try again tomorrow.", "Have the A2P 10DLC brand's daily cap raised."},
    error_code_row{30024, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not known to the carrier.", "Take a sender that the country's carriers accept."},
    error_code_row{30027, fault::later, error::provider_busy, reach::destination, "The sender has sent too much today; try again tomorrow.", "Have the A2P 10DLC brand's daily cap raised."},
    error_code_row{30032, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not verified.", "Have the toll-free number verified in Twilio's console."},
    error_code_row{30033, fault::sender, error::provider_misconfigured, reach::destination, "The sender's campaign is suspended.", "See why the A2P 10DLC campaign is suspended in Twilio's console."},
    error_code_row{30034, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered with the carrier.", "Register the number for A2P 10DLC: add it to a Messaging Service with an approved campaign."},
    error_code_row{30035, fault::sender, error::provider_misconfigured, reach::destination, "The sender is still being registered.", "Wait until the A2P 10DLC registration is through, or take another sender."},
    error_code_row{30036, fault::later, error::provider_busy, reach::one, "The message waited too long; try again later.", "Spread the messages over more senders."},
    error_code_row{30037, fault::account, error::provider_misconfigured, reach::everybody, "The Twilio account may not send messages.", "Ask Twilio's support why outbound messages are disabled."},
    error_code_row{30038, fault::carrier, error::provider_refused, reach::one, "The carrier filtered the message.", "Nothing: the number is a Twilio number, which gets no codes."},
    error_code_row{30039, fault::carrier, error::provider_refused, reach::one, "Twilio filtered the message.", "Nothing: two machines were sending to each other."},
    error_code_row{30040, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered with the carrier.", "Register the sender id for this country in Twilio's console."},
    error_code_row{30041, fault::sender, error::provider_misconfigured, reach::destination, "The sender is not registered in this country.", "Register the sender id for this country in Twilio's console."},
    error_code_row{30042, fault::sender, error::provider_misconfigured, reach::destination, "The carrier does not accept this sender id.", "Take a sender id that names the business, without special characters."},
    error_code_row{30044, fault::account, error::provider_misconfigured, reach::one, "The message is too long for a Twilio trial account.", "Upgrade the account, or shorten message_template."},
    error_code_row{63002, fault::sender, error::provider_misconfigured, reach::everybody, "The channel does not know the configured sender.", "Compare twilio.sender with the senders in Twilio's console."},
    error_code_row{63003, fault::number, error::provider_refused, reach::one, "The phone number is not on this channel.", "Nothing: the phone's owner does not use it."},
    error_code_row{63007, fault::sender, error::provider_misconfigured, reach::everybody, "The channel does not know the configured sender.", "Compare twilio.sender with the WhatsApp senders of this account."},
    error_code_row{63008, fault::sender, error::provider_misconfigured, reach::everybody, "The channel is misconfigured.", "See the channel's configuration in Twilio's console."},
    error_code_row{63014, fault::number, error::provider_refused, reach::one, "The recipient has blocked this sender.", "Nothing: the phone's owner has blocked the sender."},
    error_code_row{63016, fault::sender, error::provider_misconfigured, reach::one, "WhatsApp takes such a text only as an answer.", "Send codes by SMS: WhatsApp wants an approved template (ContentSid) outside of a conversation."},
    error_code_row{63018, fault::later, error::provider_busy, reach::everybody, "The channel is busy; try again later.", "Wait, or have the channel's limit raised."},
    error_code_row{63024, fault::number, error::provider_refused, reach::one, "The phone number is not on this channel.", "Nothing: the phone's owner does not use it."},
    error_code_row{70051, fault::sender, error::provider_misconfigured, reach::everybody, "Twilio did not authorize the request.", "Give the API key the permission to create messages, or take a standard key."},
    error_code_row{572002, fault::account, error::provider_misconfigured, reach::one, "A Twilio trial account sends from its trial number only.", "Upgrade the account, or set twilio.sender to the trial number of this recipient."},
    error_code_row{572005, fault::account, error::provider_refused, reach::one, "A Twilio trial account sends only to numbers verified with it.", "Upgrade the account, or verify the number in Twilio's console."},
};
// clang-format on

static_assert(std::is_sorted(error_codes.begin(), error_codes.end(),
                             [](const error_code_row& a, const error_code_row& b) { return a.code < b.code; }),
              "error_codes is searched by halves");

/// The row of `code`, or nullptr.
constexpr const error_code_row* find_error_code(std::int64_t code) noexcept {
    const auto row = std::lower_bound(error_codes.begin(), error_codes.end(), code,
                                      [](const error_code_row& r, std::int64_t c) { return r.code < c; });
    return row != error_codes.end() && row->code == code ? &*row : nullptr;
}

/// Whose messages fail likewise where messages come from a sender of the kind `sender`: a short code or a sender id may be
/// good for some countries only, a phone number can send to all or to none.
constexpr reach reach_of(const error_code_row& row, sender_kind sender) noexcept {
    if (row.whom != reach::number) return row.whom;
    return sender == sender_kind::number ? reach::everybody : reach::destination;
}

/// What whoever runs the server can do about `code`; empty if nothing is known.
constexpr std::string_view remedy_of(std::int64_t code) noexcept {
    const auto* row = find_error_code(code);
    return row ? row->remedy : std::string_view();
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whether the configured sender can send at all, as far as the last messages tell. Nobody sends a message for an unknown
/// phone, so whoever asks for one learns from here that none could leave.
///
/// Only what is true of everybody's messages counts: what depends on where a message goes could be brought about by
/// strangers, who would then see whose messages leave nevertheless. It lasts until a message is accepted: if time alone
/// ended it, the next failure would tell whose phone it was for. Thread-safe.
class sender_state {
public:
    /// While no message can leave, Twilio is asked once in so long whether that is still so.
    static constexpr std::chrono::seconds probe_interval{2};

    /// `sender`: `twilio_config::sender`.
    explicit sender_state(std::string_view sender) : kind_(twilio::kind_of_sender(sender)) {}

    /// Whether a message from the configured sender that failed with `why` would have failed whoever it was for.
    bool is_everybodys(const failure& why) const noexcept {
        if (why.code != error::provider_misconfigured) return false;
        const auto* row = why.twilio_code ? twilio::find_error_code(*why.twilio_code) : nullptr;
        return !row || twilio::reach_of(*row, kind_) == twilio::reach::everybody;
    }

    /// A message from the configured sender was accepted.
    void accepted() noexcept {
        is_unclear_ = false;
        code_ = none;
    }

    /// A message from the configured sender failed with `why`, at the time `now`.
    void failed(const failure& why, time_point now) noexcept {
        is_unclear_ = why.code == error::bad_provider_reply;
        if (!is_everybodys(why)) return;
        code_ = why.twilio_code.value_or(unnamed);
        last_probe_ = now;
    }

    /// What a message fails with, if it does: word for word what Twilio's reply was made into.
    std::optional<failure> trouble() const {
        const int code = code_;
        if (code == none) return std::nullopt;
        failure f(error::provider_misconfigured);
        if (const auto* row = twilio::find_error_code(code)) f = failure(row->meaning, std::string(row->text));
        if (code != unnamed) f.twilio_code = code;
        return f;
    }

    /// The same for whoever is about to ask Twilio, whoever they ask for; empty for one of them in `probe_interval`, who
    /// has to find out whether it is still so. So nobody can have Twilio asked as often as they like.
    std::optional<failure> trouble_unless_probed(time_point now) {
        auto f = trouble();
        if (!f) return f;
        auto last = last_probe_.load();
        // A clock that was set back must not end the probes.
        if (now >= last && now - last < probe_interval) return f;
        if (!last_probe_.compare_exchange_strong(last, now)) return f;
        return std::nullopt;
    }

    /// Whether what was answered to the last message was not Twilio's (a proxy's page, say), so that the next one may not
    /// arrive either.
    bool is_unclear() const noexcept { return is_unclear_; }

private:
    static constexpr int none = 0, unnamed = -1;

    const twilio::sender_kind kind_;
    std::atomic<bool> is_unclear_{false};
    std::atomic<int> code_{none};  ///< Twilio's, or one of the two above
    std::atomic<time_point> last_probe_{};
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/secrets/code.hpp ----

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
/// to digits, with `round` counting up from 0 in the practically impossible case that every draw is rejected.
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
        input.reserve(t.id.size() + t.phone.str().size() + 3);
        input += '\0';
        input += static_cast<char>(t.purpose);
        input += t.id;
        input += '\0';
        input += t.phone.str();
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

// ---- phoneauth/text_message.hpp ----

#ifndef PHONEAUTH_TEXT_MESSAGE_HPP
#define PHONEAUTH_TEXT_MESSAGE_HPP

#include <cstddef>
#include <string>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {

/// Most characters (Unicode code points) of a message's body that Twilio takes.
inline constexpr std::size_t max_message_characters = 1600;
/// Most media of a message that Twilio takes.
inline constexpr std::size_t max_media_urls = 10;

/// An SMS, or an MMS if it has media.
struct text_message {
    /// Names and values, in the order in which they are sent.
    using option_list = std::vector<std::pair<std::string, std::string>>;

    // Constructors, as g++ 12 destroys a temporary aggregate in a co_await expression twice.
    text_message() = default;
    /// An SMS, or an MMS if `media` has any.
    text_message(std::string phone, std::string text, std::vector<std::string> media = {}, option_list further = {})
        : to(std::move(phone)), body(std::move(text)), media_urls(std::move(media)), options(std::move(further)) {}

    std::string to;                       ///< a phone number, as people type it
    std::string body;                     ///< UTF-8, at most `max_message_characters`; may be empty if there are media
    std::vector<std::string> media_urls;  ///< https, at most `max_media_urls`
    /// Further parameters of Twilio's Messages resource by their Twilio names ("StatusCallback", or "statusCallback" as
    /// Twilio's JavaScript library spells it), for example {"ValidityPeriod", "300"}. `To`, `Body` and `MediaUrl` are
    /// not options.
    option_list options;
};

/// A message that Twilio has accepted.
struct sent_message {
    std::string sid;     ///< `SM…` or `MM…`
    std::string status;  ///< Twilio's word: "queued", "accepted", …
    std::string json;    ///< the Message resource as Twilio answered it
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/twilio/replies.hpp ----

#ifndef PHONEAUTH_TWILIO_REPLIES_HPP
#define PHONEAUTH_TWILIO_REPLIES_HPP

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// What became of a Messages create that was answered with `reply`: the accepted message, or a failure by `failure_of`.
PHONEAUTH_DECL result<sent_message> read_sent_message(const http_response& reply);

/// The failure that `reply`, which is no success, stands for: what `error_codes` says of Twilio's code; else
/// `provider_busy` (429, with `retry_after`), `provider_misconfigured` (401, 403), `provider_unreachable` (407: a proxy
/// on the way has not passed it on), `provider_refused` (an unknown code), `no_answer` (5xx: it may have been sent),
/// `bad_provider_reply` (a redirect or no reply of Twilio's). `twilio_code` is set if Twilio named one.
PHONEAUTH_DECL failure failure_of(const http_response& reply);

/// Whether Twilio went into what it was asked, whatever it then said: success, or a refusal because of the message or
/// the phone, with a code of Twilio's. False for what it says to all requests alike (wrong credentials or sender, too
/// many requests, out of order), and for what is not Twilio's: a proxy's page, say.
PHONEAUTH_DECL bool is_about_the_request(const http_response& reply);

/// Whether `reply` says that a look-up of messages worked: what is asked in place of a message when nobody has a phone.
/// Fails with `bad_provider_reply` if it is neither a list of Twilio's nor another resource (which a stand-in for Twilio
/// may answer), else as `failure_of`.
PHONEAUTH_DECL result<void> read_look_up(const http_response& reply);

/// Twilio is left alone for so long after a 429 that does not say for how long.
inline constexpr std::chrono::seconds usual_pause{5};
/// It is left alone for no longer than this, whatever it says.
inline constexpr std::chrono::seconds longest_pause{3600};

/// For how long Twilio is to be asked nothing more after `reply`; 0: it may be asked at once. That is the Retry-After of
/// a 429 or 503 (RFC 6585 §4, RFC 9110 §10.2.3), at most `longest_pause`. A 429 about the message (the sender's queue is
/// full) says nothing about other requests.
PHONEAUTH_DECL std::chrono::seconds pause_after(const http_response& reply);

/// True when `f`, what sending a message ended with, promises that no message was sent. Else it may have been.
PHONEAUTH_DECL bool certainly_not_sent(const failure& f) noexcept;

/// What the account look-up says: "active", "suspended" or "closed".
PHONEAUTH_DECL result<std::string> read_account_status(const http_response& reply);

/// Whether the account look-up says that the account is on trial.
PHONEAUTH_DECL bool is_trial_account(const http_response& reply);

/// Numbers of the first page of a list.
struct number_page {
    std::vector<std::string> numbers;  ///< E.164; at most 20
    bool is_whole = true;              ///< there are no others
};

/// What the list of verified numbers says.
PHONEAUTH_DECL result<number_page> read_verified_numbers(const http_response& reply);

/// Whether a look-up of short codes found one.
PHONEAUTH_DECL result<bool> read_short_code(const http_response& reply);

/// Some senders of a Messaging Service.
struct service_senders {
    std::size_t count = 0;    ///< on the first page
    bool cannot_sms = false;  ///< there are some, whose capabilities are known, and SMS is none of them
};

/// What a list of a Messaging Service's senders says; `member` is where they stand in it: "phone_numbers", say.
PHONEAUTH_DECL result<service_senders> read_service_senders(const http_response& reply, std::string_view member);

/// A country, as Twilio's Geo Permissions have it.
struct country_permission {
    std::string country;   ///< ISO 3166-1, two letters
    std::string prefix;    ///< what its numbers begin with: digits
    bool enabled = false;  ///< the account may send messages there
};

/// What the list of countries says; at most 500 of them. Rows of another form are left out.
PHONEAUTH_DECL result<std::vector<country_permission>> read_countries(const http_response& reply);

/// When `reply` was made, by its header Date (RFC 9110 §6.6.1); empty if it does not say so.
PHONEAUTH_DECL std::optional<std::chrono::sys_seconds> date_of(const http_response& reply);

/// What a number can do.
struct capabilities {
    bool sms = false;  ///< send SMS
    bool mms = false;  ///< send MMS
};

/// What the number look-up says; an empty optional: the account does not own it.
PHONEAUTH_DECL result<std::optional<capabilities>> read_number(const http_response& reply);

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/twilio/replies.ipp ----

#ifndef PHONEAUTH_TWILIO_REPLIES_IPP
#define PHONEAUTH_TWILIO_REPLIES_IPP

#include <algorithm>
#include <charconv>
#include <string_view>
#include <utility>


// ---- phoneauth/detail/json.hpp ----

#ifndef PHONEAUTH_DETAIL_JSON_HPP
#define PHONEAUTH_DETAIL_JSON_HPP

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// The only place that knows about simdjson, which stays out of this header.

namespace phoneauth {
inline namespace v0 {
namespace detail {

enum class json_kind { null, boolean, number, string, array, object };

/// A JSON value, one level deep: what is inside an item is parsed when somebody asks for it.
struct json_value {
    struct item;

    json_kind kind = json_kind::null;
    secret_string text;       ///< of a string: what it says; of anything else: its JSON text, digit by digit as it came
    std::vector<item> items;  ///< of an array or object

    bool is(json_kind k) const noexcept { return kind == k; }
    /// The member `key` of an object, or nullptr.
    const item* find(std::string_view key) const noexcept;
    /// The member `key` if it is a string, else empty.
    std::string_view string_or_empty(std::string_view key) const noexcept;
    /// The member `key` if it is an integer of 64 bits.
    std::optional<std::int64_t> integer(std::string_view key) const noexcept;
};

struct json_value::item {
    std::string key;  ///< of an object's member
    json_kind kind = json_kind::null;
    secret_string text;  ///< as in `json_value`
};

inline const json_value::item* json_value::find(std::string_view key) const noexcept {
    for (const auto& i : items)
        if (kind == json_kind::object && i.key == key) return &i;
    return nullptr;
}

inline std::string_view json_value::string_or_empty(std::string_view key) const noexcept {
    const auto* i = find(key);
    return i && i->kind == json_kind::string ? std::string_view(i->text) : std::string_view();
}

/// `text` without the byte order mark that some editors and clients put before it (RFC 8259 §8.1 lets a reader ignore
/// it).
inline std::string_view without_byte_order_mark(std::string_view text) noexcept {
    constexpr std::string_view mark = "\xef\xbb\xbf";
    return text.starts_with(mark) ? text.substr(mark.size()) : text;
}

/// Parses one whole JSON text (RFC 8259), validated throughout: syntax, UTF-8, depth, and that no member is named
/// twice. Empty when it is not JSON, is nested deeper than `max_depth`, or has a number beyond 64 bits. A byte order
/// mark before it is none of it, whatever simdjson thinks: the text may become a part of another one.
PHONEAUTH_DECL std::optional<json_value> parse_json(std::string_view text, std::size_t max_depth = 16);

/// What `check_json` says of a text.
enum class json_check { ok, no_json, refused_name };

/// Whether `parse_json` would parse `text`, and no object in it, however deep, has a member whose name `refuses`. Costs
/// less.
PHONEAUTH_DECL json_check check_json(std::string_view text, bool (*refuses)(std::string_view) noexcept,
                                     std::size_t max_depth = 16);

/// Appends `text` as a JSON string, quotes included. Bytes that are not UTF-8 become U+FFFD.
PHONEAUTH_DECL void append_json_string(std::string& out, std::string_view text);

/// `text` as a JSON string.
inline std::string json_string(std::string_view text) {
    std::string s;
    append_json_string(s, text);
    return s;
}

/// Writes a JSON object member by member.
class json_object {
public:
    json_object& string(std::string_view key, std::string_view value) {
        append_json_string(begin(key), value);
        return *this;
    }
    /// As `string`, for a secret, which must come last: what is added to the text before it is gone may leave a copy of
    /// it behind.
    json_object& secret(std::string_view key, std::string_view value) {
        out_.reserve(out_.size() + key.size() + 6 * value.size() + 8);
        return string(key, value);
    }
    json_object& number(std::string_view key, std::int64_t value) { return raw(key, std::to_string(value)); }
    json_object& boolean(std::string_view key, bool value) { return raw(key, value ? "true" : "false"); }
    json_object& null(std::string_view key) { return raw(key, "null"); }
    /// `json` is the value's JSON text.
    json_object& raw(std::string_view key, std::string_view json) {
        begin(key) += json;
        return *this;
    }
    std::string str() && {
        out_ += '}';
        return std::move(out_);
    }

private:
    std::string& begin(std::string_view key) {
        if (out_.size() > 1) out_ += ',';
        append_json_string(out_, key);
        out_ += ':';
        return out_;
    }
    std::string out_ = "{";
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/detail/json.ipp ----

#ifndef PHONEAUTH_DETAIL_JSON_IPP
#define PHONEAUTH_DETAIL_JSON_IPP

#include <algorithm>
#include <charconv>
#include <utility>


#include <simdjson.h>

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What simdjson leaves to us: whether `value` is nested at most `depth` deep and names no member of an object twice.
inline bool is_sound(simdjson::dom::element value, std::size_t depth) {
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!value.get(array)) {
        if (depth == 0) return false;
        for (const auto element : array)
            if (!is_sound(element, depth - 1)) return false;
    }
    if (!value.get(object)) {
        if (depth == 0) return false;
        std::vector<std::string_view> keys;
        keys.reserve(object.size());
        for (const auto member : object) {
            if (!is_sound(member.value, depth - 1)) return false;
            keys.push_back(member.key);
        }
        std::sort(keys.begin(), keys.end());
        return std::adjacent_find(keys.begin(), keys.end()) == keys.end();
    }
    return true;
}

/// Whether an object in `value`, whose depth is known to be bounded, has a member whose name `is_it`.
inline bool has_member(simdjson::dom::element value, bool (*is_it)(std::string_view) noexcept) {
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!value.get(array))
        return std::any_of(array.begin(), array.end(), [&](auto element) { return has_member(element, is_it); });
    if (!value.get(object))
        return std::any_of(object.begin(), object.end(),
                           [&](auto member) { return is_it(member.key) || has_member(member.value, is_it); });
    return false;
}

inline json_kind kind_of(simdjson::dom::element value) noexcept {
    using simdjson::dom::element_type;
    switch (value.type()) {
    case element_type::ARRAY:
        return json_kind::array;
    case element_type::OBJECT:
        return json_kind::object;
    case element_type::STRING:
        return json_kind::string;
    case element_type::BOOL:
        return json_kind::boolean;
    case element_type::NULL_VALUE:
        return json_kind::null;
    default:
        return json_kind::number;
    }
}

/// Cuts the top level of a JSON text into the texts of its values. The JSON text must be known to be valid.
class raw_values {
public:
    explicit raw_values(std::string_view valid_json) noexcept : rest_(valid_json) {}

    /// Steps from an array or object to what is in it.
    void enter() noexcept { rest_.remove_prefix(rest_.find_first_of("[{") + 1); }
    /// The next value, or the next member's name with its quotes.
    std::string_view next() noexcept {
        rest_.remove_prefix(rest_.find_first_not_of(" \t\r\n,:"));
        const auto value = rest_.substr(0, length());
        rest_.remove_prefix(value.size());
        return value;
    }

private:
    std::size_t length() const noexcept {
        std::size_t at = 0, depth = 0;
        do {
            switch (rest_[at++]) {
            case '[':
            case '{':
                ++depth;
                break;
            case ']':
            case '}':
                --depth;
                break;
            case '"':
                while (rest_[at] != '"') at += rest_[at] == '\\' ? 2 : 1;
                ++at;
                break;
            default:
                if (depth == 0) return (std::min)(rest_.find_first_of(" \t\r\n,:]}"), rest_.size());
            }
        } while (depth != 0);
        return at;
    }
    std::string_view rest_;
};

/// What `json_value::text` is of `value`, whose JSON text is `raw`.
inline secret_string text_of(simdjson::dom::element value, std::string_view raw) {
    std::string_view string;
    return secret_string(value.get(string) ? raw : string);
}

/// Wipes what a parser keeps of a text's strings.
struct parser_wiper {
    simdjson::dom::parser& parser;
    ~parser_wiper() {
        // The room that simdjson makes for strings: each has five bytes more there than its characters, and three in
        // the text.
        if (parser.doc.string_buf) wipe({parser.doc.string_buf.get(), 5 * parser.doc.capacity() / 3});
    }
};

/// Lets `use` look at the root of `text` if it is JSON as `parse_json` wants it. Returns whether it is.
template <class Use>
bool with_parsed(std::string_view text, std::size_t max_depth, Use use) {
    if (without_byte_order_mark(text).size() != text.size()) return false;  // simdjson 4 skips it, 3 does not
    simdjson::dom::parser parser;  // local: one that is kept would keep the memory that the largest text needed
    const parser_wiper wiper{parser};
    simdjson::dom::element root;
    secret_string copy;  // simdjson reads past the end
    copy.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    copy.append(text).append(simdjson::SIMDJSON_PADDING, ' ');
    // simdjson's depth starts at 1.
    if (parser.allocate(text.size(), max_depth + 1) || parser.parse(copy.data(), text.size(), false).get(root))
        return false;
    if (!is_sound(root, max_depth)) return false;
    use(root);
    return true;
}

/// `root`, whose JSON text is `text`, as a value.
inline json_value value_of(simdjson::dom::element root, std::string_view text) {
    raw_values raw(text);
    json_value v;
    v.kind = kind_of(root);
    v.text = text_of(root, raw_values(raw).next());
    simdjson::dom::array array;
    simdjson::dom::object object;
    if (!root.get(array)) {
        raw.enter();
        v.items.reserve(array.size());
        for (const auto element : array) v.items.push_back({{}, kind_of(element), text_of(element, raw.next())});
    }
    if (!root.get(object)) {
        raw.enter();
        v.items.reserve(object.size());
        for (const auto member : object) {
            raw.next();
            v.items.push_back({std::string(member.key), kind_of(member.value), text_of(member.value, raw.next())});
        }
    }
    return v;
}

PHONEAUTH_DECL std::optional<json_value> parse_json(std::string_view text, std::size_t max_depth) {
    std::optional<json_value> v;
    with_parsed(text, max_depth, [&](simdjson::dom::element root) { v = value_of(root, text); });
    return v;
}

PHONEAUTH_DECL json_check check_json(std::string_view text, bool (*refuses)(std::string_view) noexcept,
                                     std::size_t max_depth) {
    bool refused = false;
    const bool parsed =
        with_parsed(text, max_depth, [&](simdjson::dom::element root) { refused = has_member(root, refuses); });
    if (!parsed) return json_check::no_json;
    return refused ? json_check::refused_name : json_check::ok;
}

PHONEAUTH_DECL std::optional<std::int64_t> json_value::integer(std::string_view key) const noexcept {
    const auto* i = find(key);
    if (!i || i->kind != json_kind::number) return {};
    std::int64_t value = 0;
    const auto* end = i->text.data() + i->text.size();
    const auto [stop, error] = std::from_chars(i->text.data(), end, value);
    if (error != std::errc() || stop != end) return {};
    return value;
}

PHONEAUTH_DECL void append_json_string(std::string& out, std::string_view text) {
    constexpr std::string_view hex = "0123456789abcdef";
    const auto longer =
        std::count_if(text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || (c >= 0 && c < 0x20); });
    out.reserve(out.size() + text.size() + 5 * static_cast<std::size_t>(longer) + 2);
    out += '"';
    while (!text.empty()) {
        const auto length = utf8_sequence(text);
        const char c = text.front();
        if (length == 0) {
            out += "\xef\xbf\xbd";  // U+FFFD
        } else if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c >= 0 && c < 0x20) {
            out += "\\u00";
            out += hex[static_cast<unsigned char>(c) >> 4];
            out += hex[static_cast<unsigned char>(c) & 15];
        } else {
            out += text.substr(0, length);
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    out += '"';
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/detail/read_http_date.hpp ----

#ifndef PHONEAUTH_DETAIL_READ_HTTP_DATE_HPP
#define PHONEAUTH_DETAIL_READ_HTTP_DATE_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The time that `text` means, if it is in the one form that is still written: "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110
/// §5.6.7, IMF-fixdate). The name of the day is not looked at.
inline std::optional<std::chrono::sys_seconds> read_http_date(std::string_view text) {
    constexpr std::string_view form = "Aaa, 00 Aaa 0000 00:00:00 GMT";
    constexpr std::array<std::string_view, 12> months{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    if (text.size() != form.size()) return std::nullopt;
    for (std::size_t i = 0; i < form.size(); ++i) {
        const bool fits = form[i] == '0'                     ? is_digit(text[i])
                          : form[i] == 'A' || form[i] == 'a' ? is_alnum(text[i])
                                                             : text[i] == form[i];
        if (!fits) return std::nullopt;
    }
    const auto number = [&](std::size_t begin, std::size_t size) {
        int n = 0;
        for (const char c : text.substr(begin, size)) n = 10 * n + (c - '0');
        return n;
    };
    const auto month = std::find(months.begin(), months.end(), text.substr(8, 3));
    if (month == months.end()) return std::nullopt;
    const std::chrono::year_month_day day(std::chrono::year(number(12, 4)),
                                          std::chrono::month(static_cast<unsigned>(month - months.begin()) + 1),
                                          std::chrono::day(static_cast<unsigned>(number(5, 2))));
    const int hours = number(17, 2);
    const int minutes = number(20, 2);
    const int seconds = number(23, 2);
    if (!day.ok() || hours > 23 || minutes > 59 || seconds > 60) return std::nullopt;  // 60: a leap second
    return std::chrono::sys_days(day) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
           std::chrono::seconds(seconds);
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// The header Retry-After, if it is a number of seconds.
inline std::optional<std::chrono::seconds> retry_after_of(const http_response& reply) {
    const auto* after = find_header(reply.headers, "Retry-After");
    if (!after) return std::nullopt;
    int seconds = 0;
    const auto [end, ec] = std::from_chars(after->data(), after->data() + after->size(), seconds);
    if (ec != std::errc() || end != after->data() + after->size() || seconds < 0) return std::nullopt;
    return std::chrono::seconds(seconds);
}

PHONEAUTH_DECL failure failure_of(const http_response& reply) {
    const auto body = detail::parse_json(reply.body);
    const auto code = body ? body->integer("code") : std::nullopt;
    failure f = [&]() -> failure {
        if (reply.status >= 500) return error::no_answer;
        if (reply.status < 400) return error::bad_provider_reply;  // Twilio refuses with 4xx only
        if (const auto* row = code ? find_error_code(*code) : nullptr) return {row->meaning, std::string(row->text)};
        if (reply.status == 407) return error::provider_unreachable;  // RFC 9110 §15.5.8: no server of Twilio's
        if (reply.status == 429) return error::provider_busy;
        if (reply.status == 401 || reply.status == 403) return error::provider_misconfigured;
        return code ? error::provider_refused : error::bad_provider_reply;
    }();
    if (code && std::in_range<int>(*code)) f.twilio_code = static_cast<int>(*code);
    if (reply.status == 429) f.retry_after = retry_after_of(reply);
    return f;
}

PHONEAUTH_DECL bool is_about_the_request(const http_response& reply) {
    if (reply.status >= 200 && reply.status <= 299) return true;
    if (reply.status < 400 || reply.status > 499) return false;
    const auto f = failure_of(reply);
    if (!f.twilio_code) return false;
    const auto* row = find_error_code(*f.twilio_code);
    if (f.code == error::provider_misconfigured && (!row || row->whom == reach::everybody)) return false;
    if (reply.status != 401 && reply.status != 403 && reply.status != 404 && reply.status != 429) return true;
    return *f.twilio_code / 1000 == 21;
}

PHONEAUTH_DECL result<void> read_look_up(const http_response& reply) {
    if (reply.status < 200 || reply.status > 299) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    const auto* list = body ? body->find("messages") : nullptr;
    const bool is_list = list && list->kind == detail::json_kind::array;
    if (!is_list && (!body || body->string_or_empty("sid").empty())) return error::bad_provider_reply;
    return {};
}

PHONEAUTH_DECL std::chrono::seconds pause_after(const http_response& reply) {
    const bool throttled = reply.status == 429 && !is_about_the_request(reply);
    if (!throttled && reply.status != 503) return {};
    const auto without = throttled ? usual_pause : std::chrono::seconds(0);
    return (std::min)(retry_after_of(reply).value_or(without), longest_pause);
}

PHONEAUTH_DECL result<sent_message> read_sent_message(const http_response& reply) {
    if (reply.status < 200 || reply.status > 299) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    if (!body || body->string_or_empty("sid").empty()) return error::bad_provider_reply;
    return sent_message{std::string(body->string_or_empty("sid")), std::string(body->string_or_empty("status")),
                        reply.body};
}

PHONEAUTH_DECL bool certainly_not_sent(const failure& f) noexcept {
    if (f.code.category() != error_category()) return false;
    const auto e = static_cast<error>(f.code.value());
    switch (e) {
    case error::provider_refused:
    case error::provider_misconfigured:
    case error::provider_busy:
    case error::provider_unreachable:
    case error::invalid_phone_number:
    case error::missing_parameter:
    case error::message_too_long:
    case error::invalid_media_url:
        return true;
    default:
        return safe_to_resend(e);
    }
}

PHONEAUTH_DECL result<std::string> read_account_status(const http_response& reply) {
    if (reply.status != 200) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    if (!body || body->string_or_empty("status").empty()) return error::bad_provider_reply;
    return std::string(body->string_or_empty("status"));
}

PHONEAUTH_DECL bool is_trial_account(const http_response& reply) {
    if (reply.status != 200) return false;
    const auto body = detail::parse_json(reply.body);
    return body && body->string_or_empty("type") == "Trial";
}

/// The elements of the list `member` in `reply`, each parsed, `most` of them at most.
inline result<std::vector<detail::json_value>> list_in(const http_response& reply, std::string_view member,
                                                       std::size_t most) {
    if (reply.status != 200) return failure_of(reply);
    const auto body = detail::parse_json(reply.body);
    const auto* list = body ? body->find(member) : nullptr;
    const auto elements =
        list && list->kind == detail::json_kind::array ? detail::parse_json(list->text) : std::nullopt;
    if (!elements) return error::bad_provider_reply;
    std::vector<detail::json_value> parsed;
    for (const auto& item : elements->items) {
        if (parsed.size() == most) break;
        auto element = detail::parse_json(item.text);
        parsed.push_back(element ? *std::move(element) : detail::json_value());
    }
    return parsed;
}

PHONEAUTH_DECL result<number_page> read_verified_numbers(const http_response& reply) {
    constexpr std::size_t most = 20;
    const auto list = list_in(reply, "outgoing_caller_ids", most + 1);
    if (!list) return list.error();
    number_page page;
    const auto body = detail::parse_json(reply.body);
    page.is_whole = list->size() <= most && body->string_or_empty("next_page_uri").empty();
    for (const auto& element : *list) {
        const std::string number(element.string_or_empty("phone_number"));
        if (page.numbers.size() < most && phone_number::from_e164(number)) page.numbers.push_back(number);
    }
    return page;
}

PHONEAUTH_DECL result<bool> read_short_code(const http_response& reply) {
    const auto list = list_in(reply, "short_codes", 1);
    if (!list) return list.error();
    return !list->empty();
}

PHONEAUTH_DECL result<service_senders> read_service_senders(const http_response& reply, std::string_view member) {
    const auto list = list_in(reply, member, 100);
    if (!list) return list.error();
    service_senders senders{list->size(), false};
    std::size_t known = 0;
    std::size_t able = 0;
    for (const auto& element : *list) {
        const auto* given = element.find("capabilities");
        if (!given || given->kind != detail::json_kind::array) continue;
        const auto capabilities = detail::parse_json(given->text);
        if (!capabilities || capabilities->items.empty()) continue;
        ++known;
        able += std::any_of(capabilities->items.begin(), capabilities->items.end(),
                            [](const auto& c) { return c.text == "SMS"; });
    }
    senders.cannot_sms = known > 0 && known == senders.count && able == 0;
    return senders;
}

PHONEAUTH_DECL result<std::vector<country_permission>> read_countries(const http_response& reply) {
    const auto list = list_in(reply, "permissions", 500);
    if (!list) return list.error();
    std::vector<country_permission> countries;
    for (const auto& element : *list) {
        const auto country = element.string_or_empty("country_code");
        auto prefix = element.string_or_empty("prefix");
        if (prefix.starts_with('+')) prefix.remove_prefix(1);
        const auto* enabled = element.find("enabled");
        const bool is_row = country.size() == 2 && std::all_of(country.begin(), country.end(), detail::is_alnum) &&
                            !prefix.empty() && prefix.size() <= 15 &&
                            std::all_of(prefix.begin(), prefix.end(), detail::is_digit) && enabled &&
                            enabled->kind == detail::json_kind::boolean;
        if (is_row) countries.push_back({std::string(country), std::string(prefix), enabled->text == "true"});
    }
    return countries;
}

PHONEAUTH_DECL std::optional<std::chrono::sys_seconds> date_of(const http_response& reply) {
    const auto* date = find_header(reply.headers, "Date");
    return date ? detail::read_http_date(*date) : std::nullopt;
}

PHONEAUTH_DECL result<std::optional<capabilities>> read_number(const http_response& reply) {
    const auto list = list_in(reply, "incoming_phone_numbers", 1);
    if (!list) return list.error();
    if (list->empty()) return std::optional<capabilities>();
    const auto* given = list->front().find("capabilities");
    const auto able = given ? detail::parse_json(given->text) : std::nullopt;
    if (!able) return error::bad_provider_reply;
    const auto is_true = [&](std::string_view name) {
        const auto* item = able->find(name);
        return item && item->text == "true" && item->kind == detail::json_kind::boolean;
    };
    return std::optional(capabilities{is_true("sms"), is_true("mms")});
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/twilio/requests.hpp ----

#ifndef PHONEAUTH_TWILIO_REQUESTS_HPP
#define PHONEAUTH_TWILIO_REQUESTS_HPP

#include <chrono>
#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// Where a product of Twilio's is: `https://api.twilio.com`, with the region and the edge of `c` if it has them; or
/// `base_url`, which takes the place of all products. Without a "/" at its end.
PHONEAUTH_DECL std::string url_of_product(const twilio_config& c, std::string_view product = "api");

/// Builds requests to Twilio's REST API (version 2010-04-01, and two others for what that lacks); what comes back is read by the functions of replies.hpp.
/// No I/O. Immutable, so that it may be used from several threads at once.
class requests {
public:
    /// `c` passes `validate`. The credentials are the API key's if there is one, else the account's.
    PHONEAUTH_DECL explicit requests(const twilio_config& c);

    /// Messages create: `POST /2010-04-01/Accounts/{Sid}/Messages.json`. `to` takes the place of `m.to`. Fails with
    /// `missing_parameter` (neither body nor media), `message_too_long`, `invalid_media_url`, `invalid_parameter` (an
    /// option that Twilio does not know, too many media, a body that is not UTF-8 or holds a NUL, a StatusCallback below
    /// `twilio_config::status_callback`: Twilio would sign a report about a transaction that the sender has named).
    /// Where the sender, the option From or the configured one, is of a channel (`whatsapp:`, `rcs:`), so is `to`.
    PHONEAUTH_DECL result<http_request> create_message(const phone_number& to, const text_message& m) const;

    /// The same for a code's text, good for `validity`: after that Twilio no longer delivers it. What becomes of it is
    /// reported to `status_callback`, a URL, unless that is empty.
    PHONEAUTH_DECL http_request create_code_message(const phone_number& to, std::string_view text,
                                                    std::chrono::seconds validity,
                                                    std::string_view status_callback = {}) const;

    /// The messages that were sent to `to`: `GET …/Messages.json?PageSize=1&To=…`. Costs nothing.
    PHONEAUTH_DECL http_request find_messages(const phone_number& to) const;

    /// The account itself: `GET /2010-04-01/Accounts/{Sid}.json`.
    PHONEAUTH_DECL http_request fetch_account() const;

    /// The account's numbers that are `number`: `GET …/IncomingPhoneNumbers.json?PhoneNumber=…`.
    PHONEAUTH_DECL http_request find_number(const phone_number& number) const;

    /// The account's short codes that are `code`, 3 to 8 digits: `GET …/SMS/ShortCodes.json?ShortCode=…`.
    PHONEAUTH_DECL http_request find_short_code(std::string_view code) const;

    /// The numbers that are verified with the account, the only ones that a trial account can reach:
    /// `GET …/OutgoingCallerIds.json`, its first page.
    PHONEAUTH_DECL http_request list_verified_numbers() const;

    /// Senders of the configured Messaging Service: `GET /v1/Services/{Sid}/PhoneNumbers`, its first page, or another
    /// subresource in the place of PhoneNumbers.
    PHONEAUTH_DECL http_request list_service_senders(std::string_view subresource) const;

    /// The countries that Twilio has, and to which of them the account may send: `GET /v1/Messaging/GeoPermissions`.
    PHONEAUTH_DECL http_request list_countries() const;

private:
    PHONEAUTH_DECL http_request get(std::string url) const;
    PHONEAUTH_DECL http_request post_message(std::string form, bool sender_is_chosen) const;

    std::string account_url_;  // …/2010-04-01/Accounts/{Sid}
    std::string messages_url_;
    std::string service_url_;  // …/v1/Services/{Sid}
    std::string countries_url_;
    secret_string authorization_;
    std::string sender_;
    std::string_view channel_;  // "whatsapp:", "rcs:" or empty: of the configured sender
    secret_string own_callback_;
};

/// Whether the options of `m` take the place of something configured, so that what becomes of the message says nothing
/// about the configured sender: From, MessagingServiceSid, FallbackFrom, StatusCallback.
PHONEAUTH_DECL bool chooses_sender(const text_message& m);

/// The text of the message that carries `code`, which is for `what`: the template filled in and, where configured, the app hash for
/// Android's SMS Retriever and the last line for origin-bound codes (`@host #code`).
PHONEAUTH_DECL std::string code_text(const config& c, std::string_view code, purpose what);

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/twilio/requests.ipp ----

#ifndef PHONEAUTH_TWILIO_REQUESTS_IPP
#define PHONEAUTH_TWILIO_REQUESTS_IPP

#include <algorithm>
#include <array>
#include <utility>


// ---- phoneauth/detail/basic_credentials.hpp ----

#ifndef PHONEAUTH_DETAIL_BASIC_CREDENTIALS_HPP
#define PHONEAUTH_DETAIL_BASIC_CREDENTIALS_HPP

#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// The value of Authorization, or of Proxy-Authorization, in HTTP's Basic scheme (RFC 7617 §2). `name` has no colon.
inline secret_string basic_credentials(std::string_view name, std::string_view secret) {
    secret_string pair;
    pair.reserve(name.size() + secret.size() + 1);
    pair.append(name).append(":").append(secret);
    const secret_string encoded = base64(pair);
    secret_string value;
    value.reserve(encoded.size() + 6);
    value.append("Basic ").append(encoded);
    return value;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace detail {

// clang-format off
/// The optional parameters of Messages create, from Twilio's published OpenAPI document.
inline constexpr std::array<std::string_view, 22> twilio_message_options{
    "StatusCallback", "ApplicationSid",   "MaxPrice",         "ProvideFeedback",  "Attempt",      "ValidityPeriod",     "ForceDelivery",
    "ContentRetention", "AddressRetention", "SmartEncoded",     "PersistentAction", "TrafficType",  "ShortenUrls",        "ScheduleType",
    "SendAt",         "SendAsMms",        "ContentVariables", "RiskCheck",        "From",         "MessagingServiceSid", "ContentSid",
    "FallbackFrom"};
// clang-format on

/// With the API key if there is one.
inline secret_string twilio_authorization(const twilio_config& c) {
    const auto& name = c.api_key.empty() ? c.account_sid : c.api_key;
    const auto& secret = c.api_key.empty() ? c.auth_token : c.api_secret;
    return basic_credentials(name, secret);
}

/// "statusCallback" → "StatusCallback"; empty if Twilio has no such option.
inline std::string_view twilio_option_name(std::string_view name) {
    for (const auto known : twilio_message_options)
        if (!name.empty() && to_upper(name.front()) == known.front() && name.substr(1) == known.substr(1)) return known;
    return {};
}

/// Whether Twilio, told to report to `text`, would ask what is at `own` or below it. Scheme, port and user information
/// are not compared: Twilio signs URLs in more than one spelling.
inline bool is_below(std::string text, std::string_view own) {
    text = without_user_info(text);
    const auto asked = parse_url(text.substr(0, text.find('#')));
    const auto mine = parse_url(without_user_info(own));
    return asked && mine && asked->host == mine->host && asked->target.starts_with(mine->target);
}

inline result<void> check_message(const text_message& m, bool has_content_template, std::string_view own_callback) {
    if (m.body.empty() && m.media_urls.empty() && !has_content_template)
        return failure(error::missing_parameter, "The message has neither text nor media.");
    const auto characters = count_code_points(m.body);
    if (!characters || m.body.find('\0') != std::string::npos)
        return failure(error::invalid_parameter, "The message's text is not UTF-8 or holds a NUL character.");
    if (*characters > max_message_characters) return error::message_too_long;
    if (m.media_urls.size() > max_media_urls)
        return failure(error::invalid_parameter, "A message takes at most 10 media URLs.");
    for (const auto& text : m.media_urls) {
        const auto url = parse_url(text);
        if (text.size() > 2048 || !url || !url->https) return error::invalid_media_url;
    }
    for (const auto& [name, value] : m.options) {
        if (twilio_option_name(name).empty())
            return failure(error::invalid_parameter,
                           "The options have a name that is not an option of Twilio's Messages resource.");
        if (value.size() > 4096 || std::any_of(value.begin(), value.end(), is_control))
            return failure(error::invalid_parameter, "The option " + std::string(twilio_option_name(name)) +
                                                         " is too long or has a control character.");
        if (twilio_option_name(name) == "StatusCallback" && is_below(value, own_callback))
            return failure(error::invalid_parameter, "The option StatusCallback is where the server's own reports go.");
    }
    return {};
}

}  // namespace detail

namespace twilio {

PHONEAUTH_DECL std::string url_of_product(const twilio_config& c, std::string_view product) {
    std::string url = c.base_url;
    if (url.empty()) {
        // Host names: https://www.twilio.com/docs/global-infrastructure/understanding-twilio-regions
        const auto region = c.region.empty() && !c.edge.empty() ? std::string("us1") : c.region;
        const auto edge = c.edge.empty() ? std::string(edge_of_region(region)) : c.edge;
        url.append("https://").append(product) += '.';
        if (!edge.empty()) url += edge + '.';
        if (!region.empty()) url += region + '.';
        url += "twilio.com";
    }
    while (url.ends_with('/')) url.pop_back();
    return url;
}

PHONEAUTH_DECL requests::requests(const twilio_config& c)
    : account_url_(url_of_product(c) + "/2010-04-01/Accounts/" + c.account_sid),
      messages_url_(account_url_ + "/Messages.json"),
      service_url_(url_of_product(c, "messaging") + "/v1/Services/" + c.sender),
      countries_url_(url_of_product(c, "accounts") + "/v1/Messaging/GeoPermissions"),
      authorization_(detail::twilio_authorization(c)), own_callback_(c.status_callback) {
    const bool is_service = kind_of_sender(c.sender) == sender_kind::messaging_service;
    detail::append_form_field(sender_, is_service ? "MessagingServiceSid" : "From", c.sender);
    channel_ = channel_of(c.sender);
}

PHONEAUTH_DECL http_request requests::get(std::string url) const {
    http_request request{"GET", std::move(url), {}, {}};
    request.headers.reserve(3);  // not a braced list, whose elements would be copied and left
    request.headers.push_back({"Authorization", authorization_});
    request.headers.push_back({"Accept", "application/json"});
    request.headers.push_back({"User-Agent", "phoneauth/" PHONEAUTH_VERSION_STRING});
    return request;
}

PHONEAUTH_DECL http_request requests::post_message(std::string form, bool sender_is_chosen) const {
    if (!sender_is_chosen) form.append(1, '&').append(sender_);
    http_request request{"POST", messages_url_, {}, std::move(form)};
    request.headers.reserve(4);
    request.headers.push_back({"Authorization", authorization_});
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.headers.push_back({"Accept", "application/json"});
    request.headers.push_back({"User-Agent", "phoneauth/" PHONEAUTH_VERSION_STRING});
    return request;
}

PHONEAUTH_DECL result<http_request> requests::create_message(const phone_number& to, const text_message& m) const {
    bool sender_is_chosen = false;
    bool has_content_template = false;
    auto channel = channel_;
    for (const auto& [name, value] : m.options) {
        const auto option = detail::twilio_option_name(name);
        if (option == "From" || option == "MessagingServiceSid") {
            sender_is_chosen = true;
            channel = channel_of(value);
        }
        has_content_template |= option == "ContentSid";
    }
    if (auto ok = detail::check_message(m, has_content_template, own_callback_); !ok) return std::move(ok).error();
    std::string form;
    detail::append_form_field(form, "To", std::string(channel).append(to.str()));
    if (!m.body.empty()) detail::append_form_field(form, "Body", m.body);
    for (const auto& url : m.media_urls) detail::append_form_field(form, "MediaUrl", url);
    for (const auto& [name, value] : m.options)
        detail::append_form_field(form, detail::twilio_option_name(name), value);
    return post_message(std::move(form), sender_is_chosen);
}

PHONEAUTH_DECL http_request requests::create_code_message(const phone_number& to, std::string_view text,
                                                          std::chrono::seconds validity,
                                                          std::string_view status_callback) const {
    std::string form;
    form.reserve(3 * (text.size() + status_callback.size()) + sender_.size() +
                 128);  // growing would leave the code behind
    detail::append_form_field(form, "To", std::string(channel_).append(to.str()));
    detail::append_form_field(form, "Body", text);
    detail::append_form_field(form, "ValidityPeriod", std::to_string(validity.count()));
    if (!status_callback.empty()) detail::append_form_field(form, "StatusCallback", status_callback);
    return post_message(std::move(form), false);
}

PHONEAUTH_DECL http_request requests::find_messages(const phone_number& to) const {
    std::string url;
    url.reserve(messages_url_.size() + 64);
    url.append(messages_url_).append("?PageSize=1");
    detail::append_form_field(url, "To", std::string(channel_).append(to.str()));
    return get(std::move(url));
}

PHONEAUTH_DECL http_request requests::fetch_account() const {
    return get(account_url_ + ".json");
}

PHONEAUTH_DECL http_request requests::find_number(const phone_number& number) const {
    std::string query;
    detail::append_form_field(query, "PhoneNumber", number.str());
    return get(account_url_ + "/IncomingPhoneNumbers.json?" + query);
}

PHONEAUTH_DECL http_request requests::find_short_code(std::string_view code) const {
    return get(account_url_ + "/SMS/ShortCodes.json?ShortCode=" + std::string(code));
}

PHONEAUTH_DECL http_request requests::list_verified_numbers() const {
    return get(account_url_ + "/OutgoingCallerIds.json?PageSize=20");
}

PHONEAUTH_DECL http_request requests::list_service_senders(std::string_view subresource) const {
    return get(service_url_ + "/" + std::string(subresource) + "?PageSize=20");
}

PHONEAUTH_DECL http_request requests::list_countries() const {
    return get(countries_url_);
}

PHONEAUTH_DECL bool chooses_sender(const text_message& m) {
    constexpr std::array<std::string_view, 4> choices{"From", "MessagingServiceSid", "FallbackFrom", "StatusCallback"};
    return std::any_of(m.options.begin(), m.options.end(), [&](const auto& option) {
        const auto name = detail::twilio_option_name(option.first);
        return std::find(choices.begin(), choices.end(), name) != choices.end();
    });
}

PHONEAUTH_DECL std::string code_text(const config& c, std::string_view code, purpose what) {
    const auto minutes = std::to_string(std::chrono::ceil<std::chrono::minutes>(c.code_lifetime).count());
    const std::array<std::pair<std::string_view, std::string_view>, 4> parts{
        {{"{code}", code},
         {"{minutes}", minutes},
         {"{purpose}", what == purpose::login ? c.login_purpose : c.registration_purpose},
         {"{site}", c.site_name}}};
    std::string text;
    // No part is longer than seven times its name. A string that grows would leave the code behind.
    text.reserve(7 * c.message_template.size() + c.origin_host.size() + c.android_app_hash.size() + 48);
    for (std::string_view rest = c.message_template; !rest.empty();) {
        const auto part =
            std::find_if(parts.begin(), parts.end(), [&](const auto& p) { return rest.starts_with(p.first); });
        if (part != parts.end()) {
            text += part->second;
            rest.remove_prefix(part->first.size());
        } else {
            const auto plain = (std::min)(rest.find('{', 1), rest.size());
            text += rest.substr(0, plain);
            rest.remove_prefix(plain);
        }
    }
    // Android's SMS Retriever wants its hash at the end; browsers want their line to be the last one. The hash goes
    // first, because Android finds it anywhere on a line of its own, while the origin-bound format is strict.
    if (!c.android_app_hash.empty()) text += '\n' + c.android_app_hash;
    if (!c.origin_host.empty()) {
        text += "\n@" + c.origin_host + " #";
        text += code;
    }
    return text;
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What became of a code's message, if it did not fail for certain.
enum class send_outcome {
    accepted,  ///< the provider took it, or a test number needs none
    uncertain  ///< the provider did not answer: it may arrive
};

/// Sends messages through Twilio, and makes our errors of what Twilio and the transport say. When Twilio asks to be left
/// alone (see `twilio::pause_after`), nothing is sent meanwhile; other servers of the same account learn it by
/// themselves. Thread-safe.
template <class Mode>
class messenger {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive the messenger.
    messenger(ports<Mode>& p, const config& c, const reporter& r)
        : ports_(p), config_(c), reporter_(r), twilio_(c.twilio), codes_(c.code_keys, c.code_digits),
          sender_(c.twilio.sender) {}

    /// The key that codes of new transactions are derived with.
    const std::string& current_key_id() const noexcept { return codes_.current_key_id(); }
    /// Whether this server can tell the code of `t`: it has the key, or `t` is for a test number.
    bool knows_code_of(const transaction& t) const;
    /// Whether `typed` is the code of `t`, which is no decoy.
    bool is_code_of(const transaction& t, const one_time_code& typed);

    /// Sends a transaction's code. A failure means that nothing was sent, for certain. For a decoy Twilio is asked
    /// something that costs nothing instead, which fails when every message would. What would fail for this message
    /// alone (the phone is a landline, has opted out, …) is told to the observer only, if somebody else could learn
    /// from it that the phone is a user's. What fails because of the sender fails for decoys, too: see `sender_state`.
    flow<result<send_outcome>> send_code(const context& c, const transaction& t);
    /// What a code to `to` fails with because no message can leave, whoever it is for: asked before anything is stored.
    std::optional<failure> sender_trouble(const phone_number& to);
    /// Whether an attempt that ended with `f` counts for nobody, and the limits get back all that it took: no client can
    /// do anything about it, nor bring it about.
    bool is_nobodys_attempt(const failure& f) const noexcept { return sender_.is_everybodys(f); }
    /// Sends `request`, a Messages create. `sender_is_chosen`: what becomes of it says nothing about the configured
    /// sender.
    flow<result<sent_message>> send(const http_request& request, bool sender_is_chosen);
    /// One request to Twilio. Whatever the transport throws is `no_answer`: the request may have been written.
    flow<result<http_response>> transmit(const http_request& request);

    /// What builds the requests, for those that are not about a code.
    const twilio::requests& twilio() const noexcept { return twilio_; }

private:
    result<http_request> code_request(const transaction& t);
    result<void> verdict(const transaction& t, const http_response& reply);
    result<void> check_pause() const;
    void note_pause(const http_response& reply);
    static result<http_response> provider_reply(result<http_response> reply);

    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
    const twilio::requests twilio_;
    code_deriver codes_;
    std::atomic<time_point> pause_ends_{};
    sender_state sender_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/messenger.ipp ----

#ifndef PHONEAUTH_FLOWS_MESSENGER_IPP
#define PHONEAUTH_FLOWS_MESSENGER_IPP

#include <algorithm>
#include <chrono>
#include <utility>


// ---- phoneauth/twilio/delivery.hpp ----

#ifndef PHONEAUTH_TWILIO_DELIVERY_HPP
#define PHONEAUTH_TWILIO_DELIVERY_HPP

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>


// ---- phoneauth/twilio/signature.hpp ----

#ifndef PHONEAUTH_TWILIO_SIGNATURE_HPP
#define PHONEAUTH_TWILIO_SIGNATURE_HPP

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// The names and values of a callback, decoded, in the order in which they came.
using callback_parameters = std::vector<std::pair<std::string, std::string>>;

/// Most bytes of a body that `verify_callback` reads; Twilio's own callbacks have a few kilobytes.
inline constexpr std::size_t max_callback_bytes = 64 * 1024;
/// Most parameters that it reads; Twilio's own callbacks have about thirty.
inline constexpr std::size_t max_callback_parameters = 256;

/// True when `signature`, the value of a request's X-Twilio-Signature, is base64(HMAC-SHA1(auth_token, url + each
/// name, sorted, followed by its value)); a repeated name counts its unique values, sorted.
///
/// `url` is the whole URL, query included, as it was given to Twilio: behind a proxy, not what arrives here. It is
/// taken as it is written, except for its port: Twilio signs it or leaves it out, so the URL is tried with its port
/// (the scheme's, if it names none) and with none; and for its user information (`user:password@`), which Twilio sends
/// as HTTP's Basic scheme and leaves out of what it signs: with one, it is tried with it and without. `auth_token` is the account's, never an API key's secret; with an
/// empty one everything is refused. The signatures are compared in constant time.
///
/// Pure, so it may be called from several threads at once; throws `std::runtime_error` when OpenSSL fails.
/// Source: https://www.twilio.com/docs/usage/security#validating-requests with its notes, and Twilio's helper libraries.
PHONEAUTH_DECL bool verify_signature(std::string_view auth_token, std::string_view url,
                                     const callback_parameters& parameters, std::string_view signature);

/// Verifies a whole callback: the parameters of its form `body`, if Twilio signed them. If `url` has a `bodySHA256`
/// in its query, `body` is of another kind (JSON), must have that SHA-256, and there are no parameters. A GET has an
/// empty `body`. `url`, `signature`: see `verify_signature`.
///
/// Twilio puts no mark between names and values, nor a time: whoever has seen a signed request can send it again, also
/// cut at other places. So a callback is news of the message that it names, never a permission.
///
/// Errors: `invalid_signature`; `unparsable_body` for a form with broken percent sequences; `body_too_large` above
/// `max_callback_bytes` or `max_callback_parameters`.
PHONEAUTH_DECL result<callback_parameters> verify_callback(std::string_view auth_token, std::string_view url,
                                                           std::string_view body, std::string_view signature);

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/twilio/signature.ipp ----

#ifndef PHONEAUTH_TWILIO_SIGNATURE_IPP
#define PHONEAUTH_TWILIO_SIGNATURE_IPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <stdexcept>

#include <openssl/evp.h>


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
#endif

#endif

namespace phoneauth {
inline namespace v0 {

namespace twilio {

/// What a report says about the `send`th message of a transaction.
struct delivery {
    std::string transaction_id;   ///< from the signed URL; empty: it did not say
    std::uint32_t send = 0;       ///< 0: it did not say
    std::string status;           ///< Twilio's word: "delivered", "failed", …
    std::int32_t error_code = 0;  ///< Twilio's (https://www.twilio.com/docs/api/errors); 0: none
};

/// What an error code of an undelivered message means for the person that waits for it: see `error_codes`.
constexpr std::string_view delivery_problem(std::int32_t code) noexcept {
    const auto* row = find_error_code(code);
    return row ? row->text : "The message was not delivered.";
}

/// Where Twilio is to report on the present message of `t`: `status_callback` and the transaction and message it is
/// about, which Twilio signs as part of the URL. Empty if no reports are wanted.
inline secret_string delivery_url(const twilio_config& c, const transaction& t) {
    secret_string url;
    if (c.status_callback.empty()) return url;
    url.reserve(c.status_callback.size() + t.id.size() + 40);
    url.append(c.status_callback).append("?transaction=").append(t.id).append("&send=").append(std::to_string(t.sends));
    return url;
}

/// Reads a report, if it is Twilio's; else as `verify_callback`, or `invalid_signature` if none was asked for.
inline result<delivery> read_delivery(const twilio_config& c, const status_callback& r) {
    if (c.status_callback.empty()) return error::invalid_signature;
    secret_string url;
    url.reserve(c.status_callback.size() + r.query.size() + 1);
    url.append(c.status_callback).append("?").append(r.query);
    auto parameters = verify_callback(c.auth_token, url, r.body, r.signature);
    // While the token is rotated. What is no signature of anybody's is still refused, only later.
    if (!parameters && parameters.error().code == error::invalid_signature && !c.previous_auth_token.empty())
        parameters = verify_callback(c.previous_auth_token, url, r.body, r.signature);
    if (!parameters) return parameters.error();
    const auto value_of = [&](std::string_view name) {
        const auto found =
            std::find_if(parameters->begin(), parameters->end(), [&](const auto& p) { return p.first == name; });
        return found == parameters->end() ? std::string() : found->second;
    };
    const auto number = [](const std::string& text, auto otherwise) {
        auto value = otherwise;
        const auto end = text.data() + text.size();
        const auto [stop, ec] = std::from_chars(text.data(), end, value);
        return ec == std::errc() && stop == end ? value : otherwise;
    };
    return delivery{detail::form_field(r.query, "transaction"),
                    number(detail::form_field(r.query, "send"), std::uint32_t{0}), value_of("MessageStatus"),
                    number(value_of("ErrorCode"), std::int32_t{0})};
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
bool messenger<Mode>::knows_code_of(const transaction& t) const {
    return rules::find_test_number(t.phone, config_) || codes_.has_key(t.key_id);
}

template <class Mode>
bool messenger<Mode>::is_code_of(const transaction& t, const one_time_code& typed) {
    if (const auto* test = rules::find_test_number(t.phone, config_))
        return detail::equal_in_constant_time(test->code, typed.str());
    return codes_.matches(t, typed);
}

template <class Mode>
result<http_request> messenger<Mode>::code_request(const transaction& t) {
    const auto derived = codes_.derive(t);
    if (!derived) return error::no_transaction;
    auto text = twilio::code_text(config_, derived->str(), t.purpose);
    const auto left =
        (std::max)(std::chrono::ceil<std::chrono::seconds>(t.expires_at - ports_.now()), std::chrono::seconds(1));
    // Both are made for everybody, so that it takes the same time.
    auto sending = twilio_.create_code_message(t.phone, text, (std::min)(left, config_.code_lifetime),
                                               twilio::delivery_url(config_.twilio, t));
    auto look_up = twilio_.find_messages(t.phone);
    detail::wipe(text);
    return rules::is_decoy(t) ? std::move(look_up) : std::move(sending);
}

template <class Mode>
std::optional<failure> messenger<Mode>::sender_trouble(const phone_number& to) {
    if (rules::find_test_number(to, config_)) return std::nullopt;
    return sender_.trouble_unless_probed(ports_.now());
}

template <class Mode>
auto messenger<Mode>::send_code(const context& c, const transaction& t) -> flow<result<send_outcome>> {
    if (rules::find_test_number(t.phone, config_)) co_return send_outcome::accepted;
    auto may_ask = check_pause();  // before a decoy and a message part ways
    if (!may_ask) co_return std::move(may_ask).error();
    auto request = code_request(t);
    if (!request) co_return std::move(request).error();
    auto answered = co_await transmit(*request);
    detail::wipe(request->body);
    const auto reply = provider_reply(std::move(answered));
    if (!reply) {
        if (twilio::certainly_not_sent(reply.error())) co_return reply.error();
        if (!rules::is_decoy(t)) reporter_.tell(c, event_kind::sent, &reply.error());
        co_return send_outcome::uncertain;
    }
    const auto sent = verdict(t, *reply);
    if (sent && rules::is_decoy(t))
        if (auto trouble = sender_.trouble()) co_return *std::move(trouble);
    const bool refused = !sent && twilio::certainly_not_sent(sent.error());
    const bool hidden = refused && rules::must_not_reveal_user(t, config_) && !sender_.is_everybodys(sent.error()) &&
                        twilio::is_about_the_request(*reply);
    if (refused && !hidden) co_return sent.error();
    if (refused)
        reporter_.tell_failure(c, sent.error());
    else if (!rules::is_decoy(t))
        reporter_.tell(c, event_kind::sent, sent ? nullptr : &sent.error());
    const bool is_clear = !rules::is_decoy(t) || !sender_.is_unclear();
    co_return (sent && is_clear) || hidden ? send_outcome::accepted : send_outcome::uncertain;
}

/// What became of a code's message, or of the look-up in its place.
template <class Mode>
result<void> messenger<Mode>::verdict(const transaction& t, const http_response& reply) {
    if (rules::is_decoy(t)) return twilio::read_look_up(reply);
    const auto sent = twilio::read_sent_message(reply);
    if (sent) {
        sender_.accepted();
        return {};
    }
    sender_.failed(sent.error(), ports_.now());
    return sent.error();
}

template <class Mode>
auto messenger<Mode>::send(const http_request& request, bool sender_is_chosen) -> flow<result<sent_message>> {
    auto may_ask = check_pause();
    if (!may_ask) co_return std::move(may_ask).error();
    if (!sender_is_chosen)
        if (auto trouble = sender_.trouble_unless_probed(ports_.now())) co_return *std::move(trouble);
    auto answered = co_await transmit(request);
    auto reply = provider_reply(std::move(answered));
    if (!reply) co_return std::move(reply).error();
    auto sent = twilio::read_sent_message(*reply);
    if (!sender_is_chosen && sent) sender_.accepted();
    if (!sender_is_chosen && !sent) sender_.failed(sent.error(), ports_.now());
    co_return sent;
}

template <class Mode>
auto messenger<Mode>::transmit(const http_request& request) -> flow<result<http_response>> {
    try {
        auto reply = co_await ports_.send(request);
        if (reply) note_pause(*reply);
        co_return reply;
    } catch (...) {
        co_return error::no_answer;
    }
}

template <class Mode>
result<void> messenger<Mode>::check_pause() const {
    const auto left = std::chrono::ceil<std::chrono::seconds>(pause_ends_.load() - ports_.now());
    // A clock that was set back must not make it longer than any pause is.
    if (left.count() <= 0 || left > twilio::longest_pause) return {};
    return failure(error::provider_busy).with_retry_after(left);
}

/// The last word counts: who is asked too early says so again.
template <class Mode>
void messenger<Mode>::note_pause(const http_response& reply) {
    const auto pause = twilio::pause_after(reply);
    if (pause.count() > 0) pause_ends_ = ports_.now() + pause;
}

/// The transport's failures become the two that matter here: nothing was sent, or nobody knows. What they say, perhaps
/// about machines of the integrator's, is no client's business; `test_configuration` tells it.
template <class Mode>
result<http_response> messenger<Mode>::provider_reply(result<http_response> reply) {
    if (reply) return reply;
    failure f(twilio::certainly_not_sent(reply.error()) ? error::provider_unreachable : error::no_answer);
    f.retry_after = reply.error().retry_after;
    return f;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/flows/passwords.hpp ----

#ifndef PHONEAUTH_FLOWS_PASSWORDS_HPP
#define PHONEAUTH_FLOWS_PASSWORDS_HPP

#include <optional>
#include <string>


// ---- phoneauth/flows/client_places.hpp ----

#ifndef PHONEAUTH_FLOWS_CLIENT_PLACES_HPP
#define PHONEAUTH_FLOWS_CLIENT_PLACES_HPP

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace flows {

/// How much of what is dear each client has in hand at this moment, so that one of them alone cannot fill a queue that is
/// for all. It needs as much memory as there is in hand. Thread-safe.
class client_places {
    using count_map = std::map<std::string, int, std::less<>>;
    struct state {
        std::mutex mutex;
        count_map counts;
    };

public:
    /// A place of a client, until it is destroyed; or none. It may outlive the `client_places`: a coroutine that never
    /// goes on is destroyed with its event loop.
    class place {
    public:
        /// None.
        place() = default;
        /// Takes it over: `other` is none then.
        place(place&& other) noexcept : all_(std::move(other.all_)), at_(other.at_) {}
        place& operator=(place&&) = delete;
        ~place() {
            if (!all_) return;
            const std::lock_guard lock(all_->mutex);
            if (--at_->second == 0) all_->counts.erase(at_);
        }

        /// Whether it is one.
        explicit operator bool() const noexcept { return all_ != nullptr; }

    private:
        friend client_places;
        place(std::shared_ptr<state> all, count_map::iterator at) noexcept : all_(std::move(all)), at_(at) {}

        std::shared_ptr<state> all_;
        count_map::iterator at_{};
    };

    /// A place for `client`, unless it has `most` already; 1 ≤ `most`.
    place take(std::string_view client, int most) {
        const std::lock_guard lock(state_->mutex);
        const auto at = state_->counts.try_emplace(std::string(client), 0).first;
        if (at->second >= most) return {};
        ++at->second;
        return {state_, at};
    }

private:
    std::shared_ptr<state> state_ = std::make_shared<state>();
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// Whose password is asked for.
struct password_question {
    std::string subject;               ///< whose failures are counted: the phone, or what stands for an identity
    std::string fingerprint;           ///< see `parts::network_fingerprint`
    const std::optional<user>& owner;  ///< who has it; nobody: unknown
    bool may_be_concealed = false;     ///< after too many failures nobody is told whether it was right
};

/// What a password turned out to be.
struct password_guess {
    bool right = false;      ///< it is the user's
    bool concealed = false;  ///< nobody may tell whether it is
    bool marked = false;     ///< it came from a network that is known to the user
};

/// Checks and makes passwords, whatever for. Thread-safe.
template <class Mode>
class passwords {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive this.
    passwords(ports<Mode>& p, const config& c, const reporter& r, limiter<Mode>& l) noexcept
        : ports_(p), config_(c), reporter_(r), limiter_(l) {}

    /// What `secret` is worth. A guess is counted before it is compared; whoever goes on with a right one takes it
    /// back.
    flow<result<password_guess>> check(context& c, const password_question& q, const std::string& secret);
    /// A right password was no guess: takes back what `check` has counted.
    flow<bool> forgive(const context& c, const password_question& q, const password_guess& g);

    /// Gives `u` the new password `secret`, unless the hook refuses it.
    flow<result<void>> set(user& u, const std::string& secret);

private:
    flow<result<bool>> is_right(const context& c, const std::optional<user>& owner, const std::string& secret);

    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
    limiter<Mode>& limiter_;
    client_places in_hand_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/passwords.ipp ----

#ifndef PHONEAUTH_FLOWS_PASSWORDS_IPP
#define PHONEAUTH_FLOWS_PASSWORDS_IPP

#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto passwords<Mode>::check(context& c, const password_question& q, const std::string& secret)
    -> flow<result<password_guess>> {
    if (q.owner) reporter_.note(c, q.owner->phone);
    // What cannot be a password is not worth a hash.
    if (secret.size() > config_.max_password_length) {
        c.uncounted = true;
        co_return error::invalid_login;
    }
    const auto at_once = rules::passwords_at_once(c.networks());
    const auto place = in_hand_.take(c.network, at_once.network);
    const auto wide_place = in_hand_.take(c.wide, at_once.wide);
    if (!place || !wide_place) co_return error::overloaded;
    password_guess guess;
    const auto limits_of = [&](bool concealed) {
        return rules::password_limits(q.subject, q.owner ? q.owner->phone.str() : std::string_view(), q.fingerprint,
                                      c.networks(), limiter_.password_accounts(), concealed, config_, ports_.now());
    };
    auto limits = limits_of(false);
    auto granted = co_await limiter_.take(c, limits);
    if (q.may_be_concealed && limits.may_be_concealed(granted)) {
        limiter_.tell_locked(c, *limits.judge(granted).error().retry_after);
        guess.concealed = true;
        limits = limits_of(true);
        granted = co_await limiter_.take(c, limits);
    }
    if (!granted.granted) co_return limits.judge(granted).error();
    guess.marked = granted.marked;
    auto right = co_await is_right(c, q.owner, secret);
    if (!right) {
        co_await limiter_.give_back(limits, granted);
        co_return std::move(right).error();
    }
    guess.right = *right;
    if (!guess.right && guess.concealed) {
        const failure wrong(error::invalid_login);
        reporter_.tell_failure(c, wrong);
    } else if (!guess.right) {
        limiter_.tell_locked(c, limits.account_wait(granted));
    }
    co_return guess;
}

template <class Mode>
auto passwords<Mode>::forgive(const context& c, const password_question& q, const password_guess& g) -> flow<bool> {
    const auto back =
        rules::guess_back(q.subject, c.networks(), g.marked, limiter_.password_accounts(), config_, ports_.now());
    const bool done = co_await limiter_.try_to(back);
    co_return done;
}

template <class Mode>
auto passwords<Mode>::is_right(const context& c, const std::optional<user>& owner, const std::string& secret)
    -> flow<result<bool>> {
    if (owner && !owner->password_hash.empty()) {
        auto right = co_await ports_.verify_password(secret, owner->password_hash);
        if (right || right.error().code != error::internal) co_return right;
        // It is no hash of ours. Whoever guesses must not learn that.
        reporter_.tell(c, event_kind::storage_error, &right.error());
    }
    // An account that does not exist must not answer faster than one that does.
    auto unused = co_await ports_.hash_password(secret);
    co_return unused ? result<bool>(false) : result<bool>(std::move(unused).error());
}

template <class Mode>
auto passwords<Mode>::set(user& u, const std::string& secret) -> flow<result<void>> {
    auto allowed = co_await ports_.password_allowed(secret, u);
    if (!allowed) co_return allowed;
    auto hash = co_await ports_.hash_password(secret);
    if (!hash) co_return std::move(hash).error();
    u.password_hash = std::move(*hash);
    co_return result<void>();
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/secrets/random.hpp ----

#ifndef PHONEAUTH_SECRETS_RANDOM_HPP
#define PHONEAUTH_SECRETS_RANDOM_HPP

#include <mutex>
#include <span>


namespace phoneauth {
inline namespace v0 {

/// The source of every id, token, salt and key: OpenSSL's generator (a CSPRNG: OWASP ASVS 5.0 §7.2.3, §11.5.1) and the
/// kernel's, so that whoever knows the state of one of them still knows nothing. Bytes are asked for in advance, because
/// a call costs more than all the rest of a login. Each is given out once and wiped. Thread-safe.
///
/// @par Processes
/// A child process never gives out what its parent does, whichever id it has: what was asked for in advance lies in
/// memory that the kernel wipes in a child (`MADV_WIPEONFORK`, Linux 4.14), and where there is none, nothing is. A
/// snapshot of a machine is another thing: of two machines that go on from one, both give out what is left, at most 256
/// bytes. Start the server anew in such a copy.
class random_source {
public:
    random_source() = default;
    random_source(const random_source&) = delete;
    random_source& operator=(const random_source&) = delete;
    PHONEAUTH_DECL ~random_source();

    /// Fills `out`; false when there is no randomness to give, and then `out` must not be used.
    [[nodiscard]] PHONEAUTH_DECL bool fill(std::span<unsigned char> out);

private:
    struct pool;

    PHONEAUTH_DECL static bool draw(std::span<unsigned char> out);

    std::mutex mutex_;
    pool* pool_ = nullptr;
    bool has_tried_ = false;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/secrets/random.ipp ----

#ifndef PHONEAUTH_SECRETS_RANDOM_IPP
#define PHONEAUTH_SECRETS_RANDOM_IPP

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <new>

#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef __APPLE__
#include <sys/random.h>
#endif


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Memory that is all zeros in a child process; nullptr if there is none. It is unmapped with `::munmap`.
inline void* memory_of_one_process(std::size_t size) noexcept {
#ifdef MADV_WIPEONFORK
    void* const memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    if (::madvise(memory, size, MADV_WIPEONFORK) == 0) return memory;
    ::munmap(memory, size);
#else
    static_cast<void>(size);
#endif
    return nullptr;
}

}  // namespace detail

/// All zeros mean that nothing is left.
struct random_source::pool {
    std::array<unsigned char, 256> bytes;
    std::size_t left;  ///< of them, the last ones
    long owner;        ///< the process, in case a kernel only says that it wipes
};

PHONEAUTH_DECL random_source::~random_source() {
    if (!pool_) return;
    OPENSSL_cleanse(pool_, sizeof(pool));
    ::munmap(pool_, sizeof(pool));
}

/// OpenSSL's generator alone would go by the process id: a child that has its parent's, in a namespace of its own, would
/// draw what the parent does.
PHONEAUTH_DECL bool random_source::draw(std::span<unsigned char> out) {
    if (RAND_bytes(out.data(), static_cast<int>(out.size())) != 1) return false;
    std::array<unsigned char, 256> more;  // the most that getentropy gives
    for (; !out.empty(); out = out.subspan((std::min)(out.size(), more.size()))) {
        const auto size = (std::min)(out.size(), more.size());
        if (::getentropy(more.data(), size) != 0) {
            if (errno == ENOSYS) return true;  // Linux before 3.17
            return false;
        }
        for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(out[i] ^ more[i]);
    }
    OPENSSL_cleanse(more.data(), more.size());
    return true;
}

PHONEAUTH_DECL bool random_source::fill(std::span<unsigned char> out) {
    if (out.size() > sizeof(pool::bytes)) return draw(out);
    const std::lock_guard lock(mutex_);
    if (!has_tried_) {
        has_tried_ = true;
        if (void* const memory = detail::memory_of_one_process(sizeof(pool))) pool_ = new (memory) pool{};
    }
    if (!pool_) return draw(out);
    const long process = ::getpid();
    if (pool_->owner != process || pool_->left < out.size()) {
        pool_->left = 0;
        if (!draw(pool_->bytes)) return false;
        pool_->owner = process;
        pool_->left = pool_->bytes.size();
    }
    auto* const next = pool_->bytes.data() + (pool_->bytes.size() - pool_->left);
    std::memcpy(out.data(), next, out.size());
    OPENSSL_cleanse(next, out.size());
    pool_->left -= out.size();
    return true;
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/secrets/token.hpp ----

#ifndef PHONEAUTH_SECRETS_TOKEN_HPP
#define PHONEAUTH_SECRETS_TOKEN_HPP

#include <array>
#include <optional>
#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {

/// A new id or session token: 128 random bits in the upper-case 8-4-4-4-12 form that Backendless clients know. Empty
/// when there is no randomness. `Random` has `bool fill(std::span<unsigned char>)`, as `random_source`.
template <class Random>
std::optional<secret_string> make_token(Random& random) {
    std::array<unsigned char, 16> bits;
    if (!random.fill(bits)) return std::nullopt;
    constexpr std::string_view digits = "0123456789ABCDEF";
    secret_string text(36, '-');
    std::size_t at = 0;
    for (const unsigned char byte : bits) {
        if (at == 8 || at == 13 || at == 18 || at == 23) ++at;
        text[at++] = digits[byte >> 4];
        text[at++] = digits[byte & 15];
    }
    detail::wipe(bits);
    return text;
}

/// What a storage keeps of a session token: the lower-case hexadecimal SHA-256 of it. A stolen storage holds no
/// session. Thread-safe; throws `std::bad_alloc` or `std::runtime_error` when OpenSSL cannot do its work.
class token_hasher {
public:
    /// The hash of `token`, 64 characters.
    std::string operator()(std::string_view token) { return detail::lower_case_hex(sha256_(token)); }

private:
    detail::sha256 sha256_;
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// A transaction or a user changed under a flow's hands: it looks again, as often as tries and sends can possibly need.
inline constexpr int max_lost_races = 64;
/// No id or token that this library has made is longer than 36.
inline constexpr std::size_t max_id_size = 64;

/// Whether `id` could be a transaction's. What could not, a storage need not be able to look for.
inline bool is_id(const std::string& id) {
    return !id.empty() && id.size() <= max_id_size &&
           id.find_first_not_of("0123456789ABCDEF-") == std::string_view::npos;
}

/// What the flows of one authenticator share. Thread-safe if the policies are.
template <class Mode>
struct parts {
    /// `c` passes `validate` and has a code key; `make_parts` sees to both. `p` must outlive this.
    parts(phoneauth::config c, flows::ports<Mode>& p) : config(std::move(c)), ports(p) {}

    const phoneauth::config config;                                    ///< in force for as long as this lives
    flows::ports<Mode>& ports;                                         ///< the integrator's policies
    const reporter reports{ports};                                     ///< tells the observer
    limiter<Mode> limits{ports, config, reports};                      ///< counts
    messenger<Mode> messages{ports, config, reports};                  ///< talks to Twilio
    flows::passwords<Mode> passwords{ports, config, reports, limits};  ///< checks and makes them
    random_source random{};                                            ///< of ids and tokens
    token_hasher hash{};                                               ///< of tokens, for the storage

    /// The time, as the Clock tells it.
    time_point now() const { return ports.now(); }

    /// Runs the flow `begin(context)` for `from`, and tells the observer how it ended.
    template <class Begin>
    auto run(event_kind success, client_info from, Begin begin) {
        return Mode::run(reports.begin(std::move(from)), begin, ended{reports, success});
    }

    /// The number that a user typed, if messages may go there; what `phoneauth::read_phone` fails with, or
    /// `destination_not_allowed`, if not.
    result<phone_number> read_phone(context& c, const std::string& text) const {
        auto phone = phoneauth::read_phone(config, text);
        if (!phone) return phone;
        reports.note(c, *phone);
        auto allowed = rules::check_destination(*phone, config);
        if (!allowed) return std::move(allowed).error();
        return phone;
    }

    /// Tells one password of a user from the next: the hash of what is stored of it.
    std::string fingerprint_of(const user& u) { return hash(u.password_hash); }
    /// What a session of `u` rests on: see `session::fingerprint`.
    std::string session_fingerprint_of(const user& u) {
        std::string of = std::to_string(u.generation);
        of.reserve(of.size() + u.phone.str().size() + u.password_hash.size() + 2);
        return hash(of.append(1, ' ').append(u.phone.str()).append(1, ' ').append(u.password_hash));
    }
    /// By what known networks are remembered, from `session_fingerprint_of`: when the sessions of a user end, they are
    /// forgotten.
    static std::string_view network_fingerprint(std::string_view session_fingerprint) {
        return session_fingerprint.substr(0, 16);
    }
    /// The same for whoever has a phone or an identity; nobody takes as long.
    std::string network_fingerprint(const std::optional<user>& u) {
        auto fingerprint = u ? session_fingerprint_of(*u) : hash("nobody");
        fingerprint.resize(16);
        return fingerprint;
    }

    /// Whose failures a login by identity counts: those of the phone, or what stands for the identity without naming it.
    std::string identity_subject(const std::string& identity, const std::optional<user>& owner) {
        if (limits.password_accounts() == 1) return owner ? std::string(owner->phone.str()) : identity;
        return hash(identity).substr(0, 32);
    }

private:
    struct ended {
        const reporter& reports;
        event_kind success;

        template <class R>
        void operator()(const context& c, const R& outcome) const noexcept {
            reports.end(c, success, outcome ? nullptr : &outcome.error());
        }
    };
};

template <class Mode>
std::shared_ptr<parts<Mode>> make_parts(config c, ports<Mode>& p, bool process_local) {
    auto problems = validate(c, !process_local);
    if (!problems.empty()) throw config_error(std::move(problems));
    if (c.code_keys.empty()) {
        secret_string secret(32, '\0');
        if (!random_source().fill({reinterpret_cast<unsigned char*>(secret.data()), secret.size()}))
            throw std::runtime_error("phoneauth: OpenSSL has no randomness");
        c.code_keys.push_back({"process", std::move(secret)});
    }
    return std::make_shared<parts<Mode>>(std::move(c), p);
}

template <class Mode>
const config& config_of(const parts<Mode>& p) noexcept {
    return p.config;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto codes<Mode>::resend(transaction_id id, client_info from) -> returned<challenge> {
    return p_.run(event_kind::resent, std::move(from), [&](context& c) { return send_again(c, std::move(id)); });
}

template <class Mode>
auto codes<Mode>::status(transaction_id id) -> returned<transaction_status> {
    return Mode::finish(find_status(std::move(id)));
}

template <class Mode>
auto codes<Mode>::handle_status_callback(status_callback r) -> returned<callback_outcome> {
    return p_.run(event_kind::delivered, {}, [&](context& c) { return take_report(c, std::move(r)); });
}

template <class Mode>
auto codes<Mode>::open(context& c, const rules::limit_batch& limits, const cell_answer& granted, purpose what,
                       const phone_number& phone, const std::optional<user>& owner, std::string fingerprint)
    -> flow<result<challenge>> {
    if (auto trouble = p_.messages.sender_trouble(phone)) {
        co_await p_.limits.give_back(limits, granted, true);
        co_return *std::move(trouble);
    }
    auto id = make_token(p_.random);
    if (!id) co_return error::internal;
    const auto at = p_.now();
    transaction t{.id = std::move(*id), .purpose = what, .phone = phone};
    if (what == purpose::login) t.user_id = owner ? owner->object_id : std::string(rules::decoy_user_id);
    t.key_id = p_.messages.current_key_id();
    t.sends = 1;
    t.created_at = at;
    t.expires_at = at + p_.config.code_lifetime;
    t.last_sent_at = at;
    t.password_fingerprint = std::move(fingerprint);
    if (granted.marked) t.known_network = c.network;
    p_.reports.note(c, t);
    const bool inserted = co_await p_.ports.insert_transaction(t);
    if (!inserted) co_return error::internal;
    auto sent = co_await p_.messages.send_code(c, t);
    if (!sent) {
        rules::apply_refusal(t);
        co_await try_to_store(t);
        co_await p_.limits.give_back(limits, granted, p_.messages.is_nobodys_attempt(sent.error()));
        co_return std::move(sent).error();
    }
    co_return describe(t, *sent);
}

template <class Mode>
auto codes<Mode>::send_again(context& c, transaction_id id) -> flow<result<challenge>> {
    if (!is_id(id)) co_return error::no_transaction;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(id);
        if (!found) co_return error::no_transaction;
        p_.reports.note(c, *found);
        auto before = *found;
        auto allowed = rules::apply_resend(*found, p_.config, p_.now());
        if (!allowed) {
            if (found->state != before.state) co_await try_to_store(*found);
            co_return std::move(allowed).error();
        }
        allowed = check_key(*found);
        if (!allowed) co_return std::move(allowed).error();
        if (auto trouble = p_.messages.sender_trouble(found->phone)) co_return *std::move(trouble);
        // What is concealed goes on like a decoy where the account's limits refuse it, and a decoy costs the account
        // nothing.
        const bool concealed = rules::is_concealed(*found);
        auto limits = rules::code_limits(again(*found, c), p_.config, p_.now());
        const auto of_client = limits.of_client();
        cell_answer admitted;
        if (concealed) {
            admitted = co_await p_.limits.take(c, of_client);
            if (!admitted.granted) co_return of_client.judge(admitted).error();
            limits = limits.of_account();
            if (rules::is_decoy(*found)) limits = limits.as_decoy();
        }
        const auto granted = co_await p_.limits.take(c, limits);
        if (!granted.granted && !concealed) co_return limits.judge(granted).error();
        const bool won = co_await p_.ports.update_transaction(*found);
        if (!won) {
            co_await p_.limits.give_back(limits, granted);
            continue;
        }
        if (!granted.granted) found->user_id = rules::decoy_user_id;  // for the message alone: it is stored as it was
        auto sent = co_await p_.messages.send_code(c, *found);
        if (!sent) {
            const bool everything = p_.messages.is_nobodys_attempt(sent.error());
            co_await p_.limits.give_back(limits, granted, everything);
            if (everything && concealed) co_await p_.limits.give_back(of_client, admitted, true);
            before.version = found->version + 1;
            if (everything) co_await try_to_store(before);
            co_return std::move(sent).error();
        }
        co_return describe(*found, *sent);
    }
    co_return error::storage_unavailable;
}

/// A code that is sent again. Nobody looks up whether it is for the owner: what the first one was, this one is.
template <class Mode>
rules::code_request codes<Mode>::again(const transaction& t, const context& c) {
    return {.phone = t.phone,
            .fingerprint = {},
            .from = c.networks(),
            .registers = t.purpose == purpose::registration,
            .after_password = !t.password_fingerprint.empty(),
            .concealed = rules::is_concealed(t),
            .known_network = t.known_network};
}

template <class Mode>
auto codes<Mode>::confirm(context& c, purpose what, const transaction_id& id, submitted_code submitted,
                          const phone_number* expected) -> flow<result<transaction>> {
    auto typed = parse_code(submitted.str(), p_.config.code_digits);
    submitted = {};  // wiped
    if (!typed) co_return std::move(typed).error();
    if (!is_id(id)) co_return error::no_transaction;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(id);
        if (!found || found->purpose != what) co_return error::no_transaction;
        if (expected && found->phone != *expected) co_return error::phone_mismatch;
        p_.reports.note(c, *found);
        const auto before = found->state;
        auto known = check_key(*found);
        if (!known) co_return std::move(known).error();
        const bool right = p_.messages.is_code_of(*found, *typed) && !rules::is_decoy(*found);
        auto outcome = rules::apply_code(*found, right, p_.config, p_.now());
        if (before != transaction_state::pending) co_return std::move(outcome).error();
        co_await Mode::ignore_cancellation();  // a code that is spent must lead to the end of the flow
        const bool won = co_await p_.ports.update_transaction(*found);
        if (!won) continue;
        ++found->version;
        if (outcome) {
            p_.reports.tell(c, event_kind::confirmed);
            co_return std::move(*found);
        }
        if (found->state != transaction_state::expired) co_await p_.limits.punish(c, *found);
        co_return std::move(outcome).error();
    }
    co_return error::storage_unavailable;
}

template <class Mode>
auto codes<Mode>::reopen(transaction& t, rules::spent_try last) -> flow<bool> {
    rules::reopen(t, p_.config, last);
    return try_to_store(t);
}

template <class Mode>
auto codes<Mode>::find_status(transaction_id id) -> flow<result<transaction_status>> {
    if (!is_id(id)) co_return error::no_transaction;
    auto found = co_await p_.ports.find_transaction(id);
    if (!found) co_return error::no_transaction;
    co_return rules::status_of(*found, p_.config, p_.now());
}

template <class Mode>
auto codes<Mode>::take_report(context& c, status_callback r) -> flow<result<callback_outcome>> {
    c.silent = true;  // what it tells, it tells itself
    const auto report = twilio::read_delivery(p_.config.twilio, r);
    if (!report) co_return report.error();
    if (!is_id(report->transaction_id)) co_return callback_outcome::no_news;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(report->transaction_id);
        if (!found) co_return callback_outcome::no_news;
        const bool news = rules::apply_delivery(*found, report->send, report->status, report->error_code);
        if (!news) co_return callback_outcome::no_news;
        const bool won = co_await p_.ports.update_transaction(*found);
        if (!won) continue;
        p_.reports.note(c, *found);
        if (found->delivery_error != 0) c.about.twilio_code = found->delivery_error;
        p_.reports.tell(c,
                        found->delivery == delivery_state::delivered ? event_kind::delivered : event_kind::undelivered);
        tell_sender_trouble(c, *found);
        co_return callback_outcome::noted;
    }
    co_return error::storage_unavailable;
}

/// A code of a pending `t` whose key only other servers have is neither right nor wrong here.
template <class Mode>
result<void> codes<Mode>::check_key(const transaction& t) const {
    if (t.state != transaction_state::pending || p_.now() >= t.expires_at || p_.messages.knows_code_of(t)) return {};
    return failure(error::storage_unavailable, "This server does not know the key of this code; try again.");
}

/// Tells the observer if the last message of `t`, which had been accepted, was lost for the sender's sake.
template <class Mode>
void codes<Mode>::tell_sender_trouble(const context& c, const transaction& t) const {
    const auto* row = twilio::find_error_code(t.delivery_error);
    if (!row || row->meaning != error::provider_misconfigured) return;
    failure why(row->meaning);
    why.twilio_code = row->code;
    p_.reports.tell(c, event_kind::sender_trouble, &why);
}

/// Nobody's result depends on it.
template <class Mode>
auto codes<Mode>::try_to_store(const transaction& t) -> flow<bool> {
    try {
        const bool stored = co_await p_.ports.update_transaction(t);
        co_return stored;
    } catch (...) {
        co_return false;
    }
}

template <class Mode>
challenge codes<Mode>::describe(const transaction& t, send_outcome sent) const {
    return {transaction_id(t.id), t.expires_at, p_.config.resend_cooldown, sent == send_outcome::uncertain};
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/flows/login.hpp ----

#ifndef PHONEAUTH_FLOWS_LOGIN_HPP
#define PHONEAUTH_FLOWS_LOGIN_HPP

#include <optional>
#include <string>


// ---- phoneauth/login_result.hpp ----

#ifndef PHONEAUTH_LOGIN_RESULT_HPP
#define PHONEAUTH_LOGIN_RESULT_HPP


namespace phoneauth {
inline namespace v0 {

/// A user has logged in.
struct login_result {
    phoneauth::user user;     ///< as stored
    session_token token;      ///< for the client, which sends it with each request; only its hash is stored
    time_point expires_at{};  ///< when the session ends
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

namespace flows {

/// A user logs in: by code, by password and code, or by password alone. Thread-safe.
template <class Mode>
class login {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// Both must outlive this.
    login(parts<Mode>& p, codes<Mode>& c) noexcept : p_(p), codes_(c) {}

    /// See `authenticator::start_login` and, with a `secret`, `authenticator::start_two_factor_login`.
    returned<challenge> start(std::string phone, std::optional<password> secret, client_info from);
    /// See `authenticator::finish_login`.
    returned<login_result> finish(transaction_id id, submitted_code code, client_info from);
    /// See `authenticator::login_with_identity`.
    returned<login_result> with_identity(std::string identity, password secret, client_info from);

private:
    flow<result<challenge>> begin(context& c, std::string phone, std::optional<password> secret);
    flow<result<login_result>> complete(context& c, transaction_id id, submitted_code code);
    flow<result<login_result>> complete_with_identity(context& c, std::string identity, password secret);

    flow<result<challenge>> begin_second(context& c, rules::code_request asked, std::optional<user> owner,
                                         const std::string& secret);
    flow<result<login_result>> enter(context& c, const transaction& confirmed);
    flow<result<login_result>> open_session(context& c, user& owner, const transaction* used);
    flow<result<void>> keep(const session& opened, user& owner);
    flow<bool> note_login(user& owner, const std::string& rests_on);

    parts<Mode>& p_;
    codes<Mode>& codes_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/login.ipp ----

#ifndef PHONEAUTH_FLOWS_LOGIN_IPP
#define PHONEAUTH_FLOWS_LOGIN_IPP

#include <utility>


// ---- phoneauth/rules/registration.hpp ----

#ifndef PHONEAUTH_RULES_REGISTRATION_HPP
#define PHONEAUTH_RULES_REGISTRATION_HPP

#include <string>
#include <string_view>


// ---- phoneauth/registration.hpp ----

#ifndef PHONEAUTH_REGISTRATION_HPP
#define PHONEAUTH_REGISTRATION_HPP

#include <string>
#include <utility>


namespace phoneauth {
inline namespace v0 {

/// What a user sends to finish a registration.
struct registration {
    // Constructors, as g++ 12 destroys an aggregate that is made with braces inside a co_await expression twice.
    registration() = default;
    /// What every registration needs; the rest are members.
    registration(phoneauth::transaction_id id, submitted_code typed, std::string phone_typed,
                 phoneauth::password chosen, std::string identity_typed = {})
        : transaction_id(std::move(id)), code(std::move(typed)), phone(std::move(phone_typed)),
          password(std::move(chosen)), identity(std::move(identity_typed)) {}

    phoneauth::transaction_id transaction_id;  ///< of the challenge that began it
    submitted_code code;                       ///< from the message
    std::string phone;                         ///< the phone that the challenge was for
    phoneauth::password password;              ///< byte for byte; see `config::min_password_length`
    std::string identity;       ///< value of `config::identity_column`; ignored where the phone is the identity
    property_map properties;    ///< further properties, name → JSON text
    std::string locale = "en";  ///< the user's language, at most 35 characters (RFC 5646 §4.4.1)
};

}  // namespace v0
}  // namespace phoneauth

#endif

// What a registration must have, and what a user may change afterwards.

namespace phoneauth {
inline namespace v0 {
namespace rules {

/// An identity in the form in which it is stored and compared: a phone number where the phone is the identity, an email
/// address in lower case, else the text. Blanks of any kind and signs that nobody sees (zero-width spaces, byte order
/// marks) are dropped at its ends, and refused inside, where they would make two identities that look alike. Fails with
/// `identity_required`, `invalid_phone_number`, `invalid_email` (RFC 5321 §4.5.3.1: 64 octets before the @, 254 in all)
/// or `invalid_parameter` (over 254 bytes, not UTF-8, control characters, signs that nobody sees).
PHONEAUTH_DECL result<std::string> normalize_identity(const config& c, std::string_view text);

/// Whether a new password of somebody with this phone and identity is acceptable; `password_required` or
/// `invalid_password` if it is too short or too long, no text, one character again and again, the phone or the identity.
PHONEAUTH_DECL result<void> check_password(const config& c, std::string_view password, const phone_number& phone,
                                           std::string_view identity);

/// Whether clients may set the further property `name`: it is neither reserved nor protected, and among
/// `config::client_properties` if there are any.
PHONEAUTH_DECL bool is_client_property(const config& c, std::string_view name);

/// Checks further properties: no more than `c` allows (`invalid_parameter`), names of 1 to 64 bytes that clients may
/// set, that are not those of the phone and the identity, and that mean nothing to a JavaScript object
/// (`reserved_property`), values that are JSON (`invalid_parameter`).
PHONEAUTH_DECL result<void> check_properties(const config& c, const property_map& properties);

/// The user that `r` describes, without id and password hash, registered at `now` with the proved `phone`. All of the
/// above errors.
PHONEAUTH_DECL result<user> make_user(const config& c, const registration& r, const phone_number& phone,
                                      time_point now);

/// The passwords among a client's changes, empty if there are none.
struct password_change {
    secret_string current;  ///< the value of `currentPassword`, which is never stored
    secret_string wanted;   ///< the value of `password`
};

/// Applies a client's changes, name → JSON text, to `u`, all or nothing: null removes a property. `passwords` gets the
/// passwords among them. Names that clients may not set are passed over, because clients send whole user objects back.
/// The phone cannot be changed: a changed number is a new out-of-band device (NIST SP 800-63B-3 §5.1.3.3). Fails with
/// what `normalize_identity`, `check_password` and `check_properties` fail with, and `invalid_parameter` for another
/// phone or a value of the wrong type.
PHONEAUTH_DECL result<void> apply_changes(user& u, const property_map& changes, const config& c,
                                          password_change& passwords);

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rules/registration.ipp ----

#ifndef PHONEAUTH_RULES_REGISTRATION_IPP
#define PHONEAUTH_RULES_REGISTRATION_IPP

#include <algorithm>
#include <cstddef>


namespace phoneauth {
inline namespace v0 {
namespace rules {
namespace detail {

inline constexpr std::size_t max_identity_bytes = 254;  // RFC 5321 §4.5.3.1.3, less the angle brackets

inline bool is_plain_text(std::string_view text) {
    return phoneauth::detail::count_code_points(text).has_value() &&
           std::none_of(text.begin(), text.end(), phoneauth::detail::is_control);
}

/// A sanity check, not RFC 5322: only a message to it proves an address.
inline bool is_email(std::string_view text) {
    const auto at = text.rfind('@');
    if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > max_identity_bytes) return false;
    const auto local = text.substr(0, at);
    const auto domain = text.substr(at + 1);
    const auto in_domain = [](char c) {
        return phoneauth::detail::is_alnum(c) || c == '-' || c == '.' || static_cast<unsigned char>(c) >= 0x80;
    };
    return is_plain_text(text) && local.find_first_of(" @\"(),:;<>[\\]") == std::string_view::npos &&
           domain.find('.') != std::string_view::npos && !domain.starts_with('.') && !domain.ends_with('.') &&
           domain.find("..") == std::string_view::npos && std::all_of(domain.begin(), domain.end(), in_domain);
}

inline bool is_property_size_ok(const property_map& properties, const config& c) {
    std::size_t bytes = 0;
    for (const auto& [name, json] : properties) bytes += name.size() + json.size();
    return properties.size() <= c.max_properties && bytes <= c.max_property_bytes;
}

/// As members of a JavaScript object they change what it is, wherever they stand.
inline bool poisons_objects(std::string_view name) noexcept {
    return name == "__proto__" || name == "constructor" || name == "prototype";
}

/// One character, again and again.
inline bool is_one_character(std::string_view text) {
    std::size_t size = 1;
    while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) ++size;
    return text.size() % size == 0 &&
           std::equal(text.begin() + static_cast<std::ptrdiff_t>(size), text.end(), text.begin());
}

/// `phone` as people type it: with or without the calling code, zeros in front and signs between the digits.
inline bool is_written_phone(std::string_view text, const phone_number& phone) {
    std::string digits;
    for (const char c : text) {
        if (phoneauth::detail::is_digit(c) && !(digits.empty() && c == '0'))
            digits += c;
        else if (c != '0' && std::string_view(" +-()./").find(c) == std::string_view::npos)
            return false;
    }
    return digits.size() >= 6 && phone.str().ends_with(digits);
}

}  // namespace detail

PHONEAUTH_DECL result<std::string> normalize_identity(const config& c, std::string_view text) {
    text = phoneauth::detail::trim_typed(text);
    if (text.empty()) return failure(error::identity_required, "The property " + c.identity_column + " is required.");
    if (c.identity_column == c.phone_column) {
        auto phone = read_phone(c, text);
        if (!phone) return std::move(phone).error();
        return std::string(phone->str());
    }
    if (c.identity_column == "email") {
        if (!detail::is_email(text) || phoneauth::detail::has_hidden_sign(text)) return error::invalid_email;
        return phoneauth::detail::lower(text);
    }
    if (text.size() > detail::max_identity_bytes || !detail::is_plain_text(text) ||
        phoneauth::detail::has_hidden_sign(text))
        return failure(error::invalid_parameter,
                       "The property " + c.identity_column + " is too long or has a character that nobody sees.");
    return std::string(text);
}

PHONEAUTH_DECL result<void> check_password(const config& c, std::string_view password, const phone_number& phone,
                                           std::string_view identity) {
    if (password.empty()) return error::password_required;
    if (password.size() < c.min_password_length || password.size() > c.max_password_length)
        return failure(error::invalid_password, "The password must have " + std::to_string(c.min_password_length) +
                                                    " to " + std::to_string(c.max_password_length) + " bytes.");
    if (!phoneauth::detail::count_code_points(password) || password.find('\0') != std::string_view::npos)
        return failure(error::invalid_password, "The password is not UTF-8 or holds a NUL character.");
    if (detail::is_one_character(password) || detail::is_written_phone(password, phone) ||
        phoneauth::detail::equal_without_case(password, identity))
        return failure(error::invalid_password, "The password is too easy to guess.");
    return {};
}

PHONEAUTH_DECL bool is_client_property(const config& c, std::string_view name) {
    const auto is_name = [&](const std::string& other) { return phoneauth::detail::equal_without_case(other, name); };
    const auto& allowed = c.client_properties;
    return !is_reserved_property(name) &&
           std::none_of(c.protected_properties.begin(), c.protected_properties.end(), is_name) &&
           (allowed.empty() || std::find(allowed.begin(), allowed.end(), name) != allowed.end());
}

PHONEAUTH_DECL result<void> check_properties(const config& c, const property_map& properties) {
    using phoneauth::detail::json_check;
    if (!detail::is_property_size_ok(properties, c))  // first, as the rest costs more the more there is
        return failure(error::invalid_parameter, "The user has too many properties, or they are too large.");
    for (const auto& [name, json] : properties) {
        if (name.empty() || name.size() > 64 || !detail::is_plain_text(name))
            return failure(error::invalid_parameter,
                           "A property's name must have 1 to 64 bytes and no control characters.");
        if (!is_client_property(c, name) || name == c.phone_column || name == c.identity_column ||
            detail::poisons_objects(name))
            return failure(error::reserved_property, "The property " + name + " is reserved for the server.");
        const auto checked = phoneauth::detail::check_json(json, detail::poisons_objects);
        if (checked == json_check::no_json)
            return failure(error::invalid_parameter, "The property " + name + " is not valid JSON.");
        if (checked == json_check::refused_name)
            return failure(error::reserved_property,
                           "The property " + name + " has a member named __proto__, constructor or prototype.");
    }
    return {};
}

PHONEAUTH_DECL result<user> make_user(const config& c, const registration& r, const phone_number& phone,
                                      time_point now) {
    auto identity =
        normalize_identity(c, c.identity_column == c.phone_column ? phone.str() : std::string_view(r.identity));
    if (!identity) return std::move(identity).error();
    if (auto ok = check_password(c, r.password.str(), phone, *identity); !ok) return std::move(ok).error();
    if (auto ok = check_properties(c, r.properties); !ok) return std::move(ok).error();
    if (r.locale.size() > 35 || !detail::is_plain_text(r.locale))
        return failure(error::invalid_parameter, "The property blUserLocale is not a language tag.");
    return user{.object_id = {},
                .phone = phone,
                .identity = std::move(*identity),
                .password_hash = {},
                .properties = r.properties,
                .locale = r.locale,
                .created_at = now};
}

PHONEAUTH_DECL result<void> apply_changes(user& u, const property_map& changes, const config& c,
                                          password_change& passwords) {
    user changed = u;
    property_map added;
    bool has_password = false;
    for (const auto& [name, json] : changes) {
        const bool is_password = name == "password" || (name == "currentPassword" && json != "null");
        if (is_password || name == c.phone_column || name == c.identity_column) {
            auto value = phoneauth::detail::parse_json(json);
            if (!value || !(value->is(phoneauth::detail::json_kind::string) ||
                            (name == c.phone_column && value->is(phoneauth::detail::json_kind::number))))
                return failure(error::invalid_parameter, "The property " + name + " must be a string.");
            if (is_password) {
                has_password = has_password || name == "password";
                (name == "password" ? passwords.wanted : passwords.current) = value->text;
            } else if (name == c.phone_column) {
                const auto phone = read_phone(c, value->text);
                // Clients send whole objects back: also a number that was stored as it would not be read today.
                if (value->text != u.phone.str() && (!phone || *phone != u.phone))
                    return failure(error::invalid_parameter,
                                   "The phone number cannot be changed without proving the new one.");
            } else {
                auto identity = normalize_identity(c, value->text);
                if (!identity) return std::move(identity).error();
                changed.identity = std::move(*identity);
            }
        } else if (!is_client_property(c, name)) {
            continue;
        } else if (json == "null") {
            changed.properties.erase(name);
        } else {
            added.insert_or_assign(name, json);
        }
    }
    if (has_password) {
        if (auto ok = check_password(c, passwords.wanted, u.phone, changed.identity); !ok) return ok;
    }
    if (auto ok = check_properties(c, added); !ok) return ok;
    for (auto& [name, json] : added) changed.properties.insert_or_assign(name, std::move(json));
    if (!detail::is_property_size_ok(changed.properties, c))
        return failure(error::invalid_parameter, "The user has too many properties, or they are too large.");
    u = std::move(changed);
    return {};
}

}  // namespace rules
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto login<Mode>::start(std::string phone, std::optional<password> secret, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from),
                  [&](context& c) { return begin(c, std::move(phone), std::move(secret)); });
}

template <class Mode>
auto login<Mode>::finish(transaction_id id, submitted_code code, client_info from) -> returned<login_result> {
    return p_.run(event_kind::logged_in, std::move(from),
                  [&](context& c) { return complete(c, std::move(id), std::move(code)); });
}

template <class Mode>
auto login<Mode>::with_identity(std::string identity, password secret, client_info from) -> returned<login_result> {
    return p_.run(event_kind::logged_in, std::move(from),
                  [&](context& c) { return complete_with_identity(c, std::move(identity), std::move(secret)); });
}

template <class Mode>
auto login<Mode>::begin(context& c, std::string text, std::optional<password> secret) -> flow<result<challenge>> {
    if (!p_.config.login_enabled || (!secret && !p_.config.code_login_enabled)) co_return error::login_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    auto owner = co_await p_.ports.find_user_by_phone(*phone);
    const auto fingerprint = p_.network_fingerprint(owner);
    rules::code_request asked{.phone = *phone, .fingerprint = fingerprint, .from = c.networks()};
    if (secret) {
        auto opened = co_await begin_second(c, asked, std::move(owner), *secret);
        co_return opened;
    }
    asked.begins = rules::door::code;
    const auto limits = rules::code_limits(asked, p_.config, p_.now());
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    // Counted before anything is told about whose phone it is.
    if (!owner && p_.config.unknown_phone == unknown_phone_policy::reject) co_return error::unknown_phone;
    std::string no_password;
    auto opened = co_await codes_.open(c, limits, granted, purpose::login, *phone, owner, std::move(no_password));
    co_return opened;
}

/// A two-factor login. After too many wrong passwords it is concealed: it answers everybody alike, and only whoever
/// reads the phone's messages learns that the password was right. So strangers learn nothing from more guesses, and
/// cannot shut the door to the owner.
template <class Mode>
auto login<Mode>::begin_second(context& c, rules::code_request asked, std::optional<user> owner,
                               const std::string& secret) -> flow<result<challenge>> {
    const password_question question{std::string(asked.phone.str()), std::string(asked.fingerprint), owner, true};
    auto guess = co_await p_.passwords.check(c, question, secret);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right && !guess->concealed) co_return error::invalid_login;
    asked.begins = rules::door::second;
    asked.after_password = true;
    asked.concealed = guess->concealed;
    auto limits = rules::code_limits(asked, p_.config, p_.now());
    const auto of_client = limits.of_client();
    cell_answer admitted;
    if (guess->concealed) {
        admitted = co_await p_.limits.take(c, of_client);
        if (!admitted.granted) co_return of_client.judge(admitted).error();
        limits = limits.of_account();
        if (!guess->right) limits = limits.as_decoy();
    } else {
        rules::take_guess_back(limits, question.subject, c.networks(), p_.limits.password_accounts(), p_.config);
    }
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted && !guess->concealed) {
        co_await p_.passwords.forgive(c, question, *guess);
        co_return limits.judge(granted).error();
    }
    if (!guess->right || !granted.granted) owner.reset();
    auto begun_with = owner ? p_.fingerprint_of(*owner) : p_.hash(secret);  // of a decoy: anything
    if (guess->concealed) begun_with.insert(0, 1, rules::concealed_mark);
    auto opened = co_await codes_.open(c, limits, granted, purpose::login, asked.phone, owner, std::move(begun_with));
    if (!opened && guess->concealed && p_.messages.is_nobodys_attempt(opened.error()))
        co_await p_.limits.give_back(of_client, admitted, true);
    co_return opened;
}

template <class Mode>
auto login<Mode>::complete(context& c, transaction_id id, submitted_code code) -> flow<result<login_result>> {
    if (!p_.config.login_enabled) co_return error::login_disabled;
    auto confirmed = co_await codes_.confirm(c, purpose::login, id, std::move(code), nullptr);
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    auto outcome = co_await enter(c, *confirmed);
    if (!outcome && outcome.error().code == error::storage_unavailable) co_await codes_.reopen(*confirmed);
    co_return outcome;
}

template <class Mode>
auto login<Mode>::complete_with_identity(context& c, std::string text, password secret) -> flow<result<login_result>> {
    if (!p_.config.identity_login_enabled) co_return error::login_disabled;
    auto identity = rules::normalize_identity(p_.config, text);
    if (!identity) {
        c.uncounted = true;
        co_return error::invalid_login;
    }
    auto owner = co_await p_.ports.find_user_by_identity(*identity);
    const password_question asked{p_.identity_subject(*identity, owner), p_.network_fingerprint(owner), owner};
    auto guess = co_await p_.passwords.check(c, asked, secret);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right) co_return error::invalid_login;
    co_await p_.passwords.forgive(c, asked, *guess);
    auto outcome = co_await open_session(c, *owner, nullptr);
    co_return outcome;
}

/// The user of a confirmed transaction, if nothing has changed that the login rests on, gets a session.
template <class Mode>
auto login<Mode>::enter(context& c, const transaction& confirmed) -> flow<result<login_result>> {
    try {
        auto owner = co_await p_.ports.find_user(confirmed.user_id);
        // A changed number is a new out-of-band device (NIST SP 800-63B-3 §5.1.3.3).
        if (!owner || owner->phone != confirmed.phone) co_return error::no_transaction;
        std::string_view begun_with = confirmed.password_fingerprint;
        if (begun_with.empty() && !p_.config.code_login_enabled) co_return error::login_disabled;
        if (rules::is_concealed(confirmed)) begun_with.remove_prefix(1);
        if (!begun_with.empty() && begun_with != p_.fingerprint_of(*owner)) co_return error::invalid_login;
        auto outcome = co_await open_session(c, *owner, &confirmed);
        co_return outcome;
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

/// `used`: the transaction whose code was right, or nullptr.
template <class Mode>
auto login<Mode>::open_session(context& c, user& owner, const transaction* used) -> flow<result<login_result>> {
    p_.reports.note(c, owner);
    if (!owner.enabled) co_return error::account_disabled;
    auto allowed = co_await p_.ports.before_login(owner);
    if (!allowed) co_return std::move(allowed).error();
    auto token = make_token(p_.random);
    if (!token) co_return error::internal;
    const auto at = p_.now();
    const session opened{p_.hash(*token), owner.object_id, at, at + p_.config.session_lifetime,
                         p_.session_fingerprint_of(owner)};
    owner.last_login_at = at;
    auto kept = co_await keep(opened, owner);
    if (!kept) {
        try {  // it may be stored all the same, and nobody has its token
            [[maybe_unused]] const bool erased = co_await p_.ports.erase_session(opened.token_hash);
        } catch (...) {
        }
        co_return std::move(kept).error();
    }
    const auto known_by = p_.network_fingerprint(opened.fingerprint);
    rules::login_facts facts{.phone = owner.phone, .fingerprint = known_by, .used = used, .from = c.networks()};
    std::string subject;
    if (!used)
        subject = p_.identity_subject(owner.identity, owner);
    else if (!used->password_fingerprint.empty())
        subject = owner.phone.str();
    facts.subject = subject;
    const auto over = rules::after_login(facts, p_.config, p_.now());
    co_await p_.limits.try_to(over);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_login(owner);
    } catch (...) {
    }
    login_result done{std::move(owner), session_token(std::move(*token)), opened.expires_at};
    co_return done;
}

template <class Mode>
auto login<Mode>::keep(const session& opened, user& owner) -> flow<result<void>> {
    try {
        const bool inserted = co_await p_.ports.insert_session(opened);
        if (!inserted) co_return error::internal;
        const bool noted = co_await note_login(owner, opened.fingerprint);
        co_return noted ? result<void>() : result<void>(error::invalid_login);
    } catch (...) {
        co_return Mode::current_failure();
    }
}

/// Stores `last_login_at`. False if the user has been disabled or deleted since they were read, or what the session
/// `rests_on` has changed: it is over already. A storage that fails to store it does not stop a login.
template <class Mode>
auto login<Mode>::note_login(user& owner, const std::string& rests_on) -> flow<bool> {
    for (int lost = 0; lost < max_lost_races; ++lost) {
        write_result written = write_result::done;
        try {
            written = co_await p_.ports.update_user(owner);
        } catch (...) {
        }
        if (written != write_result::stale) co_return true;
        auto current = co_await p_.ports.find_user(owner.object_id);
        if (!current || !current->enabled || p_.session_fingerprint_of(*current) != rests_on) co_return false;
        current->last_login_at = owner.last_login_at;
        owner = std::move(*current);
    }
    co_return true;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/flows/messages.hpp ----

#ifndef PHONEAUTH_FLOWS_MESSAGES_HPP
#define PHONEAUTH_FLOWS_MESSAGES_HPP


// ---- phoneauth/twilio/test_replies.hpp ----

#ifndef PHONEAUTH_TWILIO_TEST_REPLIES_HPP
#define PHONEAUTH_TWILIO_TEST_REPLIES_HPP

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// The kinds of senders that a Messaging Service can have.
struct service_sender_kind {
    std::string_view subresource;  ///< what `requests::list_service_senders` takes
    std::string_view member;       ///< what `read_service_senders` takes
    std::string_view name;         ///< for people
};

/// In the order in which they are asked for.
inline constexpr std::array service_sender_kinds{
    service_sender_kind{"PhoneNumbers", "phone_numbers", "phone numbers"},
    service_sender_kind{"ShortCodes", "short_codes", "short codes"},
    service_sender_kind{"AlphaSenders", "alpha_senders", "sender ids"},
    service_sender_kind{"DestinationAlphaSenders", "alpha_senders", "sender ids for single countries"},
    service_sender_kind{"ChannelSenders", "senders", "senders of channels"}};

/// What Twilio answered to the questions of `authenticator::test_configuration`; what was not asked is empty.
struct test_replies {
    std::optional<result<http_response>> account{};     ///< to `requests::fetch_account`
    std::optional<time_point> received_at{};            ///< when that came, by this server's clock
    std::optional<result<http_response>> token{};       ///< likewise, with the auth token that only checks reports
    std::optional<result<http_response>> verified{};    ///< to `requests::list_verified_numbers`
    std::optional<result<http_response>> number{};      ///< to `requests::find_number`
    std::optional<result<http_response>> short_code{};  ///< to `requests::find_short_code`
    std::vector<result<http_response>> service{};    ///< to `requests::list_service_senders`; fewer kinds if one failed
    std::optional<result<http_response>> look_up{};  ///< to `requests::find_messages`
    std::optional<result<http_response>> countries{};  ///< to `requests::list_countries`
};

/// What a look-up gave, or the failure of the transport.
template <class Read>
auto read(const result<http_response>& reply, Read read_reply) -> decltype(read_reply(*reply)) {
    if (!reply) return reply.error();
    return read_reply(*reply);
}

/// Whether a reply shows that Twilio knows the credentials, even if they may not do what was asked: an API key can have
/// a part of the permissions (403, or Twilio's 70051).
inline bool knows_credentials(const std::optional<result<http_response>>& reply) {
    if (!reply || !*reply) return false;
    const auto status = (*reply)->status;
    return status / 100 == 2 || status == 403 || failure_of(**reply).twilio_code == 70051;
}

/// Whether any of the replies shows it.
inline bool knows_credentials(const test_replies& r) {
    return knows_credentials(r.account) || knows_credentials(r.number) || knows_credentials(r.short_code) ||
           knows_credentials(r.look_up) || std::any_of(r.service.begin(), r.service.end(), [](const auto& reply) {
               return knows_credentials(std::optional(reply));
           });
}

/// Whether the account could not be looked up, but perhaps for want of a permission: standard API keys may do everything
/// but read accounts, and are told so as if they were wrong.
/// Source: https://www.twilio.com/docs/iam/api-keys/keys-in-console#types-of-keys
inline bool may_lack_permission(const twilio_config& c, const result<http_response>& account) {
    return !c.api_key.empty() && account && account->status / 100 != 2 &&
           failure_of(*account).code == error::provider_misconfigured;
}

/// Whether Twilio, and nothing in its place, has answered the account look-up. Else there is nothing more to ask.
inline bool is_answered(const result<http_response>& account) {
    if (read(account, read_account_status)) return true;
    return account && failure_of(*account).code == error::provider_misconfigured;
}

/// Whether anything can be asked after that answer.
inline bool can_go_on(const twilio_config& c, const result<http_response>& account) {
    return read(account, read_account_status).has_value() || may_lack_permission(c, account);
}

namespace findings {

///@{
/// A finding: all is well; something stands in the way of sending codes; or something is amiss, or not known, and codes
/// can be sent all the same.
inline finding good(std::string check, std::string message) {
    return {std::move(check), true, std::move(message), {}, true};
}
inline finding bad(std::string check, std::string message, std::string remedy) {
    return {std::move(check), false, std::move(message), std::move(remedy), true};
}
inline finding note(std::string check, std::string message, std::string remedy) {
    return {std::move(check), false, std::move(message), std::move(remedy), false};
}
///@}

/// A text of somebody else's, as a report can have it: in printable ASCII, and not long.
inline std::string shown(std::string_view text, std::size_t most = 40) {
    std::string s;
    for (const char c : text.substr(0, most)) s += c >= ' ' && c <= '~' ? c : '?';
    return s;
}

/// The host of Twilio, or of what is in its place, and the port unless it is the scheme's.
inline std::string host_of(const twilio_config& c) {
    const auto url = phoneauth::detail::parse_url(url_of_product(c));
    return url ? url->authority() : std::string();
}

/// "1, 44 and 3 more".
inline std::string enumerated(const std::vector<std::string>& items, std::size_t most = 10) {
    std::string text;
    for (std::size_t i = 0; i < (std::min)(items.size(), most); ++i) text.append(i == 0 ? "" : ", ").append(items[i]);
    if (items.size() > most) text += " and " + std::to_string(items.size() - most) + " more";
    return text;
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What goes to Twilio without a transaction: messages, and the test of the configuration. Thread-safe.
template <class Mode>
class messages {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// `p` must outlive this.
    explicit messages(parts<Mode>& p) noexcept : p_(p) {}

    /// See `authenticator::send_message`.
    returned<sent_message> send(text_message m, client_info from);
    /// See `authenticator::test_configuration`.
    returned<configuration_report> test_configuration();

private:
    flow<result<sent_message>> send_any(context& c, text_message m);
    flow<result<configuration_report>> inspect();
    flow<result<void>> ask_about_account(twilio::test_replies& replies);
    flow<result<void>> ask_about_sender(twilio::test_replies& replies);

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/messages.ipp ----

#ifndef PHONEAUTH_FLOWS_MESSAGES_IPP
#define PHONEAUTH_FLOWS_MESSAGES_IPP

#include <optional>
#include <string>
#include <utility>


// ---- phoneauth/twilio/findings.hpp ----

#ifndef PHONEAUTH_TWILIO_FINDINGS_HPP
#define PHONEAUTH_TWILIO_FINDINGS_HPP

#include <utility>
#include <vector>


// ---- phoneauth/twilio/account_findings.hpp ----

#ifndef PHONEAUTH_TWILIO_ACCOUNT_FINDINGS_HPP
#define PHONEAUTH_TWILIO_ACCOUNT_FINDINGS_HPP

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>


// What the replies tell about the credentials and the account.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// Credentials that Twilio does not take.
inline finding of_refused_credentials(const twilio_config& c, const failure& f) {
    std::string remedy(remedy_of(f.twilio_code.value_or(0)));
    if (remedy.empty()) remedy = "Copy the credentials from Twilio's console again.";
    if (!c.region.empty() && !equal_ignoring_case(c.region, "us1"))
        remedy += " Each region has auth tokens and API keys of its own: take those of " + c.region +
                  ", or leave twilio.region empty.";
    return bad("credentials", "Twilio does not take them: " + f.message, std::move(remedy));
}

/// A status of the account other than active.
inline finding of_inactive_account(const std::string& status) {
    return bad("account", "The account's status is \"" + shown(status) + "\"; Twilio sends only for active accounts.",
               status == "suspended"
                   ? "Look at the account's balance and notices in Twilio's console; if there is nothing, ask Twilio's "
                     "support."
                   : "Take the credentials of an active account.");
}

/// The credentials and the account.
inline std::vector<finding> of_account(const twilio_config& c, const test_replies& r) {
    const auto accepted = good("credentials", "Twilio accepts the credentials.");
    const auto status = read(*r.account, read_account_status);
    if (status && *status == "active") return {accepted, good("account", "The account is active.")};
    if (status) return {accepted, of_inactive_account(*status)};
    const auto& why = status.error();
    const auto* row = find_error_code(why.twilio_code.value_or(0));
    if (row && row->whose == fault::account) return {accepted, bad("account", why.message, std::string(row->remedy))};
    if (!may_lack_permission(c, *r.account) || !knows_credentials(r)) return {of_refused_credentials(c, why)};
    return {accepted, note("account", "Whether the account is active is not known: this API key may not look it up.",
                           "Look at the account's status in Twilio's console; only a main key could do so here, and "
                           "nothing else needs one.")};
}

/// Whether `reply` says that an API key lacks a permission.
inline bool lacks_permission(const result<http_response>& reply) {
    if (!reply) return false;
    const auto* row = find_error_code(failure_of(*reply).twilio_code.value_or(0));
    if (row && row->code == 70051) return true;
    return reply->status == 403 && (!row || row->whose != fault::account);
}

/// What kind of credentials they are, as far as it shows.
inline finding of_key(const twilio_config& c, const test_replies& r) {
    if (c.api_key.empty())
        return good("key",
                    "The credentials are the account's auth token. An API key can be revoked by itself, which is "
                    "what Twilio advises for servers.");
    if (read(*r.account, read_account_status))
        return good("key", "The API key is a main key, which may also manage the account and its keys. A standard key "
                           "would do.");
    const auto lacks = [](const auto& reply) { return reply && lacks_permission(*reply); };
    if (lacks(r.account) || lacks(r.number) || lacks(r.short_code) || lacks(r.look_up) ||
        std::any_of(r.service.begin(), r.service.end(), lacks_permission))
        return good("key",
                    "The API key is a restricted key. It must be allowed to create and to read messages; whether "
                    "it may create them shows when a message is sent.");
    return good("key", "The API key is a standard key.");
}

/// Whom a trial account can reach; empty if the account is none, or nobody knows.
inline std::optional<finding> of_trial(const test_replies& r) {
    if (!r.account || !*r.account || !is_trial_account(**r.account)) return std::nullopt;
    const std::string upgrade =
        "Upgrade the account in Twilio's console, or verify the numbers there that codes go to.";
    const std::string what = "The account is on trial: codes reach only numbers that are verified with it";
    const auto verified = r.verified ? read(*r.verified, read_verified_numbers) : result<number_page>(error::internal);
    if (!verified) return note("trial", what + ".", upgrade);
    if (verified->numbers.empty()) return bad("trial", what + ", and there are none.", upgrade);
    return note("trial",
                what + ": " + enumerated(verified->numbers, verified->numbers.size()) +
                    (verified->is_whole ? "." : " and others."),
                upgrade);
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/twilio/connection_findings.hpp ----

#ifndef PHONEAUTH_TWILIO_CONNECTION_FINDINGS_HPP
#define PHONEAUTH_TWILIO_CONNECTION_FINDINGS_HPP

#include <chrono>
#include <optional>
#include <string>
#include <vector>


// What the first answer tells about the way to Twilio, and about this server's clock.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// Twilio's part of the world, as it is configured.
inline finding of_region(const twilio_config& c) {
    const auto host = host_of(c);
    const bool chosen = !c.region.empty() || !c.edge.empty();
    if (!c.base_url.empty() && chosen)
        return note("region", "Requests go to " + host + ", whatever twilio.region and twilio.edge say.",
                    "Leave out twilio.base_url, or the two others.");
    if (!c.base_url.empty()) return good("region", "Requests go to " + host + ", in the place of Twilio's own host.");
    if (c.region.empty() || equal_ignoring_case(c.region, "us1") || equal_ignoring_case(c.region, "ie1"))
        return good("region", "Requests go to " + host + (chosen ? "." : ", in Twilio's default region."));
    // Source: https://www.twilio.com/docs/global-infrastructure/regional-product-and-feature-availability
    return note("region", "Requests go to " + host + "; Twilio sends SMS from its regions us1 and ie1 only.",
                "Leave twilio.region empty, or take ie1 if the data must stay in the EU.");
}

/// A transport that could not reach Twilio.
inline finding of_no_reply(const twilio_config& c, const failure& f) {
    const auto host = host_of(c);
    const std::string what = host + ": " + shown(f.message, 200);
    const std::string names = c.base_url.empty() ? "twilio.region and twilio.edge are" : "twilio.base_url is";
    if (f.code == error::host_not_found)
        return bad("connection", what, "Look at this machine's DNS, and at how " + names + " spelled.");
    if (f.code == error::connect_failed || f.code == error::connect_timeout)
        return bad(
            "connection", what,
            c.base_url.empty()
                ? "Let this machine open connections to " + host + ", port 443: look at its firewall and routes."
                : "See that a server listens at twilio.base_url, and that a firewall lets this machine through.");
    if (f.code == error::proxy_failed)
        return bad(
            "connection", what,
            "Look at the proxy (the transport's option proxy): its name, port, user and password, and whether it "
            "lets CONNECT to " +
                host + " pass.");
    if (f.code == error::certificate_untrusted)
        return bad(
            "tls", what,
            "Install the CA certificates of the system (Debian: apt install ca-certificates), or give the "
            "transport a PEM file that has them (ca_file). If a proxy opens TLS on the way, its CA must be there.");
    if (f.code == error::certificate_expired)
        return bad("tls", what, "Look at this machine's clock; if it is right, at who answers in Twilio's place.");
    if (f.code == error::certificate_wrong_host)
        return bad("tls", what, "Look at how " + names + " spelled, and at who answers in Twilio's place.");
    if (f.code == error::tls_failed)
        return bad("tls", what,
                   "See that the CA certificates can be read and that no proxy or firewall on the way breaks TLS 1.2 "
                   "and later.");
    return bad("connection", what, "Try again; if it stays so, look at https://status.twilio.com and at the network.");
}

/// Whether Twilio answered at all.
inline std::vector<finding> of_connection(const twilio_config& c, const result<http_response>& account) {
    if (!account) return {of_no_reply(c, account.error())};
    const auto host = host_of(c);
    if (!is_answered(account)) {
        const auto why = read(account, read_account_status).error();
        const bool is_passing = why.code == error::provider_busy || why.code == error::no_answer;
        return {bad("connection", host + ": " + why.message,
                    is_passing
                        ? "Try again later; https://status.twilio.com tells of disturbances."
                        : "What answers there is not Twilio: look at twilio.base_url, and at proxies on the way.")};
    }
    std::vector<finding> all{good("connection", "Twilio answers at " + host + ".")};
    if (url_of_product(c).starts_with("https:")) all.push_back(good("tls", "Its certificate is trusted."));
    return all;
}

/// This server's clock, compared with Twilio's; empty if Twilio did not tell the time.
inline std::optional<finding> of_clock(const test_replies& r) {
    constexpr std::chrono::seconds tolerated{60};
    const auto theirs = r.account && *r.account ? date_of(**r.account) : std::nullopt;
    if (!theirs || !r.received_at) return std::nullopt;
    const auto ahead = std::chrono::floor<std::chrono::seconds>(*r.received_at) - *theirs;
    if (ahead >= -tolerated && ahead <= tolerated) return good("clock", "This server's clock agrees with Twilio's.");
    const auto off = std::to_string((ahead.count() < 0 ? -ahead : ahead).count());
    return note("clock",
                "This server's clock is " + off + " s " + (ahead.count() < 0 ? "behind" : "ahead of") +
                    " Twilio's; servers whose clocks differ take each other's codes and sessions for expired.",
                "Have the clock set by NTP (timedatectl set-ntp true).");
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/twilio/message_findings.hpp ----

#ifndef PHONEAUTH_TWILIO_MESSAGE_FINDINGS_HPP
#define PHONEAUTH_TWILIO_MESSAGE_FINDINGS_HPP

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>


// ---- phoneauth/twilio/segments.hpp ----

#ifndef PHONEAUTH_TWILIO_SEGMENTS_HPP
#define PHONEAUTH_TWILIO_SEGMENTS_HPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>


// What a message costs.

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// How an SMS of a text is sent.
struct sms_size {
    std::size_t segments = 1;  ///< what it is charged for
    std::string_view
        outsider{};  ///< the first character that GSM-7 has not, for which all are sent as UTF-16; or empty
};

/// 160 GSM-7 characters or 70 UTF-16 units go into one segment, else 153 or 67 into each (3GPP TS 23.038 §6.2.1; a
/// character of the extension table counts twice).
inline sms_size size_of_sms(std::string_view text) {
    constexpr std::string_view basic =
        "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
        "abcdefghijklmnopqrstuvwxyzäöñüà";
    constexpr std::string_view extended = "\f^{}\\[~]|€";
    std::size_t gsm = 0;
    std::size_t utf16 = 0;
    sms_size size;
    while (!text.empty()) {
        const auto bytes = std::max<std::size_t>(phoneauth::detail::utf8_sequence(text), 1);
        const auto character = text.substr(0, bytes);
        text.remove_prefix(bytes);
        utf16 += bytes == 4 ? 2 : 1;
        const bool is_extended = extended.find(character) != extended.npos;
        gsm += is_extended ? 2 : 1;
        if (size.outsider.empty() && !is_extended && basic.find(character) == basic.npos) size.outsider = character;
    }
    const bool is_gsm = size.outsider.empty();
    const auto units = is_gsm ? gsm : utf16;
    const std::size_t one = is_gsm ? 160 : 70;
    const std::size_t each = is_gsm ? 153 : 67;
    size.segments = units <= one ? 1 : (units + each - 1) / each;
    return size;
}

/// How many segments an SMS of this text takes: see `size_of_sms`.
inline std::size_t segments(std::string_view text) {
    return size_of_sms(text).segments;
}

/// What a message counts for in budgets: its segments, and three for each medium, about what Twilio charges for one
/// (https://www.twilio.com/en-us/sms/pricing/us). At least 1.
inline std::int64_t message_units(const text_message& m) {
    constexpr std::size_t units_of_medium = 3;
    const auto of_text = m.body.empty() ? 0 : segments(m.body);
    return static_cast<std::int64_t>(std::max<std::size_t>(of_text + units_of_medium * m.media_urls.size(), 1));
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

// What a code's message costs, where it may go, and where Twilio reports what became of it.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// What a code costs: by the longer of its two texts.
inline finding of_segments(const config& c) {
    const std::string code(c.code_digits, '0');
    const auto login = code_text(c, code, purpose::login);
    const auto registration = code_text(c, code, purpose::registration);
    const auto of_login = size_of_sms(login);
    const auto of_registration = size_of_sms(registration);
    const auto& larger = of_login.segments > of_registration.segments ? of_login : of_registration;
    const auto outsider = std::string(larger.outsider.empty() ? of_login.outsider : larger.outsider);
    const auto what =
        "A code's message takes " +
        (larger.segments == 1 ? std::string("one segment")
                              : std::to_string(larger.segments) + " segments, each of which is charged") +
        (outsider.empty() ? "." : ", as UTF-16 because of \"" + outsider + "\": 70 characters fit into one.");
    if (outsider.empty() && larger.segments == 1) return good("segments", what);
    return note("segments", what,
                outsider.empty() ? "Shorten message_template: 160 characters fit into one segment."
                                 : "Write message_template with the characters of GSM-7, of which 160 fit into one "
                                   "segment; if the language has others, keep to 70.");
}

/// Whether Twilio, in the internet, can have a way to `host`.
inline bool is_public_host(std::string_view host) {
    constexpr std::array networks{"0.0.0.0/8",      "10.0.0.0/8",    "100.64.0.0/10",  "127.0.0.0/8",
                                  "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "::1/128",
                                  "::/128",         "fc00::/7",      "fe80::/10"};
    constexpr std::array<std::string_view, 8> domains{".localhost", ".local", ".internal", ".lan",
                                                      ".home.arpa", ".test",  ".invalid",  ".example"};
    if (const auto address = phoneauth::detail::parse_ip(host))
        return std::none_of(networks.begin(), networks.end(), [&](const char* text) {
            const auto network = phoneauth::detail::parse_network(text);
            return network && network->has(*address);
        });
    return host.find('.') != std::string_view::npos &&
           std::none_of(domains.begin(), domains.end(), [&](auto domain) { return host.ends_with(domain); });
}

/// Where Twilio reports what became of a message. Of the URL only the host is told.
inline finding of_callback(const twilio_config& c, const test_replies& r) {
    if (c.status_callback.empty())
        return good("callback", "Twilio is not asked to report whether codes arrive: twilio.status_callback is empty.");
    const auto url = phoneauth::detail::parse_url(phoneauth::detail::without_user_info(c.status_callback));
    const std::string host = url ? url->host : std::string();
    const std::string set = "Set twilio.status_callback to the public https URL of /api/services/Twilio/messageStatus.";
    if (c.base_url.empty() && !is_public_host(host))
        return note("callback", "Twilio cannot reach " + host + " to report whether codes arrive.", set);
    if (c.base_url.empty() && url && !url->https)
        return note("callback", "Twilio's reports to " + host + " are not encrypted, and phone numbers are in them.",
                    set);
    if (c.auth_token.empty())
        return note("callback", "Twilio's reports to " + host + " are refused: nothing can check their signatures.",
                    "Set twilio.auth_token, too, with which Twilio signs them.");
    if (r.token && *r.token && (*r.token)->status == 401)
        return note("callback",
                    "Twilio's reports to " + host +
                        " are refused: the auth token that checks them is not the account's.",
                    "Copy twilio.auth_token from Twilio's console again.");
    return good("callback", "Twilio reports to " + host + " whether codes arrive.");
}

/// The rows for numbers that begin with `code`: those with the longest prefix of it, else those of which it is one.
inline std::vector<country_permission> countries_of(const std::vector<country_permission>& all, std::string_view code) {
    std::size_t longest = 0;
    for (const auto& row : all)
        if (code.starts_with(row.prefix)) longest = (std::max)(longest, row.prefix.size());
    std::vector<country_permission> own;
    for (const auto& row : all)
        if (longest > 0 ? row.prefix.size() == longest && code.starts_with(row.prefix) : row.prefix.starts_with(code))
            own.push_back(row);
    return own;
}

/// What Twilio's Geo Permissions say about the calling codes in `allowed`.
inline finding of_allowed_codes(const std::vector<std::string>& allowed, const std::vector<country_permission>& all) {
    std::vector<std::string> open;
    std::vector<std::string> closed;
    for (const auto& code : allowed) {
        const auto rows = countries_of(all, code);
        std::vector<std::string> off;
        for (const auto& row : rows)
            if (!row.enabled) off.push_back(row.country);
        if (rows.empty()) continue;
        const bool is_closed = off.size() == rows.size();
        (is_closed ? closed : open)
            .push_back("+" + code + (off.empty() ? "" : (is_closed ? " (" : " (not ") + enumerated(off, 5) + ")"));
    }
    const std::string remedy =
        "Enable them in Twilio's console under Messaging, Settings, Geo permissions, or leave them out of "
        "allowed_calling_codes.";
    if (closed.empty() && open.empty())
        return note("countries", "Twilio's Geo Permissions say nothing about the allowed calling codes.", remedy);
    if (closed.empty())
        return good("countries", "Twilio sends to the allowed calling codes: " + enumerated(open) + ".");
    const auto what = "Twilio does not send to calling codes that are allowed here: " + enumerated(closed) + ".";
    return open.empty() ? bad("countries", what, remedy) : note("countries", what, remedy);
}

/// The countries that are allowed there, at Twilio, compared with those that are allowed here.
/// Source: https://www.twilio.com/docs/messaging/guides/sms-geo-permissions, and Twilio's published OpenAPI document of
/// accounts.twilio.com.
inline finding of_countries(const config& c, const result<http_response>& reply) {
    const auto all = read(reply, read_countries);
    const std::string where = "Compare Twilio's console, Messaging, Settings, Geo permissions";
    if (!all || all->empty())
        return note("countries", "To which countries Twilio sends is not known: these credentials cannot look it up.",
                    where + ", with allowed_calling_codes.");
    if (!rules::allows_all_countries(c))
        return of_allowed_codes(
            c.allowed_calling_codes.empty() ? std::vector{c.default_calling_code} : c.allowed_calling_codes, *all);
    const auto on = std::count_if(all->begin(), all->end(), [](const auto& row) { return row.enabled; });
    if (on == 0)
        return bad("countries", "Twilio sends to no country at all.",
                   "Enable some in Twilio's console under Messaging, Settings, Geo permissions.");
    return good("countries",
                "Twilio sends to " + std::to_string(on) + " of " + std::to_string(all->size()) + " countries.");
}

/// What is asked in place of a message when nobody has a phone.
inline finding of_look_up(const result<http_response>& reply) {
    const auto found = read(reply, read_look_up);
    if (found) return good("look-up", "The credentials may look up messages.");
    return note("look-up",
                "Messages could not be looked up: " + found.error().message +
                    " Until the credentials may do so, logins with unknown phones fail, and so tell who is registered.",
                "Give the API key the permission to read messages, or take a standard key.");
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/twilio/sender_findings.hpp ----

#ifndef PHONEAUTH_TWILIO_SENDER_FINDINGS_HPP
#define PHONEAUTH_TWILIO_SENDER_FINDINGS_HPP

#include <string>
#include <string_view>
#include <vector>


// What the replies tell about the sender.

namespace phoneauth {
inline namespace v0 {
namespace twilio {
namespace findings {

/// A sender that could not be looked up. For want of a permission, nothing is known; else something is wrong.
inline finding of_unread_sender(const twilio_config& c, const failure& f) {
    if (!c.api_key.empty() && f.code == error::provider_misconfigured && f.twilio_code != 20404)
        return note("sender", "Whether the account has the sender is not known: this API key may not look it up.",
                    "Give the API key the permission to read phone numbers and Messaging Services, or look in Twilio's "
                    "console.");
    return bad("sender", "The sender could not be looked up: " + f.message, "Try again later.");
}

/// What the number look-up tells about the sender.
inline std::vector<finding> of_number(const twilio_config& c, const result<http_response>& reply) {
    const auto number = read(reply, read_number);
    if (!number) return {of_unread_sender(c, number.error())};
    if (!*number)
        return {bad("sender", "The account does not own the sender's phone number.",
                    "Set twilio.sender to a number that Twilio's console lists under Phone numbers, Active numbers; or "
                    "take the credentials of the account that owns it.")};
    const auto& able = **number;
    return {good("sender", "The account owns the sender's phone number."),
            able.sms ? good("sms", "The sender can send SMS.")
                     : bad("sms", "The sender cannot send SMS.", "Set twilio.sender to a number that can."),
            able.mms ? good("mms", "The sender can send MMS.")
                     : note("mms", "The sender cannot send MMS; messages with media will fail.",
                            "Take a number that can, unless you send codes only.")};
}

/// What the look-up of a short code tells.
inline finding of_short_code(const twilio_config& c, const result<http_response>& reply) {
    const auto found = read(reply, read_short_code);
    if (!found) return of_unread_sender(c, found.error());
    if (!*found)
        return bad(
            "sender", "The account does not own the short code.",
            "Set twilio.sender to a short code of this account, or take the credentials of the account that owns "
            "it.");
    return good("sender", "The account owns the short code, which reaches its own country only.");
}

/// A Messaging Service that could not be looked up.
inline finding of_unread_service(const twilio_config& c, const failure& f) {
    if (f.twilio_code != 20404) return of_unread_sender(c, f);
    if (!c.base_url.empty())  // which may be a proxy of api.twilio.com alone
        return note("sender", "The Messaging Service was not found at " + host_of(c) + ".",
                    "Look in Twilio's console; if that is a proxy, it should also pass on /v1/Services to "
                    "messaging.twilio.com.");
    return bad("sender", "The account has no such Messaging Service.",
               "Set twilio.sender to a service that Twilio's console lists under Messaging, Services.");
}

/// What the lists of a Messaging Service's senders tell.
inline std::vector<finding> of_service(const twilio_config& c, const std::vector<result<http_response>>& replies) {
    std::vector<std::string> kinds;
    bool is_able = false;
    for (std::size_t i = 0; i < replies.size() && i < service_sender_kinds.size(); ++i) {
        const auto& kind = service_sender_kinds[i];
        const auto senders =
            read(replies[i], [&](const auto& reply) { return read_service_senders(reply, kind.member); });
        if (!senders && i == 0) return {of_unread_service(c, senders.error())};
        if (!senders || senders->count == 0) is_able |= !senders;  // what is not known may be able
        if (!senders || senders->count == 0) continue;
        kinds.emplace_back(kind.name);
        is_able |= !senders->cannot_sms;
    }
    const std::string add =
        "Add a number that can send SMS under Messaging, Services, Sender pool in Twilio's console.";
    if (kinds.empty() && !is_able) return {bad("sender", "The Messaging Service has no senders.", add)};
    const auto what = kinds.empty() ? std::string(".") : " with " + enumerated(kinds) + ".";
    return {good("sender", "The account has the Messaging Service" + what),
            is_able ? good("sms", "The service has senders for SMS.")
                    : bad("sms", "None of the service's senders can send SMS.", add)};
}

/// A sender that Twilio has no look-up for.
inline finding of_other_sender(std::string_view sender) {
    switch (kind_of_sender(sender)) {
    case sender_kind::alphanumeric:
        return good("sender", "The sender is a sender id, which some countries do not take, the USA and Canada among "
                              "them, and others only if it is registered; it was not looked at.");
    case sender_kind::whatsapp:
        return good("sender",
                    "The sender is a WhatsApp sender, whose texts reach only those that have written to it in "
                    "the last 24 hours; it was not looked at.");
    default:
        return good("sender", "The sender was not looked at.");
    }
}

/// The sender, whatever it is.
inline std::vector<finding> of_sender(const twilio_config& c, const test_replies& r) {
    if (r.number) return of_number(c, *r.number);
    if (r.short_code) return {of_short_code(c, *r.short_code)};
    if (!r.service.empty()) return of_service(c, r.service);
    return {of_other_sender(c.sender)};
}

}  // namespace findings
}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace twilio {

/// All that the configuration and the replies tell, in the order of `finding`.
inline std::vector<finding> findings_of(const config& c, const test_replies& r) {
    const auto& t = c.twilio;
    std::vector<finding> all{rules::destinations_finding(c), findings::of_segments(c), findings::of_callback(t, r),
                             findings::of_region(t)};
    const auto append = [&](std::vector<finding> more) {
        for (auto& f : more) all.push_back(std::move(f));
    };
    append(findings::of_connection(t, *r.account));
    if (!is_answered(*r.account)) return all;  // nothing else can be known
    if (auto clock = findings::of_clock(r)) all.push_back(*std::move(clock));
    auto account = findings::of_account(t, r);
    const bool accepted = account.size() > 1;
    all.push_back(std::move(account.front()));
    if (!accepted) return all;
    all.push_back(findings::of_key(t, r));
    all.push_back(std::move(account.back()));
    if (auto trial = findings::of_trial(r)) all.push_back(*std::move(trial));
    if (!can_go_on(t, *r.account)) return all;
    append(findings::of_sender(t, r));
    if (r.countries) all.push_back(findings::of_countries(c, *r.countries));
    if (r.look_up && c.unknown_phone == unknown_phone_policy::conceal) all.push_back(findings::of_look_up(*r.look_up));
    return all;
}

}  // namespace twilio
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto messages<Mode>::send(text_message m, client_info from) -> returned<sent_message> {
    return p_.run(event_kind::sent, std::move(from), [&](context& c) { return send_any(c, std::move(m)); });
}

template <class Mode>
auto messages<Mode>::test_configuration() -> returned<configuration_report> {
    return Mode::finish(inspect());
}

template <class Mode>
auto messages<Mode>::send_any(context& c, text_message m) -> flow<result<sent_message>> {
    auto to = p_.read_phone(c, m.to);
    if (!to) co_return std::move(to).error();
    auto request = p_.messages.twilio().create_message(*to, m);
    if (!request) co_return std::move(request).error();
    if (rules::find_test_number(*to, p_.config)) co_return error::destination_not_allowed;
    const auto limits =
        rules::message_limits(*to, c.networks(), c.from.user_id, twilio::message_units(m), p_.config, p_.now());
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    const bool chosen = twilio::chooses_sender(m);
    auto sent = co_await p_.messages.send(*request, chosen);
    if (!sent && twilio::certainly_not_sent(sent.error())) {
        const bool everything = !chosen && p_.messages.is_nobodys_attempt(sent.error());
        co_await p_.limits.give_back(limits, granted, everything);
    }
    co_return sent;
}

/// The account look-up, by the auth token: which nothing else tries where requests go out with an API key.
inline http_request token_look_up(twilio_config c) {
    c.api_key.clear();
    c.api_secret.clear();
    return twilio::requests(c).fetch_account();
}

template <class Mode>
auto messages<Mode>::inspect() -> flow<result<configuration_report>> {
    twilio::test_replies replies;
    const auto account = p_.messages.twilio().fetch_account();
    replies.account = co_await p_.messages.transmit(account);
    replies.received_at = p_.now();
    if (twilio::can_go_on(p_.config.twilio, *replies.account)) {
        (void)co_await ask_about_sender(replies);
        (void)co_await ask_about_account(replies);
    }
    co_return configuration_report{twilio::findings_of(p_.config, replies)};
}

template <class Mode>
auto messages<Mode>::ask_about_sender(twilio::test_replies& replies) -> flow<result<void>> {
    const auto& c = p_.config.twilio;
    const auto& requests = p_.messages.twilio();
    const auto kind = twilio::kind_of_sender(c.sender);
    if (kind == twilio::sender_kind::number) {
        const auto number = requests.find_number(*phone_number::from_e164(c.sender));
        replies.number = co_await p_.messages.transmit(number);
    } else if (kind == twilio::sender_kind::short_code) {
        const auto code = requests.find_short_code(c.sender);
        replies.short_code = co_await p_.messages.transmit(code);
    } else if (kind == twilio::sender_kind::messaging_service) {
        for (const auto& senders : twilio::service_sender_kinds) {
            const auto list = requests.list_service_senders(senders.subresource);
            auto reply = co_await p_.messages.transmit(list);
            const bool found = reply && reply->status == 200;
            replies.service.push_back(std::move(reply));
            if (!found) break;
        }
    }
    co_return result<void>();
}

template <class Mode>
auto messages<Mode>::ask_about_account(twilio::test_replies& replies) -> flow<result<void>> {
    const auto& c = p_.config.twilio;
    const auto& requests = p_.messages.twilio();
    const bool by_key_alone = twilio::may_lack_permission(c, *replies.account);
    if (by_key_alone || p_.config.unknown_phone == unknown_phone_policy::conceal) {
        const auto nobody = phone_number::from_e164("+15005550006");  // no message is sent to Twilio's own test number
        const auto look_up = requests.find_messages(*nobody);
        replies.look_up = co_await p_.messages.transmit(look_up);
    }
    if (by_key_alone && !twilio::knows_credentials(replies)) co_return result<void>();
    const auto countries = requests.list_countries();
    replies.countries = co_await p_.messages.transmit(countries);
    if (*replies.account && twilio::is_trial_account(**replies.account)) {
        const auto verified = requests.list_verified_numbers();
        replies.verified = co_await p_.messages.transmit(verified);
    }
    if (!c.api_key.empty() && !c.status_callback.empty()) {
        const auto token = token_look_up(c);
        replies.token = co_await p_.messages.transmit(token);
    }
    co_return result<void>();
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/flows/registration.hpp ----

#ifndef PHONEAUTH_FLOWS_REGISTRATION_HPP
#define PHONEAUTH_FLOWS_REGISTRATION_HPP

#include <optional>
#include <string>


namespace phoneauth {
inline namespace v0 {
namespace flows {

/// A user registers with a proved phone. Thread-safe.
template <class Mode>
class registration {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// Both must outlive this.
    registration(parts<Mode>& p, codes<Mode>& c) noexcept : p_(p), codes_(c) {}

    /// See `authenticator::start_registration`.
    returned<challenge> start(std::string phone, client_info from);
    /// See `authenticator::finish_registration`.
    returned<user> finish(phoneauth::registration r, client_info from);

private:
    flow<result<challenge>> begin(context& c, std::string phone);
    flow<result<user>> complete(context& c, phoneauth::registration r);
    flow<result<void>> prepare(user& u, const std::string& password);
    flow<std::optional<result<void>>> store(const user& u);

    parts<Mode>& p_;
    codes<Mode>& codes_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/registration.ipp ----

#ifndef PHONEAUTH_FLOWS_REGISTRATION_IPP
#define PHONEAUTH_FLOWS_REGISTRATION_IPP

#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto registration<Mode>::start(std::string phone, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from), [&](context& c) { return begin(c, std::move(phone)); });
}

template <class Mode>
auto registration<Mode>::finish(phoneauth::registration r, client_info from) -> returned<user> {
    return p_.run(event_kind::registered, std::move(from), [&](context& c) { return complete(c, std::move(r)); });
}

template <class Mode>
auto registration<Mode>::begin(context& c, std::string text) -> flow<result<challenge>> {
    if (!p_.config.registration_enabled) co_return error::registration_disabled;
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    const rules::code_request asked{.phone = *phone,
                                    .fingerprint = {},
                                    .from = c.networks(),
                                    .begins = rules::door::registration,
                                    .registers = true};
    const auto limits = rules::code_limits(asked, p_.config, p_.now());
    const auto granted = co_await p_.limits.take(c, limits);
    if (!granted.granted) co_return limits.judge(granted).error();
    const std::optional<user> nobody;
    std::string no_password;
    auto opened =
        co_await codes_.open(c, limits, granted, purpose::registration, *phone, nobody, std::move(no_password));
    co_return opened;
}

template <class Mode>
auto registration<Mode>::complete(context& c, phoneauth::registration r) -> flow<result<user>> {
    if (!p_.config.registration_enabled) co_return error::registration_disabled;
    auto phone = p_.read_phone(c, r.phone);
    if (!phone) co_return std::move(phone).error();
    auto made = rules::make_user(p_.config, r, *phone, p_.now());
    if (!made) co_return std::move(made).error();
    auto id = make_token(p_.random);
    if (!id) co_return error::internal;
    made->object_id = std::move(*id);

    auto confirmed = co_await codes_.confirm(c, purpose::registration, r.transaction_id, std::move(r.code), &*phone);
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    std::optional<result<void>> stored = co_await prepare(*made, r.password);
    r.password = {};  // wiped
    if (*stored) stored = co_await store(*made);
    if (!stored) co_return error::storage_unavailable;
    if (!*stored) {
        const bool overloaded = stored->error().code == error::overloaded;
        co_await codes_.reopen(*confirmed, overloaded ? rules::spent_try::given_back : rules::spent_try::counts);
        co_return std::move(*stored).error();
    }
    p_.reports.note(c, *made);
    const auto fingerprint = p_.network_fingerprint(*made);
    const auto over = rules::after_registration(*confirmed, fingerprint, c.networks(), p_.config, p_.now());
    co_await p_.limits.try_to(over);
    try {
        [[maybe_unused]] auto unused = co_await p_.ports.after_registration(*made);
    } catch (...) {
    }
    co_return std::move(*made);
}

/// The password's hash, and what the hooks have to say.
template <class Mode>
auto registration<Mode>::prepare(user& u, const std::string& password) -> flow<result<void>> {
    try {
        auto set = co_await p_.passwords.set(u, password);
        if (!set) co_return set;
        const auto proved = u.phone;
        const auto id = u.object_id;
        auto allowed = co_await p_.ports.before_registration(u);
        u.phone = proved;
        u.object_id = id;
        co_return allowed;
    } catch (...) {
        co_return failure_of_current_exception();
    }
}

/// Nothing if nobody knows whether the user is stored: the transaction must then stay as it is.
template <class Mode>
auto registration<Mode>::store(const user& u) -> flow<std::optional<result<void>>> {
    failure thrown;
    try {
        const write_result written = co_await p_.ports.insert_user(u);
        co_return written == write_result::done ? result<void>() : result<void>(error::user_exists);
    } catch (...) {
        thrown = failure_of_current_exception();
    }
    try {
        auto found = co_await p_.ports.find_user(u.object_id);
        co_return found ? result<void>() : result<void>(std::move(thrown));
    } catch (...) {
        co_return std::nullopt;
    }
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/flows/sessions.hpp ----

#ifndef PHONEAUTH_FLOWS_SESSIONS_HPP
#define PHONEAUTH_FLOWS_SESSIONS_HPP

#include <string>


namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What a logged-in user does. Thread-safe.
template <class Mode>
class sessions {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// `p` must outlive this.
    explicit sessions(parts<Mode>& p) noexcept : p_(p) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<user> authenticate(session_token token);
    returned<logout_outcome> logout(session_token token, client_info from);
    returned<user> update_user(session_token token, std::string object_id, property_map changes, client_info from);
    returned<void> end_sessions(std::string user_id);
    returned<void> unlock(std::string phone);
    ///@}

private:
    /// A session that is good, and whose it is.
    struct admission {
        session login;
        user owner;
    };

    flow<result<admission>> admit(session_token token);
    flow<result<user>> find_user(session_token token);
    flow<result<logout_outcome>> end(context& c, session_token token);
    flow<result<user>> change(context& c, session_token token, std::string object_id, property_map changes);
    flow<result<void>> prove(context& c, const admission& by, const std::string& current_password);
    flow<bool> end_others(context& c, session own, const user& u, std::string fingerprint);
    flow<result<void>> end_all(std::string user_id);
    flow<result<void>> open_doors(std::string phone);

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/flows/sessions.ipp ----

#ifndef PHONEAUTH_FLOWS_SESSIONS_IPP
#define PHONEAUTH_FLOWS_SESSIONS_IPP

#include <cstddef>
#include <optional>
#include <string>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto sessions<Mode>::authenticate(session_token token) -> returned<user> {
    return Mode::finish(find_user(std::move(token)));
}

template <class Mode>
auto sessions<Mode>::logout(session_token token, client_info from) -> returned<logout_outcome> {
    return p_.run(event_kind::logged_out, std::move(from), [&](context& c) { return end(c, std::move(token)); });
}

template <class Mode>
auto sessions<Mode>::update_user(session_token token, std::string object_id, property_map changes, client_info from)
    -> returned<user> {
    return p_.run(event_kind::password_changed, std::move(from),
                  [&](context& c) { return change(c, std::move(token), std::move(object_id), std::move(changes)); });
}

template <class Mode>
auto sessions<Mode>::end_sessions(std::string user_id) -> returned<void> {
    return Mode::finish(end_all(std::move(user_id)));
}

template <class Mode>
auto sessions<Mode>::unlock(std::string phone) -> returned<void> {
    return Mode::finish(open_doors(std::move(phone)));
}

template <class Mode>
auto sessions<Mode>::admit(session_token token) -> flow<result<admission>> {
    if (token.empty() || token.str().size() > max_id_size) co_return error::unknown_token;
    const auto hash = p_.hash(token.str());
    auto found = co_await p_.ports.find_session(hash);
    if (!found) co_return error::unknown_token;
    if (p_.now() >= found->expires_at) co_return error::session_expired;
    auto owner = co_await p_.ports.find_user(found->user_id);
    if (!owner) co_return error::unknown_token;
    if (!owner->enabled) {
        try {  // it must not come back with the account
            [[maybe_unused]] const bool erased = co_await p_.ports.erase_session(hash);
        } catch (...) {
        }
        co_return error::account_disabled;
    }
    // Not erased: `change` may be about to store it anew.
    const bool good =
        found->fingerprint.empty() ? owner->generation == 0 : found->fingerprint == p_.session_fingerprint_of(*owner);
    if (!good) co_return error::unknown_token;
    admission admitted{std::move(*found), std::move(*owner)};
    co_return admitted;
}

template <class Mode>
auto sessions<Mode>::find_user(session_token token) -> flow<result<user>> {
    auto admitted = co_await admit(std::move(token));
    if (!admitted) co_return std::move(admitted).error();
    co_return std::move(admitted->owner);
}

template <class Mode>
auto sessions<Mode>::end(context& c, session_token token) -> flow<result<logout_outcome>> {
    c.silent = true;
    if (token.empty() || token.str().size() > max_id_size) co_return logout_outcome::no_session;
    const auto hash = p_.hash(token.str());
    const bool ended = co_await p_.ports.erase_session(hash);
    c.silent = !ended;
    co_return ended ? logout_outcome::ended : logout_outcome::no_session;
}

namespace detail {
/// The passwords among a user's changes do not stay behind.
struct password_wiper {
    property_map& changes;
    ~password_wiper() {
        for (const auto* name : {"password", "currentPassword"})
            if (const auto p = changes.find(name); p != changes.end()) phoneauth::detail::wipe(p->second);
    }
};
}  // namespace detail

template <class Mode>
auto sessions<Mode>::change(context& c, session_token token, std::string object_id, property_map changes)
    -> flow<result<user>> {
    const detail::password_wiper wiper{changes};
    const bool has_password = changes.contains("password");
    c.silent = !has_password;
    std::optional<cell_answer> counted;
    std::optional<std::string> proved;  // the password hash for which the current password was right
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto admitted = co_await admit(token);
        if (!admitted) co_return std::move(admitted).error();
        if (admitted->owner.object_id != object_id) co_return error::not_permitted;
        p_.reports.note(c, admitted->owner);
        const bool of_credentials = has_password || changes.contains(p_.config.identity_column);
        if (lost == 0) {
            const auto limits = rules::change_limits(object_id, of_credentials, p_.now());
            counted = co_await p_.limits.take(c, limits);
            if (!counted->granted) co_return limits.judge(*counted).error();
        }
        user changed = admitted->owner;
        const user& before = admitted->owner;
        rules::password_change passwords;
        auto allowed = rules::apply_changes(changed, changes, p_.config, passwords);
        if (!allowed) co_return std::move(allowed).error();
        if ((has_password || changed.identity != before.identity) && proved != before.password_hash) {
            allowed = co_await prove(c, *admitted, passwords.current);
            if (!allowed && counted && allowed.error().code == error::fresh_login_required) {
                // Else who has to wait for the limit is never fresh enough after it.
                const auto limits = rules::change_limits(object_id, of_credentials, p_.now());
                co_await p_.limits.give_back(limits, *counted);
            }
            if (!allowed) co_return std::move(allowed).error();
            if (!passwords.current.empty()) proved = before.password_hash;
        }
        if (has_password) {
            allowed = co_await p_.passwords.set(changed, passwords.wanted);
            phoneauth::detail::wipe(passwords.wanted);
            if (!allowed) co_return std::move(allowed).error();
            ++changed.generation;
        }
        changed.updated_at = p_.now();
        allowed = co_await p_.ports.before_update(before, changed);
        if (!allowed) co_return std::move(allowed).error();
        changed.object_id = before.object_id;
        changed.phone = before.phone;
        changed.version = before.version;
        const write_result written = co_await p_.ports.update_user(changed);
        if (written == write_result::stale) continue;
        if (written != write_result::done) co_return error::user_exists;
        ++changed.version;
        co_await Mode::ignore_cancellation();  // a new password and the end of the other sessions belong together
        auto fingerprint = p_.session_fingerprint_of(changed);
        if (fingerprint != p_.session_fingerprint_of(before))
            co_await end_others(c, std::move(admitted->login), changed, std::move(fingerprint));
        co_return std::move(changed);
    }
    co_return error::storage_unavailable;
}

/// Whoever changes what a login rests on has just logged in, or knows the password.
template <class Mode>
auto sessions<Mode>::prove(context& c, const admission& by, const std::string& current_password) -> flow<result<void>> {
    if (current_password.empty()) {
        const auto limit = p_.config.fresh_login;
        const bool fresh = limit.count() == 0 || p_.now() < by.login.created_at + limit;
        co_return fresh ? result<void>() : result<void>(error::fresh_login_required);
    }
    const std::optional<user> owner(by.owner);
    const password_question asked{std::string(by.owner.phone.str()), p_.network_fingerprint(owner), owner};
    auto guess = co_await p_.passwords.check(c, asked, current_password);
    if (!guess) co_return std::move(guess).error();
    if (!guess->right) co_return error::invalid_login;
    co_await p_.passwords.forgive(c, asked, *guess);
    co_return result<void>();
}

/// All sessions of `u`, who has a new password, are over already, as they rest on what the user was. The others are
/// cleaned up, and the `own` one is stored anew; if that fails, its user has to log in again.
template <class Mode>
auto sessions<Mode>::end_others(context& c, session own, const user& u, std::string fingerprint) -> flow<bool> {
    const auto over = rules::after_new_password(u.phone, p_.identity_subject(u.identity, u),
                                                p_.network_fingerprint(fingerprint), c.networks(), p_.now());
    try {
        [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(own.user_id, own.token_hash);
    } catch (...) {
    }
    bool stored = false;
    try {
        own.fingerprint = std::move(fingerprint);
        const bool lives = co_await p_.ports.erase_session(own.token_hash);
        if (lives) stored = co_await p_.ports.insert_session(own);  // else its user has logged out meanwhile
    } catch (...) {
    }
    co_await p_.limits.try_to(over);
    co_return stored;
}

template <class Mode>
auto sessions<Mode>::open_doors(std::string phone) -> flow<result<void>> {
    const auto number = phoneauth::read_phone(p_.config, phone);
    if (!number) co_return number.error();
    const auto owner = co_await p_.ports.find_user_by_phone(*number);
    const auto subject = owner ? p_.identity_subject(owner->identity, owner) : std::string();
    const auto opened = rules::unlock(*number, subject, p_.now());
    [[maybe_unused]] const auto answer = co_await p_.ports.take_cells(opened);
    co_return result<void>();
}

template <class Mode>
auto sessions<Mode>::end_all(std::string user_id) -> flow<result<void>> {
    const auto nobody = [] { return failure(error::invalid_parameter, "There is no user with this id."); };
    if (user_id.empty() || user_id.size() > max_id_size) co_return nobody();
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto owner = co_await p_.ports.find_user(user_id);
        if (!owner) co_return nobody();
        ++owner->generation;
        const write_result written = co_await p_.ports.update_user(*owner);
        if (written != write_result::done) continue;
        co_await Mode::ignore_cancellation();
        try {  // all are over already
            const std::string none;
            [[maybe_unused]] const std::size_t ended = co_await p_.ports.erase_sessions_of(user_id, none);
        } catch (...) {
        }
        co_return result<void>();
    }
    co_return error::storage_unavailable;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// All flows, and where they are compiled.

/// Instantiates the flows for MODE; KEYWORD is `extern`, or nothing in the one translation unit that compiles them.
#define PHONEAUTH_INSTANTIATE_FLOWS(KEYWORD, MODE)                                                                     \
    KEYWORD template class flows::codes<MODE>;                                                                         \
    KEYWORD template class flows::registration<MODE>;                                                                  \
    KEYWORD template class flows::login<MODE>;                                                                         \
    KEYWORD template class flows::sessions<MODE>;                                                                      \
    KEYWORD template class flows::messages<MODE>;                                                                      \
    KEYWORD template std::shared_ptr<flows::parts<MODE>> flows::make_parts(config, flows::ports<MODE>&, bool);         \
    KEYWORD template const config& flows::config_of(const flows::parts<MODE>&) noexcept;

#ifdef PHONEAUTH_SEPARATE_COMPILATION
namespace phoneauth {
inline namespace v0 {
PHONEAUTH_INSTANTIATE_FLOWS(extern, blocking_mode)
}  // namespace v0
}  // namespace phoneauth
#endif

#endif

namespace phoneauth {
inline namespace v0 {

/// Phone-verified registration, login by code, two-factor login and messages, over an integrator's storage, transport
/// and clock.
///
///     phoneauth::authenticator auth(config, storage, transport);                   // the least
///     phoneauth::authenticator auth(config, storage, transport, hooks, counters);  // what else there is, in any order
///
/// `S` is a `Storage`, `T` an `HttpTransport`; `Options` are what policies.hpp lists as optional, each at most once: a
/// `Clock`, `Hooks`, a `PasswordHasher`, an `Observer`. By default they are the system's clock, no hooks, scrypt (in
/// asynchronous mode on threads of its own), and no observer.
///
/// @par Mode
/// If every policy function returns a plain value, each function here returns `result<X>` and does its work on the
/// caller's thread. If some return an awaitable (asio/awaitable.hpp), each function returns an awaitable of
/// `result<X>`; given a completion token as one more argument, it does what the token says, as every asynchronous
/// operation of Asio, with a handler `void(result<X>)`. It runs on the executor of the first policy of transport and
/// storage that has `get_executor()`.
///
/// @par Errors
/// Besides what each function lists, all can fail with `storage_unavailable`, `overloaded`, `internal` and `cancelled`,
/// and those that send messages with `provider_refused`, `provider_misconfigured`, `provider_busy`,
/// `provider_unreachable` (nothing was sent then). Nothing throws but the constructor, and `std::bad_alloc` when there
/// is not even memory to begin. What a policy throws becomes `no_answer` (a transport), else `overloaded`
/// (`std::bad_alloc`), `cancelled` (`std::errc::operation_canceled`) or `storage_unavailable`.
///
/// @par Limits
/// Limits and observers go by the parameter `from`, the client that asks; see `config`. A code is only sent if all its
/// tries, those of the codes that are still open, and the failures so far fit into `config::max_consecutive_failures`.
/// With the defaults strangers may have 3 codes of a phone open, and each known network 2. One more is
/// `too_many_messages`.
///
/// @par Provider
/// When Twilio has had too many requests (429), or says when to come back (503 with Retry-After), this authenticator
/// leaves it alone for as long as it asks, an hour at most, or five seconds if a 429 does not say: whatever would send a
/// message, or pretend to, fails with `provider_busy` and `retry_after` meanwhile. `test_configuration` asks all the same.
///
/// What Twilio refuses because of the credentials, the account or the sender is `provider_misconfigured`, for whatever
/// would pretend to send a message, too, until a message is accepted; the observer is told `sender_trouble`, and no
/// limit counts it. See `twilio::error_codes`.
///
/// @par Thread safety
/// Distinct and shared objects are safe, if the policies are.
///
/// @par Lifetime
/// The policies must outlive the authenticator, and the authenticator every call and awaitable. Parameters are taken by
/// value: nothing that the caller passes needs to outlive the call.
///
/// @par Round trips
/// Each call of a storage function is at most one to its database (in Redis a logout is two). A flow that goes well
/// makes these calls, one after the other (u: of the users, s: of the sessions):
///
///     start_registration 2        start_login 2 + 1u              start_two_factor_login 3 + 1u     resend 3
///     finish_registration 3 + 1u  finish_login 3 + 2u + 1s        login_with_identity 3 + 2u + 1s   send_message 1
///     authenticate 1u + 1s        update_user 1 + 2u + 1s         logout 1s                         status 1
///     handle_status_callback 2    end_sessions 2u + 1s            unlock 1 + 1u
///
/// `update_user` with the current password makes 2 more, and for a new password 1 + 3s more.
///
/// @par Cancellation
/// In asynchronous mode, terminal. A cancelled flow ends with `cancelled`, or with its result if that was certain
/// already. A code whose message may have been sent stays valid; nothing is left half done.
template <class S, class T, class... Options>
class authenticator {
    static_assert(detail::check_storage<S>());
    static_assert(detail::check_transport<T>());
    static_assert((detail::check_option<Options>() && ...));
    static_assert(detail::at_most_one_of_each<Options...>());

public:
    /// How the flows run; see yields.hpp.
    using mode = flows::mode_of_policies<S, T, Options...>;

    /// Keeps a copy of the configuration and references to the policies.
    /// Throws `config_error`, which lists everything that is wrong with `c`, and `std::runtime_error` when OpenSSL has
    /// no randomness for a key.
    authenticator(phoneauth::config c, S& storage, T& transport, Options&... options)
        : policies_(storage, transport, options...),
          parts_(flows::make_parts<mode>(std::move(c), policies_, is_process_local<S>)) {}

    authenticator(const authenticator&) = delete;
    authenticator& operator=(const authenticator&) = delete;

    /// The configuration in force. Lives as long as this object.
    const phoneauth::config& config() const noexcept { return flows::config_of(*parts_); }

    /// First step of a registration: sends a code to a phone, whether or not somebody has registered it.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `registration_disabled`; `invalid_phone_number`; `destination_not_allowed`; with `retry_after`
    /// `too_many_failures`, `too_many_messages` and `resend_too_soon`.
    template <class... Token>
    auto start_registration(std::string phone, client_info from = {}, Token&&... token) {
        return give(registration_.start(std::move(phone), std::move(from)), std::forward<Token>(token)...);
    }

    /// Second step of a registration: the code proves the phone, and the user is made. What is wrong with the user's
    /// data is told before the code is looked at. If the code is right but the user cannot be made (the identity is
    /// taken, a hook refuses), the same code can come again with other data; that counts as a try. It cannot after a
    /// `storage_unavailable` that leaves open whether the user is stored.
    ///
    /// @param r      what the user sends
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// Of the data: `registration_disabled`, `invalid_phone_number`, `destination_not_allowed`, `identity_required`,
    /// `invalid_email`, `password_required`, `invalid_password`, `reserved_property`, `invalid_parameter`. Of the code:
    /// `no_transaction`, `phone_mismatch`, `wrong_code` (with `tries_left`), `tries_exhausted`, `code_expired`,
    /// `code_used`, `transaction_failed`. After it: `user_exists`, and the hook's own failure.
    template <class... Token>
    auto finish_registration(phoneauth::registration r, client_info from = {}, Token&&... token) {
        return give(registration_.finish(std::move(r), std::move(from)), std::forward<Token>(token)...);
    }

    /// First step of a login by code alone: sends a code to the phone of a user. For a phone that no user has the
    /// result looks the same, but no message is sent; with `unknown_phone_policy::reject` it is `unknown_phone`. While
    /// unknown phones are concealed, what Twilio refuses because of the phone or the message is told to the observer
    /// only.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `login_disabled` (also by `config::code_login_enabled`); `invalid_phone_number`; `destination_not_allowed`;
    /// `unknown_phone`; with `retry_after` `too_many_failures`, `too_many_messages` and `resend_too_soon`.
    template <class... Token>
    auto start_login(std::string phone, client_info from = {}, Token&&... token) {
        return give(login_.start(std::move(phone), std::nullopt, std::move(from)), std::forward<Token>(token)...);
    }

    /// First step of a two-factor login: sends a code if the password is the user's. An unknown phone and a wrong
    /// password are one error and take the same time.
    ///
    /// @param phone   as people type it; see `phone_number::parse`
    /// @param secret  the user's password, byte for byte (see `config::min_password_length` about NFC)
    /// @param from    the client that asks
    /// @param token   asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `login_disabled`; `invalid_phone_number`; `destination_not_allowed`; `invalid_login`; with `retry_after`
    /// `too_many_failures` and `too_many_messages`.
    template <class... Token>
    auto start_two_factor_login(std::string phone, password secret, client_info from = {}, Token&&... token) {
        return give(login_.start(std::move(phone), std::move(secret), std::move(from)), std::forward<Token>(token)...);
    }

    /// Second step of either login. The code is spent by it.
    ///
    /// @param id     of the challenge
    /// @param code   as the user typed it
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `login_result`: the user and the token of a new session
    /// @par Errors
    /// `invalid_parameter` (not as many digits as a code has); `no_transaction`; `wrong_code` (with `tries_left`);
    /// `tries_exhausted`; `code_expired`; `code_used`; `transaction_failed`; `account_disabled`; `invalid_login` (the
    /// user was disabled, deleted or given another password meanwhile); `login_disabled` (since the first step); the
    /// hook's own failure.
    template <class... Token>
    auto finish_login(transaction_id id, submitted_code code, client_info from = {}, Token&&... token) {
        return give(login_.finish(std::move(id), std::move(code), std::move(from)), std::forward<Token>(token)...);
    }

    /// Login with identity and password alone, without a second factor; off unless `config::identity_login_enabled`.
    ///
    /// @param identity  the value of `config::identity_column`
    /// @param secret    the user's password
    /// @param from      the client that asks
    /// @param token     asynchronous mode: a completion token, or nothing
    /// @return the `login_result`: the user and the token of a new session
    /// @par Errors
    /// `login_disabled`; `invalid_login`; `too_many_failures` (with `retry_after`); `account_disabled`; the hook's own
    /// failure.
    template <class... Token>
    auto login_with_identity(std::string identity, password secret, client_info from = {}, Token&&... token) {
        return give(login_.with_identity(std::move(identity), std::move(secret), std::move(from)),
                    std::forward<Token>(token)...);
    }

    /// Sends the same code of a pending transaction again. Its expiry and its tries stay.
    ///
    /// @param id     of the challenge
    /// @param from   the client that asks
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `challenge`
    /// @par Errors
    /// `no_transaction`; `resend_too_soon` (with `retry_after`); `too_many_messages` (with `retry_after`, unless this
    /// transaction has had all its messages); `code_expired`, also in the last 10 s, in which no message would arrive, but
    /// the code is still good; `code_used`; `tries_exhausted`; `transaction_failed`.
    template <class... Token>
    auto resend(transaction_id id, client_info from = {}, Token&&... token) {
        return give(codes_.resend(std::move(id), std::move(from)), std::forward<Token>(token)...);
    }

    /// How a transaction stands.
    ///
    /// @param id     of the challenge
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `transaction_status`
    /// @par Errors
    /// `no_transaction`.
    template <class... Token>
    auto status(transaction_id id, Token&&... token) {
        return give(codes_.status(std::move(id)), std::forward<Token>(token)...);
    }

    /// Takes a request that came to `twilio_config::status_callback`, and notes what it says about a transaction's
    /// message. A report about a transaction that is not known any more is no error: Twilio would repeat it.
    ///
    /// @param r      the request
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `callback_outcome`
    /// @par Errors
    /// `invalid_signature`; `unparsable_body`; `body_too_large`.
    template <class... Token>
    auto handle_status_callback(status_callback r, Token&&... token) {
        return give(codes_.handle_status_callback(std::move(r)), std::forward<Token>(token)...);
    }

    /// Whose session a token is: what a route asks before it serves a user. A session is over, for good, when its user
    /// gets another password hash, phone or generation, whoever stores it, and when it is used while its user is
    /// disabled.
    ///
    /// @param session  the token, as the client sent it
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `user`
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`.
    template <class... Token>
    auto authenticate(session_token session, Token&&... token) {
        return give(sessions_.authenticate(std::move(session)), std::forward<Token>(token)...);
    }

    /// Ends a session.
    ///
    /// @param session  the token, as the client sent it
    /// @param from     the client that asks
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return the `logout_outcome`
    /// @par Errors
    /// None of its own.
    template <class... Token>
    auto logout(session_token session, client_info from = {}, Token&&... token) {
        return give(sessions_.logout(std::move(session), std::move(from)), std::forward<Token>(token)...);
    }

    /// Changes the logged-in user's own properties. A new password or identity needs a proof that it is the user who
    /// asks: either the session was opened within `config::fresh_login`, or `changes` has the user's password as
    /// `currentPassword`, which is compared whenever it is given. A new password ends all other sessions of the user, for
    /// good. The own one goes on, unless the storage fails just then: the user has to log in again in that case.
    ///
    /// @param session    the token, as the client sent it
    /// @param object_id  whom the client means to change: has to be the session's user
    /// @param changes    name → JSON text; null removes a property. See `rules::apply_changes`
    /// @param from       the client that asks
    /// @param token      asynchronous mode: a completion token, or nothing
    /// @return the `user` as stored
    /// @par Errors
    /// `unknown_token`; `session_expired`; `account_disabled`; `not_permitted` (another user's id); `user_exists` (the
    /// identity is taken); `invalid_parameter`; `identity_required`; `invalid_email`; `password_required`;
    /// `invalid_password`; `reserved_property`; `too_many_failures` (with `retry_after`; for identities and passwords, 10
    /// an hour, and for wrong current passwords); `fresh_login_required`; `invalid_login` (the current password is
    /// wrong); the hooks' own failures.
    template <class... Token>
    auto update_user(session_token session, std::string object_id, property_map changes, client_info from = {},
                     Token&&... token) {
        return give(
            sessions_.update_user(std::move(session), std::move(object_id), std::move(changes), std::move(from)),
            std::forward<Token>(token)...);
    }

    /// Ends all sessions of a user, for good: it raises `user::generation`, on which they rest, and erases what it can of
    /// them. The networks that were known to the user are strangers' again. For whoever runs the server; `update_user` with a new password does as much.
    ///
    /// @param user_id  `user::object_id`
    /// @param token    asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_parameter` (there is no such user).
    template <class... Token>
    auto end_sessions(std::string user_id, Token&&... token) {
        return give(sessions_.end_sessions(std::move(user_id)), std::forward<Token>(token)...);
    }

    /// Takes back what strangers, and all known networks together, have done to the owner of a phone: wrong passwords
    /// and codes, and codes that were sent. For whoever runs the server.
    ///
    /// @param phone  as people type it; see `phone_number::parse`
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return nothing
    /// @par Errors
    /// `invalid_phone_number`.
    template <class... Token>
    auto unlock(std::string phone, Token&&... token) {
        return give(sessions_.unlock(std::move(phone)), std::forward<Token>(token)...);
    }

    /// Sends any message. Who may do so is for the caller to decide: each message is paid for.
    ///
    /// @param m      the message
    /// @param from   the client that asks; with `client_info::user_id`, that user's limit takes the place of the
    ///               network's
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `sent_message`: Twilio's resource
    /// @par Errors
    /// `invalid_phone_number`; `destination_not_allowed`; `missing_parameter`; `message_too_long`; `invalid_media_url`;
    /// `invalid_parameter` (also for a StatusCallback below `twilio_config::status_callback`); `too_many_messages`;
    /// `no_answer` and `bad_provider_reply` (it may have been sent).
    template <class... Token>
    auto send_message(text_message m, client_info from = {}, Token&&... token) {
        return give(messages_.send(std::move(m), std::move(from)), std::forward<Token>(token)...);
    }

    /// Asks Twilio whether the credentials work, what they may do, whether the account is active or on trial, whether the
    /// account has the sender and the sender can send SMS and MMS, and to which countries it may send; compares the
    /// clock with Twilio's; and says what is risky in the configuration. Each finding has its remedy: see `finding`.
    /// What an API key may not look up (a standard one: the account) is not known, and nothing that stands in the way.
    /// Sends no message. It makes 4 to 10 requests, one after the other, so who may call it is for the caller to decide.
    ///
    /// @param token  asynchronous mode: a completion token, or nothing
    /// @return the `configuration_report`
    /// @par Errors
    /// None: what goes wrong is among the findings.
    template <class... Token>
    auto test_configuration(Token&&... token) {
        return give(messages_.test_configuration(), std::forward<Token>(token)...);
    }

private:
    /// What a flow returned, or what a completion token makes of it.
    template <class Returned>
    Returned give(Returned returned) {
        return returned;
    }
    template <class Returned, class Token>
    auto give(Returned returned, Token&& token) {
        return mode::initiate(policies_.executor(), std::move(returned), std::forward<Token>(token));
    }

    flows::adapter<mode, S, T, Options...> policies_;
    std::shared_ptr<flows::parts<mode>> parts_;
    flows::codes<mode> codes_{*parts_};
    flows::registration<mode> registration_{*parts_, codes_};
    flows::login<mode> login_{*parts_, codes_};
    flows::sessions<mode> sessions_{*parts_};
    flows::messages<mode> messages_{*parts_};
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/console_transport.hpp ----

#ifndef PHONEAUTH_CONSOLE_TRANSPORT_HPP
#define PHONEAUTH_CONSOLE_TRANSPORT_HPP

#include <cstdio>
#include <string>
#include <utility>


namespace phoneauth {
inline namespace v0 {

/// A blocking HttpTransport for development: it prints each message, code and all, instead of sending it. Never for a
/// server that others can reach. Thread-safe.
class console_transport {
public:
    /// `out` must outlive the transport.
    explicit console_transport(std::FILE* out = stdout) : out_(out) {}

    /// Answers a message as Twilio does (201 and a Message resource), a look-up of messages with an empty list,
    /// anything else with 404.
    result<http_response> send(const http_request& request) const {
        if (request.url.find("/Messages.json?") != std::string::npos)
            return http_response{200, {{"Content-Type", "application/json"}}, R"({"messages":[]})"};
        if (!request.url.ends_with("/Messages.json"))
            return http_response{404, {}, R"({"code":20404,"message":"There is only a console here.","status":404})"};
        const auto to = detail::form_field(request.body, "To");
        const auto text = detail::form_field(request.body, "Body");
        std::fprintf(out_, "To %s: %s\n", to.c_str(), text.c_str());
        std::fflush(out_);
        auto resource = detail::json_object()
                            .string("sid", "SM00000000000000000000000000000000")
                            .string("status", "queued")
                            .string("to", to)
                            .string("body", text)
                            .null("error_code");
        return http_response{201, {{"Content-Type", "application/json"}}, std::move(resource).str()};
    }

private:
    std::FILE* out_;
};

static_assert(HttpTransport<console_transport>);

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/detail/config_fields.hpp ----

#ifndef PHONEAUTH_DETAIL_CONFIG_FIELDS_HPP
#define PHONEAUTH_DETAIL_CONFIG_FIELDS_HPP


namespace phoneauth {
inline namespace v0 {
namespace detail {

// The fields and their names: `field(name, member)` for each.

template <class Field>
void describe(Field& field, twilio_config& t) {
    field("account_sid", t.account_sid);
    field("auth_token", t.auth_token);
    field("api_key", t.api_key);
    field("api_secret", t.api_secret);
    field("sender", t.sender);
    field("region", t.region);
    field("edge", t.edge);
    field("base_url", t.base_url);
    field("status_callback", t.status_callback);
    field("previous_auth_token", t.previous_auth_token);
}

template <class Field>
void describe(Field& field, test_number& t) {
    field("phone", t.phone);
    field("code", t.code);
}

template <class Field>
void describe(Field& field, code_key& k) {
    field("id", k.id);
    field("secret", k.secret);
}

template <class Field>
void describe(Field& field, config& c) {
    field("twilio", c.twilio);
    field("code_keys", c.code_keys);
    field("code_digits", c.code_digits);
    field("code_lifetime", c.code_lifetime);
    field("max_tries", c.max_tries);
    field("message_template", c.message_template);
    field("registration_purpose", c.registration_purpose);
    field("login_purpose", c.login_purpose);
    field("site_name", c.site_name);
    field("origin_host", c.origin_host);
    field("android_app_hash", c.android_app_hash);
    field("resend_cooldown", c.resend_cooldown);
    field("max_sends_per_transaction", c.max_sends_per_transaction);
    field("phone_cooldown", c.phone_cooldown);
    field("max_sends_per_phone_and_hour", c.max_sends_per_phone_and_hour);
    field("max_sends_per_phone_and_day", c.max_sends_per_phone_and_day);
    field("max_sends_per_client_and_hour", c.max_sends_per_client_and_hour);
    field("max_messages_per_user_and_hour", c.max_messages_per_user_and_hour);
    field("max_sends_per_hour", c.max_sends_per_hour);
    field("default_calling_code", c.default_calling_code);
    field("allowed_calling_codes", c.allowed_calling_codes);
    field("blocked_prefixes", c.blocked_prefixes);
    field("test_numbers", c.test_numbers);
    field("allow_test_numbers", c.allow_test_numbers);
    field("login_enabled", c.login_enabled);
    field("code_login_enabled", c.code_login_enabled);
    field("identity_login_enabled", c.identity_login_enabled);
    field("unknown_phone", c.unknown_phone);
    field("max_consecutive_failures", c.max_consecutive_failures);
    field("max_passwords_per_client_and_hour", c.max_passwords_per_client_and_hour);
    field("session_lifetime", c.session_lifetime);
    field("fresh_login", c.fresh_login);
    field("registration_enabled", c.registration_enabled);
    field("phone_column", c.phone_column);
    field("identity_column", c.identity_column);
    field("min_password_length", c.min_password_length);
    field("max_password_length", c.max_password_length);
    field("client_properties", c.client_properties);
    field("protected_properties", c.protected_properties);
    field("max_properties", c.max_properties);
    field("max_property_bytes", c.max_property_bytes);
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/detail/happy_eyeballs.hpp ----

#ifndef PHONEAUTH_DETAIL_HAPPY_EYEBALLS_HPP
#define PHONEAUTH_DETAIL_HAPPY_EYEBALLS_HPP

#include <algorithm>
#include <chrono>
#include <functional>
#include <iterator>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// How long an attempt to connect is alone before the next address is tried beside it (RFC 8305 §5 and §8).
inline constexpr std::chrono::milliseconds connection_attempt_delay{250};

/// The addresses of a host in the order in which to try them (RFC 8305 §4, with a First Address Family Count of 1): each
/// is followed by the first one of another family, if there is one left. Within a family their order stays.
///
/// @param addresses  in the resolver's order (RFC 6724)
/// @param family  of an address: a function of it, or a member; compared by `!=`
template <class Address, class Family>
constexpr std::vector<Address> interleave_families(std::vector<Address> addresses, Family family) {
    const auto end = addresses.end();
    for (auto at = addresses.begin(); at != end; ++at) {
        const auto next = std::next(at);
        const auto other = std::find_if(
            next, end, [&](const Address& each) { return std::invoke(family, each) != std::invoke(family, *at); });
        if (other == end) break;
        std::rotate(next, other, std::next(other));
    }
    return addresses;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/flows/bodies.hpp ----

#ifndef PHONEAUTH_FLOWS_BODIES_HPP
#define PHONEAUTH_FLOWS_BODIES_HPP

// The bodies of the flows, which are templates on the mode: for whoever compiles them for a mode of their own. Without
// PHONEAUTH_SEPARATE_COMPILATION the headers have them already.


#endif

// ---- phoneauth/fwd.hpp ----

#ifndef PHONEAUTH_FWD_HPP
#define PHONEAUTH_FWD_HPP

// Names of the types that an application's own headers mention, declared and not defined; it includes nothing but
// version.hpp. What is complete only in its own header may be held by reference or pointer until then.


/// The library: the flows, what they take and return, and what comes with it to be handed to them.
namespace phoneauth {
/// Its binary interface; inline, so that nobody writes it.
inline namespace v0 {

// The flows.
template <class S, class T, class... Options>
class authenticator;

// What the flows take and return.
template <class T>
class result;
struct failure;
enum class error;
struct config;
struct client_info;
struct registration;
struct text_message;
struct challenge;
struct login_result;
struct event;
class transaction_id;
class submitted_code;
class password;
class session_token;

// What storages keep.
class phone_number;
struct user;
struct transaction;
struct session;
struct cell_request;
class cell_batch;
struct cell_answer;

// What comes with the library, to be handed to an authenticator.
class memory_storage;
class sqlite_storage;
class postgres_storage;
class redis_storage;
class async_postgres_storage;
class async_redis_storage;
struct system_clock;
struct no_hooks;
class console_transport;
class blocking_transport;
class https_transport;

// HTTP, in and out.
struct http_request;
struct http_response;
class http_server;
/// The flows as REST endpoints.
namespace rest {
template <class Authenticator>
class api;
struct options;
struct reply;
}  // namespace rest

// What goes with them.
class worker_pool;
class event_counters;
/// Requests to Twilio and what its replies mean.
namespace twilio {}
/// For tests: policies that a test steers, a fake Twilio, and a suite for storages.
namespace testing {}

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/metrics.hpp ----

#ifndef PHONEAUTH_METRICS_HPP
#define PHONEAUTH_METRICS_HPP

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>


namespace phoneauth {
inline namespace v0 {

/// Counts events by kind and reason, for monitoring:
///
///     event_counters counters;
///     authenticator auth(config, storage, transport, counters);
///     …
///     counters.prometheus_text()  // the reply to GET /metrics
///
/// It takes about 9 KB, whatever anybody asks for: kinds and reasons are the enumerators of `event_kind` and `error`,
/// and nothing of what strangers say gets into a label.
///
/// @par Thread safety
/// Distinct and shared objects are safe. Counting takes no lock and no memory.
///
/// @par Lifetime
/// It must outlive the authenticator that it is given to.
class event_counters {
public:
    /// The Content-Type of `prometheus_text`.
    static constexpr std::string_view content_type = "text/plain; version=0.0.4; charset=utf-8";

    event_counters() = default;
    event_counters(const event_counters&) = delete;
    event_counters& operator=(const event_counters&) = delete;

    /// Counts `e`, and those that were left out before it.
    void operator()(const event& e) noexcept {
        counts_[static_cast<std::size_t>(e.kind)][index_of(e.reason)].fetch_add(1 + e.suppressed,
                                                                                std::memory_order_relaxed);
    }

    /// How many events of this kind there were, with whatever reason.
    std::uint64_t count(event_kind kind) const noexcept {
        std::uint64_t sum = 0;
        for (const auto& each : counts_[static_cast<std::size_t>(kind)]) sum += each.load(std::memory_order_relaxed);
        return sum;
    }

    /// How many of them had this reason; an empty one counts those without. Codes of other categories than
    /// `error_category` are counted as one.
    std::uint64_t count(event_kind kind, std::error_code reason) const noexcept {
        return counts_[static_cast<std::size_t>(kind)][index_of(reason)].load(std::memory_order_relaxed);
    }

    /// All counts in Prometheus's text format, version 0.0.4
    /// (https://prometheus.io/docs/instrumenting/exposition_formats/), since this object was made:
    ///
    ///     # HELP phoneauth_events_total What happened, by event and the error that was its reason.
    ///     # TYPE phoneauth_events_total counter
    ///     phoneauth_events_total{event="started"} 12
    ///     phoneauth_events_total{event="refused"} 0
    ///     phoneauth_events_total{event="refused",reason="too_many_messages"} 3
    ///
    /// `reason` is the name of an `error`, or "other". Each event has its series without a reason from the start, so
    /// that the first one is seen as an increase; the others begin to exist when they are counted.
    std::string prometheus_text() const {
        std::string text = "# HELP phoneauth_events_total What happened, by event and the error that was its reason.\n"
                           "# TYPE phoneauth_events_total counter\n";
        for (std::size_t kind = 0; kind < counts_.size(); ++kind)
            for (std::size_t reason = 0; reason < reasons; ++reason) {
                const auto count = counts_[kind][reason].load(std::memory_order_relaxed);
                if (reason > 0 && count == 0) continue;
                text.append("phoneauth_events_total{event=\"").append(name_of(static_cast<event_kind>(kind)));
                if (reason > 0) text.append("\",reason=\"").append(reason_name(reason));
                text.append("\"} ").append(std::to_string(count)) += '\n';
            }
        return text;
    }

private:
    static constexpr std::size_t kinds = static_cast<std::size_t>(event_kind::sender_trouble) + 1;
    static constexpr std::size_t other = error_table.size() + 1;
    static constexpr std::size_t reasons = other + 1;  ///< none, the errors in the order of their values, others

    static std::size_t index_of(const std::error_code& reason) noexcept {
        if (!reason) return 0;
        const auto value = static_cast<std::size_t>(reason.value());
        return reason.category() == error_category() && value < other ? value : other;
    }

    static std::string_view reason_name(std::size_t index) noexcept {
        return index == other ? "other" : error_table[index - 1].name;
    }

    std::array<std::array<std::atomic<std::uint64_t>, reasons>, kinds> counts_{};
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/phoneauth.hpp ----

#ifndef PHONEAUTH_PHONEAUTH_HPP
#define PHONEAUTH_PHONEAUTH_HPP

// The authenticator and all that its functions take and return. It needs OpenSSL and simdjson, and neither Asio nor
// llhttp; storages, transports, REST and the test kit have headers of their own.


#endif

// ---- phoneauth/read_config.hpp ----

#ifndef PHONEAUTH_READ_CONFIG_HPP
#define PHONEAUTH_READ_CONFIG_HPP

#include <string_view>
#include <vector>


namespace phoneauth {
inline namespace v0 {

/// Reads a configuration from JSON, for servers that keep it in a file. Every field of `config` has its own name there:
///
///     {"twilio": {"account_sid": "AC…", "auth_token": "…", "sender": "+14155550100"},
///      "code_keys": [{"id": "2024", "secret": "…"}],
///      "code_lifetime": 300, "unknown_phone": "conceal"}
///
/// Durations are whole seconds, `unknown_phone` is "conceal" or "reject". What `json` leaves out keeps the value that
/// it has in `into`.
///
/// Returns everything that is wrong with `json`, not only the first: a text that is not JSON, unknown names, values of
/// the wrong type. `into` is changed only if nothing is. Ranges are the business of `validate`, which the
/// authenticator's constructor calls. No message has a value from `json` in it. Throws nothing but `std::bad_alloc`.
PHONEAUTH_DECL std::vector<config_problem> read_config(std::string_view json, config& into);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/read_config.ipp ----

#ifndef PHONEAUTH_READ_CONFIG_IPP
#define PHONEAUTH_READ_CONFIG_IPP

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Fills the fields of one struct from the members of one JSON object.
class settings_reader {
public:
    /// `path` is what stands before the names of the fields.
    template <class Struct>
    static void read(const json_value& object, std::string path, Struct& target,
                     std::vector<config_problem>& problems) {
        settings_reader reader(object, std::move(path), problems);
        describe(reader, target);
        for (const auto& member : object.items)
            if (std::find(reader.known_.begin(), reader.known_.end(), member.key) == reader.known_.end())
                reader.require(false, member.key, "there is no setting of this name");
    }

    template <class T>
    void operator()(std::string_view name, T& target) {
        known_.push_back(name);
        if (const auto* member = object_.find(name)) set(name, *member, target);
    }

private:
    settings_reader(const json_value& object, std::string path, std::vector<config_problem>& problems)
        : object_(object), path_(std::move(path)), problems_(problems) {}

    bool require(bool ok, std::string_view name, const char* message) {
        if (!ok) problems_.push_back({path_ + std::string(name), message});
        return ok;
    }

    void set(std::string_view name, const json_value::item& value, std::string& target) {
        if (require(value.kind == json_kind::string, name, "expected a string")) target = value.text;
    }
    void set(std::string_view name, const json_value::item& value, bool& target) {
        if (require(value.kind == json_kind::boolean, name, "expected true or false")) target = value.text == "true";
    }
    void set(std::string_view name, const json_value::item&, unsigned& target) {
        const auto number = object_.integer(name);
        const bool fits = number && *number >= 0 && *number <= (std::numeric_limits<unsigned>::max)();
        if (require(fits, name, "expected a whole number from 0 to 4294967295"))
            target = static_cast<unsigned>(*number);
    }
    void set(std::string_view name, const json_value::item& value, std::chrono::seconds& target) {
        unsigned count = 0;
        set(name, value, count);
        target = std::chrono::seconds(count);
    }
    void set(std::string_view name, const json_value::item& value, unknown_phone_policy& target) {
        const bool reject = value.text == "reject";
        const bool known = value.kind == json_kind::string && (reject || value.text == "conceal");
        require(known, name, "expected \"conceal\" or \"reject\"");
        target = reject ? unknown_phone_policy::reject : unknown_phone_policy::conceal;
    }
    void set(std::string_view name, const json_value::item& value, twilio_config& target) {
        if (require(value.kind == json_kind::object, name, "expected an object"))
            read(*parse_json(value.text), path_ + std::string(name) + '.', target, problems_);
    }
    template <class Element>
    void set(std::string_view name, const json_value::item& value, std::vector<Element>& target) {
        if (!require(value.kind == json_kind::array, name, "expected an array")) return;
        target.clear();
        const auto array = parse_json(value.text);
        for (const auto& given : array->items) {
            const auto element = std::string(name) + '[' + std::to_string(target.size()) + ']';
            auto& added = target.emplace_back();
            if constexpr (std::is_same_v<Element, std::string>)
                set(element, given, added);
            else if (require(given.kind == json_kind::object, element, "expected an object"))
                read(*parse_json(given.text), path_ + element + '.', added, problems_);
        }
    }

    const json_value& object_;
    std::string path_;
    std::vector<config_problem>& problems_;
    std::vector<std::string_view> known_;
};

}  // namespace detail

PHONEAUTH_DECL std::vector<config_problem> read_config(std::string_view json, config& into) {
    const auto object = detail::parse_json(detail::without_byte_order_mark(json));
    if (!object) return {{"", "the text is not valid JSON"}};
    if (!object->is(detail::json_kind::object)) return {{"", "expected a JSON object"}};
    std::vector<config_problem> problems;
    config read = into;
    detail::settings_reader::read(*object, "", read, problems);
    if (problems.empty()) into = std::move(read);
    return problems;
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/rest/api.hpp ----

#ifndef PHONEAUTH_REST_API_HPP
#define PHONEAUTH_REST_API_HPP

#include <string>
#include <utility>


// ---- phoneauth/rest/cors.hpp ----

#ifndef PHONEAUTH_REST_CORS_HPP
#define PHONEAUTH_REST_CORS_HPP

#include <string_view>


// ---- phoneauth/rest/options.hpp ----

#ifndef PHONEAUTH_REST_OPTIONS_HPP
#define PHONEAUTH_REST_OPTIONS_HPP

#include <cstddef>
#include <string>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Whose messages the API sends. Messages are paid for, and a server that sends any text to any phone for anybody is a
/// spammer's prize.
enum class send_message_access {
    /// Those of logged-in users. Of Twilio's options they may choose ValidityPeriod, SmartEncoded, ContentRetention,
    /// AddressRetention and ProvideFeedback; others are `not_permitted`.
    session,
    /// Under the root with the API key, those of anyone who knows the key, with every option of Twilio's. Under the
    /// other root, those of logged-in users. A StatusCallback below `twilio_config::status_callback` is `invalid_parameter`.
    key,
    off  ///< nobody's, the default: `error::send_message_disabled`
};

/// What an `api` needs to know.
struct options {
    /// The first segment of the root path; required.
    std::string app_id{};
    /// The second segment; required. All clients hold it: it tells applications apart, not people.
    std::string api_key{};
    /// Whose messages are sent. A client gets Twilio's whole reply, as Backendless's clients expect it: the account's
    /// SID and the message's price are in it.
    send_message_access send_message = send_message_access::off;
    /// How large the body of a request may be. A larger one is `body_too_large`.
    std::size_t max_body_bytes = 65536;
    /// How deeply its JSON may be nested. A deeper one is `body_too_large`, too.
    std::size_t max_json_depth = 16;
    /// The origins whose pages may call the API beside its own, like "https://example.com", or for an app in a web
    /// view "capacitor://localhost". A browser lets no other page read a reply (CORS), and what other pages send is
    /// refused, unless it is a GET. Requests without the header Origin, those of apps and servers, are not asked. "*",
    /// for a public API, allows all: any page can then make its visitors' browsers start messages, each from a network
    /// of its own.
    std::vector<std::string> allowed_origins{};
    /// The addresses and networks ("10.0.0.0/8", "::1") of the reverse proxies in front of this server. Only from them
    /// is `forwarding_header` believed. A network in which strangers are (see `is_too_wide`) is refused: they would
    /// write their own addresses.
    std::vector<std::string> trusted_proxies{};
    /// Instead of `trusted_proxies`, where the addresses of the proxies are not known: how many of them, 1 to 20, add an
    /// address to `forwarding_header`. Dangerous when somebody can reach the server past them, or when the number is
    /// too large: they then write their own address, and no limit by client holds them; see `client_address_by_hops`. A
    /// request whose header has fewer addresses counts for the other end of the connection. 0 means that
    /// `trusted_proxies` decides.
    unsigned trusted_hops = 0;
    /// The header in which a proxy names its client, after those that it was told itself: a list as in X-Forwarded-For.
    /// (`Forwarded`, RFC 7239, has another form and is not read.)
    std::string forwarding_header = "X-Forwarded-For";
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/rest/reply.hpp ----

#ifndef PHONEAUTH_REST_REPLY_HPP
#define PHONEAUTH_REST_REPLY_HPP

#include <string>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace rest {

/// What an endpoint answers: JSON that nobody may cache or take for anything else (RFC 9111 §5.2.2.5).
struct reply : http_response {
    reply() = default;

    /// The error body that Backendless's clients know: {"code": …, "message": …, "errorData": {…}}.
    ///
    /// Code and status are those of the failure's row in `error_codes`. A code of another category, which can only come
    /// from a hook, is taken as it is, with status 400. `errorData` holds `retryAfter` (seconds), `triesLeft` and
    /// `twilioCode` where they are known. `retryAfter` is also the header Retry-After (RFC 9110 §10.2.3); it is 1 for
    /// an `error::overloaded` or `error::storage_unavailable` that says nothing else.
    PHONEAUTH_DECL reply(const failure& f);

    /// A reply with `json`, a JSON text, and `status`.
    static reply of_json(std::string json, int status = 200) {
        reply r;
        r.status = status;
        r.headers = {
            {"Content-Type", "application/json"}, {"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
        r.body = std::move(json);
        return r;
    }
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/reply.ipp ----

#ifndef PHONEAUTH_REST_REPLY_IPP
#define PHONEAUTH_REST_REPLY_IPP

#include <chrono>
#include <string>


// ---- phoneauth/rest/error_codes.hpp ----

#ifndef PHONEAUTH_REST_ERROR_CODES_HPP
#define PHONEAUTH_REST_ERROR_CODES_HPP

#include <array>
#include <cstddef>


namespace phoneauth {
inline namespace v0 {
namespace rest {

/// One row of `error_codes`.
struct error_code_row {
    error value;      ///< the enumerator
    int code;         ///< `code` of the error body: Backendless's published number where one fits, 14xxx for our own
    int http_status;  ///< never 502, which makes the Backendless JavaScript SDK drop the body
};

/// The only place where errors get their numbers on the wire, in the order of the enumerators.
inline constexpr std::array error_codes{
    error_code_row{error::unparsable_body, 8002, 400},
    error_code_row{error::body_too_large, 8004, 413},
    error_code_row{error::missing_parameter, 8007, 400},
    error_code_row{error::invalid_parameter, 8008, 400},
    error_code_row{error::invalid_phone_number, 14001, 400},
    error_code_row{error::invalid_email, 3040, 400},
    error_code_row{error::message_too_long, 14002, 400},
    error_code_row{error::invalid_media_url, 14003, 400},
    error_code_row{error::wrong_application, 2002, 400},
    error_code_row{error::unknown_route, 14004, 404},
    error_code_row{error::method_not_allowed, 14005, 405},

    error_code_row{error::registration_disabled, 3009, 403},
    error_code_row{error::password_required, 3011, 400},
    error_code_row{error::invalid_password, 14010, 400},
    error_code_row{error::identity_required, 3013, 400},
    error_code_row{error::property_required, 3012, 400},
    error_code_row{error::user_exists, 3033, 409},
    error_code_row{error::no_properties, 3038, 400},
    error_code_row{error::reserved_property, 3039, 400},
    error_code_row{error::refused_by_hook, 14011, 403},

    error_code_row{error::login_disabled, 3034, 403},
    error_code_row{error::login_required, 3006, 400},
    error_code_row{error::invalid_login, 3003, 401},
    error_code_row{error::unknown_phone, 3057, 400},
    error_code_row{error::account_disabled, 3090, 403},
    error_code_row{error::too_many_failures, 3036, 429},
    error_code_row{error::unknown_token, 3064, 400},
    error_code_row{error::session_expired, 3048, 401},
    error_code_row{error::send_message_disabled, 14012, 403},
    error_code_row{error::not_permitted, 14013, 403},
    error_code_row{error::fresh_login_required, 14014, 400},

    error_code_row{error::no_transaction, 14020, 400},
    error_code_row{error::wrong_code, 14021, 400},
    error_code_row{error::code_expired, 14022, 400},
    error_code_row{error::code_used, 14023, 400},
    error_code_row{error::tries_exhausted, 14024, 400},
    error_code_row{error::transaction_failed, 14025, 400},
    error_code_row{error::phone_mismatch, 14026, 400},
    error_code_row{error::resend_too_soon, 14027, 429},
    error_code_row{error::too_many_messages, 14028, 429},
    error_code_row{error::destination_not_allowed, 14029, 403},

    error_code_row{error::provider_refused, 14030, 400},
    error_code_row{error::provider_misconfigured, 14031, 500},
    error_code_row{error::provider_busy, 14032, 503},
    error_code_row{error::provider_unreachable, 14033, 503},
    error_code_row{error::no_answer, 14034, 504},
    error_code_row{error::bad_provider_reply, 14035, 500},
    error_code_row{error::invalid_signature, 14036, 403},

    error_code_row{error::invalid_url, 14040, 500},
    error_code_row{error::host_not_found, 14041, 503},
    error_code_row{error::connect_failed, 14042, 503},
    error_code_row{error::connect_timeout, 14043, 503},
    error_code_row{error::proxy_failed, 14054, 503},
    error_code_row{error::tls_failed, 14044, 503},
    error_code_row{error::certificate_untrusted, 14045, 503},
    error_code_row{error::certificate_expired, 14046, 503},
    error_code_row{error::certificate_wrong_host, 14047, 503},
    error_code_row{error::write_failed, 14048, 503},
    error_code_row{error::read_timeout, 14049, 504},
    error_code_row{error::connection_lost, 14050, 504},
    error_code_row{error::malformed_reply, 14051, 500},
    error_code_row{error::reply_too_large, 14052, 500},
    error_code_row{error::cancelled, 14053, 503},

    error_code_row{error::storage_unavailable, 14060, 503},
    error_code_row{error::overloaded, 14061, 503},
    error_code_row{error::internal, 14062, 500},
};

/// The row of `e`, in constant time; for a value that is not an enumerator, the row of `error::internal`.
constexpr const error_code_row& codes_of(error e) noexcept {
    const auto index = static_cast<std::size_t>(static_cast<int>(e) - 1);
    return index < error_codes.size() ? error_codes[index] : error_codes.back();
}

namespace detail {
constexpr bool error_codes_are_in_order() {
    for (std::size_t i = 0; i < error_codes.size(); ++i)
        if (error_codes[i].value != error_table[i].value) return false;
    return error_codes.size() == error_table.size();
}
static_assert(error_codes_are_in_order(), "error_codes needs one row per enumerator, in order");
}  // namespace detail

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace rest {

PHONEAUTH_DECL reply::reply(const failure& f) {
    const bool own = f.code.category() == error_category() || !f.code;
    const auto e = static_cast<error>(f.code.value());
    // What this server cannot do just now is worth another try soon (RFC 9110 §15.6.4).
    auto wait = f.retry_after;
    if (!wait && (f.code == error::overloaded || f.code == error::storage_unavailable)) wait = std::chrono::seconds(1);
    phoneauth::detail::json_object data;
    if (wait) data.number("retryAfter", wait->count());
    if (f.tries_left) data.number("triesLeft", *f.tries_left);
    if (f.twilio_code) data.number("twilioCode", *f.twilio_code);
    phoneauth::detail::json_object json;
    json.number("code", own ? codes_of(e).code : f.code.value());
    json.string("message", f.message.empty() ? row_of(e).text : f.message);
    json.raw("errorData", std::move(data).str());
    *this = of_json(std::move(json).str(), own ? codes_of(e).http_status : 400);
    if (wait) headers.push_back({"Retry-After", std::to_string(wait->count())});
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Lets the pages of `options::allowed_origins` read a reply, Retry-After included. An `api` does it for its own
/// replies. For those that the server gives by itself (413, 421, 503, …), which a page would otherwise take for a broken
/// network, call it as `http_server_options::decorate_own_reply` does. Where such a reply to a browser's preflight is a
/// 503, it becomes the preflight's own answer: only then does the browser send the request that may be told to come
/// back.
///
/// @param r        gets the headers
/// @param request  as far as it is known: its method and its headers are looked at
/// @param o        those of the api
/// @par Source
/// https://fetch.spec.whatwg.org/#http-cors-protocol
PHONEAUTH_DECL void add_cors_headers(http_response& r, const http_request& request, const options& o);

namespace detail {

/// Whether pages of `origin` may read replies.
PHONEAUTH_DECL bool is_allowed(std::string_view origin, const options& o);

/// The answer to a browser's question whether it may send the real request.
PHONEAUTH_DECL reply preflight_reply();

}  // namespace detail

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/cors.ipp ----

#ifndef PHONEAUTH_REST_CORS_IPP
#define PHONEAUTH_REST_CORS_IPP

#include <algorithm>


namespace phoneauth {
inline namespace v0 {
namespace rest {

namespace detail {

PHONEAUTH_DECL bool is_allowed(std::string_view origin, const options& o) {
    return std::find(o.allowed_origins.begin(), o.allowed_origins.end(), origin) != o.allowed_origins.end();
}

PHONEAUTH_DECL reply preflight_reply() {
    reply r;
    r.status = 204;
    r.headers = {{"Access-Control-Allow-Methods", "GET, POST, PUT, OPTIONS"},
                 {"Access-Control-Allow-Headers", "content-type, user-token, bl-execution-type"},
                 {"Access-Control-Max-Age", "600"},
                 {"Cache-Control", "no-store"}};
    return r;
}

}  // namespace detail

PHONEAUTH_DECL void add_cors_headers(http_response& r, const http_request& request, const options& o) {
    if (r.status == 503 && request.method == "OPTIONS" && find_header(request.headers, "Access-Control-Request-Method"))
        r = detail::preflight_reply();
    if (detail::is_allowed("*", o)) {
        r.headers.push_back({"Access-Control-Allow-Origin", "*"});
    } else {
        r.headers.push_back({"Vary", "Origin"});
        const auto* origin = find_header(request.headers, "Origin");
        if (origin && detail::is_allowed(*origin, o)) r.headers.push_back({"Access-Control-Allow-Origin", *origin});
    }
    r.headers.push_back({"Access-Control-Expose-Headers", "Retry-After"});
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/rest/detail/call.hpp ----

#ifndef PHONEAUTH_REST_DETAIL_CALL_HPP
#define PHONEAUTH_REST_DETAIL_CALL_HPP

#include <string>
#include <string_view>


// All of an `api` that does not depend on its authenticator: from the request to the call, and from the call's outcome
// to the reply.

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// What is asked of the authenticator.
enum class operation {
    nothing,  ///< the reply is there already
    start_registration,
    finish_registration,
    start_login,
    start_two_factor_login,
    login_with_identity,
    finish_login,
    resend,
    tell_status,
    logout,
    check_token,
    find_user,
    update_user,
    send_message,
    take_report
};

/// A request that was read: what is asked of the authenticator, with which arguments, and at last the reply.
struct call {
    operation asked = operation::nothing;
    bool needs_sender = false;      ///< whose `token` it is must be asked first; then `admit_sender`
    result<void> argument_error{};  ///< to be told once the sender is known
    client_info from{};
    secret_string token{};     ///< of the session; empty if there is none
    secret_string captured{};  ///< what the path had at the route's "*"
    std::string phone{};
    std::string identity{};
    std::string transaction_id{};
    secret_string password{};
    secret_string code{};
    phoneauth::registration registration{};
    property_map changes{};
    text_message message{};
    status_callback report{};
    rest::reply reply{};
};

/// Finds the route of `request`, which came from `peer`, and reads its arguments. What is wrong with it is the reply.
/// `proxies` are those of `o`.
PHONEAUTH_DECL call read_call(const http_request& request, std::string_view peer, const options& o,
                              const phoneauth::detail::trusted_networks& proxies, const config& c);

/// Lets the user send the message whose session it is, or refuses.
PHONEAUTH_DECL void admit_sender(call& made, const result<user>& sender);

// What the authenticator answered becomes the reply.

PHONEAUTH_DECL void answer(call& made, const result<challenge>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<login_result>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<user>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<transaction_status>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<sent_message>& outcome, const config& c);
PHONEAUTH_DECL void answer(call& made, const result<void>& outcome);

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/detail/call.ipp ----

#ifndef PHONEAUTH_REST_DETAIL_CALL_IPP
#define PHONEAUTH_REST_DETAIL_CALL_IPP

#include <initializer_list>
#include <utility>


// ---- phoneauth/rest/detail/body.hpp ----

#ifndef PHONEAUTH_REST_DETAIL_BODY_HPP
#define PHONEAUTH_REST_DETAIL_BODY_HPP

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

// Request bodies in all the forms in which clients send them, made into what the authenticator takes. A byte order mark
// before one is skipped.

using phoneauth::detail::json_kind;
using phoneauth::detail::json_value;
using phoneauth::detail::parse_json;

/// The arguments of a service operation as an object, whichever form `body` has. What parses as JSON is JSON, an object
/// with arguments by name, an array with arguments in the order of `names`, or the first argument alone; any other text
/// is the first argument itself, without white space around it. The Content-Type does not decide. No body is no
/// arguments.
/// → the object, or `unparsable_body`, `body_too_large` (nested too deep), `invalid_parameter` (more elements than
/// names).
PHONEAUTH_DECL result<json_value> read_arguments(std::string_view body, std::initializer_list<std::string_view> names,
                                                 std::size_t max_depth);

/// A body that must be a JSON object. → the object, or `unparsable_body`, `body_too_large`, `no_properties` (no body,
/// or null).
PHONEAUTH_DECL result<json_value> read_object(std::string_view body, std::size_t max_depth);

/// The member `name` of `object`, or nullptr if it is absent or null.
inline const json_value::item* given(const json_value& object, std::string_view name) noexcept {
    const auto* item = object.find(name);
    return item && item->kind != json_kind::null ? item : nullptr;
}

/// Takes members out of an object and notes the first that is missing (`missing`) or has the wrong type
/// (`invalid_parameter`).
class member_reader {
public:
    /// `object` must outlive the reader.
    explicit member_reader(const json_value& object, error missing = error::missing_parameter) noexcept
        : object_(object), missing_(missing) {}

    /// A string.
    std::string text(std::string_view name) { return read(name, false, true); }
    /// A string, or empty if it is absent or null.
    std::string text_or_empty(std::string_view name) { return read(name, false, false); }
    /// A string, or a number's digits as they came: clients send phone numbers and codes as either.
    std::string digits(std::string_view name) { return read(name, true, true); }

    /// A code. As a JSON number it has lost the zeros that it began with; they are put back.
    PHONEAUTH_DECL std::string code(std::string_view name, const config& c);

    /// A phone number, as `digits`: under its configured name if the object has that, else under the plugin's,
    /// "phoneNumber".
    std::string phone(const config& c) { return digits(object_.find(c.phone_column) ? c.phone_column : "phoneNumber"); }

    /// What was wrong first, if something was.
    const std::optional<failure>& problem() const noexcept { return problem_; }
    /// Notes that `name` has the wrong type.
    void refuse(std::string_view name) { note(error::invalid_parameter, name, " has the wrong type."); }

private:
    PHONEAUTH_DECL std::string read(std::string_view name, bool number_too, bool required);
    PHONEAUTH_DECL void note(error e, std::string_view name, std::string_view what);

    const json_value& object_;
    error missing_;
    std::optional<failure> problem_;
};

/// The second step of a registration. What clients add of their own, and server's fields that are null, are left out.
/// → `property_required` or `invalid_parameter`, which name the property, unless there are far too many.
PHONEAUTH_DECL result<registration> read_registration(const json_value& object, const config& c);

/// The members of `object`, name → JSON text. → or `invalid_parameter` (far too many).
PHONEAUTH_DECL result<property_map> read_changes(const json_value& object, const config& c);

/// The arguments of sendMessage: the phone number, message (which a ContentSid among the options may take the place of),
/// mediaUrl (one, or an array), options (an object of Twilio's parameters; PersistentAction may be an array).
/// → `missing_parameter` or `invalid_parameter`, which name the argument.
PHONEAUTH_DECL result<text_message> read_text_message(const json_value& arguments, const config& c);

/// Whether the options of `m` are a logged-in user's to choose: not the sender, the time, the price, the checks, or
/// where Twilio reports to. → or `not_permitted`.
PHONEAUTH_DECL result<void> check_user_message(const text_message& m);

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/detail/body.ipp ----

#ifndef PHONEAUTH_REST_DETAIL_BODY_IPP
#define PHONEAUTH_REST_DETAIL_BODY_IPP

#include <algorithm>
#include <array>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Whether brackets are nested deeper than `limit` anywhere in `text`: tells what is too deep from what is not JSON.
inline bool is_deeper_than(std::string_view text, std::size_t limit) noexcept {
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"') in_string = !in_string;
        if (in_string && c == '\\') ++i;
        if (in_string) continue;
        if ((c == '[' || c == '{') && ++depth > limit) return true;
        if ((c == ']' || c == '}') && depth > 0) --depth;
    }
    return false;
}

/// `text` as JSON, or why it is not.
inline result<json_value> read_json(std::string_view text, std::size_t max_depth) {
    auto value = parse_json(text, max_depth);
    if (value) return std::move(*value);
    return is_deeper_than(text, max_depth) ? error::body_too_large : error::unparsable_body;
}

/// A failure that names a parameter.
inline failure about(error e, std::string_view name, std::string_view what) {
    return {e, "The parameter " + std::string(name) + std::string(what)};
}

PHONEAUTH_DECL result<json_value> read_arguments(std::string_view body, std::initializer_list<std::string_view> names,
                                                 std::size_t max_depth) {
    json_value arguments;
    arguments.kind = json_kind::object;
    body = phoneauth::detail::trim(phoneauth::detail::without_byte_order_mark(body));
    if (body.empty()) return arguments;

    auto value = read_json(body, max_depth);
    if (!value) {
        const bool meant_as_json = body.starts_with('{') || body.starts_with('[') || body.starts_with('"');
        if (meant_as_json) return value;
        arguments.items.push_back({std::string(*names.begin()), json_kind::string, std::string(body)});
        return arguments;
    }
    if (value->is(json_kind::object)) return value;
    if (!value->is(json_kind::array)) {
        arguments.items.push_back({std::string(*names.begin()), value->kind, std::move(value->text)});
        return arguments;
    }
    if (value->items.size() > names.size())
        return failure(error::invalid_parameter,
                       "The operation takes at most " + std::to_string(names.size()) + " arguments.");
    auto name = names.begin();
    for (auto& item : value->items) item.key = *name++;
    value->kind = json_kind::object;
    return value;
}

PHONEAUTH_DECL result<json_value> read_object(std::string_view body, std::size_t max_depth) {
    body = phoneauth::detail::trim(phoneauth::detail::without_byte_order_mark(body));
    if (body.empty()) return error::no_properties;
    auto value = read_json(body, max_depth);
    if (!value) return value;
    if (value->is(json_kind::null)) return error::no_properties;
    if (!value->is(json_kind::object))
        return failure(error::unparsable_body, "The request body must be a JSON object.");
    return value;
}

PHONEAUTH_DECL std::string member_reader::read(std::string_view name, bool number_too, bool required) {
    const auto* item = given(object_, name);
    if (!item) {
        if (required) note(missing_, name, " is missing.");
        return {};
    }
    const bool whole = item->kind == json_kind::number &&
                       std::all_of(item->text.begin(), item->text.end(), phoneauth::detail::is_digit);
    if (item->kind == json_kind::string || (number_too && whole)) return item->text;
    refuse(name);
    return {};
}

PHONEAUTH_DECL std::string member_reader::code(std::string_view name, const config& c) {
    auto text = digits(name);
    const auto* item = given(object_, name);
    if (item && item->kind == json_kind::number && text.size() < c.code_digits)
        text.insert(0, c.code_digits - text.size(), '0');
    return text;
}

PHONEAUTH_DECL void member_reader::note(error e, std::string_view name, std::string_view what) {
    if (!problem_) problem_ = about(e, name, what);
}

/// Refuses at once what has far more members than a user has properties. Clients add less than 64 of their own.
inline result<void> check_member_count(const json_value& object, const config& c) {
    if (object.items.size() <= std::size_t{c.max_properties} + 64) return {};
    return failure(error::invalid_parameter, "The user has too many properties.");
}

PHONEAUTH_DECL result<registration> read_registration(const json_value& object, const config& c) {
    if (auto ok = check_member_count(object, c); !ok) return std::move(ok).error();
    member_reader read(object, error::property_required);
    registration r;
    r.transaction_id = transaction_id(read.text("transactionId"));
    r.code = submitted_code(read.code("transactionCode", c));
    r.phone = read.digits(c.phone_column);
    if (c.identity_column != c.phone_column) r.identity = read.text_or_empty(c.identity_column);
    r.password = password(read.text_or_empty("password"));
    if (given(object, "blUserLocale")) r.locale = read.text("blUserLocale");
    if (read.problem()) return *read.problem();

    for (const auto& item : object.items) {
        const bool taken = item.key == c.phone_column || item.key == c.identity_column || item.key == "password" ||
                           item.key == "transactionId" || item.key == "transactionCode" || item.key == "blUserLocale";
        const bool noise = item.key == "___class" || item.key == "___jsonclass" || item.key == "__meta" ||
                           (item.kind == json_kind::null && is_reserved_property(item.key));
        if (!taken && !noise)
            r.properties.emplace(item.key, item.kind == json_kind::string ? phoneauth::detail::json_string(item.text)
                                                                          : std::string(item.text));
    }
    return r;
}

PHONEAUTH_DECL result<property_map> read_changes(const json_value& object, const config& c) {
    if (auto ok = check_member_count(object, c); !ok) return std::move(ok).error();
    property_map changes;
    for (const auto& item : object.items)
        changes.emplace(item.key, item.kind == json_kind::string ? phoneauth::detail::json_string(item.text)
                                                                 : std::string(item.text));
    return changes;
}

/// An option of a message. The one that Twilio takes more than once, PersistentAction, may be an array.
inline void add_option(text_message& m, const json_value::item& option, member_reader& read) {
    if (option.kind == json_kind::null) return;
    if (option.kind == json_kind::array && equal_ignoring_case(option.key, "PersistentAction")) {
        const auto actions = parse_json(option.text);
        for (const auto& action : actions->items) {
            if (action.kind != json_kind::string) return read.refuse("options");
            m.options.emplace_back(option.key, action.text);
        }
        return;
    }
    if (option.kind == json_kind::array || option.kind == json_kind::object) return read.refuse("options");
    m.options.emplace_back(option.key, option.text);
}

PHONEAUTH_DECL result<text_message> read_text_message(const json_value& arguments, const config& c) {
    member_reader read(arguments);
    text_message m;
    m.to = read.phone(c);
    m.body = read.text_or_empty("message");

    if (const auto* media = given(arguments, "mediaUrl"); media && media->kind == json_kind::array) {
        const auto urls = parse_json(media->text);
        const bool texts = std::all_of(urls->items.begin(), urls->items.end(),
                                       [](const auto& url) { return url.kind == json_kind::string; });
        if (!texts || urls->items.size() > max_media_urls) {
            read.refuse("mediaUrl");
        } else {
            for (const auto& url : urls->items) m.media_urls.push_back(url.text);
        }
    } else if (auto url = read.text_or_empty("mediaUrl"); !url.empty()) {
        m.media_urls.push_back(std::move(url));
    }

    if (const auto* options = given(arguments, "options"); options && options->kind == json_kind::object) {
        const auto values = parse_json(options->text);
        for (const auto& option : values->items)
            if (!read.problem()) add_option(m, option, read);
    } else if (options) {
        read.refuse("options");
    }
    const bool has_template = std::any_of(m.options.begin(), m.options.end(), [](const auto& option) {
        return equal_ignoring_case(option.first, "ContentSid") && !option.second.empty();
    });
    if (m.body.empty() && m.media_urls.empty() && !has_template && !read.problem())
        return about(error::missing_parameter, "message", " is missing.");
    if (read.problem()) return *read.problem();
    return m;
}

PHONEAUTH_DECL result<void> check_user_message(const text_message& m) {
    constexpr std::array<std::string_view, 5> harmless{"ValidityPeriod", "SmartEncoded", "ContentRetention",
                                                       "AddressRetention", "ProvideFeedback"};
    for (const auto& option : m.options)
        if (std::none_of(harmless.begin(), harmless.end(),
                         [&](std::string_view h) { return equal_ignoring_case(option.first, h); }))
            return failure(error::not_permitted, "The options have one that is not for users to choose.");
    return {};
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/rest/detail/routing.hpp ----

#ifndef PHONEAUTH_REST_DETAIL_ROUTING_HPP
#define PHONEAUTH_REST_DETAIL_ROUTING_HPP

#include <string>
#include <string_view>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Where a request goes.
struct route_target {
    std::vector<secret_string> segments;  ///< of the path below the root, percent-decoded, without those that are empty
    bool by_key = false;                  ///< the root was /{appId}/{apiKey}/, not /api/
};

/// Takes the root off `url`, a path with or without a query; "/health" has none. Backendless's SDKs join paths to a
/// server's URL by "/", and so write "//" where that ends in one: empty segments do not count. → or `unknown_route`,
/// `wrong_application`, `invalid_parameter` (a percent sequence that is broken, or stands for a letter or a digit: no
/// client writes those so, and path rules of a proxy that does not decode would not see the route).
PHONEAUTH_DECL result<route_target> read_target(std::string_view url, const options& o);

/// Throws `std::invalid_argument` with a sentence if an `api` cannot use `o`.
PHONEAUTH_DECL void check_options(const options& o);

/// The client whose request came from `peer`; `proxies` are those of `o`.
PHONEAUTH_DECL client_info client_of(const http_request& request, std::string_view peer, const options& o,
                                     const phoneauth::detail::trusted_networks& proxies);

/// Whether a page of another origin, which is not allowed, makes a browser send this request. The page cannot read the
/// reply, but the request would be carried out, and each that starts something costs a message.
PHONEAUTH_DECL bool is_from_elsewhere(const http_request& request, const options& o);

/// Whether `segments` are those of `pattern`, for example "/users/*"; `captured` gets what stands at the "*".
PHONEAUTH_DECL bool matches(std::string_view pattern, const std::vector<secret_string>& segments,
                            std::string& captured);

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/detail/routing.ipp ----

#ifndef PHONEAUTH_REST_DETAIL_ROUTING_IPP
#define PHONEAUTH_REST_DETAIL_ROUTING_IPP

#include <stdexcept>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Takes "/segment" off the front of `path` and gives the segment.
inline std::string_view next_segment(std::string_view& path) {
    path.remove_prefix(1);
    const auto segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    return segment;
}

/// Whether `segment` hides a letter or a digit in a percent sequence. It is well-formed and `decoded` says what it means.
inline bool hides_letters(std::string_view segment, std::string_view decoded) noexcept {
    for (const char c : decoded) {
        const bool encoded = segment.front() == '%';
        if (encoded && phoneauth::detail::is_alnum(c)) return true;
        segment.remove_prefix(encoded ? 3 : 1);
    }
    return false;
}

PHONEAUTH_DECL result<route_target> read_target(std::string_view url, const options& o) {
    auto path = phoneauth::detail::split_target(url).path;
    route_target d;
    while (path.starts_with('/')) {
        const auto written = next_segment(path);
        if (written.empty()) continue;
        auto segment = phoneauth::detail::percent_decode(written);
        if (!segment) return std::move(segment).error();
        if (hides_letters(written, *segment)) return error::invalid_parameter;
        d.segments.push_back(std::move(*segment));
    }
    auto& s = d.segments;
    if (s.size() > 1 && s[0] == "api") {
        s.erase(s.begin());
        return d;
    }
    if (s.size() == 1 && s[0] == "health") return d;
    if (s.size() < 3) return error::unknown_route;
    const bool app_id_right = phoneauth::detail::equal_in_constant_time(s[0], o.app_id);
    const bool api_key_right = phoneauth::detail::equal_in_constant_time(s[1], o.api_key);
    if (!app_id_right || !api_key_right) return error::wrong_application;
    s.erase(s.begin(), s.begin() + 2);
    d.by_key = true;
    return d;
}

PHONEAUTH_DECL void check_options(const options& o) {
    const auto refuse = [](const std::string& why) { throw std::invalid_argument("phoneauth: " + why); };
    if (o.app_id.empty() || o.api_key.empty() || o.app_id == "api")
        refuse("an API needs an application id other than \"api\", and an API key");
    for (const auto& proxy : o.trusted_proxies) {
        if (!is_network(proxy)) refuse("a trusted proxy is neither an address nor a network");
        if (is_too_wide(proxy))
            refuse("the trusted proxies have the network " + proxy +
                   ", in which anybody may be and write their own address: name the proxies' own networks, or say how "
                   "many proxies there are (trusted_hops)");
    }
    if (o.trusted_hops > 20) refuse("trusted_hops is more than 20");
    if (o.trusted_hops > 0 && !o.trusted_proxies.empty())
        refuse("trusted_proxies and trusted_hops are two ways to tell who a client is: set one of them");
}

PHONEAUTH_DECL client_info client_of(const http_request& request, std::string_view peer, const options& o,
                                     const phoneauth::detail::trusted_networks& proxies) {
    std::string forwarded;  // a header that comes several times is one list (RFC 9110 §5.3)
    for (const auto& h : request.headers)
        if (equal_ignoring_case(h.name, o.forwarding_header)) forwarded += (forwarded.empty() ? "" : ",") + h.value;
    const auto* agent = find_header(request.headers, "User-Agent");
    client_info client({}, agent ? *agent : std::string());
    if (o.trusted_hops > 0) {
        client.address = client_address_by_hops(peer, forwarded, o.trusted_hops);
        // A list that is too short did not come through all proxies: the address is that of one of them, if any.
        client.shared_address = !peer.empty() && phoneauth::detail::forwarded_by(forwarded, o.trusted_hops).empty();
        return client;
    }
    client.address = proxies.client_address(peer, forwarded);
    client.shared_address = !peer.empty() && !forwarded.empty() && !proxies.has(phoneauth::detail::bare_address(peer));
    return client;
}

PHONEAUTH_DECL bool is_from_elsewhere(const http_request& request, const options& o) {
    const auto* origin = find_header(request.headers, "Origin");
    if (!origin || request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") return false;
    if (is_allowed("*", o) || is_allowed(*origin, o)) return false;
    // Who knows best, but tells only servers with HTTPS or on this machine (https://www.w3.org/TR/fetch-metadata/).
    if (const auto* site = find_header(request.headers, "Sec-Fetch-Site")) return *site != "same-origin";
    const auto* host = find_header(request.headers, "Host");
    return !host || (*origin != "http://" + *host && *origin != "https://" + *host);
}

PHONEAUTH_DECL bool matches(std::string_view pattern, const std::vector<secret_string>& segments,
                            std::string& captured) {
    for (const auto& segment : segments) {
        if (pattern.empty()) return false;
        const auto expected = next_segment(pattern);
        if (expected == "*")
            captured = segment;
        else if (expected != segment)
            return false;
    }
    return pattern.empty();
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/rest/objects.hpp ----

#ifndef PHONEAUTH_REST_OBJECTS_HPP
#define PHONEAUTH_REST_OBJECTS_HPP

#include <string>
#include <string_view>


namespace phoneauth {
inline namespace v0 {
struct challenge;
struct configuration_report;

namespace rest {

// The JSON objects that clients get, for endpoints of your own besides those of `api`.

/// The user as Backendless's clients know them: the server's fields (times in milliseconds since 1970), the identity
/// and the phone under the names that `c` gives them, and the further properties as they were sent. It never holds a
/// password, a hash or a field of a transaction. A number under `code` is written as a string if there is a string
/// under `message`, because the Swift SDK takes an object with an integer `code` and a string `message` for an error,
/// whatever the status.
PHONEAUTH_DECL std::string user_json(const user& u, const config& c);

/// `user_json` and what a login adds to it: `lastLogin`, `socialAccount`, `___jsonclass` and the session's `token`.
PHONEAUTH_DECL std::string login_json(const user& u, std::string_view token, const config& c);

/// The properties that every user has, as `Users.describeUserClass` of Backendless's SDKs expects them: an array of
/// {name, required, type, identity, selected, defaultValue}.
PHONEAUTH_DECL std::string user_class_json(const config& c);

/// A code on its way:
///
///     {"transactionId": "…", "expiresAt": 1767225600000, "resendAfter": 30, "deliveryUncertain": true}
///
/// `expiresAt` is in milliseconds since 1970, `resendAfter` in seconds. `deliveryUncertain` is only there when the
/// provider did not answer.
PHONEAUTH_DECL std::string challenge_json(const challenge& c);

/// A transaction's status as a client gets it:
///
///     {"state": "pending", "delivery": "undelivered", "twilioCode": 30006, "reason": "…",
///      "triesLeft": 5, "expiresIn": 240, "resendAfter": 12}
///
/// `state` is pending, confirmed, exhausted, expired or failed; `delivery` is pending, delivered or undelivered. Times
/// are in seconds. `resendAfter` is null when the code will not be sent again.
PHONEAUTH_DECL std::string status_json(const transaction_status& s);

/// What `authenticator::test_configuration` found, for a route that operators alone can use:
///
///     {"ok": false, "findings": [
///         {"check": "sms", "ok": false, "essential": true, "message": "…", "remedy": "…"}, …]}
///
/// `ok` is `configuration_report::ok`. `remedy` is only there where something is to be done.
PHONEAUTH_DECL std::string report_json(const configuration_report& r);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/objects.ipp ----

#ifndef PHONEAUTH_REST_OBJECTS_IPP
#define PHONEAUTH_REST_OBJECTS_IPP

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace rest {

namespace detail {

inline void add_time(phoneauth::detail::json_object& json, std::string_view name, const std::optional<time_point>& t) {
    if (t)
        json.number(name, t->time_since_epoch().count());
    else
        json.null(name);
}

inline phoneauth::detail::json_object user_object(const user& u, const config& c) {
    phoneauth::detail::json_object json;
    json.string("___class", "Users").string("objectId", u.object_id).string("ownerId", u.object_id);
    json.string("userStatus", u.enabled ? "ENABLED" : "DISABLED").string("blUserLocale", u.locale);
    add_time(json, "created", u.created_at);
    add_time(json, "updated", u.updated_at);
    if (c.identity_column != c.phone_column) json.string(c.identity_column, u.identity);
    json.string(c.phone_column, u.phone.str());

    const auto message = u.properties.find("message");
    const bool looks_like_error = message != u.properties.end() && message->second.starts_with('"');
    for (const auto& [name, value] : u.properties) {
        if (is_reserved_property(name) || name == c.phone_column || name == c.identity_column) continue;
        const bool is_number = !value.empty() && (phoneauth::detail::is_digit(value.front()) || value.front() == '-');
        if (name == "code" && is_number && looks_like_error)
            json.string(name, value);
        else
            json.raw(name, value);
    }
    return json;
}

}  // namespace detail

PHONEAUTH_DECL std::string user_json(const user& u, const config& c) {
    return detail::user_object(u, c).str();
}

PHONEAUTH_DECL std::string login_json(const user& u, std::string_view token, const config& c) {
    auto json = detail::user_object(u, c);
    detail::add_time(json, "lastLogin", u.last_login_at);
    json.string("socialAccount", "BACKENDLESS").string("___jsonclass", "Users").secret("user-token", token);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string user_class_json(const config& c) {
    std::string array = "[";
    const auto add = [&](std::string_view name, std::string_view type, bool required, bool identity) {
        phoneauth::detail::json_object json;
        json.string("name", name).string("type", type).boolean("required", required).boolean("identity", identity);
        json.boolean("selected", false).null("defaultValue");
        if (array.size() > 1) array += ',';
        array += std::move(json).str();
    };
    if (c.identity_column != c.phone_column) add(c.identity_column, "STRING", true, true);
    add(c.phone_column, "STRING", true, c.identity_column == c.phone_column);
    add("password", "STRING", true, false);
    for (const auto name : {"objectId", "ownerId", "userStatus", "socialAccount", "blUserLocale"})
        add(name, "STRING", false, false);
    for (const auto name : {"created", "updated", "lastLogin"}) add(name, "DATETIME", false, false);
    return array + ']';
}

PHONEAUTH_DECL std::string challenge_json(const challenge& c) {
    phoneauth::detail::json_object json;
    json.string("transactionId", c.transaction_id.str()).number("expiresAt", c.expires_at.time_since_epoch().count());
    json.number("resendAfter", c.resend_after.count());
    if (c.delivery_uncertain) json.boolean("deliveryUncertain", true);
    return std::move(json).str();
}

PHONEAUTH_DECL std::string status_json(const transaction_status& s) {
    // In the order of the enumerators, which count from 1.
    constexpr std::array<std::string_view, 5> states{"pending", "confirmed", "exhausted", "expired", "failed"};
    constexpr std::array<std::string_view, 3> deliveries{"pending", "delivered", "undelivered"};
    phoneauth::detail::json_object json;
    json.string("state", states.at(static_cast<std::size_t>(s.state) - 1));
    json.string("delivery", deliveries.at(static_cast<std::size_t>(s.delivery) - 1));
    if (s.delivery == delivery_state::undelivered)
        json.string("reason", twilio::delivery_problem(s.twilio_code.value_or(0)));
    if (s.twilio_code) json.number("twilioCode", *s.twilio_code);
    json.number("triesLeft", s.tries_left).number("expiresIn", s.expires_in.count());
    if (s.resend_after)
        json.number("resendAfter", s.resend_after->count());
    else
        json.null("resendAfter");
    return std::move(json).str();
}

PHONEAUTH_DECL std::string report_json(const configuration_report& r) {
    std::string findings = "[";
    for (const auto& f : r.findings) {
        phoneauth::detail::json_object json;
        json.string("check", f.check).boolean("ok", f.ok).boolean("essential", f.essential);
        json.string("message", f.message);
        if (!f.remedy.empty()) json.string("remedy", f.remedy);
        if (findings.size() > 1) findings += ',';
        findings += std::move(json).str();
    }
    phoneauth::detail::json_object json;
    json.boolean("ok", r.ok()).raw("findings", findings + ']');
    return std::move(json).str();
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// What the readers of arguments look at.
struct incoming {
    const http_request& request;
    const rest::options& options;
    const phoneauth::config& config;
    bool by_key;  ///< the path held the API key

    result<json_value> object() const { return read_object(request.body, options.max_json_depth); }
    result<json_value> arguments(std::initializer_list<std::string_view> names) const {
        return read_arguments(request.body, names, options.max_json_depth);
    }
};

/// Lets `take` read what it needs of `object`. → or what was wrong first; `missing` for what is not there.
template <class Take>
result<void> take_from(const result<json_value>& object, error missing, Take take) {
    if (!object) return object.error();
    member_reader read(*object, missing);
    take(read);
    if (read.problem()) return *read.problem();
    return {};
}

// -- one function for each route that has arguments, or whose reply needs nobody

/// Says that requests are answered, and nothing else: what a store says is told to nobody who brings no key, and a store
/// that is down must not make a balancer take away all servers.
inline result<void> health(const incoming&, call& made) {
    made.reply = reply::of_json(R"({"status":"ok"})");
    return {};
}

inline result<void> info(const incoming& in, call& made) {
    // Where the key is what lets somebody send messages, it is not told to whoever did not bring it.
    const bool tell_key = in.by_key || in.options.send_message != send_message_access::key;
    phoneauth::detail::json_object json;
    json.string("appId", in.options.app_id).string("apiKey", tell_key ? in.options.api_key : "");
    json.string("rtURL", "").raw("loggers", "[]");
    made.reply = reply::of_json(std::move(json).str());
    return {};
}

inline result<void> describe_user_class(const incoming& in, call& made) {
    made.reply = reply::of_json(user_class_json(in.config));
    return {};
}

inline result<void> register_user(const incoming& in, call& made) {
    const auto body = in.object();
    if (!body || !given(*body, "transactionId"))
        return take_from(body, error::property_required,
                         [&](member_reader& read) { made.phone = read.digits(in.config.phone_column); });
    auto data = read_registration(*body, in.config);
    if (!data) return std::move(data).error();
    made.registration = std::move(*data);
    made.asked = operation::finish_registration;
    return {};
}

inline result<void> login(const incoming& in, call& made) {
    return take_from(in.object(), error::login_required, [&](member_reader& read) {
        made.identity = read.digits("login");
        made.password = read.text("password");
    });
}

// What the clients of Backendless have functions for, and this library has not yet.

inline result<void> restore_password(const incoming&, call&) {
    return failure(error::unknown_route, "This server restores no passwords by email: log in with a code that is sent "
                                         "to the phone, and set a new password.");
}

inline result<void> update_status(const incoming&, call&) {
    return failure(error::unknown_route,
                   "This server changes no user's status by request: its operator does, in the users' table.");
}

inline result<void> update_user(const incoming& in, call& made) {
    const auto body = in.object();
    if (!body) return body.error();
    auto changes = read_changes(*body, in.config);
    if (!changes) return std::move(changes).error();
    made.changes = std::move(*changes);
    return {};
}

inline result<void> login_with_phone(const incoming& in, call& made) {
    return take_from(in.arguments({"phoneNumber"}), error::missing_parameter,
                     [&](member_reader& read) { made.phone = read.phone(in.config); });
}

inline result<void> login_with_phone_and_password(const incoming& in, call& made) {
    return take_from(in.arguments({"phoneNumber", "password"}), error::missing_parameter, [&](member_reader& read) {
        made.phone = read.phone(in.config);
        made.password = read.text("password");
    });
}

inline result<void> login_with_code(const incoming& in, call& made) {
    return take_from(in.arguments({"transactionId", "code"}), error::missing_parameter, [&](member_reader& read) {
        made.transaction_id = read.text("transactionId");
        made.code = read.code("code", in.config);
    });
}

inline result<void> transaction(const incoming& in, call& made) {
    return take_from(in.arguments({"transactionId"}), error::missing_parameter,
                     [&](member_reader& read) { made.transaction_id = read.text("transactionId"); });
}

inline result<void> send_message(const incoming& in, call& made) {
    if (in.options.send_message == send_message_access::off) return error::send_message_disabled;
    made.needs_sender = in.options.send_message == send_message_access::session || !in.by_key;
    const auto read = [&]() -> result<void> {
        const auto arguments = in.arguments({"phoneNumber", "message", "mediaUrl", "options"});
        if (!arguments) return arguments.error();
        auto text = read_text_message(*arguments, in.config);
        if (!text) return std::move(text).error();
        if (made.needs_sender)
            if (auto allowed = check_user_message(*text); !allowed) return allowed;
        made.message = std::move(*text);
        return {};
    };
    if (!made.needs_sender) return read();
    made.argument_error = read();
    return {};
}

inline result<void> message_status(const incoming& in, call& made) {
    const auto* signature = find_header(in.request.headers, "X-Twilio-Signature");
    made.report.query = phoneauth::detail::split_target(in.request.url).query;
    made.report.body = in.request.body;
    if (signature) made.report.signature = *signature;
    return {};
}

struct route {
    std::string_view method;
    std::string_view pattern;
    operation asked;                               ///< unless `read` asks for something else
    result<void> (*read)(const incoming&, call&);  ///< nullptr: there are no arguments
};

/// The first match counts.
inline constexpr route routes[] = {
    {"GET", "/health", operation::nothing, health},
    {"GET", "/info", operation::nothing, info},
    {"POST", "/users/register", operation::start_registration, register_user},
    {"POST", "/users/login", operation::login_with_identity, login},
    {"GET", "/users/logout", operation::logout, nullptr},
    {"GET", "/users/isvalidusertoken/*", operation::check_token, nullptr},
    {"GET", "/users/userclassprops", operation::nothing, describe_user_class},
    {"GET", "/users/restorepassword/*", operation::nothing, restore_password},
    {"PUT", "/users/*/status", operation::nothing, update_status},
    {"PUT", "/users/*", operation::update_user, update_user},
    {"GET", "/data/Users/*", operation::find_user, nullptr},
    {"POST", "/services/Twilio/loginWithPhoneNumber", operation::start_login, login_with_phone},
    {"POST", "/services/Twilio/loginWithPhoneNumberAndPassword", operation::start_two_factor_login,
     login_with_phone_and_password},
    {"POST", "/services/Twilio/loginWithCode", operation::finish_login, login_with_code},
    {"POST", "/services/Twilio/resendCode", operation::resend, transaction},
    {"POST", "/services/Twilio/transactionStatus", operation::tell_status, transaction},
    {"POST", "/services/Twilio/sendMessage", operation::send_message, send_message},
    {"POST", "/services/Twilio/messageStatus", operation::take_report, message_status},
};

inline void refuse(call& made, const failure& why) {
    made.asked = operation::nothing;
    made.needs_sender = false;
    made.reply = reply(why);
}

PHONEAUTH_DECL call read_call(const http_request& request, std::string_view peer, const options& o,
                              const phoneauth::detail::trusted_networks& proxies, const config& c) {
    call made;
    if (request.method == "OPTIONS") {
        made.reply = preflight_reply();
        return made;
    }
    if (is_from_elsewhere(request, o)) {
        refuse(made, {error::not_permitted, "Pages of this origin may not use this server."});
        return made;
    }
    const auto to = read_target(request.url, o);
    if (!to || request.body.size() > o.max_body_bytes) {
        refuse(made, to ? failure(error::body_too_large) : to.error());
        return made;
    }
    made.from = client_of(request, peer, o, proxies);
    if (const auto* token = find_header(request.headers, "user-token")) made.token = *token;

    // The server leaves the body out and keeps the headers (RFC 9110 §9.3.2).
    const std::string_view method = request.method == "HEAD" ? "GET" : std::string_view(request.method);
    std::string allowed;
    for (const auto& r : routes) {
        if (!matches(r.pattern, to->segments, made.captured)) continue;
        if (r.method == method) {
            made.asked = r.asked;
            const auto read = r.read ? r.read({request, o, c, to->by_key}, made) : result<void>();
            if (!read) refuse(made, read.error());
            return made;
        }
        if (allowed.find(r.method) == allowed.npos)
            allowed.append(r.method).append(r.method == "GET" ? ", HEAD, " : ", ");
    }
    refuse(made, allowed.empty() ? error::unknown_route : error::method_not_allowed);
    if (!allowed.empty()) made.reply.headers.push_back({"Allow", allowed + "OPTIONS"});  // RFC 9110 §15.5.6
    return made;
}

PHONEAUTH_DECL void admit_sender(call& made, const result<user>& sender) {
    if (!sender)
        refuse(made, sender.error());
    else if (!made.argument_error)
        refuse(made, made.argument_error.error());
    else
        made.from.user_id = sender->object_id;
}

/// A reply with `json` of the value.
template <class T, class Json>
reply reply_with(const result<T>& outcome, Json json) {
    return outcome ? reply::of_json(json(*outcome)) : reply(outcome.error());
}

PHONEAUTH_DECL void answer(call& made, const result<challenge>& outcome, const config&) {
    made.reply = reply_with(outcome, challenge_json);
}

PHONEAUTH_DECL void answer(call& made, const result<login_result>& outcome, const config& c) {
    made.reply = reply_with(outcome, [&](const login_result& l) { return login_json(l.user, l.token.str(), c); });
}

PHONEAUTH_DECL void answer(call& made, const result<user>& outcome, const config& c) {
    if (made.asked == operation::check_token) {
        const bool invalid = !outcome && (outcome.error().code == error::unknown_token ||
                                          outcome.error().code == error::session_expired ||
                                          outcome.error().code == error::account_disabled);
        made.reply =
            invalid ? reply::of_json("false") : reply_with(outcome, [](const user&) { return std::string("true"); });
    } else if (made.asked == operation::find_user && outcome && outcome->object_id != made.captured) {
        made.reply = reply(error::not_permitted);
    } else {
        made.reply = reply_with(outcome, [&](const user& u) { return user_json(u, c); });
    }
}

PHONEAUTH_DECL void answer(call& made, const result<transaction_status>& outcome, const config&) {
    made.reply = reply_with(outcome, status_json);
}

PHONEAUTH_DECL void answer(call& made, const result<sent_message>& outcome, const config&) {
    made.reply = reply_with(outcome, [](const sent_message& m) { return m.json; });
}

PHONEAUTH_DECL void answer(call& made, const result<void>& outcome) {
    made.reply = outcome ? reply::of_json("{}") : reply(outcome.error());
}

}  // namespace detail
}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

namespace phoneauth {
inline namespace v0 {
namespace rest {

/// The REST endpoints that clients of Backendless's Twilio plugin call, for any server that can hand over a request and
/// send a reply. They are routed under two roots: `/{appId}/{apiKey}/…`, and `/api/…`, which Backendless's SDKs use
/// when they are given a domain of their own. Under the latter no key is sent and none is asked for: a key that sits in
/// every client protects nothing. Empty segments of a path ("//users/login") count as not there; a proxy that has rules
/// about paths must see them so, too.
///
///     GET  /health                          (also without a root) 200 {"status":"ok"}, for load balancers: asks nobody
///     GET  /info
///     POST /users/register                  without transactionId: step 1, with it: step 2
///     POST /users/login                     {login, password}
///     GET  /users/logout
///     GET  /users/isvalidusertoken/{token}
///     GET  /users/userclassprops
///     PUT  /users/{objectId}
///     GET  /data/Users/{objectId}
///     POST /services/Twilio/loginWithPhoneNumber             phoneNumber
///     POST /services/Twilio/loginWithPhoneNumberAndPassword  phoneNumber, password
///     POST /services/Twilio/loginWithCode                    transactionId, code
///     POST /services/Twilio/resendCode                       transactionId
///     POST /services/Twilio/transactionStatus                transactionId
///     POST /services/Twilio/sendMessage                      phoneNumber, message, mediaUrl, options
///     POST /services/Twilio/messageStatus                    for Twilio: `twilio_config::status_callback` ends here
///
/// Phone numbers and codes may be texts or JSON numbers; a code that is a number gets back the zeros in front of it.
/// sendMessage is off by default; see `options::send_message`. Pages of other origins are refused by default; see
/// `options::allowed_origins`. HEAD is answered where GET is, and does the same. What else Backendless has, as
/// `GET /users/restorepassword/{identity}` and `PUT /users/{objectId}/status`, is `unknown_route`, with a sentence about
/// what to do instead for those two.
///
/// `Authenticator` is an `authenticator`, or whatever has its functions.
///
/// @par Thread safety
/// That of the authenticator.
///
/// @par Source
/// https://backendless.com/docs/rest/ and, for browsers, https://fetch.spec.whatwg.org/#http-cors-protocol
template <class Authenticator>
class api {
public:
    /// That of the authenticator; see yields.hpp.
    using mode = typename Authenticator::mode;

    /// Keeps a copy of the options.
    ///
    /// @param auth  does the work; must outlive the api
    /// @param o     application id and API key at least
    /// @par Errors
    /// `std::invalid_argument` if the application id or the API key is empty, the application id is "api", a trusted
    /// proxy is neither an address nor a network or is a network in which strangers are, or `trusted_hops` is above 20
    /// or beside `trusted_proxies`.
    api(Authenticator& auth, options o) : auth_(auth), options_(std::move(o)), proxies_(options_.trusted_proxies) {
        detail::check_options(options_);
    }

    api(const api&) = delete;
    api& operator=(const api&) = delete;

    /// Answers a request.
    ///
    /// @param request  its `url` is a path with or without a query, as in the request line; its header names are in any
    ///     case; its body has up to `options::max_body_bytes` bytes
    /// @param peer     the address at the other end of the connection, in any form that `client_info::address` may have:
    ///     the client's, or that of a trusted proxy that says whose request it is (see `options::trusted_proxies`). If
    ///     it is empty, nothing is limited by client. If another peer sends `options::forwarding_header`, its address
    ///     counts as one that many clients share; see `client_info::shared_address`.
    /// @return the `reply`, in asynchronous mode an awaitable of it. It has a JSON body; only that to OPTIONS, a
    ///     browser's preflight, has none. A server must not send the body in answer to HEAD.
    /// @par Errors
    /// Errors are replies, too, with code and status as in `error_codes`. Its own are `unknown_route`;
    /// `method_not_allowed` (with the header Allow); `wrong_application` (neither root); `body_too_large` (above
    /// `max_body_bytes` or `max_json_depth`); `unparsable_body`; `no_properties`; `missing_parameter`;
    /// `property_required`; `login_required`; `invalid_parameter` (also for a percent sequence in the path that is
    /// broken, or stands for a letter or a digit); `send_message_disabled`; `not_permitted` (a page of an origin that is
    /// not among `options::allowed_origins`, another user's object, an option that is not for users). All others
    /// are the authenticator's. Throws nothing but `std::bad_alloc`, when there is not even memory to begin.
    /// @par Cancellation
    /// That of the authenticator's function that the route calls; a cancelled request is answered with `cancelled`.
    auto handle(http_request request, std::string peer = {}) {
        return mode::finish(serve(std::move(request), std::move(peer)));
    }

private:
    using call = detail::call;
    using operation = detail::operation;

    /// The only coroutine: they are what is dear to compile.
    typename mode::template flow<reply> serve(http_request request, std::string peer) {
        auto made = detail::read_call(request, peer, options_, proxies_, settings());
        if (made.needs_sender) {
            auto sender = co_await mode::call([&] { return owner(made); });
            detail::admit_sender(made, sender);
        }
        switch (made.asked) {
        case operation::nothing:
            break;
        case operation::start_registration:
        case operation::start_login:
        case operation::start_two_factor_login:
        case operation::resend: {
            auto outcome = co_await mode::call([&] { return challenge_for(made); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::login_with_identity:
        case operation::finish_login: {
            auto outcome = co_await mode::call([&] { return login(made); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::finish_registration:
        case operation::check_token:
        case operation::find_user:
        case operation::update_user: {
            auto outcome = co_await mode::call([&] { return user_for(made); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::logout: {
            auto outcome = co_await mode::call(
                [&] { return auth_.logout(session_token(std::move(made.token)), std::move(made.from)); });
            detail::answer(made, outcome ? result<void>() : outcome.error());
            break;
        }
        case operation::take_report: {
            auto outcome = co_await mode::call([&] { return auth_.handle_status_callback(std::move(made.report)); });
            detail::answer(made, outcome ? result<void>() : outcome.error());
            break;
        }
        case operation::tell_status: {
            auto outcome =
                co_await mode::call([&] { return auth_.status(transaction_id(std::move(made.transaction_id))); });
            detail::answer(made, outcome, settings());
            break;
        }
        case operation::send_message: {
            auto outcome =
                co_await mode::call([&] { return auth_.send_message(std::move(made.message), std::move(made.from)); });
            detail::answer(made, outcome, settings());
            break;
        }
        }
        add_cors_headers(made.reply, request, options_);
        phoneauth::detail::wipe(request.url);  // it may hold a token
        co_return std::move(made.reply);
    }

    // -- the authenticator's functions, by what they return

    const config& settings() const { return auth_.config(); }

    auto challenge_for(call& c) {
        switch (c.asked) {
        case operation::start_registration:
            return auth_.start_registration(std::move(c.phone), std::move(c.from));
        case operation::start_login:
            return auth_.start_login(std::move(c.phone), std::move(c.from));
        case operation::start_two_factor_login:
            return auth_.start_two_factor_login(std::move(c.phone), password(std::move(c.password)), std::move(c.from));
        default:
            return auth_.resend(transaction_id(std::move(c.transaction_id)), std::move(c.from));
        }
    }

    auto login(call& c) {
        if (c.asked == operation::finish_login)
            return auth_.finish_login(transaction_id(std::move(c.transaction_id)), submitted_code(std::move(c.code)),
                                      std::move(c.from));
        return auth_.login_with_identity(std::move(c.identity), password(std::move(c.password)), std::move(c.from));
    }

    auto owner(call& c) {
        return auth_.authenticate(session_token(std::move(c.asked == operation::check_token ? c.captured : c.token)));
    }

    auto user_for(call& c) {
        switch (c.asked) {
        case operation::finish_registration:
            return auth_.finish_registration(std::move(c.registration), std::move(c.from));
        case operation::update_user:
            return auth_.update_user(session_token(std::move(c.token)), std::move(c.captured), std::move(c.changes),
                                     std::move(c.from));
        default:
            return owner(c);
        }
    }

    Authenticator& auth_;
    const options options_;
    const phoneauth::detail::trusted_networks proxies_;
};

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/rest/event_json.hpp ----

#ifndef PHONEAUTH_REST_EVENT_JSON_HPP
#define PHONEAUTH_REST_EVENT_JSON_HPP

#include <string>


namespace phoneauth {
inline namespace v0 {
namespace rest {

/// The event as one line of JSON, without the line's end:
///
///     {"event":"wrong_code","time":1767225600000,"phone":"+14*******00",…}
///
/// `time` is in milliseconds since 1970. What is empty is left out. `reason` is the error's name. `code` is what the
/// client was told, so that a client's complaint can be found in a log. `remedy`, of `sender_trouble`, is what to do about
/// Twilio's code. All of it is printable ASCII: what a stranger
/// put into a user agent can neither move a terminal's cursor nor turn its text around.
PHONEAUTH_DECL std::string event_json(const event& e);

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/rest/event_json.ipp ----

#ifndef PHONEAUTH_REST_EVENT_JSON_IPP
#define PHONEAUTH_REST_EVENT_JSON_IPP

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace rest {

/// Appends the UTF-16 code unit `unit` as "\\uXXXX" (RFC 8259 §7).
inline void append_code_unit(std::string& out, std::uint32_t unit) {
    constexpr std::string_view hex = "0123456789abcdef";
    out += "\\u";
    for (int shift = 12; shift >= 0; shift -= 4) out += hex[unit >> shift & 15];
}

/// `json`, which is UTF-8, in printable ASCII. What is not stands in strings, as JSON's own characters are.
inline std::string ascii_json(std::string_view json) {
    std::string out;
    out.reserve(json.size());
    for (std::size_t i = 0; i < json.size();) {
        const auto length = phoneauth::detail::utf8_sequence(json.substr(i));
        auto point = static_cast<std::uint32_t>(static_cast<unsigned char>(json[i]));
        if (length > 1) point &= 0x7fU >> length;
        for (std::size_t k = 1; k < length; ++k) point = point << 6 | (static_cast<unsigned char>(json[i + k]) & 0x3fU);
        i += std::max<std::size_t>(length, 1);
        if (point >= 0x20 && point < 0x7f) {
            out += static_cast<char>(point);
        } else if (point < 0x10000) {
            append_code_unit(out, point);
        } else {
            append_code_unit(out, 0xd7c0 + (point >> 10));
            append_code_unit(out, 0xdc00 + (point & 0x3ff));
        }
    }
    return out;
}

PHONEAUTH_DECL std::string event_json(const event& e) {
    phoneauth::detail::json_object json;
    const auto text = [&](std::string_view key, std::string_view value) {
        if (!value.empty()) json.string(key, value);
    };
    json.string("event", name_of(e.kind)).number("time", e.at.time_since_epoch().count());
    if (e.purpose) json.string("purpose", *e.purpose == purpose::login ? "login" : "registration");
    text("phone", e.phone);
    text("transaction", e.transaction);
    text("user", e.user_id);
    text("address", e.address);
    text("userAgent", e.user_agent);
    if (e.reason) {
        const bool own = e.reason.category() == error_category();
        const auto reason = static_cast<error>(e.reason.value());
        json.number("code", own ? codes_of(reason).code : e.reason.value());
        if (own) json.string("reason", row_of(reason).name);
    }
    if (e.retry_after) json.number("retryAfter", e.retry_after->count());
    if (e.tries_left) json.number("triesLeft", *e.tries_left);
    if (e.twilio_code) json.number("twilioCode", *e.twilio_code);
    if (e.kind == event_kind::sender_trouble) text("remedy", twilio::remedy_of(e.twilio_code.value_or(0)));
    if (e.suppressed) json.number("suppressed", static_cast<std::int64_t>(e.suppressed));
    return ascii_json(std::move(json).str());
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/storage/combined.hpp ----

#ifndef PHONEAUTH_STORAGE_COMBINED_HPP
#define PHONEAUTH_STORAGE_COMBINED_HPP


// ---- phoneauth/storage/forwarding.hpp ----

#ifndef PHONEAUTH_STORAGE_FORWARDING_HPP
#define PHONEAUTH_STORAGE_FORWARDING_HPP

#include <string>
#include <string_view>
#include <vector>


namespace phoneauth {
inline namespace v0 {

/// The four parts of a storage: see the concepts in policies.hpp.
enum class storage_part { transactions, users, sessions, cells };

/// The functions of a Storage as objects without a state. `operation(store, arguments…)` calls the function of that
/// name; if `store` has none, the expression is ill-formed, which a `requires` can ask for. `operation.part` says to
/// which part of a storage it belongs, `operation.name` what it is called.
namespace operations {

/// The call of `insert_transaction`.
struct insert_transaction {
    static constexpr auto part = storage_part::transactions;        ///< what it is a function of
    static constexpr std::string_view name = "insert_transaction";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const transaction& t) const -> decltype(store.insert_transaction(t)) {
        return store.insert_transaction(t);
    }
};

/// The call of `find_transaction`.
struct find_transaction {
    static constexpr auto part = storage_part::transactions;      ///< what it is a function of
    static constexpr std::string_view name = "find_transaction";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& id) const -> decltype(store.find_transaction(id)) {
        return store.find_transaction(id);
    }
};

/// The call of `update_transaction`.
struct update_transaction {
    static constexpr auto part = storage_part::transactions;        ///< what it is a function of
    static constexpr std::string_view name = "update_transaction";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const transaction& t) const -> decltype(store.update_transaction(t)) {
        return store.update_transaction(t);
    }
};

/// The call of `insert_user`.
struct insert_user {
    static constexpr auto part = storage_part::users;        ///< what it is a function of
    static constexpr std::string_view name = "insert_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const user& u) const -> decltype(store.insert_user(u)) { return store.insert_user(u); }
};

/// The call of `update_user`.
struct update_user {
    static constexpr auto part = storage_part::users;        ///< what it is a function of
    static constexpr std::string_view name = "update_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const user& u) const -> decltype(store.update_user(u)) { return store.update_user(u); }
};

/// The call of `find_user`.
struct find_user {
    static constexpr auto part = storage_part::users;      ///< what it is a function of
    static constexpr std::string_view name = "find_user";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& object_id) const -> decltype(store.find_user(object_id)) {
        return store.find_user(object_id);
    }
};

/// The call of `find_user_by_phone`.
struct find_user_by_phone {
    static constexpr auto part = storage_part::users;               ///< what it is a function of
    static constexpr std::string_view name = "find_user_by_phone";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const phone_number& phone) const -> decltype(store.find_user_by_phone(phone)) {
        return store.find_user_by_phone(phone);
    }
};

/// The call of `find_user_by_identity`.
struct find_user_by_identity {
    static constexpr auto part = storage_part::users;                  ///< what it is a function of
    static constexpr std::string_view name = "find_user_by_identity";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& identity) const -> decltype(store.find_user_by_identity(identity)) {
        return store.find_user_by_identity(identity);
    }
};

/// The call of `insert_session`.
struct insert_session {
    static constexpr auto part = storage_part::sessions;        ///< what it is a function of
    static constexpr std::string_view name = "insert_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const session& s) const -> decltype(store.insert_session(s)) {
        return store.insert_session(s);
    }
};

/// The call of `find_session`.
struct find_session {
    static constexpr auto part = storage_part::sessions;      ///< what it is a function of
    static constexpr std::string_view name = "find_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& token_hash) const -> decltype(store.find_session(token_hash)) {
        return store.find_session(token_hash);
    }
};

/// The call of `erase_session`.
struct erase_session {
    static constexpr auto part = storage_part::sessions;       ///< what it is a function of
    static constexpr std::string_view name = "erase_session";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& token_hash) const -> decltype(store.erase_session(token_hash)) {
        return store.erase_session(token_hash);
    }
};

/// The call of `erase_sessions_of`.
struct erase_sessions_of {
    static constexpr auto part = storage_part::sessions;           ///< what it is a function of
    static constexpr std::string_view name = "erase_sessions_of";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const std::string& user_id, const std::string& kept) const
        -> decltype(store.erase_sessions_of(user_id, kept)) {
        return store.erase_sessions_of(user_id, kept);
    }
};

/// The call of `take_cells`.
struct take_cells {
    static constexpr auto part = storage_part::cells;       ///< what it is a function of
    static constexpr std::string_view name = "take_cells";  ///< what it is called
    /// Calls it.
    auto operator()(auto& store, const cell_batch& batch) const -> decltype(store.take_cells(batch)) {
        return store.take_cells(batch);
    }
};

}  // namespace operations

namespace detail {
template <class S, class Operation, class... Arguments>
concept performs = requires(S& s, const Arguments&... arguments) {
    s.perform(Operation(), arguments...);
};
}  // namespace detail

/// The base of a storage that does the same with all calls: it hands them on, counts, times or repeats them. `Derived`
/// has one function template, `perform`; the functions of the Storage concepts come from here.
///
///     template <phoneauth::Storage S>
///     class noting_storage : public phoneauth::forwarding_storage<noting_storage<S>> {
///     public:
///         explicit noting_storage(S& storage) : storage_(storage) {}
///
///         template <class Operation, class... Arguments>
///         auto perform(Operation operation, const Arguments&... arguments) {
///             std::cerr << operation.name << '\n';
///             return operation(storage_, arguments...);
///         }
///
///     private:
///         S& storage_;
///     };
///
/// `perform` is public. It gets one of the `operations` and the arguments of the call, which live as long as
/// policies.hpp says. It returns what the function returns: a value, or an awaitable of it. An overload for one
/// operation does something else for that one.
///
/// For an `authenticator` without `config::code_keys`, which a storage that is local to the process allows, say
/// `static constexpr bool process_local = phoneauth::is_process_local<S>;` as well.
///
/// `Derived` has those functions for which its `perform` takes the operation. To forward to a store that has only some
/// of the parts, write `requires std::invocable<Operation, S&, const Arguments&...>` behind the template's head.
template <class Derived>
class forwarding_storage {
public:
    // They are templates because Clang 14 evaluates the constraint of any other function before it knows what `Derived`
    // has.

    /// See `TransactionStorage`.
    template <detail::performs<operations::insert_transaction, transaction> D = Derived>
    auto insert_transaction(const transaction& t) {
        return self().perform(operations::insert_transaction(), t);
    }

    /// See `TransactionStorage`.
    template <detail::performs<operations::find_transaction, std::string> D = Derived>
    auto find_transaction(const std::string& id) {
        return self().perform(operations::find_transaction(), id);
    }

    /// See `TransactionStorage`.
    template <detail::performs<operations::update_transaction, transaction> D = Derived>
    auto update_transaction(const transaction& t) {
        return self().perform(operations::update_transaction(), t);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::insert_user, user> D = Derived>
    auto insert_user(const user& u) {
        return self().perform(operations::insert_user(), u);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::update_user, user> D = Derived>
    auto update_user(const user& u) {
        return self().perform(operations::update_user(), u);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::find_user, std::string> D = Derived>
    auto find_user(const std::string& object_id) {
        return self().perform(operations::find_user(), object_id);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::find_user_by_phone, phone_number> D = Derived>
    auto find_user_by_phone(const phone_number& phone) {
        return self().perform(operations::find_user_by_phone(), phone);
    }

    /// See `UserStorage`.
    template <detail::performs<operations::find_user_by_identity, std::string> D = Derived>
    auto find_user_by_identity(const std::string& identity) {
        return self().perform(operations::find_user_by_identity(), identity);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::insert_session, session> D = Derived>
    auto insert_session(const session& s) {
        return self().perform(operations::insert_session(), s);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::find_session, std::string> D = Derived>
    auto find_session(const std::string& token_hash) {
        return self().perform(operations::find_session(), token_hash);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::erase_session, std::string> D = Derived>
    auto erase_session(const std::string& token_hash) {
        return self().perform(operations::erase_session(), token_hash);
    }

    /// See `SessionStorage`.
    template <detail::performs<operations::erase_sessions_of, std::string, std::string> D = Derived>
    auto erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return self().perform(operations::erase_sessions_of(), user_id, kept);
    }

    /// See `CellStorage`.
    template <detail::performs<operations::take_cells, cell_batch> D = Derived>
    auto take_cells(const cell_batch& batch) {
        return self().perform(operations::take_cells(), batch);
    }

private:
    Derived& self() noexcept { return static_cast<Derived&>(*this); }
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// A Storage put together from four parts, so that integrators can bring their own users table and take the rest from a
/// store that comes with the library. One object may serve as several parts; blocking and asynchronous ones mix.
///
///     phoneauth::combined_storage storage(memory, my_users, memory, memory);
///
/// @par Errors
/// What a part throws.
///
/// @par Thread safety
/// That of its parts.
///
/// @par Lifetime
/// It keeps references: the parts must outlive it.
template <TransactionStorage T, UserStorage U, SessionStorage S, CellStorage C>
class combined_storage : public forwarding_storage<combined_storage<T, U, S, C>> {
public:
    /// Only the transactions decide whether codes need a configured key.
    static constexpr bool process_local = is_process_local<T>;

    /// Puts the four parts together.
    combined_storage(T& transactions, U& users, S& sessions, C& cells)
        : transactions_(transactions), users_(users), sessions_(sessions), cells_(cells) {}

    /// Hands `operation` on to the part that it belongs to: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        if constexpr (Operation::part == storage_part::transactions)
            return operation(transactions_, arguments...);
        else if constexpr (Operation::part == storage_part::users)
            return operation(users_, arguments...);
        else if constexpr (Operation::part == storage_part::sessions)
            return operation(sessions_, arguments...);
        else
            return operation(cells_, arguments...);
    }

private:
    T& transactions_;
    U& users_;
    S& sessions_;
    C& cells_;
};

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/record_fields.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_RECORD_FIELDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_RECORD_FIELDS_HPP

#include <string>
#include <string_view>


// The one list of what is stored of each record. Statements, parameters, readers and writers of all stores are made
// from it, and the suite's comparison. A new field is a line here, a column of the tables with its migration, and a
// default in the record for what was stored before. Its type says how it is stored and which values are valid.
//
// The order is that of the records in Redis, which cannot be changed: a new field goes to the end.

namespace phoneauth {
inline namespace v0 {
namespace detail {

enum class field_role {
    key,       ///< names the record
    version,   ///< what compare-and-swap compares
    constant,  ///< always what was inserted
    variable   ///< stored by each update
};

struct field {
    std::string_view name;  ///< of the member
    field_role role = field_role::variable;
    std::string_view column = name;
    int format = 1;  ///< since which format of the stored data it is there (`redis_format`)
};

/// Calls `f(field, &Record::member)` for each.
template <class Record>
struct record_fields;

template <>
struct record_fields<transaction> {
    template <class F>
    static void for_each(F f) {
        using enum field_role;
        f(field{"id", key}, &transaction::id);
        f(field{"version", version}, &transaction::version);
        f(field{"purpose", constant, "kind"}, &transaction::purpose);
        f(field{"phone"}, &transaction::phone);
        f(field{"user_id"}, &transaction::user_id);
        f(field{"key_id"}, &transaction::key_id);
        f(field{"state"}, &transaction::state);
        f(field{"tries"}, &transaction::tries);
        f(field{"sends"}, &transaction::sends);
        f(field{"created_at", constant}, &transaction::created_at);
        f(field{"expires_at", constant}, &transaction::expires_at);
        f(field{"last_sent_at"}, &transaction::last_sent_at);
        f(field{"delivery", variable, "delivery", 2}, &transaction::delivery);
        f(field{"delivery_error", variable, "delivery_error", 2}, &transaction::delivery_error);
        f(field{"password_fingerprint", constant, "password_mark", 2}, &transaction::password_fingerprint);
        f(field{"known_network", constant, "known_network", 2}, &transaction::known_network);
    }
};

/// Redis' script `update_user` reads the first three fields.
template <>
struct record_fields<user> {
    template <class F>
    static void for_each(F f) {
        using enum field_role;
        f(field{"version", version}, &user::version);
        f(field{"phone"}, &user::phone);
        f(field{"identity"}, &user::identity);
        f(field{"object_id", key}, &user::object_id);
        f(field{"password_hash"}, &user::password_hash);
        f(field{"locale"}, &user::locale);
        f(field{"enabled"}, &user::enabled);
        f(field{"created_at"}, &user::created_at);
        f(field{"updated_at"}, &user::updated_at);
        f(field{"last_login_at"}, &user::last_login_at);
        f(field{"properties"}, &user::properties);
        f(field{"generation", variable, "generation", 3}, &user::generation);
    }
};

/// Redis' scripts that erase sessions read the first field behind the key.
template <>
struct record_fields<session> {
    template <class F>
    static void for_each(F f) {
        using enum field_role;
        f(field{"token_hash", key}, &session::token_hash);
        f(field{"user_id", constant}, &session::user_id);
        f(field{"created_at", constant}, &session::created_at);
        f(field{"expires_at", constant}, &session::expires_at);
        f(field{"fingerprint", constant, "fingerprint", 3}, &session::fingerprint);
    }
};

template <class Record, class F>
void for_each_field(F f) {
    record_fields<Record>::for_each(f);
}

/// The values of `Enum` that may be stored are 1 to this one.
template <class Enum>
inline constexpr Enum last_enumerator{};
template <>
inline constexpr auto last_enumerator<purpose> = purpose::login;
template <>
inline constexpr auto last_enumerator<transaction_state> = transaction_state::failed;
template <>
inline constexpr auto last_enumerator<delivery_state> = delivery_state::undelivered;

/// A record whose fields are still to be read. Nobody has the phone.
template <class Record>
Record blank_record() {
    static const auto nobody = *phone_number::from_e164("+999");
    if constexpr (requires(Record r) { r.identity; })
        return {{}, nobody, {}, {}};
    else if constexpr (requires(Record r) { r.phone; })
        return {{}, {}, nobody};
    else
        return {};
}

/// The record after an update.
template <class Record>
Record next_version(Record record) {
    ++record.version;
    return record;
}

// ---- For SQL, in which the nth field is the nth parameter; `sign` is in front of its number.

/// "id, version, …"
template <class Record>
std::string field_columns() {
    std::string all;
    for_each_field<Record>([&](const field& f, auto) { (all += all.empty() ? "" : ", ") += f.column; });
    return all;
}

/// "$1, $2, …"
template <class Record>
std::string field_places(char sign) {
    std::string all;
    int n = 0;
    for_each_field<Record>(
        [&](const field&, auto) { ((all += all.empty() ? "" : ", ") += sign) += std::to_string(++n); });
    return all;
}

/// "phone = $4, …": what an update stores. `next`: the next version.
template <class Record>
std::string field_assignments(char sign, const std::string& next) {
    std::string all;
    int n = 0;
    for_each_field<Record>([&](const field& f, auto) {
        ++n;
        if (f.role != field_role::variable && f.role != field_role::version) return;
        ((all += all.empty() ? "" : ", ") += f.column) += " = ";
        all += f.role == field_role::version ? next : sign + std::to_string(n);
    });
    return all;
}

/// The place of one more parameter.
template <class Record>
std::string behind_fields(char sign) {
    int n = 1;
    for_each_field<Record>([&](const field&, auto) { ++n; });
    return sign + std::to_string(n);
}

/// `sql` with each ":name" of a field replaced by its place.
template <class Record>
std::string with_places(std::string sql, char sign) {
    int n = 0;
    for_each_field<Record>([&](const field& f, auto) {
        const auto place = sign + std::to_string(++n);
        const auto name = ':' + std::string(f.name);
        for (auto at = sql.find(name); at != sql.npos; at = sql.find(name, at + 1)) {
            const auto end = at + name.size();
            if (sql.find_first_of("abcdefghijklmnopqrstuvwxyz_", end) != end) sql.replace(at, name.size(), place);
        }
    });
    return sql;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/memory.hpp ----

#ifndef PHONEAUTH_STORAGE_MEMORY_HPP
#define PHONEAUTH_STORAGE_MEMORY_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace detail {

/// Hashes strings with a seed of its own, so that nobody can prepare keys that all fall into one bucket.
class seeded_hash {
public:
    using is_transparent = void;

    // Not noexcept: libstdc++ then keeps the hash of each key next to it.
    std::size_t operator()(std::string_view text) const {
        const auto mixed = (std::hash<std::string_view>()(text) ^ seed_) * 0x9E3779B97F4A7C15u;
        return static_cast<std::size_t>(mixed ^ (mixed >> 32));
    }

private:
    std::uint64_t seed_ = std::uint64_t{std::random_device()()} << 32 | std::random_device()();
};

template <class T>
using string_map = std::unordered_map<std::string, T, seeded_hash, std::equal_to<>>;

/// A hash map whose entries expire. They are kept in the order in which they do, so dropping those that are over needs
/// no search. A function that throws has changed nothing.
template <class T>
class expiring_map {
    struct entry;
    using order = std::multimap<time_point, const std::string*>;
    struct entry {
        T value;
        typename order::iterator place;
    };

public:
    T* find(std::string_view key) {
        const auto found = entries_.find(key);
        return found == entries_.end() ? nullptr : &found->second.value;
    }

    /// Adds an entry; nullptr if there is one of that key.
    T* insert(const std::string& key, const T& value, time_point expires) {
        // Most entries have the same lifetime and so belong at the end, where adding takes constant time.
        const auto place = order_.emplace_hint(order_.end(), expires, nullptr);
        try {
            const auto [at, added] = entries_.try_emplace(key, entry{value, place});
            if (added) {
                place->second = &at->first;
                return &at->second.value;
            }
        } catch (...) {
            order_.erase(place);
            throw;
        }
        order_.erase(place);
        return nullptr;
    }

    /// Changes when an entry expires.
    void expire_at(std::string_view key, time_point expires) {
        auto& place = entries_.find(key)->second.place;
        if (place->first == expires) return;
        auto node = order_.extract(place);
        node.key() = expires;
        place = order_.insert(std::move(node));
    }

    void erase(std::string_view key) {
        const auto found = entries_.find(key);
        order_.erase(found->second.place);
        entries_.erase(found);
    }

    /// The key of the entry that expires first, if it does at or before `now`.
    const std::string* first_expired(time_point now) const {
        return order_.empty() || order_.begin()->first > now ? nullptr : order_.begin()->second;
    }

    std::size_t size() const noexcept { return entries_.size(); }

private:
    string_map<entry> entries_;
    order order_;
};

}  // namespace detail

/// How many records a `memory_storage` holds at most, so that strangers cannot exhaust the server's memory.
struct memory_limits {
    std::size_t transactions = 1'000'000;  ///< of about 500 bytes each
    std::size_t sessions = 1'000'000;      ///< of about 600 bytes each
    std::size_t cells = 1'000'000;         ///< of about 200 bytes each
};

/// A complete Storage in the memory of this process: for tests, and for servers that are a single process and may
/// forget users when they end. Combine it with a storage for the users (storage/combined.hpp) to keep those.
///
/// All functions take constant time (amortised), except `erase_sessions_of`, which is linear in that user's sessions.
/// What has expired is dropped a few records at a time, whenever something is inserted: transactions
/// `transaction_retention` past their `expires_at`, sessions at theirs, cells when they are over.
///
/// @par Errors
/// Inserting beyond a limit throws `std::length_error`, and inserting a user whose `object_id` another one has
/// `std::invalid_argument`. A function that throws, `std::bad_alloc` included, has changed nothing; only
/// `take_cells` may, after a `std::bad_alloc`, have taken the first of its cells.
///
/// @par Thread safety
/// Shared objects are safe. No function blocks for longer than a few look-ups.
class memory_storage {
public:
    /// Codes can be derived with a key that only this process knows: `config::code_keys` may stay empty.
    static constexpr bool process_local = true;

    memory_storage() = default;
    /// Holds `limits` at most.
    explicit memory_storage(memory_limits limits) : limits_(limits) {}

    ///@{
    /// The functions of the concepts; see policies.hpp.
    PHONEAUTH_DECL bool insert_transaction(const transaction& t);
    PHONEAUTH_DECL std::optional<transaction> find_transaction(const std::string& id);
    PHONEAUTH_DECL bool update_transaction(const transaction& t);
    PHONEAUTH_DECL write_result insert_user(const user& u);
    PHONEAUTH_DECL write_result update_user(const user& u);
    PHONEAUTH_DECL std::optional<user> find_user(const std::string& object_id);
    PHONEAUTH_DECL std::optional<user> find_user_by_phone(const phone_number& phone);
    PHONEAUTH_DECL std::optional<user> find_user_by_identity(const std::string& identity);
    PHONEAUTH_DECL bool insert_session(const session& s);
    PHONEAUTH_DECL std::optional<session> find_session(const std::string& token_hash);
    PHONEAUTH_DECL bool erase_session(const std::string& token_hash);
    PHONEAUTH_DECL std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept);
    PHONEAUTH_DECL cell_answer take_cells(const cell_batch& batch);
    ///@}

private:
    using user_index = detail::string_map<user*>;

    /// How many expired entries one insertion drops: more than it adds, so that they cannot pile up.
    static constexpr std::size_t sweep = 2;

    PHONEAUTH_DECL void store_cell(std::string_view key, time_point cell, time_point now);
    PHONEAUTH_DECL static void check(std::size_t size, std::size_t limit);
    PHONEAUTH_DECL static bool is_of_another(const user_index& index, std::string_view key, const user& u);
    /// Cannot fail: it takes a node out and puts it back under another key.
    PHONEAUTH_DECL static void rename(user_index& index, std::string_view from, std::string&& to);
    PHONEAUTH_DECL static std::optional<user> find_by(const user_index& index, std::string_view key);
    PHONEAUTH_DECL void forget(const session& s);

    const memory_limits limits_{};

    std::mutex transactions_mutex_;
    detail::expiring_map<transaction> transactions_;

    std::mutex users_mutex_;
    detail::string_map<user> users_;
    user_index by_phone_;
    user_index by_identity_;

    std::mutex sessions_mutex_;
    detail::expiring_map<session> sessions_;
    detail::string_map<std::unordered_set<std::string_view>> sessions_of_;  // user → hashes, which point into sessions_

    std::mutex cells_mutex_;
    detail::expiring_map<time_point> cells_;
};

static_assert(Storage<memory_storage>);

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION

// ---- phoneauth/storage/memory.ipp ----

#ifndef PHONEAUTH_STORAGE_MEMORY_IPP
#define PHONEAUTH_STORAGE_MEMORY_IPP

#include <array>
#include <stdexcept>


namespace phoneauth {
inline namespace v0 {

PHONEAUTH_DECL bool memory_storage::insert_transaction(const transaction& t) {
    const std::scoped_lock lock(transactions_mutex_);
    for (std::size_t i = 0; i < sweep; ++i)
        if (const auto* key = transactions_.first_expired(t.created_at)) transactions_.erase(*key);
    check(transactions_.size(), limits_.transactions);
    return transactions_.insert(t.id, t, t.expires_at + transaction_retention) != nullptr;
}

PHONEAUTH_DECL std::optional<transaction> memory_storage::find_transaction(const std::string& id) {
    const std::scoped_lock lock(transactions_mutex_);
    const auto* found = transactions_.find(id);
    return found ? std::optional(*found) : std::nullopt;
}

PHONEAUTH_DECL bool memory_storage::update_transaction(const transaction& t) {
    auto next = t;
    ++next.version;
    const std::scoped_lock lock(transactions_mutex_);
    auto* stored = transactions_.find(t.id);
    if (!stored || stored->version != t.version) return false;
    *stored = std::move(next);
    return true;
}

PHONEAUTH_DECL write_result memory_storage::insert_user(const user& u) {
    const std::scoped_lock lock(users_mutex_);
    if (by_phone_.contains(u.phone.str())) return write_result::phone_taken;
    if (by_identity_.contains(u.identity)) return write_result::identity_taken;
    const auto [at, added] = users_.try_emplace(u.object_id, u);
    if (!added) throw std::invalid_argument("phoneauth: there is a user with this object_id");
    try {
        by_phone_.try_emplace(std::string(u.phone.str()), &at->second);
        by_identity_.try_emplace(u.identity, &at->second);
    } catch (...) {
        if (const auto phone = by_phone_.find(u.phone.str()); phone != by_phone_.end()) by_phone_.erase(phone);
        users_.erase(at);
        throw;
    }
    return write_result::done;
}

PHONEAUTH_DECL write_result memory_storage::update_user(const user& u) {
    auto next = u;
    ++next.version;
    std::string phone(u.phone.str());
    std::string identity = u.identity;
    const std::scoped_lock lock(users_mutex_);
    const auto found = users_.find(u.object_id);
    if (found == users_.end() || found->second.version != u.version) return write_result::stale;
    auto& stored = found->second;
    if (is_of_another(by_phone_, phone, stored)) return write_result::phone_taken;
    if (is_of_another(by_identity_, identity, stored)) return write_result::identity_taken;
    rename(by_phone_, stored.phone.str(), std::move(phone));
    rename(by_identity_, stored.identity, std::move(identity));
    stored = std::move(next);
    return write_result::done;
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_user(const std::string& object_id) {
    const std::scoped_lock lock(users_mutex_);
    const auto found = users_.find(object_id);
    return found == users_.end() ? std::nullopt : std::optional(found->second);
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_user_by_phone(const phone_number& phone) {
    const std::scoped_lock lock(users_mutex_);
    return find_by(by_phone_, phone.str());
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_user_by_identity(const std::string& identity) {
    const std::scoped_lock lock(users_mutex_);
    return find_by(by_identity_, identity);
}

PHONEAUTH_DECL bool memory_storage::insert_session(const session& s) {
    const std::scoped_lock lock(sessions_mutex_);
    for (std::size_t i = 0; i < sweep; ++i)
        if (const auto* key = sessions_.first_expired(s.created_at)) forget(*sessions_.find(*key));
    check(sessions_.size(), limits_.sessions);
    const auto* added = sessions_.insert(s.token_hash, s, s.expires_at);
    if (!added) return false;
    try {
        sessions_of_[s.user_id].insert(added->token_hash);
    } catch (...) {
        forget(*added);
        throw;
    }
    return true;
}

PHONEAUTH_DECL std::optional<session> memory_storage::find_session(const std::string& token_hash) {
    const std::scoped_lock lock(sessions_mutex_);
    const auto* found = sessions_.find(token_hash);
    return found ? std::optional(*found) : std::nullopt;
}

PHONEAUTH_DECL bool memory_storage::erase_session(const std::string& token_hash) {
    const std::scoped_lock lock(sessions_mutex_);
    const auto* found = sessions_.find(token_hash);
    if (found) forget(*found);
    return found != nullptr;
}

PHONEAUTH_DECL std::size_t memory_storage::erase_sessions_of(const std::string& user_id, const std::string& kept) {
    const std::scoped_lock lock(sessions_mutex_);
    const auto found = sessions_of_.find(user_id);
    if (found == sessions_of_.end()) return 0;
    auto& tokens = found->second;
    const auto before = tokens.size();
    for (auto token = tokens.begin(); token != tokens.end();) {
        if (*token == kept) {
            ++token;
            continue;
        }
        const auto ended = *token;
        token = tokens.erase(token);
        sessions_.erase(ended);
    }
    const auto after = tokens.size();
    if (after == 0) sessions_of_.erase(found);
    return before - after;
}

PHONEAUTH_DECL cell_answer memory_storage::take_cells(const cell_batch& batch) {
    std::array<time_point, 1 + cell_batch::most> stored{};
    const std::scoped_lock lock(cells_mutex_);
    const auto find = [this](std::string_view key) {
        const auto* cell = cells_.find(key);
        return cell ? *cell : time_point();
    };
    stored[0] = find(batch.marker());
    for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = find(batch.key(i));
    const auto answer = decide(batch, stored);
    if (!answer.granted) return answer;
    std::size_t added = 0;
    for (std::size_t i = 0; i < batch.size(); ++i)
        added += answer.cells[i] > batch.now() && answer.cells[i] != stored[1 + i] && !cells_.find(batch.key(i));
    for (std::size_t i = 0; i < sweep * added; ++i)
        if (const auto* over = cells_.first_expired(batch.now())) cells_.erase(*over);
    check(cells_.size() + added, limits_.cells + 1);  // before the first of them is stored
    for (std::size_t i = 0; i < batch.size(); ++i)
        if (answer.cells[i] != stored[1 + i]) store_cell(batch.key(i), answer.cells[i], batch.now());
    return answer;
}

PHONEAUTH_DECL void memory_storage::store_cell(std::string_view key, time_point cell, time_point now) {
    auto* stored = cells_.find(key);
    if (cell <= now) {
        if (stored) cells_.erase(key);
    } else if (stored) {
        cells_.expire_at(key, cell);
        *stored = cell;
    } else {
        cells_.insert(std::string(key), cell, cell);
    }
}

PHONEAUTH_DECL void memory_storage::check(std::size_t size, std::size_t limit) {
    if (size >= limit) throw std::length_error("phoneauth: the memory storage is full");
}

PHONEAUTH_DECL bool memory_storage::is_of_another(const user_index& index, std::string_view key, const user& u) {
    const auto found = index.find(key);
    return found != index.end() && found->second != &u;
}

PHONEAUTH_DECL void memory_storage::rename(user_index& index, std::string_view from, std::string&& to) {
    if (from == to) return;
    auto node = index.extract(index.find(from));
    node.key() = std::move(to);
    index.insert(std::move(node));
}

PHONEAUTH_DECL std::optional<user> memory_storage::find_by(const user_index& index, std::string_view key) {
    const auto found = index.find(key);
    return found == index.end() ? std::nullopt : std::optional(*found->second);
}

PHONEAUTH_DECL void memory_storage::forget(const session& s) {
    if (const auto found = sessions_of_.find(s.user_id); found != sessions_of_.end()) {
        found->second.erase(s.token_hash);
        if (found->second.empty()) sessions_of_.erase(found);
    }
    sessions_.erase(s.token_hash);
}

}  // namespace v0
}  // namespace phoneauth

#endif
#endif

#endif

// ---- phoneauth/testing/archetypes.hpp ----

#ifndef PHONEAUTH_TESTING_ARCHETYPES_HPP
#define PHONEAUTH_TESTING_ARCHETYPES_HPP

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>


// The least that each policy needs, to copy and fill in. They compile, and do nothing. What each function has to
// guarantee stands at its concept in policies.hpp; testing/storage_suite.hpp tests it. Any function may return an
// awaitable of the type shown.

namespace phoneauth {
inline namespace v0 {
namespace testing {

// Not in the reference: this is code to copy, and its functions are described at the concepts.
/// @cond

/// The least TransactionStorage.
//[transaction_storage
struct transaction_storage_archetype {
    bool insert_transaction(const transaction&) { return false; }
    std::optional<transaction> find_transaction(const std::string& /*id*/) { return {}; }
    bool update_transaction(const transaction&) { return false; }
};
//]

/// The least UserStorage.
//[user_storage
struct user_storage_archetype {
    write_result insert_user(const user&) { return write_result::done; }
    write_result update_user(const user&) { return write_result::stale; }
    std::optional<user> find_user(const std::string& /*object_id*/) { return {}; }
    std::optional<user> find_user_by_phone(const phone_number&) { return {}; }
    std::optional<user> find_user_by_identity(const std::string& /*identity*/) { return {}; }
};
//]

/// The least SessionStorage.
//[session_storage
struct session_storage_archetype {
    bool insert_session(const session&) { return false; }
    std::optional<session> find_session(const std::string& /*token_hash*/) { return {}; }
    bool erase_session(const std::string& /*token_hash*/) { return false; }
    std::size_t erase_sessions_of(const std::string& /*user_id*/, const std::string& /*kept*/) { return 0; }
};
//]

/// The least CellStorage.
//[cell_storage
struct cell_storage_archetype {
    cell_answer take_cells(const cell_batch& batch) {
        return decide(batch, std::array<time_point, 1 + cell_batch::most>());
    }
};
//]

/// The least Storage: all four parts in one.
struct storage_archetype : transaction_storage_archetype,
                           user_storage_archetype,
                           session_storage_archetype,
                           cell_storage_archetype {};

/// The least HttpTransport.
//[http_transport
struct http_transport_archetype {
    result<http_response> send(const http_request&) { return error::connect_failed; }
};
//]

/// The least Clock.
//[clock
struct clock_archetype {
    time_point now() const { return {}; }
};
//]

/// The least PasswordHasher.
//[password_hasher
struct password_hasher_archetype {
    result<std::string> hash(const std::string& /*password*/) { return error::internal; }
    result<bool> verify(const std::string& /*password*/, const std::string& /*hash*/) { return false; }
};
//]

/// The least Hooks.
//[hooks
struct hooks_archetype {
    result<void> before_registration(user&) { return {}; }
    result<void> after_registration(const user&) { return {}; }
    result<void> before_login(const user&) { return {}; }
    result<void> after_login(const user&) { return {}; }
    result<void> before_update(const user& /*before*/, user& /*changed*/) { return {}; }
    result<void> password_allowed(const std::string& /*password*/, const user&) { return {}; }
};
//]

/// @endcond

static_assert(TransactionStorage<transaction_storage_archetype>);
static_assert(UserStorage<user_storage_archetype>);
static_assert(SessionStorage<session_storage_archetype>);
static_assert(CellStorage<cell_storage_archetype>);
static_assert(Storage<storage_archetype>);
static_assert(HttpTransport<http_transport_archetype>);
static_assert(Clock<clock_archetype>);
static_assert(PasswordHasher<password_hasher_archetype>);
static_assert(Hooks<hooks_archetype>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/certificates.hpp ----

#ifndef PHONEAUTH_TESTING_CERTIFICATES_HPP
#define PHONEAUTH_TESTING_CERTIFICATES_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>


namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A certificate for tests, with the authority that signed it; all in PEM.
struct test_certificate {
    std::string ca;           ///< what a client has to trust
    std::string certificate;  ///< the server's
    std::string key;          ///< the server's private key, unencrypted
};

namespace detail {

template <auto Free>
struct openssl_free {
    template <class T>
    void operator()(T* p) const noexcept {
        Free(p);
    }
};
using bio_ptr = std::unique_ptr<BIO, openssl_free<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, openssl_free<EVP_PKEY_free>>;
using x509_ptr = std::unique_ptr<X509, openssl_free<X509_free>>;
using extension_ptr = std::unique_ptr<X509_EXTENSION, openssl_free<X509_EXTENSION_free>>;

class certificate_maker {
public:
    static void require(bool ok) {
        if (!ok) throw std::runtime_error("phoneauth: OpenSSL could not make a certificate");
    }

    static key_ptr key() {
        key_ptr k(EVP_EC_gen("P-256"));
        require(k != nullptr);
        return k;
    }

    /// A certificate of `subject`'s key, signed by `issuer`, or by itself without one.
    static x509_ptr certificate(const char* name, EVP_PKEY* subject, X509* issuer, EVP_PKEY* issuer_key,
                                const std::string& names, std::chrono::seconds from, std::chrono::seconds until) {
        x509_ptr c(X509_new());
        require(c != nullptr);
        require(X509_set_version(c.get(), X509_VERSION_3) == 1);
        require(ASN1_INTEGER_set(X509_get_serialNumber(c.get()), issuer ? 2 : 1) == 1);
        require(X509_gmtime_adj(X509_getm_notBefore(c.get()), static_cast<long>(from.count())) != nullptr);
        require(X509_gmtime_adj(X509_getm_notAfter(c.get()), static_cast<long>(until.count())) != nullptr);
        require(X509_set_pubkey(c.get(), subject) == 1);
        require(X509_NAME_add_entry_by_txt(X509_get_subject_name(c.get()), "CN", MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(name), -1, -1, 0) == 1);
        require(X509_set_issuer_name(c.get(), X509_get_subject_name(issuer ? issuer : c.get())) == 1);
        extend(c.get(), NID_basic_constraints, issuer ? "critical,CA:FALSE" : "critical,CA:TRUE");
        extend(c.get(), NID_key_usage, issuer ? "critical,digitalSignature" : "critical,keyCertSign");
        if (!names.empty()) extend(c.get(), NID_subject_alt_name, names.c_str());
        require(X509_sign(c.get(), issuer_key, EVP_sha256()) != 0);
        return c;
    }

    static std::string pem(X509* c) {
        return text([&](BIO* out) { return PEM_write_bio_X509(out, c); });
    }
    static std::string pem(EVP_PKEY* k) {
        return text([&](BIO* out) { return PEM_write_bio_PrivateKey(out, k, nullptr, nullptr, 0, nullptr, nullptr); });
    }

private:
    static void extend(X509* c, int nid, const char* value) {
        X509V3_CTX context{};
        X509V3_set_ctx(&context, c, c, nullptr, nullptr, 0);
        const extension_ptr e(X509V3_EXT_conf_nid(nullptr, &context, nid, value));
        require(e && X509_add_ext(c, e.get(), -1) == 1);
    }

    template <class Write>
    static std::string text(Write write) {
        const bio_ptr out(BIO_new(BIO_s_mem()));
        require(out && write(out.get()) == 1);
        char* begin = nullptr;
        const auto size = BIO_get_mem_data(out.get(), &begin);
        return {begin, static_cast<std::size_t>(size)};
    }
};

}  // namespace detail

/// Makes an authority and a certificate that it signs, with a fresh P-256 key each.
///
/// @param names  the hosts that the certificate is for, as OpenSSL's subjectAltName
/// @param from   when it begins to hold, counted from now
/// @param until  when it ends to hold, counted from now
/// @return the certificate
/// @par Errors
/// `std::runtime_error` when OpenSSL fails.
inline test_certificate make_test_certificate(const std::string& names = "DNS:localhost,IP:127.0.0.1,IP:::1",
                                              std::chrono::seconds from = std::chrono::hours(-1),
                                              std::chrono::seconds until = std::chrono::hours(24)) {
    using make = detail::certificate_maker;
    const auto ca_key = make::key();
    const auto ca = make::certificate("phoneauth test authority", ca_key.get(), nullptr, ca_key.get(), {},
                                      std::chrono::hours(-48), std::chrono::hours(48));
    const auto key = make::key();
    const auto leaf = make::certificate("phoneauth test server", key.get(), ca.get(), ca_key.get(), names, from, until);
    return {make::pem(ca.get()), make::pem(leaf.get()), make::pem(key.get())};
}

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/detail/cell_suite.hpp ----

#ifndef PHONEAUTH_TESTING_DETAIL_CELL_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_CELL_SUITE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numeric>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// ---- phoneauth/testing/detail/suite_base.hpp ----

#ifndef PHONEAUTH_TESTING_DETAIL_SUITE_BASE_HPP
#define PHONEAUTH_TESTING_DETAIL_SUITE_BASE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <latch>
#include <mutex>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>


// ---- phoneauth/testing/suite.hpp ----

#ifndef PHONEAUTH_TESTING_SUITE_HPP
#define PHONEAUTH_TESTING_SUITE_HPP

#include <string>
#include <vector>


// What a suite of checks takes and gives.

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// One thing that a storage does wrong.
struct suite_finding {
    std::string check;    ///< what was tried, for example "transactions: racing updates"
    std::string message;  ///< what should have been
};

/// The findings as text, a line each; empty if there are none.
inline std::string to_text(const std::vector<suite_finding>& findings) {
    std::string text;
    for (const auto& f : findings) text += f.check + ": " + f.message + "\n";
    return text;
}

/// How hard a suite tries. With the defaults it makes about fifteen thousand calls; for a storage that waits for a disk
/// on each write fewer rounds are enough.
struct suite_options {
    unsigned threads = 8;   ///< how many race; 1 for a storage that may be used from one thread at a time only
    unsigned rounds = 20;   ///< how often each race is run
    unsigned steps = 3000;  ///< how many random batches of cells are compared with `decide`
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// The first field that differs; empty if none does.
template <class Record>
std::string difference(const Record& a, const Record& b) {
    std::string first;
    phoneauth::detail::for_each_field<Record>([&](const auto& field, auto member) {
        if (first.empty() && a.*member != b.*member) first = field.name;
    });
    return first;
}

/// What means something to a query language, a pattern, a script, a protocol or a terminal, and characters of all
/// planes; each must be stored as it is. NUL is tried separately, because a storage may refuse it.
inline constexpr std::array awkward_texts{
    "'; DROP TABLE users; --",
    "\"\"''``\\",
    "%_*?[^a]",
    "$1 $$ ?1 :a @a {} {0} %s %n",
    "\r\n$4\r\nPING\r\n*1\r\n",
    "{tag}:}{",
    "\t\x01\x1B[31m\x7F",
    "NULL",
    " in front and behind ",
    "\xC3\xA9 composed",                                                     // é
    "e\xCC\x81 decomposed",                                                  // é
    "\xC3\x9F\xD0\x96\xD7\xA9\xD8\xB4\xE0\xA4\xB9\xEF\xBB\xBF\xEF\xBF\xBD",  // ß Ж ש ش ह BOM U+FFFD
    "\xF0\x9F\x98\x80\xF0\xA0\x80\x8B\xF3\xA0\x84\x80\xF4\x8F\xBF\xBD",      // planes 1, 2, 14, 16
};

/// The checks of testing/storage_suite.hpp: one member function for each part of a storage, in a header of its own.
template <class S, class SyncWait>
class storage_suite {
public:
    storage_suite(S& one, S& other, const SyncWait& sync_wait, const suite_options& options)
        : handles_{&one, &other}, sync_wait_(sync_wait), options_(options), random_(std::random_device()()) {}

    void transactions();
    void users();
    void sessions();
    void cells();

    std::vector<suite_finding> findings() && { return std::move(findings_); }

private:
    /// The handles take turns, so that what is written by one is read by the other.
    S& storage() { return *handles_[turn_++ % 2]; }

    /// What a function of the storage returned, or what it will be.
    template <class Returned>
    auto value_of(Returned&& returned) const {
        return sync_wait_(std::forward<Returned>(returned));
    }

    template <class F>
    void check(const char* name, F f) {
        check_ = name;
        try {
            f();
        } catch (const std::exception& e) {
            expect(false, std::string("must not throw, but threw: ") + e.what());
        } catch (...) {
            expect(false, "must not throw");
        }
    }

    void expect(bool ok, std::string_view message) {
        const std::scoped_lock lock(mutex_);
        const auto same = [&](const suite_finding& f) { return f.check == check_ && f.message == message; };
        if (!ok && std::none_of(findings_.begin(), findings_.end(), same))
            findings_.push_back({check_, std::string(message)});
    }

    template <class F>
    void race(F f) {
        for (unsigned i = 0; i < options_.rounds; ++i) f();
    }

    /// Calls `f(0)`, `f(1)`, … on a thread each, all at once. Throws what one of them threw.
    template <class F>
    void in_parallel(F f) {
        std::latch start(static_cast<std::ptrdiff_t>(options_.threads));
        std::vector<std::exception_ptr> thrown(options_.threads);
        const auto body = [&](unsigned i) {
            start.arrive_and_wait();
            try {
                f(i);
            } catch (...) {
                thrown[i] = std::current_exception();
            }
        };
        {
            std::vector<std::jthread> threads;
            for (unsigned i = 1; i < options_.threads; ++i) threads.emplace_back(body, i);
            body(0);
        }
        for (const auto& e : thrown)
            if (e) std::rethrow_exception(e);
    }

    /// The callers for which `f` returned true.
    template <class F>
    std::vector<unsigned> winners_of(F f) {
        std::vector<char> won(options_.threads);
        in_parallel([&](unsigned i) { won[i] = f(i); });
        std::vector<unsigned> winners;
        for (unsigned i = 0; i < options_.threads; ++i)
            if (won[i]) winners.push_back(i);
        return winners;
    }

    /// One thread calls `write(1)`, `write(2)`, …, the others call `read`, which gives the version that it has seen,
    /// until each has seen it change often enough, or has given up.
    template <class Write, class Read>
    void read_while_writing(Write write, Read read) {
        std::atomic<unsigned> readers = options_.threads - 1;
        const auto read_on = [&] {
            std::uint64_t last = read();
            for (unsigned n = 0, changes = 0; changes < options_.rounds && n < 1000 * options_.rounds; ++n) {
                const std::uint64_t seen = read();
                if (seen != last) ++changes;
                last = seen;
            }
        };
        in_parallel([&](unsigned i) {
            if (i == 0) {
                for (unsigned n = 1; n <= options_.rounds || readers > 0; ++n) write(n);
                return;
            }
            try {
                read_on();
            } catch (...) {
                --readers;
                throw;
            }
            --readers;
        });
    }

    /// False if `f` throws: for what a storage may refuse.
    template <class F>
    static bool is_accepted(F f) {
        try {
            f();
            return true;
        } catch (...) {
            return false;
        }
    }

    template <class Found, class T>
    void expect_same(const Found& found, const T& expected, const std::string& function) {
        if (!found) return expect(false, function + " must find what was stored");
        const auto field = difference(*found, expected);
        expect(field.empty(), function + " must return what was stored last; " + field + " differs");
    }
    void expect_stored(const transaction& t) {
        expect_same(value_of(storage().find_transaction(t.id)), t, "find_transaction");
    }
    void expect_stored(const session& s) {
        expect_same(value_of(storage().find_session(s.token_hash)), s, "find_session");
    }
    void expect_stored(const user& u) {
        expect_same(value_of(storage().find_user(u.object_id)), u, "find_user");
        expect_same(value_of(storage().find_user_by_phone(u.phone)), u, "find_user_by_phone");
        expect_same(value_of(storage().find_user_by_identity(u.identity)), u, "find_user_by_identity");
    }
    void expect_absent(const user& u) {
        expect(!value_of(storage().find_user(u.object_id)),
               "a user whose insertion was refused, or who never was, must not be found");
    }

    static time_point now() { return system_clock().now(); }

    std::string characters(std::string_view alphabet, std::size_t count) {
        std::uniform_int_distribution<std::size_t> any(0, alphabet.size() - 1);
        std::string s;
        for (std::size_t i = 0; i < count; ++i) s += alphabet[any(random_)];
        return s;
    }
    std::string uuid() {
        auto s = characters("0123456789ABCDEF", 36);
        for (const auto dash : {8u, 13u, 18u, 23u}) s[dash] = '-';
        return s;
    }
    std::string hash() { return characters("0123456789abcdef", 64); }
    std::string new_identity() { return "suite-" + characters("abcdefghijklmnopqrstuvwxyz", 16) + "@example.com"; }
    std::string new_key(std::size_t size = 20) { return "suite:" + characters("0123456789abcdef", size - 6); }
    phone_number new_phone() {
        return *phone_number::from_e164("+999" + characters("0123456789", 12));
    }  // +999 is nobody's

    /// The id of a user. If the storage has users, it may insist on their being there: the user is inserted then.
    std::string user_id() {
        if constexpr (UserStorage<S>)
            return inserted_user().object_id;
        else
            return uuid();
    }

    transaction new_transaction() {
        transaction t{uuid(), purpose::login, new_phone()};
        t.user_id = user_id();
        t.key_id = "key-1";
        t.tries = 2;
        t.sends = 3;
        t.created_at = now();
        t.expires_at = t.created_at + std::chrono::minutes(5);
        t.last_sent_at = t.created_at + std::chrono::milliseconds(17);
        t.delivery = delivery_state::undelivered;
        t.delivery_error = 30003;
        t.password_fingerprint = hash();
        t.known_network = "2001:db8::/64";
        t.version = 1;
        return t;
    }
    transaction inserted(const transaction& t) {
        expect(value_of(storage().insert_transaction(t)), "insert_transaction of a new id must return true");
        return t;
    }
    transaction inserted_transaction() { return inserted(new_transaction()); }

    user new_user() {
        user u{uuid(), new_phone(), new_identity(), "$scrypt$ln=14,r=8,p=1$c2FsdA$aGFzaA"};
        u.created_at = now();
        u.version = 1;
        u.generation = 3;
        return u;
    }
    user inserted(const user& u) {
        expect(value_of(storage().insert_user(u)) == write_result::done, "insert_user of a new user must return done");
        return u;
    }
    user inserted_user() { return inserted(new_user()); }
    std::vector<user> rivals(bool inserted_already = false) {
        std::vector<user> users;
        for (unsigned i = 0; i < options_.threads; ++i)
            users.push_back(inserted_already ? inserted_user() : new_user());
        return users;
    }

    session new_session(const std::string& id) { return {hash(), id, now(), now() + std::chrono::hours(1), hash()}; }
    session inserted(const session& s) {
        expect(value_of(storage().insert_session(s)), "insert_session of a new token hash must return true");
        return s;
    }
    session inserted_session(const std::string& id) { return inserted(new_session(id)); }

    const std::array<S*, 2> handles_;
    std::atomic<unsigned> turn_ = 0;
    const SyncWait& sync_wait_;
    const suite_options options_;
    std::mt19937_64 random_;
    std::string check_;
    std::mutex mutex_;
    std::vector<suite_finding> findings_;
};

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// What a storage of cells may have stored: `decide` over a map. A cell that the storage may have dropped is there or
/// not, until an answer says which.
class cell_model {
public:
    /// What is wrong with `answer`; empty if nothing is. `asked` is when the storage was asked, by a steady clock.
    std::string difference(const cell_batch& batch, const cell_answer& answer,
                           std::chrono::steady_clock::time_point asked) {
        latest_ = (std::max)(latest_, batch.now());
        const auto answered = std::chrono::steady_clock::now();
        std::vector<std::string> unsure;
        for (std::size_t i = 0; i <= batch.size(); ++i)
            if (const auto found = cells_.find(key(batch, i));
                found != cells_.end() && found->second.ahead > batch.now())
                if (may_be_gone(found->second, answered)) unsure.push_back(found->first);
        std::string first;
        for (std::size_t dropped = 0; dropped < std::size_t{1} << unsure.size(); ++dropped) {
            auto cells = cells_;
            for (std::size_t i = 0; i < unsure.size(); ++i)
                if (dropped >> i & 1u) cells.erase(unsure[i]);
            auto wrong = compare(cells, batch, answer, asked);
            if (wrong.empty()) {
                cells_.swap(cells);
                return {};
            }
            if (dropped == 0) first = std::move(wrong);
        }
        return first;
    }

private:
    struct cell {
        time_point ahead{};
        std::chrono::steady_clock::time_point stored{};
        std::chrono::milliseconds life{};  // how far it was ahead then
    };
    using cell_map = std::map<std::string, cell, std::less<>>;

    static std::string_view key(const cell_batch& batch, std::size_t i) {
        return i == 0 ? batch.marker() : batch.key(i - 1);
    }

    bool may_be_gone(const cell& c, std::chrono::steady_clock::time_point answered) const {
        return c.ahead <= latest_ || answered - c.stored >= c.life;
    }

    static std::string compare(cell_map& cells, const cell_batch& batch, const cell_answer& answer,
                               std::chrono::steady_clock::time_point asked) {
        const auto now = batch.now();
        std::array<time_point, 1 + cell_batch::most> stored{};
        for (std::size_t i = 0; i <= batch.size(); ++i)
            if (const auto found = cells.find(key(batch, i)); found != cells.end()) stored[i] = found->second.ahead;
        const auto expected = decide(batch, stored);
        if (answer.marked != expected.marked) return "a batch must be marked as decide says";
        if (answer.granted != expected.granted) return "a batch must be granted or refused as decide says";
        for (std::size_t i = 0; i < batch.size(); ++i) {
            if (!is_for(batch[i], expected.marked)) continue;
            if ((std::max)(answer.cells[i], now) != (std::max)(expected.cells[i], now))
                return "a cell must be answered as decide says";
            if (expected.cells[i] != stored[1 + i])
                cells.insert_or_assign(std::string(batch.key(i)),
                                       cell{expected.cells[i], asked, expected.cells[i] - now});
        }
        return {};
    }

    time_point latest_{};
    cell_map cells_;
};

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::cells() {
    using std::chrono::milliseconds;
    constexpr milliseconds minute = std::chrono::minutes(1), hour = std::chrono::hours(1),
                           distant = std::chrono::hours(24 * 400), none{0};
    constexpr auto marked = cell_condition::if_marked, unmarked = cell_condition::unless_marked;

    const auto answer_to = [this](const cell_batch& batch) { return value_of(storage().take_cells(batch)); };
    const auto request = [&](const std::string& key, time_point at, const cell_request& r) {
        cell_batch batch(at);
        batch.add(r, key);
        return answer_to(batch);
    };
    const auto take = [&](const std::string& key, time_point at, milliseconds cost, milliseconds room) {
        return request(key, at, {.cost = cost, .room = room});
    };
    const auto move = [&](const std::string& key, time_point at, milliseconds cost, milliseconds room) {
        return request(key, at, {.action = cell_action::move, .cost = cost, .room = room}).cells[0];
    };
    // How far a cell is ahead of `at`.
    const auto ahead = [&](const std::string& key, time_point at) {
        const auto answer = request(key, at, {.action = cell_action::ask, .room = distant});
        return (std::max)(answer.cells[0] - at, none);
    };

    check("cells: take", [&] {
        const auto key = new_key(128);
        const auto start = now();
        expect(ahead(key, start) == none, "an absent cell must not be ahead of now");
        const auto first = take(key, start, minute, 3 * minute);
        expect(first.granted && !first.marked, "what is there must be granted, and not as to a marked client");
        expect(first.cells[0] == start + minute, "taking from an absent cell must bring it to now + cost");
        const auto second = take(key, start + milliseconds(10), 2 * minute, 3 * minute);
        expect(second.granted && second.cells[0] == start + 3 * minute,
               "taking must move the cell on by the cost, from where it is");
        const auto refused = take(key, start + milliseconds(20), minute, 3 * minute);
        expect(!refused.granted, "what is not there must be refused");
        expect(refused.cells[0] == start + 3 * minute, "a refused batch must get the cells as they are");
        expect(ahead(key, start) == 3 * minute, "a refused batch must change nothing");
        expect(!take(key, start + minute - milliseconds(1), minute, 3 * minute).granted,
               "what is not there for another millisecond must be refused");
        const auto again = take(key, start + minute, minute, 3 * minute);
        expect(again.granted && again.cells[0] == start + 4 * minute,
               "what is there from this millisecond on must be granted");
        auto other = key;
        other.back() = 'x';
        expect(take(other, start, minute, minute).granted, "different keys must not share a cell");
        expect(take(key, start + hour, minute, minute).cells[0] == start + hour + minute,
               "a cell that is over must start again from now");
    });
    check("cells: any key", [&] {
        const auto key = new_key();
        const auto start = now();
        std::vector<std::string> endings{"a", "A", "a ", " a", "", std::string(100, 'x'), std::string(107, 'x') + 'y'};
        for (const std::string text : awkward_texts) endings.push_back(text);
        for (const auto& ending : endings)
            expect(take(key + ending, start, minute, 2 * minute).cells[0] == start + minute,
                   "keys that differ in a byte must be different");
        for (const auto& ending : endings)
            expect(take(key + ending, start, minute, 2 * minute).cells[0] == start + 2 * minute,
                   "a cell must be found by any key");
        for (const auto& ending : endings) {
            cell_batch batch(start, key, ending);
            batch.add({.action = cell_action::ask, .room = distant}, key, "?");
            expect(answer_to(batch).marked, "a marker must be found by any key");
        }
        for (const char c : {'a', 'b'})
            is_accepted([&] {
                expect(take(key + '\0' + c, start, minute, hour).cells[0] == start + minute,
                       "take_cells must not cut off a key at a NUL");
            });
        expect(ahead(key, start) == 2 * minute, "take_cells must not cut off a key at a NUL");
    });
    check("cells: asking", [&] {
        const auto key = new_key();
        const auto start = now();
        const auto ask = [&](milliseconds cost, milliseconds room) {
            return request(key, start, {.action = cell_action::ask, .cost = cost, .room = room});
        };
        expect(ask(minute, minute).granted && !ask(2 * minute, minute).granted,
               "asking must be refused as taking would be");
        expect(ahead(key, start) == none, "asking must change nothing");
        take(key, start, minute, minute);
        expect(!ask(minute, minute).granted && ask(none, minute).granted, "asking must be refused as taking would be");
        const auto answer = ask(minute, hour);
        expect(answer.granted && answer.cells[0] == start + minute, "asking must get the cell as it is");
        expect(ahead(key, start) == minute, "asking must change nothing");

        cell_batch both(start);
        both.add({.action = cell_action::ask, .cost = minute, .room = minute}, key);
        both.add({.cost = minute, .room = hour}, key, "/other");
        expect(!answer_to(both).granted && ahead(key + "/other", start) == none,
               "a batch in which what is asked for is not there must be refused");
    });
    check("cells: move", [&] {
        const auto key = new_key();
        const auto start = now();
        expect((std::max)(move(key, start, -minute, hour), start) == start && ahead(key, start) == none,
               "moving an absent cell back must leave it absent");
        expect(move(key, start, 5 * minute, hour) == start + 5 * minute && ahead(key, start) == 5 * minute,
               "moving must move the cell on by the cost");
        expect(move(key, start, -2 * minute, hour) == start + 3 * minute && ahead(key, start) == 3 * minute,
               "moving must move the cell back by the cost");
        expect(move(key, start, 2 * hour, hour) == start + hour && ahead(key, start) == hour,
               "a cell must not be moved beyond room");
        expect(request(key, start, {.action = cell_action::move, .cost = minute, .room = minute}).granted,
               "moving must never be refused");
        expect(ahead(key, start) == minute, "a cell that is beyond room must be moved back to it");
        expect((std::max)(move(key, start, -hour, hour), start) == start, "a cell must not be moved before now");
        expect(ahead(key, start - hour) <= hour, "a cell must not be moved before now");
        expect(take(key, start, minute, minute).cells[0] == start + minute,
               "a cell that was moved back to now must start again from now");
        expect((std::max)(move(key, start, none, none), start) == start && ahead(key, start) == none,
               "a cell that is beyond room must be moved back to it");
    });
    check("cells: the marker", [&] {
        const auto start = now();
        const auto marker = new_key(128), mine = new_key(), theirs = new_key(), ours = new_key();
        const auto ask_for = [&](time_point at, const auto&... key) {
            cell_batch batch(at, key...);
            batch.add({.when = marked, .cost = minute, .room = hour}, mine);
            batch.add({.when = unmarked, .cost = minute, .room = hour}, theirs);
            batch.add({.cost = minute, .room = hour}, ours);
            return answer_to(batch);
        };
        expect(!ask_for(start).marked && !ask_for(start, marker).marked,
               "a batch whose marker is not there must not be marked");
        expect(ahead(theirs, start) == 2 * minute && ahead(ours, start) == 2 * minute && ahead(mine, start) == none,
               "without the marker, what is asked if_marked must not be asked, and all else must be");
        expect(ahead(marker, start) == none, "a marker must not be changed");
        take(marker, start, hour, hour);
        const auto answer = ask_for(start, marker);
        expect(answer.granted && answer.marked, "a batch whose marker is there must be marked");
        expect(ahead(theirs, start) == 2 * minute && ahead(ours, start) == 3 * minute && ahead(mine, start) == minute,
               "with the marker, what is asked unless_marked must not be asked, and all else must be");
        expect(answer.cells[0] == start + minute && answer.cells[2] == start + 3 * minute,
               "each cell must be answered at the place of its request");
        expect(ahead(marker, start) == hour, "a marker must not be changed");
        // What is for others and not there refuses nobody.
        cell_batch for_others(start, marker);
        for_others.add({.when = unmarked, .cost = hour, .room = none}, theirs);
        for_others.add({.cost = minute, .room = hour}, ours);
        expect(answer_to(for_others).granted && ahead(ours, start) == 4 * minute,
               "what is asked of others must refuse nobody");
        expect(ask_for(start + hour - milliseconds(1), marker).marked, "a marker must be there until it is over");
        expect(!ask_for(start + hour, marker).marked, "a marker that is over must not be there");
    });
    check("cells: the reserve", [&] {
        const auto start = now();
        const auto marker = new_key(), key = new_key();
        take(marker, start, hour, hour);
        const auto ask_for = [&](cell_action action, bool known, milliseconds cost) {
            cell_batch batch(start, known ? marker : std::string());
            batch.add({.action = action, .cost = cost, .room = 2 * minute, .reserve = minute}, key);
            return answer_to(batch);
        };
        expect(!ask_for(cell_action::take, false, 3 * minute).granted,
               "the reserve must not be granted without the marker");
        expect(ask_for(cell_action::take, false, 2 * minute).granted, "what is there must be granted without a marker");
        expect(!ask_for(cell_action::take, true, 2 * minute).granted, "what is beyond the reserve must be refused");
        expect(ask_for(cell_action::ask, true, minute).granted, "the reserve must be granted with the marker");
        expect(ask_for(cell_action::take, true, minute).cells[0] == start + 3 * minute,
               "the reserve must be granted with the marker");
        expect(ask_for(cell_action::move, true, minute).cells[0] == start + 3 * minute,
               "a cell must be moved into the reserve with the marker, and not beyond it");
        expect(ask_for(cell_action::move, false, minute).cells[0] == start + 2 * minute,
               "a cell must not be moved into the reserve without the marker");
    });
    check("cells: batches", [&] {
        const auto start = now();
        expect(answer_to(cell_batch(start)).granted, "an empty batch must be granted");
        const auto key = new_key(100);
        std::vector<std::size_t> order(cell_batch::most);
        std::iota(order.begin(), order.end(), std::size_t{0});
        for (int round = 1; round <= 2; ++round) {
            std::shuffle(order.begin(), order.end(), random_);
            cell_batch batch(start, key, "m");
            for (const auto i : order)
                batch.add({.cost = minute * static_cast<int>(1 + i), .room = hour}, key, std::to_string(i));
            const auto answer = answer_to(batch);
            bool in_order = answer.granted;
            for (std::size_t at = 0; at < order.size(); ++at)
                in_order = in_order && answer.cells[at] == start + round * static_cast<int>(1 + order[at]) * minute;
            expect(in_order, "each cell must be answered at the place of its request");
        }
        // One that goes on, one that is new, one that comes to its end and one that was over.
        const auto living = new_key(), added = new_key(), ended = new_key(), over = new_key();
        take(living, start, 2 * hour, distant);
        take(ended, start, 2 * hour, distant);
        take(over, start, hour, distant);
        const auto later = start + hour;
        cell_batch mixed(later);
        mixed.add({.cost = minute, .room = distant}, added);
        mixed.add({.action = cell_action::move, .cost = -distant, .room = distant}, ended);
        mixed.add({.cost = minute, .room = distant}, living);
        mixed.add({.cost = minute, .room = distant}, over);
        const auto answer = answer_to(mixed);
        expect(answer.granted && answer.cells[0] == later + minute && answer.cells[1] <= later &&
                   answer.cells[2] == start + 2 * hour + minute && answer.cells[3] == later + minute,
               "each request of a batch must be carried out for itself");
    });
    check("cells: refused batches", [&] {
        const auto start = now();
        const auto key = new_key();
        take(key, start, minute, hour);
        take(key + "/moved", start, minute, hour);
        for (std::size_t full = 0; full < cell_batch::most; ++full) {
            cell_batch batch(start);
            for (std::size_t i = 0; i < cell_batch::most; ++i)
                if (i == full)
                    batch.add({.cost = 2 * minute, .room = minute}, key, "/full");
                else if (i == (full + 1) % cell_batch::most)
                    batch.add({.action = cell_action::move, .cost = minute, .room = hour}, key, "/moved");
                else if (i == (full + 2) % cell_batch::most)
                    batch.add({.cost = minute, .room = hour}, key);
                else
                    batch.add({.cost = minute, .room = hour}, key, std::to_string(i));
            const auto answer = answer_to(batch);
            expect(!answer.granted, "a batch must be refused if one of its requests is");
            const auto at = [&](std::size_t i) { return answer.cells[(full + i) % cell_batch::most]; };
            expect(at(0) <= start && at(1) == start + minute && at(2) == start + minute && at(3) <= start,
                   "a refused batch must get the cells as they are");
        }
        bool untouched = ahead(key, start) == minute && ahead(key + "/moved", start) == minute;
        for (std::size_t i = 0; i < cell_batch::most; ++i)
            untouched = untouched && ahead(key + std::to_string(i), start) == none;
        expect(untouched, "a refused batch must change nothing");
    });
    check("cells: any time", [&] {
        // A clock that was turned back and one that was turned forward: only the batches say what time it is.
        const auto year = std::chrono::hours(24 * 365);
        for (const auto start : {now() - year, now(), now() + year}) {
            const auto key = new_key();
            const auto end = start + hour + milliseconds(1);
            take(key, start, end - start, distant);
            for (int i = 0; i < 10; ++i) take(new_key(), end - milliseconds(1), hour, distant);  // what is over may go
            expect(ahead(key, end - milliseconds(1)) == milliseconds(1), "a cell must live until it is over");
            expect(ahead(key, end) == none, "a cell that is over must not be ahead of now");
            expect(take(key, end, minute, minute).cells[0] == end + minute,
                   "a cell that is over must start again from now");
        }
    });
    check("cells: the far future", [&] {
        const auto start = now(), then = start + std::chrono::hours(24 * 365 * 10);
        const auto key = new_key();
        expect(take(key, start, distant, distant).cells[0] == start + distant,
               "a cell must be as far ahead as it was moved");
        expect(!take(key, start + hour, distant, distant).granted, "a cell must stay where it was moved");
        expect(take(key, start + distant, distant, distant).granted, "a cell that is over must start again from now");
        // The clock was wrong for a while.
        const auto other = new_key();
        take(other, then, minute, minute);
        expect(!take(other, start, minute, distant).granted && ahead(other, start) == then + minute - start,
               "a cell must live on if the clock is turned back");
        expect(move(other, start, none, hour) == start + hour, "a cell that is beyond room must be moved back to it");
        expect(take(other, start, minute, 2 * hour).cells[0] == start + hour + minute,
               "a cell that was moved back must go on from there");
    });
    check("cells: random batches", [&] {
        cell_model model;
        const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); };
        const std::array<milliseconds, 6> spans{none, milliseconds(1), std::chrono::seconds(1), minute, hour, distant};
        const auto span = [&] {
            const auto most = spans[below(spans.size())].count();
            return milliseconds(std::uniform_int_distribution<std::int64_t>(0, most)(random_));
        };
        std::vector<std::string> keys;
        for (int i = 0; i < 20; ++i) keys.push_back(new_key());
        auto clock = now();
        for (unsigned step = 0; step < options_.steps; ++step) {
            clock += span() % (10 * minute);
            std::shuffle(keys.begin(), keys.end(), random_);
            cell_batch batch(clock + std::chrono::seconds(below(2) * 2), below(2) == 0 ? std::string() : keys[0]);
            const auto size = below(4) == 0 ? below(cell_batch::most + 1) : below(4);
            for (std::size_t i = 0; i < size; ++i) {
                cell_request r{static_cast<cell_action>(1 + below(3)), static_cast<cell_condition>(1 + below(3)),
                               span(), below(2) == 0 ? distant : span(), span()};
                if (r.action == cell_action::move && below(2) == 0) r.cost = -r.cost;
                batch.add(r, keys[1 + i]);
            }
            const auto asked = std::chrono::steady_clock::now();
            const auto wrong = model.difference(batch, answer_to(batch), asked);
            expect(wrong.empty(), wrong);
            if (!wrong.empty()) return;
        }
    });
    check("cells: racing takes", [&] {
        const std::size_t each = (99 + options_.threads) / options_.threads;  // a hundred callers, or a few more
        const auto expect_ten = [&](const std::string& key, time_point at) {
            std::vector<cell_answer> answers(options_.threads * each);
            in_parallel([&](unsigned i) {
                for (std::size_t n = 0; n < each; ++n) answers[i * each + n] = take(key, at, minute, 10 * minute);
            });
            std::vector<time_point> granted;
            for (const auto& answer : answers)
                if (answer.granted) granted.push_back(answer.cells[0]);
            std::sort(granted.begin(), granted.end());
            bool each_once = granted.size() == 10;
            for (std::size_t i = 0; each_once && i < 10; ++i)
                each_once = granted[i] == at + static_cast<int>(i + 1) * minute;
            expect(each_once, "take_cells must be one atomic step: of a hundred callers that take at once what is "
                              "there for ten, ten must be granted it, each another part");
        };
        race([&] {
            const auto key = new_key();
            expect_ten(key, now());
            expect_ten(key, now() + hour);  // it starts again
        });
    });
    check("cells: racing batches", [&] {
        race([&] {
            // The same keys, in another order for each caller: a storage that locks them in the order in which they
            // come gets into a deadlock. One of them has room for half of the callers.
            constexpr std::size_t each = 2;
            const auto at = now();
            const auto key = new_key();
            const auto room = static_cast<int>(options_.threads * each + 1) / 2 * minute;
            std::vector<std::size_t> order{0, 1, 2, 3, 4};
            std::vector<cell_batch> batches(options_.threads, cell_batch(at));
            for (auto& batch : batches) {
                std::shuffle(order.begin(), order.end(), random_);
                for (const auto i : order)
                    batch.add({.cost = minute, .room = i == 0 ? room : distant}, key, std::to_string(i));
            }
            std::atomic<int> granted = 0;
            in_parallel([&](unsigned i) {
                for (std::size_t n = 0; n < each; ++n) granted += answer_to(batches[i]).granted;
            });
            bool all_or_none = granted.load() * minute == room;
            for (const auto i : order) all_or_none = all_or_none && ahead(key + std::to_string(i), at) == room;
            expect(all_or_none, "a batch must be granted whole or not at all, in one atomic step, in whatever order "
                                "batches name their keys");
        });
    });
    check("cells: takes that race with moves", [&] {
        race([&] {
            const auto key = new_key();
            const auto at = now();
            take(key, at, hour, distant);
            in_parallel([&](unsigned i) {
                for (int n = 0; n < 5; ++n)
                    if (i % 2 == 0)
                        take(key, at, 2 * minute, distant);
                    else
                        move(key, at, -minute, distant);
            });
            const int taking = static_cast<int>(options_.threads + 1) / 2,
                      moving = static_cast<int>(options_.threads) / 2;
            expect(ahead(key, at) == hour + 5 * (2 * taking - moving) * minute,
                   "nothing that take_cells has acknowledged must be lost");
        });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/detail/session_suite.hpp ----

#ifndef PHONEAUTH_TESTING_DETAIL_SESSION_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_SESSION_SUITE_HPP

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::sessions() {
    using std::chrono::milliseconds;
    const std::string none;

    check("sessions: insert and find", [&] {
        expect_stored(inserted_session(user_id()));
        auto bare = new_session(user_id());
        bare.fingerprint.clear();
        expect_stored(inserted(bare));
        expect(!value_of(storage().find_session(hash())), "find_session of an unknown token hash must return nothing");
        for (const std::string text : awkward_texts) {
            expect(!value_of(storage().find_session(text)),
                   "find_session of an unknown token hash must return nothing");
            expect(!value_of(storage().erase_session(text)), "erase_session must return false if there was none");
            expect(value_of(storage().erase_sessions_of(text, text)) == 0,
                   "erase_sessions_of must return 0 if there are none");
        }
    });
    check("sessions: any time", [&] {
        auto s = new_session(user_id());
        s.created_at = time_point(milliseconds(1));
        s.expires_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        expect_stored(inserted(s));
        // A clock that was turned back: only the records say what time it is.
        s = new_session(user_id());
        s.created_at = now() - std::chrono::hours(24 * 365);
        s.expires_at = s.created_at + std::chrono::hours(24);
        expect_stored(inserted(s));
        expect(value_of(storage().erase_sessions_of(s.user_id, none)) == 1,
               "erase_sessions_of must return how many sessions the user had");
    });
    check("sessions: insert twice", [&] {
        const auto s = inserted_session(user_id());
        auto second = s;
        second.expires_at += std::chrono::hours(1);
        second.user_id = user_id();
        expect(!value_of(storage().insert_session(second)),
               "insert_session of a token hash that is taken must return false");
        expect_stored(s);
        expect(value_of(storage().erase_sessions_of(second.user_id, none)) == 0,
               "a refused insert_session must store nothing");
        expect_stored(s);
        expect(value_of(storage().erase_sessions_of(s.user_id, none)) == 1,
               "a refused insert_session must change nothing");
    });
    check("sessions: erase", [&] {
        const auto id = user_id();
        const auto s = inserted_session(id);
        const auto other = inserted_session(id);
        expect(value_of(storage().erase_session(s.token_hash)), "erase_session must return true if there was one");
        expect(!value_of(storage().erase_session(s.token_hash)), "erase_session must return false if there was none");
        expect(!value_of(storage().find_session(s.token_hash)), "a session that was erased must not be found");
        expect_stored(other);
    });
    check("sessions: erase all of a user", [&] {
        const auto id = user_id();
        const auto first = inserted_session(id);
        const auto second = inserted_session(id);
        const auto third = inserted_session(id);
        const auto other = inserted_session(user_id());
        value_of(storage().erase_session(second.token_hash));
        expect(value_of(storage().erase_sessions_of(id, first.token_hash)) == 1,
               "erase_sessions_of must return how many sessions it ended");
        expect_stored(first);
        expect(!value_of(storage().find_session(third.token_hash)),
               "after erase_sessions_of only the session that is kept must be found");
        inserted(third);
        expect(value_of(storage().erase_sessions_of(id, none)) == 2,
               "erase_sessions_of must return how many sessions the user had");
        expect(!value_of(storage().find_session(first.token_hash)) &&
                   !value_of(storage().find_session(third.token_hash)),
               "after erase_sessions_of none of the user's sessions must be found");
        expect(value_of(storage().erase_sessions_of(id, none)) == 0,
               "erase_sessions_of must return 0 if there are none");
        expect_stored(other);
        inserted(third);
        expect(value_of(storage().erase_sessions_of(id, other.token_hash)) == 1,
               "erase_sessions_of must end all sessions if the one to keep is another user's");
        expect(!value_of(storage().find_session(third.token_hash)),
               "after erase_sessions_of none of the user's sessions must be found");
        expect_stored(other);
        expect(value_of(storage().erase_sessions_of(other.user_id, other.token_hash)) == 0,
               "erase_sessions_of must not count the session that is kept");
        expect_stored(other);
    });
    check("sessions: racing inserts", [&] {
        race([&] {
            std::vector<session> rivals(options_.threads, new_session(none));
            for (auto& s : rivals) s.user_id = user_id();
            const auto winners =
                winners_of([&, this](unsigned i) { return value_of(storage().insert_session(rivals[i])); });
            expect(winners.size() == 1, "of several insert_session of one token hash exactly one must return true");
            for (const auto i : winners) expect_stored(rivals[i]);
        });
    });
    check("sessions: racing erasures", [&] {
        race([&] {
            const auto s = inserted_session(user_id());
            const auto winners =
                winners_of([&, this](unsigned) { return value_of(storage().erase_session(s.token_hash)); });
            expect(winners.size() == 1, "of several erase_session of one session exactly one must return true");
        });
        race([&] {
            const auto id = user_id();
            std::vector<session> all;
            for (unsigned i = 0; i < options_.threads; ++i) all.push_back(inserted_session(id));
            const auto& kept = all.front();
            std::atomic<std::size_t> ended = 0;
            in_parallel([&, this](unsigned i) {
                ended += i % 2 == 0 ? value_of(storage().erase_sessions_of(id, kept.token_hash))
                                    : std::size_t{value_of(storage().erase_session(all[i].token_hash))};
            });
            expect(ended == all.size() - 1,
                   "of several that erase a session at once exactly one must return true or count it");
            expect_stored(kept);
        });
    });
    check("sessions: insertions that race with erasures", [&] {
        race([&] {
            const auto id = user_id();
            constexpr unsigned each = 4;
            std::vector<session> all;
            for (unsigned i = 0; i < options_.threads * each; ++i) all.push_back(new_session(id));
            std::atomic<std::size_t> ended = 0;
            in_parallel([&, this](unsigned i) {
                for (unsigned n = 0; n < each; ++n)
                    if (i == 0)
                        ended += value_of(storage().erase_sessions_of(id, none));
                    else
                        value_of(storage().insert_session(all[i * each + n]));
            });
            const auto found = [this](const session& s) {
                return value_of(storage().find_session(s.token_hash)).has_value();
            };
            const auto left = static_cast<std::size_t>(std::count_if(all.begin(), all.end(), found));
            expect(ended + left == all.size() - each,
                   "each session that was inserted must be found until erase_sessions_of has counted it");
            expect(value_of(storage().erase_sessions_of(id, none)) == left &&
                       std::none_of(all.begin(), all.end(), found),
                   "erase_sessions_of must end every session of the user that can be found");
        });
    });
    check("sessions: no acknowledged insertion is lost", [&] {
        const auto id = user_id();
        std::vector<session> all;
        for (unsigned i = 0; i < options_.threads * options_.rounds; ++i) all.push_back(new_session(id));
        in_parallel([&, this](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n)
                value_of(storage().insert_session(all[n * options_.threads + i]));
        });
        for (const auto& s : all) expect_stored(s);
        expect(value_of(storage().erase_sessions_of(id, none)) == all.size(),
               "erase_sessions_of must return how many sessions the user had");
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/detail/transaction_suite.hpp ----

#ifndef PHONEAUTH_TESTING_DETAIL_TRANSACTION_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_TRANSACTION_SUITE_HPP

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::transactions() {
    using std::chrono::milliseconds;
    using std::chrono::minutes;

    check("transactions: insert and find", [&] {
        expect_stored(inserted_transaction());
        auto bare = new_transaction();
        bare.user_id.clear();
        bare.purpose = purpose::registration;
        bare.delivery = delivery_state::pending;
        bare.delivery_error = 0;
        bare.password_fingerprint.clear();
        bare.known_network.clear();
        bare.version = 0;
        expect_stored(inserted(bare));
        for (const auto state : {transaction_state::confirmed, transaction_state::exhausted, transaction_state::expired,
                                 transaction_state::failed}) {
            auto t = new_transaction();
            t.state = state;
            expect_stored(inserted(t));
        }
        expect(!value_of(storage().find_transaction(uuid())), "find_transaction of an unknown id must return nothing");
    });
    check("transactions: any text", [&] {
        for (const std::string text : awkward_texts) {
            expect(!value_of(storage().find_transaction(text)),
                   "find_transaction of an unknown id must return nothing");
            auto t = new_transaction();
            t.key_id = text;
            expect_stored(inserted(t));
        }
        const auto t = inserted_transaction();
        is_accepted([&] {
            expect(!value_of(storage().find_transaction(t.id + '\0')) &&
                       !value_of(storage().find_transaction(t.id + std::string("\0'x", 3))),
                   "find_transaction must not cut off an id at a NUL");
        });
        expect_stored(t);
    });
    check("transactions: the largest numbers", [&] {
        auto t = new_transaction();
        t.tries = t.sends = (std::numeric_limits<std::uint32_t>::max)();
        t.version = (std::uint64_t{1} << 53) + 1;  // more than a double can tell from its neighbours
        inserted(t);
        auto stale = t;
        --stale.version;
        expect(!value_of(storage().update_transaction(stale)),
               "update_transaction with an older version must return false");
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
        t = new_transaction();
        t.delivery_error = (std::numeric_limits<std::int32_t>::min)();
        t.version = (std::numeric_limits<std::int64_t>::max)() - 1;
        inserted(t);
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
    });
    check("transactions: any time", [&] {
        auto t = new_transaction();
        t.expires_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        t.created_at = t.last_sent_at = time_point(milliseconds(1));
        expect_stored(inserted(t));
        t = new_transaction();
        t.last_sent_at = time_point(milliseconds(-1));
        expect_stored(inserted(t));
        // A clock that was turned back: only the records say what time it is.
        t = new_transaction();
        t.created_at = t.last_sent_at = now() - std::chrono::hours(24 * 365);
        t.expires_at = t.created_at + minutes(5);
        expect_stored(inserted(t));
        ++t.tries;
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
    });
    check("transactions: insert twice", [&] {
        const auto t = inserted_transaction();
        auto second = t;
        second.tries = 4;
        expect(!value_of(storage().insert_transaction(second)),
               "insert_transaction of an id that is taken must return false");
        expect_stored(t);
    });
    check("transactions: update", [&] {
        auto t = inserted_transaction();
        t.phone = new_phone();
        t.user_id = user_id();
        t.key_id = "another";
        t.state = transaction_state::confirmed;
        t.tries = 5;
        t.sends = 4;
        t.last_sent_at += milliseconds(1234);
        t.delivery = delivery_state::pending;
        t.delivery_error = 0;
        expect(value_of(storage().update_transaction(t)),
               "update_transaction with the stored version must return true");
        ++t.version;
        expect_stored(t);
        for (const auto error : {-1, (std::numeric_limits<std::int32_t>::max)()}) {
            t.delivery = error < 0 ? delivery_state::delivered : delivery_state::undelivered;
            t.delivery_error = error;
            value_of(storage().update_transaction(t));
            ++t.version;
            expect_stored(t);
        }
    });
    check("transactions: stale update", [&] {
        auto t = inserted_transaction();
        auto stale = t;
        t.tries = 1;
        value_of(storage().update_transaction(t));
        ++t.version;
        stale.state = transaction_state::confirmed;
        expect(!value_of(storage().update_transaction(stale)),
               "update_transaction with an older version must return false");
        expect_stored(t);
        stale.version = t.version + 1;
        expect(!value_of(storage().update_transaction(stale)),
               "update_transaction with a newer version must return false");
        expect_stored(t);
        t.tries = 2;
        expect(value_of(storage().update_transaction(t)),
               "a refused update_transaction must not get in the next one's way");
        ++t.version;
        expect_stored(t);
    });
    check("transactions: update of an unknown one", [&] {
        const auto t = new_transaction();
        expect(!value_of(storage().update_transaction(t)), "update_transaction of an unknown id must return false");
        expect(!value_of(storage().find_transaction(t.id)), "update_transaction of an unknown id must not store it");
    });
    check("transactions: kept past their expiry", [&] {
        auto old = new_transaction();
        old.expires_at = now() - transaction_retention + minutes(1);
        old.created_at = old.expires_at - minutes(5);
        inserted(old);
        for (int i = 0; i < 10; ++i) inserted_transaction();
        expect_stored(old);
        old.state = transaction_state::expired;
        expect(value_of(storage().update_transaction(old)), "update_transaction of an expired one must return true");
        ++old.version;
        for (int i = 0; i < 10; ++i) inserted_transaction();
        expect_stored(old);
    });
    check("transactions: racing inserts", [&] {
        race([&] {
            const auto t = new_transaction();
            const auto winners = winners_of([&, this](unsigned i) {
                auto mine = t;
                mine.tries = i;
                return value_of(storage().insert_transaction(mine));
            });
            expect(winners.size() == 1, "of several insert_transaction of one id exactly one must return true");
            auto won = t;
            won.tries = winners.empty() ? 0 : winners.front();
            expect_stored(won);
        });
    });
    check("transactions: racing updates", [&] {
        race([&] {
            const auto t = inserted_transaction();
            const auto winners = winners_of([&, this](unsigned i) {
                auto mine = t;
                mine.tries = i;
                return value_of(storage().update_transaction(mine));
            });
            expect(winners.size() == 1, "of several update_transaction with one version exactly one must return true");
            auto won = t;
            won.tries = winners.empty() ? 0 : winners.front();
            ++won.version;
            expect_stored(won);
        });
    });
    check("transactions: no acknowledged insertion is lost", [&] {
        std::vector<transaction> all;
        for (unsigned i = 0; i < options_.threads * options_.rounds; ++i) all.push_back(new_transaction());
        in_parallel([&, this](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n)
                value_of(storage().insert_transaction(all[n * options_.threads + i]));
        });
        for (const auto& t : all) expect_stored(t);
    });
    check("transactions: no acknowledged update is lost", [&] {
        auto t = inserted_transaction();
        t.tries = 0;
        value_of(storage().update_transaction(t));
        ++t.version;
        const unsigned each = options_.rounds;
        in_parallel([&, this](unsigned) {
            // Whoever loses loses to one that wins, so nobody needs more tries than there are updates.
            for (unsigned done = 0, tries = 0; done < each && tries < options_.threads * each; ++tries) {
                auto mine = value_of(storage().find_transaction(t.id));
                if (!mine) return;
                ++mine->tries;
                if (value_of(storage().update_transaction(*mine))) ++done;
            }
        });
        t.tries = options_.threads * each;
        t.version += t.tries;
        expect_stored(t);
    });
    check("transactions: finds that race with updates", [&] {
        const auto t = inserted_transaction();
        std::atomic<std::uint64_t> acknowledged = t.version;
        // All fields tell by how many updates they were changed.
        const auto after = [&t](unsigned updates) {
            auto changed = t;
            changed.tries = changed.sends = updates;
            changed.key_id = std::string(updates % 32, 'k');
            changed.last_sent_at = t.created_at + milliseconds(updates);
            changed.delivery_error = static_cast<std::int32_t>(updates);
            changed.version = t.version + updates;
            return changed;
        };
        read_while_writing(
            [&, this](unsigned n) {
                auto mine = after(n);
                --mine.version;
                value_of(storage().update_transaction(mine));
                acknowledged = mine.version + 1;
            },
            [&, this] {
                const auto least = acknowledged.load();
                const auto seen = value_of(storage().find_transaction(t.id));
                expect(seen && seen->version >= least,
                       "find_transaction must see at once what update_transaction has acknowledged");
                if (seen && seen->version > t.version)
                    expect(difference(*seen, after(seen->tries)).empty(),
                           "find_transaction must see an update whole, or not at all");
                return seen ? seen->version : 0;
            });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/detail/twilio_replies.hpp ----

#ifndef PHONEAUTH_TESTING_DETAIL_TWILIO_REPLIES_HPP
#define PHONEAUTH_TESTING_DETAIL_TWILIO_REPLIES_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/evp.h>
#include <openssl/hmac.h>


// What the simulated Twilio writes.

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// One row per error code that the simulator knows (https://www.twilio.com/docs/api/errors).
struct twilio_error_row {
    int code;
    int status;
    std::string_view message;
};

// clang-format off
inline constexpr std::array twilio_error_rows{
    twilio_error_row{20003, 401, "Authenticate"},
    twilio_error_row{20004, 405, "Method not allowed"},
    twilio_error_row{20404, 404, "The requested resource was not found"},
    twilio_error_row{20429, 429, "Too Many Requests"},
    twilio_error_row{20500, 500, "An internal server error has occurred"},
    twilio_error_row{21211, 400, "The 'To' number is not a valid phone number."},
    twilio_error_row{21212, 400, "The 'From' number is not a valid phone number, shortcode, or alphanumeric sender ID."},
    twilio_error_row{21408, 400, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number."},
    twilio_error_row{21602, 400, "Message body is required."},
    twilio_error_row{21603, 400, "A 'From' phone number is required."},
    twilio_error_row{21604, 400, "A 'To' phone number is required."},
    twilio_error_row{21606, 400, "The 'From' phone number provided is not a valid message-capable Twilio phone number for this destination."},
    twilio_error_row{21608, 400, "The 'To' phone number provided is not yet verified for this account."},
    twilio_error_row{21610, 400, "Attempt to send to unsubscribed recipient"},
    twilio_error_row{21611, 400, "This 'From' number has exceeded the maximum number of queued messages"},
    twilio_error_row{21612, 400, "The 'To' phone number is not currently reachable using the 'From' phone number via SMS."},
    twilio_error_row{21614, 400, "The 'To' number is not a valid mobile number"},
    twilio_error_row{21617, 400, "The concatenated message body exceeds the 1600 character limit"},
    twilio_error_row{21620, 400, "Invalid media URL(s)"},
    twilio_error_row{21623, 400, "Number of media files exceeds allowed limit"},
    twilio_error_row{21704, 400, "The Messaging Service contains no phone numbers"},
    twilio_error_row{70051, 403, "Authorization Failed"},
};
// clang-format on

/// For example "Thu, 24 Aug 2023 05:01:45 +0000" (RFC 2822 §3.3).
inline std::string rfc2822_date(time_point t) {
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(t);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(t - day));
    const auto two = [](auto n) { return (n < 10 ? "0" : "") + std::to_string(n); };
    return std::string(days[std::chrono::weekday(day).c_encoding()]) + ", " + two(static_cast<unsigned>(date.day())) +
           " " + months[static_cast<unsigned>(date.month()) - 1] + " " + std::to_string(static_cast<int>(date.year())) +
           " " + two(time.hours().count()) + ":" + two(time.minutes().count()) + ":" + two(time.seconds().count()) +
           " +0000";
}

/// The same as a header has it: "Thu, 24 Aug 2023 05:01:45 GMT" (RFC 9110 §5.6.7).
inline std::string http_date(time_point t) {
    auto text = rfc2822_date(t);
    return text.replace(text.size() - 5, 5, "GMT");
}

/// Where the account may send at first.
inline std::vector<twilio::country_permission> usual_countries() {
    return {{"US", "1", true},  {"CA", "1", true},  {"GB", "44", true}, {"IE", "353", true}, {"DE", "49", true},
            {"AT", "43", true}, {"CH", "41", true}, {"FR", "33", true}, {"BE", "32", true},  {"NL", "31", true},
            {"ES", "34", true}, {"IT", "39", true}, {"PL", "48", true}, {"SE", "46", true},  {"NO", "47", true},
            {"AU", "61", true}, {"NZ", "64", true}, {"IN", "91", true}, {"BR", "55", true},  {"JP", "81", true}};
}

/// What Twilio would put into X-Twilio-Signature (https://www.twilio.com/docs/usage/security#validating-requests). It
/// is not what the library checks signatures with, so that a mistake there is not made here as well.
inline std::string twilio_signature(std::string_view auth_token, std::string_view url,
                                    std::vector<std::pair<std::string, std::string>> parameters) {
    std::sort(parameters.begin(), parameters.end());
    std::string text(url);
    for (const auto& [name, value] : parameters) text.append(name).append(value);
    std::array<unsigned char, EVP_MAX_MD_SIZE> mac;
    unsigned size = 0;
    if (!HMAC(EVP_sha1(), auth_token.data(), static_cast<int>(auth_token.size()),
              reinterpret_cast<const unsigned char*>(text.data()), text.size(), mac.data(), &size))
        throw std::runtime_error("phoneauth: OpenSSL failed");
    return phoneauth::detail::base64({reinterpret_cast<const char*>(mac.data()), size});
}

inline std::string text_of(phoneauth::detail::json_object& o) {
    return std::move(o).str();
}

inline http_response twilio_reply(int status, std::string body) {
    return {status,
            {{"Content-Type", "application/json;charset=utf-8"},
             {"Twilio-Request-Id", "RQ0123456789abcdef0123456789abcdef"}},
            std::move(body)};
}

/// With the status that Twilio gives with `code`, unless another is asked for.
inline http_response twilio_error(int code, int status = 0) {
    std::string_view message = "An error";
    for (const auto& row : twilio_error_rows)
        if (row.code == code) {
            message = row.message;
            if (status == 0) status = row.status;
        }
    if (status == 0) status = 400;
    phoneauth::detail::json_object json;
    json.number("code", code).string("message", message);
    json.string("more_info", "https://www.twilio.com/docs/errors/" + std::to_string(code)).number("status", status);
    auto reply = twilio_reply(status, text_of(json));
    if (status == 401) reply.headers.push_back({"WWW-Authenticate", "Basic realm=\"Twilio API\""});
    return reply;
}

/// "[…,…]"
inline std::string json_array(const std::vector<std::string>& elements) {
    std::string list = "[";
    for (const auto& e : elements) list.append(list.size() > 1 ? "," : "").append(e);
    return list + ']';
}

/// A page of `elements`, JSON texts, under the name `member`, as version 2010-04-01 has it.
inline http_response twilio_page(std::string_view member, const std::vector<std::string>& elements,
                                 std::string_view uri) {
    const auto count = static_cast<std::int64_t>(elements.size());
    phoneauth::detail::json_object json;
    json.raw(member, json_array(elements)).number("page", 0).number("page_size", 50).number("start", 0);
    json.number("end", count > 0 ? count - 1 : 0).string("uri", uri).null("next_page_uri").null("previous_page_uri");
    return twilio_reply(200, text_of(json));
}

/// An Account; `uri` is without its ending.
inline std::string account_json(std::string_view sid, std::string_view status, std::string_view type,
                                const std::string& uri) {
    phoneauth::detail::json_object links;
    links.string("messages", uri + "/Messages.json");
    phoneauth::detail::json_object json;
    json.string("sid", sid).string("friendly_name", "Simulated account").string("status", status);
    json.string("type", type).string("owner_account_sid", sid);
    json.string("date_created", "Thu, 01 Jan 2026 00:00:00 +0000");
    json.string("date_updated", "Thu, 01 Jan 2026 00:00:00 +0000");
    json.string("uri", uri + ".json").raw("subresource_uris", text_of(links));
    return text_of(json);
}

/// An element of IncomingPhoneNumbers.
inline std::string number_json(std::string_view account_sid, const std::string& phone, bool sms, bool mms) {
    phoneauth::detail::json_object able;
    able.boolean("voice", true).boolean("sms", sms).boolean("mms", mms).boolean("fax", false);
    phoneauth::detail::json_object json;
    json.string("sid", "PN" + std::string(28, '0') + phone.substr(phone.size() - 4)).string("account_sid", account_sid);
    json.string("phone_number", phone).raw("capabilities", text_of(able));
    return text_of(json);
}

/// An element that is an object of one text.
inline std::string named_json(std::string_view name, std::string_view value) {
    phoneauth::detail::json_object json;
    json.string(name, value);
    return text_of(json);
}

/// A sender of a Messaging Service, under `name`.
inline std::string sender_json(std::string_view name, const std::string& phone, bool sms, bool mms) {
    std::vector<std::string> able;
    if (sms) able.emplace_back("\"SMS\"");
    if (mms) able.emplace_back("\"MMS\"");
    if (name == "phone_number") able.emplace_back("\"Voice\"");
    phoneauth::detail::json_object json;
    json.string(name, phone).raw("capabilities", json_array(able));
    return text_of(json);
}

/// The Geo Permissions.
inline http_response countries_reply(const std::vector<twilio::country_permission>& countries) {
    std::vector<std::string> list;
    for (const auto& c : countries) {
        phoneauth::detail::json_object json;
        json.string("country_code", c.country).string("type", "country").boolean("enabled", c.enabled);
        json.string("prefix", "+" + c.prefix).string("message", "");
        list.push_back(text_of(json));
    }
    return twilio_reply(200, "{\"permissions\":" + json_array(list) + "}");
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/detail/user_suite.hpp ----

#ifndef PHONEAUTH_TESTING_DETAIL_USER_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_USER_SUITE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// JSON texts that mean the same to a parser as others, or nothing: each must be stored byte for byte.
inline constexpr std::array awkward_json{
    "null",
    "false",
    "\"\"",
    "[]",
    "{ }",
    "-0",
    "1.0",
    "1E+2",
    "1e400",
    "9007199254740993",
    "12345678901234567890.50",
    "0.1000000000000000055511151231257827",
    " \t\r\n[ 1 ,\t2 ]\n",
    R"({"b":1,"a":2,"b":3})",
    R"({"a":[1,{"b":null}],"quote":"\"\\\/"})",
    R"("\u0000 \ud83d\ude00 \ud800 \u00e9")",
    "\"Zo\xC3\xAB \xF0\x9F\x98\x80 \x7F\"",
};

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::users() {
    using std::chrono::milliseconds;

    const auto done_by = [&](const std::vector<user>& users, auto write) {
        return winners_of([&](unsigned i) { return write(users[i]) == write_result::done; });
    };
    const auto insert = [this](const user& u) { return value_of(storage().insert_user(u)); };
    const auto update = [this](const user& u) { return value_of(storage().update_user(u)); };

    check("users: insert and find", [&] {
        auto u = new_user();
        u.properties = {{"age", "33"}, {"nested", R"({"a":[1,{"b":null}],"quote":"\"\\"})"}, {"näme", "\"Zoë\""}};
        u.updated_at = u.created_at + milliseconds(1);
        u.last_login_at = u.created_at + milliseconds(999);
        u.enabled = false;
        u.locale = "de";
        expect_stored(inserted(u));
        auto bare = new_user();
        bare.password_hash.clear();
        bare.locale.clear();
        bare.version = 0;
        bare.generation = 0;
        expect_stored(inserted(bare));
    });
    check("users: any text", [&] {
        for (const std::string text : awkward_texts) {
            auto u = new_user();
            u.identity += text;
            u.password_hash = u.locale = text;
            u.properties = {{text, "1"}, {text + text, "\"2\""}};
            expect_stored(inserted(u));
            expect(!value_of(storage().find_user(text)), "find_user of an unknown id must return nothing");
            expect(!value_of(storage().find_user_by_identity(text)),
                   "find_user_by_identity of an unknown identity must return nothing");
            u.identity = text + new_identity();
            expect(update(u) == write_result::done, "update_user with the stored version must return done");
            ++u.version;
            expect_stored(u);
        }
        auto u = new_user();
        u.identity = std::string(64, 'l') + '@' + characters("abcdefghijklmnopqrstuvwxyz", 185) + ".com";  // 254
        u.password_hash = std::string(300, '$');
        u.locale = std::string(35, 'l');
        expect_stored(inserted(u));
    });
    check("users: any JSON", [&] {
        auto u = new_user();
        for (const std::string json : awkward_json) u.properties[json] = json;
        expect_stored(inserted(u));
        u.properties = {{"big", '"' + std::string(1 << 20, 'x') + '"'}};
        for (int i = 0; i < 1000; ++i) u.properties[std::to_string(i)] = std::to_string(i);
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
        u.properties.clear();
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
    });
    check("users: any time", [&] {
        auto u = new_user();
        u.created_at = time_point(milliseconds(-1));
        u.updated_at = time_point(milliseconds(0));
        u.last_login_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        expect_stored(inserted(u));
    });
    check("users: the largest numbers", [&] {
        auto u = new_user();
        u.version = (std::uint64_t{1} << 53) + 1;  // more than a double can tell from its neighbours
        inserted(u);
        auto stale = u;
        --stale.version;
        expect(update(stale) == write_result::stale, "update_user with an older version must return stale");
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
        u = new_user();
        u.version = (std::numeric_limits<std::int64_t>::max)() - 1;
        u.generation = (std::numeric_limits<std::int64_t>::max)();
        inserted(u);
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
    });
    check("users: NUL", [&] {
        auto u = new_user();
        const auto identity = u.identity;
        u.identity += std::string("\0x", 2);
        u.properties = {{std::string("a\0b", 3), "1"}};
        if (is_accepted([&] { insert(u); }))
            expect_stored(u);
        else
            expect(!value_of(storage().find_user(u.object_id)), "an insert_user that threw must store nothing");
        expect(!value_of(storage().find_user_by_identity(identity)),
               "insert_user must not cut off an identity at a NUL");
        const auto plain = inserted_user();
        is_accepted([&] {
            expect(!value_of(storage().find_user_by_identity(plain.identity + std::string("\0x", 2))),
                   "find_user_by_identity must not cut off an identity at a NUL");
        });
        expect_stored(plain);
    });
    check("users: look-ups that find nobody", [&] {
        const auto u = inserted_user();
        expect(!value_of(storage().find_user(uuid())), "find_user of an unknown id must return nothing");
        expect(!value_of(storage().find_user_by_phone(new_phone())),
               "find_user_by_phone of an unknown phone must return nothing");
        auto shouted = u.identity;
        std::replace(shouted.begin(), shouted.end(), 's', 'S');
        for (const auto& identity : {new_identity(), shouted, u.identity + " ", " " + u.identity, u.identity + "m",
                                     std::string("%"), std::string()})
            expect(!value_of(storage().find_user_by_identity(identity)),
                   "find_user_by_identity must compare identities byte for byte");
    });
    check("users: identities that look alike", [&] {
        const auto identity = new_identity();
        for (const std::string text : {"a", "A", "a ", "\xC3\xA9", "e\xCC\x81", "\xC3\x89", "\xC3\x9F", "ss",
                                       "\xEF\xBC\xA1", "1", "1.0", "01"}) {
            auto u = new_user();
            u.identity = identity + text;
            expect(insert(u) == write_result::done, "identities that differ in a byte must be different");
            expect_stored(u);
        }
    });
    check("users: one phone, one identity", [&] {
        const auto u = inserted_user();
        auto same_phone = new_user();
        same_phone.phone = u.phone;
        expect(insert(same_phone) == write_result::phone_taken,
               "insert_user with another user's phone must return phone_taken");
        expect_absent(same_phone);
        expect(!value_of(storage().find_user_by_identity(same_phone.identity)),
               "a refused insert_user must store nothing");
        auto same_identity = new_user();
        same_identity.identity = u.identity;
        expect(insert(same_identity) == write_result::identity_taken,
               "insert_user with another user's identity must return identity_taken");
        expect_absent(same_identity);
        expect(!value_of(storage().find_user_by_phone(same_identity.phone)),
               "a refused insert_user must store nothing");
        auto same_id = new_user();
        same_id.object_id = u.object_id;
        is_accepted([&] {
            expect(insert(same_id) != write_result::done,
                   "insert_user with another user's object_id must throw or return something other than done");
        });
        expect(!value_of(storage().find_user_by_phone(same_id.phone)), "a refused insert_user must store nothing");
        expect_stored(u);

        same_phone.phone = same_identity.phone;
        expect(insert(same_phone) == write_result::done,
               "a refused insert_user must not take the phone or the identity");
        expect_stored(same_phone);
    });
    check("users: update", [&] {
        auto u = inserted_user();
        const auto before = u;
        u.phone = new_phone();
        u.identity = new_identity();
        u.password_hash = "$another";
        u.properties = {{"new", "true"}};
        u.locale = "fr";
        u.enabled = false;
        u.updated_at = now();
        u.last_login_at = now();
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
        expect(!value_of(storage().find_user_by_phone(before.phone)),
               "a user must not be found by a phone that they no longer has");
        expect(!value_of(storage().find_user_by_identity(before.identity)),
               "a user must not be found by an identity that they no longer has");
        u.last_login_at.reset();
        expect(update(u) == write_result::done, "update_user that keeps phone and identity must return done");
        ++u.version;
        expect_stored(u);
        auto heir = new_user();
        heir.phone = before.phone;
        heir.identity = before.identity;
        expect(insert(heir) == write_result::done, "a phone and an identity that were given up must be free");
        expect_stored(heir);
    });
    check("users: update to what another has", [&] {
        const auto other = inserted_user();
        auto u = inserted_user();
        auto to_phone = u;
        to_phone.phone = other.phone;
        to_phone.identity = new_identity();
        expect(update(to_phone) == write_result::phone_taken,
               "update_user to another user's phone must return phone_taken");
        auto to_identity = u;
        to_identity.identity = other.identity;
        to_identity.phone = new_phone();
        expect(update(to_identity) == write_result::identity_taken,
               "update_user to another user's identity must return identity_taken");
        expect(!value_of(storage().find_user_by_phone(to_identity.phone)) &&
                   !value_of(storage().find_user_by_identity(to_phone.identity)),
               "a refused update_user must change nothing");
        expect_stored(u);
        expect_stored(other);

        u.phone = to_identity.phone;
        u.identity = to_phone.identity;
        expect(update(u) == write_result::done, "a refused update_user must not take the phone or the identity");
        ++u.version;
        expect_stored(u);
    });
    check("users: stale update", [&] {
        auto u = inserted_user();
        auto stale = u;
        u.locale = "fr";
        update(u);
        ++u.version;
        stale.locale = "it";
        stale.phone = new_phone();
        expect(update(stale) == write_result::stale, "update_user with an older version must return stale");
        stale.version = u.version + 1;
        expect(update(stale) == write_result::stale, "update_user with a newer version must return stale");
        expect_stored(u);
        expect(!value_of(storage().find_user_by_phone(stale.phone)), "a stale update_user must change nothing");
        const auto unknown = new_user();
        expect(update(unknown) == write_result::stale, "update_user of an unknown user must return stale");
        expect_absent(unknown);
    });
    check("users: racing inserts of one phone", [&] {
        race([&] {
            auto users = rivals();
            for (auto& u : users) u.phone = users.front().phone;
            const auto winners = done_by(users, insert);
            expect(winners.size() == 1, "of several insert_user with one phone exactly one must return done");
            for (const auto i : winners) expect_stored(users[i]);
        });
    });
    check("users: racing inserts of one identity", [&] {
        race([&] {
            auto users = rivals();
            for (auto& u : users) u.identity = users.front().identity;
            const auto winners = done_by(users, insert);
            expect(winners.size() == 1, "of several insert_user with one identity exactly one must return done");
            for (const auto i : winners) expect_stored(users[i]);
        });
    });
    check("users: racing inserts in a ring", [&] {
        race([&] {
            auto users = rivals();  // each has the phone of one neighbour and the identity of the other
            const auto count = users.size();
            for (std::size_t i = 0; i + 1 < count; i += 2) {
                users[i + 1].phone = users[i].phone;
                users[(i + 2) % count].identity = users[i + 1].identity;
            }
            std::shuffle(users.begin(), users.end(), random_);
            const auto winners = done_by(users, insert);
            const auto won = [&](const user& u) {
                return std::any_of(winners.begin(), winners.end(), [&](auto i) { return &users[i] == &u; });
            };
            for (const auto& u : users) {
                if (won(u)) {
                    expect_stored(u);
                    continue;
                }
                expect_absent(u);
                expect(std::any_of(users.begin(), users.end(),
                                   [&](const user& other) {
                                       return won(other) && (other.phone == u.phone || other.identity == u.identity);
                                   }),
                       "insert_user must not refuse a user because of another that it refuses as well");
            }
        });
    });
    check("users: racing updates to one phone", [&] {
        race([&] {
            auto users = rivals(true);
            const auto phone = new_phone();
            for (auto& u : users) u.phone = phone;
            const auto winners = done_by(users, update);
            expect(winners.size() == 1, "of several update_user to one phone exactly one must return done");
            for (const auto i : winners) {
                ++users[i].version;
                expect_stored(users[i]);
            }
        });
    });
    check("users: racing updates in a circle", [&] {
        race([&] {
            const auto users = rivals(true);
            auto changed = users;
            for (std::size_t i = 0; i < users.size(); ++i) changed[i].phone = users[(i + 1) % users.size()].phone;
            if (users.size() < 2) return;
            expect(done_by(changed, update).empty(),
                   "users who all want the phone of the next one must all get phone_taken");
            for (const auto& u : users) expect_stored(u);
        });
    });
    check("users: racing updates of one user", [&] {
        race([&] {
            const auto u = inserted_user();
            const auto winners = winners_of([&](unsigned i) {
                auto mine = u;
                mine.properties["winner"] = std::to_string(i);
                return update(mine) == write_result::done;
            });
            expect(winners.size() == 1, "of several update_user with one version exactly one must return done");
            auto won = u;
            won.properties["winner"] = winners.empty() ? "" : std::to_string(winners.front());
            ++won.version;
            expect_stored(won);
        });
    });
    check("users: no acknowledged insertion is lost", [&] {
        std::vector<user> all;
        for (unsigned i = 0; i < options_.threads * options_.rounds; ++i) all.push_back(new_user());
        in_parallel([&](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n) insert(all[n * options_.threads + i]);
        });
        for (const auto& u : all) expect_stored(u);
    });
    check("users: finds that race with updates", [&] {
        const auto u = inserted_user();
        const auto other_phone = new_phone();
        std::atomic<std::uint64_t> acknowledged = u.version;
        // All fields tell by how many updates they were changed; the phone comes and goes.
        const auto after = [&](unsigned updates) {
            auto changed = u;
            changed.phone = updates % 2 == 0 ? u.phone : other_phone;
            changed.password_hash = changed.locale = std::to_string(updates);
            for (unsigned i = 0; i < updates % 8; ++i) changed.properties[std::to_string(i)] = changed.locale;
            changed.last_login_at = u.created_at + milliseconds(updates);
            changed.version = u.version + updates;
            return changed;
        };
        const auto expect_whole = [&](const auto& seen) {
            if (seen && seen->version > u.version)
                expect(difference(*seen, after(static_cast<unsigned>(seen->version - u.version))).empty(),
                       "a find must see an update whole, or not at all");
        };
        read_while_writing(
            [&](unsigned n) {
                auto mine = after(n);
                --mine.version;
                update(mine);
                acknowledged = mine.version + 1;
            },
            [&, this] {
                const auto least = acknowledged.load();
                const auto seen = value_of(storage().find_user(u.object_id));
                expect(seen && seen->version >= least, "find_user must see at once what update_user has acknowledged");
                expect_whole(seen);
                const auto by_identity = value_of(storage().find_user_by_identity(u.identity));
                expect(by_identity && by_identity->version >= least,
                       "find_user_by_identity must see at once what update_user has acknowledged");
                expect_whole(by_identity);
                const auto by_phone = value_of(storage().find_user_by_phone(other_phone));
                expect_whole(by_phone);
                expect(!by_phone || by_phone->phone == other_phone,
                       "find_user_by_phone must not find a user who has another phone");
                return seen ? seen->version : 0;
            });
    });
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/failing_storage.hpp ----

#ifndef PHONEAUTH_TESTING_FAILING_STORAGE_HPP
#define PHONEAUTH_TESTING_FAILING_STORAGE_HPP

#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <type_traits>


namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A Storage for tests that hands everything on to another one, `S`, blocking or not, and fails when it is told to.
/// A test that is to see every error path counts up until nothing fails any more:
///
///     for (std::size_t n = 1;; ++n) {
///         memory_storage memory;
///         failing_storage failing(memory);
///         failing.fail_before(n);
///         …  // run the flow; whether it failed or not, look at what is stored
///         if (failing.calls() < n) break;
///     }
///
/// Calls are counted from 1.
///
/// @par Thread safety
/// That of `S`.
///
/// @par Lifetime
/// It keeps a reference: the other storage must outlive it.
template <Storage S>
class failing_storage : public forwarding_storage<failing_storage<S>> {
public:
    /// That of the other storage; see `is_process_local`.
    static constexpr bool process_local = is_process_local<S>;

    /// Hands everything on to `storage`.
    explicit failing_storage(S& storage) noexcept : storage_(storage) {}

    /// The `n`th call throws `std::runtime_error` and changes nothing. 0 means that no call does; likewise below.
    void fail_before(std::size_t n) noexcept { fail_before_ = n; }

    /// The `n`th call does its work and then throws `std::runtime_error`: an acknowledgement that got lost.
    void fail_after(std::size_t n) noexcept { fail_after_ = n; }

    /// The `n`th call of `update_transaction` or `update_user`, counted together, loses a race: a rival stores the same
    /// record unchanged, with the next version, just before it.
    void lose_race_on(std::size_t n) noexcept { lose_race_on_ = n; }

    /// How many calls there were.
    std::size_t calls() const noexcept { return calls_; }
    /// How many of them were updates.
    std::size_t updates() const noexcept { return updates_; }

    /// Hands `operation` on, or fails: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation, const Arguments&... arguments) {
        return finish(counted<Operation>(arguments...));
    }
    ///@{
    /// The two updates can lose a race as well.
    auto perform(operations::update_transaction update, const transaction& t) {
        return finish(raced<operations::find_transaction>(update, t, t.id));
    }
    auto perform(operations::update_user update, const user& u) {
        return finish(raced<operations::find_user>(update, u, u.object_id));
    }
    ///@}

private:
    template <class Operation, class... Arguments>
    using returned = std::invoke_result_t<Operation, S&, const Arguments&...>;
    template <class Operation, class... Arguments>
    using mode = typename awaited<returned<Operation, Arguments...>>::mode;
    template <class Operation, class... Arguments>
    using flow = typename mode<Operation,
                               Arguments...>::template flow<typename awaited<returned<Operation, Arguments...>>::type>;

    /// What a function of the storage returns: the awaitable, or its value at once.
    template <class Flow>
    static auto finish(Flow flow) {
        if constexpr (requires { flow.get(); })
            return flow.get();
        else
            return flow;
    }

    template <class Operation, class... Arguments>
    flow<Operation, Arguments...> counted(const Arguments&... arguments) {
        const auto n = ++calls_;
        if (n == fail_before_) throw std::runtime_error("phoneauth: failing_storage::fail_before");
        const auto call = [&] { return Operation()(storage_, arguments...); };
        auto done = co_await mode<Operation, Arguments...>::call(call);
        if (n == fail_after_) throw std::runtime_error("phoneauth: failing_storage::fail_after");
        co_return done;
    }

    template <class Find, class Update, class Record>
    flow<Update, Record> raced(Update update, const Record& record, const std::string& id) {
        using call_mode = mode<Update, Record>;
        if (++updates_ == lose_race_on_) {
            auto rival = co_await call_mode::call([&] { return Find()(storage_, id); });
            if (rival) (void)co_await call_mode::call([&] { return update(storage_, *rival); });
        }
        auto done = co_await counted<Update>(record);
        co_return done;
    }

    S& storage_;
    std::atomic<std::size_t> calls_ = 0;
    std::atomic<std::size_t> updates_ = 0;
    std::atomic<std::size_t> fail_before_ = 0;
    std::atomic<std::size_t> fail_after_ = 0;
    std::atomic<std::size_t> lose_race_on_ = 0;
};

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/manual_clock.hpp ----

#ifndef PHONEAUTH_TESTING_MANUAL_CLOCK_HPP
#define PHONEAUTH_TESTING_MANUAL_CLOCK_HPP

#include <atomic>
#include <chrono>


namespace phoneauth {
inline namespace v0 {
namespace testing {

/// A Clock for tests: it stands still until it is turned by hand.
///
/// @par Thread safety
/// Shared objects are safe.
class manual_clock {
public:
    /// Starts at `start`, by default 2026-01-01T00:00:00Z.
    explicit manual_clock(time_point start = std::chrono::sys_days{std::chrono::year{2026} / 1 / 1}) noexcept
        : milliseconds_(start.time_since_epoch().count()) {}

    /// What it shows.
    time_point now() const noexcept { return time_point(std::chrono::milliseconds(milliseconds_)); }
    /// Turns it to `t`.
    void set(time_point t) noexcept { milliseconds_ = t.time_since_epoch().count(); }
    /// Turns it on by `by`; a negative one turns it back.
    void advance(std::chrono::milliseconds by) noexcept { milliseconds_ += by.count(); }

private:
    std::atomic<std::chrono::milliseconds::rep> milliseconds_;
};

static_assert(Clock<manual_clock>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/scripted_transport.hpp ----

#ifndef PHONEAUTH_TESTING_SCRIPTED_TRANSPORT_HPP
#define PHONEAUTH_TESTING_SCRIPTED_TRANSPORT_HPP

#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// The first run of exactly 6 to 9 digits in a message; empty if there is none.
inline std::string code_in(std::string_view text) {
    for (std::size_t begin = 0; begin < text.size(); ++begin) {
        auto end = begin;
        while (end < text.size() && phoneauth::detail::is_digit(text[end])) ++end;
        if (end - begin >= 6 && end - begin <= 9) return std::string(text.substr(begin, end - begin));
        begin = end;
    }
    return {};
}

}  // namespace detail

/// A blocking HttpTransport for tests that sends nothing: it replies as it was told and remembers what it was asked.
///
/// Without a script it accepts every message as Twilio does (201 and a Message resource), knows of no message that was
/// sent, and answers 404 to anything else. `reply` and `reply_failure` queue what the next calls get instead, one each.
///
/// @par Thread safety
/// Shared objects are safe.
class scripted_transport {
public:
    /// The next call that has nothing queued before it gets this reply.
    void reply(int status, std::string body = {}, std::vector<http_header> headers = {}) {
        const std::scoped_lock lock(mutex_);
        script_.emplace_back(http_response{status, std::move(headers), std::move(body)});
    }

    /// The next call that has nothing queued before it fails with `f`.
    void reply_failure(failure f) {
        const std::scoped_lock lock(mutex_);
        script_.emplace_back(std::move(f));
    }

    /// The `n`th call from the first on (1 is the first) fails with `f`, whatever is queued; the queue stays as it is.
    void fail_on_call(std::size_t n, failure f) {
        const std::scoped_lock lock(mutex_);
        failures_.insert_or_assign(n, std::optional(std::move(f)));
    }

    /// The `n`th call throws `std::runtime_error`.
    void throw_on_call(std::size_t n) {
        const std::scoped_lock lock(mutex_);
        failures_.insert_or_assign(n, std::nullopt);
    }

    /// The HttpTransport function.
    result<http_response> send(const http_request& request) {
        const std::scoped_lock lock(mutex_);
        requests_.push_back(request);
        if (const auto planned = failures_.find(requests_.size()); planned != failures_.end()) {
            if (!planned->second) throw std::runtime_error("phoneauth: scripted_transport::throw_on_call");
            return *planned->second;
        }
        if (script_.empty()) return default_reply(request);
        auto next = std::move(script_.front());
        script_.pop_front();
        return next;
    }

    /// How often `send` was called.
    std::size_t calls() const {
        const std::scoped_lock lock(mutex_);
        return requests_.size();
    }

    /// All requests, in their order.
    std::vector<http_request> requests() const {
        const std::scoped_lock lock(mutex_);
        return requests_;
    }

    ///@{
    /// The text of the last message that was sent to anybody, or to `phone`; empty if there was none.
    std::string last_message_to(std::string_view phone) const {
        const std::scoped_lock lock(mutex_);
        for (auto r = requests_.rbegin(); r != requests_.rend(); ++r)
            if (is_message(*r) && (phone.empty() || phoneauth::detail::form_field(r->body, "To") == phone))
                return phoneauth::detail::form_field(r->body, "Body");
        return {};
    }
    std::string last_message() const { return last_message_to({}); }
    ///@}

    ///@{
    /// The code in the last message to anybody, or to `phone`: the first run of 6 to 9 digits; empty if there was none.
    std::string last_code() const { return detail::code_in(last_message()); }
    std::string last_code_to(std::string_view phone) const { return detail::code_in(last_message_to(phone)); }
    ///@}

private:
    static bool is_message(const http_request& r) { return r.method == "POST" && r.url.ends_with("/Messages.json"); }

    result<http_response> default_reply(const http_request& request) const {
        http_response r{404, {{"Content-Type", "application/json"}}, {}};
        if (is_message(request)) {
            const auto number = std::to_string(requests_.size());
            r.status = 201;
            r.body =
                R"({"sid":"SM)" + std::string(32 - number.size(), '0') + number +
                R"(","status":"queued","num_segments":"1","num_media":"0","error_code":null,"error_message":null})";
        } else if (request.method == "GET" && request.url.find("/Messages.json?") != std::string::npos) {
            r.status = 200;
            r.body = R"({"messages":[]})";
        } else {
            r.body = R"({"code":20404,"message":"The requested resource was not found","more_info":)"
                     R"("https://www.twilio.com/docs/errors/20404","status":404})";
        }
        return r;
    }

    mutable std::mutex mutex_;
    std::deque<result<http_response>> script_;
    std::map<std::size_t, std::optional<failure>> failures_;  // by call; without a failure: throw
    std::vector<http_request> requests_;
};

static_assert(HttpTransport<scripted_transport>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/storage_suite.hpp ----

#ifndef PHONEAUTH_TESTING_STORAGE_SUITE_HPP
#define PHONEAUTH_TESTING_STORAGE_SUITE_HPP

#include <functional>
#include <utility>
#include <vector>


// Finds out whether a storage gives the guarantees that stand at its concept in policies.hpp, races included. It needs
// no test framework:
//
//     my_users users(test_database);
//     const auto findings = phoneauth::testing::run_user_storage_suite(users);
//     BOOST_TEST(phoneauth::testing::to_text(findings) == "");
//
// Take a storage for tests that nobody else uses meanwhile. It need not be empty: all records have random names. Users
// and cells stay behind, and what has expired may be deleted.

namespace phoneauth {
inline namespace v0 {
namespace testing {

/// Checks the transactions of a storage. Most calls come from `options.threads` threads at once.
///
/// A storage with awaitables needs a `sync_wait` that runs an awaitable to its end and gives its value, or throws what
/// it threw. It is called from several threads at once:
///
///     [](auto later) {
///         asio::io_context context;
///         auto value = asio::co_spawn(context, std::move(later), asio::use_future);
///         context.run();
///         return value.get();
///     }
///
/// @param storage    what is checked
/// @param sync_wait  gives the value of what a function of the storage returned; for a blocking storage that is what it
///     returned
/// @param options    how hard it tries
/// @return what is wrong; empty if nothing is
template <TransactionStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_transaction_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                         const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.transactions();
    return std::move(suite).findings();
}

/// Checks the users of `storage`, like `run_transaction_storage_suite`.
template <UserStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_user_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                  const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.users();
    return std::move(suite).findings();
}

/// Checks the sessions of `storage`, like `run_transaction_storage_suite`.
template <SessionStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_session_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                     const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.sessions();
    return std::move(suite).findings();
}

/// Checks the cells of `storage`, like `run_transaction_storage_suite`.
template <CellStorage S, class SyncWait = std::identity>
std::vector<suite_finding> run_cell_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                                  const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(storage, storage, sync_wait, options);
    suite.cells();
    return std::move(suite).findings();
}

/// Checks two handles of one store, as two servers have them: all four parts, like `run_transaction_storage_suite`.
/// Each call goes to the other handle than the one before. What one of them has acknowledged, the other must see.
template <Storage S, class SyncWait = std::identity>
std::vector<suite_finding> run_shared_storage_suite(S& one, S& other, const SyncWait& sync_wait = {},
                                                    const suite_options& options = {}) {
    detail::storage_suite<S, SyncWait> suite(one, other, sync_wait, options);
    suite.transactions();
    suite.users();
    suite.sessions();
    suite.cells();
    return std::move(suite).findings();
}

/// Checks all four parts of `storage`, like `run_transaction_storage_suite`.
template <Storage S, class SyncWait = std::identity>
std::vector<suite_finding> run_storage_suite(S& storage, const SyncWait& sync_wait = {},
                                             const suite_options& options = {}) {
    return run_shared_storage_suite(storage, storage, sync_wait, options);
}

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/testing/twilio_simulator.hpp ----

#ifndef PHONEAUTH_TESTING_TWILIO_SIMULATOR_HPP
#define PHONEAUTH_TESTING_TWILIO_SIMULATOR_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace testing {
/// A message that a `twilio_simulator` has accepted.
struct simulated_message {
    std::string sid;                                              ///< the simulator's name for it: SM… or MM…
    std::string to;                                               ///< E.164, after a channel's name if it has one
    std::string from;                                             ///< empty if a Messaging Service sent it
    std::string body;                                             ///< the text
    std::vector<std::string> media_urls;                          ///< in their order
    std::vector<std::pair<std::string, std::string>> parameters;  ///< everything that was posted, in its order
};

/// A number that the simulated account owns.
struct simulated_number {
    std::string phone;  ///< E.164, or a short code
    bool sms = true;    ///< can send SMS
    bool mms = true;    ///< can send MMS
};

/// What an API key may do.
enum class simulated_key {
    main,       ///< everything
    standard,   ///< everything but look up the account
    restricted  ///< create and list messages
};

/// Answers requests as Twilio's REST API (version 2010-04-01) does: Messages create and list (always empty), Accounts
/// fetch, IncomingPhoneNumbers, ShortCodes and OutgoingCallerIds list, with Twilio's checks and error codes, and sends
/// nothing. Of Twilio's other APIs it has the senders of Messaging Services and the Geo Permissions. It is a blocking
/// HttpTransport; `fake_twilio` makes a server of it.
///
/// Messages from and to the magic numbers of Twilio's test credentials (+1500555…,
/// https://www.twilio.com/docs/iam/test-credentials) fail as they do there; +15005550006 is the account's own number.
/// Sender ids send everywhere but to the USA and Canada. Some more numbers are the simulator's: messages to them are accepted but not delivered. They are +15005553003, with
/// error 30003, and likewise those that end in 3004, 3005, 3006, 3007, 3034 and 3038.
///
/// It remembers the last `max_messages` messages.
///
/// @par Thread safety
/// Shared objects are safe.
class twilio_simulator {
public:
    ///@{
    /// The account: what a configuration has to say.
    static constexpr std::string_view account_sid = "AC0123456789abcdef0123456789abcdef";
    static constexpr std::string_view auth_token = "fedcba9876543210fedcba9876543210";
    static constexpr std::string_view api_key = "SK0123456789abcdef0123456789abcdef";
    static constexpr std::string_view api_secret = "simulated-api-secret";
    static constexpr std::string_view sender = "+15005550006";
    ///@}
    static constexpr std::size_t max_messages = 1000;  ///< that it remembers

    /// A configuration that the simulator accepts; `base_url` is empty.
    static twilio_config settings() {
        twilio_config c;
        c.account_sid = account_sid;
        c.auth_token = auth_token;
        c.sender = sender;
        return c;
    }

    /// Answers a request.
    ///
    /// @param request   its `url` is absolute, or path and query
    /// @param accepted  if given, gets the message that the request created, or nothing
    /// @return the reply
    http_response answer(const http_request& request, std::optional<simulated_message>* accepted = nullptr) {
        std::function<void(const simulated_message&)> tell;
        std::optional<simulated_message> created;
        http_response reply;
        {
            const std::scoped_lock lock(mutex_);
            reply = route(request, created);
            if (ahead_) reply.headers.push_back({"Date", detail::http_date(system_clock().now() + *ahead_)});
            if (created) tell = on_message_;
        }
        if (created && tell) tell(*created);
        if (accepted) *accepted = std::move(created);
        return reply;
    }

    /// The signed requests by which Twilio reports what becomes of `m`, in their order: queued, sent, and delivered, or
    /// undelivered with an ErrorCode. None if the message was sent without a StatusCallback. The simulator does not
    /// send them: `fake_twilio` does, or a test.
    std::vector<http_request> delivery_reports(const simulated_message& m) const {
        const auto url = value_of(m.parameters, "StatusCallback");
        if (url.empty()) return {};
        const int problem = delivery_problem_of(m.to);
        std::vector<http_request> reports;
        for (const std::string status : {"queued", "sent", problem == 0 ? "delivered" : "undelivered"}) {
            fields form{{"SmsSid", m.sid}, {"SmsStatus", status},       {"MessageStatus", status},
                        {"To", m.to},      {"MessageSid", m.sid},       {"AccountSid", std::string(account_sid)},
                        {"From", m.from},  {"ApiVersion", "2010-04-01"}};
            if (status == "undelivered") form.emplace_back("ErrorCode", std::to_string(problem));
            std::string body;
            for (const auto& [name, value] : form) phoneauth::detail::append_form_field(body, name, value);
            // What is before the "@" goes into a header, and is not signed.
            const auto anonymous = phoneauth::detail::without_user_info(url);
            reports.push_back({"POST",
                               anonymous,
                               {{"Content-Type", "application/x-www-form-urlencoded; charset=UTF-8"},
                                {"User-Agent", "TwilioProxy/1.1"},
                                {"X-Twilio-Signature", detail::twilio_signature(auth_token, anonymous, form)}},
                               std::move(body)});
            if (anonymous.size() < url.size()) {
                const auto begin = url.find("://") + 3;
                const auto user = phoneauth::detail::percent_decode(
                    std::string_view(url).substr(begin, url.size() - anonymous.size() - 1));
                reports.back().headers.push_back(
                    {"Authorization", "Basic " + phoneauth::detail::base64(user ? *user : std::string())});
            }
        }
        return reports;
    }

    /// The HttpTransport function.
    result<http_response> send(const http_request& request) { return answer(request); }

    /// The next request, whatever it is, gets this status and Twilio error code. After several calls it is one request
    /// for each.
    void fail_next(int status, int code) {
        const std::scoped_lock lock(mutex_);
        failures_.push_back(error_reply(code, status));
    }

    /// From now on messages to `phone` are refused with this error code, for example 21610 (opted out).
    void refuse_messages_to(std::string_view phone, int code) {
        const std::scoped_lock lock(mutex_);
        refused_.insert_or_assign(std::string(phone), code);
    }

    /// From now on messages to `phone` are accepted, but reported as undelivered with this error code, for example
    /// 30006.
    void fail_delivery_to(std::string_view phone, int code) {
        const std::scoped_lock lock(mutex_);
        undeliverable_.insert_or_assign(std::string(phone), code);
    }

    /// The account owns this number as well, or with other capabilities.
    void add_number(simulated_number number) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(numbers_, [&](const auto& n) { return n.phone == number.phone; });
        numbers_.push_back(std::move(number));
    }

    /// What the account look-up says: "active" at first.
    void set_account_status(std::string status) {
        const std::scoped_lock lock(mutex_);
        account_status_ = std::move(status);
    }

    /// The account does not own this number any more.
    void remove_number(std::string_view phone) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(numbers_, [&](const auto& n) { return n.phone == phone; });
    }

    /// What the account look-up says: "Full" at first. A "Trial" account's messages to numbers that are not verified are
    /// refused with 21608.
    void set_account_type(std::string type) {
        const std::scoped_lock lock(mutex_);
        account_type_ = std::move(type);
    }

    /// `phone`, in E.164, is verified with the account.
    void verify_number(std::string phone) {
        const std::scoped_lock lock(mutex_);
        verified_.push_back(std::move(phone));
    }

    /// The account has the Messaging Service `sid` with these senders, and no others that it was not told of. Before the
    /// first call every service is there, and has the account's numbers.
    void set_service(std::string sid, std::vector<simulated_number> senders) {
        const std::scoped_lock lock(mutex_);
        services_.insert_or_assign(std::move(sid), std::move(senders));
    }

    /// What `api_key` may do: everything at first.
    void set_api_key_kind(simulated_key kind) {
        const std::scoped_lock lock(mutex_);
        key_ = kind;
    }

    /// Replies say that they were made `ahead` of this machine's time. Before the first call they do not say when.
    void set_clock(std::chrono::seconds ahead) {
        const std::scoped_lock lock(mutex_);
        ahead_ = ahead;
    }

    /// Whether the account may send to numbers that begin with `prefix`, digits; `country` is ISO 3166-1. Where it may
    /// not, messages are refused with 21408. At first it may send to some twenty countries.
    void set_country(std::string country, std::string prefix, bool enabled) {
        const std::scoped_lock lock(mutex_);
        std::erase_if(countries_, [&](const auto& c) { return c.country == country; });
        countries_.push_back({std::move(country), std::move(prefix), enabled});
    }

    /// From now on `f` is called for each accepted message, before the reply, on the thread of the request.
    void on_message(std::function<void(const simulated_message&)> f) {
        const std::scoped_lock lock(mutex_);
        on_message_ = std::move(f);
    }

    /// The accepted messages that it remembers, in their order.
    std::vector<simulated_message> messages() const {
        const std::scoped_lock lock(mutex_);
        return {messages_.begin(), messages_.end()};
    }

    /// The text of the last accepted message to `phone`; empty if there was none.
    std::string last_message_to(std::string_view phone) const {
        const std::scoped_lock lock(mutex_);
        for (auto m = messages_.rbegin(); m != messages_.rend(); ++m)
            if (m->to == phone) return m->body;
        return {};
    }

    /// The code in it: the first run of 6 to 9 digits; empty if there was none.
    std::string last_code_to(std::string_view phone) const { return detail::code_in(last_message_to(phone)); }

private:
    using fields = std::vector<std::pair<std::string, std::string>>;

    static http_response error_reply(int code, int status = 0) { return detail::twilio_error(code, status); }

    static bool has_credentials(const http_request& request, std::string_view name, std::string_view secret) {
        const auto* given = find_header(request.headers, "Authorization");
        return given && *given == "Basic " + phoneauth::detail::base64(std::string(name) + ":" + std::string(secret));
    }

    http_response route(const http_request& request, std::optional<simulated_message>& created) {
        if (!failures_.empty()) {
            auto reply = std::move(failures_.front());
            failures_.pop_front();
            return reply;
        }
        std::string_view target = request.url;
        if (const auto scheme = target.find("://"); scheme != target.npos)
            target = target.substr((std::min)(target.find('/', scheme + 3), target.size()));
        const auto [path, query] = phoneauth::detail::split_target(target);
        const bool by_key = has_credentials(request, api_key, api_secret);
        if (!by_key && !has_credentials(request, account_sid, auth_token)) return error_reply(20003);

        const auto account = "/2010-04-01/Accounts/" + std::string(account_sid);
        if (by_key && key_ == simulated_key::standard && path == account + ".json") return error_reply(20003);
        if (by_key && key_ == simulated_key::restricted && path != account + "/Messages.json")
            return error_reply(70051);
        if (path == account + "/Messages.json" && request.method == "POST") return create_message(request, created);
        auto reply = path.starts_with("/v1/") ? newer_reply(path) : account_reply(account, path, query);
        return reply.status == 200 && request.method != "GET" ? error_reply(20004) : reply;
    }

    http_response account_reply(const std::string& account, std::string_view path, std::string_view query) const {
        if (path == account + "/Messages.json")
            return detail::twilio_reply(200, R"({"messages":[],"page":0,"page_size":50})");
        if (path == account + ".json")
            return detail::twilio_reply(200,
                                        detail::account_json(account_sid, account_status_, account_type_, account));
        if (path == account + "/IncomingPhoneNumbers.json") return numbers_reply(account, query);
        if (path == account + "/SMS/ShortCodes.json") return short_codes_reply(account, query);
        if (path == account + "/OutgoingCallerIds.json") return verified_reply(account);
        return error_reply(20404);
    }

    /// Of messaging.twilio.com and accounts.twilio.com.
    http_response newer_reply(std::string_view path) const {
        constexpr std::string_view services = "/v1/Services/";
        if (path == "/v1/Messaging/GeoPermissions") return detail::countries_reply(countries_);
        if (!path.starts_with(services)) return error_reply(20404);
        path.remove_prefix(services.size());
        const auto slash = (std::min)(path.find('/'), path.size());
        const auto own = services_.find(path.substr(0, slash));
        if (own == services_.end() && !services_.empty()) return error_reply(20404);
        if (slash == path.size()) return error_reply(20404);
        return senders_reply(own == services_.end() ? numbers_ : own->second, path.substr(slash));
    }

    static std::string value_of(const fields& form, std::string_view name) {
        for (const auto& [key, value] : form)
            if (key == name) return value;
        return {};
    }

    /// The last digits of a magic number, else "".
    static std::string_view magic(std::string_view phone) {
        return phone.size() == 12 && phone.starts_with("+1500555") ? phone.substr(8) : std::string_view();
    }

    /// The error code for a message, or 0.
    int judge(const simulated_message& m, std::string_view service, const fields& form) const {
        using codes = std::map<std::string_view, int>;
        static const codes magic_from{{"0001", 21212}, {"0007", 21606}, {"0008", 21611}};
        static const codes magic_to{
            {"0001", 21211}, {"0002", 21612}, {"0003", 21408}, {"0004", 21610}, {"0009", 21614}};
        const auto code_for = [](const codes& table, std::string_view phone) {
            const auto row = table.find(magic(phone));
            return row == table.end() ? 0 : row->second;
        };
        const auto is_number = [](std::string_view text) { return phone_number::from_e164(text).has_value(); };
        if (m.to.empty()) return 21604;
        if (m.from.empty() && service.empty()) return 21603;
        if (m.body.empty() && m.media_urls.empty() && value_of(form, "ContentSid").empty()) return 21602;
        if (phoneauth::detail::count_code_points(m.body).value_or(max_body + 1) > max_body) return 21617;
        if (m.media_urls.size() > 10) return 21623;
        for (const auto& url : m.media_urls)
            if (!phoneauth::detail::parse_url(url)) return 21620;
        const auto channel = twilio::channel_of(m.from);
        if (!m.to.starts_with(channel) || !is_number(m.to.substr(channel.size()))) return 21211;
        if (const int code = code_for(magic_to, m.to)) return code;
        if (const auto refused = refused_.find(m.to); refused != refused_.end()) return refused->second;
        if (const int code = judge_destination(m.to.substr(channel.size()))) return code;
        if (!service.empty()) return judge_service(service);
        if (const int code = code_for(magic_from, m.from)) return code;
        const auto kind = twilio::kind_of_sender(m.from);
        if (kind == twilio::sender_kind::alphanumeric) return m.to.starts_with("+1") ? 21612 : 0;
        if (kind == twilio::sender_kind::none) return 21212;
        for (const auto& n : numbers_)
            if (n.phone == m.from.substr(channel.size()) && (m.media_urls.empty() ? n.sms : n.mms)) return 0;
        return channel.empty() ? 21606 : 63007;
    }

    /// The error code for messages to `phone`, or 0.
    int judge_destination(const std::string& phone) const {
        if (account_type_ == "Trial" && std::find(verified_.begin(), verified_.end(), phone) == verified_.end())
            return 21608;
        bool known = false;
        for (const auto& c : countries_) {
            if (phone.compare(1, c.prefix.size(), c.prefix) != 0) continue;
            if (c.enabled) return 0;
            known = true;
        }
        return known ? 21408 : 0;
    }

    /// The error code for messages of a Messaging Service, or 0.
    int judge_service(std::string_view sid) const {
        if (!twilio::is_sid(sid, "MG")) return 21606;
        const auto own = services_.find(sid);
        return own != services_.end() && own->second.empty() ? 21704 : 0;
    }

    http_response create_message(const http_request& request, std::optional<simulated_message>& created) {
        const auto* type = find_header(request.headers, "Content-Type");
        fields form;
        if (type && type->starts_with("application/x-www-form-urlencoded"))
            if (auto parsed = phoneauth::detail::parse_form(request.body)) form = *std::move(parsed);

        simulated_message m{{}, value_of(form, "To"), value_of(form, "From"), value_of(form, "Body"), {}, form};
        const auto service = value_of(form, "MessagingServiceSid");
        for (const auto& [key, value] : form)
            if (key == "MediaUrl") m.media_urls.push_back(value);
        if (const int code = judge(m, service, form)) return error_reply(code);

        const auto number = std::to_string(++accepted_);
        m.sid = (m.media_urls.empty() ? "SM" : "MM") + std::string(32 - number.size(), '0') + number;
        const auto uri = "/2010-04-01/Accounts/" + std::string(account_sid) + "/Messages/" + m.sid;
        const auto now = detail::rfc2822_date(system_clock().now());
        phoneauth::detail::json_object resource;
        resource.string("account_sid", account_sid)
            .string("api_version", "2010-04-01")
            .string("body", m.body)
            .string("date_created", now)
            .null("date_sent")
            .string("date_updated", now)
            .string("direction", "outbound-api")
            .null("error_code")
            .null("error_message");
        // A service chooses the sender, and so the segments, only when it sends.
        if (service.empty())
            resource.string("from", m.from).null("messaging_service_sid");
        else
            resource.null("from").string("messaging_service_sid", service);
        resource.string("num_media", std::to_string(m.media_urls.size()))
            .string("num_segments", service.empty() ? std::to_string(twilio::segments(m.body)) : "0")
            .null("price")
            .null("price_unit")
            .string("sid", m.sid)
            .string("status", service.empty() ? "queued" : "accepted")
            .raw("subresource_uris", detail::named_json("media", uri + "/Media.json"))
            .string("to", m.to)
            .string("uri", uri + ".json");
        if (messages_.size() == max_messages) messages_.pop_front();
        messages_.push_back(m);
        created = std::move(m);
        return detail::twilio_reply(201, std::move(resource).str());
    }

    /// The error code that messages to `phone` are not delivered with, or 0.
    int delivery_problem_of(const std::string& phone) const {
        static const std::map<std::string_view, int> magic_to{{"3003", 30003}, {"3004", 30004}, {"3005", 30005},
                                                              {"3006", 30006}, {"3007", 30007}, {"3034", 30034},
                                                              {"3038", 30038}};
        const std::scoped_lock lock(mutex_);
        if (const auto row = undeliverable_.find(phone); row != undeliverable_.end()) return row->second;
        const auto row = magic_to.find(magic(phone));
        return row == magic_to.end() ? 0 : row->second;
    }

    http_response numbers_reply(const std::string& account, std::string_view query) const {
        const auto wanted = phoneauth::detail::form_field(query, "PhoneNumber");
        std::vector<std::string> list;
        for (const auto& n : numbers_)
            if (n.phone.starts_with('+') && (wanted.empty() || n.phone == wanted))
                list.push_back(detail::number_json(account_sid, n.phone, n.sms, n.mms));
        return detail::twilio_page("incoming_phone_numbers", list,
                                   account + "/IncomingPhoneNumbers.json?" + std::string(query));
    }

    http_response short_codes_reply(const std::string& account, std::string_view query) const {
        const auto wanted = phoneauth::detail::form_field(query, "ShortCode");
        std::vector<std::string> list;
        for (const auto& n : numbers_)
            if (!n.phone.starts_with('+') && (wanted.empty() || n.phone == wanted))
                list.push_back(detail::named_json("short_code", n.phone));
        return detail::twilio_page("short_codes", list, account + "/SMS/ShortCodes.json");
    }

    http_response verified_reply(const std::string& account) const {
        std::vector<std::string> list;
        for (const auto& phone : verified_) list.push_back(detail::named_json("phone_number", phone));
        return detail::twilio_page("outgoing_caller_ids", list, account + "/OutgoingCallerIds.json");
    }

    /// Senders of a Messaging Service. All are numbers or short codes.
    static http_response senders_reply(const std::vector<simulated_number>& senders, std::string_view subresource) {
        const std::string_view name = subresource == "/PhoneNumbers" ? "phone_number" : "short_code";
        std::vector<std::string> list;
        for (const auto& n : senders)
            if (subresource == (n.phone.starts_with('+') ? "/PhoneNumbers" : "/ShortCodes"))
                list.push_back(detail::sender_json(name, n.phone, n.sms, n.mms));
        for (const auto& kind : twilio::service_sender_kinds)
            if (subresource.substr(1) == kind.subresource)
                return detail::twilio_reply(200,
                                            "{\"" + std::string(kind.member) + "\":" + detail::json_array(list) + "}");
        return error_reply(20404);
    }

    static constexpr std::size_t max_body = 1600;

    mutable std::mutex mutex_;
    std::deque<http_response> failures_;
    std::map<std::string, int, std::less<>> refused_;
    std::map<std::string, int, std::less<>> undeliverable_;
    std::vector<simulated_number> numbers_{{std::string(sender)}};
    std::string account_status_ = "active";
    std::string account_type_ = "Full";
    std::vector<std::string> verified_;
    std::map<std::string, std::vector<simulated_number>, std::less<>> services_;
    simulated_key key_ = simulated_key::main;
    std::optional<std::chrono::seconds> ahead_;
    std::vector<twilio::country_permission> countries_ = detail::usual_countries();
    std::function<void(const simulated_message&)> on_message_;
    std::deque<simulated_message> messages_;
    std::uint64_t accepted_ = 0;
};

static_assert(HttpTransport<twilio_simulator>);

}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif

#endif
