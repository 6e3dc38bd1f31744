// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_CONFIG_HPP
#define PHONEAUTH_CONFIG_HPP

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <phoneauth/detail/config.hpp>
#include <phoneauth/phone_number.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/secret_string.hpp>

namespace phoneauth {
inline namespace v0 {

/// How the library reaches Twilio.
struct twilio_config {
    /// `AC` and 32 hexadecimal digits. Required.
    std::string account_sid;
    /// The account's auth token. Required unless an API key is given.
    secret_string auth_token;
    /// `SK` and 32 hexadecimal digits; what Twilio advises for servers. A restricted key must be allowed to create and
    /// to read messages (see `unknown_phone_policy::conceal`).
    std::string api_key;
    /// The API key's secret; required with `api_key`.
    secret_string api_secret;
    /// What messages come from: an E.164 number of the account, a short code (3 to 8 digits), a sender id (a name of 1 to
    /// 11 characters with a letter), a Messaging Service (`MG` and 32 hexadecimal digits), `whatsapp:` and a number, or
    /// `rcs:` and a sender's name. WhatsApp takes a text like a code's only from whoever has been written to in the last
    /// 24 hours. Required.
    std::string sender;
    /// For example "ie1"; empty: Twilio's default.
    std::string region;
    /// For example "dublin"; empty: the one that Twilio has in the region. Without a region it implies "us1".
    std::string edge;
    /// Replaces `https://api.twilio.com`; http or https and a host, without a path. For tests and proxies.
    std::string base_url;
    /// Where Twilio reports what became of a code's message: the public URL (https, but for tests) that ends at
    /// `authenticator::handle_status_callback`, without a query. It needs `auth_token`, which signs the reports. It may
    /// have `user:password@` before the host, for a server that asks for them (RFC 7617). Empty: no reports.
    secret_string status_callback;
    /// Another auth token that may have signed a report: the one before, or the next one, while it is rotated. Requests
    /// go out with `auth_token`, or the API key. Empty: none.
    secret_string previous_auth_token;
};

/// A phone that gets no messages and has always the same code, for demonstrations and reviewers.
struct test_number {
    std::string phone;  ///< E.164
    std::string code;   ///< `config::code_digits` digits
};

/// A key that codes are derived with.
struct code_key {
    std::string id;        ///< noted in each transaction; 1 to 32 characters
    secret_string secret;  ///< 32 to 256 bytes, kept secret; all servers on one storage need the same
};

/// What becomes of a login by code with a phone number that no user has.
enum class unknown_phone_policy {
    conceal,  ///< it looks like any other start, but no message is sent (OWASP ASVS 5.0 §6.3.8)
    reject,   ///< `error::unknown_phone`, as friendly as it is to attackers
    sign_up   ///< a code is sent, and `finish_login` makes the user, who has no password and no further properties
};

/// How users who have forgotten their password get another one.
enum class password_reset_policy {
    disabled,             ///< not by themselves
    code,                 ///< by a code that is sent to their phone
    code_and_backup_code  ///< by that and one of their backup codes: so no reset goes past a second factor
};

/// Something that an integrator has codes sent for, with `authenticator::start_verification`.
struct topic {
    std::string name;  ///< 1–32 letters, digits, `-` and `_`; bound into each code
    std::string text;  ///< what `{purpose}` stands for in its messages: 1–40 bytes of UTF-8
};

/// Everything an integrator can set. The defaults are the recommended values; `validate` knows the ranges.
///
/// @par Limits
/// "At most N in any hour" is strict, wherever the hour begins: half of them at once, and then one at a time, evenly
/// (of messages in all a quarter at once). A refused request counts for nothing.
///
/// Two kinds of clients are told apart. A network is known to a user for 90 days after the user has registered or
/// logged in from it; a network is one IPv4 address or one IPv6 /64. All other networks are strangers'. A changed
/// password or phone makes all networks strangers'. What a limit keeps for known networks, strangers cannot use up.
struct config {
    /// The account, its credentials and the sender.
    twilio_config twilio;

    // -- codes

    /// The first derives new codes, all of them check. Empty: a random key for this process, which needs a storage that
    /// is this process's own. A new key goes to the end on all servers first, and to the front once all of them have it;
    /// an old one goes when `code_lifetime` is over since.
    std::vector<code_key> code_keys;
    /// 6–9 digits (RFC 4226 §5.3: at least 6).
    unsigned code_digits = 6;
    /// 30–600 s (NIST SP 800-63B-3 §5.1.3.2, OWASP ASVS 5.0 §6.5.5: at most 10 minutes).
    std::chrono::seconds code_lifetime{300};
    /// 1–10 codes compared per transaction.
    unsigned max_tries = 5;
    /// 1–320 bytes of UTF-8 with `{code}` in it once; `{minutes}` stands for the lifetime, `{purpose}` for what the code
    /// is for, `{site}` for `site_name`. A text without `{purpose}` makes it easier to talk somebody out of a code.
    std::string message_template = "{code} is your code to {purpose}. Do not share it.";
    /// What `{purpose}` stands for at a registration: 1–40 bytes of UTF-8.
    std::string registration_purpose = "sign up";
    /// What `{purpose}` stands for at a login: 1–40 bytes of UTF-8.
    std::string login_purpose = "log in";
    ///@{
    /// The same for the codes of the other operations: 1–40 bytes of UTF-8 each.
    std::string phone_change_purpose = "confirm your new number";
    std::string password_reset_purpose = "set a new password";
    std::string step_up_purpose = "confirm that it is you";
    std::string deletion_purpose = "DELETE your account";
    ///@}
    /// What the integrator has codes sent for: at most 100, each of another name.
    std::vector<topic> topics;
    /// 60–3300 s after the end of a code's life during which the proof that came of it can be redeemed.
    std::chrono::seconds proof_lifetime{600};
    /// What `{site}` stands for: at most 40 bytes of UTF-8; required with `{site}`.
    std::string site_name;
    /// Host for origin-bound codes (WICG: a last line `@host #code`), without scheme and port; empty: none.
    std::string origin_host;
    /// 11 characters for Android's SMS Retriever, on a line of their own; empty: none.
    std::string android_app_hash;

    // -- messages

    /// 0–600 s between two messages of one transaction.
    std::chrono::seconds resend_cooldown{30};
    /// 1–20 messages, the first one included.
    unsigned max_sends_per_transaction = 5;
    /// 0–600 s between the codes of two transactions of one purpose (registration or login) for one phone. A login ends
    /// the wait for the next login's code. Codes for known networks wait for each other only. Codes after a right
    /// password neither wait nor let others wait.
    std::chrono::seconds phone_cooldown{10};
    /// 1–100 codes of logins to one phone in any hour, over all transactions, for strangers; as many for each
    /// known network; as many after a right password; as many codes of registrations; and as many other messages of clients,
    /// and of the server itself.
    unsigned max_sends_per_phone_and_hour = 10;
    /// 1–1000, likewise, in any 24 hours.
    unsigned max_sends_per_phone_and_day = 30;
    /// 0–100000 codes asked for from one network in any hour, those included that the provider refused to send; and as
    /// many segments of other messages, if they are not sent on behalf of a user. A wrong code counts like one that was
    /// asked for. To phones of users to whom the network is known, and after a right password, a quarter more may be
    /// sent. An IPv6 /48 has four times as many. 0: no limit.
    unsigned max_sends_per_client_and_hour = 50;
    /// 0–100000 segments that one logged-in user (`client_info::user_id`) sends in any hour, a medium counted as three;
    /// they do not count for the user's network. 0: no limit.
    unsigned max_messages_per_user_and_hour = 60;
    /// 0–10000000 messages with codes in any hour over all phones, decoys for unknown phones included; as many segments
    /// of other messages of clients, and of the server itself. Known networks, and logins after a right password, may
    /// ask for a quarter more. After so many wrong passwords that nobody is told about them any more, right ones have as
    /// many codes of their own. An observer is told when four fifths of what can be had at once are spent. 0: no limit.
    unsigned max_sends_per_hour = 1000;
    /// 1–3 digits: where numbers without a country code are dialled (see `phone_number::parse`); empty: those are refused.
    std::string default_calling_code;
    /// Reads what people type as phone numbers, in the place of `phone_number::parse` and its table: for whoever has a
    /// library for it. It returns the number, made with `phone_number::from_e164`, or `error::invalid_phone_number` with a
    /// sentence for the client that does not repeat the text. The same person's number must come out the same however it
    /// is typed, and a number that has come out must be read as itself: users are found by it. It is called on the
    /// flows' threads, several at once; what it throws is `overloaded` (`std::bad_alloc`) or `internal`. Empty:
    /// `phone_number::parse` with `default_calling_code`. It has no name in `read_config`.
    std::function<result<phone_number>(std::string_view text)> normalize_phone;
    /// Calling codes, 1–15 digits each, that messages may go to; "*": all. Empty: that of `default_calling_code`, or
    /// all if that is empty, too. "1" is all of the North American Numbering Plan, the Caribbean included: name area
    /// codes ("1415") or block some. At most 1000.
    std::vector<std::string> allowed_calling_codes;
    /// Beginnings of numbers, 1–15 digits with the calling code, that no message goes to: premium ranges, say. At
    /// most 1000.
    std::vector<std::string> blocked_prefixes;
    /// At most 100. Exempt from the limits on messages and from `phone_cooldown`, not from those on failures;
    /// `send_message` refuses them. Whoever knows one can log in as its user.
    std::vector<test_number> test_numbers;
    /// Says that the `test_numbers` are meant: without it they are refused.
    bool allow_test_numbers = false;

    // -- login

    /// Logins with a phone number, with or without a password before it.
    bool login_enabled = true;
    /// Logins with a phone number and a code alone; false: only those with a password before it.
    bool code_login_enabled = true;
    /// `POST /users/login`: identity and password without a second factor.
    bool identity_login_enabled = false;
    /// What becomes of a login by code alone with a phone that no user has.
    unknown_phone_policy unknown_phone = unknown_phone_policy::conceal;
    /// 50–100 failures per account in any 30 days, and at least ten times `max_tries` (NIST SP 800-63B-3 §5.2.2: at
    /// most 100 in a row).
    /// - Each way in is an account: a user's password, codes that come without a password (of logins and password resets),
    ///   codes that come after it, codes of whoever is logged in, backup codes of whoever has them or the password, codes
    ///   for the integrator's topics and, in any 24 hours, those that prove a phone (registrations, changes of phone).
    /// - Half of them are for strangers, half for known networks together, half of which each of these may have. Four
    ///   fifths may be at once.
    /// - A login ends the failures made from its network. Those of strangers come free again, one after the other.
    ///   Without networks (`client_info`), everybody is a stranger, and a login ends the failures of all.
    /// - A code is sent only if there is room for all its tries, and those of the codes that are open: two or three for
    ///   strangers, one or two for each known network.
    /// - Nobody shuts the door to a right password: when there is no room for a wrong one, `start_two_factor_login`
    ///   answers everybody alike, and sends a code if the password was right.
    /// - Where logins by identity are allowed and the identity is not the phone, a password has two accounts, by phone
    ///   and by identity. Each of them has half of the failures.
    unsigned max_consecutive_failures = 100;
    /// 0–100000 passwords from one network in any hour, over all accounts, right or wrong; a quarter more for accounts of
    /// users to whom the network is known. For one account at most 20 of them. 0: no limit over all accounts.
    unsigned max_passwords_per_client_and_hour = 60;
    /// 60 s – 365 days.
    std::chrono::seconds session_lifetime{30 * 24 * 3600};
    /// 0–86400 s after a login during which its session may change password and identity without the current password,
    /// and the phone at all. 0: that is never asked for.
    std::chrono::seconds fresh_login{600};
    /// 0 or 300 s – 365 days after which a session that is not used is over. 0: it is not.
    std::chrono::seconds session_idle_timeout{0};
    /// 0–1000 sessions of one user; a login beyond it ends the one that was used least recently. 0: no limit.
    unsigned max_sessions_per_user = 0;
    /// 0 or 3600 s – 365 days during which a trusted device spares its user the codes of two-factor logins. 0: no device
    /// can be trusted.
    std::chrono::seconds trusted_device_lifetime{0};

    // -- accounts

    /// How users who have forgotten their password get another one. Where logins need a password and a code,
    /// `password_reset_policy::code` makes the phone alone enough.
    password_reset_policy password_reset = password_reset_policy::disabled;
    ///@{
    /// What a user is told by SMS, at most 320 bytes of UTF-8; empty: nothing. The first goes to the number that they
    /// had before.
    std::string phone_changed_notice =
        "The phone number of your account was changed. If it was not you, contact us at once.";
    std::string password_changed_notice = "Your password was changed. If it was not you, contact us at once.";
    std::string identity_changed_notice =
        "The address with which you log in was changed. If it was not you, contact us at once.";
    std::string password_reset_notice = "Your password was reset. If it was not you, contact us at once.";
    std::string backup_codes_made_notice =
        "New backup codes were made for your account. If it was not you, contact us at once.";
    std::string backup_code_notice =
        "A backup code was used to get into your account. If it was not you, contact us at once.";
    ///@}

    // -- registration

    /// Whether anybody may register.
    bool registration_enabled = true;
    /// Whether a registration needs a password. A user who has none can set one while their session is fresh.
    bool password_required = true;
    /// The phone's property name, on the wire too: a letter or `_`, then letters, digits, `_`; at most 64.
    std::string phone_column = "phoneNumber";
    /// The identity's property name. `phone_column` makes the phone the identity; "email" is checked to be an address.
    std::string identity_column = "email";
    /// 8–64 bytes of UTF-8 (NIST SP 800-63B-3 §5.1.1.2: at least 8). Passwords are hashed byte for byte: an "ü" of one
    /// code point and one of two (NFC, NFD) are different passwords. Clients should send NFC, as
    /// `password.normalize("NFC")` in JavaScript.
    unsigned min_password_length = 8;
    /// 64–1024 bytes.
    unsigned max_password_length = 256;
    /// The names of the further properties that clients may set, 1–64 bytes each, at most 1000. Empty: all that are
    /// neither reserved (`is_reserved_property`) nor protected.
    std::vector<std::string> client_properties;
    /// Names that clients may never set, whichever case they write them in: of roles, credit limits, and whatever else
    /// the server decides by. 1–64 bytes each, at most 1000.
    std::vector<std::string> protected_properties;
    /// 0–1000 further properties of a user.
    unsigned max_properties = 64;
    /// 0–1048576 bytes of JSON over all further properties of a user.
    unsigned max_property_bytes = 16384;
};

/// The topic of this name; nullptr: there is none. Lives as long as `c`.
inline const topic* find_topic(const config& c, std::string_view name) noexcept {
    for (const auto& t : c.topics)
        if (t.name == name) return &t;
    return nullptr;
}

/// The number that somebody typed, as the flows read it: by `config::normalize_phone` if there is one, else by
/// `phone_number::parse`. For whoever looks users up by what is typed.
/// @par Errors
/// `invalid_phone_number`, or what `config::normalize_phone` fails with; `overloaded` or `internal` if that throws.
PHONEAUTH_DECL result<phone_number> read_phone(const config& c, std::string_view text);

/// One thing that is wrong with a configuration.
struct config_problem {
    std::string field;    ///< its name in `config`, for example "code_digits" or "twilio.sender"
    std::string message;  ///< what is wrong and what is expected; never the value of a secret
};

/// All that is wrong with `c`, not only the first; empty when it can be used. `storage_is_shared` asks for `code_keys`:
/// another process on the same storage could not check codes derived with a random key.
PHONEAUTH_DECL std::vector<config_problem> validate(const config& c, bool storage_is_shared = false);

/// Thrown by the authenticator's constructor; `what()` lists every problem, a line each.
class config_error : public std::invalid_argument {
public:
    /// `problems` is what `validate` returned.
    explicit config_error(std::vector<config_problem> problems)
        : std::invalid_argument(text_of(problems)), problems_(std::move(problems)) {}

    /// Everything that is wrong, as `validate` says it.
    const std::vector<config_problem>& problems() const noexcept { return problems_; }

private:
    static std::string text_of(const std::vector<config_problem>& problems) {
        std::string s = "invalid phoneauth configuration:";
        for (const auto& p : problems) s += "\n  " + p.field + ": " + p.message;
        return s;
    }
    std::vector<config_problem> problems_;
};

}  // namespace v0
}  // namespace phoneauth

#ifndef PHONEAUTH_SEPARATE_COMPILATION
#include <phoneauth/config.ipp>
#endif

#endif
