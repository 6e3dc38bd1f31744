// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_REPORTER_IPP
#define PHONEAUTH_FLOWS_REPORTER_IPP

#include <utility>

#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/rules/dialling.hpp>
#include <phoneauth/rules/disclosure.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// From `first` to `last`; nothing if the clock was set back.
constexpr std::chrono::milliseconds elapsed_between(time_point first, time_point last) noexcept {
    return first < last ? last - first : std::chrono::milliseconds(0);
}

/// Whether strangers can cause it as often as they like: no limit counts it.
constexpr bool is_unbounded(event_kind kind) noexcept {
    return kind == event_kind::refused || kind == event_kind::storage_error || kind == event_kind::sender_trouble;
}

PHONEAUTH_DECL std::optional<std::uint64_t> sampler::admit(const std::error_code& reason, time_point now) noexcept {
    const auto value = static_cast<std::size_t>(reason.value());
    auto& cell = cells_[reason.category() == error_category() && value < cells_.size() ? value : 0];
    const auto end = now + burst * interval;
    for (auto next = cell.next.load();;) {
        // What is ahead of all that can be is from before the clock was set back.
        const auto after = (next > now && next <= end ? next : now) + interval;
        if (after > end) {
            ++cell.left_out;
            return std::nullopt;
        }
        if (cell.next.compare_exchange_weak(next, after)) return cell.left_out.exchange(0);
    }
}

PHONEAUTH_DECL context reporter::begin(client_info from) const {
    context c{std::move(from), {}, {}};
    c.begun = read_time();
    c.network = client_network(c.from.address);
    c.wide = wide_network(c.from.address);
    c.shared = c.from.shared_address || c.network == unknown_network;
    if (c.from.shared_address && !told_of_proxy_.exchange(true)) tell(c, event_kind::misconfigured_proxy);
    return c;
}

PHONEAUTH_DECL void reporter::end(context& c, event_kind success, const failure* why) const noexcept {
    if (const auto now = read_time(); now && c.begun) {
        c.about.elapsed = elapsed_between(*c.begun, *now);
        c.about.provider_elapsed = c.waited;
    }
    if (why)
        tell_failure(c, *why);
    else if (!c.silent)
        tell(c, success);
}

PHONEAUTH_DECL void reporter::note(context& c, const phone_number& phone) const {
    if (!environment_.is_observed()) return;
    c.about.phone = phone.masked();
    const auto* rule = rules::find_rule_of(phone.str().substr(1));
    c.about.calling_code = rule ? rule->calling_code : std::string_view();
}

PHONEAUTH_DECL void reporter::note(context& c, const transaction& t) const {
    if (!environment_.is_observed()) return;
    note(c, t.phone);
    c.about.purpose = t.purpose;
    c.about.transaction = t.id.substr(0, 8);
    if (!rules::is_decoy(t) && t.user_id != rules::newcomer_user_id) c.about.user_id = t.user_id;
}

PHONEAUTH_DECL void reporter::note(context& c, const user& u) const {
    if (!environment_.is_observed()) return;
    note(c, u.phone);
    c.about.user_id = u.object_id;
}

PHONEAUTH_DECL std::optional<time_point> reporter::read_time() const noexcept {
    if (!environment_.is_observed()) return std::nullopt;
    try {
        return environment_.now();
    } catch (...) {
        return std::nullopt;
    }
}

PHONEAUTH_DECL void reporter::note_wait(context& c, const std::optional<time_point>& asked) const noexcept {
    if (!asked) return;
    if (const auto now = read_time())
        c.waited = c.waited.value_or(std::chrono::milliseconds(0)) + elapsed_between(*asked, *now);
}

PHONEAUTH_DECL void reporter::tell(const context& c, event_kind kind, const failure* why) const noexcept {
    if (!environment_.is_observed()) return;
    try {
        observe(c, kind, why, environment_.now(), 0);
    } catch (...) {
    }
}

PHONEAUTH_DECL void reporter::tell_failure(const context& c, const failure& why) const noexcept {
    if (why.code == error::cancelled || !environment_.is_observed()) return;
    const auto kind = c.uncounted ? event_kind::refused : event_kind_of(why);
    if (!is_unbounded(kind)) return tell(c, kind, &why);
    try {
        const auto at = environment_.now();
        if (const auto suppressed = sampler_.admit(why.code, at)) observe(c, kind, &why, at, *suppressed);
    } catch (...) {
    }
}

PHONEAUTH_DECL void reporter::observe(const context& c, event_kind kind, const failure* why, time_point at,
                                      std::uint64_t suppressed) const {
    event e = c.about;
    e.kind = kind;
    e.at = at;
    e.address = c.from.address.substr(0, 64);
    e.user_agent = c.from.user_agent.substr(0, 64);
    if (e.user_id.empty()) e.user_id = c.from.user_id;
    if (why) {
        e.reason = why->code;
        e.retry_after = why->retry_after;
        e.tries_left = why->tries_left;
        e.twilio_code = why->twilio_code;
    }
    e.suppressed = suppressed;
    environment_.observe(e);
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
