// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PARTS_HPP
#define PHONEAUTH_FLOWS_PARTS_HPP

#include <cstddef>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/config.hpp>
#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/flows/accounts.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/flows/limiter.hpp>
#include <phoneauth/flows/messenger.hpp>
#include <phoneauth/flows/notices.hpp>
#include <phoneauth/flows/passwords.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/rules/destination.hpp>
#include <phoneauth/rules/stored_password.hpp>
#include <phoneauth/secrets/random.hpp>
#include <phoneauth/secrets/token.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// A transaction or a user changed under a flow's hands: it looks again, as often as tries and sends can possibly need.
inline constexpr int max_lost_races = 64;
/// No id or token that this library has made is longer than 36.
inline constexpr std::size_t max_id_size = 64;

/// Whether `id` could be a transaction's. What could not, a storage need not be able to look for.
inline bool is_id(const std::string& id) {
    return !id.empty() && id.size() <= max_id_size &&
           id.find_first_not_of("0123456789ABCDEF-") == std::string_view::npos;
}

/// What the flows of one authenticator share. Thread-safe if the policies are.
template <class Mode>
struct parts {
    /// `c` passes `validate` and has a code key; `make_parts` sees to both. `p` must outlive this.
    parts(phoneauth::config c, flows::ports<Mode>& p) : config(std::move(c)), ports(p) {}

    const phoneauth::config config;                                          ///< in force for as long as this lives
    flows::ports<Mode>& ports;                                               ///< the integrator's policies
    const reporter reports{ports};                                           ///< tells the observer
    limiter<Mode> limits{ports, config, reports};                            ///< counts
    messenger<Mode> messages{ports, config, reports};                        ///< talks to Twilio
    flows::passwords<Mode> passwords{ports, config, reports, limits};        ///< checks and makes them
    flows::notices<Mode> notices{ports, config, reports, limits, messages};  ///< tells users
    flows::accounts<Mode> accounts{ports, config};                           ///< changes and erases them
    random_source random{};                                                  ///< of ids and tokens
    token_hasher hash{};                                                     ///< of tokens, for the storage

    /// The time, as the Clock tells it.
    time_point now() const { return ports.now(); }

    /// Runs the flow `begin(context)` for `from`, and tells the observer how it ended.
    template <class Begin>
    auto run(event_kind success, client_info from, Begin begin) {
        return Mode::run(reports.begin(std::move(from)), begin, ended{reports, success});
    }

    /// The number that a user typed, if messages may go there; what `phoneauth::read_phone` fails with, or
    /// `destination_not_allowed`, if not.
    result<phone_number> read_phone(context& c, const std::string& text) const {
        auto phone = phoneauth::read_phone(config, text);
        if (!phone) return phone;
        reports.note(c, *phone);
        auto allowed = rules::check_destination(*phone, config);
        if (!allowed) return std::move(allowed).error();
        return phone;
    }

    /// Tells one password of a user from the next: the hash of what was first stored of it.
    std::string fingerprint_of(const user& u) {
        std::string fingerprint;
        append_fingerprint(fingerprint, u);
        return fingerprint;
    }
    /// What a session of `u` rests on: see `session::fingerprint`.
    std::string session_fingerprint_of(const user& u) {
        auto of = std::to_string(u.generation);
        of.reserve(of.size() + u.phone.str().size() + 2 * sizeof(detail::digest) + 2);
        of.append(1, ' ').append(u.phone.str()).append(1, ' ');
        append_fingerprint(of, u);
        return hash(of);
    }
    /// By what known networks are remembered, from `session_fingerprint_of`: when the sessions of a user end, they are
    /// forgotten.
    static std::string_view network_fingerprint(std::string_view session_fingerprint) {
        return session_fingerprint.substr(0, 16);
    }
    /// The same for whoever has a phone or an identity; nobody takes as long. Empty if the client's network cannot be
    /// known to anybody, and so is not looked for.
    std::string network_fingerprint(const context& c, const std::optional<user>& u) {
        if (!c.networks().can_be_known()) return {};
        auto fingerprint = u ? session_fingerprint_of(*u) : hash(hash("nobody"));
        fingerprint.resize(16);
        return fingerprint;
    }

    /// Whose failures a login by identity counts: those of the phone, or what stands for the identity without naming it.
    std::string identity_subject(const std::string& identity, const std::optional<user>& owner) {
        if (limits.password_accounts() == 1) return owner ? std::string(owner->phone.str()) : identity;
        return hash(identity).substr(0, 32);
    }

private:
    void append_fingerprint(std::string& to, const user& u) {
        const auto first = to.size();
        hash.append(to, u.password_hash);  // in any case: it takes as long for everybody
        const rules::stored_password stored(u.password_hash);
        if (!stored.replaces.empty()) to.replace(first, to.npos, stored.replaces);
    }

    struct ended {
        const reporter& reports;
        event_kind success;

        template <class R>
        void operator()(context& c, const R& outcome) const noexcept {
            reports.end(c, success, outcome ? nullptr : &outcome.error());
        }
    };
};

template <class Mode>
std::shared_ptr<parts<Mode>> make_parts(config c, ports<Mode>& p, bool process_local) {
    auto problems = validate(c, !process_local);
    if (!problems.empty()) throw config_error(std::move(problems));
    if (c.code_keys.empty()) {
        secret_string secret(32, '\0');
        if (!random_source().fill({reinterpret_cast<unsigned char*>(secret.data()), secret.size()}))
            throw std::runtime_error("phoneauth: OpenSSL has no randomness");
        c.code_keys.push_back({"process", std::move(secret)});
    }
    return std::make_shared<parts<Mode>>(std::move(c), p);
}

template <class Mode>
const config& config_of(const parts<Mode>& p) noexcept {
    return p.config;
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
