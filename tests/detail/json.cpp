// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <limits>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/detail/json.hpp>

using namespace std::literals;
using phoneauth::detail::has_text_or_list;
using phoneauth::detail::json_kind;
using phoneauth::detail::json_object;
using phoneauth::detail::json_string;
using phoneauth::detail::parse_json;

namespace phoneauth::detail {
static std::ostream& operator<<(std::ostream& out, json_kind kind) {
    return out << static_cast<int>(kind);
}
}  // namespace phoneauth::detail

BOOST_AUTO_TEST_SUITE(json)

BOOST_AUTO_TEST_CASE(a_text_member_is_asked_for_where_parse_json_would_find_one) {
    for (const auto text :
         {R"({"sid":"SM1"})"sv, R"({"a":{"b":[1]},"sid":"\u0053"})"sv, R"({"sid":""})"sv, R"({"sid":1})"sv,
          R"({"sid":null})"sv, R"({"SID":"SM1"})"sv, R"({"a":{"sid":"SM1"}})"sv, R"(["sid"])"sv, R"("sid")"sv, "{}"sv,
          ""sv, "<html>"sv, R"({"sid":"SM1"} x)"sv, R"({"sid":"SM1","sid":"SM2"})"sv, R"({"sid":"SM1","a":[[[]]]})"sv,
          "\xef\xbb\xbf{\"sid\":\"SM1\"}"sv}) {
        const auto parsed = parse_json(text, 3);
        const bool has_text = parsed && !parsed->string_or_empty("sid").empty();
        BOOST_TEST(has_text_or_list(text, "sid", {}, 3) == has_text, text);
        const auto* list = parsed ? parsed->find("a") : nullptr;
        const bool has_list = list && list->kind == json_kind::array;
        BOOST_TEST(has_text_or_list(text, "sid", "a", 3) == (has_text || has_list), text);
    }
    BOOST_TEST(has_text_or_list(R"({"sid":"SM1"})", "sid"));
    BOOST_TEST(has_text_or_list(R"({"sid":1,"a":[]})", "sid", "a"));
    BOOST_TEST(!has_text_or_list(R"({"a":[],"sid":""})", "sid"));
    BOOST_TEST(!has_text_or_list(R"({"":[]})", "sid"));
}

BOOST_AUTO_TEST_CASE(scalars_keep_their_text) {
    struct row {
        std::string_view json;
        json_kind kind;
        std::string_view text;
    };
    for (const auto& r : {
             row{"null", json_kind::null, "null"},
             row{" true ", json_kind::boolean, "true"},
             row{"false", json_kind::boolean, "false"},
             row{"15005550006", json_kind::number, "15005550006"},
             row{"18446744073709551615", json_kind::number, "18446744073709551615"},
             row{"-9223372036854775808", json_kind::number, "-9223372036854775808"},
             row{"1.50", json_kind::number, "1.50"},
             row{"1e5", json_kind::number, "1e5"},
             row{"-0", json_kind::number, "-0"},
             row{R"("")", json_kind::string, ""},
             row{R"("+15005550006")", json_kind::string, "+15005550006"},
             row{R"("a\"b\\c\/\n\u00e9")", json_kind::string, "a\"b\\c/\n\xc3\xa9"},
             row{R"("\ud83d\ude00")", json_kind::string, "\xf0\x9f\x98\x80"},
             row{R"("a\u0000b")", json_kind::string, "a\0b"sv},
             row{" [ ] ", json_kind::array, "[ ]"},
             row{"{}\n", json_kind::object, "{}"},
         }) {
        const auto v = parse_json(r.json);
        BOOST_TEST_CONTEXT(r.json) {
            BOOST_REQUIRE(v.has_value());
            BOOST_TEST(v->kind == r.kind);
            BOOST_TEST(v->text == r.text);
            BOOST_TEST(v->items.empty());
        }
    }
}

BOOST_AUTO_TEST_CASE(what_is_not_json_is_refused) {
    for (const auto text : {
             ""sv,
             " "sv,
             "+15005550006"sv,
             "+1500"sv,
             "0123"sv,
             "-"sv,
             "1."sv,
             ".5"sv,
             "1e"sv,
             "NaN"sv,
             "Infinity"sv,
             "0x10"sv,
             "1 2"sv,
             "[1] x"sv,
             "{}{}"sv,
             "[1,]"sv,
             "[1,2"sv,
             "{\"a\":1,}"sv,
             "{\"a\"}"sv,
             "{a:1}"sv,
             "{'a':1}"sv,
             "nul"sv,
             "nullx"sv,
             "TRUE"sv,
             "\"x"sv,
             "\"tab\t\""sv,
             R"("\x41")"sv,
             R"("\u12")"sv,
             "// c\n1"sv,
             "1\0"sv,
             "\0"sv,
             "\"a\0b\""sv,
             "[1\0]"sv,           // NUL bytes
             "\xef\xbb\xbf{}"sv,  // byte order mark (RFC 8259 §8.1)
             "\"\xff\""sv,
             "\"\xc0\x80\""sv,
             "\"\xed\xa0\x80\""sv,
             "\"\xf4\x90\x80\x80\""sv,
             "\"\xe2\x82\""sv,  // not UTF-8
             R"("\ud800")"sv,
             R"("\udc00")"sv,
             R"("\udc00\ud800")"sv,
             R"(["\ud800x"])"sv,
             R"({"\udc00":1})"sv,
             R"({"a":{"b":["\udc00"]}})"sv,  // surrogates without partner
             "18446744073709551616"sv,
             "-9223372036854775809"sv,
             "1e400"sv,  // beyond 64 bits
             R"({"a":1,"a":1})"sv,
             R"({"a":1,"\u0061":2})"sv,
             R"([{"x":{"a":1,"b":2,"a":3}}])"sv,  // named twice
         })
        BOOST_TEST(!parse_json(text), "accepted: " << text);
}

BOOST_AUTO_TEST_CASE(items_carry_their_own_json_text) {
    const auto v = parse_json(R"( { "a" : [1 , {"x":"]}\"\\"}] , "b":-0,"\"c\"" :"\u0041", "d":{ } ,"":null } )");
    BOOST_REQUIRE(v.has_value());
    BOOST_TEST(v->is(json_kind::object));
    BOOST_REQUIRE(v->items.size() == 5u);
    BOOST_TEST(v->find("a")->text == R"([1 , {"x":"]}\"\\"}])");
    BOOST_TEST(v->find("a")->kind == json_kind::array);
    BOOST_TEST(v->find("b")->text == "-0");
    BOOST_TEST(v->string_or_empty("\"c\"") == "A");
    BOOST_TEST(v->find("d")->text == "{ }");
    BOOST_TEST(v->find("")->kind == json_kind::null);
    BOOST_TEST(!v->find("x"));
    BOOST_TEST(v->string_or_empty("b") == "");

    const auto array = parse_json(R"(["+1",null,15005550006 , [] ])");
    BOOST_REQUIRE(array.has_value());
    BOOST_REQUIRE(array->items.size() == 4u);
    BOOST_TEST(array->items[0].text == "+1");
    BOOST_TEST(array->items[1].kind == json_kind::null);
    BOOST_TEST(array->items[2].text == "15005550006");
    BOOST_TEST(array->items[3].text == "[]");
    BOOST_TEST(!array->find(""));
}

BOOST_AUTO_TEST_CASE(depth_is_limited) {
    const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
    BOOST_TEST(parse_json(nested(16)).has_value());
    BOOST_TEST(!parse_json(nested(17)));
    BOOST_TEST(!parse_json(nested(100000)));
    BOOST_TEST(parse_json("1", 0).has_value());
    BOOST_TEST(!parse_json("[]", 0));
    BOOST_TEST(parse_json(R"({"a":1})", 1).has_value());
    BOOST_TEST(!parse_json(R"({"a":{}})", 1));
    BOOST_TEST(!parse_json(R"({"a":[]})", 1));
    BOOST_TEST(parse_json(nested(1000), 1000).has_value());
}

BOOST_AUTO_TEST_CASE(integers) {
    const auto v = parse_json(R"({"max":9223372036854775807,"min":-9223372036854775808,"over":9223372036854775808,
                                  "real":1.0,"exp":1e2,"text":"1","zero":0})");
    BOOST_REQUIRE(v.has_value());
    BOOST_TEST(v->integer("max").value() == std::numeric_limits<std::int64_t>::max());
    BOOST_TEST(v->integer("min").value() == std::numeric_limits<std::int64_t>::min());
    BOOST_TEST(v->integer("zero").value() == 0);
    for (const auto name : {"over", "real", "exp", "text", "absent"}) BOOST_TEST(!v->integer(name), name);
}

BOOST_AUTO_TEST_CASE(strings_are_escaped_and_repaired) {
    BOOST_TEST(json_string("") == R"("")");
    BOOST_TEST(json_string("a\"b\\c/") == R"("a\"b\\c/")");
    BOOST_TEST(json_string("\n\x01\x1f\x7f"sv) == "\"\\u000a\\u0001\\u001f\x7f\"");
    BOOST_TEST(json_string("\0z"sv) == R"("\u0000z")");
    BOOST_TEST(json_string("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80") == "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"");
    const std::string fffd = "\xef\xbf\xbd";
    BOOST_TEST(json_string("a\xffz") == "\"a" + fffd + "z\"");
    BOOST_TEST(json_string("\xc0\x80") == "\"" + fffd + fffd + "\"");                        // overlong NUL
    BOOST_TEST(json_string("\xed\xa0\x80") == "\"" + fffd + fffd + fffd + "\"");             // surrogate
    BOOST_TEST(json_string("\xf4\x90\x80\x80") == "\"" + fffd + fffd + fffd + fffd + "\"");  // above U+10FFFF
    BOOST_TEST(json_string("\xe2\x82") == "\"" + fffd + fffd + "\"");                        // cut short
}

BOOST_AUTO_TEST_CASE(every_byte_pair_is_written_as_valid_json) {
    for (int a = 0; a < 256; ++a)
        for (int b = 0; b < 256; ++b) {
            const std::string text{static_cast<char>(a), static_cast<char>(b)};
            const auto v = parse_json(json_string(text));
            BOOST_REQUIRE(v.has_value());
            if (a < 0x80 && b < 0x80) BOOST_REQUIRE(v->text == text);
        }
}

BOOST_AUTO_TEST_CASE(objects_are_written_member_by_member) {
    BOOST_TEST(json_object().str() == "{}");
    json_object object;
    object.string("a", "x\"").number("b", -5).boolean("c", true).null("d").raw("e", "[1]");
    BOOST_TEST(std::move(object).str() == R"({"a":"x\"","b":-5,"c":true,"d":null,"e":[1]})");
}

BOOST_AUTO_TEST_SUITE_END()
