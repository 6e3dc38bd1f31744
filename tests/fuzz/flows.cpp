// SPDX-License-Identifier: BSL-1.0
// Input: a configuration, then calls of an authenticator with a clock, a storage and a provider that misbehave. A model
// that is written from the documentation, not from the code, says what each call may end with and what may be stored
// then; the storage is looked into behind the authenticator's back.
//
// The environment variable PHONEAUTH_FLOWS_DEFECT names something to break, to see that it is noticed (see `defect`);
// PHONEAUTH_FLOWS_TRACE, set to anything, lets each call be told.
#include "fuzz.hpp"

#include <phoneauth/authenticator.hpp>
#include <phoneauth/detail/json.hpp>
#include <phoneauth/rest/event_json.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/failing_storage.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/scripted_transport.hpp>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <chrono>
#include <map>
#include <span>

using namespace phoneauth;
using namespace std::chrono_literals;
using fuzz::require;

namespace {

// ---- The world ----

enum class defect { none, lost_updates, immortal_sessions, no_cells, frozen_clock, no_uniqueness };

const defect seeded = [] {
    const char* text = std::getenv("PHONEAUTH_FLOWS_DEFECT");
    const std::string_view name = text ? text : "";
    if (name == "lost_updates") return defect::lost_updates;
    if (name == "immortal_sessions") return defect::immortal_sessions;
    if (name == "no_cells") return defect::no_cells;
    if (name == "frozen_clock") return defect::frozen_clock;
    if (name == "no_uniqueness") return defect::no_uniqueness;
    return defect::none;
}();

/// A memory_storage, but for the seeded defect.
struct storage_with_defect : memory_storage {
    std::optional<transaction> begun{};  ///< the last one

    bool insert_transaction(const transaction& t) {
        begun = t;
        return memory_storage::insert_transaction(t);
    }
    bool update_transaction(const transaction& t) {
        if (seeded == defect::lost_updates) return true;
        return memory_storage::update_transaction(t);
    }
    bool erase_session(const std::string& hash) {
        if (seeded == defect::immortal_sessions) return true;
        return memory_storage::erase_session(hash);
    }
    std::size_t erase_sessions_of(const std::string& user_id, const std::string& kept) {
        if (seeded == defect::immortal_sessions) return 0;
        return memory_storage::erase_sessions_of(user_id, kept);
    }
    write_result insert_user(const user& u) {
        const auto written = memory_storage::insert_user(u);
        return seeded == defect::no_uniqueness ? write_result::done : written;
    }
    cell_answer take_cells(const cell_batch& batch) {
        if (seeded == defect::no_cells) return {};
        return memory_storage::take_cells(batch);
    }
};

struct clock_with_defect : testing::manual_clock {
    time_point now() const noexcept {
        return seeded == defect::frozen_clock ? testing::manual_clock().now() : testing::manual_clock::now();
    }
};

enum class answer { accepted, refused, unknown };

/// The provider. It does what it is told to for one call of the authenticator.
struct provider {
    enum trouble { none, bad_number, busy, server_error, no_connection, timeout, broken, garbage, redirect, no_access };

    trouble next = none;
    unsigned texts = 0;    ///< messages since `forget`
    unsigned queries = 0;  ///< other requests since then
    std::string to{};
    std::string code{};

    void forget() {
        next = none;
        texts = queries = 0;
        to.clear();
        code.clear();
    }
    /// What the trouble means for the client. `discreet`: he must not learn from it whether the phone is a user's, so
    /// what Twilio says of this one message is kept from him.
    answer meaning(bool discreet) const {
        switch (next) {
        case none:
            return answer::accepted;
        case bad_number:
            return discreet ? answer::accepted : answer::refused;
        case busy:
        case no_connection:
        case no_access:
            return answer::refused;
        case garbage:
        case redirect:
        case server_error:
        case timeout:
        case broken:
            break;
        }
        return answer::unknown;
    }
    result<http_response> send(const http_request& r) {
        if (r.method == "POST") {
            ++texts;
            to = detail::form_field(r.body, "To");
            code = testing::detail::code_in(detail::form_field(r.body, "Body"));
        } else {
            ++queries;
        }
        const auto reply = [](int status, std::string body) { return http_response{status, {}, std::move(body)}; };
        switch (next) {
        case none:
            break;
        case bad_number:
            return reply(400, R"({"code":21211,"status":400})");
        case busy:
            return reply(429, "");
        case server_error:
            return reply(503, R"({"code":21211})");
        case no_connection:
            return error::connect_failed;
        case timeout:
            return error::read_timeout;
        case broken:
            throw std::runtime_error("broken");
        case garbage:
            return reply(200, "<html>");
        case redirect:
            return reply(302, R"({"code":21211})");
        case no_access:
            return reply(401, R"({"code":20003})");
        }
        return reply(201, R"({"sid":"SM1","status":"queued"})");
    }
};

struct plain_passwords {
    result<std::string> hash(const std::string& text) const { return "plain:" + text; }
    result<bool> verify(const std::string& text, const std::string& hash) const { return hash == "plain:" + text; }
};

struct refusing_hooks : no_hooks {
    bool refuse = false;
    result<void> before_registration(user&) const { return verdict(); }
    result<void> before_login(const user&) const { return verdict(); }

private:
    result<void> verdict() const { return refuse ? result<void>(error::refused_by_hook) : result<void>(); }
};

const bool tracing = std::getenv("PHONEAUTH_FLOWS_TRACE") != nullptr;

constexpr std::array names{"start_registration",
                           "start_login",
                           "start_login with password",
                           "finish_login",
                           "finish_login",
                           "finish_registration",
                           "finish_registration",
                           "resend",
                           "resend",
                           "authenticate",
                           "logout",
                           "update_user",
                           "login_with_identity",
                           "status",
                           "",
                           "",
                           "",
                           "",
                           "handle_status_callback"};

// ---- The model ----

const std::array<std::string, 3> phones{"+14155550100", "+14155550101", "+14155550102"};
const std::array<std::string, 3> emails{"ada@example.com", "bob@example.com", "eve@example.com"};
const std::array<std::string, 3> passwords{"correct horse", "battery staple", "wrong password"};
const std::array<std::string, 3> addresses{"", "192.0.2.1", "2001:db8::1"};
constexpr unsigned test_phone = 2;  ///< where it is a test number
const std::string test_code = "424242";
const std::string auth_token = "not-a-real-token";
const std::string callback = "https://example.com/delivery";

struct model_user {
    std::string id{};
    std::string email{};
    std::string password{};
    bool enabled = true;
    /// Password and address of logins that worked, and when the last one did.
    std::map<std::pair<std::string, unsigned>, time_point> known_from{};
};

/// Wrong guesses that were told to be wrong.
struct guesses {
    std::vector<time_point> strangers{};  ///< since the last login from there, likewise
    std::vector<time_point> known{};
};

struct model_transaction {
    std::string id{};
    phoneauth::purpose purpose{};
    unsigned phone = 0;
    std::string user_id{};
    std::string password{};  ///< that the login began with
    bool concealed = false;  ///< whether that was right is not told
    bool known = false;      ///< it was begun from a network that the owner had logged in from
    unsigned address = 0;    ///< from there
    std::string code{};
    time_point begun{};
    time_point expires{};
    transaction_state state = transaction_state::pending;
    unsigned tries = 0;
    unsigned sends = 1;
    time_point last_sent{};
    unsigned compared = 0;  ///< answers that told whether a code was right
    bool won = false;
    delivery_state delivery = delivery_state::pending;
    int delivery_error = 0;
};

struct model_session {
    std::string token{};
    unsigned phone = 0;
    time_point expires{};
    time_point opened{};
    bool ended = false;
    bool perhaps_ended = false;
    bool perhaps_stale = false;  ///< what it rests on is perhaps no more, though it may still be stored
    bool outlived = false;       ///< that is so for certain
};

bool same(const transaction& stored, const model_transaction& m) {
    return stored.state == m.state && stored.tries == m.tries && stored.sends == m.sends &&
           stored.last_sent_at == m.last_sent && stored.delivery == m.delivery &&
           stored.delivery_error == m.delivery_error;
}

class run {
public:
    explicit run(fuzz::input in)
        : in_(in), settings_(configure()), auth_(settings_, storage_, wire_, clock_, hooks_, hasher_, observer_) {}

    void go() {
        for (int calls = 0; calls < 200 && !in_.empty(); ++calls) {
            const auto what = in_.below(19);
            if (what >= 14 && what <= 17) {
                prepare(what);
                continue;
            }
            begin();
            perform(what);
            end();
        }
        // Whatever has happened: each code once more, each session once more.
        for (std::size_t i = 0; i < transactions_.size() && i < 16; ++i) {
            begin();
            auto& t = transactions_[transactions_.size() - 1 - i];
            if (t.purpose == purpose::login)
                finish_login(&t, t.code);
            else
                finish_registration(&t, t.code, t.phone, static_cast<unsigned>(i % 3), 0);
            end();
        }
        for (auto& s : sessions_) {
            begin();
            look_up(&s);
            end();
        }
    }

private:
    // -- setting

    config configure() {
        config c;
        c.twilio.account_sid = "AC" + std::string(32, '0');
        c.twilio.auth_token = auth_token;
        c.twilio.sender = "+15005550006";
        c.code_keys = {{"k1", std::string(32, 'k')}};
        const auto flags = in_.byte();
        c.unknown_phone = flags & 1 ? unknown_phone_policy::reject : unknown_phone_policy::conceal;
        c.identity_login_enabled = (flags & 2) == 0;
        c.code_login_enabled = (flags & 4) == 0;
        c.phone_cooldown = std::chrono::seconds(flags & 8 ? 10 : 0);
        c.resend_cooldown = std::chrono::seconds(flags & 16 ? 30 : 0);
        if (flags & 32) {
            c.allow_test_numbers = true;
            c.test_numbers = {{phones[test_phone], test_code}};
        }
        c.code_lifetime = std::chrono::seconds(flags & 64 ? 30 : 300);
        c.max_consecutive_failures = flags & 128 ? 100 : 50;
        const auto sizes = in_.byte();
        if (sizes >= 180) c.twilio.status_callback = callback;
        c.max_tries = 1 + sizes % 5;
        c.max_sends_per_transaction = 1 + sizes / 5 % 4;
        c.max_sends_per_phone_and_hour = std::array{10u, 2u, 4u}[sizes / 20 % 3];
        c.max_sends_per_client_and_hour = std::array{0u, 3u, 50u}[sizes / 60 % 3];
        return c;
    }

    void prepare(unsigned what) {
        const auto n = in_.byte();
        switch (what) {
        case 14: {
            const std::chrono::seconds life = settings_.code_lifetime;
            const std::array<std::chrono::seconds, 16> jumps{1s,    9s,  10s,      29s, 30s,  life - 1s, life,   59min,
                                                             61min, 25h, 24h * 31, -1s, -10s, -life,     -61min, -25h};
            const auto by = jumps[n % jumps.size()];
            clock_.advance(by);
            latest_ = std::max(latest_, now());
            went_back_ = went_back_ || by < 0s;
            break;
        }
        case 15:  // the next call's storage
            fail_before_ = n & 1 ? 0 : 1 + n / 4 % 10;
            fail_after_ = n & 1 ? 1 + n / 4 % 10 : 0;
            if (n & 128) fail_before_ = fail_after_ + (fail_after_ ? 1 : 0);  // two calls, one after the other
            lose_race_ = n & 2 ? 1 : 0;
            break;
        case 16:  // the next call's provider, or hooks
            if (n % 11 == 10)
                hooks_.refuse = true;
            else
                wire_.next = static_cast<provider::trouble>(n % 11);
            break;
        case 17:  // somebody disables a user, or enables him
            if (auto* u = user_of(n % 3)) {
                auto stored = memory_.find_user(u->id);
                stored->enabled = u->enabled = !u->enabled;
                require(memory_.update_user(*stored) == write_result::done, "the memory works");
            }
            break;
        }
    }

    void begin() {
        const auto trouble = wire_.next;
        wire_.forget();
        wire_.next = trouble;
        calls_before_ = storage_.calls();
        storage_.fail_before(fail_before_ ? calls_before_ + fail_before_ : 0);
        storage_.fail_after(fail_after_ ? calls_before_ + fail_after_ : 0);
        storage_.lose_race_on(lose_race_ ? storage_.updates() + 1 : 0);
        memory_.begun.reset();
        events_ = 0;
    }

    void end() {
        require(events_ <= 8, "a call is a few events");
        require(wire_.texts + wire_.queries <= 1, "a call is one message at most");
        if (wire_.next == provider::busy && wire_.texts + wire_.queries > 0) pause_ends_ = now() + 5s;
        if (wire_.texts + wire_.queries > 0) {
            require(went_back_ || !sender_fails_ || now() - last_asked_ >= 2s,
                    "while no message can leave the provider is asked once in two seconds");
            last_asked_ = now();
        }
        if (wire_.texts > 0) {
            if (wire_.next == provider::no_access) sender_fails_ = true;
            if (wire_.next == provider::none) sender_fails_ = false;
            const bool is_answered = wire_.next == provider::none || wire_.next == provider::bad_number ||
                                     wire_.next == provider::busy || wire_.next == provider::server_error ||
                                     wire_.next == provider::no_access;
            if (wire_.next == provider::garbage || wire_.next == provider::redirect) is_unclear_ = true;
            if (is_answered) is_unclear_ = false;
        }
        wire_.forget();
        storage_.fail_before(0);
        storage_.fail_after(0);
        storage_.lose_race_on(0);
        fail_before_ = fail_after_ = lose_race_ = 0;
        hooks_.refuse = false;
        for (unsigned p = 0; p < phones.size(); ++p) {
            const auto stored = memory_.find_user_by_phone(number(p));
            const auto& expected = users_[p];
            require(stored.has_value() == expected.has_value(), "users are those who confirmed their phones");
            if (!stored) continue;
            require(stored->object_id == expected->id && stored->identity == expected->email &&
                        stored->password_hash == "plain:" + expected->password && stored->enabled == expected->enabled,
                    "users are what they were made and changed to");
        }
    }

    /// A call of the storage has failed during this call of the authenticator.
    bool failed() const {
        const auto calls = storage_.calls() - calls_before_;
        return (fail_before_ && calls >= fail_before_) || (fail_after_ && calls >= fail_after_);
    }

    void perform(unsigned what) {
        if (tracing)
            std::fprintf(stderr, "%lld %s, provider %d, hooks %d, storage %u/%u/%u\n",
                         static_cast<long long>(now().time_since_epoch().count()), names[what], wire_.next,
                         hooks_.refuse, fail_before_, fail_after_, lose_race_);
        switch (what) {
        case 0:
            return start(purpose::registration, in_.below(3), std::nullopt);
        case 1:
            return start(purpose::login, in_.below(3), std::nullopt);
        case 2: {
            const auto phone = in_.below(3);
            return start(purpose::login, phone, in_.below(3));
        }
        case 3:
        case 4: {
            auto* t = some_transaction();
            return finish_login(t, some_code(t));
        }
        case 5:
        case 6: {
            auto* t = some_transaction();
            const auto code = some_code(t);
            const auto other = in_.byte();
            // Mostly the right phone.
            return finish_registration(t, code, other % 4 || !t ? (t ? t->phone : 0) : other / 4 % 3, other / 16 % 3,
                                       other / 64 % 3);
        }
        case 7:
        case 8:
            return resend(some_transaction());
        case 9:
            return look_up(some_session());
        case 10:
            return logout(some_session());
        case 11:
            return change_user(some_session());
        case 12: {
            const auto email = in_.below(3);
            return identity_login(email, in_.below(3));
        }
        case 13:
            return status(some_transaction());
        case 18:
            return report(some_transaction());
        }
    }

    model_transaction* some_transaction() {
        const auto n = in_.byte();
        return transactions_.empty() ? nullptr : &transactions_[transactions_.size() - 1 - n % transactions_.size()];
    }
    model_session* some_session() {
        const auto n = in_.byte();
        return sessions_.empty() ? nullptr : &sessions_[sessions_.size() - 1 - n % sessions_.size()];
    }
    std::string some_code(const model_transaction* t) {
        const auto n = in_.byte();
        std::string code = t ? t->code : "000000";
        switch (n % 8) {
        case 4:
        case 5:
            code.back() = code.back() == '0' ? '1' : '0';
            break;
        case 6:  // another transaction's
            if (!transactions_.empty()) code = transactions_[n / 8 % transactions_.size()].code;
            break;
        case 7:
            code = std::array{"", "12345", "1234567", "12345a"}[n / 8 % 4];
            break;
        }
        return code;
    }

    // -- what is common to the calls

    time_point now() const { return static_cast<const testing::manual_clock&>(clock_).now(); }
    static phone_number number(unsigned p) { return *phone_number::parse(phones[p]); }
    bool is_test(unsigned p) const { return settings_.allow_test_numbers && p == test_phone; }
    bool is_discreet(const model_transaction& t) const {
        return t.purpose == purpose::login &&
               (t.concealed || (t.password.empty() && settings_.unknown_phone == unknown_phone_policy::conceal));
    }
    model_user* user_of(unsigned p) { return users_[p] ? &*users_[p] : nullptr; }
    client_info from() {
        address_ = in_.below(3);
        return client_info(addresses[address_], "fuzz");
    }
    /// What the provider's answer means for `t`. For a decoy nothing is sent, and so it is what the last message met.
    answer meaning_for(const model_transaction& t, bool decoy) const {
        if (is_test(t.phone)) return answer::accepted;
        if (decoy && wire_.next == provider::none && sender_fails_) return answer::refused;
        if (decoy && wire_.next == provider::none && is_unclear_) return answer::unknown;
        return wire_.meaning(is_discreet(t));
    }
    /// Whether `r` says that no message can leave, without asking the provider again.
    template <class R>
    bool is_spared(const R& r) const {
        return sender_fails_ && code_of(r) == error::provider_misconfigured && wire_.texts + wire_.queries == 0;
    }
    /// Whether the provider has asked to be left alone, so that nothing is sent to `p`.
    bool is_paused(unsigned p) const { return !is_test(p) && now() < pause_ends_ && pause_ends_ - now() <= 1h; }
    /// Whether the owner has logged in from here in the last 90 days, with the password that is his now. Who has no
    /// address is never known.
    bool is_known(unsigned phone) const {
        if (address_ == 0 || !users_[phone]) return false;
        const auto last = users_[phone]->known_from.find({users_[phone]->password, address_});
        return last != users_[phone]->known_from.end() && (went_back_ || now() < last->second + 24h * 90);
    }
    void learn_network(model_user& u) { u.known_from[{u.password, address_}] = now(); }

    template <class R>
    static std::error_code code_of(const R& r) {
        return r ? std::error_code() : r.error().code;
    }

    /// The outcome is `expected`, or says that the storage failed if it did.
    template <class R>
    bool is(const R& r, std::error_code expected) const {
        if (tracing)
            std::fprintf(stderr, "    %s (expected: %s)%s\n", r ? "ok" : r.error().message.c_str(),
                         expected ? expected.message().c_str() : "ok", failed() ? ", the storage failed" : "");
        if (!r) {
            require(r.error().code.category() == error_category(), "failures are ours");
            require(!r.error().message.empty(), "a failure has a sentence");
            for (const auto& t : last_of(transactions_))
                require(t.code.empty() || r.error().message.find(t.code) == std::string::npos, "no failure has a code");
        }
        if (failed() && code_of(r) == error::storage_unavailable) return true;
        return code_of(r) == expected;
    }

    /// The last few, as looking for all would take longer than all the rest.
    template <class T>
    static std::span<const T> last_of(const std::vector<T>& all) {
        return std::span(all).last(std::min<std::size_t>(all.size(), 2));
    }

    void check_event(const event& e) {
        ++events_;
        require(e.phone.empty() || e.phone.find('*') != std::string::npos, "no event has a whole phone number");
        require(e.transaction.size() <= 8, "no event has a whole transaction id");
        require(e.at == clock_.now(), "an event has its time");
        if (++all_events_ > 12) return;  // as the text takes as long as the rest of the call
        const auto json = rest::event_json(e);
        for (const auto& p : phones) require(json.find(p) == std::string::npos, "no event has a whole phone number");
        for (const auto& t : last_of(transactions_))
            require(t.code.empty() || json.find('"' + t.code + '"') == std::string::npos, "no event has a code");
        for (const auto& s : last_of(sessions_))
            require(json.find(s.token) == std::string::npos, "no event has a token");
        for (const auto& p : passwords) require(json.find(p) == std::string::npos, "no event has a password");
    }

    /// The transaction as it is stored, which is as the model has it, unless it was over long ago.
    std::optional<transaction> stored(const model_transaction& t) {
        auto found = memory_.find_transaction(t.id);
        if (!found)
            require(latest_ >= t.expires + transaction_retention,
                    "transactions are kept for an hour after they expire");
        return found;
    }

    struct step {
        std::error_code outcome{};
        model_transaction next{};
        int tries_left = -1;
    };

    static std::error_code error_of(transaction_state s) {
        switch (s) {
        case transaction_state::pending:
            return {};
        case transaction_state::confirmed:
        case transaction_state::redeemed:
            return error::code_used;
        case transaction_state::exhausted:
            return error::tries_exhausted;
        case transaction_state::expired:
            return error::code_expired;
        case transaction_state::failed:
            break;
        }
        return error::transaction_failed;
    }

    /// What a code does to a transaction.
    step after_code(const model_transaction& t, bool right) const {
        step s{error_of(t.state), t};
        if (t.state != transaction_state::pending) return s;
        if (now() >= t.expires) {
            s.next.state = transaction_state::expired;
            s.outcome = error::code_expired;
            return s;
        }
        ++s.next.tries;
        if (right) {
            s.next.state = transaction_state::confirmed;
            return s;
        }
        s.tries_left = static_cast<int>(settings_.max_tries - s.next.tries);
        s.outcome = s.tries_left > 0 ? error::wrong_code : error::tries_exhausted;
        if (s.tries_left == 0) s.next.state = transaction_state::exhausted;
        return s;
    }

    model_transaction reopened(model_transaction t) const {
        if (t.state == transaction_state::confirmed)
            t.state = t.tries < settings_.max_tries ? transaction_state::pending : transaction_state::exhausted;
        return t;
    }

    /// Takes over what is stored if it is one of `allowed`.
    void settle(model_transaction& t, std::initializer_list<const model_transaction*> allowed) {
        const auto found = stored(t);
        if (!found) return;
        for (const auto* m : allowed) {
            if (!same(*found, *m)) continue;
            t.state = m->state;
            t.tries = m->tries;
            t.sends = m->sends;
            t.last_sent = m->last_sent;
            t.delivery = m->delivery;
            t.delivery_error = m->delivery_error;
            return;
        }
        require(false, "what is stored of a transaction is what may have become of it");
    }

    /// After a presented code. `s`: what should have happened, `undone`: the code may come again.
    template <class R>
    void judge_code(model_transaction& t, const step& s, const R& r, bool undone) {
        const bool told_wrong = s.tries_left >= 0 && code_of(r) == s.outcome;
        if (told_wrong)
            require(r.error().tries_left == s.tries_left, "who guesses wrong is told how many tries are left");
        const auto again = reopened(s.next);
        if (failed() && !r)
            settle(t, {&s.next, &t, &again});
        else
            settle(t, {undone ? &again : &s.next});
        if (r || told_wrong) ++t.compared;
        require(t.compared <= settings_.max_tries, "no more codes are compared than there are tries");
        require(t.tries <= settings_.max_tries, "no more tries are counted than there are");
        if (!r) return;
        require(!t.won, "a code is accepted once");
        require(now() < t.expires, "a code is accepted in time");
        t.won = true;
        // A login ends the wait for the next code.
        if (t.purpose == purpose::login && t.password.empty()) last_start_[kind_of(t)][t.phone].reset();
        auto& wrong = wrong_codes_[door_of(t)][t.phone];
        t.purpose == purpose::registration ? wrong.strangers.clear() : end_failures(wrong);
    }

    // -- limits

    enum { registrations, strangers, after_password, known, kinds = known + 3 };  ///< of messages, with own limits
    static std::size_t kind_of(const model_transaction& t) {
        if (t.purpose == purpose::registration) return registrations;
        if (t.known) return known + t.address;  // each network by itself
        return t.password.empty() ? strangers : after_password;
    }
    enum { registration_door, code_door, second_door, doors };
    static std::size_t door_of(const model_transaction& t) {
        return t.purpose == purpose::registration ? registration_door : t.password.empty() ? code_door : second_door;
    }

    /// Of what may be `most`, half can be had at once.
    static unsigned at_once(unsigned most) { return (most + 1) / 2; }
    /// What was counted for nothing may still be ahead of a clock that was set back.
    bool explains(std::size_t counted, std::size_t least) const { return counted >= (went_back_ ? 1u : least); }
    /// How many wrong guesses there must be at least before the account has no room for `more`. Each known network has
    /// a quarter, `shared_by` accounts share them, and four fifths of that can be had at once.
    std::size_t least_failures(bool known_here, unsigned more, unsigned shared_by) const {
        const auto half = settings_.max_consecutive_failures / 2;
        const auto share = known_here ? half / 2 : settings_.max_consecutive_failures - half;
        const auto room = share / shared_by * 4 / 5;
        return room > more ? room - more + 1 : 1;
    }
    unsigned password_accounts() const { return settings_.identity_login_enabled ? 2 : 1; }
    /// How many may have been counted besides: a call lost its race, and could not give back.
    unsigned lost() const { return failed() ? 1 : 0; }

    /// Whether the limits of the account of `t`, or of all, may have no room for one more message.
    bool has_sent_much(const model_transaction& t) const {
        return went_back_ || attempts_in_all_ >= 250 ||
               explains(attempts_to_[1][t.phone] + lost(), at_once(settings_.max_sends_per_phone_and_hour));
    }
    /// Whether a refusal to send to `p` can be for what has been sent or guessed before. `starts`: it is for a new
    /// transaction there.
    void justify(const failure& f, std::size_t door, bool starts, bool proven, unsigned p) {
        require(f.retry_after && *f.retry_after >= 1s, "who has to wait is told for how long");
        const bool login = door != registration_door;
        if (f.code == error::too_many_failures) {
            require(starts && explains(perhaps_wrong_codes_[door][p],
                                       least_failures(is_known(p), 3 * settings_.max_tries, 1)),
                    "who has guessed little is not refused");
        } else if (f.code == error::resend_too_soon) {
            require(starts && !proven && !is_test(p) && settings_.phone_cooldown > 0s, "there is a cooldown");
            const auto last = last_start_any_[login][p];
            require(last && now() < *last + settings_.phone_cooldown, "the cooldown is since the last code");
            if (!went_back_)
                require(*f.retry_after <= settings_.phone_cooldown, "nobody waits longer than the cooldown");
        } else {
            require(f.code == error::too_many_messages, "limits have their errors");
            const auto client = settings_.max_sends_per_client_and_hour;
            const auto life = settings_.code_lifetime + 1min;
            const auto is_open = [&](time_point at) { return went_back_ || now() < at + 3 * life; };
            const auto& begun = begun_[door][p];
            const bool open = starts && std::any_of(begun.begin(), begun.end(), is_open);
            const bool any = went_back_ && attempts_in_all_ > 0;  // what all have together
            require(open || any ||
                        (!is_test(p) &&
                         explains(attempts_to_[login][p] + lost(), at_once(settings_.max_sends_per_phone_and_hour))) ||
                        (!is_test(p) && client && address_ != 0 &&
                         explains(attempts_from_[address_] + lost(), at_once(client))),
                    "nobody is refused before so many were sent");
        }
        require(wire_.texts + wire_.queries == 0, "who is refused gets no message");
    }
    static bool is_limit(std::error_code e) {
        return e == error::too_many_failures || e == error::resend_too_soon || e == error::too_many_messages;
    }

    std::ptrdiff_t within(const std::vector<time_point>& all, std::chrono::seconds length) const {
        return std::count_if(all.begin(), all.end(), [&](time_point at) { return at > now() - length; });
    }

    /// A code was, or may have been, counted as sent to `p`.
    void count_attempt(bool starts, bool login, unsigned p) {
        if (is_test(p)) return;
        ++attempts_in_all_;
        ++attempts_to_[login][p];
        ++attempts_from_[address_];
        if (!starts) return;
        auto& last = last_start_any_[login][p];
        if (!last || *last < now()) last = now();
    }
    /// The provider has a message of `t`, or may have it; `starts`: the first one.
    void count_message(bool starts, const model_transaction& t) {
        if (is_test(t.phone)) return;
        const auto kind = kind_of(t);
        if (starts && t.password.empty()) {
            // Registrations, known networks and strangers have a cooldown each.
            auto& last = last_start_[kind][t.phone];
            require(went_back_ || !last || now() >= *last + settings_.phone_cooldown,
                    "codes to a phone keep the cooldown");
            last = now();
        }
        auto& sent = sent_[kind][t.phone];
        sent.push_back(now());
        sent_from_[address_].push_back(now());
        if (went_back_) return;
        require(within(sent, 1h) <= settings_.max_sends_per_phone_and_hour,
                "no more messages go to a phone in an hour than are allowed");
        require(within(sent, 24h) <= settings_.max_sends_per_phone_and_day,
                "no more messages go to a phone in a day than are allowed");
        const auto client = settings_.max_sends_per_client_and_hour;
        if (client && address_ != 0)
            require(within(sent_from_[address_], 1h) <= client + (client + 3) / 4,
                    "no more messages are asked for by a client in an hour than are allowed");
    }

    void check_failures(const guesses& g, std::chrono::seconds length, unsigned shared_by) const {
        if (went_back_) return;
        const auto most = static_cast<std::ptrdiff_t>(settings_.max_consecutive_failures / shared_by);
        const auto of_strangers = within(g.strangers, length), of_known = within(g.known, length);
        require(of_strangers + of_known <= most,
                "no more guesses are compared than are allowed (NIST SP 800-63B-3 §5.2.2)");
        if (had_failure_) return;  // perhaps it was not stored that a network is known
        require(of_strangers <= (most + 1) / 2, "half of the guesses are strangers'");
        require(of_known <= most / 2, "half of the guesses are known networks'");
    }
    /// Who was here has logged in.
    void end_failures(guesses& g) const { (address_ == 0 ? g.strangers : g.known).clear(); }

    /// It was told that a password for `p` was wrong.
    void guessed_wrong(bool by_identity, unsigned p) {
        auto& wrong = wrong_passwords_[by_identity][p];
        (is_known(p) ? wrong.known : wrong.strangers).push_back(now());
        check_failures(wrong, 24h * 30, password_accounts());
    }

    /// A code of `t` was, or may have been, wrong.
    void guessed_code(const model_transaction& t, bool told) {
        ++perhaps_wrong_codes_[door_of(t)][t.phone];
        ++attempts_from_[address_];
        if (!told || (t.user_id.empty() && !t.password.empty())) return;  // nobody can guess what does not exist
        auto& wrong = wrong_codes_[door_of(t)][t.phone];
        (t.known ? wrong.known : wrong.strangers).push_back(now());
        check_failures(wrong, t.purpose == purpose::registration ? 24h : 24h * 30, 1);
    }

    /// A password was tried for `subject`, the phone or the identity of `p` or of nobody.
    struct password_try {
        std::size_t by = 0;
        std::size_t wrong_before = 0;
        std::size_t of_before = 0;
        std::size_t from_before = 0;
    };
    password_try try_password(bool by_identity, unsigned subject) {
        return {subject, perhaps_wrong_passwords_[by_identity][subject], tried_[by_identity][subject][address_]++,
                tried_from_[address_]++};
    }
    /// Whether the client has had as many passwords compared as can be had at once.
    bool client_explains(const password_try& t) const {
        return explains(t.of_before + lost(), at_once(20)) ||
               (address_ != 0 &&
                explains(t.from_before + lost(), at_once(settings_.max_passwords_per_client_and_hour)));
    }

    // -- the calls

    void start(purpose kind, unsigned p, std::optional<unsigned> password) {
        const auto who = from();
        auto* owner = user_of(p);
        const bool login = kind == purpose::login;
        const auto door = !login ? registration_door : password ? second_door : code_door;
        const auto tried = password ? try_password(false, p) : password_try{};
        auto r = !login     ? auth_.start_registration(phones[p], who)
                 : password ? auth_.start_two_factor_login(phones[p], phoneauth::password(passwords[*password]), who)
                            : auth_.start_login(phones[p], who);
        had_failure_ = had_failure_ || failed();
        const auto& begun = memory_.begun;

        if (login && !password && !settings_.code_login_enabled) {
            require(is(r, error::login_disabled), "codes alone are disabled");
            return;
        }
        const bool right = password && owner && owner->password == passwords[*password];
        if (password && (!right || failed())) ++perhaps_wrong_passwords_[0][p];
        if (!begun && !r && is_limit(r.error().code)) {
            const bool by_client = password && code_of(r) == error::too_many_failures && client_explains(tried);
            if (!by_client) justify(r.error(), door, true, password.has_value(), p);
            require(r.error().retry_after && *r.error().retry_after >= 1s, "who has to wait is told for how long");
            require(wire_.texts + wire_.queries == 0, "who is refused gets no message");
            return;
        }
        if (!begun && password && !right && is_spared(r)) {
            require(explains(tried.wrong_before, least_failures(is_known(p), 1, password_accounts())),
                    "nothing is concealed before so many guesses");
            return;
        }
        if (!begun && password && !right) {
            require(is(r, error::invalid_login), "a wrong password is refused");
            require(wire_.texts + wire_.queries == 0, "a wrong password brings no message");
            if (code_of(r) == error::invalid_login) guessed_wrong(false, p);
            return;
        }
        begun_[door][p].push_back(now());
        count_attempt(!password, login, p);
        if (!begun) {
            require(wire_.texts + wire_.queries == 0, "no message is sent that nothing is known of");
            if (login && !owner && !password && settings_.unknown_phone == unknown_phone_policy::reject)
                require(is(r, error::unknown_phone), "an unknown phone is refused");
            else if (!is_spared(r))
                require(!r && failed() && r.error().code == error::storage_unavailable, "a start begins a transaction");
            return;
        }
        model_transaction t{.id = begun->id,
                            .purpose = kind,
                            .phone = p,
                            .user_id = login && owner ? owner->id : "",
                            .password = password ? passwords[*password] : "",
                            .concealed = password && begun->password_fingerprint.starts_with('~'),
                            .known = !begun->known_network.empty(),
                            .address = address_,
                            .begun = now(),
                            .expires = now() + settings_.code_lifetime,
                            .last_sent = now()};
        if (t.known) require(login && is_known(p), "what is known is a network that the owner has logged in from");
        if (t.concealed) {
            require(explains(tried.wrong_before, least_failures(is_known(p), 1, password_accounts())),
                    "nothing is concealed before so many guesses");
            // Nobody gets a message whose password was wrong; nor where the limits refuse it, which is not told.
            if (!right || begun->user_id != t.user_id) t.user_id.clear();
        }
        require(!password || t.concealed || right, "a wrong password begins nothing unless all do alike");
        const bool decoy = login && t.user_id.empty();
        require(!login || decoy || begun->user_id == t.user_id, "a login is for the phone's owner");
        require(!decoy || begun->user_id.find_first_not_of("0-") == std::string::npos, "a decoy is nobody's");
        const auto meaning = meaning_for(t, decoy);
        if (!r && failed() && r.error().code == error::storage_unavailable) {
            require(wire_.texts + wire_.queries == 0, "no message is sent that nothing is known of");
            return;
        }
        if (is_paused(p)) {
            require(is(r, error::provider_busy), "while the provider is throttled nothing is sent");
            require(wire_.texts + wire_.queries == 0, "a throttled provider is left alone");
            return;
        }
        require(wire_.texts == (decoy || is_test(p) ? 0u : 1u), "a start is one message, to a phone that somebody has");
        require(wire_.queries == (decoy && !is_test(p) ? 1u : 0u), "for an unknown phone there is a query");
        if (wire_.texts) require(wire_.to == phones[p], "the message goes to the phone");
        if (meaning == answer::refused) {
            require(!r, "what the provider refuses has failed");
            return;
        }
        require(r.has_value(), "a start works");
        if (!decoy) count_message(true, t);
        require(r->delivery_uncertain == (meaning == answer::unknown), "doubt about the message is told");
        require(r->expires_at == clock_.now() + settings_.code_lifetime, "a code lives as long as is configured");
        require(r->resend_after == settings_.resend_cooldown, "the cooldown is told");
        require(r->transaction_id.str() == t.id, "the id that is told is the transaction's");
        for (const auto& other : transactions_) require(t.id != other.id, "ids are new");
        const auto found = memory_.find_transaction(t.id);
        require(found && same(*found, t), "a start is stored");
        // A decoy's is as if somebody had guessed it.
        t.code = is_test(p) ? test_code : decoy ? std::string(codes_.derive(*found)->str()) : wire_.code;
        require(t.code.size() == 6, "a message has a code");
        transactions_.push_back(t);
        check_open_codes(t);
    }

    /// One to three codes of an account are open for strangers, and for each known network.
    void check_open_codes(const model_transaction& t) const {
        if (went_back_) return;
        const auto is_open = [&](const model_transaction& o) {
            return door_of(o) == door_of(t) && o.phone == t.phone && o.known == t.known &&
                   (!o.known || o.address == t.address) && (!o.user_id.empty() || o.password.empty()) &&
                   o.state == transaction_state::pending && now() < o.expires;
        };
        require(std::count_if(transactions_.begin(), transactions_.end(), is_open) <= 3,
                "no more than three codes of an account are open");
    }

    void finish_login(model_transaction* t, const std::string& code) {
        const auto who = from();
        const auto found = t ? stored(*t) : std::nullopt;
        const auto r = auth_.finish_login(transaction_id(t ? t->id : "7A450000-0000-4000-8000-000000000001"),
                                          submitted_code(code), who);
        if (code.size() != 6 || code.find_first_not_of("0123456789") != code.npos) {
            require(is(r, error::invalid_parameter), "what is no code is no try");
            return;
        }
        if (!found || t->purpose != purpose::login) {
            require(is(r, error::no_transaction), "a code is for what it was sent for");
            return;
        }
        require(same(*found, *t), "nothing changes between calls");
        const auto s = after_code(*t, !t->user_id.empty() && code == t->code);
        auto* owner = user_of(t->phone);
        auto expected = s.outcome;
        if (!expected) {
            if (!t->password.empty() && t->password != owner->password)
                expected = error::invalid_login;
            else if (!owner->enabled)
                expected = error::account_disabled;
            else if (hooks_.refuse)
                expected = error::refused_by_hook;
        }
        require(is(r, expected), "a login ends as the model says");
        if (s.tries_left >= 0 || failed()) guessed_code(*t, s.tries_left >= 0 && code_of(r) == s.outcome);
        if (failed()) had_failure_ = true;
        judge_code(*t, s, r, false);
        if (!r) return;
        enter(*r, t->phone);
        if (!t->password.empty()) end_failures(wrong_passwords_[0][t->phone]);
    }

    void enter(const login_result& l, unsigned p) {
        auto* owner = user_of(p);
        require(l.user.object_id == owner->id && l.user.phone == number(p) && l.user.enabled, "a login is the user's");
        require(l.expires_at == clock_.now() + settings_.session_lifetime, "a session lives as long as is configured");
        for (const auto& s : sessions_) require(s.token != l.token.str(), "tokens are new");
        sessions_.push_back(
            {.token = l.token.str(), .phone = p, .expires = now() + settings_.session_lifetime, .opened = now()});
        learn_network(*owner);
    }

    void finish_registration(model_transaction* t, const std::string& code, unsigned p, unsigned email,
                             unsigned password) {
        const auto who = from();
        const auto found = t ? stored(*t) : std::nullopt;
        const auto r = auth_.finish_registration({transaction_id(t ? t->id : "7A450000-0000-4000-8000-000000000001"),
                                                  submitted_code(code), phones[p],
                                                  phoneauth::password(passwords[password]), emails[email]},
                                                 who);
        if (code.size() != 6 || code.find_first_not_of("0123456789") != code.npos) {
            require(is(r, error::invalid_parameter), "what is no code is no try");
            return;
        }
        if (!found || t->purpose != purpose::registration) {
            require(is(r, error::no_transaction), "a code is for what it was sent for");
            return;
        }
        require(same(*found, *t), "nothing changes between calls");
        if (p != t->phone) {
            require(is(r, error::phone_mismatch), "a code is for the phone it was sent to");
            require(same(*stored(*t), *t), "another phone is no try");
            return;
        }
        const auto s = after_code(*t, code == t->code);
        auto expected = s.outcome;
        bool taken = user_of(p) != nullptr;
        for (const auto& u : users_) taken = taken || (u && u->email == emails[email]);
        if (!expected && hooks_.refuse) expected = error::refused_by_hook;
        if (!expected && taken) expected = error::user_exists;
        require(is(r, expected), "a registration ends as the model says");
        if (s.tries_left >= 0 || failed()) guessed_code(*t, s.tries_left >= 0 && code_of(r) == s.outcome);
        if (failed()) had_failure_ = true;

        const auto made = memory_.find_user_by_phone(number(p));
        if (!user_of(p) && made) {
            require(!expected, "a user is made by the right code");
            require(r || failed(), "a user is not made by an error");
            users_[p] = model_user{.id = made->object_id, .email = emails[email], .password = passwords[password]};
            learn_network(*users_[p]);
        }
        if (r) require(made && r->object_id == made->object_id && r->phone == number(p), "who is registered is stored");
        judge_code(*t, s, r, !s.outcome && expected);
        if (made && users_[p] && !s.outcome && !expected)
            require(!stored(*t) || t->state == transaction_state::confirmed, "the code of a stored user is spent");
    }

    void resend(model_transaction* t) {
        const auto who = from();
        const auto found = t ? stored(*t) : std::nullopt;
        const auto r = auth_.resend(transaction_id(t ? t->id : "7A450000-0000-4000-8000-000000000001"), who);
        had_failure_ = had_failure_ || failed();
        if (!found) {
            require(is(r, error::no_transaction), "there is nothing to send again");
            return;
        }
        // What was taken before a race was lost may not have been given back.
        if (failed()) count_attempt(false, t->purpose == purpose::login, t->phone);
        require(same(*found, *t), "nothing changes between calls");
        const bool decoy = t->purpose == purpose::login && t->user_id.empty();
        auto next = *t;
        std::error_code expected = error_of(t->state);
        if (!expected && now() >= t->expires) {
            next.state = transaction_state::expired;
            expected = error::code_expired;
        } else if (!expected && t->sends >= settings_.max_sends_per_transaction) {
            expected = error::too_many_messages;
        } else if (!expected && t->expires - now() < 10s) {
            expected = error::code_expired;  // a message would come too late
        } else if (!expected && settings_.resend_cooldown > 0s && now() < t->last_sent + settings_.resend_cooldown) {
            expected = error::resend_too_soon;
        }
        if (expected) {
            require(is(r, expected), "a resend ends as the model says");
            require(wire_.texts + wire_.queries == 0, "who is refused gets no message");
            if (!r && r.error().code == error::resend_too_soon)
                require(r.error().retry_after && *r.error().retry_after >= 1s &&
                            *r.error().retry_after <= settings_.resend_cooldown,
                        "nobody waits longer than the cooldown");
            // That a transaction has expired need not be stored: whoever looks sees it.
            failed() || lose_race_ ? settle(*t, {&next, t}) : settle(*t, {&next});
            return;
        }
        if (is_spared(r)) {
            require(!is_test(t->phone), "a test number needs no sender");
            settle(*t, {t});
            return;
        }
        if (!r && is_limit(r.error().code)) {
            justify(r.error(), door_of(*t), false, true, t->phone);
            settle(*t, {t});
            return;
        }
        ++next.sends;
        next.last_sent = now();
        if (next.delivery == delivery_state::undelivered) next.delivery = delivery_state::pending;
        next.delivery_error = 0;
        if (is_paused(t->phone) && code_of(r) == error::provider_busy) {
            require(wire_.texts + wire_.queries == 0, "a throttled provider is left alone");
            settle(*t, {&next});
            count_attempt(false, t->purpose == purpose::login, t->phone);
            return;
        }
        if (wire_.texts + wire_.queries == 0 && !is_test(t->phone)) {
            require(!r && failed() && r.error().code == error::storage_unavailable,
                    "without a message a resend has failed");
            settle(*t, {t, &next});
            count_attempt(false, t->purpose == purpose::login, t->phone);
            return;
        }
        if (!r && failed() && r.error().code == error::storage_unavailable) {
            require(wire_.texts + wire_.queries == 0, "no message is sent that nothing is known of");
            settle(*t, {t, &next});
            return;
        }
        const auto meaning = meaning_for(*t, decoy);
        const bool misconfigured = !r && r.error().code == error::provider_misconfigured;
        require(!misconfigured || meaning == answer::refused, "a sender fails if the provider says so");
        const auto before = *t;
        misconfigured ? settle(*t, {&before, &next}) : settle(*t, {&next});  // it is as if it had not been asked for
        require(t->sends <= settings_.max_sends_per_transaction,
                "no more messages are sent than a transaction may have");
        // What is concealed looks the same where the account's limits refuse it.
        const bool unsent = decoy || (t->concealed && wire_.texts == 0 && has_sent_much(*t));
        if (!is_test(t->phone)) require(wire_.texts == (unsent ? 0u : 1u), "a resend is one message");
        if (wire_.texts)
            require(wire_.to == phones[t->phone] && wire_.code == t->code, "it is the same code to the same phone");
        require(r.has_value() == (meaning != answer::refused), "a resend works if the provider does");
        count_attempt(false, t->purpose == purpose::login, t->phone);
        if (meaning != answer::refused && !unsent) count_message(false, *t);
        if (!r) return;
        require(r->transaction_id.str() == t->id && r->expires_at == found->expires_at,
                "a resend changes neither id nor expiry");
        require(r->delivery_uncertain == (meaning == answer::unknown), "doubt about the message is told");
    }

    void status(model_transaction* t) {
        const auto found = t ? stored(*t) : std::nullopt;
        const auto r = auth_.status(transaction_id(t ? t->id : "7A450000-0000-4000-8000-000000000001"));
        if (!found) {
            require(is(r, error::no_transaction), "there is no status");
            return;
        }
        require(is(r, {}), "there is a status");
        require(same(*stored(*t), *t), "to ask changes nothing");
        if (!r) return;
        const bool over = t->state == transaction_state::pending && now() >= t->expires;
        const bool open = t->state == transaction_state::pending && !over;
        require(r->state == (over ? transaction_state::expired : t->state), "the state is told");
        require(r->tries_left == (open ? static_cast<int>(settings_.max_tries - t->tries) : 0),
                "the tries left are told");
        require(r->expires_in.count() >= 0 && (open || r->expires_in.count() == 0), "the time left is told");
        const bool discreet = is_discreet(*t);
        require(r->delivery == (discreet ? delivery_state::pending : t->delivery) &&
                    r->twilio_code.value_or(0) == (discreet ? 0 : t->delivery_error),
                "what became of the message is told if it tells nothing of the user");
        auto wait = std::chrono::ceil<std::chrono::seconds>(t->last_sent + settings_.resend_cooldown - now());
        wait = std::clamp<std::chrono::seconds>(wait, 0s, settings_.resend_cooldown);
        const bool in_time = t->expires - (now() + wait) >= 10s;
        const bool can_resend = open && in_time && t->sends < settings_.max_sends_per_transaction;
        require(r->resend_after.has_value() == can_resend, "whether it can be sent again is told");
        if (can_resend)
            require(*r->resend_after >= 0s && *r->resend_after <= settings_.resend_cooldown,
                    "and when, within the cooldown");
    }

    void report(model_transaction* t) {
        const auto n = in_.byte();
        const std::string word =
            std::array{"delivered", "undelivered", "failed", "sent", "read", "canceled", "", "x"}[n % 8];
        const bool lost = word == "undelivered" || word == "failed" || word == "canceled";
        const unsigned send = n / 8 % 4;
        const bool forged = n / 32 % 4 == 3;
        const auto id = t ? t->id : "7A450000-0000-4000-8000-000000000001";
        const auto query = "transaction=" + id + "&send=" + std::to_string(send);
        const std::string error_code = lost ? "ErrorCode=30003&" : "";
        const auto text = callback + '?' + query + (lost ? "ErrorCode30003" : "") + "MessageSidSM1MessageStatus" + word;
        const auto found = t ? stored(*t) : std::nullopt;
        const auto r = auth_.handle_status_callback({query, error_code + "MessageStatus=" + word + "&MessageSid=SM1",
                                                     signature_of(text, forged ? "another token" : auth_token)});
        if (forged || settings_.twilio.status_callback.empty()) {
            require(is(r, error::invalid_signature), "only Twilio reports");
            if (found) require(same(*stored(*t), *t), "who is not Twilio changes nothing");
            return;
        }
        require(is(r, {}), "a report is taken");
        if (!found) {
            require(!r || *r == callback_outcome::no_news, "a report about nothing is no news");
            return;
        }
        require(same(*found, *t), "nothing changes between calls");
        auto next = *t;
        if (send > 0 && send <= t->sends && t->delivery != delivery_state::delivered) {
            if (word == "delivered" || word == "read") {
                next.delivery = delivery_state::delivered;
                next.delivery_error = 0;
            } else if (lost && send == t->sends && t->delivery != delivery_state::undelivered) {
                next.delivery = delivery_state::undelivered;
                next.delivery_error = 30003;
            }
        }
        if (r)
            require((*r == callback_outcome::noted) == (next.delivery != t->delivery),
                    "news is what changes something");
        failed() ? settle(*t, {&next, t}) : settle(*t, {&next});
    }

    static std::string signature_of(const std::string& text, const std::string& key) {
        unsigned char mac[EVP_MAX_MD_SIZE];
        unsigned length = 0;
        HMAC(EVP_sha1(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(text.data()),
             text.size(), mac, &length);
        return detail::base64({reinterpret_cast<const char*>(mac), length});
    }

    /// What the call with a token should end with; `unsure`: or that it is unknown.
    std::error_code expected_of(const model_session* s, bool& unsure) {
        unsure = false;
        if (!s || s->ended) return error::unknown_token;
        unsure = s->perhaps_ended || s->outlived || latest_ >= s->expires;
        if (now() >= s->expires) return error::session_expired;
        if (!user_of(s->phone)->enabled) return error::account_disabled;
        return s->outlived ? make_error_code(error::unknown_token) : std::error_code();
    }

    template <class R>
    bool judge_token(model_session* s, const R& r, std::error_code expected, bool unsure) {
        if (unsure && code_of(r) == error::unknown_token) {
            (s->perhaps_stale ? s->outlived : s->ended) = true;
            return false;
        }
        require(is(r, expected), "a token is good while its session lasts");
        if (s && code_of(r) == error::account_disabled) (failed() ? s->perhaps_ended : s->ended) = true;
        return true;
    }

    void look_up(model_session* s) {
        bool unsure = false;
        const auto expected = expected_of(s, unsure);
        const auto r = auth_.authenticate(session_token(s ? s->token : "no-token"));
        judge_token(s, r, expected, unsure);
        if (!r) return;
        require(r->object_id == user_of(s->phone)->id, "a token is its user's");
        s->perhaps_ended = false;
    }

    void logout(model_session* s) {
        const auto r = auth_.logout(session_token(s ? s->token : "no-token"), from());
        require(is(r, {}), "a logout works");
        if (!s) {
            require(!r || *r == logout_outcome::no_session, "nobody is logged out who was not in");
            return;
        }
        if (r && s->ended) require(*r == logout_outcome::no_session, "a session ends once");
        if (r && !s->ended && !s->perhaps_ended && !s->outlived && latest_ < s->expires)
            require(*r == logout_outcome::ended, "a logout says what it ended");
        if (r)
            s->ended = true;
        else
            s->perhaps_ended = true;
    }

    void change_user(model_session* s) {
        const auto n = in_.byte();
        bool unsure = false;
        auto expected = expected_of(s, unsure);
        auto* owner = s ? user_of(s->phone) : nullptr;
        auto after = owner ? *owner : model_user{};
        property_map changes;
        if (n % 4 == 0) {
            after.password = passwords[n / 4 % 3];
            changes["password"] = detail::json_string(after.password);
        } else if (n % 4 == 1) {
            after.email = emails[n / 4 % 3];
            changes["email"] = detail::json_string(after.email);
        } else {
            changes["name"] = "\"x\"";
        }
        const bool stranger = n % 16 == 15;
        if (!expected && stranger) expected = error::not_permitted;
        const bool is_sensitive = owner && (n % 4 == 0 || after.email != owner->email);
        const bool is_fresh = s && now() < s->opened + settings_.fresh_login;
        const bool guesses = is_sensitive && n >= 128;
        const auto who = from();
        const auto tried = guesses ? try_password(false, s->phone) : password_try{};
        bool current_is_wrong = false;
        if (guesses) {
            const auto& current = passwords[n / 16 % 3];
            current_is_wrong = current != owner->password;
            changes["currentPassword"] = detail::json_string(current);
            if (!expected && current != owner->password) expected = error::invalid_login;
        } else if (!expected && is_sensitive && !is_fresh) {
            expected = error::fresh_login_required;
        }
        if (!expected)
            for (unsigned p = 0; p < phones.size(); ++p)
                if (p != s->phone && users_[p] && users_[p]->email == after.email) expected = error::user_exists;
        const auto generation = owner ? memory_.find_user(owner->id)->generation : 0;
        const auto r = auth_.update_user(session_token(s ? s->token : "no-token"),
                                         owner && !stranger ? owner->id : "05E70000", changes, who);
        if (s && code_of(r) == error::too_many_failures) {
            // All changes are limited so high that only whoever has set the clock back comes to it.
            require((latest_ > now() && changes_[s->phone] > 0) ||
                        (n % 4 < 2 && explains(credential_changes_[s->phone], at_once(10))) ||
                        (guesses &&
                         (client_explains(tried) ||
                          explains(tried.wrong_before, least_failures(is_known(s->phone), 1, password_accounts())))),
                    "who has changed and guessed little is not refused");
            require(r.error().retry_after && *r.error().retry_after >= 1s, "who has to wait is told for how long");
            if (guesses) ++changes_[s->phone], ++credential_changes_[s->phone];  // perhaps only the guess was refused
            return;
        }
        if (s) {
            ++changes_[s->phone];
            if (n % 4 < 2) ++credential_changes_[s->phone];
        }
        if (guesses && (current_is_wrong || failed())) ++perhaps_wrong_passwords_[0][s->phone];
        if (!judge_token(s, r, expected, unsure)) return;
        if (expected == error::invalid_login && code_of(r) == expected) guessed_wrong(false, s->phone);
        if (!owner || expected) return;
        const auto stored_now = memory_.find_user(owner->id);
        const bool changed =
            stored_now && stored_now->identity == after.email && stored_now->password_hash == "plain:" + after.password;
        if (r) require(changed, "what was changed is stored");
        if (!changed) return;
        *owner = after;
        if (n % 4 != 0) return;
        const bool replaced = stored_now->generation != generation;
        require(replaced || !r, "a new password is a new generation");
        if (!replaced) return;
        owner->known_from.clear();
        if (address_ != 0) learn_network(*owner);
        for (auto* wrong :
             {&wrong_codes_[second_door][s->phone], &wrong_passwords_[0][s->phone], &wrong_passwords_[1][s->phone]})
            wrong->strangers.clear(), wrong->known.clear();
        for (auto& other : sessions_) {
            if (&other == s || other.phone != s->phone || other.ended) continue;
            const bool erased = r && !failed();
            (erased ? other.ended : other.outlived) = true;
            other.perhaps_stale = !erased;
        }
        if (failed()) s->perhaps_ended = s->perhaps_stale = true;
        if (!r) s->outlived = true;
    }

    void identity_login(unsigned email, unsigned password) {
        const auto who = from();
        unsigned p = 0;
        while (p < phones.size() && !(users_[p] && users_[p]->email == emails[email])) ++p;
        auto* owner = p < phones.size() ? user_of(p) : nullptr;
        const auto tried = try_password(true, email);
        const auto r = auth_.login_with_identity(emails[email], phoneauth::password(passwords[password]), who);
        if (failed()) had_failure_ = true;
        if (!settings_.identity_login_enabled) {
            require(is(r, error::login_disabled), "passwords alone are disabled");
            return;
        }
        if (code_of(r) == error::too_many_failures) {
            require(client_explains(tried) ||
                        explains(tried.wrong_before, least_failures(owner && is_known(p), 1, password_accounts())),
                    "who has guessed little is not refused");
            return;
        }
        std::error_code expected;
        if (!owner || owner->password != passwords[password])
            expected = error::invalid_login;
        else if (!owner->enabled)
            expected = error::account_disabled;
        else if (hooks_.refuse)
            expected = error::refused_by_hook;
        require(is(r, expected), "a login ends as the model says");
        if (expected || failed()) ++perhaps_wrong_passwords_[1][email];
        if (code_of(r) == error::invalid_login && owner) guessed_wrong(true, p);
        if (!r) return;
        enter(*r, p);
        end_failures(wrong_passwords_[1][p]);
    }

    fuzz::input in_;
    config settings_;
    storage_with_defect memory_;
    testing::failing_storage<storage_with_defect> storage_{memory_};
    provider wire_;
    clock_with_defect clock_;
    refusing_hooks hooks_;
    plain_passwords hasher_;
    std::function<void(const event&)> observer_ = [this](const event& e) { check_event(e); };
    authenticator<testing::failing_storage<storage_with_defect>, provider, clock_with_defect, refusing_hooks,
                  plain_passwords, std::function<void(const event&)>>
        auth_;

    code_deriver codes_{settings_.code_keys, settings_.code_digits};

    std::array<std::optional<model_user>, 3> users_{};
    std::vector<model_transaction> transactions_{};
    std::vector<model_session> sessions_{};

    // Trouble for the next call.
    unsigned fail_before_ = 0;
    unsigned fail_after_ = 0;
    unsigned lose_race_ = 0;
    std::size_t calls_before_ = 0;

    // What the limits go by.
    time_point latest_ = now();  ///< the latest time that it ever was
    bool went_back_ = false;
    time_point pause_ends_{};    ///< the provider has asked for it
    time_point last_asked_{};    ///< when the provider was asked something
    bool sender_fails_ = false;  ///< the last message was refused for the sender's sake
    bool is_unclear_ = false;    ///< the last message met something that is not the provider
    bool had_failure_ = false;   ///< the storage failed while something was sent: it may not have been counted as sent
    unsigned address_ = 0;
    unsigned events_ = 0;  ///< of this call
    unsigned all_events_ = 0;
    template <class T, std::size_t N>
    using table = std::array<std::array<T, 3>, N>;
    table<guesses, 2> wrong_passwords_{};
    table<guesses, doors> wrong_codes_{};
    std::array<unsigned, 3> changes_{};
    std::array<unsigned, 3> credential_changes_{};
    table<std::vector<time_point>, kinds> sent_{};
    std::array<std::vector<time_point>, 3> sent_from_{};
    table<std::optional<time_point>, kinds> last_start_{};  ///< of codes that the provider has
    // All that may have been counted, by phone or identity, and by address.
    table<std::size_t, doors> perhaps_wrong_codes_{};
    table<std::size_t, 2> perhaps_wrong_passwords_{};
    std::array<table<std::size_t, 3>, 2> tried_{};
    std::array<std::size_t, 3> tried_from_{};
    std::size_t attempts_in_all_ = 0;
    table<std::size_t, 2> attempts_to_{};
    std::array<std::size_t, 3> attempts_from_{};
    table<std::vector<time_point>, doors> begun_{};
    table<std::optional<time_point>, 2> last_start_any_{};
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    run(fuzz::input(data, size)).go();
    return 0;
}
