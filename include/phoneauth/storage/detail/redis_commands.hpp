// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_REDIS_COMMANDS_HPP
#define PHONEAUTH_STORAGE_DETAIL_REDIS_COMMANDS_HPP

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/redis.hpp>

// What is stored in Redis and which commands do it, written once for both modes. The keys, behind the prefix:
//
//     t:ID              a transaction: a record
//     c:KEY             a counter: a hash of its value and its end
//     s:TOKEN_HASH      a session: a record
//     u:USER_ID         the index of a user's sessions: a sorted set of token hashes by their ends
//     {users}:ids       all users: a hash of object id → record
//     {users}:phones    a hash of phone → object id
//     {users}:identities  a hash of identity → object id
//     format            the version of all this: `redis_format`
//
// Each operation is one command or one script on keys of one slot, and so one atomic step; but for what a cluster
// cannot do in one because the keys are on different servers: see `insert_session` and `erase_sessions_of`.

namespace phoneauth {
inline namespace v0 {
namespace detail {

// ---- Records: fields, each with its length in front ("1:7" "12:+14155550100"), so that no record begins with the fields
// ---- of another. A script can compare the first field without understanding the rest.

inline std::string record_field(std::string_view text) {
    return std::to_string(text.size()) + ':' + std::string(text);
}

class record_writer {
public:
    record_writer& text(std::string_view t) {
        record_ += record_field(t);
        return *this;
    }
    template <class T>
    record_writer& number(T n) {
        return text(std::to_string(n));
    }
    record_writer& time(time_point t) { return number(t.time_since_epoch().count()); }
    record_writer& time(std::optional<time_point> t) { return t ? time(*t) : text({}); }
    std::string str() { return std::move(record_); }

private:
    std::string record_;
};

/// Throws `std::runtime_error` if the record is not what is asked for.
class record_reader {
public:
    explicit record_reader(std::string_view record) : rest_(record) {}

    std::string text() { return std::string(field()); }
    template <class T>
    T number() {
        return parse<T>(field());
    }
    template <class E>
    E one_of(E first, E last) {
        const auto value = number<unsigned>();
        if (value < static_cast<unsigned>(first) || value > static_cast<unsigned>(last)) fail();
        return static_cast<E>(value);
    }
    time_point time() { return time_point(std::chrono::milliseconds(number<std::int64_t>())); }
    std::optional<time_point> optional_time() {
        const auto digits = field();
        if (digits.empty()) return std::nullopt;
        return time_point(std::chrono::milliseconds(parse<std::int64_t>(digits)));
    }
    phone_number phone() {
        auto p = phone_number::parse(field());
        if (!p) fail();
        return *p;
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

/// Without the id, which is in the key.
inline std::string to_record(const transaction& t, std::uint64_t version) {
    return record_writer()
        .number(version)
        .number(static_cast<unsigned>(t.purpose))
        .text(t.phone.str())
        .text(t.user_id)
        .text(t.key_id)
        .number(static_cast<unsigned>(t.state))
        .number(t.tries)
        .number(t.sends)
        .time(t.created_at)
        .time(t.expires_at)
        .time(t.last_sent_at)
        .number(static_cast<unsigned>(t.delivery))
        .number(t.delivery_error)
        .text(t.password_fingerprint)
        .number(static_cast<unsigned>(t.known_network))
        .str();
}
inline transaction to_transaction(const std::string& id, std::string_view record) {
    record_reader read(record);
    const auto version = read.number<std::uint64_t>();
    const auto kind = read.one_of(purpose::registration, purpose::login);
    transaction t{id, kind, read.phone()};
    t.user_id = read.text();
    t.key_id = read.text();
    t.state = read.one_of(transaction_state::pending, transaction_state::failed);
    t.tries = read.number<std::uint32_t>();
    t.sends = read.number<std::uint32_t>();
    t.created_at = read.time();
    t.expires_at = read.time();
    t.last_sent_at = read.time();
    t.version = version;
    if (read.is_at_end()) return t;  // written in format 1
    t.delivery = read.one_of(delivery_state::pending, delivery_state::undelivered);
    t.delivery_error = read.number<std::int32_t>();
    t.password_fingerprint = read.text();
    t.known_network = read.one_of(false, true);
    read.end();
    return t;
}

/// The script `update_user` reads the first three fields.
inline std::string to_record(const user& u, std::uint64_t version) {
    record_writer write;
    write.number(version).text(u.phone.str()).text(u.identity).text(u.object_id).text(u.password_hash);
    write.text(u.locale).number(static_cast<unsigned>(u.enabled));
    write.time(u.created_at).time(u.updated_at).time(u.last_login_at).number(u.properties.size());
    for (const auto& [name, value] : u.properties) write.text(name).text(value);
    return write.str();
}
inline user to_user(std::string_view record) {
    record_reader read(record);
    const auto version = read.number<std::uint64_t>();
    const auto phone = read.phone();
    auto identity = read.text();
    auto object_id = read.text();
    user u{std::move(object_id), phone, std::move(identity), read.text()};
    u.locale = read.text();
    u.enabled = read.number<unsigned>() != 0;
    u.created_at = read.time();
    u.updated_at = read.optional_time();
    u.last_login_at = read.optional_time();
    for (auto left = read.number<std::size_t>(); left > 0; --left) {
        auto name = read.text();
        u.properties.emplace(std::move(name), read.text());
    }
    u.version = version;
    read.end();
    return u;
}

/// The scripts that erase sessions read the first field. Without the token hash, which is in the key.
inline std::string to_record(const session& s) {
    return record_writer().text(s.user_id).time(s.created_at).time(s.expires_at).str();
}
inline session to_session(const std::string& token_hash, std::string_view record) {
    record_reader read(record);
    session s{token_hash, read.text()};
    s.created_at = read.time();
    s.expires_at = read.time();
    read.end();
    return s;
}

// ---- Scripts. Numbers in Lua are doubles: exact for milliseconds, but not for versions and values of counters, which stay
// ---- strings. A script that is refused for lack of memory is refused at its first write.

struct redis_scripts {
    // Key: a record. Arguments: its first field as it should be; the new record.
    redis_script compare_and_set{R"(
local record = redis.call('GET', KEYS[1])
if not record or string.sub(record, 1, #ARGV[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
return 1)"};

    // Keys: counters. Arguments, for each: what to add, now, the end of a new counter, its lifetime, and 1 if an old
    // one shall live as long. Gives value and end of each.
    redis_script change_counters{R"(
local changed = {}
for i, key in ipairs(KEYS) do
  local by, now, fresh, lifetime, prolong = unpack(ARGV, 5 * i - 4, 5 * i)
  local value, ends = unpack(redis.call('HMGET', key, 'v', 'e'))
  if not ends or tonumber(ends) <= tonumber(now) then
    value, ends = '0', fresh
    if not string.find(by, '^[-0]') then
      value = by
      redis.call('HSET', key, 'v', value, 'e', ends)
      redis.call('PEXPIRE', key, lifetime)
    end
  elseif by ~= '0' then
    local sum = redis.pcall('HINCRBY', key, 'v', by)
    if type(sum) == 'table' then
      if not string.find(sum.err, 'overflow', 1, true) then return sum end
      value = '9223372036854775807'
      redis.call('HSET', key, 'v', value)
    elseif sum <= 0 then
      value = '0'
      redis.call('DEL', key)
    else
      value = redis.call('HGET', key, 'v')
    end
    if prolong == '1' and string.sub(by, 1, 1) ~= '-' and tonumber(ends) < tonumber(fresh) then
      ends = fresh
      redis.call('HSET', key, 'e', ends)
      redis.call('PEXPIRE', key, lifetime)
    end
  end
  changed[2 * i - 1], changed[2 * i] = value, ends
end
return changed)"};

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

    // Each function: see the concepts in policies.hpp.

    flow<bool> insert_transaction(const transaction& t) {
        const auto life = lifetime(t.expires_at + transaction_retention - t.created_at);
        auto calls = one(redis_command({"SET", key("t:", t.id), to_record(t, t.version), "NX", "PX", life}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return !calls[0].is_nil();
    }

    flow<std::optional<transaction>> find_transaction(const std::string& id) {
        auto calls = one(redis_command({"GET", key("t:", id)}));
        co_await mode::call([&] { return link_.run(calls); });
        std::optional<transaction> found;
        if (!calls[0].is_nil()) found = to_transaction(id, calls[0].text());
        co_return found;
    }

    flow<bool> update_transaction(const transaction& t) {
        auto calls = one(redis_evaluation(scripts_.compare_and_set, {key("t:", t.id)},
                                          {first_field(t.version), to_record(t, t.version + 1)}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return calls[0].integer() == 1;
    }

    /// Throws `std::invalid_argument` if there is a user with this `object_id`.
    flow<write_result> insert_user(const user& u) {
        auto calls =
            one(redis_evaluation(scripts_.insert_user, user_keys(),
                                 {u.object_id, std::string(u.phone.str()), u.identity, to_record(u, u.version)}));
        co_await mode::call([&] { return link_.run(calls); });
        if (calls[0].integer() == -1) throw std::invalid_argument("phoneauth: there is a user with this object_id");
        co_return written(calls[0]);
    }

    flow<write_result> update_user(const user& u) {
        auto calls = one(redis_evaluation(scripts_.update_user, user_keys(),
                                          {u.object_id, std::string(u.phone.str()), u.identity,
                                           to_record(u, u.version + 1), first_field(u.version)}));
        co_await mode::call([&] { return link_.run(calls); });
        co_return written(calls[0]);
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
        if (!calls[0].is_nil()) found = to_session(token_hash, calls[0].text());
        co_return found;
    }

    flow<bool> erase_session(const std::string& token_hash) {
        auto calls = one(redis_evaluation(scripts_.take, {key("s:", token_hash)}, {}));
        co_await mode::call([&] { return link_.run(calls); });
        if (calls[0].is_nil()) co_return false;
        const auto erased = to_session(token_hash, calls[0].text());
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
        if (index[0].answer().type != REDIS_REPLY_ARRAY) index[0].unexpected();
        std::vector<std::string> hashes;
        for (std::size_t i = 0; i < index[0].reply->elements; ++i)
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

    /// All changes in one round trip, and in one step unless a cluster has the counters on different servers.
    flow<std::vector<counter>> change_counters(const std::vector<counter_change>& changes) {
        redis_calls calls;
        const std::size_t at_once = cluster_ ? 1 : changes.size();
        for (auto first = changes.begin(); first != changes.end();) {
            std::vector<std::string> keys, arguments;
            for (const auto last = first + static_cast<std::ptrdiff_t>(at_once); first != last; ++first) {
                keys.push_back(key("c:", first->key));
                arguments.push_back(std::to_string(first->by));
                arguments.push_back(milliseconds(first->now.time_since_epoch()));
                arguments.push_back(milliseconds((first->now + first->lifetime).time_since_epoch()));
                arguments.push_back(lifetime(first->lifetime));
                arguments.push_back(first->prolong ? "1" : "0");
            }
            calls.push_back(redis_evaluation(scripts_.change_counters, std::move(keys), std::move(arguments)));
        }
        co_await mode::call([&] { return link_.run(calls); });
        std::vector<counter> changed;
        for (std::size_t i = 0; i < changes.size(); ++i) {
            const auto& call = calls[i / at_once];
            const auto number = [&](std::size_t place) {
                return record_reader::parse<std::int64_t>(call.text(2 * (i % at_once) + place));
            };
            const auto value = number(0);
            changed.push_back({value, time_point(std::chrono::milliseconds(number(1)))});
        }
        co_return changed;
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
        if (!calls[0].is_nil()) found = to_user(calls[0].text());
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
