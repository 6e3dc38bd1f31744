// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_PROTOCOL_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_PROTOCOL_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <hiredis/hiredis.h>
#include <openssl/evp.h>

#include <phoneauth/detail/url.hpp>
#include <phoneauth/secret_string.hpp>

// What the two Redis storages have in common below the commands: URLs, requests, replies, and where a request goes
// next. Pure: nothing here knows a socket. Sources: redis.io/docs, "Redis serialization protocol specification" and
// "Redis cluster specification".

namespace phoneauth {
inline namespace v0 {

namespace detail {

using redis_time = std::chrono::steady_clock::time_point;

/// Grows when an older phoneauth could not read what is stored (see redis_commands.hpp). Records of all formats from 1
/// on can be read.
inline constexpr int redis_format = 4;

/// A Redis server.
struct redis_address {
    std::string host;
    std::uint16_t port = 6379;

    /// For messages.
    std::string str() const {
        return (host.find(':') == host.npos ? host : '[' + host + ']') + ':' + std::to_string(port);
    }
    friend bool operator==(const redis_address&, const redis_address&) = default;
};

/// redis://[[user]:password@]host[:port][/database], or rediss://…
struct redis_url {
    bool tls = false;
    redis_address server;
    std::string user;
    secret_string password;  ///< empty: none is sent
    unsigned database = 0;
};

/// Throws `std::runtime_error` with a sentence that does not repeat the URL, which may hold a password.
inline redis_url parse_redis_url(std::string_view text) {
    const auto refuse = [](const std::string& why) -> redis_url {
        throw std::runtime_error("phoneauth: the URL of Redis " + why +
                                 "; expected redis://host:port/0 or redis://user:password@host:port/0, "
                                 "or with rediss:// for TLS");
    };
    redis_url parts;
    constexpr std::string_view plain = "redis://", tls = "rediss://";
    parts.tls = text.starts_with(tls);
    if (!parts.tls && !text.starts_with(plain)) return refuse("does not begin with redis:// or rediss://");
    text.remove_prefix((parts.tls ? tls : plain).size());

    const auto path = (std::min)(text.find('/', text.rfind('@') == text.npos ? 0 : text.rfind('@')), text.size());
    auto authority = text.substr(0, path);
    if (const auto at = authority.rfind('@'); at != authority.npos) {
        const auto colon = authority.find(':');
        if (colon > at) return refuse("names a user without a password");
        auto user = percent_decode(authority.substr(0, colon));
        auto password = percent_decode<secret_string>(authority.substr(colon + 1, at - colon - 1));
        if (!user || !password) return refuse("has a % that is not followed by two hexadecimal digits");
        parts.user = *std::move(user);
        parts.password = *std::move(password);
        if (parts.password.empty()) return refuse("has an empty password");
        authority.remove_prefix(at + 1);
    }
    url server;
    server.port = 6379;
    if (!parse_authority(authority, server)) return refuse("has no valid host and port");
    parts.server = {std::move(server.host), server.port};

    text.remove_prefix(path);
    if (!text.empty()) text.remove_prefix(1);
    const auto* end = text.data() + text.size();
    if (const auto [stop, error] = std::from_chars(text.data(), end, parts.database);
        !text.empty() && (error != std::errc() || stop != end))
        return refuse("has something behind the host that is not the number of a database");
    return parts;
}

struct redis_free {
    void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
    void operator()(redisReader* reader) const noexcept { redisReaderFree(reader); }
};
using redis_reply = std::unique_ptr<redisReply, redis_free>;

/// Takes the next whole reply out of what `reader` was fed; nullptr if there is none. Throws `std::runtime_error` if
/// the bytes are no reply.
inline redis_reply next_reply(redisReader& reader) {
    void* reply = nullptr;
    if (redisReaderGetReply(&reader, &reply) != REDIS_OK)
        throw std::runtime_error("what was received does not speak the Redis protocol");
    return redis_reply(static_cast<redisReply*>(reply));
}

inline std::string_view text_of(const redisReply& reply) noexcept {
    return {reply.str, reply.len};
}

/// Whether a connection on which nobody waits has received something, which would be taken for the next reply.
inline bool has_leftover(const redisReader& reader) noexcept {
    return reader.ridx > 0 || reader.pos < reader.len;
}

/// The first word of an error reply, by which errors are told apart; empty for any other reply.
inline std::string_view error_code(const redisReply& reply) noexcept {
    if (reply.type != REDIS_REPLY_ERROR) return {};
    auto text = text_of(reply);
    // Redis before 7 wraps what a command said to a script: "ERR Error running script (…): @user_script: 1: -OOM …".
    if (text.starts_with("ERR Error running script"))
        if (const auto inner = text.rfind(": -"); inner != text.npos) text.remove_prefix(inner + 3);
    return text.substr(0, text.find(' '));
}

/// True if the server said of itself that it is a replica: the name may lead to another server by now.
inline bool is_replica(const redisReply& reply) noexcept {
    return error_code(reply) == "READONLY";
}

/// What an error reply means, and what to do. Repeats nothing that was sent.
inline std::string explain(const redisReply& error) {
    struct meaning {
        std::string_view code, sentence;
    };
    static constexpr meaning meanings[] = {
        {"OOM", "is full: raise its maxmemory"},
        {"LOADING", "is still loading its data: try again when it has"},
        {"BUSY", "is busy with a script: see SCRIPT KILL"},
        {"READONLY", "is a read-only replica: name the master in the URL"},
        {"MISCONF", "cannot save to its disk and therefore refuses to write: see its log"},
        {"NOREPLICAS", "has fewer replicas than its min-replicas-to-write: start them"},
        {"MASTERDOWN", "is a replica without its master: name the master in the URL"},
        {"CLUSTERDOWN", "belongs to a cluster that is down: see CLUSTER INFO"},
        {"NOAUTH", "asks for a password: write redis://:password@host or redis://user:password@host"},
        {"WRONGPASS", "does not accept the user and password of the URL: correct them"},
        {"NOPERM",
         "does not let its user do that: allow +@read +@write +@scripting +@connection +info on the keys with "
         "the prefix"},
        {"CROSSSLOT", "belongs to a cluster but said at start that it did not: restart this server"},
        {"WRONGTYPE", "has a key that something else uses: choose another prefix"},
    };
    const auto code = error_code(error);
    for (const auto& m : meanings)
        if (m.code == code) return std::string(m.sentence) + " (" + std::string(code) + ")";
    // An error about an unknown command goes on with what was sent.
    const auto text = text_of(error);
    return "refused a command: " + std::string(text.substr(0, (std::min)(text.find(", with args"), std::size_t{200})));
}

/// A Lua script and the name by which the server knows it.
struct redis_script {
    std::string text;
    std::string sha1;

    explicit redis_script(const char* lua) : text(lua) {
        std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
        unsigned size = 0;
        if (EVP_Digest(text.data(), text.size(), hash.data(), &size, EVP_sha1(), nullptr) != 1)
            throw std::runtime_error("phoneauth: OpenSSL refuses SHA-1, by which Redis names scripts");
        for (const unsigned byte : std::basic_string_view(hash.data(), size)) {
            sha1 += "0123456789abcdef"[byte >> 4];
            sha1 += "0123456789abcdef"[byte & 15];
        }
    }
};

/// A command on its way: where it goes, and what became of it.
struct redis_call {
    std::vector<std::string> words;
    std::size_t key = 0;                   ///< which word says where it belongs in a cluster; 0: anywhere
    const redis_script* script = nullptr;  ///< what it runs, if it is EVALSHA

    static constexpr std::size_t by_slot = static_cast<std::size_t>(-1);
    std::size_t node = by_slot;  ///< the server it went to; before that, one that it must go to
    bool asking = false;         ///< that server does not have the slot yet
    unsigned redirects = 0;

    bool settled = false;  ///< `reply` or `failure` is final
    redis_reply reply;
    std::string failure;   ///< why there is no reply
    bool written = false;  ///< without a reply: the server may have carried it out

    /// Forgets the attempt that failed.
    void reset() {
        reply.reset();
        failure.clear();
        written = false;
    }

    /// What the server said. Throws `std::runtime_error` if it was an error, or nothing.
    const redisReply& answer() const {
        if (!reply) throw std::runtime_error("phoneauth: Redis " + failure);
        if (reply->type == REDIS_REPLY_ERROR) throw std::runtime_error("phoneauth: Redis " + explain(*reply));
        return *reply;
    }
    [[noreturn]] void unexpected() const {
        throw std::runtime_error("phoneauth: Redis answered " + words[0] + " in an unexpected way");
    }
    bool is_nil() const { return answer().type == REDIS_REPLY_NIL; }
    long long integer() const {
        if (answer().type != REDIS_REPLY_INTEGER) unexpected();
        return reply->integer;
    }
    std::string_view text() const { return text_of(answer(), REDIS_REPLY_STRING); }
    /// The number of elements of an array.
    std::size_t size() const {
        if (answer().type != REDIS_REPLY_ARRAY) unexpected();
        return reply->elements;
    }
    /// The integer or the string at `i` of an array.
    const redisReply& item(std::size_t i, int type) const {
        if (answer().type != REDIS_REPLY_ARRAY || i >= reply->elements || reply->element[i]->type != type) unexpected();
        return *reply->element[i];
    }
    std::string_view text(std::size_t i) const { return text_of(item(i, REDIS_REPLY_STRING), REDIS_REPLY_STRING); }

private:
    std::string_view text_of(const redisReply& r, int type) const {
        if (r.type != type) unexpected();
        return detail::text_of(r);
    }
};
using redis_calls = std::vector<redis_call>;

/// The command `words`, of which the second is the key, if there is one.
inline redis_call redis_command(std::vector<std::string> words) {
    redis_call call;
    call.key = words.size() > 1 ? 1 : 0;
    call.words = std::move(words);
    return call;
}

inline redis_call redis_evaluation(const redis_script& script, std::vector<std::string> keys,
                                   std::vector<std::string> arguments) {
    redis_call call;
    call.script = &script;
    call.key = 3;
    call.words = {"EVALSHA", script.sha1, std::to_string(keys.size())};
    std::move(keys.begin(), keys.end(), std::back_inserter(call.words));
    std::move(arguments.begin(), arguments.end(), std::back_inserter(call.words));
    return call;
}

template <class Words>
void append_command(std::string& out, const Words& words) {
    (out += '*').append(std::to_string(words.size())) += "\r\n";
    for (const auto& word : words) ((out += '$').append(std::to_string(word.size())) += "\r\n").append(word) += "\r\n";
}

/// Appends what is sent for `call`. Returns the number of replies that it brings, of which the last counts.
inline unsigned append_call(std::string& out, const redis_call& call) {
    if (call.asking) append_command(out, std::array<std::string_view, 1>{"ASKING"});
    append_command(out, call.words);
    return call.asking ? 2 : 1;
}

/// What a new connection sends before anything else.
struct redis_handshake {
    secret_string bytes;
    redis_calls calls;  ///< that are in it, without their secrets; all must be answered with "OK"

    explicit redis_handshake(const redis_url& url) {
        bytes.reserve(url.user.size() + url.password.size() + 128);  // growing would leave the password behind
        if (!url.password.empty()) {
            std::vector<std::string_view> words{"AUTH", url.user, url.password};
            if (url.user.empty()) words.erase(words.begin() + 1);
            append_command(bytes, words);
            calls.push_back(redis_command({"AUTH"}));
        }
        if (url.database != 0) {
            calls.push_back(redis_command({"SELECT", std::to_string(url.database)}));
            append_call(bytes, calls.back());
        }
    }
};

/// Throws `std::runtime_error`, with a sentence to be put behind "Redis at …", if `reply` refuses `call` of the
/// handshake.
inline void check_handshake(const redis_call& call, const redisReply& reply) {
    if (reply.type != REDIS_REPLY_ERROR) return;
    const auto code = error_code(reply);
    if (call.words[0] == "SELECT" && code == "ERR")
        throw std::runtime_error("does not have database " + call.words[1] +
                                 ": write /0, the only one in a cluster, or raise \"databases\" in its configuration");
    if (code == "ERR" || code == "WRONGPASS")  // Redis before 6.2, or one that has no password
        throw std::runtime_error("does not accept the user and password of the URL: correct them");
    throw std::runtime_error(explain(reply));
}

/// The hash slot of a key (CRC16-XMODEM of what stands between the first "{" and the next "}", if anything does).
inline std::size_t redis_slot(std::string_view key) noexcept {
    if (const auto open = key.find('{'); open != key.npos)
        if (const auto close = key.find('}', open); close != key.npos && close > open + 1)
            key = key.substr(open + 1, close - open - 1);
    unsigned crc = 0;
    for (const char c : key) {
        crc ^= static_cast<unsigned>(static_cast<unsigned char>(c)) << 8;
        for (int bit = 0; bit < 8; ++bit) crc = (crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1) & 0xFFFF;
    }
    return crc % 16384;
}

/// What to do about a call that came back.
enum class redis_step {
    settled,  ///< nothing
    again,    ///< send it again: certainly nothing was done, and another server or form will do it
    later     ///< send it again after `redis_pause`: certainly nothing was done, because of a passing condition
};

/// How long to wait before a call is sent again that met a passing condition.
inline constexpr std::chrono::milliseconds redis_pause{50};

/// Knows which servers there are and which of them has a slot; learns it from their redirections. Not thread-safe.
class redis_router {
public:
    explicit redis_router(redis_address first) : nodes_{std::move(first)} {}

    const redis_address& address(std::size_t node) const { return nodes_[node]; }

    /// Sets `call.node` to where the call goes now.
    void route(redis_call& call) const {
        if (call.node != redis_call::by_slot) return;
        const auto slot = call.key == 0 || owners_.empty() ? nobody : owners_[redis_slot(call.words[call.key])];
        call.node = slot == nobody ? any_ : slot;
    }

    redis_step settle(redis_call& call) {
        const auto step = call.reply ? settle_reply(call) : settle_failure(call);
        call.settled = step == redis_step::settled;
        return step;
    }

private:
    static constexpr auto nobody = static_cast<std::uint16_t>(-1);

    redis_step settle_failure(redis_call& call) {
        // With one server nothing helps. In a cluster another one knows which of them has taken over.
        if (call.written || nodes_.size() == 1) return redis_step::settled;
        std::replace(owners_.begin(), owners_.end(), static_cast<std::uint16_t>(call.node), nobody);
        if (any_ == call.node) any_ = static_cast<std::uint16_t>((any_ + 1u) % nodes_.size());
        return by_slot(call, redis_step::later);
    }

    redis_step settle_reply(redis_call& call) {
        const auto code = error_code(*call.reply);
        if (code.empty()) return redis_step::settled;
        if (code == "NOSCRIPT" && call.words[0] == "EVALSHA") {
            call.words[0] = "EVAL";  // which makes the server remember the script
            call.words[1] = call.script->text;
            return redis_step::again;
        }
        if (code == "MOVED" || code == "ASK") {
            const auto [slot, node] = redirection(call);
            if (node == nodes_.size()) return redis_step::settled;
            if (code == "MOVED") {
                if (owners_.empty()) owners_.assign(16384, nobody);
                owners_[slot] = static_cast<std::uint16_t>(node);
                return by_slot(call, redirected(call));
            }
            call.node = node;
            call.asking = true;
            return redirected(call);
        }
        static constexpr std::string_view passing[] = {"LOADING",     "BUSY",     "READONLY",
                                                       "CLUSTERDOWN", "TRYAGAIN", "MASTERDOWN"};
        if (std::find(std::begin(passing), std::end(passing), code) == std::end(passing)) return redis_step::settled;
        return by_slot(call, redis_step::later);
    }

    static redis_step by_slot(redis_call& call, redis_step step) {
        call.node = redis_call::by_slot;
        call.asking = false;
        return step;
    }

    /// A call that is sent in circles must slow down: the cluster has to agree first.
    static redis_step redirected(redis_call& call) {
        return ++call.redirects % 4 == 0 ? redis_step::later : redis_step::again;
    }

    /// Slot and server of "MOVED 3999 127.0.0.1:6381". Without a host, or with "?" where a server does not know how it is
    /// called ("cluster-preferred-endpoint-type"), it is that of the server which says so. The server is `nodes_.size()`
    /// if it says something else.
    std::pair<std::size_t, std::size_t> redirection(const redis_call& call) {
        const std::pair unknown(std::size_t{0}, nodes_.size());
        auto text = text_of(*call.reply);
        text.remove_prefix((std::min)(text.find(' ') + 1, text.size()));
        const auto space = text.find(' ');
        const auto colon = text.rfind(':');
        if (space == text.npos || colon == text.npos || colon < space) return unknown;
        std::size_t slot = 0;
        auto host = text.substr(space + 1, colon - space - 1);
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        redis_address to{std::string(host)};
        const auto number = [](std::string_view digits, auto& value) {
            return std::from_chars(digits.data(), digits.data() + digits.size(), value).ec == std::errc();
        };
        if (!number(text.substr(0, space), slot) || !number(text.substr(colon + 1), to.port) || slot >= 16384)
            return unknown;
        if (to.host.empty() || to.host == "?") to.host = nodes_[call.node].host;
        const auto found = std::find(nodes_.begin(), nodes_.end(), to);
        const auto node = static_cast<std::size_t>(found - nodes_.begin());
        if (found == nodes_.end()) {
            if (nodes_.size() == nobody) return unknown;
            nodes_.push_back(std::move(to));
        }
        return {slot, node};
    }

    std::vector<redis_address> nodes_;
    std::vector<std::uint16_t> owners_;  ///< slot → server; empty until one of a cluster has spoken
    std::uint16_t any_ = 0;              ///< is asked about a slot that no server is known to have
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
