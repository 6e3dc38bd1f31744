// SPDX-License-Identifier: BSL-1.0
// Where operators help people with their accounts: a page and its routes, on a port of their own.
#ifndef PHONEAUTH_EXAMPLES_SERVER_OPERATOR_DESK_HPP
#define PHONEAUTH_EXAMPLES_SERVER_OPERATOR_DESK_HPP

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <asio/awaitable.hpp>

#include <phoneauth/config.hpp>
#include <phoneauth/http.hpp>
#include <phoneauth/result.hpp>
#include <phoneauth/session.hpp>
#include <phoneauth/user.hpp>

#include "operator.hpp"
#include "operator_gate.hpp"

namespace server {

/// What an authenticator does for operators, so that the routes are compiled without it. `by` is the operator's name.
struct operator_actions {
    template <class T>
    using later = ::asio::awaitable<phoneauth::result<T>>;
    using text = std::string;

    std::function<later<phoneauth::user>(text phone_identity_or_id)> find;
    std::function<later<std::vector<phoneauth::session_info>>(text user_id)> sessions_of;
    std::function<later<phoneauth::user>(text user_id, text by)> disable, enable;
    std::function<later<phoneauth::user>(text user_id, text phone, text by)> set_phone;
    std::function<later<void>(text user_id, text by)> end_sessions, erase;
    std::function<later<void>(text phone, text by)> unlock;
};

/// Those of `a`, which must outlive them.
template <class Authenticator>
operator_actions actions_of(Authenticator& a) {
    using std::move;
    using text = std::string;
    operator_actions all;
    all.find = [&a](text who) { return a.find_account(move(who)); };
    all.sessions_of = [&a](text id) { return a.sessions_of(move(id)); };
    all.disable = [&a](text id, text by) { return a.disable_user(move(id), move(by)); };
    all.enable = [&a](text id, text by) { return a.enable_user(move(id), move(by)); };
    all.set_phone = [&a](text id, text phone, text by) { return a.set_phone(move(id), move(phone), move(by)); };
    all.end_sessions = [&a](text id, text by) { return a.end_sessions(move(id), move(by)); };
    all.erase = [&a](text id, text by) { return a.delete_user(move(id), move(by)); };
    all.unlock = [&a](text phone, text by) { return a.unlock(move(phone), move(by)); };
    return all;
}

/// The page at `/`, and what it asks for. All but the page is for those whom the gate lets in.
///
///     GET  /operator/test-configuration         see `operator_route`
///     POST /operator/find          who          → {"id", "phone", "identity", "lastLogin", "hasPassword", "user", "sessions"}
///     POST /operator/disable       id, by       → {}
///     POST /operator/enable        id, by       → {}
///     POST /operator/unlock        phone, by    → {}
///     POST /operator/end-sessions  id, by       → {}
///     POST /operator/set-phone     id, phone, by             → {}
///     POST /operator/delete        id, phone (the user's, to be sure that it is they), by  → {}
///
/// `who` is a phone, an identity or an id; `id` is the user's; `by` is the operator's name, for the events. A body is a
/// JSON object of texts. Even finding is a POST: whom it looks for is nothing for logs of URLs. Pages of other origins
/// can do nothing here. Thread-safe.
class operator_desk {
public:
    /// `gate` and `test` must outlive the desk.
    operator_desk(operator_gate& gate, operator_route& test, operator_actions actions, phoneauth::config c);

    /// `address` is the client's.
    ::asio::awaitable<phoneauth::http_response> answer(phoneauth::http_request request, std::string address);

private:
    operator_gate& gate_;
    operator_route& test_;
    const operator_actions actions_;
    const phoneauth::config config_;
    const phoneauth::http_response page_;
};

}  // namespace server

#endif
