// SPDX-License-Identifier: BSL-1.0
// Input: a configuration, then what users and operators do with accounts: all that comes after registering and logging in,
// with a clock that runs and a storage that fails. A model says what each call may end with. It knows of an account what
// people know: who has which phone and password, who is logged in where, which codes were sent and used.
//
// The environment variable PHONEAUTH_LIVES_DEFECT names something to break, to see that it is noticed (see `defect`);
// PHONEAUTH_LIVES_TRACE, set to anything, lets each call be told.
#include "fuzz.hpp"

#include <phoneauth/authenticator.hpp>
#include <phoneauth/detail/url.hpp>
#include <phoneauth/secrets/token.hpp>
#include <phoneauth/storage/memory.hpp>
#include <phoneauth/testing/detail/twilio_replies.hpp>
#include <phoneauth/testing/failing_storage.hpp>
#include <phoneauth/testing/manual_clock.hpp>
#include <phoneauth/testing/twilio_simulator.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

using namespace phoneauth;
using namespace std::chrono_literals;
using fuzz::require;

namespace {

enum class defect { none, lost_swaps, lost_user_swaps, immortal_sessions, immortal_users, frozen_clock };

const defect seeded = [] {
    const char* text = std::getenv("PHONEAUTH_LIVES_DEFECT");
    const std::string_view name = text ? text : "";
    if (name == "lost_swaps") return defect::lost_swaps;
    if (name == "lost_user_swaps") return defect::lost_user_swaps;
    if (name == "immortal_sessions") return defect::immortal_sessions;
    if (name == "immortal_users") return defect::immortal_users;
    if (name == "frozen_clock") return defect::frozen_clock;
    return defect::none;
}();
const bool tracing = std::getenv("PHONEAUTH_LIVES_TRACE") != nullptr;

/// A memory_storage, but for the seeded defect.
struct storage_with_defect : memory_storage {
    bool update_transaction(const transaction& t) {
        return seeded == defect::lost_swaps || memory_storage::update_transaction(t);
    }
    write_result update_user(const user& u) {
        return seeded == defect::lost_user_swaps ? write_result::done : memory_storage::update_user(u);
    }
    bool erase_user(const std::string& id) {
        return seeded == defect::immortal_users || memory_storage::erase_user(id);
    }
    bool erase_session(const std::string& hash) {
        return seeded == defect::immortal_sessions || memory_storage::erase_session(hash);
    }
};

struct clock_with_defect : testing::manual_clock {
    time_point now() const noexcept {
        return seeded == defect::frozen_clock ? testing::manual_clock().now() : testing::manual_clock::now();
    }
};

/// A provider that takes every message, and remembers the last one with a code.
struct provider {
    std::string to{};
    std::string code{};
    unsigned codes = 0;

    result<http_response> send(const http_request& r) {
        if (r.method == "POST") {
            const auto body = detail::form_field(r.body, "Body");
            if (body.find("your code") != std::string::npos) {
                to = detail::form_field(r.body, "To");
                code = testing::detail::code_in(body);
                ++codes;
            }
        }
        return http_response{201, {}, R"({"sid":"SM1","status":"queued"})"};
    }
};

struct plain_passwords {
    result<std::string> hash(const std::string& text) const { return "plain:" + text; }
    result<bool> verify(const std::string& text, const std::string& hash) const { return hash == "plain:" + text; }
};

// ---- The model ----

const std::array<std::string, 4> phones{"+14155550100", "+14155550101", "+14155550102", "+14155550103"};
const std::array<std::string, 3> emails{"ada@example.com", "bob@example.com", "eve@example.com"};
const std::array<std::string, 3> passwords{"correct horse", "battery staple", "staple battery"};
const std::array<std::string, 2> topics{"pay", "sign"};

/// What sessions, devices and resets rest on.
struct basis {
    std::string phone{};
    std::string password{};
    std::uint64_t generation = 0;
    friend bool operator==(const basis&, const basis&) = default;
};

struct model_backup {
    std::string text{};
    bool used = false;
    bool unsure = false;
};

struct model_user {
    std::string id{};
    std::string email{};
    basis on{};
    bool enabled = true;
    bool gone = false;
    std::vector<model_backup> backups{};
};

struct model_session {
    std::string token{};
    std::size_t user = 0;
    basis on{};
    bool device = false;
    time_point expires{};
    time_point auth_time{};
    time_point used{};
    std::uint32_t methods = 0;
    bool ended = false;
    bool unsure = false;  ///< it may have ended, or rest on something else: a storage failed
};

struct model_code {
    std::string id{};
    phoneauth::purpose purpose{};
    std::string phone{};
    std::optional<std::size_t> user{};  ///< for whom; nobody: a decoy, or whoever has the phone
    bool decoy = false;
    basis on{};
    bool after_password = false;
    std::string topic{};
    std::string code{};
    time_point expires{};
    unsigned wrong = 0;
    bool spent = false;
    bool unsure = false;  ///< it may be spent, or worth a try less
};

struct model_proof {
    std::string token{};
    std::string topic{};
    std::string phone{};
    time_point expires{};
    bool used = false;
    bool unsure = false;
};

class run {
public:
    explicit run(fuzz::input in)
        : in_(in), settings_(configure()), auth_(settings_, storage_, wire_, clock_, hasher_) {}

    void go() {
        for (int calls = 0; calls < 300 && !in_.empty(); ++calls) {
            const auto what = in_.below(30);
            if (what >= 27) {
                what == 27 ? advance() : spoil();
                continue;
            }
            begin();
            perform(what);
            end();
        }
        // Whatever has happened: each session, each proof and each backup code once more.
        for (std::size_t i = 0; i < sessions_.size(); ++i) {
            begin();
            look_up(i);
            end();
        }
        for (auto& p : proofs_) {
            begin();
            redeem(&p, p.topic);
            end();
        }
    }

private:
    config configure() {
        config c;
        c.twilio.account_sid = "AC" + std::string(32, '0');
        c.twilio.auth_token = "not-a-real-token";
        c.twilio.sender = "+15005550006";
        c.code_keys = {{"k1", std::string(32, 'k')}};
        c.topics = {{topics[0], "pay"}, {topics[1], "sign"}};
        c.phone_cooldown = 0s;
        c.max_sends_per_phone_and_hour = 100;
        c.max_sends_per_phone_and_day = 1000;
        c.max_sends_per_hour = 0;
        c.max_tries = 3;
        const auto flags = in_.byte();
        c.password_reset = std::array{password_reset_policy::code, password_reset_policy::code_and_backup_code,
                                      password_reset_policy::disabled, password_reset_policy::code}[flags & 3];
        c.trusted_device_lifetime = flags & 4 ? 0s : 24h;
        c.session_idle_timeout = flags & 8 ? 1800s : 0s;
        c.code_login_enabled = (flags & 16) == 0;
        c.unknown_phone = flags & 32 ? unknown_phone_policy::reject : unknown_phone_policy::conceal;
        c.fresh_login = flags & 64 ? 600s : 60s;
        c.session_lifetime = 48h;
        return c;
    }

    void advance() {
        const std::array<std::chrono::seconds, 8> steps{1s, 20s, 59s, 301s, 601s, 31min, 25h, 49h};
        clock_.advance(steps[in_.below(8)]);
    }

    void spoil() {  // the next call's storage
        const auto n = in_.byte();
        fail_before_ = n & 1 ? 0 : 1 + n / 4 % 16;
        fail_after_ = n & 1 ? 1 + n / 4 % 16 : 0;
        lose_race_ = n & 2 ? 1 : 0;
    }

    void begin() {
        calls_before_ = storage_.calls();
        storage_.fail_before(fail_before_ ? calls_before_ + fail_before_ : 0);
        storage_.fail_after(fail_after_ ? calls_before_ + fail_after_ : 0);
        storage_.lose_race_on(lose_race_ ? storage_.updates() + 1 : 0);
        wire_ = {};
    }

    bool failed() const {
        const auto calls = storage_.calls() - calls_before_;
        return (fail_before_ && calls >= fail_before_) || (fail_after_ && calls >= fail_after_);
    }

    /// Each phone and identity is one user's at most, and what is stored of users is what the model knows.
    void end() {
        require(wire_.codes <= 1, "a call sends one code at most");
        if (failed()) settle();
        storage_.fail_before(0);
        storage_.fail_after(0);
        storage_.lose_race_on(0);
        fail_before_ = fail_after_ = lose_race_ = 0;
        for (const auto& phone : phones) {
            const auto stored = memory_.find_user_by_phone(*phone_number::from_e164(phone));
            const auto* owner = owner_of(phone);
            require(stored.has_value() == (owner != nullptr), "phones are those of the users");
            if (owner) require(stored->object_id == owner->id, "a phone is its user's");
        }
        for (const auto& u : users_) {
            const auto stored = memory_.find_user(u.id);
            require(stored.has_value() != u.gone, "users are there until they are deleted");
            if (!stored) continue;
            require(basis_of(*stored) == u.on && stored->enabled == u.enabled && stored->identity == u.email,
                    "users are what they were made and changed to");
        }
    }

    static basis basis_of(const user& u) {
        const auto hash = u.password_hash;
        return {std::string(u.phone.str()), hash.empty() ? "" : hash.substr(6), u.generation};
    }

    /// After a storage has failed: what is stored is what counts, and what rests on it is unsure where it has changed.
    void settle() {
        for (std::size_t i = 0; i < users_.size(); ++i) {
            auto& u = users_[i];
            const auto stored = memory_.find_user(u.id);
            if (!stored) {
                u.gone = true;
                continue;
            }
            const bool changed = basis_of(*stored) != u.on || stored->enabled != u.enabled;
            u.on = basis_of(*stored);
            u.enabled = stored->enabled;
            for (auto& s : sessions_)
                if (s.user == i && (changed || s.token == touched_)) s.unsure = true;
            for (auto& b : u.backups) b.unsure = true;
        }
        for (const auto& phone : phones) {  // a registration whose outcome was not told
            const auto stored = memory_.find_user_by_phone(*phone_number::from_e164(phone));
            if (stored && !owner_of(phone)) add_user(*stored);
        }
    }

    // -- what is known

    time_point now() const { return static_cast<const testing::manual_clock&>(clock_).now(); }
    model_user* owner_of(const std::string& phone) {
        for (auto& u : users_)
            if (!u.gone && u.on.phone == phone) return &u;
        return nullptr;
    }
    std::optional<std::size_t> index_of(const model_user* u) const {
        if (!u) return std::nullopt;
        return static_cast<std::size_t>(u - users_.data());
    }
    void add_user(const user& u) { users_.push_back({.id = u.object_id, .email = u.identity, .on = basis_of(u)}); }

    bool is_good(const model_session& s) const {
        const auto& u = users_[s.user];
        const bool idle =
            !s.device && settings_.session_idle_timeout > 0s && now() >= s.used + settings_.session_idle_timeout;
        return !s.ended && !u.gone && u.enabled && s.on == u.on && now() < s.expires && !idle;
    }
    /// The noted last use may lag behind, by a twentieth of the time-out.
    bool is_nearly_idle(const model_session& s) const {
        const auto idle = settings_.session_idle_timeout;
        return idle > 0s && now() >= s.used + idle - idle / 20 - 1min;
    }
    bool is_fresh(const model_session& s) const { return now() < s.auth_time + settings_.fresh_login; }

    template <class R>
    static std::error_code code_of(const R& r) {
        return r ? std::error_code() : r.error().code;
    }
    /// Limits refuse whatever they like: they are another fuzzer's.
    template <class R>
    static bool is_limited(const R& r) {
        const auto e = code_of(r);
        return e == error::too_many_failures || e == error::too_many_messages || e == error::resend_too_soon;
    }
    /// The call worked exactly if `may` says so.
    template <class R>
    void judge(const R& r, bool may, bool unsure, const char* property) const {
        if (tracing)
            std::fprintf(stderr, "    %s (%s%s)%s\n", r ? "ok" : r.error().message.c_str(), may ? "may" : "may not",
                         unsure ? ", unsure" : "", failed() ? ", the storage failed" : "");
        if (r) return require(may || unsure, property);
        require(r.error().code.category() == error_category(), "failures are ours");
        if (!may || unsure || failed() || is_limited(r)) return;
        require(false, property);
    }

    model_session* some_session(bool device = false) {
        std::vector<model_session*> fit;
        for (auto& s : sessions_)
            if (s.device == device) fit.push_back(&s);
        const auto n = in_.byte();
        return fit.empty() ? nullptr : fit[fit.size() - 1 - n % fit.size()];
    }
    session_token token_of(const model_session* s) {
        touched_ = s ? s->token : std::string();
        return session_token(s ? s->token : "7A450000-0000-4000-8000-000000000001");
    }
    bool is_unsure(const model_session* s) const { return s && (s->unsure || is_nearly_idle(*s)); }
    const std::string& some_phone() { return phones[in_.below(4)]; }
    const std::string& some_password() { return passwords[in_.below(3)]; }

    /// What was shown long ago does not count any more for what needs two methods.
    void prove(model_session& s, std::uint32_t method) {
        s.methods = is_fresh(s) && (s.methods & method) == 0 ? s.methods | method : method;
        s.auth_time = now();
    }

    /// A call with a session: if it worked, the session has been used.
    template <class R>
    void use(model_session* s, const R& r) {
        if (!s) return;
        if (r) s->used = now();
        if (code_of(r) == error::account_disabled && !failed()) s->ended = true;
    }

    // -- the calls

    void perform(unsigned what) {
        if (tracing)
            std::fprintf(stderr, "%lld call %u, storage %u/%u/%u\n",
                         static_cast<long long>(now().time_since_epoch().count()), what, fail_before_, fail_after_,
                         lose_race_);
        switch (what) {
        case 0:
            return start_by_phone(purpose::registration);
        case 1:
        case 2:
            return start_by_phone(purpose::login);
        case 3:
            return start_two_factor();
        case 4:
            return start_by_phone(purpose::password_reset);
        case 5:
            return start_reset_of_identity();
        case 6:
            return start_in_session(purpose::step_up);
        case 7:
            return start_in_session(purpose::phone_change);
        case 8:
            return start_in_session(purpose::deletion);
        case 9:
            return start_by_phone(purpose::verification);
        case 10:
        case 11:
        case 12:
        case 13:
        case 14:
            return finish();
        case 15:
            return look_up_some();
        case 16:
            return change_password();
        case 17:
            return confirm_password();
        case 18:
            return trust_device();
        case 19:
            return log_in_with_device();
        case 20:
            return make_backup_codes();
        case 21:
            return log_in_with_backup_code();
        case 22:
            return end_sessions();
        case 23:
        case 24:
            return operate();
        case 25:
            return redeem_some();
        case 26:
            return require_recent();
        }
    }

    /// Notes a code that was asked for. `to`: where it must have gone; empty: nowhere, as nobody is there.
    void note(const result<challenge>& r, model_code c, const std::string& to) {
        if (failed() && !r) return;
        if (!r) return;
        require(wire_.codes == (to.empty() ? 0u : 1u), "a code goes to whom it is for, and to nobody else");
        if (wire_.codes) require(wire_.to == to, "a code goes to the phone");
        c.id = r->transaction_id.str();
        c.code = wire_.codes ? wire_.code : "000000";
        c.expires = r->expires_at;
        require(c.expires == clock_.now() + settings_.code_lifetime, "a code lives as long as is configured");
        codes_.push_back(std::move(c));
    }

    void start_by_phone(purpose what) {
        const auto phone = some_phone();
        auto* owner = owner_of(phone);
        model_code c{.purpose = what, .phone = phone};
        const bool for_owner = what == purpose::login || what == purpose::password_reset;
        if (for_owner) {
            c.user = index_of(owner);
            c.decoy = !owner;
            if (owner) c.on = owner->on;
        }
        if (what == purpose::verification) c.topic = topics[in_.below(2)];
        const auto r = what == purpose::registration     ? auth_.start_registration(phone)
                       : what == purpose::login          ? auth_.start_login(phone)
                       : what == purpose::password_reset ? auth_.start_password_reset(phone)
                                                         : auth_.start_verification(phone, c.topic);
        const bool enabled = what == purpose::login            ? settings_.code_login_enabled
                             : what == purpose::password_reset ? may_reset()
                                                               : true;
        const bool told = for_owner && !owner && settings_.unknown_phone == unknown_phone_policy::reject;
        judge(r, enabled && !told, false, "a code is asked for where that is allowed");
        note(r, c, c.decoy ? "" : phone);
    }

    bool may_reset() const { return settings_.password_reset != password_reset_policy::disabled; }

    void start_two_factor() {
        const auto phone = some_phone();
        const auto& typed = some_password();
        auto* owner = owner_of(phone);
        const auto r = auth_.start_two_factor_login(phone, password(typed));
        const bool right = owner && owner->on.password == typed;
        // After many failures everybody is answered alike; then a message shows whether the password was right.
        judge(r, right, wire_.codes == 0, "a right password brings a code");
        model_code c{.purpose = purpose::login, .phone = phone, .after_password = true};
        c.decoy = !right || wire_.codes == 0;
        if (!c.decoy) {
            c.user = index_of(owner);
            c.on = owner->on;
        }
        note(r, c, c.decoy ? "" : phone);
    }

    void start_reset_of_identity() {
        const auto& email = emails[in_.below(3)];
        model_user* owner = nullptr;
        for (auto& u : users_)
            if (!u.gone && u.email == email) owner = &u;
        const auto r = auth_.start_password_reset_of(email);
        const bool told = !owner && settings_.unknown_phone == unknown_phone_policy::reject;
        judge(r, may_reset() && !told, false, "a reset begins with an identity");
        model_code c{.purpose = purpose::password_reset};
        c.decoy = !owner || wire_.codes == 0;  // where the phone's limits refuse, it goes on like nobody's
        if (!c.decoy) {
            c.user = index_of(owner);
            c.phone = owner->on.phone;
            c.on = owner->on;
        }
        note(r, c, c.decoy ? "" : c.phone);
    }

    void start_in_session(purpose what) {
        auto* s = some_session();
        const auto phone = some_phone();
        const auto r = what == purpose::step_up    ? auth_.start_step_up(token_of(s))
                       : what == purpose::deletion ? auth_.start_deletion(token_of(s))
                                                   : auth_.start_phone_change(token_of(s), phone);
        const bool good = s && is_good(*s);
        const bool moves = what == purpose::phone_change;
        const bool may = good && (!moves || (is_fresh(*s) && phone != users_[s->user].on.phone));
        judge(r, may, is_unsure(s), "who is logged in asks for a code");
        use(s, r);
        if (!s) return;
        model_code c{.purpose = what, .phone = moves ? phone : users_[s->user].on.phone, .user = s->user};
        note(r, c, c.phone);
    }

    // -- finishing

    model_code* some_code() {
        const auto n = in_.byte();
        return codes_.empty() ? nullptr : &codes_[codes_.size() - 1 - n % codes_.size()];
    }

    /// Whether the code itself is good for `what`, whoever brings it.
    bool is_acceptable(const model_code& c, purpose what, const std::string& typed) const {
        return c.purpose == what && !c.decoy && !c.spent && typed == c.code && now() < c.expires &&
               c.wrong < settings_.max_tries;
    }

    void finish() {
        auto* c = some_code();
        if (!c) return;
        const auto n = in_.byte();
        const auto what = n % 8 == 7 ? static_cast<purpose>(1 + n / 8 % 7) : c->purpose;
        std::string typed = c->code;
        if (n % 8 == 6) typed.back() = typed.back() == '0' ? '1' : '0';
        const bool acceptable = is_acceptable(*c, what, typed);
        bool told_wrong = false;
        switch (what) {
        case purpose::registration:
            told_wrong = finish_registration(*c, typed, acceptable);
            break;
        case purpose::login:
            told_wrong = finish_login(*c, typed, acceptable);
            break;
        case purpose::password_reset:
            told_wrong = finish_reset(*c, typed, acceptable);
            break;
        case purpose::step_up:
        case purpose::phone_change:
        case purpose::deletion:
            told_wrong = finish_in_session(*c, what, typed, acceptable);
            break;
        case purpose::verification:
            told_wrong = finish_verification(*c, typed, acceptable);
            break;
        }
        if (told_wrong) ++c->wrong;
        require(c->wrong <= settings_.max_tries, "no more codes are compared than there are tries");
    }

    /// After a code came: whether it was told to be wrong. `spends`: it is, if the call did not fail.
    template <class R>
    bool judge_code(model_code& c, const R& r, bool may, bool acceptable, bool unsure, const char* property) {
        const bool was_spent = c.spent;
        judge(r, may && acceptable, unsure || c.unsure, property);
        if (r) {
            require(!was_spent, "a code is accepted once");
            require(now() < c.expires, "a code is accepted in time");
            c.spent = true;
        } else if (failed()) {
            c.unsure = true;
        } else if (acceptable && !c.unsure) {
            // It was right, and what it was for could not be done: it may come again, or not, but counts as a try.
            c.unsure = true;
        }
        const auto e = code_of(r);
        if (e == error::tries_exhausted && !(r ? std::optional<int>() : r.error().tries_left)) return false;
        return e == error::wrong_code || e == error::tries_exhausted;
    }

    bool finish_registration(model_code& c, const std::string& typed, bool acceptable) {
        const auto& email = emails[in_.below(3)];
        const auto& secret = some_password();
        bool taken = false;
        for (const auto& u : users_) taken = taken || (!u.gone && (u.email == email || u.on.phone == c.phone));
        const auto phone = c.phone.empty() ? phones[0] : c.phone;
        const auto r =
            auth_.finish_registration({transaction_id(c.id), submitted_code(typed), phone, password(secret), email});
        const bool wrong = judge_code(c, r, !taken, acceptable, false, "a registration is for who has the phone");
        if (r) add_user(*r);
        return wrong;
    }

    void enter(const login_result& l, std::size_t user, std::uint32_t methods) {
        require(l.user.object_id == users_[user].id, "a login is the user's");
        for (const auto& s : sessions_) require(s.token != l.token.str(), "tokens are new");
        sessions_.push_back({.token = l.token.str(),
                             .user = user,
                             .on = users_[user].on,
                             .expires = now() + settings_.session_lifetime,
                             .auth_time = now(),
                             .used = now(),
                             .methods = methods});
    }

    bool finish_login(model_code& c, const std::string& typed, bool acceptable) {
        const auto r = auth_.finish_login(transaction_id(c.id), submitted_code(typed));
        const auto* u = c.user ? &users_[*c.user] : nullptr;
        const bool may = u && !u->gone && u->enabled && u->on.phone == c.phone &&
                         (c.after_password ? u->on.password == c.on.password : settings_.code_login_enabled);
        const bool wrong = judge_code(c, r, may, acceptable, false, "a login is the owner's");
        if (r) enter(*r, *c.user, by_code | (c.after_password ? by_password : 0u));
        return wrong;
    }

    bool finish_reset(model_code& c, const std::string& typed, bool acceptable) {
        const auto& wanted = some_password();
        auto* u = c.user ? &users_[*c.user] : nullptr;
        auto* spare = u ? some_backup(*u) : nullptr;
        const auto text = spare ? spare->text : "0-AAAA-AAAA-AAAA-AAAA";
        const auto r = auth_.finish_password_reset(transaction_id(c.id), submitted_code(typed), password(wanted),
                                                   backup_code(text));
        const bool asks = settings_.password_reset == password_reset_policy::code_and_backup_code;
        const bool has_spare = !asks || (spare && !spare->used);
        const bool may = may_reset() && u && !u->gone && u->enabled && u->on == c.on && has_spare;
        const bool unsure = asks && spare && spare->unsure;
        const bool wrong = judge_code(c, r, may, acceptable, unsure, "a reset is the owner's");
        if (!r) return wrong;
        require(r->object_id == u->id && r->generation == u->on.generation + 1, "a reset is a new generation");
        u->on = basis_of(*r);
        require(u->on.password == wanted, "the new password is the one that was asked for");
        if (asks) spare->used = true;
        return false;
    }

    bool finish_in_session(model_code& c, purpose what, const std::string& typed, bool acceptable) {
        auto* s = some_session();
        const auto token = token_of(s);
        const bool mine = s && c.user == s->user;
        const bool good = s && is_good(*s);
        auto* u = s ? &users_[s->user] : nullptr;
        bool wrong = false;
        if (what == purpose::step_up) {
            const auto r = auth_.finish_step_up(token, transaction_id(c.id), submitted_code(typed));
            const bool may = good && mine && u->on.phone == c.phone;
            wrong = judge_code(c, r, may, acceptable, is_unsure(s), "a step-up is its user's");
            use(s, r);
            if (r) prove(*s, by_code);
            if (!r && failed() && s) s->unsure = true;
        } else if (what == purpose::phone_change) {
            const auto* other = owner_of(c.phone);
            const auto r = auth_.finish_phone_change(token, transaction_id(c.id), submitted_code(typed));
            const bool recent = s && now() < s->auth_time + settings_.fresh_login + settings_.code_lifetime;
            const bool may = good && recent && mine && (!other || other == u);
            wrong = judge_code(c, r, may, acceptable, is_unsure(s), "a phone is changed by its user");
            use(s, r);
            if (r) {
                require(r->phone.str() == c.phone && r->generation == u->on.generation + 1, "the phone is another one");
                u->on = basis_of(*r);
                s->on = u->on;
                if (failed()) s->unsure = true;
            }
        } else {
            const auto r = auth_.finish_deletion(token, transaction_id(c.id), submitted_code(typed));
            const bool may = good && mine && u->on.phone == c.phone;
            wrong = judge_code(c, r, may, acceptable, is_unsure(s), "an account is deleted by its user");
            if (r) u->gone = true;
            if (!r) use(s, r);
        }
        return wrong;
    }

    bool finish_verification(model_code& c, const std::string& typed, bool acceptable) {
        const auto r = auth_.finish_verification(transaction_id(c.id), submitted_code(typed));
        const bool wrong = judge_code(c, r, true, acceptable, false, "whoever has the phone has the proof");
        if (r) {
            require(r->topic == c.topic && r->phone.str() == c.phone, "a proof says what it proves");
            proofs_.push_back({.token = r->token.str(), .topic = r->topic, .phone = c.phone, .expires = r->expires_at});
        }
        return wrong;
    }

    void redeem_some() {
        const auto n = in_.byte();
        auto* p = proofs_.empty() ? nullptr : &proofs_[n % proofs_.size()];
        redeem(p, topics[in_.below(2)]);
    }

    void redeem(model_proof* p, const std::string& topic) {
        const std::string none = "7A450000-0000-4000-8000-000000000001." + std::string(64, '0');
        const auto r = auth_.redeem_proof(proof_token(p ? p->token : none), topic);
        const bool may = p && !p->used && p->topic == topic && now() < p->expires;
        judge(r, may, p && p->unsure, "a proof is redeemed once, in time, for its topic");
        if (r) {
            require(!p->used && r->phone.str() == p->phone, "a proof is redeemed once");
            p->used = true;
        } else if (failed() && p) {
            p->unsure = true;
        }
    }

    // -- sessions

    void look_up_some() {
        auto* s = some_session();
        if (s) look_up(static_cast<std::size_t>(s - sessions_.data()));
    }

    void look_up(std::size_t i) {
        auto& s = sessions_[i];
        const auto r = auth_.authenticate(token_of(&s));
        if (s.device) return require(!r, "a device's token opens no session");
        judge(r, is_good(s), is_unsure(&s), "a session is good until it ends");
        if (r) require(r->object_id == users_[s.user].id, "a session is its user's");
        use(&s, r);
    }

    void require_recent() {
        auto* s = some_session();
        const auto age = std::chrono::seconds(1 + in_.byte() * 5);
        const auto r = auth_.require_recent(token_of(s), age);
        const bool may = s && is_good(*s) && now() < s->auth_time + age;
        judge(r, may, is_unsure(s), "who has just shown who they are is told from who has not");
        use(s, r);
    }

    void confirm_password() {
        auto* s = some_session();
        const auto& typed = some_password();
        const auto r = auth_.confirm_password(token_of(s), password(typed));
        judge(r, s && is_good(*s) && users_[s->user].on.password == typed, is_unsure(s),
              "a password confirms its user's session");
        use(s, r);
        if (r) prove(*s, by_password);
        if (!r && failed() && s) s->unsure = true;
    }

    void change_password() {
        auto* s = some_session();
        const auto& wanted = some_password();
        const auto id = s ? users_[s->user].id : "nobody";
        const auto r = auth_.update_user(token_of(s), id, {{"password", '"' + wanted + '"'}});
        const bool may = s && is_good(*s) && is_fresh(*s);
        judge(r, may, is_unsure(s), "a password is changed by its user");
        use(s, r);
        if (!r) return;
        auto& u = users_[s->user];
        require(r->generation == u.on.generation + 1, "a new password is a new generation");
        u.on = basis_of(*r);
        require(u.on.password == wanted, "the password is the new one");
        s->on = u.on;
        if (failed()) s->unsure = true;
    }

    void end_sessions() {
        auto* s = some_session();
        auto* other = some_session(in_.below(2) == 1);
        const auto how = in_.below(3);
        if (how == 0) {
            const auto r = auth_.logout(token_of(s));
            if (s && r) s->ended = true;
            if (s && !r) s->unsure = true;
        } else if (how == 1) {
            const auto r = auth_.end_other_sessions(token_of(s));
            judge(r, s && is_good(*s), is_unsure(s), "who is logged in ends the others");
            use(s, r);
            for (auto& o : sessions_)
                if (s && &o != s && o.user == s->user) (r ? o.ended : o.unsure) = (r || failed()) || o.unsure;
        } else if (other) {
            const auto id = hash_of(*other);
            const auto r = auth_.end_session(token_of(s), id);
            const bool mine = s && other->user == s->user;
            if (r) require(mine && (is_good(*s) || is_unsure(s)), "nobody ends sessions of others");
            use(s, r);
            if (r) other->ended = true;
            if (!r && failed() && mine) other->unsure = true;
        }
    }

    std::string hash_of(const model_session& s) {
        token_hasher hash;
        return s.device ? hash("device:" + hash(s.token)) : hash(s.token);
    }

    void trust_device() {
        auto* s = some_session();
        const auto r = auth_.trust_device(token_of(s));
        const bool both = s && (s->methods & by_code) && (s->methods & by_password);
        const bool may = settings_.trusted_device_lifetime > 0s && both && is_good(*s) && is_fresh(*s);
        judge(r, may, is_unsure(s), "a device is trusted after both factors");
        use(s, r);
        if (!r) return;
        const auto user = s->user;
        sessions_.push_back({.token = r->token.str(),
                             .user = user,
                             .on = users_[user].on,
                             .device = true,
                             .expires = r->expires_at,
                             .unsure = failed()});
    }

    void log_in_with_device() {
        const auto phone = some_phone();
        const auto& typed = some_password();
        auto* d = some_session(true);
        const auto r = auth_.login_with_trusted_device(
            phone, password(typed), device_token(d ? d->token : "7A450000-0000-4000-8000-000000000001"));
        auto* owner = owner_of(phone);
        const bool may = settings_.trusted_device_lifetime > 0s && owner && owner->enabled &&
                         owner->on.password == typed && d && d->user == *index_of(owner) && is_good(*d);
        judge(r, may, d && d->unsure, "a trusted device spares its user the code");
        if (r) enter(*r, *index_of(owner), by_password | by_trusted_device);
    }

    // -- backup codes

    model_backup* some_backup(model_user& u) {
        const auto n = in_.byte();
        return u.backups.empty() ? nullptr : &u.backups[n % u.backups.size()];
    }

    void make_backup_codes() {
        auto* s = some_session();
        const auto r = auth_.make_backup_codes(token_of(s));
        judge(r, s && is_good(*s) && is_fresh(*s), is_unsure(s), "backup codes are made by their user");
        use(s, r);
        if (!r) return;
        require(r->size() == 10, "there are ten backup codes");
        auto& u = users_[s->user];
        u.backups.clear();
        for (const auto& code : *r) u.backups.push_back({.text = code.str()});
    }

    void log_in_with_backup_code() {
        const auto phone = some_phone();
        const auto& typed = some_password();
        auto* owner = owner_of(phone);
        auto* spare = owner ? some_backup(*owner) : nullptr;
        const auto text = spare ? spare->text : "0-AAAA-AAAA-AAAA-AAAA";
        const auto r = auth_.login_with_backup_code(phone, password(typed), backup_code(text));
        const bool may = owner && owner->enabled && owner->on.password == typed && spare && !spare->used;
        judge(r, may, spare && spare->unsure, "a backup code lets its user in");
        if (!r) {
            if (failed() && spare) spare->unsure = true;
            return;
        }
        require(!spare->used, "a backup code is good once");
        spare->used = true;
        enter(*r, *index_of(owner), by_password | by_backup_code);
    }

    // -- operators

    /// Whatever an operator changes, the backup codes are gone.
    static void take_over(model_user& u, const user& now) {
        if (now.generation != u.on.generation) u.backups.clear();
        u.on = basis_of(now);
    }

    void operate() {
        if (users_.empty()) return;
        auto& u = users_[in_.below(static_cast<unsigned>(users_.size()))];
        const auto how = in_.below(6);
        touched_.clear();
        if (how == 0 || how == 1) {
            const auto r = how == 0 ? auth_.disable_user(u.id, "grace") : auth_.enable_user(u.id, "grace");
            judge(r, !u.gone, false, "an operator disables and enables");
            if (r) u.enabled = r->enabled;
            if (r) take_over(u, *r);
            if (r) require(u.enabled == (how == 1), "who is disabled is, and who is enabled");
        } else if (how == 2) {
            const auto phone = some_phone();
            const auto* other = owner_of(phone);
            const auto r = auth_.set_phone(u.id, phone, "grace");
            judge(r, !u.gone && !other, false, "an operator gives a phone that is nobody's");
            if (r) take_over(u, *r);
        } else if (how == 3) {
            const auto r = auth_.delete_user(u.id, "grace");
            judge(r, !u.gone, false, "an operator deletes");
            if (r) u.gone = true;
        } else if (how == 4) {
            const auto r = auth_.end_sessions(u.id, "grace");
            judge(r, !u.gone, false, "an operator ends sessions");
            if (r) ++u.on.generation, u.backups.clear();
        } else {
            const auto r = auth_.unlock(u.on.phone, "grace");
            judge(r, true, false, "an operator unlocks");
        }
    }

    fuzz::input in_;
    config settings_;
    storage_with_defect memory_;
    testing::failing_storage<storage_with_defect> storage_{memory_};
    provider wire_;
    clock_with_defect clock_;
    plain_passwords hasher_;
    authenticator<testing::failing_storage<storage_with_defect>, provider, clock_with_defect, plain_passwords> auth_;

    std::vector<model_user> users_{};
    std::vector<model_session> sessions_{};
    std::vector<model_code> codes_{};
    std::vector<model_proof> proofs_{};
    std::string touched_{};  ///< the token that the call has
    std::size_t calls_before_ = 0;
    unsigned fail_before_ = 0;
    unsigned fail_after_ = 0;
    unsigned lose_race_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    run(fuzz::input(data, size)).go();
    return 0;
}
