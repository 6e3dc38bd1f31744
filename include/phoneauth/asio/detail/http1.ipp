// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_ASIO_DETAIL_HTTP1_IPP
#define PHONEAUTH_ASIO_DETAIL_HTTP1_IPP

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include <llhttp.h>

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/asio/detail/http1_syntax.hpp>

namespace phoneauth {
inline namespace v0 {
namespace detail {

PHONEAUTH_DECL std::string host_of(std::string_view authority) {
    url parts;
    return parse_authority(authority, parts) ? std::move(parts.host) : std::string();
}

struct message_parser::impl {
    impl(kind k, http1_limits l) : kind_(k), limits(l) { restart(); }

    kind kind_;
    http1_limits limits;
    llhttp_t parser;
    bool reply_to_head = false;

    static constexpr std::size_t usual_header_count = 16;

    // The message.
    std::string start;  ///< target of a request
    std::vector<http_header> headers;
    secret_string body;
    bool keep_alive = false;

    // Where we are.
    bool head_complete = false;
    bool complete = false;
    bool in_value = true;
    std::optional<error> failure;
    std::size_t head_bytes = 0;  ///< of interim responses too

    // The body.
    enum class framing { length, chunks, until_close };
    enum class chunk_part { size, data, end_of_data, trailers };
    framing framed = framing::length;
    chunk_part place = chunk_part::size;
    std::size_t left = 0;        ///< of the body or of the chunk
    std::size_t line_bytes = 0;  ///< all that is not data: sizes, extensions, trailers
    std::string line;            ///< what has come of one of those lines

    // The line scanner of the head.
    char previous = 0;
    std::size_t line_length = 0;
    bool line_seen = false;
    std::size_t spaces = 0;  ///< in the request line
    std::string version;     ///< what stands between the second one and a third
    bool scanned_head = false;

    void restart() {
        llhttp_init(&parser, kind_ == kind::request ? HTTP_REQUEST : HTTP_RESPONSE, &settings());
        parser.data = this;
        start.clear();
        headers.clear();
        body.clear();
        keep_alive = head_complete = complete = line_seen = scanned_head = false;
        in_value = true;
        failure.reset();
        place = chunk_part::size;
        left = line_bytes = 0;
        line = std::string();
        previous = 0;
        line_length = 0;
        spaces = 0;
        version.clear();
    }

    int fail(error e) {
        if (!failure) failure = e;
        return -1;
    }

    /// llhttp takes several spaces for one, which not every reader does (RFC 9112 §3), and knows RTSP and ICE.
    void scan_request_line(std::string_view part) {
        for (const char c : part) {
            spaces += c == ' ';
            if (spaces == 2 && c != ' ') version += c;
        }
    }

    /// Returns the length of the part of `bytes` that belongs to the head. Fails on what readers of HTTP disagree
    /// about: bare CR, bare LF and folded lines (RFC 9112 §2.2, §5.2).
    std::size_t scan_head(std::string_view bytes) {
        std::size_t at = 0;
        while (at < bytes.size()) {
            const auto line_end = (std::min)(bytes.find('\n', at), bytes.size());
            const auto part = bytes.substr(at, line_end - at);
            if (previous == '\n' && (bytes[at] == ' ' || bytes[at] == '\t')) fail(error::malformed_reply);
            if (previous == '\r' && !part.empty()) fail(error::malformed_reply);
            if (part.find('\r') < part.size() - 1 && !part.empty()) fail(error::malformed_reply);
            line_length += part.size();
            if (!part.empty()) previous = part.back();
            if (!line_seen && kind_ == kind::request) scan_request_line(part);
            at = line_end;
            if (at == bytes.size()) break;

            ++at;
            if (previous != '\r') fail(error::malformed_reply);
            const bool empty_line = line_length == 1;
            previous = '\n';
            line_length = 0;
            if (empty_line && line_seen) {
                scanned_head = true;
                break;
            }
            if (!line_seen && !empty_line && kind_ == kind::request)
                if (version != "HTTP/1.1\r" && version != "HTTP/1.0\r") fail(error::malformed_reply);
            line_seen = line_seen || !empty_line;
        }
        return at;
    }

    std::size_t feed_head(std::string_view bytes) {
        bytes = bytes.substr(0, scan_head(bytes));
        head_bytes += bytes.size();
        if (!failure && head_bytes > limits.max_header_bytes) fail(error::reply_too_large);
        if (failure) return 0;
        const auto code = llhttp_execute(&parser, bytes.data(), bytes.size());
        if (code != (scanned_head ? HPE_PAUSED : HPE_OK) || scanned_head != head_complete) fail(error::malformed_reply);
        return bytes.size();
    }

    // llhttp reads heads only. Between chunks llhttp 8 takes almost any two bytes for the end of a line, which is what
    // request smuggling is made of.
    std::size_t feed_body(std::string_view bytes) {
        switch (framed) {
        case framing::length: {
            const auto n = append(bytes.substr(0, left));
            left -= n;
            complete = left == 0;
            return n;
        }
        case framing::until_close:
            return append(bytes);
        case framing::chunks:
            break;
        }
        if (place == chunk_part::data) {
            const auto n = append(bytes.substr(0, left));
            left -= n;
            if (left == 0) place = chunk_part::end_of_data;
            return n;
        }
        const auto n = (std::min)(bytes.find('\n'), bytes.size() - 1) + 1;
        line += bytes.substr(0, n);
        line_bytes += n;
        // A chunk of one byte is framed by at least five; more than sixteen are extensions, or trailers.
        if (line_bytes > 16 * body.size() + limits.max_header_bytes) fail(error::reply_too_large);
        if (!failure && line.back() == '\n') {
            const auto text = std::string_view(line).substr(0, std::max<std::size_t>(line.size(), 2) - 2);
            if (!line.ends_with("\r\n") || !end_of_line(text)) fail(error::malformed_reply);
            line.clear();
        }
        return n;
    }

    std::size_t append(std::string_view bytes) {
        if (bytes.size() > limits.max_body_bytes - body.size()) {
            fail(error::reply_too_large);
        } else {
            body.make_room(bytes.size());
            body += bytes;
        }
        return bytes.size();
    }

    /// A whole line between chunks, without its CRLF. False if it does not belong there (RFC 9112 §7.1).
    bool end_of_line(std::string_view text) {
        if (place == chunk_part::end_of_data) {
            place = chunk_part::size;
            return text.empty();
        }
        if (place == chunk_part::trailers) {
            complete = text.empty();
            const auto colon = text.find(':');
            return complete ||
                   (colon != text.npos && is_token(text.substr(0, colon)) && is_field_value(text.substr(colon)));
        }
        std::size_t digits = 0;
        for (; digits < text.size() && hex_value(text[digits]) >= 0; ++digits)
            left = left * 16 + static_cast<std::size_t>(hex_value(text[digits]));
        const auto extensions = text.substr(digits);
        if (digits == 0 || digits > 8 || (!extensions.empty() && extensions.front() != ';')) return false;
        if (!is_field_value(extensions)) return false;
        place = left == 0 ? chunk_part::trailers : chunk_part::data;
        if (left > limits.max_body_bytes - body.size()) fail(error::reply_too_large);
        return true;
    }

    const std::string* header(std::string_view name) const { return find_header(headers, name); }

    bool head_is_sound() {
        if (parser.http_major != 1 || parser.http_minor > 1) return false;
        std::size_t hosts = 0;
        std::size_t codings = 0;
        for (auto& h : headers) {
            if (!is_token(h.name) || !is_field_value(h.value)) return false;
            h.value.erase(h.value.find_last_not_of(" \t") + 1);
            hosts += equal_ignoring_case(h.name, "Host");
            if (equal_ignoring_case(h.name, "Transfer-Encoding")) {
                ++codings;
                // RFC 9112 §6.1: unknown in HTTP/1.0; codings that are not understood are not let through.
                if (!equal_ignoring_case(h.value, "chunked") || parser.http_minor == 0) return false;
            }
        }
        if (codings > 1 || (codings == 1 && header("Content-Length"))) return false;
        if (codings == 1) framed = framing::chunks;
        if (kind_ == kind::response) return parser.status_code >= 100 && parser.status_code != 101;
        // RFC 9112 §3.2: exactly one Host in HTTP/1.1, and a valid one.
        if (hosts > 1 || (hosts == 0 && parser.http_minor == 1)) return false;
        if (hosts == 1 && host_of(*header("Host")).empty()) return false;
        if (parser.method == HTTP_CONNECT || !is_target(start)) return false;
        if (start.front() == '/' || (start == "*" && parser.method == HTTP_OPTIONS)) return true;
        auto absolute = parse_url(start);
        if (!absolute) return false;
        start = std::move(absolute->target);
        // RFC 9112 §3.2.2: the target's host is the one that counts.
        std::erase_if(headers, [](const http_header& h) { return equal_ignoring_case(h.name, "Host"); });
        headers.push_back({"Host", absolute->authority()});
        return true;
    }

    int on_head() {
        head_complete = true;
        const bool has_length = (parser.flags & F_CONTENT_LENGTH) != 0;
        framed = kind_ == kind::request || has_length ? framing::length : framing::until_close;
        if (!head_is_sound()) return fail(error::malformed_reply);
        const bool no_body = kind_ == kind::response && (reply_to_head || parser.status_code < 200 ||
                                                         parser.status_code == 204 || parser.status_code == 304);
        if (no_body) framed = framing::length;
        // An upgrade is never offered and never accepted: what follows is HTTP.
        keep_alive = parser.http_minor == 1 && !(parser.flags & F_CONNECTION_CLOSE) && framed != framing::until_close;
        if (framed == framing::length && has_length && !no_body) {
            if (parser.content_length > limits.max_body_bytes) return fail(error::reply_too_large);
            left = static_cast<std::size_t>(parser.content_length);
        }
        complete = framed == framing::length && left == 0;
        return HPE_PAUSED;
    }

    static impl& self(llhttp_t* p) { return *static_cast<impl*>(p->data); }

    static const llhttp_settings_t& settings() {
        static const llhttp_settings_t instance = [] {
            llhttp_settings_t s;
            llhttp_settings_init(&s);
            s.on_url = [](llhttp_t* p, const char* at, std::size_t n) {
                self(p).start.append(at, n);
                return 0;
            };
            s.on_header_field = [](llhttp_t* p, const char* at, std::size_t n) {
                auto& me = self(p);
                if (std::exchange(me.in_value, false)) {
                    if (me.headers.size() == me.limits.max_header_count) return me.fail(error::reply_too_large);
                    if (me.headers.empty()) me.headers.reserve(usual_header_count);
                    me.headers.emplace_back();
                }
                me.headers.back().name.append(at, n);
                return 0;
            };
            s.on_header_field_complete = [](llhttp_t* p) {
                self(p).in_value = true;
                return 0;
            };
            s.on_header_value = [](llhttp_t* p, const char* at, std::size_t n) {
                auto& me = self(p);
                if (!me.headers.empty()) me.headers.back().value.append(at, n);
                return 0;
            };
            s.on_headers_complete = [](llhttp_t* p) { return self(p).on_head(); };
            return s;
        }();
        return instance;
    }
};

PHONEAUTH_DECL message_parser::message_parser(kind k, http1_limits limits) : impl_(std::make_unique<impl>(k, limits)) {}
PHONEAUTH_DECL message_parser::~message_parser() = default;
PHONEAUTH_DECL message_parser::message_parser(message_parser&&) noexcept = default;
PHONEAUTH_DECL message_parser& message_parser::operator=(message_parser&&) noexcept = default;

PHONEAUTH_DECL void message_parser::reset(bool reply_to_head) {
    impl_->reply_to_head = reply_to_head;
    impl_->head_bytes = 0;
    impl_->restart();
}

PHONEAUTH_DECL std::size_t message_parser::feed(std::string_view bytes) {
    auto& me = *impl_;
    std::size_t consumed = 0;
    while (!me.complete && !me.failure && consumed < bytes.size()) {
        const auto rest = bytes.substr(consumed);
        consumed += me.head_complete ? me.feed_body(rest) : me.feed_head(rest);
        const bool interim = me.kind_ == kind::response && me.parser.status_code < 200;
        if (me.complete && !me.failure && interim) me.restart();
    }
    return consumed;
}

PHONEAUTH_DECL void message_parser::finish() {
    auto& me = *impl_;
    if (me.complete || me.failure) return;
    me.complete = me.head_complete && me.framed == message_parser::impl::framing::until_close;
    if (!me.complete) me.fail(error::connection_lost);
}

PHONEAUTH_DECL bool message_parser::started() const noexcept {
    return impl_->head_bytes != 0;
}
PHONEAUTH_DECL bool message_parser::head_complete() const noexcept {
    return impl_->head_complete;
}
PHONEAUTH_DECL bool message_parser::complete() const noexcept {
    return impl_->complete && !impl_->failure;
}
PHONEAUTH_DECL bool message_parser::failed() const noexcept {
    return impl_->failure.has_value();
}
PHONEAUTH_DECL error message_parser::reason() const noexcept {
    return impl_->failure.value_or(error::internal);
}

PHONEAUTH_DECL int message_parser::refusal_status() const noexcept {
    if (impl_->failure != error::reply_too_large) return 400;
    return impl_->head_complete ? 413 : 431;
}

PHONEAUTH_DECL bool message_parser::keep_alive() const noexcept {
    return impl_->keep_alive;
}

PHONEAUTH_DECL bool message_parser::expects_continue() const noexcept {
    if (!impl_->head_complete || impl_->complete || impl_->parser.http_minor != 1) return false;
    const auto* expect = impl_->header("Expect");
    return expect && equal_ignoring_case(*expect, "100-continue");
}

PHONEAUTH_DECL http_request message_parser::take_request() {
    http_request request;
    request.method = llhttp_method_name(static_cast<llhttp_method_t>(impl_->parser.method));
    request.url = std::move(impl_->start);
    request.headers = std::move(impl_->headers);
    request.body = std::move(impl_->body);
    return request;
}

PHONEAUTH_DECL http_response message_parser::take_response() {
    http_response response;
    response.status = impl_->parser.status_code;
    response.headers = std::move(impl_->headers);
    response.body = std::move(impl_->body);
    return response;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
