// SPDX-License-Identifier: BSL-1.0
#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_ADDRESS_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_ADDRESS_HPP

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <netdb.h>
#include <sys/socket.h>

#include <phoneauth/detail/ascii.hpp>
#include <phoneauth/detail/happy_eyeballs.hpp>

// What a PostgreSQL URL says, and where the servers are that it names.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

/// The parts of a list of libpq's; one, if it is empty.
inline std::vector<std::string> parts_of(std::string_view list) {
    std::vector<std::string> parts;
    for (;;) {
        const auto end = (std::min)(list.find(','), list.size());
        parts.emplace_back(list.substr(0, end));
        if (end == list.size()) return parts;
        list.remove_prefix(end + 1);
    }
}

/// Where a server may be, in libpq's words.
struct endpoint {
    std::string host;     ///< what certificates and passwords are for; or a folder of Unix sockets
    std::string address;  ///< a numeric one; empty for a Unix socket, and before `host` has been looked up
    std::string port;
};

/// A PostgreSQL URL, checked. https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNSTRING
class server_address {
public:
    /// Throws `std::runtime_error`, without a word of the URL, which may hold a password anywhere if it is mistaken.
    explicit server_address(const std::string& url) {
        const auto scheme = url.find("://");
        const auto name = std::string_view(url).substr(0, (std::min)(scheme, url.size()));
        if (scheme == url.npos || (name != "postgres" && name != "postgresql")) throw wrong();
        // "/", "@" and "?" in a password that is not encoded make a part of it the host or the database.
        const auto path = (std::min)(url.find_first_of("/?", scheme + 3), url.size());
        const auto query = (std::min)(url.find('?', path), url.size());
        const auto at = url.find('@');
        if (url.find('\0') != url.npos || url.substr(path).find('@') < query - path ||
            (at < path && url.substr(at + 1, path - at).find('@') != url.npos))
            throw wrong();
        const parsed_options parsed(PQconninfoParse(url.c_str(), nullptr), PQconninfoFree);
        if (!parsed) throw wrong();
        for (const auto* option = parsed.get(); option->keyword; ++option)
            if (option->val) options_.emplace_back(option->keyword, option->val);
        for (const auto& port : parts_of(value("port")))
            if (port.size() > 5 || !std::all_of(port.begin(), port.end(), is_digit)) throw wrong();
        complete();
    }

    /// Those that the URL names, in the order in which to try them. None: libpq is to find them itself.
    std::vector<endpoint> hosts() const {
        auto all = hosts_;
        if (shuffled_) shuffle(all);
        return all;
    }

    /// All places where `host` is. It may block while a name is looked up. Throws `std::runtime_error`.
    std::vector<endpoint> look_up(const endpoint& host) const {
        if (!host.address.empty() || host.host.empty() || host.host[0] == '/' || host.host[0] == '@') return {host};
        addrinfo hints{};
        hints.ai_socktype = SOCK_STREAM;
        addrinfo* answer = nullptr;
        const int failed = ::getaddrinfo(host.host.c_str(), nullptr, &hints, &answer);
        const std::unique_ptr<addrinfo, void (*)(addrinfo*)> found(answer, ::freeaddrinfo);
        std::vector<std::pair<int, endpoint>> all;
        for (const auto* a = failed ? nullptr : answer; a; a = a->ai_next) {
            char numeric[NI_MAXHOST];
            if (::getnameinfo(a->ai_addr, a->ai_addrlen, numeric, sizeof numeric, nullptr, 0, NI_NUMERICHOST) == 0)
                all.push_back({a->ai_family, {host.host, numeric, host.port}});
        }
        if (all.empty())
            throw std::runtime_error("could not translate host name \"" + host.host +
                                     "\" to address: " + ::gai_strerror(failed ? failed : EAI_NONAME));
        if (shuffled_) shuffle(all);
        std::vector<endpoint> endpoints;
        for (auto& [family, e] : interleave_families(std::move(all), &std::pair<int, endpoint>::first))
            endpoints.push_back(std::move(e));
        return endpoints;
    }

    /// Begins to connect. `where`: one of those looked up; null if libpq is to find the server itself. The result is
    /// null if there is no memory.
    PGconn* connect(const endpoint* where) const {
        std::vector<const char*> keywords;
        std::vector<const char*> values;
        const auto add = [&](const char* keyword, const std::string& value) {
            keywords.push_back(keyword);
            values.push_back(value.c_str());
        };
        for (const auto& [keyword, value] : options_)
            if (!where || (keyword != "host" && keyword != "hostaddr" && keyword != "port"))
                add(keyword.c_str(), value);
        if (where) {
            add("host", where->host);
            add("hostaddr", where->address);
            add("port", where->port);
        }
        keywords.push_back(nullptr);
        values.push_back(nullptr);
        return PQconnectStartParams(keywords.data(), values.data(), 0);
    }

    /// How long one attempt may take, if the URL limits it.
    const std::optional<std::chrono::seconds>& connect_timeout() const noexcept { return connect_timeout_; }

private:
    using parsed_options = std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)>;

    static std::runtime_error wrong() {
        return std::runtime_error("phoneauth: the PostgreSQL URL is not valid; expected "
                                  "postgres://user:password@host:port/database, with each of %:/?#[]@ in user and "
                                  "password written as % and two hexadecimal digits");
    }

    template <class T>
    static void shuffle(std::vector<T>& all) {
        std::random_device source;
        std::shuffle(all.begin(), all.end(), source);
    }

    std::string value(std::string_view keyword) const {
        const auto option =
            std::find_if(options_.begin(), options_.end(), [&](const auto& o) { return o.first == keyword; });
        return option == options_.end() ? std::string() : option->second;
    }

    /// What the URL leaves open libpq takes from its environment.
    std::string value_or_default(std::string_view keyword) const {
        if (auto given = value(keyword); !given.empty()) return given;
        const parsed_options defaults(PQconndefaults(), PQconninfoFree);
        for (const auto* option = defaults.get(); option && option->keyword; ++option)
            if (option->keyword == keyword && option->val) return option->val;
        return {};
    }

    void complete() {
        if (value("service").empty()) find_hosts();
        const bool several = hosts_.size() > 1 || value("host").find(',') != std::string::npos;
        if (several && value_or_default("target_session_attrs") == "any" && value("target_session_attrs").empty())
            options_.emplace_back("target_session_attrs", "read-write");
        options_.emplace_back("client_encoding", "UTF8");
        options_.emplace_back("fallback_application_name", "phoneauth");
        shuffled_ = value_or_default("load_balance_hosts") == "random";
        const auto limit = value_or_default("connect_timeout");
        int seconds = 0;
        const auto* end = limit.data() + limit.size();
        if (const auto read = std::from_chars(limit.data(), end, seconds);
            !limit.empty() && (read.ec != std::errc() || read.ptr != end))
            throw std::runtime_error("phoneauth: connect_timeout of the PostgreSQL URL is no number of seconds");
        if (seconds > 0) connect_timeout_ = std::chrono::seconds(seconds);
    }

    /// Each host of the lists by itself, as libpq reads them (connectOptions2 in fe-connect.c). Lists that do not fit
    /// together are left to libpq, which says so; and `prefer-standby`, which knows all hosts.
    void find_hosts() {
        const auto names = value_or_default("host"), addresses = value_or_default("hostaddr");
        if (value_or_default("target_session_attrs") == "prefer-standby") return;
        const auto name = parts_of(names), address = parts_of(addresses), port = parts_of(value_or_default("port"));
        const auto count = addresses.empty() ? name.size() : address.size();
        if ((!names.empty() && name.size() != count) || (port.size() != 1 && port.size() != count)) return;
        for (std::size_t i = 0; i < count; ++i) {
            const auto& own_port = port.size() == 1 ? port[0] : port[i];
            hosts_.push_back({names.empty() ? "" : name[i], addresses.empty() ? "" : address[i],
                              own_port.empty() ? "5432" : own_port});
        }
    }

    std::vector<std::pair<std::string, std::string>> options_;
    std::vector<endpoint> hosts_;
    std::optional<std::chrono::seconds> connect_timeout_;
    bool shuffled_ = false;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif
