// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FWD_HPP
#define PHONEAUTH_FWD_HPP

// Names of the types that an application's own headers mention, declared and not defined; it includes nothing but
// version.hpp. What is complete only in its own header may be held by reference or pointer until then.

#include <phoneauth/version.hpp>

/// The library: the flows, what they take and return, and what comes with it to be handed to them.
namespace phoneauth {
/// Its binary interface; inline, so that nobody writes it.
inline namespace v0 {

// The flows.
template <class S, class T, class... Options>
class authenticator;

// What the flows take and return.
template <class T>
class result;
struct failure;
enum class error;
struct config;
struct client_info;
struct registration;
struct text_message;
struct challenge;
struct login_result;
struct event;
class transaction_id;
class submitted_code;
class password;
class session_token;

// What storages keep.
class phone_number;
struct user;
struct transaction;
struct session;
struct cell_request;
class cell_batch;
struct cell_answer;

// What comes with the library, to be handed to an authenticator.
class memory_storage;
class sqlite_storage;
class postgres_storage;
class redis_storage;
class async_postgres_storage;
class async_redis_storage;
struct system_clock;
struct no_hooks;
class console_transport;
class blocking_transport;
class https_transport;

// HTTP, in and out.
struct http_request;
struct http_response;
class http_server;
/// The flows as REST endpoints.
namespace rest {
template <class Authenticator>
class api;
struct options;
struct reply;
}  // namespace rest

// What goes with them.
class worker_pool;
class event_counters;
/// Requests to Twilio and what its replies mean.
namespace twilio {}
/// For tests: policies that a test steers, a fake Twilio, and a suite for storages.
namespace testing {}

}  // namespace v0
}  // namespace phoneauth

#endif
