// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_CODES_HPP
#define PHONEAUTH_FLOWS_CODES_HPP

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <phoneauth/challenge.hpp>
#include <phoneauth/client_info.hpp>
#include <phoneauth/credentials.hpp>
#include <phoneauth/flows/fwd.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/rules/transitions.hpp>
#include <phoneauth/status_callback.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/transaction.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What a code that is to be opened is for.
struct opening {
    // A constructor, as g++ 12 destroys an aggregate that is made with braces inside a co_await expression twice.
    /// `to` must outlive this.
    opening(phoneauth::purpose what, const phone_number& to, std::string_view user)
        : purpose(what), phone(to), user_id(user) {}

    phoneauth::purpose purpose;  ///< see `transaction::purpose`
    const phone_number& phone;   ///< where the code goes
    std::string user_id;         ///< see `transaction::user_id`
    std::string fingerprint{};   ///< of the password that was right before it; empty: there was none
    std::string topic{};         ///< see `transaction::topic`
    /// What `codes::start` fails with once the limits have counted it: nobody has the phone, and that is told.
    std::optional<error> refusal{};
};

/// What a code that came must be for.
struct expectation {
    /// A code for `what`.
    explicit expectation(phoneauth::purpose what) noexcept : purpose(what) {}

    phoneauth::purpose purpose;                 ///< what it must be for
    const phone_number* phone = nullptr;        ///< the phone that the client names; nullptr: it names none
    std::optional<std::string_view> user_id{};  ///< whose it is; nothing: anybody's
    bool all_else_is_right = true;              ///< false: whatever code comes is as good as a wrong one
};

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

    /// Takes from the limits what `asked` says, and opens a transaction.
    flow<result<challenge>> start(context& c, const rules::code_request& asked, opening what);
    /// The same for whoever is logged in, whose own phone gets the code.
    flow<result<challenge>> start_for(context& c, const user& owner, purpose what);

    /// Opens a transaction and sends its code, for which `granted` answered `limits`. The transaction is stored before
    /// the message is sent, so that whatever happens in between leaves a code that can be confirmed.
    flow<result<challenge>> open(context& c, const rules::limit_batch& limits, const cell_answer& granted,
                                 opening what);

    /// Confirms a transaction: only the winner of the swap learns whether the code was right, so that no more codes are
    /// compared than there are tries, however many come at once. → the transaction as it is stored.
    flow<result<transaction>> confirm(context& c, const expectation& expected, const transaction_id& id,
                                      submitted_code submitted);

    /// Lets the same code come again, because the flow that confirmed `t` could not use it. Returns false if that could
    /// not be stored.
    flow<bool> reopen(transaction& t, rules::spent_try last = rules::spent_try::counts);

    /// Stores `t`. Nobody's result depends on it.
    flow<bool> try_to_store(const transaction& t);

private:
    flow<result<challenge>> send_again(context& c, transaction_id id);
    flow<result<transaction_status>> find_status(transaction_id id);
    flow<result<text_message::option_list>> ask_hook(const context& c, const transaction& t, bool again);
    flow<result<callback_outcome>> take_report(context& c, status_callback r);
    result<void> check_key(const transaction& t) const;
    void tell_sender_trouble(const context& c, const transaction& t) const;
    static rules::code_request again(const transaction& t, const context& c);
    challenge describe(transaction&& t, send_outcome sent) const;

    parts<Mode>& p_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/codes.ipp>
#endif

#endif
