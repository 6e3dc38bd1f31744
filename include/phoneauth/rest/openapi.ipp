// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_REST_OPENAPI_IPP
#define PHONEAUTH_REST_OPENAPI_IPP

#include <cstddef>
#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/error.hpp>
#include <phoneauth/rest/detail/descriptions.ipp>
#include <phoneauth/rest/detail/schemas.ipp>
#include <phoneauth/rest/error_codes.hpp>
#include <phoneauth/rest/openapi.hpp>
#include <phoneauth/version.hpp>

namespace phoneauth {
inline namespace v0 {
namespace rest {
namespace detail {

/// Where the bracket ends that `json` begins with, if that is near; else npos.
inline std::size_t end_of_short(std::string_view json) noexcept {
    constexpr std::size_t longest = 100;
    std::size_t depth = 0;
    bool in_string = false;
    for (std::size_t i = 0; i < json.size() && i < longest; ++i) {
        const char c = json[i];
        if (in_string && c == '\\') ++i;
        if (c == '"') in_string = !in_string;
        if (in_string) continue;
        if (c == '{' || c == '[') ++depth;
        if ((c == '}' || c == ']') && --depth == 0) return i + 1;
    }
    return json.npos;
}

/// `json` in lines, as a person reads it.
inline std::string indented(std::string_view json) {
    std::string out;
    std::size_t depth = 0;
    bool in_string = false;
    const auto new_line = [&] { out.append("\n").append(2 * depth, ' '); };
    for (std::size_t i = 0; i < json.size(); ++i) {
        const char c = json[i];
        const bool begins = !in_string && (c == '{' || c == '[');
        if (const auto end = begins ? end_of_short(json.substr(i)) : json.npos; end != json.npos) {
            out += json.substr(i, end);
            i += end - 1;
            continue;
        }
        if (!in_string && (c == '}' || c == ']')) --depth, new_line();
        out += c;
        if (in_string && c == '\\') out += json[++i];
        if (c == '"') in_string = !in_string;
        if (begins) ++depth;
        if (begins || (!in_string && c == ',')) new_line();
        if (!in_string && c == ':') out += ' ';
    }
    return out;
}

/// Writes the document.
class openapi_writer {
public:
    openapi_writer(const options& o, const config& c, bool everything)
        : o_(o), c_(c), everything_(everything), schema_(c) {}

    std::string document() const {
        json_object json;
        json.string("openapi", "3.1.0").raw("info", info()).raw("servers", servers());
        json.raw("tags", array_of(tags, [](const tag& t) {
                     return text_of(json_object().string("name", t.name).string("description", t.about));
                 }));
        json.raw("paths", paths()).raw("components", all_components());
        return indented(text_of(json));
    }

private:
    using names = std::set<std::string, std::less<>>;

    std::string info() const {
        json_object json;
        json.string("title", "phoneauth").string("version", PHONEAUTH_VERSION_STRING);
        json.string("summary", "Registration with a proved phone, and login by code");
        json.string("description",
                    "The routes are those of the Backendless \"Twilio Integration\" plugin, and more of that style. A "
                    "body has at most " +
                        std::to_string(o_.max_body_bytes) + " bytes of JSON, nested at most " +
                        std::to_string(o_.max_json_depth) +
                        " deep. Where an argument's schema is one of several, the first, an object, is best; the "
                        "others are what SDKs of Backendless send. Clients must bear members of replies that are not "
                        "described here.");
        json.raw("license", R"({"name":"Boost Software License 1.0","identifier":"BSL-1.0"})");
        return text_of(json);
    }

    /// Neither id nor key: whoever reads the document may not be meant to have them.
    static std::string servers() {
        constexpr std::string_view origin =
            R"({"default":"http://127.0.0.1:8080","description":"Scheme, host and port of the server"})";
        json_object by_domain, by_key, domain_variables, key_variables;
        by_domain.string("url", "{origin}/api").string("description", "Without an API key");
        by_domain.raw("variables", text_of(domain_variables.raw("origin", origin)));
        by_key.string("url", "{origin}/{appId}/{apiKey}").string("description", "With application id and API key");
        key_variables.raw("origin", origin).raw("appId", R"({"default":"app-id"})");
        by_key.raw("variables", text_of(key_variables.raw("apiKey", R"({"default":"api-key"})")));
        return '[' + text_of(by_domain) + ',' + text_of(by_key) + ']';
    }

    // -- routes

    bool has(const description& d) const { return !d.id.empty() && (everything_ || !d.is_on || d.is_on(o_, c_)); }

    /// Routes of one path need not stand together in the table, but in the document.
    std::string paths() const {
        json_object json;
        names done;
        for (const auto& first : descriptions) {
            json_object methods;
            bool any = false;
            for (const auto& d : descriptions) {
                if (d.path != first.path || !has(d)) continue;
                methods.raw(phoneauth::detail::lower(d.method), operation_object(d));
                any = true;
            }
            if (any && done.emplace(first.path).second) json.raw(first.path, text_of(methods));
        }
        return text_of(json);
    }

    std::string operation_object(const description& d) const {
        json_object json;
        json.string("operationId", d.id).string("summary", d.summary);
        if (d.form == body_form::sending) json.string("description", about_sending);
        json.raw("tags", array_of_words(d.tag));
        if (auto all = parameters(d); all != "[]") json.raw("parameters", all);
        if (auto body = request_body(d); !body.empty()) json.raw("requestBody", body);
        json.raw("responses", responses(d)).raw("security", security(d));
        return text_of(json);
    }

    std::string security(const description& d) const {
        constexpr std::string_view token = R"({"userToken":[]})";
        const bool by_key = everything_ || o_.send_message == send_message_access::key;
        if (d.who == asker::sender && by_key) return "[" + std::string(token) + ",{}]";
        return d.who == asker::anybody ? "[]" : '[' + std::string(token) + ']';
    }

    std::string parameter(std::string_view in, bool required, const field& f) const {
        json_object json;
        json.string("name", f.name).string("in", in).boolean("required", required);
        return text_of(json.raw("schema", schema_(f)));
    }

    std::string parameters(const description& d) const {
        if (d.form == body_form::report)
            return '[' + parameter("header", true, {"X-Twilio-Signature", shape::text}) + ',' +
                   parameter("query", true, {"transaction", shape::token}) + ',' +
                   parameter("query", true, {"send", shape::text}) + ']';
        const auto open = d.path.find('{');
        if (open == d.path.npos) return "[]";
        const auto name = d.path.substr(open + 1, d.path.find('}') - open - 1);
        const auto is = name == "token" ? shape::token : name == "identity" ? shape::identity : shape::id;
        return '[' + parameter("path", true, {name, is}) + ']';
    }

    /// What a request has as an object.
    std::string object_schema(const description& d) const {
        auto json = schema_.object(d.takes, d.form != body_form::report);
        if (d.form == body_form::properties || d.form == body_form::sending || d.form == body_form::report)
            json.boolean("additionalProperties", true);
        return text_of(json);
    }

    /// Arguments by name, in order, or the only one alone.
    std::string arguments_schema(const description& d) const {
        if (d.takes.empty()) return object_schema(d);
        std::size_t needed = 0;
        for (std::size_t i = 0; i < d.takes.size(); ++i)
            if (d.takes[i].required) needed = i + 1;
        auto in_order = schema_writer::typed("array", false);
        in_order.raw("prefixItems", array_of(d.takes, [&](const field& f) { return schema_(f, !f.required); }));
        in_order.number("minItems", static_cast<std::int64_t>(needed));
        in_order.number("maxItems", static_cast<std::int64_t>(d.takes.size()));
        auto forms = '[' + object_schema(d) + ',' + text_of(in_order);
        if (d.takes.size() == 1) forms += ',' + schema_(d.takes.front());
        return text_of(json_object().raw("oneOf", forms + ']'));
    }

    std::string request_body(const description& d) const {
        if (d.form == body_form::none) return {};
        const bool is_service = d.form == body_form::arguments || d.form == body_form::sending;
        const auto schema = is_service ? arguments_schema(d) : object_schema(d);
        json_object json, content, media;
        content.raw(d.form == body_form::report ? "application/x-www-form-urlencoded" : "application/json",
                    text_of(media.raw("schema", schema)));
        json.boolean("required", !d.takes.empty());
        return text_of(json.raw("content", text_of(content)));
    }

    // -- replies

    std::string reply_schema(std::string_view gives) const {
        if (gives == "boolean") return R"({"type":"boolean"})";
        if (gives.starts_with('[')) return schema_writer::list(gives.substr(1, gives.size() - 2));
        const auto bar = gives.find('|');
        if (bar == gives.npos) return schema_writer::reference("schemas", gives);
        const auto one = schema_writer::reference("schemas", gives.substr(0, bar));
        const auto other = schema_writer::reference("schemas", gives.substr(bar + 1));
        return text_of(json_object().raw("anyOf", '[' + one + ',' + other + ']'));
    }

    static std::string json_content(const std::string& schema) {
        json_object content, media;
        return text_of(content.raw("application/json", text_of(media.raw("schema", schema))));
    }

    /// The statuses of errors that `d` can be answered with.
    static std::set<int> statuses_of(const description& d) {
        std::set<int> all;
        for (const auto& row : error_codes) all.insert(row.http_status);
        all.erase(codes_of(error::unknown_route).http_status);
        all.erase(codes_of(error::method_not_allowed).http_status);
        if (d.method == "GET" || d.method == "DELETE") all.erase(codes_of(error::body_too_large).http_status);
        if (d.tag == "server") return {400, 503};
        return all;
    }

    std::string responses(const description& d) const {
        json_object json, ok;
        ok.string("description", "Done").raw("content", json_content(reply_schema(d.gives)));
        json.raw("200", text_of(ok));
        for (const int status : statuses_of(d))
            json.raw(std::to_string(status), schema_writer::reference("responses", "Error" + std::to_string(status)));
        return text_of(json);
    }

    // -- components

    /// A hook's own codes come with status 400; else the codes of a status are known.
    static std::string error_response(int status) {
        std::string about, numbers;
        for (const auto& row : error_codes) {
            if (row.http_status != status) continue;
            const auto number = std::to_string(row.code);
            about.append(about.empty() ? "" : "\n").append("- " + number + ": ").append(row_of(row.value).text);
            numbers.append(numbers.empty() ? "" : ",") += number;
        }
        if (status == 400) about += "\n- any other: a rule of the server's own";
        auto schema = schema_writer::reference("schemas", "Error");
        if (status != 400)
            schema = R"({"allOf":[)" + schema + R"(,{"type":"object","properties":{"code":{"type":"integer","enum":[)" +
                     numbers + "]}}}]}";
        json_object json;
        json.string("description", about)
            .raw("headers", R"({"Retry-After":{"$ref":"#/components/headers/RetryAfter"}})");
        return text_of(json.raw("content", json_content(schema)));
    }

    static std::string error_schema() {
        json_object json, properties;
        properties.raw("code", R"({"type":"integer"})").raw("message", R"({"type":"string"})");
        properties.raw("errorData", schema_writer::reference("schemas", "ErrorData"));
        json.string("type", "object").raw("properties", text_of(properties));
        json.raw("required", array_of_words("code message errorData"));
        return text_of(json.raw("x-error-codes", array_of(error_codes, [](const error_code_row& row) {
                                    json_object one;
                                    one.number("code", row.code).number("status", row.http_status);
                                    one.string("name", row_of(row.value).name);
                                    return text_of(one.string("message", row_of(row.value).text));
                                })));
    }

    /// The components that `gives` names, and those that these have in them.
    static void use(names& used, std::string_view gives) {
        for (const auto& part : components) {
            const auto at = gives.find(part.name);
            const auto end = at + part.name.size();
            if (at == gives.npos || (at > 0 && gives[at - 1] != '[' && gives[at - 1] != '|') ||
                (end < gives.size() && gives[end] != ']' && gives[end] != '|'))
                continue;
            used.emplace(part.name);
            if (!part.base.empty()) use(used, part.base);
            for (const auto& f : part.fields)
                if (f.is == shape::object || f.is == shape::list) use(used, f.of);
        }
    }

    std::string component_schema(const component& part) const {
        auto own = schema_.object(part.fields, false);
        if (part.open && part.base.empty()) own.boolean("additionalProperties", true);
        auto text = text_of(own);
        if (part.base.empty()) return text;
        return text_of(
            json_object().raw("allOf", '[' + schema_writer::reference("schemas", part.base) + ',' + text + ']'));
    }

    std::string all_components() const {
        names used{"ErrorData"};
        std::set<int> statuses;
        for (const auto& d : descriptions) {
            if (!has(d)) continue;
            use(used, d.gives);
            statuses.merge(statuses_of(d));
        }
        json_object schemas, responses;
        for (const auto& part : components)
            if (used.contains(part.name)) schemas.raw(part.name, component_schema(part));
        schemas.raw("Error", error_schema());
        for (const int status : statuses) responses.raw("Error" + std::to_string(status), error_response(status));
        json_object json;
        json.raw("schemas", text_of(schemas)).raw("responses", text_of(responses));
        json.raw("headers", R"({"RetryAfter":{"description":"When to try again, in seconds","schema":)"
                            R"({"type":"integer","minimum":0}}})");
        json.raw("securitySchemes", R"({"userToken":{"type":"apiKey","in":"header","name":"user-token",)"
                                    R"("description":"What a login has given"}})");
        return text_of(json);
    }

    const options& o_;
    const config& c_;
    const bool everything_;
    const schema_writer schema_;
};

}  // namespace detail

PHONEAUTH_DECL std::string openapi(const options& o, const config& c) {
    return detail::openapi_writer(o, c, false).document();
}

PHONEAUTH_DECL std::string openapi() {
    const options o;
    const config c;
    return detail::openapi_writer(o, c, true).document();
}

}  // namespace rest
}  // namespace v0
}  // namespace phoneauth

#endif
