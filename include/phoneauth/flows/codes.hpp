// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_CODES_HPP
#define PHONEAUTH_FLOWS_CODES_HPP

#include <optional>
#include <string>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/transitions.hpp>
#include <phoneauth/status_callback.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// The life of a code: it is opened, sent again, and confirmed, whatever it is for. Thread-safe.
template <class Mode>
class codes {
    template <class X>
    using flow = typename Mode::template flow<X>;
    template <class X>
    using returned = typename Mode::template returned<result<X>>;

public:
    /// `p` must outlive this.
    explicit codes(parts<Mode>& p) noexcept : p_(p) {}

    ///@{
    /// See the function of this name in `authenticator`.
    returned<challenge> resend(transaction_id id, client_info from);
    returned<transaction_status> status(transaction_id id);
    returned<callback_outcome> handle_status_callback(status_callback r);
    ///@}

    /// Opens a transaction and sends its code, for which `granted` answered `limits`. The transaction is stored before
    /// the message is sent, so that whatever happens in between leaves a code that can be confirmed.
    /// `fingerprint`: of the password before it; empty: there was none.
    flow<result<challenge>> open(context& c, const rules::limit_batch& limits, const cell_answer& granted, purpose what,
                                 const phone_number& phone, const std::optional<user>& owner, std::string fingerprint);

    /// Confirms a transaction: only the winner of the swap learns whether the code was right, so that no more codes are
    /// compared than there are tries, however many come at once. `expected`: the phone that the client names, or
    /// nullptr. → the transaction as it is stored.
    flow<result<transaction>> confirm(context& c, purpose what, const transaction_id& id, submitted_code submitted,
                                      const phone_number* expected);

    /// Lets the same code come again, because the flow that confirmed `t` could not use it. Returns false if that could
    /// not be stored.
    flow<bool> reopen(transaction& t, rules::spent_try last = rules::spent_try::counts);

private:
    flow<result<challenge>> send_again(context& c, transaction_id id);
    flow<result<transaction_status>> find_status(transaction_id id);
    flow<result<callback_outcome>> take_report(context& c, status_callback r);
    result<void> check_key(const transaction& t) const;
    void tell_sender_trouble(const context& c, const transaction& t) const;
    flow<bool> try_to_store(const transaction& t);
    static rules::code_request again(const transaction& t, const context& c);
    challenge describe(const transaction& t, send_outcome sent) const;

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/codes.ipp>
#endif

#endif
