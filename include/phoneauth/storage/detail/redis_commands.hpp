// SPDX-License-Identifier: BSL-1.0
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

#include <phoneauth/policies.hpp>
#include <phoneauth/storage/detail/redis_protocol.hpp>
#include <phoneauth/storage/detail/redis_records.hpp>
#include <phoneauth/storage/detail/redis_scripts.hpp>
#include <phoneauth/storage/redis_options.hpp>

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
