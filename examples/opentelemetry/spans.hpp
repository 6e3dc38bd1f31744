// SPDX-License-Identifier: BSL-1.0
// An observer that makes OpenTelemetry's spans of what happens, in the JSON of OTLP/HTTP, for any collector. Source: the
// OTLP specification, "JSON Protobuf Encoding" and "OTLP/HTTP Request" (https://opentelemetry.io/docs/specs/otlp/).
#ifndef PHONEAUTH_EXAMPLES_OPENTELEMETRY_SPANS_HPP
#define PHONEAUTH_EXAMPLES_OPENTELEMETRY_SPANS_HPP

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <phoneauth/error.hpp>
#include <phoneauth/event.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>

/// Each flow is a span that ends when it does, and the time that it waited for the provider another one inside; what is
/// told on the way is a span that takes no time. The flows of one transaction are one trace: from `started` to `logged_in`.
///
/// What a collector gets is the library's own words, numbers and calling codes, and of a user a hash that tells one from
/// the other while the program runs: no phone, address, user agent, id, or anything else that strangers write. So
/// nothing need be escaped.
///
/// Thread-safe. It never waits: what finds no room is counted.
class span_log {
public:
    /// What is about the program itself, in letters, digits, dots and dashes.
    explicit span_log(std::string service, std::size_t most = 2048) : service_(std::move(service)), most_(most) {
        if (const auto key = phoneauth::make_token(random_)) key_ = key->c_str();
    }

    /// The Observer function.
    void operator()(const phoneauth::event& e) {
        using std::chrono::milliseconds;
        const auto trace = e.transaction.empty() ? random_id(32) : pseudonym("trace", e.transaction, 32);
        const auto id = random_id(16);
        const auto begin = e.at - e.elapsed.value_or(milliseconds(0));
        std::string made = span(trace, id, {}, name_of(e.kind), internal, begin, e.at, attributes_of(e), is_ours(e));
        // When it was asked is not told; most flows ask it last.
        if (e.provider_elapsed)
            made +=
                ',' + span(trace, random_id(16), id, "provider", client, e.at - *e.provider_elapsed, e.at, {}, false);
        const std::scoped_lock lock(mutex_);
        if (spans_.size() < most_)
            spans_.push_back(std::move(made));
        else
            ++dropped_;
    }

    /// The spans since the last call, as a request to `origin` ("https://collector.example:4318"); nothing: there are
    /// none. Send it with any HttpTransport, from a thread or a coroutine of your own. A collector takes it if the status
    /// is 200; 429, 502, 503 and 504 mean that it may be sent again (OTLP/HTTP Response).
    std::optional<phoneauth::http_request> take(const std::string& origin) {
        std::vector<std::string> spans;
        {
            const std::scoped_lock lock(mutex_);
            spans.swap(spans_);
        }
        if (spans.empty()) return std::nullopt;
        phoneauth::http_request request;
        request.method = "POST";
        request.url = origin + "/v1/traces";
        request.headers = {{"Content-Type", "application/json"}};
        request.body = R"({"resourceSpans":[{"resource":{"attributes":[)" + attribute("service.name", service_) +
                       R"(]},"scopeSpans":[{"scope":{"name":"phoneauth"},"spans":[)";
        for (std::size_t i = 0; i < spans.size(); ++i) request.body.append(i ? "," : "").append(spans[i]);
        request.body += "]}]}]}";
        return request;
    }

    /// How many events found no room.
    std::uint64_t dropped() const {
        const std::scoped_lock lock(mutex_);
        return dropped_;
    }

private:
    enum span_kind { internal = 1, client = 3 };  // opentelemetry.proto.trace.v1.Span.SpanKind

    static std::string attribute(std::string_view key, std::string_view text) {
        return R"({"key":")" + std::string(key) + R"(","value":{"stringValue":")" + std::string(text) + "\"}}";
    }
    static std::string attribute(std::string_view key, std::int64_t number) {  // 64 bits are a string in this JSON
        return R"({"key":")" + std::string(key) + R"(","value":{"intValue":")" + std::to_string(number) + "\"}}";
    }
    static std::string nanoseconds(phoneauth::time_point t) {
        return std::to_string(std::chrono::nanoseconds(t.time_since_epoch()).count());
    }

    std::string attributes_of(const phoneauth::event& e) {
        std::string all;
        const auto add = [&](std::string_view key, auto value) { all += ',' + attribute(key, value); };
        if (e.purpose) add("phoneauth.purpose", name_of(*e.purpose));
        if (!e.calling_code.empty()) add("phoneauth.calling_code", e.calling_code);
        if (!e.user_id.empty()) add("user.hash", std::string_view(pseudonym("user", e.user_id, 32)));
        if (e.reason.category() == phoneauth::error_category() && e.reason)
            add("error.type", row_of(static_cast<phoneauth::error>(e.reason.value())).name);
        if (e.twilio_code) add("phoneauth.twilio_code", std::int64_t{*e.twilio_code});
        if (e.suppressed > 0) add("phoneauth.suppressed", static_cast<std::int64_t>(e.suppressed));
        return all.empty() ? all : all.substr(1);
    }

    /// What somebody who runs the server has to look at: a wrong code is no error of the server's.
    static bool is_ours(const phoneauth::event& e) {
        using enum phoneauth::event_kind;
        return e.kind == provider_error || e.kind == storage_error || e.kind == sender_trouble;
    }

    static std::string span(const std::string& trace, const std::string& id, const std::string& parent,
                            std::string_view name, span_kind kind, phoneauth::time_point begin,
                            phoneauth::time_point end, const std::string& attributes, bool failed) {
        std::string json = R"({"traceId":")" + trace + R"(","spanId":")" + id;
        if (!parent.empty()) json += R"(","parentSpanId":")" + parent;
        json.append(R"(","name":"phoneauth.)").append(name);
        json += R"(","kind":)" + std::to_string(kind) + R"(,"startTimeUnixNano":")" + nanoseconds(begin) +
                R"(","endTimeUnixNano":")" + nanoseconds(end) + R"(","attributes":[)" + attributes + ']';
        return json + (failed ? R"(,"status":{"code":2}})" : "}");  // STATUS_CODE_ERROR
    }

    /// `size` hexadecimal digits that stand for `of` while this program runs.
    std::string pseudonym(std::string_view what, std::string_view of, std::size_t size) {
        return hash_(key_ + ' ' + std::string(what) + ' ' + std::string(of)).substr(0, size);
    }
    std::string random_id(std::size_t size) {
        const auto id = phoneauth::make_token(random_);
        return pseudonym("id", id ? id->c_str() : "", size);
    }

    const std::string service_;
    const std::size_t most_;
    std::string key_;  // without it a hash of a user's id could be looked up by whoever has the ids
    phoneauth::random_source random_;
    phoneauth::token_hasher hash_;
    mutable std::mutex mutex_;
    std::vector<std::string> spans_;
    std::uint64_t dropped_ = 0;
};

#endif
