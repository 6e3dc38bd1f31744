// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_REDIS_HPP
#define PHONEAUTH_SINGLE_INCLUDE_REDIS_HPP

#include <phoneauth/phoneauth.hpp>

// ---- phoneauth/storage/detail/redis_commands.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_COMMANDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_COMMANDS_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>


// ---- phoneauth/storage/detail/redis_protocol.hpp ----

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

// ---- phoneauth/storage/detail/redis_records.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_RECORDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_RECORDS_HPP

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <type_traits>
#include <utility>


namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Records: fields, each with its length in front ("1:7" "12:+14155550100"), so that no record begins with the
// ---- fields of another. A script can compare the first field without understanding the rest.

inline std::string record_field(std::string_view text) {
    return std::to_string(text.size()) + ':' + std::string(text);
}

class record_writer {
public:
    void put(std::string_view text) { record_ += record_field(text); }
    void put(const std::string& text) { put(std::string_view(text)); }
    void put(const phone_number& phone) { put(phone.str()); }
    void put(time_point t) { put(t.time_since_epoch().count()); }
    void put(const std::optional<time_point>& t) { t ? put(*t) : put(std::string_view()); }
    void put(const property_map& properties) {
        put(properties.size());
        for (const auto& [name, value] : properties) {
            put(name);
            put(value);
        }
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void put(T n) {
        if constexpr (std::integral<T> && !std::same_as<T, bool>)
            put(std::string_view(std::to_string(n)));
        else
            put(static_cast<unsigned>(n));
    }
    std::string str() { return std::move(record_); }

private:
    std::string record_;
};

/// Throws `std::runtime_error` if the record is not what is asked for.
class record_reader {
public:
    explicit record_reader(std::string_view record) : rest_(record) {}

    void get(std::string& text) { text = field(); }
    void get(phone_number& phone) {
        const auto p = phone_number::from_e164(field());
        if (!p) fail();
        phone = *p;
    }
    template <std::integral T>
    void get(T& n) {
        n = parse<T>(field());
    }
    void get(bool& b) { b = one_of(0, 1) == 1; }
    template <class Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& e) { e = static_cast<Enum>(one_of(1, static_cast<unsigned>(last_enumerator<Enum>))); }
    void get(time_point& t) { t = time_point(std::chrono::milliseconds(parse<std::int64_t>(field()))); }
    void get(std::optional<time_point>& t) {
        const auto digits = field();
        if (!digits.empty()) t = time_point(std::chrono::milliseconds(parse<std::int64_t>(digits)));
    }
    void get(property_map& properties) {
        for (auto left = parse<std::size_t>(field()); left > 0; --left) {
            std::string name(field());
            properties.emplace(std::move(name), field());
        }
    }
    bool is_at_end() const noexcept { return rest_.empty(); }
    void end() const {
        if (!is_at_end()) fail();
    }

    template <class T>
    static T parse(std::string_view digits) {
        T value{};
        const auto* last = digits.data() + digits.size();
        const auto [stop, error] = std::from_chars(digits.data(), last, value);
        if (error != std::errc() || stop != last) fail();
        return value;
    }

private:
    [[noreturn]] static void fail() {
        throw std::runtime_error("phoneauth: Redis has a record that is damaged or that something else wrote: give "
                                 "phoneauth a prefix of its own");
    }
    unsigned one_of(unsigned first, unsigned last) {
        const auto value = parse<unsigned>(field());
        if (value < first || value > last) fail();
        return value;
    }
    std::string_view field() {
        const auto colon = rest_.find(':');
        if (colon == rest_.npos) fail();
        const auto size = parse<std::size_t>(rest_.substr(0, colon));
        rest_.remove_prefix(colon + 1);
        if (size > rest_.size()) fail();
        const auto text = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return text;
    }
    std::string_view rest_;
};

/// Whether a field is in the record, and not only in the key under which that is stored. Users are all in one hash.
template <class Record>
constexpr bool is_in_record(const field& f) noexcept {
    return f.role != field_role::key || std::same_as<Record, user>;
}

/// Which field of a record the version is, from 1.
template <class Record>
int place_of_version() {
    int place = 0, n = 0;
    for_each_field<Record>([&](const field& f, auto) {
        n += is_in_record<Record>(f);
        if (f.role == field_role::version) place = n;
    });
    return place;
}

template <class Record>
std::string to_record(const Record& record) {
    record_writer write;
    for_each_field<Record>([&](const field& f, auto member) {
        if (is_in_record<Record>(f)) write.put(record.*member);
    });
    return write.str();
}

/// `key`: names the record.
template <class Record>
Record from_record(const std::string& key, std::string_view text) {
    auto record = blank_record<Record>();
    record_reader read(text);
    int format = 1;
    bool is_complete = true;  // but for what its format did not have
    for_each_field<Record>([&](const field& f, auto member) {
        if (std::exchange(format, f.format) < f.format) is_complete = is_complete && !read.is_at_end();
        if constexpr (std::same_as<decltype(member), std::string Record::*>)
            if (!is_in_record<Record>(f)) return void(record.*member = key);
        if (is_complete) read.get(record.*member);
    });
    read.end();
    return record;
}

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/redis_scripts.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_SCRIPTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_SCRIPTS_HPP


namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Scripts. Numbers in Lua are doubles: exact for milliseconds, but not for versions, which stay strings. A script
// ---- that is refused for lack of memory is refused at its first write.

struct redis_scripts {
    // Key: a record. Arguments: its first field as it should be; the new record.
    redis_script compare_and_set{R"(
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1)"};

    // Key: a session. Arguments: its version as it should be; which field that is; the new record. Records of former
    // formats end before it: theirs is 0.
    redis_script update_session{R"(
local record = redis.call('GET', KEYS[1])
if not record then return 0 end
local at, version = 1, '0'
for i = 1, tonumber(ARGV[2]) do
  local colon = string.find(record, ':', at, true)
  if not colon then version = '0' break end
  at = colon + 1 + tonumber(string.sub(record, at, colon - 1))
  version = string.sub(record, colon + 1, at - 1)
end
if version ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[3], 'KEEPTTL')
return 1)"};

    // Does what `decide` says (cell.hpp). Keys: the cell of each request, and the marker's if there is one. Arguments:
    // now, then for each request its action, condition, cost, room and reserve. Gives whether all is granted, whether
    // the marker was there, and each cell.
    redis_script take_cells{R"(
local now, count = tonumber(ARGV[1]), (#ARGV - 1) / 5
local stored = #KEYS > 0 and redis.call('MGET', unpack(KEYS)) or {}
for i = 1, #KEYS do stored[i] = tonumber(stored[i] or 0) end
local marked = #KEYS > count and stored[count + 1] > now
local cells = {}
for i = 1, count do
  local action, condition, cost, room, reserve = unpack(ARGV, 5 * i - 3, 5 * i + 1)
  cells[i] = stored[i]
  if condition == '1' or (condition == '2') == marked then
    local after = math.max(stored[i], now) + cost
    local furthest = now + room + (marked and reserve or 0)
    if action == '3' then
      cells[i] = math.max(math.min(after, furthest), now)
    elseif after > furthest then
      return {0, marked and 1 or 0, unpack(stored, 1, count)}
    elseif action == '1' then
      cells[i] = after
    end
  end
end
for i = 1, count do
  if cells[i] > now then
    if cells[i] ~= stored[i] then
      redis.call('SET', KEYS[i], string.format('%.0f', cells[i]), 'PX', string.format('%.0f', cells[i] - now))
    end
  elseif stored[i] ~= 0 and cells[i] ~= stored[i] then
    redis.call('DEL', KEYS[i])
  end
end
return {1, marked and 1 or 0, unpack(cells)})"};

    // Keys: all ids, phones, identities. Arguments: object id, phone, identity, record. Gives a `write_result`, or -1.
    redis_script insert_user{R"(
if redis.call('HEXISTS', KEYS[2], ARGV[2]) == 1 then return 1 end
if redis.call('HEXISTS', KEYS[3], ARGV[3]) == 1 then return 2 end
if redis.call('HSETNX', KEYS[1], ARGV[1], ARGV[4]) == 0 then return -1 end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[3], ARGV[3], ARGV[1])
return 0)"};

    // Keys and arguments as above, and the first field of the record as it should be. Gives a `write_result`.
    redis_script update_user{R"(
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record or string.sub(record, 1, #ARGV[5]) ~= ARGV[5] then return 3 end
local before, at = {}, #ARGV[5] + 1
for i = 2, 3 do
  local owner = redis.call('HGET', KEYS[i], ARGV[i])
  if owner and owner ~= ARGV[1] then return i - 1 end
  local colon = string.find(record, ':', at, true)
  at = colon + 1 + tonumber(string.sub(record, at, colon - 1))
  before[i] = string.sub(record, colon + 1, at - 1)
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
for i = 2, 3 do
  if before[i] ~= ARGV[i] then
    redis.call('HDEL', KEYS[i], before[i])
    redis.call('HSET', KEYS[i], ARGV[i], ARGV[1])
  end
end
return 0)"};

    // Keys: all ids, phones, identities. Argument: object id. Gives 1 if there was such a user.
    redis_script erase_user{R"(
local record = redis.call('HGET', KEYS[1], ARGV[1])
if not record then return 0 end
local at, names = 1, {}
for i = 1, 3 do
  local colon = string.find(record, ':', at, true)
  at = colon + 1 + tonumber(string.sub(record, at, colon - 1))
  names[i] = string.sub(record, colon + 1, at - 1)
end
for i = 2, 3 do
  if redis.call('HGET', KEYS[i], names[i]) == ARGV[1] then redis.call('HDEL', KEYS[i], names[i]) end
end
return redis.call('HDEL', KEYS[1], ARGV[1]))"};

    // Keys: phones or identities; all ids. Argument: the phone or identity. Gives a record.
    redis_script find_user{R"(
local id = redis.call('HGET', KEYS[1], ARGV[1])
return id and redis.call('HGET', KEYS[2], id))"};

    // Keys: the index of the user, and the session if the same server has it. Arguments: token hash, end of the
    // session, lifetime of the index, up to which end entries are over, the session's record and lifetime. Gives 0 if
    // there is such a session.
    redis_script insert_session{R"(
if KEYS[2] and redis.call('EXISTS', KEYS[2]) == 1 then return 0 end
local ends = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not ends or tonumber(ends) < tonumber(ARGV[2]) then redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1]) end
if redis.call('PTTL', KEYS[1]) < tonumber(ARGV[3]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[4], 'LIMIT', 0, 8)
if #over > 0 then redis.call('ZREM', KEYS[1], unpack(over)) end
if KEYS[2] then redis.call('SET', KEYS[2], ARGV[5], 'PX', ARGV[6]) end
return 1)"};

    // Key: the index of a user, on a server that has all sessions. Argument: what their keys begin with. Gives the token
    // hash and the record of each, one after the other.
    redis_script find_sessions_of{R"(
local found = {}
for _, hash in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local record = redis.call('GET', ARGV[1] .. hash)
  if record then
    found[#found + 1] = hash
    found[#found + 1] = record
  end
end
return found)"};

    // Key: a session. Gives its record.
    redis_script take{R"(
local record = redis.call('GET', KEYS[1])
if record then redis.call('DEL', KEYS[1]) end
return record)"};

    // Keys: sessions. Argument: the first field of those that are erased. Gives 1 for each that was erased, 0 for
    // others.
    redis_script erase_matching{R"(
local erased = {}
for i, key in ipairs(KEYS) do
  local record = redis.call('GET', key)
  local same = record and string.sub(record, 1, #ARGV[1]) == ARGV[1]
  erased[i] = same and redis.call('DEL', key) or 0
end
return erased)"};

    static const redis_scripts& all() {
        static const redis_scripts scripts;
        return scripts;
    }
};

}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/redis_options.hpp ----

#ifndef PHONEAUTH_STORAGE_REDIS_OPTIONS_HPP
#define PHONEAUTH_STORAGE_REDIS_OPTIONS_HPP

#include <chrono>
#include <cstddef>
#include <string>


namespace phoneauth {
inline namespace v0 {

/// How a `redis_storage` or an `async_redis_storage` behaves.
struct redis_options {
    /// What every key begins with, so that several applications, or tests, can share a server. It holds no "{" or "}".
    std::string prefix = "phoneauth:";
    /// How long it may take to make a connection and to log in. If an address of the host does not answer, the next one
    /// is tried after 250 ms (RFC 8305). A name server that does not answer may take longer: the system's resolver
    /// cannot be interrupted.
    std::chrono::milliseconds connect_timeout{2000};
    /// How long an operation may take, with its repetitions while Redis says "try again".
    std::chrono::milliseconds operation_timeout{2000};
    /// Only for a `redis_storage`: how many operations run at once; at least 1. Further ones wait, for
    /// `operation_timeout` at most. Each has a connection of its own, and in a cluster one to each server that it
    /// needs.
    std::size_t max_connections = 16;
    /// Only for an `async_redis_storage`: how many commands may wait for their replies on one connection. Further ones
    /// throw.
    std::size_t max_pending = 10'000;

    // TLS: only for a URL that begins with rediss://. The server's certificate and its name are always verified.

    /// The trusted certificates: a PEM file. Empty for those of the system.
    std::string ca_file;
    /// The certificate that this client shows to a server that asks for one (`tls-auth-clients`), with those that lead to
    /// its authority behind it: a PEM file. Empty for none.
    std::string certificate_file;
    /// The private key of that certificate: a PEM file without a passphrase. Empty if it is in `certificate_file`.
    std::string key_file;
    /// The name that is asked for (SNI) and that certificates must be for, those of all servers of a cluster. Empty for
    /// the host of the URL, and in a cluster for what the servers call each other: names if it has
    /// `cluster-preferred-endpoint-type hostname`, otherwise addresses.
    std::string server_name;
};

}  // namespace v0
}  // namespace phoneauth

#endif

// What is stored in Redis and which commands do it, written once for both modes. The keys, behind the prefix:
//
//     t:ID              a transaction: a record
//     s:TOKEN_HASH      a session: a record
//     u:USER_ID         the index of a user's sessions: a sorted set of token hashes by their ends
//     {cells}:KEY       a cell: its milliseconds since 1970
//     {users}:ids       all users: a hash of object id → record
//     {users}:phones    a hash of phone → object id
//     {users}:identities  a hash of identity → object id
//     format            the version of all this: `redis_format`
//
// Until format 2 there was c:KEY, a counter: a hash. They are left to expire.
//
// Each operation is one command or one script on keys of one slot, and so one atomic step; but for what a cluster
// cannot do in one because the keys are on different servers: see `insert_session` and `erase_sessions_of`.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// All functions of a Storage. `Link` sends calls and gets their replies, now or later: `run(redis_calls&)` returns
/// when all are settled, in one round trip unless a server asks for more, and throws nothing that a call could say
/// itself. `Link::mode`: see yields.hpp.
template <class Link>
class redis_commands {
    using mode = typename Link::mode;
    template <class T>
    using flow = typename mode::template flow<T>;

public:
    template <class... Args>
    explicit redis_commands(const redis_options& options, bool cluster, Args&&... args)
        : prefix_(options.prefix), cluster_(cluster), link_(std::forward<Args>(args)...) {}

    const Link& link() const noexcept { return link_; }

    // Each function: see the concepts in policies.hpp.

    flow<bool> insert_transaction(const transaction& t) {
        const auto life = lifetime(t.expires_at + transaction_retention - t.created_at);
        auto calls = one(redis_command({"SET", key("t:", t.id), to_record(t), "NX", "PX", life}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return !calls[0].is_nil();
    }

    flow<std::optional<transaction>> find_transaction(const std::string& id) {
        auto calls = one(redis_command({"GET", key("t:", id)}));
        co_await mode::call([&] { return link_.run(calls); });
        std::optional<transaction> found;
        if (!calls[0].is_nil()) found = from_record<transaction>(id, calls[0].text());
        co_return found;
    }

    flow<bool> update_transaction(const transaction& t) {
        auto calls = one(redis_evaluation(scripts_.compare_and_set, {key("t:", t.id)},
                                          {first_field(t.version), to_record(next_version(t))}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return calls[0].integer() == 1;
    }

    /// Throws `std::invalid_argument` if there is a user with this `object_id`.
    flow<write_result> insert_user(const user& u) {
        auto calls = one(redis_evaluation(scripts_.insert_user, user_keys(),
                                          {u.object_id, std::string(u.phone.str()), u.identity, to_record(u)}));
        co_await mode::call([&] { return link_.run(calls); });
        if (calls[0].integer() == -1) throw std::invalid_argument("phoneauth: there is a user with this object_id");
        co_return written(calls[0]);
    }

    flow<write_result> update_user(const user& u) {
        auto calls = one(redis_evaluation(
            scripts_.update_user, user_keys(),
            {u.object_id, std::string(u.phone.str()), u.identity, to_record(next_version(u)), first_field(u.version)}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return written(calls[0]);
    }

    flow<bool> erase_user(const std::string& object_id) {
        auto calls = one(redis_evaluation(scripts_.erase_user, user_keys(), {object_id}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return calls[0].integer() == 1;
    }

    flow<std::optional<user>> find_user(const std::string& object_id) {
        return find_user_with(redis_command({"HGET", user_keys()[0], object_id}));
    }
    flow<std::optional<user>> find_user_by_phone(const phone_number& phone) {
        auto keys = user_keys();
        return find_user_with(redis_evaluation(scripts_.find_user, {keys[1], keys[0]}, {std::string(phone.str())}));
    }
    flow<std::optional<user>> find_user_by_identity(const std::string& identity) {
        auto keys = user_keys();
        return find_user_with(redis_evaluation(scripts_.find_user, {keys[2], keys[0]}, {identity}));
    }

    /// In a cluster the index is written first, then the session: one that is in the index alone is nothing but a token
    /// hash that finds no session.
    flow<bool> insert_session(const session& s) {
        const auto life = s.expires_at - s.created_at;
        std::vector<std::string> keys{key("u:", s.user_id)};
        if (!cluster_) keys.push_back(key("s:", s.token_hash));
        auto calls = one(
            redis_evaluation(scripts_.insert_session, std::move(keys),
                             {s.token_hash, milliseconds(s.expires_at.time_since_epoch()), lifetime(life + slack),
                              milliseconds((s.created_at - slack).time_since_epoch()), to_record(s), lifetime(life)}));
        co_await mode::call([&] { return link_.run(calls); });
        if (!cluster_) co_return calls[0].integer() == 1;
        calls[0].answer();
        auto second = one(redis_command({"SET", key("s:", s.token_hash), to_record(s), "NX", "PX", lifetime(life)}));
        co_await mode::call([&] { return link_.run(second); });
        co_return !second[0].is_nil();
    }

    flow<std::optional<session>> find_session(const std::string& token_hash) {
        auto calls = one(redis_command({"GET", key("s:", token_hash)}));
        co_await mode::call([&] { return link_.run(calls); });
        std::optional<session> found;
        if (!calls[0].is_nil()) found = from_record<session>(token_hash, calls[0].text());
        co_return found;
    }

    /// What is in the index may be another user's session, or none: see `insert_session`.
    flow<std::vector<session>> find_sessions_of(const std::string& user_id) {
        std::vector<session> all;
        const auto add = [&](std::string_view hash, std::string_view record) {
            auto s = from_record<session>(std::string(hash), record);
            if (s.user_id == user_id) all.push_back(std::move(s));
        };
        auto index = one(cluster_ ? redis_command({"ZRANGE", key("u:", user_id), "0", "-1"})
                                  : redis_evaluation(scripts_.find_sessions_of, {key("u:", user_id)}, {key("s:", {})}));
        co_await mode::call([&] { return link_.run(index); });
        const auto count = index[0].size();
        if (!cluster_) {
            for (std::size_t i = 0; i + 1 < count; i += 2) add(index[0].text(i), index[0].text(i + 1));
            co_return all;
        }
        redis_calls finds;
        for (std::size_t i = 0; i < count; ++i) finds.push_back(redis_command({"GET", key("s:", index[0].text(i))}));
        if (count > 0) co_await mode::call([&] { return link_.run(finds); });
        for (std::size_t i = 0; i < count; ++i)
            if (!finds[i].is_nil()) add(index[0].text(i), finds[i].text());
        co_return all;
    }

    flow<bool> update_session(const session& s) {
        auto calls = one(redis_evaluation(
            scripts_.update_session, {key("s:", s.token_hash)},
            {std::to_string(s.version), std::to_string(place_of_version<session>()), to_record(next_version(s))}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return calls[0].integer() == 1;
    }

    flow<bool> erase_session(const std::string& token_hash) {
        auto calls = one(redis_evaluation(scripts_.take, {key("s:", token_hash)}, {}));
        co_await mode::call([&] { return link_.run(calls); });
        if (calls[0].is_nil()) co_return false;
        const auto erased = from_record<session>(token_hash, calls[0].text());
        // The session is gone, whatever becomes of its place in the index.
        auto second = one(redis_command({"ZREM", key("u:", erased.user_id), token_hash}));
        co_await mode::call([&] { return link_.run(second); });
        co_return true;
    }

    /// A session that is being inserted meanwhile may be in the index without being stored yet; therefore only sessions
    /// that were there leave the index. In a cluster each session is a step of its own: after a throw some may be
    /// erased.
    flow<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) {
        auto index = one(redis_command({"ZRANGE", key("u:", user_id), "0", "-1"}));
        co_await mode::call([&] { return link_.run(index); });
        std::vector<std::string> hashes;
        for (std::size_t i = 0, count = index[0].size(); i < count; ++i)
            if (index[0].text(i) != kept) hashes.emplace_back(index[0].text(i));
        if (hashes.empty()) co_return 0;

        std::vector<std::vector<std::string>> groups(1);
        for (const auto& hash : hashes) {
            if (cluster_ && !groups.back().empty()) groups.emplace_back();
            groups.back().push_back(key("s:", hash));
        }
        redis_calls erasures;
        for (auto& keys : groups)
            erasures.push_back(redis_evaluation(scripts_.erase_matching, std::move(keys), {record_field(user_id)}));
        co_await mode::call([&] { return link_.run(erasures); });

        redis_call forget = redis_command({"ZREM", key("u:", user_id)});
        for (std::size_t i = 0; i < hashes.size(); ++i) {
            const auto& erased =
                cluster_ ? erasures[i].item(0, REDIS_REPLY_INTEGER) : erasures[0].item(i, REDIS_REPLY_INTEGER);
            if (erased.integer == 1) forget.words.push_back(std::move(hashes[i]));
        }
        const auto count = forget.words.size() - 2;
        if (count == 0) co_return 0;
        auto last = one(std::move(forget));
        co_await mode::call([&] { return link_.run(last); });
        co_return count;
    }

    flow<cell_answer> take_cells(const cell_batch& batch) {
        std::vector<std::string> keys, arguments{milliseconds(batch.now().time_since_epoch())};
        for (std::size_t i = 0; i < batch.size(); ++i) {
            const auto& r = batch[i];
            keys.push_back(key("{cells}:", batch.key(i)));
            for (const auto number :
                 {static_cast<std::int64_t>(r.action), static_cast<std::int64_t>(r.when), std::int64_t{r.cost.count()},
                  std::int64_t{r.room.count()}, std::int64_t{r.reserve.count()}})
                arguments.push_back(std::to_string(number));
        }
        if (!batch.marker().empty()) keys.push_back(key("{cells}:", batch.marker()));
        auto calls = one(redis_evaluation(scripts_.take_cells, std::move(keys), std::move(arguments)));
        co_await mode::call([&] { return link_.run(calls); });
        const auto number = [&](std::size_t place) {
            return std::int64_t{calls[0].item(place, REDIS_REPLY_INTEGER).integer};
        };
        cell_answer answer;
        answer.granted = number(0) == 1;
        answer.marked = number(1) == 1;
        for (std::size_t i = 0; i < batch.size(); ++i)
            answer.cells[i] = time_point(std::chrono::milliseconds(number(2 + i)));
        co_return answer;
    }

private:
    /// By how much clocks may disagree, and a request be late, without a session missing in the index.
    static constexpr std::chrono::milliseconds slack = std::chrono::minutes(1);

    static redis_calls one(redis_call call) {
        redis_calls calls;
        calls.push_back(std::move(call));
        return calls;
    }

    std::string key(std::string_view kind, std::string_view name) const {
        return prefix_ + std::string(kind) + std::string(name);
    }
    std::vector<std::string> user_keys() const {
        return {prefix_ + "{users}:ids", prefix_ + "{users}:phones", prefix_ + "{users}:identities"};
    }

    static std::string milliseconds(std::chrono::milliseconds t) { return std::to_string(t.count()); }
    /// What Redis accepts: at least 1 ms, and at most 100 years.
    static std::string lifetime(std::chrono::milliseconds t) {
        constexpr std::chrono::milliseconds most = std::chrono::hours(100 * 365 * 24);
        return milliseconds(std::clamp(t, std::chrono::milliseconds(1), most));
    }
    static std::string first_field(std::uint64_t version) { return record_field(std::to_string(version)); }

    static write_result written(const redis_call& call) {
        switch (call.integer()) {
        case 0:
            return write_result::done;
        case 1:
            return write_result::phone_taken;
        case 2:
            return write_result::identity_taken;
        case 3:
            return write_result::stale;
        default:
            call.unexpected();
        }
    }

    flow<std::optional<user>> find_user_with(redis_call call) {
        auto calls = one(std::move(call));
        co_await mode::call([&] { return link_.run(calls); });
        std::optional<user> found;
        if (!calls[0].is_nil()) found = from_record<user>({}, calls[0].text());
        co_return found;
    }

    const redis_scripts& scripts_ = redis_scripts::all();
    const std::string prefix_;
    const bool cluster_;
    Link link_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/redis_connection.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_CONNECTION_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_CONNECTION_HPP

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <poll.h>


// ---- phoneauth/storage/detail/redis_stream.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_STREAM_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_STREAM_HPP

#include <cerrno>
#include <cstddef>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <tuple>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <sys/socket.h>


// ---- phoneauth/detail/tls_peer.hpp ----

#ifndef PHONEAUTH_DETAIL_TLS_PEER_HPP
#define PHONEAUTH_DETAIL_TLS_PEER_HPP

#include <cstddef>
#include <memory>
#include <new>
#include <string>

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>


// What all that speaks TLS here has in common: nothing but OpenSSL, on whatever carries the bytes.

namespace phoneauth {
inline namespace v0 {
namespace detail {

struct ssl_deleter {
    void operator()(SSL* p) const noexcept { SSL_free(p); }
    void operator()(SSL_CTX* p) const noexcept { SSL_CTX_free(p); }
    void operator()(SSL_SESSION* p) const noexcept { SSL_SESSION_free(p); }
    void operator()(BIO_METHOD* p) const noexcept { BIO_meth_free(p); }
};
using ssl_ptr = std::unique_ptr<SSL, ssl_deleter>;
using ssl_ctx_ptr = std::unique_ptr<SSL_CTX, ssl_deleter>;
using ssl_session_ptr = std::unique_ptr<SSL_SESSION, ssl_deleter>;

/// Makes `ssl` a client that trusts only a certificate for `host`, a name or an address. False if there can be none.
inline bool expect_peer(SSL* ssl, const std::string& host) {
    SSL_set_connect_state(ssl);
    if (host.empty()) return false;  // OpenSSL would take any name
    if (parse_ip(host))              // which has no place in SNI (RFC 6066 §3)
        return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(ssl, host.c_str()) == 1 && SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
}

/// How OpenSSL reads and writes a `Wire`: never blocking, and without SIGPIPE, which its own socket BIO would raise.
/// Its `read_some` and `write_some` take a pointer, a size and a flag that they set if it is to be tried again later;
/// they return the number of bytes, 0 at the end, or -1.
template <class Wire>
BIO_METHOD* wire_bio_method() {
    static const std::unique_ptr<BIO_METHOD, ssl_deleter> method = [] {
        std::unique_ptr<BIO_METHOD, ssl_deleter> m(
            BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "phoneauth wire"));
        if (!m) throw std::bad_alloc();
        BIO_meth_set_write(m.get(), [](BIO* bio, const char* data, int size) {
            bool later = false;
            BIO_clear_retry_flags(bio);
            const auto n =
                static_cast<Wire*>(BIO_get_data(bio))->write_some(data, static_cast<std::size_t>(size), later);
            if (later) BIO_set_retry_write(bio);
            return static_cast<int>(n);
        });
        BIO_meth_set_read(m.get(), [](BIO* bio, char* data, int size) {
            bool later = false;
            BIO_clear_retry_flags(bio);
            const auto n =
                static_cast<Wire*>(BIO_get_data(bio))->read_some(data, static_cast<std::size_t>(size), later);
            if (later) BIO_set_retry_read(bio);
            return static_cast<int>(n);
        });
        BIO_meth_set_ctrl(m.get(), [](BIO*, int command, long, void*) -> long { return command == BIO_CTRL_FLUSH; });
        BIO_meth_set_create(m.get(), [](BIO* bio) {
            BIO_set_init(bio, 1);
            return 1;
        });
        return m;
    }();
    return method.get();
}

/// TLS on `wire`, which lives longer; nullptr if there is no memory for it.
template <class Wire>
ssl_ptr make_ssl(SSL_CTX* context, Wire& wire) {
    ssl_ptr ssl(SSL_new(context));
    BIO* const bio = ssl ? BIO_new(wire_bio_method<Wire>()) : nullptr;
    if (!bio) return nullptr;
    BIO_set_data(bio, &wire);
    SSL_set_bio(ssl.get(), bio, bio);
    return ssl;
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// Bytes to and from Redis, with TLS or without, for both storages: nothing here waits. hiredis has no TLS before 1.0, and
// later a library of its own for it.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// What a storage's connections by TLS have in common; nullptr for one without TLS.
using redis_tls = ssl_ctx_ptr;

/// Throws `std::runtime_error` if a file cannot be used, or if `options` speak of TLS and the URL does not.
inline redis_tls make_redis_tls(const redis_url& url, const redis_options& options) {
    const auto& [ca, certificate, key, name] =
        std::tie(options.ca_file, options.certificate_file, options.key_file, options.server_name);
    if (!url.tls) {
        if (ca.empty() && certificate.empty() && key.empty() && name.empty()) return nullptr;
        throw std::runtime_error(
            "phoneauth: redis_options speaks of TLS, but the URL begins with redis://, which has none: "
            "write rediss://");
    }
    redis_tls context(SSL_CTX_new(TLS_client_method()));
    if (!context) throw std::bad_alloc();
    const auto require = [](int done, const std::string& what) {
        ERR_clear_error();
        if (done != 1) throw std::runtime_error("phoneauth: cannot use " + what + " for Redis");
    };
    SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
    SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_read_ahead(context.get(), 1);
    if (ca.empty())
        require(SSL_CTX_set_default_verify_paths(context.get()), "the system's trusted certificates");
    else
        require(SSL_CTX_load_verify_locations(context.get(), ca.c_str(), nullptr), "the certificates in " + ca);
    if (certificate.empty() && key.empty()) return context;
    if (certificate.empty()) throw std::runtime_error("phoneauth: redis_options has key_file without certificate_file");
    // Nobody is there to be asked for a passphrase.
    SSL_CTX_set_default_passwd_cb(context.get(), [](char*, int, int, void*) { return 0; });
    const auto& key_in = key.empty() ? certificate : key;
    require(SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()),
            "the certificate in " + certificate);
    require(SSL_CTX_use_PrivateKey_file(context.get(), key_in.c_str(), SSL_FILETYPE_PEM),
            "the key in " + key_in + ", which must be that of the certificate and have no passphrase,");
    return context;
}

/// What became of an attempt.
enum class redis_io {
    done,
    wants_read,   ///< try again when the socket can be read
    wants_write,  ///< try again when the socket can be written
    failed        ///< see `redis_stream::why`
};

/// The bytes of one connection, for one thread at a time. It neither owns nor closes the socket.
class redis_stream {
public:
    /// @param fd  of a connected socket that does not block
    /// @param tls  nullptr: without
    /// @param host  for which the server's certificate must be
    redis_stream(int fd, SSL_CTX* tls, const std::string& host)
        : host_(host), wire_{fd, 0}, in_handshake_(tls != nullptr) {
        if (!tls) return;
        ssl_ = make_ssl(tls, wire_);
        if (!ssl_) throw std::bad_alloc();
        if (!expect_peer(ssl_.get(), host)) throw std::runtime_error("has a name for which no certificate can be");
    }
    redis_stream(const redis_stream&) = delete;
    redis_stream& operator=(const redis_stream&) = delete;

    redis_io handshake() {
        if (!ssl_) return redis_io::done;
        ERR_clear_error();
        const auto step = after(SSL_do_handshake(ssl_.get()));
        in_handshake_ = step != redis_io::done;
        return step;
    }

    /// Sends the beginning of `rest`, and takes it away there.
    redis_io write(std::string_view& rest) {
        std::size_t n = 0;
        bool later = false;
        auto step = redis_io::done;
        if (ssl_) {
            ERR_clear_error();
            step = after(SSL_write_ex(ssl_.get(), rest.data(), rest.size(), &n));
            if (step == redis_io::failed) hear_last_words();
        } else if (const auto sent = wire_.write_some(rest.data(), rest.size(), later); sent >= 0) {
            n = static_cast<std::size_t>(sent);
        } else {
            step = later ? redis_io::wants_write : broken(wire_.error);
        }
        rest.remove_prefix(n);
        return step;
    }

    /// Receives `n` bytes, at most `size`.
    redis_io read(char* to, std::size_t size, std::size_t& n) {
        n = 0;
        bool later = false;
        auto step = redis_io::done;
        if (ssl_) {
            ERR_clear_error();
            step = after(SSL_read_ex(ssl_.get(), to, size, &n));
        } else if (const auto got = wire_.read_some(to, size, later); got > 0) {
            n = static_cast<std::size_t>(got);
        } else if (got == 0) {
            step = ended();
        } else {
            step = later ? redis_io::wants_read : broken(wire_.error);
        }
        heard_ = heard_ || n > 0;
        return step;
    }

    /// Whether more has come from the socket than was read here: then the socket need not have anything.
    bool has_buffered() const { return ssl_ && SSL_has_pending(ssl_.get()) == 1; }

    /// Whether the other side has neither ended the connection nor sent anything.
    bool quiet() {
        char byte = 0;
        if (!ssl_) return ::recv(wire_.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && would_block(errno);
        std::size_t n = 0;
        ERR_clear_error();
        return after(SSL_peek_ex(ssl_.get(), &byte, 1, &n)) == redis_io::wants_read;
    }

    /// Tells the other side that nothing more comes. To be called before the socket is closed, if at all.
    void end() {
        if (!ssl_ || failed_ || in_handshake_) return;
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
    }

    /// Why something failed: a sentence to be put behind "Redis at …".
    std::string why() const { return why_; }
    /// What is to be said in its place when time is up.
    std::string why_late() const {
        return in_handshake_ ? "did not answer the TLS handshake in time: see whether this is its tls-port"
                             : "did not answer in time";
    }

private:
    struct wire {
        int fd;
        int error;  ///< of the last of the two functions; 0: it went well, or it was the end

        ssize_t write_some(const void* data, std::size_t size, bool& later) {
            const auto n = ::send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
            error = n < 0 ? errno : 0;
            later = would_block(error);
            return n;
        }
        ssize_t read_some(void* data, std::size_t size, bool& later) {
            const auto n = ::recv(fd, data, size, MSG_DONTWAIT);
            error = n < 0 ? errno : 0;
            later = would_block(error);
            return n;
        }
    };

    inline static const std::string set_certificate = "set redis_options::certificate_file and key_file";

    static bool would_block(int error) noexcept { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

    redis_io fail(std::string why) {
        failed_ = true;
        why_ = std::move(why);
        return redis_io::failed;
    }
    redis_io broken(int error) {
        if (error == ECONNRESET && !heard_) return ended();
        return fail("broke the connection: " + std::generic_category().message(error));
    }
    redis_io ended() {
        if (in_handshake_)
            return fail("closed the connection in the TLS handshake: see its log, and whether this is its tls-port");
        if (heard_) return fail("closed the connection");
        return fail("closed the connection without a word: if it asks " +
                    (ssl_ ? "clients for a certificate, " + set_certificate : "for TLS, write rediss://"));
    }

    /// In TLS 1.3 the server judges the client's certificate after the handshake, when the client may be writing already:
    /// what it says about it has been received nevertheless.
    void hear_last_words() {
        const auto own = why_;
        char byte = 0;
        std::size_t n = 0;
        ERR_clear_error();
        if (after(SSL_read_ex(ssl_.get(), &byte, 1, &n)) != redis_io::failed) why_ = own;
    }

    /// What to do after a function of OpenSSL's has returned `done`. Leaves nothing behind for its other users on this
    /// thread.
    redis_io after(int done) {
        if (done == 1) return redis_io::done;
        const int problem = SSL_get_error(ssl_.get(), done);
        const auto error = ERR_peek_last_error();
        ERR_clear_error();
        switch (problem) {
        case SSL_ERROR_WANT_READ:
            return redis_io::wants_read;
        case SSL_ERROR_WANT_WRITE:
            return redis_io::wants_write;
        case SSL_ERROR_ZERO_RETURN:
            return ended();
        case SSL_ERROR_SYSCALL:
            return wire_.error == 0 ? ended() : broken(wire_.error);
        default:
            break;
        }
        if (const auto verdict = SSL_get_verify_result(ssl_.get()); verdict != X509_V_OK)
            return fail(distrust(verdict));
        switch (ERR_GET_REASON(error)) {
        case SSL_R_UNEXPECTED_EOF_WHILE_READING:
            return ended();
        case SSL_R_WRONG_VERSION_NUMBER:
            return fail("does not speak TLS: write redis://, or the number of its tls-port");
        case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
        case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:  // what servers say about it in TLS 1.2, and about other things
            return fail("refused the TLS connection: if it asks clients for a certificate, " + set_certificate);
        case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
            return fail("does not trust the certificate in redis_options::certificate_file");
        default: {
            const char* const reason = ERR_reason_error_string(error);
            return fail("broke the TLS connection: " + std::string(reason ? reason : "unknown error"));
        }
        }
    }

    std::string distrust(long verdict) const {
        switch (verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH:
            return "has a certificate that is not for " + host_ +
                   ": call it what its certificate does, in the URL or in redis_options::server_name";
        case X509_V_ERR_CERT_HAS_EXPIRED:
            return "has a certificate that has expired: renew it";
        case X509_V_ERR_CERT_NOT_YET_VALID:
            return "has a certificate that is not valid yet: check the clocks";
        default:
            return "has a certificate that is not trusted (" + std::string(X509_verify_cert_error_string(verdict)) +
                   "): set redis_options::ca_file to the certificate of who signed it";
        }
    }

    const std::string host_;
    wire wire_;
    ssl_ptr ssl_;
    bool in_handshake_;   ///< it has not ended well
    bool heard_ = false;  ///< something has been received
    bool failed_ = false;
    std::string why_;
};

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/redis_tcp.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_TCP_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_TCP_HPP

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>


// The blocking way to a TCP connection: of all addresses of a host the first that answers is used (RFC 8305). POSIX
// only.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A socket, which is closed in the end.
class redis_socket {
public:
    redis_socket() = default;
    explicit redis_socket(int fd) noexcept : fd_(fd) {}
    redis_socket(redis_socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
    redis_socket& operator=(redis_socket&& other) noexcept {
        std::swap(fd_, other.fd_);
        return *this;
    }
    ~redis_socket() {
        if (fd_ >= 0) ::close(fd_);
    }

    int fd() const noexcept { return fd_; }

private:
    int fd_ = -1;
};

/// How long `poll` is to wait until `limit`.
inline int poll_timeout(redis_time limit) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(limit - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<long long>(left, 0, 1'000'000));
}

/// Attempts to connect to several addresses, each of which began a while after the one before.
class redis_race {
public:
    /// Begins an attempt. True if it has come to its end well, so that it is the winner.
    bool start(const addrinfo& address) {
        redis_socket s(::socket(address.ai_family, address.ai_socktype, address.ai_protocol));
        if (s.fd() < 0) return lost(errno);
        ::fcntl(s.fd(), F_SETFD, FD_CLOEXEC);
        ::fcntl(s.fd(), F_SETFL, O_NONBLOCK);
        const int on = 1;
        ::setsockopt(s.fd(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
#ifdef SO_NOSIGPIPE
        ::setsockopt(s.fd(), SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on);
#endif
        const bool connected = ::connect(s.fd(), address.ai_addr, address.ai_addrlen) == 0;
        if (!connected && errno != EINPROGRESS && errno != EINTR) return lost(errno);
        if (connected)
            winner = std::move(s);
        else
            runners_.push_back(std::move(s));
        return connected;
    }

    /// Waits until an attempt has come to its end, until `limit` at most. True if one has come to it well.
    bool wait(redis_time limit) {
        std::vector<pollfd> waiting;
        for (const auto& s : runners_) waiting.push_back({s.fd(), POLLOUT, 0});
        if (::poll(waiting.data(), static_cast<nfds_t>(waiting.size()), poll_timeout(limit)) <= 0) return false;
        for (auto i = waiting.size(); i-- > 0;) {
            if (waiting[i].revents == 0) continue;
            int outcome = 0;
            socklen_t size = sizeof outcome;
            if (::getsockopt(runners_[i].fd(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) outcome = errno;
            auto s = std::move(runners_[i]);
            runners_.erase(runners_.begin() + static_cast<std::ptrdiff_t>(i));
            if (outcome != 0) {
                lost(outcome);
                continue;
            }
            winner = std::move(s);
            return true;
        }
        return false;
    }

    bool none_runs() const noexcept {
        return runners_.empty();
    }

    redis_socket winner;
    int problem = ETIMEDOUT;   ///< of the last attempt that failed
    std::size_t failures = 0;  ///< how many have

private:
    bool lost(int why) {
        problem = why;
        ++failures;
        return false;
    }

    std::vector<redis_socket> runners_;
};

/// Connects to the first of `addresses` that answers; they are tried in this order. The socket does not block. Throws
/// `std::system_error`.
inline redis_socket redis_connect(const std::vector<const addrinfo*>& addresses, redis_time deadline) {
    const auto now = [] { return std::chrono::steady_clock::now(); };
    const auto fail = [](int problem) { throw std::system_error(problem, std::generic_category()); };
    redis_race race;
    auto next = addresses.begin();
    auto next_at = now();
    for (;;) {
        if (next != addresses.end() && now() >= next_at) {
            next_at = now() + connection_attempt_delay;
            if (race.start(**next++)) break;
        } else if (race.none_runs()) {
            fail(race.problem);
        } else if (race.wait(next != addresses.end() ? (std::min)(next_at, deadline) : deadline)) {
            break;
        } else if (now() >= deadline) {
            fail(ETIMEDOUT);
        }
        // Who has failed makes way for the next.
        if (std::exchange(race.failures, 0) > 0) next_at = now();
    }
    return std::move(race.winner);
}

/// Connects to `server`. Throws `std::runtime_error` with a sentence to be put behind "Redis at …".
inline redis_socket redis_connect(const redis_address& server, redis_time deadline) {
    const auto fail = [](const std::string& why) -> redis_socket {
        throw std::runtime_error("cannot be reached: " + why + "; check the URL and whether it runs");
    };
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* first = nullptr;
    const auto port = std::to_string(server.port);
    const int error = ::getaddrinfo(server.host.c_str(), port.c_str(), &wanted, &first);
    if (error != 0) return fail(error == EAI_SYSTEM ? std::generic_category().message(errno) : ::gai_strerror(error));
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(first, ::freeaddrinfo);
    std::vector<const addrinfo*> addresses;
    for (const auto* a = found.get(); a; a = a->ai_next) addresses.push_back(a);
    try {
        return redis_connect(interleave_families(std::move(addresses), &addrinfo::ai_family), deadline);
    } catch (const std::system_error& e) {
        return fail(e.code().message());
    }
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// The blocking way to Redis, and what both storages ask of the server at start. hiredis only parses: its connections
// raise SIGPIPE, know no limit for a whole operation, and have no TLS in all versions. POSIX only.

namespace phoneauth {
inline namespace v0 {
namespace detail {

/// A connection that may be used by one thread at a time. Whoever gets an exception from it must drop it. The messages
/// are made to be put behind "Redis ".
class redis_connection {
public:
    /// Connects and does the handshakes.
    ///
    /// @param tls  nullptr: without
    /// @param name  for which the certificate must be
    redis_connection(const redis_address& server, const redis_url& url, SSL_CTX* tls, const std::string& name,
                     redis_time deadline)
        : server_(server.str()), reader_(redisReaderCreate()) {
        if (!reader_) throw std::bad_alloc();
        try {
            socket_ = redis_connect(server, deadline);
            stream_ = std::make_unique<redis_stream>(socket_.fd(), tls, name);
        } catch (const std::runtime_error& e) {
            fail(e.what());
        }
        for (redis_io step; (step = stream_->handshake()) != redis_io::done;) wait_for(step, deadline);
        const redis_handshake handshake(url);
        send(handshake.bytes, deadline);
        for (const auto& call : handshake.calls) {
            const auto reply = receive(deadline);
            try {
                check_handshake(call, *reply);
            } catch (const std::runtime_error& e) {
                fail(e.what());
            }
        }
    }
    redis_connection(const redis_connection&) = delete;
    redis_connection& operator=(const redis_connection&) = delete;
    ~redis_connection() { stream_->end(); }

    /// False if the server has closed an idle connection, or has sent what nobody asked for.
    bool is_idle() const { return !has_leftover(*reader_) && stream_->quiet(); }

    void send(std::string_view bytes, redis_time deadline) {
        while (!bytes.empty())
            if (const auto step = stream_->write(bytes); step != redis_io::done) wait_for(step, deadline);
    }

    redis_reply receive(redis_time deadline) {
        for (;;) {
            redis_reply reply;
            try {
                reply = next_reply(*reader_);
            } catch (const std::runtime_error& e) {
                fail(e.what());
            }
            if (reply) return reply;
            std::array<char, 16384> bytes;
            std::size_t size = 0;
            const auto step = stream_->read(bytes.data(), bytes.size(), size);
            if (step == redis_io::done)
                redisReaderFeed(reader_.get(), bytes.data(), size);
            else
                wait_for(step, deadline);
        }
    }

private:
    [[noreturn]] void fail(const std::string& why) const { throw std::runtime_error("at " + server_ + " " + why); }

    void wait_for(redis_io step, redis_time deadline) const {
        if (step == redis_io::failed) fail(stream_->why());
        pollfd waiting{socket_.fd(), static_cast<short>(step == redis_io::wants_write ? POLLOUT : POLLIN), 0};
        const int left = poll_timeout(deadline);
        if (left == 0 || ::poll(&waiting, 1, left) == 0) fail(stream_->why_late());
    }

    std::string server_;
    std::unique_ptr<redisReader, redis_free> reader_;
    redis_socket socket_;
    std::unique_ptr<redis_stream> stream_;
};

/// Runs calls on connections of its own, on the caller's thread. Thread-safe.
class redis_blocking_link {
public:
    using mode = blocking_mode;

    redis_blocking_link(redis_url url, const redis_options& options)
        : url_(std::move(url)), tls_(make_redis_tls(url_, options)), server_name_(options.server_name),
          connect_timeout_(options.connect_timeout), operation_timeout_(options.operation_timeout),
          pool_(options.max_connections), router_(url_.server) {}

    redis_blocking_link(const redis_blocking_link&) = delete;
    redis_blocking_link& operator=(const redis_blocking_link&) = delete;

    pool_usage usage() const { return pool_.usage(); }

    void run(redis_calls& calls) {
        const auto deadline = std::chrono::steady_clock::now() + operation_timeout_;
        auto mine = pool_.take(deadline);
        if (!mine) throw std::runtime_error("phoneauth: all connections to Redis are busy");
        if (!mine->item) mine->item = std::make_unique<connections>();
        for (;;) {
            exchange(calls, *mine->item, deadline);
            auto next = redis_step::settled;
            {
                const std::lock_guard lock(mutex_);
                for (auto& call : calls)
                    if (!call.settled) next = (std::max)(next, router_.settle(call));
            }
            if (next == redis_step::settled) return;
            if (next == redis_step::later) {
                if (std::chrono::steady_clock::now() + redis_pause > deadline) return;
                std::this_thread::sleep_for(redis_pause);
            }
        }
    }

private:
    /// To each server of a cluster, for one operation at a time: nobody waits for a connection while holding another.
    using connections = std::map<std::size_t, std::unique_ptr<redis_connection>>;

    /// Calls for one server, and the connection to it.
    struct share {
        std::unique_ptr<redis_connection> connection;
        std::vector<redis_call*> calls;
        std::vector<unsigned> replies;
        redis_address server;
    };

    /// Sends each call that is not settled once, and waits for what becomes of it.
    void exchange(redis_calls& calls, connections& mine, redis_time deadline) {
        std::map<std::size_t, share> shares;
        {
            const std::lock_guard lock(mutex_);
            for (auto& call : calls) {
                if (call.settled) continue;
                call.reset();
                router_.route(call);
                auto& s = shares[call.node];
                s.calls.push_back(&call);
                s.server = router_.address(call.node);
            }
        }
        // Clang before 16 cannot capture structured bindings.
        for (auto& entry : shares) {
            auto& s = entry.second;
            std::string bytes;
            for (const auto* call : s.calls) s.replies.push_back(append_call(bytes, *call));
            guarded(s, 0, [&] {
                s.connection = connection_to(s.server, std::move(mine[entry.first]), deadline);
                for (auto* call : s.calls) call->written = true;
                s.connection->send(bytes, deadline);
            });
        }
        for (auto& entry : shares) {
            auto& s = entry.second;
            if (!s.connection) continue;
            bool replica = false;
            for (std::size_t i = 0; i < s.calls.size() && s.connection; ++i)
                guarded(s, i, [&] {
                    for (auto left = s.replies[i]; left > 0; --left)
                        s.calls[i]->reply = s.connection->receive(deadline);
                    replica = replica || is_replica(*s.calls[i]->reply);
                });
            if (!replica) mine[entry.first] = std::move(s.connection);
        }
    }

    /// Calls `f`. When it throws, the connection is of no use any more and the calls from `first` on have no reply.
    template <class F>
    static void guarded(share& s, std::size_t first, F f) {
        try {
            f();
        } catch (const std::runtime_error& e) {
            s.connection.reset();
            for (auto i = first; i < s.calls.size(); ++i) {
                s.calls[i]->reply.reset();
                s.calls[i]->failure = e.what();
            }
        }
    }

    /// `idle`, if it still stands, or a new one.
    std::unique_ptr<redis_connection> connection_to(const redis_address& server, std::unique_ptr<redis_connection> idle,
                                                    redis_time deadline) const {
        if (idle && idle->is_idle()) return idle;
        return std::make_unique<redis_connection>(
            server, url_, tls_.get(), server_name_.empty() ? server.host : server_name_,
            (std::min)(deadline, std::chrono::steady_clock::now() + connect_timeout_));
    }

    const redis_url url_;
    const redis_tls tls_;
    const std::string server_name_;
    const std::chrono::milliseconds connect_timeout_, operation_timeout_;
    bounded_pool<connections> pool_;
    std::mutex mutex_;  // guards the following
    redis_router router_;
};

/// What must be true of a server before it is trusted with anything. Throws `std::runtime_error` if it is not. Returns
/// whether the server belongs to a cluster.
inline bool check_redis(const redis_url& url, const redis_options& options) {
    const auto refuse = [&](const std::string& why) {
        throw std::runtime_error("phoneauth: Redis at " + url.server.str() + ' ' + why);
    };
    if (options.prefix.find_first_of("{}") != std::string::npos)
        throw std::runtime_error(
            "phoneauth: the prefix for Redis has a brace, which would decide where keys are stored: "
            "leave it out");
    redis_blocking_link link(url, options);
    const auto format = options.prefix + "format";
    redis_calls calls;
    calls.push_back(redis_command({"INFO"}));
    calls.push_back(redis_command({"SET", format, std::to_string(redis_format), "NX"}));  // also: may it be written?
    link.run(calls);
    const auto info = calls[0].text();
    const auto fact = [&](std::string_view name) {
        const auto line = info.find('\n' + std::string(name) + ':');
        if (line == info.npos) return std::string_view();
        const auto value = info.substr(line + name.size() + 2);
        return value.substr(0, value.find('\r'));
    };
    const auto version = fact("redis_version");
    unsigned major = 0;
    std::from_chars(version.data(), version.data() + version.size(), major);
    if (!version.empty() && major < 6) refuse("is version " + std::string(version) + ": install 6 or later");
    // Some managed servers do not tell; their documentation must be believed.
    const auto policy = fact("maxmemory_policy");
    if (!policy.empty() && policy != "noeviction")
        refuse("has maxmemory-policy " + std::string(policy) +
               ", which makes it drop codes, limits and sessions when memory is short: set it to noeviction");
    if (calls[1].is_nil()) {
        // Records of an older format stay as they are until they are changed. An older phoneauth must not start again.
        static const redis_script raise{R"(
local stored = redis.call('GET', KEYS[1])
if stored ~= '1' and stored ~= '2' and stored ~= '3' then return stored end
redis.call('SET', KEYS[1], ARGV[1])
return ARGV[1])"};
        redis_calls stored;
        stored.push_back(redis_evaluation(raise, {format}, {std::to_string(redis_format)}));
        link.run(stored);
        if (stored[0].is_nil() || stored[0].text() != std::to_string(redis_format))
            refuse("holds data in another format under the prefix \"" + options.prefix +
                   "\", written by another version of phoneauth: run that one, or choose another prefix");
    }
    return fact("cluster_enabled") == "1" || fact("redis_mode") == "cluster";
}

}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/redis.hpp ----

#ifndef PHONEAUTH_STORAGE_REDIS_HPP
#define PHONEAUTH_STORAGE_REDIS_HPP

#include <string>


namespace phoneauth {
inline namespace v0 {

/// A complete Storage in Redis 6 or later, or in Valkey, for thread-per-request servers: any number of server processes
/// on one Redis behave as one. It is blocking; the asynchronous one is in asio/redis.hpp. It needs POSIX, hiredis and
/// OpenSSL's libssl.
///
///     phoneauth::redis_storage redis("redis://127.0.0.1:6379/0");
///
/// The recommended set-up keeps what lives for minutes in Redis, and the users in a database (storage/combined.hpp):
///
///     phoneauth::combined_storage storage(redis, my_users, redis, redis);
///
/// @par TLS
/// A URL that begins with `rediss://` asks for it, version 1.2 or later; without it the password and all that is stored
/// can be read on the way. The server's certificate must be signed by an authority that is trusted and must be for the
/// host of the URL; see `redis_options` for authorities of your own and for a certificate of the client.
///
/// @par What Redis can lose
/// Redis acknowledges a write before it is on any disk.
/// - Without an append-only file (`appendonly no`, the default) a restart forgets everything since the last snapshot:
///   users, sessions and limits, and that a code was used. The code of a transaction that came back from a snapshot is
///   accepted a second time until it expires.
/// - With `appendonly yes` and `appendfsync everysec` the same holds for the last second or two before a power failure.
///   If only the Redis process dies, it holds if the disk was slow just then: Redis puts off its writes, for up to 2 s,
///   while an earlier flush is not done. `appendfsync always` closes this gap and costs a disk flush for each round of
///   commands.
/// - Replicas, also those of a cluster, get writes later: what they had not got is lost when one takes over.
///   `min-replicas-to-write` shortens that time and does not end it.
///
/// Use `appendonly yes`, and `appendfsync always` where a code must never be accepted twice.
///
/// @par maxmemory-policy
/// It must be `noeviction`: with any other one Redis drops codes, limits and sessions when memory is short, without a
/// word. The constructor refuses a server that says that it has another one. A full Redis then refuses writes, the
/// functions throw, and all is well again when there is room. A pending transaction takes about 350 bytes.
///
/// @par Expiry
/// Redis sees to it, by its own clock, from the lifetimes of the records: transactions go `transaction_retention` after
/// their `expires_at`, sessions at theirs, cells when they are in the past. Users stay for ever.
///
/// @par Round trips
/// One for each function; two for `erase_session`; three for `erase_sessions_of`, or one if there is nothing to erase.
/// In a cluster two for `insert_session` and `find_sessions_of`, and one more for each redirection, which happens when a slot is used for the
/// first time and when it has moved.
///
/// @par Cluster
/// It is supported; name any of its servers. With `rediss://` all of them are spoken to by TLS. Transactions and
/// sessions spread over the servers. Users do not: all of them have one hash tag, because their phones and identities
/// can be kept unique on one server only. Nor do cells: they have one of their own, because a batch is granted as a
/// whole.
///
/// @par Upgrades
/// Records have a format. This version writes format 4 and reads formats 1, which knew nothing of the delivery of
/// messages, 2, which knew nothing of what a session rests on, and 3, in which sessions did not change. End the programs of the older version before the first newer one starts. An older one that still runs
/// throws when it is asked for a record that a newer one has written; when it is started again it throws at once.
///
/// @par Errors
/// A function throws `std::runtime_error`, with a sentence that says what to do, when Redis cannot be reached, does not
/// answer within `redis_options::operation_timeout`, or refuses. While Redis says that it will be ready soon (LOADING,
/// READONLY, TRYAGAIN, CLUSTERDOWN, BUSY) a command is repeated within that time. A command that may have been carried
/// out is never repeated: after a throw because of a broken connection or an overdue reply, the write may have been
/// made. After a throw of `erase_sessions_of` in a cluster some of the sessions may be erased: call it again. No
/// message holds the password or anything that is stored. `insert_user` throws `std::invalid_argument` if there is a
/// user with this `object_id`.
///
/// @par Thread safety
/// Shared objects are safe. Connections are made when they are needed and kept; a broken one is replaced.
class redis_storage : public forwarding_storage<redis_storage> {
public:
    /// Connects and checks the server.
    ///
    /// @param url      `redis://[[user]:password@]host[:port][/database]`, or `rediss://…` for TLS, with
    ///     percent-encoding in user and password; port 6379 and database 0 unless given
    /// @param options  see there
    /// @par Errors
    /// `std::runtime_error` if the URL is not one, if a file in `options` cannot be used, if it cannot connect, trust
    /// the server, log in or write, if the server would lose data
    /// (see above), or if the data are of a newer version.
    explicit redis_storage(const std::string& url, const redis_options& options = {})
        : redis_storage(detail::parse_redis_url(url), options) {}

    /// Does `operation`, blocking: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return operation(commands_, arguments...).get();
    }

    /// How many of its connections are in use, for monitoring.
    pool_usage usage() const { return commands_.link().usage(); }

private:
    redis_storage(detail::redis_url url, const redis_options& options)
        : commands_(options, detail::check_redis(url, options), url, options) {}

    detail::redis_commands<detail::redis_blocking_link> commands_;
};

static_assert(Storage<redis_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif

#endif
