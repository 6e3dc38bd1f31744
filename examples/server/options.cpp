// SPDX-License-Identifier: BSL-1.0
#include "options.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <optional>
#include <thread>
#include <type_traits>

#include <asio/ip/address.hpp>

#include <phoneauth/asio/detail/proxy.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/read_config.hpp>

#include "fake_set_ups.hpp"
#include "storage.hpp"

namespace server {
namespace {

// Everything as it was given: text.
struct given {
    std::string listen, hosts, allowed_origins, trusted_proxies, trusted_hops;
    std::string threads, max_connections, max_connections_per_address, max_requests, metrics, events;
    std::string app_id, api_key, code_key, storage, settings, send_message;
    std::string operator_token, operator_token_file, operators, fake_set_up;
    std::string account_sid, auth_token, twilio_key, twilio_secret, sender, base_url, ca_file, proxy, status_callback;
};

struct row {
    std::string_view flag;  // empty for a secret: every user of a machine can read the command lines of all
    std::string_view variable;
    std::string_view value;    // what the help calls the value
    std::string_view initial;  // the default
    std::string_view help;
    std::string given::*target;
    std::string_view setting;  // the name of the setting that it overrides, if it does
};

// The one list of options: for the help, the command line, the environment and the error texts.
constexpr std::array table{
    row{"--listen", "PHONEAUTH_LISTEN", "ADDRESS:PORT", "127.0.0.1:8080", "where to listen; port 0: a free one",
        &given::listen, ""},
    row{"--threads", "PHONEAUTH_THREADS", "NUMBER", "the number of processors", "threads that serve requests",
        &given::threads, ""},
    row{"--max-connections", "PHONEAUTH_MAX_CONNECTIONS", "NUMBER", "16384",
        "connections that may be open; fewer if the limit of open files is lower", &given::max_connections, ""},
    row{"--max-connections-per-address", "PHONEAUTH_MAX_CONNECTIONS_PER_ADDRESS", "NUMBER",
        "1024; with --trusted-proxy 0", "of them from one IPv4 address or one IPv6 /64; 0: all, as behind a proxy",
        &given::max_connections_per_address, ""},
    row{"--max-requests", "PHONEAUTH_MAX_REQUESTS", "NUMBER", "256",
        "requests that may be answered at once; further ones are told to come back", &given::max_requests, ""},
    row{"--hosts", "PHONEAUTH_HOSTS", "NAME[,NAME...]", "on a loopback address: localhost and that address; else any",
        "the names and addresses that the server is called by, without ports; any: do not check", &given::hosts, ""},
    row{"--allow-origin", "PHONEAUTH_ALLOW_ORIGIN", "ORIGIN[,ORIGIN...]", "none but the server's own",
        "origins whose pages may use the API in browsers (CORS), as https://app.example.com; any: all. Tokens come in\n"
        "      a header, never in a cookie; still any lets all pages that a user visits ask for messages, which cost",
        &given::allowed_origins, ""},
    row{"--trusted-proxy", "PHONEAUTH_TRUSTED_PROXY", "ADDRESS[,ADDRESS...]", "none",
        "addresses and networks (10.0.0.0/8) of the reverse proxies before the server, the only ones whose\n"
        "      X-Forwarded-For says whom limits count; without it all its clients count as one. It is theirs, too, to "
        "offer HTTPS and Strict-Transport-Security",
        &given::trusted_proxies, ""},
    row{"--trusted-hops", "PHONEAUTH_TRUSTED_HOPS", "NUMBER", "0",
        "instead, where their addresses are not known: how many proxies add an address to X-Forwarded-For. Only where\n"
        "      nobody can reach the server past them: they would write their own address",
        &given::trusted_hops, ""},
    row{"--metrics", "PHONEAUTH_METRICS", "ADDRESS:PORT", "127.0.0.1:0",
        "where counters are served at /metrics, for Prometheus, to whoever can connect; port 0: a free one, printed "
        "at\n"
        "      start; off: nowhere",
        &given::metrics, ""},
    row{"--events", "PHONEAUTH_EVENTS", "FILE", "stderr",
        "where what happens is written, a line of JSON each, with phone numbers masked: a file that is appended to,\n"
        "      stderr, - for the standard output, or off",
        &given::events, ""},
    row{"--app-id", "PHONEAUTH_APP_ID", "ID", "random, printed at start", "application id of the REST root",
        &given::app_id, ""},
    row{"", "PHONEAUTH_API_KEY", "KEY", "random, printed at start", "API key of the REST root", &given::api_key, ""},
    row{"", "PHONEAUTH_CODE_KEY", "SECRET",
        "memory: random; sqlite: random, kept in FILE.key; else none: it must be set",
        "32 to 256 bytes that the codes are derived with", &given::code_key, "code_keys"},
    row{"--storage", "PHONEAUTH_STORAGE", "URL", "sqlite: and the file phoneauth.db beside the program",
        "memory: users last as long as the process; sqlite:FILE: for one machine; "
        "postgres://USER:PASSWORD@HOST/DATABASE\n"
        "      or redis://:PASSWORD@HOST/NUMBER (rediss:// for TLS): for any number of servers; a password belongs "
        "into the variable",
        &given::storage, ""},
    row{"--settings", "PHONEAUTH_SETTINGS", "FILE", "none", "JSON with any of the library's settings", &given::settings,
        ""},
    row{"--send-message", "PHONEAUTH_SEND_MESSAGE", "WHO", "off; session while messages are only printed",
        "who may send messages; session: whoever is logged in, key: whoever knows the API key, off: nobody",
        &given::send_message, ""},
    row{"--operator-token-file", "PHONEAUTH_OPERATOR_TOKEN_FILE", "FILE", "none: there is nothing for operators",
        "a file with the token of those who help people with their accounts (see --operators), and of\n"
        "      GET /operator/test-configuration, which does what --test does, or:",
        &given::operator_token_file, ""},
    row{"", "PHONEAUTH_OPERATOR_TOKEN", "TOKEN", "none", "the token itself: 16 to 256 characters that nobody can guess",
        &given::operator_token, ""},
    row{"--operators", "PHONEAUTH_OPERATORS", "ADDRESS:PORT", "127.0.0.1:0",
        "with a token: where the operators' page is, with which they find, disable, unlock, change and delete "
        "accounts;\n"
        "      port 0: a free one, printed at start; off: nowhere. Plain HTTP: from elsewhere reach it by a tunnel",
        &given::operators, ""},
    row{"--fake-twilio", "PHONEAUTH_FAKE_TWILIO", "NAME", "fine",
        "without Twilio credentials: what is wrong with the Twilio that the server plays, to see what --test says of "
        "it",
        &given::fake_set_up, ""},
    row{"--twilio-account-sid", "TWILIO_ACCOUNT_SID", "AC…", "none: no SMS is sent, messages are printed",
        "Twilio's account", &given::account_sid, "twilio.account_sid"},
    row{"", "TWILIO_AUTH_TOKEN", "TOKEN", "none", "the account's auth token, or:", &given::auth_token,
        "twilio.auth_token"},
    row{"--twilio-api-key", "TWILIO_API_KEY", "SK…", "none", "an API key of the account", &given::twilio_key,
        "twilio.api_key"},
    row{"", "TWILIO_API_SECRET", "SECRET", "none", "the API key's secret", &given::twilio_secret, "twilio.api_secret"},
    row{"--twilio-sender", "TWILIO_SENDER", "SENDER", "none",
        "number, short code or name of the account, or a Messaging Service: MG…", &given::sender, "twilio.sender"},
    row{"--twilio-base-url", "TWILIO_BASE_URL", "URL", "https://api.twilio.com", "http or https, for tests and proxies",
        &given::base_url, "twilio.base_url"},
    row{"--twilio-ca-file", "TWILIO_CA_FILE", "FILE", "the system's", "PEM file with the certificates to trust",
        &given::ca_file, ""},
    row{"--proxy", "PHONEAUTH_PROXY", "URL", "none",
        "the HTTP proxy on the way to Twilio: http://HOST:PORT or http://USER:PASSWORD@HOST:PORT, percent-encoded; a\n"
        "      password belongs into the variable",
        &given::proxy, ""},
    row{"--status-callback", "TWILIO_STATUS_CALLBACK", "URL",
        "without Twilio credentials: this server's own address; else none",
        "where Twilio reports what became of a message: the public URL of /api/services/Twilio/messageStatus here;\n"
        "      off: nowhere",
        &given::status_callback, "twilio.status_callback"},
};

const row& row_of(std::string given::*target) {
    return *std::find_if(table.begin(), table.end(), [&](const row& each) { return each.target == target; });
}

std::string name_of(const row& r) {
    return std::string(r.flag.empty() ? r.variable : r.flag);
}

class parser {
public:
    parsed_options run(const std::vector<std::string_view>& arguments) {
        read_environment();
        read_command_line(arguments);
        if (out_.value.help) {
            out_.problems.clear();
            return std::move(out_);
        }
        apply();
        return std::move(out_);
    }

private:
    void problem(std::string text) { out_.problems.push_back(std::move(text)); }

    // For a person who must find what to change: the flag and the variable.
    void bad_value(std::string given::*target, std::string_view expected) {
        const auto& r = row_of(target);
        problem((r.flag.empty() ? "" : std::string(r.flag) + " or ") + std::string(r.variable) + ": " +
                std::string(expected));
    }

    void read_environment() {
        for (const auto& r : table)
            if (const char* value = std::getenv(std::string(r.variable).c_str())) given_.*r.target = value;
    }

    void read_command_line(const std::vector<std::string_view>& arguments) {
        for (auto at = arguments.begin(); at != arguments.end(); ++at) {
            if (*at == "--help" || *at == "-h") {
                out_.value.help = true;
                continue;
            }
            if (*at == "--test") {
                out_.value.test = true;
                continue;
            }
            const auto equals = at->find('=');
            const auto flag = at->substr(0, equals);
            const auto* r = std::find_if(table.begin(), table.end(),
                                         [&](const row& each) { return !flag.empty() && each.flag == flag; });
            if (r == table.end()) {
                problem(std::string(flag) + ": there is no such option; see --help");
            } else if (equals != std::string_view::npos) {
                given_.*r->target = at->substr(equals + 1);
            } else if (++at == arguments.end()) {
                problem(std::string(flag) + ": a value is missing");
                return;
            } else {
                given_.*r->target = *at;
            }
        }
    }

    template <class Number>
    static std::optional<Number> number(std::string_view text) {
        Number value{};
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
    }

    /// What was given, or else the default.
    std::string_view text(std::string given::*target) const {
        return (given_.*target).empty() ? row_of(target).initial : std::string_view(given_.*target);
    }

    void apply() {
        apply_endpoint(&given::listen, out_.value.address, out_.value.port);

        out_.value.threads = (std::max)(1u, std::thread::hardware_concurrency());
        if (!given_.threads.empty()) apply_number(&given::threads, out_.value.threads, 1, 256);
        apply_number(&given::max_connections, out_.value.max_connections, 1, 1'000'000);
        // Behind a proxy all connections come from one address.
        out_.value.max_connections_per_address = given_.trusted_proxies.empty() ? 1024 : 0;
        if (!given_.max_connections_per_address.empty())
            apply_number(&given::max_connections_per_address, out_.value.max_connections_per_address, 0, 1'000'000);
        apply_number(&given::max_requests, out_.value.max_requests, 1, 1'000'000);
        apply_hosts();
        apply_metrics();
        if (text(&given::events) != "off") out_.value.events = text(&given::events);
        auto& api = out_.value.api;
        api.allowed_origins = origins();
        api.trusted_proxies = list(given_.trusted_proxies);
        for (const auto& proxy : api.trusted_proxies) {
            if (!phoneauth::is_network(proxy))
                bad_value(&given::trusted_proxies, "expected addresses and networks, as 10.0.0.7,10.1.0.0/16,::1");
            if (phoneauth::is_too_wide(proxy))
                bad_value(&given::trusted_proxies,
                          "anybody may be in " + proxy +
                              " and write their own address; name the proxies' own networks, or "
                              "say with --trusted-hops how many proxies there are");
        }
        apply_number(&given::trusted_hops, api.trusted_hops, 0, 20);
        if (api.trusted_hops > 0 && !api.trusted_proxies.empty())
            bad_value(&given::trusted_hops, "--trusted-proxy tells clients apart already; set one of them");
        api.app_id = path_segment(&given::app_id);
        api.api_key = path_segment(&given::api_key);

        out_.value.storage = given_.storage;
        if (!given_.storage.empty())
            if (const auto wrong = storage_problem(given_.storage); !wrong.empty()) bad_value(&given::storage, wrong);

        using phoneauth::rest::send_message_access;
        const auto& who = given_.send_message;  // the default is settled with the credentials
        if (who == "session")
            api.send_message = send_message_access::session;
        else if (who == "key")
            api.send_message = send_message_access::key;
        else if (who == "off" || who.empty())
            api.send_message = send_message_access::off;
        else
            bad_value(&given::send_message, "expected session, key or off");

        if (!given_.ca_file.empty() && !std::ifstream(given_.ca_file))
            bad_value(&given::ca_file, "the file cannot be read");
        out_.value.ca_file = given_.ca_file;
        apply_operator();
        apply_operators();
        apply_config();
        apply_proxy();
        apply_fake_set_up();
    }

    void apply_proxy() {
        if (given_.proxy.empty()) return;
        const auto proxy = phoneauth::detail::parse_proxy(given_.proxy);
        if (!proxy) bad_value(&given::proxy, proxy.error().message);
        out_.value.proxy = given_.proxy;
    }

    void apply_operator() {
        auto& token = out_.value.operator_token;
        const auto source = given_.operator_token_file.empty() ? &given::operator_token : &given::operator_token_file;
        if (!given_.operator_token_file.empty()) {
            if (!given_.operator_token.empty())
                bad_value(source, "PHONEAUTH_OPERATOR_TOKEN is set, too; set one of them");
            std::ifstream file(given_.operator_token_file);
            if (!std::getline(file, token)) return bad_value(source, "the file cannot be read, or is empty");
        } else {
            token = given_.operator_token;
        }
        if (token.empty()) return;
        const auto is_visible = [](char c) { return c > ' ' && c <= '~'; };
        if (token.size() < 16 || token.size() > 256 || !std::all_of(token.begin(), token.end(), is_visible))
            bad_value(source, "expected a token of 16 to 256 visible characters of ASCII");
    }

    void apply_operators() {
        if (given_.operators == "off") return;
        if (out_.value.operator_token.empty()) {
            if (!given_.operators.empty())
                bad_value(&given::operators, "nobody is an operator without --operator-token-file");
            return;
        }
        apply_endpoint(&given::operators, out_.value.operators_address, out_.value.operators_port);
        out_.value.operators_hosts = own_hosts(out_.value.operators_address);
    }

    void apply_fake_set_up() {
        auto& name = out_.value.fake_set_up;
        name = given_.fake_set_up;
        if (name.empty()) return;
        phoneauth::testing::twilio_simulator simulator;
        auto settings = simulator.settings();
        if (!spoil(name, simulator, settings))
            bad_value(&given::fake_set_up, "expected one of " + fake_set_up_names());
        else if (!out_.value.fake_twilio)
            bad_value(&given::fake_set_up, "there are Twilio credentials: the server plays no Twilio");
    }

    template <class Number>
    void apply_number(std::string given::*target, Number& into, std::type_identity_t<Number> least,
                      std::type_identity_t<Number> most) {
        const auto value = number<Number>(text(target));
        if (value && *value >= least && *value <= most)
            into = *value;
        else
            bad_value(target, "expected " + std::to_string(least) + " to " + std::to_string(most));
    }

    /// The elements of a list with commas.
    static std::vector<std::string> list(std::string_view text) {
        std::vector<std::string> elements;
        while (!text.empty()) {
            const auto element = text.substr(0, text.find(','));
            if (!element.empty()) elements.emplace_back(element);
            text.remove_prefix((std::min)(element.size() + 1, text.size()));
        }
        return elements;
    }

    /// What a server on this address is called by. A page of somebody else in a browser on this machine must not reach
    /// what only this machine can reach.
    static std::vector<std::string> own_hosts(const std::string& text) {
        std::error_code error;
        const auto address = ::asio::ip::make_address(text, error);
        if (error || !address.is_loopback()) return {};
        return {"localhost", address.to_string()};
    }

    void apply_hosts() {
        auto& hosts = out_.value.hosts;
        if (given_.hosts.empty()) {
            hosts = own_hosts(out_.value.address);
        } else if (given_.hosts != "any") {
            hosts = list(given_.hosts);
            if (hosts.empty()) bad_value(&given::hosts, "expected names, as auth.example.com,10.0.0.7");
        }
    }

    void apply_metrics() {
        if (given_.metrics == "off") return;
        apply_endpoint(&given::metrics, out_.value.metrics_address, out_.value.metrics_port);
        out_.value.metrics_hosts = own_hosts(out_.value.metrics_address);
    }

    std::vector<std::string> origins() {
        if (given_.allowed_origins == "any") return {"*"};
        auto all = list(given_.allowed_origins);
        for (const auto& origin : all) {
            // As browsers write them, for they are compared as text: scheme, host, and a port unless it is the scheme's.
            const auto url = phoneauth::detail::parse_url(origin);
            if (!url || origin != (url->https ? "https://" : "http://") + url->authority())
                bad_value(&given::allowed_origins,
                          "expected origins, as https://app.example.com,http://localhost:3000");
        }
        return all;
    }

    void apply_endpoint(std::string given::*target, std::string& into, unsigned short& into_port) {
        const auto given_text = text(target);
        const auto colon = given_text.rfind(':');
        auto host = given_text.substr(0, colon);
        const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
        if (bracketed) host = host.substr(1, host.size() - 2);
        const auto port =
            colon == std::string_view::npos ? std::nullopt : number<unsigned short>(given_text.substr(colon + 1));
        std::error_code error;
        const auto address = ::asio::ip::make_address(std::string(host), error);
        if (!port || error || address.is_v6() != bracketed)
            return bad_value(target, "expected an IP address and a port, as 127.0.0.1:8080 or [::1]:8080");
        into = std::string(host);
        into_port = *port;
    }

    std::string path_segment(std::string given::*target) {
        const auto& text = given_.*target;
        constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
        if (text.size() > 64 || text.find_first_not_of(allowed) != std::string::npos || text == "api")
            bad_value(target, "expected 1 to 64 letters, digits, - and _, as it is a part of URLs; and not api");
        return text;
    }

    void apply_config() {
        auto& config = out_.value.config;
        if (!given_.settings.empty()) {
            std::ifstream file(given_.settings);
            const std::string json{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
            if (!file) return bad_value(&given::settings, "the file cannot be read");
            for (const auto& p : phoneauth::read_config(json, config))
                problem(given_.settings + ": " + p.field + (p.field.empty() ? "" : ": ") + p.message);
        }
        const auto override_by = [](const std::string& text, std::string& setting) {
            if (!text.empty()) setting = text;
        };
        auto& twilio = config.twilio;
        override_by(given_.account_sid, twilio.account_sid);
        override_by(given_.auth_token, twilio.auth_token);
        override_by(given_.twilio_key, twilio.api_key);
        override_by(given_.twilio_secret, twilio.api_secret);
        override_by(given_.sender, twilio.sender);
        override_by(given_.base_url, twilio.base_url);
        override_by(given_.status_callback, twilio.status_callback);
        if (given_.status_callback == "off") twilio.status_callback.clear();
        if (!given_.code_key.empty()) config.code_keys = {{"environment", given_.code_key}};

        out_.value.fake_twilio = twilio.account_sid.empty() && twilio.auth_token.empty() && twilio.api_key.empty() &&
                                 twilio.api_secret.empty() && twilio.sender.empty() && twilio.base_url.empty();
        if (out_.value.fake_twilio && given_.send_message.empty())
            out_.value.api.send_message = phoneauth::rest::send_message_access::session;
        out_.value.default_status_callback =
            out_.value.fake_twilio && twilio.status_callback.empty() && given_.status_callback.empty();
        const auto base = phoneauth::detail::parse_url(twilio.base_url);
        out_.value.twilio_over_https = !out_.value.fake_twilio && (!base || base->https);
        const auto& storage = out_.value.storage;
        const bool needs_key = !storage.empty() && storage_spans_machines(storage);
        for (const auto& p : phoneauth::validate(config, needs_key)) {
            if (out_.value.fake_twilio && p.field.starts_with("twilio.") && p.field != "twilio.status_callback")
                continue;
            const auto* r =
                std::find_if(table.begin(), table.end(), [&](const row& each) { return each.setting == p.field; });
            problem(p.field + (r == table.end() ? "" : " (" + name_of(*r) + ")") + ": " + p.message);
        }
    }

    given given_;
    parsed_options out_;
};

}  // namespace

parsed_options parse_options(const std::vector<std::string_view>& arguments) {
    return parser().run(arguments);
}

std::string help_text() {
    std::string text = "Phone-verified registration and login over REST, with a page to try it.\n\n"
                       "usage: phoneauth_server [OPTION VALUE]...\n\n"
                       "An option counts more than its environment variable, and both more than the settings file.\n"
                       "Secrets have no option: they come from the environment.\n";
    for (const auto& r : table) {
        text += "\n  ";
        if (!r.flag.empty()) text += std::string(r.flag) + ' ' + std::string(r.value) + ", ";
        text += std::string(r.variable) + '=' + std::string(r.value) + "\n      " + std::string(r.help) +
                "\n      default: " + std::string(r.initial) + '\n';
    }
    text +=
        "\n  --test\n      instead of serving, asks Twilio whether codes can be sent, and prints what it finds and "
        "what to do: exit\n"
        "      status 0 if nothing stands in the way, 1 if something does, 2 if an option is wrong. Sends no message\n"
        "\n  --fake-twilio knows: " +
        fake_set_up_names() + "\n\n  --help\n      this text\n";
    return text;
}

}  // namespace server
