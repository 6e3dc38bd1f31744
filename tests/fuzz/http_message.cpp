// SPDX-License-Identifier: BSL-1.0
// Input: a byte with what to parse (bit 0: a request; bit 1: a reply to HEAD; bit 2: with small limits), a byte that
// says how the bytes are cut into pieces, and the bytes that a peer sends.
#include "fuzz.hpp"

#include <phoneauth/asio/detail/http1.hpp>
#include <phoneauth/asio/detail/http1_writer.hpp>

#include <cstring>
#include <optional>

using namespace phoneauth;
using detail::message_parser;
using fuzz::require;

namespace {

struct setup {
    message_parser::kind kind;
    bool reply_to_head;
    detail::http1_limits limits;
};

/// One message, as far as it came.
struct outcome {
    std::size_t consumed = 0;
    bool complete = false;
    std::optional<error> failed{};
    bool keep_alive = false;
    int status = 0;
    std::string start{};
    std::vector<http_header> headers{};
    std::string body{};
};

std::string text_of(const std::vector<http_header>& headers) {
    std::string text;
    for (const auto& h : headers) text += h.name + '\0' + h.value + '\0';
    return text;
}

/// Feeds `bytes` in pieces of 1 to `longest` bytes (all at once: 0), closes the connection if `close`.
outcome parse(std::string_view bytes, const setup& s, std::size_t longest, bool close) {
    message_parser parser(s.kind, s.limits);
    parser.reset(s.reply_to_head);
    outcome o;
    std::size_t turn = longest;
    while (!bytes.empty() && !parser.complete() && !parser.failed()) {
        turn = (turn * 7 + 3) % 1021;
        const auto piece = bytes.substr(0, longest == 0 ? bytes.size() : turn % longest + 1);
        const auto used = parser.feed(piece);
        require(used <= piece.size(), "no more is consumed than was fed");
        require(used == piece.size() || parser.complete() || parser.failed(), "only an end leaves bytes over");
        o.consumed += used;
        bytes.remove_prefix(used);
    }
    if (close) {
        parser.finish();
        require(parser.complete() || parser.failed(), "a closed connection ends the message");
    }
    o.complete = parser.complete();
    require(!(o.complete && parser.failed()), "a message is complete or has failed, not both");
    if (parser.failed()) {
        o.failed = parser.reason();
        const int refusal = parser.refusal_status();
        require(refusal == 400 || refusal == 413 || refusal == 431, "a refusal has a status for it");
    }
    if (!o.complete) return o;
    require(parser.feed("GET / HTTP/1.1\r\nHost: a\r\n\r\n") == 0, "a complete message takes nothing more");
    o.keep_alive = parser.keep_alive();
    if (s.kind == message_parser::kind::request) {
        auto r = parser.take_request();
        o.start = r.method + ' ' + r.url;
        o.headers = std::move(r.headers);
        o.body = std::move(r.body);
    } else {
        auto r = parser.take_response();
        o.status = r.status;
        o.headers = std::move(r.headers);
        o.body = std::move(r.body);
    }
    return o;
}

/// The bytes of a request's body as RFC 9112 §7.1 has it, read once more: no reader may see more or less in it. Empty
/// if they are no chunks.
std::optional<std::string> unchunked(std::string_view bytes) {
    std::string body;
    const auto line = [&]() -> std::optional<std::string_view> {
        const auto end = bytes.find("\r\n");
        if (end == bytes.npos) return std::nullopt;
        const auto text = bytes.substr(0, end);
        bytes.remove_prefix(end + 2);
        return text;
    };
    for (;;) {
        const auto head = line();
        if (!head) return std::nullopt;
        const auto digits = head->substr(0, head->find_first_not_of("0123456789abcdefABCDEF"));
        const auto after = head->substr(digits.size());
        if (digits.empty() || digits.size() > 8 || !(after.empty() || after.front() == ';')) return std::nullopt;
        const auto size = std::stoul(std::string(digits), nullptr, 16);
        if (size == 0) break;
        if (bytes.size() < size + 2 || bytes.substr(size, 2) != "\r\n") return std::nullopt;
        body += bytes.substr(0, size);
        bytes.remove_prefix(size + 2);
    }
    for (auto trailer = line(); trailer; trailer = line())
        if (trailer->empty()) return bytes.empty() ? std::optional(body) : std::nullopt;
    return std::nullopt;
}

/// `bytes`: the whole message.
void check_message(const outcome& o, const setup& s, std::string_view bytes) {
    require(o.body.size() <= s.limits.max_body_bytes, "the body keeps its limit");
    require(o.headers.size() <= s.limits.max_header_count, "the headers keep their limit");
    std::size_t hosts = 0;
    const std::string* length = nullptr;
    bool chunked = false;
    for (const auto& h : o.headers) {
        require((h.name + h.value).find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos,
                "no header holds the end of a line");
        require(h.value.empty() || (!std::strchr(" \t", h.value.front()) && !std::strchr(" \t", h.value.back())),
                "no value has white space around it");
        hosts += equal_ignoring_case(h.name, "Host");
        chunked = chunked || equal_ignoring_case(h.name, "Transfer-Encoding");
        if (equal_ignoring_case(h.name, "Content-Length")) {
            require(length == nullptr, "one length at most");
            length = &h.value;
        }
    }
    require(!(chunked && length), "a body is chunked or has a length, not both (RFC 9112 §6.3)");
    if (s.reply_to_head && s.kind == message_parser::kind::response)
        require(o.body.empty(), "a reply to HEAD has no body");
    if (s.kind == message_parser::kind::request) {
        require(hosts <= 1, "one Host at most");
        if (length) require(std::strtoull(length->c_str(), nullptr, 10) == o.body.size(), "the body has its length");
        if (!length && !chunked) require(o.body.empty(), "a request's body is announced");
        // Whatever stands before the request line.
        bytes.remove_prefix(std::min(bytes.find_first_not_of("\r\n"), bytes.size()));
        const auto head_end = bytes.find("\r\n\r\n");
        require(head_end != bytes.npos, "a head ends with an empty line");
        const auto rest = bytes.substr(head_end + 4);
        require(chunked ? unchunked(rest) == o.body : rest == o.body, "the body is what follows the head, and no more");
    } else if (length && !s.reply_to_head && o.status != 204 && o.status != 304) {
        require(std::strtoull(length->c_str(), nullptr, 10) == o.body.size(), "the body has its length");
    }
}

/// What was read and can be written again is read again as the same.
void check_round_trip(const outcome& o, const setup& s) {
    std::string bytes;
    auto headers = o.headers;
    std::erase_if(headers, [](const http_header& h) {
        for (const auto* ours : {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Expect", "Upgrade"})
            if (equal_ignoring_case(h.name, ours)) return true;
        return false;
    });
    if (s.kind == message_parser::kind::request) {
        const auto space = o.start.find(' ');
        const auto target = detail::parse_url("http://host" + o.start.substr(space + 1));
        if (!target || target->target != o.start.substr(space + 1)) return;
        if (!detail::append_request(bytes, {o.start.substr(0, space), {}, headers, o.body}, *target)) return;
    } else {
        if (!detail::append_response(bytes, {o.status, headers, o.body}, true)) return;
    }
    setup wide{s.kind, false, {}};
    wide.limits.max_header_bytes += 4096;
    wide.limits.max_header_count += 10;
    const auto again = parse(bytes, wide, 0, false);
    require(again.complete && again.consumed == bytes.size(), "what is written is one whole message");
    require(again.start == o.start && again.status == o.status, "the start line comes back");
    const bool has_body = o.status != 204 && o.status != 304;
    if (has_body) require(again.body == o.body, "the body comes back");
    auto back = again.headers;
    std::erase_if(back, [](const http_header& h) { return h.name == "Host" || h.name == "Content-Length"; });
    require(text_of(back) == text_of(headers), "the headers come back");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::input in(data, size);
    const auto flags = in.byte();
    const auto longest = in.byte() + 1;
    setup s{flags & 1 ? message_parser::kind::request : message_parser::kind::response, (flags & 2) != 0, {}};
    if (flags & 4) s.limits = {.max_header_bytes = 128, .max_header_count = 4, .max_body_bytes = 64};

    for (const bool close : {false, true}) {
        const auto whole = parse(in.rest(), s, 0, close);
        if (whole.complete) {
            check_message(whole, s, in.rest().substr(0, whole.consumed));
            check_round_trip(whole, s);
        }
        for (const std::size_t piece : {std::size_t{longest}, std::size_t{1}}) {
            const auto cut = parse(in.rest(), s, piece, close);
            require(cut.complete == whole.complete,
                    "where the bytes are cut does not decide whether a message is complete");
            require(cut.failed.has_value() == whole.failed.has_value(), "nor whether it fails");
            if (!whole.complete) continue;
            require(cut.consumed == whole.consumed, "nor where it ends");
            require(cut.start == whole.start && cut.status == whole.status && cut.body == whole.body &&
                        text_of(cut.headers) == text_of(whole.headers) && cut.keep_alive == whole.keep_alive,
                    "nor what it says");
        }
    }
    return 0;
}
