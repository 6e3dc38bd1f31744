// SPDX-License-Identifier: BSL-1.0
// Input: a request as a person would write it: "METHOD path", "Name: value" lines, an empty line, the body; line feeds.
#include "fuzz.hpp"

#include <phoneauth/asio/detail/http1_writer.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/api.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

using namespace phoneauth;
using fuzz::require;

namespace {

const std::string ada_token = "5E551011-0000-4000-8000-000000000001";
const std::string user_id = "05E70000-0000-4000-8000-000000000001";
const std::string pending_id = "7A450000-0000-4000-8000-000000000001";
const std::string fresh_id = "7A450000-0000-4000-8000-000000000002";  // its message was sent just now
const std::string ada_password = "correct horse";
const std::string email = "ada@example.com";

/// Costs nothing, and notes whether a password was right.
struct free_passwords {
    std::string mark;  ///< of every hash
    bool matched = false;

    result<std::string> hash(const std::string& text) { return mark + text; }
    result<bool> verify(const std::string& text, const std::string& phc) {
        const bool right = phc == mark + text;
        matched = matched || right;
        return right;
    }
};

using auth_type = authenticator<memory_storage, testing::scripted_transport, testing::manual_clock, free_passwords>;

config settings(const std::string& auth_token, const std::string& code_secret) {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = auth_token;
    c.twilio.sender = "+15005550006";
    c.code_keys = {{"k1", code_secret}};
    c.default_calling_code = "1";
    c.identity_login_enabled = true;
    return c;
}

http_request read(fuzz::input in) {
    http_request r;
    const auto first = in.line();
    const auto space = std::min(first.find(' '), first.size());
    r.method = first.substr(0, space);
    r.url = first.substr(std::min(space + 1, first.size()));
    for (auto line = in.line(); !line.empty(); line = in.line()) {
        const auto colon = std::min(line.find(": "), line.size());
        r.headers.push_back(
            {std::string(line.substr(0, colon)), std::string(line.substr(std::min(colon + 2, line.size())))});
    }
    r.body = std::string(in.rest());
    return r;
}

bool holds(std::string_view text, std::string_view part) {
    return text.find(part) != text.npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto request = read(fuzz::input(data, size));
    const std::string_view everything(reinterpret_cast<const char*>(data), size);

    // The server's secrets are made of the input's hash: no input can have them itself.
    static token_hasher hash;
    const auto nonce = hash(everything);
    const auto auth_token = "auth-token-" + nonce, code_secret = "code-secret-" + nonce;
    free_passwords passwords{.mark = "$hash-" + nonce + '$'};

    memory_storage storage;
    testing::scripted_transport transport;
    testing::manual_clock clock;
    auth_type auth(settings(auth_token, code_secret), storage, transport, clock, passwords);
    const auto phone = *phone_number::parse("+14155550100");
    user ada{.object_id = user_id, .phone = phone, .identity = email, .password_hash = passwords.mark + ada_password};
    ada.created_at = clock.now();
    require(storage.insert_user(ada) == write_result::done, "the user is there");
    require(storage.insert_session(session{hash(ada_token), user_id, clock.now(), clock.now() + std::chrono::hours(1)}),
            "the session is there");
    transaction pending{
        .id = pending_id, .purpose = purpose::login, .phone = phone, .user_id = user_id, .key_id = "k1"};
    pending.created_at = clock.now();
    pending.expires_at = clock.now() + std::chrono::minutes(5);
    pending.last_sent_at = clock.now() - std::chrono::minutes(1);
    require(storage.insert_transaction(pending), "the transaction is there");
    auto fresh = pending;
    fresh.id = fresh_id;
    fresh.last_sent_at = clock.now();
    require(storage.insert_transaction(fresh), "the other transaction is there");

    rest::options options{.app_id = "APP", .api_key = "KEY", .send_message = rest::send_message_access::session};
    options.max_body_bytes = 4096;
    rest::api<auth_type> api(auth, options);
    const auto reply = api.handle(request);

    // Form.
    const auto body = detail::parse_json(reply.body, 64);
    require(reply.status >= 200 && reply.status <= 504 && reply.status != 502,
            "the status is one that clients can read");
    if (request.method != "OPTIONS") {
        require(request.body.size() <= options.max_body_bytes || reply.status >= 400,
                "a body that is too large is refused");
        require(body.has_value(), "the reply is JSON");
        if (reply.status != 200) {
            require(body->integer("code").has_value(), "an error has a code");
            require(!body->string_or_empty("message").empty(), "an error has a message");
        }
        if (reply.status == 429)
            require(find_header(reply.headers, "Retry-After") != nullptr, "who has to wait is told for how long");
    }
    std::string bytes;
    require(detail::append_response(bytes, reply, true).has_value(), "the reply's headers can be written as HTTP");

    // Secrets: nothing in the world brings them out.
    const auto whole = reply.body + bytes;
    require(!holds(whole, nonce), "a reply has no secret of the server");
    if (const auto sent = transport.last_code_to("+14155550100"); !sent.empty() && !holds(everything, sent))
        require(!holds(whole, '"' + sent + '"'), "a reply has no code");

    // Access: who brings neither the session nor the password learns nothing of the user, and changes nothing.
    const auto stored = storage.find_user(user_id);
    require(stored.has_value(), "users stay");
    if (!holds(everything, ada_token) && !passwords.matched) {
        if (!holds(everything, "ada")) require(!holds(whole, email), "a stranger does not see the user");
        require(stored->password_hash == ada.password_hash && stored->identity == ada.identity &&
                    stored->properties.empty() && stored->version == 0,
                "a stranger changes nothing");
        const auto messages = [&] {
            for (const auto& r : transport.requests())
                if (r.method == "POST" && !holds(r.body, "Body=")) return false;
            return true;
        }();
        require(messages, "only codes are sent to Twilio");
        for (const auto& r : transport.requests())
            if (r.method == "POST")
                require(holds(r.body, "is+your+code+to+"), "a stranger sends nobody a text of his own");
    }
    require(stored->phone == phone && stored->object_id == user_id && stored->enabled, "what proves the user stays");
    require(transport.calls() <= 1, "a request sends one message at most");
    const auto after = storage.find_transaction(pending_id);
    require(after && after->tries <= 1 && after->sends <= 1, "a request is one try, or one message, at most");
    return 0;
}
