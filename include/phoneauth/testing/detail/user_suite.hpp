// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_TESTING_DETAIL_USER_SUITE_HPP
#define PHONEAUTH_TESTING_DETAIL_USER_SUITE_HPP

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include <phoneauth/testing/detail/suite_base.hpp>
#include <phoneauth/testing/detail/user_erasure_suite.hpp>

namespace phoneauth {
inline namespace v0 {
namespace testing {
namespace detail {

/// JSON texts that mean the same to a parser as others, or nothing: each must be stored byte for byte.
inline constexpr std::array awkward_json{
    "null",
    "false",
    "\"\"",
    "[]",
    "{ }",
    "-0",
    "1.0",
    "1E+2",
    "1e400",
    "9007199254740993",
    "12345678901234567890.50",
    "0.1000000000000000055511151231257827",
    " \t\r\n[ 1 ,\t2 ]\n",
    R"({"b":1,"a":2,"b":3})",
    R"({"a":[1,{"b":null}],"quote":"\"\\\/"})",
    R"("\u0000 \ud83d\ude00 \ud800 \u00e9")",
    "\"Zo\xC3\xAB \xF0\x9F\x98\x80 \x7F\"",
};

template <class S, class SyncWait>
void storage_suite<S, SyncWait>::users() {
    using std::chrono::milliseconds;

    const auto done_by = [&](const std::vector<user>& users, auto write) {
        return winners_of([&](unsigned i) { return write(users[i]) == write_result::done; });
    };
    const auto insert = [this](const user& u) { return value_of(storage().insert_user(u)); };
    const auto update = [this](const user& u) { return value_of(storage().update_user(u)); };

    check("users: insert and find", [&] {
        auto u = new_user();
        u.properties = {{"age", "33"}, {"nested", R"({"a":[1,{"b":null}],"quote":"\"\\"})"}, {"näme", "\"Zoë\""}};
        u.updated_at = u.created_at + milliseconds(1);
        u.last_login_at = u.created_at + milliseconds(999);
        u.enabled = false;
        u.locale = "de";
        expect_stored(inserted(u));
        auto bare = new_user();
        bare.password_hash.clear();
        bare.locale.clear();
        bare.version = 0;
        bare.generation = 0;
        bare.backup_codes.clear();
        expect_stored(inserted(bare));
    });
    check("users: any text", [&] {
        for (const std::string text : awkward_texts) {
            auto u = new_user();
            u.identity += text;
            u.password_hash = u.locale = u.backup_codes = text;
            u.properties = {{text, "1"}, {text + text, "\"2\""}};
            expect_stored(inserted(u));
            expect(!value_of(storage().find_user(text)), "find_user of an unknown id must return nothing");
            expect(!value_of(storage().find_user_by_identity(text)),
                   "find_user_by_identity of an unknown identity must return nothing");
            u.identity = text + new_identity();
            expect(update(u) == write_result::done, "update_user with the stored version must return done");
            ++u.version;
            expect_stored(u);
        }
        auto u = new_user();
        u.identity = std::string(64, 'l') + '@' + characters("abcdefghijklmnopqrstuvwxyz", 185) + ".com";  // 254
        u.password_hash = std::string(300, '$');
        u.backup_codes = std::string(3009, '$');
        u.locale = std::string(35, 'l');
        expect_stored(inserted(u));
    });
    check("users: any JSON", [&] {
        auto u = new_user();
        for (const std::string json : awkward_json) u.properties[json] = json;
        expect_stored(inserted(u));
        u.properties = {{"big", '"' + std::string(1 << 20, 'x') + '"'}};
        for (int i = 0; i < 1000; ++i) u.properties[std::to_string(i)] = std::to_string(i);
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
        u.properties.clear();
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
    });
    check("users: any time", [&] {
        auto u = new_user();
        u.created_at = time_point(milliseconds(-1));
        u.updated_at = time_point(milliseconds(0));
        u.last_login_at = std::chrono::sys_days(std::chrono::year(9999) / 12 / 31) + milliseconds(86'399'999);
        expect_stored(inserted(u));
    });
    check("users: the largest numbers", [&] {
        auto u = new_user();
        u.version = (std::uint64_t{1} << 53) + 1;  // more than a double can tell from its neighbours
        inserted(u);
        auto stale = u;
        --stale.version;
        expect(update(stale) == write_result::stale, "update_user with an older version must return stale");
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
        u = new_user();
        u.version = (std::numeric_limits<std::int64_t>::max)() - 1;
        u.generation = (std::numeric_limits<std::int64_t>::max)();
        inserted(u);
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
    });
    check("users: NUL", [&] {
        auto u = new_user();
        const auto identity = u.identity;
        u.identity += std::string("\0x", 2);
        u.properties = {{std::string("a\0b", 3), "1"}};
        if (is_accepted([&] { insert(u); }))
            expect_stored(u);
        else
            expect(!value_of(storage().find_user(u.object_id)), "an insert_user that threw must store nothing");
        expect(!value_of(storage().find_user_by_identity(identity)),
               "insert_user must not cut off an identity at a NUL");
        const auto plain = inserted_user();
        is_accepted([&] {
            expect(!value_of(storage().find_user_by_identity(plain.identity + std::string("\0x", 2))),
                   "find_user_by_identity must not cut off an identity at a NUL");
        });
        expect_stored(plain);
    });
    check("users: look-ups that find nobody", [&] {
        const auto u = inserted_user();
        expect(!value_of(storage().find_user(uuid())), "find_user of an unknown id must return nothing");
        expect(!value_of(storage().find_user_by_phone(new_phone())),
               "find_user_by_phone of an unknown phone must return nothing");
        auto shouted = u.identity;
        std::replace(shouted.begin(), shouted.end(), 's', 'S');
        for (const auto& identity : {new_identity(), shouted, u.identity + " ", " " + u.identity, u.identity + "m",
                                     std::string("%"), std::string()})
            expect(!value_of(storage().find_user_by_identity(identity)),
                   "find_user_by_identity must compare identities byte for byte");
    });
    check("users: identities that look alike", [&] {
        const auto identity = new_identity();
        for (const std::string text : {"a", "A", "a ", "\xC3\xA9", "e\xCC\x81", "\xC3\x89", "\xC3\x9F", "ss",
                                       "\xEF\xBC\xA1", "1", "1.0", "01"}) {
            auto u = new_user();
            u.identity = identity + text;
            expect(insert(u) == write_result::done, "identities that differ in a byte must be different");
            expect_stored(u);
        }
    });
    check("users: one phone, one identity", [&] {
        const auto u = inserted_user();
        auto same_phone = new_user();
        same_phone.phone = u.phone;
        expect(insert(same_phone) == write_result::phone_taken,
               "insert_user with another user's phone must return phone_taken");
        expect_absent(same_phone);
        expect(!value_of(storage().find_user_by_identity(same_phone.identity)),
               "a refused insert_user must store nothing");
        auto same_identity = new_user();
        same_identity.identity = u.identity;
        expect(insert(same_identity) == write_result::identity_taken,
               "insert_user with another user's identity must return identity_taken");
        expect_absent(same_identity);
        expect(!value_of(storage().find_user_by_phone(same_identity.phone)),
               "a refused insert_user must store nothing");
        auto same_id = new_user();
        same_id.object_id = u.object_id;
        is_accepted([&] {
            expect(insert(same_id) != write_result::done,
                   "insert_user with another user's object_id must throw or return something other than done");
        });
        expect(!value_of(storage().find_user_by_phone(same_id.phone)), "a refused insert_user must store nothing");
        expect_stored(u);

        same_phone.phone = same_identity.phone;
        expect(insert(same_phone) == write_result::done,
               "a refused insert_user must not take the phone or the identity");
        expect_stored(same_phone);
    });
    check("users: update", [&] {
        auto u = inserted_user();
        const auto before = u;
        u.phone = new_phone();
        u.identity = new_identity();
        u.password_hash = "$another";
        u.properties = {{"new", "true"}};
        u.locale = "fr";
        u.enabled = false;
        u.updated_at = now();
        u.last_login_at = now();
        expect(update(u) == write_result::done, "update_user with the stored version must return done");
        ++u.version;
        expect_stored(u);
        expect(!value_of(storage().find_user_by_phone(before.phone)),
               "a user must not be found by a phone that they no longer has");
        expect(!value_of(storage().find_user_by_identity(before.identity)),
               "a user must not be found by an identity that they no longer has");
        u.last_login_at.reset();
        expect(update(u) == write_result::done, "update_user that keeps phone and identity must return done");
        ++u.version;
        expect_stored(u);
        auto heir = new_user();
        heir.phone = before.phone;
        heir.identity = before.identity;
        expect(insert(heir) == write_result::done, "a phone and an identity that were given up must be free");
        expect_stored(heir);
    });
    check("users: update to what another has", [&] {
        const auto other = inserted_user();
        auto u = inserted_user();
        auto to_phone = u;
        to_phone.phone = other.phone;
        to_phone.identity = new_identity();
        expect(update(to_phone) == write_result::phone_taken,
               "update_user to another user's phone must return phone_taken");
        auto to_identity = u;
        to_identity.identity = other.identity;
        to_identity.phone = new_phone();
        expect(update(to_identity) == write_result::identity_taken,
               "update_user to another user's identity must return identity_taken");
        expect(!value_of(storage().find_user_by_phone(to_identity.phone)) &&
                   !value_of(storage().find_user_by_identity(to_phone.identity)),
               "a refused update_user must change nothing");
        expect_stored(u);
        expect_stored(other);

        u.phone = to_identity.phone;
        u.identity = to_phone.identity;
        expect(update(u) == write_result::done, "a refused update_user must not take the phone or the identity");
        ++u.version;
        expect_stored(u);
    });
    check("users: stale update", [&] {
        auto u = inserted_user();
        auto stale = u;
        u.locale = "fr";
        update(u);
        ++u.version;
        stale.locale = "it";
        stale.phone = new_phone();
        expect(update(stale) == write_result::stale, "update_user with an older version must return stale");
        stale.version = u.version + 1;
        expect(update(stale) == write_result::stale, "update_user with a newer version must return stale");
        expect_stored(u);
        expect(!value_of(storage().find_user_by_phone(stale.phone)), "a stale update_user must change nothing");
        const auto unknown = new_user();
        expect(update(unknown) == write_result::stale, "update_user of an unknown user must return stale");
        expect_absent(unknown);
    });
    check("users: racing inserts of one phone", [&] {
        race([&] {
            auto users = rivals();
            for (auto& u : users) u.phone = users.front().phone;
            const auto winners = done_by(users, insert);
            expect(winners.size() == 1, "of several insert_user with one phone exactly one must return done");
            for (const auto i : winners) expect_stored(users[i]);
        });
    });
    check("users: racing inserts of one identity", [&] {
        race([&] {
            auto users = rivals();
            for (auto& u : users) u.identity = users.front().identity;
            const auto winners = done_by(users, insert);
            expect(winners.size() == 1, "of several insert_user with one identity exactly one must return done");
            for (const auto i : winners) expect_stored(users[i]);
        });
    });
    check("users: racing inserts in a ring", [&] {
        race([&] {
            auto users = rivals();  // each has the phone of one neighbour and the identity of the other
            const auto count = users.size();
            for (std::size_t i = 0; i + 1 < count; i += 2) {
                users[i + 1].phone = users[i].phone;
                users[(i + 2) % count].identity = users[i + 1].identity;
            }
            std::shuffle(users.begin(), users.end(), random_);
            const auto winners = done_by(users, insert);
            const auto won = [&](const user& u) {
                return std::any_of(winners.begin(), winners.end(), [&](auto i) { return &users[i] == &u; });
            };
            for (const auto& u : users) {
                if (won(u)) {
                    expect_stored(u);
                    continue;
                }
                expect_absent(u);
                expect(std::any_of(users.begin(), users.end(),
                                   [&](const user& other) {
                                       return won(other) && (other.phone == u.phone || other.identity == u.identity);
                                   }),
                       "insert_user must not refuse a user because of another that it refuses as well");
            }
        });
    });
    check("users: racing updates to one phone", [&] {
        race([&] {
            auto users = rivals(true);
            const auto phone = new_phone();
            for (auto& u : users) u.phone = phone;
            const auto winners = done_by(users, update);
            expect(winners.size() == 1, "of several update_user to one phone exactly one must return done");
            for (const auto i : winners) {
                ++users[i].version;
                expect_stored(users[i]);
            }
        });
    });
    check("users: racing updates in a circle", [&] {
        race([&] {
            const auto users = rivals(true);
            auto changed = users;
            for (std::size_t i = 0; i < users.size(); ++i) changed[i].phone = users[(i + 1) % users.size()].phone;
            if (users.size() < 2) return;
            expect(done_by(changed, update).empty(),
                   "users who all want the phone of the next one must all get phone_taken");
            for (const auto& u : users) expect_stored(u);
        });
    });
    check("users: racing updates of one user", [&] {
        race([&] {
            const auto u = inserted_user();
            const auto winners = winners_of([&](unsigned i) {
                auto mine = u;
                mine.properties["winner"] = std::to_string(i);
                return update(mine) == write_result::done;
            });
            expect(winners.size() == 1, "of several update_user with one version exactly one must return done");
            auto won = u;
            won.properties["winner"] = winners.empty() ? "" : std::to_string(winners.front());
            ++won.version;
            expect_stored(won);
        });
    });
    check("users: no acknowledged insertion is lost", [&] {
        std::vector<user> all;
        for (unsigned i = 0; i < options_.threads * options_.rounds; ++i) all.push_back(new_user());
        in_parallel([&](unsigned i) {
            for (unsigned n = 0; n < options_.rounds; ++n) insert(all[n * options_.threads + i]);
        });
        for (const auto& u : all) expect_stored(u);
    });
    check("users: finds that race with updates", [&] {
        const auto u = inserted_user();
        const auto other_phone = new_phone();
        std::atomic<std::uint64_t> acknowledged = u.version;
        // All fields tell by how many updates they were changed; the phone comes and goes.
        const auto after = [&](unsigned updates) {
            auto changed = u;
            changed.phone = updates % 2 == 0 ? u.phone : other_phone;
            changed.password_hash = changed.locale = std::to_string(updates);
            for (unsigned i = 0; i < updates % 8; ++i) changed.properties[std::to_string(i)] = changed.locale;
            changed.last_login_at = u.created_at + milliseconds(updates);
            changed.version = u.version + updates;
            return changed;
        };
        const auto expect_whole = [&](const auto& seen) {
            if (seen && seen->version > u.version)
                expect(difference(*seen, after(static_cast<unsigned>(seen->version - u.version))).empty(),
                       "a find must see an update whole, or not at all");
        };
        read_while_writing(
            [&](unsigned n) {
                auto mine = after(n);
                --mine.version;
                update(mine);
                acknowledged = mine.version + 1;
            },
            [&, this] {
                const auto least = acknowledged.load();
                const auto seen = value_of(storage().find_user(u.object_id));
                expect(seen && seen->version >= least, "find_user must see at once what update_user has acknowledged");
                expect_whole(seen);
                const auto by_identity = value_of(storage().find_user_by_identity(u.identity));
                expect(by_identity && by_identity->version >= least,
                       "find_user_by_identity must see at once what update_user has acknowledged");
                expect_whole(by_identity);
                const auto by_phone = value_of(storage().find_user_by_phone(other_phone));
                expect_whole(by_phone);
                expect(!by_phone || by_phone->phone == other_phone,
                       "find_user_by_phone must not find a user who has another phone");
                return seen ? seen->version : 0;
            });
    });
    erasures_of_users();
    racing_erasures_of_users();
}

}  // namespace detail
}  // namespace testing
}  // namespace v0
}  // namespace phoneauth

#endif
