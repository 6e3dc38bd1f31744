// SPDX-License-Identifier: BSL-1.0
// The ports of the example server, and what clients of each may cost.
#ifndef PHONEAUTH_EXAMPLES_SERVER_LISTENING_HPP
#define PHONEAUTH_EXAMPLES_SERVER_LISTENING_HPP

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <asio/any_io_executor.hpp>
#include <asio/awaitable.hpp>
#include <asio/ip/tcp.hpp>

#include <phoneauth/asio/http_server.hpp>

#include "metrics.hpp"
#include "options.hpp"

namespace server {

/// Prints a line at once, for whoever reads along. Lines of several threads do not mix. What a stranger put into it
/// cannot move the cursor or fake another line: control characters (ISO/IEC 6429, C0 and C1) are shown as numbers.
void print(std::string_view line);

std::string url_of(const ::asio::ip::tcp::endpoint& e);

/// Where a server that listens on `e` can be reached from this machine.
::asio::ip::tcp::endpoint reachable(::asio::ip::tcp::endpoint e);

/// Listens on `where`, or says in its error where it cannot.
void listen(std::optional<phoneauth::http_server>& server, const ::asio::any_io_executor& executor,
            const ::asio::ip::tcp::endpoint& where, phoneauth::http_server::handler answer,
            phoneauth::http_server_options limits);

/// Listens for clients, whose replies it counts, and returns where.
::asio::ip::tcp::endpoint listen_for_clients(std::optional<phoneauth::http_server>& server,
                                             const ::asio::any_io_executor& executor, const options& o,
                                             reply_counters& replies, phoneauth::http_server::handler answer);

/// What there is to watch, in Prometheus's text format.
using metrics_source = std::function<::asio::awaitable<std::string>()>;

/// Serves it, on a port of its own.
void start_metrics(std::optional<phoneauth::http_server>& metrics, const ::asio::any_io_executor& executor,
                   const options& o, metrics_source text);

/// Serves operators, on a port of their own.
void start_operators(std::optional<phoneauth::http_server>& operators, const ::asio::any_io_executor& executor,
                     const options& o, phoneauth::http_server::handler answer);

}  // namespace server

#endif
