// SPDX-License-Identifier: BSL-1.0
// A client's whole journey without a person: register, log in in both ways, use the session, send a message, log out.
//
// With a storage that processes can share there are two servers, and what one has begun the other brings to its end.
//
// It prints every request and reply, codes, passwords and tokens included: what you see belongs to servers that play
// Twilio themselves, and to a person who does not exist. Do not print them anywhere else.

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <simdjson.h>

#include <phoneauth/asio/blocking_transport.hpp>

#include <asio/buffer.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <asio/read.hpp>
#include <asio/write.hpp>

namespace {

using phoneauth::http_request;
using phoneauth::http_response;

void expect(bool ok, const std::string& what) {
    if (!ok) throw std::runtime_error("expected " + what);
}

// ---- The server, as a child of this process ----

class child_server {
public:
    /// `settings`: environment variables.
    child_server(const char* program, std::vector<std::string> settings) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
        output_ = fdopen(ends[0], "r");

        // Settings of this shell could make it another server than the one that prints its messages.
        std::vector<char*> environment;
        for (char** variable = environ; *variable; ++variable) {
            const std::string_view text = *variable;
            if (!text.starts_with("TWILIO_") && !text.starts_with("PHONEAUTH_")) environment.push_back(*variable);
        }
        for (auto& setting : settings) environment.push_back(setting.data());
        environment.push_back(nullptr);
        const char* const arguments[] = {program, "--listen", "127.0.0.1:0", nullptr};

        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
        const int failed =
            posix_spawn(&pid_, program, &actions, nullptr, const_cast<char* const*>(arguments), environment.data());
        posix_spawn_file_actions_destroy(&actions);
        close(ends[1]);
        if (failed) throw std::system_error(failed, std::generic_category(), program);
    }
    child_server(const child_server&) = delete;
    child_server& operator=(const child_server&) = delete;
    ~child_server() { stop(); }

    std::FILE* output() { return output_; }

    /// Asks it to end; its exit status.
    int stop() {
        if (pid_ <= 0) return 0;
        kill(pid_, SIGTERM);
        int status = -1;
        while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = 0;
        std::fclose(output_);
        return status;
    }

private:
    pid_t pid_ = 0;
    std::FILE* output_ = nullptr;
};

/// What follows `start` in the next line of `in` that has it at its beginning.
std::string after(std::FILE* in, std::string_view start) {
    char buffer[4096];
    while (std::fgets(buffer, sizeof buffer, in)) {
        std::string_view line = buffer;
        if (line.ends_with('\n')) line.remove_suffix(1);
        std::cout << "  | " << line << '\n';
        if (line.starts_with(start)) return std::string(line.substr(start.size()));
    }
    throw std::runtime_error("the server's output ended before a line that starts with: " + std::string(start));
}

// ---- The client ----

class client {
public:
    /// `name`: what it prints beside each request. `messages`: where the server's output comes from.
    client(std::string url, std::FILE* messages, std::string name = "")
        : url_(std::move(url)), messages_(messages), name_(std::move(name)) {}

    /// Sends a request below /api, prints it and its reply. `body` empty: none.
    http_response send(const char* method, const std::string& path, std::string body = "",
                       const std::string& token = "") {
        return send_to(method, "/api" + path, std::move(body), token);
    }

    /// The same for a path of its own.
    http_response send_to(const char* method, const std::string& path, std::string body = "",
                          const std::string& token = "") {
        http_request request{method, url_ + path, {}, std::move(body)};
        if (!request.body.empty()) request.headers.push_back({"Content-Type", "application/json"});
        if (!token.empty()) request.headers.push_back({"user-token", token});
        std::cout << "\n> " << method << ' ' << path << name_ << '\n';
        if (!token.empty()) std::cout << "> user-token: " << token << '\n';
        if (!request.body.empty()) std::cout << "> " << request.body << '\n';
        auto reply = transport_.send(request);
        if (!reply) throw std::runtime_error(reply.error().message);
        std::cout << "< " << reply->status << ' ' << reply->body << '\n';
        return std::move(*reply);
    }

    /// The code in the next message to `phone`, of which the server prints a line that begins with `start`.
    std::string code_for(const std::string& phone, const std::string& start = "message to ") {
        const auto text = after(messages_, start + phone + ": ");
        const auto begin = text.find_first_of("0123456789");
        expect(begin != std::string::npos, "a code in the message");
        return text.substr(begin, text.find_first_not_of("0123456789", begin) - begin);
    }

    /// What a server on this machine sends in reply to HEAD, to the last byte: the transport would not show them all.
    std::string head(const std::string& path) {
        asio::io_context context;
        asio::ip::tcp::socket socket(context);
        const auto port = static_cast<unsigned short>(std::stoi(url_.substr(url_.rfind(':') + 1)));
        socket.connect({asio::ip::address_v4::loopback(), port});
        std::cout << "\n> HEAD " << path << '\n';
        asio::write(socket, asio::buffer("HEAD " + path + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n"));
        std::string reply;
        asio::error_code end;
        asio::read(socket, asio::dynamic_buffer(reply), end);
        std::cout << "< " << reply;
        return reply;
    }

private:
    std::string url_;
    std::FILE* messages_;
    std::string name_;
    phoneauth::blocking_transport transport_;
};

/// A member of a JSON object that is a string.
std::string member(const http_response& reply, std::string_view name) {
    expect(reply.status == 200, "status 200");
    simdjson::dom::parser parser;
    std::string_view value;
    const auto error = parser.parse(reply.body)[name].get(value);
    expect(!error, "\"" + std::string(name) + "\" in the reply");
    return std::string(value);
}

/// A JSON object of strings that need no escapes.
std::string object(const std::vector<std::pair<std::string_view, std::string_view>>& members) {
    std::string json;
    for (const auto& [name, value] : members)
        json.append(json.empty() ? "{\"" : ", \"").append(name).append("\": \"").append(value).append("\"");
    return json + '}';
}

/// The end of a phone number that no other run has registered.
std::string new_number() {
    std::random_device device;
    return std::to_string(std::uniform_int_distribution(2'000'000, 4'999'999)(device));
}

/// `a` and `b` may be one server.
void journey(client& a, client& b) {
    const std::string who = new_number();
    const std::string phone = "+1500" + who;
    const std::string email = "ada" + who + "@example.com";
    const std::string password = "shown to everybody";

    std::cout << "\n== Register: the phone first, then the code and the rest ==\n";
    auto transaction = member(a.send("POST", "/users/register", object({{"phoneNumber", phone}})), "transactionId");
    auto code = a.code_for(phone);
    const auto user_with = [&](std::string_view presented) {
        return object({{"phoneNumber", phone},
                       {"transactionId", transaction},
                       {"transactionCode", presented},
                       {"email", email},
                       {"password", password},
                       {"name", "Ada"}});
    };
    const std::string wrong = code == "000000" ? "000001" : "000000";
    expect(b.send("POST", "/users/register", user_with(wrong)).status == 400, "that a wrong code is refused");
    const auto id = member(a.send("POST", "/users/register", user_with(code)), "objectId");

    std::cout << "\n== Log in with a code ==\n";
    transaction = member(b.send("POST", "/services/Twilio/loginWithPhoneNumber", object({{"phoneNumber", phone}})),
                         "transactionId");
    code = b.code_for(phone);
    const auto login = [&] { return object({{"transactionId", transaction}, {"code", code}}); };
    member(b.send("POST", "/services/Twilio/loginWithCode", login()), "user-token");
    expect(a.send("POST", "/services/Twilio/loginWithCode", login()).status == 400, "that a code works once");

    std::cout << "\n== Log in with password and code ==\n";
    const auto with_password = object({{"phoneNumber", phone}, {"password", password}});
    transaction =
        member(b.send("POST", "/services/Twilio/loginWithPhoneNumberAndPassword", with_password), "transactionId");
    code = b.code_for(phone);
    const auto token = member(a.send("POST", "/services/Twilio/loginWithCode", login()), "user-token");

    std::cout << "\n== Use the session ==\n";
    expect(b.send("GET", "/users/isvalidusertoken/" + token).body == "true", "a valid token");
    const auto changed = b.send("PUT", "/users/" + id, object({{"name", "Ada Lovelace"}}), token);
    expect(member(changed, "name") == "Ada Lovelace", "the new name");
    const auto message = object({{"phoneNumber", "+15005550006"}, {"message", "Hello from the journey"}});
    expect(member(b.send("POST", "/services/Twilio/sendMessage", message, token), "sid").size() == 34,
           "Twilio's id of the message");

    std::cout << "\n== Log out ==\n";
    expect(a.send("GET", "/users/logout", "", token).status == 200, "a logout");
    expect(b.send("GET", "/users/isvalidusertoken/" + token).body == "false", "that the token is not valid any more");
}

/// Registers, logs in with password and code, and asks a server with a route of its own who that is.
void visit(client& c) {
    const std::string phone = "+1500" + new_number();
    const std::string email = "ada" + phone.substr(1) + "@example.com";
    const std::string password = "shown to everybody";
    const std::string print = "To ";

    std::cout << "\n== Register ==\n";
    auto transaction = member(c.send("POST", "/users/register", object({{"phoneNumber", phone}})), "transactionId");
    auto code = c.code_for(phone, print);
    member(c.send("POST", "/users/register",
                  object({{"phoneNumber", phone},
                          {"transactionId", transaction},
                          {"transactionCode", code},
                          {"email", email},
                          {"password", password}})),
           "objectId");

    std::cout << "\n== Log in with password and code ==\n";
    transaction = member(c.send("POST", "/services/Twilio/loginWithPhoneNumberAndPassword",
                                object({{"phoneNumber", phone}, {"password", password}})),
                         "transactionId");
    code = c.code_for(phone, print);
    const auto token = member(
        c.send("POST", "/services/Twilio/loginWithCode", object({{"transactionId", transaction}, {"code", code}})),
        "user-token");

    std::cout << "\n== The server's own route, which only a session opens ==\n";
    expect(member(c.send_to("GET", "/me", "", token), "email") == email, "to be known by the session");
    expect(c.send_to("GET", "/me").status == 401, "that nobody is known without a session");
    expect(c.send_to("GET", "/me", "", "0" + token).status == 401, "that a token of nobody's opens nothing");
    const auto head = c.head("/health");
    expect(head.starts_with("HTTP/1.1 200 ") && head.find("\r\n\r\n") == head.size() - 4, "no body in reply to HEAD");

    std::cout << "\n== Log out ==\n";
    expect(c.send("DELETE", "/users/sessions", "", token).status == 200, "that there is DELETE");
    expect(c.send("GET", "/users/logout", "", token).status == 200, "a logout");
    expect(c.send_to("GET", "/me", "", token).status == 401, "that the session opens nothing any more");
    const auto refused = c.send("GET", "/services/Twilio/loginWithCode");
    const auto* allowed = phoneauth::find_header(refused.headers, "Allow");
    expect(allowed && *allowed == "POST, OPTIONS", "that the API's headers come along");
}

/// A folder that is deleted with all that is in it.
class temporary_folder {
public:
    temporary_folder() {
        if (!mkdtemp(path_.data())) throw std::system_error(errno, std::generic_category(), path_);
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    const std::string& path() const { return path_; }

private:
    std::string path_ = (std::filesystem::temp_directory_path() / "phoneauth-journey-XXXXXX").string();
};

void with_own_servers(const char* program, std::string storage) {
    std::optional<temporary_folder> folder;
    if (storage.empty()) storage = "sqlite:" + folder.emplace().path() + "/phoneauth.db";

    std::vector<std::string> settings{"PHONEAUTH_STORAGE=" + storage,  // a password in it is nobody else's business
                                      "PHONEAUTH_EVENTS=off"};         // they would come between requests and replies
    if (storage.find("://") != std::string::npos) {
        std::random_device device;
        std::string key = "PHONEAUTH_CODE_KEY=";
        for (int i = 0; i < 8; ++i)
            key += std::to_string(std::uniform_int_distribution(10'000'000, 99'999'999)(device));
        settings.push_back(std::move(key));
    }
    const auto connect = [](child_server& server, const char* name) {
        return client(after(server.output(), "listening on "), server.output(), name);
    };
    child_server one(program, settings);
    if (storage == "memory") {
        client a = connect(one, "");
        journey(a, a);
    } else {
        client a = connect(one, "   [first server]");
        child_server two(program, settings);
        client b = connect(two, "   [second server]");
        journey(a, b);
        expect(two.stop() == 0, "that the second server ends cleanly");
    }
    expect(one.stop() == 0, "that the server ends cleanly");
}

/// In a server of examples/with_…, which serves until it is stopped.
void with_framework(const char* program) {
    child_server server(program, {});
    client c(after(server.output(), "listening on "), server.output());
    visit(c);
    const int status = server.stop();
    expect(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM), "that the server serves until stopped");
}

}  // namespace

int main(int argc, char** argv) {
    const std::vector<std::string> arguments(argv + 1, argv + argc);
    const bool stored = arguments.size() == 4 && arguments[2] == "--storage";
    const bool starts = (arguments.size() == 2 || stored) && arguments[0] == "--server";
    const bool two = arguments.size() == 2 && (arguments[0] == "--url" || arguments[0] == "--in");
    if (!starts && !two) {
        std::cerr << "usage: phoneauth_journey --server PROGRAM [--storage URL]\n"
                     "           starts phoneauth_server twice on one storage (memory: once) and reads the messages;\n"
                     "           without URL: on a SQLite file that is deleted afterwards\n"
                     "       phoneauth_journey --in PROGRAM\n"
                     "           starts a server of examples/with_*, and asks for its GET /me, too\n"
                     "       phoneauth_journey --url URL\n"
                     "           uses a server that runs, and reads its output from here:\n"
                     "           phoneauth_server | phoneauth_journey --url http://127.0.0.1:8080\n";
        return 2;
    }
    std::cout << "Everything is shown, secrets too: they belong to a demonstration.\n";
    try {
        if (starts)
            with_own_servers(argv[2], stored ? arguments[3] : "");
        else if (arguments[0] == "--in")
            with_framework(argv[2]);
        else {
            client c(arguments[1], stdin);
            journey(c, c);
        }
    } catch (const std::exception& e) {
        std::cerr << "\nphoneauth_journey: " << e.what() << '\n';
        return 1;
    }
    std::cout << "\nEvery step did what it must.\n";
    return 0;
}
