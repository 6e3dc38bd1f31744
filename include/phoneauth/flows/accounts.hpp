// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_ACCOUNTS_HPP
#define PHONEAUTH_FLOWS_ACCOUNTS_HPP

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/transitions.hpp>
#include <phoneauth/user.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What became of a change.
enum class change_state {
    done,    ///< it is stored
    stale,   ///< somebody else was first: look again
    failed,  ///< it is not stored, for certain
    unknown  ///< nobody knows whether it is
};

/// The same, and why.
struct change_outcome {
    change_state state = change_state::unknown;  ///< what became of it
    failure why{};                               ///< of `failed` and `unknown`
};

/// What a right code costs whose change failed with `why`: nothing if the server was at fault, and nothing was asked.
inline rules::spent_try spent_try_of(const failure& why) noexcept {
    return why.code == error::overloaded ? rules::spent_try::given_back : rules::spent_try::counts;
}

/// Changes and erases users, with the hooks around it, whoever asks for it. The caller does what else belongs to a
/// change: it ends sessions. Thread-safe.
template <class Mode>
class accounts {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// Both must outlive this.
    accounts(ports<Mode>& p, const config& c) noexcept : ports_(p), config_(c) {}

    /// Asks the hook, and stores `changed` in the place of `before`; then `changed` has its new version. Once it is
    /// asked for, a cancellation does not stop what belongs to it.
    flow<change_outcome> store(const user& before, user& changed) {
        change_outcome outcome;
        try {
            auto allowed = co_await ask_hook(before, changed);
            if (!allowed) {
                outcome.state = change_state::failed;
                outcome.why = std::move(allowed).error();
                co_return outcome;
            }
        } catch (...) {
            outcome.state = change_state::failed;
            outcome.why = Mode::current_failure();
            co_return outcome;
        }
        co_await Mode::ignore_cancellation();
        try {
            const write_result written = co_await ports_.update_user(changed);
            outcome.state = written == write_result::done    ? change_state::done
                            : written == write_result::stale ? change_state::stale
                                                             : change_state::failed;
            if (outcome.state == change_state::failed) outcome.why = error::user_exists;
            if (outcome.state == change_state::done) ++changed.version;
            co_return outcome;
        } catch (...) {
            outcome.why = Mode::current_failure();
        }
        try {
            auto current = co_await ports_.find_user(before.object_id);
            outcome.state = state_in(current, before, changed);
            if (outcome.state == change_state::done) changed = std::move(*current);
        } catch (...) {
        }
        co_return outcome;
    }

    /// `changed` is stored in the place of `before`. Nobody's result depends on what the hook says.
    flow<bool> after_update(const user& before, const user& changed) {
        try {
            auto told = co_await ports_.after_update(before, changed);
            co_return told.has_value();
        } catch (...) {
            co_return false;
        }
    }

    /// Asks the hook, and erases `owner` with all their sessions. It is stale if `owner` is gone, or has another phone,
    /// password or generation meanwhile: hooks take their time.
    flow<change_outcome> erase(const user& owner) {
        change_outcome outcome;
        outcome.state = change_state::failed;
        try {
            auto allowed = co_await ports_.before_deletion(owner);
            if (!allowed) {
                outcome.why = std::move(allowed).error();
                co_return outcome;
            }
            co_await Mode::ignore_cancellation();
            auto current = co_await ports_.find_user(owner.object_id);
            if (!current || !is_alike(*current, owner)) {
                outcome.state = change_state::stale;
                co_return outcome;
            }
        } catch (...) {
            outcome.why = Mode::current_failure();
            co_return outcome;
        }
        auto gone = co_await take_away(owner.object_id);
        if (gone.state != change_state::done) co_return gone;
        co_await end_sessions(owner.object_id);
        try {
            [[maybe_unused]] auto unused = co_await ports_.after_deletion(owner);
        } catch (...) {
        }
        co_return gone;
    }

    /// Takes away all sessions of a user, which are over anyhow.
    flow<bool> end_sessions(const std::string& user_id) {
        try {
            const std::string none;
            [[maybe_unused]] const std::size_t ended = co_await ports_.erase_sessions_of(user_id, none);
            co_return true;
        } catch (...) {
            co_return false;
        }
    }

private:
    /// What the hook may not change stays what it was to be.
    flow<result<void>> ask_hook(const user& before, user& changed) {
        const auto phone = changed.phone;
        const auto generation = changed.generation;
        const auto identity = changed.identity;
        const auto backup_codes = changed.backup_codes;
        auto allowed = co_await ports_.before_update(before, changed);
        changed.object_id = before.object_id;
        changed.version = before.version;
        changed.phone = phone;
        changed.backup_codes = backup_codes;
        changed.generation = (std::max)(changed.generation, generation);
        if (config_.identity_column == config_.phone_column) changed.identity = identity;
        co_return allowed;
    }

    /// Whether the sessions of both rest on the same.
    static bool is_alike(const user& a, const user& b) {
        return a.phone == b.phone && a.password_hash == b.password_hash && a.generation == b.generation;
    }

    /// What `current` shows of the attempt to store `changed` in the place of `before`. Of a change that raises no
    /// generation nobody can tell, once something is stored.
    static change_state state_in(const std::optional<user>& current, const user& before, const user& changed) {
        if (!current) return change_state::stale;
        if (current->version == before.version) return change_state::failed;
        const bool stored = changed.generation > before.generation && current->generation >= changed.generation &&
                            current->phone == changed.phone && current->identity == changed.identity &&
                            current->password_hash == changed.password_hash && current->enabled == changed.enabled &&
                            current->backup_codes == changed.backup_codes;
        return stored ? change_state::done : change_state::unknown;
    }

    flow<change_outcome> take_away(const std::string& user_id) {
        change_outcome outcome;
        try {
            const bool erased = co_await ports_.erase_user(user_id);
            outcome.state = erased ? change_state::done : change_state::stale;
            co_return outcome;
        } catch (...) {
            outcome.why = Mode::current_failure();
        }
        try {
            const auto current = co_await ports_.find_user(user_id);
            outcome.state = current ? change_state::failed : change_state::done;
        } catch (...) {
        }
        co_return outcome;
    }

    ports<Mode>& ports_;
    const config& config_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
