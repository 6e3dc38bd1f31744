// SPDX-License-Identifier: BSL-1.0
// A shop that has customers already: its own table serves as the users, the library's memory storage as the rest.

#include <phoneauth/phoneauth.hpp>
#include <phoneauth/storage/combined.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/scripted_transport.hpp>
#include <phoneauth/testing/storage_suite.hpp>

#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>

namespace shop {

/// What the shop has always had.
struct customer {
    long number = 0;
    std::string mobile{};
    std::string mail{};
    std::string password{};
    bool blocked = false;
    unsigned long revision = 0;
    std::optional<phoneauth::user> added{};  ///< what the shop's own columns do not hold
};

class customer_table {
public:
    std::mutex mutex;
    std::map<long, customer> rows;
};

//[adapter
/// The shop's table as phoneauth's users.
class customers_as_users {
public:
    explicit customers_as_users(customer_table& table) : table_(table) {}

    phoneauth::write_result insert_user(const phoneauth::user& u) {
        const std::scoped_lock lock(table_.mutex);
        const auto conflict = taken(u, 0);
        if (conflict == phoneauth::write_result::done) {
            const long number = table_.rows.empty() ? 1 : table_.rows.rbegin()->first + 1;
            table_.rows[number] = to_customer(u, number);
        }
        return conflict;
    }

    phoneauth::write_result update_user(const phoneauth::user& u) {
        const std::scoped_lock lock(table_.mutex);
        for (auto& [number, c] : table_.rows) {
            const auto stored = to_user(c);
            if (!stored || stored->object_id != u.object_id) continue;
            if (stored->version != u.version) return phoneauth::write_result::stale;
            const auto conflict = taken(u, number);
            if (conflict == phoneauth::write_result::done) {
                c = to_customer(u, number);
                ++c.revision;
            }
            return conflict;
        }
        return phoneauth::write_result::stale;
    }

    bool erase_user(const std::string& object_id) {
        const std::scoped_lock lock(table_.mutex);
        const auto is_theirs = [&](const auto& row) {
            const auto u = to_user(row.second);
            return u && u->object_id == object_id;
        };
        return std::erase_if(table_.rows, is_theirs) == 1;
    }

    std::optional<phoneauth::user> find_user(const std::string& object_id) {
        return find([&](const phoneauth::user& u) { return u.object_id == object_id; });
    }
    std::optional<phoneauth::user> find_user_by_phone(const phoneauth::phone_number& phone) {
        return find([&](const phoneauth::user& u) { return u.phone == phone; });
    }
    std::optional<phoneauth::user> find_user_by_identity(const std::string& mail) {
        return find([&](const phoneauth::user& u) { return u.identity == mail; });
    }

private:
    static customer to_customer(const phoneauth::user& u, long number) {
        return {number,     std::string(u.phone.str()),
                u.identity, u.password_hash,
                !u.enabled, static_cast<unsigned long>(u.version),
                u};
    }

    static std::optional<phoneauth::user> to_user(const customer& c) {
        const auto phone = phoneauth::phone_number::parse(c.mobile);
        if (!phone) return std::nullopt;  // a customer without a usable mobile number is no user of ours
        auto u = c.added
                     ? *c.added
                     : phoneauth::user{
                           .object_id = std::to_string(c.number), .phone = *phone, .identity = {}, .password_hash = {}};
        u.phone = *phone;
        u.identity = c.mail;
        u.password_hash = c.password;
        u.enabled = !c.blocked;
        u.version = c.revision;
        return u;
    }

    phoneauth::write_result taken(const phoneauth::user& u, long except) const {
        for (const auto& [number, c] : table_.rows) {
            if (number == except) continue;
            if (c.added && c.added->object_id == u.object_id) throw std::invalid_argument("this object_id is taken");
            if (c.mobile == u.phone.str()) return phoneauth::write_result::phone_taken;
            if (c.mail == u.identity) return phoneauth::write_result::identity_taken;
        }
        return phoneauth::write_result::done;
    }

    std::optional<phoneauth::user> find(auto matches) {
        const std::scoped_lock lock(table_.mutex);
        for (const auto& [number, c] : table_.rows)
            if (auto u = to_user(c); u && matches(*u)) return u;
        return std::nullopt;
    }

    customer_table& table_;
};
//]

}  // namespace shop

int main() {
    shop::customer_table table;
    table.rows[7] = {.number = 7, .mobile = "+14155550100", .mail = "ada@example.com"};

    phoneauth::config config;
    config.twilio.account_sid = "AC00000000000000000000000000000000";
    config.twilio.auth_token = "your auth token";
    config.twilio.sender = "+15005550006";

    //[combined
    shop::customers_as_users users(table);
    phoneauth::memory_storage memory;
    phoneauth::combined_storage storage(memory, users, memory, memory);
    //]
    phoneauth::testing::scripted_transport transport;  // stands in for a phone: this example runs without a person
    phoneauth::authenticator auth(config, storage, transport);

    auto login = auth.start_login("+1 415 555 0100");
    if (!login) return std::cerr << login.error().message << '\n', 1;
    auto session = auth.finish_login(login->transaction_id, phoneauth::submitted_code(transport.last_code()));
    if (!session) return std::cerr << session.error().message << '\n', 1;
    std::cout << "customer " << session->user.object_id << " is logged in\n";
    if (session->user.object_id != "7" || table.rows.size() != 1) return 1;

    const auto findings = phoneauth::testing::run_user_storage_suite(users);
    std::cout << phoneauth::testing::to_text(findings) << findings.size() << " broken promises\n";
    return findings.empty() ? 0 : 1;
}
