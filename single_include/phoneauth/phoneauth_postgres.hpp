// SPDX-License-Identifier: BSL-1.0
// Generated from include/ by tests/scripts/amalgamate.py; do not edit.
#ifndef PHONEAUTH_SINGLE_INCLUDE_POSTGRES_HPP
#define PHONEAUTH_SINGLE_INCLUDE_POSTGRES_HPP

#include <phoneauth/phoneauth.hpp>

// ---- phoneauth/storage/detail/postgres_address.hpp ----

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

// ---- phoneauth/storage/detail/postgres_connecting.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTING_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTING_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>


// Opening a connection to whichever server of a URL lets us in. libpq by itself tries one address after the other, and
// waits for one that does not answer until the time is up.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

using steady_time = std::chrono::steady_clock::time_point;

struct connection_closer {
    void operator()(PGconn* c) const noexcept { PQfinish(c); }
};
using connection_ptr = std::unique_ptr<PGconn, connection_closer>;

/// libpq's own sentence on one line. It names host, port, database and user, never the password.
inline std::string libpq_message(const PGconn* c) {
    std::string text = PQerrorMessage(c);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    std::replace_if(
        text.begin(), text.end(), [](char each) { return each == '\n' || each == '\t'; }, ' ');
    return text;
}

/// For a login, a server that has accepted our connection has one part in so many of the time that is left, before the
/// next address is tried beside it. A login takes five to seven round trips with TLS and SCRAM: were it given just
/// `connection_attempt_delay`, a server far away would lose to the one behind it in the list, and each new connection
/// would log in to both. But a server may hang, too: however many of them do, there is time left for the next.
inline constexpr int login_head_start = 4;

/// Attempts to connect, one for each address of each host: in their order, and each when those before it have had their
/// time, or have failed (RFC 8305 §5, which is about the network's connection: see also `login_head_start`).
class connecting {
public:
    connecting(const server_address& server, steady_time deadline) : server_(server), deadline_(deadline) {
        for (auto& host : server_.hosts()) hosts_.push_back(std::move(host));
        libpq_finds_it_ = hosts_.empty();
    }

    /// The first connection that stands; the others are closed. Throws `std::runtime_error` if there is none before the
    /// deadline. Names are looked up when it is their hosts' turn.
    connection_ptr first() {
        for (;;) {
            while (is_more() && now() >= next()) {
                if (now() >= deadline_) throw too_late();
                start_next();
            }
            if (attempts_.empty()) throw all_failed();
            const auto ready = wait();
            for (std::size_t i = 0; i < ready.size(); ++i)
                if (ready[i] && advance(attempts_[i])) return std::move(attempts_[i].connection);
            if (now() >= deadline_) throw too_late();
            give_up_some();
        }
    }

private:
    struct attempt {
        connection_ptr connection;
        steady_time until;
        steady_time alone_until;  // no other is begun before
        bool in_reach = false;    // the network's connection stands
        PostgresPollingStatusType wants = PGRES_POLLING_WRITING;
    };

    static steady_time now() { return std::chrono::steady_clock::now(); }

    bool is_more() const { return libpq_finds_it_ || !hosts_.empty() || !endpoints_.empty(); }

    /// When the next attempt begins.
    steady_time next() const {
        steady_time at{};
        for (const auto& a : attempts_) at = (std::max)(at, a.alone_until);
        return at;
    }

    void start_next() {
        if (std::exchange(libpq_finds_it_, false)) return start(nullptr);
        if (endpoints_.empty()) {
            const auto host = std::move(hosts_.front());
            hosts_.pop_front();
            try {
                for (auto& e : server_.look_up(host)) endpoints_.push_back(std::move(e));
            } catch (const std::runtime_error& e) {
                failures_ += std::string(e.what()) + "; ";
                return;
            }
        }
        const auto where = std::move(endpoints_.front());
        endpoints_.pop_front();
        start(&where);
    }

    void start(const endpoint* where) {
        connection_ptr c(server_.connect(where));
        if (!c) throw std::bad_alloc();
        if (PQstatus(c.get()) == CONNECTION_BAD) return failed(c.get());
        const auto begun = now();
        const auto limit = server_.connect_timeout();
        attempts_.push_back({std::move(c), limit ? (std::min)(begun + *limit, deadline_) : deadline_,
                             begun + connection_attempt_delay});
    }

    /// Whose sockets are ready, at the latest when there is something else to do.
    std::vector<bool> wait() {
        auto until = is_more() ? next() : deadline_;
        std::vector<pollfd> sockets;
        for (const auto& a : attempts_) {
            until = (std::min)(until, a.until);
            sockets.push_back({PQsocket(a.connection.get()),
                               static_cast<short>(a.wants == PGRES_POLLING_READING ? POLLIN : POLLOUT), 0});
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now()).count();
        const auto time = static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
        const bool any = ::poll(sockets.data(), static_cast<nfds_t>(sockets.size()), time) > 0;
        std::vector<bool> ready;
        for (const auto& s : sockets) ready.push_back(any && s.revents != 0);
        return ready;
    }

    /// Whether we are logged in.
    bool advance(attempt& a) {
        a.wants = PQconnectPoll(a.connection.get());
        if (a.wants == PGRES_POLLING_FAILED) failed(a.connection.get());
        // The first thing that a socket is ready for is the end of connect().
        if (a.wants != PGRES_POLLING_FAILED && !std::exchange(a.in_reach, true))
            a.alone_until = (std::max)(a.alone_until, now() + (deadline_ - now()) / login_head_start);
        return a.wants == PGRES_POLLING_OK;
    }

    void failed(const PGconn* c) { failures_ += libpq_message(c) + "; "; }

    /// Forgets the attempts that have failed, or have taken too long.
    void give_up_some() {
        for (auto& a : attempts_) {
            if (a.wants == PGRES_POLLING_FAILED || now() < a.until) continue;
            a.wants = PGRES_POLLING_FAILED;
            failures_ += silence_of(a) + " within connect_timeout; ";
        }
        std::erase_if(attempts_, [](const attempt& a) { return a.wants == PGRES_POLLING_FAILED; });
    }

    static std::string silence_of(const attempt& a) {
        const auto* const c = a.connection.get();
        const auto part = [](const char* text) { return std::string(text ? text : ""); };
        const auto host = part(PQhost(c)), address = part(PQhostaddr(c));
        return (a.in_reach ? "no answer from server at \"" : "no connection to server at \"") + host + '"' +
               (address.empty() || address == host ? "" : " (" + address + ")") + ", port " + part(PQport(c));
    }

    std::runtime_error all_failed() const {
        return std::runtime_error("phoneauth: cannot connect to PostgreSQL: " + failures_ +
                                  "check the URL and whether the server runs");
    }

    std::runtime_error too_late() const {
        auto details = failures_;
        for (const auto& a : attempts_)
            if (a.wants != PGRES_POLLING_FAILED) details += silence_of(a) + "; ";
        return std::runtime_error("phoneauth: no connection to PostgreSQL within the time limit: " + details +
                                  "check the URL and whether the server runs");
    }

    const server_address& server_;
    const steady_time deadline_;
    std::deque<endpoint> hosts_;      // whose turn is still to come
    std::deque<endpoint> endpoints_;  // of the host whose turn it is
    std::vector<attempt> attempts_;   // that are under way, in the order of their beginning
    bool libpq_finds_it_ = false;
    std::string failures_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/postgres_connection.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTION_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_CONNECTION_HPP

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>


// ---- phoneauth/storage/detail/postgres_parameters.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_PARAMETERS_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_PARAMETERS_HPP

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>


namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

/// An SQL statement with a name, under which each connection knows it that has a session of its own.
struct statement {
    const char* name;
    std::string types;  ///< of the parameters, for PREPARE: separated by ", "
    std::string sql;
    bool reads = false;  ///< changes nothing, so that it may be run a second time

    /// `types` as the protocol names them (src/include/catalog/pg_type.dat).
    std::vector<unsigned> type_numbers() const {
        std::vector<unsigned> numbers;
        for (std::string_view left = types; !left.empty();) {
            const auto type = left.substr(0, left.find(", "));
            left.remove_prefix((std::min)(type.size() + 2, left.size()));
            numbers.push_back(type == "text"       ? 25
                              : type == "text[]"   ? 1009
                              : type == "bigint"   ? 20
                              : type == "bigint[]" ? 1016
                                                   : 16);  // boolean
        }
        return numbers;
    }
};

/// The parameters of a statement in PostgreSQL's binary form, in which a text may hold any character: the text form
/// would end at a NUL, where the binary one is refused by the server.
class parameters {
public:
    /// src/include/catalog/pg_type.dat
    static constexpr std::uint32_t bigint_type = 20, text_type = 25;

    template <class... Ts>
    explicit parameters(const Ts&... all) {
        values_.reserve(sizeof...(all));
        (add(all), ...);
    }

    /// All fields of a record, in their order.
    template <class Record>
    static parameters of(const Record& record) {
        parameters all;
        for_each_field<Record>([&](const field&, auto member) { all.add(record.*member); });
        return all;
    }

    int size() const noexcept { return static_cast<int>(values_.size()); }
    const std::optional<std::string>& operator[](std::size_t i) const { return values_[i]; }

    /// An array (src/backend/utils/adt/arrayfuncs.c, array_recv): dimensions, whether there are nulls, the type of the
    /// elements, their number and the first one's index, then the elements with their sizes.
    template <class Range, class Get>
    static std::string array(const Range& range, std::uint32_t type, Get get) {
        std::string bytes = big_endian(1u) + big_endian(0u) + big_endian(type) +
                            big_endian(static_cast<std::uint32_t>(range.size())) + big_endian(1u);
        for (const auto& element : range) {
            const auto& value = get(element);
            (bytes += big_endian(static_cast<std::uint32_t>(value.size()))) += value;
        }
        return bytes;
    }

    template <class UInt>
    static std::string big_endian(UInt n) {
        std::string bytes(sizeof(n), '\0');
        for (auto at = bytes.rbegin(); at != bytes.rend(); ++at, n = static_cast<UInt>(n >> 8))
            *at = static_cast<char>(n & 0xff);
        return bytes;
    }

    static std::string bigint(std::int64_t n) { return big_endian(static_cast<std::uint64_t>(n)); }

private:
    void add(std::string_view bytes) { values_.emplace_back(bytes); }
    void add(const std::string& bytes) { add(std::string_view(bytes)); }
    void add(const phone_number& phone) { values_.emplace_back(phone.str()); }
    void add(bool b) { values_.emplace_back(std::string(1, b ? '\1' : '\0')); }
    void add(time_point t) { add(t.time_since_epoch().count()); }
    void add(const std::optional<time_point>& t) {
        if (t)
            add(*t);
        else
            values_.emplace_back();
    }
    void add(const property_map& properties) {
        std::vector<const std::string*> texts;
        for (const auto& [name, json] : properties) texts.insert(texts.end(), {&name, &json});
        values_.emplace_back(array(texts, text_type, [](const auto* t) -> const std::string& { return *t; }));
    }
    template <class T>
    requires std::integral<T> || std::is_enum_v<T>
    void add(T n) { values_.emplace_back(bigint(static_cast<std::int64_t>(n))); }

    std::vector<std::optional<std::string>> values_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// One connection to PostgreSQL: opened and used within a time limit, never trusted to answer.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

struct result_deleter {
    void operator()(PGresult* r) const noexcept { PQclear(r); }
};
using result_ptr = std::unique_ptr<PGresult, result_deleter>;

/// What to do after the server's answer to a statement.
enum class verdict {
    done,       ///< it was carried out
    again,      ///< nothing was done because of somebody else at the same time: run it once more
    reconnect,  ///< nothing was done because this connection is not fit for it: run it once more on another
    refused,    ///< nothing was done
    lost        ///< the connection ends, and nobody knows what was done
};

/// https://www.postgresql.org/docs/15/errcodes-appendix.html
inline verdict judge(const PGresult* r) {
    const auto status = PQresultStatus(r);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return verdict::done;
    const auto* field = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    if (!field) return verdict::lost;  // libpq's own error
    const std::string_view state = field;
    // A serialization failure, a deadlock, and a unique index in which a rival was faster: now that the rival's row is
    // there, the statement finds it.
    if (state == "40001" || state == "40P01" || state == "23505") return verdict::again;
    // The server has become read-only (a failover), does not know the prepared statement, or cannot use it any more.
    if (state == "25006" || state == "26000" || state == "0A000") return verdict::reconnect;
    if (state.starts_with("57P") || state.starts_with("08")) return verdict::lost;
    return verdict::refused;
}

/// The server's sentence. Not its detail, which may hold phone numbers.
inline std::string message_of(const PGresult* r) {
    const auto field = [&](int code) {
        const auto* text = PQresultErrorField(r, code);
        return std::string(text ? text : "");
    };
    const auto state = field(PG_DIAG_SQLSTATE);
    if (state.empty()) return "phoneauth: the connection to PostgreSQL was lost";
    if (state == "57014") return "phoneauth: PostgreSQL took too long and the statement was stopped (SQLSTATE 57014)";
    return "phoneauth: PostgreSQL refused: " + field(PG_DIAG_MESSAGE_PRIMARY) + " (SQLSTATE " + state + ")";
}

/// An open connection. One thread at a time may use it.
class connection {
public:
    /// Opens one. Throws `std::runtime_error` with what the server or libpq says.
    connection(const server_address& server, steady_time deadline) : connection_(connecting(server, deadline).first()) {
        PQsetNoticeProcessor(
            get(), [](void*, const char*) {}, nullptr);  // it would print to standard error
        if (PQsetnonblocking(get(), 1) != 0) throw lost();
    }

    PGconn* get() const noexcept { return connection_.get(); }

    /// Whether the server has ended the idle connection, as far as this machine knows.
    bool is_dead() {
        pollfd socket{PQsocket(get()), POLLIN, 0};
        if (::poll(&socket, 1, 0) == 1 && !PQconsumeInput(get())) return true;
        // A server that shuts down says so before it ends the connection.
        return PQstatus(get()) != CONNECTION_OK || ::poll(&socket, 1, 0) != 0;
    }

    /// Runs statements that have no parameters, one after the other as one transaction, and returns the last result.
    /// Throws if one fails.
    result_ptr run(const std::string& sql, steady_time deadline) {
        if (!PQsendQuery(get(), sql.c_str())) throw lost();
        auto last = finish(deadline);
        if (judge(last.get()) != verdict::done) throw std::runtime_error(message_of(last.get()));
        return last;
    }

    /// Runs a statement and returns what the server says to it. Throws if it says nothing.
    result_ptr run(const statement& s, const parameters& p, steady_time deadline) {
        if (!send(s, p)) throw lost();
        return finish(deadline);
    }

    /// Whether this has a session of the server for itself. If not, a pooler stands between, and may give each
    /// transaction another session, which others use before and after. It cannot know which process of the server that
    /// will be, so it makes up the number that a real server says when a connection begins.
    bool has_own_session(const std::string& process_id) const {
        return process_id == std::to_string(PQbackendPID(get()));
    }

    /// For a session that is shared: `settings`, a query, is run in the transaction of each statement, in front of it and
    /// on the same trip.
    void settings_for_each(std::string settings) { settings_ = std::move(settings); }
    bool shares_session() const noexcept { return !settings_.empty(); }

    /// From now on there are only statements with parameters, and nothing is asked of the session.
    void begin_sharing() {
#if defined(LIBPQ_HAS_PIPELINING)
        if (PQenterPipelineMode(get()) != 1) throw lost();
#else
        throw std::runtime_error("phoneauth: libpq 14 or later is needed to reach PostgreSQL through a pooler");
#endif
    }

    /// Hands a statement to libpq.
    bool send(const statement& s, const parameters& p) {
        values_.clear();
        sizes_.clear();
        for (std::size_t i = 0; i < static_cast<std::size_t>(p.size()); ++i) {
            values_.push_back(p[i] ? p[i]->data() : nullptr);
            sizes_.push_back(p[i] ? static_cast<int>(p[i]->size()) : 0);
        }
        const std::vector<int> binary(values_.size(), 1);
        if (!shares_session())
            return PQsendQueryPrepared(get(), s.name, p.size(), values_.data(), sizes_.data(), binary.data(), 1) == 1;
        const auto types = s.type_numbers();
        return PQsendQueryParams(get(), settings_.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 1) == 1 &&
               PQsendQueryParams(get(), s.sql.c_str(), p.size(), types.data(), values_.data(), sizes_.data(),
                                 binary.data(), 1) == 1;
    }

    static std::runtime_error lost() {
        return std::runtime_error(
            "phoneauth: the connection to PostgreSQL was lost; whether a change was made is not known");
    }
    static std::runtime_error too_slow() {
        return std::runtime_error(
            "phoneauth: no answer from PostgreSQL within the time limit; whether a change was made is not known");
    }

private:
    /// The last result, or the first failure. The server commits only after it has said what a statement did, so a
    /// result counts once all of them are there.
    result_ptr finish(steady_time deadline) {
#if defined(LIBPQ_HAS_PIPELINING)
        const bool pipelined = PQpipelineStatus(get()) != PQ_PIPELINE_OFF;
        if (pipelined && PQpipelineSync(get()) != 1) throw lost();
#else
        const bool pipelined = false;
#endif
        result_ptr last;
        for (;;) {
            while (PQisBusy(get())) {
                const int unsent = PQflush(get());
                if (unsent < 0) throw lost();
                if (!wait(static_cast<short>(unsent ? POLLIN | POLLOUT : POLLIN), deadline)) throw too_slow();
                if (!PQconsumeInput(get())) break;  // what came before the end may say why
            }
            result_ptr next(PQgetResult(get()));
            if (pipelined && PQstatus(get()) != CONNECTION_OK) throw lost();
            if (!next && pipelined) continue;  // the end of one statement's results
            if (!next || is_sync(next.get())) break;
            if (!last || judge(last.get()) == verdict::done) last = std::move(next);
        }
        if (!last) throw lost();
        return last;
    }

    static bool is_sync([[maybe_unused]] const PGresult* r) {
#if defined(LIBPQ_HAS_PIPELINING)
        return PQresultStatus(r) == PGRES_PIPELINE_SYNC;
#else
        return false;
#endif
    }

    /// Whether the socket is ready before the deadline.
    bool wait(short events, steady_time deadline) {
        pollfd socket{PQsocket(get()), events, 0};
        for (;;) {
            const auto left =
                std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
            if (left <= 0) return false;
            if (::poll(&socket, 1, static_cast<int>(std::min<std::int64_t>(left, 60'000))) > 0) return true;
        }
    }

    connection_ptr connection_;
    std::string settings_;  // for each transaction; empty if they are the session's
    std::vector<const char*> values_;
    std::vector<int> sizes_;
};

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/postgres_queries.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_QUERIES_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_QUERIES_HPP

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>


// ---- phoneauth/storage/detail/postgres_statements.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_STATEMENTS_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_STATEMENTS_HPP

#include <array>
#include <chrono>
#include <concepts>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>


// Each function of the Storage concept as one SQL statement, which is one transaction and one round trip.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

/// The types of a record's fields as parameters.
template <class Record>
std::string field_types() {
    std::string all;
    for_each_field<Record>([&](const field&, auto member) {
        using type = std::remove_cvref_t<decltype(std::declval<Record&>().*member)>;
        constexpr bool text = std::same_as<type, std::string> || std::same_as<type, phone_number>;
        (all += all.empty() ? "" : ", ") += text                               ? "text"
                                            : std::same_as<type, property_map> ? "text[]"
                                            : std::same_as<type, bool>         ? "boolean"
                                                                               : "bigint";
    });
    return all;
}

// ---- Statements ----

// Each insertion also removes up to two expired rows of its table for each row of its own: more than it adds, so that
// they cannot pile up. Rows that another caller is busy with are skipped, so nobody waits and no two callers wait for
// each other.

inline const statement insert_transaction_sql{
    "phoneauth_insert_transaction", field_types<transaction>(),
    with_places<transaction>(R"(
WITH swept AS (
    DELETE FROM phoneauth_transactions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_transactions
        WHERE expires_at <= :created_at - )" +
                                 std::to_string(std::chrono::milliseconds(transaction_retention).count()) +
                                 R"(
        ORDER BY expires_at LIMIT 2 FOR UPDATE SKIP LOCKED)))
INSERT INTO phoneauth_transactions ()" +
                                 field_columns<transaction>() + ") VALUES (" + field_places<transaction>('$') +
                                 ") ON CONFLICT DO NOTHING",
                             '$')};

inline const statement find_transaction_sql{
    "phoneauth_find_transaction", "text",
    "SELECT " + field_columns<transaction>() + " FROM phoneauth_transactions WHERE id = $1", true};

inline const statement update_transaction_sql{
    "phoneauth_update_transaction", field_types<transaction>(),
    with_places<transaction>("UPDATE phoneauth_transactions SET " +
                                 field_assignments<transaction>('$', ":version + 1") +
                                 " WHERE id = :id AND version = :version",
                             '$')};

// The two writes of a user say themselves why they were refused, because an error of a unique index would write phone
// numbers to the server's log. Only a rival whose row is not visible yet is left to the index.

inline const statement insert_user_sql{"phoneauth_insert_user", field_types<user>(),
                                       with_places<user>(R"(
WITH inserted AS (
    INSERT INTO phoneauth_users ()" + field_columns<user>() + R"()
    VALUES ()" + field_places<user>('$') + R"() ON CONFLICT DO NOTHING RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM inserted) THEN 'done'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE phone = :phone) THEN 'phone taken'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE identity = :identity) THEN 'identity taken'
    WHEN EXISTS (SELECT FROM phoneauth_users WHERE object_id = :object_id) THEN 'id taken' END)",
                                                         '$')};

inline const statement update_user_sql{"phoneauth_update_user", field_types<user>(),
                                       with_places<user>(R"(
WITH stored AS (
    SELECT FROM phoneauth_users WHERE object_id = :object_id AND version = :version),
same_phone AS (
    SELECT FROM phoneauth_users WHERE phone = :phone AND object_id <> :object_id),
same_identity AS (
    SELECT FROM phoneauth_users WHERE identity = :identity AND object_id <> :object_id),
updated AS (
    UPDATE phoneauth_users SET )" + field_assignments<user>('$', ":version + 1") +
                                                             R"(
    WHERE object_id = :object_id AND version = :version
        AND NOT EXISTS (SELECT FROM same_phone) AND NOT EXISTS (SELECT FROM same_identity) RETURNING 1)
SELECT CASE WHEN EXISTS (SELECT FROM updated) THEN 'done'
    WHEN NOT EXISTS (SELECT FROM stored) THEN 'stale'
    WHEN EXISTS (SELECT FROM same_phone) THEN 'phone taken'
    WHEN EXISTS (SELECT FROM same_identity) THEN 'identity taken'
    ELSE 'stale' END)",
                                                         '$')};

inline const statement erase_user_sql{"phoneauth_erase_user", "text",
                                      "DELETE FROM phoneauth_users WHERE object_id = $1"};

inline statement find_user_by(const char* name, const std::string& column) {
    return {name, "text", "SELECT " + field_columns<user>() + " FROM phoneauth_users WHERE " + column + " = $1", true};
}
inline const statement find_user_sql = find_user_by("phoneauth_find_user", "object_id");
inline const statement find_user_by_phone_sql = find_user_by("phoneauth_find_user_by_phone", "phone");
inline const statement find_user_by_identity_sql = find_user_by("phoneauth_find_user_by_identity", "identity");

inline const statement insert_session_sql{"phoneauth_insert_session", field_types<session>(),
                                          with_places<session>(R"(
WITH swept AS (
    DELETE FROM phoneauth_sessions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_sessions WHERE expires_at <= :created_at
        ORDER BY expires_at LIMIT 2 FOR UPDATE SKIP LOCKED)))
INSERT INTO phoneauth_sessions ()" + field_columns<session>() + ") VALUES (" +
                                                                   field_places<session>('$') +
                                                                   ") ON CONFLICT DO NOTHING",
                                                               '$')};

inline const statement find_session_sql{
    "phoneauth_find_session", "text",
    "SELECT " + field_columns<session>() + " FROM phoneauth_sessions WHERE token_hash = $1", true};

inline const statement find_sessions_of_sql{
    "phoneauth_find_sessions_of", "text",
    "SELECT " + field_columns<session>() + " FROM phoneauth_sessions WHERE user_id = $1", true};

inline const statement update_session_sql{
    "phoneauth_update_session", field_types<session>(),
    with_places<session>("UPDATE phoneauth_sessions SET " + field_assignments<session>('$', ":version + 1") +
                             " WHERE token_hash = :token_hash AND version = :version",
                         '$')};

inline const statement erase_session_sql{"phoneauth_erase_session", "text",
                                         "DELETE FROM phoneauth_sessions WHERE token_hash = $1"};

inline const statement erase_sessions_of_sql{"phoneauth_erase_sessions_of", "text, text",
                                             "DELETE FROM phoneauth_sessions WHERE user_id = $1 AND token_hash <> $2"};

// A function of the database's own, because several statements must see one after the other what is there: see
// `take_cells_body`.
inline const statement take_cells_sql{"phoneauth_take_cells",
                                      "bigint, text, text[], bigint[], bigint[], bigint[], bigint[], bigint[]",
                                      "SELECT granted, marked, cells "
                                      "FROM phoneauth_take_cells($1, $2, $3, $4, $5, $6, $7, $8)"};

inline const statement delete_expired_sql{"phoneauth_delete_expired", "bigint, bigint, bigint", R"(
WITH transactions AS (
    DELETE FROM phoneauth_transactions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_transactions WHERE expires_at <= $2 ORDER BY expires_at LIMIT $3 FOR UPDATE SKIP LOCKED))
    RETURNING 1),
sessions AS (
    DELETE FROM phoneauth_sessions WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_sessions WHERE expires_at <= $1 ORDER BY expires_at
        LIMIT (SELECT greatest($3 - count(*), 0) FROM transactions) FOR UPDATE SKIP LOCKED))
    RETURNING 1),
cells AS (
    DELETE FROM phoneauth_cells WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM phoneauth_cells WHERE expires_at <= $1 ORDER BY expires_at
        LIMIT (SELECT greatest($3 - (SELECT count(*) FROM transactions) - (SELECT count(*) FROM sessions), 0)) FOR UPDATE SKIP LOCKED))
    RETURNING 1)
SELECT (SELECT count(*) FROM transactions) + (SELECT count(*) FROM sessions) + (SELECT count(*) FROM cells))"};

inline const std::array statements{&insert_transaction_sql, &find_transaction_sql,   &update_transaction_sql,
                                   &insert_user_sql,        &update_user_sql,        &erase_user_sql,
                                   &find_user_sql,          &find_user_by_phone_sql, &find_user_by_identity_sql,
                                   &insert_session_sql,     &find_session_sql,       &find_sessions_of_sql,
                                   &update_session_sql,     &erase_session_sql,      &erase_sessions_of_sql,
                                   &take_cells_sql,         &delete_expired_sql};

/// What all statements rely on, as calls of set_config: for a session, or (`local`) for a transaction. A server that
/// forgot what it has confirmed would let a code be used twice. Every statement looks rows up by an index: one plan is
/// good for all parameters (to make a new one takes longer than take_cells itself), and one that was made while a table
/// was small must not read all of it when it has grown.
inline std::string settings(std::chrono::milliseconds timeout, bool local) {
    const std::string end = local ? ", true)" : ", false)";
    return "set_config('synchronous_commit', coalesce(nullif(current_setting('synchronous_commit'), 'off'), 'on')" +
           end + ", set_config('statement_timeout', '" + std::to_string(timeout.count()) + "'" + end +
           ", set_config('plan_cache_mode', 'force_generic_plan'" + end + ", set_config('enable_seqscan', 'off'" + end +
           ", set_config('enable_bitmapscan', 'off'" + end;
}

/// Makes the settings, if the session is our own, and asks what else there is to know of it. Throws if the server says
/// nothing. Whoever logs in to a pooler has no session yet, and waits for one from the first statement on.
inline result_ptr ask_session(connection& c, std::chrono::milliseconds timeout, steady_time deadline) {
    try {
        return c.run("SELECT set_config('default_transaction_isolation', 'read committed', false), " +
                         settings(timeout, false) +
                         " WHERE pg_backend_pid() = " + std::to_string(PQbackendPID(c.get())) +
                         "; SELECT current_setting('transaction_read_only'), pg_backend_pid(), "
                         "current_setting('default_transaction_isolation')",
                     deadline);
    } catch (const std::runtime_error&) {
        if (std::chrono::steady_clock::now() < deadline) throw;
    }
    throw std::runtime_error(
        "phoneauth: no answer from PostgreSQL within the time limit, although it let us in: the "
        "server hangs; or a pooler has no session left, and in session mode it must have one for "
        "each connection of each process: give it more (PgBouncer: default_pool_size), the storage "
        "fewer connections, or use transaction mode");
}

/// An open connection with what all statements rely on. A session that others share is left as it is: what stayed
/// behind there would be theirs, too.
inline std::unique_ptr<connection> open(const server_address& server, std::chrono::milliseconds timeout,
                                        steady_time deadline) {
    auto c = std::make_unique<connection>(server, deadline);
    // The statements are right at this isolation level, and cheapest. It can only be chosen before a transaction has
    // done anything else.
    const auto answer = ask_session(*c, timeout, deadline);
    if (PQserverVersion(c->get()) < 120000)
        throw std::runtime_error("phoneauth: the PostgreSQL server is older than version 12; upgrade it");
    const auto value = [&](int column) {
        return std::string(PQntuples(answer.get()) == 1 ? PQgetvalue(answer.get(), 0, column) : "");
    };
    // What a standby server knows may be out of date.
    if (value(0) != "off")
        throw std::runtime_error("phoneauth: the PostgreSQL database is read-only (default_transaction_read_only, or a "
                                 "standby server); make it writable or name the primary server in the URL");
    if (c->has_own_session(value(1))) return c;
    if (value(2) != "read committed")
        throw std::runtime_error("phoneauth: the PostgreSQL database has default_transaction_isolation = " + value(2) +
                                 ", which cannot be changed through a pooler; ALTER ROLE or ALTER DATABASE … SET "
                                 "default_transaction_isolation = 'read committed'");
    c->settings_for_each("SELECT " + settings(timeout, true));
    return c;
}

/// Prepares all statements, in one round trip: to parse and plan them each time takes about as long as to run them (on
/// loopback, without a disk: find_session 85 µs instead of 33). In a session that others share, prepared statements would
/// be theirs, too, and might not be there the next time.
inline void prepare(connection& c, steady_time deadline) {
    if (c.shares_session()) return c.begin_sharing();
    std::string all;
    for (const auto* s : statements) all += std::string("PREPARE ") + s->name + '(' + s->types + ") AS " + s->sql + ';';
    c.run(all, deadline);
}

}  // namespace postgres
}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// What storage/postgres.hpp and asio/postgres.hpp share: the parameters of each statement, and what its result means.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

// ---- Rows ----

/// Reads the columns of a row in the binary form, one after the other.
class row {
public:
    row(const PGresult* r, int number) : result_(r), row_(number) {}

    /// The next column. An exception that names it, if it holds what was never stored there.
    template <class T>
    T next() {
        T value{};
        get(value);
        return value;
    }

    void get(std::string& text) { text = bytes(); }

    void get(phone_number& phone) {
        const auto stored = bytes();
        const auto parsed = phone_number::from_e164(stored);
        if (!parsed) throw unknown();
        phone = *parsed;
    }

    void get(bool& b) { b = number() != 0; }

    template <std::integral Int>
    void get(Int& n) {
        const auto stored = number();
        if (!std::in_range<Int>(stored)) throw unknown();
        n = static_cast<Int>(stored);
    }

    template <class Enum>
    requires std::is_enum_v<Enum>
    void get(Enum& e) {
        const auto n = number();
        if (n < 1 || n > static_cast<std::int64_t>(last_enumerator<Enum>)) throw unknown();
        e = static_cast<Enum>(n);
    }

    void get(time_point& t) { t = time_point(std::chrono::milliseconds(number())); }

    void get(std::optional<time_point>& t) {
        if (PQgetisnull(result_, row_, column_))
            ++column_;
        else
            get(t.emplace());
    }

    /// From an array of texts: name, JSON text, name, JSON text, …
    void get(property_map& all) {
        const auto texts = elements();
        if (texts.size() % 2 != 0) throw unknown();
        for (std::size_t i = 0; i < texts.size(); i += 2)
            all.insert_or_assign(std::string(texts[i]), std::string(texts[i + 1]));
    }

    /// From an array of numbers, which may have fewer.
    template <std::size_t N>
    void get(std::array<time_point, N>& all) {
        const auto numbers = elements();
        if (numbers.size() > N) throw unknown();
        std::transform(numbers.begin(), numbers.end(), all.begin(), [this](std::string_view element) {
            return time_point(std::chrono::milliseconds(number(element)));
        });
    }

private:
    std::string_view bytes() {
        const auto column = column_++;
        if (PQgetisnull(result_, row_, column)) throw unknown();
        return {PQgetvalue(result_, row_, column), static_cast<std::size_t>(PQgetlength(result_, row_, column))};
    }

    /// Of an array without nulls. See `parameters::array`.
    std::vector<std::string_view> elements() {
        auto left = this->bytes();
        const auto take = [&](std::size_t size) {
            if (size > left.size()) throw unknown();
            const auto taken = left.substr(0, size);
            left.remove_prefix(size);
            return taken;
        };
        const auto integer = [&] { return static_cast<std::uint32_t>(big_endian(take(4))); };
        const auto dimensions = integer();
        take(8);
        if (dimensions > 1) throw unknown();
        const auto count = dimensions == 1 ? integer() : 0;
        if (dimensions == 1) take(4);
        std::vector<std::string_view> all;
        for (std::uint32_t i = 0; i < count; ++i) all.push_back(take(integer()));
        if (!left.empty()) throw unknown();
        return all;
    }

    std::int64_t number() { return number(bytes()); }
    std::int64_t number(std::string_view stored) const {
        if (stored.empty() || stored.size() > 8) throw unknown();
        return big_endian(stored);
    }

    /// A two's complement number.
    static std::int64_t big_endian(std::string_view bytes) {
        std::uint64_t n = static_cast<signed char>(bytes[0]) < 0 ? ~std::uint64_t{0} : 0;
        for (const char c : bytes) n = n << 8 | static_cast<unsigned char>(c);
        return std::bit_cast<std::int64_t>(n);
    }

    /// For the column that was read last.
    std::runtime_error unknown() const {
        return std::runtime_error("phoneauth: the PostgreSQL column " + std::string(PQfname(result_, column_ - 1)) +
                                  " holds a value that this program does not know; run a newer program, or correct it");
    }

    const PGresult* result_;
    int row_;
    int column_ = 0;
};

// ---- Queries ----

/// A call of one of the storage's functions.
template <class T>
struct query {
    const statement& what;
    parameters values;
    /// The value from a result that is `verdict::done`; empty if a rival was faster whose row is not visible yet: run
    /// it again.
    std::optional<T> (*value)(const PGresult*);
    bool takes_cells = false;  ///< and does not only ask about them
};

/// How often a statement is run at most while others get in its way.
inline constexpr int max_attempts = 10;

inline std::runtime_error too_many_attempts() {
    return std::runtime_error("phoneauth: a PostgreSQL statement lost too many races");
}

inline std::size_t affected(const PGresult* r) {
    return std::strtoull(PQcmdTuples(const_cast<PGresult*>(r)), nullptr, 10);
}
inline std::optional<bool> any_affected(const PGresult* r) {
    return affected(r) != 0;
}

/// The record in a row.
template <class Record>
Record record_in(const PGresult* r, int number) {
    row fields(r, number);
    auto record = blank_record<Record>();
    for_each_field<Record>([&](const field&, auto member) { fields.get(record.*member); });
    return record;
}

/// For a function that finds one record or none.
template <class Record>
std::optional<std::optional<Record>> found(const PGresult* r) {
    std::optional<Record> record;
    if (PQntuples(r) > 0) record = record_in<Record>(r, 0);
    return record;
}

/// For a function that finds any number of records.
template <class Record>
std::optional<std::vector<Record>> found_all(const PGresult* r) {
    std::vector<Record> all;
    for (int i = 0; i < PQntuples(r); ++i) all.push_back(record_in<Record>(r, i));
    return all;
}

inline std::optional<write_result> read_user_write(const PGresult* r) {
    if (PQgetisnull(r, 0, 0)) return std::nullopt;
    const auto outcome = row(r, 0).next<std::string>();
    if (outcome == "done") return write_result::done;
    if (outcome == "phone taken") return write_result::phone_taken;
    if (outcome == "identity taken") return write_result::identity_taken;
    if (outcome == "stale") return write_result::stale;
    throw std::invalid_argument("phoneauth: there is a user with this object_id");
}

inline std::optional<cell_answer> read_cells(const PGresult* r) {
    row columns(r, 0);
    cell_answer answer;
    columns.get(answer.granted);
    columns.get(answer.marked);
    columns.get(answer.cells);
    return answer;
}

/// Has the functions of a storage, each of which says what is to be asked.
inline constexpr struct queries {
    static query<bool> insert_transaction(const transaction& t) {
        return {insert_transaction_sql, parameters::of(t), any_affected};
    }
    static query<std::optional<transaction>> find_transaction(const std::string& id) {
        return {find_transaction_sql, parameters(id), found<transaction>};
    }
    static query<bool> update_transaction(const transaction& t) {
        return {update_transaction_sql, parameters::of(t), any_affected};
    }

    static query<write_result> insert_user(const user& u) {
        return {insert_user_sql, parameters::of(u), read_user_write};
    }
    static query<write_result> update_user(const user& u) {
        return {update_user_sql, parameters::of(u), read_user_write};
    }
    static query<bool> erase_user(const std::string& object_id) {
        return {erase_user_sql, parameters(object_id), any_affected};
    }
    static query<std::optional<user>> find_user(const std::string& object_id) {
        return {find_user_sql, parameters(object_id), found<user>};
    }
    static query<std::optional<user>> find_user_by_phone(const phone_number& phone) {
        return {find_user_by_phone_sql, parameters(phone), found<user>};
    }
    static query<std::optional<user>> find_user_by_identity(const std::string& identity) {
        return {find_user_by_identity_sql, parameters(identity), found<user>};
    }

    static query<bool> insert_session(const session& s) {
        return {insert_session_sql, parameters::of(s), any_affected};
    }
    static query<std::optional<session>> find_session(const std::string& token_hash) {
        return {find_session_sql, parameters(token_hash), found<session>};
    }
    static query<std::vector<session>> find_sessions_of(const std::string& user_id) {
        return {find_sessions_of_sql, parameters(user_id), found_all<session>};
    }
    static query<bool> update_session(const session& s) {
        return {update_session_sql, parameters::of(s), any_affected};
    }
    static query<bool> erase_session(const std::string& token_hash) {
        return {erase_session_sql, parameters(token_hash), any_affected};
    }

    static query<std::size_t> erase_sessions_of(const std::string& user_id, const std::string& kept) {
        return {erase_sessions_of_sql, parameters(user_id, kept),
                [](const PGresult* r) { return std::optional(affected(r)); }};
    }

    static query<cell_answer> take_cells(const cell_batch& batch) {
        std::vector<std::size_t> places(batch.size());
        std::iota(places.begin(), places.end(), std::size_t{0});
        const auto numbers = [&](auto get) {
            return parameters::array(places, parameters::bigint_type, [&](std::size_t i) {
                return parameters::bigint(static_cast<std::int64_t>(get(batch[i])));
            });
        };
        return {
            take_cells_sql,
            parameters(batch.now(), batch.marker(),
                       parameters::array(places, parameters::text_type, [&](std::size_t i) { return batch.key(i); }),
                       numbers([](const auto& r) { return r.action; }), numbers([](const auto& r) { return r.when; }),
                       numbers([](const auto& r) { return r.cost.count(); }),
                       numbers([](const auto& r) { return r.room.count(); }),
                       numbers([](const auto& r) { return r.reserve.count(); })),
            read_cells, std::any_of(places.begin(), places.end(), [&](std::size_t i) {
                return batch[i].action != cell_action::ask;
            })};
    }

    static query<std::size_t> delete_expired(time_point now, std::size_t limit) {
        return {delete_expired_sql, parameters(now, now - transaction_retention, limit),
                [](const PGresult* r) { return std::optional(row(r, 0).next<std::size_t>()); }};
    }
} queries_of;

}  // namespace postgres
}  // namespace detail

}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/detail/postgres_schema.hpp ----

#ifndef PHONEAUTH_STORAGE_DETAIL_POSTGRES_SCHEMA_HPP
#define PHONEAUTH_STORAGE_DETAIL_POSTGRES_SCHEMA_HPP

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>


// The tables: making them, bringing them up to date, and finding out whether they still are as they were made.

namespace phoneauth {
inline namespace v0 {
namespace detail {
namespace postgres {

// Times are milliseconds since 1970. Texts compare byte for byte. Rows that change often leave room in their pages, so
// that a change need not touch the indexes ("heap-only tuples"). `properties` are name, JSON text, name, JSON text, …:
// the type json would refuse "\u0000" and jsonb would rewrite numbers; `json_object(properties)` makes an object of
// them, `hstore(properties)` too.

/// The body of the function phoneauth_take_cells, which does what `decide` says (cell.hpp).
///
/// Whoever takes from a cell has its lock until he has committed, whether there is a row or not; who only asks shares it
/// with others who do. All take their locks in the order of the locks' numbers, so that nobody waits in a circle. The
/// statement behind that sees what others have committed. It alone is enough for a batch that takes nothing: what one
/// statement sees was all there at one moment.
///
/// A row that all callers change must not be locked for as long as a disk takes: the commit does not wait for it. What
/// is committed later and does wait, as every write of a transaction does, brings this to the disk, too.
inline constexpr auto take_cells_body = R"(
DECLARE
    stored bigint[];
    added bigint;
BEGIN
    IF 2 <> ANY (actions) THEN
        PERFORM CASE WHEN shared THEN pg_advisory_xact_lock_shared(number) ELSE pg_advisory_xact_lock(number) END
        FROM (SELECT hashtextextended(key COLLATE "C", x'70686f6e6561'::bigint) AS number, action = 2 AS shared
            FROM unnest(keys || marker, actions || 2::bigint) AS u (key, action) ORDER BY 1, 2) AS locks;
    END IF;
    WITH client AS (
        SELECT marker <> '' AND EXISTS (SELECT FROM phoneauth_cells WHERE key = marker AND ahead > instant) AS known),
    requests AS (
        SELECT place, action, condition = 1 OR (condition = 2) = known AS applies, ahead,
            greatest(ahead, instant) + cost AS next, instant + room + CASE WHEN known THEN reserve ELSE 0 END AS furthest
        FROM client, unnest(keys, actions, conditions, costs, rooms, reserves) WITH ORDINALITY
            AS u (key, action, condition, cost, room, reserve, place)
        LEFT JOIN phoneauth_cells AS c ON c.key = u.key COLLATE "C"),
    results AS (
        SELECT place, ahead, applies AND action <> 3 AND next > furthest AS refused,
            CASE WHEN NOT applies OR action = 2 THEN coalesce(ahead, 0)
                WHEN action = 3 THEN greatest(least(next, greatest(furthest, instant)), instant)
                ELSE next END AS cell
        FROM requests)
    SELECT NOT coalesce(bool_or(refused), false), (SELECT known FROM client),
        coalesce(array_agg(coalesce(ahead, 0) ORDER BY place), '{}'), coalesce(array_agg(cell ORDER BY place), '{}'),
        count(*) FILTER (WHERE ahead IS NULL AND cell > instant)
    FROM results INTO granted, marked, stored, cells, added;
    IF NOT granted THEN
        cells := stored;
    ELSIF cells <> stored THEN
        PERFORM set_config('synchronous_commit', 'off', true);
        INSERT INTO phoneauth_cells AS c (key, ahead, expires_at)
        SELECT key, after, 2 * after - instant FROM unnest(keys, stored, cells) AS u (key, before, after)
        WHERE after <> before AND (after > instant OR before > 0)
        ON CONFLICT (key) DO UPDATE SET ahead = excluded.ahead,
            expires_at = CASE WHEN excluded.ahead > c.expires_at THEN excluded.expires_at ELSE c.expires_at END;
        DELETE FROM phoneauth_cells WHERE added > 0 AND ctid = ANY (ARRAY(
            SELECT ctid FROM phoneauth_cells WHERE expires_at <= instant
            ORDER BY expires_at LIMIT 2 * added FOR UPDATE SKIP LOCKED));
    END IF;
END)";

/// `migrations[n]` makes version n + 1 of the tables of version n. Append; never change one that was released.
inline const auto migrations = std::to_array<std::string>({
    R"(
CREATE TABLE phoneauth_schema (version bigint NOT NULL);
INSERT INTO phoneauth_schema VALUES (0);
CREATE TABLE phoneauth_transactions (
    id text COLLATE "C" PRIMARY KEY,
    kind smallint NOT NULL,
    phone text COLLATE "C" NOT NULL,
    user_id text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    state smallint NOT NULL,
    tries bigint NOT NULL,
    sends bigint NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    last_sent_at bigint NOT NULL,
    version bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_transactions_expires_at ON phoneauth_transactions (expires_at);
CREATE TABLE phoneauth_users (
    object_id text COLLATE "C" PRIMARY KEY,
    phone text COLLATE "C" NOT NULL CONSTRAINT phoneauth_users_phone UNIQUE,
    identity text COLLATE "C" NOT NULL CONSTRAINT phoneauth_users_identity UNIQUE,
    password_hash text COLLATE "C" NOT NULL,
    properties text[] COLLATE "C" NOT NULL,
    locale text COLLATE "C" NOT NULL,
    enabled boolean NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint,
    last_login_at bigint,
    version bigint NOT NULL
) WITH (fillfactor = 90);
CREATE TABLE phoneauth_sessions (
    token_hash text COLLATE "C" PRIMARY KEY,
    user_id text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX phoneauth_sessions_user_id ON phoneauth_sessions (user_id);
CREATE INDEX phoneauth_sessions_expires_at ON phoneauth_sessions (expires_at);
CREATE TABLE phoneauth_counters (
    key text COLLATE "C" PRIMARY KEY,
    value bigint NOT NULL,
    expires_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_counters_expires_at ON phoneauth_counters (expires_at);
)",
    // The defaults are those of a new `transaction`: programs of version 1 that
    // still run go on adding rows. No row is rewritten.
    R"(
ALTER TABLE phoneauth_transactions
    ADD delivery smallint NOT NULL DEFAULT 1,
    ADD delivery_error integer NOT NULL DEFAULT 0,
    ADD password_mark text COLLATE "C" NOT NULL DEFAULT '',
    ADD known_network boolean NOT NULL DEFAULT false;
)",
    // `expires_at` is at or behind `ahead`, and moves seldom: a change of `ahead`
    // alone does not touch the index.
    R"(
ALTER TABLE phoneauth_users ADD generation bigint NOT NULL DEFAULT 0;
ALTER TABLE phoneauth_sessions ADD fingerprint text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE phoneauth_transactions
    DROP known_network,
    ADD known_network text COLLATE "C" NOT NULL DEFAULT '';
DROP TABLE phoneauth_counters;
CREATE TABLE phoneauth_cells (
    key text COLLATE "C" PRIMARY KEY,
    ahead bigint NOT NULL,
    expires_at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX phoneauth_cells_expires_at ON phoneauth_cells (expires_at);
CREATE FUNCTION phoneauth_take_cells(instant bigint, marker text, keys text[], actions bigint[], conditions bigint[],
    costs bigint[], rooms bigint[], reserves bigint[], OUT granted boolean, OUT marked boolean, OUT cells bigint[])
LANGUAGE plpgsql AS $take_cells$)" +
        std::string(take_cells_body) + "$take_cells$;",
    // The defaults are those of new records, as above. Sessions change from now on.
    R"(
ALTER TABLE phoneauth_transactions ADD topic text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE phoneauth_users ADD backup_codes text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE phoneauth_sessions
    ADD kind smallint NOT NULL DEFAULT 1,
    ADD auth_methods bigint NOT NULL DEFAULT 0,
    ADD auth_time bigint NOT NULL DEFAULT 0,
    ADD last_used_at bigint NOT NULL DEFAULT 0,
    ADD device text COLLATE "C" NOT NULL DEFAULT '',
    ADD network text COLLATE "C" NOT NULL DEFAULT '',
    ADD version bigint NOT NULL DEFAULT 0,
    SET (fillfactor = 80);
)"});

/// What `describe_tables` says about the newest version.
inline constexpr std::array expected_tables{R"(phoneauth_cells may be read and changed)",
                                            R"(phoneauth_cells has an index on expires_at)",
                                            R"(phoneauth_cells has a unique index on key)",
                                            R"(phoneauth_cells has ahead bigint not null)",
                                            R"(phoneauth_cells has expires_at bigint not null)",
                                            R"(phoneauth_cells has key text collate "C" not null)",
                                            R"(phoneauth_sessions may be read and changed)",
                                            R"(phoneauth_sessions has an index on expires_at)",
                                            R"(phoneauth_sessions has an index on user_id)",
                                            R"(phoneauth_sessions has a unique index on token_hash)",
                                            R"(phoneauth_sessions has auth_methods bigint not null)",
                                            R"(phoneauth_sessions has auth_time bigint not null)",
                                            R"(phoneauth_sessions has created_at bigint not null)",
                                            R"(phoneauth_sessions has device text collate "C" not null)",
                                            R"(phoneauth_sessions has expires_at bigint not null)",
                                            R"(phoneauth_sessions has fingerprint text collate "C" not null)",
                                            R"(phoneauth_sessions has kind smallint not null)",
                                            R"(phoneauth_sessions has last_used_at bigint not null)",
                                            R"(phoneauth_sessions has network text collate "C" not null)",
                                            R"(phoneauth_sessions has token_hash text collate "C" not null)",
                                            R"(phoneauth_sessions has user_id text collate "C" not null)",
                                            R"(phoneauth_sessions has version bigint not null)",
                                            R"(phoneauth_transactions may be read and changed)",
                                            R"(phoneauth_transactions has an index on expires_at)",
                                            R"(phoneauth_transactions has a unique index on id)",
                                            R"(phoneauth_transactions has created_at bigint not null)",
                                            R"(phoneauth_transactions has delivery smallint not null)",
                                            R"(phoneauth_transactions has delivery_error integer not null)",
                                            R"(phoneauth_transactions has expires_at bigint not null)",
                                            R"(phoneauth_transactions has id text collate "C" not null)",
                                            R"(phoneauth_transactions has key_id text collate "C" not null)",
                                            R"(phoneauth_transactions has kind smallint not null)",
                                            R"(phoneauth_transactions has known_network text collate "C" not null)",
                                            R"(phoneauth_transactions has last_sent_at bigint not null)",
                                            R"(phoneauth_transactions has password_mark text collate "C" not null)",
                                            R"(phoneauth_transactions has phone text collate "C" not null)",
                                            R"(phoneauth_transactions has sends bigint not null)",
                                            R"(phoneauth_transactions has state smallint not null)",
                                            R"(phoneauth_transactions has topic text collate "C" not null)",
                                            R"(phoneauth_transactions has tries bigint not null)",
                                            R"(phoneauth_transactions has user_id text collate "C" not null)",
                                            R"(phoneauth_transactions has version bigint not null)",
                                            R"(phoneauth_users may be read and changed)",
                                            R"(phoneauth_users has a unique index on identity)",
                                            R"(phoneauth_users has a unique index on object_id)",
                                            R"(phoneauth_users has a unique index on phone)",
                                            R"(phoneauth_users has backup_codes text collate "C" not null)",
                                            R"(phoneauth_users has created_at bigint not null)",
                                            R"(phoneauth_users has enabled boolean not null)",
                                            R"(phoneauth_users has generation bigint not null)",
                                            R"(phoneauth_users has identity text collate "C" not null)",
                                            R"(phoneauth_users has last_login_at bigint)",
                                            R"(phoneauth_users has locale text collate "C" not null)",
                                            R"(phoneauth_users has object_id text collate "C" not null)",
                                            R"(phoneauth_users has password_hash text collate "C" not null)",
                                            R"(phoneauth_users has phone text collate "C" not null)",
                                            R"(phoneauth_users has properties text[] collate "C" not null)",
                                            R"(phoneauth_users has updated_at bigint)",
                                            R"(phoneauth_users has version bigint not null)",
                                            R"(the function phoneauth_take_cells is there)",
                                            R"(the function phoneauth_take_cells is as it was made)",
                                            R"(the function phoneauth_take_cells may be called)"};

/// Sentences about the tables; the second column says whether our statements could fail because of what is described.
inline const auto describe_tables = R"(
WITH tables AS (
    SELECT c.oid, c.relname FROM unnest(ARRAY['cells', 'sessions', 'transactions', 'users']) AS n
    JOIN pg_class c ON c.oid = to_regclass('phoneauth_' || n)),
functions AS (
    SELECT p.* FROM pg_proc p WHERE p.oid = to_regprocedure(
        'phoneauth_take_cells(bigint, text, text[], bigint[], bigint[], bigint[], bigint[], bigint[])'))
SELECT relname || ' has ' || attname || ' ' || format_type(atttypid, atttypmod)
        || coalesce(' collate "' || nullif(collname, 'default') || '"', '') || CASE WHEN attnotnull THEN ' not null' ELSE '' END,
    attnotnull AND NOT atthasdef AND attidentity = ''
FROM tables JOIN pg_attribute ON attrelid = tables.oid LEFT JOIN pg_collation ON pg_collation.oid = attcollation
WHERE attnum > 0 AND NOT attisdropped
UNION ALL
SELECT relname || CASE WHEN indisunique THEN ' has a unique' ELSE ' has an' END || ' index on '
        || (SELECT string_agg(pg_get_indexdef(indexrelid, n, true), ', ') FROM generate_series(1, indnkeyatts) AS n),
    indisunique
FROM tables JOIN pg_index ON indrelid = tables.oid WHERE indisvalid AND indpred IS NULL
UNION ALL
SELECT relname || ' may be read and changed', false FROM tables
WHERE has_table_privilege(oid, 'SELECT') AND has_table_privilege(oid, 'INSERT') AND has_table_privilege(oid, 'UPDATE')
    AND has_table_privilege(oid, 'DELETE')
UNION ALL
SELECT 'the function ' || proname || ' is there', false FROM functions
UNION ALL
SELECT 'the function ' || proname || ' is as it was made', false FROM functions
WHERE NOT prosecdef AND proconfig IS NULL AND provolatile = 'v'
    AND pg_get_function_arguments(oid) LIKE '%, OUT granted boolean, OUT marked boolean, OUT cells bigint[]'
    AND prosrc = $take_cells$)" + std::string(take_cells_body) +
                                    R"($take_cells$
UNION ALL
SELECT 'the function ' || proname || ' may be called', false FROM functions WHERE has_function_privilege(oid, 'EXECUTE'))";

/// How long bringing the tables up to date may take, waiting for another server that does so included.
inline constexpr std::chrono::minutes migration_limit{10};

/// Makes the tables or brings them up to date, and checks them. Any number of servers may do so at once. Throws
/// `std::runtime_error` that says what to do.
inline void migrate(connection& c, steady_time deadline) {
    const auto value = [&](const std::string& sql) {
        const auto r = c.run(sql, deadline);
        return std::string(PQntuples(r.get()) == 1 ? PQgetvalue(r.get(), 0, 0) : "");
    };
    if (const auto encoding = value("SHOW server_encoding"); encoding != "UTF8")
        throw std::runtime_error("phoneauth: the PostgreSQL database has the encoding " + encoding +
                                 "; create one with ENCODING 'UTF8' TEMPLATE template0");

    // The limit of a call is not for this. But whoever waits for a table keeps all others from it, too: servers that
    // are at work must not wait so long that their calls fail. The number is "phonea" in ASCII; the lock ends with the
    // transaction.
    deadline = std::chrono::steady_clock::now() + migration_limit;
    c.run("BEGIN; SET LOCAL statement_timeout = 0; SELECT pg_advisory_xact_lock(x'70686f6e6561'::bigint);"
          "SET LOCAL lock_timeout = 2000",
          deadline);
    const auto made = value("SELECT to_regclass('phoneauth_schema') IS NOT NULL") == "t";
    const auto version = made ? value("SELECT version FROM phoneauth_schema") : "0";
    const auto newest = std::to_string(migrations.size());
    std::size_t next = 0;
    while (next < migrations.size() && version != std::to_string(next)) ++next;
    if (next == migrations.size() && version != newest)
        throw std::runtime_error("phoneauth: the tables in the PostgreSQL database have version '" + version +
                                 "', this program knows versions up to " + newest +
                                 "; run a newer program, or use another database");
    for (; next < migrations.size(); ++next) {
        try {
            c.run(migrations[next], deadline);
        } catch (const std::runtime_error& e) {
            throw std::runtime_error(
                std::string(e.what()) +
                (version == "0"
                     ? "; while making the tables phoneauth_*: the user of the URL must be allowed to "
                       "create tables, and there must be none of these names"
                     : "; while bringing the tables phoneauth_* from version " + version + " to " + newest +
                           ": the user of the URL must own them, and no other program may keep them locked"));
        }
    }
    if (version != newest) c.run("UPDATE phoneauth_schema SET version = " + newest, deadline);

    const auto rows = c.run(describe_tables, deadline);
    std::vector<std::string_view> found;
    for (int i = 0; i < PQntuples(rows.get()); ++i) found.push_back(PQgetvalue(rows.get(), i, 0));
    const auto has = [](const auto& all, std::string_view one) {
        return std::find(all.begin(), all.end(), one) != all.end();
    };
    std::string problem;
    for (const std::string_view sentence : expected_tables)
        if (problem.empty() && !has(found, sentence)) problem = "it is not so that " + std::string(sentence);
    for (std::size_t i = 0; i < found.size(); ++i)
        if (problem.empty() && *PQgetvalue(rows.get(), static_cast<int>(i), 1) == 't' &&
            !has(expected_tables, found[i]))
            problem = std::string(found[i]) + ", which it should not";
    if (!problem.empty())
        throw std::runtime_error("phoneauth: the tables in the PostgreSQL database were changed: " + problem +
                                 "; change that back, or restore them from a backup");
    c.run("COMMIT", deadline);
}

}  // namespace postgres
}  // namespace detail
}  // namespace v0
}  // namespace phoneauth

#endif

// ---- phoneauth/storage/postgres.hpp ----

#ifndef PHONEAUTH_STORAGE_POSTGRES_HPP
#define PHONEAUTH_STORAGE_POSTGRES_HPP

#include <chrono>
#include <cstddef>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>


// ---- phoneauth/storage/postgres_options.hpp ----

#ifndef PHONEAUTH_STORAGE_POSTGRES_OPTIONS_HPP
#define PHONEAUTH_STORAGE_POSTGRES_OPTIONS_HPP

#include <chrono>
#include <cstddef>


namespace phoneauth {
inline namespace v0 {

/// How a `postgres_storage` or an `async_postgres_storage` behaves.
struct postgres_options {
    /// How many connections there are at most; at least 1. A blocking storage needs one for each call that is under
    /// way. An asynchronous one shares each among many calls, but takes from cells on one of them and does everything
    /// else on the others. What several connections write at the same time goes to the server's disk together: an
    /// asynchronous storage should have at least three.
    std::size_t connections = 4;
    /// How long a call takes at most; at least 1 ms. To wait for a connection or to open one is part of it. It is also
    /// the server's `statement_timeout`. To look up a host name may take longer, if the system's resolver does.
    std::chrono::milliseconds timeout{5000};
    /// Only for an asynchronous storage: how many calls may wait for an answer on each connection. Further ones throw
    /// at once.
    std::size_t max_pending = 4096;
};

}  // namespace v0
}  // namespace phoneauth

#endif

namespace phoneauth {
inline namespace v0 {

/// A complete Storage in a PostgreSQL database, version 12 or later, for any number of server processes. It is
/// blocking; the asynchronous one is in asio/postgres.hpp. It needs libpq.
///
///     phoneauth::postgres_storage storage("postgres://user:password@host/database");
///
/// It keeps its records in tables named `phoneauth_…` in the first schema of the user's `search_path`, and makes them
/// if there are none. So it does with one function, `phoneauth_take_cells`, in the language PL/pgSQL, which every server
/// has unless somebody took it away. Each call is one statement, thus one transaction of the database and one round
/// trip. What has expired is removed a few rows at a time, whenever something is inserted: transactions
/// `transaction_retention` past their `expires_at`, sessions at theirs, cells when they have been in the past for about
/// as long as they had been ahead; see also `delete_expired`.
///
/// What a function has written is on the server's disk when it returns. `take_cells` is an exception: a crash of the
/// server may lose what was taken in the last second, unless something else was written after that, as a transaction is
/// before a message is sent. It holds advisory locks of the database until it returns, one for each cell.
///
/// @par Several addresses
/// The hosts of the URL, and the addresses of each, are tried in their order, and the next one is begun 250 ms after the
/// one before it, or as soon as that has failed (RFC 8305, "Happy Eyeballs"). One that accepts the connection has longer,
/// for the login: a quarter of the time that is left of `options.timeout`. The first that lets us in is used. So a host
/// that is out of reach, or refuses, costs a moment as long as another is there; one that accepts and then is silent, as
/// a server that hangs is, costs that quarter; one that is only far away is used. `connect_timeout`, in seconds, limits
/// each attempt, and `options.timeout` all of them together. Names are looked up when it is their turn, by the system's
/// resolver, which may block. What a service file names, and `target_session_attrs=prefer-standby`, is left to libpq,
/// which waits for one address after the other.
///
/// @par Poolers
/// PgBouncer may stand in between, in session or in transaction mode, without any setting: a connection whose server is
/// another process than it said in the beginning is taken for a pooler's. Then nothing is prepared and no setting is made
/// but within the transaction of a call, because others use the same sessions. It is still one round trip, but the
/// server parses and plans each time, some 50 µs. The database's `default_transaction_isolation` must be read committed,
/// and libpq 14 or later. In session mode the pooler must have a session of the server for each connection of each process
/// (PgBouncer: `default_pool_size`, 20 if nothing else is said); in transaction mode, connections take turns.
///
/// @par TLS
/// As libpq does it: a server is known by its certificate only with `?sslmode=verify-full&sslrootcert=FILE`.
///
/// @par Upgrades
/// As of `sqlite_storage` (storage/sqlite.hpp).
///
/// @par Errors
/// A function throws `std::runtime_error` when it cannot do its work: no connection, no answer in time, an error of the
/// server. It has then changed nothing, or all that was asked for. It works again as soon as the database does. A write
/// is repeated only if it certainly was not carried out; a read also after the connection was lost. `insert_user`
/// throws `std::invalid_argument` if there is a user with this `object_id`.
///
/// @par Thread safety
/// Shared objects are safe. Each call uses one connection of the pool.
class postgres_storage : public forwarding_storage<postgres_storage> {
public:
    /// Connects to the database, makes its tables or brings them up to date, and checks them. Several servers may do so
    /// at once. To make or change tables may take ten minutes, whatever `options.timeout` is.
    ///
    /// @param url      `postgres://user:password@host:port/database?option=value`; see "Connection URIs" in libpq's
    ///     documentation. Several hosts are for servers that take over from each other: one that can be written is used,
    ///     unless `target_session_attrs` says something else.
    /// @param options  see there
    /// @par Errors
    /// `std::runtime_error`, which says what to do, when the URL is wrong, the server does not answer or refuses, the
    /// database is read-only or not in UTF-8, or the tables are newer than this program or were changed by hand. The
    /// tables are then as they were.
    explicit postgres_storage(const std::string& url, const postgres_options& options = {})
        : server_(url), options_(options), pool_(options.connections) {
        auto first = detail::postgres::open(server_, options_.timeout, deadline());
        detail::postgres::migrate(*first, deadline());
        detail::postgres::prepare(*first, deadline());
        pool_.add(std::move(first));
    }

    /// Does `operation`: see `forwarding_storage`.
    template <class Operation, class... Arguments>
    auto perform(Operation operation, const Arguments&... arguments) {
        return run(operation(detail::postgres::queries_of, arguments...));
    }

    /// How many of its connections are in use, for monitoring.
    pool_usage usage() const { return pool_.usage(); }

    /// Deletes records that had expired at `now`. There is need for it only if much expires while little is inserted:
    /// call it now and then.
    ///
    /// @param now    by the clock of the authenticator
    /// @param limit  how many records it deletes at most: transactions, sessions and cells together
    /// @return how many it has deleted; fewer than `limit` means that none are left, except those that another call is
    ///     busy with
    std::size_t delete_expired(time_point now, std::size_t limit) {
        return run(detail::postgres::queries_of.delete_expired(now, limit));
    }

private:
    using connection = detail::postgres::connection;

    detail::postgres::steady_time deadline() const { return std::chrono::steady_clock::now() + options_.timeout; }

    /// `idle`, if it still stands, or a new one.
    std::unique_ptr<connection> open(std::unique_ptr<connection> idle, detail::postgres::steady_time deadline) const {
        if (idle && !idle->is_dead()) return idle;
        idle.reset();
        auto fresh = detail::postgres::open(server_, options_.timeout, deadline);
        detail::postgres::prepare(*fresh, deadline);
        return fresh;
    }

    template <class T>
    T run(const detail::postgres::query<T>& o) {
        using detail::postgres::verdict;
        const auto deadline = this->deadline();
        bool again_elsewhere = true;
        for (int attempt = 0; attempt < detail::postgres::max_attempts; ++attempt) {
            auto lease = pool_.take(deadline);
            if (!lease) throw std::runtime_error("phoneauth: all connections to PostgreSQL are busy");
            auto c = open(std::move(lease->item), deadline);  // closed in the end unless it is given back
            const auto give_back = [&] { lease->item = std::move(c); };
            detail::postgres::result_ptr answer;
            try {
                answer = c->run(o.what, o.values, deadline);
            } catch (const std::runtime_error&) {
                const bool in_time = std::chrono::steady_clock::now() < deadline;
                if (!o.what.reads || !in_time || !std::exchange(again_elsewhere, false)) throw;
                continue;
            }
            const auto outcome = detail::postgres::judge(answer.get());
            const bool repeat = outcome == verdict::reconnect || (outcome == verdict::lost && o.what.reads);
            if (repeat && std::exchange(again_elsewhere, false)) continue;
            if (outcome == verdict::lost) throw connection::lost();
            if (outcome == verdict::reconnect || outcome == verdict::refused) {
                if (outcome == verdict::refused) give_back();
                throw std::runtime_error(detail::postgres::message_of(answer.get()));
            }
            give_back();
            if (outcome == verdict::again) continue;
            if (auto value = o.value(answer.get())) return *std::move(value);
        }
        throw detail::postgres::too_many_attempts();
    }

    const detail::postgres::server_address server_;
    const postgres_options options_;
    detail::bounded_pool<connection> pool_;
};

static_assert(Storage<postgres_storage>);

}  // namespace v0
}  // namespace phoneauth

#endif

#endif
