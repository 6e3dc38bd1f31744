// SPDX-License-Identifier: BSL-1.0
// Proof: attackers do not keep the owner of a phone out, at home, or with the right password. Owners of several habits
// want to log in every second hour, and go on trying until they can; for a month attackers do all they can against their
// phones, and for another month nothing. Which hours the owners are refused is printed as the table of SECURITY.md.
//
//     long_lockouts [--short]     30 days of attack and 30 after it; 4 and 2, and fewer attackers, with --short

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <phoneauth/detail/url.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include "support.hpp"

using namespace proofs;
using namespace std::chrono_literals;

namespace {

const std::string right_password = "correct horse", wrong_password = "wrong horse";
const std::string victim = "+14155550100";

/// Who attacks.
struct attacker {
    const char* name;
    unsigned networks = 0;   ///< how many are theirs
    bool neighbour = false;  ///< they share that from which the owner has registered

    bool is_nobody() const { return networks == 0 && !neighbour; }
};

/// The owner of the phone.
struct owner {
    enum class habit { home, carrier, travel };

    const char* name;
    habit lives{};
    bool has_password = false;  ///< and logs in with it; else by code alone
};

/// How attackers use the codes that they have sent: a wrong code may shut a door, and a door that is shut gives no
/// more messages to use up.
enum class way { wrong_codes, messages_alone };

struct plan {
    int attacked_days = 30, quiet_days = 30;
};

struct outcome {
    int refused = 0, longest = 0, refused_after = 0;  // hours

    /// What is worse of each.
    void add(const outcome& o) {
        refused = std::max(refused, o.refused);
        longest = std::max(longest, o.longest);
        refused_after = std::max(refused_after, o.refused_after);
    }
};

/// Delivers messages: the last one to each phone can be read.
struct mailbox {
    struct phone {
        int messages = 0;
        std::string code;
    };
    std::map<std::string, phone> phones;

    result<http_response> send(const http_request& r) {
        if (r.method != "POST") return http_response{200, {}, R"({"messages":[]})"};  // a decoy
        auto& to = phones[phoneauth::detail::form_field(r.body, "To")];
        ++to.messages;
        to.code = testing::detail::code_in(phoneauth::detail::form_field(r.body, "Body"));
        return http_response{201, {}, R"({"sid":"SM00000000000000000000000000000000","status":"queued"})"};
    }
};

/// Takes everybody for a stranger: the proof must find that.
struct knows_no_network : memory_storage {
    cell_answer take_cells(const cell_batch& b) {
        cell_batch unmarked(b.now());
        for (std::size_t i = 0; i < b.size(); ++i) unmarked.add(b[i], b.key(i));
        return memory_storage::take_cells(unmarked);
    }
};

config default_config() {
    config c;
    c.twilio.account_sid = "AC" + std::string(32, '0');
    c.twilio.auth_token = "not-a-real-token";
    c.twilio.sender = "+15005550006";
    c.code_keys = {{"k1", std::string(32, 'k')}};
    return c;
}

/// A phone, its owner, and those who attack it.
template <class S>
class siege {
public:
    siege(const owner& o, const attacker& a, way w, const plan& p)
        : owner_(o), way_(w), start_(clock_.now()), attack_(start_ + 25h), quiet_(attack_ + p.attacked_days * 24h),
          end_(quiet_ + p.quiet_days * 24h) {
        for (unsigned i = 0; i < a.networks; ++i)
            theirs_.emplace_back("198.18." + std::to_string(i / 250) + '.' + std::to_string(i % 250 + 1));
        if (!theirs_.empty()) besiege(theirs_);
        if (a.neighbour) besiege({first_place()});
    }

    outcome run() {
        enroll();
        while (true) {
            auto next = owner_next_;
            for (const auto& each : lines_) next = std::min(next, each.next);
            if (next >= end_) return outcome_;
            clock_.set(next);
            for (auto& each : lines_)  // before the owner, in the worst case
                if (each.next <= next) each.next = next < quiet_ ? std::max(each.act(), next + 1ms) : end_;
            if (owner_next_ > next) continue;
            if (next >= attack_ && next < quiet_) use_up_the_budget();
            come_in();
        }
    }

private:
    using seconds = std::chrono::seconds;

    // ---- The owner ----

    /// Where the owner has registered: at home, or somewhere in the carrier's network.
    client_info first_place() const {
        return client_info(owner_.lives == owner::habit::carrier ? "100.64.0.0" : "192.0.2.1");
    }

    client_info place() {
        switch (owner_.lives) {
        case owner::habit::home:
            break;
        case owner::habit::carrier: {  // another address each time, or another /64 of the same /48
            const auto n = visits_++;
            char text[64];
            if (n % 2 == 0)
                std::snprintf(text, sizeof text, "100.64.%u.%u", n / 250 + 1, n % 250);
            else
                std::snprintf(text, sizeof text, "2001:db8:0:%x::1", n);
            return client_info(text);
        }
        case owner::habit::travel: {  // another hotel each week, and an evening at home
            const auto hours = (clock_.now() - start_) / 1h;
            if (hours % 168 < 162) return client_info("203.0.113." + std::to_string(hours / 168));
            break;
        }
        }
        return first_place();
    }

    void enroll() {
        const auto begun = auth_.start_registration(victim, first_place());
        if (!begun || !auth_.finish_registration({begun->transaction_id, submitted_code(sent_.phones[victim].code),
                                                  victim, password(right_password), "ada@example.com"},
                                                 first_place()))
            throw std::runtime_error("no registration");
    }

    /// Tries to come in; goes on until that works.
    void come_in() {
        const auto now = clock_.now();
        if (!hour_) hour_ = now;
        const auto wait = log_in();
        if (!wait) {
            hour_.reset();
            in_a_row_ = 0;
            ++wishes_;
            while (start_ + wishes_ * 2h < now) ++wishes_;
            owner_next_ = start_ + wishes_ * 2h + wishes_ * 7 % 60 * 1min;  // not always at the full hour
            return;
        }
        // People do not wait for hours because they are told to, nor do they try every second.
        owner_next_ = now + std::clamp<seconds>(*wait, 1min, 10min);
        if (owner_next_ < *hour_ + 1h) return;
        if (*hour_ < quiet_)
            ++outcome_.refused;
        else
            ++outcome_.refused_after;
        outcome_.longest = std::max(outcome_.longest, ++in_a_row_);
        *hour_ += 1h;
    }

    /// Nothing if it works, else how long to wait.
    std::optional<seconds> log_in() {
        const auto from = place();
        auto& phone = sent_.phones[victim];
        const auto before = phone.messages;
        const auto begun = owner_.has_password ? auth_.start_two_factor_login(victim, password(right_password), from)
                                               : auth_.start_login(victim, from);
        if (!begun) return begun.error().retry_after.value_or(1min);
        if (phone.messages == before) return 2min;  // no message comes
        const auto in = auth_.finish_login(begun->transaction_id, submitted_code(phone.code), from);
        if (!in) return in.error().retry_after.value_or(1min);
        return std::nullopt;
    }

    // ---- The attackers ----

    /// Something that attackers do again and again; `act` says when it is worth doing again.
    struct line {
        std::function<time_point()> act;
        time_point next;
    };

    void besiege(const std::vector<client_info>& from) {
        lines_.push_back({passwords(from), attack_});
        lines_.push_back({codes(from, false), attack_});
        lines_.push_back({codes(from, true), attack_});
    }

    /// When to ask again after a refusal: in its last second ten times, to come before the owner; and within the hour,
    /// since others may give something back.
    time_point after(const failure& f) const {
        const auto wait = f.retry_after.value_or(1s);
        return clock_.now() + (wait > 1s ? std::min<std::chrono::milliseconds>(wait - 1s, 1h) : 100ms);
    }

    /// Codes of logins, or of registrations: as many as can be had, and all their tries, or all their messages.
    std::function<time_point()> codes(std::vector<client_info> from, bool registers) {
        return [this, from, registers, n = std::size_t{0}, open = std::string()]() mutable -> time_point {
            const auto& here = from[n++ % from.size()];
            if (!open.empty()) {
                const auto again = auth_.resend(transaction_id(open), here);
                if (again) return clock_.now() + auth_.config().resend_cooldown;
                open.clear();
                return after(again.error());
            }
            const auto begun = registers ? auth_.start_registration(victim, here) : auth_.start_login(victim, here);
            if (!begun) return after(begun.error());
            if (way_ == way::messages_alone) {
                open = begun->transaction_id.str();
                return clock_.now() + auth_.config().resend_cooldown;
            }
            type_wrong_codes(begun->transaction_id.str(), registers, here);
            return clock_.now() + 1s;
        };
    }

    /// Passwords, until nobody is told any more whether they are right; then one every ten minutes keeps it so. From a
    /// single network as many as are compared. What comes after a password that may be right is used like any code.
    std::function<time_point()> passwords(std::vector<client_info> from) {
        return
            [this, from, n = std::size_t{0}, refused = std::size_t{0}, open = std::string()]() mutable -> time_point {
                const auto& here = from[n++ % from.size()];
                const auto pause = from.size() > 1 ? 10min : 0min;
                if (!open.empty()) {
                    (void)auth_.resend(transaction_id(std::exchange(open, {})), here);
                    return clock_.now() + pause;
                }
                const auto begun = auth_.start_two_factor_login(victim, password(wrong_password), here);
                if (begun && way_ == way::messages_alone) {
                    open = begun->transaction_id.str();
                    return clock_.now() + auth_.config().resend_cooldown;
                }
                if (begun) {
                    type_wrong_codes(begun->transaction_id.str(), false, here);
                    return clock_.now() + pause;
                }
                if (begun.error().code == error::invalid_login) {
                    refused = 0;
                    return clock_.now();
                }
                if (++refused < from.size()) return clock_.now();
                refused = 0;
                return after(begun.error());
            };
    }

    void type_wrong_codes(const std::string& id, bool registers, const client_info& from) {
        auto code = sent_.phones[victim].code;
        code.back() = code.back() == '0' ? '1' : '0';
        for (unsigned i = 0; i < auth_.config().max_tries; ++i) {
            if (registers)
                (void)auth_.finish_registration(
                    {transaction_id(id), submitted_code(code), victim, password(wrong_password), "eve@example.com"},
                    from);
            else
                (void)auth_.finish_login(transaction_id(id), submitted_code(code), from);
        }
    }

    /// Brings the messages of all to an end at the moment when the owner comes, which is as bad for the owner as if it
    /// were always so and needs fewer requests: by logins of phones that nobody has, and by wrong passwords for phones
    /// about whose passwords nobody is told any more. Every fifth day, which is enough to see what comes of it.
    void use_up_the_budget() {
        if (theirs_.empty() || (clock_.now() - attack_) / 24h % 5 != 0) return;
        const auto hours = std::chrono::duration<double, std::ratio<3600>>(clock_.now() - flooded_).count();
        flooded_ = clock_.now();
        // Half of an hour's messages can be had at once, with what is kept for those who are known; the rest comes free.
        const auto most = std::min(hours * 3 / 4, 0.5) * auth_.config().max_sends_per_hour + 20;
        const auto flood = [&](auto begin) {
            std::size_t refused = 0;
            for (int granted = 0; granted < most && refused < std::min<std::size_t>(theirs_.size(), 30);) {
                if (begin(theirs_[requests_++ % theirs_.size()])) {
                    ++granted;
                    refused = 0;
                } else {
                    ++refused;
                }
            }
        };
        const auto codes = [&](const client_info& from) {
            return auth_.start_login("+1415556" + std::to_string(1000 + strangers_++ % 9000), from).has_value();
        };
        const auto passwords = [&](const client_info& from) {
            const auto phone = "+1415555" + std::to_string(2000 + requests_ / theirs_.size() % 4);
            const auto r = auth_.start_two_factor_login(phone, password(wrong_password), from);
            return r || r.error().code == error::invalid_login;
        };
        if (way_ == way::wrong_codes) {
            flood(codes);
            flood(passwords);
        } else {  // a few networks cannot do both
            flood(passwords);
            flood(codes);
        }
    }

    const owner owner_;
    const way way_;
    testing::manual_clock clock_;
    const time_point start_, attack_, quiet_, end_;
    S storage_;
    mailbox sent_;
    cheap_passwords passwords_;
    authenticator<S, mailbox, testing::manual_clock, cheap_passwords> auth_{default_config(), storage_, sent_, clock_,
                                                                            passwords_};
    outcome outcome_;
    // The owner's
    time_point owner_next_ = start_ + 1h;
    std::optional<time_point> hour_;  // in which the owner is trying to come in
    int in_a_row_ = 0;
    int wishes_ = 0;
    unsigned visits_ = 0;
    // The attackers'
    std::vector<client_info> theirs_;
    std::vector<line> lines_;
    time_point flooded_ = start_;
    std::size_t requests_ = 0, strangers_ = 0;
};

/// What is worse for the owner of both ways.
template <class S>
outcome worst(const owner& o, const attacker& a, const plan& p) {
    outcome all;
    for (const auto w : {way::wrong_codes, way::messages_alone}) all.add(siege<S>(o, a, w, p).run());
    return all;
}

const std::vector<owner> owners = {
    {"at home, password", owner::habit::home, true},         {"at home, code alone", owner::habit::home, false},
    {"on a carrier, password", owner::habit::carrier, true}, {"on a carrier, code alone", owner::habit::carrier, false},
    {"travelling, password", owner::habit::travel, true},    {"travelling, code alone", owner::habit::travel, false},
};

/// The most hours that an owner may be refused; nothing where nothing is promised: whoever is where an attacker is, be it
/// for an evening, shares the limits of that network.
std::optional<int> promised(const owner& o, const attacker& a) {
    if (a.is_nobody()) return 0;
    if (a.neighbour && o.lives != owner::habit::carrier) return std::nullopt;
    if (o.lives == owner::habit::home) return 0;
    if (o.has_password) return 1;
    return std::nullopt;
}

std::string text_of(const outcome& o) {
    auto text = std::to_string(o.refused);
    if (o.longest > 0) text += " (" + std::to_string(o.longest) + ')';
    if (o.refused_after > 0) text += ", then " + std::to_string(o.refused_after);
    return text;
}

/// What becomes of each owner under each attacker, one attacker after the other; each pair is a world of its own.
std::vector<outcome> find_all(const std::vector<attacker>& attackers, const plan& p) {
    std::vector<outcome> found(attackers.size() * owners.size());
    std::atomic<std::size_t> next{0};
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::max(1u, std::thread::hardware_concurrency()); ++i)
        threads.emplace_back([&] {
            for (auto k = next++; k < found.size(); k = next++)
                found[k] = worst<memory_storage>(owners[k % owners.size()], attackers[k / owners.size()], p);
        });
    for (auto& each : threads) each.join();
    return found;
}

}  // namespace

int main(int argc, char** argv) {
    const bool is_short = argc > 1 && std::string_view(argv[1]) == "--short";
    const attacker nobody{"nobody"}, one{"1 network", 1}, some{"20 networks", 20}, many{"1,000 networks", 1000},
        neighbour{"a network of the owner's", 0, true};
    const plan few_days{4, 2};
    const auto p = is_short ? few_days : plan();
    const auto attackers = is_short ? std::vector{some, neighbour} : std::vector{nobody, one, some, many, neighbour};
    const auto found = find_all(attackers, p);

    std::printf("hours refused in %d days of attack (the most in a row), then in %d days after it\n\n| owner |",
                p.attacked_days, p.quiet_days);
    for (const auto& a : attackers) std::printf(" %s |", a.name);
    std::printf("\n|---|");
    for (std::size_t a = 0; a < attackers.size(); ++a) std::printf("---|");
    for (std::size_t o = 0; o < owners.size(); ++o) {
        std::printf("\n| %s |", owners[o].name);
        for (std::size_t a = 0; a < attackers.size(); ++a)
            std::printf(" %s |", text_of(found[a * owners.size() + o]).c_str());
    }
    std::printf("\n\n");

    tally t;
    for (std::size_t a = 0; a < attackers.size(); ++a)
        for (std::size_t o = 0; o < owners.size(); ++o)
            if (const auto most = promised(owners[o], attackers[a])) {
                const auto& f = found[a * owners.size() + o];
                t.expect(f.refused <= *most && f.refused_after == 0,
                         std::string(owners[o].name) + ", attacked from " + attackers[a].name + ": refused for " +
                             text_of(f) + " hours; the limit is " + std::to_string(*most));
            }
    const auto caught = worst<knows_no_network>({"", owner::habit::home, false}, some, few_days);
    t.expect(caught.refused > 0, "a store that knows no network is caught: refused for " + text_of(caught) + " hours");
    return t.finish();
}
