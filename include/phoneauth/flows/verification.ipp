// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_VERIFICATION_IPP
#define PHONEAUTH_FLOWS_VERIFICATION_IPP

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>

#include <phoneauth/detail/crypto.hpp>
#include <phoneauth/flows/parts.hpp>
#include <phoneauth/flows/verification.hpp>
#include <phoneauth/rules/transitions.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

template <class Mode>
auto verification<Mode>::start(std::string phone, std::string topic, client_info from) -> returned<challenge> {
    return p_.run(event_kind::started, std::move(from),
                  [&](context& c) { return begin(c, std::move(phone), std::move(topic)); });
}

template <class Mode>
auto verification<Mode>::finish(transaction_id id, submitted_code code, client_info from) -> returned<proof> {
    return p_.run(event_kind::verified, std::move(from),
                  [&](context& c) { return complete(c, std::move(id), std::move(code)); });
}

template <class Mode>
auto verification<Mode>::redeem(proof_token token, std::string topic) -> returned<proof> {
    return p_.run(event_kind::redeemed, {}, [&](context& c) { return take(c, std::move(token), std::move(topic)); });
}

template <class Mode>
auto verification<Mode>::begin(context& c, std::string text, std::string topic) -> flow<result<challenge>> {
    if (!find_topic(p_.config, topic)) co_return failure(error::invalid_parameter, "There is no topic of this name.");
    auto phone = p_.read_phone(c, text);
    if (!phone) co_return std::move(phone).error();
    const rules::code_request asked{.phone = *phone,
                                    .fingerprint = {},
                                    .from = c.networks(),
                                    .begins = rules::door::verification,
                                    .verifies = true};
    opening code(purpose::verification, *phone, c.from.user_id);
    code.topic = std::move(topic);
    auto opened = co_await codes_.start(c, asked, std::move(code));
    co_return opened;
}

template <class Mode>
auto verification<Mode>::complete(context& c, transaction_id id, submitted_code code) -> flow<result<proof>> {
    expectation expected(purpose::verification);
    expected.user_id = c.from.user_id;
    auto confirmed = co_await codes_.confirm(c, expected, id, std::move(code));
    if (!confirmed) co_return std::move(confirmed).error();
    co_await Mode::ignore_cancellation();  // the code is spent: what follows must come to its end
    auto shown = p_.messages.prove(*confirmed);
    if (!shown) {  // a test number's code needs no key
        co_await codes_.reopen(*confirmed, rules::spent_try::given_back);
        co_return failure(error::storage_unavailable, "This server does not know the key of this code; try again.");
    }
    const auto over = rules::after_verification(*confirmed, p_.config, p_.now());
    co_await p_.limits.try_to(over);
    auto made = describe(*confirmed);
    secret_string token(confirmed->id + '.' + *shown);
    phoneauth::detail::wipe(*shown);
    made.token = proof_token(std::move(token));
    co_return std::move(made);
}

namespace detail {
/// The parts of a proof's token: an id, a dot, and 64 hexadecimal digits.
struct proof_parts {
    std::string id;
    secret_string shown;
};
inline std::optional<proof_parts> read_proof(std::string_view token) {
    constexpr std::size_t shown_size = 64;
    if (token.size() > 128 || token.size() <= shown_size + 1) return std::nullopt;
    const auto dot = token.size() - shown_size - 1;
    proof_parts parts{std::string(token.substr(0, dot)), secret_string(token.substr(dot + 1))};
    if (token[dot] != '.' || !is_id(parts.id) || parts.shown.find_first_not_of("0123456789abcdef") != std::string::npos)
        return std::nullopt;
    return parts;
}
}  // namespace detail

template <class Mode>
auto verification<Mode>::take(context& c, proof_token token, std::string topic) -> flow<result<proof>> {
    const auto read = detail::read_proof(token.str());
    token = {};  // wiped
    if (!read) co_return error::invalid_proof;
    for (int lost = 0; lost < max_lost_races; ++lost) {
        auto found = co_await p_.ports.find_transaction(read->id);
        if (!found || found->purpose != purpose::verification) co_return error::invalid_proof;
        p_.reports.note(c, *found);
        auto expected = p_.messages.prove(*found);
        const bool is_its_proof = expected && phoneauth::detail::equal_in_constant_time(*expected, read->shown);
        if (expected) phoneauth::detail::wipe(*expected);
        const bool right = is_its_proof && found->topic == topic;
        auto outcome = rules::apply_proof(*found, right, p_.config, p_.now());
        if (!outcome) co_return std::move(outcome).error();
        co_await Mode::ignore_cancellation();  // a proof that is used must be told so
        const bool won = co_await p_.ports.update_transaction(*found);
        if (won) co_return describe(*found);
    }
    co_return error::storage_unavailable;
}

template <class Mode>
proof verification<Mode>::describe(const transaction& t) const {
    return {proof_token(), t.topic, t.phone, t.user_id, rules::proof_expiry(t, p_.config)};
}

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#endif
