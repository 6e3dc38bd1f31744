// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PASSWORDS_IPP
#define PHONEAUTH_FLOWS_PASSWORDS_IPP

#include <utility>

#include <phoneauth/flows/passwords.hpp>
#include <phoneauth/rules/stored_password.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto passwords<Mode>::check(context& c, const password_question& q, const std::string& secret)
    -> flow<result<password_guess>> {
    if (q.owner) reporter_.note(c, q.owner->phone);
    // What cannot be a password is not worth a hash.
    if (secret.size() > config_.max_password_length) {
        c.uncounted = true;
        co_return error::invalid_login;
    }
    const auto at_once = rules::passwords_at_once(c.networks());
    const auto place = in_hand_.take(c.network, at_once.network);
    const auto wide_place = in_hand_.take(c.wide, at_once.wide);
    if (!place || !wide_place) co_return error::overloaded;
    password_guess guess;
    const auto limits_of = [&](bool concealed) {
        return rules::password_limits(q.subject, q.owner ? q.owner->phone.str() : std::string_view(), q.fingerprint,
                                      c.networks(), limiter_.password_accounts(), concealed, config_, ports_.now());
    };
    auto limits = limits_of(false);
    auto granted = co_await limiter_.take(c, limits);
    if (q.may_be_concealed && limits.may_be_concealed(granted)) {
        limiter_.tell_locked(c, *limits.judge(granted).error().retry_after);
        guess.concealed = true;
        limits = limits_of(true);
        granted = co_await limiter_.take(c, limits);
    }
    if (!granted.granted) co_return limits.judge(granted).error();
    guess.marked = granted.marked;
    const std::string hash(q.owner ? rules::stored_password(q.owner->password_hash).hash : std::string_view());
    auto right = co_await compare(c, hash, secret);
    if (!right) {
        co_await limiter_.give_back(limits, granted);
        co_return std::move(right).error();
    }
    guess.right = *right;
    if (!guess.concealed) guess.wait = limits.account_wait(granted);
    if (guess.right || q.more_is_asked) co_return guess;
    if (guess.concealed) {
        const failure wrong(error::invalid_login);
        reporter_.tell_failure(c, wrong);
    } else {
        limiter_.tell_locked(c, guess.wait);
    }
    co_return guess;
}

template <class Mode>
auto passwords<Mode>::forgive(const context& c, const password_question& q, const password_guess& g) -> flow<bool> {
    const auto back =
        rules::guess_back(q.subject, c.networks(), g.marked, limiter_.password_accounts(), config_, ports_.now());
    const bool done = co_await limiter_.try_to(back);
    co_return done;
}

template <class Mode>
auto passwords<Mode>::compare(const context& c, const std::string& hash, const std::string& secret)
    -> flow<result<bool>> {
    if (!hash.empty()) {
        auto right = co_await ports_.verify_password(secret, hash);
        if (right || right.error().code != error::internal) co_return right;
        // It is no hash of ours. Whoever guesses must not learn that.
        reporter_.tell(c, event_kind::storage_error, &right.error());
    }
    // What does not exist must not be answered faster than what does.
    if (ports_.has_decoy()) {
        auto decoy = co_await ports_.decoy_password(secret);
        co_return decoy ? result<bool>(false) : std::move(decoy);
    }
    auto unused = co_await ports_.hash_password(secret);
    co_return unused ? result<bool>(false) : result<bool>(std::move(unused).error());
}

template <class Mode>
auto passwords<Mode>::renew(context& c, user& u, const std::string& fingerprint, const std::string& secret)
    -> flow<bool> {
    const std::string old(rules::stored_password(u.password_hash).hash);
    failure failed;
    try {
        if (!ports_.needs_rehash(old)) co_return false;
        auto hash = co_await ports_.hash_password(secret);
        if (!hash) co_return false;
        user renewed = u;
        renewed.password_hash = rules::replacing(*hash, fingerprint);
        const write_result written = co_await ports_.update_user(renewed);
        if (written != write_result::done) co_return false;
        u.password_hash = std::move(renewed.password_hash);
        ++u.version;
        co_return true;
    } catch (...) {
        failed = Mode::current_failure();
    }
    if (failed.code != error::cancelled) reporter_.tell(c, event_kind::storage_error, &failed);
    co_return false;
}

template <class Mode>
auto passwords<Mode>::set(user& u, const std::string& secret) -> flow<result<void>> {
    auto allowed = co_await ports_.password_allowed(secret, u);
    if (!allowed) co_return allowed;
    auto hash = co_await ports_.hash_password(secret);
    if (!hash) co_return std::move(hash).error();
    u.password_hash = std::move(*hash);
    co_return result<void>();
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
