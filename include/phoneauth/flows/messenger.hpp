// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FLOWS_MESSENGER_HPP
#define PHONEAUTH_FLOWS_MESSENGER_HPP

#include <atomic>
#include <string>
#include <string_view>

#include <phoneauth/config.hpp>
#include <phoneauth/flows/ports.hpp>
#include <phoneauth/flows/reporter.hpp>
#include <phoneauth/flows/sender_state.hpp>
#include <phoneauth/secrets/code.hpp>
#include <phoneauth/text_message.hpp>
#include <phoneauth/time.hpp>
#include <phoneauth/twilio/replies.hpp>
#include <phoneauth/twilio/requests.hpp>

namespace phoneauth {
inline namespace v0 {
namespace flows {

/// What became of a code's message, if it did not fail for certain.
enum class send_outcome {
    accepted,  ///< the provider took it, or a test number needs none
    uncertain  ///< the provider did not answer: it may arrive
};

/// Sends messages through Twilio, and makes our errors of what Twilio and the transport say. When Twilio asks to be left
/// alone (see `twilio::pause_after`), nothing is sent meanwhile; other servers of the same account learn it by
/// themselves. Thread-safe.
template <class Mode>
class messenger {
    template <class X>
    using flow = typename Mode::template flow<X>;

public:
    /// All must outlive the messenger.
    messenger(ports<Mode>& p, const config& c, const reporter& r)
        : ports_(p), config_(c), reporter_(r), twilio_(c.twilio), codes_(c.code_keys, c.code_digits),
          sender_(c.twilio.sender) {}

    /// The key that codes of new transactions are derived with.
    const std::string& current_key_id() const noexcept { return codes_.current_key_id(); }
    /// Whether this server can tell the code of `t`: it has the key, or `t` is for a test number.
    bool knows_code_of(const transaction& t) const;
    /// Whether `typed` is the code of `t`, which is no decoy.
    bool is_code_of(const transaction& t, const one_time_code& typed);

    /// What shows that the code of `t` was right; empty if its key is not here any more.
    std::optional<std::string> prove(const transaction& t) { return codes_.prove(t); }

    /// Sends a transaction's code. A failure means that nothing was sent, for certain. For a decoy Twilio is asked
    /// something that costs nothing instead, which fails when every message would. What would fail for this message
    /// alone (the phone is a landline, has opted out, …) is told to the observer only, if somebody else could learn
    /// from it that the phone is a user's. What fails because of the sender fails for decoys, too: see `sender_state`.
    /// `added`: what a hook added to the message.
    flow<result<send_outcome>> send_code(context& c, const transaction& t, const text_message::option_list& added);
    /// What a code to `to` fails with because no message can leave, whoever it is for: asked before anything is stored.
    std::optional<failure> sender_trouble(const phone_number& to);
    /// Whether an attempt that ended with `f` counts for nobody, and the limits get back all that it took: no client can
    /// do anything about it, nor bring it about.
    bool is_nobodys_attempt(const failure& f) const noexcept { return sender_.is_everybodys(f); }
    /// Sends `request`, a Messages create. `sender_is_chosen`: what becomes of it says nothing about the configured
    /// sender.
    flow<result<sent_message>> send(context& c, const http_request& request, bool sender_is_chosen);
    /// One request to Twilio. Whatever the transport throws is `no_answer`: the request may have been written.
    flow<result<http_response>> transmit(const http_request& request);

    /// What builds the requests, for those that are not about a code.
    const twilio::requests& twilio() const noexcept { return twilio_; }

private:
    result<http_request> code_request(const transaction& t, const text_message::option_list& added);
    result<void> verdict(const transaction& t, const http_response& reply);
    result<void> check_pause() const;
    void note_pause(const http_response& reply);
    static result<http_response> provider_reply(result<http_response> reply);

    ports<Mode>& ports_;
    const config& config_;
    const reporter& reporter_;
    const twilio::requests twilio_;
    code_deriver codes_;
    std::atomic<time_point> pause_ends_{};
    sender_state sender_;
};

}  // namespace flows
}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/flows/messenger.ipp>
#endif

#endif
