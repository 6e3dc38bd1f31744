// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_HPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_HPP

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>

// HTTP/1.1 messages (RFC 9112) as bytes, without I/O. What llhttp lets pass but a proxy might read otherwise is
// refused here: bare CR or LF, folded lines, transfer codings other than chunked, doubled Host or lengths. Bodies, and
// the framing of chunks, are read here altogether.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What a message may cost its receiver.
struct http1_limits {
    std::size_t max_header_bytes = 16 * 1024;  ///< start line and headers; also trailers and the framing of chunks
    std::size_t max_header_count = 100;        ///< header fields
    std::size_t max_body_bytes = 1024 * 1024;  ///< body after the removal of chunking
};

/// Reads one message after the other from a stream of bytes. Not thread-safe.
class message_parser {
public:
    enum class kind { request, response };

    PHONEAUTH_DECL explicit message_parser(kind k, http1_limits limits = {});
    PHONEAUTH_DECL ~message_parser();
    PHONEAUTH_DECL message_parser(message_parser&&) noexcept;
    PHONEAUTH_DECL message_parser& operator=(message_parser&&) noexcept;

    /// Starts the next message. `reply_to_head`: it answers a HEAD request, thus has no body (RFC 9112 §6.3).
    PHONEAUTH_DECL void reset(bool reply_to_head = false);

    /// Parses `bytes` up to the end of the message and returns how many belong to it; the others begin the next
    /// one. Interim (1xx) responses are skipped. Does nothing once `complete()` or `failed()`.
    PHONEAUTH_DECL std::size_t feed(std::string_view bytes);

    /// The peer has closed: ends a body that runs until then; in any other place it is `error::connection_lost`.
    PHONEAUTH_DECL void finish();

    /// Bytes of the message have arrived.
    PHONEAUTH_DECL bool started() const noexcept;
    /// Start line and headers are in.
    PHONEAUTH_DECL bool head_complete() const noexcept;
    PHONEAUTH_DECL bool complete() const noexcept;
    PHONEAUTH_DECL bool failed() const noexcept;

    /// Why it failed: `malformed_reply`, `reply_too_large` or `connection_lost` (for a request too).
    PHONEAUTH_DECL error reason() const noexcept;
    /// The status with which a server refuses the failed request: 400, 413 or 431.
    PHONEAUTH_DECL int refusal_status() const noexcept;

    /// Another message may follow on the connection. Known once complete; false for HTTP/1.0.
    PHONEAUTH_DECL bool keep_alive() const noexcept;
    /// The client waits for "100 Continue" before it sends the body (RFC 9110 §10.1.1). Known once the head is
    /// complete.
    PHONEAUTH_DECL bool expects_continue() const noexcept;

    /// The complete message, moved out. The request's URL is in origin form.
    PHONEAUTH_DECL http_request take_request();
    PHONEAUTH_DECL http_response take_response();

private:
    struct impl;
    std::unique_ptr<impl> impl_;
};

/// The host of an authority as it stands in a Host field ("name", "name:port", "[address]:port"): lower case, without
/// port and brackets. Empty if it is none (RFC 9110 §7.2).
PHONEAUTH_DECL std::string host_of(std::string_view authority);

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/asio/detail/http1.ipp>
#endif

#endif
