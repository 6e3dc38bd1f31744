// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_FWD_HPP
#define PHONEAUTH_FWD_HPP

// Forward declarations, for headers that only name the library's types.

namespace phoneauth {
inline namespace v0 {

enum class error;
struct failure;
template <class T>
class result;

class phone_number;
struct config;
struct user;
struct transaction;
struct session;
struct counter;
struct counter_change;
struct registration;
struct started;
struct logged_in;
struct message;
struct sent_message;
struct configuration_report;
struct http_request;
struct http_response;
class memory_storage;

}  // namespace v0
}  // namespace phoneauth

#endif
