// SPDX-License-Identifier: BSL-1.0
// What fwd.hpp declares is what the other headers define: neither another kind of thing nor a name that is gone.
#include <phoneauth/fwd.hpp>

namespace {

// All that such declarations are for: a header that has no need of the definitions.
template <class S, class T, class... Options>
phoneauth::result<phoneauth::user> greet(phoneauth::authenticator<S, T, Options...>& auth, const phoneauth::user& who);

}  // namespace

#include "all_headers.hpp"

namespace {

template <class... T>
constexpr bool complete = ((sizeof(T) > 0) && ...);

template <class S, class T, class... Options>
phoneauth::result<phoneauth::user> greet(phoneauth::authenticator<S, T, Options...>&, const phoneauth::user& who) {
    return who;
}

using namespace phoneauth;
using default_authenticator = decltype(authenticator(config(), std::declval<memory_storage&>(),  //
                                                     std::declval<blocking_transport&>()));

static_assert(
    complete<default_authenticator, result<user>, failure, error, config, client_info, registration, text_message,
             challenge, login_result, event, transaction_id, submitted_code, password, session_token>);
static_assert(complete<phone_number, user, transaction, session, cell_request, cell_batch, cell_answer>);
static_assert(complete<memory_storage, system_clock, no_hooks, console_transport, blocking_transport, https_transport>);
#ifdef PHONEAUTH_WITH_SQLITE
static_assert(complete<sqlite_storage>);
#endif
#ifdef PHONEAUTH_WITH_POSTGRES
static_assert(complete<postgres_storage, async_postgres_storage>);
#endif
#ifdef PHONEAUTH_WITH_REDIS
static_assert(complete<redis_storage, async_redis_storage>);
#endif
static_assert(complete<http_request, http_response, http_server, rest::api<default_authenticator>, rest::options,
                       rest::reply, worker_pool, event_counters>);

// A declaration that fits: `greet` as it is defined is `greet` as it was declared.
[[maybe_unused]] const auto fits = [](default_authenticator& auth, const user& who) { return greet(auth, who); };

}  // namespace
