// SPDX-License-Identifier: BSL-1.0
// cpp-httplib: blocking, so a thread for each message in flight.

#define CPPHTTPLIB_OPENSSL_SUPPORT
#define CPPHTTPLIB_ZLIB_SUPPORT
#define CPPHTTPLIB_BROTLI_SUPPORT
#include <httplib.h>

#include <latch>
#include <thread>
#include <vector>

#include "client.hpp"

namespace bench {

void send_with_httplib(const load& l, tally& t) {
    httplib::Headers headers;
    for (const auto& [name, value] : l.headers)
        if (name != "Content-Type") headers.emplace(name, value);
    std::latch connected(l.in_flight);  // else some threads would make their connection when the others are measured
    const auto work = [&] {
        httplib::Client client(l.origin());
        client.set_keep_alive(true);
        client.set_tcp_nodelay(true);
        client.set_connection_timeout(time_limit);
        client.set_read_timeout(time_limit);
        client.set_write_timeout(time_limit);
        client.set_address_family(AF_INET);
        if (l.tls) client.set_ca_cert_path(l.ca_file.c_str());
        for (bool first = true; t.begin(); first = false) {
            const auto begun = tally::clock::now();
            const auto reply = client.Post(l.path.c_str(), headers, l.form, "application/x-www-form-urlencoded");
            t.end(begun, reply ? static_cast<unsigned>(reply->status) : 0, reply ? reply->body.size() : 0);
            if (first) connected.arrive_and_wait();
        }
    };
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < l.in_flight; ++i) threads.emplace_back(work);
    for (auto& each : threads) each.join();
}

}  // namespace bench
