// SPDX-License-Identifier: BSL-1.0
#include <boost/test/unit_test.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <map>
#include <random>
#include <string>

#include <phoneauth/storage/detail/expiring_table.hpp>
#include <phoneauth/storage/detail/packed_record.hpp>
#include <phoneauth/storage/detail/transaction_table.hpp>

using namespace phoneauth;
using namespace std::chrono_literals;

namespace {

struct named {
    std::string name{};
    bool has_key(std::string_view key) const noexcept { return name == key; }
};

/// `hash` says how badly the keys are spread.
void compare_with_a_map(std::function<std::size_t(std::size_t)> hash) {
    constexpr std::size_t keys = 500;
    std::mt19937 random(7);
    detail::expiring_table<named> table;
    std::map<std::size_t, time_point> model;
    const auto moment = [&] { return time_point(std::chrono::milliseconds(random() % 1000)); };
    for (int step = 0; step < 200'000; ++step) {
        const auto k = random() % keys;
        const auto name = "key" + std::to_string(k);
        auto* found = table.find(hash(k), name);
        BOOST_REQUIRE_EQUAL(found != nullptr, model.contains(k));
        if (found) BOOST_REQUIRE((table.expiry_of(*found) == model[k] && found->record.name == name));
        const auto what = random() % 16;
        if (!found && what < 8) {
            model[k] = moment();
            auto& added = table.insert(hash(k), named{name}, model[k]);
            BOOST_REQUIRE_EQUAL(added.record.name, name);
        } else if (found && what < 4) {
            table.erase(*found);
            model.erase(k);
        } else if (found && what < 12) {
            model[k] = moment();
            table.expire_at(*found, model[k]);
        } else if (what == 15) {  // all that is over goes, the first first
            const auto now = time_point(std::chrono::milliseconds(random() % 100));
            auto last = time_point();
            while (auto* over = table.first_expired(now)) {
                BOOST_REQUIRE((table.expiry_of(*over) >= last));
                last = table.expiry_of(*over);
                model.erase(std::stoul(over->record.name.substr(3)));
                table.erase(*over);
            }
            for (const auto& [key, expires] : model) BOOST_REQUIRE((expires > now));
        }
        BOOST_REQUIRE_EQUAL(table.size(), model.size());
    }
}

transaction example() {
    transaction t{"01234567-89AB-CDEF-0123-456789ABCDEF", purpose::password_reset,
                  *phone_number::from_e164("+14155550100")};
    t.user_id = "FFFFFFFF-FFFF-FFFF-FFFF-FFFFFFFFFFFF";
    t.key_id = "k1";
    t.state = transaction_state::exhausted;
    t.tries = 4'000'000'000;
    t.sends = 3;
    t.created_at = time_point(-1ms);
    t.expires_at = time_point(std::chrono::hours(500'000));
    t.delivery = delivery_state::undelivered;
    t.delivery_error = -30'007;
    t.password_fingerprint = std::string(65, '~');
    t.version = ~std::uint64_t{0};
    return t;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(expiring_table_)

BOOST_AUTO_TEST_CASE(does_what_a_map_does) {
    compare_with_a_map([](std::size_t k) { return std::hash<std::size_t>()(k * 0x9E3779B97F4A7C15u); });
}

BOOST_AUTO_TEST_CASE(does_so_where_all_keys_fall_into_few_places) {
    compare_with_a_map([](std::size_t k) { return k % 5 * 3 + 14; });
}

BOOST_AUTO_TEST_CASE(packed_transactions_come_back) {
    const auto same = [](const transaction& t) {
        const detail::packed_record<transaction> packed(t, t.version);
        const auto back = packed.unpack();
        detail::for_each_field<transaction>(
            [&](const detail::field& f, auto member) { BOOST_TEST((back.*member == t.*member), f.name); });
        BOOST_TEST(packed.has_key(t.id));
        BOOST_TEST(!packed.has_key(t.id + "0"));
        BOOST_TEST(!packed.has_key(t.id.substr(1)));
    };
    same(example());
    for (const std::size_t size : {0u, 1u, 35u, 36u, 37u, 253u, 254u, 255u, 256u, 5000u}) {
        auto t = example();
        t.id = std::string(size, 'A') + "-";
        t.user_id = std::string(size, '\xff');
        t.topic = std::string(size, '\0');
        same(t);
    }
    for (const char wrong : {'-', 'a', 'G', '/', ':', '@', '\0', '\xff'})
        for (std::size_t at = 0; at < 36; ++at) {
            auto t = example();
            t.user_id[at] = wrong;
            t.id[at] = wrong;
            same(t);
        }
}

BOOST_AUTO_TEST_CASE(transactions_of_all_tables_expire_and_count) {
    detail::transaction_table table(100);
    auto t = example();
    const auto insert = [&](int i, time_point expires) {
        t.id = "T" + std::to_string(i);
        return table.insert(t, expires);
    };
    for (int i = 0; i < 100; ++i) BOOST_REQUIRE(insert(i, time_point(std::chrono::milliseconds(i))));
    BOOST_CHECK_THROW(insert(100, time_point(1s)), std::length_error);
    BOOST_CHECK_THROW(insert(7, time_point(1s)), std::length_error);
    table.drop_expired(time_point(49ms), 1000);
    for (int i = 0; i < 100; ++i) BOOST_TEST(table.find("T" + std::to_string(i)).has_value() == (i > 49));
    BOOST_TEST(!insert(77, time_point(1s)));  // it is there, and does not count twice
    for (int i = 0; i < 50; ++i) BOOST_REQUIRE(insert(i, time_point(1s)));
    BOOST_CHECK_THROW(insert(100, time_point(1s)), std::length_error);
    table.drop_expired(time_point(99ms), 2);
    BOOST_REQUIRE(insert(200, time_point(1s)));
    BOOST_REQUIRE(insert(201, time_point(1s)));
    BOOST_CHECK_THROW(insert(202, time_point(1s)), std::length_error);
}

BOOST_AUTO_TEST_SUITE_END()
