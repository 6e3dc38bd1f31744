// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_PASSWORDS_IPP
#define PHONEAUTH_FLOWS_PASSWORDS_IPP

#include <utility>

#include <phoneauth/flows/passwords.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto passwords<Mode>::check(context& c, const std::optional<user>& owner, const std::string& secret,
                            rules::password_reservation& guess) -> flow<result<void>> {
    if (owner) reporter_.note(c, owner->phone);
    // What cannot be a password is not worth a counter.
    if (secret.size() > config_.max_password_length) co_return error::invalid_login;
    auto allowed = co_await limiter_.reserve(c, guess);
    if (!allowed) co_return allowed;
    auto right = co_await is_right(c, owner, secret);
    if (!right) {
        const auto unseen = guess.cancel();
        co_await limiter_.try_to(unseen);
        co_return std::move(right).error();
    }
    if (*right) co_return result<void>();
    co_await limiter_.punish(c, guess);
    co_return error::invalid_login;
}

template <class Mode>
auto passwords<Mode>::is_right(const context& c, const std::optional<user>& owner, const std::string& secret)
    -> flow<result<bool>> {
    if (owner && !owner->password_hash.empty()) {
        auto right = co_await ports_.verify_password(secret, owner->password_hash);
        if (right || right.error().code != error::internal) co_return right;
        // It is no hash of ours. Whoever guesses must not learn that.
        reporter_.tell(c, event_kind::storage_error, &right.error());
    }
    // An account that does not exist must not answer faster than one that does.
    auto unused = co_await ports_.hash_password(secret);
    co_return unused ? result<bool>(false) : result<bool>(std::move(unused).error());
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
