// SPDX-License-Identifier: BSL-1.0
// How an integrator tests his own code: every policy is a struct with plain functions, nothing waits and nothing is
// sent. (The test kit in phoneauth/testing/ has richer ones; these show how little is needed.)

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include <array>
#include <functional>
#include <iostream>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace phoneauth;

//[storage
/// A complete storage for one thread.
struct map_storage {
    static constexpr bool process_local = true;
    std::map<std::string, transaction> transactions;
    std::map<std::string, user> users;
    std::map<std::string, session> sessions;
    std::map<std::string, time_point, std::less<>> cells;

    template <class M>
    static auto find(const M& m, const std::string& key) {
        const auto i = m.find(key);
        return i == m.end() ? std::optional<typename M::mapped_type>() : i->second;
    }
    static bool swap(auto& m, const auto& value, const std::string& key) {
        const auto i = m.find(key);
        if (i == m.end() || i->second.version != value.version) return false;
        i->second = value;
        return ++i->second.version > 0;
    }
    std::optional<user> find_user_if(auto matches) const {
        for (const auto& [id, u] : users)
            if (matches(u)) return u;
        return std::nullopt;
    }
    write_result check(const user& u) const {
        if (find_user_if([&](const user& o) { return o.object_id != u.object_id && o.phone == u.phone; }))
            return write_result::phone_taken;
        if (find_user_if([&](const user& o) { return o.object_id != u.object_id && o.identity == u.identity; }))
            return write_result::identity_taken;
        return write_result::done;
    }

    bool insert_transaction(const transaction& t) { return transactions.emplace(t.id, t).second; }
    std::optional<transaction> find_transaction(const std::string& id) { return find(transactions, id); }
    bool update_transaction(const transaction& t) { return swap(transactions, t, t.id); }
    write_result insert_user(const user& u) {
        if (check(u) != write_result::done) return check(u);
        if (!users.emplace(u.object_id, u).second) throw std::invalid_argument("this object_id is taken");
        return write_result::done;
    }
    write_result update_user(const user& u) {
        return check(u) != write_result::done ? check(u)
               : swap(users, u, u.object_id)  ? write_result::done
                                              : write_result::stale;
    }
    bool erase_user(const std::string& id) { return users.erase(id) > 0; }
    std::optional<user> find_user(const std::string& id) { return find(users, id); }
    std::optional<user> find_user_by_phone(const phone_number& p) {
        return find_user_if([&](const user& u) { return u.phone == p; });
    }
    std::optional<user> find_user_by_identity(const std::string& i) {
        return find_user_if([&](const user& u) { return u.identity == i; });
    }
    bool insert_session(const session& s) { return sessions.emplace(s.token_hash, s).second; }
    std::optional<session> find_session(const std::string& hash) { return find(sessions, hash); }
    std::vector<session> find_sessions_of(const std::string& id) {
        std::vector<session> all;
        for (const auto& [hash, s] : sessions)
            if (s.user_id == id) all.push_back(s);
        return all;
    }
    bool update_session(const session& s) { return swap(sessions, s, s.token_hash); }
    bool erase_session(const std::string& hash) { return sessions.erase(hash) > 0; }
    std::size_t erase_sessions_of(const std::string& id, const std::string& kept) {
        return std::erase_if(sessions, [&](const auto& s) { return s.second.user_id == id && s.first != kept; });
    }
    cell_answer take_cells(const cell_batch& batch) {
        const auto cell = [&](std::string_view key) {
            const auto i = cells.find(key);
            return i == cells.end() ? time_point() : i->second;
        };
        std::array<time_point, 1 + cell_batch::most> stored{cell(batch.marker())};
        for (std::size_t i = 0; i < batch.size(); ++i) stored[1 + i] = cell(batch.key(i));
        const auto answer = decide(batch, stored);
        for (std::size_t i = 0; answer.granted && i < batch.size(); ++i)
            if (answer.cells[i] != stored[1 + i]) cells[std::string(batch.key(i))] = answer.cells[i];
        return answer;
    }
};
//]

//[transport
/// Accepts every message and remembers the last.
struct mailbox {
    std::string last;
    result<http_response> send(const http_request& request) {
        last = request.body;
        return http_response{201, {}, R"({"sid":"SM00000000000000000000000000000000","status":"queued"})"};
    }
    std::string code() const { return last.substr(last.find("Body=") + 5, 6); }
};
//]

//[clock
/// Stands still until somebody turns it.
struct stopped_clock {
    time_point time{};
    time_point now() const { return time; }
};
//]

namespace {
int failed = 0;
void check(bool ok, const char* what) {
    std::cout << (ok ? "ok: " : "FAILED: ") << what << '\n';
    failed += !ok;
}
}  // namespace

int main() {
    config c;
    c.twilio.account_sid = "AC00000000000000000000000000000000";
    c.twilio.auth_token = "your auth token";
    c.twilio.sender = "+15005550006";
    map_storage fresh;
    const auto broken = testing::run_storage_suite(fresh, {}, {.threads = 1});
    std::cout << testing::to_text(broken);
    check(broken.empty(), "the storage keeps its guarantees");

    map_storage storage;
    mailbox transport;
    stopped_clock clock;
    authenticator auth(c, storage, transport, clock);

    auto s = auth.start_registration("+14155550100");
    auto u = auth.finish_registration({s->transaction_id, submitted_code(transport.code()), "+14155550100",
                                       password("correct horse"), "ada@example.com"});
    check(u.has_value(), "the code makes a user");

    s = auth.start_login("+14155550100");
    const auto code = transport.code();
    clock.time += std::chrono::minutes(5);
    check(auth.finish_login(s->transaction_id, submitted_code(code)).error().code == error::code_expired,
          "after five minutes the code is dead");

    s = auth.start_login("+14155550100");
    check(auth.finish_login(s->transaction_id, submitted_code(transport.code())).has_value(), "a fresh code logs in");
    check(auth.finish_login(s->transaction_id, submitted_code(transport.code())).error().code == error::code_used,
          "but only once");
    return failed;
}
