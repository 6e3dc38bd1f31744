// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <fstream>
#include <initializer_list>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/detail/descriptions.ipp>
#include <phoneauth/rest/error_codes.hpp>
#include <phoneauth/rest/openapi.hpp>
#include <phoneauth/version.hpp>

#include "rest/fake_authenticator.hpp"
#include "support/scripts.hpp"

using namespace phoneauth;
using detail::json_kind;
using detail::json_value;
using std::chrono::hours;

BOOST_AUTO_TEST_SUITE(rest_openapi)

namespace {

json_value parsed(std::string_view json) {
    auto value = detail::parse_json(json, 64);
    BOOST_REQUIRE(value.has_value());
    return std::move(*value);
}

/// What is at `way` in `value`: null if it is not there.
json_value at(const json_value& value, std::initializer_list<std::string_view> way) {
    json_value here = value;
    for (const auto name : way) {
        const auto* item = here.find(name);
        if (!item) return {};
        here = item->kind == json_kind::string ? json_value{item->kind, item->text, {}} : parsed(item->text);
    }
    return here;
}

/// The same, through references.
json_value schema_at(const json_value& document, const json_value& schema) {
    const auto reference = schema.string_or_empty("$ref");
    if (reference.empty()) return schema;
    return at(document, {"components", "schemas", reference.substr(reference.rfind('/') + 1)});
}

std::set<std::string> texts(const json_value& array) {
    std::set<std::string> all;
    for (const auto& item : array.items) all.insert(item.text);
    return all;
}

/// A route in the document.
struct operation {
    std::string method, path;
    json_value json;
};

std::vector<operation> operations(const json_value& document) {
    std::vector<operation> all;
    for (const auto& path : at(document, {"paths"}).items)
        for (const auto& method : parsed(path.text).items) {
            std::string name = method.key;
            for (auto& c : name) c = detail::to_upper(c);
            all.push_back({name, path.key, parsed(method.text)});
        }
    return all;
}

/// With everything on.
fake_api whole_api() {
    fake_api api;
    api.auth.configuration.topics = {{"pay", "confirm it"}};
    api.auth.configuration.password_reset = password_reset_policy::code;
    api.auth.configuration.trusted_device_lifetime = hours(24);
    api.auth.configuration.identity_login_enabled = true;
    api.auth.configuration.twilio.status_callback = "https://example.com/api/services/Twilio/messageStatus";
    return api;
}

std::string document_of(const fake_api& api) {
    return rest::openapi(api.options, api.auth.configuration);
}

std::string filled(std::string path) {
    const auto open = path.find('{');
    return open == path.npos ? path : path.replace(open, path.find('}') - open + 1, "U1");
}

/// A value for a request's member, as JSON: each its own, so that none is taken for another.
std::string sample(std::string_view name, const json_value& schema) {
    if (const auto words = at(schema, {"enum"}); !words.items.empty())
        return detail::json_string(words.items.front().text);
    if (name == "phoneNumber") return R"("+15005550006")";
    if (name == "options") return R"({"ValidityPeriod":60})";
    return detail::json_string("a " + std::string(name));
}

/// The members of `properties` that are in `names`, but for `without`, as an object.
std::string object_of(const json_value& properties, const std::set<std::string>& names, std::string_view without = {}) {
    std::string object;
    for (const auto& p : properties.items)
        if (names.contains(p.key) && p.key != without)
            object.append(object.empty() ? "{" : ",")
                .append(detail::json_string(p.key) + ':')
                .append(sample(p.key, parsed(p.text)));
    return object.empty() ? "{}" : object + '}';
}

/// The schema of an operation's body, in the form of an object; null if it has none.
json_value body_schema(const operation& o) {
    const auto schema = at(o.json, {"requestBody", "content", "application/json", "schema"});
    const auto forms = at(schema, {"oneOf"});
    return forms.items.empty() ? schema : parsed(forms.items.front().text);
}

rest::reply asked(fake_api& api, const operation& o, std::string body) {
    auto path = filled(o.path);
    return api.ask(o.method, std::move(path), std::move(body), "SESSION");
}

/// What is wrong with a reply's `json`, if something is: types, what is missing, and what nobody has described.
std::string mismatch(const json_value& document, const json_value& written, const json_value& json) {
    const auto schema = schema_at(document, written);
    for (const auto& all : at(schema, {"allOf"}).items) {
        const auto part = schema_at(document, parsed(all.text));
        for (const auto& name : texts(at(part, {"required"})))
            if (!json.find(name)) return name + " is missing";
    }
    if (const auto any = at(schema, {"anyOf"}); !any.items.empty()) {
        std::string why;
        for (const auto& one : any.items)
            if (why = mismatch(document, parsed(one.text), json); why.empty()) return why;
        return why;
    }
    const auto type = schema.string_or_empty("type");
    if (type == "boolean") return json.is(json_kind::boolean) ? "" : "it is no boolean";
    if (type == "array") {
        if (!json.is(json_kind::array)) return "it is no array";
        for (const auto& item : json.items)
            if (item.kind == json_kind::object)
                if (auto why = mismatch(document, at(schema, {"items"}), parsed(item.text)); !why.empty()) return why;
        return {};
    }
    for (const auto& name : texts(at(schema, {"required"})))
        if (!json.find(name)) return name + " is missing";
    if (type != "object" || at(schema, {"additionalProperties"}).text == "true") return {};
    for (const auto& item : json.items) {
        const auto property = at(schema, {"properties", item.key});
        if (property.is(json_kind::null)) return item.key + " is not described";
        if (item.kind == json_kind::object || item.kind == json_kind::array)
            if (auto why = mismatch(document, property, parsed(item.text)); !why.empty()) return item.key + ": " + why;
    }
    return {};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_route_is_described) {
    const auto document = parsed(rest::openapi());
    BOOST_TEST(document.string_or_empty("openapi") == "3.1.0");
    BOOST_TEST(at(document, {"info", "version"}).text == PHONEAUTH_VERSION_STRING);
    std::size_t count = 0;
    std::set<std::string> ids;
    for (std::size_t i = 0; i < std::size(rest::detail::routes); ++i) {
        const auto& d = rest::detail::descriptions[i];
        BOOST_TEST(rest::detail::routes[i].method == d.method);
        const auto found = at(document, {"paths", d.path, detail::lower(d.method)});
        BOOST_TEST(found.is(json_kind::object) == !d.id.empty(), d.path);
        count += !d.id.empty();
        ids.insert(std::string(found.string_or_empty("operationId")));
        if (!d.id.empty()) continue;
        fake_api api;  // whoever is not described is not there
        BOOST_TEST(api.ask(std::string(d.method), filled(std::string(d.path)), "{}", "SESSION").status == 404);
    }
    BOOST_TEST(operations(document).size() == count);
    BOOST_TEST(ids.size() == count + 1, "operation ids differ, and what is not described has none");
}

BOOST_AUTO_TEST_CASE(a_description_has_the_pattern_of_its_route) {
    using rest::detail::is_named;
    BOOST_TEST(is_named("/users/login", "/users/login"));
    BOOST_TEST(is_named("/users/*", "/users/{id}"));
    BOOST_TEST(is_named("/users/*/status", "/users/{objectId}/status"));
    for (const auto other : {"/users/login", "/users/{id", "/users/id}", "/users/{id}/x", "/user/{id}", "{id}", ""})
        BOOST_TEST(!is_named("/users/*", other), other);
    BOOST_TEST(!is_named("/users/login", "/users/{id}"));
}

BOOST_AUTO_TEST_CASE(what_is_described_is_answered) {
    auto api = whole_api();
    const auto document = parsed(document_of(api));
    for (const auto& o : operations(document)) {
        const auto schema = body_schema(o);
        const auto properties = at(schema, {"properties"});
        const auto needed = texts(at(schema, {"required"}));
        std::string body = properties.items.empty() ? "" : object_of(properties, needed);
        if (o.path.ends_with("/sendMessage")) body = R"({"phoneNumber":"+15005550006","message":"hello"})";
        const auto reply = asked(api, o, body);
        BOOST_TEST_CONTEXT(o.method << ' ' << o.path << ' ' << body << ' ' << reply.body) {
            BOOST_TEST(reply.status == 200);
            const auto schema_of_reply = at(o.json, {"responses", "200", "content", "application/json", "schema"});
            BOOST_TEST(mismatch(document, schema_of_reply, parsed(reply.body)) == "");
            BOOST_TEST(!at(o.json, {"security"}).is(json_kind::null));
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_required_is_missed) {
    auto api = whole_api();
    std::size_t count = 0;
    for (const auto& o : operations(parsed(document_of(api)))) {
        const auto schema = body_schema(o);
        const auto needed = texts(at(schema, {"required"}));
        for (const auto& name : needed) {
            const auto reply = asked(api, o, object_of(at(schema, {"properties"}), needed, name));
            BOOST_TEST(reply.status == 400, o.path << " without " << name);
            const bool told = o.path == "/users/login" || reply.body.find(name) != reply.body.npos;
            BOOST_TEST(told, reply.body);
            ++count;
        }
    }
    BOOST_TEST(count > 30u);
}

BOOST_AUTO_TEST_CASE(arguments_are_taken_in_the_order_that_is_described) {
    auto api = whole_api();
    std::size_t count = 0;
    for (const auto& o : operations(parsed(document_of(api)))) {
        const auto forms = at(o.json, {"requestBody", "content", "application/json", "schema", "oneOf"});
        if (forms.items.empty()) continue;
        const auto properties = at(parsed(forms.items[0].text), {"properties"});
        const auto in_order = parsed(forms.items[1].text);
        BOOST_TEST(at(in_order, {"maxItems"}).text == std::to_string(properties.items.size()));
        std::string values;
        std::set<std::string> names;
        for (const auto& p : properties.items) {
            if (std::to_string(names.size() + 1) == at(in_order, {"minItems"}).text)
                BOOST_TEST(asked(api, o, values.empty() ? "[]" : values + ']').status == 400, o.path << " wants more");
            values.append(values.empty() ? "[" : ",") += sample(p.key, parsed(p.text));
            names.insert(p.key);
        }
        api.auth.calls.clear();
        BOOST_TEST(asked(api, o, object_of(properties, names)).status == 200, o.path);
        const auto named = std::exchange(api.auth.calls, {});
        BOOST_TEST(asked(api, o, values + ']').status == 200, o.path);
        BOOST_TEST(std::exchange(api.auth.calls, {}) == named);
        if (forms.items.size() > 2) {
            BOOST_TEST(asked(api, o, values.substr(1)).status == 200, o.path);
            BOOST_TEST(std::exchange(api.auth.calls, {}) == named);
        }
        ++count;
    }
    BOOST_TEST(count > 15u);
}

BOOST_AUTO_TEST_CASE(who_needs_a_session_is_said) {
    for (const auto& o : operations(parsed(rest::openapi()))) {
        const auto security = at(o.json, {"security"});
        auto api = whole_api();
        asked(api, o, object_of(at(body_schema(o), {"properties"}), texts(at(body_schema(o), {"required"}))));
        const bool brings = api.auth.calls.find("SESSION") != api.auth.calls.npos || o.path.ends_with("/sendMessage");
        BOOST_TEST(security.items.empty() == !brings, o.path << ' ' << api.auth.calls);
    }
}

BOOST_AUTO_TEST_CASE(what_is_switched_off_is_left_out) {
    const auto paths = [](const fake_api& api) {
        std::set<std::string> all;
        for (const auto& path : at(parsed(document_of(api)), {"paths"}).items) all.insert(path.key);
        return all;
    };
    const auto whole = paths(whole_api());
    BOOST_TEST(whole.size() == at(parsed(rest::openapi()), {"paths"}).items.size());
    const auto missing = [&](auto change) {
        auto api = whole_api();
        change(api.options, api.auth.configuration);
        std::string all;
        const auto left = paths(api);
        for (const auto& path : whole)
            if (!left.contains(path)) all += path.substr(path.rfind('/') + 1) + ' ';
        return all;
    };
    using rest::options;
    BOOST_TEST(missing([](options&, config&) {}) == "");
    BOOST_TEST(missing([](options& o, config&) { o.send_message = rest::send_message_access::off; }) == "sendMessage ");
    BOOST_TEST(missing([](options&, config& c) { c.password_reset = password_reset_policy::disabled; }) ==
               "resetPassword restorePassword {identity} ");
    BOOST_TEST(missing([](options&, config& c) { c.trusted_device_lifetime = hours(0); }) ==
               "loginWithTrustedDevice trustDevice ");
    BOOST_TEST(missing([](options&, config& c) { c.topics.clear(); }) == "confirmVerification verifyPhoneNumber ");
    BOOST_TEST(missing([](options&, config& c) { c.identity_login_enabled = false; }) == "login ");
    BOOST_TEST(missing([](options&, config& c) { c.registration_enabled = false; }) == "register ");
    BOOST_TEST(missing([](options&, config& c) { c.twilio.status_callback.clear(); }) == "messageStatus ");
    BOOST_TEST(missing([](options&, config& c) { c.code_login_enabled = false; }) == "loginWithPhoneNumber ");
    BOOST_TEST(missing([](options&, config& c) { c.login_enabled = false; }) ==
               "loginWithBackupCode loginWithCode loginWithPhoneNumber loginWithPhoneNumberAndPassword "
               "loginWithTrustedDevice ");
}

BOOST_AUTO_TEST_CASE(names_and_limits_are_those_of_the_configuration) {
    auto api = whole_api();
    api.auth.configuration.phone_column = "mobile";
    api.auth.configuration.identity_column = "nick";
    api.auth.configuration.max_password_length = 99;
    api.auth.configuration.code_digits = 8;
    api.options.max_body_bytes = 4321;
    const auto text = document_of(api);
    const auto document = parsed(text);
    const auto taken = at(document, {"paths", "/users/register", "post", "requestBody", "content", "application/json",
                                     "schema", "properties"});
    BOOST_TEST(!at(taken, {"mobile"}).is(json_kind::null));
    BOOST_TEST(at(taken, {"phoneNumber"}).is(json_kind::null));
    BOOST_TEST(at(taken, {"nick", "format"}).is(json_kind::null), "only an email is one");
    BOOST_TEST(at(taken, {"password", "maxLength"}).text == "99");
    BOOST_TEST(at(taken, {"transactionCode", "description"}).text == "8 digits.");
    const auto user = at(document, {"components", "schemas", "User"});
    BOOST_TEST(texts(at(user, {"required"})).contains("mobile"));
    BOOST_TEST(texts(at(user, {"required"})).contains("nick"));
    BOOST_TEST(at(document, {"info", "description"}).text.find("4321 bytes") != std::string::npos);
    BOOST_TEST(text.find(api.options.app_id) == text.npos, "nobody is told");
    BOOST_TEST(text.find(api.options.api_key) == text.npos);

    api.auth.configuration.identity_column = api.auth.configuration.phone_column;
    const auto one = parsed(document_of(api));
    BOOST_TEST(texts(at(one, {"components", "schemas", "User", "required"})).count("mobile") == 1u);
    BOOST_TEST(document_of(api).find("nick") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(every_error_is_there) {
    const auto document = parsed(rest::openapi());
    std::set<std::string> told;
    for (const auto& row : at(document, {"components", "schemas", "Error", "x-error-codes"}).items)
        told.insert(row.text);
    BOOST_TEST(told.size() == rest::error_codes.size());
    for (const auto& row : rest::error_codes) {
        const auto name = "Error" + std::to_string(row.http_status);
        const auto response = at(document, {"components", "responses", name});
        const bool routed = row.value != error::unknown_route && row.value != error::method_not_allowed;
        BOOST_TEST(response.is(json_kind::object) == routed, name);
        if (routed)
            BOOST_TEST(response.string_or_empty("description").find(std::to_string(row.code)) != std::string::npos);
    }
}

BOOST_AUTO_TEST_CASE(the_installed_document_is_the_one_of_the_code) {
    auto path = support::script_path("");
    std::ifstream file(path.substr(0, path.find("tests/scripts")) + "examples/server/openapi.json");
    const std::string kept{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
    const auto right = rest::openapi() + '\n';
    if (kept != right) {
        std::ofstream("openapi.json") << right;
        BOOST_TEST(false, "openapi.json is not what the code makes: the right one is in the folder of this run");
    }
}

BOOST_AUTO_TEST_SUITE_END()
